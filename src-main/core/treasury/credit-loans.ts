import { CREDIT_TOKEN } from '../../../src-shared/treasury/credit.ts'
import type { CreditQuote, Loan as LoanShown } from '../../../src-shared/treasury/credit-table.ts'
import type { TreasuryConfig } from '../../../src-shared/treasury/parameters.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import {
  chargeInterest,
  collectOverdue as collectLoan,
  debtUnits,
  type Loan,
  nextDue,
  openLoan,
  overdueDays,
  type Repayment,
  repay,
} from '../../engines/credit/loan.ts'
import { payoffUnits } from '../../engines/credit/repayment.ts'
import { dueDate, type LoanOffer, planSchedule } from '../../engines/credit/schedule.ts'
import type { Store } from '../../store/index.ts'
import { balanceOf, post } from '../../store/ledger.ts'
import type { StoredApplication } from '../../store/treasury-credit.ts'
import {
  insertLoan,
  insertRepayment,
  listActive,
  listOverdue,
  type StoredLoan,
  type StoredRepayment,
  saveLoan,
} from '../../store/treasury-loans.ts'
import { applicationName, creditTermsOf } from './credit-analysis.ts'
import { entityName } from './entities.ts'
import { moveTokens } from './tokens.ts'

const POOL = 'credit-pool'
const TAXES = 'fees'
/** Who collects, as ledger entries name it. */
const COLLECTOR = 'schedule'

export const loanName = (number: number) => `loan-${number}`

/** What an approved application offers. The tax is that of its decision: what was shown then is what is agreed on. */
export function offerOf({ decision }: StoredApplication): LoanOffer | null {
  if (decision === null) return null
  const { approvedUnits, rateBps, termMonths, taxBps } = decision
  return { principalUnits: approvedUnits, rateBps, termMonths, taxBps }
}

/** @param openedTs seconds since the epoch; when the loan opens or would open */
export function quoteOf(offer: LoanOffer, openedTs: number): CreditQuote {
  const plan = planSchedule(offer, openedTs)
  const { principalUnits, rateBps, termMonths, taxBps } = offer
  return {
    ...{ amount: principalUnits, rateBps, termMonths, taxBps },
    instalment: payoffUnits(plan.netInstalmentUnits, taxBps),
    totalInterest: plan.totalInterestUnits,
    totalTax: plan.totalTaxUnits,
    totalPaid: plan.totalGrossUnits,
    totalCost: plan.totalCostUnits,
    schedule: plan.instalments.map(({ number, dueTs, grossUnits, interestUnits, taxUnits, leftUnits }) => ({
      ...{ number, dueTs, gross: grossUnits, interest: interestUnits, tax: taxUnits, left: leftUnits },
    })),
  }
}

/** A loan as it stands at `nowTs`, with interest up to then. */
export function shownLoan(books: Store, loan: StoredLoan, nowTs: number): LoanShown {
  const charged = chargeInterest(loan, nowTs)
  const due = nextDue(charged)
  const owed = debtUnits(charged)
  const { status, openedTs, rateBps, termMonths, taxBps, trust, entityId } = loan
  const payoff = payoffUnits(owed, taxBps)
  return {
    ...{ id: loanName(loan.number), applicationId: applicationName(loan.application), entityId, name: entityName(books, entityId) },
    ...{ status, openedTs, principal: loan.principalUnits, rateBps, termMonths, taxBps, trust, owed, payoff },
    due: due && { number: due.number, dueTs: due.dueTs, amount: due.grossUnits },
    // what the daily collection would take of somebody who has all of it
    overdue: sumOf(collectLoan(charged, payoff, nowTs).repayments),
    overdueDays: overdueDays(charged, nowTs),
  }
}

/** Of each instalment of a loan's schedule. */
export function instalmentStates(loan: StoredLoan, nowTs: number): ('paid' | 'overdue' | 'due' | 'open')[] {
  return planSchedule(loan, loan.openedTs).instalments.map(({ number, dueTs }) => {
    if (loan.status === 'paid_off' || number < loan.instalment) return 'paid'
    return dueTs < nowTs ? 'overdue' : number === loan.instalment ? 'due' : 'open'
  })
}

/** All that an entity owes at `nowTs` on loans that run, base units. */
export function owedBy(books: Store, entityId: string, nowTs: number): bigint {
  return listActive(books, entityId).reduce((sum, loan) => sum + debtUnits(chargeInterest(loan, nowTs)), 0n)
}

