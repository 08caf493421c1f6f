import { z } from 'zod'
import { resourceRuleSchema } from '../../../src-shared/mint.ts'
import { foundPaymentSchema, ledgerReadSchema } from '../../../src-shared/payment.ts'
import { basisSchema } from '../../../src-shared/verify.ts'

/*
 * An evidence bundle: gzip'd lines of JSON. Head, receipt, derivation, payments, block hashes; then a grid archive of the one node (header, start,
 * end, blocks); last the seal. It has no names of files in it, so nothing of it is ever written anywhere.
 */

export const BUNDLE_FORMAT = 'granary-evidence'
export const BUNDLE_WHAT = 'evidence bundle'
/** Far above what any node makes in a period; they come by mail. */
export const MAX_BUNDLE_BYTES = 8 * 2 ** 20
export const MAX_TEXT_BYTES = 64 * 2 ** 20
export const MAX_LINES = 500_000
/** The lines before the node's archive, and how many lines of that come before its blocks. */
export const PREAMBLE_LINES = 5
export const ARCHIVE_HEAD_LINES = 3

const hex32 = z.string().regex(/^[0-9a-f]{64}$/)

export const bundleHeadSchema = z.strictObject({
  kind: z.literal('evidence'),
  format: z.literal(BUNDLE_FORMAT),
  version: z.literal(1),
  nodeId: z.int().min(0),
  period: z.strictObject({ index: z.int().min(0), start: z.int(), end: z.int() }),
  rules: z.literal('v3'),
  resources: resourceRuleSchema,
  /** the events say all that happened to the node up to this block */
  coveredToBlock: z.int().min(0),
  madeTs: z.int(),
  madeBy: z.string().max(100),
  basis: basisSchema,
})
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
