import type { RowStage, RunStage } from '../../src-shared/pay.ts'
import { prepared } from './db.ts'
import type { EntryKind, LedgerPart } from './ledger.ts'
import type { Store } from './open.ts'

/*
 * Rows as files take them: page by page, each page going on after the last row of the one before, so that no more than one is in memory. Filters
 * that are undefined leave everything in. Times are seconds since the epoch, both ends inclusive.
 */

/** Rows of one page. */
export const PAGE_ROWS = 1_000

type Value = string | number | bigint
type Condition = readonly [sql: string, value: Value | undefined]

/** ` AND a = ? AND b >= ?` for those that are given, and their values. */
function narrowed(conditions: readonly Condition[]): { sql: string; values: Value[] } {
  const given = conditions.filter((condition): condition is readonly [string, Value] => condition[1] !== undefined)
  return { sql: given.map(([sql]) => ` AND ${sql}`).join(''), values: given.map(([, value]) => value) }
}

function countOf(store: Store['books'], sql: string, values: readonly Value[]): number {
  return prepared(store, sql)
    .pluck()
    .get(...values) as number
}

export interface ReceiptFilter {
  farmId?: number | undefined
  nodeId?: number | undefined
  /** payout address */
  account?: string | undefined
}

export interface ReceiptRow {
  nodeId: number
  twinId: number
  farmId: number
  farmName: string
  payoutAddress: string
  uptimeSec: number
  violation: string | null
  /** decimal texts */
  musd: string
  amountUnits: string
  hash: string
}

const receiptConditions = ({ farmId, nodeId, account }: ReceiptFilter): Condition[] => [
  ['farm_id = ?', farmId],
  ['node_id = ?', nodeId],
  ['payout_address = ?', account],
]

/** The receipts (rule set v3) of a period that was computed, by node. */
export function* receiptPages(store: Store, period: number, filter: ReceiptFilter): Generator<ReceiptRow[]> {
  const { sql, values } = narrowed(receiptConditions(filter))
  const page = prepared(
    store.facts,
    `SELECT node_id AS nodeId, twin_id AS twinId, farm_id AS farmId, farm_name AS farmName, payout_address AS payoutAddress,
       measured_uptime_sec AS uptimeSec, violation, reward_musd AS musd, reward_units AS amountUnits, hash
     FROM node_results WHERE period = ? AND node_id > ?${sql} ORDER BY node_id LIMIT ${PAGE_ROWS}`,
  )
  for (let after = -1; ; ) {
    const rows = page.all(period, after, ...values) as ReceiptRow[]
    if (rows.length > 0) yield rows
    if (rows.length < PAGE_ROWS) return
    after = rows.at(-1)!.nodeId
  }
}

export function countReceipts(store: Store, period: number, filter: ReceiptFilter): number {
  const { sql, values } = narrowed(receiptConditions(filter))
  return countOf(store.facts, `SELECT count(*) FROM node_results WHERE period = ?${sql}`, [period, ...values])
}

export interface MintFilter extends Omit<ReceiptFilter, 'account'> {
  /** the fixed period in which they were closed */
  period?: number | undefined
  endFromTs?: number | undefined
  endToTs?: number | undefined
}

export interface MintExportRow {
  nodeId: number
  startTs: number
  endTs: number
  period: number
  farmId: number
  farmName: string
  uptimeSec: number
  violation: string | null
  musd: string
  amountUnits: string
  hash: string
}

const mintConditions = ({ farmId, nodeId, period, endFromTs, endToTs }: MintFilter): Condition[] => [
  ['farm_id = ?', farmId],
  ['node_id = ?', nodeId],
  ['period = ?', period],
  ['end_ts >= ?', endFromTs],
  ['end_ts <= ?', endToTs],
]

