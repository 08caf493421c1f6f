import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { checkApplication, decideApplication, readAdvice, stepApplication } from '../../src-main/engines/credit/application.ts'
import { chargeInterest, collectOverdue, nextDue, openLoan, overdueDays, repay } from '../../src-main/engines/credit/loan.ts'
import { payoffUnits } from '../../src-main/engines/credit/repayment.ts'
import { dueDate, planSchedule } from '../../src-main/engines/credit/schedule.ts'
import { planAccess } from '../../src-main/engines/guarantees/access.ts'
import { endAuction, joinAuction, openAuction } from '../../src-main/engines/guarantees/auction.ts'
import { endGuarantee, giveGuarantee } from '../../src-main/engines/guarantees/guarantee.ts'
import { holdEscrow, releaseEscrow } from '../../src-main/engines/payments/escrow.ts'
import { paymentHash, planPayment } from '../../src-main/engines/payments/payment.ts'
import { askForPayment, cancelRequest, fulfilRequest } from '../../src-main/engines/payments/request.ts'
import { accrue, deposit, owedIn, payOwed, withdraw } from '../../src-main/engines/pools/pool.ts'
import { isTrustFresh, trustFrom, trustRowFor } from '../../src-main/engines/trust/trust.ts'
import { AppError, type ErrorCode } from '../../src-shared/errors.ts'
import { MAX_UNITS } from '../../src-shared/money.ts'
import type { ApplicationState } from '../../src-shared/treasury/credit.ts'
import { type Refusal, refusals } from '../../src-shared/treasury/refusals.ts'
import { creditTerms, feeBps, taxBps, vectorUnits } from '../helpers/economy.ts'

/* States, owners and refusals of the treasury's engines, where the vectors of the specification say nothing. */

const t0 = 1_700_000_000
const DAY_SEC = 86_400
const stranger = { entity: 'eve', isAdministrator: false }
const admin = { entity: 'root', isAdministrator: true }

/** The code that `work` is refused with; null where it is not. */
function codeOf(work: () => unknown): ErrorCode | null {
  try {
    work()
    return null
  } catch (error) {
    expect(error).toBeInstanceOf(AppError)
    return (error as AppError).code
  }
}

test('each refusal has a status of the REST door that fits its text', () => {
  const notFound = Object.keys(refusals).filter(code => refusals[code as Refusal][1].includes('not found'))
  expect(notFound.length).toBeGreaterThan(5)
  for (const code of notFound) expect(refusals[code as Refusal][0]).toBe(404)
  for (const [code, [status, text]] of Object.entries(refusals)) {
    if (text.includes('must be positive')) expect([code, status]).toEqual([code, 400])
    if (code.endsWith('-state') || code.endsWith('.state')) expect([code, status]).toEqual([code, 409])
    if (/owner$/.test(code)) expect([code, status]).toEqual([code, 403])
  }
})

describe('trust', () => {
  test('every kind of completed action counts alike', () => {
    const none = { repayments: 0, counterparties: 0, releasedEscrows: 0, proofs: 0, applications: 0 }
    const one = trustFrom({ ...none, repayments: 1 })
    expect(one.overall).toBe(36)
    for (const kind of ['counterparties', 'releasedEscrows', 'proofs'] as const) expect(trustFrom({ ...none, [kind]: 1 })).toEqual(one)
  })
  test('is used again for 24 hours, the end inclusive, and not after the clock went back', () => {
    expect(isTrustFresh(t0, t0 + DAY_SEC)).toBe(true)
    expect(isTrustFresh(t0, t0 + DAY_SEC + 1)).toBe(false)
    expect(isTrustFresh(t0, t0 - 1)).toBe(false)
  })
  test('better terms: the highest row that it reaches', () => {
    const row = (fromTrust: number) => ({ fromTrust, rateDiscountBps: fromTrust, limitUnits: null })
    const rows = [row(60), row(90), row(75)]
    expect([59, 60, 74, 75, 89, 90, 100].map(trust => trustRowFor(rows, trust)?.fromTrust ?? null)).toEqual([null, 60, 60, 75, 75, 90, 90])
    expect(trustRowFor([row(0)], 0)).toEqual(row(0))
  })
})

