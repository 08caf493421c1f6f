import type { z } from 'zod'
import type { CommandName } from '../../src-shared/contract.ts'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import { crashText } from '../../src-shared/log-words.ts'
import { logCommands, logLevels, type logQueries } from '../../src-shared/logs-contract.ts'
import { logFolder } from '../store/log-files.ts'
import type { Log } from './log.ts'

export type LogCommand = keyof typeof logCommands
type Asked<N extends keyof typeof logQueries> = z.output<(typeof logQueries)[N]['in']>
type Answered<N extends keyof typeof logQueries> = z.output<(typeof logQueries)[N]['out']>
export type LogAnswers = { [N in keyof typeof logQueries]: (input: Asked<N>) => Answered<N> }

export function isLogCommand(name: CommandName): name is LogCommand {
  return name in logCommands
}

export interface Logs {
  answers: LogAnswers
  /** Throws AppError io.*, not-found. Nothing of it gets into the books: what is told and deleted here proves nothing */
  command(name: LogCommand, input: unknown): unknown
}

/** The local log and crash reports of a data folder, for its pages and the command line. `changed` is called after something was deleted, looked at or told. */
export function createLogs(dataDir: string, log: Log, changed: () => void): Logs {
  const folder = logFolder(dataDir)

  function crashOrThrow(id: string) {
    const report = folder.crash(id)
    if (!report) throw new AppError('not-found', `There is no crash report ${id}. It may have been deleted.`)
    return report
  }

  /** A folder that can't be read is said beside what there is; it is no reason to show a page of errors. */
  function readOr<T>(read: () => T, otherwise: T): { value: T; problem: string } {
    try {
      return { value: read(), problem: '' }
    } catch (error) {
      return { value: otherwise, problem: toAppError(error).message }
    }
  }

  return {
    answers: {
      'logs.list': ({ least, offset, limit }) => {
        const { value: all, problem } = readOr(folder.entries, [])
        const placed = all.map((entry, at) => ({ ...entry, place: all.length - 1 - at }))
        const wanted = placed.filter(({ level }) => logLevels.indexOf(level) >= logLevels.indexOf(least))
        const bytes = readOr(folder.bytes, 0).value
        return {
          ...{ rows: wanted.slice(offset, offset + limit), total: wanted.length, bytes },
          ...{ problem: problem || log.problem(), folder: folder.path },
        }
      },
      'crashes.list': () => {
        const { value, problem } = readOr(folder.crashes, [])
        const rows = value.map(({ report: { id, ts, part, kind, name, message }, isNew }) => ({ id, ts, part, kind, name, message, isNew }))
        return { rows, problem }
      },
      'crashes.get': ({ id }) => {
        const report = crashOrThrow(id)
        return { report, text: crashText(report) }
      },
    },
    command(name, input) {
      const answer = perform(name, input)
      changed()
      return answer
    },
  }

  function perform(name: LogCommand, input: unknown): unknown {
    switch (name) {
      case 'logs.delete':
        folder.deleteEntries()
        return {}
      case 'crashes.seen':
        folder.seen(logCommands[name].in.parse(input).id)
        return {}
      case 'crashes.delete':
        return { deleted: folder.deleteCrashes(logCommands[name].in.parse(input).id) }
      case 'crashes.tell': {
        const { name: kind, message, stack, page } = logCommands[name].in.parse(input)
        const error = Object.assign(new Error(message), { name: kind, stack })
        return { isKept: log.crash({ kind: 'page', part: 'page', error, page }) !== null }
      }
    }
  }
}
