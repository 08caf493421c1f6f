import type { Refusal } from './refusals.ts'

/**
 * `exact` keeps every digit and charges for what is minted. `spot` predicts a chain to the unit: it cuts the price to a whole number first, its
 * sums saturate, and it takes the whole payment even where that mints nothing.
 */
export const pricings = ['exact', 'spot'] as const
export type Pricing = (typeof pricings)[number]

/**
 * Who gets what is minted. `standard`: the buyer's share, and the rest to the zap manager. `thirds`: buyer, treasury, and the rest to the zap
 * manager for liquidity; `thirds-burnt`: the buyer's third is burned at once.
 */
export const curveProfiles = ['standard', 'thirds', 'thirds-burnt'] as const
export type CurveProfile = (typeof curveProfiles)[number]

/** What the curve's refusals, whose texts are the names that a chain gives them, mean for people, with the way out. */
export const curveRefusalMeanings: Partial<Record<string, string>> = {
  'curve.exists': 'This asset has a curve already. Change its slope instead.',
  'curve.unknown': 'This asset has no curve. Create one first.',
  'curve.balance': 'You do not have what you offer, or it is too little for a single unit. Nothing was charged; offer another amount.',
  'curve.zero': 'The amount must be above 0.',
  'curve.overflow': 'This is more than the numbers of a curve can hold. Nothing was charged; offer less.',
  'curve.parameters': 'Price and slope must be above 0, and the asset is paid for in another one.',
  'curve.supply': 'More than the asset may ever have would be issued. Nothing was charged; offer less.',
} satisfies Partial<Record<Refusal, string>>

/** What a refusal of a curve means, by its code; null: it is none of a curve, and says itself what it means. */
export function curveRefusalMeaning(code: string): string | null {
  return curveRefusalMeanings[code] ?? null
}

/**
 * The accounts of a curve's own: the zap manager's, with what liquidity did not take yet; the pool's; that of the treasury-owned liquidity, which
 * holds shares of the pool; the burning manager's, with the router's fees.
 */
export const curveRoles = ['zap', 'pool', 'tol', 'burner'] as const
export type CurveRole = (typeof curveRoles)[number]
