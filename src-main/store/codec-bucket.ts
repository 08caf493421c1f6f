import type { EventSink, RareEvent, U64 } from '../../src-shared/grid.ts'
import { ByteReader, ByteWriter, fold, MAX_VARINT, putVarint, unfold } from './bytes.ts'
import type { ChunkHead } from './codec-head.ts'
import { damaged, ENVELOPE_BYTES, type Place, seal, unseal } from './envelope.ts'
import { exactParse, exactStringify } from './exact-json.ts'

/**
 * The events of one bucket (64 neighbouring node ids) in one chunk, packed:
 * envelope, number of events, contract ids, length of the JSON part, JSON part, then per event
 *   gap       events of other buckets since the last one of this; gives the event's place in the chunk, and so its block
 *   kind      1 byte: node within the bucket * 4 + what follows:
 *   UPTIME    now - block time, uptime - (last uptime of the node + now - its last now)
 *   USE       contract (index into the contract ids), timestamp - block time, window - last window of the contract, nru
 *   AS_JSON   nothing: the next entry of the JSON part; all other events, and figures that don't fit
 *   POWER     which change (index into POWER_CHANGES), farm, and the block since when the state is Down
 * A healthy node's report takes 5 bytes.
 */
const UPTIME = 0
const USE = 1
const AS_JSON = 2
/** since version 2: before, these were most of the JSON part, and half as long to read as all reports together */
const POWER = 3
const POWER_CHANGES = { targetUp: 0, targetDown: 1, stateUp: 2, stateDown: 3 } as const

/** The place behind all events. */
export const END = 2 ** 31 - 1

/** Nodes per bucket: 2^6. */
export const BUCKET_BITS = 6
const SLOTS = 1 << BUCKET_BITS
/** The bucket of what belongs to no node: behind those of all 32-bit node ids. */
export const LOOSE = 2 ** (32 - BUCKET_BITS)
/** Figures below this are packed: differences of differences of them are exact. */
const PACKED_LIMIT = 2 ** 48
/** Before a contract's first report; most windows are an hour. */
const FIRST_WINDOW = 3600

/** An entry of the JSON part. */
type JsonEntry = RareEvent | ['uptime', number, U64, U64] | ['use', number, U64, U64, U64]

/** A contract as the writer sees it: its home, and its place in the chunk that is being written. */
export interface ContractHome {
  id: number
  bucket: number
  /** node within the bucket */
  slot: number
  /** the chunk for which the next two hold */
  chunk: number
  index: number
  window: number
}

/** Packs the events of one bucket, chunk after chunk. Places of events in the chunk must rise. */
export class BucketWriter {
  readonly bucket: number
  events = 0
  readonly #stream = new ByteWriter(512)
  readonly #now = new Float64Array(SLOTS)
  readonly #uptime = new Float64Array(SLOTS)
  #contracts: number[] = []
  #json: string[] = []
  #last = -1

  constructor(bucket: number) {
    this.bucket = bucket
  }

