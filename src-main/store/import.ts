import { createHash } from 'node:crypto'
import type { Updateable } from 'kysely'
import { AppError } from '../../src-shared/errors.ts'
import type { ArchiveHeader, EndSnapshot, EventSink, RareEvent, StartSnapshot, U64 } from '../../src-shared/grid.ts'
import { ChunkBuilder, type EncodedChunk, LONG_CHUNKS } from './chunk-builder.ts'
import { decodeHead } from './codec-head.ts'
import { compareRange } from './compare.ts'
import { writeTransaction } from './db.ts'
import { sweep } from './drop-period.ts'
import { createImport, type NewSnapshots, newSnapshots, writeChunk } from './import-rows.ts'
import type { Store } from './open.ts'
import { chunkId, conflict, eventsId, MAX_CHUNKS, type StoredPeriod, storedNetwork, storedPeriod } from './periods.ts'
import type { ImportsTable } from './schema.ts'
import { change, facts, row } from './sql.ts'

/** A place in an archive (archive/read.ts): bytes before a line, the line's number, CRC-32 of those bytes. */
export interface Position {
  offset: number
  line: number
  crc: number
}

export interface ImportOutcome {
  /** `unchanged`: the store had all of it already */
  outcome: 'imported' | 'extended' | 'unchanged'
  period: StoredPeriod
  /** events of the archive that the store has now */
  events: number
}

/**
 * Takes one archive's events in. Feed it, then call `finish`, or `abort` if that failed. Nobody sees anything of it before
 * `finish` returned. Any call may throw AppError store.conflict (the same period is stored with other events), io.full, store.busy.
 */
export interface ImportWriter extends EventSink {
  /** where to go on in the archive: what is before is stored already. null: from the beginning */
  readonly resume: Position | null
  /** events that are stored of this archive so far, those of earlier runs too */
  readonly storedEvents: number
  /** tells where the line is from which events come now; needed for being able to resume */
  setPosition(position: () => Position): void
  /**
   * The archive is at its end. Makes the import the period's one, unless the store had it all. `check` runs inside the same
   * transaction, before anyone sees the period: what it saves appears with it, and if it throws, the store is as it was.
   */
  finish(check?: (period: StoredPeriod) => void): ImportOutcome
  /** Ends it without result; `keep`: what is stored stays for being resumed (interrupted), else it is deleted (bad archive). */
  abort(options: { keep: boolean }): void
}

interface Job extends NewSnapshots {
  store: Store
  source: string
}

/**
 * Begins an import, or goes on with one of the same header and snapshots that was interrupted.
 * Throws AppError store.network (the store holds another network), store.conflict (the same period with other snapshots).
 */
export function beginImport(
  store: Store,
  header: ArchiveHeader,
  start: StartSnapshot,
  end: EndSnapshot,
  source: { name: string },
): ImportWriter {
  const network = storedNetwork(store)
  if (network !== null && network !== header.network)
    throw new AppError(
      'store.network',
      `The store in ${store.dataDir} holds network "${network}", this archive is of "${header.network}". Nothing was changed. Give it a data folder of its own: start Granary with --data and another folder.`,
      { details: { stored: network, archive: header.network } },
    )
  const job: Job = { ...newSnapshots(header, start, end), store, source: source.name }
  const old = currentImport(store, header.period.index)
  if (old && isWhole(old)) refuseOtherSnapshots(job, old)
  sweep(store)
  const unfinished = unfinishedImport(store, header.period.index)
  if (unfinished && unfinished.identity !== job.hashes.identity) {
    dropImport(store, unfinished.id)
    return new Importer(job, old, undefined)
  }
  return new Importer(job, old, unfinished)
}

function currentImport(store: Store, period: number) {
  return row(store.facts, facts.selectFrom('imports').selectAll().where('period', '=', period).where('state', '=', 'current'))
}
type StoredImport = NonNullable<ReturnType<typeof currentImport>>

/** What the sync has of chosen farms only says nothing against an archive of the whole grid, which takes its place. */
function isWhole(stored: Pick<StoredImport, 'scope'>): boolean {
  return stored.scope === null
}

function unfinishedImport(store: Store, period: number): StoredImport | undefined {
  return row(store.facts, facts.selectFrom('imports').selectAll().where('period', '=', period).where('state', '=', 'writing'))
}

function dropImport(store: Store, id: number): void {
  writeTransaction(store.facts, 'facts.db', () => {
    change(store.facts, facts.updateTable('imports').set({ state: 'dropping' }).where('id', '=', id).where('state', '=', 'writing'))
  })
  sweep(store)
}

