import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { exportArchive, importFiles, mintArchive, openCore, writeDemo } from '../../src-main/core/index.ts'
import { createJobRunner } from '../../src-main/core/jobs.ts'
import { overviewCsv, payoutLines, receiptsNdjson } from '../../src-main/engines/minting/outputs.ts'
import { mintPeriod, mintResult } from '../../src-main/jobs/mint.ts'
import { openStore, storedPeriod } from '../../src-main/store/index.ts'
import type { Core, Job, Topic } from '../../src-shared/contract.ts'
import { explanationText } from '../../src-shared/explain-text.ts'
import { PERIOD_SEC } from '../../src-shared/time.ts'

const cases = join(import.meta.dirname, '../golden/cases')
const mixed = join(cases, 'mixed_random/archive.ndjson.gz')
const me = { id: 'test:me' }
let folder: string
let core: Core | null = null

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-core-'))
})
afterEach(async () => {
  await core?.close()
  core = null
  rmSync(folder, { recursive: true, force: true })
})

async function open(options: { demoDir?: string; mode?: 'read' | 'write'; dataDir?: string } = {}): Promise<Core> {
  core = await openCore({
    dataDir: options.dataDir ?? join(folder, 'data'),
    host: 'cli',
    version: '1.2.3',
    demoDir: options.demoDir ?? null,
    networksFile: null,
    mode: options.mode ?? 'write',
  })
  return core
}

