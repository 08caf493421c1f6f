import { z } from 'zod'
import {
  type Answer,
  type CommandInput,
  type CommandName,
  type CommandOutput,
  commands,
  type QueryInput,
  type QueryName,
  type QueryOutput,
  queries,
  type Request,
  type Topic,
  topicSchema,
} from './contract.ts'
import { AppError, fromPlainError } from './errors.ts'

/** A line to a core that carries text both ways, in order: a WebSocket, a MessagePort, or a pair in a test. */
export interface TextPort {
  send(text: string): void
  /** at most one listener each; what arrives before is kept by the transport or never sent by the other side */
  onMessage(listener: (text: string) => void): void
  onClose(listener: () => void): void
  close(): void
}

/** The core as a page sees it. Every call rejects with AppError only; `core.gone` when the line broke under it. */
export interface RpcClient {
  query<N extends QueryName>(name: N, input: QueryInput<N>, options?: { signal?: AbortSignal }): Promise<QueryOutput<N>>
  /** Without a key a fresh one is made; whoever repeats a call after `core.gone` gives the same key, so that it happens once. */
  command<N extends CommandName>(
    name: N,
    input: CommandInput<N>,
    options?: { signal?: AbortSignal; idempotencyKey?: string },
  ): Promise<CommandOutput<N>>
  /** Calls back with the topics that changed; returns the stop. */
  subscribe(listener: (topics: Topic[]) => void): () => void
  close(): void
}

const topicsSchema = z.array(topicSchema)

interface Pending {
  out: z.ZodType
  resolve: (value: unknown) => void
  reject: (error: AppError) => void
}

function goneError(): AppError {
  return new AppError('core.gone', 'Granary stopped or restarted while it was answering. What was saved is safe; try again.', {
    retryable: true,
  })
}

function stoppedError(): AppError {
  return new AppError('cancelled', 'Stopped on request.')
}

/** A random key for a command that is to happen once. */
export function newIdempotencyKey(): string {
  return crypto.randomUUID()
}

/** Speaks the wire of contract.ts over one port, until the port closes. */
export function createRpcClient(port: TextPort, options: { onClose?: () => void } = {}): RpcClient {
  const pending = new Map<number, Pending>()
  const listeners = new Set<(topics: Topic[]) => void>()
  let nextId = 1
  let open = true

  function shut(): void {
    if (!open) return
    open = false
    const dropped = [...pending.values()]
    pending.clear()
    for (const call of dropped) call.reject(goneError())
    options.onClose?.()
  }

  port.onMessage(text => {
    if (!open) return
    const answer = readAnswer(text)
    if (!answer) {
      // the other side does not speak the contract: nothing that it says later can be trusted either
      port.close()
      shut()
      return
    }
    if (answer.t === 'changed') {
      for (const listener of [...listeners]) listener(answer.topics)
      return
    }
    const call = pending.get(answer.id)
    if (!call) return // cancelled meanwhile
    pending.delete(answer.id)
    if (answer.t === 'error') {
      call.reject(fromPlainError(answer.error))
      return
    }
    const decoded = z.safeDecode(call.out, answer.value)
    if (decoded.success) call.resolve(decoded.data)
    else
      call.reject(new AppError('contract.invalid', `Granary answered in a form that this page does not know. ${firstIssue(decoded.error)}`))
  })
  port.onClose(shut)

  function call(out: z.ZodType, signal: AbortSignal | undefined, request: (id: number) => Request): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(stoppedError())
        return
      }
      if (!open) {
        reject(goneError())
        return
      }
      const id = nextId++
      const stop = (): void => {
        if (!pending.delete(id)) return
        if (open) port.send(JSON.stringify({ t: 'cancel', id } satisfies Request))
        reject(stoppedError())
      }
      const done =
        <T>(settle: (value: T) => void) =>
        (value: T): void => {
          signal?.removeEventListener('abort', stop)
          settle(value)
        }
      pending.set(id, { out, resolve: done(resolve), reject: done(reject) })
      signal?.addEventListener('abort', stop, { once: true })
      try {
        port.send(JSON.stringify(request(id)))
      } catch {
        port.close()
        shut()
      }
    })
  }

  return {
    query: <N extends QueryName>(name: N, input: QueryInput<N>, { signal }: { signal?: AbortSignal } = {}) =>
      call(queries[name].out, signal, id => ({ t: 'q', id, name, input })) as Promise<QueryOutput<N>>,
    command: <N extends CommandName>(
      name: N,
      input: CommandInput<N>,
      { signal, idempotencyKey }: { signal?: AbortSignal; idempotencyKey?: string } = {},
    ) =>
      call(commands[name].out, signal, id => ({ t: 'c', id, name, input, key: idempotencyKey ?? newIdempotencyKey() })) as Promise<
        CommandOutput<N>
      >,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close() {
      port.close()
      shut()
    },
  }
}

