import { randomBytes } from 'node:crypto'
import { homedir, release } from 'node:os'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import { cleanMessage, cleanText, cleanWord, type Places, stackFrames } from '../../src-shared/log-text.ts'
import { type CrashReport, type LogEvent, type LogFields, type LogPart, logEvents } from '../../src-shared/logs-contract.ts'
import { logFolder } from '../store/log-files.ts'

/** Warnings and errors that one process writes in a minute; what is more is counted only, so that a storm doesn't drive out what led to it. */
const A_MINUTE = 120
/** Crash reports that one process writes in a minute. */
const CRASHES_A_MINUTE = 10
/** Of a stack in an entry of the log. */
const FRAMES_IN_ENTRY = 3

/** How a process ends after it wrote the report of its own crash, so that whoever started it writes none. */
export const CRASHED_EXIT_CODE = 70

export interface CrashAbout {
  kind: CrashReport['kind']
  /** whose; absent: the part that the log was opened for */
  part?: LogPart
  /** what was thrown, or told by a page */
  error?: unknown
  /** why a process or thread ended, as the system calls it */
  reason?: string
  exitCode?: number
  page?: string
}

/** Where a process writes what happened. Nothing here throws: a full disk or a folder that can't be written never stops the work. */
export interface Log {
  write<E extends LogEvent>(event: E, fields: LogFields<E>): void
  /** an error that nobody expected, with where it came from; one with a code of its own is a failure like others */
  internal(error: unknown): void
  /** an error's code and words as fields */
  said(error: unknown): { code: string; message: string }
  /** keeps a crash report; null: it could not be kept, or too many came */
  crash(about: CrashAbout): string | null
  /** why nothing could be written the last time; empty: it could */
  problem(): string
}

/** For whatever runs without a log: commands that end at once, tests. */
export const noLog: Log = {
  write: () => undefined,
  internal: () => undefined,
  said: error => ({ code: toAppError(error).code, message: '' }),
  crash: () => null,
  problem: () => '',
}

export interface LogOptions {
  dataDir: string
  part: LogPart
  version: string
  /** where the program lies, so that a stack doesn't say more than it must */
  programDir?: string
  home?: string
  nowMs?: () => number
}

/** Opens nothing: each entry stands on its own. The folder is made with the first one. */
export function openLog({ dataDir, part, version, programDir = '', home = homedir(), nowMs = Date.now }: LogOptions): Log {
  const folder = logFolder(dataDir)
  const places: Places = { home, program: programDir }
  const startedMs = nowMs()
  const mayWarn = createAllowance(A_MINUTE, nowMs)
  const mayReport = createAllowance(CRASHES_A_MINUTE, nowMs)
  let problem = ''
  let leftOut = 0

  function attempt(work: () => void): boolean {
    try {
      work()
      problem = ''
      return true
    } catch (error) {
      problem = toAppError(error).message
      return false
    }
  }

  function append<E extends LogEvent>(event: E, fields: LogFields<E>): void {
    const { level } = logEvents[event]
    attempt(() => folder.append({ atMs: nowMs(), level, part, event, fields: cleaned(event, fields, places) }))
  }

  function write<E extends LogEvent>(event: E, fields: LogFields<E>): void {
    if (logEvents[event].level !== 'info' && !mayWarn()) {
      leftOut++
      return
    }
    if (leftOut > 0) append('left-out', { entries: leftOut })
    leftOut = 0
    append(event, fields)
  }

  function said(error: unknown): { code: string; message: string } {
    const { code, message } = toAppError(error)
    const isOurs = error instanceof AppError && code !== 'internal'
    // whatever is thrown may have anything for a message
    const text = String(message)
    return { code, message: isOurs ? cleanMessage(text, places) : cleanText(text, places) }
  }

  return {
    write,
    said,
    internal(error) {
      const { code, message } = said(error)
      if (code !== 'internal') {
        write('failed', { code, message })
        return
      }
      const at = stackFrames(stackOf(error), places, FRAMES_IN_ENTRY).join(' < ')
      write('internal-error', { name: nameOf(error), message, at })
    },
    crash(about) {
      if (!mayReport()) return null
      const report: CrashReport = {
        format: 'granary-crash-report',
        id: newId(nowMs()),
        ts: Math.floor(nowMs() / 1000),
        part: about.part ?? part,
        kind: about.kind,
        name: about.error === undefined ? cleanWord(about.reason ?? 'ended') : nameOf(about.error),
        message: about.error === undefined ? '' : said(about.error).message,
        stack: stackFrames(stackOf(about.error), places),
        exitCode: about.exitCode ?? null,
        page: about.page === undefined ? '' : cleanWord(about.page),
        version: cleanWord(version),
        platform: `${process.platform} ${process.arch} ${release()}`.slice(0, 80),
        node: process.versions.node,
        ranSec: Math.round((nowMs() - startedMs) / 1000),
      }
      const isKept = attempt(() => folder.saveCrash(report))
      if (isKept) write('crashed', { report: report.id })
      return isKept ? report.id : null
    },
    problem: () => problem,
  }
}

/** Each field as its kind may be: the table, not the caller, says what gets in. */
function cleaned(event: LogEvent, fields: Record<string, string | number>, places: Places): Record<string, string | number> {
  const clean: Record<string, string | number> = {}
  for (const [name, kind] of Object.entries(logEvents[event].fields)) {
    const value = fields[name]
    if (kind === 'number') clean[name] = typeof value === 'number' && Number.isFinite(value) ? Math.round(value) : 0
    else if (kind === 'word') clean[name] = cleanWord(String(value))
    // places are those of a stack, which are read out one by one
    else clean[name] = kind === 'places' ? String(value).slice(0, 1000) : cleanMessage(String(value), places)
  }
  return clean
}

/** Whether one more is within so many a minute. */
function createAllowance(most: number, nowMs: () => number): () => boolean {
  let minute = 0
  let used = 0
  return () => {
    const now = Math.floor(nowMs() / 60_000)
    if (now !== minute) used = 0
    minute = now
    return ++used <= most
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? cleanWord(error.name) : typeof error
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return ''
  // an error of our own says in its cause where it began
  const { cause } = error
  return cause instanceof Error ? `${error.stack}\n${cause.stack}` : String(error.stack)
}

/** By its time, so that names sort as they came. */
function newId(ms: number): string {
  return `${new Date(ms).toISOString().replace(/[-:.]/g, '')}-${randomBytes(4).toString('hex')}`
}
