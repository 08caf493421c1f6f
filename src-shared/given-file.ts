import { z } from 'zod'

/** Part of the contract (contract.ts): what a file says it is, before anything is done with it. */

/** `archive`: a grid archive; `bundle`: evidence of a node and period; `report`: an audit's; `receipts`: receipts, mints or payouts. */
export const givenFileKindSchema = z.enum(['archive', 'bundle', 'report', 'receipts', 'unknown'])
export type GivenFileKind = z.infer<typeof givenFileKindSchema>

export const fileLookSchema = z.object({
  name: z.string(),
  bytes: z.number(),
  kind: givenFileKindSchema,
  /** what its first line says, and nobody has checked; null: it does not say */
  network: z.string().nullable(),
  period: z.number().nullable(),
  nodeId: z.number().nullable(),
})
export type FileLook = z.infer<typeof fileLookSchema>

export const givenFileQueries = {
  /** reads the beginning of a file of this machine and keeps nothing of it; rejects io.* */
  'file.look': { in: z.object({ path: z.string().min(1).max(4096) }), out: fileLookSchema },
} as const
