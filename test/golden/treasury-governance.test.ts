import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { votableParameters } from '../../src-main/engines/governance/proposal.ts'
import { trustFrom } from '../../src-main/engines/trust/trust.ts'
import { checkLedger } from '../../src-main/store/ledger.ts'
import type { Actor, CommandInput } from '../../src-shared/contract.ts'
import { formatAmount } from '../../src-shared/treasury/amounts.ts'
import { parameterNames, parameters } from '../../src-shared/treasury/parameters.ts'
import { refusals } from '../../src-shared/treasury/refusals.ts'
import { readVectors, vectorUnits } from '../helpers/economy.ts'
import { administrator, nobody, openTreasury, type TestTreasury } from '../helpers/treasury.ts'

/* Governance through the treasury's commands and its ledger, against the vectors of the specification. */

interface Vectors {
  defaults: { quorum: number; threshold: number; min_proposal_balance: string }
  weights: { voting_power: string; trust_score: string; weight_units?: string; error?: string }[]
  tallies: {
    note: string
    votes: { vote: 'YES' | 'NO' | 'ABSTAIN'; voting_power: string; trust_score: string }[]
    quorum: number
    threshold: number
    circulating_supply: string
    turnout: string
    yes_weight: string
    no_weight: string
    abstain_weight: string
    quorum_met: boolean
    status: 'PASSED' | 'REJECTED'
  }[]
  voting_window_inclusive: { voting_start: string; voting_end: string; at: string; error?: string }[]
  checks: { case: string; error?: string; http?: number; ok?: boolean }[]
}
const vectors = readVectors<Vectors>('governance')
const one = 10_000_000n
const DAY = 86_400
/** All BTA-GOV that there is. */
const ALL = '1000000000'

/** Deeds that make this trust; some of the vectors' trusts are so low that nobody can have them, and no deeds below 0. */
function deedsFor(trust: number): { actions: number; applications: number } {
  for (let actions = -6; actions <= 20; actions++)
    for (let applications = -6; applications <= 20; applications++) {
      const none = { counterparties: 0, releasedEscrows: 0, proofs: 0 }
      if (trustFrom({ ...none, repayments: actions, applications }).overall === trust) return { actions, applications }
    }
  throw new Error(`no deeds make a trust of ${trust}`)
}
function trusted(entity: string, trust: number): void {
  const { actions, applications } = deedsFor(trust)
  world.trust(entity, actions, applications)
}

type Voter = Actor & { entity: string }

let world: TestTreasury
let made = 0
/** Holds whatever of BTA-GOV nobody else does, so that all of it circulates. */
let holder: Voter
beforeAll(async () => {
  world = await openTreasury(1_700_000_000)
  // what the disk does is not what is tested here
  world.store.books.pragma('synchronous = OFF')
  holder = await world.entity('Holder')
  await world.run(administrator, 'tokens.fund', { to: holder.entity, token: 'BTA-GOV', amount: ALL })
})
afterAll(() => {
  expect(checkLedger(world.store)).toEqual([])
  world.close()
})

const give = (from: Actor, to: string, amount: string) => world.run(from, 'tokens.transfer', { to, token: 'BTA-GOV', amount })
async function voter(amount: string, trust?: string): Promise<Voter> {
  const actor = await world.entity(`Voter ${made++}`)
  if (amount !== '0') await give(holder, actor.entity, amount)
  if (trust !== undefined) trusted(actor.entity, Number(trust))
  return actor
}
async function giveBack(actor: Voter): Promise<void> {
  const { available } = world.ask(actor, 'tokens.balance', { entityId: actor.entity, tokenId: 'BTA-GOV' })
  if (available > 0n) await give(actor, holder.entity, formatAmount(available))
}
const propose = (actor: Actor, input: Partial<CommandInput<'governance.create'>> = {}) =>
  world.run(actor, 'governance.create', { type: 'POLICY_CHANGE', title: `Proposal ${made++}`, ...input })
