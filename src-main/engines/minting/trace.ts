import type { U64 } from '../../../src-shared/grid.ts'
import type { Downtime, Evidence, Step, StepKind, Violation } from '../../../src-shared/mint.ts'

/** Grace of the report rules: a report that lags by no more is jitter and no downtime. */
const GRACE_SEC = 60

/**
 * The steps of one node, recorded as they happen. `cursorTs` is the last second that is accounted for; a step either moves it (and
 * its elapsed seconds are credited or lost) or stands still with 0 seconds. Where a node is stored anew, the step `stored` takes back
 * what was credited before (a negative credit, named in its evidence), so that the credits still add up to the measured uptime.
 */
export interface Trace {
  cursorTs: number
  readonly steps: Step[]
}

export function createTrace(startTs: number): Trace {
  return { cursorTs: startTs, steps: [] }
}

export interface StepInput {
  kind: StepKind
  rule: string
  block: number | null
  ts: number
  violation?: Violation | null
  evidence: Evidence
}

/** A step that moves the clock on to `toTs` and credits `creditedSec` of it. */
export function recordMove(trace: Trace, step: StepInput, toTs: number, creditedSec: number): void {
  const elapsedSec = toTs - trace.cursorTs
  trace.steps.push({
    kind: step.kind,
    rule: step.rule,
    block: step.block,
    ts: step.ts,
    fromTs: trace.cursorTs,
    toTs,
    elapsedSec,
    creditedSec,
    lostSec: elapsedSec - creditedSec,
    violation: step.violation ?? null,
    evidence: step.evidence,
  })
  trace.cursorTs = toTs
}

/** A step that does not move the clock. */
export function recordStill(trace: Trace, step: StepInput): void {
  recordMove(trace, step, trace.cursorTs, 0)
}

/** A chain figure as evidence: beyond 2^53 as text. */
export function figure(value: U64): number | string {
  return typeof value === 'bigint' ? value.toString() : value
}

const causes: Partial<Record<StepKind, Downtime['cause']>> = {
  'first-report': 'not-seen-yet',
  stored: 'not-seen-yet',
  sleep: 'not-seen-yet',
  report: 'gap',
  'post-report': 'gap',
  reboot: 'reboot',
  'post-reboot': 'reboot',
  wake: 'sleep-refused',
  'post-wake': 'sleep-refused',
  'wake-refused': 'sleep-refused',
  'too-high': 'refused',
  tail: 'not-seen-after',
}

/**
 * The stretches without credit. What a step credits lies at its end (an uptime counts backwards from its report), so the
 * downtime is the stretch before it. An ordinary report that lags by up to the grace is no downtime, and
 * neither is time that is not known yet or may still be credited (evidence `pending`).
 */
export function downtimesOf(steps: readonly Step[]): Downtime[] {
  const downtimes: Downtime[] = []
  for (const step of steps) {
    const cause = causes[step.kind]
    if (cause === undefined || step.lostSec <= 0 || step.evidence.pending === true) continue
    if ((step.kind === 'report' || step.kind === 'post-report') && step.lostSec <= GRACE_SEC) continue
    const toTs = step.toTs - Math.max(0, Math.min(step.creditedSec, step.elapsedSec))
    downtimes.push({
      // a step goes back where a report was dated ahead of its block
      fromTs: Math.min(step.fromTs, toTs),
      toTs,
      lostSec: step.lostSec,
      cause,
      ...refusedSleep(step),
      block: step.block,
    })
  }
  return downtimes
}

/** Why a sleep was refused, as its evidence says; nothing for every other step. */
function refusedSleep({ kind, evidence: { tooLong, tooSlow } }: Step): Pick<Downtime, 'sleep'> {
  if (kind !== 'wake-refused') return {}
  return { sleep: tooLong === true ? (tooSlow === true ? 'both' : 'too-long') : 'too-slow' }
}
