import { z } from 'zod'
import {
  type Actor,
  type Answer,
  type Core,
  commands,
  queries,
  type Request,
  requestSchema,
  type Topic,
} from '../../../src-shared/contract.ts'
import { AppError, toAppError, toPlainError } from '../../../src-shared/errors.ts'
import { firstIssue, type TextPort } from '../../../src-shared/rpc-client.ts'

export interface RpcLimits {
  /** requests that one connection may have unanswered */
  inFlight: number
  /** characters of one frame; a part of an upload has some 700,000 */
  frameChars: number
  /** least time between two notices of changed topics */
  topicsEveryMs: number
}

export const defaultRpcLimits: RpcLimits = { inFlight: 64, frameChars: 1_048_576, topicsEveryMs: 100 }

export interface RpcOptions {
  limits?: Partial<RpcLimits>
  /** told of errors that nobody expected, whose words stay off the wire; for the host's log */
  onInternalError?: (error: unknown) => void
}

/** One connection to the core. */
export interface RpcConnection {
  /** requests that are not answered yet */
  inFlight(): number
  close(): void
}

const textOfUnexpected =
  'Something went wrong inside Granary that should not. Your data is as it was before. Try again; if it stays, the details stand in Settings, Logs and crash reports.'

/**
 * Serves the contract to one page until its port closes. Each request is checked, each answer too; whatever a peer sends,
 * this neither throws nor keeps anything. A frame that cannot be answered (no JSON, no id, an id twice) closes the line.
 * When the line closes, queries are aborted; a command that has begun goes on, for its caller may ask again with its key.
 */
export function serveConnection(core: Core, actor: Actor, port: TextPort, options: RpcOptions = {}): RpcConnection {
  const limits = { ...defaultRpcLimits, ...options.limits }
  const running = new Map<number, { abort: AbortController; command: boolean }>()
  const changed = new Set<Topic>()
  let topicTimer: ReturnType<typeof setTimeout> | undefined
  let open = true

  const unsubscribe = core.subscribe(topics => {
    for (const topic of topics) changed.add(topic)
    if (topicTimer === undefined) tellTopics()
  })

  function tellTopics(): void {
    topicTimer = undefined
    if (!open || changed.size === 0) return
    send({ t: 'changed', topics: [...changed] })
    changed.clear()
    topicTimer = setTimeout(tellTopics, limits.topicsEveryMs)
  }

  function send(answer: Answer): void {
    if (!open) return
    try {
      port.send(JSON.stringify(answer))
    } catch (error) {
      options.onInternalError?.(error)
      close()
    }
  }

  function fail(id: number, error: AppError): void {
    send({ t: 'error', id, error: toPlainError(error) })
  }

  function close(): void {
    if (!open) return
    open = false
    clearTimeout(topicTimer)
    unsubscribe()
    for (const { abort, command } of running.values()) if (!command) abort.abort()
    running.clear()
    port.close()
  }

  function receive(text: string): void {
    if (!open) return
    const frame = text.length <= limits.frameChars ? readFrame(text) : undefined
    if (!frame || ('request' in frame && frame.request.t !== 'cancel' && running.has(frame.request.id))) {
      close()
      return
    }
    if ('problem' in frame) {
      fail(frame.id, new AppError('contract.invalid', `This is not a request of the contract. ${frame.problem}`))
      return
    }
    const { request } = frame
    if (request.t === 'cancel') {
      running.get(request.id)?.abort.abort()
      return
    }
    if (running.size >= limits.inFlight) {
      const message = `More than ${limits.inFlight} requests at once. Wait for answers and ask again.`
      fail(request.id, new AppError('usage', message, { retryable: true }))
      return
    }
    const abort = new AbortController()
    running.set(request.id, { abort, command: request.t === 'c' })
    answer(core, actor, request, abort.signal)
      .then(
        value => send({ t: 'ok', id: request.id, value }),
        error => {
          const known = forTheWire(error)
          if (known !== error) options.onInternalError?.(error)
          fail(request.id, known)
        },
      )
      .finally(() => running.delete(request.id))
  }

  port.onMessage(receive)
  port.onClose(close)
  return { inFlight: () => running.size, close }
}

type Frame = { request: Request } | { id: number; problem: string }

function readFrame(text: string): Frame | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const request = requestSchema.safeParse(value)
  if (request.success) return { request: request.data }
  const id = (value as { id?: unknown } | null)?.id
  return Number.isSafeInteger(id) ? { id: id as number, problem: firstIssue(request.error) } : undefined
}

async function answer(core: Core, actor: Actor, request: Exclude<Request, { t: 'cancel' }>, signal: AbortSignal): Promise<unknown> {
  const { name } = request
  if (request.t === 'q') {
    if (!isNameOf(queries, name)) throw unknownName('query', name)
    const input = checked(name, queries[name].in, request.input)
    return encodeOutput(name, queries[name].out, await core.query(name, input as never, { signal, actor }))
  }
  if (!isNameOf(commands, name)) throw unknownName('command', name)
  const input = checked(name, commands[name].in, request.input)
  const value = await core.command(name, input as never, { actor, idempotencyKey: request.key, signal })
  return encodeOutput(name, commands[name].out, value)
}

function isNameOf<T extends object>(table: T, name: string): name is Extract<keyof T, string> {
  return Object.hasOwn(table, name)
}

function unknownName(kind: string, name: string): AppError {
  return new AppError('contract.invalid', `There is no ${kind} "${name}". This page may be older than Granary: reload it.`)
}

/** The input with its defaults and without what the contract doesn't know, in wire form (an amount as its digits), as the core takes it. */
function checked(name: string, schema: z.ZodType, input: unknown): unknown {
  const result = z.safeDecode(schema, input)
  if (result.success) return z.encode(schema, result.data)
  throw new AppError('contract.invalid', `${name} was asked with something that it does not take. ${firstIssue(result.error)}`, {
    details: { name, member: result.error.issues[0]?.path.map(String).join('.') ?? '' },
  })
}

/** An answer as it goes out. Throws AppError contract.invalid for one that the contract does not have. */
export function encodeOutput(name: string, schema: z.ZodType, value: unknown): unknown {
  const result = z.safeEncode(schema, value)
  if (result.success) return result.data
  throw new AppError('contract.invalid', `The answer to ${name} breaks the contract. ${firstIssue(result.error)}`, { details: { name } })
}

/** Errors that the program meant go out as they are; of the others only the kind, for their words may name internals. */
export function forTheWire(error: unknown): AppError {
  const known = toAppError(error)
  return known !== error && known.code === 'internal' ? new AppError('internal', textOfUnexpected, { cause: error }) : known
}
