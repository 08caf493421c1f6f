import { z } from 'zod'
import { none, page, paged, textFile } from './contract-parts.ts'
import { bigintText, rulesSchema } from './mint.ts'
import { envelopeKindSchema, envelopeStageSchema, payableKindSchema, payConfigSchema, rowStageSchema, runStageSchema } from './pay.ts'
import { ledgerReadSchema, paymentStateSchema } from './payment.ts'
import { reviewCodeSchema } from './review-contract.ts'

/*
 * The contract's part for payout runs: plan, sign, exchange, send, settle. All times are seconds since the epoch, amounts units of 1e-7 of
 * the asset, fees stroops (1e-7 XLM), hashes hex.
 */

const network = z.string().min(1).max(100)
const runId = z.string().regex(/^[0-9a-f]{4,64}$/, 'A run is named by its id, or the beginning of it.')
const run = z.object({ runId })
const keyId = z.string().min(1).max(100)
const job = z.object({ jobId: z.string() })

/** A configuration as somebody enters it; pay.checkConfig says what is wrong with it. */
export const payEntrySchema = payConfigSchema.extend({
  assetCode: z.string().max(200),
  issuer: z.string().max(200),
  payer: z.string().max(200),
  channels: z.array(z.string().max(200)).max(100),
  feeStroops: z.number(),
  signSec: z.number(),
})
export type PayEntry = z.infer<typeof payEntrySchema>

export const payProblemSchema = z.object({ field: z.enum(Object.keys(payConfigSchema.shape) as [keyof PayEntry]), message: z.string() })
export type PayProblem = z.infer<typeof payProblemSchema>

/** Who is left out of a plan, why, and what the farmer must do. */
export const leftOutSchema = z.object({
  kind: payableKindSchema,
  nodeId: z.number(),
  farmId: z.number(),
  farmName: z.string(),
  receipt: z.string(),
  /** empty: the farm has none */
  address: z.string(),
  amountUnits: bigintText,
  reason: z.string(),
  wayOut: z.string(),
})
export type LeftOutRow = z.infer<typeof leftOutSchema>

/** What an account lacks; `asset` is the payout's or XLM. */
export const shortageSchema = z.object({ account: z.string(), asset: z.string(), needsUnits: bigintText, hasUnits: bigintText })
export type ShortageRow = z.infer<typeof shortageSchema>

const accountSignerSchema = z.object({
  key: z.string(),
  weight: z.number(),
  /** what the vault here calls it; null: not here */
  name: z.string().nullable(),
})

/** An account as Stellar has it. */
export const payAccountSchema = z.object({
  address: z.string(),
  role: z.enum(['payer', 'channel', 'issuer']),
  exists: z.boolean(),
  thresholds: z.object({ low: z.number(), med: z.number(), high: z.number() }).nullable(),
  signers: z.array(accountSignerSchema),
  /** lumens above its reserve */
  spendableStroops: bigintText.nullable(),
  /** what it has of the asset; null: it issues it, or has no trustline */
  assetUnits: bigintText.nullable(),
})
export type PayAccount = z.infer<typeof payAccountSchema>

/** What can be done with a run, and what comes next. */
export const payActionSchema = z.enum([
  'sign',
  'export',
  'import',
  'start',
  'raise',
  'pause',
  'resume',
  'cancel',
  'withdraw',
  'replace',
  'use-up',
  'reconcile',
  'plan',
])
export type PayAction = z.infer<typeof payActionSchema>

export const runNextSchema = z.object({
  /** the one next thing to do, in words */
  text: z.string(),
  /** which of the run's actions that is; null: wait, or nothing is left to do */
  action: payActionSchema.nullable(),
})
export type RunNext = z.infer<typeof runNextSchema>

const runHead = {
  runId: z.string(),
  network: z.string(),
  rules: rulesSchema,
  /** the fixed period; null: decided mints */
  period: z.number().nullable(),
  stage: runStageSchema,
  assetCode: z.string(),
  rows: z.number(),
  paid: z.number(),
  totalUnits: bigintText,
  paidUnits: bigintText,
  addedTs: z.number(),
  changedTs: z.number(),
  next: runNextSchema,
}
export const runRowSchema = z.object(runHead)
export type RunRow = z.infer<typeof runRowSchema>

