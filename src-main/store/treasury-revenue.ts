import type { Reinvestment, ReinvestShares } from '../engines/credit/metabolic.ts'
import type { Store } from './open.ts'

/* How revenue was split (treasury-payments-tables.ts). */

export interface StoredReinvestment extends Omit<Reinvestment, 'reserveShortfallUnits' | 'externalLeftUnits'>, ReinvestShares {
  /** of the entry in the ledger */
  entry: bigint
  ts: number
  token: string
  revenueUnits: bigint
  /** null: nobody gave capital */
  capitalFrom: string | null
}

/** Whoever calls it holds the transaction. Gives its number: 1, 2, 3 and so on. */
export function insertReinvestment(store: Store, split: StoredReinvestment): number {
  const { lastInsertRowid } = store.books
    .prepare(
      `INSERT INTO treasury_reinvestments (entry, ts, token, revenue, infrastructure, students, team, reserve_target, reserve_funded,
         capital_from, students_bps, team_bps, reserve_bps)
       VALUES (@entry, @ts, @token, @revenueUnits, @infrastructureUnits, @studentsUnits, @teamUnits, @reserveTargetUnits, @reserveFundedUnits,
         @capitalFrom, @studentsBps, @teamBps, @reserveBps)`,
    )
    .run(split)
  return Number(lastInsertRowid)
}

/** A page, newest first; `token` null: of all tokens. */
export function listReinvestments(
  store: Store,
  token: string | null,
  { offset, limit }: { offset: number; limit: number },
): { rows: (StoredReinvestment & { number: number })[]; total: number } {
  const from = 'FROM treasury_reinvestments WHERE (@token IS NULL OR token = @token)'
  const rows = store.books
    .prepare(
      `SELECT id AS number, entry, ts, token, revenue AS revenueUnits, infrastructure AS infrastructureUnits, students AS studentsUnits,
         team AS teamUnits, reserve_target AS reserveTargetUnits, reserve_funded AS reserveFundedUnits, capital_from AS capitalFrom,
         students_bps AS studentsBps, team_bps AS teamBps, reserve_bps AS reserveBps
       ${from} ORDER BY id DESC LIMIT @limit OFFSET @offset`,
    )
    .safeIntegers()
    .all({ token, limit, offset }) as Counted[]
  const total = store.books.prepare(`SELECT count(*) ${from}`).pluck().get({ token }) as number
  return { rows: rows.map(plain), total }
}

type Plain = 'number' | 'ts' | 'studentsBps' | 'teamBps' | 'reserveBps'
/** as the database gives it: every integer a bigint */
type Counted = Omit<StoredReinvestment, Plain> & Record<Plain, bigint>

function plain({ number, ts, studentsBps, teamBps, reserveBps, ...split }: Counted): StoredReinvestment & { number: number } {
  return {
    ...split,
    number: Number(number),
    ts: Number(ts),
    studentsBps: Number(studentsBps),
    teamBps: Number(teamBps),
    reserveBps: Number(reserveBps),
  }
}
