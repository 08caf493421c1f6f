import { createWriteStream } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Duplex, Writable } from 'node:stream'
import { constants, createGzip, createZstdCompress } from 'node:zlib'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import type { ArchiveSink } from '../../src-shared/grid.ts'
import { besideTarget, ofTarget } from './beside.ts'
import { endText, headerText, rareText, startText } from './write-lines.ts'

/** A sink that writes. Whoever feeds it awaits drain() now and then (every few thousand events), so that memory stays constant. */
export interface WritingSink extends ArchiveSink {
  drain(): Promise<void>
}

export interface WriteOptions {
  signal?: AbortSignal
}

/** Text is gathered up to this many characters before it goes to the stream. */
const BATCH_CHARS = 256 * 1024

/**
 * Writes a grid archive: canonical lines, compressed as the target's name says (`.gz`, `.zst`, otherwise plain).
 * The file is written beside the target, fsynced and renamed: after any failure the target is as it was and nothing
 * half-written is left. `-` is standard output, plain; a device or named pipe is written to as it is.
 * @returns uncompressed bytes and events written
 * @throws AppError io.* for the disk's failures, cancelled on the signal, and whatever `produce` throws
 */
export async function writeArchive(
  target: string,
  produce: (sink: WritingSink) => Promise<void>,
  options: WriteOptions = {},
): Promise<{ bytes: number; events: number }> {
  try {
    if (target === '-') return await pour(process.stdout, [], produce, options.signal)
    const existing = await stat(target).catch(() => undefined)
    if (existing?.isDirectory()) throw Object.assign(new Error('is a folder'), { code: 'EISDIR', path: target })
    // A rename would put a file in the place of /dev/null.
    if (existing !== undefined && !existing.isFile()) return await writeFile(target, 'w', target, produce, options.signal)
    const temporary = besideTarget(target)
    try {
      const done = await writeFile(temporary, 'wx', target, produce, options.signal)
      await rename(temporary, target)
      await syncFolder(dirname(target))
      return done
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {})
      throw ofTarget(error, temporary, target)
    }
  } catch (error) {
    throw (error as { code?: unknown }).code === 'EPIPE' ? readerGone(error) : toAppError(error)
  }
}

function readerGone(cause: unknown): AppError {
  return new AppError('io.failed', 'The program that was to take the archive stopped reading. Run it again.', { cause })
}

/** Writes to `path`, compressed as the target's name says; a file is synced before it is closed. */
async function writeFile(
  path: string,
  flags: 'w' | 'wx',
  target: string,
  produce: (sink: WritingSink) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<{ bytes: number; events: number }> {
  // Devices and pipes, which alone are opened by 'w', know no sync.
  const bottom = createWriteStream(path, { flags, flush: flags === 'wx', highWaterMark: 1 << 20 })
  const compressor = compressorFor(target)
  return await (compressor ? pour(compressor, [bottom], produce, signal) : pour(bottom, [], produce, signal))
}

function compressorFor(target: string) {
  const lower = target.toLowerCase()
  if (lower.endsWith('.gz')) return createGzip({ level: 6, chunkSize: 1 << 18 })
  if (lower.endsWith('.zst')) {
    return createZstdCompress({
      chunkSize: 1 << 18,
      params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 },
    })
  }
  return undefined
}

/** Not every system can sync a folder; where it can, the new name survives a power cut too. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined)
  await handle?.sync().catch(() => {})
  await handle?.close()
}

/** Lets `produce` write into `top`, which is piped through `rest`; resolves when the last stream is closed. */
async function pour(
  top: Writable,
  rest: Writable[],
  produce: (sink: WritingSink) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<{ bytes: number; events: number }> {
  const streams = [top, ...rest]
  const last = streams.at(-1)!
  const toStdout = last === process.stdout
  let failure: unknown
  let wake = () => {}
  let drained = () => {}
  const over = new Promise<void>(resolve => {
    wake = resolve
    last.once('close', resolve)
  })
  const fail = (error: unknown) => {
    failure ??= error
    drained()
    if (!toStdout) for (const stream of streams) stream.destroy()
    else wake()
  }
  const abort = () => fail(new AppError('cancelled', 'Writing the archive was stopped on request; nothing was kept of it.'))
  const onDrain = () => drained()
  for (const stream of streams) stream.on('error', fail)
  top.on('drain', onDrain)
  signal?.addEventListener('abort', abort)
  const write = async (text: string) => {
    if (failure === undefined && !top.write(text)) {
      await new Promise<void>(resolve => {
        drained = resolve
      })
    }
    if (failure !== undefined) throw failure
  }
  try {
    if (signal?.aborted) abort()
    for (const next of rest) (top as Duplex).pipe(next)
    const lines = createLines(write)
    await produce(lines.sink)
    await lines.finish()
    if (toStdout) top.write('', wake)
    else top.end()
    await over
    if (failure !== undefined) throw failure
    return lines.counts()
  } catch (error) {
    fail(error)
    if (!toStdout) await over
    throw failure
  } finally {
    signal?.removeEventListener('abort', abort)
    top.off('drain', onDrain)
    if (toStdout) top.off('error', fail)
  }
}

/** An archive's canonical text, for one that is small enough to be held: that of a node. Throws what `produce` throws. */
export async function archiveText(produce: (sink: WritingSink) => Promise<void>): Promise<string> {
  const parts: string[] = []
  const lines = createLines(async text => {
    parts.push(text)
  })
  await produce(lines.sink)
  await lines.finish()
  return parts.join('')
}

function createLines(write: (text: string) => Promise<void>) {
  let batches: string[] = []
  let batch = ''
  let inBlock = false
  let eventsInBlock = 0
  let bytes = 0
  let events = 0

  const add = (text: string) => {
    batch += text
    if (batch.length >= BATCH_CHARS) {
      batches.push(batch)
      batch = ''
    }
  }
  const closeBlock = () => {
    if (inBlock) add(']}\n')
    inBlock = false
  }
  const event = (text: string) => {
    if (!inBlock) throw new AppError('internal', 'An event was written before its block.')
    add(eventsInBlock === 0 ? text : `,${text}`)
    eventsInBlock += 1
    events += 1
  }
  const flush = async () => {
    const full = batches
    batches = []
    for (const text of full) {
      bytes += Buffer.byteLength(text)
      await write(text)
    }
  }

  const sink: WritingSink = {
    header: h => add(headerText(h)),
    start: s => {
      for (const piece of startText(s)) add(piece)
    },
    end: s => {
      for (const piece of endText(s)) add(piece)
    },
    block: (n, ts) => {
      closeBlock()
      add(`{"kind":"block","n":${n},"ts":${ts},"events":[`)
      inBlock = true
      eventsInBlock = 0
    },
    uptime: (nodeId, now, uptime) => event(`["TfgridModule.NodeUptimeReported",{"node_id":${nodeId},"now":${now},"uptime":${uptime}}]`),
    consumption: (contractId, timestamp, window, nru) =>
      event(
        `["SmartContractModule.NruConsumptionReportReceived",{"contract_id":${contractId},"timestamp":${timestamp},"window":${window},"nru":${nru}}]`,
      ),
    rare: rare => event(rareText(rare)),
    drain: flush,
  }
  const finish = async () => {
    closeBlock()
    if (batch !== '') batches.push(batch)
    batch = ''
    await flush()
  }
  return { sink, finish, counts: () => ({ bytes, events }) }
}
