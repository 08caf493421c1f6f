import { z } from 'zod'
import { none, treasuryPage } from '../contract-parts.ts'
import { amountText, sumText } from './amounts.ts'
import { entityRef } from './entities.ts'
import { treasuryCommand, treasuryQuery } from './row.ts'
import { balanceSchema } from './tokens-table.ts'

const poolId = z.string().trim().min(1).max(40)
const ts = z.number()

/** What the settings say of a pool (pools.list). */
const poolTerms = {
  id: z.string(),
  name: z.string(),
  token: z.string(),
  /** simple interest per whole hour, hundredths of a percent a year */
  apyBps: z.number(),
  rewardType: z.enum(['staking', 'liquidity', 'farming']),
  /** false: it takes no deposits; what is in it earns and comes out as before */
  isActive: z.boolean(),
}

export const poolSchema = z.object({
  ...poolTerms,
  /** what is in it, earning; locked with its depositors */
  deposited: sumText,
  /** how many have something in it */
  depositors: z.number(),
  /** what all that is in it earns in a day, rounded down */
  earnsADay: sumText,
  /** whom to fund so that it can pay: `pool:<id>` */
  reserveId: z.string(),
  /** what the reserve has for rewards */
  reserve: amountText,
  /** rewards that are earned and have not fallen due, which they do at a withdrawal */
  earning: sumText,
  /** rewards that fell due and the reserve could not pay; it pays as soon as it can */
  owed: sumText,
  /** rewards that were ever paid */
  paid: sumText,
})
export type Pool = z.output<typeof poolSchema>

export const poolPositionSchema = z.object({
  poolId: z.string(),
  name: z.string(),
  token: z.string(),
  apyBps: z.number(),
  /** what is in the pool, earning */
  deposited: amountText,
  /** as far as they are still in it, oldest first: that is the order in which withdrawals take them */
  deposits: z.array(
    z.object({
      /** what is left of it */
      amount: amountText,
      ts,
      /** of the depositor then, 0 to 100 */
      trust: z.number(),
    }),
  ),
  /** reward of every whole hour up to now, ever */
  accrued: amountText,
  /** of that, what a withdrawal would make due now */
  earning: amountText,
  /** what fell due and the reserve could not pay yet */
  owed: amountText,
  /** what was ever paid */
  paid: amountText,
  /** false: all was withdrawn */
  isActive: z.boolean(),
})
export type PoolPosition = z.output<typeof poolPositionSchema>

/** `returned` = `withdrawn` + `rewardPaid`. */
const withdrawal = {
  withdrawn: amountText,
  /** out of the pool's reserve; what was owed before is part of it */
  rewardPaid: amountText,
  returned: amountText,
  /** deposited and still earning */
  remaining: amountText,
  /** reward that the reserve can not pay now */
  owed: amountText,
}

export const poolYieldSchema = z.object({
  ts,
  poolId: z.string(),
  token: z.string(),
  amount: amountText,
  /** `owed`: by the hourly job, of what the reserve could not pay before */
  by: z.enum(['withdrawal', 'owed']),
  /** number of the entry in the ledger */
  entry: z.number(),
})
export type PoolYield = z.output<typeof poolYieldSchema>

/** Pools: what is put in earns by the hour, paid from the pool's own reserve. */
export const poolRows = {
  'pools.list': treasuryQuery({
    about: 'the pools, with what they yield, what is in them, what their reserves have and what they owe',
    in: none,
    out: z.object({ rows: z.array(poolSchema) }),
    who: 'anyone',
    rest: { method: 'GET', path: '/defi/pools', scope: 'pools:read' },
    cli: { words: 'pools list' },
  }),
  'pools.deposit': treasuryCommand({
    about: 'put something into a pool: it is locked with you, and earns from now on',
    in: z.object({ id: poolId, amount: amountText }),
    out: z.object({ position: poolPositionSchema, balance: balanceSchema }),
    who: 'entity',
    rest: { method: 'POST', path: '/defi/pools/:id/deposit', scope: 'pools:write' },
    cli: { words: 'pools deposit', args: ['id', 'amount'] },
  }),
  'pools.withdraw': treasuryCommand({
    about: 'take something out of a pool, the oldest deposit first, with the whole reward that is earned',
    in: z.object({ id: poolId, amount: amountText }),
    out: z.object({ ...withdrawal, position: poolPositionSchema, balance: balanceSchema }),
    who: 'entity',
    rest: { method: 'POST', path: '/defi/pools/:id/withdraw', scope: 'pools:write' },
    cli: { words: 'pools withdraw', args: ['id', 'amount'] },
  }),
  'pools.quote': treasuryQuery({
    about: 'what a withdrawal of your own would give now, before anything moves',
    in: z.object({ id: poolId, amount: amountText }),
    out: z.object(withdrawal),
    who: 'owner',
    rest: null,
    cli: { words: 'pools quote', args: ['id', 'amount'] },
  }),
  'pools.positions': treasuryQuery({
    about: 'what an entity has in the pools, with its deposits and what they have earned',
    in: z.object({ entityId: entityRef.optional() }),
    out: z.object({ entityId: z.string(), rows: z.array(poolPositionSchema) }),
    who: 'anyone',
    rest: { method: 'GET', path: '/defi/positions', scope: 'pools:read' },
    cli: { words: 'pools positions', args: ['entityId'] },
  }),
  'pools.yields': treasuryQuery({
    about: 'what the pools have paid an entity, newest first, and what each has earned it in all',
    in: z.object({ entityId: entityRef.optional(), ...treasuryPage }),
    out: z.object({
      entityId: z.string(),
      rows: z.array(poolYieldSchema),
      total: z.number(),
      pools: z.array(poolPositionSchema.pick({ poolId: true, token: true, accrued: true, earning: true, owed: true, paid: true })),
    }),
    who: 'anyone',
    rest: { method: 'GET', path: '/defi/yields', scope: 'pools:read' },
    cli: { words: 'pools yields', args: ['entityId'] },
  }),
}
