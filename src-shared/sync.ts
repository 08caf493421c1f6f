import { z } from 'zod'

/** What is said between the core and its hosts about networks, endpoints and the sync. Times are seconds since the epoch. */

/** Lower case, digits and hyphens, as on the command line (`--network main`). */
export const networkNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'a network’s name has lower-case letters, digits and hyphens')

/** A chain node's address: wss, or ws on this machine only (what leaves the machine is encrypted). */
export const endpointSchema = z
  .string()
  .max(300)
  .regex(
    /^(wss:\/\/[^\s/?#@]+|ws:\/\/(127\.0\.0\.1|localhost|\[::1\]))(:\d{1,5})?([/?][^\s#]*)?$/,
    'an endpoint is wss://HOST, or ws:// on this machine',
  )

export const networkSchema = z.object({
  name: networkNameSchema,
  title: z.string(),
  /** those that come with Granary, then the user's own */
  endpoints: z.array(z.object({ url: endpointSchema, own: z.boolean() })),
  /** hash of block 0, `0x…`; a beginning of it where only that is known; empty until the first connection pins it */
  genesis: z.string(),
  /** whether it comes with Granary */
  known: z.boolean(),
})
export type Network = z.infer<typeof networkSchema>

/** What to follow: the whole grid, or only some farms (with all their nodes, also later ones) and nodes. */
export const scopeSchema = z.union([
  z.literal('all'),
  z.object({ farms: z.array(z.number().int().min(0)).max(1000), nodes: z.array(z.number().int().min(0)).max(10_000) }),
])
export type Scope = z.infer<typeof scopeSchema>

export const syncConfigSchema = z.object({
  network: networkNameSchema,
  scope: scopeSchema,
  /** how many periods back, the running one counted; null: all there are */
  periods: z.number().int().min(1).max(1000).nullable(),
  /** with two or more endpoints: the share of blocks, 0 to 1, whose events are asked of two and compared */
  compareShare: z.number().min(0).max(1),
})
export type SyncConfig = z.infer<typeof syncConfigSchema>

/**
 * off: never set up, or not started. connecting. estimating is no phase: it is a query. backfilling: history. following: at the
 * head. offline: no endpoint answers, tried again by itself. paused: by the user. halted: something is wrong that waiting does
 * not mend; `halt` says what.
 */
export const syncPhaseSchema = z.enum(['off', 'connecting', 'backfilling', 'following', 'offline', 'paused', 'halted'])
export type SyncPhase = z.infer<typeof syncPhaseSchema>

const blockSchema = z.object({ n: z.number(), ts: z.number() })

export const endpointStateSchema = z.object({
  url: z.string(),
  state: z.enum(['unused', 'connecting', 'ready', 'failing', 'refused']),
  /** median of the last answers, milliseconds */
  latencyMs: z.number().nullable(),
  /** how many requests may be under way at once, adapted to what the endpoint bears */
  limit: z.number(),
  requests: z.number(),
  bytes: z.number(),
  failures: z.number(),
  /** whether it still has old state; null: not known yet */
  archive: z.boolean().nullable(),
  /** what is wrong, in words; empty if nothing */
  detail: z.string(),
})
export type EndpointState = z.infer<typeof endpointStateSchema>

export const syncPeriodSchema = z.object({
  index: z.number(),
  start: z.number(),
  end: z.number(),
  /** waiting: not begun. filling: history comes in. running: known to the head. settling: over, its 27 h after are not. complete. */
  state: z.enum(['waiting', 'filling', 'running', 'settling', 'complete']),
  firstBlock: z.number().nullable(),
  /** where it will end; of a running period the head */
  lastBlock: z.number().nullable(),
  coveredToBlock: z.number().nullable(),
  coveredToTs: z.number().nullable(),
})
export type SyncPeriod = z.infer<typeof syncPeriodSchema>

export const syncStateSchema = z.object({
  config: syncConfigSchema.nullable(),
  phase: syncPhaseSchema,
  /** what it does now, in words, e.g. `reads period 103, block 1,204,000 of 1,438,480` */
  detail: z.string(),
  genesis: z.string().nullable(),
  head: blockSchema.nullable(),
  /** data complete until: everything of the newest followed period is stored to here; older ones stand in `periods` */
  stored: blockSchema.nullable(),
  /** of the blocks that are wanted now, 0 to 1; null while that is not known */
  fraction: z.number().nullable(),
  blocksPerSec: z.number(),
  secondsLeft: z.number().nullable(),
  bytes: z.number(),
  endpoints: z.array(endpointStateSchema),
  /** newest first */
  periods: z.array(syncPeriodSchema),
  runtimes: z.array(z.object({ specVersion: z.number(), firstBlock: z.number() })),
  comparedBlocks: z.number(),
  readBlocks: z.number(),
  halt: z.object({ code: z.string(), message: z.string() }).nullable(),
})
export type SyncState = z.infer<typeof syncStateSchema>

/** A sync that has not begun. */
export function idleSync(config: SyncConfig | null, phase: SyncPhase): SyncState {
  return {
    config,
    phase,
    detail: '',
    genesis: null,
    head: null,
    stored: null,
    fraction: null,
    blocksPerSec: 0,
    secondsLeft: null,
    bytes: 0,
    endpoints: [],
    periods: [],
    runtimes: [],
    comparedBlocks: 0,
    readBlocks: 0,
    halt: null,
  }
}

export const syncEstimateSchema = z.object({
  network: z.string(),
  genesis: z.string(),
  head: blockSchema,
  periods: z.array(z.number()),
  blocks: z.number(),
  requests: z.number(),
  /** what will come over the wire, and what the store will take, in bytes; measured on blocks spread over the range */
  bytes: z.number(),
  storeBytes: z.number(),
  seconds: z.number(),
  nodes: z.number(),
  /** whether the endpoint has the old state that this needs */
  archive: z.boolean(),
  endpoint: z.string(),
})
export type SyncEstimate = z.infer<typeof syncEstimateSchema>

export const foundFarmSchema = z.object({
  farmId: z.number(),
  name: z.string(),
  payoutAddress: z.string(),
  nodes: z.array(z.number()),
})
export type FoundFarm = z.infer<typeof foundFarmSchema>

/** A chosen node as the chain's storage has it at the finalized head, with the last report of the recent blocks. */
export const liveNodeSchema = z.object({
  nodeId: z.number(),
  farmId: z.number(),
  farmName: z.string(),
  state: z.enum(['up', 'at-risk', 'down', 'asleep', 'unknown']),
  reason: z.string(),
  powerTarget: z.enum(['Up', 'Down']),
  /** its last report in the recent blocks, and the uptime it said; null: none there */
  lastReportTs: z.number().nullable(),
  uptimeSec: z.number().nullable(),
  certified: z.boolean(),
  contracts: z.number(),
})
export type LiveNode = z.infer<typeof liveNodeSchema>

export const doctorCheckSchema = z.object({
  name: z.string(),
  state: z.enum(['ok', 'problem', 'unknown']),
  /** what was found, in words */
  detail: z.string(),
  /** what to do; empty where nothing is wrong */
  wayOut: z.string(),
})
export type DoctorCheck = z.infer<typeof doctorCheckSchema>
export const doctorReportSchema = z.object({ ts: z.number(), checks: z.array(doctorCheckSchema) })
export type DoctorReport = z.infer<typeof doctorReportSchema>
