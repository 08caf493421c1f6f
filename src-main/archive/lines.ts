import type { ArchiveSink, EventSink, StartSnapshot } from '../../src-shared/grid.ts'
import { readEvent } from './events.ts'
import { FastEvents } from './fast-events.ts'
import { FormatProblem, namesOf } from './json-basics.ts'
import { END, JsonReader } from './json-reader.ts'
import { BLOCK_MEMBERS, EVENTS, KIND, lineNames, N, TS } from './line-names.ts'
import { type LineMembers, readEnd, readHeader, readStart } from './snapshots.ts'

/** What an archive's next line must be. */
export type Stage = 'header' | 'start' | 'end' | 'blocks'

const kinds = namesOf('header', 'snapshot', 'block')
const KIND_BLOCK = 2
const ats = namesOf('start', 'end')

const silent: EventSink = { block() {}, uptime() {}, consumption() {}, rare() {} }

/**
 * Reads an archive's lines, each once and in order, and gives what they hold to a sink. Throws FormatProblem for a
 * line that breaks the format or the order; the sink may have been given a part of that line's events by then, so
 * whoever listens stops at the first error and keeps nothing.
 */
export class LineReader {
  events = 0
  stage: Stage = 'header'
  private bytes: Buffer = Buffer.alloc(0)
  private readonly reader = new JsonReader()
  private readonly fast = new FastEvents()
  private readonly sink: ArchiveSink
  private target: EventSink
  private startSnapshot: StartSnapshot | undefined
  private lastN = -1
  private lastTs = -1
  /** where the line's members stand, for those that were not read at once */
  private readonly places = new Int32Array(lineNames.texts.length)
  /** bits of the members that the line has */
  private present = 0
  private readonly members: LineMembers
  private readonly beginBlock: (n: number, ts: number) => void

  constructor(sink: ArchiveSink) {
    this.sink = sink
    this.target = sink
    const { reader, places } = this
    this.members = {
      has: name => places[lineNames.texts.indexOf(name)]! > 0,
      read: (name, read) => {
        const place = places[lineNames.texts.indexOf(name)]!
        reader.depth = 0
        if (place === 0) reader.fail(`lacks the member "${name}"`)
        reader.goTo(place, name)
        const value = read(reader)
        reader.depth = 0
        return value
      },
    }
    this.beginBlock = (n, ts) => {
      if (n <= this.lastN) {
        const what = n === this.lastN ? `is block ${n} a second time` : `is block ${n} after block ${this.lastN}`
        throw new FormatProblem(`${what}; blocks must rise`, '', false)
      }
      if (ts < this.lastTs) {
        const what = `(block ${n}) has the time ${ts}, before ${this.lastTs} of block ${this.lastN}`
        throw new FormatProblem(`${what}; time must not fall`, '', false)
      }
      this.lastN = n
      this.lastTs = ts
      this.target.block(n, ts)
    }
  }

  /** The lines that follow lie in these bytes. */
  use(bytes: Buffer): void {
    this.bytes = bytes
    this.fast.use(bytes)
  }

  /** Reads the line bytes[start, end), which has no line feed. A line of nothing but space is passed over. */
  line(start: number, end: number): void {
    if (this.stage === 'blocks') {
      const events = this.fast.line(this.reader, start, end, this.target, this.beginBlock)
      if (events >= 0) {
        this.events += events
        return
      }
    }
    this.anyLine(start, end)
  }

  /** Checks a block line that was delivered in an earlier run: the next line must come after it. */
  lineBefore(start: number, end: number): void {
    const { events } = this
    this.target = silent
    this.line(start, end)
    this.target = this.sink
    this.events = events
  }

  /** To be called after the last line. */
  finish(): void {
    if (this.stage === 'blocks') return
    if (this.stage === 'header') throw new FormatProblem('is empty: there is not even a header', '', false)
    throw new FormatProblem(`ends without its ${this.stage} snapshot`, '', false)
  }

