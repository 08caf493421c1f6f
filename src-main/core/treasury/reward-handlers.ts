import { randomUUID } from 'node:crypto'
import { cleanName } from '../../../src-shared/text.ts'
import { parseAmount } from '../../../src-shared/treasury/amounts.ts'
import { TREASURY_ENTITY } from '../../../src-shared/treasury/entities.ts'
import type { TreasuryConfig } from '../../../src-shared/treasury/parameters.ts'
import { refusals, refuse } from '../../../src-shared/treasury/refusals.ts'
import { PROOF_TOKEN, proofSchema } from '../../../src-shared/treasury/rewards.ts'
import type { FundShown, ProofShown, RewardShown, rewardRows } from '../../../src-shared/treasury/rewards-table.ts'
import { type BatchStep, isFundLow, topUpFund, utilisationBps } from '../../engines/rewards/fund.ts'
import { scoreText } from '../../engines/rewards/knowledge.ts'
import { canonicalProof, makeProof, verifyProof } from '../../engines/rewards/proof.ts'
import { grantReward } from '../../engines/rewards/reward.ts'
import type { Store } from '../../store/index.ts'
import {
  findProof,
  findReward,
  fundPaidUnits,
  hasProofOf,
  insertProof,
  insertReward,
  listFundEvents,
  listFundPayments,
  listProofs,
  listRewards,
  proofTotals,
  rewardTotals,
  type StoredFundPayment,
  type StoredProof,
  type StoredReward,
} from '../../store/treasury-rewards.ts'
import { entityName, listedEntity, resolveEntity } from './entities.ts'
import {
  actingEntity,
  askedEntity,
  type TreasuryCommandHandlers,
  type TreasuryContext,
  type TreasuryInput,
  type TreasuryOutput,
  type TreasuryQueryHandlers,
} from './handlers.ts'
import { numberIn } from './ids.ts'
import { claimStoredReward, distributeStored, fundOf, payProofs, payTableReward, REWARD_TOKEN, rewarded, rewardName } from './rewards.ts'
import { UBO_FUND } from './token-table.ts'
import { moveTokens } from './tokens.ts'
import { trustOf } from './trust.ts'

type Subject = keyof typeof rewardRows
type RewardQueries = Pick<TreasuryQueryHandlers, Extract<keyof TreasuryQueryHandlers, Subject>>
type RewardCommands = Pick<TreasuryCommandHandlers, Extract<keyof TreasuryCommandHandlers, Subject>>

