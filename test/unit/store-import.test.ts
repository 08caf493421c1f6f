import { expect, test } from 'vitest'
import { LONG_CHUNKS } from '../../src-main/store/chunk-builder.ts'
import { decodeHead } from '../../src-main/store/codec-head.ts'
import { dropPeriod } from '../../src-main/store/drop-period.ts'
import { exportEvents, readEvents } from '../../src-main/store/events.ts'
import { openStore, type Store } from '../../src-main/store/open.ts'
import { listPeriods, loadSnapshots, storedPeriod } from '../../src-main/store/periods.ts'
import {
  findReceiptByHash,
  loadDays,
  loadNodeRows,
  loadReceipts,
  loadSummaries,
  receiptsOfNode,
  saveResults,
} from '../../src-main/store/results.ts'
import { AppError } from '../../src-shared/errors.ts'
import type { NodeResult } from '../../src-shared/mint.ts'
import type { PeriodSummary } from '../../src-shared/nodes-contract.ts'
import { periodAt } from '../../src-shared/time.ts'
import { type Archive, archiveOf, begin, importWhole, recorder, type Seen, steadyEvents, withFolder } from '../helpers/store.ts'

async function withStore(work: (store: Store, folder: string) => void | Promise<void>): Promise<void> {
  await withFolder(async folder => {
    const store = openStore(folder, { mode: 'write' })
    try {
      await work(store, folder)
    } finally {
      store.close()
    }
  })
}

function failure(work: () => unknown): AppError {
  try {
    work()
  } catch (error) {
    expect(error).toBeInstanceOf(AppError)
    return error as AppError
  }
  throw new Error('it did not fail')
}

/** Everything that the facts hold, as text. */
function contents(store: Store): string {
  const tables = ['imports', 'snapshots', 'chunks', 'events']
  const all = tables.map(table => store.facts.prepare(`SELECT * FROM ${table} ORDER BY 1, 2`).safeIntegers().raw().all())
  return JSON.stringify(all, (_key, value) => (typeof value === 'bigint' ? `${value}n` : value))
}

async function stored(store: Store): Promise<Seen[]> {
  const all = recorder()
  await exportEvents(store, storedPeriod(store, 80), all)
  return all.seen
}

const events = steadyEvents(40)
const { end: periodEnd } = periodAt(80)

function until(block: number): Archive {
  const endTs = periodAt(80).start + 2 + (block - 1_000_000) * 6
  return archiveOf(
    events.filter(event => event.n <= block),
    { endBlock: Math.min(block, 1_438_480), covered: block, endTs: Math.min(endTs, periodEnd + 2) },
  )
}

test('a chunk begins behind the period’s last block, and none holds blocks of both sides', () =>
  withStore(store => {
    const last = 1_438_480
    importWhole(store, archiveOf(steadyEvents(400, 438_480 + 3_000), { endBlock: last, covered: last + 3_000 }))
    const heads = store.facts.prepare('SELECT id % 16384 AS chunk, head FROM chunks ORDER BY id').all() as { chunk: number; head: Buffer }[]
    const blocks = heads.map(({ chunk, head }) => decodeHead(head, { period: 80, chunk, bucket: -1 }).blocks)
    // by their length alone the first ones end elsewhere
    expect(blocks.length).toBeGreaterThan(3)
    const [inside, after] = blocks.slice(-2)
    expect(inside!.at(-1)).toBe(last)
    expect(after![0]).toBe(last + 1)
    expect(inside!.length).toBeLessThan(LONG_CHUNKS.blocks)
  }))

test('the same archive again changes nothing', async () => {
  await withStore(store => {
    const archive = archiveOf(events, { covered: 1_454_680 })
    const { outcome, period } = importWhole(store, archive)
    expect(outcome).toBe('imported')
    expect(period).toMatchObject({ index: 80, events: events.length, coveredToBlock: 1_454_680, running: false, provisional: false })
    const before = contents(store)
    expect(importWhole(store, archive)).toEqual({ outcome: 'unchanged', period, events: events.length })
    expect(contents(store)).toBe(before)
  })
})

test.each([0, 1, 6000, events.length - 1])(
  'an archive that differs in event %i is refused with its block; the store stays',
  async index => {
    await withStore(store => {
      const archive = archiveOf(events)
      importWhole(store, archive)
      const before = contents(store)
      const changed = [...events]
      const event = events[index]!
      if (event.is !== 'uptime') throw new Error('a report')
      changed[index] = { ...event, values: [event.values[0]!, 5] }
      const missing = events.filter((_, i) => i !== index)
      for (const other of [changed, missing]) {
        const error = failure(() => importWhole(store, { ...archive, events: other }))
        expect(error.code).toBe('store.conflict')
        expect(error.message).toContain('Period 80')
        expect(error.details).toMatchObject({ period: 80, block: event.n })
        expect(contents(store)).toBe(before)
      }
    })
  },
)

