import type { VaultTransfer } from '../../src-shared/node-period.ts'
import { writeTransaction } from './db.ts'
import type { Store } from './open.ts'
import { insertTransfers, loadTransfers } from './vault-transfers.ts'

/** Whose transfers, of which asset (`CODE:ISSUER`). */
export interface VaultKey {
  network: string
  vault: string
  asset: string
}

/** How far the ledger was read. `untilTs`: the close of the last ledger that all is known of; null: it was never read to its end. */
export interface VaultRead {
  cursor: bigint | null
  untilTs: number | null
  readTs: number
}

export function loadVaultRead(store: Store, { network, vault, asset }: VaultKey): VaultRead | undefined {
  const row = store.books
    .prepare('SELECT cursor, until_ts, read_ts FROM vault_reads WHERE network = ? AND vault = ? AND asset = ?')
    .get(network, vault, asset) as { cursor: string | null; until_ts: number | null; read_ts: number } | undefined
  return row && { cursor: row.cursor === null ? null : BigInt(row.cursor), untilTs: row.until_ts, readTs: row.read_ts }
}

/**
 * Keeps a page of the ledger with the cursor to go on from, in one transaction; what the books have no entry of is entered. Gives how many
 * those are: an entry that is there stays, whatever it says. Throws AppError io.full, store.*.
 */
export function saveVaultPage(store: Store, key: VaultKey, transfers: readonly VaultTransfer[], cursor: bigint | null): number {
  const { network, vault, asset } = key
  return writeTransaction(store.books, 'books.db', () => {
    const keep = store.books.prepare(
      'INSERT OR REPLACE INTO vault_ledger (network, vault, asset, tx, ts, amount_units, memo) VALUES (?,?,?,?,?,?,?)',
    )
    for (const { tx, ts, amountUnits, memo } of transfers) keep.run(network, vault, asset, tx, ts, amountUnits.toString(), memo)
    store.books
      .prepare(
        `INSERT INTO vault_reads (network, vault, asset, cursor, until_ts, read_ts) VALUES (@network, @vault, @asset, @cursor, NULL, @now)
         ON CONFLICT DO UPDATE SET cursor = @cursor, read_ts = @now`,
      )
      .run({ network, vault, asset, cursor: cursor?.toString() ?? null, now: store.now() })
    const entered = new Set(loadTransfers(store, network).map(({ tx }) => tx))
    return insertTransfers(
      store,
      network,
      transfers.filter(({ tx }) => !entered.has(tx)),
    )
  })
}

/** All was read until then. Whoever calls it holds the transaction. */
export function endVaultRead(store: Store, { network, vault, asset }: VaultKey, untilTs: number): void {
  store.books
    .prepare(
      `INSERT INTO vault_reads (network, vault, asset, cursor, until_ts, read_ts) VALUES (@network, @vault, @asset, NULL, @untilTs, @now)
       ON CONFLICT DO UPDATE SET until_ts = @untilTs, read_ts = @now`,
    )
    .run({ network, vault, asset, untilTs, now: store.now() })
}

/** What the ledger was read to hold, oldest first. */
export function loadVaultLedger(store: Store, { network, vault, asset }: VaultKey): VaultTransfer[] {
  const rows = store.books
    .prepare('SELECT tx, ts, amount_units AS units, memo FROM vault_ledger WHERE network = ? AND vault = ? AND asset = ? ORDER BY ts, tx')
    .all(network, vault, asset) as { tx: string; ts: number; units: string; memo: string | null }[]
  return rows.map(({ tx, ts, units, memo }) => ({ tx, ts, amountUnits: BigInt(units), memo, note: '' }))
}
