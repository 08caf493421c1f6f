import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { markKey, type WatchedPayment, type WatchMark, type WatchRules, watchPayments } from '../../src-main/engines/watch/watch.ts'
import { runs } from '../helpers/runs.ts'

/* Watchfulness: what is planted is found with its evidence, honest traffic is left alone, and parts make no difference. */

const DAY_SEC = 86_400
const t0 = 1_700_000_000
const rules: WatchRules = {
  windowSec: DAY_SEC,
  velocitySec: 3_600,
  velocityPayments: 20,
  velocityUnits: null,
  circleMost: 5,
  circleUnits: 10_0000000n,
  circleSharePercent: 90,
  trustPartners: 1,
}

type Pay = [from: string, to: string, amountUnits: bigint, ts: number, token?: string]

function payments(list: readonly Pay[]): WatchedPayment[] {
  return list.map(([from, to, amountUnits, ts, token = 'BTA'], at) => ({ id: `p${at}`, from, to, token, amountUnits, ts }))
}

function marksOf(list: readonly WatchedPayment[], given = rules): WatchMark[] {
  return watchPayments([], list, given).marks
}

/** Between few entities, close together, so that everything happens. */
const busy = fc
  .array(
    fc.tuple(
      fc.integer({ min: 0, max: 5 }),
      fc.integer({ min: 0, max: 5 }),
      fc.integer({ min: 90, max: 130 }),
      fc.integer({ min: 0, max: 20_000 }),
    ),
    {
      maxLength: 40,
    },
  )
  .map(list => {
    let ts = t0
    const pays = list.map(([from, to, amount, gapSec]): Pay => {
      ts += gapSec
      return [`e${from}`, `e${to}`, BigInt(amount) * 10_000_000n, ts]
    })
    return payments(pays)
  })

/** Money runs one way only: from lower to higher numbers, each at most every five minutes. */
const honest = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 1, max: 30 }), fc.bigInt({ min: 1n, max: 10n ** 12n })), {
    maxLength: 120,
  })
  .map(list => payments(list.map(([from, step, amountUnits], at): Pay => [`h${from}`, `h${from + step}`, amountUnits, t0 + at * 300])))

describe('velocity', () => {
  const burst = (count: number, gapSec: number) =>
    payments(Array.from({ length: count }, (_, at): Pay => ['a', `to${at}`, 1_0000000n, t0 + at * gapSec]))

  test('marks one payment more than usual, and not the usual number', () => {
    expect(marksOf(burst(20, 1))).toEqual([])
    expect(marksOf(burst(21, 1))).toMatchObject([{ rule: 'velocity', actors: ['a'], payments: burst(21, 1).map(({ id }) => id) }])
    expect(marksOf(burst(40, 180))).toEqual([])
    expect(marksOf(burst(40, 171))).toHaveLength(1)
  })

  test('marks an amount past the usual, per token', () => {
    const limited = { ...rules, velocityUnits: 100n }
    expect(
      marksOf(
        payments([
          ['a', 'b', 60n, t0],
          ['a', 'c', 40n, t0 + 5],
          ['a', 'd', 90n, t0 + 9, 'AZR'],
        ]),
        limited,
      ),
    ).toEqual([])
    const marks = marksOf(
      payments([
        ['a', 'b', 60n, t0],
        ['a', 'x', 5n, t0, 'AZR'],
        ['a', 'c', 41n, t0 + 5],
      ]),
      limited,
    )
    expect(marks).toMatchObject([{ rule: 'velocity', actors: ['a'], payments: ['p0', 'p2'], ts: t0 + 5 }])
  })
})

