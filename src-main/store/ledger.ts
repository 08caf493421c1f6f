import type { Statement } from 'better-sqlite3'
import { AppError } from '../../src-shared/errors.ts'
import type { Db } from './db.ts'
import type { Store } from './open.ts'

/*
 * The treasury's double-entry ledger (tokenomics.md, first paragraph and Rules). Amounts are base units in signed 64 bits, read as bigint.
 * What it must never hold is refused by the database (ledger-tables.ts); here it is written and read.
 */

/** What an entity may spend, what it holds but can't, and, of a token, what was issued of it (below 0). */
export type LedgerPart = 'available' | 'locked' | 'issuance'

export type EntryKind = 'TRANSFER' | 'MINT' | 'BURN' | 'REWARD' | 'STAKE' | 'UNSTAKE' | 'LOCK' | 'UNLOCK'

export interface Posting {
  entity: string
  token: string
  part: LedgerPart
  /** added to the account; those of an entry sum to 0 for each token */
  amountUnits: bigint
}

export interface EntryOrder {
  kind: EntryKind
  /** seconds since the epoch: the time of the command or of the job's slot */
  ts: number
  actor: string
  /** what it is for; may be empty */
  memo: string
  postings: readonly Posting[]
  /** the transaction on a chain that it stands for */
  chainTx?: string
}

export interface Balance {
  availableUnits: bigint
  lockedUnits: bigint
}

export interface Holding extends Balance {
  token: string
}

/** One posting as a statement has it. */
export interface StatementLine {
  entry: bigint
  ts: number
  kind: EntryKind
  actor: string
  memo: string
  chainTx: string | null
  token: string
  part: LedgerPart
  amountUnits: bigint
}

const known = new WeakMap<Db, Map<string, Statement>>()

/** A statement of its own that gives integers as bigint. */
function exact(store: Store, sql: string): Statement {
  const db = store.books
  let statements = known.get(db)
  if (!statements) {
    statements = new Map()
    known.set(db, statements)
  }
  let statement = statements.get(sql)
  if (!statement) {
    statement = db.prepare(sql).safeIntegers()
    statements.set(sql, statement)
  }
  return statement
}

/** Makes a token known, with the most of it that there may ever be (null: no limit). Whoever calls it holds the transaction. */
export function addLedgerToken(store: Store, token: string, maxUnits: bigint | null, ts: number): void {
  exact(store, 'INSERT INTO ledger_tokens (token, max_units, initialised_ts) VALUES (?, ?, ?)').run(token, maxUnits, ts)
}

export interface LedgerToken {
  token: string
  maxUnits: bigint | null
  initialisedTs: number
}

export function listLedgerTokens(store: Store): LedgerToken[] {
  return (exact(store, 'SELECT * FROM ledger_tokens ORDER BY token').all() as TokenRow[]).map(ledgerToken)
}

export function findLedgerToken(store: Store, token: string): LedgerToken | null {
  const found = exact(store, 'SELECT * FROM ledger_tokens WHERE token = ?').get(token) as TokenRow | undefined
  return found ? ledgerToken(found) : null
}

interface TokenRow {
  token: string
  max_units: bigint | null
  initialised_ts: bigint
}

function ledgerToken({ token, max_units, initialised_ts }: TokenRow): LedgerToken {
  return { token, maxUnits: max_units, initialisedTs: Number(initialised_ts) }
}

/**
 * Writes one entry; gives its number. Whoever calls it holds the transaction and has checked that the money is there. Postings of 0 are left
 * out. Throws AppError `ledger.refused` where the database does not take it: an entry that does not balance, an account that would fall below
 * 0, a token past its most, a sum past 64 bits. Then the caller's transaction must not be committed.
 */
export function post(store: Store, order: EntryOrder): bigint {
  return postAll(store, [order])[0]!
}

/** So many entries are written together: a statement of SQL costs more than the rows of one payment. */
const ENTRIES_AT_ONCE = 20