function readAnswer(text: string): Answer | undefined {
  let value: Partial<Record<string, unknown>> | null
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  if (value.t === 'changed') {
    const topics = topicsSchema.safeParse(value.topics)
    return topics.success ? { t: 'changed', topics: topics.data } : undefined
  }
  if (typeof value.id !== 'number') return undefined
  if (value.t === 'ok') return { t: 'ok', id: value.id, value: value.value }
  const error = value.error as Partial<Record<string, unknown>> | null | undefined
  if (value.t === 'error' && typeof error?.code === 'string' && typeof error.message === 'string') return value as unknown as Answer
  return undefined
}

/** The first thing that a check found, as `member: what is wrong`, short enough to show. */
export function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0]
  if (!issue) return ''
  const where = issue.path.length > 0 ? `${issue.path.map(String).join('.').slice(0, 100)}: ` : ''
  return `${where}${issue.message.slice(0, 200)}`
}

/** How a page's line to its core stands. `refused`: this page needs a new link, no retry will help. */
export type ConnectionStatus =
  | { state: 'connecting' }
  | { state: 'connected' }
  | { state: 'waiting'; retryInMs: number }
  | { state: 'refused'; message: string }
  | { state: 'closed' }

export interface ConnectOptions {
  /** Opens one line. Rejecting with an AppError that is not retryable ends the tries (status `refused`). */
  open: () => Promise<TextPort>
  onStatus?: (status: ConnectionStatus) => void
  /** waits between tries, in ms; the last one repeats */
  backOffMs?: readonly number[]
}

/** A client that comes back by itself, until closed or refused. After each new line all topics are announced: pages ask again. */
export interface Connection extends RpcClient {
  status(): ConnectionStatus
  /** tries now instead of after the wait */
  retry(): void
}

const defaultBackOffMs = [250, 500, 1000, 2000, 5000]

/**
 * Keeps a line to the core. Calls wait while a try is under way; during a wait between tries they reject with `core.gone`
 * at once, so that a page can say so instead of hanging.
 */
export function connect({ open, onStatus, backOffMs = defaultBackOffMs }: ConnectOptions): Connection {
  const listeners = new Set<(topics: Topic[]) => void>()
  let status: ConnectionStatus = { state: 'connecting' }
  let client: Promise<RpcClient> = Promise.reject(goneError())
  client.catch(() => {})
  let current: RpcClient | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let failures = 0
  let connectedBefore = false
  let ended = false

  function say(next: ConnectionStatus): void {
    status = next
    onStatus?.(next)
  }

  function wait(): void {
    const retryInMs = backOffMs[Math.min(failures, backOffMs.length - 1)] ?? 1000
    failures++
    timer = setTimeout(attempt, retryInMs)
    say({ state: 'waiting', retryInMs })
  }

  function attempt(): void {
    clearTimeout(timer)
    timer = undefined
    say({ state: 'connecting' })
    client = open().then(
      port => {
        if (ended) {
          port.close()
          throw goneError()
        }
        const fresh = createRpcClient(port, {
          onClose: () => {
            current = undefined
            client = Promise.reject(goneError())
            client.catch(() => {})
            if (!ended) wait()
          },
        })
        current = fresh
        failures = 0
        fresh.subscribe(topics => {
          for (const listener of [...listeners]) listener(topics)
        })
        say({ state: 'connected' })
        if (connectedBefore) for (const listener of [...listeners]) listener([...topicSchema.options])
        connectedBefore = true
        return fresh
      },
      (error: unknown) => {
        const known = error instanceof AppError ? error : goneError()
        if (!ended && known.retryable) wait()
        else if (!ended) say({ state: 'refused', message: known.message })
        throw known
      },
    )
    client.catch(() => {})
  }

  attempt()
  return {
    query: async (name, input, options) => (await client).query(name, input, options),
    command: async (name, input, options) => (await client).command(name, input, options),
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    status: () => status,
    retry() {
      if (timer !== undefined || status.state === 'refused') attempt()
    },
    close() {
      if (ended) return
      ended = true
      clearTimeout(timer)
      current?.close()
      say({ state: 'closed' })
    },
  }
}
