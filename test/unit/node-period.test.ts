import { describe, expect, test } from 'vitest'
import { cloudUnits } from '../../src-main/engines/minting/cloud-units.ts'
import { createNodePeriodFold } from '../../src-main/engines/minting/node-period/fold.ts'
import { rewardAt } from '../../src-main/engines/minting/node-period/mint.ts'
import { PERIOD_SEC, periodAt } from '../../src-shared/time.ts'
import { gridNode, policyOf, nodePeriodVectors as vectors } from '../helpers/node-period.ts'

/* Rule set node-period against the vectors of the specification (test/golden/economy). */

test('a period is as long as the vectors say, and the fixed ones lie where they say', () => {
  expect(PERIOD_SEC).toBe(vectors.period_seconds)
  for (const period of vectors.fixed_periods) expect(periodAt(period.index)).toEqual(period)
})

describe.each(vectors.uptime_scenarios)('$scenario', ({ reports, closed_periods }) => {
  test('each report leaves the uptime and the period that the vector has', () => {
    const fold = createNodePeriodFold(
      { period: { index: 0, start: 0, end: PERIOD_SEC } },
      { block: 0, ts: 1, nodes: [gridNode(1)], contracts: [], connectionPrice: 80 },
      { farms: [], farmingPolicies: [policyOf(3)] },
      { boundary: null },
    )
    for (const [index, report] of reports.entries()) {
      fold.block(index + 1, report.time)
      fold.uptime(1, report.time, report.uptime)
      const open = fold.running()[0]?.open
      expect({ accumulated: open?.info.uptimeSec, period_start: open?.info.period.start }).toEqual({
        accumulated: report.accumulated,
        period_start: report.period_start,
      })
    }
    expect(fold.saved().map(({ info }) => ({ start: info.period.start, uptime: info.uptimeSec }))).toEqual(closed_periods)
  })
})

test("a virtual node's reports are nobody's until it is deleted; from then on it is unknown", () => {
  const fold = createNodePeriodFold(
    { period: { index: 0, start: 0, end: PERIOD_SEC } },
    { block: 0, ts: 1, nodes: [{ ...gridNode(1), virtualized: true }], contracts: [], connectionPrice: 80 },
    { farms: [], farmingPolicies: [policyOf(3)] },
    { boundary: null },
  )
  fold.block(1, 100)
  fold.uptime(1, 100, 50)
  expect(fold.running()).toEqual([])
  fold.rare(['TfgridModule.NodeDeleted', { node_id: 1 }])
  fold.block(2, 200)
  expect(() => fold.uptime(1, 200, 150)).toThrow(/node 1\b/i)
})

test.each(vectors.cloud_units)('cloud units: $node', node => {
  const gib = 2 ** 30
  const units = cloudUnits({ cru: node.cru, mru: node.mru_gib * gib, hru: node.hru_gib * gib, sru: node.sru_gib * gib }, 0n)
  expect(units).toEqual({ cu: BigInt(node.cu_micro), su: BigInt(node.su_micro), nu: 0n })
})

test.each(vectors.payouts)('payout: $case', vector => {
  const { cu, su, nu, ipv4, sla_permill } = vectors.policy
  const reward = rewardAt(
    {
      cloudUnits: { cu: BigInt(vector.cu_micro), su: BigInt(vector.su_micro), nu: (BigInt(vector.nru_bytes) * 1_000_000n) / 2n ** 30n },
      ipSec: BigInt(vector.ip_seconds),
      policy: { id: vector.scaled ? 1 : 3, cu, su, nu, ipv4, minimal_uptime: sla_permill },
      connectionPriceMusd: vector.connection_price_musd,
    },
    vector.uptime,
  )
  expect({ sla_met: reward.slaMet, payout_units: reward.units }).toEqual({
    sla_met: vector.sla_met,
    payout_units: BigInt(vector.payout_units),
  })
})