async function ended(on: Core, jobId: string): Promise<Job> {
  for (;;) {
    const job = (await on.query('jobs.list', {})).find(({ id }) => id === jobId)
    if (!job) throw new Error(`no job ${jobId}`)
    if (job.state !== 'running') return job
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

async function importInto(on: Core, path: string, key = 'import-key'): Promise<Job> {
  const { jobId } = await on.command('import.start', { path }, { actor: me, idempotencyKey: key })
  return ended(on, jobId)
}

test('an empty store answers everything without pretending', async () => {
  const on = await open()
  expect(await on.query('status.get', {})).toMatchObject({
    network: null,
    demo: false,
    latestPeriod: null,
    completeUntilTs: null,
    version: '1.2.3',
  })
  expect(await on.query('overview.get', {})).toMatchObject({ period: null, attention: [], farms: [] })
  expect(await on.query('nodes.list', {})).toMatchObject({ rows: [], total: 0 })
  expect(await on.query('periods.list', {})).toEqual([])
  expect(await on.query('search.find', { text: '1' })).toEqual([])
  await expect(on.query('node.get', { nodeId: 1 })).rejects.toMatchObject({ code: 'mint.missing' })
})

test('a query or command that nobody knows is refused by name', async () => {
  const opened = await open()
  await expect(opened.query('nodes.lst' as never, {} as never)).rejects.toMatchObject({
    code: 'usage',
    message: 'There is no query "nodes.lst".',
  })
  await expect(opened.command('jobs.cancle' as never, {} as never, { actor: me, idempotencyKey: 'a' })).rejects.toMatchObject({
    code: 'usage',
    message: 'There is no command "jobs.cancle".',
  })
})

test('a farm that earns and cannot be paid needs its owner before what is lost anyway, the most money first', async () => {
  const valid = 'GBOVQKJYHXRR3DX6NOX2RRYFRCUMSADGDESTDNBDS6CDVLGVESRTAC47'
  const path = join(folder, 'addresses.ndjson')
  const given = gunzipSync(readFileSync(mixed)).toString()
  writeFileSync(path, given.replace('"GFARM1ADDRESS"', '""').replace('"GFARM3ADDRESS"', `"${valid}"`))
  const on = await open()
  await importInto(on, path)
  const { attention, farms } = await on.query('overview.get', {})
  const minted = await mintArchive({ source: path, resources: 'latest', outDir: join(folder, 'out') }, {})
  const unpaid = farms
    .filter(farm => farm.farmId !== 3 && farm.earnedUnits > 0n)
    .sort((a, b) => Number(b.earnedUnits - a.earnedUnits))
    .map(({ farmId }) => farmId)
  expect(unpaid).toHaveLength(3)
  const told = attention.slice(0, 3)
  expect(told.map(({ farmId }) => farmId)).toEqual(unpaid)
  expect(told.find(({ farmId }) => farmId === 1)).toMatchObject({ kind: 'no-address', title: 'Farm 1 has no payout address' })
  expect(told.find(({ farmId }) => farmId === 4)).toMatchObject({
    kind: 'address-invalid',
    title: 'Farm 4 has no valid payout address',
    reason: expect.stringContaining('GFARM4ADDRESS is no Stellar account'),
  })
  expect(attention.slice(3).every(one => one.farmId === null || one.nodeId !== null)).toBe(true)
  // as the mint says it
  for (const farmId of unpaid) expect(minted.problems.map(({ subject }) => subject)).toContain(`farm ${farmId}`)
})

test('an import brings every figure that a mint of the same archive writes', async () => {
  const on = await open()
  const topics = new Set<Topic>()
  on.subscribe(changed => {
    for (const topic of changed) topics.add(topic)
  })
  expect(await importInto(on, mixed)).toMatchObject({ state: 'done', period: 80, detail: '68,195 events' })
  await new Promise(resolve => setTimeout(resolve, 150))
  expect([...topics]).toEqual(expect.arrayContaining(['facts', 'results', 'jobs', 'audit']))
  const out = join(folder, 'out')
  const minted = await mintArchive({ source: mixed, resources: 'latest', outDir: out }, {})
  const overview = await on.query('overview.get', {})
  expect(overview.earnedUnits).toBe(minted.rewardUnits)
  expect(overview.period).toMatchObject({ paidNodes: minted.paidNodes, violatingNodes: minted.violatingNodes })
  const receipts = readFileSync(join(out, 'receipts.ndjson'), 'utf8').trimEnd().split('\n')
  const listed = await on.query('receipts.list', { period: 80, limit: 1000 })
  expect(listed.rows.map(row => row.hash)).toEqual(receipts.map(line => (JSON.parse(line) as { hash: string }).hash))
  for (const row of listed.rows) {
    const why = await on.query('node.explain', { nodeId: row.nodeId, period: 80 })
    expect(why).toMatchObject({ hash: row.hash, measuredUptimeSec: row.uptimeSec, rewardUnits: row.rewardUnits })
    expect(why.steps.reduce((sum, step) => sum + step.creditedSec, 0)).toBe(row.uptimeSec)
  }
  const csv = (await on.query('receipts.csv', { period: 80 })).text.split('\r\n')
  expect(csv).toHaveLength(listed.total + 2)
  const ids = listed.rows.map(row => row.nodeId)
  for (const [index, nodeId] of ids.entries())
    expect(await on.query('node.get', { nodeId })).toMatchObject({
      previousNodeId: ids[index - 1] ?? null,
      nextNodeId: ids[index + 1] ?? null,
    })
  const detail = await on.query('node.get', { nodeId: 7 })
  expect(detail.timeline.length).toBeGreaterThan(100)
  expect(detail.receipts).toHaveLength(1)
})

test('lists filter, sort, page and sum; labels are found', async () => {
  const on = await open()
  await importInto(on, mixed)
  const all = await on.query('nodes.list', { limit: 1000 })
  expect(all.total).toBe(40)
  const violating = await on.query('nodes.list', { violation: 'any' })
  expect(violating.rows.every(row => row.violation !== null)).toBe(true)
  expect(violating.total).toBe(all.rows.filter(row => row.violation !== null).length)
  const byReward = await on.query('nodes.list', { sort: 'reward', descending: true, limit: 5 })
  expect(byReward.rows.map(row => row.rewardUnits)).toEqual(
    all.rows
      .map(row => row.rewardUnits)
      .sort((a, b) => (a < b ? 1 : a > b ? -1 : 0))
      .slice(0, 5),
  )
  expect(byReward.rewardUnits).toBe(all.rows.reduce((sum, row) => sum + row.rewardUnits, 0n))
  const second = await on.query('nodes.list', { offset: 5, limit: 5 })
  expect(second.rows.map(row => row.nodeId)).toEqual(all.rows.slice(5, 10).map(row => row.nodeId))
  for (const row of all.rows)
    for (const list of [row.days.up, row.days.asleep, row.days.down]) expect(list).toHaveLength(Math.ceil(PERIOD_SEC / 86_400))
  await on.command('node.setLabel', { nodeId: 9, label: 'Attic =box', note: '=1+1' }, { actor: me, idempotencyKey: 'label-key' })
  expect((await on.query('nodes.list', { search: 'attic' })).rows.map(row => row.nodeId)).toEqual([9])
  expect((await on.query('search.find', { text: 'attic' }))[0]).toMatchObject({ kind: 'node', nodeId: 9 })
  const { hash } = all.rows[0]!
  expect(await on.query('search.find', { text: hash.slice(0, 12) })).toContainEqual(expect.objectContaining({ kind: 'receipt', id: hash }))
  const csv = (await on.query('nodes.csv', { search: 'attic' })).text
  expect(csv).toContain(`'=1+1`)
})

test('a command with the same key is done once; with other input it is refused; every one stands in the trail', async () => {
  const on = await open()
  const again = { actor: me, idempotencyKey: 'the-same-key' }
  const first = await on.command('import.start', { path: mixed }, again)
  expect(await on.command('import.start', { path: mixed }, again)).toEqual(first)
  expect(await on.query('jobs.list', {})).toHaveLength(1)
  await expect(on.command('import.start', { path: '/other' }, again)).rejects.toMatchObject({ code: 'idempotency.reused' })
  await ended(on, first.jobId)
  const audit = await on.query('audit.list', {})
  expect(audit.intact).toBe(true)
  expect(audit.rows.map(entry => [entry.actor, entry.action])).toEqual([
    ['test:me', 'import.finished'],
    ['test:me', 'import.start'],
  ])
  // what comes later is checked too, and what somebody else changes is found
  await on.command('node.setLabel', { nodeId: 1, label: 'x', note: '' }, { actor: me, idempotencyKey: 'a-label-key' })
  expect(await on.query('audit.list', {})).toMatchObject({ total: 3, intact: true })
  const other = new Database(join(folder, 'data', 'books.db'))
  other.exec("DROP TRIGGER audit_no_update; UPDATE audit SET actor = 'nobody' WHERE seq = 1")
  other.close()
  expect(await on.query('audit.list', {})).toMatchObject({ total: 3, intact: false })
})

test('settings survive a restart, and another resource rule computes again', async () => {
  const raised = join(cases, 'resources_raised/archive.ndjson.gz')
  const on = await open()
  await importInto(on, raised)
  const latest = (await on.query('overview.get', {})).earnedUnits
  await on.command('settings.set', { resources: 'minimum', theme: 'dark', myFarms: [1] }, { actor: me, idempotencyKey: 'settings-key' })
  for (const job of await on.query('jobs.list', {})) await ended(on, job.id)
  const minimum = (await on.query('overview.get', {})).earnedUnits
  expect(minimum).toBeLessThan(latest)
  await on.close()
  const reopened = await open()
  expect(await reopened.query('settings.get', {})).toMatchObject({ resources: 'minimum', theme: 'dark', myFarms: [1] })
  expect((await reopened.query('overview.get', {})).earnedUnits).toBe(minimum)
})

test('the demo is shown, marked, until real data is there, and never mixes with it', async () => {
  const demoDir = join(folder, 'demo-files')
  mkdirSync(demoDir)
  await writeDemo({ nodes: 12, seed: 5, period: 101, target: join(demoDir, 'a.ndjson.zst') }, {})
  await writeDemo({ nodes: 12, seed: 5, period: 102, days: 10, target: join(demoDir, 'b.ndjson.zst') }, {})
  const on = await open({ demoDir })
  expect(await on.query('status.get', {})).toMatchObject({ demo: true, latestPeriod: 102 })
  const overview = await on.query('overview.get', {})
  expect(overview).toMatchObject({ over: false, period: { running: true, provisional: true } })
  expect(overview.elapsedSec).toBeLessThan(11 * 86_400)
  await on.command('node.setLabel', { nodeId: 1, label: 'demo label', note: '' }, { actor: me, idempotencyKey: 'demo-label' })
  await importInto(on, mixed)
  expect(await on.query('status.get', {})).toMatchObject({ demo: false, latestPeriod: 80 })
  expect((await on.query('periods.list', {})).map(period => period.index)).toEqual([80])
  expect((await on.query('nodes.list', { search: 'demo label' })).total).toBe(0)
})

test('a running period says what each node may still lose, in lists, sums and on its page alike', async () => {
  const demoDir = join(folder, 'demo-files')
  mkdirSync(demoDir)
  await writeDemo({ nodes: 80, seed: 5, period: 102, days: 20, target: join(demoDir, 'a.ndjson.zst') }, {})
  const on = await open({ demoDir })
  const overview = await on.query('overview.get', {})
  const budgets = async (descending: boolean) => (await on.query('nodes.list', { sort: 'budget', descending, limit: 1000 })).rows
  const [up, down] = [await budgets(false), await budgets(true)]
  const withBudget = up.filter(row => row.budgetSec !== null)
  // those that pay nothing whatever happens come last, whichever way
  expect(withBudget.length).toBeLessThan(up.length)
  for (const rows of [up, down]) expect(rows.slice(withBudget.length).every(row => row.budgetSec === null)).toBe(true)
  expect(withBudget.map(row => row.budgetSec)).toEqual(withBudget.map(row => row.budgetSec!).sort((a, b) => a - b))
  expect(down.slice(0, withBudget.length).map(row => row.budgetSec)).toEqual(withBudget.map(row => row.budgetSec).reverse())
  const sum = (member: 'earnedUnits' | 'staysUpUnits' | 'goesDownUnits') => up.reduce((total, row) => total + row[member], 0n)
  for (const member of ['earnedUnits', 'staysUpUnits', 'goesDownUnits'] as const) {
    expect(overview[member]).toBe(sum(member))
    expect(overview.farms.reduce((total, farm) => total + farm[member], 0n)).toBe(sum(member))
  }
  expect(overview.budgetLow).toBe(withBudget.filter(row => row.budgetSec! >= 0 && row.budgetSec! < row.allowedSec! / 10).length)
  // the page folds the node's events anew; the lists rest on what was stored
  for (const row of [up[0]!, up[withBudget.length - 1]!, up.at(-1)!, ...up.filter(one => one.sleepingSinceTs !== null).slice(0, 3)]) {
    const { projection } = await on.query('node.get', { nodeId: row.nodeId })
    const { budgetSec, allowedSec, backByTs, wakeByTs, bootByTs } = row
    expect(projection).toMatchObject({ budgetSec, allowedSec, backByTs, wakeByTs, bootByTs, earnedUnits: row.earnedUnits })
    expect([projection.staysUp.units, projection.goesDown.units]).toEqual([row.staysUpUnits, row.goesDownUnits])
    expect(projection.utilization?.cru).toBeGreaterThanOrEqual(0)
  }
  const deadlines = overview.attention.map(one => one.deadline?.ts ?? Number.POSITIVE_INFINITY)
  expect(deadlines).toEqual([...deadlines].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)))
})

