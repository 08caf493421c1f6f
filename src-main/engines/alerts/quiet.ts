import { type AlertSeverity, alertSeverities, type QuietHours } from '../../../src-shared/alerts.ts'

/** Whether a moment lies in the quiet hours, by the wall clock of their zone; over midnight too, and when the clock there is changed. */
export function isQuiet(ts: number, { on, from, to, zone }: QuietHours): boolean {
  if (!on || from === to) return false
  const now = wallTime(ts, zone)
  return from < to ? from <= now && now < to : now >= from || now < to
}

/** Whether an alert of this severity may be told now. */
export function mayTell(ts: number, quiet: QuietHours, severity: AlertSeverity): boolean {
  if (!isQuiet(ts, quiet)) return true
  return quiet.except !== null && alertSeverities.indexOf(severity) <= alertSeverities.indexOf(quiet.except)
}

const clocks = new Map<string, Intl.DateTimeFormat>()

/** `07:30` */
function wallTime(ts: number, zone: string): string {
  let clock = clocks.get(zone)
  if (!clock) {
    clock = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
    clocks.set(zone, clock)
  }
  return clock.format(ts * 1000)
}
