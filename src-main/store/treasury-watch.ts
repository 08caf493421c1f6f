import type { Statement } from 'better-sqlite3'
import type { WatchState } from '../../src-shared/treasury/watch-table.ts'
import type { WatchMark, WatchRule } from '../engines/watch/watch.ts'
import { prepared } from './db.ts'
import type { Store } from './open.ts'

/* Payments as watchfulness looks at them, and what it has marked (treasury-payments-tables.ts). */

/** Integers as bigint. */
function exact(store: Store, sql: string): Statement {
  return prepared(store.books, sql).safeIntegers()
}

/** One account's part in an entry that moved tokens from one to another. */
export interface WatchedPosting {
  entry: number
  ts: number
  entity: string
  token: string
  amountUnits: bigint
}

type PostingRow = Record<'entry' | 'ts' | 'amount', bigint> & Record<'entity' | 'token', string>

const POSTINGS = `SELECT entry, ts, entity, token, amount FROM ledger_postings
  JOIN ledger_accounts ON ledger_accounts.id = account JOIN ledger_entries ON ledger_entries.id = entry
  WHERE entry > ? AND entry <= ? AND kind = 'TRANSFER' ORDER BY entry, place`

/** The postings of the entries after `after`, up to `upTo`, in the ledger's order. */
export function listPostings(store: Store, after: number, upTo: number): WatchedPosting[] {
  return (exact(store, POSTINGS).all(after, upTo) as PostingRow[]).map(({ entry, ts, entity, token, amount }) => ({
    ...{ entry: Number(entry), ts: Number(ts), entity, token, amountUnits: amount },
  }))
}

/** The ledger's last entry, and the last one that was looked at; 0: none. */
export function watchedUntil(store: Store): { last: number; seen: number } {
  const last = exact(store, 'SELECT coalesce(max(id), 0) FROM ledger_entries').pluck().get()
  const seen = exact(store, 'SELECT entry FROM treasury_watch').pluck().get()
  return { last: Number(last), seen: Number(seen) }
}

/** Whoever calls it holds the transaction. */
export function saveWatchedUntil(store: Store, entry: number): void {
  exact(store, 'UPDATE treasury_watch SET entry = ?').run(entry)
}

/** Of two marks of one rule that are about the same: circles of the same few people come in any order, and grow by one more. */
const SHARED = `(SELECT count(*) FROM json_each(actors) WHERE value IN (SELECT value FROM json_each(@about))) >= @least`

/** One entity alone is the same one; of several, two have to be. */
function sharing(actors: readonly string[]): { about: string; least: number } {
  return { about: JSON.stringify(actors), least: Math.min(2, actors.length) }
}

/**
 * Keeps a mark, with the entries that show it. Where one of the same rule is open that is about the same entities, or about two of them, that one
 * grows. Gives its number where it is new, else null. Whoever calls it holds the transaction.
 */
export function keepMark(store: Store, { rule, actors, payments, ts, finding }: WatchMark): number | null {
  const sql = `SELECT * FROM treasury_marks WHERE rule = @rule AND state = 'open' AND ${SHARED} ORDER BY id LIMIT 1`
  const open = exact(store, sql).get({ rule, ...sharing(actors) }) as MarkRow | undefined
  let id = open?.id
  if (open) {
    const all = [...new Set([...(JSON.parse(open.actors) as string[]), ...actors])].sort()
    const update = exact(store, 'UPDATE treasury_marks SET actors = ?, finding = ?, ts = max(ts, ?) WHERE id = ?')
    update.run(JSON.stringify(all), finding, ts, open.id)
  } else {
    const insert = exact(store, "INSERT INTO treasury_marks (rule, actors, finding, ts, state) VALUES (?, ?, ?, ?, 'open')")
    id = BigInt(insert.run(rule, JSON.stringify(actors), finding, ts).lastInsertRowid)
  }
  const add = exact(store, 'INSERT OR IGNORE INTO treasury_mark_evidence (mark, entry) VALUES (?, ?)')
  for (const entry of payments) add.run(id, Number(entry))
  return open ? null : Number(id)
}

