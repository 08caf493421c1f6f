import { afterAll, beforeAll, expect, test } from 'vitest'
import { endDueAuctions } from '../../src-main/core/treasury/auctions.ts'
import { checkLedger } from '../../src-main/store/ledger.ts'
import type { Actor } from '../../src-shared/contract.ts'
import { administrator, nobody, openTreasury, type TestTreasury } from '../helpers/treasury.ts'

/* Guarantees, auctions and access: who may, who may not, once each, and what is given back. */

const one = 10_000_000n
let world: TestTreasury
let ada: Actor & { entity: string }
let ben: Actor & { entity: string }
beforeAll(async () => {
  world = await openTreasury()
  ada = await world.entity('Ada')
  ben = await world.entity('Ben')
})
afterAll(() => {
  expect(checkLedger(world.store)).toEqual([])
  world.close()
})

const refused = (work: Promise<unknown>, code: string) => expect(work).rejects.toMatchObject({ code })
const held = (entity: Actor & { entity: string }, tokenId: string) => {
  const { available, locked } = world.ask(nobody, 'tokens.balance', { entityId: entity.entity, tokenId })
  return [available, locked]
}

test('a guarantee is for somebody else; who is guaranteed draws it, or the administrator for one that nobody acts as', async () => {
  const order = { amount: '100', coverageBps: 5_000 }
  await refused(world.run(ada, 'guarantees.create', { to: 'Ada', ...order }), 'guarantees.self')
  await refused(world.run(ada, 'guarantees.create', { to: 'Nobody', ...order }), 'entities.unknown')
  await refused(world.run(ada, 'guarantees.create', { to: 'Ben', ...order, amount: '0' }), 'guarantees.amount')
  const { id } = await world.run(ada, 'guarantees.create', { to: 'Ben', ...order, memo: 'rent' })
  const { id: pools } = await world.run(ada, 'guarantees.create', { to: 'credit-pool', ...order })
  expect([id, pools]).toEqual(['guar-1', 'guar-2'])
  expect(held(ada, 'BTA-GUAR')).toEqual([0n, 100n * one])
  // collateral is not the guarantor's to take back
  await refused(world.run(ada, 'tokens.unlock', { token: 'BTA-GUAR', amount: '1' }), 'tokens.locked')
  await refused(world.run(ada, 'guarantees.draw', { id }), 'guarantees.owner')
  await refused(world.run(ben, 'guarantees.draw', { id: pools }), 'guarantees.owner')
  await refused(world.run(ben, 'guarantees.draw', { id: 'guar-9' }), 'guarantees.unknown')
  await refused(world.run(nobody, 'guarantees.draw', { id }), 'entities.locked')
  expect(await world.run(ben, 'guarantees.draw', { id }, 'once')).toMatchObject({
    state: 'BURNED',
    endedTs: world.clock.ts,
    minted: 50n * one,
  })
  // the same key again answers the same, and burns nothing
  expect(await world.run(ben, 'guarantees.draw', { id }, 'once')).toMatchObject({ state: 'BURNED' })
  expect(held(ada, 'BTA-GUAR')).toEqual([0n, 50n * one])
  await refused(world.run(ben, 'guarantees.release', { id }), 'guarantees.state')
  expect(await world.run(administrator, 'guarantees.draw', { id: pools })).toMatchObject({ state: 'BURNED' })
  expect(held(ada, 'BTA-GUAR')).toEqual([0n, 0n])
  expect(world.ask(nobody, 'tokens.get', { identifier: 'BTA-GUAR' }).supply).toBe(0n)
  const acted = world.store.books.prepare("SELECT actor FROM audit WHERE action = 'guarantees.draw' ORDER BY seq").pluck().all()
  expect(acted).toEqual([`${ben.entity} (test:rest)`, 'administrator (test:administrator)'])
})

test('guarantees are listed by their sides', async () => {
  const list = (input: Parameters<typeof world.ask<'guarantees.list'>>[2], actor: Actor = ben) =>
    world.ask(actor, 'guarantees.list', input).rows.map(({ id }) => id)
  expect(list({})).toEqual(['guar-1'])
  expect(list({ side: 'given' })).toEqual([])
  // at this machine everybody may look; a token of the REST door sees its own
  expect(list({ entityId: 'Ada' }, nobody)).toEqual(['guar-2', 'guar-1'])
  expect(list({ entityId: 'Ada', side: 'received' }, nobody)).toEqual([])
  expect(() => list({ entityId: 'Ada' })).toThrow(expect.objectContaining({ code: 'entities.other' }))
  expect(list({ everybody: true, state: 'BURNED', limit: 1 }, nobody)).toEqual(['guar-2'])
})

