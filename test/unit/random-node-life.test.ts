import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PERIOD_SEC } from '../../src-shared/time.ts'
import { type NaiveMint, naiveNodePeriod } from '../helpers/naive-node-period.ts'
import type { PlainArchive } from '../helpers/naive-v3.ts'
import { randomChangeOver, randomNodeLife } from '../helpers/random-node-life.ts'
import { runs } from '../helpers/runs.ts'

/* Whether the random histories of rule set node-period are worth comparing anything on, and what must hold of each whoever computes it. */

/** What the naive side gives; null where it refuses the archive with a plain Error. */
function answer(archive: PlainArchive, options: Parameters<typeof naiveNodePeriod>[1] = {}) {
  try {
    return naiveNodePeriod(archive, options)
  } catch (error) {
    if (Object.getPrototypeOf(error) === Error.prototype) return null
    throw error
  }
}

function expectRising(archive: PlainArchive): void {
  for (const [index, block] of archive.blocks.entries()) {
    const before = archive.blocks[index - 1]
    if (before) expect([block.n > before.n, block.ts > before.ts]).toEqual([true, true])
  }
  expect(archive.end.ts).toBeGreaterThanOrEqual(archive.blocks.at(-1)?.ts ?? 0)
}

const countEvents = (archive: PlainArchive) => archive.blocks.reduce((sum, block) => sum + block.events.length, 0)

test('most histories close periods and pay, and all kinds of them occur', () => {
  const seen = { archives: 0, refused: 0, closing: 0, mints: 0, paid: 0, open: 0, several: 0, atEnd: 0, used: 0, capped: 0 }
  const outcomes = new Map<string, number>()
  const look = (mint: NaiveMint) => {
    seen.mints++
    outcomes.set(mint.outcome, (outcomes.get(mint.outcome) ?? 0) + 1)
    if (mint.rewardUnits > 0n) seen.paid++
    if (mint.closed.ts >= mint.period.end + PERIOD_SEC) seen.several++
    if (mint.closed.ts === mint.period.end) seen.atEnd++
    if (mint.used.cru > 0n && mint.ipSec > 0n && mint.nruBytes > 0n) seen.used++
    if (mint.minimum.cru !== mint.maximum.cru) seen.capped++
  }
  const { numRuns, seed } = runs(300)
  fc.assert(
    fc.property(randomNodeLife(), archive => {
      expectRising(archive)
      seen.archives++
      const result = answer(archive)
      if (!result) {
        seen.refused++
        return
      }
      const { mints, open } = result
      if (mints.length > 0) seen.closing++
      seen.open += open.length
      for (const mint of mints) look(mint)
    }),
    { numRuns, seed },
  )
  console.log(`node-period histories: ${JSON.stringify({ ...seen, ...Object.fromEntries(outcomes) })}`)
  // fewer of them may well miss what is rare
  if (numRuns < 300) return
  expect(seen.closing).toBeGreaterThan(seen.archives / 2)
  expect(seen.paid).toBeGreaterThan(seen.mints / 3)
  expect(seen.refused).toBeGreaterThan(0)
  expect(seen.refused).toBeLessThan(seen.archives / 5)
  for (const count of [seen.several, seen.atEnd, seen.used, seen.capped]) expect(count).toBeGreaterThan(seen.mints / 50)
  expect([...outcomes.keys()].sort()).toEqual(['paid-in-full', 'scaled', 'sla-missed', 'violation'])
})

test('the periods of a node do not overlap, none is up for longer than it lasts, carbon changes no reward', () => {
  fc.assert(
    fc.property(randomNodeLife({ maxMoves: 30 }), archive => {
      const result = answer(archive)
      if (!result) return
      for (const [index, mint] of result.mints.entries()) {
        const { period, closed, uptimeSec, minimum, maximum } = mint
        expect(period.end - period.start).toBe(PERIOD_SEC)
        expect(closed.ts).toBeGreaterThanOrEqual(period.end)
        expect(uptimeSec).toBeLessThanOrEqual(PERIOD_SEC)
        for (const unit of ['cru', 'mru', 'hru', 'sru'] as const) expect(maximum[unit]).toBeGreaterThanOrEqual(minimum[unit])
        const next = result.mints[index + 1]
        if (next?.nodeId === mint.nodeId) expect(next.period.start).toBeGreaterThanOrEqual(period.end)
      }
      const withCarbon = answer(archive, { carbon: true })
      if (withCarbon) expect(withCarbon.mints.map(mint => ({ ...mint, carbonUnits: 0n }))).toEqual(result.mints)
    }),
    runs(100),
  )
})

test('a change-over before everything is none, and no period reaches back before one', () => {
  fc.assert(
    fc.property(randomChangeOver({ maxMoves: 30 }), ({ archive, boundaryTs }) => {
      expect(answer(archive, { boundaryTs: archive.header.period.start })).toEqual(answer(archive))
      const result = answer(archive, { boundaryTs })
      for (const { period } of result?.mints ?? []) expect(period.start).toBeGreaterThanOrEqual(boundaryTs)
      for (const { periodStart } of result?.open ?? []) if (periodStart !== null) expect(periodStart).toBeGreaterThanOrEqual(boundaryTs)
    }),
    runs(100),
  )
})

test('histories grow to 10,000 events', () => {
  const sizes = fc.sample(randomNodeLife({ maxMoves: 20_000 }), { numRuns: 6, seed: 1 }).map(archive => {
    expectRising(archive)
    answer(archive)
    return countEvents(archive)
  })
  expect(Math.max(...sizes)).toBeGreaterThan(10_000)
})
