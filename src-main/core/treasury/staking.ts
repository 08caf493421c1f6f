import { MAX_UNITS } from '../../../src-shared/money.ts'
import { formatAmount } from '../../../src-shared/treasury/amounts.ts'
import type { TreasuryConfig } from '../../../src-shared/treasury/parameters.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import { lesser } from '../../../src-shared/treasury/shares.ts'
import { POOL_REWARD_TOKEN, STAKING_TOKEN } from '../../../src-shared/treasury/staking.ts'
import {
  accrueStake,
  claimStake,
  entitlementUnits,
  type FixedStake,
  type FixedTerms,
  openStake,
  unstake,
} from '../../engines/staking/fixed.ts'
import { stakeInPool, unstakeFromPool } from '../../engines/staking/pool.ts'
import { payReward } from '../../engines/staking/reward-debt.ts'
import { ISSUANCE, lock, unlock } from '../../engines/tokens/tokens.ts'
import type { Store } from '../../store/index.ts'
import { balanceOf, type EntryKind, findLedgerToken, type Posting, post, supplyOf } from '../../store/ledger.ts'
import {
  earningStakes,
  findStake,
  findStakingPool,
  insertFixedStake,
  insertPoolStake,
  owedStakes,
  type StoredStake,
  saveFixedStake,
  saveStake,
} from '../../store/treasury-staking.ts'
import { refuseDoubtfulClock } from './clock.ts'
import type { TreasuryContext } from './handlers.ts'
import { checkPayable } from './payments.ts'
import { trustInHundredths } from './trust.ts'

/*
 * What stakes move (tokenomics.md, Staking). What is staked stays its staker's, locked, and comes back in full whatever becomes of its reward.
 * Rewards of fixed terms come out of the staking pool's wallet, those of pools are minted; what the wallet does not have, and what may not be
 * minted (no more BTA-REWARD than its most), stays owed.
 */

type Doing = Pick<TreasuryContext, 'books' | 'config' | 'doer' | 'nowTs'>

/** The account that rewards of fixed terms are paid from. */
export const STAKING_WALLET = 'staking-pool'
/** Who pays what was owed, as ledger entries name it. */
const JOB = 'schedule'

export const stakeName = (number: number) => `stake-${number}`

export function fixedTermsOf(config: TreasuryConfig): FixedTerms {
  return {
    ...{ minimumUnits: config['staking.minimum'], minDays: config['staking.minDays'], maxDays: config['staking.maxDays'] },
    ...{ apy: config['staking.apy'], unstakingFromDays: config['staking.unstakingFromDays'], unstakingSec: config['staking.unstakingSec'] },
  }
}

/** A stake as the terms would make it. Throws AppError staking.minimum, staking.duration, staking.size. */
export function planFixedStake(config: TreasuryConfig, order: { amountUnits: bigint; days: number }, nowTs: number): FixedStake {
  const stake = openStake(fixedTermsOf(config), order, nowTs)
  if (entitlementUnits(stake.amountUnits, stake.apyBps, stake.days) > MAX_UNITS) throw refuse('staking.size')
  return stake
}

/**
 * Locks AZR with its staker for so many days. Gives the stake's number. Whoever calls it holds the transaction.
 * Throws AppError staking.minimum, staking.duration, staking.size, tokens.unknown, tokens.available, jobs.clock.
 */
export function stakeFixed(doing: Doing, entityId: string, order: { amountUnits: bigint; days: number }): number {
  const { books, config, nowTs } = doing
  const stake = planFixedStake(config, order, nowTs)
  refuseDoubtfulClock(books, config, nowTs)
  const trustHundredths = trustInHundredths(doing, entityId)
  const entry = lockStake(doing, entityId, STAKING_TOKEN, stake.amountUnits, `Stake for ${stake.days} days`)
  return insertFixedStake(books, { entityId, token: STAKING_TOKEN, trustHundredths, entry }, stake)
}

/**
 * Locks tokens with their staker as part of a staking pool. Gives the stake's number. Whoever calls it holds the transaction.
 * Throws AppError staking.pool-*, tokens.unknown, tokens.available, jobs.clock.
 * @param poolNumber null where there is none of that id
 */
