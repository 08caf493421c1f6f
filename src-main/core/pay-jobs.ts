import type { Actor } from '../../src-shared/contract.ts'
import type { JobContext } from '../jobs/context.ts'
import { runCommand, type Store } from '../store/index.ts'
import { runsToGoOn } from '../store/pay-lists.ts'
import type { JobRunner } from './jobs.ts'
import type { PayCommand, PayDoing, PayJob } from './pay-commands.ts'
import { type PayRoom, type RunJob, runJobOf } from './pay-room.ts'
import type { Uploads } from './uploads.ts'

/** What makes and sends transactions takes a while to load: whoever pays nothing never waits for it. */
const loadPay = () => import('./pay-commands.ts')

/** Who lets a run go on at the start of Granary, in the audit trail. */
const START: Actor = { id: 'granary (start)' }

export interface PayJobs {
  /** Does a command; what takes longer goes on as a job. Rejects as payCommand does. */
  command(name: PayCommand, input: unknown, actor: Actor, once: PayDoing['once']): Promise<unknown>
  /** the last job of a run */
  jobOf(runId: string): RunJob | undefined
  /** Runs that were being sent when Granary ended go on, each as a job, unless they were paused. */
  resume(): Promise<void>
  /** Stops a job. Who stops the sending of a run by hand does not want it to go on by itself at the next start: the run is paused too. */
  stop(jobId: string, actor: Actor): Promise<void>
}

export interface PayJobSources {
  books: Store
  room(): PayRoom
  jobs: JobRunner
  changed(): void
  uploads(): Pick<Uploads, 'end' | 'remove'>
  isClosed(): boolean
}

/** Payouts as jobs: those of commands in a lane of their own, one after the other. */
export function createPayJobs({ books, room, jobs, changed, uploads, isClosed }: PayJobSources): PayJobs {
  /** the last job of each run, and the jobs that send */
  const ofRun = new Map<string, string>()
  const sending = new Map<string, string>()
  const jobOf = (runId: string) => runJobOf(jobs.list(), ofRun.get(runId))

  function start({ jobId, title, runId, sends, run }: PayJob, lane = 'pay'): void {
    if (runId !== null) ofRun.set(runId, jobId)
    // what comes in may mend what went wrong before
    else for (const known of ofRun.keys()) if (jobOf(known)?.state === 'failed') ofRun.delete(known)
    if (runId !== null && sends) sending.set(jobId, runId)
    const work = async (context: Required<Pick<JobContext, 'signal' | 'onProgress'>>) => {
      try {
        const onProgress: typeof context.onProgress = progress => {
          context.onProgress(progress)
          changed()
        }
        return { period: null, detail: await run({ ...context, onProgress }) }
      } finally {
        sending.delete(jobId)
        // told once the job has its end
        setImmediate(changed)
      }
    }
    jobs.start({ id: jobId, kind: 'pay', title, lane, run: work })
  }

  function noteBy(actor: Actor): PayDoing['noteOf'] {
    return jobId => (action, subject, details, work) => {
      runCommand(
        books,
        { actor: actor.id, idempotencyKey: `${jobId}:end`, command: action, input: details, audit: { subject } },
        () => work() ?? null,
      )
    }
  }

  return {
    jobOf,
    async command(name, input, actor, once) {
      const { payCommand } = await loadPay()
      const { end, remove } = uploads()
      const doing: PayDoing = { once, noteOf: noteBy(actor), start, sent: uploadId => end(uploadId).path, drop: remove }
      const answered = await payCommand(room(), name, input, doing)
      changed()
      return answered
    },
    async resume() {
      const runs = runsToGoOn(books)
      if (runs.length === 0) return
      const { goOnPaying } = await loadPay()
      if (isClosed()) return
      for (const runId of runs) {
        const job = goOnPaying(room(), runId, noteBy(START))
        const call = {
          actor: START.id,
          idempotencyKey: job.jobId,
          command: 'pay.goOn',
          input: { runId },
          audit: { subject: `run ${runId}` },
        }
        runCommand(books, call, () => null)
        // beside what people do meanwhile: it may have to wait for the network
        start(job, `pay ${runId}`)
      }
      changed()
    },
    async stop(jobId, actor) {
      const runId = sending.get(jobId)
      if (runId !== undefined) {
        const { pauseSending } = await loadPay()
        const call = {
          actor: actor.id,
          idempotencyKey: `${jobId}:stop`,
          command: 'pay.pause',
          input: { runId },
          audit: { subject: `run ${runId}` },
        }
        runCommand(books, call, () => pauseSending(books, runId))
        changed()
      }
      jobs.cancel(jobId)
    },
  }
}
