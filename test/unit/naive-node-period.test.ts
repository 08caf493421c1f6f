import { describe, expect, test } from 'vitest'
import type { FarmingPolicy } from '../../src-shared/grid.ts'
import { PERIOD_SEC } from '../../src-shared/time.ts'
import { naiveNodePeriod, naivePayout } from '../helpers/naive-node-period.ts'
import { naiveCloudUnits } from '../helpers/naive-v3.ts'
import { nodePeriodVectors as vectors } from '../helpers/node-period.ts'
import { policy } from '../helpers/random-history.ts'
import { archiveOf, gib, type Line, nodeOf, only, reported, run, T0, updated, whole } from '../helpers/small-node-life.ts'

/* The naive re-statement of rule set node-period against the vectors of its rules, and by small histories worked out by hand. */

const { sla_permill, ...figures } = vectors.policy
const vectorPolicy = (scaled: boolean): FarmingPolicy => policy(scaled ? 1 : 4, 'vector', { ...figures, minimal_uptime: sla_permill })

describe('vectors', () => {
  test.each(vectors.uptime_scenarios)('uptime: $scenario', ({ reports, closed_periods }) => {
    const lines = reports.map(({ time, uptime }): Line => [time, reported(uptime)])
    for (const [index, report] of reports.entries()) {
      expect(report.result).toMatch(/^accepted/)
      const [open] = naiveNodePeriod(archiveOf(lines.slice(0, index + 1))).open
      expect(open).toMatchObject({
        periodStart: report.period_start,
        lastTs: report.time,
        lastUptime: BigInt(report.uptime),
        uptimeSec: report.accumulated,
        violation: null,
      })
    }
    const closed = naiveNodePeriod(archiveOf(lines)).mints.map(mint => ({ start: mint.period.start, uptime: mint.uptimeSec }))
    expect(closed).toEqual(closed_periods)
  })

  test.each(vectors.cloud_units)('cloud units: $node', ({ cru, mru_gib, hru_gib, sru_gib, cu_micro, su_micro }) => {
    const { cu, su } = naiveCloudUnits({ cru: BigInt(cru), mru: gib(mru_gib), hru: gib(hru_gib), sru: gib(sru_gib) }, 0n)
    expect({ cu, su }).toEqual({ cu: BigInt(cu_micro), su: BigInt(su_micro) })
  })

  test.each(vectors.payouts)('payout: $case', vector => {
    const paid = naivePayout(
      {
        cloudUnits: { cu: BigInt(vector.cu_micro), su: BigInt(vector.su_micro), nu: (BigInt(vector.nru_bytes) * 1_000_000n) / gib(1) },
        ipSec: BigInt(vector.ip_seconds),
        uptime: BigInt(vector.uptime),
        violation: null,
        priceMusd: BigInt(vector.connection_price_musd),
        where: vector.case,
      },
      vectorPolicy(vector.scaled),
      false,
    )
    expect(paid).toMatchObject({
      slaMet: vector.sla_met,
      scaled: vector.scaled,
      rewardUnits: BigInt(vector.payout_units),
      carbonUnits: 0n,
    })
  })

  test.each(vectors.carbon)('carbon: $uptime s', vector => {
    const period = {
      cloudUnits: { cu: BigInt(vector.cu_micro), su: BigInt(vector.su_micro), nu: 0n },
      ipSec: 0n,
      uptime: BigInt(vector.uptime),
      violation: null,
      priceMusd: BigInt(vector.connection_price_musd),
      where: 'vector',
    }
    // always scaled, whatever the policy does
    for (const scaled of [true, false])
      expect(naivePayout(period, vectorPolicy(scaled), true).carbonUnits).toBe(BigInt(vector.carbon_units))
  })
})

