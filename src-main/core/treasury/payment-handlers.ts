import { cleanName } from '../../../src-shared/text.ts'
import { isSystemEntity } from '../../../src-shared/treasury/entities.ts'
import type { EscrowShown, Payment, PaymentRequestShown, paymentRows } from '../../../src-shared/treasury/payments-table.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import { canonicalPayment, quoteAmount, quotePayment } from '../../engines/payments/payment.ts'
import { askForPayment, cancelRequest, fulfilRequest } from '../../engines/payments/request.ts'
import type { Store } from '../../store/index.ts'
import { balanceOf } from '../../store/ledger.ts'
import {
  endRequest,
  findEscrow,
  findPayment,
  findRequest,
  insertRequest,
  listEscrows,
  listPayments,
  listRequests,
  type SideFilter,
  type StoredEscrow,
  type StoredPayment,
  type StoredRequest,
} from '../../store/treasury-payments.ts'
import { entityName, resolveEntity } from './entities.ts'
import { actingEntity, askedEntity, type TreasuryCommandHandlers, type TreasuryContext, type TreasuryQueryHandlers } from './handlers.ts'
import { numberIn } from './ids.ts'
import { checkPayable, escrowName, hold, letGo, pay, paymentName, requestName } from './payments.ts'
import { tokenBalance } from './tokens.ts'

type Subject = keyof typeof paymentRows
type PaymentQueries = Pick<TreasuryQueryHandlers, Extract<keyof TreasuryQueryHandlers, Subject>>
type PaymentCommands = Pick<TreasuryCommandHandlers, Extract<keyof TreasuryCommandHandlers, Subject>>

