import {
  type AnyEvent,
  type ColumnSink,
  type EventColumns,
  eventColumns,
  OTHER,
  POWER,
  STATE_DOWN,
  tellColumn,
  UPTIME,
  USE,
} from '../../src-shared/event-columns.ts'
import type { RunSink } from '../../src-shared/event-runs.ts'
import type { EventSink } from '../../src-shared/grid.ts'
import { ByteReader, unfold } from './bytes.ts'
import { END, FIRST_WINDOW, type LoadBlob, restOf, SLOTS } from './codec-bucket.ts'
import { blockRows, type ChunkHead, CLOSE_MARK_BITS, closeMarks, ROW_MARK_BITS, ROW_MEMBERS } from './codec-head.ts'
import { emptyUptimeRun, emptyUseRun, readUptimeRun, readUseRun } from './codec-runs.ts'
import { damaged, ENVELOPE_BYTES, type Place, RUNS_VERSION, unseal } from './envelope.ts'
import { exactParse } from './exact-json.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Few enough that they stay in the processor's nearest cache until they are told. */
const COLUMN_EVENTS = 128
/** the columns of whoever reads next; null while they are in use */
let spare: EventColumns | null = null
/** one event, and the rest of one run, for who reads by runs; all done with before anybody else reads */
const single = eventColumns(1)
const uptimeRun = emptyUptimeRun()
const useRun = emptyUseRun()

/** Events of one blob that are still to come. */
interface Stream {
  readonly input: ByteReader
  /** place in the chunk of the next one; END when there is none left */
  next: number
  left: number
}

/** How reading by runs stands. */
interface UnderWay {
  readonly runs: ByteReader
  /** by node and by contract: events in the rest that are still to be stepped over, below 0: to be told */
  readonly ofNode: Int32Array
  readonly ofContract: Int32Array
  /** null: every run so far was taken, so nobody needs it */
  rest: Stream | null
  /** the chunk's blocks, see BlockRows, and what their numbers and times are counted from */
  readonly rows: Uint32Array
  readonly marks: Uint32Array
  readonly firstBlock: number
  readonly firstTs: number
  /** events of the chunk */
  readonly total: number
  /** row of the block that was told last, -1 for none */
  row: number
}

/** Reads one bucket of one chunk into a sink, at once, in runs or event by event. */
export class BucketReader {
  /** place in the chunk of the next event; END when there is none left */
  next: number
  readonly #load: LoadBlob
  readonly #first: Stream
  /** loaded when it is needed */
  #rest: Stream | null = null
  readonly #restEvents: number
  /** null where the bucket has none */
  readonly #runs: ByteReader | null
  readonly #head: ChunkHead
  readonly #place: Place
  readonly #now = new Float64Array(SLOTS)
  readonly #uptime = new Float64Array(SLOTS)
  readonly #contracts: Float64Array
  readonly #windows: Float64Array
  readonly #firstNode: number
  /** index of the contract whose report was read last */
  #contract = 0
  #json: AnyEvent[] | null = null
  readonly #jsonText: Uint8Array
  #jsonIndex = 0

  /** `expected`: the number of events that the chunk's head names. Throws AppError store.corrupt. */
  constructor(load: LoadBlob, head: ChunkHead, expected: number, place: Place) {
    const blob = unseal(load(place.bucket), place)
    const { input, events, contracts, jsonText, restEvents, runs } = preamble(blob, place)
    if (events !== expected) throw damaged(place, 'it does not fit its head')
    this.#load = load
    this.#head = head
    this.#place = place
    this.#firstNode = place.bucket * SLOTS
    this.#contracts = contracts
    this.#windows = new Float64Array(contracts.length).fill(FIRST_WINDOW)
    this.#jsonText = jsonText
    this.#restEvents = restEvents
    this.#runs = runs
    this.#first = this.#streamOf(input, events - restEvents)
    this.next = this.#first.next
  }

