import { type AnyEvent, OTHER, POWER, STATE_DOWN, STATE_UP, TARGET_DOWN, TARGET_UP, UPTIME, USE } from '../../src-shared/event-columns.ts'
import type { RareEvent, U64 } from '../../src-shared/grid.ts'
import { ByteWriter, fold, MAX_VARINT, putVarint } from './bytes.ts'
import { type ContractRun, NODE_MEMBERS, NODE_NOW, NODE_UPTIME, RunWriter } from './codec-runs.ts'
import { ENVELOPE_BYTES, type Place, seal } from './envelope.ts'
import { exactStringify } from './exact-json.ts'

/**
 * The events of one bucket (64 neighbouring node ids) in one chunk, packed into a blob, and its rest into another:
 * envelope, number of events, contract ids, length of the JSON part, JSON part, events in the rest, length of the runs, runs (codec-runs.ts),
 * then per event that is not in the rest
 *   gap       events of the chunk since the last one that stands here; gives the event's place in the chunk, and so its block
 *   kind      1 byte: node within the bucket * 4 + what follows:
 *   UPTIME    now - block time, uptime - (last uptime of the node + now - its last now)
 *   USE       contract (index into the contract ids), timestamp - block time, window - last window of the contract, nru
 *   OTHER     nothing: the next entry of the JSON part; all other events, and figures that don't fit
 *   POWER     which change (TARGET_UP …), farm, and the block since when the state is Down
 * A healthy node's report takes 5 bytes. (POWER is there since version 2: before, these were most of the JSON part, and half as long to read
 * as all reports together.)
 * The rest: envelope, then in the same way the reports that follow the first of a run. Who takes the runs need not read it: of a healthy
 * grid it holds nine of ten events. (Since version 3: before, all events stood in one blob, without runs.)
 */
/** The place behind all events. */
export const END = 2 ** 31 - 1

/** Nodes per bucket: 2^6. */
export const BUCKET_BITS = 6
export const SLOTS = 1 << BUCKET_BITS
/** The bucket of what belongs to no node: behind those of all 32-bit node ids. */
export const LOOSE = 2 ** (32 - BUCKET_BITS)
/** The number under which a bucket's rest is stored: behind LOOSE. */
export function restOf(bucket: number): number {
  return LOOSE + 1 + bucket
}
/** Gives a blob of a chunk by number: a bucket, or the rest of one (restOf). */
export type LoadBlob = (number: number) => Uint8Array | undefined

/** Whether a bucket has runs. Nobody folds what belongs to no node, and the last bucket's rest would have no number. */
function hasRuns(bucket: number): boolean {
  return bucket < LOOSE - 1
}

/** Figures below this are packed: differences of differences of them are exact. */
const PACKED_LIMIT = 2 ** 48
/** Before a contract's first report; most windows are an hour. */
export const FIRST_WINDOW = 3600

/** A contract as the writer sees it: its home, and its place in the chunk that is being written. */
export interface ContractHome extends ContractRun {
  id: number
  bucket: number
  /** node within the bucket */
  slot: number
  /** the chunk for which the next two hold */
  chunk: number
  index: number
  window: number
}

/** Events that are being packed. */
interface Packing {
  readonly stream: ByteWriter
  /** place of the last one */
  last: number
}

/** Packs the events of one bucket, chunk after chunk. Places of events in the chunk must rise. */
export class BucketWriter {
  readonly bucket: number
  events = 0
  readonly #first: Packing = { stream: new ByteWriter(512), last: -1 }
  readonly #rest: Packing = { stream: new ByteWriter(512), last: -1 }
  #restEvents = 0
  readonly #runs: RunWriter | null
  readonly #nodes = new Float64Array(SLOTS * NODE_MEMBERS)
  #contracts: number[] = []
  #json: string[] = []

  constructor(bucket: number) {
    this.bucket = bucket
    this.#runs = hasRuns(bucket) ? new RunWriter(this.#nodes) : null
    this.clear()
  }

  uptime(place: number, ts: number, nodeId: number, now: U64, uptime: U64): void {
    const slot = this.bucket === LOOSE ? 0 : nodeId & (SLOTS - 1)
    if (this.bucket === LOOSE || !packed(now) || !packed(uptime) || ts >= PACKED_LIMIT) {
      this.#jsonEntry(place, slot, ['uptime', nodeId, now, uptime])
      return
    }
    const nodes = this.#nodes
    const at = slot * NODE_MEMBERS
    const ahead = uptime - (nodes[at + NODE_UPTIME]! + now - nodes[at + NODE_NOW]!)
    const goesOn = this.#runs?.uptime(slot, now, uptime, ahead) ?? false
    const stream = this.#begin(goesOn, place, (slot << 2) | UPTIME)
    const { bytes } = stream
    const pos = putVarint(bytes, stream.length, fold(now - ts))
    stream.length = putVarint(bytes, pos, fold(ahead))
    nodes[at + NODE_NOW] = now
    nodes[at + NODE_UPTIME] = uptime
  }

