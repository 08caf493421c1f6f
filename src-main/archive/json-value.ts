import { type JsonReader, MAX_U64 } from './json-reader.ts'

/** Reads any JSON value as plain data; whole numbers above 2^53 - 1 come as bigint, up to 2^64 - 1. */
export function readValue(r: JsonReader): unknown {
  switch (r.peek()) {
    case 0x22: // "
      return r.string()
    case 0x7b: // {
      return readObject(r)
    case 0x5b: {
      const list: unknown[] = []
      r.enterList()
      while (r.element()) list.push(readValue(r))
      return list
    }
    case 0x74: // t
    case 0x66: // f
      return r.boolean()
    case 0x6e: // n
      r.takeNull()
      return null
    default:
      return readNumber(r)
  }
}

function readObject(r: JsonReader): Record<string, unknown> {
  const object: Record<string, unknown> = {}
  r.enterObject()
  for (let name = r.anyMember(); name !== undefined; name = r.anyMember()) {
    // Plain assignment to __proto__ would set the prototype instead of a member.
    Object.defineProperty(object, name, { value: readValue(r), enumerable: true, writable: true, configurable: true })
  }
  return object
}

function readNumber(r: JsonReader): number | bigint {
  const start = r.pos
  r.skipValue(false)
  const token = r.bytes.toString('latin1', start, r.pos)
  const value = Number(token)
  if (Number.isSafeInteger(value)) return value
  if (/^\d{16,20}$/.test(token) && BigInt(token) <= MAX_U64) return BigInt(token)
  if (!Number.isFinite(value) || Number.isInteger(value))
    r.fail(`is the number ${token.slice(0, 40)}, which is too large to be kept exactly`)
  return value
}
