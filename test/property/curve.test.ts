import fc from 'fast-check'
import { expect, test } from 'vitest'
import { burnOnCurve, createCurve, mintOnCurve } from '../../src-main/engines/curve/curve.ts'
import { burnFees, buy, chooseRoute, type Market, marketFloor } from '../../src-main/engines/curve/market.ts'
import { floorRoot } from '../../src-main/engines/curve/numbers.ts'
import { costUnits, ledgerBounds, quoteMint, simulatedBounds, spotPrice } from '../../src-main/engines/curve/quote.ts'
import { splitMint } from '../../src-main/engines/curve/split.ts'
import { AppError } from '../../src-shared/errors.ts'
import { MAX_UNITS } from '../../src-shared/money.ts'
import { curveProfiles } from '../../src-shared/treasury/curve.ts'
import { anyCurveCase, compareWithNaive, usual } from '../helpers/curve-fuzz.ts'
import { naiveArea, naiveCeil } from '../helpers/naive-curve.ts'
import { runs } from '../helpers/runs.ts'

/* The minting curve: it agrees with exact fractions, charges what it mints and nothing more, and no detour is worth its while. */

const pricing = fc.constantFrom('exact' as const, 'spot' as const)

test('each quote and each refusal is the one of exact fractions', () => {
  fc.assert(fc.property(anyCurveCase, pricing, compareWithNaive), runs(2000))
})

test('the root is the greatest whose square fits', () => {
  const value = fc.integer({ min: 0, max: 256 }).chain(bits => fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n }))
  const nearSquare = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).chain(root => fc.constantFrom(root * root, root * root + 2n * root))
  fc.assert(
    fc.property(fc.oneof(value, nearSquare), square => {
      const root = floorRoot(square)
      expect(root * root <= square && (root + 1n) * (root + 1n) > square).toBe(true)
    }),
    runs(2000),
  )
})

test('what is charged is the area below the curve, rounded up, and within the payment; one unit more would not be', () => {
  fc.assert(
    fc.property(usual, ({ curve, issuanceUnits, paymentUnits }) => {
      const quote = orNull(() => quoteMint(curve, issuanceUnits, paymentUnits))
      if (!quote) return
      const supply = issuanceUnits - curve.initialIssuanceUnits
      expect(quote.chargedUnits).toBe(naiveCeil(naiveArea(curve, supply, quote.mintedUnits)))
      expect(quote.chargedUnits + quote.unspentUnits).toBe(paymentUnits)
      expect(quote.unspentUnits >= 0n && quote.chargedUnits > 0n).toBe(true)
      expect(costUnits(curve, issuanceUnits, quote.mintedUnits + 1n)).toBeGreaterThan(paymentUnits)
      // what is not taken would not have bought more
      expect(quoteMint(curve, issuanceUnits, quote.chargedUnits).mintedUnits).toBe(quote.mintedUnits)
      expect(quote.spotAfter).toBeGreaterThanOrEqual(quote.spotBefore)
    }),
    runs(1000),
  )
})

test('every split adds up', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }), fc.constantFrom(...curveProfiles), (minted, profile) => {
      const { userUnits, burntUnits, zapUnits, treasuryUnits } = splitMint(minted, profile)
      expect(userUnits + burntUnits + zapUnits + treasuryUnits).toBe(minted)
      expect([userUnits, burntUnits, zapUnits, treasuryUnits].every(part => part >= 0n)).toBe(true)
    }),
    runs(300),
  )
})

/** A payment, or so many permille of the issuance burned. */
const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('mint' as const), units: fc.bigInt({ min: 1n, max: 10n ** 22n }) }),
    fc.record({ kind: fc.constant('burn' as const), units: fc.bigInt({ min: 1n, max: 1000n }) }),
  ),
  { minLength: 1, maxLength: 12 },
)

test('no path of mints and burns yields more for less than the area that it crosses, nor than one mint', () => {
  fc.assert(
    fc.property(usual, fc.bigInt({ min: 0n, max: 10n ** 12n }), steps, ({ curve: shape, issuanceUnits }, below, path) => {
      const curve = { ...shape, asset: 'A', foreignAsset: 'B', profile: 'standard' as const }
      // also from an issuance that burns took below the one at which the curve began
      const startUnits = below % 2n === 0n ? issuanceUnits : lesserOf(issuanceUnits, curve.initialIssuanceUnits / (below + 1n))
      let [units, charged] = [startUnits, 0n]
      for (const step of path) {
        if (step.kind === 'burn') {
          const before = spotPrice(curve, units)
          const amount = (units * step.units) / 1000n
          if (amount > 0n) units = burnOnCurve(curve, units, amount, units).issuanceUnits
          expect(spotPrice(curve, units)).toBeLessThanOrEqual(before)
          continue
        }
        const minted = orNull(() => mintOnCurve(curve, units, { paymentUnits: step.units, balanceUnits: step.units }))
        if (!minted) continue
        units += minted.quote.mintedUnits
        charged += minted.quote.chargedUnits
      }
      if (units <= startUnits) return
      expect(charged).toBeGreaterThanOrEqual(naiveCeil(areaBetween(curve, startUnits, units)))
      if (startUnits < curve.initialIssuanceUnits) return
      expect(costUnits(curve, startUnits, units - startUnits)).toBeLessThanOrEqual(charged)
      expect(quoteMint(curve, startUnits, charged).mintedUnits).toBeGreaterThanOrEqual(units - startUnits)
    }),
    runs(500),
  )
})

