import { causeText, describeStep } from '../../src-shared/explain-text.ts'
import { group } from '../../src-shared/money.ts'
import { formatDuration, formatUtc } from '../../src-shared/time.ts'
import { formatDateTime } from '../format.ts'
import { stateWords } from '../texts.ts'
import { type Mark, type Segment, type TimelineModel, timelineTotals } from './timeline-model.ts'

const eventWords: Record<NonNullable<Mark['event']>['kind'], string> = {
  report: 'Report that changed nothing',
  'target-up': 'Asked to be up',
  'target-down': 'Asked to go down',
  'state-up': 'Says that it is up',
  'state-down': 'Says that it is down',
  stored: 'Registered',
  updated: 'Changed on the chain',
  contract: 'Contract',
}

/** When it was: local, then UTC. */
export function momentText(ts: number): string {
  return `${formatDateTime(ts, true)} (${formatUtc(ts)})`
}

/** What an event is and what it did, without its time. */
export function markText(mark: Mark): string {
  const block = mark.block === null ? '' : ` Block ${group(String(mark.block))}.`
  if (mark.step) return `${describeStep({ ...mark.step, evidence: {} })}${block}`
  const { kind, uptime } = mark.event!
  const reported = uptime === null ? '' : `, up for ${formatDuration(uptime)} by its own account`
  return `${eventWords[kind]}${reported}.${block}`
}

/** What the node was in a stretch, and why. */
export function segmentText(segment: Segment): string {
  const length = formatDuration(segment.toTs - segment.fromTs)
  const why = segment.downtime ? `: ${causeText(segment.downtime.cause)}, ${formatDuration(segment.downtime.lostSec)} lost` : ''
  return `${stateWords[segment.state]} for ${length}${why}`
}

/** The whole timeline in one sentence. */
export function timelineText(model: TimelineModel): string {
  const totals = timelineTotals(model)
  const count = (number: number, one: string, many: string) => `${group(String(number))} ${number === 1 ? one : many}`
  const parts = [
    `up ${formatDuration(totals.up)}`,
    totals.asleep > 0 ? `asleep ${formatDuration(totals.asleep)}` : null,
    `down ${formatDuration(totals.down)}`,
    totals.unknown > 0 ? `not known yet ${formatDuration(totals.unknown)}` : null,
    count(totals.reports, 'report', 'reports'),
    count(totals.reboots, 'restart', 'restarts'),
    count(totals.sleeps, 'sleep', 'sleeps'),
  ]
  return `In this period: ${parts.filter(Boolean).join(', ')}.`
}
