import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkChange, execute, propose, stateOf, votableParameters } from '../../src-main/engines/governance/proposal.ts'
import { castVote, tallyOf, type Vote } from '../../src-main/engines/governance/tally.ts'
import { formatTrust, readTrust } from '../../src-main/engines/trust/hundredths.ts'
import { voteChoices } from '../../src-shared/treasury/governance.ts'
import { parameterNames, parameters } from '../../src-shared/treasury/parameters.ts'
import { refusalOf } from '../helpers/economy.ts'
import { runs } from '../helpers/runs.ts'

/* Governance: an outcome is the one of plain fractions, the same however late it is read, and only what may be changed is changed. */

const t0 = 1_900_000_000
const DAY_SEC = 86_400
const power = fc.oneof(fc.bigInt({ min: 0n, max: 40n }), fc.bigInt({ min: 0n, max: 10n ** 16n }))
const ballots = fc.array(
  fc.record({
    choice: fc.constantFrom(...voteChoices),
    powerUnits: power,
    trustHundredths: fc.oneof(fc.integer({ min: 0, max: 10_000 }), fc.constantFrom(0, 10_000)),
    atSec: fc.integer({ min: -DAY_SEC, max: 9 * DAY_SEC }),
    isRepeated: fc.boolean(),
  }),
  { maxLength: 12 },
)
const terms = fc.record({
  quorumBps: fc.oneof(fc.integer({ min: 1, max: 10_000 }), fc.constantFrom(1, 10_000)),
  thresholdBps: fc.oneof(fc.integer({ min: 1, max: 10_000 }), fc.constantFrom(1, 5000, 10_000)),
})
const endTs = t0 + 7 * DAY_SEC
const order = { type: 'FUND_ALLOCATION' as const, change: null, startTs: t0, endTs }

/** The rules once more, vote by vote, in fractions of a hundredth of a percent. */
function naiveOutcome(votes: readonly Vote[], quorumBps: number, thresholdBps: number, circulating: bigint): 'PASSED' | 'REJECTED' {
  let [raw, yes, no] = [0n, 0n, 0n]
  for (const { choice, powerUnits, trustHundredths } of votes) {
    const weight = (powerUnits * BigInt(trustHundredths)) / 10_000n
    raw += powerUnits
    if (choice === 'YES') yes += weight
    if (choice === 'NO') no += weight
  }
  const hasQuorum = raw * 10_000n >= BigInt(quorumBps) * circulating
  const isFor = yes + no > 0n && yes * 10_000n >= BigInt(thresholdBps) * (yes + no)
  return hasQuorum && isFor ? 'PASSED' : 'REJECTED'
}

test('an outcome is the one of plain fractions, in whatever order votes came and however late it is read', () => {
  const late = fc.array(fc.integer({ min: 1, max: 2 ** 40 }), { minLength: 1, maxLength: 5 })
  const outcomes = { PASSED: 0, REJECTED: 0 }
  fc.assert(
    fc.property(terms, ballots, fc.oneof(power, fc.constant(null)), late, (share, given, others, lateSec) => {
      const proposal = propose({ ...order, ...share }, 0n, 0n, t0)
      const votes: Vote[] = []
      for (const { atSec, isRepeated, ...ballot } of given) {
        const work = () => castVote(proposal, { ...ballot, hasVoted: isRepeated }, t0 + atSec)
        const expected =
          atSec < 0
            ? 'Voting has not started yet'
            : atSec > 7 * DAY_SEC
              ? 'Voting has ended'
              : isRepeated
                ? 'Already voted on this proposal'
                : null
        expect(refusalOf(work)).toBe(expected)
        if (expected === null) votes.push(work())
      }
      const tally = tallyOf(votes)
      expect(tallyOf([...votes].reverse())).toEqual(tally)
      // some hold tokens and do not vote
      const circulating = tally.turnoutUnits + (others ?? 0n)
      const outcome = naiveOutcome(votes, share.quorumBps, share.thresholdBps, circulating)
      outcomes[outcome]++
      for (const sec of lateSec) expect(stateOf(proposal, tally, circulating, endTs + sec)).toBe(outcome)
      expect(stateOf(proposal, tally, circulating, t0 - 1)).toBe('PENDING')
      for (const sec of [0, 7 * DAY_SEC]) expect(stateOf(proposal, tally, circulating, t0 + sec)).toBe('ACTIVE')
      if (outcome === 'PASSED') {
        const { proposal: after, change } = execute(proposal, outcome, true, endTs + 1)
        expect([stateOf(after, tally, circulating, endTs + 1), change]).toEqual(['EXECUTED', null])
      }
    }),
    runs(1000),
  )
  // the property means nothing if it never sees one of them
  if (Object.values(outcomes).reduce((sum, count) => sum + count) >= 500)
    for (const seen of Object.values(outcomes)) expect(seen).toBeGreaterThan(20)
})