/** Writes entries in their order, each as `post` does; gives their numbers. */
export function postAll(store: Store, orders: readonly EntryOrder[]): bigint[] {
  const sql = statementsOf(store)
  const accounts = new Map<string, bigint>()
  const ids: bigint[] = []
  let id = (sql.last.get() as bigint | null) ?? 0n
  try {
    for (let at = 0; at < orders.length; at += ENTRIES_AT_ONCE) {
      const postings: Row[] = []
      const entries: Row[] = []
      for (const { postings: moves, ts, kind, actor, memo, chainTx } of orders.slice(at, at + ENTRIES_AT_ONCE)) {
        ids.push(++id)
        let place = 0
        for (const move of moves)
          if (move.amountUnits !== 0n) postings.push([id, place++, accountOf(sql, move, accounts), move.amountUnits])
        entries.push([id, ts, kind, actor, memo, chainTx ?? null])
      }
      insertRows(sql.insertPostings, postings)
      // entries seal their postings, so they come after them
      insertRows(sql.insertEntries, entries)
    }
  } catch (cause) {
    throw refusal(orders, cause)
  }
  return ids
}

/** The number of a posting's account, which begins where there is none. `known`: numbers found since this transaction began. */
function accountOf({ findAccount, beginAccount }: Statements, { entity, token, part }: Posting, known: Map<string, bigint>): bigint {
  // the length, so that no two accounts have one name, whatever tokens and entities are called
  const name = `${part} ${token.length} ${token} ${entity}`
  const account =
    known.get(name) ??
    (findAccount.get(entity, token, part) as bigint | undefined) ??
    (beginAccount.run(entity, token, part).lastInsertRowid as bigint)
  known.set(name, account)
  return account
}

function refusal(orders: readonly EntryOrder[], cause: unknown): unknown {
  const { code, message } = cause as { code?: unknown; message?: string }
  // a number past 64 bits does not even reach the database
  const isRefused =
    cause instanceof RangeError || (typeof code === 'string' && (code.startsWith('SQLITE_CONSTRAINT') || code === 'SQLITE_ERROR'))
  if (!isRefused) return cause
  const { kind, memo } = orders[0]!
  const what = orders.length === 1 ? `this ${kind.toLowerCase()}` : `one of these ${orders.length} entries`
  return new AppError('ledger.refused', `The ledger does not take ${what}: ${message}. Nothing was moved.`, {
    cause,
    details: { kind, memo: memo.slice(0, 100) },
  })
}

type Row = (bigint | number | string | null)[]

interface Inserter {
  rows: number
  statement: Statement
}

/** The statements of every entry, at hand without a look at their text. */
interface Statements {
  last: Statement
  balance: Statement
  findAccount: Statement
  beginAccount: Statement
  insertPostings: Inserter[]
  insertEntries: Inserter[]
}

const statements = new WeakMap<Db, Statements>()

function statementsOf(store: Store): Statements {
  let found = statements.get(store.books)
  if (!found) {
    found = {
      last: exact(store, 'SELECT max(id) FROM ledger_entries').pluck(),
      findAccount: exact(store, 'SELECT id FROM ledger_accounts WHERE entity = ? AND token = ? AND part = ?').pluck(),
      beginAccount: exact(store, 'INSERT INTO ledger_accounts (entity, token, part) VALUES (?, ?, ?)'),
      balance: exact(store, 'SELECT balance FROM ledger_accounts WHERE entity = ? AND token = ? AND part = ?').pluck(),
      insertPostings: inserters(store, 'ledger_postings', ['entry', 'place', 'account', 'amount']),
      insertEntries: inserters(store, 'ledger_entries', ['id', 'ts', 'kind', 'actor', 'memo', 'chain_tx']),
    }
    statements.set(store.books, found)
  }
  return found
}

/** Statements that insert so many rows at once, the largest first. Three: nearly every payment has as many postings. */
function inserters(store: Store, table: string, columns: string[]): Inserter[] {
  const row = `(${columns.map(() => '?').join(', ')})`
  return [60, 10, 3, 1].map(rows => {
    const sql = `INSERT INTO ${table} (${columns.join(', ')}) VALUES ${Array(rows).fill(row).join(', ')}`
    return { rows, statement: exact(store, sql) }
  })
}

/** Inserts rows in their order, by as few statements as there are sizes for. */
function insertRows(by: readonly Inserter[], rows: readonly Row[]): void {
  let at = 0
  for (const { rows: size, statement } of by)
    for (; rows.length - at >= size; at += size) statement.run(...(size === 1 ? rows[at]! : rows.slice(at, at + size).flat()))
}

/** What an entity has of a token; with `atTs` as it was after all that was posted up to then, the end inclusive. */
export function balanceOf(store: Store, entity: string, token: string, atTs: number | null = null): Balance {
  if (atTs !== null) {
    const then = holdingsOf(store, entity, atTs).find(holding => holding.token === token)
    return { availableUnits: then?.availableUnits ?? 0n, lockedUnits: then?.lockedUnits ?? 0n }
  }
  const { balance } = statementsOf(store)
  return {
    availableUnits: (balance.get(entity, token, 'available') as bigint | undefined) ?? 0n,
    lockedUnits: (balance.get(entity, token, 'locked') as bigint | undefined) ?? 0n,
  }
}

