import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Actor } from '../../src-shared/contract.ts'
import { treasuryCommands } from '../../src-shared/treasury/table.ts'
import { type HeldAnalyst, startHeldAnalyst } from '../helpers/held-analyst.ts'
import { createRandom } from '../helpers/horizon/index.ts'
import { runs } from '../helpers/runs.ts'
import { administrator, nobody, openTreasury, type TestTreasury } from '../helpers/treasury.ts'
import { actedElsewhere, acts } from '../helpers/treasury-acts.ts'
import { checkWhole } from '../helpers/treasury-check.ts'
import { type Killed, killedProcess } from '../helpers/treasury-kill.ts'
import { replay } from '../helpers/treasury-replay.ts'
import { liveAYear, START_TS } from '../helpers/treasury-sim.ts'

const HOUR = 3_600
const DAY = 24 * HOUR

let analyst: HeldAnalyst
beforeAll(async () => {
  analyst = await startHeldAnalyst()
})
afterAll(() => analyst.close())

const { numRuns: commands, seed } = runs(150, 60_000)
const isLong = commands >= 5_000

test('a year of commands, jobs, wrong clocks and crashes: the books balance at every step, and the audit trail gives the same books again', {
  timeout: isLong ? 4 * 3_600_000 : 120_000,
}, async () => {
  const zone = process.env.TZ
  // slots are in UTC: where the machine is, and when its summer begins, decides nothing
  process.env.TZ = 'Europe/Berlin'
  try {
    const parties = isLong ? 200 : 12
    const { world, ticks, tally } = await liveAYear({
      ...{ seed, commands, parties, analyst },
      ...{ yields: isLong ? '0 */3 * * *' : '0 6 * * *', wholeEvery: isLong ? Math.ceil(commands / 500) : 8 },
    })
    try {
      const { by, ...told } = tally
      const idle = acts.map(({ name }) => name).filter(name => !by.has(name))
      console.log(`a year of ${commands} commands of ${parties} parties, GRANARY_SEED=${seed}: ${JSON.stringify(told)}`)
      if (idle.length > 0) console.log(`done by nobody: ${idle.join(', ')}`)
      process.env.TZ = 'Pacific/Chatham'
      expect(await replay(world.store, ticks, analyst)).toEqual([])
      // it is a simulation of a treasury, not of nothing
      expect(tally.done).toBeGreaterThan(commands / 3)
      expect(Math.min(tally.refused, tally.repeated, tally.slots)).toBeGreaterThan(0)
      if (isLong) {
        // what is marked for a look depends on how busy the machine is
        expect(idle.filter(name => name !== 'watch.decide')).toEqual([])
        expect(Math.min(tally.crashes, tally.decided, tally.traced, tally.wrongClocks)).toBeGreaterThan(10)
      }
    } finally {
      world.close()
    }
  } finally {
    if (zone === undefined) delete process.env.TZ
    else process.env.TZ = zone
  }
})

test('every command has its place in the year', () => {
  const has = new Set<string>([...acts.map(({ name }) => name), ...actedElsewhere])
  const missing = Object.keys(treasuryCommands).filter(name => !has.has(name))
  if (missing.length > 0) console.log(`not in the year yet: ${missing.join(', ')}`)
  expect([...has].filter(name => !Object.hasOwn(treasuryCommands, name))).toEqual([])
})

test('a process that is killed has done what it has answered, and the rest wholly or not at all', async () => {
  const kills = isLong ? 8 : 1
  const random = createRandom(seed)
  const world = await openTreasury(START_TS)
  try {
    const entities: string[] = []
    for (const name of ['Ada', 'Bob', 'Eve']) entities.push((await world.entity(name, '1000')).entity)
    await world.treasury.runDue()
    const answers = () => new Map(world.store.books.prepare('SELECT key, output FROM answers').raw().all() as [string, string][])
    for (let kill = 0; kill < kills; kill++) {
      let killed: Killed | undefined
      const before = answers()
      await world.restart(async dataDir => {
        killed = await killedProcess(dataDir, seed + kill, world.clock.ts, entities, random() * 150)
        world.clock.ts = killed.lastTs
      })
      const { sent, answered, refused } = killed!
      const kept = answers()
      expect(answered.filter(key => !kept.has(key))).toEqual([])
      expect(refused).toEqual([])
      expect(checkWhole(world.store)).toEqual([])
      // whoever got no answer asks again, and it is done once
      for (const { name, input, actor, key } of sent) await world.treasury.command(name, input, actor, key)
      expect(answers().size - before.size).toBeGreaterThanOrEqual(sent.length)
      for (const [key, output] of kept) expect(answers().get(key)).toBe(output)
      expect(checkWhole(world.store)).toEqual([])
      await world.treasury.runDue()
    }
  } finally {
    world.close()
  }
})

