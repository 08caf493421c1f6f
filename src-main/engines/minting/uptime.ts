import type { UptimeRun } from '../../../src-shared/event-runs.ts'
import type { U64 } from '../../../src-shared/grid.ts'
import type { Evidence, StepKind, Violation } from '../../../src-shared/mint.ts'
import { tallyAsleep, tallyUp } from './days.ts'
import {
  BOOT_NOW,
  BOOT_UPTIME,
  type Clock,
  CREDITED,
  checkFigure,
  exactPoints,
  inconsistent,
  LAST_NOW,
  LAST_UPTIME,
  NONE,
  type NodeState,
  REQUEST,
  rememberBoot,
  rememberReport,
  SLEEP,
  setViolation,
} from './state.ts'
import { figure, recordMove, recordStill } from './trace.ts'

/** Constants of rule set v3 (minting.md), in seconds. */
export const GRACE_SEC = 60
export const REPORT_CREDIT_CAP_SEC = 2_460
export const CLOCK_SKEW_LIMIT_SEC = 120
export const MAX_SLEEP_SEC = 86_400
export const MAX_BOOT_SEC = 1_800

/**
 * The figures that the rules compare, as numbers. Each is a difference of chain figures; where those do not fit a number it is taken
 * exactly first and rounded then, which cannot change a comparison with the rules' small limits.
 */
interface Gap {
  /** time and uptime since the remembered report */
  dr: number
  du: number
  /** du - dr */
  ahead: number
  /** boot time by this report minus the remembered boot time */
  skew: number
  uptime: number
  /** uptime - dr: at most 0 where the node can have restarted in between */
  beyond: number
}

/**
 * Applies a report that follows the last one as it should, as nearly all do (rule set v3, Uptime report 3), and nothing else: gives
 * whether it was one. Small, as all reports of a period come through here.
 */
export function applyOrdinary(s: NodeState, now: number, uptime: number): boolean {
  const { figures } = s
  const du = uptime - figures[LAST_UPTIME]!
  const ahead = du - (now - figures[LAST_NOW]!)
  const skew = now - uptime - (figures[BOOT_NOW]! - figures[BOOT_UPTIME]!)
  if (
    !(ahead <= GRACE_SEC && ahead >= -GRACE_SEC && du > 0 && skew < CLOCK_SKEW_LIMIT_SEC && skew > -CLOCK_SKEW_LIMIT_SEC) ||
    figures[SLEEP] !== NONE ||
    figures[REQUEST] !== NONE ||
    !s.hasReport ||
    s.wide !== null ||
    s.trace !== null
  )
    return false
  const credit = du < REPORT_CREDIT_CAP_SEC ? du : REPORT_CREDIT_CAP_SEC
  figures[CREDITED]! += credit
  if (s.days !== null) tallyUp(s.days, now, credit)
  figures[LAST_NOW] = now
  figures[LAST_UPTIME] = uptime
  return true
}

/**
 * Applies a run of reports, each as an ordinary one (see applyOrdinary): its first, unless that is the remembered one already, and all that
 * follow it. Gives whether all of them are ordinary, else nothing is applied.
 */
export function applyRun(s: NodeState, run: UptimeRun, isFirstTold: boolean): boolean {
  const { figures } = s
  const dr = run.firstNow - figures[LAST_NOW]!
  const du = run.firstUptime - figures[LAST_UPTIME]!
  const ahead = du - dr
  const skew = run.firstNow - run.firstUptime - (figures[BOOT_NOW]! - figures[BOOT_UPTIME]!)
  if (
    // where it was told it may have been refused, or is not remembered exactly
    !(isFirstTold ? dr === 0 && du === 0 : du > 0 && ahead <= GRACE_SEC && ahead >= -GRACE_SEC) ||
    !(run.ahead <= GRACE_SEC && run.behind <= GRACE_SEC && run.longestStep <= REPORT_CREDIT_CAP_SEC) ||
    // a skewed clock is a violation once; crediting goes on
    (s.violation === null && !(skew + run.bootAbove < CLOCK_SKEW_LIMIT_SEC && skew - run.bootBelow > -CLOCK_SKEW_LIMIT_SEC)) ||
    figures[SLEEP] !== NONE ||
    figures[REQUEST] !== NONE ||
    !s.hasReport ||
    s.wide !== null ||
    s.trace !== null ||
    s.days !== null
  )
    return false
  // no later step is longer than what a report is credited at most, so all that was added to the uptime is
  figures[CREDITED]! += Math.min(du, REPORT_CREDIT_CAP_SEC) + run.lastUptime - run.firstUptime
  figures[LAST_NOW] = run.lastNow
  figures[LAST_UPTIME] = run.lastUptime
  return true
}

