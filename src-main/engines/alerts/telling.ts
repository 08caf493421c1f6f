import { type AlertSeverity, alertSeverities, type QuietHours, type Telling } from '../../../src-shared/alerts.ts'
import { mayTell } from './quiet.ts'

/** That an alert opened, or that it is over, and that nobody was told yet. */
export interface News {
  alertId: number
  what: 'opened' | 'over'
  ts: number
  /** it came in quiet hours */
  isHeld: boolean
  severity: AlertSeverity
  title: string
  reason: string
  href: string
}

/** One message to people, with the news that it tells. */
export interface Message extends Pick<Telling, 'what' | 'severity' | 'title' | 'body' | 'href'> {
  news: News[]
}

/** More than this at one time are told as one. */
const MOST_SINGLY = 3
/** A summary names so many. */
const NAMED = 6

/**
 * What is told now, and what quiet hours hold back. What they held is told as one message after them, unless it is a single one; so is
 * what comes together in great number.
 */
export function decideTellings(untold: readonly News[], quiet: QuietHours, nowTs: number): { messages: Message[]; held: News[] } {
  const now = untold.filter(({ severity }) => mayTell(nowTs, quiet, severity))
  const held = untold.filter(news => !now.includes(news))
  const before = now.filter(({ isHeld }) => isHeld)
  const fresh = now.filter(({ isHeld }) => !isHeld)
  return {
    messages: [
      ...(before.length > 1 ? [summary(before, 'While it was quiet: ')] : before.map(single)),
      ...(fresh.length > MOST_SINGLY ? [summary(fresh, '')] : fresh.map(single)),
    ],
    held,
  }
}

function single(news: News): Message {
  const { what, severity, title, reason, href } = news
  return { what, severity, title: what === 'over' ? overTitle(title) : title, body: what === 'over' ? '' : reason, href, news: [news] }
}

function summary(news: News[], prefix: string): Message {
  const over = new Set(news.filter(({ what }) => what === 'over').map(({ alertId }) => alertId))
  const opened = news.filter(({ what }) => what === 'opened')
  const told = new Map(news.map(one => [one.alertId, one]))
  const lines = [...told.values()].map(({ alertId, title }) => (over.has(alertId) ? overTitle(title) : title))
  const more = lines.length > NAMED ? [`and ${lines.length - NAMED} more`] : []
  const counts = [
    ...(opened.length > 0 ? [`${opened.length} ${opened.length === 1 ? 'alert' : 'alerts'}`] : []),
    ...(over.size > 0 ? [`${over.size} ${over.size === 1 ? 'is' : 'are'} over`] : []),
  ].join(', ')
  return {
    what: 'summary',
    severity: news.map(({ severity }) => severity).sort((a, b) => alertSeverities.indexOf(a) - alertSeverities.indexOf(b))[0]!,
    title: prefix === '' ? `Alerts: ${counts}` : `${prefix}${counts}`,
    body: [...lines.slice(0, NAMED), ...more].join('\n'),
    href: '/alerts',
    news,
  }
}

function overTitle(title: string): string {
  return `Over: ${title}`
}
