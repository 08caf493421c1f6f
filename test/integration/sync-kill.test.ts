import { spawn } from 'node:child_process'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mintPeriod } from '../../src-main/core/index.ts'
import { type Devnet, startDevnet } from '../../src-main/jobs/devnet/index.ts'
import { openStore, runCommand, saveSettings, verifyAudit } from '../../src-main/store/index.ts'
import { runs } from '../helpers/runs.ts'
import { factsOf, madeUpArchive, syncFolder } from '../helpers/sync.ts'

// Enough blocks and events for a full chunk and one that grows after it. Most runs begin with a folder that has the first part already,
// shortly before the chunk is full, so that kills find what is rare: a part stored, a chunk that is closed, the last commit.
let made: Awaited<ReturnType<typeof madeUpArchive>>
let devnet: Devnet
let facts: unknown
/** how long a sync takes that is let be: from nothing, and of the rest */
let wholeMs = 0
let restMs = 0
let begun = ''

/** 14,000 blocks into the period; a chunk is full after 14,400 */
const beforeFull = () => devnet.head() - 3_280

beforeAll(async () => {
  made = await madeUpArchive({ nodes: 130, days: 1.2 })
  devnet = await startDevnet({ archive: made.archive })
  begun = join(made.folder, 'begun')
  await syncFolder(begun, { endpoints: [devnet.url], until: beforeFull() })
  const [whole, rest] = [join(made.folder, 'whole'), join(made.folder, 'rest')]
  const begin = performance.now()
  await syncFolder(whole, { endpoints: [devnet.url] })
  wholeMs = performance.now() - begin
  facts = factsOf(whole)
  expect((facts as { chunks: unknown[] }).chunks).toHaveLength(2)
  cpSync(begun, rest, { recursive: true })
  const beginRest = performance.now()
  expect(await run(rest, devnet.url, Number.POSITIVE_INFINITY)).toBe('done')
  restMs = performance.now() - beginRest
  expect(factsOf(rest)).toEqual(facts)
})
afterAll(async () => {
  await devnet.close()
  made.remove()
})

/** Syncs in a process of its own and kills it (-9) after `killAfterMs`. */
async function run(dataDir: string, url: string, killAfterMs: number): Promise<'done' | 'killed'> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../helpers/sync-child.ts'), dataDir, url], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // what takes longest of a short run is to load the code
    env: { ...process.env, NODE_COMPILE_CACHE: join(made.folder, 'compiled') },
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
  if (signal === 'SIGKILL') return 'killed'
  if (output !== 'done\n') throw new Error(`the sync failed: ${errors}`)
  return 'done'
}

/** Opening checks the integrity after a crash. Gives how far the data reaches, null where nothing was begun. */
function look(dataDir: string): number | null {
  const store = openStore(dataDir, { mode: 'write' })
  try {
    // the books are written between two parts of a sync as they are in the app
    const command = {
      actor: 'test',
      idempotencyKey: crypto.randomUUID(),
      command: 'settings.set',
      input: {},
      audit: { subject: 'settings' },
    }
    runCommand(store, command, () => saveSettings(store, { theme: 'dark' }))
    expect(verifyAudit(store).intact).toBe(true)
    const covered = store.facts.prepare('SELECT max(covered_block) FROM imports').pluck().get() as number | null
    // the newest kept hash is of the block that the data reaches to: both were written in one transaction
    const newest = store.facts.prepare('SELECT max(n) FROM blocks').pluck().get() as number | null
    if (newest !== null) expect(newest).toBe(covered)
    return newest
  } finally {
    store.close()
  }
}

test('a sync that is killed at random moments goes on and gives the same store', { timeout: 1_800_000 }, async () => {
  const { numRuns: kills, seed } = runs(2, 100)
  // a small generator of its own: the moments come from the seed, however long the runs before took
  let state = seed >>> 0 || 1
  const random = () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
  const dropping = await devnet.serve({ faults: { dropEvery: 50 } })
  let killed = 0
  let inTheMiddle = 0
  let completed = 0
  let dataDir = ''
  let restarts = 0
  let expectedMs = 0
  let lastReached: number | null = null
  while (killed < kills) {
    if (dataDir === '') {
      dataDir = join(made.folder, `killed-${restarts}`)
      const fromNothing = restarts % 4 === 1
      if (!fromNothing) cpSync(begun, dataDir, { recursive: true })
      expectedMs = fromNothing ? wholeMs : restMs
      restarts++
    }
    const url = random() < 0.3 ? dropping.url : devnet.url
    if ((await run(dataDir, url, (0.25 + random() * 0.7) * expectedMs)) === 'killed') {
      killed++
      const reached = look(dataDir)
      if (reached !== null && reached > beforeFull() && reached < devnet.head()) inTheMiddle++
      if (reached !== devnet.head()) {
        // one that came no further than the last time is let be for longer
        if (reached === lastReached) expectedMs *= 1.3
        lastReached = reached
        continue
      }
    }
    expect(factsOf(dataDir)).toEqual(facts)
    completed++
    dataDir = ''
  }
  if (dataDir === '') dataDir = begun
  await run(dataDir, devnet.url, Number.POSITIVE_INFINITY)
  look(dataDir)
  expect(factsOf(dataDir)).toEqual(facts)
  const { nodes } = await mintPeriod({ dataDir, period: 100, resources: 'latest', outDir: join(made.folder, 'out') }, {})
  expect(nodes).toBeGreaterThan(100)
  console.log(`killed ${killed} times, ${inTheMiddle} of them between two commits of the rest; ${completed + 1} syncs came through`)
  if (kills >= 20) expect(inTheMiddle).toBeGreaterThan(0)
})
