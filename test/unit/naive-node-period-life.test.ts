import { describe, expect, test } from 'vitest'
import type { ContractType, GridEvent } from '../../src-shared/grid.ts'
import { PERIOD_SEC } from '../../src-shared/time.ts'
import { naiveNodePeriod } from '../helpers/naive-node-period.ts'
import { archiveOf, gib, type Line, nodeOf, only, reported, run, T0, updated, whole } from '../helpers/small-node-life.ts'

/* What happens to a node beside its reports, in the naive re-statement of rule set node-period: contracts, a fresh start, the change-over. */

const end = T0 + PERIOD_SEC
const created = (id: number, type: ContractType): GridEvent => [
  'SmartContractModule.ContractCreated',
  { contract: { contract_id: id, twin_id: 99, contract_type: type } },
]
const onNode = (public_ips: number, node_id = 1): ContractType => ({ NodeContract: { node_id, public_ips } })
const rent: ContractType = { RentContract: { node_id: 1 } }
const uses = (id: number, cru: number): GridEvent => [
  'SmartContractModule.UpdatedUsedResources',
  { contract_id: id, used: { cru, mru: 0, hru: 0, sru: 0 } },
]
const consumed = (id: number, window: number, nru: number | bigint = 0): GridEvent => [
  'SmartContractModule.NruConsumptionReportReceived',
  { contract_id: id, timestamp: 1, window, nru },
]
const rentCanceled: GridEvent = ['SmartContractModule.RentContractCanceled', { contract_id: 9 }]

describe('usage', () => {
  test('every report counts with what its contract has, also two in one block and one after the end', () => {
    const late: Line = [end, consumed(8, 10)]
    const lines: Line[] = [
      [T0, consumed(8, 1_000_000, 1)],
      [T0, reported(0)],
      [T0 + 1, uses(8, 3)],
      [T0 + 1, consumed(8, 1000, gib(2))],
      [T0 + 1, consumed(8, 1000)],
      [T0 + 2, uses(8, 4)],
      late,
      [end + 5, reported(PERIOD_SEC + 5)],
      [end + 5, consumed(8, 7)],
    ]
    const parts = { contracts: [{ contract_id: 8, twin_id: 99, contract_type: onNode(2), resources: null }] }
    const mint = only(lines, parts)
    // what came before the first report is lost
    expect([mint.used.cru, mint.ipSec, mint.nruBytes, mint.cloudUnits.nu]).toEqual([6040n, 4020n, gib(2), 2_000_000n])
    // 2 GiB at 30 mUSD and 4,020 s of addresses at 5 mUSD an hour: 65.583... mUSD more than without
    expect(mint.rewardUnits).toBe(2_581_000_000n + 8_197_916n)
    expect(run(lines, parts).open[0]).toMatchObject({ used: { cru: 28n }, ipSec: 14n, nruBytes: 0n })
  })

  test('while a rent stands, it counts the whole node and the others only addresses and bytes', () => {
    const mint = only(
      whole([
        [T0 + 1, created(8, onNode(1))],
        [T0 + 1, uses(8, 2)],
        [T0 + 2, created(9, rent)],
        [T0 + 3, consumed(8, 100, 7)],
        [T0 + 4, consumed(9, 100, 3)],
        [T0 + 5, rentCanceled],
        [T0 + 6, consumed(9, 100, 3)],
        [T0 + 6, consumed(8, 10, 7)],
        [T0 + 7, ['SmartContractModule.NodeContractCanceled', { contract_id: 8, node_id: 1, twin_id: 99 }]],
        [T0 + 8, consumed(8, 10, 7)],
      ]),
    )
    expect(mint.used).toEqual({ cru: 820n, mru: gib(32) * 100n, hru: 0n, sru: gib(512) * 100n })
    expect([mint.ipSec, mint.nruBytes]).toEqual([110n, 17n])
  })

  test('what is unknown, has no node or belongs to a node that is not tracked counts nothing', () => {
    const mint = only(
      whole([
        [T0 + 1, created(7, { NameContract: { name: 'n' } })],
        [T0 + 1, created(8, onNode(1, 2))],
        [T0 + 2, consumed(7, 10, 1)],
        [T0 + 2, consumed(8, 10, 1)],
        [T0 + 2, consumed(77, 10, 1)],
        [T0 + 2, uses(77, 10)],
      ]),
    )
    expect([mint.used.cru, mint.ipSec, mint.nruBytes]).toEqual([0n, 0n, 0n])
  })

  test('a rent that stands is part of the running state', () => {
    const rented = (lines: Line[]) => run(whole([[T0, created(9, rent)], ...lines])).open[0]?.rented
    expect([rented([]), rented([[T0, rentCanceled]])]).toEqual([true, false])
  })
})

