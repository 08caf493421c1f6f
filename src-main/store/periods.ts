import { createHash } from 'node:crypto'
import type { Selectable } from 'kysely'
import { AppError } from '../../src-shared/errors.ts'
import type { ArchiveHeader, EndSnapshot, StartSnapshot } from '../../src-shared/grid.ts'
import { POST_PERIOD_BLOCKS } from '../../src-shared/time.ts'
import { prepared, readTransaction } from './db.ts'
import { exactParse } from './exact-json.ts'
import type { Store } from './open.ts'
import type { ImportsTable } from './schema.ts'

/** What the store holds of one period: one imported archive. */
export interface StoredPeriod {
  index: number
  /** seconds */
  start: number
  end: number
  network: string
  startBlock: number
  /** block and time of the end snapshot */
  endBlock: number
  endTs: number
  /** the archive says all that happened up to this block, whose time (or that of the last block known before it) is lastTs */
  coveredToBlock: number
  lastTs: number
  events: number
  nodes: number
  farms: number
  /** the period is not known to its end: the end snapshot was taken before it, or the sync has not come so far */
  running: boolean
  /** the blocks after the period that its mint needs are not all there */
  provisional: boolean
  /** SHA-256 over snapshots and events, hex; of a synced period it changes with every commit */
  digest: string
  origin: 'archive' | 'sync'
  /** of a synced period: the followed farms and nodes as JSON; null: the whole grid */
  scope: string | null
  source: string
  importedTs: number
  /** which import this is: reading refuses one that was replaced meanwhile */
  importId: number
}

/** Events' row ids need 63 bits: import (22) chunk (14) bucket (27). */
export function eventsId(importId: number, chunk: number, bucket: number): bigint {
  return (BigInt(importId) << 41n) | (BigInt(chunk) << 27n) | BigInt(bucket)
}
export const MAX_CHUNKS = 2 ** 14
export function chunkId(importId: number, chunk: number): number {
  return importId * MAX_CHUNKS + chunk
}

/** Every period in the store, by index. */
export function listPeriods(store: Store): StoredPeriod[] {
  return currentImports(store)
}

/** One period. Throws AppError mint.missing. */
export function storedPeriod(store: Store, index: number): StoredPeriod {
  const found = currentImports(store, index)[0]
  if (!found)
    throw new AppError('mint.missing', `Period ${index} is not in the store. Import its archive first.`, { details: { period: index } })
  return found
}

function currentImports(store: Store, index?: number): StoredPeriod[] {
  const current = "SELECT * FROM imports WHERE state = 'current' AND digest IS NOT NULL"
  const found =
    index === undefined
      ? prepared(store.facts, `${current} ORDER BY period`).all()
      : prepared(store.facts, `${current} AND period = ?`).all(index)
  return (found as Selectable<ImportsTable>[]).map(found => {
    const running = found.end_ts <= found.period_end || found.covered_block < found.end_block
    return {
      index: found.period,
      start: found.period_start,
      end: found.period_end,
      network: found.network,
      startBlock: found.start_block,
      endBlock: found.end_block,
      endTs: found.end_ts,
      coveredToBlock: found.covered_block,
      lastTs: found.covered_ts,
      events: found.events,
      nodes: found.nodes,
      farms: found.farms,
      running,
      provisional: running || found.covered_block < found.end_block + POST_PERIOD_BLOCKS,
      digest: found.digest ?? '',
      origin: found.origin,
      scope: found.scope,
      source: found.source,
      importedTs: found.finished_ts ?? 0,
      importId: found.id,
    }
  })
}

/** The network whose periods the store holds; null on an empty store. */
export function storedNetwork(store: Store): string | null {
  const found = prepared(store.facts, "SELECT network FROM imports WHERE state = 'current' LIMIT 1").get()
  return (found as Pick<ImportsTable, 'network'> | undefined)?.network ?? null
}

export interface Snapshots {
  header: ArchiveHeader
  start: StartSnapshot
  end: EndSnapshot
}

/** Header and both snapshots as they were imported. Throws AppError store.corrupt, store.busy (replaced meanwhile). */
export function loadSnapshots(store: Store, period: StoredPeriod): Snapshots {
  // one view of all of them: the sync may put another end snapshot in their place at any moment
  return readTransaction(store.facts, 'facts.db', () => readSnapshots(store, period))
}

function readSnapshots(store: Store, period: StoredPeriod): Snapshots {
  const part = (name: 'header' | 'start' | 'end') => snapshotText(store, period.importId, name)
  const texts = { header: part('header'), start: part('start'), end: part('end') }
  const select = prepared(store.facts, 'SELECT identity FROM imports WHERE id = ?')
  const imported = select.get(period.importId) as Pick<ImportsTable, 'identity'> | undefined
  if (!imported) throw replaced(period)
  if (imported.identity !== identityOf(texts))
    throw new AppError(
      'store.corrupt',
      `The stored snapshots of period ${period.index} are damaged: their checksum is wrong. The books are not touched. Move facts.db in the data folder aside and import the archives again.`,
      { details: { period: period.index } },
    )
  return {
    header: exactParse(texts.header) as ArchiveHeader,
    start: exactParse(texts.start) as StartSnapshot,
    end: exactParse(texts.end) as EndSnapshot,
  }
}

function snapshotText(store: Store, importId: number, part: 'header' | 'start' | 'end'): string {
  const found = prepared(store.facts, 'SELECT json FROM snapshots WHERE import_id = ? AND part = ?').get(importId, part)
  return (found as { json: string } | undefined)?.json ?? ''
}

/** SHA-256, hex, over the canonical JSON of header and snapshots. */
export function identityOf(texts: { header: string; start: string; end: string }): string {
  return createHash('sha256').update(`${texts.header}\n${texts.start}\n${texts.end}`).digest('hex')
}

/** The archive and the store disagree about a period, from `block` on where that is known. */
export function conflict(period: number, block: number | null, what: string): AppError {
  const where = block === null ? '' : ` from block ${block} on`
  return new AppError(
    'store.conflict',
    `Period ${period} is stored with other data${where}: ${what}. The store is as it was. One of the two is wrong: compare with a third copy, and import into another folder with --data to look at it.`,
    { details: { period, block } },
  )
}

/** Thrown to a reader whose import is not the current one any more; asking again works. */
export function replaced(period: StoredPeriod): AppError {
  return new AppError('store.busy', `Period ${period.index} changed while it was being read. Ask again.`, {
    retryable: true,
    details: { period: period.index },
  })
}
