import type { TrustHistory } from '../engines/trust/trust.ts'
import type { Store } from './open.ts'

/** Trust that was used, for as long as it stands. */
export const booksTrust = `
  CREATE TABLE treasury_trust (
    entity TEXT PRIMARY KEY,
    history TEXT NOT NULL CHECK (json_valid(history)),
    taken_ts INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`

/** What counts towards an entity's trust (tokenomics.md, Trust): a count each, of the entity `?`. A subject whose deeds count adds its line. */
const counts: Partial<Record<keyof TrustHistory, string>> = {
  repayments: 'SELECT count(*) FROM credit_repayments WHERE entity = ?',
  // a payment that was held first counts as an escrow, not once more
  counterparties: `SELECT count(DISTINCT payee) FROM treasury_payments
    WHERE payer = ? AND kind <> 'escrow' AND payee IN (SELECT id FROM treasury_entities)`,
  // both sides have done their part of it
  releasedEscrows: `SELECT count(*) FROM (SELECT ? AS who)
    JOIN treasury_escrows ON state = 'released' AND (payer = who OR payee = who)`,
  // one that is paid: nobody vouches for what is only submitted
  proofs: `SELECT count(*) FROM fund_payments WHERE entity = ? AND proof IS NOT NULL`,
  applications: "SELECT count(*) FROM credit_applications WHERE entity = ? AND state <> 'rejected'",
}

/** What an entity has done up to now. */
export function countDeeds(store: Store, entityId: string): TrustHistory {
  const history: TrustHistory = { repayments: 0, counterparties: 0, releasedEscrows: 0, proofs: 0, applications: 0 }
  for (const [deed, sql] of Object.entries(counts))
    history[deed as keyof TrustHistory] = store.books.prepare(sql).pluck().get(entityId) as number
  return history
}

export interface TakenTrust {
  history: TrustHistory
  takenTs: number
}

/** The trust that was used last; null: none was. */
export function findTakenTrust(store: Store, entityId: string): TakenTrust | null {
  const found = store.books.prepare('SELECT history, taken_ts AS takenTs FROM treasury_trust WHERE entity = ?').get(entityId) as
    | { history: string; takenTs: number }
    | undefined
  return found ? { history: JSON.parse(found.history) as TrustHistory, takenTs: found.takenTs } : null
}

/** Whoever calls it holds the transaction. */
export function saveTakenTrust(store: Store, entityId: string, { history, takenTs }: TakenTrust): void {
  store.books
    .prepare('INSERT OR REPLACE INTO treasury_trust (entity, history, taken_ts) VALUES (?, ?, ?)')
    .run(entityId, JSON.stringify(history), takenTs)
}
