/** Seconds between two blocks. */
export const BLOCK_SEC = 6
/** Blocks between two uptime reports (40 minutes) and between two consumption reports (an hour). */
export const REPORT_BLOCKS = 400
export const HOUR_BLOCKS = 600
export const DAY_BLOCKS = 14_400

/** The chain's clock in the demo: block `first` has time `firstTs`, the last block that can be asked for is `last`. */
export interface DemoClock {
  first: number
  last: number
  firstTs: number
}
