import { createHash } from 'node:crypto'
import type { Insertable } from 'kysely'
import type { ArchiveHeader, EndSnapshot, StartSnapshot } from '../../src-shared/grid.ts'
import type { EncodedChunk } from './chunk-builder.ts'
import { canonicalJson } from './exact-json.ts'
import { saveStartParts } from './mint-input.ts'
import type { Store } from './open.ts'
import { chunkId, eventsId, identityOf } from './periods.ts'
import type { ImportsTable } from './schema.ts'
import { change, facts, row } from './sql.ts'

/** The snapshots that an import begins with, as they are stored, and what tells them from others. */
export interface NewSnapshots {
  header: ArchiveHeader
  start: StartSnapshot
  end: EndSnapshot
  texts: { header: string; start: string; end: string }
  hashes: Pick<ImportsTable, 'identity' | 'start_hash' | 'end_hash'>
}

export function newSnapshots(header: ArchiveHeader, start: StartSnapshot, end: EndSnapshot): NewSnapshots {
  const texts = { header: canonicalJson(header), start: canonicalJson(start), end: canonicalJson(end) }
  const hashes = { identity: identityOf(texts), start_hash: startHashOf(start), end_hash: hashOf(texts.end) }
  return { header, start, end, texts, hashes }
}

/** Makes the row of an import and those of its snapshots; gives its id. Inside the caller's transaction. */
export function createImport(
  store: Store,
  { header, start, end, texts, hashes }: NewSnapshots,
  source: string,
  values: Partial<Insertable<ImportsTable>> = {},
): number {
  const fresh = {
    period: header.period.index,
    state: 'writing' as const,
    origin: 'archive' as const,
    scope: null,
    network: header.network,
    period_start: header.period.start,
    period_end: header.period.end,
    start_block: start.block,
    end_block: end.block,
    end_ts: end.ts,
    nodes: start.nodes.length,
    farms: end.farms.length,
    source,
    ...hashes,
    chunks: 0,
    events: 0,
    last_block: -1,
    position: null,
    covered_block: -1,
    covered_ts: 0,
    covered_hash: '',
    digest: null,
    started_ts: store.now(),
    finished_ts: null,
    ...values,
  }
  const id = row(store.facts, facts.insertInto('imports').values(fresh).returning('id'))!.id
  for (const part of ['header', 'start', 'end'] as const)
    change(store.facts, facts.insertInto('snapshots').values({ import_id: id, part, json: texts[part] }))
  saveStartParts(store, id, start)
  return id
}

/**
 * SHA-256, hex, over what every source of a start snapshot has: two of one period are the same or one is wrong. The members for rule
 * set node-period stand in some archives only, so they don't count.
 */
function startHashOf({ kind, at, block, ts, nodes, contracts, power }: StartSnapshot): string {
  return hashOf(canonicalJson({ kind, at, block, ts, nodes, contracts, power }))
}

/** SHA-256, hex. */
function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Writes a chunk in its place, or again with more in it. Inside the caller's transaction. */
export function writeChunk(store: Store, importId: number, index: number, chunk: EncodedChunk): void {
  const insert = store.facts.prepare('INSERT OR REPLACE INTO events (id, data) VALUES (?, ?)')
  for (const { number, data } of chunk.blobs) insert.run(eventsId(importId, index, number), data)
  store.facts.prepare('INSERT OR REPLACE INTO chunks (id, head) VALUES (?, ?)').run(chunkId(importId, index), chunk.head)
}
