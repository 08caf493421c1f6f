import { Skeleton } from '@mantine/core'
import { Link } from 'wouter'
import type { ScheduleView } from '../../src-shared/treasury/schedule.ts'
import { useQuery } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { Note } from '../components/note.tsx'
import { showSettings } from '../links.ts'
import { texts } from '../texts.ts'
import { ClockPanel } from './jobs-clock.tsx'
import { JobRuns } from './jobs-runs.tsx'
import { ScheduleTable } from './jobs-schedule.tsx'
import page from './page.module.css'
import { TreasuryHead } from './treasury-head.tsx'
import { WatchMarks } from './watch-marks.tsx'

const words = texts.jobs

/** Whether what was due has run, and what waits for a person: a clock to confirm, marks to decide on. */
export function JobsPage() {
  const { data, error, refetch } = useQuery('schedule.list', {}, ['treasury', 'jobs'])
  const marks = useQuery('watch.list', { state: 'open', limit: 1 }, ['treasury']).data?.open ?? 0
  return (
    <div className={page.page}>
      <TreasuryHead title={words.title} what={words.what}>
        <Link className={page.link ?? ''} href="/configuration" onClick={() => showSettings('jobs')}>
          {words.change}
        </Link>
      </TreasuryHead>
      {error && !data ? <ErrorPanel error={error} onRetry={refetch} /> : null}
      {!data && !error ? <Skeleton height={260} /> : null}
      {data ? (
        <>
          <Standing schedule={data} marks={marks} />
          {data.clock === 'fine' ? null : <ClockPanel schedule={data} />}
          <ScheduleTable schedule={data} />
        </>
      ) : null}
      <WatchMarks />
      <JobRuns titleOf={name => data?.jobs.find(job => job.name === name)?.title ?? name} />
    </div>
  )
}

/** In a sentence each: what is wrong, what waits for somebody; or that all is well. */
function Standing({ schedule, marks }: { schedule: ScheduleView; marks: number }) {
  const { standing } = words
  const failed = schedule.jobs.filter(({ retryTs }) => retryTs !== null).length
  const waiting = schedule.jobs.reduce((sum, job) => sum + job.waiting, 0)
  const isFine = schedule.clock === 'fine' && failed === 0 && schedule.problem === null
  return (
    <div role="status">
      {schedule.clock === 'fine' && schedule.problem !== null ? <Note state="down">{schedule.problem}</Note> : null}
      {schedule.clock === 'fine' ? null : <Note state="at-risk">{standing.clock}</Note>}
      {failed > 0 ? <Note state="down">{standing.failed(failed)}</Note> : null}
      {isFine ? (
        <Note state="up">{schedule.running ? standing.running : waiting > 0 ? standing.waiting(waiting) : standing.well}</Note>
      ) : null}
      {marks > 0 ? <Note state="at-risk">{standing.marks(marks)}</Note> : null}
    </div>
  )
}
