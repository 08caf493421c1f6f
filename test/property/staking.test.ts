import fc from 'fast-check'
import { expect, test } from 'vitest'
import { accrueStake, claimStake, compareTerms, openStake, stakeDates, unstake } from '../../src-main/engines/staking/fixed.ts'
import { poolRewardUnits, stakeInPool, unstakeFromPool } from '../../src-main/engines/staking/pool.ts'
import { payReward } from '../../src-main/engines/staking/reward-debt.ts'
import { MAX_UNITS } from '../../src-shared/money.ts'
import { fixedTerms, vectorUnits } from '../helpers/economy.ts'
import { runs } from '../helpers/runs.ts'

/* Staking: whatever the clock and the job do, the credits are the entitlement, and principal and reward come back to the unit. */

const t0 = 1_700_000_000
const DAY_SEC = 86_400
const amountUnits = fc.oneof(
  fc.bigInt({ min: vectorUnits('1'), max: vectorUnits('2') }),
  fc.bigInt({ min: vectorUnits('1'), max: MAX_UNITS }),
)
const days = fc.integer({ min: 30, max: 365 })
/** times at which the daily job runs, in any order and distance: a clock may go back */
const ticks = fc.array(fc.integer({ min: -5 * DAY_SEC, max: 400 * DAY_SEC }), { maxLength: 40 })

/** The rules plainly: a year's reward in exact fractions of the days. */
function naiveEntitlement(amount: bigint, bps: number, count: number): bigint {
  const [n, d] = [amount * BigInt(bps) * BigInt(count), 10_000n * 365n]
  return (n - (n % d)) / d
}

function naiveBps(term: number): number {
  return term >= 365 ? 1200 : term >= 180 ? 800 : term >= 90 ? 600 : 400
}

test('the credits are the entitlement of the whole days that passed, for any sequence of ticks', () => {
  fc.assert(
    fc.property(amountUnits, days, ticks, (amount, term, times) => {
      let stake = openStake(fixedTerms, { amountUnits: amount, days: term }, t0)
      expect(stake.apyBps).toBe(naiveBps(term))
      let [sum, latest] = [0n, 0]
      for (const sec of times) {
        latest = Math.max(latest, sec)
        const after = accrueStake(stake, t0 + sec)
        const credit = after.accruedUnits - stake.accruedUnits
        expect(credit).toBeGreaterThanOrEqual(0n)
        sum += credit
        stake = after
        const passed = Math.min(Math.floor(latest / DAY_SEC), term)
        expect(sum).toBe(naiveEntitlement(amount, naiveBps(term), passed))
      }
      const whole = accrueStake(stake, stakeDates(stake).endsTs)
      expect(whole.accruedUnits).toBe(naiveEntitlement(amount, naiveBps(term), term))
      expect(accrueStake(whole, t0 + 10_000 * DAY_SEC)).toBe(whole)
    }),
    runs(500),
  )
})

test('out at any time: principal in full, reward frozen, paid or owed, once', () => {
  const wallet = fc.oneof(fc.constant(0n), fc.constant(MAX_UNITS), fc.bigInt({ min: 0n, max: 10n ** 9n }))
  fc.assert(
    fc.property(
      amountUnits,
      days,
      ticks,
      fc.integer({ min: 0, max: 400 * DAY_SEC }),
      wallet,
      (amount, term, times, outSec, walletUnits) => {
        let stake = openStake(fixedTerms, { amountUnits: amount, days: term }, t0)
        for (const sec of times.filter(tick => tick <= outSec)) stake = accrueStake(stake, t0 + sec)
        const out = unstake(stake, walletUnits, t0 + outSec)
        const due = naiveEntitlement(amount, naiveBps(term), Math.min(Math.floor(outSec / DAY_SEC), term))
        expect(out.stake.accruedUnits).toBe(due)
        // no later tick adds to it
        expect(accrueStake(out.stake, t0 + outSec + 30 * DAY_SEC)).toBe(out.stake)
        expect(out.payout === null).toBe(term >= 90)
        const { claimableTs } = out.stake
        if (out.payout === null)
          expect(() => claimStake(out.stake, walletUnits, claimableTs! - 1)).toThrow('Unstaking period has not ended')
        const end = out.payout ? { stake: out.stake, payout: out.payout } : claimStake(out.stake, walletUnits, claimableTs!)
        expect(end.payout).toEqual({ principalUnits: amount, ...payReward({ paidUnits: 0n, owedUnits: due }, walletUnits) })
        expect(end.payout.paidUnits + end.payout.owedUnits).toBe(due)
        for (const again of [() => unstake(end.stake, walletUnits, t0), () => claimStake(end.stake, walletUnits, t0 + 500 * DAY_SEC)])
          expect(again).toThrow('Staking position is not active')
      },
    ),
    runs(500),
  )
})