/** What an entity has, token by token, of all that it ever had an account for. `atTs` as with balanceOf. */
export function holdingsOf(store: Store, entity: string, atTs: number | null = null): Holding[] {
  const now = "SELECT token, part, balance FROM ledger_accounts WHERE entity = ? AND part <> 'issuance' ORDER BY token"
  const past = `SELECT token, part, coalesce(sum(amount) FILTER (WHERE ts <= ?), 0) AS balance
    FROM ledger_accounts LEFT JOIN ledger_postings ON account = ledger_accounts.id LEFT JOIN ledger_entries ON ledger_entries.id = entry
    WHERE entity = ? AND part <> 'issuance' GROUP BY token, part ORDER BY token`
  const rows = (atTs === null ? exact(store, now).all(entity) : exact(store, past).all(atTs, entity)) as {
    token: string
    part: LedgerPart
    balance: bigint
  }[]
  const byToken = new Map<string, Holding>()
  for (const { token, part, balance } of rows) {
    const holding = byToken.get(token) ?? { token, availableUnits: 0n, lockedUnits: 0n }
    if (part === 'available') holding.availableUnits = balance
    else holding.lockedUnits = balance
    byToken.set(token, holding)
  }
  return [...byToken.values()]
}

/** What was issued of a token and not burnt. */
export function supplyOf(store: Store, token: string): bigint {
  const balance = exact(store, "SELECT balance FROM ledger_accounts WHERE token = ? AND part = 'issuance'").pluck().get(token) as
    | bigint
    | undefined
  return -(balance ?? 0n)
}

/** Who holds how much of a token, most first. */
export function holdersOf(store: Store, token: string, page: { offset: number; limit: number }): (Balance & { entity: string })[] {
  const rows = exact(
    store,
    `SELECT entity,
      coalesce(sum(balance) FILTER (WHERE part = 'available'), 0) AS available,
      coalesce(sum(balance) FILTER (WHERE part = 'locked'), 0) AS locked
    FROM ledger_accounts WHERE token = ? AND part <> 'issuance' GROUP BY entity HAVING sum(balance) > 0
    ORDER BY sum(balance) DESC, entity LIMIT ? OFFSET ?`,
  ).all(token, page.limit, page.offset) as { entity: string; available: bigint; locked: bigint }[]
  return rows.map(({ entity, available, locked }) => ({ entity, availableUnits: available, lockedUnits: locked }))
}

/** How many entities hold some of a token. */
export function countHolders(store: Store, token: string): number {
  const sql = `SELECT count(*) FROM (SELECT 1 FROM ledger_accounts WHERE token = ? AND part <> 'issuance' GROUP BY entity HAVING sum(balance) > 0)`
  return Number(exact(store, sql).pluck().get(token))
}

/** The entities on the other side of an entry, as far as it is about this token. */
export function othersIn(store: Store, entry: bigint, token: string, entity: string): string[] {
  const sql = `SELECT DISTINCT entity FROM ledger_postings JOIN ledger_accounts ON ledger_accounts.id = account
    WHERE entry = ? AND token = ? AND entity <> ? ORDER BY place`
  return exact(store, sql).pluck().all(entry, token, entity) as string[]
}

/** An entity's postings, newest first; `token` null: of all tokens. */
export function statementOf(
  store: Store,
  entity: string,
  token: string | null,
  page: { offset: number; limit: number },
): { rows: StatementLine[]; total: number } {
  const from = `FROM ledger_postings JOIN ledger_accounts ON ledger_accounts.id = account JOIN ledger_entries ON ledger_entries.id = entry
    WHERE entity = ?1 AND (?2 IS NULL OR token = ?2) AND part <> 'issuance'`
  const rows = exact(
    store,
    `SELECT entry, ts, kind, actor, memo, chain_tx, token, part, amount ${from} ORDER BY entry DESC, place DESC LIMIT ?3 OFFSET ?4`,
  ).all({ 1: entity, 2: token, 3: page.limit, 4: page.offset }) as {
    entry: bigint
    ts: bigint
    kind: EntryKind
    actor: string
    memo: string
    chain_tx: string | null
    token: string
    part: LedgerPart
    amount: bigint
  }[]
  const total = exact(store, `SELECT count(*) ${from}`).pluck().get({ 1: entity, 2: token }) as bigint
  return {
    rows: rows.map(({ ts, chain_tx, amount, ...line }) => ({ ...line, ts: Number(ts), chainTx: chain_tx, amountUnits: amount })),
    total: Number(total),
  }
}

