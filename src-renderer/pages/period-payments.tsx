import { Button } from '@mantine/core'
import { Link } from 'wouter'
import type { ReceiptRow } from '../../src-shared/nodes-contract.ts'
import type { Arrival } from '../../src-shared/pay-contract.ts'
import { runSubject } from '../../src-shared/pay-text.ts'
import { ledgerReadText } from '../../src-shared/payment.ts'
import { formatUtc } from '../../src-shared/time.ts'
import { command, query, useQuery } from '../api.ts'
import { ArrivalText } from '../components/arrival.tsx'
import type { Column } from '../components/data-table.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { JobProgress } from '../components/job-progress.tsx'
import { Note } from '../components/note.tsx'
import { DateTime } from '../components/values.tsx'
import { texts } from '../texts.ts'
import { useSend } from './key-forms.tsx'
import page from './page.module.css'

const words = texts.pay.check

export type PaidReceipt = ReceiptRow & { arrival: Arrival | undefined }

/** Receipts with how each stands with its payment; those that pay nothing have none. */
export async function withArrivals(rows: readonly ReceiptRow[], signal: AbortSignal): Promise<PaidReceipt[]> {
  const receipts = rows.filter(({ rewardUnits }) => rewardUnits > 0n).map(({ hash }) => hash)
  const arrivals = receipts.length === 0 ? [] : await query('pay.payments', { receipts }, signal)
  const byReceipt = new Map(arrivals.map(arrival => [arrival.receipt, arrival]))
  return rows.map(row => ({ ...row, arrival: byReceipt.get(row.hash) }))
}

export const paymentColumn: Column<PaidReceipt> = {
  id: 'payment',
  header: texts.pay.arrival.head,
  hint: words.hint,
  width: 320,
  cell: ({ arrival }) => <ArrivalText arrival={arrival} />,
  text: ({ arrival }) => arrivalText(arrival),
}

function arrivalText(arrival: Arrival | undefined): string {
  if (!arrival) return ''
  const { state, tx, paidTs, why } = arrival
  return [texts.pay.arrival.states[state], ...(paidTs === null ? [] : [formatUtc(paidTs)]), tx ?? '', why].filter(Boolean).join(', ')
}

/** Whether the period's receipts were paid, when Stellar was asked about that, and the way to ask it. */
export function PeriodPayments({ period }: { period: number }) {
  const config = useQuery('pay.config', {}, ['pay', 'facts']).data
  const checked = useQuery('pay.verified', { period }, ['pay'])
  const readOnly = useQuery('status.get', {}, ['jobs']).data?.readOnly === true
  const jobs = useQuery('jobs.list', {}, ['jobs']).data
  const sending = useSend()
  if (!config?.network || checked.data === undefined)
    return checked.error ? <ErrorPanel error={checked.error} onRetry={checked.refetch} /> : null
  const { network, problems } = config
  const job = jobs?.find(({ kind, title }) => kind === 'pay' && title.endsWith(` payments of ${runSubject(period)}`))
  const look = () => sending.send(async () => void (await command('pay.verify', { network, period })))
  return (
    <section className={page.stack} aria-label={words.title}>
      <div className={page.buttons}>
        <Checked check={checked.data} />
        {problems.length > 0 ? (
          <span className={page.dim}>
            {words.notConfigured} <Link href="/settings">{texts.pay.configure}</Link>
          </span>
        ) : (
          <Button variant="default" h={32} disabled={readOnly || job?.state === 'running'} loading={sending.busy} onClick={look}>
            {checked.data ? words.again : words.action}
          </Button>
        )}
      </div>
      {job && job.state !== 'done' ? <JobProgress job={job} /> : null}
      {sending.error ? <ErrorPanel error={sending.error} title={texts.pay.error} safe={texts.pay.errorSafe} /> : null}
    </section>
  )
}

type Check = NonNullable<ReturnType<typeof useQuery<'pay.verified'>>['data']> | null

function Checked({ check }: { check: Check }) {
  if (!check) return <span className={page.dim}>{words.never}</span>
  const { counts, text, checkedTs, ledger } = check
  const isWrong = (counts.twice ?? 0) + (counts.wrong ?? 0) > 0
  const isOpen = (counts['not-paid'] ?? 0) + (counts['not-known'] ?? 0) > 0
  return (
    <div title={ledgerReadText(ledger).join('\n')}>
      <Note state={isWrong ? 'down' : isOpen ? 'at-risk' : 'up'}>
        {text}, {words.checked} <DateTime ts={checkedTs} />
        {ledger.problem === null ? '' : `. ${ledger.problem}`}
      </Note>
    </div>
  )
}
