import { noNewRunText } from '../../src-shared/backup-text.ts'
import { AppError } from '../../src-shared/errors.ts'
import { prepared } from './db.ts'
import type { Store } from './open.ts'

/* Books that came back from a backup (restored-tables.ts says what follows from it). */

export interface Restored {
  restoredTs: number
  backupTs: number
  /** the backup's file name */
  source: string
  /** a run is new only if it was planned after a ledger that closed later than this, in seconds; 0: no run could be unknown here */
  untilTs: number
}

/** The last restore of these books; null: there was none. */
export function lastRestore(store: Pick<Store, 'books'>): Restored | null {
  const found = prepared(
    store.books,
    'SELECT restored_ts AS restoredTs, backup_ts AS backupTs, source, until_ts AS untilTs FROM restores ORDER BY id DESC LIMIT 1',
  ).get() as Restored | undefined
  return found ?? null
}

/** Until when a run that these books do not know could still be paid, in seconds of the ledger; 0: none could. */
export function unknownRunsUntil(store: Pick<Store, 'books'>): number {
  return prepared(store.books, 'SELECT coalesce(max(until_ts), 0) FROM restores').pluck().get() as number
}

/**
 * Keeps that the books came back: their runs that are not over wait to be reconciled, can't be withdrawn (somebody may have signed them since), and
 * do not go on by themselves. `lostRuns`: runs that the replaced books knew besides; they alone may come in as files before `untilTs`. Gives the runs
 * that wait. Whoever calls it holds the transaction.
 */
export function keepRestore(store: Store, restored: Restored, lostRuns: readonly string[]): string[] {
  const { books } = store
  const { restoredTs, backupTs, source, untilTs } = restored
  books
    .prepare('INSERT INTO restores (restored_ts, backup_ts, source, until_ts) VALUES (?, ?, ?, ?)')
    .run(restoredTs, backupTs, source, untilTs)
  const live = books
    .prepare("SELECT id FROM payout_runs WHERE stage IN ('open', 'running', 'paused', 'stopped') ORDER BY id")
    .pluck()
    .all() as string[]
  const mark = books.prepare(
    `INSERT INTO restored_runs (run_id, restored_ts) VALUES (?, ?)
     ON CONFLICT (run_id) DO UPDATE SET restored_ts = excluded.restored_ts, reconciled_ts = NULL`,
  )
  for (const runId of [...live, ...lostRuns]) mark.run(runId, restoredTs)
  books.prepare("UPDATE payout_runs SET stage = 'paused' WHERE stage = 'running'").run()
  books.prepare("UPDATE payout_runs SET signed_here = 1 WHERE signed_here = 0 AND stage IN ('open', 'paused', 'stopped')").run()
  return live
}

/** Whether a run came back from a backup and was not held against the ledger since. */
export function awaitsReconciling(store: Pick<Store, 'books'>, runId: string): boolean {
  return prepared(store.books, 'SELECT 1 FROM restored_runs WHERE run_id = ? AND reconciled_ts IS NULL').get(runId) !== undefined
}

/** The runs of these books that wait to be reconciled. */
export function runsToReconcile(store: Pick<Store, 'books'>): string[] {
  return prepared(
    store.books,
    'SELECT r.run_id FROM restored_runs r JOIN payout_runs p ON p.id = r.run_id WHERE r.reconciled_ts IS NULL ORDER BY r.run_id',
  )
    .pluck()
    .all() as string[]
}

/** The ledger was asked about every row of the run. */
export function markReconciled(store: Store, runId: string): void {
  prepared(store.books, 'UPDATE restored_runs SET reconciled_ts = ? WHERE run_id = ? AND reconciled_ts IS NULL').run(store.now(), runId)
}

/** Throws AppError `pay.refused` for a run that came back from a backup and was not reconciled since. */
export function refuseUnreconciled(store: Pick<Store, 'books'>, runId: string, done: 'signed' | 'sent'): void {
  if (!awaitsReconciling(store, runId)) return
  throw new AppError(
    'pay.refused',
    `Run ${runId.slice(0, 16)} came back from a backup: what was paid of it since is not in these books. Nothing was ${done}. Reconcile it with Stellar first.`,
    { details: { reason: 'restored' } },
  )
}

/** Throws AppError `pay.refused` for a new run while one that these books do not know could still be paid. `createdTs`: of the ledger that it was planned by. */
export function refuseBesideUnknown(store: Pick<Store, 'books'>, runId: string, createdTs: number): void {
  const untilTs = unknownRunsUntil(store)
  if (createdTs > untilTs) return
  if (prepared(store.books, 'SELECT 1 FROM restored_runs WHERE run_id = ?').get(runId) !== undefined) return
  throw new AppError(
    'pay.refused',
    `These books came back from a backup. ${noNewRunText(untilTs)} So this one was not kept. Plan it after that time, or take in the files of the run that there is.`,
    { details: { reason: 'restored', untilTs } },
  )
}
