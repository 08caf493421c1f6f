import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { syncNetwork } from '../../src-main/core/sync-command.ts'
import { type Devnet, startDevnet } from '../../src-main/jobs/devnet/index.ts'
import { type SyncInput, syncChain } from '../../src-main/jobs/sync/run.ts'
import { listPeriods, openStore, type Store } from '../../src-main/store/index.ts'
import type { SyncState } from '../../src-shared/sync.ts'
import { smallDisk } from '../helpers/small-disk.ts'
import { factsOf, madeUpArchive, syncFolder, syncInto } from '../helpers/sync.ts'

let made: Awaited<ReturnType<typeof madeUpArchive>>
let devnet: Devnet
let facts = ''
let folders = 0
/** the period's start block: the chain is older */
const first = () => devnet.head() - 2_160
const freshFolder = () => join(made.folder, `data-${folders++}`)

/** Facts as a line that can be read where they differ: how far they reach, then a digest of all. */
function digestOf(dataDir: string): string {
  const found = factsOf(dataDir) as { imports: unknown }
  return `${JSON.stringify(found.imports)} ${createHash('sha256').update(JSON.stringify(found)).digest('hex')}`
}

beforeAll(async () => {
  made = await madeUpArchive({ nodes: 150, days: 0.15 })
  devnet = await startDevnet({ archive: made.archive })
  const whole = freshFolder()
  await syncFolder(whole, { endpoints: [devnet.url] })
  facts = digestOf(whole)
})
afterAll(async () => {
  await devnet.close()
  made.remove()
})

/** waits that show within a second what takes minutes otherwise */
const waits = { timeoutMs: 150, giveUpMs: 500, backoffMs: 20 }

function follow(store: Store, endpoints: string[], more: Partial<SyncInput> = {}) {
  const stop = new AbortController()
  const states: SyncState[] = []
  const input: SyncInput = {
    config: { network: 'demo', scope: 'all', periods: 1, compareShare: 0 },
    ...{ endpoints, genesis: '', until: null, follow: true, waits, ...more },
  }
  const ended = syncChain(store, input, { onState: state => states.push(state) }, stop.signal).catch((error: unknown) => error)
  const until = async (holds: (state: SyncState) => boolean): Promise<SyncState> => {
    for (;;) {
      const state = states.at(-1)
      if (state && holds(state)) return state
      const over = await Promise.race([ended, new Promise(resolve => setTimeout(resolve, 10))])
      if (over !== undefined) throw new Error(`the sync ended: ${JSON.stringify(over)}`)
    }
  }
  return { states, until, ended, stop: () => stop.abort() }
}

test('a full disk: what was there stays, it says so, and goes on once there is room', async context => {
  const disk = smallDisk(4)
  if (disk === null) {
    console.log('skipped: making a small file system needs root on Linux')
    return context.skip()
  }
  try {
    const dataDir = join(disk, 'data')
    const ballast = join(disk, 'ballast')
    await syncFolder(dataDir, { endpoints: [devnet.url], until: first() + 100 })
    const coveredNow = () => {
      const store = openStore(dataDir, { mode: 'read' })
      const covered = listPeriods(store)[0]!.coveredToBlock
      store.close()
      return covered
    }
    const states: SyncState[] = []
    const part = first() + 1_000
    // room for the database's own small files but not for the data
    for (const [free, until] of [
      [60_000, part],
      [140_000, devnet.head()],
    ] as const) {
      const before = coveredNow()
      const { bavail, bsize } = statfsSync(disk)
      writeFileSync(ballast, Buffer.alloc(bavail * bsize - free))
      const refused = await syncFolder(dataDir, { endpoints: [devnet.url], until, onState: state => states.push(state) }).catch(
        error => error,
      )
      expect([free, refused.code, refused.message]).toEqual([free, 'io.full', expect.stringMatching(/disk is full.*free some space/i)])
      expect(states.at(-1)).toMatchObject({ phase: 'halted', halt: { code: 'io.full' } })
      rmSync(ballast)
      expect(coveredNow()).toBe(before)
      await syncFolder(dataDir, { endpoints: [devnet.url], until })
    }
    expect(digestOf(dataDir)).toBe(facts)
  } finally {
    execFileSync('umount', [disk])
    rmSync(disk, { recursive: true })
  }
})

