import { causeText, describeStep } from '../../src-shared/explain-text.ts'
import { group } from '../../src-shared/money.ts'
import { formatDuration, formatUtc } from '../../src-shared/time.ts'
import { formatDateTime } from '../format.ts'
import { stateWords, texts } from '../texts.ts'
import { type Mark, type Segment, type TimelineModel, timelineTotals } from './timeline-model.ts'

const words = texts.explain.timeline

/** When it was: local, then UTC. */
export function momentText(ts: number): string {
  return `${formatDateTime(ts, true)} (${formatUtc(ts)})`
}

/** What an event is and what it did, without its time. */
export function markText(mark: Mark): string {
  const block = mark.block === null ? '' : ` ${words.block(group(String(mark.block)))}`
  if (mark.step) return `${describeStep(mark.step)}${block}`
  const { kind, uptime } = mark.event!
  const what = words.happened[kind]
  return `${uptime === null ? what : words.reported(what, formatDuration(uptime))}.${block}`
}

/** What the node was in a stretch, and why. */
export function segmentText(segment: Segment): string {
  const state = stateWords[segment.state]
  const length = formatDuration(segment.toTs - segment.fromTs)
  const { downtime } = segment
  return downtime ? words.stretchLost(state, length, causeText(downtime), formatDuration(downtime.lostSec)) : words.stretch(state, length)
}

/** The whole timeline in one sentence. */
export function timelineText(model: TimelineModel): string {
  const totals = timelineTotals(model)
  const count = (number: number) => group(String(number))
  const parts = [
    words.up(formatDuration(totals.up)),
    totals.asleep > 0 ? words.asleep(formatDuration(totals.asleep)) : null,
    words.down(formatDuration(totals.down)),
    totals.unknown > 0 ? words.unknown(formatDuration(totals.unknown)) : null,
    words.reports(count(totals.reports)),
    words.restarts(count(totals.reboots)),
    words.sleeps(count(totals.sleeps)),
  ]
  return words.sum(parts.filter(Boolean).join(', '))
}
