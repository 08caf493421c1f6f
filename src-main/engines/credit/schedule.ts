import { refuse } from '../../../src-shared/treasury/refusals.ts'
import { lesser, shareUnits } from '../../../src-shared/treasury/shares.ts'
import { payoffUnits } from './repayment.ts'

/** What a loan is agreed on. The tax is part of it, so that the total cost which was accepted holds. */
export interface LoanOffer {
  principalUnits: bigint
  /** a year's interest, basis points */
  rateBps: number
  termMonths: number
  /** metabolic tax, basis points of what is taken (2000) */
  taxBps: number
}

export interface Instalment {
  /** from 1 */
  number: number
  dueTs: number
  interestUnits: bigint
  /** what the debt goes down by: interest and principal */
  netUnits: bigint
  /** what is collected for it: `payoff(net)` */
  grossUnits: bigint
  taxUnits: bigint
  /** principal that is left after it */
  leftUnits: bigint
}

/** All that a borrower pays if every instalment is paid at its due date. */
export interface Schedule {
  instalments: Instalment[]
  netInstalmentUnits: bigint
  totalInterestUnits: bigint
  totalNetUnits: bigint
  totalTaxUnits: bigint
  /** `totalNetUnits` + `totalTaxUnits` */
  totalGrossUnits: bigint
  /** what the loan costs: interest and tax */
  totalCostUnits: bigint
}

/** A "month" of a loan: due dates lie 30 days apart (tokenomics.md, Credit). */
export const MONTH_SEC = 30 * 86_400
/** basis points times months: what the yearly rate is divided by for one month */
const MONTHLY_WHOLE = 120_000n

/** Due date k (from 1) of a loan, in seconds. */
export function dueDate(openedTs: number, number: number): number {
  return openedTs + number * MONTH_SEC
}

/** Interest of one month on a principal: `floor(outstanding*bps/120000)`. */
export function monthInterest(principalUnits: bigint, rateBps: number): bigint {
  return (principalUnits * BigInt(rateBps)) / MONTHLY_WHOLE
}

/**
 * The annuity rounded up: the least whole amount that pays principal and interest off in `termMonths` equal instalments, worked out in
 * whole numbers. As every month's interest is rounded down, it always suffices.
 */
export function annuityUnits(principalUnits: bigint, rateBps: number, termMonths: number): bigint {
  if (rateBps === 0) return ceilDiv(principalUnits, BigInt(termMonths))
  const rate = BigInt(rateBps)
  const grown = (MONTHLY_WHOLE + rate) ** BigInt(termMonths)
  return ceilDiv(principalUnits * rate * grown, MONTHLY_WHOLE * (grown - MONTHLY_WHOLE ** BigInt(termMonths)))
}

/**
 * The schedule of an offer: as many instalments as months, the last one smaller; tiny amounts may end early (tokenomics.md, Credit).
 * @param openedTs seconds; when the loan opens or would open
 */
export function planSchedule(offer: LoanOffer, openedTs: number): Schedule {
  const netInstalmentUnits = annuityUnits(offer.principalUnits, offer.rateBps, offer.termMonths)
  const instalments: Instalment[] = []
  let leftUnits = offer.principalUnits
  for (let number = 1; number <= offer.termMonths && leftUnits > 0n; number++) {
    const interestUnits = monthInterest(leftUnits, offer.rateBps)
    const netUnits = lesser(netInstalmentUnits, leftUnits + interestUnits)
    leftUnits -= netUnits - interestUnits
    const grossUnits = payoffUnits(netUnits, offer.taxBps)
    const taxUnits = shareUnits(grossUnits, offer.taxBps)
    instalments.push({ number, dueTs: dueDate(openedTs, number), interestUnits, netUnits, grossUnits, taxUnits, leftUnits })
  }
  const total = (pick: (instalment: Instalment) => bigint) => instalments.reduce((sum, instalment) => sum + pick(instalment), 0n)
  const totalInterestUnits = total(({ interestUnits }) => interestUnits)
  const totalTaxUnits = total(({ taxUnits }) => taxUnits)
  return {
    instalments,
    netInstalmentUnits,
    totalInterestUnits,
    totalNetUnits: total(({ netUnits }) => netUnits),
    totalTaxUnits,
    totalGrossUnits: total(({ grossUnits }) => grossUnits),
    totalCostUnits: totalInterestUnits + totalTaxUnits,
  }
}

/**
 * Whether an offer keeps to the bounds of a loan.
 * @throws `credit.amount`, `credit.terms`
 */
export function checkOffer(offer: LoanOffer, bounds: { maxRateBps: number; maxTermMonths: number }): void {
  if (offer.principalUnits <= 0n) throw refuse('credit.amount')
  if (!isWithin(offer.rateBps, 0, bounds.maxRateBps) || !isWithin(offer.termMonths, 1, bounds.maxTermMonths)) throw refuse('credit.terms')
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most
}

function ceilDiv(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b
}
