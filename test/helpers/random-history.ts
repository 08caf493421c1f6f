import fc from 'fast-check'
import type { ContractType, FarmingPolicy, GridContract, GridEvent, GridNode, Resources } from '../../src-shared/grid.ts'
import { buildHistory, type HistoryPlan, type Move, type Night, type NodePlan, type Sleep, type Stray } from './history-builder.ts'
import type { PlainArchive } from './naive-v3.ts'

/*
 * Random histories of a few nodes over one period, drawn near the edges of rule set v3. A plan is lists of small moves with time
 * deltas, so that it shrinks to few of them. About half of the nodes only do what keeps them healthy.
 */

export const GIB = 2 ** 30
export const around = (...edges: number[]) => fc.constantFrom(...edges.flatMap(edge => [edge - 1, edge, edge + 1]))
export const oneOf = <T>(...weighted: [number, fc.Arbitrary<T>][]) =>
  fc.oneof(...weighted.map(([weight, arbitrary]) => ({ weight, arbitrary })))
export const rarely = <T>(often: T, weight: number, other: fc.Arbitrary<T>) => oneOf<T>([weight, fc.constant(often)], [1, other])

export const bytes = oneOf<number>(
  [4, fc.constantFrom(0, 1, GIB - 1, GIB, GIB + 1, 32 * GIB, 500 * GIB, 2000 * GIB)],
  [3, fc.integer({ min: 0, max: 2 ** 45 })],
)
export const resources: fc.Arbitrary<Resources> = fc.record({
  hru: bytes,
  sru: bytes,
  cru: fc.constantFrom(8, 16, 0, 1, 33, 512),
  mru: oneOf<number>([2, fc.constant(64 * GIB)], [1, bytes]),
})
export const used: fc.Arbitrary<Resources> = fc.record({ hru: bytes, sru: bytes, cru: fc.constantFrom(4, 0, 1, 7, 64), mru: bytes })

const farmId = rarely(1, 4, fc.constant(2))
const missing = fc.constant(77)
const policyId = fc.constantFrom(1, 2, 3, 4, 5)
const connectionPrice = oneOf<number>([30, fc.constantFrom(80, 17, 250, 1)], [1, fc.constant(0)])
export const certification = fc.constantFrom<GridNode['certification']>('Diy', 'Certified')

/** What an event may change of a node; each member may be left out. */
const change: fc.Arbitrary<Partial<GridNode>> = fc.record(
  {
    resources,
    certification,
    farming_policy_id: rarely(1, 6, oneOf<number>([9, policyId], [1, missing])),
    farm_id: rarely(1, 12, oneOf<number>([5, fc.constant(2)], [1, missing])),
    connection_price: connectionPrice,
    virtualized: rarely(false, 4, fc.constant(true)),
    twin_id: rarely(1, 8, fc.constantFrom(2, 3, 4, 9)),
  },
  { requiredKeys: [] },
)

const contractId = fc.constantFrom(100, 101, 102)
const contractType: fc.Arbitrary<ContractType> = oneOf<ContractType>(
  [
    8,
    fc.record({
      NodeContract: fc.record({ node_id: oneOf<number>([20, fc.integer({ min: 1, max: 2 })], [1, missing]), public_ips: fc.nat(3) }),
    }),
  ],
  [1, fc.record({ RentContract: fc.record({ node_id: fc.constant(1) }) })],
  [1, fc.record({ NameContract: fc.record({ name: fc.constant('name') }) })],
)
export const window = oneOf<number>([3, fc.constantFrom(3600, 86_400, 1_000_000)], [1, fc.constantFrom(0, 1, 26_308_800)])
export const nru = oneOf<number | bigint>([3, fc.constantFrom(0, GIB, 5 * GIB, 1, 1_234_567)], [1, fc.constantFrom(2 ** 45, 2n ** 55n)])

const contractMove: fc.Arbitrary<Move> = oneOf<Move>(
  [
    1,
    fc.record({ kind: fc.constant('created' as const), contract: contractId, type: fc.oneof(fc.constant('here' as const), contractType) }),
  ],
  [1, fc.record({ kind: fc.constant('used' as const), contract: oneOf<number>([8, contractId], [1, missing]), used })],
  [
    2,
    fc.record({
      kind: fc.constant('consumed' as const),
      contract: oneOf<number>([12, contractId], [1, missing]),
      seconds: fc.constantFrom(0, 1, 6, 3600),
      times: rarely(1, 3, fc.constant(2)),
      window,
      nru,
    }),
  ],
)

