import { type Settings, settingsSchema } from '../../src-shared/contract.ts'
import type { Store } from './open.ts'
import { books, change, row, rows } from './sql.ts'

const defaults: Settings = { role: null, theme: 'auto', myFarms: [], resources: 'latest', ui: {} }

/** What the user chose, defaults for the rest; a value that this program can't read counts as not chosen. */
export function loadSettings(store: Store): Settings {
  const stored: Record<string, unknown> = {}
  for (const { name, value } of rows(store.books, books.selectFrom('settings').selectAll())) {
    const member = settingsSchema.partial().safeParse({ [name]: JSON.parse(value) })
    if (member.success) Object.assign(stored, member.data)
  }
  return settingsSchema.parse({ ...defaults, ...stored })
}

/** Sets the given members; whoever calls it holds the transaction (runCommand does). */
export function saveSettings(store: Store, changes: { [K in keyof Settings]?: Settings[K] | undefined }): void {
  for (const [name, value] of Object.entries(changes)) if (value !== undefined) saveNote(store, name, value)
}

/** Something else that the books keep by name, as plain data; undefined if it was never kept. */
export function loadNote(store: Store, name: string): unknown {
  const found = row(store.books, books.selectFrom('settings').select('value').where('name', '=', name))
  return found && JSON.parse(found.value)
}

/** Keeps plain data by name; whoever calls it holds the transaction (runCommand does). */
export function saveNote(store: Store, name: string, value: unknown): void {
  const text = JSON.stringify(value)
  change(
    store.books,
    books
      .insertInto('settings')
      .values({ name, value: text })
      .onConflict(conflict => conflict.column('name').doUpdateSet({ value: text })),
  )
}

/** The user's own name for a node, and a note. */
export interface Label {
  nodeId: number
  label: string
  note: string
}

/** All nodes that have a label or a note, by node id. */
export function loadLabels(store: Store): Map<number, Label> {
  const query = books.selectFrom('labels').selectAll().orderBy('node_id')
  return new Map(rows(store.books, query).map(({ node_id, label, note }) => [node_id, { nodeId: node_id, label, note }]))
}

/** Sets label and note; both empty takes them away. Whoever calls it holds the transaction (runCommand does). */
export function saveLabel(store: Store, { nodeId, label, note }: Label): void {
  if (label === '' && note === '') {
    change(store.books, books.deleteFrom('labels').where('node_id', '=', nodeId))
    return
  }
  const values = { label, note, changed_ts: store.now() }
  change(
    store.books,
    books
      .insertInto('labels')
      .values({ node_id: nodeId, ...values })
      .onConflict(conflict => conflict.column('node_id').doUpdateSet(values)),
  )
}
