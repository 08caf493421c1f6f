import { AppError } from '../../../../src-shared/errors.ts'
import type { U64 } from '../../../../src-shared/grid.ts'
import type { Evidence } from '../../../../src-shared/mint.ts'
import { PERIOD_SEC } from '../../../../src-shared/time.ts'
import { figure, recordMove, recordStill } from '../trace.ts'
import { beginPeriod, type ChainClock, clearUse, hasBegun, NONE, type NodeState, settleNode } from './state.ts'

/** How far uptime and chain time may drift apart between two reports (minting.md, rule set node-period, Uptime). */
export const WINDOW_SEC = 60
/** Periods that one gap may close: 800 years. More is no gap but a wrong clock in the data. */
const MOST_PERIODS = 10_000

/**
 * Applies an uptime report (rule set node-period, Uptime and Period end). `save` takes each period that it closes, while the state still
 * holds it. `boundaryTs`: see createNodePeriodFold; NONE without one. AppError `mint.inconsistent` for a gap that can't be real.
 */
export function applyReport(
  s: NodeState,
  clock: ChainClock,
  uptime: U64,
  boundaryTs: number,
  save: (s: NodeState, clock: ChainClock) => void,
): void {
  if (s.startTs === NONE) {
    firstReport(s, clock, uptime, boundaryTs)
    return
  }
  const dr = clock.ts - s.lastTs
  const du =
    typeof uptime === 'number' && typeof s.lastUptime === 'number' ? uptime - s.lastUptime : Number(BigInt(uptime) - BigInt(s.lastUptime))
  if (du > 0 && du >= dr - WINDOW_SEC && du <= dr + WINDOW_SEC) accept(s, clock, uptime, dr, du, false, save)
  else if (du > dr + WINDOW_SEC) refuseHigh(s, clock, uptime, dr, du)
  else if (uptime <= dr + WINDOW_SEC) accept(s, clock, uptime, dr, Math.min(Number(uptime), dr), true, save)
  else if (s.trace !== null)
    recordStill(s.trace, {
      kind: 'late',
      rule: 'node-period uptime, late: the node must report again',
      block: clock.block,
      ts: clock.ts,
      evidence: { ...gapOf(s, uptime, dr), du },
    })
}

/** The baseline: it starts the period and credits nothing. One before the change-over is only what the next is measured against. */
function firstReport(s: NodeState, clock: ChainClock, uptime: U64, boundaryTs: number): void {
  beginPeriod(s, Math.max(clock.ts, boundaryTs))
  s.lastTs = clock.ts
  s.lastUptime = uptime
  if (s.trace !== null && hasBegun(s, clock))
    recordStill(s.trace, {
      kind: 'first-report',
      rule: 'node-period uptime, the first report starts the period',
      block: clock.block,
      ts: clock.ts,
      evidence: { uptime: figure(uptime) },
    })
}

/** A violation of the period under way; the report changes nothing else. Before the change-over there is no period to violate. */
function refuseHigh(s: NodeState, clock: ChainClock, uptime: U64, dr: number, du: number): void {
  if (!hasBegun(s, clock)) return
  const gap = gapOf(s, uptime, dr)
  if (s.violation === null) {
    s.violation = 'UptimeTooHigh'
    s.violationDetail = {
      violation: 'UptimeTooHigh',
      block: clock.block,
      ts: clock.ts,
      before: { lastTs: s.lastTs, lastUptime: figure(s.lastUptime) },
      after: { ts: clock.ts, uptime: figure(uptime) },
    }
  }
  if (s.trace !== null)
    recordStill(s.trace, {
      kind: 'too-high',
      rule: 'node-period uptime, more uptime than time: refused',
      block: clock.block,
      ts: clock.ts,
      violation: 'UptimeTooHigh',
      evidence: { ...gap, du },
    })
}

/**
 * Credits the report, and closes every period whose end it reaches: what was left of one is taken from the report's downtime first, then
 * from its uptime; the next starts with the remainder. What lies before the change-over is taken in the same way and left to the fixed
 * period that ended there.
 */
