import { z } from 'zod'

/** A whole amount of any size: a bigint in the program, a decimal string on the wire. */
export const bigintText = z.codec(z.string().regex(/^-?\d{1,80}$/), z.bigint(), {
  decode: text => BigInt(text),
  encode: value => value.toString(),
})

export const rulesSchema = z.enum(['v3', 'node-period'])
export type Rules = z.infer<typeof rulesSchema>

/** Which resources pay: those of the last update (as the program in use does) or the period's minimum (as the rules' text says). */
export const resourceRuleSchema = z.enum(['latest', 'minimum'])
export type ResourceRule = z.infer<typeof resourceRuleSchema>

export const violations = [
  'UptimeTooHigh',
  'UptimeTooLow',
  'InvalidReboot',
  'ClockSkew',
  'BootRequestExpired',
  'MissingTwin',
  'MissingRelay',
  'InvalidPublicKey',
] as const
export const violationSchema = z.enum(violations)
export type Violation = z.infer<typeof violationSchema>

/** Plain evidence beside a step: chain figures by name; a u64 beyond 2^53 is a decimal string. */
export const evidenceSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
export type Evidence = z.infer<typeof evidenceSchema>

export const stepKinds = [
  'first-report', // the first report in the period
  'report', // an ordinary report, credited
  'reboot', // the node restarted since the last report
  'too-high', // violation UptimeTooHigh: remembered, nothing credited
  'too-low', // violation UptimeTooLow: not remembered
  'invalid-reboot', // violation InvalidReboot: not remembered
  'ignored', // a report that does not count: asleep, or only one of the two power marks
  'sleep', // goes to sleep; credits the time since the last report, if there was one in the period (see sleepRules)
  'boot-request', // asked to boot
  'wake', // back in time: the whole sleep is credited
  'wake-refused', // back too late (slept over 24 h) or too slowly (over 30 min to boot): nothing credited
  'boot-expired', // a boot request that was still open at the end of the reading: one slow boot
  'stored', // NodeStored: the node starts afresh
  'updated', // NodeUpdated
  'post-report', // a report after the period: what lies inside it is credited
  'post-reboot',
  'post-wake',
  'tail', // from the last point to the period's end: nobody reported, nothing credited; evidence `pending`: not lost, as it may still be credited, `notKnownYet` where it is not known what happened
  'twin', // violation of the node's twin
  // rule set node-period only
  'carried', // what the state held with which the reading begins
  'late', // a report that lags: refused without a violation, the node must report again
  'period-end', // the part of a report that lies before the period's end
  'period-begin', // the part of a report that lies after the end of the period before
  'capped', // uptime beyond the period's length is cut when it is saved
  'rent', // a rent contract: its reports count the whole node
  'rent-end',
] as const
export const stepKindSchema = z.enum(stepKinds)
export type StepKind = z.infer<typeof stepKindSchema>

/**
 * One thing that happened to a node and what it did to its uptime. Steps that move the clock on cover the period without
 * a gap: each goes from the last accounted second to its own, `elapsedSec = toTs - fromTs`, of which `creditedSec` count
 * and `lostSec = elapsedSec - creditedSec` do not (negative where the rules credit more than passed). Steps that do not move
 * the clock (a boot request, a report that is ignored) have all three 0. So the sum of `creditedSec` is the measured uptime and
 * the sum of `elapsedSec` is the period's length plus what a report in the end block reaches beyond it.
 */
export const stepSchema = z.object({
  kind: stepKindSchema,
  /** the clause of minting.md, e.g. `v3 uptime report 3` */
  rule: z.string(),
  /** block and time of the event; null for what is concluded at the end without an event */
  block: z.number().nullable(),
  ts: z.number(),
  fromTs: z.number(),
  toTs: z.number(),
  elapsedSec: z.number(),
  creditedSec: z.number(),
  lostSec: z.number(),
  /** set by this step (the first one stays the node's violation) */
  violation: violationSchema.nullable(),
  evidence: evidenceSchema,
})
export type Step = z.infer<typeof stepSchema>

