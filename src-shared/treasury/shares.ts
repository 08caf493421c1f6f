/** Basis points: hundredths of a percent. */
export const WHOLE_BPS = 10_000n

/** That share of an amount (0 or more), in its units, rounded down: money out rounds down (tokenomics.md, Rules). */
export function shareUnits(amountUnits: bigint, shareBps: number): bigint {
  return (amountUnits * BigInt(shareBps)) / WHOLE_BPS
}

/** The smaller of two amounts. */
export function lesser(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