test('what is owed is paid bit by bit and never twice', () => {
  const wallets = fc.array(fc.bigInt({ min: -5n, max: 1000n }), { maxLength: 20 })
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 5000n }), wallets, (dueUnits, each) => {
      let debt = { paidUnits: 0n, owedUnits: dueUnits }
      let funds = 0n
      for (const walletUnits of each) {
        debt = payReward(debt, walletUnits)
        funds += walletUnits > 0n ? walletUnits : 0n
        expect(debt.paidUnits + debt.owedUnits).toBe(dueUnits)
        expect(debt.paidUnits).toBe(funds < dueUnits ? funds : dueUnits)
      }
    }),
    runs(200),
  )
})

test('terms side by side yield what they will', () => {
  fc.assert(
    fc.property(amountUnits, amount => {
      const rows = compareTerms(fixedTerms, amount)
      expect(rows.map(row => row.days)).toEqual([30, 90, 180, 365])
      for (const row of rows) {
        const stake = openStake(fixedTerms, { amountUnits: amount, days: row.days }, t0)
        const { apyBps, unstakingSec } = stake
        expect(row).toMatchObject({ apyBps, unstakingSec, rewardUnits: accrueStake(stake, t0 + 400 * DAY_SEC).accruedUnits })
      }
    }),
    runs(50),
  )
})

test('a pool’s reward is the floor of its seconds, never falls, and is given once its lock is over', () => {
  const pool = fc.record({
    ...{ token: fc.constant('BTA-UTIL'), name: fc.constant('Pool'), isActive: fc.constant(true), minTrustHundredths: fc.constant(0) },
    apyBps: fc.integer({ min: 0, max: 100_000 }),
    lockDays: fc.integer({ min: 0, max: 1000 }),
    minStakeUnits: fc.constant(0n),
    maxStakeUnits: fc.constant(null),
  })
  const sec = fc.integer({ min: -DAY_SEC, max: 1100 * DAY_SEC })
  fc.assert(
    fc.property(pool, fc.bigInt({ min: 1n, max: MAX_UNITS }), sec, sec, (terms, amount, firstSec, secondSec) => {
      const stake = stakeInPool(terms, { amountUnits: amount, trustHundredths: 0 }, t0)
      const [early, late] = [Math.min(firstSec, secondSec), Math.max(firstSec, secondSec)]
      expect(poolRewardUnits(stake, t0 + early)).toBeLessThanOrEqual(poolRewardUnits(stake, t0 + late))
      const reward = poolRewardUnits(stake, t0 + late)
      const exact = amount * BigInt(terms.apyBps) * BigInt(Math.max(late, 0))
      const year = 10_000n * 31_536_000n
      expect(reward * year <= exact && (reward + 1n) * year > exact).toBe(true)
      if (late < terms.lockDays * DAY_SEC) expect(() => unstakeFromPool(stake, t0 + late)).toThrow('Stake is still locked')
      else {
        const out = unstakeFromPool(stake, t0 + late)
        expect(out).toMatchObject({ returnedUnits: amount, rewardUnits: reward })
        expect(() => unstakeFromPool(out.stake, t0 + late)).toThrow('Staking position is not active')
      }
    }),
    runs(300),
  )
})
