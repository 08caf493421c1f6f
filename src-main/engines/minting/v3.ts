import {
  type ColumnSink,
  type EventColumns,
  STATE_DOWN,
  STATE_UP,
  TARGET_DOWN,
  TARGET_UP,
  tellColumn,
  UPTIME,
  USE,
} from '../../../src-shared/event-columns.ts'
import type { RunSink } from '../../../src-shared/event-runs.ts'
import type {
  ArchiveHeader,
  EndSnapshot,
  GridContract,
  GridNode,
  PowerState,
  PowerTarget,
  RareEvent,
  Resources,
  StartSnapshot,
  U64,
} from '../../../src-shared/grid.ts'
import { createIdTable } from '../../../src-shared/id-table.ts'
import type { Explanation, NodeResult, ResourceRule } from '../../../src-shared/mint.ts'
import { POST_PERIOD_BLOCKS } from '../../../src-shared/time.ts'
import { createDays } from './days.ts'
import { applyPowerState, applyTarget, startPower } from './power.ts'
import type { UsedSeconds } from './receipt.ts'
import { explainNode, finishNode, indexEnd, knownUntil, type MintContext } from './result.ts'
import { type Clock, inconsistent, NodeState, resetState } from './state.ts'
import { createTrace, recordMove, recordStill } from './trace.ts'
import { applyLateReport, applyOrdinary, applyReport, applyRun, ignoresLateRun } from './uptime.ts'
import {
  applyConsumption,
  applyPlainConsumption,
  applyUseRun,
  type ContractState,
  contractState,
  countsAt,
  dropPending,
  settle,
} from './usage.ts'

export interface V3Options {
  /** which resources pay: `latest` as the program in use, `minimum` as the rules' text */
  resources: ResourceRule
  /** nodes whose steps are recorded; costs memory per report, so ask for few */
  explain?: (nodeId: number) => boolean
  /** leave out the days of NodeResult: a mint's files have none of it */
  withoutDays?: boolean
}

/** What the rules need of a header and of a start snapshot, of the whole grid or of some nodes; a whole one will do. */
export type MintHeader = Pick<ArchiveHeader, 'network' | 'period'>
export type StartPart = Pick<StartSnapshot, 'nodes' | 'contracts' | 'power'>
export type StartState = StartPart & Pick<StartSnapshot, 'block' | 'ts'>

export interface MintResult {
  period: { index: number; start: number; end: number }
  network: string
  rules: 'v3'
  resources: ResourceRule
  /** the archive ends before the 16,200 blocks after the period, or before the period's end: figures may still change */
  provisional: boolean
  /** the last known second of the period, its end where all of it is known; an estimate where the blocks end before the end snapshot's */
  knownToTs: number
  /** by node id; what a person must look at is in problems.ts, as it takes the whole result */
  nodes: NodeResult[]
}

/** What a node's payout rests on besides its uptime: what it has, as it pays, and what contracts used of it. */
export interface NodeUse extends UsedSeconds {
  resources: Resources
  nruBytes: bigint
}

export interface V3Mint extends ColumnSink, RunSink {
  /** Takes in more of the start: nodes of which no event was told yet, with what belongs to them. */
  begin(part: StartPart): void
  /**
   * Gives the results of the nodes so far by id, and forgets them: for who gives the grid part by part, so that the whole of it need not be
   * held. Throws as finish does, which then gives what is left.
   */
  take(coveredToBlock: number): NodeResult[]
  /**
   * Ends the fold and gives the result; `coveredToBlock` is the last block that the source knows. Call it once. AppError
   * `mint.inconsistent` names what contradicts itself; then nothing may be paid.
   */
  finish(coveredToBlock: number): MintResult
  /** The explanation of a node that `options.explain` chose; after finish. AppError `not-found` for any other. */
  explanation(nodeId: number): Explanation
  /** what a node has and what contracts used of it; after finish. Null for a node that is not there */
  use(nodeId: number): NodeUse | null
}

