import { existsSync, readdirSync, statfsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { AppError } from '../../../src-shared/errors.ts'
import { formatDuration, formatUtc } from '../../../src-shared/time.ts'
import { connect, type DbKind } from '../../store/db.ts'
import { findGaps, type Gap, gapInWords } from '../../store/gaps.ts'
import { checkLedger } from '../../store/ledger.ts'
import { logFolder } from '../../store/log-files.ts'
import { wayBack } from '../../store/lost.ts'
import { migrations, versionOf } from '../../store/migrations.ts'
import { arePartsWhole } from '../../store/mint-input.ts'
import { checkIntegrity, type Store } from '../../store/open.ts'
import { listPeriods } from '../../store/periods.ts'
import { loadSummaries } from '../../store/results.ts'
import { loadSettings } from '../../store/settings.ts'
import { facts, rows } from '../../store/sql.ts'
import { checkAuditTrail } from '../audit-heads.ts'
import { checkHours } from '../ledger-hours.ts'
import { count, type Finding, fine, firstOf, problem, unknown } from './finding.ts'

/** SQLite's own check of one of the two databases. */
export function checkDatabase(dataDir: string, kind: DbKind): Finding {
  const path = join(dataDir, `${kind}.db`)
  const wayOut =
    kind === 'books'
      ? `Close Granary and put a copy from ${join(dataDir, 'backups')} in its place.`
      : 'Close Granary and move facts.db aside; then sync or import again. The books are not touched by that.'
  if (!existsSync(path)) return problem(`${path} is missing.`, wayBack(dataDir, kind))
  const db = openDatabase(path, kind)
  if (typeof db === 'string') return problem(db, wayOut)
  try {
    checkIntegrity(db, path, '')
    return fine(`${path} is whole (${megabytes(statSync(path).size)}).`)
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'store.corrupt') throw error
    return problem(`${path} is damaged: ${error.details.found}.`, wayOut)
  } finally {
    db.close()
  }
}

function openDatabase(path: string, kind: DbKind): ReturnType<typeof connect> | string {
  try {
    return connect(path, kind, 'read')
  } catch (error) {
    if (error instanceof AppError && error.code === 'store.corrupt') return `${path} is damaged: it can’t be opened.`
    throw error
  }
}

/** Whether this program knows the formats of both databases. */
export function checkFormats(dataDir: string): Finding {
  const said: string[] = []
  for (const kind of ['facts', 'books'] as const) {
    const path = join(dataDir, `${kind}.db`)
    if (!existsSync(path)) return unknown(`${path} is missing.`, 'Put that right first.')
    const db = openDatabase(path, kind)
    if (typeof db === 'string') return unknown(db)
    try {
      const version = versionOf(db)
      const known = migrations[kind].length
      if (version > known)
        return problem(`${kind}.db has format ${version}, this Granary knows formats up to ${known}.`, 'Update Granary. Nothing is lost.')
      if (version < known)
        return problem(
          `${kind}.db has format ${version}, which is older than this Granary’s (${known}).`,
          'Open the data folder once in Granary: it brings it up to date.',
        )
      said.push(`${kind}.db has format ${version}`)
    } finally {
      db.close()
    }
  }
  return fine(`${said.join(', ')}.`)
}

export function checkAudit(store: Store): Finding {
  const { entries, altered, heads } = checkAuditTrail(store, [])
  const wayOut = `Compare with a copy of the books in ${join(store.dataDir, 'backups')}.`
  const said = entries === 1 ? '1 entry' : `${entries} entries`
  if (altered && altered.first === altered.last)
    return problem(
      `Entry ${altered.first} was altered, is missing or does not follow from the one before. What it says up to there holds.`,
      wayOut,
    )
  if (altered)
    return problem(
      `One of the entries ${altered.first} to ${altered.last} was altered after the trail was signed. What it says up to there holds.`,
      wayOut,
    )
  const forged = heads.find(({ state }) => state === 'forged')
  if (forged) return problem(`The signed head of entry ${forged.entries} was altered: its signature does not fit it.`, wayOut)
  const signed = heads.at(-1)
  return fine(`${said}, each on the one before${signed ? `; signed up to entry ${signed.entries}` : ''}.`)
}

/** That the treasury's books balance. */
export function checkBooks(store: Store): Finding {
  const findings = checkLedger(store)
  if (findings.length > 0)
    return problem(firstOf(findings), `Put a copy of the books from ${join(store.dataDir, 'backups')} in place of books.db.`)
  const said = 'Every entry balances, every balance is what its postings come to, and what is held was issued and not burnt.'
  return fine(said)
}

