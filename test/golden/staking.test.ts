import { describe, expect, test } from 'vitest'
import { accrueStake, apyFor, claimStake, entitlementUnits, openStake, unstake } from '../../src-main/engines/staking/fixed.ts'
import { poolRewardUnits, type StakingPool, stakeInPool, unstakeFromPool } from '../../src-main/engines/staking/pool.ts'
import { payReward } from '../../src-main/engines/staking/reward-debt.ts'
import { readTrust } from '../../src-main/engines/trust/hundredths.ts'
import { formatAmount } from '../../src-shared/treasury/amounts.ts'
import { fixedTerms, readVectors, refusalOf, vectorUnits } from '../helpers/economy.ts'

/* Staking against the vectors of the specification: fixed terms (staking) and pools (bta). */

interface StakingVectors {
  apy: { duration: number; apy_percent_of_table: number; accepted: boolean; error?: string; apy_bps?: number; unstaking?: string }[]
  amounts: { amount: string; accepted: boolean; error?: string }[]
  rewards: {
    amount: string
    amount_units: string
    duration: number
    apy_bps: number
    elapsed_seconds: number
    accrued_days: number
    reward_units: string
    reward: string
    unstake: { status: 'completed' | 'unstaking'; returned_units?: string; available_after_seconds?: number }
  }[]
  daily_credit: {
    amount: string
    apy_bps: number
    days: number
    daily_credit_units_first4: string[]
    sum_of_daily_credits: string
    entitlement: string
  }[]
  unstake_timeline: { duration: number; event: string; error?: string }[]
  reward_pool_shortfall: Record<'reward_pool' | 'reward_due' | 'paid_now' | 'still_owed' | 'pool_after', string>[]
}
const staking = readVectors<StakingVectors>('staking')
const t0 = 1_700_000_000
const DAY_SEC = 86_400
const plenty = vectorUnits('1000000')
const thousand = vectorUnits('1000')

describe('fixed terms', () => {
  test.each(staking.apy)('$duration days', vector => {
    expect(apyFor(fixedTerms.apy, vector.duration)).toBe(vector.apy_percent_of_table * 100)
    const work = () => openStake(fixedTerms, { amountUnits: thousand, days: vector.duration }, t0)
    expect(refusalOf(work)).toBe(vector.error ?? null)
    if (!vector.accepted) return
    expect(work()).toMatchObject({ apyBps: vector.apy_bps, unstakingSec: vector.unstaking === 'immediate' ? 0 : 7 * DAY_SEC })
  })

  test.each(staking.amounts)('$amount AZR', ({ amount, error }) => {
    expect(refusalOf(() => openStake(fixedTerms, { amountUnits: vectorUnits(amount), days: 30 }, t0))).toBe(error ?? null)
  })

  test.each(staking.rewards)('$amount at $apy_bps for $duration days, out after $elapsed_seconds s', vector => {
    const nowTs = t0 + vector.elapsed_seconds
    const stake = openStake(fixedTerms, { amountUnits: BigInt(vector.amount_units), days: vector.duration }, t0)
    expect(stake).toMatchObject({ apyBps: vector.apy_bps, amountUnits: vectorUnits(vector.amount) })
    const accruedUnits = BigInt(vector.reward_units)
    expect(accrueStake(stake, nowTs)).toMatchObject({ countedDays: vector.accrued_days, accruedUnits })
    expect(formatAmount(accruedUnits)).toBe(vector.reward)
    const { stake: after, payout } = unstake(stake, plenty, nowTs)
    expect(after).toMatchObject({ state: vector.unstake.status, accruedUnits })
    if (payout) expect(payout.principalUnits + payout.paidUnits).toBe(BigInt(vector.unstake.returned_units!))
    else expect(after.claimableTs! - nowTs).toBe(vector.unstake.available_after_seconds)
  })

  test.each(staking.daily_credit)('daily credits of $amount at $apy_bps over $days days', vector => {
    let stake = openStake(fixedTerms, { amountUnits: vectorUnits(vector.amount), days: vector.days }, t0)
    expect(stake.apyBps).toBe(vector.apy_bps)
    const credits: bigint[] = []
    for (let day = 1; day <= vector.days; day++) {
      const after = accrueStake(stake, t0 + day * DAY_SEC)
      credits.push(after.accruedUnits - stake.accruedUnits)
      stake = after
    }
    expect(credits.slice(0, 4)).toEqual(vector.daily_credit_units_first4.map(BigInt))
    expect(stake.accruedUnits).toBe(BigInt(vector.sum_of_daily_credits))
    expect(entitlementUnits(stake.amountUnits, stake.apyBps, vector.days)).toBe(BigInt(vector.entitlement))
  })

  test('unstaking has its period', () => {
    const errors = Object.fromEntries(staking.unstake_timeline.map(({ event, error }) => [event, error ?? null]))
    const nowTs = t0 + 40 * DAY_SEC
    const stake = openStake(fixedTerms, { amountUnits: thousand, days: 90 }, t0)
    const waiting = unstake(stake, plenty, nowTs)
    expect(waiting).toMatchObject({ payout: null, stake: { state: 'unstaking', claimableTs: nowTs + 604_800, countedDays: 40 } })
    expect(errors['unstake at t']).toBe(null)
    const claim = (ts: number) => claimStake(waiting.stake, plenty, ts)
    expect(refusalOf(() => claim(nowTs + 604_799))).toBe(errors['complete at t+604799'])
    expect(refusalOf(() => unstake(waiting.stake, plenty, nowTs + 1))).toBe(errors['second unstake while unstaking'])
    expect(errors['complete at t+604800']).toBe(null)
    const payout = { principalUnits: thousand, paidUnits: entitlementUnits(thousand, 600, 40), owedUnits: 0n }
    expect(claim(nowTs + 604_800)).toMatchObject({ stake: { state: 'completed' }, payout })
    expect(Object.keys(errors)).toHaveLength(4)
  })

  test.each(staking.reward_pool_shortfall)('a wallet of $reward_pool pays $reward_due', vector => {
    const wallet = vectorUnits(vector.reward_pool)
    const debt = payReward({ paidUnits: 0n, owedUnits: vectorUnits(vector.reward_due) }, wallet)
    expect(debt).toEqual({ paidUnits: vectorUnits(vector.paid_now), owedUnits: vectorUnits(vector.still_owed) })
    expect(wallet - debt.paidUnits).toBe(vectorUnits(vector.pool_after))
  })
})

