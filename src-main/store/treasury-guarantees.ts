import type { Statement } from 'better-sqlite3'
import type { Auction, Participation } from '../engines/guarantees/auction.ts'
import type { Guarantee } from '../engines/guarantees/guarantee.ts'
import { prepared } from './db.ts'
import type { Store } from './open.ts'

/* Guarantees, auctions and access (treasury-pools-tables.ts). Whoever writes here holds the transaction. */

export interface StoredGuarantee extends Guarantee {
  number: number
  /** BTA-GUAR that was minted for it, whether it is still locked or not */
  mintedUnits: bigint
  memo: string
  createdTs: number
  /** null: LOCKED */
  endedTs: number | null
}

export interface StoredAuction extends Auction {
  number: number
  title: string
  openedTs: number
  endTs: number
  /** when what was locked was given back; null: not yet */
  endedTs: number | null
  participants: number
}

export interface StoredParticipation extends Participation {
  joinedTs: number
}

export interface StoredAccess {
  entityId: string
  paidTs: number
  paidUnits: bigint
}

export interface Page {
  offset: number
  limit: number
}

type Row = Record<string, bigint | string | null>

/** Integers as bigint. */
function exact(store: Store, sql: string): Statement {
  return prepared(store.books, sql).safeIntegers()
}

/** Gives its number: 1, 2, 3 and so on. */
export function insertGuarantee(store: Store, guarantee: Guarantee & { memo: string; createdTs: number }): number {
  const { lastInsertRowid } = exact(
    store,
    `INSERT INTO treasury_guarantees (guarantor, beneficiary, guaranteed, coverage_bps, ratio, allocated, minted, memo, created_ts, state)
     VALUES (@guarantor, @beneficiary, @guaranteedUnits, @coverageBps, @ratioUnits, @allocatedUnits, @lockedUnits, @memo, @createdTs, @state)`,
  ).run(guarantee)
  return Number(lastInsertRowid)
}

export function findGuarantee(store: Store, number: number): StoredGuarantee | null {
  const row = exact(store, 'SELECT * FROM treasury_guarantees WHERE id = ?').get(number) as Row | undefined
  return row ? toGuarantee(row) : null
}

export function saveGuaranteeEnd(store: Store, number: number, { state, endedTs }: { state: Guarantee['state']; endedTs: number }): void {
  exact(store, 'UPDATE treasury_guarantees SET state = ?, ended_ts = ? WHERE id = ?').run(state, endedTs, number)
}

export interface GuaranteeFilter {
  /** null: everybody's */
  entityId: string | null
  /** null: where it is on either side */
  side: 'given' | 'received' | null
  /** null: all */
  state: Guarantee['state'] | null
}

/** A page, newest first. */
export function listGuarantees(store: Store, filter: GuaranteeFilter, page: Page): { rows: StoredGuarantee[]; total: number } {
  const from = `FROM treasury_guarantees WHERE (@state IS NULL OR state = @state) AND (@entityId IS NULL
    OR (guarantor = @entityId AND coalesce(@side, 'given') = 'given') OR (beneficiary = @entityId AND coalesce(@side, 'received') = 'received'))`
  const { rows, total } = listed(store, from, { ...filter }, page)
  return { rows: rows.map(toGuarantee), total }
}

/** Gives its number: 1, 2, 3 and so on. */
export function insertAuction(store: Store, auction: Auction & { title: string; openedTs: number; endTs: number }): number {
  const { lastInsertRowid } = exact(
    store,
    `INSERT INTO treasury_auctions (title, organiser, base, opened_ts, end_ts, state)
     VALUES (@title, @organiser, @baseUnits, @openedTs, @endTs, @state)`,
  ).run(auction)
  return Number(lastInsertRowid)
}

const AUCTION =
  'SELECT *, (SELECT count(*) FROM auction_participations WHERE auction = treasury_auctions.id) AS participants FROM treasury_auctions'

export function findAuction(store: Store, number: number): StoredAuction | null {
  const row = exact(store, `${AUCTION} WHERE id = ?`).get(number) as Row | undefined
  return row ? toAuction(row) : null
}

/** A page, newest first; `state` null: all. */
export function listAuctions(store: Store, state: Auction['state'] | null, page: Page): { rows: StoredAuction[]; total: number } {
  const { rows, total } = listed(store, 'FROM treasury_auctions WHERE @state IS NULL OR state = @state', { state }, page, AUCTION)
  return { rows: rows.map(toAuction), total }
}

