import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeTransaction } from '../../src-main/store/db.ts'
import { checkLedger } from '../../src-main/store/ledger.ts'
import { saveSimulated } from '../../src-main/store/treasury-curve.ts'
import type { Actor, CommandInput } from '../../src-shared/contract.ts'
import { formatAmount } from '../../src-shared/treasury/amounts.ts'
import { type Pricing, pricings } from '../../src-shared/treasury/curve.ts'
import { decimal, PRICE_DECIMALS, SLOPE_DECIMALS } from '../../src-shared/treasury/curve-amounts.ts'
import { readVectors, refusalOf } from '../helpers/economy.ts'
import { naiveMint } from '../helpers/naive-curve.ts'
import { administrator, nobody, openTreasury, type TestTreasury } from '../helpers/treasury.ts'

/* The minting curve through the treasury's commands: the vectors of the specification on simulated curves, and a curve on the ledger. */

type Outcome = { error?: string; minted?: string; user?: string; zap?: string; spot_before?: string; spot_after?: string } & {
  charge_exact?: string
  unspent?: string
}
interface CurveVector {
  id: string
  in: Record<'initial_price' | 'slope' | 'initial_issuance' | 'total_issuance' | 'precision' | 'payment', string>
  out: Outcome
  spot_floor: Outcome
}
const { vectors, count } = readVectors<{ vectors: CurveVector[]; count: number }>('tmc')
const expectedOf = (vector: CurveVector, pricing: Pricing) => (pricing === 'exact' ? vector.out : vector.spot_floor)
const K = 10n ** 12n
const one = 10_000_000n
const u128 = 2n ** 128n - 1n

let world: TestTreasury
/** who pays in simulations */
let payer: Actor & { entity: string }
beforeAll(async () => {
  world = await openTreasury()
  // what the disk does is not what is tested here
  world.store.books.pragma('synchronous = OFF')
  payer = await world.entity('Payer')
})
afterAll(() => {
  expect(checkLedger(world.store)).toEqual([])
  world.close()
})

const units = (text: string | undefined) => BigInt(text!)
const create = (input: CommandInput<'curve.create'>) => world.run(administrator, 'curve.create', input)
const mint = (actor: Actor, curveId: string, payment: string, leastShare?: string) =>
  world.run(actor, 'curve.mint', { curveId, payment, ...(leastShare !== undefined && { leastShare }) })
const buy = (actor: Actor, curveId: string, payment: string) => world.run(actor, 'curve.buy', { curveId, payment })
const curveOf = (curveId: string) => world.ask(nobody, 'curve.get', { curveId, points: 2 }).curve
const eventsOf = (curveId: string) => world.ask(nobody, 'curve.events', { curveId }).rows
const textOf = (work: Promise<unknown>): Promise<string | null> =>
  work.then(
    () => null,
    ({ message }) => message,
  )
const rolesOf = (curveId: string) => Object.fromEntries(curveOf(curveId).accounts.map(account => [account.role, account]))

/** A simulated curve as a vector has it, paid for by `payer`. */
async function simulate(vector: CurveVector, pricing: Pricing) {
  const { initial_price, slope, initial_issuance, total_issuance, payment } = vector.in
  const { id } = await create({
    ...{ kind: 'simulated', asset: `${pricing}-${vectors.indexOf(vector)}`, foreignAsset: 'USD', pricing },
    ...{ initialPrice: decimal(units(initial_price), PRICE_DECIMALS), slope: decimal(units(slope), SLOPE_DECIMALS) },
    initialIssuance: formatAmount(units(initial_issuance)),
  })
  // as if all that was minted and burned on it since
  writeTransaction(world.store.books, 'books.db', () =>
    saveSimulated(world.store, Number(id.slice(6)), { issuanceUnits: units(total_issuance), givenOutUnits: 0n }),
  )
  if (units(payment) > 0n)
    await world.run(administrator, 'curve.deposit', { curveId: id, entityId: payer.entity, amount: formatAmount(units(payment)) })
  return { id, payment: formatAmount(units(payment)) }
}

