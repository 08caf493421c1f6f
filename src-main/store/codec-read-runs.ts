import { eventColumns, POWER, STATE_DOWN, tellColumn, UPTIME, USE } from '../../src-shared/event-columns.ts'
import type { RunSink } from '../../src-shared/event-runs.ts'
import { ByteReader, unfold } from './bytes.ts'
import { END, SLOTS } from './codec-bucket.ts'
import { type BlockRows, blockRows, ROW_MARK_BITS, ROW_MEMBERS } from './codec-head.ts'
import { type BucketInput, type Stream, stepOver } from './codec-input.ts'
import { emptyUptimeRun, emptyUseRun, readUptimeRun, readUseRun } from './codec-runs.ts'
import { damaged } from './envelope.ts'

/** one event, and the rest of one run; all done with before anybody else reads */
const single = eventColumns(1)
const uptimeRun = emptyUptimeRun()
const useRun = emptyUseRun()

/** What BucketReader.runs does. */
export function readRuns(bucket: BucketInput, sink: RunSink): boolean {
  const { runs, head } = bucket
  const { blocks, ts } = head
  if (runs === null || !sink.wantsRuns(blocks[0]!, ts[0]!, blocks[blocks.length - 1]!)) return false
  const rows = blockRows(head)
  if (rows === null) return false
  sink.block(blocks[0]!, ts[0]!)
  new RunReader(bucket, runs, rows, sink).read()
  return true
}

class RunReader {
  readonly #bucket: BucketInput
  readonly #runs: ByteReader
  readonly #sink: RunSink
  /** by node and by contract: events in the rest that are still to be stepped over, below 0: to be told */
  readonly #ofNode = new Int32Array(SLOTS)
  readonly #ofContract: Int32Array
  /** null: every run so far was taken, so nobody needs it */
  #rest: Stream | null = null
  /** the chunk's blocks, see BlockRows, and what their numbers and times are counted from */
  readonly #rows: Uint32Array
  readonly #marks: Uint32Array
  readonly #firstBlock: number
  readonly #firstTs: number
  /** events of the chunk */
  readonly #total: number
  /** row of the block that was told last, -1 for none */
  #told = -1

  constructor(bucket: BucketInput, runs: ByteReader, { rows, marks }: BlockRows, sink: RunSink) {
    const { blocks, ts, ends } = bucket.head
    this.#bucket = bucket
    this.#runs = runs
    this.#sink = sink
    this.#ofContract = new Int32Array(bucket.contracts.length)
    this.#rows = rows
    this.#marks = marks
    this.#firstBlock = blocks[0]!
    this.#firstTs = ts[0]!
    this.#total = ends[ends.length - 1]!
  }

