import { z } from 'zod'
import { none, paged, treasuryPage } from '../contract-parts.ts'
import { amountText, sumText } from './amounts.ts'
import { entityRef } from './entities.ts'
import { treasuryCommand, treasuryQuery } from './row.ts'
import { fixedStakeStates } from './staking.ts'
import { balanceSchema, tokenName } from './tokens-table.ts'

const id = z.string().trim().min(1).max(40)
const ts = z.number()
/** `everybody`: of all, for whoever names no entity */
const whose = { stakerId: entityRef.optional(), everybody: z.boolean().default(false) }

export const stakeKinds = ['fixed', 'pool'] as const

/** What a stake is, whatever its kind. */
const position = {
  /** `stake-…` */
  id: z.string(),
  /** `fixed`: AZR for a term, rewarded out of the staking pool's wallet. `pool`: rewarded in BTA-REWARD, which is minted */
  kind: z.enum(stakeKinds),
  stakerId: z.string(),
  stakerName: z.string(),
  token: z.string(),
  /** staked: put aside with the staker, and comes back in full */
  amount: amountText,
  rewardToken: z.string(),
}

export const stakeSchema = z.object({
  ...position,
  /** a year's reward in hundredths of a percent, that of the day of staking */
  apyBps: z.number(),
  /** of the staker when it was staked, 0 to 100 */
  trust: z.number(),
  startTs: ts,
  /** the agreed term; null: in a pool */
  days: z.number().nullable(),
  /** `spool-…`; null: a fixed term */
  poolId: z.string().nullable(),
  poolName: z.string().nullable(),
  /** `unstaking`: out of its term, and waits until it can be claimed */
  state: z.enum(fixedStakeStates),
  /** its term is over, or its lock: what is unstaked before that is an early exit, or refused */
  endsTs: ts,
  /** when all of it can be had: if it is unstaked at its end, or as it was */
  outTs: ts,
  /** whole days that have earned; null: in a pool, where each second does */
  countedDays: z.number().nullable(),
  /** reward up to now, or up to when it was unstaked */
  accrued: amountText,
  /** reward of the whole term; null: in a pool, which has none */
  atEnd: amountText.nullable(),
  /** of the reward, what was paid */
  paid: amountText,
  /** of the reward, what fell due and could not be paid yet; the daily job pays it as soon as it can */
  owed: amountText,
  /** when the stake came back; null: not yet */
  endedTs: ts.nullable(),
})
export type Stake = z.output<typeof stakeSchema>

/** What unstaking (or claiming, where it waits) would give. */
const payout = z.object({
  /** when it can be had: now, or at the end of the waiting time or lock */
  outTs: ts,
  principal: amountText,
  reward: amountText,
  /** of the reward, what could be paid if it were out now; the rest would be owed */
  payable: amountText,
  /** reward that the days left would still earn: an early exit goes without; null: in a pool, or already unstaked */
  forgone: amountText.nullable(),
})

export const stakingPoolSchema = z.object({
  /** `spool-…` */
  id: z.string(),
  name: z.string(),
  token: z.string(),
  /** hundredths of a percent a year; earned by the second */
  apyBps: z.number(),
  minStake: amountText,
  /** of one stake; null: no limit */
  maxStake: amountText.nullable(),
  /** days; 0: out at any time */
  lockDays: z.number(),
  /** 0 to 100, with 2 decimals at most */
  minTrust: z.number(),
  rewardToken: z.string(),
  /** false: it takes no stakes; what is in it earns and comes out as before */
  isActive: z.boolean(),
  createdTs: ts,
  /** what is in it, and of how many stakes */
  staked: sumText,
  stakes: z.number(),
  /** what the amount that was asked about yields in a year; null: none was, or the pool does not take it */
  yearly: amountText.nullable(),
})
export type StakingPoolShown = z.output<typeof stakingPoolSchema>

