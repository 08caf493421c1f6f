import { expect, test } from 'vitest'
import { confirmClock, runDueSlots, runJobNow, type ScheduledJob } from '../../src-main/jobs/schedule/run.ts'
import { createScheduler } from '../../src-main/jobs/schedule/scheduler.ts'
import { viewSchedule } from '../../src-main/jobs/schedule/view.ts'
import { runCommand } from '../../src-main/store/commands.ts'
import { openStore, type Store } from '../../src-main/store/open.ts'
import { listScheduledRuns } from '../../src-main/store/schedule.ts'
import { withFolder } from '../helpers/store.ts'

const HOUR = 3600
const DAY = 24 * HOUR
const start = Date.parse('2026-03-28T09:17:00Z') / 1000
const midnight = Date.parse('2026-03-29T00:00:00Z') / 1000

/** A store whose clock the test sets, and what the jobs' works were called with. */
async function withSchedule(
  work: (room: {
    store: Store
    clock: { ts: number }
    done: [string, number][]
    job: (name: string, cron: string) => ScheduledJob
  }) => void | Promise<void>,
): Promise<void> {
  await withFolder(async folder => {
    const clock = { ts: start }
    const store = openStore(folder, { mode: 'write', nowMs: () => clock.ts * 1000 })
    // what the disk does is not what is tested here
    store.books.pragma('synchronous = OFF')
    const done: [string, number][] = []
    const job = (name: string, cron: string): ScheduledJob => ({
      name,
      title: name,
      cron,
      work(_store, slotTs) {
        done.push([name, slotTs])
        return `did ${name}`
      },
    })
    try {
      await work({ store, clock, done, job })
    } finally {
      store.close()
    }
  })
}

function runAll(store: Store, jobs: readonly ScheduledJob[]): string {
  for (;;) {
    const { clock, runs } = runDueSlots(store, jobs)
    if (runs.length === 0) return clock
  }
}

function confirm(store: Store, jobs: readonly ScheduledJob[], shownTs: number, key: string): void {
  const call = { actor: 'ada', idempotencyKey: key, command: 'schedule.confirm', input: { shownTs } }
  runCommand(store, call, () => confirmClock(store, jobs, shownTs))
}

test('a clock wrong by a year in either direction moves nothing until a person says that it is right', async () => {
  await withSchedule(({ store, clock, done, job }) => {
    const jobs = [job('rewards', '0 0 * * *'), job('yields', '0 * * * *')]
    expect(runAll(store, jobs)).toBe('fine')
    clock.ts = start + HOUR
    expect(runAll(store, jobs)).toBe('fine')
    expect(done).toEqual([['yields', start + 43 * 60]])

    clock.ts = start + 365 * DAY
    expect(runAll(store, jobs)).toBe('asks')
    expect(viewSchedule(store, jobs)).toMatchObject({
      clock: 'asks',
      problem: expect.stringContaining('2027-03-28 09:17:00 UTC'),
      jobs: [{ waiting: 365 }, { waiting: 8759 }],
    })
    expect(() => runJobNow(store, jobs, 'yields', 'ada')).toThrow(expect.objectContaining({ code: 'jobs.clock' }))
    // a time that is not the one that was shown
    expect(() => confirm(store, jobs, clock.ts - 2 * HOUR, 'a')).toThrow(expect.objectContaining({ code: 'jobs.clock' }))
    expect(() => confirm(store, jobs, clock.ts + 1, 'b')).toThrow(expect.objectContaining({ code: 'jobs.clock' }))
    expect(done.length).toBe(1)

    clock.ts = start - 365 * DAY
    expect(runAll(store, jobs)).toBe('backwards')
    expect(viewSchedule(store, jobs).problem).toContain(
      'went backwards: it says 2025-03-28 09:17:00 UTC, and it was 2026-03-28 10:17:00 UTC',
    )
    expect(done.length).toBe(1)

    // set right: it goes on by itself
    clock.ts = start + DAY
    expect(runAll(store, jobs)).toBe('fine')
    expect(done.filter(([name]) => name === 'rewards')).toEqual([['rewards', midnight]])
    expect(done.length).toBe(26 - 1)
  })
})

