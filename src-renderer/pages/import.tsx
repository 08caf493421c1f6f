import { Button, Progress, Skeleton } from '@mantine/core'
import { Link } from 'wouter'
import type { Job, PeriodSummary } from '../../src-shared/contract.ts'
import type { AppError } from '../../src-shared/errors.ts'
import { cleanName } from '../../src-shared/text.ts'
import { useQuery } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { FileDrop } from '../components/file-drop.tsx'
import { JobProgress } from '../components/job-progress.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { DateTime } from '../components/values.tsx'
import { formatCount } from '../format.ts'
import { texts } from '../texts.ts'
import classes from './import.module.css'
import { addFiles, addPath, cancelItem, desktop, dismissJob, type ImportItem, removeItem, retryItem, useImports } from './import-queue.ts'
import page from './page.module.css'
import { PeriodMark, useStandings } from './period-mark.tsx'
import { uploadText } from './upload.ts'

/** Brings grid archives in: how, how far, and what is there already. */
export function ImportPage() {
  const jobs = useQuery('jobs.list', {}, ['jobs'])
  const periods = useQuery('periods.list', {}, ['facts', 'results'])
  const status = useQuery('status.get', {}, ['facts', 'results'])
  const { items, dismissed } = useImports()
  const own = new Set([...dismissed, ...items.map(item => item.jobId)])
  const others = (jobs.data ?? []).filter(job => job.kind === 'import' && !own.has(job.id))
  const readOnly = status.data?.readOnly === true
  return (
    <div className={page.page}>
      <header className={page.head}>
        <h1>Import</h1>
        <Link href="/sync" className={page.link}>
          {texts.sync.follow}
        </Link>
        {status.data?.demo ? <span className={page.dim}>Your own data takes the place of the demo as soon as it is here.</span> : null}
      </header>
      {readOnly ? (
        <p>
          <StateMark state="at-risk" word="Another Granary writes to this data folder" />. Close it to import here.
        </p>
      ) : (
        <ArchiveDrop />
      )}
      {items.length > 0 || others.length > 0 ? (
        <section className={page.panel} aria-label="Files">
          <h2>Files</h2>
          <ul className={classes.items}>
            {items.map(item => (
              <li key={item.id}>
                <Item item={item} job={jobs.data?.find(job => job.id === item.jobId)} />
              </li>
            ))}
            {others.map(job => (
              <li key={job.id}>
                <JobEntry job={job} onRemove={() => dismissJob(job.id)} />
              </li>
            ))}
          </ul>
        </section>
      ) : null}
      <Stored periods={periods.data} error={periods.error} refetch={periods.refetch} demo={status.data?.demo === true} />
      <section className={page.panel} aria-label="Where archives come from">
        <h2>Where archives come from</h2>
        <p>
          A grid archive holds one period of one network: the state of the grid at its start and end, and every event that matters for
          minting. It is a text file with one record a line (.ndjson), plain or compressed with gzip or zstd; the content tells which, not
          the name.
        </p>
        <ul className={classes.sources}>
          <li>
            From another Granary: <code>granary archive export --period 80 period-80.ndjson.zst</code>
          </li>
          <li>From a signer or an auditor of your network: ask for the grid archive of the period.</li>
          <li>
            Made up, to try things out: <code>granary demo --nodes 100 demo.ndjson.zst</code>
          </li>
        </ul>
        <p className={page.dim}>
          Importing the same archive twice changes nothing. An import that was stopped goes on where it was when you give the file again.
          Nothing leaves this machine.
        </p>
      </section>
    </div>
  )
}

const dropWords = {
  drop: 'Drop grid archives here',
  dropWhat: 'one or several; .ndjson, .ndjson.gz, .ndjson.zst',
  choose: 'Choose files',
  field: 'Grid archives to import',
  onlyFiles: 'Only files can be imported, not folders or text. Choose the archive itself.',
}

function ArchiveDrop() {
  const bridge = desktop()
  const choose = async () => {
    const path = await bridge?.openFileDialog()
    if (path) addPath(path)
  }
  return <FileDrop words={dropWords} onFiles={addFiles} choose={bridge ? choose : null} />
}

function Item({ item, job }: { item: ImportItem; job: Job | undefined }) {
  const name = cleanName(item.name)
  const onRetry = () => retryItem(item.id)
  const onRemove = () => removeItem(item.id)
  if (item.state === 'handed-over')
    return job ? <JobEntry job={job} onRetry={onRetry} onRemove={onRemove} /> : <Line title={name}>Handed over; about to begin</Line>
  if (item.state === 'failed' && item.error)
    return <Failed name={name} message={item.error.message} onRetry={onRetry} onRemove={onRemove} />
  if (item.state === 'cancelled')
    return (
      <Line title={name} actions={<Actions name={name} again="Import after all" onRetry={onRetry} onRemove={onRemove} />}>
        Stopped before anything was imported
      </Line>
    )
  const percent = item.size === 0 ? 0 : Math.floor((item.sent / item.size) * 100)
  return (
    <Line
      title={name}
      actions={
        <Button variant="default" h={32} onClick={() => cancelItem(item.id)} aria-label={`Stop sending ${name}`}>
          Stop
        </Button>
      }
    >
      {item.state === 'waiting' ? (
        'Waits for the file before it'
      ) : (
        <>
          <Progress value={percent} size={8} transitionDuration={0} aria-label={`Sending ${name}`} />
          Sending to Granary: {uploadText(item.sent, item.size, performance.now() - item.startedMs)}
        </>
      )}
    </Line>
  )
}

