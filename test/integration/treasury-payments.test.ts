import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkLedger } from '../../src-main/store/ledger.ts'
import type { Actor } from '../../src-shared/contract.ts'
import { AppError, type ErrorCode } from '../../src-shared/errors.ts'
import { vectorUnits } from '../helpers/economy.ts'
import { administrator, nobody, openTreasury, type TestTreasury } from '../helpers/treasury.ts'

/* What the vectors do not say of payments, requests, escrows and revenue. One set of books serves all tests, in their order. */

type Entity = Actor & { entity: string }
let world: TestTreasury
let [anna, bob, eve]: Entity[] = []

beforeAll(async () => {
  world = await openTreasury()
  anna = await world.entity('Anna', '1000')
  bob = await world.entity('Bob', '1000')
  eve = await world.entity('Eve', '1000')
})
afterAll(() => {
  expect(checkLedger(world.store)).toEqual([])
  world.close()
})

async function refused(work: Promise<unknown> | (() => unknown), code: ErrorCode): Promise<void> {
  const error = await (async () => (typeof work === 'function' ? work() : work))().then(
    () => null,
    cause => cause,
  )
  expect(error).toBeInstanceOf(AppError)
  expect((error as AppError).code).toBe(code)
}

const balances = () =>
  [anna!, bob!, eve!].map(({ entity }) => {
    const { available, locked } = world.ask(nobody, 'tokens.balance', { entityId: entity, tokenId: 'AZR' })
    return [available, locked]
  })

describe('payments', () => {
  test('have a record that anybody can hash, are done once, and are listed for both sides', async () => {
    const input = { to: 'Bob', amount: '12.5', memo: 'for\u202e the\n hall' }
    const first = await world.run(anna!, 'payments.send', input, 'same key')
    expect(await world.run(anna!, 'payments.send', input, 'same key')).toEqual(first)
    await refused(world.run(anna!, 'payments.send', { ...input, amount: '13' }, 'same key'), 'idempotency.reused')
    expect(first).toMatchObject({ id: 'pay-1', kind: 'direct', fromName: 'Anna', toName: 'Bob', token: 'AZR', memo: 'for the hall' })
    expect(first.balance.available).toBe(vectorUnits('987.4875'))
    const { record, ...payment } = world.ask(nobody, 'payments.get', { id: 'pay-1' })
    expect(first).toMatchObject(payment)
    expect(createHash('sha256').update(record).digest('hex')).toBe(payment.hash)
    const time = new Date(world.clock.ts * 1000).toISOString()
    expect(JSON.parse(record)).toEqual([
      ...['granary-payment-v1', 'pay-1', anna!.entity, bob!.entity, 'AZR', '125000000', '125000', time, 'for the hall'],
    ])
    for (const [entityId, side, total] of [
      ['Anna', undefined, 1],
      ['Bob', undefined, 1],
      ['Bob', 'paid', 0],
      ['Bob', 'received', 1],
      ['Eve', undefined, 0],
    ] as const)
      expect(world.ask(nobody, 'payments.list', { entityId, side })).toMatchObject({ total })
    const [line] = world.ask(nobody, 'tokens.history', { entityId: bob!.entity, limit: 1 }).rows
    expect(line).toMatchObject({ entry: first.entry, type: 'TRANSFER', amount: vectorUnits('12.5'), others: [anna!.entity, 'fees'] })
    expect(world.topics).toContain('treasury')
  })

  test('to nobody, to oneself, of no token and above what there is are refused, and leave no trace', async () => {
    const before = balances()
    const send = (change: object) => world.run(anna!, 'payments.send', { to: 'Bob', amount: '1', ...change })
    await refused(send({ to: 'Nobody' }), 'entities.unknown')
    await refused(send({ to: 'Anna' }), 'payments.self')
    await refused(send({ amount: '-1' }), 'payments.amount')
    await refused(send({ token: 'GOLD' }), 'tokens.unknown')
    await refused(send({ token: 'TFT' }), 'tokens.mirror')
    await refused(send({ amount: '987' }), 'tokens.balance')
    await refused(send({ amount: '922337203685.4775807' }), 'tokens.balance')
    await refused(world.run(nobody, 'payments.send', { to: 'Bob', amount: '1' }), 'entities.locked')
    await refused(() => world.ask(anna!, 'payments.quote', { to: 'Anna', amount: '1' }), 'payments.self')
    expect(world.ask(nobody, 'payments.quote', { amount: '0.0001' })).toMatchObject({
      fee: 1n,
      total: 1001n,
      available: null,
      isCovered: null,
    })
    expect(balances()).toEqual(before)
    expect(world.ask(nobody, 'payments.list', { entityId: 'Anna' }).total).toBe(1)
  })

  test('between others are nothing that a token of the REST door learns of', async () => {
    expect(world.ask(bob!, 'payments.get', { id: 'pay-1' }).id).toBe('pay-1')
    for (const id of ['pay-1', 'pay-99', 'loan-1', 'pay-01'])
      await refused(() => world.ask(eve!, 'payments.get', { id }), 'payments.unknown')
    await refused(() => world.ask(eve!, 'payments.list', { entityId: 'Anna' }), 'entities.other')
  })
})

