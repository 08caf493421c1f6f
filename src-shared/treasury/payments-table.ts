import { z } from 'zod'
import { treasuryPage } from '../contract-parts.ts'
import { amountText } from './amounts.ts'
import { entityRef } from './entities.ts'
import { treasuryCommand, treasuryQuery } from './row.ts'
import { balanceSchema } from './tokens-table.ts'

const id = z.string().trim().min(1).max(40)
const ts = z.number()
const token = z.string().trim().min(1).max(20).default('AZR')
const memo = z.string().max(300).default('')
/** the two sides of it, by id and by name */
const sides = { from: z.string(), fromName: z.string(), to: z.string(), toName: z.string() }

/** How a payment came about: sent, asked for, or held first. */
export const paymentKinds = ['direct', 'request', 'escrow'] as const
export type PaymentKind = (typeof paymentKinds)[number]
export const requestStates = ['pending', 'fulfilled', 'cancelled'] as const
export const escrowStates = ['held', 'released', 'refunded'] as const

export const paymentSchema = z.object({
  /** `pay-…` */
  id: z.string(),
  kind: z.enum(paymentKinds),
  ...sides,
  token: z.string(),
  /** all of it reached the recipient */
  amount: amountText,
  /** on top of it */
  fee: amountText,
  /** what the sender paid: amount and fee */
  total: amountText,
  ts,
  memo: z.string(),
  /** number of the entry in the ledger */
  entry: z.number(),
  /** SHA-256 of the canonical record, in hex */
  hash: z.string(),
})
export type Payment = z.output<typeof paymentSchema>

export const paymentRequestSchema = z.object({
  /** `req-…` */
  id: z.string(),
  /** `from` is asked to pay, `to` asks and would get the amount */
  ...sides,
  token: z.string(),
  amount: amountText,
  memo: z.string(),
  state: z.enum(requestStates),
  createdTs: ts,
  /** null: pending */
  endedTs: ts.nullable(),
  /** the payment that fulfilled it */
  paymentId: z.string().nullable(),
})
export type PaymentRequestShown = z.output<typeof paymentRequestSchema>

export const escrowSchema = z.object({
  /** `esc-…` */
  id: z.string(),
  /** `from` is the buyer, whose money is held, `to` the seller */
  ...sides,
  token: z.string(),
  amount: amountText,
  /** held with the amount, and taken only if it is released */
  fee: amountText,
  memo: z.string(),
  state: z.enum(escrowStates),
  createdTs: ts,
  /** null: held */
  endedTs: ts.nullable(),
  /** the payment that a release is */
  paymentId: z.string().nullable(),
})
export type EscrowShown = z.output<typeof escrowSchema>

