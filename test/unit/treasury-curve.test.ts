import { describe, expect, test } from 'vitest'
import { palletAccount, palletAddress } from '../../src-main/engines/curve/account.ts'
import { burnOnCurve, type Curve, createCurve, mintOnCurve, updateSlope } from '../../src-main/engines/curve/curve.ts'
import { burnFees, buy, chooseRoute, type Market, marketFloor } from '../../src-main/engines/curve/market.ts'
import { addLiquidity, floorPrice, nativeFor, type Pool } from '../../src-main/engines/curve/pool.ts'
import { ledgerBounds, PRECISION, quoteMint, spotPrice } from '../../src-main/engines/curve/quote.ts'
import { MAX_UNITS } from '../../src-shared/money.ts'
import { curveRefusalMeanings } from '../../src-shared/treasury/curve.ts'
import { refusals } from '../../src-shared/treasury/refusals.ts'
import { refusalOf } from '../helpers/economy.ts'

/* The curve's life, its refusals and their order, and the market around it, where the vectors say nothing. */

const one = 10n ** 12n
const u128 = 2n ** 128n - 1n
const order = { asset: 'TOK', foreignAsset: 'USD', initialPrice: one, slope: 10n ** 6n }
const { curve } = createCurve(null, order, 1000n * one)
const offer = (paymentUnits: bigint, balanceUnits = paymentUnits) => ({ paymentUnits, balanceUnits })

