import { isSystemEntity } from '../../../src-shared/treasury/entities.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import { PROOF_TOKEN } from '../../../src-shared/treasury/rewards.ts'
import { POOL_REWARD_TOKEN } from '../../../src-shared/treasury/staking.ts'
import { type BatchStep, type Fund, payBatch, payFromFund, tableReward } from '../../engines/rewards/fund.ts'
import { claimReward, distributeReward } from '../../engines/rewards/reward.ts'
import { mint } from '../../engines/tokens/tokens.ts'
import type { Store } from '../../store/index.ts'
import { balanceOf, findLedgerToken, post, supplyOf } from '../../store/ledger.ts'
import {
  findProof,
  findReward,
  fundPaidUnits,
  insertFundPayment,
  type StoredFundPayment,
  type StoredReward,
  saveReward,
} from '../../store/treasury-rewards.ts'
import { resolveEntity } from './entities.ts'
import type { TreasuryContext } from './handlers.ts'
import { UBO_FUND } from './token-table.ts'
import { trustOf } from './trust.ts'

/*
 * What rewards move (tokenomics.md, Proof of knowledge). Proofs and the amount table are paid out of the UBO fund, by an administrator: whoever
 * learned says so and is not the one who pays for it. Rewards for transactions, learning, governance and referrals are minted.
 */

type Doing = Pick<TreasuryContext, 'books' | 'config' | 'doer' | 'nowTs'>

export const rewardName = (number: number) => `rew-${number}`
/** What the four other kinds of rewards are in: minted. */
export const REWARD_TOKEN = POOL_REWARD_TOKEN

export function fundOf(books: Store): Fund {
  return { fundUnits: balanceOf(books, UBO_FUND.to, UBO_FUND.token).availableUnits, paidUnits: fundPaidUnits(books, null) }
}

/** Who is to be rewarded: somebody who acts. Throws AppError entities.unknown, rewards.recipient. */
export function rewarded(books: Store, named: string): string {
  const entityId = resolveEntity(books, named)
  if (isSystemEntity(entityId)) throw refuse('rewards.recipient')
  return entityId
}

/**
 * Pays the accrued proofs of a batch, each once, in the order given; one that the fund does not have is left, and smaller ones after it may still
 * be paid. Whoever calls it holds the transaction: all that was paid stands or falls together.
 */
export function payProofs(doing: Doing, proofIds: readonly string[]): BatchStep[] {
  const { books } = doing
  const steps: BatchStep[] = []
  const find = (proofId: string) => {
    const stored = findProof(books, proofId)
    return stored && { rewardUnits: stored.rewardUnits, isPaid: stored.paidTs !== null }
  }
  for (const step of payBatch(proofIds, find, fundOf(books))) {
    steps.push(step)
    if (step.outcome !== 'paid') continue
    const { number, proof } = findProof(books, step.proofId)!
    const order = { entityId: proof.userId, amountUnits: step.amountUnits, type: null, category: null, memo: '' }
    keepFundPayment(doing, { ...order, proof: number }, `Proof of knowledge ${proof.id}`)
  }
  return steps
}

/**
 * Pays what the amount table gives. Whoever calls it holds the transaction.
 * Throws AppError rewards.kind, rewards.fund.
 */
export function payTableReward(
  doing: Doing,
  { to: entityId, type, category, memo }: { to: string; type: string; category: string; memo: string },
): StoredFundPayment {
  const { books, config } = doing
  const amountUnits = tableReward(config['rewards.amounts'], type, category)
  payFromFund(fundOf(books), amountUnits)
  return { ...keepFundPayment(doing, { entityId, amountUnits, type, category, memo, proof: null }, `${type}, ${category}`), proofId: null }
}

type FundPaymentOrder = Pick<StoredFundPayment, 'entityId' | 'amountUnits' | 'type' | 'category' | 'memo'> & { proof: number | null }

/** One decrement of the fund, and what is kept of it. */
function keepFundPayment(doing: Doing, payment: FundPaymentOrder, memo: string) {
  const { books, doer, nowTs } = doing
  const { entityId, amountUnits } = payment
  const entry = post(books, {
    ...{ kind: 'REWARD' as const, ts: nowTs, actor: doer, memo },
    postings: [
      { entity: UBO_FUND.to, token: PROOF_TOKEN, part: 'available', amountUnits: -amountUnits },
      { entity: entityId, token: PROOF_TOKEN, part: 'available', amountUnits },
    ],
  })
  const kept = { ...payment, trust: trustOf(doing, entityId).score, paidTs: nowTs, entry }
  insertFundPayment(books, kept)
  return kept
}

/**
 * Mints a reward to its recipient, once. Whoever calls it holds the transaction.
 * Throws AppError rewards.unknown, rewards.distributed, tokens.unknown, tokens.max-supply.
 * @param number null where there is none of that id
 */
export function distributeStored({ books, doer, nowTs }: Doing, number: number | null): StoredReward {
  const stored = number === null ? null : findReward(books, number)
  const { reward, mintUnits } = distributeReward(stored)
  const known = findLedgerToken(books, REWARD_TOKEN)
  if (!known) throw refuse('tokens.unknown', { token: REWARD_TOKEN })
  const moves = mint(reward.recipient, mintUnits, { issuedUnits: supplyOf(books, REWARD_TOKEN), maxUnits: known.maxUnits })
  const entry = post(books, {
    ...{ kind: 'REWARD' as const, ts: nowTs, actor: doer, memo: `Reward ${rewardName(stored!.number)}` },
    postings: moves.map(move => ({ ...move, token: REWARD_TOKEN })),
  })
  const distributed: StoredReward = { ...stored!, ...reward, entry, distributedTs: nowTs }
  saveReward(books, distributed)
  return distributed
}

/** Keeps that its recipient has acknowledged it. Whoever calls it holds the transaction. Throws AppError rewards.unknown, rewards.unavailable. */
export function claimStoredReward({ books, nowTs }: Doing, number: number | null, entityId: string): StoredReward {
  const stored = number === null ? null : findReward(books, number)
  const claimed: StoredReward = { ...stored!, ...claimReward(stored, entityId), claimedTs: nowTs }
  saveReward(books, claimed)
  return claimed
}
