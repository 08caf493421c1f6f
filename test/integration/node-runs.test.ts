import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DemoOptions, generateDemo } from '../../src-main/archive/demo.ts'
import { exportArchive, importFiles } from '../../src-main/core/index.ts'
import { createNodePeriodFold, type NodePeriodFold } from '../../src-main/engines/minting/node-period/fold.ts'
import { mintOf } from '../../src-main/engines/minting/node-period/mint.ts'
import { inOrder, mintsNdjson } from '../../src-main/engines/minting/node-period/outputs.ts'
import { tellNode } from '../../src-main/jobs/explain.ts'
import { mintArchiveByNode, writeNodeMints } from '../../src-main/jobs/node-mint.ts'
import { computeNodeRuns, foldStored, planRuns, staleRuns } from '../../src-main/jobs/node-runs.ts'
import { tellNodePeriods } from '../../src-main/jobs/node-stories.ts'
import { loadEnd } from '../../src-main/store/mint-input.ts'
import { listNodeMints, listNodeRuns, loadOpen } from '../../src-main/store/node-mints.ts'
import { openStore, type Store } from '../../src-main/store/open.ts'
import { storedPeriod } from '../../src-main/store/periods.ts'
import { loadReceipts } from '../../src-main/store/results.ts'
import { PERIOD_SEC } from '../../src-shared/time.ts'
import { demoArchives } from '../helpers/demo-archive.ts'
import { checkExplanation } from '../helpers/explain-identities.ts'
import { runs } from '../helpers/runs.ts'

/* Rule set node-period over stored periods that go on from each other. */

const plainRules = { firstNodePeriod: null, carbon: false }
const grid = { nodes: 60, seed: 5, since: 101 } as const
const everyMint = { offset: 0, limit: 1_000_000 }

/** One fold over the events of several archives of one grid, as if they were one. */
async function foldThrough(archives: DemoOptions[]): Promise<NodePeriodFold> {
  let fold: NodePeriodFold | null = null
  let toldBlock = -1
  for (const options of archives) {
    let endBlock = 0
    let wanted = false
    const isLast = options === archives.at(-1)
    let header: Parameters<typeof createNodePeriodFold>[0]
    let start: Parameters<typeof createNodePeriodFold>[1]
    await generateDemo(options, {
      header: value => {
        header = value
      },
      start: value => {
        start = value
      },
      end: value => {
        endBlock = value.block
        fold ??= createNodePeriodFold(header, start, value, { boundary: null })
      },
      block(n, ts) {
        wanted = n > toldBlock && (isLast || n <= endBlock)
        if (wanted) fold!.block(n, ts)
      },
      uptime: (nodeId, now, uptime) => wanted && fold!.uptime(nodeId, now, uptime),
      consumption: (id, timestamp, window, nru) => wanted && fold!.consumption(id, timestamp, window, nru),
      rare: event => wanted && fold!.rare(event),
      drain: async () => {},
    })
    toldBlock = endBlock
  }
  return fold!
}

