import type { NodeResult, Violation } from '../../../src-shared/mint.ts'
import type { Attention, NodeState } from '../../../src-shared/nodes-contract.ts'
import { LOW_BUDGET, type Projection } from '../../../src-shared/projection.ts'
import { formatDuration } from '../../../src-shared/time.ts'
import { GRACE_SEC, MAX_BOOT_SEC, MAX_SLEEP_SEC } from '../minting/uptime.ts'
import type { Known } from './known.ts'

/** How a node stands, from its result and its projection, and what its farmer should do. Everything is as of the last known block. */

/** Report interval of a healthy node (minting.md, rule set v3), and the two intervals after which it counts as down here. */
const REPORT_INTERVAL_SEC = 2_400
export const LATE_AFTER_SEC = REPORT_INTERVAL_SEC + GRACE_SEC
export const DOWN_AFTER_SEC = 2 * REPORT_INTERVAL_SEC + GRACE_SEC
/** So long before its sleep is lost a sleeping node is named. */
const WAKE_WARNING_SEC = 2 * 3_600

/** The members of a node's result that its standing rests on. */
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
  | 'slaPermille'
  | 'scaled'
  | 'outlook'
>

/** The state and its reason in a few words. */
export function stateOf(node: Standing, projection: Projection, time: Known): { state: NodeState; reason: string } {
  if (node.virtualized) return { state: 'unknown', reason: 'virtual node: not minted' }
  if (node.sleepingSinceTs !== null) return sleepState(node, node.sleepingSinceTs, projection, time)
  if (node.lastReportTs === null) {
    const elapsedSec = time.asOfTs - time.startTs
    if (elapsedSec <= DOWN_AFTER_SEC) return { state: 'unknown', reason: 'no report yet in this period' }
    return { state: 'down', reason: 'no report in this period' }
  }
  const silentSec = time.asOfTs - node.lastReportTs
  if (silentSec > DOWN_AFTER_SEC) return { state: 'down', reason: `no report for ${formatDuration(silentSec)}` }
  const violation = node.violation ?? projection.staysUp.violation
  if (violation) return { state: 'at-risk', reason: `${violationName(violation)}: pays nothing` }
  const leftSec = projection.budgetSec
  if (leftSec !== null && leftSec < 0)
    return { state: 'at-risk', reason: `too much downtime: ${permilleText(node.slaPermille)} can't be reached` }
  if (node.slowBoots > 0) return { state: 'at-risk', reason: 'booted too slowly once: a second time is a violation' }
  if (time.over) return { state: 'up', reason: 'reported to the end' }
  if (silentSec > LATE_AFTER_SEC) return { state: 'at-risk', reason: `report is late: last one ${formatDuration(silentSec)} ago` }
  if (leftSec !== null && isBudgetLow(projection)) return { state: 'at-risk', reason: `only ${formatDuration(leftSec)} of downtime left` }
  return { state: 'up', reason: 'reports on time' }
}

function sleepState(node: Standing, sleepTs: number, projection: Projection, time: Known): { state: NodeState; reason: string } {
  const isAfter = fellAsleepAfter(sleepTs, time)
  if (projection.rules === 'node-period') {
    if (isAfter) return { state: 'asleep', reason: AFTER_THE_END }
    const asleep = `asleep for ${formatDuration(Math.max(time.asOfTs - sleepTs, 0))}`
    if (projection.budgetSec === null || !isBudgetLow(projection)) return { state: 'asleep', reason: `${asleep}, which is downtime` }
    return { state: 'at-risk', reason: `${asleep}, only ${formatDuration(projection.budgetSec)} of downtime left` }
  }
  // v3 judges a sleep and a boot by when they ended, also after the period: both go on to the last known moment
  const asleepSec = Math.max(time.knownToTs - sleepTs, 0)
  const asleep = isAfter ? AFTER_THE_END : `asleep for ${formatDuration(asleepSec)}`
  if (!isAfter && asleepSec > MAX_SLEEP_SEC) return { state: 'at-risk', reason: `${asleep}: over 24 h is not credited` }
  const requestTs = node.outlook?.requestTs ?? null
  if (requestTs === null) return { state: 'asleep', reason: asleep }
  const askedSec = Math.max(time.knownToTs - requestTs, 0)
  const asked = `asked to wake ${formatDuration(askedSec)} ago`
  if (askedSec <= MAX_BOOT_SEC) return { state: 'asleep', reason: `${asleep}, ${asked}` }
  return { state: 'at-risk', reason: `${asked} and did not boot within ${formatDuration(MAX_BOOT_SEC)}` }
}

const AFTER_THE_END = "fell asleep after the period's end"

/** Of a period that is over: such a sleep has nothing inside it, so it has no length that means anything there. */
function fellAsleepAfter(sleepTs: number, time: Known): boolean {
  return time.over && sleepTs >= time.endTs
}

/** Whether the SLA can still be met, with under a tenth of the downtime left that its policy allows. */
export function isBudgetLow({ budgetSec, allowedSec, over }: Projection): boolean {
  return !over && budgetSec !== null && allowedSec !== null && budgetSec >= 0 && budgetSec < allowedSec * LOW_BUDGET
}

/** Uptime over the known seconds, in permille, at most 1000; 0 where nothing is known. */
export function uptimePermille(node: Pick<Standing, 'measuredUptimeSec'>, time: Known): number {
  const elapsedSec = time.asOfTs - time.startTs
  return elapsedSec <= 0 ? 0 : Math.min(Math.floor((node.measuredUptimeSec * 1000) / elapsedSec), 1000)
}

