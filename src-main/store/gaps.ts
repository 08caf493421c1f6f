import { createHash } from 'node:crypto'
import type { Selectable } from 'kysely'
import { AppError } from '../../src-shared/errors.ts'
import { POST_PERIOD_BLOCKS } from '../../src-shared/time.ts'
import { LOOSE, type LoadBlob, restOf } from './codec-bucket.ts'
import type { ChunkHead } from './codec-head.ts'
import { restEvents } from './codec-input.ts'
import { readTransaction, storeError, writeTransaction } from './db.ts'
import { sweep } from './drop-period.ts'
import { FOLLOWED, type Place, unseal } from './envelope.ts'
import { loadHead } from './events.ts'
import type { Store } from './open.ts'
import { chunkId, eventsId, identityOf } from './periods.ts'
import type { ImportsTable } from './schema.ts'
import { change, facts, row, rows } from './sql.ts'

/**
 * damaged: what is stored there is not what was written. newer: a newer Granary wrote it. kinds: it was read by a Granary that followed fewer kinds of events.
 * unfinished: a synced period is not there to its end yet, or to the end of the 27 h after it. absent: a period between two that are there.
 */
export type GapKind = 'damaged' | 'newer' | 'kinds' | 'unfinished' | 'absent'

/** Blocks of which the store does not have what it should. */
export interface Gap {
  kind: GapKind
  /** of several absent periods the first one */
  period: number
  /** first and last block; `toBlock` null: to the chain's head */
  fromBlock: number
  toBlock: number | null
  reason: string
  wayOut: string
  /** whose data it is; null where nothing is there */
  importId: number | null
  origin: ImportsTable['origin'] | null
}

type ImportRow = Selectable<ImportsTable>

/** Blocks that a period at the head may be behind the newest known one: the sync takes them in when it has nothing else to do. */
const AT_HEAD_BLOCKS = 50

export interface GapOptions {
  /**
   * Whose events' checksums are computed: of `all` chunks (some 0.1 s for each 50 MB), or of each period's `last` one, which a sync
   * goes on from. The tables of contents are always read. Default all.
   */
  blobs?: 'all' | 'last'
}

/**
 * What is not there, or not as it was written, of every stored period, by period and block; of a chunk only the first thing that is
 * wrong. Never throws for damaged data; throws AppError store.*, io.* where the table of the periods itself can't be read, or the
 * disk can't.
 */
export function findGaps(store: Store, { blobs = 'all' }: GapOptions = {}): Gap[] {
  const { imports, newestBlock } = readTransaction(store.facts, 'facts.db', () => {
    const query = facts.selectFrom('imports').selectAll().where('state', 'in', ['current', 'writing']).orderBy('period').orderBy('id')
    // an archive that is just being imported is none of the store's periods yet
    const found = rows(store.facts, query).filter(each => each.state === 'current' || each.origin === 'sync')
    return { imports: found, newestBlock: newestKnownBlock(store, found) }
  })
  const gaps: Gap[] = []
  let before: ImportRow | null = null
  for (const found of imports) {
    if (before && found.period - before.period > 1) gaps.push(holeBetween(before, found))
    gaps.push(...gapsOfImport(store, found, blobs))
    const end = found.origin === 'sync' ? unfinishedEnd(found, newestBlock) : null
    if (end) gaps.push(end)
    before = found
  }
  return gaps
}

/**
 * Takes the data of damaged synced periods out of the store, with what was computed from it: the sync then reads those periods from the
 * chain again. An archive's data stays; importing the archive again mends it. Gives the periods, rising.
 */
export function dropDamaged(store: Store, gaps: readonly Gap[]): number[] {
  const damaged = gaps.filter(gap => gap.origin === 'sync' && (gap.kind === 'damaged' || gap.kind === 'kinds'))
  const dropped = new Set<number>()
  for (const importId of new Set(damaged.map(gap => gap.importId!)))
    writeTransaction(store.facts, 'facts.db', () => {
      const found = row(store.facts, facts.selectFrom('imports').select(['period', 'state']).where('id', '=', importId))
      if (!found || found.state === 'dropping') return
      change(store.facts, facts.updateTable('imports').set({ state: 'dropping' }).where('id', '=', importId))
      if (found.state === 'current')
        for (const table of ['period_results', 'node_results', 'node_texts'] as const)
          change(store.facts, facts.deleteFrom(table).where('period', '=', found.period))
      dropped.add(found.period)
    })
  if (dropped.size > 0) sweep(store)
  return [...dropped].sort((a, b) => a - b)
}

function newestKnownBlock(store: Store, imports: readonly { origin: string; covered_block: number }[]): number {
  const newest = store.facts.prepare('SELECT max(n) FROM blocks').pluck().get() as number | null
  return Math.max(newest ?? -1, ...imports.filter(found => found.origin === 'sync').map(found => found.covered_block))
}