/** What the price adds up to from one issuance to another: flat up to the one at which the curve began. */
function areaBetween(curve: Parameters<typeof naiveArea>[0], from: bigint, to: bigint): { n: bigint; d: bigint } {
  const base = curve.initialIssuanceUnits
  const flat = lesserOf(to, base) - lesserOf(from, base)
  const supply = from > base ? from - base : 0n
  const area = naiveArea(curve, supply, to > base ? to - base - supply : 0n)
  return { n: area.n * curve.precision + flat * curve.initialPrice * area.d, d: area.d * curve.precision }
}

test('on a ledger token no amount is past 64 bits, and what fits is as on a simulated curve', () => {
  fc.assert(
    fc.property(usual, pricing, ({ curve, issuanceUnits, paymentUnits }, how) => {
      fc.pre(issuanceUnits <= MAX_UNITS)
      const found = orNull(() => quoteMint(curve, issuanceUnits, paymentUnits, { pricing: how, bounds: ledgerBounds(null) }))
      const simulated = orNull(() => quoteMint(curve, issuanceUnits, paymentUnits, { pricing: how, bounds: simulatedBounds }))
      const fits = simulated && paymentUnits <= MAX_UNITS && issuanceUnits + simulated.mintedUnits <= MAX_UNITS
      expect(found).toEqual(fits ? simulated : null)
    }),
    runs(1000),
  )
})

const buys = fc.array(
  fc.record({
    paymentUnits: fc.bigInt({ min: 1n, max: 10n ** 16n }),
    burns: fc.boolean(),
  }),
  { minLength: 1, maxLength: 15 },
)

test('a market loses and makes up nothing, whichever way its buyers take', () => {
  const order = fc.record({
    profile: fc.constantFrom(...curveProfiles),
    feePpm: fc.constantFrom(0, 3000, 30_000),
    routerFeePpm: fc.constantFrom(0, 5000, 999_999),
    poolNative: fc.bigInt({ min: 0n, max: 10n ** 15n }),
    poolForeign: fc.bigInt({ min: 1n, max: 10n ** 15n }),
  })
  fc.assert(
    fc.property(order, buys, ({ profile, feePpm, routerFeePpm, poolNative, poolForeign }, life) => {
      const heldUnits = 10n ** 15n
      const { curve } = createCurve(null, { asset: 'A', foreignAsset: 'B', initialPrice: 10n ** 12n, slope: 10n ** 8n, profile }, heldUnits)
      const lpUnits = floorRoot(poolNative * poolForeign)
      const isEmpty = lpUnits === 0n
      const pool = { nativeUnits: isEmpty ? 0n : poolNative, foreignUnits: isEmpty ? 0n : poolForeign, lpUnits, feePpm }
      const nothing = { zapNativeUnits: 0n, zapForeignUnits: 0n, tolLpUnits: 0n, treasuryUnits: 0n, burnerForeignUnits: 0n }
      let market: Market = { curve, issuanceUnits: heldUnits, pool, ...nothing }
      let [users, paid] = [heldUnits - pool.nativeUnits, pool.foreignUnits]
      for (const { paymentUnits, burns } of life) {
        const product = market.pool.nativeUnits * market.pool.foreignUnits
        const asked = { paymentUnits, balanceUnits: paymentUnits, routerFeePpm }
        const route = chooseRoute(market, asked)
        expect(route.shareUnits).toBeGreaterThanOrEqual(route.poolUnits)
        expect(route.shareUnits).toBeGreaterThanOrEqual((route.curve?.userUnits ?? 0n) + (route.curve?.burntUnits ?? 0n))
        const bought = orNull(() => buy(market, asked))
        expect(bought === null).toBe(route.best === null)
        if (bought) {
          market = bought.market
          users += bought.trade.userUnits
          paid += bought.trade.chargedUnits
          expect(bought.trade.userUnits + bought.trade.burntUnits).toBe(route.shareUnits)
          expect(bought.trade.chargedUnits).toBeLessThanOrEqual(paymentUnits)
        }
        if (burns) {
          const burned = burnFees(market).market
          expect(burned.issuanceUnits).toBeLessThanOrEqual(market.issuanceUnits)
          if (burned.pool.nativeUnits < market.pool.nativeUnits) expect(burned.burnerForeignUnits).toBe(0n)
          market = burned
        }
        expect(users + market.pool.nativeUnits + market.zapNativeUnits + market.treasuryUnits).toBe(market.issuanceUnits)
        expect(market.pool.foreignUnits + market.zapForeignUnits + market.burnerForeignUnits).toBe(paid)
        expect(market.tolLpUnits + lpUnits).toBe(market.pool.lpUnits)
        expect(market.pool.nativeUnits * market.pool.foreignUnits).toBeGreaterThanOrEqual(product)
        expect(marketFloor(market)).toBeGreaterThanOrEqual(0n)
      }
    }),
    runs(300),
  )
})

function orNull<T>(work: () => T): T | null {
  try {
    return work()
  } catch (error) {
    if (error instanceof AppError && error.code.startsWith('curve.')) return null
    throw error
  }
}

function lesserOf(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