test('more trust in a yes never turns a proposal down, and a no never lets it pass', () => {
  fc.assert(
    fc.property(terms, ballots, power, (share, given, circulating) => {
      const proposal = propose({ ...order, ...share }, 0n, 0n, t0)
      const votes = given.map(({ atSec: _at, isRepeated: _repeated, ...ballot }) => castVote(proposal, { ...ballot, hasVoted: false }, t0))
      const outcome = (all: Vote[]) => stateOf(proposal, tallyOf(all), circulating, endTs + 1)
      const trusted = votes.map(vote => (vote.choice === 'YES' ? { ...vote, weightUnits: vote.powerUnits } : vote))
      if (outcome(votes) === 'PASSED') expect(outcome(trusted)).toBe('PASSED')
      // the supply is that of the start, so one vote more changes nothing of the quorum but to meet it
      const against: Vote = { choice: 'NO', powerUnits: 5n, trustHundredths: 10_000, weightUnits: 5n }
      const turnout = tallyOf(votes).turnoutUnits
      const hadQuorum = turnout * 10_000n >= BigInt(share.quorumBps) * circulating
      if (hadQuorum && outcome(votes) === 'REJECTED') expect(outcome([...votes, against])).toBe('REJECTED')
    }),
    runs(500),
  )
})

test('trust has two decimals, and every text of one is read back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10_000 }), hundredths => {
      expect(readTrust(formatTrust(hundredths))).toBe(hundredths)
    }),
    runs(100),
  )
  for (const text of ['100.01', '-0.01', '5.001', '1e1', '', 'NaN']) expect(() => readTrust(text)).toThrow('Trust score must be between')
})

describe('a proposal', () => {
  const share = { quorumBps: 1000, thresholdBps: 5000 }
  const given = { ...order, ...share, type: 'PARAMETER_UPDATE' as const }

  test('has a quorum, a threshold and a time that make sense', () => {
    const wrong = (change: object) => refusalOf(() => propose({ ...order, ...share, ...change }, 0n, 0n, t0))
    for (const quorumBps of [0, -1, 10_001, 0.5, Number.NaN]) expect(wrong({ quorumBps })).toBe('Quorum must be above 0 and at most 100')
    for (const thresholdBps of [0, 10_001]) expect(wrong({ thresholdBps })).toMatch(/^The approval threshold/)
    for (const window of [{ startTs: t0 - 1 }, { endTs: t0 }, { startTs: Number.NaN }])
      expect(wrong(window)).toMatch(/^Voting can not start/)
  })

  test('changes only settings that can be voted on, to values within their bounds', () => {
    const change = { name: 'staking.minimum', value: '2.5' }
    const proposal = propose({ ...given, change }, 0n, 0n, t0)
    expect(execute(proposal, 'PASSED', true, endTs + 1)).toEqual({ proposal: { ...proposal, executedTs: endTs + 1 }, change })
    const refused = (wrong: { name: string; value: unknown } | null, type = given.type as 'PARAMETER_UPDATE' | 'POLICY_CHANGE') =>
      refusalOf(() => propose({ ...given, type, change: wrong }, 0n, 0n, t0))
    const says = /^A vote can not change this setting/
    for (const value of ['0', '-1', 5, null, '1.00000001']) expect(refused({ name: 'staking.minimum', value })).toMatch(says)
    for (const name of ['analyst.url', 'session.administratorIdleSec', 'toString', '__proto__', 'none'])
      expect(refused({ name, value: 'x' })).toMatch(says)
    expect(refused(null)).toMatch(says)
    expect(refused(change, 'POLICY_CHANGE')).toMatch(says)
  })

  test('can change every setting of the list to what it is by default, and no other', () => {
    const list = votableParameters()
    expect(list.length).toBeGreaterThan(5)
    for (const name of parameterNames) {
      const work = () => checkChange({ name, value: parameters[name].normal })
      if (list.includes(name)) expect(work()).toEqual({ name, value: parameters[name].normal })
      else expect(work).toThrow('A vote can not change')
    }
    // never signers, roles, endpoints or issuers (tokenomics.md, Governance)
    for (const name of list) expect(name).not.toMatch(/^(analyst|session|rest|jobs)\.|sign|role|url|endpoint|issuer|administrator/i)
  })
})
