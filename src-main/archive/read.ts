import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { crc32, createGunzip, createZstdDecompress } from 'node:zlib'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import type { ArchiveHeader, ArchiveSink, EndSnapshot, GridEvent, StartSnapshot } from '../../src-shared/grid.ts'

export interface Position {
  /** uncompressed bytes before the current line */
  offset: number
  /** 1-based number of the current line */
  line: number
  /** crc32 of the bytes before the current line */
  crc: number
}
export interface ReadProgress {
  bytesRead: number
  /** bytes of the file as it lies on disk; null for standard input */
  bytesTotal: number | null
  lines: number
  events: number
}
export interface ArchiveReader {
  /** of the line that is being delivered; valid inside the sink's calls */
  position(): Position
}
export interface ReadOptions {
  signal?: AbortSignal
  onProgress?: (progress: ReadProgress) => void
  resume?: Position
  onReader?: (reader: ArchiveReader) => void
}

export async function readArchive(
  source: string,
  sink: ArchiveSink,
  options: ReadOptions = {},
): Promise<{ lines: number; events: number; bytes: number; crc: number }> {
  try {
    let raw: Readable = process.stdin
    let head = Buffer.alloc(4)
    if (source !== '-') {
      const file = await open(source)
      await file.read(head, 0, 4, 0)
      await file.close()
      raw = createReadStream(source, { highWaterMark: 1 << 20 })
    } else head = Buffer.alloc(4)
    const decoder =
      head[0] === 0x1f && head[1] === 0x8b
        ? createGunzip({ chunkSize: 1 << 20 })
        : head.readUInt32LE(0) === 0xfd2fb528
          ? createZstdDecompress({ chunkSize: 1 << 20 })
          : undefined
    if (decoder) raw.on('error', e => decoder.destroy(e))
    const stream: Readable = decoder ? raw.pipe(decoder) : raw
    let carry = Buffer.alloc(0)
    let lines = 0
    let events = 0
    let bytes = 0
    let crc = 0
    options.onReader?.({ position: () => ({ offset: bytes, line: lines, crc }) })
    const line = (text: Buffer, length: number) => {
      lines += 1
      const value = JSON.parse(text.toString()) as
        | ArchiveHeader
        | StartSnapshot
        | EndSnapshot
        | { kind: 'block'; n: number; ts: number; events: GridEvent[] }
      if (value.kind === 'header') sink.header(value)
      else if (value.kind === 'snapshot') {
        if (value.at === 'start') sink.start(value)
        else sink.end(value)
      } else if (!options.resume || lines >= options.resume.line) {
        sink.block(value.n, value.ts)
        for (const event of value.events) {
          events += 1
          const [name, data] = event
          if (name === 'TfgridModule.NodeUptimeReported') sink.uptime(data.node_id, data.now, data.uptime)
          else if (name === 'SmartContractModule.NruConsumptionReportReceived')
            sink.consumption(data.contract_id, data.timestamp, data.window, data.nru)
          else sink.rare(event as Parameters<ArchiveSink['rare']>[0])
        }
      }
      crc = crc32(text, crc)
      if (length > text.length) crc = crc32('\n', crc)
      bytes += length
    }
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (options.signal?.aborted) throw new AppError('cancelled', 'Stopped on request.')
      const data = Buffer.concat([carry, chunk])
      let at = 0
      for (;;) {
        const end = data.indexOf(10, at)
        if (end < 0) break
        line(data.subarray(at, end), end - at + 1)
        at = end + 1
      }
      carry = data.subarray(at)
    }
    if (carry.length > 0) line(carry, carry.length)
    return { lines, events, bytes, crc }
  } catch (error) {
    if (error instanceof SyntaxError) throw new AppError('archive.format', error.message)
    throw toAppError(error)
  }
}
