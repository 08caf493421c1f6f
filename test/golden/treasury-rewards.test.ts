import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkLedger } from '../../src-main/store/ledger.ts'
import type { Actor, CommandInput } from '../../src-shared/contract.ts'
import { formatAmount } from '../../src-shared/treasury/amounts.ts'
import { refusals } from '../../src-shared/treasury/refusals.ts'
import type { Proof } from '../../src-shared/treasury/rewards.ts'
import { rewardKinds } from '../../src-shared/treasury/rewards.ts'
import { readVectors, vectorUnits } from '../helpers/economy.ts'
import { administrator, nobody, openTreasury, type TestTreasury } from '../helpers/treasury.ts'

/* Rewards through the treasury's commands and its ledger, against the vectors of the specification: proof of knowledge (pok) and the others (bta). */

interface RewardVector {
  difficulty: number
  score: number
  total: string
}
interface PokVectors {
  vectors: RewardVector[]
  half_cases: RewardVector[]
  fractional_scores: { difficulty: number; score: string; total: string }[]
  invalid: { difficulty: number; score: number | string; completed?: boolean; error: string }[]
  ubo_fund: {
    initial: number
    rewards: Record<string, Record<string, number>>
    vectors: {
      fund: number
      type: string
      category: string
      amount?: number
      http: number
      error?: string
      fund_after: number
    }[]
  }
  proof_hash: {
    vectors: (Record<'id' | 'user_id' | 'module_id' | 'score' | 'reward' | 'currency' | 'timestamp' | 'canonical' | 'sha256', string> & {
      difficulty: number
    })[]
  }
}
const pok = readVectors<PokVectors>('pok')
const one = 10_000_000n
const startTs = 1_900_000_000

let world: TestTreasury
let ann: Actor & { entity: string }
let bob: Actor & { entity: string }
let made = 0
beforeAll(async () => {
  world = await openTreasury(startTs)
  // what the disk does is not what is tested here
  world.store.books.pragma('synchronous = OFF')
  ann = await world.entity('Ann')
  bob = await world.entity('Bob')
})
afterAll(() => {
  expect(checkLedger(world.store)).toEqual([])
  world.close()
})

const prove = (actor: Actor, input: Partial<CommandInput<'rewards.prove'>>) =>
  world.run(actor, 'rewards.prove', { moduleId: `module-${made++}`, difficulty: 1, completed: true, ...input })
const refusalOf = (work: Promise<unknown>): Promise<{ code: keyof typeof refusals; message: string } | null> =>
  work.then(
    () => null,
    ({ code, message }) => ({ code, message }),
  )
const fund = () => world.ask(nobody, 'rewards.fund', {})
async function fundOf(amount: bigint): Promise<void> {
  const { available } = fund()
  const [from, to] = available > amount ? ['ubo-fund', 'treasury'] : ['treasury', 'ubo-fund']
  const difference = available > amount ? available - amount : amount - available
  if (difference > 0n)
    await world.run(administrator, 'tokens.fund', { from: from!, to: to!, token: 'AZR', amount: formatAmount(difference) })
}
const verify = (proof: unknown) => world.ask(nobody, 'rewards.verify', { text: typeof proof === 'string' ? proof : JSON.stringify(proof) })