/** What is wrong inside of one period's data, on one unchanging view of it. */
function gapsOfImport(store: Store, found: ImportRow, blobs: 'all' | 'last'): Gap[] {
  try {
    return readTransaction(store.facts, 'facts.db', () => {
      const now = row(store.facts, facts.selectFrom('imports').selectAll().where('id', '=', found.id))
      // replaced meanwhile: what took its place is whole, or is found the next time
      if (!now || now.state === 'dropping') return []
      return examineImport(store, now, blobs)
    })
  } catch (cause) {
    const error = storeError(cause, 'facts.db')
    if (error.code === 'store.newer')
      return [
        { ...gap(found, 'newer', found.start_block, found.covered_block, 'was written by a newer Granary'), wayOut: 'Update Granary.' },
      ]
    // the database itself is damaged there; a disk that can't be read for the moment says nothing about the data
    if (error.code !== 'store.corrupt') throw error
    return [gap(found, 'damaged', found.start_block, found.covered_block, `can’t be read: ${error.message}`)]
  }
}

function examineImport(store: Store, found: ImportRow, blobs: 'all' | 'last'): Gap[] {
  const gaps: Gap[] = []
  const heads: (ChunkHead | string)[] = []
  for (let chunk = 0; chunk < found.chunks; chunk++) heads.push(readHead(store, found, chunk))
  let lastBlock = found.start_block - 1
  let lastTs = Number.NEGATIVE_INFINITY
  let events = 0
  for (const [chunk, head] of heads.entries()) {
    const next = heads.slice(chunk + 1).find(candidate => typeof candidate !== 'string')
    const to = typeof head !== 'string' ? head.blocks.at(-1)! : next ? next.blocks[0]! - 1 : found.covered_block
    const reason =
      typeof head === 'string'
        ? head
        : (faultOfHead(head, lastBlock, lastTs, chunk) ??
          (blobs === 'all' || chunk === heads.length - 1 ? faultOfBlobs(store, found, chunk, head) : null))
    if (reason !== null) gaps.push(gap(found, 'damaged', Math.min(lastBlock + 1, to), to, reason))
    else if (typeof head !== 'string' && (head.followed & FOLLOWED) !== FOLLOWED)
      gaps.push(
        gap(found, 'kinds', lastBlock + 1, to, `was written by a Granary that did not look for ${lacking(head.followed)} of events`),
      )
    lastBlock = Math.max(lastBlock, to)
    if (typeof head === 'string') continue
    lastTs = Math.max(lastTs, head.ts.at(-1)!)
    events += head.ends.at(-1)!
  }
  // one thing that is wrong inside of it makes its sums wrong too
  const sums = gaps.some(({ kind }) => kind === 'damaged') ? null : faultOfSums(store, found, events, lastBlock)
  if (sums !== null) gaps.push(gap(found, 'damaged', found.start_block, found.covered_block, sums))
  return gaps
}

/** A chunk's table of contents, or what is wrong with it. */
function readHead(store: Store, { id, period }: ImportRow, chunk: number): ChunkHead | string {
  try {
    const head = loadHead(store.facts, id, period, chunk)
    return head.blocks.length > 0 ? head : `names no block in chunk ${chunk}`
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'store.corrupt') throw error
    const isThere = store.facts.prepare('SELECT 1 FROM chunks WHERE id = ?').get(chunkId(id, chunk))
    return isThere ? `has a damaged table of contents in chunk ${chunk}` : `lacks chunk ${chunk} of its events`
  }
}

function faultOfHead({ blocks, ts, ends }: ChunkHead, lastBlock: number, lastTs: number, chunk: number): string | null {
  for (let i = 0; i < blocks.length; i++) {
    const [n, time] = [blocks[i]!, ts[i]!]
    // an archive may tell blocks from before the period, so only what is before in the store counts
    if (n <= (i > 0 ? blocks[i - 1]! : chunk > 0 ? lastBlock : -1)) return `has block ${n} behind a later one (chunk ${chunk})`
    if (time < (i > 0 ? ts[i - 1]! : lastTs)) return `has block ${n} with a time before that of the block before it (chunk ${chunk})`
    if (ends[i]! <= (i > 0 ? ends[i - 1]! : 0)) return `has block ${n} without its events (chunk ${chunk})`
  }
  return null
}

