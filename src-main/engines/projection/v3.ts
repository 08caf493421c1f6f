import type { Resources } from '../../../src-shared/grid.ts'
import type { NodeResult, Outlook, Violation } from '../../../src-shared/mint.ts'
import type { Utilization } from '../../../src-shared/node-period.ts'
import type { Projected, Projection } from '../../../src-shared/projection.ts'
import { PERIOD_SEC } from '../../../src-shared/time.ts'
import { payoutOf } from '../minting/payout.ts'
import type { UsedSeconds } from '../minting/receipt.ts'
import { MAX_BOOT_SEC, MAX_SLEEP_SEC, REPORT_CREDIT_CAP_SEC } from '../minting/uptime.ts'
import type { Known } from './known.ts'

/** The members of a node's result that its projection rests on. */
export type V3Result = Pick<
  NodeResult,
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
  | 'outlook'
>

/**
 * What a node's fixed period comes to (minting.md, rule set v3): exact, by the same payout function as the mint. `staysUp` is the mint of
 * what is known, continued with a report every 40 min; `goesDown` is the mint of what is known and nothing after it.
 */
export function projectV3(node: V3Result, time: Known, utilization: Utilization | null = null): Projection {
  const staysUp = ifItStaysUp(node, time)
  const goesDown = ifItGoesDown(node, time)
  const earned = earnedSoFar(node, time)
  const hopeless = node.virtualized || staysUp.violation !== null
  const neededSec = neededUptimeSec(node.slaPermille)
  const budgetSec = hopeless ? null : reachable(staysUp.uptimeSec, node.slaPermille) - neededSec
  const sleep = time.final ? noSleep : deadlines(node, time)
  return {
    rules: 'v3',
    period: { start: time.startTs, end: time.endTs },
    asOfTs: time.asOfTs,
    over: time.over,
    uptimeSec: node.measuredUptimeSec,
    earnedUnits: earned.units,
    earnedMusd: earned.musd,
    staysUp,
    goesDown,
    neededSec,
    budgetSec,
    allowedSec: hopeless ? null : Math.max(PERIOD_SEC - neededSec, 0),
    backByTs:
      budgetSec === null || budgetSec < 0 || time.over || goesDown.slaMet ? null : time.endTs - (neededSec - node.measuredUptimeSec),
    wakeByTs: sleep.wakeByTs,
    bootByTs: sleep.bootByTs,
    violation: node.violation,
    utilization,
  }
}

/** The least uptime in seconds whose permille, cut, reaches what the policy asks for. */
export function neededUptimeSec(slaPermille: number): number {
  return Math.ceil((slaPermille * PERIOD_SEC) / 1000)
}

/** A policy that asks for more than 1000 permille is never met: the permille stop there, however much is credited. */
function reachable(uptimeSec: number, slaPermille: number): number {
  return slaPermille > 1000 ? Math.min(uptimeSec, PERIOD_SEC) : uptimeSec
}

/** What counts so far, whether or not the SLA will be met; once the period is over, what it pays. */
function earnedSoFar(node: V3Result, time: Known): { musd: bigint; units: bigint } {
  if (time.over) return { musd: node.rewardMusd, units: node.rewardUnits }
  if (node.virtualized || node.violation) return { musd: 0n, units: 0n }
  const uptime = BigInt(Math.min(node.measuredUptimeSec, PERIOD_SEC))
  return { musd: (node.fullMusd * uptime) / BigInt(PERIOD_SEC), units: (node.fullUnits * uptime) / BigInt(PERIOD_SEC) }
}

function ifItGoesDown(node: V3Result, time: Known): Projected {
  if (time.final) return asMinted(node)
  // a boot request that nobody answers is a slow boot, if it is one that counts
  const request = node.outlook
  const slow = request?.requestCounts && !request.requestSlow ? 1 : 0
  return paid(node, node.measuredUptimeSec, node.slowBoots + slow)
}

