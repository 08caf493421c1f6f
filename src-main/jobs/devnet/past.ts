import { Blake2256 } from '@polkadot-api/substrate-bindings'

/** Seconds between two blocks. */
export const BLOCK_SEC = 6

/** A block whose time is known. */
export interface KnownTime {
  block: number
  ts: number
}

/**
 * Times of the blocks from genesis up to the first known one: through the known times, in even steps between them, 6 s a block before
 * the earliest (less where that would begin before the epoch). Known times that fall while blocks rise contradict each other; of those
 * the ones nearer to the first kept block count.
 */
export function timesBefore(first: KnownTime, known: readonly KnownTime[]): (block: number) => number {
  const knots: KnownTime[] = [first]
  for (const time of [...known].sort((a, b) => b.block - a.block || a.ts - b.ts)) {
    const next = knots[0]!
    if (time.block < next.block && time.ts <= next.ts && time.block >= 0 && time.ts >= 0) knots.unshift(time)
  }
  const earliest = knots[0]!
  if (earliest.block > 0) {
    const step = Math.min(BLOCK_SEC, earliest.ts / earliest.block)
    knots.unshift({ block: 0, ts: Math.floor(earliest.ts - step * earliest.block) })
  }
  return block => {
    let low = 0
    let high = knots.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (knots[middle]!.block <= block) low = middle
      else high = middle - 1
    }
    const from = knots[low]!
    const to = knots[low + 1]
    return to ? between(from, to, block) : from.ts
  }
}

/** The time of a block between two known ones, in whole seconds. */
export function between(from: KnownTime, to: KnownTime, block: number): number {
  return from.ts + Math.floor(((to.ts - from.ts) * (block - from.block)) / (to.block - from.block))
}

/**
 * Hashes of the blocks before the first kept one. A chain of tens of millions of real hashes takes minutes to make, so these blocks
 * have made-up ones, from the chain's name and the number: parents link up, but no header hashes to them.
 */
export function hashesBefore(chainName: string): { hashOf(block: number): Buffer; numberOf(hash: Buffer): number } {
  const name = Buffer.from(chainName)
  const hashOf = (block: number): Buffer => {
    const number = Buffer.alloc(4)
    number.writeUInt32LE(block)
    const hash = Buffer.from(Blake2256(Buffer.concat([name, number])))
    // The number is in the hash, so that it can be found without a table.
    hash.writeUInt32LE((hash.readUInt32LE(0) ^ block) >>> 0, 28)
    return hash
  }
  return { hashOf, numberOf: hash => (hash.readUInt32LE(28) ^ hash.readUInt32LE(0)) >>> 0 }
}
