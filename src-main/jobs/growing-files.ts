import { closeSync, fsync, mkdirSync, openSync, rmdirSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { toAppError } from '../../src-shared/errors.ts'
import { besideTarget } from '../archive/beside.ts'
import { putInPlace, writeAll } from './files.ts'

/** Files of one result that are written beside their targets while the rest of the result is still made. */
export interface GrowingFiles {
  /** Puts texts behind what the file has. Throws AppError io.*. */
  append(name: string, texts: readonly string[]): void
  /** Sends what was appended so far to the disk, which takes it in while the rest is made; larger parts are sent on their own. */
  send(): void
  /**
   * Puts the last text behind what each file has (null: a file that this result does not have), and all of them in place as
   * writeFilesAtomically does, in the order of `names`. Rejects with AppError io.*.
   */
  finish(names: readonly string[], last: Record<string, string | null>): Promise<void>
  /** Leaves nothing beside the targets: for who ends without a result, also after any of the above failed. */
  drop(): Promise<void>
}

/** Bytes that are sent to the disk together. */
const SENT_TOGETHER = 1 << 20

interface Growing {
  target: string
  temporary: string
  handle: number
  unsentBytes: number
  isClosed: boolean
  /** what is on its way to the disk; what went wrong, or null */
  sent: Promise<Error | null>[]
}

/** Throws nothing: the folder is made with the first file. */
export function growingFiles(into: string): GrowingFiles {
  const folder = resolve(into)
  const files = new Map<string, Growing>()
  /** the first of the folders that were made for this */
  let made: string | undefined

  function fileOf(name: string): Growing {
    const known = files.get(name)
    if (known !== undefined) return known
    made ??= mkdirSync(folder, { recursive: true })
    const target = join(folder, name)
    const temporary = besideTarget(target)
    const file: Growing = { target, temporary, handle: openSync(temporary, 'wx', 0o644), isClosed: false, unsentBytes: 0, sent: [] }
    files.set(name, file)
    return file
  }

  function append(name: string, texts: readonly string[]): void {
    try {
      const file = fileOf(name)
      const bytes = utf8Of(texts)
      writeAll(file.handle, bytes)
      file.unsentBytes += bytes.length
      if (file.unsentBytes >= SENT_TOGETHER) sendFile(file)
    } catch (error) {
      throw toAppError(error)
    }
  }

  /** Waits until all is on the disk, and closes. */
  async function close(): Promise<void> {
    const all = [...files.values()]
    const failed = (await Promise.all(all.flatMap(file => file.sent))).find(error => error !== null)
    for (const file of all) {
      if (!file.isClosed) closeSync(file.handle)
      file.isClosed = true
    }
    if (failed) throw failed
  }

  /** fsync beside what this thread does. */
  function send(): void {
    for (const file of files.values()) if (file.unsentBytes > 0 || file.sent.length === 0) sendFile(file)
  }

  return {
    append,
    send,
    async finish(names, last) {
      for (const [name, content] of Object.entries(last)) if (content !== null) append(name, [content])
      send()
      try {
        await close()
        const written = names.flatMap(name => files.get(name) ?? [])
        const gone = names.filter(name => last[name] === null)
        putInPlace(folder, written, gone)
      } catch (error) {
        throw toAppError(error)
      }
    },
    async drop() {
      try {
        await close()
      } catch {
        // nothing of what did not reach the disk is kept
      }
      for (const { temporary } of files.values()) rmSync(temporary, { force: true })
      if (made !== undefined) removeFolders(folder, made)
    },
  }
}

let room = Buffer.allocUnsafe(1 << 18)

/**
 * The UTF-8 bytes of the texts, one behind the other, until the next call. Each is encoded alone: in one text of all of them a single letter
 * beyond Latin-1 would make every letter two bytes wide, which takes twice as long to put together and to encode.
 */
function utf8Of(texts: readonly string[]): Uint8Array {
  let letters = 0
  for (const text of texts) letters += text.length
  // a letter takes three bytes at most
  if (letters * 3 > room.length) room = Buffer.allocUnsafe(letters * 3)
  let length = 0
  for (const text of texts) length += room.write(text, length)
  return room.subarray(0, length)
}

function sendFile(file: Growing): void {
  file.unsentBytes = 0
  file.sent.push(new Promise(resolve => fsync(file.handle, resolve)))
}

/** Removes folders that were made for nothing, from the innermost out to `last`; one that somebody else uses meanwhile stays. */
function removeFolders(from: string, last: string): void {
  try {
    for (let at = from; ; at = dirname(at)) {
      rmdirSync(at)
      if (at === last) return
    }
  } catch {
    // it is not empty any more
  }
}
