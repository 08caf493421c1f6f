import { z } from 'zod'
import { none, paged, textFile, treasuryPage } from '../contract-parts.ts'
import { amountText, sumText } from './amounts.ts'
import { entityRef } from './entities.ts'
import { proofSchema, rewardKinds, rewardStates } from './rewards.ts'
import { treasuryCommand, treasuryQuery } from './row.ts'

const ts = z.number()
const rewardId = z.string().trim().min(1).max(40)
/** Of a proof: given by whoever submits it, or made by the books. No comma and no space, so that several can stand in a list. */
const proofId = z.string().regex(/^[A-Za-z0-9_.:-]{1,100}$/, 'Letters, digits and _ . : - only, at most 100.')
const plainText = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^\P{C}+$/u, 'It holds characters that can not be seen.')
const word = z.string().trim().min(1).max(40)
/** `everybody`: of all, for whoever names no entity */
const whose = { recipientId: entityRef.optional(), everybody: z.boolean().default(false) }
/** As many proofs as one batch may hold: all of it is one transaction. */
export const MAX_BATCH = 1_000

/** The UBO fund, out of which proofs of knowledge and the amount table are paid. */
export const fundSchema = z.object({
  token: z.string(),
  /** what it has */
  available: amountText,
  /** what it has paid since it began */
  paid: sumText,
  /** proofs that are not paid yet */
  accrued: sumText,
  accruedProofs: z.number(),
  /** paid, of all that it had: hundredths of a percent, rounded down */
  utilisationBps: z.number(),
  warnPercent: z.number(),
  /** true: it is used to that share, or more */
  isLow: z.boolean(),
})
export type FundShown = z.output<typeof fundSchema>

export const proofShownSchema = z.object({
  id: z.string(),
  /** every field that the hash covers, and the hash */
  proof: proofSchema,
  userName: z.string(),
  reward: amountText,
  /** `accrued`: not paid yet */
  state: z.enum(['accrued', 'paid']),
  submittedTs: ts,
  paidTs: ts.nullable(),
  /** number of the entry in the ledger; null: not paid yet */
  entry: z.number().nullable(),
})
export type ProofShown = z.output<typeof proofShownSchema>

const problems = z.array(z.object({ about: z.enum(['form', 'hash', 'reward', 'time']), text: z.string() }))

export const rewardSchema = z.object({
  /** `rew-…` */
  id: z.string(),
  kind: z.enum(rewardKinds),
  recipientId: z.string(),
  recipientName: z.string(),
  token: z.string(),
  amount: amountText,
  memo: z.string(),
  state: z.enum(rewardStates),
  /** of the recipient when it was granted, 0 to 100 */
  trust: z.number(),
  createdTs: ts,
  distributedTs: ts.nullable(),
  claimedTs: ts.nullable(),
  /** number of the entry in the ledger; null: not distributed yet */
  entry: z.number().nullable(),
})
export type RewardShown = z.output<typeof rewardSchema>

export const fundPaymentSchema = z.object({
  recipientId: z.string(),
  recipientName: z.string(),
  token: z.string(),
  amount: amountText,
  /** null: out of the amount table */
  proofId: z.string().nullable(),
  /** of the amount table; null: of a proof */
  type: z.string().nullable(),
  category: z.string().nullable(),
  memo: z.string(),
  /** of the recipient when it was paid, 0 to 100 */
  trust: z.number(),
  ts,
  entry: z.number(),
})

