import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { growingFiles } from '../../src-main/jobs/growing-files.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-growing-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('files that grow hold what was appended, whatever its letters, and appear together', async () => {
  const texts = fc.array(fc.array(fc.string({ unit: 'binary' })))
  await fc.assert(
    fc.asyncProperty(texts, fc.string({ unit: 'binary' }), async (pieces, last) => {
      const files = growingFiles(folder)
      for (const piece of pieces) files.append('a.csv', piece)
      expect(existsSync(join(folder, 'a.csv'))).toBe(false)
      await files.finish(['b.csv', 'a.csv'], { 'a.csv': last, 'b.csv': 'b' })
      expect(readFileSync(join(folder, 'a.csv'))).toEqual(Buffer.from(`${pieces.flat().join('')}${last}`))
      expect(readdirSync(folder).sort()).toEqual(['a.csv', 'b.csv'])
      rmSync(join(folder, 'a.csv'))
    }),
    { numRuns: 50 },
  )
})

test('several megabytes are sent to the disk on the way and are whole', async () => {
  const line = `${'Žitná 5, '.repeat(700)}\n`
  const files = growingFiles(folder)
  for (let i = 0; i < 50; i++) files.append('large.csv', Array(10).fill(line))
  await files.finish(['large.csv'], {})
  expect(readFileSync(join(folder, 'large.csv'), 'utf8')).toBe(line.repeat(500))
})

test('what is dropped leaves nothing: no file, none beside, no folder that was made for it', async () => {
  writeFileSync(join(folder, 'a.csv'), 'old')
  const inside = growingFiles(folder)
  inside.append('a.csv', ['new'])
  await inside.drop()
  expect(readdirSync(folder)).toEqual(['a.csv'])
  expect(readFileSync(join(folder, 'a.csv'), 'utf8')).toBe('old')
  const deep = growingFiles(join(folder, 'made', 'for', 'it'))
  deep.append('a.csv', ['new'])
  await deep.drop()
  expect(readdirSync(folder)).toEqual(['a.csv'])
  // one in which something else was put meanwhile stays
  const used = growingFiles(join(folder, 'used', 'too'))
  used.append('a.csv', ['new'])
  writeFileSync(join(folder, 'used', 'other'), '')
  await used.drop()
  expect(readdirSync(join(folder, 'used'))).toEqual(['other'])
})

test('where a file can not be replaced, the first, by which money moves, stays as it was and nothing lies beside', async () => {
  writeFileSync(join(folder, 'payouts.csv'), 'old')
  mkdirSync(join(folder, 'overview.csv', 'full'), { recursive: true })
  const files = growingFiles(folder)
  files.append('payouts.csv', ['new'])
  files.append('overview.csv', ['new'])
  await expect(files.finish(['payouts.csv', 'overview.csv'], {})).rejects.toMatchObject({ code: expect.stringMatching(/^io\./) })
  await files.drop()
  expect(readFileSync(join(folder, 'payouts.csv'), 'utf8')).toBe('old')
  expect(readdirSync(folder).sort()).toEqual(['overview.csv', 'payouts.csv'])
})

test('a file that the result does not have any more goes; a folder that can not be made is told at once', async () => {
  writeFileSync(join(folder, 'retries.csv'), 'old')
  const files = growingFiles(folder)
  await files.finish(['payouts.csv', 'retries.csv'], { 'payouts.csv': '', 'retries.csv': null })
  expect(readdirSync(folder)).toEqual(['payouts.csv'])
  const blocked = growingFiles(join(folder, 'payouts.csv', 'out'))
  expect(() => blocked.append('a.csv', ['a'])).toThrow(expect.objectContaining({ code: expect.stringMatching(/^io\./) }))
  await blocked.drop()
})
