import type { PowerSink } from './event-columns.ts'

/**
 * Reports of one node that follow each other as a node's reports do, with no other event of the node between them, told as one. What a run
 * holds is facts; whether they pay is for who takes it. Seconds.
 */
export interface UptimeRun {
  firstNow: number
  firstUptime: number
  lastNow: number
  lastUptime: number
  /** how far boot times (now - uptime) lie below and above that of the first report; at least 0 */
  bootBelow: number
  bootAbove: number
  /** how far a step of uptime is behind and ahead of its step of time; at least 0 */
  behind: number
  ahead: number
  /** the longest step of uptime; the shortest is above 0 */
  longestStep: number
}

/** Reports of one contract in blocks of rising time, with no event between them that concerns its use, told as one. */
export interface UseRun {
  /** seconds and bytes of the first */
  firstWindowSec: number
  firstNruBytes: number
  /** seconds and bytes of all the others together */
  windowSec: number
  nruBytes: number
  /** time of the block of the first and of the last */
  firstTs: number
  lastTs: number
}

/**
 * A sink to which most reports of a healthy grid may be told in runs. Each run is offered whole, without its block; where it is not taken its
 * first report is told, and the others are offered (`isFirstTold`); where they are not taken either they are told report by report, as to any
 * other sink. Of different nodes and contracts the order is then no longer that of the chain.
 */
export interface RunSink extends PowerSink {
  /** whether runs are wanted of a chunk whose first block is number `firstBlock` of time `firstTs`, and whose last is number `lastBlock`; the first is told next */
  wantsRuns(firstBlock: number, firstTs: number, lastBlock: number): boolean
  nodeRun(nodeId: number, run: UptimeRun, isFirstTold: boolean): boolean
  contractRun(contractId: number, run: UseRun, isFirstTold: boolean): boolean
}