function accept(
  s: NodeState,
  clock: ChainClock,
  uptime: U64,
  dr: number,
  creditSec: number,
  isReboot: boolean,
  save: (s: NodeState, clock: ChainClock) => void,
): void {
  if (hasBegun(s, clock)) {
    const rest: Rest = { up: creditSec, down: Math.max(0, dr - creditSec), fromTs: s.lastTs }
    const evidence = s.trace === null ? null : gapOf(s, uptime, dr)
    if (rest.fromTs < s.startTs) takeUntil(rest, s.startTs)
    if (clock.ts >= s.endTs) closePeriods(s, clock, rest, isReboot, evidence, save)
    s.uptimeSec += rest.up
    s.capacitySec += clock.ts - rest.fromTs
    if (evidence !== null && (clock.ts > rest.fromTs || rest.up > 0))
      recordCredit(
        s,
        clock,
        clock.ts,
        rest.up,
        isReboot,
        rest.fromTs > s.lastTs ? 'period-begin' : isReboot ? 'reboot' : 'report',
        evidence,
      )
    // the fixed period's end block lies a moment after its end, and its reports are credited there to that moment
  } else if (clock.ts > s.startTs) beginPeriod(s, clock.ts)
  s.lastTs = clock.ts
  s.lastUptime = uptime
}

/** What of a report is not given to a period yet: seconds of uptime and of downtime, from `fromTs` on. */
interface Rest {
  up: number
  down: number
  fromTs: number
}

/** Takes what lies before `ts`, downtime first; gives the seconds of uptime in it. */
function takeUntil(rest: Rest, ts: number): number {
  const leftSec = ts - rest.fromTs
  const lostSec = Math.min(leftSec, rest.down)
  const gotSec = Math.min(leftSec - lostSec, rest.up)
  rest.down -= lostSec
  rest.up -= gotSec
  rest.fromTs = ts
  return gotSec
}

function closePeriods(
  s: NodeState,
  clock: ChainClock,
  rest: Rest,
  isReboot: boolean,
  evidence: Evidence | null,
  save: (s: NodeState, clock: ChainClock) => void,
): void {
  if (clock.ts - s.endTs > MOST_PERIODS * PERIOD_SEC) throw tooLongAgo(s, clock)
  // what changed after the first one's end is ignored until a report closes it, and one report closes them all
  const { farmId, policyId } = s
  while (clock.ts >= s.endTs) {
    s.farmId = farmId
    s.policyId = policyId
    s.capacitySec += s.endTs - rest.fromTs
    const gotSec = takeUntil(rest, s.endTs)
    s.uptimeSec += gotSec
    if (evidence !== null) recordCredit(s, clock, s.endTs, gotSec, isReboot, 'period-end', evidence)
    settleNode(s, clock)
    if (s.trace !== null && s.uptimeSec > PERIOD_SEC)
      recordMove(
        s.trace,
        {
          kind: 'capped',
          rule: 'node-period period end: uptime never exceeds the duration',
          block: clock.block,
          ts: clock.ts,
          evidence: { uptimeSec: s.uptimeSec, durationSec: PERIOD_SEC },
        },
        s.trace.cursorTs,
        PERIOD_SEC - s.uptimeSec,
      )
    save(s, clock)
    clearUse(s)
    beginPeriod(s, s.endTs)
  }
}

function recordCredit(
  s: NodeState,
  clock: ChainClock,
  toTs: number,
  creditedSec: number,
  isReboot: boolean,
  kind: 'report' | 'reboot' | 'period-end' | 'period-begin',
  evidence: Evidence,
): void {
  if (s.trace === null) return
  const rule = isReboot ? 'node-period uptime, reboot: the rest is downtime' : 'node-period uptime, within the window'
  recordMove(
    s.trace,
    { kind, rule: kind === 'period-end' ? `${rule}; period end, downtime first` : rule, block: clock.block, ts: clock.ts, evidence },
    toTs,
    creditedSec,
  )
}

function gapOf(s: NodeState, uptime: U64, dr: number): Evidence {
  return { lastTs: s.lastTs, lastUptime: figure(s.lastUptime), uptime: figure(uptime), dr }
}

function tooLongAgo(s: NodeState, clock: ChainClock): AppError {
  return new AppError(
    'mint.inconsistent',
    `Node ${s.nodeId} reports at ${clock.ts}, more than ${MOST_PERIODS} periods after its last report at ${s.lastTs} (node ${s.nodeId}, block ${clock.block}). No mint was saved. Check the block times of the archive against another source of the chain.`,
    { details: { record: `node ${s.nodeId}`, block: clock.block } },
  )
}
