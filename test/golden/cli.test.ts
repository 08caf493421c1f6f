import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, expect, test } from 'vitest'
import { run } from '../../src-main/hosts/cli/main.ts'

// The whole way of `granary mint --archive`: arguments in, files and exit code out, for every case.
const cases = join(import.meta.dirname, 'cases')
const names = readdirSync(cases).filter(name => !name.endsWith('.json'))
const folder = mkdtempSync(join(tmpdir(), 'granary-golden-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function collector() {
  let text = ''
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk)
      done()
    },
  }) as unknown as NodeJS.WriteStream
  return { stream, text: () => text }
}

async function granary(...args: string[]) {
  const stdout = collector()
  const stderr = collector()
  const code = await run(args, { stdout: stdout.stream, stderr: stderr.stream })
  return { code, stdout: stdout.text(), stderr: stderr.text() }
}

test('there are all 107 cases', () => {
  expect(names).toHaveLength(107)
})

test.each(names)('%s', async name => {
  const dir = join(cases, name)
  const out = join(folder, name)
  const paid = join(dir, 'paid-hashes.txt')
  const retry = existsSync(paid) ? ['--previous', join(cases, 'retry_source/receipts.ndjson'), '--paid', paid] : []
  const result = await granary('mint', '--archive', join(dir, 'archive.ndjson.gz'), '--rules', 'v3', ...retry, '--out', out, '--json')
  if (existsSync(join(dir, 'error'))) {
    expect(result).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/node \d+.*block \d+/s) })
    expect(existsSync(out) ? readdirSync(out) : []).toEqual([])
    return
  }
  expect(result).toMatchObject({ code: 0, stderr: '' })
  const expected = readdirSync(dir).filter(file => /^(payouts|overview|retries)\.csv$|^receipts\.ndjson$/.test(file))
  expect(expected.length).toBeGreaterThanOrEqual(3)
  for (const file of expected) expect(readFileSync(join(out, file), 'utf8'), file).toBe(readFileSync(join(dir, file), 'utf8'))
  const summary = JSON.parse(result.stdout) as { problems: unknown[]; files: string[] }
  expect(JSON.parse(readFileSync(join(out, 'problems.json'), 'utf8'))).toEqual(summary.problems)
  expect(readdirSync(out).sort()).toEqual([...summary.files].sort())
})

test('retries without a list of what was paid: all are planned, and a problem says so; a later mint without retries leaves no old list', async () => {
  const archive = join(cases, 'retry_target/archive.ndjson.gz')
  const out = join(folder, 'unpaid')
  const result = await granary('mint', '--archive', archive, '--previous', join(cases, 'retry_source/receipts.ndjson'), '--out', out)
  expect(result).toMatchObject({ code: 0, stderr: '' })
  const problems = JSON.parse(readFileSync(join(out, 'problems.json'), 'utf8')) as { kind: string; message: string }[]
  expect(problems.find(({ kind }) => kind === 'paid-unknown')?.message).toMatch(/--paid.*paid again/)
  expect(readdirSync(out)).toContain('retries.csv')
  await granary('mint', '--archive', archive, '--out', out)
  expect(readdirSync(out)).not.toContain('retries.csv')
  expect(readFileSync(join(out, 'problems.json'), 'utf8')).not.toContain('paid-unknown')
})

test('of several files, those before one that fails are imported and said to be', async () => {
  const [good, bad] = [join(cases, 'healthy/archive.ndjson.gz'), join(folder, 'no-such-file')]
  const result = await granary('import', good, bad, '--data', join(folder, 'several'))
  expect(result).toMatchObject({ code: 1, stdout: expect.stringMatching(/period 80, \d+ events, imported\n$/) })
  expect(result.stderr).toContain('no-such-file')
})

test('a reader of standard output that goes away early gets no stack trace', async () => {
  const data = join(folder, 'reader-goes')
  await granary('import', join(cases, 'healthy/archive.ndjson.gz'), '--data', data)
  const main = join(import.meta.dirname, '../../src-main/hosts/cli/main.ts')
  const child = spawn(process.execPath, [main, 'explain', '--node', '1', '--period', '80', '--all', '--data', data])
  child.stdout.destroy()
  let said = ''
  child.stderr.on('data', part => {
    said += part
  })
  const [code] = await once(child, 'close')
  expect([code, said]).toEqual([0, ''])
})

test('wrong usage is exit 2 and says what is missing; help is exit 0', async () => {
  for (const args of [
    [],
    ['nonsense'],
    ['mint'],
    ['mint', '--out', folder],
    ['explain', '--node', 'x', '--period', '1'],
    ['demo', '--nodes', '0', join(folder, 'x')],
  ]) {
    const { code, stdout, stderr } = await granary(...args)
    expect([args, code, stdout]).toEqual([args, 2, ''])
    expect(stderr).not.toBe('')
    expect(stderr).not.toMatch(/\n\s+at /)
  }
  for (const command of ['mint', 'import', 'explain', 'demo', 'serve', 'archive']) {
    const { code, stdout } = await granary(command, '--help')
    expect(code).toBe(0)
    expect(stdout).toContain(`granary ${command}`)
  }
})

test('import, explain, mint from the store and export work together', async () => {
  const data = ['--data', join(folder, 'data')]
  const archive = join(cases, 'mixed_random/archive.ndjson.gz')
  expect(await granary('import', archive, ...data)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('period 80, 68195 events, imported'),
  })
  expect(await granary('import', archive, ...data)).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing changed') })
  const out = join(folder, 'from-store')
  expect(await granary('mint', '--period', '80', '--out', out, ...data)).toMatchObject({ code: 0 })
  for (const file of ['payouts.csv', 'overview.csv', 'receipts.ndjson'])
    expect(readFileSync(join(out, file), 'utf8')).toBe(readFileSync(join(cases, 'mixed_random', file), 'utf8'))
  const explained = await granary('explain', '--node', '7', '--period', '80', ...data)
  expect(explained).toMatchObject({ code: 0, stdout: expect.stringMatching(/2,572,990 s .* credited/) })
  const asJson = JSON.parse((await granary('explain', '--node', '7', '--period', '80', '--json', ...data)).stdout) as {
    measuredUptimeSec: number
    rewardUnits: string
  }
  expect(asJson).toMatchObject({ measuredUptimeSec: 2_572_990, rewardUnits: expect.stringMatching(/^\d+$/) })
  expect(await granary('explain', '--node', '77', '--period', '80', ...data)).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('no node 77'),
  })
  const copy = join(folder, 'copy.ndjson.zst')
  expect(await granary('archive', 'export', '--period', '80', copy, ...data)).toMatchObject({ code: 0 })
  expect(await granary('mint', '--archive', copy, '--out', join(folder, 'from-copy'))).toMatchObject({ code: 0 })
  expect(readFileSync(join(folder, 'from-copy/payouts.csv'), 'utf8')).toBe(readFileSync(join(out, 'payouts.csv'), 'utf8'))
})
