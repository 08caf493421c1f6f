import { startTransition, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { Topic } from '../../src-shared/contract.ts'
import { type AppError, toAppError } from '../../src-shared/errors.ts'
import { onChange } from '../api.ts'

/** Where a DataTable gets its rows: a list that is here (listSource), or windows of a list in the core (useWindowSource). */
export interface RowSource<Row> {
  total: number
  /** undefined: not here yet */
  row(index: number): Row | undefined
  /** the table shows these rows now */
  show(first: number, last: number): void
  /** every row, for copies and files */
  all(): Promise<readonly Row[]>
  /** nothing has arrived yet */
  loading: boolean
  /** what is shown answers an earlier question */
  stale: boolean
  error: AppError | null
  refetch(): void
}

/** A list that is here as a whole, in the order given. */
export function listSource<Row>(rows: readonly Row[]): RowSource<Row> {
  return {
    total: rows.length,
    row: index => rows[index],
    show: () => undefined,
    all: () => Promise.resolve(rows),
    loading: false,
    stale: false,
    error: null,
    refetch: () => undefined,
  }
}

export interface Page<Row> {
  rows: Row[]
  total: number
}

const pageSize = 100
const exportSize = 1000

interface Held<P extends Page<unknown>> {
  key: string
  total: number
  pages: Map<number, P['rows']>
  first: P | undefined
}

/**
 * A long list of the core, fetched in windows of 100 rows as the table comes to them. `key` stands for filter and order:
 * with another key the old rows stay, marked stale, until the first new ones are here. A change of a topic fetches
 * the windows on screen again, without a flicker. `first` is the latest answer, with what it says beside its rows.
 */
export function useWindowSource<P extends Page<unknown>>(
  key: string,
  fetchPage: (offset: number, limit: number, signal: AbortSignal) => Promise<P>,
  topics: readonly Topic[],
): RowSource<P['rows'][number]> & { first: P | undefined } {
  type Row = P['rows'][number]
  const [held, setHeld] = useState<Held<P>>({ key: '', total: 0, pages: new Map(), first: undefined })
  const [error, setError] = useState<AppError | null>(null)
  const fetcher = useRef(fetchPage)
  fetcher.current = fetchPage
  const shown = useRef<[number, number]>([0, 0])
  const run = useRef<{ key: string; asked: Set<number>; abort: AbortController }>({
    key: '',
    asked: new Set(),
    abort: new AbortController(),
  })

  const fetchWindow = useCallback((page: number) => {
    const current = run.current
    if (current.asked.has(page)) return
    current.asked.add(page)
    fetcher.current(page * pageSize, pageSize, current.abort.signal).then(
      answer => {
        if (run.current !== current) return
        setError(null)
        // in slices, so that rows that arrive while the table scrolls don't hold it up
        startTransition(() =>
          setHeld(old => {
            const pages = new Map(old.key === current.key ? old.pages : [])
            pages.set(page, answer.rows)
            return { key: current.key, total: answer.total, pages, first: answer }
          }),
        )
      },
      (reason: unknown) => {
        if (run.current !== current) return
        current.asked.delete(page)
        setError(toAppError(reason))
      },
    )
  }, [])

  const begin = useCallback(
    (forKey: string) => {
      run.current.abort.abort()
      run.current = { key: forKey, asked: new Set(), abort: new AbortController() }
      const [first, last] = shown.current
      fetchWindow(Math.floor(first / pageSize))
      if (last > first) for (let page = Math.floor(first / pageSize) + 1; page <= Math.floor(last / pageSize); page++) fetchWindow(page)
    },
    [fetchWindow],
  )

  useEffect(() => {
    shown.current = [0, 0]
    begin(key)
    return () => run.current.abort.abort()
  }, [key, begin])

  const topicKey = topics.join()
  const broken = useRef(false)
  broken.current = error?.code === 'core.gone'
  useEffect(() => {
    const wanted = topicKey.split(',')
    return onChange(changed => {
      if (broken.current || changed.some(topic => wanted.includes(topic))) begin(run.current.key)
    })
  }, [topicKey, begin])

  return useMemo(
    () => ({
      total: held.total,
      row: index => held.pages.get(Math.floor(index / pageSize))?.[index % pageSize],
      show: (first, last) => {
        shown.current = [first, last]
        if (run.current.key !== held.key) return // the first window of the new order is under way
        for (let page = Math.floor(first / pageSize); page <= Math.floor(last / pageSize); page++)
          if (page * pageSize < held.total) fetchWindow(page)
      },
      all: async () => {
        const abort = new AbortController()
        const rows: Row[] = []
        for (let offset = 0; ; offset += exportSize) {
          const answer = await fetcher.current(offset, exportSize, abort.signal)
          rows.push(...answer.rows)
          if (answer.rows.length === 0 || rows.length >= answer.total) return rows
        }
      },
      loading: held.first === undefined && error === null,
      stale: held.key !== key,
      error,
      refetch: () => begin(run.current.key),
      first: held.first,
    }),
    [held, key, error, fetchWindow, begin],
  )
}
