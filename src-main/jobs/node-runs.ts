import { AppError } from '../../src-shared/errors.ts'
import type { EndSnapshot, EventSink } from '../../src-shared/grid.ts'
import type { NodeMint } from '../../src-shared/node-period.ts'
import {
  type Boundary,
  createNodePeriodFold,
  type NodePeriodFold,
  type NodePeriodOptions,
  type RunningNode,
} from '../engines/minting/node-period/fold.ts'
import { applyToMarket, createMarket, type Market, marketGaps } from '../engines/minting/node-period/market.ts'
import { mintOf } from '../engines/minting/node-period/mint.ts'
import { inOrder, mintProblems } from '../engines/minting/node-period/outputs.ts'
import { watchStates } from '../engines/minting/node-period/stored-state.ts'
import { BUCKET_BITS } from '../store/codec-bucket.ts'
import { readTransaction } from '../store/db.ts'
import { buckets, LOOSE, readEvents } from '../store/events.ts'
import { loadEnd, type StartParts, type StoredPart, startParts } from '../store/mint-input.ts'
import { loadNodeRun, loadNodeStates, type NodeMintRow, nodeRunKey, type OpenRow, saveNodeRun } from '../store/node-mints.ts'
import type { Store } from '../store/open.ts'
import { listPeriods, replaced, type StoredPeriod, storedPeriod } from '../store/periods.ts'
import { headerOf } from './mint.ts'
import { boundaryOf, type NodePeriodRules } from './node-mint.ts'

/*
 * Rule set node-period over the stored periods. Node periods don't end where fixed ones do, so each stored period goes on from the states
 * that the one before it left (its end block is the next one's start block), and one that follows none begins with its start snapshot.
 */

/** A stored period with what its run goes on from. */
export interface PlannedRun {
  period: StoredPeriod
  /** the run of the period before it, whose states it goes on from; null: it begins with the start snapshot */
  before: PlannedRun | null
  /** no stored period goes on from it: the blocks after it are folded too */
  isLast: boolean
  boundary: Boundary | null
  key: string
}

/** Rises when the same events give other mints or problems than before, so that what was saved is worked out anew. */
const COUNTING = 3

/** Every stored period, by index, with the key of the run that rests on it as it is now. */
export function planRuns(store: Store, rules: NodePeriodRules): PlannedRun[] {
  const periods = listPeriods(store)
  const boundary = boundaryOf(rules, index => {
    const before = periods.find(period => period.index === index - 1 && !period.running)
    return periods.find(period => period.index === index)?.startBlock ?? before?.endBlock
  })
  const plans: PlannedRun[] = []
  for (const [i, period] of periods.entries()) {
    const previous = plans.at(-1)
    const before = previous && goesOn(previous.period, period) ? previous : null
    const next = periods[i + 1]
    const isLast = next === undefined || !goesOn(period, next)
    const options = [COUNTING, boundary, rules.carbon, isLast]
    plans.push({ period, before, isLast, boundary, key: nodeRunKey(period.digest, before?.key ?? null, options) })
  }
  return plans
}

function goesOn(before: StoredPeriod, after: StoredPeriod): boolean {
  return after.index === before.index + 1 && !before.running && before.endBlock === after.startBlock
}

/** Those whose run is missing or rests on something else, in the order in which they must be computed. */
export function staleRuns(store: Store, rules: NodePeriodRules): PlannedRun[] {
  return planRuns(store, rules).filter(({ period, key }) => loadNodeRun(store, period.index)?.key !== key)
}

/** Computes what is stale and saves it, one period after the other; gives the periods. Throws AppError mint.*, store.*, io.full. */
export function computeNodeRuns(store: Store, rules: NodePeriodRules, signal?: AbortSignal): number[] {
  const done: number[] = []
  for (const plan of staleRuns(store, rules)) {
    if (signal?.aborted) throw new AppError('cancelled', 'Stopped. What was worked out before stays.')
    const run = foldRun(store, plan, rules, bucket => savedStates(store, plan.before, bucket))
    const problems = mintProblems(run.mints, run.gaps)
    saveNodeRun(
      store,
      { period: plan.period.index, key: plan.key, coveredBlock: plan.period.coveredToBlock, computedTs: store.now(), problems },
      run.mints.map(rowOfMint),
      run.states,
      run.open.flatMap(openRow),
    )
    done.push(plan.period.index)
  }
  return done
}

