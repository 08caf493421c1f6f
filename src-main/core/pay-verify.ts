import { type PaymentState, paymentCountsText } from '../../src-shared/payment.ts'
import { type Due, judgePayment, readPayments } from '../jobs/compare/payments.ts'
import type { JobContext } from '../jobs/context.ts'
import { horizonOf } from '../jobs/pay/plan.ts'
import { loadNodeRows, storedPeriod } from '../store/index.ts'
import { loadDecisions } from '../store/mint-decisions.ts'
import { retriesInRuns, savePayments } from '../store/payment-checks.ts'
import { subjectOf } from '../store/runs.ts'
import { payConfigOf } from './pay-config.ts'
import { onShown, type PayRoom } from './pay-room.ts'
import type { Note } from './pay-work.ts'

type Owed = Omit<Due, 'family'> & { startTs: number }

/** What a period (null: the decided mints) owes, as one's own results have it. Throws AppError not-found. */
function owedOf({ books, mints }: PayRoom, network: string, period: number | null): Owed[] {
  const { store } = mints.active()
  if (period === null)
    // to whom a mint goes the chain says, and that changes: it is not in the record
    return loadDecisions(books, network).flatMap(({ mintId, startTs, decision: { decided } }) =>
      decided ? [{ hash: mintId, address: null, units: decided.amountUnits, startTs }] : [],
    )
  const { start } = storedPeriod(store, period)
  return loadNodeRows(store, period).map(({ hash, payoutAddress, rewardUnits }) => ({
    hash,
    address: payoutAddress,
    units: rewardUnits,
    startTs: start,
  }))
}

/**
 * Looks on Stellar for the payment of every receipt of a period (null: of the decided mints), whoever paid it, and keeps what was found. Gives
 * that in words. Rejects with AppError pay.refused, not-found, stellar.*, cancelled: then what was found before stays.
 */
export async function verifyPayout(
  room: PayRoom,
  network: string,
  period: number | null,
  context: JobContext,
  note: Note,
): Promise<string> {
  onShown(room, network)
  const { books } = room
  const { config } = payConfigOf(room, network)
  const horizon = horizonOf(config)
  const owed = owedOf(room, network, period)
  if (owed.length === 0) return 'There is no receipt to look for.'
  const family = new Map<string, Due['family'][number][]>()
  for (const { receipt, origin } of retriesInRuns(books, network))
    family.set(origin, [...(family.get(origin) ?? []), { hash: receipt, isRetry: true }])
  const fromTs = owed.reduce((least, { startTs }) => Math.min(least, startTs), Number.POSITIVE_INFINITY)
  const history = await readPayments(horizon, { network, config, fromTs }, context)
  const found = owed.map(due => [due.hash, judgePayment(history, { ...due, family: family.get(due.hash) ?? [] })] as const)
  const counts: Partial<Record<PaymentState, number>> = {}
  for (const [, { state }] of found) counts[state] = (counts[state] ?? 0) + 1
  const subject = subjectOf({ period })
  note('pay.verified', subject, { network, period, ...counts, untilTs: history.read.untilTs }, () =>
    savePayments(books, { network, subject, ledger: history.read }, found),
  )
  return `${paymentCountsText(counts)}.`
}
