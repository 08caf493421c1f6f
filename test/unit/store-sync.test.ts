import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadBlocks, loadRuntimes, pinChain, pinnedChain, saveRuntime } from '../../src-main/store/chain.ts'
import { ChunkBuilder, DAY_CHUNKS, type EncodedChunk } from '../../src-main/store/chunk-builder.ts'
import { exportEvents } from '../../src-main/store/events.ts'
import { openStore, type Store } from '../../src-main/store/open.ts'
import { listPeriods, loadSnapshots, storedPeriod } from '../../src-main/store/periods.ts'
import { beginPeriod, resumePeriod, type SyncPeriodWriter, syncedPeriods } from '../../src-main/store/sync-period.ts'
import type { EventSink } from '../../src-shared/grid.ts'
import { periodAt } from '../../src-shared/time.ts'
import { runs } from '../helpers/runs.ts'
import { type Archive, archiveOf, importWhole, recorder, replay, type Seen, steadyEvents, withFolder } from '../helpers/store.ts'

const hashOf = (n: number) => `0x${n.toString(16).padStart(64, '0')}`

/** Everything of an import's rows that readers rest on. */
function rowsOf(store: Store) {
  const all = <T>(sql: string) => store.facts.prepare(sql).all() as T[]
  return {
    imports: all('SELECT period, state, origin, chunks, events, last_block, covered_block, covered_ts, digest FROM imports'),
    chunks: all<{ chunk: number; head: Buffer }>('SELECT id % 16384 AS chunk, head FROM chunks ORDER BY id'),
    events: all<{ place: number; data: Buffer }>('SELECT id & 2199023255551 AS place, data FROM events ORDER BY id'),
  }
}

function begin(store: Store, archive: Archive, scope: { farms: number[]; nodes: number[]; follow: number[] } | null = null) {
  const { header, start, end } = archive
  return beginPeriod(store, { network: header.network, period: header.period, scope, start, end })
}

/** Tells a writer the archive's blocks from `from` to `to`, those without events too, and commits after the blocks that `cut` names. */
function feed(writer: SyncPeriodWriter, archive: Archive, from: number, to: number, cut: (n: number) => boolean): void {
  const byBlock = new Map<number, Seen[]>()
  for (const event of archive.events) {
    const list = byBlock.get(event.n)
    if (list) list.push(event)
    else byBlock.set(event.n, [event])
  }
  const start = periodAt(80).start
  for (let n = from; n <= to; n++) {
    const events = byBlock.get(n) ?? []
    const ts = start + 2 + (n - 1_000_000) * 6
    writer.block(n, ts)
    replay(events, { ...writer, block() {} })
    if (cut(n) || n === to) writer.commit([{ n, hash: hashOf(n), ts }])
  }
}

/** The archive's events as a sync packs them in one go. */
function dayChunks({ header, start, events }: Archive): EncodedChunk[] {
  const builder = new ChunkBuilder(header.period, start, DAY_CHUNKS)
  const chunks: EncodedChunk[] = []
  let last = -1
  for (const event of events) {
    if (event.n !== last) {
      if (builder.isFull(event.n, event.ts)) chunks.push(builder.take(chunks.length))
      builder.block(event.n, event.ts)
      last = event.n
    }
    replay([event], { ...builderSink(builder), block() {} })
  }
  return [...chunks, builder.take(chunks.length)]
}

function builderSink(builder: ChunkBuilder): EventSink {
  return {
    block: (n, ts) => builder.block(n, ts),
    uptime: (...event) => builder.uptime(...event),
    consumption: (...event) => builder.consumption(...event),
    rare: event => builder.rare(event),
  }
}

async function eventsOf(store: Store): Promise<Seen[]> {
  const sink = recorder()
  await exportEvents(store, storedPeriod(store, 80), sink)
  return sink.seen
}

