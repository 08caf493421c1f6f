import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openCore } from '../../src-main/core/core.ts'
import { checkLedger } from '../../src-main/store/ledger.ts'
import type { Actor } from '../../src-shared/contract.ts'
import { administrator, nobody, openTreasury, type TestTreasury } from '../helpers/treasury.ts'

/* The treasury's jobs as they are wired: their clock, their slots, what they move, and what waits for a believed clock. */

const HOUR = 3600
const DAY = 24 * HOUR
/** A quarter past nine, so that no slot is now. */
const start = Date.parse('2026-03-28T09:15:00Z') / 1000
const one = 10_000_000n

describe('the core', () => {
  test('a fresh installation enters its jobs and runs nothing of the past; the clock of whoever opens it drives them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'granary-jobs-'))
    const clock = { ts: start }
    const open = () =>
      openCore({
        ...{ dataDir: join(folder, 'data'), host: 'cli', version: '1', demoDir: null, networksFile: null, mode: 'write' },
        nowTs: () => clock.ts,
        stretchLogN: 4,
      })
    let core = await open()
    const topics = new Set<string>()
    const stop = core.subscribe(changed => {
      for (const topic of changed) topics.add(topic)
    })
    const runs = async () => (await core.query('schedule.runs', {})).rows.map(({ job, slotTs, kind, state }) => [job, slotTs, kind, state])
    try {
      await core.runDue()
      expect(await core.query('schedule.list', {})).toMatchObject({
        clock: 'fine',
        problem: null,
        jobs: [
          { name: 'collection', cron: '0 0 * * *', last: null, waiting: 0, nextTs: Date.parse('2026-03-29T00:00:00Z') / 1000 },
          { name: 'staking-rewards', cron: '0 0 * * *', last: null, waiting: 0, nextTs: Date.parse('2026-03-29T00:00:00Z') / 1000 },
          { name: 'pool-yields', cron: '0 * * * *', last: null, waiting: 0, nextTs: start + 45 * 60 },
          { name: 'auctions', cron: '0 * * * *', last: null, waiting: 0, nextTs: start + 45 * 60 },
        ],
      })
      expect(await runs()).toEqual([])

      clock.ts = start + HOUR
      await core.runDue()
      expect(await runs()).toEqual(['auctions', 'pool-yields'].map(job => [job, start + 45 * 60, 'slot', 'done']))
      await expect.poll(() => [...topics]).toEqual(expect.arrayContaining(['jobs', 'treasury', 'audit']))
      const { rows } = await core.query('audit.list', { limit: 2 })
      expect(rows.map(({ actor, action, details }) => [actor, action, details])).toEqual([
        ['schedule', 'jobs.auctions', 'No auction is over.'],
        ['schedule', 'jobs.pool-yields', 'Nothing is in the pools.'],
      ])

      // closed for two hours: what was missed runs at the next start
      stop()
      await core.close()
      clock.ts = start + 3 * HOUR
      core = await open()
      await core.runDue()
      expect((await runs()).map(([job]) => job)).toEqual(['auctions', 'pool-yields', 'auctions', 'pool-yields', 'auctions', 'pool-yields'])
    } finally {
      await core.close()
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

describe('the treasury', () => {
  let world: TestTreasury
  let ada: Actor & { entity: string }
  beforeEach(async () => {
    world = await openTreasury(start)
    // what the disk does is not what is tested here
    world.store.books.pragma('synchronous = OFF')
    ada = await world.entity('Ada', '1000')
    await world.run(administrator, 'tokens.fund', { to: 'pool:azr-staking', token: 'AZR', amount: '1000' })
    await world.treasury.runDue()
  })
  afterEach(() => {
    expect(checkLedger(world.store)).toEqual([])
    world.close()
  })

  const view = () => world.ask(nobody, 'schedule.list', {})
  const position = () => world.ask(ada, 'pools.positions', {}).rows[0]!
  const slotsOf = (job: string) =>
    world.store.books
      .prepare("SELECT slot_ts FROM scheduled_runs WHERE job = ? AND state = 'done' ORDER BY slot_ts")
      .pluck()
      .all(job) as number[]
  const hours = (count: number) => Array.from({ length: count }, (_, i) => start + 45 * 60 + i * HOUR)

  test('days away: the clock asks first, then every slot runs once with its own time', async () => {
    await world.run(ada, 'pools.deposit', { id: 'azr-staking', amount: '500' })
    await world.run(administrator, 'tokens.fund', { to: ada.entity, token: 'BTA-UTIL', amount: '100' })
    const { id } = await world.run(administrator, 'auctions.open', { title: 'Storage', base: '10', endTs: start + 2 * DAY + 60 })
    await world.run(ada, 'auctions.join', { id })
    world.trust(ada.entity, 10, 10)
    const { id: application } = await world.run(ada, 'credit.apply', { amount: '10', purpose: 'personal' })
    await world.run(administrator, 'tokens.fund', { to: 'credit-pool', token: 'AZR', amount: '1000' })
    const { id: loan } = await world.run(ada, 'credit.accept', { id: application })

    world.clock.ts = start + 32 * DAY
    await world.treasury.runDue()
    expect(view()).toMatchObject({ clock: 'asks', jobs: [{ waiting: 32 }, { waiting: 32 }, { waiting: 32 * 24 }, { waiting: 32 * 24 }] })
    expect(slotsOf('pool-yields')).toEqual([])
    // what depends on the time that it is waits too; what does not goes on
    for (const refused of [
      () => world.run(ada, 'pools.withdraw', { id: 'azr-staking', amount: '1' }),
      () => world.run(ada, 'pools.deposit', { id: 'azr-staking', amount: '1' }),
      () => world.run(administrator, 'schedule.runNow', { job: 'pool-yields' }),
      () => world.run(administrator, 'schedule.confirm', { shownTs: world.clock.ts - 2 * HOUR }),
    ])
      await expect(refused()).rejects.toMatchObject({ code: 'jobs.clock' })
    await expect(world.run(ada, 'schedule.confirm', { shownTs: world.clock.ts })).rejects.toMatchObject({ code: 'administrator.needed' })
    await world.run(ada, 'payments.send', { to: 'treasury', amount: '1' })

    await world.run(administrator, 'schedule.confirm', { shownTs: view().nowTs })
    await world.treasury.runDue()
    expect(view()).toMatchObject({ clock: 'fine', problem: null, jobs: [{ waiting: 0 }, { waiting: 0 }, { waiting: 0 }, { waiting: 0 }] })
    expect(slotsOf('pool-yields')).toEqual(hours(32 * 24))
    expect(slotsOf('collection')).toHaveLength(32)
    // 32 days of whole hours of 500 at 8 %
    expect(position()).toMatchObject({ accrued: (500n * one * 800n * 32n * 24n) / 87_600_000n, paid: 0n })
    // at the slot after its end, and at the slot after the due date
    expect(world.ask(ada, 'auctions.list', {}).rows).toMatchObject([{ id, state: 'ended', endedTs: start + 2 * DAY + 45 * 60 }])
    expect(world.ask(ada, 'tokens.balance', { entityId: ada.entity, tokenId: 'BTA-UTIL' })).toMatchObject({
      available: 100n * one,
      locked: 0n,
    })
    const { repayments } = world.ask(ada, 'credit.loan', { id: loan })
    expect(repayments).toMatchObject([{ by: 'collection', ts: Date.parse('2026-04-28T00:00:00Z') / 1000 }])

    // it runs once: asking again does its work with the time of now, and nothing of a slot
    const before = slotsOf('collection')
    expect(await world.run(administrator, 'schedule.runNow', { job: 'collection' })).toMatchObject({
      ran: 1,
      last: { kind: 'asked', slotTs: world.clock.ts, did: 'No loan is overdue.' },
    })
    expect(slotsOf('collection')).toEqual([...before, world.clock.ts])
  })

  test('a clock that went back stops everything that time decides, until it is right again', async () => {
    await world.run(ada, 'pools.deposit', { id: 'azr-staking', amount: '500' })
    world.clock.ts = start + 5 * HOUR
    await world.treasury.runDue()
    // of a quarter to the fifth hour no slot has been
    const accrued = (500n * one * 800n * 4n) / 87_600_000n
    const ran = world.ask(nobody, 'schedule.runs', {}).total
    world.clock.ts = start - 365 * DAY
    await world.treasury.runDue()
    expect(view()).toMatchObject({ clock: 'backwards', problem: expect.stringContaining('went backwards') })
    // a deposit of last year would earn hours that it was not there
    await expect(world.run(ada, 'pools.deposit', { id: 'azr-staking', amount: '500' })).rejects.toMatchObject({ code: 'jobs.clock' })
    expect(position().accrued).toBe(accrued)
    world.clock.ts = start + 6 * HOUR
    await world.treasury.runDue()
    expect(view().clock).toBe('fine')
    expect(world.ask(nobody, 'schedule.runs', {}).total).toBe(ran + 2)
    expect(slotsOf('pool-yields')).toEqual(hours(6))
  })

  test('what the reserve can not pay stays owed, and is paid by the job when it can, the longest owed first', async () => {
    const bob = await world.entity('Bob', '1000')
    for (const actor of [ada, bob]) await world.run(actor, 'pools.deposit', { id: 'high-yield', amount: '1000' })
    // a tenth of a year
    world.clock.ts = start + 876 * HOUR
    await world.run(administrator, 'schedule.confirm', { shownTs: world.clock.ts })
    // the first one takes what there is
    await world.run(administrator, 'tokens.fund', { to: 'pool:high-yield', token: 'AZR', amount: '5' })
    expect(await world.run(ada, 'pools.withdraw', { id: 'high-yield', amount: '1000' })).toMatchObject({
      rewardPaid: 5n * one,
      owed: 15n * one,
    })
    world.clock.ts += 60
    expect(await world.run(bob, 'pools.withdraw', { id: 'high-yield', amount: '400' })).toMatchObject({ rewardPaid: 0n, owed: 20n * one })
    const pool = () => world.ask(nobody, 'pools.list', {}).rows.find(({ id }) => id === 'high-yield')!
    expect(pool()).toMatchObject({ owed: 35n * one, paid: 5n * one, reserve: 0n, depositors: 1, deposited: 600n * one })

    await world.run(administrator, 'tokens.fund', { to: 'pool:high-yield', token: 'AZR', amount: '16' })
    await world.treasury.runDue()
    const { last } = await world.run(administrator, 'schedule.runNow', { job: 'pool-yields' })
    expect(last.state).toBe('done')
    expect(world.ask(ada, 'pools.positions', {}).rows).toMatchObject([{ owed: 0n, paid: 20n * one, isActive: false }])
    expect(world.ask(bob, 'pools.positions', {}).rows).toMatchObject([{ owed: 19n * one, paid: one, isActive: true }])
    expect(world.ask(bob, 'pools.yields', {})).toMatchObject({ total: 1, rows: [{ by: 'owed', amount: one }] })
    expect(pool()).toMatchObject({ owed: 19n * one, reserve: 0n })
  })

  test('a year, with exits and a disk that gives up between and inside slots: each hour is paid for once', async () => {
    await world.configure({ 'jobs.poolYields': '0 */6 * * *', 'jobs.auctions': '0 0 1 * *' })
    await world.treasury.runDue()
    const quarters = (count: number) => Array.from({ length: count }, (_, i) => start + (2 + 6 * i) * HOUR + 45 * 60)
    const reward = (876n * one * 800n) / 10_000n
    await world.run(ada, 'pools.deposit', { id: 'azr-staking', amount: '876' })
    world.clock.ts = start + 365 * DAY
    await world.run(administrator, 'schedule.confirm', { shownTs: world.clock.ts })
    // an exit between two slots: what is done is on the disk, what is not runs at the next start
    void world.treasury.runDue()
    await world.restart()
    world.store.books.pragma('synchronous = OFF')
    const done = slotsOf('pool-yields').length
    expect(done).toBeGreaterThan(0)
    expect(done).toBeLessThan(365 * 4)
    expect(position().accrued).toBe(reward)
    // a slot that fails leaves nothing, also of what it had done already
    world.store.books.exec(`CREATE TEMP TRIGGER broken BEFORE INSERT ON scheduled_runs
      WHEN NEW.job = 'pool-yields' AND NEW.state = 'done' AND NEW.slot_ts = ${quarters(400)[399]} BEGIN SELECT RAISE(ROLLBACK, 'the disk gave up'); END`)
    await world.treasury.runDue()
    expect(view().problem).toContain('the disk gave up')
    const counted = world.store.books.prepare('SELECT counted_hours FROM pool_deposits').pluck().get()
    const slots = slotsOf('pool-yields')
    expect(slots).toEqual(quarters(slots.length))
    expect(slots.length).toBeLessThan(400)
    // whole hours of a deposit at a quarter past nine
    expect(counted).toBe(6 * slots.length - 4)
    world.store.books.exec('DROP TRIGGER broken')
    await world.treasury.runDue()
    expect(slotsOf('pool-yields')).toEqual(quarters(365 * 4))
    expect(position()).toMatchObject({ accrued: reward, earning: reward })
    expect(await world.run(ada, 'pools.withdraw', { id: 'azr-staking', amount: '876' })).toMatchObject({
      rewardPaid: reward,
    })
    expect(world.azrOf('pool:azr-staking')).toBe(1000n * one - reward)
  })

  test('a pool that was used keeps its token and stays, and what was earned before a new rate is earned at the old one', async () => {
    await world.run(ada, 'pools.deposit', { id: 'azr-staking', amount: '876' })
    const pools = () =>
      world
        .ask(nobody, 'pools.list', {})
        .rows.map(({ id, name, token, apyBps, rewardType, isActive }) => ({ id, name, token, apyBps, rewardType, isActive }))
    const set = (rows: unknown) => world.run(administrator, 'configuration.set', { name: 'pools.list', value: JSON.stringify(rows) })
    const [own, ...others] = pools()
    await expect(set(others)).rejects.toMatchObject({ code: 'config.invalid' })
    await expect(set([{ ...own, token: 'AZR-ETH' }, ...others])).rejects.toMatchObject({ code: 'config.invalid' })
    world.clock.ts += 10 * HOUR
    await set([{ ...own, apyBps: 1600, isActive: false }])
    await expect(world.run(ada, 'pools.deposit', { id: 'azr-staking', amount: '1' })).rejects.toMatchObject({ code: 'pools.inactive' })
    world.clock.ts += 10 * HOUR
    expect(await world.run(ada, 'pools.withdraw', { id: 'azr-staking', amount: '876' })).toMatchObject({
      rewardPaid: (876n * one * (800n + 1600n) * 10n) / 87_600_000n,
    })
  })
})
