import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AuditReport, HeadFinding, SignedHead } from '../../src-shared/audit-head.ts'
import { MARK_BYTES } from '../../src-shared/audit-marks.ts'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import { formatUtc } from '../../src-shared/time.ts'
import { type InstallationKey, isSignedBy, newInstallationKey, readInstallationKey } from '../signing/installation-key.ts'
import { verifyAudit } from '../store/audit.ts'
import { auditHashAt, insertHead, type KeptHead, lastKeptHead, listKeptHeads, marksHashOf, readMarks } from '../store/audit-heads.ts'
import { writeTransaction } from '../store/db.ts'
import { writeSmallFile } from '../store/files.ts'
import type { Store } from '../store/open.ts'

/*
 * The audit trail is a chain of hashes: whoever alters an entry and hashes all that follow anew leaves it consistent in itself. What shows that
 * is a head that was signed before and is held elsewhere: at a colleague's, in the mail, on paper.
 */

const KEY_FILE = 'installation.key'
const DAY_SEC = 86_400

/** A head that was given, with the name of the file that it came from. */
export interface HeldHead {
  name: string
  head: SignedHead
}

/**
 * Signs the trail as it is now and keeps the head; gives it as it is to be held elsewhere. Null where nothing was written yet. `from` the last
 * head: what that one was signed over is not looked through again.
 * Throws AppError audit.broken: an altered trail is not signed; keys.damaged: the installation's key can't be read.
 */
export function signHead(store: Store, reason: KeptHead['reason'], from: 'beginning' | 'last head' = 'beginning'): SignedHead | null {
  return writeTransaction(store.books, 'books.db', () => {
    const last = lastKeptHead(store)
    const { entries, firstBroken, mark } = verifyAudit(store, from === 'last head' && last ? last : undefined)
    if (firstBroken !== null) throw broken(firstBroken)
    if (entries === 0) return null
    if (last && stateOfKept(store, last) !== 'same') throw broken(last.entries)
    const key = keyToSignWith(store)
    const marks = readMarks(store, entries)
    const head = { entries, hash: mark.hash, marksHash: marksHashOf(marks), ts: store.now(), publicKey: key.publicKey }
    const signature = key.sign(statementOf(head))
    insertHead(store, { ...head, reason, signature })
    const { hash, ts, publicKey } = head
    return { format: 'granary-audit-head', version: 1, entries, hash, ts, marks: marks.toString('base64'), publicKey, signature }
  })
}

/** Signs once a day (UTC), where something was written since the last head. Gives whether it did. Throws as signHead. */
export function signDaily(store: Store): boolean {
  const last = lastKeptHead(store)
  const nowDay = Math.floor(store.now() / DAY_SEC)
  if (last && last.ts <= store.now() && Math.floor(last.ts / DAY_SEC) === nowDay) return false
  if (last && auditHashAt(store, last.entries + 1) === null) return false
  return signHead(store, 'daily') !== null
}

/**
 * Signs because something leaves as a file, where anything was written since the last head: so whoever has the file has it with a trail that
 * was signed. Gives what keeps it from being signed, in words, and null where nothing does: neither an altered trail nor a full disk is a reason
 * to hold back the file.
 */
export function signForExport(store: Store): string | null {
  const last = lastKeptHead(store)
  if (last && auditHashAt(store, last.entries + 1) === null && stateOfKept(store, last) === 'same') return null
  try {
    signHead(store, 'export', 'last head')
    return null
  } catch (cause) {
    const { code, message } = toAppError(cause)
    if (code === 'internal') throw cause
    return message
  }
}

/** The name under which a head is saved. */
export function headFileName({ entries, ts }: SignedHead): string {
  return `audit-head-${entries}-${formatUtc(ts).slice(0, 10)}.json`
}

/**
 * Examines the trail in itself and against heads: those given, and those that the books keep. Finds the first altered entry, also where the
 * tail was written anew: exactly from a head that was given, between two heads from kept ones.
 */
export function checkAuditTrail(store: Store, held: readonly HeldHead[]): AuditReport {
  const { intact, entries, firstBroken } = verifyAudit(store)
  const own = readKey(store)?.publicKey
  const kept = listKeptHeads(store).map(head => ({ head, state: stateOfKept(store, head) }))
  const given = held.map(({ name, head }) => ({ name, head, ...compareHeld(store, head) }))
  const found = [
    ...kept.map(({ head, state }) => findingOf(null, head, state, own)),
    ...given.map(({ name, head, state }) => findingOf(name, head, state, own)),
  ]
  const matched = given.filter(({ state }) => state === 'same').map(({ head }) => head.entries)
  const others = given.map(({ first }) => first).filter(first => first !== null)
  // the entry that the head ends in is another, and the head itself shows that all before it are as they were
  const isProven = ({ head, state }: (typeof kept)[number]) =>
    state === 'same' || (state === 'differs' && firstBroken === head.entries && provesAllBefore(store, head))
  const keptSame = kept.filter(isProven).map(({ head }) => head.entries)
  const keptOther = kept.find(found => found.state === 'differs' && !isProven(found))?.head.entries ?? null
  return {
    entries,
    consistent: intact,
    matchedHeld: matched.length,
    provenEntries: Math.max(0, ...matched),
    altered: firstAltered(firstBroken, others, Math.max(0, ...keptSame, ...matched), keptOther),
    heads: found,
  }
}

