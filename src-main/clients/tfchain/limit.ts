/** At how many requests at once an endpoint begins, and what it never exceeds. */
const startLimit = 16
const mostLimit = 256
/** so much slower than its best may an answer be while the limit still rises; queueing on a fast line is no sign of trouble */
const latencyHolds = (latencyMs: number, baseMs: number) => latencyMs <= 2 * baseMs + 25

/** How many requests one endpoint gets at once, from how it bears them. All times are of a monotonic clock, milliseconds. */
export interface Limit {
  /** a whole number, 1 to 256 */
  value(): number
  /** median of the last answers; null: none yet */
  latencyMs(): number | null
  answered(sentMs: number, nowMs: number, inFlight: number): void
  /** It was too much for a request sent then: half of it from now on. What was sent before the last cut doesn't cut again. */
  cut(sentMs: number, nowMs: number): void
}

/**
 * Doubles with every round of answers until it was once too much, then rises by one per round; only while all of it is used and
 * answers come about as quickly as the quickest.
 */
export function createLimit(): Limit {
  let limit = startLimit
  let threshold = mostLimit
  let cutMs = Number.NEGATIVE_INFINITY
  let baseMs = Number.POSITIVE_INFINITY
  const last: number[] = []
  let next = 0
  return {
    value: () => Math.floor(limit),
    latencyMs: () => (last.length === 0 ? null : [...last].sort((a, b) => a - b)[last.length >> 1]!),
    answered(sentMs, nowMs, inFlight) {
      const latencyMs = nowMs - sentMs
      last[next] = latencyMs
      next = (next + 1) % 33
      // a line that became slower for good is not measured by its best days for ever
      baseMs = Math.min(latencyMs, baseMs * 1.001 + 0.001)
      if (latencyHolds(latencyMs, baseMs) && inFlight * 2 >= limit) limit = Math.min(mostLimit, limit + (limit < threshold ? 1 : 1 / limit))
    },
    cut(sentMs, nowMs) {
      if (sentMs < cutMs) return
      cutMs = nowMs
      limit = Math.max(1, limit / 2)
      threshold = Math.max(startLimit, limit)
    },
  }
}
