import { AppError } from '../../../src-shared/errors.ts'
import { type Fields, fieldPairs, type NamedTypes, type Primitive, shapeOf, type Variant } from './type-text.ts'

/**
 * Values as the devnet handles them: bool; u8 to u32 numbers; u64 and u128 bigints (numbers are taken too); bytes as Uint8Array (text is
 * taken as UTF-8); lists as arrays; options as null or the value; structs as objects; enums as `Name` or `{ Name: fields }`.
 */
export type Value = boolean | number | bigint | string | null | Uint8Array | readonly Value[] | { readonly [name: string]: Value }

/** Appends SCALE bytes. */
export interface Writer {
  bytes: Buffer
  length: number
}

export interface Reader {
  bytes: Buffer
  at: number
}

export interface Codec {
  write(to: Writer, value: Value): void
  read(from: Reader): Value
}

export function createWriter(): Writer {
  return { bytes: Buffer.allocUnsafe(4096), length: 0 }
}

/** Room for `count` more bytes; gives where they begin. */
export function reserve(to: Writer, count: number): number {
  const at = to.length
  if (at + count > to.bytes.length) {
    const larger = Buffer.allocUnsafe(Math.max(to.bytes.length * 2, at + count))
    to.bytes.copy(larger, 0, 0, at)
    to.bytes = larger
  }
  to.length = at + count
  return at
}

export function writeRaw(to: Writer, bytes: Uint8Array): void {
  const at = reserve(to, bytes.length)
  to.bytes.set(bytes, at)
}

export function writeU8(to: Writer, value: number): void {
  const at = reserve(to, 1)
  to.bytes[at] = value
}

/** SCALE's compact integer. */
export function writeCompact(to: Writer, value: number | bigint): void {
  if (value < 64) writeU8(to, Number(value) << 2)
  else if (value < 0x4000_0000) {
    const size = value < 0x4000 ? 2 : 4
    const at = reserve(to, size)
    to.bytes.writeUIntLE(Number(value) * 4 + size / 2, at, size)
  } else {
    const bytes: number[] = []
    for (let rest = BigInt(value); rest > 0n; rest >>= 8n) bytes.push(Number(rest & 255n))
    while (bytes.length < 4) bytes.push(0)
    writeU8(to, ((bytes.length - 4) << 2) | 3)
    writeRaw(to, Uint8Array.from(bytes))
  }
}

/** Cuts the next bytes off; throws AppError `usage` where they are not there: what was sent ends too early. */
export function take(from: Reader, count: number): Buffer {
  if (from.at + count > from.bytes.length) throw new AppError('usage', 'These SCALE bytes end too early.')
  const part = from.bytes.subarray(from.at, from.at + count)
  from.at += count
  return part
}

export function readCompact(from: Reader): bigint {
  const first = take(from, 1)[0]!
  switch (first & 3) {
    case 0:
      return BigInt(first >> 2)
    case 1:
      return BigInt((first >> 2) | (take(from, 1)[0]! << 6))
    case 2:
      return BigInt(first >> 2) | (BigInt(take(from, 3).readUIntLE(0, 3)) << 6n)
    default:
      return littleEndian(take(from, (first >> 2) + 4))
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!)
  return value
}

/** Codecs of a declaration, made from the types' text when they are first asked for. */
export function createCodecs(types: NamedTypes): (type: string) => Codec {
  const made = new Map<string, Codec>()
  const codecOf = (type: string): Codec => {
    const known = made.get(type)
    if (known) return known
    // A type may contain itself (a call that holds calls): what is under way is reached through this stand-in.
    const standIn: Codec = { write: (to, value) => made.get(type)!.write(to, value), read: from => made.get(type)!.read(from) }
    made.set(type, standIn)
    const codec = makeCodec(type, types, codecOf)
    made.set(type, codec)
    return codec
  }
  return codecOf
}

function makeCodec(type: string, types: NamedTypes, codecOf: (type: string) => Codec): Codec {
  const shape = shapeOf(type)
  switch (shape.kind) {
    case 'primitive':
      return primitiveCodecs[shape.name]
    case 'vec':
      return shape.of === 'u8' ? bytesCodec : vecCodec(codecOf(shape.of))
    case 'option':
      return optionCodec(codecOf(shape.of))
    case 'compact':
      return { write: (to, value) => writeCompact(to, value as number | bigint), read: readCompact }
    case 'array':
      return shape.of === 'u8' ? rawCodec(shape.length) : tupleCodec(new Array<Codec>(shape.length).fill(codecOf(shape.of)))
    case 'tuple':
      return tupleCodec(shape.of.map(codecOf))
    case 'named': {
      const named = types[shape.name]
      if (!named) throw new AppError('internal', `The devnet's declaration has no type ${shape.name}.`)
      if ('wraps' in named) return codecOf(named.wraps)
      return 'struct' in named ? fieldsCodec(named.struct, codecOf) : variantsCodec(shape.name, named.variants, codecOf)
    }
  }
}

