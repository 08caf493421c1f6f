import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkLedger } from '../../src-main/store/ledger.ts'
import type { Actor } from '../../src-shared/contract.ts'
import { toAppError } from '../../src-shared/errors.ts'
import { readVectors, vectorUnits } from '../helpers/economy.ts'
import { administrator, nobody, openTreasury, type TestTreasury } from '../helpers/treasury.ts'

/*
 * Payments, requests, escrows and the reinvestment of revenue through the treasury's commands and its ledger, against the vectors of the
 * specification. One set of books serves all tests; BTA-REWARD, of which there may be any amount, is what is paid.
 */

type Row = Record<string, string>
const vectors = readVectors<{ payments: Row[]; routes: Row[]; escrow: Row[] }>('payment')
const token = 'BTA-REWARD'

let world: TestTreasury
let made = 0
beforeAll(async () => {
  world = await openTreasury()
})
afterAll(() => {
  expect(checkLedger(world.store)).toEqual([])
  world.close()
})

type Entity = Actor & { entity: string }

async function holderOf(amount: string): Promise<Entity> {
  const actor = await world.entity(`Holder ${made++}`)
  if (vectorUnits(amount) > 0n) await world.run(administrator, 'tokens.mint', { to: actor.entity, token, amount })
  return actor
}

function balance(entityId: string) {
  const { available, locked } = world.ask(nobody, 'tokens.balance', { entityId, tokenId: token })
  return { available, locked }
}

async function messageOf(work: Promise<unknown>): Promise<string | null> {
  return work.then(
    () => null,
    error => toAppError(error).message,
  )
}

test.each(vectors.payments)('a payment of $amount out of $balance', async vector => {
  const [payer, payee] = [await holderOf(vector.balance!), await holderOf('0')]
  const fees = balance('fees').available
  const input = { to: payee.entity, token, amount: vector.amount! }
  if (vector.fee) {
    const quote = world.ask(payer, 'payments.quote', input)
    expect(quote).toMatchObject({ fee: vectorUnits(vector.fee), isCovered: vector.error === undefined })
  }
  const sent = world.run(payer, 'payments.send', input)
  if (vector.error) {
    expect(await messageOf(sent)).toBe(vector.error)
    expect(balance(payer.entity).available).toBe(vectorUnits(vector.balance!))
    return
  }
  const payment = await sent
  expect(payment).toMatchObject({ amount: vectorUnits(vector.amount!), total: vectorUnits(vector.debited!) })
  expect(balance(payer.entity)).toEqual({ available: vectorUnits(vector.balance_after!), locked: 0n })
  expect(balance(payee.entity).available).toBe(vectorUnits(vector.recipient_gets!))
  expect(balance('fees').available - fees).toBe(vectorUnits(vector.fee!))
})

