import { AppError } from '../../src-shared/errors.ts'
import type { EndSnapshot, GridNode, PowerState } from '../../src-shared/grid.ts'
import type { Explanation, NodeResult, ResourceRule } from '../../src-shared/mint.ts'
import { createV3Mint, type NodeUse } from '../engines/minting/v3.ts'
import { bucketOf, readEvents } from '../store/events.ts'
import { loadStart, startOf } from '../store/mint-input.ts'
import type { Store } from '../store/open.ts'
import type { StoredPeriod } from '../store/periods.ts'
import { headerOf } from './mint.ts'

/** One event of a node as its timeline shows it; times in seconds; figures beyond 2^53 as their nearest number. */
export interface TimelineEvent {
  block: number
  ts: number
  kind: 'report' | 'target-up' | 'target-down' | 'state-up' | 'state-down' | 'stored' | 'updated' | 'contract'
  now: number | null
  uptime: number | null
}

export interface NodeStory {
  result: NodeResult
  explanation: Explanation
  timeline: TimelineEvent[]
  /** the node as its last update left it */
  node: GridNode
  policyName: string
  /** what of it pays, and what contracts used of it so far */
  used: NodeUse
}

/**
 * One node's period from its own events: the result, why, and all that happened to it. `end`: the period's end snapshot. Throws AppError
 * not-found if the period has no such node, mint.*, store.*.
 */
export function tellNode(store: Store, period: StoredPeriod, end: EndSnapshot, nodeId: number, resources: ResourceRule): NodeStory {
  const only = (id: number) => id === nodeId
  const start = startOf(loadStart(store, period, bucketOf(nodeId), bucketOf(nodeId)), only)
  const mint = createV3Mint(headerOf(period), start, end, { resources, explain: only })
  const timeline: TimelineEvent[] = []
  let node = start.nodes[0]
  let block = 0
  let ts = 0
  const note = (kind: TimelineEvent['kind'], now: number | null = null, uptime: number | null = null) => {
    timeline.push({ block, ts, kind, now, uptime })
  }
  const inPeriod = () => block <= end.block
  readEvents(
    store,
    period,
    {
      block(n, time) {
        block = n
        ts = time
        mint.block(n, time)
      },
      uptime(id, now, uptime) {
        note('report', Number(now), Number(uptime))
        mint.uptime(id, now, uptime)
      },
      consumption: (contractId, timestamp, window, nru) => mint.consumption(contractId, timestamp, window, nru),
      rare(event) {
        mint.rare(event)
        switch (event[0]) {
          case 'TfgridModule.PowerTargetChanged':
            return note(event[1].power_target === 'Up' ? 'target-up' : 'target-down')
          case 'TfgridModule.PowerStateChanged':
            return note(isUp(event[1].power_state) ? 'state-up' : 'state-down')
          case 'TfgridModule.NodeStored':
          case 'TfgridModule.NodeUpdated':
            if (inPeriod()) node = event[1].node
            return note(event[0] === 'TfgridModule.NodeStored' ? 'stored' : 'updated')
          case 'SmartContractModule.ContractCreated':
            return note('contract')
        }
      },
    },
    { nodeId },
  )
  const result = mint.finish(period.coveredToBlock).nodes.find(found => found.nodeId === nodeId)
  const used = mint.use(nodeId)
  if (!result || !node || !used)
    throw new AppError('not-found', `Period ${period.index} has no node ${nodeId}. Check the number, or choose another period.`, {
      details: { nodeId, period: period.index },
    })
  const policyName = end.farmingPolicies.find(({ id }) => id === result.policyId)?.name ?? ''
  return { result, explanation: mint.explanation(nodeId), timeline, node, policyName, used }
}

function isUp(state: PowerState): boolean {
  return state === 'Up'
}
