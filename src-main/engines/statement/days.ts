const DAY_MS = 86_400_000

/** Tells the day, `2025-03-30`, that a second since the epoch falls on in a time zone (IANA name). */
export function dayTeller(timeZone: string): (ts: number) => string {
  if (timeZone === 'UTC') return ts => new Date(ts * 1000).toISOString().slice(0, 10)
  const format = new Intl.DateTimeFormat('en-u-ca-gregory-nu-latn', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' })
  return ts => {
    const parts = new Map(format.formatToParts(ts * 1000).map(({ type, value }) => [type, value]))
    return `${parts.get('year')!.padStart(4, '0')}-${parts.get('month')}-${parts.get('day')}`
  }
}

/** The day after `day`, by `count`. */
export function dayAfter(day: string, count = 1): string {
  return new Date(Date.parse(`${day}T00:00:00.000Z`) + count * DAY_MS).toISOString().slice(0, 10)
}

/** Days from one to the other: 1 where `to` is the day after `from`. */
export function daysBetween(from: string, to: string): number {
  return (Date.parse(`${to}T00:00:00.000Z`) - Date.parse(`${from}T00:00:00.000Z`)) / DAY_MS
}
