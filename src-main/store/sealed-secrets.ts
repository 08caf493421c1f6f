import type { Store } from './open.ts'

/** Secrets of programs (an API key), each boxed in as those of the vault's keys are (signing/key-box.ts). */
export const booksSecrets = `
  CREATE TABLE sealed_secrets (
    name TEXT PRIMARY KEY,
    box BLOB NOT NULL,
    bound_to TEXT,
    set_ts INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`

/** A secret at rest, as a public record of its own with its box (see key-box.ts). */
export interface SealedSecret {
  kind: 'secret'
  /** its name */
  keyId: string
  publicKey: ''
  address: ''
  box: Uint8Array
  boundTo: string | null
}

export function secretRecord(name: string): Pick<SealedSecret, 'kind' | 'keyId' | 'publicKey' | 'address'> {
  return { kind: 'secret', keyId: name, publicKey: '', address: '' }
}

export function loadSecrets(store: Store): SealedSecret[] {
  const rows = store.books.prepare('SELECT name, box, bound_to AS boundTo FROM sealed_secrets ORDER BY name').all() as {
    name: string
    box: Uint8Array
    boundTo: string | null
  }[]
  return rows.map(({ name, ...boxed }) => ({ ...secretRecord(name), ...boxed }))
}

export function hasSecret(store: Store, name: string): boolean {
  return store.books.prepare('SELECT 1 FROM sealed_secrets WHERE name = ?').get(name) !== undefined
}

/** In the place of the one before. Whoever calls it holds the transaction. */
export function saveSecret(store: Store, { keyId, box, boundTo }: SealedSecret): void {
  store.books
    .prepare('INSERT OR REPLACE INTO sealed_secrets (name, box, bound_to, set_ts) VALUES (?, ?, ?, ?)')
    .run(keyId, box, boundTo, store.now())
}

/** Whoever calls it holds the transaction. */
export function deleteSecret(store: Store, name: string): void {
  store.books.prepare('DELETE FROM sealed_secrets WHERE name = ?').run(name)
}
