import { fork } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'

// The desktop's built main process with Electron stood in for: that its parts are put together as they should be. No browser.

const root = join(import.meta.dirname, '../..')
let folder: string
test.beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-main-'))
})
test.afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Told = [what: string, ...values: unknown[]]

function startMain(args: string[], env: Record<string, string> = {}) {
  const child = fork(join(root, 'out/main/electron.js'), args, {
    execArgv: ['--import', join(root, 'test/helpers/electron-stand-in.mjs')],
    env: { ...process.env, XDG_CONFIG_HOME: join(folder, 'config'), GRANARY_DATA: join(folder, 'data'), ...env },
  })
  const told: Told[] = []
  const waiting = new Map<number, (answer: unknown) => void>()
  let last = 0
  child.on('message', ({ what, values }: { what: string; values: unknown[] }) => {
    if (what === 'done') waiting.get(values[0] as number)!(values[1])
    else told.push([what, ...values])
  })
  return {
    /** what main asked of Electron since the last time, without what is of no interest here */
    heard: (...kinds: string[]) => told.splice(0).filter(([what]) => kinds.length === 0 || kinds.includes(what)),
    until: (what: string) => expect.poll(() => told.map(([one]) => one)).toContain(what),
    order: (order: string, ...values: unknown[]) =>
      new Promise<unknown>(resolve => {
        waiting.set(++last, resolve)
        child.send({ id: last, order, values })
      }),
    stop: () => child.kill(),
  }
}

test('main shows what is given and does nothing else; the tray, the menu and the settings work', async () => {
  test.skip(process.platform !== 'linux', 'the autostart file is of Linux')
  const main = startMain(['granary://period/3', '--data=/elsewhere'])
  const page = 'granary://app/#/x'
  try {
    await main.until('zoom')
    const begun = main.heard()
    expect(begun).toContainEqual(['path', 'userData', join(folder, 'data/window')])
    expect(begun).toContainEqual(['lock', { link: 'granary://period/3', files: [] }])
    expect(begun.find(([what]) => what === 'window')?.[2]).toEqual({ sandbox: true, contextIsolation: true, nodeIntegration: false })
    expect(begun).toContainEqual(['load', 'granary://app/#/period/3'])

    await main.order('core', { t: 'ready' })
    const sync = { phase: 'following', fraction: null }
    const standing = { alerts: 1, needsAttention: true, first: [{ title: 'Node 1', path: '/nodes/1' }], sync, demo: false }
    await main.order('core', { t: 'standing', standing })
    await main.order('tray', 'Node 1')
    await main.order('tray', 'Pause the sync')
    expect(main.heard('tray', 'load', 'to core')).toEqual([
      ['tray', 'Granary: something needs attention'],
      ['load', 'granary://app/#/nodes/1'],
      ['to core', { t: 'pause-sync', isPaused: true }],
    ])

    await main.order('emit', 'second-instance', [], '', { link: 'granary://node/7', files: [] })
    await main.order('emit', 'second-instance', [], '', { link: 'granary://node/7', files: [] })
    await main.order('emit', 'second-instance', [], '', 'nonsense')
    await main.order('emit', 'open-file', '/given.evidence')
    await main.order('menu', 'Open receipt or bundle…')
    await main.order('menu', 'Search and commands')
    expect(main.heard('load', 'to page', 'to core')).toEqual([
      ['load', 'granary://app/#/node/7'],
      ['load', 'granary://app/#/opened/1'],
      ['load', 'granary://app/#/opened/2'],
      ['to page', 'granary:search'],
    ])
    expect(await main.order('ask', 'granary:opened-files', page, 1)).toEqual(['/given.evidence'])
    expect(await main.order('ask', 'granary:opened-files', page, 2)).toEqual(['/chosen.evidence'])
    expect(await main.order('ask', 'granary:opened-files', 'https://evil.example/', 1)).toEqual([])
    expect(await main.order('ask', 'granary:set-desktop', 'https://evil.example/', { keepInTray: true })).toBeNull()

    const set = { keepInTray: true, startAtLogin: true, notifications: false }
    expect(await main.order('ask', 'granary:set-desktop', page, set)).toEqual({ ...set, note: null, alwaysGoesOn: false })
    expect(existsSync(join(folder, 'config/autostart/granary.desktop'))).toBe(true)
    const telling = { title: 'Node 1 is down', body: '', path: '/nodes/1' }
    await main.order('core', { t: 'tell', telling })
    await main.order('closeWindow')
    expect(main.heard('quit', 'notification')).toEqual([])
    expect(JSON.parse(readFileSync(join(folder, 'data/window/granary-window.json'), 'utf8'))).toMatchObject({ zoomLevel: 1 })
    await main.order('tray', 'Open Granary')
    await main.until('zoom')
    expect(main.heard('window')[0]?.[1]).toMatchObject({ x: 5, y: 30, width: 900, height: 700 })
    await main.order('ask', 'granary:set-desktop', page, { keepInTray: false, startAtLogin: false, notifications: true })
    expect(existsSync(join(folder, 'config/autostart/granary.desktop'))).toBe(false)
    await main.order('core', { t: 'tell', telling })
    await main.order('closeWindow')
    expect(main.heard('notification', 'quit', 'to core').slice(0, 3)).toEqual([
      ['notification', 'Node 1 is down'],
      ['quit'],
      ['to core', { t: 'close' }],
    ])
  } finally {
    main.stop()
  }
})

test('a second start hands over and ends without a window; at login the tray is enough where the user wants it so', async () => {
  const second = startMain(['/a.evidence'], { STAND_IN_SECOND: '1' })
  await second.until('quit')
  expect(second.heard().slice(1)).toEqual([['lock', { link: null, files: ['/a.evidence'] }], ['quit']])
  second.stop()
  const main = startMain([])
  const quiet = () => main.order('ask', 'granary:set-desktop', 'granary://app/', { keepInTray: true })
  try {
    await main.until('zoom')
    await quiet()
  } finally {
    main.stop()
  }
  const atLogin = startMain(['--at-login'])
  try {
    await atLogin.until('tray')
    await atLogin.order('core', { t: 'ready' })
    expect(atLogin.heard('window', 'show')).toEqual([])
  } finally {
    atLogin.stop()
  }
})
