import type { PeriodSummary } from '../../src-shared/contract.ts'
import { AppError } from '../../src-shared/errors.ts'
import type { ResourceRule } from '../../src-shared/mint.ts'
import type { JobContext, JobProgress, TaskRunner } from '../jobs/context.ts'
import { importArchive } from '../jobs/import.ts'
import { type MintPartInput, mintPart, mintPartTask } from '../jobs/mint.ts'
import { loadSnapshots, openStore, type Store, type StoredPeriod, saveResults, storedPeriod } from '../store/index.ts'

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
          mintAndSave(store, found, input.resources)
        },
      })
      return { period: period.index, outcome, events, digest: period.digest }
    })
  },
  async mint(input: MintTaskInput): Promise<null> {
    return withStore(input.dataDir, async store => {
      mintAndSave(store, storedPeriod(store, input.period), input.resources)
      return null
    })
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

function mintAndSave(store: Store, period: StoredPeriod, resources: ResourceRule): void {
  const result = mintPart(store, period, loadSnapshots(store, period), resources, null)
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
