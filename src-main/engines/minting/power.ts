import type { PowerTarget } from '../../../src-shared/grid.ts'
import { sleepRules } from '../../../src-shared/sleep-rules.ts'
import { tallyUp } from './days.ts'
import { type Clock, inconsistent, NONE, type NodeState, rememberReport, setViolation } from './state.ts'
import { recordMove, recordStill } from './trace.ts'
import { MAX_BOOT_SEC } from './uptime.ts'

/** Target Up while the state is Down sets the boot request, if none is set; a later target Down does not cancel it. */
export function applyTarget(s: NodeState, clock: Clock, isDown: boolean): void {
  s.targetDown = isDown
  if (s.targetDown || !s.isDown || s.requestTs !== NONE) return
  s.requestTs = clock.ts
  recordRequest(s, clock.block, clock.ts)
}

/**
 * State Up to Down while the target is Down: the node sleeps. In the period that credits the time since the last report, uncapped, if
 * there was one; after it, nothing. AppError `mint.inconsistent` where the last report lies after this block.
 */
export function applyPowerState(s: NodeState, clock: Clock, isDown: boolean, afterPeriod: boolean): void {
  const wasDown = s.isDown
  s.isDown = isDown
  if (wasDown || !s.isDown || !s.targetDown || s.sleepTs !== NONE) return
  s.sleepTs = clock.ts
  const credit = s.hasReport && !afterPeriod ? clock.ts - s.lastNow : 0
  if (credit < 0)
    throw inconsistent(
      `Node ${s.nodeId} goes to sleep at ${clock.ts}, before its last report at ${s.lastNow}: time runs backwards`,
      `node ${s.nodeId}`,
      clock.block,
      'Check the archive against another source of the chain.',
    )
  if (s.trace !== null) {
    const step = {
      kind: 'sleep',
      rule: afterPeriod ? sleepRules.afterPeriod : sleepRules.inPeriod,
      block: clock.block,
      ts: clock.ts,
      evidence: s.hasReport ? { lastNow: s.lastNow, sleepTs: clock.ts } : { sleepTs: clock.ts },
    } as const
    if (afterPeriod) recordStill(s.trace, step)
    else recordMove(s.trace, step, clock.ts, credit)
  }
  if (!s.hasReport || afterPeriod) return
  s.creditedSec += credit
  tallyUp(s.days, clock.ts, credit)
  rememberReport(s, clock.ts, 0)
}

/** The power entry of the start snapshot: a node already Down sleeps since its Down block, asked to boot if its target is Up. */
export function startPower(s: NodeState, downSinceTs: number, target: PowerTarget, startBlock: number, startBlockTs: number): void {
  s.isDown = true
  s.targetDown = target === 'Down'
  s.sleepTs = downSinceTs
  if (s.trace !== null)
    recordStill(s.trace, {
      kind: 'sleep',
      rule: sleepRules.atStart,
      block: startBlock,
      ts: startBlockTs,
      evidence: { sleepTs: downSinceTs },
    })
  if (s.targetDown) return
  s.requestTs = startBlockTs
  recordRequest(s, startBlock, startBlockTs)
}

function recordRequest(s: NodeState, block: number, ts: number): void {
  if (s.trace !== null)
    recordStill(s.trace, {
      kind: 'boot-request',
      rule: 'v3 power',
      block,
      ts,
      evidence: { requestTs: ts, sleepTs: s.sleepTs === NONE ? null : s.sleepTs },
    })
}

/** Whether a boot request is still within its 30 min in a period that is not over (`knownToTs` is the last known second). */
function mayStillBoot(s: NodeState, clock: Clock, knownToTs: number): boolean {
  return knownToTs < clock.endTs && knownToTs - s.requestTs <= MAX_BOOT_SEC
}

/** Whether an open boot request is a slow boot if it stays open: not the start block's, not from after the end. */
export function countsIfOpen(s: NodeState, clock: Clock, startBlockTs: number): boolean {
  return s.requestTs !== NONE && s.requestTs !== startBlockTs && s.requestTs <= clock.endTs
}

/**
 * When all blocks are read: an open boot request is a slow boot unless it was set with the start block or after the period's end; more
 * than one slow boot is the violation. While the period runs, a request that is still in time is none yet.
 */
export function judgeBoots(s: NodeState, clock: Clock, startBlockTs: number, knownToTs: number): void {
  if (countsIfOpen(s, clock, startBlockTs) && !mayStillBoot(s, clock, knownToTs)) {
    s.slowBoots++
    if (s.trace !== null)
      recordStill(s.trace, {
        kind: 'boot-expired',
        rule: 'v3 after the period, open boot request',
        block: null,
        ts: clock.endTs,
        evidence: { requestTs: s.requestTs, slowBoots: s.slowBoots },
      })
  }
  if (s.slowBoots <= 1) return
  setViolation(s, {
    violation: 'BootRequestExpired',
    block: null,
    ts: null,
    before: null,
    after: { slowBoots: s.slowBoots, allowed: 1 },
  })
}
