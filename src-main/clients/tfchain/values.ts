import type { U64 } from '../../../src-shared/grid.ts'
import { asSkip, type Input, inputOf, type Layout, type Layouts, readCount, readU32, skipAll } from './layout.ts'
import type { Field, Types } from './metadata.ts'
import { misfit, tooShort } from './misfit.ts'

/*
 * Readers of values, made from what we want (a shape) and what the chain has (its type registry). A shape finds fields and
 * cases by their names, skips those nobody asked for by their layout, and throws Misfit where the type is not what it says.
 */

export interface Schema {
  types: Types
  layouts: Layouts
}

export interface Cursor extends Input {
  at: number
}

export type Read<T> = (cursor: Cursor) => T
/** Makes a reader of a type; `what` names the value in messages, `node.resources.hru`. */
export type Shape<T> = (schema: Schema, type: number, what: string) => Read<T>
export type Shapes<T> = { [K in keyof T]: Shape<T[K]> }

export function cursorOf(bytes: Uint8Array): Cursor {
  return { ...inputOf(bytes), at: 0 }
}

/** Takes `size` bytes; gives the place where they begin. */
function take(cursor: Cursor, size: number): number {
  const at = cursor.at
  if (at + size > cursor.end) tooShort()
  cursor.at = at + size
  return at
}

/** Little-endian; the caller has made sure that the bytes are there. */
export function readU64(bytes: Uint8Array, at: number): U64 {
  const low = readU32(bytes, at)
  const high = readU32(bytes, at + 4)
  return high < 0x20_0000 ? high * 0x1_0000_0000 + low : (BigInt(high) << 32n) | BigInt(low)
}

/** An id or time that must be a number here; above 2^53-1 is a Misfit. */
export function safeNumber(value: U64, what: string): number {
  return typeof value === 'number' ? value : misfit(`${what} is ${value}, larger than any that can be`)
}

function primitiveOf({ types }: Schema, type: number): string {
  const def = types.def(types.unwrap(type))
  return def.tag === 'primitive' ? def.value.tag : def.tag
}

/** u8, u16 or u32. */
export const uint: Shape<number> = (schema, type, what) => {
  switch (primitiveOf(schema, type)) {
    case 'u8':
      return cursor => cursor.bytes[take(cursor, 1)]!
    case 'u16':
      return cursor => {
        const at = take(cursor, 2)
        return cursor.bytes[at]! | (cursor.bytes[at + 1]! << 8)
      }
    case 'u32':
      return cursor => readU32(cursor.bytes, take(cursor, 4))
    default:
      return misfit(`${what} is no number of up to 32 bits`)
  }
}

export const u64: Shape<U64> = (schema, type, what) => {
  if (primitiveOf(schema, type) !== 'u64') misfit(`${what} is no number of 64 bits`)
  return cursor => readU64(cursor.bytes, take(cursor, 8))
}

export const u128: Shape<bigint> = (schema, type, what) => {
  if (primitiveOf(schema, type) !== 'u128') misfit(`${what} is no number of 128 bits`)
  return cursor => {
    const at = take(cursor, 16)
    return (BigInt(readU64(cursor.bytes, at + 8)) << 64n) | BigInt(readU64(cursor.bytes, at))
  }
}

/** 32 bytes: an account. */
export const bytes32: Shape<Uint8Array> = (schema, type, what) => {
  const def = schema.types.def(schema.types.unwrap(type))
  if (def.tag !== 'array' || def.value.len !== 32 || primitiveOf(schema, def.value.type) !== 'u8') misfit(`${what} is no account`)
  return cursor => {
    const at = take(cursor, 32)
    return cursor.bytes.slice(at, at + 32)
  }
}

/** u32 or u64 whose value must stay below 2^53. */
export const id: Shape<number> = (schema, type, what) => {
  if (primitiveOf(schema, type) !== 'u64') return uint(schema, type, what)
  return cursor => safeNumber(readU64(cursor.bytes, take(cursor, 8)), what)
}

/** A byte that is neither 0 nor 1 is a Misfit. */
export const flag: Shape<boolean> = (schema, type, what) => {
  if (primitiveOf(schema, type) !== 'bool') misfit(`${what} is no yes or no`)
  return cursor => {
    const byte = cursor.bytes[take(cursor, 1)]!
    return byte > 1 ? misfit(`${what} is neither yes nor no but ${byte}`) : byte === 1
  }
}

function takeBytes(cursor: Cursor): Uint8Array {
  const length = readCount(cursor, cursor.at)
  cursor.at = cursor.next
  const at = take(cursor, length)
  return cursor.bytes.subarray(at, at + length)
}

function bytesOf(schema: Schema, type: number, what: string): Read<Uint8Array> {
  const def = schema.types.def(schema.types.unwrap(type))
  const isBytes = def.tag === 'sequence' ? primitiveOf(schema, def.value) === 'u8' : def.tag === 'primitive' && def.value.tag === 'str'
  return isBytes ? takeBytes : misfit(`${what} is no text`)
}

