import { z } from 'zod'
import { amountText, formatAmount } from './amounts.ts'
import { defaultTokens } from './tokens.ts'

/*
 * Every number of the treasury that can be changed, in one place: what it means, its unit, what it may be, and what it is where nobody
 * changed it (tokenomics.md). Values stand here, in files and on the wire as JSON, amounts as decimal text.
 */

export interface Parameter<Schema extends z.ZodType> {
  /** what it means, for whoever changes it */
  about: string
  /** empty: it has none */
  unit: string
  schema: Schema
  normal: z.input<Schema>
  /** a vote on a PARAMETER_UPDATE may change it too */
  byVote?: true
}

function parameter<Schema extends z.ZodType>(
  about: string,
  unit: string,
  schema: Schema,
  normal: z.input<Schema>,
  more: { byVote?: true } = {},
): Parameter<Schema> {
  return { about, unit, schema, normal, ...more }
}

const bps = (most = 10_000) => z.int().min(0).max(most)
const percent = z.int().min(0).max(100)
const seconds = (least: number, most: number) => z.int().min(least).max(most)
const notNegative = amountText.refine(amountUnits => amountUnits >= 0n, 'This must not be below 0.')
const positive = amountText.refine(amountUnits => amountUnits > 0n, 'This must be above 0.')
const cron = z
  .string()
  .regex(/^\S+( \S+){4}$/, 'Enter minute, hour, day of the month, month and day of the week, e.g. 0 0 * * *.')
  .max(100)
const id = z.string().regex(/^[a-z0-9-]{1,40}$/, 'Small letters, digits and hyphens.')

function isRising(list: readonly number[]): boolean {
  return list.every((value, at) => at === 0 || value > list[at - 1]!)
}

const byVote = { byVote: true } as const

