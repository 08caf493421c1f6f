import type { FarmingPolicy, GridContract, GridEvent, GridFarm, Resources, U64 } from '../../src-shared/grid.ts'
import type { Violation } from '../../src-shared/mint.ts'
import type { MintingInfo, MintOutcome, NodeMint, UnitSeconds } from '../../src-shared/node-period.ts'
import {
  born,
  crossBoundary,
  currentNode,
  followedNode,
  type Life,
  plusFor,
  report,
  type SavedPeriod,
  update,
} from './naive-node-period-life.ts'
import { DURATION, MILLION, naiveCloudUnits, type PlainArchive } from './naive-v3.ts'
import { type FourFigures, four, min } from './naive-v3-life.ts'

/*
 * Rule set node-period a second time: slow, plain and written from the rules' text alone (the quotes beside the code), for comparison
 * with the engine. It takes a whole archive as data and plays it event after event; the policies of a mint are looked up at the end.
 */

export interface NaiveOptions {
  /** the change-over from fixed periods, seconds; without it everything counts from the beginning */
  boundaryTs?: number
  /** whether the network offsets carbon; it does not unless told */
  carbon?: boolean
}

/** A closed period and what it pays; the members are MintingInfo's and NodeMint's. */
export type NaiveMint = MintingInfo &
  Pick<NodeMint, 'farmTwinId' | 'cloudUnits' | 'permille' | 'slaMet' | 'scaled' | 'outcome' | 'rewardUnits' | 'carbonUnits'>

/** The running state of a node that is tracked at the archive's end. */
export interface NaiveOpen {
  nodeId: number
  /** null: no report yet, or the change-over is still to come */
  periodStart: number | null
  /** the last accepted report */
  lastTs: number | null
  lastUptime: bigint | null
  uptimeSec: number
  violation: Violation | null
  minimum: Resources
  maximum: Resources
  capacity: UnitSeconds
  used: UnitSeconds
  ipSec: bigint
  nruBytes: bigint
  /** followed until the period's end */
  farmId: number
  policyId: number
  certified: boolean
  connectionPriceMusd: number
  /** whether a rent contract is on it */
  rented: boolean
}

// "Carbon offset ...: `(CU*354 + SU*122)/connection price * uptime/duration`"
const CARBON_CU_MUSD = 354n
const CARBON_SU_MUSD = 122n
// "1 TFT = 10,000,000 units"
const ONE_TFT = 10_000_000n

interface World {
  lives: Map<number, Life>
  /** every node that is stored and not deleted, whether it is tracked or not */
  known: Set<number>
  contracts: Map<number, { type: GridContract['contract_type']; used: FourFigures }>
  chainPrice: bigint
  policyChanges: { ts: bigint; value: FarmingPolicy }[]
  farmChanges: { ts: bigint; value: GridFarm }[]
  saved: SavedPeriod[]
}

/** Plays a whole archive. Throws an Error that names the record where the input contradicts itself. */
export function naiveNodePeriod(archive: PlainArchive, options: NaiveOptions = {}): { mints: NaiveMint[]; open: NaiveOpen[] } {
  const { header, start, end, blocks } = archive
  if (start.nodeStates && start.nodeStates.length > 0) throw new Error('start snapshot: running states of nodes are not read here')
  const world: World = {
    lives: new Map(),
    known: new Set(start.nodes.map(node => node.id)),
    contracts: new Map(start.contracts.map(contract => [contract.contract_id, contractOf(contract)])),
    // the chain's price is 80 where nobody knows it
    chainPrice: BigInt(start.connectionPrice ?? 80),
    policyChanges: [],
    farmChanges: [],
    saved: [],
  }
  // "Virtualized nodes are not tracked at all"
  for (const node of start.nodes) if (!node.virtualized) world.lives.set(node.id, born(node, 0n))

  const boundary = options.boundaryTs
  let before = boundary !== undefined
  const passBoundaryBy = (ts: number) => {
    // "from `start` (inclusive)": what happens at the boundary itself is after it
    if (!before || boundary === undefined || ts < boundary) return
    before = false
    for (const life of world.lives.values()) crossBoundary(life, BigInt(boundary))
  }
  for (const block of blocks) {
    // "a block with ts <= period.start is not replayed"
    if (block.ts <= header.period.start) continue
    passBoundaryBy(block.ts)
    for (const event of block.events) play(world, event, { block: block.n, ts: block.ts }, before)
  }
  passBoundaryBy(end.ts)

  const policies = start.farmingPolicies ?? end.farmingPolicies
  const farms = start.farms ?? end.farms
  const mints = world.saved.map(saved => {
    const policy = inForce(policies, world.policyChanges, saved.followed.farming_policy_id, saved.end)
    const farm = inForce(farms, world.farmChanges, saved.followed.farm_id, saved.end)
    return mint(saved, policy, farm, options.carbon ?? false)
  })
  const rented = (nodeId: number) => standingRents(world, nodeId).length > 0
  return {
    mints: mints.sort((a, b) => a.nodeId - b.nodeId || a.period.start - b.period.start),
    open: [...world.lives.values()].sort((a, b) => a.nodeId - b.nodeId).map(life => openState(life, rented(life.nodeId))),
  }
}

