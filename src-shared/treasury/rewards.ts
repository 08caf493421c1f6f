import { z } from 'zod'

/** Rewards besides proofs of knowledge. */
export const rewardKinds = ['transaction', 'learning', 'governance', 'referral'] as const
export type RewardKind = (typeof rewardKinds)[number]

/** PENDING until its tokens move, once; then DISTRIBUTED, and CLAIMED once its recipient has acknowledged it. */
export const rewardStates = ['PENDING', 'DISTRIBUTED', 'CLAIMED'] as const
export type RewardState = (typeof rewardStates)[number]

/** The token that proofs of knowledge are rewarded in. */
export const PROOF_TOKEN = 'AZR'

const text = z.string().min(1).max(200)

/** A proof of knowledge as it is stored and exported: every field that its hash covers, and the hash. */
export const proofSchema = z.strictObject({
  id: text,
  userId: text,
  moduleId: text,
  difficulty: z.number(),
  /** the decimal text that was given */
  score: text,
  /** in tokens, with 2 decimals */
  reward: text,
  currency: text,
  /** ISO-8601 UTC with milliseconds */
  timestamp: text,
  /** SHA-256, hex */
  hash: text,
})
export type Proof = z.infer<typeof proofSchema>
export type ProofFields = Omit<Proof, 'hash'>