  read(): void {
    const bucket = this.#bucket
    const { first } = bucket
    const { input } = first
    single.firstNode = bucket.firstNode
    while (first.next < END) {
      if (this.#rest !== null) this.#readRest(this.#rest, first.next)
      const kind = input.bytes[input.pos++]!
      const row = this.#rowAt(first.next)
      if ((kind & 3) === UPTIME) this.#nodeRun(kind >> 2, row)
      else if ((kind & 3) === POWER) this.#power(kind >> 2, row)
      else {
        bucket.figures(input, single, 0, kind, this.#timeOf(row))
        const more = (kind & 3) === USE ? this.#runs.varint() : 0
        if (more > 0) this.#contractRun(kind, row, more)
        else this.#tellSingle(kind, row)
      }
      bucket.advance(first)
    }
    if (this.#rest !== null) this.#readRest(this.#rest, END)
    if (this.#runs.pos !== this.#runs.bytes.length) throw damaged(bucket.place, 'its runs do not fit its events')
  }

  /** The row of an event's block. */
  #rowAt(place: number): number {
    if (place >>> 0 >= this.#total) throw damaged(this.#bucket.place, 'an event lies behind its end')
    const rows = this.#rows
    let row = this.#marks[place >>> ROW_MARK_BITS]!
    while (place >= rows[row]!) row += ROW_MEMBERS
    return row
  }

  /** The time of a row's block. */
  #timeOf(row: number): number {
    return this.#firstTs + this.#rows[row + 2]!
  }

  #tellBlock(row: number): void {
    if (row === this.#told) return
    this.#told = row
    this.#sink.block(this.#firstBlock + this.#rows[row + 1]!, this.#timeOf(row))
  }

  /** Tells the event whose figures were unpacked last. */
  #tellSingle(kind: number, row: number): void {
    this.#tellBlock(row)
    single.kinds[0] = kind
    tellColumn(this.#sink, single, 0)
    if (single.others.length > 0) single.others = []
  }

  /** The report that comes next, and those that follow it in its run. */
  #nodeRun(slot: number, row: number): void {
    const bucket = this.#bucket
    const sink = this.#sink
    const { input } = bucket.first
    const now = this.#timeOf(row) + unfold(input.varint())
    const uptime = bucket.uptime[slot]! + now - bucket.now[slot]! + unfold(input.varint())
    bucket.now[slot] = now
    bucket.uptime[slot] = uptime
    const nodeId = bucket.firstNode + slot
    const more = this.#runs.varint()
    if (!(more > 0)) {
      this.#tellBlock(row)
      sink.uptime(nodeId, now, uptime)
      return
    }
    readUptimeRun(this.#runs, now, uptime, uptimeRun)
    if (!sink.nodeRun(nodeId, uptimeRun, false)) {
      this.#tellBlock(row)
      sink.uptime(nodeId, now, uptime)
      if (!sink.nodeRun(nodeId, uptimeRun, true)) {
        this.#needRest()
        this.#ofNode[slot] = -more
        return
      }
    }
    this.#ofNode[slot]! += more
    bucket.now[slot] = uptimeRun.lastNow
    bucket.uptime[slot] = uptimeRun.lastUptime
  }

  /** The change of power that comes next. */
  #power(slot: number, row: number): void {
    const { first, firstNode, place } = this.#bucket
    const change = first.input.varint()
    if (!(change <= STATE_DOWN)) throw damaged(place, 'an event has no kind')
    // farm, and since which block it is Down: nobody who takes runs asks for them
    first.input.varint()
    if (change === STATE_DOWN) first.input.varint()
    this.#tellBlock(row)
    this.#sink.power(firstNode + slot, change)
  }

  /** The contract's report that was unpacked last, and those that follow it in its run. */
  #contractRun(kind: number, row: number, more: number): void {
    const { contract, contracts, windows } = this.#bucket
    const contractId = contracts[contract]!
    const lastWindow = readUseRun(this.#runs, this.#timeOf(row), single.b[0]!, single.c[0]!, useRun)
    if (!this.#sink.contractRun(contractId, useRun, false)) {
      this.#tellSingle(kind, row)
      if (!this.#sink.contractRun(contractId, useRun, true)) {
        this.#needRest()
        this.#ofContract[contract] = -more
        return
      }
    }
    this.#ofContract[contract]! += more
    windows[contract] = lastWindow
  }

  /** Goes on in the rest behind what was taken so far: all of it lies before the event under way. */
  #needRest(): void {
    if (this.#rest !== null) return
    this.#rest = this.#bucket.loadRest()
    this.#readRest(this.#rest, this.#bucket.first.next)
  }

  /** Steps over what was taken of the rest before `limit`, and tells what was not. */
  #readRest(rest: Stream, limit: number): void {
    const bucket = this.#bucket
    const { input } = rest
    const { bytes } = input
    while (rest.next < limit) {
      const kind = bytes[input.pos++]!
      const isUse = (kind & 3) === USE
      const left = isUse ? this.#ofContract : this.#ofNode
      const whose = isUse ? peekVarint(bytes, input.pos) : kind >> 2
      if (left[whose]! > 0) {
        left[whose]!--
        stepOver(input, kind & 3)
      } else {
        left[whose]!++
        const row = this.#rowAt(rest.next)
        bucket.figures(input, single, 0, kind, this.#timeOf(row))
        this.#tellSingle(kind, row)
      }
      bucket.advance(rest)
    }
  }
}

function peekVarint(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!
  return first < 0x80 ? first : new ByteReader(bytes, at).varint()
}
