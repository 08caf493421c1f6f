import type { Statement } from 'better-sqlite3'
import type { CurveProfile, Pricing } from '../../src-shared/treasury/curve.ts'
import type { CurveEventShown, CurveShown } from '../../src-shared/treasury/curve-table.ts'
import type { Curve } from '../engines/curve/curve.ts'
import { prepared } from './db.ts'
import type { Store } from './open.ts'
import type { Page } from './treasury-staking.ts'

/* Minting curves, their simulated state, and what happened on them (treasury-curve-tables.ts). Whoever writes here holds the transaction. */

export interface StoredCurve extends Curve {
  number: number
  kind: CurveShown['kind']
  pricing: Pricing
  poolFeePpm: number
  createdTs: number
  /** of the last change of its slope; null: none */
  updatedTs: number | null
  /** shares of its pool that exist, and those that the treasury owns */
  lpUnits: bigint
  tolLpUnits: bigint
  /** null: on a token of the ledger, which has its issuance and what everybody holds */
  simulated: Simulated | null
}

export interface Simulated {
  issuanceUnits: bigint
  /** of the asset that is paid with */
  givenOutUnits: bigint
}

/** What somebody has of a curve's two assets. */
export interface CurveHolding {
  nativeUnits: bigint
  foreignUnits: bigint
}

export interface StoredCurveEvent {
  number: number
  curve: number
  ts: number
  name: CurveEventShown['name']
  /** whose doing it is; null: nobody's alone */
  entityId: string | null
  fields: CurveEventShown['fields']
  /** of the ledger; null: it moved nothing there */
  entry: bigint | null
}

type Row = Record<string, bigint | string | null>

/** Integers as bigint. */
function exact(store: Store, sql: string): Statement {
  return prepared(store.books, sql).safeIntegers()
}

export type NewCurve = Curve & Pick<StoredCurve, 'kind' | 'pricing' | 'poolFeePpm' | 'createdTs'>

/** Gives its number: 1, 2, 3 and so on. A simulated one begins with the issuance that it counts from, and nothing given out. */
export function insertCurve(store: Store, curve: NewCurve): number {
  const issuance = curve.initialIssuanceUnits.toString()
  const isSimulated = curve.kind === 'simulated'
  const { lastInsertRowid } = exact(
    store,
    `INSERT INTO treasury_curves
      (kind, asset, foreign_asset, profile, pricing, initial_price, slope, initial_issuance, precision, pool_fee_ppm, created_ts,
       issuance, given_out)
     VALUES
      (@kind, @asset, @foreignAsset, @profile, @pricing, @price, @slopeText, @issuance, @precision, @poolFeePpm, @createdTs, @simulated, @givenOut)`,
  ).run({
    ...{ kind: curve.kind, asset: curve.asset, foreignAsset: curve.foreignAsset, profile: curve.profile, pricing: curve.pricing },
    ...{ price: curve.initialPrice.toString(), slopeText: curve.slope.toString(), issuance, poolFeePpm: curve.poolFeePpm },
    ...{
      precision: curve.precision.toString(),
      createdTs: curve.createdTs,
      simulated: isSimulated ? issuance : null,
      givenOut: isSimulated ? '0' : null,
    },
  })
  return Number(lastInsertRowid)
}

export function findCurve(store: Store, number: number): StoredCurve | null {
  const row = exact(store, 'SELECT * FROM treasury_curves WHERE id = ?').get(number) as Row | undefined
  return row ? toCurve(row) : null
}

/** The curve of an asset; one of the ledger and one that is simulated may have the same name. */
export function findCurveOf(store: Store, kind: StoredCurve['kind'], asset: string): StoredCurve | null {
  const row = exact(store, 'SELECT * FROM treasury_curves WHERE kind = ? AND asset = ?').get(kind, asset) as Row | undefined
  return row ? toCurve(row) : null
}

/** Newest first; `kind` null: all. */
export function listCurves(store: Store, kind: StoredCurve['kind'] | null, page: Page): { rows: StoredCurve[]; total: number } {
  const from = 'FROM treasury_curves WHERE ?1 IS NULL OR kind = ?1'
  const rows = exact(store, `SELECT * ${from} ORDER BY id DESC LIMIT ?2 OFFSET ?3`).all({ 1: kind, 2: page.limit, 3: page.offset }) as Row[]
  return { rows: rows.map(toCurve), total: Number(exact(store, `SELECT count(*) ${from}`).pluck().get({ 1: kind })) }
}

/** The numbers of those on a token of the ledger. */
export function ledgerCurveNumbers(store: Store): number[] {
  return exact(store, "SELECT id FROM treasury_curves WHERE kind = 'ledger' ORDER BY id").pluck().all().map(Number)
}

