import { describe, expect, test } from 'vitest'
import { decideApplication } from '../../src-main/engines/credit/application.ts'
import { collectOverdue, type Loan, markDefault, openLoan, overdueDays, repay } from '../../src-main/engines/credit/loan.ts'
import { reinvest } from '../../src-main/engines/credit/metabolic.ts'
import { payoffUnits, splitRepayment } from '../../src-main/engines/credit/repayment.ts'
import { dueDate, planSchedule } from '../../src-main/engines/credit/schedule.ts'
import { type TrustParts, trustFrom, trustOf } from '../../src-main/engines/trust/trust.ts'
import { creditTerms, readVectors, refusalOf, reinvestShares, taxBps, vectorUnits } from '../helpers/economy.ts'

/* Trust, credit and the metabolic model against the vectors of the specification. */

type Row = Record<string, string>
interface Factors {
  transaction_history: number
  social_connections: number
  reputation: number
  financial_stability: number
  community_engagement: number
}
interface DecisionVector {
  trust: number
  amount: string
  analysis: 'external' | 'fallback'
  analysis_result?: { approved: boolean; suggested: string; interest_rate?: number; term_months?: number }
  analysis_approved: boolean
  suggested: string
  status: string
  approved_amount: string
  interest_rate: number
  term_months: number
}
type InstalmentVector = Row & { annual_rate_bps: number; months: number }
interface CreditVectors {
  trust_from_history: { successful_repayments: number; applications: number; factors: Factors; overall: number }[]
  best_score_without_any_repayment: number
  minimum_history_for_threshold: { threshold: number; min_repayments: number; applications: number }[]
  trust_boundaries: { factors: Factors; overall: number }[]
  trust_half_points: { factors: Factors; overall: number }[]
  decisions: DecisionVector[]
  repayments: Row[]
  payoff_amounts: Row[]
  instalments: InstalmentVector[]
  overdue: { overdue_seconds: number; whole_days: number; status: string }[]
  autonomous_collection: Row[]
}
const vectors = readVectors<CreditVectors>('credit')
const t0 = 1_700_000_000

function partsOf(factors: Factors): TrustParts {
  return {
    transactionHistory: factors.transaction_history,
    socialConnections: factors.social_connections,
    reputation: factors.reputation,
    financialStability: factors.financial_stability,
    communityEngagement: factors.community_engagement,
  }
}

function trustAfter(repayments: number, applications: number) {
  return trustFrom({ repayments, counterparties: 0, releasedEscrows: 0, proofs: 0, applications })
}

/** An active loan without interest that owes that much, its instalment as given or far below. */
function loanOf(debtUnits: bigint, change: Partial<Loan> = {}): Loan {
  const offer = { principalUnits: debtUnits, rateBps: 0, termMonths: 24, taxBps }
  return { ...openLoan(offer, creditTerms, debtUnits, t0), ...change }
}

describe('trust', () => {
  test('from history', () => {
    for (const { successful_repayments, applications, factors, overall } of vectors.trust_from_history)
      expect(trustAfter(successful_repayments, applications)).toEqual({ overall, parts: partsOf(factors) })
    expect(vectors.trust_from_history).toHaveLength(40)
  })
  test('from parts', () => {
    for (const { factors, overall } of [...vectors.trust_boundaries, ...vectors.trust_half_points])
      expect(trustOf(partsOf(factors))).toBe(overall)
    expect(vectors.trust_half_points).toHaveLength(7)
  })
  test('what no repayment reaches, and the least that reaches a threshold', () => {
    expect(trustAfter(0, 1000).overall).toBe(vectors.best_score_without_any_repayment)
    for (const { threshold, min_repayments, applications } of vectors.minimum_history_for_threshold) {
      expect(trustAfter(min_repayments, applications).overall).toBeGreaterThanOrEqual(threshold)
      expect(trustAfter(min_repayments, applications - 1).overall).toBeLessThan(threshold)
      expect(trustAfter(min_repayments - 1, 1000).overall).toBeLessThan(threshold)
    }
  })
})

test.each(vectors.decisions)('a decision at trust $trust on $amount: $analysis, $status', vector => {
  const { analysis_result: said } = vector
  const advice = said
    ? {
        approve: said.approved,
        suggestedUnits: vectorUnits(said.suggested),
        rateBps: said.interest_rate === undefined ? null : BigInt(said.interest_rate * 100),
        termMonths: said.term_months === undefined ? null : BigInt(said.term_months),
      }
    : null
  expect(decideApplication({ askedUnits: vectorUnits(vector.amount), trust: vector.trust }, advice, creditTerms, null)).toMatchObject({
    basis: vector.analysis === 'external' ? 'analyst' : 'fallback',
    isAdvised: vector.analysis_approved,
    suggestedUnits: vectorUnits(vector.suggested),
    status: vector.status,
    approvedUnits: vectorUnits(vector.approved_amount),
    rateBps: vector.interest_rate * 100,
    termMonths: vector.term_months,
  })
})

