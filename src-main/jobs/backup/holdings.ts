import type { StoreCounts } from '../../../src-shared/backup-contract.ts'
import type { Db } from '../../store/db.ts'

/* What books hold, read in a way that also fits books of an older format, which may lack tables. */

export interface RunUnderWay {
  runId: string
  network: string
  subject: string
  stage: string
}

export function countsOf(books: Db): StoreCounts {
  const count = (table: string, where = '1') =>
    hasTable(books, table) ? (books.prepare(`SELECT count(*) FROM ${table} WHERE ${where}`).pluck().get() as number) : 0
  return {
    auditEntries: count('audit'),
    runs: count('payout_runs'),
    runsUnderWay: count('payout_runs', UNDER_WAY),
    keys: count('keys'),
    votes: count('votes'),
    ledgerEntries: count('ledger_entries'),
    labels: count('labels'),
  }
}

const UNDER_WAY = "stage IN ('open', 'running', 'paused', 'stopped')"

export function runsUnderWay(books: Db): RunUnderWay[] {
  if (!hasTable(books, 'payout_runs')) return []
  return books
    .prepare(`SELECT id AS runId, network, subject, stage FROM payout_runs WHERE ${UNDER_WAY} ORDER BY added_ts, id`)
    .all() as RunUnderWay[]
}

/** Names of keys that are bound to the safe storage of a machine. */
export function boundKeys(books: Db): string[] {
  if (!hasTable(books, 'keys')) return []
  return books.prepare('SELECT name FROM keys WHERE bound_to IS NOT NULL ORDER BY name').pluck().all() as string[]
}

export interface AuditHead {
  seq: number
  ts: number
  action: string
  actor: string
  hash: string
}

/** The last entry of the audit trail, or entry `seq`; null: there is none. */
export function auditEntry(books: Db, seq?: number): AuditHead | null {
  const which = seq === undefined ? 'ORDER BY seq DESC LIMIT 1' : 'WHERE seq = ?'
  const statement = books.prepare(`SELECT seq, ts, action, actor, hash FROM audit ${which}`)
  const found = (seq === undefined ? statement.get() : statement.get(seq)) as AuditHead | undefined
  return found ?? null
}

/** A command that was done, under the random key of whoever asked for it: no other books have it unless they became of these. */
export interface DoneCommand {
  actor: string
  key: string
  inputHash: string
}

/** The last command that was done; null: there was none. */
export function lastDone(books: Db): DoneCommand | null {
  const found = books.prepare('SELECT actor, key, input_hash AS inputHash FROM answers ORDER BY ts DESC, key LIMIT 1').get()
  return (found as DoneCommand | undefined) ?? null
}

export function hasDone(books: Db, { actor, key, inputHash }: DoneCommand): boolean {
  return books.prepare('SELECT 1 FROM answers WHERE actor = ? AND key = ? AND input_hash = ?').get(actor, key, inputHash) !== undefined
}

/** What books know of payouts that could still be made: what another copy of them may lack. */
export interface PayKnowledge {
  /** ids of runs that are not over, and of those that were withdrawn or died, too */
  runs: { runId: string; isOver: boolean }[]
  /** envelopes that could still be included in a ledger, and until when, in seconds */
  open: { runId: string; hash: string; maxTs: number }[]
  /** every envelope, as `run/hash` */
  envelopes: Set<string>
  /** up to when runs could be paid of which these books know nothing themselves (store/restored.ts) */
  unknownUntilTs: number
  /** runs that are known by their id only */
  knownByName: string[]
}

export function payKnowledge(books: Db): PayKnowledge {
  const none: PayKnowledge = { runs: [], open: [], envelopes: new Set(), unknownUntilTs: 0, knownByName: [] }
  if (!hasTable(books, 'payout_runs')) return none
  const runs = books.prepare('SELECT id, stage FROM payout_runs').all() as { id: string; stage: string }[]
  const all = books.prepare('SELECT run_id AS runId, hash, max_ts AS maxTs, stage FROM payout_envelopes').all() as {
    runId: string
    hash: string
    maxTs: number
    stage: string
  }[]
  const isDead = (stage: string) => ['used-up', 'failed', 'expired', 'overtaken', 'paid'].includes(stage)
  const hasRestores = hasTable(books, 'restores')
  return {
    runs: runs.map(({ id, stage }) => ({ runId: id, isOver: stage === 'dead' || stage === 'withdrawn' })),
    open: all.filter(({ stage }) => !isDead(stage)),
    envelopes: new Set(all.map(({ runId, hash }) => `${runId}/${hash}`)),
    unknownUntilTs: hasRestores ? (books.prepare('SELECT coalesce(max(until_ts), 0) FROM restores').pluck().get() as number) : 0,
    knownByName: hasRestores ? (books.prepare('SELECT run_id FROM restored_runs').pluck().all() as string[]) : [],
  }
}

/** The network whose chain a facts database holds; null: none. */
export function factsNetwork(facts: Db): string | null {
  if (!hasTable(facts, 'chain')) return null
  return (facts.prepare('SELECT network FROM chain').pluck().get() as string | undefined) ?? null
}

function hasTable(db: Db, name: string): boolean {
  return db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(name) !== undefined
}
