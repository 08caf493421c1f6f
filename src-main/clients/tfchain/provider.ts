import type { WsProvider } from '@polkadot/rpc-provider/ws'
import { type ClientOptions, WebSocket } from 'ws'
import { AppError } from '../../../src-shared/errors.ts'

/** One open WebSocket to one endpoint. It never comes back: whoever wants to go on opens another. */
export interface Connection {
  /** Rejects with the endpoint's own error (`code`, `message`), or with any Error once the connection is gone. */
  send(method: string, params: readonly unknown[]): Promise<unknown>
  /** Begins a subscription; the listener gets each result. Resolves with its id. */
  subscribe(type: string, method: string, params: readonly unknown[], listener: (result: unknown) => void): Promise<string | number>
  unsubscribe(type: string, method: string, id: string | number): Promise<void>
  /** bytes of all messages that came in */
  bytes(): number
  /** Ends it; resolves once the socket is gone, within a second. */
  close(): Promise<void>
}

/** no honest answer is near that: nodes stop at 15 MB by default */
const maxMessageBytes = 64 * 2 ** 20
/** closeTimeout, milliseconds: how long a peer has to say goodbye before its socket is thrown away */
const socketOptions: ClientOptions & { closeTimeout: number } = {
  maxPayload: maxMessageBytes,
  followRedirects: false,
  perMessageDeflate: false,
  handshakeTimeout: 20_000,
  closeTimeout: 500,
}
/** the provider's own request time-out goes by the wall clock, which may be set: ours goes by a monotonic one, so theirs never comes */
const neverMs = Number.MAX_SAFE_INTEGER

/** the socket that the last `provider.connect()` made: it makes one before it returns */
let made: WebSocket | null = null

/**
 * Stands in for the class WebSocket in @polkadot's provider: a limit on messages, no redirects, and a message that the provider
 * cannot read ends this connection instead of the process (it throws out of its event listener).
 */
function GuardedSocket(url: string): WebSocket {
  const socket = new WebSocket(url, socketOptions)
  let take: ((event: { data: string }) => void) | null = null
  socket.on('message', (data: Buffer) => {
    try {
      take?.({ data: data.toString('utf8') })
    } catch (error) {
      const what = error instanceof Error ? error.message : String(error)
      socket.emit('error', new Error(`sent a message that is no JSON-RPC (${what})`))
      socket.terminate()
    }
  })
  Object.defineProperty(socket, 'onmessage', {
    get: () => take,
    set: (listener: typeof take) => {
      take = listener
    },
  })
  made = socket
  return socket
}

/** read by a function, as the compiler doesn't know that connecting sets it */
const lastMade = (): WebSocket | null => made

let loading: Promise<typeof WsProvider> | undefined

/**
 * The library's provider, with sockets that are guarded. It takes the global WebSocket as it is when it is loaded, and has no other
 * way to be given one: whoever else loads @polkadot/api or its provider in the same process or thread calls this first.
 */
export function loadProvider(): Promise<typeof WsProvider> {
  loading ??= loadGuarded()
  return loading
}

async function loadGuarded(): Promise<typeof WsProvider> {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket')
  Object.defineProperty(globalThis, 'WebSocket', { value: GuardedSocket, configurable: true, writable: true })
  try {
    return (await import('@polkadot/rpc-provider/ws')).WsProvider
  } finally {
    if (before) Object.defineProperty(globalThis, 'WebSocket', before)
    else Reflect.deleteProperty(globalThis, 'WebSocket')
  }
}

/**
 * Opens a connection. Rejects with an Error that says why where that fails, takes longer than `timeoutMs` or is stopped.
 * @param onClose called once when an open connection ends, with the reason; also after `close()`
 */
export async function openConnection(
  url: string,
  timeoutMs: number,
  signal: AbortSignal,
  onClose: (reason: string) => void,
): Promise<Connection> {
  const Provider = await loadProvider()
  const provider = new Provider(url, false, {}, neverMs, 0)
  let reason = ''
  provider.on('error', (event: { message?: string } | undefined) => {
    reason = event?.message || reason
  })
  made = null
  const connecting = provider.connect()
  const socket = lastMade()
  await connecting
  if (!socket)
    throw new AppError(
      'internal',
      'The library for chain connections was loaded by others before loadProvider() of clients/tfchain/provider.ts.',
    )
  const gone = new Promise<void>(resolve => socket.once('close', () => resolve()))
  const close = async () => {
    await provider.disconnect()
    await gone
  }
  let giveUp = (): void => undefined
  const timer = setTimeout(() => {
    reason = `did not open within ${timeoutMs / 1000} s`
    giveUp()
  }, timeoutMs)
  try {
    await new Promise<void>((resolve, reject) => {
      giveUp = () => {
        reject(new Error(reason || 'was closed'))
        socket.terminate()
      }
      signal.addEventListener('abort', giveUp)
      provider.on('connected', () => resolve())
      provider.on('disconnected', () => reject(new Error(reason || 'closed the connection')))
      if (signal.aborted) giveUp()
    })
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', giveUp)
  }
  provider.on('disconnected', () => onClose(reason || 'closed the connection'))
  return {
    send: (method, params) => provider.send(method, [...params]),
    subscribe: (type, method, params, listener) =>
      // an error in a notification is not a result: silence makes the follower move on
      provider.subscribe(type, method, [...params], (error, result) => {
        if (!error) listener(result)
      }),
    async unsubscribe(type, method, id) {
      await provider.unsubscribe(type, method, id)
    },
    bytes: () => provider.stats.total.bytesRecv,
    close,
  }
}