/** Whether a run of reports after the period changes nothing of the node. */
export function ignoresLateRun(s: NodeState, clock: Clock): boolean {
  return s.trace === null && lateReason(s, clock) !== null
}

/** Applies an uptime report of the period (rule set v3, Uptime report; Sleeping and asked to boot). */
export function applyReport(s: NodeState, clock: Clock, now: U64, uptime: U64): void {
  if (typeof now === 'number' && typeof uptime === 'number' && applyOrdinary(s, now, uptime)) return
  checkReport(s, clock, now, uptime)
  if (s.sleepTs !== NONE || s.requestTs !== NONE) {
    if (s.requestTs === NONE) ignore(s, clock, now, uptime, NOT_ASKED)
    else if (s.sleepTs === NONE) ignore(s, clock, now, uptime, NOT_ASLEEP)
    else if (minus(now, uptime) <= s.sleepTs) ignore(s, clock, now, uptime, 'it booted before it fell asleep')
    else wake(s, clock, now, uptime)
  } else if (!s.hasReport) firstReport(s, clock, now, uptime)
  else judge(s, clock, now, uptime, gapOf(s, clock, now, uptime))
}

/** Applies an uptime report after the period: only what lies inside the period is credited (rule set v3, After the period). */
export function applyLateReport(s: NodeState, clock: Clock, now: U64, uptime: U64): void {
  checkReport(s, clock, now, uptime)
  const why = lateReason(s, clock)
  if (why !== null) ignore(s, clock, now, uptime, why)
  else if (s.sleepTs === NONE) judgeLate(s, clock, now, uptime)
  else lateWake(s, clock, now, uptime)
}

/** Why a report after the period does not count, as a clause (`as …`); null where it does. */
function lateReason(s: NodeState, clock: Clock): string | null {
  const closed = 'an earlier report closed the period'
  if (s.sleepTs !== NONE && s.requestTs !== NONE) return s.hasReport && s.lastNow > clock.endTs ? closed : null
  if (s.sleepTs !== NONE) return NOT_ASKED
  if (s.requestTs !== NONE) return NOT_ASLEEP
  if (!s.hasReport) return 'it did not report in the period'
  return s.lastNow >= clock.endTs ? closed : null
}

const NOT_ASKED = 'it is asleep and was not asked to boot'
const NOT_ASLEEP = 'it was asked to boot, but is not asleep'

/** Throws for a figure that the rules' arithmetic can't hold, whether or not the report counts. */
function checkReport(s: NodeState, clock: Clock, now: U64, uptime: U64): void {
  if (typeof now === 'bigint') checkFigure(now, 'now', s.nodeId, clock)
  if (typeof uptime === 'bigint') checkFigure(uptime, 'uptime', s.nodeId, clock)
}

function firstReport(s: NodeState, clock: Clock, now: U64, uptime: U64): void {
  const sinceStart = minus(now, clock.startTs)
  const upSec = Math.min(Number(uptime), REPORT_CREDIT_CAP_SEC)
  // a first report dated before the period is not measured against its start
  const credit = sinceStart < 0 ? upSec : Math.min(sinceStart, upSec)
  move(s, clock, now, uptime, 'first-report', 'v3 uptime report 1', credit, null)
  rememberReport(s, now, uptime)
  rememberBoot(s, now, uptime)
}

