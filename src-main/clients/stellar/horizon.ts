import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import { AppError } from '../../../src-shared/errors.ts'
import { readLimited, reasonOf, safeAddress } from '../http.ts'

/*
 * Horizon over HTTP: questions with a schema for the answer, limits in size and time, no redirects, https except on this machine. A
 * reading that fails for the moment is tried again on a schedule; a submission is not: who submits decides.
 */

export interface HorizonOptions {
  url: string
  passphrase: string
  /** of one reading, milliseconds */
  timeoutMs?: number
  /** of one submission: Horizon itself waits 30 s for a ledger */
  submitTimeoutMs?: number
  /** the longest answer, bytes */
  maxBytes?: number
  /** how often a reading is tried */
  tries?: number
  /** wait before the second try; doubled every time, up to 30 s */
  backoffMs?: number
  nowMs?: () => number
  random?: () => number
  /** rejects with an AbortError when the signal says so */
  sleep?: (ms: number, signal?: AbortSignal) => Promise<unknown>
}

export interface AskOptions {
  signal?: AbortSignal | undefined
}

/** An answer in the wanted form, and the ledger that it is of (`Latest-Ledger`) where Horizon says so. */
export interface Answer<T> {
  value: T
  ledger: number | null
}

/** What came back of a submission: any status with a body, or nothing. */
export type Posted = { status: number; body: unknown; retryAfterSec: number | null } | { status: null; why: string }

export interface Horizon {
  readonly url: string
  readonly passphrase: string
  readonly random: () => number
  sleep(ms: number, signal?: AbortSignal): Promise<unknown>
  /**
   * Asks; null where Horizon says that there is no such thing. Throws AppError stellar.offline or stellar.busy (after all tries),
   * stellar.answer, cancelled.
   */
  read<T>(path: string, query: Record<string, string>, schema: z.ZodType<T>, options?: AskOptions): Promise<Answer<T> | null>
  /** Sends a form once. Throws AppError cancelled only; whether it arrived is for the caller to find out. */
  post(path: string, form: Record<string, string>, options?: AskOptions): Promise<Posted>
}

/** Longer than that nobody waits for a server that asks for patience: the error says how long it wants. */
const mostWaitMs = 60_000
const mostBackoffMs = 30_000

/**
 * Horizon's address in the form that paths are put behind. Throws AppError usage: only https, or http on this machine, without user name,
 * query or fragment.
 */
export function checkHorizonUrl(text: string): string {
  const url = safeAddress(text)
  if (url === null)
    throw new AppError(
      'usage',
      'This is no address of a Horizon server. Enter https://HOST, or http:// for one on this machine, without user name, query or fragment.',
    )
  return url
}

const problemSchema = z.object({
  type: z.string().optional(),
  title: z.string().optional(),
  extras: z.object({ reason: z.string().optional(), invalid_field: z.string().optional() }).optional(),
})

/** One failed try: whether another one helps, and how long Horizon wants to be left alone. */
interface Miss {
  error: AppError
  again: boolean
  waitMs: number | null
}

