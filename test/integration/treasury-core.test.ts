import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openCore } from '../../src-main/core/index.ts'
import { checkLedger } from '../../src-main/store/ledger.ts'
import { openStore } from '../../src-main/store/open.ts'
import type { Actor, CommandInput, CommandName, CommandOutput, Core } from '../../src-shared/contract.ts'
import { AppError, type ErrorCode } from '../../src-shared/errors.ts'

/* The treasury through the core, as pages ask it. Passphrases take their time, so one world serves all tests, in their order. */

const anna: Actor = { id: 'test:anna' }
const bob: Actor = { id: 'test:bob' }
const passphrase = 'a passphrase of the test'
const adminPassphrase = 'the administrator of the test'
let folder: string
let core: Core
let keys = 0

function run<N extends CommandName>(actor: Actor, name: N, input: CommandInput<N>, key = `key-${keys++}`): Promise<CommandOutput<N>> {
  return core.command(name, input, { actor, idempotencyKey: key })
}

async function refused(work: Promise<unknown>, code: ErrorCode, message?: string | RegExp): Promise<void> {
  const error = await work.then(
    () => null,
    cause => cause,
  )
  expect(error).toBeInstanceOf(AppError)
  expect((error as AppError).code).toBe(code)
  if (message !== undefined)
    expect((error as AppError).message).toEqual(message instanceof RegExp ? expect.stringMatching(message) : message)
}

const balances = async (entityId: string) =>
  Object.fromEntries(
    (await core.query('tokens.balances', { entityId })).balances.map(({ token, available, locked }) => [token, [available, locked]]),
  )
const one = 10_000_000n

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'granary-treasury-'))
  core = await openCore({
    dataDir: join(folder, 'data'),
    host: 'cli',
    version: '1',
    demoDir: null,
    networksFile: null,
    mode: 'write',
    stretchLogN: 4,
  })
})
afterAll(async () => {
  await core.close()
  const store = openStore(join(folder, 'data'), { mode: 'read' })
  expect(checkLedger(store)).toEqual([])
  store.close()
  rmSync(folder, { recursive: true, force: true })
})

test('before anything is made: tokens with their limits, nobody unlocked, and what is missing is said', async () => {
  const tokens = await core.query('tokens.list', {})
  expect(
    tokens.map(({ token, max, isInitialised, isMirror }) => [token, max === null ? null : max / one, isInitialised, isMirror]),
  ).toEqual([
    ['BTA-GOV', 1_000_000_000n, false, false],
    ['BTA-REWARD', null, false, false],
    ['BTA-UTIL', 2_000_000_000n, false, false],
    ['BTA-GUAR', null, false, false],
    ['AZR', 1_000_000_000n, false, false],
    ['AZR-ETH', null, false, false],
    ['TFT', null, true, true],
  ])
  expect(await core.query('session.get', {}, { actor: anna })).toEqual({ entity: null, isAdministrator: false, hasAdministrator: false })
  await refused(run(anna, 'tokens.initialize', {}), 'administrator.needed')
  await refused(run(anna, 'administrator.unlock', { passphrase }), 'administrator.unset')
  await refused(run(anna, 'tokens.transfer', { to: 'treasury', token: 'AZR', amount: '1' }), 'entities.locked')
  await refused(core.query('tokens.balances', {}, { actor: anna }), 'entities.locked')
})

test('the administrator initialises once; AZR goes on to the UBO fund', async () => {
  await run(anna, 'administrator.set', { newPassphrase: adminPassphrase })
  await refused(run(bob, 'administrator.set', { newPassphrase: 'another passphrase' }), 'administrator.set')
  await refused(run(bob, 'administrator.unlock', { passphrase: 'wrong' }), 'keys.passphrase', /does not open the administrator/)
  await refused(run(bob, 'tokens.initialize', {}), 'administrator.needed')
  expect((await run(anna, 'tokens.initialize', {})).initialised).toHaveLength(6)
  expect((await run(anna, 'tokens.initialize', {})).initialised).toEqual([])
  const azr = await core.query('tokens.get', { identifier: 'AZR' })
  expect(azr).toMatchObject({ supply: 10n ** 9n * one, circulating: 10n ** 7n * one, treasury: 990_000_000n * one, holders: 2 })
  expect(await balances('ubo-fund')).toEqual({ AZR: [10n ** 7n * one, 0n] })
  await refused(core.query('tokens.get', { identifier: 'GOLD' }), 'tokens.unknown', 'Token not found')
})