/** The mints (rule set node-period) that were closed, by node and start. */
export function* mintPages(store: Store, filter: MintFilter): Generator<MintExportRow[]> {
  const { sql, values } = narrowed(mintConditions(filter))
  const page = prepared(
    store.facts,
    `SELECT node_id AS nodeId, start_ts AS startTs, end_ts AS endTs, period, farm_id AS farmId, farm_name AS farmName,
       uptime_sec AS uptimeSec, violation, CAST(json_extract(record, '$.paid.musd') AS TEXT) AS musd, reward_units AS amountUnits, hash
     FROM node_mints WHERE (node_id, start_ts) > (?, ?)${sql} ORDER BY node_id, start_ts LIMIT ${PAGE_ROWS}`,
  )
  for (let after = [-1, 0] as [number, number]; ; ) {
    const rows = page.all(...after, ...values) as MintExportRow[]
    if (rows.length > 0) yield rows
    if (rows.length < PAGE_ROWS) return
    after = [rows.at(-1)!.nodeId, rows.at(-1)!.startTs]
  }
}

export function countMints(store: Store, filter: MintFilter): number {
  const { sql, values } = narrowed(mintConditions(filter))
  return countOf(store.facts, `SELECT count(*) FROM node_mints WHERE true${sql}`, values)
}

export interface PayoutFilter extends ReceiptFilter {
  /** as runs.ts names what a run pays */
  subject?: string | undefined
  paidFromTs?: number | undefined
  paidToTs?: number | undefined
}

export interface PayoutRow {
  runId: string
  network: string
  subject: string
  runStage: RunStage
  place: number
  nodeId: number
  farmId: number
  payee: string
  amountUnits: string
  receipt: string
  /** the receipt that it stands for: another one for a retry */
  origin: string
  stage: RowStage
  tx: string | null
  paidTs: number | null
}

const payoutConditions = ({ farmId, nodeId, account, subject, paidFromTs, paidToTs }: PayoutFilter): Condition[] => [
  ['r.subject = ?', subject],
  ['o.farm_id = ?', farmId],
  ['o.node_id = ?', nodeId],
  ['o.payee = ?', account],
  ['o.paid_ts >= ?', paidFromTs],
  ['o.paid_ts <= ?', paidToTs],
]

/** The rows of all payout runs that were not withdrawn, the oldest run first. */
export function* payoutPages(store: Store, filter: PayoutFilter): Generator<PayoutRow[]> {
  const { sql, values } = narrowed(payoutConditions(filter))
  const runs = store.books.prepare("SELECT id FROM payout_runs WHERE stage <> 'withdrawn' ORDER BY added_ts, id").pluck().all() as string[]
  const page = prepared(
    store.books,
    `SELECT o.run_id AS runId, o.network, r.subject, r.stage AS runStage, o.place, o.node_id AS nodeId, o.farm_id AS farmId, o.payee,
       o.amount_units AS amountUnits, o.receipt, o.origin, o.stage, o.tx, o.paid_ts AS paidTs
     FROM payout_rows o JOIN payout_runs r ON r.id = o.run_id
     WHERE o.run_id = ? AND o.place > ?${sql} ORDER BY o.place LIMIT ${PAGE_ROWS}`,
  )
  for (const run of runs)
    for (let after = -1; ; ) {
      const rows = page.all(run, after, ...values) as PayoutRow[]
      if (rows.length > 0) yield rows
      if (rows.length < PAGE_ROWS) break
      after = rows.at(-1)!.place
    }
}

export function countPayouts(store: Store, filter: PayoutFilter): number {
  const { sql, values } = narrowed(payoutConditions(filter))
  return countOf(
    store.books,
    `SELECT count(*) FROM payout_rows o JOIN payout_runs r ON r.id = o.run_id WHERE r.stage <> 'withdrawn'${sql}`,
    values,
  )
}

export interface LedgerFilter {
  /** an entity's id */
  entity?: string | undefined
  fromTs?: number | undefined
  toTs?: number | undefined
}

export interface PostingRow {
  entry: bigint
  place: bigint
  ts: bigint
  kind: EntryKind
  actor: string
  memo: string
  chainTx: string | null
  entity: string
  /** null: one of the treasury's own */
  entityName: string | null
  token: string
  part: LedgerPart
  amountUnits: bigint
}

const POSTINGS = `FROM ledger_postings JOIN ledger_accounts ON ledger_accounts.id = account JOIN ledger_entries ON ledger_entries.id = entry
  LEFT JOIN treasury_entities ON treasury_entities.id = entity`

