import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { importFiles } from '../../src-main/core/index.ts'
import { createNodePeriodFold } from '../../src-main/engines/minting/node-period/fold.ts'
import { mintOf } from '../../src-main/engines/minting/node-period/mint.ts'
import { computeNodeRuns, foldStored } from '../../src-main/jobs/node-runs.ts'
import { tellNodePeriods } from '../../src-main/jobs/node-stories.ts'
import { listNodeMints, loadOpen } from '../../src-main/store/node-mints.ts'
import { openStore, type Store } from '../../src-main/store/open.ts'
import type { FarmingPolicy, GridFarm, GridNode, RareEvent } from '../../src-shared/grid.ts'
import { periodAt } from '../../src-shared/time.ts'
import type { PlainArchive, PlainBlock } from '../helpers/naive-v3.ts'
import { feedBlocks, gridNode, policyOf } from '../helpers/node-period.ts'

/*
 * What all nodes share changes while nodes are away: policies, farms and the price, over three stored periods. One fold over everything says
 * what is right.
 */

const rules = { firstNodePeriod: null, carbon: false }
const indexes = [100, 101, 102]
const at = (index: number, sec: number) => periodAt(index).start + sec
const startBlock = (index: number) => index * 500_000

const twice = { cru: 16, mru: 64 * 2 ** 30, hru: 0, sru: 2048 * 2 ** 30 }
const farm = (name: string): GridFarm => ({ id: 1, name, twin_id: 500 })
const report = (node_id: number, ts: number, uptime: number): PlainBlock['events'][number] => [
  'TfgridModule.NodeUptimeReported',
  { node_id, now: ts, uptime },
]

/** The grid after each fixed period's start block: node 2 is followed only in the last one. */
const shared: Record<number, { price: number; policy: FarmingPolicy; farm: GridFarm; nodes: GridNode[] }> = {
  100: { price: 80, policy: policyOf(1), farm: farm('before'), nodes: [gridNode(1, { farming_policy_id: 1 })] },
  101: { price: 80, policy: policyOf(1), farm: farm('before'), nodes: [gridNode(1, { farming_policy_id: 1 })] },
  102: {
    price: 100,
    policy: policyOf(1, { cu: 4_800 }),
    farm: farm('after'),
    nodes: [gridNode(1, { farming_policy_id: 1 }), gridNode(2, { farming_policy_id: 1, connection_price: 90 })],
  },
}

function block(index: number, sec: number, ...events: PlainBlock['events']): PlainBlock {
  return { n: startBlock(index) + 1 + Math.floor(sec / 6), ts: at(index, sec), events }
}

/** Node 1 begins a period of its own in 100, goes away, and is back in 102: that period ended in 101, before its policy and farm changed there. */
const blocks: Record<number, PlainBlock[]> = {
  100: [block(100, 5_000, report(1, at(100, 5_000), 1_000)), block(100, 7_000, report(1, at(100, 7_000), 3_000))],
  101: [
    block(
      101,
      20_000,
      ['TfgridModule.FarmingPolicyUpdated', { policy: policyOf(1, { cu: 4_800 }) }] as RareEvent,
      ['TfgridModule.FarmUpdated', { farm: farm('after') }] as RareEvent,
      ['TfgridModule.ConnectionPriceSet', { price: 100 }] as RareEvent,
    ),
  ],
  102: [
    block(102, 1_000, report(1, at(102, 1_000), 500), report(2, at(102, 1_000), 500)),
    // its price is below the chain's now, so its maximum may not rise
    block(102, 2_000, [
      'TfgridModule.NodeUpdated',
      { node: { ...gridNode(2, { farming_policy_id: 1, connection_price: 90 }), resources: twice } },
    ]),
    block(102, 3_000, report(1, at(102, 3_000), 2_500), report(2, at(102, 3_000), 2_500)),
  ],
}

function archiveOf(index: number): PlainArchive {
  const period = periodAt(index)
  const now = shared[index]!
  const then = shared[index + 1] ?? now
  const snapshot = { twins: [], payoutAddresses: [] }
  return {
    header: {
      kind: 'header',
      format: 'grid-archive',
      version: 1,
      network: 'demo',
      period,
      blocks: { first: startBlock(index), last: startBlock(index + 1) },
    },
    start: {
      kind: 'snapshot',
      at: 'start',
      block: startBlock(index),
      ts: period.start + 1,
      nodes: now.nodes,
      contracts: [],
      power: [],
      connectionPrice: now.price,
      farms: [now.farm],
      farmingPolicies: [now.policy],
    },
    end: {
      kind: 'snapshot',
      at: 'end',
      block: startBlock(index + 1),
      ts: period.end + 1,
      ...snapshot,
      farms: [then.farm],
      farmingPolicies: [then.policy],
    },
    blocks: blocks[index]!,
  } as PlainArchive
}

let folder = ''
let store: Store

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'granary-market-'))
  const files = indexes.map(index => {
    const { header, start, end, blocks: all } = archiveOf(index)
    const path = join(folder, `${index}.ndjson`)
    const lines = [header, start, end, ...all.map(one => ({ kind: 'block', ...one }))]
    writeFileSync(path, lines.map(line => `${JSON.stringify(line)}\n`).join(''))
    return path
  })
  await importFiles({ dataDir: join(folder, 'data'), files, actor: 'test' }, {})
  store = openStore(join(folder, 'data'), { mode: 'write' })
})
afterAll(() => {
  store.close()
  rmSync(folder, { recursive: true, force: true })
})

/** What one fold over everything pays node 1 for its periods that ended. */
function wholeMints(): string[] {
  const [first, , last] = indexes.map(archiveOf)
  const fold = createNodePeriodFold(first!.header, first!.start, last!.end, { boundary: null })
  for (const index of indexes)
    feedBlocks(
      blocks[index]!.map(one => ({
        ...one,
        events: one.events.filter(([, value]) => !('node_id' in value && value.node_id === 2) && !('node' in value)),
      })),
      fold,
    )
  return fold.saved().map(saved => mintOf(saved, { network: 'demo', carbon: false }).record)
}

test('a period of its own that ended before the stored one began is paid by what stood at its end', () => {
  const expected = wholeMints()
  expect(expected).toHaveLength(1)
  const { mints } = foldStored(store, 102, rules)
  expect(mints.map(mint => mint.record)).toEqual(expected)
  expect(mints[0]!.farmName).toBe('before')
  expect(tellNodePeriods(store, 102, 1, rules).flatMap(({ mint, open }) => (open ? [] : mint.record))).toEqual(expected)
  computeNodeRuns(store, rules)
  expect(listNodeMints(store, { offset: 0, limit: 10 }).rows.map(mint => mint.record)).toEqual(expected)
  // the same from saved states
  expect(tellNodePeriods(store, 102, 1, rules).flatMap(({ mint, open }) => (open ? [] : mint.record))).toEqual(expected)
})

test('a node that is followed from a later period on is explained by the price and policy of then', () => {
  computeNodeRuns(store, rules)
  const [open] = loadOpen(store, 102).filter(({ info }) => info.nodeId === 2)
  const [story] = tellNodePeriods(store, 102, 2, rules)
  expect(story!.mint.info).toEqual({ ...open!.info, closed: story!.mint.info.closed })
  expect(story!.mint.farmName).toBe('after')
  const updated = story!.explanation.steps.find(step => step.kind === 'updated')
  expect(updated?.evidence).toMatchObject({ chainPriceMusd: 100 })
  // by the old price it would have risen to twice as much
  expect(updated?.evidence).toMatchObject({ cru: '8' })
})
