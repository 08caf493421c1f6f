import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openCore } from '../../src-main/core/index.ts'
import { rowSource } from '../../src-main/jobs/exports/rows.ts'
import { statementPdf } from '../../src-main/jobs/exports/statement-pdf.ts'
import { writeExport } from '../../src-main/jobs/exports/write.ts'
import { writeTransaction } from '../../src-main/store/db.ts'
import { PAGE_ROWS } from '../../src-main/store/export-rows.ts'
import { addLedgerToken, post } from '../../src-main/store/ledger.ts'
import { openStore, type Store } from '../../src-main/store/open.ts'
import { listPeriods } from '../../src-main/store/periods.ts'
import { loadNodeRows } from '../../src-main/store/results.ts'
import type { Core } from '../../src-shared/contract.ts'
import { parseCsv } from '../../src-shared/csv.ts'
import { exportKinds } from '../../src-shared/exports.ts'
import { tftExact } from '../../src-shared/money.ts'
import type { Statement } from '../../src-shared/statement.ts'
import { periodAt } from '../../src-shared/time.ts'
import { granary } from '../helpers/granary.ts'
import { openLedger } from '../helpers/ledger.ts'
import { importPaidPeriods } from '../helpers/paid-period.ts'
import { ended, run } from '../helpers/pay-core.ts'
import { keepPaid, keepPeriod } from '../helpers/statement-books.ts'

let folder: string
let dataDir: string

/** 2024-12-31 23:30 and 2025-01-01 00:30 in UTC */
const TURN = [1_735_687_800, 1_735_691_400]

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'granary-exports-'))
  dataDir = join(folder, 'data')
  await importPaidPeriods(dataDir, folder)
  const store = openStore(dataDir, { mode: 'write' })
  for (const [i, period] of [79, 80].entries()) keepPaid(store, period, 1, TURN[i]!)
  addLedgerToken(store, 'AZR', null, 1)
  writeTransaction(store.books, 'books.db', () => {
    for (const [memo, ts] of [
      ['=1+1', 1_735_689_599],
      ['plain', 1_735_689_600],
    ] as const)
      post(store, {
        ...{ kind: 'MINT', ts, actor: 'test', memo },
        postings: [
          { entity: 'treasury', token: 'AZR', part: 'issuance', amountUnits: -(2n ** 60n) },
          { entity: 'treasury', token: 'AZR', part: 'available', amountUnits: 2n ** 60n },
        ],
      })
  })
  store.close()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const out = (name: string) => join(folder, name)
const read = (name: string) => readFileSync(out(name), 'utf8')

async function exported(name: string, ...args: string[]): Promise<{ header: string[]; rows: Record<string, string>[] }> {
  const { code, err } = await granary('export', ...args, '--data', dataDir, '--out', out(name))
  expect(err).toBe('')
  expect(code).toBe(0)
  const [header, ...lines] = parseCsv(read(name))
  return { header: header!.cells, rows: lines.map(({ cells }) => Object.fromEntries(cells.map((cell, i) => [header!.cells[i]!, cell]))) }
}

test('receipts, payouts, ledger, uptime and audit trail come as CSV with exact amounts, by their filters', async () => {
  const store = openStore(dataDir, { mode: 'read' })
  const periods = listPeriods(store).map(({ index }) => index)
  const nodes = periods.flatMap(index =>
    loadNodeRows(store, index).map(node => [String(index), String(node.nodeId), tftExact(node.rewardUnits)]),
  )
  store.close()
  const all = await exported('receipts.csv', 'receipts')
  expect(all.rows.map(({ period, node_id, tft }) => [period, node_id, tft])).toEqual(nodes)
  const some = await exported('some.csv', 'receipts', '--period', '80', '--farm', '2')
  expect(some.rows.length).toBeGreaterThan(0)
  expect(some.rows).toEqual(all.rows.filter(({ period, farm_id }) => period === '80' && farm_id === '2'))
  // a period counts by its end, the day inclusive
  const endDay = new Date(periodAt(79).end * 1000).toISOString().slice(0, 10)
  const ends = await exported('ends.csv', 'receipts', '--from', endDay, '--to', endDay)
  expect(new Set(ends.rows.map(({ period }) => period))).toEqual(new Set(['79']))

  const paid = await exported('payouts.csv', 'payouts', '--from', '2025-01-01')
  expect(paid.rows.map(({ state, paid_at }) => [state, paid_at])).toEqual([['paid', '2025-01-01 00:30:00 UTC']])
  const ledger = await exported('ledger.csv', 'ledger', '--account', 'treasury', '--to', '2024-12-31')
  expect(ledger.rows.map(({ amount, memo }) => [amount, memo])).toEqual([
    ['-115292150460.6846976', "'=1+1"],
    ['115292150460.6846976', "'=1+1"],
  ])
  const days = await exported('uptime.csv', 'uptime', '--node', '1', '--period', '80')
  expect(days.rows).toHaveLength(31)
  const sum = days.rows.reduce((total, row) => total + Number(row.up_seconds), 0)
  expect(sum).toBe(Number(all.rows.find(({ period, node_id }) => period === '80' && node_id === '1')!.uptime_seconds))
  const trail = await exported('audit.csv', 'audit')
  expect(trail.rows.map(({ entry }) => entry)).toEqual(trail.rows.map((_, i) => String(i + 1)))
})

