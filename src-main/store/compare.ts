import type { EventSink, RareEvent, U64 } from '../../src-shared/grid.ts'
import type { EncodedChunk } from './chunk-builder.ts'
import { type ChunkHead, decodeHead } from './codec-head.ts'
import type { Db } from './db.ts'
import { exportChunk, loadHead, mergeChunk } from './events.ts'
import { exactStringify } from './exact-json.ts'
import { conflict } from './periods.ts'

/**
 * Compares what a stored import says of the blocks after `after` up to `to` with a chunk of another archive of the same period
 * (null: that archive has no events there). Throws AppError store.conflict naming the first block that differs.
 */
export function compareRange(
  db: Db,
  stored: { id: number; chunks: number },
  period: number,
  after: number,
  to: number,
  other: EncodedChunk | null,
  otherIndex: number,
): void {
  const mine = new Recorder(after, to)
  for (let chunk = 0; chunk < stored.chunks; chunk++) {
    const { blocks } = loadHead(db, stored.id, period, chunk)
    if (blocks[0]! > to) break
    if (blocks.at(-1)! > after) exportChunk(db, stored.id, period, chunk, mine)
  }
  const theirs = new Recorder(after, to)
  if (other) {
    const head: ChunkHead = decodeHead(other.head, { period, chunk: otherIndex, bucket: -1 })
    const blobs = new Map(other.blobs.map(({ number, data }) => [number, data]))
    mergeChunk(head, number => blobs.get(number), period, otherIndex, theirs)
  }
  const length = Math.max(mine.events.length, theirs.events.length)
  for (let i = 0; i < length; i++) {
    if (mine.events[i] === theirs.events[i]) continue
    const block = Math.min(mine.blocks[i] ?? Number.POSITIVE_INFINITY, theirs.blocks[i] ?? Number.POSITIVE_INFINITY)
    throw conflict(period, block, 'that block has other events in the archive than in the store')
  }
}

class Recorder implements EventSink {
  readonly events: string[] = []
  readonly blocks: number[] = []
  readonly #after: number
  readonly #to: number
  #n = 0
  #ts = 0

  constructor(after: number, to: number) {
    this.#after = after
    this.#to = to
  }

  block(n: number, ts: number): void {
    this.#n = n
    this.#ts = ts
  }

  uptime(nodeId: number, now: U64, uptime: U64): void {
    if (this.#wanted()) this.#add(`uptime ${nodeId} ${now} ${uptime}`)
  }

  consumption(contractId: number, timestamp: U64, window: U64, nru: U64): void {
    if (this.#wanted()) this.#add(`use ${contractId} ${timestamp} ${window} ${nru}`)
  }

  rare(event: RareEvent): void {
    if (this.#wanted()) this.#add(exactStringify(event))
  }

  #wanted(): boolean {
    return this.#n > this.#after && this.#n <= this.#to
  }

  #add(text: string): void {
    this.events.push(`${this.#n} ${this.#ts} ${text}`)
    this.blocks.push(this.#n)
  }
}
