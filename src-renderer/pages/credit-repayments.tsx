import type { QueryOutput } from '../../src-shared/contract.ts'
import { CREDIT_TOKEN } from '../../src-shared/treasury/credit.ts'
import { NumHead } from '../components/num-head.tsx'
import { Amount, DateTime } from '../components/values.tsx'
import { texts } from '../texts.ts'
import page from './page.module.css'

const words = texts.credit.loan

/** What was repaid of a loan, newest first. */
export function Repayments({ repayments }: { repayments: QueryOutput<'credit.loan'>['repayments'] }) {
  const { repaymentColumns: heads } = words
  const numbers = [
    [heads.taken, 'repayment'],
    [heads.tax, 'metabolic-tax'],
    [heads.interest, 'interest'],
    [heads.principal, 'principal'],
  ] as const
  return (
    <section aria-label={words.repayments}>
      <h3>{words.repayments}</h3>
      {repayments.length === 0 ? (
        <p className={page.dim}>{words.noRepayments}</p>
      ) : (
        <div className={page.scroll}>
          <table className={page.table} aria-label={words.repayments}>
            <thead>
              <tr>
                <th scope="col">{heads.when}</th>
                <th scope="col">{heads.by}</th>
                {numbers.map(([head, term]) => (
                  <NumHead key={head} name={head} help={term} />
                ))}
              </tr>
            </thead>
            <tbody>
              {repayments.map(({ entry, ts, by, taken, tax, interest, principal }) => (
                <tr key={entry}>
                  <td>
                    <DateTime ts={ts} />
                  </td>
                  <td title={by === 'collection' ? words.collectionHint : undefined}>{words.by[by]}</td>
                  {[taken, tax, interest, principal].map((units, column) => (
                    <td key={numbers[column]?.[0]} className={page.num}>
                      <Amount units={units} token={CREDIT_TOKEN} />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}