/** Payments, requests and escrows. At this machine everybody may look at them, as at accounts; a token of the REST door sees its own only. */
export function paymentHandlers(books: Store): { queries: PaymentQueries; commands: PaymentCommands } {
  const queries: PaymentQueries = {
    'payments.quote': ({ amount, token, to }, context) => {
      checkPayable(context, token)
      const { config, entityId } = context
      const feeBps = config['payments.feeBps']
      const { feeUnits, debitedUnits } =
        to === undefined || entityId === null
          ? quoteAmount(amount, feeBps)
          : quotePayment({ from: entityId, to: resolveEntity(books, to), amountUnits: amount }, feeBps)
      const available = entityId === null ? null : balanceOf(books, entityId, token).availableUnits
      const isCovered = available === null ? null : debitedUnits <= available
      return { token, amount, feeBps, fee: feeUnits, total: debitedUnits, available, isCovered }
    },
    'payments.list': ({ token, side, ...input }, context) => {
      const only = token === undefined ? null : { column: 'token' as const, value: token }
      const filter = filterOf(context, input, { payer: side === 'paid', payee: side === 'received' }, only)
      const { rows, total } = listPayments(books, filter, input)
      return { entityId: filter.entityId, rows: rows.map(shownPayment), total }
    },
    'payments.get': ({ id }, context) => {
      const number = numberIn('pay', id)
      const payment = visible(context, number === null ? null : findPayment(books, number))
      if (!payment) throw refuse('payments.unknown')
      return { ...shownPayment(payment), record: canonicalPayment({ ...payment, id: paymentName(payment.number) }) }
    },
    'requests.list': ({ state, side, ...input }, context) => {
      const filter = filterOf(context, input, { payer: side === 'asked', payee: side === 'asking' }, stateIs(state))
      const { rows, total } = listRequests(books, filter, input)
      return { entityId: filter.entityId, rows: rows.map(shownRequest), total }
    },
    'escrow.list': ({ state, side, ...input }, context) => {
      const filter = filterOf(context, input, { payer: side === 'buyer', payee: side === 'seller' }, stateIs(state))
      const { rows, total } = listEscrows(books, filter, input)
      return { entityId: filter.entityId, rows: rows.map(shownEscrow), total }
    },
    'escrow.get': ({ id }, context) => {
      const number = numberIn('esc', id)
      const escrow = visible(context, number === null ? null : findEscrow(books, number))
      if (!escrow) throw refuse('payments.escrow')
      return shownEscrow(escrow)
    },
  }

  const commands: PaymentCommands = {
    'payments.send': ({ to, amount, token, memo }, context) => {
      const from = actingEntity(context)
      checkPayable(context, token)
      const order = { from, to: resolveEntity(books, to), amountUnits: amount, token, memo: cleanName(memo) }
      return { ...shownPayment(pay(context, 'direct', order)), balance: tokenBalance(books, from, token) }
    },
    'requests.create': ({ from: named, amount, token, memo }, context) => {
      const to = actingEntity(context)
      checkPayable(context, token)
      const request = askForPayment({ from: someone(named), to, amountUnits: amount })
      return shownRequest(storedRequest(insertRequest(books, { ...request, token, memo: cleanName(memo), createdTs: context.nowTs })))
    },
    'requests.fulfil': ({ id }, context) => {
      const asked = storedRequest(numberIn('req', id))
      const { state } = fulfilRequest(asked, actingEntity(context))
      const payment = pay(context, 'request', asked)
      endRequest(books, asked.number, { state, endedTs: context.nowTs, payment: payment.number })
      return {
        request: shownRequest(storedRequest(asked.number)),
        payment: shownPayment(payment),
        balance: tokenBalance(books, asked.from, asked.token),
      }
    },
    'requests.cancel': ({ id }, context) => {
      const asked = storedRequest(numberIn('req', id))
      const { state } = cancelRequest(asked, actingEntity(context))
      endRequest(books, asked.number, { state, endedTs: context.nowTs, payment: null })
      return shownRequest(storedRequest(asked.number))
    },
    'escrow.hold': ({ to, amount, token, memo }, context) => {
      const from = actingEntity(context)
      checkPayable(context, token)
      const number = hold(context, { from, to: someone(to), amountUnits: amount, token, memo: cleanName(memo) })
      return { ...shownEscrow(findEscrow(books, number)!), balance: tokenBalance(books, from, token) }
    },
    'escrow.release': ({ id }, context) => shownEscrow(letGo(context, numberIn('esc', id), actingEntity(context))),
  }

  /** One that somebody acts as: it is to answer. Throws AppError payments.nobody, entities.unknown. */
  function someone(named: string): string {
    const entityId = resolveEntity(books, named)
    if (isSystemEntity(entityId)) throw refuse('payments.nobody')
    return entityId
  }

  /** Throws AppError payments.request. */
  function storedRequest(number: number | null): StoredRequest {
    const found = number === null ? null : findRequest(books, number)
    if (!found) throw refuse('payments.request')
    return found
  }

  /** Throws AppError entities.*. */
  function filterOf(
    context: TreasuryContext,
    { entityId: named }: { entityId?: string | undefined },
    isSide: { payer: boolean; payee: boolean },
    only: SideFilter['only'],
  ): SideFilter {
    const entityId = askedEntity(context, named === undefined ? null : resolveEntity(books, named))
    return { entityId, side: isSide.payer ? 'payer' : isSide.payee ? 'payee' : null, only }
  }

  function sides({ from, to }: { from: string; to: string }) {
    return { from, fromName: entityName(books, from), to, toName: entityName(books, to) }
  }

  function shownPayment(payment: StoredPayment): Payment {
    const { number, kind, token, amountUnits, feeUnits, ts, memo, entry, hash } = payment
    return {
      ...{ id: paymentName(number), kind, ...sides(payment), token, amount: amountUnits, fee: feeUnits, total: amountUnits + feeUnits },
      ...{ ts, memo, entry: Number(entry), hash },
    }
  }

  function shownRequest(request: StoredRequest): PaymentRequestShown {
    const { number, token, amountUnits, memo, state, createdTs, endedTs, payment } = request
    return {
      ...{ id: requestName(number), ...sides(request), token, amount: amountUnits, memo, state, createdTs, endedTs },
      paymentId: payment === null ? null : paymentName(payment),
    }
  }

  function shownEscrow(escrow: StoredEscrow): EscrowShown {
    const { number, token, amountUnits, feeUnits, memo, state, createdTs, endedTs, payment } = escrow
    return {
      ...{ id: escrowName(number), ...sides(escrow), token, amount: amountUnits, fee: feeUnits, memo, state, createdTs, endedTs },
      paymentId: payment === null ? null : paymentName(payment),
    }
  }

  return { queries, commands }
}

/** A token of the REST door does not even learn that there is one between others. */
function visible<T extends { from: string; to: string }>({ actor }: TreasuryContext, found: T | null): T | null {
  const own = actor.entity
  return found !== null && (own === undefined || found.from === own || found.to === own) ? found : null
}

function stateIs(state: string | undefined): SideFilter['only'] {
  return state === undefined ? null : { column: 'state', value: state }
}
