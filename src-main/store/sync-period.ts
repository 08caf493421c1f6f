import { createHash } from 'node:crypto'
import { AppError } from '../../src-shared/errors.ts'
import type { ArchiveHeader, EndSnapshot, EventSink, RareEvent, StartSnapshot, U64 } from '../../src-shared/grid.ts'
import type { Period } from '../../src-shared/time.ts'
import type { Asked } from '../../src-shared/verify.ts'
import { askedOf, askedTogether } from './asked.ts'
import { type StoredBlock, saveBlocks } from './chain.ts'
import { ChunkBuilder, DAY_CHUNKS, type EncodedChunk } from './chunk-builder.ts'
import { compareRange } from './compare.ts'
import { writeTransaction } from './db.ts'
import { sweep } from './drop-period.ts'
import { exportChunk, loadHead } from './events.ts'
import { canonicalJson, exactParse } from './exact-json.ts'
import { createImport, newSnapshots, writeChunk } from './import-rows.ts'
import type { Store } from './open.ts'
import { chunkId, identityOf, MAX_CHUNKS } from './periods.ts'
import type { ImportsTable } from './schema.ts'
import { change, facts, row, rows } from './sql.ts'

/** Which nodes and farms a synced period holds; null in a row: the whole grid. */
export interface StoredScope {
  /** as chosen */
  farms: number[]
  nodes: number[]
  /** every node that is followed in this period: the chosen ones, and those that the farms have or had in it */
  follow: number[]
}

/** What the sync has of a period. */
export interface SyncedPeriod {
  importId: number
  /** the one that readers see; else it takes the place of the current one once it reaches as far */
  current: boolean
  scope: StoredScope | null
  startBlock: number
  endBlock: number
  endTs: number
  coveredToBlock: number
  coveredToTs: number
  /** hash of block coveredToBlock, hex; empty before the first block */
  coveredHash: string
}

export interface SyncPeriodInput {
  network: string
  period: Period
  scope: StoredScope | null
  start: StartSnapshot
  end: EndSnapshot
}

/**
 * Takes a period's blocks in as they come from the chain. Every block must be told, also one without events. Nothing is kept until
 * `commit`, which writes the events and how far they reach in one transaction; so a crash leaves what the last commit left.
 * The same blocks give the same rows, however they were cut into commits.
 */
export interface SyncPeriodWriter extends EventSink {
  readonly start: StartSnapshot
  readonly end: EndSnapshot
  /** who was asked for it until the last commit; null: it is not known, or nothing was committed */
  readonly asked: Asked | null
  /** the last block that was told and its time */
  readonly last: { n: number; ts: number }
  /** events that no commit has written yet; bytes of the chunk that the next commit writes again, at the last one */
  readonly pendingEvents: number
  readonly tailBytes: number
  /** a chunk is full and waits in memory: the next commit should be soon */
  readonly hasFullChunk: boolean
  /** contracts that this period's data says are on a node */
  contractNodes(): Map<number, number>
  /**
   * Writes what was told, with the hash of the last block and others worth keeping (see chain.ts), and from now on `end` as the end
   * snapshot, `scope` as what is followed; `asked` is added to what is kept of the endpoints that were asked. Throws AppError store.conflict (an imported archive says something else of these blocks), store.busy (the period was
   * replaced meanwhile), io.full.
   */
  commit(blocks: readonly StoredBlock[], changes?: { end?: EndSnapshot; scope?: StoredScope; asked?: Asked }): void
}

/** What the sync has begun or finished, of one period or of all: the current one, and one that is to take its place. */
export function syncedPeriods(store: Store, index?: number): SyncedPeriod[] {
  let query = facts.selectFrom('imports').selectAll().where('origin', '=', 'sync')
  if (index !== undefined) query = query.where('period', '=', index)
  return rows(store.facts, query.where('state', 'in', ['current', 'writing']).orderBy('state')).map(found => ({
    importId: found.id,
    current: found.state === 'current',
    scope: scopeOf(found),
    startBlock: found.start_block,
    endBlock: found.end_block,
    endTs: found.end_ts,
    coveredToBlock: found.covered_block,
    coveredToTs: found.covered_ts,
    coveredHash: found.covered_hash,
  }))
}

export function scopeOf(found: Pick<ImportsTable, 'scope'>): StoredScope | null {
  return found.scope === null ? null : (JSON.parse(found.scope) as StoredScope)
}

