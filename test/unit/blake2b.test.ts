import { blake2b } from '@noble/hashes/blake2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { blake2b256 } from '../../src-main/engines/minting/blake2b.ts'

const other = (bytes: Uint8Array) => bytesToHex(blake2b(bytes, { dkLen: 32 }))

test('known hashes', () => {
  const of = (text: string) => blake2b256(new TextEncoder().encode(text))
  expect(of('')).toBe('0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8')
  expect(of('abc')).toBe('bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319')
})

test('every length up to three blocks gives what another implementation gives', () => {
  for (let length = 0; length <= 3 * 128 + 1; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 167 + length * 31) & 0xff)
    expect(blake2b256(bytes), `${length} bytes`).toBe(other(bytes))
  }
})

test('so do any bytes, a part of a larger array too', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1500 }), fc.nat(20), (bytes, from) => {
      const part = bytes.subarray(Math.min(from, bytes.length))
      expect(blake2b256(part)).toBe(other(part))
    }),
  )
})
