import type { EventSink } from './grid.ts'

/**
 * Reports of one node that follow each other as a node's reports do, with no other event of the node between them, told as one: all but
 * the first, which was told before. What a run holds is facts; whether they pay is for who takes it. Seconds.
 */
export interface UptimeRun {
  /** of the report before the first of these: the one that was told */
  firstNow: number
  firstUptime: number
  lastNow: number
  lastUptime: number
  /** how far boot times (now - uptime) lie below and above that of the report that was told; at least 0 */
  bootBelow: number
  bootAbove: number
  /** how far a step of uptime is behind and ahead of its step of time; at least 0 */
  behind: number
  ahead: number
  /** the longest step of uptime; the shortest is above 0 */
  longestStep: number
}

/** Reports of one contract in blocks of rising time, with no event between them that concerns its use, told as one: all but the first. */
export interface UseRun {
  /** seconds and bytes of all these together */
  windowSec: number
  nruBytes: number
  /** time of the block of the report that was told, and of the last of these */
  firstTs: number
  lastTs: number
}

/**
 * A sink to which most reports of a healthy grid may be told in runs. Each run is offered right after its first report; one that is not
 * taken is told report by report, as to any other sink. Of different nodes and contracts the order is then no longer that of the chain.
 */
export interface RunSink extends EventSink {
  /** whether runs are wanted of a chunk whose first block is of time `firstTs` and whose last block is number `lastBlock` */
  wantsRuns(firstTs: number, lastBlock: number): boolean
  nodeRun(nodeId: number, run: UptimeRun): boolean
  contractRun(contractId: number, run: UseRun): boolean
}
