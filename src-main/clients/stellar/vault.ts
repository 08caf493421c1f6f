import { z } from 'zod'
import { AppError } from '../../../src-shared/errors.ts'
import { unitsFromTft } from '../../../src-shared/money.ts'
import type { VaultTransfer } from '../../../src-shared/node-period.ts'
import { tsFromUtc } from '../../../src-shared/time.ts'
import { buildPayment, type PaymentPlan } from './build.ts'
import { readPages, txOf, txSchema } from './history.ts'
import type { AskOptions, Horizon } from './horizon.ts'
import type { Asset, Built } from './types.ts'

/*
 * Transfers to the bridge vault (minting.md, Bridge vault): read from the vault's payments, and one for a mint built.
 */

/** What brings an asset to an account: the amount is that of the asset that arrives. */
const arrivals = new Set(['payment', 'path_payment_strict_receive', 'path_payment_strict_send'])

const recordSchema = z.object({
  paging_token: z.string().regex(/^\d{1,19}$/),
  type: z.string(),
  transaction_successful: z.boolean(),
  created_at: z.string(),
  to: z.string().optional(),
  from: z.string().optional(),
  amount: z.string().optional(),
  asset_code: z.string().optional(),
  asset_issuer: z.string().optional(),
  transaction: txSchema,
})
type Arrival = z.infer<typeof recordSchema>

/** Whose transfers are read; `cursor`: what this gave before, to go on after it; null: from the beginning. */
export interface VaultHistory {
  vault: string
  asset: Asset
  cursor: bigint | null
}

/**
 * Transfers of the asset to the vault, page by page, each with the cursor to go on from: what it gives is whole, so that who stops there and
 * goes on later misses nothing and gets nothing twice. What one transaction brings in several payments is one transfer. What the vault pays
 * itself is none. Throws AppError stellar.*, cancelled.
 */
export async function* readVaultPages(
  horizon: Horizon,
  { vault, asset, cursor }: VaultHistory,
  options?: AskOptions,
): AsyncGenerator<{ transfers: VaultTransfer[]; cursor: bigint | null }> {
  const list = { path: `/accounts/${vault}/payments`, query: { join: 'transactions' }, record: recordSchema, cursor }
  /** the last transaction, of which the next page may bring more, and the last record before it */
  let open = null as { hash: string; transfer: VaultTransfer | null; before: bigint | null } | null
  let last = cursor
  for await (const page of readPages(horizon, list, options)) {
    const transfers: VaultTransfer[] = []
    for (const record of page.records) {
      const { hash } = record.transaction
      if (open?.hash !== hash) {
        if (open?.transfer) transfers.push(open.transfer)
        open = { hash, transfer: null, before: last }
      }
      last = BigInt(record.paging_token)
      if (isArrival(record, vault, asset)) open.transfer = added(horizon, open.transfer, record)
    }
    if (open) yield { transfers, cursor: open.before }
  }
  if (open) yield { transfers: open.transfer ? [open.transfer] : [], cursor: last }
}

/** The same in one go, with the cursor to go on from. Throws AppError stellar.*, cancelled. */
export async function readVaultTransfers(
  horizon: Horizon,
  history: VaultHistory,
  options?: AskOptions,
): Promise<{ transfers: VaultTransfer[]; cursor: bigint | null }> {
  const all: VaultTransfer[] = []
  let last = history.cursor
  for await (const { transfers, cursor } of readVaultPages(horizon, history, options)) {
    all.push(...transfers)
    last = cursor
  }
  return { transfers: all, cursor: last }
}

function isArrival(record: Arrival, vault: string, asset: Asset): boolean {
  const { type, to, from, transaction_successful: isSuccessful, asset_code: code, asset_issuer: issuer } = record
  return arrivals.has(type) && isSuccessful && to === vault && from !== vault && code === asset.code && issuer === asset.issuer
}

/** The transfer with one more of its payments. */
function added(horizon: Horizon, known: VaultTransfer | null, record: Arrival): VaultTransfer {
  const tx = txOf(horizon, record.transaction)
  const amountUnits = unitsFromTft(record.amount ?? '')
  const ts = tsFromUtc(record.created_at)
  if (amountUnits === null || ts === null || ts !== tx.ts)
    throw new AppError(
      'stellar.answer',
      `What Horizon at ${horizon.url} says of the payments to the vault makes no sense. Use another one.`,
      {
        details: { url: horizon.url, tx: tx.hash },
      },
    )
  return { tx: tx.hash, ts, amountUnits: (known?.amountUnits ?? 0n) + amountUnits, memo: tx.memoHash, note: '' }
}

/** A transfer to the vault; `memo`: the mint's id in mode per-mint; null: none. Throws AppError usage. */
export function buildVaultTransfer(plan: Omit<PaymentPlan, 'payee' | 'memoHash'> & { vault: string; memo: string | null }): Built {
  const { vault, memo, ...rest } = plan
  return buildPayment({ ...rest, payee: vault, memoHash: memo })
}
