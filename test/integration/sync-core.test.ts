import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { openCore } from '../../src-main/core/index.ts'
import { syncNetwork } from '../../src-main/core/sync-command.ts'
import { type Devnet, startDevnet } from '../../src-main/jobs/devnet/index.ts'
import { openStore } from '../../src-main/store/index.ts'
import type { CommandInput, CommandName, Core, QueryOutput, Topic } from '../../src-shared/contract.ts'
import type { SyncConfig } from '../../src-shared/sync.ts'
import { madeUpArchive } from '../helpers/sync.ts'

// The sync as the pages see it: a core with everything on this thread, and a chain beside it whose answers can be slowed down.
let made: Awaited<ReturnType<typeof madeUpArchive>>
let devnet: Devnet
let core: Core | null = null
let dataDir = ''
let folders = 0
let keys = 0

beforeAll(async () => {
  made = await madeUpArchive({ nodes: 12, days: 0.8 })
  devnet = await startDevnet({ archive: made.archive })
})
afterAll(async () => {
  await devnet.close()
  made.remove()
})
afterEach(async () => {
  await core?.close()
  core = null
  rmSync(dataDir, { recursive: true, force: true })
})

async function open(): Promise<Core> {
  core = await openCore({ dataDir, host: 'cli', version: '1.2.3', demoDir: null, networksFile: null, mode: 'write' })
  return core
}

const freshFolder = () => join(made.folder, `data-${folders++}`)
const config: SyncConfig = { network: 'lab', scope: 'all', periods: 1, compareShare: 0 }

function command<N extends CommandName>(on: Core, name: N, input: CommandInput<N>) {
  return on.command(name, input, { actor: { id: 'test:me' }, idempotencyKey: `key-${keys++}` })
}

