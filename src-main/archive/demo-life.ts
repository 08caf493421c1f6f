import type { ContractType, EventSink, GridContract, GridNode, GridPower } from '../../src-shared/grid.ts'
import type { DemoGrid, Role } from './demo-grid.ts'
import { createRandom, type Random } from './demo-random.ts'

/** Seconds between two blocks. */
export const BLOCK_SEC = 6
/** Blocks between two uptime reports (40 minutes) and between two consumption reports (an hour). */
const REPORT_BLOCKS = 400
const HOUR_BLOCKS = 600
const DAY_BLOCKS = 14_400

/** The chain's clock in the demo: block `first` has time `firstTs`, the last block that can be asked for is `last`. */
export interface DemoClock {
  first: number
  last: number
  firstTs: number
}

/** The grid in motion. Memory grows with nodes and blocks (4 bytes each), never with events. */
export interface DemoLife {
  /** gives this block's events to the sink, and no block where nothing happens; blocks must be asked for one after another, from `clock.first + 1` */
  step(block: number, sink: EventSink): void
  /** the state after the block stepped last, as a start snapshot has it */
  nodes(): GridNode[]
  contracts(): GridContract[]
  power(): GridPower[]
}

type BlockEvents = Omit<EventSink, 'block'>

interface LivingNode {
  data: GridNode
  role: Role
  stored: boolean
  /** time at which it started, 0 while it is off */
  bootTs: number
  /** the block from which its next misbehaviour is due */
  mischiefBlock: number
  phase: 'up' | 'off' | 'going-down' | 'asleep' | 'booting'
  downBlock: number
  sleeps: number
  managed: boolean
}

interface LivingContract {
  id: number
  node: LivingNode
  publicIps: number
  used: { hru: number; sru: number; cru: number; mru: number }
  /** created, but its use is not yet on the chain */
  fresh: boolean
  cancelBlock: number
}

/**
 * Starts the grid's life at `clock.first`. Each node has two things pending (its next report, its next incident) and each contract one;
 * a list of who is due per block makes every event cost the same, however many nodes there are.
 */
