import { z } from 'zod'
import { AppError } from './errors.ts'
import { listed } from './text.ts'

/* What leaves as a file: which rows, by which filters, in which form. All dates are days in UTC, both ends inclusive. */

export const exportKinds = ['receipts', 'payouts', 'ledger', 'uptime', 'audit'] as const
export const exportKindSchema = z.enum(exportKinds)
export type ExportKind = z.infer<typeof exportKindSchema>

/** csv: RFC 4180, UTF-8, with header. json: one document. ndjson: an object a line. */
export const exportFormats = ['csv', 'json', 'ndjson'] as const
export const exportFormatSchema = z.enum(exportFormats)
export type ExportFormat = z.infer<typeof exportFormatSchema>

/** A day that exists, as `2025-02-28`. */
export const daySchema = z
  .string()
  .refine(text => isDay(text), { message: 'A day is written as year, month and day, e.g. 2025-02-28, and must exist.' })

export function isDay(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false
  const ms = Date.parse(`${text}T00:00:00.000Z`)
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text)
}

/** The first second of a day in UTC, since the epoch. */
export function dayStartTs(day: string): number {
  return Date.parse(`${day}T00:00:00.000Z`) / 1000
}

export const exportFilterSchema = z.object({
  from: daySchema.optional(),
  to: daySchema.optional(),
  /** index of a fixed period */
  period: z.number().int().min(0).optional(),
  farmId: z.number().int().min(0).optional(),
  nodeId: z.number().int().min(0).optional(),
  /** whose: see accountMeans */
  account: z.string().trim().min(1).max(100).optional(),
})
export type ExportFilter = z.infer<typeof exportFilterSchema>
export type FilterName = keyof ExportFilter

/** The filters that a kind takes. */
export const filtersOf: Record<ExportKind, readonly FilterName[]> = {
  receipts: ['from', 'to', 'period', 'farmId', 'nodeId', 'account'],
  payouts: ['from', 'to', 'period', 'farmId', 'nodeId', 'account'],
  ledger: ['from', 'to', 'account'],
  uptime: ['from', 'to', 'period', 'farmId', 'nodeId'],
  audit: ['from', 'to', 'account'],
}

/** What from and to are about. */
export const datesMean: Record<ExportKind, string> = {
  receipts: 'the end of the paid period',
  payouts: 'the day of the payment; what is not paid has none and is left out then',
  ledger: 'the time of the entry',
  uptime: 'the day that is counted',
  audit: 'the time of the entry',
}

/** What account is about; undefined: the kind has none. */
export const accountMeans: Record<ExportKind, string | undefined> = {
  receipts: 'payout address',
  payouts: 'payee',
  ledger: 'name or id of an account of the treasury',
  uptime: undefined,
  audit: 'who did it, e.g. cli:anna',
}

const filterWords: Record<FilterName, string> = {
  from: 'from',
  to: 'to',
  period: 'period',
  farmId: 'farm',
  nodeId: 'node',
  account: 'account',
}

export const exportOrderSchema = z.object({
  kind: exportKindSchema,
  filter: exportFilterSchema.default({}),
  format: exportFormatSchema.default('csv'),
})
export type ExportOrder = z.output<typeof exportOrderSchema>

/** Throws AppError usage for a filter that the kind does not know, which would otherwise leave more in the file than was meant, and for dates the wrong way round. */
export function refuseWrongFilter({ kind, filter }: Pick<ExportOrder, 'kind' | 'filter'>): void {
  const given = (Object.keys(filter) as FilterName[]).filter(name => filter[name] !== undefined)
  const foreign = given.find(name => !filtersOf[kind].includes(name))
  if (foreign !== undefined)
    throw new AppError(
      'usage',
      `The export of ${kind} has no filter by ${filterWords[foreign]}. It takes ${listed(filtersOf[kind].map(name => filterWords[name]))}. Nothing was written.`,
      { details: { kind, filter: foreign } },
    )
  if (filter.from !== undefined && filter.to !== undefined && filter.from > filter.to)
    throw new AppError('usage', `The first day, ${filter.from}, is after the last, ${filter.to}. Change one of them; nothing was written.`)
}

/** `granary-receipts-farm-17-2025-01-01-to-2025-12-31.csv` */
export function exportFileName({ kind, filter, format }: ExportOrder): string {
  const parts: string[] = ['granary', kind]
  if (filter.period !== undefined) parts.push('period', String(filter.period))
  if (filter.farmId !== undefined) parts.push('farm', String(filter.farmId))
  if (filter.nodeId !== undefined) parts.push('node', String(filter.nodeId))
  if (filter.account !== undefined) parts.push(filter.account.replace(/[^A-Za-z0-9]+/g, '-').slice(0, 24))
  if (filter.from !== undefined) parts.push(filter.from)
  if (filter.to !== undefined) parts.push('to', filter.to)
  return `${parts.join('-')}.${format}`
}

/** A named set of kind, filters and format. */
export const exportPresetSchema = z.object({ name: z.string().trim().min(1).max(60), order: exportOrderSchema })
export type ExportPreset = z.output<typeof exportPresetSchema>

/** How a column's cells are to be shown; an amount is a decimal text, exact in CSV and JSON. */
export const columnKindSchema = z.enum(['text', 'number', 'amount', 'time'])
export type ColumnKind = z.infer<typeof columnKindSchema>

export interface ExportColumn {
  /** header in CSV, member in JSON */
  name: string
  kind: ColumnKind
}
