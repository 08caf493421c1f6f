import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { giveElectron, type StandInProgram, standInProgram } from '../helpers/stand-in-program.ts'

const root = join(import.meta.dirname, '../..')
// plain JavaScript, as it runs on the system's own Node
const { installElectron, planElectron } = await import(pathToFileURL(join(root, 'src-main/hosts/electron/find-electron.mjs')).href)

const here = { version: '1.2.3', asked: false, refused: false, platform: 'linux', env: { DISPLAY: ':0' }, userId: 1000 }

describe('what is done about Electron', () => {
  test.each([
    ['its program is there', { electron: '/e' }, 'open', ''],
    ['it is missing', {}, 'get', ''],
    ['no display', { electron: '/e', env: {} }, 'leave', 'no display'],
    ['Wayland is a display', { electron: '/e', env: { WAYLAND_DISPLAY: 'wayland-0' } }, 'open', ''],
    ['no display matters on Linux only', { electron: '/e', env: {}, platform: 'darwin' }, 'open', ''],
    ['as root a download would be for nothing', { userId: 0 }, 'leave', 'root'],
    ['as root, but supplied', { electron: '/e', userId: 0 }, 'open', ''],
    ['asked for as root without a display', { userId: 0, env: {}, asked: true }, 'get', ''],
    ['not wanted', { electron: '/e', refused: true }, 'leave', '--browser'],
    [
      'it failed before',
      { lastFailure: { version: '1.2.3', reason: 'refused', at: '2026-01-02T03:04:05Z' } },
      'leave',
      '2026-01-02 (refused)',
    ],
    ['another version failed before', { lastFailure: { version: '1.2.2', reason: 'refused', at: '2026-01-02T03:04:05Z' } }, 'get', ''],
    ['asked for again', { asked: true, lastFailure: { version: '1.2.3', reason: 'refused', at: '2026-01-02T03:04:05Z' } }, 'get', ''],
    ['supplied, but not there', { env: { DISPLAY: ':0', ELECTRON_OVERRIDE_DIST_PATH: '/nowhere' } }, 'leave', '/nowhere'],
    ['the package is not installed', { version: undefined }, 'leave', 'npm ci'],
  ])('%s', (_name, change, does, why) => {
    const plan = planElectron({ ...here, ...change })
    expect(plan.do).toBe(does)
    expect(plan.why).toContain(why)
  })
})

describe.runIf(process.platform !== 'win32')('npm start', () => {
  let program: StandInProgram
  beforeEach(() => {
    program = standInProgram()
  })
  afterEach(() => program.remove())

  const remembered = (): unknown => JSON.parse(program.read('node_modules/.cache/granary/electron-install.json') ?? 'null')
  const leftovers = (): string[] =>
    readdirSync(join(program.folder, 'node_modules/.cache/granary')).filter(name => name !== 'electron-install.json')

  test('builds, says why there is no window and how to get it, serves with the given options, and ends with Ctrl-C', async () => {
    const run = program.start(['--data', 'mine'], { INIT_CWD: '/somewhere' })
    await run.says('cli ["serve","--open","--data","/somewhere/mine"]')
    expect(run.output()).toContain('there is no display here')
    expect(run.output()).toContain('npm start -- --electron')
    expect(program.builds()).toBe(1)
    run.child.kill('SIGINT')
    expect(await run.ended).toBe(0)
    expect(run.output()).toContain('cli ends in order')
  })

  test('several at once build once; a changed source builds again; a lock left by a killed build holds nobody up', async () => {
    const runs = [program.start([]), program.start([]), program.start([])]
    await Promise.all(runs.map(run => run.says('cli ')))
    expect(program.builds()).toBe(1)
    for (const run of runs) run.child.kill('SIGINT')
    await Promise.all(runs.map(run => run.ended))
    program.write('src-main/new.ts', '')
    // the number of a process that is no more
    program.write('node_modules/.cache/granary/build.lock/owner', `${runs[0]!.child.pid} gone`)
    const again = program.start([])
    await again.says('cli ')
    expect(program.builds()).toBe(2)
    expect(leftovers()).toEqual([])
  })

  test('a build that fails says so with the builder’s words, and the next one builds', async () => {
    const builder = program.read('node_modules/electron-vite/bin/electron-vite.js')!
    program.write('node_modules/electron-vite/bin/electron-vite.js', 'console.error("line 7: no such thing"); process.exit(3)')
    const run = program.start([])
    expect(await run.ended).toBe(1)
    expect(run.output()).toContain('exit code 3')
    expect(run.output()).toContain('line 7: no such thing')
    expect(leftovers()).toEqual([])
    program.write('node_modules/electron-vite/bin/electron-vite.js', builder)
    await program.start([]).says('cli ')
  })

  test('a download that fails is said, remembered, and the browser is next', async () => {
    giveElectron(program, 'console.error("Error: connect ECONNREFUSED 1.2.3.4:443"); process.exit(1)')
    const run = program.start(['--electron'])
    await run.says('cli ["serve","--open"]')
    expect(run.output()).toContain('Electron 1.2.3 could not be downloaded (connect ECONNREFUSED 1.2.3.4:443)')
    expect(remembered()).toMatchObject({ version: '1.2.3', reason: 'connect ECONNREFUSED 1.2.3.4:443' })
    expect(leftovers()).toEqual([])
  })

  test('a download that hangs is given up', async () => {
    giveElectron(program, 'setInterval(() => {}, 1000)')
    const run = program.start(['--electron'], { GRANARY_ELECTRON_WAIT_SEC: '1' })
    await run.says('cli ["serve","--open"]')
    expect(run.output()).toContain('no data for 1 s')
    expect(leftovers()).toEqual([])
  })

  test('a slow download goes on as long as data comes; then the window opens, and its exit code is that of the start', async () => {
    giveElectron(
      program,
      `const fs = require('node:fs'), path = require('node:path')
       let parts = 0
       const timer = setInterval(() => {
         fs.appendFileSync(path.join(process.env.TMPDIR, 'download'), 'part')
         if (++parts < 12) return
         clearInterval(timer)
         fs.mkdirSync(path.join(__dirname, 'dist'))
         fs.writeFileSync(path.join(__dirname, 'dist/version'), '1.2.3')
         fs.writeFileSync(path.join(__dirname, 'dist/electron'), '#!/bin/sh\\necho "window $@"\\n', { mode: 0o755 })
         fs.writeFileSync(path.join(__dirname, 'path.txt'), 'electron')
       }, 250)`,
    )
    const run = program.start(['--electron', '--data=/d'], { GRANARY_ELECTRON_WAIT_SEC: '1' })
    expect(await run.ended).toBe(0)
    expect(run.output()).toContain(`window ${program.folder} --data=/d`)
    expect(remembered()).toBeNull()
    expect(leftovers()).toEqual([])
  })

  test('Ctrl-C stops a download at once, and nothing is remembered', async () => {
    giveElectron(program, 'setInterval(() => {}, 1000)')
    const run = program.start(['--electron'])
    await run.says('Getting Electron 1.2.3')
    run.child.kill('SIGINT')
    expect(await run.ended).toBe(130)
    expect(run.output()).toContain('Stopped.')
    expect(remembered()).toBeNull()
    expect(leftovers()).toEqual([])
  })

  test('an Electron that does not start leads to the browser; wrong options are refused', async () => {
    giveElectron(program, '')
    program.write('supplied/electron', '#!/bin/sh\necho "cannot run as this user" >&2; exit 1\n')
    const { chmodSync } = await import('node:fs')
    chmodSync(join(program.folder, 'supplied/electron'), 0o755)
    const run = program.start([], { DISPLAY: ':97', ELECTRON_OVERRIDE_DIST_PATH: join(program.folder, 'supplied') })
    await run.says('cli ["serve","--open"]')
    expect(run.output()).toContain('Electron ended at once with exit code 1')
    for (const wrong of [['--dat', 'x'], ['--data'], ['--electron', '--browser'], ['x']]) expect(await program.start(wrong).ended).toBe(2)
  })
})

