import { randomUUID } from 'node:crypto'
import { basename, resolve } from 'node:path'
import type { Explanation, ResourceRule } from '../../src-shared/mint.ts'
import type { WhatIfAnswer } from '../../src-shared/what-if.ts'
import { type DemoOptions, generateDemo } from '../archive/demo.ts'
import { writeArchive } from '../archive/write.ts'
import type { JobContext } from '../jobs/context.ts'
import { tellNode } from '../jobs/explain.ts'
import { exportArchive as exportStored } from '../jobs/export.ts'
import { type NodeMintSummary, writeNodeMints } from '../jobs/node-mint.ts'
import { foldStored, statesAtStart } from '../jobs/node-runs.ts'
import { tellNodePeriods } from '../jobs/node-stories.ts'
import { loadEnd, openStore, type Store, storedPeriod } from '../store/index.ts'
import { loadDecisions } from '../store/mint-decisions.ts'
import { importAudited } from './imports.ts'
import { byNode, overlapProblems } from './mint-lines.ts'
import { nodePeriodRules } from './node-periods.ts'
import { type Projections, type ProjectionsWanted, projectNodes, type WhatIfWanted, whatIfOfNode } from './projections.ts'
import { type ImportTaskOutput, runTaskHere } from './tasks.ts'

export type { JobContext, JobProgress, TaskRunner } from '../jobs/context.ts'
export { type MintOptions, type MintSummary, mintArchive, mintPeriod } from '../jobs/mint.ts'
export { mintArchiveByNode, type NodeMintSummary, type NodePeriodRules } from '../jobs/node-mint.ts'
export type { SafeStorage } from '../signing/safe-storage.ts'
export { type CoreOptions, type HostCore, openCore } from './core.ts'
export type { ProjectedNode, Projections } from './projections.ts'
export { runTaskHere } from './tasks.ts'
export type { RestAccess, TokenBearer } from './treasury/access-tokens.ts'

/** What became of one file. */
export type ImportedFile = ImportTaskOutput & { file: string }

/**
 * Imports archives (`-`: standard input) one after the other as the data folder's one writer, and computes each period's results.
 * Throws AppError archive.*, store.*, io.*, cancelled; what was imported before stays, and `onImported` was told of it.
 */
export async function importFiles(
  input: { dataDir: string; files: string[]; actor: string; onImported?: (done: ImportedFile) => void },
  context: JobContext,
): Promise<ImportedFile[]> {
  const store = openStore(input.dataDir, { mode: 'write' })
  try {
    const all: ImportedFile[] = []
    for (const file of input.files) {
      const stdin = file === '-'
      const order = {
        id: randomUUID(),
        path: stdin ? file : resolve(file),
        name: stdin ? 'standard input' : basename(file),
        actor: { id: input.actor },
      }
      // a worker has no standard input
      const runTask = stdin || !context.runTask ? runTaskHere : context.runTask
      const done = { file, ...(await importAudited(store, order, runTask, context)) }
      all.push(done)
      input.onImported?.(done)
    }
    return all
  } finally {
    store.close()
  }
}

/** Writes a stored period as a grid archive, with each node's running state at its start if `nodeStates`; see jobs/export.ts. */
export async function exportArchive(
  input: { dataDir: string; period: number; target: string; nodeStates?: boolean },
  context: JobContext,
): Promise<{ events: number; bytes: number }> {
  return reading(input.dataDir, store => {
    const states = input.nodeStates ? statesAtStart(store, input.period, nodePeriodRules(store, store)) : undefined
    return exportStored(store, input.period, input.target, context, states)
  })
}

/** Why a node earns what it earns in a stored period. Throws AppError not-found, mint.*, store.*. */
export async function explainNode(input: {
  dataDir: string
  nodeId: number
  period: number
  resources: ResourceRule
}): Promise<Explanation> {
  return reading(input.dataDir, store => {
    const period = storedPeriod(store, input.period)
    return tellNode(store, period, loadEnd(store, period), input.nodeId, input.resources).explanation
  })
}

/** Mints a stored period by rule set node-period and writes its files; the network's configuration says from where, and whether with carbon. */
export async function mintPeriodByNode(input: { dataDir: string; period: number; outDir: string }): Promise<NodeMintSummary> {
  return reading(input.dataDir, store => {
    const { period, mints, openStates, gaps } = foldStored(store, input.period, nodePeriodRules(store, store))
    const { network, index, start, end } = period
    const overlaps = overlapProblems(mints, byNode(loadDecisions(store, network)))
    return writeNodeMints({ network, period: { index, start, end }, mints, states: openStates(), gaps, overlaps }, input.outDir)
  })
}

/** Why a node's own periods that end in a stored period, and the one that runs after it, pay what they pay. Throws as explainNode does. */
export async function explainNodePeriods(input: { dataDir: string; nodeId: number; period: number }): Promise<Explanation[]> {
  return reading(input.dataDir, store =>
    tellNodePeriods(store, input.period, input.nodeId, nodePeriodRules(store, store)).map(({ explanation }) => explanation),
  )
}

/** What the nodes' latest periods come to; see projections.ts. */
export async function project(input: ProjectionsWanted & { dataDir: string }): Promise<Projections> {
  return reading(input.dataDir, store => projectNodes(store, input))
}

/** What one node's period would pay with some figures changed; `change` gets the node's own. See projections.ts. */
export async function projectWhatIf(input: WhatIfWanted & { dataDir: string }): Promise<WhatIfAnswer> {
  return reading(input.dataDir, store => whatIfOfNode(store, input))
}

/** Writes a synthetic grid archive (`-`: standard output). Throws AppError io.*, usage, cancelled. */
export async function writeDemo(input: DemoOptions & { target: string }, context: JobContext): Promise<{ events: number; bytes: number }> {
  const { target, ...options } = input
  return writeArchive(target, sink => generateDemo(options, sink), context.signal ? { signal: context.signal } : {})
}

async function reading<T>(dataDir: string, work: (store: Store) => T | Promise<T>): Promise<T> {
  const store = openStore(dataDir, { mode: 'read' })
  try {
    return await work(store)
  } finally {
    store.close()
  }
}
