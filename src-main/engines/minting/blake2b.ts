/**
 * BLAKE2b with 32 bytes of output and without a key (RFC 7693), for thousands of short texts. A 64-bit word is two 32-bit ones here, the
 * lower first, at twice the word's index.
 */

const BLOCK_BYTES = 128
const OUT_BYTES = 32

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** RFC 7693, 2.6 */
const IV = Int32Array.of(
  ...[0xf3bcc908, 0x6a09e667, 0x84caa73b, 0xbb67ae85, 0xfe94f82b, 0x3c6ef372, 0x5f1d36f1, 0xa54ff53a],
  ...[0xade682d1, 0x510e527f, 0x2b3e6c1f, 0x9b05688c, 0xfb41bd6b, 0x1f83d9ab, 0x137e2179, 0x5be0cd19],
)

/** RFC 7693, 2.7: which words of the message each of the 12 rounds takes, as places of their lower halves */
const SIGMA = Uint8Array.from(
  [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
    [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
    [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
    [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
    [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
    [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
    [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
    [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
    [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
  ].flat(),
  word => 2 * word,
)

// one hash at a time, so its memory is there once; nothing here waits
const state = new Int32Array(16)
const work = new Int32Array(32)
const block = new Uint8Array(BLOCK_BYTES)
const blockView = new DataView(block.buffer)
const message = new Int32Array(32)

/** The hash in lower-case hex. */
export function blake2b256(bytes: Uint8Array): string {
  state.set(IV)
  state[0]! ^= 0x01010000 ^ OUT_BYTES
  let done = 0
  // the last block, also a whole one, is told to be the last
  for (; done + BLOCK_BYTES < bytes.length; done += BLOCK_BYTES) {
    block.set(bytes.subarray(done, done + BLOCK_BYTES))
    compress(done + BLOCK_BYTES, false)
  }
  block.fill(0)
  block.set(bytes.subarray(done))
  compress(bytes.length, true)
  let hex = ''
  for (let i = 0; i < OUT_BYTES; i++) hex += HEX[(state[i >> 2]! >>> ((i & 3) * 8)) & 0xff]
  return hex
}

/** Takes in the block, whose end is `upTo` bytes (fewer than 2^32) from the beginning. */
function compress(upTo: number, last: boolean): void {
  for (let i = 0; i < 32; i++) message[i] = blockView.getInt32(4 * i, true)
  work.set(state)
  work.set(IV, 16)
  work[24]! ^= upTo
  if (last) {
    work[28] = ~work[28]!
    work[29] = ~work[29]!
  }
  for (let s = 0; s < SIGMA.length; s += 16) {
    mix(0, 8, 16, 24, SIGMA[s]!, SIGMA[s + 1]!)
    mix(2, 10, 18, 26, SIGMA[s + 2]!, SIGMA[s + 3]!)
    mix(4, 12, 20, 28, SIGMA[s + 4]!, SIGMA[s + 5]!)
    mix(6, 14, 22, 30, SIGMA[s + 6]!, SIGMA[s + 7]!)
    mix(0, 10, 20, 30, SIGMA[s + 8]!, SIGMA[s + 9]!)
    mix(2, 12, 22, 24, SIGMA[s + 10]!, SIGMA[s + 11]!)
    mix(4, 14, 16, 26, SIGMA[s + 12]!, SIGMA[s + 13]!)
    mix(6, 8, 18, 28, SIGMA[s + 14]!, SIGMA[s + 15]!)
  }
  for (let i = 0; i < 16; i++) state[i]! ^= work[i]! ^ work[i + 16]!
}

/** The function G of RFC 7693, 3.1: `a` to `d` are places in `work`, `x` and `y` in `message`. */
function mix(a: number, b: number, c: number, d: number, x: number, y: number): void {
  const v = work
  let aLow = v[a]!
  let aHigh = v[a + 1]!
  let bLow = v[b]!
  let bHigh = v[b + 1]!
  let cLow = v[c]!
  let cHigh = v[c + 1]!
  let dLow = v[d]!
  let dHigh = v[d + 1]!
  // a += b + x; d = (d ^ a) rotated by 32
  let low = (aLow + bLow) | 0
  aHigh = (aHigh + bHigh + carry(aLow, bLow, low)) | 0
  aLow = (low + message[x]!) | 0
  aHigh = (aHigh + message[x + 1]! + carry(low, message[x]!, aLow)) | 0
  let swap = dLow ^ aLow
  dLow = dHigh ^ aHigh
  dHigh = swap
  // c += d; b = (b ^ c) rotated by 24
  low = (cLow + dLow) | 0
  cHigh = (cHigh + dHigh + carry(cLow, dLow, low)) | 0
  cLow = low
  bLow ^= cLow
  bHigh ^= cHigh
  swap = (bLow >>> 24) | (bHigh << 8)
  bHigh = (bHigh >>> 24) | (bLow << 8)
  bLow = swap
  // a += b + y; d = (d ^ a) rotated by 16
  low = (aLow + bLow) | 0
  aHigh = (aHigh + bHigh + carry(aLow, bLow, low)) | 0
  aLow = (low + message[y]!) | 0
  aHigh = (aHigh + message[y + 1]! + carry(low, message[y]!, aLow)) | 0
  dLow ^= aLow
  dHigh ^= aHigh
  swap = (dLow >>> 16) | (dHigh << 16)
  dHigh = (dHigh >>> 16) | (dLow << 16)
  dLow = swap
  // c += d; b = (b ^ c) rotated by 63
  low = (cLow + dLow) | 0
  cHigh = (cHigh + dHigh + carry(cLow, dLow, low)) | 0
  cLow = low
  bLow ^= cLow
  bHigh ^= cHigh
  swap = (bHigh >>> 31) | (bLow << 1)
  bHigh = (bLow >>> 31) | (bHigh << 1)
  bLow = swap
  v[a] = aLow
  v[a + 1] = aHigh
  v[b] = bLow
  v[b + 1] = bHigh
  v[c] = cLow
  v[c + 1] = cHigh
  v[d] = dLow
  v[d + 1] = dHigh
}

/** 1 where the sum of two 32-bit words, of which `sum` is the lower half, goes beyond 32 bits. */
function carry(a: number, b: number, sum: number): number {
  return ((a & b) | ((a | b) & ~sum)) >>> 31
}
