import { refuse } from '../../../src-shared/treasury/refusals.ts'
import { type PaymentOrder, quotePayment } from './payment.ts'

/** A request for payment: `from` is asked to pay, `to` asks and would get the amount. */
export interface PaymentRequest extends PaymentOrder {
  state: 'pending' | 'fulfilled' | 'cancelled'
}

/**
 * A new request, refused where the payment that it asks for would be.
 * @throws `payments.amount`, `payments.self`
 */
export function askForPayment({ from, to, amountUnits }: PaymentOrder): PaymentRequest {
  quotePayment({ from, to, amountUnits }, 0)
  return { from, to, amountUnits, state: 'pending' }
}

/**
 * The request as fulfilled by the one who was asked; its payment itself is `planPayment(request, …)`.
 * @param request null where there is none of that id
 * @throws `payments.request`: not the addressee, not pending, or unknown
 */
export function fulfilRequest(request: PaymentRequest | null, actor: string): PaymentRequest {
  if (request?.state !== 'pending' || request.from !== actor) throw refuse('payments.request')
  return { ...request, state: 'fulfilled' }
}

/**
 * The request as taken back by the one who asked.
 * @throws `payments.request`: another's, not pending, or unknown
 */
export function cancelRequest(request: PaymentRequest | null, actor: string): PaymentRequest {
  if (request?.state !== 'pending' || request.to !== actor) throw refuse('payments.request')
  return { ...request, state: 'cancelled' }
}
