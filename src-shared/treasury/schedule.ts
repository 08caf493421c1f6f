import { z } from 'zod'

const ts = z.int()

/** One run of a scheduled job: for a slot, or because someone asked. Times in seconds since the epoch. */
export const scheduledRunSchema = z.object({
  job: z.string(),
  /** the time that the work took for now */
  slotTs: ts,
  kind: z.enum(['slot', 'asked']),
  state: z.enum(['done', 'failed']),
  tries: z.int(),
  startedTs: ts,
  endedTs: ts,
  /** in words; empty where it failed */
  did: z.string(),
  error: z.string().nullable(),
})
export type ScheduledRun = z.infer<typeof scheduledRunSchema>

export const scheduledJobSchema = z.object({
  name: z.string(),
  title: z.string(),
  /** five fields, UTC */
  cron: z.string(),
  nextTs: ts.nullable(),
  last: scheduledRunSchema.nullable(),
  /** slots that are due and have not run; no more than MAX_COUNTED are counted */
  waiting: z.int(),
  /** when the slot that failed is tried again; null: none failed */
  retryTs: ts.nullable(),
})
export type ScheduledJobView = z.infer<typeof scheduledJobSchema>

/** So many slots are counted, no more: more than a year of every hour. */
export const MAX_COUNTED = 10_000

export const scheduleViewSchema = z.object({
  /** `asks` and `backwards`: nothing runs until a person confirms the time (schedule.confirm), or the clock is right again */
  clock: z.enum(['fine', 'asks', 'backwards']),
  /** what the clock showed when this was asked: a confirmation is of this time */
  nowTs: ts,
  /** the last slot, or the latest time at which the clock was believed */
  referenceTs: ts.nullable(),
  /** what is wrong and the way out, in words; null: nothing */
  problem: z.string().nullable(),
  running: z.boolean(),
  jobs: z.array(scheduledJobSchema),
})
export type ScheduleView = z.infer<typeof scheduleViewSchema>
