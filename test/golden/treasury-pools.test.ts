import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accrueYields } from '../../src-main/core/treasury/pools.ts'
import { checkLedger } from '../../src-main/store/ledger.ts'
import type { Actor } from '../../src-shared/contract.ts'
import { readVectors, vectorUnits } from '../helpers/economy.ts'
import { administrator, nobody, openTreasury, type TestTreasury } from '../helpers/treasury.ts'

/* Pools and guarantees through the treasury's commands and its ledger, against the vectors of the specification. */

interface DefiVectors {
  pools: { name: string; token: string; apy_bps: number; reward_type: string }[]
  errors: { deposit: string[]; withdraw: string[] }
  rewards: { amount: string; apy_bps: number; whole_hours: number; reward_units: string }[]
  partial_withdrawals: {
    deposit: string
    apy_bps: number
    steps: {
      hour: number
      amount: string
      error?: string
      withdrawn_units?: string
      rewards_paid_units?: string
      returned?: string
      remaining?: string
      active?: boolean
    }[]
    total_rewards_units: string
  }[]
}
interface GuaranteeVector {
  guaranteed_amount: string
  coverage_percent: string
  collateral_ratio: string
  allocated: string
  tokens_minted_and_locked: string
  on_release: { locked: string; burned: string; total_supply_change: string }
}
const defi = readVectors<DefiVectors>('defi')
const HOUR_SEC = 3600

let world: TestTreasury
let made = 0
beforeAll(async () => {
  world = await openTreasury()
  await world.run(administrator, 'tokens.mint', { to: 'treasury', token: 'AZR-ETH', amount: '1000000' })
  for (const { reserveId, token } of world.ask(nobody, 'pools.list', {}).rows)
    await world.run(administrator, 'tokens.fund', { to: reserveId, token, amount: '10000' })
})
afterAll(async () => {
  expect(checkLedger(world.store)).toEqual([])
  world.close()
})

function poolWith(apyBps: number) {
  return world.ask(nobody, 'pools.list', {}).rows.find(pool => pool.apyBps === apyBps)!
}

async function depositor(token: string, amount: string): Promise<Actor & { entity: string }> {
  const actor = await world.entity(`Depositor ${made++}`)
  await world.run(administrator, 'tokens.fund', { to: actor.entity, token, amount })
  return actor
}

test('the pools are those of the specification', () => {
  expect(
    world
      .ask(nobody, 'pools.list', {})
      .rows.map(({ name, token, apyBps, rewardType }) => ({ name, token, apy_bps: apyBps, reward_type: rewardType })),
  ).toEqual(defi.pools)
})

test('the reward of every vector, accrued by the job or not', async () => {
  const startTs = world.clock.ts
  const stakes = []
  for (const vector of [...defi.rewards].sort((a, b) => a.whole_hours - b.whole_hours)) {
    const { id, token } = poolWith(vector.apy_bps)
    const actor = await depositor(token, vector.amount)
    const { position, balance } = await world.run(actor, 'pools.deposit', { id, amount: vector.amount })
    const units = vectorUnits(vector.amount)
    expect(position).toMatchObject({ deposited: units, accrued: 0n, isActive: true, deposits: [{ amount: units, ts: startTs }] })
    expect(balance).toMatchObject({ available: 0n, locked: units })
    stakes.push({ ...vector, id, token, actor, units })
  }
  for (const [at, { id, token, actor, units, amount, whole_hours, reward_units }] of stakes.entries()) {
    // the last second of the last hour too
    world.clock.ts = startTs + whole_hours * HOUR_SEC + (at % 2) * (HOUR_SEC - 1)
    if (at % 3 !== 0) world.job(accrueYields)
    if (at % 3 === 2) world.job(accrueYields)
    const reward = BigInt(reward_units)
    expect(world.ask(actor, 'pools.positions', {}).rows).toMatchObject([{ accrued: reward, earning: reward, owed: 0n, paid: 0n }])
    const shown = { withdrawn: units, rewardPaid: reward, returned: units + reward, remaining: 0n, owed: 0n }
    expect(world.ask(actor, 'pools.quote', { id, amount })).toEqual(shown)
    expect(await world.run(actor, 'pools.withdraw', { id, amount })).toMatchObject({
      ...shown,
      position: { isActive: false, deposited: 0n, deposits: [], paid: reward },
      balance: { token, available: units + reward, locked: 0n },
    })
    expect(world.ask(actor, 'pools.yields', {}).rows.map(({ amount: paid, by }) => [paid, by])).toEqual(
      reward === 0n ? [] : [[reward, 'withdrawal']],
    )
  }
})

