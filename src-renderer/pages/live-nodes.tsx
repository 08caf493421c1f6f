import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { Link, useLocation } from 'wouter'
import { type AppError, toAppError } from '../../src-shared/errors.ts'
import type { NodeState } from '../../src-shared/nodes-contract.ts'
import type { LiveNode, SyncPhase } from '../../src-shared/sync.ts'
import { cleanName } from '../../src-shared/text.ts'
import { formatUtc } from '../../src-shared/time.ts'
import { onChange, query } from '../api.ts'
import { type Column, DataTable, useTableSort } from '../components/data-table.tsx'
import { Clip, FarmName } from '../components/names.tsx'
import { listSource, type RowSource } from '../components/row-source.ts'
import { StateMark } from '../components/state-mark.tsx'
import { DateTime, Duration } from '../components/values.tsx'
import { formatCount } from '../format.ts'
import { nodePath } from '../links.ts'
import { countStates, sortLive, worstFirst } from '../sync-words.ts'
import { stateWords, texts } from '../texts.ts'
import page from './page.module.css'
import classes from './sync.module.css'

const words = texts.sync.live
const pageSize = 1000
/** a new head comes every few seconds; the whole grid's rows are a megabyte */
const refreshMs = { few: 1000, many: 10_000 }

export interface LiveNodes {
  /** undefined: nothing has been answered yet */
  rows: LiveNode[] | undefined
  /** the block that they are the state of; null: not known yet */
  asOf: { n: number; ts: number } | null
  error: AppError | null
  refetch: () => void
}

/** The followed nodes as they are now, all of them: a glance counts and sorts them. Asked again as the sync moves, not at every step. */
export function useLiveNodes(): LiveNodes {
  const [state, setState] = useState<Omit<LiveNodes, 'refetch'>>({ rows: undefined, asOf: null, error: null })
  const wanted = useRef<() => void>(() => undefined)
  useEffect(() => {
    const abort = new AbortController()
    let busy = false
    let again = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const load = async (): Promise<void> => {
      busy = true
      again = false
      let count = 0
      try {
        const answer = await fetchAll(abort.signal)
        count = answer.rows.length
        if (!abort.signal.aborted) setState({ ...answer, error: null })
      } catch (error) {
        if (!abort.signal.aborted) setState(old => ({ ...old, error: toAppError(error) }))
      }
      if (abort.signal.aborted) return
      timer = setTimeout(
        () => {
          busy = false
          if (again) void load()
        },
        count > pageSize ? refreshMs.many : refreshMs.few,
      )
    }
    wanted.current = () => {
      if (busy) again = true
      else void load()
    }
    wanted.current()
    const stop = onChange(topics => {
      if (topics.includes('sync')) wanted.current()
    })
    return () => {
      stop()
      abort.abort()
      clearTimeout(timer)
    }
  }, [])
  const refetch = useCallback(() => wanted.current(), [])
  return { ...state, refetch }
}

async function fetchAll(signal: AbortSignal): Promise<{ rows: LiveNode[]; asOf: LiveNodes['asOf'] }> {
  const rows = new Map<number, LiveNode>()
  for (let offset = 0; ; offset += pageSize) {
    const answer = await query('live.list', { offset, limit: pageSize }, signal)
    for (const row of answer.rows) rows.set(row.nodeId, row)
    if (answer.rows.length === 0 || offset + answer.rows.length >= answer.total) return { rows: [...rows.values()], asOf: answer.asOf }
  }
}

