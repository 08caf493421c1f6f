import { once } from 'node:events'
import fs from 'node:fs'
import { Socket } from 'node:net'
import type { Readable, Transform } from 'node:stream'
import { ReadStream } from 'node:tty'
import { promisify } from 'node:util'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { AppError, toAppError } from '../../src-shared/errors.ts'

const openFile = promisify(fs.open)
const readFile = promisify(fs.read)
const statFile = promisify(fs.fstat)
const closeFile = promisify(fs.close)

/** An archive's uncompressed bytes in chunks. */
export interface ByteSource {
  /** The next chunk, or undefined at the end. A chunk's bytes are good until the next call. */
  next(): Promise<Buffer | undefined>
  /** bytes read so far, as they lie on disk */
  bytesRead(): number
  /** bytes on disk; null where nobody knows (a pipe) */
  readonly bytesTotal: number | null
  /** known once the first chunk has come */
  isPacked(): boolean
  /** Releases everything; may be called at any time, also while next() is under way. */
  close(): Promise<void>
}

/** Where raw bytes come from: a file, or a pipe, socket or terminal. */
interface RawBytes {
  next(): Promise<Buffer | undefined>
  readonly total: number | null
  close(): Promise<void>
}

const FILE_CHUNK = 1 << 20
const UNPACKED_CHUNK = 1 << 19

/**
 * Opens a path or `-` (standard input). Whether it is gzip, zstd or plain is decided by its first bytes, not its name.
 * @throws AppError io.*
 */
export async function openSource(path: string): Promise<ByteSource> {
  const fd = path === '-' ? 0 : await openFile(path, 'r')
  let raw: RawBytes
  try {
    const stat = await statFile(fd)
    if (stat.isDirectory()) throw Object.assign(new Error('is a folder'), { code: 'EISDIR', path })
    raw = stat.isFIFO() || stat.isSocket() || (stat.isCharacterDevice() && path === '-') ? streamBytes(fd) : fileBytes(fd, stat)
  } catch (error) {
    if (fd !== 0) await closeFile(fd).catch(() => {})
    throw error
  }
  return byContent(raw)
}

/** A file is read ahead into two buffers in turn, so that reading one overlaps with parsing the other. */
function fileBytes(fd: number, stat: fs.Stats): RawBytes {
  const buffers = [Buffer.allocUnsafeSlow(FILE_CHUNK), Buffer.allocUnsafeSlow(FILE_CHUNK)]
  let turn = 0
  const read = async () => {
    const buffer = buffers[turn]!
    turn = 1 - turn
    // Without a position: standard input may be a file that someone has begun to read.
    const { bytesRead } = await readFile(fd, buffer, 0, buffer.length, null)
    return bytesRead === 0 ? undefined : bytesRead === buffer.length ? buffer : buffer.subarray(0, bytesRead)
  }
  let ahead: Promise<Buffer | undefined> | undefined
  let closed = false
  return {
    total: stat.isFile() ? stat.size : null,
    async next() {
      ahead ??= read()
      const chunk = await ahead
      ahead = chunk === undefined || closed ? undefined : read()
      ahead?.catch(() => {}) // it is reported when its turn comes
      return chunk
    },
    async close() {
      if (closed) return
      closed = true
      // A read that is still under way would hit whatever file has this number next.
      await ahead?.catch(() => {})
      if (fd !== 0) await closeFile(fd).catch(() => {})
    },
  }
}

function streamBytes(fd: number): RawBytes {
  // Not process.stdin: in a worker thread that is another, empty stream.
  const stream = fs.fstatSync(fd).isCharacterDevice() ? terminal(fd) : new Socket({ fd, readable: true, writable: false })
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  return {
    total: null,
    async next() {
      const { value, done } = await chunks.next()
      return done === true ? undefined : value
    },
    async close() {
      stream.destroy()
    },
  }
}

function terminal(fd: number): Readable {
  try {
    return new ReadStream(fd)
  } catch {
    return fs.createReadStream('', { fd, autoClose: false }) // a device that is no terminal, such as /dev/null
  }
}

/** The first bytes decide how the rest is read. They are awaited by the first next(), which can be interrupted. */
function byContent(raw: RawBytes): ByteSource {
  let read = 0
  const counted = async () => {
    const chunk = await raw.next()
    read += chunk?.length ?? 0
    return chunk
  }
  let inner: { next(): Promise<Buffer | undefined>; close(): void } | undefined
  let packing: Packing | undefined
  const begin = async () => {
    let head = await counted()
    // A pipe may give less than the four bytes that tell.
    while (head !== undefined && head.length < 4) {
      const start = Buffer.from(head)
      const more = await counted()
      head = more === undefined ? start : Buffer.concat([start, more])
      if (more === undefined) break
    }
    packing = head === undefined ? undefined : packingOf(head)
    if (packing === undefined) {
      inner = { next: counted, close: () => {} }
      return head
    }
    inner = unpacking(packing, head!, counted)
    return await inner.next()
  }
  return {
    bytesRead: () => read,
    bytesTotal: raw.total,
    isPacked: () => packing !== undefined,
    next: async () => await (inner === undefined ? begin() : inner.next()),
    async close() {
      inner?.close()
      await raw.close()
    },
  }
}

