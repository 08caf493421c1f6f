import { createHash, randomBytes } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, readSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { BackupManifest } from '../../../src-shared/backup-contract.ts'
import { AppError, toAppError } from '../../../src-shared/errors.ts'
import { besideTarget, isAlive } from '../../archive/beside.ts'
import { connect, type Db, storeError } from '../../store/db.ts'
import { makePrivateFile } from '../../store/files.ts'
import { versionOf } from '../../store/migrations.ts'
import type { JobContext } from '../context.ts'
import { syncFolder } from '../files.ts'
import { createBodyWriter, type Lock } from './format.ts'
import { auditEntry, boundKeys, countsOf, factsNetwork } from './holdings.ts'
import { PIECE_BYTES, packPiece } from './pieces.ts'
import { checkParts, openBackup } from './read.ts'

export const BACKUP_ENDING = '.granary-backup'

export interface BackupOrder {
  dataDir: string
  /** a file that is not there yet, or a folder that is: then the file is named by the time */
  target: string
  withFacts: boolean
  /** encrypts it */
  lock: Lock | null
  /** of this Granary */
  version: string
  nowTs: number
}

export interface MadeBackup {
  path: string
  size: number
  manifest: BackupManifest
}

/**
 * Writes a backup while the store is in use: each database as one moment had it, at or after the call, the books first. It is written beside its
 * target, read again in full (hashes, SQLite's own check, the audit trail), and only then renamed. Rejects with AppError usage, io.*, store.*,
 * cancelled, backup.damaged (what was written is not what was read): then there is no such file.
 */
export async function makeBackup(order: BackupOrder, { signal, onProgress }: JobContext = {}): Promise<MadeBackup> {
  const target = targetOf(order)
  const temporary = besideTarget(target)
  let folder: string | null = null
  const say = (fraction: number, detail: string) => onProgress?.({ fraction, detail, secondsLeft: null })
  const stopIfAsked = () => {
    if (signal?.aborted) throw new AppError('cancelled', 'Stopped on request. No backup was kept.')
  }
  try {
    folder = copiesFolder(order.dataDir)
    say(0, 'copies the books')
    const parts = [snapshot(order.dataDir, folder, 'books')]
    stopIfAsked()
    if (order.withFacts) {
      say(0.1, "copies the chain's data")
      await new Promise(resolve => setImmediate(resolve))
      parts.push(snapshot(order.dataDir, folder, 'facts'))
    }
    const key = join(order.dataDir, 'installation.key')
    if (existsSync(key)) parts.push(key)
    stopIfAsked()
    say(0.4, 'writes')
    const manifest = manifestOf(order, folder, parts)
    await writeBackup(temporary, manifest, parts, order.lock, stopIfAsked)
    // what was copied is not needed any more, and reading it again takes as much room
    for (const part of parts) if (part !== key) rmSync(part)
    say(0.7, 'reads it again')
    await verify(temporary, folder, order.lock, signal)
    if (existsSync(target)) throw alreadyThere(target)
    renameSync(temporary, target)
    syncFolder(dirname(target))
    return { path: target, size: statSync(target).size, manifest }
  } catch (error) {
    rmSync(temporary, { force: true })
    throw toAppError(error)
  } finally {
    if (folder !== null) rmSync(folder, { recursive: true, force: true })
  }
}

function targetOf({ target, nowTs }: BackupOrder): string {
  const path = resolve(target)
  if (existsSync(path) && statSync(path).isDirectory()) return join(path, `granary-${timeName(nowTs)}${BACKUP_ENDING}`)
  if (existsSync(path)) throw alreadyThere(path)
  if (!existsSync(dirname(path)))
    throw new AppError('io.missing', `There is no folder ${dirname(path)}. Name one that is there; no backup was written.`)
  return path
}

/** A time as files are named by it: `2026-11-26T04-30-00Z`. */
export function timeName(ts: number): string {
  return new Date(ts * 1000).toISOString().replace(/\.\d+/, '').replaceAll(':', '-')
}

function alreadyThere(path: string): AppError {
  return new AppError('usage', `${path} is there already, and a backup replaces no file. Name another; nothing was written.`)
}

