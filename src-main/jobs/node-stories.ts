import { AppError } from '../../src-shared/errors.ts'
import type { EndSnapshot, EventSink, StartSnapshot } from '../../src-shared/grid.ts'
import type { Explanation } from '../../src-shared/mint.ts'
import type { NodeMint } from '../../src-shared/node-period.ts'
import { explainMint } from '../engines/minting/node-period/explain.ts'
import type { Boundary, NodePeriodFold } from '../engines/minting/node-period/fold.ts'
import { mintOf } from '../engines/minting/node-period/mint.ts'
import { readTransaction } from '../store/db.ts'
import { bucketOf } from '../store/events.ts'
import { loadEnd, type StoredPart, startParts } from '../store/mint-input.ts'
import { loadNodeRun, loadNodeStates } from '../store/node-mints.ts'
import type { Store } from '../store/open.ts'
import { type StoredPeriod, storedPeriod } from '../store/periods.ts'
import type { NodePeriodRules } from './node-mint.ts'
import {
  beginFold,
  filtered,
  firstToRead,
  marketOf,
  NOTHING,
  type PlannedRun,
  partOf,
  planRuns,
  readBucket,
  savedStates,
} from './node-runs.ts'

/*
 * One node alone under rule set node-period: its own periods with their steps, and the events that one of them rests on. What is read is
 * what a run over all nodes reads (node-runs.ts), the node's share of it.
 */

/** One of a node's own periods: its mint (of one that runs, as if it ended now) and why. */
export interface NodePeriodStory {
  mint: NodeMint
  explanation: Explanation
  /** null for one that is over */
  open: { lastTs: number; knownToTs: number } | null
}

/**
 * One node's own periods that end in a stored period, and the one that runs after it, each with its steps: from the events of the stored
 * periods that they lie in, as far back as those go on from each other. `loaded`: the period's end snapshot, where it is at hand. Throws
 * AppError not-found, mint.*, store.*.
 */
export function tellNodePeriods(
  store: Store,
  index: number,
  nodeId: number,
  rules: NodePeriodRules,
  loaded?: EndSnapshot,
): NodePeriodStory[] {
  return readTransaction(store.facts, 'facts.db', () => {
    const plans = planRuns(store, rules)
    const at = plans.findIndex(({ period }) => period.index === index)
    const { period } = plans[at] ?? { period: storedPeriod(store, index) }
    // a node's period begins in the fixed period before, unless it was away for long
    const fold = foldNode(store, plans.slice(firstToRead(store, plans, at, 1), at + 1), nodeId, loaded ?? loadEnd(store, period))
    const context = { network: period.network, carbon: rules.carbon }
    const stories: NodePeriodStory[] = []
    const earliest = plans[at]?.before ? period.startBlock : -1
    for (const saved of fold.saved()) {
      if (saved.info.closed.block <= earliest || saved.story === null) continue
      const mint = mintOf(saved, context)
      stories.push({ mint, explanation: explainMint(mint, saved.story, index, null), open: null })
    }
    const running = fold.running().find(node => node.nodeId === nodeId)
    if (running?.open?.story) {
      const mint = mintOf(running.open, context)
      const knownToTs = period.lastTs
      stories.push({
        mint,
        explanation: explainMint(mint, running.open.story, index, knownToTs),
        open: { lastTs: running.open.lastTs, knownToTs },
      })
    }
    if (stories.length === 0)
      throw new AppError(
        'not-found',
        `Node ${nodeId} has no period of its own in period ${index}: it is not there, is virtual, or never reported. Check the number, or choose another period.`,
        { details: { nodeId, period: index } },
      )
    return stories
  })
}

/** One of a node's own periods, by what never changes of it: `closedIn`, the stored period whose events closed it. */
export interface OwnPeriod {
  nodeId: number
  startTs: number
  closedIn: number
}

/** What a node's own period is counted from: the state with which the first of the stored periods begins in which it lies. */
export interface OwnHistory {
  /** oldest first */
  periods: StoredPeriod[]
  boundary: Boundary | null
  /** the node alone, with its running state where it has one */
  start: StartSnapshot
  /** of the last of the periods, the whole grid's */
  end: EndSnapshot
}

/**
 * Gives the events of the stored periods in which one of a node's own periods lies to `sink`, the node's and the market's, and what they are
 * counted from. The same whether or not the runs are worked out. Throws AppError mint.*, store.*.
 */