export const runJobSchema = z.object({
  jobId: z.string(),
  title: z.string(),
  state: z.enum(['running', 'done', 'failed', 'cancelled']),
  fraction: z.number().nullable(),
  detail: z.string(),
  secondsLeft: z.number().nullable(),
  error: z.string().nullable(),
})

/** Whether a network's signers agreed on what a run pays. */
export const runVotesSchema = z.object({
  /** false: it is signed and sent without votes */
  isAsked: z.boolean(),
  /** it may be signed and sent as far as votes go */
  isAgreed: z.boolean(),
  /** who agreed on what, or what is missing and what to do */
  text: z.string(),
})
export type RunVotes = z.infer<typeof runVotesSchema>

export const runDetailSchema = z.object({
  ...runHead,
  madeHere: z.boolean(),
  signedHere: z.boolean(),
  payer: z.string(),
  issuer: z.string(),
  maker: z.string(),
  channels: z.number(),
  feeStroops: z.number(),
  counts: z.record(rowStageSchema, z.number()),
  /** what is neither paid nor settled otherwise, and to how many addresses the whole run goes */
  restUnits: bigintText,
  payees: z.number(),
  /** of the whole run, and of what is left, where nothing goes wrong */
  expectedSec: z.number(),
  secondsLeft: z.number(),
  /** until when the first and the last open envelope can be included; null: none is open */
  firstMaxTs: z.number().nullable(),
  lastMaxTs: z.number().nullable(),
  open: z.number(),
  /** envelopes that a signature on it signs: the open ones; of a cancelled run those that use numbers up */
  toSign: z.number(),
  /** who signed how many of these, and whether the run's id */
  signers: z.array(
    z.object({
      address: z.string(),
      name: z.string().nullable(),
      weight: z.number().nullable(),
      signed: z.number(),
      approved: z.boolean(),
    }),
  ),
  /** weight that a payment takes, as the payer was when the run was planned or last looked at; null: not known here */
  needsWeight: z.number().nullable(),
  /** keys of the vault here that can sign it; `signs`: envelopes that they have not signed yet */
  keys: z.array(z.object({ keyId: z.string(), name: z.string(), address: z.string(), unlocked: z.boolean(), signs: z.number() })),
  /**
   * rows that may be sent, the most that a transaction of theirs may cost as it was signed, and how many of them Stellar refused last because
   * that is too little; null: none may be sent
   */
  fees: z.object({ rows: z.number(), feeStroops: z.number(), refused: z.number() }).nullable(),
  /** as of the planning */
  shortages: z.array(shortageSchema),
  warnings: z.array(z.object({ subject: z.string(), message: z.string() })),
  leftOut: z.number(),
  leftOutUnits: bigintText,
  alreadyPaid: z.number(),
  /** channels that can't go on, with the row that holds them up and the reason */
  blocked: z.array(z.object({ channel: z.string(), place: z.number(), why: z.string() })),
  job: runJobSchema.nullable(),
  /** null: the run is over */
  votes: runVotesSchema.nullable(),
  can: z.array(payActionSchema),
})
export type RunDetail = z.infer<typeof runDetailSchema>

export const payRowSchema = z.object({
  place: z.number(),
  kind: payableKindSchema,
  nodeId: z.number(),
  farmId: z.number(),
  /** empty: not known here */
  farmName: z.string(),
  payee: z.string(),
  amountUnits: bigintText,
  receipt: z.string(),
  stage: rowStageSchema,
  /** what that means, in words */
  why: z.string(),
  tx: z.string().nullable(),
  paidTs: z.number().nullable(),
})
export type PayRow = z.infer<typeof payRowSchema>

const rowFilter = {
  runId,
  stage: rowStageSchema.optional(),
  /** in node, farm, payee, receipt and transaction */
  search: z.string().max(200).optional(),
}