test('however it is cut into commits and broken off, a period is the same in the end, in chunks of a day, with the events of an import', async () => {
  const blocks = 30_000
  const archive = archiveOf(steadyEvents(200, blocks), {
    endBlock: 1_000_000 + blocks - 1,
    endTs: periodAt(80).start + 2 + (blocks - 1) * 6,
  })
  const daily = dayChunks(archive)
  expect(daily.length).toBeGreaterThan(1)
  const imported = await withFolder(async folder => {
    const store = openStore(folder, { mode: 'write' })
    importWhole(store, archive)
    const events = await eventsOf(store)
    store.close()
    return events
  })
  let whole: ReturnType<typeof rowsOf> | null = null
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1_000_000, max: 1_000_000 + blocks - 1 }), { maxLength: 6 }),
      fc.array(fc.integer({ min: 1_000_000, max: 1_000_000 + blocks - 1 }), { maxLength: 3 }),
      async (cuts, kills) => {
        await withFolder(async folder => {
          let store = openStore(folder, { mode: 'write' })
          let writer = begin(store, archive)
          const cutAt = new Set(cuts)
          for (const kill of [...kills].sort((a, b) => a - b)) {
            // what was told after the last commit is gone, as after a kill
            const from = writer.last.n + 1
            if (kill <= from) continue
            feed(writer, archive, from, kill, n => cutAt.has(n))
            for (let n = kill + 1; n < kill + 50; n++) writer.block(n, 0)
            store.close()
            store = openStore(folder, { mode: 'write' })
            writer = resumePeriod(store, syncedPeriods(store, 80)[0]!.importId)
            expect(writer.last.n).toBe(kill)
          }
          feed(writer, archive, writer.last.n + 1, 1_000_000 + blocks - 1, n => cutAt.has(n))
          const rows = rowsOf(store)
          whole ??= rows
          expect(rows).toEqual(whole)
          expect(rows.chunks).toEqual(daily.map(({ head }, chunk) => ({ chunk, head: Buffer.from(head) })))
          expect(rows.events.map(({ data }) => data)).toEqual(daily.flatMap(({ blobs }) => blobs.map(({ data }) => Buffer.from(data))))
          expect(await eventsOf(store)).toEqual(archive.events)
          expect(archive.events).toEqual(imported)
          store.close()
        })
      },
    ),
    runs(5, 40),
  )
})

test('readers see a period from its first commit on, and the end snapshot of the last', () =>
  withFolder(async folder => {
    const store = openStore(folder, { mode: 'write' })
    const archive = archiveOf(steadyEvents(3, 5_000), { endBlock: 1_010_000 })
    const writer = begin(store, archive)
    expect(listPeriods(store)).toEqual([])
    feed(writer, archive, 1_000_000, 1_002_000, () => false)
    expect(storedPeriod(store, 80)).toMatchObject({
      coveredToBlock: 1_002_000,
      running: true,
      provisional: true,
      origin: 'sync',
      scope: null,
    })
    const end = { ...archive.end, block: 1_002_001, ts: writer.last.ts + 6, farms: [{ id: 7, name: 'seven', twin_id: 1 }] }
    writer.block(1_002_001, end.ts)
    writer.commit([{ n: 1_002_001, hash: hashOf(1_002_001), ts: end.ts }], { end })
    expect(loadSnapshots(store, storedPeriod(store, 80))).toMatchObject({ end, header: { blocks: { last: 1_002_001 } } })
    store.close()
  }))

test('a period of chosen nodes gives way to that of the whole grid once this reaches as far', () =>
  withFolder(async folder => {
    const store = openStore(folder, { mode: 'write' })
    const archive = archiveOf(steadyEvents(3, 5_000), { endBlock: 1_010_000 })
    feed(begin(store, archive, { farms: [1], nodes: [], follow: [1] }), archive, 1_000_000, 1_003_000, () => false)
    const wide = begin(store, archive)
    feed(wide, archive, 1_000_000, 1_002_000, () => false)
    expect(storedPeriod(store, 80)).toMatchObject({ coveredToBlock: 1_003_000, scope: '{"farms":[1],"follow":[1],"nodes":[]}' })
    expect(syncedPeriods(store, 80)).toHaveLength(2)
    feed(wide, archive, 1_002_001, 1_003_000, () => false)
    expect(storedPeriod(store, 80)).toMatchObject({ coveredToBlock: 1_003_000, scope: null })
    expect(syncedPeriods(store, 80)).toHaveLength(1)
    expect(store.facts.prepare('SELECT count(*) FROM imports').pluck().get()).toBe(1)
    store.close()
  }))