/** Staking: fixed terms of AZR, and pools of other tokens. */
export const stakingRows = {
  'staking.terms': treasuryQuery({
    about: 'the fixed terms side by side: what an amount yields with each, and how long it waits once it is unstaked; or one term alone',
    in: z.object({
      /** absent: 1000 */
      amount: amountText.optional(),
      days: z.number().optional(),
    }),
    out: z.object({
      token: z.string(),
      amount: amountText,
      minimum: amountText,
      minDays: z.number(),
      maxDays: z.number(),
      rows: z.array(
        z.object({
          days: z.number(),
          apyBps: z.number(),
          /** of the whole term */
          reward: amountText,
          /** 0: paid out at once */
          unstakingSec: z.number(),
        }),
      ),
    }),
    who: 'anyone',
    rest: { method: 'GET', path: '/staking/terms', scope: 'staking:read' },
    cli: { words: 'staking terms', args: ['amount', 'days'] },
  }),
  'staking.pools': treasuryQuery({
    about: 'the staking pools: what they yield, their lock, limits and minimum trust, what is in them',
    in: z.object({ amount: amountText.optional() }),
    out: z.object({ rows: z.array(stakingPoolSchema) }),
    who: 'anyone',
    rest: { method: 'GET', path: '/staking/pools', scope: 'staking:read' },
    cli: { words: 'staking pools' },
  }),
  'staking.createPool': treasuryCommand({
    about: 'make a staking pool; its rewards are minted in BTA-REWARD',
    in: z.object({
      name: z.string().trim().min(1).max(60),
      token: tokenName,
      apyBps: z.int().min(0).max(100_000),
      minStake: amountText.optional().describe('the smallest stake; absent: anything above 0'),
      maxStake: amountText.optional().describe('the largest; absent: no limit'),
      lockDays: z.int().min(0).max(3_650).default(0).describe('0: out at any time'),
      minTrust: z.number().min(0).max(100).default(0).describe('trust that staking takes, with 2 decimals at most'),
    }),
    out: stakingPoolSchema,
    who: 'administrator',
    rest: { method: 'POST', path: '/staking/pools', scope: 'staking:write' },
    cli: { words: 'staking create-pool', args: ['name', 'token', 'apyBps'] },
  }),
  'staking.setPool': treasuryCommand({
    about: 'let a staking pool take stakes, or take none any more; what is in it stays as it is',
    in: z.object({ poolId: id, isActive: z.boolean().default(false).describe('it takes stakes; without this it takes none') }),
    out: stakingPoolSchema,
    who: 'administrator',
    rest: null,
    cli: { words: 'staking set-pool', args: ['poolId'] },
  }),
  'staking.stake': treasuryCommand({
    about: 'stake: AZR for so many days, or into a staking pool; it is locked with you, and earns from now on',
    in: z.object({
      amount: amountText,
      days: z.number().optional().describe('a fixed term of AZR, whole days'),
      poolId: id.optional().describe('or the staking pool, e.g. spool-1'),
    }),
    out: z.object({ stake: stakeSchema, balance: balanceSchema }),
    who: 'entity',
    rest: { method: 'POST', path: '/staking/stake', scope: 'staking:write' },
    cli: { words: 'staking stake', args: ['amount'] },
  }),
  'staking.quote': treasuryQuery({
    about: 'what unstaking a stake of your own would give now, and what an early exit goes without, before anything is done',
    in: z.object({ stakeId: id }),
    out: payout,
    who: 'owner',
    rest: null,
    cli: { words: 'staking quote', args: ['stakeId'] },
  }),
  'staking.unstake': treasuryCommand({
    about:
      'unstake: its reward grows no more; a short term and a stake in a pool come back at once, a longer term can be claimed after its waiting time',
    in: z.object({ stakeId: id }),
    out: z.object({ stake: stakeSchema, balance: balanceSchema }),
    who: 'entity',
    rest: { method: 'POST', path: '/staking/unstake/:stakeId', scope: 'staking:write' },
    cli: { words: 'staking unstake', args: ['stakeId'] },
  }),
  'staking.claim': treasuryCommand({
    about: 'take back a stake whose waiting time is over, with its reward',
    in: z.object({ stakeId: id }),
    out: z.object({ stake: stakeSchema, balance: balanceSchema }),
    who: 'entity',
    rest: { method: 'POST', path: '/staking/claim/:stakeId', scope: 'staking:write' },
    cli: { words: 'staking claim', args: ['stakeId'] },
  }),
  'staking.stakes': treasuryQuery({
    about: "an entity's stakes, newest first, with what they have earned up to now",
    in: z.object({ ...whose, kind: z.enum(stakeKinds).optional(), state: z.enum(fixedStakeStates).optional(), ...treasuryPage }),
    out: paged(stakeSchema),
    who: 'anyone',
    rest: { method: 'GET', path: '/staking/stakes/:stakerId?', scope: 'staking:read' },
    cli: { words: 'staking stakes', args: ['stakerId'] },
  }),
  'staking.get': treasuryQuery({
    about: 'one stake with what it has earned up to now',
    in: z.object({ stakeId: id }),
    out: stakeSchema,
    who: 'anyone',
    rest: { method: 'GET', path: '/staking/stake/:stakeId', scope: 'staking:read' },
    cli: { words: 'staking get', args: ['stakeId'] },
  }),
  'staking.calendar': treasuryQuery({
    about: 'what ends when: of every stake that is not back yet, when its term, waiting time or lock is over, the next one first',
    in: z.object({ ...whose, ...treasuryPage }),
    out: z.object({
      rows: z.array(
        z.object({
          ts,
          /** `ends`: its term is over. `claimable`: it can be claimed. `unlocks`: it can be taken out of its pool */
          what: z.enum(['ends', 'claimable', 'unlocks']),
          ...position,
          /** reward by then */
          reward: amountText,
          /** when all of it can be had */
          outTs: ts,
        }),
      ),
      total: z.number(),
    }),
    who: 'anyone',
    rest: { method: 'GET', path: '/staking/calendar', scope: 'staking:read' },
    cli: { words: 'staking calendar', args: ['stakerId'] },
  }),
  'staking.wallet': treasuryQuery({
    about: "the staking pool's wallet, which the rewards of fixed terms come from: what it has, what it owes, what is being earned",
    in: none,
    out: z.object({
      /** whom to fund so that it can pay: `staking-pool` */
      walletId: z.string(),
      token: z.string(),
      available: amountText,
      /** rewards that fell due and it could not pay yet, and of how many stakes */
      owed: sumText,
      owedStakes: z.number(),
      /** rewards of stakes that are not back yet, up to now */
      earning: sumText,
      /** what the stakes of today earn until all their terms are over, besides that */
      toCome: sumText,
      /** BTA-REWARD of pools that could not be minted, as there may be no more of it */
      mintOwed: sumText,
    }),
    who: 'anyone',
    rest: null,
    cli: { words: 'staking wallet' },
  }),
}
