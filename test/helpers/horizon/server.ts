import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as answers from './answers.ts'
import { parseEnvelope } from './check.ts'
import { resultXdr, type TxOutcome } from './codes.ts'
import { createFaults, type Faults, type ReadFault, type SubmitFault } from './faults.ts'
import { type Admission, createLedger, type Ledger, type LedgerOptions } from './ledger.ts'
import { handleRead } from './reads.ts'

export interface HorizonOptions extends LedgerOptions {
  /** null: ledgers are closed by the test; 'submit': with each submission that reaches the ledger; a number: every so many milliseconds */
  closing?: null | 'submit' | number
  /** how long `POST /transactions` waits for a ledger before it answers 504, milliseconds */
  waitMs?: number
  /** `POST /transactions_async` is there; old Horizons lack it */
  hasAsync?: boolean
  /** answers carry `Latest-Ledger`, as Horizon's own do for accounts */
  tellsLedger?: boolean
}

export interface LocalHorizon {
  readonly url: string
  readonly ledger: Ledger
  readonly faults: Faults
  /** method and path with query of every request, in order */
  readonly asked: string[]
  /** closes ledgers, `afterSec` after one another */
  close(times?: number, afterSec?: number): void
  stop(): Promise<void>
}

interface Reply {
  status: number
  body: unknown
  headers?: Record<string, string>
}

