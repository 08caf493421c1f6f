import { existsSync } from 'node:fs'
import { type Log, noLog } from '../../core/log.ts'
import { resolveDataDir } from '../data-dir.ts'
import { crashWords, hostLog } from '../host-log.ts'

/** The log of the data folder that a command named; none is made for a command that has no folder. */
function logOf(args: readonly string[]): Log {
  const at = args.findIndex(arg => arg === '--data' || arg.startsWith('--data='))
  const dataDir = resolveDataDir(at < 0 ? undefined : args[at] === '--data' ? args[at + 1] : args[at]!.slice('--data='.length))
  return existsSync(dataDir) ? hostLog(dataDir, 'command') : noLog
}

/** Notes an error that no command expected. */
export function noteInternal(error: unknown, args: readonly string[]): void {
  logOf(args).internal(error)
}

/** Says that an error which nothing took ended the command, where it stands, and, with `--debug`, where it came from; ends the process. */
export function endCrashed(error: unknown, args: readonly string[]): never {
  const report = logOf(args).crash({ kind: 'uncaught', error })
  const insides = args.includes('--debug') && error instanceof Error ? `${error.stack}\n` : ''
  process.stderr.write(`granary: ${crashWords(report)}\n${insides}`)
  process.exit(1)
}
