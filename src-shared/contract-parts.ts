import { z } from 'zod'

/** Parts that many questions and answers of the contract (contract.ts) share. */

/** A question without members, or an answer that says only that it is done. */
export const none = z.object({})

/** A payout period by its number (minting.md). */
export const periodIndex = z.number().int()

/** Which rows of a list are wanted: at most `limit`, `offset` of them skipped. */
const pageOf = (byDefault: number) => ({
  offset: z.number().int().min(0).default(0),
  limit: z.number().int().min(1).max(1000).default(byDefault),
})
export const page = pageOf(200)
/** the same of the treasury's lists, which programs ask for by REST too */
export const treasuryPage = pageOf(100)

/** The rows of a page, and how many there are in all. */
export const paged = <T extends z.ZodType>(row: T) => z.object({ rows: z.array(row), total: z.number() })

/** A file as text, for a page to save. */
export const textFile = z.object({ fileName: z.string(), text: z.string() })
