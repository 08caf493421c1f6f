import { setImmediate as nextTurn } from 'node:timers/promises'
import { toAppError } from '../../../src-shared/errors.ts'
import type { ScheduleView } from '../../../src-shared/treasury/schedule.ts'
import type { Store } from '../../store/open.ts'
import type { ClockState } from './decide.ts'
import { runDueSlots, type ScheduledJob } from './run.ts'
import { viewSchedule } from './view.ts'

export interface SchedulerOptions {
  store: Store
  /** read before every slot: an expression that was edited holds from then on */
  jobs: () => readonly ScheduledJob[]
  /** the schedule or its runs look different now */
  changed: () => void
  /** how often the clock is looked at, milliseconds */
  tickMs?: number
}

export interface Scheduler {
  /** begins to look at the clock; what is due runs at once */
  start(): void
  /** runs what is due now, one slot after the other; resolves when nothing is left to run. Never rejects: view() says what is wrong */
  runDue(): Promise<void>
  view(): ScheduleView
  /** waits for the slots that run, and starts no others */
  close(): Promise<void>
}

/** Looks at the clock and runs what is due, never two slots at once. */
export function createScheduler({ store, jobs, changed, tickMs = 15_000 }: SchedulerOptions): Scheduler {
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let closed = false
  /** of the store or of an expression; a slot that failed stands with its run */
  let problem: string | null = null
  let lastClock: ClockState = 'fine'

  async function runAll(): Promise<void> {
    let news = false
    try {
      while (!closed) {
        const { clock, runs } = runDueSlots(store, jobs())
        news = runs.length > 0 || clock !== lastClock || problem !== null
        lastClock = clock
        problem = null
        if (runs.length === 0) break
        changed()
        // a year of slots must not keep a window waiting
        await nextTurn()
      }
    } catch (cause) {
      const { message } = toAppError(cause)
      news = message !== problem
      problem = message
    }
    if (news) changed()
  }

  function runDue(): Promise<void> {
    if (closed) return Promise.resolve()
    // cleared a moment later, never before it is set: a round with nothing to do is over at once
    running ??= runAll().finally(() => {
      running = undefined
    })
    return running
  }

  function tick(): void {
    void runDue().then(() => {
      if (!closed) timer = setTimeout(tick, tickMs)
    })
  }

  return {
    start: tick,
    runDue,
    view() {
      const view = viewSchedule(store, jobs())
      return { ...view, problem: view.problem ?? problem, running: running !== undefined }
    },
    async close() {
      closed = true
      clearTimeout(timer)
      await running
    },
  }
}
