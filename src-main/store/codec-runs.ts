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
  /** the rows of the nodes' open runs */
  readonly #open: Int32Array
  readonly #cuts: Int32Array

  /** `slots`: nodes of the bucket */
  constructor(slots: number) {
    this.#rows = new Float64Array(MEMBERS * slots)
    this.#open = new Int32Array(slots).fill(NONE)
    this.#cuts = new Int32Array(slots)
  }

  /** A report of the node in `slot`; gives whether it goes on with a run, rather than begin one. */
  uptime(slot: number, now: number, uptime: number): boolean {
    const open = this.#open[slot]!
    const rows = this.#rows
    if (open !== NONE) {
      const step = uptime - rows[open + LAST_UPTIME]!
      const ahead = step - (now - rows[open + LAST_NOW]!)
      if (step > 0 && step <= LONGEST_STEP_SEC && ahead <= MOST_AHEAD_SEC && ahead >= -MOST_AHEAD_SEC) {
        const boot = now - uptime - (rows[open + FIRST_NOW]! - rows[open + FIRST_UPTIME]!)
        rows[open + MORE]!++
        rows[open + LAST_NOW] = now
        rows[open + LAST_UPTIME] = uptime
        if (boot > rows[open + BOOT_ABOVE]!) rows[open + BOOT_ABOVE] = boot
        if (-boot > rows[open + BOOT_BELOW]!) rows[open + BOOT_BELOW] = -boot
        if (ahead > rows[open + AHEAD]!) rows[open + AHEAD] = ahead
        if (-ahead > rows[open + BEHIND]!) rows[open + BEHIND] = -ahead
        if (step > rows[open + LONGEST]!) rows[open + LONGEST] = step
        return true
      }
    }
    const row = this.#begin()
    this.#open[slot] = row
    const fresh = this.#rows
    fresh[row + FIRST_NOW] = fresh[row + LAST_NOW] = now
    fresh[row + FIRST_UPTIME] = fresh[row + LAST_UPTIME] = uptime
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
    this.#open[slot] = NONE
  }

  /** So are those of the contracts on it. */
  cut(slot: number): void {
    this.#open[slot] = NONE
    this.#cuts[slot]!++
  }

  /** The runs so far; more may come. */
  encode(): Uint8Array {
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
    this.#open.fill(NONE)
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