describe('a curve', () => {
  test('begins at the issuance as it is, and says so', () => {
    expect(curve).toEqual({ ...order, profile: 'standard', initialIssuanceUnits: 1000n * one, precision: PRECISION })
    expect(createCurve(null, order, 5n).event).toEqual({ name: 'CurveCreated', ...order })
    expect(spotPrice(curve, 1000n * one)).toBe(one)
  })

  test('is made once, with price and slope', () => {
    expect(refusalOf(() => createCurve(curve, { ...order, slope: 0n }, 0n))).toBe('CurveAlreadyExists')
    for (const wrong of [{ slope: 0n }, { initialPrice: 0n }, { slope: u128 + 1n }, { foreignAsset: 'TOK' }])
      expect(refusalOf(() => createCurve(null, { ...order, ...wrong }, 0n))).toBe('InvalidParameters')
  })

  test('gets another slope', () => {
    expect(updateSlope(curve, 5n)).toEqual({ curve: { ...curve, slope: 5n }, event: { name: 'CurveUpdated', asset: 'TOK', slope: 5n } })
    expect(refusalOf(() => updateSlope(null, 0n))).toBe('NoCurveExists')
    expect(refusalOf(() => updateSlope(curve, 0n))).toBe('InvalidParameters')
  })

  test('mints: what is charged and the split stand in the event', () => {
    const { quote, events } = mintOnCurve(curve, 1000n * one, offer(1000n * one, 2000n * one))
    expect(quote).toMatchObject({ mintedUnits: 999500499375873n, userUnits: 333166499958457n, chargedUnits: 1000n * one })
    const { userUnits, zapUnits, chargedUnits } = quote
    expect(events).toEqual([{ name: 'ZapAllocationDistributed', asset: 'TOK', userUnits, zapUnits, foreignUnits: chargedUnits }])
  })

  test('splits by thirds, and burns the buyers one where the asset does', () => {
    const thirds = mintOnCurve({ ...curve, profile: 'thirds' }, 1000n * one, offer(1000n * one)).quote
    expect(thirds).toMatchObject({
      userUnits: 333166499958457n,
      treasuryUnits: 333166499958457n,
      zapUnits: 333167499458959n,
      burntUnits: 0n,
    })
    const burnt = mintOnCurve({ ...curve, profile: 'thirds-burnt' }, 1000n * one, offer(1000n * one))
    expect(burnt.quote).toMatchObject({ userUnits: 0n, burntUnits: 333166499958457n, zapUnits: 333167499458959n })
    expect(burnt.events[1]).toEqual({ name: 'Burned', asset: 'TOK', amountUnits: 333166499958457n })
  })

  test('refuses in its order: zero, overflow, insufficient, supply', () => {
    const steep: Curve = { ...curve, slope: 10n ** 16n }
    const flat: Curve = { ...curve, slope: 0n }
    const mint = (on: Curve | null, issuance: bigint, payment: bigint, balance = payment) =>
      refusalOf(() => mintOnCurve(on, issuance, offer(payment, balance)))
    expect(mint(null, 0n, 0n)).toBe('ZeroAmount')
    expect(mint(null, 0n, -1n)).toBe('ZeroAmount')
    expect(mint(null, 0n, 1n)).toBe('NoCurveExists')
    expect(mint(steep, 0n, u128, 0n)).toBe('ArithmeticOverflow')
    expect(mint(flat, 0n, u128 + 1n)).toBe('ArithmeticOverflow')
    expect(mint(flat, u128, 10n, 9n)).toBe('InsufficientBalance')
    expect(mint(flat, u128, 2n)).toBe('InsufficientBalance')
    expect(mint(flat, u128, 10n)).toBe('ExceedsMaxSupply')
    expect(mint(flat, u128 - 10n, 10n)).toBe(null)
  })

  test('on a ledger token: past 64 bits is an overflow, past its own maximum too much supply', () => {
    const flat = { ...curve, slope: 0n, initialIssuanceUnits: 0n }
    const mint = (issuance: bigint, payment: bigint, most: bigint | null, pricing: 'exact' | 'spot' = 'exact') =>
      refusalOf(() => quoteMint(flat, issuance, payment, { pricing, bounds: ledgerBounds(most) }))
    for (const pricing of ['exact', 'spot'] as const) {
      expect(mint(0n, MAX_UNITS + 1n, null, pricing)).toBe('ArithmeticOverflow')
      expect(mint(0n, MAX_UNITS, null, pricing)).toBe(null)
      expect(mint(1n, MAX_UNITS, null, pricing)).toBe('ArithmeticOverflow')
      expect(mint(0n, 1001n, 1000n, pricing)).toBe('ExceedsMaxSupply')
      expect(mint(0n, 1000n, 1000n, pricing)).toBe(null)
    }
    const cheap = { ...flat, initialPrice: 1n }
    expect(refusalOf(() => quoteMint(cheap, 0n, 10n ** 8n, { bounds: ledgerBounds(null) }))).toBe('ArithmeticOverflow')
  })

  test('says when the price moved', () => {
    const work = (leastShareUnits: bigint) => refusalOf(() => mintOnCurve(curve, 1000n * one, { ...offer(1000n * one), leastShareUnits }))
    expect(work(333166499958457n)).toBe(null)
    expect(work(333166499958458n)).toMatch(/^The price moved/)
  })

  test('as spot takes all, and mints nothing rather than refuse', () => {
    const quote = mintOnCurve(curve, 3000n * one, { ...offer(1n), pricing: 'spot' }).quote
    expect(quote).toMatchObject({ mintedUnits: 0n, userUnits: 0n, chargedUnits: 1n, unspentUnits: 0n })
  })

  test('falls with a burn, at once', () => {
    const issuanceUnits = 2000n * one
    const burned = burnOnCurve(curve, issuanceUnits, 500n * one, 600n * one)
    expect(burned).toEqual({ issuanceUnits: 1500n * one, event: { name: 'Burned', asset: 'TOK', amountUnits: 500n * one } })
    expect([spotPrice(curve, issuanceUnits), spotPrice(curve, burned.issuanceUnits)]).toEqual([1_001_000_000_000n, 1_000_500_000_000n])
    expect(refusalOf(() => burnOnCurve(null, 0n, 0n, 0n))).toBe('ZeroAmount')
    expect(refusalOf(() => burnOnCurve(null, 5n, 1n, 1n))).toBe('NoCurveExists')
    expect(refusalOf(() => burnOnCurve(curve, 5n, 2n, 1n))).toBe('InsufficientBalance')
  })

  test('is calculated without slope or first price, but not without both or without a precision', () => {
    expect(quoteMint({ ...curve, slope: 0n }, 0n, 3n * one).mintedUnits).toBe(3n * one)
    for (const wrong of [{ slope: 0n, initialPrice: 0n }, { precision: 0n }, { initialPrice: -1n }, { slope: u128 + 1n }])
      expect(refusalOf(() => quoteMint({ ...curve, ...wrong }, 0n, one))).toBe('InvalidParameters')
  })

  test('each refusal that is only a name says what it means', () => {
    const names = Object.entries(refusals).filter(([code, [, text]]) => code.startsWith('curve.') && !text.includes(' '))
    expect(Object.keys(curveRefusalMeanings).sort()).toEqual(names.map(([code]) => code).sort())
  })
})

