import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  downtimeLeftSec,
  earnedSoFar,
  type Known,
  projectLinear,
  type Standing,
  stateOf,
} from '../../src-main/engines/projection/linear.ts'
import { PERIOD_SEC, periodAt } from '../../src-shared/time.ts'

const period = periodAt(80)
const healthy: Standing = {
  nodeId: 1,
  farmId: 1,
  virtualized: false,
  violation: null,
  measuredUptimeSec: 0,
  slowBoots: 0,
  lastReportTs: null,
  sleepingSinceTs: null,
  rewardMusd: 22_354n,
  rewardUnits: 2_794_250_000n,
  fullMusd: 22_354n,
  fullUnits: 2_794_250_000n,
  slaPermille: 950,
  scaled: true,
}
const at = (sec: number): Known => ({ startTs: period.start, endTs: period.end, asOfTs: period.start + sec })

test('a finished period projects to what it pays, whatever the figures', () => {
  const node = { ...healthy, rewardUnits: 7n, measuredUptimeSec: 1 }
  expect(projectLinear(node, at(PERIOD_SEC)).units).toBe(7n)
  expect(earnedSoFar(node, at(PERIOD_SEC)).units).toBe(7n)
})

test('half a period without downtime has earned half and projects to all', () => {
  const half = PERIOD_SEC / 2
  const node = { ...healthy, measuredUptimeSec: half, lastReportTs: period.start + half }
  expect(earnedSoFar(node, at(half)).units).toBe(1_397_125_000n)
  expect(projectLinear(node, at(half)).units).toBe(2_794_250_000n)
  expect(stateOf(node, at(half)).state).toBe('up')
})

test('the downtime budget is exact: at zero left the SLA is still met by staying up, one second less and it is not', () => {
  const asOf = PERIOD_SEC / 2
  const neededSec = Math.ceil(0.95 * PERIOD_SEC)
  const node = { ...healthy, measuredUptimeSec: neededSec - (PERIOD_SEC - asOf), lastReportTs: period.start + asOf }
  expect(downtimeLeftSec(node, at(asOf))).toBe(0)
  expect(downtimeLeftSec({ ...node, measuredUptimeSec: node.measuredUptimeSec - 1 }, at(asOf))).toBe(-1)
  expect(stateOf({ ...node, measuredUptimeSec: node.measuredUptimeSec - 1 }, at(asOf)).state).toBe('at-risk')
})

test('silence makes a node late, then down; a violation puts it at risk; sleep over 24 h too', () => {
  const asOf = 1_000_000
  const node = { ...healthy, measuredUptimeSec: asOf, lastReportTs: period.start + asOf - 3000 }
  expect(stateOf(node, at(asOf))).toMatchObject({ state: 'at-risk', reason: expect.stringContaining('late') })
  expect(stateOf({ ...node, lastReportTs: period.start + asOf - 4861 }, at(asOf)).state).toBe('down')
  expect(stateOf({ ...node, lastReportTs: null }, at(asOf)).state).toBe('down')
  expect(stateOf({ ...node, lastReportTs: null }, at(60)).state).toBe('unknown')
  expect(stateOf({ ...node, violation: 'ClockSkew', lastReportTs: period.start + asOf }, at(asOf)).reason).toContain('clock skew')
  expect(stateOf({ ...node, sleepingSinceTs: period.start + asOf - 86_400 }, at(asOf)).state).toBe('asleep')
  expect(stateOf({ ...node, sleepingSinceTs: period.start + asOf - 86_401 }, at(asOf)).state).toBe('at-risk')
})

test('no projection pays more than the full payout, and none pays below the SLA', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: PERIOD_SEC - 1 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.boolean(),
      fc.bigInt(0n, 10n ** 18n),
      (asOf, share, scaled, full) => {
        const node = { ...healthy, scaled, fullUnits: full, measuredUptimeSec: Math.floor(asOf * share) }
        const { units } = projectLinear(node, at(asOf))
        expect(units <= full && units >= 0n).toBe(true)
        if (Math.floor((node.measuredUptimeSec * 1000) / asOf) < 950) expect(units).toBe(0n)
        expect(earnedSoFar(node, at(asOf)).units <= full).toBe(true)
      },
    ),
  )
})