// the + keeps SQLite from an index of its own for the filter: it would sort all that is left for each page
const ledgerConditions = ({ entity, fromTs, toTs }: LedgerFilter): Condition[] => [
  ['+entity = ?', entity],
  ['+ts >= ?', fromTs],
  ['+ts <= ?', toTs],
]

/** The treasury's postings, in the order in which they were posted; both sides of every entry. */
export function* postingPages(store: Store, filter: LedgerFilter): Generator<PostingRow[]> {
  const { sql, values } = narrowed(ledgerConditions(filter))
  const page = store.books
    .prepare(
      `SELECT entry, place, ts, ledger_entries.kind, actor, memo, chain_tx AS chainTx, entity, treasury_entities.name AS entityName, token, part,
         amount AS amountUnits
       ${POSTINGS} WHERE (entry, place) > (?, ?)${sql} ORDER BY entry, place LIMIT ${PAGE_ROWS}`,
    )
    .safeIntegers()
  for (let after = [0n, -1n] as [bigint, bigint]; ; ) {
    const rows = page.all(...after, ...values) as PostingRow[]
    if (rows.length > 0) yield rows
    if (rows.length < PAGE_ROWS) return
    after = [rows.at(-1)!.entry, rows.at(-1)!.place]
  }
}

export function countPostings(store: Store, filter: LedgerFilter): number {
  const { sql, values } = narrowed(ledgerConditions(filter))
  return countOf(store.books, `SELECT count(*) ${POSTINGS} WHERE true${sql}`, values)
}

export function hasLedgerAccount(store: Store, entity: string): boolean {
  return prepared(store.books, 'SELECT 1 FROM ledger_accounts WHERE entity = ? LIMIT 1').get(entity) !== undefined
}

export interface AuditFilter {
  actor?: string | undefined
  fromTs?: number | undefined
  toTs?: number | undefined
}

export interface AuditRow {
  seq: number
  ts: number
  actor: string
  action: string
  subject: string
  details: string
  previous: string
  hash: string
}

const auditConditions = ({ actor, fromTs, toTs }: AuditFilter): Condition[] => [
  ['actor = ?', actor],
  ['ts >= ?', fromTs],
  ['ts <= ?', toTs],
]

/** The audit trail, oldest entry first. */
export function* auditPages(store: Store, filter: AuditFilter): Generator<AuditRow[]> {
  const { sql, values } = narrowed(auditConditions(filter))
  const page = prepared(
    store.books,
    `SELECT seq, ts, actor, action, subject, details, previous, hash FROM audit WHERE seq > ?${sql} ORDER BY seq LIMIT ${PAGE_ROWS}`,
  )
  for (let after = 0; ; ) {
    const rows = page.all(after, ...values) as AuditRow[]
    if (rows.length > 0) yield rows
    if (rows.length < PAGE_ROWS) return
    after = rows.at(-1)!.seq
  }
}

export function countAudit(store: Store, filter: AuditFilter): number {
  const { sql, values } = narrowed(auditConditions(filter))
  return countOf(store.books, `SELECT count(*) FROM audit WHERE true${sql}`, values)
}

/** Farms by id, as the newest computed period has them. */
export function newestFarmNames(store: Store): Map<number, string> {
  const found = store.facts
    .prepare(
      'SELECT DISTINCT farm_id AS farmId, farm_name AS name FROM node_results WHERE period = (SELECT max(period) FROM period_results) ORDER BY farm_id',
    )
    .all() as { farmId: number; name: string }[]
  return new Map(found.map(({ farmId, name }) => [farmId, name]))
}

/** A farm's name as the newest receipt or mint that it is in has it; undefined: it is in none. */
export function farmNameOf(store: Store, farmId: number): string | undefined {
  const found = (table: 'node_results' | 'node_mints') =>
    store.facts.prepare(`SELECT farm_name FROM ${table} WHERE farm_id = ? ORDER BY period DESC LIMIT 1`).pluck().get(farmId) as
      | string
      | undefined
  return found('node_results') ?? found('node_mints')
}