test('a demo that is damaged, or of another version, is made anew instead of keeping the app shut', async () => {
  const demoDir = join(folder, 'demo-files')
  mkdirSync(demoDir)
  await writeDemo({ nodes: 3, seed: 5, period: 101, days: 2, target: join(demoDir, 'a.ndjson') }, {})
  expect(await (await open({ demoDir })).query('status.get', {})).toMatchObject({ demo: true, latestPeriod: 101 })
  await core!.close()
  writeFileSync(join(folder, 'data/demo/facts.db'), 'not a database '.repeat(1000))
  expect(await (await open({ demoDir })).query('status.get', {})).toMatchObject({ demo: true, latestPeriod: 101 })
  await core!.close()
  // the same period with other nodes, and one more
  await writeDemo({ nodes: 4, seed: 6, period: 101, days: 2, target: join(demoDir, 'a.ndjson') }, {})
  await writeDemo({ nodes: 4, seed: 6, period: 102, days: 2, target: join(demoDir, 'b.ndjson') }, {})
  const on = await open({ demoDir })
  expect((await on.query('periods.list', {})).map(({ index, nodes }) => [index, nodes])).toEqual([
    [101, 4],
    [102, 4],
  ])
})

test('an upload arrives in parts, in order, and only whole', async () => {
  const on = await open()
  const bytes = readFileSync(mixed)
  const send = (name: 'import.uploadBegin' | 'import.uploadPart' | 'import.uploadEnd', input: never) =>
    on.command(name, input, { actor: me, idempotencyKey: `key-${Math.random()}` }) as Promise<never>
  const { uploadId } = (await send('import.uploadBegin', { name: 'a.gz', size: bytes.length } as never)) as { uploadId: string }
  const part = (offset: number, to: number) =>
    send('import.uploadPart', { uploadId, offset, base64: bytes.subarray(offset, to).toString('base64') } as never)
  await part(0, 1000)
  await expect(part(2000, 3000)).rejects.toMatchObject({ code: 'contract.invalid' })
  for (let at = 1000; at < bytes.length; at += 400_000) await part(at, Math.min(bytes.length, at + 400_000))
  const { jobId } = (await send('import.uploadEnd', { uploadId } as never)) as { jobId: string }
  expect(await ended(on, jobId)).toMatchObject({ state: 'done', title: 'Import a.gz' })
  expect(readdirSync(join(folder, 'data', 'uploads'))).toEqual([])
  const short = (await send('import.uploadBegin', { name: 'b.gz', size: 10 } as never)) as { uploadId: string }
  await expect(send('import.uploadEnd', { uploadId: short.uploadId } as never)).rejects.toMatchObject({ code: 'contract.invalid' })
})

