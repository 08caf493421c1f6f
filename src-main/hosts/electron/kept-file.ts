import { mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { writeSmallFile } from '../../core/small-file.ts'

/** A small file of the desktop's own; null where there is none, or it can't be read: it is then as if nothing had been kept. */
export function readKept(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

/** Writes one beside and renames it; its folder is made where it is missing. Throws the system's error. */
export function writeKept(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  writeSmallFile(path, text)
}

/** The value of a kept file; null where it is no JSON, or far too long for one of ours. */
export function keptValue(text: string | null): unknown {
  if (text === null || text.length > MAX_KEPT_CHARS) return null
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const MAX_KEPT_CHARS = 10_000
