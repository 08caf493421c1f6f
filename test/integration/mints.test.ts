import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { openCore } from '../../src-main/core/index.ts'
import { devnetRuntimes } from '../../src-main/jobs/devnet/runtime.ts'
import { saveRuntime } from '../../src-main/store/chain.ts'
import { loadDecisions } from '../../src-main/store/mint-decisions.ts'
import { openStore } from '../../src-main/store/open.ts'
import type { CommandInput, Core, QueryInput, QueryOutput } from '../../src-shared/contract.ts'
import { parseCsv } from '../../src-shared/csv.ts'
import type { MintRow } from '../../src-shared/mints-contract.ts'
import { tftExact } from '../../src-shared/money.ts'
import { defaultMintConfig, type MintConfig } from '../../src-shared/node-period.ts'
import { periodAt } from '../../src-shared/time.ts'
import { importMintGrid } from '../helpers/mint-grid.ts'

/* Mints of a small grid over two stored periods, as the core shows and decides them. */

const me = { id: 'test:me' }
const claims: MintConfig = { ...defaultMintConfig, rules: 'node-period', trigger: 'claim', administrators: ['Ada'] }
let folder: string
let template: string
let core: Core | null = null
let opened = 0

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'granary-mints-'))
  template = join(folder, 'template')
  await importMintGrid(template)
  const first = await open(template)
  await first.close()
})
afterEach(async () => {
  await core?.close()
  core = null
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The grid in a folder of its own; waits until every node period is worked out. */
async function open(dataDir?: string): Promise<Core> {
  const own = dataDir ?? join(folder, `data-${opened++}`)
  if (dataDir === undefined) cpSync(template, own, { recursive: true })
  core = await openCore({ dataDir: own, host: 'cli', version: '1', demoDir: null, networksFile: null, mode: 'write' })
  await worked(core)
  return core
}

async function worked(on: Core): Promise<void> {
  while (!(await on.query('mints.list', {})).complete) await new Promise(resolve => setTimeout(resolve, 20))
}

let keys = 0
const key = () => `key-${keys++}-of-the-test`
const configure = (on: Core, config: MintConfig) => on.command('mintConfig.set', { config }, { actor: me, idempotencyKey: key() })

function act(on: Core, row: MintRow, action: CommandInput<'mints.act'>['action'], mintId = row.id) {
  return on.command('mints.act', { nodeId: row.nodeId, start: row.start, mintId, action }, { actor: me, idempotencyKey: key() })
}

async function everyMint(on: Core, filter: QueryInput<'mints.list'> = {}): Promise<QueryOutput<'mints.list'>> {
  return on.query('mints.list', { limit: 1000, ...filter })
}

/** The first one that pays something. */
async function paying(on: Core): Promise<MintRow> {
  const row = (await everyMint(on)).rows.find(({ rewardUnits }) => rewardUnits > 0n)
  if (!row) throw new Error('the grid has no mint that pays')
  return row
}

async function again(on: Core, { nodeId, start }: MintRow): Promise<QueryOutput<'mint.get'>> {
  return on.query('mint.get', { nodeId, start })
}

test('under v3 the mints are only what node-period would pay: shown with their reasons, and nothing can be decided', async () => {
  const on = await open()
  const all = await everyMint(on)
  expect(all).toMatchObject({ rules: 'v3', network: 'lab', complete: true, total: all.rows.length, orphans: 0, decided: 0 })
  expect(all.total).toBeGreaterThan(8)
  const row = await paying(on)
  expect(await again(on, row)).toMatchObject({ can: [], why: expect.stringContaining('v3'), decision: { decided: null } })
  for (const action of [{ kind: 'trigger' }, { kind: 'claim' }, { kind: 'force', actor: 'Ada' }] as const)
    await expect(act(on, row, action)).rejects.toMatchObject({ code: 'mint.refused', details: { reason: 'under-v3' } })
  expect((await on.query('audit.list', {})).rows.filter(({ action }) => action.startsWith('mints.'))).toEqual([])
})

test('lists filter, sort, page and add up; the file has every line', async () => {
  const on = await open()
  const { rows, claimable, claimableUnits, farms } = await everyMint(on)
  const open_ = rows.filter(row => row.stage === 'claimable')
  expect(claimable).toBe(open_.length)
  expect(claimableUnits).toBe(open_.reduce((sum, row) => sum + row.rewardUnits, 0n))
  // what can be claimed comes first
  expect(rows.slice(0, open_.length).every(row => row.stage === 'claimable')).toBe(true)
  expect(rows.some(row => row.stage === 'nothing')).toBe(true)
  const byAmount = await everyMint(on, { sort: 'amount', descending: true })
  expect(byAmount.rows.map(row => row.rewardUnits)).toEqual(rows.map(row => row.rewardUnits).sort((a, b) => (a < b ? 1 : a > b ? -1 : 0)))
  const paged = [0, 3, 6].map(offset => on.query('mints.list', { sort: 'amount', descending: true, offset, limit: 3 }))
  expect((await Promise.all(paged)).flatMap(page => page.rows)).toEqual(byAmount.rows.slice(0, 9))
  const [farm] = farms
  const own = await everyMint(on, { farmId: farm!.farmId })
  expect(own.rows).toEqual(expect.arrayContaining(rows.filter(row => row.farmId === farm!.farmId)))
  expect(own.total).toBe(rows.filter(row => row.farmId === farm!.farmId).length)
  const one = rows.at(-1)!
  expect((await everyMint(on, { search: one.id.slice(0, 12).toUpperCase() })).rows).toEqual([one])
  expect((await everyMint(on, { search: 'no such thing' })).total).toBe(0)
  await on.command('node.setLabel', { nodeId: one.nodeId, label: 'Barn 7', note: '' }, { actor: me, idempotencyKey: key() })
  expect((await everyMint(on, { search: 'barn' })).rows.every(row => row.nodeId === one.nodeId && row.label === 'Barn 7')).toBe(true)
  const sums = await on.query('mints.farms', {})
  expect(sums.rows.reduce((sum, row) => sum + row.claimableUnits, 0n)).toBe(claimableUnits)
  expect(sums.rows.reduce((sum, row) => sum + row.mints, 0)).toBe(rows.length)
  const file = parseCsv((await on.query('mints.csv', {})).text)
  expect(file).toHaveLength(rows.length + 1)
  const amount = file[0]!.cells.indexOf('amount TFT')
  expect(file.slice(1).map(line => line.cells[amount])).toEqual(
    [...rows].sort((a, b) => a.nodeId - b.nodeId || b.closedTs! - a.closedTs!).map(row => tftExact(row.rewardUnits)),
  )
})

test('every mint and every running period is explained, to the unit', async () => {
  const on = await open()
  for (const row of (await everyMint(on)).rows) {
    const why = await on.query('mint.explain', { nodeId: row.nodeId, start: row.start })
    expect(why).toMatchObject({ hash: row.id, rules: 'node-period', rewardUnits: row.rewardUnits, measuredUptimeSec: row.uptimeSec })
    expect((await again(on, row)).record).toBe(why.receipt)
  }
  const running = await on.query('mints.running', {})
  expect(running.rows).toHaveLength(running.total)
  expect(running.rows.map(row => row.projection.period.end)).toEqual(
    running.rows.map(row => row.projection.period.end).sort((a, b) => a - b),
  )
  for (const { nodeId, projection } of running.rows) {
    const why = await on.query('mint.explain', { nodeId, start: projection.period.start })
    expect(why).toMatchObject({ provisional: true, measuredUptimeSec: projection.uptimeSec })
  }
  await expect(on.query('mint.explain', { nodeId: 1, start: 5 })).rejects.toMatchObject({ code: 'not-found' })
  await expect(on.query('mint.get', { nodeId: 999, start: 5 })).rejects.toMatchObject({ code: 'not-found' })
})

test('a mint is claimed once, paid once, and what failed can be claimed again', async () => {
  const on = await open()
  await configure(on, claims)
  const row = await paying(on)
  expect((await again(on, row)).can).toEqual(['claim', 'force'])
  await expect(act(on, row, { kind: 'claim' }, 'f'.repeat(64))).rejects.toMatchObject({ details: { reason: 'other-mint' } })
  await expect(act(on, { ...row, start: row.start + 1 }, { kind: 'claim' })).rejects.toMatchObject({ details: { reason: 'no-mint' } })
  await expect(act(on, row, { kind: 'paid', tx: 'tx-0' })).rejects.toMatchObject({ details: { reason: 'not-decided' } })
  const call = { nodeId: row.nodeId, start: row.start, mintId: row.id, action: { kind: 'claim' } } as const
  expect(await on.command('mints.act', call, { actor: me, idempotencyKey: 'the same key' })).toEqual({ stage: 'decided' })
  expect(await on.command('mints.act', call, { actor: me, idempotencyKey: 'the same key' })).toEqual({ stage: 'decided' })
  await expect(act(on, row, { kind: 'claim' })).rejects.toMatchObject({ details: { reason: 'already-decided' } })
  expect(await again(on, row)).toMatchObject({
    row: { stage: 'decided', decidedUnits: row.rewardUnits },
    can: ['paid', 'failed'],
    decision: { decided: { by: [me.id], how: 'claim', attempt: 1 } },
  })
  await expect(act(on, row, { kind: 'failed', attempt: 2, reason: 'no' })).rejects.toMatchObject({ details: { reason: 'other-attempt' } })
  expect(await act(on, row, { kind: 'failed', attempt: 1, reason: 'the time bounds are over' })).toEqual({ stage: 'failed' })
  expect((await everyMint(on)).rows[0]).toMatchObject({ id: row.id, stage: 'failed' })
  await expect(act(on, row, { kind: 'force', actor: 'Mallory' })).rejects.toMatchObject({ details: { reason: 'not-an-administrator' } })
  expect(await act(on, row, { kind: 'force', actor: 'Ada' })).toEqual({ stage: 'decided' })
  expect(await act(on, row, { kind: 'paid', tx: 'tx-1' })).toEqual({ stage: 'paid' })
  await expect(act(on, row, { kind: 'paid', tx: 'tx-2' })).rejects.toMatchObject({ details: { reason: 'already-paid' } })
  await expect(act(on, row, { kind: 'force', actor: 'Ada' })).rejects.toMatchObject({ details: { reason: 'already-paid' } })
  expect(await everyMint(on, { stage: 'paid' })).toMatchObject({ total: 1, paidUnits: row.rewardUnits, rows: [{ tx: 'tx-1' }] })
  const audit = (await on.query('audit.list', {})).rows.filter(({ action }) => action === 'mints.act')
  expect(audit).toHaveLength(4)
  expect(audit.every(entry => entry.actor === me.id && entry.subject.startsWith(`mint of node ${row.nodeId} from `))).toBe(true)
})

test('where amounts are voted on, the votes of present signers decide', async () => {
  const on = await open()
  await configure(on, { ...claims, trigger: 'offline-amount', signers: ['Ada', 'Bo', 'Cy'], threshold: 2 })
  const row = await paying(on)
  await expect(act(on, row, { kind: 'claim' })).rejects.toMatchObject({ details: { reason: 'wrong-trigger' } })
  await expect(act(on, row, { kind: 'vote', signer: 'Eve', amountUnits: '5' })).rejects.toMatchObject({
    details: { reason: 'not-a-signer' },
  })
  await expect(act(on, row, { kind: 'vote', signer: 'Bo', amountUnits: '0' })).rejects.toMatchObject({ details: { reason: 'bad-amount' } })
  expect(await act(on, row, { kind: 'vote', signer: 'Ada', amountUnits: '7' })).toEqual({ stage: 'claimable' })
  expect(await act(on, row, { kind: 'vote', signer: 'Bo', amountUnits: '9' })).toEqual({ stage: 'claimable' })
  expect(await again(on, row)).toMatchObject({
    row: { votes: 2 },
    counted: [
      { amountUnits: 7n, signers: ['Ada'] },
      { amountUnits: 9n, signers: ['Bo'] },
    ],
  })
  expect(await act(on, row, { kind: 'vote', signer: 'Cy', amountUnits: '9' })).toEqual({ stage: 'decided' })
  expect(await everyMint(on, { stage: 'decided' })).toMatchObject({ decidedUnits: 9n, decided: 1 })
})

test('what anybody may trigger is triggered by itself, exactly once, also after a restart', async () => {
  const on = await open()
  const { claimable, claimableUnits } = await everyMint(on)
  await configure(on, { ...claims, trigger: 'permissionless' })
  expect(await everyMint(on)).toMatchObject({ claimable: 0, decided: claimable, decidedUnits: claimableUnits })
  const row = await paying(on)
  expect((await again(on, row)).decision.decided).toMatchObject({ by: ['granary (job)'], how: 'anyone', attempt: 1 })
  // what was called failed waits for a person
  await act(on, row, { kind: 'failed', attempt: 1, reason: 'no' })
  const entries = (await on.query('audit.list', {})).rows.filter(({ action }) => action === 'mints.trigger')
  expect(entries).toMatchObject([{ actor: 'granary (job)', subject: `${claimable} mints of network lab` }])
  const { dataDir } = await on.query('status.get', {})
  await on.close()
  const later = await open(dataDir)
  await configure(later, { ...claims, trigger: 'permissionless' })
  await new Promise(resolve => setTimeout(resolve, 1_200))
  expect(await everyMint(later)).toMatchObject({ claimable: 1, decided: claimable - 1 })
  expect((await later.query('audit.list', {})).rows.filter(({ action }) => action === 'mints.trigger')).toHaveLength(1)
  expect(await act(later, row, { kind: 'trigger' })).toEqual({ stage: 'decided' })
})

test('a wrong configuration is refused and says where; a right one is audited', async () => {
  const on = await open()
  const wrong: MintConfig = { ...claims, trigger: 'verified-amount', signers: ['Ada', 'Bo'], threshold: 1 }
  await expect(configure(on, wrong)).rejects.toMatchObject({ code: 'usage', details: { field: 'threshold' } })
  expect((await on.query('mintConfig.get', {})).config).toEqual(defaultMintConfig)
  expect(await on.query('mintConfig.check', { config: { ...wrong, vault: { mode: 'manual', address: 'GX' } } })).toMatchObject([
    { field: 'threshold' },
    { field: 'vault.address' },
  ])
  await configure(on, claims)
  expect(await on.query('mintConfig.get', {})).toMatchObject({ network: 'lab', config: claims, problems: [] })
  expect((await on.query('audit.list', {})).rows[0]).toMatchObject({ action: 'mintConfig.set', subject: 'minting rules of network lab' })
})

test('a change-over works everything out anew, and seconds that were decided before are not decided again', async () => {
  const on = await open()
  await configure(on, claims)
  const before = await everyMint(on)
  const row = before.rows.find(({ rewardUnits, start }) => rewardUnits > 0n && start > periodAt(102).start)!
  await act(on, row, { kind: 'claim' })
  await configure(on, { ...claims, firstNodePeriod: 102 })
  await worked(on)
  const after = await everyMint(on, { nodeId: row.nodeId })
  const moved = after.rows.find(({ start }) => start === periodAt(102).start)!
  expect(moved).toMatchObject({ stage: 'overlaps' })
  expect(after.orphans).toBe(1)
  expect(await again(on, moved)).toMatchObject({ can: [], why: expect.stringContaining('No second is paid twice') })
  await expect(act(on, moved, { kind: 'claim' })).rejects.toMatchObject({ details: { reason: 'overlaps' } })
  // nobody else's is held back, and the job leaves it out too
  await configure(on, { ...claims, firstNodePeriod: 102, trigger: 'permissionless' })
  const all = await everyMint(on)
  expect(all.rows.filter(({ stage }) => stage === 'overlaps')).toEqual([expect.objectContaining({ nodeId: row.nodeId })])
  expect(all.rows.filter(({ stage }) => stage === 'claimable')).toEqual([])
  expect(all.decided).toBeGreaterThan(3)
})

test('what was paid stays listed, counted and shown when the data no longer gives its mint', async () => {
  const on = await open()
  await configure(on, claims)
  const row = (await everyMint(on)).rows.find(({ rewardUnits, start }) => rewardUnits > 0n && start > periodAt(102).start)!
  await act(on, row, { kind: 'claim' })
  await act(on, row, { kind: 'paid', tx: 'tx-gone' })
  await configure(on, { ...claims, firstNodePeriod: 102 })
  await worked(on)
  const kept = { ...row, stage: 'paid', isGone: true, decidedUnits: row.rewardUnits, tx: 'tx-gone' }
  const paid = await everyMint(on, { stage: 'paid' })
  expect(paid).toMatchObject({ paid: 1, paidUnits: row.rewardUnits, orphans: 1, total: 1, rows: [kept] })
  expect((await everyMint(on)).paidUnits).toBe(row.rewardUnits)
  expect((await everyMint(on, { search: row.id })).rows).toEqual([kept])
  expect((await everyMint(on, { farmId: row.farmId!, stage: 'paid' })).rows).toEqual([kept])
  const farm = (await on.query('mints.farms', {})).rows.find(({ farmId }) => farmId === row.farmId)
  expect(farm).toMatchObject({ paid: 1, paidUnits: row.rewardUnits, name: row.farmName })
  expect(await again(on, row)).toMatchObject({
    row: kept,
    record: null,
    utilization: null,
    can: [],
    why: expect.stringContaining('no longer worked out from the data as it is now'),
    decision: { payments: [{ result: 'paid', tx: 'tx-gone' }] },
  })
  const [header, ...lines] = parseCsv((await on.query('mints.csv', {})).text)
  const inData = header!.cells.indexOf('in the data')
  expect(lines.filter(({ cells }) => cells[inData] === 'no').map(({ cells }) => cells[inData - 1])).toEqual([row.id])
  // the mint that it overlaps with names it
  const moved = (await everyMint(on, { nodeId: row.nodeId })).rows.find(({ start }) => start === periodAt(102).start)!
  expect((await again(on, moved)).why).toContain(`(mint ${row.id.slice(0, 16)}, ${tftExact(row.rewardUnits)} TFT paid)`)
  // nothing more can be done about it, and with its data back it is the mint that it was
  await expect(act(on, row, { kind: 'claim' })).rejects.toMatchObject({ details: { reason: 'no-mint' } })
  await configure(on, claims)
  await worked(on)
  expect(await everyMint(on, { stage: 'paid' })).toMatchObject({ paid: 1, orphans: 0, rows: [{ ...kept, isGone: false }] })
})

test('of what was decided before the mint was kept with it, what is not known is said to be unknown', async () => {
  const on = await open()
  await configure(on, claims)
  const row = (await everyMint(on)).rows.find(({ rewardUnits, start }) => rewardUnits > 0n && start > periodAt(102).start)!
  await act(on, row, { kind: 'claim' })
  await configure(on, { ...claims, firstNodePeriod: 102 })
  await worked(on)
  const { dataDir } = await on.query('status.get', {})
  await on.close()
  const store = openStore(dataDir, { mode: 'write' })
  expect(store.books.prepare("UPDATE mint_decisions SET decision = json_remove(decision, '$.mint')").run().changes).toBe(1)
  store.close()
  const later = await open(dataDir)
  const unknown = { farmId: null, farmName: '', farmTwinId: null, closedTs: null, uptimeSec: null, permille: null, outcome: null }
  const gone = { ...unknown, violation: null, carbonUnits: null, rewardUnits: row.rewardUnits, stage: 'decided', isGone: true }
  const decided = await everyMint(later, { stage: 'decided' })
  expect(decided).toMatchObject({ decided: 1, decidedUnits: row.rewardUnits, rows: [{ id: row.id, nodeId: row.nodeId, ...gone }] })
  for (const sort of ['stage', 'nodeId', 'farm', 'amount', 'closed', 'uptime'] as const)
    expect((await everyMint(later, { sort })).rows.filter(({ isGone }) => isGone)).toHaveLength(1)
  const farms = (await later.query('mints.farms', {})).rows
  expect(farms.find(({ farmId }) => farmId === null)).toMatchObject({ name: '', mints: 1, decidedUnits: row.rewardUnits })
  expect((await later.query('mints.csv', {})).text).toContain(`,${row.id},no`)
})

test('locks are shown only where locking is on, and come to what is minted', async () => {
  const on = await open()
  expect(await on.query('locks.get', {})).toMatchObject({ on: false, rows: [], total: 0 })
  await configure(on, { ...claims, locking: { on: true } })
  const { claimableUnits } = await everyMint(on)
  const locks = await on.query('locks.get', { limit: 1000 })
  expect(locks.on).toBe(true)
  expect(locks.lockedUnits + locks.freeUnits).toBe(claimableUnits)
  expect(locks.rows.reduce((sum, lock) => sum + (lock.isOpen ? 0n : lock.amountUnits), 0n)).toBe(locks.lockedUnits)
  expect(locks.months.reduce((sum, month) => sum + month.count, 0)).toBe(locks.total)
  expect(locks.months.at(-1)?.leftUnits).toBe(0n)
  const [lock] = locks.rows
  const ofFarm = await on.query('locks.get', { farmId: lock!.farmId })
  expect(ofFarm.rows.every(({ farmId }) => farmId === lock!.farmId)).toBe(true)
})

test('calls to a chain are named only where its metadata has the pallet', async () => {
  const on = await open()
  expect((await on.query('mintConfig.get', {})).chain).toEqual({ hasPallet: null, specVersion: null, calls: [] })
  const { dataDir } = await on.query('status.get', {})
  await on.close()
  const store = openStore(dataDir, { mode: 'write' })
  const [, runtime] = devnetRuntimes()
  saveRuntime(store, { specVersion: runtime.specVersion, firstBlock: 1, metadata: Buffer.from(runtime.metadata.slice(2), 'hex') })
  expect(loadDecisions(store, 'lab')).toEqual([])
  store.close()
  const later = await open(dataDir)
  const { chain } = await later.query('mintConfig.get', {})
  expect(chain).toMatchObject({ hasPallet: true, specVersion: runtime.specVersion })
  expect(chain.calls).toEqual(expect.arrayContaining(['save_minting_info', 'set_mode']))
})

test('an empty data folder has no mints, and no network whose rules could be set', async () => {
  const dataDir = join(folder, 'empty')
  core = await openCore({ dataDir, host: 'cli', version: '1', demoDir: null, networksFile: null, mode: 'write' })
  expect(await everyMint(core)).toMatchObject({ rows: [], total: 0, network: null, complete: true })
  expect(await core.query('mints.running', {})).toEqual({ rows: [], total: 0, asOfTs: null })
  expect(await core.query('mints.farms', {})).toEqual({ rows: [], rules: 'v3' })
  expect((await core.query('mintConfig.get', {})).network).toBeNull()
  await expect(configure(core, claims)).rejects.toMatchObject({ code: 'usage' })
})
