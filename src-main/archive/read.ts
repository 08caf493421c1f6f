import { basename } from 'node:path'
import { crc32 } from 'node:zlib'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import type { ArchiveSink } from '../../src-shared/grid.ts'
import { FormatProblem } from './json-basics.ts'
import { LineReader } from './lines.ts'
import { type ByteSource, openSource } from './source.ts'

export interface Position {
  /** uncompressed bytes before the current line */
  offset: number
  /** 1-based number of the current line */
  line: number
  /** crc32 of the bytes before the current line */
  crc: number
}

export interface ReadProgress {
  /** bytes of the file read so far, as it lies on disk */
  bytesRead: number
  /** bytes of the file as it lies on disk; null where nobody knows (standard input) */
  bytesTotal: number | null
  lines: number
  /** events given to the sink */
  events: number
}

export interface ArchiveReader {
  /** of the line that is being delivered; valid inside the sink's calls */
  position(): Position
}

export interface ReadOptions {
  signal?: AbortSignal
  /** called at most every 100 ms, and once at the end */
  onProgress?: (progress: ReadProgress) => void
  /** Header and snapshots are delivered again, then come only the blocks from this line on. */
  resume?: Position
  /** asks for positions: only then is the checksum taken that they need */
  onReader?: (reader: ArchiveReader) => void
}

export interface ReadResult {
  lines: number
  /** events given to the sink */
  events: number
  /** uncompressed bytes */
  bytes: number
}

const MIB = 1024 * 1024
/** The longest line that is taken: a snapshot of a very large grid, any other line. */
export const MAX_SNAPSHOT_LINE_BYTES = 256 * MIB
export const MAX_LINE_BYTES = 16 * MIB
const PROGRESS_MS = 100
const LINE_FEED = 0x0a
const EMPTY: Buffer = Buffer.alloc(0)
/** How far a packed archive with a broken line is read on, to see whether its packing is what is broken. */
const LOOK_ON_BYTES = 64 * MIB

/**
 * Reads a grid archive (plain, gzip or zstd by content) and gives it to the sink: header, start, end, then events in
 * chain order. Streams: memory does not depend on the file's length. Everything is checked as it comes, so the sink
 * has had what stands before an error; whoever listens keeps nothing then.
 * @param source a path, or `-` for standard input
 * @throws AppError archive.format (details.line, details.member), archive.compression, archive.changed (what lies
 *   before `resume` is not what was read then), io.*, cancelled, and whatever the sink throws
 */
export async function readArchive(source: string, sink: ArchiveSink, options: ReadOptions = {}): Promise<ReadResult> {
  const name = source === '-' ? 'standard input' : basename(source)
  const { signal, onProgress } = options
  refuseAborted(signal)
  const bytes = await openSource(source).catch(error => {
    throw toAppError(error)
  })
  const run = createRun(name, sink, options.resume, options.onReader !== undefined)
  options.onReader?.({ position: () => run.position() })
  let progressAt = performance.now()
  const progress = () =>
    onProgress?.({ bytesRead: bytes.bytesRead(), bytesTotal: bytes.bytesTotal, lines: run.lines(), events: run.events() })
  // A pipe may stay silent for long: an abort must not wait for its next bytes.
  let interrupt: (() => void) | undefined
  const onAbort = () => interrupt?.()
  signal?.addEventListener('abort', onAbort)
  const next = () =>
    new Promise<Buffer | undefined>((resolve, reject) => {
      interrupt = () => resolve(undefined)
      bytes.next().then(resolve, reject)
    })
  try {
    for (;;) {
      const chunk = await next()
      refuseAborted(signal)
      if (chunk === undefined) break
      run.take(chunk)
      if (onProgress !== undefined && performance.now() - progressAt >= PROGRESS_MS) {
        progress()
        progressAt = performance.now()
      }
    }
    const result = run.finish()
    progress()
    return result
  } catch (error) {
    if (bytes.isPacked() && error instanceof AppError && error.code === 'archive.format') await lookOn(bytes, signal)
    throw toAppError(error)
  } finally {
    signal?.removeEventListener('abort', onAbort)
    await bytes.close()
  }
}

/** Reads an archive that is in memory already, as a whole. Throws as readArchive does; `name` stands in what it says. */
export function readArchiveBytes(name: string, bytes: Buffer, sink: ArchiveSink): ReadResult {
  const run = createRun(name, sink, undefined, false)
  run.take(bytes)
  return run.finish()
}

/** Checksums come last: a line that makes no sense may come from damaged packing. Throws if that shows. */
async function lookOn(bytes: ByteSource, signal: AbortSignal | undefined): Promise<void> {
  let left = LOOK_ON_BYTES
  while (left > 0 && !signal?.aborted) {
    const chunk = await bytes.next()
    if (chunk === undefined) return
    left -= chunk.length
  }
}

function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AppError('cancelled', 'Reading the archive was stopped on request.')
}