test('JSON is one document or a line each, with amounts as texts, and says what CSV says', async () => {
  const csv = await exported('as.csv', 'receipts', '--period', '79')
  await granary('export', 'receipts', '--period', '79', '--data', dataDir, '--out', out('as.json'))
  await granary('export', 'receipts', '--period', '79', '--data', dataDir, '--out', out('as.ndjson'))
  const document = JSON.parse(read('as.json')) as { kind: string; columns: string[]; rows: Record<string, unknown>[] }
  const lines = read('as.ndjson')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as unknown)
  expect(document.columns).toEqual(csv.header)
  expect(document.rows).toEqual(lines)
  expect(document.rows.map(row => csv.header.map(name => String(row[name] ?? '')))).toEqual(
    csv.rows.map(row => csv.header.map(name => row[name])),
  )
  for (const { tft, usd } of document.rows) expect([typeof tft, typeof usd]).toEqual(['string', 'string'])
})

test('what a kind can’t be filtered by, and what can’t be read, is refused, and no file is there', async () => {
  const refused = async (...args: string[]) => {
    const { code, err } = await granary('export', ...args, '--data', dataDir, '--out', out('never.csv'))
    expect(existsSync(out('never.csv'))).toBe(false)
    return [code, err]
  }
  expect(await refused('ledger', '--farm', '1')).toEqual([2, expect.stringContaining('has no filter by farm')])
  expect(await refused('receipts', '--from', '2025-02-30')).toEqual([2, expect.stringContaining('--from')])
  expect(await refused('receipts', '--from', '2025-02-02', '--to', '2025-02-01')).toEqual([2, expect.stringContaining('is after the last')])
  expect(await refused('everything')).toEqual([2, expect.stringContaining('"everything" is none of them')])
  expect(await refused('receipts', '--format', 'pdf')).toEqual([2, expect.stringContaining('Only a statement')])
  expect(await refused('ledger', '--account', 'nobody')).toEqual([1, expect.stringContaining('has no account "nobody"')])
  expect(await refused('statement', '--farm', '1', '--year', '2024', '--currency', 'CHF')).toEqual([
    1,
    expect.stringContaining('No prices in CHF'),
  ])
  expect(await refused('statement', '--farm', '4711', '--year', '2024')).toEqual([
    1,
    expect.stringContaining('Nothing here knows farm 4711'),
  ])
  expect(await refused('statement', '--farm', '1', '--year', '2024', '--timezone', 'Mars/Base')).toEqual([
    2,
    expect.stringContaining('no time zone'),
  ])
})

