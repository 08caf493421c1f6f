import type { UptimeRun, UseRun } from '../../src-shared/event-runs.ts'
import { type ByteReader, ByteWriter, fold, unfold } from './bytes.ts'

/**
 * The runs of one bucket in one chunk (since version 3), in the order of their first events: for each the number of events that follow
 * the first, and where there are any what RunSink says of them. So a mint takes days of a node at once and steps over its events.
 *   UPTIME    last now - first now, the same of uptime less that, boot below, boot above, behind, ahead, longest step
 *   USE       window, nru, last time - first time, last window
 */

/**
 * Where a run of reports is cut: beyond these a step is nothing ordinary. The rules judge what a run holds by limits of their own; where
 * theirs are narrower they take a run's reports one by one.
 */
const LONGEST_STEP_SEC = 2_460
const MOST_AHEAD_SEC = 60
/** Sums stay exact. */
const MOST_IN_ALL = 2 ** 48

/** Members of a row. */
const MORE = 0
const FIRST_NOW = 1
const FIRST_UPTIME = 2
const LAST_NOW = 3
const LAST_UPTIME = 4
const BOOT_BELOW = 5
const BOOT_ABOVE = 6
const BEHIND = 7
const AHEAD = 8
const LONGEST = 9
const WINDOW = 1
const NRU = 2
const FIRST_TS = 3
const LAST_TS = 4
const LAST_WINDOW = 5
/** 1 for a run of a contract's reports */
const IS_USE = 10
const MEMBERS = 11

const NONE = -1

/**
 * What is at hand of each node while events are written, one node's behind the other's: its last report, and its open run, if any (RUN: its
 * row, or NONE). Reports come from all nodes in turn, so each waits for its node's memory; the row is filled in when its run ends.
 */
export const NODE_MEMBERS = 10
export const NODE_NOW = 0
export const NODE_UPTIME = 1
const NODE_RUN = 2
const NODE_MORE = 3
/** now - uptime of the first report */
const NODE_BOOT = 4
/** the same as in its row */
const NODE_BELOW = 5
const NODE_ABOVE = 6
const NODE_BEHIND = 7
const NODE_AHEAD = 8
const NODE_LONGEST = 9

/** What a contract remembers of its run. */
export interface ContractRun {
  /** its row, or -1 */
  run: number
  /** how often runs of its node had been cut when it began */
  cuts: number
}

/** Collects the runs of a bucket while its events are written. */
export class RunWriter {
  #rows: Float64Array
  #length = 0
  readonly #nodes: Float64Array
  readonly #cuts: Int32Array

  /** `nodes`: NODE_MEMBERS of each; the last report of a node is for the caller to put there, behind the calls */
  constructor(nodes: Float64Array) {
    const slots = nodes.length / NODE_MEMBERS
    this.#rows = new Float64Array(MEMBERS * slots)
    this.#nodes = nodes
    this.#cuts = new Int32Array(slots)
    this.clear()
  }

  /**
   * A report of the node in `slot`, whose uptime went on by `ahead` more than its time did; gives whether it goes on with a run, rather than
   * begin one.
   */
  uptime(slot: number, now: number, uptime: number, ahead: number): boolean {
    const nodes = this.#nodes
    const at = slot * NODE_MEMBERS
    if (nodes[at + NODE_RUN] !== NONE) {
      const step = uptime - nodes[at + NODE_UPTIME]!
      if (step > 0 && step <= LONGEST_STEP_SEC && ahead <= MOST_AHEAD_SEC && ahead >= -MOST_AHEAD_SEC) {
        const boot = now - uptime - nodes[at + NODE_BOOT]!
        nodes[at + NODE_MORE]!++
        if (boot > nodes[at + NODE_ABOVE]!) nodes[at + NODE_ABOVE] = boot
        if (-boot > nodes[at + NODE_BELOW]!) nodes[at + NODE_BELOW] = -boot
        if (ahead > nodes[at + NODE_AHEAD]!) nodes[at + NODE_AHEAD] = ahead
        if (-ahead > nodes[at + NODE_BEHIND]!) nodes[at + NODE_BEHIND] = -ahead
        if (step > nodes[at + NODE_LONGEST]!) nodes[at + NODE_LONGEST] = step
        return true
      }
      this.cutUptime(slot)
    }
    const row = this.#begin()
    this.#rows[row + FIRST_NOW] = now
    this.#rows[row + FIRST_UPTIME] = uptime
    nodes.fill(0, at + NODE_MORE, at + NODE_MEMBERS)
    nodes[at + NODE_RUN] = row
    nodes[at + NODE_BOOT] = now - uptime
    return false
  }