test('an archive that says itself that it ends before its end snapshot is complete until there, and the whole one extends it', async () => {
  const lines = gunzipSync(readFileSync(join(cases, 'healthy/archive.ndjson.gz')))
    .toString('utf8')
    .trimEnd()
    .split('\n')
  const half = lines.slice(0, 500)
  const last = JSON.parse(half.at(-1)!) as { n: number; ts: number }
  half[0] = half[0]!.replace(/"last":\d+/, `"last":${last.n}`)
  const path = join(folder, 'half.ndjson')
  writeFileSync(path, `${half.join('\n')}\n`)
  const on = await open()
  expect(await importInto(on, path)).toMatchObject({ state: 'done' })
  expect(await on.query('periods.list', {})).toMatchObject([{ completeUntilTs: last.ts, provisional: true }])
  expect(await importInto(on, join(cases, 'healthy/archive.ndjson.gz'), 'whole-one')).toMatchObject({ state: 'done', error: null })
  const [period] = await on.query('periods.list', {})
  expect(period!.completeUntilTs).toBeGreaterThanOrEqual(period!.end)
})

test.each([2n ** 60n, 2n ** 63n - 1n])('a node whose last report claims the time %i keeps nobody from importing and looking', async now => {
  const lines = gunzipSync(readFileSync(join(cases, 'healthy/archive.ndjson.gz')))
    .toString('utf8')
    .split('\n')
    .slice(0, 4)
  const path = join(folder, 'odd.ndjson')
  writeFileSync(path, `${lines.join('\n').replace(/"now":\d+/, `"now":${now}`)}\n`)
  const on = await open()
  expect(await importInto(on, path)).toMatchObject({ state: 'done', error: null })
  const { rows } = await on.query('nodes.list', {})
  expect(rows[0]!.lastReportTs).toBeGreaterThan(2 ** 52)
  const why = await on.query('node.explain', { nodeId: 1, period: 80 })
  expect(explanationText(why)).toContain(`now ${now}`)
})

