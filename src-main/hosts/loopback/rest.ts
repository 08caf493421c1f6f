import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Core } from '../../../src-shared/contract.ts'
import { AppError } from '../../../src-shared/errors.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import type { TreasuryCommandName, TreasuryQueryName } from '../../../src-shared/treasury/table.ts'
import type { RestAccess, TokenBearer } from '../../core/index.ts'
import { commonHeaders } from '../page-files.ts'
import { encodeOutput, forTheWire } from '../rpc/server.ts'
import { LOOPBACK_ADDRESS, listen, oneHeader, readBody } from './http.ts'
import { problemOf, rateProblem, requestProblem } from './rest-errors.ts'
import { createAllowance, createAllowances } from './rest-limits.ts'
import { OPENAPI_PATH, openApi } from './rest-openapi.ts'
import { API, findRoute, inputOf, type Route } from './rest-routes.ts'

export interface RestLimits {
  bodyBytes: number
  headersTimeoutMs: number
  requestTimeoutMs: number
  connections: number
  /** requests without a good token, of all programs together */
  strangersPerMinute: number
}

export const defaultRestLimits: RestLimits = {
  bodyBytes: 65_536,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 10_000,
  connections: 64,
  strangersPerMinute: 60,
}

export interface RestOptions {
  core: Core & { rest: Pick<RestAccess, 'bearerOf' | 'wanted'> }
  port: number
  /** of Granary, for the description */
  version: string
  limits?: Partial<RestLimits>
  /** milliseconds that never run backwards */
  now?: () => number
  /** told of errors that nobody expected, whose words stay off the wire */
  onInternalError: (error: unknown) => void
}

export interface RestServer {
  /** `http://127.0.0.1:PORT/api` */
  url: string
  close(): Promise<void>
}

const json = 'application/json'
const otherPort = { free: 'Set another one as rest.port.', above: 'Set another one as rest.port.' }

/**
 * The REST door: the rows of the table that have a `rest` entry, for programs on this machine that bring a token. It trusts nothing for being
 * local. Web pages are kept out: a request must name this very host, what a browser adds to a page's request (Origin, Sec-Fetch-Site) refuses it,
 * and there are no cookies that one could ride on. Rejects with `usage` for a port that can't be had.
 */
