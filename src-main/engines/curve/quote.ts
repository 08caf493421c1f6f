import { MAX_UNITS } from '../../../src-shared/money.ts'
import type { CurveProfile, Pricing } from '../../../src-shared/treasury/curve.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import { lesser } from '../../../src-shared/treasury/shares.ts'
import { ceilDiv, floorRoot, U128_MAX, U256_MAX } from './numbers.ts'
import { type Split, splitMint } from './split.ts'

/*
 * The token minting curve (tokenomics.md, Token minting curve): its price P(s) = P0 + m*s/K rises with the supply s that was minted on it, and
 * whoever pays gets as many tokens as the area below it pays for. All numbers are u128, sums of the algebra U256.
 */

/** K of every curve that is created. */
export const PRECISION = 10n ** 12n

/** Prices are units of the foreign asset for one unit, times `precision`. */
export interface CurveShape {
  initialPrice: bigint
  /** what the price rises by for one unit, times `precision` squared */
  slope: bigint
  /** the issuance at which the curve began; it counts what was minted since */
  initialIssuanceUnits: bigint
  precision: bigint
}

/** What amounts may be: a curve has a u128 state of its own, or runs on a token of the ledger. */
export interface Bounds {
  /** of any amount, balance and supply */
  largestUnits: bigint
  /** of the token's issuance */
  maxSupplyUnits: bigint
}

export interface Quote extends Split {
  mintedUnits: bigint
  /** of the payment; `unspentUnits` of it are not taken */
  chargedUnits: bigint
  unspentUnits: bigint
  /** what one unit more costs before, and once all of `mintedUnits` are issued */
  spotBefore: bigint
  spotAfter: bigint
}

export interface QuoteOptions {
  pricing?: Pricing
  profile?: CurveProfile
  bounds?: Bounds
  /** what the payer has; without it the quote is for anybody */
  balanceUnits?: bigint
}

export const simulatedBounds: Bounds = { largestUnits: U128_MAX, maxSupplyUnits: U128_MAX }

/** @param maxSupplyUnits of the token; null: no limit but what an amount can hold */
export function ledgerBounds(maxSupplyUnits: bigint | null): Bounds {
  return { largestUnits: MAX_UNITS, maxSupplyUnits: maxSupplyUnits ?? MAX_UNITS }
}

/** What was minted since the curve began and not burned. */
export function suppliedUnits(curve: CurveShape, issuanceUnits: bigint): bigint {
  return issuanceUnits > curve.initialIssuanceUnits ? issuanceUnits - curve.initialIssuanceUnits : 0n
}

/** The price of one unit at that issuance, rounded down. */
export function spotPrice(curve: CurveShape, issuanceUnits: bigint, pricing: Pricing = 'exact'): bigint {
  const rise = curve.slope * suppliedUnits(curve, issuanceUnits)
  if (pricing === 'exact') return curve.initialPrice + rise / curve.precision
  return lesser(curve.initialPrice + lesser(rise, U128_MAX) / curve.precision, U128_MAX)
}

/**
 * What a payment mints. A slope or a first price of 0, which no curve that is created has, is only for calculating.
 * @throws in this order: `curve.parameters` (no curve at all), `curve.zero`, `curve.overflow` (the payment, the algebra, what is minted, or on a
 * ledger token its issuance), `curve.balance` (also where exact pricing would mint nothing, or nothing for the user), `curve.supply`
 */
export function quoteMint(curve: CurveShape, issuanceUnits: bigint, paymentUnits: bigint, options: QuoteOptions = {}): Quote {
  const { pricing = 'exact', profile = 'standard', bounds = simulatedBounds, balanceUnits } = options
  checkShape(curve, issuanceUnits)
  if (paymentUnits <= 0n) throw refuse('curve.zero')
  if (paymentUnits > bounds.largestUnits) throw refuse('curve.overflow')
  const isExact = pricing === 'exact'
  const scaled = isExact ? exactPrice(curve, issuanceUnits) : lesser(curve.precision * spotPrice(curve, issuanceUnits, 'spot'), U256_MAX)
  const mintedUnits = minted(curve, scaled, paymentUnits, isExact)
  const issuedUnits = issuanceUnits + mintedUnits
  if (mintedUnits > bounds.largestUnits) throw refuse('curve.overflow')
  // on the ledger no supply is past 64 bits; a supply past u128 is for the last check
  if (issuedUnits > bounds.largestUnits && issuedUnits <= U128_MAX) throw refuse('curve.overflow')
  const split = splitMint(mintedUnits, profile)
  const isNothing = isExact && split.userUnits + split.burntUnits === 0n
  if (isNothing || (balanceUnits !== undefined && paymentUnits > balanceUnits)) throw refuse('curve.balance')
  if (issuedUnits > bounds.maxSupplyUnits) throw refuse('curve.supply')
  const chargedUnits = isExact ? areaUnits(curve, scaled, mintedUnits) : paymentUnits
  return {
    mintedUnits,
    userUnits: split.userUnits,
    burntUnits: split.burntUnits,
    zapUnits: split.zapUnits,
    treasuryUnits: split.treasuryUnits,
    chargedUnits,
    unspentUnits: paymentUnits - chargedUnits,
    spotBefore: isExact ? scaled / curve.precision : spotPrice(curve, issuanceUnits, 'spot'),
    spotAfter: spotPrice(curve, issuedUnits, pricing),
  }
}

/** What minting exactly that much is charged, rounded up: the area below the curve. */
export function costUnits(curve: CurveShape, issuanceUnits: bigint, mintedUnits: bigint): bigint {
  checkShape(curve, issuanceUnits)
  return areaUnits(curve, exactPrice(curve, issuanceUnits), mintedUnits)
}

/** K times the price, exactly: `K*P0 + m*s`. */
function exactPrice(curve: CurveShape, issuanceUnits: bigint): bigint {
  return curve.precision * curve.initialPrice + curve.slope * suppliedUnits(curve, issuanceUnits)
}

/** `ceil((2*KP*D + m*D^2)/(2*K^2))` */
function areaUnits(curve: CurveShape, scaled: bigint, mintedUnits: bigint): bigint {
  return ceilDiv((2n * scaled + curve.slope * mintedUnits) * mintedUnits, 2n * curve.precision * curve.precision)
}

/** `floor((isqrt(KP^2 + 2*m*K^2*C) - KP)/m)`, `floor(C*K/P0)` on a flat curve. */
function minted(curve: CurveShape, scaled: bigint, paymentUnits: bigint, isExact: boolean): bigint {
  const { slope, precision } = curve
  if (slope === 0n) return (paymentUnits * precision) / curve.initialPrice
  const within = isExact ? inU256 : atMostU256
  const squared = within(scaled * scaled)
  const paid = within(2n * slope * precision * precision * paymentUnits)
  const root = floorRoot(within(squared + paid))
  return root > scaled ? (root - scaled) / slope : 0n
}

function inU256(value: bigint): bigint {
  if (value > U256_MAX) throw refuse('curve.overflow')
  return value
}

function atMostU256(value: bigint): bigint {
  return value > U256_MAX ? U256_MAX : value
}

function checkShape({ initialPrice, slope, initialIssuanceUnits, precision }: CurveShape, issuanceUnits: bigint): void {
  const isGood =
    isU128(initialPrice) && isU128(slope) && isU128(initialIssuanceUnits) && isU128(precision) && isU128(issuanceUnits) && precision > 0n
  if (!isGood || (slope === 0n && initialPrice === 0n)) throw refuse('curve.parameters')
}

export function isU128(value: bigint): boolean {
  return value >= 0n && value <= U128_MAX
}
