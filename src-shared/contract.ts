import { z } from 'zod'
import { alertCommands, alertQueries } from './alerts-contract.ts'
import { backupCommands, backupQueries } from './backup-contract.ts'
import { chainCommands, chainQueries } from './chain-contract.ts'
import { chainCurveQueries } from './chain-curves.ts'
import { compareCommands, compareQueries } from './compare-contract.ts'
import { daoCommands, daoQueries } from './dao-contract.ts'
import { deskCommands, deskQueries } from './desk-contract.ts'
import type { PlainError } from './errors.ts'
import { exportCommands, exportQueries } from './exports-contract.ts'
import { givenFileQueries } from './given-file.ts'
import { helpQueries } from './help-contract.ts'
import { keyCommands, keyQueries } from './keys-contract.ts'
import { logCommands, logQueries } from './logs-contract.ts'
import { bigintText, downtimeSchema, explanationSchema, resourceRuleSchema, rulesSchema, violationSchema } from './mint.ts'
import { mintCommands, mintQueries } from './mints-contract.ts'
import { payCommands, payQueries } from './pay-contract.ts'
import { projectionSchema } from './projection.ts'
import { reviewQueries } from './review-contract.ts'
import {
  doctorReportSchema,
  endpointSchema,
  foundFarmSchema,
  liveNodeSchema,
  networkNameSchema,
  networkSchema,
  scopeSchema,
  syncConfigSchema,
  syncEstimateSchema,
  syncPhaseSchema,
  syncStateSchema,
} from './sync.ts'
import { treasuryCommands, treasuryQueries } from './treasury/table.ts'
import { vaultCommands, vaultQueries } from './vault-contract.ts'
import { voteCommands, voteQueries } from './votes-contract.ts'
import { whatIfQueries } from './what-if.ts'

/**
 * Everything that a page, a command line or a program can ask of the core. Queries read, commands change; what a command did is
 * seen when the topics it touched have changed and the page asks again. All times are seconds since the epoch.
 */

/** What can change. A notification names topics, never data. */
export const topicSchema = z.enum([
  'facts',
  'results',
  'jobs',
  'labels',
  'settings',
  'audit',
  'sync',
  'networks',
  'mints',
  'vault',
  'keys',
  'votes',
  'chain',
  'pay',
  'treasury',
  'alerts',
  'logs',
])
export type Topic = z.infer<typeof topicSchema>

const none = z.object({})
const page = { offset: z.number().int().min(0).default(0), limit: z.number().int().min(1).max(1000).default(200) }
const periodIndex = z.number().int()

/** fine, at risk, down, asleep (power-managed), unknown (never seen): as of the last block that is known. */
export const nodeStateSchema = z.enum(['up', 'at-risk', 'down', 'asleep', 'unknown'])
export type NodeState = z.infer<typeof nodeStateSchema>

export const jobSchema = z.object({
  id: z.string(),
  kind: z.enum(['import', 'mint', 'sync', 'doctor', 'compare', 'chain-call', 'pay', 'export', 'backup', 'audit']),
  title: z.string(),
  state: z.enum(['running', 'done', 'failed', 'cancelled']),
  startedTs: z.number(),
  endedTs: z.number().nullable(),
  /** 0 to 1, null where the size is not known (standard input) */
  fraction: z.number().nullable(),
  /** what it is doing now, in words, e.g. `1.2 M events, 2.1 M/s` */
  detail: z.string(),
  secondsLeft: z.number().nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  /** the period that it brought or computed, once known */
  period: periodIndex.nullable(),
})
export type Job = z.infer<typeof jobSchema>

export const statusSchema = z.object({
  version: z.string(),
  host: z.enum(['electron', 'loopback', 'cli']),
  network: z.string().nullable(),
  demo: z.boolean(),
  /** time of the last block that is known, and the period that it lies in; null on an empty store */
  completeUntilTs: z.number().nullable(),
  latestPeriod: periodIndex.nullable(),
  dataDir: z.string(),
  readOnly: z.boolean(),
  jobs: z.array(jobSchema),
  /** how the sync stands, for the status bar; `headTs`: time of the chain's finalized head when it was last heard of */
  sync: z.object({
    phase: syncPhaseSchema,
    network: z.string().nullable(),
    headTs: z.number().nullable(),
    storedTs: z.number().nullable(),
    fraction: z.number().nullable(),
    secondsLeft: z.number().nullable(),
    message: z.string(),
  }),
})
export type Status = z.infer<typeof statusSchema>

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

