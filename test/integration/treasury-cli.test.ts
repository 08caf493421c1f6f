import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { treasuryEntries } from '../../src-shared/treasury/table.ts'
import { granary, withFd } from '../helpers/granary.ts'

/* `granary treasury`: the same table of commands as the app has. One data folder serves all tests, in their order. */

const secret = 'a passphrase of the test'
let folder: string
const treasury = (...args: string[]) => granary('treasury', ...args, '--data', join(folder, 'data'))
/** with the same passphrase behind each option that takes one */
const withSecrets = async (flags: string[], ...args: string[]) => {
  const [flag, ...others] = flags
  if (flag === undefined) return treasury(...args)
  return withFd(secret, (fd): Promise<{ code: number; out: string; err: string }> => withSecrets(others, ...args, flag, fd))
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-treasury-cli-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('every row that has words is a command with a help text, options and no secret among them', async () => {
  for (const [name, row] of treasuryEntries) {
    if (row.cli === null) continue
    const { code, out } = await treasury(...row.cli.words.split(' '), '--help')
    expect([name, code]).toEqual([name, 0])
    for (const member of row.secrets ?? []) expect(out).not.toMatch(new RegExp(`--${member} `))
  }
})

test('from an administrator to a payment', async () => {
  expect(await withSecrets(['--new-passphrase-fd'], 'administrator', 'set')).toMatchObject({ code: 0, err: '' })
  const made = await withSecrets(['--passphrase-fd'], 'entities', 'create', 'Anna', '--json')
  expect(JSON.parse(made.out)).toMatchObject({ name: 'Anna', kind: 'person', opensWith: 'passphrase' })
  expect((await withSecrets(['--administrator-fd'], 'tokens', 'initialize')).out).toMatch(/^BTA-GOV\nBTA-REWARD\n/)
  expect((await withSecrets(['--administrator-fd'], 'tokens', 'fund', 'Anna', 'AZR', '12.50', '--memo', 'to begin')).code).toBe(0)
  const sent = await withSecrets(
    ['--as-fd'],
    'tokens',
    'transfer',
    'treasury',
    'AZR',
    '2.5',
    '--as',
    'anna',
    '--json',
    '--idempotency-key',
    'payment 1',
  )
  expect(JSON.parse(sent.out)).toMatchObject({ token: 'AZR', amount: '2.5', balance: { available: '10', locked: '0', total: '10' } })
  const again = await withSecrets(
    ['--as-fd'],
    'tokens',
    'transfer',
    'treasury',
    'AZR',
    '2.5',
    '--as',
    'anna',
    '--json',
    '--idempotency-key',
    'payment 1',
  )
  expect(again.out).toBe(sent.out)
  expect((await treasury('tokens', 'balances', 'Anna')).out).toMatch(/token +available +locked +total +put aside\nAZR +10 +0 +10 +0\n/)
})

test('credit is applied for, and seen by its owner and the administrator only', async () => {
  expect((await treasury('credit', 'quote', '1000')).out).toMatch(/total cost +284\.1122255\n/)
  const applied = await withSecrets(['--as-fd'], 'credit', 'apply', '100', 'education', '--as', 'Anna', '--json')
  expect(JSON.parse(applied.out)).toMatchObject({ id: 'app-1', state: 'rejected', trust: 29, decision: { noAdvice: 'No analyst is set.' } })
  const all = await withSecrets(['--administrator-fd'], 'credit', 'applications', '--everybody', '--json')
  expect(JSON.parse(all.out)).toMatchObject({ total: 1, rows: [{ id: 'app-1', name: 'Anna' }] })
  const own = await withSecrets(['--as-fd'], 'credit', 'application', 'app-1', '--as', 'Anna')
  expect(own.out).toMatch(/^id +app-1\n/)
})

test('settings go out as a file and come in from one', async () => {
  const file = join(folder, 'settings.json')
  const { out } = await treasury('configuration', 'export')
  writeFileSync(file, out.replace('"payments.feeBps": 10', '"payments.feeBps": 25'))
  const done = await withSecrets(['--administrator-fd'], 'configuration', 'import', file, '--json')
  expect(JSON.parse(done.out)).toEqual({ changed: ['payments.feeBps'], version: 1 })
  expect((await treasury('configuration', 'list')).out).toMatch(/payments\.feeBps .* basis points +25 +10 +no/)
})

test('what is refused ends with the literal text and exit code', async () => {
  const pay = (amount: string) => withSecrets(['--as-fd'], 'tokens', 'transfer', 'treasury', 'AZR', amount, '--as', 'Anna')
  expect(await pay('10.0000001')).toMatchObject({ code: 1, out: '', err: 'granary: Insufficient balance\n' })
  expect(await pay('1e3')).toMatchObject({ code: 2, err: expect.stringContaining('amount: ') })
  expect(await treasury('tokens', 'get', 'GOLD')).toMatchObject({ code: 1, err: 'granary: Token not found\n' })
  expect((await treasury('tokens', 'transfer', 'treasury', 'AZR', '1')).code).toBe(2)
  const wrong = await withFd('not this passphrase', fd => treasury('tokens', 'lock', 'AZR', '1', '--as', 'Anna', '--as-fd', fd))
  expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('does not open entity "Anna"') })
})