  consumption(place: number, ts: number, chunk: number, contract: ContractHome, timestamp: U64, window: U64, nru: U64): void {
    if (
      !packed(timestamp) ||
      !packed(window) ||
      !packed(nru) ||
      ts >= PACKED_LIMIT ||
      !Number.isSafeInteger(contract.id) ||
      contract.id < 0
    ) {
      this.#jsonEntry(place, contract.slot, ['use', contract.id, timestamp, window, nru])
      return
    }
    if (contract.chunk !== chunk) {
      contract.chunk = chunk
      contract.index = this.#contracts.push(contract.id) - 1
      contract.window = FIRST_WINDOW
      contract.run = -1
    }
    const goesOn = this.#runs?.use(contract.slot, contract, ts, window, nru) ?? false
    const stream = this.#begin(goesOn, place, (contract.slot << 2) | USE)
    const { bytes } = stream
    let pos = putVarint(bytes, stream.length, contract.index)
    pos = putVarint(bytes, pos, fold(timestamp - ts))
    pos = putVarint(bytes, pos, fold(window - contract.window))
    stream.length = putVarint(bytes, pos, nru)
    contract.window = window
  }

  rare(place: number, slot: number, event: RareEvent): void {
    const nodeId = this.bucket * SLOTS + slot
    if (this.bucket !== LOOSE && event[0] === 'TfgridModule.PowerTargetChanged' && isPlain(event[1], 'power_target', nodeId)) {
      this.#power(place, slot, event[1].power_target === 'Up' ? TARGET_UP : TARGET_DOWN, event[1].farm_id)
      return
    }
    if (this.bucket !== LOOSE && event[0] === 'TfgridModule.PowerStateChanged' && isPlain(event[1], 'power_state', nodeId)) {
      const { farm_id: farmId, power_state: state } = event[1]
      if (state === 'Up') this.#power(place, slot, STATE_UP, farmId)
      else this.#power(place, slot, STATE_DOWN, farmId, state.Down)
      return
    }
    this.#jsonEntry(place, slot, event)
  }

  /** The sealed blobs of what was written since `clear`; `rest` is null where nothing is in it. */
  encode(place: Place): { data: Uint8Array; rest: Uint8Array | null } {
    const json = Buffer.from(this.#json.length === 0 ? '' : `[${this.#json.join(',')}]`, 'utf8')
    const runs = this.#runs?.encode() ?? new Uint8Array(0)
    const { stream } = this.#first
    const counts = (this.#contracts.length + 5) * MAX_VARINT
    const out = new ByteWriter(ENVELOPE_BYTES + stream.length + json.length + runs.length + counts)
    out.length = ENVELOPE_BYTES
    out.varint(this.events)
    out.varint(this.#contracts.length)
    for (const id of this.#contracts) out.varint(id)
    out.varint(json.length)
    out.append(json)
    out.varint(this.#restEvents)
    out.varint(runs.length)
    out.append(runs)
    out.append(stream.view())
    const data = out.view()
    seal(data, place)
    if (this.#restEvents === 0) return { data, rest: null }
    const rest = this.#rest.stream.view().slice()
    seal(rest, { ...place, part: 'rest' })
    return { data, rest }
  }

  /** Begins the next chunk. */
  clear(): void {
    this.events = 0
    this.#restEvents = 0
    this.#first.stream.length = 0
    this.#first.last = -1
    // its envelope is filled in at last
    this.#rest.stream.length = ENVELOPE_BYTES
    this.#rest.last = -1
    this.#nodes.fill(0)
    this.#runs?.clear()
    this.#contracts = []
    this.#json = []
  }

  #begin(inRest: boolean, place: number, kind: number): ByteWriter {
    const packing = inRest ? this.#rest : this.#first
    const { stream } = packing
    stream.reserve(1 + 5 * MAX_VARINT)
    const pos = putVarint(stream.bytes, stream.length, place - packing.last - 1)
    stream.bytes[pos] = kind
    stream.length = pos + 1
    packing.last = place
    this.events++
    if (inRest) this.#restEvents++
    return stream
  }

  #power(place: number, slot: number, change: number, farmId: number, downSinceBlock?: number): void {
    this.#runs?.cutUptime(slot)
    const stream = this.#begin(false, place, (slot << 2) | POWER)
    const { bytes } = stream
    bytes[stream.length++] = change
    stream.length = putVarint(bytes, stream.length, farmId)
    if (downSinceBlock !== undefined) stream.length = putVarint(bytes, stream.length, downSinceBlock)
  }

  #jsonEntry(place: number, slot: number, entry: AnyEvent): void {
    this.#runs?.cut(slot)
    this.#begin(false, place, (slot << 2) | OTHER)
    this.#json.push(exactStringify(entry))
  }
}

function packed(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < PACKED_LIMIT && Math.floor(value) === value
}

/** Whether a change of power holds nothing but what is packed, in the order in which it is unpacked. */
function isPlain(data: { farm_id: number; node_id: number }, third: 'power_target' | 'power_state', nodeId: number): boolean {
  const names = Object.keys(data)
  if (names.length !== 3 || names[0] !== 'farm_id' || names[1] !== 'node_id' || names[2] !== third) return false
  if (data.node_id !== nodeId || !packed(data.farm_id)) return false
  const value = (data as { power_target?: unknown; power_state?: unknown })[third]
  if (value === 'Up' || (value === 'Down' && third === 'power_target')) return true
  if (third === 'power_target' || typeof value !== 'object' || value === null) return false
  return Object.keys(value).length === 1 && 'Down' in value && packed(value.Down)
}
