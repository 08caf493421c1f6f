import type { DesktopSettings, DesktopState } from '../../../src-shared/page-connection.ts'
import { goesOnWithoutWindow, readDesktopChange, readDesktopSettings, startsWithWindow } from './desktop-settings.ts'
import { createOpenedFiles, type Given, pageForGiven } from './given.ts'
import { type LoginEdges, readLoginItem, setLoginItem } from './login-item.ts'

/* What the desktop does about what comes from the system and from its user; Electron is at its edges. */

export interface DesktopEdges {
  platform: NodeJS.Platform
  login: LoginEdges
  /** the settings as they were kept; null: they never were */
  kept: string | null
  keep(text: string): void
  /** brings the window up: as it is, or on a page of the app */
  show(path?: string): void
  quit(): void
}

export interface Desktop {
  /** the system is ready: shows what was given, or the window, or at login nothing but the tray */
  start(given: Given, isAtLogin: boolean): void
  /** a link or files came, or just another start; before the start they wait for it */
  handed(given: Given): void
  windowsClosed(): void
  settings(): DesktopSettings
  /** with what the system says; asks it each time */
  state(): DesktopState
  /** takes what a page asks for as far as it makes sense; a note says what was not done */
  set(asked: unknown): DesktopState
  openedFiles(number: unknown): string[]
}

export function createDesktop({ platform, login, kept, keep, show, quit }: DesktopEdges): Desktop {
  const files = createOpenedFiles()
  let settings = readDesktopSettings(kept)
  /** null: the system is ready */
  let waiting: Given[] | null = []

  const stateOf = (note: string | null): DesktopState => {
    const item = readLoginItem(login)
    return { ...settings, startAtLogin: item.isOn, note: note ?? item.note, alwaysGoesOn: platform === 'darwin' }
  }

  /** Answers why they were not kept, where they were not. */
  function change(wanted: DesktopSettings): string | null {
    try {
      keep(JSON.stringify(wanted))
      settings = wanted
      return null
    } catch (error) {
      return `It was not changed, as it could not be written: ${error instanceof Error ? error.message : String(error)}`
    }
  }

  return {
    start(given, isAtLogin) {
      const came = [given, ...(waiting ?? [])]
      waiting = null
      const path = came.map(one => pageForGiven(one, files.keep)).findLast(one => one !== null)
      if (path !== undefined) show(path)
      else if (startsWithWindow(isAtLogin, settings)) show()
    },
    handed(given) {
      if (waiting) waiting.push(given)
      else show(pageForGiven(given, files.keep) ?? undefined)
    },
    windowsClosed() {
      if (!goesOnWithoutWindow(platform, settings)) quit()
    },
    settings: () => settings,
    state: () => stateOf(null),
    set(asked) {
      const { startAtLogin, ...own } = readDesktopChange(asked)
      const note = Object.keys(own).length > 0 ? change({ ...settings, ...own }) : null
      const item = startAtLogin === undefined ? null : setLoginItem(login, startAtLogin)
      return stateOf(note ?? item?.note ?? null)
    },
    openedFiles: number => files.get(number),
  }
}
