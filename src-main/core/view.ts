import type { PeriodSummary } from '../../src-shared/contract.ts'
import { AppError } from '../../src-shared/errors.ts'
import type { ResourceRule } from '../../src-shared/mint.ts'
import { known } from '../engines/projection/linear.ts'
import {
  buckets,
  listPeriods,
  loadNodeRows,
  loadSnapshots,
  loadSummaries,
  type Snapshots,
  type Store,
  type StoredPeriod,
  type StoredSummary,
  storedPeriod,
} from '../store/index.ts'
import { type LightNode, lightNode } from './rows.ts'

/** One period's results in memory: what lists, filters, sorts and sums are made of. */
export interface LoadedPeriod {
  stored: StoredPeriod
  summary: PeriodSummary
  nodes: LightNode[]
  byId: Map<number, LightNode>
}

export interface View {
  /** the store that is shown, and whether it is the demo's */
  active(): { store: Store; demo: boolean }
  /** the latest period that has results; null on an empty store */
  latest(): number | null
  summaries(): PeriodSummary[]
  /** Throws AppError mint.missing if the period is not there or not computed yet. */
  period(index?: number): LoadedPeriod
  snapshots(period: StoredPeriod): Snapshots
  /** periods whose results are missing, rest on other facts, or on another choice of resources */
  stalePeriods(): number[]
  /** these two read ahead what the first look at a node's page needs: on a large grid some 50 ms each */
  warmSnapshots(): void
  warmHeads(): void
  /** forgets what is in memory; the next question reads the store again */
  forget(): void
}

/** Periods kept in memory: the one looked at and the one before it. */
const KEPT = 2

export function createView(active: View['active'], resources: () => ResourceRule): View {
  let loaded: LoadedPeriod[] = []
  let snapshots: { importId: number; digest: string; store: Store; value: Snapshots } | null = null

  function results(): StoredSummary[] {
    return loadSummaries(active().store)
  }

  function latest(): number | null {
    return results().at(-1)?.summary.index ?? null
  }

  function latestStored(): StoredPeriod | null {
    const index = latest()
    return index === null ? null : storedPeriod(active().store, index)
  }

  function snapshotsOf(period: StoredPeriod): Snapshots {
    const { store } = active()
    if (snapshots?.importId !== period.importId || snapshots.digest !== period.digest || snapshots.store !== store)
      snapshots = { importId: period.importId, digest: period.digest, store, value: loadSnapshots(store, period) }
    return snapshots.value
  }

  return {
    active,
    latest,
    summaries: () => results().map(result => result.summary),
    period(index) {
      const { store } = active()
      const wanted = index ?? latest()
      if (wanted === null) throw new AppError('mint.missing', 'There is no period in the store yet. Import a grid archive first.')
      const stored = storedPeriod(store, wanted)
      const found = loaded.find(candidate => isSame(candidate.stored, stored))
      if (found) return found
      const result = results().find(candidate => candidate.summary.index === wanted)
      if (!result)
        throw new AppError('mint.missing', `Period ${wanted} is not computed yet. It will be there in a moment.`, { retryable: true })
      const time = known(result.summary)
      const nodes = loadNodeRows(store, wanted).map(row => lightNode(row, time))
      const fresh = { stored, summary: result.summary, nodes, byId: new Map(nodes.map(node => [node.nodeId, node])) }
      loaded = [fresh, ...loaded.filter(candidate => candidate.stored.index !== wanted)].slice(0, KEPT)
      return fresh
    },
    snapshots: snapshotsOf,
    warmSnapshots() {
      const period = latestStored()
      if (period) snapshotsOf(period)
    },
    warmHeads() {
      const period = latestStored()
      if (period) buckets(active().store, period)
    },
    stalePeriods() {
      const byIndex = new Map(results().map(result => [result.summary.index, result]))
      return listPeriods(active().store)
        .filter(period => {
          const result = byIndex.get(period.index)
          return !result || result.stale || result.summary.resources !== resources()
        })
        .map(period => period.index)
    },
    forget() {
      loaded = []
      snapshots = null
    },
  }
}

/** One that reaches further has the same digest if nothing happened in the blocks that it adds. */
function isSame(a: StoredPeriod, b: StoredPeriod): boolean {
  return a.index === b.index && a.importId === b.importId && a.digest === b.digest
}
