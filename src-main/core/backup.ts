import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { type BackupSchedule, backupCommands, type LastBackup } from '../../src-shared/backup-contract.ts'
import { bytesText } from '../../src-shared/backup-text.ts'
import type { QueryOutput, Topic } from '../../src-shared/contract.ts'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import type { Attention } from '../../src-shared/nodes-contract.ts'
import { formatUtc } from '../../src-shared/time.ts'
import type { Lock } from '../jobs/backup/format.ts'
import type { BackupOrder, MadeBackup } from '../jobs/backup/make.ts'
import type { TaskRunner } from '../jobs/context.ts'
import {
  loadBackupSchedule,
  loadLastBackup,
  loadWrittenBackups,
  saveBackupSchedule,
  saveLastBackup,
  saveWrittenBackups,
} from '../store/backup-notes.ts'
import { writeTransaction } from '../store/db.ts'
import { writeSmallFile } from '../store/files.ts'
import { runCommand, type Store } from '../store/index.ts'
import { lastRestore, runsToReconcile } from '../store/restored.ts'
import { lockOf } from './backup-command.ts'
import { taskContext } from './imports.ts'
import type { JobDescription } from './jobs.ts'
import type { Once } from './once.ts'

const DAY_SEC = 86_400
/** After one that failed. */
const AGAIN_SEC = 3_600
/** So often it is looked whether one is due: the machine may have slept. */
const LOOK_MS = 60_000
/** Who makes scheduled ones, in the audit trail. */
const SCHEDULE = 'granary (schedule)'
/** The stretched passphrase of scheduled backups: in the data folder, where all that it protects elsewhere lies open, and in no backup. */
const KEY_FILE = 'backup.key'

export interface BackupSources {
  books: Store
  runTask: TaskRunner
  start(job: JobDescription): void
  changed(...topics: Topic[]): void
  version: string
  stretchLogN?: number | undefined
}

export type BackupCommand = keyof typeof backupCommands

export interface Backups {
  answers: { 'backup.get': () => QueryOutput<'backup.get'> }
  command(name: BackupCommand, input: unknown, once: Once, signal?: AbortSignal): Promise<unknown>
  /** what the overview says of them */
  attention(): Attention[]
  /** begins a scheduled one where it is due */
  runDue(): void
  close(): void
}

export function isBackupCommand(name: string): name is BackupCommand {
  return Object.hasOwn(backupCommands, name)
}

/** Of a command's input what may be kept and hashed. */
export function withoutPassphrase(input: unknown): unknown {
  if (typeof input !== 'object' || input === null) return input
  const { passphrase, ...told } = input as Record<string, unknown>
  return passphrase === undefined ? told : { ...told, isEncrypted: passphrase !== '' }
}

