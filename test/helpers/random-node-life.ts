import fc from 'fast-check'
import type { ContractType, FarmingPolicy, GridFarm, GridNode, Resources } from '../../src-shared/grid.ts'
import type { PlainArchive } from './naive-v3.ts'
import {
  buildNodeLife,
  type ContractIndex,
  type LifeMove,
  type LifePlan,
  type NodeLifePlan,
  type StrayEvent,
  type Told,
  type When,
} from './node-life-builder.ts'
import { around, certification, GIB, nru, oneOf, policy, rarely, resources, used, window } from './random-history.ts'
import { nodeOf } from './small-node-life.ts'

/*
 * Random histories of one to three nodes over some of their periods, drawn near the edges of rule set node-period. A plan is lists of
 * small moves with time deltas, so that it shrinks to few of them. Half of the nodes only do what keeps them healthy.
 */

const aboutEnd = fc.record({ fromEnd: oneOf<number>([3, around(0)], [1, fc.constantFrom(-600, 30, 600)]) })
/** On the spot mostly; else a little later, or about the end of the node's period. */
const when: fc.Arbitrary<When> = oneOf<When>([4, fc.constantFrom(0, 0, 1, 6, 600)], [1, fc.constantFrom(50_000, 400_000)], [3, aboutEnd])

const usefulResources: fc.Arbitrary<Resources> = fc.record({
  cru: fc.constantFrom(8, 16, 7, 64),
  mru: fc.constantFrom(32 * GIB, 64 * GIB, 16 * GIB + 1),
  hru: fc.constantFrom(0, 4096 * GIB, 1000 * GIB - 1),
  sru: fc.constantFrom(512 * GIB, 1024 * GIB, 2048 * GIB - 1),
})
const price = fc.constantFrom(80, 79, 81, 160, 17)
const policyId = fc.constantFrom(1, 2, 3, 4, 5)
/** What an event may change of a node; each member may be left out. */
const change: fc.Arbitrary<Partial<GridNode>> = fc.record(
  {
    resources: rarely(nodeOf().resources, 1, oneOf<Resources>([8, usefulResources], [1, resources])),
    certification,
    farming_policy_id: policyId,
    farm_id: fc.constantFrom(1, 2, 3),
    connection_price: price,
  },
  { requiredKeys: [] },
)

