import type { LoanStatus } from '../../../src-shared/treasury/credit.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import { lesser } from '../../../src-shared/treasury/shares.ts'
import { payoffUnits, type RepaymentSplit, splitRepayment } from './repayment.ts'
import { annuityUnits, checkOffer, dueDate, type LoanOffer, monthInterest } from './schedule.ts'

/**
 * A loan as it stands. What is owed is `outstandingUnits` (principal) + `interestUnits`; interest is charged on the principal alone, at each of
 * the term's due dates that has come, paid or not, and what is repaid pays interest first.
 */
export interface Loan extends LoanOffer {
  status: LoanStatus
  openedTs: number
  /** the annuity, net */
  netInstalmentUnits: bigint
  /** principal still owed */
  outstandingUnits: bigint
  /** interest charged and still owed */
  interestUnits: bigint
  /** how many due dates have charged their interest: 0..termMonths */
  chargedMonths: number
  /** the instalment that is due next, from 1; the last one stays until nothing is owed */
  instalment: number
  /** what the debt went down by on account of that instalment, net */
  coveredUnits: bigint
  /** what was collected for it, tax included */
  collectedUnits: bigint
}

/** The instalment that is due next, as far as it is open. */
export interface Due {
  number: number
  dueTs: number
  /** net, open */
  netUnits: bigint
  /** what is still due: the gross instalment less what was collected for it */
  grossUnits: bigint
}

export interface Repayment extends RepaymentSplit {
  /** `appliedUnits` = `interestPaidUnits` + `principalPaidUnits` */
  interestPaidUnits: bigint
  principalPaidUnits: bigint
  /** instalments that it covered, by number */
  coveredInstalments: number[]
}

/** More than this many whole days after the due date a loan is defaulted, by the rules (tokenomics.md, Credit). */
const DEFAULT_AFTER_DAYS = 90
const DAY_SEC = 86_400

/**
 * The loan that an accepted offer opens; its principal goes from the credit pool to the borrower.
 * @param poolUnits what the credit pool has available
 * @throws `credit.amount`, `credit.terms`, `credit.pool`
 */
export function openLoan(offer: LoanOffer, bounds: { maxRateBps: number; maxTermMonths: number }, poolUnits: bigint, nowTs: number): Loan {
  checkOffer(offer, bounds)
  const { principalUnits, rateBps, termMonths, taxBps } = offer
  if (principalUnits > poolUnits) throw refuse('credit.pool')
  return {
    principalUnits,
    rateBps,
    termMonths,
    taxBps,
    status: 'active',
    openedTs: nowTs,
    netInstalmentUnits: annuityUnits(principalUnits, rateBps, termMonths),
    outstandingUnits: principalUnits,
    interestUnits: 0n,
    chargedMonths: 0,
    instalment: 1,
    coveredUnits: 0n,
    collectedUnits: 0n,
  }
}

/** All that is owed now: principal and charged interest. */
export function debtUnits(loan: Loan): bigint {
  return loan.outstandingUnits + loan.interestUnits
}

/** The loan with the interest of every due date up to `nowTs` (inclusive) charged, once each; one that isn't active stays as it is. */
export function chargeInterest(loan: Loan, nowTs: number): Loan {
  if (loan.status !== 'active') return loan
  let { chargedMonths, interestUnits } = loan
  while (chargedMonths < loan.termMonths && dueDate(loan.openedTs, chargedMonths + 1) <= nowTs) {
    chargedMonths++
    interestUnits += monthInterest(loan.outstandingUnits, loan.rateBps)
  }
  return { ...loan, chargedMonths, interestUnits }
}

/**
 * The instalment that is due next; null if the loan isn't active. The last one is all that is owed. Interest that its due date and those
 * before it will still charge is counted in.
 */
export function nextDue(loan: Loan): Due | null {
  if (loan.status !== 'active') return null
  const { instalment, coveredUnits, taxBps } = loan
  const toCharge = BigInt(Math.max(0, instalment - loan.chargedMonths)) * monthInterest(loan.outstandingUnits, loan.rateBps)
  const owedThen = debtUnits(loan) + toCharge
  const netUnits = instalment === loan.termMonths ? owedThen : lesser(loan.netInstalmentUnits - coveredUnits, owedThen)
  const grossUnits = payoffUnits(netUnits + coveredUnits, taxBps) - loan.collectedUnits
  return { number: instalment, dueTs: dueDate(loan.openedTs, instalment), netUnits, grossUnits }
}

