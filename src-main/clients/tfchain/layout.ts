import type { Field, TypeDef, Types } from './metadata.ts'
import { misfit, tooShort } from './misfit.ts'

/*
 * How many bytes a value takes, made from the chain's own type registry. What always takes the same number of bytes is
 * that number; all else is a function from the place where a value begins to the place where it ends. A place may run
 * past the end: whoever reads a byte checks, and whoever skips checks once at the end.
 */

export interface Input {
  readonly bytes: Uint8Array
  readonly end: number
  /** the place after the number that readCount read last */
  next: number
  /** how many values of types that contain themselves are open */
  depth: number
}

export type Skip = (input: Input, at: number) => number
export type Layout = number | Skip

/** Types nested deeper than this in the registry are refused, and so are values of types that contain themselves. */
const MOST_NESTED = 200
/** A fixed size above this is kept as a function, so that tables of sizes can have 32 bits. */
const MOST_FIXED = 2 ** 30

/** The input for one value or block; `at` readers start at 0. */
export function inputOf(bytes: Uint8Array): Input {
  return { bytes, end: bytes.length, next: 0, depth: 0 }
}

/** Reads a count or length (a compact number below 2^32); the place after it stands in `input.next`. */
export function readCount(input: Input, at: number): number {
  const { bytes, end } = input
  if (at >= end) tooShort()
  const first = bytes[at]!
  const mode = first & 3
  if (mode === 0) {
    input.next = at + 1
    return first >> 2
  }
  if (mode === 1) {
    if (at + 2 > end) tooShort()
    input.next = at + 2
    return (first | (bytes[at + 1]! << 8)) >> 2
  }
  if (mode === 2) {
    if (at + 4 > end) tooShort()
    input.next = at + 4
    return readU32(bytes, at) >>> 2
  }
  if (first !== 3) misfit(`a length of ${(first >> 2) + 4} bytes is larger than any length`)
  if (at + 5 > end) tooShort()
  input.next = at + 5
  return readU32(bytes, at + 1)
}

/** Little-endian; the caller has made sure that the bytes are there. */
export function readU32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
}

/** Skips a list whose elements take `element` bytes; more elements than there can be in what is left are refused first. */
export function skipList(element: Layout): Skip {
  if (typeof element === 'number')
    return (input, at) => {
      const count = readCount(input, at)
      const after = input.next + count * element
      if (after > input.end) misfit(`a list of ${count} elements is longer than what is left`)
      return after
    }
  return (input, at) => {
    const count = readCount(input, at)
    let place = input.next
    // what has no fixed size takes a byte at least
    if (count > input.end - place) misfit(`a list of ${count} elements is longer than what is left`)
    for (let i = 0; i < count; i++) place = element(input, place)
    return place
  }
}

/** Several values one after the other. */
export function skipAll(parts: Layout[]): Layout {
  const gaps: number[] = []
  const skips: Skip[] = []
  let gap = 0
  for (const part of parts) {
    if (typeof part === 'number') gap += part
    else {
      gaps.push(gap)
      skips.push(part)
      gap = 0
    }
  }
  if (skips.length === 0) return gap
  const tail = gap
  if (skips.length === 1) {
    const skip = skips[0]!
    const before = gaps[0]!
    return (input, at) => skip(input, at + before) + tail
  }
  return (input, at) => {
    let place = at
    for (let i = 0; i < skips.length; i++) place = skips[i]!(input, place + gaps[i]!)
    return place + tail
  }
}

/** One of several cases, told apart by the byte in front: `cases` by that byte. */
export function skipCases(cases: Map<number, Layout>, what: string): Skip {
  const sizes = new Int32Array(256).fill(-1)
  const skips: Skip[] = []
  for (const [index, layout] of cases) {
    if (typeof layout === 'number' && layout <= MOST_FIXED) sizes[index] = layout
    else {
      sizes[index] = -2
      skips[index] = asSkip(layout)
    }
  }
  return (input, at) => {
    if (at >= input.end) tooShort()
    const index = input.bytes[at]!
    const size = sizes[index]!
    if (size >= 0) return at + 1 + size
    if (size === -1) misfit(`${what} has no case ${index}`)
    return skips[index]!(input, at + 1)
  }
}

