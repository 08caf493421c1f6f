import { createHash } from 'node:crypto'
import type { ContractType, EventSink, RareEvent, StartSnapshot, U64 } from '../../src-shared/grid.ts'
import { createIdTable } from '../../src-shared/id-table.ts'
import type { Period } from '../../src-shared/time.ts'
import { BUCKET_BITS, BucketWriter, type ContractHome, LOOSE, restOf } from './codec-bucket.ts'
import { encodeHead } from './codec-head.ts'

/** A chunk goes on beyond its length while it has few events, so that a small grid has few chunks to open. */
const FEW_EVENTS = 4_096
/** Bound on what is held in memory. */
const MAX_BUCKETS = 8_192

/** How long chunks become: in blocks, as long as that is no more than so many events. */
export interface ChunkLength {
  blocks: number
  events: number
}

/** What is written once, as an import does. The longer a chunk, the less of a period there is to open, and the longer its runs are. */
export const LONG_CHUNKS: ChunkLength = { blocks: 8 * 14_400, events: 2_400_000 }
/** What is written again with each commit until it is full, as a sync does: a day. */
export const DAY_CHUNKS: ChunkLength = { blocks: 14_400, events: 400_000 }

/** A chunk as it is stored. The same events, cut at the same blocks, always give the same bytes. */
export interface EncodedChunk {
  head: Uint8Array
  /** buckets and their rests, by number (see restOf) */
  blobs: { number: number; data: Uint8Array }[]
  events: number
  lastBlock: number
}

/** Sorts events into buckets and packs them, chunk by chunk. A block never lies in two chunks. */
export class ChunkBuilder implements EventSink {
  /** events of the chunk that is being built */
  events = 0
  readonly #period: Period
  readonly #length: ChunkLength
  /** of contracts that are known to be on a node or on none; the latest ContractCreated counts */
  readonly #homes = createIdTable<ContractHome>()
  readonly #writers = createIdTable<BucketWriter>()
  #buckets = 0
  #blocks: number[] = []
  #times: number[] = []
  #ends: number[] = []
  #ts = 0
  #created: [number, number][] = []
  /** tells contracts of this chunk from those of former ones */
  #serial = 0

  constructor(period: Period, start: Pick<StartSnapshot, 'contracts'>, length: ChunkLength) {
    this.#period = period
    this.#length = length
    for (const contract of start.contracts) this.setHome(contract.contract_id, nodeOf(contract.contract_type))
  }

  /** `nodeId` -1: on no node. */
  setHome(contractId: number, nodeId: number): ContractHome {
    const onNode = isNodeId(nodeId)
    const home: ContractHome = {
      id: contractId,
      bucket: onNode ? nodeId >>> BUCKET_BITS : LOOSE,
      slot: onNode ? nodeId & 63 : 0,
      chunk: -1,
      index: 0,
      window: 0,
      run: -1,
      cuts: 0,
    }
    this.#homes.set(contractId, home)
    return home
  }

