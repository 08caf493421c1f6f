import { z } from 'zod'
import { type ChainCurvesRead, chainCurvesReadSchema } from '../../src-shared/chain-curves.ts'
import { prepared } from './db.ts'
import type { Store } from './open.ts'

export interface KeptCurves {
  read: ChainCurvesRead
  readTs: number
}

/** null: they were never read, or what was kept is of another Granary. */
export function loadChainCurves(store: Store, network: string): KeptCurves | null {
  const row = prepared(store.books, 'SELECT read_ts, found FROM chain_curves WHERE network = ?').get(network) as
    | { read_ts: number; found: string }
    | undefined
  const found = row && z.safeDecode(chainCurvesReadSchema, JSON.parse(row.found))
  return row && found?.success ? { read: found.data, readTs: row.read_ts } : null
}

export function saveChainCurves(store: Store, network: string, { read, readTs }: KeptCurves): void {
  const sql =
    'INSERT INTO chain_curves (network, read_ts, found) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET read_ts = excluded.read_ts, found = excluded.found'
  prepared(store.books, sql).run(network, readTs, JSON.stringify(z.encode(chainCurvesReadSchema, read)))
}
