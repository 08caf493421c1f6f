import {
  type AnyEvent,
  type ColumnSink,
  type EventColumns,
  eventColumns,
  OTHER,
  STATE_DOWN,
  tellColumn,
  UPTIME,
  USE,
} from '../../src-shared/event-columns.ts'
import type { EventSink } from '../../src-shared/grid.ts'
import { ByteReader, unfold } from './bytes.ts'
import { END, FIRST_WINDOW, SLOTS } from './codec-bucket.ts'
import { type ChunkHead, NEAR_BITS } from './codec-head.ts'
import { damaged, ENVELOPE_BYTES, type Place, unseal } from './envelope.ts'
import { exactParse } from './exact-json.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Few enough that they stay in the processor's nearest cache until they are told. */
const COLUMN_EVENTS = 128
/** the columns of whoever reads next; null while they are in use */
let spare: EventColumns | null = null

/** Reads one bucket of one chunk into a sink, at once or event by event. */
export class BucketReader {
  /** place in the chunk of the next event; END when there is none left */
  next: number
  readonly #input: ByteReader
  readonly #head: ChunkHead
  readonly #place: Place
  readonly #now = new Float64Array(SLOTS)
  readonly #uptime = new Float64Array(SLOTS)
  readonly #contracts: Float64Array
  readonly #windows: Float64Array
  readonly #firstNode: number
  #json: AnyEvent[] | null = null
  readonly #jsonText: Uint8Array
  #jsonIndex = 0
  #left: number

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
   * Delivers the events whose place is below `limit`; of one node only with `slot` 0 to 63, of all with -1. Calls the sink's `block` before
   * the first event of each block. A sink that takes columns gets them.
   */
  run(sink: EventSink | ColumnSink, limit: number, slot = -1): void {
    const columns = spare ?? eventColumns(COLUMN_EVENTS)
    spare = null
    let block = -1
    do {
      this.#fill(columns, limit, slot)
      if ('columns' in sink) sink.columns(columns)
      else block = tell(sink, columns, block)
    } while (this.next < limit)
    spare = columns
  }

  /** Delivers the next event alone, without its block; `room` is for one event. */
  one(sink: EventSink, room: EventColumns): void {
    this.#fill(room, this.next + 1, -1)
    tellColumn(sink, room, 0)
  }

  /** Unpacks as many events as the columns hold. */
  #fill(into: EventColumns, limit: number, slot: number): void {
    const input = this.#input
    const { bytes } = input
    const { blocks, ends, near, ts } = this.#head
    const total = ends.length === 0 ? 0 : ends[ends.length - 1]!
    const nows = this.#now
    const uptimes = this.#uptime
    const { kinds, at, a, b } = into
    const size = kinds.length
    let pos = input.pos | 0
    let left = this.#left | 0
    let place = this.next | 0
    let count = 0
    if (into.others.length > 0) into.others = []
    into.firstNode = this.#firstNode
    into.blocks = blocks
    into.times = ts
    while (place < limit && count < size) {
      if (place >>> 0 >= total) throw damaged(this.#place, 'an event lies behind its end')
      const kind = bytes[pos++]!
      const type = kind & 3
      if (slot >= 0 && slot !== kind >> 2) {
        // another node's: it is stepped over, as nothing of this node follows from it
        if (type === UPTIME) pos = behindVarint(bytes, behindVarint(bytes, pos))
        else {
          input.pos = pos
          this.#stepOver(type)
          pos = input.pos | 0
        }
      } else {
        let block = near[place >>> NEAR_BITS]!
        // one on where its end is not behind the place, twice: a jump that nobody can foresee takes longer
        block += (ends[block]! - place - 1) >>> 31
        block += (ends[block]! - place - 1) >>> 31
        while (place >= ends[block]!) block++
        kinds[count] = kind
        at[count] = block
        // what is rarer is kept out of this loop: it is compiled sooner, and never again
        if (type !== UPTIME || (bytes[pos]! | bytes[pos + 1]!) >= 0x80) {
          input.pos = pos
          this.#other(into, count, kind, ts[block]!)
          pos = input.pos | 0
        } else {
          // both figures take one byte
          const folded = bytes[pos]!
          const foldedAhead = bytes[pos + 1]!
          pos += 2
          const eventSlot = kind >> 2
          const now = ts[block]! + ((folded >>> 1) ^ -(folded & 1))
          const uptime = uptimes[eventSlot]! + now - nows[eventSlot]! + ((foldedAhead >>> 1) ^ -(foldedAhead & 1))
          nows[eventSlot] = now
          uptimes[eventSlot] = uptime
          a[count] = now
          b[count] = uptime
        }
        count++
      }
      if (--left === 0) {
        place = END
        break
      }
      // one byte or two, as it happens
      const first = bytes[pos++]!
      const isLong = first >>> 7
      const second = bytes[pos]! & -isLong
      let gap = (first & 0x7f) | (second << 7)
      pos += isLong
      if (second >= 0x80) {
        input.pos = pos - 1
        gap = input.rest(first) | 0
        pos = input.pos | 0
      }
      place = (place + gap + 1) | 0
    }
    input.pos = pos
    this.next = place
    this.#left = left
    if (left === 0) this.#end()
    into.count = count
  }

