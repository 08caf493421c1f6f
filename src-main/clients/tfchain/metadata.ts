import { metadata as metadataCodec, type UnifiedMetadata, unifyMetadata, type V14Lookup } from '@polkadot-api/substrate-bindings'
import type { AppError } from '../../../src-shared/errors.ts'
import { asSkip, type Input, inputOf, type Layout, skipAll, skipCases, skipCompact, skipList } from './layout.ts'
import { Misfit, misfit, undecodable } from './misfit.ts'

export type TypeDef = V14Lookup[number]['def']
export type Pallet = UnifiedMetadata['pallets'][number]

/** A field of a struct, an enum's case or an event; tuples have no names. */
export interface Field {
  name?: string | undefined
  type: number
}

/** The type registry. All but `has` throw Misfit for a type that is not there. */
export interface Types {
  has(type: number): boolean
  def(type: number): TypeDef
  /** its path, e.g. `tfchain_support::types::Node`, or its number */
  nameOf(type: number): string
  /** follows wrappers around one value (`FarmName(BoundedVec<u8>)`) to the type within */
  unwrap(type: number): number
}

export interface ParsedMetadata {
  types: Types
  pallets: readonly Pallet[]
  /** as the library has it, for what is decoded by the library (extrinsic.ts) */
  unified: UnifiedMetadata
}

const MAGIC = 'meta'
const VERSION = 14

/**
 * Parses metadata as state_getMetadata gives it: the bytes `meta`, version 14 (which all runtimes of this chain have), nothing
 * after it. Lengths are checked before anything is allocated. Throws AppError chain.undecodable.
 */
export function parseMetadata(bytes: Uint8Array): ParsedMetadata {
  const magic = String.fromCharCode(...bytes.subarray(0, 4))
  if (magic !== MAGIC) throw broken('it does not begin with `meta`')
  const version = bytes[4] ?? 0
  if (version !== VERSION) throw broken(`it has version ${version}, and this Granary reads version ${VERSION}`)
  try {
    checkForm(bytes)
    // a copy of its own (a Buffer's slice is none): the library reads from the beginning of the buffer below
    const unified = unifyMetadata(metadataCodec.dec(new Uint8Array(bytes)))
    return { types: typesOf(unified.lookup), pallets: unified.pallets, unified }
  } catch (error) {
    // whatever the library trips over, it is these bytes
    throw broken(error instanceof Misfit ? error.message : 'its bytes are damaged', error)
  }
}

function broken(reason: string, cause?: unknown): AppError {
  return undecodable('The runtime’s description of itself (its metadata) cannot be read', reason, {}, cause)
}

/** The layout of metadata 14 itself: what the library would believe (a list of a billion) is refused here. */
const text = skipList(1)
const number = skipCompact(4)
const texts = skipList(text)
const optional = (layout: Layout) =>
  skipCases(
    new Map([
      [0, 0],
      [1, layout],
    ]),
    'an optional part',
  )
const fields = skipList(skipAll([optional(text), number, optional(text), texts]))
const kinds: Layout[] = [
  fields,
  skipList(skipAll([text, fields, 1, texts])),
  number,
  skipAll([4, number]),
  skipList(number),
  skipCases(new Map(Array.from({ length: 15 }, (_, i) => [i, 0])), 'a primitive type'),
  number,
  skipAll([number, number]),
]
const types = skipList(
  skipAll([number, texts, skipList(skipAll([text, optional(number)])), skipCases(new Map(kinds.entries()), 'a type'), texts]),
)
const hashers = skipList(skipCases(new Map(Array.from({ length: 7 }, (_, i) => [i, 0])), 'a hasher'))
const storageTypes = new Map([
  [0, number],
  [1, skipAll([hashers, number, number])],
])
const items = skipList(skipAll([text, 1, skipCases(storageTypes, 'a storage item'), text, texts]))
const constants = skipList(skipAll([text, number, text, texts]))
const pallet = skipAll([text, optional(skipAll([text, items])), optional(number), optional(number), constants, optional(number), 1])
const extensions = skipList(skipAll([text, number, number]))
const whole = asSkip(skipAll([5, types, skipList(pallet), number, 1, extensions, number]))

function checkForm(bytes: Uint8Array): void {
  const input: Input = inputOf(bytes)
  const after = whole(input, 0)
  if (after > bytes.length) misfit('its bytes end in the middle')
  if (after < bytes.length) misfit(`${bytes.length - after} bytes are left over behind its end`)
}

function typesOf(lookup: V14Lookup): Types {
  const entries = new Map(lookup.map(entry => [entry.id, entry]))
  const entryOf = (type: number) => entries.get(type) ?? misfit(`type ${type} is not in the runtime’s list of types`)
  const innerOf = (def: TypeDef): number | null => {
    if (def.tag === 'composite' && def.value.length === 1 && def.value[0]!.name === undefined) return def.value[0]!.type
    if (def.tag === 'tuple' && def.value.length === 1) return def.value[0]!
    return null
  }
  return {
    has: type => entries.has(type),
    def: type => entryOf(type).def,
    nameOf: type => entryOf(type).path.join('::') || `type ${type}`,
    unwrap(type) {
      let at = type
      for (let steps = 0; steps <= lookup.length; steps++) {
        const inner = innerOf(entryOf(at).def)
        if (inner === null) return at
        at = inner
      }
      return misfit(`type ${type} contains nothing but itself`)
    },
  }
}
