import { Blake2128, Blake2128Concat, Blake2256, Identity, Twox64Concat, Twox128, Twox256 } from '@polkadot-api/substrate-bindings'
import { AppError } from '../../../src-shared/errors.ts'
import { readU32 } from './layout.ts'
import type { Pallet, ParsedMetadata } from './metadata.ts'
import { Misfit, misfit, undecodable } from './misfit.ts'
import type { Hex } from './types.ts'
import { type Read, readU64, readWhole, type Schema, type Shape, safeNumber } from './values.ts'

type Item = NonNullable<Pallet['storage']>['items'][number]
export type StorageKeyPart = number | bigint | Uint8Array

export interface Storage {
  has(pallet: string, item: string): boolean
  key(pallet: string, item: string, ...keys: StorageKeyPart[]): Hex
  /** The value that an item has where nothing is stored; null where absence means that there is none. */
  fallback(pallet: string, item: string): Uint8Array | null
  /** Reads an item's value. The reader is made once and kept under the item's name: ask with one shape per item. */
  read<T>(pallet: string, item: string, shape: Shape<T>, bytes: Uint8Array): T
}

const hashers: Record<string, (bytes: Uint8Array) => Uint8Array> = {
  Blake2128,
  Blake2128Concat,
  Blake2256,
  Identity,
  Twox128,
  Twox256,
  Twox64Concat,
}
/** In the metadata: absent means none (0), or the item's own default value (1). */
const WITH_DEFAULT = 1

export function createStorage(schema: Schema, { pallets }: ParsedMetadata, spec: number): Storage {
  const prefixes = new Map<string, Hex>()
  const readers = new Map<string, Read<unknown>>()
  const storageOf = (pallet: string) => pallets.find(found => found.name === pallet)?.storage
  const findItem = (pallet: string, item: string) => storageOf(pallet)?.items.find(found => found.name === item)

  function itemOf(pallet: string, item: string): Item {
    const found = findItem(pallet, item)
    if (found !== undefined) return found
    throw undecodable(`The storage item ${pallet}.${item} is asked for`, `runtime ${spec} has no such item`, { pallet, item, spec })
  }

  function prefixOf(pallet: string, item: string): Hex {
    const name = `${pallet}.${item}`
    let prefix = prefixes.get(name)
    if (prefix === undefined) {
      itemOf(pallet, item)
      prefix = `0x${hexOf(twox(storageOf(pallet)!.prefix))}${hexOf(twox(item))}`
      prefixes.set(name, prefix)
    }
    return prefix
  }

  /** The types of a map's keys, one for each hasher. */
  function keyTypes(item: Item): number[] {
    if (item.type.tag === 'plain') return []
    const { hashers, key } = item.type.value
    if (hashers.length === 1) return [key]
    const def = schema.types.def(key)
    return def.tag === 'tuple' && def.value.length === hashers.length ? def.value : misfit('its keys are not one for each hasher')
  }

  function keyBytes(part: StorageKeyPart, type: number): Uint8Array {
    if (part instanceof Uint8Array) return part
    const def = schema.types.def(schema.types.unwrap(type))
    const size = def.tag === 'primitive' && /^u\d+$/.test(def.value.tag) ? Number(def.value.tag.slice(1)) / 8 : 0
    if (size === 0) return misfit('its key is no number')
    return littleEndian(part, size)
  }

  /** Names item and spec in what goes wrong. */
  function naming<T>(pallet: string, item: string, action: string, work: () => T): T {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof Misfit)) throw error
      throw undecodable(`${action} ${pallet}.${item} (runtime ${spec})`, error.message, { pallet, item, spec }, error)
    }
  }

  return {
    has: (pallet, item) => findItem(pallet, item) !== undefined,
    key(pallet, item, ...keys) {
      const found = itemOf(pallet, item)
      const prefix = prefixOf(pallet, item)
      if (keys.length === 0) return prefix
      return naming(pallet, item, 'No storage key can be made for', () => {
        const types = keyTypes(found)
        if (keys.length > types.length) misfit(`it has ${types.length} keys, and ${keys.length} are given`)
        const parts = keys.map((part, i) => hexOf(hasherOf(found, i)(keyBytes(part, types[i]!))))
        return prefix + parts.join('')
      })
    },
    fallback(pallet, item) {
      const { modifier, fallback } = itemOf(pallet, item)
      return modifier === WITH_DEFAULT ? Uint8Array.from(Buffer.from(fallback.slice(2), 'hex')) : null
    },
    read<T>(pallet: string, item: string, shape: Shape<T>, bytes: Uint8Array): T {
      const found = itemOf(pallet, item)
      const name = `${pallet}.${item}`
      return naming(pallet, item, 'A stored value cannot be decoded, one of', () => {
        let read = readers.get(name) as Read<T> | undefined
        if (read === undefined) {
          read = shape(schema, valueType(found), item)
          readers.set(name, read)
        }
        return readWhole(read, bytes)
      })
    },
  }
}

function valueType({ type }: Item): number {
  return type.tag === 'plain' ? type.value : type.value.value
}

function hasherOf({ type }: Item, index: number): (bytes: Uint8Array) => Uint8Array {
  const name = type.tag === 'map' ? type.value.hashers[index]?.tag : undefined
  return (name !== undefined && hashers[name]) || misfit('its hasher is unknown')
}

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const twox = (name: string) => Twox128(new TextEncoder().encode(name))

function littleEndian(value: number | bigint, size: number): Uint8Array {
  const exact = typeof value === 'bigint' || Number.isSafeInteger(value)
  if (!exact || value < 0 || BigInt(value) >> BigInt(size * 8) !== 0n)
    throw new AppError('internal', `${value} is no key of ${size} bytes; a map's key is a whole number from 0 on.`, { details: { size } })
  const bytes = new Uint8Array(size)
  let rest = BigInt(value)
  for (let i = 0; i < size; i++, rest >>= 8n) bytes[i] = Number(rest & 255n)
  return bytes
}

/** Bytes of a key: 32 of the prefix, 8 or 16 of a hash, 4 or 8 of the id; no two of these come to the same length. */
const ID_SIZES = new Map([
  [32 + 8 + 4, 4],
  [32 + 8 + 8, 8],
  [32 + 16 + 4, 4],
  [32 + 16 + 8, 8],
])

/**
 * The id (u32 or u64) at the end of a map's key whose hasher keeps it, Blake2_128Concat or Twox64Concat. Throws AppError
 * chain.undecodable for a key of another length or an id above 2^53-1.
 */
export function idOfKey(key: Hex, spec: number): number {
  const size = ID_SIZES.get((key.length - 2) / 2)
  const what = `The storage key ${key.slice(0, 200)} (runtime ${spec})`
  if (size === undefined || !/^0x[0-9a-f]+$/.test(key)) throw undecodable(what, 'it has no id at its end', { spec })
  const bytes = Buffer.from(key.slice(-2 * size), 'hex')
  if (size === 4) return readU32(bytes, 0)
  const id = readU64(bytes, 0)
  if (typeof id === 'bigint') throw undecodable(what, 'its id is larger than any that can be', { spec })
  return safeNumber(id, 'its id')
}
