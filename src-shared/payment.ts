import { z } from 'zod'
import { group } from './money.ts'
import { formatUtc } from './time.ts'

/* Whether receipts were paid on Stellar: what was found for each, how that was read, and both in words. */

/**
 * paid: exactly once, and all agrees. twice: more than once, retries counted. wrong: it stands there otherwise than it should. not-paid: on no
 * transaction that was read, and all were. not-known: not all could be read. nothing-due: it pays nothing, and nothing was paid.
 */
export const paymentStates = ['paid', 'twice', 'wrong', 'not-paid', 'not-known', 'nothing-due'] as const
export const paymentStateSchema = z.enum(paymentStates)
export type PaymentState = z.infer<typeof paymentStateSchema>

export const foundPaymentSchema = z.object({
  state: paymentStateSchema,
  /** successful transactions of payer or issuer with its memo, or its retry's, oldest first */
  txs: z.array(z.object({ tx: z.string(), ts: z.number() })),
  /** what is wrong, or why it is not known, a sentence; empty where there is nothing to add */
  why: z.string(),
})
export type FoundPayment = z.infer<typeof foundPaymentSchema>

/** How Stellar was read. */
export const ledgerReadSchema = z.object({
  network: z.string(),
  /** without path */
  horizon: z.string(),
  /** whose transactions were read: payer and issuer */
  accounts: z.array(z.string()),
  /** from when on, and the close of the last ledger that all of it is known of; seconds */
  fromTs: z.number(),
  untilTs: z.number(),
  transactions: z.number(),
  /** why it does not reach as far as it should; null: it does */
  problem: z.string().nullable(),
})
export type LedgerRead = z.infer<typeof ledgerReadSchema>

export const paymentStateWords: Record<PaymentState, string> = {
  paid: 'paid',
  twice: 'paid twice',
  wrong: 'paid wrongly',
  'not-paid': 'not paid',
  'not-known': 'not known yet',
  'nothing-due': 'nothing due',
}

/** `93 paid, 2 not paid`, those that there are. */
export function paymentCountsText(counts: Partial<Record<PaymentState, number>>): string {
  return paymentStates.flatMap(state => (counts[state] ? [`${group(String(counts[state]))} ${paymentStateWords[state]}`] : [])).join(', ')
}

/** Whether it is wrong that it stands so. */
export function isPaymentWrong({ state }: Pick<FoundPayment, 'state'>): boolean {
  return state === 'twice' || state === 'wrong' || state === 'not-paid'
}

/** `paid 2024-12-03 10:00:05 UTC in 1a2b…`, with what there is to say of it. */
export function paymentText({ state, txs, why }: FoundPayment): string {
  const [first] = txs
  const where = first === undefined || state === 'twice' ? '' : ` ${formatUtc(first.ts)} in ${first.tx}`
  return `${paymentStateWords[state]}${where}${why === '' ? '' : `: ${why}`}`
}

/** What the payments rest on, a sentence each. */
export function ledgerReadText({ network, horizon, accounts, fromTs, untilTs, transactions, problem }: LedgerRead): string[] {
  const count = `${group(String(transactions))} transaction${transactions === 1 ? '' : 's'}`
  return [
    `Payments of network ${network}: ${count} of ${accounts.join(' and ')} were read, from ${formatUtc(fromTs)} to ${formatUtc(untilTs)}.`,
    ...(problem === null ? [] : [`Not all could be read: ${problem}`]),
    `Rests on the word of ${horizon} alone: that it left nothing out is not proven.`,
  ]
}
