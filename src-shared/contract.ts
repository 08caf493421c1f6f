import { z } from 'zod'
import { alertCommands, alertQueries } from './alerts-contract.ts'
import { backupCommands, backupQueries } from './backup-contract.ts'
import { chainCommands, chainQueries } from './chain-contract.ts'
import { chainCurveQueries } from './chain-curves.ts'
import { compareCommands, compareQueries } from './compare-contract.ts'
import { none, page, paged, periodIndex } from './contract-parts.ts'
import { daoCommands, daoQueries } from './dao-contract.ts'
import { deskCommands, deskQueries } from './desk-contract.ts'
import type { PlainError } from './errors.ts'
import { exportCommands, exportQueries } from './exports-contract.ts'
import { givenFileQueries } from './given-file.ts'
import { helpQueries } from './help-contract.ts'
import { keyCommands, keyQueries } from './keys-contract.ts'
import { logCommands, logQueries } from './logs-contract.ts'
import { resourceRuleSchema } from './mint.ts'
import { mintCommands, mintQueries } from './mints-contract.ts'
import { nodeCommands, nodeQueries } from './nodes-contract.ts'
import { payCommands, payQueries } from './pay-contract.ts'
import { reviewQueries } from './review-contract.ts'
import { syncPhaseSchema } from './sync.ts'
import { syncCommands, syncQueries } from './sync-contract.ts'
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

export const queries = {
  'status.get': { in: none, out: statusSchema },
  ...nodeQueries,
  ...syncQueries,
  ...givenFileQueries,
  'jobs.list': { in: none, out: z.array(jobSchema) },
  'settings.get': { in: none, out: settingsSchema },
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
  'settings.set': { in: settingsSchema.partial(), out: none },
  ...nodeCommands,
  ...syncCommands,
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
