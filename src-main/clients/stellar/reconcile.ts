import { AppError } from '../../../src-shared/errors.ts'
import { loadAccount, loadClock } from './accounts.ts'
import { isSameAsset } from './envelope.ts'
import { findByHash, findBySequence } from './history.ts'
import type { AskOptions, Horizon } from './horizon.ts'
import type { Asset, EnvelopeFacts, StellarTx } from './types.ts'

/**
 * What became of an envelope for good, as far as the ledger shows.
 * - applied, failed: it stands in a ledger
 * - replaced: another transaction used its number, so it never can
 * - expired: a ledger closed after its latest time without it; `isNumberUsed`: its number is used or passed over all the same
 * - open: it may still come
 */
export type Verdict =
  | { state: 'applied' | 'failed'; tx: StellarTx }
  | { state: 'replaced'; by: StellarTx }
  | { state: 'expired'; ledger: number; closeTs: number; isNumberUsed: boolean }
  | { state: 'open'; closeTs: number; why: string }

/**
 * How long after its bounds an envelope counts as expired where Horizon does not say of which ledger its answers are. Behind one address
 * may stand several servers, of which one lags: Horizon itself refuses to answer when it is further behind than a few minutes.
 */
export const LAG_SEC = 600

/**
 * What became of an envelope. A transaction that is found is proof by itself. That it never comes is said only of an answer about its
 * source account that is no older than a ledger which closed after its latest time, and where the account has not used the number; what
 * lags behind proves nothing. Throws AppError stellar.*, cancelled: then it is unknown.
 */
export async function verdictOf(horizon: Horizon, facts: EnvelopeFacts, options?: AskOptions): Promise<Verdict> {
  const { source, sequence, maxTime } = facts
  const signed = facts.innerHash ?? facts.hash
  const found = await findByHash(horizon, signed, options)
  if (found) return stands(found)
  const clock = await loadClock(horizon, options)
  const account = await loadAccount(horizon, source, options)
  const { ledger, closeTs } = clock
  const isPast = maxTime > 0 && closeTs > maxTime
  const isLongPast = maxTime > 0 && closeTs > maxTime + LAG_SEC
  const open = (why: string): Verdict => ({ state: 'open', closeTs, why })
  if (account && account.sequence < sequence) {
    const isNew = account.ledger === null ? isLongPast : account.ledger >= ledger
    if (isPast && isNew) return { state: 'expired', ledger, closeTs, isNumberUsed: false }
    return open(isPast ? 'Horizon lags behind' : 'it may still go into a ledger')
  }
  const user = account ? await findBySequence(horizon, { source, sequence }, options) : null
  if (user) return user.hash === signed || user.innerHash === signed ? stands(user) : { state: 'replaced', by: user }
  if (isLongPast) return { state: 'expired', ledger, closeTs, isNumberUsed: true }
  return open(account ? 'its number is used, and Horizon does not show yet by what' : 'Horizon does not know its source account')
}

function stands(tx: StellarTx): Verdict {
  return { state: tx.successful ? 'applied' : 'failed', tx }
}

export interface ExpectedPayment {
  from: string
  to: string
  asset: Asset
  amountUnits: bigint
  memoHash: string
}

export type PaymentDifference = 'failed' | 'payer' | 'payee' | 'asset' | 'amount' | 'memo' | 'operations'

/** In what a transaction that stands in a ledger is not the payment that was due; empty: it is. */
export function comparePayment(tx: StellarTx, expected: ExpectedPayment): PaymentDifference[] {
  const differences: PaymentDifference[] = []
  if (!tx.successful) differences.push('failed')
  if (tx.memoHash !== expected.memoHash) differences.push('memo')
  const payment = tx.payments[0]
  if (!payment || tx.payments.length > 1 || tx.otherOperations.length > 0) return [...differences, 'operations']
  if (payment.from !== expected.from) differences.push('payer')
  if (payment.to !== expected.to) differences.push('payee')
  if (!isSameAsset(payment.asset, expected.asset)) differences.push('asset')
  if (payment.amountUnits !== expected.amountUnits) differences.push('amount')
  return differences
}

export interface FollowOptions extends AskOptions {
  /** between two looks, milliseconds; a ledger takes some five seconds */
  everyMs?: number
  /** gives up after so many looks with what it knows by then */
  most?: number
}

/**
 * Looks for an envelope until it is settled. A Horizon that doesn't answer for a while is asked on. Throws AppError cancelled, and what no
 * waiting mends (stellar.answer, stellar.network).
 */
export async function follow(horizon: Horizon, facts: EnvelopeFacts, options: FollowOptions = {}): Promise<Verdict | null> {
  const { everyMs = 2_500, most = Number.POSITIVE_INFINITY, signal } = options
  let last: Verdict | null = null
  for (let look = 1; look <= most; look++) {
    try {
      last = await verdictOf(horizon, facts, { signal })
      if (last.state !== 'open') return last
    } catch (error) {
      if (!(error instanceof AppError) || !error.retryable) throw error
    }
    if (look === most) break
    await horizon.sleep(everyMs, signal).catch(() => {
      throw new AppError('cancelled', 'Stopped on request.')
    })
  }
  return last
}
