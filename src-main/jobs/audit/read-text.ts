import { isUtf8 } from 'node:buffer'

const LINE_FEED = 0x0a

/** A JSON text's value; undefined where it is none. */
export function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The bytes of a base64 text; null where it is none, or is written in another way than these bytes are. */
export function bytesOfBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : null
}

/** The lines of a text, whatever its bytes: one that is no UTF-8 is marked, so that it is not taken for another that reads alike. */
export function linesIn(bytes: Buffer, most = Number.POSITIVE_INFINITY): string[] {
  const lines: string[] = []
  for (let at = 0; at <= bytes.length && lines.length < most; ) {
    const end = bytes.indexOf(LINE_FEED, at)
    const part = bytes.subarray(at, end < 0 ? bytes.length : end)
    lines.push(isUtf8(part) ? part.toString('utf8') : `\0${part.toString('latin1')}`)
    at += part.length + 1
  }
  return lines
}
