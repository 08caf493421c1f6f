import { formatAmount } from '../../../src-shared/treasury/amounts.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import type { FixedStakeState } from '../../../src-shared/treasury/staking.ts'
import { payReward, type RewardDebt } from './reward-debt.ts'

/*
 * Stakes of AZR with a fixed term (tokenomics.md, Staking). The principal stays the staker's, put aside, and always comes back in full; the
 * reward comes out of the staking pool's wallet.
 */

/** The numbers of the rules, as the configuration has them. */
export interface FixedTerms {
  minimumUnits: bigint
  minDays: number
  maxDays: number
  /** yearly reward by the length of the term; a row holds from its days on */
  apy: readonly { fromDays: number; bps: number }[]
  /** terms from that length on wait before they are paid out */
  unstakingFromDays: number
  unstakingSec: number
}

export interface FixedStake {
  amountUnits: bigint
  /** whole */
  days: number
  /** of the year; that of the day of staking, whatever becomes of the table */
  apyBps: number
  /** how long it waits once it is unstaked; 0: not at all */
  unstakingSec: number
  startTs: number
  /** whole days whose reward is accrued: `accruedUnits` is the entitlement of exactly these */
  countedDays: number
  accruedUnits: bigint
  state: FixedStakeState
  /** when principal and reward can be claimed; null until it is unstaked */
  claimableTs: number | null
}

/** What a stake pays out as it ends. */
export interface Payout extends RewardDebt {
  principalUnits: bigint
}

export const DAY_SEC = 86_400
/** basis points times the days of a year: 10,000 * 365 */
export const YEAR_WHOLE = 3_650_000n

/** The table's row with the highest start that the term reaches, in whatever order they stand; 0 where it reaches none. */
export function apyFor(apy: FixedTerms['apy'], days: number): number {
  let best = { fromDays: Number.NEGATIVE_INFINITY, bps: 0 }
  for (const row of apy) if (row.fromDays <= days && row.fromDays > best.fromDays) best = row
  return best.bps
}

/** `E(d) = floor(A*bps*d/3,650,000)` */
export function entitlementUnits(amountUnits: bigint, apyBps: number, days: number): bigint {
  return (amountUnits * BigInt(apyBps) * BigInt(days)) / YEAR_WHOLE
}

/** @throws `staking.minimum`, `staking.duration` (also for a part of a day) */
export function openStake(terms: FixedTerms, order: { amountUnits: bigint; days: number }, nowTs: number): FixedStake {
  const { amountUnits, days } = order
  const { minimumUnits, minDays, maxDays } = terms
  if (amountUnits < minimumUnits || amountUnits <= 0n) throw refuse('staking.minimum', { minimum: formatAmount(minimumUnits) })
  if (!Number.isInteger(days) || days < minDays || days > maxDays) throw refuse('staking.duration', { least: minDays, most: maxDays })
  return {
    amountUnits,
    days,
    apyBps: apyFor(terms.apy, days),
    unstakingSec: days >= terms.unstakingFromDays ? terms.unstakingSec : 0,
    startTs: nowTs,
    countedDays: 0,
    accruedUnits: 0n,
    state: 'active',
    claimableTs: null,
  }
}

/**
 * The stake with the reward of every whole day up to `nowTs` accrued, at most the agreed ones. What it gains is E(d) - E(d-1) of each new day,
 * so that however often this runs, and with whatever gaps, the gains add up to the entitlement; no day counts again after a clock went back.
 */
export function accrueStake(stake: FixedStake, nowTs: number): FixedStake {
  if (stake.state !== 'active') return stake
  const elapsed = Math.floor((nowTs - stake.startTs) / DAY_SEC)
  const countedDays = Math.max(stake.countedDays, Math.min(elapsed, stake.days))
  if (countedDays === stake.countedDays) return stake
  const gainUnits =
    entitlementUnits(stake.amountUnits, stake.apyBps, countedDays) - entitlementUnits(stake.amountUnits, stake.apyBps, stake.countedDays)
  return { ...stake, countedDays, accruedUnits: stake.accruedUnits + gainUnits }
}

/**
 * Takes a stake out, before its end too: the reward of the whole days until now is kept and grows no more. A short term pays out at once, a
 * longer one once its waiting time is over (`claimStake`).
 * @param stake null where there is none of that id
 * @param walletUnits what the staking pool's wallet has for rewards
 * @returns payout null: it waits
 * @throws `staking.unknown`, `staking.inactive`
 */
export function unstake(stake: FixedStake | null, walletUnits: bigint, nowTs: number): { stake: FixedStake; payout: Payout | null } {
  if (!stake) throw refuse('staking.unknown')
  if (stake.state !== 'active') throw refuse('staking.inactive')
  const accrued = accrueStake(stake, nowTs)
  if (stake.unstakingSec > 0) return { stake: { ...accrued, state: 'unstaking', claimableTs: nowTs + stake.unstakingSec }, payout: null }
  return completed(accrued, walletUnits, nowTs)
}

/**
 * Pays a stake out whose waiting time is over, its last second included.
 * @param stake null where there is none of that id
 * @throws `staking.unknown`, `staking.inactive`, `staking.waiting` (also where it was not unstaked yet)
 */
export function claimStake(stake: FixedStake | null, walletUnits: bigint, nowTs: number): { stake: FixedStake; payout: Payout } {
  if (!stake) throw refuse('staking.unknown')
  if (stake.state === 'completed') throw refuse('staking.inactive')
  if (stake.claimableTs === null || nowTs < stake.claimableTs) throw refuse('staking.waiting')
  return completed(stake, walletUnits, stake.claimableTs)
}

/** When a stake's reward is complete, and when all of it can be had if it is unstaked then (or was): for the calendar. */
export function stakeDates(stake: FixedStake): { endsTs: number; claimableTs: number } {
  const endsTs = stake.startTs + stake.days * DAY_SEC
  return { endsTs, claimableTs: stake.claimableTs ?? endsTs + stake.unstakingSec }
}

/** What one amount yields with each of the table's terms that can be had, in their order: for a view side by side. */
export function compareTerms(
  terms: FixedTerms,
  amountUnits: bigint,
): { days: number; apyBps: number; rewardUnits: bigint; unstakingSec: number }[] {
  const lengths = new Set([terms.minDays, ...terms.apy.map(({ fromDays }) => fromDays), terms.maxDays])
  return [...lengths]
    .filter(days => days >= terms.minDays && days <= terms.maxDays)
    .sort((a, b) => a - b)
    .map(days => {
      const apyBps = apyFor(terms.apy, days)
      const unstakingSec = days >= terms.unstakingFromDays ? terms.unstakingSec : 0
      return { days, apyBps, rewardUnits: entitlementUnits(amountUnits, apyBps, days), unstakingSec }
    })
}

function completed(stake: FixedStake, walletUnits: bigint, nowTs: number): { stake: FixedStake; payout: Payout } {
  const debt = payReward({ paidUnits: 0n, owedUnits: stake.accruedUnits }, walletUnits)
  return { stake: { ...stake, state: 'completed', claimableTs: nowTs }, payout: { principalUnits: stake.amountUnits, ...debt } }
}