export function readOwnHistory(
  store: Store,
  rules: NodePeriodRules,
  { nodeId, startTs, closedIn }: OwnPeriod,
  sink: EventSink,
): OwnHistory {
  return readTransaction(store.facts, 'facts.db', () => {
    const plans = planRuns(store, rules)
    const at = plans.findIndex(({ period }) => period.index === closedIn)
    if (at < 0) storedPeriod(store, closedIn) // says that it is not there
    let from = at
    let states = ownStateBefore(store, plans, from, nodeId)
    // a node that the period before leaves without a state is known from here on only
    while (states !== null && states.length > 0 && !beginsIn(store, plans[from]!, startTs))
      states = ownStateBefore(store, plans, --from, nodeId)
    const first = plans[from]!
    const start = startParts(store, first.period)
    const { nodes, contracts, nodeStates } = onlyNode(partOf(start, bucketOf(nodeId), states), nodeId)
    for (const plan of plans.slice(from, at + 1)) {
      const told = plan === first ? -1 : plan.period.startBlock
      const rest = filtered(sink, n => n > told)
      readBucket(store, plan, rest, { nodeId }, () => null)
    }
    const { block, ts } = start
    const common = { ...start.common(), ...(nodeStates && { nodeStates }) }
    return {
      periods: plans.slice(from, at + 1).map(({ period }) => period),
      boundary: first.boundary,
      start: { kind: 'snapshot', at: 'start', block, ts, nodes, contracts, power: [], ...common },
      end: loadEnd(store, plans[at]!.period),
    }
  })
}

/** Whether a node's own period that began at `startTs` began in these events, and not before them. */
function beginsIn(store: Store, { period, boundary }: PlannedRun, startTs: number): boolean {
  return startTs === boundary?.ts ? period.start <= startTs : startParts(store, period).ts < startTs
}

/** The node's state that the period before leaves, empty where it leaves none; null: no period comes before. */
function ownStateBefore(store: Store, plans: readonly PlannedRun[], at: number, nodeId: number): unknown[] | null {
  if (plans[at]!.before === null) return null
  const { period, key } = plans[at - 1]!
  const states =
    loadNodeRun(store, period.index)?.key === key
      ? loadNodeStates(store, period.index, bucketOf(nodeId))
      : foldNode(store, plans.slice(firstToRead(store, plans, at - 1, 0), at), nodeId, loadEnd(store, period)).states()
  return states.filter(state => (state as { node_id?: unknown }).node_id === nodeId)
}

/** Folds one node over stored periods that go on from each other, recording its steps; `end`: the last one's end snapshot. */
function foldNode(store: Store, plans: readonly PlannedRun[], nodeId: number, end: EndSnapshot): NodePeriodFold {
  const bucket = bucketOf(nodeId)
  const first = plans[0]!
  const start = startParts(store, first.period)
  const fold = beginFold(first.period, start, end, { boundary: first.boundary, explain: id => id === nodeId })
  const part = partOf(start, bucket, savedStates(store, first.before, bucket))
  for (const plan of plans) {
    // a node that the sync follows only from here on is in this snapshot
    const isNew = plan !== first && !fold.running().some(node => node.nodeId === nodeId)
    const starts = plan === first ? start : startParts(store, plan.period)
    const own = plan === first ? part : isNew ? partOf(starts, bucket, null) : NOTHING
    fold.begin(onlyNode(own, nodeId), marketOf(store, plan, starts, plan === plans.at(-1) ? end : null)())
    // the start block's events were told with the period before
    const told = plan === first ? -1 : plan.period.startBlock
    const rest = filtered(fold, n => n > told)
    readBucket(store, plan, rest, { nodeId }, () => null)
  }
  return fold
}

function onlyNode(part: StoredPart, nodeId: number): StoredPart {
  return {
    ...part,
    nodes: part.nodes.filter(node => node.id === nodeId),
    ...(part.nodeStates && { nodeStates: part.nodeStates.filter(state => (state as { node_id?: unknown }).node_id === nodeId) }),
    contracts: part.contracts.filter(({ contract_type: type }) =>
      'NodeContract' in type ? type.NodeContract.node_id === nodeId : 'RentContract' in type && type.RentContract.node_id === nodeId,
    ),
  }
}
