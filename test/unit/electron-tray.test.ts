import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { MenuItemConstructorOptions } from 'electron'
import { describe, expect, test } from 'vitest'
import { menuPages, menuTemplate } from '../../src-main/hosts/electron/menu.ts'
import type { Standing } from '../../src-main/hosts/electron/standing.ts'
import { keepTray, type TrayState, trayLook, trayState } from '../../src-main/hosts/electron/tray.ts'
import { markIcon } from '../../src-main/hosts/electron/tray-icon.ts'

// The tray and the native menu; templates are checked by Electron's own types, and clicked as Electron would.

const fine: Standing = { alerts: 0, needsAttention: false, first: [], sync: { phase: 'following', fraction: null }, demo: false }
const labels = (menu: MenuItemConstructorOptions[]) => menu.flatMap(({ label }) => (label === undefined ? [] : [label]))

function click(menu: MenuItemConstructorOptions[], label: string): void {
  const item = menu.find(one => one.label === label)
  // as Electron calls it, with arguments that are none of ours
  ;(item!.click as (...all: unknown[]) => void)({ label }, {}, {})
}

describe('the tray', () => {
  const done: string[] = []
  const actions = {
    open: (...all: unknown[]) => void done.push(`open ${all.length}`),
    go: (path: string) => void done.push(path),
    pauseSync: (isPaused: boolean) => void done.push(`pause ${isPaused}`),
    quit: (...all: unknown[]) => void done.push(`quit ${all.length}`),
  }

  test('says in words how things stand', () => {
    const states: [Standing | null, TrayState, string][] = [
      [null, 'starting', 'Granary: starting'],
      [fine, 'fine', 'Granary: all is fine'],
      [{ ...fine, demo: true }, 'fine', 'Granary: all is fine (demo data)'],
      [{ ...fine, sync: { phase: 'offline', fraction: null } }, 'offline', 'Granary: offline'],
      [{ ...fine, needsAttention: true, sync: { phase: 'offline', fraction: null } }, 'attention', 'Granary: something needs attention'],
    ]
    for (const [standing, state, toolTip] of states) {
      const look = trayLook(standing, actions)
      expect([trayState(standing), look.toolTip]).toEqual([state, toolTip])
      expect(labels(look.menu)).toEqual(expect.arrayContaining(['Open Granary', 'Quit Granary']))
    }
  })

  test('lists what needs attention, each leading to its page and nowhere else', () => {
    const first = [
      { title: 'Node 17 is down: R&D', path: '/nodes/17' },
      { title: 'Odd', path: 'https://evil.example' },
    ]
    const { menu } = trayLook({ ...fine, alerts: 7, needsAttention: true, first }, actions)
    expect(labels(menu)).toEqual([
      ...['Open Granary', 'Something needs attention', '7 alerts are open', 'Node 17 is down: R&&D', 'Odd'],
      ...['Sync: up to date', 'Pause the sync', 'Quit Granary'],
    ])
    for (const label of labels(menu)) if (label !== 'Something needs attention') click(menu, label)
    expect(done.splice(0)).toEqual(['open 0', '/alerts', '/nodes/17', '/alerts', '/sync', 'pause true', 'quit 0'])
  })

  test.each([
    ['off', ['Sync: no chain is followed']],
    ['connecting', ['Sync: connecting', 'Pause the sync']],
    ['backfilling', ['Sync: catching up, 43 %', 'Pause the sync']],
    ['offline', ['Sync: offline; what is known is shown', 'Pause the sync']],
    ['paused', ['Sync: paused', 'Resume the sync']],
    ['halted', ['Sync: halted; see why']],
  ] as const)('the sync when it is %s', (phase, wanted) => {
    const { menu } = trayLook({ ...fine, sync: { phase, fraction: 0.4399 } }, actions)
    expect(labels(menu).slice(3, -1)).toEqual(wanted)
    if (phase === 'paused') click(menu, 'Resume the sync')
    expect(done.splice(0)).toEqual(phase === 'paused' ? ['pause false'] : [])
  })

  test('has another picture only for another state, and a menu set anew each time', () => {
    const images: TrayState[] = []
    const counts = { tips: 0, menus: 0 }
    const show = keepTray(
      {
        setImage: (state: TrayState) => void images.push(state),
        setToolTip: () => void counts.tips++,
        setContextMenu: () => void counts.menus++,
      },
      actions,
      { imageOf: state => state, menuOf: template => template },
    )
    show(fine)
    show({ ...fine, alerts: 1 })
    show(null)
    expect([images, counts]).toEqual([['starting', 'fine', 'starting'], { tips: 4, menus: 4 }])
  })

  test('the marks differ in shape, leave the rest of the picture, and are black alone where the system colours them', () => {
    const size = 16
    const picture = Buffer.alloc(size * size * 4, 0xff)
    const inkOf = (state: TrayState, isTemplate = true) => {
      const marked = markIcon(picture, size, state, isTemplate)
      expect(marked.subarray(0, size * 4)).toEqual(picture.subarray(0, size * 4))
      return Array.from({ length: size * size }, (_, at) => marked.readUInt32BE(at * 4))
    }
    expect(inkOf('fine')).toEqual(inkOf('starting'))
    const [attention, offline] = [inkOf('attention'), inkOf('offline')]
    expect(attention).not.toEqual(offline)
    for (const ink of [attention, offline]) expect(new Set(ink)).toEqual(new Set([0xffffffff, 0x000000ff, 0x00000000]))
    expect(new Set(inkOf('attention', false)).has(0x2b5bd9ff)).toBe(true)
    expect(markIcon(Buffer.alloc(12), size, 'attention', true)).toEqual(Buffer.alloc(12))
  })
})

