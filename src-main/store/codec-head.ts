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
  /** buckets that have events here, rising, and how many */
  buckets: number[]
  counts: number[]
  /** contracts created in this chunk: [contract, node], node -1 for none */
  contracts: [number, number][]
  /** SHA-256 over the buckets' blobs in order: equal heads mean equal chunks */
  digest: Uint8Array
  followed: number
}

export const DIGEST_BYTES = 32

/** Packs a head; sealed for `place`. */
export function encodeHead(head: Omit<ChunkHead, 'followed'>, place: Place): Uint8Array {
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
  let block = 0
  let ts = 0
  let end = 0
  let { pos } = input
  // nearly all of these are one byte; a period has over a million
  const more = (first: number): number => {
    input.pos = pos
    const value = input.rest(first)
    pos = input.pos
    return value
  }
  for (let i = 0; i < total; i++) {
    let byte = blob[pos++]!
    block += byte < 0x80 ? byte : more(byte)
    byte = blob[pos++]!
    ts += byte < 0x80 ? byte : more(byte)
    byte = blob[pos++]!
    end += byte < 0x80 ? byte : more(byte)
    blocks[i] = block
    times[i] = ts
    ends[i] = end
  }
  input.pos = pos
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
  return { blocks, ts: times, ends, buckets, counts, contracts, digest: blob.slice(input.pos), followed: followedBy(blob) }
}

/** A number of entries, none of which takes less than a byte. */
function count(input: ByteReader, blob: Uint8Array, place: Place): number {
  const value = input.varint()
  if (!(value <= blob.length)) throw damaged(place, 'a count is wrong')
  return value
}
