import type { Attention, NodeState } from '../../../src-shared/contract.ts'
import type { NodeResult } from '../../../src-shared/mint.ts'
import { formatDuration, PERIOD_SEC } from '../../../src-shared/time.ts'
import { GRACE_SEC, MAX_SLEEP_SEC } from '../minting/uptime.ts'

/**
 * What a node's result says about now, until the node-period rules bring real projections: how it stands, what it would pay if
 * the rest of the period went like what is known, and what its farmer should do. Everything is as of the last known block.
 */

/** Report interval of a healthy node (minting.md, rule set v3), and the two intervals after which it counts as down here. */
const REPORT_INTERVAL_SEC = 2_400
export const LATE_AFTER_SEC = REPORT_INTERVAL_SEC + GRACE_SEC
export const DOWN_AFTER_SEC = 2 * REPORT_INTERVAL_SEC + GRACE_SEC
/** The share of the allowed downtime that makes a node at risk when only that much is left. */
const BUDGET_WARNING = 0.1

/** The members of NodeResult that a projection rests on. */
export type Standing = Pick<
  NodeResult,
  | 'nodeId'
  | 'farmId'
  | 'virtualized'
  | 'violation'
  | 'measuredUptimeSec'
  | 'slowBoots'
  | 'lastReportTs'
  | 'sleepingSinceTs'
  | 'rewardMusd'
  | 'rewardUnits'
  | 'fullMusd'
  | 'fullUnits'
  | 'slaPermille'
  | 'scaled'
>

/** How far the period is known: `asOfTs` is the last block's time, at most the period's end. */
export interface Known {
  startTs: number
  endTs: number
  asOfTs: number
}

export function known(period: { start: number; end: number; completeUntilTs: number }): Known {
  return { startTs: period.start, endTs: period.end, asOfTs: Math.max(period.start, Math.min(period.completeUntilTs, period.end)) }
}

export function isOver(time: Known): boolean {
  return time.asOfTs >= time.endTs
}

/** Seconds that may still be lost before the SLA is missed; negative when it is missed already. */
export function downtimeLeftSec(node: Standing, time: Known): number {
  // p = floor(uptime * 1000 / duration) must reach the SLA: the least uptime that does, and what can still be reached
  const neededSec = Math.ceil((node.slaPermille * PERIOD_SEC) / 1000)
  return node.measuredUptimeSec + (time.endTs - time.asOfTs) - neededSec
}

/** The state and its reason in a few words. */
export function stateOf(node: Standing, time: Known): { state: NodeState; reason: string } {
  if (node.virtualized) return { state: 'unknown', reason: 'virtual node: not minted' }
  if (node.sleepingSinceTs !== null) {
    const asleepSec = time.asOfTs - node.sleepingSinceTs
    if (asleepSec > MAX_SLEEP_SEC) return { state: 'at-risk', reason: `asleep for ${formatDuration(asleepSec)}: over 24 h is not credited` }
    return { state: 'asleep', reason: `asleep for ${formatDuration(Math.max(asleepSec, 0))}` }
  }
  if (node.lastReportTs === null) {
    const elapsedSec = time.asOfTs - time.startTs
    if (elapsedSec <= DOWN_AFTER_SEC) return { state: 'unknown', reason: 'no report yet in this period' }
    return { state: 'down', reason: 'no report in this period' }
  }
  const silentSec = time.asOfTs - node.lastReportTs
  if (silentSec > DOWN_AFTER_SEC) return { state: 'down', reason: `no report for ${formatDuration(silentSec)}` }
  if (node.violation) return { state: 'at-risk', reason: `${violationName(node.violation)}: pays nothing` }
  const leftSec = downtimeLeftSec(node, time)
  if (leftSec < 0) return { state: 'at-risk', reason: `too much downtime: ${permilleText(node.slaPermille)} can't be reached` }
  if (node.slowBoots > 0) return { state: 'at-risk', reason: 'booted too slowly once: a second time is a violation' }
  if (isOver(time)) return { state: 'up', reason: 'reported to the end' }
  if (silentSec > LATE_AFTER_SEC) return { state: 'at-risk', reason: `report is late: last one ${formatDuration(silentSec)} ago` }
  const allowedSec = PERIOD_SEC * (1 - node.slaPermille / 1000)
  if (leftSec < allowedSec * BUDGET_WARNING) return { state: 'at-risk', reason: `only ${formatDuration(leftSec)} of downtime left` }
  return { state: 'up', reason: 'reports on time' }
}

/** What counts so far: the full payout times uptime over the period, whether or not the SLA will be met. For a finished period: what it pays. */
export function earnedSoFar(node: Standing, time: Known): { musd: bigint; units: bigint } {
  if (isOver(time)) return { musd: node.rewardMusd, units: node.rewardUnits }
  if (node.virtualized || node.violation) return { musd: 0n, units: 0n }
  const uptime = BigInt(Math.min(node.measuredUptimeSec, PERIOD_SEC))
  return { musd: (node.fullMusd * uptime) / BigInt(PERIOD_SEC), units: (node.fullUnits * uptime) / BigInt(PERIOD_SEC) }
}

