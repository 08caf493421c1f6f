import { z } from 'zod'
import { resourceRuleSchema } from '../../../src-shared/mint.ts'
import { mintDecisionSchema, triggerSchema } from '../../../src-shared/node-period.ts'
import { foundPaymentSchema, ledgerReadSchema } from '../../../src-shared/payment.ts'
import { basisSchema } from '../../../src-shared/verify.ts'
import { MAX_SIGNERS, signerSetSchema, VOTE_TEXT_CHARS } from '../../../src-shared/votes-contract.ts'

/*
 * An evidence bundle: gzip'd lines of JSON. Head, receipt, derivation, payments, block hashes, for a node's own period also what was decided; then
 * a grid archive of the one node (header, start, end, blocks); last the seal. It has no names of files in it, so nothing of it is ever written
 * anywhere.
 */

export const BUNDLE_FORMAT = 'granary-evidence'
export const BUNDLE_WHAT = 'evidence bundle'
/** Far above what any node makes in a period; they come by mail. */
export const MAX_BUNDLE_BYTES = 8 * 2 ** 20
export const MAX_TEXT_BYTES = 64 * 2 ** 20
export const MAX_LINES = 500_000
/** The lines before the node's archive, by rule set, and those of that before its blocks. */
const BEFORE = ['head', 'receipt', 'derivation', 'payments', 'block hashes'] as const
export const PREAMBLE = { v3: BEFORE, 'node-period': [...BEFORE, 'decision'] } as const
export const ARCHIVE_HEAD = ['archive header', 'state at the start', 'state at the end'] as const

const hex32 = z.string().regex(/^[0-9a-f]{64}$/)

const common = {
  kind: z.literal('evidence'),
  format: z.literal(BUNDLE_FORMAT),
  version: z.literal(1),
  nodeId: z.int().min(0),
  /** the events say all that happened to the node up to this block */
  coveredToBlock: z.int().min(0),
  madeTs: z.int(),
  madeBy: z.string().max(100),
}

export const fixedHeadSchema = z.strictObject({
  ...common,
  period: z.strictObject({ index: z.int().min(0), start: z.int(), end: z.int() }),
  rules: z.literal('v3'),
  resources: resourceRuleSchema,
  basis: basisSchema,
})
export type FixedHead = z.infer<typeof fixedHeadSchema>

const fixedPeriod = z.int().min(0).max(100_000)

/** Of one of a node's own periods. */
export const ownHeadSchema = z.strictObject({
  ...common,
  period: z.strictObject({ start: z.int().min(0), end: z.int() }),
  rules: z.literal('node-period'),
  /** the fixed period with whose start the events begin, and the one in which a report closed this one */
  from: fixedPeriod,
  closedIn: fixedPeriod,
  /** what of the network's configuration decides the result (jobs/node-mint.ts); with the block in which the change-over lies */
  firstNodePeriod: fixedPeriod.nullable(),
  boundaryBlock: z.int().min(0).nullable(),
  carbon: z.boolean(),
  /** of the fixed periods that the events come from, oldest first */
  bases: z.array(basisSchema).min(1).max(200),
})
export type OwnHead = z.infer<typeof ownHeadSchema>

export const bundleHeadSchema = z.discriminatedUnion('rules', [fixedHeadSchema, ownHeadSchema])
export type BundleHead = z.infer<typeof bundleHeadSchema>

export const bundleReceiptSchema = z.strictObject({ kind: z.literal('receipt'), hash: hex32, receipt: z.string().max(65_536) })

/** `found`, `ledger`: as Stellar said when it was asked last; `runs`: transactions that runs of the maker's were settled with. */
export const bundlePaymentsSchema = z.object({
  found: foundPaymentSchema.nullable(),
  ledger: ledgerReadSchema.nullable(),
  checkedTs: z.int().nullable(),
  runs: z
    .array(
      z.strictObject({
        runId: hex32,
        tx: hex32,
        ledger: z.int().nullable(),
        paidTs: z.int(),
        passphrase: z.string().max(200),
        payer: z.string().max(80),
        assetCode: z.string().max(12),
        issuer: z.string().max(80),
        /** base64 of the XDR, without signatures */
        envelope: z.string().max(100_000),
        signatures: z.array(z.strictObject({ signer: z.string().max(80), signature: z.string().max(100) })).max(40),
      }),
    )
    .max(20),
})
export type BundlePayments = z.infer<typeof bundlePaymentsSchema>

export const bundleHashesSchema = z.strictObject({
  kind: z.literal('hashes'),
  blocks: z.array(z.tuple([z.int().min(0), z.string().regex(/^0x[0-9a-f]{64}$/)])).max(MAX_LINES),
})

/** What was decided about a mint, by whom. `votes`: as text, each with its signature; `signers`: those whose votes count, as the maker has them. */
export const bundleDecisionSchema = z.strictObject({
  kind: z.literal('decision'),
  trigger: triggerSchema,
  /** the mint that it was decided about; null: nothing was */
  decidedFor: hex32.nullable(),
  decision: mintDecisionSchema,
  signers: signerSetSchema.nullable(),
  votes: z.array(z.string().max(VOTE_TEXT_CHARS)).max(MAX_SIGNERS),
})
export type BundleDecision = z.infer<typeof bundleDecisionSchema>
