/** How far a period is known; seconds since the epoch. */
export interface Known {
  startTs: number
  endTs: number
  /** the last known moment that lies in the period */
  asOfTs: number
  /** the last known moment, which may lie in the 27 h after the period */
  knownToTs: number
  /** the period is known to its end */
  over: boolean
  /** nothing can change its result any more */
  final: boolean
}

export function known(period: { start: number; end: number; completeUntilTs: number; provisional: boolean }): Known {
  const knownToTs = Math.max(period.start, period.completeUntilTs)
  const asOfTs = Math.min(knownToTs, period.end)
  return { startTs: period.start, endTs: period.end, asOfTs, knownToTs, over: asOfTs >= period.end, final: !period.provisional }
}
