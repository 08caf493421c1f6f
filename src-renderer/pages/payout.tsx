import { Skeleton, Tabs } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { Link } from 'wouter'
import type { RunDetail } from '../../src-shared/pay-contract.ts'
import { assetText, runSubject, shortageText } from '../../src-shared/pay-text.ts'
import { formatDuration } from '../../src-shared/time.ts'
import { useQuery } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { HelpMark } from '../components/help-mark.tsx'
import { JobProgress } from '../components/job-progress.tsx'
import { shortAddress } from '../components/names.tsx'
import { Note } from '../components/note.tsx'
import { DateTime } from '../components/values.tsx'
import { formatCount } from '../format.ts'
import type { HelpTerm } from '../help-terms.ts'
import { texts } from '../texts.ts'
import page from './page.module.css'
import { RunActions } from './payout-actions.tsx'
import { LeftOut, RunSigners } from './payout-parts.tsx'
import { PayRows } from './payout-rows.tsx'
import { RunMark } from './payouts.tsx'
import lists from './vault.module.css'

const words = texts.pay

/** A run: the one next thing to do, how far it is, what is short, then its rows. */
export function PayoutPage({ params }: { params: Record<string, string | undefined> }) {
  const runId = params.id ?? ''
  const { data, error, refetch } = useQuery('pay.get', { runId }, ['pay', 'keys', 'votes', 'mints'])
  const readOnly = useQuery('status.get', {}, ['facts']).data?.readOnly === true
  return (
    <div className={page.page} data-fill={data ? true : undefined}>
      <header className={page.head}>
        <h1>{data ? words.ofRun(runSubject(data.period)) : words.title}</h1>
        {data ? <RunMark stage={data.stage} /> : null}
        {data ? (
          <span className={page.hash} title={data.runId}>
            {data.runId.slice(0, 16)}…
          </span>
        ) : null}
        <div className={page.right}>
          <Link href="/payouts">{words.back}</Link>
        </div>
      </header>
      {error ? <ErrorPanel error={error} onRetry={refetch} /> : null}
      {!data && !error ? <Skeleton height={320} /> : null}
      {data ? <Run run={data} readOnly={readOnly} /> : null}
    </div>
  )
}

function Run({ run, readOnly }: { run: RunDetail; readOnly: boolean }) {
  const jobs = useQuery('jobs.list', {}, ['jobs'], { enabled: run.job?.state === 'running' }).data
  const job = jobs?.find(({ id, state }) => id === run.job?.jobId && state === 'running')
  return (
    <>
      <section className={page.panel} aria-label={words.next}>
        <p role="status">
          <strong>{run.next.text}</strong>
        </p>
        <RunActions run={run} readOnly={readOnly} />
        {job ? <JobProgress job={job} /> : null}
        <Notes run={run} />
      </section>
      <Figures run={run} />
      <Parts run={run} />
    </>
  )
}

function Notes({ run }: { run: RunDetail }) {
  const isOpen = run.stage === 'open'
  const { votes } = run
  return (
    <>
      {votes === null || votes.text === run.next.text ? null : <p className={votes.isAsked ? undefined : page.dim}>{votes.text}</p>}
      {votes?.isAgreed === false ? (
        <p>
          <Link href="/votes">{words.toVotes}</Link>
        </p>
      ) : null}
      {isOpen && run.shortages.length > 0 ? (
        <Note state="down">
          {run.shortages.map(shortageText).join(' ')} {words.shortAt}
        </Note>
      ) : null}
      {run.blocked.map(({ channel, place, why }) => (
        <Note key={channel} state="at-risk">
          {words.blocked(shortAddress(channel), place)} {why}
        </Note>
      ))}
      {isOpen
        ? run.warnings.map(({ subject, message }) => (
            <Note key={`${subject} ${message}`} state="at-risk">
              {subject.length === 56 ? `${shortAddress(subject)}: ` : ''}
              {message}
            </Note>
          ))
        : null}
    </>
  )
}

function Figures({ run }: { run: RunDetail }) {
  const { figures } = words
  return (
    <dl className={page.figures}>
      <Figure name={figures.paid} help="rows-paid" below={figures.paidRows(run.paid, run.rows)}>
        {assetText(run.paidUnits, run.assetCode)}
      </Figure>
      <Figure name={figures.rest} help="left-to-pay">
        {assetText(run.restUnits, run.assetCode)}
      </Figure>
      <Figure name={figures.takes} help="time-a-run-takes">
        {formatDuration(run.secondsLeft > 0 ? run.secondsLeft : run.expectedSec)}
      </Figure>
      <Figure name={figures.until} help="good-until">
        {run.firstMaxTs === null ? figures.nothingOpen : <DateTime ts={run.firstMaxTs} />}
      </Figure>
    </dl>
  )
}

function Figure(props: { name: string; help: HelpTerm; below?: string; children: ReactNode }) {
  const { name, help, below = '', children } = props
  return (
    <div className={page.figure}>
      <dt>
        {name} <HelpMark term={help} name={name} />
      </dt>
      <dd className={page.number}>{children}</dd>
      {below === '' ? null : <dd className={page.below}>{below}</dd>}
    </div>
  )
}

const tabs = ['rows', 'signers', 'left'] as const
type Tab = (typeof tabs)[number]

function Parts({ run }: { run: RunDetail }) {
  const [tab, setTab] = useState<Tab>('rows')
  const counts: Record<Tab, number> = { rows: run.rows, signers: run.signers.filter(({ signed }) => signed > 0).length, left: run.leftOut }
  return (
    <Tabs
      className={lists.lists ?? ''}
      value={tab}
      onChange={value => setTab((value as Tab | null) ?? 'rows')}
      keepMounted={false}
      aria-label={words.lists}
    >
      <Tabs.List aria-label={words.lists}>
        {tabs.map(one => (
          <Tabs.Tab key={one} value={one}>
            {words.tabs[one]} ({formatCount(counts[one])})
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value="rows" className={lists.panel ?? ''}>
        <PayRows run={run} />
      </Tabs.Panel>
      <Tabs.Panel value="signers">
        <RunSigners run={run} />
      </Tabs.Panel>
      <Tabs.Panel value="left">
        <LeftOut of={{ runId: run.runId }} />
      </Tabs.Panel>
    </Tabs>
  )
}