const update = (parameter: string, value: string, input: Partial<CommandInput<'governance.create'>> = {}) =>
  propose(holder, { type: 'PARAMETER_UPDATE', parameter, value, ...input })
const vote = (actor: Actor, id: string, choice: string) => world.run(actor, 'governance.vote', { id, vote: choice })
const execute = (id: string, actor = administrator, key?: string) => world.run(actor, 'governance.execute', { id }, key)
const get = (id: string, actor: Actor = nobody) => world.ask(actor, 'governance.get', { id })
/** A second after the end of the vote. */
function pass(endTs: number): void {
  world.clock.ts = endTs + 1
}
async function passed(opened: Awaited<ReturnType<typeof propose>>): Promise<string> {
  await vote(holder, opened.id, 'YES')
  pass(opened.endTs)
  expect(get(opened.id).state).toBe('PASSED')
  return opened.id
}
const refusalOf = (work: Promise<unknown>): Promise<{ code: string; message: string } | null> =>
  work.then(
    () => null,
    ({ code, message }) => ({ code, message }),
  )
const textOf = async (work: Promise<unknown>) => (await refusalOf(work))?.message ?? null

describe('vectors', () => {
  test.each(vectors.voting_window_inclusive)('a vote at $at', async ({ voting_start, voting_end, at, error }) => {
    const seconds = (time: string) => Date.parse(time) / 1000
    const { id } = await propose(holder, { startTs: seconds(voting_start), endTs: seconds(voting_end) })
    const { ts } = world.clock
    world.clock.ts = seconds(at)
    expect(await textOf(vote(holder, id, 'YES'))).toBe(error ?? null)
    world.clock.ts = ts
  })

  test('the weight of every power and trust, before the vote and as it is cast', async () => {
    const voters: Voter[] = []
    for (const { voting_power, trust_score } of vectors.weights) voters.push(await voter(voting_power, trust_score))
    const { id, endTs } = await propose(holder)
    for (const [at, { voting_power, trust_score, weight_units, error }] of vectors.weights.entries()) {
      const actor = voters[at]!
      if (error) {
        expect(await refusalOf(vote(actor, id, 'YES'))).toEqual({ code: 'governance.trust', message: error })
        continue
      }
      const counts = { power: vectorUnits(voting_power), trust: Number(trust_score), weight: BigInt(weight_units!) }
      expect(world.ask(actor, 'governance.power', { id })).toEqual({ ...counts, vote: null })
      expect((await vote(actor, id, 'YES')).mine).toEqual({ ...counts, vote: 'YES' })
      const { rows } = world.ask(nobody, 'governance.votes', { id, voterId: actor.entity })
      expect(rows).toMatchObject([{ ...counts, vote: 'YES', castTs: world.clock.ts }])
    }
    expect(get(id).yes).toBe(vectors.weights.reduce((sum, { weight_units = '0' }) => sum + BigInt(weight_units), 0n))
    pass(endTs)
    for (const actor of voters) await giveBack(actor)
  })

  test.each(vectors.tallies)('$note', async vector => {
    expect(vector.circulating_supply).toBe(ALL)
    const voters: Voter[] = []
    for (const { voting_power, trust_score } of vector.votes) voters.push(await voter(voting_power, trust_score))
    const { id, endTs } = await propose(voters[0]!, { quorumPercent: vector.quorum, thresholdPercent: vector.threshold })
    for (const [at, actor] of voters.entries()) await vote(actor, id, vector.votes[at]!.vote)
    expect(get(id).state).toBe('ACTIVE')
    pass(endTs)
    const outcome = get(id)
    expect(outcome).toMatchObject({
      ...{ turnout: vectorUnits(vector.turnout), circulating: vectorUnits(ALL), votes: voters.length, mine: null },
      ...{ yes: vectorUnits(vector.yes_weight), no: vectorUnits(vector.no_weight), abstain: vectorUnits(vector.abstain_weight) },
      ...{ isQuorate: vector.quorum_met, state: vector.status },
    })
    // what comes after the vote changes nothing of it, however late it is read
    for (const actor of voters) {
      await giveBack(actor)
      trusted(actor.entity, 0)
    }
    const { ts } = world.clock
    world.clock.ts += 4000 * DAY
    expect(get(id)).toEqual(outcome)
    world.clock.ts = ts
  })

  test('every check has its words and its status', async () => {
    const least = vectors.defaults.min_proposal_balance
    const [poor, rich] = [await voter('999.9999999'), await voter(least)]
    // locked ones count
    await world.run(rich, 'tokens.lock', { token: 'BTA-GOV', amount: least })
    const pending = await propose(holder, { startTs: world.clock.ts + 30 * DAY })
    const active = await propose(holder)
    const rejected = await propose(holder, { endTs: world.clock.ts + 1 })
    const ended = await passed(await propose(holder, { endTs: world.clock.ts + 2 }))
    const works: Record<string, (() => Promise<unknown>)[]> = {
      'proposer holds 999.9999999 BTA-GOV': [() => propose(poor)],
      'proposer holds 1000 BTA-GOV': [() => propose(rich)],
      'vote "MAYBE"': [() => vote(holder, active.id, 'MAYBE')],
      'unknown proposal': [() => vote(holder, 'prop-999999', 'YES'), () => execute('prop-999999'), () => execute('x')],
      'execute while ACTIVE/REJECTED/PENDING': [active, rejected, pending].map(
        ({ id }) =>
          () =>
            execute(id),
      ),
      'execute by non-admin': [() => execute(ended, holder), () => execute(ended, nobody)],
      'execute twice': [() => execute(ended).then(() => execute(ended))],
      'quorum 0': [() => propose(holder, { quorumPercent: 0 })],
    }
    expect([pending, rejected].map(({ id }) => get(id).state)).toEqual(['PENDING', 'REJECTED'])
    const places = Object.keys(works)
    const checks = [...vectors.checks].sort((a, b) => places.indexOf(a.case) - places.indexOf(b.case))
    for (const { case: about, error, http } of checks) {
      expect(works[about]?.length, about).toBeGreaterThan(0)
      for (const work of works[about]!) {
        const refused = await refusalOf(work())
        expect(refused?.message ?? null, about).toBe(error ?? null)
        if (refused) expect(refusals[refused.code as keyof typeof refusals][0], about).toBe(http)
      }
    }
    await world.run(rich, 'tokens.unlock', { token: 'BTA-GOV', amount: least })
    for (const actor of [poor, rich]) await giveBack(actor)
  })
})

