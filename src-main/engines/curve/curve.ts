import type { CurveProfile, Pricing } from '../../../src-shared/treasury/curve.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import { type Bounds, type CurveShape, isU128, PRECISION, type Quote, quoteMint, simulatedBounds } from './quote.ts'
import type { Split } from './split.ts'

/** A curve of an asset, paid for in its foreign asset. */
export interface Curve extends CurveShape {
  asset: string
  foreignAsset: string
  profile: CurveProfile
}

export interface CurveOrder {
  asset: string
  foreignAsset: string
  initialPrice: bigint
  slope: bigint
  profile?: CurveProfile
}

/** What happened on a curve, by the names that a chain gives it. */
export type CurveEvent =
  | { name: 'CurveCreated'; asset: string; foreignAsset: string; initialPrice: bigint; slope: bigint }
  | { name: 'CurveUpdated'; asset: string; slope: bigint }
  | { name: 'ZapAllocationDistributed'; asset: string; userUnits: bigint; zapUnits: bigint; foreignUnits: bigint }
  | { name: 'Burned'; asset: string; amountUnits: bigint }

export interface MintOrder {
  paymentUnits: bigint
  /** what the payer has of the foreign asset: all that is offered must be there, also what is then not taken */
  balanceUnits: bigint
  pricing?: Pricing
  /** slippage: no mint where the buyer's share would be less */
  leastShareUnits?: bigint
  bounds?: Bounds
}

/**
 * A new curve: it counts from the issuance as it is.
 * @param existing null where the asset has none
 * @throws `curve.exists`, `curve.parameters`
 */
export function createCurve(existing: Curve | null, order: CurveOrder, issuanceUnits: bigint): { curve: Curve; event: CurveEvent } {
  const { asset, foreignAsset, initialPrice, slope, profile = 'standard' } = order
  if (existing) throw refuse('curve.exists')
  if (!isPositive(initialPrice) || !isPositive(slope) || !isU128(issuanceUnits)) throw refuse('curve.parameters')
  if (asset === foreignAsset) throw refuse('curve.parameters', { asset })
  const curve = { asset, foreignAsset, initialPrice, slope, profile, initialIssuanceUnits: issuanceUnits, precision: PRECISION }
  return { curve, event: { name: 'CurveCreated', asset, foreignAsset, initialPrice, slope } }
}

/**
 * Another slope, for what is minted from now on; price and issuance of the beginning stay.
 * @throws `curve.unknown`, `curve.parameters`
 */
export function updateSlope(curve: Curve | null, slope: bigint): { curve: Curve; event: CurveEvent } {
  if (!curve) throw refuse('curve.unknown')
  if (!isPositive(slope)) throw refuse('curve.parameters')
  return { curve: { ...curve, slope }, event: { name: 'CurveUpdated', asset: curve.asset, slope } }
}

/**
 * A mint: what the quote says moves. What is charged goes to the zap manager beside its share.
 * @param curve null where the asset has none
 * @throws `curve.zero`, `curve.unknown`, as `quoteMint`, `curve.slippage`
 */
export function mintOnCurve(curve: Curve | null, issuanceUnits: bigint, order: MintOrder): { quote: Quote; events: CurveEvent[] } {
  const { paymentUnits, balanceUnits, pricing = 'exact', leastShareUnits = 0n, bounds = simulatedBounds } = order
  if (paymentUnits <= 0n) throw refuse('curve.zero')
  if (!curve) throw refuse('curve.unknown')
  const quote = quoteMint(curve, issuanceUnits, paymentUnits, { pricing, profile: curve.profile, bounds, balanceUnits })
  if (shareUnits(quote) < leastShareUnits) throw refuse('curve.slippage')
  return { quote, events: mintEvents(curve.asset, quote) }
}

/** What quotes and slippage are about: the buyer's share, also where it is burned. */
export function shareUnits({ userUnits, burntUnits }: Split): bigint {
  return userUnits + burntUnits
}

export function mintEvents(asset: string, { userUnits, burntUnits, zapUnits, chargedUnits }: Quote): CurveEvent[] {
  const events: CurveEvent[] = [{ name: 'ZapAllocationDistributed', asset, userUnits, zapUnits, foreignUnits: chargedUnits }]
  if (burntUnits > 0n) events.push({ name: 'Burned', asset, amountUnits: burntUnits })
  return events
}

/**
 * A burn: the issuance falls, and the price with it at once. Nothing of what was paid comes back.
 * @throws `curve.zero`, `curve.unknown`, `curve.balance`
 */
export function burnOnCurve(
  curve: Curve | null,
  issuanceUnits: bigint,
  amountUnits: bigint,
  heldUnits: bigint,
): { issuanceUnits: bigint; event: CurveEvent } {
  if (amountUnits <= 0n) throw refuse('curve.zero')
  if (!curve) throw refuse('curve.unknown')
  if (amountUnits > heldUnits || amountUnits > issuanceUnits) throw refuse('curve.balance')
  return { issuanceUnits: issuanceUnits - amountUnits, event: { name: 'Burned', asset: curve.asset, amountUnits } }
}

function isPositive(value: bigint): boolean {
  return value > 0n && isU128(value)
}
