import { randomUUID } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import { cleanName } from '../../src-shared/text.ts'

export interface Uploads {
  begin(name: string, size: number): string
  part(id: string, offset: number, base64: string): void
  /** the complete file and the name that it had; the caller removes it with `remove` when it is done with it */
  end(id: string): { path: string; name: string }
  cancel(id: string): void
  remove(path: string): void
  close(): void
}

/** At most this many uploads may be open: one per dropped file is plenty. */
const MOST_OPEN = 8

/**
 * Files that a browser sends in parts, kept below the data folder until they are imported. What an earlier run left is removed:
 * a page that is gone can't go on sending.
 */
export function createUploads(folder: string): Uploads {
  const open = new Map<string, { handle: number; path: string; name: string; size: number; done: number }>()
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  for (const left of readdirSync(folder)) rmSync(join(folder, left), { force: true, recursive: true })

  function find(id: string) {
    const upload = open.get(id)
    if (!upload) throw new AppError('not-found', 'This upload is not open any more. Choose the file again.')
    return upload
  }

  function remove(path: string): void {
    rmSync(dirname(path), { force: true, recursive: true })
  }

  function drop(id: string): void {
    const upload = open.get(id)
    if (!upload) return
    open.delete(id)
    closeSync(upload.handle)
    remove(upload.path)
  }

  return {
    begin(name, size) {
      if (open.size >= MOST_OPEN) throw new AppError('usage', `${MOST_OPEN} uploads are open already. Wait for one to end, or cancel it.`)
      const id = randomUUID()
      // a folder of its own, so that messages about the file name it as its owner does
      const path = join(folder, id, safeName(name))
      try {
        mkdirSync(join(folder, id), { mode: 0o700 })
        open.set(id, { handle: openSync(path, 'wx', 0o600), path, name, size, done: 0 })
      } catch (error) {
        throw toAppError(error)
      }
      return id
    },
    part(id, offset, base64) {
      const upload = find(id)
      const bytes = Buffer.from(base64, 'base64')
      if (offset !== upload.done)
        throw new AppError('contract.invalid', `Part at ${offset} of ${upload.name} came out of order; ${upload.done} was expected.`)
      if (upload.done + bytes.length > upload.size)
        throw new AppError('contract.invalid', `${upload.name} is longer than it was said to be (${upload.size} bytes). Choose it again.`)
      try {
        for (let written = 0; written < bytes.length; ) written += writeSync(upload.handle, bytes, written)
      } catch (error) {
        drop(id)
        throw toAppError(error)
      }
      upload.done += bytes.length
    },
    end(id) {
      const upload = find(id)
      if (upload.done !== upload.size) {
        drop(id)
        throw new AppError(
          'contract.invalid',
          `${upload.name} is not complete: ${upload.done} of ${upload.size} bytes arrived. Choose it again.`,
        )
      }
      open.delete(id)
      closeSync(upload.handle)
      return { path: upload.path, name: upload.name }
    },
    cancel: drop,
    remove,
    close() {
      for (const id of [...open.keys()]) drop(id)
    },
  }
}

/** The file's own name as a file system takes it. */
function safeName(name: string): string {
  const plain = cleanName(basename(name.replaceAll('\\', '/')))
    .replace(/[<>:"|?*]/g, '_')
    .slice(-100)
  return plain === '' || /^\.+$/.test(plain) ? 'archive' : plain
}
