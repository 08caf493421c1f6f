import type { ContractType, GridContract, GridNode, RareEvent } from '../../src-shared/grid.ts'
import { DAY_BLOCKS } from './demo-clock.ts'
import type { Random } from './demo-random.ts'

/** A contract of the demo that stands: a workload on a node, or a rent of the whole node. */
export interface LivingContract {
  id: number
  nodeId: number
  isRent: boolean
  publicIps: number
  /** null for a rent, which uses the whole node */
  used: { hru: number; sru: number; cru: number; mru: number } | null
  /** created, but its use is not yet on the chain */
  fresh: boolean
  cancelBlock: number
}

/** A workload that takes a part of the node. */
export function newWorkload(id: number, node: GridNode, block: number, random: Random): LivingContract {
  const total = node.resources
  const share = random.between(5, 45) / 100
  return {
    id,
    nodeId: node.id,
    isRent: false,
    publicIps: random.chance(0.2) ? 1 : 0,
    used: {
      hru: random.chance(0.3) ? Math.floor(Number(total.hru) * share) : 0,
      sru: Math.floor(Number(total.sru) * share),
      cru: Math.max(1, Math.floor(Number(total.cru) * share)),
      mru: Math.floor(Number(total.mru) * share),
    },
    fresh: false,
    cancelBlock: block + random.between(3 * DAY_BLOCKS, 90 * DAY_BLOCKS),
  }
}

export function newRent(id: number, node: GridNode, block: number, random: Random): LivingContract {
  return {
    ...{ id, nodeId: node.id, isRent: true, publicIps: 0, used: null, fresh: false },
    cancelBlock: block + random.between(4 * DAY_BLOCKS, 40 * DAY_BLOCKS),
  }
}

function twinOf(contract: LivingContract): number {
  return 500_000 + (contract.id % 997)
}

/** A contract as its creation tells it. */
export function contractHead(contract: LivingContract): { contract_id: number; twin_id: number; contract_type: ContractType } {
  const { id, nodeId, isRent, publicIps } = contract
  return {
    contract_id: id,
    twin_id: twinOf(contract),
    contract_type: isRent ? { RentContract: { node_id: nodeId } } : { NodeContract: { node_id: nodeId, public_ips: publicIps } },
  }
}

/** How the chain tells that a contract ended. */
export function cancelled(contract: LivingContract): RareEvent {
  const { id, nodeId, isRent } = contract
  if (isRent) return ['SmartContractModule.RentContractCanceled', { contract_id: id }]
  return ['SmartContractModule.NodeContractCanceled', { contract_id: id, node_id: nodeId, twin_id: twinOf(contract) }]
}

/** The contracts that stand, and a name contract, which no node has and no rule pays. */
export function snapshotContracts(contracts: readonly (LivingContract | null)[], lastContractId: number): GridContract[] {
  const standing = contracts
    .filter(contract => contract !== null)
    .map((contract): GridContract => {
      const used = contract.fresh || contract.used === null ? null : { ...contract.used }
      return { ...contractHead(contract), resources: used }
    })
    .sort((a, b) => a.contract_id - b.contract_id)
  const name: GridContract = {
    contract_id: lastContractId + 1_000_000,
    twin_id: 500_001,
    contract_type: { NameContract: { name: 'granarydemo' } },
    resources: null,
  }
  return [...standing, name]
}
