import { z } from 'zod'
import { none, page, paged, periodIndex, textFile } from './contract-parts.ts'
import { bigintText, downtimeSchema, explanationSchema, resourceRuleSchema, rulesSchema, violationSchema } from './mint.ts'
import { projectionSchema } from './projection.ts'

/** Part of the contract (contract.ts): farms and nodes, their periods and receipts, and what needs the user. */

/** fine, at risk, down, asleep (power-managed), unknown (never seen): as of the last block that is known. */
export const nodeStateSchema = z.enum(['up', 'at-risk', 'down', 'asleep', 'unknown'])
export type NodeState = z.infer<typeof nodeStateSchema>

/** Something that needs the user: what, why, and the way out. */
export const attentionSchema = z.object({
  severity: z.enum(['down', 'at-risk', 'info']),
  kind: z.string(), // violation, down, late, slow-boot, sla-missed, sla-close, asleep-long, wake-soon, boot-due, no-address, address-invalid, provisional
  nodeId: z.number().nullable(),
  farmId: z.number().nullable(),
  title: z.string(),
  reason: z.string(),
  wayOut: z.string(),
  /** until when: to wake it, to boot, to be back */
  deadline: z.object({ what: z.enum(['wake', 'boot', 'back']), ts: z.number() }).nullable(),
})
export type Attention = z.infer<typeof attentionSchema>

const periodSummarySchema = z.object({
  index: periodIndex,
  start: z.number(),
  end: z.number(),
  /** the last block's time; less than `end` while the period runs */
  completeUntilTs: z.number(),
  /** whether the 27 h after the period are there too; if not, results may still change */
  provisional: z.boolean(),
  running: z.boolean(),
  nodes: z.number(),
  farms: z.number(),
  events: z.number(),
  /** nodes by outcome */
  paidNodes: z.number(),
  violatingNodes: z.number(),
  rewardUnits: bigintText,
  rewardMusd: bigintText,
  /** when this was computed, with which options */
  mintedTs: z.number(),
  resources: resourceRuleSchema,
})
export type PeriodSummary = z.infer<typeof periodSummarySchema>

const farmRowSchema = z.object({
  farmId: z.number(),
  name: z.string(),
  payoutAddress: z.string(),
  nodes: z.number(),
  up: z.number(),
  atRisk: z.number(),
  down: z.number(),
  asleep: z.number(),
  unknown: z.number(),
  earnedUnits: bigintText,
  staysUpUnits: bigintText,
  goesDownUnits: bigintText,
})
export type FarmRow = z.infer<typeof farmRowSchema>

export const overviewSchema = z.object({
  period: periodSummarySchema.nullable(),
  /** which rule set pays: under node-period the amounts are the sums of the nodes' own periods that run */
  rules: rulesSchema,
  /** seconds of the period that are known */
  elapsedSec: z.number(),
  states: z.record(nodeStateSchema, z.number()),
  /** the period is known to its end: `earned` is what it pays */
  over: z.boolean(),
  /** the sums of the nodes' projections (see projectionSchema) */
  earnedUnits: bigintText,
  earnedMusd: bigintText,
  staysUpUnits: bigintText,
  staysUpMusd: bigintText,
  goesDownUnits: bigintText,
  goesDownMusd: bigintText,
  /** nodes that can still meet their SLA, with under a tenth of their downtime budget left */
  budgetLow: z.number(),
  farms: z.array(farmRowSchema),
  attention: z.array(attentionSchema),
  attentionTotal: z.number(),
})
export type Overview = z.infer<typeof overviewSchema>

export const nodeRowSchema = z.object({
  nodeId: z.number(),
  farmId: z.number(),
  farmName: z.string(),
  twinId: z.number(),
  label: z.string(),
  note: z.string(),
  country: z.string(),
  city: z.string(),
  certified: z.boolean(),
  virtualized: z.boolean(),
  policyId: z.number(),
  state: nodeStateSchema,
  /** why the node is in that state, in a few words */
  stateReason: z.string(),
  violation: violationSchema.nullable(),
  uptimeSec: z.number(),
  /** uptime over the seconds of the period that are known */
  uptimePermille: z.number(),
  slaPermille: z.number(),
  lastReportTs: z.number().nullable(),
  sleepingSinceTs: z.number().nullable(),
  slowBoots: z.number(),
  rewardUnits: bigintText,
  rewardMusd: bigintText,
  /** of its projection (see projectionSchema) */
  earnedUnits: bigintText,
  earnedMusd: bigintText,
  staysUpUnits: bigintText,
  staysUpMusd: bigintText,
  goesDownUnits: bigintText,
  budgetSec: z.number().nullable(),
  allowedSec: z.number().nullable(),
  backByTs: z.number().nullable(),
  wakeByTs: z.number().nullable(),
  bootByTs: z.number().nullable(),
  payoutAddress: z.string(),
  hash: z.string(),
  /** seconds per day of the period; days that are not known yet have 0 in all three */
  days: z.object({ up: z.array(z.number()), asleep: z.array(z.number()), down: z.array(z.number()) }),
})
export type NodeRow = z.infer<typeof nodeRowSchema>