function rowOfMint(mint: NodeMint): Omit<NodeMintRow, 'period'> {
  const { info } = mint
  return {
    nodeId: info.nodeId,
    startTs: info.period.start,
    endTs: info.period.end,
    closedTs: info.closed.ts,
    farmId: info.farmId,
    farmName: mint.farmName,
    farmTwinId: mint.farmTwinId,
    policyId: info.policyId,
    uptimeSec: info.uptimeSec,
    violation: info.violation,
    outcome: mint.outcome,
    rewardUnits: mint.rewardUnits,
    carbonUnits: mint.carbonUnits,
    utilization: mint.utilization,
    hash: mint.id,
    record: mint.record,
  }
}

/** One whose policy nobody knows can't be projected; its mint will say so. */
export function openRow({ open }: RunningNode): OpenRow[] {
  if (open?.policy === undefined) return []
  return [{ info: open.info, policy: open.policy, farmName: open.farm?.name ?? '', lastTs: open.lastTs }]
}

/** What one run gives. */
export interface NodeRunResult {
  mints: NodeMint[]
  /** after the period's end block, by bucket */
  states: Map<number, unknown[]>
  /** as of the last known block */
  open: RunningNode[]
  /** the same as plain data, by node id; made when it is asked for */
  openStates: () => unknown[]
  gaps: string[]
}

/** The states that a bucket's nodes had after the period before; null: none are known, the start snapshot is all there is. */
export type StatesBefore = (bucket: number) => unknown[] | null

/** The states of a bucket that a run left, as they were saved; null: there is no run. Throws AppError store.*. */
export function savedStates(store: Store, run: PlannedRun | null, bucket: number): unknown[] | null {
  return run === null ? null : loadNodeStates(store, run.period.index, bucket)
}

/** Folds one stored period. Throws AppError mint.*, store.corrupt, store.busy (the period changed since it was planned). */
export function foldRun(store: Store, plan: PlannedRun, rules: NodePeriodRules, statesBefore: StatesBefore): NodeRunResult {
  const { period } = plan
  // one view of the store, and the one that was planned with: a sync may write to the period meanwhile
  return readTransaction(store.facts, 'facts.db', () => {
    if (storedPeriod(store, period.index).digest !== period.digest) throw replaced(period)
    const start = startParts(store, period)
    const end = loadEnd(store, period)
    const fold = beginFold(period, start, end, { boundary: plan.boundary })
    const market = marketOf(store, plan, start, end)
    const watch = watchStates(period.index, plan.before !== null)
    const states = new Map<number, unknown[]>()
    const all = new Set([...start.buckets, ...buckets(store, period).map(({ bucket }) => bucket)])
    all.delete(LOOSE)
    for (const bucket of [...all].sort((a, b) => a - b)) {
      const part = partOf(start, bucket, statesBefore(bucket))
      watch.see(part)
      fold.begin(part, market())
      const left = readBucket(store, plan, fold, { bucketFrom: bucket, bucketTo: bucket }, () => statesOf(fold, bucket))
      states.set(bucket, left ?? statesOf(fold, bucket))
    }
    const mints = inOrder(fold.saved().map(saved => mintOf(saved, { network: period.network, carbon: rules.carbon })))
    const gaps = [...marketGaps(start.common()), ...watch.gaps()]
    return { mints, states, open: fold.running(), openStates: () => fold.states(), gaps }
  })
}

/** The fold of a stored period, before it has any node. */
export function beginFold(period: StoredPeriod, start: StartParts, end: EndSnapshot, options: NodePeriodOptions): NodePeriodFold {
  return createNodePeriodFold(
    headerOf(period),
    { block: start.block, ts: start.ts, nodes: [], contracts: [], ...start.common() },
    end,
    options,
  )
}

/**
 * Makes what all nodes share as a stored period begins with it. `end`: its end snapshot, where it is at hand. A node that came back in this
 * period may have ended one of its own before it: what stood then, the periods before tell, and are read when that is asked for.
 */
export function marketOf(store: Store, { period, before }: PlannedRun, start: StartParts, end: EndSnapshot | null): () => Market {
  const common = start.common()
  const ends = end ?? (common.farms && common.farmingPolicies ? NO_ENDS : loadEnd(store, period))
  let past: Market | null = null
  const earlier = before && {
    untilTs: start.ts,
    market: () => {
      past ??= marketThrough(store, before)
      return past
    },
  }
  return () => createMarket(common, ends, earlier)
}

const NO_ENDS = { farms: [], farmingPolicies: [] }

/** What all nodes share, through the whole of a stored period. */
function marketThrough(store: Store, plan: PlannedRun): Market {
  const { period } = plan
  const market = marketOf(store, plan, startParts(store, period), null)()
  let isTold = false
  let now = 0
  const sink: EventSink = {
    block(n, ts) {
      isTold = ts > period.start && n <= period.endBlock
      now = ts
    },
    uptime: () => {},
    consumption: () => {},
    rare: event => {
      if (isTold) applyToMarket(market, event, now)
    },
  }
  readEvents(store, period, sink, { bucketFrom: LOOSE, bucketTo: LOOSE })
  return market
}

