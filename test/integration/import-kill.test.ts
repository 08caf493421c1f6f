import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { importFiles, mintArchive, mintPeriod, writeDemo } from '../../src-main/core/index.ts'
import { listPeriods, openStore, verifyAudit } from '../../src-main/store/index.ts'
import { runs } from '../helpers/runs.ts'

// Enough events for several transactions, so that a kill finds the import in the middle of one, between two, and in the swap at the end.
const folder = mkdtempSync(join(tmpdir(), 'granary-kill-'))
const archive = join(folder, 'archive.ndjson')
const whole = join(folder, 'whole')
let digest = ''
let wholeMs = 0

beforeAll(async () => {
  await writeDemo({ nodes: 300, seed: 7, target: archive }, {})
  const begin = performance.now()
  expect((await run(whole, Number.POSITIVE_INFINITY)).output).toBe('done\n')
  wholeMs = performance.now() - begin
  digest = digestOf(whole)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Imports in a process of its own and kills it (-9) after `killAfterMs`. */
async function run(dataDir: string, killAfterMs: number): Promise<{ output: string; killed: boolean }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../helpers/import-child.ts'), dataDir, archive], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let errors = ''
  child.stdout.on('data', text => {
    output += text
  })
  child.stderr.on('data', text => {
    errors += text
  })
  const ended = new Promise<NodeJS.Signals | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (_code, signal) => resolve(signal))
  })
  const abort = new AbortController()
  if (Number.isFinite(killAfterMs))
    delay(killAfterMs, null, { signal: abort.signal }).then(
      () => child.kill('SIGKILL'),
      () => {},
    )
  const signal = await ended
  abort.abort()
  if (signal === null && output !== 'done\n') throw new Error(`the import failed: ${errors}`)
  return { output, killed: signal === 'SIGKILL' }
}

function digestOf(dataDir: string): string {
  const store = openStore(dataDir, { mode: 'read' })
  try {
    return listPeriods(store)[0]?.digest ?? ''
  } finally {
    store.close()
  }
}

test('an import that is killed at random moments goes on and gives the same', { timeout: 600_000 }, async () => {
  const { numRuns: kills, seed } = runs(2, 50)
  // a small generator of its own: the moments come from the seed, however long the runs before took
  let state = seed >>> 0 || 1
  const random = () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
  let killed = 0
  let inTheMiddle = 0
  let completed = 0
  const dataDir = join(folder, 'killed')
  while (killed < kills) {
    const result = await run(dataDir, (0.3 + random() * 0.8) * wholeMs)
    if (result.killed) killed++
    // opening checks the integrity after a crash; the store holds either nothing of the period or all of it
    const store = openStore(dataDir, { mode: 'write' })
    const periods = listPeriods(store)
    const begun = store.facts.prepare("SELECT count(*) FROM imports WHERE state = 'writing' AND events > 0").pluck().get()
    expect(verifyAudit(store).intact).toBe(true)
    store.close()
    for (const period of periods) expect(period.digest).toBe(digest)
    if (begun !== 0) inTheMiddle++
    if (periods.length > 0) {
      completed++
      rmSync(dataDir, { recursive: true })
    }
  }
  await importFiles({ dataDir, files: [archive], actor: 'test' }, {})
  expect(digestOf(dataDir)).toBe(digest)
  const { period } = await mintArchive({ source: archive, resources: 'latest', outDir: join(folder, 'out-archive') }, {})
  const fromStore = await mintPeriod({ dataDir, period: period.index, resources: 'latest', outDir: join(folder, 'out-store') }, {})
  expect(fromStore.rewardUnits).toBeGreaterThan(0n)
  console.log(`killed ${killed} times, ${inTheMiddle} of them with a part stored; ${completed} imports came through`)
  if (kills >= 15) expect(inTheMiddle).toBeGreaterThan(0)
})
