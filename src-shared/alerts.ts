import { z } from 'zod'

/*
 * Alerts: what is watched, by which thresholds, and when somebody may be told. Times are seconds since the epoch.
 */

export const alertKinds = [
  'node-down',
  'node-late',
  'budget-low',
  'violation',
  'slow-boot',
  'asleep-long',
  'address-invalid',
  'mint-claimable',
  'fund-low',
  'payment-suspicious',
  'sync-stalled',
  'vote-wanted',
  'run-stuck',
] as const
export const alertKindSchema = z.enum(alertKinds)
export type AlertKind = z.infer<typeof alertKindSchema>

/** The most severe first. `down` is what people call urgent. */
export const alertSeverities = ['down', 'at-risk', 'info'] as const
export const alertSeveritySchema = z.enum(alertSeverities)
export type AlertSeverity = z.infer<typeof alertSeveritySchema>

/** A threshold: what it counts, and its bounds. `side`: the alert is there while the figure is above it, or below it. */
export interface ThresholdForm {
  unit: 'min' | 'h' | '%' | 'boots' | 'mints' | 'votes'
  side: 'above' | 'below'
  least: number
  most: number
  /** by so much of the threshold (a share) the figure must come back before the alert is over, so that one that flaps opens one */
  slack: number
}

/** How a kind is watched when nobody chose otherwise. `threshold` null: it is there or it is not. */
export interface AlertKindForm {
  name: string
  /** what it is about, in a sentence */
  what: string
  severity: AlertSeverity
  on: boolean
  threshold: (ThresholdForm & { value: number }) | null
}

export const alertForms: Record<AlertKind, AlertKindForm> = {
  'node-down': {
    name: 'Node down',
    what: 'A node that should be up has not reported for so long.',
    severity: 'down',
    on: true,
    threshold: { unit: 'min', side: 'above', value: 81, least: 41, most: 2_880, slack: 0 },
  },
  'node-late': {
    name: 'Report late',
    what: 'A report of a node that should be up is late: healthy nodes report every 40 min.',
    severity: 'info',
    on: true,
    threshold: { unit: 'min', side: 'above', value: 45, least: 41, most: 1_440, slack: 0 },
  },
  'budget-low': {
    name: 'Downtime budget low',
    what: 'Of the downtime that a period may have before it pays nothing, less than this share is left.',
    severity: 'at-risk',
    on: true,
    threshold: { unit: '%', side: 'below', value: 10, least: 1, most: 90, slack: 0.1 },
  },
  violation: {
    name: 'Violation',
    what: 'Reports break a rule that costs the whole payout of the period.',
    severity: 'down',
    on: true,
    threshold: null,
  },
  'slow-boot': {
    name: 'Slow boot',
    what: 'A node took more than 30 min to boot after it was asked to wake, so often in a period. The second time is a violation.',
    severity: 'at-risk',
    on: true,
    threshold: { unit: 'boots', side: 'above', value: 1, least: 1, most: 10, slack: 0 },
  },
  'asleep-long': {
    name: 'Asleep too long',
    what: 'A node sleeps for so long; over 24 h the sleep is not credited.',
    severity: 'at-risk',
    on: true,
    threshold: { unit: 'h', side: 'above', value: 22, least: 1, most: 720, slack: 0 },
  },
  'address-invalid': {
    name: 'Payout address invalid',
    what: 'A farm has no payout address, or one that is none, so what its nodes earn cannot be paid.',
    severity: 'at-risk',
    on: true,
    threshold: null,
  },
  'mint-claimable': {
    name: 'Mint claimable',
    what: 'So many mints of a farm can be claimed or triggered.',
    severity: 'info',
    on: true,
    threshold: { unit: 'mints', side: 'above', value: 1, least: 1, most: 1_000, slack: 0 },
  },
  'fund-low': {
    name: 'UBO fund low',
    what: 'Of all that the UBO fund ever had, less than this share is left.',
    severity: 'at-risk',
    on: true,
    threshold: { unit: '%', side: 'below', value: 20, least: 1, most: 90, slack: 0.1 },
  },
  'payment-suspicious': {
    name: 'Payment suspicious',
    what: 'Watchfulness marked payments, and nobody has decided about them.',
    severity: 'at-risk',
    on: true,
    threshold: null,
  },
  'sync-stalled': {
    name: 'Sync stalled',
    what: 'Nothing new came from the chain for so long, or the sync has halted. Until it goes on, nothing is known of nodes.',
    severity: 'down',
    on: true,
    threshold: { unit: 'min', side: 'above', value: 30, least: 5, most: 1_440, slack: 0 },
  },
  'vote-wanted': {
    name: 'Vote wanted',
    what: 'So many signers have voted, and a key of this vault has not yet.',
    severity: 'info',
    on: true,
    threshold: { unit: 'votes', side: 'above', value: 1, least: 1, most: 100, slack: 0 },
  },
  'run-stuck': {
    name: 'Run stuck',
    what: 'A payout run is not over, and nothing of it has changed for so long; or a signed call to the chain has not ended.',
    severity: 'at-risk',
    on: true,
    threshold: { unit: 'h', side: 'above', value: 24, least: 1, most: 720, slack: 0 },
  },
}

