import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LookedAt, lookAtPayments, paymentsOf } from '../../src-main/core/treasury/watchfulness.ts'
import { post } from '../../src-main/store/ledger.ts'
import type { Actor } from '../../src-shared/contract.ts'
import { toAppError } from '../../src-shared/errors.ts'
import { until } from '../helpers/small-core.ts'
import { administrator, nobody, openTreasury, type TestTreasury } from '../helpers/treasury.ts'

/* Watchfulness through the treasury: what is moved is looked at afterwards, and marks stay until a person decides. One set of books, in order. */

type Entity = Actor & { entity: string }
let world: TestTreasury
let [anna, bob, eve]: Entity[] = []

beforeAll(async () => {
  world = await openTreasury()
  anna = await world.entity('Anna', '1000')
  bob = await world.entity('Bob', '1000')
  eve = await world.entity('Eve', '1000')
})
afterAll(() => world.close())

const marks = (state?: 'open' | 'fine' | 'suspicious') => world.ask(nobody, 'watch.list', { state })
const looked = () => until(() => marks().waiting === 0, 'all payments were looked at')
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => null,
    error => toAppError(error).code,
  )

test('money that comes back to where it began is marked, by whatever command it went', async () => {
  const first = await world.run(anna!, 'payments.send', { to: 'Bob', amount: '100' })
  await world.run(bob!, 'tokens.transfer', { to: 'Eve', token: 'AZR', amount: '99' })
  const { id } = await world.run(eve!, 'escrow.hold', { to: 'Anna', amount: '98' })
  await looked()
  expect(marks().rows).toEqual([])
  const balances = [anna!, bob!, eve!].map(({ entity }) => world.azrOf(entity))
  const released = await world.run(eve!, 'escrow.release', { id })
  await looked()
  const { rows, open, problem } = marks()
  expect({ open, problem }).toEqual({ open: 1, problem: null })
  expect(rows).toMatchObject([{ id: 'mark-1', rule: 'circle', state: 'open', payments: 3, decision: null, earlier: null }])
  expect(rows[0]!.actors.map(({ name }) => name).sort()).toEqual(['Anna', 'Bob', 'Eve'])
  expect(rows[0]!.evidence.map(({ paymentId, from, to, amount }) => [paymentId, from, to, amount])).toEqual([
    [released.paymentId, eve!.entity, anna!.entity, 980_000_000n],
    [null, bob!.entity, eve!.entity, 990_000_000n],
    [first.id, anna!.entity, bob!.entity, 1_000_000_000n],
  ])
  // a mark moves nothing: what the release gave to Anna is all that is another
  expect([anna!, bob!, eve!].map(({ entity }) => world.azrOf(entity))).toEqual([balances[0]! + 980_000_000n, balances[1], balances[2]])
  const { rows: trail } = world.store.books
    .prepare("SELECT json_group_array(subject) AS rows FROM audit WHERE action = 'watch.mark'")
    .get() as {
    rows: string
  }
  expect(JSON.parse(trail)).toEqual(['mark-1'])
})

test('a person decides once and says why; what comes again is another mark that tells of the earlier', async () => {
  const decide = (id: string, actor: Actor = administrator, note = 'a circle of friends') =>
    world.run(actor, 'watch.decide', { id, verdict: 'fine', note })
  expect(await codeOf(decide('mark-1', anna))).toBe('administrator.needed')
  expect(await codeOf(decide('mark-9'))).toBe('watch.unknown')
  expect(await codeOf(decide('mark-1', administrator, ' '))).toBe('usage')
  expect(await decide('mark-1')).toMatchObject({ state: 'fine', decision: { note: 'a circle of friends', decidedTs: world.clock.ts } })
  expect(await codeOf(decide('mark-1'))).toBe('watch.decided')
  expect([marks('open').total, marks('fine').total, marks().open]).toEqual([0, 1, 0])
  // the window goes on over a restart
  await world.run(anna!, 'tokens.transfer', { to: 'Bob', token: 'AZR', amount: '50' })
  await world.run(bob!, 'tokens.transfer', { to: 'Eve', token: 'AZR', amount: '50' })
  await world.restart()
  await world.run(eve!, 'tokens.transfer', { to: 'Anna', token: 'AZR', amount: '50' })
  await looked()
  const { rows } = marks()
  expect(rows.map(({ id, state }) => [id, state])).toEqual([
    ['mark-2', 'open'],
    ['mark-1', 'fine'],
  ])
  expect(rows[0]!.earlier).toMatchObject({ id: 'mark-1', state: 'fine', note: 'a circle of friends' })
  // another circle of two of them is no mark of its own
  const zoe = await world.entity('Zoe', '10')
  await world.run(anna!, 'tokens.transfer', { to: 'Bob', token: 'AZR', amount: '50' })
  await world.run(bob!, 'tokens.transfer', { to: 'Zoe', token: 'AZR', amount: '50' })
  await world.run(zoe, 'tokens.transfer', { to: 'Anna', token: 'AZR', amount: '50' })
  await looked()
  const [grown] = marks('open').rows
  expect(marks().open).toBe(1)
  expect(grown!.actors.map(({ name }) => name).sort()).toEqual(['Anna', 'Bob', 'Eve', 'Zoe'])
  await world.run(administrator, 'watch.decide', { id: 'mark-2', verdict: 'suspicious', note: 'again' })
})

test('what is unusual is a setting, and closing looks at what was just paid', async () => {
  world.clock.ts += 100_000
  await world.configure({ 'watch.velocityPayments': '2' })
  for (const amount of ['1', '2', '3', '4']) await world.run(anna!, 'payments.send', { to: 'Bob', amount })
  await world.restart()
  const [mark] = marks('open').rows
  expect(marks().waiting).toBe(0)
  expect(mark).toMatchObject({ rule: 'velocity', actors: [{ name: 'Anna' }], payments: 4 })
})

test('thousands that come at once are looked at in parts, each once, and the treasury’s own accounts are left alone', () => {
  const { store } = world
  const paid = (from: string, to: string) => [
    { entity: from, token: 'AZR', part: 'available' as const, amountUnits: -2n },
    { entity: to, token: 'AZR', part: 'available' as const, amountUnits: 1n },
    { entity: 'fees', token: 'AZR', part: 'available' as const, amountUnits: 1n },
  ]
  store.books.transaction(() => {
    for (let at = 0; at < 1_200; at++)
      post(store, { kind: 'TRANSFER', ts: world.clock.ts + at, actor: 'batch', memo: '', postings: paid(bob!.entity, eve!.entity) })
  })()
  let at: LookedAt | null = null
  const parts: number[] = []
  for (let isMore = true; isMore; ) {
    const look = lookAtPayments(store, at)
    at = look.at
    isMore = look.isMore
    parts.push(look.at.window.length)
  }
  expect(parts.length).toBeGreaterThan(2)
  const mark = marks('open').rows.find(({ actors }) => actors[0]?.name === 'Bob')!
  expect(mark).toMatchObject({ rule: 'velocity', payments: 1_200 })
  expect(mark.evidence).toHaveLength(100)
  expect(lookAtPayments(store, at)).toMatchObject({ marked: 0, isMore: false })
  const own = { entry: 1, ts: 0, token: 'AZR' }
  expect(
    paymentsOf([
      { ...own, entity: 'credit-pool', amountUnits: -5n },
      { ...own, entity: 'x', amountUnits: 5n },
      { ...own, entry: 2, entity: 'x', amountUnits: -5n },
      { ...own, entry: 2, entity: 'fees', amountUnits: 5n },
    ]),
  ).toEqual([])
})