test.each(vectors.repayments)('a repayment of $amount on $outstanding', vector => {
  const loan = loanOf(vectorUnits(vector.outstanding!))
  const offered = vectorUnits(vector.amount!)
  if (vector.error) return expect(refusalOf(() => repay(loan, offered, t0))).toBe(vector.error)
  const { loan: after, repayment } = repay(loan, offered, t0)
  expect(repayment).toMatchObject({
    takenUnits: vectorUnits(vector.taken!),
    taxUnits: vectorUnits(vector.metabolic_tax!),
    appliedUnits: vectorUnits(vector.amount_paid!),
    notTakenUnits: vectorUnits(vector.not_taken!),
  })
  expect(after).toMatchObject({ outstandingUnits: vectorUnits(vector.remaining_balance!), status: vector.status })
})

test('payoff amounts', () => {
  for (const vector of vectors.payoff_amounts) {
    const debt = BigInt(vector.outstanding_units!)
    const payoff = payoffUnits(debt, taxBps)
    expect(payoff).toBe(BigInt(vector.payoff_units!))
    expect(payoff).toBe((5n * (debt - 1n)) / 4n + 1n)
    expect(splitRepayment(debt, payoff, taxBps)).toEqual({
      takenUnits: payoff,
      taxUnits: BigInt(vector.tax_units!),
      appliedUnits: BigInt(vector.applied_units!),
      notTakenUnits: 0n,
    })
  }
  expect(vectors.payoff_amounts).toHaveLength(8)
})

test.each(vectors.instalments)('the schedule of $principal at $annual_rate_bps in $months', vector => {
  const offer = {
    principalUnits: vectorUnits(vector.principal!),
    rateBps: vector.annual_rate_bps,
    termMonths: vector.months,
    taxBps,
  }
  const schedule = planSchedule(offer, t0)
  expect(schedule.netInstalmentUnits).toBe(BigInt(vector.net_instalment_units!))
  expect(schedule.netInstalmentUnits).toBe(vectorUnits(vector.net_instalment!))
  expect(payoffUnits(schedule.netInstalmentUnits, taxBps)).toBe(vectorUnits(vector.gross_instalment!))
  const last = schedule.instalments.at(-1)!
  expect(last).toMatchObject({
    number: vector.months,
    dueTs: t0 + vector.months * 30 * 86_400,
    netUnits: vectorUnits(vector.last_net_instalment!),
    leftUnits: 0n,
  })
  expect(schedule).toMatchObject({
    totalInterestUnits: vectorUnits(vector.total_interest!),
    totalNetUnits: vectorUnits(vector.total_net!),
    totalTaxUnits: vectorUnits(vector.total_metabolic_tax!),
    totalGrossUnits: vectorUnits(vector.total_gross_paid!),
  })
})

test('overdue', () => {
  const loan = loanOf(1000n)
  for (const { overdue_seconds, whole_days, status } of vectors.overdue) {
    const nowTs = dueDate(loan.openedTs, 1) + overdue_seconds
    expect(overdueDays(loan, nowTs)).toBe(whole_days)
    expect(markDefault(loan, nowTs).status).toBe(status)
  }
  expect(vectors.overdue).toHaveLength(4)
})

test.each(vectors.autonomous_collection)('collecting $instalment_gross out of $wallet_available', vector => {
  const gross = vectorUnits(vector.instalment_gross!)
  const net = gross - gross / 5n
  // the payoff of that net instalment is one unit below the vector's gross: a unit of net more would be two above
  const loan = loanOf(net * 24n, { netInstalmentUnits: net })
  const available = vectorUnits(vector.wallet_available!)
  const { loan: after, repayments } = collectOverdue(loan, available, dueDate(t0, 1) + 1)
  const total = (pick: 'takenUnits' | 'taxUnits' | 'appliedUnits') => repayments.reduce((sum, one) => sum + one[pick], 0n)
  expect(total('takenUnits')).toBe(vectorUnits(vector.collected!))
  expect(total('taxUnits')).toBe(vectorUnits(vector.metabolic_tax!))
  expect(total('appliedUnits')).toBe(vectorUnits(vector.amount_paid!))
  expect(available - total('takenUnits')).toBe(vectorUnits(vector.wallet_after!))
  expect(gross - after.collectedUnits).toBe(vectorUnits(vector.still_due!))
})

test('reinvestment', () => {
  const { vectors: rows } = readVectors<{ vectors: Row[] }>('metabolic')
  for (const row of rows) {
    const split = reinvest(vectorUnits(row.revenue!), vectorUnits(row.external_capital!), reinvestShares)
    expect(split).toEqual({
      infrastructureUnits: vectorUnits(row.infrastructure!),
      studentsUnits: vectorUnits(row.student_incentives!),
      teamUnits: vectorUnits(row.team!),
      reserveTargetUnits: vectorUnits(row.reserve_target!),
      reserveFundedUnits: vectorUnits(row.reserve_funded!),
      reserveShortfallUnits: vectorUnits(row.reserve_shortfall!),
      externalLeftUnits: vectorUnits(row.external_left!),
    })
    expect(split.infrastructureUnits + split.studentsUnits + split.teamUnits).toBe(vectorUnits(row.from_revenue_total!))
  }
  expect(rows).toHaveLength(4)
})
