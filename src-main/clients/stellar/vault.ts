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

/**
 * Transfers of the asset to the vault, from after `cursor` (which this gave before; null: from the beginning), and the cursor to go on
 * from. What one transaction brings in several payments is one transfer. What the vault pays itself is none. Throws AppError stellar.*,
 * cancelled.
 */
export async function readVaultTransfers(
  horizon: Horizon,
  { vault, asset, cursor }: { vault: string; asset: Asset; cursor: bigint | null },
  options?: AskOptions,
): Promise<{ transfers: VaultTransfer[]; cursor: bigint | null }> {
  const list = { path: `/accounts/${vault}/payments`, query: { join: 'transactions' }, record: recordSchema, cursor }
  const byTx = new Map<string, VaultTransfer>()
  let last = cursor
  for await (const page of readPages(horizon, list, options)) {
    for (const record of page.records) if (isArrival(record, vault, asset)) add(horizon, byTx, record)
    last = page.cursor
  }
  return { transfers: [...byTx.values()], cursor: last }
}

function isArrival(record: Arrival, vault: string, asset: Asset): boolean {
  const { type, to, from, transaction_successful: isSuccessful, asset_code: code, asset_issuer: issuer } = record
  return arrivals.has(type) && isSuccessful && to === vault && from !== vault && code === asset.code && issuer === asset.issuer
}

function add(horizon: Horizon, byTx: Map<string, VaultTransfer>, record: Arrival): void {
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
  const known = byTx.get(tx.hash)
  if (known) known.amountUnits += amountUnits
  else byTx.set(tx.hash, { tx: tx.hash, ts, amountUnits, memo: tx.memoHash, note: '' })
}

/** A transfer to the vault for one mint, its id as memo (mode per-mint). Throws AppError usage. */
export function buildVaultTransfer(plan: Omit<PaymentPlan, 'payee' | 'memoHash'> & { vault: string; mintId: string }): Built {
  const { vault, mintId, ...rest } = plan
  return buildPayment({ ...rest, payee: vault, memoHash: mintId })
}
