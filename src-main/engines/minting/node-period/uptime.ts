import { AppError } from '../../../../src-shared/errors.ts'
import type { U64 } from '../../../../src-shared/grid.ts'
import type { Evidence } from '../../../../src-shared/mint.ts'
import { PERIOD_SEC } from '../../../../src-shared/time.ts'
import { figure, recordMove, recordStill } from '../trace.ts'
import { beginPeriod, type ChainClock, clearUse, NONE, type NodeState, settleNode } from './state.ts'

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
  else if (du > dr + WINDOW_SEC) refuseHigh(s, clock, uptime, dr, du, boundaryTs)
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

/** The baseline: it starts the period and credits nothing. Before a boundary it only begins what is followed up to there. */
function firstReport(s: NodeState, clock: ChainClock, uptime: U64, boundaryTs: number): void {
  const isBefore = boundaryTs !== NONE && clock.ts < boundaryTs
  beginPeriod(s, isBefore ? boundaryTs - PERIOD_SEC : clock.ts)
  s.isBefore = isBefore
  s.lastTs = clock.ts
  s.lastUptime = uptime
  if (s.trace !== null) {
    s.trace.cursorTs = clock.ts
    recordStill(s.trace, {
      kind: 'first-report',
      rule: 'node-period uptime, the first report starts the period',
      block: clock.block,
      ts: clock.ts,
      evidence: { uptime: figure(uptime) },
    })
  }
}

/** A violation of the period under way; the report changes nothing else. One from before the boundary is none. */
function refuseHigh(s: NodeState, clock: ChainClock, uptime: U64, dr: number, du: number, boundaryTs: number): void {
  if (clock.ts < boundaryTs) return
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
 * from its uptime; the next starts with the remainder.
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
  const evidence = s.trace === null ? null : gapOf(s, uptime, dr)
  let up = creditSec
  let fromTs = s.lastTs
  if (clock.ts >= s.endTs) {
    if (clock.ts - s.endTs > MOST_PERIODS * PERIOD_SEC) throw tooLongAgo(s, clock)
    let down = Math.max(0, dr - creditSec)
    while (clock.ts >= s.endTs) {
      const leftSec = s.endTs - fromTs
      const lostSec = Math.min(leftSec, down)
      const gotSec = Math.min(leftSec - lostSec, up)
      s.capacitySec += leftSec
      s.uptimeSec += gotSec
      if (evidence !== null) recordCredit(s, clock, s.endTs, gotSec, isReboot, 'period-end', evidence)
      down -= lostSec
      up -= gotSec
      fromTs = s.endTs
      closePeriod(s, clock, save)
    }
    if (evidence !== null && clock.ts > fromTs) recordCredit(s, clock, clock.ts, up, isReboot, 'period-begin', evidence)
  } else if (evidence !== null) recordCredit(s, clock, clock.ts, up, isReboot, isReboot ? 'reboot' : 'report', evidence)
  s.uptimeSec += up
  s.capacitySec += clock.ts - fromTs
  s.lastTs = clock.ts
  s.lastUptime = uptime
}

function closePeriod(s: NodeState, clock: ChainClock, save: (s: NodeState, clock: ChainClock) => void): void {
  // what happened after the boundary but before the report belongs to the period that begins there
  if (!s.isBefore) {
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
    s.contracts = []
    s.capacitySec = 0
  }
  beginPeriod(s, s.endTs)
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
