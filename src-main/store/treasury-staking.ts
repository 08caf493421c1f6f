import type { Statement } from 'better-sqlite3'
import type { FixedStake } from '../engines/staking/fixed.ts'
import type { PoolStake, StakingPool } from '../engines/staking/pool.ts'
import { prepared } from './db.ts'
import type { Store } from './open.ts'

/* Staking pools and stakes (treasury-staking-tables.ts). Whoever writes here holds the transaction. */

export interface StoredStakingPool extends StakingPool {
  number: number
  createdTs: number
}

/** What is in a pool: a sum may come to more than an amount can hold. */
export interface InStakingPool {
  stakedUnits: bigint
  stakes: number
}

interface StakeKept {
  number: number
  entityId: string
  token: string
  /** of the staker then */
  trustHundredths: number
  /** of the reward, what was paid */
  paidUnits: bigint
  /** when it came back; null: not yet */
  endedTs: number | null
}

export interface StoredFixedStake extends StakeKept {
  kind: 'fixed'
  stake: FixedStake
}

export interface StoredPoolStake extends StakeKept {
  kind: 'pool'
  pool: number
  /** what fell due when it came back; 0 until then */
  accruedUnits: bigint
  stake: PoolStake
}

export type StoredStake = StoredFixedStake | StoredPoolStake

export interface StakeFilter {
  /** null: everybody's */
  entityId: string | null
  /** null: all */
  kind: StoredStake['kind'] | null
  state: string | null
}

export interface Page {
  offset: number
  limit: number
}

type Row = Record<string, bigint | string | null>

/** Integers as bigint. */
function exact(store: Store, sql: string): Statement {
  return prepared(store.books, sql).safeIntegers()
}

/** Gives its number: 1, 2, 3 and so on. */
export function insertStakingPool(store: Store, pool: StakingPool & { createdTs: number }): number {
  const { lastInsertRowid } = exact(
    store,
    `INSERT INTO staking_pools (name, token, apy_bps, min_stake, max_stake, lock_days, min_trust, is_active, created_ts)
     VALUES (@name, @token, @apyBps, @minStakeUnits, @maxStakeUnits, @lockDays, @minTrustHundredths, @active, @createdTs)`,
  ).run({ ...pool, active: pool.isActive ? 1 : 0 })
  return Number(lastInsertRowid)
}

export function findStakingPool(store: Store, number: number): StoredStakingPool | null {
  const row = exact(store, 'SELECT * FROM staking_pools WHERE id = ?').get(number) as Row | undefined
  return row ? toPool(row) : null
}

export function isStakingPoolNamed(store: Store, name: string): boolean {
  return exact(store, 'SELECT 1 FROM staking_pools WHERE name = ?').get(name) !== undefined
}

/** In the order in which they were made. */
export function listStakingPools(store: Store): StoredStakingPool[] {
  return (exact(store, 'SELECT * FROM staking_pools ORDER BY id').all() as Row[]).map(toPool)
}

export function saveStakingPoolActive(store: Store, number: number, isActive: boolean): void {
  exact(store, 'UPDATE staking_pools SET is_active = ? WHERE id = ?').run(isActive ? 1 : 0, number)
}

/** What is staked in each pool, by its number; what is in one is locked with its stakers, so it can't be more than the supply. */
export function inStakingPools(store: Store): Map<number, InStakingPool> {
  const sql = `SELECT pool, sum(amount) AS staked, count(*) AS stakes FROM stakes
    WHERE state <> 'completed' AND pool IS NOT NULL GROUP BY pool`
  const rows = exact(store, sql).all() as { pool: bigint; staked: bigint; stakes: bigint }[]
  return new Map(rows.map(({ pool, staked, stakes }) => [Number(pool), { stakedUnits: staked, stakes: Number(stakes) }]))
}

interface NewStake {
  entityId: string
  token: string
  trustHundredths: number
  /** of the entry that locks it */
  entry: bigint
}

/** Gives its number: 1, 2, 3 and so on, whatever its kind. */
export function insertFixedStake(store: Store, of: NewStake, stake: FixedStake): number {
  const { lastInsertRowid } = exact(
    store,
    `INSERT INTO stakes (entity, token, amount, apy_bps, trust, start_ts, entry, days, unstaking_sec, state)
     VALUES (@entityId, @token, @amountUnits, @apyBps, @trustHundredths, @startTs, @entry, @days, @unstakingSec, @state)`,
  ).run({ ...of, ...stake })
  return Number(lastInsertRowid)
}

/** Gives its number, as insertFixedStake does. */
export function insertPoolStake(store: Store, of: NewStake & { pool: number }, stake: PoolStake): number {
  const { lastInsertRowid } = exact(
    store,
    `INSERT INTO stakes (entity, token, amount, apy_bps, trust, start_ts, entry, pool, locked_until_ts, state)
     VALUES (@entityId, @token, @amountUnits, @apyBps, @trustHundredths, @startTs, @entry, @pool, @lockedUntilTs, @state)`,
  ).run({ ...of, ...stake })
  return Number(lastInsertRowid)
}

export function findStake(store: Store, number: number): StoredStake | null {
  const row = exact(store, 'SELECT * FROM stakes WHERE id = ?').get(number) as Row | undefined
  return row ? toStake(row) : null
}

