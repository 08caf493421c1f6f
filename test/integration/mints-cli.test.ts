import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { MintConfigShown, MintList, MintShown } from '../../src-main/core/mints-command.ts'
import { run } from '../../src-main/hosts/cli/main.ts'
import { listAudit, openStore } from '../../src-main/store/index.ts'
import { periodAt } from '../../src-shared/time.ts'
import { importMintGrid } from '../helpers/mint-grid.ts'

/* `granary mints`: the answers and commands of the app on a data folder. */

let template: string
let folder: string

beforeAll(async () => {
  template = mkdtempSync(join(tmpdir(), 'granary-mints-cli-'))
  await importMintGrid(join(template, 'data'))
  // the node periods are worked out by whoever asks first
  await run(['mints', 'list', '--data', join(template, 'data')], { stdout: nowhere(), stderr: nowhere() })
})
afterAll(() => rmSync(template, { recursive: true, force: true }))
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-mints-cli-'))
  cpSync(join(template, 'data'), join(folder, 'data'), { recursive: true })
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function stream(take: (text: string) => void): NodeJS.WriteStream {
  return new Writable({
    write(chunk, _encoding, done) {
      take(String(chunk))
      done()
    },
  }) as unknown as NodeJS.WriteStream
}
const nowhere = () => stream(() => undefined)

async function granary(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = ''
  let err = ''
  const streams = {
    stdout: stream(text => {
      out += text
    }),
    stderr: stream(text => {
      err += text
    }),
  }
  const code = await run(['mints', ...args, '--data', join(folder, 'data')], streams)
  return { code, out, err }
}

async function json<T>(...args: string[]): Promise<T> {
  const { out, err } = await granary(...args, '--json')
  expect(err).toBe('')
  return JSON.parse(out) as T
}

const claims = ['config', '--rules', 'node-period', '--trigger', 'claim', '--administrator', 'Ada'] as const

/** Mints that pay something, as JSON has them. */
async function payingIds(): Promise<string[]> {
  return (await json<MintList>('list')).rows.filter(row => String(row.rewardUnits) !== '0').map(row => row.id)
}

test('list and show say what there is, and that v3 pays', async () => {
  const { code, out } = await granary('list')
  expect(code).toBe(0)
  expect(out).toContain('This network pays by rule set v3')
  expect(out).not.toMatch(/ {2}claimable/)
  expect(out).toMatch(/Would be claimable: [\d,]+\.\d{7} TFT of \d+ mints/)
  const list = await json<MintList>('list')
  expect(list).toMatchObject({ complete: true, rules: 'v3', network: 'lab', total: list.rows.length })
  const row = list.rows[0]!
  const shown = await granary('show', row.id.slice(0, 10))
  expect(shown.out).toContain(`Mint ${row.id}`)
  expect(shown.out).toContain('Rules node-period')
  expect(await json<MintShown>('show', row.id)).toMatchObject({ row: { id: row.id }, can: [], explanation: { hash: row.id } })
  const farm = await json<MintList>('list', '--farm', String(row.farmId), '--stage', 'claimable')
  expect(farm.rows.every(one => one.farmId === row.farmId && one.stage === 'claimable')).toBe(true)
})

test('a refusal fails, wrong usage is told apart from it', async () => {
  const [id] = await payingIds()
  expect(await granary('claim', id!)).toMatchObject({ code: 1, err: expect.stringContaining('rule set v3') })
  expect(await granary('claim')).toMatchObject({ code: 2, err: expect.stringContaining('--all') })
  expect(await granary('claim', id!, '--all')).toMatchObject({ code: 2 })
  expect(await granary('show', 'zzzz')).toMatchObject({ code: 2 })
  expect(await granary('show', 'ab')).toMatchObject({ code: 2 })
  expect(await granary('show', '0'.repeat(64))).toMatchObject({ code: 1, err: expect.stringContaining('No mint') })
  expect(await granary('vote', id!, '--as', 'Ada', '--amount', '-1')).toMatchObject({ code: 2 })
  expect(await granary('config', '--first-period', '0')).toMatchObject({ code: 2 })
  expect(await granary('config', '--trigger', 'offline-amount')).toMatchObject({ code: 2, err: expect.stringContaining('Signers') })
})

