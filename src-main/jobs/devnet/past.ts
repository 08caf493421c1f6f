import { Blake2256 } from '@polkadot-api/substrate-bindings'
import { FIRST_PERIOD_START_TS } from '../../../src-shared/time.ts'

/** Seconds between two blocks. */
export const BLOCK_SEC = 6

/** A block whose time is known. */
export interface KnownTime {
  block: number
  ts: number
}

/** Before anything that is known the chain stood still, before the first minting period: so no period has blocks of then. */
const IDLE_TS = FIRST_PERIOD_START_TS - 1

/** Blocks before the first kept one that are kept too, at most, so that a block whose time is known is a real one. */
const KEPT_BEFORE_BLOCKS = 200_000

/** The earliest block of those whose times are known that is worth keeping before `first`; `first` where there is none. */
export function earliestKept(first: KnownTime, known: readonly KnownTime[]): KnownTime {
  let earliest = first
  for (const time of known)
    if (time.block < earliest.block && time.block >= first.block - KEPT_BEFORE_BLOCKS && time.ts <= first.ts) earliest = time
  return earliest
}

/**
 * Times of the blocks from genesis up to the first known one: through the known times, in even steps between them; before the earliest
 * the chain stood still. Known times that fall while blocks rise contradict each other; of those the ones nearer to the first kept
 * block count.
 */
export function timesBefore(first: KnownTime, known: readonly KnownTime[]): (block: number) => number {
  const knots: KnownTime[] = [first]
  for (const time of [...known].sort((a, b) => b.block - a.block || a.ts - b.ts)) {
    const next = knots[0]!
    if (time.block < next.block && time.ts <= next.ts && time.block >= 0 && time.ts >= 0) knots.unshift(time)
  }
  const earliest = knots[0]!
  const idleTs = Math.min(IDLE_TS, earliest.ts)
  if (earliest.block > 0) knots.unshift({ block: 0, ts: idleTs }, { block: earliest.block - 1, ts: idleTs })
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