describe('payments', () => {
  test('the hash is that of the canonical record, and every field is part of it', () => {
    const record = { id: 'p1', from: 'ann', to: 'bob', token: 'AZR', amountUnits: 5000n, feeUnits: 5n, ts: t0, memo: 'Ünits "x"' }
    const text = '["granary-payment-v1","p1","ann","bob","AZR","5000","5","2023-11-14T22:13:20.000Z","Ünits \\"x\\""]'
    expect(paymentHash(record)).toBe(createHash('sha256').update(text).digest('hex'))
    const changed = [
      { ...record, id: 'p2' },
      { ...record, from: 'eve' },
      { ...record, to: 'eve' },
      { ...record, token: 'TFT' },
      { ...record, amountUnits: 5001n },
      { ...record, feeUnits: 4n },
      { ...record, ts: t0 + 1 },
      { ...record, memo: '' },
    ]
    expect(new Set([record, ...changed].map(paymentHash)).size).toBe(9)
  })
  test('to oneself, or of the largest amount without the money for its fee', () => {
    expect(codeOf(() => planPayment({ from: 'ann', to: 'ann', amountUnits: 1n }, 10n, feeBps))).toBe('payments.self')
    expect(codeOf(() => planPayment({ from: 'ann', to: 'bob', amountUnits: MAX_UNITS }, MAX_UNITS, feeBps))).toBe('tokens.balance')
    expect(planPayment({ from: 'ann', to: 'bob', amountUnits: MAX_UNITS }, MAX_UNITS, 0).feeUnits).toBe(0n)
  })
  test('a request is cancelled by who asked, fulfilled by who was asked, and either only once', () => {
    const request = askForPayment({ from: 'ann', to: 'bob', amountUnits: 1n })
    expect(codeOf(() => cancelRequest(request, 'ann'))).toBe('payments.request')
    const cancelled = cancelRequest(request, 'bob')
    expect(cancelled.state).toBe('cancelled')
    expect(codeOf(() => cancelRequest(cancelled, 'bob'))).toBe('payments.request')
    expect(codeOf(() => fulfilRequest(cancelled, 'ann'))).toBe('payments.request')
    expect(codeOf(() => askForPayment({ from: 'ann', to: 'ann', amountUnits: 1n }))).toBe('payments.self')
    expect(codeOf(() => askForPayment({ from: 'ann', to: 'bob', amountUnits: 0n }))).toBe('payments.amount')
  })
  test('an escrow: the buyer pays the seller with the fee, a stranger does nothing, whatever its state', () => {
    const { escrow, plan } = holdEscrow({ from: 'ann', to: 'bob', amountUnits: 10_000n }, 10_010n, feeBps)
    expect(plan.debitedUnits).toBe(10_010n)
    const end = releaseEscrow(escrow, 'ann')
    expect(end).toMatchObject({ escrow: { state: 'released' }, toSellerUnits: 10_000n, toBuyerUnits: 0n, feeUnits: 10n })
    for (const one of [escrow, end.escrow]) expect(codeOf(() => releaseEscrow(one, 'eve'))).toBe('payments.escrow-owner')
    expect(codeOf(() => releaseEscrow(end.escrow, 'bob'))).toBe('payments.escrow-state')
  })
})