/** A page, newest first. */
export function listStakes(store: Store, filter: StakeFilter, page: Page): { rows: StoredStake[]; total: number } {
  const from = `FROM stakes WHERE (@entityId IS NULL OR entity = @entityId) AND (@state IS NULL OR state = @state)
    AND (@kind IS NULL OR (pool IS NULL) = (@kind = 'fixed'))`
  return listed(store, from, { ...filter }, 'id DESC', page)
}

/** Those that are not back yet, in the order of their ends: of the term, of the waiting time, of the lock. `entityId` null: everybody's. */
export function listOpenStakes(store: Store, entityId: string | null, page: Page): { rows: StoredStake[]; total: number } {
  const from = "FROM stakes WHERE state <> 'completed' AND (@entityId IS NULL OR entity = @entityId)"
  return listed(store, from, { entityId }, 'coalesce(claimable_ts, locked_until_ts, start_ts + 86400 * days), id', page)
}

/** Fixed terms that are not back yet. */
export function openFixedStakes(store: Store): StoredFixedStake[] {
  const sql = "SELECT * FROM stakes WHERE state <> 'completed' AND pool IS NULL ORDER BY id"
  return (exact(store, sql).all() as Row[]).map(row => toStake(row) as StoredFixedStake)
}

/** Fixed terms that may have days to count. */
export function earningStakes(store: Store): StoredFixedStake[] {
  const sql = "SELECT * FROM stakes WHERE state = 'active' AND counted_days < days ORDER BY id"
  return (exact(store, sql).all() as Row[]).map(row => toStake(row) as StoredFixedStake)
}

/** Stakes that are back and whose reward is not all paid, what has been owed longest first. */
export function owedStakes(store: Store): StoredStake[] {
  const sql = "SELECT * FROM stakes WHERE paid < accrued AND state = 'completed' ORDER BY ended_ts, id"
  return (exact(store, sql).all() as Row[]).map(toStake)
}

/** What days were counted, what it has earned, and how far it is out. */
export function saveFixedStake(store: Store, { number, stake, paidUnits, endedTs }: StoredFixedStake): void {
  exact(
    store,
    `UPDATE stakes SET counted_days = @countedDays, accrued = @accruedUnits, state = @state, claimable_ts = @claimableTs, paid = @paidUnits,
       ended_ts = @endedTs WHERE id = @number`,
  ).run({ ...stake, number, paidUnits, endedTs })
}

export function savePoolStake(store: Store, { number, stake, accruedUnits, paidUnits, endedTs }: StoredPoolStake): void {
  exact(store, 'UPDATE stakes SET accrued = @accruedUnits, state = @state, paid = @paidUnits, ended_ts = @endedTs WHERE id = @number').run({
    ...{ number, accruedUnits, paidUnits, endedTs },
    state: stake.state,
  })
}

export function saveStake(store: Store, stored: StoredStake): void {
  if (stored.kind === 'fixed') saveFixedStake(store, stored)
  else savePoolStake(store, stored)
}

function listed(
  store: Store,
  from: string,
  values: Record<string, string | null>,
  order: string,
  { offset, limit }: Page,
): { rows: StoredStake[]; total: number } {
  const rows = exact(store, `SELECT * ${from} ORDER BY ${order} LIMIT @limit OFFSET @offset`).all({ ...values, limit, offset })
  const total = exact(store, `SELECT count(*) ${from}`).pluck().get(values)
  return { rows: (rows as Row[]).map(toStake), total: Number(total) }
}

function toPool(row: Row): StoredStakingPool {
  return {
    ...{ number: Number(row.id), name: row.name as string, token: row.token as string, apyBps: Number(row.apy_bps) },
    ...{ minStakeUnits: row.min_stake as bigint, maxStakeUnits: row.max_stake as bigint | null, lockDays: Number(row.lock_days) },
    ...{ minTrustHundredths: Number(row.min_trust), isActive: row.is_active === 1n, createdTs: Number(row.created_ts) },
  }
}

function toStake(row: Row): StoredStake {
  const kept: StakeKept = {
    ...{ number: Number(row.id), entityId: row.entity as string, token: row.token as string, trustHundredths: Number(row.trust) },
    ...{ paidUnits: row.paid as bigint, endedTs: row.ended_ts === null ? null : Number(row.ended_ts) },
  }
  const common = { amountUnits: row.amount as bigint, apyBps: Number(row.apy_bps), startTs: Number(row.start_ts) }
  const accruedUnits = row.accrued as bigint
  if (row.pool !== null) {
    const stake: PoolStake = {
      ...{ ...common, trustHundredths: kept.trustHundredths, lockedUntilTs: Number(row.locked_until_ts) },
      state: row.state as PoolStake['state'],
    }
    return { ...kept, kind: 'pool', pool: Number(row.pool), accruedUnits, stake }
  }
  const stake: FixedStake = {
    ...{ ...common, days: Number(row.days), unstakingSec: Number(row.unstaking_sec), countedDays: Number(row.counted_days), accruedUnits },
    ...{ state: row.state as FixedStake['state'], claimableTs: row.claimable_ts === null ? null : Number(row.claimable_ts) },
  }
  return { ...kept, kind: 'fixed', stake }
}
