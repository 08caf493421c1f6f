import { randomUUID } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { CommandInput, QueryOutput, Topic } from '../../src-shared/contract.ts'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import { exportFileName, refuseWrongFilter } from '../../src-shared/exports.ts'
import { EXPORT_PART_BYTES, type ExportSubject, exportCommands } from '../../src-shared/exports-contract.ts'
import type { PriceImport } from '../../src-shared/statement.ts'
import { parsePrices } from '../engines/statement/prices-csv.ts'
import { signForExport } from '../jobs/audit-heads.ts'
import type { TaskRunner } from '../jobs/context.ts'
import { deletePreset, listPresets, savePreset } from '../store/export-presets.ts'
import { newestFarmNames } from '../store/export-rows.ts'
import type { Store } from '../store/index.ts'
import { deletePrices, listPrices, savePrices } from '../store/market-prices.ts'
import type { ExportFolders, ExportTaskInput, PreviewTaskInput, StatementTaskInput } from './export-tasks.ts'
import { taskContext } from './imports.ts'
import type { JobDescription } from './jobs.ts'
import type { Once } from './once.ts'
import type { Parsed } from './queries.ts'

type ExportQuery = 'exports.preview' | 'exports.presets' | 'exports.part' | 'exports.statement' | 'exports.farms' | 'prices.list'
export type ExportAnswers = { [N in ExportQuery]: (input: Parsed<N>, signal?: AbortSignal) => QueryOutput<N> | Promise<QueryOutput<N>> }

export interface ExportSources {
  /** where presets, prices, payouts, ledger and audit trail are, also while the demo is shown */
  books: Store
  /** the store that is shown */
  facts(): Store
  runTask: TaskRunner
  start(job: JobDescription): void
  changed(...topics: Topic[]): void
  /** finished files wait here until a page has taken them */
  folder: string
}

export interface Exports {
  answers: ExportAnswers
  command(name: keyof typeof exportCommands, input: unknown, once: Once): unknown
  close(): void
}

export function isExportCommand(name: string): name is keyof typeof exportCommands {
  return Object.hasOwn(exportCommands, name)
}

/** Finished files that wait at the most; an older one goes. */
const MOST_FILES = 8

/**
 * Files that pages ask for: made by a job, kept below the data folder until the page has taken them or this start of Granary ends. What an
 * earlier one left is removed.
 */
export function createExports(sources: ExportSources): Exports {
  const { books, folder, runTask } = sources
  const files = new Map<string, { path: string; fileName: string }>()
  if (books.mode === 'write') clear()

  const folders = (): ExportFolders => ({ factsDir: sources.facts().dataDir, booksDir: books.dataDir })

  function clear(): void {
    rmSync(folder, { recursive: true, force: true })
  }

  function drop(jobId: string): void {
    files.delete(jobId)
    rmSync(join(folder, jobId), { recursive: true, force: true })
  }

  function begin(subject: ExportSubject, jobId: string): void {
    const fileName = fileNameOf(subject)
    sources.start({
      id: jobId,
      kind: 'export',
      title: `Export ${titleOf(subject)}`,
      lane: 'export',
      run: async context => {
        const path = join(folder, jobId, fileName)
        try {
          mkdirSync(join(folder, jobId), { recursive: true, mode: 0o700 })
          const input: ExportTaskInput = { ...folders(), subject, target: path }
          const detail = (await runTask('export', input, taskContext(context))) as string
          files.set(jobId, { path, fileName })
          for (const old of [...files.keys()].slice(0, -MOST_FILES)) drop(old)
          // what keeps the trail from being signed is told by audit.list and the doctor; the file is there either way
          signForExport(books)
          return { period: null, detail }
        } catch (error) {
          drop(jobId)
          throw error
        }
      },
    })
  }

  function partOf(jobId: string, offset: number): QueryOutput<'exports.part'> {
    const file = files.get(jobId)
    if (!file) throw new AppError('not-found', 'This file is not there any more. Export it again.')
    try {
      const size = statSync(file.path).size
      const bytes = Buffer.alloc(Math.max(0, Math.min(EXPORT_PART_BYTES, size - offset)))
      const handle = openSync(file.path, 'r')
      try {
        for (let done = 0; done < bytes.length; ) done += readSync(handle, bytes, done, bytes.length - done, offset + done)
      } finally {
        closeSync(handle)
      }
      return { fileName: file.fileName, size, base64: bytes.toString('base64') }
    } catch (error) {
      throw toAppError(error)
    }
  }

  return {
    answers: {
      'exports.preview': async ({ order, limit }, signal) => {
        const input: PreviewTaskInput = { ...folders(), order, limit }
        return (await runTask('export-preview', input, signal ? { signal } : {})) as QueryOutput<'exports.preview'>
      },
      'exports.presets': () => listPresets(books),
      'exports.part': ({ jobId, offset }) => partOf(jobId, offset),
      'exports.statement': async (ask, signal) => {
        const input: StatementTaskInput = { ...folders(), ask }
        return (await runTask('export-statement', input, signal ? { signal } : {})) as QueryOutput<'exports.statement'>
      },
      'exports.farms': () => [...newestFarmNames(sources.facts())].map(([farmId, name]) => ({ farmId, name })),
      'prices.list': () => listPrices(books),
    },
    command(name, input, once) {
      switch (name) {
        case 'exports.start': {
          const subject = exportCommands[name].in.parse(input)
          if ('order' in subject) refuseWrongFilter(subject.order)
          let begun: string | null = null
          const answered = once(titleOf(subject), () => {
            begun = randomUUID()
            return { jobId: begun }
          })
          if (begun !== null) begin(subject, begun)
          sources.changed('audit')
          return answered
        }
        case 'exports.drop':
          drop(exportCommands[name].in.parse(input).jobId)
          return {}
        case 'exports.savePreset': {
          const preset = exportCommands[name].in.parse(input)
          refuseWrongFilter(preset.order)
          return keep(`preset ${preset.name}`, () => savePreset(books, preset))
        }
        case 'exports.deletePreset': {
          const preset = exportCommands[name].in.parse(input)
          return keep(`preset ${preset.name}`, () => deletePreset(books, preset.name))
        }
        case 'prices.import': {
          const { currency, text } = exportCommands[name].in.parse(input)
          return keep(`prices in ${currency}`, () => importPrices(books, { currency, text }))
        }
        case 'prices.remove': {
          const { currency } = exportCommands[name].in.parse(input)
          return keep(`prices in ${currency}`, () => deletePrices(books, currency))
        }
      }

      function keep(subject: string, work: () => unknown): unknown {
        const answered = once(subject, () => work() ?? {})
        sources.changed('settings', 'audit')
        return answered
      }
    },
    close() {
      if (books.mode === 'write') clear()
    },
  }
}

/** Keeps a price file's prices; whoever calls it holds the transaction. Throws AppError usage, which names every wrong line. */
export function importPrices(books: Store, { currency, text }: CommandInput<'prices.import'>): PriceImport {
  const { prices, repeated, gaps, gapDays } = parsePrices(text)
  const days = [...prices.keys()]
  return { currency, ...savePrices(books, currency, prices), repeated, firstDay: days[0]!, lastDay: days.at(-1)!, gaps, gapDays }
}

function titleOf(subject: ExportSubject): string {
  return 'order' in subject ? subject.order.kind : `statement of farm ${subject.statement.farmId} for ${subject.statement.year}`
}

function fileNameOf(subject: ExportSubject): string {
  return 'order' in subject
    ? exportFileName(subject.order)
    : `granary-statement-farm-${subject.statement.farmId}-${subject.statement.year}.${subject.format}`
}
