import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AccruedProof, isFundLow, payBatch, payFromFund, topUpFund, utilisationBps } from '../../src-main/engines/rewards/fund.ts'
import { centsText, knowledgeRewardCents } from '../../src-main/engines/rewards/knowledge.ts'
import { makeProof, verifyProof } from '../../src-main/engines/rewards/proof.ts'
import type { Proof } from '../../src-shared/treasury/rewards.ts'
import { runs } from '../helpers/runs.ts'

/* Rewards: exact decimals, proofs that show what was changed in them, and a fund that pays each proof once. */

const difficulty = fc.integer({ min: 1, max: 10 })
/** plain decimals from 0 to 100, of up to 12 decimals */
const score = fc
  .integer({ min: 0, max: 12 })
  .chain(decimals => fc.bigInt({ min: 0n, max: 100n * 10n ** BigInt(decimals) }).map(digits => decimalText(digits, decimals)))

function decimalText(digits: bigint, decimals: number): string {
  const text = digits.toString().padStart(decimals + 1, '0')
  return decimals === 0 ? text : `${text.slice(0, -decimals)}.${text.slice(-decimals)}`
}

/** A fraction that is added and multiplied as at school. */
type Fraction = [n: bigint, d: bigint]
const plus = ([a, b]: Fraction, [c, d]: Fraction): Fraction => [a * d + c * b, b * d]
const times = ([a, b]: Fraction, [c, d]: Fraction): Fraction => [a * c, b * d]

/** base = d*0.1, multiplier = 1+d/10, bonus = base*score/200, total = base*multiplier+bonus; cents, a half rounded up. */
function naiveCents(d: number, text: string): bigint {
  const [whole = '', fraction = ''] = text.split('.')
  const given: Fraction = [BigInt(whole + fraction), 10n ** BigInt(fraction.length)]
  const base = times([BigInt(d), 1n], [1n, 10n])
  const multiplier = plus([1n, 1n], [BigInt(d), 10n])
  const bonus = times(times(base, given), [1n, 200n])
  const [n, q] = times(plus(times(base, multiplier), bonus), [100n, 1n])
  const below = n / q
  return (n - below * q) * 2n >= q ? below + 1n : below
}

test('a reward is the one of exact fractions, and grows with score and difficulty', () => {
  fc.assert(
    fc.property(difficulty, score, (d, text) => {
      const cents = knowledgeRewardCents({ difficulty: d, score: text, isCompleted: true })
      expect(cents).toBe(naiveCents(d, text))
      expect(cents).toBeGreaterThanOrEqual(knowledgeRewardCents({ difficulty: d, score: '0', isCompleted: true }))
      if (d < 10) expect(knowledgeRewardCents({ difficulty: d + 1, score: text, isCompleted: true })).toBeGreaterThan(cents)
      expect(centsText(cents)).toMatch(/^\d+\.\d\d$/)
    }),
    runs(1000),
  )
})

test('no text that is not a plain decimal from 0 to 100 is a score', () => {
  const wrong = fc.oneof(
    fc.constantFrom(
      '',
      ' 5',
      '5 ',
      '+5',
      '-1',
      '5.',
      '.5',
      '05',
      '1e1',
      '100.0000001',
      '101',
      'NaN',
      '0x10',
      '5,5',
      '٥',
      `1.${'0'.repeat(40)}`,
    ),
    fc.string({ maxLength: 8 }).filter(text => !/^\d+(\.\d+)?$/.test(text)),
  )
  fc.assert(
    fc.property(difficulty, wrong, (d, text) => {
      expect(() => knowledgeRewardCents({ difficulty: d, score: text, isCompleted: true })).toThrow('Invalid score')
    }),
    runs(300),
  )
})

const word = fc.string({ minLength: 1, maxLength: 20, unit: 'binary' })
const completion = fc.record({ id: fc.uuid(), userId: word, moduleId: word, difficulty, score, isCompleted: fc.constant(true) })
const nowMs = fc.integer({ min: 0, max: 4_000_000_000_000 })