/** Asks again and again until what it says holds. */
async function until<T>(ask: () => Promise<T>, holds: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask()
    if (holds(answer)) return answer
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

const phase =
  (...phases: QueryOutput<'sync.get'>['phase'][]) =>
  (state: QueryOutput<'sync.get'>): boolean => {
    if (state.halt && !phases.includes('halted')) throw new Error(state.halt.message)
    return phases.includes(state.phase)
  }

const syncJobs = async (on: Core) => (await on.query('jobs.list', {})).filter(job => job.kind === 'sync')
const auditOf = async (on: Core) => {
  const { rows, intact } = await on.query('audit.list', {})
  return { intact, actions: rows.map(row => row.action) }
}

test('an endpoint of another chain is refused and nothing is saved; nothing can be followed before a network is there', async () => {
  dataDir = freshFolder()
  const on = await open()
  expect(await on.query('status.get', {})).toMatchObject({ sync: { phase: 'off', network: null } })
  await expect(command(on, 'sync.configure', config)).rejects.toMatchObject({ code: 'not-found' })
  await expect(command(on, 'sync.start', {})).rejects.toMatchObject({ code: 'usage' })
  expect(await command(on, 'network.addEndpoint', { network: 'lab', url: devnet.url })).toMatchObject({
    genesis: devnet.genesis,
    archive: true,
  })
  const other = await startDevnet({ nodes: 1, days: 0.01, live: false })
  const before = [await on.query('networks.list', {}), await auditOf(on)]
  try {
    await expect(command(on, 'network.addEndpoint', { network: 'lab', url: other.url })).rejects.toMatchObject({
      code: 'chain.network',
      message: expect.stringContaining(other.url),
    })
  } finally {
    await other.close()
  }
  // one that does not answer, too
  await expect(command(on, 'network.addEndpoint', { network: 'lab', url: other.url })).rejects.toMatchObject({ code: 'chain.offline' })
  expect([await on.query('networks.list', {}), await auditOf(on)]).toEqual(before)
  expect(before).toEqual([
    [{ name: 'lab', title: 'lab', endpoints: [{ url: devnet.url, own: true }], genesis: devnet.genesis, known: false }],
    { intact: true, actions: ['network.addEndpoint'] },
  ])
})

test('it fills the pages while it runs, is paused and resumed, and goes on after a restart unless it was paused', async () => {
  dataDir = freshFolder()
  let on = await open()
  const topics = new Set<Topic>()
  on.subscribe(changed => {
    for (const topic of changed) topics.add(topic)
  })
  await command(on, 'network.addEndpoint', { network: 'lab', url: devnet.url })
  // slow enough for history to take a while, and quick enough for its first part
  devnet.faults.latencyMs = 40
  await command(on, 'sync.configure', config)
  expect(await on.query('sync.get', {})).toMatchObject({ config })
  const view = await until(
    () => on.query('live.list', {}),
    ({ asOf }) => asOf !== null,
  )
  expect(view).toMatchObject({ asOf: { n: devnet.head(), ts: devnet.tsOf(devnet.head()) } })
  expect(view.total).toBeGreaterThan(8)
  expect(view.rows[0]).toMatchObject({ nodeId: 1, farmId: 1 })

  const { period } = await until(
    () => on.query('overview.get', {}),
    overview => overview.period !== null,
  )
  const running = await on.query('sync.get', {})
  expect(running.phase).toBe('backfilling')
  expect(running.fraction).toBeLessThan(1)
  expect(period).toMatchObject({ index: 100 })
  expect(period!.completeUntilTs).toBeLessThan(devnet.tsOf(devnet.head()))
  expect(await on.query('periods.list', {})).toHaveLength(1)
  expect((await on.query('nodes.list', {})).total).toBeGreaterThan(8)
  const said = await on.query('status.get', {})
  expect(said).toMatchObject({ network: 'lab', demo: false, latestPeriod: 100, sync: { phase: 'backfilling', network: 'lab' } })
  expect(said.sync.headTs).toBe(devnet.tsOf(devnet.head()))
  const told: Topic[] = ['sync', 'networks', 'audit', 'jobs', 'facts', 'results']
  await until(
    async () => topics,
    seen => told.every(topic => seen.has(topic)),
  )

  // begun twice it is one, and nobody else may write
  await Promise.all([command(on, 'sync.start', {}), command(on, 'sync.start', {})])
  await until(
    () => syncJobs(on),
    jobs => jobs.filter(job => job.state === 'running').length === 1,
  )
  const other = { dataDir, networksFile: null, actor: 'test', endpoints: [], until: null, follow: false, estimateOnly: false }
  await expect(syncNetwork(other, {})).rejects.toMatchObject({ code: 'store.busy' })

  await command(on, 'sync.pause', {})
  await until(
    () => syncJobs(on),
    jobs => jobs.every(job => job.state !== 'running'),
  )
  const paused = await on.query('sync.get', {})
  expect(paused).toMatchObject({ phase: 'paused', halt: null })
  const asked = devnet.requests()
  await on.close()
  on = await open()
  expect(await on.query('sync.get', {})).toMatchObject({ phase: 'paused', config })
  expect((await on.query('status.get', {})).sync).toMatchObject({ phase: 'paused', network: 'lab' })
  expect((await on.query('overview.get', {})).period?.index).toBe(100)
  expect(devnet.requests()).toBe(asked)

  devnet.faults.latencyMs = 0
  await command(on, 'sync.start', {})
  const done = await until(() => on.query('sync.get', {}), phase('following'))
  expect(done).toMatchObject({ stored: { n: devnet.head() }, fraction: 1, halt: null, periods: [{ index: 100, state: 'running' }] })
  // what was there before the pause was not read again
  expect(done.readBlocks).toBeLessThan(0.8 * 14_400)
  await on.close()

  devnet.produce(30)
  on = await open()
  const caughtUp = await until(
    () => on.query('sync.get', {}),
    state => phase('following')(state) && state.stored?.n === devnet.head(),
  )
  expect(caughtUp.stored?.ts).toBe(devnet.tsOf(devnet.head()))
  expect(await auditOf(on)).toEqual({
    intact: true,
    actions: ['sync.start', 'sync.pause', 'sync.start', 'sync.start', 'sync.configure', 'network.addEndpoint'],
  })
  await on.close()
  const store = openStore(dataDir, { mode: 'read' })
  expect(store.facts.prepare("SELECT count(*) FROM imports WHERE state <> 'current'").pluck().get()).toBe(0)
  store.close()
})

test('what halts it stands on the state, the job and the status, and nothing is lost when it is begun again', async () => {
  dataDir = freshFolder()
  const bad = devnet.head() - 40
  const lying = await devnet.serve({ faults: { lieAboutParent: bad } })
  const on = await open()
  await command(on, 'network.addEndpoint', { network: 'lab', url: lying.url })
  await command(on, 'sync.configure', config)
  const { halt } = await until(() => on.query('sync.get', {}), phase('halted'))
  expect(halt).toMatchObject({ code: 'chain.parent', message: expect.stringContaining(String(bad)) })
  const [job] = await until(
    () => syncJobs(on),
    jobs => jobs[0]?.state === 'failed',
  )
  expect(job!.error).toEqual(halt)
  expect((await on.query('status.get', {})).sync).toMatchObject({ phase: 'halted', message: halt!.message })
  // another endpoint is the way out: the sync goes on with it by itself
  await command(on, 'network.addEndpoint', { network: 'lab', url: devnet.url })
  await command(on, 'network.removeEndpoint', { network: 'lab', url: lying.url })
  await until(
    () => on.query('sync.get', {}),
    state => state.phase === 'following',
  )
  expect((await on.query('sync.get', {})).halt).toBeNull()
  await lying.close()
})