/** Where a block lies: not replayed, in the period, in the 16,200 blocks after it, or later. */
type Phase = 'before' | 'in' | 'after' | 'later'

const CHECK_SOURCE = 'Check that the archive is complete: a node must be in the start snapshot or be stored by an event before it acts.'

/**
 * The fold of rule set v3 (minting.md) over the events of one period. Nodes don't depend on each other: a caller may give the nodes,
 * contracts and power of a part of the grid with only their events, and concatenate the parts' nodes; `block` may then begin again at a
 * lower number for another part.
 */
export function createV3Mint(header: MintHeader, start: StartState, end: EndSnapshot, options: V3Options): V3Mint {
  const clock: Clock = {
    startTs: header.period.start,
    endTs: header.period.end,
    block: start.block,
    ts: start.ts,
  }
  const states = createIdTable<NodeState>()
  const contracts = createIdTable<ContractState>()
  const lastBlock = end.block
  const lastLateBlock = end.block + POST_PERIOD_BLOCKS
  const keepMinimum = options.resources === 'minimum'
  const context: MintContext = {
    ...{ header, start, end, resources: options.resources, clock, index: indexEnd(end) },
    ...{ provisional: true, knownToTs: start.ts },
  }
  let phase: Phase = 'before'
  let result: MintResult | null = null

  begin(start)

  function begin(part: StartPart): void {
    for (const node of part.nodes) states.set(node.id, fresh(node))
    for (const contract of part.contracts) {
      const state = contractState(contract, Number.NEGATIVE_INFINITY)
      if (state !== null) putContract(contract.contract_id, state)
    }
    for (const power of part.power) {
      const state = states.get(power.node_id)
      if (state === undefined) continue
      if (power.state === 'Up') state.targetDown = power.target === 'Down'
      else {
        const since = power.down_since_ts
        if (since === undefined || since === null)
          throw inconsistent(
            `Node ${power.node_id} is Down in the start snapshot without the time since when`,
            `power of node ${power.node_id}`,
            start.block,
            'Give down_since_ts, the time of the block in which it went down.',
          )
        startPower(state, since, power.target, start.block, start.ts)
      }
    }
  }

  function fresh(node: GridNode): NodeState {
    const days = options.withoutDays ? null : createDays(clock.startTs, clock.endTs)
    return new NodeState(node, days, options.explain?.(node.id) ? createTrace(clock.startTs) : null)
  }

  function nodeOf(nodeId: number, what: string): NodeState {
    const state = states.get(nodeId)
    if (state === undefined) throw inconsistent(`${what} of node ${nodeId}, which is unknown`, `node ${nodeId}`, clock.block, CHECK_SOURCE)
    return state
  }

  function nodeStored(node: GridNode): void {
    const known = states.get(node.id)
    const state = known ?? fresh(node)
    const tookBackSec = state.creditedSec
    if (known === undefined) states.set(node.id, state)
    else {
      contracts.each(contract => {
        if (contract.nodeId === node.id) dropPending(contract)
      })
      resetState(state, node, clock)
    }
    if (state.trace !== null)
      recordMove(
        state.trace,
        {
          kind: 'stored',
          rule: 'v3 NodeStored: the node starts afresh',
          block: clock.block,
          ts: clock.ts,
          evidence: known === undefined ? { firstSeen: true } : { firstSeen: false, creditTakenBackSec: tookBackSec },
        },
        clock.ts,
        tookBackSec === 0 ? 0 : -tookBackSec,
      )
  }

  function nodeUpdated(node: GridNode): void {
    const state = nodeOf(node.id, 'Update')
    const before = state.resources
    state.node = node
    state.virtualized = state.virtualized || node.virtualized
    state.resources = keepMinimum ? leastOf(before, node.resources) : node.resources
    if (state.trace !== null)
      recordStill(state.trace, {
        kind: 'updated',
        rule: 'v3 node updates',
        block: clock.block,
        ts: clock.ts,
        evidence: {
          farmId: node.farm_id,
          twinId: node.twin_id,
          policyId: node.farming_policy_id,
          certification: node.certification,
          virtualized: state.virtualized,
          connectionPriceMusd: node.connection_price,
          cru: String(state.resources.cru),
          mru: String(state.resources.mru),
          hru: String(state.resources.hru),
          sru: String(state.resources.sru),
        },
      })
  }

  function contractCreated(contract: GridContract): void {
    // a contract that takes the id of another replaces it, also where it is on no node
    putContract(contract.contract_id, contractState(contract, clock.ts) ?? undefined)
  }

  function putContract(contractId: number, contract: ContractState | undefined): void {
    const old = contracts.get(contractId)
    if (old !== undefined) settle(old, clock)
    contracts.set(contractId, contract)
  }

  function resourcesUsed(contractId: number, used: Resources): void {
    const contract = contracts.get(contractId)
    if (contract === undefined) return
    settle(contract, clock)
    contract.resources = used
  }

  // cancellations, deletions, farms, policies and prices have no part in rule set v3
  function rareInPeriod(event: RareEvent): void {
    if (event[0] === 'TfgridModule.NodeStored') nodeStored(event[1].node)
    else if (event[0] === 'TfgridModule.NodeUpdated') nodeUpdated(event[1].node)
    else if (event[0] === 'TfgridModule.PowerTargetChanged') power(event[1].node_id, targetChange(event[1].power_target))
    else if (event[0] === 'TfgridModule.PowerStateChanged') power(event[1].node_id, stateChange(event[1].power_state))
    else if (event[0] === 'SmartContractModule.ContractCreated') contractCreated(event[1].contract)
    else if (event[0] === 'SmartContractModule.UpdatedUsedResources') resourcesUsed(event[1].contract_id, event[1].used)
  }

  /** `change` as PowerSink tells it. */
  function power(nodeId: number, change: number): void {
    if (phase !== 'in' && phase !== 'after') return
    const isTarget = change === TARGET_UP || change === TARGET_DOWN
    // after the period only nodes of the period count
    const state = phase === 'in' ? nodeOf(nodeId, isTarget ? 'Power target' : 'Power state') : states.get(nodeId)
    if (state === undefined) return
    if (isTarget) applyTarget(state, clock, change === TARGET_DOWN)
    else applyPowerState(state, clock, change === STATE_DOWN, phase === 'after')
  }

  function block(n: number, ts: number): void {
    clock.block = n
    clock.ts = ts
    if (n <= lastBlock) phase = ts <= clock.startTs ? 'before' : 'in'
    else phase = n <= lastLateBlock ? 'after' : 'later'
  }

  function uptime(nodeId: number, now: U64, uptime: U64): void {
    if (phase === 'in') {
      const state = states.get(nodeId)
      applyReport(state === undefined ? nodeOf(nodeId, 'Uptime report') : state, clock, now, uptime)
    } else if (phase === 'after') {
      const state = states.get(nodeId)
      if (state !== undefined) applyLateReport(state, clock, now, uptime)
    }
  }

  function consumption(contractId: number, _timestamp: U64, window: U64, nru: U64): void {
    if (phase !== 'in') return
    const contract = contracts.get(contractId)
    if (contract === undefined || !countsAt(contract, clock.ts)) return
    const node = contract.node ?? nodeOf(contract.nodeId, `Consumption report of contract ${contractId}`)
    applyConsumption(contract, node, clock, window, nru)
  }

  function rare(event: RareEvent): void {
    if (phase === 'in') rareInPeriod(event)
    else if (event[0] === 'TfgridModule.PowerTargetChanged') power(event[1].node_id, targetChange(event[1].power_target))
    else if (event[0] === 'TfgridModule.PowerStateChanged') power(event[1].node_id, stateChange(event[1].power_state))
  }

  /** What the calls above do, for many at once: a call for each takes longer than what it does. */
  function columns(events: EventColumns): void {
    const { count, at, blocks, times } = events
    if (count === 0) return
    // blocks and times rise, so that the first and the last tell of all
    const isIn = times[at[0]!]! > clock.startTs && blocks[at[count - 1]!]! <= lastBlock
    for (let i = 0; i < count; i++) {
      if (isIn) i = behindOrdinary(events, i)
      if (i >= count) return
      const index = at[i]!
      block(blocks[index]!, times[index]!)
      tellColumn(sink, events, i)
    }
  }

  /** Applies ordinary reports of the period from event `from` on; gives the first event that is none. */
  function behindOrdinary(events: EventColumns, from: number): number {
    const { count, kinds, firstNode, at, times, a, b, c } = events
    let i = from
    for (; i < count; i++) {
      const kind = kinds[i]!
      if ((kind & 3) === UPTIME) {
        const state = states.get(firstNode + (kind >> 2))
        if (state === undefined || !applyOrdinary(state, a[i]!, b[i]!)) break
      } else if ((kind & 3) === USE) {
        const contract = contracts.get(a[i]!)
        const ts = times[at[i]!]!
        if (contract !== undefined && countsAt(contract, ts) && !applyPlainConsumption(contract, ts, b[i]!, c[i]!)) break
      } else break
    }
    return i
  }

  /** The nodes by id, judged and paid. */
  function concluded(coveredToBlock: number): NodeResult[] {
    // what is concluded now is concluded from the end snapshot
    clock.block = end.block
    clock.ts = end.ts
    contracts.each(contract => settle(contract, clock))
    context.provisional = coveredToBlock < lastLateBlock || end.ts <= clock.endTs
    context.knownToTs = knownUntil(context, coveredToBlock)
    const nodes: NodeResult[] = []
    states.each(state => nodes.push(finishNode(state, context)))
    return nodes
  }

  const sink: V3Mint = {
    begin,
    block,
    uptime,
    consumption,
    rare,
    power,
    columns,
    // days are told report by report; and a run lies on one side of the period's bounds
    wantsRuns: (firstBlock, firstTs, lastBlock) =>
      options.withoutDays === true && firstTs > clock.startTs && (lastBlock <= end.block || firstBlock > end.block),
    nodeRun(nodeId, run, isFirstTold) {
      const state = states.get(nodeId)
      if (phase !== 'in') return state === undefined || phase === 'later' || ignoresLateRun(state, clock)
      return state !== undefined && applyRun(state, run, isFirstTold)
    },
    contractRun(contractId, run, isFirstTold) {
      if (phase !== 'in') return true
      const contract = contracts.get(contractId)
      // of one that is on no node nothing counts
      return contract === undefined || applyUseRun(contract, run, isFirstTold)
    },
    take(coveredToBlock: number): NodeResult[] {
      const nodes = concluded(coveredToBlock)
      states.clear()
      contracts.clear()
      return nodes
    },
    finish(coveredToBlock: number): MintResult {
      const nodes = concluded(coveredToBlock)
      result = {
        period: { index: header.period.index, start: header.period.start, end: header.period.end },
        network: header.network,
        rules: 'v3',
        resources: options.resources,
        provisional: context.provisional,
        knownToTs: context.knownToTs,
        nodes,
      }
      return result
    },
    explanation(nodeId: number): Explanation {
      return explainNode(nodeId, states.get(nodeId), result, context)
    },
    use: nodeId => states.get(nodeId) ?? null,
  }
  return sink
}

function targetChange(target: PowerTarget): number {
  return target === 'Down' ? TARGET_DOWN : TARGET_UP
}

function stateChange(state: PowerState): number {
  return state === 'Up' ? STATE_UP : STATE_DOWN
}

function leastOf(a: Resources, b: Resources): Resources {
  const least = (x: U64, y: U64): U64 => (x < y ? x : y)
  return { cru: least(a.cru, b.cru), mru: least(a.mru, b.mru), hru: least(a.hru, b.hru), sru: least(a.sru, b.sru) }
}
