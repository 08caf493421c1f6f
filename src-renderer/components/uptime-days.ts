import type { NodeState } from '../../src-shared/nodes-contract.ts'
import { formatDuration } from '../../src-shared/time.ts'
import { formatDay } from '../format.ts'
import { stateWords, texts } from '../texts.ts'

const words = texts.explain.strip

/** Seconds per day of a period, as nodes.list has them. */
export interface Days {
  up: readonly number[]
  asleep: readonly number[]
  down: readonly number[]
}

/** Where a day's share of uptime stops being a bad day and becomes a day without the node. */
const downBelow = 0.5

/**
 * The state of one day: unknown while nothing is known of it; fine or asleep (whichever was longer) while the share that counts
 * (up and asleep) keeps the SLA; at risk below the SLA; down below half.
 */
export function dayState(days: Days, index: number, slaPermille: number): NodeState {
  const up = days.up[index] ?? 0
  const asleep = days.asleep[index] ?? 0
  const known = up + asleep + (days.down[index] ?? 0)
  if (known <= 0) return 'unknown'
  const share = (up + asleep) / known
  if (share < downBelow) return 'down'
  if (share * 1000 < slaPermille) return 'at-risk'
  return asleep > up ? 'asleep' : 'up'
}

/** `12 Nov, 23 h 58 min up, 2 min down`; a day begins at the period's hour. */
export function dayWords(days: Days, index: number, periodStart: number): string {
  const parts: string[] = []
  const up = days.up[index] ?? 0
  const asleep = days.asleep[index] ?? 0
  const down = days.down[index] ?? 0
  if (up > 0) parts.push(words.up(formatDuration(up)))
  if (asleep > 0) parts.push(words.asleep(formatDuration(asleep)))
  if (down > 0) parts.push(words.down(formatDuration(down)))
  return `${dayName(periodStart + index * 86_400)}, ${parts.length > 0 ? parts.join(', ') : words.unknown}`
}

const dayNames = new Map<number, string>()

/** Formatting dates is slow, thousands of strips share the same 31 of them. */
function dayName(ts: number): string {
  let name = dayNames.get(ts)
  if (name === undefined) {
    name = formatDay(ts)
    dayNames.set(ts, name)
  }
  return name
}

/** The whole strip in one sentence: how many days of each state, and the worst days by name. */
export function stripWords(days: Days, periodStart: number, slaPermille: number): string {
  const counts = new Map<NodeState, number>()
  const bad: { index: number; down: number }[] = []
  for (let index = 0; index < days.up.length; index++) {
    const state = dayState(days, index, slaPermille)
    counts.set(state, (counts.get(state) ?? 0) + 1)
    if (state === 'down' || state === 'at-risk') bad.push({ index, down: days.down[index] ?? 0 })
  }
  const summary = (['up', 'asleep', 'at-risk', 'down', 'unknown'] as const)
    .filter(state => counts.has(state))
    .map(state => words.days(counts.get(state) ?? 0, stateWords[state]))
  const worst = bad
    .sort((a, b) => b.down - a.down)
    .slice(0, 3)
    .sort((a, b) => a.index - b.index)
    .map(({ index }) => dayWords(days, index, periodStart))
  return [summary.join(', '), ...worst].join('; ')
}
