import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { AppError, toAppError } from '../../../src-shared/errors.ts'
import { createShare, NODE_ANSWER_LIMIT } from './faults.ts'
import { createRpcMethods, type RpcMethod, type RpcSource, type Subscriber } from './rpc.ts'

export interface RpcServer {
  readonly url: string
  readonly port: number
  /** requests answered or not, of all connections */
  requests(): number
  close(): Promise<void>
}

/** The largest message that is taken, as a node's. */
const MOST_REQUEST_BYTES = 15 * 1024 * 1024

/**
 * Serves a chain's JSON-RPC over WebSocket on 127.0.0.1. `port` 0 lets the system choose.
 * @throws AppError io.* where the port is taken or not allowed
 */
export async function serveRpc(source: RpcSource, port: number): Promise<RpcServer> {
  const methods = createRpcMethods(source)
  const server = new WebSocketServer({ host: '127.0.0.1', port, perMessageDeflate: false, maxPayload: MOST_REQUEST_BYTES })
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve)
    server.once('error', error => reject(listenError(error, port)))
  })
  const shares = { slow: createShare(), stall: createShare(), nothing: createShare() }
  let requests = 0
  server.on('connection', socket => {
    const onRequest = serveConnection(socket, source, methods, shares)
    socket.on('message', data => {
      requests += onRequest(data.toString())
    })
    // A client that is gone needs no answer; the socket closes itself.
    socket.on('error', () => undefined)
  })
  const address = server.address() as AddressInfo
  return {
    url: `ws://127.0.0.1:${address.port}`,
    port: address.port,
    requests: () => requests,
    close: () =>
      new Promise(resolve => {
        for (const socket of server.clients) socket.terminate()
        server.close(() => resolve())
      }),
  }
}

function listenError(error: Error, port: number): AppError {
  if ((error as { code?: unknown }).code !== 'EADDRINUSE') return toAppError(error)
  return new AppError(
    'io.failed',
    `The devnet cannot listen on port ${port}: another program does. Choose another port, or none for a free one.`,
    {
      cause: error,
    },
  )
}

type Shares = Record<'slow' | 'stall' | 'nothing', ReturnType<typeof createShare>>

interface Request {
  id: unknown
  method: string
  params: readonly unknown[]
}

/** Gives what takes a message and returns how many requests were in it. */
function serveConnection(
  socket: WebSocket,
  source: RpcSource,
  methods: Readonly<Record<string, RpcMethod>>,
  shares: Shares,
): (text: string) => number {
  const stops = new Map<string, () => void>()
  let lastSubscription = 0
  let served = 0

  const later = (ms: number, then: () => void): void => {
    if (ms > 0) setTimeout(then, ms)
    else then()
  }
  const send = (text: string, extraMs = 0): void => {
    later((source.faults.latencyMs ?? 0) + extraMs, () => {
      if (socket.readyState === socket.OPEN) socket.send(text)
    })
  }
  const subscriber = (afterAnswer: (() => void)[]): Subscriber => ({
    subscribe(method, start) {
      lastSubscription++
      const id = `granary${lastSubscription}`
      // The client must know the id before the first notification comes.
      afterAnswer.push(() => {
        const stop = start(result => send(JSON.stringify({ jsonrpc: '2.0', method, params: { subscription: id, result } })))
        stops.set(id, stop)
      })
      return id
    },
    unsubscribe(id) {
      stops.get(id)?.()
      return stops.delete(id)
    },
  })
  socket.on('close', () => {
    for (const stop of stops.values()) stop()
    stops.clear()
  })

  const answer = async ({ id, method, params }: Request, afterAnswer: (() => void)[]): Promise<string> => {
    const idText = JSON.stringify(id ?? null)
    try {
      const call = Object.hasOwn(methods, method) ? methods[method] : undefined
      if (!call) return failure(idText, -32601, 'Method not found', method)
      if (shares.nothing(source.faults.nullShare)) return `{"jsonrpc":"2.0","id":${idText},"result":null}`
      const isSubmit = method.startsWith('author_submit')
      if (isSubmit && isDue('dropSubmits')) {
        socket.terminate()
        return ''
      }
      const made = call(params, subscriber(afterAnswer))
      const result = typeof made === 'string' ? made : await made
      if (isSubmit && isDue('loseSubmits')) socket.terminate()
      const most = source.faults.tooBigChars ?? NODE_ANSWER_LIMIT
      if (result.length > most) return failure(idText, -32702, 'Response is too big', `Exceeded max limit of ${most}`)
      return `{"jsonrpc":"2.0","id":${idText},"result":${result}}`
    } catch (error) {
      const { code, data } = error as { code?: unknown; data?: string }
      // An error without a number is a fault of the devnet itself; the client hears of it as of a node's.
      const message = error instanceof Error ? error.message : String(error)
      return failure(idText, typeof code === 'number' ? code : -32603, message, data)
    }
  }

  const isDue = (fault: 'dropSubmits' | 'loseSubmits'): boolean => {
    const left = source.faults[fault] ?? 0
    if (left > 0) source.faults[fault] = left - 1
    return left > 0
  }

  const isDropped = (): boolean => {
    served++
    const { dropEvery } = source.faults
    if (dropEvery === undefined || served < dropEvery) return false
    socket.terminate()
    return true
  }

  return text => {
    let message: unknown
    try {
      message = JSON.parse(text)
    } catch {
      // Not JSON: JSON-RPC has an answer for that.
      send(failure('null', -32700, 'Parse error'))
      return 1
    }
    const isList = Array.isArray(message)
    const requests = (isList ? message : [message]) as Partial<Request>[]
    if (isList && source.faults.refuseLists) {
      send(failure('null', -32005, 'Batched requests are not supported by this server'))
      return 1
    }
    const afterAnswer: (() => void)[] = []
    const answers: Promise<string>[] = []
    let stalled = false
    let slowMs = 0
    for (const request of requests) {
      if (isDropped()) return requests.length
      if (shares.stall(source.faults.stallShare)) stalled = true
      if (shares.slow(source.faults.slow?.share)) slowMs = source.faults.slow!.ms
      answers.push(
        typeof request?.method === 'string'
          ? answer({ id: request.id, method: request.method, params: Array.isArray(request.params) ? request.params : [] }, afterAnswer)
          : Promise.resolve(failure('null', -32600, 'Invalid request')),
      )
    }
    if (stalled) return requests.length
    void Promise.all(answers).then(texts => {
      send(isList ? `[${texts.join(',')}]` : texts[0]!, slowMs)
      later(slowMs, () => {
        for (const start of afterAnswer) start()
      })
    })
    return requests.length
  }
}

function failure(idText: string, code: number, message: string, data?: string): string {
  return `{"jsonrpc":"2.0","id":${idText},"error":${JSON.stringify({ code, message, ...(data !== undefined && { data }) })}}`
}
