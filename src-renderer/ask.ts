import { useCallback, useEffect, useRef, useState } from 'react'
import { type AppError, toAppError } from '../src-shared/errors.ts'

export interface AskState<Input, Answer> {
  /** what was asked last; null: nothing yet, or it was cancelled or cleared */
  input: Input | null
  busy: boolean
  answer: Answer | null
  error: AppError | null
}

/**
 * A question that takes seconds and is asked on request: what it is about, whether it is under way, what came of it. A new question
 * takes the place of the one under way; `cancel` drops it; leaving the page does too.
 */
export function useAsk<Input, Answer>(ask: (input: Input, signal: AbortSignal) => Promise<Answer>) {
  const nothing: AskState<Input, Answer> = { input: null, busy: false, answer: null, error: null }
  const [state, setState] = useState<AskState<Input, Answer>>(nothing)
  const abort = useRef<AbortController | null>(null)
  const latest = useRef(ask)
  latest.current = ask
  useEffect(() => () => abort.current?.abort(), [])

  const run = useCallback((input: Input): void => {
    abort.current?.abort()
    const own = new AbortController()
    abort.current = own
    setState({ input, busy: true, answer: null, error: null })
    latest.current(input, own.signal).then(
      answer => {
        if (!own.signal.aborted) setState({ input, busy: false, answer, error: null })
      },
      (error: unknown) => {
        if (!own.signal.aborted) setState({ input, busy: false, answer: null, error: toAppError(error) })
      },
    )
  }, [])
  const cancel = (): void => {
    abort.current?.abort()
    setState(nothing)
  }
  return { ...state, run, cancel }
}
