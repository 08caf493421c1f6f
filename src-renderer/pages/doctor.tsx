import { Button, Skeleton } from '@mantine/core'
import { useState } from 'react'
import { type AppError, toAppError } from '../../src-shared/errors.ts'
import type { NodeState } from '../../src-shared/nodes-contract.ts'
import type { DoctorCheck } from '../../src-shared/sync.ts'
import { command, useQuery } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { JobProgress } from '../components/job-progress.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { DateTime } from '../components/values.tsx'
import { examinationText } from '../sync-words.ts'
import { texts } from '../texts.ts'
import page from './page.module.css'
import classes from './sync.module.css'

const words = texts.sync.doctor
const marks: Record<DoctorCheck['state'], NodeState> = { ok: 'up', problem: 'down', unknown: 'unknown' }
const order: DoctorCheck['state'][] = ['problem', 'unknown', 'ok']

/** Examines store, books and chain, and says what the last examination found. */
export function Doctor() {
  const report = useQuery('doctor.get', {}, ['jobs', 'sync', 'facts'])
  const jobs = useQuery('jobs.list', {}, ['jobs'])
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<AppError | null>(null)
  const own = (jobs.data ?? []).filter(job => job.kind === 'doctor')
  const running = own.find(job => job.state === 'running')
  const latest = own.reduce<(typeof own)[number] | null>(
    (last, job) => (last === null || job.startedTs > last.startedTs ? job : last),
    null,
  )
  const start = () => {
    setBusy(true)
    setError(null)
    command('doctor.start', {})
      .catch((reason: unknown) => setError(toAppError(reason)))
      .finally(() => setBusy(false))
  }
  return (
    <>
      <p className={page.dim}>{words.intro}</p>
      {running ? (
        <JobProgress job={running} />
      ) : (
        <div>
          <Button variant="default" h={32} loading={busy} onClick={start}>
            {words.start}
          </Button>
        </div>
      )}
      {error ? <ErrorPanel error={error} title={words.failed} onRetry={start} /> : null}
      {latest?.state === 'failed' && latest.error ? (
        <p>
          <StateMark state="down" word={words.ended} />: {latest.error.message}
        </p>
      ) : null}
      {report.error && !report.data ? (
        <ErrorPanel error={report.error} onRetry={report.refetch} />
      ) : report.data === undefined ? (
        <Skeleton height={80} />
      ) : report.data === null ? (
        running ? null : (
          <p className={page.dim}>{words.never}</p>
        )
      ) : (
        <>
          <p>
            {words.last} <DateTime ts={report.data.ts} form="both" />. {examinationText(report.data.checks)}
          </p>
          <ul className={classes.checks}>
            {[...report.data.checks]
              .sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state))
              .map(check => (
                <li key={check.name}>
                  <StateMark state={marks[check.state]} word={words.states[check.state]} />
                  <div>
                    <strong>{check.name}</strong>
                    <div>{check.detail}</div>
                    {check.wayOut === '' ? null : <div className={page.dim}>{check.wayOut}</div>}
                  </div>
                </li>
              ))}
          </ul>
        </>
      )}
    </>
  )
}
