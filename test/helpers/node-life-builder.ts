import type {
  ContractType,
  FarmingPolicy,
  GridContract,
  GridEvent,
  GridFarm,
  GridNode,
  PowerState,
  Resources,
  U64,
} from '../../src-shared/grid.ts'
import { PERIOD_SEC } from '../../src-shared/time.ts'
import { PERIOD } from './history-builder.ts'
import { u64 } from './naive-node-period.ts'
import type { PlainArchive, PlainBlock } from './naive-v3.ts'

/* Turns the small parts that random-node-life.ts draws (moves of nodes, each relative to the one before) into a grid archive. */

const START_BLOCK = 1_000_000
const START_TS = PERIOD.start + 2
const LARGEST = 2n ** 64n - 1n

/** When a move happens, never before the move before it: seconds after that, or counted from the end of the node's own period. */
export type When = number | { fromEnd: number }

/** What a report tells: grown by the time since the last one and so much more; grown by just that; a restart, with the time since the last one and so much more; anything. */
export type Told = { over: number } | { by: number } | { reboot: number } | { is: bigint }

/** Contracts are numbered per node; the last one is for rents. `null` stands for one that nobody knows. */
export type ContractIndex = 0 | 1 | 2 | 3 | null

export type LifeMove =
  /** `dr` seconds after the last report, or so many seconds from the end of the node's period, and `more` periods later */
  | { kind: 'report'; at: { dr: number } | { fromEnd: number; more: number }; told: Told }
  | { kind: 'steady'; count: number; interval: number; drift: number }
  | { kind: 'stored' | 'updated'; when: When; change: Partial<GridNode> }
  | { kind: 'deleted'; when: When }
  | { kind: 'chain price'; when: When; price: number }
  | { kind: 'policy'; when: When; stored: boolean; policy: FarmingPolicy }
  | { kind: 'farm'; when: When; farm: GridFarm }
  | { kind: 'power'; when: When; state: PowerState }
  | { kind: 'created'; when: When; contract: ContractIndex; type: 'here' | ContractType; ips: number }
  | { kind: 'used'; when: When; contract: ContractIndex; used: Resources }
  /** one or more consumption reports in one block */
  | { kind: 'consumed'; when: When; contract: ContractIndex; times: number; window: U64; nru: U64 }
  | { kind: 'cancelled'; when: When; contract: ContractIndex }

export interface LifePlan {
  node: GridNode
  /** it is not in the start snapshot but stored this many seconds in */
  joinsAfter: number | null
  /** the uptime of a first report */
  firstUptime: bigint
  moves: LifeMove[]
}

/** Something that does not fit in, so many seconds from the start block. */
export interface StrayEvent {
  seconds: number
  event: GridEvent
}

export interface NodeLifePlan {
  nodes: LifePlan[]
  contracts: { contract: ContractIndex; nodeIndex: number; type: 'here' | ContractType; ips: number; resources: Resources | null }[]
  policies: FarmingPolicy[]
  farms: GridFarm[]
  /** what the start snapshot knows beside nodes and contracts */
  known: { connectionPrice?: number; farms?: GridFarm[]; farmingPolicies?: FarmingPolicy[] }
  strays: StrayEvent[]
  /** from the last block to the end snapshot */
  endAfter: number
}

interface Placed {
  ts: number
  event: GridEvent
}

const unknownContract = 77
const contractId = (nodeId: number, index: ContractIndex) => (index === null ? unknownContract : nodeId * 100 + index)

function contractType(nodeId: number, index: ContractIndex, type: 'here' | ContractType, ips: number): ContractType {
  if (type !== 'here') return type
  return index === 3 ? { RentContract: { node_id: nodeId } } : { NodeContract: { node_id: nodeId, public_ips: ips } }
}

export function buildNodeLife(plan: NodeLifePlan): PlainArchive {
  const placed = plan.nodes.flatMap(live)
  for (const { seconds, event } of plan.strays) placed.push({ ts: START_TS + seconds, event })

  const blocks: PlainBlock[] = []
  const byTime = [...Map.groupBy(placed, p => p.ts)].sort(([a], [b]) => a - b)
  for (const [ts, inBlock] of byTime) {
    // a block every 6 s or so, each with a number of its own
    const n = Math.max((blocks.at(-1)?.n ?? 0) + 1, START_BLOCK + Math.floor((ts - START_TS) / 6))
    blocks.push({ n, ts, events: inBlock.map(p => p.event) })
  }
  const last = { block: blocks.at(-1)?.n ?? START_BLOCK, ts: Math.max(START_TS, blocks.at(-1)?.ts ?? 0) + plan.endAfter }

  const contracts = plan.contracts.map(({ contract, nodeIndex, type, ips, resources }): GridContract => {
    const nodeId = plan.nodes[nodeIndex % plan.nodes.length]!.node.id
    const contract_type = contractType(nodeId, contract, type, ips)
    return { contract_id: contractId(nodeId, contract), twin_id: 99, contract_type, resources }
  })
  return {
    header: {
      kind: 'header',
      format: 'grid-archive',
      version: 1,
      network: 'test',
      period: PERIOD,
      blocks: { first: START_BLOCK, last: last.block },
    },
    start: {
      kind: 'snapshot',
      at: 'start',
      block: START_BLOCK,
      ts: START_TS,
      nodes: plan.nodes.filter(({ joinsAfter }) => joinsAfter === null).map(({ node }) => node),
      // two of one number would be two states of one contract
      contracts: [...new Map(contracts.map(contract => [contract.contract_id, contract])).values()],
      power: [],
      ...plan.known,
    },
    end: {
      kind: 'snapshot',
      at: 'end',
      ...last,
      farms: plan.farms,
      twins: [],
      farmingPolicies: plan.policies,
      payoutAddresses: [],
    },
    blocks,
  }
}

