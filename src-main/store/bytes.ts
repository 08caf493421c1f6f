/** Whole numbers as bytes: 7 bits each, lowest first (LEB128), up to 2^53 - 1. Signed ones are folded first: 0, -1, 1, -2, … */

/** Most bytes that one number takes. */
export const MAX_VARINT = 8

/** Writes `value` at `at`; gives the position behind it. The caller sees to the room. */
export function putVarint(bytes: Uint8Array, at: number, value: number): number {
  let pos = at
  let large = value
  while (large >= 2 ** 31) {
    const more = Math.floor(large / 128)
    bytes[pos++] = (large - more * 128) | 0x80
    large = more
  }
  // with integers from here on: a float's remainder takes longer than all the rest of an event
  let rest = large | 0
  while (rest >= 0x80) {
    bytes[pos++] = rest | 0x80
    rest >>>= 7
  }
  bytes[pos++] = rest
  return pos
}

export function fold(value: number): number {
  return value >= 0 ? value * 2 : -value * 2 - 1
}

export function unfold(folded: number): number {
  // with integers where that goes: the remainder of a float takes longer than all the rest of an event
  if (folded < 2 ** 31) return (folded >>> 1) ^ -(folded & 1)
  const half = Math.floor(folded / 2)
  return half * 2 === folded ? half : -half - 1
}

/** Bytes that grow. */
export class ByteWriter {
  bytes: Uint8Array
  length = 0

  constructor(size = 256) {
    this.bytes = new Uint8Array(size)
  }

  /** Makes room for `more` bytes. */
  reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + more))
    larger.set(this.bytes.subarray(0, this.length))
    this.bytes = larger
  }

  varint(value: number): void {
    this.reserve(MAX_VARINT)
    this.length = putVarint(this.bytes, this.length, value)
  }

  append(part: Uint8Array): void {
    this.reserve(part.length)
    this.bytes.set(part, this.length)
    this.length += part.length
  }

  view(): Uint8Array {
    return this.bytes.subarray(0, this.length)
  }
}

/** Reads what ByteWriter wrote. Reading past the end gives NaN, which the readers' checks of counts refuse. */
export class ByteReader {
  readonly bytes: Uint8Array
  pos: number

  constructor(bytes: Uint8Array, pos = 0) {
    this.bytes = bytes
    this.pos = pos
  }

  varint(): number {
    const first = this.bytes[this.pos++]!
    return first < 0x80 ? first : this.rest(first)
  }

  /** The number whose first byte has been read and goes on at `pos`. */
  rest(first: number): number {
    const { bytes } = this
    let value = first & 0x7f
    let byte = bytes[this.pos++]!
    value |= (byte & 0x7f) << 7
    if (byte < 0x80) return value
    byte = bytes[this.pos++]!
    value |= (byte & 0x7f) << 14
    if (byte < 0x80) return value
    byte = bytes[this.pos++]!
    value |= (byte & 0x7f) << 21
    if (byte < 0x80) return value
    let scale = 2 ** 28
    do {
      byte = bytes[this.pos++]!
      value += (byte & 0x7f) * scale
      scale *= 128
    } while (byte >= 0x80)
    return value
  }
}