/** That charts show what the ledger says. */
export function checkFigures(store: Store): Finding {
  const wrong = checkHours(store)
  if (wrong.length === 0) return fine('The figures by the hour are what the ledger’s entries come to.')
  return problem(
    firstOf(wrong),
    'Only charts are wrong, no balance is. Close Granary and run granary doctor --repair: it counts the figures anew.',
  )
}

/** What is stored must be what was written. */
export function checkChunks(gaps: readonly Gap[], periods: number): Finding {
  const damaged = gaps.filter(({ kind }) => kind === 'damaged' || kind === 'newer' || kind === 'kinds')
  const first = damaged[0]
  if (first) return problem(firstOf(damaged.map(gapInWords)), first.wayOut)
  return fine(periods === 0 ? 'No period is stored yet.' : `The events of ${count(periods, 'period')} have their checksums.`)
}

/** That the state at each period's start, as it is kept by nodes, is what was written. */
export function checkStarts(store: Store): Finding | null {
  const damaged = listPeriods(store).filter(period => !arePartsWhole(store, period))
  if (damaged.length === 0) return null
  return problem(
    `The stored start of ${periodsInWords(damaged.map(({ index }) => index))} is damaged: a checksum is wrong.`,
    'Close Granary and move facts.db in the data folder aside; then sync or import again. The books are not touched by that.',
  )
}

/** What is still to come is no damage, but nobody should take it for there. */
export function checkGaps(gaps: readonly Gap[], periods: number): Finding {
  const missing = gaps.filter(({ kind }) => kind === 'unfinished' || kind === 'absent')
  const first = missing[0]
  if (first) return unknown(firstOf(missing.map(gapInWords)), first.wayOut)
  return fine(periods === 0 ? 'No period is stored yet.' : 'Nothing is missing between the stored blocks.')
}

export function gapsOf(store: Store): { gaps: Gap[]; periods: number } {
  return { gaps: findGaps(store), periods: listPeriods(store).length }
}

/** A sync that runs computes a period's results again some time after each of its commits. */
const SETTLED_SEC = 300

export function checkResults(store: Store): Finding {
  const periods = listPeriods(store)
  const summaries = new Map(loadSummaries(store).map(found => [found.summary.index, found]))
  const { resources } = loadSettings(store)
  const stale: number[] = []
  const missing: number[] = []
  const moving: number[] = []
  for (const { index, importedTs } of periods) {
    const found = summaries.get(index)
    if (found && !found.stale && found.summary.resources === resources) continue
    // a commit from the future is a clock that was set back, and no reason to wait
    const ageSec = store.now() - importedTs
    if (ageSec >= 0 && ageSec < SETTLED_SEC) moving.push(index)
    else if (found) stale.push(index)
    else missing.push(index)
  }
  const orphans = [...summaries.keys()].filter(index => !periods.some(period => period.index === index))
  const said = [
    stale.length > 0 ? `Computed from other data than is stored now, or by another choice of resources: ${periodsInWords(stale)}.` : '',
    missing.length > 0 ? `Not computed: ${periodsInWords(missing)}.` : '',
    orphans.length > 0 ? `Computed from data that is gone: ${periodsInWords(orphans)}.` : '',
  ].filter(Boolean)
  if (said.length > 0) return problem(said.join(' '), 'Open the data folder in Granary: it computes them again when it starts.')
  if (moving.length > 0) return fine(`New data came in just now, and is being computed: ${periodsInWords(moving)}.`)
  return fine(
    periods.length === 0
      ? 'No period is stored yet.'
      : `Computed from what is stored: ${periodsInWords(periods.map(({ index }) => index))}.`,
  )
}

function periodsInWords(list: readonly number[]): string {
  const [first, last] = [list[0]!, list.at(-1)!]
  if (list.length === 1) return `period ${first}`
  if (last - first === list.length - 1) return `periods ${first} to ${last}`
  return `periods ${list.slice(0, 10).join(', ')}${list.length > 10 ? ` and ${list.length - 10} more` : ''}`
}

/** Files that hold what is private; all that others may read or write of them is too much. */
const PRIVATE = /^((facts|books|lock)\.db(-wal|-shm|-journal)?|lock\.json|installation\.key|backup\.key|before-restore-.*)$/

