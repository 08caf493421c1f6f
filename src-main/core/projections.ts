import { AppError } from '../../src-shared/errors.ts'
import type { Rules } from '../../src-shared/mint.ts'
import type { Projection } from '../../src-shared/projection.ts'
import type { WhatIfAnswer, WhatIfFigures } from '../../src-shared/what-if.ts'
import { known } from '../engines/projection/known.ts'
import { projectNodePeriod } from '../engines/projection/node-period.ts'
import { projectV3, type V3Result } from '../engines/projection/v3.ts'
import { mintResult } from '../jobs/mint.ts'
import { foldStored, openRow, staleRuns } from '../jobs/node-runs.ts'
import {
  listPeriods,
  loadEnd,
  loadLabels,
  loadNodeRows,
  loadSettings,
  loadSummaries,
  type Store,
  type StoredPeriod,
} from '../store/index.ts'
import { loadMintConfig } from '../store/mint-config.ts'
import { loadOpen } from '../store/node-mints.ts'
import { nodePeriodRules } from './node-periods.ts'
import { answerWhatIf } from './what-if.ts'

/** One node's latest period, for the command line. */
export interface ProjectedNode {
  nodeId: number
  label: string
  farmId: number
  farmName: string
  projection: Projection
}

export interface Projections {
  network: string
  rules: Rules
  /** the stored period that it was worked out from, and the last second known */
  period: number
  asOfTs: number
  nodes: ProjectedNode[]
  earnedUnits: bigint
  staysUpUnits: bigint
  goesDownUnits: bigint
}

/** Whose: one node's, one farm's, or all. Without `rules` by those that pay on the network. */
export interface ProjectionsWanted {
  nodeId?: number | undefined
  farmId?: number | undefined
  rules?: Rules | undefined
}

export interface WhatIfWanted {
  nodeId: number
  rules?: Rules | undefined
  change: (own: WhatIfAnswer) => WhatIfFigures
}

type Node = Omit<ProjectedNode, 'label'>

/**
 * What the nodes' latest periods come to: from what is stored where it is fresh, else worked out here; nothing is saved. Throws AppError
 * not-found, mint.*, store.*.
 */
export function projectNodes(store: Store, which: ProjectionsWanted): Projections {
  const period = latestPeriod(store)
  const rules = which.rules ?? loadMintConfig(store, period.network).rules
  const found = (rules === 'v3' ? byV3(store, period) : byNode(store, period)).filter(
    node => (which.nodeId === undefined || node.nodeId === which.nodeId) && (which.farmId === undefined || node.farmId === which.farmId),
  )
  if (found.length === 0) throw nothingFound(which, period)
  const labels = loadLabels(store)
  const sum = (pick: (projection: Projection) => bigint) => found.reduce((total, { projection }) => total + pick(projection), 0n)
  return {
    network: period.network,
    rules,
    period: period.index,
    asOfTs: period.lastTs,
    nodes: found.map(node => ({ ...node, label: labels.get(node.nodeId)?.label ?? '' })),
    earnedUnits: sum(({ earnedUnits }) => earnedUnits),
    staysUpUnits: sum(({ staysUp }) => staysUp.units),
    goesDownUnits: sum(({ goesDown }) => goesDown.units),
  }
}

/** What one node's period would pay with some figures changed; `change` gets the node's own. Throws as answerWhatIf. */
export function whatIfOfNode(store: Store, { nodeId, rules, change }: WhatIfWanted): WhatIfAnswer {
  const period = latestPeriod(store)
  const ask = (figures?: WhatIfFigures) =>
    answerWhatIf(
      store,
      { period, end: loadEnd(store, period) },
      { config: loadMintConfig(store, period.network), resources: loadSettings(store).resources },
      { nodeId, rules, figures },
    )
  return ask(change(ask()))
}

function latestPeriod(store: Store): StoredPeriod {
  const period = listPeriods(store).at(-1)
  if (!period) throw new AppError('mint.missing', 'There is no period in the store yet. Import a grid archive, or follow a chain, first.')
  return period
}

function byV3(store: Store, period: StoredPeriod): Node[] {
  const { resources } = loadSettings(store)
  const stored = loadSummaries(store).find(({ summary }) => summary.index === period.index)
  const isFresh = stored !== undefined && !stored.stale && stored.summary.resources === resources
  const minted = isFresh ? null : mintResult(store, period, resources)
  const time = known({ ...period, completeUntilTs: period.lastTs, provisional: minted?.provisional ?? stored?.summary.provisional ?? true })
  const nodes: (V3Result & Omit<Node, 'projection'>)[] = minted?.nodes ?? loadNodeRows(store, period.index)
  return nodes.map(node => ({
    nodeId: node.nodeId,
    farmId: node.farmId,
    farmName: node.farmName,
    projection: projectV3(node, time),
  }))
}

function byNode(store: Store, period: StoredPeriod): Node[] {
  const rules = nodePeriodRules(store, store)
  const isFresh = staleRuns(store, rules).every(stale => stale.period.index !== period.index)
  const open = isFresh ? loadOpen(store, period.index) : foldStored(store, period.index, rules).open.flatMap(openRow)
  return open.map(({ info, policy, farmName, lastTs }) => ({
    nodeId: info.nodeId,
    farmId: info.farmId,
    farmName,
    projection: projectNodePeriod({ info, policy, lastTs }, period.lastTs),
  }))
}

function nothingFound({ nodeId, farmId }: ProjectionsWanted, period: StoredPeriod): AppError {
  const what = [...(nodeId === undefined ? [] : [`node ${nodeId}`]), ...(farmId === undefined ? [] : [`a node of farm ${farmId}`])]
  return new AppError(
    'not-found',
    what.length === 0
      ? `Period ${period.index} has no node that has a projection.`
      : `Period ${period.index} has no ${what.join(' that is ')}. Check the number.`,
    { details: { period: period.index } },
  )
}
