import type { DayTally } from '../../../src-shared/mint.ts'

/** Seconds of a day of the period; day 0 begins at the period's start. */
const DAY_SEC = 86_400

/**
 * Credited seconds per day; all functions take null where nobody asks for them. Almost every report falls into the day under way, so that day's sum is kept in `todaySec` and put
 * away when another day is touched.
 */
export interface Days {
  readonly startTs: number
  readonly endTs: number
  up: Float64Array
  asleep: Float64Array
  /** the day under way: its index, its bounds and what it has so far */
  today: number
  todayFromTs: number
  todayToTs: number
  todaySec: number
}

export function createDays(startTs: number, endTs: number): Days {
  const count = Math.max(1, Math.ceil((endTs - startTs) / DAY_SEC))
  return {
    startTs,
    endTs,
    up: new Float64Array(count),
    asleep: new Float64Array(count),
    today: 0,
    todayFromTs: startTs,
    todayToTs: startTs + DAY_SEC,
    todaySec: 0,
  }
}

/** `sec` seconds of uptime that end at `toTs`. */
export function tallyUp(days: Days | null, toTs: number, sec: number): void {
  if (days === null) return
  if (toTs <= days.todayToTs && toTs - sec >= days.todayFromTs) days.todaySec += sec
  else if (sec > 0) tallyUpAcross(days, toTs, sec)
}

function tallyUpAcross(days: Days, toTs: number, sec: number): void {
  days.up[days.today]! += days.todaySec
  days.todaySec = 0
  spread(days, days.up, toTs, sec)
  const last = Math.min(Math.max(Math.floor((toTs - days.startTs) / DAY_SEC), 0), days.up.length - 1)
  days.today = last
  days.todayFromTs = days.startTs + last * DAY_SEC
  days.todayToTs = days.todayFromTs + DAY_SEC
}

/** `sec` seconds of sleep that end at `toTs`. */
export function tallyAsleep(days: Days | null, toTs: number, sec: number): void {
  if (days !== null) spread(days, days.asleep, toTs, sec)
}

/** Puts the stretch into its days; what lies outside the period is dropped. */
function spread(days: Days, into: Float64Array, toTs: number, sec: number): void {
  let from = Math.max(toTs - sec, days.startTs)
  const to = Math.min(toTs, days.endTs)
  while (from < to) {
    const day = Math.floor((from - days.startTs) / DAY_SEC)
    const until = Math.min(days.startTs + (day + 1) * DAY_SEC, to)
    into[day]! += until - from
    from = until
  }
}

/**
 * The tally up to `knownToTs`: per day up + asleep + down are the day's known seconds. Credits may exceed what passed (a report may
 * run ahead by a minute), so up is cut to the day, and asleep to what is left of it.
 */
export function dayTally(days: Days | null, knownToTs: number): DayTally {
  const tally: DayTally = { up: [], asleep: [], down: [] }
  if (days === null) return tally
  for (let day = 0; day < days.up.length; day++) {
    const from = days.startTs + day * DAY_SEC
    const knownSec = Math.max(0, Math.min(from + DAY_SEC, days.endTs, knownToTs) - from)
    const up = Math.min(days.up[day]! + (day === days.today ? days.todaySec : 0), knownSec)
    const asleep = Math.min(days.asleep[day]!, knownSec - up)
    tally.up.push(up)
    tally.asleep.push(asleep)
    tally.down.push(knownSec - up - asleep)
  }
  return tally
}
