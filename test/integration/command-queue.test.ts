import { afterEach, beforeEach, expect, test } from 'vitest'
import { initialiseTokens, moveTokens, TREASURY } from '../../src-main/core/treasury/tokens.ts'
import { verifyAudit } from '../../src-main/store/audit.ts'
import { type CommandQueue, createCommandQueue } from '../../src-main/store/command-queue.ts'
import { writeTransaction } from '../../src-main/store/db.ts'
import { balanceOf, checkLedger, post } from '../../src-main/store/ledger.ts'
import { openStore, type Store } from '../../src-main/store/open.ts'
import { openLedger } from '../helpers/ledger.ts'

let store: Store
let close: () => void
let queue: CommandQueue

beforeEach(() => {
  ;({ store, close } = openLedger())
  queue = createCommandQueue(store)
  const gold = { token: 'GOLD', purpose: '', initialUnits: 1_000n, maxUnits: null }
  writeTransaction(store.books, 'books.db', () => initialiseTokens(store, [gold], { actor: 'test', ts: 0 }))
})
afterEach(() => close())

function pay(key: string, amountUnits: bigint, to = 'ann', work: () => void = () => {}): Promise<string> {
  const call = { actor: 'test', idempotencyKey: key, command: 'pay', input: { to, amountUnits }, audit: { subject: to } }
  return queue.run(call, () => {
    const order = { op: 'transfer' as const, token: 'GOLD', from: TREASURY, to, amountUnits }
    const entry = moveTokens(store, order, { actor: 'test', ts: 1, memo: key })
    work()
    return `entry ${entry}`
  })
}

const audited = () => verifyAudit(store)

test('commands of a group are done in their order; one that fails leaves no trace and holds up no other', async () => {
  const done = await Promise.allSettled([pay('a', 600n), pay('b', 600n), pay('c', 300n, 'bob'), pay('d', -1n), pay('e', 100n)])
  expect(done.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled'])
  expect(done.map(each => (each.status === 'rejected' ? each.reason.message : each.value))).toEqual([
    'entry 2',
    'Insufficient balance',
    'entry 3',
    'Transfer amount must be positive',
    'entry 4',
  ])
  expect(balanceOf(store, TREASURY, 'GOLD').availableUnits).toBe(0n)
  expect(balanceOf(store, 'ann', 'GOLD').availableUnits).toBe(700n)
  expect(audited()).toMatchObject({ intact: true, entries: 3 })
  expect(checkLedger(store)).toEqual([])
})

test('a key that is repeated in one group moves nothing again and has the first answer', async () => {
  expect(await Promise.all([pay('a', 600n), pay('a', 600n)])).toEqual(['entry 2', 'entry 2'])
  expect(await pay('a', 600n)).toBe('entry 2')
  await expect(pay('a', 5n)).rejects.toThrow(/was used for another/)
  expect(balanceOf(store, 'ann', 'GOLD').availableUnits).toBe(600n)
  expect(audited().entries).toBe(1)
})

test('what is answered is committed: another connection sees it', async () => {
  const seen = openStore(store.dataDir, { mode: 'read' })
  try {
    await Promise.all(
      Array.from({ length: 450 }, (_, i) =>
        pay(`key ${i}`, 1n).then(() => expect(balanceOf(seen, 'ann', 'GOLD').availableUnits).toBeGreaterThanOrEqual(BigInt(i + 1))),
      ),
    )
  } finally {
    seen.close()
  }
  expect(audited()).toMatchObject({ intact: true, entries: 450 })
})

test('a command that can not be committed fails alone', async () => {
  const unsealed = () => {
    store.books.exec("INSERT INTO ledger_postings SELECT 999, 0, id, -1 FROM ledger_accounts WHERE entity = 'ann' AND part = 'available'")
  }
  const done = await Promise.allSettled([pay('a', 5n), pay('b', 5n, 'ann', unsealed), pay('c', 5n)])
  expect(done.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(balanceOf(store, 'ann', 'GOLD').availableUnits).toBe(10n)
  expect(checkLedger(store)).toEqual([])
})

test('where SQLite gives the transaction up, each command is tried alone', async () => {
  let times = 0
  const giveUp = () => {
    if (times++ === 0) store.books.exec('ROLLBACK')
    throw new Error('gone')
  }
  const done = await Promise.allSettled([pay('a', 5n), pay('b', 5n, 'ann', giveUp), pay('c', 5n)])
  expect(done.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(times).toBe(2)
  expect(balanceOf(store, 'ann', 'GOLD').availableUnits).toBe(10n)
})

test('what one command posts is there for the next', async () => {
  const back = () =>
    queue.run({ actor: 'test', idempotencyKey: 'back', command: 'back', input: {} }, () =>
      post(store, {
        kind: 'TRANSFER',
        ts: 2,
        actor: 'test',
        memo: '',
        postings: [
          { entity: 'ann', token: 'GOLD', part: 'available', amountUnits: -7n },
          { entity: 'bob', token: 'GOLD', part: 'available', amountUnits: 7n },
        ],
      }),
    )
  await Promise.all([pay('a', 7n), back()])
  expect(balanceOf(store, 'bob', 'GOLD').availableUnits).toBe(7n)
})
