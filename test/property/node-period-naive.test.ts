import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createNodePeriodFold, type NodePeriodFold, type RunningNode } from '../../src-main/engines/minting/node-period/fold.ts'
import { mintOf } from '../../src-main/engines/minting/node-period/mint.ts'
import { inOrder } from '../../src-main/engines/minting/node-period/outputs.ts'
import { AppError } from '../../src-shared/errors.ts'
import { PERIOD_SEC } from '../../src-shared/time.ts'
import { type NaiveMint, type NaiveOpen, naiveNodePeriod } from '../helpers/naive-node-period.ts'
import type { PlainArchive } from '../helpers/naive-v3.ts'
import { feedBlocks } from '../helpers/node-period.ts'
import { randomChangeOver, randomNodeLife } from '../helpers/random-node-life.ts'
import { runs } from '../helpers/runs.ts'

/*
 * Rule set node-period against the naive statement of it, which was written from the specification alone. What neither text nor vector
 * decides is in README-node-period.md beside this file.
 */

interface Options {
  boundaryTs?: number
  carbon?: boolean
}

/** What both sides must agree on of a node whose period runs, or that has none yet. */
type Open = Pick<NaiveOpen, 'nodeId' | 'periodStart'> & Partial<NaiveOpen>
type Answer = { mints: NaiveMint[]; open: Open[] } | { refused: true }

function foldOf(archive: PlainArchive, { boundaryTs }: Options): NodePeriodFold {
  const fold = createNodePeriodFold(archive.header, archive.start, archive.end, {
    boundary: boundaryTs === undefined ? null : { ts: boundaryTs, block: null },
  })
  feedBlocks(archive.blocks, fold)
  const { block, ts } = archive.end
  fold.block(Math.max(block, archive.blocks.at(-1)?.n ?? 0), Math.max(ts, archive.blocks.at(-1)?.ts ?? 0))
  return fold
}

function engineAnswer(archive: PlainArchive, options: Options): Answer {
  try {
    const fold = foldOf(archive, options)
    const context = { network: archive.header.network, carbon: options.carbon ?? false }
    const mints = inOrder(fold.saved()).map(saved => {
      const mint = mintOf(saved, context)
      // the record and the figures are two outlets of one mint
      expect(JSON.parse(mint.record)).toMatchObject({ paid: { tft: Number(mint.rewardUnits), outcome: mint.outcome } })
      const { farmTwinId, cloudUnits, permille, slaMet, scaled, outcome, rewardUnits, carbonUnits } = mint
      return { ...mint.info, farmTwinId, cloudUnits, permille, slaMet, scaled, outcome, rewardUnits, carbonUnits }
    })
    return { mints, open: fold.running().map(openOf) }
  } catch (error) {
    if (error instanceof AppError) return { refused: true }
    throw error
  }
}

function openOf({ nodeId, open }: RunningNode): Open {
  if (open === null) return { nodeId, periodStart: null }
  const { info, lastTs } = open
  const { period, closed: _closed, ...figures } = info
  return { periodStart: period.start, lastTs, ...figures }
}

/** The engine shows a running uptime cut to the period, as it would be saved. */
function ofNaiveOpen({ rented: _rented, lastUptime: _last, ...open }: NaiveOpen): Open {
  if (open.periodStart === null) return { nodeId: open.nodeId, periodStart: null }
  return { ...open, uptimeSec: Math.min(open.uptimeSec, PERIOD_SEC) }
}

function naiveAnswer(archive: PlainArchive, options: Options): Answer {
  let found: ReturnType<typeof naiveNodePeriod>
  try {
    found = naiveNodePeriod(archive, options)
  } catch (error) {
    // it refuses with a plain Error only; anything else is a slip of the naive side itself
    if (Object.getPrototypeOf(error) === Error.prototype) return { refused: true }
    throw error
  }
  return { mints: found.mints, open: found.open.map(ofNaiveOpen) }
}

// for long runs by GRANARY_RUNS
const timeout = 3_600_000
const seen = { mints: 0, paid: 0, violating: 0, refused: 0 }

function agree(archive: PlainArchive, options: Options): void {
  const naive = naiveAnswer(archive, options)
  expect(engineAnswer(archive, options)).toEqual(naive)
  if ('refused' in naive) seen.refused++
  else
    for (const mint of naive.mints) {
      seen.mints++
      if (mint.rewardUnits > 0n) seen.paid++
      if (mint.violation !== null) seen.violating++
    }
}

test('engine and naive statement agree on histories of a few events', { timeout }, () => {
  const { numRuns, seed } = runs(600)
  fc.assert(
    fc.property(randomNodeLife(), fc.boolean(), (archive, carbon) => agree(archive, { carbon })),
    { numRuns, seed },
  )
  console.log(`node-period: ${JSON.stringify(seen)}`)
  // the histories must reach both sides of every rule, or agreement says little
  if (numRuns < 300) return
  expect(seen.paid).toBeGreaterThan(seen.mints / 2)
  expect(seen.violating).toBeGreaterThan(0)
  expect(seen.refused).toBeGreaterThan(0)
})

test('they agree on a change-over from fixed periods at any moment', { timeout }, () => {
  const { numRuns, seed } = runs(400)
  fc.assert(
    fc.property(randomChangeOver(), ({ archive, boundaryTs }) => agree(archive, { boundaryTs })),
    { numRuns, seed },
  )
})

test('they agree on histories of about 10,000 events', { timeout }, () => {
  // the naive side takes its time over these
  const { numRuns, seed } = runs(2, 200)
  let events = 0
  fc.assert(
    fc.property(randomNodeLife({ maxMoves: 30_000 }), archive => {
      events += archive.blocks.reduce((sum, block) => sum + block.events.length, 0)
      agree(archive, {})
    }),
    { numRuns, seed },
  )
  console.log(`node-period: ${Math.round(events / numRuns)} events a history`)
})
