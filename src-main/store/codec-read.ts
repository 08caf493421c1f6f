import { type ColumnSink, type EventColumns, eventColumns, OTHER, tellColumn, UPTIME } from '../../src-shared/event-columns.ts'
import type { RunSink } from '../../src-shared/event-runs.ts'
import type { EventSink } from '../../src-shared/grid.ts'
import { END, type LoadBlob } from './codec-bucket.ts'
import { type ChunkHead, CLOSE_MARK_BITS, closeMarks } from './codec-head.ts'
import { BucketInput, behindVarint, type Stream, stepOver } from './codec-input.ts'
import { readRuns } from './codec-read-runs.ts'
import { damaged, type Place } from './envelope.ts'

/** Few enough that they stay in the processor's nearest cache until they are told. */
const COLUMN_EVENTS = 128
/** the columns of whoever reads next; null while they are in use */
let spare: EventColumns | null = null

/** Reads one bucket of one chunk into a sink, at once, in runs or event by event. */
export class BucketReader {
  /** place in the chunk of the next event; END when there is none left */
  next: number
  readonly #bucket: BucketInput
  /** loaded when it is needed */
  #rest: Stream | null = null

  /** `expected`: the number of events that the chunk's head names. Throws AppError store.corrupt. */
  constructor(load: LoadBlob, head: ChunkHead, expected: number, place: Place) {
    this.#bucket = new BucketInput(load, head, expected, place)
    this.next = this.#bucket.first.next
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

  /**
   * Delivers all events to a sink that wants them in runs, where the bucket has runs; gives whether it did. Nothing may have been delivered
   * before. Where all runs are taken the rest is not even read.
   */
  runs(sink: RunSink): boolean {
    if (!readRuns(this.#bucket, sink)) return false
    this.next = END
    return true
  }

  /** Unpacks as many events as the columns hold. */
  #fill(into: EventColumns, limit: number, slot: number): void {
    const bucket = this.#bucket
    this.#rest ??= bucket.loadRest()
    const { first } = bucket
    const rest = this.#rest
    into.count = 0
    if (into.others.length > 0) into.others = []
    into.firstNode = bucket.firstNode
    into.blocks = bucket.head.blocks
    into.times = bucket.head.ts
    while (this.next < limit && into.count < into.kinds.length) {
      if (first.next < rest.next) this.#fillFrom(first, into, Math.min(limit, rest.next), slot)
      else this.#fillFrom(rest, into, Math.min(limit, first.next), slot)
      this.next = Math.min(first.next, rest.next)
    }
  }

  /** Unpacks more events, of one stream. */
  #fillFrom(stream: Stream, into: EventColumns, limit: number, slot: number): void {
    const bucket = this.#bucket
    const { input } = stream
    const { bytes } = input
    const { ends, ts } = bucket.head
    const near = closeMarks(bucket.head)
    const total = ends.length === 0 ? 0 : ends[ends.length - 1]!
    const nows = bucket.now
    const uptimes = bucket.uptime
    const { kinds, at, a, b } = into
    const size = kinds.length
    let pos = input.pos | 0
    let left = stream.left | 0
    let place = stream.next | 0
    let count = into.count | 0
    while (place < limit && count < size) {
      if (place >>> 0 >= total) throw damaged(bucket.place, 'an event lies behind its end')
      const kind = bytes[pos++]!
      const type = kind & 3
      if (slot >= 0 && slot !== kind >> 2) {
        // another node's: it is stepped over, as nothing of this node follows from it
        if (type === UPTIME) pos = behindVarint(bytes, behindVarint(bytes, pos))
        else {
          input.pos = pos
          // the JSON part is parsed only where something in it is wanted
          if (type === OTHER) bucket.skipJson()
          else stepOver(input, type)
          pos = input.pos | 0
        }
      } else {
        let block = near[place >>> CLOSE_MARK_BITS]!
        // one on where its end is not behind the place, twice: a jump that nobody can foresee takes longer
        block += (ends[block]! - place - 1) >>> 31
        block += (ends[block]! - place - 1) >>> 31
        while (place >= ends[block]!) block++
        kinds[count] = kind
        at[count] = block
        // what is rarer is kept out of this loop: it is compiled sooner, and never again
        if (type !== UPTIME || (bytes[pos]! | bytes[pos + 1]!) >= 0x80) {
          input.pos = pos
          bucket.figures(input, into, count, kind, ts[block]!)
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
    stream.next = place
    stream.left = left
    into.count = count
    if (left === 0) bucket.end(stream)
  }
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
