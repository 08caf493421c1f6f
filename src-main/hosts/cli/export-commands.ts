import { type Command, Option } from 'commander'
import { AppError } from '../../../src-shared/errors.ts'
import {
  type ExportFilter,
  type ExportKind,
  type ExportOrder,
  type ExportPreset,
  exportFilterSchema,
  exportFormats,
  exportKinds,
  refuseWrongFilter,
} from '../../../src-shared/exports.ts'
import type { ExportSubject } from '../../../src-shared/exports-contract.ts'
import { currencySchema, type PriceImport, type PriceList, statementAskSchema } from '../../../src-shared/statement.ts'
import { listed } from '../../../src-shared/text.ts'
import type { Folder } from '../../core/export-command.ts'
import { resolveDataDir } from '../data-dir.ts'
import { actor } from './command-group.ts'
import { jsonText, type Terminal } from './terminal.ts'

const loadExports = () => import('../../core/export-command.ts')

interface FilterOptions {
  data?: string
  from?: string
  to?: string
  period?: number
  farm?: number
  node?: number
  account?: string
  format?: string
}

interface ExportOptions extends FilterOptions {
  out: string
  preset?: string
  year?: number
  currency?: string
  prices?: string
  timezone?: string
}

type AddCommand = (name: string, description: string, parent?: Command) => Command

const folderOf = ({ data }: { data?: string }): Folder => ({ dataDir: resolveDataDir(data), actor: actor() })

/** `granary export`, and what it keeps: `granary presets` and `granary prices`. */
export function addExportCommands(
  command: AddCommand,
  terminal: Terminal,
  wholeNumber: (text: string) => number,
  commandGroup: (name: string, description: string) => Command,
): void {
  const whole = (flags: string, description: string) => new Option(flags, description).argParser(wholeNumber)
  const withFilters = (to: Command): Command =>
    to
      .option('--from <day>', 'the first day, in UTC, e.g. 2025-01-01')
      .option('--to <day>', 'the last day, in UTC')
      .addOption(whole('--period <index>', 'a fixed period'))
      .addOption(whole('--farm <id>', 'a farm'))
      .addOption(whole('--node <id>', 'a node'))
      .option('--account <who>', 'a payout address, a payee, an account of the treasury, or who did it')

  withFilters(command('export', 'write receipts, payouts, ledger, uptime, audit trail, or the statement of a farm and year as a file'))
    .argument('[kind]', `${exportKinds.join(', ')} or statement; left out with --preset`)
    .requiredOption('--out <file>', 'the file; - writes to standard output')
    .addOption(
      new Option('--format <form>', 'default by the file’s name, else csv; a statement is csv or pdf').choices([...exportFormats, 'pdf']),
    )
    .option('--preset <name>', 'as it is kept under this name (granary presets); filters that are given besides take its place')
    .addOption(whole('--year <year>', 'of the statement'))
    .option('--currency <code>', 'of the statement: values at the market prices that are kept in it, e.g. EUR')
    .option('--prices <file>', 'a price file (CSV with the header date,price) to import into that currency first')
    .option('--timezone <name>', 'whose days and year a statement has, e.g. Europe/Brussels; default UTC')
    .action((kind: string | undefined, options: ExportOptions) => exportFile(kind, options, terminal))

  addPresetCommands(command, commandGroup, withFilters, terminal)
  addPriceCommands(command, commandGroup, terminal)
}

async function exportFile(kind: string | undefined, options: ExportOptions, terminal: Terminal): Promise<void> {
  const { out } = options
  if (out === '-' && terminal.json) throw new AppError('usage', 'Standard output can hold the file or --json, not both. Name a file.')
  const subject = kind === 'statement' ? await statementSubject(options, terminal) : await orderSubject(kind, options)
  const { exportTo } = await loadExports()
  const context = { signal: terminal.signal, onProgress: terminal.progress }
  const written = await exportTo({ dataDir: folderOf(options).dataDir, subject, target: out }, context)
  if (out !== '-') terminal.out(terminal.json ? jsonText({ file: out, written }) : `${out}: ${written}\n`)
}

