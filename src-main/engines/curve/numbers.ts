export const U128_MAX = 2n ** 128n - 1n
export const U256_MAX = 2n ** 256n - 1n

/** The largest whole number whose square is not above `value` (0 and up to U256). */
export function floorRoot(value: bigint): bigint {
  // the double's root is right to 52 bits; each step of Newton's doubles that, and from the first on lies above the root or on it
  let root = BigInt(Math.floor(Math.sqrt(Number(value))))
  if (root === 0n) return 0n
  root = (root + value / root) >> 1n
  root = (root + value / root) >> 1n
  while (root * root > value) root--
  return root
}

export function ceilDiv(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor
}
