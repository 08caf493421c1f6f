import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { syncNetwork } from '../../src-main/core/sync-command.ts'
import { startDevnet } from '../../src-main/jobs/devnet/index.ts'
import { openStore } from '../../src-main/store/index.ts'
import { storedPeriod } from '../../src-main/store/periods.ts'
import { demoCase, squeezeCase, writeCase } from '../helpers/squeeze-case.ts'

const folder = mkdtempSync(join(tmpdir(), 'granary-sync-large-'))
const children: ChildProcess[] = []
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

const helper = (name: string) => join(import.meta.dirname, '../helpers', name)

test('a month of ten nodes takes less than 20 MB in the store', async () => {
  // by default a chain without the blocks that have no event, of few others' nodes, half a day before the period's end
  const isLong = Boolean(process.env.GRANARY_RUNS)
  const whole = await demoCase({ nodes: isLong ? 40 : 12, seed: 5, period: 100, ...(!isLong && { days: 30 }) })
  const archive = join(folder, 'month.ndjson')
  await writeCase(isLong ? whole : squeezeCase(whole), archive)
  const devnet = await startDevnet({ archive })
  const dataDir = join(folder, 'month')
  const nodes = Array.from({ length: 10 }, (_, i) => i + 1)
  try {
    const state = await syncNetwork(
      {
        ...{ dataDir, networksFile: null, actor: 'test', network: 'demo', endpoints: [devnet.url], scope: { farms: [], nodes } },
        ...{ periods: isLong ? 2 : 1, compareShare: 0, until: null, follow: false, estimateOnly: false },
      },
      {},
    )
    expect(state?.halt).toBeNull()
  } finally {
    await devnet.close()
  }
  const store = openStore(dataDir, { mode: 'read' })
  const { events, provisional } = storedPeriod(store, 100)
  const results = store.facts.prepare('SELECT count(*) FROM node_results').pluck().get() as number
  store.close()
  // a month of reports every 40 minutes, and what is computed of them
  expect(events).toBeGreaterThan(9_000)
  expect(provisional).toBe(!isLong)
  expect(results).toBeGreaterThanOrEqual(10)
  const bytes = readdirSync(dataDir)
    .map(name => statSync(join(dataDir, name)))
    .reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0)
  console.log(`ten nodes, ${events} events of a month: ${(bytes / 1e6).toFixed(2)} MB`)
  expect(bytes).toBeLessThan(20e6)
})

/** The lines of a child as they come, until `onLine` has what it wants or the child ends; rejects where it fails. */
async function linesOf(args: string[], onLine: (line: string) => boolean): Promise<void> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  await new Promise<void>((resolve, reject) => {
    let rest = ''
    child.stdout.on('data', part => {
      const lines = (rest + String(part)).split('\n')
      rest = lines.pop()!
      for (const line of lines) if (onLine(line)) resolve()
    })
    child.once('error', reject)
    child.once('close', code => (code === 0 ? resolve() : reject(new Error(`${args[0]} ended with ${code}`))))
  })
}

test.skipIf(!process.env.GRANARY_RUNS)('memory stays flat over a million blocks', async () => {
  let [url, first, head] = ['', 0, 0]
  await linesOf([helper('devnet-child.ts'), '5', '70'], line => {
    const words = line.split(' ')
    ;[url, first, head] = [words[0]!, Number(words[1]), Number(words[2])]
    return true
  })
  const samples: [blocks: number, bytes: number][] = []
  await linesOf([helper('sync-rss-child.ts'), join(folder, 'million'), url, '4'], line => {
    const [blocks, bytes] = line.split(' ').map(Number)
    samples.push([blocks!, bytes!])
    return false
  })
  const read = samples.at(-1)![0]
  expect(read).toBeGreaterThan(1_000_000)
  expect(read).toBeGreaterThan(head - first)
  const most = (from: number, to: number) =>
    Math.max(...samples.filter(([blocks]) => blocks >= from * read && blocks <= to * read).map(([, bytes]) => bytes))
  const thirds = [most(0, 1 / 3), most(1 / 3, 2 / 3), most(2 / 3, 1)]
  console.log(`${read} blocks; at most ${thirds.map(bytes => (bytes / 1e6).toFixed(0)).join(', ')} MB in each third`)
  expect(thirds[2]! / thirds[0]!).toBeLessThan(1.25)
  expect(Math.max(...thirds)).toBeLessThan(400e6)
})