/** Rewards: proof of knowledge and the amount table out of the UBO fund; and those that are minted. */
export const rewardRows = {
  'rewards.fund': treasuryQuery({
    about: 'the UBO fund: what it has, what it has paid, how much of it is used; and the amounts that it pays by type and category',
    in: none,
    out: fundSchema.extend({ amounts: z.array(z.object({ type: z.string(), category: z.string(), amount: amountText })) }),
    who: 'anyone',
    rest: null,
    cli: { words: 'rewards fund' },
  }),
  'rewards.topUp': treasuryCommand({
    about: 'put AZR of the treasury into the UBO fund',
    in: z.object({ amount: amountText }),
    out: fundSchema,
    who: 'administrator',
    rest: null,
    cli: { words: 'rewards top-up', args: ['amount'] },
  }),
  'rewards.prove': treasuryCommand({
    about: 'submit a proof of knowledge of your own: a module that you completed, its difficulty (1 to 10) and your score (0 to 100)',
    in: z.object({
      id: proofId.optional().describe('of the proof; absent: the books make one'),
      moduleId: plainText,
      difficulty: z.number(),
      // anything may come, so that what is no number is refused in the words of the rules
      score: z
        .unknown()
        .optional()
        .meta({ type: 'number', minimum: 0, maximum: 100, description: 'a number, whose shortest text is kept; or scoreText' }),
      scoreText: z.string().max(60).optional().describe('the score as decimal text, kept to the letter, e.g. 71.50'),
      completed: z.boolean().default(false).describe('that the module is completed'),
    }),
    out: proofShownSchema,
    who: 'entity',
    rest: { method: 'POST', path: '/rewards/proofs', scope: 'rewards:write' },
    cli: { words: 'rewards prove', args: ['moduleId', 'difficulty', 'scoreText'] },
  }),
  'rewards.proof': treasuryQuery({
    about: 'one proof of knowledge, verified again: its hash, and its reward worked out anew',
    in: z.object({ id: proofId }),
    out: proofShownSchema.extend({
      /** empty: it holds */
      problems,
      /** its fields as they are hashed */
      record: z.string(),
    }),
    who: 'anyone',
    rest: { method: 'GET', path: '/rewards/proofs/:id', scope: 'rewards:read' },
    cli: { words: 'rewards proof', args: ['id'] },
  }),
  'rewards.proofs': treasuryQuery({
    about: 'proofs of knowledge of an entity, newest first',
    in: z.object({ ...whose, state: z.enum(['accrued', 'paid']).optional(), ...treasuryPage }),
    out: paged(proofShownSchema),
    who: 'anyone',
    rest: { method: 'GET', path: '/rewards/proofs', scope: 'rewards:read' },
    cli: { words: 'rewards proofs', args: ['recipientId'] },
  }),
  'rewards.exportProof': treasuryQuery({
    about: 'one proof of knowledge as the text of a file, which anybody can verify',
    in: z.object({ id: proofId }),
    out: textFile,
    who: 'anyone',
    rest: null,
    cli: { words: 'rewards export-proof', args: ['id'], prints: 'text' },
  }),
  'rewards.verify': treasuryQuery({
    about: 'verify the text of a proof, from wherever it comes: its hash, its reward, and whether these books have it',
    in: z.object({ text: z.string().max(20_000) }),
    out: z.object({
      holds: z.boolean(),
      /** empty: it holds */
      problems,
      /** `same`: these books have this very proof. `other`: they have another one of that id. `none`: they have none */
      books: z.enum(['same', 'other', 'none']),
    }),
    who: 'anyone',
    rest: null,
    cli: { words: 'rewards verify', args: ['text'], file: 'text' },
  }),
  'rewards.pay': treasuryCommand({
    about: 'pay proofs of knowledge out of the UBO fund, in the order given: each that is accrued once',
    in: z.object({ ids: z.array(proofId).min(1).max(MAX_BATCH) }),
    out: z.object({
      /** how many were paid now, and what they came to */
      paid: z.number(),
      total: amountText,
      steps: z.array(
        z.object({
          id: z.string(),
          /** `paid-before`: nothing moved. `refused`: the fund did not have it; it stays accrued */
          outcome: z.enum(['paid', 'paid-before', 'unknown', 'refused']),
          amount: amountText,
          /** of this batch, after it */
          total: amountText,
          /** how many of the batch are done, and out of how many */
          done: z.number(),
          of: z.number(),
          /** why it was not paid */
          why: z.string().nullable(),
        }),
      ),
      fund: fundSchema,
    }),
    who: 'administrator',
    rest: null,
    cli: { words: 'rewards pay', args: ['ids'] },
  }),
  'rewards.payAmount': treasuryCommand({
    about: 'pay what the amount table gives for a type and category, out of the UBO fund',
    in: z.object({ to: entityRef, type: word, category: word, memo: z.string().max(300).default('') }),
    out: fundPaymentSchema.extend({ fund: fundSchema }),
    who: 'administrator',
    rest: null,
    cli: { words: 'rewards pay-amount', args: ['to', 'type', 'category'] },
  }),
  'rewards.payments': treasuryQuery({
    about: 'what the UBO fund has paid an entity, newest first',
    in: z.object({ ...whose, ...treasuryPage }),
    out: paged(fundPaymentSchema),
    who: 'anyone',
    rest: null,
    cli: { words: 'rewards payments', args: ['recipientId'] },
  }),
  'rewards.events': treasuryQuery({
    about: 'events of the UBO fund, newest first: proof-submitted, reward-paid',
    in: z.object({ ...whose, ...treasuryPage }),
    out: z.object({
      rows: z.array(
        z.object({
          ts,
          event: z.enum(['proof-submitted', 'reward-paid']),
          recipientId: z.string(),
          /** null: out of the amount table */
          proofId: z.string().nullable(),
          amount: amountText,
        }),
      ),
      total: z.number(),
    }),
    who: 'anyone',
    rest: { method: 'GET', path: '/rewards/events', scope: 'rewards:read' },
    cli: { words: 'rewards events', args: ['recipientId'] },
  }),
  'rewards.grant': treasuryCommand({
    about: 'grant a reward for transactions, learning, governance or a referral; nothing moves until it is distributed',
    in: z.object({ to: entityRef, kind: z.enum(rewardKinds), amount: amountText, memo: z.string().max(300).default('') }),
    out: rewardSchema,
    who: 'administrator',
    rest: null,
    cli: { words: 'rewards grant', args: ['to', 'kind', 'amount'] },
  }),
  'rewards.distribute': treasuryCommand({
    about: 'distribute a reward: its BTA-REWARD is minted to the recipient, once',
    in: z.object({ rewardId }),
    out: rewardSchema,
    who: 'administrator',
    rest: null,
    cli: { words: 'rewards distribute', args: ['rewardId'] },
  }),
  'rewards.claim': treasuryCommand({
    about: 'acknowledge a reward that was distributed to you',
    in: z.object({ rewardId }),
    out: rewardSchema,
    who: 'entity',
    rest: { method: 'POST', path: '/rewards/:rewardId/claim', scope: 'rewards:write' },
    cli: { words: 'rewards claim', args: ['rewardId'] },
  }),
  'rewards.list': treasuryQuery({
    about: "an entity's rewards for transactions, learning, governance and referrals, newest first",
    in: z.object({ ...whose, kind: z.enum(rewardKinds).optional(), state: z.enum(rewardStates).optional(), ...treasuryPage }),
    out: paged(rewardSchema),
    who: 'anyone',
    rest: { method: 'GET', path: '/rewards/:recipientId?', scope: 'rewards:read' },
    cli: { words: 'rewards list', args: ['recipientId'] },
  }),
  'rewards.totals': treasuryQuery({
    about: "what an entity's rewards come to: those that are minted by kind and state, and what the UBO fund has paid and still has to pay",
    in: z.object({ recipientId: entityRef }),
    out: z.object({
      recipientId: z.string(),
      token: z.string(),
      pending: sumText,
      distributed: sumText,
      claimed: sumText,
      kinds: z.array(
        z.object({ kind: z.enum(rewardKinds), rewards: z.number(), pending: sumText, distributed: sumText, claimed: sumText }),
      ),
      fund: z.object({
        token: z.string(),
        proofs: z.number(),
        /** proofs that are not paid yet */
        accrued: sumText,
        /** proofs, and the amount table */
        paid: sumText,
      }),
    }),
    who: 'anyone',
    rest: { method: 'GET', path: '/rewards/:recipientId/totals', scope: 'rewards:read' },
    cli: { words: 'rewards totals', args: ['recipientId'] },
  }),
}
