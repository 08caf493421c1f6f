import { createHash } from 'node:crypto'
import { verifyAudit } from '../../src-main/store/audit.ts'
import { checkLedger } from '../../src-main/store/ledger.ts'
import type { Store } from '../../src-main/store/open.ts'

/*
 * What must hold of the treasury's books at any time, whoever did what: asked of the tables themselves, past the code that keeps them.
 */

/** Why something is locked with its owner: entity, token and base units of each reason. A subject that locks adds its line. */
const lockedFor = [
  'SELECT entity, token, amount FROM treasury_own_locks',
  "SELECT payer, token, amount + fee FROM treasury_escrows WHERE state = 'held'",
  `SELECT pool_deposits.entity, token, left_in FROM pool_deposits
    JOIN ledger_postings ON ledger_postings.entry = pool_deposits.entry JOIN ledger_accounts ON ledger_accounts.id = account AND part = 'locked'`,
  "SELECT guarantor, 'BTA-GUAR', minted FROM treasury_guarantees WHERE state = 'LOCKED'",
  `SELECT entity, 'BTA-UTIL', locked FROM auction_participations JOIN treasury_auctions ON treasury_auctions.id = auction WHERE state = 'open'`,
  "SELECT entity, token, amount FROM stakes WHERE state <> 'completed'",
]

/** Money as it stands, in words where it is wrong. `issuedUnits`: what was issued of each token and not burnt, as commands have told. */
export function checkMoney({ books }: Pick<Store, 'books'>, issuedUnits: ReadonlyMap<string, bigint>): string[] {
  const all = (sql: string) => books.prepare(sql).safeIntegers().all() as Record<string, unknown>[]
  const findings = all("SELECT entity, token, part, balance FROM ledger_accounts WHERE part <> 'issuance' AND balance < 0").map(
    ({ entity, token, part, balance }) => `${entity} is overdrawn: ${balance} units of ${token}, ${part}`,
  )
  for (const { token, supply, held } of all(
    `SELECT token, coalesce(-sum(balance) FILTER (WHERE part = 'issuance'), 0) AS supply,
      coalesce(sum(balance) FILTER (WHERE part <> 'issuance'), 0) AS held FROM ledger_accounts GROUP BY token`,
  )) {
    if (supply !== held) findings.push(`${token}: ${supply} units were issued, ${held} are held`)
    const told = issuedUnits.get(String(token)) ?? 0n
    if (supply !== told) findings.push(`${token}: the supply is ${supply} units, commands have told of ${told}`)
  }
  for (const { entity, token, locked, reasons } of all(
    `WITH reasons (entity, token, amount) AS (${lockedFor.join(' UNION ALL ')}),
      both (entity, token, locked, reason) AS (
        SELECT entity, token, balance, 0 FROM ledger_accounts WHERE part = 'locked' UNION ALL SELECT entity, token, 0, amount FROM reasons
      )
      SELECT entity, token, sum(locked) AS locked, sum(reason) AS reasons FROM both GROUP BY entity, token HAVING sum(locked) <> sum(reason)`,
  ))
    findings.push(`${entity}: ${locked} units of ${token} are locked, for reasons that come to ${reasons}`)
  for (const { id, voted, circulating } of all(
    `SELECT governance_proposals.id AS id, sum(power) AS voted, circulating FROM governance_proposals
    JOIN governance_votes ON proposal = governance_proposals.id GROUP BY governance_proposals.id HAVING sum(power) > circulating`,
  ))
    findings.push(`Proposal ${id}: votes with ${voted} units, but only ${circulating} circulated`)
  return findings
}

/** All of it: the ledger's own check, the audit trail's chain, one audited deed for each answer that is kept, and SQLite's references. */
export function checkWhole(store: Store): string[] {
  const { intact, firstBroken } = verifyAudit(store)
  const broken = intact ? [] : [`the audit trail is broken at entry ${firstBroken}`]
  const count = (sql: string) => store.books.prepare(sql).pluck().get() as number
  const answers = count('SELECT count(*) FROM answers')
  const audited = count(
    "SELECT count(*) FROM audit WHERE actor NOT IN ('credit', 'watch', 'schedule') AND action NOT IN ('keys.wrongPassphrase')",
  )
  const deeds = answers === audited ? [] : [`${answers} commands were answered, ${audited} stand in the audit trail`]
  const references = (store.books.pragma('foreign_key_check') as unknown[]).map(row => `a reference leads nowhere: ${JSON.stringify(row)}`)
  return [...checkLedger(store), ...broken, ...deeds, ...references]
}

export function tablesOf({ books }: Pick<Store, 'books'>): string[] {
  return books
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name")
    .pluck()
    .all() as string[]
}

/** What looks after the commands write, a little later: no trace of a command. */
const aside = [
  ...['treasury_watch', 'treasury_marks', 'treasury_mark_evidence', 'ledger_hours', 'ledger_hours_until', 'credit_asked', 'schedule_clock'],
  'audit_head',
]

const traces = new WeakMap<Store['books'], { changes: number; trace: Map<string, string> }>()

/** SHA-256 of all rows of each table, so that one can tell whether anything was left. */
export function traceOf(store: Pick<Store, 'books'>): ReadonlyMap<string, string> {
  // counts changes that were undone too: where there was none, the tables are the same
  const changes = store.books.prepare('SELECT total_changes()').pluck().get() as number
  const known = traces.get(store.books)
  if (known?.changes === changes) return known.trace
  const names = tablesOf(store).filter(table => !aside.includes(table))
  const trace = new Map(names.map(table => [table, hashOf(rowsOf(store, table === 'audit' ? "audit WHERE actor <> 'watch'" : table))]))
  traces.set(store.books, { changes, trace })
  return trace
}

/** Quick: how far the books are. A command that was done moves one of them. */
export function reachOf({ books }: Pick<Store, 'books'>): string {
  const sql = `SELECT (SELECT count(*) FROM answers), (SELECT seq FROM audit WHERE actor <> 'watch' ORDER BY seq DESC LIMIT 1), (SELECT max(id) FROM ledger_entries),
    (SELECT max(version) FROM treasury_parameters)`
  return JSON.stringify(books.prepare(sql).raw().get())
}

export function rowsOf({ books }: Pick<Store, 'books'>, table: string): string[] {
  const rows = books.prepare(`SELECT * FROM ${table}`).safeIntegers().all()
  return rows.map(row => JSON.stringify(row, (_key, value) => (typeof value === 'bigint' ? value.toString() : value))).sort()
}

export function changedTables(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  return [...after].filter(([table, hash]) => before.get(table) !== hash).map(([table]) => table)
}

function hashOf(rows: readonly string[]): string {
  return createHash('sha256').update(rows.join('\n')).digest('hex')
}
