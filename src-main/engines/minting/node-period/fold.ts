import type {
  ArchiveHeader,
  EndSnapshot,
  EventSink,
  FarmingPolicy,
  GridContract,
  GridFarm,
  GridNode,
  RareEvent,
  Resources,
  StartSnapshot,
  U64,
} from '../../../../src-shared/grid.ts'
import { createIdTable } from '../../../../src-shared/id-table.ts'
import type { Step, ViolationDetail } from '../../../../src-shared/mint.ts'
import type { MintingInfo } from '../../../../src-shared/node-period.ts'
import { inconsistent } from '../state.ts'
import { recordStill } from '../trace.ts'
import { applyToMarket, createMarket, type Market, type MarketStart } from './market.ts'
import {
  applyConsumption,
  type ChainClock,
  type Contract,
  freshState,
  hasBegun,
  infoOf,
  leastOf,
  mostOf,
  NONE,
  type NodeState,
  settleContract,
  settleNode,
} from './state.ts'
import { restoreState, storeState } from './stored-state.ts'
import { applyReport } from './uptime.ts'

/** The state that the fold begins with, of the whole grid or of some nodes. A node that `nodeStates` has goes on from there. */
export type NodePeriodPart = Pick<StartSnapshot, 'nodes' | 'contracts' | 'nodeStates'>
export type NodePeriodStart = NodePeriodPart & Pick<StartSnapshot, 'block' | 'ts'> & MarketStart

/**
 * Where fixed periods end and node-period counts in full (minting.md, From fixed periods to node periods). `block`: the last fixed
 * period's end block, the first after `ts`, which still belongs to that period; null where nobody knows it.
 */
export interface Boundary {
  ts: number
  block: number | null
}

export interface NodePeriodOptions {
  /** null: node-period counts everything */
  boundary: Boundary | null
  /** nodes whose steps are recorded; costs memory per report, so ask for few */
  explain?: (nodeId: number) => boolean
}

/** One period that ended, with what it is paid by. */
export interface SavedPeriod {
  info: MintingInfo
  /** the policy's figures at the period's end, and the farm; undefined where the chain's data has none */
  policy: FarmingPolicy | undefined
  farm: GridFarm | undefined
  /** of an explained node */
  story: PeriodStory | null
}

/** How a period's uptime came about. */
export interface PeriodStory {
  steps: Step[]
  violation: ViolationDetail | null
}

/** A node as it stands in its period: the figures as if it ended now; null before its first report. */
export interface RunningNode {
  nodeId: number
  node: GridNode
  open: (SavedPeriod & { lastTs: number }) | null
}

export interface NodePeriodFold extends EventSink {
  /**
   * Takes in more of the start: nodes of which no event was told yet, with what belongs to them. What all nodes share begins again too: as the
   * start has it, or as `market`.
   */
  begin(part: NodePeriodPart, market?: Market): void
  /** periods that ended so far, in the order in which they were closed */
  saved(): SavedPeriod[]
  /** every node as it is now, by id; virtual and deleted ones are not there */
  running(): RunningNode[]
  /** plain data that a later fold goes on from (`nodeStates` of a start snapshot), of the nodes `from` to `to` */
  states(from?: number, to?: number): unknown[]
}

const CHECK_SOURCE = 'Check that the archive is complete: a node must be in the start snapshot or be stored by an event before it acts.'

/**
 * The fold of rule set node-period (minting.md) over a chain's events: each costs constant time, but for those that change a farming
 * policy or close periods. Nodes don't depend on each other: a caller may give the nodes of a part of the grid with their events and all
 * farm, policy and price events, then `begin` another part, whose blocks begin again. Power events have no part in it.
 */
