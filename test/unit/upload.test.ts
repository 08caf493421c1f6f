import { expect, test } from 'vitest'
import { bytesText, PART_BYTES, type Send, type UploadFile, uploadFile, uploadText } from '../../src-renderer/pages/upload.ts'

function fileOf(bytes: Uint8Array, options: { failAt?: number } = {}): UploadFile {
  return {
    name: 'a.ndjson.gz',
    size: bytes.length,
    readBase64: async (from, to) => {
      if (options.failAt !== undefined && from >= options.failAt) throw new Error('unreadable')
      return Buffer.from(bytes.subarray(from, to)).toString('base64')
    },
  }
}

function core(options: { refuseAt?: number } = {}) {
  const calls: string[] = []
  const parts: Buffer[] = []
  const send = (async (name: string, input: Record<string, unknown>) => {
    calls.push(name)
    if (name === 'import.uploadBegin') return { uploadId: 'u' }
    if (name === 'import.uploadPart') {
      if (input.offset === options.refuseAt) throw new Error('disk full')
      expect(input.offset).toBe(Buffer.concat(parts).length)
      parts.push(Buffer.from(String(input.base64), 'base64'))
    }
    return name === 'import.uploadEnd' ? { jobId: 'j' } : {}
  }) as unknown as Send
  return { calls, received: () => Buffer.concat(parts), send }
}

const bytes = Uint8Array.from({ length: PART_BYTES * 2 + 17 }, (_, index) => (index * 31) % 251)

test('every byte arrives, in order, and the progress ends at the size', async () => {
  const { send, received, calls } = core()
  const sent: number[] = []
  expect(await uploadFile(fileOf(bytes), send, new AbortController().signal, done => sent.push(done))).toBe('j')
  expect(received().equals(Buffer.from(bytes))).toBe(true)
  expect(sent).toEqual([PART_BYTES, PART_BYTES * 2, bytes.length])
  expect(calls).not.toContain('import.uploadCancel')
})

test('an empty file is sent too: the core says what is wrong with it', async () => {
  const { send, calls } = core()
  expect(await uploadFile(fileOf(new Uint8Array()), send, new AbortController().signal, () => undefined)).toBe('j')
  expect(calls).toEqual(['import.uploadBegin', 'import.uploadEnd'])
})

test.each([
  ['a part is refused', { refuseAt: PART_BYTES }, {}, 'disk full'],
  ['the file can no longer be read', {}, { failAt: PART_BYTES * 2 }, 'unreadable'],
])('when %s the first error is told and the core drops what it had', async (_, coreOptions, fileOptions, message) => {
  const { send, calls } = core(coreOptions)
  await expect(uploadFile(fileOf(bytes, fileOptions), send, new AbortController().signal, () => undefined)).rejects.toThrow(message)
  expect(calls.at(-1)).toBe('import.uploadCancel')
  expect(calls).not.toContain('import.uploadEnd')
})

test('cancelled between two parts', async () => {
  const { send, calls, received } = core()
  const abort = new AbortController()
  await expect(uploadFile(fileOf(bytes), send, abort.signal, () => abort.abort())).rejects.toThrow()
  expect(received().length).toBe(PART_BYTES)
  expect(calls.at(-1)).toBe('import.uploadCancel')
})

test('sizes and rates in words', () => {
  expect([0, 999, 1500, 12_345_678, 3_210_000_000].map(bytesText)).toEqual(['0 B', '999 B', '1.5 kB', '12.3 MB', '3.21 GB'])
  expect(uploadText(0, 10_000_000, 0)).toBe('0 B of 10.0 MB')
  expect(uploadText(4_000_000, 10_000_000, 2000)).toBe('4.0 MB of 10.0 MB, 2.0 MB/s, 3 s left')
})