interface PoolVectors {
  staking_rewards: { amount: string; apy_bps: number; elapsed_seconds: number; reward: string; reward_units: string }[]
  lock: { lock_period_days: number; elapsed_seconds: number; error?: string }[]
  stake_checks: {
    max_stake?: string
    amount?: string
    min_trust_score?: string
    trust_score?: string
    pool?: 'inactive' | 'unknown'
    lock_period_days?: null
    error?: string
  }[]
}
const bta = readVectors<PoolVectors>('bta')
const pool: StakingPool = {
  ...{ token: 'BTA-UTIL', name: 'Pool', apyBps: 1250, minStakeUnits: 0n, maxStakeUnits: null, lockDays: 0, minTrustHundredths: 0 },
  isActive: true,
}

describe('pools', () => {
  test.each(bta.staking_rewards)('$amount at $apy_bps for $elapsed_seconds s', vector => {
    const order = { amountUnits: vectorUnits(vector.amount), trustHundredths: 0 }
    const stake = stakeInPool({ ...pool, apyBps: vector.apy_bps }, order, t0)
    const nowTs = t0 + vector.elapsed_seconds
    expect(poolRewardUnits(stake, nowTs)).toBe(BigInt(vector.reward_units))
    expect(unstakeFromPool(stake, nowTs)).toMatchObject({ returnedUnits: order.amountUnits, rewardUnits: vectorUnits(vector.reward) })
  })

  test.each(bta.lock)('locked for $lock_period_days days, after $elapsed_seconds s', vector => {
    const locking = { ...pool, lockDays: vector.lock_period_days }
    const stake = stakeInPool(locking, { amountUnits: 1n, trustHundredths: 0 }, t0)
    expect(refusalOf(() => unstakeFromPool(stake, t0 + vector.elapsed_seconds))).toBe(vector.error ?? null)
  })

  test.each(bta.stake_checks)('check %#', vector => {
    const checked: StakingPool = {
      ...pool,
      maxStakeUnits: vector.max_stake ? vectorUnits(vector.max_stake) : null,
      minTrustHundredths: vector.min_trust_score ? readTrust(vector.min_trust_score) : 0,
      isActive: vector.pool !== 'inactive',
    }
    const order = { amountUnits: vectorUnits(vector.amount ?? '1'), trustHundredths: readTrust(vector.trust_score ?? '100') }
    const work = () => unstakeFromPool(stakeInPool(vector.pool === 'unknown' ? null : checked, order, t0), t0)
    expect(refusalOf(work)).toBe(vector.error ?? null)
  })
})
