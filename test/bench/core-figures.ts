import { monitorEventLoopDelay } from 'node:perf_hooks'
import { openHostCore } from '../../src-main/hosts/open-host-core.ts'
import type { Core } from '../../src-shared/contract.ts'

/**
 * The core as the hosts open it, on a store of one large period. `core-figures.ts DATA [ARCHIVE]`: with an archive it asks while that
 * is being imported by a worker. Prints milliseconds: each query's first time, then all further times.
 */
const [dataDir, archive] = process.argv.slice(2) as [string, string | undefined]
const ROUNDS = 120

export interface CoreFigures {
  /** from before opening to the answers of status.get and overview.get */
  openMs: number
  firstMs: Record<string, number>
  furtherMs: Record<string, number[]>
  /** the longest that the core's thread was busy at one go while queries were asked, as its event loop saw it */
  longestPauseMs: number
  importSec: number | null
  peakMiB: number
}

const found: CoreFigures = { openMs: 0, firstMs: {}, furtherMs: {}, longestPauseMs: 0, importSec: null, peakMiB: 0 }

async function timed(name: string, ask: () => Promise<unknown>): Promise<void> {
  // each from a fresh turn of the event loop, as questions come in
  await new Promise(resolve => setImmediate(resolve))
  const startMs = performance.now()
  await ask()
  const tookMs = performance.now() - startMs
  if (found.firstMs[name] === undefined) found.firstMs[name] = tookMs
  else found.furtherMs[name] = [...(found.furtherMs[name] ?? []), tookMs]
}

async function askAll(core: Core, period: number, nodes: number[], round: number): Promise<void> {
  const nodeId = nodes[(round * 7919) % nodes.length]!
  const sorts = ['nodeId', 'uptime', 'reward', 'farm'] as const
  const sort = sorts[round % sorts.length]!
  await timed('overview.get', () => core.query('overview.get', {}))
  await timed('nodes.list', () => core.query('nodes.list', { offset: (round * 100) % nodes.length, limit: 100, sort }))
  await timed('nodes.list search', () => core.query('nodes.list', { search: `1${round % 10}`, limit: 100 }))
  await timed('node.get', () => core.query('node.get', { nodeId }))
  await timed('node.explain', () => core.query('node.explain', { nodeId }))
  await timed('receipts.list', () => core.query('receipts.list', { period, offset: (round * 100) % nodes.length, limit: 100, sort }))
  await timed('search.find', () => core.query('search.find', { text: `${nodeId}` }))
}

const startMs = performance.now()
const core = await openHostCore({ dataDir, host: 'loopback' })
const status = await core.query('status.get', {})
await core.query('overview.get', {})
found.openMs = performance.now() - startMs
const period = status.latestPeriod
if (period !== 102) throw new Error('the store does not hold the period that it should')
const listed = await core.query('receipts.list', { period, limit: 1 })
const nodes = Array.from({ length: listed.total }, (_, index) => index + 1)
const pauses = monitorEventLoopDelay({ resolution: 5 })
pauses.enable()
if (archive === undefined) for (let round = 0; round < ROUNDS; round++) await askAll(core, period, nodes, round)
else {
  // as long as a user looks at the first screen; alone, the first questions come at once
  await new Promise(resolve => setTimeout(resolve, 1_000))
  const importMs = performance.now()
  const { jobId } = await core.command('import.start', { path: archive }, { actor: { id: 'bench' }, idempotencyKey: `bench-${Date.now()}` })
  for (let round = 0; ; round++) {
    await askAll(core, period, nodes, round)
    const job = (await core.query('jobs.list', {})).find(({ id }) => id === jobId)
    if (job && job.state !== 'running') {
      if (job.state !== 'done') throw new Error(`the import ended as ${job.state}: ${job.error?.message}`)
      break
    }
    // a user does not ask without pause: leave the core's thread its other work
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  found.importSec = (performance.now() - importMs) / 1000
  // what the end of the import made the core forget is read again now
  for (let round = 0; round < 5; round++) await askAll(core, period, nodes, round)
}
found.longestPauseMs = pauses.max / 1e6
found.peakMiB = process.resourceUsage().maxRSS / 1024
await core.close()
console.log(JSON.stringify(found))
