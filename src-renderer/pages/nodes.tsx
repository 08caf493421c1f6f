import { Button, Select } from '@mantine/core'
import { useMemo } from 'react'
import { Link, useLocation } from 'wouter'
import type { QueryInput, Topic } from '../../src-shared/contract.ts'
import { type Violation, violations } from '../../src-shared/mint.ts'
import { type NodeRow, nodeSortSchema, nodeStateSchema } from '../../src-shared/nodes-contract.ts'
import { formatUtc, periodAt } from '../../src-shared/time.ts'
import { query, useQuery } from '../api.ts'
import { DataTable, useTableSort } from '../components/data-table.tsx'
import { EmptyState } from '../components/empty-state.tsx'
import { Figure } from '../components/figure.tsx'
import { FarmFilter, SearchField } from '../components/list-filters.tsx'
import { useWindowSource } from '../components/row-source.ts'
import { Amount } from '../components/values.tsx'
import { formatDayYear } from '../format.ts'
import { IconClose } from '../icons.tsx'
import { type NodesFilter, nodePath, noFilter } from '../links.ts'
import { useUi } from '../store.ts'
import { stateWords, texts, violationWords } from '../texts.ts'
import { nodeColumns } from './node-columns.tsx'
import classes from './nodes.module.css'
import { SumByFarmLoaded } from './sum-by-farm.tsx'

const words = texts.nodes
const topics: Topic[] = ['facts', 'results', 'labels', 'settings']

/** Every node with its days, its state and its money. */
export function NodesPage() {
  const [, navigate] = useLocation()
  const [filter, setFilter] = useUi<NodesFilter>('nodes.filter', noFilter)
  const [sort, setSort] = useTableSort('nodes', { id: 'nodeId', descending: false })
  const status = useQuery('status.get', {}, ['facts', 'results'])
  const latest = status.data?.latestPeriod ?? null
  const running = latest !== null && (status.data?.completeUntilTs ?? 0) < periodAt(latest).end

  const input: QueryInput<'nodes.list'> = {
    ...(filter.farmId === null ? {} : { farmId: filter.farmId }),
    ...(filter.state === null ? {} : { state: filter.state }),
    ...(filter.violation === null ? {} : { violation: filter.violation }),
    ...(filter.search === '' ? {} : { search: filter.search }),
    sort: nodeSortSchema.catch('nodeId').parse(sort.id),
    descending: sort.descending,
  }
  const source = useWindowSource(JSON.stringify(input), (offset, limit, signal) => fetchNodes(input, offset, limit, signal), topics)
  const columns = useMemo(() => (latest === null ? [] : nodeColumns(periodAt(latest).start, running)), [latest, running])
  const farms = source.first?.farms ?? []
  const filtered = filter.farmId !== null || filter.state !== null || filter.violation !== null || filter.search !== ''

  if (status.data && latest === null)
    return (
      <div className={classes.page}>
        <h1>{words.title}</h1>
        <EmptyState title={words.emptyTitle} action={<Link href="/import">{texts.overview.emptyAction}</Link>}>
          {texts.overview.emptyText}
        </EmptyState>
      </div>
    )
  return (
    <div className={classes.page}>
      <div className={classes.head}>
        <h1>{words.title}</h1>
        {latest === null ? null : <PeriodName index={latest} />}
        {source.first ? (
          <span className={classes.dim}>
            {filtered ? `${words.total}: ` : ''}
            {running ? words.sumStaysUp : words.sumReward}{' '}
            <Figure
              label={running ? words.sumStaysUp : words.sumReward}
              help={running ? 'if-it-stays-up' : 'payout'}
              explain={() => (
                <SumByFarmLoaded
                  label={running ? words.sumStaysUp : words.sumReward}
                  help={running ? 'if-it-stays-up' : 'payout'}
                  rule={running ? texts.overview.staysUpHow : texts.overview.paidHow}
                  fetchPage={async (offset, limit) => {
                    const page = await query('nodes.list', { ...input, offset, limit })
                    const rows = page.rows.map(row => ({ ...row, units: running ? row.staysUpUnits : row.rewardUnits }))
                    return { total: page.total, rows }
                  }}
                />
              )}
            >
              <Amount units={running ? source.first.staysUpUnits : source.first.rewardUnits} unit />
            </Figure>
          </span>
        ) : null}
      </div>
      <DataTable
        name="nodes"
        label={words.title}
        columns={columns}
        source={source}
        rowId={rowId}
        sort={sort}
        onSort={setSort}
        onOpen={row => navigate(nodePath(row.nodeId))}
        sums={running ? sumStaysUp : sumRewards}
        tools={<Filters filter={filter} setFilter={setFilter} farms={farms} filtered={filtered} />}
        empty={
          <div className={classes.none}>
            {words.none}
            {filtered ? (
              <Button variant="default" onClick={() => setFilter(noFilter)}>
                {words.clear}
              </Button>
            ) : null}
          </div>
        }
      />
    </div>
  )
}

/** Whose figures these are, as Overview's head says it. */
function PeriodName({ index }: { index: number }) {
  const { start, end } = periodAt(index)
  return (
    <span className={classes.dim} title={texts.app.range(formatUtc(start), formatUtc(end))}>
      {texts.overview.period(index, formatDayYear(start), formatDayYear(end))}
    </span>
  )
}

function fetchNodes(input: QueryInput<'nodes.list'>, offset: number, limit: number, signal: AbortSignal) {
  return query('nodes.list', { ...input, offset, limit }, signal)
}

function rowId(row: NodeRow): string {
  return String(row.nodeId)
}

function sumRewards(rows: NodeRow[]) {
  return [{ label: words.sumReward, value: <Amount units={rows.reduce((sum, row) => sum + row.rewardUnits, 0n)} unit /> }]
}

/** A running period has no payout yet to add up. */
function sumStaysUp(rows: NodeRow[]) {
  return [{ label: words.sumStaysUp, value: <Amount units={rows.reduce((sum, row) => sum + row.staysUpUnits, 0n)} unit /> }]
}

function Filters(props: {
  filter: NodesFilter
  setFilter: (change: Partial<NodesFilter>) => void
  farms: { farmId: number; name: string }[]
  filtered: boolean
}) {
  const { filter, setFilter, farms, filtered } = props
  return (
    <>
      <SearchField
        {...(classes.search !== undefined && { className: classes.search })}
        label={words.searchLabel}
        hint={words.search}
        value={filter.search}
        onSearch={search => setFilter({ search })}
      />
      <FarmFilter
        {...(classes.filter !== undefined && { className: classes.filter })}
        label={words.farm}
        hint={words.allFarms}
        farms={farms}
        value={filter.farmId}
        onChoose={farmId => setFilter({ farmId })}
      />
      <Select
        className={classes.filter}
        aria-label={words.state}
        placeholder={words.allStates}
        data={nodeStateSchema.options.map(state => ({ value: state, label: stateWords[state] }))}
        value={filter.state}
        onChange={value => setFilter({ state: nodeStateSchema.nullable().parse(value) })}
        clearable
      />
      <Select
        className={classes.filter}
        aria-label={words.violation}
        placeholder={words.allViolations}
        data={[
          { value: 'any', label: words.anyViolation },
          ...violations.map(violation => ({ value: violation, label: violationWords[violation].name })),
        ]}
        value={filter.violation}
        onChange={value => setFilter({ violation: value as Violation | 'any' | null })}
        clearable
      />
      {filtered ? (
        <Button variant="subtle" px={8} leftSection={<IconClose />} onClick={() => setFilter(noFilter)}>
          {words.clear}
        </Button>
      ) : null}
    </>
  )
}
