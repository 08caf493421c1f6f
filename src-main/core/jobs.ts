import type { Job } from '../../src-shared/contract.ts'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import type { JobContext } from '../jobs/context.ts'
import { type Log, noLog } from './log.ts'

export interface JobDescription {
  id: string
  kind: Job['kind']
  title: string
  /** jobs of one lane run one after the other, lanes beside each other; default the one of those that write whole periods */
  lane?: string
  /** does the work; gives the job's period, and what came of it in words */
  run: (context: Required<Pick<JobContext, 'signal' | 'onProgress'>>) => Promise<{ period: number | null; detail?: string }>
}

export interface JobRunner {
  start(job: JobDescription): void
  cancel(id: string): void
  list(): Job[]
  /** cancels what runs and waits until it has stopped */
  close(): Promise<void>
}

/** Finished jobs that stay listed, newest first. */
const KEPT = 20

/**
 * Runs jobs, those of a lane one after the other (imports write the same store), shows where they are, and cancels them. A job that fails keeps its
 * message; nothing of it is lost that its own resumption does not know.
 */
export function createJobRunner(changed: () => void, nowTs: () => number, log: Log = noLog): JobRunner {
  const jobs: { view: Job; abort: AbortController; lane: string }[] = []
  const lanes = new Map<string, Promise<void>>()
  let closing = false

  function find(id: string) {
    const job = jobs.find(candidate => candidate.view.id === id)
    if (!job) throw new AppError('not-found', `There is no job ${id}. It may have ended before this start of Granary.`)
    return job
  }

  async function runOne(description: JobDescription, view: Job, abort: AbortController): Promise<void> {
    const named = { kind: view.kind, job: view.id }
    const beganTs = nowTs()
    log.write('job-began', named)
    try {
      if (abort.signal.aborted) throw new AppError('cancelled', 'Stopped before it began.')
      const { period, detail = '' } = await description.run({
        signal: abort.signal,
        onProgress: progress => {
          Object.assign(view, progress)
          changed()
        },
      })
      Object.assign(view, { state: 'done', fraction: 1, secondsLeft: null, period, detail })
    } catch (cause) {
      const error = toAppError(cause)
      if (error.code === 'cancelled') Object.assign(view, { state: 'cancelled', secondsLeft: null })
      else Object.assign(view, { state: 'failed', secondsLeft: null, error: { code: error.code, message: error.message } })
      if (error.code !== 'cancelled') log.write('job-failed', { ...named, tookSec: nowTs() - beganTs, ...log.said(cause) })
    }
    view.endedTs = nowTs()
    if (view.state !== 'failed') log.write('job-ended', { ...named, state: view.state, tookSec: view.endedTs - beganTs })
    changed()
  }

  return {
    start(description) {
      const { lane = 'periods' } = description
      const view: Job = {
        id: description.id,
        kind: description.kind,
        title: description.title,
        state: 'running',
        startedTs: nowTs(),
        endedTs: null,
        fraction: null,
        detail: jobs.some(job => job.lane === lane && job.view.state === 'running') ? 'waits for the job before it' : 'begins',
        secondsLeft: null,
        error: null,
        period: null,
      }
      const abort = new AbortController()
      if (closing) abort.abort()
      jobs.unshift({ view, abort, lane })
      for (let i = jobs.length - 1; i >= KEPT; i--) if (jobs[i]!.view.state !== 'running') jobs.splice(i, 1)
      lanes.set(
        lane,
        (lanes.get(lane) ?? Promise.resolve()).then(() => runOne(description, view, abort)),
      )
      changed()
    },
    cancel(id) {
      find(id).abort.abort()
    },
    list: () => jobs.map(job => ({ ...job.view })),
    async close() {
      closing = true
      for (const job of jobs) job.abort.abort()
      await Promise.all(lanes.values())
    },
  }
}
