import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { examineFolder } from '../../src-main/core/doctor.ts'
import { openCore } from '../../src-main/core/index.ts'
import { openTreasury } from '../../src-main/core/treasury-command.ts'
import { checkAuditTrail } from '../../src-main/jobs/audit-heads.ts'
import { checkBooks, checkFigures } from '../../src-main/jobs/doctor/local.ts'
import { keepHours } from '../../src-main/jobs/ledger-hours.ts'
import { listKeptHeads } from '../../src-main/store/audit-heads.ts'
import { openStore, type Store } from '../../src-main/store/open.ts'
import type { Actor, CommandInput, CommandName, CommandOutput, Core } from '../../src-shared/contract.ts'
import { parseCsv } from '../../src-shared/csv.ts'
import { granary } from '../helpers/granary.ts'

/* What keeps the treasury's books whole: the table of tokens, entities that open with a key, signed heads of what leaves, the doctor. */

const anna: Actor = { id: 'test:anna' }
const bob: Actor = { id: 'test:bob' }
const passphrase = 'a passphrase of the test'
const one = 10_000_000n
let folder: string
let dataDir: string
let core: Core
/** a second look at the same books */
let books: Store
let keys = 0

function run<N extends CommandName>(name: N, input: CommandInput<N>, actor = anna): Promise<CommandOutput<N>> {
  return core.command(name, input, { actor, idempotencyKey: `key-${keys++}` })
}
const refused = (code: string, message = /./) => ({ code, message: expect.stringMatching(message) })

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'granary-books-'))
  dataDir = join(folder, 'data')
  core = await openCore({ dataDir, host: 'cli', version: '1', demoDir: null, networksFile: null, mode: 'write', stretchLogN: 4 })
  books = openStore(dataDir, { mode: 'write', lock: false })
  await run('administrator.set', { newPassphrase: passphrase })
})
afterAll(async () => {
  books.close()
  await core.close()
  rmSync(folder, { recursive: true, force: true })
})