describe('vectors', () => {
  test.each(pricings)('the calculator has all of them, %s', pricing => {
    expect(vectors).toHaveLength(count)
    for (const vector of vectors) {
      const { initial_price: initialPrice, initial_issuance: initialIssuance, total_issuance: issuance, ...more } = vector.in
      const expected = expectedOf(vector, pricing)
      const work = () => world.ask(nobody, 'curve.calculate', { initialPrice, initialIssuance, issuance, ...more, pricing })
      if (expected.error) {
        expect(refusalOf(work), vector.id).toBe(expected.error)
        continue
      }
      expect(work(), vector.id).toEqual({
        ...{ share: units(expected.user), minted: units(expected.minted), zap: units(expected.zap), burnt: 0n, treasury: 0n },
        ...{ priceBefore: units(expected.spot_before), priceAfter: units(expected.spot_after) },
        charged: pricing === 'exact' ? units(expected.charge_exact) : units(vector.in.payment),
        unspent: pricing === 'exact' ? units(expected.unspent) : 0n,
      })
    }
  })

  test.each(pricings)('a simulated curve quotes and mints them, %s', async pricing => {
    const curves = vectors.filter(
      ({ in: { precision, slope, initial_price } }) => units(precision) === K && slope !== '0' && initial_price !== '0',
    )
    expect(curves.length).toBeGreaterThan(30)
    for (const vector of curves) {
      const { id, payment } = await simulate(vector, pricing)
      const expected = expectedOf(vector, pricing)
      if (expected.error) {
        expect(
          refusalOf(() => world.ask(nobody, 'curve.quote', { curveId: id, payment })),
          vector.id,
        ).toBe(expected.error)
        expect(await textOf(mint(payer, id, payment)), vector.id).toBe(expected.error)
        expect(curveOf(id).issuance).toBe(units(vector.in.total_issuance))
        continue
      }
      const charged = pricing === 'exact' ? units(expected.charge_exact) : units(vector.in.payment)
      const quote = world.ask(nobody, 'curve.quote', { curveId: id, payment })
      const told = { share: units(expected.user), zap: units(expected.zap), charged, priceBefore: units(expected.spot_before) }
      expect(quote, vector.id).toMatchObject({ ...told, priceAfter: units(expected.spot_after), pricing })
      const before = curveOf(id)
      const issued = before.issuance + units(expected.minted)
      if (issued > u128) {
        // a vector of the algebra alone, past what may be issued
        expect(await textOf(mint(payer, id, payment)), vector.id).toBe('ExceedsMaxSupply')
        continue
      }
      const traded = await mint(payer, id, payment)
      expect(traded, vector.id).toMatchObject({
        route: 'curve',
        charged,
        share: units(expected.user),
        minted: units(expected.minted),
        fee: 0n,
      })
      expect(traded.holding).toMatchObject({ asset: units(expected.user), foreign: units(vector.in.payment) - charged })
      expect(traded.curve).toMatchObject({ issuance: issued, price: units(expected.spot_after) })
      // what is charged and the zap manager's share are liquidity, or wait to be
      const { zap, pool } = rolesOf(id)
      expect([zap!.asset + pool!.asset, zap!.foreign + pool!.foreign], vector.id).toEqual([units(expected.zap), charged])
    }
  })
})

