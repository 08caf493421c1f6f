import type { CompareReport } from '../../src-shared/compare.ts'
import { AppError } from '../../src-shared/errors.ts'
import type { ResourceRule } from '../../src-shared/mint.ts'
import type { DoctorReport, Scope, SyncConfig, SyncState } from '../../src-shared/sync.ts'
import type { BackupOrder } from '../jobs/backup/make.ts'
import type { PreviewOrder } from '../jobs/backup/restore.ts'
import type { JobContext, JobProgress, TaskRunner } from '../jobs/context.ts'
import type { DoctorInput } from '../jobs/doctor.ts'
import type { AskInput } from '../jobs/sync/ask.ts'
import type { LiveView } from '../jobs/sync/live.ts'
import type { CompareTaskInput } from './compare.ts'
import type { DeskTaskInput, DeskTaskOutput } from './desk.ts'
import type { ExportTaskInput, PreviewTaskInput, StatementTaskInput } from './export-tasks.ts'
import type { NodeRunsTaskInput } from './node-periods.ts'

export type { TaskRunner } from '../jobs/context.ts'

export interface ImportTaskInput {
  dataDir: string
  path: string
  /** the file's own name, where the path is a copy's */
  name: string
  resources: ResourceRule
}

export interface ImportTaskOutput {
  period: number
  outcome: 'imported' | 'extended' | 'unchanged'
  events: number
  digest: string
  /** that and why the period has no results by rule set v3, where another one pays it, in words; null: it has them, or nothing changed */
  v3Lack: string | null
}

export interface MintTaskInput {
  dataDir: string
  period: number
  resources: ResourceRule
}

export interface SyncTaskInput {
  dataDir: string
  config: SyncConfig
  endpoints: string[]
  genesis: string
}

/** What a sync tells while it runs. */
export type SyncMessage = { t: 'state'; state: SyncState } | { t: 'live'; view: LiveView } | { t: 'commit'; period: number }

/**
 * The heavy work that a host may run in a worker thread; plain data in and out. The thread that started it holds the folder's lock,
 * so a task's own connection takes none. Each loads its code when it runs: a thread that mints starts sooner without the rest.
 */
const tasks = {
  async import(input: ImportTaskInput, context: JobContext): Promise<ImportTaskOutput> {
    const { importAndCompute } = await import('./compute.ts')
    return importAndCompute(input, context)
  },
  async mint(input: MintTaskInput): Promise<{ v3Lack: string | null }> {
    const { compute } = await import('./compute.ts')
    return compute(input)
  },
  /** works out by rule set node-period what is missing or stale */
  async 'node-runs'(input: NodeRunsTaskInput, context: JobContext): Promise<number[]> {
    const { computeRuns } = await import('./node-periods.ts')
    return computeRuns(input, context)
  },
  /** follows a chain until it is stopped; tells its state, the live nodes and each commit as its progress */
  async sync(input: SyncTaskInput, context: JobContext): Promise<null> {
    const { syncChain } = await import('../jobs/sync/run.ts')
    const { withStore } = await import('./compute.ts')
    const say = context.onProgress as unknown as ((message: SyncMessage) => void) | undefined
    return withStore(input.dataDir, async store => {
      await syncChain(
        store,
        { ...input, until: null, follow: true },
        {
          onState: state => say?.({ t: 'state', state }),
          onLive: view => say?.({ t: 'live', view }),
          onCommit: period => say?.({ t: 'commit', period }),
        },
        context.signal ?? new AbortController().signal,
      )
      return null
    })
  },
  /** serves a made-up chain until it is stopped; its address is its progress */
  async devnet(input: { nodes: number; speed: number }, { signal, onProgress }: JobContext): Promise<null> {
    const { startDevnet } = await import('../jobs/devnet/index.ts')
    const devnet = await startDevnet(input)
    ;(onProgress as unknown as (url: string) => void)?.(devnet.url)
    await new Promise<void>(resolve => signal?.addEventListener('abort', () => resolve(), { once: true }))
    await devnet.close()
    return null
  },
  /** holds a proposal's files against the store; reads only */
  async compare({ dataDir, ...wanted }: CompareTaskInput, context: JobContext): Promise<CompareReport> {
    const { compareWithStore } = await import('../jobs/compare/compare.ts')
    const { openStore } = await import('../store/index.ts')
    const store = openStore(dataDir, { mode: 'read' })
    try {
      return await compareWithStore(store, wanted, context)
    } finally {
      store.close()
    }
  },
  /** the auditor's desk: receipts, and reports and bundles of others; reads only */
  async desk(input: DeskTaskInput, context: JobContext): Promise<DeskTaskOutput> {
    const { auditTask } = await import('./desk-task.ts')
    return auditTask(input, context)
  },
  async doctor(input: DoctorInput, context: JobContext): Promise<DoctorReport> {
    const { examine } = await import('../jobs/doctor.ts')
    return examine(input, context)
  },
  async 'chain-probe'(input: { url: string; genesis: string }, { signal }: JobContext) {
    const { probeEndpoint } = await import('../jobs/sync/ask.ts')
    return probeEndpoint(input, signal)
  },
  async 'chain-find'(input: AskInput & { text: string }, { signal }: JobContext) {
    const { findFarms } = await import('../jobs/sync/ask.ts')
    return findFarms(input, signal)
  },
  async 'chain-curves'(input: AskInput, { signal }: JobContext) {
    const { askCurves } = await import('../jobs/sync/ask-curves.ts')
    return askCurves(input, signal)
  },
  async 'chain-estimate'(input: AskInput & { network: string; scope: Scope; periods: number | null }, { signal }: JobContext) {
    const { estimateSync } = await import('../jobs/sync/ask.ts')
    return estimateSync(input, signal)
  },
  async export(input: ExportTaskInput, context: JobContext): Promise<string> {
    return (await import('./export-tasks.ts')).writeExportFile(input, context)
  },
  async 'export-preview'(input: PreviewTaskInput) {
    return (await import('./export-tasks.ts')).previewExport(input)
  },
  async 'export-statement'(input: StatementTaskInput) {
    return (await import('./export-tasks.ts')).stateStatement(input)
  },
  async backup(input: BackupOrder, context: JobContext) {
    return (await import('../jobs/backup/make.ts')).makeBackup(input, context)
  },
  async 'backup-preview'(input: PreviewOrder, context: JobContext) {
    return (await import('../jobs/backup/restore.ts')).previewBackup(input, context)
  },
}

/** Runs a task on this thread; the body of a worker. Throws AppError `usage` for a name that it does not know. */
export const runTaskHere: TaskRunner = async (name, input, context) => {
  const task = (tasks as Record<string, (input: never, context: JobContext) => Promise<unknown>>)[name]
  if (!task) throw new AppError('usage', `There is no task "${name}".`)
  const { signal, onProgress } = context
  return task(input as never, {
    ...(signal && { signal }),
    ...(onProgress && { onProgress: (progress: JobProgress) => onProgress(progress) }),
  })
}
