import type { GridNode } from '../../src-shared/grid.ts'
import type { Violation } from '../../src-shared/mint.ts'
import { DURATION } from './naive-v3.ts'
import { type FourFigures, four, max, min } from './naive-v3-life.ts'

/*
 * One node's life by rule set node-period, event after event; the naive side of the comparison (see naive-node-period.ts). Seconds,
 * resources and amounts are BigInts.
 */

// "Uptime (window 60 s)"
const WINDOW = 60n

/** "State per node: period start, last report (chain time, uptime), uptime so far, ..." */
export interface Life {
  nodeId: number
  /** every record that the chain gave of the node since it was stored, and when; so that anybody can look up what held at a time */
  records: { ts: bigint; node: GridNode }[]
  minimum: FourFigures
  maximum: FourFigures
  /** null: no report yet, or the change-over is still to come */
  start: bigint | null
  /** the last accepted report */
  last: { ts: bigint; uptime: bigint } | null
  uptime: bigint
  capacity: FourFigures
  used: FourFigures
  ipSec: bigint
  nruBytes: bigint
  violation: Violation | null
}

/** "save the minting info": a period that is over, as it stood when a report closed it. */
export interface SavedPeriod {
  nodeId: number
  start: bigint
  end: bigint
  closed: { block: number; ts: number }
  uptime: bigint
  violation: Violation | null
  minimum: FourFigures
  maximum: FourFigures
  capacity: FourFigures
  used: FourFigures
  ipSec: bigint
  nruBytes: bigint
  /** the record that held until the end: its farm and policy count */
  followed: GridNode
  /** the record at the closing report: its certification and price count */
  current: GridNode
}

const nothing = (): FourFigures => ({ cru: 0n, mru: 0n, hru: 0n, sru: 0n })
const each = (a: FourFigures, b: FourFigures, of: (a: bigint, b: bigint) => bigint): FourFigures => ({
  cru: of(a.cru, b.cru),
  mru: of(a.mru, b.mru),
  hru: of(a.hru, b.hru),
  sru: of(a.sru, b.sru),
})

/** `sum` and `amount` for that many seconds. */
export const plusFor = (sum: FourFigures, amount: FourFigures, seconds: bigint) => each(sum, amount, (a, b) => a + b * seconds)

export function born(node: GridNode, ts: bigint): Life {
  return {
    nodeId: node.id,
    records: [{ ts, node }],
    minimum: four(node.resources),
    maximum: four(node.resources),
    start: null,
    last: null,
    uptime: 0n,
    capacity: nothing(),
    used: nothing(),
    ipSec: 0n,
    nruBytes: 0n,
    violation: null,
  }
}

export const currentNode = (life: Life): GridNode => life.records.at(-1)!.node

/**
 * The record whose farm and policy the open period has. "Farm and policy: followed until `start + duration`, ignored between that and
 * the report that closes the period"
 */
export function followedNode(life: Life): GridNode {
  const { start } = life
  if (start === null) return currentNode(life)
  return life.records.filter(record => record.ts < start + DURATION).at(-1)!.node
}

/** Zeroes what belongs to one period and begins the next one at `start`. */
function openPeriod(life: Life, start: bigint): void {
  life.start = start
  // "A new period starts with minimum = the node's resources capped per resource by the maximum"
  life.minimum = each(four(currentNode(life).resources), life.maximum, (a, b) => min(a, b))
  life.uptime = 0n
  life.capacity = nothing()
  life.used = nothing()
  life.ipSec = 0n
  life.nruBytes = 0n
  life.violation = null
}

/**
 * "before it only the last report's time and uptime are followed, after it `node-period` counts in full": whatever else was followed
 * of a node begins here. One that has reported has its period from the boundary on, one that has not waits for its first report.
 */
export function crossBoundary(life: Life, boundary: bigint): void {
  life.minimum = four(currentNode(life).resources)
  life.maximum = four(currentNode(life).resources)
  if (life.last !== null) openPeriod(life, boundary)
}