function contractOf(contract: GridContract) {
  return {
    type: contract.contract_type,
    used: contract.resources ? four(contract.resources) : { cru: 0n, mru: 0n, hru: 0n, sru: 0n },
  }
}

/** The figures that held just before `end`: the last change before it, else those of the snapshot. */
function inForce<T extends { id: number }>(snapshot: T[], changes: { ts: bigint; value: T }[], id: number, end: bigint): T | undefined {
  const changed = changes.filter(change => change.value.id === id && change.ts < end).at(-1)
  return changed ? changed.value : snapshot.find(candidate => candidate.id === id)
}

function play(world: World, event: GridEvent, at: { block: number; ts: number }, before: boolean): void {
  const { lives, known, contracts } = world
  const ts = BigInt(at.ts)
  const mustBeKnown = (nodeId: number) => {
    // "Inconsistent input (a report of an unknown node, ...) stops the mint"
    if (!known.has(nodeId)) throw new Error(`block ${at.block}: ${event[0]} of node ${nodeId}, which is unknown`)
  }
  switch (event[0]) {
    case 'TfgridModule.NodeStored': {
      const { node } = event[1]
      known.add(node.id)
      // a known id starts afresh
      lives.delete(node.id)
      if (!node.virtualized) lives.set(node.id, born(node, ts))
      break
    }
    case 'TfgridModule.NodeUpdated': {
      const { node } = event[1]
      mustBeKnown(node.id)
      const life = lives.get(node.id)
      // a node that was virtualized once is not tracked, whatever the update says
      if (!life) break
      // "Virtualized nodes are not tracked at all"
      if (node.virtualized) lives.delete(node.id)
      else update(life, node, ts, world.chainPrice)
      break
    }
    case 'TfgridModule.NodeDeleted':
      mustBeKnown(event[1].node_id)
      known.delete(event[1].node_id)
      lives.delete(event[1].node_id)
      break
    case 'TfgridModule.NodeUptimeReported': {
      mustBeKnown(event[1].node_id)
      const life = lives.get(event[1].node_id)
      // "last report (chain time, uptime)": the event's own `now` is not used
      if (life) world.saved.push(...report(life, BigInt(event[1].uptime), at, before))
      break
    }
    case 'TfgridModule.FarmUpdated':
      world.farmChanges.push({ ts, value: event[1].farm })
      break
    case 'TfgridModule.FarmingPolicyStored':
    case 'TfgridModule.FarmingPolicyUpdated':
      world.policyChanges.push({ ts, value: event[1].policy })
      break
    case 'TfgridModule.ConnectionPriceSet':
      world.chainPrice = BigInt(event[1].price)
      break
    case 'SmartContractModule.ContractCreated':
      contracts.set(event[1].contract.contract_id, contractOf(event[1].contract))
      break
    case 'SmartContractModule.UpdatedUsedResources': {
      const contract = contracts.get(event[1].contract_id)
      if (contract) contract.used = four(event[1].used)
      break
    }
    case 'SmartContractModule.NodeContractCanceled':
    case 'SmartContractModule.RentContractCanceled':
      contracts.delete(event[1].contract_id)
      break
    case 'SmartContractModule.NruConsumptionReportReceived':
      consume(world, event[1].contract_id, BigInt(event[1].window), BigInt(event[1].nru))
      break
    default: // power says nothing in this rule set: a node that sleeps is down
  }
}

function standingRents(world: World, nodeId: number): number[] {
  return [...world.contracts].filter(([, { type }]) => 'RentContract' in type && type.RentContract.node_id === nodeId).map(([id]) => id)
}

function consume(world: World, contractId: number, window: bigint, nru: bigint): void {
  const contract = world.contracts.get(contractId)
  if (!contract || 'NameContract' in contract.type) return
  const onNode = 'NodeContract' in contract.type ? contract.type.NodeContract : { ...contract.type.RentContract, public_ips: 0 }
  const life = world.lives.get(onNode.node_id)
  // nobody tracks the node, or it has no period yet
  if (!life || life.start === null) return
  if ('RentContract' in contract.type) {
    // "the rent contract's report counts the whole node"
    life.used = plusFor(life.used, four(currentNode(life).resources), window)
  } else if (standingRents(world, onNode.node_id).length === 0) {
    // "every consumption report adds `used*window` to usage"; "While a rent contract stands, other contracts' resources are ignored"
    life.used = plusFor(life.used, contract.used, window)
  }
  // "and `ips*window` to IP seconds, and its bytes to NU"
  life.ipSec += BigInt(onNode.public_ips) * window
  life.nruBytes += nru
}