/** A compact number of a type of `size` bytes: one that is larger than the type is refused. */
export function skipCompact(size: number): Skip {
  return (input, at) => {
    if (at >= input.end) tooShort()
    const first = input.bytes[at]!
    const mode = first & 3
    if (mode === 0) return at + 1
    if (mode === 1) return at + 2
    const length = mode === 2 ? 4 : (first >> 2) + 4
    if (mode === 2 ? size < 2 : length > size) misfit(`a compact number of ${length} bytes is too large for ${size}`)
    return mode === 2 ? at + 4 : at + 1 + length
  }
}

export function asSkip(layout: Layout): Skip {
  return typeof layout === 'number' ? (_input, at) => at + layout : layout
}

const primitiveSizes: Record<string, number> = {
  bool: 1,
  char: 4,
  u8: 1,
  u16: 2,
  u32: 4,
  u64: 8,
  u128: 16,
  u256: 32,
  i8: 1,
  i16: 2,
  i32: 4,
  i64: 8,
  i128: 16,
  i256: 32,
}

export interface Layouts {
  /** Throws Misfit where the registry lacks a type or nests too deep. */
  layoutOf(type: number): Layout
  layoutOfFields(fields: readonly Field[]): Layout
}

/** Layouts of the registry's types, each made when it is first asked for. */
export function createLayouts(types: Types): Layouts {
  const known = new Map<number, Layout>()
  const open = new Set<number>()

  function layoutOf(type: number): Layout {
    const done = known.get(type)
    if (done !== undefined) return done
    if (open.has(type)) return withinItself(type)
    if (open.size >= MOST_NESTED) misfit(`its types are nested deeper than ${MOST_NESTED}`)
    open.add(type)
    try {
      const layout = make(types.def(type), types.nameOf(type))
      known.set(type, layout)
      return layout
    } finally {
      open.delete(type)
    }
  }

  /** A type that contains itself: looked up when a value comes, and only so deep. */
  function withinItself(type: number): Skip {
    return (input, at) => {
      if (input.depth >= MOST_NESTED) misfit(`a value is nested deeper than ${MOST_NESTED}`)
      input.depth++
      const after = asSkip(layoutOf(type))(input, at)
      input.depth--
      return after
    }
  }

  const layoutOfFields = (fields: readonly Field[]): Layout => skipAll(fields.map(field => layoutOf(field.type)))

  function make(def: TypeDef, name: string): Layout {
    switch (def.tag) {
      case 'primitive':
        return def.value.tag === 'str' ? skipList(1) : (primitiveSizes[def.value.tag] ?? misfit(`it has a ${def.value.tag}`))
      case 'composite':
        return layoutOfFields(def.value)
      case 'tuple':
        return skipAll(def.value.map(layoutOf))
      case 'variant':
        return skipCases(new Map(def.value.map(variant => [variant.index, layoutOfFields(variant.fields)])), name)
      case 'sequence':
        return skipList(layoutOf(def.value))
      case 'array':
        return skipArray(def.value.len, layoutOf(def.value.type))
      case 'compact': {
        const inner = layoutOf(types.unwrap(def.value))
        if (typeof inner !== 'number') misfit(`${name} is compact, but no number`)
        return inner === 0 ? 0 : skipCompact(inner)
      }
      case 'bitSequence':
        return skipBits(layoutOf(types.unwrap(def.value.bitStoreType)))
    }
  }

  return { layoutOf, layoutOfFields }
}

function skipArray(length: number, element: Layout): Layout {
  if (length === 0) return 0
  if (typeof element === 'number') return length * element
  return (input, at) => {
    let place = at
    for (let i = 0; i < length; i++) place = element(input, place)
    return place
  }
}

/** Bits in units of the store type, after their number. */
function skipBits(unit: Layout): Skip {
  if (typeof unit !== 'number' || unit < 1) misfit('a bit sequence is kept in no whole number')
  return (input, at) => {
    const bits = readCount(input, at)
    const after = input.next + Math.ceil(bits / (8 * unit)) * unit
    if (after > input.end) misfit(`a sequence of ${bits} bits is longer than what is left`)
    return after
  }
}
