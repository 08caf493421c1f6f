export { type AuditCheck, type AuditNote, appendAudit, listAudit, requireAudit, verifyAudit } from './audit.ts'
export { type CommandCall, runCommand } from './commands.ts'
export { storeError } from './db.ts'
export { type Bucket, bucketOf, buckets, exportEvents, LOOSE, type ReadEventsOptions, readEvents } from './events.ts'
export { beginImport, type ImportOutcome, type ImportWriter, type Position } from './import.ts'
export { backupBooks } from './migrations.ts'
export { checkIntegrity, type OpenOptions, openStore, type Store } from './open.ts'
export { dropPeriod, listPeriods, loadSnapshots, type Snapshots, type StoredPeriod, storedNetwork, storedPeriod } from './periods.ts'
export {
  findReceiptByHash,
  loadDays,
  loadNodeRow,
  loadNodeRows,
  loadReceipts,
  loadSummaries,
  type NodeOutcome,
  receiptsOfNode,
  type StoredSummary,
  saveResults,
} from './results.ts'
export { type Label, loadLabels, loadNote, loadSettings, saveLabel, saveNote, saveSettings } from './settings.ts'
