import type { RunDetail } from '../../src-shared/pay-contract.ts'
import { cleanName } from '../../src-shared/text.ts'
import { useQuery } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { FarmName, shortAddress } from '../components/names.tsx'
import { NumHead } from '../components/num-head.tsx'
import { Amount } from '../components/values.tsx'
import { formatCount } from '../format.ts'
import { texts } from '../texts.ts'
import page from './page.module.css'

const words = texts.pay
const SHOWN = 200

/** Who was left out of a run, or of the last planning of a period, why, and what the farmer must do. */
export function LeftOut({ of }: { of: { runId: string } | { period: number | null } }) {
  const { data, error } = useQuery('pay.leftOut', { ...of, limit: SHOWN }, ['pay'])
  const { columns } = words.left
  if (error) return <ErrorPanel error={error} />
  if (!data) return null
  if (data.total === 0) return <p className={page.dim}>{words.left.none}</p>
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className={page.scroll} tabIndex={0} aria-label={words.tabs.left}>
      <table className={page.table}>
        <caption className={page.hidden}>{words.tabs.left}</caption>
        <thead>
          <tr>
            <th scope="col" className={page.num}>
              {columns.node}
            </th>
            <th scope="col">{columns.farm}</th>
            <NumHead name={columns.amount} help="amount-of-a-payment" />
            <th scope="col">{columns.address}</th>
            <th scope="col">{columns.why}</th>
          </tr>
        </thead>
        <tbody>
          {data.rows.map(({ receipt, nodeId, farmId, farmName, amountUnits, address, reason, wayOut }) => (
            <tr key={receipt}>
              <td className={page.num}>{nodeId}</td>
              <td>
                <FarmName name={farmName} id={farmId} />
              </td>
              <td className={page.num}>
                <Amount units={amountUnits} />
              </td>
              <td title={address}>{address === '' ? words.left.noAddress : shortAddress(cleanName(address))}</td>
              <td className={page.wrap}>
                {reason} <strong>{wayOut}</strong>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {data.total > data.rows.length ? <p className={page.dim}>{words.left.more(data.total - data.rows.length)}</p> : null}
    </section>
  )
}

/** Who signed how much. */
export function RunSigners({ run }: { run: RunDetail }) {
  const { columns } = words.signers
  return (
    <>
      <p className={page.dim}>{run.needsWeight === null ? words.signers.unknown : words.signers.what(run.needsWeight)}</p>
      {run.signers.length === 0 ? (
        <p className={page.dim}>{words.signers.none}</p>
      ) : (
        <div className={page.scroll}>
          <table className={page.table}>
            <caption className={page.hidden}>{words.tabs.signers}</caption>
            <thead>
              <tr>
                <th scope="col">{columns.name}</th>
                <th scope="col">{columns.address}</th>
                <NumHead name={columns.weight} help="weight-of-a-signer" />
                <NumHead name={columns.signed} help="envelopes-signed" />
                <th scope="col">{columns.approved}</th>
              </tr>
            </thead>
            <tbody>
              {run.signers.map(({ address, name, weight, signed, approved }) => (
                <tr key={address}>
                  <td>{name === null ? '' : cleanName(name)}</td>
                  <td title={address}>
                    {shortAddress(address)}
                    {address === run.maker ? `, ${words.signers.maker}` : ''}
                  </td>
                  <td className={page.num}>{weight ?? ''}</td>
                  <td className={page.num}>
                    {formatCount(signed)} / {formatCount(run.toSign)}
                  </td>
                  <td>{approved ? words.signers.yes : words.signers.no}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  )
}
