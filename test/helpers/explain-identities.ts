import { expect } from 'vitest'
import { withoutCredit } from '../../src-shared/explain-text.ts'
import type { Explanation, NodeResult } from '../../src-shared/mint.ts'

/** What must hold for every explanation: see stepSchema and DayTally. */
export function checkExplanation(explanation: Explanation, node: NodeResult, knownSec: number): void {
  const { steps, period } = explanation
  const sum = (member: 'creditedSec' | 'elapsedSec' | 'lostSec') => steps.reduce((total, step) => total + step[member], 0)
  let cursorTs = period.start
  for (const step of steps) {
    expect(step.fromTs).toBe(cursorTs)
    expect(step.elapsedSec).toBe(step.toTs - step.fromTs)
    expect(step.lostSec).toBe(step.elapsedSec - step.creditedSec)
    cursorTs = step.toTs
  }
  expect(cursorTs).toBeGreaterThanOrEqual(period.end)
  expect(sum('creditedSec')).toBe(node.measuredUptimeSec)
  expect(sum('elapsedSec')).toBe(cursorTs - period.start)
  expect(explanation.measuredUptimeSec).toBe(node.measuredUptimeSec)
  expect(explanation.elapsedSec).toBe(cursorTs - period.start)
  expect(explanation.lostSec).toBe(sum('lostSec'))
  const { lostSec, aheadSec, waitingSec, unknownSec } = withoutCredit(steps)
  expect(lostSec - aheadSec + waitingSec + unknownSec).toBe(explanation.lostSec)
  expect(Math.min(lostSec, aheadSec, waitingSec, unknownSec)).toBeGreaterThanOrEqual(0)
  // what the list of downtimes says is lost is not made up for by reports that ran ahead
  const downSec = explanation.downtimes.reduce((total, downtime) => total + downtime.lostSec, 0)
  expect(lostSec).toBeGreaterThanOrEqual(downSec)
  if (!explanation.provisional) expect(waitingSec + unknownSec).toBe(0)
  expect(explanation.violation?.violation ?? null).toBe(node.violation)
  expect(explanation.hash).toBe(node.hash)
  const line = (name: string) => explanation.derivation.find(entry => entry.name === name)!.value
  expect(line('tft').replace('.', '')).toBe(node.rewardUnits.toString().padStart(8, '0'))
  expect(line('usd').replace('.', '')).toBe(node.rewardMusd.toString().padStart(4, '0'))
  for (const downtime of explanation.downtimes) {
    expect(downtime.toTs).toBeGreaterThanOrEqual(downtime.fromTs)
    expect(downtime.lostSec).toBeGreaterThan(0)
  }
  checkDays(node, period.end - period.start, knownSec)
}

/** Each day's three figures are its known seconds, and none is negative. */
export function checkDays(node: NodeResult, periodSec: number, knownSec: number): void {
  const { up, asleep, down } = node.days
  expect(up.length).toBe(Math.ceil(periodSec / 86_400))
  for (let day = 0; day < up.length; day++) {
    const known = Math.max(0, Math.min((day + 1) * 86_400, periodSec, knownSec) - day * 86_400)
    expect(Math.min(up[day]!, asleep[day]!, down[day]!)).toBeGreaterThanOrEqual(0)
    expect(up[day]! + asleep[day]! + down[day]!).toBe(known)
  }
}