test('the lines that a mint makes bucket by bucket are those of the whole result', async () => {
  const source = join(folder, 'grid.ndjson')
  const dataDir = join(folder, 'data')
  // nodes of several buckets: 0 to 4
  await writeDemo({ nodes: 300, days: 4, seed: 11, target: source }, {})
  const [done] = await importFiles({ dataDir, files: [source], actor: 'test' }, {})
  const store = openStore(dataDir, { mode: 'read' })
  try {
    const period = storedPeriod(store, done!.period)
    const { nodes } = mintResult(store, period, 'latest')
    expect(nodes.length).toBeGreaterThan(4 * 64)
    const outDir = join(folder, 'out')
    await mintPeriod({ dataDir, period: period.index, resources: 'latest', outDir }, {})
    const written = (file: string) => readFileSync(join(outDir, file), 'utf8')
    expect(written('receipts.ndjson')).toBe(receiptsNdjson(nodes))
    expect(written('payouts.csv')).toBe(payoutLines(nodes))
    expect(written('overview.csv')).toBe(overviewCsv(nodes))
  } finally {
    store.close()
  }
})

test('a mint from the store that is stopped while it computes writes nothing', async () => {
  const dataDir = join(folder, 'data')
  const outDir = join(folder, 'out')
  await importFiles({ dataDir, files: [mixed], actor: 'test' }, {})
  const stop = new AbortController()
  const minting = mintPeriod({ dataDir, period: 80, resources: 'latest', outDir }, { signal: stop.signal })
  // it has computed by now, as nothing of it waits
  stop.abort()
  await expect(minting).rejects.toMatchObject({ code: 'cancelled' })
  expect(existsSync(outDir)).toBe(false)
})

