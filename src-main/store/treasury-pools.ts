import type { Statement } from 'better-sqlite3'
import type { Deposit, PoolPosition } from '../engines/pools/pool.ts'
import { prepared } from './db.ts'
import type { Store } from './open.ts'

/* What is in the pools, and what they have paid (treasury-pools-tables.ts). Whoever writes here holds the transaction. */

export interface StoredDeposit extends Deposit {
  number: number
  /** of the depositor then */
  trust: number
}

export interface StoredPosition extends PoolPosition<StoredDeposit> {
  entityId: string
  pool: string
  /** when what is owed fell due; null: nothing is */
  owedTs: number | null
}

export interface StoredYield {
  entityId: string
  pool: string
  token: string
  ts: number
  amountUnits: bigint
  by: 'withdrawal' | 'owed'
  /** number of the entry in the ledger */
  entry: bigint
}

interface PositionRow {
  entity: string
  pool: string
  accrued: bigint
  accrued_rest: bigint
  due: bigint
  paid: bigint
  owed_ts: bigint | null
}

interface DepositRow {
  id: bigint
  entity: string
  pool: string
  left_in: bigint
  deposited_ts: bigint
  counted_hours: bigint
  trust: bigint
}

/** Integers as bigint. */
function exact(store: Store, sql: string): Statement {
  return prepared(store.books, sql).safeIntegers()
}

/** What an entity has or had in a pool; null: it never had anything in it. */
export function findPosition(store: Store, entityId: string, pool: string): StoredPosition | null {
  const row = exact(store, 'SELECT * FROM pool_positions WHERE entity = ? AND pool = ?').get(entityId, pool) as PositionRow | undefined
  if (!row) return null
  const sql = 'SELECT * FROM pool_deposits WHERE pool = ? AND entity = ? AND left_in > 0 ORDER BY id'
  return toPosition(row, exact(store, sql).all(pool, entityId) as DepositRow[])
}

/** All that an entity has or had in pools. */
export function positionsOf(store: Store, entityId: string): StoredPosition[] {
  const pools = exact(store, 'SELECT pool FROM pool_positions WHERE entity = ? ORDER BY pool').pluck().all(entityId) as string[]
  return pools.map(pool => findPosition(store, entityId, pool)!)
}

/** A pool's positions that have something in it or are owed something; what has been owed longest first. */
export function positionsIn(store: Store, pool: string): StoredPosition[] {
  const isUsed = exact(store, 'SELECT 1 FROM pool_positions WHERE pool = ? LIMIT 1').get(pool) !== undefined
  if (!isUsed) return []
  const byEntity = new Map<string, DepositRow[]>()
  const deposits = exact(store, 'SELECT * FROM pool_deposits WHERE pool = ? AND left_in > 0 ORDER BY entity, id')
  for (const row of deposits.iterate(pool) as IterableIterator<DepositRow>) {
    const own = byEntity.get(row.entity)
    if (own) own.push(row)
    else byEntity.set(row.entity, [row])
  }
  const rows = exact(store, 'SELECT * FROM pool_positions WHERE pool = ? ORDER BY owed_ts IS NULL, owed_ts, entity').all(
    pool,
  ) as PositionRow[]
  return rows
    .filter(({ entity, owed_ts }) => owed_ts !== null || byEntity.has(entity))
    .map(row => toPosition(row, byEntity.get(row.entity) ?? []))
}

/** What of a pool is in use, beside what the settings say of it. Sums may come to more than an amount can hold. */
export interface PoolTotals {
  depositors: number
  depositedUnits: bigint
  accruedUnits: bigint
  dueUnits: bigint
  paidUnits: bigint
}

/** Of every pool that anybody ever put something into; accrued as far as it is written down. */
export function poolTotals(store: Store): Map<string, PoolTotals> {
  const totals = new Map<string, PoolTotals>()
  const rows = exact(store, 'SELECT * FROM pool_positions').iterate() as IterableIterator<PositionRow>
  for (const { pool, accrued, due, paid } of rows) {
    const sums = totals.get(pool) ?? { depositors: 0, depositedUnits: 0n, accruedUnits: 0n, dueUnits: 0n, paidUnits: 0n }
    sums.accruedUnits += accrued
    sums.dueUnits += due
    sums.paidUnits += paid
    totals.set(pool, sums)
  }
  // what is in a pool is locked with its depositors, so it can't be more than the supply
  const sql =
    'SELECT pool, count(DISTINCT entity) AS depositors, sum(left_in) AS deposited FROM pool_deposits WHERE left_in > 0 GROUP BY pool'
  for (const { pool, depositors, deposited } of exact(store, sql).all() as { pool: string; depositors: bigint; deposited: bigint }[]) {
    const sums = totals.get(pool)!
    sums.depositors = Number(depositors)
    sums.depositedUnits = deposited
  }
  return totals
}

