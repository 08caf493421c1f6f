import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { AppError } from '../../src-shared/errors.ts'
import { writeSmallFile } from './files.ts'

/*
 * How the files of a data folder change places with restored ones. They are made ready in a folder of their own below it; a small file, which appears
 * at once and whole, says that they are, and from then on the new store is the one that counts: whoever opens the folder next moves what is not moved
 * yet. So at any moment there is the old store or the new one.
 */

const SWITCH_FILE = 'restore.json'
const READY = /^restoring-[0-9a-f]{8}$/
/** Below the data folder, while somebody looks into a backup. */
const PREVIEW = /^previewing-[A-Za-z0-9]{6}$/
const KEPT = /^before-restore-[0-9TZ-]{10,40}$/
const FILES = ['books.db', 'facts.db', 'installation.key'] as const
export type RestoredFile = (typeof FILES)[number]
/** What SQLite keeps beside a database: it belongs to the one that leaves. */
const BESIDE = ['-wal', '-shm', '-journal', '']

export interface Switch {
  /** the folder below the data folder where the new files are */
  ready: string
  /** the folder below the data folder that the old files go to */
  kept: string
  files: RestoredFile[]
}

/** From here on the new files count. They must be on the disk. */
export function commitSwitch(dataDir: string, order: Switch): void {
  writeSmallFile(join(dataDir, SWITCH_FILE), JSON.stringify(order))
  syncFolder(dataDir)
}

/** Whether files are changing places. */
export function isSwitching(dataDir: string): boolean {
  return existsSync(join(dataDir, SWITCH_FILE))
}

/** Ends a switch, wherever it stopped; without one it does nothing. Whoever calls it has the folder's lock. Throws AppError store.corrupt, io.*. */
export function finishSwitch(dataDir: string): void {
  if (!isSwitching(dataDir)) return
  const { ready, kept, files } = readSwitch(join(dataDir, SWITCH_FILE))
  const keptDir = join(dataDir, kept)
  mkdirSync(keptDir, { recursive: true, mode: 0o700 })
  for (const name of files) {
    const fresh = join(dataDir, ready, name)
    // a new file that is not there any more is in its place, and what stands there is not the old one
    if (!existsSync(fresh)) continue
    for (const suffix of BESIDE) {
      const old = join(dataDir, `${name}${suffix}`)
      if (existsSync(old)) renameSync(old, join(keptDir, `${name}${suffix}`))
    }
    // the old one must not be half gone while the new one is there already
    syncFolder(keptDir)
    syncFolder(dataDir)
    renameSync(fresh, join(dataDir, name))
  }
  syncFolder(dataDir)
  rmSync(join(dataDir, SWITCH_FILE))
  syncFolder(dataDir)
  rmSync(join(dataDir, ready), { recursive: true, force: true })
}

/** Removes what restores left that ended before they counted. Whoever calls it has the folder's lock, and has ended a switch. */
export function removeUnfinished(dataDir: string): void {
  for (const name of readdirSync(dataDir))
    if (READY.test(name) || PREVIEW.test(name)) rmSync(join(dataDir, name), { recursive: true, force: true })
}

function readSwitch(path: string): Switch {
  let read: Partial<Switch> = {}
  try {
    read = JSON.parse(readFileSync(path, 'utf8')) as Partial<Switch>
  } catch {
    // said below
  }
  const { ready = '', kept = '', files = [] } = read
  if (!READY.test(ready) || !KEPT.test(kept) || !Array.isArray(files) || !files.every(name => FILES.includes(name)))
    throw new AppError(
      'store.corrupt',
      `${path}, which says how far a restore has come, can't be read. The former books are in a folder "before-restore-…" beside it, or still in their place; the restored ones in a folder "restoring-…". Nothing was moved. Put the books that you want in the place of books.db and remove this file.`,
      { details: { path } },
    )
  return { ready, kept, files }
}

/** Makes renames durable; Windows has no such call for folders. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
