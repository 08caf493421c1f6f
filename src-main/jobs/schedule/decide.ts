import { formatDuration, formatUtc } from '../../../src-shared/time.ts'
import type { Slots } from './cron.ts'

/*
 * What of the schedule runs now: values in, values out. The clock is believed as long as it goes on from where it was; the books keep the
 * latest time at which it was. Every slot between two believed times runs, once, in the order of time.
 */

/** How far past the last slot a clock may be before it is asked about, seconds (tokenomics.md, Jobs: 48 h). */
export const ASK_SEC = 48 * 3600
/** How far a clock may be set back before the jobs stop, seconds: what setting it by the network's time does now and then. */
export const BACK_SEC = 120
/** Until a slot that failed is tried again, seconds: doubled with each try, from the first to the second. */
const RETRY_SEC = [60, 6 * 3600] as const

export interface JobSlots {
  name: string
  slots: Slots
  /** the slots after this time are to run, seconds since the epoch */
  cursorTs: number
  /** slots after the cursor that have run: the clock was ahead of now once, and believed */
  ranAhead: ReadonlySet<number>
  /** the slot that failed last: those behind it wait until it works */
  failed: { slotTs: number; tries: number; endedTs: number } | null
}

export interface ScheduleState {
  /** the latest time at which the clock was believed, seconds since the epoch */
  trustedTs: number
  jobs: readonly JobSlots[]
}

/** `asks`: a person has to say that the time is right; `backwards`: the clock is behind what it was, nothing runs until it has caught up or a person says that it is right. */
export type ClockState = 'fine' | 'asks' | 'backwards'

export interface Slot {
  job: string
  slotTs: number
}

export interface Decision {
  clock: ClockState
  /** what the clock was compared with: the last slot, or the latest believed time; seconds since the epoch */
  referenceTs: number
  /** what may run now, in the order in which it runs; empty unless the clock is fine */
  due: Slot[]
}

/** Decides at the clock's time `nowTs` (seconds since the epoch) which slots run; gives the first `most`. */
export function decideSlots(state: ScheduleState, nowTs: number, most = 1): Decision {
  const referenceTs = referenceOf(state)
  if (nowTs < state.trustedTs - BACK_SEC) return { clock: 'backwards', referenceTs: state.trustedTs, due: [] }
  if (nowTs - referenceTs > ASK_SEC) return { clock: 'asks', referenceTs, due: [] }
  const due = state.jobs.flatMap(job => {
    const slots = pendingSlots(job, nowTs, most)
    return isWaiting(job, slots[0], nowTs) ? [] : slots.map(slotTs => ({ job: job.name, slotTs }))
  })
  // a stable order: jobs of one slot run in the order in which they are listed
  return { clock: 'fine', referenceTs, due: due.sort((a, b) => a.slotTs - b.slotTs).slice(0, most) }
}

/** The job's slots up to `nowTs` that have not run, oldest first, at most `most`. */
export function pendingSlots(job: JobSlots, nowTs: number, most: number): number[] {
  const pending: number[] = []
  let ts = job.slots.nextAfter(job.cursorTs)
  while (ts !== null && ts <= nowTs && pending.length < most) {
    if (!job.ranAhead.has(ts)) pending.push(ts)
    ts = job.slots.nextAfter(ts)
  }
  return pending
}

/** When a slot that failed is tried again, seconds since the epoch. */
export function retryTs(failed: NonNullable<JobSlots['failed']>): number {
  const [first, longest] = RETRY_SEC
  return failed.endedTs + Math.min(first * 2 ** (failed.tries - 1), longest)
}

/** What is wrong with the clock, and the way out. Times in seconds since the epoch; `referenceTs` as decideSlots gives it. */
export function clockProblem(clock: Exclude<ClockState, 'fine'>, nowTs: number, referenceTs: number): string {
  if (clock === 'asks')
    return `This machine’s clock says ${formatUtc(nowTs)}, ${formatDuration(nowTs - referenceTs)} after the last slot of the scheduled jobs (${formatUtc(referenceTs)}). No money moves until the time is confirmed: the slots since then run after that, each with its own time. If the time is wrong, set the clock right instead.`
  return `This machine’s clock went backwards: it says ${formatUtc(nowTs)}, and it was ${formatUtc(referenceTs)} before. The scheduled jobs stand still. Set the clock right, and they go on by themselves; if it is right now, confirm the time. No slot that has run runs again.`
}

/**
 * The last slot of all jobs up to the latest believed time. Where slots are further apart than a clock may be past one, that says nothing
 * about the clock, and the believed time itself stands in its place.
 */
function referenceOf({ trustedTs, jobs }: ScheduleState): number {
  const last = Math.max(...jobs.map(({ slots }) => slots.lastUpTo(trustedTs) ?? Number.NEGATIVE_INFINITY))
  if (!Number.isFinite(last)) return trustedTs
  const next = Math.min(...jobs.map(({ slots }) => slots.nextAfter(last) ?? Number.POSITIVE_INFINITY))
  return next - last <= ASK_SEC ? last : trustedTs
}

/** A failure from the future is one of a clock that was ahead: no reason to wait for it. */
function isWaiting({ failed }: JobSlots, slotTs: number | undefined, nowTs: number): boolean {
  return failed !== null && failed.slotTs === slotTs && nowTs >= failed.endedTs && nowTs < retryTs(failed)
}
