import { AppError } from '../../src-shared/errors.ts'
import { tftExact } from '../../src-shared/money.ts'
import type { VaultTransfer } from '../../src-shared/node-period.ts'
import { formatUtc } from '../../src-shared/time.ts'
import type { Store } from './open.ts'
import type { VaultTransfersTable } from './schema.ts'
import { books, change, row, rows } from './sql.ts'

/** All transfers to a network's vault that were entered or imported, oldest first. */
export function loadTransfers(store: Store, network: string): VaultTransfer[] {
  const query = books.selectFrom('vault_transfers').selectAll().where('network', '=', network)
  return rows(store.books, query.orderBy('ts').orderBy('tx')).map(toTransfer)
}

/** One transfer by its transaction's hash; undefined where there is none. */
export function loadTransfer(store: Store, network: string, tx: string): VaultTransfer | undefined {
  const found = row(store.books, books.selectFrom('vault_transfers').selectAll().where('network', '=', network).where('tx', '=', tx))
  return found && toTransfer(found)
}

/**
 * Adds transfers; gives how many are new. One that is there with the same figures (time, amount, memo) stays as it is, with its note.
 * Throws AppError store.conflict where its figures are others; whoever calls it holds the transaction (runCommand does), so that nothing
 * is added then.
 */
export function insertTransfers(store: Store, network: string, transfers: Iterable<VaultTransfer>): number {
  let added = 0
  for (const transfer of transfers) {
    const { tx, ts, amountUnits, memo, note } = transfer
    const known = loadTransfer(store, network, tx)
    if (known) {
      refuseOther(network, known, transfer)
      continue
    }
    const values = { network, tx, ts, amount_units: amountUnits.toString(), memo, note, added_ts: store.now() }
    change(store.books, books.insertInto('vault_transfers').values(values))
    added++
  }
  return added
}

/** Takes a transfer out; whether it was there. Whoever calls it holds the transaction (runCommand does). */
export function removeTransfer(store: Store, network: string, tx: string): boolean {
  return change(store.books, books.deleteFrom('vault_transfers').where('network', '=', network).where('tx', '=', tx)) === 1
}

function refuseOther(network: string, known: VaultTransfer, other: VaultTransfer): void {
  const differs = (['ts', 'amountUnits', 'memo'] as const).find(name => known[name] !== other[name])
  if (differs === undefined) return
  const what = { ts: 'time', amountUnits: 'amount', memo: 'memo' }[differs]
  const say = ({ ts, amountUnits, memo }: VaultTransfer) =>
    ({ ts: formatUtc(ts), amountUnits: `${tftExact(amountUnits)} TFT`, memo: memo ?? 'none' })[differs]
  throw new AppError(
    'store.conflict',
    `The transfer ${other.tx} is in the books with another ${what}: ${say(known)}, not ${say(other)}. Nothing was added. Compare with Stellar; if the books are wrong, remove it first.`,
    { details: { network, tx: other.tx, member: differs } },
  )
}

function toTransfer({ tx, ts, amount_units: amountUnits, memo, note }: VaultTransfersTable): VaultTransfer {
  return { tx, ts, amountUnits: BigInt(amountUnits), memo, note }
}
