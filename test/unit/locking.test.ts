import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LOCK_SEC, type LockableMint, lockSchedule, meanPermille } from '../../src-main/engines/locking/locks.ts'
import type { Utilization } from '../../src-shared/node-period.ts'
import { PERIOD_SEC, periodAt } from '../../src-shared/time.ts'
import { runs } from '../helpers/runs.ts'

const used = (...[cru = null, mru = null, hru = null, sru = null]: (number | null)[]): Utilization => ({ cru, mru, hru, sru })
const t0 = periodAt(90).start
const mintOf = (id: string, amountUnits: bigint, paidTs: number, utilization = used(0)): LockableMint => ({
  id,
  nodeId: 7,
  farmId: 3,
  amountUnits,
  paidTs,
  utilization,
})

describe('utilization as one figure', () => {
  test('the plain average of the resources that the node has', () => {
    expect(meanPermille(used(100, 200, 300, 400))).toBe(250)
    expect(meanPermille(used(900, null, null, 100))).toBe(500)
    expect(meanPermille(used(299, 299, 300))).toBe(299)
    expect(meanPermille(used())).toBeNull()
  })
  test('exactly 30 % is free, a permille of one resource less is not', () => {
    const isFree = (utilization: Utilization) => lockSchedule([mintOf('a', 5n, t0, utilization)], t0).freeUnits === 5n
    expect(isFree(used(300))).toBe(true)
    expect(isFree(used(0, 600, 500, 100))).toBe(true)
    expect(isFree(used(0, 600, 500, 99))).toBe(false)
    expect(isFree(used(299))).toBe(false)
    expect(isFree(used())).toBe(false)
  })
})

test('24 months are 24 periods: two years but for the leap days that the five-year cycle spreads', () => {
  expect(LOCK_SEC).toBe(24 * PERIOD_SEC)
  expect(Math.abs(LOCK_SEC - 730.8 * 86_400)).toBeLessThan(60)
})

test('locks stack: each opens by itself, with what is left after it', () => {
  const mints = [
    mintOf('c', 30n, t0 + PERIOD_SEC),
    mintOf('free', 1000n, t0, used(300)),
    mintOf('b', 20n, t0),
    mintOf('a', 10n, t0),
    mintOf('none', 0n, t0),
  ]
  const schedule = lockSchedule(mints, t0 + LOCK_SEC - 1)
  expect(schedule).toMatchObject({
    totalUnits: 1060n,
    freeUnits: 1000n,
    lockedUnits: 60n,
    next: { opensTs: t0 + LOCK_SEC, amountUnits: 30n },
  })
  expect(schedule.locks.map(({ id, opensTs, openedUnits, leftUnits }) => [id, opensTs - t0 - LOCK_SEC, openedUnits, leftUnits])).toEqual([
    ['a', 0, 10n, 50n],
    ['b', 0, 30n, 30n],
    ['c', PERIOD_SEC, 60n, 0n],
  ])
  expect(schedule.months).toEqual([
    { period: periodAt(114), amountUnits: 30n, count: 2, leftUnits: 30n },
    { period: periodAt(115), amountUnits: 30n, count: 1, leftUnits: 0n },
  ])
  const later = lockSchedule(mints, t0 + LOCK_SEC)
  expect(later).toMatchObject({ freeUnits: 1030n, lockedUnits: 30n, next: { opensTs: t0 + PERIOD_SEC + LOCK_SEC, amountUnits: 30n } })
  expect(later.locks.map(lock => lock.isOpen)).toEqual([true, true, false])
  expect(lockSchedule([], t0)).toEqual({ totalUnits: 0n, freeUnits: 0n, lockedUnits: 0n, next: null, locks: [], months: [] })
})

const permille = fc.option(fc.integer({ min: 0, max: 1000 }))
const mints = fc
  .array(
    fc.record({
      amountUnits: fc.bigInt({ min: 0n, max: 10n ** 12n }),
      paidTs: fc.integer({ min: t0, max: t0 + 3 * PERIOD_SEC }),
      utilization: fc.record({ cru: permille, mru: permille, hru: permille, sru: permille }),
    }),
    { maxLength: 30 },
  )
  .map(list => list.map((mint, i) => ({ id: `m${i}`, nodeId: i % 4, farmId: 1, ...mint })))

test('locked and free make the sum at any time, nothing stays locked, and the order of the input does not matter', () => {
  fc.assert(
    fc.property(
      mints.chain(list => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
      fc.integer({ min: t0, max: t0 + LOCK_SEC + 3 * PERIOD_SEC }),
      ([list, shuffled], nowTs) => {
        const total = list.reduce((sum, mint) => sum + mint.amountUnits, 0n)
        const schedule = lockSchedule(list, nowTs)
        expect(lockSchedule(shuffled, nowTs)).toEqual(schedule)
        expect(schedule.totalUnits).toBe(total)
        expect(schedule.freeUnits + schedule.lockedUnits).toBe(total)
        // locked now, by the rule itself
        const locked = list.filter(({ paidTs, utilization }) => {
          const figures = Object.values(utilization).filter(figure => figure !== null)
          const isBusy = figures.length > 0 && figures.reduce((sum, figure) => sum + figure, 0) >= 300 * figures.length
          return !isBusy && nowTs < paidTs + LOCK_SEC
        })
        expect(schedule.lockedUnits).toBe(locked.reduce((sum, mint) => sum + mint.amountUnits, 0n))
        expect(schedule.next?.opensTs).toBe(
          locked
            .filter(mint => mint.amountUnits > 0n)
            .reduce<number | undefined>((least, { paidTs }) => {
              return least === undefined || paidTs + LOCK_SEC < least ? paidTs + LOCK_SEC : least
            }, undefined),
        )
        // the running sums and the months say the same as the locks
        const all = schedule.locks.reduce((sum, lock) => sum + lock.amountUnits, 0n)
        for (const lock of schedule.locks) expect(lock.openedUnits + lock.leftUnits).toBe(all)
        expect(schedule.months.reduce((sum, month) => sum + month.amountUnits, 0n)).toBe(all)
        expect(schedule.months.reduce((sum, month) => sum + month.count, 0)).toBe(schedule.locks.length)
        expect(schedule.months.at(-1)?.leftUnits ?? 0n).toBe(0n)
        // time only frees, and 24 months after the last payment all is free
        expect(lockSchedule(list, nowTs + PERIOD_SEC).lockedUnits).toBeLessThanOrEqual(schedule.lockedUnits)
        const last = Math.max(t0, ...list.map(mint => mint.paidTs))
        expect(lockSchedule(list, last + LOCK_SEC)).toMatchObject({ lockedUnits: 0n, freeUnits: total, next: null })
      },
    ),
    runs(200),
  )
})
