import { createHash } from 'node:crypto'
import type { AuditEntry } from '../../src-shared/contract.ts'
import { AppError } from '../../src-shared/errors.ts'
import { prepared } from './db.ts'
import type { Store } from './open.ts'
import type { AuditHeadTable, AuditTable } from './schema.ts'

/** What is written down about something that someone did. */
export interface AuditNote {
  actor: string
  action: string
  /** what it was done to, e.g. `node 17` */
  subject: string
  /** text, usually JSON */
  details: string
}

/** Appends an entry, chained to the one before; whoever calls it holds the transaction (runCommand does). Gives its number. */
export function appendAudit(store: Store, note: AuditNote): number {
  const head = auditHead(store)
  if (!head) throw broken(1)
  const entry = { seq: head.entries + 1, ts: store.now(), ...note, previous: head.hash }
  const hash = hashOf(entry)
  const { seq, ts, actor, action, subject, details, previous } = entry
  const insert = prepared(
    store.books,
    'INSERT INTO audit (seq, ts, actor, action, subject, details, previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  )
  insert.run(seq, ts, actor, action, subject, details, previous, hash)
  prepared(store.books, 'UPDATE audit_head SET entries = ?, hash = ?').run(seq, hash)
  return entry.seq
}

function auditHead(store: Pick<Store, 'books'>): Pick<AuditHeadTable, 'entries' | 'hash'> | undefined {
  return prepared(store.books, 'SELECT entries, hash FROM audit_head').get() as AuditHeadTable | undefined
}

/** A page of the trail, newest first, and how many entries there are. */
export function listAudit(store: Store, page: { offset: number; limit: number }): { rows: AuditEntry[]; total: number } {
  const select = prepared(store.books, 'SELECT * FROM audit ORDER BY seq DESC LIMIT ? OFFSET ?')
  const total = store.books.prepare('SELECT count(*) FROM audit').pluck().get() as number
  return {
    rows: (select.all(page.limit, page.offset) as AuditTable[]).map(({ seq, ts, actor, action, subject, details, hash }) => ({
      seq,
      ts,
      actor,
      action,
      subject,
      details,
      hash,
    })),
    total,
  }
}

export interface AuditCheck {
  intact: boolean
  entries: number
  /** number of the first entry that was altered, is missing or does not follow from the one before */
  firstBroken: number | null
  /** where an intact chain ends: a later check may go on from here */
  mark: AuditMark
}

export interface AuditMark {
  entries: number
  hash: string
}

/**
 * Recomputes the chain, the whole of it or what comes after a mark. Finds an entry that was changed, put in, or taken out, at the
 * end too.
 */
export function verifyAudit(store: Pick<Store, 'books'>, after: AuditMark = { entries: 0, hash: '' }): AuditCheck {
  const entries = store.books
    .prepare('SELECT * FROM audit WHERE seq > ? ORDER BY seq')
    .iterate(after.entries) as IterableIterator<AuditTable>
  let seen = after.entries
  let previous = after.hash
  let firstBroken: number | null = null
  for (const { hash, ...entry } of entries) {
    seen++
    if (firstBroken !== null) continue
    if (entry.seq !== seen || entry.previous !== previous || hashOf(entry) !== hash) firstBroken = seen
    previous = hash
  }
  const head = auditHead(store)
  if (firstBroken === null && (head?.entries !== seen || head.hash !== previous)) firstBroken = Math.min(seen, head?.entries ?? 0) + 1
  return { intact: firstBroken === null, entries: seen, firstBroken, mark: { entries: seen, hash: previous } }
}

function broken(seq: number): AppError {
  return new AppError(
    'audit.broken',
    `The audit trail was altered: entry ${seq} does not follow from the one before. What it says up to there holds. Compare with a backup of the books.`,
    { details: { entry: seq } },
  )
}

/** SHA-256, hex, over the members as a JSON list in this fixed order. */
function hashOf(entry: Omit<AuditTable, 'hash'>): string {
  const { previous, seq, ts, actor, action, subject, details } = entry
  return createHash('sha256')
    .update(JSON.stringify([previous, seq, ts, actor, action, subject, details]))
    .digest('hex')
}
