import { type FoundPayment, foundPaymentSchema, type LedgerRead, ledgerReadSchema, type PaymentState } from '../../src-shared/payment.ts'
import type { Store } from './open.ts'
import { checkMark, findMark } from './payment-marks.ts'

/** The last look at Stellar for what a network pays in one go (runs.ts names subjects). */
export interface PaymentCheck {
  checkedTs: number
  ledger: LedgerRead
  /** how many stand how */
  counts: Partial<Record<PaymentState, number>>
}

/** Keeps what was found, in place of what was found of that subject before. Whoever calls it holds the transaction. */
export function savePayments(
  store: Store,
  { network, subject, ledger }: { network: string; subject: string; ledger: LedgerRead },
  found: Iterable<readonly [receipt: string, found: FoundPayment]>,
): void {
  const db = store.books
  db.prepare('DELETE FROM payment_finds WHERE network = ? AND subject = ?').run(network, subject)
  const check = { network, subject, checked_ts: store.now(), ledger: JSON.stringify(ledger) }
  db.prepare(
    'INSERT OR REPLACE INTO payment_checks (network, subject, checked_ts, ledger, mark) VALUES (@network, @subject, @checked_ts, @ledger, @mark)',
  ).run({ ...check, mark: checkMark(check) })
  const insert = db.prepare(
    'INSERT OR REPLACE INTO payment_finds (network, receipt, subject, state, found, mark) VALUES (@network, @receipt, @subject, @state, @found, @mark)',
  )
  for (const [receipt, one] of found) {
    const row = { network, receipt, subject, state: one.state, found: JSON.stringify(one) }
    insert.run({ ...row, mark: findMark(row) })
  }
}

/** undefined: Stellar was not asked yet. */
export function loadPaymentCheck(store: Store, network: string, subject: string): PaymentCheck | undefined {
  const row = store.books
    .prepare('SELECT checked_ts, ledger FROM payment_checks WHERE network = ? AND subject = ?')
    .get(network, subject) as { checked_ts: number; ledger: string } | undefined
  if (!row) return undefined
  const counts = store.books
    .prepare('SELECT state, count(*) AS count FROM payment_finds WHERE network = ? AND subject = ? GROUP BY state')
    .all(network, subject) as { state: PaymentState; count: number }[]
  return {
    checkedTs: row.checked_ts,
    ledger: ledgerReadSchema.parse(JSON.parse(row.ledger)),
    counts: Object.fromEntries(counts.map(({ state, count }) => [state, count])),
  }
}

/** What was found of a receipt or mint when Stellar was last asked; undefined: it was not. */
export function loadFoundPayment(store: Store, network: string, receipt: string): FoundPayment | undefined {
  const found = store.books.prepare('SELECT found FROM payment_finds WHERE network = ? AND receipt = ?').pluck().get(network, receipt) as
    | string
    | undefined
  return found === undefined ? undefined : foundPaymentSchema.parse(JSON.parse(found))
}

/** How each receipt of a subject stood when Stellar was last asked. */
export function loadPaymentStates(store: Store, network: string, subject: string): Map<string, PaymentState> {
  const found = store.books.prepare('SELECT receipt, state FROM payment_finds WHERE network = ? AND subject = ?').all(network, subject) as {
    receipt: string
    state: PaymentState
  }[]
  return new Map(found.map(({ receipt, state }) => [receipt, state]))
}

/** Retries that stand in a network's payout runs: their receipt, and the unpaid one that each stands for. */
export function retriesInRuns(store: Store, network: string): { receipt: string; origin: string }[] {
  return store.books.prepare('SELECT DISTINCT receipt, origin FROM payout_rows WHERE network = ? AND receipt <> origin').all(network) as {
    receipt: string
    origin: string
  }[]
}
