import { fixed, unfixed } from '../../../src-shared/money.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'

/*
 * Trust is a whole number where it is worked out, but votes and pools take it with up to 2 decimals (tokenomics.md, Governance): in whole hundredths.
 */

export const FULL_TRUST_HUNDREDTHS = 10_000

/** Hundredths of a trust as text, `59.99`. @throws `governance.trust`: below 0, above 100, more decimals, no number */
export function readTrust(text: string): number {
  const hundredths = unfixed(text, 2)
  if (hundredths === null) throw refuse('governance.trust')
  return checkTrust(Number(hundredths))
}

/** @throws `governance.trust` */
export function checkTrust(hundredths: number): number {
  if (!Number.isInteger(hundredths) || hundredths < 0 || hundredths > FULL_TRUST_HUNDREDTHS) throw refuse('governance.trust')
  return hundredths
}

/** `60`, `59.99` */
export function formatTrust(hundredths: number): string {
  return fixed(BigInt(hundredths), 2).replace(/\.?0+$/, '')
}
