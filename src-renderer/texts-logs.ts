import { plural } from './catalogue.ts'

/** Settings, Logs and crash reports. */
export const logTexts = {
  title: 'Logs and crash reports',
  intro:
    'What Granary did and what went wrong, kept on this machine only and sent nowhere. Secrets, keys and file contents never get into it.',
  folder: 'Folder',
  copyFolder: 'Copy the path of the folder',
  size: 'Size of the log',
  crashes: 'Crash reports',
  crashesNone: 'There is no crash report.',
  crashesNew: (count: number) => plural(count, { one: 'One crash report is new.', other: `${count} crash reports are new.` }),
  crash: 'Crash report',
  mark: 'New',
  log: 'Log',
  logNone: 'Nothing yet that weighs so much.',
  least: 'Show',
  levels: { info: 'Everything', warning: 'Warnings and errors', error: 'Errors' },
  levelWords: { info: 'Note', warning: 'Warning', error: 'Error' },
  columns: { time: 'Time', level: 'Weight', part: 'Part', event: 'What', details: 'Details', state: 'Seen' },
  seen: 'Yes',
  copyReport: 'Copy the report',
  deleteReport: 'Delete this report',
  deleteReports: 'Delete all crash reports',
  deleteLog: 'Delete the log',
  entry: 'Entry of the log',
} as const
