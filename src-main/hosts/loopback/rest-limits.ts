/** Requests that may be made: so many at once, and as many again each minute. */
export interface Allowance {
  /** takes one request; gives 0, or the whole seconds until there is one again */
  take(perMinute: number): number
}

const MINUTE_MS = 60_000

/** @param now milliseconds that never run backwards */
export function createAllowance(now: () => number): Allowance {
  /** in parts of a request: each millisecond brings `perMinute` of them, a request takes as many as a minute has milliseconds; so they add up */
  let parts = Number.POSITIVE_INFINITY
  let lastMs = now()
  return {
    take(perMinute) {
      const nowMs = now()
      parts = Math.min(perMinute * MINUTE_MS, parts + (nowMs - lastMs) * perMinute)
      lastMs = nowMs
      if (parts < MINUTE_MS) return Math.ceil((MINUTE_MS - parts) / perMinute / 1000)
      parts -= MINUTE_MS
      return 0
    },
  }
}

/** An allowance for each name. Names come from a list that ends (tokens that were made), so that none is ever dropped. */
export function createAllowances(now: () => number): { take(name: string, perMinute: number): number } {
  const allowances = new Map<string, Allowance>()
  return {
    take(name, perMinute) {
      let allowance = allowances.get(name)
      if (!allowance) {
        allowance = createAllowance(now)
        allowances.set(name, allowance)
      }
      return allowance.take(perMinute)
    },
  }
}
