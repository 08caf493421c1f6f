import { createHash, type Hash } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, openSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type BackupManifest, backupManifestSchema } from '../../../src-shared/backup-contract.ts'
import { AppError, toAppError } from '../../../src-shared/errors.ts'
import { stretch } from '../../signing/key-box.ts'
import { verifyAudit } from '../../store/audit.ts'
import { connect } from '../../store/db.ts'
import { migrations, refuseNewer, versionOf } from '../../store/migrations.ts'
import { checkIntegrity } from '../../store/open.ts'
import { type BodyReader, damaged, openBody, readHead } from './format.ts'
import { takePiece } from './pieces.ts'

const MOST_MANIFEST_BYTES = 2 ** 20

export interface OpenedBackup {
  manifest: BackupManifest
  isEncrypted: boolean
  size: number
  /**
   * Reads every part to its end and holds it against its hash, once; those that are wanted are written to the folder (0600) and fsynced. Gives other
   * work its turn between two pieces. Rejects with AppError backup.damaged, io.*, cancelled.
   */
  readParts(folder: string, wanted: 'all' | 'books', signal?: AbortSignal): Promise<void>
  close(): void
}

/** What opens an encrypted backup: the passphrase, or what it was stretched to. */
export type Unlocking = { passphrase: string } | { stretched: Uint8Array }

/** Opens a backup and reads what it says of itself. Rejects with AppError backup.damaged, backup.passphrase, store.newer, io.*. */
export async function openBackup(path: string, unlocking: Unlocking): Promise<OpenedBackup> {
  let fd: number
  try {
    if (statSync(path).isDirectory()) throw new AppError('usage', `${path} is a folder. Name the backup file in it.`)
    fd = openSync(path, 'r')
  } catch (error) {
    throw toAppError(error)
  }
  try {
    const { head, stretching } = readHead(fd)
    const body = openBody(fd, head, stretching && (await unlockedBy(unlocking, stretching)))
    const manifest = readManifest(body)
    for (const kind of ['books', 'facts'] as const) {
      const format = manifest.formats[kind] ?? 0
      if (format > migrations[kind].length)
        throw new AppError(
          'store.newer',
          `This backup was made by a newer Granary (its ${kind} have format ${format}, this program knows ${migrations[kind].length}). Nothing was changed. Update Granary, then restore it.`,
        )
    }
    const { size } = statSync(path)
    return {
      manifest,
      isEncrypted: stretching !== null,
      size,
      readParts: (folder, wanted, signal) => readParts(body, manifest, { folder, wanted }, signal),
      close: () => closeSync(fd),
    }
  } catch (error) {
    closeSync(fd)
    throw toAppError(error)
  }
}

async function unlockedBy(unlocking: Unlocking, stretching: Parameters<typeof stretch>[1]): Promise<Uint8Array> {
  if ('stretched' in unlocking) return unlocking.stretched
  if (unlocking.passphrase === '')
    throw new AppError('backup.passphrase', 'This backup is encrypted. Enter the passphrase that it was made with.', {
      details: { reason: 'missing' },
    })
  return stretch(unlocking.passphrase, stretching)
}

function readManifest(body: BodyReader): BackupManifest {
  const length = body.take(4).readUInt32BE()
  if (length > MOST_MANIFEST_BYTES) throw damaged('what it says of itself is damaged')
  const sum = body.take(32)
  const bytes = body.take(length)
  if (!createHash('sha256').update(bytes).digest().equals(sum)) throw damaged('what it says of itself is damaged')
  let manifest: BackupManifest
  try {
    manifest = backupManifestSchema.parse(JSON.parse(bytes.toString('utf8')))
  } catch {
    throw new AppError(
      'store.newer',
      'This backup has a form that this Granary does not know. Nothing was changed. Update Granary, then restore it.',
    )
  }
  const names = new Set(manifest.parts.map(({ name }) => name))
  if (names.size < manifest.parts.length || !names.has('books.db')) throw damaged('the books are not in it')
  const wanted = manifest.parts.reduce((sum, { size }) => sum + size, 0)
  // how long packed parts are shows as they are read
  if (manifest.version === 1 && body.left() < wanted) throw damaged('it is cut off')
  if (manifest.version === 1 && body.left() > wanted) throw damaged('something stands after its end')
  return manifest
}

async function readParts(
  body: BodyReader,
  { parts, version }: BackupManifest,
  { folder, wanted }: { folder: string; wanted: 'all' | 'books' },
  signal?: AbortSignal,
): Promise<void> {
  for (const { name, size, sha256 } of parts) {
    const fd = wanted === 'all' || name === 'books.db' ? openSync(join(folder, name), 'wx', 0o600) : null
    try {
      const hash = createHash('sha256')
      await readPart(body, version, size, hash, fd, signal)
      if (hash.digest('hex') !== sha256) throw damaged(`its part ${name} is damaged`)
      if (fd !== null) fsyncSync(fd)
    } finally {
      if (fd !== null) closeSync(fd)
    }
  }
  if (body.left() > 0) throw damaged('something stands after its end')
}

async function readPart(
  body: BodyReader,
  version: BackupManifest['version'],
  size: number,
  hash: Hash,
  fd: number | null,
  signal?: AbortSignal,
): Promise<void> {
  for (let left = size; left > 0; ) {
    if (signal?.aborted) throw new AppError('cancelled', 'Stopped on request. Nothing was changed.')
    const piece = takePiece(body, version, left)
    hash.update(piece)
    for (let done = 0; fd !== null && done < piece.length; ) done += writeSync(fd, piece, done)
    left -= piece.length
    await new Promise(resolve => setImmediate(resolve))
  }
}

/**
 * Examines the databases of a backup that were written to a folder: SQLite's own check, their formats, and the audit trail link by link up to the head
 * that the backup names. Throws AppError backup.damaged, store.newer.
 */
export function checkParts(folder: string, manifest: BackupManifest): void {
  for (const kind of ['books', 'facts'] as const) {
    const path = join(folder, `${kind}.db`)
    if (!existsSync(path)) continue
    try {
      const db = connect(path, kind, 'read')
      try {
        refuseNewer(db, kind, migrations[kind].length, path)
        checkIntegrity(db, path, '')
        if (versionOf(db) !== manifest.formats[kind]) throw damaged(`${kind}.db has another format than it says`)
        if (kind === 'books') checkTrail({ books: db }, manifest)
      } finally {
        db.close()
      }
    } catch (error) {
      if (error instanceof AppError && error.code === 'store.corrupt') throw damaged(`${kind}.db in it is damaged`)
      throw error
    }
  }
}

function checkTrail(store: Parameters<typeof verifyAudit>[0], { counts, auditHash }: BackupManifest): void {
  const { firstBroken, entries, mark } = verifyAudit(store)
  if (firstBroken !== null) throw damaged(`the audit trail in it was altered at entry ${firstBroken}`)
  if (entries !== counts.auditEntries || mark.hash !== auditHash) throw damaged('the audit trail in it has another head than it says')
}
