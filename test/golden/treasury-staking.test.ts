import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accrueStaking } from '../../src-main/core/treasury/staking.ts'
import { checkLedger } from '../../src-main/store/ledger.ts'
import type { Actor, CommandInput } from '../../src-shared/contract.ts'
import { formatAmount } from '../../src-shared/treasury/amounts.ts'
import { readVectors, vectorUnits } from '../helpers/economy.ts'
import { administrator, nobody, openTreasury, type TestTreasury } from '../helpers/treasury.ts'

/* Staking through the treasury's commands and its ledger, against the vectors of the specification: fixed terms (staking) and pools (bta). */

interface StakingVectors {
  apy: { duration: number; accepted: boolean; error?: string; apy_bps?: number; unstaking?: string }[]
  amounts: { amount: string; error?: string }[]
  rewards: {
    amount: string
    duration: number
    apy_bps: number
    elapsed_seconds: number
    accrued_days: number
    reward_units: string
    unstake: { status: 'completed' | 'unstaking'; returned_units?: string; available_after_seconds?: number }
  }[]
  daily_credit: { amount: string; apy_bps: number; days: number; daily_credit_units_first4: string[]; entitlement: string }[]
  unstake_timeline: { event: string; error?: string }[]
  reward_pool_shortfall: Record<'reward_pool' | 'reward_due' | 'paid_now' | 'still_owed' | 'pool_after', string>[]
}
interface PoolVectors {
  staking_rewards: { amount: string; apy_bps: number; elapsed_seconds: number; reward_units: string }[]
  lock: { lock_period_days: number; elapsed_seconds: number; error?: string }[]
  stake_checks: { max_stake?: string; amount?: string; min_trust_score?: string; pool?: 'inactive' | 'unknown'; error?: string }[]
}
const staking = readVectors<StakingVectors>('staking')
const bta = readVectors<PoolVectors>('bta')
const one = 10_000_000n
const DAY = 86_400
const start = 1_700_000_000

let world: TestTreasury
let made = 0
beforeAll(async () => {
  world = await openTreasury(start)
  // what the disk does is not what is tested here
  world.store.books.pragma('synchronous = OFF')
})
afterAll(() => {
  expect(checkLedger(world.store)).toEqual([])
  world.close()
})

type Staker = Actor & { entity: string }

async function staker(amount: string, token = 'AZR'): Promise<Staker> {
  const actor = await world.entity(`Staker ${made++}`)
  await world.run(administrator, 'tokens.fund', { to: actor.entity, token, amount })
  return actor
}
const stake = (actor: Actor, input: CommandInput<'staking.stake'>) => world.run(actor, 'staking.stake', input)
const stakeIn = async (input: CommandInput<'staking.stake'>) => {
  const actor = await staker(input.amount)
  return { actor, ...(await stake(actor, input)) }
}
const unstake = (actor: Actor, stakeId: string) => world.run(actor, 'staking.unstake', { stakeId })
const claim = (actor: Actor, stakeId: string) => world.run(actor, 'staking.claim', { stakeId })
const get = (stakeId: string) => world.ask(nobody, 'staking.get', { stakeId })
const wallet = () => world.ask(nobody, 'staking.wallet', {})
const fillWallet = (amount: string) => world.run(administrator, 'tokens.fund', { to: 'staking-pool', token: 'AZR', amount })
async function emptyWallet(): Promise<void> {
  const { available } = wallet()
  if (available > 0n)
    await world.run(administrator, 'tokens.fund', { from: 'staking-pool', to: 'treasury', token: 'AZR', amount: formatAmount(available) })
}
const refusalOf = (work: Promise<unknown>): Promise<{ code: string; message: string } | null> =>
  work.then(
    () => null,
    ({ code, message }) => ({ code, message }),
  )
const textOf = async (work: Promise<unknown>) => (await refusalOf(work))?.message ?? null

