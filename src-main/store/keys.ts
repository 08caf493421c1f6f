import { AppError } from '../../src-shared/errors.ts'
import type { Store } from './open.ts'
import type { KeysTable } from './schema.ts'
import { books, change, row, rows } from './sql.ts'

/** A key as the books have it; its secret is in `box`, encrypted. */
export interface StoredKey {
  keyId: string
  name: string
  kind: KeysTable['kind']
  origin: KeysTable['origin']
  publicKey: string
  address: string
  path: string
  box: Uint8Array | null
  boundTo: string | null
  /** which words are still to be asked back, counted from 1; null: none */
  ask: number[] | null
  createdTs: number
}

/** All keys, by name. */
export function loadKeys(store: Store): StoredKey[] {
  return rows(store.books, books.selectFrom('keys').selectAll().orderBy('name')).map(toKey)
}

/** Throws AppError not-found. */
export function loadKey(store: Store, keyId: string): StoredKey {
  const found = row(store.books, books.selectFrom('keys').selectAll().where('id', '=', keyId))
  if (!found)
    throw new AppError('not-found', 'There is no such key in the vault (any more). Look at the list of keys.', { details: { keyId } })
  return toKey(found)
}

/** Throws AppError store.conflict where name or key are there already. Whoever calls it holds the transaction (runCommand does). */
export function insertKey(store: Store, key: StoredKey): void {
  refuseName(store, key.name, key.keyId)
  const same = books.selectFrom('keys').selectAll().where('kind', '=', key.kind).where('public_key', '=', key.publicKey)
  const known = row(store.books, same)
  if (known) {
    const way = known.box === null ? 'It is only watched: remove it first to bring it in with its secret.' : 'Use that one.'
    throw new AppError('store.conflict', `This key is in the vault already, as "${known.name}". Nothing was kept. ${way}`, {
      details: { keyId: known.id },
    })
  }
  const { keyId, publicKey, box, boundTo, ask, createdTs, ...rest } = key
  const values = { id: keyId, public_key: publicKey, bound_to: boundTo, created_ts: createdTs, ...rest }
  const texts = { box: box === null ? null : Buffer.from(box), ask: ask === null ? null : JSON.stringify(ask) }
  change(store.books, books.insertInto('keys').values({ ...values, ...texts }))
}

/** Throws AppError store.conflict for a name that another key has. Whoever calls it holds the transaction. */
export function renameKey(store: Store, keyId: string, name: string): void {
  refuseName(store, name, keyId)
  change(store.books, books.updateTable('keys').set({ name }).where('id', '=', keyId))
}

/** Which words are asked back from now on; null: they were given. Whoever calls it holds the transaction. */
export function setAsk(store: Store, keyId: string, ask: readonly number[] | null): void {
  const value = ask === null ? null : JSON.stringify(ask)
  change(store.books, books.updateTable('keys').set({ ask: value }).where('id', '=', keyId))
}

/** Whoever calls it holds the transaction. */
export function deleteKey(store: Store, keyId: string): void {
  change(store.books, books.deleteFrom('keys').where('id', '=', keyId))
}

/** How often passphrases were wrong since one was right, and when the last was tried (seconds). */
export interface Tries {
  wrong: number
  lastTs: number
}

export function loadTries(store: Store): Tries {
  const found = row(store.books, books.selectFrom('key_tries').selectAll())
  return { wrong: found?.wrong ?? 0, lastTs: found?.last_ts ?? 0 }
}

/** Whoever calls it holds the transaction. */
export function saveTries(store: Store, { wrong, lastTs }: Tries): void {
  change(store.books, books.updateTable('key_tries').set({ wrong, last_ts: lastTs }))
}

function refuseName(store: Store, name: string, keyId: string): void {
  const query = books.selectFrom('keys').select('id').where('name', '=', name).where('id', '!=', keyId)
  if (row(store.books, query))
    throw new AppError('store.conflict', `Another key is called "${name}" already. Nothing was changed. Choose another name.`)
}

function toKey({ id, public_key: publicKey, bound_to: boundTo, created_ts: createdTs, box, ask, ...rest }: KeysTable): StoredKey {
  return { keyId: id, publicKey, boundTo, createdTs, box, ask: ask === null ? null : (JSON.parse(ask) as number[]), ...rest }
}
