import { Cron } from 'croner'
import { AppError } from '../../../src-shared/errors.ts'

/** The times that a schedule names, in UTC: whole minutes, seconds since the epoch. */
export interface Slots {
  /** the first slot after `ts`; null: there is none up to the year 9999 */
  nextAfter(ts: number): number | null
  /** the last slot at or before `ts`; null: there is none that could be found */
  lastUpTo(ts: number): number | null
}

/** A pattern is read for every tick; there are as many as jobs, and a few more while someone types. */
const known = new Map<string, Slots>()
const MAX_KNOWN = 100

/**
 * Reads a cron expression of five fields (minute, hour, day of the month, month, day of the week), always in UTC, so that a change to
 * summer time moves nothing. Where neither day is `*`, either is enough, as cron has it. Throws AppError usage, also for an expression
 * that names no time at all.
 */
export function readCron(text: string): Slots {
  const found = known.get(text)
  if (found) return found
  const slots = parse(text)
  if (known.size >= MAX_KNOWN) known.clear()
  known.set(text, slots)
  return slots
}

function parse(text: string): Slots {
  // the library takes `?` for the time of its own start, and words like @daily: neither is the same everywhere
  if (text.length > 200 || !/^[\dA-Za-z*,/#\- ]+$/.test(text))
    throw refused(text, 'it holds something else than digits, names and * , / - #')
  let cron: Cron
  try {
    cron = new Cron(text, { mode: '5-part', utcOffset: 0, paused: true })
  } catch (cause) {
    const { message } = cause as Error
    throw refused(text, message.replace(/^CronPattern: /, ''), cause)
  }
  const slots: Slots = {
    nextAfter: ts => secondsOf(cron.nextRun(new Date(ts * 1000))),
    // the library looks for times strictly before the one it is given
    lastUpTo: ts => secondsOf(cron.previousRuns(1, new Date((ts + 1) * 1000))[0]),
  }
  if (slots.nextAfter(0) === null) throw refused(text, 'there is no such day')
  return slots
}

function secondsOf(date: Date | null | undefined): number | null {
  return date ? date.getTime() / 1000 : null
}

function refused(text: string, why: string, cause?: unknown): AppError {
  return new AppError(
    'usage',
    `"${text.slice(0, 60)}" is no schedule: ${why}. Enter minute, hour, day of the month, month and day of the week in UTC, e.g. 0 0 * * * for every midnight.`,
    { cause },
  )
}
