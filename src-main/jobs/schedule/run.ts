import { AppError, toAppError } from '../../../src-shared/errors.ts'
import { formatUtc } from '../../../src-shared/time.ts'
import type { ScheduledRun } from '../../../src-shared/treasury/schedule.ts'
import { appendAudit } from '../../store/audit.ts'
import { writeTransaction } from '../../store/db.ts'
import type { Store } from '../../store/open.ts'
import {
  type EnteredJob,
  loadEnteredJobs,
  loadFailed,
  loadLastDoneTs,
  loadRanAfter,
  loadTrustedTs,
  saveEnteredJob,
  saveRun,
  saveTrustedTs,
  setCursor,
  setCursorsBack,
} from '../../store/schedule.ts'
import { readCron } from './cron.ts'
import { type ClockState, clockProblem, decideSlots, type JobSlots, pendingSlots, type ScheduleState } from './decide.ts'

/** Something that runs by a schedule. Whoever wires the program lists them; they run in the order of the list where they share a slot. */
export interface ScheduledJob {
  /** stable, e.g. `staking-rewards`: the books keep runs under it */
  name: string
  /** what people read */
  title: string
  /** five fields, UTC (see readCron) */
  cron: string
  /**
   * Does the work of one slot, and says in words what that was. It is called inside the transaction that keeps the run: what it writes to
   * the books stands or falls with it. `slotTs` (seconds since the epoch) is its now; store.now() is the machine's clock, for the audit
   * trail only. Throws AppError: nothing of the slot is kept then, it is tried again later, and the job's later slots wait for it.
   */
  work(store: Store, slotTs: number): string
}

/** What one round came to; no runs: no slot is due, or the clock keeps them back. */
export interface Round {
  clock: ClockState
  runs: ScheduledRun[]
}

export interface Schedule extends ScheduleState {
  entered: ReadonlyMap<string, EnteredJob>
  /** a job was not entered yet, or the clock never looked at */
  isNew: boolean
}

interface SlotRun {
  name: string
  slotTs: number
  kind: ScheduledRun['kind']
  tries: number
  actor: string
}

/** Who the audit trail names. */
const ACTOR = 'schedule'
/** So many slots share a write to the disk, fewer where they take long: a page that asks meanwhile hardly waits. */
const ROUND = 25
const ROUND_MS = 100
/** How often the believed time is written, seconds. */
const KEEP_SEC = 60

/**
 * Runs the first slots that are due by the store's clock, in one transaction that is on the disk when this returns. Each slot's work and
 * the record of it stand or fall together; of one that fails the reason is kept. Call it again until it runs nothing. Throws AppError usage
 * (a cron expression) and what the store throws: nothing of the round is kept then.
 */
export function runDueSlots(store: Store, jobs: readonly ScheduledJob[]): Round {
  const nowTs = store.now()
  return writeTransaction(store.books, 'books.db', (): Round => {
    const schedule = readState(store, jobs, nowTs)
    const { clock, due } = decideSlots(schedule, nowTs, ROUND)
    if (clock !== 'fine') return { clock, runs: [] }
    enterNew(store, jobs, schedule, nowTs)
    if (nowTs - schedule.trustedTs >= KEEP_SEC) saveTrustedTs(store, nowTs)
    if (due.length === 0) takeChanges(store, jobs, schedule, nowTs)
    const runs: ScheduledRun[] = []
    const failed = new Set<string>()
    const startedMs = performance.now()
    for (const { job: name, slotTs } of due) {
      if (failed.has(name)) continue
      if (runs.length > 0 && performance.now() - startedMs > ROUND_MS) break
      const job = schedule.jobs.find(candidate => candidate.name === name)!
      const run = trySlot(store, jobs, { name, slotTs, kind: 'slot', tries: triesOf(job, slotTs), actor: ACTOR })
      if (run.state === 'failed') failed.add(name)
      runs.push(run)
    }
    return { clock, runs }
  })
}

/**
 * Runs one job because a person asks: what of its slots is due, also one that failed just now, and if none is, the work once with the
 * clock's time as its now. For use inside a command (runCommand), which audits it and holds the transaction: when a slot fails, nothing of
 * it is kept. Throws AppError not-found, jobs.clock, and what the work throws.
 */
export function runJobNow(store: Store, jobs: readonly ScheduledJob[], name: string, actor: string): ScheduledRun[] {
  const nowTs = store.now()
  if (!jobs.some(job => job.name === name)) throw new AppError('not-found', `There is no scheduled job ${name.slice(0, 60)}.`)
  const schedule = readState(store, jobs, nowTs)
  const { clock, referenceTs } = decideSlots(schedule, nowTs)
  if (clock !== 'fine')
    throw new AppError('jobs.clock', `${clockProblem(clock, nowTs, referenceTs)} Nothing was run.`, { details: { clock } })
  enterNew(store, jobs, schedule, nowTs)
  const job = schedule.jobs.find(candidate => candidate.name === name)!
  const due = pendingSlots(job, nowTs, Number.POSITIVE_INFINITY)
  if (due.length > 0) return due.map(slotTs => runSlot(store, jobs, { name, slotTs, kind: 'slot', tries: triesOf(job, slotTs), actor }))
  const lastTs = loadLastDoneTs(store, name)
  if (lastTs !== null && lastTs >= nowTs)
    throw new AppError(
      'jobs.clock',
      `The job ${name} has run for ${formatUtc(lastTs)} already, and it is ${formatUtc(nowTs)}. Nothing was run; ask again after that time.`,
      { details: { clock } },
    )
  return [runSlot(store, jobs, { name, slotTs: nowTs, kind: 'asked', tries: 1, actor })]
}