function ifItStaysUp(node: V3Result, time: Known): Projected {
  if (time.final) return asMinted(node)
  const uptimeSec = node.measuredUptimeSec
  const slowWithout = node.slowBoots - (node.outlook?.requestSlow ? 1 : 0)
  if (node.sleepingSinceTs !== null) {
    const sleepTs = node.sleepingSinceTs
    // a report after the end has closed the period: no other one counts
    if (time.over && node.lastReportTs !== null && node.lastReportTs > time.endTs) return ifItGoesDown(node, time)
    const inTime = bootsInTime(node.outlook, time)
    // a sleep that is lost ends now, but not in the second in which it began
    const creditedFromTs = inTime && sleepCounts(sleepTs, time) ? Math.max(sleepTs, time.startTs) : Math.max(time.asOfTs, sleepTs + 1)
    return paid(node, uptimeSec + Math.max(time.endTs - creditedFromTs, 0), slowWithout + (inTime ? 0 : 1))
  }
  // asked to boot without being asleep: no report counts any more, and the request stays open
  if (typeof node.outlook?.requestTs === 'number') return ifItGoesDown(node, time)
  // after the end only a node counts on that reported in the period
  if (node.lastReportTs === null && time.over) return paid(node, uptimeSec, node.slowBoots)
  const lastTs = node.lastReportTs ?? time.startTs
  // what no report covers yet is credited by the next one, up to the cap, and everything after it in full
  const openSec = Math.min(Math.max(time.asOfTs - lastTs, 0), REPORT_CREDIT_CAP_SEC)
  return paid(node, uptimeSec + openSec + Math.max(time.endTs - Math.max(time.asOfTs, lastTs), 0), node.slowBoots)
}

function sleepCounts(sleepTs: number, time: Known): boolean {
  return time.knownToTs - sleepTs <= MAX_SLEEP_SEC
}

function bootsInTime(outlook: Outlook | null, time: Known): boolean {
  return typeof outlook?.requestTs !== 'number' || time.knownToTs - outlook.requestTs <= MAX_BOOT_SEC
}

const noSleep = { wakeByTs: null, bootByTs: null }

function deadlines(node: V3Result, time: Known): Pick<Projection, 'wakeByTs' | 'bootByTs'> {
  const { sleepingSinceTs, outlook } = node
  if (sleepingSinceTs === null || !sleepCounts(sleepingSinceTs, time) || !bootsInTime(outlook, time)) return noSleep
  const asked = typeof outlook?.requestTs === 'number'
  return { wakeByTs: sleepingSinceTs + MAX_SLEEP_SEC, bootByTs: asked ? outlook.requestTs! + MAX_BOOT_SEC : null }
}

/** Payout at an uptime, with the violations that are only judged at the end (slow boots, then the twin) judged again. */
function paid(node: V3Result, uptimeSec: number, slowBoots: number): Projected {
  const violation =
    (isJudgedAtEnd(node.violation) ? null : node.violation) ??
    (slowBoots > 1 ? 'BootRequestExpired' : null) ??
    (uptimeSec > 0 ? (node.outlook?.twin ?? null) : null)
  const base = { musd: node.fullMusd, units: node.fullUnits }
  const payout = payoutOf(() => base, node, uptimeSec, node.virtualized || violation !== null)
  return { uptimeSec, permille: payout.permille, slaMet: payout.slaMet, violation, units: payout.units, musd: payout.musd }
}

/** The mint itself. */
function asMinted(node: V3Result): Projected {
  const { measuredUptimeSec, violation, rewardUnits, rewardMusd } = node
  const { permille, slaMet } = payoutOf(() => ({ musd: 0n, units: 0n }), node, measuredUptimeSec, true)
  return { uptimeSec: measuredUptimeSec, permille, slaMet, violation, units: rewardUnits, musd: rewardMusd }
}

const judgedAtEnd: readonly (Violation | null)[] = ['BootRequestExpired', 'MissingTwin', 'MissingRelay', 'InvalidPublicKey']

function isJudgedAtEnd(violation: Violation | null): boolean {
  return judgedAtEnd.includes(violation)
}

/** Average use of what the node has, in permille, over the seconds that are known; null where it has none of it, or nothing is known. */
export function usedSoFar(used: UsedSeconds, total: Resources, time: Known): Utilization {
  const knownSec = BigInt(time.asOfTs - time.startTs)
  const share = (usedSec: bigint, of: number | bigint): number | null =>
    BigInt(of) === 0n || knownSec <= 0n ? null : Number((usedSec * 1000n) / (BigInt(of) * knownSec))
  return {
    cru: share(used.usedCru, total.cru),
    mru: share(used.usedMru, total.mru),
    hru: share(used.usedHru, total.hru),
    sru: share(used.usedSru, total.sru),
  }
}
