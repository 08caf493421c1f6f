import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { _electron, expect, test } from '@playwright/test'

const root = join(import.meta.dirname, '../..')

/** The Electron binary, if it is here; its package would download it, which a test must not. */
function findElectron(): string | undefined {
  const folder = join(root, 'node_modules/electron')
  const name = existsSync(join(folder, 'path.txt')) ? readFileSync(join(folder, 'path.txt'), 'utf8').trim() : 'electron'
  const places = [process.env.ELECTRON_OVERRIDE_DIST_PATH, join(folder, 'dist')]
  return places
    .filter(place => place !== undefined)
    .map(place => join(place, name))
    .find(existsSync)
}

const binary = findElectron()
test.skip(
  !binary,
  "Electron's binary is not here. Run `npx install-electron`, or set ELECTRON_OVERRIDE_DIST_PATH to an unpacked release, to try the real window.",
)
test.skip(
  process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY,
  'Electron needs a display here; run it under xvfb-run.',
)

function argumentsOf(dataDir: string, ...more: string[]): string[] {
  return [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), root, `--data=${dataDir}`, ...more]
}

async function launch(dataDir: string, ...more: string[]) {
  return _electron.launch({ executablePath: binary!, args: argumentsOf(dataDir, ...more) })
}

/** Starts the program once more on the same data folder; answers with what it ended. */
function startAgain(dataDir: string, ...more: string[]): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(binary!, argumentsOf(dataDir, ...more), { stdio: 'ignore' })
    child.on('error', reject)
    child.on('exit', resolve)
  })
}

test('the window opens on demo data, isolated, and its core comes back after a crash', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'granary-electron-'))
  const app = await launch(dataDir)
  try {
    const page = await app.firstWindow()
    await expect(page.getByRole('navigation', { name: 'Main' })).toBeVisible()
    await expect(page.getByText(/demo data/i).first()).toBeVisible()
    expect(page.url()).toMatch(/^granary:\/\/app\//)
    const bridge = ['connect', 'desktopState', 'openFileDialog', 'openedFiles', 'pathForFile', 'setDesktop']
    const seen = await page.evaluate(() => ({
      require: typeof (globalThis as { require?: unknown }).require,
      process: typeof (globalThis as { process?: unknown }).process,
      bridge: Object.keys((globalThis as { granary?: object }).granary ?? {}).sort(),
    }))
    expect(seen).toEqual({ require: 'undefined', process: 'undefined', bridge })
    // neither a new window nor another page
    expect(await page.evaluate(() => window.open('https://example.invalid/') === null)).toBe(true)
    await page.evaluate(() => window.location.assign('https://example.invalid/'))
    expect(page.url()).toMatch(/^granary:\/\/app\//)
    // the core's process dies; the page says so or is back at once, and shows data again
    const pid = await app.evaluate(({ app: inner }) => inner.getAppMetrics().find(metric => metric.name === 'Granary core')?.pid)
    expect(pid).toBeGreaterThan(0)
    process.kill(pid!, 'SIGKILL')
    await expect
      .poll(() => app.evaluate(({ app: inner }) => inner.getAppMetrics().find(metric => metric.name === 'Granary core')?.pid), {
        timeout: 15_000,
      })
      .not.toBe(pid)
    await page.reload()
    await expect(page.getByText(/demo data/i).first()).toBeVisible()
  } finally {
    await app.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
})

test('a link at the start shows its page; a second start hands over its link or file and ends', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'granary-electron-'))
  const file = join(dataDir, 'some.evidence')
  writeFileSync(file, 'no evidence')
  const app = await launch(dataDir, 'granary://period/12')
  try {
    const page = await app.firstWindow()
    await expect(page.getByText('Period 12 is not here')).toBeVisible()
    expect(await startAgain(dataDir, `granary://receipt/${'0'.repeat(64)}`)).toBe(0)
    await expect(page.getByRole('heading', { name: 'This receipt is not here' })).toBeVisible()
    expect(await startAgain(dataDir, 'granary://pay/all', '--data=/nowhere')).toBe(0)
    await expect(page.getByRole('heading', { name: 'Not opened' })).toBeVisible()
    expect(await startAgain(dataDir, file)).toBe(0)
    await expect(page.getByRole('region', { name: 'some.evidence' })).toContainText('Not a file that Granary knows')
    expect(app.windows()).toHaveLength(1)
  } finally {
    await app.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
})

test('the window comes back as large as it was; the menu has the pages, and its items lead there', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'granary-electron-'))
  try {
    for (const turn of [1, 2]) {
      const app = await launch(dataDir)
      const page = await app.firstWindow()
      await expect(page.getByRole('navigation', { name: 'Main' })).toBeVisible()
      const sizeOf = () => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.getNormalBounds())
      if (turn === 1) await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.setSize(900, 650))
      else expect(await sizeOf()).toMatchObject({ width: 900, height: 650 })
      await app.evaluate(({ Menu }) => {
        const view = Menu.getApplicationMenu()!.items.find(({ label }) => label === 'View')!
        view.submenu!.items.find(({ label }) => label === 'Nodes')!.click()
      })
      await expect(page).toHaveURL(/#\/nodes$/)
      await app.close()
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
})
