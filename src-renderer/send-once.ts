import { useRef, useState } from 'react'
import { AppError, toAppError } from '../src-shared/errors.ts'
import { newIdempotencyKey } from '../src-shared/rpc-client.ts'
import { texts } from './texts.ts'

export interface SendingOnce {
  busy: boolean
  error: AppError | null
  /** `work` gives the key to its command. A second press while it is under way does nothing. */
  send: (work: (idempotencyKey: string) => Promise<void>) => void
}

/**
 * Sends what moves money, once: the form has one key, which stays over sendings that failed or whose answer was lost, so that trying again
 * can't do it twice. A form that was sent begins anew with another key.
 */
export function useSendOnce(): SendingOnce {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<AppError | null>(null)
  const key = useRef(newIdempotencyKey())
  // at once: a second click may come before the button is drawn busy
  const isUnderWay = useRef(false)
  const send: SendingOnce['send'] = work => {
    if (isUnderWay.current) return
    isUnderWay.current = true
    setBusy(true)
    setError(null)
    work(key.current)
      .then(
        () => {
          key.current = newIdempotencyKey()
        },
        (reason: unknown) => setError(inWords(toAppError(reason))),
      )
      .finally(() => {
        isUnderWay.current = false
        setBusy(false)
      })
  }
  return { busy, error, send }
}

/** What is safe after a form failed: mostly all of it, but for an answer that was lost. */
export function whatIsSafe(error: AppError | null): string {
  const { safe } = texts.treasury
  if (error?.code === 'core.gone') return safe.unknown
  return error?.code === 'idempotency.reused' ? safe.done : safe.nothing
}

/** The core's own words are for programs: a page has its key from nobody. */
function inWords(error: AppError): AppError {
  if (error.code !== 'idempotency.reused') return error
  return new AppError('idempotency.reused', texts.treasury.sentBefore, { details: error.details })
}
