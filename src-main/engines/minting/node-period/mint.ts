import type { FarmingPolicy } from '../../../../src-shared/grid.ts'
import { UNITS_PER_TFT } from '../../../../src-shared/money.ts'
import type { MintingInfo, MintOutcome, NodeMint, UnitSeconds, Utilization } from '../../../../src-shared/node-period.ts'
import { PERIOD_SEC } from '../../../../src-shared/time.ts'
import { type CloudUnits, cloudUnits } from '../cloud-units.ts'
import { receiptHash } from '../receipt.ts'
import { inconsistent } from '../state.ts'
import { carbonUnits } from './carbon.ts'
import type { SavedPeriod } from './fold.ts'
import { mintRecord } from './record.ts'

const MILLION = 1_000_000n
const SECONDS_PER_HOUR = 3_600n

export interface MintContext {
  network: string
  /** whether the network offsets carbon: off by default */
  carbon: boolean
}

/** What a payout rests on besides the uptime. */
export interface RateInputs {
  /** millionths */
  cloudUnits: CloudUnits
  ipSec: bigint
  policy: Pick<FarmingPolicy, 'id' | 'cu' | 'su' | 'nu' | 'ipv4' | 'minimal_uptime'>
  /** milli-USD per TFT */
  connectionPriceMusd: number
}

export interface Reward {
  units: bigint
  musd: bigint
  permille: number
  slaMet: boolean
  scaled: boolean
}

/** Policies 1 and 2 scale with the uptime and have no threshold (minting.md, rule set node-period, Mint). */
export function isScaled(policy: Pick<FarmingPolicy, 'id'>): boolean {
  return policy.id === 1 || policy.id === 2
}

/**
 * What `uptimeSec` seconds of uptime are worth (Mint): one floor at the very end over the whole product; IP hours stay fractional. USD are
 * only shown: cut to a thousandth from the same exact product. A price of 0 gives 0 units; whoever pays refuses it.
 */
export function rewardAt(inputs: RateInputs, uptimeSec: number): Reward {
  const uptime = Math.min(uptimeSec, PERIOD_SEC)
  const permille = Math.floor((uptime * 1000) / PERIOD_SEC)
  const slaMet = permille >= inputs.policy.minimal_uptime
  const scaled = isScaled(inputs.policy)
  if (!scaled && !slaMet) return { units: 0n, musd: 0n, permille, slaMet, scaled }
  return { ...amountFor(inputs, scaled ? uptime : PERIOD_SEC), permille, slaMet, scaled }
}

/** The whole product for a share `ofSec` of the period's seconds. */
function amountFor({ cloudUnits: units, ipSec, policy, connectionPriceMusd }: RateInputs, ofSec: number): { units: bigint; musd: bigint } {
  const perPeriod = units.cu * BigInt(policy.cu) + units.su * BigInt(policy.su) + units.nu * BigInt(policy.nu)
  // milli-USD as a fraction: over a million (the units are millionths), over 3600 (IP seconds), over the period's seconds
  const numerator = (perPeriod * SECONDS_PER_HOUR + ipSec * BigInt(policy.ipv4) * MILLION) * BigInt(ofSec)
  const denominator = MILLION * SECONDS_PER_HOUR * BigInt(PERIOD_SEC)
  const price = BigInt(connectionPriceMusd)
  return {
    units: price === 0n ? 0n : (numerator * UNITS_PER_TFT) / (denominator * price),
    musd: numerator / denominator,
  }
}

/** `used / total` of each resource, in permille, cut; null where there is none of it. */
export function utilizationOf(used: UnitSeconds, capacity: UnitSeconds): Utilization {
  const share = (part: bigint, whole: bigint): number | null => (whole === 0n ? null : Number((part * 1000n) / whole))
  return {
    cru: share(used.cru, capacity.cru),
    mru: share(used.mru, capacity.mru),
    hru: share(used.hru, capacity.hru),
    sru: share(used.sru, capacity.sru),
  }
}

/** The inputs of the payout, from what was saved: the minimum resources pay. */
export function rateInputs(info: MintingInfo, policy: FarmingPolicy): RateInputs {
  return { cloudUnits: cloudUnits(info.minimum, info.nruBytes), ipSec: info.ipSec, policy, connectionPriceMusd: info.connectionPriceMusd }
}

/**
 * The mint of a saved period (minting.md, Mint). AppError `mint.inconsistent` where the policy is not known, or the price is 0 although the
 * node would be paid.
 */
export function mintOf({ info, policy, farm }: Pick<SavedPeriod, 'info' | 'policy' | 'farm'>, context: MintContext): NodeMint {
  const record = `node ${info.nodeId}`
  if (policy === undefined)
    throw inconsistent(
      `Farming policy ${info.policyId} of node ${info.nodeId} is not known at the end of its period`,
      record,
      info.closed.block,
      'Complete the snapshots: every node needs its farming policy.',
    )
  const inputs = rateInputs(info, policy)
  const reward = rewardAt(inputs, info.uptimeSec)
  const outcome: MintOutcome =
    info.violation !== null ? 'violation' : reward.scaled ? 'scaled' : reward.slaMet ? 'paid-in-full' : 'sla-missed'
  const isPaid = outcome === 'scaled' || outcome === 'paid-in-full'
  const full = amountFor(inputs, PERIOD_SEC)
  // always scaled, so it asks for no SLA; a violation mints nothing at all
  const offsets = context.carbon && outcome !== 'violation'
  if ((isPaid || offsets) && info.connectionPriceMusd === 0)
    throw inconsistent(
      `Node ${info.nodeId} is to be paid but its connection price is 0, so its mint can't be computed`,
      record,
      info.closed.block,
      'Check the price in the chain; without one the mint must be decided by hand.',
    )
  const mint: Omit<NodeMint, 'id' | 'record'> = {
    info,
    policy,
    farmTwinId: farm?.twin_id ?? null,
    farmName: farm?.name ?? '',
    cloudUnits: inputs.cloudUnits,
    utilization: utilizationOf(info.used, info.capacity),
    permille: reward.permille,
    slaPermille: policy.minimal_uptime,
    slaMet: reward.slaMet,
    scaled: reward.scaled,
    fullUnits: full.units,
    fullMusd: full.musd,
    outcome,
    rewardUnits: isPaid ? reward.units : 0n,
    rewardMusd: isPaid ? reward.musd : 0n,
    carbonUnits: offsets ? (carbonUnits(inputs.cloudUnits, info.connectionPriceMusd, info.uptimeSec) ?? 0n) : 0n,
  }
  const text = mintRecord(mint, context.network)
  return { ...mint, id: receiptHash(text), record: text }
}
