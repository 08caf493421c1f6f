import type { PaymentKind } from '../../../src-shared/treasury/payments-table.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import { type EscrowEnd, holdEscrow, releaseEscrow } from '../../engines/payments/escrow.ts'
import { type PaymentOrder, paymentHash, planPayment } from '../../engines/payments/payment.ts'
import { balanceOf, findLedgerToken, type LedgerPart, type Posting, post, postAll } from '../../store/ledger.ts'
import { MIRRORED_TOKEN } from '../../store/tft-mirror.ts'
import {
  endEscrow,
  findEscrow,
  insertEscrow,
  insertPayment,
  nextPayment,
  type StoredEscrow,
  type StoredPayment,
} from '../../store/treasury-payments.ts'
import type { TreasuryContext } from './handlers.ts'

/* What payments and escrows move, inside a command's transaction (tokenomics.md, Payments). */

/** Where fees go. */
const FEES = 'fees'

export const paymentName = (number: number) => `pay-${number}`
export const requestName = (number: number) => `req-${number}`
export const escrowName = (number: number) => `esc-${number}`

export interface TokenPayment extends PaymentOrder {
  token: string
  memo: string
}

type Doing = Pick<TreasuryContext, 'books' | 'config' | 'doer' | 'nowTs'>

/** Throws AppError tokens.mirror, tokens.unknown: what nothing can be paid in. */
export function checkPayable({ books }: Pick<TreasuryContext, 'books'>, token: string): void {
  if (token === MIRRORED_TOKEN) throw refuse('tokens.mirror')
  if (!findLedgerToken(books, token)) throw refuse('tokens.unknown', { token: token.slice(0, 60) })
}

/**
 * Pays: the amount goes to the payee, the fee on top of it to the fees. Whoever calls it has checked the token.
 * Throws AppError payments.amount, payments.self, tokens.balance, ledger.refused.
 */
export function pay(doing: Doing, kind: Exclude<PaymentKind, 'escrow'>, payment: TokenPayment): StoredPayment {
  return keepPayments(doing, kind, [planPayments(doing, payment.from)(payment)], 'available')[0]!
}

/** A payment with its fee, on top of it. */
export type PlannedPayment = TokenPayment & { feeUnits: bigint }

/**
 * Plans one entity's payments in their turn, each by what those before it leave; nothing moves yet. Whoever calls it has checked the token.
 * Throws AppError payments.amount, payments.self, tokens.balance.
 */
export function planPayments({ books, config }: Doing, from: string): (payment: TokenPayment) => PlannedPayment {
  const left = new Map<string, bigint>()
  return payment => {
    const { token } = payment
    const availableUnits = left.get(token) ?? balanceOf(books, from, token).availableUnits
    const { amountUnits, feeUnits, debitedUnits } = planPayment({ ...payment, from }, availableUnits, config['payments.feeBps'])
    left.set(token, availableUnits - debitedUnits)
    return { ...payment, from, amountUnits, feeUnits }
  }
}

/** Pays what was planned, in its order. Throws AppError ledger.refused. */
export function payPlanned(doing: Doing, planned: readonly PlannedPayment[]): StoredPayment[] {
  return keepPayments(doing, 'direct', planned, 'available')
}

/** Posts payments out of that part of the payer's account, and keeps each under its hash. */
function keepPayments(
  { books, doer, nowTs: ts }: Doing,
  kind: PaymentKind,
  payments: readonly PlannedPayment[],
  part: LedgerPart,
): StoredPayment[] {
  const entries = postAll(
    books,
    payments.map(({ from, to, token, amountUnits, feeUnits, memo }) => ({
      kind: 'TRANSFER',
      ts,
      actor: doer,
      memo,
      postings: [
        { entity: from, token, part, amountUnits: -(amountUnits + feeUnits) },
        { entity: to, token, part: 'available', amountUnits },
        { entity: FEES, token, part: 'available', amountUnits: feeUnits },
      ],
    })),
  )
  const first = nextPayment(books)
  return payments.map(({ from, to, token, amountUnits, feeUnits, memo }, at) => {
    const number = first + at
    const record = { from, to, token, amountUnits, feeUnits, ts, memo }
    const payment = { ...record, number, entry: entries[at]!, kind, hash: paymentHash({ ...record, id: paymentName(number) }) }
    insertPayment(books, payment)
    return payment
  })
}

/**
 * Locks amount and fee with the buyer. Whoever calls it has checked the token. Gives the escrow's number.
 * Throws AppError payments.amount, payments.self, tokens.balance.
 */
export function hold({ books, config, doer, nowTs }: Doing, payment: TokenPayment): number {
  const { from, token, memo } = payment
  const { availableUnits } = balanceOf(books, from, token)
  const { escrow, plan } = holdEscrow(payment, availableUnits, config['payments.feeBps'])
  const heldEntry = post(books, {
    kind: 'LOCK',
    ts: nowTs,
    actor: doer,
    memo,
    postings: between(from, token, 'available', 'locked', plan.debitedUnits),
  })
  return insertEscrow(books, { ...escrow, token, memo, createdTs: nowTs, heldEntry })
}

/**
 * Lets go of an escrow, in favour of the other side. Whoever calls it holds the transaction.
 * Throws AppError payments.escrow, payments.escrow-owner, payments.escrow-state.
 */
export function letGo(doing: Doing, number: number | null, actor: string): StoredEscrow {
  const { books, nowTs } = doing
  const held = number === null ? null : findEscrow(books, number)
  const end = releaseEscrow(held, actor)
  const { entry, payment } = moveHeld(doing, held!, end)
  endEscrow(books, held!.number, { state: end.escrow.state, endedTs: nowTs, payment, endedEntry: entry })
  return findEscrow(books, held!.number)!
}

function moveHeld(doing: Doing, held: StoredEscrow, end: EscrowEnd): { entry: bigint; payment: number | null } {
  if (end.escrow.state === 'released') {
    const payment = { ...held, amountUnits: end.toSellerUnits, feeUnits: end.feeUnits }
    const [{ entry, number }] = keepPayments(doing, 'escrow', [payment], 'locked') as [StoredPayment]
    return { entry, payment: number }
  }
  const { books, doer, nowTs: ts } = doing
  const postings = between(held.from, held.token, 'locked', 'available', end.toBuyerUnits)
  return { entry: post(books, { kind: 'UNLOCK', ts, actor: doer, memo: `Refund of ${escrowName(held.number)}`, postings }), payment: null }
}

function between(entity: string, token: string, from: LedgerPart, to: LedgerPart, amountUnits: bigint): Posting[] {
  return [
    { entity, token, part: from, amountUnits: -amountUnits },
    { entity, token, part: to, amountUnits },
  ]
}
