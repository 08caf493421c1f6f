import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { alertKinds, alertRuleSchema } from '../../../src-shared/alerts.ts'
import { formatUtc } from '../../../src-shared/time.ts'
import { readInstallationKey } from '../../signing/installation-key.ts'
import { loadBackupSchedule, loadLastBackup } from '../../store/backup-notes.ts'
import type { Db, DbKind } from '../../store/db.ts'
import { migrations, versionOf } from '../../store/migrations.ts'
import type { Store } from '../../store/open.ts'
import { runsToReconcile } from '../../store/restored.ts'
import { count, type Finding, fine, firstOf, problem } from './finding.ts'

/* The rules that the databases keep on their own, alerts, and backups. */

/** That no table, index, view or trigger is missing, added or changed: what makes a second payment or an unbalanced entry impossible stands there. */
export function checkGuards(store: Store): Finding {
  const wrong = (['books', 'facts'] as const).flatMap(kind => schemaFaults(store[kind], kind))
  if (wrong.length > 0)
    return problem(
      firstOf(wrong),
      'Somebody changed the database with another program. Restore a backup (granary restore FILE), or put a copy from the folder "backups" in its place.',
    )
  const triggers = store.books.prepare("SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'").pluck().get() as number
  return fine(`All tables are as Granary made them, with ${count(triggers, 'rule')} that the books keep on their own.`)
}

function schemaFaults(db: Db, kind: DbKind): string[] {
  const wanted = new Database(':memory:')
  try {
    for (const step of migrations[kind].slice(0, versionOf(db))) wanted.exec(step)
    const [is, should] = [schemaOf(db), schemaOf(wanted)]
    const missing = [...should.keys()].filter(name => !is.has(name)).map(name => `${kind}.db lacks the ${name}.`)
    const changed = [...is].flatMap(([name, sql]) => {
      if (!should.has(name)) return [`${kind}.db has a ${name} that is not Granary’s.`]
      return should.get(name) === sql ? [] : [`In ${kind}.db the ${name} was changed.`]
    })
    return [...missing, ...changed]
  } finally {
    wanted.close()
  }
}

/** What each thing in a database was made with, by kind and name; SQLite's own are left out. */
function schemaOf(db: Db): Map<string, string> {
  const found = db.prepare("SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'").all() as Record<
    'type' | 'name' | 'sql',
    string
  >[]
  return new Map(found.map(({ type, name, sql }) => [`${type} ${name}`, sql]))
}

/** That alerts and their rules can be read, and that no cause has two that are open. */
export function checkAlerts(store: Store): Finding {
  const rules = store.books.prepare('SELECT kind, is_on, severity, threshold FROM alert_rules').all() as Record<string, unknown>[]
  const unread = rules.filter(({ is_on, ...rule }) => !alertRuleSchema.safeParse({ ...rule, on: is_on === 1 }).success)
  if (unread.length > 0)
    return problem(
      `${count(unread.length, 'rule')} of alerts can’t be read: ${unread.map(({ kind }) => String(kind)).join(', ')}. The usual ones hold for them.`,
      'Set them anew (Alerts).',
    )
  const twice = store.books
    .prepare('SELECT cause FROM alerts WHERE over_ts IS NULL GROUP BY cause HAVING count(*) > 1')
    .pluck()
    .all() as string[]
  if (twice.length > 0) return problem(`More than one alert is open for ${firstOf(twice)}.`, 'Restore a backup (granary restore FILE).')
  const open = store.books.prepare('SELECT count(*) FROM alerts WHERE over_ts IS NULL').pluck().get() as number
  return fine(`${count(open, 'alert')} ${open === 1 ? 'is' : 'are'} open, by ${count(alertKinds.length, 'rule')}.`)
}

const DAY_SEC = 86_400

/** That backups go well where they are wanted, that nothing of one that came back waits, and that this installation's key can be read. */
export function checkBackups(store: Store): Finding {
  const key = join(store.dataDir, 'installation.key')
  if (existsSync(key) && readInstallationKey(readFileSync(key, 'utf8')) === null)
    return problem(
      `${key} holds no key, so the audit trail is not signed.`,
      'Put it back from a backup, or remove it: another is made then.',
    )
  const waiting = runsToReconcile(store)
  if (waiting.length > 0)
    return problem(
      `${count(waiting.length, 'payout run')} came back from a backup and ${waiting.length === 1 ? 'waits' : 'wait'} to be reconciled with Stellar: ${firstOf(waiting.map(id => id.slice(0, 16)))}.`,
      'Open Payouts and reconcile: until then nothing of that is signed or sent.',
    )
  const { every } = loadBackupSchedule(store)
  const [last, good] = [loadLastBackup(store, 'last'), loadLastBackup(store, 'good')]
  if (last && last.problem !== '')
    return problem(`The backup of ${formatUtc(last.ts)} failed: ${last.problem}`, 'Mend that and back up again (Settings, Backup).')
  const mostSec = every === 'day' ? 2 * DAY_SEC : 8 * DAY_SEC
  if (every !== 'never' && good && store.now() - good.ts > mostSec)
    return problem(
      `The last backup is of ${formatUtc(good.ts)}, though there should be one every ${every}.`,
      'Keep Granary open at times, or back up by hand (Settings, Backup).',
    )
  if (!good) return fine('The app has made none of this folder yet; Settings, Backup makes one, or plans them.')
  return fine(`The last is of ${formatUtc(good.ts)}: ${good.path}, read again and whole then.`)
}