describe('fixed terms', () => {
  test('every term and amount: what is taken, what it yields and how long it waits', async () => {
    const actor = await staker('100000')
    for (const { duration, error, apy_bps, unstaking } of staking.apy) {
      const input = { amount: '1000', days: duration }
      expect(await textOf(stake(actor, input)), String(duration)).toBe(error ?? null)
      if (error) {
        expect(() => world.ask(nobody, 'staking.terms', input)).toThrow(error)
        continue
      }
      const [row] = world.ask(nobody, 'staking.terms', input).rows
      expect(row).toMatchObject({ days: duration, apyBps: apy_bps, unstakingSec: unstaking === 'immediate' ? 0 : 7 * DAY })
      const [latest] = world.ask(actor, 'staking.stakes', {}).rows
      expect(latest).toMatchObject({ days: duration, apyBps: apy_bps, atEnd: row!.reward, state: 'active', trust: 29, token: 'AZR' })
      expect(latest!.outTs - latest!.endsTs).toBe(row!.unstakingSec)
    }
    for (const { amount, error } of staking.amounts) expect(await textOf(stake(actor, { amount, days: 30 })), amount).toBe(error ?? null)
    expect(world.ask(nobody, 'staking.terms', {}).rows.map(({ days, reward }) => [days, reward])).toEqual([
      [30, 32_876_712n],
      [90, 147_945_205n],
      [180, 394_520_547n],
      [365, 120n * one],
    ])
  })

  test('the reward of every vector, accrued by the job or not; principal and reward come back', async () => {
    await fillWallet('10000')
    const startTs = world.clock.ts
    const stakes = []
    for (const vector of [...staking.rewards].sort((a, b) => a.elapsed_seconds - b.elapsed_seconds))
      stakes.push({ vector, ...(await stakeIn({ amount: vector.amount, days: vector.duration })) })
    const waiting = []
    for (const [at, { vector, actor, stake: opened, balance }] of stakes.entries()) {
      expect(balance).toMatchObject({ available: 0n, locked: vectorUnits(vector.amount) })
      world.clock.ts = startTs + vector.elapsed_seconds
      if (at % 3 !== 0) world.job(accrueStaking)
      if (at % 3 === 2) world.job(accrueStaking)
      const reward = BigInt(vector.reward_units)
      const principal = vectorUnits(vector.amount)
      expect(get(opened.id)).toMatchObject({ accrued: reward, countedDays: vector.accrued_days, apyBps: vector.apy_bps })
      const quote = world.ask(actor, 'staking.quote', { stakeId: opened.id })
      expect(quote).toMatchObject({ principal, reward, payable: reward, forgone: opened.atEnd! - reward })
      const out = await unstake(actor, opened.id)
      expect(out.stake).toMatchObject({ state: vector.unstake.status, accrued: reward, outTs: quote.outTs, owed: 0n })
      expect(quote.outTs - world.clock.ts).toBe(vector.unstake.available_after_seconds ?? 0)
      if (vector.unstake.status === 'unstaking') waiting.push({ actor, id: opened.id, reward, principal, outTs: quote.outTs })
      else expect(out.balance).toMatchObject({ available: BigInt(vector.unstake.returned_units!), locked: 0n })
    }
    expect(waiting.length).toBeGreaterThan(5)
    world.clock.ts += 30 * DAY
    world.job(accrueStaking)
    for (const { actor, id, reward, principal } of waiting)
      expect((await claim(actor, id)).balance).toMatchObject({ available: principal + reward, locked: 0n })
    await emptyWallet()
  })

  test('what the daily job adds, day by day, comes to the entitlement', async () => {
    const startTs = world.clock.ts
    const stakes = []
    for (const vector of staking.daily_credit)
      stakes.push({ vector, credits: [] as bigint[], ...(await stakeIn({ amount: vector.amount, days: vector.days })) })
    const kept = (id: string) =>
      world.store.books
        .prepare('SELECT accrued FROM stakes WHERE id = ?')
        .safeIntegers()
        .pluck()
        .get(Number(id.slice(6))) as bigint
    for (let day = 1; day <= 370; day++) {
      world.clock.ts = startTs + day * DAY
      const before = stakes.map(({ stake: { id } }) => kept(id))
      world.job(accrueStaking)
      for (const [at, { stake: opened, credits }] of stakes.entries()) credits.push(kept(opened.id) - before[at]!)
    }
    for (const { vector, credits, stake: opened } of stakes) {
      expect(opened.apyBps).toBe(vector.apy_bps)
      expect(credits.slice(0, 4)).toEqual(vector.daily_credit_units_first4.map(BigInt))
      expect(credits.slice(vector.days).every(credit => credit === 0n)).toBe(true)
      expect(kept(opened.id)).toBe(BigInt(vector.entitlement))
      expect(opened.atEnd).toBe(BigInt(vector.entitlement))
    }
  })

  test('unstaking has its period, and nobody else touches a stake', async () => {
    const errors = Object.fromEntries(staking.unstake_timeline.map(({ event, error }) => [event, error ?? null]))
    const { actor, stake: opened } = await stakeIn({ amount: '1000', days: 90 })
    const { id } = opened
    const other = await staker('1')
    for (const refused of [unstake(other, id), claim(other, id), unstake(actor, 'stake-999999'), unstake(actor, 'x')])
      expect(await refusalOf(refused)).toEqual({ code: 'staking.unknown', message: 'Staking position not found' })
    expect(() => world.ask(other, 'staking.get', { stakeId: id })).toThrow('Staking position not found')
    expect(() => world.ask(other, 'staking.stakes', { stakerId: actor.entity })).toThrow('another entity')
    // what is staked is not its owner's to unlock by hand
    expect((await refusalOf(world.run(actor, 'tokens.unlock', { token: 'AZR', amount: '1' })))?.code).toBe('tokens.locked')

    expect(await textOf(claim(actor, id))).toBe('Unstaking period has not ended')
    world.clock.ts += 40 * DAY
    const { stake: waiting } = await unstake(actor, id)
    expect(waiting).toMatchObject({ state: 'unstaking', outTs: world.clock.ts + 604_800, accrued: (1000n * one * 600n * 40n) / 3_650_000n })
    expect(await textOf(unstake(actor, id))).toBe(errors['second unstake while unstaking'])
    expect(world.ask(nobody, 'staking.calendar', { stakerId: actor.entity }).rows).toMatchObject([
      { id, what: 'claimable', ts: waiting.outTs, outTs: waiting.outTs, reward: waiting.accrued },
    ])
    world.clock.ts = waiting.outTs - 1
    expect(await textOf(claim(actor, id))).toBe(errors['complete at t+604799'])
    world.clock.ts++
    world.job(accrueStaking)
    expect(await textOf(claim(actor, id))).toBe(null)
    expect(get(id)).toMatchObject({ state: 'completed', accrued: waiting.accrued, endedTs: world.clock.ts })
    expect(await textOf(claim(actor, id))).toBe('Staking position is not active')
    expect(Object.keys(errors)).toHaveLength(4)
    await fillWallet('100')
    world.job(accrueStaking)
    await emptyWallet()
  })

  test('a wallet that is short: the principal comes back in full, the rest of the reward is owed, shown, and paid in the order in which it fell due', async () => {
    // 250 AZR for a year yield the 30 of the vectors
    const due = []
    for (const vector of staking.reward_pool_shortfall) due.push({ vector, ...(await stakeIn({ amount: '250', days: 365 })) })
    const late = await stakeIn({ amount: '250', days: 365 })
    world.clock.ts += 365 * DAY
    for (const { actor, stake: opened } of [...due, late]) await unstake(actor, opened.id)
    world.clock.ts += 7 * DAY
    let owed = 0n
    for (const { vector, actor, stake: opened } of due) {
      expect(opened.atEnd).toBe(vectorUnits(vector.reward_due))
      if (vector.reward_pool !== '0') await fillWallet(vector.reward_pool)
      const { stake: back, balance } = await claim(actor, opened.id)
      expect(back).toMatchObject({ paid: vectorUnits(vector.paid_now), owed: vectorUnits(vector.still_owed), state: 'completed' })
      expect(balance).toMatchObject({ available: 250n * one + back.paid, locked: 0n })
      owed += back.owed
      expect(wallet()).toMatchObject({ available: vectorUnits(vector.pool_after), owed })
    }
    // what came in later is for whom it was owed to before, though nobody has paid that out yet
    await fillWallet('40')
    expect(world.ask(late.actor, 'staking.quote', { stakeId: late.stake.id })).toMatchObject({ reward: 30n * one, payable: 10n * one })
    world.clock.ts += 60
    expect((await claim(late.actor, late.stake.id)).stake).toMatchObject({ paid: 10n * one, owed: 20n * one })
    expect(wallet()).toMatchObject({ available: 30n * one, owed: 50n * one, owedStakes: 2 })
    expect(world.job(accrueStaking)).toContain('30 AZR that was owed is paid. 20 AZR is owed: the staking pool does not have it.')
    expect(get(due[1]!.stake.id)).toMatchObject({ paid: 30n * one, owed: 0n })
    await fillWallet('25')
    world.job(accrueStaking)
    expect(world.job(accrueStaking)).not.toContain('owed')
    expect(get(late.stake.id)).toMatchObject({ paid: 30n * one, owed: 0n })
    expect(wallet()).toMatchObject({ available: 5n * one, owed: 0n, owedStakes: 0 })
    expect(world.azrOf(late.actor.entity)).toBe(280n * one)
  })

  test('a stake keeps the rate and the waiting time of its day; a reward past 64 bits and neither nor both kinds are refused', async () => {
    const { actor, stake: opened } = await stakeIn({ amount: '1000', days: 180 })
    await world.configure({ 'staking.apy': '[{"fromDays":0,"bps":10000}]', 'staking.unstakingSec': '0', 'staking.maxDays': '3650' })
    world.clock.ts += 180 * DAY
    expect((await unstake(actor, opened.id)).stake).toMatchObject({ accrued: opened.atEnd, outTs: world.clock.ts + 604_800 })
    expect((await refusalOf(stake(actor, { amount: '922337203685.4775807', days: 3650 })))?.code).toBe('staking.size')
    for (const name of ['staking.apy', 'staking.unstakingSec', 'staking.maxDays'])
      await world.run(administrator, 'configuration.reset', { name })
    expect(await refusalOf(stake(actor, { amount: '5' }))).toMatchObject({ code: 'usage' })
    expect(await refusalOf(stake(actor, { amount: '5', days: 30, poolId: 'spool-1' }))).toMatchObject({ code: 'usage' })
    expect(await textOf(stake(actor, { amount: '5', days: 30 }))).toBe('Insufficient available balance')
    expect((await refusalOf(stake(nobody, { amount: '5', days: 30 })))?.code).toBe('entities.locked')
  })

  test('the database itself keeps what was staked, earned and paid', async () => {
    const { stake: opened } = await stakeIn({ amount: '10', days: 30 })
    const number = opened.id.slice(6)
    const change = (what: string, id = number) => world.store.books.exec(`UPDATE stakes SET ${what} WHERE id = ${id}`)
    expect(() => change('amount = 1')).toThrow('stays what it is')
    expect(() => change('paid = 1')).toThrow('CHECK')
    expect(() => change('accrued = 5, paid = 5')).toThrow('CHECK')
    expect(() => change("state = 'completed'")).toThrow('CHECK')
    const [done] = world.ask(nobody, 'staking.stakes', { everybody: true, state: 'completed' }).rows
    const other = done!.id.slice(6)
    expect(() => change("state = 'active', ended_ts = NULL, paid = 0", other)).toThrow('ends once')
    expect(() => change('accrued = accrued + 1', other)).toThrow('ends once')
    expect(() => world.store.books.exec(`DELETE FROM stakes WHERE id = ${number}`)).toThrow('a stake stays')
  })
})