/**
 * What the period pays if the rest of it goes like what is known (linear in uptime; use and traffic as they are now), SLA and
 * violations applied as the payout does (minting.md, Payout). For a finished period: what it pays.
 */
export function projectLinear(node: Standing, time: Known): { musd: bigint; units: bigint } {
  if (isOver(time)) return { musd: node.rewardMusd, units: node.rewardUnits }
  const elapsedSec = time.asOfTs - time.startTs
  if (elapsedSec <= 0 || node.virtualized || node.violation) return { musd: 0n, units: 0n }
  const permille = Math.min(Math.floor((node.measuredUptimeSec * 1000) / elapsedSec), 1000)
  if (permille < node.slaPermille) return { musd: 0n, units: 0n }
  if (!node.scaled) return { musd: node.fullMusd, units: node.fullUnits }
  return { musd: (node.fullMusd * BigInt(permille)) / 1000n, units: (node.fullUnits * BigInt(permille)) / 1000n }
}

/** Uptime over the known seconds, in permille, at most 1000; 0 where nothing is known. */
export function uptimePermille(node: Standing, time: Known): number {
  const elapsedSec = time.asOfTs - time.startTs
  return elapsedSec <= 0 ? 0 : Math.min(Math.floor((node.measuredUptimeSec * 1000) / elapsedSec), 1000)
}

function permilleText(permille: number): string {
  return `${permille / 10} %`
}

const violationWayOut: Record<NonNullable<NodeResult['violation']>, string> = {
  UptimeTooHigh: 'The node reported more uptime than time passed. Check its clock and its version; the rule stands until the period ends.',
  UptimeTooLow: 'Two reports contradict each other. Check the clock, and that only one machine runs under this node id.',
  InvalidReboot: 'Two reports contradict each other. Check the clock, and that only one machine runs under this node id.',
  ClockSkew: "The node's clock drifted by 2 min or more. Set its time source right and restart it.",
  BootRequestExpired: 'The node booted too slowly more than once. Check its boot order, network boot and power-on by network.',
  MissingTwin: "The node's twin is not on the chain. Register the twin again.",
  MissingRelay: "The node's twin names no relay. Update the twin with a relay.",
  InvalidPublicKey: "The node twin's public key is not 33 bytes. Update the twin with a valid key.",
}

/** What the farmer should look at, most urgent first for one node: at most one entry, the one that costs most. */
export function attentionFor(node: Standing, time: Known): Attention | null {
  const { state, reason } = stateOf(node, time)
  const base = { nodeId: node.nodeId, farmId: node.farmId }
  if (node.virtualized) return null
  if (node.violation)
    return {
      ...base,
      severity: 'at-risk',
      kind: 'violation',
      title: `Node ${node.nodeId} pays nothing: ${violationName(node.violation)}`,
      reason: 'A violation costs the whole payout of this period.',
      wayOut: violationWayOut[node.violation],
    }
  if (state === 'down')
    return {
      ...base,
      severity: 'down',
      kind: 'down',
      title: `Node ${node.nodeId} is down`,
      reason: `${capital(reason)}.`,
      wayOut: isOver(time) ? 'Check whether it is running again.' : budgetText(node, time),
    }
  const leftSec = downtimeLeftSec(node, time)
  if (leftSec < 0)
    return {
      ...base,
      severity: 'at-risk',
      kind: 'sla-missed',
      title: `Node ${node.nodeId} misses its SLA`,
      reason: `It was down too long: ${permilleText(node.slaPermille)} of the period can't be reached.`,
      wayOut: 'This period pays nothing for it. See when it was down, and why, on its page.',
    }
  if (state === 'at-risk')
    return {
      ...base,
      severity: 'at-risk',
      kind: riskKind(node),
      title: `Node ${node.nodeId} is at risk`,
      reason: `${capital(reason)}.`,
      wayOut: riskWayOut(node, time),
    }
  return null
}

function riskKind(node: Standing): string {
  if (node.sleepingSinceTs !== null) return 'asleep-long'
  return node.slowBoots > 0 ? 'slow-boot' : 'sla-close'
}

function riskWayOut(node: Standing, time: Known): string {
  if (node.sleepingSinceTs !== null) return 'Wake it; the sleep so far counts as downtime.'
  if (node.slowBoots > 0) return 'Make sure that it boots within 30 min of the wake-up request.'
  return budgetText(node, time)
}

function budgetText(node: Standing, time: Known): string {
  const leftSec = downtimeLeftSec(node, time)
  if (leftSec < 0) return 'Its SLA is missed for this period already; bring it back for the next.'
  return `Bring it back within ${formatDuration(leftSec)}, or it misses its SLA and this period pays nothing.`
}

/** `ClockSkew` as people say it: `clock skew`. */
function violationName(violation: string): string {
  return violation.replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase()
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
