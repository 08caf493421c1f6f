import { existsSync } from 'node:fs'
import Database from 'better-sqlite3'
import { type DbKind, PAGE_BYTES } from './db.ts'
import { writeSmallFile } from './files.ts'
import { migrate } from './migrations.ts'

/** The file of an empty database of the newest format, by its migrations: a process that opens several new folders makes it once. */
const images = new WeakMap<readonly string[], Buffer>()

/**
 * Makes one of the databases of a new data folder where it is missing, of the newest format at once: it is put together in memory, as each
 * migration on its own waits for the disk, and is there as a whole or not at all. Throws AppError store.migration, or what writing throws.
 */
export function makeFresh(path: string, kind: DbKind, steps: readonly string[]): void {
  // a log left behind by a database that was moved away is not this one's: SQLite drops it at an empty file only, which migrations then fill
  if (existsSync(path) || existsSync(`${path}-wal`)) return
  let image = images.get(steps)
  if (!image) {
    image = imageOf(kind, steps)
    images.set(steps, image)
  }
  writeSmallFile(path, image)
}

function imageOf(kind: DbKind, steps: readonly string[]): Buffer {
  const db = new Database(':memory:')
  try {
    db.pragma(`page_size = ${PAGE_BYTES[kind]}`)
    migrate(db, kind, steps, null)
    return db.serialize()
  } finally {
    db.close()
  }
}
