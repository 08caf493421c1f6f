import { AppError } from '../../../src-shared/errors.ts'
import { cleanName } from '../../../src-shared/text.ts'
import { formatAmount } from '../../../src-shared/treasury/amounts.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import { lesser } from '../../../src-shared/treasury/shares.ts'
import { POOL_REWARD_TOKEN, STAKING_TOKEN } from '../../../src-shared/treasury/staking.ts'
import type { Stake, StakingPoolShown, stakingRows } from '../../../src-shared/treasury/staking-table.ts'
import { accrueStake, compareTerms, DAY_SEC, entitlementUnits, type FixedStake, stakeDates } from '../../engines/staking/fixed.ts'
import { poolRewardUnits, type StakingPool } from '../../engines/staking/pool.ts'
import { readTrust } from '../../engines/trust/hundredths.ts'
import type { Store } from '../../store/index.ts'
import { balanceOf } from '../../store/ledger.ts'
import {
  findStake,
  findStakingPool,
  type InStakingPool,
  inStakingPools,
  insertStakingPool,
  isStakingPoolNamed,
  listOpenStakes,
  listStakes,
  listStakingPools,
  openFixedStakes,
  owedStakes,
  type StoredFixedStake,
  type StoredPoolStake,
  type StoredStake,
  type StoredStakingPool,
  saveStakingPoolActive,
} from '../../store/treasury-staking.ts'
import { entityName, listedEntity } from './entities.ts'
import {
  actingEntity,
  type TreasuryCommandHandlers,
  type TreasuryContext,
  type TreasuryInput,
  type TreasuryOutput,
  type TreasuryQueryHandlers,
} from './handlers.ts'
import { numberIn } from './ids.ts'
import { checkPayable } from './payments.ts'
import {
  claimStored,
  fixedTermsOf,
  mintableReward,
  owedUnits,
  ownStake,
  payableUnits,
  planFixedStake,
  rewardTokenOf,
  STAKING_WALLET,
  stakeFixed,
  stakeInto,
  stakeName,
  unstakeStored,
} from './staking.ts'
import { tokenBalance } from './tokens.ts'

type Subject = keyof typeof stakingRows
type StakingQueries = Pick<TreasuryQueryHandlers, Extract<keyof TreasuryQueryHandlers, Subject>>
type StakingCommands = Pick<TreasuryCommandHandlers, Extract<keyof TreasuryCommandHandlers, Subject>>

/** Of the terms side by side, where nothing else is asked for: 1000 AZR. */
const USUAL_UNITS = 10_000_000_000n
const YEAR_SEC = 365 * DAY_SEC

export const stakingPoolName = (number: number) => `spool-${number}`

