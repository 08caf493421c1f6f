import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openChain } from '../../src-main/clients/tfchain/chain.ts'
import type { Chain } from '../../src-main/clients/tfchain/types.ts'
import { examineFolder } from '../../src-main/core/doctor.ts'
import { openCore } from '../../src-main/core/index.ts'
import { syncNetwork } from '../../src-main/core/sync-command.ts'
import { type Devnet, startDevnet } from '../../src-main/jobs/devnet/index.ts'
import { checkChainClock } from '../../src-main/jobs/doctor/chain.ts'
import { checkPermissions } from '../../src-main/jobs/doctor/local.ts'
import { examine } from '../../src-main/jobs/doctor.ts'
import { loadHead } from '../../src-main/store/events.ts'
import { findGaps } from '../../src-main/store/gaps.ts'
import { listPeriods } from '../../src-main/store/periods.ts'
import type { DoctorReport } from '../../src-shared/sync.ts'
import { periodAt } from '../../src-shared/time.ts'
import { blobs, change, forge, granaryDoctor, look, problems, refreshDigest, stateOf, withStore, writeBlob } from '../helpers/damage.ts'
import { writeOddArchive } from '../helpers/odd-archive.ts'
import { runs } from '../helpers/runs.ts'
import { syncFolder } from '../helpers/sync.ts'

/*
 * A small chain on this machine is followed once; each test examines a copy of that data folder, after it has damaged something.
 */

const PERIOD = 103
const root = mkdtempSync(join(tmpdir(), 'granary-doctor-'))
const whole = join(root, 'whole')
let devnet: Devnet
let copies = 0

beforeAll(async () => {
  devnet = await startDevnet({ nodes: 12, days: 0.1, nowMs: (periodAt(PERIOD).start + 5_000) * 1000, live: false })
  await follow(whole, { scope: 'all' })
})
afterAll(async () => {
  await devnet.close()
  rmSync(root, { recursive: true, force: true })
})

async function follow(dataDir: string, { scope }: { scope: 'all' | { farms: number[]; nodes: number[] } }): Promise<void> {
  const sync = { network: 'lab', endpoints: [devnet.url], scope, periods: 1, compareShare: 0, until: null, follow: false }
  await syncNetwork({ dataDir, networksFile: null, actor: 'test', estimateOnly: false, ...sync }, {})
}

function copy(): string {
  const folder = join(root, `copy-${copies++}`)
  cpSync(whole, folder, { recursive: true })
  chmodSync(folder, 0o700)
  return folder
}

const digestOf = (dataDir: string) => withStore(dataDir, 'read', store => listPeriods(store)[0]!.digest)

test('a healthy store: nothing is wrong, every stored block is as the chain has it', async () => {
  const report = await look(whole, { endpoints: [devnet.url] })
  expect(problems(report)).toEqual({})
  expect(report.checks.filter(({ state }) => state === 'unknown').map(({ name }) => name)).toEqual(['Clock against the chain'])
  const { coveredToBlock, startBlock } = withStore(whole, 'read', store => listPeriods(store)[0]!)
  const n = coveredToBlock - startBlock + 1
  expect(n).toBeGreaterThan(500)
  expect(stateOf(report, 'Store against the chain')).toBe(`ok: ${n} blocks of 1 period fetched again: the same events as stored (seed 7).`)
  expect(stateOf(report, 'Block hashes')).toMatch(/^ok: \d{3} hashes/)
  expect(stateOf(report, `Endpoint ${devnet.url}`)).toMatch(/^ok: .* runtime 146 \(met before\)/)
  // it only looked
  expect(withStore(whole, 'read', store => findGaps(store))).toEqual([])
})

test('a store of one farm holds what its filter lets through, in every block', async () => {
  const folder = join(root, 'farm')
  await follow(folder, { scope: { farms: [1], nodes: [2] } })
  const events = (dataDir: string) => withStore(dataDir, 'read', store => listPeriods(store)[0]!.events)
  expect(events(folder)).toBeGreaterThan(10)
  expect(events(folder)).toBeLessThan(events(whole))
  const report = await look(folder, { endpoints: [devnet.url] })
  expect(problems(report)).toEqual({})
  expect(stateOf(report, 'Store against the chain')).toContain('ok: ')
})

