import { expect, test } from 'vitest'
import { type Escrow, holdEscrow, releaseEscrow } from '../../src-main/engines/payments/escrow.ts'
import { planPayment, quotePayment } from '../../src-main/engines/payments/payment.ts'
import { askForPayment, fulfilRequest } from '../../src-main/engines/payments/request.ts'
import { feeBps, readVectors, refusalOf, vectorUnits } from '../helpers/economy.ts'

/* Payments and escrow against the vectors of the specification. */

interface PaymentVector {
  balance: string
  amount: string
  fee?: string
  debited?: string
  recipient_gets?: string
  balance_after?: string
  error?: string
}
interface EscrowVector {
  state: Escrow['state']
  by: 'buyer' | 'seller'
  to?: string
  funds?: string
  error?: string
}
const vectors = readVectors<{ payments: PaymentVector[]; routes: { case: string; error: string }[]; escrow: EscrowVector[] }>('payment')
const order = { from: 'buyer', to: 'seller', amountUnits: vectorUnits('12.5') }

test.each(vectors.payments)('a payment of $amount out of $balance', vector => {
  const paid = { from: 'ann', to: 'bob', amountUnits: vectorUnits(vector.amount) }
  const availableUnits = vectorUnits(vector.balance)
  if (vector.fee) expect(quotePayment(paid, feeBps).feeUnits).toBe(vectorUnits(vector.fee))
  if (vector.error) return expect(refusalOf(() => planPayment(paid, availableUnits, feeBps))).toBe(vector.error)
  const plan = planPayment(paid, availableUnits, feeBps)
  expect(plan.debitedUnits).toBe(vectorUnits(vector.debited!))
  expect(plan.amountUnits).toBe(vectorUnits(vector.recipient_gets!))
  expect(availableUnits - plan.debitedUnits).toBe(vectorUnits(vector.balance_after!))
})

test('requests and escrows that are unknown, over or of others', () => {
  const errorOf = (about: string) => vectors.routes.find(route => route.case.startsWith(about))?.error
  const request = askForPayment({ from: 'ann', to: 'bob', amountUnits: 1n })
  const fulfilled = fulfilRequest(request, 'ann')
  expect(fulfilled.state).toBe('fulfilled')
  for (const work of [() => fulfilRequest(request, 'bob'), () => fulfilRequest(fulfilled, 'ann'), () => fulfilRequest(null, 'ann')])
    expect(refusalOf(work)).toBe(errorOf('fulfil'))
  expect(refusalOf(() => releaseEscrow(null, 'buyer'))).toBe(errorOf('release unknown'))
  const { escrow } = releaseEscrow(holdEscrow(order, order.amountUnits * 2n, feeBps).escrow, 'buyer')
  expect(refusalOf(() => releaseEscrow(escrow, 'buyer'))).toBe(errorOf('release twice'))
  expect(vectors.routes).toHaveLength(3)
})

test.each(vectors.escrow)('an escrow that is $state, let go by the $by', vector => {
  const escrow = { ...holdEscrow(order, order.amountUnits * 2n, feeBps).escrow, state: vector.state }
  if (vector.error) return expect(refusalOf(() => releaseEscrow(escrow, vector.by))).toBe(vector.error)
  const end = releaseEscrow(escrow, vector.by)
  expect(end.escrow.state).toBe(vector.to)
  // the vectors say in prose: back to buyer
  expect(vector.funds).toBe('back to buyer')
  expect(end).toMatchObject({ toSellerUnits: 0n, toBuyerUnits: order.amountUnits + escrow.feeUnits, feeUnits: 0n })
})