/** Staking. At this machine everybody may look at stakes, as at accounts; a token of the REST door sees its own only. */
export function stakingHandlers(books: Store): { queries: StakingQueries; commands: StakingCommands } {
  const queries: StakingQueries = {
    'staking.terms': ({ amount = USUAL_UNITS, days }, { config, nowTs }) => {
      const terms = fixedTermsOf(config)
      const { minimumUnits: minimum, minDays, maxDays } = terms
      const { apyBps, unstakingSec, days: asked } = planFixedStake(config, { amountUnits: amount, days: days ?? maxDays }, nowTs)
      const one = { days: asked, apyBps, unstakingSec, rewardUnits: entitlementUnits(amount, apyBps, asked) }
      const rows = days === undefined ? compareTerms(terms, amount) : [one]
      return {
        ...{ token: STAKING_TOKEN, amount, minimum, minDays, maxDays },
        rows: rows.map(({ rewardUnits, ...term }) => ({ ...term, reward: rewardUnits })),
      }
    },
    'staking.pools': ({ amount = null }) => {
      const within = inStakingPools(books)
      return { rows: listStakingPools(books).map(pool => shownPool(pool, within.get(pool.number), amount)) }
    },
    'staking.quote': ({ stakeId }, context) => quoted(ownStake(books, numberIn('stake', stakeId), actingEntity(context)), context.nowTs),
    'staking.stakes': ({ stakerId, everybody, kind = null, state = null, offset, limit }, context) => {
      const { rows, total } = listStakes(books, { entityId: listedEntity(context, stakerId, everybody), kind, state }, { offset, limit })
      return { rows: rows.map(stored => shown(stored, context.nowTs)), total }
    },
    'staking.get': ({ stakeId }, { actor, nowTs }) => {
      const number = numberIn('stake', stakeId)
      const stored = number === null ? null : findStake(books, number)
      if (stored === null || (actor.entity !== undefined && actor.entity !== stored.entityId)) throw refuse('staking.unknown')
      return shown(stored, nowTs)
    },
    'staking.calendar': ({ stakerId, everybody, offset, limit }, context) => {
      const { rows, total } = listOpenStakes(books, listedEntity(context, stakerId, everybody), { offset, limit })
      return { rows: rows.map(stored => calendarRow(stored, context.nowTs)), total }
    },
    'staking.wallet': (_input, { nowTs }) => {
      const owed = owedStakes(books)
      const owedOf = (kind: StoredStake['kind']) =>
        owed.filter(stored => stored.kind === kind).reduce((sum, stored) => sum + owedUnits(stored), 0n)
      let [earning, toCome] = [0n, 0n]
      for (const { stake } of openFixedStakes(books)) {
        const { accruedUnits, state } = accrueStake(stake, nowTs)
        earning += accruedUnits
        if (state === 'active') toCome += atEnd(stake) - accruedUnits
      }
      return {
        ...{ walletId: STAKING_WALLET, token: STAKING_TOKEN, available: balanceOf(books, STAKING_WALLET, STAKING_TOKEN).availableUnits },
        ...{ owed: owedOf('fixed'), owedStakes: owed.filter(({ kind }) => kind === 'fixed').length, earning, toCome },
        mintOwed: owedOf('pool'),
      }
    },
  }

  const commands: StakingCommands = {
    'staking.createPool': (input, context) => {
      const pool = newPool(input)
      checkPayable(context, pool.token)
      if (isStakingPoolNamed(books, pool.name)) throw refuse('staking.pool-exists')
      return pooled(insertStakingPool(books, { ...pool, createdTs: context.nowTs }))
    },
    'staking.setPool': ({ poolId, isActive }) => {
      const number = numberIn('spool', poolId)
      if (number === null || findStakingPool(books, number) === null) throw refuse('staking.pool-unknown')
      saveStakingPoolActive(books, number, isActive)
      return pooled(number)
    },
    'staking.stake': ({ amount, days, poolId }, context) => {
      if ((days === undefined) === (poolId === undefined))
        throw new AppError('usage', 'A stake is for a number of days, or in a staking pool: give one of them. Nothing was moved.', {
          details: { field: 'days' },
        })
      const entityId = actingEntity(context)
      const number =
        days === undefined
          ? stakeInto(context, entityId, numberIn('spool', poolId!), amount)
          : stakeFixed(context, entityId, { amountUnits: amount, days })
      return after(findStake(books, number)!, context)
    },
    'staking.unstake': ({ stakeId }, context) => after(unstakeStored(context, numberIn('stake', stakeId), actingEntity(context)), context),
    'staking.claim': ({ stakeId }, context) => after(claimStored(context, numberIn('stake', stakeId), actingEntity(context)), context),
  }

  function after(stored: StoredStake, { nowTs }: TreasuryContext): TreasuryOutput<'staking.stake'> {
    return { stake: shown(stored, nowTs), balance: tokenBalance(books, stored.entityId, stored.token) }
  }

  function pooled(number: number): StakingPoolShown {
    return shownPool(findStakingPool(books, number)!, inStakingPools(books).get(number), null)
  }

  /** What a stake is, whatever its kind. */
  function position({ number, kind, entityId, token, stake }: StoredStake) {
    return {
      ...{ id: stakeName(number), kind, stakerId: entityId, stakerName: entityName(books, entityId), token, amount: stake.amountUnits },
      rewardToken: rewardTokenOf(kind),
    }
  }

  /** As it stands at `nowTs`, with what it has earned up to then. */
  function shown(stored: StoredStake, nowTs: number): Stake {
    const { stake, trustHundredths, paidUnits, endedTs } = stored
    return {
      ...position(stored),
      ...{ apyBps: stake.apyBps, trust: trustHundredths / 100, startTs: stake.startTs, state: stake.state },
      ...(stored.kind === 'fixed' ? ofFixed(stored, nowTs) : ofPool(stored, nowTs)),
      ...{ paid: paidUnits, owed: owedUnits(stored), endedTs },
    }
  }

  function ofPool(stored: StoredPoolStake, nowTs: number) {
    const { pool, stake, endedTs } = stored
    return {
      ...{ days: null, poolId: stakingPoolName(pool), poolName: findStakingPool(books, pool)?.name ?? null },
      ...{ endsTs: stake.lockedUntilTs, outTs: endedTs ?? stake.lockedUntilTs, countedDays: null, atEnd: null },
      accrued: pooledReward(stored, nowTs),
    }
  }

  function calendarRow(stored: StoredStake, nowTs: number): TreasuryOutput<'staking.calendar'>['rows'][number] {
    if (stored.kind === 'pool') {
      const { lockedUntilTs: outTs } = stored.stake
      return { ...position(stored), ts: outTs, what: 'unlocks', outTs, reward: pooledReward(stored, Math.max(outTs, nowTs)) }
    }
    const { endsTs, claimableTs } = stakeDates(stored.stake)
    const waits = stored.stake.state === 'unstaking'
    return {
      ...{ ...position(stored), ts: waits ? claimableTs : endsTs, what: waits ? 'claimable' : 'ends', outTs: claimableTs },
      reward: waits ? stored.stake.accruedUnits : atEnd(stored.stake),
    }
  }

  /** Throws AppError staking.unknown, staking.inactive: it is back already. */
  function quoted(stored: StoredStake | null, nowTs: number): TreasuryOutput<'staking.quote'> {
    if (stored === null) throw refuse('staking.unknown')
    if (stored.endedTs !== null) throw refuse('staking.inactive')
    const { outTs, reward, forgone } = stored.kind === 'fixed' ? fixedOut(stored.stake, nowTs) : poolOut(stored, nowTs)
    return { outTs, principal: stored.stake.amountUnits, reward, payable: lesser(reward, payableUnits(books, stored.kind)), forgone }
  }

  return { queries, commands }
}