export async function startRestServer(options: RestOptions): Promise<RestServer> {
  const { core, now = () => performance.now() } = options
  const limits = { ...defaultRestLimits, ...options.limits }
  const strangers = createAllowance(now)
  const bearers = createAllowances(now)
  let host = ''
  let description: string | undefined

  const server = createServer({
    maxHeaderSize: 8192,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: 5_000,
    connectionsCheckingInterval: Math.min(1_000, limits.headersTimeoutMs),
  })
  server.maxConnections = limits.connections
  server.on('request', (request, response) => {
    answer(request).then(
      text => send(response, 200, text),
      error => fail(request, response, error),
    )
  })
  // half-open or broken requests: nothing to answer
  server.on('clientError', (_error, socket) => socket.destroy())

  async function answer(request: IncomingMessage): Promise<string> {
    keepPagesOut(request)
    const [path, query] = cut(request.url ?? '')
    if (path === OPENAPI_PATH && request.method === 'GET') {
      // no token is needed: it says what every Granary has, nothing of this one's, and the programs that read descriptions bring none
      if (request.headers.authorization === undefined) takeStranger()
      else letIn(request)
      description ??= JSON.stringify(openApi(options.version))
      return description
    }
    const bearer = letIn(request)
    const found = findRoute(request.method ?? '', path)
    if (found.route === null) throw noRoute(path, found.allowed)
    const { route, members } = found
    checkRights(route, bearer)
    const idempotencyKey = route.row.kind === 'command' ? keyOf(request) : ''
    const input = inputOf(route, members, new URLSearchParams(query), await bodyOf(request, route))
    return perform(route, input, bearer, idempotencyKey)
  }

  /** Throws AppError rest.origin. */
  function keepPagesOut(request: IncomingMessage): void {
    if (oneHeader(request, 'host') !== host)
      throw new AppError('rest.origin', `This door answers as ${host} only. Nothing was changed; use that address.`)
    const site = request.headers['sec-fetch-site']
    if (request.headers.origin !== undefined || (site !== undefined && site !== 'none'))
      throw new AppError('rest.origin', 'This door is for programs: web pages are not let in. Nothing was changed.')
  }

  /** Throws AppError rest.token, rest.rate. A good token is never held up by others' wrong ones: of 2^256, none is found by trying. */
  function letIn(request: IncomingMessage): TokenBearer {
    const secret = /^bearer +([\w-]{1,200})$/i.exec(oneHeader(request, 'authorization') ?? '')?.[1]
    const bearer = secret === undefined ? null : core.rest.bearerOf(secret)
    if (bearer === null) {
      takeStranger()
      const what = secret === undefined ? 'There is no token' : 'This token is unknown, withdrawn or expired'
      throw new AppError('rest.token', `${what}: send one that your entity made, as "Authorization: Bearer …". Nothing was changed.`)
    }
    const waitSec = bearers.take(bearer.tokenId, core.rest.wanted().perMinute)
    if (waitSec > 0) throw rateProblem(waitSec, 'This token asks too often.')
    return bearer
  }

  function takeStranger(): void {
    const waitSec = strangers.take(limits.strangersPerMinute)
    if (waitSec > 0) throw rateProblem(waitSec, 'There were too many requests without a good token.')
  }

  async function bodyOf(request: IncomingMessage, { rest }: Route): Promise<Record<string, unknown>> {
    const isEmpty = request.headers['transfer-encoding'] === undefined && (request.headers['content-length'] ?? '0') === '0'
    if (isEmpty) return {}
    if (rest.method === 'GET') throw requestProblem(400, 'A GET takes no body.')
    const type = oneHeader(request, 'content-type') ?? ''
    if (!/^application\/json *(; *charset="?utf-8"?)? *$/i.test(type) || request.headers['content-encoding'] !== undefined)
      throw requestProblem(415, `The body must be JSON as it is (content-type ${json}). Nothing was changed.`)
    const body = await new Promise<Buffer | undefined>(resolve => readBody(request, limits.bodyBytes, resolve))
    if (body === undefined) throw requestProblem(413, `The body is bigger than ${limits.bodyBytes} bytes. Nothing was changed.`)
    return readJson(body)
  }

  async function perform({ name, row }: Route, input: Record<string, unknown>, bearer: TokenBearer, idempotencyKey: string) {
    const actor = { id: `rest:${bearer.tokenId}`, entity: bearer.entityId }
    const done =
      row.kind === 'query'
        ? await core.query(name as TreasuryQueryName, input as never, { actor })
        : await core.command(name as TreasuryCommandName, input as never, { actor, idempotencyKey })
    return JSON.stringify(encodeOutput(name, row.out, done))
  }

  function fail(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    const known = forTheWire(error)
    const { status, body, headers } = problemOf(known)
    if (known !== error || status === 500) options.onInternalError(error)
    // what is left of a refused body is not read: the connection ends
    if (!request.complete) headers.connection = 'close'
    send(response, status, JSON.stringify(body), headers)
  }

  function send(response: ServerResponse, status: number, text: string, headers: Record<string, string> = {}): void {
    const length = Buffer.byteLength(text)
    response
      .writeHead(status, { ...commonHeaders, 'content-type': json, 'cache-control': 'no-store', 'content-length': length, ...headers })
      .end(text)
  }

  await listen(server, options.port, otherPort)
  host = `${LOOPBACK_ADDRESS}:${(server.address() as AddressInfo).port}`
  return {
    url: `http://${host}${API}`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function cut(url: string): [path: string, query: string] {
  const at = url.indexOf('?')
  return at === -1 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)]
}

function noRoute(path: string, allowed: readonly string[]): AppError {
  if (path === OPENAPI_PATH) return requestProblem(405, 'The description is had by GET.', { allow: 'GET' })
  if (allowed.length === 0) return requestProblem(404, `There is nothing at this address; ${OPENAPI_PATH} says what there is.`)
  return requestProblem(405, `This address takes ${allowed.join(' or ')} only. Nothing was changed.`, { allow: allowed.join(', ') })
}

/** Throws AppError rest.scope, administrator.needed or the row's own refusal. */
function checkRights({ row, rest }: Route, { scopes }: TokenBearer): void {
  if (!scopes.includes(rest.scope))
    throw new AppError('rest.scope', `This takes a token with the scope ${rest.scope}. Nothing was changed.`, {
      details: { scope: rest.scope },
    })
  if (row.who === 'administrator' && row.refusal) throw refuse(row.refusal)
  if (row.who === 'administrator')
    throw new AppError(
      'administrator.needed',
      'This takes the administrator, whom no token stands for: it is done in Granary itself, or with "granary treasury". Nothing was changed.',
    )
}

/** Throws AppError rest.request. */
function keyOf(request: IncomingMessage): string {
  const key = oneHeader(request, 'idempotency-key')
  if (key === undefined || !/^[!-~]{1,100}$/.test(key))
    throw requestProblem(
      400,
      'A POST needs one header Idempotency-Key: 1 to 100 characters without spaces, for each command another, and the same again for a repeat. Nothing was changed.',
      { field: 'Idempotency-Key' },
    )
  return key
}

/** Throws AppError rest.request. */
function readJson(body: Buffer): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch (cause) {
    throw new AppError('rest.request', 'The body is no JSON in UTF-8. Nothing was changed.', { cause })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw requestProblem(400, 'The body must be one JSON object. Nothing was changed.')
  return value as Record<string, unknown>
}
