import { AppError } from '../../src-shared/errors.ts'
import { type ExportPreset, exportPresetSchema } from '../../src-shared/exports.ts'
import type { Store } from './open.ts'

/** Named exports, by name. */
export function listPresets(store: Store): ExportPreset[] {
  const found = store.books.prepare('SELECT name, order_json FROM export_presets ORDER BY name').all() as {
    name: string
    order_json: string
  }[]
  return found.map(({ name, order_json }) => readPreset(name, order_json))
}

/** Throws AppError not-found, which says what there is. */
export function loadPreset(store: Store, name: string): ExportPreset {
  const presets = listPresets(store)
  const found = presets.find(preset => preset.name === name.trim())
  if (found) return found
  const there = presets.length === 0 ? 'There is none yet.' : `There are: ${presets.map(preset => preset.name).join(', ')}.`
  throw new AppError('not-found', `No export is kept under the name "${name.slice(0, 60)}". ${there}`, {
    details: { name: name.slice(0, 60) },
  })
}

/** In place of one of that name; whoever calls it holds the transaction (runCommand does). */
export function savePreset(store: Store, { name, order }: ExportPreset): void {
  store.books
    .prepare('INSERT OR REPLACE INTO export_presets (name, order_json, saved_ts) VALUES (?, ?, ?)')
    .run(name, JSON.stringify(order), store.now())
}

/** Whoever calls it holds the transaction. Throws AppError not-found. */
export function deletePreset(store: Store, name: string): void {
  loadPreset(store, name)
  store.books.prepare('DELETE FROM export_presets WHERE name = ?').run(name.trim())
}

function readPreset(name: string, text: string): ExportPreset {
  const parsed = exportPresetSchema.safeParse({ name, order: JSON.parse(text) })
  if (parsed.success) return parsed.data
  throw new AppError(
    'store.corrupt',
    `What is kept of the export "${name}" in books.db can't be read. Nothing was changed. Put a copy of the books from the folder "backups" in its place.`,
    { cause: parsed.error, details: { name } },
  )
}
