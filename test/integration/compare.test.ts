import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exportArchive, importFiles, mintPeriodByNode, openCore } from '../../src-main/core/index.ts'
import { receiptHash } from '../../src-main/engines/minting/receipt.ts'
import { run } from '../../src-main/hosts/cli/main.ts'
import type { CompareHead, CompareRow } from '../../src-shared/compare.ts'
import type { Core } from '../../src-shared/contract.ts'
import { periodAt } from '../../src-shared/time.ts'
import { casesDir, expected } from '../helpers/cases.ts'
import { demoArchives } from '../helpers/demo-archive.ts'

/* Comparing and verifying over the store: what a signer does with another signer's files. */

const SOURCE = join(casesDir, 'retry_source')
const TARGET = join(casesDir, 'retry_target')

let folder: string
let dataDir: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'granary-compare-'))
  dataDir = join(folder, 'data')
  const files = [SOURCE, TARGET].map(dir => join(dir, 'archive.ndjson.gz'))
  await importFiles({ dataDir, files, actor: 'test' }, {})
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function granary(...args: string[]) {
  const collected = { stdout: '', stderr: '' }
  const into = (name: keyof typeof collected) =>
    new Writable({
      write(chunk, _encoding, done) {
        collected[name] += String(chunk)
        done()
      },
    }) as unknown as NodeJS.WriteStream
  const code = await run([...args, '--data', dataDir], { stdout: into('stdout'), stderr: into('stderr') })
  return { code, ...collected }
}

/** A copy of a case's files, changed. */
function proposal(from: string, change: { payouts?: (text: string) => string; receipts?: (text: string) => string }): string {
  const dir = mkdtempSync(join(folder, 'proposal-'))
  for (const name of ['payouts', 'receipts'] as const) {
    const file = name === 'payouts' ? 'payouts.csv' : 'receipts.ndjson'
    if (Object.keys(change).length === 0 || change[name]) {
      const text = readFileSync(join(from, file), 'utf8')
      writeFileSync(join(dir, file), change[name]?.(text) ?? text)
    }
  }
  return dir
}

/** The first receipt with a text exchanged, hashed anew. */
function changed(receipts: string, from: string, to: string): string {
  const [line = '', ...rest] = receipts.split('\n')
  const at = line.indexOf(',"receipt":') + 11
  const receipt = line.slice(at, -1).replace(from, to)
  return [`${line.slice(0, at).replace(/[0-9a-f]{64}/, receiptHash(receipt))}${receipt}}`, ...rest].join('\n')
}

