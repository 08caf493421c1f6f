import type { QueryOutput } from '../../src-shared/contract.ts'
import type { PayConfig } from '../../src-shared/pay.ts'
import type { StrayPayment } from '../../src-shared/pay-contract.ts'
import { strayCountText, strayWhy } from '../../src-shared/pay-text.ts'
import type { JobContext } from '../jobs/context.ts'
import { horizonOf } from '../jobs/pay/plan.ts'
import { refused } from '../jobs/pay/state.ts'
import { readStrays } from '../jobs/pay/strays.ts'
import { listPeriods } from '../store/index.ts'
import { nodeMintByHash } from '../store/node-mints.ts'
import { findReceiptByHash } from '../store/results.ts'
import { listRuns } from '../store/runs.ts'
import { loadStrays, rowHasMemo, type StoredStray, saveStrays } from '../store/stray-payments.ts'
import { payConfigOf } from './pay-config.ts'
import { onShown, type PayRoom, payNetwork } from './pay-room.ts'
import type { Note } from './pay-work.ts'

/**
 * Looks through what the payer did on Stellar for payments that no row of a run here stands for, from the first period or run that is known here
 * on, and keeps them. Gives how many, in words. Rejects with AppError pay.refused, stellar.*, cancelled: then what was found before stays.
 */
export async function findStrays(room: PayRoom, network: string, context: JobContext, note: Note): Promise<string> {
  onShown(room, network)
  const { books, mints } = room
  const { config } = payConfigOf(room, network)
  const horizon = horizonOf(config)
  const begun = [...listPeriods(mints.active().store).map(({ start }) => start), ...listRuns(books, network).map(({ addedTs }) => addedTs)]
  if (begun.length === 0)
    throw refused('nothing-known', 'No receipt and no run is known here yet, so nothing can be said of a payment. Import or follow first.')
  const fromTs = begun.reduce((least, ts) => Math.min(least, ts))
  const isKnown = (memo: string) => rowHasMemo(books, network, memo)
  const { ledger, found } = await readStrays(horizon, { network, config, fromTs, isKnown }, context)
  note('pay.looked', `payer ${config.payer}`, { network, found: found.length, untilTs: ledger.untilTs }, () =>
    saveStrays(books, network, ledger, found),
  )
  return strayCountText(found.length)
}

/** What the last look found, without what a run accounts for by now; null: the payer's history was not looked through yet. */
export function keptStrays(room: PayRoom): QueryOutput<'pay.strays'> {
  const network = payNetwork(room)
  const kept = network === null ? undefined : loadStrays(room.books, network)
  if (network === null || !kept) return null
  const { config } = payConfigOf(room, network)
  const payments = kept.found
    .filter(({ memo }) => memo === null || !rowHasMemo(room.books, network, memo))
    .map(stray => toPayment(room, config, stray, kept.ledger.fromTs))
  return { readTs: kept.readTs, ledger: kept.ledger, payments }
}

function toPayment(room: PayRoom, config: PayConfig, stray: StoredStray, fromTs: number): StrayPayment {
  const { asset, memo, operation, payee } = stray
  const of = memo === null ? null : receiptOf(room, memo)
  const { vault, carbon } = room.mints.config()
  const isOwn = payee !== '' && [...config.channels, config.issuer, config.payer, vault.address, carbon.wallet].includes(payee)
  const why = strayWhy({ operation, memo, of, isOwn, fromTs })
  return { ...stray, asset: asset === null ? (operation === 'payment' ? 'XLM' : '') : asset.code, why, isKnown: of !== null }
}

/** The receipt or mint of a memo, in words; null: none is known here. */
function receiptOf({ mints }: PayRoom, memo: string): string | null {
  const { store } = mints.active()
  const [receipt] = findReceiptByHash(store, memo, 1)
  if (receipt) return `the receipt of node ${receipt.outcome.nodeId} for period ${receipt.period}`
  const [mint] = nodeMintByHash(store, memo, 1)
  return mint ? `the mint of node ${mint.nodeId}` : null
}