test('an imported archive gives way only if it says the same; an archive of the whole grid takes the place of chosen nodes', () =>
  withFolder(async folder => {
    const store = openStore(folder, { mode: 'write' })
    const events = steadyEvents(30, 4_000)
    const archive = archiveOf(events, { endBlock: 1_004_000, endTs: periodAt(80).start + 4_000 * 6 })
    importWhole(
      store,
      archiveOf(
        events.filter(event => event.n <= 1_002_000),
        { endBlock: 1_002_000, endTs: periodAt(80).start + 12_002 },
      ),
    )
    const same = begin(store, archive)
    feed(same, archive, 1_000_000, 1_003_000, n => n % 700 === 0)
    expect(storedPeriod(store, 80)).toMatchObject({ coveredToBlock: 1_003_000, origin: 'sync' })
    // the whole archive after it: what both have is equal
    expect(importWhole(store, archive).outcome).toBe('extended')
    expect(storedPeriod(store, 80)).toMatchObject({ origin: 'archive', coveredToBlock: 1_004_000 })
    expect(() => same.commit([])).toThrow(expect.objectContaining({ code: 'store.busy' }))
    const other = archiveOf(
      events.map(event => (event.n === 1_001_205 && event.is === 'uptime' ? { ...event, values: [event.values[0]!, 1] } : event)),
      { endBlock: 1_009_000 },
    )
    expect(() => feed(begin(store, other), other, 1_000_000, 1_004_500, () => false)).toThrow(
      expect.objectContaining({ code: 'store.conflict', message: expect.stringContaining('block 1001205') }),
    )
    expect(storedPeriod(store, 80)).toMatchObject({ origin: 'archive', coveredToBlock: 1_004_000 })
    store.close()
  }))

test('a store follows one chain: its network and genesis are pinned', () =>
  withFolder(folder => {
    const store = openStore(folder, { mode: 'write' })
    expect(pinnedChain(store)).toBeNull()
    pinChain(store, 'test', hashOf(1))
    pinChain(store, 'test', hashOf(1))
    expect(pinnedChain(store)).toEqual({ network: 'test', genesis: hashOf(1) })
    expect(() => pinChain(store, 'test', hashOf(2))).toThrow(expect.objectContaining({ code: 'store.network' }))
    expect(() => pinChain(store, 'main', hashOf(1))).toThrow(expect.objectContaining({ code: 'store.network' }))
    store.close()
  }))

test('runtimes keep their metadata and the earliest block; hashes only of checkpoints and of the newest blocks', () =>
  withFolder(folder => {
    const store = openStore(folder, { mode: 'write' })
    const metadata = new Uint8Array(5_000).fill(7)
    saveRuntime(store, { specVersion: 145, firstBlock: 900, metadata })
    saveRuntime(store, { specVersion: 145, firstBlock: 1_200, metadata })
    saveRuntime(store, { specVersion: 145, firstBlock: 300, metadata })
    expect(loadRuntimes(store)).toEqual([{ specVersion: 145, firstBlock: 300, metadata: expect.objectContaining({ length: 5_000 }) }])
    const archive = archiveOf([], { endBlock: 1_010_000 })
    const writer = begin(store, archive)
    for (let n = 1_000_000; n <= 1_003_000; n++) {
      writer.block(n, n)
      writer.commit([{ n, hash: hashOf(n), ts: n }])
    }
    const kept = loadBlocks(store, 0, 2_000_000)
    expect(kept.filter(({ n }) => n < 1_002_700).map(({ n }) => n)).toEqual([1_000_000, 1_001_000, 1_002_000])
    expect(kept.at(-1)).toEqual({ n: 1_003_000, hash: hashOf(1_003_000), ts: 1_003_000 })
    expect(kept.length).toBeLessThan(320)
    store.close()
  }))
