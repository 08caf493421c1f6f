import type { LoanStatus } from '../../src-shared/treasury/credit.ts'
import type { Loan } from '../engines/credit/loan.ts'
import type { Store } from './open.ts'

/* Loans and what was repaid (treasury-credit-tables.ts). Whoever writes here holds the transaction. */

export interface StoredLoan extends Loan {
  number: number
  application: number
  entityId: string
  /** of the borrower when it was opened */
  trust: number
}

export interface StoredRepayment {
  ts: number
  /** number of the entry in the ledger */
  entry: bigint
  by: 'borrower' | 'collection'
  takenUnits: bigint
  taxUnits: bigint
  interestUnits: bigint
  principalUnits: bigint
}

interface LoanRow {
  id: bigint
  application: bigint
  entity: string
  trust: bigint
  principal: bigint
  rate_bps: bigint
  term_months: bigint
  tax_bps: bigint
  opened_ts: bigint
  net_instalment: bigint
  status: LoanStatus
  outstanding: bigint
  interest: bigint
  charged_months: bigint
  instalment: bigint
  covered: bigint
  collected: bigint
}

/** `dueTs`: of the instalment that is due next. Gives its number: 1, 2, 3 and so on. */
export function insertLoan(store: Store, loan: Omit<StoredLoan, 'number'>, dueTs: number): number {
  const { lastInsertRowid } = store.books
    .prepare(
      `INSERT INTO credit_loans (application, entity, trust, principal, rate_bps, term_months, tax_bps, opened_ts, net_instalment, status,
         outstanding, interest, charged_months, instalment, covered, collected, due_ts)
       VALUES (@application, @entityId, @trust, @principalUnits, @rateBps, @termMonths, @taxBps, @openedTs, @netInstalmentUnits, @status,
         @outstandingUnits, @interestUnits, @chargedMonths, @instalment, @coveredUnits, @collectedUnits, @dueTs)`,
    )
    .run({ ...loan, dueTs })
  return Number(lastInsertRowid)
}

/** What changes of a loan while it runs. */
export function saveLoan(store: Store, number: number, loan: Loan, dueTs: number): void {
  const { status, outstandingUnits, interestUnits, chargedMonths, instalment, coveredUnits, collectedUnits } = loan
  store.books
    .prepare(
      `UPDATE credit_loans SET status = ?, outstanding = ?, interest = ?, charged_months = ?, instalment = ?, covered = ?, collected = ?,
         due_ts = ? WHERE id = ?`,
    )
    .run(status, outstandingUnits, interestUnits, chargedMonths, instalment, coveredUnits, collectedUnits, dueTs, number)
}

export function findLoan(store: Store, number: number): StoredLoan | null {
  const found = store.books.prepare('SELECT * FROM credit_loans WHERE id = ?').safeIntegers().get(number) as LoanRow | undefined
  return found ? toLoan(found) : null
}

/** Which loans: `overdue` are active ones with an instalment that was due before `nowTs`. */
export interface LoanFilter {
  /** null: everybody's */
  entityId: string | null
  /** null: all */
  show: LoanStatus | 'overdue' | null
  nowTs: number
}

/** A page, newest first. */
export function listLoans(
  store: Store,
  { entityId, show, nowTs }: LoanFilter,
  { offset, limit }: { offset: number; limit: number },
): { rows: StoredLoan[]; total: number } {
  const from = `FROM credit_loans WHERE (@entityId IS NULL OR entity = @entityId)
    AND CASE coalesce(@show, '') WHEN '' THEN 1 WHEN 'overdue' THEN status = 'active' AND due_ts < @nowTs ELSE status = @show END`
  const of = { entityId, show, nowTs }
  const rows = store.books
    .prepare(`SELECT * ${from} ORDER BY id DESC LIMIT @limit OFFSET @offset`)
    .safeIntegers()
    .all({ ...of, limit, offset }) as LoanRow[]
  const total = store.books.prepare(`SELECT count(*) ${from}`).pluck().get(of) as number
  return { rows: rows.map(toLoan), total }
}

/** Active loans with an instalment that was due before `nowTs`, the longest overdue first. */
export function listOverdue(store: Store, nowTs: number): StoredLoan[] {
  const sql = "SELECT * FROM credit_loans WHERE status = 'active' AND due_ts < ? ORDER BY due_ts, id"
  return (store.books.prepare(sql).safeIntegers().all(nowTs) as LoanRow[]).map(toLoan)
}

/** An entity's loans that run. */
export function listActive(store: Store, entityId: string): StoredLoan[] {
  const sql = "SELECT * FROM credit_loans WHERE entity = ? AND status = 'active' ORDER BY id"
  return (store.books.prepare(sql).safeIntegers().all(entityId) as LoanRow[]).map(toLoan)
}

export function insertRepayment(store: Store, loan: number, entityId: string, repayment: StoredRepayment): void {
  store.books
    .prepare(
      `INSERT INTO credit_repayments (loan, entity, ts, entry, by, taken, tax, interest, principal)
       VALUES (@loan, @entityId, @ts, @entry, @by, @takenUnits, @taxUnits, @interestUnits, @principalUnits)`,
    )
    .run({ loan, entityId, ...repayment })
}

/** Newest first. */
export function listRepayments(store: Store, loan: number): StoredRepayment[] {
  const rows = store.books
    .prepare(
      `SELECT ts, entry, by, taken AS takenUnits, tax AS taxUnits, interest AS interestUnits, principal AS principalUnits
       FROM credit_repayments WHERE loan = ? ORDER BY id DESC`,
    )
    .safeIntegers()
    .all(loan) as (Omit<StoredRepayment, 'ts'> & { ts: bigint })[]
  return rows.map(({ ts, ...repayment }) => ({ ts: Number(ts), ...repayment }))
}

function toLoan(row: LoanRow): StoredLoan {
  return {
    number: Number(row.id),
    application: Number(row.application),
    entityId: row.entity,
    trust: Number(row.trust),
    principalUnits: row.principal,
    rateBps: Number(row.rate_bps),
    termMonths: Number(row.term_months),
    taxBps: Number(row.tax_bps),
    openedTs: Number(row.opened_ts),
    netInstalmentUnits: row.net_instalment,
    status: row.status,
    outstandingUnits: row.outstanding,
    interestUnits: row.interest,
    chargedMonths: Number(row.charged_months),
    instalment: Number(row.instalment),
    coveredUnits: row.covered,
    collectedUnits: row.collected,
  }
}