/** Rewards. At this machine everybody may look at them, as at accounts; a token of the REST door sees its own only. */
export function rewardHandlers(books: Store): { queries: RewardQueries; commands: RewardCommands } {
  const queries: RewardQueries = {
    'rewards.fund': (_input, { config }) => ({ ...shownFund(config), amounts: amountsOf(config) }),
    'rewards.proof': ({ id }, context) => {
      const stored = visibleProof(id, context)
      return { ...shownProof(stored), problems: verifyProof(stored.proof), record: canonicalProof(stored.proof) }
    },
    'rewards.proofs': ({ recipientId, everybody, state = null, offset, limit }, context) => {
      const { rows, total } = listProofs(books, { entityId: listedEntity(context, recipientId, everybody), state }, { offset, limit })
      return { rows: rows.map(shownProof), total }
    },
    'rewards.exportProof': ({ id }, context) => {
      const { proof } = visibleProof(id, context)
      return { fileName: `proof-${id.replace(/[^\w.-]/g, '-')}.json`, text: `${JSON.stringify(proof, null, 2)}\n` }
    },
    'rewards.verify': ({ text }) => verified(text),
    'rewards.payments': ({ recipientId, everybody, offset, limit }, context) => {
      const { rows, total } = listFundPayments(books, listedEntity(context, recipientId, everybody), { offset, limit })
      return { rows: rows.map(shownPayment), total }
    },
    'rewards.events': ({ recipientId, everybody, offset, limit }, context) => {
      const { rows, total } = listFundEvents(books, listedEntity(context, recipientId, everybody), { offset, limit })
      return {
        rows: rows.map(({ event, ts, entityId, proofId, amountUnits }) => ({
          ts,
          event,
          recipientId: entityId,
          proofId,
          amount: amountUnits,
        })),
        total,
      }
    },
    'rewards.list': ({ recipientId, everybody, kind = null, state = null, offset, limit }, context) => {
      const filter = { recipient: listedEntity(context, recipientId, everybody), kind, state }
      const { rows, total } = listRewards(books, filter, { offset, limit })
      return { rows: rows.map(shownReward), total }
    },
    'rewards.totals': ({ recipientId: named }, context) => totalsOf(askedEntity(context, resolveEntity(books, named))),
  }

  const commands: RewardCommands = {
    'rewards.topUp': ({ amount: amountUnits }, { config, doer, nowTs }) => {
      topUpFund(fundOf(books), amountUnits)
      moveTokens(
        books,
        { op: 'transfer', from: TREASURY_ENTITY, ...UBO_FUND, amountUnits },
        { actor: doer, ts: nowTs, memo: 'Top-up of the UBO fund' },
      )
      return shownFund(config)
    },
    'rewards.prove': (input, context) => {
      const { moduleId, difficulty, completed: isCompleted } = input
      const userId = actingEntity(context)
      const id = input.id ?? randomUUID()
      const proof = makeProof({ id, userId, moduleId, difficulty, score: scoreIn(input), isCompleted }, context.nowTs * 1000)
      if (hasProofOf(books, userId, moduleId)) throw refuse('rewards.repeated')
      if (findProof(books, id) !== null) throw refuse('rewards.proof-id')
      insertProof(books, proof, { rewardUnits: parseAmount(proof.reward, 'reward'), nowTs: context.nowTs })
      return shownProof(findProof(books, id)!)
    },
    'rewards.pay': ({ ids }, context) => {
      const steps = payProofs(context, ids)
      return {
        paid: steps.filter(({ outcome }) => outcome === 'paid').length,
        total: steps.at(-1)?.totalUnits ?? 0n,
        steps: steps.map((step, at) => ({
          ...{ id: step.proofId, outcome: step.outcome, amount: step.amountUnits, total: step.totalUnits },
          ...{ done: at + 1, of: ids.length, why: whyNot(step) },
        })),
        fund: shownFund(context.config),
      }
    },
    'rewards.payAmount': ({ to, memo, ...input }, context) => {
      const payment = payTableReward(context, { ...input, to: rewarded(books, to), memo: cleanName(memo) })
      return { ...shownPayment(payment), fund: shownFund(context.config) }
    },
    'rewards.grant': ({ to, kind, amount, memo }, context) => {
      const reward = grantReward(kind, rewarded(books, to), amount)
      const { score: trust } = trustOf(context, reward.recipient)
      const number = insertReward(books, { ...reward, memo: cleanName(memo), trust, createdTs: context.nowTs })
      return shownReward(findReward(books, number)!)
    },
    'rewards.distribute': ({ rewardId }, context) => shownReward(distributeStored(context, numberIn('rew', rewardId))),
    'rewards.claim': ({ rewardId }, context) => shownReward(claimStoredReward(context, numberIn('rew', rewardId), actingEntity(context))),
  }

  /** A token of the REST door does not even learn that there is somebody else's. Throws AppError rewards.proof-unknown. */
  function visibleProof(id: string, { actor }: TreasuryContext): StoredProof {
    const stored = findProof(books, id)
    if (stored === null || (actor.entity !== undefined && actor.entity !== stored.proof.userId)) throw refuse('rewards.proof-unknown')
    return stored
  }

  function verified(text: string): TreasuryOutput<'rewards.verify'> {
    let given: unknown
    try {
      given = JSON.parse(text)
    } catch {
      // what is wrong with it is the answer
      return { holds: false, problems: [{ about: 'form', text: 'This is no proof: it is not JSON.' }], books: 'none' }
    }
    const problems = verifyProof(given)
    const read = proofSchema.safeParse(given)
    const known = read.success ? findProof(books, read.data.id) : null
    const isSame = read.success && known?.proof.hash === read.data.hash && canonicalProof(known.proof) === canonicalProof(read.data)
    return { holds: problems.length === 0, problems, books: known === null ? 'none' : isSame ? 'same' : 'other' }
  }

  function shownFund(config: TreasuryConfig): FundShown {
    const fund = fundOf(books)
    const { accruedUnits, accruedProofs } = proofTotals(books, null)
    const warnPercent = config['rewards.uboWarnPercent']
    return {
      ...{ token: PROOF_TOKEN, available: fund.fundUnits, paid: fund.paidUnits, accrued: accruedUnits, accruedProofs },
      ...{ utilisationBps: utilisationBps(fund), warnPercent, isLow: isFundLow(fund, warnPercent) },
    }
  }

  function shownProof({ proof, rewardUnits, submittedTs, paidTs, entry }: StoredProof): ProofShown {
    return {
      ...{
        id: proof.id,
        proof,
        userName: entityName(books, proof.userId),
        reward: rewardUnits,
        state: paidTs === null ? 'accrued' : 'paid',
      },
      ...{ submittedTs, paidTs, entry: entry === null ? null : Number(entry) },
    }
  }

  function shownPayment(payment: StoredFundPayment): TreasuryOutput<'rewards.payments'>['rows'][number] {
    const { entityId, amountUnits, proofId, type, category, memo, trust, paidTs, entry } = payment
    return {
      ...{ recipientId: entityId, recipientName: entityName(books, entityId), token: PROOF_TOKEN, amount: amountUnits, proofId, type },
      ...{ category, memo, trust, ts: paidTs, entry: Number(entry) },
    }
  }

  function shownReward(reward: StoredReward): RewardShown {
    const { number, kind, recipient, amountUnits, memo, state, trust, createdTs, distributedTs, claimedTs, entry } = reward
    return {
      ...{ id: rewardName(number), kind, recipientId: recipient, recipientName: entityName(books, recipient), token: REWARD_TOKEN },
      ...{ amount: amountUnits, memo, state, trust, createdTs, distributedTs, claimedTs, entry: entry === null ? null : Number(entry) },
    }
  }

  function totalsOf(recipientId: string): TreasuryOutput<'rewards.totals'> {
    const kinds = rewardTotals(books, recipientId).map(({ kind, rewards, pendingUnits, distributedUnits, claimedUnits }) => ({
      ...{ kind, rewards, pending: pendingUnits, distributed: distributedUnits, claimed: claimedUnits },
    }))
    const sum = (part: 'pending' | 'distributed' | 'claimed') => kinds.reduce((total, row) => total + row[part], 0n)
    const { proofs, accruedUnits } = proofTotals(books, recipientId)
    return {
      ...{ recipientId, token: REWARD_TOKEN, pending: sum('pending'), distributed: sum('distributed'), claimed: sum('claimed'), kinds },
      fund: { token: PROOF_TOKEN, proofs, accrued: accruedUnits, paid: fundPaidUnits(books, recipientId) },
    }
  }

  return { queries, commands }
}

/** The score's text, given as such or as a number of a program. Throws AppError rewards.score: neither, both, or no number. */
function scoreIn({ score, scoreText: text }: TreasuryInput<'rewards.prove'>): string {
  if (text === undefined) return scoreText(score)
  if (score !== undefined) throw refuse('rewards.score')
  return text
}

function whyNot({ outcome, refused }: BatchStep): string | null {
  if (outcome === 'paid-before') return 'It was paid already'
  if (outcome === 'unknown') return refusals['rewards.proof-unknown'][1]
  return refused?.message ?? null
}

function amountsOf(config: TreasuryConfig): TreasuryOutput<'rewards.fund'>['amounts'] {
  return Object.entries(config['rewards.amounts']).flatMap(([type, row]) =>
    Object.entries(row).map(([category, amount]) => ({ type, category, amount })),
  )
}