export interface Opening {
  application: StoredApplication
  offer: LoanOffer
  trust: number
  doer: string
  ts: number
}

/**
 * Opens the loan of an accepted offer: its principal goes from the credit pool to the borrower. Whoever calls it holds the transaction.
 * Throws AppError credit.terms, credit.pool. Gives its number.
 */
export function openStoredLoan(books: Store, config: TreasuryConfig, { application, offer, trust, doer, ts }: Opening): number {
  const { availableUnits } = balanceOf(books, POOL, CREDIT_TOKEN)
  const loan = openLoan(offer, creditTermsOf(config), availableUnits, ts)
  const { number: of, entityId } = application
  const number = insertLoan(books, { ...loan, application: of, entityId, trust }, dueTsOf(loan))
  moveTokens(
    books,
    { op: 'transfer', token: CREDIT_TOKEN, from: POOL, to: entityId, amountUnits: offer.principalUnits },
    { actor: doer, ts, memo: `Principal of ${loanName(number)}` },
  )
  return number
}

/**
 * Repays a loan; never more than pays it off is taken. Whoever calls it holds the transaction and has checked whose loan it is.
 * Throws AppError credit.repayment, credit.loan-state, tokens.balance.
 */
export function repayStored(
  books: Store,
  loan: StoredLoan,
  offeredUnits: bigint,
  { doer, ts }: { doer: string; ts: number },
): { repayment: Repayment; kept: StoredRepayment } {
  const { loan: after, repayment } = repay(loan, offeredUnits, ts)
  if (repayment.takenUnits > balanceOf(books, loan.entityId, CREDIT_TOKEN).availableUnits) throw refuse('tokens.balance')
  const kept = keepRepayment(books, loan, repayment, { by: 'borrower', doer, ts })
  saveLoan(books, loan.number, after, dueTsOf(after))
  return { repayment, kept }
}

/**
 * The daily collection (tokenomics.md, Credit), for the slot of `nowTs`: of each overdue loan what is due and the borrower has available, the
 * longest overdue first; one that is overdue for too long is defaulted. Whoever calls it holds the transaction. Says what it did.
 */
export function collectOverdue(books: Store, config: TreasuryConfig, nowTs: number): string {
  let repayments = 0
  let defaulted = 0
  const overdue = listOverdue(books, nowTs)
  for (const loan of overdue) {
    const { availableUnits } = balanceOf(books, loan.entityId, CREDIT_TOKEN)
    const collected = collectLoan(loan, availableUnits, nowTs, config['credit.defaultAfterDays'])
    for (const repayment of collected.repayments) keepRepayment(books, loan, repayment, { by: 'collection', doer: COLLECTOR, ts: nowTs })
    saveLoan(books, loan.number, collected.loan, dueTsOf(collected.loan))
    repayments += collected.repayments.length
    if (collected.loan.status === 'defaulted') defaulted++
  }
  if (overdue.length === 0) return 'No loan is overdue.'
  return `${counted(overdue.length, 'overdue loan')}: ${counted(repayments, 'repayment')} collected, ${counted(defaulted, 'loan')} defaulted.`
}

/** The tax goes to the fees, what reduces the debt back to the credit pool. */
function keepRepayment(
  books: Store,
  { number, entityId }: StoredLoan,
  { takenUnits, taxUnits, appliedUnits, interestPaidUnits, principalPaidUnits }: Repayment,
  { by, doer, ts }: { by: StoredRepayment['by']; doer: string; ts: number },
): StoredRepayment {
  const to = (entity: string, amountUnits: bigint) => ({ entity, token: CREDIT_TOKEN, part: 'available' as const, amountUnits })
  const entry = post(books, {
    kind: 'TRANSFER',
    ts,
    actor: doer,
    memo: `Repayment of ${loanName(number)}`,
    postings: [to(entityId, -takenUnits), to(POOL, appliedUnits), to(TAXES, taxUnits)],
  })
  const kept = { ts, entry, by, takenUnits, taxUnits, interestUnits: interestPaidUnits, principalUnits: principalPaidUnits }
  insertRepayment(books, number, entityId, kept)
  return kept
}

function dueTsOf({ openedTs, instalment }: Loan): number {
  return dueDate(openedTs, instalment)
}

function sumOf(repayments: readonly Repayment[]): bigint {
  return repayments.reduce((sum, { takenUnits }) => sum + takenUnits, 0n)
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