function judge(s: NodeState, clock: Clock, now: U64, uptime: U64, gap: Gap): void {
  if (gap.ahead > GRACE_SEC) {
    violate(s, clock, now, uptime, 'UptimeTooHigh')
    move(s, clock, now, uptime, 'too-high', 'v3 uptime report 2', 0, 'UptimeTooHigh')
    rememberReport(s, now, uptime)
    return
  }
  let skewed: Violation | null = null
  if (gap.ahead >= -GRACE_SEC) {
    skewed = checkSkew(s, clock, now, uptime, gap)
    if (gap.du > 0) {
      move(s, clock, now, uptime, 'report', 'v3 uptime report 3', Math.min(gap.du, REPORT_CREDIT_CAP_SEC), skewed)
      rememberReport(s, now, uptime)
      return
    }
  }
  if (gap.beyond <= 0) {
    move(s, clock, now, uptime, 'reboot', 'v3 uptime report 4, reboot', Math.min(gap.uptime, REPORT_CREDIT_CAP_SEC), skewed)
    rememberReport(s, now, uptime)
    rememberBoot(s, now, uptime)
  } else refuse(s, clock, now, uptime, gap.du > 0 ? 'UptimeTooLow' : 'InvalidReboot', skewed)
}

function judgeLate(s: NodeState, clock: Clock, now: U64, uptime: U64): void {
  const gap = gapOf(s, clock, now, uptime)
  if (gap.ahead > GRACE_SEC) {
    // unlike in the period it is not remembered: of that time the rules say that a rejected report leaves the last one
    refuse(s, clock, now, uptime, 'UptimeTooHigh', null)
    return
  }
  if (gap.ahead >= -GRACE_SEC) {
    const skewed = checkSkew(s, clock, now, uptime, gap)
    // whatever du: here a report inside the window is not tested as a reboot
    const credit = Math.min(clock.endTs - s.lastNow, REPORT_CREDIT_CAP_SEC)
    moveLate(s, clock, now, uptime, 'post-report', 'v3 after the period, uptime report 3', credit, skewed)
    rememberReport(s, now, uptime)
    return
  }
  if (gap.beyond <= 0) {
    // of the uptime since the restart, what lies before the end
    const inside = gap.uptime - minus(now, clock.endTs)
    const credit = Math.max(0, Math.min(inside, REPORT_CREDIT_CAP_SEC))
    moveLate(s, clock, now, uptime, 'post-reboot', 'v3 after the period, reboot', credit, null)
    rememberReport(s, now, uptime)
    rememberBoot(s, now, uptime)
  } else refuse(s, clock, now, uptime, gap.du > 0 ? 'UptimeTooLow' : 'InvalidReboot', null)
}

/** A report that can't be true: a violation, and the remembered report stays. */
function refuse(s: NodeState, clock: Clock, now: U64, uptime: U64, violation: RefusedAs, skewed: Violation | null): void {
  violate(s, clock, now, uptime, violation)
  if (s.trace === null) return
  recordStill(s.trace, {
    kind: refusedKinds[violation],
    rule: violation === 'UptimeTooHigh' ? 'v3 after the period, uptime report 2' : 'v3 uptime report 4',
    block: clock.block,
    ts: clock.ts,
    violation: skewed ?? violation,
    evidence: reportEvidence(s, now, uptime),
  })
}

type RefusedAs = 'UptimeTooHigh' | 'UptimeTooLow' | 'InvalidReboot'
const refusedKinds = { UptimeTooHigh: 'too-high', UptimeTooLow: 'too-low', InvalidReboot: 'invalid-reboot' } as const

