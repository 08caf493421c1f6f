import { z } from 'zod'
import { type DaoReading, daoReadingSchema } from '../../src-shared/dao-contract.ts'
import { prepared } from './db.ts'
import type { Store } from './open.ts'

/** Keeps a reading in the place of the one before. */
export function saveDaoReading(store: Store, reading: DaoReading): void {
  const text = JSON.stringify(z.encode(daoReadingSchema, reading))
  prepared(store.books, 'INSERT OR REPLACE INTO dao_readings (network, block, reading) VALUES (?, ?, ?)').run(
    reading.network,
    reading.block.n,
    text,
  )
}

/** The last reading of a network; null: there is none, or none that this Granary can read. */
export function loadDaoReading(store: Store, network: string): DaoReading | null {
  const text = prepared(store.books, 'SELECT reading FROM dao_readings WHERE network = ?').pluck().get(network) as string | undefined
  if (text === undefined) return null
  const read = z.safeDecode(daoReadingSchema, JSON.parse(text))
  return read.success ? read.data : null
}