describe('requests', () => {
  test('are fulfilled once by who was asked, or taken back by who asks', async () => {
    const ask = (amount: string) => world.run(bob!, 'requests.create', { from: 'Anna', amount, memo: 'rent' })
    const [first, second, third] = [await ask('100'), await ask('5000'), await ask('1')]
    const before = balances()
    await refused(world.run(anna!, 'requests.fulfil', { id: second!.id }), 'tokens.balance')
    await refused(world.run(anna!, 'requests.cancel', { id: first!.id }), 'payments.request')
    await refused(world.run(bob!, 'requests.create', { from: 'Bob', amount: '1' }), 'payments.self')
    await refused(world.run(bob!, 'requests.create', { from: 'Anna', amount: '0' }), 'payments.amount')
    await refused(world.run(bob!, 'requests.create', { from: 'treasury', amount: '1' }), 'payments.nobody')
    expect(balances()).toEqual(before)
    const done = await world.run(anna!, 'requests.fulfil', { id: first!.id }, 'fulfil once')
    expect(await world.run(anna!, 'requests.fulfil', { id: first!.id }, 'fulfil once')).toEqual(done)
    expect(done.request).toMatchObject({ state: 'fulfilled', paymentId: done.payment.id })
    expect(await world.run(bob!, 'requests.cancel', { id: third!.id })).toMatchObject({ state: 'cancelled', paymentId: null })
    await refused(world.run(anna!, 'requests.fulfil', { id: third!.id }), 'payments.request')
    const list = (side: 'asked' | 'asking', state?: 'pending' | 'cancelled') =>
      world.ask(anna!, 'requests.list', { side, state }).rows.map(({ id }) => id)
    expect(list('asked')).toEqual([third!.id, second!.id, first!.id])
    expect(list('asked', 'pending')).toEqual([second!.id])
    expect(list('asking')).toEqual([])
  })
})

describe('escrow', () => {
  test('what is held is nobody’s to take, until one side lets go', async () => {
    const annaHas = balances()[0]![0]!
    const held = await world.run(anna!, 'escrow.hold', { to: 'Bob', amount: '100', memo: 'the machine' })
    expect(held).toMatchObject({ state: 'held', fee: vectorUnits('0.1'), balance: { locked: vectorUnits('100.1') } })
    await refused(world.run(anna!, 'tokens.unlock', { token: 'AZR', amount: '1' }), 'tokens.locked')
    await refused(world.run(anna!, 'escrow.hold', { to: 'treasury', amount: '1' }), 'payments.nobody')
    await refused(world.run(anna!, 'escrow.hold', { to: 'Bob', amount: '5000' }), 'tokens.balance')
    // what was agreed on is what is taken, whatever the fee is by then
    await world.configure({ 'payments.feeBps': '500' })
    const released = await world.run(anna!, 'escrow.release', { id: held.id })
    await world.run(administrator, 'configuration.reset', { name: 'payments.feeBps' })
    expect(world.ask(bob!, 'payments.get', { id: released.paymentId! })).toMatchObject({ kind: 'escrow', fee: vectorUnits('0.1') })
    expect(balances()[0]).toEqual([annaHas - vectorUnits('100.1'), 0n])
    await refused(() => world.ask(eve!, 'escrow.get', { id: held.id }), 'payments.escrow')
    expect(world.ask(bob!, 'escrow.list', { side: 'seller', state: 'released' }).rows).toMatchObject([{ id: held.id, state: 'released' }])
  })

  test('what is held is locked and stays so, where what was put aside can be taken back', async () => {
    const held = () => world.ask(anna!, 'tokens.balance', { entityId: 'Anna', tokenId: 'AZR' })
    await world.run(anna!, 'tokens.lock', { token: 'AZR', amount: '7' })
    const { id } = await world.run(anna!, 'escrow.hold', { to: 'Eve', amount: '50' })
    expect(held()).toMatchObject({ locked: vectorUnits('57.05'), putAside: vectorUnits('7') })
    expect(world.ask(anna!, 'tokens.balances', {}).balances).toMatchObject([{ token: 'AZR', putAside: vectorUnits('7') }])
    expect(world.ask(anna!, 'tokens.balances', { atTs: world.clock.ts }).balances).toMatchObject([{ putAside: null }])
    await refused(world.run(anna!, 'tokens.unlock', { token: 'AZR', amount: '7.0000001' }), 'tokens.locked')
    await world.run(anna!, 'tokens.unlock', { token: 'AZR', amount: '7' })
    expect(held()).toMatchObject({ locked: vectorUnits('50.05'), putAside: 0n })
    await world.run(eve!, 'escrow.release', { id })
  })

  test('a refund is no payment', async () => {
    const { total } = world.ask(anna!, 'payments.list', {})
    const { id } = await world.run(anna!, 'escrow.hold', { to: 'Eve', amount: '50' })
    const before = world.azrOf('fees')
    expect(await world.run(eve!, 'escrow.release', { id })).toMatchObject({ state: 'refunded', paymentId: null })
    expect(world.azrOf('fees')).toBe(before)
    expect(world.ask(anna!, 'payments.list', {}).total).toBe(total)
  })
})