/** Drift that stays inside the windows unless it adds up. */
const smallSlack = fc.constantFrom(0, 0, 0, 0, 1, -1, 2, -5)
const edgeSlack = fc.oneof(around(60, -60, 119, 120, -120), fc.constantFrom(-30, -61, 61, 2000, -2000))
const ordinaryGap = fc.oneof(fc.constantFrom(2400, 2400, 2000), around(2460), fc.integer({ min: 60, max: 2460 }))
const anyGap = fc.oneof(ordinaryGap, around(1, 30, 60, 61, 120), fc.constantFrom(0, 2520, 7200, 86_400), fc.constantFrom(-1, -100))

const sleepMove = (healthy: boolean): fc.Arbitrary<Sleep> =>
  fc.record({
    kind: fc.constant('sleep' as const),
    seconds: fc.oneof(fc.constantFrom(0, 600, 36_000, 259_200), fc.integer({ min: 1, max: 200_000 })),
    stateFirst: healthy ? fc.constant(false) : rarely(false, 5, fc.constant(true)),
    reportAfter: fc.option(fc.constantFrom(0, 1, 1200), { freq: 4 }),
    requests: healthy
      ? fc.constantFrom([0], [3600], [3600, 4200])
      : oneOf<number[]>(
          [4, fc.array(fc.constantFrom(0, 600, 3600, 84_000, 85_800), { maxLength: 3 })],
          [4, fc.constantFrom([82_800], [3600])],
        ),
    secondThoughts: rarely(false, 4, fc.constant(true)),
    slept: healthy
      ? fc.constantFrom(4800, 5400)
      : fc.option(oneOf<number>([3, around(86_400)], [3, fc.constantFrom(4800, 6000, 0, 600)], [1, fc.constant(100_000)]), { freq: 6 }),
    bootFrom: fc.constantFrom<'request' | 'down'>('request', 'request', 'request', 'down'),
    bootAfter: healthy ? fc.constantFrom(300, 1800) : fc.oneof(around(1800, 0), fc.constantFrom(300, 300, 2400, -600)),
    stateUp: fc.constantFrom<Sleep['stateUp']>('before', 'before', 'after', 'never'),
  })

const healthyMove: fc.Arbitrary<Move> = oneOf<Move>(
  [6, fc.record({ kind: fc.constant('report' as const), dr: ordinaryGap, slack: smallSlack })],
  [2, fc.record({ kind: fc.constant('reboot' as const), dr: fc.constantFrom(2400, 600), over: fc.constantFrom(-1, -60, -61, -300, -600) })],
  [
    1,
    fc.record({
      kind: fc.constant('steady' as const),
      count: fc.integer({ min: 1, max: 30 }),
      interval: fc.constantFrom(2400, 2460, 1200),
      drift: fc.constantFrom(0, 0, 1),
    }),
  ],
  [4, sleepMove(true)],
  [5, contractMove],
  [1, fc.record({ kind: fc.constant('updated' as const), seconds: fc.constantFrom(0, 600), change })],
)

const oddUptime = fc.oneof(
  // with the moves that follow it stays below 2^63, from where on both sides refuse
  fc.constantFrom(0n, 1n, 2460n, 2461n, 500_000n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 62n, 2n ** 63n),
  fc.bigInt({ min: 0n, max: 2n ** 53n + 10n }),
)
const oddReport: fc.Arbitrary<Move> = fc.record({
  kind: fc.constant('odd' as const),
  from: fc.constantFrom<'start' | 'end' | 'here' | 'zero'>('here', 'here', 'start', 'end', 'zero'),
  offset: fc.oneof(fc.constantFrom(0, -1, 1, 60, -60), fc.integer({ min: -5000, max: 5000 })),
  uptime: oddUptime,
})
const powerMove: fc.Arbitrary<Move> = fc.record({
  kind: fc.constant('power' as const),
  what: fc.constantFrom<'target up' | 'target down' | 'state up' | 'state down'>('target up', 'target down', 'state up', 'state down'),
  seconds: fc.constantFrom(0, 0, 6, 600, 1800),
})
const strangeMove: fc.Arbitrary<Move> = oneOf<Move>(
  [4, fc.record({ kind: fc.constant('report' as const), dr: anyGap, slack: fc.oneof(smallSlack, edgeSlack) })],
  [
    2,
    fc.record({ kind: fc.constant('grown' as const), dr: anyGap, du: fc.oneof(around(0, 2460), fc.constantFrom(-60, -2400, 59, 60, 61)) }),
  ],
  [
    2,
    fc.record({
      kind: fc.constant('reboot' as const),
      dr: anyGap,
      over: fc.oneof(around(0), fc.constantFrom(-60, -2400, 30, 59, 61, 300)),
    }),
  ],
  [
    1,
    fc.record({
      kind: fc.constant('steady' as const),
      count: fc.integer({ min: 1, max: 30 }),
      interval: fc.constantFrom(2400, 2461),
      drift: fc.constantFrom(0, 5, -5, 60, -60),
    }),
  ],
  // a drift that ends just under, at or over the skew's limit
  [
    2,
    fc.record({
      kind: fc.constant('steady' as const),
      count: fc.constantFrom(2, 3, 4, 1, 7, 17),
      interval: fc.constantFrom(2400, 600),
      drift: fc.constantFrom(60, -60, 40, -40, 30, 17, -17, 7, 59),
    }),
  ],
  [1, oddReport],
  [1, fc.record({ kind: fc.constant('wait' as const), seconds: fc.constantFrom(6, 7200, 86_400) })],
  [4, powerMove],
  [4, sleepMove(false)],
  [1, fc.record({ kind: fc.constant('stored' as const), seconds: fc.constantFrom(0, 600), change })],
  [1, fc.record({ kind: fc.constant('updated' as const), seconds: fc.constantFrom(0, 600), change })],
  [2, contractMove],
)