describe('nodes that come and go', () => {
  test('one that becomes virtualized is gone until it is stored again', () => {
    const lines = whole([
      [T0 + 1, updated({ virtualized: true })],
      [T0 + 2, updated({ virtualized: false })],
      [T0 + 3, reported(1003)],
    ])
    expect(run(lines)).toEqual({ mints: [], open: [] })
    expect(run(whole([]), { nodes: [nodeOf({ virtualized: true })] })).toEqual({ mints: [], open: [] })
    const again = run([...lines, [end + 1, ['TfgridModule.NodeStored', { node: nodeOf() }]], [end + 1, reported(5)]])
    expect(again.open).toMatchObject([{ nodeId: 1, periodStart: end + 1 }])
  })

  test('one that is stored again starts afresh, its contracts stand', () => {
    const { mints, open } = run([
      [T0, created(8, onNode(1))],
      [T0, reported(0)],
      [T0 + 5, consumed(8, 5)],
      [T0 + 10, ['TfgridModule.NodeStored', { node: nodeOf({ resources: { cru: 1, mru: 0, hru: 0, sru: 0 } }) }]],
      [T0 + 20, reported(900_000)],
      [T0 + 25, consumed(8, 7)],
      [end, reported(900_000 + PERIOD_SEC - 20)],
    ])
    expect(mints).toEqual([])
    expect(open).toMatchObject([{ periodStart: T0 + 20, violation: null, maximum: { cru: 1 }, ipSec: 7n, uptimeSec: PERIOD_SEC - 20 }])
  })

  test('mints come by node, then by start; an event of power changes nothing', () => {
    const lines = [0, 1, 2].flatMap((k): Line[] => [
      [T0 + k * PERIOD_SEC, reported(k * PERIOD_SEC, 2)],
      [T0 + k * PERIOD_SEC, reported(k * PERIOD_SEC, 1)],
    ])
    const power: Line[] = [[T0, ['TfgridModule.PowerStateChanged', { farm_id: 1, node_id: 3, power_state: { Down: 1 } }]]]
    const parts = { nodes: [nodeOf({ id: 2, farming_policy_id: 1 }), nodeOf()] }
    const { mints } = run(lines, parts)
    const first = { start: T0, end }
    const second = { start: end, end: end + PERIOD_SEC }
    expect(mints.map(mint => [mint.nodeId, mint.period, mint.outcome])).toEqual([
      [1, first, 'paid-in-full'],
      [1, second, 'paid-in-full'],
      [2, first, 'scaled'],
      [2, second, 'scaled'],
    ])
    expect(run([...power, ...lines], parts)).toEqual(run(lines, parts))
  })

  test('a block at or before the start of the fixed period is not played, running states are refused', () => {
    expect(run([[T0 - 60, reported(1)]]).open).toMatchObject([{ lastTs: null, lastUptime: null, periodStart: null }])
    expect(run([[T0 - 59, reported(1)]]).open).toMatchObject([{ lastTs: T0 - 59, lastUptime: 1n, periodStart: T0 - 59 }])
    const archive = archiveOf([])
    archive.start.nodeStates = [{}]
    expect(() => naiveNodePeriod(archive)).toThrow('running states')
  })
})