describe('power', () => {
  test('is what was held when the vote started: no token votes twice, and nothing that comes later counts', async () => {
    const [anna, bob] = [await voter('5000', '100'), await voter('1', '100')]
    const { id, startTs, endTs } = await propose(holder, { startTs: world.clock.ts + DAY })
    expect(get(id, anna)).toMatchObject({ state: 'PENDING', mine: { power: 5000n * one, vote: null } })
    expect(await textOf(vote(anna, id, 'YES'))).toBe('Voting has not started yet')
    world.clock.ts = startTs
    // in the first second itself: up to the first vote it counts
    await world.run(anna, 'tokens.lock', { token: 'BTA-GOV', amount: '2000' })
    await vote(anna, id, 'no')
    await give(anna, bob.entity, '3000')
    trusted(bob.entity, 100)
    expect(world.ask(bob, 'governance.power', { id }).power).toBe(one)
    world.clock.ts += 10
    await world.run(anna, 'tokens.unlock', { token: 'BTA-GOV', amount: '2000' })
    await give(anna, bob.entity, '2000')
    expect((await vote(bob, id, 'YES')).mine).toMatchObject({ power: one, vote: 'YES' })
    expect(await refusalOf(vote(anna, id, 'YES'))).toEqual({ code: 'governance.voted', message: 'Already voted on this proposal' })
    // nor what is booked by a clock that was set back
    world.clock.ts = startTs - 100
    const late = await voter('7', '100')
    world.clock.ts = endTs
    expect(world.ask(late, 'governance.power', { id }).power).toBe(0n)
    expect((await vote(late, id, 'ABSTAIN')).turnout).toBe(5001n * one)
    world.clock.ts++
    expect(await textOf(vote(holder, id, 'YES'))).toBe('Voting has ended')
    expect(get(id)).toMatchObject({ yes: one, no: 5000n * one, votes: 3, state: 'REJECTED' })
    for (const actor of [bob, late]) await giveBack(actor)
  })

  test('what the treasury holds neither votes nor counts for the quorum; what circulates is that of the start', async () => {
    await give(holder, 'treasury', '600000000')
    const opened = await propose(holder)
    const { id, endTs, needed, circulating } = opened
    expect([circulating, needed]).toEqual([400_000_000n * one, 40_000_000n * one])
    world.clock.ts += 5
    await world.run(administrator, 'tokens.fund', { to: holder.entity, token: 'BTA-GOV', amount: '600000000' })
    expect(get(id)).toMatchObject({ circulating, needed, isQuorate: false })
    const some = await voter('50000000')
    expect(world.ask(some, 'governance.power', { id }).power).toBe(0n)
    await vote(holder, id, 'YES')
    expect(get(id)).toMatchObject({ circulating, turnout: opened.mine!.power, isQuorate: true })
    pass(endTs)
    await giveBack(some)
  })

  test('a program of an entity sees its own vote only; whoever is not unlocked has none', async () => {
    const { id, endTs } = await propose(holder)
    const anna = await voter('10')
    await vote(holder, id, 'YES')
    await vote(anna, id, 'NO')
    expect(world.ask(anna, 'governance.votes', { id }).rows.map(({ voterId }) => voterId)).toEqual([anna.entity])
    expect(world.ask(nobody, 'governance.votes', { id })).toMatchObject({
      total: 2,
      rows: [{ voterId: anna.entity }, { voterName: 'Holder' }],
    })
    expect(await refusalOf(vote(nobody, id, 'YES'))).toMatchObject({ code: 'entities.locked' })
    expect(get(id)).toMatchObject({ mine: null, votes: 2, proposerName: 'Holder' })
    pass(endTs)
    await giveBack(anna)
  })
})

