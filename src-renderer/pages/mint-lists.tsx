import { Skeleton } from '@mantine/core'
import { useMemo } from 'react'
import type { QueryOutput, Topic } from '../../src-shared/contract.ts'
import type { MintFarm, RunningRow } from '../../src-shared/mints-contract.ts'
import { tftExact } from '../../src-shared/money.ts'
import { cleanName, compareText } from '../../src-shared/text.ts'
import { formatUtc } from '../../src-shared/time.ts'
import { query, useQuery } from '../api.ts'
import { type Column, DataTable, useTableSort } from '../components/data-table.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { Filled } from '../components/filled.tsx'
import { FarmName } from '../components/names.tsx'
import { NumHead } from '../components/num-head.tsx'
import { listSource, type RowSource, useWindowSource } from '../components/row-source.ts'
import { Amount, DateTime } from '../components/values.tsx'
import { formatCount, formatDayYear, formatPermille } from '../format.ts'
import { texts } from '../texts.ts'
import { farmColumns, runningColumns } from './mint-columns.tsx'
import { openRunning } from './mint-sheet.tsx'
import classes from './mints.module.css'
import page from './page.module.css'

const words = texts.mints
const topics: Topic[] = ['mints', 'labels', 'facts']

/** The mints added up by farm; a row leads to its mints. */
export function MintFarms({ rules, onOpen }: { rules: 'v3' | 'node-period'; onOpen: (farmId: number) => void }) {
  const { data, error, refetch } = useQuery('mints.farms', {}, topics)
  const [sort, setSort] = useTableSort('mint-farms', { id: 'claimableUnits', descending: true })
  const columns = useMemo(() => farmColumns(rules), [rules])
  const source = useMemo<RowSource<MintFarm>>(() => {
    const rows = [...(data?.rows ?? [])].sort((a, b) => compareFarms(a, b, sort.id))
    if (sort.descending) rows.reverse()
    return { ...listSource(rows), loading: data === undefined && error === null, error, refetch }
  }, [data, error, refetch, sort.id, sort.descending])
  return (
    <DataTable
      name="mint-farms"
      label={words.tabs.farms}
      columns={columns}
      source={source}
      rowId={row => String(row.farmId)}
      sort={sort}
      onSort={setSort}
      onOpen={row => (row.farmId === null ? undefined : onOpen(row.farmId))}
      sums={sumFarms}
      empty={words.noneYet}
    />
  )
}

function compareFarms(a: MintFarm, b: MintFarm, id: string): number {
  const left = a[id as keyof MintFarm] ?? -1
  const right = b[id as keyof MintFarm] ?? -1
  const byId = (a.farmId ?? -1) - (b.farmId ?? -1)
  if (typeof left === 'string' || typeof right === 'string') return compareText(String(left), String(right)) || byId
  return left < right ? -1 : left > right ? 1 : byId
}

function sumFarms(rows: MintFarm[]) {
  return [{ label: words.sumMints, value: <Amount units={rows.reduce((sum, row) => sum + row.claimableUnits, 0n)} unit /> }]
}

/** Every node's own period that runs, soonest end first. */
export function RunningPeriods() {
  const columns = useMemo(() => runningColumns(), [])
  const source = useWindowSource('', (offset, limit, signal) => query('mints.running', { offset, limit }, signal), topics)
  const [sort, setSort] = useTableSort('mint-running', { id: 'ends', descending: false })
  return (
    <DataTable
      name="mint-running"
      label={words.figures.running}
      columns={columns}
      source={source}
      rowId={row => String(row.nodeId)}
      sort={sort}
      onSort={setSort}
      onOpen={openRunning}
      sums={sumRunning}
      tools={
        source.first?.asOfTs ? (
          <span className={page.dim}>
            <Filled text={texts.app.asOf} parts={{ time: <DateTime ts={source.first.asOfTs} form="both" /> }} />
          </span>
        ) : null
      }
      empty={words.figures.noneRuns}
    />
  )
}

function sumRunning(rows: RunningRow[]) {
  return [{ label: words.columns.staysUp, value: <Amount units={rows.reduce((sum, row) => sum + row.projection.staysUp.units, 0n)} /> }]
}

