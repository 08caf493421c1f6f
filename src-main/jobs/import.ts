import { basename } from 'node:path'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import type { ArchiveHeader, ArchiveSink, StartSnapshot } from '../../src-shared/grid.ts'
import { type ArchiveReader, readArchive } from '../archive/read.ts'
import { beginImport, type ImportOutcome, type ImportWriter } from '../store/import.ts'
import type { Store } from '../store/open.ts'
import type { StoredPeriod } from '../store/periods.ts'
import { type JobContext, progressMeter } from './context.ts'

/** Codes of failures after which what is stored stays for a rerun; after any other the archive itself is bad and all of it goes. */
const RESUMABLE = new Set(['cancelled', 'io.full', 'io.failed', 'io.denied', 'store.busy', 'internal'])

/** Thrown into the reader once the snapshots show that this import was interrupted: the next reading skips what is stored. */
class GoesOn extends Error {}

/**
 * Reads a grid archive (`-`: standard input) into the store. What is stored already of an interrupted import of the same archive is
 * skipped; stopping it or a crash loses nothing that was committed. A bad archive leaves the store as it was, and so does one that
 * `check` refuses, which sees the period before anyone else does and may save what belongs to it.
 * Throws AppError archive.*, store.*, io.*, cancelled.
 */
export async function importArchive(
  store: Store,
  source: string,
  context: JobContext,
  { name = basename(source), check = () => {} }: { name?: string; check?: (period: StoredPeriod) => void } = {},
): Promise<ImportOutcome> {
  const report = progressMeter(context, () => performance.now())
  let writer: ImportWriter | null = null
  let reader: ArchiveReader | null = null
  let header: ArchiveHeader | null = null
  let start: StartSnapshot | null = null
  const sink: ArchiveSink = {
    header: value => {
      header = value
    },
    start: value => {
      start = value
    },
    end(value) {
      if (writer) return // the second reading: what was begun goes on
      writer = beginImport(store, header!, start!, value, { name })
      if (writer.resume !== null && source === '-') {
        // standard input can't be read twice, so an interrupted import of it starts again
        writer.abort({ keep: false })
        writer = beginImport(store, header!, start!, value, { name })
      }
      writer.setPosition(() => reader!.position())
      if (writer.resume !== null) throw new GoesOn()
    },
    block: (n, ts) => writer!.block(n, ts),
    uptime: (nodeId, now, uptime) => writer!.uptime(nodeId, now, uptime),
    consumption: (contractId, timestamp, window, nru) => writer!.consumption(contractId, timestamp, window, nru),
    rare: event => writer!.rare(event),
  }
  const options = {
    onReader: (value: ArchiveReader) => {
      reader = value
    },
    onProgress: (done: { bytesRead: number; bytesTotal: number | null; events: number }) =>
      report(done.bytesRead, done.bytesTotal, done.events),
    ...(context.signal && { signal: context.signal }),
  }
  try {
    try {
      await readArchive(source, sink, options)
    } catch (error) {
      const resume = (writer as ImportWriter | null)?.resume
      if (!isGoesOn(error) || !resume) throw error
      await readArchive(source, sink, { ...options, resume })
    }
    return (writer as ImportWriter | null)!.finish(check)
  } catch (cause) {
    const error = toAppError(cause)
    ;(writer as ImportWriter | null)?.abort({ keep: RESUMABLE.has(error.code) })
    if (error.code !== 'archive.changed') throw error
    // what was stored belongs to another file: it is gone now, so a rerun starts from the beginning
    throw new AppError(
      'archive.changed',
      `${error.message} What was stored of it was dropped; run the import again to start from the beginning.`,
      { cause },
    )
  }
}

function isGoesOn(error: unknown): boolean {
  return error instanceof GoesOn || (error instanceof Error && error.cause instanceof GoesOn)
}
