import { AppError } from '../../../src-shared/errors.ts'
import type { GridNode, Resources, U64 } from '../../../src-shared/grid.ts'
import type { Violation, ViolationDetail } from '../../../src-shared/mint.ts'
import { createDays, type Days } from './days.ts'
import type { Trace } from './trace.ts'

/** What the whole fold shares: the period and the block under way. Seconds since the epoch. */
export interface Clock {
  readonly startTs: number
  readonly endTs: number
  /** number and time of the block whose events are being applied */
  block: number
  ts: number
}

/** The two reports that the rules remember, exact, where one of their figures is 2^53 or more (see NodeState.wide). */
export interface WidePoints {
  lastNow: bigint
  lastUptime: bigint
  bootNow: bigint
  bootUptime: bigint
}

/** Not set; no chain time is negative. */
export const NONE = -1

const I63 = 2n ** 63n
const U64_LIMIT = 2n ** 64n
const U128_LIMIT = 2n ** 128n

/** Places in NodeState.figures, for the one function that all reports go through. */
export const LAST_NOW = 0
export const LAST_UPTIME = 1
export const CREDITED = 2
export const BOOT_NOW = 3
export const BOOT_UPTIME = 4
export const SLEEP = 5
export const REQUEST = 6

/**
 * One node's running state (minting.md, rule set v3). One shape for all nodes and numbers only, because millions of reports pass
 * through it; `NONE` stands for "not set" in the members that say so. The figures that every report reads or writes lie side by side
 * in one small array: as members of their own each would be a float somewhere else in memory.
 */
export class NodeState {
  // what every report touches comes first, so that it lies together
  /** what the accessors below tell */
  readonly figures = freshFigures()
  hasReport = false
  /** exact figures, only where a remembered one does not fit a number */
  wide: WidePoints | null = null
  trace: Trace | null
  /** null: nobody asks for them */
  days: Days | null
  readonly nodeId: number
  /** farm, twin, place, certification, policy and price of the last update */
  node: GridNode
  /** never goes back to false but by NodeStored */
  virtualized: boolean
  resources: Resources
  violation: Violation | null = null
  violationDetail: ViolationDetail | null = null
  slowBoots = 0
  /** the chain's power state and target */
  isDown = false
  targetDown = false
  /** use by contracts: resource-seconds, IP seconds and bytes; windows that are not added up yet wait at their contract */
  usedCru = 0n
  usedMru = 0n
  usedHru = 0n
  usedSru = 0n
  ipSec = 0n
  nruBytes = 0n

  /** A node as the rules start it: nothing reported, power Up with target Up. */
  constructor(node: GridNode, days: Days | null, trace: Trace | null) {
    this.nodeId = node.id
    this.node = node
    this.virtualized = node.virtualized
    this.resources = node.resources
    this.days = days
    this.trace = trace
  }

  /** the remembered report */
  get lastNow(): number {
    return this.figures[LAST_NOW]!
  }
  set lastNow(now: number) {
    this.figures[LAST_NOW] = now
  }
  get lastUptime(): number {
    return this.figures[LAST_UPTIME]!
  }
  set lastUptime(uptime: number) {
    this.figures[LAST_UPTIME] = uptime
  }
  /** seconds credited so far */
  get creditedSec(): number {
    return this.figures[CREDITED]!
  }
  set creditedSec(sec: number) {
    this.figures[CREDITED] = sec
  }
  /** the report that set the boot time, which is bootNow - bootUptime: kept as a pair so that differences stay exact */
  get bootNow(): number {
    return this.figures[BOOT_NOW]!
  }
  set bootNow(now: number) {
    this.figures[BOOT_NOW] = now
  }
  get bootUptime(): number {
    return this.figures[BOOT_UPTIME]!
  }
  set bootUptime(uptime: number) {
    this.figures[BOOT_UPTIME] = uptime
  }
  /** NONE, or since when the node sleeps */
  get sleepTs(): number {
    return this.figures[SLEEP]!
  }
  set sleepTs(ts: number) {
    this.figures[SLEEP] = ts
  }
  /** NONE, or when it was asked to boot */
  get requestTs(): number {
    return this.figures[REQUEST]!
  }
  set requestTs(ts: number) {
    this.figures[REQUEST] = ts
  }
}

