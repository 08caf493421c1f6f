import { Skeleton } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'wouter'
import type { Alert, AlertSeverity } from '../../src-shared/alerts.ts'
import type { QueryOutput } from '../../src-shared/contract.ts'
import type { NodeState } from '../../src-shared/nodes-contract.ts'
import { useQuery } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { Note } from '../components/note.tsx'
import { StateMark, StateShape } from '../components/state-mark.tsx'
import { DateTime } from '../components/values.tsx'
import { formatCount } from '../format.ts'
import { texts } from '../texts.ts'
import classes from './alerts.module.css'
import { AlertHistory } from './alerts-history.tsx'
import { AlertRules } from './alerts-rules.tsx'
import { NotifyPanel, QuietPanel, WebhookPanel } from './alerts-telling.tsx'
import list from './overview.module.css'
import page from './page.module.css'

const words = texts.alerts
const shownAtFirst = 8

/** The shape of a severity: the states' own, and the hollow one for a notice. */
export const severityState: Record<AlertSeverity, NodeState> = { down: 'down', 'at-risk': 'at-risk', info: 'unknown' }

/** What needs somebody now; then what was, by which rules, and how it is told. */
export function AlertsPage() {
  const [all, setAll] = useState(false)
  const { data, error, refetch } = useQuery('alerts.list', { limit: all ? 1000 : shownAtFirst }, ['alerts'], { keepPrevious: true })
  return (
    <div className={page.page}>
      <header className={page.head}>
        <h1>{words.title}</h1>
        <span className={page.dim}>{words.what}</span>
      </header>
      {error && !data ? <ErrorPanel error={error} onRetry={refetch} /> : null}
      {!data && !error ? <Skeleton height={200} /> : null}
      {data ? <OpenAlerts data={data} all={all} onAll={() => setAll(true)} /> : null}
      <AlertHistory />
      <AlertRules />
      <div className={classes.columns}>
        <QuietPanel />
        <NotifyPanel />
      </div>
      <WebhookPanel />
    </div>
  )
}

function OpenAlerts({ data, all, onAll }: { data: QueryOutput<'alerts.list'>; all: boolean; onAll: () => void }) {
  const { rows, total, nodes, why, problem, lookedTs } = data
  // nobody looks, or at what is too old: that nothing is open says nothing
  const isKnown = why === null && problem === null && lookedTs !== null
  return (
    <section className={classes.open} aria-labelledby="open-alerts">
      <h2 id="open-alerts" className={list.attentionTitle}>
        <StateShape state={rows[0] ? severityState[rows[0].severity] : isKnown ? 'up' : 'unknown'} size={12} />
        {total > 0 ? words.needs(total) : isKnown ? words.calm : words.notKnown}
      </h2>
      <p className={page.dim}>
        {total === 0 && isKnown ? `${words.calmText} ` : null}
        {words.watched(formatCount(nodes))}{' '}
        {lookedTs === null ? (
          words.notLooked
        ) : (
          <>
            {words.looked} <DateTime ts={lookedTs} form="age" />.
          </>
        )}
      </p>
      {problem === null ? null : <Note state="down">{problem}</Note>}
      {why === null ? null : <Note state="unknown">{why}</Note>}
      <ul className={list.attention}>
        {rows.map(alert => (
          <AlertRow key={alert.id} alert={alert} />
        ))}
      </ul>
      {!all && total > rows.length ? (
        <button type="button" className={list.more} onClick={onAll}>
          {words.more(total)}
        </button>
      ) : null}
    </section>
  )
}

function AlertRow({ alert }: { alert: Alert }) {
  const { severity, title, reason, wayOut, href, openedTs, asOfTs } = alert
  return (
    <li className={list.attentionRow}>
      <span className={list.attentionMark}>
        <StateMark state={severityState[severity]} word={words.severities[severity]} />
      </span>
      <div className={list.attentionText}>
        <Link className={list.attentionLink} href={href}>
          {title}
        </Link>
        <div>{reason}</div>
        <div className={list.wayOut}>{wayOut}</div>
        <div className={classes.meta}>
          {words.since} <DateTime ts={openedTs} />, {words.asOf} <DateTime ts={asOfTs} form="short" />
        </div>
      </div>
    </li>
  )
}
