import { AppError } from '../../../src-shared/errors.ts'
import type { Endpoint } from './endpoint.ts'
import { answerError, discardedError, type Failure } from './rpc-errors.ts'
import type { CallOptions, Chain } from './types.ts'

export interface AskOptions extends CallOptions {
  /** called with the url that answered, before the call resolves */
  answeredBy?: (url: string) => void
}

interface Request {
  method: string
  params: readonly unknown[]
  options: AskOptions
  sinceMs: number
  /** that failed it for the moment: others go first */
  tried: Set<Endpoint>
  /** that will not answer it */
  excluded: Set<Endpoint>
  strikes: number
  failure: AppError | null
  isDone: boolean
  resolve: (value: unknown) => void
  reject: (error: AppError) => void
}

export interface Scheduler {
  call: Chain['call']
  /** Hands out what waits; to be called whenever an endpoint can take more. */
  pump(): void
  /** Gives up what nobody has answered for too long. To be called a few times per `giveUpMs`. */
  tick(): void
  close(): void
}

export interface SchedulerOptions {
  /** the preferred one first */
  endpoints: readonly Endpoint[]
  giveUpMs: number
  /** a call for one endpoint only waits no longer than that for it to come back */
  timeoutMs: number
  nowMs: () => number
}

/** A connection lost or a refusal counts 1, a time-out or an answer that is none 5: with this sum a call has failed, so that one bad question doesn't go round for ever. */
const mostStrikes = 20
const strikesOfWaste = 5

/** What a node that is well always answers: null is a slip, and another endpoint, or the same once more, is asked. */
const neverNull = new Set([
  'state_queryStorageAt',
  'state_getKeysPaged',
  'state_getMetadata',
  'state_getRuntimeVersion',
  'chain_getFinalizedHead',
])

