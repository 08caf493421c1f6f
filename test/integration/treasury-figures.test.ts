import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createKeys } from '../../src-main/core/keys.ts'
import type { TreasuryInput, TreasuryOutput } from '../../src-main/core/treasury/handlers.ts'
import { createTreasury, type Treasury } from '../../src-main/core/treasury/treasury.ts'
import { openStore, type Store } from '../../src-main/store/open.ts'
import type { Actor } from '../../src-shared/contract.ts'
import { parseCsv } from '../../src-shared/csv.ts'
import { parseAmount } from '../../src-shared/treasury/amounts.ts'
import type { TreasuryCommandName, TreasuryQueryName } from '../../src-shared/treasury/table.ts'

/* Tokens over time, who gave to whom, statements and transactions of a chain, on a clock of the test. One world serves all, in their order. */

const anna: Actor = { id: 'test:anna' }
const passphrase = 'a passphrase of the test'
const hash = 'ab'.repeat(32)
const payee = `G${'A'.repeat(55)}`
const one = 10_000_000n
const daySec = 86_400
const startTs = Date.UTC(2026, 0, 30, 12) / 1000
let nowTs = startTs
let folder: string
let store: Store
let treasury: Treasury
let annaId: string
let bobId: string

const run = async <N extends TreasuryCommandName>(name: N, input: Record<string, unknown>, actor = anna) =>
  (await treasury.command(name, input, actor, randomUUID())) as TreasuryOutput<N>
const ask = <N extends TreasuryQueryName>(name: N, input: Partial<TreasuryInput<N>>, actor = anna) =>
  treasury.query(name, input, actor) as TreasuryOutput<N>
const refused = (code: string, message: RegExp) => ({ code, message: expect.stringMatching(message) })
const admin = (name: TreasuryCommandName, input: Record<string, unknown>) =>
  run('administrator.unlock', { passphrase }).then(() => run(name, input))

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'granary-figures-'))
  store = openStore(folder, { mode: 'write', nowMs: () => nowTs * 1000 })
  const keys = createKeys({ books: store, changed: () => {}, safeStorage: null, stretchLogN: 4 })
  treasury = createTreasury({ books: store, keys, changed: () => {}, network: () => 'main', stretchLogN: 4 })
  await run('administrator.set', { newPassphrase: passphrase })
  await run('tokens.initialize', {})
  annaId = (await run('entities.create', { name: 'Änna & Co', passphrase })).entityId
  bobId = (await run('entities.create', { name: 'Bob', passphrase })).entityId
  nowTs += daySec
  await admin('tokens.fund', { to: 'Bob', token: 'AZR', amount: '5', memo: '=1+1' })
  await admin('tokens.fund', { to: annaId, token: 'AZR', amount: '100', memo: 'to begin with' })
  await run('entities.unlock', { entityId: annaId, passphrase })
  nowTs += 2 * daySec
  await run('entities.unlock', { entityId: annaId, passphrase })
  await run('tokens.transfer', { to: 'Bob', token: 'AZR', amount: '40.5', chainTx: `0x${hash.toUpperCase()}` })
  await run('tokens.lock', { token: 'AZR', amount: '10' })
  await run('tokens.burnLocked', { token: 'AZR', amount: '4' })
})
afterAll(async () => {
  await treasury.close()
  store.close()
  rmSync(folder, { recursive: true, force: true })
})

