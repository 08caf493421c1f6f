import { Skeleton, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useMemo, useState } from 'react'
import { Link } from 'wouter'
import { tftExact, usdExact } from '../../src-shared/money.ts'
import type { PeriodSummary, ReceiptRow } from '../../src-shared/nodes-contract.ts'
import { cleanName } from '../../src-shared/text.ts'
import { query, useQuery } from '../api.ts'
import { type Column, DataTable, useTableSort } from '../components/data-table.tsx'
import { EmptyState } from '../components/empty-state.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { openExplain } from '../components/explain-sheet.tsx'
import { Figure } from '../components/figure.tsx'
import { Filled } from '../components/filled.tsx'
import { FarmName } from '../components/names.tsx'
import { useWindowSource } from '../components/row-source.ts'
import { StateMark } from '../components/state-mark.tsx'
import { Amount, DateTime, Duration, Usd } from '../components/values.tsx'
import { formatCount } from '../format.ts'
import { IconSearch } from '../icons.tsx'
import { comparePath, nodePath } from '../links.ts'
import type { Standing } from '../sync-words.ts'
import { texts, violationWords } from '../texts.ts'
import classes from './page.module.css'
import { PeriodMark, useStandings } from './period-mark.tsx'
import { type PaidReceipt, PeriodPayments, paymentColumn, withArrivals } from './period-payments.tsx'
import { notYet, ReceiptsCsv } from './periods.tsx'
import { SumByFarmLoaded } from './sum-by-farm.tsx'

const words = texts.periods.one

/** One period: what it paid in all, and every receipt. */
export function PeriodPage({ params }: { params: Record<string, string | undefined> }) {
  const index = Number.parseInt(params.index ?? '', 10)
  const { data, error, refetch } = useQuery('periods.list', {}, ['facts', 'results'])
  const standingOf = useStandings()
  const period = data?.find(one => one.index === index)
  if (error) return <ErrorPanel error={error} onRetry={refetch} />
  if (data && !period)
    return (
      <EmptyState title={words.missing(params.index ?? '')} action={<Link href="/periods">{words.seeAll}</Link>}>
        <p>
          <Filled
            text={words.missingText}
            parts={{
              follow: <Link href="/sync">{words.missingFollow}</Link>,
              import: <Link href="/import">{words.missingImport}</Link>,
            }}
          />
        </p>
      </EmptyState>
    )
  return (
    <div className={classes.page} data-fill>
      <header className={classes.head}>
        <h1>{texts.app.period(String(index))}</h1>
        {period ? (
          <>
            <span className={classes.dim}>
              <Filled text={texts.app.between} parts={{ from: <DateTime ts={period.start} />, to: <DateTime ts={period.end} /> }} />
            </span>
            <PeriodMark period={period} standing={standingOf(period)} />
          </>
        ) : null}
        <div className={classes.right}>
          <Link href="/periods" className={classes.link}>
            {words.all}
          </Link>
          <Link href={comparePath(index)} className={classes.link}>
            {texts.compare.title}
          </Link>
          <ReceiptsCsv period={index} />
        </div>
      </header>
      {period ? <PeriodTotals period={period} standing={standingOf(period)} /> : <Skeleton height={80} />}
      {period && !period.running ? <PeriodPayments period={index} /> : null}
      <Receipts period={index} running={period?.running ?? false} />
    </div>
  )
}

function PeriodTotals({ period, standing }: { period: PeriodSummary; standing: Standing }) {
  return (
    <dl className={classes.figures}>
      <div className={classes.figure}>
        <dt>{words.pays}</dt>
        <dd>
          <div className={classes.number}>
            {period.running ? (
              notYet
            ) : (
              <Figure label={words.payoutOf(period.index)} help="payout" explain={() => <SumOfPeriod period={period} />}>
                <Amount units={period.rewardUnits} unit />
              </Figure>
            )}
          </div>
          <div className={classes.caption}>
            {period.running ? (
              standing === 'running' ? (
                <>
                  {texts.sync.standing.runningCaption} <Link href="/">{words.whatItBrings}</Link>
                </>
              ) : (
                <>
                  {texts.sync.standing.fillingCaption} <Link href="/sync">{words.howFar}</Link>
                </>
              )
            ) : (
              <Filled text={words.sumOfReceipts} parts={{ amount: <Usd musd={period.rewardMusd} unit /> }} />
            )}
          </div>
        </dd>
      </div>
      <div className={classes.figure}>
        <dt>{words.nodes}</dt>
        <dd>
          <div className={classes.number}>{formatCount(period.nodes)}</div>
          <div className={classes.caption}>{words.ofFarms(formatCount(period.farms))}</div>
        </dd>
      </div>
      <div className={classes.figure}>
        <dt>{words.paidNodes}</dt>
        <dd>
          <div className={classes.number}>{period.running ? notYet : formatCount(period.paidNodes)}</div>
          <div className={classes.caption}>
            {period.running ? texts.running.atTheEnd : words.getNothing(formatCount(period.nodes - period.paidNodes))}
          </div>
        </dd>
      </div>
      <div className={classes.figure}>
        <dt>{words.violations}</dt>
        <dd>
          <div className={classes.number}>{formatCount(period.violatingNodes)}</div>
          <div className={classes.caption}>{period.violatingNodes === 0 ? words.violationsNone : words.violationsCost}</div>
        </dd>
      </div>
      <div className={classes.figure}>
        <dt>{words.complete}</dt>
        <dd>
          <div className={classes.number}>
            <DateTime ts={period.completeUntilTs} form="short" />
          </div>
          <div className={classes.caption}>
            <Filled text={words.age(formatCount(period.events))} parts={{ age: <DateTime ts={period.completeUntilTs} form="age" /> }} />
          </div>
        </dd>
      </div>
    </dl>
  )
}

