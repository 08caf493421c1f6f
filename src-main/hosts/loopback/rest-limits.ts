/** Requests that may be made: so many at once, and as many again each minute. */
export interface Allowance {
  /** takes one request; gives 0, or the whole seconds until there is one again */
  take(perMinute: number): number
}

/** @param now milliseconds that never run backwards */
export function createAllowance(now: () => number): Allowance {
  let left = Number.POSITIVE_INFINITY
  let lastMs = now()
  return {
    take(perMinute) {
      const nowMs = now()
      left = Math.min(perMinute, left + ((nowMs - lastMs) / 60_000) * perMinute)
      lastMs = nowMs
      if (left < 1) return Math.ceil(((1 - left) / perMinute) * 60)
      left -= 1
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
