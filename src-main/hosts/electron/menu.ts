import type { MenuItemConstructorOptions } from 'electron'

/* The native menu. Its own items lead to pages, open a file's page or the search; none does anything else. */

export interface MenuActions {
  go(path: string): void
  /** lets the user choose files, and shows what they are */
  openFiles(): void
  search(): void
}

/** With a number each, in the order of the rail. */
export const menuPages: readonly (readonly [label: string, path: string])[] = [
  ['Overview', '/'],
  ['Nodes', '/nodes'],
  ['Mints', '/mints'],
  ['Periods', '/periods'],
  ['Payouts', '/payouts'],
  ['Votes', '/votes'],
  ['Audit', '/audit'],
  ['Alerts', '/alerts'],
  ['Sync', '/sync'],
]

export function menuTemplate(platform: NodeJS.Platform, { go, openFiles, search }: MenuActions): MenuItemConstructorOptions[] {
  const isMac = platform === 'darwin'
  const settings: MenuItemConstructorOptions = { label: 'Settings…', accelerator: 'CmdOrCtrl+,', click: () => go('/settings') }
  const separator: MenuItemConstructorOptions = { type: 'separator' }
  return [
    ...(isMac
      ? [
          {
            role: 'appMenu' as const,
            submenu: [
              { role: 'about' as const },
              separator,
              settings,
              separator,
              ...(['services', 'hide', 'hideOthers', 'unhide'] as const).map(role => ({ role })),
              separator,
              { role: 'quit' as const },
            ],
          },
        ]
      : []),
    {
      label: 'File',
      submenu: [
        { label: 'Import…', accelerator: 'CmdOrCtrl+I', click: () => go('/import') },
        { label: 'Open receipt or bundle…', accelerator: 'CmdOrCtrl+O', click: () => openFiles() },
        separator,
        ...(isMac ? [{ role: 'close' as const }] : [settings, separator, { role: 'close' as const }, { role: 'quit' as const }]),
      ],
    },
    { role: 'editMenu' },
    {
      label: 'View',
      submenu: [
        ...menuPages.map(([label, path], at) => ({ label, accelerator: `CmdOrCtrl+${at + 1}`, click: () => go(path) })),
        separator,
        { label: 'Search and commands', accelerator: 'CmdOrCtrl+K', click: () => search() },
        separator,
        ...(['reload', 'resetZoom', 'zoomIn', 'zoomOut', 'togglefullscreen'] as const).map(role => ({ role })),
      ],
    },
    ...(isMac ? [{ role: 'windowMenu' as const }] : []),
    { role: 'help', submenu: [{ label: 'Help', click: () => go('/help') }] },
  ]
}