/** A u64 as the shared types have it: a bigint only where a number would not do. */
export const u64 = (n: bigint): U64 => (n > BigInt(Number.MAX_SAFE_INTEGER) ? n : Number(n))
const resourcesOf = (r: FourFigures): Resources => ({ cru: u64(r.cru), mru: u64(r.mru), hru: u64(r.hru), sru: u64(r.sru) })

function openState(life: Life, rented: boolean): NaiveOpen {
  const followed = followedNode(life)
  const current = currentNode(life)
  return {
    nodeId: life.nodeId,
    periodStart: life.start === null ? null : Number(life.start),
    lastTs: life.last === null ? null : Number(life.last.ts),
    lastUptime: life.last === null ? null : life.last.uptime,
    uptimeSec: Number(life.uptime),
    violation: life.violation,
    minimum: resourcesOf(life.minimum),
    maximum: resourcesOf(life.maximum),
    capacity: life.capacity,
    used: life.used,
    ipSec: life.ipSec,
    nruBytes: life.nruBytes,
    farmId: followed.farm_id,
    policyId: followed.farming_policy_id,
    certified: current.certification === 'Certified',
    connectionPriceMusd: current.connection_price,
    rented,
  }
}

function mint(saved: SavedPeriod, policy: FarmingPolicy | undefined, farm: GridFarm | undefined, carbon: boolean): NaiveMint {
  const { nodeId, followed, current } = saved
  const where = `node ${nodeId}, period from ${saved.start}`
  if (!policy) throw new Error(`${where}: its farming policy ${followed.farming_policy_id} is missing`)
  // "CU, SU from the minimum resources, NU = bytes/GiB"
  const cloudUnits = naiveCloudUnits(saved.minimum, saved.nruBytes)
  return {
    nodeId,
    period: { start: Number(saved.start), end: Number(saved.end) },
    closed: saved.closed,
    uptimeSec: Number(saved.uptime),
    violation: saved.violation,
    minimum: resourcesOf(saved.minimum),
    maximum: resourcesOf(saved.maximum),
    capacity: saved.capacity,
    used: saved.used,
    ipSec: saved.ipSec,
    nruBytes: saved.nruBytes,
    farmId: followed.farm_id,
    policyId: followed.farming_policy_id,
    certified: current.certification === 'Certified',
    connectionPriceMusd: current.connection_price,
    farmTwinId: farm ? farm.twin_id : null,
    cloudUnits,
    ...naivePayout({ ...saved, cloudUnits, priceMusd: BigInt(current.connection_price), where }, policy, carbon),
  }
}

/** What one period pays. `where` names it in an error. */
export function naivePayout(
  period: {
    cloudUnits: NaiveMint['cloudUnits']
    ipSec: bigint
    uptime: bigint
    violation: Violation | null
    priceMusd: bigint
    where: string
  },
  policy: FarmingPolicy,
  carbon: boolean,
) {
  const { cu, su, nu } = period.cloudUnits
  // "scaled by `min(uptime, duration)/duration`"
  const uptime = min(period.uptime, DURATION)
  const permille = (uptime * 1000n) / DURATION
  // "SLA `uptime*1000/duration >= policy SLA`, except that policies 1 and 2 scale by uptime"
  const slaMet = permille >= BigInt(policy.minimal_uptime)
  const scaled = policy.id === 1 || policy.id === 2
  // "a violation mints nothing and says which"
  const outcome: MintOutcome = period.violation !== null ? 'violation' : scaled ? 'scaled' : slaMet ? 'paid-in-full' : 'sla-missed'
  const pays = outcome === 'scaled' || outcome === 'paid-in-full'
  // carbon is "always scaled": no SLA stands before it, but a violation mints nothing
  const offsets = carbon && outcome !== 'violation'
  // "a price of 0 is refused"
  if ((pays || offsets) && period.priceMusd === 0n) throw new Error(`${period.where}: the node's connection price is 0`)

  // "USD by policy", in milli-USD, and "IP hours stay fractional": cloud units are millionths and IP seconds 3600ths of an hour
  const musdNumerator =
    (cu * BigInt(policy.cu) + su * BigInt(policy.su) + nu * BigInt(policy.nu)) * 3600n + period.ipSec * BigInt(policy.ipv4) * MILLION
  const musdDenominator = MILLION * 3600n
  // "tokens by the node's connection price, one floor at the very end over the whole product"; "everything is scaled"
  const seconds = scaled ? uptime : DURATION
  const rewardUnits = pays ? (musdNumerator * ONE_TFT * seconds) / (musdDenominator * period.priceMusd * DURATION) : 0n
  // "`(CU*354 + SU*122)/connection price * uptime/duration`"
  const carbonMusdMillionths = cu * CARBON_CU_MUSD + su * CARBON_SU_MUSD
  const carbonUnits = offsets ? (carbonMusdMillionths * ONE_TFT * uptime) / (MILLION * period.priceMusd * DURATION) : 0n
  return { permille: Number(permille), slaMet, scaled, outcome, rewardUnits, carbonUnits }
}