describe('execution', () => {
  const value = (name: string) => world.ask(nobody, 'configuration.list', {}).parameters.find(found => found.name === name)!.value

  test('sets the setting that the proposal names to its value, once, and says so in its history', async () => {
    const opened = await update('staking.minimum', '0012.50')
    expect(opened.change).toMatchObject({ name: 'staking.minimum', unit: 'AZR', value: '"12.5"', present: '"1"', before: null })
    const id = await passed(opened)
    expect(value('staking.minimum')).toBe('"1"')
    await world.configure({ 'staking.minimum': '2' })
    const done = await execute(id, administrator, 'the key of the execution')
    expect(done).toMatchObject({
      state: 'EXECUTED',
      executedTs: world.clock.ts,
      change: { value: '"12.5"', present: '"12.5"', before: '"2"' },
    })
    expect(value('staking.minimum')).toBe('"12.5"')
    expect(world.ask(nobody, 'configuration.history', { name: 'staking.minimum' }).rows[0]).toMatchObject({
      value: '"12.5"',
      changedTs: world.clock.ts,
      changedBy: `administrator (${id})`,
    })
    await world.configure({ 'staking.minimum': '1' })
    expect(await execute(id, administrator, 'the key of the execution')).toEqual(done)
    expect(await refusalOf(execute(id))).toEqual({ code: 'governance.executed', message: 'Proposal already executed' })
    expect(value('staking.minimum')).toBe('"1"')
    expect(get(id).change).toMatchObject({ present: '"1"', before: '"2"' })
  })

  test('a proposal keeps the quorum and the threshold of its day, also those that it changes itself', async () => {
    const first = await update('governance.quorumPercent', '100')
    await execute(await passed(first))
    expect(get(first.id)).toMatchObject({ quorumPercent: 10, state: 'EXECUTED' })
    expect(world.ask(nobody, 'governance.terms', {})).toMatchObject({ quorumPercent: 100, thresholdPercent: 50, voteDays: 7 })
    expect((await propose(holder)).quorumPercent).toBe(100)
    await world.run(administrator, 'configuration.reset', { name: 'governance.quorumPercent' })
  })

  test('every setting that can be voted on, within its bounds; no other', async () => {
    const shown = world.ask(nobody, 'governance.terms', {}).parameters
    expect(shown.map(({ name }) => name)).toEqual(votableParameters())
    const refused = { code: 'governance.parameter', message: refusals['governance.parameter'][1] }
    for (const { name, kind, least, most, value: present } of shown) {
      expect(present).toBe(value(name))
      const [below, above] = [vectorUnits(least) - 1n, vectorUnits(most) + 1n]
      for (const good of [least, most]) expect((await update(name, good)).change, `${name} ${good}`).not.toBe(null)
      const past = kind === 'amount' ? [below, above].map(formatAmount) : [String(Number(least) - 1), String(Number(most) + 1), '1.5']
      for (const bad of [...past, 'x', '', ' ']) {
        const failed = await refusalOf(update(name, bad))
        expect(failed, `${name} ${bad}`).toEqual(bad.trim() === '' ? expect.objectContaining({ code: 'usage' }) : refused)
      }
    }
    const others = parameterNames.filter(name => !('byVote' in parameters[name]))
    expect(others).toEqual(
      expect.arrayContaining(['analyst.url', 'rest.open', 'rest.port', 'tokens.table', 'session.administratorIdleSec']),
    )
    for (const name of [...others, 'no.such', 'constructor']) expect(await refusalOf(update(name, '1')), name).toEqual(refused)
    const half = { parameter: 'payments.feeBps', value: '5' }
    expect(await refusalOf(propose(holder, half))).toEqual(refused)
    expect(await refusalOf(propose(holder, { type: 'PARAMETER_UPDATE' }))).toEqual(refused)
    expect(await refusalOf(propose(holder, { parameter: 'payments.feeBps' }))).toMatchObject({ code: 'usage' })
  })

  test('a value that does not go with the other settings is refused when it is proposed, and when it no longer does', async () => {
    expect(await refusalOf(update('credit.usualRateBps', '1501'))).toMatchObject({ code: 'governance.parameter' })
    await world.configure({ 'credit.maxRateBps': '900' })
    expect(await refusalOf(update('credit.usualRateBps', '1000'))).toMatchObject({ code: 'config.invalid' })
    const id = await passed(await update('credit.usualRateBps', '800'))
    await world.configure({ 'credit.maxRateBps': '700' })
    expect(await refusalOf(execute(id))).toMatchObject({ code: 'config.invalid' })
    expect(get(id)).toMatchObject({ state: 'PASSED', executedTs: null })
    await world.run(administrator, 'configuration.reset', { name: 'credit.maxRateBps' })
    expect((await execute(id)).state).toBe('EXECUTED')
    await world.run(administrator, 'configuration.reset', { name: 'credit.usualRateBps' })
  })
})

