import { shareUnits } from '../src-shared/treasury/shares.ts'

/** The largest amount that can be paid out of what is available, with the fee that comes on top of it. */
export function mostPayable(availableUnits: bigint, feeBps: number): bigint {
  const whole = 10_000n
  let most = (availableUnits * whole) / (whole + BigInt(feeBps))
  // the fee is rounded down, so a little more than the exact share may still be covered
  while (most + 1n + shareUnits(most + 1n, feeBps) <= availableUnits) most += 1n
  return most
}

/** The last second of a local day as a date field has it (`2026-11-12`), in seconds since the epoch; null: no day is entered. */
export function endOfDay(day: string): number | null {
  const ms = /^\d{4}-\d\d-\d\d$/.test(day) ? new Date(`${day}T23:59:59`).getTime() : Number.NaN
  return Number.isNaN(ms) || ms < 0 ? null : Math.floor(ms / 1000)
}

/** How much each part counts in a trust, in per cent (tokenomics.md, Trust). */
export const trustWeights = {
  transactionHistory: 30,
  socialConnections: 20,
  reputation: 20,
  financialStability: 20,
  communityEngagement: 10,
} as const
export type TrustPart = keyof typeof trustWeights
export const trustParts = Object.keys(trustWeights) as TrustPart[]
