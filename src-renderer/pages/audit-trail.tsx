import { useMemo } from 'react'
import { type AuditEntry, queries } from '../../src-shared/contract.ts'
import { formatUtc } from '../../src-shared/time.ts'
import { query } from '../api.ts'
import { type Column, DataTable } from '../components/data-table.tsx'
import { Clip } from '../components/names.tsx'
import { useWindowSource } from '../components/row-source.ts'
import { StateMark } from '../components/state-mark.tsx'
import { DateTime } from '../components/values.tsx'
import { formatCount } from '../format.ts'
import { openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import classes from './settings.module.css'

const words = texts.settings
const heads = words.auditColumns
const topics = ['audit'] as const
const order = { id: 'seq', descending: true }

const columns: Column<AuditEntry>[] = [
  { id: 'seq', header: heads.seq, width: 64, align: 'right', cell: entry => entry.seq, text: entry => String(entry.seq) },
  {
    id: 'ts',
    header: heads.time,
    width: 170,
    cell: entry => <DateTime ts={entry.ts} form="seconds" />,
    text: entry => formatUtc(entry.ts),
  },
  { id: 'actor', header: heads.actor, width: 130, cell: entry => <Clip text={entry.actor} />, text: entry => entry.actor },
  { id: 'action', header: heads.action, width: 130, cell: entry => <Clip text={entry.action} />, text: entry => entry.action },
  { id: 'subject', header: heads.subject, width: 140, grow: 1, cell: entry => <Clip text={entry.subject} />, text: entry => entry.subject },
  { id: 'details', header: heads.details, width: 200, grow: 3, cell: entry => <Clip text={entry.details} />, text: entry => entry.details },
  {
    id: 'hash',
    header: heads.hash,
    width: 110,
    cell: entry => <Clip text={entry.hash.slice(0, 12)} title={entry.hash} />,
    text: entry => entry.hash,
  },
]

/** How many entries, whether they hash up, and each of them. */
export function AuditTrail() {
  const source = useWindowSource('audit', fetchAudit, topics)
  const list = useMemo(() => columns, [])
  const count = formatCount(source.total)
  return (
    <>
      <p className={classes.dim}>{words.auditText}</p>
      {source.first ? (
        <p role="status">
          {source.first.intact ? (
            <StateMark state="up" word={words.intact(count)} />
          ) : (
            <StateMark state="down" word={words.broken(count)} />
          )}
        </p>
      ) : null}
      <DataTable
        name="audit"
        label={words.audit}
        columns={list}
        source={source}
        rowId={entry => String(entry.seq)}
        sort={order}
        onSort={() => undefined}
        onOpen={entry => openSheet({ title: `${words.audit}, ${heads.seq} ${entry.seq}`, body: <Entry entry={entry} /> })}
        empty={words.auditNone}
        maxRows={8}
      />
    </>
  )
}

function fetchAudit(offset: number, limit: number, signal: AbortSignal) {
  return query('audit.list', queries['audit.list'].in.parse({ offset, limit }), signal)
}

function Entry({ entry }: { entry: AuditEntry }) {
  return (
    <dl className={classes.facts}>
      <div>
        <dt>{heads.time}</dt>
        <dd>
          <DateTime ts={entry.ts} form="seconds" /> ({formatUtc(entry.ts)})
        </dd>
      </div>
      {(['actor', 'action', 'subject', 'details', 'hash'] as const).map(key => (
        <div key={key}>
          <dt>{heads[key]}</dt>
          <dd className={classes.wrap}>{entry[key]}</dd>
        </div>
      ))}
    </dl>
  )
}