describe('two periods of a small grid', () => {
  const folder = mkdtempSync(join(tmpdir(), 'granary-runs-'))
  const dataDir = join(folder, 'data')
  const archives: DemoOptions[] = [
    { ...grid, period: 101 },
    { ...grid, period: 102, days: 20 },
  ]
  let store: Store
  let files: string[] = []
  let remove = () => {}

  beforeAll(async () => {
    const made = await demoArchives(archives)
    files = made.files
    remove = made.remove
    await importFiles({ dataDir, files: [files[0]!], actor: 'test' }, {})
    store = openStore(dataDir, { mode: 'write' })
  })
  afterAll(() => {
    store.close()
    remove()
    rmSync(folder, { recursive: true, force: true })
  })

  test('a stored period gives the files that its archive gives, byte for byte', async () => {
    const summary = await mintArchiveByNode({ source: files[0]!, outDir: join(folder, 'archive'), ...plainRules }, {})
    const { period, mints, openStates, gaps } = foldStored(store, 101, plainRules)
    writeNodeMints({ network: period.network, period: summary.period, mints, states: openStates(), gaps }, join(folder, 'store'))
    expect(summary.paidMints).toBeGreaterThan(40)
    for (const name of summary.files)
      expect(readFileSync(join(folder, 'store', name), 'utf8')).toBe(readFileSync(join(folder, 'archive', name), 'utf8'))
  })

  test('each run goes on from the one before; together they are one fold over everything; only what changed is worked out again', async () => {
    expect(computeNodeRuns(store, plainRules)).toEqual([101])
    expect(computeNodeRuns(store, plainRules)).toEqual([])
    const alone = listNodeMints(store, everyMint).rows
    store.close()
    await importFiles({ dataDir, files: [files[1]!], actor: 'test' }, {})
    store = openStore(dataDir, { mode: 'write' })
    // 101 is not the last any more: what its 27 h afterwards closed belongs to 102
    expect(staleRuns(store, plainRules).map(({ period }) => period.index)).toEqual([101, 102])
    expect(computeNodeRuns(store, plainRules)).toEqual([101, 102])
    const whole = await foldThrough(archives)
    const expected = inOrder(whole.saved()).map(saved => mintOf(saved, { network: 'demo', carbon: false }))
    const found = listNodeMints(store, everyMint).rows
    expect(found.map(({ hash, record }) => ({ hash, record }))).toEqual(expected.map(({ id, record }) => ({ hash: id, record })))
    // the mints that 101 alone had are the same ones now
    const byKey = new Map(found.map(mint => [`${mint.nodeId} ${mint.startTs}`, mint.hash]))
    for (const mint of alone) expect(byKey.get(`${mint.nodeId} ${mint.startTs}`)).toBe(mint.hash)
    expect(loadOpen(store, 102).map(({ info, lastTs }) => ({ info: { ...info, closed: null }, lastTs }))).toEqual(
      whole.running().flatMap(({ open }) => (open ? { info: { ...open.info, closed: null }, lastTs: open.lastTs } : [])),
    )
    expect(listNodeRuns(store).map(run => run.period)).toEqual([101, 102])
    // without the saved states the same comes out
    const again = foldStored(store, 102, { ...plainRules, carbon: true })
    expect(again.mints.map(mint => mint.info)).toEqual(
      expected.filter(mint => mint.info.closed.block > again.period.startBlock).map(mint => mint.info),
    )
    expect(again.mints.some(mint => mint.carbonUnits > 0n)).toBe(true)
  })

  test('another configuration makes the runs stale; with a change-over nothing lies before it', () => {
    const rules = { firstNodePeriod: 102, carbon: false }
    expect(staleRuns(store, rules)).toHaveLength(2)
    const { startBlock } = storedPeriod(store, 102)
    expect(planRuns(store, rules).map(({ boundary }) => boundary?.block)).toEqual([startBlock, startBlock])
    computeNodeRuns(store, rules)
    expect(listNodeMints(store, everyMint).total).toBe(0)
    const open = loadOpen(store, 102)
    expect(open.length).toBeGreaterThan(50)
    const { start, end } = storedPeriod(store, 102)
    for (const { info } of open) {
      expect(info.period.start).toBeGreaterThanOrEqual(start)
      expect(info.period.start).toBeLessThan(end)
    }
    expect(open.filter(({ info }) => info.period.start === start).length).toBeGreaterThan(40)
    expect(computeNodeRuns(store, plainRules)).toEqual([101, 102])
  })

  test('an archive with the running states goes on from them: alone it gives the mints that the store gives', async () => {
    const target = join(folder, 'with-states.ndjson')
    await exportArchive({ dataDir, period: 102, target, nodeStates: true }, {})
    await mintArchiveByNode({ source: target, outDir: join(folder, 'from-states'), ...plainRules }, {})
    const { mints } = foldStored(store, 102, plainRules)
    expect(mints.length).toBeGreaterThan(40)
    expect(readFileSync(join(folder, 'from-states', 'mints.ndjson'), 'utf8')).toBe(mintsNdjson(mints))
    // and so does a store that has only this archive
    const lonely = join(folder, 'lonely')
    await importFiles({ dataDir: lonely, files: [target], actor: 'test' }, {})
    const other = openStore(lonely, { mode: 'write' })
    try {
      computeNodeRuns(other, plainRules)
      expect(listNodeMints(other, everyMint).rows.map(mint => mint.hash)).toEqual(mints.map(mint => mint.id))
    } finally {
      other.close()
    }
  })

  test('states that are none are refused with the way out', async () => {
    const target = join(folder, 'bad-states.ndjson')
    const lines = readFileSync(join(folder, 'with-states.ndjson'), 'utf8').split('\n')
    const start = JSON.parse(lines[1]!) as { nodeStates: { period: unknown }[] }
    start.nodeStates[3]!.period = { start: 'yesterday' }
    lines[1] = JSON.stringify(start)
    writeFileSync(target, lines.join('\n'))
    const outDir = join(folder, 'nothing')
    await expect(mintArchiveByNode({ source: target, outDir, ...plainRules }, {})).rejects.toThrow(
      /"nodeStates" in the start snapshot is not a node's running state: period\.start.*Leave "nodeStates" out/,
    )
    expect(existsSync(outDir)).toBe(false)
  })

  test('a node that is not there says so', () => {
    expect(() => tellNodePeriods(store, 102, 4711, plainRules)).toThrow(/Node 4711 has no period of its own in period 102/)
    expect(() => tellNodePeriods(store, 99, 1, plainRules)).toThrow(/Period 99 is not in the store/)
  })
})