describe('proof of knowledge', () => {
  test('the reward of every vector, of a number and of its text, which is kept to the letter', async () => {
    for (const { difficulty, score, total } of [...pok.vectors, ...pok.half_cases]) {
      const given = made % 2 === 0 ? { score } : { scoreText: String(score) }
      const { proof, reward, state } = await prove(ann, { difficulty, ...given })
      expect([proof.reward, proof.score, proof.difficulty, state]).toEqual([total, String(score), difficulty, 'accrued'])
      expect(reward).toBe(vectorUnits(total))
    }
    for (const { difficulty, score, total } of pok.fractional_scores) {
      const { proof } = await prove(ann, { difficulty, scoreText: score })
      expect([proof.reward, proof.score]).toEqual([total, score])
    }
    const proofs = pok.vectors.length + pok.half_cases.length + pok.fractional_scores.length
    expect(world.ask(ann, 'rewards.proofs', { limit: 1 })).toMatchObject({ total: proofs })
    expect(world.ask(bob, 'rewards.proofs', {})).toMatchObject({ total: 0 })
    expect(() => world.ask(bob, 'rewards.proofs', { recipientId: ann.entity })).toThrow('another entity')
    expect(fund()).toMatchObject({ accruedProofs: proofs, paid: 0n })
  })

  test('what is refused, and one reward for each user and module', async () => {
    const before = fund().accruedProofs
    for (const { difficulty, score, completed = true, error } of pok.invalid) {
      const given: unknown = score === 'NaN' ? Number.NaN : score === '"85" (string)' ? '85' : score
      expect((await refusalOf(prove(ann, { difficulty, score: given, completed })))?.message, String(score)).toBe(error)
    }
    for (const given of [{}, { score: 5, scoreText: '5' }, { scoreText: '5e1' }, { scoreText: '-1' }, { score: null }])
      expect(await refusalOf(prove(ann, given)), JSON.stringify(given)).toMatchObject({ code: 'rewards.score' })
    await prove(ann, { moduleId: 'rust-1', score: 50, id: 'own-id' })
    expect(await refusalOf(prove(ann, { moduleId: 'rust-1', score: 90 }))).toMatchObject({ code: 'rewards.repeated' })
    expect(await refusalOf(prove(bob, { moduleId: 'rust-1', score: 90, id: 'own-id' }))).toMatchObject({ code: 'rewards.proof-id' })
    expect((await prove(bob, { moduleId: 'rust-1', score: 90 })).proof.userId).toBe(bob.entity)
    expect(fund().accruedProofs).toBe(before + 2)
    expect(await refusalOf(prove(nobody, { score: 1 }))).toMatchObject({ code: 'entities.locked' })
  })

  test('a proof is verified again: stored, exported, altered, and those of the vectors', async () => {
    const { proof } = await prove(ann, { difficulty: 5, score: 85, id: '00000000-0000-4000-8000-000000000009' })
    expect(proof).toMatchObject({ reward: '0.96', timestamp: new Date(world.clock.ts * 1000).toISOString(), currency: 'AZR' })
    const stored = world.ask(ann, 'rewards.proof', { id: proof.id })
    expect(stored).toMatchObject({ problems: [], proof })
    expect(JSON.parse(stored.record)).toEqual([
      'azora-pok-v1',
      proof.id,
      ann.entity,
      proof.moduleId,
      5,
      '85',
      '0.96',
      'AZR',
      proof.timestamp,
    ])
    expect(() => world.ask(bob, 'rewards.proof', { id: proof.id })).toThrow('Proof not found')
    const { text, fileName } = world.ask(ann, 'rewards.exportProof', { id: proof.id })
    expect(fileName).toBe(`proof-${proof.id}.json`)
    expect(verify(text)).toEqual({ holds: true, problems: [], books: 'same' })
    expect(verify({ ...proof, reward: '9.96' })).toMatchObject({
      holds: false,
      problems: [{ about: 'hash' }, { about: 'reward' }],
      books: 'other',
    })
    expect(verify('{')).toMatchObject({ holds: false, problems: [{ about: 'form' }], books: 'none' })
    expect(verify({ ...proof, more: 1 })).toMatchObject({ holds: false, problems: [{ about: 'form' }] })
    for (const { user_id, module_id, canonical, sha256, ...fields } of pok.proof_hash.vectors) {
      const foreign: Proof = { ...fields, userId: user_id, moduleId: module_id, hash: sha256 }
      expect(canonical).toContain(user_id)
      expect(verify(foreign)).toEqual({ holds: true, problems: [], books: 'none' })
      expect(verify({ ...foreign, userId: module_id, moduleId: user_id }).holds).toBe(false)
    }
  })
})