test('a year away: after the confirmation every slot runs once, in order, with its own time', async () => {
  await withSchedule(({ store, clock, done, job }) => {
    const jobs = [job('collection', '0 0 * * *'), job('rewards', '0 0 * * *'), job('yields', '0 */12 * * *')]
    runAll(store, jobs)
    clock.ts = start + 365 * DAY
    confirm(store, jobs, clock.ts, 'a')
    expect(runAll(store, jobs)).toBe('fine')
    expect(new Set(done.map(slot => slot.join())).size).toBe(done.length)
    const slots = (name: string): number[] => done.filter(([job]) => job === name).map(([, ts]) => ts)
    expect(slots('rewards')).toEqual(Array.from({ length: 365 }, (_, day) => midnight + day * DAY))
    expect(slots('yields')).toEqual(Array.from({ length: 365 * 2 }, (_, i) => midnight - 12 * HOUR + i * 12 * HOUR))
    expect(done.slice(1, 4).map(([name]) => name)).toEqual(['collection', 'rewards', 'yields'])
    expect(listScheduledRuns(store, { job: null, offset: 0, limit: 1 })).toMatchObject({
      total: 365 * 4,
      rows: [{ kind: 'slot', state: 'done', tries: 1 }],
    })
    const audit = store.books.prepare('SELECT actor, action FROM audit ORDER BY seq LIMIT 2').all()
    expect(audit).toEqual([
      { actor: 'ada', action: 'schedule.confirm' },
      { actor: 'schedule', action: 'jobs.yields' },
    ])

    // the clock was wrong after all, and the person says so: what ran for a year to come never runs again
    clock.ts = start + 10 * DAY
    expect(runAll(store, jobs)).toBe('backwards')
    confirm(store, jobs, clock.ts, 'b')
    done.length = 0
    for (; clock.ts < start + 20 * DAY; clock.ts += 5 * HOUR) expect(runAll(store, jobs)).toBe('fine')
    expect(done).toEqual([])
  })
})

test('the question comes just past 48 h after the last slot', async () => {
  await withSchedule(({ store, clock, done, job }) => {
    const jobs = [job('rewards', '0 0 * * *')]
    runAll(store, jobs)
    clock.ts = midnight
    runAll(store, jobs)
    clock.ts = midnight + 2 * DAY + 1
    expect(runAll(store, jobs)).toBe('asks')
    clock.ts = midnight + 2 * DAY
    expect(runAll(store, jobs)).toBe('fine')
    expect(done.length).toBe(3)
  })
})

test('a job that runs once a month asks nobody while the clock goes on', async () => {
  await withSchedule(({ store, clock, done, job }) => {
    const jobs = [job('monthly', '0 0 1 * *')]
    for (; clock.ts < start + 70 * DAY; clock.ts += DAY) expect(runAll(store, jobs)).toBe('fine')
    expect(done.length).toBe(3)
    clock.ts += 30 * DAY
    expect(runAll(store, jobs)).toBe('asks')
  })
})