describe('circles', () => {
  const ring: Pay[] = [
    ['a', 'b', 100_0000000n, t0],
    ['b', 'c', 98_0000000n, t0 + 60],
    ['c', 'a', 97_0000000n, t0 + 120],
  ]
  test('money that comes back is marked with its payments', () => {
    expect(marksOf(payments(ring))).toMatchObject([{ rule: 'circle', actors: ['a', 'b', 'c'], payments: ['p0', 'p1', 'p2'], ts: t0 + 120 }])
  })

  test.each<[string, Pay[]]>([
    [
      'a refund',
      [
        ['a', 'b', 100_0000000n, t0],
        ['b', 'a', 100_0000000n, t0 + 9],
      ],
    ],
    ['the wrong order', [ring[1] as Pay, ring[0] as Pay, ring[2] as Pay].map(([from, to, units], at): Pay => [from, to, units, t0 + at])],
    ['another amount on the way', ring.map(([from, to, units, ts], at): Pay => [from, to, at === 1 ? units / 2n : units, ts])],
    ['another token on the way', ring.map(([from, to, units, ts], at): Pay => [from, to, units, ts, at === 1 ? 'AZR' : 'BTA'])],
    ['small change', ring.map(([from, to, units, ts]): Pay => [from, to, units / 100n, ts])],
    ['more than a day', ring.map(([from, to, units, ts], at): Pay => [from, to, units, ts + at * DAY_SEC])],
    [
      'payments to oneself',
      [
        ['a', 'a', 100_0000000n, t0],
        ['a', 'a', 100_0000000n, t0],
        ['a', 'a', 100_0000000n, t0],
      ],
    ],
  ])('%s is none', (_what, list) => {
    expect(marksOf(payments(list))).toEqual([])
  })

  test('a planted ring is found among honest traffic', () => {
    const planted = fc.tuple(honest, fc.integer({ min: 3, max: 5 }), fc.array(fc.nat(), { minLength: 5, maxLength: 5 }))
    fc.assert(
      fc.property(planted, ([list, size, places]) => {
        const at = places
          .slice(0, size)
          .map(place => place % (list.length + 1))
          .sort((a, b) => a - b)
        const ids = at.map((_, hop) => `ring${hop}`)
        const mixed = [...list]
        for (let hop = size - 1; hop >= 0; hop--) {
          const place = at[hop] ?? 0
          const payment = {
            id: `ring${hop}`,
            from: `r${hop}`,
            to: `r${(hop + 1) % size}`,
            token: 'BTA',
            amountUnits: 50_0000000n,
            ts: t0 + place * 300,
          }
          mixed.splice(place, 0, payment)
        }
        expect(marksOf(mixed)).toMatchObject([{ rule: 'circle', payments: ids }])
      }),
      runs(150),
    )
  })

  test('one is marked where trying every way finds one', () => {
    fc.assert(
      fc.property(busy, list => {
        list.forEach((closing, at) => {
          const { marks } = watchPayments(list.slice(0, at), [closing], { ...rules, trustPartners: 99 })
          expect(marks.some(({ rule }) => rule === 'circle')).toBe(closesCircle(list, at))
        })
      }),
      runs(100),
    )
  })
})

/** By trying every way back. */
function closesCircle(list: readonly WatchedPayment[], at: number): boolean {
  const closing = list[at] as WatchedPayment
  const back = (payee: string, before: number, seen: readonly string[]): boolean =>
    list.slice(0, before).some((payment, place) => {
      const isAlike = payment.amountUnits * 10n >= closing.amountUnits * 9n && closing.amountUnits * 10n >= payment.amountUnits * 9n
      if (payment.to !== payee || !isAlike || closing.ts - payment.ts >= DAY_SEC || seen.includes(payment.from)) return false
      if (payment.from === closing.to) return seen.length >= 2
      return seen.length < 4 && back(payment.from, place, [...seen, payment.from])
    })
  return closing.from !== closing.to && back(closing.from, at, [closing.from])
}

describe('own trust', () => {
  const names = ['a', 'b', 'c']
  const everyPair = names.flatMap(from => names.filter(to => to !== from).map((to): Pay => [from, to, 1n, t0]))

  test('three that all pay each other are marked, with every payment between them', () => {
    const marks = marksOf(payments([...everyPair, ['a', 'shop', 5n, t0], ['shop', 'a', 5n, t0]]))
    expect(marks).toMatchObject([{ rule: 'own-trust', actors: names, payments: ['p0', 'p1', 'p2', 'p3', 'p4', 'p5'] }])
  })

  test('two, or three where one way is missing, or over more than a day, are not', () => {
    expect(
      marksOf(
        payments([
          ['a', 'b', 1n, t0],
          ['b', 'a', 1n, t0],
        ]),
      ),
    ).toEqual([])
    expect(marksOf(payments(everyPair.slice(1)))).toEqual([])
    expect(marksOf(payments(everyPair.map(([from, to, units, ts], at): Pay => [from, to, units, ts + at * 20_000])))).toEqual([])
    expect(marksOf(payments(everyPair), { ...rules, trustPartners: 2 })).toEqual([])
  })
})

test('honest traffic below the thresholds is not marked', () => {
  fc.assert(
    fc.property(honest, list => {
      expect(marksOf(list)).toEqual([])
    }),
    runs(200),
  )
})

test('in whatever parts payments are handed over, the same is found', () => {
  fc.assert(
    fc.property(busy, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 40, maxLength: 40 }), (list, sizes) => {
      const tight = { ...rules, velocityPayments: 2 }
      const parts = new Map<string, Set<string>>()
      let window: readonly WatchedPayment[] = []
      for (let at = 0, part = 0; at < list.length; part++) {
        const size = sizes[part] ?? 1
        const seen = watchPayments(window, list.slice(at, at + size), tight)
        for (const mark of seen.marks) parts.set(markKey(mark), new Set([...(parts.get(markKey(mark)) ?? []), ...mark.payments]))
        window = seen.window
        at += size
      }
      expect(parts).toEqual(new Map(marksOf(list, tight).map(mark => [markKey(mark), new Set(mark.payments)])))
    }),
    runs(200),
  )
})

test('a clock that was years ahead for one payment marks nobody', () => {
  const list = payments([
    ['a', 'b', 50_0000000n, t0],
    ['b', 'c', 50_0000000n, t0 + 900 * DAY_SEC],
    ['c', 'a', 50_0000000n, t0 + 60],
  ])
  expect(marksOf(list)).toEqual([])
})
