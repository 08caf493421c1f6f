import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { collectOverdue } from '../../src-main/core/treasury/credit-loans.ts'
import { checkLedger } from '../../src-main/store/ledger.ts'
import type { Actor } from '../../src-shared/contract.ts'
import { readVectors, vectorUnits } from '../helpers/economy.ts'
import { administrator, openTreasury, type TestTreasury } from '../helpers/treasury.ts'

/* Credit through the treasury's commands and its ledger, against the vectors of the specification. One set of books serves all tests. */

type Row = Record<string, string>
interface CreditVectors {
  trust_from_history: { successful_repayments: number; applications: number; overall: number }[]
  decisions: (Row & { trust: number; interest_rate: number; term_months: number; analysis_approved: boolean })[]
  repayments: Row[]
  payoff_amounts: Row[]
  instalments: (Row & { annual_rate_bps: number; months: number })[]
  overdue: { overdue_seconds: number; whole_days: number; status: string }[]
  autonomous_collection: Row[]
}
const vectors = readVectors<CreditVectors>('credit')
const MONTH_SEC = 30 * 86_400

let world: TestTreasury
let borrowers = 0
beforeAll(async () => {
  world = await openTreasury()
  await world.run(administrator, 'tokens.fund', { to: 'credit-pool', token: 'AZR', amount: '100000' })
})
afterAll(() => {
  expect(checkLedger(world.store)).toEqual([])
  world.close()
})

/** Actions and applications that come to this trust. */
const histories: Record<number, [actions: number, applications: number]> = { 59: [3, 6], 60: [4, 2], 70: [5, 4], 100: [10, 10] }

async function applicant(trust: number): Promise<Actor & { entity: string }> {
  const actor = await world.entity(`Borrower ${borrowers++}`)
  world.trust(actor.entity, ...histories[trust]!)
  expect(world.ask(actor, 'trust.get', { entityId: actor.entity }).score).toBe(trust)
  return actor
}

/** A loan without interest, by the fallback of the rules, whose money the borrower still has. */
async function loanOf(amount: string): Promise<{ actor: Actor & { entity: string }; id: string }> {
  const actor = await applicant(100)
  const { id: application, state } = await world.run(actor, 'credit.apply', { amount, purpose: 'personal' })
  expect(state).toBe('approved')
  const { id } = await world.run(actor, 'credit.accept', { id: application })
  return { actor, id }
}

/** Leaves so much in the borrower's account, the rest goes to the treasury or comes from it. */
async function leave(actor: Actor & { entity: string }, amount: string): Promise<void> {
  const units = world.azrOf(actor.entity)
  const text = (value: bigint) => `${value / 10_000_000n}.${String(value % 10_000_000n).padStart(7, '0')}`
  const wanted = vectorUnits(amount)
  if (units > wanted) await world.run(actor, 'tokens.transfer', { to: 'treasury', token: 'AZR', amount: text(units - wanted) })
  if (units < wanted) await world.run(administrator, 'tokens.fund', { to: actor.entity, token: 'AZR', amount: text(wanted - units) })
}

describe('with the usual rate', () => {
  test.each(vectors.instalments)('the cost of $principal at $annual_rate_bps in $months is shown first', vector => {
    const quote = world.ask(administrator, 'credit.quote', {
      amount: vector.principal!,
      rateBps: vector.annual_rate_bps,
      termMonths: vector.months,
    })
    expect(quote).toMatchObject({
      instalment: vectorUnits(vector.gross_instalment!),
      totalInterest: vectorUnits(vector.total_interest!),
      totalTax: vectorUnits(vector.total_metabolic_tax!),
      totalPaid: vectorUnits(vector.total_gross_paid!),
      totalCost: vectorUnits(vector.total_gross_paid!) - vectorUnits(vector.principal!),
    })
    expect(quote.schedule).toHaveLength(vector.months)
    expect(quote.schedule.at(-1)).toMatchObject({ dueTs: world.clock.ts + vector.months * MONTH_SEC, left: 0n })
  })

  const byRules = vectors.decisions.filter(({ analysis }) => analysis === 'fallback')
  test.each(byRules)('without an analyst $amount at trust $trust is $status', async vector => {
    const actor = await applicant(vector.trust)
    const { state, decision } = await world.run(actor, 'credit.apply', { amount: vector.amount!, purpose: 'business' })
    expect(state).toBe(vector.status)
    expect(decision).toMatchObject({
      basis: 'fallback',
      noAdvice: 'No analyst is set.',
      isAdvised: vector.analysis_approved,
      suggested: vectorUnits(vector.suggested!),
      approved: vectorUnits(vector.approved_amount!),
      rateBps: vector.interest_rate * 100,
      termMonths: vector.term_months,
    })
  })

  test('a loan that is paid on its days costs what was shown, and ends at exactly 0', async () => {
    const actor = await applicant(100)
    await leave(actor, '300')
    const before = { pool: world.azrOf('credit-pool'), fees: world.azrOf('fees'), own: world.azrOf(actor.entity) }
    const { id: application } = await world.run(actor, 'credit.apply', { amount: '1000', purpose: 'business' })
    const shown = world.ask(actor, 'credit.quote', { id: application })
    const { id } = await world.run(actor, 'credit.accept', { id: application })
    expect(world.azrOf(actor.entity)).toBe(before.own + vectorUnits('1000'))
    for (const { dueTs, gross } of shown.schedule) {
      world.clock.ts = dueTs
      expect(world.ask(actor, 'credit.loan', { id })).toMatchObject({ status: 'active', overdue: 0n, due: { dueTs, amount: gross } })
      world.clock.ts = dueTs + 1
      expect(world.ask(actor, 'credit.loan', { id })).toMatchObject({ overdue: gross })
      world.job(collectOverdue)
    }
    const loan = world.ask(actor, 'credit.loan', { id })
    expect(loan).toMatchObject({ status: 'paid_off', owed: 0n, payoff: 0n, due: null, overdue: 0n, quote: shown })
    expect(loan.states).toEqual(Array(12).fill('paid'))
    expect(loan.repayments.map(({ taken, by }) => [taken, by])).toEqual(shown.schedule.map(({ gross }) => [gross, 'collection']).reverse())
    expect(before.own - world.azrOf(actor.entity)).toBe(shown.totalCost)
    expect(world.azrOf('fees') - before.fees).toBe(shown.totalTax)
    expect(world.azrOf('credit-pool') - before.pool).toBe(shown.totalInterest)
  })
})

