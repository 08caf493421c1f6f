import type {
  EndSnapshot,
  FarmingPolicy,
  GridContract,
  GridFarm,
  GridNode,
  GridPower,
  GridTwin,
  PayoutAddress,
  RareEvent,
} from '../../../src-shared/grid.ts'
import type { EventLog } from './event-log.ts'
import {
  contractRecord,
  developmentAccount,
  developmentAccounts,
  farmRecord,
  madeUpAccount,
  nodeRecord,
  policyRecord,
  twinRecord,
} from './grid-records.ts'
import type { Value } from './scale.ts'
import type { StateView } from './state.ts'

/** A grid as a chain's state begins with it. */
export interface InitialGrid {
  nodes: readonly GridNode[]
  contracts: readonly GridContract[]
  power: readonly GridPower[]
  farms: readonly GridFarm[]
  twins: readonly GridTwin[]
  policies: readonly FarmingPolicy[]
  payoutAddresses: readonly PayoutAddress[]
  connectionPrice: number | null
}

const GRID = 'TfgridModule'
const CONTRACTS = 'SmartContractModule'
/** 10 million tokens each */
const ENDOWMENT_UNITS = 100_000_000_000_000n

/**
 * Writes the first state. The farmers behind the first two farms are the development accounts Alice and Bob, so that calls of a farmer
 * can be tried; Alice, Bob and Charlie are the signers of the minting pallet.
 */
export function writeInitialState(view: StateView, grid: InitialGrid): void {
  for (const node of grid.nodes) view.put(GRID, 'Nodes', [node.id], nodeRecord(node))
  for (const node of grid.nodes) view.put(GRID, 'NodeIdByTwinID', [node.twin_id], node.id)
  for (const [farmId, ids] of groups(grid.nodes, node => [node.farm_id, node.id])) {
    view.put(GRID, 'NodesByFarmID', [farmId], ids)
    weigh(view, farmId)
  }
  for (const { node_id, state, target } of grid.power) view.put(GRID, 'NodePower', [node_id], { state, target })
  for (const farm of grid.farms) putFarm(view, farm)
  for (const policy of grid.policies) view.put(GRID, 'FarmingPoliciesMap', [policy.id], policyRecord(policy))
  for (const { farm_id, address } of grid.payoutAddresses) view.put(GRID, 'FarmPayoutV2AddressByFarmID', [farm_id], address)
  const farmers = [...grid.farms].sort((a, b) => a.id - b.id).map(farm => farm.twin_id)
  const [alice, bob] = [developmentAccount('alice'), developmentAccount('bob')]
  for (const twin of grid.twins) {
    const account = twin.id === farmers[0] ? alice : twin.id === farmers.find(id => id !== farmers[0]) ? bob : madeUpAccount(twin.id)
    view.put(GRID, 'Twins', [twin.id], twinRecord(twin, account))
    view.put(GRID, 'TwinIdByAccountID', [account], twin.id)
  }
  for (const contract of grid.contracts) addContract(view, contract, 0)
  if (grid.connectionPrice !== null) view.put(GRID, 'ConnectionPrice', [], grid.connectionPrice)
  view.put(GRID, 'NodeID', [], highest(grid.nodes.map(node => node.id)))
  view.put(GRID, 'FarmID', [], highest(grid.farms.map(farm => farm.id)))
  view.put(GRID, 'TwinID', [], highest(grid.twins.map(twin => twin.id)))
  view.put(GRID, 'FarmingPolicyID', [], highest(grid.policies.map(policy => policy.id)))
  view.put(CONTRACTS, 'ContractID', [], highest(grid.contracts.map(contract => contract.contract_id)))

  const accounts = Object.keys(developmentAccounts) as (keyof typeof developmentAccounts)[]
  for (const name of accounts) view.put('System', 'Account', [developmentAccount(name)], account(0, ENDOWMENT_UNITS))
  view.put('Balances', 'TotalIssuance', [], ENDOWMENT_UNITS * BigInt(accounts.length))
  view.put('Minting', 'Mode', [], 'OfflineAmount')
  view.put('Minting', 'Signers', [], [alice, bob, developmentAccount('charlie')])
}

