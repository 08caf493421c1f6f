import { AppError } from '../../../src-shared/errors.ts'
import { formatAmount } from '../../../src-shared/treasury/amounts.ts'
import { POOL_PREFIX } from '../../../src-shared/treasury/entities.ts'
import type { TreasuryConfig } from '../../../src-shared/treasury/parameters.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import { accrue, deposit, owedIn, payOwed, type Withdrawal, withdraw } from '../../engines/pools/pool.ts'
import { lock } from '../../engines/tokens/tokens.ts'
import type { Store } from '../../store/index.ts'
import { balanceOf, type EntryKind, findLedgerToken, post } from '../../store/ledger.ts'
import {
  findPosition,
  insertDeposit,
  insertYield,
  poolTotals,
  positionsIn,
  type StoredPosition,
  type StoredYield,
  saveDeposits,
  savePosition,
} from '../../store/treasury-pools.ts'
import { refuseDoubtfulClock } from './clock.ts'
import type { TreasuryContext } from './handlers.ts'
import { trustOf } from './trust.ts'

/*
 * What pools move (tokenomics.md, Pools). What is in a pool stays its depositor's, locked; the pool's own account, `pool:<id>`, is the reserve
 * that rewards are paid from, so nobody's reward is ever paid out of somebody else's deposit.
 */

export type PoolSettings = TreasuryConfig['pools.list'][number]
type Doing = Pick<TreasuryContext, 'books' | 'config' | 'doer' | 'nowTs'>

/** Who pays what was owed, as ledger entries name it. */
const JOB = 'schedule'

export const reserveId = (pool: string) => `${POOL_PREFIX}${pool}`

/** null: there is none of that id. */
export function poolOf(config: TreasuryConfig, id: string): PoolSettings | null {
  return config['pools.list'].find(pool => pool.id === id) ?? null
}

export function reserveOf(books: Store, { id, token }: Pick<PoolSettings, 'id' | 'token'>): bigint {
  return balanceOf(books, reserveId(id), token).availableUnits
}

/**
 * Locks it with the depositor; its hours count from now. Whoever calls it holds the transaction.
 * Throws AppError pools.deposit, pools.inactive, tokens.unknown, tokens.available, jobs.clock.
 */
export function depositStored(doing: Doing, entityId: string, poolId: string, amountUnits: bigint): void {
  const { books, config, nowTs } = doing
  const pool = poolOf(config, poolId)
  const before = findPosition(books, entityId, poolId)
  const after = deposit(pool, before, amountUnits, nowTs)
  const { id, token } = pool!
  refuseDoubtfulClock(books, config, nowTs)
  if (!findLedgerToken(books, token)) throw refuse('tokens.unknown', { token })
  const moves = lock(entityId, amountUnits, balanceOf(books, entityId, token))
  const entry = post(books, {
    ...entryOf(doing, 'STAKE', `Deposit into ${id}`),
    postings: moves.map(move => ({ ...move, token })),
  })
  savePosition(books, { ...after, entityId, pool: id, owedTs: before?.owedTs ?? null }, nowTs)
  const { score: trust } = trustOf(doing, entityId)
  insertDeposit(books, { entityId, pool: id, amountUnits, ts: nowTs, trust, entry })
}

/** What a withdrawal would come to now. Throws as withdrawStored does. */
export function planWithdrawal(
  { books, config, nowTs }: Pick<Doing, 'books' | 'config' | 'nowTs'>,
  entityId: string,
  poolId: string,
  amountUnits: bigint,
): { before: StoredPosition; after: StoredPosition; withdrawal: Withdrawal } {
  const pool = poolOf(config, poolId)
  const before = findPosition(books, entityId, poolId)
  const { position, withdrawal } = withdraw(pool, before, amountUnits, pool ? reserveOf(books, pool) : 0n, nowTs)
  refuseDoubtfulClock(books, config, nowTs)
  return { before: before!, after: { ...before!, ...position }, withdrawal }
}

/**
 * Unlocks it, and pays the reward as far as the reserve has it. Whoever calls it holds the transaction.
 * Throws AppError pools.withdrawal, pools.unknown, pools.position, pools.exceeds, jobs.clock.
 */
export function withdrawStored(doing: Doing, entityId: string, poolId: string, amountUnits: bigint): Withdrawal {
  const { books, config, nowTs } = doing
  const { before, after, withdrawal } = planWithdrawal(doing, entityId, poolId, amountUnits)
  const { id, token } = poolOf(config, poolId)!
  post(books, {
    ...entryOf(doing, 'UNSTAKE', `Withdrawal from ${id}`),
    postings: [
      { entity: entityId, token, part: 'locked', amountUnits: -amountUnits },
      { entity: entityId, token, part: 'available', amountUnits },
    ],
  })
  savePosition(books, after, nowTs)
  saveDeposits(books, before.deposits, after.deposits)
  payYield(doing, { entityId, pool: id, token, ts: nowTs, amountUnits: withdrawal.rewardPaidUnits, by: 'withdrawal' })
  return withdrawal
}

