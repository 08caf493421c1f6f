import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { lookAtFile } from '../../src-main/core/given-file.ts'
import { BUNDLE_FORMAT } from '../../src-main/jobs/audit/bundle-form.ts'
import { REPORT_FORMAT } from '../../src-shared/receipt-audit.ts'

// What a file says it is, before anything is done with it.

const golden = join(import.meta.dirname, '../golden/cases/mixed_random')
let folder: string
const at = (name: string) => join(folder, name)

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-given-'))
  copyFileSync(join(golden, 'archive.ndjson.gz'), at('period 80.gz'))
  const plain = gunzipSync(readFileSync(at('period 80.gz')))
  writeFileSync(at('archive.ndjson'), plain)
  writeFileSync(at('archive.zst'), zstdCompressSync(plain))
  copyFileSync(join(golden, 'receipts.ndjson'), at('receipts.ndjson'))
  copyFileSync(join(golden, 'payouts.csv'), at('payouts.csv'))
  const [first] = readFileSync(at('receipts.ndjson'), 'utf8').split('\n')
  writeFileSync(at('one.json'), JSON.stringify(JSON.parse(first!).receipt, null, 2))
  writeFileSync(at('mints.ndjson'), '{"id":"00","mint":{"node_id":1}}\n')
  const head = { kind: 'evidence', format: BUNDLE_FORMAT, version: 1, nodeId: 17, period: { index: 80, start: 1, end: 2 } }
  writeFileSync(at('a.evidence'), gzipSync(`${JSON.stringify(head)}\n{}\n`))
  writeFileSync(at('own.evidence'), gzipSync(`${JSON.stringify({ ...head, period: { start: 1, end: 2 } })}\n{}\n`))
  writeFileSync(at('audit.json'), `{"format":"${REPORT_FORMAT}","version":1,"receipts":[]}`)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each([
  ['period 80.gz', { kind: 'archive', network: 'test', period: 80, nodeId: null }],
  ['archive.ndjson', { kind: 'archive', network: 'test', period: 80 }],
  ['archive.zst', { kind: 'archive', network: 'test', period: 80 }],
  ['a.evidence', { kind: 'bundle', network: null, period: 80, nodeId: 17 }],
  ['own.evidence', { kind: 'bundle', period: null, nodeId: 17 }],
  ['audit.json', { kind: 'report', network: null, period: null }],
  ['receipts.ndjson', { kind: 'receipts' }],
  ['one.json', { kind: 'receipts' }],
  ['mints.ndjson', { kind: 'receipts' }],
  ['payouts.csv', { kind: 'receipts' }],
])('%s is told by its content', async (name, found) => {
  expect(await lookAtFile(at(name))).toMatchObject({ name, ...found, bytes: readFileSync(at(name)).length })
})

test('what says nothing, is damaged or only looks like something is unknown; a name in it is shown without its tricks', async () => {
  const files: Record<string, string | Buffer> = {
    empty: '',
    'photo.ndjson.gz': Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 1, 2, 3]),
    'cut.gz': readFileSync(at('period 80.gz')).subarray(0, 12),
    'broken.gz': Buffer.from([0x1f, 0x8b, 9, 9, 9, 9, 9, 9, 9, 9]),
    'other.json': '{"format":"other","period":{"index":80}}',
    'deep.json': '['.repeat(100_000),
    'wrong.ndjson': '{"kind":"header","format":"grid-archive","network":"main","period":{"index":"80"}}\n',
  }
  for (const [name, bytes] of Object.entries(files)) {
    writeFileSync(at(name), bytes)
    expect(await lookAtFile(at(name))).toMatchObject({ name, kind: 'unknown', network: null, period: null, nodeId: null })
  }
  writeFileSync(
    at('odd.ndjson'),
    `${JSON.stringify({ format: 'grid-archive', network: `ma\u202ein${'x'.repeat(5000)}`, period: { index: 3 } })}\n`,
  )
  const { network } = await lookAtFile(at('odd.ndjson'))
  expect([network!.length, network!.startsWith('mainx')]).toEqual([100, true])
})

test('a folder, a pipe and what is not there are refused at once, in words', async () => {
  mkdirSync(at('folder'))
  await expect(lookAtFile(at('folder'))).rejects.toMatchObject({ code: 'io.failed', message: expect.stringContaining('folder is no file') })
  await expect(lookAtFile(at('nowhere'))).rejects.toMatchObject({ code: 'io.missing' })
  if (process.platform === 'win32') return
  execFileSync('mkfifo', [at('pipe')])
  await expect(lookAtFile(at('pipe'))).rejects.toMatchObject({ code: 'io.failed' })
})