/** `nowTs`: since when what is newly owed is owed. A new position is entered. */
export function savePosition(store: Store, position: Omit<StoredPosition, 'deposits'>, nowTs: number): void {
  const { entityId, pool, accruedUnits, accruedRest, dueUnits, paidUnits, owedTs } = position
  const owed = paidUnits === dueUnits ? null : (owedTs ?? nowTs)
  exact(
    store,
    `INSERT INTO pool_positions (entity, pool, accrued, accrued_rest, due, paid, owed_ts) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (entity, pool) DO UPDATE SET accrued = excluded.accrued, accrued_rest = excluded.accrued_rest, due = excluded.due,
       paid = excluded.paid, owed_ts = excluded.owed_ts`,
  ).run(entityId, pool, accruedUnits, accruedRest, dueUnits, paidUnits, owed)
}

export function insertDeposit(
  store: Store,
  {
    entityId,
    pool,
    amountUnits,
    ts,
    trust,
    entry,
  }: { entityId: string; pool: string; amountUnits: bigint; ts: number; trust: number; entry: bigint },
): void {
  exact(
    store,
    `INSERT INTO pool_deposits (entity, pool, amount, deposited_ts, trust, entry, left_in, counted_hours) VALUES (?, ?, ?, ?, ?, ?, ?, 0)`,
  ).run(entityId, pool, amountUnits, ts, trust, entry, amountUnits)
}

/** What is left of deposits and which of their hours are counted; those of `before` that are missing in `after` are all out. */
export function saveDeposits(store: Store, before: readonly StoredDeposit[], after: readonly StoredDeposit[]): void {
  const kept = new Map(after.map(deposit => [deposit.number, deposit]))
  const update = exact(store, 'UPDATE pool_deposits SET left_in = ?, counted_hours = ? WHERE id = ?')
  for (const { number, amountUnits, countedHours } of before) {
    const now = kept.get(number)
    if (now?.amountUnits === amountUnits && now.countedHours === countedHours) continue
    update.run(now?.amountUnits ?? 0n, now?.countedHours ?? countedHours, number)
  }
}

export function insertYield(store: Store, { entityId, pool, token, ts, amountUnits, by, entry }: StoredYield): void {
  exact(store, 'INSERT INTO pool_yields (entity, pool, token, ts, amount, by, entry) VALUES (?, ?, ?, ?, ?, ?, ?)').run(
    ...[entityId, pool, token, ts, amountUnits, by, entry],
  )
}

/** A page of what an entity was paid, newest first. */
export function listYields(
  store: Store,
  entityId: string,
  { offset, limit }: { offset: number; limit: number },
): { rows: StoredYield[]; total: number } {
  const rows = exact(store, 'SELECT * FROM pool_yields WHERE entity = ? ORDER BY id DESC LIMIT ? OFFSET ?').all(
    entityId,
    limit,
    offset,
  ) as {
    pool: string
    token: string
    ts: bigint
    amount: bigint
    by: StoredYield['by']
    entry: bigint
  }[]
  const total = exact(store, 'SELECT count(*) FROM pool_yields WHERE entity = ?').pluck().get(entityId) as bigint
  return {
    rows: rows.map(({ pool, token, ts, amount, by, entry }) => ({ entityId, pool, token, ts: Number(ts), amountUnits: amount, by, entry })),
    total: Number(total),
  }
}

function toPosition(
  { entity, pool, accrued, accrued_rest, due, paid, owed_ts }: PositionRow,
  deposits: readonly DepositRow[],
): StoredPosition {
  return {
    ...{ entityId: entity, pool, accruedUnits: accrued, accruedRest: accrued_rest, dueUnits: due, paidUnits: paid },
    owedTs: owed_ts === null ? null : Number(owed_ts),
    deposits: deposits.map(({ id, left_in, deposited_ts, counted_hours, trust }) => ({
      ...{ number: Number(id), amountUnits: left_in, depositedTs: Number(deposited_ts) },
      ...{ countedHours: Number(counted_hours), trust: Number(trust) },
    })),
  }
}
