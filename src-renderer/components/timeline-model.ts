import type { Downtime, Explanation, Step } from '../../src-shared/mint.ts'
import type { NodeDetail, NodeState } from '../../src-shared/nodes-contract.ts'

/**
 * What the uptime timeline draws, worked out from what the core says: stretches of one state without a gap, and marks for every
 * report and event. Pure, so that it can be tested without a canvas. All times are seconds since the epoch.
 */

/** One stretch of the period in one state. The stretches of a period follow each other without a gap. */
export interface Segment {
  state: Extract<NodeState, 'up' | 'down' | 'asleep' | 'unknown'>
  fromTs: number
  toTs: number
  /** the downtime that it belongs to, where there is one */
  downtime: Downtime | null
}

/** How a mark is drawn; `report` is the ordinary one, of which there are a thousand. */
export type MarkKind = 'report' | 'reboot' | 'sleep' | 'wake' | 'boot-request' | 'violation' | 'ignored' | 'change'

/** One event on the timeline: a step of the explanation, or a chain event that changed nothing about the uptime. */
export interface Mark {
  kind: MarkKind
  /** where it stands on the line: its time, or the period's end for what came after it and still counted */
  ts: number
  /** when it was */
  eventTs: number
  block: number | null
  step: Step | null
  event: NodeDetail['timeline'][number] | null
}

/** What is visible of the period. */
export interface View {
  fromTs: number
  toTs: number
}

export interface TimelineModel {
  period: View
  /** until when the chain is known; at most the period's end */
  knownToTs: number
  segments: Segment[]
  marks: Mark[]
}

const stepMark: Record<Step['kind'], MarkKind | null> = {
  'first-report': 'report',
  report: 'report',
  reboot: 'reboot',
  'too-high': 'violation',
  'too-low': 'violation',
  'invalid-reboot': 'violation',
  ignored: 'ignored',
  sleep: 'sleep',
  'boot-request': 'boot-request',
  wake: 'wake',
  'wake-refused': 'wake',
  'boot-expired': 'violation',
  stored: 'change',
  updated: 'change',
  'post-report': 'report',
  'post-reboot': 'reboot',
  'post-wake': 'wake',
  tail: null,
  twin: null,
  carried: null,
  late: 'violation',
  'period-end': 'report',
  'period-begin': 'report',
  capped: null,
  rent: 'change',
  'rent-end': 'change',
}

/** The whole timeline of a node's period. Without an explanation there are no segments but unknown ones, and the raw events. */
export function timelineModel(detail: Pick<NodeDetail, 'row' | 'period' | 'timeline'>, explanation: Explanation | null): TimelineModel {
  const period = { fromTs: detail.period.start, toTs: detail.period.end }
  const knownToTs = Math.max(period.fromTs, Math.min(detail.period.completeUntilTs, period.toTs))
  return {
    period,
    knownToTs,
    segments: explanation
      ? segments(period, knownToTs, explanation, detail.row.sleepingSinceTs)
      : [{ state: 'unknown', ...period, downtime: null }],
    marks: marks(period, detail.timeline, explanation?.steps ?? []),
  }
}

/**
 * The states in the order of the period. Steps say what counted; downtimes, which are exact, are laid over them; a sleep that is
 * still going on over those; what isn't known yet over everything.
 */
function segments(period: View, knownToTs: number, explanation: Explanation, sleepingSinceTs: number | null): Segment[] {
  let line: Segment[] = [{ state: 'unknown', ...period, downtime: null }]
  for (const step of explanation.steps) {
    if (step.toTs <= step.fromTs) continue
    line = overlay(line, { state: stepState(step, knownToTs < period.toTs), fromTs: step.fromTs, toTs: step.toTs, downtime: null })
  }
  for (const downtime of explanation.downtimes) {
    if (downtime.cause === 'not-seen-after' && knownToTs < period.toTs && downtime.toTs - downtime.fromTs <= REPORT_DUE_SEC) continue
    line = overlay(line, { state: 'down', fromTs: downtime.fromTs, toTs: downtime.toTs, downtime })
  }
  if (sleepingSinceTs !== null) line = overlay(line, { state: 'asleep', fromTs: sleepingSinceTs, toTs: knownToTs, downtime: null })
  line = overlay(line, { state: 'unknown', fromTs: knownToTs, toTs: period.toTs, downtime: null })
  return merged(line)
}

