import type { ArchiveHeader, EndSnapshot, FarmingPolicy, GridContract, GridEvent, StartSnapshot } from '../../src-shared/grid.ts'
import type { ResourceRule, Violation } from '../../src-shared/mint.ts'
import { type FourFigures, four, judge, type Life, min, nodeIdOf, type Placed, walk } from './naive-v3-life.ts'

/*
 * Rule set v3 a second time: slow, plain and written from the rules' text alone (the quotes beside the code), for comparison with the
 * engine. It takes a whole archive as data, filters each node's events out of it and walks them. Every figure is a BigInt.
 */

export interface PlainBlock {
  n: number
  ts: number
  events: GridEvent[]
}
export interface PlainArchive {
  header: ArchiveHeader
  start: StartSnapshot
  end: EndSnapshot
  blocks: PlainBlock[]
}

export interface NaiveNode {
  nodeId: number
  violation: Violation | null
  measuredUptimeSec: number
  slowBoots: number
  rewardMusd: bigint
  rewardUnits: bigint
  /** millionths */
  cu: bigint
  su: bigint
  nu: bigint
  /** unit-seconds (core-seconds and byte-seconds), IP seconds and bytes */
  usage: FourFigures & { ipSeconds: bigint; nruBytes: bigint }
  /** what the receipt shows: per cent of the node's resources, and IP hours */
  utilization: { cru: number; mru: number; hru: number; sru: number; ip: number }
  farmId: number
  policyId: number
  certified: boolean
  virtualized: boolean
}

// "after the period 27 h of blocks are read on", "(16,200 blocks ...)"
const BLOCKS_AFTER = 16_200
// "duration = ... = 2,630,880 s"
export const DURATION = 2_630_880n
const GIB = 2n ** 30n
export const MILLION = 1_000_000n

/** Mints a whole archive. Throws an Error that names the record where the input contradicts itself. */
export function naiveMint(archive: PlainArchive, options: { resources: ResourceRule }): NaiveNode[] {
  const placed = eventsThatCount(archive)
  refuseUnknownNodes(archive, placed)
  const counted = consumptionThatCounts(archive, placed)
  return allNodeIds(archive, placed).map(id => mintNode(archive, id, placed, counted, options.resources))
}

function eventsThatCount({ header, end, blocks }: PlainArchive): Placed[] {
  const placed: Placed[] = []
  for (const block of blocks) {
    // "a block with ts <= period.start is not replayed"
    if (block.ts <= header.period.start) continue
    // "blocks up to the end snapshot's `block` are in the period, the next 16,200 numbers after it"
    if (block.n > end.block + BLOCKS_AFTER) continue
    const after = block.n > end.block
    for (const event of block.events) {
      const name = event[0]
      // "uptime and power events only", "contract and node events are ignored"
      if (after && name !== 'TfgridModule.NodeUptimeReported' && !isPower(name)) continue
      placed.push({ at: placed.length, block: block.n, ts: BigInt(block.ts), after, event })
    }
  }
  return placed
}

const isPower = (name: string) => name === 'TfgridModule.PowerTargetChanged' || name === 'TfgridModule.PowerStateChanged'

const storedEvents = (placed: Placed[]) => placed.filter(p => p.event[0] === 'TfgridModule.NodeStored')

/** Whether a node is known when the event at position `at` comes. */
function isKnown(archive: PlainArchive, stored: Placed[], nodeId: number, at: number): boolean {
  return archive.start.nodes.some(node => node.id === nodeId) || stored.some(p => nodeIdOf(p.event) === nodeId && p.at < at)
}

function refuseUnknownNodes(archive: PlainArchive, placed: Placed[]): void {
  const stored = storedEvents(placed)
  for (const p of placed) {
    const id = nodeIdOf(p.event)
    // after the period "power events of unknown nodes are ignored", and a report needs one in the period
    if (p.after || id === null || p.event[0] === 'TfgridModule.NodeStored') continue
    // "Inconsistent input (a report of an unknown node, ...) stops the mint"
    if (!isKnown(archive, stored, id, p.at)) throw new Error(`block ${p.block}: ${p.event[0]} of node ${id}, which is unknown`)
  }
}

function allNodeIds(archive: PlainArchive, placed: Placed[]): number[] {
  const stored = storedEvents(placed).map(p => nodeIdOf(p.event)!)
  return [...new Set([...archive.start.nodes.map(node => node.id), ...stored])].sort((a, b) => a - b)
}

/** A consumption report that counts, with what its contract had at that moment. */
interface Consumption {
  at: number
  nodeId: number
  publicIps: bigint
  used: FourFigures
  window: bigint
  nru: bigint
}

