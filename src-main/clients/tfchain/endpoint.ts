import type { AppError } from '../../../src-shared/errors.ts'
import type { EndpointState } from '../../../src-shared/sync.ts'
import { createLimit } from './limit.ts'
import { type Connection, openConnection } from './provider.ts'
import { busyError, type Failure, lost, sortError } from './rpc-errors.ts'

export interface EndpointOptions {
  /** a request without answer for so long has failed */
  timeoutMs: number
  /** the first wait before it connects again; doubled up to a minute */
  backoffMs: number
  /** monotonic, milliseconds */
  nowMs: () => number
  random: () => number
  /** null if that genesis hash is the wanted one, else why not */
  judge: (url: string, genesis: unknown) => AppError | null
  /** its state changed, or it can take more */
  onChange: () => void
}

interface Pending {
  sentMs: number
  method: string
  block: number | undefined
  reject: (failure: Failure) => void
}

/** What can be listened to: the name of its notifications, and the methods that begin and end it. */
const subscriptions = {
  heads: { type: 'chain_finalizedHead', begin: 'chain_subscribeFinalizedHeads', end: 'chain_unsubscribeFinalizedHeads' },
  extrinsic: { type: 'author_extrinsicUpdate', begin: 'author_submitAndWatchExtrinsic', end: 'author_unwatchExtrinsic' },
} as const

const mostBackoffMs = 60_000
const mostPauseMs = 30_000
/** so many answers, and a connection counts as a good one */
const provenAnswers = 10
/** any item that every chain has (System.Number): what counts is whether the state of block 0 is there at all */
const probeKey = '0x26aa394eea5630e07c48ae0c9558cef702a5c1b19ab7a04f536c519aca4983ac'

/** One address of a chain node: connects, connects again, counts, and bounds what is under way. */
export class Endpoint {
  readonly url: string
  state: EndpointState['state'] = 'unused'
  /** what is wrong, in words; empty if nothing */
  detail = ''
  /** why it is never used; state `refused` */
  refusal: AppError | null = null
  lastAnswerMs = Number.NEGATIVE_INFINITY
  /** the state of this block and all before it is gone there; -1: nothing known to be gone */
  prunedTo = -1
  readonly #options: EndpointOptions
  readonly #limit = createLimit()
  readonly #pending = new Set<Pending>()
  readonly #ends = new Set<() => void>()
  readonly #closing = new Set<Promise<void>>()
  #connection: Connection | null = null
  #retry: NodeJS.Timeout | undefined
  #resume: NodeJS.Timeout | undefined
  #pausedUntilMs = Number.NEGATIVE_INFINITY
  #attempt = 0
  #busyInRow = 0
  #answers = 0
  #requests = 0
  #failures = 0
  #bytesBefore = 0
  #archive: boolean | null = null
  readonly #closed = new AbortController()

  constructor(url: string, options: EndpointOptions) {
    this.url = url
    this.#options = options
  }