test('a damaged or lost bucket is mended by importing the same archive again', async () => {
  await withStore(async store => {
    const archive = archiveOf(events)
    importWhole(store, archive)
    const before = contents(store)
    store.facts.prepare('UPDATE events SET data = substr(data, 1, length(data) - 1) WHERE id = (SELECT min(id) FROM events)').run()
    store.facts.prepare('DELETE FROM events WHERE id = (SELECT max(id) FROM events)').run()
    expect(failure(() => readEvents(store, storedPeriod(store, 80), recorder())).message).toMatch(/damaged.*again/)
    expect(importWhole(store, archive).outcome).toBe('unchanged')
    expect(contents(store)).toBe(before)
    expect(await stored(store)).toEqual(archive.events)
  })
})

test('other snapshots for the same period are refused', async () => {
  await withStore(store => {
    const archive = archiveOf(events)
    importWhole(store, archive)
    const before = contents(store)
    const start = { ...archive.start, power: [{ node_id: 1, state: 'Up' as const, target: 'Up' as const }] }
    const end = { ...archive.end, farms: [{ id: 1, name: 'x', twin_id: 1 }] }
    const header = { ...archive.header, period: { ...archive.header.period, end: periodEnd + 1 } }
    const later = { ...archive.end, block: archive.end.block + 1 }
    for (const change of [{ start }, { end }, { header }, { end: later }])
      expect(failure(() => importWhole(store, { ...archive, ...change })).code).toBe('store.conflict')
    expect(contents(store)).toBe(before)
  })
})

test('a running period is extended by longer archives, equal in what both have; shorter ones change nothing', async () => {
  await withStore(async store => {
    expect(importWhole(store, until(1_100_000))).toMatchObject({ outcome: 'imported', period: { running: true, provisional: true } })
    const first = storedPeriod(store, 80)
    expect(importWhole(store, until(1_200_000)).outcome).toBe('extended')
    expect(failure(() => readEvents(store, first, recorder())).code).toBe('store.busy')
    const before = contents(store)
    expect(importWhole(store, until(1_150_000))).toMatchObject({ outcome: 'unchanged', period: { coveredToBlock: 1_200_000 } })
    expect(contents(store)).toBe(before)
    // it lacks a report that the store has
    const whole = until(1_438_480)
    const error = failure(() => importWhole(store, { ...whole, events: whole.events.filter(event => event.n !== events[3000]!.n) }))
    expect(error.details.block).toBe(events[3000]!.n)
    expect(contents(store)).toBe(before)
    expect(importWhole(store, whole)).toMatchObject({ outcome: 'extended', period: { running: false, provisional: true } })
    // only more is known, nothing happened
    expect(importWhole(store, { ...whole, header: { ...whole.header, blocks: { first: 1_000_000, last: 1_454_680 } } })).toMatchObject({
      outcome: 'extended',
      period: { provisional: false },
    })
    expect(await stored(store)).toEqual(whole.events)
    const fresh = store.facts.prepare('SELECT count(*) FROM imports').pluck().get()
    expect(fresh).toBe(1)
    const chunks = store.facts.prepare('SELECT count(*) FROM chunks').pluck().get()
    expect(chunks).toBe(store.facts.prepare('SELECT chunks FROM imports').pluck().get())
  })
})

test('the store of one network refuses another', async () => {
  await withStore(store => {
    importWhole(store, archiveOf(events))
    const error = failure(() => importWhole(store, archiveOf([], { network: 'main' })))
    expect(error.code).toBe('store.network')
    expect(error.message).toMatch(/"test".*"main".*--data/)
  })
})

test('an unfinished import is seen by nobody; a reader keeps its view while the period is replaced', async () => {
  await withStore(async (store, folder) => {
    importWhole(store, until(1_200_000))
    const reader = openStore(folder, { mode: 'read' })
    const period = storedPeriod(reader, 80)
    const all = recorder()
    let chunk = 0
    await exportEvents(reader, period, all, async () => {
      if (chunk++ === 0) importWhole(store, until(1_438_480))
    })
    expect(all.seen).toEqual(until(1_200_000).events)
    expect(listPeriods(reader)[0]?.coveredToBlock).toBe(1_438_480)
    reader.close()
  })
})

test('another archive takes the place of an unfinished one, and abort leaves nothing', async () => {
  await withStore(store => {
    const { writer, feed } = begin(store, until(1_438_480))
    feed()
    writer.abort({ keep: true })
    const other = begin(store, until(1_300_000))
    expect(other.writer.resume).toBeNull()
    other.feed()
    other.writer.abort({ keep: false })
    for (const table of ['imports', 'snapshots', 'chunks', 'events'])
      expect(store.facts.prepare(`SELECT count(*) FROM ${table}`).pluck().get(), table).toBe(0)
  })
})

