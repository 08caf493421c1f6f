import { createHash } from 'node:crypto'
import { MARK_BYTES } from '../../src-shared/audit-marks.ts'
import type { Store } from './open.ts'

/** A signed head as the books keep it: of the marks only their hash, for the trail itself has them. */
export interface KeptHead {
  entries: number
  hash: string
  /** SHA-256 over the marks, hex */
  marksHash: string
  ts: number
  reason: 'daily' | 'export'
  publicKey: string
  signature: string
}

const HEADS = 'SELECT entries, hash, marks_hash AS marksHash, ts, reason, public_key AS publicKey, signature FROM audit_signed_heads'

/** All kept heads, oldest first. */
export function listKeptHeads(store: Store): KeptHead[] {
  return store.books.prepare(`${HEADS} ORDER BY id`).all() as KeptHead[]
}

export function lastKeptHead(store: Store): KeptHead | null {
  return (store.books.prepare(`${HEADS} ORDER BY id DESC LIMIT 1`).get() as KeptHead | undefined) ?? null
}

/** Keeps a head; whoever calls it holds the transaction. */
export function insertHead(store: Store, head: KeptHead): void {
  store.books
    .prepare(
      `INSERT INTO audit_signed_heads (entries, hash, marks_hash, ts, reason, public_key, signature)
       VALUES (@entries, @hash, @marksHash, @ts, @reason, @publicKey, @signature)`,
    )
    .run(head)
}

/** Of each of the first `entries` entries the first MARK_BYTES of its hash, in order; of those that are there. */
export function readMarks(store: Store, entries: number): Buffer {
  const digits = MARK_BYTES * 2
  const hashes = store.books.prepare('SELECT hash FROM audit WHERE seq <= ? ORDER BY seq').pluck().iterate(entries) as Iterable<string>
  const parts: string[] = []
  for (const hash of hashes) parts.push(hash.slice(0, digits).padEnd(digits, '0'))
  return Buffer.from(parts.join(''), 'hex')
}

export function marksHashOf(marks: Uint8Array): string {
  return createHash('sha256').update(marks).digest('hex')
}

/** The hash that an entry of the trail has; null: there is no such entry. */
export function auditHashAt(store: Store, seq: number): string | null {
  return (store.books.prepare('SELECT hash FROM audit WHERE seq = ?').pluck().get(seq) as string | undefined) ?? null
}
