import type {
  EventSink,
  FarmingPolicy,
  GridContract,
  GridFarm,
  GridNode,
  GridTwin,
  PowerState,
  PowerTarget,
  Resources,
} from '../../../src-shared/grid.ts'
import type { EndpointState } from '../../../src-shared/sync.ts'
import type { Shape } from './values.ts'

/** 0x-prefixed lower-case hex, as a chain node writes bytes and hashes. */
export type Hex = string

/** A header as chain_getHeader gives it. */
export interface RawHeader {
  parentHash: Hex
  /** hex, e.g. `0x12c` */
  number: Hex
  stateRoot: Hex
  extrinsicsRoot: Hex
  digest: { logs: Hex[] }
}

export interface CallOptions {
  signal?: AbortSignal
  /** `head` goes before all `bulk` requests that wait; default bulk */
  priority?: 'head' | 'bulk'
  /** only this endpoint (its url), no fail-over */
  endpoint?: string
  /** state of an old block is asked: an endpoint that has thrown it away is not asked for such again */
  block?: number
}

/**
 * One network through its endpoints. Every endpoint's genesis was compared before it is used.
 * Calls reject with AppError chain.*, cancelled; transient failures were retried, on other endpoints too, before that.
 */
export interface Chain {
  /** hash of block 0 */
  readonly genesis: Hex
  call<T>(method: string, params: readonly unknown[], options?: CallOptions): Promise<T>
  /** the finalized head, and each later one; `null` when nothing is connected any more. Returns the stop */
  followFinalized(listener: (head: RawHeader | null) => void): () => void
  /**
   * Hands a signed extrinsic to the preferred endpoint that answers, once: unlike a call it is never repeated or given to another by
   * itself, as whoever sends it must look for it first. `onStatus` gets what the node says of it (hints only), `onEnd` is called where
   * nothing more will come because the connection went. Rejects with AppError chain.* ; `details.rpcCode` is there only where the node
   * itself refused it, in all other cases it may have been taken.
   */
  submitAndWatch(extrinsic: Hex, onStatus: (status: unknown) => void, onEnd: () => void): Promise<{ url: string; stop: () => void }>
  /** urls of endpoints that answer now, the preferred one first */
  ready(): string[]
  states(): EndpointState[]
  close(): Promise<void>
}

/** A block as it comes from the chain, in order, checked against its parent. */
export interface ChainBlock {
  n: number
  hash: Hex
  /** of the block, milliseconds since the epoch */
  timestampMs: number
  /** System.Events as stored: SCALE bytes; empty where there are none */
  events: Uint8Array
}

/** The members of EventSink that a decoder calls; whoever reads blocks calls `block`. */
export type ChainEventSink = Pick<EventSink, 'uptime' | 'consumption' | 'rare'>

export interface NodePower {
  state: PowerState
  target: PowerTarget
}

/** One runtime of the chain: its metadata and the decoders made from it. */
export interface Runtime {
  readonly specVersion: number
  readonly metadata: Uint8Array
  /** whether this runtime has that storage item or event kind */
  hasStorage(pallet: string, item: string): boolean
  /** names of its pallets */
  readonly pallets: readonly string[]
  /** SCALE bytes of a pallet's constant; null: it has none of that name */
  constant(pallet: string, name: string): Uint8Array | null
  /** the storage key of a value, or the prefix of a map without its keys; keys are numbers, bigints or raw SCALE bytes */
  storageKey(pallet: string, item: string, ...keys: (number | bigint | Uint8Array)[]): Hex
  /** the item's own value where nothing is stored; null: it has none */
  defaultValue(pallet: string, item: string): Uint8Array | null
  /** the id at the end of a Blake2_128Concat or Twox64Concat map key of a u32 or u64 */
  idOfKey(key: Hex): number
  /**
   * Delivers the followed events of one block's System.Events in their order; all others are skipped by their layout. Gives the
   * number of all events. Throws AppError chain.undecodable naming pallet, event, spec and block; nothing of it may be kept then.
   */
  decodeEvents(events: Uint8Array, sink: ChainEventSink, block: number): number
  /** A storage value by a shape (values.ts): one shape for each item. Throws AppError chain.undecodable naming the storage item and spec. */
  read<T>(pallet: string, item: string, shape: Shape<T>, bytes: Uint8Array): T
  /** Storage values by SCALE bytes. Each throws AppError chain.undecodable naming the storage item and spec. */
  node(bytes: Uint8Array): GridNode
  farm(bytes: Uint8Array): GridFarm
  twin(bytes: Uint8Array): GridTwin
  policy(bytes: Uint8Array): FarmingPolicy
  /** without `resources`, which stand in a map of their own */
  contract(bytes: Uint8Array): GridContract
  contractResources(bytes: Uint8Array): Resources
  power(bytes: Uint8Array): NodePower
  payoutAddress(bytes: Uint8Array): string
  /** Vec<u32>, Vec<u64>: ids of nodes of a farm, of contracts of a node */
  ids(pallet: string, item: string, bytes: Uint8Array): number[]
}