test.each([
  ['all', 'all' as const],
  ['a node with a contract made in the period', { farms: [], nodes: [2] }],
  ['a farm and a node that moves into it', { farms: [1], nodes: [] }],
])('a store of every kind of event, of %s, is as the chain has it', async (name, scope) => {
  const folder = join(root, `odd-${name}`)
  const archive = join(root, 'odd.ndjson')
  await writeOddArchive(archive)
  const odd = await startDevnet({ archive, live: false })
  try {
    await syncFolder(folder, { endpoints: [odd.url], scope, periods: 2 })
    const report = await look(folder, { endpoints: [odd.url] })
    expect(stateOf(report, 'Store against the chain')).toMatch(/^ok: 9\d blocks of \d periods? fetched again/)
    expect(problems(report)).toEqual({})
  } finally {
    await odd.close()
  }
})

test('an endpoint that answers for another block than it was asked for', async () => {
  const report = await look(whole, {
    endpoints: [devnet.url],
    sample: 5,
    tools: {
      async connect(options) {
        const chain = await openChain(options)
        const behind = devnet.hashOf(devnet.head() - 1)
        const call: Chain['call'] = (method, params, how) =>
          chain.call(method, method === 'state_queryStorageAt' && (params[0] as string[]).length === 3 ? [params[0], behind] : params, how)
        return { ...chain, call }
      },
    },
  })
  expect(stateOf(report, 'Store against the chain')).toMatch(/^unknown: .*Asked for block \d+, the endpoint gave block/)
})

test('the same seed compares the same blocks, and a small sample is a part of all', async () => {
  const network = { name: 'lab', endpoints: [devnet.url], genesis: '' }
  const asked = async (seed: number) => {
    const before = devnet.requests()
    const report = await examine({ dataDir: whole, network, noNetwork: '', sample: 10, seed }, {})
    expect(stateOf(report, 'Store against the chain')).toBe(
      `ok: 10 blocks of 1 period fetched again: the same events as stored (seed ${seed}).`,
    )
    return devnet.requests() - before
  }
  const first = await asked(1)
  expect(await asked(1)).toBe(first)
  expect(first).toBeLessThan(120)
})

test.each(['looks at: results', 'compares block'])('stopped while it %s, it ends as cancelled', async place => {
  const abort = new AbortController()
  const network = { name: 'lab', endpoints: [devnet.url], genesis: '' }
  const seen: string[] = []
  const examined = examine(
    { dataDir: whole, network, noNetwork: '', sample: 5_000, seed: 1 },
    {
      signal: abort.signal,
      onProgress: ({ detail }) => {
        seen.push(detail)
        if (detail.startsWith(place)) abort.abort()
      },
    },
  )
  await expect(examined).rejects.toMatchObject({ code: 'cancelled' })
  expect(seen.at(-1)).toContain(place)
})

test('any byte that changes in the stored events or their tables is found, offline', async () => {
  const folder = copy()
  const all = (['chunks', 'events'] as const).flatMap(table => blobs(folder, table).map(blob => ({ table, ...blob })))
  const places = fc
    .nat(all.length - 1)
    .chain(i => fc.tuple(fc.constant(all[i]!), fc.nat(all[i]!.data.length - 1), fc.integer({ min: 1, max: 255 })))
  fc.assert(
    fc.property(places, ([{ table, id, data }, at, mask]) => {
      const bad = Buffer.from(data)
      bad[at] = bad[at]! ^ mask
      writeBlob(folder, table, id, bad)
      const gaps = withStore(folder, 'read', store => findGaps(store))
      writeBlob(folder, table, id, data)
      expect(gaps).toMatchObject([{ period: PERIOD, kind: expect.stringMatching(/^(damaged|newer)$/), origin: 'sync' }])
      expect(gaps[0]!.fromBlock).toBeLessThanOrEqual(gaps[0]!.toBlock!)
    }),
    runs(12, 500),
  )
  expect(withStore(folder, 'read', store => findGaps(store))).toEqual([])
})

