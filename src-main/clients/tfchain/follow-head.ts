import type { Endpoint } from './endpoint.ts'
import { headerNumber, isHeader } from './header.ts'
import type { Chain, RawHeader } from './types.ts'

export interface FollowOptions {
  /** endpoints that answer now, the preferred one first */
  ready: () => Endpoint[]
  call: Chain['call']
  nowMs: () => number
  /** without a new head for so long: asks for it, and listens at another endpoint */
  silentMs: number
  /** with nothing connected for so long: says so */
  graceMs: number
}

export interface Follower {
  /** To be called now and then, and whenever an endpoint's state changes. */
  check(): void
  stop(): void
}

/** Follows the finalized head at one endpoint after the other; the heads that it tells of only rise. */
export function createFollower(options: FollowOptions, listener: (head: RawHeader | null) => void): Follower {
  const { ready, call, nowMs, silentMs, graceMs } = options
  const stopped = new AbortController()
  let current: { endpoint: Endpoint; stop: (() => void) | null } | null = null
  let highest = -1
  let heardMs = nowMs()
  let aloneSinceMs: number | null = null
  let hasSaidAlone = false
  let isPolling = false

  function take(value: unknown): void {
    if (stopped.signal.aborted || !isHeader(value)) return
    const number = headerNumber(value)
    // the same head again after a time offline says that somebody is there; a lower one is of an endpoint that is behind
    if (number < highest || (number === highest && !hasSaidAlone)) return
    heardMs = nowMs()
    hasSaidAlone = false
    highest = number
    listener(value)
  }

  async function listen(endpoint: Endpoint): Promise<void> {
    const mine: NonNullable<typeof current> = { endpoint, stop: null }
    current = mine
    try {
      mine.stop = await endpoint.subscribe('heads', [], take, () => {
        if (current === mine) current = null
      })
      if (stopped.signal.aborted || current !== mine) mine.stop()
    } catch {
      // it has no subscriptions, or is gone: asked for its head until it is silent for too long, then another is tried
      if (current === mine && endpoint.state === 'ready') void poll()
    }
  }

  async function poll(): Promise<void> {
    if (isPolling) return
    isPolling = true
    try {
      const signal = stopped.signal
      const hash = await call<string | null>('chain_getFinalizedHead', [], { priority: 'head', signal })
      take(await call('chain_getHeader', [hash], { priority: 'head', signal }))
    } catch {
      // that nobody answers is seen in the endpoints' states, and asked again
    } finally {
      isPolling = false
    }
  }

  function check(): void {
    if (stopped.signal.aborted) return
    const now = nowMs()
    const there = ready()
    if (there.length === 0) {
      current = null
      aloneSinceMs ??= now
      if (!hasSaidAlone && now - aloneSinceMs >= graceMs) {
        hasSaidAlone = true
        listener(null)
      }
      return
    }
    aloneSinceMs = null
    if (current && !there.includes(current.endpoint)) current = null
    if (!current) {
      heardMs = now
      void listen(there[0]!)
    } else if (now - heardMs >= silentMs) {
      heardMs = now
      void poll()
      const next = there[(there.indexOf(current.endpoint) + 1) % there.length]!
      if (next !== current.endpoint || !current.stop) {
        current.stop?.()
        void listen(next)
      }
    }
  }

  check()
  return {
    check,
    stop() {
      stopped.abort()
      current?.stop?.()
      current = null
    },
  }
}