test('a proposal needs a title that can be read, a window that is to come, and shares with 2 decimals', async () => {
  const { ts } = world.clock
  const cases: [Partial<CommandInput<'governance.create'>>, string][] = [
    [{ title: '\u202e\u200b' }, 'usage'],
    [{ startTs: ts - 1 }, 'governance.window'],
    [{ endTs: ts }, 'governance.window'],
    [{ quorumPercent: 100.01 }, 'governance.quorum'],
    [{ quorumPercent: 33.333 }, 'usage'],
    [{ thresholdPercent: 0 }, 'governance.threshold'],
    [{ thresholdPercent: 101 }, 'governance.threshold'],
  ]
  for (const [input, code] of cases) expect(await refusalOf(propose(holder, input)), JSON.stringify(input)).toMatchObject({ code })
  const { startTs, endTs, quorumPercent } = await propose(holder, { quorumPercent: 0.07, thresholdPercent: 66.67 })
  expect([startTs, endTs - startTs, quorumPercent]).toEqual([ts, 7 * DAY, 0.07])
})

test('the list is newest first, all of it or those that are open or over', async () => {
  await propose(holder, { startTs: world.clock.ts + 1 })
  const { total, rows } = world.ask(nobody, 'governance.list', { limit: 1000 })
  expect(rows).toHaveLength(total)
  const numbers = rows.map(({ id }) => Number(id.slice(5)))
  expect(numbers).toEqual([...numbers].sort((a, b) => b - a))
  const open = world.ask(holder, 'governance.list', { open: true, limit: 1000 })
  const over = world.ask(holder, 'governance.list', { open: false, limit: 1000 })
  expect(open.total + over.total).toBe(total)
  expect(new Set(open.rows.map(({ state }) => state))).toEqual(new Set(['PENDING', 'ACTIVE']))
  expect(open.rows.every(({ mine }) => mine !== null)).toBe(true)
  expect(new Set(over.rows.map(({ state }) => state))).toEqual(new Set(['PASSED', 'REJECTED', 'EXECUTED']))
  expect(world.ask(nobody, 'governance.list', { offset: 1, limit: 2 }).rows).toEqual(rows.slice(1, 3))
})

