import { type CsvRow, parseCsv, withoutApostrophe } from '../../../src-shared/csv.ts'
import { AppError } from '../../../src-shared/errors.ts'
import { isDay } from '../../../src-shared/exports.ts'
import { unfixed } from '../../../src-shared/money.ts'
import type { PriceImport } from '../../../src-shared/statement.ts'
import { dayAfter, daysBetween } from './days.ts'

/** Decimals that a price may have. */
export const PRICE_DECIMALS = 12
/** Wrong lines that a message names; how many more there are it says. */
const NAMED = 20
const GAPS_TOLD = 100
/** A file longer than this is no list of daily prices. */
const MAX_LINES = 100_000

export interface ParsedPrices {
  /** by day, rising: what one TFT cost, as a decimal text without needless zeros */
  prices: Map<string, string>
  /** lines that say again what another line says */
  repeated: number
  gaps: PriceImport['gaps']
  gapDays: number
}

/**
 * Reads a price file: CSV with the header `date,price`, a line for each day (`2025-03-31,0.0123`), the price a plain decimal above 0 with up to
 * 12 decimals and a point, in any order. A day that stands twice with the same price is counted once; with another price it is wrong.
 * AppError `usage` names every wrong line with its number and reason; nothing of such a file is taken.
 */
export function parsePrices(text: string): ParsedPrices {
  const [header, ...rows] = parseCsv(text)
  const names = header?.cells.map(cell => cell.trim().toLowerCase()) ?? []
  if (names.length !== 2 || names[0] !== 'date' || names[1] !== 'price')
    throw new AppError('usage', `Line ${header?.line ?? 1} must be the header date,price with a comma between. Nothing was taken.`, {
      details: { line: header?.line ?? 1 },
    })
  if (rows.length === 0) throw new AppError('usage', 'The price file has a header and no prices. Nothing was taken.')
  if (rows.length > MAX_LINES)
    throw new AppError(
      'usage',
      `The price file has ${rows.length} lines, more than ${MAX_LINES}. Nothing was taken; one line for each day is meant.`,
    )
  const found = new Map<string, { line: number; price: string }>()
  const wrong: { line: number; why: string }[] = []
  let repeated = 0
  for (const row of rows) {
    const read = readLine(row)
    if ('why' in read) {
      wrong.push({ line: row.line, why: read.why })
      continue
    }
    const before = found.get(read.day)
    if (!before) found.set(read.day, { line: row.line, price: read.price })
    else if (before.price === read.price) repeated++
    else wrong.push({ line: row.line, why: `${read.day} stands in line ${before.line} already with another price (${before.price})` })
  }
  if (wrong.length > 0) throw wrongLines(wrong)
  const prices = new Map([...found].map(([day, { price }]) => [day, price] as const).sort(([a], [b]) => (a < b ? -1 : 1)))
  return { prices, repeated, ...gapsOf([...prices.keys()]) }
}

function readLine({ cells }: CsvRow): { day: string; price: string } | { why: string } {
  if (cells.length !== 2) return { why: `it has ${cells.length} cells, not 2; a price has a point, no comma` }
  const [day = '', price = ''] = cells.map(cell => withoutApostrophe(cell).trim())
  if (!isDay(day)) return { why: `"${day.slice(0, 30)}" is no day as 2025-03-31` }
  const amount = price.startsWith('-') ? null : unfixed(price, PRICE_DECIMALS)
  if (amount === null || !/^\d{1,15}(\.|$)/.test(price))
    return { why: `"${price.slice(0, 30)}" is no price: digits with a point and up to ${PRICE_DECIMALS} decimals` }
  if (amount === 0n) return { why: 'the price is 0; leave the line out where it is not known' }
  return { day, price: plainPrice(price) }
}

/** The same price is the same text: `0.0120` is `0.012`. */
function plainPrice(price: string): string {
  const [whole = '0', fraction = ''] = price.split('.')
  const rest = fraction.replace(/0+$/, '')
  const digits = whole.replace(/^0+(?=\d)/, '')
  return rest === '' ? digits : `${digits}.${rest}`
}

function wrongLines(wrong: readonly { line: number; why: string }[]): AppError {
  const named = wrong.slice(0, NAMED).map(({ line, why }) => `Line ${line}: ${why}.`)
  const more = wrong.length > NAMED ? [`And ${wrong.length - NAMED} more.`] : []
  return new AppError('usage', ['Nothing of the price file was taken.', ...named, ...more].join(' '), {
    details: { line: wrong[0]?.line ?? 0, wrong: wrong.length },
  })
}

/** Spans without a price between rising days. */
export function gapsOf(days: readonly string[]): Pick<PriceImport, 'gaps' | 'gapDays'> {
  const gaps: PriceImport['gaps'] = []
  let gapDays = 0
  for (let i = 1; i < days.length; i++) {
    const missing = daysBetween(days[i - 1]!, days[i]!) - 1
    if (missing === 0) continue
    gapDays += missing
    if (gaps.length < GAPS_TOLD) gaps.push({ from: dayAfter(days[i - 1]!), to: dayAfter(days[i]!, -1), days: missing })
  }
  return { gaps, gapDays }
}
