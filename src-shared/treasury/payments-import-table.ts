import { z } from 'zod'
import { amountText, sumText } from './amounts.ts'
import { treasuryCommand, treasuryQuery } from './row.ts'

/** As many payments as one file may hold: all of it is one transaction. */
export const MAX_IMPORT_LINES = 5_000

/** Lines that can't be paid are named up to this many; more are counted. */
export const MAX_IMPORT_PROBLEMS = 100
/** The largest file that a page sends, in bytes as JSON text: its line to the core takes no more at once. */
export const MAX_IMPORT_PAGE_BYTES = 1_000_000

const text = z.string().max(5_000_000)

const importQuoteSchema = z.object({
  /** payments that would be made now */
  toPay: z.number(),
  /** lines whose reference was paid before, by the same words */
  already: z.number(),
  /** of those that would be made; `available`: what the payer has */
  sums: z.array(
    z.object({ token: z.string(), payments: z.number(), amount: sumText, fee: sumText, available: amountText, isCovered: z.boolean() }),
  ),
  /** lines that can't be paid, the first ones: none of the file is paid while there is one */
  problems: z.array(z.object({ line: z.number(), message: z.string() })),
  problemsTotal: z.number(),
})
export type ImportQuote = z.output<typeof importQuoteSchema>

/** Payments from a file. */
export const paymentImportRows = {
  'payments.importQuote': treasuryQuery({
    about: 'what payments.import would pay of a CSV file, with its fees, and each line that it can not; nothing is moved',
    in: z.object({ text }),
    out: importQuoteSchema,
    who: 'entity',
    rest: null,
    cli: { words: 'payments import-quote', args: ['text'], file: 'text' },
  }),
  'payments.import': treasuryCommand({
    about: `pay what a CSV file lists (reference,to,amount, and token, memo where wanted), all of it or nothing; a reference that was paid before is not paid again`,
    in: z.object({ text }),
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
