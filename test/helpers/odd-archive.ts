import { writeArchive } from '../../src-main/archive/write.ts'
import type { GridContract, GridNode, RareEvent } from '../../src-shared/grid.ts'
import { periodAt } from '../../src-shared/time.ts'

const U64_MAX = 2n ** 64n - 1n
export const oddPeriod = periodAt(80)
export const oddBounds = { first: 5_000, last: 5_090 }

function node(id: number, farmId: number): GridNode {
  return {
    id,
    farm_id: farmId,
    twin_id: 100 + id,
    resources: { hru: 0, sru: 2 ** 53 - 1, cru: id, mru: U64_MAX },
    location: { latitude: '', longitude: '-0.0' },
    country: 'Çïńā 🜚',
    city: '"\\\u0001',
    created: 5,
    farming_policy_id: 2,
    certification: id === 1 ? 'Certified' : 'Diy',
    virtualized: id === 3,
    connection_price: 80,
  }
}
const hosted = (id: number, nodeId: number): GridContract => ({
  contract_id: id,
  twin_id: 7,
  contract_type: { NodeContract: { node_id: nodeId, public_ips: 1 } },
})
const used = { hru: 1, sru: U64_MAX, cru: 2, mru: 3 }
const policy = {
  ...{ id: 2, name: 'p', cu: 1, su: 2, nu: 3, ipv4: 4, minimal_uptime: 95, policy_end: 9, immutable: true, default: false },
  ...{ node_certification: 'Diy', farm_certification: 'Gold' },
}

/** The rare events of the odd archive by block, every kind of them, before and after the middle of its period (5,045). */
export const oddEvents: [number, RareEvent[]][] = [
  [5_000, [['TfgridModule.PowerTargetChanged', { farm_id: 1, node_id: 1, power_target: 'Down' }]]],
  [5_010, [['TfgridModule.PowerStateChanged', { farm_id: 1, node_id: 1, power_state: { Down: 5_010 } }]]],
  [
    5_020,
    [
      ['SmartContractModule.ContractCreated', { contract: hosted(40, 2) }],
      ['TfgridModule.NodeStored', { node: node(4, 9) }],
    ],
  ],
  [
    5_045,
    [
      ['SmartContractModule.UpdatedUsedResources', { contract_id: 40, used }],
      ['TfgridModule.NodeUpdated', { node: node(4, 1) }],
    ],
  ],
  [
    5_046,
    [
      ['SmartContractModule.ContractCreated', { contract: hosted(41, 4) }],
      ['TfgridModule.NodeDeleted', { node_id: 3 }],
    ],
  ],
  [
    5_060,
    [
      ['SmartContractModule.NodeContractCanceled', { contract_id: 30, node_id: 1, twin_id: 7 }],
      ['SmartContractModule.RentContractCanceled', { contract_id: 31 }],
      ['TfgridModule.ConnectionPriceSet', { price: 50 }],
      ['TfgridModule.FarmUpdated', { farm: { id: 1, name: 'one', twin_id: 11 } }],
      ['TfgridModule.FarmingPolicyUpdated', { policy: { ...policy, name: 'changed' } }],
      ['TfgridModule.FarmingPolicyStored', { policy: { ...policy, id: 5 } }],
    ],
  ],
]
export const oddNodes = [node(1, 1), node(2, 9), node(3, 9)]
export const oddPower = [
  { node_id: 1, state: 'Up', target: 'Down' },
  { node_id: 2, state: { Down: 4_321 }, down_since_ts: oddPeriod.start - 7_777, target: 'Up' },
] as const

/** A complete period of 91 blocks with every kind of event, figures near 2^64, odd names, and blocks that are far apart in time. */
export async function writeOddArchive(file: string): Promise<void> {
  await writeArchive(file, async sink => {
    sink.header({
      kind: 'header',
      format: 'grid-archive',
      version: 1,
      network: 'odd',
      period: oddPeriod,
      blocks: oddBounds,
    })
    sink.start({
      kind: 'snapshot',
      at: 'start',
      block: oddBounds.first,
      ts: oddPeriod.start + 30,
      nodes: oddNodes,
      contracts: [
        { ...hosted(30, 1), resources: used },
        { contract_id: 31, twin_id: 7, contract_type: { RentContract: { node_id: 2 } }, resources: null },
      ],
      power: oddPower.map(entry => ({ ...entry })),
    })
    sink.end({
      kind: 'snapshot',
      at: 'end',
      block: oddBounds.last,
      ts: oddPeriod.end + 40,
      farms: [
        { id: 1, name: 'one', twin_id: 11 },
        { id: 9, name: 'Łąka, "9"', twin_id: 12 },
      ],
      twins: [
        { id: 11, relay: 'r', pk: `0x${'02'.repeat(33)}` },
        { id: 12, relay: null, pk: null },
      ],
      farmingPolicies: [policy],
      payoutAddresses: [{ farm_id: 9, address: 'GXYZ' }],
    })
    for (const [block, events] of oddEvents) {
      // The start block keeps its time; the others lie two hours apart.
      sink.block(block, oddPeriod.start + 30 + (block - oddBounds.first) * 7_200)
      sink.uptime(2, U64_MAX, 2 ** 53 - 1)
      sink.consumption(30, 1, U64_MAX, 2n ** 63n)
      for (const event of events) sink.rare(event)
    }
    sink.block(oddBounds.last + 3, oddPeriod.end + 60)
    sink.uptime(1, 1, 1)
    await sink.drain()
  })
}
