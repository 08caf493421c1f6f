import type { EntryPosting, HourFigures } from '../engines/tokens/figures.ts'
import { prepared } from './db.ts'
import type { Store } from './open.ts'

/*
 * What charts are drawn from: the figures of each hour in which a token moved, kept so that a year of them is read at once, and the entries
 * that they are counted from (jobs/ledger-hours.ts).
 */

export const HOUR_SEC = 3_600

/** No time is later. */
const EVER = 2 ** 52

/** One token's part of an entry. */
export interface TokenEntry {
  entry: number
  /** seconds since the epoch */
  ts: number
  token: string
  postings: EntryPosting[]
}

interface Account {
  entity: string
  token: string
  isIssuance: boolean
}

/** Each token's part of the entries of a span, both ends inclusive, by their time; `token` null: of all tokens. */
export function* entriesOf(store: Store, token: string | null, fromTs: number, toTs: number = EVER): Generator<TokenEntry> {
  const accounts = accountsOf(store, token)
  // CROSS JOIN: SQLite is to begin with the few entries of the span, not with all postings
  const sql = `SELECT ledger_entries.id, ts, account, amount FROM ledger_entries CROSS JOIN ledger_postings ON entry = ledger_entries.id
    WHERE ts >= ? AND ts <= ? ORDER BY ts, ledger_entries.id, place`
  let open: TokenEntry[] = []
  const rows = store.books.prepare(sql).safeIntegers().raw().iterate(fromTs, toTs) as Iterable<[bigint, bigint, bigint, bigint]>
  for (const [id, at, account, amountUnits] of rows) {
    const entry = Number(id)
    if (open.length > 0 && open[0]!.entry !== entry) {
      yield* open
      open = []
    }
    const whose = accounts.get(Number(account))
    if (!whose) continue
    let part = open.find(one => one.token === whose.token)
    if (!part) {
      part = { entry, ts: Number(at), token: whose.token, postings: [] }
      open.push(part)
    }
    part.postings.push({ entity: whose.entity, isIssuance: whose.isIssuance, amountUnits })
  }
  yield* open
}

function accountsOf(store: Store, token: string | null): Map<number, Account> {
  const sql = 'SELECT id, entity, token, part FROM ledger_accounts WHERE ?1 IS NULL OR token = ?1'
  const list = prepared(store.books, sql).all({ 1: token }) as { id: number; entity: string; token: string; part: string }[]
  return new Map(list.map(({ id, part, ...account }) => [id, { ...account, isIssuance: part === 'issuance' }]))
}

/** What an account of a token held before a time, available and locked together. */
export interface HeldBefore {
  entity: string
  token: string
  isIssuance: boolean
  units: bigint
}

/** What accounts held of all that was posted for a time before `ts`: what they hold now, less what came since. `token` null: of all tokens. */
export function heldBefore(store: Store, token: string | null, ts: number): HeldBefore[] {
  const sql = `SELECT entity, token, part = 'issuance' AS is_issuance, balance - coalesce(since.total, 0) AS units
    FROM ledger_accounts LEFT JOIN (
      SELECT account, sum(amount) AS total FROM ledger_entries CROSS JOIN ledger_postings ON entry = ledger_entries.id WHERE ts >= ?2 GROUP BY account
    ) AS since ON since.account = ledger_accounts.id
    WHERE ?1 IS NULL OR token = ?1`
  const list = store.books.prepare(sql).safeIntegers().all({ 1: token, 2: ts }) as {
    entity: string
    token: string
    is_issuance: bigint
    units: bigint
  }[]
  return list.map(({ is_issuance, ...held }) => ({ ...held, isIssuance: is_issuance === 1n }))
}

/** Hours before `hour` are counted, from entries up to the number `entry`. */
export interface CountedUntil {
  hour: number
  entry: number
}

export function countedUntil(store: Store): CountedUntil {
  return prepared(store.books, 'SELECT hour, entry FROM ledger_hours_until').get() as CountedUntil
}

/** The hour before which what was counted still holds: a job that catches up posts for a time that is past. */
export function soundUntil(store: Store): number {
  const { hour, entry } = countedUntil(store)
  const firstTs = prepared(store.books, 'SELECT min(ts) FROM ledger_entries WHERE id > ?').pluck().get(entry) as number | null
  return firstTs === null ? hour : Math.min(hour, Math.floor(firstTs / HOUR_SEC))
}

interface HourRow {
  hour: bigint
  supply: bigint
  treasury: bigint
  holders: bigint
  minted: string
  burnt: string
  transferred: string
  movements: bigint
}

/** The counted hours of a token from `fromHour` on and before `endHour`, in their order. */
export function loadHours(store: Store, token: string, fromHour: number, endHour: number): HourFigures[] {
  const sql = 'SELECT * FROM ledger_hours WHERE token = ? AND hour >= ? AND hour < ? ORDER BY hour'
  return (store.books.prepare(sql).safeIntegers().all(token, fromHour, endHour) as HourRow[]).map(figures)
}

/** The last counted hour of a token before `hour`; null: there is none. */
export function lastHourBefore(store: Store, token: string, hour: number): HourFigures | null {
  const sql = 'SELECT * FROM ledger_hours WHERE token = ? AND hour < ? ORDER BY hour DESC LIMIT 1'
  const found = store.books.prepare(sql).safeIntegers().get(token, hour) as HourRow | undefined
  return found ? figures(found) : null
}

function figures({ hour, supply, treasury, holders, minted, burnt, transferred, movements }: HourRow): HourFigures {
  return {
    ...{ hour: Number(hour), supplyUnits: supply, treasuryUnits: treasury, holders: Number(holders), movements: Number(movements) },
    ...{ mintedUnits: BigInt(minted), burntUnits: BigInt(burnt), transferredUnits: BigInt(transferred) },
  }
}

/** A token's figures of an hour. */
export type TokenHour = HourFigures & { token: string }

/** Every counted hour of every token. */
export function listHours(store: Store): TokenHour[] {
  const rows = store.books.prepare('SELECT * FROM ledger_hours ORDER BY token, hour').safeIntegers().all() as (HourRow & {
    token: string
  })[]
  return rows.map(row => ({ token: row.token, ...figures(row) }))
}

/** Puts `hours` in the place of what was counted from `fromHour` on; hours before `endHour` are counted then. Whoever calls it holds the transaction. */
export function replaceHours(store: Store, fromHour: number, hours: readonly TokenHour[], endHour: number): void {
  prepared(store.books, 'DELETE FROM ledger_hours WHERE hour >= ?').run(fromHour)
  const insert = prepared(store.books, 'INSERT INTO ledger_hours VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)')
  for (const { token, hour, supplyUnits, treasuryUnits, holders, mintedUnits, burntUnits, transferredUnits, movements } of hours)
    insert.run(token, hour, supplyUnits, treasuryUnits, holders, `${mintedUnits}`, `${burntUnits}`, `${transferredUnits}`, movements)
  const last = 'UPDATE ledger_hours_until SET hour = ?, entry = (SELECT coalesce(max(id), 0) FROM ledger_entries)'
  prepared(store.books, last).run(endHour)
}
