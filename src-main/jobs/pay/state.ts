import { AppError } from '../../../src-shared/errors.ts'
import type { PayoutPlan } from '../../../src-shared/pay.ts'
import { readPlan } from '../../engines/payout-plan/plan.ts'
import { applyRow, isDead, type RowEvent, type RowState, rowStage } from '../../engines/payout-plan/row.ts'
import { settledStage } from '../../engines/payout-plan/run.ts'
import { writeTransaction } from '../../store/db.ts'
import type { Store } from '../../store/index.ts'
import { unknownRunsUntil } from '../../store/restored.ts'
import { loadEnvelopes, loadRows, loadRun, type StoredEnvelope, type StoredRun, saveRow, saveStage } from '../../store/runs.ts'

/** A run as it is worked on: the books' rows, changed together with the books. */
export interface LiveRun {
  runId: string
  plan: PayoutPlan
  rows: RowState[]
}

/** Throws AppError not-found, store.corrupt (the plan in the books is not the one that its id stands for). */
export function openRun(store: Store, runId: string): LiveRun & { run: StoredRun } {
  const run = loadRun(store, runId)
  const read = readKnownPlan(run.planText)
  if (read.runId !== run.runId)
    throw new AppError(
      'store.corrupt',
      `The plan of run ${run.runId.slice(0, 16)} in books.db was altered. Put a copy of the books from the folder "backups" in its place.`,
    )
  return { runId: run.runId, plan: read.plan, rows: loadRows(store, run.runId), run }
}

/** Plans by their text, the one used last at the end: checking one of thousands of rows takes a while, and every look at a run needs it. */
const readPlans = new Map<string, ReturnType<typeof readPlan>>()
const MOST_PLANS = 4

/** As readPlan (engines/payout-plan/plan.ts). */
export function readKnownPlan(text: string): ReturnType<typeof readPlan> {
  const read = readPlans.get(text) ?? readPlan(text)
  readPlans.delete(text)
  readPlans.set(text, read)
  for (const oldest of readPlans.keys()) if (readPlans.size > MOST_PLANS) readPlans.delete(oldest)
  return read
}

/** The envelopes that can still be included, by place. */
export function openEnvelopes(store: Store, runId: string): StoredEnvelope[] {
  return loadEnvelopes(store, runId).flatMap(all => all.filter(envelope => !isDead(envelope) && envelope.stage !== 'paid'))
}

/** What happened to rows, by place. */
export type PlacedEvent = { place: number; event: RowEvent }

/**
 * Applies events and keeps what they come to, in one transaction; events that a row refuses are left out. Rows as they are in the books
 * count, not as they were read: another process may have been at work.
 */
export function keepEvents(store: Store, live: LiveRun, events: readonly PlacedEvent[]): void {
  if (events.length === 0) return
  writeTransaction(store.books, 'books.db', () => applyEvents(store, live, events))
}

/** The same within a transaction of the caller's. Gives the refused events. */
export function applyEvents(store: Store, live: LiveRun, events: readonly PlacedEvent[]): PlacedEvent[] {
  const { runId, plan } = live
  const before = loadRows(store, runId)
  const after = [...before]
  const refusals: PlacedEvent[] = []
  for (const placed of events) {
    const { place, event } = placed
    const result = applyRow(plan, plan.rows[place]!, after[place]!, event)
    if ('refused' in result) refusals.push(placed)
    else after[place] = result.row
  }
  const run = loadRun(store, runId)
  for (const [place, row] of after.entries()) saveRow(store, run, place, before[place]!, row, rowStage(row))
  live.rows = after
  const next = settledStage(run.stage, after)
  // in books that came back from a backup, an envelope that they do not know may still take a row's number
  const mayStillPay = next === 'dead' && store.now() <= unknownRunsUntil(store)
  if (next !== run.stage && !mayStillPay) saveStage(store, runId, next)
  return refusals
}

/** That something can't be done with a run, and why. */
export function refused(reason: string, message: string): AppError {
  return new AppError('pay.refused', message, { details: { reason } })
}