describe('uptime reports', () => {
  /** what the second report, 2,400 s after the first, does */
  const second = (firstUptime: number | bigint, uptime: number | bigint) => {
    const [open] = run([
      [T0, reported(firstUptime)],
      [T0 + 2400, reported(uptime)],
    ]).open
    return [open!.uptimeSec, open!.violation, open!.lastTs === T0 + 2400]
  }
  test.each([
    ['a little slow', 100_000, 102_340, [2340, null, true]],
    ['a second slower: late', 100_000, 102_339, [0, null, false]],
    ['a little fast', 100_000, 102_460, [2460, null, true]],
    ['a second faster: too high', 100_000, 102_461, [0, 'UptimeTooHigh', false]],
    ['lagging, below the last one', 100_000, 2461, [0, null, false]],
    ['a reboot at the edge', 100_000, 2460, [2400, null, true]],
    ['no uptime at all', 100_000, 0, [0, null, true]],
    ['beyond 2^53, to the second', 2n ** 62n + 1n, 2n ** 62n + 2462n, [0, 'UptimeTooHigh', false]],
    ['beyond 2^53, a second less', 2n ** 62n + 1n, 2n ** 62n + 2461n, [2460, null, true]],
  ])('%s', (_, first, uptime, expected) => {
    expect(second(first, uptime)).toEqual(expected)
  })

  test('of two in one block, growth within the window counts and none is a reboot at once', () => {
    const twice = (uptime: number) =>
      run([
        [T0, reported(30)],
        [T0, reported(uptime)],
      ]).open[0]!.uptimeSec
    expect([twice(31), twice(90), twice(30), twice(91)]).toEqual([1, 60, 0, 0])
  })

  test('a refused report closes nothing and leaves its violation to the open period alone', () => {
    const lines: Line[] = [
      [T0, reported(1000)],
      [T0 + PERIOD_SEC + 100, reported(2000 + PERIOD_SEC)],
      [T0 + PERIOD_SEC + 200, reported(1200 + PERIOD_SEC)],
    ]
    expect(run(lines.slice(0, 2)).mints).toEqual([])
    const { mints, open } = run(lines)
    expect(mints).toMatchObject([{ violation: 'UptimeTooHigh', outcome: 'violation', uptimeSec: PERIOD_SEC, rewardUnits: 0n }])
    expect(mints[0]!.closed).toEqual({ block: 3, ts: T0 + PERIOD_SEC + 200 })
    expect(open).toMatchObject([{ violation: null, uptimeSec: 200, periodStart: T0 + PERIOD_SEC }])
  })

  test('one report closes two periods: downtime first in each', () => {
    // 2.5 periods later with 2 periods of uptime: half a period down, all of it in the first
    const { mints, open } = run([
      [T0, reported(0)],
      [T0 + 2.5 * PERIOD_SEC, reported(2 * PERIOD_SEC)],
    ])
    expect(mints.map(mint => mint.uptimeSec)).toEqual([PERIOD_SEC / 2, PERIOD_SEC])
    expect(open[0]).toMatchObject({ uptimeSec: PERIOD_SEC / 2, periodStart: T0 + 2 * PERIOD_SEC })
    const cores = 8n * BigInt(PERIOD_SEC)
    expect([...mints, ...open].map(state => state.capacity.cru)).toEqual([cores, cores, cores / 2n])
  })

  test('a clock that runs fast earns no more than the period', () => {
    const fast = Array.from({ length: 30 }, (_, i): Line => [T0 + (i + 1) * 86_400, reported(1000 + (i + 1) * 86_460)])
    const mint = only([[T0, reported(1000)], ...fast, [T0 + PERIOD_SEC, reported(1000 + 30 * 60 + PERIOD_SEC)]])
    expect(mint.uptimeSec).toBe(PERIOD_SEC)
  })

  test('one of an unknown node, or of a deleted one, is refused', () => {
    expect(() => run([[T0, reported(1, 9)]])).toThrow('block 1: TfgridModule.NodeUptimeReported of node 9')
    const deleted: Line = [T0, ['TfgridModule.NodeDeleted', { node_id: 1 }]]
    expect(run(whole([deleted]).slice(0, 2))).toEqual({ mints: [], open: [] })
    expect(() => run(whole([deleted]))).toThrow('block 2')
  })
})

describe('resources', () => {
  const cores = (cru: number, price = 80) => updated({ resources: { ...nodeOf().resources, cru }, connection_price: price })
  test('the minimum falls and stays until the next period, which starts at what the node has', () => {
    const { mints, open } = run(
      whole([
        [T0 + 100, cores(4)],
        [T0 + 200, cores(16)],
      ]),
    )
    expect(mints[0]).toMatchObject({ minimum: { cru: 4 }, maximum: { cru: 16 } })
    expect(open[0]).toMatchObject({ minimum: { cru: 16 }, maximum: { cru: 16 } })
  })

  test.each([
    ['below', 79, 16],
    ['at', 80, 16],
    ['above', 81, 8],
  ])("the maximum rises with the chain's price %s the node's own, else the next period is capped", (_, price, cru) => {
    const { mints, open } = run(
      whole([
        [T0 + 100, ['TfgridModule.ConnectionPriceSet', { price }]],
        [T0 + 100, cores(16)],
      ]),
    )
    expect(mints[0]).toMatchObject({ minimum: { cru: 8 }, maximum: { cru } })
    expect(open[0]).toMatchObject({ minimum: { cru }, maximum: { cru } })
  })

  test("the chain's price is the snapshot's, and 80 where it says none", () => {
    const open = (connectionPrice?: number) =>
      run([[T0, cores(16, 90)]], connectionPrice === undefined ? {} : { connectionPrice }).open[0]?.maximum.cru
    expect([open(), open(90), open(91)]).toEqual([16, 16, 8])
    expect(run([[T0, cores(16, 79)]]).open[0]?.maximum.cru).toBe(8)
  })
})