function numberCodec(size: 1 | 2 | 4): Codec {
  return {
    write(to, value) {
      const at = reserve(to, size)
      to.bytes.writeUIntLE(Number(value), at, size)
    },
    read: from => take(from, size).readUIntLE(0, size),
  }
}

function bigCodec(size: 8 | 16): Codec {
  return {
    write(to, value) {
      const wide = BigInt(value as number | bigint)
      const at = reserve(to, size)
      to.bytes.writeBigUInt64LE(wide & 0xffff_ffff_ffff_ffffn, at)
      if (size === 16) to.bytes.writeBigUInt64LE(wide >> 64n, at + 8)
    },
    read: from => littleEndian(take(from, size)),
  }
}

const bytesCodec: Codec = {
  write(to, value) {
    const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : (value as Uint8Array)
    writeCompact(to, bytes.length)
    writeRaw(to, bytes)
  },
  read: from => take(from, Number(readCompact(from))),
}

const primitiveCodecs: Record<Primitive, Codec> = {
  bool: { write: (to, value) => writeU8(to, value ? 1 : 0), read: from => take(from, 1)[0] === 1 },
  str: { write: (to, value) => bytesCodec.write(to, value), read: from => take(from, Number(readCompact(from))).toString('utf8') },
  u8: numberCodec(1),
  u16: numberCodec(2),
  u32: numberCodec(4),
  u64: bigCodec(8),
  u128: bigCodec(16),
}

function rawCodec(length: number): Codec {
  return {
    write(to, value) {
      const bytes = value as Uint8Array
      if (bytes.length !== length) throw new AppError('internal', `${length} bytes were expected and ${bytes.length} given.`)
      writeRaw(to, bytes)
    },
    read: from => take(from, length),
  }
}

function vecCodec(item: Codec): Codec {
  return {
    write(to, value) {
      const list = value as readonly Value[]
      writeCompact(to, list.length)
      for (const element of list) item.write(to, element)
    },
    read(from) {
      const count = Number(readCompact(from))
      // Every element has at least one byte in this declaration: a false count ends here and not in memory.
      if (count > from.bytes.length - from.at) throw new AppError('usage', 'These SCALE bytes end too early.')
      return Array.from({ length: count }, () => item.read(from))
    },
  }
}

function optionCodec(inner: Codec): Codec {
  return {
    write(to, value) {
      writeU8(to, value === null ? 0 : 1)
      if (value !== null) inner.write(to, value)
    },
    read: from => (take(from, 1)[0] === 0 ? null : inner.read(from)),
  }
}

function tupleCodec(parts: readonly Codec[]): Codec {
  return {
    write(to, value) {
      parts.forEach((part, index) => {
        part.write(to, (value as readonly Value[])[index]!)
      })
    },
    read: from => parts.map(part => part.read(from)),
  }
}

/** One unnamed field is the value itself, several are a list, named ones an object. */
export function fieldsCodec(fields: Fields | undefined, codecOf: (type: string) => Codec): Codec {
  const pairs = fieldPairs(fields)
  const codecs = pairs.map(([, type]) => codecOf(type))
  if (pairs.length === 0) return { write: () => undefined, read: () => null }
  if (pairs[0]![0] === null) return pairs.length === 1 ? codecs[0]! : tupleCodec(codecs)
  const names = pairs.map(([name]) => name!)
  return {
    write(to, value) {
      for (const [index, name] of names.entries()) {
        const field = (value as { [name: string]: Value })[name]
        if (field === undefined) throw new AppError('internal', `The devnet was to encode a record without its field ${name}.`)
        codecs[index]!.write(to, field)
      }
    },
    read(from) {
      const object: { [name: string]: Value } = {}
      for (const [index, name] of names.entries()) object[name] = codecs[index]!.read(from)
      return object
    },
  }
}

function variantsCodec(type: string, variants: readonly Variant[], codecOf: (type: string) => Codec): Codec {
  const byName = new Map(variants.map(([index, name, fields]) => [name, { index, name, codec: fieldsCodec(fields, codecOf), fields }]))
  const byIndex = new Map([...byName.values()].map(variant => [variant.index, variant]))
  return {
    write(to, value) {
      const name = typeof value === 'string' ? value : Object.keys(value as object)[0]!
      const variant = byName.get(name)
      if (!variant) throw new AppError('internal', `The devnet's ${type} has no ${name}.`)
      writeU8(to, variant.index)
      variant.codec.write(to, typeof value === 'string' ? null : (value as { [name: string]: Value })[name]!)
    },
    read(from) {
      const index = take(from, 1)[0]!
      const variant = byIndex.get(index)
      if (!variant) throw new AppError('usage', `${type} has no variant ${index}.`)
      return variant.fields === undefined ? variant.name : { [variant.name]: variant.codec.read(from) }
    },
  }
}