test('a statement has the days of its time zone, names days without a price, and is the same bytes again', async () => {
  const prices = out('prices.csv')
  writeFileSync(prices, 'date,price\n2024-12-31,0.5\n2024-12-31,0.50\n2024-12-29,1\n')
  const options = ['--farm', '1', '--year', '2024', '--currency', 'eur', '--data', dataDir]
  const first = await granary('export', 'statement', ...options, '--prices', prices, '--out', out('statement.csv'))
  expect([first.code, first.err]).toEqual([
    0,
    expect.stringMatching(/2 new, 0 changed, 0 as they were; 1 lines said the same again[\s\S]*2024-12-30/),
  ])
  const sections = (name: string) => parseCsv(read(name)).map(({ cells }) => cells)
  const payments = sections('statement.csv').filter(([section]) => section === 'payment')
  expect(payments.map(([, day, at]) => [day, at])).toEqual([['2024-12-31', '2024-12-31 23:30:00 UTC']])
  const half = BigInt(payments[0]![7]!.replace('.', '')) * 5n
  expect(payments[0]![10]).toBe(`${(half + 500_000n) / 100_000_000n}.${String(((half + 500_000n) / 1_000_000n) % 100n).padStart(2, '0')}`)
  expect(
    sections('statement.csv')
      .find(([section]) => section === 'other year')
      ?.at(-1),
  ).toContain('Paid on 2025-01-01: it is in the statement of 2025.')
  // in Anchorage both arrived in the old year; an hour east of London none did
  await granary('export', 'statement', ...options, '--timezone', 'America/Anchorage', '--out', out('west.csv'))
  expect(sections('west.csv').filter(([section]) => section === 'payment')).toHaveLength(2)
  await granary('export', 'statement', ...options, '--timezone', 'Europe/Brussels', '--out', out('east.csv'))
  expect(sections('east.csv').filter(([section]) => section === 'payment')).toHaveLength(0)
  expect(read('east.csv')).toContain('Europe/Brussels')
  // what has no price is listed, and is no part of the sum
  await granary('export', 'statement', ...options, '--year', '2025', '--out', out('next.csv'))
  expect(sections('next.csv').find(([section]) => section === 'missing price')?.[1]).toBe('2025-01-01')
  expect(sections('next.csv').find(([section]) => section === 'total')?.[10]).toBe('')
  for (const name of ['a.pdf', 'b.pdf']) await granary('export', 'statement', ...options, '--out', out(name))
  expect(readFileSync(out('a.pdf')).subarray(0, 5).toString()).toBe('%PDF-')
  expect(readFileSync(out('a.pdf')).equals(readFileSync(out('b.pdf')))).toBe(true)
})

test('names that the PDF’s fonts lack are marked there and whole in the CSV; a long statement goes on over pages', async () => {
  const { store, close } = openLedger()
  try {
    keepPeriod(store, 80, [{ nodeId: 1, farmId: 5, amountUnits: 7n, musd: 3n }], () => '中文农场 Žluť')
    const { readStatement } = await import('../../src-main/core/statement.ts')
    const statement = readStatement({ facts: store, books: store }, { farmId: 5, year: 2025, timeZone: 'UTC' })
    expect(statement.farmName).toBe('中文农场 Žluť')
    const long: Statement = { ...statement, apart: Array.from({ length: 120 }, (_, i) => ({ ...statement.apart[0]!, nodeId: i })) }
    const { PDFDocument } = await import('@cantoo/pdf-lib')
    const pages = async (of: Statement) => (await PDFDocument.load(await statementPdf(of), { updateMetadata: false })).getPageCount()
    expect([await pages(statement), await pages(long)]).toEqual([1, expect.any(Number)])
    expect(await pages(long)).toBeGreaterThan(2)
  } finally {
    close()
  }
})

test('a price file with wrong lines is not taken, and each is named', async () => {
  const bad = out('bad.csv')
  writeFileSync(bad, 'date,price\n2030-01-01,1\nyesterday,1\n2030-01-01,2\n2030-01-02,0\n2030-01-03,1,5\n')
  const { code, err } = await granary('prices', 'import', bad, '--currency', 'USD', '--data', dataDir)
  expect(code).toBe(2)
  for (const words of ['Line 3: "yesterday"', 'Line 4: 2030-01-01 stands in line 2', 'Line 5: the price is 0', 'Line 6: it has 3 cells'])
    expect(err).toContain(words)
  expect((await granary('prices', 'list', '--data', dataDir)).out).not.toContain('USD')
  expect((await granary('prices', 'remove', '--currency', 'USD', '--data', dataDir)).code).toBe(1)
})