/** Longest time between two reports of a healthy node: the interval and the grace (minting.md, rule set v3). */
const REPORT_DUE_SEC = 2460

function stepState(step: Step, running: boolean): Segment['state'] {
  // while the period runs, a report that isn't due yet is no downtime
  if (step.kind === 'tail' && running && step.elapsedSec <= REPORT_DUE_SEC) return 'unknown'
  if (step.kind === 'wake' || step.kind === 'post-wake') return 'asleep'
  return step.creditedSec > 0 ? 'up' : 'down'
}

/** Lays `over` on a gapless line, cut to the line's ends. */
function overlay(line: Segment[], over: Segment): Segment[] {
  const fromTs = Math.max(over.fromTs, line[0]!.fromTs)
  const toTs = Math.min(over.toTs, line.at(-1)!.toTs)
  if (toTs <= fromTs) return line
  // steps come in order, so what changes is nearly always the last piece: keep the untouched head as it is
  let first = line.length - 1
  while (line[first]!.fromTs > fromTs) first--
  const result = line.slice(0, first)
  const head = line[first]!
  if (head.fromTs < fromTs) result.push({ ...head, toTs: fromTs })
  result.push({ ...over, fromTs, toTs })
  for (const piece of line.slice(first)) if (piece.toTs > toTs) result.push({ ...piece, fromTs: Math.max(piece.fromTs, toTs) })
  return result
}

function merged(line: Segment[]): Segment[] {
  const result: Segment[] = []
  for (const piece of line) {
    const last = result.at(-1)
    if (last && last.state === piece.state && last.downtime === piece.downtime) last.toTs = piece.toTs
    else result.push({ ...piece })
  }
  return result
}

/** Of what came after the period only what it still credits or judges; all the rest is in the list of steps. */
function marks(period: View, timeline: NodeDetail['timeline'], steps: Step[]): Mark[] {
  const result: Mark[] = []
  const explained = new Set<string>()
  const onLine = (ts: number) => Math.min(Math.max(ts, period.fromTs), period.toTs)
  for (const step of steps) {
    const kind = step.violation && step.block !== null ? 'violation' : stepMark[step.kind]
    if (step.block !== null) explained.add(`${stepTopic(step)} ${step.block}`)
    if (!kind || (step.ts > period.toTs && step.elapsedSec === 0 && step.violation === null)) continue
    result.push({ kind, ts: onLine(step.ts), eventTs: step.ts, block: step.block, step, event: null })
  }
  for (const event of timeline) {
    if (event.ts > period.toTs || explained.has(`${event.kind} ${event.block}`)) continue
    result.push({
      kind: event.kind === 'report' ? 'ignored' : 'change',
      ts: onLine(event.ts),
      eventTs: event.ts,
      block: event.block,
      step: null,
      event,
    })
  }
  return result.sort((a, b) => a.eventTs - b.eventTs || (a.block ?? 0) - (b.block ?? 0))
}

/** A step and the chain event behind it have the same block and the same topic. */
function stepTopic(step: Step): string {
  if (step.kind === 'sleep') return 'state-down'
  if (step.kind === 'boot-request') return 'target-up'
  if (step.kind === 'stored' || step.kind === 'updated') return step.kind
  return 'report'
}

/** Marks other than ordinary reports: what one jumps between. */
export function isNotable(mark: Mark): boolean {
  return mark.kind !== 'report'
}

/** The segment that holds the second `ts`, or undefined outside the period. */
export function segmentAt(model: TimelineModel, ts: number): Segment | undefined {
  return model.segments.find(segment => ts >= segment.fromTs && ts < segment.toTs)
}

/** The index of the mark nearest to `ts` among those at most `withinSec` away, preferring notable ones; -1 if none. */
export function nearestMark(list: Mark[], ts: number, withinSec: number): number {
  let best = -1
  let bestScore = Number.POSITIVE_INFINITY
  for (let index = lowerBound(list, ts - withinSec); index < list.length && list[index]!.ts <= ts + withinSec; index++) {
    const mark = list[index]!
    // a reboot beside a hundred reports must be reachable with the pointer: it wins over reports in reach
    const score = Math.abs(mark.ts - ts) + (isNotable(mark) ? 0 : withinSec)
    if (score < bestScore) {
      best = index
      bestScore = score
    }
  }
  return best
}