  #other(into: EventColumns, i: number, kind: number, blockTs: number): void {
    const input = this.#input
    const type = kind & 3
    if (type === OTHER) {
      into.a[i] = into.others.push(this.#jsonEntry()) - 1
      return
    }
    const first = input.varint()
    const second = input.varint()
    if (type === UPTIME) {
      const slot = kind >> 2
      const now = blockTs + unfold(first)
      const uptime = this.#uptime[slot]! + now - this.#now[slot]! + unfold(second)
      this.#now[slot] = now
      this.#uptime[slot] = uptime
      into.a[i] = now
      into.b[i] = uptime
    } else if (type === USE) {
      const windows = this.#windows
      if (!(first < windows.length)) throw damaged(this.#place, 'an event names no contract')
      into.a[i] = this.#contracts[first]!
      into.d[i] = blockTs + unfold(second)
      const window = windows[first]! + unfold(input.varint())
      windows[first] = window
      into.b[i] = window
      into.c[i] = input.varint()
    } else {
      if (!(first <= STATE_DOWN)) throw damaged(this.#place, 'an event has no kind')
      into.a[i] = first
      into.b[i] = second
      into.c[i] = first === STATE_DOWN ? input.varint() : 0
    }
  }

  #stepOver(type: number): void {
    const input = this.#input
    // the JSON part is parsed only where something in it is wanted
    if (type === OTHER) this.#jsonIndex++
    else if (type === USE) for (let i = 0; i < 4; i++) input.varint()
    else if (input.varint() === STATE_DOWN) for (let i = 0; i < 2; i++) input.varint()
    else input.varint()
  }

  #end(): void {
    if (this.#input.pos !== this.#input.bytes.length) throw damaged(this.#place, 'its length is wrong')
  }

  #jsonEntry(): AnyEvent {
    if (!this.#json) this.#json = this.#parseJson()
    const entry = this.#json[this.#jsonIndex++]
    if (!entry) throw damaged(this.#place, 'an event is missing')
    return entry
  }

  #parseJson(): AnyEvent[] {
    try {
      return exactParse(utf8.decode(this.#jsonText)) as AnyEvent[]
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

/** Tells events one by one; `told` is the index of the block that was told last, -1 for none. Gives the one that is now. */
function tell(sink: EventSink, events: EventColumns, told: number): number {
  const { count, at } = events
  let last = told
  for (let i = 0; i < count; i++) {
    const block = at[i]!
    if (block !== last) {
      last = block
      sink.block(events.blocks[block]!, events.times[block]!)
    }
    tellColumn(sink, events, i)
  }
  return last
}