/** Plays one node's plan; what it gives is in rising order of time. It guesses which reports are accepted, so that the next ones are near an edge. */
function live({ node: born, joinsAfter, firstUptime, moves }: LifePlan): Placed[] {
  const placed: Placed[] = []
  let node = born
  let now = START_TS
  let last: { ts: number; uptime: bigint } | null = null
  let start = START_TS
  let gone = false
  const emit = (event: GridEvent) => placed.push({ ts: now, event })
  const periodEnd = () => start + PERIOD_SEC
  const goTo = (when: When) => {
    now = typeof when === 'number' ? now + when : Math.max(now, periodEnd() + when.fromEnd)
  }

  const report = (ts: number, told: Told) => {
    // a report of a deleted node stops the whole archive; see the strays
    if (gone) return
    now = Math.max(now, ts)
    const elapsed = BigInt(now - (last?.ts ?? now))
    let uptime: bigint
    if ('is' in told) uptime = told.is
    else if (last === null) uptime = firstUptime
    else if ('reboot' in told) uptime = elapsed + BigInt(told.reboot)
    else if ('by' in told) uptime = last.uptime + BigInt(told.by)
    else uptime = last.uptime + elapsed + BigInt(told.over)
    uptime = uptime < 0n ? 0n : uptime > LARGEST ? LARGEST : uptime
    emit(['TfgridModule.NodeUptimeReported', { node_id: node.id, now: now - 3, uptime: u64(uptime) }])
    if (last === null) start = now
    else {
      const slack = uptime - last.uptime - elapsed
      if (slack > 60n || (slack < -60n && uptime > elapsed + 60n)) return
    }
    last = { ts: now, uptime }
    while (now >= periodEnd()) start += PERIOD_SEC
  }

  const play = (move: LifeMove): void => {
    if (move.kind === 'report') {
      const { at } = move
      report('dr' in at ? (last?.ts ?? now) + at.dr : periodEnd() + at.fromEnd + at.more * PERIOD_SEC, move.told)
      return
    }
    if (move.kind === 'steady') {
      for (let i = 0; i < move.count; i++) report(Math.max(now, last?.ts ?? 0) + move.interval, { over: move.drift })
      return
    }
    // a deleted node can only be stored again
    if (gone && (move.kind === 'updated' || move.kind === 'deleted')) return
    goTo(move.when)
    switch (move.kind) {
      case 'stored':
      case 'updated':
        node = { ...node, ...move.change }
        emit([move.kind === 'stored' ? 'TfgridModule.NodeStored' : 'TfgridModule.NodeUpdated', { node }])
        if (move.kind === 'updated') break
        gone = false
        last = null
        break
      case 'deleted':
        gone = true
        emit(['TfgridModule.NodeDeleted', { node_id: node.id }])
        break
      case 'chain price':
        emit(['TfgridModule.ConnectionPriceSet', { price: move.price }])
        break
      case 'policy':
        emit([move.stored ? 'TfgridModule.FarmingPolicyStored' : 'TfgridModule.FarmingPolicyUpdated', { policy: move.policy }])
        break
      case 'farm':
        emit(['TfgridModule.FarmUpdated', { farm: move.farm }])
        break
      case 'power':
        emit(['TfgridModule.PowerStateChanged', { farm_id: node.farm_id, node_id: node.id, power_state: move.state }])
        break
      case 'created': {
        const contract_type = contractType(node.id, move.contract, move.type, move.ips)
        const contract = { contract_id: contractId(node.id, move.contract), twin_id: 99, contract_type }
        emit(['SmartContractModule.ContractCreated', { contract }])
        break
      }
      case 'used':
        emit(['SmartContractModule.UpdatedUsedResources', { contract_id: contractId(node.id, move.contract), used: move.used }])
        break
      case 'consumed': {
        const { window, nru } = move
        const contract_id = contractId(node.id, move.contract)
        for (let i = 0; i < move.times; i++)
          emit(['SmartContractModule.NruConsumptionReportReceived', { contract_id, timestamp: 1 + i, window, nru }])
        break
      }
      case 'cancelled': {
        const contract_id = contractId(node.id, move.contract)
        if (move.contract === 3) emit(['SmartContractModule.RentContractCanceled', { contract_id }])
        else emit(['SmartContractModule.NodeContractCanceled', { contract_id, node_id: node.id, twin_id: 99 }])
        break
      }
    }
  }

  if (joinsAfter !== null) {
    now += joinsAfter
    emit(['TfgridModule.NodeStored', { node }])
  }
  for (const move of moves) play(move)
  return placed
}