/** A later archive of a period that still ran may have another end snapshot; everything else must be the same. */
function refuseOtherSnapshots(job: Job, old: StoredImport): void {
  const { header, end } = job
  const { index } = header.period
  if (old.period_start !== header.period.start || old.period_end !== header.period.end)
    throw conflict(
      index,
      null,
      `it is stored as ${old.period_start} to ${old.period_end}, the archive has ${header.period.start} to ${header.period.end}`,
    )
  if (old.start_hash !== job.hashes.start_hash) throw conflict(index, old.start_block, 'the start snapshots differ')
  if (end.block === old.end_block) {
    if (old.end_hash !== job.hashes.end_hash) throw conflict(index, end.block, 'the end snapshots differ')
  } else if ((end.block < old.end_block ? end.ts : old.end_ts) > header.period.end)
    throw conflict(
      index,
      Math.min(end.block, old.end_block),
      `the period ends in block ${old.end_block} as stored, in block ${end.block} by the archive`,
    )
}

class Importer implements ImportWriter {
  readonly resume: Position | null
  readonly #job: Job
  readonly #old: StoredImport | undefined
  readonly #builder: ChunkBuilder
  /** the row of this import; undefined while everything is what the store has already */
  #id: number | undefined
  #chunks = 0
  #events = 0
  /** last block that is stored or was found equal, last block seen, with its time */
  #storedBlock = -1
  #lastBlock: number
  #lastTs: number
  #position: (() => Position) | null = null
  #pending: { n: number; ts: number } | null = null
  readonly #digest = createHash('sha256')
  #over = false

  constructor(job: Job, old: StoredImport | undefined, unfinished: StoredImport | undefined) {
    this.#job = job
    this.#old = old
    this.#builder = new ChunkBuilder(job.header.period, job.start, LONG_CHUNKS)
    this.#digest.update(job.hashes.identity)
    this.#lastBlock = job.start.block
    this.#lastTs = job.start.ts
    this.resume = null
    if (unfinished) {
      this.#id = unfinished.id
      const position = unfinished.position === null ? null : (JSON.parse(unfinished.position) as Position)
      if (position) {
        this.resume = position
        this.#chunks = unfinished.chunks
        this.#events = unfinished.events
        this.#storedBlock = unfinished.last_block
        this.#lastBlock = Math.max(this.#lastBlock, unfinished.last_block)
        this.#restore(unfinished)
      }
    } else if (!old || !isWhole(old)) this.#id = this.#createRow()
  }

  get storedEvents(): number {
    return this.#events + this.#builder.events
  }

  setPosition(position: () => Position): void {
    this.#position = position
  }

  block(n: number, ts: number): void {
    this.#lastBlock = Math.max(this.#lastBlock, n)
    this.#lastTs = Math.max(this.#lastTs, ts)
    // blocks without events are not stored, so they may not decide where a chunk ends
    this.#pending = { n, ts }
  }

