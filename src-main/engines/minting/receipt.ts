import { createBLAKE2b } from 'hash-wasm'
import type { FarmingPolicy, Resources, U64 } from '../../../src-shared/grid.ts'
import { PERIOD_SEC } from '../../../src-shared/time.ts'
import type { CloudUnits } from './cloud-units.ts'
import { receiptFloat } from './floats.ts'

const GIB = 2 ** 30
/** The program in use writes this price on every receipt, whatever the node's own is (minting.md, Receipt). */
export const RECEIPT_PRICE_MUSD = 80

/** Average use over the period in per cent of what the node has; `ip` in hours. */
export interface Utilization {
  cru: number
  mru: number
  hru: number
  sru: number
  ip: number
}

/** Resource-seconds and IP seconds that contracts used. */
export interface UsedSeconds {
  usedCru: bigint
  usedMru: bigint
  usedHru: bigint
  usedSru: bigint
  ipSec: bigint
}

/** `floor(used_seconds / period) * 100 / total` per cent; 0 where there is nothing to use. */
export function utilization(used: UsedSeconds, total: Resources): Utilization {
  const share = (usedSec: bigint, of: U64): number =>
    usedSec === 0n || Number(of) === 0 ? 0 : (Number(usedSec / BigInt(PERIOD_SEC)) * 100) / Number(of)
  return {
    cru: share(used.usedCru, total.cru),
    mru: share(used.usedMru, total.mru),
    hru: share(used.usedHru, total.hru),
    sru: share(used.usedSru, total.sru),
    ip: Number(used.ipSec) / 3600,
  }
}

export interface ReceiptFields {
  period: { start: number; end: number }
  nodeId: number
  twinId: number
  farmId: number
  farmName: string
  payoutAddress: string
  measuredUptimeSec: number
  cloudUnits: CloudUnits
  resources: Resources
  utilization: Utilization
  rewardMusd: bigint
  rewardUnits: bigint
  certified: boolean
  policyId: number
  policy: Pick<FarmingPolicy, 'cu' | 'su' | 'nu' | 'ipv4'>
}

/** The receipt's exact text (minting.md, Receipt); its UTF-8 bytes are what is hashed. */
export function receiptText(r: ReceiptFields): string {
  const units = r.cloudUnits
  const u = r.utilization
  const size = r.resources
  return (
    `{"period":{"start":${r.period.start},"end":${r.period.end}},"node_id":${r.nodeId},"twin_id":${r.twinId},"farm_id":${r.farmId}` +
    `,"farm_name":${receiptString(r.farmName)},"stellar_payout_address":${receiptString(r.payoutAddress)}` +
    `,"measured_uptime":${r.measuredUptimeSec},"tft_connection_price":${RECEIPT_PRICE_MUSD}` +
    `,"cloud_units":{"cu":${millionths(units.cu)},"su":${millionths(units.su)},"nu":${millionths(units.nu)}}` +
    `,"resource_units":{"cru":${receiptFloat(Number(size.cru))},"mru":${gib(size.mru)},"hru":${gib(size.hru)},"sru":${gib(size.sru)}}` +
    `,"resource_utilization":{"cru":${receiptFloat(u.cru)},"mru":${receiptFloat(u.mru)},"hru":${receiptFloat(u.hru)}` +
    `,"sru":${receiptFloat(u.sru)},"ip":${receiptFloat(u.ip)}}` +
    `,"reward":{"musd":${r.rewardMusd},"tft":${r.rewardUnits}},"carbon_offset":null` +
    `,"node_type":"${r.certified ? 'CERTIFIED' : 'DIY'}","farming_policy_id":${r.policyId}` +
    `,"resource_rewards":{"cu":${r.policy.cu},"su":${r.policy.su},"nu":${r.policy.nu},"ipv4":${r.policy.ipv4}}}`
  )
}

/** One that is compiled: a mint hashes thousands of receipts in a fresh process, where one in JavaScript takes three times as long. */
const blake2b256 = await createBLAKE2b(256)

const utf8 = new TextEncoder()
/** used again and again: bytes of its own for each text take as long as the hash */
let room = new Uint8Array(4096)

/** blake2b-256 of the UTF-8 bytes, lower-case hex: the receipt's id and the payment's memo. */
export function receiptHash(text: string): string {
  // a letter takes three bytes at most
  if (text.length * 3 > room.length) room = new Uint8Array(text.length * 3)
  const bytes = room.subarray(0, utf8.encodeInto(text, room).written)
  // its own hexadecimal takes as long as the hash
  return Buffer.from(blake2b256.init().update(bytes).digest('binary')).toString('hex')
}

/**
 * A JSON string with `"`, `\` and control characters escaped and nothing else. A lone half of a surrogate pair, which no UTF-8 text can
 * hold, becomes U+FFFD.
 */
export function receiptString(text: string): string {
  return JSON.stringify(text.toWellFormed())
}

/** Bytes as GiB, the float that files show. */
export function gibOf(bytes: U64): number {
  return Number(bytes) / GIB
}

function gib(bytes: U64): string {
  return receiptFloat(gibOf(bytes))
}

function millionths(value: bigint): string {
  return receiptFloat(Number(value) / 1e6)
}