function ofFixed({ stake }: StoredFixedStake, nowTs: number) {
  const live = accrueStake(stake, nowTs)
  const { endsTs, claimableTs: outTs } = stakeDates(live)
  return {
    ...{ days: live.days, poolId: null, poolName: null, endsTs, outTs },
    ...{ countedDays: live.countedDays, accrued: live.accruedUnits, atEnd: atEnd(live) },
  }
}

function fixedOut(stake: FixedStake, nowTs: number) {
  const { accruedUnits: reward, state, claimableTs, unstakingSec } = accrueStake(stake, nowTs)
  return { outTs: claimableTs ?? nowTs + unstakingSec, reward, forgone: state === 'active' ? atEnd(stake) - reward : null }
}

function poolOut(stored: StoredPoolStake, nowTs: number) {
  return { outTs: Math.max(nowTs, stored.stake.lockedUntilTs), reward: pooledReward(stored, nowTs), forgone: null }
}

function atEnd({ amountUnits, apyBps, days }: FixedStake): bigint {
  return entitlementUnits(amountUnits, apyBps, days)
}

/** Up to `nowTs`, or up to when it came back. */
function pooledReward({ stake, accruedUnits, endedTs }: StoredPoolStake, nowTs: number): bigint {
  return endedTs === null ? mintableReward(poolRewardUnits(stake, nowTs)) : accruedUnits
}

function shownPool(pool: StoredStakingPool, within: InStakingPool | undefined, amount: bigint | null): StakingPoolShown {
  const { number, name, token, apyBps, minStakeUnits, maxStakeUnits, lockDays, minTrustHundredths, isActive, createdTs } = pool
  return {
    ...{ id: stakingPoolName(number), name, token, apyBps, minStake: minStakeUnits, maxStake: maxStakeUnits, lockDays },
    ...{ minTrust: minTrustHundredths / 100, rewardToken: POOL_REWARD_TOKEN, isActive, createdTs },
    ...{ staked: within?.stakedUnits ?? 0n, stakes: within?.stakes ?? 0, yearly: amount === null ? null : yearlyUnits(pool, amount) },
  }
}

/** What an amount yields in a year; null: the pool does not take it. */
function yearlyUnits({ apyBps, minStakeUnits, maxStakeUnits }: StakingPool, amountUnits: bigint): bigint | null {
  if (amountUnits <= 0n || amountUnits < minStakeUnits || (maxStakeUnits !== null && amountUnits > maxStakeUnits)) return null
  const stake = { amountUnits, apyBps, trustHundredths: 0, startTs: 0, lockedUntilTs: 0, state: 'active' as const }
  return mintableReward(poolRewardUnits(stake, YEAR_SEC))
}

/** Throws AppError usage, naming the field; governance.trust. */
function newPool(input: TreasuryInput<'staking.createPool'>): StakingPool {
  const { token, apyBps, minStake: minStakeUnits = 0n, maxStake: maxStakeUnits = null, lockDays, minTrust } = input
  const name = cleanName(input.name)
  if (name === '') throw wrong('name', 'A staking pool needs a name that can be read')
  if (minStakeUnits < 0n) throw wrong('minStake', 'It must not be below 0')
  if (maxStakeUnits !== null && (maxStakeUnits <= 0n || maxStakeUnits < minStakeUnits))
    throw wrong('maxStake', `It must be above 0, and not below the minimum of ${formatAmount(minStakeUnits)}`)
  const minTrustHundredths = readTrust(String(minTrust))
  return { token, name, apyBps, minStakeUnits, maxStakeUnits, lockDays, minTrustHundredths, isActive: true }
}

function wrong(field: string, why: string): AppError {
  return new AppError('usage', `${field}: ${why}. Nothing was made.`, { details: { field } })
}
