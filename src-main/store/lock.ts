import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { AppError } from '../../src-shared/errors.ts'
import { formatUtc } from '../../src-shared/time.ts'
import { storeError } from './db.ts'
import { makePrivateFile, writeSmallFile } from './files.ts'

/** Who writes, for the message to a second one; the lock itself is the operating system's and can't be left behind. */
interface Owner {
  pid: number
  host: string
  sinceTs: number
  /** set when it closed in order */
  clean: boolean
}

export interface Lock {
  /** false if the last writer did not close in order (crash, kill, power cut) */
  lastWasClean: boolean
  /** `clean: false` leaves the marker, so that the next open checks the databases */
  release(clean: boolean): void
}

/** Locks that are held: one that nothing refers to would be closed by the garbage collector, and the folder be open to a second writer. */
const held = new Set<Database.Database>()

/**
 * Takes the one writer's lock of a data folder for as long as this process lives, or throws AppError store.busy naming the process
 * that has it. It is an exclusive transaction on a database that holds nothing, so the system drops it with the process.
 */
export function takeLock(dataDir: string, nowTs: number): Lock {
  const path = join(dataDir, 'lock.db')
  const ownerPath = join(dataDir, 'lock.json')
  makePrivateFile(path)
  const db = new Database(path, { timeout: 0 })
  try {
    db.pragma('journal_mode = MEMORY')
    db.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    db.close()
    const known = storeError(error, path)
    throw known.code === 'store.busy' ? busy(ownerPath, dataDir) : known
  }
  try {
    const last = readOwner(ownerPath)
    const owner: Owner = { pid: process.pid, host: hostname(), sinceTs: nowTs, clean: false }
    writeSmallFile(ownerPath, JSON.stringify(owner))
    held.add(db)
    return {
      lastWasClean: last?.clean ?? true,
      release(clean) {
        try {
          if (clean) writeSmallFile(ownerPath, JSON.stringify({ ...owner, clean: true }))
        } catch {
          // a data folder that can't be written any more (full, gone) only costs a check at the next open
        }
        held.delete(db)
        db.close()
      },
    }
  } catch (error) {
    db.close()
    throw error
  }
}

function busy(ownerPath: string, dataDir: string): AppError {
  const owner = readOwner(ownerPath)
  const who = owner ? `process ${owner.pid} on ${owner.host}, since ${formatUtc(owner.sinceTs)}` : 'its process is not known'
  return new AppError(
    'store.busy',
    `Another Granary is using ${dataDir} (${who}). Close it, or name another folder with --data. Reading is possible meanwhile.`,
    { retryable: true, details: { dataDir, pid: owner?.pid ?? null, host: owner?.host ?? null } },
  )
}

function readOwner(path: string): Owner | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Owner
  } catch {
    return null // missing or unreadable: only the message gets poorer
  }
}
