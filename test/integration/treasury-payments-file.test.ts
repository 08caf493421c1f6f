import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createKeys } from '../../src-main/core/keys.ts'
import { createTreasury, type Treasury } from '../../src-main/core/treasury/treasury.ts'
import { checkLedger } from '../../src-main/store/ledger.ts'
import type { Store } from '../../src-main/store/open.ts'
import type { TreasuryCommandName } from '../../src-shared/treasury/table.ts'
import { openLedger } from '../helpers/ledger.ts'

/* Payments from a CSV file: all of it or nothing, and each reference once. */

const passphrase = 'a passphrase of the test'
const one = 10_000_000n
let store: Store
let close: () => void
let treasury: Treasury
let annaId: string

const run = (name: TreasuryCommandName, input: Record<string, unknown>, id = 'test') =>
  treasury.command(name, input, { id }, randomUUID()) as Promise<Record<string, unknown>>
const file = (...lines: string[]) => run('payments.import', { text: `reference,to,amount,memo\r\n${lines.join('\r\n')}\r\n` })
const quote = (...lines: string[]) =>
  treasury.query('payments.importQuote', { text: `reference,to,amount,memo\r\n${lines.join('\r\n')}\r\n` }, { id: 'test' })
const balance = (entityId: string) =>
  (treasury.query('tokens.balance', { entityId, tokenId: 'AZR' }, { id: 'test' }) as { available: bigint }).available

beforeAll(async () => {
  ;({ store, close } = openLedger())
  const keys = createKeys({ books: store, changed: () => {}, safeStorage: null, stretchLogN: 4 })
  treasury = createTreasury({ books: store, keys, changed: () => {}, network: () => null, stretchLogN: 4 })
  await run('administrator.set', { newPassphrase: passphrase })
  await run('tokens.initialize', {})
  annaId = (await run('entities.create', { name: 'Anna', passphrase })).entityId as string
  await run('entities.create', { name: 'Bob, the second', passphrase })
  await run('tokens.fund', { to: 'Anna', token: 'AZR', amount: '100' })
  await run('entities.unlock', { entityId: 'Anna', passphrase })
})
afterAll(async () => {
  expect(checkLedger(store)).toEqual([])
  await treasury.close()
  close()
})

test('all lines are paid with their fees, each audited as a payment; a reference is paid once, through whatever program', async () => {
  const done = await file('inv-1,"Bob, the second",10,first', 'inv-2,treasury,20.5,second')
  expect(done).toEqual({ paid: 2, already: 0, sums: [{ token: 'AZR', amount: 305_000_000n, fee: 305_000n }] })
  expect(balance('Anna')).toBe(100n * one - 305_305_000n)
  const audited = store.books.prepare("SELECT count(*) FROM audit WHERE action = 'payments.send'").pluck().get()
  expect(audited).toBe(2)
  await run('entities.unlock', { entityId: 'Anna', passphrase }, 'another program')
  const again = 'reference,to,amount,memo\ninv-2,treasury,20.5,second\ninv-3,treasury,1,\n'
  expect(await run('payments.import', { text: again }, 'another program')).toMatchObject({ paid: 1, already: 1 })
  expect(balance('Anna')).toBe(100n * one - 305_305_000n - 10_010_000n)
})

test('a line that can not be paid is named, and none of its file is paid', async () => {
  const before = balance('Anna')
  const good = 'inv-9,treasury,1,good'
  for (const [lines, code, message] of [
    [[good, 'inv-10,treasury,1000,'], 'tokens.balance', 'Line 3: Insufficient balance. Nothing of this file was paid.'],
    [[good, 'inv-10,Nobody,1,'], 'entities.unknown', /^Line 3: There is no such entity/],
    [[good, 'inv-10,treasury,"1,5",'], 'usage', /^Line 3: The amount in "amount" can't be read/],
    [[good, 'inv-10,treasury,0,'], 'payments.amount', /^Line 3: Payment amount must be positive/],
    [[good, 'inv-10,Anna,1,'], 'payments.self', /^Line 3: Cannot send payment to yourself/],
    [[good, 'inv-2,treasury,20.6,second'], 'idempotency.reused', /^Line 3: .*inv-2/],
    [[good, good], 'usage', /^Line 3: It has the same reference as line 2/],
    [[good, 'inv-10,treasury,1'], 'usage', /^Line 3: It has 3 cells, the first line has 4/],
    [[good, ',treasury,1,'], 'usage', /^Line 3: It has no reference/],
    [[], 'usage', /lists no payment/],
  ] as const)
    await expect(file(...lines)).rejects.toMatchObject({
      code,
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    })
  expect(quote(good, 'inv-10,Nobody,1,', 'inv-11,treasury,0,', 'inv-2,treasury,20.6,second', good, 'inv-3,treasury,1,')).toEqual({
    ...{ toPay: 1, already: 1, problemsTotal: 4 },
    problems: [
      { line: 3, message: expect.stringMatching(/^There is no such entity/) },
      { line: 4, message: 'Payment amount must be positive' },
      { line: 5, message: expect.stringContaining('inv-2') },
      { line: 6, message: 'It has the same reference as line 2.' },
    ],
    sums: [{ token: 'AZR', payments: 1, amount: one, fee: one / 1000n, available: before, isCovered: true }],
  })
  expect(quote('inv-10,treasury,1000,')).toMatchObject({ toPay: 1, problems: [], sums: [{ isCovered: false }] })
  expect(() => quote()).toThrow(/lists no payment/)
  for (const text of ['', 'to,amount\n', 'reference,to,amount,amount\n', 'reference,to,amount,iban\nx,treasury,1,2\n'])
    await expect(run('payments.import', { text })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/names the columns/),
    })
  await expect(run('payments.import', { text: 'reference,to,amount,token\nx,treasury,1,GOLD\n' })).rejects.toMatchObject({
    code: 'tokens.unknown',
  })
  expect(balance(annaId)).toBe(before)
  expect(await file(good)).toMatchObject({ paid: 1 })
})
