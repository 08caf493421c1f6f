import { ByteReader, ByteWriter } from './bytes.ts'
import { damaged, ENVELOPE_BYTES, followedBy, type Place, seal, unseal } from './envelope.ts'

/** A chunk's table of contents: its blocks with their times and numbers of events, its buckets, the contracts made in it. */
export interface ChunkHead {
  /** block numbers, rising */
  blocks: Float64Array
  /** their times, seconds */
  ts: Float64Array
  /** events of this chunk up to and including each block: an event's place in the chunk tells its block */
  ends: Uint32Array
  /** what leads from an event to its block, made when somebody asks for it: see closeMarks and blockRows */
  closeMarks: Uint32Array | null
  rows: BlockRows | null
  /** buckets that have events here, rising, and how many */
  buckets: number[]
  counts: number[]
  /** contracts created in this chunk: [contract, node], node -1 for none */
  contracts: [number, number][]
  /** SHA-256 over the buckets' blobs in order: equal heads mean equal chunks */
  digest: Uint8Array
  followed: number
}

/**
 * The blocks of a chunk for who reads by runs, whose events lie far apart: all that is asked of a block in one place, and in few bytes, as each
 * look is a wait for the memory.
 */
export interface BlockRows {
  /** the row of the block of every 256th event: few enough to be at hand */
  marks: Uint32Array
  /** for each block its `ends`, its number and its time, both less those of the first block: ROW_MEMBERS each */
  rows: Uint32Array
}
export const ROW_MEMBERS = 3

/** 2^8 and 2^4 events. */
export const ROW_MARK_BITS = 8
export const CLOSE_MARK_BITS = 4
/** Far more than a chunk has (chunk-builder.ts): so a damaged head takes no memory. */
const MAX_CHUNK_EVENTS = 2 ** 26
export const DIGEST_BYTES = 32

/** Packs a head; sealed for `place`. */
export function encodeHead(head: Omit<ChunkHead, 'closeMarks' | 'rows' | 'followed'>, place: Place): Uint8Array {
  const out = new ByteWriter(ENVELOPE_BYTES + head.blocks.length * 4 + 1024)
  out.length = ENVELOPE_BYTES
  out.varint(head.blocks.length)
  let block = 0
  let ts = 0
  let end = 0
  for (let i = 0; i < head.blocks.length; i++) {
    out.varint(head.blocks[i]! - block)
    out.varint(head.ts[i]! - ts)
    out.varint(head.ends[i]! - end)
    block = head.blocks[i]!
    ts = head.ts[i]!
    end = head.ends[i]!
  }
  out.varint(head.buckets.length)
  let bucket = 0
  for (let i = 0; i < head.buckets.length; i++) {
    out.varint(head.buckets[i]! - bucket)
    out.varint(head.counts[i]!)
    bucket = head.buckets[i]!
  }
  out.varint(head.contracts.length)
  for (const [contract, node] of head.contracts) {
    out.varint(contract)
    out.varint(node + 1)
  }
  out.append(head.digest)
  const blob = out.view().slice()
  seal(blob, place)
  return blob
}

/** Unpacks a head. Throws AppError store.corrupt. */
export function decodeHead(data: Uint8Array | undefined, place: Place): ChunkHead {
  const blob = unseal(data, place)
  const input = new ByteReader(blob, ENVELOPE_BYTES)
  const total = count(input, blob, place)
  const blocks = new Float64Array(total)
  const times = new Float64Array(total)
  const ends = new Uint32Array(total)
  const last: Decoded = { block: 0, ts: 0, end: 0 }
  for (let from = 0; from < total; from += BLOCKS_AT_ONCE) decodeBlocks(input, last, from, blocks, times, ends)
  if (!(last.end < MAX_CHUNK_EVENTS)) throw damaged(place, 'a count is wrong')
  const bucketTotal = count(input, blob, place)
  const buckets: number[] = []
  const counts: number[] = []
  let bucket = 0
  for (let i = 0; i < bucketTotal; i++) {
    bucket += input.varint()
    buckets.push(bucket)
    counts.push(input.varint())
  }
  const contractTotal = count(input, blob, place)
  const contracts: [number, number][] = []
  for (let i = 0; i < contractTotal; i++) contracts.push([input.varint(), input.varint() - 1])
  if (input.pos + DIGEST_BYTES !== blob.length) throw damaged(place, 'its length is wrong')
  return {
    blocks,
    ts: times,
    ends,
    closeMarks: null,
    rows: null,
    buckets,
    counts,
    contracts,
    digest: blob.slice(input.pos),
    followed: followedBy(blob),
  }
}

