/**
 * The chain's records and events as the grid archive (interfaces.md, version 1) has them. Names are the chain's.
 * Times are seconds, resources bytes (cru in cores).
 */

/** An unsigned 64-bit chain figure: a number up to 2^53 - 1, a bigint only above it. */
export type U64 = number | bigint

export interface Resources {
  hru: U64
  sru: U64
  cru: U64
  mru: U64
}

export interface GridNode {
  id: number
  farm_id: number
  twin_id: number
  resources: Resources
  location: { latitude: string; longitude: string }
  country: string
  city: string
  created: number
  farming_policy_id: number
  certification: 'Diy' | 'Certified'
  virtualized: boolean
  /** milli-USD per TFT */
  connection_price: number
}

export type ContractType =
  | { NodeContract: { node_id: number; public_ips: number } }
  | { RentContract: { node_id: number } }
  | { NameContract: { name: string } }

export interface GridContract {
  contract_id: number
  twin_id: number
  contract_type: ContractType
  /** absent on a ContractCreated event */
  resources?: Resources | null
}

/** `{ Down: block }` names the block in which the node went down. */
export type PowerState = 'Up' | { Down: number }
export type PowerTarget = 'Up' | 'Down'

export interface GridPower {
  node_id: number
  state: PowerState
  /** time of the block in which the node went down; only where the state is Down */
  down_since_ts?: number | null
  target: PowerTarget
}

export interface GridFarm {
  id: number
  name: string
  twin_id: number
}

export interface GridTwin {
  id: number
  relay: string | null
  /** 0x-prefixed hex */
  pk: string | null
}

export interface FarmingPolicy {
  id: number
  name: string
  /** milli-USD per unit and period */
  cu: number
  su: number
  nu: number
  /** milli-USD per hour */
  ipv4: number
  minimal_uptime: number
  policy_end: number
  immutable: boolean
  default: boolean
  node_certification: string
  farm_certification: string
}

export interface PayoutAddress {
  farm_id: number
  address: string
}

export interface ArchiveHeader {
  kind: 'header'
  format: 'grid-archive'
  version: 1
  network: string
  period: { index: number; start: number; end: number }
  blocks: { first: number; last: number }
}

/** The state after block `block`, the period's start block. The last four are for rule set node-period, where known. */
export interface StartSnapshot {
  kind: 'snapshot'
  at: 'start'
  block: number
  ts: number
  nodes: GridNode[]
  contracts: GridContract[]
  power: GridPower[]
  connectionPrice?: number
  farms?: GridFarm[]
  farmingPolicies?: FarmingPolicy[]
  /** each node's running state; its form belongs to rule set node-period, here it is only carried along */
  nodeStates?: unknown[]
}

/** The state after block `block`, the period's last block (in the period, inclusive). */
export interface EndSnapshot {
  kind: 'snapshot'
  at: 'end'
  block: number
  ts: number
  farms: GridFarm[]
  twins: GridTwin[]
  farmingPolicies: FarmingPolicy[]
  payoutAddresses: PayoutAddress[]
}

export interface EventData {
  'TfgridModule.NodeStored': { node: GridNode }
  'TfgridModule.NodeUpdated': { node: GridNode }
  'TfgridModule.NodeDeleted': { node_id: number }
  'TfgridModule.NodeUptimeReported': { node_id: number; now: U64; uptime: U64 }
  'TfgridModule.PowerTargetChanged': { farm_id: number; node_id: number; power_target: PowerTarget }
  'TfgridModule.PowerStateChanged': { farm_id: number; node_id: number; power_state: PowerState }
  'TfgridModule.FarmUpdated': { farm: GridFarm }
  'TfgridModule.FarmingPolicyStored': { policy: FarmingPolicy }
  'TfgridModule.FarmingPolicyUpdated': { policy: FarmingPolicy }
  'TfgridModule.ConnectionPriceSet': { price: number }
  'SmartContractModule.ContractCreated': { contract: GridContract }
  'SmartContractModule.UpdatedUsedResources': { contract_id: number; used: Resources }
  'SmartContractModule.NruConsumptionReportReceived': { contract_id: number; timestamp: U64; window: U64; nru: U64 }
  'SmartContractModule.NodeContractCanceled': { contract_id: number; node_id: number; twin_id: number }
  'SmartContractModule.RentContractCanceled': { contract_id: number }
}
export type EventName = keyof EventData
/** One event as a line of an archive has it: `["TfgridModule.NodeStored", {...}]`. */
export type GridEvent = { [N in EventName]: [N, EventData[N]] }[EventName]
/** Every event but the two that make up 99 % of a chain; see EventSink. */
export type RareEvent = Exclude<
  GridEvent,
  ['TfgridModule.NodeUptimeReported', unknown] | ['SmartContractModule.NruConsumptionReportReceived', unknown]
>

/**
 * Takes events in chain order. The two events that come by the million have a call of their own with plain
 * arguments, so that no object is made for them; all others come as data. The archive's reader, the store's reader
 * and the demo's generator call it; the archive's writer, the store's writer and the engine's fold implement it.
 * A sink throws AppError to stop whoever feeds it.
 */
export interface EventSink {
  /** begins block `n` (rising, each at most once) of time `ts` (seconds, never falling) */
  block(n: number, ts: number): void
  uptime(nodeId: number, now: U64, uptime: U64): void
  consumption(contractId: number, timestamp: U64, window: U64, nru: U64): void
  rare(event: RareEvent): void
}

/** A whole archive: the header, the two snapshots, then events in chain order. */
export interface ArchiveSink extends EventSink {
  header(header: ArchiveHeader): void
  start(snapshot: StartSnapshot): void
  end(snapshot: EndSnapshot): void
}