describe('the UBO fund', () => {
  test('starts with what the rules say, and pays their amounts', () => {
    expect(fund().available).toBe(vectorUnits(String(pok.ubo_fund.initial)))
    const amounts = Object.entries(pok.ubo_fund.rewards).flatMap(([type, row]) =>
      Object.entries(row).map(([category, tokens]) => ({ type, category, amount: vectorUnits(String(tokens)) })),
    )
    expect(fund().amounts).toEqual(amounts)
  })

  test('every vector: one decrement, or a refusal with its status', async () => {
    for (const vector of pok.ubo_fund.vectors) {
      const units = (tokens: number) => vectorUnits(String(tokens))
      await fundOf(units(vector.fund))
      const [had, paid] = [world.azrOf(bob.entity), fund().paid]
      const { type, category } = vector
      const refused = await refusalOf(world.run(administrator, 'rewards.payAmount', { to: bob.entity, type, category, memo: 'well done' }))
      expect(refused?.message ?? null, `${type} ${category}`).toBe(vector.error ?? null)
      expect(refused ? refusals[refused.code][0] : 200).toBe(vector.http)
      const amount = refused ? 0n : units(vector.amount!)
      expect([fund().available, fund().paid - paid, world.azrOf(bob.entity) - had]).toEqual([units(vector.fund_after), amount, amount])
    }
    const own = { to: bob.entity, type: 'milestone_bonus', category: 'first_module' }
    expect(await refusalOf(world.run(bob, 'rewards.payAmount', own))).toMatchObject({ code: 'administrator.needed' })
    expect(await refusalOf(world.run(administrator, 'rewards.payAmount', { ...own, to: 'treasury' }))).toMatchObject({
      code: 'rewards.recipient',
    })
    expect(world.ask(bob, 'rewards.payments', {}).rows[0]).toMatchObject({
      proofId: null,
      type: 'module_completion',
      memo: 'well done',
      trust: 29,
    })
  })

  test('a batch pays each accrued proof once, with its progress; what the fund does not have is left', async () => {
    const ids: string[] = []
    for (const difficulty of [10, 1, 9]) ids.push((await prove(bob, { difficulty, score: 100 })).proof.id)
    const [large, small, middle] = ids as [string, string, string]
    // 2.50, 0.16 and 2.16
    await fundOf(vectorUnits('2.4'))
    const had = world.azrOf(bob.entity)
    const batch = { ids: [large, small, 'none', middle, small] }
    expect(await refusalOf(world.run(bob, 'rewards.pay', batch))).toMatchObject({ code: 'administrator.needed' })
    const first = await world.run(administrator, 'rewards.pay', batch, 'batch 1')
    const shown = first.steps.map(({ outcome, total, done, of, why }) => [outcome, formatAmount(total), `${done}/${of}`, why])
    expect(shown).toEqual([
      ['refused', '0', '1/5', 'Insufficient UBO funds for reward payment'],
      ['paid', '0.16', '2/5', null],
      ['unknown', '0.16', '3/5', 'Proof not found'],
      ['paid', '2.32', '4/5', null],
      ['paid-before', '2.32', '5/5', 'It was paid already'],
    ])
    expect(first).toMatchObject({ paid: 2, total: vectorUnits('2.32'), fund: { available: vectorUnits('0.08') } })
    expect(await world.run(administrator, 'rewards.pay', batch, 'batch 1')).toEqual(first)
    expect(world.azrOf(bob.entity) - had).toBe(vectorUnits('2.32'))
    await world.run(administrator, 'rewards.topUp', { amount: '10' })
    expect(await world.run(administrator, 'rewards.pay', batch)).toMatchObject({ paid: 1, total: vectorUnits('2.5') })
    expect(await world.run(administrator, 'rewards.pay', batch)).toMatchObject({ paid: 0, total: 0n })
    expect(world.azrOf(bob.entity) - had).toBe(vectorUnits('4.82'))
    expect(world.ask(bob, 'rewards.proof', { id: large })).toMatchObject({ state: 'paid', paidTs: world.clock.ts, problems: [] })
    // in the same second: submitted, then paid
    const events = world.ask(bob, 'rewards.events', { limit: 6 }).rows
    expect(events.slice(0, 3).map(({ event, proofId }) => [event, proofId])).toEqual([
      ['reward-paid', large],
      ['reward-paid', middle],
      ['reward-paid', small],
    ])
    expect(world.ask(bob, 'rewards.events', {}).rows.filter(({ event }) => event === 'proof-submitted')).toHaveLength(4)
  })

  test('it warns from 80 percent of use on; a top-up must be there and above 0', async () => {
    const { paid } = fund()
    // paid/(fund+paid) is 80 % where the fund has a quarter of what it paid
    await fundOf(paid / 4n + 1n)
    expect(fund()).toMatchObject({ isLow: false, utilisationBps: 7_999, warnPercent: 80 })
    await fundOf(paid / 4n)
    expect(fund()).toMatchObject({ isLow: true, utilisationBps: 8_000 })
    expect(await world.run(administrator, 'rewards.topUp', { amount: '1000000' })).toMatchObject({ isLow: false, paid })
    for (const [amount, code] of [
      ['0', 'rewards.top-up'],
      ['2000000000', 'tokens.balance'],
    ] as const)
      expect(await refusalOf(world.run(administrator, 'rewards.topUp', { amount }))).toMatchObject({ code })
  })

  test('trust counts the proofs that were paid', () => {
    world.clock.ts += 2 * 86_400
    expect(world.ask(bob, 'trust.get', {}).r).toBe(3)
    expect(world.ask(ann, 'trust.get', {}).r).toBe(0)
  })
})