/** Blocks that one call decodes: V8 makes fast code of a function that is called often sooner and better than of one that loops long. */
const BLOCKS_AT_ONCE = 128

/** Where the blocks decoded so far end. */
interface Decoded {
  block: number
  ts: number
  end: number
}

/** Decodes blocks from index `from` on: a period has half a million of them. */
function decodeBlocks(input: ByteReader, last: Decoded, from: number, blocks: Float64Array, times: Float64Array, ends: Uint32Array): void {
  const { bytes } = input
  const to = Math.min(from + BLOCKS_AT_ONCE, blocks.length)
  let { pos } = input
  let { block, ts, end } = last
  for (let i = from; i < to; i++) {
    let more = bytes[pos]!
    let later = bytes[pos + 1]!
    let events = bytes[pos + 2]!
    // nearly all are one byte
    if ((more | later | events) < 0x80) pos += 3
    else {
      input.pos = pos
      more = input.varint()
      later = input.varint()
      events = input.varint()
      pos = input.pos
    }
    block += more
    ts += later
    end += events
    blocks[i] = block
    times[i] = ts
    ends[i] = end
  }
  input.pos = pos
  last.block = block
  last.ts = ts
  last.end = end
}

/** The index of the block of every 16th event. */
export function closeMarks(head: ChunkHead): Uint32Array {
  head.closeMarks ??= marksOf(head.ends, CLOSE_MARK_BITS)
  return head.closeMarks
}

/** Null where the chunk is so long that its numbers and times do not fit: nothing but a damaged one. */
export function blockRows(head: ChunkHead): BlockRows | null {
  const { blocks, ts, ends } = head
  const last = blocks.length - 1
  if (head.rows === null && blocks[last]! - blocks[0]! < 2 ** 32 && ts[last]! - ts[0]! < 2 ** 32) {
    const rows = new Uint32Array(ROW_MEMBERS * blocks.length)
    for (let from = 0; from < blocks.length; from += BLOCKS_AT_ONCE) fillRows(rows, head, from)
    head.rows = { rows, marks: marksOf(ends, ROW_MARK_BITS).map(block => block * ROW_MEMBERS) }
  }
  return head.rows
}

function fillRows(rows: Uint32Array, { blocks, ts, ends }: ChunkHead, from: number): void {
  const firstBlock = blocks[0]!
  const firstTs = ts[0]!
  const to = Math.min(from + BLOCKS_AT_ONCE, blocks.length)
  for (let i = from, row = from * ROW_MEMBERS; i < to; i++, row += ROW_MEMBERS) {
    rows[row] = ends[i]!
    rows[row + 1] = blocks[i]! - firstBlock
    rows[row + 2] = ts[i]! - firstTs
  }
}

/** The index of the block of every 2^bits-th event. */
export function marksOf(ends: Uint32Array, bits: number): Uint32Array {
  const total = ends.length === 0 ? 0 : ends[ends.length - 1]!
  const marks = new Uint32Array(Math.ceil(total / 2 ** bits))
  let block = 0
  for (let i = 0; i < marks.length; i++) {
    const place = i << bits
    while (place >= ends[block]!) block++
    marks[i] = block
  }
  return marks
}

/** A number of entries, none of which takes less than a byte. */
function count(input: ByteReader, blob: Uint8Array, place: Place): number {
  const value = input.varint()
  if (!(value <= blob.length)) throw damaged(place, 'a count is wrong')
  return value
}
