import { Button } from '@mantine/core'
import type { QueryOutput } from '../../src-shared/contract.ts'
import { assetText, strayCountText, strayTitle } from '../../src-shared/pay-text.ts'
import { ledgerReadText } from '../../src-shared/payment.ts'
import { cleanName } from '../../src-shared/text.ts'
import { command, useQuery } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { JobProgress } from '../components/job-progress.tsx'
import { shortAddress } from '../components/names.tsx'
import { Note } from '../components/note.tsx'
import { NumHead } from '../components/num-head.tsx'
import { DateTime } from '../components/values.tsx'
import { texts } from '../texts.ts'
import { useSend } from './key-forms.tsx'
import page from './page.module.css'
import { ShortHash } from './vault-columns.tsx'

const words = texts.pay.strays
type Found = NonNullable<QueryOutput<'pay.strays'>>

/** What the payer paid that no run here has, and the way to look for it. */
export function Strays({ network, readOnly }: { network: string; readOnly: boolean }) {
  const { data, error, refetch } = useQuery('pay.strays', {}, ['pay', 'results'])
  const jobs = useQuery('jobs.list', {}, ['jobs']).data
  const sending = useSend()
  if (error) return <ErrorPanel error={error} onRetry={refetch} />
  if (data === undefined) return null
  const job = jobs?.find(({ kind, title, state }) => kind === 'pay' && state !== 'done' && title === strayTitle)
  const look = () => sending.send(async () => void (await command('pay.findStrays', { network })))
  return (
    <section className={page.panel} aria-label={words.title}>
      <h2 title={words.what}>{words.title}</h2>
      <div className={page.buttons}>
        {data === null ? <span className={page.dim}>{words.never}</span> : <Summary found={data} />}
        <Button variant="default" h={32} disabled={readOnly || job?.state === 'running'} loading={sending.busy} onClick={look}>
          {data === null ? words.action : words.again}
        </Button>
      </div>
      {job ? <JobProgress job={job} /> : null}
      {sending.error ? <ErrorPanel error={sending.error} title={texts.pay.error} safe={texts.pay.errorSafe} /> : null}
      {data === null || data.payments.length === 0 ? null : <List found={data} />}
    </section>
  )
}

function Summary({ found: { payments, ledger, readTs } }: { found: Found }) {
  const isStrange = payments.some(({ isKnown }) => !isKnown)
  return (
    <div title={ledgerReadText(ledger).join('\n')}>
      <Note state={isStrange ? 'at-risk' : payments.length > 0 ? 'unknown' : 'up'}>
        {strayCountText(payments.length)} {words.asOf} <DateTime ts={readTs} />
        {ledger.problem === null ? '' : `. ${ledger.problem}`}
      </Note>
    </div>
  )
}

function List({ found: { payments } }: { found: Found }) {
  const { columns } = words
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className={page.scroll} tabIndex={0} aria-label={words.what}>
      <table className={page.table} aria-label={words.title}>
        <thead>
          <tr>
            <th scope="col">{columns.time}</th>
            <NumHead name={columns.amount} help="amount-of-a-payment" />
            <th scope="col">{columns.payee}</th>
            <th scope="col">{columns.tx}</th>
            <th scope="col">{columns.memo}</th>
            <th scope="col">{columns.why}</th>
          </tr>
        </thead>
        <tbody>
          {payments.map(({ tx, ts, payee, amountUnits, asset, memo, operation, why }, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a transaction may hold several operations that look alike
            <tr key={`${tx} ${at}`}>
              <td>
                <DateTime ts={ts} />
              </td>
              <td className={page.num}>{amountUnits === null ? operation : assetText(amountUnits, cleanName(asset))}</td>
              <td title={payee}>{payee === '' ? '' : shortAddress(payee)}</td>
              <td>
                <ShortHash hash={tx} />
              </td>
              <td>{memo === null ? words.noMemo : <ShortHash hash={memo} />}</td>
              <td className={page.wrap}>{why}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