/**
 * A repayment at `nowTs`: interest up to then is charged, then the debt goes down by what is taken less the tax, interest first. The due date
 * moves on for every net instalment that is covered; what is paid above one counts for the next. Who repays and has enough is the caller's
 * to check; take `takenUnits`, not what was offered.
 * @throws `credit.repayment`, `credit.loan-state`
 */
export function repay(loan: Loan, offeredUnits: bigint, nowTs: number): { loan: Loan; repayment: Repayment } {
  if (offeredUnits <= 0n) throw refuse('credit.repayment')
  if (loan.status !== 'active') throw refuse('credit.loan-state', { status: loan.status })
  const charged = chargeInterest(loan, nowTs)
  const split = splitRepayment(debtUnits(charged), offeredUnits, loan.taxBps)
  const interestPaidUnits = lesser(split.appliedUnits, charged.interestUnits)
  const principalPaidUnits = split.appliedUnits - interestPaidUnits
  const reduced = {
    ...charged,
    interestUnits: charged.interestUnits - interestPaidUnits,
    outstandingUnits: charged.outstandingUnits - principalPaidUnits,
  }
  const moved = debtUnits(reduced) === 0n ? paidOff(reduced) : coverInstalments(reduced, split)
  return { loan: moved.loan, repayment: { ...split, interestPaidUnits, principalPaidUnits, coveredInstalments: moved.covered } }
}

/**
 * The daily collection: once for each instalment whose due date is past, the smaller of what the borrower has available and what is still due,
 * through `repay`. Then a loan that is more than `defaultAfterDays` whole days overdue is defaulted. Interest is charged also where nothing is collected.
 */
export function collectOverdue(
  loan: Loan,
  availableUnits: bigint,
  nowTs: number,
  defaultAfterDays = DEFAULT_AFTER_DAYS,
): { loan: Loan; repayments: Repayment[] } {
  let standing = chargeInterest(loan, nowTs)
  let leftUnits = availableUnits
  const repayments: Repayment[] = []
  let due = nextDue(standing)
  while (due && due.dueTs < nowTs && leftUnits > 0n) {
    const { loan: after, repayment } = repay(standing, lesser(leftUnits, due.grossUnits), nowTs)
    repayments.push(repayment)
    leftUnits -= repayment.takenUnits
    standing = after
    // another one, or nothing is left: what is still due, taken in full, covers its instalment
    due = nextDue(standing)
  }
  return { loan: markDefault(standing, nowTs, defaultAfterDays), repayments }
}

/** Whole days since the due date of the instalment that is due next: 0 up to a day after it, also where it is still to come. */
export function overdueDays(loan: Loan, nowTs: number): number {
  const due = nextDue(loan)
  return due ? Math.max(0, Math.floor((nowTs - due.dueTs) / DAY_SEC)) : 0
}

/** Defaulted after more than `defaultAfterDays` whole days overdue; else as it was. */
export function markDefault(loan: Loan, nowTs: number, defaultAfterDays = DEFAULT_AFTER_DAYS): Loan {
  return loan.status === 'active' && overdueDays(loan, nowTs) > defaultAfterDays ? { ...loan, status: 'defaulted' } : loan
}

function paidOff(loan: Loan): { loan: Loan; covered: number[] } {
  return { loan: { ...loan, status: 'paid_off', coveredUnits: 0n, collectedUnits: 0n }, covered: [loan.instalment] }
}

function coverInstalments(loan: Loan, { appliedUnits, takenUnits }: RepaymentSplit): { loan: Loan; covered: number[] } {
  let { instalment } = loan
  let coveredUnits = loan.coveredUnits + appliedUnits
  const covered: number[] = []
  while (instalment < loan.termMonths && coveredUnits >= loan.netInstalmentUnits) {
    coveredUnits -= loan.netInstalmentUnits
    covered.push(instalment++)
  }
  // what goes on to another instalment counts there as the least that collects it, so that the gross and the net end together
  const collectedUnits = covered.length > 0 ? payoffUnits(coveredUnits, loan.taxBps) : loan.collectedUnits + takenUnits
  return { loan: { ...loan, instalment, coveredUnits, collectedUnits }, covered }
}
