import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decideApplication, readAdvice } from '../../src-main/engines/credit/application.ts'
import {
  chargeInterest,
  collectOverdue,
  debtUnits,
  type Loan,
  nextDue,
  openLoan,
  type Repayment,
  repay,
} from '../../src-main/engines/credit/loan.ts'
import { payoffUnits, splitRepayment } from '../../src-main/engines/credit/repayment.ts'
import { annuityUnits, dueDate, MONTH_SEC, planSchedule } from '../../src-main/engines/credit/schedule.ts'
import { MAX_UNITS } from '../../src-shared/money.ts'
import { creditTerms, taxBps } from '../helpers/economy.ts'
import { runs } from '../helpers/runs.ts'

/* Credit: whatever is borrowed and however it is repaid, the sums are right to the unit and the debt ends at exactly 0. */

const t0 = 1_700_000_000
const DAY_SEC = 86_400
const amount = fc.oneof(fc.bigInt({ min: 1n, max: 40n }), fc.bigInt({ min: 1n, max: 10n ** 13n }), fc.bigInt({ min: 1n, max: MAX_UNITS }))
const offer = fc.record({
  principalUnits: amount,
  rateBps: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 1500 })),
  termMonths: fc.integer({ min: 1, max: 24 }),
  taxBps: fc.constant(taxBps),
})
const open = (terms: { principalUnits: bigint; rateBps: number; termMonths: number; taxBps: number }) =>
  openLoan(terms, creditTerms, MAX_UNITS, t0)

test('the payoff is the least that ends a debt, whatever the tax', () => {
  fc.assert(
    fc.property(amount, fc.oneof(fc.constant(taxBps), fc.integer({ min: 0, max: 9999 })), (debt, tax) => {
      const payoff = payoffUnits(debt, tax)
      const full = splitRepayment(debt, payoff, tax)
      expect(full).toMatchObject({ appliedUnits: debt, takenUnits: payoff, notTakenUnits: 0n })
      if (payoff > 1n) expect(splitRepayment(debt, payoff - 1n, tax).appliedUnits).toBeLessThan(debt)
      const over = splitRepayment(debt, payoff + 7n, tax)
      expect(over).toEqual({ ...full, notTakenUnits: 7n })
      expect(over.taxUnits + over.appliedUnits).toBe(over.takenUnits)
    }),
    runs(300),
  )
})

test('a schedule pays the debt off in at most its term, with the least instalment that does', () => {
  fc.assert(
    fc.property(offer, terms => {
      const { instalments, netInstalmentUnits, ...totals } = planSchedule(terms, t0)
      expect(instalments.length).toBeLessThanOrEqual(terms.termMonths)
      expect(instalments.at(-1)?.leftUnits).toBe(0n)
      for (const one of instalments.slice(0, -1)) expect(one.netUnits).toBe(netInstalmentUnits)
      expect(instalments.at(-1)?.netUnits).toBeLessThanOrEqual(netInstalmentUnits)
      expect(totals.totalNetUnits).toBe(terms.principalUnits + totals.totalInterestUnits)
      expect(totals.totalGrossUnits).toBe(totals.totalNetUnits + totals.totalTaxUnits)
      expect(totals.totalCostUnits).toBe(totals.totalGrossUnits - terms.principalUnits)
      // with exact interest a unit less would leave something: P*(1+r)^n > (N-1)*((1+r)^(n-1) + … + 1), in whole numbers
      let [grown, paid] = [terms.principalUnits, 0n]
      const rate = 120_000n + BigInt(terms.rateBps)
      for (let month = 0; month < terms.termMonths; month++) {
        paid = paid * rate + (netInstalmentUnits - 1n) * 120_000n ** BigInt(month + 1)
        grown *= rate
      }
      expect(grown > paid).toBe(true)
    }),
    runs(300),
  )
})

