import { prepared } from './db.ts'
import type { Store } from './open.ts'
import { listRuns, type StoredRun } from './runs.ts'

/** Payout runs that are not over, with the time at which something of them changed last: their stage, or a payment that arrived. */
export function runsUnderWay(store: Store): { run: StoredRun; progressTs: number }[] {
  const paidTs = prepared(store.books, 'SELECT max(paid_ts) FROM payout_rows WHERE run_id = ?').pluck()
  return listRuns(store)
    .filter(({ stage }) => stage === 'open' || stage === 'running' || stage === 'paused' || stage === 'stopped')
    .map(run => ({ run, progressTs: Math.max(run.changedTs, (paidTs.get(run.runId) as number | null) ?? 0) }))
}
