import { AppError } from '../../../src-shared/errors.ts'
import type { ResourceRule, Step } from '../../../src-shared/mint.ts'
import { type OwnReceipt, type OwnRetry, ownOfMint, ownOfNode } from '../../engines/compare/own.ts'
import { receiptsNdjson } from '../../engines/minting/outputs.ts'
import { planRetries } from '../../engines/minting/retries.ts'
import { loadEnd } from '../../store/mint-input.ts'
import type { Store } from '../../store/open.ts'
import { listPeriods, type StoredPeriod, storedPeriod } from '../../store/periods.ts'
import { tellNode } from '../explain.ts'
import { mintResult } from '../mint.ts'
import type { NodePeriodRules } from '../node-mint.ts'
import { foldStored } from '../node-runs.ts'

/** One's own results of stored periods, each computed from the events when it is asked for first. */
export interface Recomputed {
  has(period: number): boolean
  stored(period: number): StoredPeriod
  /** Throws AppError mint.*, store.*, cancelled. */
  v3(period: number, resources: ResourceRule): OwnReceipt[]
  /** the mints that close in this fixed period */
  nodePeriod(period: number): OwnReceipt[]
  /** what this period would pay once more if nothing of the one before was paid; null: that one is not stored, or not to its end */
  retries(period: number, resources: ResourceRule): OwnRetry[] | null
  steps(period: number, nodeId: number, resources: ResourceRule): Step[]
}

export interface RecomputeOptions {
  rules: NodePeriodRules
  signal?: AbortSignal
  /** what is computed now, in words */
  onStep?: (detail: string) => void
}

export function recompute(store: Store, { rules, signal, onStep }: RecomputeOptions): Recomputed {
  const done = new Map<string, unknown>()
  const indexes = new Set(listPeriods(store).map(({ index }) => index))

  function once<T>(key: string, detail: string, work: () => T): T {
    if (!done.has(key)) {
      if (signal?.aborted) throw new AppError('cancelled', 'Stopped on request.')
      onStep?.(detail)
      done.set(key, work())
    }
    return done.get(key) as T
  }

  const minted = (period: number, resources: ResourceRule) =>
    once(
      `v3 ${period} ${resources}`,
      `computes period ${period}, resources ${resources}`,
      () => mintResult(store, storedPeriod(store, period), resources).nodes,
    )

  return {
    has: period => indexes.has(period),
    stored: period => storedPeriod(store, period),
    v3: (period, resources) => once(`own ${period} ${resources}`, '', () => minted(period, resources).map(ownOfNode)),
    nodePeriod: period =>
      once(`node-period ${period}`, `computes period ${period} by node-period`, () =>
        foldStored(store, period, rules).mints.map(ownOfMint),
      ),
    retries(period, resources) {
      if (!indexes.has(period - 1) || storedPeriod(store, period - 1).running) return null
      const { start, end } = storedPeriod(store, period)
      const addresses = new Map(loadEnd(store, storedPeriod(store, period)).payoutAddresses.map(entry => [entry.farm_id, entry.address]))
      const previous = receiptsNdjson(minted(period - 1, resources)).split('\n')
      return once(`retries ${period} ${resources}`, `looks at period ${period - 1}`, () =>
        planRetries({ previous, paid: new Set(), addresses, period: { start, end } }),
      )
    },
    steps(period, nodeId, resources) {
      const stored = storedPeriod(store, period)
      const end = once(`end ${period}`, `explains what differs`, () => loadEnd(store, stored))
      return tellNode(store, stored, end, nodeId, resources).explanation.steps
    },
  }
}