describe('granary compare', () => {
  test('the folder that the present program wrote is equal, with its retries told from the period before, and what that rests on', async () => {
    const { code, stdout, stderr } = await granary('compare', TARGET, '--check')
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('Period 80 (rules v3, resources latest) against payouts.csv, receipts.ndjson')
    expect(stdout).toContain('All 4 are equal, and 1 retry to look at.')
    expect(stdout).toContain('The order is as it must be.')
    expect(stdout).toContain('Pays the receipt of node 2 of the period before once more')
    expect(stdout).toContain('Rests on the grid archive archive.ndjson.gz')
    expect(stdout).toContain('No storage proofs were checked.')
  })

  test('the period is found by what the files say, by hashes alone too; one that is not stored is told', async () => {
    const period = async (...args: string[]) => (JSON.parse((await granary('compare', ...args, '--json')).stdout) as CompareHead).period
    expect(await period(join(SOURCE, 'receipts.ndjson'))).toBe(79)
    expect(await period(join(TARGET, 'payouts.csv'))).toBe(80)
    expect(await period(join(SOURCE, 'payouts.csv'))).toBe(79)
    expect(await granary('compare', SOURCE, '--period', '12')).toMatchObject({ code: 1, stderr: expect.stringContaining('Period 12') })
    const strange = proposal(SOURCE, { payouts: () => `GABC,1.0000000,${'1'.repeat(64)}\n` })
    expect(await granary('compare', strange)).toMatchObject({ code: 2, stderr: expect.stringContaining('--period K') })
    expect(await granary('compare', join(folder, 'nowhere'))).toMatchObject({ code: 1, stderr: expect.stringContaining('no such file') })
  })

  test('a difference in uptime is told with its seconds; --check makes the exit code tell it', async () => {
    const dir = proposal(TARGET, { receipts: text => changed(text, '"measured_uptime":2630880', '"measured_uptime":2628480') })
    const { code, stdout } = await granary('compare', dir)
    expect(code).toBe(0)
    expect(stdout).toContain('3 equal, 1 differs.')
    expect(stdout).toContain('measured_uptime: yours 2630880, theirs 2628480 (-2,400 s)')
    expect(stdout).toContain('Theirs counts 2,400 s (40 min) less uptime.')
    // an own step that credited as much
    expect(stdout).toMatch(/As much was credited by you in one step: \d{4}-\d\d-\d\d/)
    expect((await granary('compare', dir, '--check')).code).toBe(1)
  })

  test('an exchanged address in payouts.csv is told, and that it is no account; other sums; a line too many', async () => {
    const dir = proposal(TARGET, {
      payouts: text =>
        `${text.replace('GFARM1ADDRESS', 'GSOMEBODYELSE').replace('279.4250000', '279.4250001')}GX,5.0000000,${'2'.repeat(64)}\n`,
    })
    const { stdout } = await granary('compare', dir)
    expect(stdout).toContain('address in payouts.csv: yours GFARM1ADDRESS, theirs GSOMEBODYELSE')
    expect(stdout).toContain('no valid Stellar account')
    expect(stdout).toContain('TFT in payouts.csv: yours 279.4250000, theirs 279.4250001 (+0.0000001 TFT)')
    expect(stdout).toContain('so theirs is more by 5.0000001 TFT')
    expect(stdout).toContain('no retry of period 79 either')
  })

  test('a file that is not what it should be stops it, naming file and line', async () => {
    const dir = proposal(TARGET, { payouts: text => text.slice(0, -3) })
    const { code, stdout, stderr } = await granary('compare', dir)
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/^granary: payouts\.csv, line 3: .*hash of 64 hex digits/)
  })

  test('mints of node-period: equal as minted here, each member that was changed named', async () => {
    const demo = await demoArchives([
      { nodes: 6, seed: 4, period: 100, since: 99 },
      { nodes: 6, seed: 4, period: 101, since: 99 },
    ])
    const own = join(folder, 'own-data')
    try {
      await importFiles({ dataDir: own, files: demo.files, actor: 'test' }, {})
    } finally {
      demo.remove()
    }
    const out = join(folder, 'mints')
    const { mints } = await mintPeriodByNode({ dataDir: own, period: 101, outDir: out })
    expect(mints).toBeGreaterThan(0)
    const compare = async (path: string) => {
      const { stdout } = await granaryIn(own, 'compare', path, '--json')
      return JSON.parse(stdout) as CompareHead & { rows: CompareRow[] }
    }
    expect((await compare(out)).counts).toMatchObject({ equal: mints, differs: 0, missing: 0, extra: 0 })
    const text = readFileSync(join(out, 'mints.ndjson'), 'utf8')
    // those that closed after the last stored period belong to it, though no stored period lies there
    const late = text.split('\n').filter(line => line !== '' && JSON.parse(line).mint.closed.ts >= periodAt(102).start)
    expect(late.length).toBeGreaterThan(0)
    writeFileSync(join(folder, 'late-mints.ndjson'), `${late.join('\n')}\n`)
    expect((await compare(join(folder, 'late-mints.ndjson'))).counts).toMatchObject({ equal: late.length, differs: 0, extra: 0 })
    const file = join(folder, 'changed-mints.ndjson')
    writeFileSync(file, text.replace(/"uptime":(\d)/, '"uptime":1$1'))
    const { counts, rows } = await compare(file)
    expect(counts).toMatchObject({ equal: mints - 1, differs: 1 })
    expect(rows[0]!.differences.map(({ member }) => member)).toEqual(['raw.uptime', 'hash'])
    const verified = await granaryIn(own, 'verify', file)
    expect(verified.code).toBe(1)
    expect((await granaryIn(own, 'verify', out, '--against', 'chain')).code).toBe(0)
  })
})

async function granaryIn(dir: string, ...args: string[]) {
  const before = dataDir
  dataDir = dir
  try {
    return await granary(...args)
  } finally {
    dataDir = before
  }
}

