import { z } from 'zod'
import { none } from './contract-parts.ts'

/* The contract's part for backups: one file with the books, and with the chain's data if wanted; what it holds, how it is restored, the schedule. */

export const backupPartNames = ['books.db', 'facts.db', 'installation.key'] as const

const counts = z.object({
  auditEntries: z.number(),
  runs: z.number(),
  /** payout runs that are not over */
  runsUnderWay: z.number(),
  keys: z.number(),
  votes: z.number(),
  ledgerEntries: z.number(),
  labels: z.number(),
})
export type StoreCounts = z.infer<typeof counts>

/** What a backup says of itself. */
export const backupManifestSchema = z.object({
  format: z.literal('granary-backup'),
  /** 1: parts as they are; 2: packed (jobs/backup/pieces.ts) */
  version: z.union([z.literal(1), z.literal(2)]),
  /** of the Granary that made it */
  granary: z.string().max(40),
  /** everything that was committed before it is in it; seconds */
  madeTs: z.number().int().min(0),
  network: z.string().max(100).nullable(),
  /** the databases' formats (migrations) */
  formats: z.object({ books: z.number().int().min(0), facts: z.number().int().min(0).nullable() }),
  counts,
  /** the audit trail's head: hash of its last entry */
  auditHash: z.string().max(64),
  lastAuditTs: z.number().nullable(),
  /** names of keys that open only with the safe storage of the machine that they were made on */
  boundKeys: z.array(z.string().max(200)).max(1000),
  parts: z
    .array(z.object({ name: z.enum(backupPartNames), size: z.number().int().min(0), sha256: z.string().regex(/^[0-9a-f]{64}$/) }))
    .min(1)
    .max(backupPartNames.length),
})
export type BackupManifest = z.infer<typeof backupManifestSchema>

const runUnderWaySchema = z.object({ runId: z.string(), network: z.string(), subject: z.string(), stage: z.string() })

/** What a restore would do, before anything is done. */
export const backupPreviewSchema = z.object({
  path: z.string(),
  size: z.number(),
  isEncrypted: z.boolean(),
  manifest: backupManifestSchema,
  /** the store that would be replaced; null: there is none. `problem`: why it can't be read, else empty */
  present: z
    .object({
      problem: z.string(),
      counts: counts.nullable(),
      lastAudit: z.object({ seq: z.number(), ts: z.number(), action: z.string(), actor: z.string() }).nullable(),
      /** entries of the audit trail that were written after the backup; null: it is not this backup's store */
      entriesSince: z.number().nullable(),
      runsUnderWay: z.array(runUnderWaySchema),
    })
    .nullable(),
  /** runs of the backup that will wait to be reconciled with Stellar */
  runsToReconcile: z.array(runUnderWaySchema),
  /** no new payout is planned before this, in seconds; 0: at once */
  noNewRunUntilTs: z.number(),
  /** what becomes of the chain's data */
  facts: z.enum(['from the backup', 'stays', 'fetched again']),
  /** what must be set anew or looked at, in words */
  notes: z.array(z.string()),
})
export type BackupPreview = z.infer<typeof backupPreviewSchema>

/** How a restore ended. */
export const restoredSchema = z.object({
  /** the folder with the former store; null: there was none */
  keptDir: z.string().nullable(),
  madeTs: z.number(),
  runsToReconcile: z.number(),
  noNewRunUntilTs: z.number(),
  facts: backupPreviewSchema.shape.facts,
  notes: z.array(z.string()),
})
export type RestoreOutcome = z.infer<typeof restoredSchema>

export const KEEP_BACKUPS = { least: 1, most: 1000, normal: 7 }
/** as of keys */
const passphrase = z.string().max(1000)
const path = z.string().trim().min(1).max(4096)

export const backupScheduleSchema = z.object({
  every: z.enum(['never', 'day', 'week']),
  /** the folder that they are written to; its full path */
  folder: z.string().trim().max(4096),
  keep: z.number().int().min(KEEP_BACKUPS.least).max(KEEP_BACKUPS.most),
  withFacts: z.boolean(),
})
export type BackupSchedule = z.infer<typeof backupScheduleSchema>

export const lastBackupSchema = z.object({
  ts: z.number(),
  path: z.string(),
  size: z.number(),
  problem: z.string(),
  isScheduled: z.boolean(),
})
export type LastBackup = z.infer<typeof lastBackupSchema>

export const backupQueries = {
  'backup.get': {
    in: none,
    out: z.object({
      schedule: backupScheduleSchema,
      /** scheduled backups are encrypted */
      isEncrypted: z.boolean(),
      nextTs: z.number().nullable(),
      /** the last that went well, and the last that was tried; `problem` empty: it went well */
      lastGood: lastBackupSchema.nullable(),
      last: lastBackupSchema.nullable(),
      /** the last restore of this data folder */
      restored: z.object({ restoredTs: z.number(), backupTs: z.number(), source: z.string(), untilTs: z.number() }).nullable(),
      runsToReconcile: z.array(z.string()),
    }),
  },
} as const

export const backupCommands = {
  /** writes a backup in the background; `path`: a file that is not there yet, or a folder. A passphrase encrypts it */
  'backup.start': {
    in: z.object({ path, withFacts: z.boolean().default(false), passphrase: passphrase.default('') }),
    out: z.object({ jobId: z.string() }),
  },
  /** `passphrase`: of scheduled backups; empty: not encrypted; left out: as it is */
  'backup.schedule': { in: backupScheduleSchema.extend({ passphrase: passphrase.optional() }), out: none },
  /** reads the file and says what a restore would do; changes nothing */
  'backup.preview': { in: z.object({ path, passphrase: passphrase.default('') }), out: backupPreviewSchema },
  /** puts the backup in the place of the present store; everything of this Granary begins anew after it */
  'backup.restore': { in: z.object({ path, passphrase: passphrase.default('') }), out: restoredSchema },
} as const