test('an auction locks by trust, once each, and gives back when it is over: by hand or by the job', async () => {
  for (const actor of [ada, ben]) await world.run(administrator, 'tokens.fund', { to: actor.entity, token: 'BTA-UTIL', amount: '200' })
  world.trust(ada.entity, 10, 10)
  const endTs = world.clock.ts + 3600
  const open = (base: string, end: number) => world.run(administrator, 'auctions.open', { title: 'Storage', base, endTs: end })
  await refused(world.run(ada, 'auctions.open', { title: 'Storage', base: '100', endTs }), 'administrator.needed')
  await refused(open('0', endTs), 'auctions.base')
  await refused(open('100', world.clock.ts), 'auctions.end')
  const { id } = await open('100', endTs)
  const [auction] = world.ask(ben, 'auctions.list', { state: 'open' }).rows
  const { trust, locked } = auction!.own!
  expect(locked).toBe((100n * one * BigInt(200 - trust)) / 100n)
  expect(await world.run(ada, 'auctions.join', { id })).toMatchObject({ auction: { participants: 1, own: { isIn: true, trust: 100 } } })
  expect(held(ada, 'BTA-UTIL')).toEqual([100n * one, 100n * one])
  await refused(world.run(ada, 'auctions.join', { id }), 'auctions.joined')
  await world.run(ben, 'auctions.join', { id })
  expect(held(ben, 'BTA-UTIL')).toEqual([200n * one - locked, locked])
  await refused(world.run(ben, 'tokens.unlock', { token: 'BTA-UTIL', amount: '1' }), 'tokens.locked')
  await refused(world.run(ada, 'auctions.end', { id }), 'administrator.needed')
  expect(world.ask(nobody, 'auctions.participants', { id })).toMatchObject({ total: 2, rows: [{ name: 'Ada' }, { name: 'Ben', locked }] })

  const { id: short } = await open('1', world.clock.ts + 60)
  await world.run(ada, 'auctions.join', { id: short })
  await world.run(administrator, 'auctions.end', { id: short })
  await refused(world.run(administrator, 'auctions.end', { id: short }), 'auctions.state')
  expect(held(ada, 'BTA-UTIL')).toEqual([100n * one, 100n * one])

  world.clock.ts = endTs - 1
  expect(world.job(endDueAuctions)).toBe('No auction is over.')
  world.clock.ts = endTs
  const late = await world.entity('Late')
  await refused(world.run(late, 'auctions.join', { id }), 'auctions.state')
  expect(world.job(endDueAuctions)).toContain(id)
  expect(world.job(endDueAuctions)).toBe('No auction is over.')
  for (const actor of [ada, ben]) expect(held(actor, 'BTA-UTIL')).toEqual([200n * one, 0n])
})

test('access is paid for once, at the fee that was shown', async () => {
  await world.configure({ 'access.fee': '5' })
  expect(world.ask(ada, 'access.get', {})).toMatchObject({ hasAccess: false, paid: null, fee: 5n * one })
  await refused(world.run(ada, 'access.pay', { fee: '4' }), 'access.fee')
  await refused(world.run(await world.entity('Poor'), 'access.pay', { fee: '5' }), 'tokens.balance')
  const treasury = () => world.ask(nobody, 'tokens.balance', { entityId: 'treasury', tokenId: 'BTA-UTIL' }).available
  const before = treasury()
  expect(await world.run(ada, 'access.pay', { fee: '5' })).toMatchObject({ paid: 5n * one, balance: { available: 195n * one } })
  expect(treasury() - before).toBe(5n * one)
  await refused(world.run(ada, 'access.pay', { fee: '5' }), 'access.granted')
  await world.configure({ 'access.fee': '0' })
  expect(await world.run(ben, 'access.pay', { fee: '0' })).toMatchObject({ paid: 0n, balance: { available: 200n * one } })
  expect(world.ask(nobody, 'access.list', {}).rows.map(({ name, paid }) => [name, paid])).toEqual([
    ['Ben', 0n],
    ['Ada', 5n * one],
  ])
})