/** Begins a period that the sync has nothing of; an unfinished one of another scope goes. */
export function beginPeriod(store: Store, input: SyncPeriodInput): SyncPeriodWriter {
  const { period, network, scope, start, end } = input
  const header = headerOf(network, period, start, end)
  const id = writeTransaction(store.facts, 'facts.db', () => {
    change(
      store.facts,
      facts.updateTable('imports').set({ state: 'dropping' }).where('period', '=', period.index).where('state', '=', 'writing'),
    )
    const current = row(
      store.facts,
      facts.selectFrom('imports').select('id').where('period', '=', period.index).where('state', '=', 'current'),
    )
    return createImport(store, newSnapshots(header, start, end), 'sync', {
      state: current ? 'writing' : 'current',
      origin: 'sync',
      scope: scope && canonicalJson(scope),
      covered_block: start.block - 1,
      covered_ts: period.start,
    })
  })
  sweep(store)
  return resumePeriod(store, id)
}

/** Goes on with a period of the sync. Throws AppError store.corrupt, store.busy. */
export function resumePeriod(store: Store, importId: number): SyncPeriodWriter {
  const found = row(store.facts, facts.selectFrom('imports').selectAll().where('id', '=', importId))
  if (!found || found.state === 'dropping') throw gone(found?.period ?? null)
  const { period: index, network, scope } = found
  const period = { index, start: found.period_start, end: found.period_end }
  const texts = Object.fromEntries(
    rows(store.facts, facts.selectFrom('snapshots').select(['part', 'json']).where('import_id', '=', importId)).map(({ part, json }) => [
      part,
      json,
    ]),
  )
  const start = exactParse(texts.start ?? '') as StartSnapshot
  let end = exactParse(texts.end ?? '') as EndSnapshot
  const startText = texts.start!
  let endText = texts.end!
  let endChanged = false

  const builder = new ChunkBuilder(period, start, DAY_CHUNKS)
  const heads: Uint8Array[] = []
  const contracts = new Map<number, number>()
  for (const { contract_id, contract_type: type } of start.contracts) {
    if ('NodeContract' in type) contracts.set(contract_id, type.NodeContract.node_id)
    else if ('RentContract' in type) contracts.set(contract_id, type.RentContract.node_id)
  }
  let events = 0
  let lastBlock = found.last_block
  /** up to where the archive that is stored of this period was compared: full chunks are, before they are written */
  let comparedTo = -1
  for (let chunk = 0; chunk < found.chunks; chunk++) {
    const head = loadHead(store.facts, importId, index, chunk)
    for (const [contract, node] of head.contracts) {
      builder.setHome(contract, node)
      contracts.set(contract, node)
    }
    if (chunk === found.chunks - 1) {
      exportChunk(store.facts, importId, index, chunk, builder)
      break
    }
    heads.push(store.facts.prepare('SELECT head FROM chunks WHERE id = ?').pluck().get(chunkId(importId, chunk)) as Buffer)
    events += head.ends.at(-1) ?? 0
    comparedTo = head.blocks.at(-1) ?? comparedTo
  }
  /** chunks before the one that is being built, and those of them that no commit has written */
  let chunks = heads.length
  let full: { index: number; chunk: EncodedChunk }[] = []
  let committedTail = builder.events
  let tailBytes = 0
  let last = { n: found.covered_block, ts: found.covered_ts }
  let asked = askedOf(found.asked)
  let current = found.state === 'current'
  let entered = true
  /** a chunk never holds a part of a block, so a full one is closed when the next block begins */
  function enter(): void {
    if (entered) return
    entered = true
    if (builder.isFull(last.n, last.ts)) closeChunk()
    builder.block(last.n, last.ts)
  }

  function closeChunk(): void {
    if (chunks + 1 >= MAX_CHUNKS) throw new AppError('internal', `Period ${index} has more events than a period can hold.`)
    const chunk = builder.take(chunks)
    heads.push(chunk.head)
    full.push({ index: chunks, chunk })
    chunks++
    events += chunk.events
    committedTail = 0
  }

  /** An imported archive of the same period is to give way only if it says the same. */
  function compare(chunk: EncodedChunk | null, to: number, number: number): void {
    const old = row(
      store.facts,
      facts
        .selectFrom('imports')
        .select(['id', 'chunks', 'covered_block', 'scope'])
        .where('period', '=', index)
        .where('state', '=', 'current')
        .where('id', '!=', importId),
    )
    const upTo = Math.min(to, old?.covered_block ?? -1)
    if (!old || old.scope !== null || scope !== null || upTo <= comparedTo) return
    compareRange(store.facts, old, index, comparedTo, upTo, chunk, number)
    comparedTo = upTo
  }

  return {
    start,
    get end() {
      return end
    },
    get asked() {
      return asked
    },
    get last() {
      return last
    },
    get pendingEvents() {
      return builder.events - committedTail + full.reduce((sum, { chunk }) => sum + chunk.events, 0)
    },
    get hasFullChunk() {
      return full.length > 0
    },
    get tailBytes() {
      return tailBytes
    },
    contractNodes: () => new Map(contracts),
    block(n: number, ts: number): void {
      last = { n, ts }
      entered = false
    },
    uptime(nodeId: number, now: U64, uptime: U64): void {
      enter()
      builder.uptime(nodeId, now, uptime)
    },
    consumption(contractId: number, timestamp: U64, window: U64, nru: U64): void {
      enter()
      builder.consumption(contractId, timestamp, window, nru)
    },
    rare(event: RareEvent): void {
      enter()
      builder.rare(event)
    },
    commit(
      blocks: readonly StoredBlock[],
      { end: newEnd, scope: newScope, asked: more }: { end?: EndSnapshot; scope?: StoredScope; asked?: Asked } = {},
    ): void {
      const askedNow = more ? askedTogether(asked, more) : asked
      const covered = blocks.at(-1)
      if (newEnd) {
        end = newEnd
        endText = canonicalJson(newEnd)
        endChanged = true
      }
      const header = headerOf(network, period, start, end)
      const headerText = canonicalJson(header)
      const tail = builder.events > 0 ? builder.encode(chunks) : null
      const identity = identityOf({ header: headerText, start: startText, end: endText })
      const digest = createHash('sha256').update(identity)
      for (const head of heads) digest.update(head)
      if (tail) digest.update(tail.head)
      const tookOver = writeTransaction(store.facts, 'facts.db', () => {
        for (const { index: number, chunk } of full) {
          compare(chunk, chunk.lastBlock, number)
          writeChunk(store, importId, number, chunk)
        }
        if (tail) writeChunk(store, importId, chunks, tail)
        if (endChanged) {
          for (const [part, json] of [
            ['header', headerText],
            ['end', endText],
          ] as const)
            change(store.facts, facts.updateTable('snapshots').set({ json }).where('import_id', '=', importId).where('part', '=', part))
        }
        const changed = change(
          store.facts,
          facts
            .updateTable('imports')
            .set({
              identity,
              end_block: end.block,
              end_ts: end.ts,
              end_hash: createHash('sha256').update(endText).digest('hex'),
              farms: end.farms.length,
              chunks: chunks + (tail ? 1 : 0),
              events: events + builder.events,
              last_block: tail?.lastBlock ?? full.at(-1)?.chunk.lastBlock ?? lastBlock,
              covered_block: last.n,
              covered_ts: last.ts,
              ...(newScope && { scope: canonicalJson(newScope) }),
              ...(covered && { covered_hash: covered.hash }),
              asked: askedNow && JSON.stringify(askedNow),
              digest: digest.digest('hex'),
              finished_ts: store.now(),
            })
            .where('id', '=', importId)
            .where('state', 'in', ['current', 'writing']),
        )
        if (changed !== 1) throw gone(index)
        saveBlocks(store.facts, blocks)
        return takeOver(tail)
      })
      current ||= tookOver
      asked = askedNow
      lastBlock = tail?.lastBlock ?? full.at(-1)?.chunk.lastBlock ?? lastBlock
      full = []
      endChanged = false
      committedTail = builder.events
      tailBytes = tail ? tail.head.length + tail.blobs.reduce((sum, { data }) => sum + data.length, 0) : 0
      if (tookOver) sweep(store)
    },
  }

  /** Becomes the period's current data once it reaches as far as what is there, inside the commit's transaction. */
  function takeOver(tail: EncodedChunk | null): boolean {
    if (current) return false
    const old = row(
      store.facts,
      facts.selectFrom('imports').select(['id', 'covered_block']).where('period', '=', index).where('state', '=', 'current'),
    )
    if (old && last.n < old.covered_block) return false
    compare(tail, last.n, chunks)
    if (old) change(store.facts, facts.updateTable('imports').set({ state: 'dropping' }).where('id', '=', old.id))
    change(store.facts, facts.updateTable('imports').set({ state: 'current' }).where('id', '=', importId))
    return true
  }
}

function headerOf(network: string, period: Period, start: StartSnapshot, end: EndSnapshot): ArchiveHeader {
  return { kind: 'header', format: 'grid-archive', version: 1, network, period, blocks: { first: start.block, last: end.block } }
}

function gone(period: number | null): AppError {
  return new AppError('store.busy', `Period ${period ?? ''} was replaced while the sync wrote it. It goes on with what is there now.`, {
    retryable: true,
    details: { period },
  })
}
