import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { toAppError } from '../../src-shared/errors.ts'
import { besideTarget } from '../archive/beside.ts'

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
    for (const [name, content] of Object.entries(files)) if (content === null) rmSync(join(folder, name), { force: true })
    for (const { temporary, target } of written.reverse()) renameSync(temporary, target)
    syncFolder(folder)
  } catch (error) {
    for (const { temporary } of written) rmSync(temporary, { force: true })
    throw toAppError(error)
  }
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
    for (const bytes of pieces) for (let done = 0; done < bytes.length; ) done += writeSync(handle, bytes, done)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
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