describe('applications for credit', () => {
  test('advice is read strictly: plain decimals, cut to whole units, whole months', () => {
    const said = { approve: true, amount: '500', rate: '5.259', term: '12.0' }
    expect(readAdvice(said)).toEqual({ approve: true, suggestedUnits: vectorUnits('500'), rateBps: 525n, termMonths: 12n })
    expect(readAdvice({ ...said, amount: '0.00000019' })?.suggestedUnits).toBe(1n)
    expect(readAdvice({ ...said, rate: null, term: null })).toMatchObject({ rateBps: null, termMonths: null })
    for (const wrong of ['1e3', 'NaN', '', '5 %', '1.2.3', '.5', '5.', '0x10', '١٢', '1,000'])
      for (const member of ['amount', 'rate', 'term'] as const) expect(readAdvice({ ...said, [member]: wrong })).toBeNull()
    expect(readAdvice({ ...said, term: '12.5' })).toBeNull()
    expect(readAdvice({ ...said, amount: null })).toBeNull()
    expect(readAdvice({ ...said, approve: false, amount: null })?.suggestedUnits).toBe(0n)
  })
  test('outrageous advice is clamped, and trust has its discount and its limit', () => {
    const asked = { askedUnits: vectorUnits('500'), trust: 80 }
    const wild = readAdvice({ approve: true, amount: '9'.repeat(50), rate: '400', term: '9000' })
    expect(decideApplication(asked, wild, creditTerms, null)).toMatchObject({
      status: 'approved',
      approvedUnits: asked.askedUnits,
      rateBps: 1500,
      termMonths: 24,
    })
    const low = readAdvice({ approve: true, amount: '400', rate: '-3', term: '0' })
    const row = { fromTrust: 80, rateDiscountBps: 100, limitUnits: vectorUnits('300') }
    expect(decideApplication(asked, low, creditTerms, row)).toMatchObject({ approvedUnits: row.limitUnits, rateBps: 0, termMonths: 1 })
    expect(decideApplication(asked, null, creditTerms, row)).toMatchObject({ basis: 'fallback', rateBps: 400 })
    const nothing = readAdvice({ approve: true, amount: '-5', rate: null, term: null })
    expect(decideApplication(asked, nothing, creditTerms, null)).toMatchObject({
      status: 'rejected',
      rejected: 'amount',
      approvedUnits: 0n,
    })
  })
  test('why it was rejected', () => {
    const asked = { askedUnits: 100n, trust: 59 }
    const advice = { approve: true, suggestedUnits: 100n, rateBps: null, termMonths: null }
    expect(decideApplication(asked, advice, creditTerms, null).rejected).toBe('trust')
    expect(decideApplication(asked, { ...advice, approve: false }, creditTerms, null).rejected).toBe('advice')
    expect(decideApplication({ ...asked, trust: 69 }, null, creditTerms, null).rejected).toBe('trust')
    expect(codeOf(() => checkApplication(0n))).toBe('credit.amount')
    const largest = MAX_UNITS / 16n
    expect([codeOf(() => checkApplication(largest)), codeOf(() => checkApplication(largest + 1n))]).toEqual([null, 'credit.size'])
    const dearest = planSchedule({ principalUnits: largest, rateBps: 1500, termMonths: 24, taxBps: 9000 }, t0)
    expect(dearest.totalGrossUnits).toBeLessThanOrEqual(MAX_UNITS)
  })
  test('the steps of its life', () => {
    const states = ['analysing', 'approved', 'rejected', 'accepted', 'withdrawn'] as const
    const steps = ['approved', 'rejected', 'accepted', 'withdrawn'] as const
    const allowed = (from: ApplicationState) => steps.filter(step => codeOf(() => stepApplication(from, step)) === null)
    expect(states.map(allowed)).toEqual([['approved', 'rejected', 'withdrawn'], ['accepted', 'withdrawn'], [], [], []])
    expect(codeOf(() => stepApplication('rejected', 'accepted'))).toBe('credit.application-state')
    expect(codeOf(() => stepApplication(null, 'accepted'))).toBe('credit.application')
  })
})