test('the table of tokens is a setting that initialising follows; tokens that are initialised stay as they are', async () => {
  const table = async () =>
    JSON.parse((await core.query('configuration.list', {})).parameters.find(({ name }) => name === 'tokens.table')!.value)
  const rows = (await table()) as { token: string; purpose: string; initial: string; maximum: string | null }[]
  const set = (list: unknown) => run('configuration.set', { name: 'tokens.table', value: JSON.stringify(list) })
  const withRow = (token: string, change: object) => rows.map(row => (row.token === token ? { ...row, ...change } : row))
  expect(rows.map(({ token, initial, maximum }) => [token, initial, maximum])).toContainEqual(['BTA-UTIL', '500000000', '2000000000'])
  const invalid = [
    [withRow('AZR', { initial: '1000000000.0000001' }), /must not be above the maximum/],
    [withRow('AZR', { initial: '-1' }), /not be below 0/],
    [withRow('AZR', { maximum: '922337203685.4775808' }), /more than an amount can hold/],
    [rows.slice(1), /The rules need these tokens: BTA-GOV/],
    [[...rows, rows[0]], /one row/],
    [[...rows, { token: 'TFT', purpose: 'x', initial: '0', maximum: null }], /TFT mirrors/],
    [withRow('AZR', { initial: '9999999' }), /The UBO fund is to have 10000000 AZR/],
  ] as const
  for (const [list, message] of invalid) await expect(set(list)).rejects.toMatchObject(refused('config.invalid', message))
  const gold = { token: 'GOLD', purpose: 'a token of the test', initial: '7.5', maximum: '10' }
  await set([...withRow('BTA-UTIL', { initial: '400' }), gold])
  expect((await core.query('tokens.list', {})).map(({ token, initial }) => [token, initial])).toContainEqual(['GOLD', 75_000_000n])
  expect((await run('tokens.initialize', {})).initialised).toHaveLength(7)
  expect(await core.query('tokens.get', { identifier: 'GOLD' })).toMatchObject({
    supply: 75_000_000n,
    max: 100_000_000n,
    isInitialised: true,
  })
  expect((await core.query('tokens.get', { identifier: 'BTA-UTIL' })).supply).toBe(400n * one)
  await run('tokens.mint', { token: 'GOLD', amount: '1' })
  const now = await table()
  const changed = (change: object) => now.map((row: { token: string }) => (row.token === 'GOLD' ? { ...row, ...change } : row))
  await expect(set(changed({ maximum: '8' }))).rejects.toMatchObject(refused('config.invalid', /Of GOLD 8\.5 are issued, more than/))
  for (const change of [{ maximum: '20' }, { maximum: null }, { initial: '7' }, { purpose: 'another' }])
    await expect(set(changed(change))).rejects.toMatchObject(refused('config.invalid', /GOLD is initialised and stays/))
  await expect(set(now.slice(0, -1))).rejects.toMatchObject(refused('config.invalid', /can't be left out/))
  await expect(run('configuration.reset', { name: 'tokens.table' })).rejects.toMatchObject({ code: 'config.invalid' })
  await set([...now, { token: 'RICE', purpose: 'a later one', initial: '0', maximum: null }])
  expect((await run('tokens.initialize', {})).initialised).toEqual(['RICE'])
  // a file that holds what is there changes nothing
  const { text } = await core.query('configuration.export', {})
  expect((await run('configuration.import', { text })).changed).toEqual([])
})

test('an entity opens with a key of the vault, while that is unlocked, and by nothing else', async () => {
  const made = await run('keys.create', { name: 'of Cleo', kind: 'ed25519', passphrase: 'the passphrase of the key' })
  const { entityId } = await run('entities.create', { name: 'Cleo', keyId: made.keyId })
  expect((await core.query('entities.list', {})).find(entity => entity.entityId === entityId)).toMatchObject({
    name: 'Cleo',
    opensWith: 'key',
  })
  const unlock = (actor = bob) => run('entities.unlock', { entityId: 'Cleo' }, actor)
  await expect(unlock()).rejects.toMatchObject({ code: 'keys.unconfirmed' })
  const words = made.ask.map(place => made.words.split(' ')[place - 1]!)
  await run('keys.confirmWords', { keyId: made.keyId, words })
  expect(await unlock()).toMatchObject({ entityId, opensWith: 'key' })
  await run('tokens.fund', { to: 'Cleo', token: 'AZR', amount: '3' })
  expect(await run('tokens.lock', { token: 'AZR', amount: '1' }, bob)).toMatchObject({ balance: { available: 2n * one, locked: one } })
  await run('entities.lock', {}, bob)
  await run('keys.lock', {})
  await expect(unlock()).rejects.toMatchObject({ code: 'keys.locked' })
  // neither the key's passphrase nor any other is asked for in its place
  await expect(run('entities.unlock', { entityId: 'Cleo', passphrase: 'the passphrase of the key' }, bob)).rejects.toMatchObject({
    code: 'keys.locked',
  })
  await expect(run('tokens.lock', { token: 'AZR', amount: '1' }, bob)).rejects.toMatchObject({ code: 'entities.locked' })
  await run('keys.unlock', { keyIds: [made.keyId], passphrase: 'the passphrase of the key' })
  expect(await unlock()).toMatchObject({ entityId })
  const address = '5FA9nQDVg267DEd8m1ZypXLBnvN7SFxYwV7ndqSYGiN9TTpu'
  const watched = await run('keys.watch', { name: 'of another', kind: 'ed25519', address })
  await expect(run('entities.create', { name: 'Dora', keyId: watched.keyId })).rejects.toMatchObject({ code: 'keys.watch-only' })
  await expect(run('entities.create', { name: 'Dora', keyId: '00000000-0000-4000-8000-000000000000' })).rejects.toMatchObject({
    code: 'not-found',
  })
})

test('whatever leaves as a file has the trail signed with it, once for each state of the trail', async () => {
  const heads = () => listKeptHeads(books)
  const entries = async () => (await core.query('audit.list', { limit: 1 })).total
  await run('tokens.mint', { token: 'GOLD', amount: '0.1' })
  const before = heads().length
  await core.query('tokens.list', {})
  expect(heads()).toHaveLength(before)
  await core.query('configuration.export', {})
  expect(heads().at(-1)).toMatchObject({ entries: await entries(), reason: 'export' })
  await core.query('tokens.statement', { entityId: 'treasury' })
  expect(heads()).toHaveLength(before + 1)
  await run('tokens.mint', { token: 'GOLD', amount: '0.1' })
  await core.query('tokens.statement', { entityId: 'treasury' })
  expect(heads()).toHaveLength(before + 2)
  // the command line, beside the Granary that has the folder open
  await run('tokens.mint', { token: 'GOLD', amount: '0.1' })
  const printed = await granary('treasury', 'tokens', 'statement', 'treasury', '--token', 'GOLD', '--data', dataDir)
  expect(printed).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/^time,entry,type,.*\r\n,,OPENING,GOLD,,,0,0/) })
  expect(heads().at(-1)).toMatchObject({ entries: await entries(), reason: 'export' })
  const flows = await granary('treasury', 'tokens', 'flows', 'GOLD', '--data', dataDir)
  expect(flows.out).toMatch(/Issuance \(issuance\) +Treasury \(treasury\) +8\.8 +5\n/)
  expect(heads()).toHaveLength(before + 3)
  await run('tokens.mint', { token: 'GOLD', amount: '0.1' })
  const file = join(folder, 'audit.csv')
  expect((await granary('audit', 'export', file, '--data', dataDir)).out).toContain(`${file}: ${await entries()} entries`)
  const exported = parseCsv(readFileSync(file, 'utf8')).map(({ cells }) => cells)
  expect(exported[0]).toEqual(['entry', 'time', 'actor', 'action', 'subject', 'details', 'hash'])
  expect(exported.at(-1)).toMatchObject({ 0: `${await entries()}`, 3: 'tokens.mint', 6: heads().at(-1)!.hash })
  expect(heads()).toHaveLength(before + 4)
  expect(checkAuditTrail(books, []).heads.every(({ state, isOwnKey }) => state === 'same' && isOwnKey)).toBe(true)
})

