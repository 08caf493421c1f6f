import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { archiveOf, emptyFolder } from './archives.ts'
import type { BenchOptions } from './bench.ts'
import type { CoreFigures } from './core-figures.ts'
import { firstScreenMs } from './first-screen.ts'
import { granary, median, percentile, runNode } from './measure.ts'
import type { Figure } from './table.ts'

interface Rows {
  rows: number
  ingestSec: number | null
  nodeMs: number[]
  wholeSec: number
}

const targets: Record<string, string> = { 'node.get': '≤ 50', 'node.explain': '≤ 50' }

interface Found {
  figures: Figure[]
  /** a table of its own */
  queries: string
}

/** What the opened app takes to answer, alone and while a worker imports, and what a plain table of rows would. */
export async function benchCore({ nodes, rounds }: BenchOptions): Promise<Found> {
  const plain = await archiveOf(nodes, 'ndjson')
  const next = await archiveOf(nodes, 'ndjson.zst', 101)
  const store = emptyFolder('core-store')
  process.stderr.write('fills a store and a table of rows\n')
  await granary('import', plain, '--data', store)
  const rows: Rows[] = []
  const alone: CoreFigures[] = []
  const beside: CoreFigures[] = []
  const screen: number[] = []
  const inside: number[] = []
  const table = plain.replace('.ndjson', '-rows.db')
  let ingestSec: number | null = null
  for (let round = 1; round <= rounds; round++) {
    process.stderr.write(`round ${round} of ${rounds}\n`)
    const found = await childOf<Rows>('baseline-rows.ts', plain, table)
    ingestSec ??= found.ingestSec
    rows.push(found)
    screen.push(await firstScreenMs(store))
    inside.push((await childOf<{ sec: number }>('mint-inside.ts', store, emptyFolder('out'))).sec)
    alone.push(await childOf<CoreFigures>('core-figures.ts', store))
    const copy = emptyFolder('core-copy')
    cpSync(store, copy, { recursive: true })
    beside.push(await childOf<CoreFigures>('core-figures.ts', copy, next))
  }
  const nodeRows = { name: 'indexed rows', values: rows.map(({ nodeMs }) => percentile(nodeMs, 50)) }
  const figures: Figure[] = [
    { name: `indexed rows: one node's reports folded`, unit: 'ms', values: nodeRows.values, threads: '- / 1' },
    {
      name: `indexed rows: all ${rows[0]!.rows} reports folded`,
      unit: 's',
      values: rows.map(({ wholeSec }) => wholeSec),
      threads: '- / 1',
    },
    {
      name: 'mint --period, inside (all events, receipts and files)',
      unit: 's',
      values: inside,
      baseline: { name: 'indexed rows', values: rows.map(({ wholeSec }) => wholeSec) },
      target: '< 1 s',
      threads: '1 / 1',
    },
    { name: 'open: serve from its start to the first screen', unit: 'ms', values: screen, target: '< 1500 ms' },
    { name: 'open: core inside', unit: 'ms', values: alone.map(({ openMs }) => openMs), peakMiB: alone.map(({ peakMiB }) => peakMiB) },
  ]
  if (ingestSec !== null)
    figures.splice(2, 0, { name: 'indexed rows: filled from the archive', unit: 's', values: [ingestSec], threads: '- / 1' })
  for (const [where, found] of [
    ['alone', alone],
    ['while a worker imports', beside],
  ] as const)
    figures.push({ name: `the core's thread busy at one go at most, ${where}`, unit: 'ms', values: found.map(one => one.longestPauseMs) })
  figures.push({
    name: 'import by a worker while asked',
    unit: 's',
    values: beside.map(({ importSec }) => importSec!),
    peakMiB: beside.map(({ peakMiB }) => peakMiB),
  })
  return { figures, queries: queriesTable(alone, beside, nodeRows.values) }
}

/** First calls by round, straight after opening or (beside an import) a second later; further ones all together. */
function queriesTable(alone: CoreFigures[], beside: CoreFigures[], nodeRowsMs: number[]): string {
  const lines = ['| query (ms) | first: median, longest | p50 | p95 | longest | target |', '| --- | --- | --- | --- | --- | --- |']
  for (const [where, found] of [
    ['', alone],
    [', while a worker imports', beside],
  ] as const)
    for (const name of Object.keys(found[0]!.firstMs)) {
      const first = found.map(({ firstMs }) => firstMs[name]!)
      const further = found.flatMap(({ furtherMs }) => furtherMs[name] ?? [])
      const ms = (value: number) => value.toFixed(1)
      const at = (p: number) => ms(percentile(further, p))
      const target = targets[name] ?? '≤ 100'
      const cells = [`${name}${where}`, `${ms(median(first))}, ${ms(Math.max(...first))}`, at(50), at(95), at(100), target]
      lines.push(`| ${cells.join(' | ')} |`)
    }
  const ratio =
    percentile(
      alone.flatMap(({ furtherMs }) => furtherMs['node.get'] ?? []),
      50,
    ) / median(nodeRowsMs)
  return `${lines.join('\n')}\n\nfirst: asked straight after opening; while a worker imports: a second later.\nnode.get, p50: ${ratio.toFixed(1)} x indexed rows folded (which know neither sleep, contracts, payout nor reasons).`
}

export async function childOf<T>(file: string, ...args: string[]): Promise<T> {
  const { stdout } = await runNode(join(import.meta.dirname, file), args)
  return JSON.parse(stdout) as T
}
