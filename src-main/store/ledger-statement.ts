import type { EntryKind, LedgerPart, StatementLine } from './ledger.ts'
import type { Store } from './open.ts'

/* The ledger as an account's owner reads it, and as somebody who has a transaction of a chain at hand. */

export interface Span {
  /** seconds since the epoch, both ends inclusive */
  fromTs: number
  toTs: number
}

interface LineRow {
  entry: bigint
  ts: bigint
  kind: EntryKind
  actor: string
  memo: string
  chain_tx: string | null
  token: string
  part: LedgerPart
  amount: bigint
}

/** An entity's postings of a span, oldest first by their time, at most `limit`; `token` null: of all tokens. */
export function statementBetween(
  store: Store,
  entity: string,
  token: string | null,
  { fromTs, toTs }: Span,
  limit: number,
): StatementLine[] {
  const rows = store.books
    .prepare(
      `SELECT entry, ts, kind, actor, memo, chain_tx, token, part, amount
       FROM ledger_postings JOIN ledger_accounts ON ledger_accounts.id = account JOIN ledger_entries ON ledger_entries.id = entry
       WHERE entity = ?1 AND (?2 IS NULL OR token = ?2) AND part <> 'issuance' AND ts >= ?3 AND ts <= ?4
       ORDER BY ts, entry, place LIMIT ?5`,
    )
    .safeIntegers()
    .all({ 1: entity, 2: token, 3: fromTs, 4: toTs, 5: limit }) as LineRow[]
  return rows.map(({ ts, chain_tx, amount, ...line }) => ({ ...line, ts: Number(ts), chainTx: chain_tx, amountUnits: amount }))
}

/** What an entry moved of one token. */
export interface ChainMovement {
  entry: number
  ts: number
  kind: EntryKind
  actor: string
  memo: string
  token: string
  /** who has less of it afterwards, and who more; `issuance` among them */
  from: string[]
  to: string[]
  amountUnits: bigint
}

/** What the books have of a transaction on a chain, oldest entry first. `chainTx`: as chainTxKey gives it. */
export function movementsOfChainTx(store: Store, chainTx: string): ChainMovement[] {
  const rows = store.books
    .prepare(
      `SELECT ledger_entries.id AS entry, ts, kind, actor, memo, token, entity, sum(amount) AS net
       FROM ledger_entries JOIN ledger_postings ON entry = ledger_entries.id JOIN ledger_accounts ON ledger_accounts.id = account
       WHERE chain_tx = ? GROUP BY ledger_entries.id, token, entity ORDER BY ledger_entries.id, token, min(place)`,
    )
    .safeIntegers()
    .all(chainTx) as (Omit<ChainMovement, 'entry' | 'ts' | 'from' | 'to' | 'amountUnits'> & {
    entry: bigint
    ts: bigint
    entity: string
    net: bigint
  })[]
  const movements: ChainMovement[] = []
  for (const { entry, ts, entity, net, ...said } of rows) {
    let movement = movements.at(-1)
    if (movement?.entry !== Number(entry) || movement.token !== said.token) {
      movement = { ...said, entry: Number(entry), ts: Number(ts), from: [], to: [], amountUnits: 0n }
      movements.push(movement)
    }
    if (net < 0n) movement.from.push(entity)
    if (net <= 0n) continue
    movement.to.push(entity)
    movement.amountUnits += net
  }
  return movements
}