type Packing = 'gzip' | 'zstd'

function packingOf(head: Buffer): Packing | undefined {
  if (head.length >= 2 && head[0] === 0x1f && head[1] === 0x8b) return 'gzip'
  if (head.length < 4) return undefined
  const magic = head.readUInt32LE(0)
  // A zstd frame, or a skippable one before it.
  return magic === 0xfd2fb528 || magic >>> 4 === 0x184d2a5 ? 'zstd' : undefined
}

/**
 * Packed bytes in, plain ones out. The thread pool unpacks ahead by some chunks while this thread parses. Several gzip
 * members or zstd frames in a row are one archive; Node does the former by itself, for the latter a new decoder begins.
 */
function unpacking(packing: Packing, head: Buffer, more: () => Promise<Buffer | undefined>) {
  const settings = { chunkSize: UNPACKED_CHUNK, readableHighWaterMark: 4 * UNPACKED_CHUNK }
  /** the next packed chunk, which no decoder has had */
  let waiting: Buffer | undefined = Buffer.from(head)
  let ended = false
  let filling: Promise<void> | undefined
  let rawFailure: unknown
  const fill = async () => {
    if (waiting !== undefined || ended) return
    filling ??= more().then(
      chunk => {
        filling = undefined
        ended = chunk === undefined
        // A copy, as the decoder keeps it longer than its buffer is ours.
        if (chunk !== undefined) waiting = Buffer.from(chunk)
      },
      error => {
        rawFailure = error
        throw error
      },
    )
    await filling
  }

  const begin = () => {
    const decoder: Transform & { bytesWritten: number } = packing === 'gzip' ? createGunzip(settings) : createZstdDecompress(settings)
    const chunks = decoder[Symbol.asyncIterator]() as AsyncIterator<Buffer>
    /** what it was given and has perhaps not used */
    const given: Buffer[] = []
    let forgotten = 0
    let over = false
    const feed = async () => {
      for (;;) {
        await fill()
        if (over) return
        const chunk = waiting
        waiting = undefined
        if (chunk === undefined) {
          decoder.end()
          return
        }
        given.push(chunk)
        while (given.length > 1 && forgotten + given[0]!.length <= decoder.bytesWritten) forgotten += given.shift()!.length
        if (!decoder.write(chunk)) await once(decoder, 'drain')
      }
    }
    feed().catch(error => decoder.destroy(error instanceof Error ? error : new Error(String(error))))
    return {
      decoder,
      chunks,
      /** at its end: the bytes that it left */
      leave() {
        over = true
        return Buffer.concat(given).subarray(decoder.bytesWritten - forgotten)
      },
    }
  }

  let current = begin()
  return {
    async next(): Promise<Buffer | undefined> {
      for (;;) {
        try {
          const { value, done } = await current.chunks.next()
          if (done !== true) return value
        } catch (error) {
          throw rawFailure ?? damaged(packing, error)
        }
        let rest = current.leave()
        while (rest.length < 4 && !ended) {
          await fill()
          rest = Buffer.concat([rest, waiting ?? Buffer.alloc(0)])
          waiting = undefined
        }
        if (rest.length === 0) return undefined
        if (packing !== 'zstd' || packingOf(rest) !== 'zstd') throw notPacked(packing)
        waiting = waiting === undefined ? rest : Buffer.concat([rest, waiting])
        current = begin()
      }
    },
    close() {
      current.leave()
      current.decoder.destroy()
    },
  }
}

function notPacked(packing: Packing): AppError {
  return new AppError(
    'archive.compression',
    `The archive goes on after the end of its ${packing} data with bytes that are none. Copy or download the file again.`,
    { details: { packing, cut: false } },
  )
}

function damaged(packing: Packing, error: unknown): AppError {
  const { code, message } = error as { code?: unknown; message?: unknown }
  if (typeof code !== 'string' || !/^(Z_|ZSTD_|ERR_)/.test(code)) return toAppError(error)
  const cut = code === 'Z_BUF_ERROR' || /unexpected end/i.test(String(message))
  return new AppError(
    'archive.compression',
    cut
      ? `The archive's ${packing} data is cut off: its end is missing. Copy or download the file again.`
      : `The archive's ${packing} data is damaged (${message}). Copy or download the file again.`,
    { cause: error, details: { packing, cut } },
  )
}
