import type { Statement } from 'better-sqlite3'
import { prepared } from './db.ts'
import type { Store } from './open.ts'

/*
 * The ledger as it was after one of its entries: everything up to that entry and nothing behind it, so that balances add up to the supply, whatever
 * times a clock that was set back has given later entries.
 */

function exact(store: Store, sql: string): Statement {
  return prepared(store.books, sql).safeIntegers().pluck()
}

/**
 * The last entry before the first one that is later than `atTs` (seconds since the epoch; that second itself belongs to it). `isFinal`: a later
 * one exists, so it will always be this one.
 */
export function entryAt(store: Store, atTs: number): { entry: number; isFinal: boolean } {
  const next = exact(store, 'SELECT min(id) FROM ledger_entries WHERE ts > ?').get(atTs) as bigint | null
  return next === null ? { entry: lastEntry(store), isFinal: false } : { entry: Number(next) - 1, isFinal: true }
}

/** The number of the newest entry; 0: there is none. */
export function lastEntry(store: Store): number {
  return Number(exact(store, 'SELECT coalesce(max(id), 0) FROM ledger_entries').get())
}

/** What an entity held of a token after that entry, locked or not. */
export function heldAfter(store: Store, entity: string, token: string, entry: number): bigint {
  return sumAfter(store, "entity = ? AND token = ? AND part <> 'issuance'", [entity, token], entry)
}

/** What was issued of a token and not burnt, after that entry. */
export function issuedAfter(store: Store, token: string, entry: number): bigint {
  return -sumAfter(store, "token = ? AND part = 'issuance'", [token], entry)
}

/** Account by account: its own sums are balances that it had, and never too much for 64 bits. */
function sumAfter(store: Store, whose: string, values: readonly string[], entry: number): bigint {
  const sql = `SELECT (SELECT coalesce(sum(amount), 0) FROM ledger_postings WHERE account = ledger_accounts.id AND entry <= ?)
    FROM ledger_accounts WHERE ${whose}`
  return (exact(store, sql).all(entry, ...values) as bigint[]).reduce((sum, units) => sum + units, 0n)
}