test('whoever pays what is due on each due date pays exactly what the schedule says', () => {
  fc.assert(
    fc.property(offer, terms => {
      const { instalments } = planSchedule(terms, t0)
      let loan = open(terms)
      for (const planned of instalments) {
        const due = nextDue(chargeInterest(loan, planned.dueTs))!
        expect(due).toEqual({
          number: planned.number,
          dueTs: planned.dueTs,
          netUnits: planned.netUnits,
          grossUnits: planned.grossUnits,
        })
        const { loan: after, repayment } = repay(loan, due.grossUnits, planned.dueTs)
        expect(repayment).toMatchObject({
          taxUnits: planned.taxUnits,
          interestPaidUnits: planned.interestUnits,
          coveredInstalments: [planned.number],
        })
        expect(after.outstandingUnits).toBe(planned.leftUnits)
        loan = after
      }
      expect(loan.status).toBe('paid_off')
    }),
    runs(200),
  )
})

/** Days until the next thing happens, and what: an offer as parts of the debt's payoff in permille, or a daily collection. */
const steps = fc.array(
  fc.record({
    days: fc.integer({ min: 0, max: 50 }),
    permille: fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 1200 })),
    isJob: fc.boolean(),
  }),
  { maxLength: 60 },
)

test('repaid and collected in any way, a debt ends at exactly 0, with nothing above its payoff, and the due date never moves unpaid', () => {
  fc.assert(
    fc.property(offer, steps, (terms, life) => {
      let loan = open(terms)
      let nowTs = t0
      let [applied, interest] = [0n, 0n]
      const act = (offered: bigint, isJob: boolean) => {
        const charged = chargeInterest(loan, nowTs)
        interest += charged.interestUnits - loan.interestUnits
        const { loan: after, repayments } = isJob ? collectOverdue(loan, offered, nowTs) : repayOnce(loan, offered, nowTs)
        const taken = repayments.reduce((sum, one) => sum + one.takenUnits, 0n)
        expect(taken).toBeLessThanOrEqual(offered)
        for (const one of repayments) {
          expect(one.takenUnits).toBe(one.taxUnits + one.interestPaidUnits + one.principalPaidUnits)
          expect(one.taxUnits).toBe(one.takenUnits / 5n)
          applied += one.appliedUnits
        }
        loan = after
        checkStanding(loan)
        // every instalment that is left behind was covered in full, and what counts for the next is the rest
        if (loan.status === 'active') expect(BigInt(loan.instalment - 1) * loan.netInstalmentUnits + loan.coveredUnits).toBe(applied)
        expect(debtUnits(loan)).toBe(terms.principalUnits + interest - applied)
      }
      for (const { days, permille, isJob } of life) {
        nowTs += days * DAY_SEC
        if (loan.status !== 'active') break
        const payoff = payoffUnits(debtUnits(chargeInterest(loan, nowTs)), taxBps)
        act((payoff * BigInt(permille)) / 1000n + 1n, isJob)
      }
      if (loan.status === 'active') {
        const debt = debtUnits(chargeInterest(loan, nowTs))
        act(payoffUnits(debt, taxBps) + 1n, false)
        expect(loan.status).toBe('paid_off')
      }
      if (loan.status === 'paid_off') expect(debtUnits(loan)).toBe(0n)
    }),
    runs(300),
  )
})

function repayOnce(loan: Loan, offered: bigint, nowTs: number): { loan: Loan; repayments: Repayment[] } {
  const { loan: after, repayment } = repay(loan, offered, nowTs)
  return { loan: after, repayments: [repayment] }
}

function checkStanding(loan: Loan): void {
  expect(loan.outstandingUnits).toBeGreaterThanOrEqual(0n)
  expect(loan.interestUnits).toBeGreaterThanOrEqual(0n)
  const due = nextDue(loan)
  expect(due !== null).toBe(loan.status === 'active')
  if (!due) return
  expect(due.dueTs).toBe(t0 + loan.instalment * MONTH_SEC)
  expect(due.netUnits).toBeGreaterThan(0n)
  expect(due.grossUnits).toBeGreaterThan(0n)
}

