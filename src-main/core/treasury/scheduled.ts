import type { TreasuryConfig } from '../../../src-shared/treasury/parameters.ts'
import type { ScheduledJob } from '../../jobs/schedule/run.ts'
import type { Store } from '../../store/index.ts'
import { endDueAuctions } from './auctions.ts'
import { type ScheduledName, scheduledNames, schedules } from './clock.ts'
import { collectOverdue } from './credit-loans.ts'
import { accrueYields } from './pools.ts'
import { accrueStaking } from './staking.ts'

/** The work of one slot inside its transaction: `nowTs` is the slot's own time. Says in words what it did. */
type SlotWork = (books: Store, config: TreasuryConfig, nowTs: number) => string

const works: Record<ScheduledName, SlotWork> = {
  collection: collectOverdue,
  'staking-rewards': accrueStaking,
  'pool-yields': accrueYields,
  auctions: endDueAuctions,
}

/** The jobs with the schedules and the numbers of these settings. */
export function scheduledJobs(config: TreasuryConfig): ScheduledJob[] {
  return scheduledNames.map(name => {
    const { title, schedule } = schedules[name]
    return { name, title, cron: config[schedule], work: (books, slotTs) => works[name](books, config, slotTs) }
  })
}
