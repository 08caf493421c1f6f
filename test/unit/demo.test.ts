import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DEMO_PERIOD, type DemoOptions, generateDemo } from '../../src-main/archive/demo.ts'
import { writeArchive } from '../../src-main/archive/write.ts'
import { isAccountId } from '../../src-main/engines/minting/strkey.ts'
import { known } from '../../src-main/engines/projection/known.ts'
import { stateOf } from '../../src-main/engines/projection/standing.ts'
import { projectV3 } from '../../src-main/engines/projection/v3.ts'
import type { EndSnapshot, StartSnapshot } from '../../src-shared/grid.ts'
import { violations } from '../../src-shared/mint.ts'
import { PERIOD_SEC, POST_PERIOD_BLOCKS, periodAt } from '../../src-shared/time.ts'
import { mintDemo } from '../helpers/demo.ts'
import { runs } from '../helpers/runs.ts'

const DAY_SEC = 86_400

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-demo-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function written(options: DemoOptions): Promise<string> {
  const path = join(folder, 'demo.ndjson')
  await writeArchive(path, sink => generateDemo(options, sink))
  return readFileSync(path, 'utf8')
}

const digest = (text: string) => createHash('sha256').update(text).digest('hex')

describe('the bytes', () => {
  test('the same seed gives the same ones, another seed others', async () => {
    const first = digest(await written({ nodes: 40, days: 3, seed: 5 }))
    expect(digest(await written({ nodes: 40, days: 3, seed: 5 }))).toBe(first)
    expect(digest(await written({ nodes: 40, days: 3, seed: 6 }))).not.toBe(first)
    expect(digest(await written({ nodes: 40, days: 3, seed: 5 + 2 ** 32 }))).not.toBe(first)
  })

  test('blocks rise, none is empty but the last, and the lines say how far they reach', async () => {
    const lines = (await written({ nodes: 60, seed: 1 })).trimEnd().split('\n')
    const [header, start, end, ...blocks] = lines.map(line => JSON.parse(line))
    expect(header.period).toEqual(periodAt(DEMO_PERIOD))
    expect(start.block).toBe(header.blocks.first)
    expect(end.block).toBe(header.blocks.last)
    expect(start.ts).toBeGreaterThan(header.period.start)
    expect(end.ts).toBeGreaterThan(header.period.end)
    expect(blocks.at(-1).n).toBe(end.block + POST_PERIOD_BLOCKS)
    const inner = blocks.slice(0, -1)
    expect(inner.filter(block => block.events.length === 0)).toEqual([])
    expect(blocks.findIndex((block, i) => i > 0 && (block.n <= blocks[i - 1].n || block.ts < blocks[i - 1].ts))).toBe(-1)
  })

  test('a running period ends at its last block so far, inside the period', async () => {
    const lines = (await written({ nodes: 3, days: 1.5, seed: 1 })).trimEnd().split('\n')
    const [header, , end, ...blocks] = lines.map(line => JSON.parse(line))
    expect(blocks.at(-1).n).toBe(end.block)
    expect(header.blocks.last).toBe(end.block)
    expect(end.ts - header.period.start).toBeGreaterThan(1.5 * DAY_SEC - 10)
    expect(end.ts - header.period.start).toBeLessThanOrEqual(1.5 * DAY_SEC + 10)
  })

  test('the days of a whole period give the whole period', async () => {
    const { header, end } = await mintDemo({ nodes: 1, days: PERIOD_SEC / DAY_SEC, seed: 1 })
    expect(end.ts).toBeGreaterThan(header.period.end)
  })
})

test('a grid of one node', async () => {
  const { result, events } = await mintDemo({ nodes: 1, seed: 9 })
  expect(result.nodes).toHaveLength(1)
  expect(result.provisional).toBe(false)
  // a report every 40 minutes for 30.45 days and 27 hours more
  expect(events).toBeGreaterThan(1_000)
})

test.each([100, 400])('%i nodes show every violation, every state and every kind of event', async nodes => {
  const { result, names, start, end } = await mintDemo({ nodes, seed: 3 })
  const found = new Set(result.nodes.map(node => node.violation))
  expect([...violations].filter(violation => !found.has(violation))).toEqual([])
  expect(result.nodes.some(node => node.slowBoots === 1 && node.violation === null)).toBe(true)
  for (const kind of ['certified', 'virtualized'] as const) {
    expect(result.nodes.some(node => node[kind])).toBe(true)
    expect(result.nodes.some(node => !node[kind])).toBe(true)
  }
  expect(result.nodes.some(node => node.lastReportTs === null)).toBe(true)
  expect(result.nodes.some(node => node.rewardUnits === 0n && node.violation === null && node.measuredUptimeSec > 0)).toBe(true)
  expect(result.nodes.filter(node => node.rewardUnits > 0n).length).toBeGreaterThan(nodes / 2)
  expect([...names].sort()).toEqual([
    'SmartContractModule.ContractCreated',
    'SmartContractModule.NodeContractCanceled',
    'SmartContractModule.NruConsumptionReportReceived',
    'SmartContractModule.RentContractCanceled',
    'SmartContractModule.UpdatedUsedResources',
    'TfgridModule.ConnectionPriceSet',
    'TfgridModule.NodeStored',
    'TfgridModule.NodeUpdated',
    'TfgridModule.NodeUptimeReported',
    'TfgridModule.PowerStateChanged',
    'TfgridModule.PowerTargetChanged',
  ])
  expect(start.nodes.length).toBeLessThan(nodes)
  expect(start.power.some(power => power.state !== 'Up')).toBe(true)
  expectAddresses(end)
  expectPlainFigures(start)
})

