import { createHash } from 'node:crypto'
import type { ToldAlert } from '../../src-shared/alerts.ts'
import { AppError } from '../../src-shared/errors.ts'
import { isThisMachine, readLimited, reasonOf, safeAddress } from './http.ts'

/* The webhook: one POST of JSON for each thing that is told, so that another program can pass it on. */

/** For the whole answer. */
const TIMEOUT_MS = 15_000
/** Nothing of an answer is used; more than this is not read. */
const MAX_ANSWER = 10_000
const MAX_BODY = 64_000
export const FORM = 'granary-alerts 1'

export interface WebhookRequest {
  url: string
  /** the secret is not among them: it is added on sending */
  headers: Readonly<Record<string, string>>
  body: string
}

export interface WebhookMessage {
  /** the same for every try of the same message */
  id: string
  ts: number
  what: 'opened' | 'over' | 'summary'
  title: string
  alerts: readonly ToldAlert[]
}

/**
 * What is sent for a message, as it may be shown before.
 * @throws AppError usage: the address is none that may be called
 */
export function webhookRequest(url: string, { id, ts, what, title, alerts }: WebhookMessage): WebhookRequest {
  const address = safeAddress(url)
  if (address === null)
    throw new AppError(
      'usage',
      'This is no address for a webhook. Enter https://HOST/…, or http:// for a program on this machine, without user name, query or fragment. Nothing was sent.',
    )
  const rows = alerts.map(alert => ({ id: alertId(alert.cause), ...alert, cause: undefined }))
  const text = (most: number) =>
    JSON.stringify({ form: FORM, id, ts, what, title, total: rows.length, alerts: rows.slice(0, most) }, null, 2)
  const whole = text(rows.length)
  return {
    url: address,
    headers: { 'Content-Type': 'application/json', Accept: 'application/json', 'Idempotency-Key': id },
    // a summary of hundreds says how many there are, and names the first
    body: Buffer.byteLength(whole) <= MAX_BODY ? whole : text(50),
  }
}

/** An alert's name outside: its cause names nodes and times in a form that may change. */
export function alertId(cause: string): string {
  return createHash('sha256').update(`granary alert ${cause}`).digest('hex').slice(0, 32)
}

/** Sends once. Null: it was taken; else why not, in words. Never rejects, but for the caller's signal. */
export async function sendWebhook(
  request: WebhookRequest,
  secret: { name: string; value: string } | null,
  signal: AbortSignal,
): Promise<string | null> {
  if (secret && !/^[\x20-\x7e]{1,1000}$/.test(secret.value)) return 'The secret holds characters that no header takes. Nothing was sent.'
  const timeout = AbortSignal.timeout(TIMEOUT_MS)
  try {
    const response = await fetch(request.url, {
      method: 'POST',
      body: request.body,
      redirect: 'manual',
      headers: { ...request.headers, ...(secret && { [secret.name]: secret.value }) },
      signal: AbortSignal.any([signal, timeout]),
    })
    if (response.status >= 300 && response.status < 400) {
      await response.body?.cancel()
      return 'It points to another address. That was not followed.'
    }
    await readLimited(response, MAX_ANSWER)
    return response.ok ? null : `It answered ${response.status}.`
  } catch (cause) {
    if (signal.aborted) throw new AppError('cancelled', 'Stopped on request.')
    if (cause instanceof Error && cause.name === 'TimeoutError') return `It did not answer within ${TIMEOUT_MS / 1000} s.`
    const where = isThisMachine(new URL(request.url).hostname) ? 'The program on this machine' : 'It'
    return `${where} can't be reached (${reasonOf(cause).replaceAll(secret?.value || '\0', '(secret)')}).`
  }
}
