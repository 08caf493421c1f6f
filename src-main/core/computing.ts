import { randomUUID } from 'node:crypto'
import type { Settings } from '../../src-shared/contract.ts'
import type { TaskRunner } from '../jobs/context.ts'
import { staleRuns } from '../jobs/node-runs.ts'
import type { Store } from '../store/index.ts'
import { taskContext } from './imports.ts'
import type { JobRunner } from './jobs.ts'
import { triggerSaved } from './mint-commands.ts'
import type { MintView } from './mint-view.ts'
import { nodePeriodRules } from './node-periods.ts'
import type { Topics } from './topics.ts'
import type { View } from './view.ts'
import { settleVotes } from './vote-commands.ts'
import type { VoteRoom } from './votes.ts'

export interface ComputingSources {
  books: Store
  view: View
  /** they are opened after this, and rest on what is computed */
  mints(): MintView
  votes(): VoteRoom
  settings(): Settings
  jobs: JobRunner
  runTask: TaskRunner
  changed: Topics['changed']
  isClosed(): boolean
}

/** Starts what follows from facts: the periods' results, the nodes' own periods, the mints that may be triggered then. */
export interface Computing {
  /** Computes again what was computed from other facts or with another choice of resources. */
  startStale(): void
  startPeriod(store: Store, period: number): void
  /** Works out the nodes' own periods where they are missing or rest on something else; after the periods that are computed before. */
  startNodeRuns(store: Store): void
  /** The same at once and unseen. Rejects with what the task throws. */
  workOutRuns(store: Store, signal?: AbortSignal): Promise<unknown>
  /** Mints are there that were not before: where anybody may trigger them, they are triggered at once. */
  mintsSaved(): void
}

export function createComputing(sources: ComputingSources): Computing {
  const { books, view, jobs, runTask, changed } = sources

  function startPeriod(store: Store, period: number): void {
    jobs.start({
      id: randomUUID(),
      kind: 'mint',
      title: `Compute period ${period}`,
      run: async context => {
        const input = { dataDir: store.dataDir, period, resources: sources.settings().resources }
        const { v3Lack } = (await runTask('mint', input, taskContext(context))) as { v3Lack: string | null }
        view.forget()
        changed('results')
        return { period, ...(v3Lack !== null && { detail: v3Lack }) }
      },
    })
  }

  function startNodeRuns(store: Store): void {
    if (staleRuns(store, nodePeriodRules(books, store)).length === 0) return
    jobs.start({
      id: randomUUID(),
      kind: 'mint',
      title: "Work out the nodes' own periods",
      run: async ({ signal }) => {
        await workOutRuns(store, signal)
        mintsSaved()
        return { period: null }
      },
    })
  }

  function workOutRuns(store: Store, signal?: AbortSignal): Promise<unknown> {
    const input = { dataDir: store.dataDir, rules: nodePeriodRules(books, store) }
    return runTask('node-runs', input, signal ? { signal } : {})
  }

  function mintsSaved(): void {
    if (sources.isClosed()) return
    const mints = sources.mints()
    if (mints.config().rules === 'node-period') {
      // the nodes are judged by the periods that run
      view.forget()
      changed('results')
    }
    mints.lines()
    const decided = triggerSaved(mints) + settleVotes(sources.votes())
    changed('mints', ...(decided > 0 ? (['vault', 'audit'] as const) : []))
  }

  return {
    startStale() {
      const { store } = view.active()
      for (const period of view.stalePeriods()) startPeriod(store, period)
      startNodeRuns(store)
    },
    startPeriod,
    startNodeRuns,
    workOutRuns,
    mintsSaved,
  }
}
