import { confirmClock, runJobNow } from '../../jobs/schedule/run.ts'
import type { Scheduler } from '../../jobs/schedule/scheduler.ts'
import type { Store } from '../../store/index.ts'
import { listScheduledRuns } from '../../store/schedule.ts'
import type { TreasuryCommandHandlers, TreasuryQueryHandlers } from './handlers.ts'
import { scheduledJobs } from './scheduled.ts'

type ScheduleQueries = Pick<TreasuryQueryHandlers, Extract<keyof TreasuryQueryHandlers, `schedule.${string}`>>
type ScheduleCommands = Pick<TreasuryCommandHandlers, Extract<keyof TreasuryCommandHandlers, `schedule.${string}`>>

/** The scheduled jobs as people see and steer them. */
export function scheduleHandlers({ books, scheduler }: { books: Store; scheduler: Scheduler }): {
  queries: ScheduleQueries
  commands: ScheduleCommands
} {
  return {
    queries: {
      'schedule.list': () => scheduler.view(),
      'schedule.runs': ({ job = null, offset, limit }) => listScheduledRuns(books, { job, offset, limit }),
    },
    commands: {
      'schedule.runNow': ({ job }, { config, doer }) => {
        const runs = runJobNow(books, scheduledJobs(config), job, doer)
        return { ran: runs.length, last: runs.at(-1)! }
      },
      'schedule.confirm': {
        // the slots that waited run when the confirmation is on the disk
        prepare: async ({ shownTs }, { config }) => ({
          work() {
            confirmClock(books, scheduledJobs(config), shownTs)
            return {}
          },
          after: () => void scheduler.runDue(),
        }),
      },
    },
  }
}
