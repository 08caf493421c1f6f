import { useCallback, useEffect, useRef, useState } from 'react'
import type { CommandInput, CommandName, CommandOutput, QueryInput, QueryName, QueryOutput, Topic } from '../src-shared/contract.ts'
import { type AppError, toAppError } from '../src-shared/errors.ts'
import { type DesktopBridge, desktopPort, openLoopbackPort, tokenOf } from '../src-shared/page-connection.ts'
import { type ConnectionStatus, connect } from '../src-shared/rpc-client.ts'

/** What Electron's preload gives; undefined in a browser. */
export const desktop: DesktopBridge | undefined = (window as { granary?: DesktopBridge }).granary

let tellStatus: (status: ConnectionStatus) => void = () => undefined
let lastStatus: ConnectionStatus = { state: 'connecting' }

/** The one line to the core, opened as this module loads, so before the first page draws (and before a router reads the address). */
const connection = connect({
  open: () => (desktop ? desktopPort(desktop, window) : openLoopbackPort(browserEdges())),
  onStatus: status => {
    lastStatus = status
    tellStatus(status)
  },
})

// a new link put into this tab changes the address only; it is a way in all the same
if (!desktop)
  window.addEventListener('hashchange', () => {
    if (tokenOf(location.hash)) location.reload()
  })

function browserEdges() {
  return {
    origin: location.origin,
    hash: () => location.hash,
    replaceHash: (hash: string) => history.replaceState(null, '', hash || location.pathname),
    storage: sessionStorage,
    fetch: fetch.bind(window),
    WebSocket,
  }
}

/** Tells how the line stands, now and at every change. One listener. */
export function followConnection(listener: (status: ConnectionStatus) => void): void {
  tellStatus = listener
  listener(lastStatus)
}

/** Tries to reconnect now. */
export function reconnect(): void {
  connection.retry()
}

/** Asks once. Rejects with AppError. */
export function query<N extends QueryName>(name: N, input: QueryInput<N>, signal?: AbortSignal): Promise<QueryOutput<N>> {
  return connection.query(name, input, signal ? { signal } : {})
}

/**
 * Changes something. Rejects with AppError. The key makes a repetition harmless: give the same one to try the same thing again.
 */
export function command<N extends CommandName>(
  name: N,
  input: CommandInput<N>,
  options: { idempotencyKey?: string; signal?: AbortSignal } = {},
): Promise<CommandOutput<N>> {
  return connection.command(name, input, options)
}

/** Calls back with the topics that changed (all of them after a reconnect); returns the stop. */
export function onChange(listener: (topics: Topic[]) => void): () => void {
  return connection.subscribe(listener)
}

export interface QueryState<T> {
  /** what the last answer said; stays while the same question is asked again */
  data: T | undefined
  error: AppError | null
  /** a question is under way */
  loading: boolean
  /** `data` answers an earlier question (only with `keepPrevious`) */
  stale: boolean
  refetch: () => void
}

const noTopics: readonly Topic[] = []

/**
 * Asks now, whenever the input changes, and whenever one of the topics changes. While the same question is asked again the
 * old answer stays. With another input the old answer goes, unless `keepPrevious` says that it may stay on screen meanwhile.
 */
export function useQuery<N extends QueryName>(
  name: N,
  input: QueryInput<N>,
  topics: readonly Topic[] = noTopics,
  options: { enabled?: boolean; keepPrevious?: boolean } = {},
): QueryState<QueryOutput<N>> {
  const { enabled = true, keepPrevious = false } = options
  const key = `${name} ${JSON.stringify(input)}`
  const [state, setState] = useState<{ key: string; data: QueryOutput<N> | undefined; error: AppError | null; loading: boolean }>({
    key,
    data: undefined,
    error: null,
    loading: enabled,
  })
  const [turn, setTurn] = useState(0)
  const latestInput = useRef(input)
  latestInput.current = input
  const topicKey = topics.join()
  const asking = useRef(false)
  const changedMeanwhile = useRef(false)
  const interrupted = useRef(false)
  interrupted.current = state.error?.code === 'core.gone'

  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the input, and the turn asks again
  useEffect(() => {
    if (!enabled) return
    const abort = new AbortController()
    setState(old => (old.loading ? old : { ...old, loading: true }))
    asking.current = true
    changedMeanwhile.current = false
    const answered = () => {
      asking.current = false
      if (changedMeanwhile.current) setTurn(value => value + 1)
    }
    query(name, latestInput.current, abort.signal).then(
      data => {
        if (abort.signal.aborted) return
        setState({ key, data, error: null, loading: false })
        answered()
      },
      (error: unknown) => {
        if (abort.signal.aborted) return
        setState(old => ({ key, data: old.key === key || keepPrevious ? old.data : undefined, error: toAppError(error), loading: false }))
        answered()
      },
    )
    return () => abort.abort()
  }, [key, enabled, turn])

  const refetch = useCallback(() => setTurn(value => value + 1), [])
  useEffect(() => {
    if (!enabled) return
    const wanted = topicKey.split(',')
    return onChange(changed => {
      if (!interrupted.current && !changed.some(topic => wanted.includes(topic))) return
      // a sync changes things faster than some questions are answered: the answer under way is taken, and asked for again after it
      if (asking.current) changedMeanwhile.current = true
      else refetch()
    })
  }, [topicKey, enabled, refetch])

  const same = state.key === key
  return {
    data: same || keepPrevious ? state.data : undefined,
    error: same ? state.error : null,
    loading: enabled && (state.loading || !same),
    stale: !same && state.data !== undefined,
    refetch,
  }
}