/**
 * The hourly job (tokenomics.md, Pools), for the slot of `nowTs`: every whole hour of every deposit that is not accrued yet is, and of what is
 * owed the reserves pay what they have, what has been owed longest first. Whoever calls it holds the transaction. Says what it did.
 */
export function accrueYields(books: Store, config: TreasuryConfig, nowTs: number): string {
  const earned = new Map<string, bigint>()
  const paid = new Map<string, bigint>()
  const owed = new Map<string, bigint>()
  let positions = 0
  for (const pool of config['pools.list']) {
    let reserveUnits = reserveOf(books, pool)
    for (const before of positionsIn(books, pool.id)) {
      const accrued = accrue(before, pool.apyBps, nowTs)
      const { position, paidUnits } = payOwed(accrued, reserveUnits)
      reserveUnits -= paidUnits
      keepAccrued(books, before, { ...before, ...position }, nowTs)
      payYield(
        { books, doer: JOB, nowTs },
        { entityId: before.entityId, pool: pool.id, token: pool.token, ts: nowTs, amountUnits: paidUnits, by: 'owed' },
      )
      add(earned, pool.token, position.accruedUnits - before.accruedUnits)
      add(paid, pool.token, paidUnits)
      add(owed, pool.token, owedIn(position))
      positions++
    }
  }
  if (positions === 0) return 'Nothing is in the pools.'
  const told = [`${positions} ${positions === 1 ? 'position' : 'positions'} earned ${sums(earned)}.`]
  if (isSome(paid)) told.push(`${sums(paid)} that was owed is paid.`)
  if (isSome(owed)) told.push(`${sums(owed)} is owed: the reserves do not have it.`)
  return told.join(' ')
}

/**
 * Refuses a change of the pools that those who have something in them can't follow, and accrues what was earned so far before a pool yields
 * something else. Whoever calls it holds the transaction. Throws AppError config.invalid, jobs.clock.
 */
export function checkPools(books: Store, before: TreasuryConfig, after: TreasuryConfig, nowTs: number): void {
  for (const id of poolTotals(books).keys()) {
    const [was, is] = [poolOf(before, id), poolOf(after, id)]
    if (!was) continue
    if (!is) throw invalid(`${id} was used and can't be left out; set isActive to false, and it takes no deposits.`)
    if (is.token !== was.token) throw invalid(`What is in ${id} is ${was.token}, and its token stays that.`)
    if (is.apyBps === was.apyBps) continue
    refuseDoubtfulClock(books, before, nowTs)
    for (const position of positionsIn(books, id))
      keepAccrued(books, position, { ...position, ...accrue(position, was.apyBps, nowTs) }, nowTs)
  }
}

function keepAccrued(books: Store, before: StoredPosition, after: StoredPosition, nowTs: number): void {
  if (after.accruedUnits !== before.accruedUnits || after.accruedRest !== before.accruedRest || after.paidUnits !== before.paidUnits)
    savePosition(books, after, nowTs)
  saveDeposits(books, before.deposits, after.deposits)
}

/** Out of the pool's reserve; 0 moves nothing. */
function payYield(doing: Pick<Doing, 'books' | 'doer' | 'nowTs'>, paid: Omit<StoredYield, 'entry'>): void {
  const { entityId, pool, token, amountUnits } = paid
  if (amountUnits === 0n) return
  const entry = post(doing.books, {
    ...entryOf(doing, 'REWARD', `Reward of ${pool}`),
    postings: [
      { entity: reserveId(pool), token, part: 'available', amountUnits: -amountUnits },
      { entity: entityId, token, part: 'available', amountUnits },
    ],
  })
  insertYield(doing.books, { ...paid, entry })
}

function entryOf({ doer, nowTs }: Pick<Doing, 'doer' | 'nowTs'>, kind: EntryKind, memo: string) {
  return { kind, ts: nowTs, actor: doer, memo }
}

function add(to: Map<string, bigint>, token: string, units: bigint): void {
  to.set(token, (to.get(token) ?? 0n) + units)
}

function isSome(of: ReadonlyMap<string, bigint>): boolean {
  return [...of.values()].some(units => units > 0n)
}

function sums(of: ReadonlyMap<string, bigint>): string {
  const some = [...of].filter(([, units]) => units > 0n)
  return (some.length > 0 ? some : [...of].slice(0, 1)).map(([token, units]) => `${formatAmount(units)} ${token}`).join(', ')
}

function invalid(why: string): AppError {
  return new AppError('config.invalid', `pools.list: ${why} Nothing was changed.`, { details: { field: 'pools.list' } })
}