/** The node was asked to boot and came back: the whole sleep counts, unless it slept too long or booted too slowly. */
function wake(s: NodeState, clock: Clock, now: U64, uptime: U64): void {
  const tooLong = minus(now, s.sleepTs) > MAX_SLEEP_SEC
  const tooSlow = minus(now, uptime) - s.requestTs > MAX_BOOT_SEC
  const credit = tooLong || tooSlow ? 0 : minus(now, Math.max(s.sleepTs, clock.startTs))
  if (credit < 0) throw backwards(s, clock, now)
  if (tooSlow) s.slowBoots++
  s.creditedSec += credit
  tallyAsleep(s.days, Number(now), credit)
  if (s.trace !== null)
    recordMove(
      s.trace,
      {
        kind: tooLong || tooSlow ? 'wake-refused' : 'wake',
        rule: 'v3 sleeping and asked to boot',
        block: clock.block,
        ts: clock.ts,
        evidence: wakeEvidence(s, now, uptime, tooLong, tooSlow),
      },
      Number(now),
      credit,
    )
  awake(s, now, uptime)
}

function lateWake(s: NodeState, clock: Clock, now: U64, uptime: U64): void {
  const sleptSec = minus(now, s.sleepTs)
  if (sleptSec < 0) throw backwards(s, clock, now)
  const tooLong = sleptSec > MAX_SLEEP_SEC
  const tooSlow = minus(now, uptime) - s.requestTs > MAX_BOOT_SEC
  // a sleep that began after the end has nothing inside the period
  const credit = tooLong || tooSlow ? 0 : Math.max(0, clock.endTs - Math.max(s.sleepTs, clock.startTs))
  if (tooSlow) s.slowBoots++
  s.creditedSec += credit
  tallyAsleep(s.days, clock.endTs, credit)
  if (s.trace !== null)
    recordMove(
      s.trace,
      {
        kind: tooLong || tooSlow ? 'wake-refused' : 'post-wake',
        rule: 'v3 after the period, wake-up',
        block: clock.block,
        ts: clock.ts,
        evidence: wakeEvidence(s, now, uptime, tooLong, tooSlow),
      },
      lateCursor(s, clock, now),
      credit,
    )
  awake(s, now, uptime)
}

function awake(s: NodeState, now: U64, uptime: U64): void {
  s.sleepTs = NONE
  s.requestTs = NONE
  rememberReport(s, now, uptime)
  rememberBoot(s, now, uptime)
}

function backwards(s: NodeState, clock: Clock, now: U64): Error {
  return inconsistent(
    `Node ${s.nodeId} reports at ${now}, before its sleep or the period began: time runs backwards in a sleep`,
    `node ${s.nodeId}`,
    clock.block,
    'Check the archive against another source of the chain.',
  )
}

/** Clock skew is measured from the boot time that was remembered first; crediting goes on. */
function checkSkew(s: NodeState, clock: Clock, now: U64, uptime: U64, gap: Gap): Violation | null {
  if (Math.abs(gap.skew) < CLOCK_SKEW_LIMIT_SEC) return null
  if (s.violation === null)
    setViolation(s, {
      violation: 'ClockSkew',
      block: clock.block,
      ts: clock.ts,
      before: { bootNow: figure(exactOr(s, 'bootNow')), bootUptime: figure(exactOr(s, 'bootUptime')), bootTs: s.bootNow - s.bootUptime },
      after: { now: figure(now), uptime: figure(uptime), bootTs: minus(now, uptime) },
    })
  return 'ClockSkew'
}

function violate(s: NodeState, clock: Clock, now: U64, uptime: U64, violation: Violation): void {
  if (s.violation !== null) return
  setViolation(s, {
    violation,
    block: clock.block,
    ts: clock.ts,
    before: { now: figure(exactOr(s, 'lastNow')), uptime: figure(exactOr(s, 'lastUptime')) },
    after: { now: figure(now), uptime: figure(uptime) },
  })
}

/** Credits a report that moves the clock to its own time. */
function move(
  s: NodeState,
  clock: Clock,
  now: U64,
  uptime: U64,
  kind: StepKind,
  rule: string,
  creditSec: number,
  violation: Violation | null,
): void {
  s.creditedSec += creditSec
  tallyUp(s.days, Number(now), creditSec)
  if (s.trace === null) return
  const evidence = reportEvidence(s, now, uptime)
  recordMove(s.trace, { kind, rule, block: clock.block, ts: clock.ts, violation, evidence }, Number(now), creditSec)
}