/** What the user chose; kept in the books. `ui` holds each page's table state as text, by page. */
export const settingsSchema = z.object({
  role: z.enum(['farmer', 'signer', 'auditor', 'treasury']).nullable(),
  theme: z.enum(['light', 'dark', 'auto']),
  /** the farms that are the user's own; empty means all */
  myFarms: z.array(z.number().int()),
  resources: resourceRuleSchema,
  ui: z.record(z.string().max(64), z.string().max(8192)),
})
export type Settings = z.infer<typeof settingsSchema>

const auditEntrySchema = z.object({
  seq: z.number(),
  ts: z.number(),
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  details: z.string(),
  hash: z.string(),
})
export type AuditEntry = z.infer<typeof auditEntrySchema>

const paged = <T extends z.ZodType>(row: T) => z.object({ rows: z.array(row), total: z.number() })
const file = z.object({ fileName: z.string(), text: z.string() })

export const queries = {
  'status.get': { in: none, out: statusSchema },
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
  'nodes.csv': { in: z.object(nodeFilter), out: file },
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
  'receipts.csv': { in: z.object({ period: periodIndex }), out: file },
  /** nodes, farms and receipts whose id, name, label or hash begins with or holds the text; for the command palette */
  'search.find': {
    in: z.object({ text: z.string().max(200), limit: z.number().int().min(1).max(50).default(20) }),
    out: z.array(
      z.object({
        kind: z.enum(['node', 'farm', 'receipt']),
        id: z.string(),
        title: z.string(),
        detail: z.string(),
        nodeId: z.number().nullable(),
        period: periodIndex.nullable(),
      }),
    ),
  },
  ...givenFileQueries,
  'jobs.list': { in: none, out: z.array(jobSchema) },
  'settings.get': { in: none, out: settingsSchema },
  'networks.list': { in: none, out: z.array(networkSchema) },
  'sync.get': { in: none, out: syncStateSchema },
  /** asks the network what a sync would cost; takes seconds */
  'sync.estimate': {
    in: z.object({ network: networkNameSchema, scope: scopeSchema, periods: syncConfigSchema.shape.periods }),
    out: syncEstimateSchema,
  },
  /** farms by id, part of the name, payout address, or one of their nodes' ids, as the chain has them now; takes seconds */
  'sync.find': {
    in: z.object({ network: networkNameSchema, text: z.string().trim().min(1).max(100) }),
    out: z.object({ farms: z.array(foundFarmSchema), total: z.number() }),
  },
  /** the followed nodes as of the finalized head; `asOf` null: not known yet */
  'live.list': {
    in: z.object({ ...page }),
    out: z.object({ asOf: z.object({ n: z.number(), ts: z.number() }).nullable(), rows: z.array(liveNodeSchema), total: z.number() }),
  },
  /** what the last examination found; null: there was none yet */
  'doctor.get': { in: none, out: doctorReportSchema.nullable() },
  'audit.list': { in: z.object({ ...page }), out: paged(auditEntrySchema).extend({ intact: z.boolean() }) },
  ...vaultQueries,
  ...whatIfQueries,
  ...compareQueries,
  ...mintQueries,
  ...keyQueries,
  ...voteQueries,
  ...chainQueries,
  ...chainCurveQueries,
  ...daoQueries,
  ...payQueries,
  ...reviewQueries,
  ...exportQueries,
  ...backupQueries,
  ...logQueries,
  ...treasuryQueries,
  ...alertQueries,
  ...deskQueries,
  ...helpQueries,
} as const

