import { Button, Progress, Skeleton } from '@mantine/core'
import { Link } from 'wouter'
import type { Job } from '../../src-shared/contract.ts'
import type { AppError } from '../../src-shared/errors.ts'
import type { PeriodSummary } from '../../src-shared/nodes-contract.ts'
import { cleanName } from '../../src-shared/text.ts'
import { useQuery } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { FileDrop } from '../components/file-drop.tsx'
import { Filled } from '../components/filled.tsx'
import { JobProgress } from '../components/job-progress.tsx'
import { NumHead } from '../components/num-head.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { DateTime } from '../components/values.tsx'
import { formatCount } from '../format.ts'
import { texts } from '../texts.ts'
import classes from './import.module.css'
import { addFiles, addPath, cancelItem, desktop, dismissJob, type ImportItem, removeItem, retryItem, useImports } from './import-queue.ts'
import page from './page.module.css'
import { PeriodMark, useStandings } from './period-mark.tsx'
import { uploadText } from './upload.ts'

const words = texts.import

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
        <h1>{words.title}</h1>
        <Link href="/sync" className={page.link}>
          {texts.sync.follow}
        </Link>
        {status.data?.demo ? <span className={page.dim}>{words.demo}</span> : null}
      </header>
      {readOnly ? (
        <p>
          <Filled text={words.readOnlyOut} parts={{ why: <StateMark state="at-risk" word={words.readOnly} /> }} />
        </p>
      ) : (
        <ArchiveDrop />
      )}
      {items.length > 0 || others.length > 0 ? (
        <section className={page.panel} aria-label={words.files}>
          <h2>{words.files}</h2>
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
      <section className={page.panel} aria-label={words.where}>
        <h2>{words.where}</h2>
        <p>{words.whereText}</p>
        <ul className={classes.sources}>
          <li>
            <Filled text={words.whereGranary} parts={{ command: <code>granary archive export --period 80 period-80.ndjson.zst</code> }} />
          </li>
          <li>{words.whereSigner}</li>
          <li>
            <Filled text={words.whereDemo} parts={{ command: <code>granary demo --nodes 100 demo.ndjson.zst</code> }} />
          </li>
        </ul>
        <p className={page.dim}>{words.twice}</p>
      </section>
    </div>
  )
}

function ArchiveDrop() {
  const bridge = desktop()
  const choose = async () => {
    const path = await bridge?.openFileDialog()
    if (path) addPath(path)
  }
  return <FileDrop words={words.drop} onFiles={addFiles} choose={bridge ? choose : null} />
}

function Item({ item, job }: { item: ImportItem; job: Job | undefined }) {
  const name = cleanName(item.name)
  const onRetry = () => retryItem(item.id)
  const onRemove = () => removeItem(item.id)
  if (item.state === 'handed-over')
    return job ? <JobEntry job={job} onRetry={onRetry} onRemove={onRemove} /> : <Line title={name}>{words.handedOver}</Line>
  if (item.state === 'failed' && item.error)
    return <Failed name={name} message={item.error.message} onRetry={onRetry} onRemove={onRemove} />
  if (item.state === 'cancelled')
    return (
      <Line title={name} actions={<Actions name={name} again={words.afterAll} onRetry={onRetry} onRemove={onRemove} />}>
        {words.stoppedBefore}
      </Line>
    )
  const percent = item.size === 0 ? 0 : Math.floor((item.sent / item.size) * 100)
  return (
    <Line
      title={name}
      actions={
        <Button variant="default" h={32} onClick={() => cancelItem(item.id)} aria-label={words.stopSending(name)}>
          {words.stop}
        </Button>
      }
    >
      {item.state === 'waiting' ? (
        words.waits
      ) : (
        <>
          <Progress value={percent} size={8} transitionDuration={0} aria-label={words.sending(name)} />
          {words.sendingText(uploadText(item.sent, item.size, performance.now() - item.startedMs))}
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
      actions={job.state === 'cancelled' ? <Actions name={name} again={words.afterAll} onRetry={onRetry} onRemove={onRemove} /> : null}
    >
      {job.state === 'cancelled' ? (
        words.stopped
      ) : (
        <>
          <StateMark state="up" word={words.done} />
          {job.detail ? `, ${job.detail}` : ''}
          {seconds === null || seconds < 1 ? '' : `, ${words.took(formatCount(seconds))}`}.{' '}
          {job.period === null ? null : <Link href={`/periods/${job.period}`}>{words.see(job.period)}</Link>}
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
        <strong>{name}</strong> <StateMark state="down" word={words.failed} />
        <p>{message}</p>
        <p className={page.dim}>{words.failedSafe}</p>
      </div>
      <Actions name={name} again={texts.error.retry} onRetry={onRetry} onRemove={onRemove} />
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
        <Button variant="default" h={32} onClick={onRetry} aria-label={words.actionOf(again, name)}>
          {again}
        </Button>
      ) : null}
      {onRemove ? (
        <Button variant="subtle" color="gray" h={32} onClick={onRemove} aria-label={words.actionOf(words.takeOff, name)}>
          {words.takeOff}
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
    <section className={page.panel} aria-label={words.stored.title}>
      <h2>{words.stored.title}</h2>
      {error ? (
        <ErrorPanel error={error} onRetry={refetch} />
      ) : !periods ? (
        <Skeleton height={70} />
      ) : periods.length === 0 ? (
        <p className={page.dim}>{words.stored.none}</p>
      ) : (
        <div className={page.scroll}>
          <table className={page.table}>
            <thead>
              <tr>
                <th scope="col">{words.stored.columns.period}</th>
                <th scope="col">{words.stored.columns.from}</th>
                <th scope="col">{words.stored.columns.to}</th>
                <th scope="col">{words.stored.columns.complete}</th>
                <NumHead name={words.stored.columns.nodes} help="nodes" />
                <NumHead name={words.stored.columns.events} help="events" />
                <th scope="col">{words.stored.columns.state}</th>
              </tr>
            </thead>
            <tbody>
              {periods.map(period => (
                <tr key={period.index}>
                  <td>
                    <Link href={`/periods/${period.index}`}>{texts.app.period(String(period.index))}</Link>
                    {demo ? ` ${words.stored.demo}` : ''}
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
