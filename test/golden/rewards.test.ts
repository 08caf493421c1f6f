import { describe, expect, test } from 'vitest'
import { type Fund, payFromFund, tableReward } from '../../src-main/engines/rewards/fund.ts'
import { centsText, knowledgeRewardCents, scoreText } from '../../src-main/engines/rewards/knowledge.ts'
import { canonicalProof, proofHash, verifyProof } from '../../src-main/engines/rewards/proof.ts'
import { claimReward, distributeReward, grantReward } from '../../src-main/engines/rewards/reward.ts'
import { AppError } from '../../src-shared/errors.ts'
import { parameters } from '../../src-shared/treasury/parameters.ts'
import { refusals } from '../../src-shared/treasury/refusals.ts'
import type { ProofFields } from '../../src-shared/treasury/rewards.ts'
import { readVectors, refusalOf, vectorUnits } from '../helpers/economy.ts'

/* Rewards against the vectors of the specification: proof of knowledge (pok) and the states of the others (bta). */

interface RewardVector {
  difficulty: number
  score: number
  total: string
  total_cents: number
}
interface FundVector {
  fund: number
  paid: number
  type: string
  category: string
  amount?: number
  http: number
  error?: string
  fund_after: number
  paid_after: number
}
interface PokVectors {
  integer_case_count: number
  half_case_count: number
  vectors: RewardVector[]
  half_cases: RewardVector[]
  fractional_scores: { difficulty: number; score: string; total: string }[]
  invalid: { difficulty: number; score: number | string; completed?: boolean; error: string }[]
  ubo_fund: { initial: number; rewards: Record<string, Record<string, number>>; vectors: FundVector[] }
  proof_hash: {
    vectors: (Record<'id' | 'user_id' | 'module_id' | 'score' | 'reward' | 'currency' | 'timestamp' | 'canonical' | 'sha256', string> & {
      difficulty: number
    })[]
  }
}
const pok = readVectors<PokVectors>('pok')
const cents = (difficulty: number, score: string, isCompleted = true) => knowledgeRewardCents({ difficulty, score, isCompleted })

describe('proof of knowledge', () => {
  test.each([...pok.vectors, ...pok.half_cases])('difficulty $difficulty, score $score', vector => {
    const reward = cents(vector.difficulty, scoreText(vector.score))
    expect(reward).toBe(BigInt(vector.total_cents))
    expect(centsText(reward)).toBe(vector.total)
  })

  test('the whole space of whole scores has as many half cases as it should', () => {
    let [all, halves] = [0, 0]
    for (let d = 1; d <= 10; d++)
      for (let score = 0; score <= 100; score++) {
        // plainly, in thousandths of a token: 100*d*(10+d)/10 + d*score/2
        const thousandths = 2 * 10 * d * (10 + d) + d * score
        const isHalf = thousandths % 20 === 10
        expect(cents(d, String(score))).toBe(BigInt(Math.floor(thousandths / 20) + (thousandths % 20 >= 10 ? 1 : 0)))
        all++
        if (isHalf) halves++
      }
    expect([all, halves]).toEqual([pok.integer_case_count, pok.half_case_count])
  })

  test.each(pok.fractional_scores)('difficulty $difficulty, score $score', ({ difficulty, score, total }) => {
    expect(centsText(cents(difficulty, score))).toBe(total)
  })

  test.each(pok.invalid)('refuses difficulty $difficulty, score $score', ({ difficulty, score, completed = true, error }) => {
    const given: unknown = score === 'NaN' ? Number.NaN : score === '"85" (string)' ? '85' : score
    expect(refusalOf(() => cents(difficulty, scoreText(given), completed))).toBe(error)
  })

  test.each(pok.proof_hash.vectors)('the hash of $id', vector => {
    const { id, difficulty, score, reward, currency, timestamp } = vector
    const fields: ProofFields = { id, userId: vector.user_id, moduleId: vector.module_id, difficulty, score, reward, currency, timestamp }
    expect(canonicalProof(fields)).toBe(vector.canonical)
    expect(proofHash(fields)).toBe(vector.sha256)
    expect(verifyProof({ ...fields, hash: vector.sha256 })).toEqual([])
  })
})

describe('the UBO fund', () => {
  const units = (tokens: number) => vectorUnits(String(tokens))
  const table = parameters['rewards.amounts'].schema.parse(parameters['rewards.amounts'].normal)

  test('has the amounts of the rules, and starts with what the rules say', () => {
    const expected = Object.entries(pok.ubo_fund.rewards).map(([type, row]) => [
      type,
      Object.fromEntries(Object.entries(row).map(([category, tokens]) => [category, units(tokens)])),
    ])
    expect(table).toEqual(Object.fromEntries(expected))
    expect(parameters['tokens.uboFund'].normal).toBe(String(pok.ubo_fund.initial))
  })

  test.each(pok.ubo_fund.vectors)('$type, $category out of $fund', vector => {
    const fund: Fund = { fundUnits: units(vector.fund), paidUnits: units(vector.paid) }
    let after = fund
    let failed: unknown = null
    try {
      const amount = tableReward(table, vector.type, vector.category)
      expect(amount).toBe(units(vector.amount!))
      after = payFromFund(fund, amount)
    } catch (error) {
      failed = error
    }
    expect(after).toEqual({ fundUnits: units(vector.fund_after), paidUnits: units(vector.paid_after) })
    if (vector.http === 200) expect(failed).toBe(null)
    else {
      expect(failed).toBeInstanceOf(AppError)
      expect((failed as AppError).message).toBe(vector.error)
      expect(refusals[(failed as AppError).code as keyof typeof refusals][0]).toBe(vector.http)
    }
  })
})

test('the states of a reward', () => {
  interface StateVector {
    from?: string
    action?: string
    to?: string
    case?: string
    error?: string
  }
  const [distribute, other, amount] = readVectors<{ reward_states: StateVector[] }>('bta').reward_states
  const pending = grantReward('learning', 'ann', 5n)
  expect(pending.state).toBe(distribute?.from)
  const { reward, mintUnits } = distributeReward(pending)
  expect([reward.state, mintUnits]).toEqual([distribute?.to, 5n])
  expect(refusalOf(() => claimReward(reward, 'bob'))).toBe(other?.error)
  const claimed = claimReward(reward, 'ann')
  expect(claimed.state).toBe('CLAIMED')
  for (const wrong of [pending, claimed]) expect(refusalOf(() => claimReward(wrong, 'ann'))).toBe('Reward is not available for claiming')
  for (const wrong of [reward, claimed]) expect(refusalOf(() => distributeReward(wrong))).toMatch(/^This reward is distributed already/)
  for (const work of [() => claimReward(null, 'ann'), () => distributeReward(null)]) expect(refusalOf(work)).toBe('Reward not found')
  for (const units of [0n, -1n]) expect(refusalOf(() => grantReward('learning', 'ann', units))).toBe(amount?.error)
})
