import { answerError } from './rpc-errors.ts'
import type { Hex } from './types.ts'

/** Storage keys of what is read of each block's state. */
export interface BlockKeys {
  /** System.Events */
  events: Hex
  /** Timestamp.Now */
  timestamp: Hex
  /** System.ParentHash */
  parentHash: Hex
  /** System.Number */
  number: Hex
}

/** What the state after a block says, as it came. Null: nothing stored. */
export interface BlockState {
  events: Hex | null
  timestampMs: number | null
  number: number | null
  parentHash: Hex | null
}

/** Finds the values of a state_queryStorageAt answer by their keys. Throws chain.answer where it has another form. */
export function readChanges(answer: unknown, url: string, block: number): Map<Hex, Hex | null> {
  const changes: unknown = Array.isArray(answer) ? (answer[0] as { changes?: unknown } | undefined)?.changes : undefined
  const found = new Map<Hex, Hex | null>()
  if (!Array.isArray(changes)) throw malformed(url, block)
  for (const change of changes as unknown[]) {
    const [key, value] = Array.isArray(change) ? (change as unknown[]) : []
    if (typeof key !== 'string' || (value !== null && !isBytes(value))) throw malformed(url, block)
    found.set(key, value)
  }
  return found
}

/** As `readChanges`, for the four keys that a block is read by. */
export function readBlockState(answer: unknown, keys: BlockKeys, url: string, block: number): BlockState {
  const found = readChanges(answer, url, block)
  const number = found.get(keys.number) ?? null
  return {
    events: found.get(keys.events) ?? null,
    timestampMs: timestampOf(found.get(keys.timestamp) ?? null, url, block),
    number: number === null ? null : integerOf(number, 4, url, block),
    parentHash: found.get(keys.parentHash) ?? null,
  }
}

/** Timestamp.Now: u64, milliseconds since the epoch. */
export function timestampOf(value: Hex | null, url: string, block: number): number | null {
  return value === null ? null : integerOf(value, 8, url, block)
}

function integerOf(hex: Hex, size: number, url: string, block: number): number {
  const bytes = Buffer.from(hex.slice(2), 'hex')
  const value = bytes.length === size ? (size === 4 ? bytes.readUInt32LE(0) : Number(bytes.readBigUInt64LE(0))) : Number.NaN
  if (!Number.isSafeInteger(value)) throw malformed(url, block)
  return value
}

/** 0x and whole bytes; a long one is only looked at at both ends, and counted when it has become bytes */
function isBytes(value: unknown): value is Hex {
  return typeof value === 'string' && value.length % 2 === 0 && value.startsWith('0x')
}

/** The bytes of a value. Throws chain.answer where it is no hex. */
export function bytesOf(hex: Hex, url: string, block: number): Uint8Array {
  // one text is read as bytes with one copy, and stops at the first character that is no digit
  const bytes = Buffer.from(hex.slice(2), 'hex')
  if (bytes.length !== hex.length / 2 - 1) throw malformed(url, block)
  return bytes
}

function malformed(url: string, block: number) {
  return answerError({ url, method: 'state_queryStorageAt', block }, 'gave storage values that cannot be read')
}
