import type { QueryInput } from '../../src-shared/contract.ts'
import type { NodeResult, Rules } from '../../src-shared/mint.ts'
import { tftShort } from '../../src-shared/money.ts'
import type { Attention, FarmRow, NodeRow, NodeState, Overview, PeriodSummary } from '../../src-shared/nodes-contract.ts'
import type { Projection } from '../../src-shared/projection.ts'
import { cleanName } from '../../src-shared/text.ts'
import { isScaled } from '../engines/minting/node-period/mint.ts'
import { isAccountId } from '../engines/minting/strkey.ts'
import { type Known, known } from '../engines/projection/known.ts'
import { projectNodePeriod, projectNoPeriod } from '../engines/projection/node-period.ts'
import { attentionFor, isBudgetLow, stateOf, uptimePermille } from '../engines/projection/standing.ts'
import { projectV3 } from '../engines/projection/v3.ts'
import type { OpenRow } from '../store/node-mints.ts'

/** What the core keeps in memory of each node of a period: all that lists, filters, sorts and sums need, without receipts and days. */
export interface LightNode extends Omit<NodeResult, 'receipt' | 'overviewLine' | 'days'> {
  state: NodeState
  stateReason: string
  uptimePermille: number
  projection: Projection
}

/** A node's own words, from the books. */
export interface Label {
  label: string
  note: string
}

/** What the nodes' own periods say of a node: the one that runs, or none; undefined where rule set v3 pays. */
export type OwnPeriod = OpenRow | null | undefined

/** `own`: under rule set node-period a node is judged by its own period; what it was up in the fixed one stays beside it. */
export function lightNode(result: Omit<NodeResult, 'receipt' | 'overviewLine' | 'days'>, time: Known, own?: OwnPeriod): LightNode {
  const permille = uptimePermille(result, time)
  if (own === undefined) {
    const projection = projectV3(result, time)
    const { state, reason } = stateOf(result, projection, time)
    return { ...result, state, stateReason: reason, uptimePermille: permille, projection }
  }
  const projection = own === null ? projectNoPeriod(time.knownToTs) : projectNodePeriod(own, time.knownToTs)
  const judged = {
    ...result,
    ...{ violation: projection.violation, slowBoots: 0, outlook: null },
    ...(own && { slaPermille: own.policy.minimal_uptime, scaled: isScaled(own.policy) }),
  }
  const { state, reason } = stateOf(judged, projection, timeOf(projection, time))
  return { ...judged, state, stateReason: reason, uptimePermille: permille, projection }
}

/** How far the period that a projection is about is known. */
export function timeOf({ rules, period, asOfTs, over }: Projection, time: Known): Known {
  return rules === 'v3' ? time : { startTs: period.start, endTs: period.end, asOfTs, knownToTs: time.knownToTs, over, final: false }
}

const noLabel: Label = { label: '', note: '' }

type NodeFilter = Omit<QueryInput<'nodes.csv'>, 'period'>

/** The nodes that a filter leaves, in their order. The text is looked for in id, label, note, farm, place and address. */
export function filterNodes(nodes: LightNode[], labels: ReadonlyMap<number, Label>, filter: NodeFilter): LightNode[] {
  const text = filter.search?.trim().toLowerCase()
  return nodes.filter(node => {
    if (filter.farmId !== undefined && node.farmId !== filter.farmId) return false
    if (filter.state !== undefined && node.state !== filter.state) return false
    if (filter.violation !== undefined && (filter.violation === 'any' ? node.violation === null : node.violation !== filter.violation))
      return false
    return !text || searchText(node, labels.get(node.nodeId) ?? noLabel).includes(text)
  })
}

function searchText(node: LightNode, label: Label): string {
  return `${node.nodeId}\n${label.label}\n${label.note}\n${node.farmName}\n${node.city}\n${node.country}\n${node.payoutAddress}`.toLowerCase()
}

type Sort = NonNullable<QueryInput<'nodes.list'>['sort']>

const stateOrder: Record<NodeState, number> = { down: 0, 'at-risk': 1, asleep: 2, unknown: 3, up: 4 }

