import { z } from 'zod'
import type { PayoutPlan, PlanRow } from '../../../src-shared/pay.ts'
import { tsFromUtc } from '../../../src-shared/time.ts'
import { buildBump, buildPayment } from '../../clients/stellar/build.ts'
import { txSchema } from '../../clients/stellar/history.ts'
import type { AskOptions, Horizon } from '../../clients/stellar/horizon.ts'
import type { Built, StellarTx } from '../../clients/stellar/types.ts'
import type { LedgerTx } from '../../engines/payout-plan/row.ts'
import type { Replacement } from '../../engines/payout-plan/run.ts'

/** The first envelope of a row: its bytes follow from the plan alone. Throws AppError usage. */
export function planEnvelope(plan: PayoutPlan, row: PlanRow): Built {
  return paymentEnvelope(plan, row, { minTs: row.minTs, maxTs: row.maxTs, feeStroops: plan.feeStroops })
}

/** An envelope that takes the place of another one, under the row's own number. Throws AppError usage. */
export function replacementEnvelope(plan: PayoutPlan, replacement: Replacement): Built {
  const row = plan.rows[replacement.place]!
  if (replacement.kind === 'payment') return paymentEnvelope(plan, row, replacement)
  return buildBump(frame(plan, row, replacement))
}

type Terms = Pick<Replacement, 'minTs' | 'maxTs' | 'feeStroops'>

function paymentEnvelope(plan: PayoutPlan, row: PlanRow, terms: Terms): Built {
  const { payer, assetCode: code, issuer } = plan
  const { payee, amountUnits, receipt: memoHash } = row
  return buildPayment({ ...frame(plan, row, terms), payer, payee, asset: { code, issuer }, amountUnits, memoHash })
}

function frame({ passphrase }: PayoutPlan, { channel: source, sequence }: PlanRow, { minTs: minTime, maxTs: maxTime, feeStroops }: Terms) {
  return { passphrase, source, sequence, minTime, maxTime, feeStroops: BigInt(feeStroops) }
}

/** A transaction of the ledger as rows look at it. */
export function ledgerTx(tx: StellarTx): LedgerTx {
  const [payment, ...others] = tx.payments
  const isPayment = payment?.asset && others.length === 0 && tx.otherOperations.length === 0
  return {
    hash: tx.innerHash ?? tx.hash,
    successful: tx.successful,
    ledger: tx.ledger,
    ts: tx.ts,
    source: tx.source,
    sequence: tx.sequence,
    memo: tx.memoHash,
    payment: isPayment
      ? {
          from: payment.from,
          to: payment.to,
          assetCode: payment.asset!.code,
          issuer: payment.asset!.issuer,
          amountUnits: payment.amountUnits,
        }
      : null,
  }
}

const pageSchema = z.object({
  _embedded: z.object({ records: z.array(txSchema.pick({ paging_token: true, created_at: true })) }),
})

/**
 * Where in an account's history to begin: the token of a transaction from before `floorTs` (seconds); null: with its first. What is older
 * can't be a payment of a receipt that did not exist yet. Throws AppError stellar.*, cancelled.
 */
export async function historyStart(horizon: Horizon, account: string, floorTs: number, options?: AskOptions): Promise<bigint | null> {
  let cursor: bigint | null = null
  for (;;) {
    const query: Record<string, string> = { order: 'desc', limit: '200', include_failed: 'true' }
    if (cursor !== null) query.cursor = String(cursor)
    const answer = await horizon.read(`/accounts/${account}/transactions`, query, pageSchema, options)
    const page: { token: bigint; ts: number }[] = (answer?.value._embedded.records ?? []).map(record => ({
      token: BigInt(record.paging_token),
      ts: tsFromUtc(record.created_at) ?? Number.POSITIVE_INFINITY,
    }))
    const older = page.filter(({ ts }) => ts < floorTs).sort((a, b) => (a.token > b.token ? -1 : 1))
    if (older[0]) return older[0].token
    const before: bigint | null = cursor
    const next: bigint | null = page.filter(({ token }) => before === null || token < before).reduce<bigint | null>(least, before)
    if (next === before) return null
    cursor = next
  }
}

function least(found: bigint | null, { token }: { token: bigint }): bigint {
  return found === null || token < found ? token : found
}