describe('granary verify', () => {
  test('a line per receipt: bytes, hash, recomputed; all right is exit 0', async () => {
    const { code, stdout, stderr } = await granary('verify', SOURCE, '--against', 'chain')
    expect([code, stderr]).toEqual([0, ''])
    const lines = expected('retry_source', 'receipts.ndjson')!.trimEnd().split('\n')
    for (const line of lines) expect(stdout).toMatch(new RegExp(`right +${JSON.parse(line).hash}  receipt, node \\d+, period 79 `))
    expect(stdout).toContain(`${lines.length} of ${lines.length} right.`)
    expect(stdout).toContain('bytes right, hash right, recomputed right')
    expect(stdout).toContain('No storage proofs were checked.')
  })

  test('what is not in the store is unknown, which fails only where it was asked for', async () => {
    const empty = join(folder, 'no-data')
    const { code, stdout } = await granaryIn(empty, 'verify', join(SOURCE, 'receipts.ndjson'))
    expect(code).toBe(0)
    expect(stdout).toContain('bytes right, hash right, recomputed unknown')
    expect((await granaryIn(empty, 'verify', SOURCE, '--against', 'chain')).code).toBe(1)
  })

  test('each way to be wrong fails with its reason', async () => {
    const ways: [change: (text: string) => string, reason: string][] = [
      [text => text.replace('"tft":2794250000', '"tft":2794250001'), 'it was changed after it was hashed'],
      [text => changed(text, '"tft":2794250000', '"tft":2794250001'), 'reward.tft: 2794250001, yours 2794250000'],
      [text => changed(text, '"farm_id":1', '"farm_id": 1'), 'not in the one form'],
      [text => text + text.split('\n')[0]!, 'is of the same node and period'],
      [text => changed(text, '"node_id":1', '"node_id":99'), 'Your data has no such node'],
    ]
    for (const [receipts, reason] of ways) {
      const { code, stdout } = await granary('verify', proposal(SOURCE, { receipts }))
      expect([code, stdout.split('\n').some(line => line.startsWith('FAILS') && line.includes(reason))], `${reason}\n${stdout}`).toEqual([
        1,
        true,
      ])
    }
    const dir = proposal(SOURCE, {})
    cpSync(join(SOURCE, 'receipts.ndjson'), join(dir, 'receipts.ndjson'))
    writeFileSync(join(dir, 'payouts.csv'), readFileSync(join(SOURCE, 'payouts.csv'), 'utf8').replace('279.4250000', '1.0000000'))
    const { code, stdout } = await granary('verify', dir, '--json')
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ counts: { fails: 1 }, bases: [{ period: 79 }] })
  })
})

describe('on a page', () => {
  async function compared(core: Core, files: ({ path: string } | { uploadId: string })[], period: number): Promise<string> {
    const { jobId } = await core.command(
      'compare.start',
      { period, files },
      { actor: { id: 'test' }, idempotencyKey: `k-${Math.random()}-key` },
    )
    for (;;) {
      const job = (await core.query('jobs.list', {})).find(({ id }) => id === jobId)
      if (job && job.state !== 'running') {
        if (job.error) throw new Error(job.error.message)
        return jobId
      }
      await new Promise(resolve => setTimeout(resolve, 10))
    }
  }

  test('a job compares files by path and sent ones; counts, rows by state, and the CSV of what is not equal', async () => {
    const core = await openCore({ dataDir, host: 'cli', version: '1', demoDir: null, networksFile: null, mode: 'write' })
    try {
      const dir = proposal(TARGET, { receipts: text => changed(text, 'GFARM1ADDRESS', '=GFARM1') })
      const jobId = await compared(core, [{ path: dir }], 80)
      expect(await core.query('compare.get', { jobId })).toMatchObject({ period: 80, counts: { equal: 3, differs: 1 } })
      const { rows, total } = await core.query('compare.rows', { jobId, state: 'differs' })
      expect([total, rows[0]!.differences[0]!.member]).toEqual([1, 'stellar_payout_address'])
      expect((await core.query('compare.rows', { jobId, search: 'two' })).total).toBe(1)
      const { fileName, text } = await core.query('compare.csv', { jobId })
      expect(fileName).toBe('differences-period-80.csv')
      expect(text.split('\r\n')).toHaveLength(3)
      // what a spreadsheet would run is escaped
      expect(text).toContain("'=GFARM1")
      const actor = { actor: { id: 'test' } }
      const bytes = readFileSync(join(TARGET, 'payouts.csv'))
      const { uploadId } = await core.command(
        'import.uploadBegin',
        { name: 'payouts.csv', size: bytes.length },
        { ...actor, idempotencyKey: 'upload-begin' },
      )
      await core.command(
        'import.uploadPart',
        { uploadId, offset: 0, base64: bytes.toString('base64') },
        { ...actor, idempotencyKey: 'upload-part' },
      )
      const sent = await compared(core, [{ uploadId }], 80)
      expect(await core.query('compare.get', { jobId: sent })).toMatchObject({
        files: ['payouts.csv'],
        counts: { equal: 2, retry: 1, differs: 0 },
      })
      await expect(compared(core, [{ path: join(folder, 'nowhere') }], 80)).rejects.toThrow('no such file')
      expect(await core.query('compare.get', { jobId: 'unknown' })).toBeNull()
      await expect(core.query('compare.rows', { jobId: 'unknown' })).rejects.toMatchObject({ code: 'not-found' })
    } finally {
      await core.close()
    }
  })
})

test('an archive that is exported and minted elsewhere gives the same receipts', async () => {
  const target = join(folder, 'again.ndjson')
  await exportArchive({ dataDir, period: 80, target }, {})
  const out = join(folder, 'elsewhere')
  mkdirSync(out)
  expect((await granary('mint', '--archive', target, '--out', out)).code).toBe(0)
  expect((await granary('compare', out, '--check')).code).toBe(0)
})
