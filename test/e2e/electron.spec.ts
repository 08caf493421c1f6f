import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
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

async function launch(dataDir: string) {
  return _electron.launch({
    executablePath: binary!,
    args: [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), root, `--data=${dataDir}`],
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
    const seen = await page.evaluate(() => ({
      require: typeof (globalThis as { require?: unknown }).require,
      process: typeof (globalThis as { process?: unknown }).process,
      bridge: Object.keys((globalThis as { granary?: object }).granary ?? {}).sort(),
    }))
    expect(seen).toEqual({ require: 'undefined', process: 'undefined', bridge: ['connect', 'openFileDialog', 'pathForFile'] })
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
