import type { CurveShape } from '../../src-main/engines/curve/quote.ts'
import type { Pricing } from '../../src-shared/treasury/curve.ts'

/*
 * The curve once more, in exact fractions and by trying: no formula is solved. `exact`: the most tokens whose area is covered by the payment,
 * found by halving. `spot`: the deployed formula step by step, each step saturating, its root found by halving.
 */

const U128 = (1n << 128n) - 1n
const U256 = (1n << 256n) - 1n

export interface NaiveMint {
  minted: bigint
  user: bigint
  zap: bigint
  charged: bigint
  spotBefore: bigint
  spotAfter: bigint
}

/** A fraction; its lower half is above 0. */
interface Fraction {
  n: bigint
  d: bigint
}
const times = (a: Fraction, b: Fraction): Fraction => ({ n: a.n * b.n, d: a.d * b.d })
const plus = (a: Fraction, b: Fraction): Fraction => ({ n: a.n * b.d + b.n * a.d, d: a.d * b.d })
const whole = (n: bigint): Fraction => ({ n, d: 1n })
const over = (n: bigint, d: bigint): Fraction => ({ n, d })

/** P0 + m*s/K, as a number of foreign units (a price is K times that, a slope K^2 times). */
function priceAt(curve: CurveShape, supply: bigint): Fraction {
  return plus(over(curve.initialPrice, curve.precision), over(curve.slope * supply, curve.precision * curve.precision))
}

/** The area below the price over `minted` tokens: a trapezoid, from `supply` on. */
export function naiveArea(curve: CurveShape, supply: bigint, minted: bigint): Fraction {
  const sum = plus(priceAt(curve, supply), priceAt(curve, supply + minted))
  return times(times(sum, whole(minted)), over(1n, 2n))
}

export function naiveCeil({ n, d }: Fraction): bigint {
  return n % d === 0n ? n / d : n / d + 1n
}

function naiveSupply(curve: CurveShape, issuance: bigint): bigint {
  const supply = issuance - curve.initialIssuanceUnits
  return supply < 0n ? 0n : supply
}

/** What a payment mints on a simulated curve, or the name of its error. */
export function naiveMint(curve: CurveShape, issuance: bigint, payment: bigint, pricing: Pricing): NaiveMint | string {
  if (payment === 0n) return 'ZeroAmount'
  return pricing === 'exact' ? naiveExact(curve, issuance, payment) : naiveSpot(curve, issuance, payment)
}

function naiveExact(curve: CurveShape, issuance: bigint, payment: bigint): NaiveMint | string {
  const supply = naiveSupply(curve, issuance)
  const k = curve.precision
  if (curve.slope > 0n) {
    const kp = k * curve.initialPrice + curve.slope * supply
    const steps = [kp, kp * kp, 2n * curve.slope * k * k * payment, kp * kp + 2n * curve.slope * k * k * payment]
    if (steps.some(step => step > U256)) return 'ArithmeticOverflow'
  }
  const isPaid = (tokens: bigint) => {
    const { n, d } = naiveArea(curve, supply, tokens)
    return n <= payment * d
  }
  const minted = most(isPaid)
  if (minted > U128) return 'ArithmeticOverflow'
  const user = (minted * 333_333n) / 1_000_000n
  if (minted === 0n || user === 0n) return 'InsufficientBalance'
  if (issuance + minted > U128) return 'ExceedsMaxSupply'
  const spot = (at: bigint) => {
    const { n, d } = times(priceAt(curve, naiveSupply(curve, at)), whole(k))
    return n / d
  }
  const charged = naiveCeil(naiveArea(curve, supply, minted))
  return { minted, user, zap: minted - user, charged, spotBefore: spot(issuance), spotAfter: spot(issuance + minted) }
}

function naiveSpot(curve: CurveShape, issuance: bigint, payment: bigint): NaiveMint | string {
  const k = curve.precision
  const in128 = (value: bigint) => (value > U128 ? U128 : value)
  const in256 = (value: bigint) => (value > U256 ? U256 : value)
  const spot = (at: bigint) => in128(curve.initialPrice + in128(curve.slope * naiveSupply(curve, at)) / k)
  let minted: bigint
  if (curve.slope === 0n) minted = (payment * k) / curve.initialPrice
  else {
    const kp = in256(k * spot(issuance))
    const sum = in256(in256(kp * kp) + in256(2n * curve.slope * k * k * payment))
    const root = most(candidate => candidate * candidate <= sum)
    minted = root < kp ? 0n : (root - kp) / curve.slope
  }
  if (minted > U128) return 'ArithmeticOverflow'
  if (issuance + minted > U128) return 'ExceedsMaxSupply'
  const user = (minted * 333_333n) / 1_000_000n
  return { minted, user, zap: minted - user, charged: payment, spotBefore: spot(issuance), spotAfter: spot(issuance + minted) }
}

/** The greatest number for which that holds, which holds for 0 and from some number on no more. */
function most(holds: (candidate: bigint) => boolean): bigint {
  let above = 1n
  while (holds(above)) above *= 2n
  let below = above / 2n
  while (above - below > 1n) {
    const middle = (above + below) / 2n
    if (holds(middle)) below = middle
    else above = middle
  }
  return below
}
