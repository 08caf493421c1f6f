import type { Statement } from 'better-sqlite3'
import type { PaymentKind } from '../../src-shared/treasury/payments-table.ts'
import type { Escrow } from '../engines/payments/escrow.ts'
import type { PaymentOrder } from '../engines/payments/payment.ts'
import type { PaymentRequest } from '../engines/payments/request.ts'
import { prepared } from './db.ts'
import type { Store } from './open.ts'

/* Payments, requests for them and escrows (treasury-payments-tables.ts). Whoever writes here holds the transaction. */

export interface StoredPayment extends PaymentOrder {
  number: number
  /** of the entry in the ledger */
  entry: bigint
  kind: PaymentKind
  token: string
  feeUnits: bigint
  ts: number
  memo: string
  hash: string
}

interface Ended {
  /** null: not yet */
  endedTs: number | null
  /** number of the payment that it came to */
  payment: number | null
}

export interface StoredRequest extends PaymentRequest, Ended {
  number: number
  token: string
  memo: string
  createdTs: number
}

export interface StoredEscrow extends Escrow, Ended {
  number: number
  token: string
  memo: string
  createdTs: number
}

/** Which of an entity's are listed: `side` null where it pays and where it is paid. */
export interface SideFilter {
  entityId: string
  side: 'payer' | 'payee' | null
  /** null: all */
  only: { column: 'state' | 'token'; value: string } | null
}

export interface Page {
  offset: number
  limit: number
}

type Row = Record<string, bigint | string | null>

/** Integers as bigint. */
function exact(store: Store, sql: string): Statement {
  return prepared(store.books, sql).safeIntegers()
}

/** The number that the next payment gets: its hash covers it. */
export function nextPayment(store: Store): number {
  return Number(exact(store, 'SELECT coalesce(max(id), 0) + 1 FROM treasury_payments').pluck().get())
}

export function insertPayment(store: Store, payment: StoredPayment): void {
  exact(
    store,
    `INSERT INTO treasury_payments (id, entry, kind, payer, payee, token, amount, fee, ts, memo, hash)
     VALUES (@number, @entry, @kind, @from, @to, @token, @amountUnits, @feeUnits, @ts, @memo, @hash)`,
  ).run(payment)
}

export function findPayment(store: Store, number: number): StoredPayment | null {
  return found(store, 'treasury_payments', number, toPayment)
}

/** A page, newest first. */
export function listPayments(store: Store, filter: SideFilter, page: Page): { rows: StoredPayment[]; total: number } {
  return listed(store, 'treasury_payments', filter, page, toPayment)
}

/** Gives its number: 1, 2, 3 and so on. */
export function insertRequest(store: Store, request: Omit<StoredRequest, 'number' | 'endedTs' | 'payment'>): number {
  const { lastInsertRowid } = exact(
    store,
    `INSERT INTO treasury_requests (payer, payee, token, amount, memo, created_ts, state)
     VALUES (@from, @to, @token, @amountUnits, @memo, @createdTs, @state)`,
  ).run(request)
  return Number(lastInsertRowid)
}

export function endRequest(store: Store, number: number, { state, endedTs, payment }: Pick<StoredRequest, 'state' | keyof Ended>): void {
  exact(store, 'UPDATE treasury_requests SET state = ?, ended_ts = ?, payment = ? WHERE id = ?').run(state, endedTs, payment, number)
}

export function findRequest(store: Store, number: number): StoredRequest | null {
  return found(store, 'treasury_requests', number, toRequest)
}

/** A page, newest first. */
export function listRequests(store: Store, filter: SideFilter, page: Page): { rows: StoredRequest[]; total: number } {
  return listed(store, 'treasury_requests', filter, page, toRequest)
}

