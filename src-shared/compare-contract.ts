import { z } from 'zod'
import { compareHeadSchema, compareRowSchema, compareStateSchema } from './compare.ts'
import { page, paged, textFile } from './contract-parts.ts'

/** Part of the contract (contract.ts): another signer's proposal against one's own result. `jobId`: as compare.start answered it. */

const jobId = z.string().max(100)

export const compareQueries = {
  /** null: not done yet, or forgotten (the last few are kept, none over a restart) */
  'compare.get': { in: z.object({ jobId }), out: compareHeadSchema.nullable() },
  'compare.rows': {
    in: z.object({
      jobId,
      state: compareStateSchema.optional(),
      /** in node, farm, address, hashes */
      search: z.string().max(200).optional(),
      ...page,
    }),
    out: paged(compareRowSchema),
  },
  /** what is not equal */
  'compare.csv': { in: z.object({ jobId }), out: textFile },
} as const

export const compareCommands = {
  /** files of this machine, or such as were sent (import.uploadBegin, import.uploadPart); answers at once with the job */
  'compare.start': {
    in: z.object({
      period: z.number().int().min(0),
      files: z
        .array(z.union([z.object({ path: z.string().min(1).max(4096) }), z.object({ uploadId: z.string().max(100) })]))
        .min(1)
        .max(8),
    }),
    out: z.object({ jobId: z.string() }),
  },
} as const
