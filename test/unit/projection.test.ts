import { describe, expect, test } from 'vitest'
import { type Known, known } from '../../src-main/engines/projection/known.ts'
import { attentionFor, type Standing, stateOf } from '../../src-main/engines/projection/standing.ts'
import { projectV3, usedSoFar, type V3Result } from '../../src-main/engines/projection/v3.ts'
import { PERIOD_SEC, periodAt } from '../../src-shared/time.ts'

/* That projections are the mint of what may happen is test/property/projection.test.ts; here are cases that people can follow. */

const period = periodAt(80)
const HOUR = 3_600
const DAY = 24 * HOUR
const ALLOWED = PERIOD_SEC - Math.ceil(0.95 * PERIOD_SEC)
const healthy: V3Result & Standing = {
  nodeId: 1,
  farmId: 1,
  virtualized: false,
  violation: null,
  measuredUptimeSec: 0,
  slowBoots: 0,
  lastReportTs: null,
  sleepingSinceTs: null,
  rewardMusd: 0n,
  rewardUnits: 0n,
  fullMusd: 22_354n,
  fullUnits: 2_794_250_000n,
  slaPermille: 950,
  scaled: true,
  outlook: null,
}
const at = (sec: number, provisional = true): Known => known({ ...period, completeUntilTs: period.start + sec, provisional })
/** A node that was up for `upSec` seconds of the first `sec`, and reported last `silentSec` ago. */
const node = (sec: number, more: Partial<V3Result & Standing> = {}, silentSec = 0) => ({
  ...healthy,
  measuredUptimeSec: sec - silentSec,
  lastReportTs: period.start + sec - silentSec,
  ...more,
})
const asked = (requestTs: number) => ({ requestTs, requestCounts: true, requestSlow: false, twin: null })

describe('awake', () => {
  test('half a period without downtime has earned half, may pay all, and nothing if it goes down', () => {
    const half = PERIOD_SEC / 2
    const projection = projectV3(node(half), at(half))
    expect(projection.earnedUnits).toBe(1_397_125_000n)
    expect(projection.staysUp).toEqual({
      uptimeSec: PERIOD_SEC,
      permille: 1000,
      slaMet: true,
      violation: null,
      units: 2_794_250_000n,
      musd: 22_354n,
    })
    expect(projection.goesDown).toMatchObject({ uptimeSec: half, permille: 500, slaMet: false, units: 0n })
    expect(projection).toMatchObject({ over: false, budgetSec: ALLOWED, allowedSec: ALLOWED, backByTs: period.start + half + ALLOWED })
  })

  test('a node that is late gets at most 2,460 s of the gap, and the budget says so', () => {
    const sec = 10 * DAY
    expect(projectV3(node(sec, {}, 2_460), at(sec)).budgetSec).toBe(ALLOWED)
    expect(projectV3(node(sec, {}, 2_461), at(sec)).budgetSec).toBe(ALLOWED - 1)
    const dayOff = projectV3(node(sec, {}, DAY), at(sec))
    expect(dayOff.budgetSec).toBe(ALLOWED - DAY + 2_460)
    // if it was off all that time, the whole day is lost
    expect(dayOff.backByTs).toBe(period.start + sec - DAY + ALLOWED)
  })

  test('once enough is credited the SLA is met whatever happens; only what scales still grows', () => {
    const sec = PERIOD_SEC - 1000
    const projection = projectV3(node(sec), at(sec))
    expect(projection.goesDown.slaMet).toBe(true)
    expect(projection.backByTs).toBeNull()
    expect(projection.goesDown.units).toBe((2_794_250_000n * 999n) / 1000n)
    expect(projectV3(node(sec, { scaled: false }), at(sec)).goesDown.units).toBe(2_794_250_000n)
  })

  test('a policy that asks for nothing always pays, one that asks for more than all never', () => {
    const sec = DAY
    expect(projectV3(node(sec, { slaPermille: 0, scaled: false }), at(sec)).goesDown.units).toBe(2_794_250_000n)
    const never = projectV3(node(sec, { slaPermille: 1001, scaled: false, fullUnits: 0n, fullMusd: 0n }), at(sec))
    expect(never.staysUp.slaMet).toBe(false)
    expect(never.budgetSec).toBeLessThan(0)
  })

  test('a violation, a virtual node, and a twin that is wrong before there is any uptime leave no budget', () => {
    const sec = DAY
    for (const more of [
      { violation: 'ClockSkew' as const },
      { virtualized: true },
      { outlook: { ...asked(0), requestTs: null, twin: 'MissingTwin' as const } },
    ]) {
      const projection = projectV3(node(sec, more), at(sec))
      expect(projection).toMatchObject({ budgetSec: null, allowedSec: null, backByTs: null })
      expect(projection.staysUp.units).toBe(0n)
    }
  })
})