/** A Horizon of the tests' own on 127.0.0.1, with a Stellar ledger behind it. */
export async function startHorizon(options: HorizonOptions = {}): Promise<LocalHorizon> {
  const { closing = null, waitMs = 300, hasAsync = true, tellsLedger = true } = options
  const ledger = createLedger(options)
  const faults = createFaults(options.seed ?? 1)
  const asked: string[] = []
  const waiting = new Set<() => void>()
  let base = ''

  function close(times = 1, afterSec = ledger.ledgerSec): void {
    for (let n = 0; n < times; n++) ledger.close(afterSec)
    for (const wake of [...waiting]) wake()
  }

  async function answerRead(url: URL, response: ServerResponse): Promise<void> {
    const fault = faults.read(url.pathname + url.search)
    const broken = fault && brokenReply(fault)
    if (broken) return send(response, broken)
    if (fault === 'cut') return void response.destroy()
    const behind = fault === 'stale' ? 1 + Math.floor(faults.random() * 3) : 0
    const first = ledger.state.ledgers[0]?.sequence ?? 0
    const seen = ledger.ledgerAt(Math.max(first, ledger.last().sequence - behind)) ?? ledger.last()
    const { status, body } = handleRead({ ledger, base, url, seen, fault, random: faults.random })
    const headers = tellsLedger && url.pathname.startsWith('/accounts/') ? { 'Latest-Ledger': String(seen.sequence) } : {}
    if (fault === 'half') return sendHalf(response, JSON.stringify(body))
    send(response, { status, body, headers })
  }

  async function answerSubmit(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const fault = faults.submit(path)
    const text = await bodyOf(request)
    if (fault === 'too-many') return send(response, tooMany())
    if (fault === 'error-before')
      return send(response, { status: 500, body: answers.problem(500, 'server_error', 'Internal Server Error') })
    if (fault === 'timeout-before') return send(response, { status: 504, body: timeoutBody() })
    if (fault === 'cut-before') return void response.destroy()
    const envelope = new URLSearchParams(text).get('tx') ?? ''
    if (fault === 'internal' || fault === 'try-later') return send(response, untaken(fault, envelope, path === '/transactions_async'))
    const before = ledger.last().sequence
    const reply = path === '/transactions_async' ? submitAsync(envelope) : await submitSync(envelope, fault)
    if (closing === 'submit' && ledger.last().sequence === before) close()
    if (fault === 'cut-after') return void response.destroy()
    if (fault === 'error-after') return send(response, { status: 500, body: answers.problem(500, 'server_error', 'Internal Server Error') })
    if (fault === 'timeout-after' || fault === 'late') return send(response, { status: 504, body: timeoutBody() })
    if (fault === 'no-json-after') return send(response, { status: 200, body: '<html>OK</html>' })
    send(response, reply)

    function submitAsync(tx: string): Reply {
      const admission = admit(tx, fault)
      if (!admission) return malformed(tx)
      const { status, parsed } = admission
      const { hash } = parsed
      if (status === 'ERROR') return { status: 400, body: { tx_status: status, hash, error_result_xdr: admission.result } }
      return { status: { PENDING: 201, DUPLICATE: 409, TRY_AGAIN_LATER: 503 }[status], body: { tx_status: status, hash } }
    }
  }

  async function submitSync(envelope: string, fault: SubmitFault | null): Promise<Reply> {
    let hash: string
    try {
      hash = parseEnvelope(envelope, ledger.state.passphrase).hash
    } catch {
      return malformed(envelope)
    }
    const known = ledger.txByHash(hash)
    if (known && fault !== 'stale-check') return included(hash)
    const admission = admit(envelope, fault)
    if (!admission) return malformed(envelope)
    if (admission.status === 'ERROR') {
      const { result, outcome, parsed } = admission
      return { status: 400, body: answers.failedAnswer(envelope, result, outcome, parsed.bump !== null) }
    }
    // also one that is to be tried again later is waited for, in vain
    if (closing === 'submit' && fault !== 'late') close()
    else if (fault !== 'late') await untilIncluded(hash)
    return included(hash)
  }

  /** null: it is no envelope. */
  function admit(envelope: string, fault: SubmitFault | null): Admission | null {
    try {
      return ledger.admit(envelope, fault === 'late' ? 1 + Math.floor(faults.random() * 3) : 0)
    } catch {
      return null
    }
  }

  function untilIncluded(hash: string): Promise<void> {
    return new Promise(resolve => {
      const finish = () => {
        clearTimeout(timer)
        waiting.delete(look)
        resolve()
      }
      const look = () => {
        if (ledger.txByHash(hash)) finish()
      }
      const timer = setTimeout(finish, waitMs)
      waiting.add(look)
      look()
    })
  }

  function included(hash: string): Reply {
    const row = ledger.txByHash(hash)
    const at = row && ledger.ledgerAt(row.ledger)
    if (!row || !at) return { status: 504, body: timeoutBody(hash) }
    if (row.successful) return { status: 200, body: answers.txAnswer(base, row, at, ledger.state.passphrase, hash) }
    return { status: 400, body: answers.failedAnswer(row.envelope, row.result, row.outcome, row.innerHash !== null) }
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', base)
    asked.push(`${request.method} ${url.pathname}${url.search}`)
    const isSubmit = request.method === 'POST' && (url.pathname === '/transactions' || (hasAsync && url.pathname === '/transactions_async'))
    const done = isSubmit ? answerSubmit(request, response, url.pathname) : answerRead(url, response)
    done.catch(error => send(response, { status: 500, body: answers.problem(500, 'server_error', String(error)) }))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const clock = typeof closing === 'number' ? setInterval(() => close(), closing) : null

  return {
    url: base,
    ledger,
    faults,
    asked,
    close,
    async stop() {
      if (clock) clearInterval(clock)
      for (const wake of [...waiting]) wake()
      const ended = new Promise<void>(resolve => server.close(() => resolve()))
      server.closeAllConnections()
      await ended
    },
  }
}

function brokenReply(fault: ReadFault): Reply | null {
  if (fault === 'too-many') return tooMany()
  if (fault === 'error') return { status: 500, body: answers.problem(500, 'server_error', 'Internal Server Error') }
  if (fault === 'unavailable') return { status: 503, body: '<html><h1>503 Service Temporarily Unavailable</h1></html>' }
  if (fault === 'timeout') return { status: 504, body: timeoutBody() }
  if (fault === 'no-json') return { status: 200, body: '<html>It works</html>' }
  if (fault === 'wrong-json') return { status: 200, body: { hello: ['world'] } }
  return null
}

const tooMany = (): Reply => ({
  status: 429,
  body: answers.problem(429, 'rate_limit_exceeded', 'Rate Limit Exceeded'),
  headers: { 'Retry-After': '1' },
})

/** What a node answers that has an error of its own, or no room. */
function untaken(fault: 'internal' | 'try-later', envelope: string, isAsync: boolean): Reply {
  const outcome: TxOutcome = { code: 'tx_internal_error', operations: [], isOuter: false }
  const result = resultXdr(outcome, 0n)
  if (fault === 'try-later') return isAsync ? { status: 503, body: { tx_status: 'TRY_AGAIN_LATER' } } : { status: 504, body: timeoutBody() }
  if (isAsync) return { status: 400, body: { tx_status: 'ERROR', error_result_xdr: result } }
  return { status: 400, body: answers.failedAnswer(envelope, result, outcome, false) }
}

const malformed = (envelope: string): Reply => ({
  status: 400,
  body: answers.problem(400, 'transaction_malformed', 'Transaction Malformed', { envelope_xdr: envelope }),
})

const timeoutBody = (hash?: string) => answers.problem(504, 'timeout', 'Timeout', hash ? { hash } : undefined)

function send(response: ServerResponse, { status, body, headers = {} }: Reply): void {
  if (response.destroyed || response.headersSent) return
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const type = typeof body === 'string' ? 'text/html' : status < 400 ? 'application/hal+json' : 'application/problem+json'
  response.writeHead(status, { 'Content-Type': `${type}; charset=utf-8`, 'Content-Length': Buffer.byteLength(text), ...headers })
  response.end(text)
}

/** Says how long the answer is, and ends in the middle of it. */
function sendHalf(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'Content-Type': 'application/hal+json', 'Content-Length': Buffer.byteLength(text) })
  response.write(text.slice(0, Math.floor(text.length / 2)), () => response.destroy())
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}
