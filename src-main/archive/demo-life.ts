import type { EventSink, GridContract, GridNode, GridPower } from '../../src-shared/grid.ts'
import { createAgenda } from './demo-agenda.ts'
import { BLOCK_SEC, DAY_BLOCKS, type DemoClock, HOUR_BLOCKS, REPORT_BLOCKS } from './demo-clock.ts'
import { cancelled, contractHead, type LivingContract, newRent, newWorkload, snapshotContracts } from './demo-contracts.ts'
import type { DemoGrid, Role } from './demo-grid.ts'
import { changeNode, nextIncident, offBlocks } from './demo-habits.ts'
import { createMover, FIRST_PRICE_MUSD, newPrice } from './demo-moves.ts'
import { createRandom, type Random } from './demo-random.ts'

/** The grid in motion. Memory grows with nodes and blocks (4 bytes each), never with events. */
export interface DemoLife {
  /** gives this block's events to the sink, and no block where nothing happens; blocks must be asked for one after another, from `clock.first + 1` */
  step(block: number, sink: EventSink): void
  /** the state after the block stepped last, as a start snapshot has it */
  nodes(): GridNode[]
  contracts(): GridContract[]
  power(): GridPower[]
  /** milli-USD per TFT */
  connectionPrice(): number
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

/** Where contracts come and go, one after the other. */
interface Place {
  node: LivingNode
  isRent: boolean
}

/**
 * Starts the grid's life at `clock.first`. Each node has two things pending (its next report, its next incident) and each contract one;
 * an agenda of who is due per block makes every event cost the same, however many nodes there are.
 */
export function createLife(grid: DemoGrid, seed: number, clock: DemoClock): DemoLife {
  const random = createRandom(seed + 1)
  const tsOf = (block: number): number => clock.firstTs + (block - clock.first) * BLOCK_SEC
  const nodes = grid.nodes.map((data, index) => bornNode(data, grid.roles[index]!, random, clock))
  // chances of their own: what rents, moves and the price draw leaves all else of a seed's grid as it is
  const sideRandom = createRandom(seed + 2)
  const contracts: (LivingContract | null)[] = []
  const places: Place[] = []
  let lastContractId = 1_000
  let price = FIRST_PRICE_MUSD
  for (const node of nodes) {
    if (!canHost(node)) continue
    const count = random.chance(0.3) ? (random.chance(0.25) ? 2 : 1) : 0
    for (let i = 0; i < count; i++) {
      const place = { node, isRent: false }
      places.push(place)
      contracts.push(random.chance(0.85) ? newContract(place, clock.first) : null)
    }
  }
  for (const node of nodes) {
    if (!canHost(node) || !sideRandom.chance(0.12)) continue
    const place = { node, isRent: true }
    places.push(place)
    contracts.push(sideRandom.chance(0.6) ? newContract(place, clock.first) : null)
  }
  const movable = nodes.filter(node => node.role === 'steady')
  const mover = createMover(
    movable.map(node => node.data),
    grid.farms,
    sideRandom,
  )

  // Actors: report of node i, incident of node i, place of contracts c, the farmer who moves nodes, the council.
  const incidentBase = nodes.length
  const contractBase = nodes.length * 2
  const moverActor = contractBase + places.length
  const priceActor = moverActor + 1
  const { schedule, unschedule, next } = createAgenda(priceActor + 1, clock.first, clock.last)
  const report = (node: LivingNode): number => node.data.id - 1
  const incident = (node: LivingNode): number => incidentBase + node.data.id - 1

  for (const node of nodes) {
    if (node.role === 'silent') continue
    if (node.phase === 'up') schedule(report(node), clock.first + random.between(1, REPORT_BLOCKS))
    schedule(incident(node), clock.first + firstIncident(node, random))
  }
  contracts.forEach((contract, c) => {
    schedule(contractBase + c, clock.first + chancesOf(places[c]!).between(1, contract ? HOUR_BLOCKS : 10 * DAY_BLOCKS))
  })
  if (mover) schedule(moverActor, clock.first + sideRandom.between(2 * DAY_BLOCKS, 8 * DAY_BLOCKS))
  schedule(priceActor, clock.first + sideRandom.between(6 * DAY_BLOCKS, 20 * DAY_BLOCKS))

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
      data.connection_price = price
      sink.rare(['TfgridModule.NodeStored', { node: snapshotNode(data) }])
      node.phase = 'up'
      boot(node, block)
      schedule(incident(node), block + nextIncident(role, random))
    } else if (node.phase === 'off') {
      node.phase = 'up'
      boot(node, block)
      schedule(incident(node), block + nextIncident(role, random))
    } else if (role === 'updater') {
      changeNode(data, random)
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

  function chancesOf(place: Place): Random {
    return place.isRent ? sideRandom : random
  }

  function fireContract(index: number, block: number, sink: BlockEvents): void {
    const actor = contractBase + index
    const place = places[index]!
    const chances = chancesOf(place)
    const contract = contracts[index]
    if (!contract) {
      const created = newContract(place, block)
      created.fresh = !place.isRent
      contracts[index] = created
      sink.rare(['SmartContractModule.ContractCreated', { contract: contractHead(created) }])
      schedule(actor, block + (created.fresh ? chances.between(2, 8) : HOUR_BLOCKS))
    } else if (contract.fresh && contract.used) {
      contract.fresh = false
      sink.rare(['SmartContractModule.UpdatedUsedResources', { contract_id: contract.id, used: { ...contract.used } }])
      schedule(actor, block + HOUR_BLOCKS)
    } else if (block >= contract.cancelBlock) {
      contracts[index] = null
      sink.rare(cancelled(contract))
      schedule(actor, block + chances.between(HOUR_BLOCKS, 6 * DAY_BLOCKS))
    } else {
      // A node that is off sends nothing.
      if (place.node.bootTs > 0) {
        const timestamp = tsOf(block) - chances.between(2, 12)
        sink.consumption(contract.id, timestamp, HOUR_BLOCKS * BLOCK_SEC, chances.between(40_000, 90_000_000))
      }
      schedule(actor, block + HOUR_BLOCKS)
    }
  }

  function newContract(place: Place, block: number): LivingContract {
    const chances = chancesOf(place)
    lastContractId += chances.between(1, 4)
    const make = place.isRent ? newRent : newWorkload
    return make(lastContractId, place.node.data, block, chances)
  }

  function fireMove(block: number, sink: BlockEvents): void {
    if (mover) sink.rare(['TfgridModule.NodeUpdated', { node: snapshotNode(mover.move()) }])
    schedule(moverActor, block + sideRandom.between(4 * DAY_BLOCKS, 10 * DAY_BLOCKS))
  }

  return {
    step(block, sink) {
      if (next(block) < 0) return
      const events = blockOnDemand(block, tsOf(block), sink)
      for (let actor = next(block); actor >= 0; actor = next(block)) {
        unschedule(actor)
        if (actor < incidentBase) fireReport(nodes[actor]!, block, events)
        else if (actor < contractBase) fireIncident(nodes[actor - incidentBase]!, block, events)
        else if (actor < moverActor) fireContract(actor - contractBase, block, events)
        else if (actor === moverActor) fireMove(block, events)
        else {
          price = newPrice(sideRandom)
          events.rare(['TfgridModule.ConnectionPriceSet', { price }])
        }
      }
    },
    nodes: () => nodes.filter(node => node.stored).map(node => snapshotNode(node.data)),
    contracts: () => snapshotContracts(contracts, lastContractId),
    power: () => nodes.filter(node => node.managed).map(node => snapshotPower(node, tsOf)),
    connectionPrice: () => price,
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

function snapshotNode(node: GridNode): GridNode {
  return { ...node, resources: { ...node.resources }, location: { ...node.location } }
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
