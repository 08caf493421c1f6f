import type { ScheduledRun } from '../../src-shared/treasury/schedule.ts'
import { prepared } from './db.ts'
import type { Store } from './open.ts'

/*
 * What the books keep of scheduled jobs (jobs/schedule). Whoever calls what writes here holds the transaction.
 */

/** A job as it was entered: the slots of `cron` after `cursorTs` (seconds since the epoch) are to run. */
export interface EnteredJob {
  name: string
  cron: string
  cursorTs: number
}

/** The latest time at which the clock was believed, seconds since the epoch; null: no job ran or waited yet. */
export function loadTrustedTs(store: Store): number | null {
  const found = prepared(store.books, 'SELECT trusted_ts FROM schedule_clock').pluck().get() as number | undefined
  return found ?? null
}

export function saveTrustedTs(store: Store, ts: number): void {
  prepared(
    store.books,
    'INSERT INTO schedule_clock (id, trusted_ts) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET trusted_ts = excluded.trusted_ts',
  ).run(ts)
}

export function loadEnteredJobs(store: Store): Map<string, EnteredJob> {
  const found = prepared(store.books, 'SELECT name, cron, cursor_ts AS cursorTs FROM scheduled_jobs').all() as EnteredJob[]
  return new Map(found.map(job => [job.name, job]))
}

export function saveEnteredJob(store: Store, { name, cron, cursorTs }: EnteredJob): void {
  prepared(
    store.books,
    `INSERT INTO scheduled_jobs (name, cron, cursor_ts) VALUES (?,?,?)
       ON CONFLICT (name) DO UPDATE SET cron = excluded.cron, cursor_ts = excluded.cursor_ts`,
  ).run(name, cron, cursorTs)
}

/** Notes how far a job that was entered is. */
export function setCursor(store: Store, name: string, cursorTs: number): void {
  prepared(store.books, 'UPDATE scheduled_jobs SET cursor_ts = ? WHERE name = ?').run(cursorTs, name)
}

/** Sets all jobs back to `ts` that are further. */
export function setCursorsBack(store: Store, ts: number): void {
  prepared(store.books, 'UPDATE scheduled_jobs SET cursor_ts = ? WHERE cursor_ts > ?').run(ts, ts)
}

/** The slots after `ts` that have run. */
export function loadRanAfter(store: Store, job: string, ts: number): number[] {
  return prepared(store.books, `SELECT slot_ts FROM scheduled_runs WHERE job = ? AND slot_ts > ? AND state = 'done'`)
    .pluck()
    .all(job, ts) as number[]
}

/** The oldest slot of the job that failed and has not run since. */
export function loadFailed(store: Store, job: string): ScheduledRun | null {
  return runsWhere(store, `job = ? AND state = 'failed' ORDER BY slot_ts LIMIT 1`, [job])[0] ?? null
}

/** The latest time that the job took for its now; null: it never ran. */
export function loadLastDoneTs(store: Store, job: string): number | null {
  return prepared(store.books, `SELECT max(slot_ts) FROM scheduled_runs WHERE job = ? AND state = 'done'`).pluck().get(job) as number | null
}

/** The run with the latest slot. */
export function loadLastRun(store: Store, job: string): ScheduledRun | null {
  return runsWhere(store, 'job = ? ORDER BY slot_ts DESC LIMIT 1', [job])[0] ?? null
}

/** Keeps a run; one that failed before is overwritten, one that is done never: the database refuses that. */
export function saveRun(store: Store, run: ScheduledRun): void {
  prepared(
    store.books,
    `INSERT INTO scheduled_runs (job, slot_ts, kind, state, tries, started_ts, ended_ts, did, error)
       VALUES (@job, @slotTs, @kind, @state, @tries, @startedTs, @endedTs, @did, @error)
       ON CONFLICT (job, slot_ts) DO UPDATE SET state = excluded.state, tries = excluded.tries, started_ts = excluded.started_ts,
         ended_ts = excluded.ended_ts, did = excluded.did, error = excluded.error`,
  ).run(run)
}

/** A page of the runs, the latest slot first, and how many there are; `job` null: of all. */
export function listScheduledRuns(
  store: Store,
  { job, offset, limit }: { job: string | null; offset: number; limit: number },
): { rows: ScheduledRun[]; total: number } {
  const [where, values] = job === null ? ['true', []] : ['job = ?', [job]]
  return {
    rows: runsWhere(store, `${where} ORDER BY slot_ts DESC, job LIMIT ? OFFSET ?`, [...values, limit, offset]),
    total: prepared(store.books, `SELECT count(*) FROM scheduled_runs WHERE ${where}`)
      .pluck()
      .get(...values) as number,
  }
}

function runsWhere(store: Store, where: string, values: readonly (string | number)[]): ScheduledRun[] {
  return prepared(
    store.books,
    `SELECT job, slot_ts AS slotTs, kind, state, tries, started_ts AS startedTs, ended_ts AS endedTs, did, error
       FROM scheduled_runs WHERE ${where}`,
  ).all(...values) as ScheduledRun[]
}