test('a proof that was made holds, through a file too, and none does with a field changed', () => {
  const fields = ['id', 'userId', 'moduleId', 'difficulty', 'score', 'reward', 'currency', 'timestamp', 'hash'] as const
  fc.assert(
    fc.property(completion, nowMs, fc.constantFrom(...fields), word, (of, ms, field, other) => {
      const proof = makeProof(of, ms)
      expect(verifyProof(proof)).toEqual([])
      expect(verifyProof(JSON.parse(JSON.stringify(proof)))).toEqual([])
      const changed: Proof = { ...proof, [field]: field === 'difficulty' ? (proof.difficulty % 10) + 1 : other }
      if (changed[field] === proof[field]) return
      expect(verifyProof(changed).map(({ about }) => about)).toContain('hash')
      const { [field]: _left, ...without } = proof
      expect(verifyProof(without)).toMatchObject([{ about: 'form' }])
      expect(verifyProof({ ...proof, more: 1 })).toMatchObject([{ about: 'form' }])
    }),
    runs(300),
  )
})

test('two proofs never hash alike for what moved from one field to the next', () => {
  fc.assert(
    fc.property(completion, nowMs, word, (of, ms, moved) => {
      const [a, b] = [makeProof({ ...of, userId: of.userId + moved }, ms), makeProof({ ...of, moduleId: moved + of.moduleId }, ms)]
      expect(a.hash).not.toBe(b.hash)
    }),
    runs(100),
  )
})

test('a batch pays each accrued proof once, in one go with what the fund holds', () => {
  const proofs = fc.array(fc.record({ rewardUnits: fc.bigInt({ min: 1n, max: 100n }), isPaid: fc.boolean() }), { maxLength: 12 })
  const named = fc.array(fc.integer({ min: 0, max: 14 }), { maxLength: 30 })
  const funds = fc.record({ fundUnits: fc.bigInt({ min: 0n, max: 800n }), paidUnits: fc.bigInt({ min: 0n, max: 800n }) })
  fc.assert(
    fc.property(proofs, named, funds, (list, ids, fund) => {
      const find = (id: string): AccruedProof | null => list[Number(id)] ?? null
      const paid = new Set<string>()
      let [left, total] = [fund, 0n]
      const steps = [...payBatch(ids.map(String), find, fund)]
      expect(steps.map(step => step.proofId)).toEqual(ids.map(String))
      for (const step of steps) {
        const proof = find(step.proofId)
        const expected = !proof
          ? 'unknown'
          : proof.isPaid || paid.has(step.proofId)
            ? 'paid-before'
            : proof.rewardUnits > left.fundUnits
              ? 'refused'
              : 'paid'
        expect(step.outcome).toBe(expected)
        if (expected === 'paid') {
          paid.add(step.proofId)
          left = payFromFund(left, proof!.rewardUnits)
          total += proof!.rewardUnits
        }
        expect(step).toMatchObject({ fund: left, totalUnits: total, amountUnits: expected === 'paid' ? proof!.rewardUnits : 0n })
        expect(step.refused?.message ?? null).toBe(expected === 'refused' ? 'Insufficient UBO funds for reward payment' : null)
      }
      expect(left.fundUnits + left.paidUnits).toBe(fund.fundUnits + fund.paidUnits)
    }),
    runs(300),
  )
})

test('the fund warns from its percentage on, exactly, until it is topped up', () => {
  const amount = fc.bigInt({ min: 0n, max: 10n ** 18n })
  fc.assert(
    fc.property(amount, amount, fc.integer({ min: 1, max: 100 }), (fundUnits, paidUnits, percent) => {
      const fund = { fundUnits, paidUnits }
      const used = utilisationBps(fund)
      expect(used >= 0 && used <= 10_000).toBe(true)
      if (paidUnits > 0n) expect(isFundLow(fund, percent)).toBe(used >= percent * 100)
      else expect([isFundLow(fund, percent), used]).toEqual([false, 0])
      expect(utilisationBps(topUpFund(fund, 10n ** 18n))).toBeLessThanOrEqual(used)
    }),
    runs(300),
  )
})

test('a fund of 100 with 80 of them paid warns at 80 percent', () => {
  expect(isFundLow({ fundUnits: 20n, paidUnits: 80n }, 80)).toBe(true)
  expect(isFundLow({ fundUnits: 21n, paidUnits: 80n }, 80)).toBe(false)
  expect(() => topUpFund({ fundUnits: 1n, paidUnits: 0n }, 0n)).toThrow('must be positive')
})