describe('requests and escrows', () => {
  const errorOf = (about: string) => vectors.routes.find(route => route.case!.startsWith(about))!.error

  test('that are unknown, over or of others', async () => {
    const [payer, payee, other] = [await holderOf('100'), await holderOf('0'), await holderOf('100')]
    const { id } = await world.run(payee, 'requests.create', { from: payer.entity, token, amount: '12.5' })
    for (const actor of [payee, other])
      expect(await messageOf(world.run(actor, 'requests.fulfil', { id }))).toBe(errorOf('fulfil: not the addressee'))
    const { payment, balance: left } = await world.run(payer, 'requests.fulfil', { id })
    expect(payment).toMatchObject({ kind: 'request', total: vectorUnits('12.5125') })
    expect(left.available).toBe(vectorUnits('87.4875'))
    for (const known of [id, 'req-99'])
      expect(await messageOf(world.run(payer, 'requests.fulfil', { id: known }))).toBe(errorOf('fulfil: not the addressee'))
    expect(await messageOf(world.run(payer, 'escrow.release', { id: 'esc-99' }))).toBe(errorOf('release unknown'))
    const held = await world.run(payer, 'escrow.hold', { to: payee.entity, token, amount: '10' })
    expect(await messageOf(world.run(other, 'escrow.release', { id: held.id }))).toBe('Unauthorized to release escrow')
    await world.run(payer, 'escrow.release', { id: held.id })
    expect(await messageOf(world.run(payer, 'escrow.release', { id: held.id }))).toBe(errorOf('release twice'))
    expect(balance(payer.entity)).toEqual({ available: vectorUnits('77.4775'), locked: 0n })
    expect(balance(payee.entity).available).toBe(vectorUnits('22.5'))
  })

  test.each(vectors.escrow)('an escrow that is $state, let go by the $by', async vector => {
    const [buyer, seller] = [await holderOf('25'), await holderOf('0')]
    const { id } = await world.run(buyer, 'escrow.hold', { to: seller.entity, token, amount: '12.5' })
    expect(balance(buyer.entity)).toEqual({ available: vectorUnits('12.4875'), locked: vectorUnits('12.5125') })
    if (vector.state === 'released') await world.run(buyer, 'escrow.release', { id })
    const before = [balance(buyer.entity), balance(seller.entity)]
    const letGo = world.run(vector.by === 'buyer' ? buyer : seller, 'escrow.release', { id })
    if (vector.error) {
      expect(await messageOf(letGo)).toBe(vector.error)
      expect([balance(buyer.entity), balance(seller.entity)]).toEqual(before)
      return
    }
    expect(await letGo).toMatchObject({ state: vector.to, paymentId: null })
    // the vectors say in prose: back to buyer
    expect(vector.funds).toBe('back to buyer')
    expect(balance(buyer.entity)).toEqual({ available: vectorUnits('25'), locked: 0n })
    expect(balance(seller.entity).available).toBe(0n)
  })
})

describe('reinvestment', () => {
  const { vectors: rows } = readVectors<{ vectors: Row[] }>('metabolic')

  test.each(rows)('of $revenue with $external_capital from outside', async vector => {
    const pair = 'AZR-ETH'
    const investor = await world.entity(`Investor ${made++}`)
    await world.run(administrator, 'tokens.mint', { to: investor.entity, token: pair, amount: vector.external_capital! })
    const revenue = vectorUnits(vector.revenue!)
    if (revenue > 0n) await world.run(administrator, 'tokens.mint', { to: 'fees', token: pair, amount: vector.revenue! })
    const held = (entityId: string) => world.ask(nobody, 'tokens.balance', { entityId, tokenId: pair }).available
    const accounts = ['infrastructure', 'students', 'team', 'reserve', investor.entity] as const
    const before = accounts.map(held)
    expect(world.ask(nobody, 'revenue.quote', { token: pair })).toEqual({
      ...{ token: pair, revenue, infrastructure: vectorUnits(vector.infrastructure!), students: vectorUnits(vector.student_incentives!) },
      ...{ team: vectorUnits(vector.team!), reserveTarget: vectorUnits(vector.reserve_target!) },
    })
    const name = world.ask(nobody, 'entities.list', {}).find(({ entityId }) => entityId === investor.entity)!.name
    await world.run(administrator, 'entities.unlock', { entityId: name, passphrase: `the passphrase of ${name}` })
    const input = { token: pair, capitalFrom: name, capital: vector.external_capital! }
    if (revenue === 0n) return expect(await messageOf(world.run(administrator, 'revenue.reinvest', input))).toMatch(/^No fees or taxes/)
    const split = await world.run(administrator, 'revenue.reinvest', input)
    expect(split).toMatchObject({
      revenue,
      reserveFunded: vectorUnits(vector.reserve_funded!),
      reserveShortfall: vectorUnits(vector.reserve_shortfall!),
    })
    expect(accounts.map((account, at) => held(account) - before[at]!)).toEqual([
      vectorUnits(vector.infrastructure!),
      vectorUnits(vector.student_incentives!),
      vectorUnits(vector.team!),
      vectorUnits(vector.reserve_funded!),
      -vectorUnits(vector.reserve_funded!),
    ])
    expect(held(investor.entity)).toBe(vectorUnits(vector.external_left!))
    expect(held('fees')).toBe(0n)
  })
})
