import type { GridNode, Resources, U64 } from '../../../../src-shared/grid.ts'
import type { Violation, ViolationDetail } from '../../../../src-shared/mint.ts'
import type { MintingInfo, UnitSeconds } from '../../../../src-shared/node-period.ts'
import { PERIOD_SEC } from '../../../../src-shared/time.ts'
import { checkWidth } from '../state.ts'
import { createTrace, type Trace } from '../trace.ts'

/** Number and time of the block under way; seconds since the epoch. */
export interface ChainClock {
  block: number
  ts: number
  /** the block belongs to the last fixed period (see Boundary in fold.ts): only its reports are followed */
  isFixed: boolean
}

/** Not set; no chain time and no id is negative. */
export const NONE = -1

/** A node contract or a rent as the fold follows it. */
export interface Contract {
  readonly contractId: number
  readonly nodeId: number
  /** of a rent: 0 */
  readonly publicIps: number
  readonly isRent: boolean
  /** what a node contract uses; a rent uses the whole node */
  resources: Resources
  /** the node that counts it, once a report came */
  node: NodeState | null
  /** seconds of reports whose use is not added up yet: the resources were the same for all of them */
  windowSec: number
}

/**
 * One node's running state (minting.md, rule set node-period). One shape for all nodes, as millions of reports pass through it. Sums of
 * products wait as plain seconds (`capacitySec`, a contract's `windowSec`) until the resources change or the period ends.
 */
export interface NodeState {
  readonly nodeId: number
  /** the chain's figures of it now */
  node: GridNode
  /** farm and policy as they were followed until the period's end */
  farmId: number
  policyId: number
  minimum: Resources
  maximum: Resources
  /** NONE before the first report; ahead of the last report where the change-over from fixed periods, which it begins at, is still to come */
  startTs: number
  endTs: number
  /** the last accepted report: its block's time, its uptime */
  lastTs: number
  lastUptime: U64
  uptimeSec: number
  violation: Violation | null
  violationDetail: ViolationDetail | null
  /** seconds for which `node.resources` are to be added to the capacity */
  capacitySec: number
  capacity: UnitSeconds
  used: UnitSeconds
  ipSec: bigint
  nruBytes: bigint
  /** what fits a number waits here for the two above */
  pendingIpSec: number
  pendingBytes: number
  /** rent contracts that stand on it; the chain allows one */
  rents: number
  /** those that reported so far */
  contracts: Contract[]
  /** blocks up to this one are in the state that it began with */
  knownToBlock: number
  trace: Trace | null
}

const nothing = (): UnitSeconds => ({ cru: 0n, mru: 0n, hru: 0n, sru: 0n })

/** A node of which no report is known yet: the most that it may have is what it has. */
export function freshState(node: GridNode, explain: boolean): NodeState {
  return {
    nodeId: node.id,
    node,
    farmId: node.farm_id,
    policyId: node.farming_policy_id,
    minimum: node.resources,
    maximum: node.resources,
    startTs: NONE,
    endTs: NONE,
    lastTs: NONE,
    lastUptime: 0,
    uptimeSec: 0,
    violation: null,
    violationDetail: null,
    capacitySec: 0,
    capacity: nothing(),
    used: nothing(),
    ipSec: 0n,
    nruBytes: 0n,
    pendingIpSec: 0,
    pendingBytes: 0,
    rents: 0,
    contracts: [],
    knownToBlock: NONE,
    trace: explain ? createTrace(NONE) : null,
  }
}

/** Whether the block under way lies in the node's period or after it, so that use, traffic and violations count. */
export function hasBegun(s: NodeState, clock: ChainClock): boolean {
  return s.startTs !== NONE && clock.ts >= s.startTs && !clock.isFixed
}

/** Begins a period at `startTs`: the minimum is what the node has, capped by the maximum; farm and policy are the chain's. */
export function beginPeriod(s: NodeState, startTs: number): void {
  s.startTs = startTs
  s.endTs = startTs + PERIOD_SEC
  s.farmId = s.node.farm_id
  s.policyId = s.node.farming_policy_id
  s.minimum = leastOf(s.node.resources, s.maximum)
  s.uptimeSec = 0
  s.capacity = nothing()
  s.capacitySec = 0
  if (s.trace !== null) s.trace = createTrace(startTs)
}

/** Forgets use, traffic and violation: what they belonged to is saved, or is not counted. */
export function clearUse(s: NodeState): void {
  s.used = nothing()
  s.ipSec = 0n
  s.nruBytes = 0n
  s.pendingIpSec = 0
  s.pendingBytes = 0
  for (const contract of s.contracts) contract.windowSec = 0
  s.violation = null
  s.violationDetail = null
}

