import { refuse } from '../../../src-shared/treasury/refusals.ts'
import { lesser } from '../../../src-shared/treasury/shares.ts'

/** A pool as its rules need it. */
export interface PoolTerms {
  apyBps: number
  isActive: boolean
}

/** One deposit, as far as it is still in the pool. */
export interface Deposit {
  amountUnits: bigint
  depositedTs: number
  /** whole hours since `depositedTs` whose reward is accrued */
  countedHours: number
}

/**
 * What one entity has in one pool. Its reward accrues exactly: `accruedUnits` and a rest of less than one unit (in 1/87,600,000), both of
 * which fit 64 bits. The reward falls due at a withdrawal; what the reserve could not pay of it is owed.
 */
export interface PoolPosition<D extends Deposit = Deposit> {
  /** oldest first; empty once all is withdrawn */
  deposits: D[]
  accruedUnits: bigint
  accruedRest: bigint
  /** of what is accrued, what has fallen due */
  dueUnits: bigint
  /** of what has fallen due, what was paid */
  paidUnits: bigint
}

/** `returnedUnits` = `withdrawnUnits` + `rewardPaidUnits`. */
export interface Withdrawal {
  withdrawnUnits: bigint
  /** out of the pool's reserve; what was owed before is part of it */
  rewardPaidUnits: bigint
  returnedUnits: bigint
  /** deposited and still earning */
  remainingUnits: bigint
  /** what the reserve could not pay */
  owedUnits: bigint
  isActive: boolean
}

const HOUR_SEC = 3600
/** basis points times the hours of a year: 10,000 * 8,760 (tokenomics.md, Pools) */
export const YEAR_WHOLE = 87_600_000n
/** Hours of a day, as `earnsADayUnits` counts them. */
const DAY_HOURS = 24n

/**
 * A deposit: its hours count from `nowTs`.
 * @param pool null where there is none of that id
 * @param position null for the first one in this pool
 * @throws `pools.deposit`, `pools.inactive`
 */
export function deposit(pool: PoolTerms | null, position: PoolPosition | null, amountUnits: bigint, nowTs: number): PoolPosition {
  if (amountUnits <= 0n) throw refuse('pools.deposit')
  if (!pool?.isActive) throw refuse('pools.inactive')
  const before = position ?? { deposits: [], accruedUnits: 0n, accruedRest: 0n, dueUnits: 0n, paidUnits: 0n }
  return { ...before, deposits: [...before.deposits, { amountUnits, depositedTs: nowTs, countedHours: 0 }] }
}

/**
 * The position with the reward of every whole hour up to `nowTs` accrued: simple interest, each hour of each deposit counted once however
 * often this runs, none again after a clock went back. The yearly rate is that of the hours which are new.
 */
export function accrue<D extends Deposit>(position: PoolPosition<D>, apyBps: number, nowTs: number): PoolPosition<D> {
  let rest = position.accruedRest
  const deposits = position.deposits.map(one => {
    const hours = Math.max(one.countedHours, Math.floor((nowTs - one.depositedTs) / HOUR_SEC))
    rest += one.amountUnits * BigInt(apyBps) * BigInt(hours - one.countedHours)
    return { ...one, countedHours: hours }
  })
  return { ...position, deposits, accruedUnits: position.accruedUnits + rest / YEAR_WHOLE, accruedRest: rest % YEAR_WHOLE }
}

/**
 * A withdrawal, out of the oldest deposits first; what is left goes on earning. The whole reward that is accrued and not yet paid falls due:
 * the reserve pays what it can, the rest is owed. All that is ever paid is the floor of what all hours earned, in however many parts it is
 * withdrawn (of the same hours), so parts lose nothing; a part leaves only the hour that it had begun.
 * @param pool null where there is none of that id; an inactive one is no obstacle
 * @param position null where there is none
 * @param reserveUnits what the pool's reserve has available for rewards
 * @throws `pools.withdrawal`, `pools.unknown`, `pools.position`, `pools.exceeds`
 */
export function withdraw<D extends Deposit>(
  pool: PoolTerms | null,
  position: PoolPosition<D> | null,
  amountUnits: bigint,
  reserveUnits: bigint,
  nowTs: number,
): { position: PoolPosition<D>; withdrawal: Withdrawal } {
  if (amountUnits <= 0n) throw refuse('pools.withdrawal')
  if (!pool) throw refuse('pools.unknown')
  if (!position || position.deposits.length === 0) throw refuse('pools.position')
  const depositedUnits = depositedIn(position)
  if (amountUnits > depositedUnits) throw refuse('pools.exceeds')
  const accrued = accrue(position, pool.apyBps, nowTs)
  const due = { ...accrued, deposits: takeOldest(accrued.deposits, amountUnits), dueUnits: accrued.accruedUnits }
  const { position: after, paidUnits: rewardPaidUnits } = payOwed(due, reserveUnits)
  const withdrawal = {
    withdrawnUnits: amountUnits,
    rewardPaidUnits,
    returnedUnits: amountUnits + rewardPaidUnits,
    remainingUnits: depositedUnits - amountUnits,
    owedUnits: owedIn(after),
    isActive: after.deposits.length > 0,
  }
  return { position: after, withdrawal }
}

/** Pays of what is owed as much as the reserve can; nothing where nothing is owed. */
export function payOwed<D extends Deposit>(
  position: PoolPosition<D>,
  reserveUnits: bigint,
): { position: PoolPosition<D>; paidUnits: bigint } {
  const paidUnits = lesser(owedIn(position), reserveUnits)
  return { position: { ...position, paidUnits: position.paidUnits + paidUnits }, paidUnits }
}

/** Reward that has fallen due and was not paid. */
export function owedIn({ dueUnits, paidUnits }: Pick<PoolPosition, 'dueUnits' | 'paidUnits'>): bigint {
  return dueUnits - paidUnits
}

/** What so much earns in a day, rounded down. */
export function earnsADayUnits(depositedUnits: bigint, apyBps: number): bigint {
  return (depositedUnits * BigInt(apyBps) * DAY_HOURS) / YEAR_WHOLE
}

export function depositedIn(position: PoolPosition): bigint {
  return position.deposits.reduce((sum, { amountUnits }) => sum + amountUnits, 0n)
}

function takeOldest<D extends Deposit>(deposits: readonly D[], amountUnits: bigint): D[] {
  let left = amountUnits
  const kept: D[] = []
  for (const one of deposits) {
    const taken = lesser(left, one.amountUnits)
    left -= taken
    if (taken < one.amountUnits) kept.push({ ...one, amountUnits: one.amountUnits - taken })
  }
  return kept
}
