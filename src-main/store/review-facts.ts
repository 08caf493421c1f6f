import type { Store } from './open.ts'

/* What a review before signing looks up: who was paid what, where, and what is under way. */

/** What a node is paid in a fixed period by rule set v3. */
export interface NodePay {
  nodeId: number
  farmId: number
  farmName: string
  /** empty: the farm has none */
  address: string
  amountUnits: bigint
  /** of the receipt */
  hash: string
}

/** The pay of every node of a period that was computed, by node. */
export function paysOfPeriod(store: Store, period: number): NodePay[] {
  const found = store.facts
    .prepare('SELECT node_id, farm_id, farm_name, payout_address, reward_units, hash FROM node_results WHERE period = ? ORDER BY node_id')
    .raw()
    .all(period) as [number, number, string, string, string, string][]
  return found.map(([nodeId, farmId, farmName, address, units, hash]) => {
    return { nodeId, farmId, farmName, address, amountUnits: BigInt(units), hash }
  })
}

/** What each node got by rule set node-period for the periods of its own that closed in a fixed period. */
export function mintUnitsOfPeriod(store: Store, period: number): { nodeId: number; amountUnits: bigint }[] {
  const found = store.facts.prepare('SELECT node_id, reward_units FROM node_mints WHERE period = ?').raw().all(period) as [number, string][]
  return found.map(([nodeId, units]) => ({ nodeId, amountUnits: BigInt(units) }))
}

/** To which address a run last paid each farm, and when (seconds). */
export function paidFarmsOfRun(store: Store, runId: string): { farmId: number; address: string; ts: number }[] {
  // of several the columns are those of the row with the greatest time
  return store.books
    .prepare(
      'SELECT farm_id AS farmId, payee AS address, max(paid_ts) AS ts FROM payout_rows WHERE run_id = ? AND tx IS NOT NULL GROUP BY farm_id',
    )
    .all(runId) as { farmId: number; address: string; ts: number }[]
}

/** A row of any run that pays one of the receipts asked about, or what it stands for. */
export interface ReceiptRow {
  runId: string
  receipt: string
  origin: string
  /** the payment that stands on the ledger; null: none yet */
  paid: { tx: string; ts: number } | null
  /** it can still be paid by that run */
  isHeld: boolean
}

/** The rows of a network's runs that have to do with these receipts (hashes of receipts, or of what retries stand for). */
export function rowsOfReceipts(store: Store, network: string, hashes: readonly string[]): ReceiptRow[] {
  // a run's row holds its whole plan, so that a join with runs would read megabytes for each row
  const found = store.books
    .prepare(
      `WITH wanted AS (SELECT value AS hash FROM json_each(@list)),
         places AS (
           SELECT o.run_id, o.place FROM wanted CROSS JOIN payout_rows o ON o.network = @network AND o.origin = wanted.hash
           UNION SELECT o.run_id, o.place FROM wanted CROSS JOIN payout_rows o ON o.receipt = wanted.hash AND o.network = @network)
       SELECT o.run_id AS runId, o.receipt, o.origin, o.tx, o.paid_ts AS ts,
         o.run_id NOT IN (SELECT id FROM payout_runs WHERE stage = 'withdrawn') AND o.stage NOT IN ('used-up', 'failed', 'expired', 'overtaken', 'paid') AS isHeld
       FROM places CROSS JOIN payout_rows o ON o.run_id = places.run_id AND o.place = places.place`,
    )
    .all({ network, list: JSON.stringify(hashes) }) as (Omit<ReceiptRow, 'paid' | 'isHeld'> & {
    tx: string | null
    ts: number | null
    isHeld: number
  })[]
  return found.map(({ tx, ts, isHeld, ...row }) => ({
    ...row,
    paid: tx === null || ts === null ? null : { tx, ts },
    isHeld: isHeld === 1 && tx === null,
  }))
}

/** Who signed an envelope, each checked when it was kept. */
export function signersOfEnvelope(store: Store, hash: string): string[] {
  return store.books.prepare('SELECT signer FROM payout_signatures WHERE hash = ? ORDER BY signer').pluck().all(hash) as string[]
}

/** Everybody who signed a run: its id, or one of its envelopes. */
export function signersOfRun(store: Store, runId: string): string[] {
  return store.books
    .prepare(
      `SELECT signer FROM payout_approvals WHERE run_id = @runId
       UNION SELECT s.signer FROM payout_envelopes e JOIN payout_signatures s ON s.hash = e.hash WHERE e.run_id = @runId ORDER BY 1`,
    )
    .pluck()
    .all({ runId }) as string[]
}
