import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CrashReport, crashReportSchema, type LogEntry, logEntrySchema } from '../../src-shared/logs-contract.ts'
import { compareText } from '../../src-shared/text.ts'
import { makeDataFolder } from './files.ts'

/* The files of the local log and of crash reports, in the folder `logs` of the data folder; 0600 each, bounded together. */

/** Of one file of the log; with its elders together four times that. */
const FILE_BYTES = 1_000_000
const FILES = 4
/** Crash reports that are kept; the oldest goes. */
const CRASHES = 50
const CRASH_NAME = /^crash-(\d{8}T\d{9}Z-[0-9a-f]{8})(\.seen)?\.json$/

export interface LogFolder {
  path: string
  /** adds an entry. Throws what the system says where that can't be */
  append(entry: LogEntry): void
  /** all entries that can be read, newest first; a line that was cut off is left out */
  entries(): LogEntry[]
  bytes(): number
  deleteEntries(): void
  /** Throws what the system says where that can't be */
  saveCrash(report: CrashReport): void
  /** newest first; one that can't be read is left out */
  crashes(): { report: CrashReport; isNew: boolean }[]
  crash(id: string): CrashReport | null
  seen(id: string): void
  /** null: all. Gives how many there were */
  deleteCrashes(id: string | null): number
}

/** Makes nothing until something is written. Reading a folder that is not there finds nothing. */
export function logFolder(dataDir: string, fileBytes = FILE_BYTES): LogFolder {
  const path = join(dataDir, 'logs')
  const file = (age: number) => join(path, age === 0 ? 'log.jsonl' : `log.${age}.jsonl`)
  const files = () => Array.from({ length: FILES }, (_, age) => file(age)).filter(found => existsSync(found))

  function makeFolder(): void {
    if (existsSync(path)) return
    makeDataFolder(dataDir)
    mkdirSync(path, { recursive: true, mode: 0o700 })
  }

  /** Several processes write: each line opens the file anew, so whichever turns it, the others go on in the new one. */
  function turn(): void {
    for (let age = FILES - 2; age >= 0; age--) if (existsSync(file(age))) renameSync(file(age), file(age + 1))
  }

  function crashFiles(): { name: string; id: string; isNew: boolean }[] {
    const found = existsSync(path) ? readdirSync(path) : []
    return found
      .flatMap(name => {
        const [, id, seen] = CRASH_NAME.exec(name) ?? []
        return id === undefined ? [] : [{ name, id, isNew: seen === undefined }]
      })
      .sort((a, b) => compareText(b.id, a.id))
  }

  return {
    path,
    append(entry) {
      makeFolder()
      appendFileSync(file(0), `${JSON.stringify(entry)}\n`, { mode: 0o600 })
      if (statSync(file(0)).size >= fileBytes) turn()
    },
    entries: () => files().flatMap(found => linesOf(readFileSync(found, 'utf8')).reverse()),
    bytes: () => files().reduce((sum, found) => sum + statSync(found).size, 0),
    deleteEntries() {
      for (const found of files()) rmSync(found, { force: true })
    },
    saveCrash(report) {
      makeFolder()
      writeFileSync(join(path, `crash-${report.id}.json`), `${JSON.stringify(report, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
      for (const { name } of crashFiles().slice(CRASHES)) rmSync(join(path, name), { force: true })
    },
    crashes: () =>
      crashFiles().flatMap(({ name, isNew }) => {
        const report = readCrash(join(path, name))
        return report ? [{ report, isNew }] : []
      }),
    crash(id) {
      const found = crashFiles().find(crash => crash.id === id)
      return found ? readCrash(join(path, found.name)) : null
    },
    seen(id) {
      const found = crashFiles().find(crash => crash.id === id)
      if (found?.isNew) renameSync(join(path, found.name), join(path, `crash-${id}.seen.json`))
    },
    deleteCrashes(id) {
      const found = crashFiles().filter(crash => id === null || crash.id === id)
      for (const { name } of found) rmSync(join(path, name), { force: true })
      return found.length
    },
  }
}

function linesOf(text: string): LogEntry[] {
  return text.split('\n').flatMap(line => {
    const entry = logEntrySchema.safeParse(parsed(line))
    return entry.success ? [entry.data] : []
  })
}

function readCrash(path: string): CrashReport | null {
  const report = crashReportSchema.safeParse(parsed(readFileSync(path, 'utf8')))
  return report.success ? report.data : null
}

/** undefined for what is no JSON: a line is cut off where the machine stopped while it was written. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
