import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { initialiseTokens, TREASURY } from '../../src-main/core/treasury/tokens.ts'
import { planPayment } from '../../src-main/engines/payments/payment.ts'
import { createCommandQueue } from '../../src-main/store/command-queue.ts'
import { writeTransaction } from '../../src-main/store/db.ts'
import { balanceOf, checkLedger, type EntryOrder, post, postAll } from '../../src-main/store/ledger.ts'
import { openStore, type Store } from '../../src-main/store/open.ts'
import { defaultTokens } from '../../src-shared/treasury/tokens.ts'

/*
 * `ledger-figures.ts BATCH COMMANDS`: so many payments through the ledger in one batch, and as commands of their own, beside bare inserts of
 * the same rows into tables without any rule. Prints seconds, of a new folder.
 */

export interface LedgerFigures {
  batchSec: number
  bareBatchSec: number
  commandsSec: number
  bareCommandsSec: number
}

const [batch, commands] = process.argv.slice(2).map(Number) as [number, number]
/** so many callers wait for their answer at a time */
const CALLERS = 100
const PAYEES = 200

const folder = mkdtempSync(join(tmpdir(), 'granary-bench-ledger-'))
const store = openStore(folder, { mode: 'write' })
try {
  const write = <T>(work: () => T): T => writeTransaction(store.books, 'books.db', work)
  write(() => initialiseTokens(store, defaultTokens, { actor: 'bench', ts: 0 }))
  // what is prepared once in a program's life is prepared before
  write(() => pay(store, 0))
  const batchSec = seconds(() => write(() => payBatch(store)))
  const startMs = performance.now()
  await commandsOf(store)
  const commandsSec = (performance.now() - startMs) / 1000
  const problems = checkLedger(store)
  if (problems.length > 0) throw new Error(problems.join('\n'))
  const figures: LedgerFigures = { batchSec, commandsSec, ...bareInserts(store) }
  console.log(JSON.stringify(figures))
} finally {
  store.close()
  rmSync(folder, { recursive: true, force: true })
}

/** A payment with its fee, as the engine plans it from the balance. */
function payment(i: number, availableUnits: bigint): { order: EntryOrder; debitedUnits: bigint } {
  const to = `payee-${i % PAYEES}`
  const { amountUnits, feeUnits, debitedUnits } = planPayment(
    { from: TREASURY, to, amountUnits: 10_000n + BigInt(i % 7) },
    availableUnits,
    10,
  )
  const at = (entity: string, units: bigint) => ({ entity, token: 'AZR', part: 'available' as const, amountUnits: units })
  const postings = [at(TREASURY, -debitedUnits), at(to, amountUnits), at('fees', feeUnits)]
  return { order: { kind: 'TRANSFER', ts: 1_700_000_000 + i, actor: 'bench', memo: `payment ${i}`, postings }, debitedUnits }
}

function pay(books: Store, i: number): bigint {
  return post(books, payment(i, balanceOf(books, TREASURY, 'AZR').availableUnits).order)
}

/** The payer's balance is read once; the database holds each payment against its own. */
function payBatch(books: Store): void {
  let { availableUnits } = balanceOf(books, TREASURY, 'AZR')
  const orders: EntryOrder[] = []
  times(batch, i => {
    const { order, debitedUnits } = payment(i, availableUnits)
    availableUnits -= debitedUnits
    orders.push(order)
  })
  postAll(books, orders)
}

/** Each with its key, its audit entry and its kept answer, on the disk before it is answered. */
async function commandsOf(books: Store): Promise<void> {
  const queue = createCommandQueue(books)
  let next = 0
  const caller = async (): Promise<void> => {
    while (next < commands) {
      const i = next++
      const call = { actor: 'bench', idempotencyKey: `key-${i}`, command: 'payments.send', input: { to: i % PAYEES, amount: '0.001' } }
      await queue.run(call, () => ({ entry: pay(books, i) }))
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
}

/** The same rows into tables that have neither rules nor indexes besides their keys, each figure in one transaction. */
function bareInserts({ books }: Store): Pick<LedgerFigures, 'bareBatchSec' | 'bareCommandsSec'> {
  books.exec(`
    CREATE TABLE bare_entries (id INTEGER PRIMARY KEY, ts, kind, actor, memo, chain_tx);
    CREATE TABLE bare_postings (entry, place, account, amount, PRIMARY KEY (entry, place)) WITHOUT ROWID;
    CREATE TABLE bare_audit (seq INTEGER PRIMARY KEY, ts, actor, action, subject, details, previous, hash);
    CREATE TABLE bare_answers (actor, key, command, input_hash, output, ts, PRIMARY KEY (actor, key)) WITHOUT ROWID`)
  const all = (table: string, where: string) =>
    books.prepare(`SELECT * FROM ${table} WHERE ${where}`).raw().safeIntegers().all() as unknown[][]
  const firstCommand = defaultTokens.filter(({ initialUnits }) => initialUnits > 0n).length + batch + 2
  const insert = (table: string, rows: readonly unknown[][]) => {
    const statement = books.prepare(`INSERT INTO ${table} VALUES (${rows[0]!.map(() => '?').join(',')})`)
    for (const row of rows) statement.run(...row)
  }
  const batchRows = [all('ledger_entries', `id < ${firstCommand}`), all('ledger_postings', `entry < ${firstCommand}`)] as const
  const commandRows = [all('ledger_entries', `id >= ${firstCommand}`), all('ledger_postings', `entry >= ${firstCommand}`)] as const
  const [audit, answers] = [all('audit', 'true'), all('answers', 'true')]
  if (commandRows[0].length !== commands || audit.length !== commands || answers.length !== commands) throw new Error('the rows are others')
  const bare = (work: () => void) => seconds(() => writeTransaction(books, 'books.db', work))
  return {
    bareBatchSec: bare(() => {
      insert('bare_entries', batchRows[0])
      insert('bare_postings', batchRows[1])
    }),
    bareCommandsSec: bare(() => {
      insert('bare_entries', commandRows[0])
      insert('bare_postings', commandRows[1])
      insert('bare_audit', audit)
      insert('bare_answers', answers)
    }),
  }
}

function times(count: number, work: (i: number) => unknown): void {
  for (let i = 0; i < count; i++) work(i)
}

function seconds(work: () => void): number {
  const startMs = performance.now()
  work()
  return (performance.now() - startMs) / 1000
}