describe('asleep', () => {
  const sec = 20 * DAY
  const asleep = (hours: number, more: Partial<V3Result & Standing> = {}) =>
    node(sec, { sleepingSinceTs: period.start + sec - hours * HOUR, ...more }, hours * HOUR)

  test('a sleep of up to 24 h is credited if it wakes in time', () => {
    const projection = projectV3(asleep(24), at(sec))
    expect(projection.staysUp.uptimeSec).toBe(PERIOD_SEC)
    expect(projection.wakeByTs).toBe(period.start + sec)
    expect(projection.budgetSec).toBe(ALLOWED)
  })

  test('a longer one is lost, and all of it counts against the budget', () => {
    const projection = projectV3(asleep(25), at(sec))
    expect(projection.staysUp.uptimeSec).toBe(PERIOD_SEC - 25 * HOUR)
    expect(projection.wakeByTs).toBeNull()
    expect(projection.budgetSec).toBe(ALLOWED - 25 * HOUR)
  })

  test('asked to boot it has 30 min; later it loses the sleep, and the second time everything', () => {
    const since = (min: number, more: Partial<V3Result & Standing> = {}) =>
      projectV3(asleep(10, { outlook: asked(period.start + sec - min * 60), ...more }), at(sec))
    expect(since(30)).toMatchObject({ bootByTs: period.start + sec, staysUp: { uptimeSec: PERIOD_SEC, violation: null } })
    expect(since(30, { slowBoots: 1 }).goesDown.violation).toBe('BootRequestExpired')
    const late = since(31, { slowBoots: 1, outlook: { ...asked(period.start + sec - 31 * 60), requestSlow: true } })
    expect(late).toMatchObject({ bootByTs: null, wakeByTs: null, staysUp: { uptimeSec: PERIOD_SEC - 10 * HOUR, violation: null } })
    const twice = since(31, { slowBoots: 2, outlook: { ...asked(period.start + sec - 31 * 60), requestSlow: true } })
    expect(twice.staysUp.violation).toBe('BootRequestExpired')
  })

  test('a sleep from before the period counts from its start', () => {
    const projection = projectV3({ ...healthy, sleepingSinceTs: period.start - 20 * HOUR }, at(3 * HOUR))
    expect(projection.staysUp.uptimeSec).toBe(PERIOD_SEC)
    expect(projection.wakeByTs).toBe(period.start + 4 * HOUR)
  })
})

describe('at the end', () => {
  test('with the 27 h after it both ways are what it pays, whatever the other figures', () => {
    const over = projectV3({ ...node(1000), rewardUnits: 7n, rewardMusd: 1n }, at(PERIOD_SEC + 100_000, false))
    expect(over).toMatchObject({ over: true, earnedUnits: 7n, staysUp: { units: 7n }, goesDown: { units: 7n }, backByTs: null })
  })

  test('without them a report may still credit the last minutes', () => {
    const over = projectV3(node(PERIOD_SEC, { rewardUnits: 7n }, 2_000), at(PERIOD_SEC))
    expect(over.earnedUnits).toBe(7n)
    expect([over.staysUp.uptimeSec, over.goesDown.uptimeSec]).toEqual([PERIOD_SEC, PERIOD_SEC - 2_000])
  })
})

