import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { loadTreasuryConfig } from '../../src-main/core/treasury/configuration.ts'
import { scheduledJobs } from '../../src-main/core/treasury/scheduled.ts'
import { runDueSlots } from '../../src-main/jobs/schedule/run.ts'
import { runCommand } from '../../src-main/store/commands.ts'
import type { Store } from '../../src-main/store/open.ts'
import { findEntity, insertEntity } from '../../src-main/store/treasury-entities.ts'
import { isTreasuryCommand, type TreasuryCommandName } from '../../src-shared/treasury/table.ts'
import type { HeldAnalyst } from './held-analyst.ts'
import { administratorPassphrase, passphraseOf, treasuryIn } from './treasury.ts'
import { rowsOf, tablesOf } from './treasury-check.ts'
import type { Tick } from './treasury-sim.ts'

interface Entry {
  seq: number
  ts: number
  actor: string
  action: string
  subject: string
  details: string
}

/** Not what was done, but how it is kept: secrets with their salt, answers under keys that the trail does not hold, what is looked at later. */
const aside = [
  ...['answers', 'audit', 'audit_head', 'credit_asked', 'key_tries', 'ledger_hours', 'ledger_hours_until', 'treasury_administrator'],
  ...['treasury_watch', 'treasury_marks', 'treasury_mark_evidence', 'access_tokens'],
]

/** Who is unlocked in the memory of a process, that begins anew where that one was off. */
const unlocking = ['entities.unlock', 'entities.lock', 'administrator.unlock']

/**
 * Does again, with fresh books, what the audit trail says: each command by the same actor with the same input at the same time, each job's slots,
 * the analyst's answers. Gives in words where those books are other than the ones that the trail is of: every row of every table that tells of
 * money, and the trail itself. From the original books come only the ids and passphrases of entities, which are made of chance; `ticks`: when the
 * clock was looked at without anything to do, which decides what is believed of it and which no trail holds. What watchfulness decided on is left
 * out: it moves nothing.
 */
export async function replay(original: Store, ticks: readonly Tick[], analyst: HeldAnalyst): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'granary-replay-'))
  const clock = { ts: 0 }
  const trail = trailOf(original)
  clock.ts = trail[0]!.ts
  const { store, treasury, keys } = treasuryIn(join(folder, 'data'), clock)
  store.books.pragma('synchronous = OFF')
  let made = 0
  let ticked = 0
  const seen = { schedule: 0, credit: 0 }
  const done = { schedule: 0, credit: 0, upTo: 0 }
  const newDeeds = store.books.prepare("SELECT seq, actor FROM audit WHERE seq > ? AND actor IN ('schedule', 'credit') ORDER BY seq")
  const lastDecision = store.books.prepare("SELECT subject, details FROM audit WHERE actor = 'credit' ORDER BY seq DESC LIMIT 1")
  const round = () => runDueSlots(store, scheduledJobs(loadTreasuryConfig(store))).runs.length

  /** So much the trail of the fresh books has of a job's slots or an analyst's decisions by now. */
  function did(actor: keyof typeof seen): number {
    for (const deed of newDeeds.all(done.upTo) as { seq: number; actor: keyof typeof seen }[]) {
      done[deed.actor]++
      done.upTo = deed.seq
    }
    return done[actor]
  }

  function tickUpTo(seq: number): void {
    for (; ticked < ticks.length && ticks[ticked]!.seq < seq; ticked++) {
      clock.ts = ticks[ticked]!.ts
      while (round() > 0);
    }
  }

  async function again(entry: Entry): Promise<void> {
    const { actor, action, subject, details } = entry
    if (actor === 'schedule') {
      // a machine that went off between two slots did the others when it was on again, at the same time
      if (++seen.schedule > did('schedule')) while (round() > 0);
    } else if (actor === 'credit') {
      const note = store.books
        .prepare('SELECT note FROM credit_applications WHERE id = ?')
        .pluck()
        .get(Number(subject.slice(4))) as string
      await analyst.asked(note)
      analyst.answer(note)
      for (seen.credit++; did('credit') < seen.credit; ) await delay(1)
      const decided = lastDecision.get() as Pick<Entry, 'subject' | 'details'>
      if (decided.subject !== subject || decided.details !== details)
        throw new Error(`${subject} was decided by ${details}; now it is ${decided.subject}, by ${decided.details}`)
    } else if (isTreasuryCommand(action)) await command(action, actor, subject, JSON.parse(details))
    else throw new Error(`who does ${action}?`)
  }

  async function command(name: TreasuryCommandName, actor: string, subject: string, input: Record<string, string>): Promise<void> {
    const key = `again-${made++}`
    const [, as = '', host = ''] = /^(.*) \((.*)\)$/.exec(actor) ?? []
    // one of a file stands under it, and was done with it
    if (host === 'file') return
    if (name === 'entities.create') {
      const call = { actor, idempotencyKey: key, command: name, input, audit: { subject } }
      return runCommand(store, call, () => insertEntity(store, findEntity(original, input.name!)!))
    }
    const isBound = as !== '' && as !== 'administrator'
    await treasury.command(name, { ...input, ...secretsOf(name, input) }, { id: host || actor, ...(isBound && { entity: as }) }, key)
  }

  function secretsOf(name: TreasuryCommandName, { entityId }: Record<string, string>): Record<string, string> {
    if (name === 'administrator.set') return { newPassphrase: administratorPassphrase }
    if (name === 'administrator.unlock') return { passphrase: administratorPassphrase }
    return name === 'entities.unlock' ? { passphrase: passphraseOf(findEntity(original, entityId!)!.name) } : {}
  }

  try {
    for (const entry of trail) {
      tickUpTo(entry.seq)
      clock.ts = entry.ts
      try {
        await again(entry)
      } catch (error) {
        return [`entry ${entry.seq} of the trail, ${entry.action} of ${entry.actor}, fails: ${(error as Error).message}`]
      }
    }
    tickUpTo(Number.POSITIVE_INFINITY)
    return differences(original, store)
  } finally {
    await treasury.close()
    keys.lock()
    store.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

function trailOf(store: Store): Entry[] {
  return store.books
    .prepare("SELECT seq, ts, actor, action, subject, details FROM audit WHERE actor <> 'watch' AND action <> 'watch.decide' ORDER BY seq")
    .all() as Entry[]
}

function deedsOf(store: Store): Omit<Entry, 'seq'>[] {
  return trailOf(store)
    .filter(({ action }) => !unlocking.includes(action))
    .map(({ seq: _seq, ...deed }) => deed)
}

function differences(original: Store, copy: Store): string[] {
  const lines = (store: Store, table: string) =>
    table === 'the trail' ? deedsOf(store).map(entry => JSON.stringify(entry)) : rowsOf(store, table)
  const tables = ['the trail', ...tablesOf(original).filter(table => !aside.includes(table))]
  return tables.flatMap(table => {
    const [was, is] = [lines(original, table), lines(copy, table)]
    const at = was.findIndex((line, n) => line !== is[n])
    if (at < 0 && was.length === is.length) return []
    return [`${table}: ${was.length} rows, and ${is.length} when done again; from row ${at} on: ${was[at]} is ${is[at]}`]
  })
}