describe('the menu', () => {
  const routes = readFileSync(join(import.meta.dirname, '../../src-renderer/frame/routes.tsx'), 'utf8')
  const itemsOf = (menu: MenuItemConstructorOptions[]): MenuItemConstructorOptions[] =>
    menu.flatMap(item => [item, ...(Array.isArray(item.submenu) ? itemsOf(item.submenu) : [])])

  test.each(['linux', 'win32', 'darwin'] as const)(
    'on %s: its own items lead to pages that there are, files and search; no key twice',
    platform => {
      const gone: string[] = []
      const asked: string[] = []
      const menu = menuTemplate(platform, {
        go: path => gone.push(path),
        openFiles: (...all: unknown[]) => asked.push(`files ${all.length}`),
        search: (...all: unknown[]) => asked.push(`search ${all.length}`),
      })
      const items = itemsOf(menu)
      const own = items.filter(({ click: act }) => act)
      for (const item of own) (item.click as (...all: unknown[]) => void)({}, {}, {})
      expect(asked).toEqual(['files 0', 'search 0'])
      expect(gone).toHaveLength(own.length - 2)
      for (const path of gone) expect([path, routes.includes(`{ path: '${path}',`)]).toEqual([path, true])
      const keys = items.flatMap(({ accelerator }) => (accelerator === undefined ? [] : [accelerator]))
      expect(new Set(keys).size).toBe(keys.length)
      expect(menuPages.length).toBeLessThanOrEqual(9)
      // what is neither ours nor a separator is the system's
      for (const item of items) if (!item.click && !item.submenu) expect(item.role ?? item.type).toBeDefined()
      expect(items.some(({ role }) => role === 'toggleDevTools')).toBe(false)
    },
  )
})

interface Association {
  ext: string
  rank?: string
  role: string
}
interface Opens {
  fileAssociations: Association[]
}

test('the packages register the scheme, and no file type that others use is taken from them', async () => {
  const path = new URL('../../.ci/desktop/configuration.mjs', import.meta.url).href
  const { configuration } = (await import(path)) as { configuration: Opens & { protocols: unknown; linux: Opens; mac: Opens } }
  expect(configuration.protocols).toEqual([expect.objectContaining({ schemes: ['granary'] })])
  const own = ['evidence', 'ndjson', 'ndjson.gz', 'ndjson.zst']
  const all = [...configuration.fileAssociations, ...configuration.linux.fileAssociations, ...configuration.mac.fileAssociations]
  for (const { ext, rank, role } of all) {
    expect([ext, role]).toEqual([ext, 'Viewer'])
    if (!own.includes(ext)) expect([ext, rank]).toEqual([ext, 'Alternate'])
  }
  for (const { ext } of [...configuration.fileAssociations, ...configuration.linux.fileAssociations]) expect(own).toContain(ext)
})
