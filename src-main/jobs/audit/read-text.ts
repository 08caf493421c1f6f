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
