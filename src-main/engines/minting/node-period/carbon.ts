import { UNITS_PER_TFT } from '../../../../src-shared/money.ts'
import { PERIOD_SEC } from '../../../../src-shared/time.ts'
import type { CloudUnits } from '../cloud-units.ts'

/** Milli-USD for a whole period of one compute unit and of one storage unit (minting.md, Carbon offset). */
const CU_MUSD = 354n
const SU_MUSD = 122n
const MILLION = 1_000_000n

/**
 * What offsets a node's carbon for one period, in units of 1e-7 TFT (minting.md, Carbon offset):
 * `(CU*354 + SU*122)/connection price * uptime/duration`, scaled under every policy, with one floor over the whole product. Cloud units are
 * millionths, the price milli-USD per TFT. Uptime above the duration counts as the duration, as it does for the payout.
 *
 * Null where the price is 0: there is no such amount. Whoever mints knows the node and the block, and refuses that mint as inconsistent.
 */
export function carbonUnits(units: Pick<CloudUnits, 'cu' | 'su'>, connectionPriceMusd: number, uptimeSec: number): bigint | null {
  if (connectionPriceMusd === 0) return null
  const uptime = BigInt(Math.min(uptimeSec, PERIOD_SEC))
  const musdMillionths = units.cu * CU_MUSD + units.su * SU_MUSD
  return (musdMillionths * UNITS_PER_TFT * uptime) / (MILLION * BigInt(connectionPriceMusd) * BigInt(PERIOD_SEC))
}