/** What a bucket's nodes begin with: the start snapshot, and for their running states those that the period before left (null: there is none). */
export function partOf(start: StartParts, bucket: number, before: unknown[] | null): StoredPart {
  const part = start.buckets.includes(bucket) ? start.part(bucket) : NOTHING
  const nodeStates = before ?? part.nodeStates
  return nodeStates === undefined ? part : { ...part, nodeStates }
}

function statesOf(fold: NodePeriodFold, bucket: number): unknown[] {
  return fold.states(bucket << BUCKET_BITS, ((bucket + 1) << BUCKET_BITS) - 1)
}

/**
 * Feeds events to the fold; `atEnd` is called when the first block after the period's end comes, and its value given (null: none came).
 * Those blocks belong to the next period's run, unless there is none.
 */
export function readBucket<T>(
  store: Store,
  { period, isLast }: PlannedRun,
  fold: EventSink,
  which: { bucketFrom: number; bucketTo: number } | { nodeId: number },
  atEnd: () => T,
): T | null {
  let left: T | null = null
  let isOver = false
  const sink = filtered(fold, n => {
    const isAfter = n > period.endBlock
    if (isAfter && !isOver) {
      isOver = true
      left = atEnd()
    }
    return !isAfter || isLast
  })
  readEvents(store, period, sink, { ...which, withLoose: true })
  return left
}

/**
 * Folds one stored period without saving anything: goes on from the saved states where they are fresh, else works out the periods before
 * it too, as far back as they go on from each other. Throws AppError mint.*, store.*.
 */
export function foldStored(store: Store, index: number, rules: NodePeriodRules): NodeRunResult & { period: StoredPeriod } {
  const plans = planRuns(store, rules)
  const at = plans.findIndex(({ period }) => period.index === index)
  if (at < 0) storedPeriod(store, index) // says that it is not there
  const from = firstToRead(store, plans, at, 0)
  let result: NodeRunResult | null = null
  for (let i = from; i <= at; i++) {
    const plan = plans[i]!
    const { before } = plan
    const left = result?.states
    result = foldRun(store, plan, rules, bucket => {
      if (left !== undefined) return left.get(bucket) ?? []
      return savedStates(store, before, bucket)
    })
  }
  return { ...result!, period: plans[at]!.period }
}

/**
 * The running states with which a stored period begins, for the `nodeStates` of its archive: those that its own archive brought where no
 * stored period comes before it. Throws AppError mint.*, store.*.
 */
export function statesAtStart(store: Store, index: number, rules: NodePeriodRules): unknown[] {
  const plans = planRuns(store, rules)
  const at = plans.findIndex(({ period }) => period.index === index)
  const { before, period } = plans[at] ?? { before: null, period: storedPeriod(store, index) }
  if (before === null) {
    const start = startParts(store, period)
    return start.buckets.flatMap(bucket => start.part(bucket).nodeStates ?? [])
  }
  const { index: earlier } = before.period
  const run = loadNodeRun(store, earlier)
  if (run?.key === before.key) return run.buckets.flatMap(bucket => loadNodeStates(store, earlier, bucket))
  return [...foldStored(store, earlier, rules).states.values()].flat()
}

/** The plan to begin with: `back` periods before `at`, or further back until the states before it are there, or not needed. */
export function firstToRead(store: Store, plans: readonly PlannedRun[], at: number, back: number): number {
  let first = at
  while (plans[first]!.before !== null) {
    const previous = plans[first - 1]!
    if (at - first >= back && loadNodeRun(store, previous.period.index)?.key === previous.key) break
    first--
  }
  return first
}

/** Of a bucket that the start snapshot has nothing of. */
export const NOTHING: StoredPart = { nodes: [], contracts: [], power: [] }

/** The events of those blocks that `wanted` chooses. */
export function filtered(sink: EventSink, wanted: (n: number) => boolean): EventSink {
  let passes = false
  return {
    block(n, ts) {
      passes = wanted(n)
      if (passes) sink.block(n, ts)
    },
    uptime(nodeId, now, uptime) {
      if (passes) sink.uptime(nodeId, now, uptime)
    },
    consumption(contractId, timestamp, window, nru) {
      if (passes) sink.consumption(contractId, timestamp, window, nru)
    },
    rare(event) {
      if (passes) sink.rare(event)
    },
  }
}
