import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { importFiles, mintArchive, writeDemo } from '../../src-main/core/index.ts'
import { listPeriods, openStore } from '../../src-main/store/index.ts'
import { AppError } from '../../src-shared/errors.ts'
import { smallDisk } from '../helpers/small-disk.ts'

const folder = mkdtempSync(join(tmpdir(), 'granary-bad-'))
const dataDir = join(folder, 'data')
const healthy = join(import.meta.dirname, '../golden/cases/healthy/archive.ndjson.gz')
const text = gunzipSync(readFileSync(healthy)).toString('utf8')
const lines = text.trimEnd().split('\n')
let before = ''

beforeAll(async () => {
  await importFiles({ dataDir, files: [healthy], actor: 'test' }, {})
  before = stateOfStore()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function stateOfStore(): string {
  const store = openStore(dataDir, { mode: 'read' })
  try {
    const rows = ['imports', 'chunks', 'events', 'node_results'].map(table =>
      store.facts.prepare(`SELECT count(*) FROM ${table}`).pluck().get(),
    )
    return JSON.stringify([listPeriods(store).map(period => [period.index, period.digest, period.importId]), rows])
  } finally {
    store.close()
  }
}

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

/** The archive with one line changed (counted from 1). */
function withLine(number: number, change: (line: string) => string): string {
  return `${lines.map((line, index) => (index === number - 1 ? change(line) : line)).join('\n')}\n`
}

const compressed = readFileSync(healthy)
const damaged = Uint8Array.from(compressed)
damaged.fill(0xa5, 5000, 5200)
const notUtf8 = Buffer.from(
  withLine(3, line => line.replace('"farm1"', '"farm\u0001"')),
  'utf8',
)
notUtf8[notUtf8.indexOf(1)] = 0xff
const zstd = zstdCompressSync(text)
const reported =
  (node: number, member = '"uptime":500602') =>
  (line: string) =>
    line.replace('"node_id":1', `"node_id":${node}`).replace('"uptime":500602', member)

/** [name, content, code, what the message must say] */
const cases: [string, string | Uint8Array, string, RegExp][] = [
  ['truncated gzip', compressed.subarray(0, 9000), 'archive.compression', /gzip|compressed/i],
  ['corrupt gzip', damaged, 'archive.compression', /gzip|compressed|damaged/i],
  ['truncated zstd', zstd.subarray(0, zstd.length / 2), 'archive.compression', /zstd|compressed/i],
  ['not UTF-8', notUtf8, 'archive.format', /line 3.*UTF-8/i],
  ['wrong header', withLine(1, line => line.replace('grid-archive', 'grain-archive')), 'archive.format', /line 1.*format/i],
  ['newer version', withLine(1, line => line.replace('"version":1', '"version":2')), 'archive.format', /line 1.*version/i],
  ['missing snapshot', `${lines.filter((_, index) => index !== 1).join('\n')}\n`, 'archive.format', /line 2.*snapshot/i],
  ['blocks out of order', `${[...lines.slice(0, 3), lines[4], lines[3], ...lines.slice(5)].join('\n')}\n`, 'archive.format', /line 5/],
  ['duplicate blocks', `${[...lines.slice(0, 4), lines[3], ...lines.slice(4)].join('\n')}\n`, 'archive.format', /line 5/],
  [
    'unknown event',
    withLine(4, line => line.replace('NodeUptimeReported', 'NodeUptimeReportedV2')),
    'archive.format',
    /line 4.*NodeUptimeReportedV2/,
  ],
  ['unknown node', withLine(4, reported(77)), 'mint.inconsistent', /node 77.*block/is],
  ['negative number', withLine(4, reported(1, '"uptime":-5')), 'archive.format', /line 4.*uptime/],
  ['huge number', withLine(4, reported(1, '"uptime":18446744073709551616')), 'archive.format', /line 4.*uptime/],
  ['fractional seconds', withLine(4, reported(1, '"uptime":500602.5')), 'archive.format', /line 4.*uptime/],
  ['duplicate member', withLine(4, reported(1, '"uptime":1,"uptime":2')), 'archive.format', /line 4.*uptime/],
  ['missing member', withLine(4, line => line.replace(',"uptime":500602', '')), 'archive.format', /line 4.*uptime/],
  ['half a line', text.slice(0, text.length - 40), 'archive.format', new RegExp(`line, ${lines.length}, is not complete`)],
  ['empty file', '', 'archive.format', /empty/i],
  ['not JSON', 'node,uptime\n1,2\n', 'archive.format', /line 1/],
  ['gzip of nothing', gzipSync(''), 'archive.format', /empty/i],
  ['a twin without end', withLine(3, line => line.slice(0, -20)), 'archive.format', /line 3/],
]

async function refusal(work: () => Promise<unknown>): Promise<AppError> {
  const error = await work().then(
    () => null,
    caught => caught as unknown,
  )
  expect(error, 'was accepted').toBeInstanceOf(AppError)
  return error as AppError
}

test.each(cases)('%s: a clear message, no file written, the store as before', async (name, content, code, says) => {
  const source = write(`${name.replaceAll(' ', '-')}.bin`, content)
  const outDir = join(folder, 'out', name)
  const minted = await refusal(() => mintArchive({ source, resources: 'latest', outDir }, {}))
  expect([minted.code, minted.message]).toEqual([code, expect.stringMatching(says)])
  expect(existsSync(outDir) ? readdirSync(outDir) : []).toEqual([])
  const imported = await refusal(() => importFiles({ dataDir, files: [source], actor: 'test' }, {}))
  // with the period already stored, other events for it are a conflict if the damage comes after the first difference
  expect([code, 'store.conflict']).toContain(imported.code)
  expect(stateOfStore()).toBe(before)
  const fresh = join(folder, 'fresh')
  const first = await refusal(() => importFiles({ dataDir: fresh, files: [source], actor: 'test' }, {}))
  expect(first.code).toBe(code)
  const store = openStore(fresh, { mode: 'read' })
  expect(listPeriods(store)).toEqual([])
  expect(store.facts.prepare('SELECT count(*) FROM imports').pluck().get()).toBe(0)
  store.close()
  rmSync(fresh, { recursive: true })
})

test('a line of 1 GB is refused in constant memory', async () => {
  const path = join(folder, 'long.ndjson')
  const handle = openSync(path, 'w')
  const head = Buffer.from(`${lines.slice(0, 3).join('\n')}\n{"kind":"block","n":1000100,"ts":1732972002,"events":["`)
  writeSync(handle, head)
  ftruncateSync(handle, head.length + 2 ** 30) // a hole of zeros: one line without end
  closeSync(handle)
  const before = process.memoryUsage().rss
  const error = await refusal(() => mintArchive({ source: path, resources: 'latest', outDir: join(folder, 'out-long') }, {}))
  expect(error.code).toBe('archive.format')
  expect(error.message).toMatch(/line 4/i)
  expect(process.memoryUsage().rss - before).toBeLessThan(400e6)
  rmSync(path)
})

test('a directory and a missing file', async () => {
  for (const [source, code] of [
    [folder, 'io.failed'],
    [join(folder, 'nowhere.ndjson'), 'io.missing'],
  ] as const) {
    const error = await refusal(() => mintArchive({ source, resources: 'latest', outDir: join(folder, 'out-none') }, {}))
    expect(error.code).toBe(code)
    expect(existsSync(join(folder, 'out-none'))).toBe(false)
  }
})

const child = join(import.meta.dirname, '../helpers/import-child.ts')

test('no permission: to read the file, to write the data folder', { skip: process.platform === 'win32' }, () => {
  // root may read everything, so a root run tries as nobody, on copies that nobody may reach
  const place = mkdtempSync(join(tmpdir(), 'granary-denied-'))
  chmodSync(place, 0o755)
  const uid = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  const secret = join(place, 'secret.ndjson.gz')
  copyFileSync(healthy, secret)
  chmodSync(secret, 0o000)
  const open = join(place, 'open')
  mkdirSync(open, { mode: 0o777 })
  chmodSync(open, 0o777)
  const closed = join(place, 'closed')
  mkdirSync(closed, { mode: 0o500 })
  const readable = join(place, 'readable.ndjson.gz')
  copyFileSync(healthy, readable)
  chmodSync(readable, 0o644)
  for (const [data, archive] of [
    [join(open, 'data'), secret],
    [join(closed, 'data'), readable],
  ]) {
    const ended = spawnSync(process.execPath, [child, data!, archive!], {
      ...uid,
      encoding: 'utf8',
      cwd: join(import.meta.dirname, '../..'),
    })
    expect(ended.status).not.toBe(0)
    expect(ended.stderr).toMatch(/io\.denied/)
  }
  chmodSync(closed, 0o700)
  rmSync(place, { recursive: true, force: true })
})

test('a full disk: what was there stays, and it goes on once there is room', async context => {
  const disk = smallDisk(2)
  if (disk === null) {
    console.log('skipped: making a small file system needs root on Linux')
    return context.skip()
  }
  try {
    const big = join(folder, 'big.ndjson')
    await writeDemo({ nodes: 300, seed: 3, target: big }, {})
    const ballast = join(disk, 'ballast')
    writeFileSync(ballast, Buffer.alloc(1_200_000))
    const full = await refusal(() => importFiles({ dataDir: join(disk, 'data'), files: [big], actor: 'test' }, {}))
    expect([full.code, full.message]).toEqual(['io.full', expect.stringMatching(/full/i)])
    // outputs of a mint: none half-written
    expect(() => writeFileSync(ballast, Buffer.alloc(3_000_000))).toThrow(/ENOSPC/)
    const out = join(disk, 'out')
    const minted = await refusal(() => mintArchive({ source: healthy, resources: 'latest', outDir: out }, {}))
    expect(minted.code).toBe('io.full')
    expect(existsSync(out) ? readdirSync(out) : []).toEqual([])
    await expect(writeDemo({ nodes: 50, seed: 3, target: join(disk, 'demo.ndjson') }, {})).rejects.toMatchObject({ code: 'io.full' })
    expect(readdirSync(disk).filter(name => name.includes('demo'))).toEqual([])
    rmSync(ballast)
    execFileSync('mount', ['-o', 'remount,size=64m', disk])
    const [done] = await importFiles({ dataDir: join(disk, 'data'), files: [big], actor: 'test' }, {})
    expect(done!.outcome).toBe('imported')
  } finally {
    execFileSync('umount', [disk])
    rmSync(disk, { recursive: true })
  }
})