export function createHorizon(options: HorizonOptions): Horizon {
  const { passphrase, timeoutMs = 20_000, submitTimeoutMs = 60_000, maxBytes = 16_000_000, tries = 6, backoffMs = 500 } = options
  const { nowMs = Date.now, random = Math.random, sleep = (ms, signal) => wait(ms, undefined, signal ? { signal } : {}) } = options
  const url = checkHorizonUrl(options.url)

  async function fetchText(path: string, init: RequestInit, limitMs: number, signal: AbortSignal | undefined) {
    const timeout = AbortSignal.timeout(limitMs)
    const response = await fetch(url + path, {
      ...init,
      redirect: 'manual',
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      headers: { Accept: 'application/json', ...init.headers },
    })
    const answer = await readLimited(response, maxBytes)
    if (answer === null) {
      throw new AppError('stellar.answer', `Horizon's answer is longer than ${maxBytes} bytes. Check its address, or use another one.`, {
        details: { maxBytes },
      })
    }
    return { response, text: answer }
  }

  async function tryRead<T>(path: string, schema: z.ZodType<T>, signal: AbortSignal | undefined): Promise<Answer<T> | null | Miss> {
    let got: Awaited<ReturnType<typeof fetchText>>
    try {
      got = await fetchText(path, {}, timeoutMs, signal)
    } catch (cause) {
      if (signal?.aborted) throw cancelled()
      if (cause instanceof AppError) return { error: cause, again: false, waitMs: null }
      return { error: offline(cause), again: true, waitMs: null }
    }
    const { response, text } = got
    const { status } = response
    const body = parseJson(text)
    const known = problemSchema.safeParse(body)
    const type = known.success ? (known.data.type ?? '') : ''
    if (status === 200) {
      const parsed = schema.safeParse(body)
      if (parsed.success) return { value: parsed.data, ledger: ledgerOf(response) }
      const detail = body === undefined ? 'no JSON' : z.prettifyError(parsed.error).split('\n')[0]
      // what stands before a Horizon may answer in its place for a moment
      return { error: odd(path, `answered with something else (${detail})`), again: true, waitMs: null }
    }
    if (status === 404 && type.endsWith('/not_found')) return null
    if (status === 429 || status >= 500)
      return { error: busy(path, status, response, nowMs), again: true, waitMs: retryAfterMs(response, nowMs()) }
    if (status === 410) return { error: odd(path, 'keeps no history from that long ago. Ask one that does'), again: false, waitMs: null }
    const why = known.success ? (known.data.extras?.reason ?? known.data.title ?? '') : ''
    return { error: odd(path, `answered ${status}${why ? ` (${why.slice(0, 200)})` : ''}`), again: false, waitMs: null }
  }

  async function read<T>(path: string, query: Record<string, string>, schema: z.ZodType<T>, { signal }: AskOptions = {}) {
    const search = new URLSearchParams(query).toString()
    const asked = search ? `${path}?${search}` : path
    for (let attempt = 1; ; attempt++) {
      if (signal?.aborted) throw cancelled()
      const result = await tryRead(asked, schema, signal)
      if (result === null || !('again' in result)) return result
      const { error, again, waitMs } = result
      const backoff = Math.min(backoffMs * 2 ** (attempt - 1), mostBackoffMs) * (0.5 + random() / 2)
      const nextMs = Math.max(waitMs ?? 0, backoff)
      if (!again || attempt >= tries || nextMs > mostWaitMs) throw error
      await sleep(nextMs, signal).catch(() => {
        throw cancelled()
      })
    }
  }

  async function post(path: string, form: Record<string, string>, { signal }: AskOptions = {}): Promise<Posted> {
    if (signal?.aborted) throw cancelled()
    try {
      const init = {
        method: 'POST',
        body: new URLSearchParams(form).toString(),
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      }
      const { response, text } = await fetchText(path, init, submitTimeoutMs, signal)
      const waitMs = retryAfterMs(response, nowMs())
      return { status: response.status, body: parseJson(text), retryAfterSec: waitMs === null ? null : Math.ceil(waitMs / 1000) }
    } catch (cause) {
      if (signal?.aborted) throw cancelled()
      return { status: null, why: reasonOf(cause) }
    }
  }

  function offline(cause: unknown): AppError {
    return new AppError(
      'stellar.offline',
      `Horizon at ${url} does not answer (${reasonOf(cause)}). Check the connection to the internet and the address, and try again.`,
      { retryable: true, details: { url }, cause },
    )
  }

  function busy(path: string, status: number, response: Response, now: () => number): AppError {
    const waitMs = retryAfterMs(response, now())
    const when = waitMs === null ? 'Try again in a while' : `Try again in ${Math.ceil(waitMs / 1000)} s`
    const what = status === 429 ? 'was asked too often' : `is not well (${status})`
    return new AppError('stellar.busy', `Horizon at ${url} ${what}. ${when}, or use another one.`, {
      retryable: true,
      details: { url, path, status, ...(waitMs === null ? {} : { retryAfterSec: Math.ceil(waitMs / 1000) }) },
    })
  }

  function odd(path: string, what: string): AppError {
    return new AppError('stellar.answer', `Horizon at ${url} ${what}. Check its address, or use another one.`, { details: { url, path } })
  }

  return { url, passphrase, random, sleep, read, post }
}

/** undefined where it is none. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function ledgerOf(response: Response): number | null {
  const text = response.headers.get('Latest-Ledger') ?? ''
  return /^\d{1,10}$/.test(text) ? Number(text) : null
}

/** `Retry-After` in seconds or as a date; null without one. */
function retryAfterMs(response: Response, nowMs: number): number | null {
  const text = response.headers.get('Retry-After')
  if (text === null) return null
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  const date = Date.parse(text)
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs)
}

function cancelled(): AppError {
  return new AppError('cancelled', 'Stopped on request.')
}