export function account(nonce: number, free: bigint): Value {
  return { nonce, consumers: 0, providers: 1, sufficients: 0, data: { free, reserved: 0n, frozen: 0n, flags: 0n } }
}

/** Writes an event into the log and does to the state what the chain does when it emits it. */
export function applyRareEvent(view: StateView, log: EventLog, block: number, event: RareEvent): void {
  const [name, data] = event
  const [pallet, kind] = name.split('.') as [string, string]
  log.event(pallet, kind, eventFields(event, block))
  switch (name) {
    case 'TfgridModule.NodeStored':
    case 'TfgridModule.NodeUpdated':
      putNode(view, data.node)
      break
    case 'TfgridModule.NodeDeleted':
      removeNode(view, data.node_id)
      break
    case 'TfgridModule.PowerTargetChanged':
      view.put(GRID, 'NodePower', [data.node_id], { ...power(view, data.node_id), target: data.power_target })
      break
    case 'TfgridModule.PowerStateChanged':
      view.put(GRID, 'NodePower', [data.node_id], { ...power(view, data.node_id), state: data.power_state })
      break
    case 'TfgridModule.FarmUpdated':
      putFarm(view, data.farm)
      break
    case 'TfgridModule.FarmingPolicyStored':
    case 'TfgridModule.FarmingPolicyUpdated':
      view.put(GRID, 'FarmingPoliciesMap', [data.policy.id], policyRecord(data.policy))
      break
    case 'TfgridModule.ConnectionPriceSet':
      view.put(GRID, 'ConnectionPrice', [], data.price)
      break
    case 'SmartContractModule.ContractCreated':
      addContract(view, data.contract, block)
      break
    case 'SmartContractModule.UpdatedUsedResources':
      view.put(CONTRACTS, 'NodeContractResources', [data.contract_id], { contract_id: data.contract_id, used: { ...data.used } })
      break
    case 'SmartContractModule.NodeContractCanceled':
    case 'SmartContractModule.RentContractCanceled':
      removeContract(view, data.contract_id)
      break
  }
}

function eventFields(event: RareEvent, block: number): Value {
  switch (event[0]) {
    case 'TfgridModule.NodeStored':
    case 'TfgridModule.NodeUpdated':
      return nodeRecord(event[1].node)
    case 'TfgridModule.NodeDeleted':
      return event[1].node_id
    case 'TfgridModule.FarmUpdated':
      return farmRecord(event[1].farm)
    case 'TfgridModule.FarmingPolicyStored':
    case 'TfgridModule.FarmingPolicyUpdated':
      return policyRecord(event[1].policy)
    case 'TfgridModule.ConnectionPriceSet':
      return event[1].price
    case 'SmartContractModule.ContractCreated':
      return contractRecord(event[1].contract, block)
    case 'SmartContractModule.UpdatedUsedResources':
      return { contract_id: event[1].contract_id, used: { ...event[1].used } }
    default:
      return { ...event[1] }
  }
}

/** At the end snapshot's block: farms and policies as it has them and no others, whatever the events before it said. */
export function writeEndState(view: StateView, end: EndSnapshot, stored: { farms: readonly number[]; policies: readonly number[] }): void {
  for (const id of stored.farms) if (!end.farms.some(farm => farm.id === id)) view.remove(GRID, 'Farms', id)
  for (const farm of end.farms) putFarm(view, farm)
  for (const id of stored.policies) if (!end.farmingPolicies.some(policy => policy.id === id)) view.remove(GRID, 'FarmingPoliciesMap', id)
  for (const policy of end.farmingPolicies) view.put(GRID, 'FarmingPoliciesMap', [policy.id], policyRecord(policy))
}

export function power(view: StateView, nodeId: number): { state: Value; target: Value } {
  return view.get(GRID, 'NodePower', nodeId) as { state: Value; target: Value }
}

function putFarm(view: StateView, farm: GridFarm): void {
  view.put(GRID, 'Farms', [farm.id], farmRecord(farm))
  view.put(GRID, 'FarmIdByName', [farm.name], farm.id)
}