test('a flipped byte, a missing chunk, a missing bucket, another snapshot: a problem each, by period and block', async () => {
  const flipped = copy()
  const { id, data } = blobs(flipped, 'events')[0]!
  data[data.length - 1]! ^= 1
  writeBlob(flipped, 'events', id, data)
  expect(problems(await look(flipped))).toEqual({
    'Stored events': expect.stringMatching(
      /^Period 103, blocks \d+ to \d+: it has damaged events of nodes 0 to 63: the checksum of chunk 0 is wrong\.$/,
    ),
  })
  const lacking = copy()
  change(lacking, 'facts', db => db.exec('DELETE FROM chunks'))
  expect(problems(await look(lacking))).toEqual({ 'Stored events': expect.stringContaining('lacks chunk 0 of its events') })
  const emptied = copy()
  change(emptied, 'facts', db => db.exec('DELETE FROM events'))
  expect(problems(await look(emptied))).toEqual({ 'Stored events': expect.stringContaining('lacks the events of nodes 0 to 63') })
  const other = copy()
  change(other, 'facts', db => db.exec("UPDATE snapshots SET json = replace(json, '\"farm_id\":1', '\"farm_id\":2') WHERE part = 'start'"))
  expect(problems(await look(other))).toEqual({ 'Stored events': expect.stringContaining('snapshots that are not what was written') })
  const shorter = copy()
  change(shorter, 'facts', db => db.exec('UPDATE imports SET events = events + 1'))
  expect(problems(await look(shorter))).toEqual({ 'Stored events': expect.stringMatching(/has \d+ events, but \d+ were written/) })
})

test('a bucket with a checksum of its own, but not the one that was written', () => {
  const folder = copy()
  const { id, data } = blobs(folder, 'events')[0]!
  data[data.length - 1]! ^= 1
  data.writeUInt32LE(crc32(data.subarray(9), crc32(data.subarray(0, 5), crc32(`${PERIOD}/0/${Number(id & 0x7ff_ffffn)}`))), 5)
  writeBlob(folder, 'events', id, data)
  expect(withStore(folder, 'read', store => findGaps(store))).toMatchObject([
    { kind: 'damaged', reason: 'has other events in chunk 0 than its table of contents names' },
  ])
})

test('a chunk that lacks a kind of event that is followed now is a gap', async () => {
  const folder = copy()
  const { id, data } = blobs(folder, 'chunks')[0]!
  data.writeUInt32LE(data.readUInt32LE(1) & ~0b1001, 1)
  // sealed as a Granary that did not know those two would have
  data.writeUInt32LE(crc32(data.subarray(9), crc32(data.subarray(0, 5), crc32(`${PERIOD}/0/-1`))), 5)
  writeBlob(folder, 'chunks', id, data)
  refreshDigest(folder, data)
  expect(withStore(folder, 'read', store => findGaps(store))).toMatchObject([
    { kind: 'kinds', reason: expect.stringContaining('2 kinds of events') },
  ])
  expect(Object.keys(problems(await look(folder)))).toEqual(['Stored events'])
})

test('an event that is changed with all its checksums is found by the comparison with the chain only', async () => {
  const folder = copy()
  const n = forge(folder)
  expect(n).toBeGreaterThan(0)
  expect(problems(await look(folder))).toEqual({})
  const found = problems(await look(folder, { endpoints: [devnet.url] }))
  expect(Object.keys(found)).toEqual(['Store against the chain'])
  expect(found['Store against the chain']).toMatch(
    new RegExp(
      `^1 of \\d+ blocks differ \\(seed 7\\)\\. Period ${PERIOD}, block ${n}: stored is NodeUptimeReported of node \\d+: .*; the chain has NodeUptimeReported of node`,
    ),
  )
})

test('another hash of a block, and another chain', async () => {
  const folder = copy()
  const n = Number(devnet.head()) - 3
  change(folder, 'facts', db =>
    expect(db.prepare("UPDATE blocks SET hash = CAST(x'00' || substr(hash, 2) AS BLOB) WHERE n = ?").run(n).changes).toBe(1),
  )
  const found = problems(await look(folder, { endpoints: [devnet.url], sample: 3 }))
  expect(Object.keys(found)).toEqual(['Block hashes'])
  expect(found['Block hashes']).toContain(`Block ${n} is ${devnet.hashOf(n)} on lab, but 0x00`)

  change(folder, 'facts', db => db.prepare('UPDATE chain SET genesis = ?').run(`0x${'ab'.repeat(32)}`))
  const report = await look(folder, { endpoints: [devnet.url] })
  expect(problems(report)).toEqual({ [`Endpoint ${devnet.url}`]: expect.stringContaining('another network') })
  expect(stateOf(report, 'Store against the chain')).toMatch(/^unknown: No endpoint of lab/)
})

