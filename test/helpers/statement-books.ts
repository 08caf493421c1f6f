import { createHash } from 'node:crypto'
import type { Store } from '../../src-main/store/open.ts'
import { storedPeriod } from '../../src-main/store/periods.ts'
import { loadNodeRows, saveResults } from '../../src-main/store/results.ts'
import type { NodeResult } from '../../src-shared/mint.ts'
import type { PeriodSummary } from '../../src-shared/nodes-contract.ts'
import { periodAt } from '../../src-shared/time.ts'

/* Periods with receipts, and payout runs with payments, as a store holds them once both were there; without events and envelopes. */

export const booksNetwork = 'lab'

export interface MadeReceipt {
  nodeId: number
  farmId: number
  amountUnits: bigint
  musd: bigint
}

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')
export const receiptOf = (period: number, nodeId: number): string => hashOf(`receipt ${period} ${nodeId}`)
/** An account of its own for each farm. */
export const payeeOf = (farmId: number): string => `GFARM${farmId}`

/** Keeps a complete period's results. `farmName`: by farm's id. */
export function keepPeriod(
  store: Store,
  index: number,
  receipts: readonly MadeReceipt[],
  farmName: (farmId: number) => string = id => `Farm ${id}`,
): void {
  const { start, end } = periodAt(index)
  store.facts
    .prepare(
      `INSERT INTO imports (period, state, network, period_start, period_end, start_block, end_block, end_ts, nodes, farms, source, identity,
         start_hash, end_hash, covered_block, covered_ts, digest, started_ts, finished_ts)
       VALUES (?, 'current', ?, ?, ?, 1, 100, ?, ?, 1, 'test', '', '', '', 100000, ?, ?, 1, 1)`,
    )
    .run(index, booksNetwork, start, end, end + 2, receipts.length, end + 97_200, `digest ${index}`)
  const rewardUnits = receipts.reduce((sum, { amountUnits }) => sum + amountUnits, 0n)
  const summary = { index, start, end, completeUntilTs: end + 97_200, provisional: false, running: false, rewardUnits, rewardMusd: 0n }
  const nodes = receipts.map(receipt => resultOf(index, receipt, farmName(receipt.farmId)))
  saveResults(store, storedPeriod(store, index), summary as PeriodSummary, nodes)
}

function resultOf(period: number, { nodeId, farmId, amountUnits, musd }: MadeReceipt, farmName: string): NodeResult {
  const hash = receiptOf(period, nodeId)
  return {
    ...{
      nodeId,
      twinId: nodeId + 1000,
      farmId,
      farmName,
      payoutAddress: payeeOf(farmId),
      policyId: 1,
      certified: false,
      virtualized: false,
    },
    ...{ country: 'Belgium', city: 'Ghent', violation: null, measuredUptimeSec: 2_600_000, slowBoots: 0, lastReportTs: null },
    ...{ sleepingSinceTs: null, rewardMusd: musd, rewardUnits: amountUnits, fullMusd: musd, fullUnits: amountUnits, slaPermille: 950 },
    ...{ scaled: false, outlook: null, receipt: `{"of":"${hash}"}`, hash, overviewLine: '' },
    days: { up: [86_400, 80_000], asleep: [0, 0], down: [0, 6_400] },
  }
}

export interface MadeRow {
  nodeId: number
  farmId: number
  amountUnits: bigint
  /** the receipt that is paid, and the one that it stands for */
  receipt: string
  origin: string
  stage: 'paid' | 'planned' | 'failed' | 'conflict'
  /** of what is paid */
  tx: string | null
  paidTs: number | null
}

/** Keeps a payout run of a period with its rows, as Stellar was found. */
export function keepRun(store: Store, runId: string, period: number, rows: readonly MadeRow[], network = booksNetwork): void {
  store.books.prepare("INSERT INTO payout_runs VALUES (?, ?, ?, '{}', 1, 1, 'dead', 1, 1)").run(runId, network, `period ${period}`)
  const insert = store.books.prepare(
    `INSERT INTO payout_rows (run_id, place, network, receipt, origin, node_id, farm_id, payee, amount_units, stage, tx, ledger, paid_ts,
       conflict)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 5, ?, ?)`,
  )
  for (const [place, { nodeId, farmId, amountUnits, receipt, origin, stage, tx, paidTs }] of rows.entries())
    insert.run(
      ...[runId, place, network, receipt, origin, nodeId, farmId, payeeOf(farmId), amountUnits.toString(), stage, tx, paidTs],
      stage === 'conflict' ? 'another amount' : '',
    )
}

/** Keeps what a look on Stellar found of a receipt without a run here. */
export function keepFound(store: Store, receipt: string, ts: number): void {
  const found = { state: 'paid', txs: [{ tx: hashOf(`found ${receipt}`), ts }], why: '' }
  store.books
    .prepare("INSERT INTO payment_finds (network, receipt, subject, state, found) VALUES (?, ?, 'period 1', 'paid', ?)")
    .run(booksNetwork, receipt, JSON.stringify(found))
}

/** What a run's rows came to once Stellar was asked again: somebody else's transaction paid them. */
export function keepSeen(store: Store, runId: string, txs: ReadonlyMap<string, { tx: string; paidTs: number }>): void {
  const update = store.books.prepare(
    "UPDATE payout_rows SET stage = 'paid', tx = ?, paid_ts = ?, is_foreign = 1 WHERE run_id = ? AND origin = ?",
  )
  for (const [origin, { tx, paidTs }] of txs) update.run(tx, paidTs, runId, origin)
}

/** Keeps a run that paid a farm's receipts of an imported period of network `test`. */
export function keepPaid(store: Store, period: number, farmId: number, paidTs: number): void {
  const rows = loadNodeRows(store, period)
    .filter(node => node.farmId === farmId && node.rewardUnits > 0n)
    .map(({ nodeId, rewardUnits, hash }): MadeRow => {
      const common = { nodeId, farmId, amountUnits: rewardUnits, receipt: hash, origin: hash }
      return { ...common, stage: 'paid', tx: hashOf(`tx ${hash}`), paidTs }
    })
  keepRun(store, hashOf(`run ${period}`), period, rows, 'test')
}
