import { describe, expect, test } from 'vitest'
import { execute, type Proposal, propose, stateOf } from '../../src-main/engines/governance/proposal.ts'
import { castVote, isQuorate, tallyOf, type Vote, weightUnits } from '../../src-main/engines/governance/tally.ts'
import { readTrust } from '../../src-main/engines/trust/hundredths.ts'
import { AppError } from '../../src-shared/errors.ts'
import { formatAmount } from '../../src-shared/treasury/amounts.ts'
import { parameters } from '../../src-shared/treasury/parameters.ts'
import { type Refusal, refusals } from '../../src-shared/treasury/refusals.ts'
import { readVectors, refusalOf, vectorUnits } from '../helpers/economy.ts'

/* Governance against the vectors of the specification. */

interface TallyVector {
  note: string
  votes: { vote: 'YES' | 'NO' | 'ABSTAIN'; voting_power: string; trust_score: string }[]
  quorum: number
  threshold: number
  circulating_supply: string
  phase: 'ended'
  turnout: string
  yes_weight: string
  no_weight: string
  abstain_weight: string
  quorum_met: boolean
  status: 'PASSED' | 'REJECTED'
}
interface GovernanceVectors {
  defaults: { quorum: number; threshold: number; min_proposal_balance: string }
  weights: { voting_power: string; trust_score: string; weight?: string; weight_units?: string; error?: string }[]
  tallies: TallyVector[]
  voting_window_inclusive: { voting_start: string; voting_end: string; at: string; error?: string }[]
  checks: { case: string; error?: string; http?: number; ok?: boolean }[]
}
const vectors = readVectors<GovernanceVectors>('governance')
const [startTs, endTs] = [1_900_000_000, 1_900_604_800]
const order = {
  type: 'POLICY_CHANGE' as const,
  change: null,
  quorumBps: vectors.defaults.quorum * 100,
  thresholdBps: vectors.defaults.threshold * 100,
  startTs,
  endTs,
}
const least = vectorUnits(vectors.defaults.min_proposal_balance)
const proposal = propose(order, least, least, startTs)
const ballot = { choice: 'YES', powerUnits: 1n, trustHundredths: 10_000, hasVoted: false }

test('the defaults are those of the settings', () => {
  expect(parameters['governance.quorumPercent'].normal).toBe(vectors.defaults.quorum)
  expect(parameters['governance.thresholdPercent'].normal).toBe(vectors.defaults.threshold)
  expect(parameters['governance.proposalMin'].normal).toBe(vectors.defaults.min_proposal_balance)
})

test.each(vectors.weights)('power $voting_power at trust $trust_score', vector => {
  const work = () => weightUnits(vectorUnits(vector.voting_power), readTrust(vector.trust_score))
  expect(refusalOf(work)).toBe(vector.error ?? null)
  if (vector.error) return
  expect(work()).toBe(BigInt(vector.weight_units!))
  expect(formatAmount(work())).toBe(vector.weight)
})

test.each(vectors.tallies)('$note', vector => {
  const votes: Vote[] = vector.votes.map(({ vote, voting_power, trust_score }) =>
    castVote(
      proposal,
      { choice: vote, powerUnits: vectorUnits(voting_power), trustHundredths: readTrust(trust_score), hasVoted: false },
      endTs,
    ),
  )
  const tally = tallyOf(votes)
  expect(tally).toEqual({
    turnoutUnits: vectorUnits(vector.turnout),
    yesWeightUnits: vectorUnits(vector.yes_weight),
    noWeightUnits: vectorUnits(vector.no_weight),
    abstainWeightUnits: vectorUnits(vector.abstain_weight),
  })
  const terms = { ...order, quorumBps: vector.quorum * 100, thresholdBps: vector.threshold * 100 }
  const circulating = vectorUnits(vector.circulating_supply)
  expect(isQuorate(tally, terms.quorumBps, circulating)).toBe(vector.quorum_met)
  expect(stateOf(propose(terms, least, least, startTs), tally, circulating, endTs + 1)).toBe(vector.status)
})

test.each(vectors.voting_window_inclusive)('a vote at $at', vector => {
  const seconds = (time: string) => Date.parse(time) / 1000
  const window = { startTs: seconds(vector.voting_start), endTs: seconds(vector.voting_end) }
  expect(refusalOf(() => castVote(window, ballot, seconds(vector.at)))).toBe(vector.error ?? null)
})

describe('checks', () => {
  const passed: Proposal = { ...proposal }
  const executed = execute(passed, 'PASSED', true, endTs + 5).proposal
  const works: Record<string, (() => unknown)[]> = {
    'proposer holds 999.9999999 BTA-GOV': [() => propose(order, vectorUnits('999.9999999'), least, startTs)],
    'proposer holds 1000 BTA-GOV': [() => propose(order, vectorUnits('1000'), least, startTs)],
    'vote "MAYBE"': [() => castVote(proposal, { ...ballot, choice: 'MAYBE' }, startTs)],
    'unknown proposal': [() => castVote(null, ballot, startTs), () => execute(null, null, true, startTs)],
    'execute while ACTIVE/REJECTED/PENDING': (['ACTIVE', 'REJECTED', 'PENDING'] as const).map(
      state => () => execute(proposal, state, true, startTs),
    ),
    'execute twice': [() => execute(executed, stateOf(executed, tallyOf([]), 1n, endTs + 9), true, endTs + 9)],
    'execute by non-admin': [() => execute(passed, 'PASSED', false, endTs + 5)],
    'quorum 0': [() => propose({ ...order, quorumBps: 0 }, least, least, startTs)],
  }

  test.each(vectors.checks)('$case', vector => {
    const cases = works[vector.case]
    expect(cases?.length).toBeGreaterThan(0)
    for (const work of cases!) {
      if (vector.ok) {
        expect(refusalOf(work)).toBe(null)
        continue
      }
      let failed: unknown = null
      try {
        work()
      } catch (error) {
        failed = error
      }
      expect(failed).toBeInstanceOf(AppError)
      const { code, message } = failed as AppError
      expect([message, refusals[code as Refusal][0]]).toEqual([vector.error, vector.http])
    }
  })
})
