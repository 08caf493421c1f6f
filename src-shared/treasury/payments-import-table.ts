import { z } from 'zod'
import { sumText } from './amounts.ts'
import { treasuryCommand } from './row.ts'

/** As many payments as one file may hold: all of it is one transaction. */
export const MAX_IMPORT_LINES = 5_000

/** Payments from a file. */
export const paymentImportRows = {
  'payments.import': treasuryCommand({
    about: `pay what a CSV file lists (reference,to,amount, and token, memo where wanted), all of it or nothing; a reference that was paid before is not paid again`,
    in: z.object({ text: z.string().max(5_000_000) }),
    out: z.object({
      /** payments that were made now */
      paid: z.number(),
      /** lines whose reference was paid before, by the same words */
      already: z.number(),
      /** of those that were made now */
      sums: z.array(z.object({ token: z.string(), amount: sumText, fee: sumText })),
    }),
    who: 'entity',
    rest: null,
    cli: { words: 'payments import', args: ['text'], file: 'text' },
  }),
}
