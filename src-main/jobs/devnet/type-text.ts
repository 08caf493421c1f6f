import { AppError } from '../../../src-shared/errors.ts'

/**
 * Types of the devnet's declaration are written as text: `u64`, `Bytes`, `Vec<u32>`, `Option<Bytes>`, `Compact<u128>`, `[u8; 32]`,
 * `(u32, u64)`, or the name of a declared type.
 */
export type TypeShape =
  | { kind: 'primitive'; name: Primitive }
  | { kind: 'vec' | 'option' | 'compact'; of: string }
  | { kind: 'array'; of: string; length: number }
  | { kind: 'tuple'; of: string[] }
  | { kind: 'named'; name: string }

export const primitives = ['bool', 'str', 'u8', 'u16', 'u32', 'u64', 'u128'] as const
export type Primitive = (typeof primitives)[number]

/** Unnamed fields in order, or named ones. */
export type Fields = readonly string[] | Readonly<Record<string, string>>
/** index, name, fields (none if left out) */
export type Variant = readonly [number, string, Fields?]

/** A declared type; `path` is the Rust path that the metadata shows, `params` what it is generic over, where readers look for it. */
export type NamedType =
  | { path: string; struct: Readonly<Record<string, string>>; params?: Readonly<Record<string, string>> }
  | { path: string; wraps: string }
  | { path: string; variants: readonly Variant[]; params?: Readonly<Record<string, string>> }
export type NamedTypes = Readonly<Record<string, NamedType>>

const generics = { Vec: 'vec', Option: 'option', Compact: 'compact' } as const

/** What a type's text means; throws AppError `internal` for text that breaks the grammar. */
export function shapeOf(text: string): TypeShape {
  if (text === 'Bytes') return { kind: 'vec', of: 'u8' }
  const primitive = primitives.find(name => name === text)
  if (primitive) return { kind: 'primitive', name: primitive }
  const generic = /^(Vec|Option|Compact)<(.+)>$/.exec(text)
  if (generic) return { kind: generics[generic[1] as keyof typeof generics], of: generic[2]! }
  const array = /^\[(.+); (\d+)\]$/.exec(text)
  if (array) return { kind: 'array', of: array[1]!, length: Number(array[2]) }
  if (text.startsWith('(') && text.endsWith(')')) return { kind: 'tuple', of: splitTop(text.slice(1, -1)) }
  if (/^[A-Z][A-Za-z0-9]*$/.test(text)) return { kind: 'named', name: text }
  throw new AppError('internal', `The devnet's declaration has a type that makes no sense: ${text}.`)
}

/** Cuts at the commas that stand inside no bracket. */
function splitTop(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let part = ''
  for (const letter of text) {
    if ('<([{'.includes(letter)) depth++
    if ('>)]}'.includes(letter)) depth--
    if (letter === ',' && depth === 0) {
      parts.push(part.trim())
      part = ''
    } else part += letter
  }
  if (part.trim() !== '') parts.push(part.trim())
  return parts
}

/** Fields as pairs of name and type; unnamed ones have the name `null`. */
export function fieldPairs(fields: Fields | undefined): [string | null, string][] {
  if (fields === undefined) return []
  return Array.isArray(fields) ? (fields as readonly string[]).map(type => [null, type]) : Object.entries(fields)
}
