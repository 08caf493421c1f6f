import type { PayConfig } from '../../../src-shared/pay.ts'
import type { LedgerRead } from '../../../src-shared/payment.ts'
import type { Horizon } from '../../clients/stellar/horizon.ts'
import type { StellarTx } from '../../clients/stellar/types.ts'
import type { StoredStray } from '../../store/stray-payments.ts'
import { readHistory } from '../compare/payments.ts'
import type { JobContext } from '../context.ts'

/** The newest that are kept. */
const KEPT = 1_000

/**
 * What the payer paid since `fromTs` (seconds) under memos that `isKnown` does not know, newest first. Throws AppError stellar.*, cancelled;
 * where Stellar stops answering on the way, what was read stands with the reason (jobs/compare/payments.ts).
 */
export async function readStrays(
  horizon: Horizon,
  ask: { network: string; config: PayConfig; fromTs: number; isKnown: (memo: string) => boolean },
  context: JobContext,
): Promise<{ ledger: LedgerRead; found: StoredStray[] }> {
  const { network, config, fromTs, isKnown } = ask
  const found: StoredStray[] = []
  const ledger = await readHistory(
    horizon,
    { network, accounts: [config.payer], fromTs },
    tx => {
      if (tx.successful && (tx.memoHash === null || !isKnown(tx.memoHash))) found.push(...doneBy(config.payer, tx))
    },
    context,
  )
  return { ledger, found: found.reverse().slice(0, KEPT) }
}

/** What an account did in a transaction. An operation that only uses a number up moves nothing. */
function doneBy(payer: string, { hash: tx, ts, source, memoHash: memo, payments, otherOperations }: StellarTx): StoredStray[] {
  const paid = payments
    .filter(({ from }) => from === payer)
    .map(({ to: payee, amountUnits, asset }) => ({ tx, ts, payee, amountUnits, asset, memo, operation: 'payment' }))
  if (source !== payer) return paid
  const others = otherOperations.filter(operation => operation !== 'bumpSequence')
  return [...paid, ...others.map(operation => ({ tx, ts, payee: '', amountUnits: null, asset: null, memo, operation }))]
}
