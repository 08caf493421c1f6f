import { type Command, Option } from 'commander'
import { AppError } from '../../../src-shared/errors.ts'
import { crashKindWords, entryDetail, entryTitle, partWords } from '../../../src-shared/log-words.ts'
import { type LogLevel, logCommands, logLevels, logQueries } from '../../../src-shared/logs-contract.ts'
import { formatUtc } from '../../../src-shared/time.ts'
import { noLog } from '../../core/log.ts'
import { createLogs } from '../../core/logs.ts'
import { resolveDataDir } from '../data-dir.ts'
import { sayOn } from './command-group.ts'
import type { Terminal } from './terminal.ts'

interface ListOptions {
  data?: string
  least: LogLevel
  limit: number
}

/** `granary logs list`, `show` and `delete`. */
export function addLogsCommands(
  command: (name: string, description: string, parent?: Command) => Command,
  terminal: Terminal,
  wholeNumber: (text: string) => number,
  commandGroup: (name: string, description: string) => Command,
): void {
  const say = sayOn(terminal)
  const logs = (data: string | undefined) => createLogs(resolveDataDir(data), noLog, () => undefined)
  const group = commandGroup('logs', 'the log and crash reports of this machine; they are sent nowhere')

  command('list', 'crash reports and what the log says, newest first', group)
    .addOption(new Option('--least <level>', 'leave out what weighs less').choices(logLevels).default('info'))
    .addOption(new Option('--limit <n>', 'entries of the log, at most 1000').argParser(wholeNumber).default(50))
    .action(({ data, least, limit }: ListOptions) => {
      if (limit < 1 || limit > 1000) throw new AppError('usage', '--limit takes 1 to 1000.')
      const { answers } = logs(data)
      const crashes = answers['crashes.list']({})
      const log = answers['logs.list'](logQueries['logs.list'].in.parse({ least, limit }))
      say({ crashes, log }, listText(crashes, log))
    })

  command('show', 'one crash report', group)
    .argument('<id>', 'as granary logs list names it')
    .action((id: string, { data }: { data?: string }) => {
      const { answers, command: perform } = logs(data)
      const { report, text } = answers['crashes.get']({ id: idOf(id) })
      perform('crashes.seen', { id })
      say(report, text)
    })

  command('delete', 'delete a crash report, or everything', group)
    .argument('[id]', 'a crash report; without it --all')
    .option('--all', 'the log and every crash report')
    .action((id: string | undefined, { data, all = false }: { data?: string; all?: boolean }) => {
      if ((id === undefined) !== all) throw new AppError('usage', 'Name one crash report, or give --all.')
      const { command: perform } = logs(data)
      if (all) perform('logs.delete', {})
      const { deleted } = perform('crashes.delete', { id: id === undefined ? null : idOf(id) }) as { deleted: number }
      if (id !== undefined && deleted === 0) throw new AppError('not-found', `There is no crash report ${id}.`)
      say({ deleted, log: all }, all ? `Deleted: the log, and crash reports: ${deleted}.\n` : `Deleted: crash report ${id}.\n`)
    })
}

function idOf(text: string): string {
  const id = logCommands['crashes.seen'].in.shape.id.safeParse(text)
  if (!id.success) throw new AppError('usage', `"${text}" names no crash report. granary logs list names them.`)
  return id.data
}

type Answers = ReturnType<typeof createLogs>['answers']

function listText(crashes: ReturnType<Answers['crashes.list']>, log: ReturnType<Answers['logs.list']>): string {
  const reports = crashes.rows.map(
    ({ id, ts, part, kind, name, message, isNew }) =>
      `${id}  ${formatUtc(ts)}  ${isNew ? 'new   ' : '      '}  ${partWords[part]}: ${crashKindWords[kind].toLowerCase()}, ${[name, message].filter(Boolean).join(': ')}`,
  )
  const entries = log.rows.map(
    entry =>
      `${formatUtc(Math.floor(entry.atMs / 1000))}  ${entry.level.padEnd(7)}  ${partWords[entry.part]}: ${entryTitle(entry)}, ${entryDetail(entry)}`,
  )
  return [
    ...(reports.length === 0 ? ['No crash reports.'] : ['Crash reports:', ...reports]),
    '',
    `The log in ${log.folder}${log.rows.length < log.total ? `, its last ${log.rows.length} of ${log.total} entries` : ''}:`,
    ...(entries.length === 0 ? ['Nothing yet.'] : entries),
    ...[crashes.problem, log.problem].filter(Boolean),
    '',
  ].join('\n')
}
