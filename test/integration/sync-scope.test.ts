import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeArchive } from '../../src-main/archive/write.ts'
import { mintPeriod } from '../../src-main/core/index.ts'
import { type Devnet, startDevnet } from '../../src-main/jobs/devnet/index.ts'
import { openStore, type Store } from '../../src-main/store/index.ts'
import { loadSnapshots, storedPeriod } from '../../src-main/store/periods.ts'
import { syncedPeriods } from '../../src-main/store/sync-period.ts'
import type { GridContract, GridNode, RareEvent } from '../../src-shared/grid.ts'
import { periodAt } from '../../src-shared/time.ts'
import { factsOf, syncFolder, syncInto } from '../helpers/sync.ts'

/*
 * A whole period in which nodes come, go and move between farms, with blocks 40 minutes apart, and some of the blocks after it. Farm 1 is
 * followed; node 4 moves into it, node 2 leaves it, node 5 is stored in it and deleted again, node 7 moves in and out again, node 8
 * moves in after the period's end.
 */
const folder = mkdtempSync(join(tmpdir(), 'granary-sync-scope-'))
const period = periodAt(100)
const first = 1_000_000
const stepSec = 2_400
const steps = Math.floor((period.end - period.start) / stepSec) - 1
const last = first + steps + 1
const AFTER = 3_000
const mine = [1, 2, 4, 5, 7, 8]
let devnet: Devnet
let whole = ''
/** farm 1 in one go */
let own = ''
let folders = 0
const freshFolder = () => join(folder, `data-${folders++}`)

const node = (id: number, farm_id: number, change: Partial<GridNode> = {}): GridNode => ({
  ...{ id, farm_id, twin_id: 100 + id, resources: { hru: 0, sru: 512 * 2 ** 30, cru: 8, mru: 32 * 2 ** 30 } },
  ...{ location: { latitude: '51.05', longitude: '3.71' }, country: 'Belgium', city: 'Ghent', created: 1_600_000_000 },
  ...{ farming_policy_id: 1, certification: 'Diy', virtualized: false, connection_price: 80, ...change },
})
const hosted = (contract_id: number, node_id: number): GridContract => ({
  ...{ contract_id, twin_id: 7, contract_type: { NodeContract: { node_id, public_ips: 1 } } },
})
const used = { hru: 0, sru: 2 ** 36, cru: 4, mru: 2 ** 34 }

/** What happens, by the number of the step in which it does. */
const happenings = new Map<number, RareEvent[]>([
  [100, [['SmartContractModule.ContractCreated', { contract: hosted(40, 4) }]]],
  [101, [['SmartContractModule.UpdatedUsedResources', { contract_id: 40, used }]]],
  [200, [['TfgridModule.NodeStored', { node: node(5, 1) }]]],
  [300, [['TfgridModule.NodeUpdated', { node: node(2, 2) }]]],
  [
    400,
    [
      ['TfgridModule.FarmUpdated', { farm: { id: 1, name: 'Alder renamed', twin_id: 11 } }],
      ['SmartContractModule.NodeContractCanceled', { contract_id: 30, node_id: 1, twin_id: 7 }],
    ],
  ],
  [500, [['TfgridModule.NodeUpdated', { node: node(4, 1, { twin_id: 204 }) }]]],
  [600, [['TfgridModule.NodeDeleted', { node_id: 5 }]]],
  [700, [['TfgridModule.NodeUpdated', { node: node(7, 1) }]]],
  [701, [['TfgridModule.NodeUpdated', { node: node(7, 3) }]]],
  [800, [['SmartContractModule.NodeContractCanceled', { contract_id: 40, node_id: 4, twin_id: 7 }]]],
  [900, [['SmartContractModule.RentContractCanceled', { contract_id: 31 }]]],
])

beforeAll(async () => {
  const archive = join(folder, 'archive.ndjson')
  const startTs = period.start + 4
  await writeArchive(archive, async sink => {
    sink.header({ kind: 'header', format: 'grid-archive', version: 1, network: 'moving', period, blocks: { first, last } })
    sink.start({
      ...{ kind: 'snapshot', at: 'start', block: first, ts: startTs, power: [] },
      nodes: [node(1, 1), node(2, 1), node(3, 2), node(4, 2), node(6, 3), node(7, 3), node(8, 2)],
      contracts: [
        { ...hosted(30, 1), resources: used },
        { contract_id: 31, twin_id: 7, contract_type: { RentContract: { node_id: 2 } }, resources: null },
      ],
    })
    sink.end({
      ...{ kind: 'snapshot', at: 'end', block: last, ts: period.end + 3 },
      farms: [
        { id: 1, name: 'Alder renamed', twin_id: 11 },
        { id: 2, name: 'Birch', twin_id: 12 },
        { id: 3, name: 'Cedar', twin_id: 13 },
      ],
      // the twins of nodes 2 and 5 are missing at the end
      twins: [11, 12, 13, 101, 103, 104, 106, 107, 108, 204].map(id => ({ id, relay: 'r', pk: `0x${'02'.repeat(33)}` })),
      farmingPolicies: [
        {
          ...{ id: 1, name: 'p', cu: 2400, su: 1000, nu: 30, ipv4: 5, minimal_uptime: 95, policy_end: 0, immutable: true, default: true },
          ...{ node_certification: 'Diy', farm_certification: 'NotCertified' },
        },
      ],
      payoutAddresses: [{ farm_id: 1, address: 'GALDER' }],
    })
    const tsOf = (step: number) => startTs + step * stepSec
    let uptime = 100_000
    const reports = (ts: number, step: number): void => {
      for (const id of [1, 2, 3, 4, 5, 6, 7, 8]) if (id !== 5 || (step > 200 && step < 600)) sink.uptime(id, ts, uptime)
      uptime += stepSec
    }
    for (let step = 1; step <= steps; step++) {
      sink.block(first + step, tsOf(step))
      for (const event of happenings.get(step) ?? []) sink.rare(event)
      if (step % 20 === 0) {
        sink.consumption(30, tsOf(step), 48_000, 1_000_000)
        sink.consumption(40, tsOf(step), 48_000, 2_000_000)
      }
      reports(tsOf(step), step)
    }
    sink.block(last + 100, period.end + 603)
    uptime += period.end + 603 - tsOf(steps + 1)
    reports(period.end + 603, steps + 1)
    sink.block(last + 2_000, period.end + 12_003)
    sink.rare(['TfgridModule.NodeUpdated', { node: node(8, 1) }])
    sink.block(last + AFTER, period.end + 3 + AFTER * 6)
    await sink.drain()
  })
  devnet = await startDevnet({ archive })
  whole = freshFolder()
  await syncFolder(whole, { endpoints: [devnet.url], network: 'moving', periods: 2 })
  own = freshFolder()
  await syncFolder(own, { endpoints: [devnet.url], ...run })
})
afterAll(async () => {
  await devnet.close()
  rmSync(folder, { recursive: true, force: true })
})

