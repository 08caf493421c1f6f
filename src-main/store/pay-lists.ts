import type { RowStage } from '../../src-shared/pay.ts'
import type { Store } from './open.ts'
import type { PayoutRowsTable } from './schema.ts'

/** Rows of a run by stage; stages without one are left out. */
export function countStages(store: Store, runId: string): Map<RowStage, number> {
  const found = store.books.prepare('SELECT stage, count(*) AS n FROM payout_rows WHERE run_id = ? GROUP BY stage').all(runId) as {
    stage: RowStage
    n: number
  }[]
  return new Map(found.map(({ stage, n }) => [stage, n]))
}

/** Runs that are being sent and have something to send: the oldest first. */
export function runsToGoOn(store: Store): string[] {
  return store.books
    .prepare(
      `SELECT id FROM payout_runs WHERE stage = 'running' AND EXISTS (
         SELECT 1 FROM payout_rows WHERE run_id = id AND stage IN ('signed', 'sent', 'unclear')) ORDER BY added_ts, id`,
    )
    .pluck()
    .all() as string[]
}

const dead = `('used-up', 'failed', 'expired', 'overtaken', 'paid')`

/**
 * The open envelopes of a run: how many, how many of them only use a number up, and until when the first and the last can be included (seconds;
 * null: none is open).
 */
export function openSpan(
  store: Store,
  runId: string,
): { open: number; bumps: number; firstMaxTs: number | null; lastMaxTs: number | null } {
  return store.books
    .prepare(
      `SELECT count(*) AS open, count(*) FILTER (WHERE kind = 'bump') AS bumps, min(max_ts) AS firstMaxTs, max(max_ts) AS lastMaxTs
       FROM payout_envelopes WHERE run_id = ? AND stage NOT IN ${dead}`,
    )
    .get(runId) as { open: number; bumps: number; firstMaxTs: number | null; lastMaxTs: number | null }
}

const ofKinds = (onlyBumps: boolean) => (onlyBumps ? "AND e.kind = 'bump'" : '')

/**
 * Rows of a run that have an envelope that may be sent, the most that one of these costs as it was signed (stroops), and how many Stellar refused
 * last because that was too little. `onlyBumps`: only what uses numbers up.
 */
export function sendingFees(store: Store, runId: string, onlyBumps: boolean): { rows: number; feeStroops: number; refused: number } {
  return store.books
    .prepare(
      `SELECT count(DISTINCT e.place) AS rows, coalesce(max(e.fee_stroops), 0) AS feeStroops, count(*) FILTER (WHERE
         (SELECT a.note FROM payout_attempts a WHERE a.hash = e.hash ORDER BY a.id DESC LIMIT 1) LIKE 'tx_insufficient_fee%') AS refused
       FROM payout_envelopes e WHERE e.run_id = ? AND e.stage IN ('signed', 'sent', 'unclear') ${ofKinds(onlyBumps)}`,
    )
    .get(runId) as { rows: number; feeStroops: number; refused: number }
}

/** Signatures on the open envelopes of a run, by signer. `onlyBumps`: only on what uses numbers up. */
export function countSignatures(store: Store, runId: string, onlyBumps: boolean): Map<string, number> {
  const found = store.books
    .prepare(
      `SELECT s.signer, count(*) AS n FROM payout_signatures s JOIN payout_envelopes e ON e.hash = s.hash
       WHERE e.run_id = ? AND e.stage NOT IN ${dead} ${ofKinds(onlyBumps)} GROUP BY s.signer`,
    )
    .all(runId) as { signer: string; n: number }[]
  return new Map(found.map(({ signer, n }) => [signer, n]))
}

/** A row as a list shows it. */
export interface ListedRow {
  place: number
  nodeId: number
  farmId: number
  payee: string
  amountUnits: bigint
  receipt: string
  origin: string
  stage: RowStage
  tx: string | null
  paidTs: number | null
  conflict: string
}

export interface RowsAsk {
  stage?: RowStage | undefined
  search?: string | undefined
  sort?: 'place' | 'nodeId' | 'farm' | 'amount' | 'stage' | 'paid'
  descending?: boolean
  offset?: number
  limit?: number
}

/** Amounts are decimal texts: the longer one is the greater. */
const orders: Record<NonNullable<RowsAsk['sort']>, readonly string[]> = {
  place: [],
  nodeId: ['node_id'],
  farm: ['farm_id'],
  amount: ['length(amount_units)', 'amount_units'],
  stage: ['stage'],
  paid: ['paid_ts'],
}

