import { refuse } from '../../../src-shared/treasury/refusals.ts'
import { type PaymentOrder, type PaymentPlan, planPayment } from './payment.ts'

/**
 * A payment that waits: `from` is the buyer, `to` the seller. Its amount and fee are locked with the buyer while it is held. The fee is taken
 * only if the payment comes about: a buyer who is refunded has everything back.
 */
export interface Escrow extends PaymentOrder {
  feeUnits: bigint
  state: 'held' | 'released' | 'refunded'
}

/** Who lets go of an escrow and what then moves, out of the buyer's locked `amountUnits` + `feeUnits`. */
export interface EscrowEnd {
  escrow: Escrow
  toSellerUnits: bigint
  toBuyerUnits: bigint
  feeUnits: bigint
}

/**
 * An escrow, and what its buyer has to lock: amount and fee.
 * @throws `payments.amount`, `payments.self`, `tokens.balance`
 */
export function holdEscrow(order: PaymentOrder, availableUnits: bigint, feeBps: number): { escrow: Escrow; plan: PaymentPlan } {
  const plan = planPayment(order, availableUnits, feeBps)
  const { from, to, amountUnits } = order
  return { escrow: { from, to, amountUnits, feeUnits: plan.feeUnits, state: 'held' }, plan }
}

/**
 * Either side may only let go in favour of the other: the buyer's release pays the seller, the seller's refunds the buyer.
 * @param escrow null where there is none of that id
 * @throws `payments.escrow`, `payments.escrow-owner`, `payments.escrow-state`
 */
export function releaseEscrow(escrow: Escrow | null, actor: string): EscrowEnd {
  if (!escrow) throw refuse('payments.escrow')
  if (actor !== escrow.from && actor !== escrow.to) throw refuse('payments.escrow-owner')
  if (escrow.state !== 'held') throw refuse('payments.escrow-state')
  const { amountUnits, feeUnits } = escrow
  return actor === escrow.from
    ? { escrow: { ...escrow, state: 'released' }, toSellerUnits: amountUnits, toBuyerUnits: 0n, feeUnits }
    : { escrow: { ...escrow, state: 'refunded' }, toSellerUnits: 0n, toBuyerUnits: amountUnits + feeUnits, feeUnits: 0n }
}
