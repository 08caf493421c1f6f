import { AppError } from '../../../src-shared/errors.ts'
import type { TreasuryConfig } from '../../../src-shared/treasury/parameters.ts'
import { clockProblem, decideSlots } from '../../jobs/schedule/decide.ts'
import { readState } from '../../jobs/schedule/run.ts'
import type { Store } from '../../store/index.ts'

interface Scheduled {
  /** what people read */
  title: string
  schedule: Extract<keyof TreasuryConfig, `jobs.${string}`>
}

/**
 * What runs by itself (tokenomics.md, Jobs), by the names under which the books keep the runs. Of one slot they run in this order: who owes
 * pays first, rewards follow. A subject joins by a line here, and its work in scheduled.ts.
 */
export const schedules = {
  collection: { title: 'Collect overdue instalments', schedule: 'jobs.collection' },
  'staking-rewards': { title: 'Accrue staking rewards', schedule: 'jobs.stakingRewards' },
  'pool-yields': { title: 'Accrue pool yields', schedule: 'jobs.poolYields' },
  auctions: { title: 'End auctions', schedule: 'jobs.auctions' },
} as const satisfies Record<string, Scheduled>

export type ScheduledName = keyof typeof schedules

export const scheduledNames = Object.keys(schedules) as ScheduledName[]

/**
 * Refuses what money depends on by the time that it is, while the clock is one that has to be confirmed first (tokenomics.md, Jobs): a
 * reward by the hour would be paid for hours that never were. Throws AppError jobs.clock.
 */
export function refuseDoubtfulClock(books: Store, config: TreasuryConfig, nowTs: number): void {
  const jobs = scheduledNames.map(name => ({ name, cron: config[schedules[name].schedule] }))
  const { clock, referenceTs } = decideSlots(readState(books, jobs, nowTs), nowTs)
  if (clock === 'fine') return
  throw new AppError('jobs.clock', `${clockProblem(clock, nowTs, referenceTs)} Nothing was moved.`, { details: { clock } })
}