test('a slot that fails leaves only its record, holds back its own job, and is tried again', async () => {
  await withSchedule(({ store, clock, done, job }) => {
    let broken = true
    const rewards: ScheduledJob = {
      ...job('rewards', '0 0 * * *'),
      work(books, slotTs) {
        books.books.prepare(`INSERT INTO settings VALUES ('paid/${slotTs}', 'true')`).run()
        if (broken) throw new Error('the pool is empty')
        return 'paid'
      },
    }
    const jobs = [rewards, job('yields', '0 0 * * *')]
    const paid = (): number => store.books.prepare(`SELECT count(*) FROM settings WHERE name LIKE 'paid/%'`).pluck().get() as number
    runAll(store, jobs)
    // just as long after the last slot as a clock may be
    clock.ts = midnight + DAY
    runAll(store, jobs)
    expect(done.length).toBe(2)
    expect(paid()).toBe(0)
    expect(viewSchedule(store, jobs).jobs[0]).toMatchObject({
      waiting: 2,
      retryTs: clock.ts + 60,
      last: { slotTs: midnight, state: 'failed', tries: 1, error: 'the pool is empty' },
    })
    // not before its time, then longer every time
    clock.ts += 59
    expect(runDueSlots(store, jobs).runs).toEqual([])
    clock.ts += 1
    expect(runDueSlots(store, jobs).runs).toMatchObject([{ slotTs: midnight, tries: 2 }])
    expect(viewSchedule(store, jobs).jobs[0]!.retryTs).toBe(clock.ts + 120)
    // asked for by a person: at once, all or nothing
    const call = { actor: 'ada', idempotencyKey: 'k', command: 'schedule.run', input: { job: 'rewards' } }
    const ask = (): unknown => runCommand(store, call, () => runJobNow(store, jobs, 'rewards', 'ada'))
    expect(ask).toThrow('the pool is empty')
    expect(paid()).toBe(0)
    broken = false
    expect(ask()).toMatchObject([
      { slotTs: midnight, tries: 3, state: 'done' },
      { slotTs: midnight + DAY, tries: 1 },
    ])
    ask()
    expect(paid()).toBe(2)
    // nothing is due: the work with the time of now, once
    expect(runJobNow(store, jobs, 'rewards', 'ada')).toMatchObject([{ kind: 'asked', slotTs: clock.ts }])
    expect(() => runJobNow(store, jobs, 'rewards', 'ada')).toThrow(expect.objectContaining({ code: 'jobs.clock' }))
    expect(() => runJobNow(store, jobs, 'nothing', 'ada')).toThrow(expect.objectContaining({ code: 'not-found' }))
  })
})

test('a changed expression holds once the slots of the old one have run', async () => {
  await withSchedule(({ store, clock, done, job }) => {
    runAll(store, [job('yields', '0 * * * *')])
    clock.ts = start + HOUR
    const jobs = [job('yields', '30 */2 * * *')]
    runAll(store, jobs)
    expect(done).toEqual([['yields', start + 43 * 60]])
    clock.ts = start + 2 * HOUR
    runAll(store, jobs)
    expect(done.at(-1)).toEqual(['yields', start + 73 * 60])
    expect(() => runDueSlots(store, [job('yields', 'never')])).toThrow(expect.objectContaining({ code: 'usage' }))
  })
})

test('the database keeps a slot that has run from being changed, taken away or run again', async () => {
  await withSchedule(({ store, clock, job }) => {
    const jobs = [job('yields', '0 * * * *')]
    runAll(store, jobs)
    clock.ts += HOUR
    runAll(store, jobs)
    for (const sql of [
      `UPDATE scheduled_runs SET state = 'failed', error = 'x'`,
      'DELETE FROM scheduled_runs',
      'INSERT OR REPLACE INTO scheduled_runs SELECT * FROM scheduled_runs',
    ])
      expect(() => store.books.prepare(sql).run(), sql).toThrow('a slot that has run stays as it is')
  })
})

test('never two at once, and the schedule says what is wrong with the store', async () => {
  await withSchedule(async ({ store, clock, done, job }) => {
    let changes = 0
    let jobs = [job('yields', '0 * * * *')]
    const scheduler = createScheduler({ store, jobs: () => jobs, changed: () => changes++, tickMs: 5 })
    scheduler.start()
    await scheduler.runDue()
    clock.ts += 40 * HOUR
    await Promise.all([scheduler.runDue(), scheduler.runDue(), scheduler.runDue()])
    expect(done.length).toBe(40)
    expect(changes).toBeGreaterThan(1)
    jobs = [job('yields', '* * *'), job('new', '* *')]
    await scheduler.runDue()
    expect(() => scheduler.view()).toThrow(expect.objectContaining({ code: 'usage' }))
    jobs = [job('yields', '0 * * * *')]
    await scheduler.runDue()
    expect(scheduler.view()).toMatchObject({ problem: null, running: false, jobs: [{ waiting: 0, last: { did: 'did yields' } }] })
    await scheduler.close()
    clock.ts += 5 * HOUR
    await scheduler.runDue()
    expect(done.length).toBe(40)
  })
})