describe('a year of jobs', () => {
  let world: TestTreasury
  let ada: Actor & { entity: string }
  beforeEach(async () => {
    world = await openTreasury(START_TS)
    world.store.books.pragma('synchronous = OFF')
    ada = await world.entity('Ada', '1000')
    await world.configure({
      ...{
        'jobs.poolYields': '30 1 * * *',
        'jobs.auctions': '30 2 * * 0',
        'jobs.collection': '0 0 1 * *',
        'jobs.stakingRewards': '0 0 1 * *',
      },
      ...{ 'credit.minTrust': '0', 'credit.fallbackMinTrust': '0' },
    })
    for (const to of ['pool:azr-staking', 'credit-pool'])
      await world.run(administrator, 'tokens.fund', { to, token: 'AZR', amount: '1000' })
    await world.treasury.runDue()
  })
  afterEach(() => {
    expect(checkWhole(world.store)).toEqual([])
    world.close()
  })

  const slots = (job: string) =>
    world.store.books
      .prepare("SELECT slot_ts FROM scheduled_runs WHERE job = ? AND kind = 'slot' AND state = 'done' ORDER BY slot_ts")
      .pluck()
      .all(job)
  /** from the first such time after the start on, one a day */
  const daily = (hour: number, minute: number, count: number) =>
    Array.from({ length: count }, (_, day) => Date.UTC(2026, 0, 16 + day, hour, minute) / 1000)
  const clockState = () => world.ask(nobody, 'schedule.list', {}).clock

  test('where summer begins and ends, in hours that are not or are twice, each slot runs once, at its time in UTC', async () => {
    const zone = process.env.TZ
    try {
      for (let day = 1; day <= 365; day++) {
        // a traveller's machine
        process.env.TZ = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe'][day % 3]
        world.clock.ts = START_TS + day * DAY
        await world.treasury.runDue()
      }
    } finally {
      if (zone === undefined) delete process.env.TZ
      else process.env.TZ = zone
    }
    expect(clockState()).toBe('fine')
    expect(slots('pool-yields')).toEqual(daily(1, 30, 365))
    expect(slots('auctions')).toEqual(daily(2, 30, 365).filter(ts => new Date(ts * 1000).getUTCDay() === 0))
  })

  test('a clock that is a year ahead moves nothing that time decides; set right, nothing was skipped or done twice', async () => {
    const { id } = await world.run(ada, 'credit.apply', { amount: '100', purpose: 'personal' })
    const { id: loan } = await world.run(ada, 'credit.accept', { id })
    const { id: another } = await world.run(ada, 'credit.apply', { amount: '100', purpose: 'personal' })
    await world.run(ada, 'pools.deposit', { id: 'azr-staking', amount: '876' })
    world.clock.ts = START_TS + 5 * HOUR + 365 * DAY
    await world.treasury.runDue()
    expect(clockState()).toBe('asks')
    for (const refused of [
      () => world.run(ada, 'pools.withdraw', { id: 'azr-staking', amount: '1' }),
      () => world.run(ada, 'credit.repay', { id: loan, amount: '1' }),
      () => world.run(ada, 'credit.accept', { id: another }),
    ])
      await expect(refused()).rejects.toMatchObject({ code: 'jobs.clock' })
    world.clock.ts = START_TS + 20 * HOUR
    await world.treasury.runDue()
    expect(clockState()).toBe('fine')
    expect(slots('pool-yields')).toEqual(daily(1, 30, 1))
    // a repayment within the first month is of principal alone
    expect(await world.run(ada, 'credit.repay', { id: loan, amount: '1' })).toMatchObject({ interest: 0n })
  })

  test('a wrong year that somebody confirmed is not lived again when the clock is right', async () => {
    await world.run(ada, 'pools.deposit', { id: 'azr-staking', amount: '876' })
    world.clock.ts = START_TS + 365 * DAY
    await world.run(administrator, 'schedule.confirm', { shownTs: world.clock.ts })
    await world.treasury.runDue()
    expect(slots('pool-yields')).toEqual(daily(1, 30, 365))

    world.clock.ts = START_TS + DAY
    await world.treasury.runDue()
    expect(clockState()).toBe('backwards')
    await world.run(administrator, 'schedule.confirm', { shownTs: world.clock.ts })
    for (let day = 2; day <= 366; day++) {
      world.clock.ts = START_TS + day * DAY
      await world.treasury.runDue()
    }
    expect(clockState()).toBe('fine')
    expect(slots('pool-yields')).toEqual(daily(1, 30, 366))
    expect(slots('collection')).toHaveLength(12)
    // every whole hour since it was put in, once
    const hours = 366n * 24n
    expect(world.ask(ada, 'pools.positions', {}).rows[0]!.accrued).toBe((876n * 10_000_000n * 800n * hours) / 87_600_000n)
  })
})
