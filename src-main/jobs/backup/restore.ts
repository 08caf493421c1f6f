import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import type { BackupManifest, BackupPreview, RestoreOutcome } from '../../../src-shared/backup-contract.ts'
import { AppError, toAppError } from '../../../src-shared/errors.ts'
import { LAG_SEC } from '../../clients/stellar/reconcile.ts'
import { MOST_SEC } from '../../engines/payout-plan/plan.ts'
import { appendAudit } from '../../store/audit.ts'
import { connect, type Db, writeTransaction } from '../../store/db.ts'
import { makeDataFolder } from '../../store/files.ts'
import { takeLock } from '../../store/lock.ts'
import { openStore } from '../../store/open.ts'
import { commitSwitch, finishSwitch, type RestoredFile, removeUnfinished, syncFolder } from '../../store/restore-switch.ts'
import { keepRestore } from '../../store/restored.ts'
import type { JobContext } from '../context.ts'
import {
  auditEntry,
  countsOf,
  type DoneCommand,
  factsNetwork,
  hasDone,
  lastDone,
  type PayKnowledge,
  payKnowledge,
  runsUnderWay,
} from './holdings.ts'
import { timeName } from './make.ts'
import { checkParts, openBackup } from './read.ts'

export interface RestoreOrder {
  path: string
  /** empty: none */
  passphrase: string
  dataDir: string
  /** who does it, for the audit trail */
  actor: string
  /** this machine's time, in seconds */
  nowTs: number
}

/** Nobody's name is asked for what changes nothing. */
export type PreviewOrder = Omit<RestoreOrder, 'actor'>

/** What Horizon's clock and this machine's may differ. */
const CLOCKS_SEC = 3600

/**
 * Reads a backup to its end and says what a restore of it would do. Changes nothing but a folder of its own, which is gone after. Rejects with
 * AppError backup.damaged, backup.passphrase, store.newer, io.*, cancelled.
 */
