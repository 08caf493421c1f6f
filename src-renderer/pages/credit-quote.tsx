import { formatUtc } from '../../src-shared/time.ts'
import { CREDIT_TOKEN } from '../../src-shared/treasury/credit.ts'
import type { CreditQuote } from '../../src-shared/treasury/credit-table.ts'
import { writeAmount } from '../amount-entry.ts'
import { NumHead } from '../components/num-head.tsx'
import { Outcome } from '../components/outcome.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { Amount } from '../components/values.tsx'
import { formatBps, formatDayYear } from '../format.ts'
import { texts } from '../texts.ts'
import page from './page.module.css'

const words = texts.credit.quote
const WHOLE_BPS = 10_000n

export type InstalmentState = keyof typeof texts.credit.loan.states

/** The full cost of a loan, before anything is done: what one gets, what one pays back, what of that is what. */
export function QuoteCost({ quote }: { quote: CreditQuote }) {
  const share = quote.amount > 0n ? Number((quote.totalCost * WHOLE_BPS) / quote.amount) : 0
  const count = quote.schedule.length
  const amount = (units: bigint) => (
    <>
      {writeAmount(units)} {CREDIT_TOKEN}
    </>
  )
  return (
    <Outcome
      title={words.title}
      lines={[
        { label: words.get, value: amount(quote.amount) },
        {
          label: words.cost,
          value: (
            <>
              {amount(quote.totalCost)}, {words.ofIt(formatBps(share))}
            </>
          ),
          strong: true,
        },
        { label: words.interest(formatBps(quote.rateBps)), value: amount(quote.totalInterest) },
        { label: words.tax(formatBps(quote.taxBps)), value: <span title={words.taxHint}>{amount(quote.totalTax)}</span> },
        { label: words.payBack, value: amount(quote.totalPaid), strong: true },
        {
          label: words.instalments(count),
          value: (
            <>
              {amount(quote.instalment)}
              {count > 1 ? <span className={page.dim}> ({words.lastSmaller})</span> : null}
            </>
          ),
        },
      ]}
    />
  )
}

/** Each instalment of a loan; `states`: of one that was taken. */
export function ScheduleTable({ quote, states }: { quote: CreditQuote; states?: readonly InstalmentState[] }) {
  const { columns: heads } = words
  const numbers = [
    [heads.gross, 'due'],
    [heads.interest, 'interest'],
    [heads.tax, 'metabolic-tax'],
    [heads.left, 'owed-in-all'],
  ] as const
  return (
    <div className={page.scroll}>
      <table className={page.table} aria-label={words.schedule}>
        <thead>
          <tr>
            <th scope="col">{heads.number}</th>
            <th scope="col">{heads.due}</th>
            {numbers.map(([head, term]) => (
              <NumHead key={head} name={head} help={term} />
            ))}
            {states ? <th scope="col">{heads.state}</th> : null}
          </tr>
        </thead>
        <tbody>
          {quote.schedule.map(({ number, dueTs, gross, interest, tax, left }, index) => (
            <tr key={number}>
              <td>{number}</td>
              <td>
                <span title={formatUtc(dueTs)}>{formatDayYear(dueTs)}</span>
              </td>
              {[gross, interest, tax, left].map((units, column) => (
                <td key={numbers[column]?.[0]} className={page.num}>
                  <Amount units={units} token={CREDIT_TOKEN} />
                </td>
              ))}
              {states ? (
                <td>
                  <InstalmentMark state={states[index] ?? 'open'} />
                </td>
              ) : null}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

const marks: Record<InstalmentState, 'up' | 'down' | 'at-risk' | 'unknown'> = {
  paid: 'up',
  overdue: 'down',
  due: 'at-risk',
  open: 'unknown',
}

function InstalmentMark({ state }: { state: InstalmentState }) {
  return <StateMark state={marks[state]} word={texts.credit.loan.states[state]} />
}
