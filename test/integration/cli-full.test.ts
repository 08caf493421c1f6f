import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { granary } from '../helpers/granary.ts'
import { smallDisk } from '../helpers/small-disk.ts'

/* What the command line prints goes to a disk that has no room for it. */

const launcher = fileURLToPath(new URL('../../src-main/hosts/cli/granary.mjs', import.meta.url))
const archive = fileURLToPath(new URL('../golden/cases/healthy/archive.ndjson.gz', import.meta.url))
let folder: string
let dataDir: string

beforeAll(async () => {
  // builds if need be, so that no message of a build gets among those that are looked at
  execFileSync(process.execPath, [launcher, '--version'], { stdio: 'ignore' })
  folder = mkdtempSync(join(tmpdir(), 'granary-full-'))
  dataDir = join(folder, 'data')
  expect(await granary('import', archive, '--data', dataDir)).toMatchObject({ code: 0 })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs the program itself with standard output at `path`: its exit code and what it says. */
function printedTo(path: string, args: string[]): { code: number | null; said: string } {
  const out = openSync(path, 'w')
  try {
    const { status, stderr } = spawnSync(process.execPath, [launcher, ...args], { stdio: ['ignore', out, 'pipe'], encoding: 'utf8' })
    return { code: status, said: stderr }
  } finally {
    closeSync(out)
  }
}

const NODE = ['--node', '1', '--period', '80']

test
  .skipIf(process.platform !== 'linux')
  .each([
    ['--version'],
    ['--help'],
    ['explain', '--json', ...NODE],
    ['doctor', '--offline'],
    ['export', 'receipts', '--period', '80', '--out', '-'],
    ['mint', '--json', '--archive', archive, '--out', 'OUT'],
  ])('%s %s: a full disk is told, and is no success', (...words) => {
  const hasData = ['explain', 'doctor', 'export'].includes(words[0]!)
  const args = words.filter(Boolean).map(word => (word === 'OUT' ? join(folder, 'out') : word))
  const { code, said } = printedTo('/dev/full', hasData ? [...args, '--data', dataDir] : args)
  expect(said).toMatch(/^granary: The disk is full\. .*\n$/)
  expect(code).toBe(1)
})

test('what a disk that fills up has room for is not taken for all of it', ({ skip }) => {
  const disk = smallDisk(1)
  if (disk === null) return skip('this user may not make a file system')
  onTestFinished(() => {
    execFileSync('umount', [disk])
    rmSync(disk, { recursive: true })
  })
  const args = ['explain', '--json', ...NODE, '--data', dataDir]
  const whole = printedTo(join(folder, 'whole.json'), args)
  expect(whole).toEqual({ code: 0, said: '' })
  const size = statSync(join(folder, 'whole.json')).size
  // all room but one page
  expect(size).toBeGreaterThan(4096)
  spawnSync('dd', ['if=/dev/zero', `of=${join(disk, 'filler')}`, 'bs=4096', 'count=255'], { stdio: 'ignore' })
  const cut = printedTo(join(disk, 'cut.json'), args)
  expect(statSync(join(disk, 'cut.json')).size).toBe(4096)
  expect(cut.said).toMatch(/^granary: The disk is full\. .*\n$/)
  expect(cut.code).toBe(1)
})
