import { fixed } from '../../../src-shared/money.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'

/** A module that somebody completed, as it is rewarded (tokenomics.md, Proof of knowledge). */
export interface Completion {
  /** 1..10, whole */
  difficulty: number
  /** plain decimal text, 0..100, as it was given: `85`, `71.42` */
  score: string
  isCompleted: boolean
}

/** A cent of a token, in base units of its 7 decimals. */
export const CENT_UNITS = 100_000n
/** What a score's text may be long. */
const MOST_SCORE_LETTERS = 40

/**
 * A completion's reward in cents: `d*0.1*(1+d/10) + d*0.1*score/200`, rounded half away from zero, on exact decimals.
 * @throws in this order: `rewards.difficulty`, `rewards.score`, `rewards.module`
 */
export function knowledgeRewardCents({ difficulty, score, isCompleted }: Completion): bigint {
  if (!Number.isInteger(difficulty) || difficulty < 1 || difficulty > 10) throw refuse('rewards.difficulty')
  const { digits, one } = readScore(score)
  if (!isCompleted) throw refuse('rewards.module')
  const d = BigInt(difficulty)
  // 20 times the cents, in units of the score's last digit; nothing here is below 0
  const parts = 20n * d * (10n + d) * one + d * digits
  return (2n * parts + 20n * one) / (40n * one)
}

/** Two decimals: `0.96`, as a proof has it. */
export function centsText(cents: bigint): string {
  return fixed(cents, 2)
}

/** The text of a score that comes as a number of a program: only such are taken here. @throws `rewards.score` */
export function scoreText(given: unknown): string {
  if (typeof given !== 'number') throw refuse('rewards.score')
  const text = String(given)
  readScore(text)
  return text
}

/** Its digits as a whole number, and what `1` is then. */
function readScore(text: string): { digits: bigint; one: bigint } {
  const match = text.length > MOST_SCORE_LETTERS ? null : /^(0|[1-9]\d*)(?:\.(\d+))?$/.exec(text)
  if (!match) throw refuse('rewards.score')
  const [, whole = '', fraction = ''] = match
  const one = 10n ** BigInt(fraction.length)
  const digits = BigInt(whole + fraction)
  if (digits > 100n * one) throw refuse('rewards.score')
  return { digits, one }
}
