import { type AnyEvent, type EventColumns, OTHER, POWER, STATE_DOWN, UPTIME, USE } from '../../src-shared/event-columns.ts'
import { ByteReader, unfold } from './bytes.ts'
import { END, FIRST_WINDOW, type LoadBlob, restOf, SLOTS } from './codec-bucket.ts'
import type { ChunkHead } from './codec-head.ts'
import { damaged, ENVELOPE_BYTES, type Place, RUNS_VERSION, unseal } from './envelope.ts'
import { exactParse } from './exact-json.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Events of one blob that are still to come. */
export interface Stream {
  readonly input: ByteReader
  /** place in the chunk of the next one; END when there is none left */
  next: number
  left: number
}

/** The blobs of one bucket of one chunk while they are read, and what the figures of the events to come rest on. */
export class BucketInput {
  readonly head: ChunkHead
  readonly place: Place
  readonly firstNode: number
  /** the events of the first blob */
  readonly first: Stream
  /** the bucket's runs (see codec-runs.ts); null where it has none */
  readonly runs: ByteReader | null
  /** the last report of each node */
  readonly now = new Float64Array(SLOTS)
  readonly uptime = new Float64Array(SLOTS)
  /** each contract's id, and the window of its last report */
  readonly contracts: Float64Array
  readonly windows: Float64Array
  /** index of the contract whose report was read last */
  contract = 0
  readonly #load: LoadBlob
  readonly #restEvents: number
  #json: AnyEvent[] | null = null
  readonly #jsonText: Uint8Array
  #jsonIndex = 0

  /** `expected`: the number of events that the chunk's head names. Throws AppError store.corrupt. */
  constructor(load: LoadBlob, head: ChunkHead, expected: number, place: Place) {
    const blob = unseal(load(place.bucket), place)
    const { input, events, contracts, jsonText, restEvents, runs } = preamble(blob, place)
    if (events !== expected) throw damaged(place, 'it does not fit its head')
    this.head = head
    this.place = place
    this.firstNode = place.bucket * SLOTS
    this.contracts = contracts
    this.windows = new Float64Array(contracts.length).fill(FIRST_WINDOW)
    this.runs = runs
    this.#load = load
    this.#jsonText = jsonText
    this.#restEvents = restEvents
    this.first = this.#streamOf(input, events - restEvents)
  }

  /** The events that the first blob has not. */
  loadRest(): Stream {
    const place: Place = { ...this.place, part: 'rest' }
    const none = this.#restEvents === 0
    const input = none ? new ByteReader(new Uint8Array(0)) : new ByteReader(unseal(this.#load(restOf(place.bucket)), place), ENVELOPE_BYTES)
    return this.#streamOf(input, this.#restEvents)
  }

  #streamOf(input: ByteReader, events: number): Stream {
    const stream = { input, next: events === 0 ? END : input.varint(), left: events }
    if (events === 0) this.end(stream)
    return stream
  }

  /** Reads how far on the next event of a stream is. */
  advance(stream: Stream): void {
    if (--stream.left === 0) {
      stream.next = END
      this.end(stream)
    } else stream.next = (stream.next + stream.input.varint() + 1) | 0
  }

  /** Throws where a stream that has no events left has bytes. */
  end(stream: Stream): void {
    if (stream.input.pos !== stream.input.bytes.length) throw damaged(this.place, 'its length is wrong')
  }

  /** An event of JSON is stepped over, which is parsed only where it is wanted. */
  skipJson(): void {
    this.#jsonIndex++
  }

  /** Unpacks the figures of one event of any kind. */
  figures(input: ByteReader, into: EventColumns, i: number, kind: number, blockTs: number): void {
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
      const uptime = this.uptime[slot]! + now - this.now[slot]! + unfold(second)
      this.now[slot] = now
      this.uptime[slot] = uptime
      into.a[i] = now
      into.b[i] = uptime
    } else if (type === USE) {
      const windows = this.windows
      if (!(first < windows.length)) throw damaged(this.place, 'an event names no contract')
      this.contract = first
      into.a[i] = this.contracts[first]!
      into.d[i] = blockTs + unfold(second)
      const window = windows[first]! + unfold(input.varint())
      windows[first] = window
      into.b[i] = window
      into.c[i] = input.varint()
    } else {
      if (!(first <= STATE_DOWN)) throw damaged(this.place, 'an event has no kind')
      into.a[i] = first
      into.b[i] = second
      into.c[i] = first === STATE_DOWN ? input.varint() : 0
    }
  }

  #jsonEntry(): AnyEvent {
    if (!this.#json) this.#json = this.#parseJson()
    const entry = this.#json[this.#jsonIndex++]
    if (!entry) throw damaged(this.place, 'an event is missing')
    return entry
  }

  #parseJson(): AnyEvent[] {
    try {
      return exactParse(utf8.decode(this.#jsonText)) as AnyEvent[]
    } catch {
      throw damaged(this.place, 'an event is not readable')
    }
  }
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
export function stepOver(input: ByteReader, type: number): void {
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

export function behindVarint(bytes: Uint8Array, from: number): number {
  let pos = from
  while (bytes[pos]! >= 0x80) pos++
  return pos + 1
}