describe('on the ledger', () => {
  const asset = 'BTA-UTIL'
  const tokenOf = (entity: string, token: string) => world.ask(nobody, 'tokens.balance', { entityId: entity, tokenId: token }).available
  const supplyOf = (token: string) => world.ask(nobody, 'tokens.get', { identifier: token }).supply
  let anna: Actor & { entity: string }
  let id: string

  test('is made by an administrator, once, of tokens that there are', async () => {
    anna = await world.entity('Anna', '100000')
    const order = { asset, foreignAsset: 'AZR', initialPrice: '0.05', slope: '0.0000001' }
    expect(await textOf(world.run(anna, 'curve.create', order))).toContain('administrator')
    const made = await create(order)
    id = made.id
    expect(made).toMatchObject({
      ...{ kind: 'ledger', pricing: 'exact', profile: 'standard', price: 50_000_000_000n, slope: 10_000_000_000n, floor: null },
      ...{ issuance: 500_000_000n * one, initialIssuance: 500_000_000n * one, supply: 0n },
    })
    expect(await textOf(create({ ...order, slope: '0' }))).toBe('CurveAlreadyExists')
    const other = { ...order, asset: 'BTA-REWARD' }
    for (const wrong of [{ slope: '0' }, { initialPrice: '0' }, { initialPrice: '-1' }, { foreignAsset: 'BTA-REWARD' }])
      expect(await textOf(create({ ...other, ...wrong })), JSON.stringify(wrong)).toBe('InvalidParameters')
    expect(await textOf(create({ ...other, foreignAsset: 'TFT' }))).toContain('mirrors')
    expect(await textOf(create({ ...other, asset: 'NONE' }))).toBe('Token not found')
    expect(await textOf(create({ ...other, pricing: 'spot' }))).toContain('spot is for quotes')
    expect(await textOf(create({ ...other, initialIssuance: '5' }))).toContain('leave this out')
    // a simulation may have the name of a token
    await create({ ...order, kind: 'simulated' })
    expect(eventsOf(id)).toMatchObject([
      {
        name: 'CurveCreated',
        asset,
        fields: [
          { name: 'initialPrice', value: '0.05' },
          { name: 'slope', value: '0.0000001' },
        ],
      },
    ])
  })

  test('a mint moves what its quote says, in one entry', async () => {
    const quote = world.ask(nobody, 'curve.quote', { curveId: id, payment: '1000' })
    const naive = naiveMint(
      { initialPrice: 50_000_000_000n, slope: 10_000_000_000n, initialIssuanceUnits: 500_000_000n * one, precision: K },
      ...([500_000_000n * one, 1000n * one, 'exact'] as const),
    )
    if (typeof naive === 'string') throw new Error(naive)
    expect(quote).toMatchObject({ share: naive.user, minted: naive.minted, charged: naive.charged, priceAfter: naive.spotAfter, burnt: 0n })
    expect(quote.share + quote.zap + quote.treasury).toBe(quote.minted)
    expect(world.ask(nobody, 'curve.quote', { curveId: id, payment: '1000', pricing: 'spot' }).charged).toBe(1000n * one)
    const least = formatAmount(quote.share)
    const traded = await mint(anna, id, '1000', least)
    expect(traded).toMatchObject({
      charged: quote.charged,
      share: quote.share,
      holding: { asset: quote.share, foreign: 100_000n * one - quote.charged },
    })
    expect(supplyOf(asset)).toBe(500_000_000n * one + quote.minted)
    expect([tokenOf(anna.entity, asset), world.azrOf(anna.entity)]).toEqual([quote.share, 100_000n * one - quote.charged])
    // all liquidity there is, is the treasury's
    expect([tokenOf('curve:1:pool'.replace('1', id.slice(6)), asset), world.azrOf(`curve:${id.slice(6)}:pool`)]).toEqual([
      quote.zap,
      quote.charged,
    ])
    const { pool, floor, price } = traded.curve
    expect(pool.owned).toBe(pool.shares)
    expect(price).toBe(quote.priceAfter)
    expect(floor! > 0n && floor! < price).toBe(true)
    const [added, minted] = eventsOf(id)
    expect(added).toMatchObject({ name: 'LiquidityAdded', entry: minted!.entry })
    expect(minted).toMatchObject({
      ...{ name: 'ZapAllocationDistributed', entityId: anna.entity, entityName: 'Anna' },
      fields: [
        { name: 'user', value: formatAmount(quote.share) },
        { name: 'zap', value: formatAmount(quote.zap) },
        { name: 'foreign', value: formatAmount(quote.charged) },
      ],
    })
    expect(await textOf(mint(anna, id, '1000', least))).toContain('The price moved')
  })

  test('refuses in its order, and nothing moves', async () => {
    const before = [curveOf(id), world.azrOf(anna.entity)]
    const past64Bits = '922337203685.4775808'
    expect(await textOf(mint(anna, 'curve-999', '0'))).toBe('ZeroAmount')
    expect(await textOf(mint(anna, id, '-1'))).toBe('ZeroAmount')
    expect(await textOf(mint(anna, 'curve-999', '1'))).toBe('NoCurveExists')
    expect(await textOf(mint(anna, id, past64Bits))).toBe('ArithmeticOverflow')
    expect(await textOf(mint(anna, id, '922337203685.4775807'))).toBe('InsufficientBalance')
    expect(refusalOf(() => world.ask(nobody, 'curve.quote', { curveId: id, payment: '922337203685.4775807' }))).toBe('ExceedsMaxSupply')
    expect(await textOf(mint(anna, id, '100000'))).toBe('InsufficientBalance')
    // what is locked is not there
    await world.run(anna, 'tokens.lock', { token: 'AZR', amount: '90000' })
    expect(await textOf(mint(anna, id, '9500'))).toBe('InsufficientBalance')
    await world.run(anna, 'tokens.unlock', { token: 'AZR', amount: '90000' })
    expect(await textOf(world.run(anna, 'curve.burn', { curveId: id, amount: '0' }))).toBe('ZeroAmount')
    expect(await textOf(world.run(anna, 'curve.burn', { curveId: id, amount: '1000000' }))).toBe('InsufficientBalance')
    expect(refusalOf(() => world.ask(anna, 'curve.holding', { curveId: id, entityId: payer.entity }))).toContain('another entity')
    expect(await textOf(world.run(nobody, 'curve.mint', { curveId: id, payment: '1' }))).toContain('unlock yours')
    for (const role of ['pool', 'zap'])
      expect(
        await textOf(
          world.run(administrator, 'tokens.fund', { from: `curve:${id.slice(6)}:${role}`, to: 'Anna', token: 'AZR', amount: '1' }),
        ),
      ).toContain('another entity')
    expect([curveOf(id), world.azrOf(anna.entity)]).toEqual(before)
  })

  test('the router takes the better way; its fee burns the asset later, and the floor rises', async () => {
    await world.configure({ 'curve.routerFeePpm': '10000' })
    const taken: string[] = []
    let fees = 0n
    for (const payment of ['10', '100', '1', '2500', '0.0000001']) {
      const routes = world.ask(nobody, 'curve.routes', { curveId: id, payment })
      const onCurve = routes.curve?.share ?? 0n
      if (routes.best === null) {
        expect([onCurve, routes.pool.share, routes.refused?.name]).toEqual([0n, 0n, 'InsufficientBalance'])
        expect(await textOf(buy(anna, id, payment))).toBe('InsufficientBalance')
        continue
      }
      expect(routes.fee).toBe((routes.payment * 10_000n) / 1_000_000n)
      expect(routes.best).toBe(onCurve >= routes.pool.share ? 'curve' : 'pool')
      expect(routes.more).toBe(routes.share - (routes.best === 'curve' ? routes.pool.share : onCurve))
      const [held, azr, floor] = [tokenOf(anna.entity, asset), world.azrOf(anna.entity), curveOf(id).floor!]
      const traded = await buy(anna, id, payment)
      fees += traded.fee
      expect(traded).toMatchObject({ route: routes.best, share: routes.share, fee: routes.fee })
      expect([tokenOf(anna.entity, asset) - held, azr - world.azrOf(anna.entity)]).toEqual([routes.share, traded.charged])
      expect(traded.curve.feesWaiting).toBe(fees)
      expect(traded.curve.floor! >= floor || traded.route === 'curve').toBe(true)
      taken.push(traded.route)
    }
    expect(new Set(taken)).toEqual(new Set(['curve', 'pool']))
    const before = curveOf(id)
    expect(await textOf(world.run(administrator, 'curve.burnFees', { curveId: id, least: '1000000' }))).toContain('The price moved')
    const { curve, spent, burnt } = await world.run(administrator, 'curve.burnFees', { curveId: id })
    expect(spent).toBe(fees)
    expect(curve).toMatchObject({ issuance: before.issuance - burnt, feesWaiting: 0n })
    expect([supplyOf(asset), curve.pool.foreign]).toEqual([curve.issuance, before.pool.foreign + fees])
    expect(burnt > 0n && curve.price < before.price && curve.floor! >= before.floor!).toBe(true)
    expect(eventsOf(id).slice(0, 2)).toMatchObject([{ name: 'Burned' }, { name: 'Swapped' }])
    expect((await world.run(administrator, 'curve.burnFees', { curveId: id })).burnt).toBe(0n)
    await world.configure({ 'curve.routerFeePpm': '0' })
  })

  test('a burn lowers issuance and price at once; another slope holds from then on', async () => {
    const before = curveOf(id)
    const held = tokenOf(anna.entity, asset)
    const { curve, holding } = await world.run(anna, 'curve.burn', { curveId: id, amount: '1000' })
    expect(holding.asset).toBe(held - 1000n * one)
    expect(curve.issuance).toBe(before.issuance - 1000n * one)
    expect(before.price - curve.price).toBe(before.price - (50_000_000_000n + (10_000_000_000n * curve.supply) / K))
    const steeper = await world.run(administrator, 'curve.updateSlope', { curveId: id, slope: '0.0000002' })
    expect(steeper).toMatchObject({ slope: 20_000_000_000n, updatedTs: world.clock.ts, issuance: curve.issuance })
    expect(steeper.price).toBe(50_000_000_000n + (20_000_000_000n * curve.supply) / K)
    expect(await textOf(world.run(administrator, 'curve.updateSlope', { curveId: id, slope: '0' }))).toBe('InvalidParameters')
    expect(await textOf(world.run(administrator, 'curve.updateSlope', { curveId: 'curve-999', slope: '0' }))).toBe('NoCurveExists')
    const { points } = world.ask(nobody, 'curve.get', { curveId: id, points: 5, upTo: '100' })
    expect(points.map(({ supply }) => supply)).toEqual([0n, 25n, 50n, 75n, 100n].map(tokens => tokens * one))
    for (const { supply, price } of points) expect(price).toBe(50_000_000_000n + (20_000_000_000n * supply) / K)
  })

  test.each(['thirds', 'thirds-burnt'] as const)('%s: buyer, liquidity, treasury', async profile => {
    const token = profile === 'thirds' ? 'BTA-REWARD' : 'AZR-ETH'
    const { id: curveId } = await create({ asset: token, foreignAsset: 'AZR', initialPrice: '1', slope: '0.001', profile })
    const quote = world.ask(nobody, 'curve.quote', { curveId, payment: '50' })
    expect([quote.treasury, quote.burnt]).toEqual([quote.share, profile === 'thirds' ? 0n : quote.share])
    const traded = await mint(anna, curveId, '50')
    const kept = profile === 'thirds' ? quote.share : 0n
    expect(traded).toMatchObject({ share: kept, burnt: quote.share - kept })
    expect([tokenOf(anna.entity, token), tokenOf('treasury', token)]).toEqual([kept, quote.treasury])
    expect(supplyOf(token)).toBe(quote.minted - quote.burnt)
    if (profile === 'thirds') {
      // what can't be sold any more can't press the price
      const { curve } = await world.run(anna, 'curve.burn', { curveId, amount: '1' })
      expect(curve.floor! > traded.curve.floor!).toBe(true)
      return
    }
    // by the pool it is burned too
    await world.configure({ 'curve.routerFeePpm': '1000' })
    await world.run(administrator, 'curve.updateSlope', { curveId, slope: '1000' })
    const bought = await buy(anna, curveId, '5')
    expect(bought).toMatchObject({ route: 'pool', share: 0n, minted: 0n })
    expect(bought.burnt > 0n).toBe(true)
    expect([tokenOf(anna.entity, token), supplyOf(token)]).toEqual([0n, quote.minted - quote.burnt - bought.burnt])
  })

  test('a simulation gives out what it is paid with, up to u128, and moves nothing of the ledger', async () => {
    const { id: curveId } = await create({ kind: 'simulated', asset: 'TOK', foreignAsset: 'AZR', initialPrice: '1', slope: '0.000001' })
    const azr = world.azrOf(anna.entity)
    const give = (amount: string, to = curveId) => world.run(administrator, 'curve.deposit', { curveId: to, entityId: 'Anna', amount })
    expect(await textOf(give('1', id))).toContain('is on the ledger')
    expect(await textOf(give('0'))).toBe('ZeroAmount')
    await give(formatAmount(u128 - 5n))
    expect(await textOf(give('0.0000006'))).toBe('ArithmeticOverflow')
    const { share, charged } = await mint(anna, curveId, '1000000')
    await world.run(anna, 'curve.burn', { curveId, amount: '1' })
    expect(world.ask(nobody, 'curve.holding', { curveId, entityId: 'Anna' })).toMatchObject({
      asset: share - one,
      foreign: u128 - 5n - charged,
    })
    expect(world.azrOf(anna.entity)).toBe(azr)
  })
})

test("the account of a chain's pallet is worked out step by step", () => {
  const { steps, accountHex, address } = world.ask(nobody, 'curve.account', {})
  expect(address).toBe('5EYCAe5jXfhqLzusixrt2Ch3ZateFvpRuiGFejB9K4oodMC1')
  expect(steps.map(({ hex }) => hex).join('')).toBe(accountHex)
  expect(steps[1]!.hex).toBe(Buffer.from('tmcurve0').toString('hex'))
  expect(world.ask(nobody, 'curve.account', { subId: 1 }).steps).toHaveLength(4)
})
