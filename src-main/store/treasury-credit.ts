import type { ApplicationState, CreditPurpose } from '../../src-shared/treasury/credit.ts'
import type { Decision } from '../engines/credit/application.ts'
import type { TrustParts } from '../engines/trust/trust.ts'
import type { Store } from './open.ts'

/* Applications for credit and what an analyst was asked about them (treasury-credit-tables.ts). Whoever writes here holds the transaction. */

/** What is kept of a decision. `suggestedUnits` is what was said, as far as an amount can hold it. */
export interface StoredDecision extends Pick<Decision, 'basis' | 'isAdvised' | 'suggestedUnits' | 'rejected' | 'approvedUnits'> {
  ts: number
  /** why there is no advice of an analyst; null: there is */
  noAdvice: string | null
  /** the analyst's own words */
  reasons: string[]
  rateBps: number
  termMonths: number
  taxBps: number
}

export interface StoredApplication {
  number: number
  entityId: string
  askedUnits: bigint
  purpose: CreditPurpose
  note: string
  trust: number
  trustParts: TrustParts
  owedUnits: bigint
  createdTs: number
  state: ApplicationState
  decision: StoredDecision | null
  /** number of the loan that it opened */
  loan: number | null
}

interface ApplicationRow {
  id: bigint
  entity: string
  asked: bigint
  purpose: CreditPurpose
  note: string
  trust: bigint
  trust_parts: string
  owed: bigint
  created_ts: bigint
  state: ApplicationState
  decided_ts: bigint | null
  basis: Decision['basis']
  no_advice: string | null
  reasons: string
  is_advised: bigint
  suggested: bigint
  rejected: Decision['rejected']
  approved: bigint
  rate_bps: bigint
  term_months: bigint
  tax_bps: bigint
  loan: bigint | null
}

const SELECT = `SELECT credit_applications.*, credit_loans.id AS loan
  FROM credit_applications LEFT JOIN credit_loans ON credit_loans.application = credit_applications.id`

/** Gives its number: 1, 2, 3 and so on. */
export function insertApplication(
  store: Store,
  {
    entityId,
    askedUnits,
    purpose,
    note,
    trust,
    trustParts,
    owedUnits,
    createdTs,
  }: Omit<StoredApplication, 'number' | 'state' | 'decision' | 'loan'>,
): number {
  const { lastInsertRowid } = store.books
    .prepare(
      `INSERT INTO credit_applications (entity, asked, purpose, note, trust, trust_parts, owed, created_ts, state)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'analysing')`,
    )
    .run(entityId, askedUnits, purpose, note, trust, JSON.stringify(trustParts), owedUnits, createdTs)
  return Number(lastInsertRowid)
}

export function findApplication(store: Store, number: number): StoredApplication | null {
  const found = store.books.prepare(`${SELECT} WHERE credit_applications.id = ?`).safeIntegers().get(number) as ApplicationRow | undefined
  return found ? toApplication(found) : null
}

/** A page, newest first; `entityId` null: everybody's. */
export function listApplications(
  store: Store,
  entityId: string | null,
  { offset, limit }: { offset: number; limit: number },
): { rows: StoredApplication[]; total: number } {
  const where = entityId === null ? '' : 'WHERE credit_applications.entity = ?'
  const of = entityId === null ? [] : [entityId]
  const rows = store.books
    .prepare(`${SELECT} ${where} ORDER BY credit_applications.id DESC LIMIT ? OFFSET ?`)
    .safeIntegers()
    .all(...of, limit, offset) as ApplicationRow[]
  const total = store.books
    .prepare(`SELECT count(*) FROM credit_applications ${where}`)
    .pluck()
    .get(...of) as number
  return { rows: rows.map(toApplication), total }
}

/** Numbers of those that wait for their decision, oldest first; `entityId` null: everybody's. */
export function listAnalysing(store: Store, entityId: string | null): number[] {
  return store.books
    .prepare("SELECT id FROM credit_applications WHERE state = 'analysing' AND (?1 IS NULL OR entity = ?1) ORDER BY id")
    .pluck()
    .all({ 1: entityId }) as number[]
}

