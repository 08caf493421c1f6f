import { type CodecType, metadata as metadataCodec, type V14, type V14Lookup } from '@polkadot-api/substrate-bindings'
import type { Pallet, StorageItem } from './declare-pallets.ts'
import { type Fields, fieldPairs, type NamedTypes, shapeOf, type Variant } from './type-text.ts'

type TypeEntry = V14Lookup[number]
type Def = TypeEntry['def']

export interface ConstantValue {
  pallet: string
  name: string
  type: string
  /** SCALE, hex */
  value: string
}

/** identifier, type of what is in the extrinsic, type of what is only signed */
export const signedExtensions = [
  ['CheckNonZeroSender', 'CheckNonZeroSender', '()'],
  ['CheckSpecVersion', 'CheckSpecVersion', 'u32'],
  ['CheckTxVersion', 'CheckTxVersion', 'u32'],
  ['CheckGenesis', 'CheckGenesis', 'H256'],
  ['CheckMortality', 'CheckMortality', 'H256'],
  ['CheckNonce', 'CheckNonce', '()'],
  ['CheckWeight', 'CheckWeight', '()'],
  ['ChargeTransactionPayment', 'ChargeTransactionPayment', '()'],
] as const

/** The outer enums and each pallet's own, as named types like those declared by hand. */
export function outerTypes(pallets: readonly Pallet[]): NamedTypes {
  const types: Record<string, NamedTypes[string]> = {}
  const kinds = [
    ['Event', 'RuntimeEvent', (pallet: Pallet) => pallet.events],
    ['Call', 'RuntimeCall', (pallet: Pallet) => pallet.calls],
    ['Error', 'RuntimeError', (pallet: Pallet) => pallet.errors.map((name, index): Variant => [index, name])],
  ] as const
  for (const [kind, outer, variantsOf] of kinds) {
    const outerVariants: Variant[] = []
    for (const pallet of pallets) {
      const variants = variantsOf(pallet)
      if (variants.length === 0) continue
      types[`${pallet.name}${kind}`] = { path: `pallet_${pallet.name.toLowerCase()}::pallet::${kind}`, variants }
      outerVariants.push([pallet.index, pallet.name, [`${pallet.name}${kind}`]])
    }
    types[outer] = { path: `tfchain_runtime::${outer}`, variants: outerVariants.sort((a, b) => a[0] - b[0]) }
  }
  return types
}

/**
 * Writes a declaration as the V14 metadata that a chain node serves. `types` holds the outer enums too.
 * @returns SCALE bytes, beginning with `meta`
 */
export function encodeMetadata(types: NamedTypes, pallets: readonly Pallet[], constants: readonly ConstantValue[]): Uint8Array {
  const registry = createRegistry(types)
  const { idOf } = registry
  const v14: Omit<V14, 'lookup'> = {
    pallets: pallets.map(pallet => ({
      name: pallet.name,
      index: pallet.index,
      docs: [],
      storage:
        pallet.storage.length === 0 ? undefined : { prefix: pallet.name, items: pallet.storage.map(item => storageEntry(item, idOf)) },
      calls: pallet.calls.length === 0 ? undefined : idOf(`${pallet.name}Call`),
      events: pallet.events.length === 0 ? undefined : idOf(`${pallet.name}Event`),
      errors: pallet.errors.length === 0 ? undefined : idOf(`${pallet.name}Error`),
      constants: constants
        .filter(constant => constant.pallet === pallet.name)
        .map(({ name, type, value }) => ({ name, type: idOf(type), value, docs: [] })),
    })),
    extrinsic: {
      type: registry.extrinsicId(),
      version: 4,
      signedExtensions: signedExtensions.map(([identifier, type, signed]) => ({
        identifier,
        type: idOf(type),
        additionalSigned: idOf(signed),
      })),
    },
    type: idOf('Runtime'),
    // The codec's type has what later versions added; V14 has no room for it and it is not written.
    apis: [],
  }
  idOf('EventRecord')
  const value: CodecType<typeof metadataCodec>['metadata'] = { tag: 'v14', value: { ...v14, lookup: registry.entries } }
  return metadataCodec.enc({ magicNumber: META_MAGIC, metadata: value })
}