/** Payments, requests for them, and payments that are held until one side lets go. */
export const paymentRows = {
  'payments.quote': treasuryQuery({
    about: 'what a payment costs, before anything moves: the fee that comes on top, and all that is paid',
    in: z.object({ amount: amountText, token, to: entityRef.optional() }),
    out: z.object({
      token: z.string(),
      amount: amountText,
      /** a share of the amount, hundredths of a percent, rounded down */
      feeBps: z.number(),
      fee: amountText,
      total: amountText,
      /** what the entity that asks has; null: none is unlocked */
      available: amountText.nullable(),
      /** whether that covers it */
      isCovered: z.boolean().nullable(),
    }),
    who: 'anyone',
    rest: { method: 'GET', path: '/payments/quote', scope: 'payments:read' },
    cli: { words: 'payments quote', args: ['amount'] },
  }),
  'payments.send': treasuryCommand({
    about: 'pay another entity; the fee comes on top, so that the recipient gets the amount',
    in: z.object({ to: entityRef, token, amount: amountText, memo }),
    out: paymentSchema.extend({
      /** of the payer, afterwards */
      balance: balanceSchema,
    }),
    who: 'entity',
    rest: { method: 'POST', path: '/payments', scope: 'payments:write' },
    cli: { words: 'payments send', args: ['to', 'amount'] },
  }),
  'payments.list': treasuryQuery({
    about: "an entity's payments, paid and received, newest first",
    in: z.object({
      entityId: entityRef.optional(),
      side: z.enum(['paid', 'received']).optional(),
      token: z.string().trim().min(1).max(20).optional(),
      ...treasuryPage,
    }),
    out: z.object({ entityId: z.string(), rows: z.array(paymentSchema), total: z.number() }),
    who: 'anyone',
    rest: { method: 'GET', path: '/payments', scope: 'payments:read' },
    cli: { words: 'payments list', args: ['entityId'] },
  }),
  'payments.get': treasuryQuery({
    about: 'a payment with its canonical record, whose SHA-256 is its hash',
    in: z.object({ id }),
    out: paymentSchema.extend({
      /** UTF-8 JSON without spaces: ["granary-payment-v1",id,from,to,token,amount,fee,time,memo], amounts in base units */
      record: z.string(),
    }),
    who: 'anyone',
    rest: { method: 'GET', path: '/payments/:id', scope: 'payments:read' },
    cli: { words: 'payments get', args: ['id'] },
  }),
  'requests.create': treasuryCommand({
    about: 'ask another entity to pay you',
    in: z.object({ from: entityRef, token, amount: amountText, memo }),
    out: paymentRequestSchema,
    who: 'entity',
    rest: { method: 'POST', path: '/payments/requests', scope: 'payments:write' },
    cli: { words: 'requests create', args: ['from', 'amount'] },
  }),
  'requests.list': treasuryQuery({
    about: 'what an entity is asked to pay, and asks others to, newest first',
    in: z.object({
      entityId: entityRef.optional(),
      side: z.enum(['asked', 'asking']).optional(),
      state: z.enum(requestStates).optional(),
      ...treasuryPage,
    }),
    out: z.object({ entityId: z.string(), rows: z.array(paymentRequestSchema), total: z.number() }),
    who: 'anyone',
    rest: { method: 'GET', path: '/payments/requests', scope: 'payments:read' },
    cli: { words: 'requests list', args: ['entityId'] },
  }),
  'requests.fulfil': treasuryCommand({
    about: 'pay what you were asked for; the fee comes on top, as payments.quote shows it',
    in: z.object({ id }),
    out: z.object({ request: paymentRequestSchema, payment: paymentSchema, balance: balanceSchema }),
    who: 'entity',
    rest: { method: 'POST', path: '/payments/requests/:id/fulfil', scope: 'payments:write' },
    cli: { words: 'requests fulfil', args: ['id'] },
  }),
  'requests.cancel': treasuryCommand({
    about: 'take back a request of your own that is pending',
    in: z.object({ id }),
    out: paymentRequestSchema,
    who: 'entity',
    rest: { method: 'POST', path: '/payments/requests/:id/cancel', scope: 'payments:write' },
    cli: { words: 'requests cancel', args: ['id'] },
  }),
  'escrow.hold': treasuryCommand({
    about: 'hold a payment: amount and fee are locked with you until you release them to the seller, or the seller gives them back',
    in: z.object({ to: entityRef, token, amount: amountText, memo }),
    out: escrowSchema.extend({ balance: balanceSchema }),
    who: 'entity',
    rest: { method: 'POST', path: '/payments/escrow', scope: 'payments:write' },
    cli: { words: 'escrow hold', args: ['to', 'amount'] },
  }),
  'escrow.release': treasuryCommand({
    about: "let go of a held payment: the buyer's release pays the seller, the seller's gives the buyer everything back",
    in: z.object({ id }),
    out: escrowSchema,
    who: 'entity',
    rest: { method: 'POST', path: '/payments/escrow/:id/release', scope: 'payments:write' },
    cli: { words: 'escrow release', args: ['id'] },
  }),
  'escrow.list': treasuryQuery({
    about: 'payments of an entity that are or were held, as buyer and as seller, newest first',
    in: z.object({
      entityId: entityRef.optional(),
      side: z.enum(['buyer', 'seller']).optional(),
      state: z.enum(escrowStates).optional(),
      ...treasuryPage,
    }),
    out: z.object({ entityId: z.string(), rows: z.array(escrowSchema), total: z.number() }),
    who: 'anyone',
    rest: { method: 'GET', path: '/payments/escrow', scope: 'payments:read' },
    cli: { words: 'escrow list', args: ['entityId'] },
  }),
  'escrow.get': treasuryQuery({
    about: 'a payment that is or was held',
    in: z.object({ id }),
    out: escrowSchema,
    who: 'anyone',
    rest: { method: 'GET', path: '/payments/escrow/:id', scope: 'payments:read' },
    cli: { words: 'escrow get', args: ['id'] },
  }),
}