export function stakeInto(doing: Doing, entityId: string, poolNumber: number | null, amountUnits: bigint): number {
  const { books, config, nowTs } = doing
  const pool = poolNumber === null ? null : findStakingPool(books, poolNumber)
  const trustHundredths = trustInHundredths(doing, entityId)
  const stake = stakeInPool(pool, { amountUnits, trustHundredths }, nowTs)
  const { token, name, number } = pool!
  refuseDoubtfulClock(books, config, nowTs)
  const entry = lockStake(doing, entityId, token, amountUnits, `Stake in ${name}`)
  return insertPoolStake(books, { entityId, token, trustHundredths, entry, pool: number }, stake)
}

/**
 * Takes a stake of its owner's out: what needs no waiting comes back with its reward, as far as that can be paid. Whoever calls it holds the
 * transaction. Throws AppError staking.unknown (somebody else's too), staking.inactive, staking.locked, jobs.clock.
 * @param number null where there is none of that id
 */
export function unstakeStored(doing: Doing, number: number | null, entityId: string): StoredStake {
  const { books, config, nowTs } = doing
  const found = ownStake(books, number, entityId)
  const payable = found ? payableUnits(books, found.kind) : 0n
  const out = planUnstake(found, payable, nowTs)
  refuseDoubtfulClock(books, config, nowTs)
  return keepOut(doing, out)
}

/**
 * Gives a stake back whose waiting time is over. Whoever calls it holds the transaction.
 * Throws AppError staking.unknown (somebody else's, and one in a pool, too), staking.inactive, staking.waiting, jobs.clock.
 */
export function claimStored(doing: Doing, number: number | null, entityId: string): StoredStake {
  const { books, config, nowTs } = doing
  const own = ownStake(books, number, entityId)
  const found = own?.kind === 'fixed' ? own : null
  const { stake, payout } = claimStake(found?.stake ?? null, payableUnits(books, 'fixed'), nowTs)
  refuseDoubtfulClock(books, config, nowTs)
  return keepOut(doing, { ...found!, stake, paidUnits: payout.paidUnits, endedTs: nowTs })
}

/** The stake as unstaking leaves it. Throws AppError staking.unknown, staking.inactive, staking.locked. */
function planUnstake(found: StoredStake | null, payable: bigint, nowTs: number): StoredStake {
  if (found?.kind === 'pool') {
    const { stake, rewardUnits } = unstakeFromPool(found.stake, nowTs)
    const owedUnits = mintableReward(rewardUnits)
    const { paidUnits } = payReward({ paidUnits: 0n, owedUnits }, payable)
    return { ...found, stake, accruedUnits: owedUnits, paidUnits, endedTs: nowTs }
  }
  const { stake, payout } = unstake(found?.stake ?? null, payable, nowTs)
  return { ...found!, stake, paidUnits: payout?.paidUnits ?? 0n, endedTs: payout ? nowTs : null }
}

/** What of a reward that falls due now could be paid: what has been owed longer comes first. */
export function payableUnits(books: Store, kind: StoredStake['kind']): bigint {
  let left = fundsFor(books, kind)
  for (const stored of owedStakes(books)) if (stored.kind === kind) left -= owedUnits(stored)
  return left > 0n ? left : 0n
}

/** Of its reward, what fell due and is not paid; nothing before the stake is back. */
export function owedUnits(stored: StoredStake): bigint {
  return stored.endedTs === null ? 0n : accruedUnits(stored) - stored.paidUnits
}

/** No more of a token than an amount holds can ever be minted, however long a stake stays in its pool. */
export function mintableReward(rewardUnits: bigint): bigint {
  return lesser(rewardUnits, MAX_UNITS)
}

function accruedUnits(stored: StoredStake): bigint {
  return stored.kind === 'fixed' ? stored.stake.accruedUnits : stored.accruedUnits
}

/**
 * The daily job (tokenomics.md, Staking and Jobs), for the slot of `nowTs`: every whole day of every fixed term that is not accrued yet is, and of
 * what is owed is paid what can be, what has been owed longest first. Whoever calls it holds the transaction. Says what it did.
 */
