import type { MenuItemConstructorOptions } from 'electron'
import type { Standing } from './standing.ts'
import { isPagePath } from './tellings.ts'

/* The tray: how things stand in a word and a shape, and the few things that are done without a window. */

export type TrayState = 'starting' | 'fine' | 'attention' | 'offline'

export interface TrayActions {
  /** brings the window up as it is */
  open(): void
  /** brings it up on a page of the app */
  go(path: string): void
  pauseSync(isPaused: boolean): void
  quit(): void
}

export interface TrayLook {
  state: TrayState
  /** what stands beside the pointer, and is read aloud */
  toolTip: string
  menu: MenuItemConstructorOptions[]
}

const stateWords: Record<TrayState, string> = {
  starting: 'starting',
  fine: 'all is fine',
  attention: 'something needs attention',
  offline: 'offline',
}

const phaseWords: Record<Standing['sync']['phase'], string> = {
  off: 'no chain is followed',
  connecting: 'connecting',
  backfilling: 'catching up',
  following: 'up to date',
  offline: 'offline; what is known is shown',
  paused: 'paused',
  halted: 'halted; see why',
}

/** What the state is called. What needs somebody counts before what is merely not known. */
export function trayState(standing: Standing | null): TrayState {
  if (standing === null) return 'starting'
  if (standing.needsAttention) return 'attention'
  return standing.sync.phase === 'offline' ? 'offline' : 'fine'
}

/** The tray as it stands; null: the core is not there (yet). */
export function trayLook(standing: Standing | null, actions: TrayActions): TrayLook {
  const state = trayState(standing)
  return {
    state,
    toolTip: `Granary: ${stateWords[state]}${standing?.demo ? ' (demo data)' : ''}`,
    menu: [
      { label: 'Open Granary', click: () => actions.open() },
      { type: 'separator' },
      { label: capital(stateWords[state]), enabled: false },
      ...(standing ? [...alertItems(standing, actions), ...syncItems(standing, actions)] : []),
      { type: 'separator' },
      { label: 'Quit Granary', click: () => actions.quit() },
    ],
  }
}

function alertItems({ alerts, first }: Standing, { go }: TrayActions): MenuItemConstructorOptions[] {
  if (alerts === 0) return [{ label: 'No alert is open', enabled: false }]
  return [
    { label: alerts === 1 ? '1 alert is open' : `${alerts} alerts are open`, click: () => go('/alerts') },
    ...first.map(({ title, path }) => ({ label: plainLabel(title), click: () => go(isPagePath(path) ? path : '/alerts') })),
  ]
}

function syncItems({ sync: { phase, fraction } }: Standing, { go, pauseSync }: TrayActions): MenuItemConstructorOptions[] {
  const share = fraction === null || phase !== 'backfilling' ? '' : `, ${Math.floor(fraction * 100)} %`
  const items: MenuItemConstructorOptions[] = [
    { type: 'separator' },
    { label: `Sync: ${phaseWords[phase]}${share}`, click: () => go('/sync') },
  ]
  // what has halted has a reason, which is read before it goes on
  if (phase === 'paused') items.push({ label: 'Resume the sync', click: () => pauseSync(false) })
  else if (phase !== 'off' && phase !== 'halted') items.push({ label: 'Pause the sync', click: () => pauseSync(true) })
  return items
}

/** In a menu's label & marks the letter after it. */
function plainLabel(text: string): string {
  return text.replaceAll('&', '&&')
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** The system's tray, as far as it is used. */
export interface SystemTray<Image, Menu> {
  setImage(image: Image): void
  setToolTip(text: string): void
  setContextMenu(menu: Menu): void
}

/** Keeps a tray as things stand. Linux shows a changed menu only when it is set again. */
export function keepTray<Image, Menu>(
  tray: SystemTray<Image, Menu>,
  actions: TrayActions,
  { imageOf, menuOf }: { imageOf(state: TrayState): Image; menuOf(template: MenuItemConstructorOptions[]): Menu },
): (standing: Standing | null) => void {
  let shown: TrayState | null = null
  function show(standing: Standing | null): void {
    const { state, toolTip, menu } = trayLook(standing, actions)
    if (state !== shown) tray.setImage(imageOf(state))
    shown = state
    tray.setToolTip(toolTip)
    tray.setContextMenu(menuOf(menu))
  }
  show(null)
  return show
}
