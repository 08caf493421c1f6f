import fc from 'fast-check'
import { type CurveShape, quoteMint } from '../../src-main/engines/curve/quote.ts'
import { AppError } from '../../src-shared/errors.ts'
import type { Pricing } from '../../src-shared/treasury/curve.ts'
import { naiveMint } from './naive-curve.ts'

/* Random curves and payments, and the engine beside exact fractions: the property test runs some, the bench a million. */

export interface CurveCase {
  curve: CurveShape
  issuanceUnits: bigint
  paymentUnits: bigint
}

const U128 = (1n << 128n) - 1n

/** As likely of any length up to so many bits. */
const upToBits = (most: number, least = 0n) =>
  fc.integer({ min: 1, max: most }).chain(bits => fc.bigInt({ min: least, max: (1n << BigInt(bits)) - 1n }))
const anyAmount = fc.oneof({ weight: 9, arbitrary: upToBits(128) }, { weight: 1, arbitrary: fc.bigInt({ min: U128 - 9n, max: U128 }) })
const precision = fc.oneof({ weight: 4, arbitrary: fc.constant(10n ** 12n) }, fc.constantFrom(1n, 10n, 10n ** 6n))

/** Anything that u128 holds: most of it runs past some limit. */
const wild: fc.Arbitrary<CurveCase> = fc
  .record({ initialPrice: anyAmount, slope: anyAmount, initial: anyAmount, issued: anyAmount, precision, paymentUnits: anyAmount })
  .filter(({ initialPrice, slope }) => initialPrice > 0n || slope > 0n)
  .map(({ initialPrice, slope, initial, issued, paymentUnits, ...rest }) => ({
    curve: { initialPrice, slope, initialIssuanceUnits: initial, ...rest },
    issuanceUnits: issued,
    paymentUnits,
  }))

/** As curves are: prices about 1, a supply of up to some billions, payments of up to a lot. */
export const usual: fc.Arbitrary<CurveCase> = fc
  .record({
    initialPrice: fc.bigInt({ min: 1n, max: 10n ** 14n }),
    slope: upToBits(46, 1n),
    initial: upToBits(64),
    supplied: upToBits(70),
    paymentUnits: upToBits(80, 1n),
  })
  .map(({ initialPrice, slope, initial, supplied, paymentUnits }) => ({
    curve: { initialPrice, slope, initialIssuanceUnits: initial, precision: 10n ** 12n },
    issuanceUnits: initial + supplied,
    paymentUnits,
  }))

export const anyCurveCase = fc.oneof({ weight: 3, arbitrary: usual }, { weight: 2, arbitrary: wild })

/** Whether the engine says of this case what exact fractions say, in its numbers or its refusal. Throws what differs. */
export function compareWithNaive({ curve, issuanceUnits, paymentUnits }: CurveCase, pricing: Pricing): void {
  const expected = naiveMint(curve, issuanceUnits, paymentUnits, pricing)
  const found = quoted()
  const text = (value: unknown) => JSON.stringify(value, (_key, part) => (typeof part === 'bigint' ? part.toString() : part))
  if (text(found) !== text(expected)) throw new Error(`${pricing}: the engine says ${text(found)}, fractions say ${text(expected)}`)

  function quoted() {
    try {
      const quote = quoteMint(curve, issuanceUnits, paymentUnits, { pricing })
      const { mintedUnits: minted, userUnits: user, zapUnits: zap, chargedUnits: charged, spotBefore, spotAfter } = quote
      return { minted, user, zap, charged, spotBefore, spotAfter }
    } catch (error) {
      if (error instanceof AppError) return error.message
      throw error
    }
  }
}