test('trust counts whom one has paid, each once, and escrows that were released, for both sides', async () => {
  await world.run(anna!, 'payments.send', { to: 'treasury', amount: '1' })
  await world.run(anna!, 'payments.send', { to: 'Bob', amount: '1' })
  const actions = (actor: Entity) => world.ask(actor, 'trust.get', {}).r
  // Bob was paid by Anna, and released her escrow with her; the treasury is nobody's counterparty
  expect([anna!, bob!, eve!].map(actions)).toEqual([2, 1, 0])
  await world.run(anna!, 'payments.send', { to: 'Eve', amount: '1' })
  expect(actions(anna!)).toBe(3)
})

test('revenue is split to the unit; the reserve comes from who gives it, unlocked here', async () => {
  const revenue = world.azrOf('fees')
  const run = (input: object) => world.run(administrator, 'revenue.reinvest', input)
  await refused(world.run(anna!, 'revenue.reinvest', {}), 'administrator.needed')
  await refused(run({ capitalFrom: 'Eve', capital: '10' }), 'revenue.capital')
  await refused(run({ capitalFrom: 'treasury', capital: '10' }), 'revenue.capital')
  await refused(run({ capital: '10' }), 'usage')
  await refused(run({ token: 'BTA-GOV' }), 'revenue.nothing')
  expect(world.azrOf('fees')).toBe(revenue)
  const split = await run({})
  expect(split).toMatchObject({ revenue, capitalFrom: null, reserveFunded: 0n, reserveShortfall: split.reserveTarget })
  expect(split.infrastructure + split.students + split.team).toBe(revenue)
  expect(world.azrOf('infrastructure')).toBe(revenue - revenue / 5n - revenue / 10n)
  await refused(run({}), 'revenue.nothing')
  await world.run(anna!, 'payments.send', { to: 'Bob', amount: '100' })
  await world.run(administrator, 'entities.unlock', { entityId: 'Eve', passphrase: 'the passphrase of Eve' })
  await refused(run({ capitalFrom: 'Eve', capital: '5000' }), 'tokens.balance')
  await refused(run({ capitalFrom: 'Eve', capital: '0' }), 'payments.amount')
  const funded = await run({ capitalFrom: 'Eve', capital: '0.001' })
  expect(funded).toMatchObject({ revenue: vectorUnits('0.1'), capitalFromName: 'Eve', reserveFunded: 10_000n, reserveShortfall: 40_000n })
  expect(world.azrOf('reserve')).toBe(10_000n)
  expect(world.ask(nobody, 'revenue.list', {})).toMatchObject({ total: 2, rows: [{ id: funded.id }, { id: split.id }] })
})

test('what was paid, asked for, held and split stays', () => {
  const { books } = world.store
  for (const sql of [
    'UPDATE treasury_payments SET amount = 1',
    'DELETE FROM treasury_payments',
    "UPDATE treasury_requests SET state = 'cancelled', payment = NULL WHERE state = 'fulfilled'",
    'DELETE FROM treasury_requests',
    "UPDATE treasury_escrows SET state = 'held', ended_ts = NULL, ended_entry = NULL, payment = NULL WHERE state = 'released'",
    'DELETE FROM treasury_escrows',
    'UPDATE treasury_reinvestments SET revenue = 1',
    'DELETE FROM treasury_reinvestments',
  ])
    expect(() => books.exec(sql), sql).toThrow(/stays|once/)
})
