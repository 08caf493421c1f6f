import { Button, SegmentedControl, Skeleton } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useEffect } from 'react'
import { bytesText } from '../../src-shared/backup-text.ts'
import type { CommandInput } from '../../src-shared/contract.ts'
import { toAppError } from '../../src-shared/errors.ts'
import { crashKindWords, entryDetail, entryTitle, partWords } from '../../src-shared/log-words.ts'
import { type CrashSummary, type LogEntry, type LogLevel, logLevels, type PlacedEntry } from '../../src-shared/logs-contract.ts'
import { formatUtc } from '../../src-shared/time.ts'
import { command, query, useQuery } from '../api.ts'
import { CopyButton } from '../components/copy-button.tsx'
import { type Column, DataTable } from '../components/data-table.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { FactList } from '../components/fact-list.tsx'
import { Note } from '../components/note.tsx'
import { textColumn } from '../components/plain-columns.tsx'
import { listSource, useWindowSource } from '../components/row-source.ts'
import { StateMark } from '../components/state-mark.tsx'
import { DateTime } from '../components/values.tsx'
import { closeSheet, openSheet, useUi } from '../store.ts'
import { texts } from '../texts.ts'
import classes from './logs.module.css'
import page from './page.module.css'

const words = texts.logs
const heads = words.columns
const topics = ['logs'] as const
const order = { id: 'time', descending: true }
const levelStates = { info: 'unknown', warning: 'at-risk', error: 'down' } as const

/** What went wrong here: crash reports, and the log with what led to them. */
export function Logs() {
  const [{ least }, setUi] = useUi<{ least: LogLevel }>('logs', { least: 'info' })
  const source = useWindowSource(least, (offset, limit, signal) => query('logs.list', { least, offset, limit }, signal), topics)
  return (
    <>
      <p className={page.dim}>{words.intro}</p>
      {source.first ? (
        <FactList
          facts={[
            [
              words.folder,
              <span key="folder" className={classes.path}>
                <code>{source.first.folder}</code>
                <CopyButton text={source.first.folder} label={texts.table.copy} name={words.copyFolder} compact />
              </span>,
            ],
            [words.size, bytesText(source.first.bytes)],
          ]}
        />
      ) : null}
      {source.first?.problem ? <Note state="at-risk">{source.first.problem}</Note> : null}
      <Crashes />
      <DataTable
        name="logs"
        label={words.log}
        title={words.log}
        columns={logColumns}
        source={source}
        rowId={({ place }) => String(place)}
        sort={order}
        onSort={() => undefined}
        onOpen={entry => openSheet({ title: words.entry, body: <Entry entry={entry} /> })}
        tools={
          <SegmentedControl
            aria-label={words.least}
            data={logLevels.map(value => ({ value, label: words.levels[value] }))}
            value={least}
            onChange={value => setUi({ least: value as LogLevel })}
            transitionDuration={0}
          />
        }
        empty={words.logNone}
        maxRows={8}
      />
      <div className={page.buttons}>
        <Button variant="default" h={32} disabled={source.first?.bytes === 0} onClick={() => send('logs.delete', {})}>
          {words.deleteLog}
        </Button>
      </div>
    </>
  )
}

function Crashes() {
  const { data, error, refetch } = useQuery('crashes.list', {}, topics)
  if (error && !data) return <ErrorPanel error={error} onRetry={refetch} />
  if (!data) return <Skeleton height={32} />
  const { rows, problem } = data
  if (problem !== '') return <Note state="at-risk">{problem}</Note>
  if (rows.length === 0) return <Note state="up">{words.crashesNone}</Note>
  const fresh = rows.filter(({ isNew }) => isNew).length
  return (
    <>
      {fresh > 0 ? <Note state="at-risk">{words.crashesNew(fresh)}</Note> : null}
      <DataTable
        name="crashes"
        label={words.crashes}
        title={words.crashes}
        columns={crashColumns}
        source={listSource(rows)}
        rowId={({ id }) => id}
        sort={order}
        onSort={() => undefined}
        onOpen={({ id }) => openSheet({ title: words.crash, body: <Report id={id} /> })}
        empty={words.crashesNone}
        maxRows={5}
      />
      <div className={page.buttons}>
        <Button variant="default" h={32} onClick={() => send('crashes.delete', { id: null })}>
          {words.deleteReports}
        </Button>
      </div>
    </>
  )
}

function Report({ id }: { id: string }) {
  const { data, error, refetch } = useQuery('crashes.get', { id }, [])
  const isShown = data !== undefined
  useEffect(() => {
    if (isShown) send('crashes.seen', { id })
  }, [isShown, id])
  if (error && !data) return <ErrorPanel error={error} onRetry={refetch} />
  if (!data) return <Skeleton height={200} />
  return (
    <div className={page.stack}>
      <pre className={classes.report}>{data.text}</pre>
      <div className={page.buttons}>
        <CopyButton text={data.text} label={words.copyReport} />
        <Button variant="default" h={32} onClick={() => send('crashes.delete', { id }, closeSheet)}>
          {words.deleteReport}
        </Button>
      </div>
    </div>
  )
}

function Entry({ entry }: { entry: LogEntry }) {
  return (
    <FactList
      facts={[
        [heads.time, <DateTime key="time" ts={Math.floor(entry.atMs / 1000)} form="seconds" />],
        [heads.level, words.levelWords[entry.level]],
        [heads.part, partWords[entry.part]],
        [heads.event, entryTitle(entry)],
        [heads.details, entryDetail(entry)],
      ]}
    />
  )
}

const logColumns: Column<PlacedEntry>[] = [
  {
    id: 'time',
    header: heads.time,
    width: 170,
    cell: ({ atMs }) => <DateTime ts={Math.floor(atMs / 1000)} form="seconds" />,
    text: ({ atMs }) => formatUtc(Math.floor(atMs / 1000)),
  },
  {
    id: 'level',
    header: heads.level,
    width: 100,
    cell: ({ level }) => <StateMark state={levelStates[level]} word={words.levelWords[level]} />,
    text: ({ level }) => words.levelWords[level],
  },
  textColumn({ id: 'part', header: heads.part }, 130, ({ part }) => partWords[part]),
  textColumn({ id: 'event', header: heads.event }, 160, entryTitle),
  { ...textColumn({ id: 'details', header: heads.details }, 220, entryDetail), grow: 3 },
]

const crashColumns: Column<CrashSummary>[] = [
  {
    id: 'time',
    header: heads.time,
    width: 170,
    cell: ({ ts }) => <DateTime ts={ts} form="seconds" />,
    text: ({ ts }) => formatUtc(ts),
  },
  {
    id: 'new',
    header: heads.state,
    width: 80,
    cell: ({ isNew }) => (isNew ? <StateMark state="at-risk" word={words.mark} /> : words.seen),
    text: ({ isNew }) => (isNew ? words.mark : words.seen),
  },
  textColumn({ id: 'part', header: heads.part }, 130, ({ part }) => partWords[part]),
  textColumn({ id: 'kind', header: heads.event }, 180, ({ kind }) => crashKindWords[kind]),
  {
    ...textColumn({ id: 'details', header: heads.details }, 220, ({ name, message }) => [name, message].filter(Boolean).join(': ')),
    grow: 3,
  },
]

function send<N extends 'logs.delete' | 'crashes.delete' | 'crashes.seen'>(name: N, input: CommandInput<N>, done?: () => void): void {
  command(name, input).then(done, (error: unknown) =>
    notifications.show({ title: texts.error.title, message: toAppError(error).message, autoClose: false }),
  )
}