/** Backups by hand and by the schedule. */
export function createBackups({ books, runTask, start, changed, version, stretchLogN }: BackupSources): Backups {
  let running = 0
  /** when the schedule last began one */
  let begunTs = 0
  const keyPath = join(books.dataDir, KEY_FILE)
  const timer = setInterval(() => look(), LOOK_MS).unref()

  function nextTs(): number | null {
    const { every, setTs } = loadBackupSchedule(books)
    if (every === 'never') return null
    const last = loadLastBackup(books, 'scheduled')
    // one from before this schedule says nothing of its folder
    if (!last || last.ts < setTs) return setTs
    // a clock that was set back is no reason to wait for it
    const lastTs = Math.min(last.ts, books.now())
    return lastTs + (last.problem === '' ? (every === 'day' ? DAY_SEC : 7 * DAY_SEC) : AGAIN_SEC)
  }

  function look(): void {
    const now = books.now()
    if (books.mode === 'read' || running > 0 || begunTs === now || !books.books.open) return
    const due = nextTs()
    if (due === null || due > now) return
    begunTs = now
    const { folder, withFacts } = loadBackupSchedule(books)
    begin(randomUUID(), { target: folder, withFacts }, scheduledLock, true)
  }

  function scheduledLock(): Lock | null {
    if (!loadBackupSchedule(books).isEncrypted) return null
    if (!existsSync(keyPath))
      throw new AppError(
        'keys.damaged',
        'Scheduled backups are to be encrypted, and what encrypts them is not on this machine. Enter their passphrase again (Settings, Backup).',
      )
    const { logN, r, p, salt, stretched } = JSON.parse(readFileSync(keyPath, 'utf8')) as Record<'logN' | 'r' | 'p', number> &
      Record<'salt' | 'stretched', string>
    return { stretched: Buffer.from(stretched, 'hex'), stretching: { logN, r, p, salt: Buffer.from(salt, 'hex') } }
  }

  function begin(
    jobId: string,
    { target, withFacts }: { target: string; withFacts: boolean },
    lockNow: () => Lock | null,
    isScheduled: boolean,
  ): void {
    start({
      id: jobId,
      kind: 'backup',
      title: isScheduled ? 'Scheduled backup' : 'Backup',
      lane: 'backup',
      run: async context => {
        const ts = books.now()
        running++
        try {
          if (isScheduled && !(statSync(target, { throwIfNoEntry: false })?.isDirectory() ?? false))
            throw new AppError('io.missing', `There is no folder ${target}. Is its disk there? Choose another one, or make it.`)
          const order: BackupOrder = { dataDir: books.dataDir, target, withFacts, lock: lockNow(), version, nowTs: ts }
          const made = (await runTask('backup', order, taskContext(context))) as MadeBackup
          keep(jobId, { ts, path: made.path, size: made.size, problem: '', isScheduled })
          if (isScheduled) sweep(made)
          return { period: null, detail: `${bytesText(made.size)} in ${made.path}, read again and whole` }
        } catch (error) {
          const { code, message } = toAppError(error)
          try {
            if (code !== 'cancelled') keep(jobId, { ts, path: target, size: 0, problem: message, isScheduled })
          } catch {
            // books that can't take a note (a full disk) must not hide why the backup failed
          }
          throw error
        } finally {
          running--
          setImmediate(() => changed('settings', 'audit'))
        }
      },
    })
  }

  function keep(jobId: string, last: LastBackup): void {
    const call = {
      actor: SCHEDULE,
      idempotencyKey: `${jobId}:end`,
      command: last.problem === '' ? 'backup.made' : 'backup.failed',
      input: { path: last.path, size: last.size, problem: last.problem },
      audit: { subject: last.path },
    }
    runCommand(books, call, () => {
      saveLastBackup(books, last)
      return null
    })
  }

  /** Deletes what the schedule wrote earlier, but for the newest; never a file that is not as it was written. */
  function sweep({ path, size }: MadeBackup): void {
    const all = [...loadWrittenBackups(books), { path, size }]
    const { keep: most } = loadBackupSchedule(books)
    for (const old of all.slice(0, -most)) if (statSync(old.path, { throwIfNoEntry: false })?.size === old.size) rmSync(old.path)
    writeTransaction(books.books, 'books.db', () => saveWrittenBackups(books, all.slice(-most)))
  }

  function problem(): string {
    const last = loadLastBackup(books, 'last')
    return last?.problem ?? ''
  }

  async function schedule(given: BackupSchedule & { passphrase?: string | undefined }, once: Once) {
    const { passphrase, ...wanted } = given
    if (wanted.every !== 'never') {
      if (!isAbsolute(wanted.folder))
        throw new AppError('usage', 'Name the folder by its full path. Nothing was changed.', { details: { field: 'folder' } })
      if (!(statSync(wanted.folder, { throwIfNoEntry: false })?.isDirectory() ?? false))
        throw new AppError('usage', `There is no folder ${wanted.folder} on this machine. Nothing was changed.`, {
          details: { field: 'folder' },
        })
    }
    const before = loadBackupSchedule(books)
    const isEncrypted = passphrase === undefined ? before.isEncrypted : passphrase !== ''
    if (passphrase) {
      const { stretched, stretching } = await lockOf(passphrase, stretchLogN)
      const { logN, r, p, salt } = stretching
      writeSmallFile(
        keyPath,
        JSON.stringify({ logN, r, p, salt: Buffer.from(salt).toString('hex'), stretched: Buffer.from(stretched).toString('hex') }),
      )
    }
    const answered = once('scheduled backups', () => {
      saveBackupSchedule(books, { ...wanted, isEncrypted, setTs: books.now() })
      return {}
    })
    if (passphrase === '') rmSync(keyPath, { force: true })
    changed('settings', 'audit')
    look()
    return answered
  }

  return {
    answers: {
      'backup.get': () => {
        const { isEncrypted, setTs: _, ...kept } = loadBackupSchedule(books)
        return {
          schedule: kept,
          isEncrypted,
          nextTs: nextTs(),
          lastGood: loadLastBackup(books, 'good'),
          last: loadLastBackup(books, 'last'),
          restored: lastRestore(books),
          runsToReconcile: runsToReconcile(books),
        }
      },
    },
    async command(name, input, once, signal) {
      switch (name) {
        case 'backup.start': {
          const { path, withFacts, passphrase } = backupCommands[name].in.parse(input)
          if (!isAbsolute(path))
            throw new AppError('usage', 'Name the file or folder by its full path. Nothing was written.', { details: { field: 'path' } })
          const lock = passphrase === '' ? null : await lockOf(passphrase, stretchLogN)
          let begun: string | null = null
          const answered = once(path, () => {
            begun = randomUUID()
            return { jobId: begun }
          })
          if (begun !== null) begin(begun, { target: path, withFacts }, () => lock, false)
          changed('audit')
          return answered
        }
        case 'backup.schedule':
          return schedule(backupCommands[name].in.parse(input), once)
        case 'backup.preview': {
          const { path, passphrase } = backupCommands[name].in.parse(input)
          return runTask('backup-preview', { path, passphrase, dataDir: books.dataDir, nowTs: books.now() }, signal ? { signal } : {})
        }
        case 'backup.restore':
          throw new AppError('usage', 'This Granary can’t restore while it runs. Close it, and run granary restore FILE.')
      }
    },
    attention() {
      const waiting = runsToReconcile(books)
      const failed = problem()
      const last = loadLastBackup(books, 'last')
      return [
        ...(failed === ''
          ? []
          : [
              {
                severity: 'at-risk' as const,
                kind: 'backup',
                nodeId: null,
                farmId: null,
                title: `The backup of ${formatUtc(last!.ts)} failed`,
                reason: failed,
                wayOut: 'Mend that and back up again (Settings, Backup).',
                deadline: null,
              },
            ]),
        ...(waiting.length === 0
          ? []
          : [
              {
                severity: 'at-risk' as const,
                kind: 'backup',
                nodeId: null,
                farmId: null,
                title: `${waiting.length === 1 ? 'A payout run' : `${waiting.length} payout runs`} came back from a backup`,
                reason: 'What was paid since is not known here.',
                wayOut: 'Reconcile with Stellar (Payouts) before anything else.',
                deadline: null,
              },
            ]),
      ]
    },
    runDue: look,
    close: () => clearInterval(timer),
  }
}
