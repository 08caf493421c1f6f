import { blake2b } from '@noble/hashes/blake2.js'
import type { Hex, RawHeader } from './types.ts'

/**
 * The hash of a block: blake2b-256 of its header's SCALE encoding (parent hash, compact number, state root, extrinsics root, digest).
 * Throws a TypeError where the header is malformed; `isHeader` says so before.
 */
export function headerHash(header: RawHeader): Hex {
  const parts = [
    bytesOf(header.parentHash),
    compact(headerNumber(header)),
    bytesOf(header.stateRoot),
    bytesOf(header.extrinsicsRoot),
    compact(header.digest.logs.length),
    ...header.digest.logs.map(bytesOf),
  ]
  return `0x${Buffer.from(blake2b(Buffer.concat(parts), { dkLen: 32 })).toString('hex')}`
}

/** The block number of a header; NaN where it is no number. */
export function headerNumber(header: RawHeader): number {
  return /^0x[0-9a-f]{1,13}$/i.test(header.number) ? Number(header.number) : Number.NaN
}

/** Whether an endpoint's answer is a header at all, before anything in it is believed. */
export function isHeader(value: unknown): value is RawHeader {
  const header = value as RawHeader | null
  return (
    typeof header === 'object' &&
    header !== null &&
    [header.parentHash, header.stateRoot, header.extrinsicsRoot].every(isHash) &&
    typeof header.number === 'string' &&
    Number.isSafeInteger(headerNumber(header)) &&
    Array.isArray(header.digest?.logs) &&
    header.digest.logs.every(log => typeof log === 'string' && /^0x([0-9a-f]{2})*$/i.test(log))
  )
}

/** Whether a value is a 32-byte hash in hex. */
export function isHash(value: unknown): value is Hex {
  return typeof value === 'string' && /^0x[0-9a-f]{64}$/i.test(value)
}

function bytesOf(hex: Hex): Uint8Array {
  return Buffer.from(hex.slice(2), 'hex')
}

/** SCALE's compact integer, whose lowest two bits say how many bytes there are. */
function compact(value: number): Uint8Array {
  if (value < 2 ** 6) return Uint8Array.of(value << 2)
  const bytes = Buffer.alloc(8)
  if (value < 2 ** 14) {
    bytes.writeUInt16LE(value * 4 + 1)
    return bytes.subarray(0, 2)
  }
  if (value < 2 ** 30) {
    bytes.writeUInt32LE(value * 4 + 2)
    return bytes.subarray(0, 4)
  }
  bytes.writeBigUInt64LE(BigInt(value))
  let length = 8
  while (length > 4 && bytes[length - 1] === 0) length--
  return Buffer.concat([Uint8Array.of(((length - 4) << 2) | 3), bytes.subarray(0, length)])
}