async function orderSubject(kind: string | undefined, options: ExportOptions): Promise<ExportSubject> {
  const { preset: name, out } = options
  for (const option of ['year', 'currency', 'prices', 'timezone'] as const)
    if (options[option] !== undefined) throw new AppError('usage', `--${option} belongs to the statement: granary export statement.`)
  if (name === undefined) return { order: orderOf(kind, options, formatOf(out)) }
  const { order } = (await loadExports()).presetOf(folderOf(options), name)
  if (kind !== undefined && kind !== order.kind)
    throw new AppError('usage', `"${name}" is kept for ${order.kind}, not for ${kind}. Leave the kind out, or choose another preset.`)
  return { order: orderOf(order.kind, options, order.format, order.filter) }
}

function orderOf(kind: string | undefined, options: FilterOptions, format: ExportOrder['format'], kept: ExportFilter = {}): ExportOrder {
  const found = exportKinds.find(known => known === kind)
  if (!found)
    throw new AppError(
      'usage',
      `Say what to export: ${listed([...exportKinds])}, or statement.${kind === undefined ? '' : ` "${kind}" is none of them.`}`,
    )
  if (options.format === 'pdf') throw new AppError('usage', 'Only a statement can be written as PDF. Choose csv, json or ndjson.')
  const order = {
    kind: found,
    filter: { ...kept, ...filterOf(options) },
    format: exportFormats.find(known => known === options.format) ?? format,
  }
  refuseWrongFilter(order)
  return order
}