/** Adds up everything that waits: before the node's resources change, before a contract goes, at the period's end. */
export function settleNode(s: NodeState, clock: ChainClock): void {
  if (s.capacitySec > 0) {
    s.capacity = addUse(s, s.capacity, s.node.resources, s.capacitySec, clock)
    s.capacitySec = 0
  }
  for (const contract of s.contracts) settleContract(contract, clock)
  settleTraffic(s, clock)
}

/** Adds up what waits at a contract: before its resources change. */
export function settleContract(c: Contract, clock: ChainClock): void {
  if (c.windowSec === 0 || c.node === null) return
  c.node.used = addUse(c.node, c.node.used, c.isRent ? c.node.node.resources : c.resources, c.windowSec, clock)
  c.windowSec = 0
}

function settleTraffic(s: NodeState, clock: ChainClock): void {
  const record = `node ${s.nodeId}`
  if (s.pendingIpSec > 0) s.ipSec = checkWidth(s.ipSec + BigInt(s.pendingIpSec), 64, 'IP seconds', record, clock.block)
  if (s.pendingBytes > 0) s.nruBytes = checkWidth(s.nruBytes + BigInt(s.pendingBytes), 64, 'public traffic', record, clock.block)
  s.pendingIpSec = 0
  s.pendingBytes = 0
}

/**
 * A consumption report that counts (minting.md, Usage): `used * window`, `ips * window` and the bytes. While a rent contract stands, the
 * resources of the others are ignored and its own report counts the whole node; addresses and traffic always count. AppError
 * `mint.inconsistent` where a total does not fit.
 */
export function applyConsumption(c: Contract, s: NodeState, clock: ChainClock, window: U64, nru: U64): void {
  if (c.node !== s) {
    c.node = s
    s.contracts.push(c)
  }
  if (c.isRent || s.rents === 0) {
    if (typeof window === 'number' && c.windowSec + window <= Number.MAX_SAFE_INTEGER) c.windowSec += window
    else {
      settleContract(c, clock)
      s.used = addUse(s, s.used, c.isRent ? s.node.resources : c.resources, window, clock)
    }
  }
  if (c.publicIps > 0) {
    const ipSec = c.publicIps * Number(window)
    if (s.pendingIpSec + ipSec <= Number.MAX_SAFE_INTEGER) s.pendingIpSec += ipSec
    else {
      settleTraffic(s, clock)
      s.ipSec = checkWidth(s.ipSec + BigInt(c.publicIps) * BigInt(window), 64, 'IP seconds', `contract ${c.contractId}`, clock.block)
    }
  }
  if (typeof nru === 'number' && s.pendingBytes + nru <= Number.MAX_SAFE_INTEGER) s.pendingBytes += nru
  else {
    settleTraffic(s, clock)
    s.nruBytes = checkWidth(s.nruBytes + BigInt(nru), 64, 'public traffic', `contract ${c.contractId}`, clock.block)
  }
}

function addUse(s: NodeState, sum: UnitSeconds, used: Resources, seconds: U64, clock: ChainClock): UnitSeconds {
  const sec = BigInt(seconds)
  const add = (before: bigint, amount: U64, what: string): bigint =>
    checkWidth(before + BigInt(amount) * sec, 128, what, `node ${s.nodeId}`, clock.block)
  return {
    cru: add(sum.cru, used.cru, 'cru-seconds'),
    mru: add(sum.mru, used.mru, 'mru-seconds'),
    hru: add(sum.hru, used.hru, 'hru-seconds'),
    sru: add(sum.sru, used.sru, 'sru-seconds'),
  }
}

export function leastOf(a: Resources, b: Resources): Resources {
  return each(a, b, (x, y) => (x < y ? x : y))
}

export function mostOf(a: Resources, b: Resources): Resources {
  return each(a, b, (x, y) => (x > y ? x : y))
}

function each(a: Resources, b: Resources, choose: (x: U64, y: U64) => U64): Resources {
  return { cru: choose(a.cru, b.cru), mru: choose(a.mru, b.mru), hru: choose(a.hru, b.hru), sru: choose(a.sru, b.sru) }
}

/** The figures of the period as they are saved when it ends (or would be, if it ended now); everything must be settled. */
export function infoOf(s: NodeState, closed: MintingInfo['closed']): MintingInfo {
  return {
    nodeId: s.nodeId,
    period: { start: s.startTs, end: s.endTs },
    closed,
    uptimeSec: Math.min(s.uptimeSec, PERIOD_SEC),
    violation: s.violation,
    minimum: s.minimum,
    maximum: s.maximum,
    capacity: s.capacity,
    used: s.used,
    ipSec: s.ipSec,
    nruBytes: s.nruBytes,
    farmId: s.farmId,
    policyId: s.policyId,
    certified: s.node.certification === 'Certified',
    connectionPriceMusd: s.node.connection_price,
  }
}
