import { Blake2128Concat, Twox64Concat, Twox128 } from '@polkadot-api/substrate-bindings'
import { AppError } from '../../../src-shared/errors.ts'
import { type Pallet, palletsOf145, palletsOf146, type StorageItem } from './declare-pallets.ts'
import { typesOf145, typesOf146 } from './declare-types.ts'
import { encodeMetadata, outerTypes } from './metadata.ts'
import { type Codec, createCodecs, createWriter, fieldsCodec, type Reader, type Value, type Writer } from './scale.ts'
import type { NamedTypes } from './type-text.ts'

export interface DecodedCall {
  pallet: string
  name: string
  args: { readonly [name: string]: Value }
}

/** One runtime of the devnet's chain: what its metadata says, and the codecs that fit it. */
export interface DevnetRuntime {
  readonly specVersion: number
  readonly transactionVersion: number
  /** V14, hex */
  readonly metadata: string
  /** as state_getRuntimeVersion gives it */
  readonly version: object
  codec(type: string): Codec
  /** SCALE bytes of a value */
  encode(type: string, value: Value): Buffer
  /** pallet index, event index, fields; throws AppError internal for what is not declared */
  event(pallet: string, name: string, fields: Value): Buffer
  /** pallet and event index */
  eventIndexes(pallet: string, name: string): [number, number]
  /** key of a value, or the prefix of a map without its keys; hex */
  storageKey(pallet: string, item: string, ...keys: Value[]): string
  encodeStorage(pallet: string, item: string, value: Value): string
  decodeStorage(pallet: string, item: string, hex: string): Value
  /** where none is stored: the item's default, null for an optional one */
  fallback(pallet: string, item: string): Value
  readCall(from: Reader): DecodedCall
  /** dispatch error of a pallet's error name */
  moduleError(pallet: string, error: string): Value
}

/** Runtime apis that the devnet answers (state_call), by the hash of their name, as a node lists them. */
const apis: [string, number][] = [
  ['0xdf6acb689907609b', 4], // Core
  ['0x37e397fc7c91f5e4', 2], // Metadata
  ['0xbc9d89904f5b923f', 1], // AccountNonceApi
  ['0x37c8bb1350a9a2a8', 4], // TransactionPaymentApi
]
const TRANSACTION_VERSION = 2
const hashers = {
  Blake2128Concat,
  Twox64Concat,
  Identity: (bytes: Uint8Array) => bytes,
}

/** The devnet's two runtimes, the first with the layouts of the grid chain's 145; made once, as building takes some milliseconds. */
export function devnetRuntimes(): [DevnetRuntime, DevnetRuntime] {
  made ??= [createRuntime(145, typesOf145, palletsOf145), createRuntime(146, typesOf146, palletsOf146)]
  return made
}
let made: [DevnetRuntime, DevnetRuntime] | undefined

export function createRuntime(specVersion: number, declaredTypes: NamedTypes, pallets: readonly Pallet[]): DevnetRuntime {
  const types = { ...declaredTypes, ...outerTypes(pallets) }
  const codec = createCodecs(types)
  const writer = createWriter()
  const version = {
    specName: 'substrate-threefold',
    implName: 'granary-devnet',
    authoringVersion: 1,
    specVersion,
    implVersion: 1,
    apis,
    transactionVersion: TRANSACTION_VERSION,
    stateVersion: 0,
  }
  const encode = (write: (to: Writer) => void): Buffer => {
    writer.length = 0
    write(writer)
    return Buffer.from(writer.bytes.subarray(0, writer.length))
  }
  const hexOf = (type: string, value: Value): string => `0x${encode(to => codec(type).write(to, value)).toString('hex')}`

  const constants = pallets.flatMap(pallet =>
    pallet.constants.map(([name, type, value]) => ({ pallet: pallet.name, name, type, value: hexOf(type, value) })),
  )
  constants.push({
    pallet: 'System',
    name: 'Version',
    type: 'RuntimeVersion',
    value: hexOf('RuntimeVersion', {
      spec_name: version.specName,
      impl_name: version.implName,
      authoring_version: 1,
      spec_version: specVersion,
      impl_version: 1,
      apis: apis.map(([hash, number]) => [Buffer.from(hash.slice(2), 'hex'), number]),
      transaction_version: TRANSACTION_VERSION,
      state_version: 0,
    }),
  })

  const events = new Map<string, { indexes: [number, number]; codec: Codec }>()
  for (const pallet of pallets)
    for (const [index, name, fields] of pallet.events)
      events.set(`${pallet.name}.${name}`, { indexes: [pallet.index, index], codec: fieldsCodec(fields, codec) })
  const items = new Map<string, { item: StorageItem; prefix: Buffer }>()
  for (const pallet of pallets)
    for (const item of pallet.storage) {
      const prefix = Buffer.concat([Twox128(Buffer.from(pallet.name)), Twox128(Buffer.from(item.name))])
      items.set(`${pallet.name}.${item.name}`, { item, prefix })
    }
  const knownItem = (pallet: string, item: string) => {
    const known = items.get(`${pallet}.${item}`)
    if (!known) throw new AppError('internal', `The devnet's runtime ${specVersion} declares no storage ${pallet}.${item}.`)
    return known
  }
  const knownEvent = (pallet: string, name: string) => {
    const known = events.get(`${pallet}.${name}`)
    if (!known) throw new AppError('internal', `The devnet's runtime ${specVersion} declares no event ${pallet}.${name}.`)
    return known
  }
  const decodeStorage = (pallet: string, item: string, hex: string): Value =>
    codec(knownItem(pallet, item).item.value).read({ bytes: Buffer.from(hex.slice(2), 'hex'), at: 0 })

  return {
    specVersion,
    transactionVersion: TRANSACTION_VERSION,
    metadata: `0x${Buffer.from(encodeMetadata(types, pallets, constants)).toString('hex')}`,
    version,
    codec,
    encode: (type, value) => encode(to => codec(type).write(to, value)),
    event(pallet, name, fields) {
      const known = knownEvent(pallet, name)
      return encode(to => {
        codec('u8').write(to, known.indexes[0])
        codec('u8').write(to, known.indexes[1])
        known.codec.write(to, fields)
      })
    },
    eventIndexes: (pallet, name) => knownEvent(pallet, name).indexes,
    storageKey(pallet, name, ...keys) {
      const { item, prefix } = knownItem(pallet, name)
      const parts = keys.map((key, index) => {
        const [type, hasher] = item.keys![index]!
        return hashers[hasher](encode(to => codec(type).write(to, key)))
      })
      return `0x${Buffer.concat([prefix, ...parts]).toString('hex')}`
    },
    encodeStorage: (pallet, item, value) => hexOf(knownItem(pallet, item).item.value, value),
    decodeStorage,
    fallback(pallet, item) {
      const { fallback } = knownItem(pallet, item).item
      return fallback === undefined ? null : decodeStorage(pallet, item, fallback)
    },
    readCall(from) {
      const outer = Object.entries(codec('RuntimeCall').read(from) as { [pallet: string]: Value })[0]!
      const [name, args] = Object.entries(outer[1] as { [call: string]: Value })[0]!
      return { pallet: outer[0], name, args: args as DecodedCall['args'] }
    },
    moduleError(pallet, error) {
      const known = pallets.find(one => one.name === pallet)
      const index = known?.errors.indexOf(error) ?? -1
      if (!known || index < 0) throw new AppError('internal', `The devnet's runtime ${specVersion} declares no error ${pallet}.${error}.`)
      return { Module: { index: known.index, error: Uint8Array.of(index, 0, 0, 0) } }
    },
  }
}