/** The next mark after (or before) index `from`, only notable ones if wanted; `from` itself where there is none. */
export function stepMarkIndex(list: Mark[], from: number, direction: 1 | -1, notableOnly: boolean): number {
  for (let index = from + direction; index >= 0 && index < list.length; index += direction)
    if (!notableOnly || isNotable(list[index]!)) return index
  return from
}

/** The first index whose mark is at or after `ts`. */
export function lowerBound(list: Mark[], ts: number): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (list[middle]!.ts < ts) low = middle + 1
    else high = middle
  }
  return low
}

/** The closest look: ten minutes. */
const MIN_VIEW_SEC = 600

/** Narrows (`factor` below 1) or widens the view around `anchorTs`, within the period. */
export function zoom(view: View, period: View, factor: number, anchorTs: number): View {
  const width = view.toTs - view.fromTs
  const wanted = Math.min(Math.max(width * factor, MIN_VIEW_SEC), period.toTs - period.fromTs)
  const share = width === 0 ? 0.5 : (anchorTs - view.fromTs) / width
  return within({ fromTs: anchorTs - share * wanted, toTs: anchorTs + (1 - share) * wanted }, period)
}

/** The view between two seconds in either order, at least ten minutes wide, within the period. */
export function between(oneTs: number, otherTs: number, period: View): View {
  const middle = (oneTs + otherTs) / 2
  const half = Math.max(Math.abs(oneTs - otherTs), MIN_VIEW_SEC) / 2
  return within({ fromTs: middle - half, toTs: middle + half }, period)
}

/** Moves the view by a share of its width; stops at the period's ends. */
export function pan(view: View, period: View, share: number): View {
  const by = (view.toTs - view.fromTs) * share
  return within({ fromTs: view.fromTs + by, toTs: view.toTs + by }, period)
}

/** The same view where it holds `ts`, else moved so that it does. */
export function reveal(view: View, period: View, ts: number): View {
  if (ts >= view.fromTs && ts <= view.toTs) return view
  const half = (view.toTs - view.fromTs) / 2
  return within({ fromTs: ts - half, toTs: ts + half }, period)
}

function within(view: View, period: View): View {
  const width = Math.min(view.toTs - view.fromTs, period.toTs - period.fromTs)
  const fromTs = Math.min(Math.max(view.fromTs, period.fromTs), period.toTs - width)
  return { fromTs, toTs: fromTs + width }
}

const TICK_STEPS_SEC = [60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 172_800, 432_000, 864_000]

/**
 * Round times for the axis, at most `most` of them, aligned in local time: `offsetSec(ts)` is local minus UTC at that second.
 * `days` tells whether the labels name days or times of day.
 */
export function axisTicks(view: View, most: number, offsetSec: (ts: number) => number): { days: boolean; ticks: number[] } {
  const width = view.toTs - view.fromTs
  const step = TICK_STEPS_SEC.find(candidate => width / candidate <= most) ?? TICK_STEPS_SEC.at(-1)!
  const offset = offsetSec(view.fromTs)
  const ticks: number[] = []
  for (let local = Math.ceil((view.fromTs + offset) / step) * step; ; local += step) {
    // the offset at the tick itself: a change of the clocks inside the view moves what comes after it
    const ts = local - offsetSec(local - offset)
    if (ts > view.toTs) break
    if (ts >= view.fromTs) ticks.push(ts)
  }
  return { days: step >= 86_400, ticks }
}

/** What the timeline shows in numbers, for people who don't see it. */
export function timelineTotals(
  model: TimelineModel,
): Record<Segment['state'], number> & { reports: number; reboots: number; sleeps: number } {
  const totals = { up: 0, down: 0, asleep: 0, unknown: 0, reports: 0, reboots: 0, sleeps: 0 }
  for (const segment of model.segments) totals[segment.state] += segment.toTs - segment.fromTs
  for (const mark of model.marks) {
    if (mark.kind === 'reboot') totals.reboots++
    else if (mark.kind === 'sleep') totals.sleeps++
    if (mark.kind === 'report' || mark.kind === 'reboot') totals.reports++
  }
  return totals
}
