import { AppError } from '../../src-shared/errors.ts'
import type { EndSnapshot } from '../../src-shared/grid.ts'
import type { ResourceRule, Rules } from '../../src-shared/mint.ts'
import type { MintConfig } from '../../src-shared/node-period.ts'
import type { PeriodSummary } from '../../src-shared/nodes-contract.ts'
import { known } from '../engines/projection/known.ts'
import { tellNode } from '../jobs/explain.ts'
import {
  buckets,
  hasStartParts,
  listPeriods,
  loadEnd,
  loadNodeRows,
  loadSummaries,
  type Store,
  type StoredPeriod,
  type StoredSummary,
  storedPeriod,
} from '../store/index.ts'
import { loadNodeRun, loadOpen, type OpenRow } from '../store/node-mints.ts'
import { loadV3Lack, v3LackText } from '../store/v3-lacks.ts'
import { type LightNode, lightNode } from './rows.ts'

/** One period's results in memory: what lists, filters, sorts and sums are made of. */
export interface LoadedPeriod {
  stored: StoredPeriod
  summary: PeriodSummary
  nodes: LightNode[]
  /** which rule set the nodes are judged by */
  rules: Rules
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
  /** the end snapshot of a period; the one asked for last is kept */
  end(period: StoredPeriod): EndSnapshot
  /** periods whose results are missing, rest on other facts or another choice of resources, or lack what a mint reads fast */
  stalePeriods(): number[]
  /**
   * Steps that read, one after the other, what every node's page needs, and tell of one node, so that the code is compiled before
   * somebody waits for it. Each takes a moment; between them questions can be answered.
   */
  warmSteps(): (() => void)[]
  /** forgets what is in memory; the next question reads the store again */
  forget(): void
}

/** Periods kept in memory: the one looked at and the one before it. */
const KEPT = 2

export function createView(active: View['active'], resources: () => ResourceRule, payingRules: (network: string) => MintConfig): View {
  let loaded: LoadedPeriod[] = []
  let end: { period: StoredPeriod; store: Store; value: EndSnapshot } | null = null

  function results(): StoredSummary[] {
    return loadSummaries(active().store)
  }

  function latest(): number | null {
    return results().at(-1)?.summary.index ?? null
  }

  function period(index?: number): LoadedPeriod {
    const { store } = active()
    const wanted = index ?? latest()
    if (wanted === null)
      throw lackOfLast(store) ?? new AppError('mint.missing', 'There is no period in the store yet. Import a grid archive first.')
    const stored = storedPeriod(store, wanted)
    const found = loaded.find(candidate => isSame(candidate.stored, stored))
    if (found) return found
    const result = results().find(candidate => candidate.summary.index === wanted)
    if (!result)
      throw (
        lackOf(store, stored) ??
        new AppError('mint.missing', `Period ${wanted} is not computed yet. It will be there in a moment.`, { retryable: true })
      )
    const time = known(result.summary)
    const own = ownPeriods(store, stored)
    const nodes = loadNodeRows(store, wanted).map(row => lightNode(row, time, own ? (own.get(row.nodeId) ?? null) : undefined))
    const byId = new Map(nodes.map(node => [node.nodeId, node]))
    const fresh: LoadedPeriod = { stored, summary: result.summary, nodes, rules: own ? 'node-period' : 'v3', byId }
    loaded = [fresh, ...loaded.filter(candidate => candidate.stored.index !== wanted)].slice(0, KEPT)
    return fresh
  }

  function lackOfLast(store: Store): AppError | null {
    const last = listPeriods(store).at(-1)
    return last ? lackOf(store, last) : null
  }

  /** Where v3 finds a period inconsistent that is not paid by it, no wait makes its figures come. */
  function lackOf(store: Store, stored: StoredPeriod): AppError | null {
    const why = loadV3Lack(store, stored)
    return why === null ? null : new AppError('mint.missing', v3LackText(stored.index, why))
  }

  /** The nodes' own periods that run, where they are what pays and are worked out; only the latest period has any that still run. */
  function ownPeriods(store: Store, period: StoredPeriod): Map<number, OpenRow> | null {
    const config = payingRules(period.network)
    if (config.rules === 'v3' || period.index !== latest() || period.index < (config.firstNodePeriod ?? 0)) return null
    if (!loadNodeRun(store, period.index)) return null
    return new Map(loadOpen(store, period.index).map(row => [row.info.nodeId, row]))
  }

  function endOf(period: StoredPeriod): EndSnapshot {
    const { store } = active()
    if (!end || end.store !== store || !isSame(end.period, period)) end = { period, store, value: loadEnd(store, period) }
    return end.value
  }

  return {
    active,
    latest,
    summaries: () => results().map(result => result.summary),
    period,
    end: endOf,
    warmSteps() {
      const steps = [
        () => period(),
        () => endOf(period().stored),
        () => buckets(active().store, period().stored),
        () => {
          const { stored, nodes, summary } = period()
          if (nodes[0]) tellNode(active().store, stored, endOf(stored), nodes[0].nodeId, summary.resources)
        },
      ]
      return steps.map(step => () => {
        try {
          step()
        } catch {
          // an empty store has nothing to read ahead, and whatever is wrong with one is told to whoever asks for it
        }
      })
    },
    stalePeriods() {
      const { store } = active()
      const byIndex = new Map(results().map(result => [result.summary.index, result]))
      return listPeriods(store)
        .filter(period => {
          const result = byIndex.get(period.index)
          return !result || result.stale || result.summary.resources !== resources() || !hasStartParts(store, period)
        })
        .map(period => period.index)
    },
    forget() {
      loaded = []
      end = null
    },
  }
}

/** One that reaches further has the same digest if nothing happened in the blocks that it adds. */
function isSame(a: StoredPeriod, b: StoredPeriod): boolean {
  return a.index === b.index && a.importId === b.importId && a.digest === b.digest
}