export function accrueStaking(books: Store, _config: TreasuryConfig, nowTs: number): string {
  let earnedUnits = 0n
  let stakes = 0
  for (const stored of earningStakes(books)) {
    const stake = accrueStake(stored.stake, nowTs)
    if (stake === stored.stake) continue
    saveFixedStake(books, { ...stored, stake })
    earnedUnits += stake.accruedUnits - stored.stake.accruedUnits
    stakes++
  }
  const told = [
    stakes === 0
      ? 'No stake earned.'
      : `${stakes} ${stakes === 1 ? 'stake' : 'stakes'} earned ${formatAmount(earnedUnits)} ${STAKING_TOKEN}.`,
  ]
  for (const kind of ['fixed', 'pool'] as const) {
    const { paid, owed } = payOwed(books, kind, nowTs)
    if (paid > 0n) told.push(`${formatAmount(paid)} ${rewardTokenOf(kind)} that was owed is paid.`)
    if (owed > 0n)
      told.push(
        `${formatAmount(owed)} ${rewardTokenOf(kind)} is owed: ${kind === 'fixed' ? 'the staking pool does not have it' : 'there may be no more of it'}.`,
      )
  }
  return told.join(' ')
}

/** Pays what is owed, what has been owed longest first, as far as it can be; gives what was paid and what is still owed. */
function payOwed(books: Store, kind: StoredStake['kind'], nowTs: number): { paid: bigint; owed: bigint } {
  let [left, paid, owed] = [fundsFor(books, kind), 0n, 0n]
  for (const stored of owedStakes(books)) {
    if (stored.kind !== kind) continue
    const before = { paidUnits: stored.paidUnits, owedUnits: owedUnits(stored) }
    const after = payReward(before, left)
    const paidUnits = after.paidUnits - before.paidUnits
    left -= paidUnits
    paid += paidUnits
    owed += after.owedUnits
    if (paidUnits === 0n) continue
    postReward({ books, doer: JOB, nowTs }, stored, paidUnits)
    saveStake(books, { ...stored, paidUnits: after.paidUnits })
  }
  return { paid, owed }
}

export function rewardTokenOf(kind: StoredStake['kind']): string {
  return kind === 'fixed' ? STAKING_TOKEN : POOL_REWARD_TOKEN
}

/** What there is for rewards: the wallet, or as much as may still be minted. */
function fundsFor(books: Store, kind: StoredStake['kind']): bigint {
  if (kind === 'fixed') return balanceOf(books, STAKING_WALLET, STAKING_TOKEN).availableUnits
  const token = findLedgerToken(books, POOL_REWARD_TOKEN)
  return token === null ? 0n : (token.maxUnits ?? MAX_UNITS) - supplyOf(books, POOL_REWARD_TOKEN)
}

/** Keeps what was taken out, and gives back what waits no longer. */
function keepOut(doing: Doing, out: StoredStake): StoredStake {
  const { books } = doing
  if (out.endedTs !== null) {
    const { entityId, token, number } = out
    const { amountUnits } = out.stake
    const moves = unlock(entityId, amountUnits, balanceOf(books, entityId, token))
    post(books, { ...entryOf(doing, 'UNSTAKE', `End of ${stakeName(number)}`), postings: moves.map(move => ({ ...move, token })) })
    postReward(doing, out, out.paidUnits)
  }
  saveStake(books, out)
  return out
}

/** 0 moves nothing. */
function postReward(doing: Pick<Doing, 'books' | 'doer' | 'nowTs'>, { kind, entityId, number }: StoredStake, amountUnits: bigint): void {
  if (amountUnits === 0n) return
  const token = rewardTokenOf(kind)
  const from: Posting =
    kind === 'fixed'
      ? { entity: STAKING_WALLET, token, part: 'available', amountUnits: -amountUnits }
      : { entity: ISSUANCE, token, part: 'issuance', amountUnits: -amountUnits }
  const postings: Posting[] = [from, { entity: entityId, token, part: 'available', amountUnits }]
  post(doing.books, { ...entryOf(doing, 'REWARD', `Reward of ${stakeName(number)}`), postings })
}

function lockStake(doing: Doing, entityId: string, token: string, amountUnits: bigint, memo: string): bigint {
  const { books } = doing
  checkPayable(doing, token)
  const moves = lock(entityId, amountUnits, balanceOf(books, entityId, token))
  return post(books, { ...entryOf(doing, 'STAKE', memo), postings: moves.map(move => ({ ...move, token })) })
}

/** Somebody else's is not told of: null. */
export function ownStake(books: Store, number: number | null, entityId: string): StoredStake | null {
  const found = number === null ? null : findStake(books, number)
  return found?.entityId === entityId ? found : null
}

function entryOf({ doer, nowTs }: Pick<Doing, 'doer' | 'nowTs'>, kind: EntryKind, memo: string) {
  return { kind, ts: nowTs, actor: doer, memo }
}