function consumptionThatCounts(archive: PlainArchive, placed: Placed[]): Consumption[] {
  const counted: Consumption[] = []
  const stored = storedEvents(placed)
  const byContract = Map.groupBy(placed, p => contractIdOf(p.event))
  for (const p of placed) {
    if (p.event[0] !== 'SmartContractModule.NruConsumptionReportReceived') continue
    const report = p.event[1]
    const contract = contractAt(archive, byContract.get(report.contract_id)!, report.contract_id, p.at)
    // "Reports of unknown contracts are ignored"
    if (contract === null) continue
    // "only node contracts count"
    if (!('NodeContract' in contract.type)) continue
    // "a report counts only if its block is later than the contract's last"
    if (contract.lastReport !== null && p.ts <= contract.lastReport) continue
    const nodeId = contract.type.NodeContract.node_id
    if (!isKnown(archive, stored, nodeId, p.at))
      throw new Error(`block ${p.block}: contract ${report.contract_id} consumed on node ${nodeId}, which is unknown`)
    const publicIps = BigInt(contract.type.NodeContract.public_ips)
    // "the report event's own timestamp is not used"
    counted.push({ at: p.at, nodeId, publicIps, used: contract.used, window: BigInt(report.window), nru: BigInt(report.nru) })
  }
  return counted
}

function contractIdOf(event: GridEvent): number | null {
  if (event[0] === 'SmartContractModule.ContractCreated') return event[1].contract.contract_id
  if (event[0] === 'SmartContractModule.UpdatedUsedResources') return event[1].contract_id
  if (event[0] === 'SmartContractModule.NruConsumptionReportReceived') return event[1].contract_id
  return null
}

/** A contract as it is, by its events, when the event at position `at` comes; null if nobody has heard of it. */
function contractAt(archive: PlainArchive, events: Placed[], contractId: number, at: number) {
  let type: GridContract['contract_type'] | null = null
  let used: FourFigures = { cru: 0n, mru: 0n, hru: 0n, sru: 0n }
  // "for one in the start snapshot the beginning of time"
  let lastReport: bigint | null = null
  for (const contract of archive.start.contracts)
    if (contract.contract_id === contractId) {
      type = contract.contract_type
      if (contract.resources) used = four(contract.resources)
    }
  for (const p of events) {
    if (p.at >= at) break
    if (p.event[0] === 'SmartContractModule.ContractCreated') {
      type = p.event[1].contract.contract_type
      used = p.event[1].contract.resources ? four(p.event[1].contract.resources) : { cru: 0n, mru: 0n, hru: 0n, sru: 0n }
      // "for a new contract its creation block"
      lastReport = p.ts
    }
    if (type === null) continue
    if (p.event[0] === 'SmartContractModule.UpdatedUsedResources') used = four(p.event[1].used)
    if (p.event[0] === 'SmartContractModule.NruConsumptionReportReceived')
      if (lastReport === null || p.ts > lastReport)
        // "so of two in one block the first counts"
        lastReport = p.ts
  }
  return type === null ? null : { type, used, lastReport }
}

