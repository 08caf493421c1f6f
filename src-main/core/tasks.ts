import type { PeriodSummary } from '../../src-shared/contract.ts'
import { AppError } from '../../src-shared/errors.ts'
import type { ResourceRule } from '../../src-shared/mint.ts'
import type { DoctorReport, Scope, SyncConfig, SyncState } from '../../src-shared/sync.ts'
import type { JobContext, JobProgress, TaskRunner } from '../jobs/context.ts'
import type { DoctorInput } from '../jobs/doctor.ts'
import { importArchive } from '../jobs/import.ts'
import { type MintPartInput, mintPart, mintPartTask } from '../jobs/mint.ts'
import type { AskInput } from '../jobs/sync/ask.ts'
import type { LiveView } from '../jobs/sync/live.ts'
import { ensureStartParts, openStore, readTransaction, type Store, saveResults, storedPeriod } from '../store/index.ts'

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
 * so a task's own connection takes none.
 */
const tasks = {
  async import(input: ImportTaskInput, context: JobContext): Promise<ImportTaskOutput> {
    return withStore(input.dataDir, async store => {
      const { outcome, period, events } = await importArchive(store, input.path, context, {
        name: input.name,
        check: found => {
          context.onProgress?.({ fraction: null, detail: `computes period ${found.index}`, secondsLeft: null })
          mintAndSave(store, found.index, input.resources)
        },
      })
      return { period: period.index, outcome, events, digest: period.digest }
    })
  },
  async mint(input: MintTaskInput): Promise<null> {
    return withStore(input.dataDir, async store => {
      mintAndSave(store, input.period, input.resources)
      return null
    })
  },
  /** follows a chain until it is stopped; tells its state, the live nodes and each commit as its progress */
  async sync(input: SyncTaskInput, context: JobContext): Promise<null> {
    // the chain's libraries are loaded by the one thread that needs them
    const { syncChain } = await import('../jobs/sync/run.ts')
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
  async 'chain-estimate'(input: AskInput & { network: string; scope: Scope; periods: number | null }, { signal }: JobContext) {
    const { estimateSync } = await import('../jobs/sync/ask.ts')
    return estimateSync(input, signal)
  },
  async 'mint-part'(input: MintPartInput) {
    return mintPartTask(input)
  },
}

async function withStore<T>(dataDir: string, work: (store: Store) => Promise<T>): Promise<T> {
  const store = openStore(dataDir, { mode: 'write', lock: false })
  try {
    return await work(store)
  } finally {
    store.close()
  }
}

function mintAndSave(store: Store, index: number, resources: ResourceRule): void {
  ensureStartParts(store, storedPeriod(store, index))
  // one view of the store: a sync may write to the period meanwhile, and its results are marked by the facts that they rest on
  const { period, result } = readTransaction(store.facts, 'facts.db', () => {
    const found = storedPeriod(store, index)
    return { period: found, result: mintPart(store, found, resources, null).result }
  })
  const summary: PeriodSummary = {
    index: period.index,
    start: period.start,
    end: period.end,
    completeUntilTs: period.lastTs,
    provisional: result.provisional,
    running: period.running,
    nodes: result.nodes.length,
    farms: new Set(result.nodes.map(node => node.farmId)).size,
    events: period.events,
    paidNodes: result.nodes.filter(node => node.rewardUnits > 0n).length,
    violatingNodes: result.nodes.filter(node => node.violation !== null).length,
    rewardUnits: result.nodes.reduce((sum, node) => sum + node.rewardUnits, 0n),
    rewardMusd: result.nodes.reduce((sum, node) => sum + node.rewardMusd, 0n),
    mintedTs: store.now(),
    resources,
  }
  saveResults(store, period, summary, result.nodes)
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
