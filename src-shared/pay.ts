import { z } from 'zod'
import { bigintText, rulesSchema } from './mint.ts'

/*
 * Payout runs: what a plan is, and the states of its rows, envelopes and runs. A plan is data that several machines and signers share, so
 * everything that decides an envelope's bytes stands in it, and nothing else.
 */

const hash = z.string().regex(/^[0-9a-f]{64}$/)
const account = z.string().regex(/^G[A-Z2-7]{55}$/)
const seconds = z.number().int().min(0)

/** What a row pays: a period's receipt, the retry of one that was not paid, or a decided mint of rule set node-period. */
export const payableKindSchema = z.enum(['receipt', 'retry', 'mint'])
export type PayableKind = z.infer<typeof payableKindSchema>

export const planRowSchema = z.object({
  kind: payableKindSchema,
  nodeId: z.number().int(),
  farmId: z.number().int(),
  /** when the paid period began; seconds */
  startTs: seconds,
  /** hash of the receipt's bytes, hex: the payment's memo */
  receipt: hash,
  /** the unpaid receipt that a retry stands for */
  retryFor: hash.nullable(),
  payee: account,
  amountUnits: bigintText,
  /** transaction source, and its sequence number that this row has for ever */
  channel: account,
  sequence: bigintText,
  minTs: seconds,
  maxTs: seconds,
})
export type PlanRow = z.infer<typeof planRowSchema>

export const PLAN_FORMAT = 'granary-payout-plan'
/** Most rows of one plan: several times the grid. */
export const MAX_PLAN_ROWS = 50_000

export const payoutPlanSchema = z.object({
  format: z.literal(PLAN_FORMAT),
  version: z.literal(1),
  network: z.string().min(1).max(60),
  passphrase: z.string().min(1).max(200),
  assetCode: z.string().regex(/^[A-Za-z0-9]{1,12}$/),
  issuer: account,
  payer: account,
  rules: rulesSchema,
  /** the fixed period under rule set v3; null: decided mints */
  period: z.number().int().min(0).nullable(),
  /** the maker's own signing account; empty: the maker has none */
  maker: z.union([z.literal(''), account]),
  channels: z.array(account).min(1).max(100),
  /** the most that one transaction may cost, in stroops (1e-7 XLM) */
  feeStroops: z.number().int().min(100).max(1_000_000_000),
  /** the ledger's time when it was made; seconds */
  createdTs: seconds,
  rows: z.array(planRowSchema).min(1).max(MAX_PLAN_ROWS),
})
export type PayoutPlan = z.infer<typeof payoutPlanSchema>

/**
 * planned: lacks signatures. signed: may be sent. sent: saved, then sent. unclear: no answer that says what became of it. paid: stands on
 * the ledger as planned. used-up: a bump took the number. failed: stands on the ledger, its operation failed. expired: its bounds passed in
 * a closed ledger without it. overtaken: another transaction took its number.
 */
export const envelopeStageSchema = z.enum(['planned', 'signed', 'sent', 'unclear', 'paid', 'used-up', 'failed', 'expired', 'overtaken'])
export type EnvelopeStage = z.infer<typeof envelopeStageSchema>

/** A row stands where its last envelope does, unless it is paid, or the ledger contradicts the plan (conflict). */
export const rowStageSchema = z.enum([...envelopeStageSchema.options, 'conflict'])
export type RowStage = z.infer<typeof rowStageSchema>

export const envelopeKindSchema = z.enum(['payment', 'bump'])
export type EnvelopeKind = z.infer<typeof envelopeKindSchema>

/**
 * open: signatures are collected. running, paused: being sent, or held. stopped: the rest is not sent any more. done: every row is settled.
 * dead: nothing of it was paid and nothing can be any more, so that another plan may take its place. withdrawn: nobody ever had it.
 */
export const runStageSchema = z.enum(['open', 'running', 'paused', 'stopped', 'done', 'dead', 'withdrawn'])
export type RunStage = z.infer<typeof runStageSchema>

/** How a network pays on Stellar, as the operator entered it; nothing of it is guessed. Empty: not entered yet. */
export const payConfigSchema = z.object({
  horizon: z.string().max(300),
  passphrase: z.string().max(200),
  assetCode: z.union([z.literal(''), z.string().regex(/^[A-Za-z0-9]{1,12}$/, 'An asset code has 1 to 12 letters and digits.')]),
  issuer: z.union([z.literal(''), account]),
  payer: z.union([z.literal(''), account]),
  /** accounts that transactions come from; none: the payer itself, one transaction into each ledger */
  channels: z.array(account).max(100),
  /** the most that one transaction may cost, in stroops */
  feeStroops: z.number().int().min(100).max(1_000_000),
  /** time left for signing, in seconds */
  signSec: z
    .number()
    .int()
    .min(60)
    .max(20 * 3600),
})
export type PayConfig = z.infer<typeof payConfigSchema>
