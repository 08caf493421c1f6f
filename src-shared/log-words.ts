import { type CrashReport, type LogEntry, type LogEvent, type LogPart, logEvents } from './logs-contract.ts'
import { formatDuration, formatUtc } from './time.ts'

/* The log and crash reports in words, the same on a page and on the command line. */

export const partWords: Record<LogPart, string> = {
  desktop: 'Window',
  core: 'Core',
  worker: 'Background work',
  page: 'Page',
  server: 'granary serve',
  command: 'Command line',
}

const eventWords: Record<LogEvent, string> = {
  started: 'Started',
  ended: 'Ended',
  'start-failed': 'Could not start',
  'job-began': 'Job began',
  'job-ended': 'Job ended',
  'job-failed': 'Job failed',
  'upkeep-failed': 'Upkeep failed',
  failed: 'Failed',
  'core-ended': 'The core ended',
  'internal-error': 'Internal error',
  crashed: 'Crash report written',
  'left-out': 'Entries left out: too many in a minute',
}

/** An entry of a version that this one doesn't know keeps its own name. */
export function entryTitle({ event }: LogEntry): string {
  return event in logEvents ? eventWords[event as LogEvent] : event
}

/** The fields in a line: `kind sync, job 0f3c, took 3 min`. */
export function entryDetail({ fields }: LogEntry): string {
  const said = Object.entries(fields).map(([name, value]) => {
    if (typeof value === 'number' && name.endsWith('Sec')) return `${name.slice(0, -3)} ${formatDuration(value)}`
    return name === 'message' || name === 'at' ? String(value) : `${name} ${value}`
  })
  return said.filter(Boolean).join(', ')
}

export const crashKindWords: Record<CrashReport['kind'], string> = {
  uncaught: 'An error that nothing took',
  ended: 'It ended by itself',
  page: 'An error of a page',
}

/** A report as text, to read or to send to whoever can mend it. */
export function crashText(report: CrashReport): string {
  const { id, ts, part, kind, name, message, stack, exitCode, page, version, platform, node, ranSec } = report
  return [
    `Granary crash report ${id}`,
    `${formatUtc(ts)}, after it had run ${formatDuration(ranSec)}`,
    `${partWords[part]}: ${crashKindWords[kind].toLowerCase()}`,
    `Granary ${version}, ${platform}, Node ${node}`,
    ...(page === '' ? [] : [`It showed: ${page}`]),
    ...(exitCode === null ? [] : [`Exit code: ${exitCode}`]),
    '',
    message === '' ? name : `${name}: ${message}`,
    ...stack.map(frame => `  at ${frame}`),
    '',
  ].join('\n')
}