export const parameters = {
  'tokens.table': parameter(
    'the tokens: what each is for, what the treasury has of it to begin with, and the most that there may be (null: no limit); once tokens are initialised they stay as they are',
    'table',
    z
      .array(
        z
          .object({
            token: z
              .string()
              .regex(/^[A-Z][A-Z0-9]{0,9}(-[A-Z0-9]{1,9})?$/, 'Capital letters and digits, with at most one hyphen, e.g. BTA-GOV.'),
            purpose: z.string().trim().min(1).max(200),
            initial: notNegative,
            maximum: positive.nullable(),
          })
          .refine(
            ({ initial, maximum }) => maximum === null || initial <= maximum,
            'What there is to begin with must not be above the maximum.',
          ),
      )
      .max(50)
      .refine(rows => new Set(rows.map(row => row.token)).size === rows.length, 'Each token stands in one row.')
      .refine(rows => rows.every(row => row.token !== 'TFT'), 'TFT mirrors what was paid on Stellar; it has no row.')
      .refine(
        rows => defaultTokens.every(({ token }) => rows.some(row => row.token === token)),
        `The rules need these tokens: ${defaultTokens.map(({ token }) => token).join(', ')}.`,
      ),
    defaultTokens.map(({ token, purpose, initialUnits, maxUnits }) => ({
      ...{ token, purpose },
      ...{ initial: formatAmount(initialUnits), maximum: maxUnits === null ? null : formatAmount(maxUnits) },
    })),
  ),
  'tokens.uboFund': parameter('of the initial supply, what goes on to the UBO fund', 'AZR', notNegative, '10000000'),
  'tokens.rewardInflationBps': parameter(
    'yearly inflation of BTA-REWARD that is aimed at; reported, not enforced',
    'basis points',
    bps(),
    500,
    byVote,
  ),
  'payments.feeBps': parameter('fee of a payment, on top of it', 'basis points', bps(1_000), 10, byVote),
  'trust.terms': parameter(
    'better terms for higher trust: from which trust, how much less a year, and the most that is lent (null: no limit)',
    'table',
    z
      .array(z.object({ fromTrust: percent, rateDiscountBps: bps(1_500), limit: positive.nullable() }))
      .min(1)
      .max(20)
      .refine(rows => isRising(rows.map(({ fromTrust }) => fromTrust)), 'Each row begins at a higher trust than the one before.'),
    [{ fromTrust: 0, rateDiscountBps: 0, limit: null }],
  ),
  'governance.proposalMin': parameter('what whoever proposes has to hold, locked or not', 'BTA-GOV', notNegative, '1000', byVote),
  'governance.quorumPercent': parameter('of the circulating supply that has to vote', 'percent', z.int().min(1).max(100), 10, byVote),
  'governance.thresholdPercent': parameter('of the weight of yes and no that yes needs', 'percent', z.int().min(1).max(100), 50, byVote),
  'governance.voteDays': parameter('how long a vote is where whoever proposes does not say', 'days', z.int().min(1).max(365), 7),
  'staking.minimum': parameter('the smallest stake with a fixed term', 'AZR', positive, '1', byVote),
  'staking.minDays': parameter('the shortest fixed term', 'days', z.int().min(1).max(365), 30),
  'staking.maxDays': parameter('the longest fixed term', 'days', z.int().min(1).max(3_650), 365),
  'staking.apy': parameter(
    'yearly reward by the length of the term, from that many days on',
    'table',
    z
      .array(z.object({ fromDays: z.int().min(0).max(3_650), bps: bps() }))
      .min(1)
      .max(20)
      .refine(rows => isRising(rows.map(({ fromDays }) => fromDays)), 'Each row begins at more days than the one before.'),
    [
      { fromDays: 0, bps: 200 },
      { fromDays: 30, bps: 400 },
      { fromDays: 90, bps: 600 },
      { fromDays: 180, bps: 800 },
      { fromDays: 365, bps: 1_200 },
    ],
  ),
  'staking.unstakingFromDays': parameter('terms from that length on wait before they are paid out', 'days', z.int().min(0).max(3_650), 90),
  'staking.unstakingSec': parameter('how long they wait', 'seconds', seconds(0, 31_536_000), 604_800),
  'rewards.amounts': parameter(
    'rewards by their type and category',
    'table, AZR',
    z.record(z.string().max(40), z.record(z.string().max(40), positive)),
    {
      module_completion: { basic: '100', intermediate: '150', advanced: '200' },
      assessment_pass: { practical_exam: '300', code_audit: '400', capstone_project: '500' },
      certificate_achievement: { ckq_basic: '1000', ckq_advanced: '2000' },
      milestone_bonus: { first_module: '50', halfway_point: '150', final_project: '250' },
    },
  ),
  'rewards.uboWarnPercent': parameter('from which use of the UBO fund on it warns', 'percent', z.int().min(1).max(100), 80),
  'credit.minTrust': parameter('trust that an approved credit takes', 'of 100', percent, 60, byVote),
  'credit.maxRateBps': parameter('the highest yearly rate', 'basis points', bps(1_500), 1_500),
  'credit.maxTermMonths': parameter('the longest term', 'months', z.int().min(1).max(24), 24),
  'credit.usualRateBps': parameter('yearly rate where the analyst names none, and without one', 'basis points', bps(1_500), 500, byVote),
  'credit.usualTermMonths': parameter('term where the analyst names none, and without one', 'months', z.int().min(1).max(24), 12),
  'credit.fallbackMinTrust': parameter('trust that a credit takes where no analyst answers', 'of 100', percent, 70, byVote),
  'credit.fallbackLimit': parameter('the most that is lent where no analyst answers', 'AZR', positive, '1000', byVote),
  'credit.taxBps': parameter('metabolic tax: of every repayment', 'basis points', bps(9_000), 2_000),
  'credit.defaultAfterDays': parameter('a loan that is overdue for more whole days is defaulted', 'days', z.int().min(1).max(3_650), 90),
  'reinvest.studentsBps': parameter('of revenue, for students', 'basis points', bps(), 2_000),
  'reinvest.teamBps': parameter('of revenue, for the team; what is left of it is for infrastructure', 'basis points', bps(), 1_000),
  'reinvest.reserveBps': parameter('reserve on top of revenue, from external capital alone', 'basis points', bps(), 500),
  'pools.list': parameter(
    'the pools, with what they yield in a year',
    'table',
    z
      .array(
        z.object({
          id,
          name: z.string().trim().min(1).max(60),
          token: z.enum(['AZR', 'AZR-ETH']),
          apyBps: bps(100_000),
          rewardType: z.enum(['staking', 'liquidity', 'farming']),
          isActive: z.boolean(),
        }),
      )
      .max(50)
      .refine(rows => new Set(rows.map(row => row.id)).size === rows.length, 'Each pool has an id of its own.'),
    [
      { id: 'azr-staking', name: 'AZR Staking Pool', token: 'AZR', apyBps: 800, rewardType: 'staking', isActive: true },
      { id: 'liquidity-mining', name: 'Liquidity Mining', token: 'AZR-ETH', apyBps: 1_500, rewardType: 'liquidity', isActive: true },
      { id: 'yield-farming', name: 'Yield Farming', token: 'AZR', apyBps: 1_200, rewardType: 'farming', isActive: true },
      { id: 'high-yield', name: 'High Yield Pool', token: 'AZR', apyBps: 2_000, rewardType: 'staking', isActive: true },
    ],
  ),
  'curve.routerFeePpm': parameter(
    'what the router takes of a payment, for the burning manager; 0: nothing',
    'millionths',
    z.int().min(0).max(100_000),
    0,
  ),
  'curve.poolFeePpm': parameter(
    'fee of the pool beside a curve that is made from now on; it stays in the pool',
    'millionths',
    z.int().min(0).max(100_000),
    3_000,
  ),
  'guarantees.ratio': parameter('collateral of a guarantee for what is allocated; 1 is as much', 'ratio', notNegative, '1', byVote),
  'access.fee': parameter('fee for access to the platform, to the treasury; 0: free', 'BTA-UTIL', notNegative, '0', byVote),
  'watch.windowSec': parameter(
    'watchfulness: how far circles, and entities that pay each other, are looked back for',
    'seconds',
    seconds(3_600, 2_592_000),
    86_400,
  ),
  'watch.windowEntries': parameter('and over how many entries of the ledger at most', 'entries', z.int().min(100).max(50_000), 5_000),
  'watch.velocitySec': parameter('velocity: the time in which payments of one payer are counted', 'seconds', seconds(60, 604_800), 3_600),
  'watch.velocityPayments': parameter('more payments of one payer than this are marked', 'payments', z.int().min(1).max(10_000), 20),
  'watch.velocityAmount': parameter('more of one token than this is marked too; 0: any amount is usual', 'tokens', notNegative, '0'),
  'watch.circleMost': parameter('circles: the most payments of one that are followed', 'payments', z.int().min(3).max(8), 5),
  'watch.circleAmount': parameter('the smallest payment of a circle', 'tokens', positive, '10'),
  'watch.circleSharePercent': parameter(
    'payments of a circle are alike: none is below that share of the last one, nor the other way round',
    'percent',
    z.int().min(1).max(100),
    90,
  ),
  'watch.trustPartners': parameter(
    'trust of their own making: two that pay each other and have so many partners in common, who all pay each other',
    'entities',
    z.int().min(1).max(100),
    1,
  ),
  'jobs.collection': parameter('when overdue instalments are collected', 'schedule, UTC', cron, '0 0 * * *'),
  'jobs.stakingRewards': parameter('when staking rewards accrue', 'schedule, UTC', cron, '0 0 * * *'),
  'jobs.poolYields': parameter("when the pools' yields accrue", 'schedule, UTC', cron, '0 * * * *'),
  'jobs.auctions': parameter('when auctions that are over give back what is locked in them', 'schedule, UTC', cron, '0 * * * *'),
  'analyst.url': parameter(
    'address of an OpenAI-compatible endpoint without /chat/completions; empty: no analyst is asked',
    'address',
    z.string().trim().max(300),
    '',
  ),
  'analyst.model': parameter('the model that is asked', 'name', z.string().trim().max(200), ''),
  // Node's fetch gives up on its own after 300 s
  'analyst.timeoutSec': parameter('how long its answer is waited for', 'seconds', seconds(1, 290), 60),
  'analyst.structured': parameter(
    'whether it is asked for its answer in a fixed form, which some servers on this machine refuse',
    'yes or no',
    z.boolean(),
    true,
  ),
  'session.entityIdleSec': parameter('an entity that does nothing is locked after', 'seconds', seconds(30, 86_400), 1_800),
  'session.administratorIdleSec': parameter('the administrator is asked for again after', 'seconds', seconds(30, 3_600), 300),
  'rest.open': parameter(
    'whether programs on this machine are let in at the REST door, with tokens that entities make',
    'yes or no',
    z.boolean(),
    false,
  ),
  'rest.port': parameter('port of the REST door, on this machine only', '', z.int().min(1_024).max(65_535), 47_683),
  'rest.perMinute': parameter('requests that a token may make at the REST door', 'a minute', z.int().min(1).max(100_000), 600),
}

export type ParameterName = keyof typeof parameters
/** Every value, amounts in base units. */
export type TreasuryConfig = { readonly [N in ParameterName]: z.output<(typeof parameters)[N]['schema']> }

export function isParameter(name: string): name is ParameterName {
  return Object.hasOwn(parameters, name)
}

export const parameterNames = Object.keys(parameters) as ParameterName[]

/** A configuration as a file. */
export const configFileSchema = z.object({
  format: z.literal('granary-treasury-configuration'),
  version: z.literal(1),
  values: z.record(z.string().max(60), z.unknown()),
})