test.each(defi.partial_withdrawals)('withdrawing $deposit at $apy_bps in parts', async vector => {
  const { id, token, reserve } = poolWith(vector.apy_bps)
  const actor = await depositor(token, vector.deposit)
  const startTs = world.clock.ts
  await world.run(actor, 'pools.deposit', { id, amount: vector.deposit })
  for (const { hour, amount, error, ...step } of vector.steps) {
    world.clock.ts = startTs + hour * HOUR_SEC
    const withdrawn = world.run(actor, 'pools.withdraw', { id, amount })
    if (error) await expect(withdrawn).rejects.toMatchObject({ message: error })
    else
      expect(await withdrawn).toMatchObject({
        withdrawn: BigInt(step.withdrawn_units!),
        rewardPaid: BigInt(step.rewards_paid_units!),
        returned: vectorUnits(step.returned!),
        remaining: vectorUnits(step.remaining!),
        owed: 0n,
        position: { isActive: step.active },
      })
  }
  expect(reserve - poolWith(vector.apy_bps).reserve).toBe(BigInt(vector.total_rewards_units))
})

test('every refusal of pools, and nothing moves', async () => {
  const actor = await depositor('AZR', '10')
  const pools = JSON.stringify(
    world.ask(nobody, 'pools.list', {}).rows.map(({ id, name, token, apyBps, rewardType }) => ({
      ...{ id, name, token, apyBps, rewardType, isActive: id !== 'yield-farming' },
    })),
  )
  await world.configure({ 'pools.list': pools })
  const refused = (name: 'pools.deposit' | 'pools.withdraw', id: string, amount: string) =>
    world.run(actor, name, { id, amount }).then(
      () => null,
      ({ message }) => message,
    )
  const deposits = [
    await refused('pools.deposit', 'azr-staking', '0'),
    await refused('pools.deposit', 'azr-staking', '-1'),
    await refused('pools.deposit', 'yield-farming', '1'),
    await refused('pools.deposit', 'nowhere', '1'),
  ]
  expect(new Set(deposits)).toEqual(new Set(defi.errors.deposit))
  expect(await refused('pools.deposit', 'azr-staking', '10.0000001')).toBe('Insufficient available balance')
  await world.run(actor, 'pools.deposit', { id: 'azr-staking', amount: '10' })
  expect([
    await refused('pools.withdraw', 'high-yield', '1'),
    await refused('pools.withdraw', 'azr-staking', '10.0000001'),
    await refused('pools.withdraw', 'nowhere', '1'),
    await refused('pools.withdraw', 'azr-staking', '0'),
  ]).toEqual(defi.errors.withdraw)
  // what is in a pool is not the owner's to unlock by hand, nor to spend
  await expect(world.run(actor, 'tokens.unlock', { token: 'AZR', amount: '10' })).rejects.toMatchObject({ code: 'tokens.locked' })
  await expect(world.run(actor, 'payments.send', { to: 'treasury', amount: '1' })).rejects.toMatchObject({ code: 'tokens.balance' })
  await world.run(administrator, 'configuration.reset', { name: 'pools.list' })
})

describe('guarantees', () => {
  test.each(readVectors<{ guarantee: GuaranteeVector[] }>('bta').guarantee)(
    '$guaranteed_amount at $coverage_percent percent, ratio $collateral_ratio',
    async vector => {
      await world.configure({ 'guarantees.ratio': vector.collateral_ratio })
      const [guarantor, beneficiary] = [await world.entity(`Guarantor ${made++}`), await world.entity(`Guaranteed ${made++}`)]
      const supply = () => world.ask(nobody, 'tokens.get', { identifier: 'BTA-GUAR' }).supply
      const before = supply()
      const order = { amount: vector.guaranteed_amount, coverageBps: Number(vector.coverage_percent) * 100 }
      const minted = vectorUnits(vector.tokens_minted_and_locked)
      expect(world.ask(guarantor, 'guarantees.quote', order)).toMatchObject({ allocated: vectorUnits(vector.allocated), minted })
      const { id, ...given } = await world.run(guarantor, 'guarantees.create', { to: beneficiary.entity, ...order })
      expect(given).toMatchObject({ state: 'LOCKED', allocated: vectorUnits(vector.allocated), minted })
      expect(given.balance).toMatchObject({ available: 0n, locked: minted })
      expect(supply() - before).toBe(minted)
      await expect(world.run(guarantor, 'guarantees.release', { id })).rejects.toMatchObject({ code: 'guarantees.owner' })
      await expect(world.run(guarantor, 'guarantees.draw', { id })).rejects.toMatchObject({ code: 'guarantees.owner' })
      expect(await world.run(beneficiary, 'guarantees.release', { id })).toMatchObject({ state: 'UNLOCKED', minted })
      expect(world.ask(nobody, 'tokens.balance', { entityId: guarantor.entity, tokenId: 'BTA-GUAR' })).toMatchObject({
        available: 0n,
        locked: vectorUnits(vector.on_release.locked),
      })
      expect(supply() - before - minted).toBe(vectorUnits(vector.on_release.total_supply_change))
      await expect(world.run(beneficiary, 'guarantees.draw', { id })).rejects.toMatchObject({ code: 'guarantees.state' })
    },
  )
})