test('entities are made with a passphrase, and unlocked by it alone', async () => {
  const made = await run(anna, 'entities.create', { name: 'Anna', passphrase })
  expect(made).toMatchObject({ name: 'Anna', kind: 'person', opensWith: 'passphrase' })
  await run(bob, 'entities.create', { name: 'Bob', kind: 'organisation', passphrase: `${passphrase} 2` })
  await refused(run(bob, 'entities.create', { name: 'anna', passphrase }), 'store.conflict')
  await refused(run(bob, 'entities.create', { name: 'Eve' }), 'usage', /passphrase, or with a key/)
  await refused(run(bob, 'entities.create', { name: 'treasury', passphrase }), 'usage', /taken for an id/)
  await refused(run(bob, 'entities.create', { name: 'Eve', passphrase: 'short' }), 'usage', /passphrase: Take at least 12/)
  await refused(
    run(bob, 'entities.unlock', { entityId: 'Anna', passphrase: 'not this one' }),
    'keys.passphrase',
    /does not open entity "Anna"/,
  )
  await refused(run(bob, 'entities.unlock', { entityId: 'treasury', passphrase }), 'entities.unknown')
  await run(anna, 'entities.unlock', { entityId: 'Anna', passphrase })
  expect(await core.query('session.get', {}, { actor: anna })).toMatchObject({ entity: { name: 'Anna' }, isAdministrator: true })
  expect(await core.query('session.get', {}, { actor: bob })).toMatchObject({ entity: null, isAdministrator: false })
})

