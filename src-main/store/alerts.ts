import {
  type Alert,
  type AlertEnd,
  type AlertKind,
  type AlertRule,
  type AlertSeverity,
  alertKinds,
  alertRuleSchema,
  alertSeveritySchema,
  defaultRule,
  type Telling,
  type ToldAlert,
} from '../../src-shared/alerts.ts'
import type { Ending, KnownAlert, Opening } from '../engines/alerts/decide.ts'
import type { Message, News } from '../engines/alerts/telling.ts'
import { prepared } from './db.ts'
import type { Store } from './open.ts'

/* What the books keep of alerts (alerts-tables.ts). Whoever calls what writes here holds the transaction. */

/** The rule of every kind, in the order of the kinds; one that was never set, or that this program can't read, is the default. */
export function loadAlertRules(store: Store): Map<AlertKind, AlertRule> {
  const found = prepared(store.books, 'SELECT kind, is_on AS "on", severity, threshold FROM alert_rules').all() as {
    kind: string
    on: number
    severity: string
    threshold: number | null
  }[]
  const kept = new Map(found.map(row => [row.kind, alertRuleSchema.safeParse({ ...row, on: row.on === 1 }).data]))
  return new Map(alertKinds.map(kind => [kind, kept.get(kind) ?? defaultRule(kind)]))
}

export function saveAlertRule(store: Store, { kind, on, severity, threshold }: AlertRule): void {
  prepared(
    store.books,
    `INSERT INTO alert_rules (kind, is_on, severity, threshold) VALUES (?, ?, ?, ?)
       ON CONFLICT (kind) DO UPDATE SET is_on = excluded.is_on, severity = excluded.severity, threshold = excluded.threshold`,
  ).run(kind, on ? 1 : 0, severity, threshold)
}

interface KnownRow {
  cause: string
  kind: AlertKind
  network: string
  subject: string
  as_of_ts: number
  over_as_of_ts: number | null
  over_ts: number | null
  how: AlertEnd | null
}

const known = ({ cause, kind, network, subject, as_of_ts, over_as_of_ts, over_ts, how }: KnownRow): KnownAlert => ({
  ...{ cause, kind, network, subject, asOfTs: over_as_of_ts ?? as_of_ts, isOpen: over_ts === null, end: how },
})

/** Every open alert. */
export function loadOpenAlerts(store: Store): KnownAlert[] {
  return (prepared(store.books, 'SELECT * FROM alerts WHERE over_ts IS NULL ORDER BY id').all() as KnownRow[]).map(known)
}

/** The latest alert of a subject, open or over; null: there was none. */
export function loadLatestAlert(
  store: Store,
  { kind, network, subject }: Pick<KnownAlert, 'kind' | 'network' | 'subject'>,
): KnownAlert | null {
  const sql = 'SELECT * FROM alerts WHERE kind = ? AND network = ? AND subject = ? ORDER BY id DESC LIMIT 1'
  const found = prepared(store.books, sql).get(kind, network, subject) as KnownRow | undefined
  return found ? known(found) : null
}

export function hasAlertCause(store: Store, cause: string): boolean {
  return prepared(store.books, 'SELECT 1 FROM alerts WHERE cause = ?').get(cause) !== undefined
}

/** Opens an alert, as news that nobody was told; one that is there again is no news. */
export function openAlert(store: Store, { isAgain, ...opening }: Opening, nowTs: number): void {
  const { lastInsertRowid } = prepared(
    store.books,
    `INSERT INTO alerts (cause, kind, severity, network, subject, title, reason, way_out, href, as_of_ts, opened_ts)
       VALUES (@cause, @kind, @severity, @network, @subject, @title, @reason, @wayOut, @href, @asOfTs, @nowTs)`,
  ).run({ ...opening, nowTs })
  if (!isAgain) addNews(store, Number(lastInsertRowid), 'opened', nowTs)
}

/** Ends an open alert. Only one that is over by itself is news; of another, nobody is told any more that it opened. */
export function endAlert(store: Store, { cause, end, asOfTs }: Ending, nowTs: number): void {
  const id = prepared(store.books, 'SELECT id FROM alerts WHERE cause = ? AND over_ts IS NULL').pluck().get(cause) as number
  prepared(store.books, 'UPDATE alerts SET over_ts = ?, over_as_of_ts = ?, how = ? WHERE id = ?').run(nowTs, asOfTs, end, id)
  if (end === 'over') addNews(store, id, 'over', nowTs)
  else prepared(store.books, 'DELETE FROM alert_news WHERE alert_id = ? AND telling IS NULL').run(id)
}

function addNews(store: Store, alertId: number, what: News['what'], nowTs: number): void {
  prepared(store.books, 'INSERT INTO alert_news (alert_id, what, ts) VALUES (?, ?, ?)').run(alertId, what, nowTs)
}