  /** The same of a report of a contract on the node in `slot`, in a block of time `ts`. */
  use(slot: number, contract: ContractRun, ts: number, window: number, nru: number): boolean {
    const { run } = contract
    const rows = this.#rows
    if (run !== NONE && contract.cuts === this.#cuts[slot] && ts > rows[run + LAST_TS]!) {
      const windows = rows[run + WINDOW]! + window
      const bytes = rows[run + NRU]! + nru
      if (windows < MOST_IN_ALL && bytes < MOST_IN_ALL) {
        rows[run + MORE]!++
        rows[run + WINDOW] = windows
        rows[run + NRU] = bytes
        rows[run + LAST_TS] = ts
        rows[run + LAST_WINDOW] = window
        return true
      }
    }
    const row = this.#begin()
    contract.run = row
    contract.cuts = this.#cuts[slot]!
    const fresh = this.#rows
    fresh[row + IS_USE] = 1
    fresh[row + FIRST_TS] = fresh[row + LAST_TS] = ts
    return false
  }

  /** The node's reports after this are another run. */
  cutUptime(slot: number): void {
    const at = slot * NODE_MEMBERS
    this.#fillRow(at)
    this.#nodes[at + NODE_RUN] = NONE
  }

  /** So are those of the contracts on it. */
  cut(slot: number): void {
    this.cutUptime(slot)
    this.#cuts[slot]!++
  }

  /** Puts what is known of a node's open run into its row. */
  #fillRow(at: number): void {
    const nodes = this.#nodes
    const row = nodes[at + NODE_RUN]!
    if (row === NONE) return
    const rows = this.#rows
    rows[row + MORE] = nodes[at + NODE_MORE]!
    rows[row + LAST_NOW] = nodes[at + NODE_NOW]!
    rows[row + LAST_UPTIME] = nodes[at + NODE_UPTIME]!
    rows[row + BOOT_BELOW] = nodes[at + NODE_BELOW]!
    rows[row + BOOT_ABOVE] = nodes[at + NODE_ABOVE]!
    rows[row + BEHIND] = nodes[at + NODE_BEHIND]!
    rows[row + AHEAD] = nodes[at + NODE_AHEAD]!
    rows[row + LONGEST] = nodes[at + NODE_LONGEST]!
  }

  /** The runs so far; more may come. */
  encode(): Uint8Array {
    for (let at = 0; at < this.#nodes.length; at += NODE_MEMBERS) this.#fillRow(at)
    const rows = this.#rows
    const out = new ByteWriter(this.#length)
    for (let row = 0; row < this.#length; row += MEMBERS) {
      const more = rows[row + MORE]!
      out.varint(more)
      if (more === 0) continue
      if (rows[row + IS_USE] === 1) {
        out.varint(rows[row + WINDOW]!)
        out.varint(rows[row + NRU]!)
        out.varint(rows[row + LAST_TS]! - rows[row + FIRST_TS]!)
        out.varint(rows[row + LAST_WINDOW]!)
      } else {
        const time = rows[row + LAST_NOW]! - rows[row + FIRST_NOW]!
        out.varint(fold(time))
        out.varint(fold(rows[row + LAST_UPTIME]! - rows[row + FIRST_UPTIME]! - time))
        for (let member = BOOT_BELOW; member <= LONGEST; member++) out.varint(rows[row + member]!)
      }
    }
    return out.view()
  }

  /** Begins the next chunk. */
  clear(): void {
    this.#length = 0
    for (let at = 0; at < this.#nodes.length; at += NODE_MEMBERS) this.#nodes[at + NODE_RUN] = NONE
    this.#cuts.fill(0)
  }

  #begin(): number {
    const row = this.#length
    this.#length += MEMBERS
    if (this.#length > this.#rows.length) {
      const larger = new Float64Array(this.#rows.length * 2)
      larger.set(this.#rows)
      this.#rows = larger
    }
    this.#rows.fill(0, row, this.#length)
    return row
  }
}

/** Reads the rest of a run of reports, which began with these figures; `into` is used again and again. */
export function readUptimeRun(input: ByteReader, now: number, uptime: number, into: UptimeRun): void {
  into.firstNow = now
  into.firstUptime = uptime
  const time = unfold(input.varint())
  into.lastNow = now + time
  into.lastUptime = uptime + time + unfold(input.varint())
  into.bootBelow = input.varint()
  into.bootAbove = input.varint()
  into.behind = input.varint()
  into.ahead = input.varint()
  into.longestStep = input.varint()
}

/**
 * Reads the rest of a run of a contract's reports, which began with these figures in a block of time `ts`; gives the last one's window.
 */
export function readUseRun(input: ByteReader, ts: number, window: number, nru: number, into: UseRun): number {
  into.firstWindowSec = window
  into.firstNruBytes = nru
  into.windowSec = input.varint()
  into.nruBytes = input.varint()
  into.firstTs = ts
  into.lastTs = ts + input.varint()
  return input.varint()
}

export function emptyUptimeRun(): UptimeRun {
  return {
    firstNow: 0,
    firstUptime: 0,
    lastNow: 0,
    lastUptime: 0,
    bootBelow: 0,
    bootAbove: 0,
    behind: 0,
    ahead: 0,
    longestStep: 0,
  }
}

export function emptyUseRun(): UseRun {
  return { firstWindowSec: 0, firstNruBytes: 0, windowSec: 0, nruBytes: 0, firstTs: 0, lastTs: 0 }
}