describe('other rewards', () => {
  const grant = (to: string, amount: string, kind: (typeof rewardKinds)[number] = 'learning') =>
    world.run(administrator, 'rewards.grant', { to, kind, amount, memo: 'thanks' })
  const distribute = (rewardId: string) => world.run(administrator, 'rewards.distribute', { rewardId })
  const claim = (actor: Actor, rewardId: string) => world.run(actor, 'rewards.claim', { rewardId })
  const held = (actor: { entity: string }) =>
    world.ask(nobody, 'tokens.balance', { entityId: actor.entity, tokenId: 'BTA-REWARD' }).available

  test('pending, distributed once, claimed by whom it is for', async () => {
    const [distributing, byAnother, notPositive] = readVectors<{ reward_states: Record<string, string>[] }>('bta').reward_states
    const { id, ...granted } = await grant('Ann', '12.5')
    expect(granted).toMatchObject({
      state: distributing?.from,
      recipientId: ann.entity,
      amount: vectorUnits('12.5'),
      trust: 29,
      entry: null,
    })
    expect(held(ann)).toBe(0n)
    expect((await refusalOf(claim(ann, id)))?.message).toBe('Reward is not available for claiming')
    expect(await distribute(id)).toMatchObject({ state: distributing?.to, distributedTs: world.clock.ts })
    expect(held(ann)).toBe(vectorUnits('12.5'))
    expect((await refusalOf(distribute(id)))?.code).toBe('rewards.distributed')
    expect((await refusalOf(claim(bob, id)))?.message).toBe(byAnother?.error)
    expect(await claim(ann, id)).toMatchObject({ state: 'CLAIMED', claimedTs: world.clock.ts })
    expect((await refusalOf(claim(ann, id)))?.message).toBe('Reward is not available for claiming')
    expect(held(ann)).toBe(vectorUnits('12.5'))
    for (const amount of ['0', '-1']) expect((await refusalOf(grant('Ann', amount)))?.message).toBe(notPositive?.error)
    for (const unknown of ['rew-999', 'x']) expect((await refusalOf(distribute(unknown)))?.message).toBe('Reward not found')
    expect((await refusalOf(grant('treasury', '1')))?.code).toBe('rewards.recipient')
    expect(await refusalOf(world.run(ann, 'rewards.grant', { to: 'Ann', kind: 'referral', amount: '1' }))).toMatchObject({
      code: 'administrator.needed',
    })
  })

  test('lists and totals', async () => {
    for (const kind of rewardKinds) await grant('Bob', '3', kind)
    const { rows } = world.ask(bob, 'rewards.list', {})
    expect(rows.map(({ kind }) => kind)).toEqual([...rewardKinds].reverse())
    await distribute(rows[0]!.id)
    await distribute(rows[1]!.id)
    await claim(bob, rows[1]!.id)
    const totals = world.ask(bob, 'rewards.totals', { recipientId: 'Bob' })
    expect(totals).toMatchObject({ pending: 6n * one, distributed: 3n * one, claimed: 3n * one })
    expect(totals.kinds.find(({ kind }) => kind === 'governance')).toMatchObject({ rewards: 1, pending: 0n, claimed: 3n * one })
    const paid = world.ask(bob, 'rewards.payments', {}).rows.reduce((sum, { amount }) => sum + amount, 0n)
    expect(totals.fund).toEqual({
      token: 'AZR',
      proofs: 4,
      accrued: world.ask(bob, 'rewards.proofs', { state: 'accrued' }).rows[0]!.reward,
      paid,
    })
    expect(world.ask(bob, 'rewards.list', { state: 'PENDING' }).total).toBe(2)
    expect(() => world.ask(ann, 'rewards.totals', { recipientId: 'Bob' })).toThrow('another entity')
    expect(world.ask(nobody, 'rewards.list', { everybody: true }).total).toBe(5)
    // a token of the REST door gets its own
    expect(world.ask(ann, 'rewards.list', { everybody: true }).total).toBe(1)
  })

  test('the database itself keeps proofs, payments and rewards', () => {
    const change = (sql: string) => () => world.store.books.exec(sql)
    expect(change("UPDATE knowledge_proofs SET reward = 1 WHERE id = 'own-id'")).toThrow('a proof stays')
    expect(change('DELETE FROM fund_payments')).toThrow('stays')
    expect(
      change(`INSERT INTO fund_payments (entity, amount, proof, memo, trust, paid_ts, entry)
        SELECT entity, reward + 1, number, '', 0, 1, 1 FROM knowledge_proofs WHERE id = 'own-id'`),
    ).toThrow('a proof is paid its reward')
    expect(
      change("UPDATE minted_rewards SET state = 'PENDING', entry = NULL, distributed_ts = NULL, claimed_ts = NULL WHERE id = 1"),
    ).toThrow('distributed once')
    expect(change('UPDATE minted_rewards SET amount = 1 WHERE id = 1')).toThrow(/^a reward (stays what it is|is distributed once)/)
  })
})