test('without a connection nothing is wrong, and what could not be looked at says why', async () => {
  const away = 'ws://127.0.0.1:1'
  const report = await look(whole, { endpoints: [away] })
  expect(problems(report)).toEqual({})
  const unknown = report.checks.filter(({ state }) => state === 'unknown')
  expect(unknown.map(({ name }) => name)).toEqual([
    `Endpoint ${away}`,
    'Clock against the chain',
    'Block hashes',
    'Store against the chain',
  ])
  for (const { detail } of unknown) expect(detail).not.toBe('')
  // while another one answers, it is that endpoint that is wrong
  const both = await look(whole, { endpoints: [away, devnet.url], sample: 3 })
  expect(Object.keys(problems(both))).toEqual([`Endpoint ${away}`])
  expect(stateOf(both, 'Store against the chain')).toMatch(/^ok: 3 blocks/)
})

test('an endpoint that has thrown old state away leaves the comparison unknown', async () => {
  const pruned = await devnet.serve({ faults: { prunedBelow: devnet.head() - 5 } })
  try {
    const report = await look(whole, { endpoints: [pruned.url], sample: 5 })
    expect(problems(report)).toEqual({})
    expect(stateOf(report, `Endpoint ${pruned.url}`)).toContain('no old state')
    expect(stateOf(report, 'Store against the chain')).toMatch(/^unknown: /)
  } finally {
    await pruned.close()
  }
})

test('an endpoint that tells a block otherwise, and one whose events nobody can read', async () => {
  const n = withStore(whole, 'read', store => {
    const period = listPeriods(store)[0]!
    return loadHead(store.facts, period.importId, period.index, 0).blocks.at(-3)!
  })
  const odd = await devnet.serve({ faults: { wrongEvents: n } })
  const broken = await devnet.serve({ faults: { undecodable: n } })
  try {
    const told = problems(await look(whole, { endpoints: [odd.url] }))
    expect(told).toEqual({
      'Store against the chain': expect.stringMatching(new RegExp(`block ${n}: an event is stored that the chain does not have`)),
    })
    const unread = problems(await look(whole, { endpoints: [broken.url] }))
    expect(unread).toEqual({ 'Store against the chain': expect.stringMatching(new RegExp(`${n}.*seed 7`, 's')) })
  } finally {
    await Promise.all([odd.close(), broken.close()])
  }
})

test('the audit trail: a changed entry', async () => {
  const folder = change(copy(), 'books', db => {
    db.exec('DROP TRIGGER audit_no_update')
    expect(db.prepare("UPDATE audit SET actor = 'somebody' WHERE seq = 2").run().changes).toBe(1)
  })
  expect(problems(await look(folder))).toEqual({
    Guards: 'books.db lacks the trigger audit_no_update.',
    'Audit trail': expect.stringContaining('Entry 2 was altered'),
  })
})

test('backups that fail, and runs of one that wait', async () => {
  const failed = JSON.stringify({ ts: 1, path: '/away', size: 0, problem: 'There is no folder /away.', isScheduled: true })
  const folder = change(copy(), 'books', db => db.prepare("INSERT INTO settings VALUES ('backup/last', ?)").run(failed))
  expect(problems(await look(folder))).toEqual({ Backups: expect.stringContaining('failed: There is no folder /away.') })
  change(folder, 'books', db => {
    db.exec("INSERT INTO restored_runs VALUES ('0123456789abcdef', 1, NULL)")
    db.exec("INSERT INTO payout_runs VALUES ('0123456789abcdef', 'lab', 'period 1', '{}', 1, 1, 'paused', 1, 1)")
  })
  expect(problems(await look(folder)).Backups).toContain('1 payout run came back from a backup')
})

test('results from other data, and none', async () => {
  const later = { tools: { nowMs: () => Date.now() + 3_600_000 } }
  const stale = change(copy(), 'facts', db => db.exec("UPDATE period_results SET facts_digest = 'of before'"))
  expect(problems(await look(stale, later))).toEqual({
    Results: 'Computed from other data than is stored now, or by another choice of resources: period 103.',
  })
  // a sync that has just written computes them in a moment
  expect(problems(await look(stale))).toEqual({})
  const chosen = change(copy(), 'books', db => db.exec("INSERT INTO settings VALUES ('resources', '\"minimum\"')"))
  expect(Object.keys(problems(await look(chosen, later)))).toEqual(['Results'])
  const none = change(copy(), 'facts', db => db.exec('DELETE FROM period_results'))
  expect(problems(await look(none, later))).toEqual({ Results: 'Not computed: period 103.' })
})