export const alertRuleSchema = z.object({
  kind: alertKindSchema,
  on: z.boolean(),
  severity: alertSeveritySchema,
  /** whole, in the unit of the kind's form; null where the kind has none */
  threshold: z.number().int().nullable(),
})
export type AlertRule = z.infer<typeof alertRuleSchema>

export function defaultRule(kind: AlertKind): AlertRule {
  const { on, severity, threshold } = alertForms[kind]
  return { kind, on, severity, threshold: threshold?.value ?? null }
}

/** What is wrong with a threshold, in words; null: nothing. */
export function thresholdProblem({ kind, threshold }: Pick<AlertRule, 'kind' | 'threshold'>): string | null {
  const form = alertForms[kind].threshold
  if (form === null) return threshold === null ? null : `${alertForms[kind].name} has no threshold: it is there or it is not.`
  if (threshold !== null && Number.isInteger(threshold) && threshold >= form.least && threshold <= form.most) return null
  return `The threshold of "${alertForms[kind].name}" is a whole number from ${form.least} to ${form.most} ${form.unit}.`
}

/** `45 min`, `10 %`; empty where the kind has none. */
export function thresholdText({ kind, threshold }: Pick<AlertRule, 'kind' | 'threshold'>): string {
  const form = alertForms[kind].threshold
  return form === null || threshold === null ? '' : `${threshold} ${form.unit}`
}

/** `07:30`. */
const wallTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'A time of day is HH:MM, from 00:00 to 23:59.')

/** Hours in which nobody is told, by the wall clock of a place: the clock there is what counts when it is changed for summer. */
export const quietHoursSchema = z.object({
  on: z.boolean(),
  from: wallTime,
  /** the first minute that is not quiet any more; before `from`: the next day */
  to: wallTime,
  /** IANA, e.g. Europe/Brussels */
  zone: z.string().max(64).refine(isZone, 'This is no time zone. Enter one as Europe/Brussels or UTC.'),
  /** alerts of this severity or a worse one are told all the same; null: none */
  except: alertSeveritySchema.nullable(),
})
export type QuietHours = z.infer<typeof quietHoursSchema>

export const defaultQuietHours: QuietHours = { on: false, from: '22:00', to: '07:00', zone: 'UTC', except: 'down' }

/** What is wrong with quiet hours beyond their form; null: nothing. */
export function quietProblem({ from, to }: QuietHours): string | null {
  if (from === to) return 'Quiet hours begin and end at the same time. Choose another end, or switch them off.'
  const quietMin = (minuteOf(to) - minuteOf(from) + DAY_MIN) % DAY_MIN
  return quietMin > DAY_MIN - 60
    ? 'Quiet hours leave less than an hour of the day. Make them shorter, or switch alerts off by their rules.'
    : null
}

const DAY_MIN = 24 * 60

function minuteOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  return hours * 60 + minutes
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

/**
 * How an alert ended: it is over; a worse one took its place; its rule was switched off; or its subject is not watched any more. Only the first is
 * told.
 */
export const alertEndSchema = z.enum(['over', 'replaced', 'rule-off', 'unwatched'])
export type AlertEnd = z.infer<typeof alertEndSchema>

export const alertSchema = z.object({
  id: z.number(),
  /** kind, subject and episode: the same cause is never opened twice */
  cause: z.string(),
  kind: alertKindSchema,
  severity: alertSeveritySchema,
  /** whose grid it is about; empty: these books */
  network: z.string(),
  /** `node 17`, `farm 3` */
  subject: z.string(),
  title: z.string(),
  reason: z.string(),
  wayOut: z.string(),
  /** the page of its subject, e.g. /nodes/17 */
  href: z.string(),
  /** as of when its data showed it */
  asOfTs: z.number(),
  openedTs: z.number(),
  overTs: z.number().nullable(),
  end: alertEndSchema.nullable(),
  /** when it was told that it is there; null: not yet (quiet hours), or never: it was over in another way than by itself before */
  toldTs: z.number().nullable(),
})
export type Alert = z.infer<typeof alertSchema>

/** Something that was told: one alert that opened or is over, or all that quiet hours held back. */
export const tellingSchema = z.object({
  seq: z.number(),
  ts: z.number(),
  what: z.enum(['opened', 'over', 'summary']),
  severity: alertSeveritySchema,
  title: z.string(),
  body: z.string(),
  href: z.string(),
})
export type Telling = z.infer<typeof tellingSchema>

/** An alert as a message tells it: what of it, and how it ended. */
export interface ToldAlert
  extends Pick<
    Alert,
    'cause' | 'kind' | 'severity' | 'network' | 'subject' | 'title' | 'reason' | 'wayOut' | 'openedTs' | 'overTs' | 'end'
  > {
  what: 'opened' | 'over'
}