/**
 * Believes the clock again, because a person says that it is right: slots up to now run then, and none that has run runs again. `shownTs`:
 * the time that the person saw. For use inside a command (runCommand), which audits it. Throws AppError jobs.clock: there is nothing to
 * confirm, or the clock has moved since.
 */
export function confirmClock(store: Store, jobs: readonly ScheduledJob[], shownTs: number): void {
  const nowTs = store.now()
  const { clock } = decideSlots(readState(store, jobs, nowTs), nowTs)
  const details = { clock }
  if (clock === 'fine')
    throw new AppError('jobs.clock', 'The clock goes as it should: there is nothing to confirm. Nothing was changed.', { details })
  if (nowTs < shownTs || nowTs - shownTs > CONFIRM_SEC)
    throw new AppError(
      'jobs.clock',
      `The clock says ${formatUtc(nowTs)} now, and ${formatUtc(shownTs)} was confirmed. Nothing was changed; look at the time again.`,
      { details },
    )
  saveTrustedTs(store, nowTs)
  setCursorsBack(store, nowTs)
}

function triesOf({ failed }: JobSlots, slotTs: number): number {
  return failed?.slotTs === slotTs ? failed.tries + 1 : 1
}

/** How long the question about a time may stand before it is answered, seconds. */
const CONFIRM_SEC = 3600

/** The schedule as the books have it; a job that is new begins now. */
export function readState(store: Store, jobs: readonly Pick<ScheduledJob, 'name' | 'cron'>[], nowTs: number): Schedule {
  const entered = loadEnteredJobs(store)
  const trustedTs = loadTrustedTs(store)
  return {
    entered,
    isNew: trustedTs === null || jobs.some(({ name }) => !entered.has(name)),
    trustedTs: trustedTs ?? nowTs,
    jobs: jobs.map(({ name, cron }): JobSlots => {
      const { cron: kept, cursorTs } = entered.get(name) ?? { cron, cursorTs: nowTs }
      return {
        name,
        slots: readCron(kept),
        cursorTs,
        ranAhead: new Set(loadRanAfter(store, name, cursorTs)),
        failed: loadFailed(store, name),
      }
    }),
  }
}

/** Enters jobs that are new, while the clock is fine: their slots begin now. */
function enterNew(store: Store, jobs: readonly ScheduledJob[], schedule: Schedule, nowTs: number): void {
  if (!schedule.isNew) return
  saveTrustedTs(store, Math.max(schedule.trustedTs, nowTs))
  for (const { name, cron } of jobs) if (!schedule.entered.has(name)) saveEnteredJob(store, { name, cron, cursorTs: nowTs })
}

/** With nothing left to run, expressions that were changed hold from now on. */
function takeChanges(store: Store, jobs: readonly ScheduledJob[], schedule: Schedule, nowTs: number): void {
  for (const job of schedule.jobs) {
    const { cron } = jobs.find(({ name }) => name === job.name)!
    const kept = schedule.entered.get(job.name)
    // slots of the old expression that failed come first
    if (!kept || kept.cron === cron || pendingSlots(job, nowTs, 1).length > 0) continue
    readCron(cron)
    saveEnteredJob(store, { name: job.name, cron, cursorTs: Math.max(job.cursorTs, nowTs) })
  }
}

/** Runs a slot inside the round's transaction, so that one that fails leaves nothing but its record. */
function trySlot(store: Store, jobs: readonly ScheduledJob[], slot: SlotRun): ScheduledRun {
  const startedTs = store.now()
  try {
    return store.books.transaction(() => runSlot(store, jobs, slot))()
  } catch (cause) {
    // a disk that is full and the like undo the whole transaction: that is no failure of the work
    if (!store.books.inTransaction) throw cause
    const { name, slotTs, kind, tries } = slot
    const error = toAppError(cause).message
    const run: ScheduledRun = { job: name, slotTs, kind, state: 'failed', tries, startedTs, endedTs: store.now(), did: '', error }
    saveRun(store, run)
    return run
  }
}

/** The work of one slot and the record of it; the caller's transaction holds both. */
function runSlot(store: Store, jobs: readonly ScheduledJob[], { name, slotTs, kind, tries, actor }: SlotRun): ScheduledRun {
  const startedTs = store.now()
  const did = jobs.find(candidate => candidate.name === name)!.work(store, slotTs)
  const run: ScheduledRun = { job: name, slotTs, kind, state: 'done', tries, startedTs, endedTs: store.now(), did, error: null }
  saveRun(store, run)
  if (kind === 'slot') setCursor(store, name, slotTs)
  // one that was asked for is audited by its command
  if (actor === ACTOR) appendAudit(store, { actor, action: `jobs.${name}`, subject: `slot ${formatUtc(slotTs)}`, details: did })
  return run
}
