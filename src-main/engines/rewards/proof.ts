import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { toAppError } from '../../../src-shared/errors.ts'
import { PROOF_TOKEN, type Proof, type ProofFields, proofSchema } from '../../../src-shared/treasury/rewards.ts'
import { centsText, knowledgeRewardCents } from './knowledge.ts'

/** What speaks against a proof, by what it is about. */
export interface ProofProblem {
  about: 'form' | 'hash' | 'reward' | 'time'
  text: string
}

const FORMAT = 'azora-pok-v1'

/** The UTF-8 JSON array that is hashed (tokenomics.md, Proof of knowledge): no spaces, the difficulty a number, the rest text. */
export function canonicalProof(proof: ProofFields): string {
  const { id, userId, moduleId, difficulty, score, reward, currency, timestamp } = proof
  return JSON.stringify([FORMAT, id, userId, moduleId, difficulty, score, reward, currency, timestamp])
}

export function proofHash(proof: ProofFields): string {
  return bytesToHex(sha256(utf8ToBytes(canonicalProof(proof))))
}

/**
 * A proof with its reward and hash.
 * @throws as `knowledgeRewardCents`
 */
export function makeProof(
  of: { id: string; userId: string; moduleId: string; difficulty: number; score: string; isCompleted: boolean },
  nowMs: number,
): Proof {
  const { id, userId, moduleId, difficulty, score } = of
  const reward = centsText(knowledgeRewardCents(of))
  const fields = { id, userId, moduleId, difficulty, score, reward, currency: PROOF_TOKEN, timestamp: new Date(nowMs).toISOString() }
  return { ...fields, hash: proofHash(fields) }
}

/**
 * Verifies a proof from wherever it comes, a stored one or one of a file: that its hash is the one of its fields, and its reward the one of its
 * difficulty and score. An empty list: it holds. Whether it is one of these books is another question.
 */
export function verifyProof(given: unknown): ProofProblem[] {
  const read = proofSchema.safeParse(given)
  if (!read.success) {
    const { path, message } = read.error.issues[0]!
    return [{ about: 'form', text: `This is no proof: ${path.length > 0 ? `"${path.join('.')}": ` : ''}${message}` }]
  }
  const proof = read.data
  const problems: ProofProblem[] = []
  const hash = proofHash(proof)
  if (hash !== proof.hash)
    problems.push({ about: 'hash', text: `Its fields have the hash ${hash}, not ${proof.hash}: something was changed after it was made.` })
  if (!isExactTime(proof.timestamp))
    problems.push({ about: 'time', text: `Its time "${proof.timestamp}" is none, or is not written as proofs have it.` })
  const reward = rewardProblem(proof)
  if (reward) problems.push(reward)
  return problems
}

function rewardProblem({ difficulty, score, reward }: Proof): ProofProblem | null {
  try {
    const right = centsText(knowledgeRewardCents({ difficulty, score, isCompleted: true }))
    if (right === reward) return null
    return { about: 'reward', text: `Difficulty ${difficulty} and score ${score} give ${right}, not ${reward}.` }
  } catch (error) {
    return { about: 'reward', text: `${toAppError(error).message}.` }
  }
}

function isExactTime(timestamp: string): boolean {
  const ms = Date.parse(timestamp)
  return !Number.isNaN(ms) && new Date(ms).toISOString() === timestamp
}