test.skipIf(process.platform === 'win32')('files that others can read', async () => {
  const folder = copy()
  chmodSync(join(folder, 'books.db'), 0o604)
  const report = await look(folder)
  expect(problems(report)).toEqual({
    Permissions: expect.stringContaining(`Other users of this machine can get at ${join(folder, 'books.db')}`),
  })
  expect(report.checks.find(({ name }) => name === 'Permissions')?.wayOut).toContain(`Run chmod 600 ${join(folder, 'books.db')}`)
  chmodSync(folder, 0o755)
  expect(Object.keys(problems(await look(folder)))).toEqual(['Permissions'])
  expect(checkPermissions(folder, 'win32').state).toBe('unknown')
})

test('a full disk and a clock that went back', async () => {
  expect(problems(await look(whole, { tools: { freeBytes: () => 5 * 2 ** 20 } }))).toEqual({
    'Disk space': expect.stringMatching(/^5 MB are free/),
  })
  const yesterday = problems(await look(whole, { tools: { nowMs: () => Date.now() - 86_400_000 } }))
  expect(yesterday).toEqual({ Clock: expect.stringMatching(/went back/) })
  const headTs = 1_800_000_000
  expect(checkChainClock(headTs + 20, headTs, false).state).toBe('ok')
  expect(checkChainClock(headTs - 600, headTs, false)).toMatchObject({ state: 'problem', detail: expect.stringContaining('10 min behind') })
  expect(checkChainClock(headTs + 7_200, headTs, false).state).toBe('problem')
  expect(checkChainClock(headTs + 7_200, headTs, true).state).toBe('unknown')
})

test('what can not be read at all is a problem too, never an exception', async () => {
  expect(problems(await look(join(root, 'nowhere')))).toEqual({ 'Data folder': expect.stringContaining('There is no folder') })

  const newer = change(copy(), 'facts', db => db.pragma('user_version = 99'))
  const report = await look(newer, { endpoints: [devnet.url] })
  expect(problems(report)).toEqual({ Formats: expect.stringContaining('format 99') })
  expect(stateOf(report, 'Stored events')).toContain('unknown: ')
  expect(stateOf(report, 'Store against the chain')).toContain('unknown: ')

  const garbage = copy()
  writeFileSync(join(garbage, 'books.db'), Buffer.alloc(20_000, 7), { mode: 0o600 })
  expect(problems(await look(garbage))).toEqual({ Books: expect.stringContaining('damaged') })

  const cut = copy()
  truncateSync(join(cut, 'facts.db'), statSync(join(cut, 'facts.db')).size / 2)
  const found = problems(await look(cut, { endpoints: [devnet.url], sample: 5 }))
  expect(found['Chain data']).toContain('damaged')
})

test('what is missing is named, with its own way back', async () => {
  /** each problem with its way out, and what the rest says of the store */
  const told = async (dataDir: string) => {
    const { checks } = await look(dataDir)
    const rest = new Set(checks.filter(({ state }) => state === 'unknown').map(({ detail, wayOut }) => `${detail} ${wayOut}`))
    return {
      problems: checks.filter(({ state }) => state === 'problem').map(check => `${check.name}: ${check.detail} ${check.wayOut}`),
      rest: [...rest].join('\n'),
    }
  }
  const factless = copy()
  for (const beside of ['', '-wal', '-shm']) rmSync(join(factless, `facts.db${beside}`), { force: true })
  const noFacts = await told(factless)
  expect(noFacts.problems).toEqual([
    `Chain data: ${join(factless, 'facts.db')} is missing. Import the archives again (granary import) or sync again (granary sync): either makes it anew. The books are not touched by that.`,
  ])
  expect(noFacts.rest).not.toMatch(/aside|no store|permissions/)
  await follow(factless, { scope: 'all' })
  expect((await told(factless)).problems).toEqual([])

  const bookless = copy()
  for (const beside of ['', '-wal', '-shm']) rmSync(join(bookless, `books.db${beside}`), { force: true })
  const noBooks = await told(bookless)
  expect(noBooks.problems).toEqual([
    expect.stringMatching(/^Books: \S+books\.db is missing\. Bring it back from a backup \(granary restore FILE\)/),
  ])
  expect(noBooks.rest).not.toMatch(/aside|no store|permissions/)

  const plain = join(root, 'plain')
  writeFileSync(plain, '')
  expect((await told(plain)).problems).toEqual([`Data folder: ${plain} is a file, and no data folder. Name the right folder with --data.`])
  const empty = join(root, 'empty')
  mkdirSync(empty)
  expect((await told(empty)).problems).toEqual([
    expect.stringMatching(/^Data folder: There is no store in \S+empty: neither books\.db nor facts\.db\. .*restore/),
  ])
})