export function saveSlope(store: Store, number: number, slope: bigint, updatedTs: number): void {
  exact(store, 'UPDATE treasury_curves SET slope = ?, updated_ts = ? WHERE id = ?').run(slope.toString(), updatedTs, number)
}

export function saveShares(store: Store, number: number, { lpUnits, tolLpUnits }: Pick<StoredCurve, 'lpUnits' | 'tolLpUnits'>): void {
  exact(store, 'UPDATE treasury_curves SET shares = ?, owned_shares = ? WHERE id = ?').run(
    lpUnits.toString(),
    tolLpUnits.toString(),
    number,
  )
}

export function saveSimulated(store: Store, number: number, { issuanceUnits, givenOutUnits }: Simulated): void {
  exact(store, 'UPDATE treasury_curves SET issuance = ?, given_out = ? WHERE id = ?').run(
    issuanceUnits.toString(),
    givenOutUnits.toString(),
    number,
  )
}

/** In a simulation. */
export function simulatedHolding(store: Store, curve: number, entity: string): CurveHolding {
  const sql = 'SELECT asset, foreign_asset FROM treasury_curve_holdings WHERE curve = ? AND entity = ?'
  const row = exact(store, sql).get(curve, entity) as { asset: string; foreign_asset: string } | undefined
  return row ? { nativeUnits: BigInt(row.asset), foreignUnits: BigInt(row.foreign_asset) } : { nativeUnits: 0n, foreignUnits: 0n }
}

export function saveSimulatedHolding(store: Store, curve: number, entity: string, { nativeUnits, foreignUnits }: CurveHolding): void {
  exact(
    store,
    `INSERT INTO treasury_curve_holdings (curve, entity, asset, foreign_asset) VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET asset = excluded.asset, foreign_asset = excluded.foreign_asset`,
  ).run(curve, entity, nativeUnits.toString(), foreignUnits.toString())
}

export function insertCurveEvent(store: Store, event: Omit<StoredCurveEvent, 'number'>): void {
  const { curve, ts, name, entityId, fields, entry } = event
  exact(store, 'INSERT INTO treasury_curve_events (curve, ts, name, entity, fields, entry) VALUES (?, ?, ?, ?, ?, ?)').run(
    ...[curve, ts, name, entityId, JSON.stringify(fields), entry],
  )
}

/** Newest first; null: of all curves, of all names. */
export function listCurveEvents(
  store: Store,
  { curve, name }: { curve: number | null; name: string | null },
  page: Page,
): { rows: StoredCurveEvent[]; total: number } {
  const from = 'FROM treasury_curve_events WHERE (?1 IS NULL OR curve = ?1) AND (?2 IS NULL OR name = ?2)'
  const rows = exact(store, `SELECT * ${from} ORDER BY id DESC LIMIT ?3 OFFSET ?4`).all({
    ...{ 1: curve, 2: name, 3: page.limit, 4: page.offset },
  }) as Row[]
  return { rows: rows.map(toEvent), total: Number(exact(store, `SELECT count(*) ${from}`).pluck().get({ 1: curve, 2: name })) }
}

function toCurve(row: Row): StoredCurve {
  const whole = (column: string) => BigInt(row[column] as string)
  return {
    ...{
      number: Number(row.id),
      kind: row.kind as StoredCurve['kind'],
      asset: row.asset as string,
      foreignAsset: row.foreign_asset as string,
    },
    ...{ profile: row.profile as CurveProfile, pricing: row.pricing as Pricing, poolFeePpm: Number(row.pool_fee_ppm) },
    ...{
      initialPrice: whole('initial_price'),
      slope: whole('slope'),
      initialIssuanceUnits: whole('initial_issuance'),
      precision: whole('precision'),
    },
    ...{ createdTs: Number(row.created_ts), updatedTs: row.updated_ts === null ? null : Number(row.updated_ts) },
    ...{ lpUnits: whole('shares'), tolLpUnits: whole('owned_shares') },
    simulated: row.issuance === null ? null : { issuanceUnits: whole('issuance'), givenOutUnits: whole('given_out') },
  }
}

function toEvent(row: Row): StoredCurveEvent {
  return {
    ...{ number: Number(row.id), curve: Number(row.curve), ts: Number(row.ts), name: row.name as StoredCurveEvent['name'] },
    ...{ entityId: row.entity as string | null, fields: JSON.parse(row.fields as string) as StoredCurveEvent['fields'] },
    entry: row.entry as bigint | null,
  }
}
