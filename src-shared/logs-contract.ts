import { z } from 'zod'
import { none, page } from './contract-parts.ts'

/* The contract's part for the local log and crash reports: what happened on this machine, for its user's eyes only. */

/** Which part of Granary writes: the window's process, the core, a thread of it, a page, the command line. */
export const logParts = ['desktop', 'core', 'worker', 'page', 'server', 'command'] as const
export type LogPart = (typeof logParts)[number]

export const logLevels = ['info', 'warning', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

/** A field of an entry: a word of the program's own, a count, text from elsewhere (cleaned and cut), places in the program. */
type FieldKind = 'word' | 'number' | 'text' | 'places'

/** Every kind of entry with all that it holds. What is not named here can't get into the log. */
export const logEvents = {
  started: { level: 'info', fields: { version: 'word', platform: 'word', runtime: 'word' } },
  ended: { level: 'info', fields: { ranSec: 'number' } },
  'start-failed': { level: 'error', fields: { code: 'word', message: 'text' } },
  'job-began': { level: 'info', fields: { kind: 'word', job: 'word' } },
  'job-ended': { level: 'info', fields: { kind: 'word', job: 'word', state: 'word', tookSec: 'number' } },
  'job-failed': { level: 'warning', fields: { kind: 'word', job: 'word', tookSec: 'number', code: 'word', message: 'text' } },
  'upkeep-failed': { level: 'warning', fields: { what: 'word', code: 'word', message: 'text' } },
  failed: { level: 'warning', fields: { code: 'word', message: 'text' } },
  'core-ended': { level: 'error', fields: { exitCode: 'number' } },
  'internal-error': { level: 'error', fields: { name: 'word', message: 'text', at: 'places' } },
  crashed: { level: 'error', fields: { report: 'word' } },
  'left-out': { level: 'warning', fields: { entries: 'number' } },
} as const satisfies Record<string, { level: LogLevel; fields: Record<string, FieldKind> }>
export type LogEvent = keyof typeof logEvents
type OfKind<K extends FieldKind> = K extends 'number' ? number : string
export type LogFields<E extends LogEvent> = {
  [F in keyof (typeof logEvents)[E]['fields']]: OfKind<(typeof logEvents)[E]['fields'][F] & FieldKind>
}

export const logEntrySchema = z.object({
  /** milliseconds since the epoch */
  atMs: z.number().int().min(0),
  level: z.enum(logLevels),
  part: z.enum(logParts),
  event: z.string().max(40),
  fields: z.record(z.string().max(40), z.union([z.string().max(1000), z.number()])),
})
export type LogEntry = z.infer<typeof logEntrySchema>

/** In a list: `place` counts from the oldest that is kept, so that it stays while others come. */
const placedEntrySchema = logEntrySchema.extend({ place: z.number().int().min(0) })
export type PlacedEntry = z.infer<typeof placedEntrySchema>

const crashId = z.string().regex(/^\d{8}T\d{9}Z-[0-9a-f]{8}$/, 'the name of a crash report, as it is listed')

/** What ended unasked, as it is kept in a file of its own. It stays on this machine. */
export const crashReportSchema = z.object({
  format: z.literal('granary-crash-report'),
  id: crashId,
  /** seconds */
  ts: z.number().int().min(0),
  part: z.enum(logParts),
  /** uncaught: an error that nothing took; ended: the process or thread was gone; page: a page's error */
  kind: z.enum(['uncaught', 'ended', 'page']),
  /** the error's class, or why a process ended */
  name: z.string().max(80),
  message: z.string().max(400),
  /** where in the program, innermost first */
  stack: z.array(z.string().max(300)).max(40),
  /** of a process that ended; null: it has none, or it is not known */
  exitCode: z.number().nullable(),
  /** of the page that was shown, its first part; empty: none */
  page: z.string().max(40),
  version: z.string().max(40),
  platform: z.string().max(80),
  node: z.string().max(40),
  ranSec: z.number(),
})
export type CrashReport = z.infer<typeof crashReportSchema>

/** In the list. */
export const crashSummarySchema = crashReportSchema.pick({ id: true, ts: true, part: true, kind: true, name: true, message: true }).extend({
  /** nobody has looked at it yet */
  isNew: z.boolean(),
})
export type CrashSummary = z.infer<typeof crashSummarySchema>

export const logQueries = {
  /** newest first; `problem`: why the log can't be written or read now, else empty; `folder` and `bytes`: where it lies and what it takes */
  'logs.list': {
    in: z.object({
      least: z.enum(logLevels).default('info'),
      ...page,
    }),
    out: z.object({ rows: z.array(placedEntrySchema), total: z.number(), problem: z.string(), folder: z.string(), bytes: z.number() }),
  },
  'crashes.list': { in: none, out: z.object({ rows: z.array(crashSummarySchema), problem: z.string() }) },
  /** the whole report, and as the text to copy */
  'crashes.get': { in: z.object({ id: crashId }), out: z.object({ report: crashReportSchema, text: z.string() }) },
} as const

export const logCommands = {
  /** deletes the log; crash reports stay */
  'logs.delete': { in: none, out: none },
  /** what somebody has looked at is not new any more */
  'crashes.seen': { in: z.object({ id: crashId }), out: none },
  /** `id` null: all of them */
  'crashes.delete': { in: z.object({ id: crashId.nullable() }), out: z.object({ deleted: z.number() }) },
  /** a page tells of an error that nothing took; more than a few a minute are not kept */
  'crashes.tell': {
    in: z.object({
      name: z.string().max(80),
      message: z.string().max(1000),
      stack: z.string().max(8000),
      page: z.string().max(40),
    }),
    out: z.object({ isKept: z.boolean() }),
  },
} as const
