import { refuse } from '../../../src-shared/treasury/refusals.ts'
import { lesser, shareUnits, WHOLE_BPS } from '../../../src-shared/treasury/shares.ts'

/** How a repayment divides: `takenUnits` = `taxUnits` + `appliedUnits`; what was offered above the payoff stays with the payer. */
export interface RepaymentSplit {
  takenUnits: bigint
  /** metabolic tax, a part of what is taken, rounded down */
  taxUnits: bigint
  /** what the debt goes down by */
  appliedUnits: bigint
  notTakenUnits: bigint
}

/**
 * The least that has to be taken for a debt to go down by `netUnits` once the tax is off it: with a tax of 20 %, `floor(5*(B-1)/4)+1`
 * (tokenomics.md, Credit). 0 for 0.
 * @param taxBps below 10,000
 */
export function payoffUnits(netUnits: bigint, taxBps: number): bigint {
  if (netUnits <= 0n) return 0n
  return ((netUnits - 1n) * WHOLE_BPS) / (WHOLE_BPS - BigInt(taxBps)) + 1n
}

/**
 * A repayment of a debt: never more than its payoff is taken, so a debt ends at exactly 0.
 * @throws `credit.repayment`
 */
export function splitRepayment(debtUnits: bigint, offeredUnits: bigint, taxBps: number): RepaymentSplit {
  if (offeredUnits <= 0n) throw refuse('credit.repayment')
  const takenUnits = lesser(offeredUnits, payoffUnits(debtUnits, taxBps))
  const taxUnits = shareUnits(takenUnits, taxBps)
  return { takenUnits, taxUnits, appliedUnits: takenUnits - taxUnits, notTakenUnits: offeredUnits - takenUnits }
}