test('an export is kept under a name, used by it with filters besides, and deleted', async () => {
  const presets = (...args: string[]) => granary('presets', ...args, '--data', dataDir)
  expect((await presets('save', 'mine', 'receipts', '--farm', '1', '--format', 'ndjson')).out).toContain('mine: receipts, farm 1, ndjson')
  expect((await presets('save', 'wrong', 'audit', '--farm', '1')).code).toBe(2)
  expect((await presets('list')).out).toBe('mine: receipts, farm 1, ndjson\n')
  const { code } = await granary('export', '--preset', 'mine', '--period', '80', '--data', dataDir, '--out', out('mine'))
  const rows = read('mine')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as { farm_id: number; period: number })
  expect([code, new Set(rows.map(({ farm_id, period }) => `${farm_id} ${period}`))]).toEqual([0, new Set(['1 80'])])
  expect((await granary('export', 'audit', '--preset', 'mine', '--data', dataDir, '--out', out('mine'))).code).toBe(2)
  await presets('delete', 'mine')
  expect((await granary('export', '--preset', 'mine', '--data', dataDir, '--out', out('mine'))).err).toContain('There is none yet.')
})

test('rows come a page at a time; what is stopped leaves the file that was there; what is written meanwhile is not in it', async () => {
  const { store, close } = openLedger()
  let reader: Store | null = null
  try {
    const count = 2 * PAGE_ROWS + 3
    keepPeriod(
      store,
      80,
      Array.from({ length: count }, (_, i) => ({ nodeId: i + 1, farmId: 1, amountUnits: 1n, musd: 0n })),
    )
    reader = openStore(store.dataDir, { mode: 'read' })
    const stores = { facts: reader, books: reader }
    const sizes = [...rowSource(stores, { kind: 'receipts', filter: {} }).pages()].map(({ length }) => length)
    expect(sizes).toEqual([PAGE_ROWS, PAGE_ROWS, 3])
    const target = out('large.csv')
    const order = { kind: 'receipts', filter: {}, format: 'csv' } as const
    writeFileSync(target, 'before')
    const abort = new AbortController()
    const stopping = writeExport(stores, order, target, { signal: abort.signal, onProgress: () => abort.abort() })
    await expect(stopping).rejects.toMatchObject({ code: 'cancelled' })
    expect(readFileSync(target, 'utf8')).toBe('before')
    expect(readdirSync(folder).filter(name => name.endsWith('.part'))).toEqual([])
    const writing = writeExport(stores, order, target, {})
    keepPeriod(store, 81, [{ nodeId: 1, farmId: 1, amountUnits: 1n, musd: 0n }])
    expect((await writing).rows).toBe(count)
    expect(parseCsv(readFileSync(target, 'utf8'))).toHaveLength(count + 1)
  } finally {
    reader?.close()
    close()
  }
})

test('a page gets its file by a job, part by part, and the audit trail says that it left', async () => {
  const core: Core = await openCore({ dataDir, host: 'loopback', version: '1', demoDir: null, networksFile: null, mode: 'write' })
  try {
    const order = { kind: 'receipts', filter: { period: 79 }, format: 'csv' } as const
    const preview = await core.query('exports.preview', { order, limit: 1 })
    const { jobId } = await run(core, 'exports.start', { order })
    expect(await ended(core, { jobId })).toBe(`${preview.total} rows`)
    const { fileName, size, base64 } = await core.query('exports.part', { jobId, offset: 0 })
    const bytes = Buffer.from(base64, 'base64')
    expect([fileName, bytes.length]).toEqual(['granary-receipts-period-79.csv', size])
    expect(parseCsv(bytes.toString())).toHaveLength(preview.total + 1)
    expect(preview.rows).toHaveLength(1)
    expect((await core.query('audit.list', { limit: 1 })).rows[0]).toMatchObject({ action: 'exports.start', subject: 'receipts' })
    await run(core, 'exports.drop', { jobId })
    await expect(core.query('exports.part', { jobId, offset: 0 })).rejects.toMatchObject({ code: 'not-found' })
    await expect(run(core, 'exports.start', { order: { kind: 'audit', filter: { farmId: 1 } } })).rejects.toMatchObject({ code: 'usage' })
    for (const kind of exportKinds) expect((await core.query('exports.preview', { order: { kind } })).columns.length).toBeGreaterThan(2)
  } finally {
    await core.close()
  }
  expect(existsSync(join(dataDir, 'exports'))).toBe(false)
})