/** Moves around the end and after it. */
const tailMove = (healthy: boolean): fc.Arbitrary<Move> =>
  oneOf<Move>(
    [
      3,
      fc.record({
        kind: fc.constant('to end' as const),
        seconds: fc.oneof(around(0, 2460), fc.constantFrom(-2400, -600, 3, 12, 600, 7200)),
      }),
    ],
    [1, fc.record({ kind: fc.constant('to block' as const), afterEnd: fc.oneof(around(0, 16_200), fc.constant(300)) })],
    [4, healthy ? fc.record({ kind: fc.constant('report' as const), dr: ordinaryGap, slack: smallSlack }) : strangeMove],
    [2, healthy ? sleepMove(true) : strangeMove],
  )

const night: fc.Arbitrary<Night> = fc.record({
  down: fc.oneof(around(0, 2), fc.constantFrom(-600, -7200, -80_000, 600)),
  request: fc.oneof(around(0), fc.constantFrom(-3600, 300, 3600)),
  wake: fc.option(fc.constantFrom(0, 1, 2, 600, 4000, 86_400), { freq: 4 }),
  bootAfter: fc.constantFrom(300, 1800, 1801, -600),
})

const fill: fc.Arbitrary<NodePlan['fill']> = oneOf<NodePlan['fill']>(
  [2, fc.constant('none' as const)],
  [1, fc.constant('steady' as const)],
  [8, fc.record({ sleepBeforeEnd: fc.constantFrom(0, 6, 600, 7200, 50_000, 86_000), sleep: fc.constantFrom(1200, 3600, 55_000, 86_400) })],
  [2, night],
  [2, fc.record({ permille: fc.constantFrom(95, 96, 500, 949, 950, 951, 979, 980, 981, 990, 995), offset: fc.constantFrom(-1, 0, 1) })],
)

function nodePlan(healthy: boolean): fc.Arbitrary<NodePlan> {
  const healthyFirst = fc.record({ seconds: fc.constantFrom(600, 2, 2400), uptime: fc.constantFrom<number>(500_000, 3000) })
  const anyFirst = fc.option(
    fc.record({
      seconds: fc.oneof(around(0, 2460), fc.constantFrom(600, -600, 36_000, 300_000)),
      uptime: fc.oneof(fc.constantFrom<number | bigint>(500_000, 0, 1, 600, 2459, 2460, 2461), fc.constantFrom(2n ** 53n + 1n, 2n ** 62n)),
    }),
    { freq: 6 },
  )
  return fc.record({
    node: fc.record({
      farm_id: rarely(1, 200, missing).chain(id => (id === 1 ? farmId : fc.constant(id))),
      resources,
      farming_policy_id: oneOf<number>([200, policyId], [1, missing]),
      certification,
      virtualized: rarely(false, 12, fc.constant(true)),
      connection_price: connectionPrice,
    }),
    joinsAfter: healthy
      ? rarely<number | null>(null, 10, fc.constant(0))
      : rarely<number | null>(null, 6, fc.constantFrom(0, 600, 1_000_000)),
    power: healthy
      ? fc.constant(null)
      : fc.option(
          fc.record({
            down: fc.boolean(),
            downBefore: fc.constantFrom(0, 6, 600, 79_200, 86_394, 90_000),
            target: fc.constantFrom<'Up' | 'Down'>('Down', 'Up'),
          }),
          { freq: 2 },
        ),
    first: healthy ? healthyFirst : anyFirst,
    moves: fc.array(healthy ? healthyMove : fc.oneof(healthyMove, strangeMove), { maxLength: 10 }),
    fill,
    tail: fc.array(tailMove(healthy), { maxLength: healthy ? 3 : 6 }),
  })
}