describe('farm, policy and price', () => {
  const end = T0 + PERIOD_SEC
  test.each([
    ['just before', -1, 2, 5],
    ['at', 0, 1, 4],
    ['after', 1, 1, 4],
  ])('a change %s the end', (_, offset, farmId, policyId) => {
    const { mints, open } = run([
      [T0, reported(0)],
      [end + offset, updated({ farm_id: 2, farming_policy_id: 5, certification: 'Certified', connection_price: 160 })],
      [end + PERIOD_SEC + 10, reported(2 * PERIOD_SEC + 10)],
    ])
    // both of the periods that one report closes keep what was followed until the first one's end; price and certification are the node's
    const expected = { farmId, policyId, farmTwinId: 10_000 + farmId, certified: true, connectionPriceMusd: 160 }
    expect(mints).toMatchObject([expected, expected])
    expect(open).toMatchObject([{ farmId: 2, policyId: 5 }])
  })

  test("a policy's figures and a farm's twin are those before the end", () => {
    const changes = (ts: number): Line[] => [
      [ts, ['TfgridModule.FarmingPolicyUpdated', { policy: policy(4, 'fourth', { cu: 4800 }) }]],
      [ts, ['TfgridModule.FarmUpdated', { farm: { id: 1, name: 'farm1', twin_id: 7 } }]],
    ]
    // (7.75 * 2400 + 2.048 * 1000) / 80 TFT
    const first = only(whole([]))
    const before = only(whole(changes(end - 1)))
    expect([first.rewardUnits, first.farmTwinId]).toEqual([2_581_000_000n, 10_001])
    expect(before.farmTwinId).toBe(7)
    expect(before.rewardUnits).toBeGreaterThan(first.rewardUnits)
    expect(only(whole(changes(end)))).toEqual({ ...first, closed: { block: 2, ts: end } })
  })

  test('the snapshot at the start comes before the one at the end', () => {
    const parts = { startPolicies: [policy(4, 'fourth', { minimal_uptime: 1001 })], startFarms: [{ id: 1, name: 'old', twin_id: 5 }] }
    expect(only(whole([]), parts)).toMatchObject({ outcome: 'sla-missed', farmTwinId: 5 })
    expect(only(whole([]), { startFarms: [] })).toMatchObject({ outcome: 'paid-in-full', farmTwinId: null })
  })

  test('a missing policy is refused, and a price of 0 where something is due', () => {
    expect(() => run(whole([[T0, updated({ farming_policy_id: 9 })]]))).toThrow('farming policy 9 is missing')
    const free: Line = [T0 + 1, updated({ connection_price: 0 })]
    expect(() => run(whole([free]))).toThrow('connection price is 0')
    const refused: Line = [T0 + 2, reported(900_000)]
    expect(only(whole([free, refused]))).toMatchObject({ outcome: 'violation', rewardUnits: 0n })
    const silent: Line[] = [
      [T0, reported(0)],
      [T0 + 1, updated({ connection_price: 0 })],
      [end, reported(0)],
    ]
    expect(only(silent)).toMatchObject({ outcome: 'sla-missed', rewardUnits: 0n, permille: 0 })
    expect(() => run(silent, {}, { carbon: true })).toThrow('connection price is 0')
  })

  test('carbon is offset where the SLA is missed, not in a violation', () => {
    // 50 permille where the policy asks for 95
    const rarelyUp: Line[] = [
      [T0, reported(0)],
      [end, reported(PERIOD_SEC / 20)],
    ]
    const missed = only(rarelyUp, {}, { carbon: true })
    expect(missed).toMatchObject({ outcome: 'sla-missed', permille: 50, rewardUnits: 0n })
    expect(missed.carbonUnits).toBe(((7_750_000n * 354n + 2_048_000n * 122n) * 10n) / 80n / 20n)
    const refused: Line = [T0 + 2, reported(900_000)]
    expect(only(whole([refused]), {}, { carbon: true }).carbonUnits).toBe(0n)
  })
})
