import { AppError } from '../../src-shared/errors.ts'
import type { Entity } from '../../src-shared/treasury/entities.ts'
import { prepared } from './db.ts'
import type { Store } from './open.ts'

/** An entity as the books have it; `verifier` or `keyId`, one of them. */
export interface StoredEntity {
  entityId: string
  name: string
  kind: Exclude<Entity['kind'], 'system'>
  createdTs: number
  verifier: string | null
  keyId: string | null
}

const COLUMNS = 'id AS entityId, name, kind, created_ts AS createdTs, verifier, key_id AS keyId'

/** All that were made, by name. */
export function listEntities(store: Store): StoredEntity[] {
  return store.books.prepare(`SELECT ${COLUMNS} FROM treasury_entities ORDER BY name`).all() as StoredEntity[]
}

/** By its id, else by its name; null: there is none. */
export function findEntity(store: Store, idOrName: string): StoredEntity | null {
  // one statement for both would be planned anew at each call, which takes longer than both of these
  const by = (column: 'id' | 'name') =>
    prepared(store.books, `SELECT ${COLUMNS} FROM treasury_entities WHERE ${column} = ?`).get(idOrName) as StoredEntity | undefined
  return by('id') ?? by('name') ?? null
}

/** Throws AppError store.conflict for a name that another has. Whoever calls it holds the transaction. */
export function insertEntity(store: Store, entity: StoredEntity): void {
  if (findEntity(store, entity.name))
    throw new AppError('store.conflict', `There is an entity of the name "${entity.name}" already. Nothing was kept; choose another name.`)
  store.books
    .prepare(
      'INSERT INTO treasury_entities (id, name, kind, verifier, key_id, created_ts) VALUES (@entityId, @name, @kind, @verifier, @keyId, @createdTs)',
    )
    .run(entity)
}

/** Whoever calls it holds the transaction. */
export function saveEntityVerifier(store: Store, entityId: string, verifier: string): void {
  store.books.prepare('UPDATE treasury_entities SET verifier = ?, key_id = NULL WHERE id = ?').run(verifier, entityId)
}

/** What the administrator's passphrase is checked against; null: none was set. */
export function loadAdministrator(store: Store): string | null {
  return (store.books.prepare('SELECT verifier FROM treasury_administrator').pluck().get() as string | undefined) ?? null
}

/** Whoever calls it holds the transaction. */
export function saveAdministrator(store: Store, verifier: string): void {
  store.books.prepare('INSERT OR REPLACE INTO treasury_administrator (id, verifier, set_ts) VALUES (1, ?, ?)').run(verifier, store.now())
}

/** What an entity put aside of a token itself, base units. */
export function ownLockOf(store: Store, entity: string, token: string): bigint {
  const found = store.books
    .prepare('SELECT amount FROM treasury_own_locks WHERE entity = ? AND token = ?')
    .pluck()
    .safeIntegers()
    .get(entity, token) as bigint | undefined
  return found ?? 0n
}

/** Whoever calls it holds the transaction. */
export function saveOwnLock(store: Store, entity: string, token: string, amountUnits: bigint): void {
  store.books.prepare('INSERT OR REPLACE INTO treasury_own_locks (entity, token, amount) VALUES (?, ?, ?)').run(entity, token, amountUnits)
}
