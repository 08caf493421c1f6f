import { z } from 'zod'
import {
  type BackupSchedule,
  backupScheduleSchema,
  KEEP_BACKUPS,
  type LastBackup,
  lastBackupSchema,
} from '../../src-shared/backup-contract.ts'
import type { Store } from './open.ts'
import { loadNote, saveNote } from './settings.ts'

/* What the books keep of backups: the schedule, how the last ones ended, and the files that the schedule wrote. */

const keptScheduleSchema = backupScheduleSchema.extend({ isEncrypted: z.boolean(), setTs: z.number() })
export type KeptSchedule = z.infer<typeof keptScheduleSchema>

const none: BackupSchedule = { every: 'never', folder: '', keep: KEEP_BACKUPS.normal, withFacts: false }

export function loadBackupSchedule(store: Store): KeptSchedule {
  const read = keptScheduleSchema.safeParse(loadNote(store, 'backup/schedule'))
  return read.success ? read.data : { ...none, isEncrypted: false, setTs: 0 }
}

/** Whoever calls it holds the transaction. */
export function saveBackupSchedule(store: Store, schedule: KeptSchedule): void {
  saveNote(store, 'backup/schedule', schedule)
}

/** `last`: that was tried; `good`: that went well; `scheduled`: that the schedule tried. */
export type Which = 'last' | 'good' | 'scheduled'

export function loadLastBackup(store: Store, which: Which): LastBackup | null {
  const read = lastBackupSchema.safeParse(loadNote(store, `backup/${which}`))
  return read.success ? read.data : null
}

/** Whoever calls it holds the transaction. */
export function saveLastBackup(store: Store, last: LastBackup): void {
  saveNote(store, 'backup/last', last)
  if (last.problem === '') saveNote(store, 'backup/good', last)
  if (last.isScheduled) saveNote(store, 'backup/scheduled', last)
}

const writtenSchema = z.array(z.object({ path: z.string(), size: z.number() }))
export type WrittenBackup = z.infer<typeof writtenSchema>[number]

/** The files that the schedule wrote and that were not deleted by it since, oldest first. */
export function loadWrittenBackups(store: Store): WrittenBackup[] {
  const read = writtenSchema.safeParse(loadNote(store, 'backup/written'))
  return read.success ? read.data : []
}

/** Whoever calls it holds the transaction. */
export function saveWrittenBackups(store: Store, list: readonly WrittenBackup[]): void {
  saveNote(store, 'backup/written', list)
}