/** In the data folder, where nobody else may read; what killed processes left there is removed. */
function copiesFolder(dataDir: string): string {
  for (const name of readdirSync(dataDir)) {
    const pid = COPIES.exec(name)?.[1]
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(dataDir, name), { recursive: true, force: true })
  }
  const folder = join(dataDir, `copying-${process.pid}-${randomBytes(4).toString('hex')}`)
  mkdirSync(folder, { mode: 0o700 })
  return folder
}

const COPIES = /^copying-(\d+)-[0-9a-f]{8}$/

/** One database as it is at one moment. Gives the copy's path. */
function snapshot(dataDir: string, folder: string, kind: 'books' | 'facts'): string {
  const path = join(folder, `${kind}.db`)
  const source = join(dataDir, `${kind}.db`)
  if (!existsSync(source)) throw new AppError('io.missing', `There is no store in ${dataDir} yet, so there is nothing to back up.`)
  makePrivateFile(path)
  const db = connect(source, kind, 'read')
  try {
    db.prepare('VACUUM INTO ?').run(path)
  } catch (error) {
    throw storeError(error, `copying ${source} to ${folder}`)
  } finally {
    db.close()
  }
  return path
}

function manifestOf({ version, nowTs, dataDir, withFacts }: BackupOrder, folder: string, parts: readonly string[]): BackupManifest {
  const facts = reading(join(withFacts ? folder : dataDir, 'facts.db'), 'facts', db => ({
    format: versionOf(db),
    network: factsNetwork(db),
  }))
  return reading(join(folder, 'books.db'), 'books', books => {
    const last = auditEntry(books)
    return {
      format: 'granary-backup',
      version: 2,
      granary: version,
      madeTs: nowTs,
      network: facts.network,
      formats: { books: versionOf(books), facts: withFacts ? facts.format : null },
      counts: countsOf(books),
      auditHash: last?.hash ?? '',
      lastAuditTs: last?.ts ?? null,
      boundKeys: boundKeys(books),
      parts: parts.map(path => ({
        name: basename(path) as BackupManifest['parts'][number]['name'],
        size: statSync(path).size,
        sha256: hashOf(path),
      })),
    }
  })
}

function reading<T>(path: string, kind: 'books' | 'facts', work: (db: Db) => T): T {
  const db = connect(path, kind, 'read')
  try {
    return work(db)
  } finally {
    db.close()
  }
}

async function writeBackup(
  path: string,
  manifest: BackupManifest,
  parts: readonly string[],
  lock: Lock | null,
  stopIfAsked: () => void,
): Promise<void> {
  const fd = openSync(path, 'wx', 0o600)
  try {
    const body = createBodyWriter(fd, lock)
    const text = Buffer.from(JSON.stringify(manifest))
    const length = Buffer.alloc(4)
    length.writeUInt32BE(text.length)
    body.write(Buffer.concat([length, createHash('sha256').update(text).digest(), text]))
    for (const part of parts)
      for (const piece of piecesOf(part)) {
        body.write(packPiece(piece))
        await new Promise(resolve => setImmediate(resolve))
        stopIfAsked()
      }
    body.end()
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

function hashOf(path: string): string {
  const hash = createHash('sha256')
  for (const piece of piecesOf(path)) hash.update(piece)
  return hash.digest('hex')
}

function* piecesOf(path: string): Generator<Uint8Array> {
  const fd = openSync(path, 'r')
  try {
    for (;;) {
      const piece = Buffer.alloc(PIECE_BYTES)
      const read = readSync(fd, piece)
      if (read === 0) return
      yield piece.subarray(0, read)
    }
  } finally {
    closeSync(fd)
  }
}

/** Reads what was written, as a restore would. */
async function verify(path: string, folder: string, lock: Lock | null, signal: AbortSignal | undefined): Promise<void> {
  const backup = await openBackup(path, lock ? { stretched: lock.stretched } : { passphrase: '' })
  try {
    await backup.readParts(folder, 'all', signal)
    checkParts(folder, backup.manifest)
  } finally {
    backup.close()
  }
}