export async function previewBackup(order: PreviewOrder, { signal }: JobContext = {}): Promise<BackupPreview> {
  const { path, passphrase, dataDir, nowTs } = order
  const backup = await openBackup(path, { passphrase })
  let folder: string | null = null
  try {
    const { manifest, isEncrypted, size } = backup
    folder = mkdtempSync(existsSync(dataDir) ? join(dataDir, 'previewing-') : join(tmpdir(), 'granary-previewing-'))
    await backup.readParts(folder, 'books', signal)
    checkParts(folder, manifest)
    const fresh = readBooks(join(folder, 'books.db'), books => ({
      pay: payKnowledge(books),
      runs: runsUnderWay(books),
      done: lastDone(books),
    }))
    const present = readPresent(dataDir, manifest, fresh.done)
    const facts = fateOfFacts(dataDir, manifest)
    return {
      path: resolve(path),
      size,
      isEncrypted,
      manifest,
      present: present?.shown ?? null,
      runsToReconcile: fresh.runs,
      noNewRunUntilTs: unknownUntil(fresh.pay, present, nowTs),
      facts,
      notes: notesOf(manifest, facts),
    }
  } catch (error) {
    throw toAppError(error)
  } finally {
    backup.close()
    if (folder !== null) rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * Puts a backup in the place of a data folder's store. The former files are kept in a folder below it, whose path is given. Everything is made ready
 * and checked beside them first; a crash or a full disk leaves the former store, or from one moment on the new one. Runs that were under way wait
 * to be reconciled, and no new one is taken in while one that the backup does not know could still be paid. Rejects with AppError store.busy (another
 * Granary is using the folder), store.newer, backup.damaged, backup.passphrase, io.*, cancelled: then nothing was changed.
 */
export async function restoreBackup(order: RestoreOrder, { signal, onProgress }: JobContext = {}): Promise<RestoreOutcome> {
  const { path, passphrase, nowTs } = order
  const dataDir = resolve(order.dataDir)
  const say = (fraction: number, detail: string) => onProgress?.({ fraction, detail, secondsLeft: null })
  // what is no backup, or does not open, makes no folder
  const backup = await openBackup(path, { passphrase })
  try {
    makeDataFolder(dataDir)
    const lock = takeLock(dataDir, nowTs)
    let isDone = false
    const ready = `restoring-${randomBytes(4).toString('hex')}`
    const folder = join(dataDir, ready)
    try {
      finishSwitch(dataDir)
      removeUnfinished(dataDir)
      mkdirSync(folder, { mode: 0o700 })
      say(0.1, 'reads the backup')
      await backup.readParts(folder, 'all', signal)
      say(0.6, 'examines it')
      checkParts(folder, backup.manifest)
      const made = prepare(order, dataDir, folder, backup.manifest)
      if (signal?.aborted) throw new AppError('cancelled', 'Stopped on request. Nothing was changed.')
      say(0.9, 'puts it in place')
      const kept = keptName(dataDir, nowTs)
      const hadStore = existsSync(join(dataDir, 'books.db'))
      commitSwitch(dataDir, { ready, kept, files: made.files })
      // from here on it is done, whatever happens: who opens the folder next ends it
      isDone = true
      endNow(dataDir)
      const { outcome } = made
      return { ...outcome, keptDir: hadStore ? join(dataDir, kept) : null }
    } finally {
      if (!isDone) rmSync(folder, { recursive: true, force: true })
      lock.release(isDone || lock.lastWasClean)
    }
  } catch (error) {
    throw toAppError(error)
  } finally {
    backup.close()
  }
}

/** Some systems move no file that somebody reads; the next start moves it. */
function endNow(dataDir: string): void {
  try {
    finishSwitch(dataDir)
  } catch (cause) {
    throw new AppError(
      'io.failed',
      `The backup is ready and counts from now on, but could not be moved into its place: ${toAppError(cause).message} Close what reads ${dataDir}; the next start of Granary moves it.`,
      { cause },
    )
  }
}

/** A name that is free: two restores may come within a second. */
function keptName(dataDir: string, nowTs: number): string {
  const name = `before-restore-${timeName(nowTs)}`
  for (let n = 1; ; n++) {
    const tried = n === 1 ? name : `${name}-${n}`
    if (!existsSync(join(dataDir, tried))) return tried
  }
}

/** Brings the extracted store to this program's format and marks what must be known before it pays. */
function prepare(
  { path, actor, nowTs }: RestoreOrder,
  dataDir: string,
  folder: string,
  manifest: BackupManifest,
): { files: RestoredFile[]; outcome: Omit<RestoreOutcome, 'keptDir'> } {
  const present = readPresent(dataDir, manifest, readBooks(join(folder, 'books.db'), lastDone))
  const facts = fateOfFacts(dataDir, manifest)
  const store = openStore(folder, { mode: 'write', nowMs: () => nowTs * 1000 })
  let outcome: Omit<RestoreOutcome, 'keptDir'>
  try {
    const own = payKnowledge(store.books)
    const untilTs = unknownUntil(own, present, nowTs)
    const lost = lostRuns(own, present)
    const source = basename(path)
    const waiting = writeTransaction(store.books, 'books.db', () => {
      const list = keepRestore(store, { restoredTs: nowTs, backupTs: manifest.madeTs, source, untilTs }, lost)
      const replaced = present?.shown.lastAudit ?? null
      const details = {
        madeTs: manifest.madeTs,
        entries: manifest.counts.auditEntries,
        replacedEntry: replaced?.seq ?? null,
        replacedHash: present?.hash ?? null,
        runsToReconcile: list,
      }
      appendAudit(store, { actor, action: 'backup.restored', subject: source, details: JSON.stringify(details).slice(0, 2_000) })
      return list
    })
    outcome = { madeTs: manifest.madeTs, runsToReconcile: waiting.length, noNewRunUntilTs: untilTs, facts, notes: notesOf(manifest, facts) }
  } finally {
    store.close()
  }
  const files: RestoredFile[] = ['books.db']
  // without facts of its own the backup's folder has empty ones, which take the place of another network's
  if (facts !== 'stays') files.push('facts.db')
  if (manifest.parts.some(({ name }) => name === 'installation.key')) files.push('installation.key')
  syncFolder(folder)
  return { files, outcome }
}

interface Present {
  shown: NonNullable<BackupPreview['present']>
  /** null: they can't be read */
  pay: PayKnowledge | null
  /** whether these books are what became of the backup's: they know everything that was done since */
  isLater: boolean
  hash: string | null
}

/** The books that would be replaced; null: there are none. That they can't be read is no reason not to replace them. */
function readPresent(dataDir: string, { counts, auditHash }: BackupManifest, done: DoneCommand | null): Present | null {
  const path = join(dataDir, 'books.db')
  if (!existsSync(path) || statSync(path).size === 0) return null
  try {
    return readBooks(path, books => {
      const last = auditEntry(books)
      // trails of two installations may begin alike; what was done under a random key was done in one of them
      const isSame = counts.auditEntries > 0 && auditEntry(books, counts.auditEntries)?.hash === auditHash
      const isLater = isSame && done !== null && hasDone(books, done)
      return {
        shown: {
          problem: '',
          counts: countsOf(books),
          lastAudit: last && { seq: last.seq, ts: last.ts, action: last.action, actor: last.actor },
          entriesSince: isLater ? (last?.seq ?? 0) - counts.auditEntries : null,
          runsUnderWay: runsUnderWay(books),
        },
        pay: payKnowledge(books),
        isLater,
        hash: last?.hash ?? null,
      }
    })
  } catch (error) {
    const problem = error instanceof AppError ? error.message : `The books that are here can't be read: ${(error as Error).message}.`
    return {
      shown: { problem, counts: null, lastAudit: null, entriesSince: null, runsUnderWay: [] },
      pay: null,
      isLater: false,
      hash: null,
    }
  }
}

function readBooks<T>(path: string, work: (books: Db) => T): T {
  const books = connect(path, 'books', 'read')
  try {
    return work(books)
  } finally {
    books.close()
  }
}

/** An envelope is good for a day at the most, so what was made up to now is dead after that. */
function unknownEnd(nowTs: number): number {
  return nowTs + MOST_SEC + LAG_SEC + CLOCKS_SEC
}

/**
 * Until when, in seconds of the ledger, something could be paid of which the restored books know nothing. Books that became of the backup's say it
 * exactly; others, or none, say nothing of what was made since.
 */
function unknownUntil(own: PayKnowledge, present: Present | null, nowTs: number): number {
  if (!present?.pay || !present.isLater) return unknownEnd(nowTs)
  const { open, unknownUntilTs } = present.pay
  const unknown = open.filter(({ runId, hash }) => !own.envelopes.has(`${runId}/${hash}`)).map(({ maxTs }) => maxTs + LAG_SEC)
  return Math.max(0, unknownUntilTs, ...unknown)
}

/** Runs that the replaced books know and the restored ones do not: that they come back as files makes nothing worse. */
function lostRuns(own: PayKnowledge, present: Present | null): string[] {
  if (!present?.pay) return []
  const known = new Set(own.runs.map(({ runId }) => runId))
  const names = [...present.pay.runs.filter(({ isOver }) => !isOver).map(({ runId }) => runId), ...present.pay.knownByName]
  return [...new Set(names)].filter(runId => !known.has(runId))
}

function hasFacts({ parts }: BackupManifest): boolean {
  return parts.some(({ name }) => name === 'facts.db')
}

/** The chain's data can be fetched again; what is here stays where it is of the network that the backup's books follow, or nobody knows better. */
function fateOfFacts(dataDir: string, manifest: BackupManifest): BackupPreview['facts'] {
  if (hasFacts(manifest)) return 'from the backup'
  const path = join(dataDir, 'facts.db')
  if (!existsSync(path) || statSync(path).size === 0) return 'fetched again'
  try {
    const db = connect(path, 'facts', 'read')
    try {
      const network = factsNetwork(db)
      return network === null || manifest.network === null || network === manifest.network ? 'stays' : 'fetched again'
    } finally {
      db.close()
    }
  } catch {
    // damaged: it is kept aside with the books, and fetched again
    return 'fetched again'
  }
}

/** What must be set anew, or looked at, after it. */
function notesOf({ boundKeys, counts }: BackupManifest, facts: BackupPreview['facts']): string[] {
  const notes: string[] = []
  if (facts === 'fetched again')
    notes.push("The chain's data is fetched again by the sync, or imported from archives: it is not in this backup.")
  if (boundKeys.length > 0)
    notes.push(
      `${boundKeys.length === 1 ? 'One key is' : `${boundKeys.length} keys are`} bound to the safe storage of the machine where they were made (${boundKeys.slice(0, 5).join(', ')}). On another machine import them again from their words.`,
    )
  if (counts.keys > 0)
    notes.push('Keys open with the passphrases that they had when the backup was made; keys that were made later are not in it.')
  notes.push('Settings are as they were then, the schedule of backups among them.')
  notes.push(
    'Tokens of the REST door that were taken back after the backup are good again: look at them (Access) and take them back once more.',
  )
  notes.push('On another machine look at the folder of scheduled backups, and at start at login; and do not use the former copy any more.')
  return notes
}