/**
 * `broken`: an entry that does not follow from the one before; `others`: the first entry that is another than each given head was signed over,
 * so that what is before it is as it was; `same` up to where the trail is as it was signed; `other` by where, by a kept head, it is not.
 */
function firstAltered(broken: number | null, others: readonly number[], same: number, other: number | null): AuditReport['altered'] {
  const known = broken === null ? others : [...others, broken]
  const first = known.length > 0 ? Math.min(...known) : null
  if (first !== null && (other === null || others.length > 0 || first <= same)) return { first, last: first }
  return other === null ? null : { first: same + 1, last: Math.max(same + 1, Math.min(first ?? other, other)) }
}

function stateOfKept(store: Store, head: KeptHead): HeadFinding['state'] {
  if (!isSignedBy(head.publicKey, statementOf(head), head.signature)) return 'forged'
  return auditHashAt(store, head.entries) === head.hash ? 'same' : 'differs'
}

/** Whether the entries before the one that a kept head ends in have the hashes that it was signed over. */
function provesAllBefore(store: Store, { entries, hash, marksHash }: KeptHead): boolean {
  const own = Buffer.from(hash.slice(0, MARK_BYTES * 2), 'hex')
  return marksHashOf(Buffer.concat([readMarks(store, entries - 1), own])) === marksHash
}

/** `first`: the number of the first entry that is another than the one that was signed, or missing. */
function compareHeld(store: Store, head: SignedHead): { state: HeadFinding['state']; first: number | null } {
  const marks = Buffer.from(head.marks, 'base64')
  const endsRight = marks.subarray(-MARK_BYTES).toString('hex') === head.hash.slice(0, MARK_BYTES * 2)
  const isWhole = marks.length === head.entries * MARK_BYTES && endsRight
  if (!isWhole || !isSignedBy(head.publicKey, statementOf({ ...head, marksHash: marksHashOf(marks) }), head.signature))
    return { state: 'forged', first: null }
  if (auditHashAt(store, head.entries) === head.hash) return { state: 'same', first: null }
  return { state: 'differs', first: firstOther(marks, readMarks(store, head.entries)) ?? head.entries }
}

function findingOf(
  from: string | null,
  { entries, ts, publicKey }: Pick<KeptHead, 'entries' | 'ts' | 'publicKey'>,
  state: HeadFinding['state'],
  own: string | undefined,
): HeadFinding {
  return { from, entries, ts, publicKey, state, isOwnKey: publicKey === own }
}

/** The number of the first entry whose mark is another or missing; null: all are the same. */
function firstOther(signed: Buffer, found: Buffer): number | null {
  for (let at = 0; at < signed.length; at += MARK_BYTES)
    if (signed.compare(found, at, Math.min(at + MARK_BYTES, found.length), at, at + MARK_BYTES) !== 0) return at / MARK_BYTES + 1
  return null
}

/** What is signed: a JSON list of the members in this fixed order. */
function statementOf(head: Pick<KeptHead, 'entries' | 'hash' | 'marksHash' | 'ts' | 'publicKey'>): string {
  return JSON.stringify(['granary-audit-head-v1', head.entries, head.hash, head.marksHash, head.ts, head.publicKey])
}

/** The key of this data folder; null: there is none, or its file holds none. */
function readKey(store: Store): InstallationKey | null {
  const path = join(store.dataDir, KEY_FILE)
  return existsSync(path) ? readInstallationKey(readFileSync(path, 'utf8')) : null
}

function keyToSignWith(store: Store): InstallationKey {
  const found = readKey(store)
  if (found) return found
  const path = join(store.dataDir, KEY_FILE)
  if (existsSync(path))
    throw new AppError(
      'keys.damaged',
      `${path} holds no key, so the audit trail is not signed. Put it back from a copy, or remove it: another is made then, and heads of the audit trail say that they were signed with another key.`,
      { details: { path } },
    )
  const text = newInstallationKey()
  writeSmallFile(path, text)
  return readInstallationKey(text)!
}

function broken(entry: number): AppError {
  return new AppError(
    'audit.broken',
    `The audit trail was altered at entry ${entry}, so it is not signed. What it says up to there holds. Compare with a backup of the books.`,
    { details: { entry } },
  )
}