  /** Connects, and compares the genesis. Never rejects: `state` and `detail` say what came of it; a failed one is tried again by itself. */
  async connect(): Promise<void> {
    if (this.#closed.signal.aborted || this.#connection || this.state === 'connecting') return
    this.#change('connecting', '')
    let own: Connection | null = null
    let genesis: unknown
    try {
      own = await openConnection(this.url, this.#options.timeoutMs, this.#closed.signal, reason => {
        if (own && own === this.#connection) this.lose(reason)
      })
      if (this.#closed.signal.aborted) return void this.#leave(own)
      this.#connection = own
      this.#answers = 0
      genesis = await this.request('chain_getBlockHash', [0])
      if (this.#connection !== own) return
      this.refusal = this.#options.judge(this.url, genesis)
    } catch (cause) {
      // a lost connection has said so already
      if (!own || own === this.#connection) this.lose(reasonOf(cause))
      return
    }
    if (this.refusal?.code === 'chain.network') {
      this.#drop(this.refusal.message)
      return this.#change('refused', this.refusal.message)
    }
    if (this.refusal) {
      const { message } = this.refusal
      this.refusal = null
      return this.lose(message)
    }
    this.#change('ready', '')
    if (this.#archive === null) void this.#probeArchive(genesis)
  }

  /** Whether it may get one more request now. */
  isFree(nowMs: number): boolean {
    return this.state === 'ready' && nowMs >= this.#pausedUntilMs && this.#pending.size < this.#limit.value()
  }

  /** One attempt. Rejects with a Failure, never with anything else. */
  request(method: string, params: readonly unknown[], block?: number): Promise<unknown> {
    const asked = { url: this.url, method, block }
    const connection = this.#connection
    if (!connection) return Promise.reject(lost(asked, 'is not connected'))
    const { nowMs } = this.#options
    this.#requests++
    return new Promise((resolve, reject) => {
      const pending: Pending = { sentMs: nowMs(), method, block, reject }
      this.#pending.add(pending)
      connection.send(method, params).then(
        value => {
          if (!this.#answered(pending, connection)) return
          this.#busyInRow = 0
          this.#limit.answered(pending.sentMs, nowMs(), this.#pending.size + 1)
          resolve(value)
        },
        (cause: unknown) => {
          if (!this.#answered(pending, connection)) return
          const failure = sortError(cause, asked)
          this.#take(failure, pending)
          reject(failure)
        },
      )
    })
  }

  /** Begins a subscription; `onEnd` is called when the connection goes. Resolves with the stop. Rejects with a Failure. */
  async subscribe(
    what: keyof typeof subscriptions,
    params: readonly unknown[],
    listener: (result: unknown) => void,
    onEnd: () => void,
  ): Promise<() => void> {
    const { type, begin, end } = subscriptions[what]
    const asked = { url: this.url, method: begin }
    const connection = this.#connection
    if (!connection) throw lost(asked, 'is not connected')
    this.#requests++
    let id: string | number
    try {
      id = await connection.subscribe(type, begin, params, result => {
        this.lastAnswerMs = this.#options.nowMs()
        listener(result)
      })
    } catch (cause) {
      throw this.#connection === connection ? sortError(cause, asked) : lost(asked, 'closed the connection')
    }
    if (this.#connection !== connection) throw lost(asked, 'closed the connection')
    this.#ends.add(onEnd)
    return () => {
      if (!this.#ends.delete(onEnd)) return
      // whether it hears that we are no longer interested doesn't matter: its notifications are dropped from now on
      connection.unsubscribe(type, end, id).catch(() => undefined)
    }
  }

  /** Looks for requests without answer. Call it a few times per time-out. */
  tick(): void {
    const { nowMs, timeoutMs } = this.#options
    const now = nowMs()
    for (const pending of this.#pending) {
      if (now - pending.sentMs < timeoutMs) return
      const seconds = `${timeoutMs / 1000} s`
      if (this.lastAnswerMs < pending.sentMs) {
        this.lose(`has not answered anything for ${seconds}`)
        return
      }
      this.#pending.delete(pending)
      this.#failures++
      this.#limit.cut(pending.sentMs, now)
      const asked = { url: this.url, method: pending.method, block: pending.block }
      pending.reject({ kind: 'slow', error: busyError(asked, `has not answered ${pending.method} within ${seconds}`) })
    }
  }

  /** Gives the connection up; everything under way fails as `lost`, and after a while it connects again. */
  lose(reason: string): void {
    if (this.#closed.signal.aborted || this.state === 'refused') return
    const now = this.#options.nowMs()
    this.#failures++
    if (this.#pending.size > 0) this.#limit.cut(now, now)
    this.#drop(reason)
    const waitMs = Math.min(this.#options.backoffMs * 2 ** this.#attempt, mostBackoffMs) * (0.5 + this.#options.random() / 2)
    this.#attempt = Math.min(this.#attempt + 1, 20)
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => void this.connect(), waitMs)
    this.#change('failing', reason)
  }

  /** This block's state is not there any more. */
  markPruned(block: number): void {
    this.#archive = false
    this.prunedTo = Math.max(this.prunedTo, block)
  }

  snapshot(): EndpointState {
    return {
      url: this.url,
      state: this.state,
      latencyMs: this.#limit.latencyMs(),
      limit: this.#limit.value(),
      requests: this.#requests,
      bytes: this.#bytesBefore + (this.#connection?.bytes() ?? 0),
      failures: this.#failures,
      archive: this.#archive,
      detail: this.detail,
    }
  }

  /** Ends everything; resolves when no socket and no timer is left. */
  async close(): Promise<void> {
    this.#closed.abort()
    clearTimeout(this.#retry)
    clearTimeout(this.#resume)
    this.#drop('was closed')
    this.state = this.state === 'refused' ? 'refused' : 'unused'
    await Promise.all(this.#closing)
  }

  #answered(pending: Pending, connection: Connection): boolean {
    if (connection !== this.#connection) return false
    // also one that comes after its time-out shows that somebody is there
    this.lastAnswerMs = this.#options.nowMs()
    if (++this.#answers === provenAnswers) this.#attempt = 0
    return this.#pending.delete(pending)
  }

  #take({ kind, error }: Failure, { sentMs, block }: Pending): void {
    // what the endpoint says of our question is no failure of the endpoint
    if (kind === 'too-big' || kind === 'final') return
    if (kind === 'discarded') this.markPruned(block ?? -1)
    else this.#failures++
    if (kind !== 'busy') return
    const now = this.#options.nowMs()
    this.#limit.cut(sentMs, now)
    if (now < this.#pausedUntilMs) return
    const waitMs = Math.min(250 * 2 ** this.#busyInRow++, mostPauseMs)
    this.#pausedUntilMs = now + waitMs
    this.detail = error.message
    clearTimeout(this.#resume)
    this.#resume = setTimeout(() => {
      if (this.state === 'ready') this.#change('ready', '')
    }, waitMs + 1)
  }

  /** Ends the connection and what is under way on it. */
  #drop(reason: string): void {
    const connection = this.#connection
    this.#connection = null
    if (connection) {
      this.#bytesBefore += connection.bytes()
      this.#leave(connection)
    }
    const ended = [...this.#pending]
    this.#pending.clear()
    for (const { method, block, reject } of ended) reject(lost({ url: this.url, method, block }, reason))
    const ends = [...this.#ends]
    this.#ends.clear()
    for (const end of ends) end()
  }

  #leave(connection: Connection): void {
    const closing = connection.close().finally(() => this.#closing.delete(closing))
    this.#closing.add(closing)
  }

  #change(state: EndpointState['state'], detail: string): void {
    if (this.#closed.signal.aborted) return
    this.state = state
    this.detail = detail
    this.#options.onChange()
  }

  /** Whether it keeps old state: the state of block 0 is thrown away first of all. */
  async #probeArchive(genesis: unknown): Promise<void> {
    try {
      await this.request('state_getStorage', [probeKey, genesis], 0)
      this.#archive = true
    } catch {
      // `discarded` was noted where it came; after any other failure it stays unknown, and the next connection asks again
    }
    this.#options.onChange()
  }
}

function reasonOf(cause: unknown): string {
  if (cause instanceof Error) return cause.message
  return (cause as Failure).error.message
}
