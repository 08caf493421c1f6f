import type { GridContract, GridEvent } from '../../src-shared/grid.ts'
import type { Case } from './cases.ts'

/** The part of a grid with the nodes that `keep` chooses: their records, and blocks with only their events. */
export function partOf(c: Case, keep: (nodeId: number) => boolean): Case {
  const nodeOf = new Map<number, number>()
  const learn = (contract: GridContract): boolean => {
    const type = contract.contract_type
    if ('NodeContract' in type) nodeOf.set(contract.contract_id, type.NodeContract.node_id)
    return keepsContract(contract.contract_id)
  }
  const keepsContract = (contractId: number): boolean => {
    const nodeId = nodeOf.get(contractId)
    return nodeId !== undefined && keep(nodeId)
  }
  const keepsEvent = (event: GridEvent): boolean => {
    if (event[0] === 'SmartContractModule.ContractCreated') return learn(event[1].contract)
    if ('contract_id' in event[1]) return keepsContract(event[1].contract_id)
    if ('node' in event[1]) return keep(event[1].node.id)
    return 'node_id' in event[1] && keep(event[1].node_id)
  }
  return {
    ...c,
    start: {
      ...c.start,
      nodes: c.start.nodes.filter(node => keep(node.id)),
      contracts: c.start.contracts.filter(learn),
      power: c.start.power.filter(power => keep(power.node_id)),
    },
    blocks: c.blocks.map(block => ({ ...block, events: block.events.filter(keepsEvent) })),
  }
}
