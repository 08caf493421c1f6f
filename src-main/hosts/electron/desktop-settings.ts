import type { DesktopChange, DesktopSettings } from '../../../src-shared/page-connection.ts'
import { keptValue } from './kept-file.ts'

/* What the desktop does with the window and with notifications; kept beside the window's state, as the core may be closed or away. */

export const defaultDesktopSettings: DesktopSettings = { keepInTray: false, notifications: true }

/** Reads what was kept; whatever of it makes no sense is as at first. */
export function readDesktopSettings(text: string | null): DesktopSettings {
  const { keepInTray, notifications } = { ...defaultDesktopSettings, ...readDesktopChange(keptValue(text)) }
  return { keepInTray, notifications }
}

/** What a page asks to be changed; only members that there are, and only yes or no. */
export function readDesktopChange(value: unknown): DesktopChange {
  if (typeof value !== 'object' || value === null) return {}
  const { keepInTray, notifications, startAtLogin } = value as Record<string, unknown>
  return {
    ...(typeof keepInTray === 'boolean' && { keepInTray }),
    ...(typeof notifications === 'boolean' && { notifications }),
    ...(typeof startAtLogin === 'boolean' && { startAtLogin }),
  }
}

/** Whether the program goes on when its last window was closed. macOS programs do. */
export function goesOnWithoutWindow(platform: NodeJS.Platform, { keepInTray }: DesktopSettings): boolean {
  return platform === 'darwin' || keepInTray
}

/** Whether the start shows a window: one at login does not, where the program lives in the tray. */
export function startsWithWindow(atLogin: boolean, { keepInTray }: DesktopSettings): boolean {
  return !(atLogin && keepInTray)
}