/** Cuts chunks into lines and keeps account of where it is. */
function createRun(name: string, sink: ArchiveSink, resume: Position | undefined, hasPositions: boolean) {
  const reader = new LineReader(sink)
  /** the bytes at hand, and what lies before them in the file */
  let current = EMPTY
  let currentOffset = 0
  /** crc of all bytes before current[crcAt] */
  let crc = 0
  let crcAt = 0
  /** where the line under way begins in `current` */
  let lineAt = 0
  let line = 1
  /** the beginning of a line whose end has not come yet */
  let carry: Buffer[] = []
  let carryBytes = 0
  let skipping = resume !== undefined
  // of all the time that reading takes it is a sixth
  const needsCrc = hasPositions || resume !== undefined

  const crcBefore = (at: number) => {
    if (needsCrc && at > crcAt) {
      crc = crc32(current.subarray(crcAt, at), crc)
      crcAt = at
    }
    return crc
  }
  const position = (): Position => ({ offset: currentOffset + lineAt, line, crc: crcBefore(lineAt) })

  const changed = () =>
    new AppError(
      'archive.changed',
      `${name} is not the archive whose reading began: what comes before line ${resume!.line} differs. Start again from its beginning, or bring back the file as it was.`,
      { details: { line: resume!.line } },
    )

  /** Where reading goes on: the same bytes must lie before it. */
  const checkResume = () => {
    const here = position()
    if (here.offset < resume!.offset) return
    if (here.offset > resume!.offset || here.line !== resume!.line || here.crc !== resume!.crc) throw changed()
    skipping = false
  }

  const problemAt = (problem: FormatProblem, isCut: boolean) => {
    const member = problem.member === '' ? null : problem.member
    const details = { line, member }
    if (isCut && problem.incomplete) {
      return new AppError(
        'archive.format',
        `${name}: the last line, ${line}, is not complete; the file seems to be cut off. Copy or download it again.`,
        { cause: problem, details },
      )
    }
    const where = `${name}, line ${line}${member === null ? '' : `, ${member}`}`
    return new AppError('archive.format', `${where} ${problem.message}. Correct the archive, or write it again where it came from.`, {
      cause: problem,
      details,
    })
  }

  /** The line current[lineAt, end). */
  const readLine = (end: number, isCut: boolean) => {
    try {
      if (!skipping || reader.stage !== 'blocks') reader.line(lineAt, end)
      else if (currentOffset + end + 1 === resume!.offset) reader.lineBefore(lineAt, end)
    } catch (error) {
      throw error instanceof FormatProblem ? problemAt(error, isCut) : error
    }
  }

  const use = (bytes: Buffer) => {
    current = bytes
    crcAt = 0
    lineAt = 0
    reader.use(bytes)
  }

  /** Reads the lines that end in `current`; what is left begins at lineAt. */
  const readLines = () => {
    for (;;) {
      const end = current.indexOf(LINE_FEED, lineAt)
      if (end < 0) return
      readLine(end, false)
      lineAt = end + 1
      line += 1
      if (skipping) checkResume()
    }
  }

  const refuseTooLong = () => {
    const snapshot = reader.stage === 'start' || reader.stage === 'end'
    const limit = snapshot ? MAX_SNAPSHOT_LINE_BYTES : MAX_LINE_BYTES
    if (carryBytes <= limit) return
    const which = snapshot ? 'a snapshot' : 'this line'
    throw new AppError(
      'archive.format',
      `${name}, line ${line} is longer than ${limit / MIB} MiB, the most that ${which} may have. This is probably not a grid archive.`,
      { details: { line, member: null } },
    )
  }

  /** `current` is done with up to lineAt. */
  const leave = () => {
    crcBefore(lineAt)
    currentOffset += lineAt
    current = EMPTY
    crcAt = 0
    lineAt = 0
  }

  if (resume !== undefined) checkResume()
  return {
    position,
    lines: () => line - 1,
    events: () => reader.events,
    take(chunk: Buffer) {
      let rest = chunk
      if (carryBytes > 0) {
        const end = chunk.indexOf(LINE_FEED)
        const part = end < 0 ? chunk : chunk.subarray(0, end + 1)
        carry.push(Buffer.from(part))
        carryBytes += part.length
        refuseTooLong()
        if (end < 0) return
        use(Buffer.concat(carry, carryBytes))
        carry = []
        carryBytes = 0
        readLines()
        leave()
        rest = chunk.subarray(end + 1)
      }
      use(rest)
      readLines()
      const done = lineAt
      leave()
      if (done === rest.length) return
      carry.push(Buffer.from(rest.subarray(done)))
      carryBytes = rest.length - done
    },
    finish(): ReadResult {
      const hasLast = carryBytes > 0
      if (hasLast) {
        use(Buffer.concat(carry, carryBytes))
        carry = []
        readLine(current.length, true)
        lineAt = current.length
      }
      if (skipping) throw changed()
      leave()
      try {
        reader.finish()
      } catch (error) {
        throw error instanceof FormatProblem ? endProblem(name, error) : error
      }
      return { lines: hasLast ? line : line - 1, events: reader.events, bytes: currentOffset }
    },
  }
}

function endProblem(name: string, problem: FormatProblem): AppError {
  return new AppError('archive.format', `${name} ${problem.message}. Copy it again, or write it again where it came from.`, {
    cause: problem,
    details: { line: null, member: null },
  })
}