function filterOf({ from, to, period, farm, node, account }: FilterOptions): ExportFilter {
  const given = { from, to, period, farmId: farm, nodeId: node, account }
  const parsed = exportFilterSchema.safeParse(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new AppError('usage', `--${String(issue?.path[0] ?? '')}: ${issue?.message ?? 'This can’t be read.'}`)
}

/** By the file's name. */
function formatOf(out: string): ExportOrder['format'] {
  const lower = out.toLowerCase()
  return lower.endsWith('.json') ? 'json' : /\.(ndjson|jsonl)$/.test(lower) ? 'ndjson' : 'csv'
}

async function statementSubject(options: ExportOptions, terminal: Terminal): Promise<ExportSubject> {
  const { farm, year, timezone, currency: named, prices, out, format } = options
  const foreign = (['from', 'to', 'period', 'node', 'account', 'preset'] as const).find(option => options[option] !== undefined)
  if (foreign) throw new AppError('usage', `A statement is of a farm and year: --${foreign} does not belong to it.`)
  if (farm === undefined || year === undefined) throw new AppError('usage', 'Say whose statement and of which year: --farm ID --year YEAR.')
  if (prices !== undefined && named === undefined) throw new AppError('usage', 'Say which currency the prices are in: --currency EUR.')
  if (format === 'json' || format === 'ndjson') throw new AppError('usage', 'A statement is written as csv or pdf.')
  const parsed = statementAskSchema.safeParse({
    farmId: farm,
    year,
    ...(timezone !== undefined && { timeZone: timezone }),
    ...(named !== undefined && { currency: named }),
  })
  if (!parsed.success) throw new AppError('usage', parsed.error.issues[0]?.message ?? 'This statement can’t be made.')
  const { currency } = parsed.data
  if (prices !== undefined && currency !== undefined) await takePrices(options, currency, prices, terminal)
  return { statement: parsed.data, format: (format ?? (out.toLowerCase().endsWith('.pdf') ? 'pdf' : 'csv')) === 'pdf' ? 'pdf' : 'csv' }
}

async function takePrices(options: { data?: string }, currency: string, file: string, terminal: Terminal): Promise<PriceImport> {
  const done = (await loadExports()).importPriceFile(folderOf(options), currency, file)
  if (!terminal.json) terminal.err(importText(done))
  return done
}

function addPresetCommands(
  command: AddCommand,
  commandGroup: (name: string, description: string) => Command,
  withFilters: (to: Command) => Command,
  terminal: Terminal,
): void {
  const presets = commandGroup('presets', 'exports that are kept by name')

  command('list', 'what is kept', presets).action(async (options: { data?: string }) => {
    const found = (await loadExports()).presetsOf(folderOf(options))
    terminal.out(
      terminal.json ? jsonText({ presets: found }) : found.length === 0 ? 'None is kept.\n' : `${found.map(presetText).join('\n')}\n`,
    )
  })

  withFilters(command('save', 'keep kind, filters and format under a name, in place of what was kept under it', presets))
    .argument('<name>', 'the name')
    .argument('<kind>', exportKinds.join(', '))
    .addOption(new Option('--format <form>', 'the form').choices([...exportFormats]).default('csv'))
    .action(async (name: string, kind: ExportKind, options: FilterOptions) => {
      const preset = { name: name.trim(), order: orderOf(kind, options, 'csv') }
      ;(await loadExports()).keepPreset(folderOf(options), preset)
      terminal.out(terminal.json ? jsonText(preset) : `Kept: ${presetText(preset)}\n`)
    })

  command('delete', 'keep it no longer', presets)
    .argument('<name>', 'the name')
    .action(async (name: string, options: { data?: string }) => {
      ;(await loadExports()).dropPreset(folderOf(options), name)
      terminal.out(terminal.json ? jsonText({ deleted: name }) : `"${name}" is not kept any more.\n`)
    })
}

function presetText({ name, order: { kind, filter, format } }: ExportPreset): string {
  const filters = Object.entries(filter).map(([member, value]) => `${member.replace(/Id$/, '')} ${value}`)
  return `${name}: ${[kind, ...filters, format].join(', ')}`
}

function addPriceCommands(command: AddCommand, commandGroup: (name: string, description: string) => Command, terminal: Terminal): void {
  const prices = commandGroup('prices', 'market prices of TFT by day, for statements')

  command('list', 'which are kept', prices).action(async (options: { data?: string }) => {
    const found = (await loadExports()).pricesOf(folderOf(options))
    terminal.out(
      terminal.json ? jsonText({ prices: found }) : found.length === 0 ? 'None are kept.\n' : `${found.map(listText).join('\n')}\n`,
    )
  })

  command('import', 'take a price file in: CSV with the header date,price and a line for each day, e.g. 2025-03-31,0.0123', prices)
    .argument('<file>', 'the file; - reads standard input')
    .requiredOption('--currency <code>', 'what the prices are in, e.g. EUR')
    .action(async (file: string, options: { data?: string; currency: string }) => {
      const done = (await loadExports()).importPriceFile(folderOf(options), currencyOf(options.currency), file)
      terminal.out(terminal.json ? jsonText(done) : importText(done))
    })

  command('remove', 'take all prices in a currency out', prices)
    .requiredOption('--currency <code>', 'which, e.g. EUR')
    .action(async (options: { data?: string; currency: string }) => {
      const currency = currencyOf(options.currency)
      ;(await loadExports()).removePrices(folderOf(options), currency)
      terminal.out(terminal.json ? jsonText({ removed: currency }) : `No prices in ${currency} are kept any more.\n`)
    })
}

function currencyOf(text: string): string {
  const parsed = currencySchema.safeParse(text)
  if (parsed.success) return parsed.data
  throw new AppError('usage', parsed.error.issues[0]?.message ?? 'This is no currency.')
}

function listText({ currency, days, firstDay, lastDay, gaps }: PriceList): string {
  return `${currency}: ${days} days from ${firstDay} to ${lastDay}${gaps === 0 ? ', none missing' : `, ${gaps} days between them missing`}`
}

function importText({ currency, added, changed, unchanged, repeated, firstDay, lastDay, gaps, gapDays }: PriceImport): string {
  const lines = [
    `Prices in ${currency} from ${firstDay} to ${lastDay}: ${added} new, ${changed} changed, ${unchanged} as they were${repeated > 0 ? `; ${repeated} lines said the same again` : ''}.`,
  ]
  if (gapDays > 0) {
    const spans = gaps.slice(0, 5).map(({ from, to }) => (from === to ? from : `${from} to ${to}`))
    lines.push(`The file has no price for ${gapDays} days between: ${spans.join(', ')}${gaps.length > 5 ? ' and others' : ''}.`)
  }
  return `${lines.join('\n')}\n`
}