/** A NodeUpdated; `chainPrice` is the chain's connection price at that moment. */
export function update(life: Life, node: GridNode, ts: bigint, chainPrice: bigint): void {
  life.records.push({ ts, node })
  const resources = four(node.resources)
  // "minimum only falls"
  life.minimum = each(life.minimum, resources, (a, b) => min(a, b))
  // "maximum only rises, and rises only where the chain's connection price is at most the node's own"
  if (chainPrice <= BigInt(node.connection_price)) life.maximum = each(life.maximum, resources, (a, b) => max(a, b))
}

/** One uptime report in block `at`. `before`: before the change-over. Gives the periods that it closes, in order. */
export function report(life: Life, uptime: bigint, at: { block: number; ts: number }, before: boolean): SavedPeriod[] {
  const ts = BigInt(at.ts)
  if (life.last === null) {
    // "The first report is the baseline: it starts the period and credits 0"
    if (!before) openPeriod(life, ts)
    life.last = { ts, uptime }
    return []
  }
  const from = life.last.ts
  const dr = ts - from
  const du = uptime - life.last.uptime
  let credit: bigint
  // "`dr-60 <= du <= dr+60` and `du > 0`: credit du"
  if (dr - WINDOW <= du && du <= dr + WINDOW && du > 0n) credit = du
  // "`du > dr+60`: rejected, a violation"; "A rejected report changes nothing but the violation"
  else if (du > dr + WINDOW) {
    // before the change-over no violation is kept
    if (!before && life.violation === null) life.violation = 'UptimeTooHigh'
    return []
  }
  // "`uptime <= dr+60`: a reboot, credit `min(uptime, dr)`, the rest is down"
  else if (uptime <= dr + WINDOW) credit = min(uptime, dr)
  // "Else late: rejected, the node must report again"
  else return []
  life.last = { ts, uptime }
  return before ? [] : account(life, from, at, credit)
}

/** Books an accepted report: the seconds `from` the last one until this, of which `credit` are up. */
function account(life: Life, from: bigint, at: { block: number; ts: number }, credit: bigint): SavedPeriod[] {
  const ts = BigInt(at.ts)
  const resources = four(currentNode(life).resources)
  let accounted = from
  let up = credit
  let down = max(0n, ts - from - credit)
  /** "take what was left of the old period from the report's downtime first, then from its uptime"; gives the uptime of that part */
  const takeUntil = (end: bigint): bigint => {
    const left = end - accounted
    const fromDown = min(left, down)
    const fromUp = left - fromDown
    down -= fromDown
    up -= fromUp
    accounted = end
    return fromUp
  }
  // "No second may be paid twice or lost across the boundary": the stretch before it is the old rule set's, downtime first as well
  if (life.start! > accounted) takeUntil(life.start!)
  // "All periods that one report closes keep the farm and policy that were followed until the first one's end" (a decision of ours)
  const followed = followedNode(life)

  const closed: SavedPeriod[] = []
  // "on the first accepted report at or past `start + duration`"; "A long gap can close several periods, downtime first in each"
  while (ts >= life.start! + DURATION) {
    const start = life.start!
    const end = start + DURATION
    // "Capacity adds `resources*dr` at every accepted report, offline time included": here the part until the end
    life.capacity = plusFor(life.capacity, resources, end - accounted)
    life.uptime += takeUntil(end)
    closed.push({
      nodeId: life.nodeId,
      start,
      end,
      closed: at,
      // "Uptime never exceeds the duration"
      uptime: min(life.uptime, DURATION),
      violation: life.violation,
      minimum: life.minimum,
      maximum: life.maximum,
      capacity: life.capacity,
      used: life.used,
      ipSec: life.ipSec,
      nruBytes: life.nruBytes,
      followed,
      current: currentNode(life),
    })
    // "the next begins where it ends"; "start the next period with the remainder"
    openPeriod(life, end)
  }
  life.capacity = plusFor(life.capacity, resources, ts - accounted)
  life.uptime += up
  return closed
}
