import { Button, Select, Skeleton, Switch } from '@mantine/core'
import { useMemo, useRef, useState } from 'react'
import type { QueryOutput } from '../../src-shared/contract.ts'
import { type AppError, toAppError } from '../../src-shared/errors.ts'
import { compareText } from '../../src-shared/text.ts'
import type { ParameterShown } from '../../src-shared/treasury/config-table.ts'
import { query, useQuery } from '../api.ts'
import { DataTable, useTableSort } from '../components/data-table.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { SearchField } from '../components/list-filters.tsx'
import { listSource } from '../components/row-source.ts'
import { DateTime } from '../components/values.tsx'
import { useEntityNames } from '../entity-names.ts'
import { downloadText, formatCount } from '../format.ts'
import { IconDownload } from '../icons.tsx'
import { noSettingsFilter, type SettingsFilter } from '../links.ts'
import { openSheet, useUi } from '../store.ts'
import { texts } from '../texts.ts'
import { settingColumns, subjectName } from './configuration-columns.tsx'
import { ImportSettings } from './configuration-file.tsx'
import { subjectOf } from './configuration-model.ts'
import { SettingSheet } from './configuration-sheet.tsx'
import page from './nodes.module.css'
import classes from './page.module.css'

const words = texts.configuration
type Configuration = QueryOutput<'configuration.list'>

/** Every number that the treasury works with; first whether somebody changed any of them. */
export function ConfigurationPage() {
  const { data, error, refetch } = useQuery('configuration.list', {}, ['treasury'])
  return (
    <div className={page.page}>
      <header className={classes.head}>
        <h1 title={words.what}>{words.title}</h1>
        {data ? <Files parameters={data.parameters} /> : null}
      </header>
      {error && !data ? <ErrorPanel error={error} onRetry={refetch} /> : null}
      {!data && !error ? <Skeleton height={420} /> : null}
      {data ? (
        <>
          <Standing parameters={data.parameters} />
          <Settings parameters={data.parameters} />
        </>
      ) : null}
    </div>
  )
}

/** Whether the treasury works with the rules' own numbers, and what was changed last. */
function Standing({ parameters }: { parameters: Configuration['parameters'] }) {
  const nameOf = useEntityNames()
  const changed = parameters.filter(({ isNormal }) => !isNormal).length
  const [last] = parameters.filter(({ changedTs }) => changedTs !== null).sort((a, b) => b.changedTs! - a.changedTs!)
  const count = formatCount(parameters.length)
  return (
    <p>
      <strong>{changed === 0 ? words.allNormal(count) : words.someChanged(formatCount(changed), count)}</strong>
      {last ? (
        <span className={classes.dim}>
          {' '}
          {words.lastChange}: {last.name}, <DateTime ts={last.changedTs!} form="both" />, {nameOf(last.changedBy ?? '')}.
        </span>
      ) : null}
    </p>
  )
}

function Settings({ parameters }: { parameters: ParameterShown[] }) {
  const nameOf = useEntityNames()
  const [filter, setFilter] = useUi<SettingsFilter>('configuration.filter', noSettingsFilter)
  const [sort, setSort] = useTableSort('configuration', { id: 'subject', descending: false })
  const columns = useMemo(() => settingColumns(nameOf), [nameOf])
  const subjects = useMemo(() => [...new Set(parameters.map(({ name }) => subjectOf(name)))], [parameters])
  const { search, subject, changedOnly } = filter
  const source = useMemo(() => {
    const fits = ({ name, about, isNormal }: ParameterShown) =>
      (subject === null || subjectOf(name) === subject) &&
      (!changedOnly || !isNormal) &&
      `${name} ${about} ${subjectName(subjectOf(name))}`.toLowerCase().includes(search.toLowerCase())
    const rows = parameters.filter(fits)
    const column = columns.find(({ id }) => id === sort.id)
    // by subject they stand in the order of the rules
    if (column && column.id !== 'subject') rows.sort((a, b) => compareText(column.text(a), column.text(b)))
    return listSource(sort.descending ? rows.reverse() : rows)
  }, [parameters, columns, search, subject, changedOnly, sort.id, sort.descending])
  return (
    <DataTable
      name="configuration"
      label={words.list}
      columns={columns}
      source={source}
      rowId={({ name }) => name}
      sort={sort}
      onSort={setSort}
      onOpen={({ name }) => openSheet({ title: name, body: <SettingSheet name={name} /> })}
      tools={
        <>
          <SearchField
            className={page.search ?? ''}
            label={words.search}
            hint={words.searchHint}
            value={search}
            onSearch={text => setFilter({ search: text })}
          />
          <Select
            className={page.filter ?? ''}
            aria-label={words.subject}
            placeholder={words.anySubject}
            data={subjects.map(value => ({ value, label: subjectName(value) }))}
            value={subject}
            onChange={value => setFilter({ subject: value })}
            clearable
          />
          <Switch
            label={words.changedOnly}
            checked={changedOnly}
            onChange={event => setFilter({ changedOnly: event.currentTarget.checked })}
            mb={6}
          />
        </>
      }
      empty={
        <div className={page.none}>
          {words.noneFound}
          <Button variant="default" onClick={() => setFilter(noSettingsFilter)}>
            {words.showAll}
          </Button>
        </div>
      }
    />
  )
}

/** Out as a file, and in from one, after a look at what it would change. */
function Files({ parameters }: { parameters: ParameterShown[] }) {
  const chooser = useRef<HTMLInputElement>(null)
  const [error, setError] = useState<AppError | null>(null)
  const attempt = (work: () => Promise<void>) => {
    setError(null)
    work().catch((reason: unknown) => setError(toAppError(reason)))
  }
  const save = () =>
    attempt(async () => {
      const { fileName, text } = await query('configuration.export', {})
      downloadText(fileName, text, 'application/json')
    })
  const look = (file: File) =>
    attempt(async () => {
      const text = await file.text()
      openSheet({ title: words.importTitle, body: <ImportSettings fileName={file.name} text={text} parameters={parameters} /> })
    })
  return (
    <>
      <input
        ref={chooser}
        type="file"
        accept=".json,application/json"
        hidden
        aria-label={words.import}
        onChange={event => {
          const [file] = event.currentTarget.files ?? []
          // the same file, mended, can be chosen again
          event.currentTarget.value = ''
          if (file) look(file)
        }}
      />
      <div className={classes.right}>
        <Button variant="default" h={32} onClick={() => chooser.current?.click()}>
          {words.import}
        </Button>
        <Button variant="default" h={32} leftSection={<IconDownload />} onClick={save}>
          {words.export}
        </Button>
      </div>
      {error ? <ErrorPanel error={error} /> : null}
    </>
  )
}