/** Where the ledger contradicts itself, in words; empty where it is sound. What triggers refuse is found here if a file was altered past them. */
export function checkLedger(store: Store): string[] {
  const findings: string[] = []
  const all = (sql: string) => exact(store, sql).all() as Record<string, unknown>[]
  for (const { entry, token, total } of all(
    `SELECT entry, token, sum(amount) AS total FROM ledger_postings JOIN ledger_accounts ON ledger_accounts.id = account
    GROUP BY entry, token HAVING sum(amount) <> 0`,
  ))
    findings.push(`Entry ${entry} does not balance: ${token} is off by ${total} units.`)
  for (const { entry } of all('SELECT DISTINCT entry FROM ledger_postings WHERE entry NOT IN (SELECT id FROM ledger_entries)'))
    findings.push(`Postings of entry ${entry} have no entry.`)
  for (const { entity, token, part, balance, posted } of all(
    `SELECT entity, token, part, balance, coalesce(sum(amount), 0) AS posted
    FROM ledger_accounts LEFT JOIN ledger_postings ON account = ledger_accounts.id GROUP BY ledger_accounts.id HAVING balance <> posted`,
  ))
    findings.push(`${entity}, ${token} ${part}: the balance is ${balance} units, its postings come to ${posted}.`)
  for (const { entity, token, part, balance } of all(
    "SELECT entity, token, part, balance FROM ledger_accounts WHERE CASE part WHEN 'issuance' THEN balance > 0 ELSE balance < 0 END",
  ))
    findings.push(`${entity}, ${token} ${part}: overdrawn, ${balance} units.`)
  for (const { token, balance } of all(
    `SELECT ledger_accounts.token, balance FROM ledger_accounts JOIN ledger_tokens ON ledger_tokens.token = ledger_accounts.token
    WHERE part = 'issuance' AND -balance > max_units`,
  ))
    findings.push(`${token}: ${balance} units were issued, more than its most.`)
  for (const { token, held, ...sums } of all(
    `SELECT token, held, issued_high, issued_low, burnt_high, burnt_low
    FROM (SELECT token, coalesce(sum(balance) FILTER (WHERE part <> 'issuance'), 0) AS held FROM ledger_accounts GROUP BY token)
    LEFT JOIN (
      SELECT token AS moved,
        sum(-amount >> 32) FILTER (WHERE amount < 0) AS issued_high, sum(-amount & 4294967295) FILTER (WHERE amount < 0) AS issued_low,
        sum(amount >> 32) FILTER (WHERE amount > 0) AS burnt_high, sum(amount & 4294967295) FILTER (WHERE amount > 0) AS burnt_low
      FROM ledger_postings JOIN ledger_accounts ON ledger_accounts.id = account WHERE part = 'issuance' GROUP BY token
    ) ON moved = token`,
  )) {
    const issued = wholeOf(sums.issued_high, sums.issued_low)
    const burnt = wholeOf(sums.burnt_high, sums.burnt_low)
    if (held !== issued - burnt) findings.push(`${token}: ${held} units are held, but ${issued} were issued and ${burnt} burnt.`)
  }
  for (const { entity, token, own, locked } of all(
    `SELECT treasury_own_locks.entity, treasury_own_locks.token, amount AS own, coalesce(balance, 0) AS locked
    FROM treasury_own_locks LEFT JOIN ledger_accounts
      ON ledger_accounts.entity = treasury_own_locks.entity AND ledger_accounts.token = treasury_own_locks.token AND part = 'locked'
    WHERE amount > coalesce(balance, 0)`,
  ))
    findings.push(`${entity}, ${token}: ${own} units were put aside by their owner, but only ${locked} are locked.`)
  return findings
}

/**
 * A sum of amounts from the sums of their upper and lower halves, `sum(amount >> 32)` and `sum(amount & 4294967295)` (null: of none): what moved
 * over the years may come to more than the 64 bits that SQLite adds in.
 */
export function wholeOf(high: unknown, low: unknown): bigint {
  return ((high as bigint | null) ?? 0n) * 4_294_967_296n + ((low as bigint | null) ?? 0n)
}