/** Sorted by one column, ties by node id; never reorders the input. Nodes without a downtime budget come after those with one. */
export function sortNodes(nodes: LightNode[], labels: ReadonlyMap<number, Label>, sort: Sort, descending: boolean): LightNode[] {
  const by: Record<Sort, (a: LightNode, b: LightNode) => number> = {
    nodeId: (a, b) => a.nodeId - b.nodeId,
    label: (a, b) => compareText(labels.get(a.nodeId)?.label ?? '', labels.get(b.nodeId)?.label ?? ''),
    farm: (a, b) => compareText(a.farmName, b.farmName) || a.farmId - b.farmId,
    state: (a, b) => stateOrder[a.state] - stateOrder[b.state],
    uptime: (a, b) => a.measuredUptimeSec - b.measuredUptimeSec,
    reward: (a, b) => compareBig(a.rewardUnits, b.rewardUnits),
    staysUp: (a, b) => compareBig(a.projection.staysUp.units, b.projection.staysUp.units),
    goesDown: (a, b) => compareBig(a.projection.goesDown.units, b.projection.goesDown.units),
    budget: (a, b) => (a.projection.budgetSec ?? 0) - (b.projection.budgetSec ?? 0),
    lastReport: (a, b) => (a.lastReportTs ?? 0) - (b.lastReportTs ?? 0),
  }
  const sign = descending ? -1 : 1
  const without = (node: LightNode) => (sort === 'budget' && node.projection.budgetSec === null ? 1 : 0)
  return [...nodes].sort((a, b) => without(a) - without(b) || sign * by[sort](a, b) || a.nodeId - b.nodeId)
}

// A plain comparison of code units: the same order everywhere and twenty times faster than a locale's on 10,000 rows.
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function compareBig(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}

export function nodeRow(node: LightNode, label: Label | undefined, days: NodeRow['days']): NodeRow {
  const { label: name, note } = label ?? noLabel
  const { projection } = node
  return {
    nodeId: node.nodeId,
    farmId: node.farmId,
    farmName: node.farmName,
    twinId: node.twinId,
    label: name,
    note,
    country: node.country,
    city: node.city,
    certified: node.certified,
    virtualized: node.virtualized,
    policyId: node.policyId,
    state: node.state,
    stateReason: node.stateReason,
    violation: node.violation,
    uptimeSec: node.measuredUptimeSec,
    uptimePermille: node.uptimePermille,
    slaPermille: node.slaPermille,
    lastReportTs: node.lastReportTs,
    sleepingSinceTs: node.sleepingSinceTs,
    slowBoots: node.slowBoots,
    rewardUnits: node.rewardUnits,
    rewardMusd: node.rewardMusd,
    earnedUnits: projection.earnedUnits,
    earnedMusd: projection.earnedMusd,
    staysUpUnits: projection.staysUp.units,
    staysUpMusd: projection.staysUp.musd,
    goesDownUnits: projection.goesDown.units,
    budgetSec: projection.budgetSec,
    allowedSec: projection.allowedSec,
    backByTs: projection.backByTs,
    wakeByTs: projection.wakeByTs,
    bootByTs: projection.bootByTs,
    payoutAddress: node.payoutAddress,
    hash: node.hash,
    days,
  }
}

export function sumBy(nodes: LightNode[], amount: (node: LightNode) => bigint): bigint {
  let sum = 0n
  for (const node of nodes) sum += amount(node)
  return sum
}

/** Every farm of the period with its nodes by state and its sums, by id. */
export function farmRows(nodes: LightNode[]): FarmRow[] {
  const farms = new Map<number, FarmRow>()
  for (const node of nodes) {
    let farm = farms.get(node.farmId)
    if (!farm) {
      farm = {
        farmId: node.farmId,
        name: node.farmName,
        payoutAddress: node.payoutAddress,
        nodes: 0,
        up: 0,
        atRisk: 0,
        down: 0,
        asleep: 0,
        unknown: 0,
        earnedUnits: 0n,
        staysUpUnits: 0n,
        goesDownUnits: 0n,
      }
      farms.set(node.farmId, farm)
    }
    farm.nodes++
    farm[node.state === 'at-risk' ? 'atRisk' : node.state]++
    farm.earnedUnits += node.projection.earnedUnits
    farm.staysUpUnits += node.projection.staysUp.units
    farm.goesDownUnits += node.projection.goesDown.units
  }
  return [...farms.values()].sort((a, b) => a.farmId - b.farmId)
}