export function saveApplicationState(store: Store, number: number, state: ApplicationState): void {
  store.books.prepare('UPDATE credit_applications SET state = ? WHERE id = ?').run(state, number)
}

export function saveDecision(store: Store, number: number, state: 'approved' | 'rejected', decision: StoredDecision): void {
  store.books
    .prepare(
      `UPDATE credit_applications SET state = @state, decided_ts = @ts, basis = @basis, no_advice = @noAdvice, reasons = @reasonsText,
         is_advised = @advised, suggested = @suggestedUnits, rejected = @rejected, approved = @approvedUnits, rate_bps = @rateBps,
         term_months = @termMonths, tax_bps = @taxBps WHERE id = @number`,
    )
    .run({ ...decision, number, state, reasonsText: JSON.stringify(decision.reasons), advised: decision.isAdvised ? 1 : 0 })
}

function toApplication(row: ApplicationRow): StoredApplication {
  return {
    number: Number(row.id),
    entityId: row.entity,
    askedUnits: row.asked,
    purpose: row.purpose,
    note: row.note,
    trust: Number(row.trust),
    trustParts: JSON.parse(row.trust_parts) as TrustParts,
    owedUnits: row.owed,
    createdTs: Number(row.created_ts),
    state: row.state,
    decision: row.decided_ts === null ? null : toDecision(row, Number(row.decided_ts)),
    loan: row.loan === null ? null : Number(row.loan),
  }
}

function toDecision(row: ApplicationRow, ts: number): StoredDecision {
  return {
    ts,
    basis: row.basis,
    noAdvice: row.no_advice,
    reasons: JSON.parse(row.reasons) as string[],
    isAdvised: row.is_advised === 1n,
    suggestedUnits: row.suggested,
    rejected: row.rejected,
    approvedUnits: row.approved,
    rateBps: Number(row.rate_bps),
    termMonths: Number(row.term_months),
    taxBps: Number(row.tax_bps),
  }
}

/** One asking of an analyst, byte for byte but for the key. */
export interface StoredAsking {
  askedTs: number
  url: string
  asked: string
  /** null: it did not end */
  endedTs: number | null
  /** null: nothing, or not all of it, came */
  answered: string | null
  status: number | null
  /** why it was no advice */
  problem: string | null
}

/** Before anything is sent. Gives its number. */
export function insertAsking(
  store: Store,
  application: number,
  { askedTs, url, asked }: Pick<StoredAsking, 'askedTs' | 'url' | 'asked'>,
): number {
  const { lastInsertRowid } = store.books
    .prepare('INSERT INTO credit_asked (application, asked_ts, url, asked) VALUES (?, ?, ?, ?)')
    .run(application, askedTs, url, asked)
  return Number(lastInsertRowid)
}

export function endAsking(
  store: Store,
  number: number,
  { endedTs, answered, status, problem }: Pick<StoredAsking, 'endedTs' | 'answered' | 'status' | 'problem'>,
): void {
  store.books
    .prepare('UPDATE credit_asked SET ended_ts = ?, answered = ?, status = ?, problem = ? WHERE id = ?')
    .run(endedTs, answered, status, problem, number)
}

/** Oldest first. */
export function listAskings(store: Store, application: number): StoredAsking[] {
  return store.books
    .prepare(
      `SELECT asked_ts AS askedTs, url, asked, ended_ts AS endedTs, answered, status, problem
       FROM credit_asked WHERE application = ? ORDER BY id`,
    )
    .all(application) as StoredAsking[]
}

/** Whether an entity allows that its applications are sent there. */
export function isEndpointAllowed(store: Store, entityId: string, url: string): boolean {
  return store.books.prepare('SELECT 1 FROM credit_allowed WHERE entity = ? AND url = ?').get(entityId, url) !== undefined
}

export function allowEndpoint(store: Store, entityId: string, url: string, ts: number): void {
  store.books.prepare('INSERT OR IGNORE INTO credit_allowed (entity, url, allowed_ts) VALUES (?, ?, ?)').run(entityId, url, ts)
}

export function disallowEndpoint(store: Store, entityId: string, url: string): void {
  store.books.prepare('DELETE FROM credit_allowed WHERE entity = ? AND url = ?').run(entityId, url)
}