test('claim, fail, force and pay one mint; claim the rest of a farm', async () => {
  expect(await json<MintConfigShown>(...claims)).toMatchObject({
    config: { rules: 'node-period', trigger: 'claim', administrators: ['Ada'] },
  })
  const [id] = await payingIds()
  expect((await granary('claim', id!)).out).toMatch(/^Mint [0-9a-f]{16} of node \d+: [\d,]+\.\d{7} TFT for .+, twin \d+: decided\n$/)
  expect(await granary('claim', id!)).toMatchObject({ code: 1, err: expect.stringContaining('decided already') })
  expect((await granary('failed', id!, '--reason', 'it expired')).code).toBe(0)
  expect((await granary('force', id!, '--as', 'Mallory')).code).toBe(1)
  expect((await granary('force', id!, '--as', 'Ada')).out).toContain(': decided')
  expect((await granary('paid', id!, '--tx', 'tx-9')).out).toContain(': paid')
  const shown = await granary('show', id!)
  expect(shown.out).toContain('Attempt 1 failed: it expired')
  expect(shown.out).toContain('Paid with tx-9')
  const before = await json<MintList>('list')
  const farm = String(before.rows.find(row => row.stage === 'claimable')!.farmId)
  const done = await json<{ mints: unknown[] }>('claim', '--all', '--farm', farm)
  expect(done.mints).toHaveLength(before.rows.filter(row => row.stage === 'claimable' && String(row.farmId) === farm).length)
  expect((await json<MintList>('list', '--farm', farm, '--stage', 'claimable')).total).toBe(0)
})

test('a paid mint that the data no longer gives is listed, counted and shown', async () => {
  await granary(...claims)
  const row = (await json<MintList>('list')).rows.find(one => String(one.rewardUnits) !== '0' && one.start > periodAt(102).start)!
  await granary('claim', row.id)
  await granary('paid', row.id, '--tx', 'tx-9')
  await granary('config', '--first-period', '102')
  const { out } = await granary('list', '--stage', 'paid')
  expect(out).toMatch(/ paid \* /)
  expect(out).toContain('* The data does not give this mint any more')
  expect(out).toContain('TFT of 1 mint.')
  const shown = await granary('show', row.id.slice(0, 12))
  expect(shown).toMatchObject({ code: 0, err: '' })
  expect(shown.out).toContain(`Mint ${row.id}`)
  expect(shown.out).toContain('Paid with tx-9')
  expect(shown.out).toContain('no longer worked out from the data as it is now')
  expect(await json<MintShown>('show', row.id)).toMatchObject({ row: { id: row.id, isGone: true }, explanation: null })
  expect(await granary('claim', row.id)).toMatchObject({ code: 1 })
  // the files of a mint say with what theirs overlaps
  const out103 = join(folder, 'out')
  const mint = ['mint', '--period', '103', '--rules', 'node-period', '--out', out103, '--data', join(folder, 'data')]
  expect(await run(mint, { stdout: nowhere(), stderr: nowhere() })).toBe(0)
  const problems = JSON.parse(readFileSync(join(out103, 'problems.json'), 'utf8')) as { kind: string; subject: string; message: string }[]
  const overlaps = problems.filter(({ kind }) => kind === 'overlaps')
  expect(overlaps).toMatchObject([{ subject: `node ${row.nodeId}`, message: expect.stringContaining(`(mint ${row.id.slice(0, 16)}, `) }])
  expect(overlaps[0]!.message).toContain('TFT paid)')
})

test('signers vote; the amount is what Granary works out unless it is given', async () => {
  await granary('config', '--rules', 'node-period', '--trigger', 'offline-amount', '--signer', 'Ada', 'Bo', '--threshold', '2')
  const [id] = await payingIds()
  expect((await granary('vote', id!, '--as', 'Ada')).out).toContain(': claimable')
  expect((await granary('vote', id!, '--as', 'Bo', '--amount', '0.0000001')).out).toContain(': claimable')
  expect((await granary('show', id!)).out).toContain('1 of 2 votes for 0.0000001 TFT')
  expect((await granary('vote', id!, '--as', 'Bo')).out).toContain(': decided')
})

test('config shows and changes; what anyone may trigger is triggered at once; all of it is audited', async () => {
  expect((await granary('config')).out).toMatch(/trigger +permissionless/)
  const count = (await json<MintList>('list', '--stage', 'claimable')).total
  expect((await granary('config', '--rules', 'node-period')).code).toBe(0)
  expect(await json<MintList>('list')).toMatchObject({ claimable: 0, decided: count })
  const changed = await json<MintConfigShown>(
    'config',
    '--first-period',
    '103',
    '--carbon',
    'on',
    '--carbon-wallet',
    'w',
    '--locking',
    'on',
  )
  expect(changed.config).toMatchObject({ firstNodePeriod: 103, carbon: { on: true, wallet: 'w' }, locking: { on: true } })
  expect(await json<MintConfigShown>('config', '--first-period', 'none')).toMatchObject({ config: { firstNodePeriod: null } })
  const store = openStore(join(folder, 'data'), { mode: 'read' })
  const actions = listAudit(store, { offset: 0, limit: 10 }).rows.map(({ action }) => action)
  store.close()
  expect(actions.slice(0, 4)).toEqual(['mintConfig.set', 'mintConfig.set', 'mints.trigger', 'mintConfig.set'])
})

test('beside a running Granary the mints are read, and nothing can be changed', async () => {
  const store = openStore(join(folder, 'data'), { mode: 'write' })
  try {
    expect((await granary('list')).code).toBe(0)
    expect(await granary(...claims)).toMatchObject({ code: 1, err: expect.stringContaining('Another Granary') })
  } finally {
    store.close()
  }
})
