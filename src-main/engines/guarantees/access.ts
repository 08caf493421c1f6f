import { refuse } from '../../../src-shared/treasury/refusals.ts'

/**
 * Access to the platform: its fee in BTA-UTIL, which goes to the treasury; 0 moves nothing (tokenomics.md, Guarantees, auctions, access).
 * @throws `access.granted` (paid already: nobody pays twice), `tokens.balance`
 */
export function planAccess(hasAccess: boolean, availableUnits: bigint, feeUnits: bigint): bigint {
  if (hasAccess) throw refuse('access.granted')
  if (feeUnits > availableUnits) throw refuse('tokens.balance')
  return feeUnits
}
