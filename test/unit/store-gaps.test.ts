import { expect, test } from 'vitest'
import { LONG_CHUNKS } from '../../src-main/store/chunk-builder.ts'
import { dropDamaged, findGaps, gapInWords } from '../../src-main/store/gaps.ts'
import { openStore, type Store } from '../../src-main/store/open.ts'
import { listPeriods } from '../../src-main/store/periods.ts'
import { beginPeriod, type SyncPeriodWriter, syncedPeriods } from '../../src-main/store/sync-period.ts'
import { POST_PERIOD_BLOCKS, periodAt } from '../../src-shared/time.ts'
import { archiveOf, importWhole, steadyEvents, withFolder } from '../helpers/store.ts'

const BLOCKS = 438_480
const firstBlock = (index: number) => 1_000_000 + (index - 80) * BLOCKS

/** A period of the sync that reaches to block `to`; `end`: its last block is known, as it is once the chain is past it. */
function sync(store: Store, index: number, to: number, { end = true } = {}): SyncPeriodWriter {
  const period = periodAt(index)
  const { start, end: last } = archiveOf([])
  const writer = beginPeriod(store, {
    network: 'test',
    period,
    scope: null,
    start: { ...start, block: firstBlock(index), ts: period.start + 2 },
    end: { ...last, block: end ? firstBlock(index + 1) : to, ts: end ? period.end + 2 : period.start + 100 },
  })
  const from = firstBlock(index)
  // blocks far apart are enough: what counts is how far they reach
  for (let n = from; n < to; n += 20_000) tell(writer, n, period.start + 2 + (n - from) * 6)
  tell(writer, to, period.start + 2 + (to - from) * 6)
  return writer
}

function tell(writer: SyncPeriodWriter, n: number, ts: number): void {
  writer.block(n, ts)
  writer.uptime(1, ts, 1000)
  writer.commit([{ n, hash: `0x${n.toString(16).padStart(64, '0')}`, ts }])
}

async function withStore(work: (store: Store) => void): Promise<void> {
  await withFolder(folder => {
    const store = openStore(folder, { mode: 'write' })
    try {
      work(store)
    } finally {
      store.close()
    }
  })
}

const short = (store: Store) => findGaps(store).map(({ kind, period, fromBlock, toBlock }) => [kind, period, fromBlock, toBlock])

test('an empty store, and an archive of a whole period, have no gap', () =>
  withStore(store => {
    expect(findGaps(store)).toEqual([])
    importWhole(store, archiveOf(steadyEvents(3)))
    expect(findGaps(store)).toEqual([])
    // an archive says itself how far it reaches
    importWhole(store, archiveOf(steadyEvents(3), { covered: 1_438_480 + POST_PERIOD_BLOCKS }))
    expect(findGaps(store)).toEqual([])
  }))

test('a synced period that stops early is a gap only if the chain is known to go on', () =>
  withStore(store => {
    const stopped = firstBlock(81) + 50_000
    sync(store, 81, stopped, { end: false })
    expect(findGaps(store)).toEqual([])
    sync(store, 82, firstBlock(82) + 30_000, { end: false })
    expect(short(store)).toEqual([['unfinished', 81, stopped + 1, null]])
    expect(gapInWords(findGaps(store)[0]!)).toBe(`Period 81, from block ${stopped + 1} on: it is not there to its end.`)
  }))

test('a few blocks behind the head are none', () =>
  withStore(store => {
    const head = firstBlock(82) + 100
    sync(store, 82, head, { end: false })
    const writer = sync(store, 81, head - 51)
    expect(short(store)).toEqual([['unfinished', 81, head - 50, firstBlock(82) + POST_PERIOD_BLOCKS]])
    tell(writer, head - 50, writer.last.ts + 6)
    expect(findGaps(store)).toEqual([])
  }))

test('the 27 h after a period count, until the head is there', () =>
  withStore(store => {
    const end = firstBlock(82)
    const writer = sync(store, 81, end)
    sync(store, 82, end + 10, { end: false })
    // as far as the chain goes: nothing is missing yet
    expect(findGaps(store)).toEqual([])
    sync(store, 83, firstBlock(83) + 10, { end: false })
    const target = end + POST_PERIOD_BLOCKS
    expect(short(store)).toEqual([
      ['unfinished', 81, end + 1, target],
      ['unfinished', 82, end + 11, null],
    ])
    expect(findGaps(store)[0]!.reason).toContain('27 h')
    tell(writer, target - 1, writer.last.ts + 6)
    expect(short(store)[0]).toEqual(['unfinished', 81, target, target])
    tell(writer, target, writer.last.ts + 6)
    expect(short(store).map(([, period]) => period)).toEqual([82])
  }))