/** a byte order mark is a character like any other */
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * Bytes as UTF-8. The chain checks no name's bytes: those that are no UTF-8 become U+FFFD, in the number that the
 * Unicode standard recommends (one for each longest beginning of a character), so that one odd name stops no sync.
 */
export const text: Shape<string> = (schema, type, what) => {
  const read = bytesOf(schema, type, what)
  return cursor => utf8.decode(read(cursor))
}

/** 0x-prefixed lower-case hex. */
export const hex: Shape<string> = (schema, type, what) => {
  const read = bytesOf(schema, type, what)
  return cursor => `0x${Buffer.from(read(cursor)).toString('hex')}`
}

export function listOf<T>(element: Shape<T>): Shape<T[]> {
  return (schema, type, what) => {
    const def = schema.types.def(schema.types.unwrap(type))
    if (def.tag !== 'sequence') return misfit(`${what} is no list`)
    const read = element(schema, def.value, `an element of ${what}`)
    return cursor => {
      const count = readCount(cursor, cursor.at)
      cursor.at = cursor.next
      const list: T[] = []
      // grows with what is really there, however many are said to come
      for (let i = 0; i < count; i++) list.push(read(cursor))
      return list
    }
  }
}

export function optional<T>(shape: Shape<T>): Shape<T | null> {
  return cases<T | null>({ None: { is: null }, Some: { holds: shape } })
}

/** A case without data that stands for `is`, or one with a single value of the shape `holds`. */
export type Case<T> = { is: T } | { holds: Shape<T> }

/** An enum by the names of its cases. One that is not known here is a Misfit when it comes. */
export function cases<T>(known: Record<string, Case<T>>): Shape<T> {
  return (schema, type, what) => {
    const def = schema.types.def(schema.types.unwrap(type))
    if (def.tag !== 'variant') return misfit(`${what} is no choice of cases`)
    const readers: (Read<T> | undefined)[] = []
    for (const { index, name, fields } of def.value) {
      const wanted = Object.hasOwn(known, name) ? known[name]! : null
      if (wanted === null) readers[index] = () => misfit(`${what} is ${name}, a case that is not known`)
      else if ('is' in wanted && fields.length === 0) readers[index] = () => wanted.is
      else if ('holds' in wanted && fields.length === 1) readers[index] = wanted.holds(schema, fields[0]!.type, what)
      else misfit(`${what}: the case ${name} has ${fields.length} values`)
    }
    return cursor => {
      const index = cursor.bytes[take(cursor, 1)]!
      const read = readers[index]
      return read === undefined ? misfit(`${what} has no case ${index}`) : read(cursor)
    }
  }
}

/** An enum of which only the name counts; a case with data is a Misfit. */
export const caseName: Shape<string> = (schema, type, what) => {
  const def = schema.types.def(schema.types.unwrap(type))
  if (def.tag !== 'variant') return misfit(`${what} is no choice of cases`)
  return cases(Object.fromEntries(def.value.map(({ name }) => [name, { is: name }])))(schema, type, what)
}

/** A struct by the names of its fields; gives exactly the members of `members`, in their order. */
export function record<T extends object>(members: Shapes<T>): Shape<T> {
  return (schema, type, what) => readFields(schema, fieldsOf(schema, type, what), members, what)
}

/** The fields of a struct. */
export function fieldsOf({ types }: Schema, type: number, what: string): Field[] {
  const def = types.def(types.unwrap(type))
  return def.tag === 'composite' ? def.value : misfit(`${what} is no record`)
}

/** Reads those of `fields` that `members` names, skips the others. */
export function readFields<T extends object>(schema: Schema, fields: readonly Field[], members: Shapes<T>, what: string): Read<T> {
  const names = Object.keys(members) as (keyof T & string)[]
  const missing = names.filter(name => !fields.some(field => field.name === name))
  if (missing.length > 0) misfit(`${what} has no field ${missing.join(', ')}`)
  const steps: { name: keyof T & string; before: ReturnType<typeof asSkip>; read: Read<T[keyof T & string]> }[] = []
  let passed: Layout[] = []
  for (const field of fields) {
    const name = names.find(wanted => wanted === field.name)
    if (name === undefined) passed.push(schema.layouts.layoutOf(field.type))
    else {
      steps.push({ name, before: asSkip(skipAll(passed)), read: members[name](schema, field.type, `${what}.${name}`) })
      passed = []
    }
  }
  const behind = asSkip(skipAll(passed))
  const blank = Object.fromEntries(names.map(name => [name, undefined])) as Partial<T>
  return cursor => {
    const out = { ...blank }
    for (const { name, before, read } of steps) {
      cursor.at = before(cursor, cursor.at)
      out[name] = read(cursor)
    }
    cursor.at = behind(cursor, cursor.at)
    // every name has its step, or `missing` would not have been empty
    return out as T
  }
}

/** Reads a whole value: bytes left over are a Misfit. */
export function readWhole<T>(read: Read<T>, bytes: Uint8Array): T {
  const cursor = cursorOf(bytes)
  const value = read(cursor)
  if (cursor.at > cursor.end) tooShort()
  if (cursor.at < cursor.end) misfit(`${cursor.end - cursor.at} bytes are left over`)
  return value
}