export const nodeSortSchema = z.enum([
  'nodeId',
  'label',
  'farm',
  'state',
  'uptime',
  'reward',
  'staysUp',
  'goesDown',
  'budget',
  'lastReport',
])

const nodeFilter = {
  period: periodIndex.optional(),
  farmId: z.number().int().optional(),
  state: nodeStateSchema.optional(),
  /** one violation, or `any` */
  violation: z.union([violationSchema, z.literal('any')]).optional(),
  /** in id, label, note, farm, place, address */
  search: z.string().max(200).optional(),
}

/** One report as the chain has it, or a power event, for the timeline. */
const timelineEventSchema = z.object({
  block: z.number(),
  ts: z.number(),
  kind: z.enum(['report', 'target-up', 'target-down', 'state-up', 'state-down', 'stored', 'updated', 'contract']),
  now: z.number().nullable(),
  uptime: z.number().nullable(),
})

export const nodeDetailSchema = z.object({
  row: nodeRowSchema,
  /** the node ids before and after it in the period; null at the ends */
  previousNodeId: z.number().nullable(),
  nextNodeId: z.number().nullable(),
  period: periodSummarySchema,
  projection: projectionSchema,
  resources: z.object({ cru: z.string(), mru: z.string(), hru: z.string(), sru: z.string() }),
  /** average use over the period, in per cent as the receipt says it, and IP hours */
  utilization: z.object({ cru: z.number(), mru: z.number(), hru: z.number(), sru: z.number(), ipHours: z.number() }),
  cloudUnits: z.object({ cu: z.string(), su: z.string(), nu: z.string() }),
  policyName: z.string(),
  connectionPriceMusd: z.number(),
  downtimes: z.array(downtimeSchema),
  timeline: z.array(timelineEventSchema),
  /** every period in the store that has this node */
  receipts: z.array(
    z.object({
      period: periodIndex,
      uptimeSec: z.number(),
      rewardUnits: bigintText,
      violation: violationSchema.nullable(),
      hash: z.string(),
      provisional: z.boolean(),
    }),
  ),
})
export type NodeDetail = z.infer<typeof nodeDetailSchema>

const receiptRowSchema = z.object({
  nodeId: z.number(),
  farmId: z.number(),
  farmName: z.string(),
  payoutAddress: z.string(),
  uptimeSec: z.number(),
  violation: violationSchema.nullable(),
  rewardMusd: bigintText,
  rewardUnits: bigintText,
  hash: z.string(),
})
export type ReceiptRow = z.infer<typeof receiptRowSchema>

export const nodeQueries = {
  'overview.get': { in: z.object({ farmId: z.number().int().optional() }), out: overviewSchema },
  'nodes.list': {
    in: z.object({
      ...nodeFilter,
      ...page,
      sort: nodeSortSchema.default('nodeId'),
      descending: z.boolean().default(false),
    }),
    out: paged(nodeRowSchema).extend({
      rewardUnits: bigintText,
      staysUpUnits: bigintText,
      farms: z.array(z.object({ farmId: z.number(), name: z.string() })),
    }),
  },
  'nodes.csv': { in: z.object(nodeFilter), out: textFile },
  'node.get': { in: z.object({ nodeId: z.number().int(), period: periodIndex.optional() }), out: nodeDetailSchema },
  'node.explain': {
    in: z.object({ nodeId: z.number().int(), period: periodIndex.optional(), rules: rulesSchema.default('v3') }),
    out: explanationSchema,
  },
  'periods.list': { in: none, out: z.array(periodSummarySchema) },
  'receipts.list': {
    in: z.object({
      period: periodIndex,
      search: z.string().max(200).optional(),
      ...page,
      sort: z.enum(['nodeId', 'farm', 'uptime', 'reward']).default('nodeId'),
      descending: z.boolean().default(false),
    }),
    out: paged(receiptRowSchema),
  },
  'receipts.csv': { in: z.object({ period: periodIndex }), out: textFile },
  /** nodes, farms, periods and receipts that hold the text in their title or detail, the best first; receipts whose hash begins with it; for the command palette */
  'search.find': {
    in: z.object({ text: z.string().max(200), limit: z.number().int().min(1).max(50).default(20) }),
    out: z.array(
      z.object({
        kind: z.enum(['node', 'farm', 'period', 'receipt']),
        id: z.string(),
        title: z.string(),
        detail: z.string(),
        nodeId: z.number().nullable(),
        period: periodIndex.nullable(),
      }),
    ),
  },
} as const

export const nodeCommands = {
  'node.setLabel': { in: z.object({ nodeId: z.number().int(), label: z.string().max(80), note: z.string().max(2000) }), out: none },
} as const
