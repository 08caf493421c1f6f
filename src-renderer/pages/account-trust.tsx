import { type TrustPart, trustParts, trustWeights } from '../account-model.ts'
import { useQuery } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { Figure } from '../components/figure.tsx'
import { NumHead } from '../components/num-head.tsx'
import { Amount, DateTime } from '../components/values.tsx'
import { formatBps } from '../format.ts'
import { texts } from '../texts.ts'
import { USUAL_TOKEN } from './account-forms.tsx'
import page from './page.module.css'

const words = texts.account.trust

/** An entity's trust; pressing it tells its five parts. */
export function TrustFigure({ entityId }: { entityId: string }) {
  const { data } = useQuery('trust.get', { entityId }, ['treasury'])
  if (!data) return null
  return (
    <Figure label={texts.account.figures.trust} help="trust" explain={() => <TrustSheet entityId={entityId} />}>
      {words.of(data.score)}
    </Figure>
  )
}

/** The five parts of a trust with their weights, what they were counted from, and what the sum opens. */
function TrustSheet({ entityId }: { entityId: string }) {
  const { data, error, refetch } = useQuery('trust.get', { entityId }, ['treasury'])
  if (error && !data) return <ErrorPanel error={error} onRetry={refetch} />
  if (!data) return null
  const { partColumns: heads } = words
  const { rateDiscountBps, limit } = data.terms
  return (
    <div className={page.stack}>
      <p>{words.what}</p>
      <table className={page.table}>
        <caption className={page.hidden}>{words.how}</caption>
        <thead>
          <tr>
            <th scope="col">{heads.part}</th>
            <NumHead name={heads.score} help="part-of-trust" />
            <NumHead name={heads.weight} help="weight-of-a-part" />
          </tr>
        </thead>
        <tbody>
          {trustParts.map((part: TrustPart) => (
            <tr key={part}>
              <td>{words.parts[part]}</td>
              <td className={page.num}>{data.parts[part]}</td>
              <td className={page.num}>{trustWeights[part]} %</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <td>{words.sum}</td>
            <td className={page.num}>{data.score}</td>
            <td className={page.num}>100 %</td>
          </tr>
        </tfoot>
      </table>
      <p>{words.rounded}</p>
      <p>{words.counted(data.r, data.a)}</p>
      <p className={page.dim}>
        {words.asOf} <DateTime ts={data.atTs} form="both" />. {words.stands}
      </p>
      <section aria-label={words.terms}>
        <h3>{words.terms}</h3>
        <table className={page.table}>
          <caption className={page.hidden}>{words.terms}</caption>
          <tbody>
            <tr>
              <th scope="row">{words.discount}</th>
              <td className={page.num}>{formatBps(rateDiscountBps)}</td>
            </tr>
            <tr>
              <th scope="row">{words.limit}</th>
              <td className={page.num}>{limit === null ? words.noLimit : <Amount units={limit} token={USUAL_TOKEN} unit />}</td>
            </tr>
          </tbody>
        </table>
      </section>
    </div>
  )
}
