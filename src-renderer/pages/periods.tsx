import { Button } from '@mantine/core'
import { useMemo, useState } from 'react'
import { Link, useLocation } from 'wouter'
import { type AppError, toAppError } from '../../src-shared/errors.ts'
import { tftExact, usdExact } from '../../src-shared/money.ts'
import type { PeriodSummary } from '../../src-shared/nodes-contract.ts'
import { formatUtc } from '../../src-shared/time.ts'
import { query, useQuery } from '../api.ts'
import { type Column, DataTable, useTableSort } from '../components/data-table.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { Figure } from '../components/figure.tsx'
import { Filled } from '../components/filled.tsx'
import { listSource, type RowSource } from '../components/row-source.ts'
import { Amount, DateTime, Usd } from '../components/values.tsx'
import { downloadText, formatCount } from '../format.ts'
import { IconDownload } from '../icons.tsx'
import { STATEMENT_PATH } from '../links.ts'
import type { Standing } from '../sync-words.ts'
import { texts } from '../texts.ts'
import classes from './page.module.css'
import { PeriodMark, useStandings } from './period-mark.tsx'
import { SumOf } from './sum-by-farm.tsx'

const words = texts.periods

/** A running period pays nothing yet; a 0 would look like a result. */
export const notYet = <span className={classes.dim}>{texts.running.notYet}</span>

const columnsFor = (standingOf: (period: PeriodSummary) => Standing): Column<PeriodSummary>[] => [
  {
    id: 'index',
    header: words.columns.period,
    width: 70,
    cell: row => <Link href={`/periods/${row.index}`}>{row.index}</Link>,
    text: row => String(row.index),
    sortable: true,
  },
  { id: 'start', header: words.columns.from, width: 145, cell: row => <DateTime ts={row.start} />, text: row => formatUtc(row.start) },
  { id: 'end', header: words.columns.to, width: 145, cell: row => <DateTime ts={row.end} />, text: row => formatUtc(row.end) },
  {
    id: 'state',
    header: words.columns.results,
    width: 208,
    grow: 1,
    cell: row => <PeriodMark period={row} standing={standingOf(row)} short />,
    text: row => standingOf(row),
  },
  {
    id: 'nodes',
    header: words.columns.nodes,
    width: 60,
    align: 'right',
    help: 'nodes',
    cell: row => formatCount(row.nodes),
    text: row => String(row.nodes),
    sortable: true,
  },
  {
    id: 'paid',
    header: words.columns.paid,
    width: 100,
    align: 'right',
    help: 'with-payout',
    cell: row => (row.running ? notYet : formatCount(row.paidNodes)),
    text: row => (row.running ? '' : String(row.paidNodes)),
    hint: words.paidHint,
  },
  {
    id: 'violating',
    header: words.columns.violations,
    width: 88,
    align: 'right',
    help: 'violations',
    cell: row => formatCount(row.violatingNodes),
    text: row => String(row.violatingNodes),
    sortable: true,
    hint: words.violationsHint,
  },
  {
    id: 'tft',
    header: words.columns.tft,
    width: 110,
    align: 'right',
    help: 'payout',
    cell: row => (row.running ? notYet : <Amount units={row.rewardUnits} />),
    text: row => (row.running ? '' : tftExact(row.rewardUnits)),
    sortable: true,
  },
  {
    id: 'usd',
    header: words.columns.usd,
    width: 102,
    align: 'right',
    help: 'payout-in-usd',
    cell: row => (row.running ? notYet : <Usd musd={row.rewardMusd} />),
    text: row => (row.running ? '' : usdExact(row.rewardMusd)),
  },
  {
    id: 'farms',
    header: words.columns.farms,
    width: 70,
    align: 'right',
    help: 'farms',
    cell: row => formatCount(row.farms),
    text: row => String(row.farms),
    optional: true,
  },
  {
    id: 'events',
    header: words.columns.events,
    width: 110,
    align: 'right',
    help: 'events',
    cell: row => formatCount(row.events),
    text: row => String(row.events),
    optional: true,
  },
  {
    id: 'complete',
    header: words.columns.complete,
    width: 150,
    cell: row => <DateTime ts={row.completeUntilTs} />,
    text: row => formatUtc(row.completeUntilTs),
    optional: true,
  },
  {
    id: 'minted',
    header: words.columns.computed,
    width: 150,
    cell: row => <DateTime ts={row.mintedTs} />,
    text: row => formatUtc(row.mintedTs),
    optional: true,
  },
]

const orders: Record<string, (a: PeriodSummary, b: PeriodSummary) => number> = {
  index: (a, b) => a.index - b.index,
  nodes: (a, b) => a.nodes - b.nodes,
  violating: (a, b) => a.violatingNodes - b.violatingNodes,
  tft: (a, b) => (a.rewardUnits < b.rewardUnits ? -1 : a.rewardUnits > b.rewardUnits ? 1 : 0),
}

/** Every period: what was paid, to how many, and how sure that is. */
export function PeriodsPage() {
  const { data, error, refetch } = useQuery('periods.list', {}, ['facts', 'results'])
  const [sort, setSort] = useTableSort('periods', { id: 'index', descending: true })
  const [, navigate] = useLocation()
  const columns = columnsFor(useStandings())
  const source = useMemo<RowSource<PeriodSummary>>(() => {
    const order = orders[sort.id] ?? orders.index!
    const rows = [...(data ?? [])].sort((a, b) => (sort.descending ? order(b, a) : order(a, b)))
    return { ...listSource(rows), loading: data === undefined && error === null, error, refetch }
  }, [data, error, refetch, sort.id, sort.descending])
  return (
    <div className={classes.page}>
      <header className={classes.head}>
        <h1>{words.title}</h1>
        {data && data.length > 0 ? <Totals periods={data} /> : null}
        <div className={classes.right}>
          <Link href={STATEMENT_PATH} className={classes.link}>
            {texts.exports.statement.link}
          </Link>
        </div>
      </header>
      <DataTable
        name="periods"
        label={words.title}
        columns={columns}
        source={source}
        rowId={row => String(row.index)}
        sort={sort}
        onSort={setSort}
        onOpen={row => navigate(`/periods/${row.index}`)}
        maxRows={16}
        empty={
          <Filled
            text={words.none}
            parts={{
              follow: <Link href="/sync">{words.noneFollow}</Link>,
              import: <Link href="/import">{words.noneImport}</Link>,
            }}
          />
        }
      />
    </div>
  )
}

function Totals({ periods }: { periods: PeriodSummary[] }) {
  const final = periods.filter(period => !period.running && !period.provisional)
  const sum = final.reduce((total, period) => total + period.rewardUnits, 0n)
  const lines = final.map(period => ({ id: period.index, name: texts.app.period(String(period.index)), units: period.rewardUnits }))
  return (
    <span className={classes.dim}>
      {final.length === 0 ? (
        words.finalNone
      ) : (
        <Filled
          text={words.finalSum(final.length)}
          parts={{
            sum: (
              <Figure
                label={words.finalPayout}
                help="payout"
                explain={() => (
                  <SumOf
                    label={words.finalPayout}
                    help="payout"
                    rule={words.sumRule}
                    nameHead={words.columns.period}
                    lines={lines}
                    total={sum}
                  />
                )}
              >
                <Amount units={sum} unit />
              </Figure>
            ),
          }}
        />
      )}
    </span>
  )
}

/** Saves every receipt of a period as a CSV file, made by the core. */
export function ReceiptsCsv({ period }: { period: number }) {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<AppError | null>(null)
  const save = () => {
    setBusy(true)
    setError(null)
    query('receipts.csv', { period })
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