export function createNodePeriodFold(
  header: Pick<ArchiveHeader, 'period'>,
  start: NodePeriodStart,
  end: Pick<EndSnapshot, 'farms' | 'farmingPolicies'>,
  options: NodePeriodOptions,
): NodePeriodFold {
  const boundaryTs = options.boundary?.ts ?? NONE
  const boundaryBlock = options.boundary?.block ?? NONE
  const isFixed = (n: number, ts: number) => ts < boundaryTs || n <= boundaryBlock
  const clock: ChainClock = { block: start.block, ts: start.ts, isFixed: isFixed(start.block, start.ts) }
  const states = createIdTable<NodeState>()
  const contracts = createIdTable<Contract>()
  const saved: SavedPeriod[] = []
  let market = createMarket(start, end)
  /** whether the block under way is not replayed (interfaces.md: a block with ts <= period.start) */
  let skipped = true

  /** virtual nodes: their reports are nobody's */
  const untracked = new Set<number>()
  /** whether the start holds running states: then its block was told already, also of nodes that were deleted in it */
  let goesOn = false

  begin(start)

  function begin(part: NodePeriodPart, newMarket = createMarket(start, end)): void {
    market = newMarket
    goesOn = part.nodeStates !== undefined
    for (const node of part.nodes)
      if (node.virtualized) untracked.add(node.id)
      else states.set(node.id, fresh(node))
    for (const stored of part.nodeStates ?? []) {
      const nodeId = restoreState(stored, states, start.block, clock)
      const state = states.get(nodeId)
      if (state?.trace != null && hasBegun(state, clock)) recordCarried(state)
    }
    for (const contract of part.contracts) contractCreated(contract)
  }

  function fresh(node: GridNode): NodeState {
    return freshState(node, options.explain?.(node.id) === true)
  }

  function recordCarried(s: NodeState): void {
    s.trace = { cursorTs: s.startTs, steps: [] }
    // its last report may lie before the change-over that it began with
    const toTs = Math.max(s.lastTs, s.startTs)
    const elapsedSec = toTs - s.startTs
    s.trace.steps.push({
      kind: 'carried',
      rule: 'node-period: the state that this begins with',
      block: start.block,
      ts: toTs,
      fromTs: s.startTs,
      toTs,
      elapsedSec,
      creditedSec: s.uptimeSec,
      lostSec: elapsedSec - s.uptimeSec,
      violation: s.violation,
      evidence: { uptimeSec: s.uptimeSec },
    })
    s.trace.cursorTs = toTs
  }

  function save(s: NodeState, at: ChainClock): void {
    saved.push(periodOf(s, at))
  }

  function periodOf(s: NodeState, at: ChainClock): SavedPeriod {
    const info = infoOf(s, { block: at.block, ts: at.ts })
    const { end: endTs } = info.period
    const story = s.trace === null ? null : { steps: s.trace.steps, violation: s.violationDetail }
    return { info, policy: market.policyAt(info.policyId, endTs), farm: market.farmAt(info.farmId, endTs), story }
  }

  /** The node, unless what it began with holds this block already; undefined for one that is not followed. */
  function following(nodeId: number): NodeState | undefined {
    const state = states.get(nodeId)
    return state === undefined || isKnown(state) ? undefined : state
  }

  /** Whether the state that the node began with holds the block under way. */
  function isKnown(state: NodeState | undefined): boolean {
    return state !== undefined && clock.block <= state.knownToBlock
  }

  /** Whether a node that is not followed is rightly unknown: virtual, or gone within the block that the states hold. */
  function isNobodys(nodeId: number): boolean {
    return untracked.has(nodeId) || (goesOn && clock.block <= start.block)
  }

  /** A contract that can still change: not one whose node's state holds the block under way. */
  function openContract(contractId: number): Contract | undefined {
    const contract = contracts.get(contractId)
    return contract !== undefined && isKnown(states.get(contract.nodeId)) ? undefined : contract
  }

  function nodeStored(node: GridNode): void {
    const known = states.get(node.id)
    if (isKnown(known)) return
    if (known !== undefined) forgetContracts(known)
    if (node.virtualized) {
      leave(node.id)
      return
    }
    untracked.delete(node.id)
    const state = fresh(node)
    contracts.each(contract => {
      if (contract.isRent && contract.nodeId === node.id) state.rents++
    })
    states.set(node.id, state)
  }

  function nodeDeleted(nodeId: number): void {
    const state = following(nodeId)
    // one that is gone is unknown from here on, also where it was virtual
    untracked.delete(nodeId)
    if (state === undefined) return
    forgetContracts(state)
    states.set(nodeId, undefined)
  }

  /** A virtual node is not tracked at all; only NodeStored brings it back. */
  function leave(nodeId: number): void {
    states.set(nodeId, undefined)
    untracked.add(nodeId)
  }

  function forgetContracts(state: NodeState): void {
    for (const contract of state.contracts) {
      contract.node = null
      contract.windowSec = 0
    }
  }

  function nodeUpdated(node: GridNode): void {
    const s = states.get(node.id)
    if (s === undefined) {
      if (!isNobodys(node.id)) throw unknown(node.id, 'Update')
      return
    }
    if (isKnown(s)) return
    if (node.virtualized) {
      forgetContracts(s)
      leave(node.id)
      return
    }
    settleNode(s, clock)
    s.node = node
    // before the change-over only the last report is followed
    if (clock.isFixed) s.maximum = node.resources
    else if (market.price() <= node.connection_price) s.maximum = mostOf(s.maximum, node.resources)
    s.minimum = hasBegun(s, clock) ? leastOf(s.minimum, node.resources) : leastOf(node.resources, s.maximum)
    if (s.startTs === NONE || clock.ts < s.endTs) {
      s.farmId = node.farm_id
      s.policyId = node.farming_policy_id
    }
    if (s.trace !== null)
      recordStill(s.trace, {
        kind: 'updated',
        rule: 'node-period resources; farm and policy until the period ends',
        block: clock.block,
        ts: clock.ts,
        evidence: {
          farmId: s.farmId,
          policyId: s.policyId,
          cru: String(s.minimum.cru),
          mru: String(s.minimum.mru),
          hru: String(s.minimum.hru),
          sru: String(s.minimum.sru),
          chainPriceMusd: market.price(),
          connectionPriceMusd: node.connection_price,
        },
      })
  }

  function contractCreated(contract: GridContract): void {
    removeContract(contract.contract_id)
    const type = contract.contract_type
    const nodeId = nodeOfContract(contract)
    if (nodeId === null) return
    const isRent = 'RentContract' in type
    contracts.set(contract.contract_id, {
      contractId: contract.contract_id,
      nodeId,
      publicIps: 'NodeContract' in type ? type.NodeContract.public_ips : 0,
      isRent,
      resources: contract.resources ?? { cru: 0, mru: 0, hru: 0, sru: 0 },
      node: null,
      windowSec: 0,
    })
    const state = states.get(nodeId)
    if (isRent && state !== undefined) {
      state.rents++
      recordRent(state, 'rent', contract.contract_id)
    }
  }

  function removeContract(contractId: number): void {
    const contract = contracts.get(contractId)
    if (contract === undefined) return
    settleContract(contract, clock)
    if (contract.node !== null) contract.node.contracts = contract.node.contracts.filter(other => other !== contract)
    contracts.set(contractId, undefined)
    const state = states.get(contract.nodeId)
    if (contract.isRent && state !== undefined) {
      state.rents--
      recordRent(state, 'rent-end', contractId)
    }
  }

  function resourcesUsed(contractId: number, used: Resources): void {
    const contract = openContract(contractId)
    if (contract === undefined) return
    settleContract(contract, clock)
    contract.resources = used
  }

  function recordRent(s: NodeState, kind: 'rent' | 'rent-end', contractId: number): void {
    if (s.trace === null || !hasBegun(s, clock)) return
    const rule = 'node-period usage: a rent counts the whole node'
    recordStill(s.trace, { kind, rule, block: clock.block, ts: clock.ts, evidence: { contractId } })
  }

  function unknown(nodeId: number, what: string): Error {
    return inconsistent(`${what} of node ${nodeId}, which is unknown`, `node ${nodeId}`, clock.block, CHECK_SOURCE)
  }

  function consumption(contractId: number, window: U64, nru: U64): void {
    const contract = contracts.get(contractId)
    if (contract === undefined) return
    const s = following(contract.nodeId)
    // before the first report there is no period to count for, before the boundary the fixed period counts it
    if (s === undefined || !hasBegun(s, clock)) return
    applyConsumption(contract, s, clock, window, nru)
  }

  function rare(event: RareEvent): void {
    switch (event[0]) {
      case 'TfgridModule.NodeStored':
        nodeStored(event[1].node)
        break
      case 'TfgridModule.NodeUpdated':
        nodeUpdated(event[1].node)
        break
      case 'TfgridModule.NodeDeleted':
        nodeDeleted(event[1].node_id)
        break
      case 'SmartContractModule.ContractCreated':
        if (!isKnown(states.get(nodeOfContract(event[1].contract) ?? NONE))) contractCreated(event[1].contract)
        break
      case 'SmartContractModule.UpdatedUsedResources':
        resourcesUsed(event[1].contract_id, event[1].used)
        break
      case 'SmartContractModule.NodeContractCanceled':
      case 'SmartContractModule.RentContractCanceled':
        if (openContract(event[1].contract_id)) removeContract(event[1].contract_id)
        break
      default:
        applyToMarket(market, event, clock.ts)
    }
  }

  return {
    begin,
    block(n, ts) {
      clock.block = n
      clock.ts = ts
      clock.isFixed = isFixed(n, ts)
      skipped = ts <= header.period.start
    },
    uptime(nodeId, _now, uptime) {
      if (skipped) return
      const state = states.get(nodeId)
      if (state === undefined) {
        if (!isNobodys(nodeId)) throw unknown(nodeId, 'Uptime report')
      } else if (clock.block > state.knownToBlock) applyReport(state, clock, uptime, boundaryTs, save)
    },
    consumption(contractId, _timestamp, window, nru) {
      if (!skipped) consumption(contractId, window, nru)
    },
    rare(event) {
      if (!skipped) rare(event)
    },
    saved: () => saved,
    running() {
      const list: RunningNode[] = []
      states.each(s => {
        settleNode(s, clock)
        list.push({ nodeId: s.nodeId, node: s.node, open: openPeriod(s) })
      })
      return list.sort((a, b) => a.nodeId - b.nodeId)
    },
    states(from = 0, to = Number.POSITIVE_INFINITY) {
      const list: unknown[] = []
      states.each(s => {
        if (s.nodeId >= from && s.nodeId <= to) list.push(storeState(s, clock))
      })
      return list
    },
  }

  function openPeriod(s: NodeState): RunningNode['open'] {
    return !hasBegun(s, clock) ? null : { ...periodOf(s, clock), lastTs: s.lastTs }
  }
}

function nodeOfContract({ contract_type: type }: GridContract): number | null {
  return 'NodeContract' in type ? type.NodeContract.node_id : 'RentContract' in type ? type.RentContract.node_id : null
}
