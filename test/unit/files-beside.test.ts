import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { besideTarget } from '../../src-main/archive/beside.ts'
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
