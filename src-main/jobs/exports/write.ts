import { closeSync, fsyncSync, openSync, renameSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Cell, csvLine } from '../../../src-shared/csv.ts'
import { AppError, toAppError } from '../../../src-shared/errors.ts'
import type { ExportColumn, ExportFormat, ExportOrder } from '../../../src-shared/exports.ts'
import { besideTarget, dropBeside, ofTarget } from '../../archive/beside.ts'
import { type JobContext, progressMeter } from '../context.ts'
import { syncFolder } from '../files.ts'
import { print } from '../print.ts'
import { type ExportStores, type RowSource, rowSource } from './rows.ts'

/** What was written. */
export interface WrittenExport {
  rows: number
  bytes: number
}

/**
 * Writes an export to `target` (`-`: standard output), a page of rows at a time. The file is written beside its target, synced and renamed: after
 * a failure, or when it is stopped, the target is as it was. Both databases are read as they were at the beginning, whatever is written
 * meanwhile; the stores must be of this task alone. Throws AppError usage, not-found, io.*, store.*, cancelled.
 */
export async function writeExport(stores: ExportStores, order: ExportOrder, target: string, context: JobContext): Promise<WrittenExport> {
  return unchanging(stores, async () => {
    const source = rowSource(stores, order)
    const pieces = piecesOf(source, order)
    return target === '-' ? printPieces(pieces, context, source.total()) : writePieces(target, pieces, context, source.total())
  })
}

/** Runs `work` on one view of both databases. */
export async function unchanging<T>({ facts, books }: ExportStores, work: () => Promise<T>): Promise<T> {
  const databases = [facts.facts, books.books]
  for (const db of databases) db.exec('BEGIN')
  try {
    return await work()
  } finally {
    for (const db of databases) db.exec('ROLLBACK')
  }
}

interface Piece {
  text: string
  rows: number
}

/** The file's text, a page at a time. */
function* piecesOf(source: RowSource, { kind, filter, format }: ExportOrder): Generator<Piece> {
  const { columns } = source
  const { head, row: text, tail } = formOf(format, columns, { kind, filter })
  yield { text: head, rows: 0 }
  let isFirst = true
  for (const page of source.pages()) {
    let all = ''
    for (const row of page) {
      all += text(row, isFirst)
      isFirst = false
    }
    yield { text: all, rows: page.length }
  }
  yield { text: tail, rows: 0 }
}

interface Form {
  head: string
  row(cells: readonly Cell[], isFirst: boolean): string
  tail: string
}

function formOf(format: ExportFormat, columns: readonly ExportColumn[], said: object): Form {
  if (format === 'csv') return { head: csvLine(columns.map(({ name }) => name)), row: csvLine, tail: '' }
  const object = (cells: readonly Cell[]) =>
    `{${columns.map(({ name }, i) => `${JSON.stringify(name)}:${jsonCell(cells[i] ?? null)}`).join(',')}}`
  if (format === 'ndjson') return { head: '', row: cells => `${object(cells)}\n`, tail: '' }
  const names = JSON.stringify(columns.map(({ name }) => name))
  const head = `${JSON.stringify(said).slice(0, -1)},"columns":${names},"rows":[`
  return { head, row: (cells, isFirst) => `${isFirst ? '' : ','}\n${object(cells)}`, tail: '\n]}\n' }
}

/** Numbers as they are: ids, counts and seconds, which no reader rounds. Amounts are texts already. */
function jsonCell(cell: Cell): string {
  return typeof cell === 'bigint' ? cell.toString() : JSON.stringify(cell)
}

async function writePieces(target: string, pieces: Iterable<Piece>, context: JobContext, total: number): Promise<WrittenExport> {
  let temporary: string | null = null
  let handle: number | null = null
  try {
    temporary = besideTarget(target)
    if (statSync(target, { throwIfNoEntry: false })?.isDirectory())
      throw new AppError('usage', `${target} is a folder. Name the file that is to be written in it.`)
    handle = openSync(temporary, 'wx', 0o644)
    const to = handle
    const done = await eachPiece(pieces, context, total, bytes => {
      for (let at = 0; at < bytes.length; ) at += writeSync(to, bytes, at)
    })
    fsyncSync(handle)
    closeSync(handle)
    handle = null
    renameSync(temporary, target)
    syncFolder(dirname(target))
    return done
  } catch (error) {
    if (handle !== null) closeSync(handle)
    if (temporary === null) throw toAppError(error)
    dropBeside(temporary)
    throw toAppError(ofTarget(error, temporary, target))
  }
}

async function printPieces(pieces: Iterable<Piece>, context: JobContext, total: number): Promise<WrittenExport> {
  return eachPiece(pieces, context, total, print)
}

async function eachPiece(
  pieces: Iterable<Piece>,
  context: JobContext,
  total: number,
  write: (bytes: Buffer) => void | Promise<void>,
): Promise<WrittenExport> {
  const report = progressMeter(context, () => performance.now(), 'rows')
  const done = { rows: 0, bytes: 0 }
  for (const { text, rows } of pieces) {
    if (context.signal?.aborted)
      throw new AppError('cancelled', 'The export was stopped. No file was written; what was there before is as it was.')
    const bytes = Buffer.from(text, 'utf8')
    await write(bytes)
    done.rows += rows
    done.bytes += bytes.length
    report(done.rows, total, done.rows)
    // between two pages whoever wants to stop it is heard
    await nextTurn()
  }
  return done
}
