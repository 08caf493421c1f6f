import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { exportArchive, mintArchive, mintPeriod } from '../../src-main/core/index.ts'
import type { Faults } from '../../src-main/jobs/devnet/faults.ts'
import { type Devnet, startDevnet } from '../../src-main/jobs/devnet/index.ts'
import type { LiveView } from '../../src-main/jobs/sync/live.ts'
import { openStore } from '../../src-main/store/open.ts'
import { listPeriods, loadSnapshots, storedPeriod } from '../../src-main/store/periods.ts'
import type { SyncState } from '../../src-shared/sync.ts'
import { POST_PERIOD_BLOCKS, periodAt } from '../../src-shared/time.ts'
import { factsOf, madeUpArchive, syncFolder, syncInto } from '../helpers/sync.ts'

let made: Awaited<ReturnType<typeof madeUpArchive>>
let devnet: Devnet
let folders = 0
/** the period's start block */
let firstBlock: number
const opened: Devnet[] = []

beforeAll(async () => {
  made = await madeUpArchive({ nodes: 12, days: 0.2 })
  devnet = await startDevnet({ archive: made.archive })
  firstBlock = JSON.parse(readFileSync(made.archive, 'utf8').split('\n')[0]!).blocks.first
})
afterAll(async () => {
  await devnet.close()
  made.remove()
})
afterEach(async () => {
  for (const other of opened.splice(0)) await other.close()
})

const freshFolder = () => join(made.folder, `data-${folders++}`)
/** another endpoint of the same chain, which does something wrong */
const endpointWith = async (faults: Faults) => (await devnet.serve({ faults })).url
const mintedFiles = (folder: string) =>
  ['payouts.csv', 'overview.csv', 'receipts.ndjson', 'problems.json'].map(name => readFileSync(join(folder, name), 'utf8'))

test('a synced period is the archive that the chain was made from: the same events, the same mint byte for byte', async () => {
  const dataDir = freshFolder()
  const state = await syncFolder(dataDir, { endpoints: [devnet.url] })
  expect(state).toMatchObject({ stored: { n: devnet.head() }, halt: null, genesis: devnet.genesis })
  // through an upgrade of the runtime in the middle
  expect(state.runtimes).toHaveLength(2)
  expect(devnet.upgradeBlock).toBeGreaterThan(firstBlock)
  expect(devnet.upgradeBlock).toBeLessThan(devnet.head())
  await exportArchive({ dataDir, period: 100, target: join(dataDir, 'copy.ndjson') }, {})
  const linesOf = (path: string) => readFileSync(path, 'utf8').split('\n')
  const [header, start, end, ...blocks] = linesOf(join(dataDir, 'copy.ndjson'))
  const [, startGiven, endGiven, ...blocksGiven] = linesOf(made.archive)
  expect(blocks).toEqual(blocksGiven)
  expect(JSON.parse(header!)).toMatchObject({ network: 'demo', period: { index: 100 } })
  expect(JSON.parse(start!)).toEqual(JSON.parse(startGiven!))
  // the chain also has the twins of farms, which this archive leaves out
  const { twins, ...rest } = JSON.parse(end!)
  const { twins: twinsGiven, ...restGiven } = JSON.parse(endGiven!)
  expect(rest).toEqual(restGiven)
  expect(twins).toEqual(expect.arrayContaining(twinsGiven))
  await mintArchive({ source: made.archive, resources: 'latest', outDir: join(dataDir, 'a') }, {})
  await mintPeriod({ dataDir, period: 100, resources: 'latest', outDir: join(dataDir, 'b') }, {})
  expect(mintedFiles(join(dataDir, 'b'))).toEqual(mintedFiles(join(dataDir, 'a')))
})

test('chosen farms: only their nodes are kept, with the receipts that the whole grid gives them; a wider choice reads what is missing', async () => {
  const dataDir = freshFolder()
  const store = openStore(dataDir, { mode: 'write' })
  try {
    const whole = freshFolder()
    await syncFolder(whole, { endpoints: [devnet.url] })
    const all = openStore(whole, { mode: 'read' })
    const { start } = loadSnapshots(all, storedPeriod(all, 100))
    const nodes = storedPeriod(all, 100)
    all.close()
    const farm = start.nodes[0]!.farm_id
    const mine = start.nodes.filter(node => node.farm_id === farm).map(node => node.id)
    expect(mine.length).toBeLessThan(start.nodes.length)
    await syncInto(store, { endpoints: [devnet.url], scope: { farms: [farm], nodes: [] } })
    const period = storedPeriod(store, 100)
    expect(loadSnapshots(store, period).start.nodes.map(node => node.id)).toEqual(mine)
    expect(period.events).toBeLessThan(nodes.events)
    const receipts = async (folder: string) => {
      await mintPeriod({ dataDir: folder, period: 100, resources: 'latest', outDir: join(folder, 'out') }, {})
      return readFileSync(join(folder, 'out/receipts.ndjson'), 'utf8')
        .split('\n')
        .filter(line => line && mine.includes(JSON.parse(line).node_id))
    }
    const own = await receipts(dataDir)
    expect(own).toHaveLength(mine.length)
    expect(own).toEqual(await receipts(whole))
    await syncInto(store, { endpoints: [devnet.url] })
    expect(storedPeriod(store, 100)).toMatchObject({ scope: null, events: nodes.events, digest: nodes.digest })
  } finally {
    store.close()
  }
})

