import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { besideTarget } from '../../src-main/archive/beside.ts'
import { writeArchive } from '../../src-main/archive/write.ts'
import { writeFilesAtomically } from '../../src-main/jobs/files.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-files-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('what a killed process left beside the same target is removed, nothing else', () => {
  const gone = spawnSync(process.execPath, ['-e', '']).pid
  const mine = `.a.csv.${process.pid}-00000000.part`
  const others = [mine, `.b.csv.${gone}-00000000.part`, `.a.csv.${gone}.part`, `.a.csv.x${gone}-00000000.part`, 'a.csv']
  for (const name of [...others, `.a.csv.${gone}-0123abcd.part`]) writeFileSync(join(folder, name), name)
  const first = besideTarget(join(folder, 'a.csv'))
  expect(readdirSync(folder).sort()).toEqual([...others].sort())
  expect(besideTarget(join(folder, 'a.csv'))).not.toBe(first)
})

test('files appear together; a file that the result does not have any more goes', () => {
  const into = join(folder, 'new', 'out')
  writeFilesAtomically(into, { 'payouts.csv': 'p1', 'retries.csv': 'r1' })
  expect(readdirSync(into).sort()).toEqual(['payouts.csv', 'retries.csv'])
  writeFilesAtomically(into, { 'payouts.csv': 'p2', 'retries.csv': null })
  expect(readdirSync(into)).toEqual(['payouts.csv'])
  expect(readFileSync(join(into, 'payouts.csv'), 'utf8')).toBe('p2')
})

test('where one file cannot be replaced, the first, by which money moves, stays as it was and nothing lies beside', () => {
  writeFilesAtomically(folder, { 'payouts.csv': 'old', 'overview.csv': 'old' })
  rmSync(join(folder, 'overview.csv'))
  mkdirSync(join(folder, 'overview.csv', 'full'), { recursive: true })
  expect(() => writeFilesAtomically(folder, { 'payouts.csv': 'new', 'overview.csv': 'new' })).toThrow(
    expect.objectContaining({ code: expect.stringMatching(/^io\./) }),
  )
  expect(readFileSync(join(folder, 'payouts.csv'), 'utf8')).toBe('old')
  expect(readdirSync(folder).sort()).toEqual(['overview.csv', 'payouts.csv'])
})

test('what is wrong with a place is said of the folder or of the target, never of what is written beside it', async () => {
  writeFileSync(join(folder, 'file'), '')
  mkdirSync(join(folder, 'taken', 'full'), { recursive: true })
  const nothing = async () => {}
  await expect(writeArchive(join(folder, 'away', 'e4'), nothing)).rejects.toMatchObject({
    code: 'io.missing',
    message: `There is no folder ${join(folder, 'away')}. It must exist already: make it, or name another place.`,
  })
  await expect(writeArchive(join(folder, 'file', 'e4'), nothing)).rejects.toMatchObject({
    code: 'io.failed',
    message: `There is a file in the way of ${join(folder, 'file')}, which must be a folder. Name another place.`,
  })
  const failure = (work: () => unknown) =>
    Promise.resolve()
      .then(work)
      .then(
        () => 'it did not fail',
        error => (error as Error).message,
      )
  // a name that the system takes, but not with what is put around it
  const long = join(folder, 'x'.repeat(250))
  expect(await failure(() => writeArchive(long, nothing))).toContain(`'${long}'`)
  expect(await failure(() => writeFilesAtomically(folder, { ['x'.repeat(250)]: 'x' }))).toContain(`'${long}'`)
  expect(await failure(() => writeFilesAtomically(folder, { taken: 'x' }))).toContain(`(${join(folder, 'taken')})`)
  expect(readdirSync(folder).sort()).toEqual(['file', 'taken'])
})
