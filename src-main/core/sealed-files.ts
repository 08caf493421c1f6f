import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { REPORT_FORMAT } from '../../src-shared/receipt-audit.ts'

/** Whether bytes begin as a compressed file does. */
export function looksLikeBundle(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}

/** Whether a file is a sealed one, by how it begins: an audit report or an evidence bundle. */
export function isSealed(path: string): boolean {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return false
  const head = Buffer.alloc(64)
  const handle = openSync(path, 'r')
  try {
    const read = head.subarray(0, readSync(handle, head, 0, head.length, 0))
    return looksLikeBundle(read) || read.toString('latin1').includes(REPORT_FORMAT)
  } finally {
    closeSync(handle)
  }
}

/** Which of the files are sealed ones, and which are receipts. */
export function splitSealed(paths: readonly string[]): { sealed: string[]; others: string[] } {
  const found = Map.groupBy(paths, isSealed)
  return { sealed: found.get(true) ?? [], others: found.get(false) ?? [] }
}