function freshFigures(): Float64Array {
  const figures = new Float64Array(7)
  figures[SLEEP] = NONE
  figures[REQUEST] = NONE
  return figures
}

/** `NodeStored` for a known id: the same object (contracts hold it), everything in it as new. The trace goes on. */
export function resetState(state: NodeState, node: GridNode, clock: Clock): void {
  Object.assign(state, new NodeState(node, state.days && createDays(clock.startTs, clock.endTs), state.trace))
}

/** Sets the first violation; later ones change nothing. */
export function setViolation(state: NodeState, detail: ViolationDetail): void {
  if (state.violation !== null) return
  state.violation = detail.violation
  state.violationDetail = detail
}

/** Remembers a report as the last one. Figures must be below 2^63 (see checkFigure). */
export function rememberReport(state: NodeState, now: U64, uptime: U64): void {
  state.hasReport = true
  if (state.wide !== null || typeof now === 'bigint' || typeof uptime === 'bigint') {
    const wide = exactPoints(state)
    wide.lastNow = BigInt(now)
    wide.lastUptime = BigInt(uptime)
    state.wide = keepIfWide(wide)
  }
  state.lastNow = Number(now)
  state.lastUptime = Number(uptime)
}

/** Remembers when the node booted: at `now - uptime`. */
export function rememberBoot(state: NodeState, now: U64, uptime: U64): void {
  if (state.wide !== null || typeof now === 'bigint' || typeof uptime === 'bigint') {
    const wide = exactPoints(state)
    wide.bootNow = BigInt(now)
    wide.bootUptime = BigInt(uptime)
    state.wide = keepIfWide(wide)
  }
  state.bootNow = Number(now)
  state.bootUptime = Number(uptime)
}

/** The remembered figures, exact. */
export function exactPoints(state: NodeState): WidePoints {
  return (
    state.wide ?? {
      lastNow: BigInt(state.lastNow),
      lastUptime: BigInt(state.lastUptime),
      bootNow: BigInt(state.bootNow),
      bootUptime: BigInt(state.bootUptime),
    }
  )
}

function keepIfWide(wide: WidePoints): WidePoints | null {
  const limit = BigInt(Number.MAX_SAFE_INTEGER)
  return wide.lastNow > limit || wide.lastUptime > limit || wide.bootNow > limit || wide.bootUptime > limit ? { ...wide } : null
}

/**
 * AppError `mint.inconsistent`: what is wrong, with which record, in which block; `details.found` says that alone. Nothing is paid; the way
 * out stands in `wayOut`.
 */
export function inconsistent(what: string, record: string, block: number, wayOut: string): AppError {
  const found = `${what} (${record}, block ${block}).`
  return new AppError('mint.inconsistent', `${found} Nothing was written. ${wayOut}`, { details: { record, block, found } })
}

const wrapWayOut = 'Check the archive against another source of the chain; a figure of this size cannot be real.'

/** Throws where a figure would wrap in the signed 64-bit arithmetic of the rules. */
export function checkFigure(value: U64, member: string, nodeId: number, clock: Clock): void {
  if (typeof value === 'bigint' && value >= I63)
    throw inconsistent(`"${member}" of an uptime report is ${value}, which does not fit 63 bits`, `node ${nodeId}`, clock.block, wrapWayOut)
}

/** Throws where a sum does not fit the unsigned integer of `bits` bits that the rules count in. */
export function checkWidth(value: bigint, bits: 64 | 128, what: string, record: string, block: number): bigint {
  if (value < 0n || value >= (bits === 64 ? U64_LIMIT : U128_LIMIT))
    throw inconsistent(`${what} adds up to ${value}, which does not fit ${bits} bits`, record, block, wrapWayOut)
  return value
}