// the package's real script, from a copy in which nothing is installed, against a local mirror
describe('install-electron', () => {
  async function install(answer: RequestListener | null, idleMs = 60_000): Promise<{ reason: string; ms: number; maxBytes: number }> {
    const cache = join(root, 'node_modules/.cache/granary')
    mkdirSync(cache, { recursive: true })
    // below node_modules, so that the script finds the packages that it needs
    const folder = mkdtempSync(join(cache, 'start-test-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const packageDir = join(folder, 'electron')
    mkdirSync(packageDir)
    for (const name of ['package.json', 'install.js', 'checksums.json'])
      cpSync(join(root, 'node_modules/electron', name), join(packageDir, name))
    const server = createServer(answer ?? undefined)
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    if (!answer) server.close()
    onTestFinished(() => {
      server.close()
      server.closeAllConnections()
    })
    const before = { ELECTRON_MIRROR: process.env.ELECTRON_MIRROR, electron_config_cache: process.env.electron_config_cache }
    Object.assign(process.env, { ELECTRON_MIRROR: `http://127.0.0.1:${port}/`, electron_config_cache: join(folder, 'downloads') })
    onTestFinished(() => {
      for (const [name, value] of Object.entries(before))
        if (value === undefined) delete process.env[name]
        else process.env[name] = value
    })
    let maxBytes = 0
    const startMs = performance.now()
    const reason = await installElectron({
      packageDir,
      node: process.execPath,
      tempDir: join(folder, 'temp'),
      idleMs,
      onProgress: (bytes: number) => {
        maxBytes = Math.max(maxBytes, bytes)
      },
    })
    expect(readdirSync(join(folder, 'temp'))).toEqual([])
    return { reason, ms: performance.now() - startMs, maxBytes }
  }

  test('refused: at once', async () => {
    const { reason, ms } = await install(null)
    expect(reason).toMatch(/fetch failed/)
    expect(ms).toBeLessThan(30_000)
  })

  test('answered with an error: at once, with the answer', async () => {
    expect((await install((_request, response) => response.writeHead(503).end())).reason).toMatch(/503/)
  })

  test('no answer: given up', async () => {
    expect((await install(() => {}, 3_000)).reason).toBe('no data for 3 s')
  })

  test('an answer that stops coming: given up; while it comes, it goes on', async () => {
    let sentMs = 0
    const { reason, ms, maxBytes } = await install((_request, response) => {
      const startMs = performance.now()
      response.writeHead(200, { 'content-length': '100000000' })
      const drip = setInterval(() => {
        sentMs = performance.now() - startMs
        response.write(Buffer.alloc(100_000))
        if (sentMs > 5_000) clearInterval(drip)
      }, 500)
    }, 3_000)
    expect(reason).toBe('no data for 3 s')
    expect(sentMs).toBeGreaterThan(5_000)
    expect(ms).toBeGreaterThan(sentMs + 2_000)
    expect(maxBytes).toBeGreaterThan(500_000)
  })
})
