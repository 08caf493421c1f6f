import { lesser } from '../../../src-shared/treasury/shares.ts'
import { floorRoot } from './numbers.ts'

/** A pool of an asset and its foreign asset, with a constant product (XYK). */
export interface Pool {
  nativeUnits: bigint
  foreignUnits: bigint
  /** shares of the pool that exist */
  lpUnits: bigint
  /** of what is put in, in millionths; it stays in the pool */
  feePpm: number
}

/** `added` of both sides at the pool's own ratio; the rest of what was offered is left. */
export interface Liquidity {
  pool: Pool
  lpUnits: bigint
  addedNativeUnits: bigint
  addedForeignUnits: bigint
}

export const PPM = 1_000_000n

/** What so much of the foreign asset buys, its fee taken, rounded down; 0 of an empty pool. */
export function nativeFor(pool: Pool, foreignUnits: bigint): bigint {
  if (pool.nativeUnits === 0n || pool.foreignUnits === 0n) return 0n
  const paid = foreignUnits * (PPM - BigInt(pool.feePpm))
  return (paid * pool.nativeUnits) / (pool.foreignUnits * PPM + paid)
}

/** The pool once so much of the foreign asset was swapped. */
export function swapForeign(pool: Pool, foreignUnits: bigint): { pool: Pool; nativeUnits: bigint } {
  const nativeUnits = nativeFor(pool, foreignUnits)
  return {
    pool: { ...pool, nativeUnits: pool.nativeUnits - nativeUnits, foreignUnits: pool.foreignUnits + foreignUnits },
    nativeUnits,
  }
}

/**
 * As much of both sides as the pool's ratio takes; the first liquidity sets that ratio, and its shares are the root of the product. Rounded down,
 * so that no share that existed before is worth less. Nothing is added where it would give no share.
 */
export function addLiquidity(pool: Pool, nativeUnits: bigint, foreignUnits: bigint): Liquidity {
  const [native, foreign] = pool.lpUnits === 0n ? [nativeUnits, foreignUnits] : atRatio(pool, nativeUnits, foreignUnits)
  const lpUnits =
    pool.lpUnits === 0n
      ? floorRoot(native * foreign)
      : lesser((native * pool.lpUnits) / pool.nativeUnits, (foreign * pool.lpUnits) / pool.foreignUnits)
  if (lpUnits === 0n) return { pool, lpUnits, addedNativeUnits: 0n, addedForeignUnits: 0n }
  const after = { nativeUnits: pool.nativeUnits + native, foreignUnits: pool.foreignUnits + foreign, lpUnits: pool.lpUnits + lpUnits }
  return { pool: { ...pool, ...after }, lpUnits, addedNativeUnits: native, addedForeignUnits: foreign }
}

/**
 * The floor: what the liquidity that the treasury owns still pays for one unit, times `precision`, once all of `sellableUnits` were sold into it:
 * `K*n*f/(n+S)^2` of its own n and f, rounded down; 0 without any. Burning what could be sold, or adding liquidity, raises it.
 */
export function floorPrice(pool: Pool, ownedLpUnits: bigint, sellableUnits: bigint, precision: bigint): bigint {
  if (pool.lpUnits === 0n) return 0n
  const nativeUnits = (pool.nativeUnits * ownedLpUnits) / pool.lpUnits
  const foreignUnits = (pool.foreignUnits * ownedLpUnits) / pool.lpUnits
  if (nativeUnits === 0n) return 0n
  const afterUnits = nativeUnits + sellableUnits
  return (precision * nativeUnits * foreignUnits) / (afterUnits * afterUnits)
}

function atRatio(pool: Pool, nativeUnits: bigint, foreignUnits: bigint): [native: bigint, foreign: bigint] {
  const foreignForAll = (nativeUnits * pool.foreignUnits) / pool.nativeUnits
  return foreignForAll <= foreignUnits
    ? [nativeUnits, foreignForAll]
    : [(foreignUnits * pool.nativeUnits) / pool.foreignUnits, foreignUnits]
}
