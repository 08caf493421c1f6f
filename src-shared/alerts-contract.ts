import { z } from 'zod'
import { alertKindSchema, alertRuleSchema, alertSchema, alertSeveritySchema, quietHoursSchema, tellingSchema } from './alerts.ts'
import { none, page, paged } from './contract-parts.ts'

/*
 * The contract's part for alerts: what is open, what was, the rules, quiet hours, the webhook. All times are seconds since the epoch.
 */

/** An address that a program may call: https, or http on this machine. Checked again before every call. */
const webhookUrl = z.string().trim().min(1).max(300)
/** Headers that a request has of its own, or that say how it is sent. */
const OWN_HEADERS = [
  'accept',
  'connection',
  'content-length',
  'content-type',
  'expect',
  'host',
  'idempotency-key',
  'transfer-encoding',
  'upgrade',
]
const headerName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, 'A header name has letters, digits and hyphens.')
  .refine(
    name => !OWN_HEADERS.includes(name.toLowerCase()),
    'The message has this header already. Choose another, as Authorization or X-Token.',
  )

/** How the webhook's secret stands: there is none, it is there and locked, or it can be used. */
export const webhookSecretSchema = z.enum(['none', 'locked', 'open'])

export const webhookDeliverySchema = z.object({
  seq: z.number(),
  /** when it was told */
  ts: z.number(),
  title: z.string(),
  state: z.enum(['waiting', 'sent', 'failed']),
  tries: z.number(),
  /** when it is tried next; null: not any more */
  nextTs: z.number().nullable(),
  /** why the last try came to nothing; empty: it did not */
  problem: z.string(),
})
export type WebhookDelivery = z.infer<typeof webhookDeliverySchema>

export const alertQueries = {
  /** the open ones, the most severe first */
  'alerts.list': {
    in: z.object({ ...page }),
    out: paged(alertSchema).extend({
      /** how many nodes are watched, and why fewer than there are; null: nothing is wrong with it */
      nodes: z.number(),
      why: z.string().nullable(),
      /** why looking failed the last time; null: it did not */
      problem: z.string().nullable(),
      /** when it was looked last; null: not yet */
      lookedTs: z.number().nullable(),
    }),
  },
  /** for the rail */
  'alerts.count': { in: none, out: z.object({ total: z.number(), worst: alertSeveritySchema.nullable(), last: z.number() }) },
  'alerts.history': {
    in: z.object({
      ...page,
      kind: alertKindSchema.optional(),
      severity: alertSeveritySchema.optional(),
      state: z.enum(['open', 'over']).optional(),
      /** in title and subject */
      search: z.string().max(200).optional(),
    }),
    out: paged(alertSchema),
  },
  'alerts.rules': {
    in: none,
    out: z.object({ rules: z.array(alertRuleSchema), quiet: quietHoursSchema, isQuiet: z.boolean(), held: z.number() }),
  },
  /** what was told after a telling, oldest first; `last`: the number of the latest, to go on from */
  'alerts.news': {
    in: z.object({ after: z.number().int().min(0) }),
    out: z.object({ tellings: z.array(tellingSchema), last: z.number() }),
  },
  'alerts.webhook': {
    in: none,
    out: z.object({
      on: z.boolean(),
      url: z.string(),
      headerName: z.string(),
      secret: webhookSecretSchema,
      waiting: z.number(),
      failed: z.number(),
    }),
  },
  /** what would be sent, down to its bytes; nothing is sent. `seen` is what switching it on takes */
  'alerts.webhookPreview': {
    in: z.object({ url: webhookUrl, headerName }),
    out: z.object({ url: z.string(), headers: z.record(z.string(), z.string()), body: z.string(), seen: z.string() }),
  },
  /** the latest first */
  'alerts.deliveries': { in: z.object({ ...page }), out: paged(webhookDeliverySchema) },
} as const

export const alertCommands = {
  'alerts.setRule': { in: alertRuleSchema, out: none },
  'alerts.setQuiet': { in: quietHoursSchema, out: none },
  /** switches it on, as it was shown: `seen` of alerts.webhookPreview for this address and header */
  'alerts.webhookOn': { in: z.object({ url: webhookUrl, headerName, seen: z.string().max(100) }), out: none },
  'alerts.webhookOff': { in: none, out: none },
  /** keeps the value of the header for this address, boxed in as keys are */
  'alerts.setWebhookSecret': {
    in: z.object({ url: webhookUrl, secret: z.string().min(1).max(1000), passphrase: z.string().min(1).max(1000) }),
    out: none,
  },
  'alerts.removeWebhookSecret': { in: z.object({ url: webhookUrl }), out: none },
  /** tries again at once what waits, and what was given up */
  'alerts.webhookRetry': { in: none, out: none },
} as const
