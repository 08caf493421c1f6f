import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { readCron } from '../../src-main/jobs/schedule/cron.ts'
import { runs } from '../helpers/runs.ts'

const zone = process.env.TZ
afterEach(() => {
  if (zone === undefined) delete process.env.TZ
  else process.env.TZ = zone
})

function at(text: string): number {
  return Date.parse(text) / 1000
}

test('slots are those of UTC, across every change to and from summer time', () => {
  const offsets = new Set<number>()
  for (const name of ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'UTC']) {
    process.env.TZ = name
    offsets.add(new Date('2026-07-01T00:00:00Z').getTimezoneOffset())
    for (const [cron, stepSec] of [
      ['0 * * * *', 3600],
      ['0 0 * * *', 86_400],
      ['30 2 * * *', 86_400],
    ] as const) {
      const slots = readCron(cron)
      const first = slots.nextAfter(at('2026-01-01T00:00:00Z'))!
      let ts = first
      for (let i = 1; i <= 300; i++) {
        ts = slots.nextAfter(ts)!
        expect(ts).toBe(first + i * stepSec)
        expect(slots.lastUpTo(ts)).toBe(ts)
        expect(slots.lastUpTo(ts - 1)).toBe(ts - stepSec)
      }
    }
  }
  // else the zones were not in force, and nothing was tested
  expect(offsets.size).toBe(4)
})

test('a slot is one whose minute every field names', () => {
  const field = (least: number, most: number): fc.Arbitrary<string> =>
    fc.oneof(
      { weight: 3, arbitrary: fc.constant('*') },
      { weight: 2, arbitrary: fc.integer({ min: least, max: most }).map(String) },
      fc.integer({ min: 2, max: most - 1 }).map(step => `*/${step}`),
      fc.uniqueArray(fc.integer({ min: least, max: most }), { minLength: 2, maxLength: 4 }).map(list => list.join(',')),
      fc
        .tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }))
        .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
    )
  const names = (text: string, value: number, least: number): boolean =>
    text.split(',').some(part => {
      if (part === '*') return true
      if (part.startsWith('*/')) return (value - least) % Number(part.slice(2)) === 0
      const [from, to = from] = part.split('-').map(Number)
      return value >= from! && value <= to!
    })
  const wanted = (cron: string, ts: number): boolean => {
    const [minute, hour, day, month, weekday] = cron.split(' ') as [string, string, string, string, string]
    const date = new Date(ts * 1000)
    const isDay = names(day, date.getUTCDate(), 1)
    const isWeekday = names(weekday, date.getUTCDay(), 0)
    const both = day === '*' || weekday === '*'
    return (
      names(minute, date.getUTCMinutes(), 0) &&
      names(hour, date.getUTCHours(), 0) &&
      names(month, date.getUTCMonth() + 1, 1) &&
      (both ? isDay && isWeekday : isDay || isWeekday)
    )
  }
  fc.assert(
    fc.property(
      fc.tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6)).map(fields => fields.join(' ')),
      fc.integer({ min: 0, max: 2_000_000_000 }),
      (cron, fromTs) => {
        const slots = readCron(cron)
        const next = slots.nextAfter(fromTs)
        const last = slots.lastUpTo(fromTs)
        const minute = Math.floor(fromTs / 60) * 60
        // far slots are checked for being slots, near ones also for being the next
        for (const slot of [next, last]) if (slot !== null) expect(wanted(cron, slot) && slot % 60 === 0).toBe(true)
        for (let ts = minute + 60; ts < Math.min(next ?? 0, minute + 60 * 1500); ts += 60) expect(wanted(cron, ts)).toBe(false)
        for (let ts = minute; ts > Math.max(last ?? ts, minute - 60 * 1500); ts -= 60) expect(wanted(cron, ts)).toBe(false)
        expect(next).toBeGreaterThan(fromTs)
      },
    ),
    runs(40),
  )
})

test('what is no schedule is refused with the reason', () => {
  for (const text of [
    '',
    'x',
    '* * * *',
    '* * * * * *',
    '60 * * * *',
    '* 24 * * *',
    '0 0 30 2 *',
    '? * * * *',
    '@daily',
    '0 0 * * MO',
    '0\n0 * * *',
    '-1 * * * *',
    '9'.repeat(300),
  ])
    expect(() => readCron(text), text).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringContaining('is no schedule') }),
    )
})
