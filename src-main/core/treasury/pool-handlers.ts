import type { Pool, PoolPosition, poolRows } from '../../../src-shared/treasury/pools-table.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import { accrue, depositedIn, earnsADayUnits, owedIn, type Withdrawal } from '../../engines/pools/pool.ts'
import type { Store } from '../../store/index.ts'
import { listYields, type PoolTotals, poolTotals, positionsIn, positionsOf, type StoredPosition } from '../../store/treasury-pools.ts'
import { resolveEntity } from './entities.ts'
import { actingEntity, askedEntity, type TreasuryCommandHandlers, type TreasuryContext, type TreasuryQueryHandlers } from './handlers.ts'
import { depositStored, type PoolSettings, planWithdrawal, poolOf, reserveId, reserveOf, withdrawStored } from './pools.ts'
import { tokenBalance } from './tokens.ts'

type PoolQueries = Pick<TreasuryQueryHandlers, Extract<keyof TreasuryQueryHandlers, keyof typeof poolRows>>
type PoolCommands = Pick<TreasuryCommandHandlers, Extract<keyof TreasuryCommandHandlers, keyof typeof poolRows>>

const NOTHING: PoolTotals = { depositors: 0, depositedUnits: 0n, accruedUnits: 0n, dueUnits: 0n, paidUnits: 0n }

/** Pools. At this machine everybody may look at them, as at accounts; a token of the REST door sees its own positions only. */
export function poolHandlers(books: Store): { queries: PoolQueries; commands: PoolCommands } {
  const queries: PoolQueries = {
    'pools.list': (_input, { config, nowTs }) => {
      const totals = poolTotals(books)
      return { rows: config['pools.list'].map(pool => shownPool(pool, totals.get(pool.id) ?? NOTHING, nowTs)) }
    },
    'pools.quote': ({ id, amount }, context) => shownWithdrawal(planWithdrawal(context, actingEntity(context), id, amount).withdrawal),
    'pools.positions': ({ entityId: named }, context) => {
      const entityId = asked(context, named)
      return { entityId, rows: shownPositions(context, entityId) }
    },
    'pools.yields': ({ entityId: named, offset, limit }, context) => {
      const entityId = asked(context, named)
      const { rows, total } = listYields(books, entityId, { offset, limit })
      return {
        entityId,
        rows: rows.map(({ pool, token, ts, amountUnits, by, entry }) => ({
          ...{ ts, poolId: pool, token, amount: amountUnits, by, entry: Number(entry) },
        })),
        total,
        pools: shownPositions(context, entityId),
      }
    },
  }
  const commands: PoolCommands = {
    'pools.deposit': ({ id, amount }, context) => {
      const entityId = actingEntity(context)
      depositStored(context, entityId, id, amount)
      return after(context, entityId, id)
    },
    'pools.withdraw': ({ id, amount }, context) => {
      const entityId = actingEntity(context)
      const withdrawal = withdrawStored(context, entityId, id, amount)
      return { ...shownWithdrawal(withdrawal), ...after(context, entityId, id) }
    },
  }

  function asked(context: TreasuryContext, named: string | undefined): string {
    return askedEntity(context, named === undefined ? null : resolveEntity(books, named))
  }

  function after(context: TreasuryContext, entityId: string, id: string) {
    const position = shownPositions(context, entityId).find(({ poolId }) => poolId === id)
    if (!position) throw refuse('pools.unknown')
    return { position, balance: tokenBalance(books, entityId, position.token) }
  }

  function shownPool(
    pool: PoolSettings,
    { depositors, depositedUnits, accruedUnits, dueUnits, paidUnits }: PoolTotals,
    nowTs: number,
  ): Pool {
    // what the hours since the last slot have earned is not written down yet
    const sinceUnits = positionsIn(books, pool.id).reduce(
      (sum, position) => sum + accrue(position, pool.apyBps, nowTs).accruedUnits - position.accruedUnits,
      0n,
    )
    return {
      ...pool,
      ...{ deposited: depositedUnits, depositors, earnsADay: earnsADayUnits(depositedUnits, pool.apyBps) },
      ...{ reserveId: reserveId(pool.id), reserve: reserveOf(books, pool) },
      ...{ earning: accruedUnits + sinceUnits - dueUnits, owed: dueUnits - paidUnits, paid: paidUnits },
    }
  }

  function shownPositions({ config, nowTs }: TreasuryContext, entityId: string): PoolPosition[] {
    return positionsOf(books, entityId).flatMap(position => {
      // a pool that was used can't be left out of the settings
      const pool = poolOf(config, position.pool)
      return pool ? [shownPosition(pool, position, nowTs)] : []
    })
  }

  return { queries, commands }
}

/** As it stands at `nowTs`, with what the hours up to then have earned. */
function shownPosition({ id, name, token, apyBps }: PoolSettings, stored: StoredPosition, nowTs: number): PoolPosition {
  const position = accrue(stored, apyBps, nowTs)
  const { accruedUnits, dueUnits, paidUnits, deposits } = position
  return {
    ...{ poolId: id, name, token, apyBps, deposited: depositedIn(position) },
    deposits: deposits.map(({ amountUnits, depositedTs, trust }) => ({ amount: amountUnits, ts: depositedTs, trust })),
    ...{ accrued: accruedUnits, earning: accruedUnits - dueUnits, owed: owedIn(position), paid: paidUnits, isActive: deposits.length > 0 },
  }
}

function shownWithdrawal({ withdrawnUnits, rewardPaidUnits, returnedUnits, remainingUnits, owedUnits }: Withdrawal) {
  return {
    ...{ withdrawn: withdrawnUnits, rewardPaid: rewardPaidUnits, returned: returnedUnits, remaining: remainingUnits, owed: owedUnits },
  }
}