/** Distributes calls: `head` before what was failed once before `bulk`, to the first endpoint in order that can take it. */
export function createScheduler({ endpoints, giveUpMs, timeoutMs, nowMs }: SchedulerOptions): Scheduler {
  const head = new Set<Request>()
  const again = new Set<Request>()
  const bulk = new Set<Request>()
  const bySignal = new Map<AbortSignal, { requests: Set<Request>; onAbort: () => void }>()
  let isClosed = false

  const call: Chain['call'] = <T>(method: string, params: readonly unknown[], options: AskOptions = {}): Promise<T> =>
    new Promise<unknown>((resolve, reject) => {
      if (isClosed) return reject(closedError())
      if (options.signal?.aborted) return reject(cancelledError())
      if (params.length > 0 && (params.at(-1) ?? null) === null)
        return reject(
          new AppError(
            'chain.answer',
            `${method} was to be asked for "null", for which a node answers with its latest block. An endpoint gave no hash for a block.`,
            {
              details: { method },
            },
          ),
        )
      const request: Request = {
        method,
        params,
        options,
        sinceMs: nowMs(),
        tried: new Set(),
        excluded: new Set(),
        strikes: 0,
        failure: null,
        isDone: false,
        resolve,
        reject,
      }
      watch(request)
      enqueue(request, bulk)
      pump()
    }) as Promise<T>

  function enqueue(request: Request, queue: Set<Request>): void {
    if (!endpoints.some(endpoint => isAble(endpoint, request))) finish(request, null, request.failure ?? unableError(request))
    else if (request.options.priority === 'head') head.add(request)
    else queue.add(request)
  }

  /** Whether that endpoint may ever answer it. */
  function isAble(endpoint: Endpoint, { options: { endpoint: only, block }, excluded }: Request): boolean {
    return (
      endpoint.state !== 'refused' &&
      (only === undefined || endpoint.url === only) &&
      (block === undefined || block > endpoint.prunedTo) &&
      !excluded.has(endpoint)
    )
  }

  /** Who gets it now; one that failed it already only where no other is connected. */
  function endpointFor(request: Request, now: number): Endpoint | null {
    let second: Endpoint | null = null
    let isOtherReady = false
    for (const endpoint of endpoints) {
      if (endpoint.state !== 'ready' || !isAble(endpoint, request)) continue
      if (request.tried.has(endpoint)) {
        if (endpoint.isFree(now)) second ??= endpoint
        continue
      }
      if (endpoint.isFree(now)) return endpoint
      isOtherReady = true
    }
    return isOtherReady ? null : second
  }

  function pump(): void {
    const now = nowMs()
    for (const queue of [head, again, bulk])
      for (const request of queue) {
        if (!endpoints.some(endpoint => endpoint.isFree(now))) return
        const endpoint = endpointFor(request, now)
        if (!endpoint) continue
        queue.delete(request)
        send(endpoint, request)
      }
  }

  function send(endpoint: Endpoint, request: Request): void {
    endpoint.request(request.method, request.params, request.options.block).then(
      value => {
        if (value === null && neverNull.has(request.method)) {
          const asked = { url: endpoint.url, method: request.method, block: request.options.block }
          takeFailure(endpoint, request, { kind: 'odd', error: answerError(asked, 'answered with nothing') })
          pump()
          return
        }
        if (!request.isDone) request.options.answeredBy?.(endpoint.url)
        finish(request, value, null)
        pump()
      },
      (failure: Failure) => {
        takeFailure(endpoint, request, failure)
        pump()
      },
    )
  }

  function takeFailure(endpoint: Endpoint, request: Request, { kind, error }: Failure): void {
    if (request.isDone) return
    request.failure = error
    if (kind === 'too-big' || kind === 'final') {
      finish(request, null, error)
      return
    }
    if (kind === 'discarded' || kind === 'elsewhere') request.excluded.add(endpoint)
    else {
      request.tried.add(endpoint)
      request.strikes += kind === 'slow' || kind === 'odd' ? strikesOfWaste : 1
    }
    if (request.strikes >= mostStrikes) finish(request, null, worn(request))
    else enqueue(request, again)
  }

  function tick(): void {
    const now = nowMs()
    for (const queue of [head, again, bulk])
      for (const request of queue) {
        const able = endpoints.filter(endpoint => isAble(endpoint, request))
        if (able.length === 0) {
          finish(request, null, request.failure ?? unableError(request))
          continue
        }
        const lastMs = Math.max(request.sinceMs, ...able.map(endpoint => endpoint.lastAnswerMs))
        const patienceMs = request.options.endpoint === undefined ? giveUpMs : Math.min(giveUpMs, timeoutMs)
        if (now - lastMs < patienceMs) continue
        const hasBeenRefused = request.failure?.code === 'chain.not-archive'
        finish(request, null, hasBeenRefused ? request.failure : offlineError(able, patienceMs))
      }
  }

  /** No endpoint can ever answer it. */
  function unableError({ method, options: { endpoint: only, block } }: Request): AppError {
    const asked = endpoints.filter(({ url }) => only === undefined || url === only)
    const pruned = block === undefined ? undefined : asked.find(endpoint => endpoint.prunedTo >= block)
    if (pruned) return discardedError({ url: pruned.url, method, block })
    const refusal = asked.find(endpoint => endpoint.refusal)?.refusal
    if (refusal) return refusal
    return answerError({ url: only ?? '', method, block }, 'is none of the endpoints that are set')
  }

  function finish(request: Request, value: unknown, error: AppError | null): void {
    if (request.isDone) return
    request.isDone = true
    for (const queue of [head, again, bulk]) queue.delete(request)
    unwatch(request)
    if (error) request.reject(error)
    else request.resolve(value)
  }

  /** One listener per signal, however many calls hang on it. */
  function watch(request: Request): void {
    const { signal } = request.options
    if (!signal) return
    let watched = bySignal.get(signal)
    if (!watched) {
      const requests = new Set<Request>()
      const onAbort = () => {
        for (const each of [...requests]) finish(each, null, cancelledError())
      }
      watched = { requests, onAbort }
      bySignal.set(signal, watched)
      signal.addEventListener('abort', onAbort)
    }
    watched.requests.add(request)
  }

  function unwatch(request: Request): void {
    const { signal } = request.options
    if (!signal) return
    const watched = bySignal.get(signal)
    if (!watched?.requests.delete(request) || watched.requests.size > 0) return
    bySignal.delete(signal)
    signal.removeEventListener('abort', watched.onAbort)
  }

  function close(): void {
    isClosed = true
    for (const queue of [head, again, bulk]) for (const request of queue) finish(request, null, closedError())
  }

  return { call, pump, tick, close }
}

/** What is wrong with whom, for a message: `wss://a (closed the connection), wss://b (…)`. */
export function troubles(endpoints: readonly Endpoint[]): string {
  return endpoints.map(({ url, detail, state }) => `${url} (${detail || state})`).join(', ')
}

export function cancelledError(): AppError {
  return new AppError('cancelled', 'Stopped on request.')
}

function closedError(): AppError {
  return new AppError('cancelled', 'The connection to the chain was closed.')
}

function worn({ method, failure, strikes }: Request): AppError {
  if (failure?.code === 'chain.answer') return failure
  const last = failure ? ` Last: ${failure.message}` : ''
  return new AppError('chain.busy', `${method} failed again and again.${last}`, {
    retryable: true,
    details: { method, strikes },
  })
}

function offlineError(endpoints: readonly Endpoint[], quietMs: number): AppError {
  return new AppError(
    'chain.offline',
    `No endpoint has answered for ${quietMs / 1000} s: ${troubles(endpoints)}. Check the connection to the internet, or add an endpoint.`,
    { retryable: true, details: { url: endpoints[0]?.url ?? '' } },
  )
}
