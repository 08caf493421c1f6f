/** Seconds of one fixed minting period (minting.md, Periods): a five-year cycle cut into 60. */
export const PERIOD_SEC = (24 * 60 * 60 * (365 * 3 + 366 * 2)) / 60
/** Start of period 0: 2018-03-31 12:56:40 UTC, in seconds since the epoch. */
export const FIRST_PERIOD_START_TS = 1_522_501_000
/** Until when what is known of a node says something of it now (seconds); after that it is unknown. */
export const FRESH_SEC = 2 * 3_600

/** Blocks read on after a period's end (27 h at 6 s each). */
export const POST_PERIOD_BLOCKS = 16_200

/** A fixed period; `start` inclusive, `end` = start + PERIOD_SEC; seconds since the epoch. */
export interface Period {
  index: number
  start: number
  end: number
}

export function periodAt(index: number): Period {
  const start = FIRST_PERIOD_START_TS + index * PERIOD_SEC
  return { index, start, end: start + PERIOD_SEC }
}

/** The last second of the year 9999. */
const LAST_DATE_TS = 253_402_300_799

/** Whether this second has a date that reads as one, from 1970 to 9999. A node may report any figure as its time. */
export function hasDate(ts: number): boolean {
  return ts >= 0 && ts <= LAST_DATE_TS
}

/** `2024-11-30 12:56:40 UTC`; a time without such a date as its plain seconds. */
export function formatUtc(ts: number): string {
  if (!hasDate(ts)) return `${ts} s`
  const iso = new Date(ts * 1000).toISOString()
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`
}

/**
 * Seconds of a UTC time as files have it: `2024-11-30T12:56:40Z`, also with a space, a fraction (cut), `+00:00` or ` UTC` as formatUtc
 * writes it. Null for any other text: a time without a zone, in another one, or on a day that does not exist.
 */
export function tsFromUtc(text: string): number | null {
  const match = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d{1,9})?(?:Z|\+00:00| UTC)$/.exec(text)
  if (!match) return null
  const iso = `${match[1]}T${match[2]}.000Z`
  const ms = Date.parse(iso)
  // a parser may take 30 February for 1 March
  if (Number.isNaN(ms) || new Date(ms).toISOString() !== iso) return null
  return hasDate(ms / 1000) ? ms / 1000 : null
}

/** A duration in words that people use: the two largest units, cut: `3 h 12 min`, `2 d 4 h`, `45 s`. */
export function formatDuration(sec: number): string {
  const sign = sec < 0 ? '-' : ''
  const total = Math.floor(Math.abs(sec))
  const days = Math.floor(total / 86_400)
  const hours = Math.floor((total % 86_400) / 3600)
  const minutes = Math.floor((total % 3600) / 60)
  const seconds = total % 60
  if (days > 0) return `${sign}${days} d${hours > 0 ? ` ${hours} h` : ''}`
  if (hours > 0) return `${sign}${hours} h${minutes > 0 ? ` ${minutes} min` : ''}`
  if (minutes > 0) return `${sign}${minutes} min${seconds > 0 ? ` ${seconds} s` : ''}`
  return `${sign}${seconds} s`
}
