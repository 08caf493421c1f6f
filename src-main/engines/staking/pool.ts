import { formatAmount } from '../../../src-shared/treasury/amounts.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import type { PoolStakeState } from '../../../src-shared/treasury/staking.ts'
import { formatTrust } from '../trust/hundredths.ts'
import { DAY_SEC } from './fixed.ts'

/** A pool that BTA-UTIL and other tokens are staked in; its rewards are minted (tokenomics.md, Staking). */
export interface StakingPool {
  token: string
  name: string
  apyBps: number
  minStakeUnits: bigint
  /** null: no limit */
  maxStakeUnits: bigint | null
  /** 0: out at any time */
  lockDays: number
  /** of 100, in hundredths: trust has 2 decimals */
  minTrustHundredths: number
  isActive: boolean
}

export interface PoolStake {
  amountUnits: bigint
  /** those of the day of staking, whatever becomes of the pool */
  apyBps: number
  trustHundredths: number
  startTs: number
  /** the first second at which it can be taken out */
  lockedUntilTs: number
  state: PoolStakeState
}

/** basis points times the seconds of a year: 10,000 * 31,536,000 */
const YEAR_WHOLE_SEC = 315_360_000_000n

/**
 * @param pool null where there is none of that id
 * @throws `staking.pool-unknown`, `staking.pool-inactive`, `staking.pool-minimum`, `staking.pool-maximum`, `staking.pool-trust`
 */
export function stakeInPool(pool: StakingPool | null, order: { amountUnits: bigint; trustHundredths: number }, nowTs: number): PoolStake {
  if (!pool) throw refuse('staking.pool-unknown')
  if (!pool.isActive) throw refuse('staking.pool-inactive')
  const { amountUnits, trustHundredths } = order
  // a pool without a minimum still takes nothing less than a unit
  const minUnits = pool.minStakeUnits > 0n ? pool.minStakeUnits : 1n
  if (amountUnits < minUnits) throw refuse('staking.pool-minimum', { minimum: formatAmount(minUnits) })
  if (pool.maxStakeUnits !== null && amountUnits > pool.maxStakeUnits)
    throw refuse('staking.pool-maximum', { maximum: formatAmount(pool.maxStakeUnits) })
  if (trustHundredths < pool.minTrustHundredths) throw refuse('staking.pool-trust', { minimum: formatTrust(pool.minTrustHundredths) })
  const lockedUntilTs = nowTs + pool.lockDays * DAY_SEC
  return { amountUnits, apyBps: pool.apyBps, trustHundredths, startTs: nowTs, lockedUntilTs, state: 'active' }
}

/** Reward of a stake up to `nowTs`: `floor(A*bps*seconds/(10000*31,536,000))`, whole seconds; none before it began. */
export function poolRewardUnits(stake: PoolStake, nowTs: number): bigint {
  const elapsedSec = BigInt(Math.max(0, Math.floor(nowTs - stake.startTs)))
  return (stake.amountUnits * BigInt(stake.apyBps) * elapsedSec) / YEAR_WHOLE_SEC
}

/**
 * Takes a stake out of its pool: the amount goes back, and its whole reward is minted, this once.
 * @param stake null where there is none of that id
 * @throws `staking.unknown`, `staking.inactive`, `staking.locked`
 */
export function unstakeFromPool(stake: PoolStake | null, nowTs: number): { stake: PoolStake; returnedUnits: bigint; rewardUnits: bigint } {
  if (!stake) throw refuse('staking.unknown')
  if (stake.state !== 'active') throw refuse('staking.inactive')
  if (nowTs < stake.lockedUntilTs) throw refuse('staking.locked')
  return { stake: { ...stake, state: 'completed' }, returnedUnits: stake.amountUnits, rewardUnits: poolRewardUnits(stake, nowTs) }
}
