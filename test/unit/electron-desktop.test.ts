import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, posix, win32 } from 'node:path'
import type { LoginItemSettingsOptions, Settings } from 'electron'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDesktop, type DesktopEdges } from '../../src-main/hosts/electron/desktop.ts'
import { readDesktopChange, readDesktopSettings } from '../../src-main/hosts/electron/desktop-settings.ts'
import {
  createOpenedFiles,
  givenByArguments,
  ownArguments,
  pageForGiven,
  readGiven,
  switchOf,
} from '../../src-main/hosts/electron/given.ts'
import {
  AT_LOGIN,
  autostartText,
  type LoginEdges,
  programToStart,
  readLoginItem,
  setLoginItem,
} from '../../src-main/hosts/electron/login-item.ts'
import { isPagePath } from '../../src-main/hosts/electron/tellings.ts'
import { keepWindowState, MIN_SIZE, placeWindow, readWindowState, type WindowState } from '../../src-main/hosts/electron/window-state.ts'
import { refusedText } from '../../src-shared/app-links.ts'
import { oddText } from '../helpers/odd-text.ts'
import { runs } from '../helpers/runs.ts'

// The desktop's manners, with Electron stood in for at its edges.

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-desktop-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const linux = { platform: 'linux' as const, resolve: (path: string) => posix.resolve('/home/anna', path) }
const windows = { platform: 'win32' as const, resolve: (path: string) => win32.resolve('C:\\Users\\anna', path) }
const nothing = { link: null, files: [] }

/** The page for arguments, and the files that were kept for it. */
function shown(args: string[], edges: typeof linux | typeof windows = linux): [string | null, string[]] {
  const opened = createOpenedFiles()
  return [pageForGiven(givenByArguments(args, edges), opened.keep), opened.get(1)]
}