test('broken off and begun again, in parts and over endpoints that fail in every way, the store is the same', async () => {
  const once = freshFolder()
  await syncFolder(once, { endpoints: [devnet.url] })
  const facts = factsOf(once)
  const inParts = freshFolder()
  for (const until of [firstBlock + 10, firstBlock + 11, devnet.upgradeBlock, devnet.upgradeBlock + 1])
    await syncFolder(inParts, { endpoints: [devnet.url], until })
  await syncFolder(inParts, { endpoints: [devnet.url] })
  expect(factsOf(inParts)).toEqual(facts)
  const faulty: Faults[] = [
    { dropEvery: 50 },
    { nullShare: 0.01 },
    { refuseLists: true },
    { tooBigChars: 66_000 },
    { slow: { share: 0.01, ms: 300 } },
  ]
  for (const faults of faulty) {
    const dataDir = freshFolder()
    await syncFolder(dataDir, { endpoints: [await endpointWith(faults), devnet.url], compareShare: 0.1 })
    expect([faults, factsOf(dataDir)]).toEqual([faults, facts])
  }
})

test('an endpoint that says something else of a block halts it, and nothing from that block on is kept', async () => {
  // a block that has something to be wrong about
  const line = readFileSync(made.archive, 'utf8')
    .split('\n')
    .find(text => text.includes('"kind":"block"') && JSON.parse(text).n > firstBlock + 900)
  const bad = JSON.parse(line!).n as number
  const lie = freshFolder()
  await expect(syncFolder(lie, { endpoints: [await endpointWith({ lieAboutParent: bad })] })).rejects.toMatchObject({
    code: 'chain.parent',
    message: expect.stringContaining(String(bad)),
  })
  const differs = freshFolder()
  await expect(
    syncFolder(differs, { endpoints: [await endpointWith({ wrongEvents: bad }), devnet.url], compareShare: 1 }),
  ).rejects.toMatchObject({ code: 'chain.differs', message: expect.stringContaining(String(bad)) })
  for (const dataDir of [lie, differs]) {
    const store = openStore(dataDir, { mode: 'read' })
    expect(listPeriods(store)[0]?.coveredToBlock ?? 0).toBeLessThan(bad)
    store.close()
  }
})

test('an event that nobody knows halts it at that block; what is before is kept, and one that knows more goes on from there', async () => {
  const bad = firstBlock + 1_234
  const dataDir = freshFolder()
  const refused = syncFolder(dataDir, { endpoints: [await endpointWith({ undecodable: bad })] })
  await expect(refused).rejects.toMatchObject({ code: 'chain.undecodable', details: { block: bad } })
  const store = openStore(dataDir, { mode: 'read' })
  expect(storedPeriod(store, 100).coveredToBlock).toBe(bad - 1)
  store.close()
  await syncFolder(dataDir, { endpoints: [devnet.url] })
  const whole = freshFolder()
  await syncFolder(whole, { endpoints: [devnet.url] })
  expect(factsOf(dataDir)).toEqual(factsOf(whole))
})

test('an endpoint without old state is named; another chain under the same name is refused', async () => {
  const pruned = await endpointWith({ prunedBelow: devnet.head() - 10 })
  await expect(syncFolder(freshFolder(), { endpoints: [pruned] })).rejects.toMatchObject({
    code: 'chain.not-archive',
    message: expect.stringContaining(pruned),
  })
  const dataDir = freshFolder()
  await syncFolder(dataDir, { endpoints: [devnet.url], until: firstBlock + 50 })
  const made2 = await madeUpArchive({ nodes: 1, days: 0.05, seed: 9 })
  try {
    const other = await startDevnet({ nodes: 1, days: 0.01, live: false })
    opened.push(other)
    expect(other.genesis).not.toBe(devnet.genesis)
    await expect(syncFolder(dataDir, { endpoints: [other.url] })).rejects.toMatchObject({ code: expect.stringMatching(/network$/) })
    await expect(syncFolder(dataDir, { endpoints: [devnet.url], network: 'other' })).rejects.toMatchObject({ code: 'store.network' })
  } finally {
    made2.remove()
  }
})