  private anyLine(start: number, end: number): void {
    const { reader, places } = this
    reader.begin(this.bytes, start, end)
    if (this.stage === 'header') refuseMarks(this.bytes.subarray(start, end), reader)
    reader.space()
    if (reader.pos === end) return
    reader.pos = start
    places.fill(0)
    this.present = 0
    let kind = -1
    let n = -1
    let ts = -1
    let delivered = false
    reader.enterObject()
    for (let i = reader.member(lineNames, 0); i !== END; i = reader.member(lineNames, i + 1)) {
      places[i] = reader.pos
      this.present |= 1 << i
      if (i === KIND) kind = reader.choice(kinds)
      else if (kind !== KIND_BLOCK || this.stage !== 'blocks') this.skip(i)
      else if (i === N) n = reader.integer()
      else if (i === TS) ts = reader.integer()
      else if (i === EVENTS && n >= 0 && ts >= 0) {
        this.beginBlock(n, ts)
        this.readEvents()
        delivered = true
      } else this.skip(i)
    }
    reader.finish()
    if (kind < 0) reader.fail('lacks the member "kind"')
    this.expect(kind)
    if (this.stage === 'blocks') {
      if (!delivered) this.lateBlock()
      this.checkOthers(BLOCK_MEMBERS)
    } else this.readHead()
  }

  /** Passes over a member that is read later. What is wrong with it is said with its full path, which the quick way lacks. */
  private skip(index: number): void {
    const { reader } = this
    try {
      reader.skipValue(false)
    } catch (error) {
      if (!(error instanceof FormatProblem)) throw error
      reader.goTo(this.places[index]!, lineNames.texts[index]!)
      reader.skipValue(true)
      throw error
    }
  }

  /** Refuses a line that has no business here. */
  private expect(kind: number): void {
    const { reader, stage } = this
    const name = kinds.texts[kind]!
    reader.depth = 0
    if (stage === 'header') {
      if (name !== 'header') reader.fail(`is a ${name} line, but an archive begins with its header`)
    } else if (name === 'header') reader.fail('is a second header')
    else if (stage === 'blocks') {
      if (name === 'snapshot') reader.fail('is a snapshot after the two that an archive has, or after a block')
    } else if (name === 'block') reader.fail(`is a block, but the ${stage} snapshot is missing: it must come before the blocks`)
    else {
      const at = this.members.read('at', r => ats.texts[r.choice(ats)])
      if (at === stage) return
      if (stage === 'start') reader.fail('is the end snapshot, but the start snapshot must come before it')
      reader.fail('is a second start snapshot, where the end snapshot must come')
    }
  }

  private readHead(): void {
    const { members, sink, stage } = this
    if (stage === 'header') {
      const header = readHeader(members)
      this.checkOthers(HEADER_MEMBERS)
      sink.header(header)
      this.stage = 'start'
    } else if (stage === 'start') {
      const start = readStart(members)
      this.checkOthers(START_MEMBERS)
      this.startSnapshot = start
      sink.start(start)
      this.stage = 'end'
    } else {
      const end = readEnd(members, this.startSnapshot!)
      this.checkOthers(END_MEMBERS)
      this.startSnapshot = undefined // it may be large
      sink.end(end)
      this.stage = 'blocks'
    }
  }

  /** A block whose events stood before its number or time, or that lacks something. */
  private lateBlock(): void {
    const { members } = this
    const n = members.read('n', r => r.integer())
    const ts = members.read('ts', r => r.integer())
    members.read('events', () => {
      this.beginBlock(n, ts)
      this.readEvents()
    })
  }

  private readEvents(): void {
    const { reader, target } = this
    reader.enterList()
    while (reader.element()) {
      readEvent(reader, target)
      this.events += 1
    }
  }

  /** A member of another kind of line is one that nobody asked for: its value is only checked. */
  private checkOthers(own: number): void {
    let others = this.present & ~own
    for (; others !== 0; others &= others - 1) {
      this.members.read(lineNames.texts[31 - Math.clz32(others & -others)]!, r => r.skipValue(true))
    }
  }
}

const bitsOf = (...names: string[]) => names.reduce((bits, name) => bits | (1 << lineNames.texts.indexOf(name)), 0)
const HEADER_MEMBERS = bitsOf('kind', 'format', 'version', 'network', 'period', 'blocks')
const START_MEMBERS = bitsOf(
  ...['kind', 'at', 'block', 'ts', 'nodes', 'contracts', 'power'],
  ...['connectionPrice', 'farms', 'farmingPolicies', 'nodeStates'],
)
const END_MEMBERS = bitsOf('kind', 'at', 'block', 'ts', 'farms', 'twins', 'farmingPolicies', 'payoutAddresses')

function refuseMarks(bytes: Buffer, reader: JsonReader): void {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    reader.fail('begins with a byte order mark (BOM); save the archive as UTF-8 without one')
  }
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    reader.fail('is UTF-16; an archive must be UTF-8')
  }
}
