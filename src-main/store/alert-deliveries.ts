import type { WebhookDelivery } from '../../src-shared/alerts-contract.ts'
import { prepared } from './db.ts'
import type { Store } from './open.ts'

/* What was told on its way to the webhook (alerts-tables.ts). Whoever calls what writes here holds the transaction. */

export interface Delivery {
  seq: number
  url: string
  tries: number
}

export function addDelivery(store: Store, seq: number, url: string, nowTs: number): void {
  prepared(
    store.books,
    `INSERT INTO alert_deliveries (telling, url, state, tries, next_ts, problem, changed_ts) VALUES (?, ?, 'waiting', 0, ?, '', ?)`,
  ).run(seq, url, nowTs, nowTs)
}

/** The oldest that is due; null: none is. */
export function nextDelivery(store: Store, nowTs: number): Delivery | null {
  const sql = `SELECT telling AS seq, url, tries FROM alert_deliveries WHERE state = 'waiting' AND next_ts <= ? ORDER BY telling LIMIT 1`
  return (prepared(store.books, sql).get(nowTs) as Delivery | undefined) ?? null
}

export interface DeliveryState extends Pick<WebhookDelivery, 'state' | 'tries' | 'problem'> {
  nextTs: number
}

export function saveDelivery(store: Store, seq: number, { state, tries, problem, nextTs }: DeliveryState, nowTs: number): void {
  prepared(store.books, 'UPDATE alert_deliveries SET state = ?, tries = ?, problem = ?, next_ts = ?, changed_ts = ? WHERE telling = ?').run(
    state,
    tries,
    problem,
    nextTs,
    nowTs,
    seq,
  )
}

/** Gives up all that wait for another address than this one (null: for any). */
export function giveUpDeliveries(store: Store, url: string | null, problem: string, nowTs: number): void {
  const sql = `UPDATE alert_deliveries SET state = 'failed', problem = ?, changed_ts = ? WHERE state = 'waiting' AND url <> ?`
  prepared(store.books, sql).run(problem, nowTs, url ?? '')
}

/** Makes all that wait or were given up for this address due now, as if they had not been tried. */
export function retryDeliveries(store: Store, url: string, nowTs: number): void {
  const sql = `UPDATE alert_deliveries SET state = 'waiting', tries = 0, next_ts = ?, changed_ts = ? WHERE state <> 'sent' AND url = ?`
  prepared(store.books, sql).run(nowTs, nowTs, url)
}

export function countDeliveries(store: Store): { waiting: number; failed: number } {
  const sql = `SELECT state, count(*) AS count FROM alert_deliveries WHERE state <> 'sent' GROUP BY state`
  const found = new Map((prepared(store.books, sql).all() as { state: string; count: number }[]).map(({ state, count }) => [state, count]))
  return { waiting: found.get('waiting') ?? 0, failed: found.get('failed') ?? 0 }
}

/** The latest first. */
export function listDeliveries(
  store: Store,
  { offset, limit }: { offset: number; limit: number },
): { rows: WebhookDelivery[]; total: number } {
  const sql = `SELECT seq, ts, title, state, tries, CASE state WHEN 'waiting' THEN next_ts END AS nextTs, problem
    FROM alert_deliveries JOIN alert_tellings ON seq = telling ORDER BY seq DESC LIMIT ? OFFSET ?`
  return {
    rows: prepared(store.books, sql).all(limit, offset) as WebhookDelivery[],
    total: prepared(store.books, 'SELECT count(*) FROM alert_deliveries').pluck().get() as number,
  }
}
