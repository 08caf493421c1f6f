import { AppError } from '../../../src-shared/errors.ts'

/**
 * What a failed attempt means. lost: the connection went. slow: no answer in time. busy: the endpoint has too much to do. too-big: the
 * answer would be. odd: it was no answer. discarded: old state is gone there. elsewhere: another endpoint may know better. final: nobody
 * will answer that.
 */
export type FailureKind = 'lost' | 'slow' | 'busy' | 'too-big' | 'odd' | 'discarded' | 'elsewhere' | 'final'

/** Why one attempt at one endpoint failed. */
export interface Failure {
  kind: FailureKind
  error: AppError
}

/** What was asked of whom. */
export interface Asked {
  url: string
  method: string
  block?: number | undefined
}

/** JSON-RPC's own codes, those of nodes of several ages (jsonrpsee), and Substrate's limiter. */
const tooBigCodes = [-32702, -32008]
const busyCodes = [-32604, -32009, -32006, -32999, 429]
const finalCodes = [-32600, -32601, -32602]
const tooBig = /(response|answer|result) (is )?too (big|large)|exceeded max(imum)? (response )?(limit|size)/i
const busy = /too many|rate limit|busy|overload|try again later|limit exceeded/i
const discarded = /state already discarded|state (is )?pruned|pruned (state|header|block)|missing trie node/i

/** Sorts what the provider rejected with: an endpoint's error has a number as `code`, anything else is a broken connection or answer. */
export function sortError(error: unknown, asked: Asked): Failure {
  const { code, message } = error as { code?: unknown; message?: unknown }
  const said = typeof message === 'string' ? message.slice(0, 300) : String(error)
  if (typeof code !== 'number') {
    // the connection's end reaches its requests by another way; what else comes here is an answer without result and error
    return { kind: 'odd', error: answerError(asked, `answered ${asked.method} with something that is no answer (${said})`) }
  }
  if (tooBigCodes.includes(code) || tooBig.test(said))
    return {
      kind: 'too-big',
      error: new AppError('chain.busy', `${asked.url}: the answer to ${asked.method} is too big for it. Ask for less at once.`, {
        retryable: true,
        details: { url: asked.url, method: asked.method, tooBig: true },
      }),
    }
  if (discarded.test(said)) return { kind: 'discarded', error: discardedError(asked) }
  if (busyCodes.includes(code) || busy.test(said)) return { kind: 'busy', error: busyError(asked, `refuses for the moment: ${said}`) }
  const failure = answerError(asked, `refused ${asked.method}: ${said}`, code)
  return { kind: finalCodes.includes(code) ? 'final' : 'elsewhere', error: failure }
}

/** An answer that makes no sense, or an error of the endpoint's own. */
export function answerError(asked: Asked, what: string, rpcCode?: number): AppError {
  const where = asked.block === undefined ? '' : ` (block ${asked.block})`
  return new AppError('chain.answer', `${asked.url} ${what}${where}. Try another endpoint, or an update of Granary.`, {
    details: detailsOf(asked, rpcCode === undefined ? {} : { rpcCode }),
  })
}

/** An endpoint that has thrown the state of that block away. */
export function discardedError(asked: Asked): AppError {
  const what = asked.block === undefined ? 'old state' : `the state of block ${asked.block}`
  return new AppError(
    'chain.not-archive',
    `${asked.url} is no archive node: it has thrown ${what} away. Add an endpoint that keeps all state (an archive node).`,
    { details: detailsOf(asked) },
  )
}

/** An endpoint that has too much to do, or did not answer in time. */
export function busyError(asked: Asked, what: string): AppError {
  return new AppError('chain.busy', `${asked.url} ${what}. It is asked again later by itself; another endpoint may be quicker.`, {
    retryable: true,
    details: detailsOf(asked),
  })
}

/** The connection went before the answer came. */
export function lost(asked: Asked, reason: string): Failure {
  const error = new AppError('chain.offline', `${asked.url} ${reason} before it answered ${asked.method}. It is asked again by itself.`, {
    retryable: true,
    details: detailsOf(asked),
  })
  return { kind: 'lost', error }
}

function detailsOf(asked: Asked, more: Record<string, number> = {}) {
  return { url: asked.url, method: asked.method, ...(asked.block === undefined ? {} : { block: asked.block }), ...more }
}