function SumOfPeriod({ period }: { period: PeriodSummary }) {
  return (
    <SumByFarmLoaded
      label={words.payoutOf(period.index)}
      help="payout"
      rule={words.rule}
      fetchPage={async (offset, limit) => {
        const page = await query('receipts.list', { period: period.index, offset, limit })
        return { total: page.total, rows: page.rows.map(row => ({ farmId: row.farmId, farmName: row.farmName, units: row.rewardUnits })) }
      }}
    />
  )
}

const columns = (period: number, running: boolean): Column<PaidReceipt>[] => [
  {
    id: 'nodeId',
    header: words.columns.node,
    width: 80,
    cell: row => <Link href={nodePath(row.nodeId, period)}>{row.nodeId}</Link>,
    text: row => String(row.nodeId),
    sortable: true,
  },
  {
    id: 'farm',
    header: words.columns.farm,
    width: 166,
    grow: 2,
    cell: row => <FarmName name={row.farmName} id={row.farmId} />,
    text: row => `${cleanName(row.farmName)} (${row.farmId})`,
    sortable: true,
  },
  {
    id: 'uptime',
    header: words.columns.uptime,
    width: 100,
    align: 'right',
    help: 'uptime',
    cell: row => <Duration sec={row.uptimeSec} />,
    text: row => String(row.uptimeSec),
    sortable: true,
  },
  {
    id: 'outcome',
    header: words.columns.outcome,
    width: 172,
    cell: row => <Outcome row={row} running={running} />,
    text: row => row.violation ?? (running ? '' : row.rewardUnits === 0n ? words.pays0 : words.paysSome),
  },
  {
    id: 'reward',
    header: words.columns.tft,
    width: 110,
    align: 'right',
    help: 'payout',
    cell: row => (pending(row, running) ? notYet : <Amount units={row.rewardUnits} />),
    text: row => (pending(row, running) ? '' : tftExact(row.rewardUnits)),
    sortable: true,
  },
  {
    id: 'usd',
    header: words.columns.usd,
    width: 110,
    align: 'right',
    help: 'payout-in-usd',
    cell: row => (pending(row, running) ? notYet : <Usd musd={row.rewardMusd} />),
    text: row => (pending(row, running) ? '' : usdExact(row.rewardMusd)),
  },
  ...(running ? [] : [paymentColumn]),
  {
    id: 'address',
    header: words.columns.address,
    width: 130,
    grow: 1,
    cell: row => <Address address={row.payoutAddress} />,
    text: row => row.payoutAddress,
  },
  {
    id: 'hash',
    header: words.columns.receipt,
    hint: texts.nodes.hints.hash,
    width: 150,
    cell: row => <span className={classes.hash}>{row.hash.slice(0, 12)}…</span>,
    text: row => row.hash,
  },
]

/** While the period runs nothing is paid yet, except that a violation has settled it: that pays nothing. */
function pending(row: ReceiptRow, running: boolean): boolean {
  return running && row.violation === null
}

function Outcome({ row, running }: { row: ReceiptRow; running: boolean }) {
  if (row.violation) return <StateMark state="down" word={violationWords[row.violation].name} />
  if (running) return notYet
  return row.rewardUnits === 0n ? <span className={classes.dim}>{words.pays0}</span> : <StateMark state="up" word={words.paysSome} />
}

function Address({ address }: { address: string }) {
  if (address === '') return <StateMark state="at-risk" word={words.noAddress} />
  return (
    <span className={classes.hash} title={address}>
      …{address.slice(-10)}
    </span>
  )
}

function Receipts({ period, running }: { period: number; running: boolean }) {
  const [text, setText] = useState('')
  const [search] = useDebouncedValue(text.trim(), 150)
  const [sort, setSort] = useTableSort('receipts', { id: 'nodeId', descending: false })
  const own = useMemo(() => columns(period, running), [period, running])
  const key = JSON.stringify([period, search, sort])
  const source = useWindowSource(
    key,
    async (offset, limit, signal) => {
      const { rows, total } = await query(
        'receipts.list',
        {
          period,
          offset,
          limit,
          sort: sort.id as 'nodeId' | 'farm' | 'uptime' | 'reward',
          descending: sort.descending,
          ...(search ? { search } : {}),
        },
        signal,
      )
      return { rows: running ? rows.map(row => ({ ...row, arrival: undefined })) : await withArrivals(rows, signal), total }
    },
    ['results', 'pay', 'mints'],
  )
  return (
    <DataTable
      name="receipts"
      label={words.receipts(period)}
      columns={own}
      source={source}
      rowId={row => String(row.nodeId)}
      sort={sort}
      onSort={setSort}
      onOpen={row => openExplain({ nodeId: row.nodeId, period, focus: 'receipt' })}
      sums={rows => [
        { label: words.sumTft, value: <Amount units={rows.reduce((sum, row) => sum + row.rewardUnits, 0n)} unit /> },
        { label: words.sumUsd, value: <Usd musd={rows.reduce((sum, row) => sum + row.rewardMusd, 0n)} unit /> },
      ]}
      tools={
        <TextInput
          aria-label={words.search}
          placeholder={words.searchWhat}
          leftSection={<IconSearch />}
          w={280}
          value={text}
          onChange={event => setText(event.currentTarget.value)}
        />
      }
      empty={search ? words.fitsNone(search) : words.receiptsNone}
    />
  )
}