  uptime(place: number, ts: number, nodeId: number, now: U64, uptime: U64): void {
    const slot = this.bucket === LOOSE ? 0 : nodeId & (SLOTS - 1)
    if (this.bucket === LOOSE || !packed(now) || !packed(uptime) || ts >= PACKED_LIMIT) {
      this.#jsonEntry(place, slot, ['uptime', nodeId, now, uptime])
      return
    }
    const stream = this.#begin(place, (slot << 2) | UPTIME)
    const { bytes } = stream
    const pos = putVarint(bytes, stream.length, fold(now - ts))
    stream.length = putVarint(bytes, pos, fold(uptime - (this.#uptime[slot]! + now - this.#now[slot]!)))
    this.#now[slot] = now
    this.#uptime[slot] = uptime
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
    }
    const stream = this.#begin(place, (contract.slot << 2) | USE)
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
      this.#power(place, slot, event[1].power_target === 'Up' ? POWER_CHANGES.targetUp : POWER_CHANGES.targetDown, event[1].farm_id)
      return
    }
    if (this.bucket !== LOOSE && event[0] === 'TfgridModule.PowerStateChanged' && isPlain(event[1], 'power_state', nodeId)) {
      const { farm_id: farmId, power_state: state } = event[1]
      if (state === 'Up') this.#power(place, slot, POWER_CHANGES.stateUp, farmId)
      else this.#power(place, slot, POWER_CHANGES.stateDown, farmId, state.Down)
      return
    }
    this.#jsonEntry(place, slot, event)
  }

  /** The sealed blob of what was written since `clear`. */
  encode(place: Place): Uint8Array {
    const json = Buffer.from(this.#json.length === 0 ? '' : `[${this.#json.join(',')}]`, 'utf8')
    const out = new ByteWriter(ENVELOPE_BYTES + this.#stream.length + json.length + (this.#contracts.length + 3) * MAX_VARINT)
    out.length = ENVELOPE_BYTES
    out.varint(this.events)
    out.varint(this.#contracts.length)
    for (const id of this.#contracts) out.varint(id)
    out.varint(json.length)
    out.append(json)
    out.append(this.#stream.view())
    const blob = out.view()
    seal(blob, place)
    return blob
  }

  /** Begins the next chunk. */
  clear(): void {
    this.events = 0
    this.#stream.length = 0
    this.#now.fill(0)
    this.#uptime.fill(0)
    this.#contracts = []
    this.#json = []
    this.#last = -1
  }

  #begin(place: number, kind: number): ByteWriter {
    const stream = this.#stream
    stream.reserve(1 + 5 * MAX_VARINT)
    const pos = putVarint(stream.bytes, stream.length, place - this.#last - 1)
    stream.bytes[pos] = kind
    stream.length = pos + 1
    this.#last = place
    this.events++
    return stream
  }

  #power(place: number, slot: number, change: number, farmId: number, downSinceBlock?: number): void {
    const stream = this.#begin(place, (slot << 2) | POWER)
    const { bytes } = stream
    bytes[stream.length++] = change
    stream.length = putVarint(bytes, stream.length, farmId)
    if (downSinceBlock !== undefined) stream.length = putVarint(bytes, stream.length, downSinceBlock)
  }

  #jsonEntry(place: number, slot: number, entry: JsonEntry): void {
    this.#begin(place, (slot << 2) | AS_JSON)
    this.#json.push(exactStringify(entry))
  }
}

function packed(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < PACKED_LIMIT && value % 1 === 0
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

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Reads one bucket of one chunk into a sink, at once or event by event. */
export class BucketReader {
  /** place in the chunk of the next event; the chunk's number of events when there is none left */
  next: number
  readonly #input: ByteReader
  readonly #head: ChunkHead
  readonly #place: Place
  readonly #now = new Float64Array(SLOTS)
  readonly #uptime = new Float64Array(SLOTS)
  readonly #contracts: Float64Array
  readonly #windows: Float64Array
  readonly #firstNode: number
  #json: JsonEntry[] | null = null
  readonly #jsonText: Uint8Array
  #jsonIndex = 0
  #left: number
  #block = 0

  /** `expected`: the number of events that the chunk's head names. Throws AppError store.corrupt. */
  constructor(data: Uint8Array | undefined, head: ChunkHead, expected: number, place: Place) {
    const blob = unseal(data, place)
    const input = new ByteReader(blob, ENVELOPE_BYTES)
    this.#input = input
    this.#head = head
    this.#place = place
    this.#firstNode = place.bucket * SLOTS
    this.#left = input.varint()
    const contracts = input.varint()
    if (this.#left !== expected || !(contracts <= blob.length)) throw damaged(place, 'it does not fit its head')
    this.#contracts = new Float64Array(contracts)
    for (let i = 0; i < contracts; i++) this.#contracts[i] = input.varint()
    this.#windows = new Float64Array(contracts).fill(FIRST_WINDOW)
    const jsonBytes = input.varint()
    this.#jsonText = blob.subarray(input.pos, input.pos + jsonBytes)
    input.pos += jsonBytes
    this.next = this.#left === 0 ? END : input.varint()
    if (this.#left === 0) this.#end()
  }

  /**
   * Delivers the events whose place is below `limit`; of one node only with `slot` 0 to 63, of all with -1.
   * `announce`: calls the sink's `block` before the first event of each block.
   */
  run(sink: EventSink, limit: number, slot = -1, announce = true): void {
    const input = this.#input
    const { bytes } = input
    const { blocks, ts, ends } = this.#head
    const total = ends.length === 0 ? 0 : ends[ends.length - 1]!
    const nows = this.#now
    const uptimes = this.#uptime
    const firstNode = this.#firstNode
    let pos = input.pos | 0
    let left = this.#left | 0
    let place = this.next | 0
    let block = this.#block | 0
    let blockTs = ts[block]!
    let announced = -1
    while (place < limit) {
      if (place >= total) throw damaged(this.#place, 'an event lies behind its end')
      const kind = bytes[pos++]!
      const eventSlot = kind >> 2
      const type = kind & 3
      if (slot >= 0 && slot !== eventSlot) {
        // another node's: its reports are stepped over, as nothing of this node follows from them
        if (type === UPTIME) pos = behindVarint(bytes, behindVarint(bytes, pos))
        else {
          input.pos = pos
          this.#other(sink, type, eventSlot, 0, false)
          pos = input.pos | 0
        }
      } else {
        if (place >= ends[block]!) {
          do block++
          while (place >= ends[block]!)
          blockTs = ts[block]!
        }
        if (announce && announced !== block) {
          announced = block
          sink.block(blocks[block]!, blockTs)
        }
        if (type === UPTIME) {
          // both figures take one byte nearly always
          let folded = bytes[pos++]!
          let delta = (folded >>> 1) ^ -(folded & 1)
          if (folded >= 0x80) {
            input.pos = pos
            delta = unfold(input.rest(folded))
            pos = input.pos | 0
          }
          const now = blockTs + delta
          folded = bytes[pos++]!
          delta = (folded >>> 1) ^ -(folded & 1)
          if (folded >= 0x80) {
            input.pos = pos
            delta = unfold(input.rest(folded))
            pos = input.pos | 0
          }
          const uptime = uptimes[eventSlot]! + now - nows[eventSlot]! + delta
          nows[eventSlot] = now
          uptimes[eventSlot] = uptime
          sink.uptime(firstNode + eventSlot, now, uptime)
        } else {
          input.pos = pos
          this.#other(sink, type, eventSlot, blockTs, true)
          pos = input.pos | 0
        }
      }
      if (--left === 0) {
        input.pos = pos
        this.#left = 0
        this.#end()
        place = END
        break
      }
      let gap = bytes[pos++]!
      if (gap >= 0x80) {
        input.pos = pos
        gap = input.rest(gap) | 0
        pos = input.pos | 0
      }
      place = (place + gap + 1) | 0
    }
    input.pos = pos
    this.next = place
    this.#left = left
    this.#block = block
    // a place that is not a number ends the loop too
    if (!(place >= limit)) throw damaged(this.#place, 'an event is cut short')
  }

  #other(sink: EventSink, type: number, slot: number, blockTs: number, wanted: boolean): void {
    if (type === USE) {
      const input = this.#input
      const windows = this.#windows
      const index = input.varint()
      const timestamp = blockTs + unfold(input.varint())
      const window = windows[index]! + unfold(input.varint())
      const nru = input.varint()
      if (!(index < windows.length)) throw damaged(this.#place, 'an event names no contract')
      windows[index] = window
      if (wanted) sink.consumption(this.#contracts[index]!, timestamp, window, nru)
    } else if (type === AS_JSON) {
      // the JSON part is parsed only where something in it is wanted
      if (wanted) deliver(sink, this.#jsonEntry())
      else this.#jsonIndex++
    } else this.#power(sink, this.#firstNode + slot, wanted)
  }

  #power(sink: EventSink, nodeId: number, wanted: boolean): void {
    const input = this.#input
    const change = input.varint()
    const farmId = input.varint()
    const downSinceBlock = change === POWER_CHANGES.stateDown ? input.varint() : 0
    if (!(change <= POWER_CHANGES.stateDown)) throw damaged(this.#place, 'an event has no kind')
    if (!wanted) return
    if (change === POWER_CHANGES.targetUp || change === POWER_CHANGES.targetDown) {
      const target = change === POWER_CHANGES.targetUp ? 'Up' : 'Down'
      sink.rare(['TfgridModule.PowerTargetChanged', { farm_id: farmId, node_id: nodeId, power_target: target }])
    } else {
      const state = change === POWER_CHANGES.stateUp ? 'Up' : { Down: downSinceBlock }
      sink.rare(['TfgridModule.PowerStateChanged', { farm_id: farmId, node_id: nodeId, power_state: state }])
    }
  }

  #end(): void {
    if (this.#input.pos !== this.#input.bytes.length) throw damaged(this.#place, 'its length is wrong')
  }

  #jsonEntry(): JsonEntry {
    if (!this.#json) this.#json = this.#parseJson()
    const entry = this.#json[this.#jsonIndex++]
    if (!entry) throw damaged(this.#place, 'an event is missing')
    return entry
  }

  #parseJson(): JsonEntry[] {
    try {
      return exactParse(utf8.decode(this.#jsonText)) as JsonEntry[]
    } catch {
      throw damaged(this.#place, 'an event is not readable')
    }
  }
}

function behindVarint(bytes: Uint8Array, from: number): number {
  let pos = from
  while (bytes[pos]! >= 0x80) pos++
  return pos + 1
}

function deliver(sink: EventSink, entry: JsonEntry): void {
  if (entry[0] === 'uptime') sink.uptime(entry[1], entry[2], entry[3])
  else if (entry[0] === 'use') sink.consumption(entry[1], entry[2], entry[3], entry[4])
  else sink.rare(entry)
}