const farm: fc.Arbitrary<GridFarm> = fc.record({ id: fc.constantFrom(1, 2, 3), twin_id: fc.constantFrom(11, 12, 13) }).map(named)
function named({ id, twin_id }: { id: number; twin_id: number }): GridFarm {
  return { id, name: `farm${id}`, twin_id }
}
const somePolicy: fc.Arbitrary<FarmingPolicy> = fc
  .tuple(
    policyId,
    fc.record(
      {
        cu: fc.constantFrom(2400, 3000, 1, 0),
        su: fc.constantFrom(1000, 1250, 800),
        nu: fc.constantFrom(30, 38, 0),
        ipv4: fc.constantFrom(5, 6, 7, 0),
        minimal_uptime: fc.constantFrom(95, 500, 949, 950, 0, 1000, 1001),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([id, figures]) => policy(id, `policy${id}`, figures))

const contract = oneOf<ContractIndex>([20, fc.constantFrom<ContractIndex>(0, 0, 0, 1, 1, 2, 3)], [1, fc.constant(null)])
const contractType = oneOf<'here' | ContractType>(
  [12, fc.constant('here' as const)],
  [1, fc.constantFrom<ContractType>({ NameContract: { name: 'name' } }, { NodeContract: { node_id: 1, public_ips: 4 } })],
  [1, fc.constantFrom<ContractType>({ NodeContract: { node_id: 55, public_ips: 1 } }, { RentContract: { node_id: 2 } })],
)
const ips = fc.constantFrom(1, 2, 5, 0)
const kind = <K extends LifeMove['kind']>(name: K) => fc.constant(name)

const contractMove: fc.Arbitrary<LifeMove> = oneOf<LifeMove>(
  [3, fc.record({ kind: kind('created'), when, contract, type: contractType, ips })],
  [2, fc.record({ kind: kind('used'), when, contract, used })],
  [12, fc.record({ kind: kind('consumed'), when, contract, times: rarely(1, 3, fc.constant(2)), window, nru })],
  [1, fc.record({ kind: kind('cancelled'), when, contract })],
)
const chainMove: fc.Arbitrary<LifeMove> = oneOf<LifeMove>(
  [3, fc.record({ kind: kind('chain price'), when, price })],
  [5, fc.record({ kind: kind('policy'), when: fc.oneof(aboutEnd, when), stored: fc.boolean(), policy: somePolicy })],
  [2, fc.record({ kind: kind('farm'), when, farm })],
  [1, fc.record({ kind: kind('power'), when, state: fc.constantFrom<'Up' | { Down: number }>('Up', { Down: 1_000_001 }) })],
)

const smallDrift = fc.constantFrom(0, 0, 0, 0, 1, -1, 5, -30, 60, -60)
const ordinaryGap = oneOf<number>(
  [4, fc.constantFrom(2400, 2400, 2000, 86_400)],
  [2, fc.integer({ min: 61, max: 1_000_000 })],
  [1, fc.constantFrom(1_000_000, 2_000_000)],
)
/** Reports that close a period, exactly at its end or about it, some of them several at once. */
const endGap = fc.record({
  fromEnd: oneOf<number>([3, around(0)], [2, fc.constantFrom(600, 2400, 60, -600, 1_315_440)], [1, fc.integer({ min: 0, max: 100_000 })]),
  more: rarely(0, 5, fc.constantFrom(1, 2)),
})
const atAnyTime = oneOf<{ dr: number } | { fromEnd: number; more: number }>(
  [5, fc.record({ dr: ordinaryGap })],
  [2, fc.record({ dr: oneOf<number>([1, around(0, 60, 120)], [1, fc.constantFrom(30, 59)]) })],
  [4, endGap],
)

const healthyReport: fc.Arbitrary<LifeMove> = fc.record({
  kind: kind('report'),
  at: oneOf<{ dr: number } | { fromEnd: number; more: number }>([2, fc.record({ dr: ordinaryGap })], [3, endGap]),
  told: oneOf<Told>(
    [8, fc.record({ over: smallDrift })],
    [2, fc.record({ reboot: fc.constantFrom(-1, -60, -61, -300, -2400, 0) })],
    [1, fc.record({ is: fc.constantFrom(0n, 50n, 300n, 1450n) })],
  ),
})
const healthyMove: fc.Arbitrary<LifeMove> = oneOf<LifeMove>(
  [8, healthyReport],
  [
    1,
    fc.record({ kind: kind('steady'), count: fc.integer({ min: 1, max: 12 }), interval: fc.constantFrom(2400, 86_400), drift: smallDrift }),
  ],
  [11, contractMove],
  [2, fc.record({ kind: kind('updated'), when, change })],
  [2, chainMove],
)

const anyUptime = oneOf<bigint>(
  [2, fc.constantFrom(0n, 1n, 59n, 60n, 61n, 2460n, 500_000n)],
  [1, fc.constantFrom(2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n)],
  [1, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })],
)
const oddTold: fc.Arbitrary<Told> = oneOf<Told>(
  [4, fc.record({ over: oneOf<number>([3, around(60, -60)], [1, smallDrift], [1, fc.constantFrom(-2000, 2000)]) })],
  [3, fc.record({ reboot: oneOf<number>([2, around(0, 60)], [1, fc.constantFrom(-60, -2400, 300)]) })],
  [2, fc.record({ by: oneOf<number>([1, around(0, 60)], [1, fc.constantFrom(-60, -2400, 30)]) })],
  [1, fc.record({ is: anyUptime })],
)
/** Two reports so close that an uptime which does not grow at all still lies inside the window. */
const closeReport: fc.Arbitrary<LifeMove> = fc.record({
  kind: kind('report'),
  at: fc.record({ dr: fc.constantFrom(0, 1, 30, 59, 60, 61) }),
  told: fc.record({ by: fc.constantFrom(0, 0, 1, -1, 60, 61) }),
})
const strangeMove: fc.Arbitrary<LifeMove> = oneOf<LifeMove>(
  [4, closeReport],
  [12, fc.record({ kind: kind('report'), at: atAnyTime, told: oddTold })],
  [2, fc.record({ kind: kind('stored'), when, change: change.map(parts => ({ ...parts, virtualized: false })) })],
  [1, fc.record({ kind: kind('deleted'), when })],
  [1, fc.record({ kind: kind('updated'), when, change: fc.record({ virtualized: fc.constantFrom(true, true, false) }) })],
)

function lifePlan(maxMoves: number): fc.Arbitrary<LifePlan> {
  const plan = (healthy: boolean): fc.Arbitrary<LifePlan> =>
    fc.record({
      node: fc
        .record({ ...nodeParts, virtualized: healthy ? fc.constant(false) : rarely(false, 12, fc.constant(true)) })
        .map(parts => nodeOf(parts)),
      joinsAfter: rarely<number | null>(null, 5, fc.constantFrom(0, 600, 1_000_000)),
      firstUptime: fc.constantFrom(500_000n, 0n, 3000n, 2n ** 53n - 1n, 2n ** 53n + 1n, 2n ** 63n - 100_000n),
      moves: fc.array(healthy ? healthyMove : oneOf<LifeMove>([3, healthyMove], [2, strangeMove]), { maxLength: maxMoves, size: 'max' }),
    })
  return fc.boolean().chain(plan)
}
const nodeParts = {
  farm_id: fc.constantFrom(1, 2),
  resources: oneOf<Resources>([6, usefulResources], [1, resources]),
  farming_policy_id: policyId,
  certification,
  connection_price: price,
}