function expectAddresses(end: EndSnapshot): void {
  const valid = end.payoutAddresses.filter(({ address }) => isAccountId(address))
  expect(valid.length).toBeGreaterThan(end.farms.length * 0.8)
  expect(valid.length).toBeLessThan(end.payoutAddresses.length)
  expect(end.payoutAddresses.length).toBeLessThan(end.farms.length)
  expect(end.farms.some(farm => /[À-ỹ]/.test(farm.name))).toBe(true)
  expect(end.farms.length).toBeGreaterThan(8)
}

function expectPlainFigures(start: StartSnapshot): void {
  for (const { resources } of start.nodes)
    for (const value of Object.values(resources)) expect(Number.isSafeInteger(value) && value >= 0).toBe(true)
}

test('a running grid has nodes that are up, asleep, down and at risk', async () => {
  const { result, header, lastTs } = await mintDemo({ nodes: 100, days: 15, seed: 4 })
  expect(result.provisional).toBe(true)
  const time = known({ ...header.period, completeUntilTs: lastTs, provisional: true })
  const states = new Map<string, number>()
  for (const node of result.nodes) {
    const { state } = stateOf(node, projectV3(node, time), time)
    states.set(state, (states.get(state) ?? 0) + 1)
  }
  for (const state of ['up', 'asleep', 'down', 'at-risk']) expect(states.get(state) ?? 0, state).toBeGreaterThan(0)
  expect(states.get('up')).toBeGreaterThan(50)
})

test('a grid goes on in its next period: the same nodes, and reports that follow those before', async () => {
  const shared = { nodes: 12, seed: 2, since: 50 }
  const before = await mintDemo({ ...shared, period: 50 })
  const after = await mintDemo({ ...shared, period: 51, days: 2 })
  expect(after.header.blocks.first).toBe(before.header.blocks.last)
  expect(after.end.farms).toEqual(before.end.farms)
  expect(after.end.payoutAddresses).toEqual(before.end.payoutAddresses)
  expect(after.start.nodes.map(node => node.id)).toEqual(before.result.nodes.map(node => node.nodeId))
  // Both archives tell of the 27 hours after the first period, and tell the same.
  const tail = (of: typeof before) =>
    of.reports.filter(([now]) => now > after.start.ts && now < after.start.ts + DAY_SEC).map(report => report.join())
  expect(tail(after)).toEqual(tail(before))
  expect(tail(after).length).toBeGreaterThan(200)
})

test('whatever seed and size: it mints without an error, and nobody is credited more than the period', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 60 }),
      fc.maxSafeNat(),
      fc.option(fc.double({ min: 0.001, max: 6, noNaN: true }), { nil: undefined }),
      async (nodes, seed, days) => {
        const options = { nodes: days === undefined ? Math.ceil(nodes / 4) : nodes, seed: Math.min(seed, Number.MAX_SAFE_INTEGER - 1) }
        const { result } = await mintDemo(days === undefined ? options : { ...options, days })
        expect(result.provisional).toBe(days !== undefined)
        // going to sleep at once after a report that claims too much may credit a little more than passed
        for (const node of result.nodes) expect(node.measuredUptimeSec).toBeLessThanOrEqual(PERIOD_SEC + 3_000)
      },
    ),
    runs(25, 300),
  )
})

describe('options outside their range', () => {
  const sink = new Proxy({} as Parameters<typeof generateDemo>[1], {
    get: () => () => {
      throw new Error('must not be reached')
    },
  })
  test.each<[DemoOptions, RegExp]>([
    [{ nodes: 0, seed: 1 }, /nodes cannot be 0: give a whole number from 1 to 10000/],
    [{ nodes: 10_001, seed: 1 }, /nodes cannot be 10001/],
    [{ nodes: 1.5, seed: 1 }, /nodes cannot be 1.5/],
    [{ nodes: Number.NaN, seed: 1 }, /nodes cannot be NaN/],
    [{ nodes: 1, seed: -1 }, /seed cannot be -1/],
    [{ nodes: 1, seed: 0.5 }, /seed cannot be 0.5/],
    [{ nodes: 1, seed: 1, days: 0 }, /0 days: give a number above 0 and up to 30.45/],
    [{ nodes: 1, seed: 1, days: 30.5 }, /30.5 days/],
    [{ nodes: 1, seed: 1, days: Number.NaN }, /NaN days/],
    [{ nodes: 1, seed: 1, period: -1 }, /period cannot be -1/],
    [{ nodes: 1, seed: 1, period: 5, since: 6 }, /since cannot be 6/],
    [{ nodes: 1, seed: 1, farms: [] }, /do not have 1 nodes/],
  ])('%j', async (options, message) => {
    await expect(generateDemo(options, sink)).rejects.toMatchObject({ code: 'usage', message: expect.stringMatching(message) })
  })
})