test('periods that are missing between others', () =>
  withStore(store => {
    importWhole(store, archiveOf(steadyEvents(2)))
    sync(store, 83, firstBlock(83) + 100, { end: false })
    const [hole, ...rest] = findGaps(store)
    expect(rest).toEqual([])
    expect(hole).toMatchObject({ kind: 'absent', period: 81, fromBlock: 1_438_480, toBlock: firstBlock(83), importId: null })
    expect(gapInWords(hole!)).toBe(
      `Period 81 and those to period 82 are missing between periods 80 and 83 (blocks 1438480 to ${firstBlock(83)}).`,
    )
    // neither is damage
    expect(dropDamaged(store, findGaps(store))).toEqual([])
  }))

test('of two damaged periods the synced one can be dropped, the archive’s stays', () =>
  withStore(store => {
    importWhole(store, archiveOf(steadyEvents(2)))
    sync(store, 81, firstBlock(81) + 90_000, { end: false })
    store.facts.exec('DELETE FROM chunks WHERE id % 16384 = 0')
    const gaps = findGaps(store)
    expect(gaps.map(({ kind, period, origin }) => [kind, period, origin])).toEqual([
      ['damaged', 80, 'archive'],
      ['damaged', 81, 'sync'],
    ])
    expect(gaps[0]!.wayOut).toContain('Import the archive')
    expect(gaps[1]!.wayOut).toContain('granary doctor --repair')
    expect(dropDamaged(store, gaps)).toEqual([81])
    expect(listPeriods(store).map(({ index }) => index)).toEqual([80])
    expect(syncedPeriods(store)).toEqual([])
    expect(store.facts.prepare('SELECT count(*) FROM imports').pluck().get()).toBe(1)
    expect(dropDamaged(store, gaps)).toEqual([])
  }))

test('a chunk in the middle that is gone: its blocks, from the one before to the one after', () =>
  withStore(store => {
    importWhole(store, archiveOf(steadyEvents(400)))
    const chunks = store.facts.prepare('SELECT count(*) FROM chunks').pluck().get() as number
    expect(chunks).toBeGreaterThan(3)
    store.facts.exec('DELETE FROM chunks WHERE id % 16384 = 2')
    const gaps = findGaps(store)
    expect(gaps).toMatchObject([{ kind: 'damaged', period: 80, reason: 'lacks chunk 2 of its events' }])
    const { blocks } = LONG_CHUNKS
    expect(Math.abs(gaps[0]!.fromBlock - 1_000_000 - 2 * blocks)).toBeLessThan(1_000)
    expect(Math.abs(gaps[0]!.toBlock! - gaps[0]!.fromBlock - blocks)).toBeLessThan(1_000)
    // the tables of contents tell it without the events
    expect(findGaps(store, { blobs: 'last' })).toEqual(gaps)
  }))

test('only the last chunk’s events are read where that is enough', () =>
  withStore(store => {
    importWhole(store, archiveOf(steadyEvents(400)))
    const ids = store.facts.prepare('SELECT id FROM events ORDER BY id').safeIntegers().pluck().all() as bigint[]
    const spoil = (id: bigint) => store.facts.prepare("UPDATE events SET data = CAST(data || x'00' AS BLOB) WHERE id = ?").run(id)
    spoil(ids[0]!)
    expect(findGaps(store)).toHaveLength(1)
    expect(findGaps(store, { blobs: 'last' })).toEqual([])
    spoil(ids.at(-1)!)
    expect(findGaps(store)).toHaveLength(2)
    expect(findGaps(store, { blobs: 'last' })).toHaveLength(1)
  }))

test('a block that comes twice', () =>
  withStore(store => {
    const writer = sync(store, 81, firstBlock(81) + 100, { end: false })
    const n = firstBlock(81) + 200
    for (let i = 0; i < 2; i++) {
      writer.block(n, writer.last.ts)
      writer.uptime(1, writer.last.ts, 2000)
    }
    writer.commit([{ n, hash: `0x${'1'.repeat(64)}`, ts: writer.last.ts }])
    expect(findGaps(store)).toMatchObject([{ kind: 'damaged', period: 81, reason: `has block ${n} behind a later one (chunk 0)` }])
  }))

test('chunks in the wrong order', () =>
  withStore(store => {
    importWhole(store, archiveOf(steadyEvents(400)))
    // the first one’s place is part of its checksum, so a moved one is damaged, not only out of order
    store.facts.exec('CREATE TEMP TABLE moved AS SELECT id + 1 AS id, head FROM chunks WHERE id % 16384 = 0')
    store.facts.exec('INSERT OR REPLACE INTO chunks SELECT id, head FROM moved')
    expect(findGaps(store)).toMatchObject([{ kind: 'damaged', reason: 'has a damaged table of contents in chunk 1' }])
  }))
