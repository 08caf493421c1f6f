import { z } from 'zod'
import { bigintText } from '../../src-shared/mint.ts'
import { type LedgerRead, ledgerReadSchema } from '../../src-shared/payment.ts'
import type { Store } from './open.ts'

const storedStraySchema = z.object({
  tx: z.string(),
  ts: z.number(),
  /** empty and null: the operation is no payment */
  payee: z.string(),
  amountUnits: bigintText.nullable(),
  /** null: lumens, or no payment */
  asset: z.object({ code: z.string(), issuer: z.string() }).nullable(),
  /** hash, hex; null: another memo or none */
  memo: z.string().nullable(),
  /** `payment`, or what else the payer did */
  operation: z.string(),
})
/** Something that the payer did on Stellar, as it stands there. */
export type StoredStray = z.infer<typeof storedStraySchema>

const list = z.array(storedStraySchema)

/** Keeps what was found, in place of what was found before. Whoever calls it holds the transaction. */
export function saveStrays(store: Store, network: string, ledger: LedgerRead, found: readonly StoredStray[]): void {
  store.books
    .prepare('INSERT OR REPLACE INTO stray_payments (network, read_ts, ledger, found) VALUES (?,?,?,?)')
    .run(network, store.now(), JSON.stringify(ledger), JSON.stringify(z.encode(list, [...found])))
}

/** undefined: the payer's history was not looked through yet. */
export function loadStrays(store: Store, network: string): { readTs: number; ledger: LedgerRead; found: StoredStray[] } | undefined {
  const row = store.books.prepare('SELECT read_ts, ledger, found FROM stray_payments WHERE network = ?').get(network) as
    | { read_ts: number; ledger: string; found: string }
    | undefined
  return row && { readTs: row.read_ts, ledger: ledgerReadSchema.parse(JSON.parse(row.ledger)), found: list.parse(JSON.parse(row.found)) }
}

/** Whether a row of any run of the network has this memo. */
export function rowHasMemo(store: Store, network: string, memo: string): boolean {
  return store.books.prepare('SELECT 1 FROM payout_rows WHERE receipt = ? AND network = ? LIMIT 1').get(memo, network) !== undefined
}