/** `heldEntry`: the entry of the ledger that locked it. Gives its number: 1, 2, 3 and so on. */
export function insertEscrow(store: Store, escrow: Omit<StoredEscrow, 'number' | 'endedTs' | 'payment'> & { heldEntry: bigint }): number {
  const { lastInsertRowid } = exact(
    store,
    `INSERT INTO treasury_escrows (payer, payee, token, amount, fee, memo, created_ts, held_entry, state)
     VALUES (@from, @to, @token, @amountUnits, @feeUnits, @memo, @createdTs, @heldEntry, @state)`,
  ).run(escrow)
  return Number(lastInsertRowid)
}

/** `endedEntry`: the entry of the ledger that let go of it. */
export function endEscrow(
  store: Store,
  number: number,
  { state, endedTs, payment, endedEntry }: Pick<StoredEscrow, 'state' | keyof Ended> & { endedEntry: bigint },
): void {
  const sql = 'UPDATE treasury_escrows SET state = ?, ended_ts = ?, payment = ?, ended_entry = ? WHERE id = ?'
  exact(store, sql).run(state, endedTs, payment, endedEntry, number)
}

export function findEscrow(store: Store, number: number): StoredEscrow | null {
  return found(store, 'treasury_escrows', number, toEscrow)
}

/** A page, newest first. */
export function listEscrows(store: Store, filter: SideFilter, page: Page): { rows: StoredEscrow[]; total: number } {
  return listed(store, 'treasury_escrows', filter, page, toEscrow)
}

type SidedTable = 'treasury_payments' | 'treasury_requests' | 'treasury_escrows'

function found<T>(store: Store, table: SidedTable, number: number, of: (row: Row) => T): T | null {
  const row = exact(store, `SELECT * FROM ${table} WHERE id = ?`).get(number) as Row | undefined
  return row ? of(row) : null
}

function listed<T>(
  store: Store,
  table: SidedTable,
  { entityId, side, only }: SideFilter,
  { offset, limit }: Page,
  of: (row: Row) => T,
): { rows: T[]; total: number } {
  const sides = side === null ? ['payer', 'payee'] : [side]
  const also = only === null ? '' : ` AND ${only.column} = @value`
  // each side runs along an index of its own, and SQLite merges the two
  const all = sides.map(one => `SELECT * FROM ${table} WHERE ${one} = @entityId${also}`).join(' UNION ALL ')
  const values = { entityId, ...(only !== null && { value: only.value }) }
  const rows = exact(store, `${all} ORDER BY id DESC LIMIT @limit OFFSET @offset`).all({ ...values, limit, offset }) as Row[]
  const total = exact(store, `SELECT count(*) FROM (${all})`).pluck().get(values) as bigint
  return { rows: rows.map(of), total: Number(total) }
}

/** What the three have in common. */
function order(row: Row) {
  return {
    number: Number(row.id),
    from: row.payer as string,
    to: row.payee as string,
    token: row.token as string,
    amountUnits: row.amount as bigint,
    memo: row.memo as string,
  }
}

function toPayment(row: Row): StoredPayment {
  const { entry, kind, fee, ts, hash } = row
  return {
    ...order(row),
    ...{ entry: entry as bigint, kind: kind as PaymentKind, feeUnits: fee as bigint, ts: Number(ts), hash: hash as string },
  }
}

function ended({ ended_ts, payment }: Row): Ended {
  return { endedTs: numberOrNull(ended_ts), payment: numberOrNull(payment) }
}

function toRequest(row: Row): StoredRequest {
  return { ...order(row), createdTs: Number(row.created_ts), state: row.state as StoredRequest['state'], ...ended(row) }
}

function toEscrow(row: Row): StoredEscrow {
  return {
    ...order(row),
    feeUnits: row.fee as bigint,
    createdTs: Number(row.created_ts),
    state: row.state as StoredEscrow['state'],
    ...ended(row),
  }
}

function numberOrNull(value: bigint | string | null | undefined): number | null {
  return value === null || value === undefined ? null : Number(value)
}
