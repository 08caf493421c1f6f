import { AppError, toAppError } from '../../../src-shared/errors.ts'
import { tftExact } from '../../../src-shared/money.ts'
import type { PayConfig } from '../../../src-shared/pay.ts'
import type { FoundPayment, LedgerRead } from '../../../src-shared/payment.ts'
import { formatUtc } from '../../../src-shared/time.ts'
import { endpointName } from '../../../src-shared/verify.ts'
import { checkNetwork, loadAccount, loadClock, loadElder } from '../../clients/stellar/accounts.ts'
import { readTransactions } from '../../clients/stellar/history.ts'
import type { Horizon } from '../../clients/stellar/horizon.ts'
import { comparePayment, type PaymentDifference } from '../../clients/stellar/reconcile.ts'
import type { StellarTx } from '../../clients/stellar/types.ts'
import type { JobContext } from '../context.ts'
import { historyStart } from '../pay/ledger.ts'

/* Receipts against the histories of payer and issuer: was each paid, exactly once, as it says. */

/** What should be paid. */
export interface Due {
  /** the receipt's hash, or the mint's id: the payment's memo */
  hash: string
  /** null: the record does not say to which account */
  address: string | null
  units: bigint
  /** hashes of the receipts that stand for the same: the unpaid one of a retry, and retries */
  family: readonly { hash: string; isRetry: boolean }[]
}

export interface PaymentHistory {
  read: LedgerRead
  /** transactions with this memo that payer or issuer made, oldest first */
  find(memo: string): readonly StellarTx[]
  config: PayConfig
}

/** Reads what payer and issuer did since `fromTs` (seconds). Throws as readHistory does. */
export async function readPayments(
  horizon: Horizon,
  { network, config, fromTs }: { network: string; config: PayConfig; fromTs: number },
  context: JobContext,
): Promise<PaymentHistory> {
  const accounts = [...new Set([config.payer, config.issuer])]
  const byMemo = new Map<string, Map<string, StellarTx>>()
  const keep = (tx: StellarTx) => {
    if (tx.memoHash !== null && isBy(tx, accounts)) seen(byMemo, tx.memoHash).set(tx.hash, tx)
  }
  const read = await readHistory(horizon, { network, accounts, fromTs }, keep, context)
  const find = (memo: string) => [...(byMemo.get(memo)?.values() ?? [])].sort((a, b) => (a.token < b.token ? -1 : 1))
  return { read, find, config }
}

/**
 * Reads the transactions of accounts since `fromTs` (seconds), page by page, one that concerns several of them several times. Where Stellar stops
 * answering on the way, what was read stands with the reason; before that it throws AppError stellar.*; also cancelled.
 */
export async function readHistory(
  horizon: Horizon,
  { network, accounts, fromTs }: { network: string; accounts: string[]; fromTs: number },
  each: (tx: StellarTx) => void,
  { signal, onProgress }: JobContext,
): Promise<LedgerRead> {
  await checkNetwork(horizon, { signal })
  const clock = await loadClock(horizon, { signal })
  const elder = await loadElder(horizon, { signal })
  const read: LedgerRead = {
    network,
    horizon: endpointName(horizon.url),
    accounts,
    fromTs,
    untilTs: clock.closeTs,
    transactions: 0,
    problem:
      elder.closeTs > fromTs && !elder.isFirst
        ? `Horizon keeps history from ${formatUtc(elder.closeTs)} on only. Ask one that keeps more.`
        : null,
  }
  for (const account of accounts) {
    let reachedTs = fromTs
    try {
      if (!(await loadAccount(horizon, account, { signal }))) continue
      let cursor = await historyStart(horizon, account, fromTs, { signal })
      // the end is asked for once more: who answered it may have lagged behind
      for (let pass = 0; pass < 2; pass++)
        for await (const page of readTransactions(horizon, { account, cursor }, { signal })) {
          cursor = page.cursor
          for (const tx of page.txs) {
            read.transactions++
            reachedTs = tx.ts
            each(tx)
          }
          onProgress?.({ fraction: null, detail: `payments read to ${formatUtc(reachedTs)}`, secondsLeft: null })
        }
    } catch (cause) {
      const error = toAppError(cause)
      if (!error.retryable) throw error
      read.untilTs = Math.min(read.untilTs, reachedTs)
      read.problem ??= error.message
    }
  }
  return read
}