export interface MarkDecision {
  state: Exclude<WatchState, 'open'>
  decidedTs: number
  decidedBy: string
  note: string
}

export interface StoredMark {
  number: number
  rule: WatchRule
  actors: string[]
  finding: string
  ts: number
  /** null: open */
  decision: MarkDecision | null
}

interface MarkRow {
  id: bigint
  rule: WatchRule
  actors: string
  finding: string
  ts: bigint
  state: WatchState
  decided_ts: bigint | null
  decided_by: string | null
  note: string | null
}

/** Whoever calls it holds the transaction. */
export function decideMark(store: Store, number: number, { state, decidedTs, decidedBy, note }: MarkDecision): void {
  const sql = 'UPDATE treasury_marks SET state = ?, decided_ts = ?, decided_by = ?, note = ? WHERE id = ?'
  exact(store, sql).run(state, decidedTs, decidedBy, note, number)
}

export function findMark(store: Store, number: number): StoredMark | null {
  const row = exact(store, 'SELECT * FROM treasury_marks WHERE id = ?').get(number) as MarkRow | undefined
  return row ? toMark(row) : null
}

/** The last one before it that was decided and was about the same entities, or about two of them; null: there is none. */
export function findEarlierMark(store: Store, { number, rule, actors }: StoredMark): StoredMark | null {
  const sql = `SELECT * FROM treasury_marks WHERE rule = @rule AND state <> 'open' AND id < @number AND ${SHARED} ORDER BY id DESC LIMIT 1`
  const row = exact(store, sql).get({ rule, number, ...sharing(actors) }) as MarkRow | undefined
  return row ? toMark(row) : null
}

/** A page, open ones first, then newest first; `state` null: all. `open`: how many are, of all. */
export function listMarks(
  store: Store,
  state: WatchState | null,
  { offset, limit }: { offset: number; limit: number },
): { rows: StoredMark[]; total: number; open: number } {
  const from = 'FROM treasury_marks WHERE (@state IS NULL OR state = @state)'
  const rows = exact(store, `SELECT * ${from} ORDER BY state = 'open' DESC, ts DESC, id DESC LIMIT @limit OFFSET @offset`).all({
    ...{ state, limit, offset },
  }) as MarkRow[]
  const total = exact(store, `SELECT count(*) ${from}`).pluck().get({ state })
  const open = exact(store, "SELECT count(*) FROM treasury_marks WHERE state = 'open'").pluck().get()
  return { rows: rows.map(toMark), total: Number(total), open: Number(open) }
}

/** How many entries show a mark, and the latest of them, newest first, each with the payment that it is (null: a transfer). */
export function evidenceOf(
  store: Store,
  number: number,
  most: number,
): { total: number; entries: { entry: number; payment: number | null }[] } {
  const sql = `SELECT evidence.entry, treasury_payments.id AS payment FROM treasury_mark_evidence AS evidence
    LEFT JOIN treasury_payments ON treasury_payments.entry = evidence.entry WHERE mark = ? ORDER BY evidence.entry DESC LIMIT ?`
  const rows = exact(store, sql).all(number, most) as { entry: bigint; payment: bigint | null }[]
  const total = exact(store, 'SELECT count(*) FROM treasury_mark_evidence WHERE mark = ?').pluck().get(number)
  return {
    total: Number(total),
    entries: rows.map(({ entry, payment }) => ({ entry: Number(entry), payment: payment === null ? null : Number(payment) })),
  }
}

function toMark({ id, rule, actors, finding, ts, state, decided_ts, decided_by, note }: MarkRow): StoredMark {
  const decision = state === 'open' ? null : { state, decidedTs: Number(decided_ts), decidedBy: decided_by!, note: note! }
  return { number: Number(id), rule, actors: JSON.parse(actors) as string[], finding, ts: Number(ts), decision }
}