describe('pools', () => {
  const create = (input: Partial<CommandInput<'staking.createPool'>>) =>
    world.run(administrator, 'staking.createPool', { name: `Pool ${made++}`, token: 'BTA-UTIL', apyBps: 1250, ...input })
  const rewardsOf = (actor: Staker) => world.ask(nobody, 'tokens.balance', { entityId: actor.entity, tokenId: 'BTA-REWARD' }).available

  test('the reward of every vector is minted, once', async () => {
    const startTs = world.clock.ts
    const stakes = []
    for (const vector of [...bta.staking_rewards].sort((a, b) => a.elapsed_seconds - b.elapsed_seconds)) {
      const pool = await create({ apyBps: vector.apy_bps })
      const actor = await staker(vector.amount, 'BTA-UTIL')
      const opened = await stake(actor, { amount: vector.amount, poolId: pool.id })
      expect(opened).toMatchObject({ stake: { kind: 'pool', poolId: pool.id, apyBps: vector.apy_bps, rewardToken: 'BTA-REWARD' } })
      stakes.push({ vector, actor, id: opened.stake.id })
    }
    for (const { vector, actor, id } of stakes) {
      world.clock.ts = startTs + vector.elapsed_seconds
      const reward = BigInt(vector.reward_units)
      expect(get(id)).toMatchObject({ accrued: reward, owed: 0n })
      const supply = world.ask(nobody, 'tokens.get', { identifier: 'BTA-REWARD' }).supply
      const { stake: back, balance } = await unstake(actor, id)
      expect(back).toMatchObject({ state: 'completed', accrued: reward, paid: reward, owed: 0n })
      expect(balance).toMatchObject({ token: 'BTA-UTIL', available: vectorUnits(vector.amount), locked: 0n })
      expect([rewardsOf(actor), world.ask(nobody, 'tokens.get', { identifier: 'BTA-REWARD' }).supply - supply]).toEqual([reward, reward])
      expect(await textOf(unstake(actor, id))).toBe('Staking position is not active')
      expect(get(id).accrued).toBe(reward)
    }
  })

  test('lock, limits and trust', async () => {
    const actor = await staker('100000', 'BTA-UTIL')
    for (const { lock_period_days, elapsed_seconds, error } of bta.lock) {
      const pool = await create({ lockDays: lock_period_days })
      const { stake: opened } = await stake(actor, { amount: '1', poolId: pool.id })
      const row = world.ask(nobody, 'staking.calendar', { stakerId: actor.entity }).rows.find(({ id }) => id === opened.id)
      expect(row).toMatchObject({ what: 'unlocks', ts: world.clock.ts + lock_period_days * DAY })
      world.clock.ts += elapsed_seconds
      expect(await textOf(unstake(actor, opened.id))).toBe(error ?? null)
    }
    for (const { max_stake, amount = '1', min_trust_score, pool: state, error } of bta.stake_checks) {
      // trust here is whole: of one below the minimum the vectors say 59.99
      const isBelow = error?.startsWith('Minimum trust') ?? false
      world.trust(actor.entity, isBelow ? 3 : 4, isBelow ? 3 : 4)
      const pool = await create({
        ...(max_stake !== undefined && { maxStake: max_stake }),
        ...(min_trust_score !== undefined && { minTrust: Number(min_trust_score) }),
      })
      if (state === 'inactive') await world.run(administrator, 'staking.setPool', { poolId: pool.id })
      expect(await textOf(stake(actor, { amount, poolId: state === 'unknown' ? 'spool-9999' : pool.id }))).toBe(error ?? null)
    }
    const picky = await create({ minStake: '10', maxStake: '20', minTrust: 99.99 })
    expect(await textOf(stake(actor, { amount: '9.9999999', poolId: picky.id }))).toBe('Minimum stake amount is 10')
    expect(await textOf(stake(actor, { amount: '10', poolId: picky.id }))).toBe('Minimum trust score of 99.99 required')
    const yearly = (amount: string) => world.ask(nobody, 'staking.pools', { amount }).rows.find(({ id }) => id === picky.id)!.yearly
    expect([yearly('9'), yearly('10'), yearly('21')]).toEqual([null, 12_500_000n, null])
  })

  test('a pool that takes no stakes any more gives back what is in it; only the administrator makes one', async () => {
    const pool = await create({ name: 'Closing', apyBps: 1000 })
    expect((await refusalOf(create({ name: 'closing' })))?.code).toBe('staking.pool-exists')
    const wrong = [{ token: 'TFT' }, { token: 'GOLD' }, { minStake: '2', maxStake: '1' }, { minTrust: 50.001 }, { minStake: '-1' }]
    for (const input of wrong) expect(await refusalOf(create(input)), JSON.stringify(input)).not.toBe(null)
    const actor = await staker('100', 'BTA-UTIL')
    const named = { name: 'Own', token: 'BTA-UTIL', apyBps: 1 }
    expect((await refusalOf(world.run(actor, 'staking.createPool', named)))?.code).toBe('administrator.needed')
    const { stake: opened } = await stake(actor, { amount: '100', poolId: pool.id })
    expect(await world.run(administrator, 'staking.setPool', { poolId: pool.id })).toMatchObject({
      ...{ isActive: false, staked: 100n * one, stakes: 1 },
    })
    world.clock.ts += 365 * DAY
    expect((await unstake(actor, opened.id)).stake).toMatchObject({ paid: 10n * one })
    const shown = world.ask(nobody, 'staking.pools', {}).rows.find(({ id }) => id === pool.id)
    expect(shown).toMatchObject({ staked: 0n, stakes: 0 })
  })

  test('where no more may be minted the stake comes back all the same, and its reward is minted by the job when it may be', async () => {
    const { supply } = world.ask(nobody, 'tokens.get', { identifier: 'BTA-REWARD' })
    const rest = formatAmount(2n ** 63n - 1n - supply)
    await world.run(administrator, 'tokens.mint', { to: 'treasury', token: 'BTA-REWARD', amount: rest })
    const pool = await create({ apyBps: 1000 })
    const actor = await staker('100', 'BTA-UTIL')
    const { stake: opened } = await stake(actor, { amount: '100', poolId: pool.id })
    world.clock.ts += 365 * DAY
    const { stake: back, balance } = await unstake(actor, opened.id)
    expect(back).toMatchObject({ paid: 0n, owed: 10n * one, state: 'completed' })
    expect(balance).toMatchObject({ available: 100n * one, locked: 0n })
    expect(wallet().mintOwed).toBe(10n * one)
    expect(world.job(accrueStaking)).toContain('10 BTA-REWARD is owed: there may be no more of it.')
    await world.run(administrator, 'tokens.burn', { from: 'treasury', token: 'BTA-REWARD', amount: rest })
    world.job(accrueStaking)
    expect(get(opened.id)).toMatchObject({ paid: 10n * one, owed: 0n })
    expect(rewardsOf(actor)).toBe(10n * one)
  })
})