/** A stretch in which the node did not count as up, with what is known of it. */
export const downtimeSchema = z.object({
  fromTs: z.number(),
  toTs: z.number(),
  /** seconds of it that were not credited */
  lostSec: z.number(),
  /** why: not seen yet, restarted, reports too far apart, sleep refused, not seen any more, report refused */
  cause: z.enum(['not-seen-yet', 'reboot', 'gap', 'sleep-refused', 'not-seen-after', 'refused']),
  /** of a sleep that was refused: asleep for over 24 h, over 30 min to boot, or both */
  sleep: z.enum(['too-long', 'too-slow', 'both']).optional(),
  block: z.number().nullable(),
})
export type Downtime = z.infer<typeof downtimeSchema>

export const violationDetailSchema = z.object({
  violation: violationSchema,
  block: z.number().nullable(),
  ts: z.number().nullable(),
  /** the two data points that contradict each other, where there are two: the remembered report and the new one */
  before: evidenceSchema.nullable(),
  after: evidenceSchema.nullable(),
})
export type ViolationDetail = z.infer<typeof violationDetailSchema>

/** One line of the payout's derivation: `formula` with the inputs filled in gives `value` (exact, in `unit`). */
export const derivationLineSchema = z.object({
  name: z.string(), // cu, su, nu, ip-hours, base-usd, ip-usd, certified, tokens, permille, sla, usd, tft
  formula: z.string(),
  value: z.string(),
  unit: z.string(),
  note: z.string().nullable(),
})
export type DerivationLine = z.infer<typeof derivationLineSchema>

/** Why a node earns what it earns in one period: every credit, every loss, every rule, down to the sum. */
export const explanationSchema = z.object({
  nodeId: z.number(),
  period: z.object({ index: z.number(), start: z.number(), end: z.number() }),
  rules: rulesSchema,
  resources: resourceRuleSchema,
  provisional: z.boolean(),
  steps: z.array(stepSchema),
  downtimes: z.array(downtimeSchema),
  violation: violationDetailSchema.nullable(),
  measuredUptimeSec: z.number(),
  elapsedSec: z.number(),
  lostSec: z.number(),
  slowBoots: z.number(),
  derivation: z.array(derivationLineSchema),
  rewardMusd: bigintText,
  rewardUnits: bigintText,
  hash: z.string(),
  receipt: z.string(),
})
export type Explanation = z.infer<typeof explanationSchema>

/** Something that a person must look at (problems.json). */
export const problemSchema = z.object({
  kind: z.string(), // address-invalid, address-missing, trustline-unchecked, provisional, inconsistent, deviation, spreadsheet-cell, ...
  subject: z.string(), // `farm 3`, `node 17`
  message: z.string(), // what is wrong and the way out
})
export type Problem = z.infer<typeof problemSchema>

/** Seconds up, asleep and down for each day of the period (day 0 begins at the period's start; the last day is short). */
export interface DayTally {
  up: number[]
  asleep: number[]
  down: number[]
}

/** What is still open of a node when the data ends; for projections. */
export interface Outlook {
  /** when it was asked to boot, seconds; null: it was not, or it came back */
  requestTs: number | null
  /** whether that request is a slow boot if it stays open (not the start block's, not from after the end), and whether it counts as one already */
  requestCounts: boolean
  requestSlow: boolean
  /** the violation that its twin is as soon as the node has uptime */
  twin: Violation | null
}

/** What minting one node gives. */
export interface NodeResult {
  nodeId: number
  twinId: number
  farmId: number
  farmName: string
  payoutAddress: string
  policyId: number
  certified: boolean
  virtualized: boolean
  country: string
  city: string
  violation: Violation | null
  measuredUptimeSec: number
  slowBoots: number
  /** the last report that the rules remember, and since when the node sleeps; seconds, null if none */
  lastReportTs: number | null
  sleepingSinceTs: number | null
  rewardMusd: bigint
  rewardUnits: bigint
  /** what the full period up to the end would pay, SLA met and without a violation; for projections */
  fullMusd: bigint
  fullUnits: bigint
  /** least uptime permille that pays, and whether the payout scales with uptime */
  slaPermille: number
  scaled: boolean
  /** null where nothing is open, and once the period's result is final */
  outlook: Outlook | null
  /** the receipt's exact bytes (UTF-8) and their blake2b-256, hex */
  receipt: string
  hash: string
  /** this node's line of overview.csv, without the line feed */
  overviewLine: string
  days: DayTally
}
