import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beginImport, type ImportOutcome, type ImportWriter, type Position } from '../../src-main/store/import.ts'
import type { Store } from '../../src-main/store/open.ts'
import type { ArchiveHeader, EndSnapshot, EventSink, GridContract, RareEvent, StartSnapshot, U64 } from '../../src-shared/grid.ts'
import { periodAt } from '../../src-shared/time.ts'

/** An event as the sink gets it, with its block. */
export type Seen =
  | { n: number; ts: number; is: 'uptime'; of: number; values: U64[] }
  | { n: number; ts: number; is: 'use'; of: number; values: U64[] }
  | { n: number; ts: number; is: 'rare'; event: RareEvent }

/** Writes down what a sink is told. */
export function recorder(): EventSink & { seen: Seen[] } {
  const seen: Seen[] = []
  let at = { n: -1, ts: -1 }
  return {
    seen,
    block(n, ts) {
      at = { n, ts }
    },
    uptime(of, now, uptime) {
      seen.push({ ...at, is: 'uptime', of, values: [now, uptime] })
    },
    consumption(of, timestamp, window, nru) {
      seen.push({ ...at, is: 'use', of, values: [timestamp, window, nru] })
    },
    rare(event) {
      seen.push({ ...at, is: 'rare', event })
    },
  }
}

/** Tells a sink the events from index `from` on; `onLine` is called before each block with the index of its first event. */
export function replay(events: readonly Seen[], sink: EventSink, from = 0, onLine?: (index: number) => void): void {
  let n = -1
  for (let i = from; i < events.length; i++) {
    const event = events[i]!
    if (event.n !== n) {
      n = event.n
      onLine?.(i)
      sink.block(n, event.ts)
    }
    if (event.is === 'uptime') sink.uptime(event.of, event.values[0]!, event.values[1]!)
    else if (event.is === 'use') sink.consumption(event.of, event.values[0]!, event.values[1]!, event.values[2]!)
    else sink.rare(event.event)
  }
}

export interface Archive {
  header: ArchiveHeader
  start: StartSnapshot
  end: EndSnapshot
  events: Seen[]
}

/** An archive of period 80; `covered`: the last block that it says something of. */
export function archiveOf(
  events: Seen[],
  options: { contracts?: GridContract[]; network?: string; endBlock?: number; covered?: number; endTs?: number } = {},
): Archive {
  const period = periodAt(80)
  const endBlock = options.endBlock ?? 1_438_480
  return {
    header: {
      kind: 'header',
      format: 'grid-archive',
      version: 1,
      network: options.network ?? 'test',
      period,
      blocks: { first: 1_000_000, last: options.covered ?? endBlock },
    },
    start: {
      kind: 'snapshot',
      at: 'start',
      block: 1_000_000,
      ts: period.start + 2,
      nodes: [],
      contracts: options.contracts ?? [],
      power: [],
    },
    end: {
      kind: 'snapshot',
      at: 'end',
      block: endBlock,
      ts: options.endTs ?? period.end + 2,
      farms: [],
      twins: [],
      farmingPolicies: [],
      payoutAddresses: [],
    },
    events,
  }
}

/** Begins an import whose position is the index of the event that a line begins with. */
export function begin(store: Store, archive: Archive): { writer: ImportWriter; feed(limit?: number): void } {
  const writer = beginImport(store, archive.header, archive.start, archive.end, { name: 'test' })
  let position: Position = { offset: 0, line: 0, crc: 0 }
  writer.setPosition(() => position)
  return {
    writer,
    feed(limit = archive.events.length) {
      replay(archive.events.slice(0, limit), writer, writer.resume?.offset ?? 0, index => {
        position = { offset: index, line: index, crc: 1 }
      })
    },
  }
}

export function importWhole(store: Store, archive: Archive): ImportOutcome {
  const { writer, feed } = begin(store, archive)
  try {
    feed()
    return writer.finish()
  } catch (error) {
    writer.abort({ keep: false })
    throw error
  }
}

/** A steady grid: each node reports every 400 blocks, to the period's end. */
export function steadyEvents(nodes: number, blocks = 438_480): Seen[] {
  const events: Seen[] = []
  const start = periodAt(80).start
  for (let block = 1; block < blocks; block++)
    for (let node = 1 + (block % 400); node <= nodes; node += 400) {
      const ts = start + 2 + block * 6
      events.push({ n: 1_000_000 + block, ts, is: 'uptime', of: node, values: [ts, 1000 + block * 6] })
    }
  return events
}

/** A folder for `work`, gone afterwards. */
export async function withFolder<T>(work: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'granary-store-'))
  try {
    return await work(join(folder, 'data'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
