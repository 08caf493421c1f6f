import { z } from 'zod'
import { none } from './contract-parts.ts'
import { columnKindSchema, exportOrderSchema, exportPresetSchema } from './exports.ts'
import { currencySchema, priceImportSchema, priceListSchema, statementAskSchema, statementSchema } from './statement.ts'

/* The contract's part for files that leave: rows of a kind, and the farmer's statement. */

/** Longest price file that a page sends in one go, in characters: some hundred years. */
export const MAX_PRICES_CHARS = 1_000_000
/** Bytes of a finished file that a page asks for at a time. */
export const EXPORT_PART_BYTES = 393_216

export const exportSubjectSchema = z.union([
  z.object({ order: exportOrderSchema }),
  z.object({ statement: statementAskSchema, format: z.enum(['csv', 'pdf']) }),
])
export type ExportSubject = z.output<typeof exportSubjectSchema>

export const exportQueries = {
  /** how many rows an export has, and the first of them */
  'exports.preview': {
    in: z.object({ order: exportOrderSchema, limit: z.number().int().min(1).max(100).default(20) }),
    out: z.object({
      columns: z.array(z.object({ name: z.string(), kind: columnKindSchema })),
      rows: z.array(z.array(z.union([z.string(), z.number(), z.null()]))),
      total: z.number(),
    }),
  },
  'exports.presets': { in: none, out: z.array(exportPresetSchema) },
  /** a part of a file that exports.start made */
  'exports.part': {
    in: z.object({ jobId: z.string().max(100), offset: z.number().int().min(0) }),
    out: z.object({ fileName: z.string(), size: z.number(), base64: z.string() }),
  },
  'exports.statement': { in: statementAskSchema, out: statementSchema },
  'exports.farms': { in: none, out: z.array(z.object({ farmId: z.number(), name: z.string() })) },
  'prices.list': { in: none, out: z.array(priceListSchema) },
} as const

export const exportCommands = {
  /** makes the file in the background; exports.part gives it when the job is done, exports.drop takes it away */
  'exports.start': { in: exportSubjectSchema, out: z.object({ jobId: z.string() }) },
  'exports.drop': { in: z.object({ jobId: z.string().max(100) }), out: none },
  /** in place of one of that name */
  'exports.savePreset': { in: exportPresetSchema, out: none },
  'exports.deletePreset': { in: z.object({ name: z.string().max(60) }), out: none },
  /** a CSV text with the header date,price: the currency's price of one TFT on that day */
  'prices.import': { in: z.object({ currency: currencySchema, text: z.string().max(MAX_PRICES_CHARS) }), out: priceImportSchema },
  'prices.remove': { in: z.object({ currency: currencySchema }), out: none },
} as const