describe('loans', () => {
  const offer = { principalUnits: vectorUnits('1000'), rateBps: 500, termMonths: 12, taxBps }
  const loan = openLoan(offer, creditTerms, offer.principalUnits, t0)

  test('are refused beyond the pool and beyond the bounds', () => {
    expect(codeOf(() => openLoan(offer, creditTerms, offer.principalUnits - 1n, t0))).toBe('credit.pool')
    for (const change of [{ rateBps: 1501 }, { rateBps: -1 }, { termMonths: 0 }, { termMonths: 25 }, { termMonths: 1.5 }])
      expect(codeOf(() => openLoan({ ...offer, ...change }, creditTerms, MAX_UNITS, t0))).toBe('credit.terms')
    expect(codeOf(() => openLoan({ ...offer, principalUnits: 0n }, creditTerms, MAX_UNITS, t0))).toBe('credit.amount')
  })
  test('interest is charged at each due date, once, on the principal alone, and not past the term', () => {
    const month = (offer.principalUnits * 500n) / 120_000n
    expect(chargeInterest(loan, dueDate(t0, 1) - 1).interestUnits).toBe(0n)
    const first = chargeInterest(loan, dueDate(t0, 1))
    expect(first.interestUnits).toBe(month)
    expect(chargeInterest(first, dueDate(t0, 1) + 5)).toEqual(first)
    expect(chargeInterest(first, t0)).toEqual(first)
    expect(chargeInterest(loan, dueDate(t0, 3)).interestUnits).toBe(3n * month)
    expect(chargeInterest(loan, dueDate(t0, 500)).interestUnits).toBe(12n * month)
  })
  test('the due date moves only when the net instalment is covered', () => {
    const nowTs = dueDate(t0, 1)
    const { grossUnits } = nextDue(chargeInterest(loan, nowTs))!
    const begun = repay(loan, 1000n, nowTs)
    expect(nextDue(begun.loan)).toMatchObject({ number: 1, grossUnits: grossUnits - 1000n })
    const almost = repay(begun.loan, grossUnits - 1002n, nowTs)
    expect(almost.repayment.coveredInstalments).toEqual([])
    expect(nextDue(almost.loan)).toMatchObject({ number: 1, dueTs: nowTs, grossUnits: 2n })
    const covered = repay(almost.loan, 2n, nowTs)
    expect(covered.repayment.coveredInstalments).toEqual([1])
    expect(nextDue(covered.loan)).toMatchObject({ number: 2, dueTs: dueDate(t0, 2) })
  })
  test('paid ahead, further instalments count as covered, and the money above stays with the next', () => {
    const third = planSchedule(offer, t0).instalments[2]!
    const ahead = repay(loan, 3n * third.grossUnits + 1000n, t0)
    expect(ahead.repayment.coveredInstalments).toEqual([1, 2, 3])
    expect(ahead.repayment.interestPaidUnits).toBe(0n)
    expect(ahead.loan.coveredUnits).toBeGreaterThan(0n)
    const grossOf = (net: bigint) => payoffUnits(net, taxBps)
    expect(nextDue(ahead.loan)).toMatchObject({
      number: 4,
      netUnits: loan.netInstalmentUnits - ahead.loan.coveredUnits,
      grossUnits: grossOf(loan.netInstalmentUnits) - grossOf(ahead.loan.coveredUnits),
    })
    expect(overdueDays(ahead.loan, dueDate(t0, 4))).toBe(0)
    expect(overdueDays(ahead.loan, dueDate(t0, 5))).toBe(30)
  })
  test('collecting: not on the due second, each overdue instalment once, what there is of the last', () => {
    expect(collectOverdue(loan, MAX_UNITS, dueDate(t0, 1)).repayments).toEqual([])
    const gross = nextDue(chargeInterest(loan, dueDate(t0, 3)))!.grossUnits
    const { loan: after, repayments } = collectOverdue(loan, 2n * gross + 77n, dueDate(t0, 3) + 1)
    expect(repayments.map(one => one.takenUnits)).toEqual([gross, gross, 77n])
    expect(after).toMatchObject({ instalment: 3, collectedUnits: 77n, status: 'active' })
  })
  test('default after more than 90 days, also where a little was collected; then nothing is taken or charged any more', () => {
    const lateTs = dueDate(t0, 1) + 91 * DAY_SEC
    expect(collectOverdue(loan, 5n, lateTs - 1).loan.status).toBe('active')
    const { loan: lost, repayments } = collectOverdue(loan, 5n, lateTs)
    expect(lost.status).toBe('defaulted')
    expect(repayments).toHaveLength(1)
    expect(codeOf(() => repay(lost, 5n, lateTs))).toBe('credit.loan-state')
    expect(collectOverdue(lost, MAX_UNITS, lateTs + 400 * DAY_SEC)).toEqual({ loan: lost, repayments: [] })
    expect(nextDue(lost)).toBeNull()
    expect(collectOverdue(loan, MAX_UNITS, lateTs).loan.status).toBe('active')
  })
})

describe('pools', () => {
  const pool = { apyBps: 2000, isActive: true }
  const hour = (n: number) => t0 + n * 3600

  test('the oldest deposit leaves first, the rest earns on with its own hours', () => {
    const two = deposit(pool, deposit(pool, null, 1000n, t0), 500n, hour(5))
    const { position } = withdraw(pool, two, 1200n, 0n, hour(7))
    expect(position.deposits).toEqual([{ amountUnits: 300n, depositedTs: hour(5), countedHours: 2 }])
  })
  test('what the reserve cannot pay is owed, also after everything was withdrawn, and paid once', () => {
    const position = deposit(pool, null, vectorUnits('1000'), t0)
    const reward = vectorUnits('200')
    const left = withdraw(pool, position, vectorUnits('1000'), 30n, hour(8760))
    expect(left.withdrawal).toMatchObject({ rewardPaidUnits: 30n, owedUnits: reward - 30n, isActive: false })
    const more = payOwed(left.position, 100n)
    expect(more.paidUnits).toBe(100n)
    const rest = payOwed(more.position, MAX_UNITS)
    expect(rest.paidUnits).toBe(reward - 130n)
    expect(owedIn(rest.position)).toBe(0n)
    expect(payOwed(rest.position, MAX_UNITS).paidUnits).toBe(0n)
  })
  test('what is accrued falls due with a withdrawal only, and a clock that goes back takes nothing away', () => {
    const position = accrue(deposit(pool, null, vectorUnits('1000'), t0), 2000, hour(10))
    expect(position.accruedUnits).toBe(2_283_105n)
    expect(payOwed(position, MAX_UNITS).paidUnits).toBe(0n)
    expect(accrue(position, 2000, hour(3))).toEqual(position)
    expect(withdraw(pool, position, 1n, MAX_UNITS, hour(3)).withdrawal.rewardPaidUnits).toBe(2_283_105n)
  })
  test('who comes back later has a new deposit; a closed pool lets go of what it holds', () => {
    const gone = withdraw(pool, deposit(pool, null, 10n, t0), 10n, MAX_UNITS, hour(1)).position
    expect(deposit(pool, gone, 7n, hour(9)).deposits).toEqual([{ amountUnits: 7n, depositedTs: hour(9), countedHours: 0 }])
    const closed = { ...pool, isActive: false }
    expect(withdraw(closed, deposit(pool, null, 10n, t0), 4n, MAX_UNITS, hour(1)).withdrawal.remainingUnits).toBe(6n)
  })
})