/** Credits a report after the period, whose seconds end with the period. */
function moveLate(
  s: NodeState,
  clock: Clock,
  now: U64,
  uptime: U64,
  kind: StepKind,
  rule: string,
  creditSec: number,
  violation: Violation | null,
): void {
  s.creditedSec += creditSec
  tallyUp(s.days, clock.endTs, creditSec)
  if (s.trace === null) return
  const evidence = reportEvidence(s, now, uptime)
  recordMove(s.trace, { kind, rule, block: clock.block, ts: clock.ts, violation, evidence }, lateCursor(s, clock, now), creditSec)
}

/** Steps after the period go to its end at most, and never back from what a report in the end block reached beyond it. */
function lateCursor(s: NodeState, clock: Clock, now: U64): number {
  const cursorTs = s.trace === null ? clock.endTs : s.trace.cursorTs
  return cursorTs >= clock.endTs ? cursorTs : Math.min(Number(now), clock.endTs)
}

function ignore(s: NodeState, clock: Clock, now: U64, uptime: U64, why: string): void {
  if (s.trace === null) return
  recordStill(s.trace, {
    kind: 'ignored',
    rule: 'v3 sleeping and asked to boot; after the period',
    block: clock.block,
    ts: clock.ts,
    evidence: { now: figure(now), uptime: figure(uptime), why },
  })
}

function reportEvidence(s: NodeState, now: U64, uptime: U64): Evidence {
  if (!s.hasReport) return { now: figure(now), uptime: figure(uptime) }
  return {
    now: figure(now),
    uptime: figure(uptime),
    lastNow: figure(exactOr(s, 'lastNow')),
    lastUptime: figure(exactOr(s, 'lastUptime')),
    timeDelta: minus(now, exactOr(s, 'lastNow')),
    uptimeDelta: minus(uptime, exactOr(s, 'lastUptime')),
  }
}

function wakeEvidence(s: NodeState, now: U64, uptime: U64, tooLong: boolean, tooSlow: boolean): Evidence {
  return {
    now: figure(now),
    uptime: figure(uptime),
    sleepTs: s.sleepTs,
    requestTs: s.requestTs,
    sleptSec: minus(now, s.sleepTs),
    bootSec: minus(now, uptime) - s.requestTs,
    tooLong,
    tooSlow,
  }
}

function exactOr(s: NodeState, member: 'lastNow' | 'lastUptime' | 'bootNow' | 'bootUptime'): U64 {
  return s.wide === null ? s[member] : s.wide[member]
}

/** a - b, exact before it is rounded to a number. */
function minus(a: U64, b: U64): number {
  return typeof a === 'number' && typeof b === 'number' ? a - b : Number(BigInt(a) - BigInt(b))
}

function gapOf(s: NodeState, clock: Clock, now: U64, uptime: U64): Gap {
  if (typeof now === 'bigint' || typeof uptime === 'bigint' || s.wide !== null) return wideGap(s, clock, now, uptime)
  const dr = now - s.lastNow
  const du = uptime - s.lastUptime
  return { dr, du, ahead: du - dr, skew: now - uptime - (s.bootNow - s.bootUptime), uptime, beyond: uptime - dr }
}

function wideGap(s: NodeState, clock: Clock, nowU64: U64, uptimeU64: U64): Gap {
  const last = exactPoints(s)
  const now = BigInt(nowU64)
  const uptime = BigInt(uptimeU64)
  const dr = now - last.lastNow
  const du = uptime - last.lastUptime
  const skew = now - uptime - (last.bootNow - last.bootUptime)
  const magnitude = skew < 0n ? -skew : skew
  if (magnitude >> 63n !== 0n) checkFigure(magnitude, 'now - uptime', s.nodeId, clock)
  return { dr: Number(dr), du: Number(du), ahead: Number(du - dr), skew: Number(skew), uptime: Number(uptime), beyond: Number(uptime - dr) }
}