test('it follows the head: live nodes at once, then the period to its end and the 27 h after it', { timeout: 120_000 }, async () => {
  const dataDir = freshFolder()
  const store = openStore(dataDir, { mode: 'write' })
  const stop = new AbortController()
  try {
    // blocks that are hours apart, to two hours before the period's end
    const chain = await startDevnet({ archive: sparseArchive(2_000, 7_200) })
    opened.push(chain)
    const views: LiveView[] = []
    const states: SyncState[] = []
    const running = syncInto(store, {
      network: 'sparse',
      endpoints: [chain.url],
      periods: 1,
      follow: true,
      signal: stop.signal,
      onLive: view => views.push(view),
      onState: state => states.push(state),
    })
    const ended = running.catch(error => error)
    const period = (state: SyncState | undefined) => state?.periods.find(candidate => candidate.index === 100)
    const until = async (holds: () => boolean): Promise<void> => {
      while (!holds()) {
        if (states.at(-1)?.halt) throw new Error(states.at(-1)!.halt!.message)
        const over = await Promise.race([ended, new Promise(resolve => setTimeout(resolve, 20))])
        if (over) throw over
      }
    }
    await until(() => views.length > 0)
    expect(views[0]!.asOf).toEqual({ n: chain.head(), ts: chain.tsOf(chain.head()) })
    expect(views[0]!.nodes).toMatchObject([{ nodeId: 1, farmId: 1, farmName: 'Alder', powerTarget: 'Up' }])
    await until(() => states.at(-1)?.phase === 'following')
    expect(storedPeriod(store, 100)).toMatchObject({ running: true, coveredToBlock: chain.head() })
    expect(period(states.at(-1))).toMatchObject({ state: 'running' })
    chain.produce(1_300)
    await until(() => period(states.at(-1))?.state === 'settling')
    expect(storedPeriod(store, 100)).toMatchObject({ running: false, provisional: true })
    chain.produce(POST_PERIOD_BLOCKS)
    await until(() => period(states.at(-1))?.state === 'complete')
    expect(storedPeriod(store, 100)).toMatchObject({ running: false, provisional: false })
    await until(() => listPeriods(store).some(({ index }) => index === 101))
    stop.abort()
    expect(await ended).toMatchObject({ code: 'cancelled' })
    const { endBlock, endTs, end } = storedPeriod(store, 100)
    expect(chain.tsOf(endBlock)).toBe(endTs)
    expect(endTs).toBeGreaterThan(end)
    expect(chain.tsOf(endBlock - 1)).toBeLessThanOrEqual(end)
    // the end block is the next period's start block
    expect(storedPeriod(store, 101).startBlock).toBe(endBlock)
  } finally {
    stop.abort()
    store.close()
  }
})

/** An archive of period 100 with one node and `blocks` blocks, the last one `beforeEndSec` before the period's end. */
function sparseArchive(blocks: number, beforeEndSec: number): string {
  const period = periodAt(100)
  const first = 1_000_000
  const last = first + blocks
  const node = {
    id: 1,
    farm_id: 1,
    twin_id: 1,
    resources: { hru: 0, sru: 0, cru: 8, mru: 2 ** 34 },
    location: { latitude: '0', longitude: '0' },
    country: 'Belgium',
    city: 'Ghent',
    created: 1_600_000_000,
    farming_policy_id: 1,
    certification: 'Diy',
    virtualized: false,
    connection_price: 80,
  }
  const policy = { id: 1, name: 'p', cu: 1, su: 1, nu: 1, ipv4: 1, minimal_uptime: 95, policy_end: 0, immutable: true, default: true }
  const lines = [
    { kind: 'header', format: 'grid-archive', version: 1, network: 'sparse', period, blocks: { first, last } },
    { kind: 'snapshot', at: 'start', block: first, ts: period.start + 2, nodes: [node], contracts: [], power: [] },
    {
      kind: 'snapshot',
      at: 'end',
      block: last,
      ts: period.end - beforeEndSec,
      farms: [{ id: 1, name: 'Alder', twin_id: 1 }],
      twins: [{ id: 1, relay: 'r', pk: null }],
      farmingPolicies: [{ ...policy, node_certification: 'Diy', farm_certification: 'NotCertified' }],
      payoutAddresses: [],
    },
    { kind: 'block', n: last, ts: period.end - beforeEndSec, events: [] },
  ]
  const path = join(made.folder, `sparse-${blocks}.ndjson`)
  writeFileSync(path, lines.map(line => `${JSON.stringify(line)}\n`).join(''))
  return path
}
