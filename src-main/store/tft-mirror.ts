import type { HourFigures } from '../engines/tokens/figures.ts'
import { HOUR_SEC } from './ledger-hours.ts'
import type { Span } from './ledger-statement.ts'
import type { Store } from './open.ts'

/*
 * TFT in the treasury is a read-only mirror (tokenomics.md, Tokens): nothing posts it. What was issued is what payments that stand on Stellar
 * paid for receipts and mints, read from the payout runs of the books; a payment that several runs know counts once.
 */

/** The token that is mirrored. */
export const MIRRORED_TOKEN = 'TFT'

export interface MirroredPayment {
  tx: string
  /** the receipt's or mint's hash */
  receipt: string
  /** Stellar account */
  payee: string
  nodeId: number
  amountUnits: bigint
  /** when Stellar closed the ledger that it stands in, seconds since the epoch */
  paidTs: number
}

export interface Mirror {
  /** all that was paid */
  supplyUnits: bigint
  payments: number
  /** accounts that were paid, the largest sum first */
  holders: { payee: string; paidUnits: bigint }[]
  holdersTotal: number
}

/** one row for each transaction; a transaction pays one receipt */
const PAID = `SELECT tx, min(receipt) AS receipt, min(payee) AS payee, min(node_id) AS node_id,
    min(CAST(amount_units AS INTEGER)) AS amount, min(paid_ts) AS paid_ts
  FROM payout_rows WHERE network = ? AND stage = 'paid' AND paid_ts <= ? GROUP BY tx`

/** No time is later. */
const EVER = 2 ** 52

/** What was paid on a network up to `atTs` (seconds since the epoch, inclusive; null: all), with a page of who was paid. */
export function readMirror(store: Store, network: string, page: { offset: number; limit: number }, atTs: number | null = null): Mirror {
  const db = store.books
  const of = [network, atTs ?? EVER] as const
  const [supply, payments, accounts] = db
    .prepare(`SELECT coalesce(sum(amount), 0), count(*), count(DISTINCT payee) FROM (${PAID})`)
    .raw()
    .safeIntegers()
    .get(...of) as [bigint, bigint, bigint]
  const holders = db
    .prepare(`SELECT payee, sum(amount) AS paidUnits FROM (${PAID}) GROUP BY payee ORDER BY paidUnits DESC, payee LIMIT ? OFFSET ?`)
    .safeIntegers()
    .all(...of, page.limit, page.offset) as Mirror['holders']
  return { supplyUnits: supply, payments: Number(payments), holders, holdersTotal: Number(accounts) }
}

/** What one Stellar account was paid; 0 where it was not. `atTs` as with readMirror. */
export function mirroredBalance(store: Store, network: string, payee: string, atTs: number | null = null): bigint {
  return store.books
    .prepare(`SELECT coalesce(sum(amount), 0) FROM (${PAID}) WHERE payee = ?`)
    .pluck()
    .safeIntegers()
    .get(network, atTs ?? EVER, payee) as bigint
}

/** The payments, latest first; `payee` null: to all accounts. */
export function listMirrored(
  store: Store,
  network: string,
  payee: string | null,
  page: { offset: number; limit: number },
): { rows: MirroredPayment[]; total: number } {
  const from = `FROM (${PAID}) WHERE ? IS NULL OR payee = ?`
  const of = [network, EVER, payee, payee] as const
  const rows = store.books
    .prepare(`SELECT tx, receipt, payee, node_id, amount, paid_ts ${from} ORDER BY paid_ts DESC, tx LIMIT ? OFFSET ?`)
    .safeIntegers()
    .all(...of, page.limit, page.offset) as PaidRow[]
  const total = store.books
    .prepare(`SELECT count(*) ${from}`)
    .pluck()
    .get(...of) as number
  return { rows: rows.map(mirroredPayment), total }
}

interface PaidRow {
  tx: string
  receipt: string
  payee: string
  node_id: bigint
  amount: bigint
  paid_ts: bigint
}

function mirroredPayment({ tx, receipt, payee, node_id, amount, paid_ts }: PaidRow): MirroredPayment {
  return { tx, receipt, payee, nodeId: Number(node_id), amountUnits: amount, paidTs: Number(paid_ts) }
}

/** The payments of a span, earliest first; `payee` null: to all accounts; `network` null: none is known. */
export function mirroredBetween(store: Store, network: string | null, payee: string | null, { fromTs, toTs }: Span): MirroredPayment[] {
  if (network === null) return []
  const rows = store.books
    .prepare(
      `SELECT tx, receipt, payee, node_id, amount, paid_ts FROM (${PAID}) WHERE paid_ts >= ? AND (? IS NULL OR payee = ?) ORDER BY paid_ts, tx`,
    )
    .safeIntegers()
    .all(network, toTs, fromTs, payee, payee) as PaidRow[]
  return rows.map(mirroredPayment)
}

/** What a transaction on Stellar paid, of any network. */
export function mirroredByTx(store: Store, tx: string): MirroredPayment[] {
  const rows = store.books
    .prepare(
      `SELECT tx, min(receipt) AS receipt, min(payee) AS payee, min(node_id) AS node_id, min(CAST(amount_units AS INTEGER)) AS amount,
       min(paid_ts) AS paid_ts FROM payout_rows WHERE stage = 'paid' AND lower(tx) = ? GROUP BY network, tx`,
    )
    .safeIntegers()
    .all(tx) as PaidRow[]
  return rows.map(mirroredPayment)
}

/** Figures by the hour, as the ledger's own tokens have them: what is paid is minted, and whoever was paid holds it. */
export function mirroredHours(
  store: Store,
  network: string | null,
  fromHour: number,
  toHour: number,
): { before: HourFigures | null; hours: HourFigures[] } {
  const hours: HourFigures[] = []
  const paid = new Set<string>()
  for (const { paidTs, payee, amountUnits } of mirroredBetween(store, network, null, {
    fromTs: 0,
    toTs: toHour * HOUR_SEC + HOUR_SEC - 1,
  })) {
    const hour = Math.floor(paidTs / HOUR_SEC)
    paid.add(payee)
    let figures = hours.at(-1)
    const supplyUnits = (figures?.supplyUnits ?? 0n) + amountUnits
    if (figures?.hour !== hour) {
      figures = { hour, supplyUnits, treasuryUnits: 0n, holders: 0, mintedUnits: 0n, burntUnits: 0n, transferredUnits: 0n, movements: 0 }
      hours.push(figures)
    }
    Object.assign(figures, {
      supplyUnits,
      holders: paid.size,
      mintedUnits: figures.mintedUnits + amountUnits,
      movements: figures.movements + 1,
    })
  }
  return { before: hours.findLast(({ hour }) => hour < fromHour) ?? null, hours: hours.filter(({ hour }) => hour >= fromHour) }
}