export const commands = {
  /** imports a file of this machine; answers at once with the job */
  'import.start': { in: z.object({ path: z.string().min(1).max(4096) }), out: z.object({ jobId: z.string() }) },
  /** a browser has no path to give: it sends the file in parts of at most 512 KiB, in order, then begins the import */
  'import.uploadBegin': {
    in: z.object({ name: z.string().min(1).max(255), size: z.number().int().min(0) }),
    out: z.object({ uploadId: z.string() }),
  },
  'import.uploadPart': {
    in: z.object({ uploadId: z.string(), offset: z.number().int().min(0), base64: z.string().max(700_000) }),
    out: none,
  },
  'import.uploadEnd': { in: z.object({ uploadId: z.string() }), out: z.object({ jobId: z.string() }) },
  'import.uploadCancel': { in: z.object({ uploadId: z.string() }), out: none },
  'jobs.cancel': { in: z.object({ jobId: z.string() }), out: none },
  'node.setLabel': { in: z.object({ nodeId: z.number().int(), label: z.string().max(80), note: z.string().max(2000) }), out: none },
  'settings.set': { in: settingsSchema.partial(), out: none },
  /** says what to follow; begins it unless it is paused */
  'sync.configure': { in: syncConfigSchema, out: none },
  'sync.start': { in: none, out: none },
  'sync.pause': { in: none, out: none },
  /** in the demo: starts a small made-up chain on this machine and follows it live, so that the sync can be seen at work */
  'demo.follow': { in: none, out: none },
  /** examines store, books and chain in the background; answers at once with the job */
  'doctor.start': { in: none, out: z.object({ jobId: z.string() }) },
  /** connects first: an endpoint of another network, or one that does not answer, is refused. A name that is new makes a network, pinned to its genesis */
  'network.addEndpoint': {
    in: z.object({ network: networkNameSchema, url: endpointSchema }),
    out: z.object({ genesis: z.string(), specVersion: z.number(), archive: z.boolean() }),
  },
  /** only endpoints that the user added; the last one of a user's own network removes it */
  'network.removeEndpoint': { in: z.object({ network: networkNameSchema, url: z.string().max(300) }), out: none },
  ...vaultCommands,
  ...compareCommands,
  ...mintCommands,
  ...keyCommands,
  ...voteCommands,
  ...chainCommands,
  ...daoCommands,
  ...payCommands,
  ...exportCommands,
  ...backupCommands,
  ...logCommands,
  ...treasuryCommands,
  ...alertCommands,
  ...deskCommands,
} as const

export type QueryName = keyof typeof queries
export type CommandName = keyof typeof commands
/** What a caller gives; members with a default may be left out. */
export type QueryInput<N extends QueryName> = z.input<(typeof queries)[N]['in']>
export type QueryOutput<N extends QueryName> = z.output<(typeof queries)[N]['out']>
export type CommandInput<N extends CommandName> = z.input<(typeof commands)[N]['in']>
export type CommandOutput<N extends CommandName> = z.output<(typeof commands)[N]['out']>

/** Who does it; set by the host, never by a page. */
export interface Actor {
  /** `desktop`, `browser`, `cli` and the operating system's user name, e.g. `cli:anna` */
  id: string
  /** of a token of the REST door: the entity that it is bound to, in place of one that is unlocked; never an administrator */
  entity?: string
}

/** The core as its hosts see it, and, over a transport, as its pages do. Rejects with AppError only. */
export interface Core {
  /** `actor`: who asks, where the answer depends on it (the treasury) */
  query<N extends QueryName>(name: N, input: QueryInput<N>, options?: { signal?: AbortSignal; actor?: Actor }): Promise<QueryOutput<N>>
  /** `idempotencyKey`: the same key with the same command and input does it once and answers the same; any text up to 100 characters */
  command<N extends CommandName>(
    name: N,
    input: CommandInput<N>,
    options: { actor: Actor; idempotencyKey: string; signal?: AbortSignal },
  ): Promise<CommandOutput<N>>
  /** calls back with the topics that changed, at most every 100 ms; returns the stop */
  subscribe(listener: (topics: Topic[]) => void): () => void
  /** stops jobs (resumably), closes the store */
  close(): Promise<void>
}

/**
 * The wire, the same over a MessagePort and a WebSocket, as JSON text. A page asks with `q` or `c`, may cancel, and is
 * answered once per id; topics come unasked. Amounts travel as decimal strings (see bigintText).
 */
export const requestSchema = z.discriminatedUnion('t', [
  z.object({ t: z.literal('q'), id: z.number().int(), name: z.string().max(64), input: z.unknown() }),
  z.object({ t: z.literal('c'), id: z.number().int(), name: z.string().max(64), input: z.unknown(), key: z.string().min(8).max(100) }),
  z.object({ t: z.literal('cancel'), id: z.number().int() }),
])
export type Request = z.infer<typeof requestSchema>
export type Answer =
  | { t: 'ok'; id: number; value: unknown }
  | { t: 'error'; id: number; error: PlainError }
  | { t: 'changed'; topics: Topic[] }
