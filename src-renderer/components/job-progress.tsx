import { ActionIcon, Progress } from '@mantine/core'
import { useState } from 'react'
import type { Job } from '../../src-shared/contract.ts'
import { toAppError } from '../../src-shared/errors.ts'
import { formatDuration } from '../../src-shared/time.ts'
import { command } from '../api.ts'
import { IconStop } from '../icons.tsx'
import { texts } from '../texts.ts'
import classes from './job-progress.module.css'

/**
 * What a job does, how far it is, how long it takes, and its stop. `compact` is one line, for the status bar.
 * A job that ended says how.
 */
export function JobProgress({ job, compact = false }: { job: Job; compact?: boolean }) {
  const [stopping, setStopping] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const running = job.state === 'running'
  const percent = job.fraction === null ? null : Math.floor(job.fraction * 100)
  const words = running
    ? [
        percent === null ? null : `${percent} %`,
        job.detail,
        job.secondsLeft === null ? null : `${formatDuration(job.secondsLeft)} ${texts.job.left}`,
      ]
    : [
        job.state === 'done' ? texts.job.done : job.state === 'cancelled' ? texts.job.stopped : texts.job.failed,
        job.error?.message ?? job.detail,
      ]
  const stop = () => {
    setStopping(true)
    setProblem(null)
    command('jobs.cancel', { jobId: job.id }).catch((error: unknown) => {
      setStopping(false)
      setProblem(toAppError(error).message)
    })
  }
  return (
    <div className={compact ? classes.compact : classes.job}>
      <span className={classes.title} title={job.title}>
        {job.title}
      </span>
      {running ? (
        <Progress
          className={classes.bar}
          value={percent ?? 100}
          animated={percent === null}
          striped={percent === null}
          size={compact ? 6 : 8}
          aria-label={job.title}
          transitionDuration={0}
        />
      ) : null}
      <span className={classes.detail} title={words.filter(Boolean).join(', ')}>
        {(compact && running ? [words[0], words[2]] : words).filter(Boolean).join(', ')}
        {problem ? `. ${problem}` : ''}
      </span>
      {running ? (
        <ActionIcon onClick={stop} disabled={stopping} aria-label={`${texts.job.cancel}: ${job.title}`} title={texts.job.cancel} size={32}>
          <IconStop size={compact ? 12 : 14} />
        </ActionIcon>
      ) : null}
    </div>
  )
}