function putNode(view: StateView, node: GridNode): void {
  const earlier = view.get(GRID, 'Nodes', node.id) as { farm_id: number } | null
  if (earlier && earlier.farm_id !== node.farm_id)
    change(view, GRID, 'NodesByFarmID', earlier.farm_id, ids => ids.filter(id => id !== node.id))
  if (earlier?.farm_id !== node.farm_id) change(view, GRID, 'NodesByFarmID', node.farm_id, ids => [...ids, node.id])
  for (const farmId of [earlier?.farm_id, node.farm_id]) if (farmId !== undefined) weigh(view, farmId)
  view.put(GRID, 'Nodes', [node.id], nodeRecord(node))
  view.put(GRID, 'NodeIdByTwinID', [node.twin_id], node.id)
}

function removeNode(view: StateView, nodeId: number): void {
  const node = view.get(GRID, 'Nodes', nodeId) as { farm_id: number; twin_id: number } | null
  if (!node) return
  change(view, GRID, 'NodesByFarmID', node.farm_id, ids => ids.filter(id => id !== nodeId))
  weigh(view, node.farm_id)
  view.remove(GRID, 'Nodes', nodeId)
  view.remove(GRID, 'NodeIdByTwinID', node.twin_id)
  view.remove(GRID, 'NodePower', nodeId)
}

function addContract(view: StateView, contract: GridContract, block: number): void {
  const { contract_id: id, contract_type: type, resources } = contract
  view.put(CONTRACTS, 'Contracts', [id], contractRecord(contract, block))
  if (resources) view.put(CONTRACTS, 'NodeContractResources', [id], { contract_id: id, used: { ...resources } })
  if ('NodeContract' in type) {
    const wide = BigInt(id)
    change(view, CONTRACTS, 'ActiveNodeContracts', type.NodeContract.node_id, ids => (ids.includes(wide) ? ids : [...ids, wide]))
  }
  if ('RentContract' in type) view.put(CONTRACTS, 'ActiveRentContractForNode', [type.RentContract.node_id], id)
}

function removeContract(view: StateView, id: number): void {
  const contract = view.get(CONTRACTS, 'Contracts', id) as { contract_type: { [kind: string]: { node_id: number } } } | null
  if (!contract) return
  const { NodeContract: hosted, RentContract: rent } = contract.contract_type
  if (hosted) change(view, CONTRACTS, 'ActiveNodeContracts', hosted.node_id, ids => ids.filter(other => other !== BigInt(id)))
  if (rent) view.remove(CONTRACTS, 'ActiveRentContractForNode', rent.node_id)
  view.remove(CONTRACTS, 'Contracts', id)
  view.remove(CONTRACTS, 'NodeContractResources', id)
}

/** A farm's vote in the DAO weighs as many as it has nodes; on the grid chain their capacity counts. */
function weigh(view: StateView, farmId: number): void {
  const weight = BigInt((view.get(GRID, 'NodesByFarmID', farmId) as readonly number[]).length)
  if ((view.get('Dao', 'FarmWeight', farmId) as bigint) !== weight) view.put('Dao', 'FarmWeight', [farmId], weight)
}

/** Changes a list of ids; one that ends up empty is removed. */
function change(view: StateView, pallet: string, item: string, key: number, to: (ids: readonly Value[]) => readonly Value[]): void {
  const ids = to(view.get(pallet, item, key) as readonly Value[])
  if (ids.length === 0) view.remove(pallet, item, key)
  else view.put(pallet, item, [key], ids)
}

function groups<T>(list: readonly T[], pairOf: (item: T) => [number, number]): Map<number, number[]> {
  const found = new Map<number, number[]>()
  for (const item of list) {
    const [key, id] = pairOf(item)
    const ids = found.get(key)
    if (ids) ids.push(id)
    else found.set(key, [id])
  }
  return found
}

function highest(ids: readonly number[]): number {
  return ids.reduce((most, id) => Math.max(most, id), 0)
}
