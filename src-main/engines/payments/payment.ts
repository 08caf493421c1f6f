import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import { shareUnits } from '../../../src-shared/treasury/shares.ts'

/** Who pays whom how much, in base units of the token. */
export interface PaymentOrder {
  from: string
  to: string
  amountUnits: bigint
}

/** `debitedUnits` = `amountUnits` (all of it reaches the recipient) + `feeUnits`. */
export interface PaymentPlan {
  amountUnits: bigint
  feeUnits: bigint
  debitedUnits: bigint
}

/** A payment as its hash covers it. */
export interface PaymentRecord {
  id: string
  from: string
  to: string
  token: string
  amountUnits: bigint
  feeUnits: bigint
  /** seconds */
  ts: number
  memo: string
}

/**
 * What a payment costs: the fee is a share of the amount, rounded down, on top of it (tokenomics.md, Payments: 0.1 %, 10 basis points).
 * @throws `payments.amount`, `payments.self`
 */
export function quotePayment(order: PaymentOrder, feeBps: number): PaymentPlan {
  const plan = quoteAmount(order.amountUnits, feeBps)
  if (order.from === order.to) throw refuse('payments.self')
  return plan
}

/**
 * What it costs to pay an amount, whoever pays whom.
 * @throws `payments.amount`
 */
export function quoteAmount(amountUnits: bigint, feeBps: number): PaymentPlan {
  if (amountUnits <= 0n) throw refuse('payments.amount')
  const feeUnits = shareUnits(amountUnits, feeBps)
  return { amountUnits, feeUnits, debitedUnits: amountUnits + feeUnits }
}

/**
 * A payment that the payer's available balance covers with its fee.
 * @throws as `quotePayment`, and `tokens.balance`
 */
export function planPayment(order: PaymentOrder, availableUnits: bigint, feeBps: number): PaymentPlan {
  const plan = quotePayment(order, feeBps)
  if (plan.debitedUnits > availableUnits) throw refuse('tokens.balance')
  return plan
}

/** SHA-256, in hex, of a payment's canonical record. */
export function paymentHash(record: PaymentRecord): string {
  return bytesToHex(sha256(utf8ToBytes(canonicalPayment(record))))
}

/**
 * A payment's canonical record: the JSON array `["granary-payment-v1",id,from,to,token,amount,fee,time,memo]` without spaces, amount and fee
 * in base units as decimal text, the time as ISO-8601 UTC with milliseconds. Its hash covers its UTF-8 bytes.
 */
export function canonicalPayment(record: PaymentRecord): string {
  const { id, from, to, token, amountUnits, feeUnits, ts, memo } = record
  const time = new Date(ts * 1000).toISOString()
  return JSON.stringify(['granary-payment-v1', id, from, to, token, amountUnits.toString(), feeUnits.toString(), time, memo])
}