describe('states and attention', () => {
  const sec = 10 * DAY
  const standing = (of: V3Result & Standing, time = at(sec)) => stateOf(of, projectV3(of, time), time)
  const attention = (of: V3Result & Standing, time = at(sec)) => attentionFor(of, projectV3(of, time), time)

  test('silence makes a node late, then down; a violation puts it at risk; sleep over 24 h too', () => {
    expect(standing(node(sec, {}, 3000))).toMatchObject({ state: 'at-risk', reason: expect.stringContaining('late') })
    expect(standing(node(sec, {}, 4861)).state).toBe('down')
    expect(standing(node(sec, { lastReportTs: null })).state).toBe('down')
    expect(standing({ ...healthy }, at(60)).state).toBe('unknown')
    expect(standing(node(sec, { violation: 'ClockSkew' })).reason).toContain('clock skew')
    expect(standing(node(sec, { sleepingSinceTs: period.start + sec - DAY })).state).toBe('asleep')
    expect(standing(node(sec, { sleepingSinceTs: period.start + sec - DAY - 1 })).state).toBe('at-risk')
    expect(standing(node(sec))).toMatchObject({ state: 'up' })
    expect(attention(node(sec))).toBeNull()
  })

  test('a node asleep is asked after only when its sleep is soon lost, with the moment', () => {
    const asleepSince = (hours: number) => node(sec, { sleepingSinceTs: period.start + sec - hours * HOUR }, hours * HOUR)
    expect(attention(asleepSince(21))).toBeNull()
    expect(attention(asleepSince(23))).toMatchObject({
      kind: 'wake-soon',
      title: 'Node 1 must wake within 1 h',
      deadline: { what: 'wake', ts: period.start + sec + HOUR },
    })
  })

  test('asked to boot after a slow boot: the moment by which everything is at stake', () => {
    const sleepingSinceTs = period.start + sec - HOUR
    const of = node(sec, { sleepingSinceTs, slowBoots: 1, outlook: asked(period.start + sec - 600) }, HOUR)
    expect(attention(of)).toMatchObject({ kind: 'boot-due', deadline: { what: 'boot', ts: period.start + sec + 1200 } })
    expect(attention({ ...of, slowBoots: 0 })).toBeNull()
  })

  test('of a period that is over, a sleep counts to the last known moment, and one that began after the end says so', () => {
    const end = period.start + PERIOD_SEC
    /** known to so many hours after the end; asleep since, and asked to wake, so many hours after it (before it: less than 0) */
    const slept = (knownHours: number, sinceHours: number, askedHours?: number, final = false) => {
      const outlook = askedHours === undefined ? null : asked(end + askedHours * HOUR)
      return [node(PERIOD_SEC, { sleepingSinceTs: end + sinceHours * HOUR, outlook }), at(PERIOD_SEC + knownHours * HOUR, !final)] as const
    }
    expect(standing(...slept(3, -2))).toEqual({ state: 'asleep', reason: 'asleep for 5 h' })
    expect(standing(...slept(22, -2))).toEqual({ state: 'asleep', reason: 'asleep for 1 d' })
    // the mint credits nothing of it, as it is judged by when it ended
    expect(standing(...slept(23, -2))).toEqual({ state: 'at-risk', reason: 'asleep for 1 d 1 h: over 24 h is not credited' })
    expect(standing(...slept(27, -1, undefined, true))).toEqual({
      state: 'at-risk',
      reason: 'asleep for 1 d 4 h: over 24 h is not credited',
    })
    expect(standing(...slept(3, -2, 2.75))).toEqual({ state: 'asleep', reason: 'asleep for 5 h, asked to wake 15 min ago' })
    expect(standing(...slept(3, -2, 1))).toEqual({ state: 'at-risk', reason: 'asked to wake 2 h ago and did not boot within 30 min' })
    const after = "fell asleep after the period's end"
    expect(standing(...slept(3, 0))).toEqual({ state: 'asleep', reason: after })
    expect(standing(...slept(27, 1, undefined, true))).toEqual({ state: 'asleep', reason: after })
    expect(standing(...slept(3, 1, 2.75))).toEqual({ state: 'asleep', reason: `${after}, asked to wake 15 min ago` })
    // the rest of the sleep is worth something to this period only where some of it lies in it
    expect(attention(...slept(23, -0.5))).toMatchObject({ kind: 'wake-soon' })
    expect(attention(...slept(23, 0))).toBeNull()
    expect(attention(...slept(3, 1, 2))).toMatchObject({ wayOut: 'See that it boots.' })
  })

  test('a node that is down is told how long it has, one with little budget left too', () => {
    expect(attention(node(sec, {}, 5 * HOUR))).toMatchObject({
      severity: 'down',
      deadline: { what: 'back', ts: period.start + sec - 5 * HOUR + ALLOWED },
    })
    const low = node(sec, { measuredUptimeSec: sec - ALLOWED + HOUR })
    expect(attention(low)).toMatchObject({ kind: 'sla-close', reason: 'Only 1 h of downtime left.' })
    const missed = node(sec, { measuredUptimeSec: sec - ALLOWED - 1 })
    expect(attention(missed)).toMatchObject({ kind: 'sla-missed', deadline: null })
    expect(attention({ ...missed, measuredUptimeSec: sec - ALLOWED })).toMatchObject({ kind: 'sla-close' })
  })
})

test('use is the average of what is known, and unknown where there is nothing to use', () => {
  const used = { usedCru: BigInt(4 * DAY), usedMru: 0n, usedHru: 5n, usedSru: BigInt(DAY), ipSec: 0n }
  const total = { cru: 8, mru: 1024, hru: 0, sru: 3 }
  expect(usedSoFar(used, total, at(DAY))).toEqual({ cru: 500, mru: 0, hru: null, sru: 333 })
  expect(usedSoFar(used, total, at(0))).toEqual({ cru: null, mru: null, hru: null, sru: null })
})
