import type { NodeResult } from '../../../src-shared/mint.ts'
import type { NodeMint } from '../../../src-shared/node-period.ts'
import type { Retry } from '../minting/retries.ts'
import { leavesOf } from './json.ts'

/** What one's own recomputation says of a node, by either rule set. */
export interface OwnReceipt {
  nodeId: number
  /** start of its own period; null under rule set v3 */
  startTs: number | null
  farmId: number
  farmName: string
  /** empty: it has none, and is not paid; of a mint always */
  address: string
  units: bigint
  violation: string | null
  hash: string
  text: string
}

/** A receipt of the period before, paid once more in this one if it was not. */
export type OwnRetry = Pick<Retry, 'nodeId' | 'farmId' | 'address' | 'rewardUnits' | 'hash' | 'receipt' | 'retryFor'>

export function ownOfNode(node: NodeResult): OwnReceipt {
  const { nodeId, farmId, farmName, payoutAddress, rewardUnits, violation, hash, receipt } = node
  return { nodeId, startTs: null, farmId, farmName, address: payoutAddress, units: rewardUnits, violation, hash, text: receipt }
}

export function ownOfMint({ id, info, farmName, rewardUnits, record }: NodeMint): OwnReceipt {
  const { nodeId, farmId, violation, period } = info
  return { nodeId, startTs: period.start, farmId, farmName, address: '', units: rewardUnits, violation, hash: id, text: record }
}

/** Whether it has a line in payouts.csv. */
export function isPaid(own: OwnReceipt): boolean {
  return own.startTs === null && own.address !== '' && own.units > 0n
}

/** Two receipts are of the same node, and under node-period of the same of its periods. */
export function keyOf(nodeId: number, startTs: number | null): string {
  return startTs === null ? String(nodeId) : `${nodeId}/${startTs}`
}

/** The members of one's own receipt, which is always one. */
export function ownLeaves(own: Pick<OwnReceipt, 'text'>): ReadonlyMap<string, string> {
  return leavesOf(own.text) ?? new Map()
}
