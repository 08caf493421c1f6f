import { AppError } from '../../../src-shared/errors.ts'
import type { AdviceText } from '../../engines/credit/application.ts'
import { isThisMachine, readLimited, reasonOf } from '../http.ts'
import { readAnswer } from './answer.ts'
import type { AnalystRequest } from './request.ts'

export interface AskAnalystOptions {
  /** kept with the other secrets; null for none, which only an analyst on this machine is asked without */
  key: string | null
  /** for the whole answer, milliseconds */
  timeoutMs?: number
  /** the longest answer, bytes */
  maxBytes?: number
  signal?: AbortSignal
}

/** Why there is no advice. */
export type NoAdvice = 'key' | 'timeout' | 'unreachable' | 'redirect' | 'status' | 'too-long' | 'malformed'

/** For the record of the decision: what was asked and answered, byte for byte but for the key, which stands in neither. */
export interface AnalystRecord {
  url: string
  asked: string
  /** null where nothing, or not all of it, arrived */
  answered: string | null
  /** HTTP status; null where there was no answer */
  status: number | null
}

export type AnalystAnswer =
  | { advice: AdviceText; reasons: string[]; record: AnalystRecord }
  | { advice: null; why: NoAdvice; detail: string; record: AnalystRecord }

/**
 * Asks an analyst once. Whatever goes wrong on the way is an answer without advice, so that the rules' fallback can decide; the advice
 * itself is text from outside, for `readAdvice` and `decideApplication` to judge and clamp.
 * @throws AppError cancelled: the caller's signal said so
 */
export async function askAnalyst(request: AnalystRequest, options: AskAnalystOptions): Promise<AnalystAnswer> {
  const { key, timeoutMs = 60_000, maxBytes = 1_000_000, signal } = options
  const record: AnalystRecord = { url: request.url, asked: request.body, answered: null, status: null }
  const none = (why: NoAdvice, detail: string): AnalystAnswer => ({ advice: null, why, detail, record })
  const problem = keyProblem(key, request.url)
  if (problem) return none('key', `${problem} Nothing was sent.`)
  try {
    const response = await send(request, key, timeoutMs, signal)
    record.status = response.status
    if (response.status >= 300 && response.status < 400) {
      await response.body?.cancel()
      return none('redirect', 'The analyst points to another address. It was not followed.')
    }
    const text = await readLimited(response, maxBytes)
    if (text === null) return none('too-long', `The analyst's answer is longer than ${maxBytes} bytes.`)
    record.answered = withoutKey(text, key)
    if (response.status !== 200) return none('status', statusText(response.status))
    // what is judged is what is kept
    const read = readAnswer(record.answered)
    if (!read.advice) return none('malformed', `The analyst's answer can't be used: ${read.detail}.`)
    return { advice: read.advice, reasons: read.reasons, record }
  } catch (cause) {
    if (signal?.aborted) throw new AppError('cancelled', 'Stopped on request.')
    const isLate = cause instanceof Error && cause.name === 'TimeoutError'
    if (isLate) return none('timeout', `The analyst has not answered within ${timeoutMs / 1000} s.`)
    return none('unreachable', `The analyst can't be reached, or broke off (${withoutKey(reasonOf(cause), key)}).`)
  }
}

function send({ url, headers, body }: AnalystRequest, key: string | null, timeoutMs: number, signal?: AbortSignal): Promise<Response> {
  const timeout = AbortSignal.timeout(timeoutMs)
  return fetch(url, {
    method: 'POST',
    body,
    redirect: 'manual',
    headers: key === null ? headers : { ...headers, Authorization: `Bearer ${key}` },
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
  })
}

/** A header takes plain characters only, and what refuses others repeats the key in its message. */
function keyProblem(key: string | null, url: string): string | null {
  if (key === null) return isThisMachine(new URL(url).hostname) ? null : 'There is no key for the analyst.'
  return /^[\x21-\x7e]{1,1000}$/.test(key) ? null : "The analyst's key holds characters that no key has."
}

/** A server may repeat what it was sent. */
function withoutKey(text: string, key: string | null): string {
  return key === null ? text : text.replaceAll(key, '(key)')
}

function statusText(status: number): string {
  if (status === 401 || status === 403) return `The analyst does not take the key (${status}).`
  if (status === 429) return 'The analyst was asked too often, or its account has no credit left (429).'
  return status >= 500 ? `The analyst is not well (${status}).` : `The analyst refused the question (${status}).`
}
