import { eventColumns } from '../../src-shared/event-columns.ts'
import type { RunSink } from '../../src-shared/event-runs.ts'
import type { EventSink } from '../../src-shared/grid.ts'
import { BUCKET_BITS, END, LOOSE, type LoadBlob } from './codec-bucket.ts'
import { type ChunkHead, decodeHead } from './codec-head.ts'
import { BucketReader } from './codec-read.ts'
import { connect, type Db, readTransaction, storeError } from './db.ts'
import { type LooseEvent, looseEvents, runBeside } from './loose.ts'
import type { Store } from './open.ts'
import { chunkId, eventsId, replaced, type StoredPeriod } from './periods.ts'

export { LOOSE } from './codec-bucket.ts'

/** A bucket holds the events of 64 neighbouring node ids, and of their contracts. */
export interface Bucket {
  /** node id >>> 6, or LOOSE */
  bucket: number
  events: number
}

export function bucketOf(nodeId: number): number {
  return nodeId >>> BUCKET_BITS
}

/**
 * The period's buckets by number, with their events, so that work can be split evenly. The last one may be LOOSE: what belongs
 * to no node (farms, policies, prices, names, contracts that nobody knows); rule set v3 needs nothing of it.
 */
export function buckets(store: Store, period: StoredPeriod): Bucket[] {
  const counts = new Map<number, number>()
  for (const head of periodHeads(store, period))
    for (let i = 0; i < head.buckets.length; i++) counts.set(head.buckets[i]!, (counts.get(head.buckets[i]!) ?? 0) + head.counts[i]!)
  return [...counts].map(([bucket, events]) => ({ bucket, events })).sort((a, b) => a.bucket - b.bucket)
}

export interface ReadEventsOptions {
  /** first and last bucket, inclusive; default all but LOOSE */
  bucketFrom?: number
  bucketTo?: number
  /** only the events of this node and its contracts */
  nodeId?: number
  /**
   * with each bucket also the events of farms, farming policies and the price, in their place between the bucket's own; `block` may then
   * come twice for one block. A bucket without events of its own gets them where it is asked for alone.
   */
  withLoose?: boolean
}

const NO_LOOSE: readonly LooseEvent[] = []

/**
 * Delivers a period's events bucket by bucket, within a bucket in chain order: `block` starts again at a lower number with
 * each bucket. Events of contracts go with the node that the contract is on. A sink that wants runs gets them. Throws AppError store.corrupt (naming period, chunk
 * and bucket), store.busy (the period was replaced meanwhile: ask again), and what the sink throws.
 */
export function readEvents(store: Store, period: StoredPeriod, sink: EventSink | RunSink, options: ReadEventsOptions = {}): void {
  readTransaction(store.facts, 'facts.db', () => eventReader(store, period)(sink, options))
}

/** What readEvents does, for who reads bucket after bucket inside one transaction of its own: what all of them need is looked up once. */
export function eventReader(store: Store, period: StoredPeriod): (sink: EventSink | RunSink, options: ReadEventsOptions) => void {
  const heads = periodHeads(store, period)
  const select = store.facts.prepare('SELECT data FROM events WHERE id = ?').pluck()
  return (sink, options) => {
    const { nodeId } = options
    const from = nodeId === undefined ? (options.bucketFrom ?? 0) : bucketOf(nodeId)
    const to = nodeId === undefined ? (options.bucketTo ?? LOOSE - 1) : from
    const slot = nodeId === undefined ? -1 : nodeId & ((1 << BUCKET_BITS) - 1)
    const wanted = new Set<number>()
    // one alone is looked for in every head anyway
    if (from === to) wanted.add(from)
    else for (const head of heads) for (const bucket of head.buckets) if (bucket >= from && bucket <= to) wanted.add(bucket)
    const loose = options.withLoose ? looseOf(store, period, heads) : null
    for (const bucket of [...wanted].sort((a, b) => a - b))
      for (let chunk = 0; chunk < heads.length; chunk++) {
        const head = heads[chunk]!
        const beside = (bucket !== LOOSE && loose?.[chunk]) || NO_LOOSE
        const index = indexOfBucket(head, bucket)
        let reader: BucketReader | null = null
        if (index >= 0) {
          const load: LoadBlob = number => select.get(eventsId(period.importId, chunk, number)) as Buffer | undefined
          reader = new BucketReader(load, head, head.counts[index]!, { period: period.index, chunk, bucket })
        }
        runBeside(reader, beside, sink, slot)
      }
  }
}

