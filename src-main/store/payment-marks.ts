import { createHash } from 'node:crypto'
import { prepared } from './db.ts'
import type { Store } from './open.ts'
import type { PayoutRowsTable } from './schema.ts'

/*
 * Marks of what was kept of payments (payment-marks-tables.ts). They show a change that was not made by Granary; somebody who knows how they are
 * made can make them anew, and then only the ledger itself shows it.
 */

/** SHA-256, hex, over the members as a JSON list. */
function markOf(members: readonly (string | number | null)[]): string {
  return createHash('sha256').update(JSON.stringify(members)).digest('hex')
}

/** The mark that a row of a run must have, with what became of its envelopes. */
export function rowMark(store: Store, row: PayoutRowsTable): string {
  const envelopes = prepared(
    store.books,
    'SELECT hash, stage FROM payout_envelopes WHERE run_id = ? AND place = ? ORDER BY generation',
  ).all(row.run_id, row.place) as { hash: string; stage: string }[]
  const {
    run_id,
    place,
    network,
    receipt,
    origin,
    node_id,
    farm_id,
    payee,
    amount_units,
    stage,
    tx,
    ledger,
    paid_ts,
    is_foreign,
    conflict,
  } = row
  const planned = [run_id, place, network, receipt, origin, node_id, farm_id, payee, amount_units]
  const became = [stage, tx, ledger, paid_ts, is_foreign, conflict]
  return markOf([...planned, ...became, ...envelopes.flatMap(envelope => [envelope.hash, envelope.stage])])
}

/** Marks a row as it is now, or all of a run; whoever changed it holds the transaction. */
export function markRows(store: Store, runId: string, place?: number): void {
  const select =
    place === undefined ? 'SELECT * FROM payout_rows WHERE run_id = ?' : 'SELECT * FROM payout_rows WHERE run_id = ? AND place = ?'
  const found = prepared(store.books, select).all(...(place === undefined ? [runId] : [runId, place])) as PayoutRowsTable[]
  const update = prepared(store.books, 'UPDATE payout_rows SET mark = ? WHERE run_id = ? AND place = ?')
  for (const row of found) update.run(rowMark(store, row), row.run_id, row.place)
}

export interface FindRow {
  network: string
  receipt: string
  subject: string
  state: string
  found: string
}

/** The mark of a payment that was found. */
export function findMark({ network, receipt, subject, state, found }: FindRow): string {
  return markOf([network, receipt, subject, state, found])
}

export interface CheckRow {
  network: string
  subject: string
  checked_ts: number
  ledger: string
}

/** The mark of how Stellar was read. */
export function checkMark({ network, subject, checked_ts: ts, ledger }: CheckRow): string {
  return markOf([network, subject, ts, ledger])
}