function seen(byMemo: Map<string, Map<string, StellarTx>>, memo: string): Map<string, StellarTx> {
  const known = byMemo.get(memo)
  if (known) return known
  const made = new Map<string, StellarTx>()
  byMemo.set(memo, made)
  return made
}

/** Anybody can send these accounts something under any memo: what they did themselves counts, in whatever way. */
function isBy({ source, payments, otherOperations }: StellarTx, accounts: readonly string[]): boolean {
  return payments.some(({ from }) => accounts.includes(from)) || (otherOperations.some(mayPay) && accounts.includes(source))
}

/** Operations that can bring an account the asset, or take it, beside a payment. */
function mayPay(operation: string): boolean {
  return operation !== 'bumpSequence'
}

/** Says of one receipt whether it was paid. */
export function judgePayment(history: PaymentHistory, due: Due): FoundPayment {
  const { read } = history
  const own = history.find(due.hash)
  const paid = own.filter(({ successful }) => successful)
  const others = due.family.flatMap(({ hash, isRetry }) =>
    history
      .find(hash)
      .filter(({ successful }) => successful)
      .map(tx => ({ tx, isRetry })),
  )
  const all = [...paid, ...others.map(({ tx }) => tx)].sort((a, b) => (a.token < b.token ? -1 : 1))
  const txs = all.map(({ hash: tx, ts }) => ({ tx, ts }))
  const say = (state: FoundPayment['state'], why = ''): FoundPayment => ({ state, txs, why })
  if (all.length > 1) return say('twice', `${all.map(({ hash, ts }) => `${formatUtc(ts)} in ${hash}`).join(', and ')}.`)
  if (all[0] && due.units === 0n) return say('wrong', 'Nothing is due for it.')
  if (paid[0]) return judgeOne(history, due, paid[0], say)
  if (others[0]) {
    if (others[0].isRetry) return read.problem === null ? say('paid', 'By its retry.') : say('not-known', untilText(read))
    return say('wrong', 'The receipt that it stands for was paid, so it must not be.')
  }
  if (read.problem !== null) return say('not-known', untilText(read))
  if (due.units === 0n) return say('nothing-due')
  const failed = own.at(-1)
  return say(
    'not-paid',
    failed
      ? `Its payment failed on Stellar, ${failed.codes.operations.join(', ') || failed.codes.transaction}, in ${failed.hash}.`
      : `On no transaction until ${formatUtc(read.untilTs)}.`,
  )
}

function judgeOne(
  { read, config }: PaymentHistory,
  { hash, address, units }: Due,
  tx: StellarTx,
  say: (state: FoundPayment['state'], why?: string) => FoundPayment,
): FoundPayment {
  const payment = tx.payments.find(({ from }) => read.accounts.includes(from))
  const expected = {
    from: payment?.from ?? config.payer,
    to: address ?? payment?.to ?? '',
    asset: { code: config.assetCode, issuer: config.issuer },
    amountUnits: units,
    memoHash: hash,
  }
  const differences = comparePayment(tx, expected)
  if (differences.length > 0) return say('wrong', differences.map(difference => differenceText(difference, tx, expected)).join(' '))
  // whether there is a second one is known only once all was read
  if (read.problem !== null) return say('not-known', untilText(read))
  return say('paid', address === null ? 'The record names no account, so to whom was not checked.' : '')
}

function differenceText(
  difference: PaymentDifference,
  { payments: [payment] }: StellarTx,
  { to, asset, amountUnits }: { to: string; asset: { code: string; issuer: string }; amountUnits: bigint },
): string {
  if (difference === 'payee') return `It went to ${payment?.to}, not to ${to === '' ? 'nobody, as the receipt says' : to}.`
  if (difference === 'amount') return `It is of ${tftExact(payment?.amountUnits ?? 0n)}, not of ${tftExact(amountUnits)}.`
  if (difference === 'asset') {
    const paid = payment?.asset ? `${payment.asset.code} of ${payment.asset.issuer}` : 'lumens'
    return `It is in ${paid}, not in ${asset.code} of ${asset.issuer}.`
  }
  if (difference === 'operations') return 'Its transaction does something else than one payment.'
  throw new AppError('internal', `A payment that was found by its memo and payer differs in them (${difference}).`)
}

function untilText({ problem, untilTs }: LedgerRead): string {
  return `History was read only until ${formatUtc(untilTs)}. ${problem}`
}
