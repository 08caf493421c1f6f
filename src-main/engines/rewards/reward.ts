import { refuse } from '../../../src-shared/treasury/refusals.ts'
import type { RewardKind, RewardState } from '../../../src-shared/treasury/rewards.ts'

/** A reward besides proofs of knowledge (tokenomics.md, Proof of knowledge). */
export interface Reward {
  kind: RewardKind
  recipient: string
  amountUnits: bigint
  state: RewardState
}

/** @throws `rewards.amount` */
export function grantReward(kind: RewardKind, recipient: string, amountUnits: bigint): Reward {
  if (amountUnits <= 0n) throw refuse('rewards.amount')
  return { kind, recipient, amountUnits, state: 'PENDING' }
}

/**
 * Its tokens are minted to the recipient, this once.
 * @param reward null where there is none of that id
 * @throws `rewards.unknown`, `rewards.distributed`
 */
export function distributeReward(reward: Reward | null): { reward: Reward; mintUnits: bigint } {
  if (!reward) throw refuse('rewards.unknown')
  if (reward.state !== 'PENDING') throw refuse('rewards.distributed')
  return { reward: { ...reward, state: 'DISTRIBUTED' }, mintUnits: reward.amountUnits }
}

/**
 * The recipient's acknowledgement; it moves nothing. Nobody else learns whether there is such a reward.
 * @param reward null where there is none of that id
 * @throws `rewards.unknown`, `rewards.unavailable`
 */
export function claimReward(reward: Reward | null, actor: string): Reward {
  if (reward?.recipient !== actor) throw refuse('rewards.unknown')
  if (reward.state !== 'DISTRIBUTED') throw refuse('rewards.unavailable')
  return { ...reward, state: 'CLAIMED' }
}