test('a job that is begun while the core closes does not run', async () => {
  const jobs = createJobRunner(
    () => {},
    () => 1,
  )
  const ran: string[] = []
  const describe = (id: string, work: Promise<unknown>) => ({
    id,
    kind: 'mint' as const,
    title: id,
    run: async () => {
      ran.push(id)
      await work
      return { period: null }
    },
  })
  let release = () => {}
  jobs.start(describe('first', new Promise<void>(resolve => (release = resolve))))
  await Promise.resolve()
  const closed = jobs.close()
  jobs.start(describe('late', Promise.resolve()))
  release()
  await closed
  await new Promise(resolve => setTimeout(resolve, 0))
  expect(ran).toEqual(['first'])
  expect(jobs.list().find(({ id }) => id === 'late')).toMatchObject({ state: 'cancelled' })
})

test('a failed import says why on its job, and a cancelled one goes on later', async () => {
  const on = await open()
  const failed = await importInto(on, join(folder, 'nowhere.ndjson'), 'failing-key')
  expect(failed).toMatchObject({ state: 'failed', error: { code: 'io.missing' } })
  const big = join(folder, 'big.ndjson')
  await writeDemo({ nodes: 400, seed: 2, target: big }, {})
  const { jobId } = await on.command('import.start', { path: big }, { actor: me, idempotencyKey: 'big-key-1' })
  for (;;) {
    const job = (await on.query('jobs.list', {})).find(({ id }) => id === jobId)!
    if (job.state !== 'running' || (job.fraction ?? 0) > 0.2) break
    await new Promise(resolve => setTimeout(resolve, 1))
  }
  await on.command('jobs.cancel', { jobId }, { actor: me, idempotencyKey: 'cancel-key' })
  const stopped = await ended(on, jobId)
  if (stopped.state === 'cancelled') expect(await on.query('periods.list', {})).toEqual([])
  expect(await importInto(on, big, 'big-key-2')).toMatchObject({ state: 'done' })
})

