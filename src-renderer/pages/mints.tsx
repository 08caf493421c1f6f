import { Button, SegmentedControl, Skeleton } from '@mantine/core'
import { useMemo, useState } from 'react'
import { Link } from 'wouter'
import type { QueryInput, QueryOutput, Topic } from '../../src-shared/contract.ts'
import { type AppError, toAppError } from '../../src-shared/errors.ts'
import type { MintRow } from '../../src-shared/mints-contract.ts'
import { query, useQuery } from '../api.ts'
import { DataTable, useTableSort } from '../components/data-table.tsx'
import { EmptyState } from '../components/empty-state.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { useWindowSource } from '../components/row-source.ts'
import { Amount } from '../components/values.tsx'
import { downloadText } from '../format.ts'
import { IconDownload } from '../icons.tsx'
import { useUi } from '../store.ts'
import { texts } from '../texts.ts'
import { mintColumns } from './mint-columns.tsx'
import { isFiltered, MintFilters, type MintsFilter, noMintsFilter } from './mint-filters.tsx'
import { MintBasis, MintNotes, MintTotals } from './mint-head.tsx'
import { MintFarms, MintLocks, RunningPeriods } from './mint-lists.tsx'
import { openMint } from './mint-sheet.tsx'
import page from './nodes.module.css'
import classes from './page.module.css'

const words = texts.mints
const topics: Topic[] = ['mints', 'labels', 'facts']
const tabs = ['mints', 'farms', 'running', 'locks'] as const
type Tab = (typeof tabs)[number]
type List = QueryOutput<'mints.list'>

/** What can be claimed, what is decided and what is paid, of every node's own periods; and those that run. */
export function MintsPage() {
  const [ui, setUi] = useUi<{ tab: Tab }>('mints', { tab: 'mints' })
  const [filter, setFilter] = useUi<MintsFilter>('mints.filter', noMintsFilter)
  // whatever the filter leaves: what stands on top is of all
  const all = useQuery('mints.list', { limit: 1 }, topics)
  const locks = useQuery('locks.get', { limit: 1 }, topics)
  const shown = tabs.filter(tab => tab !== 'locks' || locks.data?.on)
  const tab = shown.includes(ui.tab) ? ui.tab : 'mints'
  const { data } = all

  if (all.error && !data) return <ErrorPanel error={all.error} onRetry={all.refetch} />
  if (!data)
    return (
      <div className={page.page} aria-busy="true">
        <h1 className={classes.title}>{words.title}</h1>
        <Skeleton height={98} />
        <Skeleton height={320} />
      </div>
    )
  if (data.network === null)
    return (
      <div className={page.page}>
        <h1 className={classes.title}>{words.title}</h1>
        <EmptyState title={words.emptyTitle} action={<Link href="/sync">{texts.overview.emptyFollow}</Link>}>
          {words.term}
        </EmptyState>
      </div>
    )
  return (
    <div className={page.page}>
      <header className={classes.head}>
        <h1>
          <abbr title={words.term}>{words.title}</abbr>
        </h1>
        <span className={classes.dim}>
          {texts.settings.network.toLowerCase()} {data.network}
          {data.rules === 'node-period' ? `, ${words.triggers[data.trigger].name.toLowerCase()}` : ''}
        </span>
        <div className={classes.right}>
          <MintsCsv filter={tab === 'mints' ? filter : noMintsFilter} />
        </div>
      </header>
      <MintNotes list={data} />
      <MintTotals list={data} />
      <MintBasis list={data} />
      <div>
        <SegmentedControl
          aria-label={words.tabsLabel}
          data={shown.map(value => ({ value, label: words.tabs[value] }))}
          value={tab}
          onChange={value => setUi({ tab: value as Tab })}
          transitionDuration={0}
        />
      </div>
      {tab === 'mints' ? <Mints list={data} filter={filter} setFilter={setFilter} /> : null}
      {tab === 'farms' ? (
        <MintFarms
          rules={data.rules}
          onOpen={farmId => {
            setFilter({ ...noMintsFilter, farmId })
            setUi({ tab: 'mints' })
          }}
        />
      ) : null}
      {tab === 'running' ? <RunningPeriods /> : null}
      {tab === 'locks' ? <MintLocks /> : null}
    </div>
  )
}

function inputOf({ farmId, stage, search }: MintsFilter): QueryInput<'mints.csv'> {
  return { ...(farmId === null ? {} : { farmId }), ...(stage === null ? {} : { stage }), ...(search === '' ? {} : { search }) }
}

const sorts = ['stage', 'nodeId', 'farm', 'amount', 'closed', 'uptime'] as const

function Mints({ list, filter, setFilter }: { list: List; filter: MintsFilter; setFilter: (change: Partial<MintsFilter>) => void }) {
  const [sort, setSort] = useTableSort('mints', { id: 'stage', descending: false })
  const { rules } = list
  const columns = useMemo(() => mintColumns(rules), [rules])
  const input: QueryInput<'mints.list'> = {
    ...inputOf(filter),
    sort: sorts.find(id => id === sort.id) ?? 'stage',
    descending: sort.descending,
  }
  const source = useWindowSource(
    JSON.stringify(input),
    (offset, limit, signal) => query('mints.list', { ...input, offset, limit }, signal),
    topics,
  )
  const filtered = isFiltered(filter)
  return (
    <DataTable
      name="mints"
      label={words.title}
      columns={columns}
      source={source}
      rowId={rowId}
      sort={sort}
      onSort={setSort}
      onOpen={row => openMint(row, rules)}
      sums={sumMints}
      tools={<MintFilters filter={filter} setFilter={setFilter} farms={list.farms} rules={rules} />}
      empty={
        <div className={page.none}>
          {filtered ? words.none : words.noneYet}
          {filtered ? (
            <Button variant="default" onClick={() => setFilter(noMintsFilter)}>
              {words.clear}
            </Button>
          ) : null}
        </div>
      }
    />
  )
}

function rowId(row: MintRow): string {
  return `${row.nodeId} ${row.start}`
}

function sumMints(rows: MintRow[]) {
  return [{ label: words.sumMints, value: <Amount units={rows.reduce((sum, row) => sum + row.rewardUnits, 0n)} unit /> }]
}

/** Saves every mint that the filter leaves, made by the core: every column, also such as are not shown. */
function MintsCsv({ filter }: { filter: MintsFilter }) {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<AppError | null>(null)
  const save = () => {
    setBusy(true)
    setError(null)
    query('mints.csv', inputOf(filter))
      .then(
        file => downloadText(file.fileName, file.text),
        (reason: unknown) => setError(toAppError(reason)),
      )
      .finally(() => setBusy(false))
  }
  return (
    <>
      <Button variant="default" h={32} leftSection={<IconDownload />} loading={busy} onClick={save}>
        {words.csv}
      </Button>
      {error ? <ErrorPanel error={error} title={words.csvFailed} onRetry={save} /> : null}
    </>
  )
}