function mintNode(archive: PlainArchive, nodeId: number, placed: Placed[], counted: Consumption[], rule: ResourceRule): NaiveNode {
  const period = {
    start: BigInt(archive.header.period.start),
    end: BigInt(archive.header.period.end),
    startBlockTs: BigInt(archive.start.ts),
  }
  const life = walk(archive, nodeId, placed, period)
  judge(life, archive, period)

  // "A consumption report adds `used * window` per resource, `public_ips*window` and the bytes"; those before a NodeStored are gone
  const usage = { cru: 0n, mru: 0n, hru: 0n, sru: 0n, ipSeconds: 0n, nruBytes: 0n }
  for (const c of counted.filter(candidate => candidate.nodeId === nodeId && candidate.at > life.storedAt)) {
    usage.cru += c.used.cru * c.window
    usage.mru += c.used.mru * c.window
    usage.hru += c.used.hru * c.window
    usage.sru += c.used.sru * c.window
    usage.ipSeconds += c.publicIps * c.window
    usage.nruBytes += c.nru
  }

  // "Offer both as `resources: "latest" | "minimum"`"
  const paid = rule === 'latest' ? four(life.node.resources) : life.least
  const { cu, su, nu } = naiveCloudUnits(paid, usage.nruBytes)

  // "a missing farm or policy is one for any node"
  if (!archive.end.farms.some(farm => farm.id === life.node.farm_id))
    throw new Error(`node ${nodeId}: its farm ${life.node.farm_id} is missing in the end snapshot`)
  const policy = archive.end.farmingPolicies.find(candidate => candidate.id === life.node.farming_policy_id)
  if (!policy) throw new Error(`node ${nodeId}: its farming policy ${life.node.farming_policy_id} is missing in the end snapshot`)

  const { musd, units } = payout(life, policy, cu, su, nu, usage.ipSeconds)
  // "`floor(used_seconds/2630880)*100/total` per cent (multiply first; total 0 gives 0.0 ...)"
  const percent = (used: bigint, total: bigint) => (total === 0n ? 0 : Number((used / DURATION) * 100n) / Number(total))
  return {
    nodeId,
    violation: life.violation,
    measuredUptimeSec: Number(life.uptime),
    slowBoots: Number(life.slowBoots),
    rewardMusd: musd,
    rewardUnits: units,
    cu,
    su,
    nu,
    usage,
    utilization: {
      cru: percent(usage.cru, paid.cru),
      mru: percent(usage.mru, paid.mru),
      hru: percent(usage.hru, paid.hru),
      sru: percent(usage.sru, paid.sru),
      // "`ip` is hours"
      ip: Number(usage.ipSeconds) / 3600,
    },
    farmId: life.node.farm_id,
    policyId: life.node.farming_policy_id,
    certified: life.node.certification === 'Certified',
    virtualized: life.node.virtualized,
  }
}

/** CU, SU and NU in millionths, of resources in bytes (cru in cores) and of bytes of public traffic; the same in both rule sets. */
export function naiveCloudUnits(paid: FourFigures, nruBytes: bigint) {
  // "`cu = min(cru*2*GiB*1e6, (mru-1GiB)*1e6/4, sru*1e6/50) / GiB`", "less than 1 GiB of mru has CU 0"
  const cu = paid.mru < GIB ? 0n : min(paid.cru * 2n * GIB * MILLION, ((paid.mru - GIB) * MILLION) / 4n, (paid.sru * MILLION) / 50n) / GIB
  // "`su = (hru*1e6/1200 + sru*1e6/250) / GiB`"
  const su = ((paid.hru * MILLION) / 1200n + (paid.sru * MILLION) / 250n) / GIB
  // "`nu = nru_bytes*1e6 / GiB`"
  const nu = (nruBytes * MILLION) / GIB
  return { cu, su, nu }
}

function payout(life: Life, policy: FarmingPolicy, cu: bigint, su: bigint, nu: bigint, ipSeconds: bigint) {
  const nothing = { musd: 0n, units: 0n }
  const certified = life.node.certification === 'Certified'
  // "`p = min(uptime*1000/duration, 1000)`"
  const p = min((life.uptime * 1000n) / DURATION, 1000n)
  // "Policies 1 and 2 (and 3 where it is neither default nor immutable and its minimal uptime is 95)"
  const scaled =
    policy.id === 1 || policy.id === 2 || (policy.id === 3 && !policy.default && !policy.immutable && policy.minimal_uptime === 95)
  // "below 950 (DIY) or 980 (certified) nothing"; "Other policies: nothing if `p < policy.minimal_uptime`"
  const least = scaled ? (certified ? 980n : 950n) : BigInt(policy.minimal_uptime)
  if (p < least) return nothing
  // "A price of 0 is an error once the SLA is met, violation or not"; so it is for a virtualized node (README-v3.md)
  if (life.node.connection_price === 0) throw new Error(`node ${life.node.id}: its connection price is 0`)
  // "nothing if virtualized or in violation"
  if (life.node.virtualized || life.violation !== null) return nothing
  // "base = (cu*policy.cu + su*policy.su + nu*policy.nu)/1e6 + ip_seconds*policy.ipv4/3600"; "The IP term has a floor of its own"
  let base =
    (cu * BigInt(policy.cu) + su * BigInt(policy.su) + nu * BigInt(policy.nu)) / MILLION + (ipSeconds * BigInt(policy.ipv4)) / 3600n
  // "a certified node on policy 1 gets `base*5/4`"
  if (certified && policy.id === 1) base = (base * 5n) / 4n
  // "`tft = base*1e7/connection_price`"
  const tokens = (base * 10_000_000n) / BigInt(life.node.connection_price)
  // "else both amounts times `p/1000`"; "tokens are floored after the price and again after scaling; USD and TFT are scaled separately"
  if (scaled) return { musd: (base * p) / 1000n, units: (tokens * p) / 1000n }
  // "else the full amount"
  return { musd: base, units: tokens }
}