test('a token over time, by day and month in UTC, also where nothing moved', () => {
  const days = ask('tokens.metrics', { token: 'AZR', fromTs: startTs, step: 'day' }).rows
  const supply = 10n ** 9n * one
  const shown = days.map(row => [row.supply, row.circulating, row.holders, row.minted, row.burnt, row.transferred, row.movements])
  expect(shown).toEqual([
    [supply, 10n ** 7n * one, 2, supply, 0n, 10n ** 7n * one, 2],
    [supply, (10n ** 7n + 105n) * one, 4, 0n, 0n, 105n * one, 2],
    [supply, (10n ** 7n + 105n) * one, 4, 0n, 0n, 0n, 0],
    [supply - 4n * one, (10n ** 7n + 101n) * one, 4, 0n, 4n * one, 405_000_000n, 3],
  ])
  expect(days.map(({ ts }) => ts)).toEqual([0, 1, 2, 3].map(day => Date.UTC(2026, 0, 30 + day) / 1000))
  const months = ask('tokens.metrics', { token: 'AZR', step: 'month', fromTs: startTs }).rows
  expect(months.map(({ ts, movements }) => [ts, movements])).toEqual([
    [Date.UTC(2026, 0, 1) / 1000, 4],
    [Date.UTC(2026, 1, 1) / 1000, 3],
  ])
  expect(ask('tokens.metrics', { token: 'AZR', step: 'hour' }).rows.at(-1)).toMatchObject({ burnt: 4n * one, holders: 4 })
  expect(ask('tokens.metrics', { token: 'BTA-REWARD', toTs: startTs }).rows.at(-1)).toMatchObject({ supply: 0n, holders: 0 })
  expect(() => ask('tokens.metrics', { token: 'GOLD' })).toThrow('Token not found')
  expect(() => ask('tokens.metrics', { token: 'AZR', fromTs: 0, step: 'hour' })).toThrow(/more than 2000 hours/)
  expect(() => ask('tokens.metrics', { token: 'AZR', fromTs: 9, toTs: 8 })).toThrow(/ends before it begins/)
})

test('who gave how much to whom, with the treasury’s own accounts by name', () => {
  const { rows, pairs, amount } = ask('tokens.flows', { token: 'AZR', fromTs: startTs + 1, limit: 3 })
  expect(rows.map(row => [row.from.name, row.to.name, row.amount, row.movements])).toEqual([
    ['Treasury', 'Änna & Co', 100n * one, 1],
    ['Änna & Co', 'Bob', 405_000_000n, 1],
    ['Treasury', 'Bob', 5n * one, 1],
  ])
  expect([pairs, amount]).toEqual([4, 1_495_000_000n])
  expect(ask('tokens.flows', { token: 'AZR', toTs: startTs }).rows[0]).toMatchObject({
    from: { name: 'Issuance' },
    to: { name: 'Treasury' },
  })
})

test('a transaction on a chain is kept, shown, found, and stands for one movement once', async () => {
  const send = (amount: string, to = 'Bob') => run('tokens.transfer', { to, token: 'AZR', amount, chainTx: hash })
  const { rows } = ask('tokens.byChainTx', { chainTx: hash.toUpperCase() })
  expect(rows).toMatchObject([
    { type: 'TRANSFER', from: [{ name: 'Änna & Co' }], to: [{ name: 'Bob' }], amount: 405_000_000n, chainTx: hash },
  ])
  expect(ask('tokens.history', { entityId: bobId }).rows[0]).toMatchObject({ chainTx: hash, entry: rows[0]!.entry })
  const before = ask('tokens.balance', { entityId: annaId, tokenId: 'AZR' })
  await expect(send('40.5')).rejects.toMatchObject(
    refused('tokens.chain-tx', new RegExp(`as entry ${rows[0]!.entry}\\. Nothing was moved`)),
  )
  await expect(send('1')).rejects.toMatchObject({ code: 'tokens.chain-tx' })
  expect(ask('tokens.balance', { entityId: annaId, tokenId: 'AZR' })).toEqual(before)
  // the same transaction may pay somebody else too, and be a mint
  await send('0.5', 'treasury')
  const mint = () => admin('tokens.mint', { to: 'Bob', token: 'BTA-REWARD', amount: '7', chainTx: hash })
  await mint()
  await expect(mint()).rejects.toMatchObject({ code: 'tokens.chain-tx' })
  await admin('tokens.burn', { token: 'BTA-UTIL', amount: '1', chainTx: `0x${hash}` })
  expect(ask('tokens.byChainTx', { chainTx: hash }).rows.map(({ type }) => type)).toEqual(['TRANSFER', 'TRANSFER', 'MINT', 'BURN'])
  expect(ask('tokens.byChainTx', { chainTx: 'nothing' }).rows).toEqual([])
})

