import { Button, Skeleton } from '@mantine/core'
import { Link } from 'wouter'
import type { QueryOutput } from '../../src-shared/contract.ts'
import type { RunStage } from '../../src-shared/pay.ts'
import type { RunRow } from '../../src-shared/pay-contract.ts'
import { runStageHints, runStageWords, runSubject } from '../../src-shared/pay-text.ts'
import { useQuery } from '../api.ts'
import { EmptyState } from '../components/empty-state.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { NumHead } from '../components/num-head.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { Amount, DateTime } from '../components/values.tsx'
import { formatCount } from '../format.ts'
import { payoutPath } from '../links.ts'
import { openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import page from './page.module.css'
import { ImportRunFiles, PlanForm } from './payout-forms.tsx'
import { Strays } from './payout-strays.tsx'

const words = texts.pay
type Runs = QueryOutput<'pay.runs'>

const marks: Record<RunStage, 'up' | 'at-risk' | 'down' | 'asleep' | 'unknown'> = {
  open: 'at-risk',
  running: 'at-risk',
  paused: 'asleep',
  stopped: 'down',
  done: 'up',
  dead: 'unknown',
  withdrawn: 'unknown',
}

/** A run's stage with its shape. */
export function RunMark({ stage }: { stage: RunStage }) {
  return <StateMark state={marks[stage]} word={runStageWords[stage]} title={runStageHints[stage]} />
}

export function openPlan(network: string): void {
  openSheet({ title: words.plan, body: <PlanForm network={network} /> })
}

export function openImport(network: string): void {
  openSheet({ title: words.import, body: <ImportRunFiles network={network} /> })
}

/** Every run of the network, and what comes next in each. */
export function PayoutsPage() {
  const { data, error, refetch } = useQuery('pay.runs', {}, ['pay', 'keys', 'facts'])
  const readOnly = useQuery('status.get', {}, ['facts']).data?.readOnly === true
  return (
    <div className={page.page}>
      <header className={page.head}>
        <h1 title={words.what}>{words.title}</h1>
        {data?.network ? <span className={page.dim}>{words.of(data.network)}</span> : null}
        {data ? <Tools runs={data} readOnly={readOnly} /> : null}
      </header>
      {error && !data ? <ErrorPanel error={error} onRetry={refetch} /> : null}
      {!data && !error ? <Skeleton height={220} /> : null}
      {data ? <Contents runs={data} readOnly={readOnly} /> : null}
    </div>
  )
}

function Tools({ runs, readOnly }: { runs: Runs; readOnly: boolean }) {
  const network = runs.network ?? ''
  return (
    <div className={page.right}>
      {readOnly ? <span className={page.dim}>{words.readOnly}</span> : null}
      <Button h={32} variant="default" disabled={readOnly} onClick={() => openImport(network || 'unknown')}>
        {words.import}
      </Button>
      <Button h={32} disabled={readOnly || !runs.configured || network === ''} onClick={() => openPlan(network)}>
        {words.plan}
      </Button>
    </div>
  )
}

function Contents({ runs: { network, configured, runs }, readOnly }: { runs: Runs; readOnly: boolean }) {
  if (network === null) return <EmptyState title={words.noNetwork}>{words.noNetworkWhat}</EmptyState>
  return (
    <>
      {configured ? null : (
        <section className={page.panel} aria-label={words.notConfigured}>
          <p>
            {words.notConfigured} <Link href="/settings">{words.configure}</Link>
          </p>
        </section>
      )}
      {runs.length === 0 ? <EmptyState title={words.none}>{words.noneWhat}</EmptyState> : <RunTable runs={runs} />}
      {configured ? <Strays network={network} readOnly={readOnly} /> : null}
    </>
  )
}

function RunTable({ runs }: { runs: RunRow[] }) {
  const { columns } = words
  return (
    <div className={`${page.panel} ${page.scroll}`}>
      <table className={page.table} aria-label={words.list}>
        <thead>
          <tr>
            <th scope="col">{columns.pays}</th>
            <th scope="col">{columns.state}</th>
            <NumHead name={columns.paid} help="rows-paid" />
            <NumHead name={columns.amount} help="amount-of-a-payment" />
            <th scope="col">{columns.next}</th>
            <th scope="col">{columns.added}</th>
            <th scope="col">{columns.run}</th>
          </tr>
        </thead>
        <tbody>
          {runs.map(({ runId, period, stage, paid, rows, totalUnits, next, addedTs }) => (
            <tr key={runId}>
              <td>
                <Link href={payoutPath(runId)} aria-label={words.open(runSubject(period))}>
                  {runSubject(period)}
                </Link>
              </td>
              <td>
                <RunMark stage={stage} />
              </td>
              <td className={page.num}>
                {formatCount(paid)} / {formatCount(rows)}
              </td>
              <td className={page.num}>
                <Amount units={totalUnits} />
              </td>
              <td className={page.wrap}>{next.text}</td>
              <td>
                <DateTime ts={addedTs} />
              </td>
              <td className={page.hash} title={runId}>
                {runId.slice(0, 8)}…
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