test('what is still due covers the instalment in whatever parts it comes', () => {
  const parts = fc.array(fc.integer({ min: 1, max: 999 }), { maxLength: 8 })
  fc.assert(
    fc.property(offer, parts, fc.integer({ min: 0, max: 40 }), (terms, permilles, days) => {
      const nowTs = t0 + MONTH_SEC + days * DAY_SEC
      let loan = chargeInterest(open(terms), nowTs)
      for (const permille of [...permilles, 1000]) {
        const due = nextDue(loan)
        if (due?.number !== 1) break
        loan = repay(loan, (due.grossUnits * BigInt(permille) + 999n) / 1000n, nowTs).loan
      }
      expect(loan.status === 'paid_off' || loan.instalment === 2).toBe(true)
    }),
    runs(300),
  )
})

test('a collection takes each overdue instalment in full where the wallet holds enough', () => {
  fc.assert(
    fc.property(offer, fc.integer({ min: 0, max: 30 }), (terms, months) => {
      const nowTs = dueDate(t0, months)
      const { loan, repayments } = collectOverdue(open(terms), MAX_UNITS * 4n, nowTs)
      // the instalment that is due at this very second is not overdue yet
      const overdue = Math.min(months - 1, terms.termMonths)
      if (loan.status === 'active') expect(loan.instalment).toBe(Math.max(0, overdue) + 1)
      expect(repayments.length).toBeLessThanOrEqual(Math.max(0, overdue))
      if (months > terms.termMonths) expect(loan.status).toBe('paid_off')
    }),
    runs(200),
  )
})

test('an annuity without interest is the even share, rounded up', () => {
  fc.assert(
    fc.property(amount, fc.integer({ min: 1, max: 24 }), (principal, months) => {
      const net = annuityUnits(principal, 0, months)
      expect(net * BigInt(months)).toBeGreaterThanOrEqual(principal)
      expect((net - 1n) * BigInt(months)).toBeLessThan(principal)
    }),
    runs(100),
  )
})

test('no advice, however it is worded, lends more than was asked, than the terms or than trust allow', () => {
  const number = fc.option(
    fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.integer().map(String),
      fc.stringMatching(/^-?\d{1,25}(\.\d{1,25})?$/),
      fc.constantFrom('1e9', 'NaN', '∞', '5 %', '1.2.3', ''),
    ),
  )
  const said = fc.option(fc.record({ approve: fc.boolean(), amount: number, rate: number, term: number }))
  const row = fc.option(
    fc.record({
      fromTrust: fc.constant(0),
      rateDiscountBps: fc.integer({ min: 0, max: 2000 }),
      limitUnits: fc.option(fc.bigInt({ min: 0n, max: 10n ** 13n })),
    }),
  )
  fc.assert(
    fc.property(amount, fc.integer({ min: 0, max: 100 }), said, row, (askedUnits, trust, text, trustRow) => {
      const advice = text && readAdvice(text)
      const decision = decideApplication({ askedUnits, trust }, advice, creditTerms, trustRow)
      expect(decision.rateBps).toBeGreaterThanOrEqual(0)
      expect(decision.rateBps).toBeLessThanOrEqual(creditTerms.maxRateBps)
      expect(decision.termMonths).toBeGreaterThanOrEqual(1)
      expect(decision.termMonths).toBeLessThanOrEqual(creditTerms.maxTermMonths)
      expect(decision.status === 'approved').toBe(decision.approvedUnits > 0n)
      expect(decision.status === 'rejected').toBe(decision.rejected !== null)
      if (decision.rejected) return
      expect(trust).toBeGreaterThanOrEqual(advice ? creditTerms.minTrust : creditTerms.fallbackMinTrust)
      const most = [askedUnits, decision.suggestedUnits, trustRow?.limitUnits ?? askedUnits]
      expect(most.every(limit => decision.approvedUnits <= limit)).toBe(true)
      expect(most).toContain(decision.approvedUnits)
      if (!advice) expect(decision.approvedUnits).toBeLessThanOrEqual(creditTerms.fallbackLimitUnits)
    }),
    runs(500),
  )
})
