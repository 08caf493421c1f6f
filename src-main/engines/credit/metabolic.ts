import { lesser, shareUnits } from '../../../src-shared/treasury/shares.ts'

/** Shares of revenue in basis points (by the rules 2000, 1000 and 500); what is left after students and team goes to infrastructure. */
export interface ReinvestShares {
  studentsBps: number
  teamBps: number
  reserveBps: number
}

/** Where revenue goes: the first three add up to it exactly. The reserve comes on top, out of external capital alone. */
export interface Reinvestment {
  infrastructureUnits: bigint
  studentsUnits: bigint
  teamUnits: bigint
  reserveTargetUnits: bigint
  reserveFundedUnits: bigint
  reserveShortfallUnits: bigint
  externalLeftUnits: bigint
}

/**
 * The reinvestment of revenue (fees, taxes) with its reserve, which is never minted: what external capital can't pay is a shortfall
 * (tokenomics.md, Credit and the metabolic model).
 * @param revenueUnits 0 or more, as is `externalUnits`
 */
export function reinvest(revenueUnits: bigint, externalUnits: bigint, shares: ReinvestShares): Reinvestment {
  const studentsUnits = shareUnits(revenueUnits, shares.studentsBps)
  const teamUnits = shareUnits(revenueUnits, shares.teamBps)
  const reserveTargetUnits = shareUnits(revenueUnits, shares.reserveBps)
  const reserveFundedUnits = lesser(reserveTargetUnits, externalUnits)
  return {
    infrastructureUnits: revenueUnits - studentsUnits - teamUnits,
    studentsUnits,
    teamUnits,
    reserveTargetUnits,
    reserveFundedUnits,
    reserveShortfallUnits: reserveTargetUnits - reserveFundedUnits,
    externalLeftUnits: externalUnits - reserveFundedUnits,
  }
}