function faultOfBlobs(store: Store, { id, period }: ImportRow, chunk: number, head: ChunkHead): string | null {
  const select = store.facts.prepare('SELECT data FROM events WHERE id = ?').pluck()
  const digest = createHash('sha256')
  try {
    const load: LoadBlob = number => select.get(eventsId(id, chunk, number)) as Buffer | undefined
    const withRest: Place[] = []
    for (const bucket of head.buckets) {
      const place: Place = { period, chunk, bucket }
      const blob = unseal(load(bucket), place)
      digest.update(blob)
      if (restEvents(blob, place) > 0) withRest.push({ ...place, part: 'rest' })
    }
    for (const place of withRest) digest.update(unseal(load(restOf(place.bucket)), place))
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'store.corrupt') throw error
    const bucket = Number(error.details.bucket)
    const number = error.details.part === 'rest' ? restOf(bucket) : bucket
    const isThere = select.get(eventsId(id, chunk, number)) !== undefined
    return isThere
      ? `has damaged events of ${nodesOf(bucket)}: the checksum of chunk ${chunk} is wrong`
      : `lacks the events of ${nodesOf(bucket)} in chunk ${chunk}`
  }
  return digest.digest().equals(head.digest) ? null : `has other events in chunk ${chunk} than its table of contents names`
}

/** What the period's row says of the whole, against the parts. */
function faultOfSums(store: Store, found: ImportRow, events: number, lastBlock: number): string | null {
  const query = facts.selectFrom('snapshots').select(['part', 'json']).where('import_id', '=', found.id)
  const texts = Object.fromEntries(rows(store.facts, query).map(({ part, json }) => [part, json]))
  const { header = '', start = '', end = '' } = texts
  if (identityOf({ header, start, end }) !== found.identity) return 'has snapshots that are not what was written'
  if (events !== found.events) return `has ${events} events, but ${found.events} were written`
  if (found.chunks > 0 && lastBlock !== Math.max(found.last_block, found.start_block - 1))
    return `has its last event in block ${lastBlock}, but one in block ${found.last_block} was written`
  if (found.digest === null) return null
  const digest = createHash('sha256').update(found.identity)
  const select = store.facts.prepare('SELECT head FROM chunks WHERE id = ?').pluck()
  for (let chunk = 0; chunk < found.chunks; chunk++) digest.update(select.get(chunkId(found.id, chunk)) as Buffer)
  return digest.digest('hex') === found.digest ? null : 'has other events than its own fingerprint says'
}

function unfinishedEnd(found: ImportRow, newestBlock: number): Gap | null {
  const target = found.end_ts > found.period_end ? found.end_block + POST_PERIOD_BLOCKS : null
  if (target !== null && found.covered_block >= target) return null
  if (found.covered_block >= newestBlock - AT_HEAD_BLOCKS) return null
  const isOver = target !== null && found.covered_block >= found.end_block
  const reason = isOver ? 'is there to its end, but not the 27 h after it, which its mint needs' : 'is not there to its end'
  return {
    ...gap(found, 'unfinished', found.covered_block + 1, target, reason),
    wayOut: 'The sync goes on there by itself: start it, or let it run.',
  }
}

function holeBetween(before: ImportRow, after: ImportRow): Gap {
  const first = before.period + 1
  const last = after.period - 1
  return {
    kind: 'absent',
    period: first,
    fromBlock: before.end_block,
    toBlock: after.start_block,
    reason: `${first === last ? 'is' : `and those to period ${last} are`} missing between periods ${before.period} and ${after.period}`,
    wayOut: 'Let the sync follow more periods, or import the archive that is missing.',
    importId: null,
    origin: null,
  }
}

function gap(found: ImportRow, kind: GapKind, fromBlock: number, toBlock: number | null, reason: string): Gap {
  const { id: importId, period, origin } = found
  const wayOut =
    origin === 'sync'
      ? 'Close Granary and run granary doctor --repair: it takes this period out, and the next sync reads it from the chain again.'
      : 'Import the archive of this period again. If it is refused, move facts.db in the data folder aside and import all archives again.'
  return { kind, period, fromBlock, toBlock, reason, wayOut, importId, origin }
}

/** The nodes whose events a bucket holds; the last one holds what belongs to no known node. */
function nodesOf(bucket: number): string {
  const first = bucket * 64
  return bucket === LOOSE ? 'no node (farms, policies, prices)' : `nodes ${first} to ${first + 63}`
}

function lacking(followed: number): string {
  let count = 0
  for (let missing = FOLLOWED & ~followed; missing !== 0; missing >>>= 1) count += missing & 1
  return count === 1 ? 'one kind' : `${count} kinds`
}

/** A gap as a sentence: `Period 102, blocks 1204000 to 1218399: it lacks chunk 3 of its events.` */
export function gapInWords({ kind, period, fromBlock, toBlock, reason }: Gap): string {
  if (kind === 'absent') return `Period ${period} ${reason} (blocks ${fromBlock} to ${toBlock}).`
  const where =
    toBlock === null ? `from block ${fromBlock} on` : fromBlock === toBlock ? `block ${fromBlock}` : `blocks ${fromBlock} to ${toBlock}`
  return `Period ${period}, ${where}: it ${reason}.`
}