const UNKNOWN_NODE = 88
const stray: fc.Arbitrary<StrayEvent> = fc.record({
  // the first of them are not played: they lie at or before the fixed period's start
  seconds: fc.constantFrom(-20, -2, -1, 0, 1_000_000, 4_000_000),
  event: fc.constantFrom<StrayEvent['event']>(
    ['TfgridModule.NodeUptimeReported', { node_id: UNKNOWN_NODE, now: 1_733_000_000, uptime: 1000 }],
    ['TfgridModule.NodeUptimeReported', { node_id: 1, now: 1_733_000_000, uptime: 1000 }],
    ['TfgridModule.NodeUpdated', { node: nodeOf({ id: 1, farming_policy_id: UNKNOWN_NODE }) }],
    ['TfgridModule.NodeUpdated', { node: nodeOf({ id: 1, connection_price: 0 }) }],
    ['TfgridModule.PowerTargetChanged', { farm_id: 1, node_id: UNKNOWN_NODE, power_target: 'Down' }],
    ['SmartContractModule.UpdatedUsedResources', { contract_id: 100, used: { cru: 1, mru: 1, hru: 1, sru: 1 } }],
  ),
})

const allPolicies: fc.Arbitrary<FarmingPolicy[]> = fc
  .tuple(fc.constantFrom(95, 500, 950), fc.constantFrom(0, 990, 1000), fc.constantFrom(950, 1001))
  .map(([third, fourth, first]) => [
    policy(1, 'diy', { minimal_uptime: first }),
    policy(2, 'certified', { cu: 3000, su: 1250, nu: 38, ipv4: 6 }),
    policy(3, 'third', { cu: 2111, minimal_uptime: third }),
    policy(4, 'fourth', { cu: 2000, su: 800, nu: 20, ipv4: 4, minimal_uptime: fourth, default: false }),
    policy(5, 'fifth', { ipv4: 7, minimal_uptime: 950, default: false, immutable: false }),
  ])
const allFarms: fc.Arbitrary<GridFarm[]> = fc.constantFrom([1, 2, 3], [1, 2]).map(ids => ids.map(id => named({ id, twin_id: id })))

function nodeLifePlan(maxMoves: number): fc.Arbitrary<NodeLifePlan> {
  return fc.integer({ min: 1, max: 3 }).chain(count =>
    fc.record({
      nodes: fc
        .array(lifePlan(Math.ceil(maxMoves / count)), { minLength: count, maxLength: count })
        .map(plans => plans.map((plan, index) => ({ ...plan, node: { ...plan.node, id: index + 1, twin_id: index + 1 } }))),
      contracts: fc.array(
        fc.record({
          contract,
          nodeIndex: fc.nat(2),
          type: contractType,
          ips,
          resources: oneOf<Resources | null>([5, used], [1, fc.constant(null)]),
        }),
        { minLength: 1, maxLength: 6, size: 'max' },
      ),
      policies: allPolicies,
      farms: allFarms,
      known: fc.record({ connectionPrice: price, farms: allFarms, farmingPolicies: allPolicies }, { requiredKeys: [] }),
      strays: oneOf<StrayEvent[]>([7, fc.constant([])], [1, fc.array(stray, { minLength: 1, maxLength: 2 })]),
      endAfter: fc.constantFrom(0, 0, 6, 3_000_000),
    }),
  )
}

/**
 * A whole archive as data; see naive-v3.ts. `maxMoves` bounds the moves of all nodes together. A move is about one event, so that a
 * history has up to about as many events and half as many on average: 20,000 for histories of about 10,000.
 */
export function randomNodeLife({ maxMoves = 60 }: { maxMoves?: number } = {}): fc.Arbitrary<PlainArchive> {
  return nodeLifePlan(maxMoves).map(buildNodeLife)
}

/** The same with a change-over from fixed periods: at one of its blocks, or a little beside it. */
export function randomChangeOver(options: { maxMoves?: number } = {}): fc.Arbitrary<{ archive: PlainArchive; boundaryTs: number }> {
  const besides = oneOf<number>([3, around(0)], [1, fc.constantFrom(-30, 30, -100_000, 100_000)])
  return fc.tuple(randomNodeLife(options), fc.nat(999), besides).map(([archive, permille, beside]) => {
    const block = archive.blocks[Math.floor((archive.blocks.length * permille) / 1000)]
    return { archive, boundaryTs: (block?.ts ?? archive.start.ts) + beside }
  })
}