test('clocks that jump by years, back and forth, change nothing', async () => {
  const dataDir = freshFolder()
  const jumps = [Date.UTC(2001, 0, 1), Date.UTC(2099, 0, 1), 0, Date.UTC(2026, 0, 1)]
  let calls = 0
  vi.useFakeTimers({ toFake: ['Date'] })
  try {
    for (const until of [first() + 700, devnet.upgradeBlock, null]) {
      const store = openStore(dataDir, { mode: 'write', nowMs: () => jumps[calls++ % jumps.length]! })
      try {
        await syncInto(store, {
          endpoints: [devnet.url],
          ...(until !== null && { until }),
          onState: () => vi.setSystemTime(jumps[calls++ % jumps.length]!),
        })
      } finally {
        store.close()
      }
    }
  } finally {
    vi.useRealTimers()
  }
  expect(calls).toBeGreaterThan(6)
  expect(digestOf(dataDir)).toBe(facts)
})

test('an endpoint that leaves requests unanswered: another one answers them, and alone it is given time', async () => {
  const stalling = await devnet.serve({ faults: { stallShare: 0.005 } })
  const silent = await devnet.serve({ faults: { stallShare: 1 } })
  for (const endpoints of [[stalling.url, devnet.url], [silent.url, devnet.url], [stalling.url]]) {
    const dataDir = freshFolder()
    const store = openStore(dataDir, { mode: 'write' })
    const run = follow(store, endpoints, { follow: false })
    expect(await run.ended).toMatchObject({ halt: null, stored: { n: devnet.head() } })
    store.close()
    expect(digestOf(dataDir)).toBe(facts)
  }
  const store = openStore(freshFolder(), { mode: 'write' })
  const run = follow(store, [silent.url])
  try {
    const { halt } = await run.until(state => state.phase === 'offline')
    expect(halt).toMatchObject({ code: 'chain.offline', message: expect.stringContaining(silent.url) })
    expect(listPeriods(store)).toEqual([])
  } finally {
    run.stop()
    await run.ended
    store.close()
    await stalling.close()
    await silent.close()
  }
})

test('the only endpoint goes away and comes back: offline meanwhile, then it goes on by itself', async () => {
  const other = await madeUpArchive({ nodes: 5, days: 0.02 })
  const chain = await startDevnet({ archive: other.archive })
  const endpoint = await chain.serve()
  const { port } = endpoint
  const store = openStore(freshFolder(), { mode: 'write' })
  const run = follow(store, [endpoint.url])
  try {
    await run.until(state => state.phase === 'following' && state.stored?.n === chain.head())
    const before = chain.head()
    await endpoint.close()
    const offline = await run.until(state => state.phase === 'offline')
    // the time of the last block stays on the screen
    expect(offline).toMatchObject({ stored: { n: before, ts: chain.tsOf(before) }, head: { n: before } })
    expect(offline.halt?.code).toBe('chain.offline')
    chain.produce(40)
    await chain.serve({ port })
    const again = await run.until(state => state.phase === 'following' && state.stored?.n === chain.head())
    expect(again).toMatchObject({ halt: null, head: { n: before + 40 } })
    expect(listPeriods(store)[0]).toMatchObject({ coveredToBlock: before + 40 })
  } finally {
    run.stop()
    expect(await run.ended).toMatchObject({ code: 'cancelled' })
    store.close()
    await chain.close()
    other.remove()
  }
})

test('two never write at once: a second one is told who does, and what is there can be read meanwhile', async () => {
  const dataDir = freshFolder()
  const store = openStore(dataDir, { mode: 'write' })
  const run = follow(store, [devnet.url])
  try {
    await run.until(state => state.stored?.n === devnet.head())
    const command = {
      ...{ dataDir, networksFile: null, actor: 'test', network: 'demo', endpoints: [devnet.url] },
      ...{ until: null, follow: false, estimateOnly: false },
    }
    await expect(syncNetwork(command, {})).rejects.toMatchObject({
      code: 'store.busy',
      message: expect.stringContaining(String(process.pid)),
    })
    const reader = openStore(dataDir, { mode: 'read' })
    expect(listPeriods(reader)).toHaveLength(1)
    reader.close()
  } finally {
    run.stop()
    await run.ended
    store.close()
  }
})