test('a full disk ends an import with io.full, the store as before', async () => {
  await withStore(store => {
    importWhole(store, until(1_100_000))
    const before = contents(store)
    store.facts.pragma(`max_page_count = ${(store.facts.pragma('page_count', { simple: true }) as number) + 4}`)
    const { writer, feed } = begin(store, until(1_438_480))
    const error = failure(() => {
      feed()
      writer.finish()
    })
    expect(error.code).toBe('io.full')
    writer.abort({ keep: false })
    expect(contents(store)).toBe(before)
  })
})

test('snapshots come back as they were, and a changed one is noticed', async () => {
  await withStore(store => {
    const archive = archiveOf([])
    archive.start.nodeStates = [{ balance: 2n ** 64n - 1n, half: 0.5, text: ',18446744073709551615,' }]
    const { period } = importWhole(store, archive)
    const { header, start, end } = archive
    expect(loadSnapshots(store, period)).toEqual({ header, start, end })
    store.facts.exec("UPDATE snapshots SET json = replace(json, '0.5', '0.6') WHERE part = 'start'")
    expect(failure(() => loadSnapshots(store, period)).code).toBe('store.corrupt')
  })
})

function resultOf(nodeId: number): NodeResult {
  return {
    nodeId,
    twinId: nodeId + 1,
    farmId: 1,
    farmName: 'farm "1"',
    payoutAddress: '',
    policyId: 1,
    certified: nodeId % 2 === 0,
    virtualized: false,
    country: 'Belgium',
    city: 'Ghent',
    violation: nodeId === 3 ? 'ClockSkew' : null,
    measuredUptimeSec: 1000,
    slowBoots: 0,
    lastReportTs: null,
    sleepingSinceTs: 5,
    rewardMusd: 2n ** 70n,
    rewardUnits: BigInt(nodeId),
    fullMusd: 7n,
    fullUnits: 8n,
    slaPermille: 950,
    scaled: true,
    outlook: nodeId === 5 ? { requestTs: 7, requestCounts: true, requestSlow: false, twin: 'MissingRelay' } : null,
    receipt: `{"node":${nodeId}}`,
    hash: nodeId.toString(16).padStart(64, 'ab'),
    overviewLine: `${nodeId},x`,
    days: { up: [1, 2], asleep: [3, 4], down: [5, 86_400] },
  }
}

test('results are replaced as a whole, read in parts, and stale once the period was imported anew', async () => {
  await withStore(store => {
    const { period } = importWhole(store, until(1_100_000))
    const summary = { index: 80, rewardUnits: 2n ** 65n, rewardMusd: 0n } as PeriodSummary
    const nodes = [5, 3, 70].map(resultOf)
    saveResults(store, period, summary, [resultOf(9)])
    saveResults(store, period, summary, nodes)
    expect(loadSummaries(store)).toEqual([{ summary, stale: false }])
    const sorted = [3, 5, 70].map(resultOf)
    expect(loadReceipts(store, 80, { after: 0, limit: 10 })).toEqual(sorted)
    expect(loadReceipts(store, 80, { after: 3, limit: 1 })).toEqual([sorted[1]])
    expect(loadReceipts(store, 80, { nodeIds: [70, 3, 4] })).toEqual([sorted[0], sorted[2]])
    const { receipt, overviewLine, days, ...light } = sorted[0]!
    expect([receipt, overviewLine]).toEqual(['{"node":3}', '3,x'])
    expect(loadNodeRows(store, 80)[0]).toEqual(light)
    expect(loadDays(store, 80, [3, 4])).toEqual(new Map([[3, days]]))
    expect(receiptsOfNode(store, 3)).toEqual([{ period: 80, outcome: light }])
    expect(findReceiptByHash(store, light.hash.slice(0, 63).toUpperCase(), 5).map(found => found.outcome.nodeId)).toEqual([3, 5])
    expect(findReceiptByHash(store, light.hash, 5)).toEqual([{ period: 80, outcome: light }])
    expect(findReceiptByHash(store, "x' OR 1", 5)).toEqual([])
    importWhole(store, until(1_200_000))
    expect(loadSummaries(store)).toEqual([{ summary, stale: true }])
    dropPeriod(store, 80)
    expect(loadSummaries(store)).toEqual([])
    expect(loadNodeRows(store, 80)).toEqual([])
    expect(listPeriods(store)).toEqual([])
    expect(store.facts.prepare('SELECT count(*) FROM events').pluck().get()).toBe(0)
  })
})
