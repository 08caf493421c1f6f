import type { FarmingPolicy } from '../../../src-shared/grid.ts'
import { UNITS_PER_TFT } from '../../../src-shared/money.ts'
import { PERIOD_SEC } from '../../../src-shared/time.ts'
import type { CloudUnits } from './cloud-units.ts'

const MILLION = 1_000_000n

/** What a payout rests on besides the uptime. */
export interface PayoutInputs {
  /** millionths */
  cloudUnits: CloudUnits
  ipSec: bigint
  policy: FarmingPolicy
  certified: boolean
  virtualized: boolean
  violating: boolean
  /** milli-USD per TFT */
  connectionPriceMusd: number
}

export interface Payout {
  musd: bigint
  units: bigint
  /** uptime over the period, at most 1000 */
  permille: number
  /** whether the uptime reaches what the policy asks for; then a price of 0 is an error for whoever pays */
  slaMet: boolean
}

/** The amounts before uptime, SLA and violation: milli-USD, and units at the node's price (0 where the price is 0). */
export interface BasePayout {
  resourceMusd: bigint
  ipMusd: bigint
  /** whether the certified bonus of policy 1 is in `musd` */
  bonus: boolean
  musd: bigint
  units: bigint
}

/** Payout (minting.md, rule set v3): every division floors. */
export function basePayout(inputs: PayoutInputs): BasePayout {
  const { cloudUnits, policy } = inputs
  const resourceMusd = (cloudUnits.cu * BigInt(policy.cu) + cloudUnits.su * BigInt(policy.su) + cloudUnits.nu * BigInt(policy.nu)) / MILLION
  const ipMusd = (inputs.ipSec * BigInt(policy.ipv4)) / 3600n
  const bonus = inputs.certified && policy.id === 1
  const sum = resourceMusd + ipMusd
  const musd = bonus ? (sum * 5n) / 4n : sum
  const price = BigInt(inputs.connectionPriceMusd)
  return { resourceMusd, ipMusd, bonus, musd, units: price === 0n ? 0n : (musd * UNITS_PER_TFT) / price }
}

/** What the node is paid for `uptimeSec` seconds of the period; virtualized or in violation nothing. Pure and total. */
export function payoutAt(inputs: PayoutInputs, uptimeSec: number): Payout {
  return payoutOf(
    () => basePayout(inputs),
    { slaPermille: slaPermille(inputs.policy, inputs.certified), scaled: isScaled(inputs.policy) },
    uptimeSec,
    inputs.virtualized || inputs.violating,
  )
}

/** From the base to what is paid: SLA, violation and scaling (minting.md, Payout). `base` is only asked for where something is paid. */
export function payoutOf(
  base: () => { musd: bigint; units: bigint },
  policy: { slaPermille: number; scaled: boolean },
  uptimeSec: number,
  paysNothing: boolean,
): Payout {
  const permille = uptimePermille(uptimeSec)
  const slaMet = permille >= policy.slaPermille
  if (!slaMet || paysNothing) return { musd: 0n, units: 0n, permille, slaMet }
  const { musd, units } = base()
  if (!policy.scaled) return { musd, units, permille, slaMet }
  const share = BigInt(permille)
  return { musd: (musd * share) / 1000n, units: (units * share) / 1000n, permille, slaMet }
}

/** `min(uptime * 1000 / duration, 1000)`, floored. */
export function uptimePermille(uptimeSec: number): number {
  return Math.min(Math.floor((uptimeSec * 1000) / PERIOD_SEC), 1000)
}

/** Policies 1 and 2, and the test networks' variant of policy 3, scale with uptime. */
export function isScaled(policy: FarmingPolicy): boolean {
  if (policy.id === 1 || policy.id === 2) return true
  return policy.id === 3 && !policy.default && !policy.immutable && policy.minimal_uptime === 95
}

/**
 * Least permille that pays. Scaled policies go by the node's certification; the others compare with minimal_uptime as it is stored,
 * although old policies hold per cent there (minting.md: compute it so for parity, and say so).
 */
export function slaPermille(policy: FarmingPolicy, certified: boolean): number {
  if (isScaled(policy)) return certified ? 980 : 950
  return policy.minimal_uptime
}

/** Whether a policy's minimal_uptime looks like per cent although it is compared with permille. */
export function looksLikePercent(policy: FarmingPolicy): boolean {
  return !isScaled(policy) && policy.minimal_uptime > 0 && policy.minimal_uptime <= 100
}