describe('guarantees, auctions, access', () => {
  const order = { guarantor: 'gus', beneficiary: 'ben', guaranteedUnits: 1000n, coverageBps: 6000, ratioUnits: 15_000_000n }

  test('a guarantee is let go by who is guaranteed or an administrator, never by the guarantor', () => {
    const guarantee = giveGuarantee(order)
    expect(guarantee.lockedUnits).toBe(900n)
    expect(codeOf(() => endGuarantee(guarantee, 'release', { entity: 'gus', isAdministrator: false }))).toBe('guarantees.owner')
    expect(codeOf(() => endGuarantee(null, 'draw', admin))).toBe('guarantees.unknown')
    const drawn = endGuarantee(guarantee, 'draw', admin)
    expect(drawn).toMatchObject({ burnedUnits: 900n, guarantee: { state: 'BURNED', lockedUnits: 0n } })
    expect(codeOf(() => endGuarantee(drawn.guarantee, 'release', admin))).toBe('guarantees.state')
  })
  test('a guarantee that makes no sense', () => {
    expect(codeOf(() => giveGuarantee({ ...order, guaranteedUnits: 0n }))).toBe('guarantees.amount')
    for (const coverageBps of [-1, 10_001, 0.5, Number.NaN])
      expect(codeOf(() => giveGuarantee({ ...order, coverageBps }))).toBe('guarantees.coverage')
    expect(codeOf(() => giveGuarantee({ ...order, ratioUnits: -1n }))).toBe('guarantees.ratio')
    expect(codeOf(() => giveGuarantee({ ...order, guaranteedUnits: MAX_UNITS, coverageBps: 10_000 }))).toBe('guarantees.size')
  })
  test('an auction locks once per participant while it is open', () => {
    const auction = openAuction('org', 101n)
    expect(joinAuction(auction, new Set(), 'ann', 50, 151n)).toEqual({ entity: 'ann', trust: 50, lockedUnits: 151n })
    expect(codeOf(() => joinAuction(auction, new Set(), 'ann', 50, 150n))).toBe('tokens.balance')
    expect(codeOf(() => joinAuction(auction, new Set(['ann']), 'ann', 50, 151n))).toBe('auctions.joined')
    expect(codeOf(() => joinAuction(null, new Set(), 'ann', 50, 151n))).toBe('auctions.unknown')
    expect(codeOf(() => endAuction(auction, stranger))).toBe('auctions.owner')
    expect(codeOf(() => endAuction(null, admin))).toBe('auctions.unknown')
    const ended = endAuction(auction, { entity: 'org', isAdministrator: false })
    expect(codeOf(() => endAuction(ended, admin))).toBe('auctions.state')
    expect(codeOf(() => joinAuction(ended, new Set(), 'ann', 50, 151n))).toBe('auctions.state')
    for (const base of [0n, -1n, MAX_UNITS]) expect(codeOf(() => openAuction('org', base))).toBe('auctions.base')
  })
  test('access is paid for once', () => {
    expect(planAccess(false, 10n, 10n)).toBe(10n)
    expect(codeOf(() => planAccess(false, 9n, 10n))).toBe('tokens.balance')
    expect(codeOf(() => planAccess(true, 10n, 10n))).toBe('access.granted')
  })
})
