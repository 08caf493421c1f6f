import type { ErrorCode } from '../../../src-shared/errors.ts'
import { AppError } from '../../../src-shared/errors.ts'
import { refusals } from '../../../src-shared/treasury/refusals.ts'

/** What a request is answered with that is not done. */
export interface RestProblem {
  status: number
  body: { code: ErrorCode; message: string; field: string | null }
  headers: Record<string, string>
}

/**
 * Statuses besides those of the treasury's refusals (refusals.ts). Where the rules know none, HTTP's own say it: 401 for who is not let in, 405,
 * 413 and 415 (see `requestProblem`) for what is no request of this door, 503 for what may go better later. All else is a fault of Granary: 500.
 */
const statuses: Partial<Record<ErrorCode, number>> = {
  usage: 400,
  'rest.request': 400,
  'rest.token': 401,
  'rest.scope': 403,
  'rest.origin': 403,
  'keys.locked': 403,
  'not-found': 404,
  'idempotency.reused': 409,
  'keys.once': 409,
  'ledger.refused': 409,
  'store.conflict': 409,
  'rest.rate': 429,
  'store.busy': 503,
  'io.full': 503,
  cancelled: 503,
  'core.gone': 503,
}

/** An error as the door answers it. `details.status` of a rest.request says which of HTTP's own fits better than 400. */
export function problemOf({ code, message, details }: AppError): RestProblem {
  const known: Partial<Record<ErrorCode, readonly [number, string]>> = refusals
  const own = code === 'rest.request' && typeof details.status === 'number' ? details.status : undefined
  const field = typeof details.field === 'string' && details.field !== '' ? details.field : null
  return {
    status: own ?? known[code]?.[0] ?? statuses[code] ?? 500,
    body: { code, message, field },
    headers: headersOf(code, details),
  }
}

function headersOf(code: ErrorCode, { waitSec, allow }: AppError['details']): Record<string, string> {
  if (code === 'rest.token') return { 'www-authenticate': 'Bearer realm="granary"' }
  if (code === 'rest.rate') return { 'retry-after': String(waitSec) }
  return typeof allow === 'string' ? { allow } : {}
}

/** No request that this door takes. `status`: 400, 404, 405, 413, 415. */
export function requestProblem(status: number, message: string, details: { field?: string; allow?: string } = {}): AppError {
  return new AppError('rest.request', message, { details: { status, ...details } })
}

/** Too many requests. */
export function rateProblem(waitSec: number, message: string): AppError {
  const wait = waitSec === 1 ? '1 second' : `${waitSec} seconds`
  return new AppError('rest.rate', `${message} Ask again in ${wait}; nothing was changed.`, { retryable: true, details: { waitSec } })
}