/** Whether a receipt's or mint's payment has arrived, and if not, why. */
export const arrivalSchema = z.object({
  receipt: z.string(),
  /** twice, wrong: what Stellar had when it was last asked contradicts the receipt */
  state: z.enum(['paid', 'under-way', 'left-out', 'not-planned', 'twice', 'wrong']),
  tx: z.string().nullable(),
  paidTs: z.number().nullable(),
  /** why it has not arrived yet, or what is wrong, in words; empty where it has */
  why: z.string(),
})
export type Arrival = z.infer<typeof arrivalSchema>

/** Something that the payer did on Stellar and that no row of a run here stands for. */
export const strayPaymentSchema = z.object({
  tx: z.string(),
  ts: z.number(),
  /** empty and null: it is no payment, `operation` says what */
  payee: z.string(),
  amountUnits: bigintText.nullable(),
  /** code of the asset, XLM for lumens */
  asset: z.string(),
  /** the memo's hash; null: another memo or none */
  memo: z.string().nullable(),
  operation: z.string(),
  /** the memo is that of a receipt or mint known here */
  isKnown: z.boolean(),
  /** what it is, as far as is known, and why it matters, in words */
  why: z.string(),
})
export type StrayPayment = z.infer<typeof strayPaymentSchema>

/** What a planning came to. */
export const planReportSchema = z.object({
  /** null: nothing is left to pay */
  runId: z.string().nullable(),
  rows: z.number(),
  totalUnits: bigintText,
  expectedSec: z.number(),
  alreadyPaid: z.number(),
  shortages: z.array(shortageSchema),
  warnings: z.array(z.object({ subject: z.string(), message: z.string() })),
})
export type PlanReport = z.infer<typeof planReportSchema>

export const payQueries = {
  'pay.config': {
    in: none,
    out: z.object({
      /** null: no network is known here yet */
      network: z.string().nullable(),
      config: payEntrySchema,
      /** something of it was entered by the operator */
      isKept: z.boolean(),
      problems: z.array(payProblemSchema),
    }),
  },
  /** what would be wrong with a configuration, in the order of the form */
  'pay.checkConfig': { in: z.object({ config: payEntrySchema }), out: z.array(payProblemSchema) },
  /** asks Stellar how the configured accounts are, or those of a run and what it lacks; takes seconds */
  'pay.accounts': {
    in: z.object({ runId: runId.optional() }),
    out: z.object({ closeTs: z.number(), accounts: z.array(payAccountSchema), shortages: z.array(shortageSchema) }),
  },
  /** what a plan can be made for */
  'pay.subjects': {
    in: none,
    out: z.object({
      network: z.string().nullable(),
      /** newest first; null stands for the decided mints */
      subjects: z.array(
        z.object({
          period: z.number().nullable(),
          receipts: z.number(),
          amountUnits: bigintText,
          /** why it can't be planned; empty: it can */
          why: z.string(),
          /** the period before is there too, so that its unpaid receipts can be paid once more */
          retries: z.boolean(),
        }),
      ),
    }),
  },
  'pay.runs': { in: none, out: z.object({ network: z.string().nullable(), configured: z.boolean(), runs: z.array(runRowSchema) }) },
  'pay.get': { in: run, out: runDetailSchema },
  'pay.rows': {
    in: z.object({
      ...rowFilter,
      ...page,
      sort: z.enum(['place', 'nodeId', 'farm', 'amount', 'stage', 'paid']).default('place'),
      descending: z.boolean().default(false),
    }),
    out: paged(payRowSchema),
  },
  /** a row with its envelopes and the attempts to send them */
  'pay.row': {
    in: run.extend({ place: z.number().int().min(0) }),
    out: z.object({
      row: payRowSchema,
      channel: z.string(),
      sequence: bigintText,
      retryFor: z.string().nullable(),
      envelopes: z.array(
        z.object({
          hash: z.string(),
          kind: envelopeKindSchema,
          stage: envelopeStageSchema,
          minTs: z.number(),
          maxTs: z.number(),
          feeStroops: z.number(),
          attempts: z.array(z.object({ sentTs: z.number(), outcome: z.string().nullable(), note: z.string() })),
        }),
      ),
    }),
  },
  'pay.csv': { in: z.object(rowFilter), out: textFile },
  /** of a run, or of the last planning of a period (null: mints), which may have left nothing to pay */
  'pay.leftOut': {
    in: z.object({ runId: runId.optional(), period: z.number().int().min(0).nullable().optional(), ...page }),
    out: paged(leftOutSchema),
  },
  /** a run's two files: the manifest, and the open envelopes, base64 of their XDR, one a line, with the signatures so far */
  'pay.export': { in: run, out: z.object({ manifest: textFile, envelopes: textFile }) },
  /** what the last look on Stellar found for a period's receipts (null: decided mints); null: it was not asked yet */
  'pay.verified': {
    in: z.object({ period: z.number().int().min(0).nullable() }),
    out: z
      .object({
        checkedTs: z.number(),
        ledger: ledgerReadSchema,
        counts: z.partialRecord(paymentStateSchema, z.number()),
        text: z.string(),
      })
      .nullable(),
  },
  /** what the payer did that no row of a run here stands for, newest first, as of the last look; null: nobody looked yet */
  'pay.strays': {
    in: none,
    out: z.object({ readTs: z.number(), ledger: ledgerReadSchema, payments: z.array(strayPaymentSchema) }).nullable(),
  },
  /** by receipt's hash or mint's id */
  'pay.payments': { in: z.object({ receipts: z.array(z.string().regex(/^[0-9a-f]{64}$/)).max(1000) }), out: z.array(arrivalSchema) },
} as const