test('a second writer is told so, a reader is not in its way', async () => {
  const on = await open()
  await importInto(on, mixed)
  await expect(importFiles({ dataDir: join(folder, 'data'), files: [mixed], actor: 'x' }, {})).rejects.toMatchObject({
    code: 'store.busy',
    message: expect.stringContaining(String(process.pid)),
  })
  const reader = await openCore({
    dataDir: join(folder, 'data'),
    host: 'cli',
    version: '1',
    demoDir: null,
    networksFile: null,
    mode: 'read',
  })
  expect((await reader.query('nodes.list', {})).total).toBe(40)
  await expect(
    reader.command('node.setLabel', { nodeId: 1, label: 'x', note: '' }, { actor: me, idempotencyKey: 'reader-key' }),
  ).rejects.toMatchObject({ code: 'store.busy' })
  await reader.close()
})

test('import then export gives the same archive; minting it gives the same bytes', async () => {
  const source = join(folder, 'grid.ndjson')
  await writeDemo({ nodes: 60, seed: 9, target: source }, {})
  const dataDir = join(folder, 'data')
  const [done] = await importFiles({ dataDir, files: [source], actor: 'test' }, {})
  expect((await importFiles({ dataDir, files: [source], actor: 'test' }, {}))[0]!.outcome).toBe('unchanged')
  const copy = join(folder, 'copy.ndjson')
  await exportArchive({ dataDir, period: done!.period, target: copy }, {})
  // blocks without events need not be kept; all else is the same to the byte, and so is how far it reaches
  const lines = (path: string) => readFileSync(path, 'utf8').trimEnd().split('\n')
  const withEvents = (path: string) => lines(path).filter(line => !line.endsWith('"events":[]}'))
  expect(withEvents(copy)).toEqual(withEvents(source))
  expect(lines(copy).at(-1)).toBe(lines(source).at(-1))
  for (const resources of ['latest', 'minimum'] as const) {
    await mintArchive({ source, resources, outDir: join(folder, 'a') }, {})
    await mintPeriod({ dataDir, period: done!.period, resources, outDir: join(folder, 'b') }, {})
    for (const file of ['payouts.csv', 'overview.csv', 'receipts.ndjson', 'problems.json'])
      expect(readFileSync(join(folder, 'b', file), 'utf8') === readFileSync(join(folder, 'a', file), 'utf8'), file).toBe(true)
  }
})

test.each([
  ['parts of snapshots', 'DELETE FROM start_parts'],
  [
    'rents in those parts',
    `UPDATE start_parts SET json = replace(json, '"version":2,', ''), crc = 0; DELETE FROM start_parts WHERE bucket = -2`,
  ],
])('a store from before %s shows the same, and has them after a while', async (_, sql) => {
  const dataDir = join(folder, 'data')
  await importFiles({ dataDir, files: [mixed], actor: 'test' }, {})
  const asked = async (on: Core) => on.query('node.get', { nodeId: (await on.query('nodes.list', {})).rows[0]!.nodeId })
  const wanted = await asked(await open())
  await core?.close()
  const db = new Database(join(dataDir, 'facts.db'))
  const parts = () => db.prepare('SELECT bucket, length(json) FROM start_parts ORDER BY bucket').all()
  const before = parts()
  db.exec(sql)
  const old = parts()
  expect(await asked(await open({ mode: 'read' }))).toEqual(wanted)
  expect(parts()).toEqual(old)
  expect(old).not.toEqual(before)
  await core?.close()
  const on = await open()
  const [job] = await on.query('jobs.list', {})
  await ended(on, job!.id)
  expect(parts()).toEqual(before)
  db.close()
  const again = await asked(on)
  expect({ ...again, period: { ...again.period, mintedTs: 0 } }).toEqual({ ...wanted, period: { ...wanted.period, mintedTs: 0 } })
})
