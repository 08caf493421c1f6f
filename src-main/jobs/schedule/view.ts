import { MAX_COUNTED, type ScheduledJobView, type ScheduleView } from '../../../src-shared/treasury/schedule.ts'
import type { Store } from '../../store/open.ts'
import { loadLastRun } from '../../store/schedule.ts'
import { clockProblem, decideSlots, pendingSlots, retryTs } from './decide.ts'
import { readState, type ScheduledJob } from './run.ts'

/** The schedule as a screen shows it. Throws AppError usage for a cron expression that can't be read. */
export function viewSchedule(store: Store, jobs: readonly ScheduledJob[]): Omit<ScheduleView, 'running'> {
  const nowTs = store.now()
  const schedule = readState(store, jobs, nowTs)
  const { clock, referenceTs } = decideSlots(schedule, nowTs)
  return {
    clock,
    nowTs,
    referenceTs,
    problem: clock === 'fine' ? null : clockProblem(clock, nowTs, referenceTs),
    jobs: schedule.jobs.map((job, place): ScheduledJobView => {
      const { title, cron } = jobs[place]!
      const [failedSlot] = job.failed ? pendingSlots(job, nowTs, 1) : []
      return {
        name: job.name,
        title,
        cron,
        nextTs: job.slots.nextAfter(Math.max(job.cursorTs, nowTs)),
        last: loadLastRun(store, job.name),
        waiting: pendingSlots(job, nowTs, MAX_COUNTED).length,
        retryTs: job.failed && job.failed.slotTs === failedSlot ? retryTs(job.failed) : null,
      }
    }),
  }
}