const files = z
  .array(z.union([z.object({ path: z.string().min(1).max(4096) }), z.object({ uploadId: z.string().max(100) })]))
  .min(1)
  .max(8)

export const payCommands = {
  /** `network`: whose configuration the form showed; another one by now is refused */
  'pay.setConfig': { in: z.object({ network, config: payEntrySchema }), out: none },
  /** plans a fixed period (v3), or the decided mints (null), in the background; `makerKeyId`: absent, the key here that signs for the payer */
  'pay.plan': {
    in: z.object({
      network,
      period: z.number().int().min(0).nullable(),
      retries: z.boolean().default(true),
      makerKeyId: keyId.optional(),
    }),
    out: job,
  },
  /** looks on Stellar for the payments of a period's receipts (null: decided mints), whoever paid them, in the background */
  'pay.verify': { in: z.object({ network, period: z.number().int().min(0).nullable() }), out: job },
  /** looks through what the payer did on Stellar for payments that no row of a run here stands for, in the background */
  'pay.findStrays': { in: z.object({ network }), out: job },
  /**
   * Signs the run's id, then every open envelope (of a cancelled run those that use numbers up), with unlocked keys of the vault, in the
   * background. `confirmed`: the names of the review's warnings of the worst kind that are to be signed all the same; one that is missing
   * refuses it
   */
  'pay.sign': {
    in: run.extend({ keyIds: z.array(keyId).min(1).max(20), confirmed: z.array(reviewCodeSchema).max(30).default([]) }),
    out: job,
  },
  /** manifests and signed envelopes, in any order: paths of this machine, or files that were sent (import.uploadBegin, import.uploadPart) */
  'pay.importSignatures': { in: z.object({ network, files }), out: job },
  /**
   * Sends what is signed, in the background, and settles it. `raise`: where the network asks for a higher fee, this key's account pays up to
   * so much for a transaction, in all; the signatures stay as they are
   */
  'pay.start': {
    in: run.extend({ raise: z.object({ keyId, mostStroops: z.number().int().min(200).max(1_000_000_000) }).optional() }),
    out: job,
  },
  'pay.pause': { in: run, out: none },
  /** lets it go on, in the background */
  'pay.resume': { in: run, out: job },
  /** what was not sent is not sent any more */
  'pay.cancel': { in: run, out: none },
  /** gives the period free: only what nobody here signed */
  'pay.withdraw': { in: run, out: none },
  /**
   * New envelopes under the rows' own numbers, to be signed like the first: `payment` for rows whose bounds passed, `bump` to use up every number
   * that is still free
   */
  'pay.replace': { in: run.extend({ kind: envelopeKindSchema }), out: job },
  /** brings the run up to what the ledger says, in the background, and sends nothing */
  'pay.reconcile': { in: run, out: job },
} as const
