import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import type { ChunkHead } from './codec-head.ts'
import { connect, type Db, storeError } from './db.ts'
import { makeDataFolder, makePrivateFile } from './files.ts'
import { makeFresh } from './fresh.ts'
import { type Lock, takeLock } from './lock.ts'
import type { LooseEvent } from './loose.ts'
import { refuseLostBooks, wayBack } from './lost.ts'
import { backupBooks, type Migrations, migrate, migrations as ownMigrations, refuseNewer, versionOf } from './migrations.ts'
import { finishSwitch, isSwitching } from './restore-switch.ts'

/** An open data folder: the chain's facts and the books, each with a connection of this thread. */
export interface Store {
  readonly facts: Db
  readonly books: Db
  readonly dataDir: string
  readonly mode: 'read' | 'write'
  /** the time, in whole seconds since the epoch */
  now(): number
  /** the decoded heads of the import that was read last, and its loose events once they were asked for: a page asks for the same period again and again */
  heads: { importId: number; digest: string; list: ChunkHead[]; loose: readonly (readonly LooseEvent[])[] | null } | null
  close(): void
}

export interface OpenOptions {
  /** `read` works at any time, also while another process or thread writes */
  mode: 'read' | 'write'
  /** whether to be the one writer of this folder; default with mode `write`. Worker threads of the writer open with `false` */
  lock?: boolean
  /** for tests: milliseconds since the epoch */
  nowMs?: () => number
  /** for tests */
  migrations?: Migrations
}

/**
 * Opens a data folder, and makes it (0700, files 0600) where it is missing and mode is `write`.
 * Throws AppError store.busy (another writer), store.newer, store.migration, store.corrupt (found after a crash, or the books are lost), io.*.
 */
export function openStore(dataDir: string, options: OpenOptions): Store {
  const folder = resolve(dataDir)
  const nowMs = options.nowMs ?? Date.now
  const opened: Db[] = []
  let lock: Lock | undefined
  try {
    if (options.mode === 'write') makeDataFolder(folder)
    if (options.mode === 'write' && (options.lock ?? true)) lock = takeLock(folder, Math.floor(nowMs() / 1000))
    if (lock) finishSwitch(folder)
    else if (isSwitching(folder))
      throw new AppError('store.busy', `A restore of ${folder} has not ended. Open it once in Granary, which ends it, then try again.`, {
        retryable: true,
      })
    const paths = { facts: join(folder, 'facts.db'), books: join(folder, 'books.db') }
    const steps = options.migrations ?? ownMigrations
    refuseLostBooks(folder)
    if (lock)
      for (const kind of ['facts', 'books'] as const) {
        makeFresh(paths[kind], kind, steps[kind])
        makePrivateFile(paths[kind])
      }
    else if (existsSync(paths.books) && !existsSync(paths.facts))
      throw new AppError('store.corrupt', `${paths.facts} is missing. ${wayBack(folder, 'facts')}`, { details: { path: paths.facts } })
    else if (!existsSync(paths.books))
      throw new AppError('io.missing', `There is no store in ${folder} yet. Import an archive first, or name another folder with --data.`, {
        details: { dataDir: folder },
      })
    const books = connect(paths.books, 'books', options.mode)
    opened.push(books)
    const facts = connect(paths.facts, 'facts', options.mode)
    opened.push(facts)
    refuseNewer(books, 'books', steps.books.length, paths.books)
    refuseNewer(facts, 'facts', steps.facts.length, paths.facts)
    if (lock && !lock.lastWasClean) {
      checkIntegrity(books, paths.books, `Put a copy from ${join(folder, 'backups')} in its place.`)
      checkIntegrity(facts, paths.facts, 'The books are whole. Move facts.db aside and import the archives again.')
    }
    const pending = versionOf(books) < steps.books.length || versionOf(facts) < steps.facts.length
    if (pending && !lock)
      throw new AppError('store.migration', `The store in ${folder} is of an older format. Open it once in Granary, then try again.`, {
        details: { dataDir: folder },
      })
    if (pending) {
      const backup = versionOf(books) > 0 ? backupBooks(books, folder, nowMs()) : null
      migrate(books, 'books', steps.books, backup)
      migrate(facts, 'facts', steps.facts, backup)
    }
    return {
      facts,
      books,
      dataDir: folder,
      mode: options.mode,
      now: () => Math.floor(nowMs() / 1000),
      heads: null,
      close() {
        facts.close()
        books.close()
        lock?.release(true)
        lock = undefined
      },
    }
  } catch (error) {
    for (const db of opened) db.close()
    // a store that was found damaged, or that could not be checked, is checked again next time
    lock?.release(lock.lastWasClean)
    throw toAppError(storeError(error, folder))
  }
}

/** SQLite's own check of a whole database, which takes some 0.2 s for each 100 MB. Throws AppError store.corrupt. */
export function checkIntegrity(db: Db, path: string, wayOut: string): void {
  let found: string
  try {
    found = db.pragma('integrity_check(1)', { simple: true }) as string
  } catch (error) {
    found = (error as Error).message
  }
  if (found !== 'ok') throw new AppError('store.corrupt', `${path} is damaged: ${found}. ${wayOut}`, { details: { path, found } })
}