test('a damaged period is taken out on request, and the next sync reads it again', async () => {
  const folder = copy()
  const { id, data } = blobs(folder, 'events')[0]!
  data[20]! ^= 4
  writeBlob(folder, 'events', id, data)
  const command = { dataDir: folder, networksFile: null, actor: 'test', sample: 5_000, seed: 7, offline: false }
  const looked = await examineFolder({ ...command, repair: false }, {})
  expect(looked.repaired).toEqual([])
  expect(Object.keys(problems(looked.report))).toEqual(['Stored events', 'Store against the chain'])
  const mended = await examineFolder({ ...command, repair: true }, {})
  expect(mended.repaired).toEqual([expect.stringMatching(/^Period 103, blocks/)])
  expect(problems(mended.report)).toEqual({})
  withStore(folder, 'read', store => expect(listPeriods(store)).toEqual([]))

  await follow(folder, { scope: 'all' })
  expect(digestOf(folder)).toBe(digestOf(whole))
  const after = await examineFolder({ ...command, repair: false }, {})
  expect(problems(after.report)).toEqual({})
  expect(stateOf(after.report, 'Audit trail')).toBe('ok: 3 entries, each on the one before.')
})

test('a sync that can not go on from what is stored reads it again by itself', async () => {
  const folder = copy()
  const { id, data } = blobs(folder, 'chunks')[0]!
  data[30]! ^= 4
  writeBlob(folder, 'chunks', id, data)
  await follow(folder, { scope: 'all' })
  expect(digestOf(folder)).toBe(digestOf(whole))
  expect(withStore(folder, 'read', store => findGaps(store))).toEqual([])
})

test('granary doctor: a line per check, and the exit code', async () => {
  const good = await granaryDoctor('--data', whole, '--sample', '4', '--seed', '3')
  expect(good).toMatchObject({ code: 0, text: expect.stringMatching(/^fine {7}Books {25,}\S/) })
  expect(good.text).toMatch(
    /\nfine +Store against the chain +4 blocks of 1 period fetched again: the same events as stored \(seed 3\)\.\nNothing is wrong\.\n$/,
  )
  const folder = change(copy(), 'facts', db => db.exec('DELETE FROM chunks'))
  const bad = await granaryDoctor('--data', folder, '--offline', '--json')
  expect(bad.code).toBe(1)
  const { checks, repaired } = JSON.parse(bad.text) as DoctorReport & { repaired: string[] }
  expect(checks.filter(({ state }) => state === 'problem').map(({ name }) => name)).toEqual(['Stored events'])
  expect(checks.find(({ name }) => name === 'Store against the chain')).toMatchObject({
    state: 'unknown',
    detail: 'Not asked for (--offline).',
  })
  expect(repaired).toEqual([])
  expect((await granaryDoctor('--sample', 'many')).code).toBe(2)
})

test('the app examines in a job, and tells what was found', async () => {
  const core = await openCore({ dataDir: copy(), host: 'cli', version: '1', demoDir: null, networksFile: null, mode: 'write' })
  try {
    expect(await core.query('doctor.get', {})).toBeNull()
    const told: string[] = []
    core.subscribe(topics => told.push(...topics))
    const { jobId } = await core.command('doctor.start', {}, { actor: { id: 'test' }, idempotencyKey: 'a' })
    await expect
      .poll(async () => (await core.query('jobs.list', {})).find(({ id }) => id === jobId)?.state, { timeout: 20_000 })
      .toBe('done')
    const report = await core.query('doctor.get', {})
    expect(report && problems(report)).toEqual({})
    expect(report?.checks.length).toBeGreaterThan(10)
    expect(told).toContain('sync')
    // the same request again is not another examination
    expect(await core.command('doctor.start', {}, { actor: { id: 'test' }, idempotencyKey: 'a' })).toEqual({ jobId })
  } finally {
    await core.close()
  }
})
