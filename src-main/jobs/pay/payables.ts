import type { PayConfig } from '../../../src-shared/pay.ts'
import type { AskOptions, Horizon } from '../../clients/stellar/horizon.ts'
import { receiptsNdjson } from '../../engines/minting/outputs.ts'
import { planRetries, type Retry } from '../../engines/minting/retries.ts'
import type { Payable } from '../../engines/payout-plan/plan.ts'
import { listPeriods, loadEnd, loadNodeRows, loadSummaries, type Store, storedPeriod } from '../../store/index.ts'
import { loadDecisions } from '../../store/mint-decisions.ts'
import { nodeMint } from '../../store/node-mints.ts'
import { loadReceipts } from '../../store/results.ts'
import { paidMemos } from './plan.ts'
import { refused } from './state.ts'

/** Receipts of the former period that are looked at in one go. */
const PAGE = 500

/**
 * What a fixed period pays (rule set v3): its receipts with a reward, and with `retries` those of the period before that are on no transaction
 * of payer or issuer (minting.md, Retries). Throws AppError `pay.refused` where the period's result is not final, not-found, stellar.*.
 */
export async function periodPayables(
  facts: Store,
  horizon: Horizon,
  config: PayConfig,
  { period, retries }: { period: number; retries: boolean },
  options?: AskOptions,
): Promise<Payable[]> {
  const stored = storedPeriod(facts, period)
  const result = loadSummaries(facts).find(({ summary }) => summary.index === period)
  if (!result || result.stale)
    throw refused('not-computed', `Period ${period} is not computed from its data yet. Wait until it is, then plan again.`)
  if (stored.provisional || result.summary.provisional)
    throw refused(
      'provisional',
      `Period ${period} is provisional: what comes after it is not all there. Nothing is paid by it. Complete its data first.`,
    )
  const payables = loadNodeRows(facts, period)
    .filter(({ rewardUnits }) => rewardUnits > 0n)
    .map(
      ({ nodeId, farmId, hash, payoutAddress, rewardUnits }): Payable => ({
        kind: 'receipt',
        nodeId,
        farmId,
        startTs: stored.start,
        receipt: hash,
        retryFor: null,
        address: payoutAddress,
        amountUnits: rewardUnits,
      }),
    )
  if (!retries || !listPeriods(facts).some(({ index }) => index === period - 1)) return payables
  const former = storedPeriod(facts, period - 1)
  const unpaid = periodRetries(facts, period, await paidMemos(horizon, config, former.start, options))
  return [
    ...payables,
    ...unpaid.map(
      ({ nodeId, farmId, hash, retryFor, address, rewardUnits }): Payable => ({
        kind: 'retry',
        nodeId,
        farmId,
        startTs: former.start,
        receipt: hash,
        retryFor,
        address,
        amountUnits: rewardUnits,
      }),
    ),
  ]
}

/**
 * The retries of the receipts of the period before that are not among `paid`, in order of their own hash (minting.md, Receipt). Both periods
 * must be stored. Throws AppError not-found, archive.format.
 */
export function periodRetries(facts: Store, period: number, paid: ReadonlySet<string>): Retry[] {
  const stored = storedPeriod(facts, period)
  return planRetries({
    previous: receiptLines(facts, period - 1),
    paid,
    addresses: new Map(loadEnd(facts, stored).payoutAddresses.map(({ farm_id: farmId, address }) => [farmId, address])),
    period: { start: stored.start, end: stored.end },
  })
}

function* receiptLines(facts: Store, period: number): Generator<string> {
  let after = -1
  for (;;) {
    const page = loadReceipts(facts, period, { after, limit: PAGE })
    if (page.length === 0) return
    for (const node of page) yield receiptsNdjson([node]).trimEnd()
    after = page.at(-1)!.nodeId
  }
}

/**
 * The decided mints of rule set node-period that are not paid yet: each to its farm's payout address as the newest period's data has it.
 * Mints whose record is not in the store any more are left out: they are decided again when it is.
 */
export function mintPayables(facts: Store, books: Store, network: string): Payable[] {
  const newest = listPeriods(facts).at(-1)
  const addresses = new Map(newest ? loadEnd(facts, newest).payoutAddresses.map(({ farm_id: farmId, address }) => [farmId, address]) : [])
  return loadDecisions(books, network).flatMap(({ nodeId, startTs, mintId, decision }): Payable[] => {
    const { decided, payments } = decision
    const mint = nodeMint(facts, nodeId, startTs)
    if (!decided || !mint || payments.some(({ result }) => result === 'paid')) return []
    const address = addresses.get(mint.farmId) ?? ''
    return [
      { kind: 'mint', nodeId, farmId: mint.farmId, startTs, receipt: mintId, retryFor: null, address, amountUnits: decided.amountUnits },
    ]
  })
}