/** A run's rows by filter and order. The text is looked for in node, farm and payee, and is how a receipt or transaction begins. */
export function listRows(store: Store, runId: string, ask: RowsAsk): { rows: ListedRow[]; total: number } {
  const { stage, search = '', sort = 'place', descending = false, offset = 0, limit = -1 } = ask
  const text = search.trim()
  const where = [
    'run_id = @runId',
    ...(stage === undefined ? [] : ['stage = @stage']),
    ...(text === ''
      ? []
      : [
          `(instr(payee, @upper) > 0 OR CAST(node_id AS TEXT) = @text OR CAST(farm_id AS TEXT) = @text
            OR substr(receipt, 1, length(@text)) = lower(@text) OR substr(tx, 1, length(@text)) = lower(@text))`,
        ]),
  ].join(' AND ')
  const values = { runId, ...(stage === undefined ? {} : { stage }), ...(text === '' ? {} : { text, upper: text.toUpperCase() }) }
  const by = orders[sort].map(column => `${column} ${descending ? 'DESC' : 'ASC'}`)
  const place = sort === 'place' && descending ? 'place DESC' : 'place'
  const total = store.books.prepare(`SELECT count(*) FROM payout_rows WHERE ${where}`).pluck().get(values) as number
  const found = store.books
    .prepare(`SELECT * FROM payout_rows WHERE ${where} ORDER BY ${[...by, place].join(', ')} LIMIT @limit OFFSET @offset`)
    .all({ ...values, limit, offset }) as PayoutRowsTable[]
  return { rows: found.map(toListed), total }
}

function toListed(row: PayoutRowsTable): ListedRow {
  const {
    place,
    node_id: nodeId,
    farm_id: farmId,
    payee,
    amount_units: amount,
    receipt,
    origin,
    stage,
    tx,
    paid_ts: paidTs,
    conflict,
  } = row
  return {
    place,
    nodeId,
    farmId,
    payee,
    amountUnits: BigInt(amount),
    receipt,
    origin,
    stage: stage as RowStage,
    tx,
    paidTs,
    conflict,
  }
}

/** What a run pays in all, what of it is paid, and what can still be paid; and to how many addresses it goes. */
export function sumRows(
  store: Store,
  runId: string,
): { rows: number; totalUnits: bigint; paidUnits: bigint; restUnits: bigint; payees: number } {
  const all = store.books.prepare('SELECT amount_units AS amount, stage FROM payout_rows WHERE run_id = ?').all(runId) as {
    amount: string
    stage: RowStage
  }[]
  const sums = { rows: all.length, totalUnits: 0n, paidUnits: 0n, restUnits: 0n }
  for (const { amount, stage } of all) {
    const units = BigInt(amount)
    sums.totalUnits += units
    if (stage === 'paid') sums.paidUnits += units
    else if (stage === 'planned' || stage === 'signed' || stage === 'sent' || stage === 'unclear') sums.restUnits += units
  }
  const payees = store.books.prepare('SELECT count(DISTINCT payee) FROM payout_rows WHERE run_id = ?').pluck().get(runId) as number
  return { ...sums, payees }
}

/** The rows of a network that pay a receipt or stand for it, in runs that were not withdrawn; paid ones first, then the newest. */
export function rowsOfOrigin(store: Store, network: string, origin: string): (ListedRow & { runId: string })[] {
  const found = store.books
    .prepare(
      `SELECT o.* FROM payout_rows o JOIN payout_runs r ON r.id = o.run_id
       WHERE o.network = ? AND o.origin = ? AND r.stage <> 'withdrawn' ORDER BY o.tx IS NULL, r.added_ts DESC, o.run_id`,
    )
    .all(network, origin) as PayoutRowsTable[]
  return found.map(row => ({ ...toListed(row), runId: row.run_id }))
}

/** Rows of decided mints that are paid, or can still be: by node, the receipt and the run. */
export function heldMints(store: Store, network: string): { nodeId: number; receipt: string; runId: string; place: number }[] {
  return store.books
    .prepare(
      `SELECT o.node_id AS nodeId, o.receipt, o.run_id AS runId, o.place FROM payout_rows o
       JOIN payout_runs r ON r.id = o.run_id JOIN payout_held h ON h.run_id = o.run_id AND h.origin = o.origin AND h.network = o.network
       WHERE r.network = ? AND r.subject = 'mints'`,
    )
    .all(network) as { nodeId: number; receipt: string; runId: string; place: number }[]
}

/** What payout runs paid for a farm's nodes on a network, one for each transaction: by the receipt that was paid, and the one that it stands for. */
export function paidRowsOfFarm(
  store: Store,
  network: string,
  farmId: number,
): { nodeId: number; receipt: string; origin: string; amountUnits: bigint; tx: string; paidTs: number }[] {
  const found = store.books
    .prepare(
      `SELECT min(node_id) AS nodeId, min(receipt) AS receipt, min(origin) AS origin, min(amount_units) AS amount, tx, min(paid_ts) AS paidTs
       FROM payout_rows WHERE network = ? AND farm_id = ? AND stage = 'paid' GROUP BY tx ORDER BY paidTs, tx`,
    )
    .all(network, farmId) as { nodeId: number; receipt: string; origin: string; amount: string; tx: string; paidTs: number }[]
  return found.map(({ amount, ...row }) => ({ ...row, amountUnits: BigInt(amount) }))
}