  /**
   * Whether block `n` of time `ts` must begin a new chunk. Depends on the period and on this chunk's events only, so that every import cuts
   * alike. Where the period begins and ends (behind the first block after its end, which is its last) a chunk does too: what lies inside
   * of it is told in runs.
   */
  isFull(n: number, ts: number): boolean {
    const first = this.#blocks[0]
    if (first === undefined) return false
    const { start, end } = this.#period
    const { blocks, events } = this.#length
    return (
      (n - first >= blocks && this.events >= FEW_EVENTS) ||
      this.events >= events ||
      this.#buckets >= MAX_BUCKETS ||
      (this.#ts <= start && ts > start) ||
      (this.#times[0]! <= end && this.#ts > end)
    )
  }

  /** Begins a block, which must have events. */
  block(n: number, ts: number): void {
    if (this.#blocks.length > 0) this.#ends.push(this.events)
    this.#blocks.push(n)
    this.#times.push(ts)
    this.#ts = ts
  }

  uptime(nodeId: number, now: U64, uptime: U64): void {
    this.#writer(isNodeId(nodeId) ? nodeId >>> BUCKET_BITS : LOOSE).uptime(this.events++, this.#ts, nodeId, now, uptime)
  }

  consumption(contractId: number, timestamp: U64, window: U64, nru: U64): void {
    const home = this.#homes.get(contractId) ?? this.setHome(contractId, -1)
    this.#writer(home.bucket).consumption(this.events++, this.#ts, this.#serial, home, timestamp, window, nru)
  }

  rare(event: RareEvent): void {
    const [bucket, slot] = this.#homeOf(event)
    this.#writer(bucket).rare(this.events++, slot, event)
  }

  #homeOf(event: RareEvent): [bucket: number, slot: number] {
    let nodeId = -1
    switch (event[0]) {
      case 'TfgridModule.NodeStored':
      case 'TfgridModule.NodeUpdated':
        nodeId = event[1].node.id
        break
      case 'TfgridModule.NodeDeleted':
      case 'TfgridModule.PowerTargetChanged':
      case 'TfgridModule.PowerStateChanged':
      case 'SmartContractModule.NodeContractCanceled':
        nodeId = event[1].node_id
        break
      case 'SmartContractModule.ContractCreated': {
        const { contract } = event[1]
        nodeId = nodeOf(contract.contract_type)
        this.setHome(contract.contract_id, nodeId)
        this.#created.push([contract.contract_id, isNodeId(nodeId) ? nodeId : -1])
        break
      }
      case 'SmartContractModule.UpdatedUsedResources':
      case 'SmartContractModule.RentContractCanceled': {
        const home = this.#homes.get(event[1].contract_id)
        return home ? [home.bucket, home.slot] : [LOOSE, 0]
      }
    }
    return isNodeId(nodeId) ? [nodeId >>> BUCKET_BITS, nodeId & 63] : [LOOSE, 0]
  }

  #writer(bucket: number): BucketWriter {
    let writer = this.#writers.get(bucket)
    if (!writer) {
      writer = new BucketWriter(bucket)
      this.#writers.set(bucket, writer)
      this.#buckets++
    }
    return writer
  }

  /** The chunk so far, as number `chunk` of the period. Must have events. What was told stays; `take` begins the next one. */
  encode(chunk: number): EncodedChunk {
    const digest = createHash('sha256')
    const writers: BucketWriter[] = []
    this.#writers.each(writer => {
      if (writer.events > 0) writers.push(writer)
    })
    const counts = writers.map(writer => writer.events)
    const blobs: EncodedChunk['blobs'] = []
    const rests: EncodedChunk['blobs'] = []
    for (const writer of writers) {
      const { data, rest } = writer.encode({ period: this.#period.index, chunk, bucket: writer.bucket })
      blobs.push({ number: writer.bucket, data })
      if (rest !== null) rests.push({ number: restOf(writer.bucket), data: rest })
    }
    blobs.push(...rests)
    for (const { data } of blobs) digest.update(data)
    const head = encodeHead(
      {
        blocks: Float64Array.from(this.#blocks),
        ts: Float64Array.from(this.#times),
        ends: Uint32Array.from([...this.#ends, this.events]),
        buckets: writers.map(({ bucket }) => bucket),
        counts,
        contracts: this.#created,
        digest: digest.digest(),
      },
      { period: this.#period.index, chunk, bucket: -1 },
    )
    return { head, blobs, events: this.events, lastBlock: this.#blocks.at(-1)! }
  }

  /** The chunk so far, as `encode` gives it; then begins the next one. */
  take(chunk: number): EncodedChunk {
    const encoded = this.encode(chunk)
    this.#writers.each(writer => writer.clear())
    if (this.#buckets >= MAX_BUCKETS) {
      this.#writers.clear()
      this.#buckets = 0
    }
    this.events = 0
    this.#blocks = []
    this.#times = []
    this.#ends = []
    this.#created = []
    this.#serial++
    return encoded
  }
}

function isNodeId(nodeId: number): boolean {
  return nodeId >>> 0 === nodeId
}

function nodeOf(type: ContractType): number {
  if ('NodeContract' in type) return type.NodeContract.node_id
  return 'RentContract' in type ? type.RentContract.node_id : -1
}