describe('what the system hands over', () => {
  test('a link shows its page; arguments beside it, which its author may have added, are left alone', () => {
    expect(shown(['granary://node/17'])).toEqual(['/node/17', []])
    expect(shown(['--', 'granary://run/0a1b'], windows)).toEqual(['/run/0a1b', []])
    const injected = ['--data=/own', '/a', 'granary://node/17', '--data=/evil', '--at-login', '/etc/passwd']
    expect(shown(injected)).toEqual(['/node/17', []])
    expect([switchOf(injected, 'data'), switchOf(injected, AT_LOGIN)]).toEqual(['/own', null])
    expect([
      switchOf(['--at-login'], AT_LOGIN),
      switchOf(['--data=/a', '--data=/b=c'], 'data'),
      switchOf(['--database=/a'], 'data'),
    ]).toEqual(['', '/b=c', null])
  })

  test('what is no link of ours is shown as what it was', () => {
    const [page] = shown(['granary://pay/all?to=GEVIL'])
    expect(page).toMatch(/^\/refused\/link\//)
    expect(refusedText(page!.split('/')[3]!)).toBe('granary://pay/all?to=GEVIL')
    expect(shown([`granary://${'x'.repeat(100_000)}`])[0]!.length).toBeLessThan(400)
  })

  test('files come with whole paths, also from file: addresses; at most eight', () => {
    expect(shown(['a.evidence', '--flag'])).toEqual(['/opened/1', ['/home/anna/a.evidence']])
    expect(shown(['file:///home/anna/my%20archive.ndjson.gz'])).toEqual(['/opened/1', ['/home/anna/my archive.ndjson.gz']])
    expect(shown(['C:\\grid\\80.ndjson'], windows)).toEqual(['/opened/1', ['C:\\grid\\80.ndjson']])
    expect(shown(Array.from({ length: 20 }, (_, at) => `/f${at}`))[1]).toHaveLength(8)
    expect(shown(['', '-x'])).toEqual([null, []])
  })

  test.each([
    ['another machine, on Windows', '\\\\evil\\share\\a.ndjson', windows],
    ['another machine, with slashes', '//evil/share/a.ndjson', windows],
    ['another machine, by address', 'file://evil/share/a.ndjson', windows],
    ['a device', '\\\\.\\pipe\\x', windows],
    ['another machine, on Linux', 'file://evil/a.ndjson', linux],
    ['a web address', 'https://evil.example/a.ndjson', linux],
    ['an address that is none', 'file:///%2Fetc/passwd', linux],
    ['a NUL', '/tmp/a\0b', linux],
  ])('no file of this machine is not opened: %s', (_what, path, edges) => {
    const [page, files] = shown([path], edges)
    expect(page).toMatch(/^\/refused\/file\//)
    expect(files).toEqual([])
  })

  test('while developing, the folder of the app is no file that was given', () => {
    const argv = ['/bin/electron', '-r', '/x/loader.js', '--inspect=0', '.', '--data=/d', 'a.evidence']
    expect(ownArguments(argv, '/home/anna', linux.resolve)).toEqual(['--data=/d', 'a.evidence'])
    expect(ownArguments(['/opt/granary', 'a.evidence'], null, linux.resolve)).toEqual(['a.evidence'])
  })

  test('whatever another process hands over, and whatever the arguments are, a page of the app comes of it or nothing', () => {
    const argument = fc.oneof(
      oddText(60),
      fc.constantFrom('--', '-x', 'granary:', 'granary://node/1', 'GRANARY://x', 'file://', 'file:///a', '\\\\a', '//a', '/a', '.', '..'),
    )
    const simple = fc.oneof(argument, fc.integer(), fc.constantFrom(null, undefined, true, Number.NaN))
    const few = fc.array(simple, { maxLength: 3 })
    const odd = fc.oneof(simple, few, fc.record({ link: simple, files: few }))
    fc.assert(
      fc.property(fc.array(argument, { maxLength: 12 }), fc.constantFrom(linux, windows), odd, (args, edges, handed) => {
        for (const given of [givenByArguments(args, edges), readGiven(handed), readGiven({ link: handed, files: args })]) {
          const page = pageForGiven(given, () => 1)
          expect(page === null || isPagePath(page)).toBe(true)
        }
      }),
      runs(200),
    )
    expect(readGiven({ link: 'granary://node/1', files: ['/a', 7, ''] })).toEqual({ link: 'granary://node/1', files: ['/a'] })
    expect(readGiven(readGiven({ link: null, files: ['/a'] }))).toEqual({ link: null, files: ['/a'] })
  })

  test('a page gets files by their number only, and the oldest are let go', () => {
    const opened = createOpenedFiles()
    for (let at = 1; at <= 25; at++) expect(opened.keep([`/f${at}`])).toBe(at)
    expect([opened.get(25), opened.get(6), opened.get(5), opened.get('25'), opened.get(undefined)]).toEqual([['/f25'], ['/f6'], [], [], []])
  })
})

/** Linux unless told; the system's own login items are kept in `system`. */
function loginEdges(platform: NodeJS.Platform, configDir = join(folder, 'none')) {
  const asked: (Settings | LoginItemSettingsOptions | undefined)[] = []
  const system = { openAtLogin: false, executableWillLaunchAtLogin: true, status: 'enabled' as const }
  const edges: LoginEdges = {
    ...{ platform, program: '/opt/Granary/granary', args: ['--data=/home/anna/my data'], configDir },
    system: {
      getLoginItemSettings(options) {
        asked.push(options)
        return system
      },
      setLoginItemSettings(settings) {
        asked.push(settings)
        system.openAtLogin = settings.openAtLogin === true
      },
    },
  }
  return { edges, asked, system }
}

describe('start at login', () => {
  test('on Linux it is a file, written beside and renamed, that is shown as it stands', () => {
    const configDir = join(folder, 'config')
    const { edges } = loginEdges('linux', configDir)
    const path = join(configDir, 'autostart', 'granary.desktop')
    expect(readLoginItem(edges)).toEqual({ isOn: false, note: null })
    expect(setLoginItem(edges, true)).toEqual({ isOn: true, note: null })
    expect(readFileSync(path, 'utf8')).toContain('\nExec="/opt/Granary/granary" "--data=/home/anna/my data" "--at-login"\n')
    expect(readdirSync(join(configDir, 'autostart'))).toEqual(['granary.desktop'])
    // switched off by a desktop's own settings, and on again here
    writeFileSync(path, `${readFileSync(path, 'utf8')}Hidden=true\n`)
    expect(readLoginItem(edges).isOn).toBe(false)
    expect(setLoginItem(edges, true).isOn).toBe(true)
    writeFileSync(path, readFileSync(path, 'utf8').replace('enabled=true', 'enabled=false'))
    expect(readLoginItem(edges).isOn).toBe(false)
    // another copy's
    writeFileSync(path, '[Desktop Entry]\nExec="/elsewhere/granary"\n[Other]\nHidden=true\n')
    expect(readLoginItem(edges)).toMatchObject({ isOn: true, note: expect.stringContaining('another copy') })
    expect(setLoginItem(edges, false)).toEqual({ isOn: false, note: null })
    expect(readdirSync(join(configDir, 'autostart'))).toEqual([])
  })

  test('an AppImage is started by its file, not from where it is mounted; a program that another one started is itself', () => {
    const env = { APPIMAGE: '/home/anna/Granary.AppImage', APPDIR: '/tmp/.mount_x' }
    expect(programToStart('/tmp/.mount_x/granary', env)).toBe(env.APPIMAGE)
    expect(programToStart('/opt/Granary/granary', env)).toBe('/opt/Granary/granary')
    expect(programToStart('/opt/Granary/granary', {})).toBe('/opt/Granary/granary')
  })

  test('a command is quoted as the desktop entry specification has it; what cannot be is not written', () => {
    expect(autostartText(['/a "b"/$c`', '100%', 'back\\slash'])).toContain(
      'Exec="/a \\\\"b\\\\"/\\\\$c\\\\`" "100%%" "back\\\\\\\\slash"\n',
    )
    expect(autostartText(['/a\nExec=evil'])).toBeNull()
    const { edges } = loginEdges('linux', join(folder, 'odd'))
    expect(setLoginItem({ ...edges, program: '/a\nb' }, true)).toMatchObject({
      isOn: false,
      note: expect.stringContaining('Nothing was changed'),
    })
  })

  test('a folder that cannot be written says so, and it stays off', () => {
    writeFileSync(join(folder, 'file'), '')
    const { edges } = loginEdges('linux', join(folder, 'file'))
    expect(setLoginItem(edges, true)).toMatchObject({ isOn: false, note: expect.stringContaining('did not take it') })
  })

  test('on Windows the same program and arguments are set and asked for; one switched off in its settings is off', () => {
    const { edges, asked, system } = loginEdges('win32')
    expect(setLoginItem(edges, true)).toEqual({ isOn: true, note: null })
    const mine = { path: edges.program, args: ['"--data=/home/anna/my data"', '--at-login'] }
    expect(asked).toEqual([{ openAtLogin: true, ...mine }, mine])
    system.executableWillLaunchAtLogin = false
    expect(readLoginItem(edges)).toMatchObject({ isOn: false, note: expect.stringContaining('Windows has it switched off') })
  })

  test('on macOS the system is asked, and says where it waits for its user', () => {
    const { edges, asked, system } = loginEdges('darwin')
    expect(setLoginItem(edges, true)).toEqual({ isOn: true, note: null })
    expect(asked[0]).toEqual({ openAtLogin: true })
    Object.assign(system, { status: 'requires-approval', openAtLogin: false })
    expect(readLoginItem(edges)).toMatchObject({ isOn: false, note: expect.stringContaining('approval') })
  })
})

function desktopOf(platform: NodeJS.Platform, kept: string | null = null) {
  const seen: (string | undefined)[] = []
  const world = { quits: 0, kept: '', isFull: false }
  const edges: DesktopEdges = {
    ...{ platform, kept, login: loginEdges(platform, join(folder, `desktop-${platform}`)).edges },
    keep(text) {
      if (world.isFull) throw new Error('no space left')
      world.kept = text
    },
    show: path => seen.push(path),
    quit: () => world.quits++,
  }
  return { desktop: createDesktop(edges), seen, world }
}

describe('windows, tray and settings', () => {
  test('closing the window ends the program, unless the user keeps it in the tray; on macOS it goes on', () => {
    const { desktop, world } = desktopOf('linux')
    desktop.windowsClosed()
    expect(world.quits).toBe(1)
    expect(desktop.set({ keepInTray: true })).toMatchObject({ keepInTray: true, alwaysGoesOn: false, note: null })
    desktop.windowsClosed()
    expect(world.quits).toBe(1)
    expect(readDesktopSettings(world.kept)).toEqual({ keepInTray: true, notifications: true })
    const mac = desktopOf('darwin')
    mac.desktop.windowsClosed()
    expect([mac.world.quits, mac.desktop.state().alwaysGoesOn]).toEqual([0, true])
  })

  test('at login only a program in the tray starts without a window', () => {
    const quiet = desktopOf('linux', '{"keepInTray":true}')
    quiet.desktop.start(nothing, true)
    expect(quiet.seen).toEqual([])
    quiet.desktop.handed(nothing)
    expect(quiet.seen).toEqual([undefined])
    for (const [kept, atLogin] of [['{"keepInTray":true}', false] as const, [null, true] as const]) {
      const { desktop, seen } = desktopOf('linux', kept)
      desktop.start(nothing, atLogin)
      expect(seen).toEqual([undefined])
    }
  })

  test('what comes before the system is ready waits for it; then each shows its page, and only that', () => {
    const { desktop, seen } = desktopOf('darwin')
    desktop.handed({ link: 'granary://period/80', files: [] })
    expect(seen).toEqual([])
    desktop.start(nothing, true)
    desktop.handed({ link: null, files: ['/a.evidence', '/b.evidence'] })
    desktop.handed({ link: 'granary://drop/tables', files: [] })
    expect(seen.slice(0, 2)).toEqual(['/period/80', '/opened/1'])
    expect(seen[2]).toMatch(/^\/refused\/link\//)
    expect(desktop.openedFiles(1)).toEqual(['/a.evidence', '/b.evidence'])
  })

  test('a page changes only what there is; what could not be kept is as it was, and is told', () => {
    expect(readDesktopChange({ keepInTray: 'yes', startAtLogin: true, data: '/tmp' })).toEqual({
      startAtLogin: true,
    })
    for (const odd of [null, 'x', 7, undefined, []]) expect(readDesktopChange(odd)).toEqual({})
    for (const bad of ['', '{', '[]', 'null', '{"keepInTray":1}', '"x"'.repeat(5000)])
      expect(readDesktopSettings(bad)).toEqual({ keepInTray: false, notifications: true })
    const { desktop, world } = desktopOf('linux')
    world.isFull = true
    expect(desktop.set({ notifications: false })).toMatchObject({ notifications: true, note: expect.stringContaining('no space left') })
    expect(desktop.set({ startAtLogin: true })).toMatchObject({ startAtLogin: true, note: null })
    expect(desktop.set({ startAtLogin: false })).toMatchObject({ startAtLogin: false, keepInTray: false })
  })
})

const screen = { x: 0, y: 25, width: 1920, height: 1055 }
const beside = { x: 1920, y: 0, width: 1280, height: 1024 }
const stood: WindowState = { bounds: { x: 2000, y: 100, width: 1000, height: 700 }, isMaximized: true, zoomLevel: 1 }

describe('the window', () => {
  test('comes back where it was and as large; where its display is gone, on the main one', () => {
    expect(placeWindow(stood, [screen, beside])).toEqual(stood)
    expect(placeWindow(stood, [screen])).toEqual({ ...stood, bounds: { width: 1000, height: 700 } })
    expect(placeWindow(null, [screen])).toEqual({ bounds: { width: 1280, height: 860 }, isMaximized: false, zoomLevel: 0 })
    // its upper edge above the display could not be taken hold of
    const above = { ...stood, bounds: { ...stood.bounds, y: -200 } }
    expect(placeWindow(above, [screen, beside]).bounds).toEqual({ width: 1000, height: 700 })
    const huge = { ...stood, bounds: { x: 10, y: 30, width: 9000, height: 9000 } }
    expect(placeWindow(huge, [screen]).bounds).toEqual({ x: 10, y: 30, width: 1920, height: 1055 })
    expect(placeWindow(null, [{ ...screen, width: 640, height: 480 }]).bounds).toEqual(MIN_SIZE)
    expect(placeWindow(null, [])).toMatchObject({ bounds: { width: 1280, height: 860 } })
  })

  test('a bad file is none', () => {
    expect(readWindowState(JSON.stringify(stood))).toEqual(stood)
    const bad = [
      ...['', '{', 'null', '[]', '7', '{"bounds":null}', '{"bounds":{"x":0,"y":0,"width":1000}}'],
      JSON.stringify({ ...stood, bounds: { ...stood.bounds, x: 1e12 } }),
      JSON.stringify({ ...stood, bounds: { ...stood.bounds, width: '1000' } }),
      JSON.stringify({ ...stood, bounds: { ...stood.bounds, height: 1 } }),
      JSON.stringify({ ...stood, zoomLevel: 40 }),
      JSON.stringify({ ...stood, zoomLevel: null }),
      JSON.stringify({ ...stood, isMaximized: 1 }),
      ' '.repeat(100_000),
    ]
    for (const text of bad) expect([text.slice(0, 80), readWindowState(text)]).toEqual([text.slice(0, 80), null])
    expect(readWindowState(null)).toBeNull()
  })

  test('is written once after the last of many changes, and at the end; a full disk stops nothing', () => {
    const timers: (() => void)[] = []
    const written: string[] = []
    const errors: unknown[] = []
    let now: WindowState | null = stood
    let isFull = false
    const state = keepWindowState({
      look: () => now,
      write(text) {
        if (isFull) throw new Error('full')
        written.push(text)
      },
      after: (_ms, action) => timers.push(action),
      log: error => errors.push(error),
    })
    for (let at = 0; at < 5; at++) state.changed()
    for (const run of timers.splice(0)) run()
    expect(written).toEqual([JSON.stringify(stood)])
    state.flush()
    expect(written).toHaveLength(1)
    now = { ...stood, isMaximized: false }
    state.changed()
    isFull = true
    state.flush()
    isFull = false
    state.flush()
    for (const run of timers.splice(0)) run()
    now = null
    state.flush()
    expect([written.length, errors.length]).toEqual([2, 1])
  })
})