const run = { network: 'moving', scope: { farms: [1], nodes: [] }, periods: 2 }

/** Receipts of some nodes by their id. */
async function receipts(dataDir: string, outDir: string): Promise<Map<number, string>> {
  await mintPeriod({ dataDir, period: 100, resources: 'latest', outDir }, {})
  const lines = readFileSync(join(outDir, 'receipts.ndjson'), 'utf8').trimEnd().split('\n')
  return new Map(lines.map(line => [JSON.parse(line).node_id as number, line]))
}

test('nodes that move into a followed farm, leave it, are stored in it and deleted: each has the receipt that the whole grid gives', async () => {
  const [all, mined] = [await receipts(whole, join(folder, 'out-all')), await receipts(own, join(folder, 'out-own'))]
  expect([...mined.keys()].sort((a, b) => a - b)).toEqual(mine)
  for (const id of mine) expect(mined.get(id), `node ${id}`).toBe(all.get(id))
  // the figures are worth comparing: uptime from before the move, and use of a contract from before it
  const moved = JSON.parse(mined.get(4)!).receipt
  expect(moved.measured_uptime).toBeGreaterThan(2_500_000)
  expect(moved).toMatchObject({ farm_id: 1, farm_name: 'Alder renamed' })
  expect(moved.cloud_units.nu).toBeGreaterThan(0)
  const store = openStore(own, { mode: 'read' })
  try {
    const stored = storedPeriod(store, 100)
    expect(JSON.parse(stored.scope!)).toEqual({ farms: [1], nodes: [], follow: mine })
    const { start, end } = loadSnapshots(store, stored)
    expect(start.nodes.map(({ id }) => id)).toEqual([1, 2, 4, 7, 8])
    expect(start.contracts.map(contract => contract.contract_id)).toEqual([30, 31])
    // the farms and twins of all who were followed, as far as the chain has them
    expect(end.farms.map(({ id }) => id)).toEqual([1, 2, 3])
    expect(end.twins.map(({ id }) => id)).toEqual(expect.arrayContaining([101, 104, 107, 108, 204]))
    expect(end.twins.map(({ id }) => id)).not.toContain(103)
    expect(store.facts.prepare("SELECT count(*) FROM imports WHERE state <> 'current'").pluck().get()).toBe(0)
  } finally {
    store.close()
  }
})

test('broken off right where a node moves in, the period is read again all the same', async () => {
  const dataDir = freshFolder()
  // a stop after each move, in the middle of what follows it: at the head of that time the period is still running
  for (const until of [first + 450, first + 501, first + 650, first + 702, last + 50, last + 2_050])
    await syncFolder(dataDir, { endpoints: [devnet.url], ...run, until, periods: until <= last ? 1 : 2 })
  await syncFolder(dataDir, { endpoints: [devnet.url], ...run })
  expect(storedIn(dataDir)).toEqual(storedIn(own))
})

test('an endpoint that fails after a move leaves nothing that claims to know what the node did before', async () => {
  const dataDir = freshFolder()
  const bad = first + 620
  const failing = await devnet.serve({ faults: { lieAboutParent: bad } })
  const store = openStore(dataDir, { mode: 'write' })
  try {
    // before the move: the farm's nodes of that time are followed
    await syncInto(store, { endpoints: [devnet.url], ...run, periods: 1, until: first + 450 })
    await expect(syncInto(store, { endpoints: [failing.url], ...run, periods: 1, until: first + 900 })).rejects.toMatchObject({
      code: 'chain.parent',
    })
    expect(followed(store)).toEqual([1, 2, 5])
    await syncInto(store, { endpoints: [devnet.url], ...run })
    expect(followed(store)).toEqual(mine)
  } finally {
    store.close()
    await failing.close()
  }
  expect(storedIn(dataDir)).toEqual(storedIn(own))
})

function followed(store: Store): number[] {
  return syncedPeriods(store, 100).flatMap(({ scope }) => scope?.follow ?? [])
}

/** What is stored; the digests are over everything that readers rest on. */
function storedIn(dataDir: string): unknown {
  const { imports, snapshots } = factsOf(dataDir) as Record<string, unknown>
  return { imports, snapshots }
}
