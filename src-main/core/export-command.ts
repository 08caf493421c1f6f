import { randomUUID } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { AppError } from '../../src-shared/errors.ts'
import { type ExportPreset, exportPresetSchema, refuseWrongFilter } from '../../src-shared/exports.ts'
import { type ExportSubject, MAX_PRICES_CHARS } from '../../src-shared/exports-contract.ts'
import type { PriceImport, PriceList } from '../../src-shared/statement.ts'
import type { JobContext } from '../jobs/context.ts'
import { deletePreset, listPresets, loadPreset, savePreset } from '../store/export-presets.ts'
import { openStore, runCommand, type Store } from '../store/index.ts'
import { deletePrices, listPrices } from '../store/market-prices.ts'
import { writeExportFile } from './export-tasks.ts'
import { importPrices } from './exports.ts'

export { exportOrderSchema } from '../../src-shared/exports.ts'

export interface Folder {
  dataDir: string
  actor: string
}

/** Writes an export or a statement; gives what was written in words. Throws AppError usage, not-found, io.*, store.*, cancelled. */
export function exportTo(
  { dataDir, subject, target }: { dataDir: string; subject: ExportSubject; target: string },
  context: JobContext,
): Promise<string> {
  return writeExportFile({ factsDir: dataDir, booksDir: dataDir, subject, target }, context)
}

/** Throws AppError store.*, and not-found as loadPreset does. */
export function presetOf({ dataDir }: Folder, name: string): ExportPreset {
  return reading(dataDir, store => loadPreset(store, name))
}

export function presetsOf({ dataDir }: Folder): ExportPreset[] {
  return reading(dataDir, listPresets)
}

/** Keeps an export under a name. Throws AppError usage, store.*. */
export function keepPreset(folder: Folder, preset: ExportPreset): void {
  const parsed = exportPresetSchema.safeParse(preset)
  if (!parsed.success) throw new AppError('usage', 'A name has 1 to 60 characters. Nothing was kept.')
  refuseWrongFilter(parsed.data.order)
  writing(folder, 'exports.savePreset', `preset ${parsed.data.name}`, parsed.data, store => savePreset(store, parsed.data))
}

export function dropPreset(folder: Folder, name: string): void {
  writing(folder, 'exports.deletePreset', `preset ${name}`, { name }, store => deletePreset(store, name))
}

export function pricesOf({ dataDir }: Folder): PriceList[] {
  return reading(dataDir, listPrices)
}

/** Imports a price file. Throws AppError usage, which names every wrong line; io.*, store.*. */
export function importPriceFile(folder: Folder, currency: string, file: string): PriceImport {
  const isTooLarge = file !== '-' && (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > MAX_PRICES_CHARS
  const text = isTooLarge ? '' : readFileSync(file === '-' ? 0 : file, 'utf8')
  if (isTooLarge || text.length > MAX_PRICES_CHARS)
    throw new AppError('usage', `${file} is no list of daily prices: it is larger than ${MAX_PRICES_CHARS / 1e6} MB. Nothing was taken.`)
  return writing(folder, 'prices.import', `prices in ${currency}`, { currency, text }, store => importPrices(store, { currency, text }))
}

export function removePrices(folder: Folder, currency: string): void {
  writing(folder, 'prices.remove', `prices in ${currency}`, { currency }, store => deletePrices(store, currency))
}

function reading<T>(dataDir: string, work: (store: Store) => T): T {
  const store = openStore(dataDir, { mode: 'read' })
  try {
    return work(store)
  } finally {
    store.close()
  }
}

function writing<T>({ dataDir, actor }: Folder, command: string, subject: string, input: unknown, work: (store: Store) => T): T {
  const store = openStore(dataDir, { mode: 'write' })
  try {
    return runCommand(store, { actor, idempotencyKey: randomUUID(), command, input, audit: { subject } }, () => work(store))
  } finally {
    store.close()
  }
}