/** Those that are over at `nowTs` and still hold what is locked, the first to end first. */
export function listOverAuctions(store: Store, nowTs: number): StoredAuction[] {
  return (exact(store, `${AUCTION} WHERE state = 'open' AND end_ts <= ? ORDER BY end_ts, id`).all(nowTs) as Row[]).map(toAuction)
}

export function saveAuctionEnd(store: Store, number: number, endedTs: number): void {
  exact(store, "UPDATE treasury_auctions SET state = 'ended', ended_ts = ? WHERE id = ?").run(endedTs, number)
}

export function insertParticipation(store: Store, auction: number, participation: StoredParticipation): void {
  exact(
    store,
    'INSERT INTO auction_participations (auction, entity, trust, locked, joined_ts) VALUES (@auction, @entity, @trust, @lockedUnits, @joinedTs)',
  ).run({ ...participation, auction })
}

export function findParticipation(store: Store, auction: number, entityId: string): StoredParticipation | null {
  const row = exact(store, 'SELECT * FROM auction_participations WHERE auction = ? AND entity = ?').get(auction, entityId) as
    | Row
    | undefined
  return row ? toParticipation(row) : null
}

/** In the order of joining; `limit` -1: all. */
export function listParticipations(store: Store, auction: number, { offset, limit }: Page): StoredParticipation[] {
  const sql = 'SELECT * FROM auction_participations WHERE auction = ? ORDER BY id LIMIT ? OFFSET ?'
  return (exact(store, sql).all(auction, limit, offset) as Row[]).map(toParticipation)
}

export function findAccess(store: Store, entityId: string): StoredAccess | null {
  const row = exact(store, 'SELECT * FROM treasury_access WHERE entity = ?').get(entityId) as Row | undefined
  return row ? toAccess(row) : null
}

export function insertAccess(store: Store, access: StoredAccess): void {
  exact(store, 'INSERT INTO treasury_access (entity, paid_ts, paid) VALUES (@entityId, @paidTs, @paidUnits)').run(access)
}

/** A page, newest first. */
export function listAccess(store: Store, page: Page): { rows: StoredAccess[]; total: number } {
  const { rows, total } = listed(store, 'FROM treasury_access WHERE true', {}, page)
  return { rows: rows.map(toAccess), total }
}

function listed(
  store: Store,
  from: string,
  values: Record<string, string | null>,
  { offset, limit }: Page,
  select?: string,
): { rows: Row[]; total: number } {
  const rows = exact(
    store,
    `${select === undefined ? `SELECT * ${from}` : from.replace(/^FROM \w+/, select)} ORDER BY id DESC LIMIT @limit OFFSET @offset`,
  )
  const total = exact(store, `SELECT count(*) ${from}`).pluck()
  return { rows: rows.all({ ...values, limit, offset }) as Row[], total: Number(total.get(values)) }
}

function toGuarantee(row: Row): StoredGuarantee {
  const state = row.state as Guarantee['state']
  const mintedUnits = row.minted as bigint
  return {
    ...{ number: Number(row.id), guarantor: row.guarantor as string, beneficiary: row.beneficiary as string },
    ...{ guaranteedUnits: row.guaranteed as bigint, coverageBps: Number(row.coverage_bps), ratioUnits: row.ratio as bigint },
    ...{ allocatedUnits: row.allocated as bigint, mintedUnits, lockedUnits: state === 'LOCKED' ? mintedUnits : 0n, state },
    ...{ memo: row.memo as string, createdTs: Number(row.created_ts), endedTs: numberOrNull(row.ended_ts) },
  }
}

function toAuction(row: Row): StoredAuction {
  return {
    ...{ number: Number(row.id), title: row.title as string, organiser: row.organiser as string, baseUnits: row.base as bigint },
    ...{ openedTs: Number(row.opened_ts), endTs: Number(row.end_ts), state: row.state as Auction['state'] },
    ...{ endedTs: numberOrNull(row.ended_ts), participants: Number(row.participants) },
  }
}

function toParticipation(row: Row): StoredParticipation {
  return { entity: row.entity as string, trust: Number(row.trust), lockedUnits: row.locked as bigint, joinedTs: Number(row.joined_ts) }
}

function toAccess(row: Row): StoredAccess {
  return { entityId: row.entity as string, paidTs: Number(row.paid_ts), paidUnits: row.paid as bigint }
}

function numberOrNull(value: bigint | string | null | undefined): number | null {
  return value === null || value === undefined ? null : Number(value)
}
