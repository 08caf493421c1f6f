import { Button, NativeSelect, Skeleton, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useMemo, useState } from 'react'
import { Link } from 'wouter'
import { type CompareHead, type CompareState, compareStates } from '../../src-shared/compare.ts'
import { compareStateWord, headLines, isAllEqual, verdictText } from '../../src-shared/compare-text.ts'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import { cleanName } from '../../src-shared/text.ts'
import { basisText } from '../../src-shared/verify.ts'
import { query, useQuery } from '../api.ts'
import { DataTable } from '../components/data-table.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { FileDrop } from '../components/file-drop.tsx'
import { JobProgress } from '../components/job-progress.tsx'
import { useWindowSource } from '../components/row-source.ts'
import { StateMark } from '../components/state-mark.tsx'
import { downloadText, formatCount } from '../format.ts'
import { IconDownload, IconSearch } from '../icons.tsx'
import { texts } from '../texts.ts'
import classes from './compare.module.css'
import { compareColumns, StateOf } from './compare-columns.tsx'
import { type Comparison, compareWith, forgetComparison, useComparisons } from './compare-files.ts'
import { openCompared } from './compare-sheet.tsx'
import page from './page.module.css'

const words = texts.compare

/** A period against another signer's files: counts first, then what differs and why. */
export function ComparePage({ params }: { params: Record<string, string | undefined> }) {
  const period = Number.parseInt(params.index ?? '', 10)
  const comparison = useComparisons(state => state.byPeriod[period])
  const status = useQuery('status.get', {}, ['jobs'])
  return (
    <div className={page.page} data-fill>
      <header className={page.head}>
        <h1>{words.heading(String(period))}</h1>
        <div className={page.right}>
          <Link href={`/periods/${period}`} className={page.link}>
            {words.back(String(period))}
          </Link>
          {comparison && comparison.state !== 'sending' ? (
            <Button variant="default" h={32} onClick={() => forgetComparison(period)}>
              {words.another}
            </Button>
          ) : null}
        </div>
      </header>
      {comparison ? (
        <Begun comparison={comparison} period={period} />
      ) : (
        <>
          <p className={page.dim}>{words.what}</p>
          {status.data?.readOnly ? (
            <StateMark state="at-risk" word={words.readOnly} />
          ) : (
            <FileDrop words={words} onFiles={files => void compareWith(period, files)} />
          )}
        </>
      )}
    </div>
  )
}

function Begun({ comparison, period }: { comparison: Comparison; period: number }) {
  const { names, state, jobId, error } = comparison
  const jobs = useQuery('jobs.list', {}, ['jobs'])
  const job = jobs.data?.find(({ id }) => id === jobId)
  if (error) return <ErrorPanel error={error} title={words.failed} safe={words.safe} onRetry={() => forgetComparison(period)} />
  if (state === 'sending' || jobId === null) return <p role="status">{words.sending(names.map(cleanName).join(', '))}</p>
  if (!jobs.data) return <Skeleton height={80} />
  if (job?.state === 'running') return <JobProgress job={job} />
  if (job?.state === 'failed' || job?.state === 'cancelled') {
    const { message } = job.error ?? { message: texts.job.stopped }
    return (
      <ErrorPanel
        error={new AppError('internal', message)}
        title={words.failed}
        safe={words.safe}
        onRetry={() => forgetComparison(period)}
      />
    )
  }
  return <Result jobId={jobId} period={period} />
}

function Result({ jobId, period }: { jobId: string; period: number }) {
  const { data, error, refetch } = useQuery('compare.get', { jobId }, ['jobs'])
  if (error) return <ErrorPanel error={error} onRetry={refetch} />
  if (data === undefined) return <Skeleton height={200} />
  if (data === null)
    return (
      <>
        <p>{words.gone}</p>
        <FileDrop words={words} onFiles={files => void compareWith(period, files)} />
      </>
    )
  return (
    <>
      <Counts head={data} />
      <Rows jobId={jobId} head={data} />
    </>
  )
}

function Counts({ head }: { head: CompareHead }) {
  const isEqual = isAllEqual(head)
  return (
    <section className={page.panel} aria-label={words.verdict}>
      <h2>
        <StateMark state={isEqual ? 'up' : 'down'} word={verdictText(head)} />
      </h2>
      <p className={page.facts}>
        {compareStates.map(state => (
          <span key={state}>
            {formatCount(head.counts[state] ?? 0)} <StateOf state={state} />
          </span>
        ))}
      </p>
      <ul className={classes.lines}>
        {headLines(head).map(line => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      <details>
        <summary>{words.basis}</summary>
        <p className={page.dim}>
          {words.files(head.files.map(cleanName).join(', '))}
          {head.rules === 'v3' ? `; ${words.resources[head.resources]}` : ''}
        </p>
        <ul className={classes.lines}>
          {basisText(head.basis).map(line => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      </details>
    </section>
  )
}

const noSort = { id: '', descending: false }

function Rows({ jobId, head }: { jobId: string; head: CompareHead }) {
  const [wanted, setWanted] = useState<CompareState | ''>('')
  const [text, setText] = useState('')
  const [search] = useDebouncedValue(text.trim(), 150)
  const columns = useMemo(() => compareColumns(head.period), [head.period])
  const source = useWindowSource(
    JSON.stringify([jobId, wanted, search]),
    (offset, limit, signal) =>
      query('compare.rows', { jobId, offset, limit, ...(wanted && { state: wanted }), ...(search && { search }) }, signal),
    [],
  )
  return (
    <DataTable
      name="compare"
      label={words.list}
      columns={columns}
      source={source}
      rowId={row => row.id}
      sort={noSort}
      onSort={() => undefined}
      onOpen={row => openCompared(row, head)}
      tools={
        <>
          <NativeSelect
            aria-label={words.show}
            value={wanted}
            onChange={event => setWanted(event.currentTarget.value as CompareState | '')}
            data={[{ value: '', label: words.all }, ...compareStates.map(state => ({ value: state, label: compareStateWord(state) }))]}
          />
          <TextInput
            aria-label={words.search}
            placeholder={words.searchHint}
            leftSection={<IconSearch />}
            w={260}
            value={text}
            onChange={event => setText(event.currentTarget.value)}
          />
          <DifferencesCsv jobId={jobId} />
        </>
      }
      empty={words.none}
    />
  )
}

function DifferencesCsv({ jobId }: { jobId: string }) {
  const [error, setError] = useState<AppError | null>(null)
  const save = () => {
    setError(null)
    query('compare.csv', { jobId }).then(
      file => downloadText(file.fileName, file.text),
      (reason: unknown) => setError(toAppError(reason)),
    )
  }
  return (
    <>
      <Button variant="default" h={32} leftSection={<IconDownload />} onClick={save}>
        {words.csv}
      </Button>
      {error ? <ErrorPanel error={error} title={words.csvFailed} safe={words.safe} onRetry={save} /> : null}
    </>
  )
}