export function createLife(grid: DemoGrid, seed: number, clock: DemoClock): DemoLife {
  const random = createRandom(seed + 1)
  const tsOf = (block: number): number => clock.firstTs + (block - clock.first) * BLOCK_SEC
  const nodes = grid.nodes.map((data, index) => bornNode(data, grid.roles[index]!, random, clock))
  const contracts: (LivingContract | null)[] = []
  const hosts: LivingNode[] = []
  let lastContractId = 1_000
  for (const node of nodes) {
    if (!canHost(node)) continue
    const count = random.chance(0.3) ? (random.chance(0.25) ? 2 : 1) : 0
    for (let i = 0; i < count; i++) {
      hosts.push(node)
      contracts.push(random.chance(0.85) ? newContract(node, clock.first) : null)
    }
  }

  // Actors: report of node i, incident of node i, contract c. `due[block]` heads a doubly linked list of actors.
  const incidentBase = nodes.length
  const contractBase = nodes.length * 2
  const due = new Int32Array(clock.last - clock.first + 1).fill(-1)
  const after = new Int32Array(contractBase + hosts.length).fill(-1)
  const before = new Int32Array(contractBase + hosts.length).fill(-1)
  const dueAt = new Int32Array(contractBase + hosts.length).fill(-1)

  function unschedule(actor: number): void {
    const slot = dueAt[actor]!
    if (slot < 0) return
    const next = after[actor]!
    const previous = before[actor]!
    if (previous < 0) due[slot] = next
    else after[previous] = next
    if (next >= 0) before[next] = previous
    dueAt[actor] = -1
  }
  function schedule(actor: number, block: number): void {
    unschedule(actor)
    const slot = block - clock.first
    if (slot >= due.length) return
    const next = due[slot]!
    after[actor] = next
    before[actor] = -1
    if (next >= 0) before[next] = actor
    due[slot] = actor
    dueAt[actor] = slot
  }
  const report = (node: LivingNode): number => node.data.id - 1
  const incident = (node: LivingNode): number => incidentBase + node.data.id - 1

  for (const node of nodes) {
    if (node.role === 'silent') continue
    if (node.phase === 'up') schedule(report(node), clock.first + random.between(1, REPORT_BLOCKS))
    schedule(incident(node), clock.first + firstIncident(node, random))
  }
  contracts.forEach((contract, c) => {
    schedule(contractBase + c, clock.first + random.between(1, contract ? HOUR_BLOCKS : 10 * DAY_BLOCKS))
  })

  function fireReport(node: LivingNode, block: number, sink: BlockEvents): void {
    const now = tsOf(block)
    // What the node sends was measured a few seconds before the block.
    const uptime = Math.max(now - node.bootTs - random.below(6), 1)
    sink.uptime(node.data.id, now, misreport(node, block, uptime, random))
    if (node.role === 'clock-skew') node.bootTs += 7
    let wait = REPORT_BLOCKS + random.between(-1, 3)
    // Now and then a block is full or the node's chain connection is slow; a flaky node's report gets lost.
    if (random.chance(node.role === 'flaky' ? 1 / 30 : 1 / 4000)) wait += REPORT_BLOCKS
    else if (random.chance(1 / 300)) wait += random.between(6, 20)
    schedule(report(node), block + wait)
  }

  function turnOff(node: LivingNode): void {
    node.bootTs = 0
    unschedule(report(node))
  }
  /** The node starts within this block; its first report follows when it has found the chain. */
  function boot(node: LivingNode, block: number): void {
    node.bootTs = tsOf(block) - random.below(BLOCK_SEC)
    schedule(report(node), block + random.between(8, 20))
  }

  function fireIncident(node: LivingNode, block: number, sink: BlockEvents): void {
    const { data, role } = node
    if (node.managed) {
      firePower(node, block, sink)
    } else if (!node.stored) {
      node.stored = true
      data.created = tsOf(block)
      sink.rare(['TfgridModule.NodeStored', { node: snapshotNode(data) }])
      node.phase = 'up'
      boot(node, block)
      schedule(incident(node), block + nextIncident(role, random))
    } else if (node.phase === 'off') {
      node.phase = 'up'
      boot(node, block)
      schedule(incident(node), block + nextIncident(role, random))
    } else if (role === 'updater') {
      change(data, random)
      sink.rare(['TfgridModule.NodeUpdated', { node: snapshotNode(data) }])
      schedule(incident(node), block + nextIncident(role, random))
    } else {
      node.phase = 'off'
      turnOff(node)
      schedule(incident(node), block + offBlocks(role, random))
    }
  }

  /** A farmerbot's node: asked to sleep, down, asked to boot, up again; every change on the chain as the chain orders them. */
  function firePower(node: LivingNode, block: number, sink: BlockEvents): void {
    const ids = { farm_id: node.data.farm_id, node_id: node.data.id }
    let wait: number
    switch (node.phase) {
      case 'up':
        sink.rare(['TfgridModule.PowerTargetChanged', { ...ids, power_target: 'Down' }])
        node.phase = 'going-down'
        wait = random.between(5, 20)
        break
      case 'going-down':
        sink.rare(['TfgridModule.PowerStateChanged', { ...ids, power_state: { Down: block } }])
        node.phase = 'asleep'
        node.downBlock = block
        node.sleeps++
        turnOff(node)
        wait = node.role === 'farmerbot-late' && node.sleeps % 6 === 3 ? random.between(15_500, 24_000) : random.between(4_200, 8_400)
        break
      case 'asleep':
        sink.rare(['TfgridModule.PowerTargetChanged', { ...ids, power_target: 'Up' }])
        node.phase = 'booting'
        // 30 minutes (300 blocks) are allowed.
        wait = bootsSlowly(node) ? random.between(330, 600) : random.between(25, 90)
        break
      default:
        sink.rare(['TfgridModule.PowerStateChanged', { ...ids, power_state: 'Up' }])
        node.phase = 'up'
        boot(node, block)
        wait = random.between(5_400, 9_600)
    }
    schedule(incident(node), block + wait)
  }

  function fireContract(index: number, block: number, sink: BlockEvents): void {
    const actor = contractBase + index
    const node = hosts[index]!
    const contract = contracts[index]
    if (!contract) {
      const created = newContract(node, block)
      created.fresh = true
      contracts[index] = created
      sink.rare(['SmartContractModule.ContractCreated', { contract: contractHead(created) }])
      schedule(actor, block + random.between(2, 8))
    } else if (contract.fresh) {
      contract.fresh = false
      sink.rare(['SmartContractModule.UpdatedUsedResources', { contract_id: contract.id, used: { ...contract.used } }])
      schedule(actor, block + HOUR_BLOCKS)
    } else if (block >= contract.cancelBlock) {
      contracts[index] = null
      sink.rare([
        'SmartContractModule.NodeContractCanceled',
        { contract_id: contract.id, node_id: node.data.id, twin_id: contractTwin(contract) },
      ])
      schedule(actor, block + random.between(HOUR_BLOCKS, 6 * DAY_BLOCKS))
    } else {
      // A node that is off sends nothing.
      if (node.bootTs > 0) {
        const timestamp = tsOf(block) - random.between(2, 12)
        sink.consumption(contract.id, timestamp, HOUR_BLOCKS * BLOCK_SEC, random.between(40_000, 90_000_000))
      }
      schedule(actor, block + HOUR_BLOCKS)
    }
  }

  function newContract(node: LivingNode, block: number): LivingContract {
    lastContractId += random.between(1, 4)
    const total = node.data.resources
    const share = random.between(5, 45) / 100
    return {
      id: lastContractId,
      node,
      publicIps: random.chance(0.2) ? 1 : 0,
      used: {
        hru: random.chance(0.3) ? Math.floor(Number(total.hru) * share) : 0,
        sru: Math.floor(Number(total.sru) * share),
        cru: Math.max(1, Math.floor(Number(total.cru) * share)),
        mru: Math.floor(Number(total.mru) * share),
      },
      fresh: false,
      cancelBlock: block + random.between(3 * DAY_BLOCKS, 90 * DAY_BLOCKS),
    }
  }

  return {
    step(block, sink) {
      const slot = block - clock.first
      if (due[slot]! < 0) return
      const events = blockOnDemand(block, tsOf(block), sink)
      for (let actor = due[slot]!; actor >= 0; actor = due[slot]!) {
        unschedule(actor)
        if (actor < incidentBase) fireReport(nodes[actor]!, block, events)
        else if (actor < contractBase) fireIncident(nodes[actor - incidentBase]!, block, events)
        else fireContract(actor - contractBase, block, events)
      }
    },
    nodes: () => nodes.filter(node => node.stored).map(node => snapshotNode(node.data)),
    contracts: () => snapshotContracts(contracts, lastContractId),
    power: () => nodes.filter(node => node.managed).map(node => snapshotPower(node, tsOf)),
  }
}