/** The loose events by chunk; read once for all buckets, as long as the period stays the same. */
function looseOf(store: Store, period: StoredPeriod, heads: readonly ChunkHead[]): readonly (readonly LooseEvent[])[] {
  // periodHeads has just put the heads there
  const kept = store.heads
  if (kept?.list === heads && kept.loose) return kept.loose
  const select = store.facts.prepare('SELECT data FROM events WHERE id = ?').pluck()
  const loose = heads.map((head, chunk) => {
    const index = indexOfBucket(head, LOOSE)
    if (index < 0) return NO_LOOSE
    const load: LoadBlob = number => select.get(eventsId(period.importId, chunk, number)) as Buffer | undefined
    return looseEvents(load, head, head.counts[index]!, { period: period.index, chunk, bucket: LOOSE })
  })
  if (kept?.list === heads) kept.loose = loose
  return loose
}

/**
 * Delivers all events of a period in exact chain order, whatever is imported meanwhile. `drain` is awaited after every chunk, so
 * that what the sink has taken in can flow off. Throws as readEvents does.
 */
export async function exportEvents(store: Store, period: StoredPeriod, sink: EventSink, drain?: () => Promise<void>): Promise<void> {
  // a connection of its own: its view stays the same over all awaits, and other work on the store's is not inside of it
  const db = connect(store.facts.name, 'facts', 'read')
  try {
    db.exec('BEGIN')
    const total = importedChunks(db, period)
    for (let chunk = 0; chunk < total; chunk++) {
      exportChunk(db, period.importId, period.index, chunk, sink)
      await drain?.()
    }
  } catch (error) {
    throw storeError(error, 'facts.db')
  } finally {
    db.close()
  }
}

/** Delivers one stored chunk in chain order. */
export function exportChunk(db: Db, importId: number, period: number, chunk: number, sink: EventSink): void {
  const head = loadHead(db, importId, period, chunk)
  const select = db.prepare('SELECT data FROM events WHERE id = ?').pluck()
  mergeChunk(head, number => select.get(eventsId(importId, chunk, number)) as Buffer | undefined, period, chunk, sink)
}

/** Brings the buckets of one chunk back into chain order. */
export function mergeChunk(head: ChunkHead, load: LoadBlob, period: number, chunk: number, sink: EventSink): void {
  const readers = head.buckets.map((bucket, i) => new BucketReader(load, head, head.counts[i]!, { period, chunk, bucket }))
  const room = eventColumns(1)
  // a heap by place; buckets are few, and most of the time the next event is in another one
  const heap = readers.filter(reader => reader.next < END)
  for (let i = (heap.length >> 1) - 1; i >= 0; i--) siftDown(heap, i)
  let block = 0
  let place = 0
  for (; heap.length > 0; place++) {
    const reader = heap[0]!
    if (place === 0 || place >= head.ends[block]!) {
      while (place >= head.ends[block]!) block++
      sink.block(head.blocks[block]!, head.ts[block]!)
    }
    reader.one(sink, room)
    if (reader.next >= END) {
      const last = heap.pop()!
      if (heap.length === 0) break
      heap[0] = last
    }
    siftDown(heap, 0)
  }
}

function siftDown(heap: BucketReader[], from: number): void {
  const moved = heap[from]!
  let at = from
  for (;;) {
    let child = 2 * at + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && heap[child + 1]!.next < heap[child]!.next) child++
    if (heap[child]!.next >= moved.next) break
    heap[at] = heap[child]!
    at = child
  }
  heap[at] = moved
}

export function loadHead(db: Db, importId: number, period: number, chunk: number): ChunkHead {
  const data = db.prepare('SELECT head FROM chunks WHERE id = ?').pluck().get(chunkId(importId, chunk)) as Buffer | undefined
  return decodeHead(data, { period, chunk, bucket: -1 })
}

function periodHeads(store: Store, period: StoredPeriod): ChunkHead[] {
  const total = importedChunks(store.facts, period)
  if (store.heads?.digest === period.digest && store.heads.importId === period.importId) return store.heads.list
  const list: ChunkHead[] = []
  for (let chunk = 0; chunk < total; chunk++) list.push(loadHead(store.facts, period.importId, period.index, chunk))
  store.heads = { importId: period.importId, digest: period.digest, list, loose: null }
  return list
}

function importedChunks(db: Db, period: StoredPeriod): number {
  // what the sync writes grows: its digest then is another
  const total = db
    .prepare("SELECT chunks FROM imports WHERE id = ? AND state = 'current' AND digest = ?")
    .pluck()
    .get(period.importId, period.digest) as number | undefined
  if (total === undefined) throw replaced(period)
  return total
}

function indexOfBucket(head: ChunkHead, bucket: number): number {
  let low = 0
  let high = head.buckets.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const found = head.buckets[middle]!
    if (found === bucket) return middle
    if (found < bucket) low = middle + 1
    else high = middle - 1
  }
  return -1
}
