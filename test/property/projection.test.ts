import fc from 'fast-check'
import { expect, test } from 'vitest'
import { projectV3 } from '../../src-main/engines/projection/v3.ts'
import type { NodeResult } from '../../src-shared/mint.ts'
import type { Projected } from '../../src-shared/projection.ts'
import { PERIOD_SEC } from '../../src-shared/time.ts'
import { type Cut, cutHistory, goodEnd, lastReport, mintContinued } from '../helpers/continued-history.ts'
import type { PlainArchive } from '../helpers/naive-v3.ts'
import { randomHistory } from '../helpers/random-history.ts'
import { runs } from '../helpers/runs.ts'

/** Seconds from the period's start to where the history is cut: anywhere, at its end, and in the 27 h after it. */
const moment = fc.oneof(
  fc.integer({ min: 0, max: PERIOD_SEC }),
  fc.integer({ min: 0, max: 300_000 }),
  fc.integer({ min: PERIOD_SEC - 100_000, max: PERIOD_SEC + 100_000 }),
  fc.constantFrom(0, PERIOD_SEC - 1, PERIOD_SEC, PERIOD_SEC + 6, PERIOD_SEC + 12, PERIOD_SEC + 97_300),
)

/** Soon after something happened, where what is open is most. */
const afterEvent = fc.tuple(fc.nat(1_000), fc.oneof(fc.constantFrom(0, 1, 600, 1_800, 1_801), fc.nat(90_000)))

function secAfterEvent(history: PlainArchive, [which, after]: [number, number]): number {
  const block = history.blocks[which % Math.max(history.blocks.length, 1)]
  return Math.max(block === undefined ? 0 : block.ts - history.header.period.start, 0) + after
}

/** The history as it is known at a moment that is drawn by either way. */
function cutAt(history: PlainArchive, moment: number | [number, number], atMost = Number.POSITIVE_INFINITY): Cut | null {
  return cutHistory(history, Math.min(typeof moment === 'number' ? moment : secAfterEvent(history, moment), atMost))
}

function minted(cut: Cut, more: Parameters<typeof mintContinued>[1], nodeId: number): NodeResult | null {
  return mintContinued(cut, more)?.nodes.find(node => node.nodeId === nodeId) ?? null
}

function expectMint(projected: Projected, mint: NodeResult): void {
  const { uptimeSec, units, musd, violation } = projected
  expect({ uptimeSec, units, musd, violation }).toEqual({
    uptimeSec: mint.measuredUptimeSec,
    units: mint.rewardUnits,
    musd: mint.rewardMusd,
    violation: mint.violation,
  })
}

test('a node that goes down is paid what the mint pays for what is known, one that stays up what it pays with good reports to the end', () => {
  const seen = { down: 0, up: 0, asleep: 0, asked: 0, paying: 0 }
  const { numRuns, seed } = runs(400)
  fc.assert(
    fc.property(randomHistory, fc.oneof(moment, afterEvent), (history, when) => {
      const cut = cutAt(history, when)
      if (cut === null) return
      for (const node of cut.result.nodes) {
        const projection = projectV3(node, cut.time)
        const down = minted(cut, [], node.nodeId)
        if (down !== null) {
          expectMint(projection.goesDown, down)
          seen.down++
        }
        const up = cut.time.final ? down : minted(cut, goodEnd(cut, node), node.nodeId)
        if (up === null) continue
        expectMint(projection.staysUp, up)
        seen.up++
        if (node.sleepingSinceTs !== null) seen.asleep++
        if (node.outlook?.requestTs) seen.asked++
        if (up.rewardUnits > 0n) seen.paying++
      }
    }),
    { numRuns, seed },
  )
  console.log(seen)
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0)
})

test('once all of the period and the 27 h after it are known, both ways are the mint', () => {
  const { numRuns, seed } = runs(100)
  fc.assert(
    fc.property(randomHistory, history => {
      const cut = cutHistory(history, PERIOD_SEC + 97_300)
      if (cut === null) return
      expect(cut.time.final).toBe(true)
      for (const node of cut.result.nodes) {
        const projection = projectV3(node, cut.time)
        expectMint(projection.staysUp, node)
        expectMint(projection.goesDown, node)
        expect([projection.earnedUnits, projection.earnedMusd]).toEqual([node.rewardUnits, node.rewardMusd])
      }
    }),
    { numRuns, seed },
  )
})