describe('the change-over from fixed periods', () => {
  const boundaryTs = T0 + 100_000
  const firstEnd = boundaryTs + PERIOD_SEC
  const change = (lines: Line[], parts = {}) => run(lines, parts, { boundaryTs })

  test('the stretch before it goes to the old period, downtime first', () => {
    // last seen 1,000 s before; the next report tells of 300 s down, or 1,500 s down, or none and a minute too much
    const seenAgain = (uptime: number) =>
      change([
        [T0, reported(0)],
        [boundaryTs - 1000, reported(99_000)],
        [boundaryTs + 2000, reported(uptime)],
      ]).open[0]
    const down = (seconds: number) => seenAgain(3000 - seconds)?.uptimeSec
    expect([down(300), down(1500), seenAgain(102_060)?.uptimeSec]).toEqual([2000, 1500, 2060])
    expect(seenAgain(2700)).toMatchObject({ periodStart: boundaryTs, capacity: { cru: 16_000n } })
  })

  test('a report at the boundary is after it', () => {
    const { open } = change([
      [T0, reported(0)],
      [boundaryTs, reported(100_060)],
    ])
    expect(open).toMatchObject([{ periodStart: boundaryTs, uptimeSec: 60 }])
  })

  test('what came before it leaves nothing but the last accepted report', () => {
    const lines: Line[] = [
      [T0, created(8, onNode(1))],
      [T0, reported(0)],
      [T0 + 1, updated({ resources: { cru: 4, mru: 0, hru: 0, sru: 0 } })],
      [T0 + 2, updated({ resources: { cru: 6, mru: 0, hru: 0, sru: 0 } })],
      [T0 + 3, reported(900_000)],
      [T0 + 4, consumed(8, 10)],
      [boundaryTs, consumed(8, 5)],
    ]
    expect(change(lines).open).toMatchObject([
      { periodStart: boundaryTs, lastTs: T0, violation: null, ipSec: 5n, minimum: { cru: 6 }, maximum: { cru: 6 }, uptimeSec: 0 },
    ])
  })

  test('a node that has not reported before it starts with its first report after it', () => {
    expect(change([[boundaryTs + 7, reported(90_000)]]).open).toMatchObject([{ periodStart: boundaryTs + 7, uptimeSec: 0 }])
  })

  test('until it comes there is no period; a first report after the first end closes it', () => {
    expect(change([[T0, reported(9)]]).open).toMatchObject([{ periodStart: null, lastTs: T0, lastUptime: 9n }])
    const { mints, open } = change([
      [T0, reported(0)],
      [firstEnd - 1, updated({ farm_id: 2 })],
      [firstEnd, updated({ farm_id: 1, farming_policy_id: 1 })],
      [firstEnd + 50, reported(100_000 + PERIOD_SEC + 50)],
    ])
    expect(mints).toMatchObject([{ period: { start: boundaryTs, end: firstEnd }, uptimeSec: PERIOD_SEC, farmId: 2, policyId: 4 }])
    expect(open).toMatchObject([{ periodStart: firstEnd, uptimeSec: 50, farmId: 1, policyId: 1 }])
  })

  test('the fixed periods and the node periods share out every second', () => {
    const lines: Line[] = [
      [T0, reported(0)],
      [boundaryTs - 300, reported(99_700)],
      [boundaryTs + 300, reported(400)],
      [boundaryTs + 900, reported(1000)],
    ]
    const without = run(lines).open[0]!.uptimeSec
    // 200 s of 300 down, 100 s up before it: 99,700 + 100 for the fixed period
    expect([without, change(lines).open[0]!.uptimeSec]).toEqual([99_700 + 400 + 600, without - 99_800])
  })
})
