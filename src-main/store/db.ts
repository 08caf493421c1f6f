import Database from 'better-sqlite3'
import { AppError, toAppError } from '../../src-shared/errors.ts'

export type Db = Database.Database

/** What a connection is for: the books must survive a power cut at once, the facts may lose a tail (it is imported again). */
export type DbKind = 'facts' | 'books'

/** Larger pages suit the facts' blobs of some 15 KB. */
export const PAGE_BYTES: Record<DbKind, number> = { facts: 8192, books: 4096 }

/**
 * Opens one of the two databases with the pragmas that this program rests on.
 * The file must be there (see open.ts). Throws AppError store.corrupt, io.*.
 */
export function connect(path: string, kind: DbKind, mode: 'read' | 'write'): Db {
  let db: Db | undefined
  try {
    db = new Database(path, { readonly: mode === 'read', fileMustExist: true, timeout: 10_000 })
    if (mode === 'write') {
      // this only takes effect on a new file
      db.pragma(`page_size = ${PAGE_BYTES[kind]}`)
      db.pragma('journal_mode = WAL')
      db.pragma('journal_size_limit = 67108864')
    }
    db.pragma(`synchronous = ${kind === 'books' ? 'FULL' : 'NORMAL'}`)
    // on macOS a plain fsync does not reach the platter; elsewhere these two do nothing
    db.pragma(`fullfsync = ${kind === 'books' ? 'ON' : 'OFF'}`)
    db.pragma(`checkpoint_fullfsync = ${kind === 'books' ? 'ON' : 'OFF'}`)
    db.pragma('foreign_keys = ON')
    // so that REPLACE can't delete past the audit trail's triggers
    db.pragma('recursive_triggers = ON')
    db.pragma('trusted_schema = OFF')
    db.pragma('cell_size_check = ON')
    db.pragma('temp_store = MEMORY')
    return db
  } catch (error) {
    db?.close()
    throw storeError(error, path)
  }
}

/** SQLite's failures in our words; `where` names the file or what was being done. */
export function storeError(error: unknown, where: string): AppError {
  if (error instanceof AppError) return error
  const code = (error as { code?: unknown } | null)?.code
  if (typeof code !== 'string' || !code.startsWith('SQLITE_')) return toAppError(error)
  const options = { cause: error, details: { where, sqlite: code } }
  // the second: the shared memory beside the log could not grow
  if (code.startsWith('SQLITE_FULL') || code === 'SQLITE_IOERR_SHMSIZE')
    return new AppError('io.full', `The disk is full (${where}). The store is as it was before; free some space and run it again.`, options)
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB')
    return new AppError(
      'store.corrupt',
      `The store is damaged (${where}: ${(error as Error).message}). facts.db can be imported again after moving it aside; books.db comes back from the folder "backups".`,
      options,
    )
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'))
    return new AppError(
      'store.busy',
      `Another Granary is writing to this data folder (${where}). Close it, or try again when it is done.`,
      {
        ...options,
        retryable: true,
      },
    )
  if (code.startsWith('SQLITE_READONLY') || code === 'SQLITE_PERM' || code === 'SQLITE_AUTH' || code.startsWith('SQLITE_CANTOPEN'))
    return new AppError(
      'io.denied',
      `The store can't be opened or written (${where}). Check the folder's permissions, or name another with --data.`,
      options,
    )
  if (code.startsWith('SQLITE_IOERR'))
    return new AppError('io.failed', `Reading or writing the store failed (${where}: ${code}). Check the disk and try again.`, options)
  return new AppError('internal', `${(error as Error).message} (${where}: ${code})`, options)
}

/** Runs `work` in one transaction that takes the write lock at once; all or nothing. Throws AppError. */
export function writeTransaction<T>(db: Db, where: string, work: () => T): T {
  try {
    return db.transaction(work).immediate()
  } catch (error) {
    throw storeError(error, where)
  }
}

/** Runs `work` on one unchanging view of the database, whatever others write meanwhile. Throws AppError. */
export function readTransaction<T>(db: Db, where: string, work: () => T): T {
  try {
    return db.transaction(work).deferred()
  } catch (error) {
    throw storeError(error, where)
  }
}

/** Prepared statements by connection: preparing one takes several times as long as running it, and every page asks the same. */
const statements = new WeakMap<Db, Map<string, Database.Statement>>()
/** A query whose text depends on its figures must not fill the memory. */
const MAX_STATEMENTS = 200

/** The statement of a fixed text of SQL, prepared once for each connection. */
export function prepared(db: Db, sql: string): Database.Statement {
  let known = statements.get(db)
  if (!known) {
    known = new Map()
    statements.set(db, known)
  }
  let statement = known.get(sql)
  if (!statement) {
    if (known.size >= MAX_STATEMENTS) known.clear()
    statement = db.prepare(sql)
    known.set(sql, statement)
  }
  return statement
}