type Locks = QueryOutput<'locks.get'>
type Lock = Locks['rows'][number]

const lockColumns: Column<Lock>[] = [
  {
    id: 'opens',
    header: words.columns.opens,
    width: 142,
    cell: row => <DateTime ts={row.opensTs} />,
    text: row => formatUtc(row.opensTs),
  },
  { id: 'nodeId', header: words.columns.node, width: 72, cell: row => row.nodeId, text: row => String(row.nodeId) },
  {
    id: 'farm',
    header: words.columns.farm,
    width: 150,
    grow: 2,
    cell: row => <FarmName name={row.farmName} id={row.farmId} />,
    text: row => `${cleanName(row.farmName)} (${row.farmId})`,
  },
  {
    id: 'amount',
    header: words.columns.locked,
    width: 120,
    align: 'right',
    help: 'locked-mint',
    cell: row => <Amount units={row.amountUnits} />,
    text: row => tftExact(row.amountUnits),
  },
  {
    id: 'since',
    header: words.columns.since,
    width: 142,
    cell: row => <DateTime ts={row.fromTs} />,
    text: row => formatUtc(row.fromTs),
  },
  {
    id: 'utilization',
    header: words.columns.utilization,
    hint: words.hints.utilization,
    width: 110,
    align: 'right',
    help: 'utilization',
    cell: row => (row.utilizationPermille === null ? words.locks.unused : formatPermille(row.utilizationPermille)),
    text: row => (row.utilizationPermille === null ? '' : (row.utilizationPermille / 10).toFixed(1)),
  },
  {
    id: 'after',
    header: words.columns.after,
    width: 140,
    align: 'right',
    help: 'locked-mint',
    cell: row => <Amount units={row.lockedAfterUnits} />,
    text: row => tftExact(row.lockedAfterUnits),
  },
]

/** What locking would hold back, and when it opens: by period, then lock by lock. */
export function MintLocks() {
  const { data, error, refetch } = useQuery('locks.get', { limit: 1 }, topics)
  const source = useWindowSource('', (offset, limit, signal) => query('locks.get', { offset, limit }, signal), topics)
  const [sort, setSort] = useTableSort('locks', { id: 'opens', descending: false })
  if (error) return <ErrorPanel error={error} onRetry={refetch} />
  if (!data) return <Skeleton height={320} />
  return (
    <>
      <p className={page.dim}>{words.locks.text}</p>
      <p>
        {words.locks.locked} <Amount units={data.lockedUnits} unit />, {words.locks.free.toLowerCase()}{' '}
        <Amount units={data.freeUnits} unit />
      </p>
      {data.months.length > 0 ? <LockMonths months={data.months} /> : null}
      <DataTable
        name="locks"
        label={words.locks.title}
        title={words.locks.title}
        columns={lockColumns}
        source={source}
        rowId={row => row.mintId}
        sort={sort}
        onSort={setSort}
        empty={words.locks.none}
      />
    </>
  )
}

function LockMonths({ months }: { months: Locks['months'] }) {
  const names = words.columns
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div className={classes.years} tabIndex={0}>
      <table className={page.table}>
        <caption className={page.hidden}>{words.locks.months}</caption>
        <thead>
          <tr>
            <th scope="col">{names.period}</th>
            <th scope="col">{names.opens}</th>
            <NumHead name={names.count} help="locks" />
            <NumHead name={names.locked} help="locked-mint" />
            <NumHead name={names.after} help="locked-mint" />
          </tr>
        </thead>
        <tbody>
          {months.map(month => (
            <tr key={month.period}>
              <td>{month.period}</td>
              <td title={texts.app.range(formatUtc(month.start), formatUtc(month.end))}>
                {texts.app.range(formatDayYear(month.start), formatDayYear(month.end))}
              </td>
              <td className={page.num}>{formatCount(month.count)}</td>
              <td className={page.num}>
                <Amount units={month.amountUnits} />
              </td>
              <td className={page.num}>
                <Amount units={month.leftUnits} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
