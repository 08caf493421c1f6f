import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { toAppError } from '../../src-shared/errors.ts'

/**
 * Writes several files of one result into `folder` (made if missing): all beside their targets first, fsynced, then renamed one
 * after the other, so that a full disk or a crash leaves no half-written file. Throws AppError io.*; nothing of it is kept then.
 */
export function writeFilesAtomically(folder: string, files: Record<string, string | Iterable<string>>): void {
  const written: { temporary: string; target: string }[] = []
  try {
    mkdirSync(folder, { recursive: true })
    for (const [name, content] of Object.entries(files)) {
      const target = join(folder, name)
      const temporary = join(folder, `.${name}.${process.pid}.part`)
      written.push({ temporary, target })
      writeWhole(temporary, typeof content === 'string' ? [content] : content)
    }
    for (const { temporary, target } of written) renameSync(temporary, target)
    syncFolder(folder)
  } catch (error) {
    for (const { temporary } of written) rmSync(temporary, { force: true })
    throw toAppError(error)
  }
}

function writeWhole(path: string, parts: Iterable<string>): void {
  const handle = openSync(path, 'w', 0o644)
  try {
    for (const part of parts) {
      const bytes = Buffer.from(part, 'utf8')
      for (let done = 0; done < bytes.length; ) done += writeSync(handle, bytes, done)
    }
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** Makes the renames themselves durable; Windows has no such call for folders. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
