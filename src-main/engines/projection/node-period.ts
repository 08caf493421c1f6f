import type { FarmingPolicy } from '../../../src-shared/grid.ts'
import type { MintingInfo } from '../../../src-shared/node-period.ts'
import type { Projected, Projection } from '../../../src-shared/projection.ts'
import { PERIOD_SEC } from '../../../src-shared/time.ts'
import { isScaled, rateInputs, rewardAt, utilizationOf } from '../minting/node-period/mint.ts'
import { WINDOW_SEC } from '../minting/node-period/uptime.ts'
import { neededUptimeSec } from './v3.ts'

/** A healthy node reports every 40 min; a report that is longer in coming is taken to be a restart. */
const ON_TIME_SEC = 2_400 + WINDOW_SEC

/** A node's own period as it stands: the figures as if it ended now, and the last accepted report (RunningNode.open). */
export interface OpenPeriod {
  info: MintingInfo
  policy: FarmingPolicy
  lastTs: number
}

/**
 * What a node's own period comes to (minting.md, rule set node-period), by the same function as the mint. `staysUp`: it reports on time
 * from `asOfTs` on; a node that is silent for longer than a report may take is taken to restart then. `goesDown`: what its next report
 * mints, however late it comes. Sleep is downtime under these rules, so nothing has to be woken for its sake.
 */
export function projectNodePeriod({ info, policy, lastTs }: OpenPeriod, knownToTs: number): Projection {
  const { start, end } = info.period
  const asOfTs = Math.max(start, Math.min(knownToTs, end))
  const at = (uptimeSec: number): Projected => rewarded(info, policy, uptimeSec)
  const silentSec = knownToTs - lastTs
  // a report within time credits all since the one before; else only what it ran since it came back
  const countedFromTs = silentSec <= ON_TIME_SEC ? lastTs : asOfTs
  const staysUp = at(info.uptimeSec + Math.max(end - countedFromTs, 0))
  const neededSec = isScaled(policy) ? null : neededUptimeSec(policy.minimal_uptime)
  const hopeless = info.violation !== null || neededSec === null
  const budgetSec = hopeless ? null : staysUp.uptimeSec - neededSec
  const goesDown = at(info.uptimeSec)
  const over = knownToTs >= end
  const soFar = Math.min(info.uptimeSec, PERIOD_SEC)
  const full = rewarded(info, policy, PERIOD_SEC)
  return {
    rules: 'node-period',
    period: { start, end },
    asOfTs,
    over,
    uptimeSec: info.uptimeSec,
    earnedUnits: (full.units * BigInt(soFar)) / BigInt(PERIOD_SEC),
    earnedMusd: (full.musd * BigInt(soFar)) / BigInt(PERIOD_SEC),
    staysUp,
    goesDown,
    neededSec,
    budgetSec,
    allowedSec: hopeless ? null : Math.max(PERIOD_SEC - neededSec, 0),
    backByTs: budgetSec === null || budgetSec < 0 || over || goesDown.slaMet ? null : end - (neededSec! - info.uptimeSec),
    wakeByTs: null,
    bootByTs: null,
    violation: info.violation,
    utilization: utilizationOf(info.used, info.capacity),
  }
}

/** A node that has not reported yet: its period begins with its first report, and nothing can be said of it before. */
export function projectNoPeriod(knownToTs: number): Projection {
  const nothing: Projected = { uptimeSec: 0, permille: 0, slaMet: false, violation: null, units: 0n, musd: 0n }
  return {
    rules: 'node-period',
    period: { start: knownToTs, end: knownToTs + PERIOD_SEC },
    asOfTs: knownToTs,
    over: false,
    uptimeSec: 0,
    earnedUnits: 0n,
    earnedMusd: 0n,
    staysUp: nothing,
    goesDown: nothing,
    neededSec: null,
    budgetSec: null,
    allowedSec: null,
    backByTs: null,
    wakeByTs: null,
    bootByTs: null,
    violation: null,
    utilization: null,
  }
}

function rewarded(info: MintingInfo, policy: FarmingPolicy, uptimeSec: number): Projected {
  const capped = Math.min(uptimeSec, PERIOD_SEC)
  const { units, musd, permille, slaMet } = rewardAt(rateInputs(info, policy), capped)
  const pays = info.violation === null
  return { uptimeSec: capped, permille, slaMet, violation: info.violation, units: pays ? units : 0n, musd: pays ? musd : 0n }
}