test('a trail that was altered is not signed, and keeps nothing from leaving', async () => {
  const heads = listKeptHeads(books).length
  await run('tokens.mint', { token: 'GOLD', amount: '0.1' })
  books.books.exec(
    "SAVEPOINT altered; DROP TRIGGER audit_no_update; UPDATE audit SET details = 'x' WHERE seq = (SELECT max(seq) FROM audit); RELEASE altered",
  )
  expect((await core.query('configuration.export', {})).text).toContain('tokens.table')
  const printed = await granary('treasury', 'configuration', 'export', '--data', dataDir)
  expect(printed).toMatchObject({
    code: 0,
    err: expect.stringMatching(/^granary: The audit trail was not signed with it\. The audit trail was altered at entry/),
  })
  expect(listKeptHeads(books)).toHaveLength(heads)
})

test('the doctor holds balances against issuance, what was put aside against what is locked, charts against the ledger', async () => {
  expect(checkBooks(books).state).toBe('ok')
  keepHours(books, books.now() + 7_200)
  expect(checkFigures(books)).toMatchObject({ state: 'ok' })
  const inVain = (sql: string, look: () => { detail: string }): string => {
    books.books.exec('SAVEPOINT altered')
    try {
      books.books.exec(sql)
      return look().detail
    } finally {
      books.books.exec('ROLLBACK TO altered; RELEASE altered')
    }
  }
  expect(inVain('UPDATE treasury_own_locks SET amount = amount + 1', () => checkBooks(books))).toMatch(
    /AZR: 10000001 units were put aside by their owner, but only 10000000 are locked\./,
  )
  const minted =
    "DROP TRIGGER ledger_accounts_follow; UPDATE ledger_accounts SET balance = balance + 5 WHERE token = 'GOLD' AND part = 'available'"
  expect(inVain(minted, () => checkBooks(books))).toMatch(/GOLD: \d+ units are held, but \d+ were issued and 0 burnt\./)
  books.books.exec('UPDATE ledger_hours SET supply = supply + 1')
  expect(checkFigures(books)).toMatchObject({ state: 'problem', wayOut: expect.stringContaining('granary doctor --repair') })
})

test('the doctor counts charts anew', async () => {
  await core.close()
  const examined = { dataDir, sample: 0, seed: null, networksFile: null, actor: 'test', offline: true, repair: true }
  const { report, recounted } = await examineFolder(examined, {})
  expect(recounted).toBe(true)
  expect(report.checks.find(({ name }) => name === 'Figures')).toMatchObject({ state: 'ok' })
  expect((await examineFolder(examined, {})).recounted).toBe(false)
})

test('a treasury that only reads says how books come about where there are none', async () => {
  const empty = join(folder, 'empty')
  mkdirSync(empty)
  expect(() => openTreasury({ dataDir: empty, actor: 'test', mode: 'read' })).toThrow(
    /no books in .*empty yet.*granary treasury administrator set/,
  )
  expect((await granary('treasury', 'tokens', 'list', '--data', empty)).err).toMatch(/^granary: There are no books/)
})
