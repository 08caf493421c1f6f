import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { ArchiveHeader, EndSnapshot, EventSink, GridEvent, RareEvent, StartSnapshot } from '../../src-shared/grid.ts'

export const casesDir = join(import.meta.dirname, '../golden/cases')

export interface BlockLine {
  n: number
  ts: number
  events: GridEvent[]
}

export interface Case {
  name: string
  header: ArchiveHeader
  start: StartSnapshot
  end: EndSnapshot
  blocks: BlockLine[]
}

export function caseNames(): string[] {
  return readdirSync(casesDir, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(entry => entry.name)
    .sort()
}

/** An expected file of a case, or null where it has none. */
export function expected(name: string, file: string): string | null {
  const path = join(casesDir, name, file)
  return existsSync(path) ? readFileSync(path, 'utf8') : null
}

/** Reads a case with nothing of the product's archive room. Integers beyond 2^53 become bigints, as the seam says. */
export function readCase(name: string): Case {
  const lines = gunzipSync(readFileSync(join(casesDir, name, 'archive.ndjson.gz')))
    .toString('utf8')
    .split('\n')
    .filter(line => line !== '')
    .map(parseExact)
  const [header, start, end, ...blocks] = lines as [ArchiveHeader, StartSnapshot, EndSnapshot, ...BlockLine[]]
  return { name, header, start, end, blocks }
}

function parseExact(line: string): unknown {
  if (!/[^\d"]\d{16,}/.test(line)) return JSON.parse(line)
  return JSON.parse(line, (_key: string, value: unknown, context?: { source: string }) =>
    typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value) && context ? BigInt(context.source) : value,
  )
}

/** Feeds a case's events in chain order; `keep` chooses events, for a part of the grid. */
export function feed(blocks: readonly BlockLine[], sink: EventSink, keep: (event: GridEvent) => boolean = () => true): void {
  for (const block of blocks) {
    sink.block(block.n, block.ts)
    for (const event of block.events) if (keep(event)) feedEvent(event, sink)
  }
}

export function feedEvent(event: GridEvent, sink: EventSink): void {
  if (event[0] === 'TfgridModule.NodeUptimeReported') sink.uptime(event[1].node_id, event[1].now, event[1].uptime)
  else if (event[0] === 'SmartContractModule.NruConsumptionReportReceived')
    sink.consumption(event[1].contract_id, event[1].timestamp, event[1].window, event[1].nru)
  else sink.rare(event as RareEvent)
}

/** The last block that a case covers. */
export function coveredTo(c: Case): number {
  return Math.max(c.header.blocks.last, c.blocks.at(-1)?.n ?? 0)
}
