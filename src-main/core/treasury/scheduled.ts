import { AppError } from '../../../src-shared/errors.ts'
import type { TreasuryConfig } from '../../../src-shared/treasury/parameters.ts'
import { clockProblem, decideSlots } from '../../jobs/schedule/decide.ts'
import { readState, type ScheduledJob } from '../../jobs/schedule/run.ts'
import type { Store } from '../../store/index.ts'
import { collectOverdue } from './credit-loans.ts'

/** The work of one slot inside its transaction: `nowTs` is the slot's own time. Says in words what it did. */
type SlotWork = (books: Store, config: TreasuryConfig, nowTs: number) => string

interface Listed {
  /** stable: the books keep the runs under it */
  name: string
  title: string
  schedule: Extract<keyof TreasuryConfig, `jobs.${string}`>
  work: SlotWork
}

/**
 * What the treasury does by itself (tokenomics.md, Jobs). Of one slot they run in this order: who owes pays first, rewards follow. A subject
 * joins by a line.
 */
const listed: readonly Listed[] = [
  { name: 'collection', title: 'Collect overdue instalments', schedule: 'jobs.collection', work: collectOverdue },
]

/** The jobs with the schedules and the numbers of these settings. */
export function scheduledJobs(config: TreasuryConfig): ScheduledJob[] {
  return listed.map(({ name, title, schedule, work }) => ({
    ...{ name, title, cron: config[schedule] },
    work: (books, slotTs) => work(books, config, slotTs),
  }))
}

/**
 * Refuses what money depends on by the time that it is, while the clock is one that has to be confirmed first (tokenomics.md, Jobs): a
 * reward by the hour would be paid for hours that never were. Throws AppError jobs.clock.
 */
export function refuseDoubtfulClock(books: Store, config: TreasuryConfig, nowTs: number): void {
  const { clock, referenceTs } = decideSlots(readState(books, scheduledJobs(config), nowTs), nowTs)
  if (clock === 'fine') return
  throw new AppError('jobs.clock', `${clockProblem(clock, nowTs, referenceTs)} Nothing was moved.`, { details: { clock } })
}
