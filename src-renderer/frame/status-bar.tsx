import { Link } from 'wouter'
import type { Status } from '../../src-shared/contract.ts'
import { formatUtc } from '../../src-shared/time.ts'
import { JobProgress } from '../components/job-progress.tsx'
import { StateShape } from '../components/state-mark.tsx'
import { useNowTs } from '../components/values.tsx'
import { formatAge, formatDateTime } from '../format.ts'
import { useStore } from '../store.ts'
import { barText, phaseStates } from '../sync-words.ts'
import { texts } from '../texts.ts'
import classes from './frame.module.css'

/** One slim line: which network, until when the data is complete and how old that is, what is running. */
export function StatusBar({ status }: { status: Status | undefined }) {
  const connection = useStore(state => state.connection)
  const nowTs = useNowTs()
  // the sync has a place of its own in this line
  const running = status?.jobs.filter(job => job.state === 'running' && job.kind !== 'sync') ?? []
  return (
    <footer className={classes.status}>
      <span>
        {texts.status.network}{' '}
        <strong>{status ? (status.network ?? status.sync.network ?? texts.status.noNetwork) : texts.status.unknown}</strong>
      </span>
      <span>
        {status?.completeUntilTs ? (
          <>
            {texts.status.complete}{' '}
            <time dateTime={new Date(status.completeUntilTs * 1000).toISOString()} title={formatUtc(status.completeUntilTs)}>
              <strong>{formatDateTime(status.completeUntilTs)}</strong> ({formatAge(status.completeUntilTs, nowTs)})
            </time>
          </>
        ) : status ? (
          texts.status.empty
        ) : null}
      </span>
      {status ? <SyncShort sync={status.sync} nowTs={nowTs} /> : null}
      {status?.readOnly ? <span>{texts.status.readOnly}</span> : null}
      <span className={classes.grow} />
      {connection.state === 'open' ? null : (
        <span role="status">{connection.state === 'connecting' ? texts.status.connecting : texts.status.lost}</span>
      )}
      {running.slice(0, 2).map(job => (
        <JobProgress key={job.id} job={job} compact />
      ))}
      {running.length > 2 ? <span>{texts.status.jobs(running.length)}</span> : null}
      {running.length === 0 && status ? <span className={classes.dim}>{texts.status.idle}</span> : null}
    </footer>
  )
}

/** How the sync stands, in a few words; leads to its page. */
function SyncShort({ sync, nowTs }: { sync: Status['sync']; nowTs: number }) {
  return (
    <Link href="/sync" className={classes.syncLink} title={sync.message || undefined}>
      <StateShape state={phaseStates[sync.phase]} />
      <span>
        {texts.sync.bar.label}: {barText(sync, nowTs)}
      </span>
    </Link>
  )
}
