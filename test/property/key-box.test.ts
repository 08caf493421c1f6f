import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  isStrong,
  newStretching,
  openBox,
  type PublicRecord,
  type Stretching,
  seal,
  stretch,
  stretchingName,
  stretchingOf,
} from '../../src-main/signing/key-box.ts'
import { AppError } from '../../src-shared/errors.ts'
import { runs } from '../helpers/runs.ts'

/** weak, so that a property takes milliseconds; that the real one is strong is a test of its own */
const weak = fc.record({
  logN: fc.constantFrom(4, 8),
  r: fc.constantFrom(1, 8),
  p: fc.constantFrom(1, 2),
  salt: fc.uint8Array({ minLength: 16, maxLength: 16 }),
})
const record: fc.Arbitrary<PublicRecord> = fc.record({
  keyId: fc.uuid(),
  kind: fc.constantFrom('stellar', 'sr25519', 'ed25519'),
  publicKey: fc.string(),
  address: fc.string(),
})
const plain = fc.uint8Array({ maxLength: 300 })
const passphrase = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' })

async function tryOpen(word: string, of: PublicRecord, box: Uint8Array): Promise<Uint8Array | null> {
  return openBox(await stretch(word, stretchingOf(box)), of, box)
}

async function sealed(word: string, stretching: Stretching, of: PublicRecord, bytes: Uint8Array): Promise<Buffer> {
  return seal(await stretch(word, stretching), stretching, of, bytes)
}

test('a box gives back what was put in, by what stands in it and the passphrase alone; composed or decomposed, it is the same passphrase', async () => {
  await fc.assert(
    fc.asyncProperty(passphrase, weak, record, plain, async (word, stretching, of, bytes) => {
      const box = await sealed(word.normalize('NFD'), stretching, of, bytes)
      expect(stretchingName(stretchingOf(box))).toBe(stretchingName(stretching))
      expect(Uint8Array.from((await tryOpen(word.normalize('NFC'), of, box))!)).toEqual(bytes)
      // nothing is the same twice
      expect(await sealed(word, stretching, of, bytes)).not.toEqual(box)
    }),
    runs(100, 2_000),
  )
})

test('another passphrase, or another public record, opens nothing', async () => {
  await fc.assert(
    fc.asyncProperty(passphrase, passphrase, weak, record, record, plain, async (word, other, stretching, of, another, bytes) => {
      fc.pre(word.normalize('NFKC') !== other.normalize('NFKC'))
      const box = await sealed(word, stretching, of, bytes)
      expect(await tryOpen(other, of, box)).toBeNull()
      for (const member of ['keyId', 'kind', 'publicKey', 'address'] as const) {
        fc.pre(another[member] !== of[member] || member === 'kind')
        if (another[member] === of[member]) continue
        expect(await tryOpen(word, { ...of, [member]: another[member] }, box)).toBeNull()
      }
    }),
    runs(50, 1_000),
  )
})

test('a bit that was flipped anywhere, bytes that are missing or too many: refused', async () => {
  const of: PublicRecord = { keyId: 'k', kind: 'stellar', publicKey: 'ab', address: 'G' }
  await fc.assert(
    fc.asyncProperty(passphrase, weak, plain, fc.nat(), fc.nat(400), async (word, stretching, bytes, at, cut) => {
      const box = await sealed(word, stretching, of, bytes)
      const flipped = Buffer.from(box)
      const bit = at % (box.length * 8)
      flipped[bit >> 3] = flipped[bit >> 3]! ^ (1 << (bit & 7))
      // a flip in log2 N may ask for a gigabyte: those are refused or not by what stretchingOf says, and are no matter of this test
      const isDear = bit >> 3 === 1 && flipped[1]! > 12 && flipped[1]! <= 20
      const damaged = [
        ...(isDear ? [] : [flipped]),
        box.subarray(0, box.length - 1 - (cut % (box.length - 1))),
        Buffer.concat([box, Buffer.alloc(1)]),
      ]
      for (const one of damaged) {
        const opened = await tryOpen(word, of, one).catch((error: unknown) => {
          expect(error).toBeInstanceOf(AppError)
          expect((error as AppError).code).toBe('keys.damaged')
          return null
        })
        expect(opened).toBeNull()
      }
    }),
    runs(300, 5_000),
  )
})

test('a box that asks for more memory than a box may is refused before anything is stretched', () => {
  const box = Buffer.alloc(80, 1)
  for (const [logN, r, p] of [
    [21, 8, 1],
    [17, 17, 1],
    [17, 8, 5],
    [0, 8, 1],
    [17, 0, 1],
    [17, 8, 0],
  ])
    expect(() => stretchingOf(Buffer.concat([Buffer.from([1, logN!, r!, p!]), box]))).toThrow(
      expect.objectContaining({ code: 'keys.damaged' }),
    )
})

test('new boxes are stretched by N of at least 2^17, r 8, p 1, each vault with a salt of its own', async () => {
  const stretching = newStretching()
  expect(stretching.logN).toBeGreaterThanOrEqual(17)
  expect(isStrong(stretching)).toBe(true)
  expect(isStrong({ ...stretching, logN: 16 })).toBe(false)
  expect(stretchingName(newStretching())).not.toBe(stretchingName(stretching))
  const startMs = performance.now()
  expect(await stretch('correct horse battery', stretching)).toHaveLength(32)
  console.log(`scrypt, N = 2^${stretching.logN}: ${Math.round(performance.now() - startMs)} ms`)
})
