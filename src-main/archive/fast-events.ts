import type { EventSink } from '../../src-shared/grid.ts'
import { readEvent } from './events.ts'
import { END, type JsonReader } from './json-reader.ts'
import { BLOCK_MEMBERS, lineNames } from './line-names.ts'

/*
 * The shortcut for block lines as our writer spells them, which is nearly all of an archive: the text between the
 * figures is compared eight bytes at a time, the figures are read straight from the bytes, no object is made. Where an
 * event differs in any way, the strict reader reads that event from its beginning; what it accepts is what counts.
 */

/** A text of 8 bytes or more, as floats: those are read eight bytes at once. Equal floats are equal bytes, as no text of ours is 0 or NaN. */
interface Template {
  words: Float64Array
  /** the last word may overlap the one before it */
  offsets: Int32Array
  length: number
}

function templateOf(text: string): Template {
  const view = viewOf(text)
  const offsets: number[] = []
  for (let at = 0; at + 8 < text.length; at += 8) offsets.push(at)
  offsets.push(text.length - 8)
  return {
    words: Float64Array.from(offsets, at => view.getFloat64(at, true)),
    offsets: Int32Array.from(offsets),
    length: text.length,
  }
}

function matches(view: DataView, pos: number, { words, offsets }: Template): boolean {
  for (let i = 0; i < words.length; i++) if (view.getFloat64(pos + offsets[i]!, true) !== words[i]) return false
  return true
}

/** A text of 4 to 8 bytes: its first four and its last four. */
interface ShortTemplate {
  first: number
  last: number
  length: number
}

function shortTemplateOf(text: string): ShortTemplate {
  const view = viewOf(text)
  return { first: view.getInt32(0, true), last: view.getInt32(text.length - 4, true), length: text.length }
}

function matchesShort(view: DataView, pos: number, { first, last, length }: ShortTemplate): boolean {
  return view.getInt32(pos, true) === first && view.getInt32(pos + length - 4, true) === last
}

function viewOf(text: string): DataView {
  return new DataView(new TextEncoder().encode(text).buffer)
}

const BLOCK = templateOf('{"kind":"block","n":')
const TS = shortTemplateOf(',"ts":')
const EVENTS = templateOf(',"events":[')
const UPTIME = templateOf('["TfgridModule.NodeUptimeReported",{"node_id":')
const NOW = shortTemplateOf(',"now":')
const UPTIME_FIGURE = templateOf(',"uptime":')
const CONSUMPTION = templateOf('["SmartContractModule.NruConsumptionReportReceived",{"contract_id":')
const TIMESTAMP = templateOf(',"timestamp":')
const WINDOW = templateOf(',"window":')
const NRU = shortTemplateOf(',"nru":')

const COMMA = 0x2c
const CLOSE_LIST = 0x5d
const CLOSE_OBJECT = 0x7d

/** Reads block lines of a chunk. */
export class FastEvents {
  private bytes: Buffer = Buffer.alloc(0)
  private view: DataView = new DataView(new ArrayBuffer(0))
  /** the place after the figure that figure() read last */
  private next = 0

  use(bytes: Buffer): void {
    if (this.bytes === bytes) return
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /**
   * A whole number of up to 15 digits at `pos`, or -1 for anything else.
   */
  private figure(pos: number, end: number): number {
    const { bytes } = this
    const start = pos
    let value = 0
    while (pos < end) {
      const digit = bytes[pos]! - 0x30
      if (digit < 0 || digit > 9) break
      value = value * 10 + digit
      pos += 1
    }
    this.next = pos
    const length = pos - start
    if (length === 0 || length > 15 || (length > 1 && bytes[start] === 0x30)) return -1
    return value
  }

  /**
   * Takes the line bytes[start, end) if it begins like a canonical block line, and answers how many events it has;
   * otherwise -1, and nobody was called. `begin` checks n and ts and begins the block.
   */
  line(r: JsonReader, start: number, end: number, sink: EventSink, begin: (n: number, ts: number) => void): number {
    const { view } = this
    if (end - start < BLOCK.length || !matches(view, start, BLOCK)) return -1
    const n = this.figure(start + BLOCK.length, end)
    if (n < 0 || end - this.next < TS.length || !matchesShort(view, this.next, TS)) return -1
    const ts = this.figure(this.next + TS.length, end)
    if (ts < 0 || end - this.next < EVENTS.length || !matches(view, this.next, EVENTS)) return -1
    const at = this.next + EVENTS.length
    begin(n, ts)
    return this.events(r, at, end, sink)
  }

  /** Reads the list `events`, whose elements begin at `at`, and the rest of the line. */
  private events(r: JsonReader, at: number, end: number, sink: EventSink): number {
    const { bytes } = this
    let count = 0
    for (;;) {
      if (at + 2 === end && bytes[at] === CLOSE_LIST && bytes[at + 1] === CLOSE_OBJECT) return count
      const from = count === 0 ? at : bytes[at] === COMMA ? at + 1 : end
      const after = this.uptime(from, end, sink) || this.consumption(from, end, sink)
      if (after > 0) at = after
      else {
        // Not one of the two, or not as we spell it: the strict reader takes this event, or the list's end.
        r.continueList(bytes, at, end, BLOCK_MEMBERS, 'events', count)
        if (!r.element()) {
          finishBlock(r)
          return count
        }
        readEvent(r, sink)
        at = r.pos
      }
      count += 1
    }
  }

  private uptime(at: number, end: number, sink: EventSink): number {
    const { bytes, view } = this
    if (end - at < UPTIME.length || !matches(view, at, UPTIME)) return 0
    const nodeId = this.figure(at + UPTIME.length, end)
    if (nodeId < 0 || end - this.next < NOW.length || !matchesShort(view, this.next, NOW)) return 0
    const now = this.figure(this.next + NOW.length, end)
    if (now < 0 || end - this.next < UPTIME_FIGURE.length || !matches(view, this.next, UPTIME_FIGURE)) return 0
    const uptime = this.figure(this.next + UPTIME_FIGURE.length, end)
    const close = this.next
    if (uptime < 0 || close + 2 >= end || bytes[close] !== CLOSE_OBJECT || bytes[close + 1] !== CLOSE_LIST) return 0
    sink.uptime(nodeId, now, uptime)
    return close + 2
  }

  private consumption(at: number, end: number, sink: EventSink): number {
    const { bytes, view } = this
    if (end - at < CONSUMPTION.length || !matches(view, at, CONSUMPTION)) return 0
    const contractId = this.figure(at + CONSUMPTION.length, end)
    if (contractId < 0 || end - this.next < TIMESTAMP.length || !matches(view, this.next, TIMESTAMP)) return 0
    const timestamp = this.figure(this.next + TIMESTAMP.length, end)
    if (timestamp < 0 || end - this.next < WINDOW.length || !matches(view, this.next, WINDOW)) return 0
    const window = this.figure(this.next + WINDOW.length, end)
    if (window < 0 || end - this.next < NRU.length || !matchesShort(view, this.next, NRU)) return 0
    const nru = this.figure(this.next + NRU.length, end)
    const close = this.next
    if (nru < 0 || close + 2 >= end || bytes[close] !== CLOSE_OBJECT || bytes[close + 1] !== CLOSE_LIST) return 0
    sink.consumption(contractId, timestamp, window, nru)
    return close + 2
  }
}

/** The rest of a block line whose four members were seen: there may be members that nobody asked for. */
function finishBlock(r: JsonReader): void {
  while (r.member(lineNames, 0) !== END) r.skipValue(true)
  r.finish()
}
