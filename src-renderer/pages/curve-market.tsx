import { Button, SegmentedControl, Skeleton } from '@mantine/core'
import { useMemo, useState } from 'react'
import { type Pricing, pricings } from '../../src-shared/treasury/curve.ts'
import type { CurveQuote, CurveRoutes, CurveShown } from '../../src-shared/treasury/curve-table.ts'
import { writeAmount } from '../amount-entry.ts'
import { useQuery } from '../api.ts'
import { AmountField, useAmount } from '../components/amount-field.tsx'
import { CurveChart } from '../components/curve-chart.tsx'
import type { CurveDrawing, CurvePoint } from '../components/curve-chart-model.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { NumHead } from '../components/num-head.tsx'
import { Outcome, type OutcomeLine } from '../components/outcome.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { writePrice } from '../curve-words.ts'
import { openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { Refusal, Refused } from './curve-refusal.tsx'
import { TradeForm, useCurveQuote, useCurveRoutes } from './curve-trade.tsx'
import page from './page.module.css'

const words = texts.curve
const topics = ['treasury'] as const
/** Rows of the chart's table, besides what is now and after a purchase. */
const TABLE_STEP = 8

/** The curve drawn, beside what a payment gives on it and in the pool. */
export function CurveMarket({ curve, canAct }: { curve: CurveShown; canAct: boolean }) {
  const amount = useAmount(curve.foreignAsset)
  const [pricing, setPricing] = useState<Pricing>(curve.pricing)
  const { quote, error } = useCurveQuote(curve.id, amount.units, pricing)
  const routes = useCurveRoutes(curve.id, amount.units).routes
  const isPoolBetter = routes?.best === 'pool'
  const opens = (way: 'mint' | 'buy') => () =>
    openSheet({
      title: way === 'mint' ? words.mintTitle(curve.asset) : words.buyTitle(curve.asset),
      body: <TradeForm curve={curve} way={way} first={amount.text} />,
    })
  return (
    <div className={page.columns}>
      <Drawn curve={curve} quote={quote} />
      <section className={page.panel} aria-label={words.quote.title}>
        <div className={page.panelHead}>
          <h2>{words.quote.title}</h2>
          <SegmentedControl
            aria-label={words.quote.pricing}
            data={pricings.map(value => ({ value, label: words.quote.pricings[value] }))}
            value={pricing}
            onChange={value => setPricing(pricings.find(one => one === value) ?? pricing)}
            transitionDuration={0}
          />
        </div>
        <p className={page.dim}>{words.quote.pricingHints[pricing]}</p>
        <AmountField label={words.quote.pay} amount={amount} />
        {error ? <Refusal error={error} /> : null}
        <Outcome title={words.quote.says} lines={quote ? quoteLines(quote, curve) : []} />
        {amount.units === null ? <p className={page.dim}>{words.quote.enter}</p> : null}
        {routes ? <Routes routes={routes} curve={curve} /> : null}
        {canAct ? (
          <div className={page.buttons}>
            <Button h={32} variant={isPoolBetter ? 'default' : 'filled'} disabled={amount.units === null} onClick={opens('mint')}>
              {words.mint}…
            </Button>
            <Button h={32} variant={isPoolBetter ? 'filled' : 'default'} disabled={amount.units === null} onClick={opens('buy')}>
              {words.buy}…
            </Button>
          </div>
        ) : null}
      </section>
    </div>
  )
}

/** What a quote says, the buyer's share first. */
function quoteLines(quote: CurveQuote, { asset, foreignAsset }: CurveShown): OutcomeLine[] {
  const say = words.quote
  const [native, foreign] = [
    (units: bigint) => `${writeAmount(units)} ${asset}`,
    (units: bigint) => `${writeAmount(units)} ${foreignAsset}`,
  ]
  const price = (value: bigint) => `${writePrice(value)} ${foreignAsset}`
  return [
    { label: quote.burnt > 0n ? say.shareBurnt : say.share, value: native(quote.share), strong: true },
    { label: say.charged, value: foreign(quote.charged) },
    ...(quote.unspent > 0n ? [{ label: say.unspent, value: foreign(quote.unspent) }] : []),
    ...(quote.average === null ? [] : [{ label: say.average, value: price(quote.average) }]),
    { label: say.before, value: price(quote.priceBefore) },
    { label: say.after, value: price(quote.priceAfter) },
    { label: say.minted, value: native(quote.minted) },
    { label: say.zap, value: native(quote.zap) },
    ...(quote.treasury > 0n ? [{ label: say.treasury, value: native(quote.treasury) }] : []),
  ]
}

/** The curve and the pool side by side, for whoever buys. */
function Routes({ routes, curve }: { routes: CurveRoutes; curve: CurveShown }) {
  const say = words.route
  const { best, more, fee, pool, refused } = routes
  const mark = (way: 'curve' | 'pool') =>
    best === way ? <StateMark state="up" word={more > 0n ? say.best(writeAmount(more), curve.asset) : say.equal} /> : null
  const gives = (units: bigint) => (units === 0n ? <span className={page.dim}>{say.nothing}</span> : writeAmount(units))
  return (
    <section aria-label={say.title}>
      <h3>{say.title}</h3>
      <table className={page.table} aria-label={say.title}>
        <thead>
          <tr>
            <th scope="col">{say.way}</th>
            <NumHead name={`${say.gives}, ${curve.asset}`} help="what-a-payment-gives" />
            <th scope="col">
              <span className={page.hidden}>{say.better}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <td>{say.curve}</td>
            <td className={page.num}>{gives(routes.curve?.share ?? 0n)}</td>
            <td>{mark('curve')}</td>
          </tr>
          <tr>
            <td>{say.pool}</td>
            <td className={page.num}>{gives(pool.share)}</td>
            <td>{mark('pool')}</td>
          </tr>
        </tbody>
      </table>
      {fee > 0n ? (
        <p className={page.dim}>
          {say.fee}: {writeAmount(fee)} {curve.foreignAsset}
        </p>
      ) : null}
      {best === null ? <p>{say.neither}</p> : null}
      {refused ? <Refused name={refused.name} meaning={refused.meaning} /> : null}
    </section>
  )
}

function Drawn({ curve, quote }: { curve: CurveShown; quote: CurveQuote | null }) {
  const { data, error, refetch } = useQuery('curve.get', { curveId: curve.id }, topics)
  const { supply, price, floor, asset, foreignAsset } = curve
  const bought = quote ? { supply: supply + quote.minted, price: quote.priceAfter } : null
  const [boughtSupply, boughtPrice] = [bought?.supply, bought?.price]
  const points = data?.points
  const drawing = useMemo<CurveDrawing | null>(
    () =>
      points
        ? {
            points,
            now: { supply, price },
            bought: boughtSupply === undefined || boughtPrice === undefined ? null : { supply: boughtSupply, price: boughtPrice },
            floor,
          }
        : null,
    [points, supply, price, boughtSupply, boughtPrice, floor],
  )
  const units = { supply: asset, price: foreignAsset }
  return (
    <section className={page.panel} aria-label={words.chart.title}>
      <h2>{words.chart.title}</h2>
      {error && !data ? <ErrorPanel error={error} onRetry={refetch} /> : null}
      {!drawing && !error ? <Skeleton height={260} /> : null}
      {drawing ? (
        <>
          <CurveChart label={inWords(drawing, units)} drawing={drawing} units={units} />
          <PointTable drawing={drawing} units={units} />
        </>
      ) : null}
    </section>
  )
}

function inWords({ now, bought, floor }: CurveDrawing, units: { supply: string; price: string }): string {
  const { chart } = words
  const price = (value: bigint) => `${writePrice(value)} ${units.price}`
  return [
    chart.label(price(now.price), `${writeAmount(now.supply)} ${units.supply}`),
    ...(bought ? [chart.labelBought(price(bought.price))] : []),
    ...(floor === null ? [] : [chart.labelFloor(price(floor))]),
  ].join(' ')
}

/** The chart's figures, for whoever reads rather than looks. */
function PointTable({ drawing, units }: { drawing: CurveDrawing; units: { supply: string; price: string } }) {
  const { chart } = words
  const marked: [CurvePoint, string][] = [
    [drawing.now, chart.now],
    ...(drawing.bought ? [[drawing.bought, chart.bought] as [CurvePoint, string]] : []),
  ]
  const plain = drawing.points.filter((point, at) => at % TABLE_STEP === 0 && marked.every(([{ supply }]) => supply !== point.supply))
  const rows = [...marked, ...plain.map((point): [CurvePoint, string] => [point, ''])].sort(([a], [b]) => (a.supply < b.supply ? -1 : 1))
  return (
    <details>
      <summary className={page.summary}>{chart.table}</summary>
      <div className={page.scroll}>
        <table className={page.table} aria-label={chart.title}>
          <thead>
            <tr>
              <NumHead name={`${chart.supply}, ${units.supply}`} help="minted-on-the-curve" />
              <NumHead name={`${chart.price}, ${units.price}`} help="curve-price" />
              <th scope="col">{chart.what}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([{ supply, price }, what]) => (
              <tr key={`${supply} ${what}`}>
                <td className={page.num}>{writeAmount(supply)}</td>
                <td className={page.num}>{writePrice(price)}</td>
                <td className={page.wrap}>{what}</td>
              </tr>
            ))}
            {drawing.floor === null ? null : (
              <tr>
                <td className={page.num} />
                <td className={page.num}>{writePrice(drawing.floor)}</td>
                <td>{chart.floor}</td>
              </tr>
            )}
          </tbody>
        </table>
      </div>
    </details>
  )
}