/** What nobody was told yet, the oldest first. */
export function loadUntold(store: Store): News[] {
  const sql = `SELECT alert_id AS alertId, what, ts, is_held AS isHeld, severity, title, reason, href
    FROM alert_news JOIN alerts ON alerts.id = alert_id WHERE telling IS NULL ORDER BY ts, alert_id, what`
  return (prepared(store.books, sql).all() as (Omit<News, 'isHeld'> & { isHeld: number })[]).map(row => ({
    ...row,
    isHeld: row.isHeld === 1,
  }))
}

/** Notes that news came in quiet hours, so that they are told together after them. */
export function holdNews(store: Store, news: readonly News[]): void {
  const sql = prepared(store.books, 'UPDATE alert_news SET is_held = 1 WHERE alert_id = ? AND what = ?')
  for (const { alertId, what, isHeld } of news) if (!isHeld) sql.run(alertId, what)
}

/** Keeps a message as told; gives its number. */
export function keepTelling(store: Store, { what, severity, title, body, href, news }: Message, nowTs: number): number {
  const insert = prepared(store.books, 'INSERT INTO alert_tellings (ts, what, severity, title, body, href) VALUES (?, ?, ?, ?, ?, ?)')
  const seq = Number(insert.run(nowTs, what, severity, title, body, href).lastInsertRowid)
  const told = prepared(store.books, 'UPDATE alert_news SET telling = ? WHERE alert_id = ? AND what = ?')
  for (const one of news) told.run(seq, one.alertId, one.what)
  return seq
}

/** The last telling's number; 0: nothing was ever told. */
export function lastTelling(store: Store): number {
  return prepared(store.books, 'SELECT coalesce(max(seq), 0) FROM alert_tellings').pluck().get() as number
}

/** What was told after a number, the oldest first. */
export function tellingsAfter(store: Store, seq: number, limit: number): Telling[] {
  return prepared(store.books, 'SELECT * FROM alert_tellings WHERE seq > ? ORDER BY seq LIMIT ?').all(seq, limit) as Telling[]
}

const COLUMNS = `id, cause, kind, severity, network, subject, title, reason, way_out AS wayOut, href, as_of_ts AS asOfTs, opened_ts AS openedTs,
  over_ts AS overTs, how AS "end", (SELECT alert_tellings.ts FROM alert_tellings JOIN alert_news ON telling = seq
    WHERE alert_id = alerts.id AND alert_news.what = 'opened') AS toldTs`

/** The open alerts, the most severe first, then the latest. */
export function listOpenAlerts(store: Store, { offset, limit }: { offset: number; limit: number }): { rows: Alert[]; total: number } {
  const order = `CASE severity WHEN 'down' THEN 0 WHEN 'at-risk' THEN 1 ELSE 2 END, id DESC`
  const rows = prepared(store.books, `SELECT ${COLUMNS} FROM alerts WHERE over_ts IS NULL ORDER BY ${order} LIMIT ? OFFSET ?`)
  return { rows: rows.all(limit, offset) as Alert[], total: countOpenAlerts(store).total }
}

export function countOpenAlerts(store: Store): { total: number; worst: AlertSeverity | null } {
  const rows = prepared(store.books, 'SELECT severity, count(*) AS count FROM alerts WHERE over_ts IS NULL GROUP BY severity').all() as {
    severity: AlertSeverity
    count: number
  }[]
  const worst = alertSeveritySchema.options.find(severity => rows.some(row => row.severity === severity)) ?? null
  return { total: rows.reduce((sum, { count }) => sum + count, 0), worst }
}

export interface HistoryFilter {
  kind: AlertKind | null
  severity: AlertSeverity | null
  /** null: open ones and those that are over */
  state: 'open' | 'over' | null
  /** in title and subject */
  search: string
}

/** All alerts that a filter leaves, the latest first. */
export function listAlertHistory(
  store: Store,
  { kind, severity, state, search }: HistoryFilter,
  { offset, limit }: { offset: number; limit: number },
): { rows: Alert[]; total: number } {
  const where = `(@kind IS NULL OR kind = @kind) AND (@severity IS NULL OR severity = @severity)
    AND (@state IS NULL OR (over_ts IS NULL) = (@state = 'open')) AND (@search = '' OR instr(lower(title || ' ' || subject), @search) > 0)`
  const values = { kind, severity, state, search: search.trim().toLowerCase() }
  const page = prepared(store.books, `SELECT ${COLUMNS} FROM alerts WHERE ${where} ORDER BY id DESC LIMIT @limit OFFSET @offset`)
  return {
    rows: page.all({ ...values, limit, offset }) as Alert[],
    total: prepared(store.books, `SELECT count(*) FROM alerts WHERE ${where}`).pluck().get(values) as number,
  }
}

/** The alerts that a message tells of. */
export function alertsOfTelling(store: Store, seq: number): ToldAlert[] {
  const sql = `SELECT cause, what, kind, severity, network, subject, title, reason, way_out AS wayOut, opened_ts AS openedTs, over_ts AS overTs, how AS "end"
    FROM alert_news JOIN alerts ON alerts.id = alert_id WHERE telling = ? ORDER BY alert_id, what`
  return prepared(store.books, sql).all(seq) as ToldAlert[]
}
