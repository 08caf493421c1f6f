/** Least time between two computations of a period that changes all the time, and how many times as long as one took. */
const LEAST_PAUSE_MS = 3_000
const PAUSE_FACTOR = 10

export interface Refresher {
  /** this period should be computed again soon; many calls make one computation */
  want(period: number): void
  close(): void
}

/**
 * Computes periods again as the sync brings more of them: one at a time, the first at once, and then so rarely that it takes a small
 * part of the machine. `compute` says itself what went wrong with it.
 */
export function createRefresher(compute: (period: number) => Promise<void>): Refresher {
  const wanted = new Set<number>()
  let timer: ReturnType<typeof setTimeout> | null = null
  let busy = false
  let closed = false
  let nextMs = Number.NEGATIVE_INFINITY

  function plan(): void {
    if (busy || closed || timer !== null || wanted.size === 0) return
    timer = setTimeout(
      () => {
        timer = null
        // the newest is what a page shows first
        const period = Math.max(...wanted)
        wanted.delete(period)
        busy = true
        const startedMs = performance.now()
        compute(period).finally(() => {
          busy = false
          const tookMs = performance.now() - startedMs
          nextMs = performance.now() + Math.max(LEAST_PAUSE_MS, tookMs * PAUSE_FACTOR)
          plan()
        })
      },
      Math.max(0, nextMs - performance.now()),
    )
  }

  return {
    want(period) {
      wanted.add(period)
      plan()
    },
    close() {
      closed = true
      if (timer !== null) clearTimeout(timer)
    },
  }
}
