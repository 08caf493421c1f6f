import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { z } from 'zod'
import type { Core } from '../../../src-shared/contract.ts'
import type { TextPort } from '../../../src-shared/rpc-client.ts'
import { commonHeaders, type PageFiles } from '../page-files.ts'
import { type RpcOptions, serveConnection } from '../rpc/server.ts'
import { LOOPBACK_ADDRESS, listen, oneHeader, readBody } from './http.ts'
import { createSessions, defaultSessionLimits, type SessionLimits } from './sessions.ts'

export interface LoopbackLimits extends SessionLimits {
  /** pages that may be connected at once */
  sockets: number
  frameBytes: number
  /** bytes that a page may leave unread before it is cut off */
  backlogBytes: number
  bodyBytes: number
  headersTimeoutMs: number
  requestTimeoutMs: number
  connections: number
}

export const defaultLoopbackLimits: LoopbackLimits = {
  ...defaultSessionLimits,
  sockets: 8,
  frameBytes: 1_048_576,
  backlogBytes: 33_554_432,
  bodyBytes: 1024,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 10_000,
  connections: 64,
}

export interface LoopbackOptions {
  core: Core
  /** the page, for connections to the given origin */
  pageFiles: (connect: () => string) => PageFiles
  /** the operating system's name of the user, for the audit trail */
  userName: string
  /** 0, the default, takes a free one */
  port?: number
  limits?: Partial<LoopbackLimits>
  /** milliseconds that never run backwards */
  now?: () => number
  onInternalError?: (error: unknown) => void
}

export interface LoopbackServer {
  /** `http://127.0.0.1:PORT` */
  origin: string
  /** a fresh link, good once and for a minute */
  link(): string
  /** pages that are connected */
  sockets(): number
  close(): Promise<void>
}

const protocol = 'granary'
const otherPort = { free: 'Leave --port out to use a free one.', above: 'Take one above 1023, or leave --port out.' }
const sessionBody = z.union([z.strictObject({ token: z.string().max(64) }), z.strictObject({ session: z.string().max(64) })])

/**
 * The core's door for a browser on this machine. It listens on 127.0.0.1 only, and trusts nothing for being local: other
 * programs, other users' pages and any web site can reach the port. Every request must name this very host, every POST
 * and upgrade must come from this very origin, and a socket needs a session, traded for a one-time link.
 * Rejects with `usage` if the port is taken or not allowed.
 */
export async function startLoopbackServer(options: LoopbackOptions): Promise<LoopbackServer> {
  const limits = { ...defaultLoopbackLimits, ...options.limits }
  const sessions = createSessions(options.now ?? (() => performance.now()), limits)
  const rpcOptions: RpcOptions = {
    limits: { frameChars: limits.frameBytes },
    ...(options.onInternalError ? { onInternalError: options.onInternalError } : {}),
  }
  const sockets = new Set<WebSocket>()
  let host = ''
  let origin = ''
  const page = options.pageFiles(() => `'self' ws://${host}`)

  const server = createServer({
    maxHeaderSize: 8192,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: 5_000,
    connectionsCheckingInterval: Math.min(1_000, limits.headersTimeoutMs),
  })
  server.maxConnections = limits.connections
  const webSockets = new WebSocketServer({
    noServer: true,
    maxPayload: limits.frameBytes,
    perMessageDeflate: false,
    handleProtocols: () => protocol,
  })

  server.on('request', (request, response) => {
    if (!is(request, 'host', host)) refuse(response, 403)
    else if (request.url === '/session') takeSession(request, response)
    else {
      const file = page.get(request.url ?? '')
      if (!file) refuse(response, 404)
      else if (request.method !== 'GET') refuse(response, 405, { allow: 'GET' })
      else response.writeHead(200, { ...file.headers, 'content-length': file.body.length }).end(file.body)
    }
  })

  function takeSession(request: IncomingMessage, response: ServerResponse): void {
    if (request.method !== 'POST') refuse(response, 405, { allow: 'POST' })
    else if (!is(request, 'origin', origin)) refuse(response, 403)
    else
      readBody(request, limits.bodyBytes, body => {
        const key = body === undefined ? undefined : keyFor(body.toString('utf8'))
        if (body === undefined) refuse(response, 413)
        else if (key === undefined) refuse(response, 403)
        else {
          const text = JSON.stringify({ session: key })
          const headers = { 'content-type': 'application/json', 'cache-control': 'no-store', 'content-length': text.length }
          response.writeHead(200, { ...commonHeaders, ...headers }).end(text)
        }
      })
  }

  /** a token gives a new key, a good key gives itself back */
  function keyFor(body: string): string | undefined {
    let value: unknown
    try {
      value = JSON.parse(body)
    } catch {
      return undefined
    }
    const asked = sessionBody.safeParse(value)
    if (!asked.success) return undefined
    if ('token' in asked.data) return sessions.redeem(asked.data.token)
    return sessions.find(asked.data.session) === undefined ? undefined : asked.data.session
  }

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map(name => name.trim())
    const key = offered.find(name => name.startsWith('session.'))?.slice('session.'.length)
    const good =
      is(request, 'host', host) &&
      is(request, 'origin', origin) &&
      request.url === '/rpc' &&
      offered.includes(protocol) &&
      key !== undefined &&
      sessions.find(key) !== undefined
    if (!good) refuseUpgrade(socket, '403 Forbidden')
    else if (sockets.size >= limits.sockets) refuseUpgrade(socket, '503 Service Unavailable')
    else
      webSockets.handleUpgrade(request, socket, head, webSocket => {
        sockets.add(webSocket)
        webSocket.on('close', () => sockets.delete(webSocket))
        serveConnection(options.core, { id: `browser:${options.userName}` }, portOf(webSocket, limits.backlogBytes), rpcOptions)
      })
  })
  // half-open or broken requests: nothing to answer
  server.on('clientError', (_error, socket) => socket.destroy())

  await listen(server, options.port ?? 0, otherPort)
  host = `${LOOPBACK_ADDRESS}:${(server.address() as AddressInfo).port}`
  origin = `http://${host}`
  return {
    origin,
    link: () => `${origin}/#token=${sessions.issueToken()}`,
    sockets: () => sockets.size,
    close: () =>
      new Promise(resolve => {
        for (const webSocket of sockets) webSocket.terminate()
        webSockets.close()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Whether a header is there once and says exactly this. */
function is(request: IncomingMessage, header: string, value: string): boolean {
  return oneHeader(request, header) === value
}

function refuse(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  // the connection ends: what is left of a refused body is not read
  response.writeHead(status, { ...commonHeaders, ...headers, 'cache-control': 'no-store', 'content-length': 0, connection: 'close' }).end()
}

function refuseUpgrade(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
}

function portOf(webSocket: WebSocket, backlogBytes: number): TextPort {
  webSocket.on('error', () => webSocket.terminate())
  return {
    send(text) {
      if (webSocket.readyState !== webSocket.OPEN) return
      webSocket.send(text)
      // a page that does not read what it asked for is cut off before its answers fill the memory
      if (webSocket.bufferedAmount > backlogBytes) webSocket.terminate()
    },
    onMessage(listener) {
      webSocket.on('message', (data, isBinary) => {
        if (isBinary) webSocket.close(1003)
        else listener(data.toString())
      })
    },
    onClose(listener) {
      webSocket.on('close', listener)
    },
    close() {
      webSocket.close()
    },
  }
}
