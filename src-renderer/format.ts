import { fixed } from '../src-shared/money.ts'
import { formatDuration } from '../src-shared/time.ts'
import { texts } from './texts.ts'

// English words, like the rest of the screens; the zone is the user's own (UTC stands in the title of what shows a time).
const dayFormat = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })
const dayYearFormat = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })
const timeFormat = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const secondFormat = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const countFormat = new Intl.NumberFormat('en-US')

/** `12 Nov`, local; `ts` in seconds. */
export function formatDay(ts: number): string {
  return dayFormat.format(ts * 1000)
}

/** `12 Nov 2024`, local. */
export function formatDayYear(ts: number): string {
  return dayYearFormat.format(ts * 1000)
}

/** `12 Nov 2024, 14:05`, local; with seconds if wanted. */
export function formatDateTime(ts: number, seconds = false): string {
  return `${dayYearFormat.format(ts * 1000)}, ${(seconds ? secondFormat : timeFormat).format(ts * 1000)}`
}

/** `12 Nov, 14:05`, local. */
export function formatDayTime(ts: number): string {
  return `${dayFormat.format(ts * 1000)}, ${timeFormat.format(ts * 1000)}`
}

/** `14:05` on the day of `nowTs`, `12 Nov, 14:05` on another, with the year where it is another one; local. */
export function formatClock(ts: number, nowTs: number): string {
  if (dayYearFormat.format(ts * 1000) === dayYearFormat.format(nowTs * 1000)) return timeFormat.format(ts * 1000)
  return new Date(ts * 1000).getFullYear() === new Date(nowTs * 1000).getFullYear() ? formatDayTime(ts) : formatDateTime(ts)
}

const utcFormats = {
  hour: new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', timeZone: 'UTC' }),
  day: new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' }),
  month: new Intl.DateTimeFormat('en-GB', { month: 'short', year: 'numeric', timeZone: 'UTC' }),
}

/** An hour, day or month in UTC by its beginning: `12 Nov, 14:00`, `12 Nov 2024`, `Nov 2024`. */
export function formatUtcStep(ts: number, step: keyof typeof utcFormats): string {
  return utcFormats[step].format(ts * 1000)
}

/** `12,345` */
export function formatCount(count: number): string {
  return countFormat.format(count)
}

/** Per mille of uptime as per cent with 2 decimals, cut: 998.66 gives `99.86`. Never 100.00 unless it is. */
export function formatPermille(permille: number): string {
  return (Math.floor(permille * 10 + 1e-6) / 100).toFixed(2)
}

/** Basis points as per cent: 10 gives `0.10 %`. */
export function formatBps(bps: number): string {
  return `${(bps / 100).toFixed(2)} %`
}

/** A share in per cent with 2 decimals, cut: `33.33`; null: of nothing. */
export function formatShare(part: bigint, whole: bigint): string | null {
  return whole === 0n ? null : fixed((part * 10_000n) / whole, 2)
}

/** How much downtime is left, in hours and minutes, cut: `36 h 32 min`, `12 min`, `45 s`. */
export function formatHours(sec: number): string {
  const minutes = Math.floor(sec / 60)
  const hours = Math.floor(minutes / 60)
  if (hours === 0) return formatDuration(sec - (minutes > 0 ? sec % 60 : 0))
  return `${formatCount(hours)} h${minutes % 60 > 0 ? ` ${minutes % 60} min` : ''}`
}

/** How long ago, in words: `3 h 12 min ago`, `in 5 min`, `just now`. */
export function formatAge(ts: number, nowTs: number): string {
  const sec = nowTs - ts
  if (Math.abs(sec) < 60) return texts.app.age.now
  return sec > 0 ? texts.app.age.ago(formatDuration(sec - (sec % 60))) : texts.app.age.in(formatDuration(-sec - (-sec % 60)))
}

/** Hands the user a file, made of text that is already here. */
export function downloadText(fileName: string, text: string, type = 'text/csv'): void {
  downloadBlob(fileName, new Blob([text], { type: `${type};charset=utf-8` }))
}

/** Hands the user a file, made of bytes that are already here. */
export function downloadBlob(fileName: string, bytes: Blob): void {
  const url = URL.createObjectURL(bytes)
  const link = document.createElement('a')
  link.href = url
  link.download = fileName
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