function JobEntry({ job, onRetry, onRemove }: { job: Job; onRetry?: () => void; onRemove?: () => void }) {
  if (job.state === 'running') return <JobProgress job={job} />
  const name = cleanName(job.title)
  if (job.state === 'failed' && job.error) return <Failed name={name} message={job.error.message} onRetry={onRetry} onRemove={onRemove} />
  const seconds = job.endedTs === null ? null : job.endedTs - job.startedTs
  return (
    <Line
      title={name}
      actions={job.state === 'cancelled' ? <Actions name={name} again="Import after all" onRetry={onRetry} onRemove={onRemove} /> : null}
    >
      {job.state === 'cancelled' ? (
        'Stopped. What was there before is untouched; give the file again to go on.'
      ) : (
        <>
          <StateMark state="up" word="Imported" />
          {job.detail ? `, ${job.detail}` : ''}
          {seconds === null || seconds < 1 ? '' : `, in ${formatCount(seconds)} s`}.{' '}
          {job.period === null ? null : <Link href={`/periods/${job.period}`}>See period {job.period}</Link>}
        </>
      )}
    </Line>
  )
}

function Line({ title, actions, children }: { title: string; actions?: React.ReactNode; children: React.ReactNode }) {
  return (
    <div className={classes.line}>
      <div className={classes.lineText} role="status">
        <strong>{title}</strong>
        <div className={page.dim}>{children}</div>
      </div>
      {actions}
    </div>
  )
}

function Failed({
  name,
  message,
  onRetry,
  onRemove,
}: {
  name: string
  message: string
  onRetry: (() => void) | undefined
  onRemove: (() => void) | undefined
}) {
  return (
    <div className={classes.line}>
      <div className={classes.lineText} role="alert">
        <strong>{name}</strong> <StateMark state="down" word="Not imported" />
        <p>{message}</p>
        <p className={page.dim}>Nothing of this file counts, and what was in the store before is untouched.</p>
      </div>
      <Actions name={name} again="Try again" onRetry={onRetry} onRemove={onRemove} />
    </div>
  )
}

function Actions({
  name,
  again,
  onRetry,
  onRemove,
}: {
  name: string
  again: string
  onRetry: (() => void) | undefined
  onRemove: (() => void) | undefined
}) {
  return (
    <div className={page.buttons}>
      {onRetry ? (
        <Button variant="default" h={32} onClick={onRetry} aria-label={`${again}: ${name}`}>
          {again}
        </Button>
      ) : null}
      {onRemove ? (
        <Button variant="subtle" color="gray" h={32} onClick={onRemove} aria-label={`Take off the list: ${name}`}>
          Take off the list
        </Button>
      ) : null}
    </div>
  )
}

function Stored({
  periods,
  error,
  refetch,
  demo,
}: {
  periods: PeriodSummary[] | undefined
  error: AppError | null
  refetch: () => void
  demo: boolean
}) {
  const standingOf = useStandings()
  return (
    <section className={page.panel} aria-label="What is in the store">
      <h2>What is in the store</h2>
      {error ? (
        <ErrorPanel error={error} onRetry={refetch} />
      ) : !periods ? (
        <Skeleton height={70} />
      ) : periods.length === 0 ? (
        <p className={page.dim}>Nothing yet.</p>
      ) : (
        <div className={page.scroll}>
          <table className={page.table}>
            <thead>
              <tr>
                <th scope="col">Period</th>
                <th scope="col">From</th>
                <th scope="col">To</th>
                <th scope="col">Complete until</th>
                <th scope="col" className={page.num}>
                  Nodes
                </th>
                <th scope="col" className={page.num}>
                  Events
                </th>
                <th scope="col">State</th>
              </tr>
            </thead>
            <tbody>
              {periods.map(period => (
                <tr key={period.index}>
                  <td>
                    <Link href={`/periods/${period.index}`}>Period {period.index}</Link>
                    {demo ? ' (demo)' : ''}
                  </td>
                  <td>
                    <DateTime ts={period.start} />
                  </td>
                  <td>
                    <DateTime ts={period.end} />
                  </td>
                  <td>
                    <DateTime ts={period.completeUntilTs} />
                  </td>
                  <td className={page.num}>{formatCount(period.nodes)}</td>
                  <td className={page.num}>{formatCount(period.events)}</td>
                  <td>
                    <PeriodMark period={period} standing={standingOf(period)} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}
