import { z } from 'zod'
import { none, paged } from '../contract-parts.ts'
import { treasuryCommand, treasuryQuery } from './row.ts'
import { scheduledRunSchema, scheduleViewSchema } from './schedule.ts'

const jobName = z.string().trim().min(1).max(60)

/** What the treasury does by itself at its times. (`jobs.*` of the contract are the tasks that someone started, and end.) */
export const scheduleRows = {
  'schedule.list': treasuryQuery({
    about: 'the scheduled jobs: when each runs, what it did last, what waits, and whether the clock is believed',
    in: none,
    out: scheduleViewSchema,
    who: 'anyone',
    rest: null,
    cli: { words: 'jobs list' },
  }),
  'schedule.runs': treasuryQuery({
    about: 'what the scheduled jobs did, the latest slot first',
    in: z.object({
      /** its name; absent: all jobs */
      job: jobName.optional(),
      offset: z.int().min(0).default(0),
      limit: z.int().min(1).max(1000).default(100),
    }),
    out: paged(scheduledRunSchema),
    who: 'anyone',
    rest: null,
    cli: { words: 'jobs runs', args: ['job'] },
  }),
  'schedule.runNow': treasuryCommand({
    about: 'run a job now: the slots that wait, also one that failed just now, else once with the time of now',
    in: z.object({ job: jobName }),
    out: z.object({
      /** so many runs */
      ran: z.number(),
      /** the last of them */
      last: scheduledRunSchema,
    }),
    who: 'administrator',
    rest: null,
    cli: { words: 'jobs run', args: ['job'] },
  }),
  'schedule.confirm': treasuryCommand({
    about: "say that this machine's clock is right, when it is asked: the slots up to now run then, each once and with its own time",
    in: z.object({
      /** the time that the clock showed (nowTs of schedule.list), seconds since the epoch: the confirmation is of this time */
      shownTs: z.int(),
    }),
    out: none,
    who: 'administrator',
    rest: null,
    cli: { words: 'jobs confirm-clock', args: ['shownTs'] },
  }),
}
