import { group, usdExact } from '../../src-shared/money.ts'
import type { Statement, StatementSum } from '../../src-shared/statement.ts'
import { valueText } from '../../src-shared/statement-text.ts'
import { NumHead } from '../components/num-head.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { Amount, DateTime, Usd } from '../components/values.tsx'
import { formatCount } from '../format.ts'
import { texts } from '../texts.ts'
import classes from './exports.module.css'
import page from './page.module.css'

const words = texts.exports.statement
const heads = words.columns
/** More of what is apart stands in the file only. */
const APART_SHOWN = 200

export function MarketValue({ hundredths }: { hundredths: bigint }) {
  return <span>{group(valueText(hundredths))}</span>
}

type SumRow = StatementSum & { name: string; price?: string | null }

/** Sums by day or by node, with their total. */
export function SumTable({ label, head, statement, rows }: { label: string; head: string; statement: Statement; rows: SumRow[] }) {
  const { currency, total } = statement
  const hasPrice = currency !== null && rows.some(({ price }) => price !== undefined)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className={`${page.scroll} ${page.long}`} tabIndex={0} aria-label={label}>
      <table className={page.table}>
        <caption className={classes.caption}>{label}</caption>
        <thead>
          <tr>
            <th scope="col">{head}</th>
            <NumHead name={heads.payments} help="payments-received" />
            <NumHead name={heads.tft} help="received" />
            <NumHead name={heads.usd} help="received-in-usd" />
            {hasPrice ? <NumHead name={heads.price(currency)} help="market-price" /> : null}
            {currency === null ? null : <NumHead name={currency} help="market-value" />}
          </tr>
        </thead>
        <tbody>
          {rows.map(row => (
            <tr key={row.name}>
              <td>{row.name}</td>
              <SumCells sum={row} currency={currency} price={hasPrice ? (row.price ?? null) : undefined} />
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <td>{words.total}</td>
            <SumCells sum={total} currency={currency} price={hasPrice ? '' : undefined} />
          </tr>
        </tfoot>
      </table>
    </section>
  )
}

/** `price` undefined: there is no column for it; null: the day has none. */
function SumCells({ sum, currency, price }: { sum: StatementSum; currency: string | null; price: string | null | undefined }) {
  const { payments, amountUnits, musd, withoutUsd, valueHundredths, withoutValue } = sum
  return (
    <>
      <td className={page.num}>{formatCount(payments)}</td>
      <td className={page.num}>
        <Amount units={amountUnits} />
      </td>
      <td className={page.num}>{withoutUsd === payments ? words.unknown : <UsdOf musd={musd} />}</td>
      {price === undefined ? null : <td className={page.num}>{price ?? ''}</td>}
      {currency === null ? null : (
        <td className={page.num}>
          {withoutValue === payments ? <StateMark state="at-risk" word={words.noPrice} /> : <MarketValue hundredths={valueHundredths} />}
        </td>
      )}
    </>
  )
}

function UsdOf({ musd }: { musd: bigint }) {
  return (
    <span title={usdExact(musd)}>
      <Usd musd={musd} />
    </span>
  )
}

/** What was due by the year's end and is not among its payments, each with its reason. */
export function ApartTable({ statement: { apart, apartUnits } }: { statement: Statement }) {
  return (
    <div className={page.stack}>
      <h2>{words.apart}</h2>
      {apart.length === 0 ? (
        <p className={page.dim}>{words.apartNone}</p>
      ) : (
        <>
          <p>
            {words.apartSum(formatCount(apart.length))}: <Amount units={apartUnits} unit />
          </p>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
          <section className={`${page.scroll} ${page.long}`} tabIndex={0} aria-label={words.apart}>
            <table className={page.table}>
              <thead>
                <tr>
                  <th scope="col">{heads.ended}</th>
                  <th scope="col" className={page.num}>
                    {heads.node}
                  </th>
                  <NumHead name={heads.tft} help="amount-of-a-payment" />
                  <th scope="col">{heads.why}</th>
                </tr>
              </thead>
              <tbody>
                {apart.slice(0, APART_SHOWN).map(({ receipt, periodEndTs, nodeId, amountUnits, reason }) => (
                  <tr key={receipt}>
                    <td>
                      <DateTime ts={periodEndTs} />
                    </td>
                    <td className={page.num}>{nodeId}</td>
                    <td className={page.num}>
                      <Amount units={amountUnits} />
                    </td>
                    <td className={page.wrap}>{reason}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
          {apart.length > APART_SHOWN ? <p className={page.dim}>{words.more(formatCount(apart.length - APART_SHOWN))}</p> : null}
        </>
      )}
    </div>
  )
}