test('funding, sending, putting aside and burning, with the literal refusals', async () => {
  await refused(run(bob, 'tokens.fund', { to: 'Anna', token: 'AZR', amount: '100' }), 'administrator.needed')
  await run(anna, 'tokens.fund', { to: 'Anna', token: 'AZR', amount: '100', memo: 'to begin with' })
  await refused(run(anna, 'tokens.fund', { from: 'Bob', to: 'Anna', token: 'AZR', amount: '1' }), 'entities.other')
  await run(anna, 'tokens.lock', { token: 'AZR', amount: '60' })
  const send = (amount: string, to = 'Bob', key?: string) => run(anna, 'tokens.transfer', { to, token: 'AZR', amount }, key)
  await refused(send('40.0000001'), 'tokens.balance', 'Insufficient balance')
  await refused(send('0'), 'tokens.transfer-amount', 'Transfer amount must be positive')
  await refused(send('-1'), 'tokens.transfer-amount', 'Transfer amount must be positive')
  await refused(send('1', 'Nobody'), 'entities.unknown')
  await refused(send('1', 'Anna'), 'tokens.self')
  const first = await send('40', 'Bob', 'the same key')
  expect(first).toMatchObject({ token: 'AZR', amount: 40n * one, balance: { available: 0n, locked: 60n * one } })
  expect(await send('40', 'Bob', 'the same key')).toEqual(first)
  // whether the administrator is there as well makes it no other payment
  await run(anna, 'administrator.lock', {}, 'lock again')
  expect(await send('40', 'Bob', 'the same key')).toEqual(first)
  await run(anna, 'administrator.unlock', { passphrase: adminPassphrase })
  await run(anna, 'administrator.lock', {}, 'lock again')
  await refused(run(anna, 'tokens.mint', { token: 'BTA-REWARD', amount: '1' }), 'administrator.needed')
  await run(anna, 'administrator.unlock', { passphrase: adminPassphrase })
  await refused(send('41', 'Bob', 'the same key'), 'idempotency.reused')
  const anew = await core.query('entities.list', {})
  const idOf = (name: string) => anew.find(entity => entity.name === name)!.entityId
  expect(await balances(idOf('Bob'))).toEqual({ AZR: [40n * one, 0n] })
  await refused(run(anna, 'tokens.lock', { token: 'AZR', amount: '1' }), 'tokens.available', 'Insufficient available balance')
  await refused(run(anna, 'tokens.unlock', { token: 'AZR', amount: '60.0000001' }), 'tokens.locked', 'Insufficient locked balance')
  await run(anna, 'tokens.unlock', { token: 'AZR', amount: '10' })
  await run(anna, 'tokens.burnLocked', { token: 'AZR', amount: '50' })
  await refused(run(anna, 'tokens.burnLocked', { token: 'AZR', amount: '0.0000001' }), 'tokens.locked', 'Insufficient locked balance')
  await refused(run(anna, 'tokens.mint', { token: 'BTA-GOV', amount: '0.0000001' }), 'tokens.max-supply', 'Minting would exceed max supply')
  await refused(run(anna, 'tokens.mint', { token: 'TFT', amount: '1' }), 'tokens.mirror')
  await run(anna, 'tokens.mint', { token: 'BTA-REWARD', to: 'Bob', amount: '3' })
  await run(anna, 'tokens.burn', { token: 'AZR', amount: '5' })
  expect((await core.query('tokens.get', { identifier: 'AZR' })).supply).toBe((10n ** 9n - 55n) * one)
  const { rows, total } = await core.query('tokens.history', { entityId: idOf('Anna') })
  expect(total).toBe(7)
  expect(rows.at(-1)).toMatchObject({
    type: 'TRANSFER',
    amount: 100n * one,
    others: ['treasury'],
    memo: 'to begin with',
    actor: idOf('Anna'),
  })
  expect((await core.query('tokens.holders', { token: 'AZR' })).rows.map(({ name }) => name)).toEqual([
    'Treasury',
    'UBO fund',
    'Bob',
    'Anna',
  ])
})

test('settings: defaults of the rules, changed one by one or by a file, each change kept and audited', async () => {
  const before = await core.query('configuration.list', {})
  expect(before.version).toBe(0)
  expect(before.parameters.every(({ isNormal, changedTs }) => isNormal && changedTs === null)).toBe(true)
  const settingOf = async (name: string) => (await core.query('configuration.list', {})).parameters.find(one => one.name === name)
  const set = (name: string, value: string) => run(anna, 'configuration.set', { name, value })
  await refused(run(bob, 'configuration.set', { name: 'payments.feeBps', value: '20' }), 'administrator.needed')
  expect(await set('payments.feeBps', '20')).toEqual({ changed: ['payments.feeBps'], version: 1 })
  expect(await set('payments.feeBps', '20')).toEqual({ changed: [], version: 1 })
  expect(await set('credit.fallbackLimit', '2500.5')).toEqual({ changed: ['credit.fallbackLimit'], version: 2 })
  expect(await settingOf('credit.fallbackLimit')).toMatchObject({ value: '"2500.5"', normal: '"1000"', isNormal: false, unit: 'AZR' })
  for (const [name, value, code] of [
    ['payments.feeBps', '20.5', 'config.invalid'],
    ['payments.feeBps', '-1', 'config.invalid'],
    ['payments.feeBps', 'much', 'config.invalid'],
    ['credit.fallbackLimit', '0', 'config.invalid'],
    ['credit.usualRateBps', '1501', 'config.invalid'],
    ['staking.minDays', '366', 'config.invalid'],
    ['jobs.poolYields', '0 0 31 2 *', 'usage'],
    [
      'trust.terms',
      '[{"fromTrust":5,"rateDiscountBps":1,"limit":null},{"fromTrust":5,"rateDiscountBps":1,"limit":null}]',
      'config.invalid',
    ],
    ['no.such', '1', 'config.unknown'],
    ['toString', '1', 'config.unknown'],
  ] as const)
    await refused(set(name, value), code)
  const { text } = await core.query('configuration.export', {})
  expect(await run(anna, 'configuration.reset', { name: 'payments.feeBps' })).toEqual({ changed: ['payments.feeBps'], version: 3 })
  await refused(
    run(anna, 'configuration.import', { text: text.replace('"staking.minDays": 30', '"staking.minDays": 0') }),
    'config.invalid',
  )
  await refused(run(anna, 'configuration.import', { text: '{}' }), 'config.invalid')
  expect((await settingOf('payments.feeBps'))?.value).toBe('10')
  expect(await run(anna, 'configuration.import', { text })).toEqual({ changed: ['payments.feeBps'], version: 4 })
  expect(await core.query('configuration.export', {})).toMatchObject({ text })
  const history = await core.query('configuration.history', { name: 'payments.feeBps' })
  expect(history.rows.map(({ version, value }) => [version, value])).toEqual([
    [4, '20'],
    [3, '10'],
    [1, '20'],
  ])
  const { rows } = await core.query('audit.list', { limit: 200 })
  expect(rows.filter(({ action }) => action.startsWith('configuration.'))).toHaveLength(5)
})

