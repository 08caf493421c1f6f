import { z } from 'zod'
import { page, paged } from './contract-parts.ts'
import { bigintText } from './mint.ts'
import { envelopeKindSchema, payableKindSchema } from './pay.ts'

/*
 * The contract's part for what is shown before something is signed. All of it is read from the bytes that will be signed; what is known of
 * the world around them (farms, receipts, payments) only warns.
 */

/** stop: hardly ever right to sign. warn: ask before signing. note: good to know. */
export const reviewSeveritySchema = z.enum(['stop', 'warn', 'note'])
export type ReviewSeverity = z.infer<typeof reviewSeveritySchema>

export const reviewCodeSchema = z.enum([
  'unexpected', // something in the bytes that no payout has
  'plan-differs', // another payment than its run's plan says
  'receipt-differs', // another payment than its receipt says
  'wrong-passphrase', // made for another Stellar network than the configured one
  'already-paid', // the receipt is paid, or a retry of it is paid or under way
  'other-payer', // not the network's paying account
  'other-asset', // not the network's asset
  'bad-signature', // a signature of none that may sign, or of other bytes
  'unknown-receipt', // the memo is of no receipt known here
  'payee-changed', // another address than the farm was paid to last
  'address-changed', // the farm's address changed of late
  'amount-high', // far above what the node gets else
  'shared-address', // farms share an address that they did not share before
  'account-missing', // the payee does not exist, or can't hold the asset
  'account-new', // the payee was made of late
  'payee-signs', // the payee is one who signs
  'fee-high', // a fee above normal
  'bounds-long', // it can be included for more than a day
  'expired', // it can't be included any more
  'vote', // what there is to think about a vote
  'call', // what there is to think about a chain's call
])
export type ReviewCode = z.infer<typeof reviewCodeSchema>

export const reviewWarningSchema = z.object({ code: reviewCodeSchema, severity: reviewSeveritySchema, text: z.string() })
export type ReviewWarning = z.infer<typeof reviewWarningSchema>

const field = z.object({ name: z.string(), value: z.string() })
export type ReviewField = z.infer<typeof field>

export const reviewSignatureSchema = z.object({
  /** who, as this machine calls them, with the end of the account; or that it is nobody's */
  who: z.string(),
  /** checked against the bytes; false: it is of nobody who is known to sign, or of other bytes */
  isValid: z.boolean(),
})

/** What somebody is about to sign; the same for payments, votes and calls of the chain. */
export const signReviewSchema = z.object({
  kind: z.enum(['payment', 'use-up', 'other', 'run', 'vote', 'call']),
  /** the decision: `You sign: pay 279.4250000 TFT to Alder Farm (farm 3), GABC…UVWXYZ` */
  decision: z.string(),
  /** for the button, which names amount and payee */
  action: z.string(),
  /** worst first */
  warnings: z.array(reviewWarningSchema),
  /** what could not be looked at, a sentence each */
  unknown: z.array(z.string()),
  /** what the bytes say, in words */
  fields: z.array(field),
  /** every value of the bytes, by its place in them; empty where `fields` are all there is */
  values: z.array(field),
  signatures: z.array(reviewSignatureSchema),
  /** what signers sign, hex */
  hash: z.string(),
  /** the bytes themselves, to copy */
  bytes: z.object({ form: z.string(), text: z.string() }),
})
export type SignReview = z.infer<typeof signReviewSchema>

const runId = z.string().regex(/^[0-9a-f]{4,64}$/)
const place = z.number().int().min(0)
/** also ask Horizon for the payees' accounts, which takes a moment; a network that does not answer leaves them unknown */
const askLedger = z.boolean().default(false)

export const reviewSubjectSchema = z.discriminatedUnion('kind', [
  /** an envelope of a row: the newest, or the `generation`th */
  z.object({ kind: z.literal('row'), runId, place, generation: z.number().int().min(0).optional() }),
  /** base64 of the XDR, as it came from anywhere */
  z.object({ kind: z.literal('envelope'), text: z.string().min(1).max(200_000) }),
  /** a statement or a vote as text */
  z.object({ kind: z.literal('vote'), text: z.string().min(1).max(20_000) }),
])
export type ReviewSubject = z.infer<typeof reviewSubjectSchema>

export const reviewRowSchema = z.object({
  place: z.number(),
  generation: z.number(),
  kind: envelopeKindSchema,
  payable: payableKindSchema,
  nodeId: z.number(),
  farmId: z.number(),
  farmName: z.string(),
  /** as the bytes say them; empty and 0 where they pay nothing */
  payee: z.string(),
  amountUnits: bigintText,
  /** null: nothing to warn of */
  worst: reviewSeveritySchema.nullable(),
  warnings: z.array(reviewWarningSchema),
  hash: z.string(),
})
export type ReviewRow = z.infer<typeof reviewRowSchema>

/** All that a signature on a run signs. */
export const runReviewSchema = signReviewSchema.extend({
  runId: z.string(),
  /** envelopes that are signed with it, and those that there is something to warn of */
  rows: z.number(),
  warned: z.number(),
  totalUnits: bigintText,
  /** how many envelopes have each warning; the worst first */
  counts: z.array(z.object({ code: reviewCodeSchema, severity: reviewSeveritySchema, rows: z.number(), example: z.string() })),
})
export type RunReview = z.infer<typeof runReviewSchema>

export const reviewQueries = {
  'review.get': { in: z.object({ of: reviewSubjectSchema, askLedger }), out: signReviewSchema },
  'review.run': { in: z.object({ runId, askLedger }), out: runReviewSchema },
  /** the envelopes that a signature on the run signs; those with warnings first, the worst before all */
  'review.rows': {
    in: z.object({
      runId,
      askLedger,
      /** only those with this warning, or with `any` */
      code: z.union([reviewCodeSchema, z.literal('any')]).optional(),
      search: z.string().max(100).optional(),
      ...page,
    }),
    out: paged(reviewRowSchema),
  },
} as const