describe('without interest', () => {
  beforeAll(() => world.configure({ 'credit.usualRateBps': '0' }))

  test.each(vectors.repayments)('a repayment of $amount on $outstanding', async vector => {
    const { actor, id } = await loanOf(vector.outstanding!)
    await leave(actor, '2000')
    const before = { own: world.azrOf(actor.entity), fees: world.azrOf('fees'), pool: world.azrOf('credit-pool') }
    const repaid = world.run(actor, 'credit.repay', { id, amount: vector.amount! })
    if (vector.error) {
      await expect(repaid).rejects.toMatchObject({ code: 'credit.repayment', message: vector.error })
      expect(world.azrOf(actor.entity)).toBe(before.own)
      return
    }
    expect(await repaid).toMatchObject({
      taken: vectorUnits(vector.taken!),
      tax: vectorUnits(vector.metabolic_tax!),
      principal: vectorUnits(vector.amount_paid!),
      interest: 0n,
      notTaken: vectorUnits(vector.not_taken!),
      loan: { owed: vectorUnits(vector.remaining_balance!), status: vector.status },
    })
    expect(before.own - world.azrOf(actor.entity)).toBe(vectorUnits(vector.taken!))
    expect(world.azrOf('fees') - before.fees).toBe(vectorUnits(vector.metabolic_tax!))
    expect(world.azrOf('credit-pool') - before.pool).toBe(vectorUnits(vector.amount_paid!))
  })

  test('payoff amounts', async () => {
    for (const vector of vectors.payoff_amounts) {
      const { actor, id } = await loanOf(`0.${vector.outstanding_units!.padStart(7, '0')}`)
      await leave(actor, '1')
      const { payoff } = world.ask(actor, 'credit.loan', { id })
      expect(payoff).toBe(BigInt(vector.payoff_units!))
      expect(await world.run(actor, 'credit.repay', { id, amount: '1' })).toMatchObject({
        taken: payoff,
        tax: BigInt(vector.tax_units!),
        principal: BigInt(vector.applied_units!),
        loan: { status: 'paid_off', owed: 0n },
      })
    }
  })

  test.each(vectors.autonomous_collection)('collecting $instalment_gross out of $wallet_available', async vector => {
    // 12 instalments of 80 net; the payoff of 80 is one unit below the vector's gross
    const { actor, id } = await loanOf('960')
    await leave(actor, vector.wallet_available!)
    world.clock.ts += MONTH_SEC + 1
    world.job(collectOverdue)
    world.job(collectOverdue)
    const { repayments, due } = world.ask(actor, 'credit.loan', { id })
    const total = (pick: 'taken' | 'tax' | 'principal') => repayments.reduce((sum, one) => sum + one[pick], 0n)
    expect(total('taken')).toBe(vectorUnits(vector.collected!))
    expect(total('tax')).toBe(vectorUnits(vector.metabolic_tax!))
    expect(total('principal')).toBe(vectorUnits(vector.amount_paid!))
    expect(world.azrOf(actor.entity)).toBe(vectorUnits(vector.wallet_after!))
    expect(due).toMatchObject({ number: 1, amount: vectorUnits(vector.still_due!) - 1n })
  })

  test.each(vectors.overdue)('$overdue_seconds seconds after the due date it is $status', async vector => {
    const { actor, id } = await loanOf('100')
    await leave(actor, '0')
    world.clock.ts += MONTH_SEC + vector.overdue_seconds
    expect(world.ask(actor, 'credit.loan', { id })).toMatchObject({ status: 'active', overdueDays: vector.whole_days })
    world.job(collectOverdue)
    expect(world.ask(actor, 'credit.loan', { id }).status).toBe(vector.status)
    if (vector.status === 'defaulted')
      await expect(world.run(actor, 'credit.repay', { id, amount: '1' })).rejects.toMatchObject({ code: 'credit.loan-state' })
  })

  test('trust counts repayments, and applications that were not rejected', async () => {
    const { actor, id } = await loanOf('10')
    const scoreOf = () => {
      // what was counted stands for a day
      world.clock.ts += 86_401
      return world.ask(actor, 'trust.get', { entityId: actor.entity })
    }
    const expected = (repayments: number, applications: number) =>
      vectors.trust_from_history.find(row => row.successful_repayments === repayments && row.applications === applications)?.overall
    const scores: [number, number, number][] = []
    for (let repayments = 0; repayments <= 10; repayments++) {
      const { score, r, a } = scoreOf()
      scores.push([r, a, score])
      if (repayments < 10) await world.run(actor, 'credit.repay', { id, amount: '0.1' })
    }
    expect(scores.map(([r, a]) => [r, a])).toEqual(Array.from({ length: 11 }, (_one, at) => [at, 1]))
    const known = scores.map(([r, a, score]) => ({ score, overall: expected(r, a) })).filter(({ overall }) => overall !== undefined)
    for (const { score, overall } of known) expect(score).toBe(overall)
    expect(known.length).toBeGreaterThanOrEqual(3)
  })
})
