import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { AppError } from '../../src-shared/errors.ts'
import { connect, type DbKind } from './db.ts'

/** How a database comes back that is not there any more. */
export function wayBack(dataDir: string, kind: DbKind): string {
  if (kind === 'facts')
    return 'Import the archives again (granary import) or sync again (granary sync): either makes it anew. The books are not touched by that.'
  const backups = join(dataDir, 'backups')
  const copy = existsSync(backups) ? `, or put a copy from ${backups} in its place` : ''
  return `Bring it back from a backup (granary restore FILE)${copy}. To begin anew without what was in it, move facts.db and the rest of the folder away.`
}

/**
 * Refuses a folder that has lost its books: new ones would look as if no key, vote or run had ever been there. Throws AppError store.corrupt.
 * A first start that was killed between making the two databases leaves one without a row, and no key that signs the books' trail.
 */
export function refuseLostBooks(dataDir: string): void {
  const [books, facts] = [join(dataDir, 'books.db'), join(dataDir, 'facts.db')]
  if (hasBytes(books) || !hasBytes(facts)) return
  if (!existsSync(join(dataDir, 'installation.key')) && !holdsFacts(facts)) return
  throw new AppError(
    'store.corrupt',
    `${books} is missing beside facts.db. Keys, votes and runs were in it, so no empty one is put in its place. ${wayBack(dataDir, 'books')}`,
    { details: { path: books } },
  )
}

/** SQLite takes an empty file for a new database, whatever log lies beside it. */
function hasBytes(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0
}

function holdsFacts(path: string): boolean {
  try {
    const facts = connect(path, 'facts', 'read')
    try {
      const tables = facts.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name IN ('imports', 'chain')").pluck().all()
      return tables.some(name => facts.prepare(`SELECT EXISTS (SELECT 1 FROM ${name})`).pluck().get() === 1)
    } finally {
      facts.close()
    }
  } catch {
    // one that was made just now can be read
    return true
  }
}
