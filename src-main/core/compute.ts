import { toAppError } from '../../src-shared/errors.ts'
import type { ResourceRule } from '../../src-shared/mint.ts'
import type { PeriodSummary } from '../../src-shared/nodes-contract.ts'
import type { JobContext } from '../jobs/context.ts'
import { importArchive } from '../jobs/import.ts'
import { mintResult } from '../jobs/mint.ts'
import { foldStored } from '../jobs/node-runs.ts'
import { ensureStartParts, openStore, readTransaction, type Store, saveResults, storedPeriod } from '../store/index.ts'
import { paysByNodePeriod } from '../store/paying-rules.ts'
import { dropResults } from '../store/results.ts'
import { saveV3Lack, v3LackText } from '../store/v3-lacks.ts'
import { nodePeriodRules } from './node-periods.ts'
import type { ImportTaskInput, ImportTaskOutput, MintTaskInput } from './tasks.ts'

/**
 * Imports an archive and computes its period, both or neither; see jobs/import.ts. What only v3 finds inconsistent refuses no period that is
 * paid by its nodes' own: that one is stored without results by v3.
 */
export async function importAndCompute(input: ImportTaskInput, context: JobContext): Promise<ImportTaskOutput> {
  return withStore(input.dataDir, async store => {
    let v3Lack: string | null = null
    let isComputed = false
    const { outcome, period, events } = await importArchive(store, input.path, context, {
      name: input.name,
      check: found => {
        context.onProgress?.({ fraction: null, detail: `computes period ${found.index}`, secondsLeft: null })
        v3Lack = computeV3(store, found.index, input.resources)
        // what its nodes' own periods find wrong too is refused
        if (v3Lack !== null) foldStored(store, found.index, nodePeriodRules(store, store))
        isComputed = true
      },
    })
    if (isComputed) saveV3Lack(store, period, v3Lack)
    return { period: period.index, outcome, events, digest: period.digest, v3Lack: lackText(period.index, v3Lack) }
  })
}

/** Computes a stored period again; gives why v3 has nothing to give where it is not what pays. Throws AppError mint.*, store.*. */
export async function compute(input: MintTaskInput): Promise<{ v3Lack: string | null }> {
  return withStore(input.dataDir, async store => {
    const v3Lack = computeV3(store, input.period, input.resources)
    saveV3Lack(store, storedPeriod(store, input.period), v3Lack)
    return { v3Lack: lackText(input.period, v3Lack) }
  })
}

function lackText(index: number, why: string | null): string | null {
  return why === null ? null : v3LackText(index, why)
}

/** Null, or why v3 finds a period inconsistent that its nodes' own periods pay: then its former results go, they are of other facts. */
function computeV3(store: Store, index: number, resources: ResourceRule): string | null {
  try {
    mintAndSave(store, index, resources)
    return null
  } catch (cause) {
    const { code, message, details } = toAppError(cause)
    if (code !== 'mint.inconsistent' || !paysByNodePeriod(store, storedPeriod(store, index).network, index)) throw cause
    dropResults(store, index)
    return typeof details?.found === 'string' ? details.found : message
  }
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
