import { type AlertEnd, type AlertKind, type AlertRule, type AlertSeverity, alertForms } from '../../../src-shared/alerts.ts'

/*
 * Which alerts open and which end, from what is seen now and what was open. One cause opens once and ends once, in whatever order and however
 * often it is seen, also over restarts: a cause that has ended never opens again, and what is older than what was known says nothing.
 */

/** How one thing that is watched stands. */
export interface Observation {
  kind: AlertKind
  /** whose grid; empty: these books */
  network: string
  /** `node 17`; with kind and network it names what is watched */
  subject: string
  /** as of when its data says so, seconds since the epoch */
  asOfTs: number
  /** the figure that the rule's threshold is held against, in its unit; whether it is there, where there is no threshold; null: unknown */
  value: number | boolean | null
  /** when this episode began, as far as that is known: after it was last seen, it is another episode */
  sinceTs: number | null
  /** what names the episode; null: the time at which it opened */
  episode: string | null
  title: string
  reason: string
  wayOut: string
  href: string
}

/** An alert as it is kept: the latest of its subject, whether it is open or over. */
export interface KnownAlert {
  cause: string
  kind: AlertKind
  network: string
  subject: string
  /** of what opened it; once it is over, of what ended it */
  asOfTs: number
  isOpen: boolean
  /** how it ended; null: it is open */
  end: AlertEnd | null
}

export interface Opening extends Pick<Observation, 'kind' | 'network' | 'subject' | 'asOfTs' | 'title' | 'reason' | 'wayOut' | 'href'> {
  cause: string
  severity: AlertSeverity
  /** it was told before, and then ended in another way than by itself: nobody is told again that it is there */
  isAgain: boolean
}

export interface Ending {
  cause: string
  end: AlertEnd
  asOfTs: number
}

export interface Seen {
  observations: readonly Observation[]
  /** kinds of which everything that is watched was seen: an open alert of another subject ends in this way */
  whole: ReadonlyMap<AlertKind, Extract<AlertEnd, 'over' | 'unwatched'>>
}

export interface Known {
  rules: ReadonlyMap<AlertKind, AlertRule>
  /** the latest alert of every subject that is seen, and all that are open */
  alerts: readonly KnownAlert[]
  /** whether an alert of this cause was ever opened */
  hasCause(cause: string): boolean
}

/** While the second is there, the first is no matter of its own: it would tell the same twice. */
const coveredBy: Partial<Record<AlertKind, AlertKind>> = {
  'node-late': 'node-down',
  'budget-low': 'violation',
  'slow-boot': 'violation',
}

/** Whether a figure is beyond its threshold. One that is beyond it already (`isOpen`) has to come back by the slack before it is not. */
export function isBeyond(rule: AlertRule, value: number | boolean, isOpen: boolean): boolean {
  const form = alertForms[rule.kind].threshold
  if (typeof value === 'boolean' || form === null || rule.threshold === null) return value !== false && value !== 0
  const slack = isOpen ? rule.threshold * form.slack : 0
  return form.side === 'above' ? value >= rule.threshold - slack : value < rule.threshold + slack
}

export function causeOf({ kind, network, subject, episode, asOfTs }: Observation): string {
  return [kind, network, subject, episode ?? asOfTs].join('|')
}

/** @param nowTs seconds since the epoch; what is not among all that is there ends as of then */
export function decideAlerts(
  { observations, whole }: Seen,
  { rules, alerts, hasCause }: Known,
  nowTs: number,
): { opens: Opening[]; ends: Ending[] } {
  const latest = new Map(alerts.map(alert => [keyOf(alert), alert]))
  const seen = new Set(observations.map(keyOf))
  const opens: Opening[] = []
  const ends: Ending[] = []

  function end(alert: KnownAlert, how: AlertEnd, asOfTs: number): void {
    ends.push({ cause: alert.cause, end: how, asOfTs })
    latest.set(keyOf(alert), { ...alert, asOfTs, isOpen: false, end: how })
  }

  function open(observation: Observation, rule: AlertRule): void {
    const own = causeOf(observation)
    const before = latest.get(keyOf(observation))
    // what was over is over; what a rule or a choice of farms had ended is there again once it is watched again
    const isKnown = (cause: string) => hasCause(cause) || opens.some(opening => opening.cause === cause)
    const isAgain = isKnown(own)
    if (isAgain && (!before?.cause.startsWith(own) || before.end === 'over')) return
    let cause = own
    for (let time = 2; isKnown(cause); time++) cause = `${own}|${time}`
    const { kind, network, subject, asOfTs, title, reason, wayOut, href } = observation
    opens.push({ cause, kind, network, subject, asOfTs, title, reason, wayOut, href, severity: rule.severity, isAgain })
    latest.set(keyOf(observation), { cause, kind, network, subject, asOfTs, isOpen: true, end: null })
  }

  for (const alert of alerts) {
    if (!alert.isOpen) continue
    const rule = rules.get(alert.kind)
    const gone = whole.get(alert.kind)
    // nothing was seen of it, so what is seen later may be older than now
    if (!rule?.on) end(alert, 'rule-off', alert.asOfTs)
    else if (gone !== undefined && !seen.has(keyOf(alert))) end(alert, gone, gone === 'over' ? nowTs : alert.asOfTs)
  }
  for (const observation of inOrder(observations)) {
    const { kind, value, asOfTs, sinceTs } = observation
    const rule = rules.get(kind)
    if (!rule?.on || value === null) continue
    const before = latest.get(keyOf(observation))
    if (before && asOfTs < before.asOfTs) continue
    const isThere = isBeyond(rule, value, before?.isOpen ?? false)
    const covering = coverOf(observation)
    const cover = covering ? latest.get(keyOf(covering)) : undefined
    if (cover && asOfTs < cover.asOfTs) continue
    const isCovered = cover?.isOpen ?? false
    if (before?.isOpen) {
      if (!isThere) end(before, 'over', asOfTs)
      else if (isCovered) end(before, 'replaced', asOfTs)
      else if (sinceTs !== null && sinceTs > before.asOfTs) {
        end(before, 'over', asOfTs)
        if (isBeyond(rule, value, false)) open(observation, rule)
      }
    } else if (isThere && !isCovered) open(observation, rule)
  }
  return { opens, ends }
}

export function keyOf({ kind, network, subject }: Pick<Observation, 'kind' | 'network' | 'subject'>): string {
  return `${kind}|${network}|${subject}`
}

/** The name of the alert that would cover one of this kind; null: none would. */
export function coverOf({
  kind,
  network,
  subject,
}: Pick<Observation, 'kind' | 'network' | 'subject'>): Pick<Observation, 'kind' | 'network' | 'subject'> | null {
  const cover = coveredBy[kind]
  return cover === undefined ? null : { kind: cover, network, subject }
}

/** What covers others comes before them; otherwise as of when it was so. */
function inOrder(observations: readonly Observation[]): Observation[] {
  const covers = new Set(Object.values(coveredBy))
  return [...observations].sort((a, b) => Number(covers.has(b.kind)) - Number(covers.has(a.kind)) || a.asOfTs - b.asOfTs)
}