/** `meta`, read as a little-endian number. */
const META_MAGIC = 0x6174_656d

function storageEntry(item: StorageItem, idOf: (type: string) => number) {
  const keys = item.keys ?? []
  const keyType = keys.length === 1 ? keys[0]![0] : `(${keys.map(([type]) => type).join(', ')})`
  return {
    name: item.name,
    modifier: item.fallback === undefined ? 0 : 1,
    type:
      keys.length === 0
        ? { tag: 'plain' as const, value: idOf(item.value) }
        : {
            tag: 'map' as const,
            value: {
              hashers: keys.map(([, tag]) => ({ tag, value: undefined })),
              key: idOf(keyType),
              value: idOf(item.value),
            },
          },
    fallback: item.fallback ?? '0x00',
    docs: [],
  }
}

/** Gives every type that is asked for a number, and those that it rests on. */
function createRegistry(types: NamedTypes) {
  const entries: TypeEntry[] = []
  const ids = new Map<string, number>()

  const add = (key: string, path: string, params: TypeEntry['params'], def: () => Def): number => {
    const known = ids.get(key)
    if (known !== undefined) return known
    const id = entries.length
    ids.set(key, id)
    // Its place is taken before its parts are made, as a type may contain itself.
    const entry: TypeEntry = { id, path: path === '' ? [] : path.split('::'), params: [], def: { tag: 'tuple', value: [] }, docs: [] }
    entries.push(entry)
    entry.params = params
    entry.def = def()
    return id
  }
  const fieldsOf = (fields: Fields | undefined) =>
    fieldPairs(fields).map(([name, type]) => ({ name: name ?? undefined, type: idOf(type), typeName: type, docs: [] }))

  const paramsOf = (params: Readonly<Record<string, string>> = {}) =>
    Object.entries(params).map(([name, type]) => ({ name, type: idOf(type) }))

  const idOf = (type: string): number => {
    const known = ids.get(type)
    if (known !== undefined) return known
    const shape = shapeOf(type)
    switch (shape.kind) {
      case 'primitive':
        return add(type, '', [], () => ({ tag: 'primitive', value: { tag: shape.name, value: undefined } }))
      case 'vec':
        return add(type, '', [], () => ({ tag: 'sequence', value: idOf(shape.of) }))
      case 'compact':
        return add(type, '', [], () => ({ tag: 'compact', value: idOf(shape.of) }))
      case 'array':
        return add(type, '', [], () => ({ tag: 'array', value: { len: shape.length, type: idOf(shape.of) } }))
      case 'tuple':
        return add(type, '', [], () => ({ tag: 'tuple', value: shape.of.map(idOf) }))
      case 'option': {
        const inner = idOf(shape.of)
        const some = { name: undefined, type: inner, typeName: undefined, docs: [] }
        return add(type, 'Option', [{ name: 'T', type: inner }], () => ({
          tag: 'variant',
          value: [
            { name: 'None', fields: [], index: 0, docs: [] },
            { name: 'Some', fields: [some], index: 1, docs: [] },
          ],
        }))
      }
      case 'named': {
        const named = types[shape.name]!
        if ('variants' in named)
          return add(type, named.path, paramsOf(named.params), () => ({
            tag: 'variant',
            value: named.variants.map(([index, name, fields]) => ({ name, fields: fieldsOf(fields), index, docs: [] })),
          }))
        const fields = 'struct' in named ? named.struct : [named.wraps]
        const params = 'struct' in named ? paramsOf(named.params) : []
        return add(type, named.path, params, () => ({ tag: 'composite', value: fieldsOf(fields) }))
      }
    }
  }

  /** Readers find address, call, signature and extensions by the parameters of the extrinsic's type. */
  const extrinsicId = (): number => {
    const extra = `(${signedExtensions.map(([, type]) => type).join(', ')})`
    const params = paramsOf({ Address: 'MultiAddress', Call: 'RuntimeCall', Signature: 'MultiSignature', Extra: extra })
    const unchecked = types.UncheckedExtrinsic!
    return add('UncheckedExtrinsic', unchecked.path, params, () => ({ tag: 'composite', value: fieldsOf(['Bytes']) }))
  }
  return { entries, idOf, extrinsicId }
}
