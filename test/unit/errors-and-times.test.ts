import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { userName } from '../../src-main/hosts/user-name.ts'
import { toAppError } from '../../src-shared/errors.ts'
import { formatUtc } from '../../src-shared/time.ts'

function caught(work: () => void): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

test("the system's refusals name the place and the way out, and are none of our own failures", () => {
  const folder = mkdtempSync(join(tmpdir(), 'granary-errors-'))
  try {
    const file = join(folder, 'file')
    writeFileSync(file, '')
    for (const path of [file, join(file, 'below')])
      expect(toAppError(caught(() => mkdirSync(path, { recursive: true })))).toMatchObject({
        code: 'io.failed',
        message: expect.stringContaining(`A file stands where a folder is needed (${path})`),
      })
    expect(toAppError(caught(() => writeFileSync(join(folder, 'x'.repeat(1000)), '')))).toMatchObject({
      code: 'io.failed',
      message: expect.stringMatching(/ENAMETOOLONG.*try again/),
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('a time beyond the calendar is shown as seconds, not refused', () => {
  expect(formatUtc(1_732_971_400)).toBe('2024-11-30 12:56:40 UTC')
  expect(formatUtc(253_402_300_799)).toBe('9999-12-31 23:59:59 UTC')
  expect(formatUtc(2 ** 60)).toBe('1152921504606847000 s')
})

test('a user without a name is known by its number', () => {
  const nobody = () => {
    throw Object.assign(new Error('uv_os_get_passwd returned ENOENT'), { code: 'ERR_SYSTEM_ERROR' })
  }
  expect(userName(nobody, 1234)).toBe('uid 1234')
  expect(userName(() => ({ username: 'ada' }))).toBe('ada')
})