  uptime(nodeId: number, now: U64, uptime: U64): void {
    if (this.#pending) this.#enter()
    this.#builder.uptime(nodeId, now, uptime)
  }

  consumption(contractId: number, timestamp: U64, window: U64, nru: U64): void {
    if (this.#pending) this.#enter()
    this.#builder.consumption(contractId, timestamp, window, nru)
  }

  rare(event: RareEvent): void {
    if (this.#pending) this.#enter()
    this.#builder.rare(event)
  }

  #enter(): void {
    const { n, ts } = this.#pending!
    this.#pending = null
    if (this.#builder.isFull(n, ts)) this.#flush(this.#position?.() ?? null)
    this.#builder.block(n, ts)
  }

  /** Ends the chunk: compares it with what the store has, and stores it with the position in one transaction. */
  #flush(position: Position | null): void {
    if (this.#over) throw new AppError('internal', 'This import has ended.')
    if (this.#builder.events === 0) return
    if (this.#chunks >= MAX_CHUNKS)
      throw new AppError(
        'archive.format',
        `The archive of period ${this.#job.header.period.index} is too large for one period. Nothing was kept; check the file.`,
      )
    const chunk = this.#builder.take(this.#chunks)
    const same = this.#compare(chunk)
    if (this.#id === undefined && !same) this.#beginWriting()
    if (this.#id !== undefined) {
      const id = this.#id
      writeTransaction(this.#job.store.facts, 'facts.db', () => {
        writeChunk(this.#job.store, id, this.#chunks, chunk)
        this.#update({
          chunks: this.#chunks + 1,
          events: this.#events + chunk.events,
          last_block: chunk.lastBlock,
          position: position && JSON.stringify(position),
        })
      })
    }
    this.#digest.update(chunk.head)
    this.#chunks++
    this.#events += chunk.events
    this.#storedBlock = chunk.lastBlock
  }

  /** Whether the store has exactly this chunk in this place. Throws store.conflict if it has something else for these blocks. */
  #compare(chunk: EncodedChunk): boolean {
    const old = this.#old
    if (!old || !isWhole(old) || this.#storedBlock >= old.covered_block) return false
    const { store, header } = this.#job
    const period = header.period.index
    if (this.#chunks < old.chunks) {
      const stored = store.facts.prepare('SELECT head FROM chunks WHERE id = ?').pluck().get(chunkId(old.id, this.#chunks)) as
        | Buffer
        | undefined
      if (stored && Buffer.compare(stored, chunk.head) === 0) {
        this.#mend(old.id, chunk)
        return true
      }
    }
    compareRange(store.facts, old, period, this.#storedBlock, Math.min(chunk.lastBlock, old.covered_block), chunk, this.#chunks)
    return false
  }

  /** Equal heads name equal buckets, so a stored one that differs was damaged on the disk: the archive's takes its place. */
  #mend(id: number, chunk: EncodedChunk): void {
    const { facts: db } = this.#job.store
    const select = db.prepare('SELECT data FROM events WHERE id = ?').pluck()
    for (const { number, data } of chunk.blobs) {
      const stored = select.get(eventsId(id, this.#chunks, number)) as Buffer | undefined
      if (stored && Buffer.compare(stored, data) === 0) continue
      writeTransaction(db, 'facts.db', () => {
        db.prepare('INSERT OR REPLACE INTO events (id, data) VALUES (?, ?)').run(eventsId(id, this.#chunks, number), data)
      })
    }
  }

  /** From here on the archive has more than the store: takes over the chunks that were found equal. */
  #beginWriting(): void {
    const old = this.#old
    const { facts: db } = this.#job.store
    writeTransaction(db, 'facts.db', () => {
      const id = this.#createRow()
      if (old && this.#chunks > 0) {
        db.prepare('INSERT INTO chunks SELECT id + ?, head FROM chunks WHERE id >= ? AND id < ?').run(
          chunkId(id, 0) - chunkId(old.id, 0),
          chunkId(old.id, 0),
          chunkId(old.id, this.#chunks),
        )
        db.prepare('INSERT INTO events SELECT id + ?, data FROM events WHERE id >= ? AND id < ?').run(
          eventsId(id, 0, 0) - eventsId(old.id, 0, 0),
          eventsId(old.id, 0, 0),
          eventsId(old.id, this.#chunks, 0),
        )
      }
      this.#id = id
    })
  }

  #createRow(): number {
    const { store, source } = this.#job
    return writeTransaction(store.facts, 'facts.db', () => createImport(store, this.#job, source))
  }

  /** Takes up what the stored chunks of an interrupted import decide: homes of contracts, the digest. */
  #restore(unfinished: StoredImport): void {
    const { store, header } = this.#job
    for (let chunk = 0; chunk < unfinished.chunks; chunk++) {
      const head = store.facts.prepare('SELECT head FROM chunks WHERE id = ?').pluck().get(chunkId(unfinished.id, chunk)) as Buffer
      const decoded = decodeHead(head, { period: header.period.index, chunk, bucket: -1 })
      for (const [contract, node] of decoded.contracts) this.#builder.setHome(contract, node)
      this.#lastTs = Math.max(this.#lastTs, decoded.ts.at(-1) ?? 0)
      this.#digest.update(head)
    }
  }

  finish(check: (period: StoredPeriod) => void = () => {}): ImportOutcome {
    const { store, header, end } = this.#job
    const old = this.#old
    const covered = Math.max(header.blocks.last, this.#lastBlock)
    const period = header.period.index
    // the last chunk and the swap are one transaction: after a kill in between nobody could say where in the archive to go on
    const more = writeTransaction(store.facts, 'facts.db', () => {
      this.#flush(null)
      const whole = old && isWhole(old) ? old : null
      const to = Math.min(covered, whole?.covered_block ?? -1)
      if (whole && this.#storedBlock < to) compareRange(store.facts, whole, period, this.#storedBlock, to, null, this.#chunks)
      if (whole && (covered < whole.covered_block || (covered === whole.covered_block && end.block <= whole.end_block))) return false
      if (this.#id === undefined) this.#beginWriting()
      if (old) change(store.facts, facts.updateTable('imports').set({ state: 'dropping' }).where('id', '=', old.id))
      this.#update({
        state: 'current',
        chunks: this.#chunks,
        events: this.#events,
        last_block: this.#storedBlock,
        position: null,
        covered_block: covered,
        covered_ts: covered < end.block ? this.#lastTs : Math.max(this.#lastTs, end.ts),
        digest: this.#digest.digest('hex'),
        finished_ts: store.now(),
      })
      check(storedPeriod(store, period))
      return true
    })
    if (!more) {
      this.abort({ keep: false })
      return { outcome: 'unchanged', period: storedPeriod(store, period), events: this.#events }
    }
    this.#over = true
    sweep(store)
    return { outcome: old ? 'extended' : 'imported', period: storedPeriod(store, period), events: this.#events }
  }

  /** Changes this import's row, which must still be there and unfinished. */
  #update(values: Updateable<ImportsTable>): void {
    const { store, header } = this.#job
    const query = facts.updateTable('imports').set(values).where('id', '=', this.#id!).where('state', '=', 'writing')
    if (change(store.facts, query) !== 1)
      throw new AppError('store.busy', `Period ${header.period.index} is being imported a second time. Wait for the other import.`, {
        retryable: true,
      })
  }

  abort(options: { keep: boolean }): void {
    if (this.#over) return
    this.#over = true
    if (this.#id !== undefined && !options.keep) dropImport(this.#job.store, this.#id)
  }
}