test('losing exactly the budget still meets the SLA, a second more does not', () => {
  let tried = 0
  const { numRuns, seed } = runs(400)
  fc.assert(
    fc.property(randomHistory, fc.oneof(moment, afterEvent), (history, when) => {
      const cut = cutAt(history, when, PERIOD_SEC - 20_000)
      if (cut === null) return
      for (const node of cut.result.nodes) {
        const { budgetSec, staysUp, goesDown } = projectV3(node, cut.time)
        if (budgetSec === null || staysUp.violation !== null) continue
        expect(staysUp.slaMet).toBe(budgetSec >= 0)
        const leftSec = cut.time.endTs - Math.max(cut.time.asOfTs, node.lastReportTs ?? 0)
        if (node.slaPermille <= 1000) expect(goesDown.slaMet).toBe(budgetSec >= staysUp.uptimeSec - goesDown.uptimeSec)
        // a restart before the first report of the period is not measured against one, and one beyond the end not in it
        if (budgetSec < 0 || node.lastReportTs === null || node.sleepingSinceTs !== null || budgetSec + 7_000 > leftSec) continue
        const openSec = cut.time.asOfTs - node.lastReportTs
        if (openSec < 0 || openSec > 1_800) continue
        // an uptime so short that a restart could pass for an ordinary report
        if (lastReport(cut, node)[1] < 120n) continue
        const lose = (lostSec: number) => minted(cut, goodEnd(cut, node, { lostSec }), node.nodeId)
        const [least, more] = [lose(budgetSec), lose(budgetSec + 1)]
        if (least === null || more === null) continue
        expect(least.measuredUptimeSec).toBe(staysUp.uptimeSec - budgetSec)
        expect(least.rewardUnits > 0n).toBe(least.fullUnits > 0n)
        expect(more.rewardUnits).toBe(0n)
        expect(more.measuredUptimeSec).toBe(least.measuredUptimeSec - 1)
        tried++
      }
    }),
    { numRuns, seed },
  )
  expect(tried).toBeGreaterThan(0)
})

test('a node that is back at the moment named meets its SLA, a sleep that ends then counts; a second later neither', () => {
  const tried = { off: 0, asleep: 0, sleeps: 0 }
  const { numRuns, seed } = runs(400)
  fc.assert(
    fc.property(randomHistory, fc.oneof(moment, afterEvent), (history, when) => {
      const cut = cutAt(history, when, PERIOD_SEC - 20_000)
      if (cut === null) return
      for (const node of cut.result.nodes) {
        const { backByTs, wakeByTs, bootByTs, staysUp } = projectV3(node, cut.time)
        const back = (backTs: number) => minted(cut, goodEnd(cut, node, { backTs }), node.nodeId)
        const inPeriod = (ts: number | null): ts is number => ts !== null && ts > cut.time.asOfTs && ts + 7_000 < cut.time.endTs
        if (bootByTs !== null) continue
        if (inPeriod(wakeByTs)) {
          const [counts, lost] = [back(wakeByTs), back(wakeByTs + 1)]
          if (counts !== null) expect(counts.measuredUptimeSec).toBe(staysUp.uptimeSec)
          const sleptSec = wakeByTs + 1 - Math.max(wakeByTs - 86_400, cut.time.startTs)
          if (lost !== null) expect(lost.measuredUptimeSec).toBe(staysUp.uptimeSec - sleptSec)
          tried.sleeps++
        }
        // a sleep that counts meets the SLA whatever the moment
        if (!inPeriod(backByTs) || (wakeByTs !== null && backByTs <= wakeByTs)) continue
        // asked to boot too long ago is another matter; and a restart must not pass for an ordinary report
        if (node.outlook?.requestTs || (node.sleepingSinceTs === null && lastReport(cut, node)[1] < 120n)) continue
        const [met, missed] = [back(backByTs), back(backByTs + 1)]
        if (met === null || missed === null) continue
        expect(met.rewardUnits > 0n).toBe(met.fullUnits > 0n)
        expect(missed.rewardUnits).toBe(0n)
        if (node.sleepingSinceTs === null) tried.off++
        else tried.asleep++
      }
    }),
    { numRuns, seed },
  )
  console.log(tried)
  expect(tried.off).toBeGreaterThan(0)
  expect(tried.sleeps).toBeGreaterThan(0)
})