  #streamOf(input: ByteReader, events: number): Stream {
    const stream = { input, next: events === 0 ? END : input.varint(), left: events }
    if (events === 0) this.#end(stream)
    return stream
  }

  #loadRest(): Stream {
    const place: Place = { ...this.#place, part: 'rest' }
    const none = this.#restEvents === 0
    const input = none ? new ByteReader(new Uint8Array(0)) : new ByteReader(unseal(this.#load(restOf(place.bucket)), place), ENVELOPE_BYTES)
    return this.#streamOf(input, this.#restEvents)
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
    const runs = this.#runs
    const { blocks, ts, ends } = this.#head
    if (runs === null || !sink.wantsRuns(blocks[0]!, ts[0]!, blocks[blocks.length - 1]!)) return false
    const found = blockRows(this.#head)
    if (found === null) return false
    const under: UnderWay = {
      runs,
      ofNode: new Int32Array(SLOTS),
      ofContract: new Int32Array(this.#contracts.length),
      rest: null,
      rows: found.rows,
      marks: found.marks,
      firstBlock: blocks[0]!,
      firstTs: ts[0]!,
      total: ends[ends.length - 1]!,
      row: -1,
    }
    single.firstNode = this.#firstNode
    sink.block(blocks[0]!, ts[0]!)
    const first = this.#first
    while (first.next < END) {
      if (under.rest !== null) this.#restOfRuns(sink, under, first.next)
      const kind = first.input.bytes[first.input.pos++]!
      const row = this.#rowAt(under, first.next)
      if ((kind & 3) === UPTIME) this.#nodeRun(sink, under, kind >> 2, row)
      else if ((kind & 3) === POWER) this.#power(sink, under, kind >> 2, row)
      else {
        this.#figures(first.input, single, 0, kind, timeOf(under, row))
        const more = (kind & 3) === USE ? runs.varint() : 0
        if (more > 0) this.#offerContract(sink, under, kind, row, more)
        else this.#tellSingle(sink, under, kind, row)
      }
      this.#advance(first)
    }
    if (under.rest !== null) this.#restOfRuns(sink, under, END)
    if (runs.pos !== runs.bytes.length) throw damaged(this.#place, 'its runs do not fit its events')
    this.next = END
    return true
  }

  /** The row of an event's block. */
  #rowAt({ rows, marks, total }: UnderWay, place: number): number {
    if (place >>> 0 >= total) throw damaged(this.#place, 'an event lies behind its end')
    let row = marks[place >>> ROW_MARK_BITS]!
    while (place >= rows[row]!) row += ROW_MEMBERS
    return row
  }

  #tellBlock(sink: EventSink, under: UnderWay, row: number): void {
    if (row === under.row) return
    under.row = row
    sink.block(under.firstBlock + under.rows[row + 1]!, timeOf(under, row))
  }

  /** Tells the event whose figures were unpacked last. */
  #tellSingle(sink: EventSink, under: UnderWay, kind: number, row: number): void {
    this.#tellBlock(sink, under, row)
    single.kinds[0] = kind
    tellColumn(sink, single, 0)
    if (single.others.length > 0) single.others = []
  }

  /** The report that comes next, and those that follow it in its run. */
  #nodeRun(sink: RunSink, under: UnderWay, slot: number, row: number): void {
    const { input } = this.#first
    const now = timeOf(under, row) + unfold(input.varint())
    const uptime = this.#uptime[slot]! + now - this.#now[slot]! + unfold(input.varint())
    this.#now[slot] = now
    this.#uptime[slot] = uptime
    const nodeId = this.#firstNode + slot
    const more = under.runs.varint()
    if (!(more > 0)) {
      this.#tellBlock(sink, under, row)
      sink.uptime(nodeId, now, uptime)
      return
    }
    readUptimeRun(under.runs, now, uptime, uptimeRun)
    if (!sink.nodeRun(nodeId, uptimeRun, false)) {
      this.#tellBlock(sink, under, row)
      sink.uptime(nodeId, now, uptime)
      if (!sink.nodeRun(nodeId, uptimeRun, true)) {
        this.#needRest(sink, under)
        under.ofNode[slot] = -more
        return
      }
    }
    under.ofNode[slot]! += more
    this.#now[slot] = uptimeRun.lastNow
    this.#uptime[slot] = uptimeRun.lastUptime
  }

  /** The change of power that comes next. */
  #power(sink: RunSink, under: UnderWay, slot: number, row: number): void {
    const { input } = this.#first
    const change = input.varint()
    if (!(change <= STATE_DOWN)) throw damaged(this.#place, 'an event has no kind')
    // farm, and since which block it is Down: nobody who takes runs asks for them
    input.varint()
    if (change === STATE_DOWN) input.varint()
    this.#tellBlock(sink, under, row)
    sink.power(this.#firstNode + slot, change)
  }

  #offerContract(sink: RunSink, under: UnderWay, kind: number, row: number, more: number): void {
    const contract = this.#contract
    const contractId = this.#contracts[contract]!
    const lastWindow = readUseRun(under.runs, timeOf(under, row), single.b[0]!, single.c[0]!, useRun)
    if (!sink.contractRun(contractId, useRun, false)) {
      this.#tellSingle(sink, under, kind, row)
      if (!sink.contractRun(contractId, useRun, true)) {
        this.#needRest(sink, under)
        under.ofContract[contract] = -more
        return
      }
    }
    under.ofContract[contract]! += more
    this.#windows[contract] = lastWindow
  }

  /** Goes on in the rest behind what was taken so far: all of it lies before the event under way. */
  #needRest(sink: RunSink, under: UnderWay): void {
    if (under.rest !== null) return
    under.rest = this.#loadRest()
    this.#restOfRuns(sink, under, this.#first.next)
  }

  /** Steps over what was taken of the rest before `limit`, and tells what was not. */
  #restOfRuns(sink: RunSink, under: UnderWay, limit: number): void {
    const rest = under.rest!
    const { input } = rest
    const { bytes } = input
    while (rest.next < limit) {
      const kind = bytes[input.pos++]!
      const isUse = (kind & 3) === USE
      const left = isUse ? under.ofContract : under.ofNode
      const whose = isUse ? peekVarint(bytes, input.pos) : kind >> 2
      if (left[whose]! > 0) {
        left[whose]!--
        stepOver(input, kind & 3)
      } else {
        left[whose]!++
        const row = this.#rowAt(under, rest.next)
        this.#figures(input, single, 0, kind, timeOf(under, row))
        this.#tellSingle(sink, under, kind, row)
      }
      this.#advance(rest)
    }
  }

  /** Reads how far on the next event of a stream is. */
  #advance(stream: Stream): void {
    if (--stream.left === 0) {
      stream.next = END
      this.#end(stream)
    } else stream.next = (stream.next + stream.input.varint() + 1) | 0
  }

  /** Unpacks as many events as the columns hold. */
  #fill(into: EventColumns, limit: number, slot: number): void {
    this.#rest ??= this.#loadRest()
    const first = this.#first
    const rest = this.#rest
    into.count = 0
    if (into.others.length > 0) into.others = []
    into.firstNode = this.#firstNode
    into.blocks = this.#head.blocks
    into.times = this.#head.ts
    while (this.next < limit && into.count < into.kinds.length) {
      if (first.next < rest.next) this.#fillFrom(first, into, Math.min(limit, rest.next), slot)
      else this.#fillFrom(rest, into, Math.min(limit, first.next), slot)
      this.next = Math.min(first.next, rest.next)
    }
  }

  /** Unpacks more events, of one stream. */
  #fillFrom(stream: Stream, into: EventColumns, limit: number, slot: number): void {
    const { input } = stream
    const { bytes } = input
    const { ends, ts } = this.#head
    const near = closeMarks(this.#head)
    const total = ends.length === 0 ? 0 : ends[ends.length - 1]!
    const nows = this.#now
    const uptimes = this.#uptime
    const { kinds, at, a, b } = into
    const size = kinds.length
    let pos = input.pos | 0
    let left = stream.left | 0
    let place = stream.next | 0
    let count = into.count | 0
    while (place < limit && count < size) {
      if (place >>> 0 >= total) throw damaged(this.#place, 'an event lies behind its end')
      const kind = bytes[pos++]!
      const type = kind & 3
      if (slot >= 0 && slot !== kind >> 2) {
        // another node's: it is stepped over, as nothing of this node follows from it
        if (type === UPTIME) pos = behindVarint(bytes, behindVarint(bytes, pos))
        else {
          input.pos = pos
          // the JSON part is parsed only where something in it is wanted
          if (type === OTHER) this.#jsonIndex++
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
          this.#figures(input, into, count, kind, ts[block]!)
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
    if (left === 0) this.#end(stream)
  }

  /** Unpacks the figures of one event of any kind. */
  #figures(input: ByteReader, into: EventColumns, i: number, kind: number, blockTs: number): void {
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
      this.#contract = first
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

  #end(stream: Stream): void {
    if (stream.input.pos !== stream.input.bytes.length) throw damaged(this.#place, 'its length is wrong')
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

/** The time of a row's block. */
function timeOf({ rows, firstTs }: UnderWay, row: number): number {
  return firstTs + rows[row + 2]!
}

/** What stands in a bucket's checked blob before its events; `input` stands at them. */
function preamble(blob: Uint8Array, place: Place) {
  const input = new ByteReader(blob, ENVELOPE_BYTES)
  const part = (): Uint8Array => {
    const bytes = input.varint()
    const from = input.pos
    input.pos += bytes
    return blob.subarray(from, input.pos)
  }
  const events = input.varint()
  const contractTotal = input.varint()
  if (!(contractTotal <= blob.length)) throw damaged(place, 'a count is wrong')
  const contracts = new Float64Array(contractTotal)
  for (let i = 0; i < contractTotal; i++) contracts[i] = input.varint()
  const jsonText = part()
  const isOld = blob[0]! < RUNS_VERSION
  const restEvents = isOld ? 0 : input.varint()
  const runs = isOld ? null : part()
  if (!(restEvents <= events)) throw damaged(place, 'a count is wrong')
  return { input, events, contracts, jsonText, restEvents, runs: runs === null || runs.length === 0 ? null : new ByteReader(runs) }
}

/** How many events of a bucket, whose checked blob this is, are in its rest. */
export function restEvents(blob: Uint8Array, place: Place): number {
  return preamble(blob, place).restEvents
}

/** Steps over the figures of a report or of a change of power. */
function stepOver(input: ByteReader, type: number): void {
  const { bytes } = input
  if (type === POWER) {
    if (input.varint() === STATE_DOWN) input.varint()
    input.varint()
    return
  }
  let pos = input.pos
  for (let figures = type === USE ? 4 : 2; figures > 0; figures--) pos = behindVarint(bytes, pos)
  input.pos = pos
}

function peekVarint(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!
  return first < 0x80 ? first : new ByteReader(bytes, at).varint()
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