test('a statement goes from its opening to its closing balance to the unit, at any past time', () => {
  const whole = ask('tokens.statement', { entityId: annaId })
  expect(whole).toMatchObject({ name: 'Änna & Co', lines: 6, fileName: 'statement-anna-co-to-2026-02-02.csv' })
  const [header, ...rows] = parseCsv(whole.text).map(({ cells }) => cells)
  expect(header).toEqual(['time', 'entry', 'type', 'token', 'part', 'amount', 'available', 'locked', 'others', 'actor', 'memo', 'chain tx'])
  expect(rows.map(cells => [cells[2], ...cells.slice(4, 8)])).toEqual([
    ['OPENING', '', '', '0', '0'],
    ['TRANSFER', 'available', '100', '100', '0'],
    ['TRANSFER', 'available', '-40.5', '59.5', '0'],
    ['LOCK', 'available', '-10', '49.5', '0'],
    ['LOCK', 'locked', '10', '49.5', '10'],
    ['BURN', 'locked', '-4', '49.5', '6'],
    ['TRANSFER', 'available', '-0.5', '49', '6'],
    ['CLOSING', '', '', '49', '6'],
  ])
  expect(rows[2]).toMatchObject({ 0: '2026-02-02 12:00:00 UTC', 8: `Bob (${bobId})`, 9: `Änna & Co (${annaId})`, 11: hash })
  // of the days in between, and of another account whose memo a spreadsheet would run
  const middle = ask('tokens.statement', { entityId: annaId, token: 'AZR', fromTs: startTs + daySec + 1, toTs: startTs + 3 * daySec })
  expect(middle.tokens).toEqual([
    { token: 'AZR', openingAvailable: 100n * one, openingLocked: 0n, closingAvailable: 49n * one, closingLocked: 6n * one },
  ])
  const bob = ask('tokens.statement', { entityId: 'Bob', toTs: startTs + 2 * daySec })
  expect(bob.text).toContain("'=1+1")
  for (const { text } of [whole, middle, bob]) {
    const lines = parseCsv(text).map(({ cells }) => cells)
    for (const [place, part] of [
      [6, 'available'],
      [7, 'locked'],
    ] as const) {
      const units = (cell: string) => parseAmount(cell, 'cell')
      const of = (type: string) => units(lines.find(cells => cells[2] === type && cells[3] === 'AZR')![place]!)
      const moved = lines.filter(cells => cells[4] === part && cells[3] === 'AZR').reduce((sum, cells) => sum + units(cells[5]!), 0n)
      expect(of('OPENING') + moved).toBe(of('CLOSING'))
    }
  }
  expect(() => ask('tokens.statement', { entityId: 'Bob' }, { id: 'rest', entity: annaId })).toThrow(/another entity/)
})

test('TFT has figures, flows and statements of what was paid on Stellar', () => {
  store.books.prepare("INSERT INTO payout_runs VALUES ('r', 'main', 'period 1', '{}', 1, 1, 'stopped', 1, 1)").run()
  const insert = store.books.prepare(
    `INSERT INTO payout_rows (run_id, place, network, receipt, origin, node_id, farm_id, payee, amount_units, stage, tx, ledger, paid_ts, is_foreign)
     VALUES ('r', ?, 'main', ?, ?, 7, 1, ?, ?, 'paid', ?, 5, ?, 0)`,
  )
  for (const [place, units, ts] of [
    [0, '30', startTs],
    [1, '12', startTs + daySec],
  ] as const)
    insert.run(place, `receipt ${place}`, `receipt ${place}`, payee, units, `${place}`.repeat(64), ts)
  const { rows } = ask('tokens.metrics', { token: 'TFT', fromTs: startTs + daySec, toTs: startTs + daySec })
  expect(rows).toMatchObject([{ supply: 42n, circulating: 42n, minted: 12n, holders: 1, movements: 1 }])
  expect(ask('tokens.flows', { token: 'TFT' }).rows).toMatchObject([{ to: { entityId: payee }, amount: 42n, movements: 2 }])
  expect(ask('tokens.byChainTx', { chainTx: '1'.repeat(64) }).rows).toMatchObject([{ entry: 0, token: 'TFT', amount: 12n }])
  const later = ask('tokens.statement', { entityId: payee, fromTs: startTs + 1 })
  expect(later).toMatchObject({ lines: 1, tokens: [{ openingAvailable: 30n, closingAvailable: 42n }] })
})
