import type { RestScope } from '../../src-shared/treasury/row.ts'
import type { Store } from './open.ts'

/**
 * Tokens of the REST door. Of a token itself only its SHA-256 is kept: it is 256 random bits, which nobody finds by trying, so that no slow
 * hash is needed. A token stays listed when it is withdrawn; what it is good for never changes.
 */
export const booksAccessTokens = `
  CREATE TABLE access_tokens (
    number INTEGER PRIMARY KEY,
    entity TEXT NOT NULL REFERENCES treasury_entities (id),
    name TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE CHECK (length(hash) = 64),
    scopes TEXT NOT NULL CHECK (json_valid(scopes)),
    created_ts INTEGER NOT NULL,
    expires_ts INTEGER,
    last_used_ts INTEGER,
    withdrawn_ts INTEGER
  ) STRICT;
  CREATE INDEX access_tokens_entity ON access_tokens (entity, number);
  CREATE TRIGGER access_tokens_keep BEFORE DELETE ON access_tokens
    BEGIN SELECT RAISE(ABORT, 'an access token stays listed'); END;
  CREATE TRIGGER access_tokens_fixed BEFORE UPDATE OF number, entity, name, hash, scopes, created_ts, expires_ts ON access_tokens
    BEGIN SELECT RAISE(ABORT, 'what an access token is good for stays'); END;
  CREATE TRIGGER access_tokens_withdrawn BEFORE UPDATE OF withdrawn_ts ON access_tokens WHEN OLD.withdrawn_ts IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'an access token stays withdrawn'); END;
`

export interface StoredAccessToken {
  id: string
  entityId: string
  name: string
  scopes: RestScope[]
  createdTs: number
  expiresTs: number | null
  lastUsedTs: number | null
  withdrawnTs: number | null
}

type Row = Omit<StoredAccessToken, 'id' | 'scopes'> & { number: number; scopes: string }

const PREFIX = 'token-'
const COLUMNS = `number, entity AS entityId, name, scopes, created_ts AS createdTs, expires_ts AS expiresTs,
  last_used_ts AS lastUsedTs, withdrawn_ts AS withdrawnTs`

function tokenOf({ number, scopes, ...row }: Row): StoredAccessToken {
  return { id: `${PREFIX}${number}`, ...row, scopes: JSON.parse(scopes) as RestScope[] }
}

/** The number in an id like `token-3`; null: it is none. */
function numberOf(id: string): number | null {
  const digits = id.startsWith(PREFIX) ? id.slice(PREFIX.length) : ''
  return /^[1-9]\d{0,14}$/.test(digits) ? Number(digits) : null
}

/** An entity's tokens, newest first. */
export function listAccessTokens(store: Store, entityId: string): StoredAccessToken[] {
  const rows = store.books.prepare(`SELECT ${COLUMNS} FROM access_tokens WHERE entity = ? ORDER BY number DESC`).all(entityId)
  return (rows as Row[]).map(tokenOf)
}

/** By its id; null: there is none. */
export function findAccessToken(store: Store, id: string): StoredAccessToken | null {
  const found = store.books.prepare(`SELECT ${COLUMNS} FROM access_tokens WHERE number = ?`).get(numberOf(id)) as Row | undefined
  return found ? tokenOf(found) : null
}

/** By the SHA-256 of what was shown once, in hex; null: there is none. */
export function findAccessTokenByHash(store: Store, hash: string): StoredAccessToken | null {
  const found = store.books.prepare(`SELECT ${COLUMNS} FROM access_tokens WHERE hash = ?`).get(hash) as Row | undefined
  return found ? tokenOf(found) : null
}

/** Tokens of an entity that are neither withdrawn nor expired at `nowTs`. */
export function countGoodAccessTokens(store: Store, entityId: string, nowTs: number): number {
  const sql = 'SELECT count(*) FROM access_tokens WHERE entity = ? AND withdrawn_ts IS NULL AND (expires_ts IS NULL OR expires_ts > ?)'
  return store.books.prepare(sql).pluck().get(entityId, nowTs) as number
}

/** Keeps a new token; gives it with its id. Whoever calls it holds the transaction. */
export function insertAccessToken(
  store: Store,
  token: Pick<StoredAccessToken, 'entityId' | 'name' | 'scopes' | 'createdTs' | 'expiresTs'> & { hash: string },
): StoredAccessToken {
  const { lastInsertRowid } = store.books
    .prepare(
      `INSERT INTO access_tokens (entity, name, hash, scopes, created_ts, expires_ts)
      VALUES (@entityId, @name, @hash, @scopes, @createdTs, @expiresTs)`,
    )
    .run({ ...token, scopes: JSON.stringify(token.scopes) })
  return findAccessToken(store, `${PREFIX}${lastInsertRowid}`)!
}

/** Whoever calls it holds the transaction. */
export function saveAccessTokenUse(store: Store, id: string, usedTs: number): void {
  store.books.prepare('UPDATE access_tokens SET last_used_ts = ? WHERE number = ?').run(usedTs, numberOf(id))
}

/** Whoever calls it holds the transaction. */
export function withdrawAccessToken(store: Store, id: string, withdrawnTs: number): void {
  store.books.prepare('UPDATE access_tokens SET withdrawn_ts = ? WHERE number = ?').run(withdrawnTs, numberOf(id))
}
