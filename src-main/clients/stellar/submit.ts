import { z } from 'zod'
import { AppError } from '../../../src-shared/errors.ts'
import { type CodeMeaning, codesOfResult, explainCodes } from './codes.ts'
import { factsOf, parseEnvelope } from './envelope.ts'
import { findByHash } from './history.ts'
import type { AskOptions, Horizon, Posted } from './horizon.ts'
import type { ResultCodes, StellarTx } from './types.ts'

/**
 * What a submission came to.
 * - applied: it stands in a ledger, successful
 * - rejected, sequence `used`: it stands in a ledger, failed; its number and fee are gone
 * - rejected, sequence `free`: it is in no ledger, and this time no queue took it. That is no promise: the same bytes that were sent before
 *   may still wait, and may be taken later while their bounds last
 * - rejected, sequence `unknown`: refused with a code that one which stands in a ledger gets too, and none was found yet
 * - unclear: nobody knows yet. `waiting`: it was taken and waits for a ledger; `try-later`: another one of its source account waits, or the
 *   node is full; `busy`: Horizon was asked too often; `no-answer`: lost, timed out, or nonsense
 * Only `verdictOf` says what became of it for good.
 */
export type SubmitOutcome =
  | { kind: 'applied'; tx: StellarTx }
  | { kind: 'rejected'; codes: ResultCodes; sequence: 'used' | 'free' | 'unknown'; means: CodeMeaning; tx: StellarTx | null }
  | { kind: 'unclear'; why: 'waiting' | 'try-later' | 'busy' | 'no-answer'; detail: string; retryAfterSec: number | null }

export interface SubmitOptions extends AskOptions {
  /**
   * async (the default): Horizon says at once whether it was taken, and the caller looks for it later; falls back to sync where Horizon
   * lacks it. sync: Horizon waits for the ledger, up to half a minute.
   */
  mode?: 'async' | 'sync'
}

/** Those that have no asynchronous door, so that it isn't tried every time. */
const withoutAsync = new WeakSet<Horizon>()

/** Statuses of a server that takes no transactions at all. */
const takesNone = new Set([403, 404, 405, 415])

/**
 * Looked at before the sequence number (too late, fee) or at it: one that a ledger holds already is refused with these as well. The last
 * two are also how one fails within a ledger.
 */
const saysNothing = new Set(['tx_too_late', 'tx_insufficient_fee', 'tx_bad_seq', 'tx_failed', 'tx_internal_error'])

const bodySchema = z.object({
  tx_status: z.enum(['PENDING', 'DUPLICATE', 'TRY_AGAIN_LATER', 'ERROR']).optional(),
  error_result_xdr: z.string().optional(),
  type: z.string().optional(),
  extras: z
    .object({
      result_xdr: z.string().optional(),
      result_codes: z.object({ transaction: z.string(), operations: z.array(z.string()).optional() }).optional(),
    })
    .optional(),
})
type Body = z.infer<typeof bodySchema>

/**
 * Sends an envelope once, and then looks for it where the answer alone doesn't say. Save it before: from here on it may be paid. Sending
 * the same bytes again is always safe. Throws AppError stellar.envelope (no transaction), stellar.answer (this Horizon takes no
 * transactions), cancelled.
 */
export async function submit(horizon: Horizon, envelope: string, { signal, mode = 'async' }: SubmitOptions = {}): Promise<SubmitOutcome> {
  const { hash } = factsOf(parseEnvelope(envelope, horizon.passphrase))
  const isAsync = mode === 'async' && !withoutAsync.has(horizon)
  let posted = await horizon.post(isAsync ? '/transactions_async' : '/transactions', { tx: envelope }, { signal })
  if (isAsync && (posted.status === 404 || posted.status === 405)) {
    withoutAsync.add(horizon)
    posted = await horizon.post('/transactions', { tx: envelope }, { signal })
  }
  const read = readAnswer(horizon, posted)
  if (read.kind === 'unclear' && (read.why === 'busy' || read.why === 'waiting')) return read
  // also a refusal: of what is in a ledger already a node says that its number is not the next one
  const found = await lookFor(horizon, hash, signal)
  if (found?.successful) return { kind: 'applied', tx: found }
  if (found) return { kind: 'rejected', codes: found.codes, sequence: 'used', means: explainCodes(found.codes), tx: found }
  return read
}

async function lookFor(horizon: Horizon, hash: string, signal: AbortSignal | undefined): Promise<StellarTx | null> {
  try {
    return await findByHash(horizon, hash, { signal })
  } catch (error) {
    if (error instanceof AppError && error.code !== 'cancelled') return null
    throw error
  }
}

/** What the answer alone says. */
function readAnswer(horizon: Horizon, posted: Posted): Exclude<SubmitOutcome, { kind: 'applied' }> {
  const unclear = (why: 'waiting' | 'try-later' | 'busy' | 'no-answer', detail: string) =>
    ({ kind: 'unclear', why, detail, retryAfterSec: posted.status === null ? null : posted.retryAfterSec }) as const
  if (posted.status === null) return unclear('no-answer', posted.why)
  const { status } = posted
  const parsed = bodySchema.safeParse(posted.body)
  const body: Body = parsed.success ? parsed.data : {}
  if (status === 429) return unclear('busy', 'too many requests')
  if (takesNone.has(status))
    throw new AppError('stellar.answer', `Horizon at ${horizon.url} takes no transactions. Use another one.`, {
      details: { url: horizon.url },
    })
  if (body.tx_status === 'PENDING' || body.tx_status === 'DUPLICATE') return unclear('waiting', 'waits for a ledger')
  if (body.tx_status === 'TRY_AGAIN_LATER')
    return unclear('try-later', 'another transaction of its source account waits for a ledger, or there is no room for it')
  const codes = codesOfBody(body)
  if (status === 400 && body.type?.endsWith('/transaction_malformed')) return rejected({ transaction: 'tx_malformed', operations: [] })
  if (status === 400 && codes) return rejected(codes)
  // 200 says success, and the transaction itself is looked for before that is believed
  return unclear('no-answer', status === 200 ? 'answered, but does not show it yet' : `answered ${status}`)
}

function codesOfBody({ error_result_xdr: own, extras }: Body): ResultCodes | null {
  const result = own ?? extras?.result_xdr
  const decoded = result === undefined ? null : codesOfResult(result)
  if (decoded || !extras?.result_codes) return decoded
  return { transaction: extras.result_codes.transaction, operations: extras.result_codes.operations ?? [] }
}

function rejected(codes: ResultCodes): SubmitOutcome & { kind: 'rejected' } {
  const sequence = saysNothing.has(codes.transaction) ? 'unknown' : 'free'
  return { kind: 'rejected', codes, sequence, means: explainCodes(codes), tx: null }
}