/** What happens to a node is not always seen by the chain (a power cut is not), so the block begins with its first event. */
function blockOnDemand(block: number, ts: number, sink: EventSink): BlockEvents {
  let begun = false
  const begin = (): void => {
    if (!begun) sink.block(block, ts)
    begun = true
  }
  return {
    uptime(nodeId, now, uptime) {
      begin()
      sink.uptime(nodeId, now, uptime)
    },
    consumption(contractId, timestamp, window, nru) {
      begin()
      sink.consumption(contractId, timestamp, window, nru)
    },
    rare(event) {
      begin()
      sink.rare(event)
    },
  }
}

function bornNode(data: GridNode, role: Role, random: Random, clock: DemoClock): LivingNode {
  const managed = role.startsWith('farmerbot')
  const asleep = managed && random.chance(0.35)
  const stored = role !== 'joiner'
  return {
    data,
    role,
    stored,
    bootTs: asleep || !stored || role === 'silent' ? 0 : clock.firstTs - random.between(2 * 86_400, 60 * 86_400),
    mischiefBlock: clock.first + random.between(DAY_BLOCKS, 9 * DAY_BLOCKS),
    phase: asleep ? 'asleep' : stored ? 'up' : 'off',
    downBlock: asleep ? clock.first - random.between(300, 4_000) : 0,
    sleeps: 0,
    managed,
  }
}

/** Workloads keep a node awake, so managed nodes of the demo have none. */
function canHost(node: LivingNode): boolean {
  return node.stored && !node.managed && node.role !== 'silent' && node.role !== 'virtualized'
}

function firstIncident(node: LivingNode, random: Random): number {
  if (node.role === 'joiner') return random.between(2 * DAY_BLOCKS, 12 * DAY_BLOCKS)
  if (node.phase === 'asleep') return random.between(600, 3_600)
  if (node.managed) return random.between(1_200, 9_600)
  return Math.ceil(nextIncident(node.role, random) * (random.between(10, 100) / 100))
}

