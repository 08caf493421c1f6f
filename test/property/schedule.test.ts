import { rmSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { confirmClock, type Round, runDueSlots, runJobNow, type ScheduledJob } from '../../src-main/jobs/schedule/run.ts'
import { writeTransaction } from '../../src-main/store/db.ts'
import { openStore, type Store } from '../../src-main/store/open.ts'
import { runs } from '../helpers/runs.ts'
import { withFolder } from '../helpers/store.ts'

/*
 * Any sequence of clock values, failures, crashes and restarts, against a model of a few lines: a slot is to run once when the clock was
 * believed on both sides of it.
 */

const HOUR = 3600
const OFTEN = 6 * HOUR
const DAY = 24 * HOUR
const start = Date.parse('2026-03-28T09:17:00Z') / 1000

type Step =
  | { kind: 'clock'; minutes: number }
  | { kind: 'confirm' | 'crash' | 'restart' }
  | { kind: 'fail'; job: string; count: number }
  | { kind: 'ask'; job: string }

const minutes = (least: number, most: number): fc.Arbitrary<Step> =>
  fc.integer({ min: least, max: most }).map((count): Step => ({ kind: 'clock', minutes: count }))
const job = fc.constantFrom('often', 'daily')
const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: minutes(1, 900) },
    { weight: 2, arbitrary: minutes(900, 3 * 24 * 60) },
    { weight: 1, arbitrary: minutes(-4 * 24 * 60, -3) },
    { weight: 1, arbitrary: minutes(5 * 24 * 60, 9 * 24 * 60) },
    { weight: 3, arbitrary: fc.constant<Step>({ kind: 'confirm' }) },
    { weight: 2, arbitrary: fc.constantFrom<Step>({ kind: 'crash' }, { kind: 'restart' }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('fail' as const), job, count: fc.integer({ min: 1, max: 3 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('ask' as const), job }) },
  ),
  { minLength: 5, maxLength: 25 },
)

/** What should happen, written the plain way. */
function createModel(nowTs: number) {
  const every = { often: OFTEN, daily: DAY } as const
  let trustedTs = nowTs
  let coveredTs = nowTs
  const expected = new Set<string>()
  const stateAt = (ts: number): 'fine' | 'asks' | 'backwards' => {
    if (ts < trustedTs - 120) return 'backwards'
    return ts - Math.floor(trustedTs / OFTEN) * OFTEN > 48 * HOUR ? 'asks' : 'fine'
  }
  return {
    expected,
    stateAt,
    tick(ts: number) {
      if (stateAt(ts) !== 'fine') return
      for (const [name, sec] of Object.entries(every))
        for (let slot = Math.floor(coveredTs / sec) * sec + sec; slot <= ts; slot += sec) expected.add(`${name} ${slot}`)
      trustedTs = Math.max(trustedTs, ts)
      coveredTs = Math.max(coveredTs, ts)
    },
    confirm(ts: number) {
      trustedTs = ts
      coveredTs = Math.min(coveredTs, ts)
    },
  }
}

test('a slot runs at most once, and none is skipped once the clock is confirmed', async () => {
  await fc.assert(
    fc.asyncProperty(steps, list =>
      withFolder(folder => {
        try {
          live(folder, list)
        } finally {
          rmSync(folder, { recursive: true, force: true })
        }
      }),
    ),
    runs(10),
  )
})

function live(folder: string, list: readonly Step[]): void {
  let nowTs = start
  let crashes = false
  const failing = new Map<string, number>()
  const asked = new Set<string>()
  let isAsked = false
  const open = (): Store => openStore(folder, { mode: 'write', nowMs: () => nowTs * 1000 })
  let store = open()
  // no key: a slot whose work is done twice would stand there twice
  store.books.exec('CREATE TABLE effects (job TEXT, slot_ts INTEGER)')
  const jobs = [
    ['daily', '0 0 * * *'],
    ['often', '0 */6 * * *'],
  ].map(
    ([name, cron]): ScheduledJob => ({
      name: name!,
      title: name!,
      cron: cron!,
      work(books, slotTs) {
        books.books.prepare('INSERT INTO effects VALUES (?, ?)').run(name, slotTs)
        if (crashes && !isAsked) books.books.close()
        const left = failing.get(name!) ?? 0
        if (left > 0 && !isAsked) {
          failing.set(name!, left - 1)
          throw new Error('does not work')
        }
        return 'done'
      },
    }),
  )
  const model = createModel(nowTs)

  function tick(): void {
    const state = model.stateAt(nowTs)
    model.tick(nowTs)
    const runAll = (): void => {
      let round: Round
      do {
        round = runDueSlots(store, jobs)
        expect(round.clock).toBe(state)
      } while (round.runs.length > 0)
    }
    try {
      runAll()
    } catch (error) {
      if (store.books.open) throw error
      // the crash closed the books in the middle of a slot: the next start takes up the work
      crashes = false
      store.close()
      store = open()
      runAll()
    }
  }

  function ask(name: string): void {
    const state = model.stateAt(nowTs)
    isAsked = true
    try {
      writeTransaction(store.books, 'books.db', () => {
        for (const { kind, slotTs } of runJobNow(store, jobs, name, 'ada')) if (kind === 'asked') asked.add(`${name} ${slotTs}`)
      })
      expect(state).toBe('fine')
    } catch (error) {
      expect(error).toMatchObject({ code: 'jobs.clock' })
    }
    isAsked = false
  }

  tick()
  for (const step of list) {
    if (step.kind === 'clock') nowTs += step.minutes * 60
    else if (step.kind === 'fail') failing.set(step.job, step.count)
    else if (step.kind === 'crash') crashes = true
    else if (step.kind === 'restart') {
      store.close()
      store = open()
    } else if (step.kind === 'ask') ask(step.job)
    else confirm()
    tick()
  }
  failing.clear()
  crashes = false
  confirm()
  for (let i = 0; i < 3; i++) {
    tick()
    // what failed is tried again after six hours at the most
    nowTs += 6 * HOUR
  }
  tick()

  const ran = (store.books.prepare('SELECT job, slot_ts FROM effects').all() as { job: string; slot_ts: number }[]).map(
    effect => `${effect.job} ${effect.slot_ts}`,
  )
  const recorded = store.books.prepare(`SELECT job || ' ' || slot_ts FROM scheduled_runs WHERE state = 'done'`).pluck().all() as string[]
  expect(new Set(ran).size).toBe(ran.length)
  expect(new Set(ran)).toEqual(new Set([...model.expected, ...asked]))
  expect([...recorded].sort()).toEqual([...ran].sort())
  store.close()

  function confirm(): void {
    const state = model.stateAt(nowTs)
    const say = (): void => writeTransaction(store.books, 'books.db', () => confirmClock(store, jobs, nowTs))
    if (state === 'fine') expect(say).toThrow(expect.objectContaining({ code: 'jobs.clock' }))
    else {
      say()
      model.confirm(nowTs)
    }
  }
}