const columns: Column<LiveNode>[] = [
  {
    id: 'node',
    header: words.columns.node,
    width: 76,
    cell: row => <Link href={nodePath(row.nodeId)}>{row.nodeId}</Link>,
    text: row => String(row.nodeId),
    sortable: true,
  },
  {
    id: 'state',
    header: words.columns.state,
    width: 96,
    cell: row => <StateMark state={row.state} title={row.reason} />,
    text: row => row.state,
    sortable: true,
  },
  { id: 'reason', header: words.columns.reason, width: 180, grow: 2, cell: row => <Clip text={row.reason} />, text: row => row.reason },
  {
    id: 'farm',
    header: words.columns.farm,
    width: 160,
    grow: 1,
    cell: row => <FarmName name={row.farmName} id={row.farmId} />,
    text: row => `${cleanName(row.farmName)} (${row.farmId})`,
    sortable: true,
  },
  {
    id: 'target',
    header: words.columns.target,
    hint: words.hints.target,
    width: 106,
    cell: row => words.targets[row.powerTarget],
    text: row => row.powerTarget,
    sortable: true,
  },
  {
    id: 'lastReport',
    header: words.columns.lastReport,
    hint: words.hints.lastReport,
    width: 130,
    align: 'right',
    help: 'last-report',
    cell: row =>
      row.lastReportTs === null ? <span className={page.dim}>{words.none}</span> : <DateTime ts={row.lastReportTs} form="short" />,
    text: row => (row.lastReportTs === null ? '' : formatUtc(row.lastReportTs)),
    sortable: true,
  },
  {
    id: 'uptime',
    header: words.columns.uptime,
    hint: words.hints.uptime,
    width: 110,
    align: 'right',
    help: 'up-for',
    cell: row => (row.uptimeSec === null ? '' : <Duration sec={row.uptimeSec} />),
    text: row => (row.uptimeSec === null ? '' : String(row.uptimeSec)),
    sortable: true,
  },
  {
    id: 'contracts',
    header: words.columns.contracts,
    hint: words.hints.contracts,
    width: 90,
    align: 'right',
    help: 'contracts',
    cell: row => formatCount(row.contracts),
    text: row => String(row.contracts),
    sortable: true,
  },
  {
    id: 'certified',
    header: words.columns.certified,
    width: 90,
    cell: row => (row.certified ? texts.nodes.certified : texts.nodes.diy),
    text: row => (row.certified ? 'certified' : 'diy'),
    optional: true,
  },
]

/** The followed nodes: how many are in which state, and each; the worst first. `phase` says why there are none. */
export function LiveNodesTable({ live, phase }: { live: LiveNodes; phase: SyncPhase }) {
  const [, navigate] = useLocation()
  const [sort, setSort] = useTableSort('live', { id: 'state', descending: false })
  const [only, setOnly] = useState<NodeState | null>(null)
  const { rows, asOf, error, refetch } = live
  const counts = useMemo(() => countStates(rows ?? []), [rows])
  const source = useMemo<RowSource<LiveNode>>(() => {
    const shown = (rows ?? []).filter(row => only === null || row.state === only)
    // a failed refresh leaves what is on screen; its age is said beside the title
    const failed = rows === undefined || rows.length === 0 ? error : null
    return {
      ...listSource(sortLive(shown, { id: sort.id, descending: sort.descending })),
      loading: rows === undefined && error === null,
      error: failed,
      refetch,
    }
  }, [rows, error, only, sort.id, sort.descending, refetch])
  return (
    <section className={page.stack} aria-label={words.title}>
      <DataTable
        name="live"
        label={words.title}
        title={words.title}
        columns={columns}
        source={source}
        rowId={row => String(row.nodeId)}
        sort={sort}
        onSort={setSort}
        onOpen={row => navigate(nodePath(row.nodeId))}
        maxRows={14}
        tools={
          <>
            {asOf ? (
              <span className={classes.asOf}>
                {words.asOf} {formatCount(asOf.n)}, <DateTime ts={asOf.ts} form="age" />
              </span>
            ) : null}
            {rows && rows.length > 0 ? <StateFilter counts={counts} total={rows.length} only={only} onOnly={setOnly} /> : null}
          </>
        }
        empty={only !== null && rows && rows.length > 0 ? words.filtered : emptyText(phase, asOf !== null)}
      />
    </section>
  )
}

function emptyText(phase: SyncPhase, known: boolean): string {
  if (known) return words.empty
  if (phase === 'offline') return words.offline
  return phase === 'connecting' || phase === 'backfilling' || phase === 'following' ? words.waiting : words.notRunning
}

function StateFilter(props: {
  counts: Record<NodeState, number>
  total: number
  only: NodeState | null
  onOnly: (state: NodeState | null) => void
}) {
  const { counts, total, only, onOnly } = props
  return (
    <fieldset className={classes.states} aria-label={words.counts}>
      {worstFirst
        .filter(state => counts[state] > 0 || state === only)
        .map(state => (
          <button
            key={state}
            type="button"
            className={classes.state}
            aria-pressed={state === only}
            onClick={() => onOnly(state === only ? null : state)}
          >
            <StateMark state={state} word={`${formatCount(counts[state])} ${stateWords[state].toLowerCase()}`} />
          </button>
        ))}
      {only === null ? null : (
        <button type="button" className={classes.state} onClick={() => onOnly(null)}>
          {words.all(formatCount(total))}
        </button>
      )}
    </fieldset>
  )
}