test('on a grid of 1,000 nodes every explanation adds up to the second and the unit, under both rule sets', {
  timeout: 600_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'granary-thousand-'))
  const shared = { nodes: 1_000, seed: 7, since: 101 }
  const made = await demoArchives([
    { ...shared, period: 101 },
    { ...shared, period: 102, days: 1.5 },
  ])
  try {
    await importFiles({ dataDir: folder, files: made.files, actor: 'test' }, {})
    const store = openStore(folder, { mode: 'write' })
    try {
      computeNodeRuns(store, plainRules)
      const period = storedPeriod(store, 101)
      const end = loadEnd(store, period)
      const receipts = loadReceipts(store, 101, { after: -1, limit: 100_000 })
      expect(receipts.length).toBeGreaterThan(990)
      // every node in the long run, else one of each ten
      const each = Math.max(1, Math.round(1_000 / runs(40, 1_000).numRuns))
      for (const receipt of receipts.filter(({ nodeId }) => nodeId % each === 0))
        checkExplanation(tellNode(store, period, end, receipt.nodeId, 'latest').explanation, receipt, PERIOD_SEC)

      const mints = new Map(listNodeMints(store, everyMint).rows.map(mint => [`${mint.nodeId} ${mint.startTs}`, mint]))
      expect(mints.size).toBeGreaterThan(900)
      let explained = 0
      const chosen = [...mints.values()].filter(mint => mint.nodeId % each === 0)
      for (const nodeId of new Set(chosen.map(mint => mint.nodeId)))
        for (const { explanation, open } of tellNodePeriods(store, 102, nodeId, plainRules)) {
          const sum = (pick: 'creditedSec' | 'elapsedSec' | 'lostSec') => explanation.steps.reduce((total, step) => total + step[pick], 0)
          expect(sum('creditedSec')).toBe(explanation.measuredUptimeSec)
          expect(sum('elapsedSec')).toBe(explanation.elapsedSec)
          expect(sum('lostSec')).toBe(explanation.lostSec)
          if (open !== null) continue
          const mint = mints.get(`${nodeId} ${explanation.period.start}`)!
          explained++
          expect(explanation.hash).toBe(mint.hash)
          expect(explanation.receipt).toBe(mint.record)
          expect(explanation.measuredUptimeSec).toBe(mint.uptimeSec)
          expect(explanation.elapsedSec).toBe(PERIOD_SEC)
          expect(explanation.rewardUnits).toBe(mint.rewardUnits)
          expect(explanation.derivation.find(line => line.name === 'tft')!.value.replace('.', '')).toBe(
            mint.rewardUnits.toString().padStart(8, '0'),
          )
        }
      expect(explained).toBe(chosen.filter(mint => mint.period === 102).length)
      expect(explained).toBeGreaterThan(900 / each - 20)
    } finally {
      store.close()
    }
  } finally {
    made.remove()
    rmSync(folder, { recursive: true, force: true })
  }
})