/** Blocks until the next incident: around the mean of the role. */
function nextIncident(role: Role, random: Random): number {
  const meanDays = { rebooting: 1.2, outage: 7, 'long-outage': 11, updater: 6 }[role as string] ?? 28
  return Math.ceil(meanDays * DAY_BLOCKS * (random.between(40, 160) / 100))
}

/** Blocks that a node stays off: a restart takes minutes, an outage hours or days. */
function offBlocks(role: Role, random: Random): number {
  if (role === 'long-outage') return random.between(24 * HOUR_BLOCKS, 80 * HOUR_BLOCKS)
  if (role === 'outage') return random.between(HOUR_BLOCKS, 15 * HOUR_BLOCKS)
  return random.chance(0.85) || role === 'rebooting' ? random.between(20, 80) : random.between(100, 3 * HOUR_BLOCKS)
}

function bootsSlowly(node: LivingNode): boolean {
  if (node.role === 'farmerbot-slow') return node.sleeps % 5 === 2
  return node.role === 'farmerbot-slow-once' && node.sleeps % 34 === 9
}

/** What a misbehaving node says instead of `uptime`; about once in ten days. */
function misreport(node: LivingNode, block: number, uptime: number, random: Random): number {
  if (block < node.mischiefBlock || uptime < 100_000) return uptime
  switch (node.role) {
    case 'too-high': {
      // It claims more than passed, and stays with it.
      const claim = random.between(2_000, 50_000)
      node.bootTs -= claim
      node.mischiefBlock = block + random.between(6 * DAY_BLOCKS, 14 * DAY_BLOCKS)
      return uptime + claim
    }
    case 'too-low':
      node.mischiefBlock = block + random.between(6 * DAY_BLOCKS, 14 * DAY_BLOCKS)
      return uptime - random.between(400, 1_800)
    case 'invalid-reboot':
      node.mischiefBlock = block + random.between(6 * DAY_BLOCKS, 14 * DAY_BLOCKS)
      return uptime - random.between(20_000, 80_000)
    default:
      return uptime
  }
}

/** A node's owner moves it, adds or takes out a disk, or adds memory. */
function change(node: GridNode, random: Random): void {
  const { hru, sru, cru, mru } = node.resources
  switch (random.below(4)) {
    case 0:
      node.city = `${node.city.split(' (')[0]} (hall ${random.between(1, 9)})`
      break
    case 1:
      node.resources = { hru: Number(hru) + 4 * 10 ** 12, sru, cru, mru }
      break
    case 2:
      node.resources = { hru: Number(hru) > 0 ? Number(hru) / 2 : 0, sru, cru, mru }
      break
    default:
      node.resources = { hru, sru, cru, mru: Number(mru) + 2 ** 33 }
  }
}

function snapshotNode(node: GridNode): GridNode {
  return { ...node, resources: { ...node.resources }, location: { ...node.location } }
}

function contractTwin(contract: LivingContract): number {
  return 500_000 + (contract.id % 997)
}

function contractHead(contract: LivingContract): { contract_id: number; twin_id: number; contract_type: ContractType } {
  return {
    contract_id: contract.id,
    twin_id: contractTwin(contract),
    contract_type: { NodeContract: { node_id: contract.node.data.id, public_ips: contract.publicIps } },
  }
}

/** The node contracts that stand, and a name contract, which no node has and no rule pays. */
function snapshotContracts(contracts: (LivingContract | null)[], lastContractId: number): GridContract[] {
  const standing = contracts
    .filter(contract => contract !== null)
    .map((contract): GridContract => ({ ...contractHead(contract), resources: contract.fresh ? null : { ...contract.used } }))
    .sort((a, b) => a.contract_id - b.contract_id)
  const name: GridContract = {
    contract_id: lastContractId + 1_000_000,
    twin_id: 500_001,
    contract_type: { NameContract: { name: 'granarydemo' } },
    resources: null,
  }
  return [...standing, name]
}

function snapshotPower(node: LivingNode, tsOf: (block: number) => number): GridPower {
  const off = node.phase === 'asleep' || node.phase === 'booting'
  return {
    node_id: node.data.id,
    state: off ? { Down: node.downBlock } : 'Up',
    down_since_ts: off ? tsOf(node.downBlock) : null,
    target: node.phase === 'asleep' || node.phase === 'going-down' ? 'Down' : 'Up',
  }
}
