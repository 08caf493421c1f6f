import type { ResourceRule } from '../../src-shared/mint.ts'
import type { PeriodSummary } from '../../src-shared/nodes-contract.ts'
import type { JobContext } from '../jobs/context.ts'
import { importArchive } from '../jobs/import.ts'
import { mintResult } from '../jobs/mint.ts'
import { ensureStartParts, openStore, readTransaction, type Store, saveResults, storedPeriod } from '../store/index.ts'
import type { ImportTaskInput, ImportTaskOutput, MintTaskInput } from './tasks.ts'

/** Imports an archive and computes its period, both or neither; see jobs/import.ts. */
export async function importAndCompute(input: ImportTaskInput, context: JobContext): Promise<ImportTaskOutput> {
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
}

/** Computes a stored period again. Throws AppError mint.*, store.*. */
export async function compute(input: MintTaskInput): Promise<null> {
  return withStore(input.dataDir, async store => {
    mintAndSave(store, input.period, input.resources)
    return null
  })
}

/** A task's own connection, beside that of the thread that holds the folder's lock. */
export async function withStore<T>(dataDir: string, work: (store: Store) => Promise<T>): Promise<T> {
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
    return { period: found, result: mintResult(store, found, resources) }
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