const pool: Pool = { nativeUnits: 1_000_000n, foreignUnits: 2_000_000n, lpUnits: 1_000n, feePpm: 3000 }

describe('a pool', () => {
  test('pays by the constant product, its fee taken', () => {
    // 1000 less 3 in a thousand: 997 * 1,000,000 / (2,000,000 + 997) = 498.25
    expect(nativeFor(pool, 1000n)).toBe(498n)
    expect(nativeFor({ ...pool, feePpm: 0 }, 2_000_000n)).toBe(500_000n)
    expect(nativeFor({ ...pool, nativeUnits: 0n, foreignUnits: 0n }, 1000n)).toBe(0n)
  })

  test('takes both sides at its ratio and leaves the rest', () => {
    expect(addLiquidity(pool, 100_000n, 900_000n)).toEqual({
      pool: { ...pool, nativeUnits: 1_100_000n, foreignUnits: 2_200_000n, lpUnits: 1_100n },
      lpUnits: 100n,
      addedNativeUnits: 100_000n,
      addedForeignUnits: 200_000n,
    })
    expect(addLiquidity(pool, 900_000n, 200_000n)).toMatchObject({ lpUnits: 100n, addedNativeUnits: 100_000n, addedForeignUnits: 200_000n })
    expect(addLiquidity(pool, 999n, 900_000n)).toEqual({ pool, lpUnits: 0n, addedNativeUnits: 0n, addedForeignUnits: 0n })
    // the ratio cut to whole units: what fits exactly goes in whole
    const small = { nativeUnits: 3n, foreignUnits: 2n, lpUnits: 6n, feePpm: 0 }
    expect(addLiquidity(small, 2n, 1n)).toMatchObject({ lpUnits: 3n, addedNativeUnits: 2n, addedForeignUnits: 1n })
    const empty = { nativeUnits: 0n, foreignUnits: 0n, lpUnits: 0n, feePpm: 0 }
    expect(addLiquidity(empty, 400n, 900n)).toMatchObject({ lpUnits: 600n, addedNativeUnits: 400n, addedForeignUnits: 900n })
    expect(addLiquidity(empty, 400n, 0n).pool).toEqual(empty)
  })

  test('has a floor: what the treasury’s part still pays when all is sold', () => {
    // half of the pool: 500,000 and 1,000,000; its product over (500,000 + 500,000)^2
    expect(floorPrice(pool, 500n, 500_000n, PRECISION)).toBe(PRECISION / 2n)
    expect(floorPrice(pool, 500n, 0n, PRECISION)).toBe(2n * PRECISION)
    expect(floorPrice(pool, 0n, 1n, PRECISION)).toBe(0n)
  })
})

const market: Market = {
  curve: { ...curve, initialIssuanceUnits: 10n ** 9n },
  issuanceUnits: 10n ** 9n,
  pool: { nativeUnits: 10n ** 8n, foreignUnits: 10n ** 8n, lpUnits: 10n ** 8n, feePpm: 0 },
  zapNativeUnits: 0n,
  zapForeignUnits: 0n,
  tolLpUnits: 0n,
  treasuryUnits: 0n,
  burnerForeignUnits: 0n,
}

