import type { LogPart } from '../../src-shared/logs-contract.ts'
import { CRASHED_EXIT_CODE, type Log, openLog } from '../core/log.ts'
import { programDir, programVersion } from './program.ts'

/** The log of one process of this program. */
export function hostLog(dataDir: string, part: LogPart): Log {
  return openLog({ dataDir, part, version: programVersion(), programDir })
}

/**
 * Keeps a report of an error that nothing took in this process, says so with `say`, and ends it: nobody knows what it would do next. What was
 * saved is safe. Returns the stop.
 */
export function watchProcess(log: Log, say: (error: unknown, report: string | null) => void, exitCode = CRASHED_EXIT_CODE): () => void {
  const take = (error: unknown): void => {
    say(error, log.crash({ kind: 'uncaught', error }))
    process.exit(exitCode)
  }
  process.on('uncaughtException', take)
  return () => process.off('uncaughtException', take)
}

/** What a user is told of a crash, without its insides. */
export function crashWords(report: string | null): string {
  const where =
    report === null ? 'No report of it could be kept.' : `What happened stands in crash report ${report} (granary logs show ${report}).`
  return `Granary met an error that it did not expect, and ended. What was saved before is safe. ${where}`
}

/** The same of an internal error that ended nothing. */
export const internalWords =
  'Something went wrong inside Granary that should not. What was saved is safe; the details stand in its log (granary logs).'
