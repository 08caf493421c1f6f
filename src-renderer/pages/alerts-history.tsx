import { SegmentedControl, Select } from '@mantine/core'
import { useMemo } from 'react'
import { Link } from 'wouter'
import { type Alert, type AlertKind, alertForms, alertKindSchema, alertKinds } from '../../src-shared/alerts.ts'
import { formatUtc } from '../../src-shared/time.ts'
import { query } from '../api.ts'
import { type Column, DataTable } from '../components/data-table.tsx'
import { FactList } from '../components/fact-list.tsx'
import { SearchField } from '../components/list-filters.tsx'
import { Clip } from '../components/names.tsx'
import { useWindowSource } from '../components/row-source.ts'
import { StateMark } from '../components/state-mark.tsx'
import { DateTime } from '../components/values.tsx'
import { closeSheet, openSheet, useUi } from '../store.ts'
import { texts } from '../texts.ts'
import classes from './alerts.module.css'
import { severityState } from './alerts.tsx'
import page from './page.module.css'

const words = texts.alerts
const history = words.history
const heads = history.columns
const topics = ['alerts'] as const
const order = { id: 'opened', descending: true }

interface HistoryUi {
  state: 'all' | 'open' | 'over'
  kind: AlertKind | null
  search: string
}

/** Every alert there was, the latest first, with how it ended and when it was told. */
export function AlertHistory() {
  const [ui, setUi] = useUi<HistoryUi>('alerts', { state: 'all', kind: null, search: '' })
  const { state, kind, search } = ui
  const columns = useMemo(() => historyColumns(), [])
  const filter = { ...(state !== 'all' && { state }), ...(kind !== null && { kind }), ...(search !== '' && { search }) }
  const source = useWindowSource(
    JSON.stringify(filter),
    (offset, limit, signal) => query('alerts.history', { ...filter, offset, limit }, signal),
    topics,
  )
  const isFiltered = Object.keys(filter).length > 0
  return (
    <DataTable
      name="alerts"
      label={history.label}
      title={history.title}
      columns={columns}
      source={source}
      rowId={({ id }) => String(id)}
      sort={order}
      onSort={() => undefined}
      onOpen={alert => openSheet({ title: history.sheet, body: <AlertSheet alert={alert} /> })}
      tools={
        <>
          <SegmentedControl
            aria-label={history.show}
            data={(['all', 'open', 'over'] as const).map(value => ({ value, label: history.filters[value] }))}
            value={state}
            onChange={value => setUi({ state: value as HistoryUi['state'] })}
            transitionDuration={0}
          />
          <Select
            aria-label={history.kind}
            placeholder={history.anyKind}
            data={alertKinds.map(value => ({ value, label: alertForms[value].name }))}
            value={kind}
            onChange={value => setUi({ kind: alertKindSchema.nullable().parse(value) })}
            clearable
            w={190}
          />
          <SearchField
            className={classes.search ?? ''}
            label={history.search}
            hint={history.search}
            value={search}
            onSearch={text => setUi({ search: text })}
          />
        </>
      }
      empty={isFiltered ? history.noneFound : history.none}
      maxRows={8}
    />
  )
}

function Severity({ alert: { severity } }: { alert: Alert }) {
  return <StateMark state={severityState[severity]} word={words.severities[severity]} />
}

function endText({ end }: Alert): string {
  return end === null ? '' : history.ends[end]
}

function historyColumns(): Column<Alert>[] {
  return [
    {
      id: 'opened',
      header: heads.opened,
      width: 160,
      cell: ({ openedTs }) => <DateTime ts={openedTs} />,
      text: ({ openedTs }) => formatUtc(openedTs),
    },
    {
      id: 'severity',
      header: heads.severity,
      width: 100,
      cell: alert => <Severity alert={alert} />,
      text: ({ severity }) => words.severities[severity],
    },
    { id: 'title', header: heads.title, width: 260, grow: 3, cell: ({ title }) => <Clip text={title} />, text: ({ title }) => title },
    {
      id: 'over',
      header: heads.over,
      width: 160,
      cell: ({ overTs }) => (overTs === null ? <span className={page.dim}>{history.open}</span> : <DateTime ts={overTs} />),
      text: ({ overTs }) => (overTs === null ? '' : formatUtc(overTs)),
    },
    { id: 'end', header: heads.end, width: 130, grow: 1, cell: alert => <Clip text={endText(alert)} />, text: endText },
    {
      id: 'told',
      header: heads.told,
      width: 160,
      cell: ({ toldTs }) => (toldTs === null ? <span className={page.dim}>{history.notTold}</span> : <DateTime ts={toldTs} />),
      text: ({ toldTs }) => (toldTs === null ? '' : formatUtc(toldTs)),
    },
    {
      id: 'kind',
      header: heads.kind,
      width: 160,
      optional: true,
      cell: ({ kind }) => alertForms[kind].name,
      text: ({ kind }) => alertForms[kind].name,
    },
    {
      id: 'subject',
      header: heads.subject,
      width: 120,
      optional: true,
      cell: ({ subject }) => <Clip text={subject} />,
      text: ({ subject }) => subject,
    },
  ]
}

function AlertSheet({ alert }: { alert: Alert }) {
  const { title, reason, wayOut, href, openedTs, overTs, toldTs, kind, cause } = alert
  const facts = [
    [heads.severity, <Severity key="severity" alert={alert} />],
    [heads.kind, alertForms[kind].name],
    [history.facts.reason, reason],
    [history.facts.wayOut, wayOut],
    [heads.opened, <DateTime key="opened" ts={openedTs} form="seconds" />],
    [heads.told, toldTs === null ? history.notTold : <DateTime key="told" ts={toldTs} form="seconds" />],
    [heads.over, overTs === null ? history.open : <DateTime key="over" ts={overTs} form="seconds" />],
    ...(overTs === null ? [] : [[heads.end, endText(alert)] as const]),
    [history.facts.cause, <code key="cause">{cause}</code>],
  ] as const
  return (
    <div className={page.stack}>
      <strong>{title}</strong>
      <FactList facts={facts} />
      <Link className={page.link ?? ''} href={href} onClick={closeSheet}>
        {history.toSubject}
      </Link>
    </div>
  )
}