/** The folder is 0700, the files in it 0600. On Windows the profile's own rights hold. */
export function checkPermissions(dataDir: string, platform: NodeJS.Platform = process.platform): Finding {
  if (platform === 'win32') return unknown('On Windows the rights of the user’s own folder hold; they are not looked at.')
  const paths = [dataDir]
  for (const name of readdirSync(dataDir)) if (PRIVATE.test(name)) paths.push(join(dataDir, name))
  const backups = join(dataDir, 'backups')
  if (existsSync(backups)) paths.push(backups, ...readdirSync(backups).map(name => join(backups, name)))
  const logs = join(dataDir, 'logs')
  if (existsSync(logs)) paths.push(logs, ...readdirSync(logs).map(name => join(logs, name)))
  const open = paths.filter(path => (statSync(path).mode & 0o077) !== 0)
  if (open.length === 0) return fine('Only you can read the data folder.')
  const folders = open.filter(path => statSync(path).isDirectory())
  const files = open.filter(path => !folders.includes(path))
  const orders = [
    folders.length > 0 ? `chmod 700 ${folders.map(quoted).join(' ')}` : '',
    files.length > 0 ? `chmod 600 ${files.map(quoted).join(' ')}` : '',
  ].filter(Boolean)
  return problem(
    `Other users of this machine can get at ${firstOf(open.map(path => `${path},`)).replace(/,$/, '')}.`,
    `Run ${orders.join(' and ')}.`,
  )
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}

/** Crash reports that nobody has looked at. They say nothing of the store, so they are no problem of it. */
export function checkCrashes(dataDir: string): Finding {
  const all = logFolder(dataDir).crashes()
  const fresh = all.filter(({ isNew }) => isNew).map(({ report }) => report)
  if (fresh.length === 0)
    return fine(all.length === 0 ? 'There is no crash report.' : `No new crash report; ${count(all.length, 'older one')}.`)
  return unknown(
    `${count(fresh.length, 'new crash report')}: ${firstOf(fresh.map(({ id, ts }) => `${id} of ${formatUtc(ts)}.`))}`,
    'Look at them in Settings, Logs and crash reports, or with granary logs show ID.',
  )
}

/** What a store needs besides itself: a period read again beside the old one, a copy of the books, SQLite's own files. */
const LEAST_FREE_BYTES = 100 * 2 ** 20

export function checkSpace(dataDir: string, freeBytes: (path: string) => number = freeBytesOf): Finding {
  let size = 0
  for (const name of readdirSync(dataDir)) if (/\.db(-wal)?$/.test(name)) size += statSync(join(dataDir, name)).size
  const free = freeBytes(dataDir)
  const wanted = Math.max(LEAST_FREE_BYTES, size / 5)
  const detail = `${megabytes(free)} are free, the store takes ${megabytes(size)}.`
  if (free >= wanted) return fine(detail)
  return problem(detail, `Free some space: at least ${megabytes(wanted)} should be there.`)
}

function freeBytesOf(path: string): number {
  const { bavail, bsize } = statfsSync(path)
  return bavail * bsize
}

function megabytes(bytes: number): string {
  return bytes >= 10 * 2 ** 30 ? `${Math.round(bytes / 2 ** 30)} GB` : `${Math.ceil(bytes / 2 ** 20)} MB`
}

/** What a clock may differ without anybody noticing. */
export const CLOCK_SEC = 120

/** Whether the time is later than everything that was written here. */
export function checkClock(store: Store): Finding {
  const now = store.now()
  const audit = store.books.prepare('SELECT seq, ts FROM audit ORDER BY ts DESC LIMIT 1').get() as { seq: number; ts: number } | undefined
  const written = rows(store.facts, facts.selectFrom('imports').select(['period', 'started_ts', 'finished_ts']))
  for (const { period, started_ts, finished_ts } of written) {
    const ts = Math.max(started_ts, finished_ts ?? 0)
    if (ts > now + CLOCK_SEC) return wentBack(`Period ${period} was written`, ts, now)
  }
  if (audit && audit.ts > now + CLOCK_SEC) return wentBack(`Entry ${audit.seq} of the audit trail was written`, audit.ts, now)
  const back = store.books
    .prepare(
      'SELECT seq, before - ts AS sec FROM (SELECT seq, ts, lag(ts) OVER (ORDER BY seq) AS before FROM audit) WHERE ts < before - ? LIMIT 1',
    )
    .get(CLOCK_SEC) as { seq: number; sec: number } | undefined
  const once = back ? ` It was set back once, by ${formatDuration(back.sec)}, before entry ${back.seq} of the audit trail.` : ''
  return fine(`It is ${formatUtc(now)}, later than everything that was written here.${once}`)
}

function wentBack(what: string, ts: number, now: number): Finding {
  return problem(
    `${what} at ${formatUtc(ts)}, ${formatDuration(ts - now)} after the time that this machine has now. Its clock went back, or was ahead then.`,
    'Set the clock by the network’s time. What was written stays as it is.',
  )
}