test('the database itself keeps what was proposed, what votes are counted by, and every vote', async () => {
  const { id } = await propose(holder, { endTs: world.clock.ts + 60 })
  const number = Number(id.slice(5))
  const sql = (text: string) => () => world.store.books.exec(text.replaceAll('$', String(number)))
  const insert = `INSERT INTO governance_votes (proposal, entity, choice, power, trust, weight, cast_ts) VALUES`
  expect(sql(`${insert} ($, 'a', 'YES', 1, 100, 1, ${world.clock.ts})`)).toThrow('while it is on')
  await vote(holder, id, 'YES')
  expect(sql(`${insert} ($, 'a', 'YES', 1, 100, 1, ${world.clock.ts + 61})`)).toThrow('while it is on')
  expect(sql(`${insert} ($, 'a', 'YES', 1, 100, 2, ${world.clock.ts})`)).toThrow('CHECK')
  expect(sql(`${insert} ($, '${holder.entity}', 'NO', 1, 100, 1, ${world.clock.ts})`)).toThrow('UNIQUE')
  expect(sql('UPDATE governance_votes SET power = 0, weight = 0 WHERE proposal = $')).toThrow('stays what it is')
  expect(sql('DELETE FROM governance_votes WHERE proposal = $')).toThrow('a vote stays')
  expect(sql("UPDATE governance_proposals SET title = 'other' WHERE id = $")).toThrow('stays what it is')
  expect(sql('UPDATE governance_proposals SET circulating = 1 WHERE id = $')).toThrow('fixed once')
  expect(sql('UPDATE governance_proposals SET executed_ts = end_ts WHERE id = $')).toThrow('CHECK')
  expect(sql('DELETE FROM governance_proposals WHERE id = $')).toThrow('a proposal stays')
  pass(world.clock.ts + 60)
  await execute(id)
  expect(sql('UPDATE governance_proposals SET executed_ts = NULL WHERE id = $')).toThrow('carried out once')
})
