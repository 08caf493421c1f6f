import { z } from 'zod'
import { bigintText, resourceRuleSchema, rulesSchema } from './mint.ts'
import { foundPaymentSchema, type LedgerRead } from './payment.ts'
import { basisSchema } from './verify.ts'

/* Another signer's proposal against one's own recomputation: what pages, command line and files say of it. */

/**
 * equal; differs (each difference is named); missing: own has it, the proposal has not; extra: the other way round; retry: pays a receipt of
 * the period before once more, as it would have to if that was not paid.
 */
export const compareStates = ['differs', 'missing', 'extra', 'retry', 'equal'] as const
export const compareStateSchema = z.enum(compareStates)
export type CompareState = z.infer<typeof compareStateSchema>

/** One member that is not the same; null: the side has no such member. */
export const differenceSchema = z.object({
  /** as the receipt names it (`reward.tft`); of a line of payouts.csv `payout.address`, `payout.amount`; `hash`, `form`, `line` */
  member: z.string(),
  own: z.string().nullable(),
  theirs: z.string().nullable(),
  /** by how much theirs is more, with its unit; null where that makes no sense */
  by: z.string().nullable(),
})
export type Difference = z.infer<typeof differenceSchema>

export const compareRowSchema = z.object({
  /** names the row in its list */
  id: z.string(),
  state: compareStateSchema,
  /** null: a line that belongs to no known node */
  nodeId: z.number().nullable(),
  /** start of the node's own period under rule set node-period */
  startTs: z.number().nullable(),
  farmId: z.number().nullable(),
  farmName: z.string(),
  /** own payout address, else theirs */
  address: z.string(),
  /** units of 1e-7 TFT; null: that side pays or says nothing of it */
  ownUnits: bigintText.nullable(),
  theirUnits: bigintText.nullable(),
  ownHash: z.string().nullable(),
  theirHash: z.string().nullable(),
  /** file and line of the proposal; empty where it has none */
  where: z.string(),
  differences: z.array(differenceSchema),
  /** where that can come from, a sentence each */
  reasons: z.array(z.string()),
})
export type CompareRow = z.infer<typeof compareRowSchema>

export const compareHeadSchema = z.object({
  period: z.number(),
  rules: rulesSchema,
  resources: resourceRuleSchema,
  files: z.array(z.string()),
  counts: z.record(compareStateSchema, z.number()),
  /** by file: how many there are and what they come to, own and theirs; retries stand apart */
  sums: z.array(z.object({ file: z.string(), own: z.number(), theirs: z.number(), ownUnits: bigintText, theirUnits: bigintText })),
  retryUnits: bigintText,
  /** what stands out of order first; null: nothing does */
  order: z.string().nullable(),
  /** payees that are no valid Stellar accounts */
  badAddresses: z.number(),
  basis: basisSchema,
})
export type CompareHead = z.infer<typeof compareHeadSchema>

export interface CompareReport {
  head: CompareHead
  /** what is not equal first; within that as own files have it */
  rows: CompareRow[]
}

/** `fails`: something is wrong; `unknown`: it can't be told here, e.g. since the period is not in the store. */
export const verdictSchema = z.enum(['right', 'unknown', 'fails'])
export type Verdict = z.infer<typeof verdictSchema>

export const verifiedReceiptSchema = z.object({
  where: z.string(),
  kind: z.enum(['receipt', 'retry', 'mint', 'payout']),
  nodeId: z.number().nullable(),
  period: z.number().nullable(),
  hash: z.string(),
  verdict: verdictSchema,
  /** the bytes are in the one form that a receipt has */
  bytes: verdictSchema,
  /** the bytes give the hash */
  hashed: verdictSchema,
  /** one's own store gives the same */
  recomputed: verdictSchema,
  /** null: Stellar was not asked */
  payment: foundPaymentSchema.nullable(),
  reasons: z.array(z.string()),
})
export type VerifiedReceipt = z.infer<typeof verifiedReceiptSchema>

export interface VerifyReport {
  receipts: VerifiedReceipt[]
  counts: Record<Verdict, number>
  /** of every period that was recomputed */
  bases: z.infer<typeof basisSchema>[]
  /** how Stellar was read; null: it was not asked */
  ledger: LedgerRead | null
}