describe('a market', () => {
  test('sends a buyer where the share is greater', () => {
    // the curve gives the buyer a third at a price of 1; the pool is better as long as it pays more than that
    const small = chooseRoute(market, { ...offer(1000n), routerFeePpm: 0 })
    expect(small).toMatchObject({ best: 'pool', poolUnits: 999n, shareUnits: 999n })
    expect(small.curve?.userUnits).toBe(332n)
    const large = chooseRoute(market, { ...offer(10n ** 9n), routerFeePpm: 0 })
    expect(large).toMatchObject({ best: 'curve', poolUnits: 90_909_090n })
    expect(large.shareUnits).toBe(large.curve?.userUnits)
    expect(large.curve?.userUnits).toBeGreaterThan(90_909_090n)
  })

  test('sends a buyer to the curve where both give the same: it charges only what it mints', () => {
    // a pool of no fee that pays 332 for 1000, as the curve does
    const alike = { ...market, pool: { ...market.pool, nativeUnits: 1_000_000n, foreignUnits: 3_008_000n } }
    const route = chooseRoute(alike, { ...offer(1000n), routerFeePpm: 0 })
    expect(route).toMatchObject({ best: 'curve', poolUnits: 332n, shareUnits: 332n, curve: { userUnits: 332n } })
  })

  test('takes the router’s fee first, for the burning manager, whose burn lowers the issuance', () => {
    const { market: after, trade, events } = buy(market, { ...offer(1_000_000n), routerFeePpm: 5000 })
    expect(trade).toMatchObject({ chargedUnits: 1_000_000n, userUnits: 985_197n, route: { feeUnits: 5000n, best: 'pool' } })
    expect(events).toEqual([{ name: 'Swapped', asset: 'TOK', foreignUnits: 995_000n, nativeUnits: 985_197n }])
    expect(after.burnerForeignUnits).toBe(5000n)
    const burned = burnFees(after)
    expect(burned.market.issuanceUnits).toBe(10n ** 9n - 4901n)
    expect(burned.market.burnerForeignUnits).toBe(0n)
    expect(burned.events.map(({ name }) => name)).toEqual(['Swapped', 'Burned'])
    expect(marketFloor(burned.market)).toBe(0n)
  })

  test('adds what the curve took to the pool, and its shares to the treasury-owned liquidity, so there is a floor', () => {
    const { market: after, trade, events } = buy(market, { ...offer(10n ** 9n), routerFeePpm: 0 })
    const quote = trade.route.curve!
    expect(events.map(({ name }) => name)).toEqual(['ZapAllocationDistributed', 'LiquidityAdded'])
    expect(after.issuanceUnits).toBe(10n ** 9n + quote.mintedUnits)
    // the pool's ratio is 1: all of the zap manager's share goes in, and as much of the foreign asset
    expect(after).toMatchObject({ zapNativeUnits: 0n, zapForeignUnits: quote.chargedUnits - quote.zapUnits, tolLpUnits: quote.zapUnits })
    expect(marketFloor(after)).toBeGreaterThan(0n)
    expect(marketFloor(after)).toBeLessThan(spotPrice(after.curve, after.issuanceUnits))
  })

  test('burns the buyer’s share on either route where the asset does', () => {
    const burning: Market = { ...market, curve: { ...market.curve, profile: 'thirds-burnt' } }
    for (const [payment, best] of [
      [1_000_000n, 'pool'],
      [10n ** 9n, 'curve'],
    ] as const) {
      const { market: after, trade } = buy(burning, { ...offer(payment), routerFeePpm: 0 })
      expect(trade).toMatchObject({ userUnits: 0n, burntUnits: trade.route.shareUnits, route: { best } })
      const minted = best === 'curve' ? trade.route.curve!.mintedUnits : 0n
      expect(after.issuanceUnits).toBe(burning.issuanceUnits + minted - trade.burntUnits)
    }
  })

  test('refuses what neither route gives, and a share below the one that was asked for', () => {
    const empty = { ...market, pool: { ...market.pool, nativeUnits: 0n, foreignUnits: 0n, lpUnits: 0n } }
    expect(refusalOf(() => buy(market, { ...offer(0n), routerFeePpm: 0 }))).toBe('ZeroAmount')
    expect(refusalOf(() => buy(market, { ...offer(10n, 9n), routerFeePpm: 0 }))).toBe('InsufficientBalance')
    expect(refusalOf(() => buy(empty, { ...offer(1n), routerFeePpm: 0, pricing: 'spot' }))).toBe('InsufficientBalance')
    expect(refusalOf(() => buy(market, { ...offer(1000n), routerFeePpm: 0, leastShareUnits: 1000n }))).toMatch(/^The price moved/)
  })
})

test('accounts of pallets, and the accounts below them', () => {
  const hex = (id: string, subId?: number) => Buffer.from(palletAccount(id, subId)).toString('hex')
  expect(hex('tolpalle')).toBe(`6d6f646c746f6c70616c6c65${'0'.repeat(40)}`)
  expect(hex('tolpalle', 258)).toBe(`6d6f646c746f6c70616c6c6502010000${'0'.repeat(32)}`)
  expect(palletAddress('burnmgr0')).toBe('5EYCAe5fvqwE4RtLxrYen5uydn8ZHVAeuGodcPtqa8ZfkkUt')
  expect(refusalOf(() => palletAccount('short'))).toContain('"short"')
})
