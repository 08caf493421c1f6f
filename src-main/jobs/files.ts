import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { toAppError } from '../../src-shared/errors.ts'
import { besideTarget, dropBeside, ofTarget } from '../archive/beside.ts'

/** A file's text, or its bytes in pieces. */
export type Content = string | readonly Uint8Array[]

/**
 * Writes several files of one result into `folder` (made if missing): all beside their targets first, fsynced, then renamed one
 * after the other, so that a full disk or a crash leaves no half-written file. The first file comes last: where it is new, all others
 * are. null: a file that this result does not have; one of an earlier result goes. Throws AppError io.*; the first file is as it
 * was then, and unless a target could not be replaced, all others too.
 */
export function writeFilesAtomically(folder: string, files: Record<string, Content | null>): void {
  const written: { temporary: string; target: string }[] = []
  try {
    mkdirSync(folder, { recursive: true })
    for (const [name, content] of Object.entries(files)) {
      if (content === null) continue
      const target = join(folder, name)
      const temporary = besideTarget(target)
      written.push({ temporary, target })
      writeWhole(temporary, content)
    }
    const gone = Object.keys(files).filter(name => files[name] === null)
    putInPlace(folder, written, gone)
  } catch (error) {
    for (const { temporary } of written) dropBeside(temporary)
    throw toAppError(written.reduce((said: unknown, { temporary, target }) => ofTarget(said, temporary, target), error))
  }
}

/** Renames files that are whole and on the disk, the first last, and removes those that the result does not have. Throws as node:fs does. */
export function putInPlace(folder: string, written: readonly { temporary: string; target: string }[], gone: readonly string[]): void {
  for (const name of gone) rmSync(join(folder, name), { force: true })
  for (const { temporary, target } of written.toReversed()) renameSync(temporary, target)
  syncFolder(folder)
}

/** Writes one file in the same way. */
export function writeFileAtomically(target: string, content: Content): void {
  const path = resolve(target)
  writeFilesAtomically(dirname(path), { [basename(path)]: content })
}

function writeWhole(path: string, content: Content): void {
  const pieces = typeof content === 'string' ? [Buffer.from(content, 'utf8')] : content
  const handle = openSync(path, 'wx', 0o644)
  try {
    for (const bytes of pieces) writeAll(handle, bytes)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** Writes all of `bytes`, however often the system takes only some. Throws as node:fs does. */
export function writeAll(handle: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(handle, bytes, done)
}

/** Makes the renames themselves durable; Windows has no such call for folders. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
