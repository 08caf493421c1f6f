/** A small seeded generator (sfc32): the same seed gives the same numbers on every machine. For the demo only, never for secrets. */
export interface Random {
  /** a whole number from 0 to n - 1 */
  below(n: number): number
  /** a whole number from low to high, both included */
  between(low: number, high: number): number
  /** true with probability p */
  chance(p: number): boolean
  pick<T>(list: readonly T[]): T
  /** lower-case hex of that many bytes */
  hex(bytes: number): string
}

export function createRandom(seed: number): Random {
  let a = seed | 0
  let b = Math.floor(seed / 2 ** 32) | 0
  let c = 0x9e3779b9 | 0
  let counter = 1
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return sum >>> 0
  }
  // Similar seeds must not begin alike.
  for (let i = 0; i < 20; i++) next()
  const below = (n: number): number => Math.floor((next() / 2 ** 32) * n)
  return {
    below,
    between: (low, high) => low + below(high - low + 1),
    chance: p => next() < p * 2 ** 32,
    pick: list => list[below(list.length)]!,
    hex: bytes => {
      let text = ''
      for (let i = 0; i < bytes; i++) text += (next() >>> 24).toString(16).padStart(2, '0')
      return text
    },
  }
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
/** Version byte of a Stellar account id ("G..."), per the strkey encoding. */
const ACCOUNT_VERSION = 6 << 3

/**
 * The strkey of a 32-byte Stellar account key given as hex: version byte, key and CRC-16 (XModem, low byte first) in base32.
 * The demo's keys are invented: nobody holds them.
 */
export function accountAddress(keyHex: string): string {
  const bytes = [ACCOUNT_VERSION]
  for (let i = 0; i < keyHex.length; i += 2) bytes.push(Number.parseInt(keyHex.slice(i, i + 2), 16))
  let crc = 0
  for (const byte of bytes) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++) crc = ((crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff) >>> 0
  }
  bytes.push(crc & 0xff, crc >>> 8)
  let text = ''
  let held = 0
  let bits = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += BASE32[(held >>> bits) & 31]
    }
    held &= (1 << bits) - 1
  }
  return text
}