test('amounts and members that are no such are refused by name', async () => {
  for (const amount of [1, 1.5, null, '1e3', '1,5', '', 'NaN', '0.00000001', '922337203685.4775808', { a: 1 }])
    await refused(run(anna, 'tokens.transfer', { to: 'Bob', token: 'AZR', amount: amount as never }), 'usage', /^amount: /)
  await refused(run(anna, 'tokens.transfer', { to: '', token: 'AZR', amount: '1' }), 'usage', /^to: /)
  await refused(
    run(anna, 'entities.unlock', { entityId: 'Anna', passphrase: ['secret one'] as never }),
    'usage',
    /^passphrase: (?!.*secret one)/,
  )
})

test('whoever funds finds the reserve of each pool among the accounts of the treasury', async () => {
  const list = await core.query('entities.list', {})
  expect(list.find(({ entityId }) => entityId === 'pool:yield-farming')).toMatchObject({ name: 'Reserve of yield-farming', kind: 'system' })
})

test('a token of the REST door acts as its entity only, and is never the administrator', async () => {
  const list = await core.query('entities.list', {})
  const idOf = (name: string) => list.find(entity => entity.name === name)!.entityId
  const rest: Actor = { id: 'test:anna', entity: idOf('Bob') }
  await run(rest, 'tokens.transfer', { to: 'Anna', token: 'AZR', amount: '1' })
  await refused(core.query('tokens.balances', { entityId: idOf('Anna') }, { actor: rest }), 'entities.other')
  expect((await core.query('tokens.balances', {}, { actor: rest })).entityId).toBe(idOf('Bob'))
  await refused(run(rest, 'tokens.mint', { token: 'BTA-REWARD', amount: '1' }), 'administrator.needed')
})

test('each command stands in the audit trail with who acted, and no secret anywhere', async () => {
  await run(anna, 'entities.lock', {})
  await refused(run(anna, 'tokens.transfer', { to: 'Bob', token: 'AZR', amount: '1' }), 'entities.locked')
  await refused(run(anna, 'tokens.initialize', {}), 'administrator.needed')
  const { rows, intact } = await core.query('audit.list', { limit: 200 })
  expect(intact).toBe(true)
  const sent = rows.find(({ action }) => action === 'tokens.transfer')!
  expect(sent.details).toContain('"amount":"1"')
  expect(rows.filter(({ action }) => action === 'tokens.transfer')).toHaveLength(2)
  expect(rows.find(({ action }) => action === 'tokens.mint')!.actor).toBe('administrator (test:anna)')
  expect(JSON.stringify(rows)).not.toMatch(/passphrase of the test|administrator of the test/)
})
