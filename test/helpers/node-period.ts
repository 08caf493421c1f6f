import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { EventSink, FarmingPolicy, GridNode, StartSnapshot } from '../../src-shared/grid.ts'
import type { PlainArchive, PlainBlock } from './naive-v3.ts'

/** A node of 8 cores, 32 GiB and 1 TiB of SSD in farm 1, with the given figures changed. */
export function gridNode(id: number, change: Partial<GridNode> = {}): GridNode {
  const gib = 2 ** 30
  return {
    id,
    farm_id: 1,
    twin_id: id,
    resources: { cru: 8, mru: 32 * gib, hru: 0, sru: 1024 * gib },
    location: { latitude: '51.05', longitude: '3.71' },
    country: 'Belgium',
    city: 'Ghent',
    created: 1_600_000_000,
    farming_policy_id: 3,
    certification: 'Diy',
    virtualized: false,
    connection_price: 80,
    ...change,
  }
}

/** A farming policy at the usual prices that asks 95 % of uptime, with the given figures changed. */
export function policyOf(id: number, change: Partial<FarmingPolicy> = {}): FarmingPolicy {
  return {
    id,
    name: `policy ${id}`,
    cu: 2400,
    su: 1000,
    nu: 30,
    ipv4: 5,
    minimal_uptime: 950,
    policy_end: 0,
    immutable: true,
    default: false,
    node_certification: 'Diy',
    farm_certification: 'NotCertified',
    ...change,
  }
}

/** Gives blocks as data to whoever takes events. */
export function feedBlocks(blocks: readonly PlainBlock[], sink: EventSink): void {
  for (const block of blocks) {
    sink.block(block.n, block.ts)
    for (const event of block.events)
      if (event[0] === 'TfgridModule.NodeUptimeReported') sink.uptime(event[1].node_id, event[1].now, event[1].uptime)
      else if (event[0] === 'SmartContractModule.NruConsumptionReportReceived')
        sink.consumption(event[1].contract_id, event[1].timestamp, event[1].window, event[1].nru)
      else sink.rare(event)
  }
}

/** Nodes and contracts as the chain has them after some blocks: what a snapshot there would hold. */
export function chainStateAfter(archive: PlainArchive, blocks: readonly PlainBlock[]): Pick<StartSnapshot, 'nodes' | 'contracts'> {
  const nodes = new Map(archive.start.nodes.map(node => [node.id, node]))
  const contracts = new Map(archive.start.contracts.map(contract => [contract.contract_id, contract]))
  for (const block of blocks) {
    if (block.ts <= archive.header.period.start) continue
    for (const event of block.events)
      switch (event[0]) {
        case 'TfgridModule.NodeStored':
          nodes.set(event[1].node.id, event[1].node)
          break
        case 'TfgridModule.NodeUpdated': {
          // the fold lets go of a virtual node until it is stored again
          const virtualized = event[1].node.virtualized || nodes.get(event[1].node.id)?.virtualized === true
          nodes.set(event[1].node.id, { ...event[1].node, virtualized })
          break
        }
        case 'TfgridModule.NodeDeleted':
          nodes.delete(event[1].node_id)
          break
        case 'SmartContractModule.ContractCreated':
          contracts.set(event[1].contract.contract_id, event[1].contract)
          break
        case 'SmartContractModule.UpdatedUsedResources': {
          const contract = contracts.get(event[1].contract_id)
          if (contract) contracts.set(contract.contract_id, { ...contract, resources: event[1].used })
          break
        }
        case 'SmartContractModule.NodeContractCanceled':
        case 'SmartContractModule.RentContractCanceled':
          contracts.delete(event[1].contract_id)
      }
  }
  return { nodes: [...nodes.values()], contracts: [...contracts.values()] }
}

interface Vectors {
  period_seconds: number
  fixed_periods: { index: number; start: number; end: number }[]
  policy: { cu: number; su: number; nu: number; ipv4: number; sla_permill: number }
  uptime_scenarios: {
    scenario: string
    reports: { time: number; uptime: number; result: string; accumulated: number; period_start: number }[]
    closed_periods: { start: number; uptime: number }[]
  }[]
  cloud_units: { node: string; cru: number; mru_gib: number; hru_gib: number; sru_gib: number; cu_micro: number; su_micro: number }[]
  payouts: {
    case: string
    cu_micro: number
    su_micro: number
    uptime: number
    scaled: boolean
    nru_bytes: number
    ip_seconds: number
    connection_price_musd: number
    sla_met: boolean
    payout_units: number
  }[]
  carbon: { cu_micro: number; su_micro: number; connection_price_musd: number; uptime: number; carbon_units: number }[]
}

/** The specification's vectors of rule set node-period. */
export const nodePeriodVectors = JSON.parse(
  readFileSync(join(import.meta.dirname, '../golden/economy/node-period-vectors.json'), 'utf8'),
) as Vectors