const severityOrder = { down: 0, 'at-risk': 1, info: 2 }
/** More than anyone reads; the total is told beside it. */
const ATTENTION_SHOWN = 50

export function overviewOf(summary: PeriodSummary | null, nodes: LightNode[], rules: Rules = 'v3'): Overview {
  const states: Overview['states'] = { up: 0, 'at-risk': 0, down: 0, asleep: 0, unknown: 0 }
  for (const node of nodes) states[node.state]++
  const empty = {
    elapsedSec: 0,
    over: false,
    earnedUnits: 0n,
    earnedMusd: 0n,
    staysUpUnits: 0n,
    staysUpMusd: 0n,
    goesDownUnits: 0n,
    goesDownMusd: 0n,
    budgetLow: 0,
    farms: [],
    attention: [],
    attentionTotal: 0,
  }
  if (!summary) return { period: null, rules, states, ...empty }
  const time = known(summary)
  const farms = farmRows(nodes)
  const attention = [
    ...nodes.flatMap(node => attentionFor(node, node.projection, timeOf(node.projection, time)) ?? []),
    // node-period pays to the account of the farm's twin
    ...(rules === 'v3'
      ? farms
          .filter(farm => farm.earnedUnits > 0n && !isAccountId(farm.payoutAddress))
          .sort(mostFirst)
          .map(unpayable)
      : []),
  ]
  attention.sort((a, b) => {
    const [untilA, untilB] = [pressing(a), pressing(b)]
    return untilA < untilB ? -1 : untilA > untilB ? 1 : severityOrder[a.severity] - severityOrder[b.severity]
  })
  return {
    period: summary,
    rules,
    elapsedSec: time.asOfTs - time.startTs,
    states,
    over: time.over,
    earnedUnits: sumBy(nodes, node => node.projection.earnedUnits),
    earnedMusd: sumBy(nodes, node => node.projection.earnedMusd),
    staysUpUnits: sumBy(nodes, node => node.projection.staysUp.units),
    staysUpMusd: sumBy(nodes, node => node.projection.staysUp.musd),
    goesDownUnits: sumBy(nodes, node => node.projection.goesDown.units),
    goesDownMusd: sumBy(nodes, node => node.projection.goesDown.musd),
    budgetLow: nodes.filter(node => isBudgetLow(node.projection)).length,
    farms,
    attention: attention.slice(0, ATTENTION_SHOWN),
    attentionTotal: attention.length,
  }
}

/** What can still be saved comes first, the least time left before the rest: a time, or a number above all times. */
function pressing({ deadline, kind }: Attention): number {
  if (deadline) return deadline.ts
  if (kind === 'no-address' || kind === 'address-invalid') return Number.MAX_SAFE_INTEGER - 1
  return kind === 'sla-close' ? Number.MAX_SAFE_INTEGER : Number.POSITIVE_INFINITY
}

function mostFirst(a: FarmRow, b: FarmRow): number {
  return a.earnedUnits > b.earnedUnits ? -1 : a.earnedUnits < b.earnedUnits ? 1 : a.farmId - b.farmId
}

/** A farm that earns, and has no address to which it can be paid. */
function unpayable({ farmId, payoutAddress, earnedUnits }: FarmRow): Attention {
  const isMissing = payoutAddress === ''
  return {
    severity: 'at-risk',
    kind: isMissing ? 'no-address' : 'address-invalid',
    nodeId: null,
    farmId,
    title: `Farm ${farmId} has no ${isMissing ? '' : 'valid '}payout address`,
    reason: `The ${tftShort(earnedUnits)} TFT that its nodes earned cannot be paid${isMissing ? '' : `: ${cleanName(payoutAddress).slice(0, 60)} is no Stellar account`}.`,
    wayOut: 'Set a Stellar payout address for the farm on the chain.',
    deadline: null,
  }
}
