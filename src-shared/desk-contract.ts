import { z } from 'zod'
import { verdictSchema } from './compare.ts'
import { page, paged, textFile } from './contract-parts.ts'
import {
  auditedReceiptSchema,
  auditedRecordsSchema,
  auditGroundsSchema,
  auditHeadSchema,
  auditSumsSchema,
  checkStateSchema,
} from './receipt-audit.ts'
import { sealFindingSchema, sealSignerSchema } from './sealed.ts'

/** Part of the contract (contract.ts): the auditor's desk. `jobId`: as desk.start answered it. */

const jobId = z.string().max(100)

export const sealedCheckSchema = z.object({
  file: z.string(),
  kind: z.enum(['report', 'bundle']),
  subject: z.string(),
  seal: sealFindingSchema,
  checks: z.array(z.object({ name: z.string(), state: checkStateSchema, why: z.string() })),
  problems: z.array(z.object({ name: z.string(), why: z.string() })),
})

export const deskResultSchema = z.object({
  /** null: only reports and bundles were given */
  audit: z
    .object({ head: auditHeadSchema, sums: auditSumsSchema, records: z.array(auditedRecordsSchema), ...auditGroundsSchema.shape })
    .nullable(),
  /** reports and bundles of others, verified */
  sealed: z.array(sealedCheckSchema),
  /** who signed the report here; null: nobody yet */
  signer: sealSignerSchema.nullable(),
})
export type DeskResult = z.infer<typeof deskResultSchema>

export const deskQueries = {
  /** null: not done yet, or forgotten (the last few are kept, none over a restart) */
  'desk.get': { in: z.object({ jobId }), out: deskResultSchema.nullable() },
  'desk.rows': {
    in: z.object({
      jobId,
      verdict: verdictSchema.optional(),
      /** in node, address, hash, place */
      search: z.string().max(200).optional(),
      ...page,
    }),
    out: paged(auditedReceiptSchema),
  },
  /** the report as others verify it, or as a page to print; signed where it was */
  'desk.file': { in: z.object({ jobId, form: z.enum(['json', 'html']) }), out: textFile },
  /** all that one receipt, or the mint of a node's own period that began at `start`, rests on, as a file to mail; not signed */
  'desk.bundle': {
    in: z.union([
      z.strictObject({ nodeId: z.number().int().min(0), period: z.number().int().min(0) }),
      z.strictObject({ nodeId: z.number().int().min(0), start: z.number().int().min(0) }),
    ]),
    out: z.object({ fileName: z.string(), base64: z.string(), events: z.number() }),
  },
} as const

export const deskCommands = {
  /** the store's own receipts of a period, files of this machine, or such as were sent; answers at once with the job */
  'desk.start': {
    in: z.object({
      period: z.number().int().min(0).nullable(),
      files: z.array(z.union([z.object({ path: z.string().min(1).max(4096) }), z.object({ uploadId: z.string().max(100) })])).max(8),
      /** asks Stellar for each payment, as the payout settings say */
      stellar: z.boolean(),
    }),
    out: z.object({ jobId: z.string() }),
  },
  /** signs the report with an unlocked key of the vault */
  'desk.sign': { in: z.object({ jobId, keyId: z.string().max(100) }), out: sealSignerSchema },
} as const
