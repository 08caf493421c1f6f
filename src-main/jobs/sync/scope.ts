import type { EndSnapshot, RareEvent, StartSnapshot } from '../../../src-shared/grid.ts'
import type { Scope } from '../../../src-shared/sync.ts'
import type { ChainEventSink } from '../../clients/tfchain/types.ts'
import type { StoredScope } from '../../store/sync-period.ts'

/** Lets through what belongs to the followed nodes, and says what it learnt on the way. */
export interface ScopeFilter extends ChainEventSink {
  /** every node that is followed by now */
  readonly follow: ReadonlySet<number>
  /** farms and twins that the end snapshot must have */
  readonly farms: ReadonlySet<number>
  readonly twins: ReadonlySet<number>
  /** nodes that came into a followed farm during the period: what they did before is missing, so the period must be read again */
  readonly movedIn: ReadonlySet<number>
}

/** The choice as it is stored; null: the whole grid. */
export function scopeToStore(scope: Scope, follow: Iterable<number> = []): StoredScope | null {
  if (scope === 'all') return null
  return { farms: sorted(scope.farms), nodes: sorted(scope.nodes), follow: sorted([...scope.nodes, ...follow]) }
}

/** Whether data of scope `has` holds all that `wanted` asks for. */
export function covers(has: StoredScope | null, wanted: StoredScope | null): boolean {
  if (has === null) return true
  if (wanted === null) return false
  return wanted.farms.every(farm => has.farms.includes(farm)) && wanted.nodes.every(node => has.follow.includes(node))
}

/** Whether two scopes were chosen alike, whatever nodes the farms have. */
export function sameChoice(a: StoredScope | null, b: StoredScope | null): boolean {
  if (a === null || b === null) return a === b
  return JSON.stringify([a.farms, a.nodes]) === JSON.stringify([b.farms, b.nodes])
}

/**
 * A sink that passes on to `sink` the events of followed nodes, of their contracts, and those that concern all (farms, policies, the
 * connection price). `contracts`: node by contract, of contracts that are known to be on a followed node. `end`: the end snapshot that
 * is stored, which has the farms and twins that were learnt of before; null: none yet.
 */
export function scopeFilter(
  scope: StoredScope,
  start: StartSnapshot,
  end: EndSnapshot | null,
  contracts: Map<number, number>,
  sink: ChainEventSink,
): ScopeFilter {
  const chosenFarms = new Set(scope.farms)
  const follow = new Set([...scope.follow, ...start.nodes.map(node => node.id)])
  const farms = new Set([...scope.farms, ...start.nodes.map(node => node.farm_id), ...(end?.farms ?? []).map(farm => farm.id)])
  const twins = new Set([...start.nodes.map(node => node.twin_id), ...(end?.twins ?? []).map(twin => twin.id)])
  const movedIn = new Set<number>()

  function isWanted(event: RareEvent): boolean {
    switch (event[0]) {
      case 'TfgridModule.NodeStored':
      case 'TfgridModule.NodeUpdated': {
        const { node } = event[1]
        if (!follow.has(node.id)) {
          if (!chosenFarms.has(node.farm_id)) return false
          follow.add(node.id)
          if (event[0] === 'TfgridModule.NodeUpdated') movedIn.add(node.id)
        }
        farms.add(node.farm_id)
        twins.add(node.twin_id)
        return true
      }
      case 'TfgridModule.NodeDeleted':
      case 'TfgridModule.PowerTargetChanged':
      case 'TfgridModule.PowerStateChanged':
      case 'SmartContractModule.NodeContractCanceled':
        return follow.has(event[1].node_id)
      case 'SmartContractModule.ContractCreated': {
        const { contract_id, contract_type: type } = event[1].contract
        const node = 'NodeContract' in type ? type.NodeContract.node_id : 'RentContract' in type ? type.RentContract.node_id : null
        if (node === null || !follow.has(node)) {
          contracts.delete(contract_id)
          return false
        }
        contracts.set(contract_id, node)
        return true
      }
      case 'SmartContractModule.UpdatedUsedResources':
      case 'SmartContractModule.RentContractCanceled':
        return contracts.has(event[1].contract_id)
      // of any farm: which ones matter is known only in the end, and they are few
      case 'TfgridModule.FarmUpdated':
      case 'TfgridModule.FarmingPolicyStored':
      case 'TfgridModule.FarmingPolicyUpdated':
      case 'TfgridModule.ConnectionPriceSet':
        return true
    }
  }

  return {
    follow,
    farms,
    twins,
    movedIn,
    uptime(nodeId, now, uptime) {
      if (follow.has(nodeId)) sink.uptime(nodeId, now, uptime)
    },
    consumption(contractId, timestamp, window, nru) {
      if (contracts.has(contractId)) sink.consumption(contractId, timestamp, window, nru)
    },
    rare(event) {
      if (isWanted(event)) sink.rare(event)
    },
  }
}

function sorted(ids: Iterable<number>): number[] {
  return [...new Set(ids)].sort((a, b) => a - b)
}