const violationWayOut: Record<Violation, string> = {
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
export function attentionFor(node: Standing, projection: Projection, time: Known): Attention | null {
  if (node.virtualized) return null
  const { state, reason } = stateOf(node, projection, time)
  const base = { nodeId: node.nodeId, farmId: node.farmId, severity: 'at-risk' as const, deadline: null }
  const leftSec = projection.budgetSec
  const violation = node.violation ?? projection.staysUp.violation
  if (violation)
    return {
      ...base,
      kind: 'violation',
      title: `Node ${node.nodeId} pays nothing: ${violationName(violation)}`,
      reason: 'A violation costs the whole payout of this period.',
      wayOut: violationWayOut[violation],
    }
  if (state === 'down')
    return {
      ...base,
      ...comeBack(node, projection, time),
      severity: 'down',
      kind: 'down',
      title: `Node ${node.nodeId} is down`,
      reason: `${capital(reason)}.`,
    }
  if (leftSec !== null && leftSec < 0)
    return {
      ...base,
      kind: 'sla-missed',
      title: `Node ${node.nodeId} misses its SLA`,
      reason: `It was down too long: ${permilleText(node.slaPermille)} of the period can't be reached.`,
      wayOut: 'This period pays nothing for it. See when it was down, and why, on its page.',
    }
  const sleep = node.sleepingSinceTs === null ? null : sleepAttention(node, projection, time)
  if (sleep) return { ...base, ...sleep }
  if (state !== 'at-risk') return null
  return { ...base, title: `Node ${node.nodeId} is at risk`, reason: `${capital(reason)}.`, ...riskAdvice(node, projection, time) }
}

type Advice = Pick<Attention, 'wayOut' | 'deadline'>

/** A node that sleeps as it should is no matter, unless the time to wake it runs out or a slow boot would cost everything. */
function sleepAttention(
  node: Standing,
  projection: Projection,
  time: Known,
): (Advice & Pick<Attention, 'kind' | 'title' | 'reason'>) | null {
  const { wakeByTs, bootByTs } = projection
  if (wakeByTs === null) return null
  if (bootByTs !== null && projection.goesDown.violation === 'BootRequestExpired')
    return {
      kind: 'boot-due',
      title: `Node ${node.nodeId} must boot within ${formatDuration(Math.max(bootByTs - time.knownToTs, 0))}`,
      reason: 'It was asked to wake, and booted too slowly once before: a second time pays nothing.',
      wayOut: 'See that it boots.',
      deadline: { what: 'boot', ts: bootByTs },
    }
  const leftSec = wakeByTs - time.knownToTs
  if (leftSec > WAKE_WARNING_SEC || fellAsleepAfter(node.sleepingSinceTs ?? 0, time)) return null
  const sleepSec = wakeByTs - Math.max(node.sleepingSinceTs ?? 0, time.startTs)
  const missed = projection.budgetSec !== null && projection.budgetSec < sleepSec
  return {
    kind: 'wake-soon',
    title: `Node ${node.nodeId} must wake within ${formatDuration(leftSec)}`,
    reason: `It is ${stateOf(node, projection, time).reason}; a sleep of more than 24 h is not credited.`,
    wayOut: missed
      ? 'Wake it in time, or it misses its SLA and this period pays nothing.'
      : 'Wake it in time, or the whole sleep counts as downtime.',
    deadline: { what: 'wake', ts: wakeByTs },
  }
}

/** In the order in which stateOf finds a node at risk. */
function riskAdvice(node: Standing, projection: Projection, time: Known): Advice & Pick<Attention, 'kind'> {
  const { backByTs, budgetSec } = projection
  if (node.sleepingSinceTs !== null)
    return {
      kind: 'asleep-long',
      wayOut: fellAsleepAfter(node.sleepingSinceTs, time) ? 'See that it boots.' : 'Wake it; the sleep so far counts as downtime.',
      deadline: backByTs === null ? null : { what: 'wake', ts: backByTs },
    }
  if (node.slowBoots > 0)
    return { kind: 'slow-boot', wayOut: 'Make sure that it boots within 30 min of the wake-up request.', deadline: null }
  if (time.asOfTs - (node.lastReportTs ?? 0) > LATE_AFTER_SEC) return { kind: 'late', ...comeBack(node, projection, time) }
  return {
    kind: 'sla-close',
    wayOut: `Keep it up: after more than ${formatDuration(budgetSec ?? 0)} of further downtime this period pays nothing.`,
    deadline: null,
  }
}

/** What a node that is silent can still make of its period. */
function comeBack(node: Standing, projection: Projection, time: Known): Advice {
  const { budgetSec, backByTs, goesDown } = projection
  if (time.over) return { wayOut: 'Check whether it is running again.', deadline: null }
  if (budgetSec !== null && budgetSec < 0)
    return { wayOut: 'Its SLA is missed for this period already; bring it back for the next.', deadline: null }
  if (projection.rules === 'node-period' && projection.neededSec === null)
    return { wayOut: 'Bring it back: its policy pays by the uptime, and every hour that it is down is lost.', deadline: null }
  if (budgetSec === null || goesDown.slaMet || backByTs === null)
    return {
      wayOut: `Its SLA is met already${node.scaled ? '; what it is paid still grows with every hour that it is up' : ', so this period pays in full'}.`,
      deadline: null,
    }
  if (backByTs <= time.asOfTs)
    return { wayOut: 'If it is off, its SLA is missed; if it runs, its next report can still save it. Look at it now.', deadline: null }
  return {
    wayOut: `If it is off, bring it back within ${formatDuration(backByTs - time.asOfTs)}, or it misses its SLA and this period pays nothing.`,
    deadline: { what: 'back', ts: backByTs },
  }
}

function permilleText(permille: number): string {
  return `${permille / 10} %`
}

/** `ClockSkew` as people say it: `clock skew`. */
function violationName(violation: string): string {
  return violation.replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase()
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
