import { SegmentedControl, Skeleton } from '@mantine/core'
import type { TokenFigures } from '../../src-shared/treasury/token-figures-table.ts'
import { writeAmount } from '../amount-entry.ts'
import { useQuery } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { NumHead } from '../components/num-head.tsx'
import { type Series, SeriesChart } from '../components/series-chart.tsx'
import { Amount } from '../components/values.tsx'
import { formatCount, formatUtcStep } from '../format.ts'
import { useUi } from '../store.ts'
import { texts } from '../texts.ts'
import page from './page.module.css'
import classes from './tokens.module.css'

const words = texts.tokens.overTime
const steps = ['hour', 'day', 'month'] as const
type Step = (typeof steps)[number]

/** Supply and flows of a token by hour, day or month, drawn and as a table. */
export function TokenCharts({ token }: { token: string }) {
  const [ui, setUi] = useUi<{ step: Step }>('tokens.charts', { step: 'day' })
  const { data, error, refetch } = useQuery('tokens.metrics', { token, step: ui.step }, ['treasury'], { keepPrevious: true })
  return (
    <section className={page.panel} aria-label={words.title}>
      <div className={page.panelHead}>
        <h2 title={words.utc}>{words.title}</h2>
        <SegmentedControl
          aria-label={words.step}
          data={steps.map(value => ({ value, label: words.steps[value] }))}
          value={ui.step}
          onChange={value => setUi({ step: steps.find(step => step === value) ?? 'day' })}
          transitionDuration={0}
        />
      </div>
      {error && !data ? <ErrorPanel error={error} onRetry={refetch} /> : null}
      {!data && !error ? <Skeleton height={360} /> : null}
      {data ? <Charts rows={data.rows} step={data.step} /> : null}
    </section>
  )
}

function Charts({ rows: all, step }: { rows: readonly TokenFigures[]; step: Step }) {
  const begins = all.findIndex(({ supply, movements }) => supply > 0n || movements > 0)
  if (begins < 0) return <p className={page.dim}>{words.none}</p>
  // what was before there was any says nothing
  const rows = all.slice(begins)
  const names = rows.map(({ ts }) => formatUtcStep(ts, step))
  const chart = (title: string, what: string, series: readonly Series[]) => {
    const last = series.map(({ label, values }) => `${label} ${writeAmount(values.at(-1) ?? 0n)}`).join(', ')
    return (
      <>
        <h3 className={classes.chartTitle} title={what}>
          {title}
        </h3>
        <SeriesChart label={words.chart(title, names[0] ?? '', names.at(-1) ?? '', last)} steps={names} series={series} />
      </>
    )
  }
  const { columns } = words
  return (
    <>
      {chart(words.supply, words.supplyWhat, [
        { label: columns.supply, values: rows.map(({ supply }) => supply), draw: 'line' },
        { label: columns.circulating, values: rows.map(({ circulating }) => circulating), draw: 'dashes' },
      ])}
      {chart(words.moved, words.movedWhat, [
        { label: columns.transferred, values: rows.map(({ transferred }) => transferred), draw: 'bars' },
      ])}
      <details>
        <summary className={page.summary}>{words.asTable}</summary>
        <StepTable rows={rows} names={names} />
      </details>
    </>
  )
}

function StepTable({ rows, names }: { rows: readonly TokenFigures[]; names: readonly string[] }) {
  const { columns } = words
  const amounts = [
    { id: 'supply', help: 'supply' },
    { id: 'circulating', help: 'circulating-supply' },
    { id: 'minted', help: 'issued' },
    { id: 'burnt', help: 'burnt' },
    { id: 'transferred', help: 'moved' },
  ] as const
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className={`${page.scroll} ${page.long}`} tabIndex={0} aria-label={words.asTable}>
      <table className={page.table}>
        <caption className={page.hidden}>{words.title}</caption>
        <thead>
          <tr>
            <th scope="col">{columns.step}</th>
            {amounts.map(({ id, help }) => (
              <NumHead key={id} name={columns[id]} help={help} />
            ))}
            <NumHead name={columns.movements} help="movements" />
            <NumHead name={columns.holders} help="holders" />
          </tr>
        </thead>
        <tbody>
          {rows
            .map((row, index) => (
              <tr key={row.ts}>
                <td>{names[index]}</td>
                {amounts.map(({ id }) => (
                  <td key={id} className={page.num}>
                    <Amount units={row[id]} token="" />
                  </td>
                ))}
                <td className={page.num}>{formatCount(row.movements)}</td>
                <td className={page.num}>{formatCount(row.holders)}</td>
              </tr>
            ))
            .reverse()}
        </tbody>
      </table>
    </section>
  )
}
