import { AppError } from '../../../src-shared/errors.ts'
import { endpointSchema } from '../../../src-shared/sync.ts'
import { Endpoint } from './endpoint.ts'
import { createFollower, type Follower } from './follow-head.ts'
import { isHash } from './header.ts'
import { answerError, busyError, type Failure } from './rpc-errors.ts'
import { cancelledError, createScheduler, troubles } from './scheduler.ts'
import type { Chain, Hex } from './types.ts'

export interface OpenChainOptions {
  /** wss, or ws on this machine; the preferred one first */
  endpoints: string[]
  /** hash of block 0, or its beginning; '' or absent: what the first endpoint that answers says */
  genesis?: string
  /** stops the opening; an open chain is ended by `close` */
  signal?: AbortSignal
  onStates?: (states: ReturnType<Chain['states']>) => void
  /** a request without answer for so long has failed; default 20 s */
  timeoutMs?: number
  /** a call fails with chain.offline when nobody has answered for so long; default 60 s */
  giveUpMs?: number
  /** without a new finalized head for so long another endpoint is listened to; default 60 s */
  silentMs?: number
  /** the first wait before a lost connection is opened again, doubled up to a minute; default 0.1 s */
  backoffMs?: number
  /** a monotonic clock, milliseconds: the wall clock may be set at any time */
  nowMs?: () => number
  random?: () => number
}

/**
 * Connects to a network's endpoints and resolves as soon as one of them answers and has the wanted genesis. Rejects with AppError
 * `usage` (an address that must not be used), `chain.network` (all are of another network), `chain.offline` (none can be
 * reached; retryable), `cancelled`. `close` leaves no timer and no socket.
 */
export async function openChain(options: OpenChainOptions): Promise<Chain> {
  const { timeoutMs = 20_000, giveUpMs = 60_000, silentMs = 60_000, backoffMs = 100, onStates, signal } = options
  const nowMs = options.nowMs ?? (() => performance.now())
  const urls = [...new Set(options.endpoints)]
  for (const url of urls)
    if (!endpointSchema.safeParse(url).success)
      throw new AppError('usage', `${url} can't be an endpoint: give wss://HOST, or ws:// on this machine.`, { details: { url } })
  if (urls.length === 0) throw new AppError('usage', 'No endpoint is set for this network. Add one in the settings.')
  if (signal?.aborted) throw cancelledError()

  let genesis: Hex | null = null
  let isClosed = false
  const followers = new Set<Follower>()
  let onChange = (): void => undefined
  const endpoints = urls.map(
    url => new Endpoint(url, { timeoutMs, backoffMs, nowMs, random: options.random ?? Math.random, judge, onChange: () => onChange() }),
  )
  const scheduler = createScheduler({ endpoints, giveUpMs, timeoutMs, nowMs })
  const ready = () => endpoints.filter(({ state }) => state === 'ready')
  const states = () => endpoints.map(endpoint => endpoint.snapshot())

  function judge(url: string, answer: unknown): AppError | null {
    if (!isHash(answer)) return answerError({ url, method: 'chain_getBlockHash', block: 0 }, 'gave no hash for block 0')
    const wanted = genesis ?? options.genesis ?? ''
    if (!answer.startsWith(wanted))
      return new AppError(
        'chain.network',
        `${url} is of another network: its block 0 is ${answer}, wanted is ${wanted}${wanted.length < 66 ? '…' : ''}. Remove it from this network's endpoints.`,
        { details: { url, genesis: answer, wanted } },
      )
    genesis ??= answer
    return null
  }

  let statesMs = Number.NEGATIVE_INFINITY
  onChange = () => {
    scheduler.pump()
    for (const follower of followers) follower.check()
    statesMs = nowMs()
    onStates?.(states())
  }
  const ticker = setInterval(
    () => {
      for (const endpoint of endpoints) endpoint.tick()
      scheduler.tick()
      scheduler.pump()
      for (const follower of followers) follower.check()
      if (nowMs() - statesMs >= 1000) {
        statesMs = nowMs()
        onStates?.(states())
      }
    },
    Math.max(10, Math.min(1000, timeoutMs / 4, giveUpMs / 4, silentMs / 4)),
  )

  const submitAndWatch: Chain['submitAndWatch'] = async (extrinsic, onStatus, onEnd) => {
    const endpoint = ready()[0]
    if (isClosed || !endpoint) throw unreachable(endpoints)
    const { url } = endpoint
    const asked = { url, method: 'author_submitAndWatchExtrinsic' }
    let timer: NodeJS.Timeout | undefined
    try {
      const begun = endpoint.subscribe('extrinsic', [extrinsic], onStatus, onEnd)
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(busyError(asked, `has not answered within ${timeoutMs / 1000} s`)), timeoutMs)
      })
      // an answer that comes too late is not listened to any more
      begun.then(stop => late.catch(stop)).catch(() => undefined)
      return { url, stop: await Promise.race([begun, late]) }
    } catch (failure) {
      throw failure instanceof AppError ? failure : (failure as Failure).error
    } finally {
      clearTimeout(timer)
    }
  }

  async function close(): Promise<void> {
    isClosed = true
    clearInterval(ticker)
    for (const follower of followers) follower.stop()
    followers.clear()
    scheduler.close()
    await Promise.all(endpoints.map(endpoint => endpoint.close()))
  }

  try {
    await reachOne(endpoints, Boolean(options.genesis), signal)
    const pinned: Hex | null = genesis
    if (pinned === null) throw unreachable(endpoints)
    return {
      genesis: pinned,
      call: scheduler.call,
      followFinalized(listener) {
        if (isClosed) return () => undefined
        const follower = createFollower({ ready, call: scheduler.call, nowMs, silentMs, graceMs: Math.min(2000, giveUpMs) }, listener)
        followers.add(follower)
        return () => {
          followers.delete(follower)
          follower.stop()
        }
      },
      submitAndWatch,
      ready: () => ready().map(({ url }) => url),
      states,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Resolves when one endpoint is ready or all were tried. Where the genesis is not known the order of the endpoints decides whose is taken. */
async function reachOne(endpoints: Endpoint[], isKnown: boolean, signal: AbortSignal | undefined): Promise<void> {
  const isReady = () => endpoints.some(({ state }) => state === 'ready')
  const attempt = async () => {
    let rest = endpoints
    if (!isKnown)
      while (rest.length > 0 && !isReady()) {
        await rest[0]!.connect()
        rest = rest.slice(1)
      }
    // the others come when they come: one is enough to begin
    const attempts = rest.map(endpoint => endpoint.connect())
    if (isReady()) return
    await Promise.race([
      Promise.all(attempts),
      ...attempts.map(each => each.then(() => (isReady() ? undefined : new Promise(() => undefined)))),
    ])
  }
  if (!signal) return attempt()
  let onAbort = (): void => undefined
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(cancelledError())
    signal.addEventListener('abort', onAbort)
  })
  try {
    await Promise.race([attempt(), aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function unreachable(endpoints: Endpoint[]): AppError {
  const refusal = endpoints[0]!.refusal
  if (refusal && endpoints.every(endpoint => endpoint.refusal)) return refusal
  return new AppError(
    'chain.offline',
    `No endpoint of this network can be used: ${troubles(endpoints)}. Check the connection to the internet, or add an endpoint.`,
    { retryable: true, details: { url: endpoints[0]!.url } },
  )
}