export const policy = (id: number, name: string, figures: Partial<FarmingPolicy>): FarmingPolicy => ({
  id,
  name,
  cu: 2400,
  su: 1000,
  nu: 30,
  ipv4: 5,
  minimal_uptime: 95,
  policy_end: 0,
  immutable: true,
  default: true,
  node_certification: 'Diy',
  farm_certification: 'NotCertified',
  ...figures,
})
const policies: fc.Arbitrary<FarmingPolicy[]> = fc
  .tuple(
    fc.record({
      default: rarely(false, 3, fc.constant(true)),
      immutable: rarely(false, 3, fc.constant(true)),
      minimal_uptime: rarely(95, 3, fc.constantFrom(94, 96, 990)),
    }),
    fc.constantFrom(95, 500, 950, 990),
    fc.constantFrom(0, 1000, 1001),
  )
  .map(([third, fourth, fifth]) => [
    policy(1, 'diy', {}),
    policy(2, 'certified', { cu: 3000, su: 1250, nu: 38, ipv4: 6 }),
    policy(3, 'third', { cu: 2111, ...third }),
    policy(4, 'fourth', { cu: 2000, su: 800, nu: 20, ipv4: 4, minimal_uptime: fourth, default: false }),
    policy(5, 'fifth', { ipv4: 7, minimal_uptime: fifth, default: false, immutable: false }),
  ])

const key = (length: number) => `0x${'ab'.repeat(length)}`
const twin: fc.Arbitrary<HistoryPlan['twins'][number]> = oneOf<HistoryPlan['twins'][number]>(
  [25, fc.constant({ relay: 'relay.grid.tf', pk: key(33) })],
  [1, fc.constant(null)],
  [
    2,
    fc.record({
      relay: fc.constantFrom<string | null>('relay.grid.tf', null, ''),
      pk: fc.constantFrom<string | null>(key(33), null, key(32), key(34), key(65)),
    }),
  ],
)

const snapshotContract: fc.Arbitrary<GridContract> = fc.record({
  contract_id: fc.constant(0),
  twin_id: fc.constant(99),
  contract_type: contractType,
  resources: oneOf<Resources | null>([5, used], [1, fc.constant(null)]),
})

const unknown = 88
const strayEvent = fc.constantFrom<GridEvent>(
  ['TfgridModule.NodeUptimeReported', { node_id: unknown, now: 1_733_000_000, uptime: 1000 }],
  ['TfgridModule.PowerTargetChanged', { farm_id: 1, node_id: unknown, power_target: 'Down' }],
  ['TfgridModule.PowerStateChanged', { farm_id: 1, node_id: unknown, power_state: 'Up' }],
  ['TfgridModule.NodeUptimeReported', { node_id: 1, now: 1_733_000_000, uptime: 1000 }],
  ['TfgridModule.NodeDeleted', { node_id: 1 }],
  ['TfgridModule.ConnectionPriceSet', { price: 7 }],
  ['SmartContractModule.NodeContractCanceled', { contract_id: 100, node_id: 1, twin_id: 99 }],
  ['SmartContractModule.RentContractCanceled', { contract_id: 100 }],
  ['SmartContractModule.NruConsumptionReportReceived', { contract_id: 100, timestamp: 1, window: 3600, nru: 7 * GIB }],
)
const stray: fc.Arbitrary<Stray> = fc.record({
  where: fc.constantFrom<Stray['where']>('before', 'after', 'beyond', 'after', 'beyond', 'in'),
  seconds: fc.constantFrom(0, 1_000_000),
  event: strayEvent,
})

export const historyPlan: fc.Arbitrary<HistoryPlan> = fc.record({
  startOffset: fc.constantFrom(2, 1, 6, 0),
  endShift: oneOf<number>([8, fc.constant(0)], [1, fc.constantFrom(1, -1, 400)]),
  nodes: fc.array(
    fc.boolean().chain(healthy => nodePlan(healthy)),
    { minLength: 1, maxLength: 4 },
  ),
  contracts: fc
    .array(snapshotContract, { maxLength: 3 })
    .map(list => list.map((contract, index) => ({ ...contract, contract_id: 100 + index }))),
  strays: oneOf<Stray[]>([5, fc.constant([])], [1, fc.array(stray, { minLength: 1, maxLength: 2 })]),
  farms: rarely([1, 2], 60, fc.constant([1])),
  policies,
  twins: fc.array(twin, { minLength: 4, maxLength: 4 }),
  addresses: fc.subarray([
    { farm_id: 1, address: 'GFARM1ADDRESS' },
    { farm_id: 2, address: 'GFARM2ADDRESS' },
  ]),
})

/** A whole archive as data; see naive-v3.ts. */
export const randomHistory: fc.Arbitrary<PlainArchive> = historyPlan.map(buildHistory)
