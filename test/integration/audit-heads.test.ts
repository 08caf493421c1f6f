import { createHash } from 'node:crypto'
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkAudit, isAuditFine, writeHead } from '../../src-main/core/audit-command.ts'
import { readHead } from '../../src-main/jobs/audit-head-file.ts'
import { checkAuditTrail, signDaily, signHead } from '../../src-main/jobs/audit-heads.ts'
import { checkAudit as doctorSays } from '../../src-main/jobs/doctor/local.ts'
import { appendAudit } from '../../src-main/store/audit.ts'
import { listKeptHeads } from '../../src-main/store/audit-heads.ts'
import { writeTransaction } from '../../src-main/store/db.ts'
import { openStore, type Store } from '../../src-main/store/open.ts'
import { auditReportText, type SignedHead } from '../../src-shared/audit-head.ts'
import { openLedger } from '../helpers/ledger.ts'

let store: Store
let close: () => void

beforeEach(() => {
  ;({ store, close } = openLedger())
})
afterEach(() => close())

function write(count: number): void {
  writeTransaction(store.books, 'books.db', () => {
    for (let i = 0; i < count; i++) appendAudit(store, { actor: 'cli:ann', action: 'test', subject: `thing ${i}`, details: '{}' })
  })
}

function sign(): SignedHead {
  const head = signHead(store, 'export')
  expect(head).not.toBeNull()
  return head!
}

/** The entries as somebody leaves them who knows how they are hashed: one altered, all that follow hashed anew. */
function rewriteFrom(seq: number): void {
  const { books } = store
  books.exec('DROP TRIGGER audit_no_update')
  let previous =
    (books
      .prepare('SELECT hash FROM audit WHERE seq = ?')
      .pluck()
      .get(seq - 1) as string | undefined) ?? ''
  const rows = books.prepare('SELECT * FROM audit WHERE seq >= ? ORDER BY seq').all(seq) as Record<string, string | number>[]
  for (const row of rows) {
    const subject = row.seq === seq ? 'another thing' : row.subject
    const hash = createHash('sha256')
      .update(JSON.stringify([previous, row.seq, row.ts, row.actor, row.action, subject, row.details]))
      .digest('hex')
    books.prepare('UPDATE audit SET subject = ?, previous = ?, hash = ? WHERE seq = ?').run(subject, previous, hash, row.seq)
    previous = hash
  }
  books.prepare('UPDATE audit_head SET hash = ?').run(previous)
}

const held = (...heads: SignedHead[]) => heads.map((head, i) => readHead(`held-${i}.json`, JSON.stringify(head)))

test('a trail that goes on matches the heads that were signed before; nothing is signed where there is nothing', () => {
  expect(signHead(store, 'export')).toBeNull()
  expect(() => statSync(join(store.dataDir, 'installation.key'))).toThrow()
  write(3)
  const first = sign()
  write(4)
  const second = sign()
  const report = checkAuditTrail(store, held(first, second))
  expect(report).toMatchObject({ entries: 7, consistent: true, matchedHeld: 2, provenEntries: 7, altered: null })
  expect(report.heads.every(({ state, isOwnKey }) => state === 'same' && isOwnKey)).toBe(true)
  expect(auditReportText(report)).toMatch(/Matches what is held elsewhere up to entry 7\./)
  // without a head from elsewhere it is only consistent in itself, and says so
  expect(auditReportText(checkAuditTrail(store, []))).toMatch(/Consistent in itself.*\n.*Only a signed head/)
  if (process.platform !== 'win32') expect(statSync(join(store.dataDir, 'installation.key')).mode & 0o777).toBe(0o600)
})

test('a tail that was written anew is consistent in itself, and a held head tells its first altered entry', () => {
  write(20)
  const before = sign()
  write(30)
  const after = sign()
  rewriteFrom(33)
  const alone = checkAuditTrail(store, [])
  // the kept heads know only that it lies between two of them
  expect(alone).toMatchObject({ consistent: true, altered: { first: 21, last: 50 } })
  expect(doctorSays(store)).toMatchObject({ state: 'problem', detail: expect.stringContaining('One of the entries 21 to 50') })
  const report = checkAuditTrail(store, held(before, after))
  expect(report).toMatchObject({ consistent: true, matchedHeld: 1, provenEntries: 20, altered: { first: 33, last: 33 } })
  expect(report.heads.filter(({ from }) => from !== null).map(({ state }) => state)).toEqual(['same', 'differs'])
  expect(() => signHead(store, 'daily')).toThrow(/not signed/)
  expect(() => signDaily(store)).not.toThrow() // nothing new was written since the last head
})

test('also where the kept heads were taken away, and where the end is missing', () => {
  write(12)
  const head = sign()
  store.books.exec('DROP TRIGGER audit_signed_heads_no_delete; DELETE FROM audit_signed_heads')
  rewriteFrom(1)
  expect(checkAuditTrail(store, [])).toMatchObject({ consistent: true, altered: null })
  expect(checkAuditTrail(store, held(head)).altered).toEqual({ first: 1, last: 1 })
  store.books.exec(
    'DROP TRIGGER audit_no_delete; DELETE FROM audit WHERE seq > 5; UPDATE audit_head SET entries = 5, hash = (SELECT hash FROM audit WHERE seq = 5)',
  )
  expect(checkAuditTrail(store, held(head))).toMatchObject({ entries: 5, consistent: true, altered: { first: 1, last: 1 } })
})

test('an end that was cut off is found at its first missing entry', () => {
  write(12)
  const head = sign()
  store.books.exec(
    'DROP TRIGGER audit_no_delete; DELETE FROM audit WHERE seq > 5; UPDATE audit_head SET entries = 5, hash = (SELECT hash FROM audit WHERE seq = 5)',
  )
  expect(checkAuditTrail(store, held(head))).toMatchObject({ entries: 5, consistent: true, altered: { first: 6, last: 6 } })
})

test('an entry that was altered and not hashed anew breaks the chain itself', () => {
  write(9)
  const head = sign()
  store.books.exec("DROP TRIGGER audit_no_update; UPDATE audit SET details = 'x' WHERE seq = 4")
  expect(checkAuditTrail(store, held(head))).toMatchObject({ consistent: false, altered: { first: 4, last: 4 } })
  expect(() => signHead(store, 'export')).toThrow(/entry 4/)
})

test('a head that was altered proves nothing, and says so', () => {
  write(6)
  const head = sign()
  const marks = Buffer.from(head.marks, 'base64')
  marks[9]! ^= 1
  const forged = [
    { ...head, ts: head.ts + 1 },
    { ...head, marks: marks.toString('base64') },
    { ...head, entries: 5, marks: Buffer.from(head.marks, 'base64').subarray(0, 40).toString('base64') },
    { ...head, signature: head.signature.replace(/^./, digit => (digit === '0' ? '1' : '0')) },
  ]
  const report = checkAuditTrail(store, held(...forged))
  expect(report.heads.filter(({ from }) => from !== null).map(({ state }) => state)).toEqual(['forged', 'forged', 'forged', 'forged'])
  expect(report).toMatchObject({ matchedHeld: 0, provenEntries: 0, altered: null })
  expect(isAuditFine(report)).toBe(false)
  for (const text of ['', 'null', '{"format":"granary-audit-head"}', JSON.stringify({ ...head, hash: 'xyz' })])
    expect(() => readHead('mine.json', text)).toThrow(/mine\.json is no signed head/)
})

test('heads stay as they are kept; another key is told apart, and a file that holds none is not written over', () => {
  write(2)
  sign()
  for (const statement of [
    'DELETE FROM audit_signed_heads',
    'UPDATE audit_signed_heads SET entries = 1',
    'INSERT INTO audit_signed_heads SELECT 9, 1, hash, marks_hash, ts, reason, public_key, signature FROM audit_signed_heads',
  ])
    expect(() => store.books.exec(statement)).toThrow(/head/)
  const path = join(store.dataDir, 'installation.key')
  writeFileSync(path, 'nonsense')
  write(1)
  expect(() => signHead(store, 'export')).toThrow(/holds no key/)
  expect(readFileSync(path, 'utf8')).toBe('nonsense')
  rmSync(path)
  sign()
  expect(checkAuditTrail(store, []).heads.map(({ state, isOwnKey }) => [state, isOwnKey])).toEqual([
    ['same', false],
    ['same', true],
  ])
})

test('it is signed once a day, where something was written', () => {
  const folder = store.dataDir
  store.close()
  let nowMs = Date.UTC(2026, 10, 25, 10)
  store = openStore(folder, { mode: 'write', nowMs: () => nowMs })
  expect(signDaily(store)).toBe(false)
  write(1)
  expect(signDaily(store)).toBe(true)
  write(1)
  expect(signDaily(store)).toBe(false)
  nowMs += 86_400_000
  expect(signDaily(store)).toBe(true)
  nowMs += 86_400_000
  expect(signDaily(store)).toBe(false)
  // a clock that was ahead for a day does not keep the trail unsigned afterwards
  nowMs -= 3 * 86_400_000
  write(1)
  expect(signDaily(store)).toBe(true)
  expect(listKeptHeads(store).map(({ entries, reason }) => [entries, reason])).toEqual([
    [1, 'daily'],
    [2, 'daily'],
    [3, 'daily'],
  ])
})

test('the command line writes a head and checks against it, beside a Granary that has the folder open', () => {
  write(5)
  const { dataDir } = store
  store.close()
  const target = join(dataDir, 'head.json')
  expect(writeHead({ dataDir, target })).toMatchObject({ entries: 5 })
  store = openStore(dataDir, { mode: 'write' })
  const report = checkAudit({ dataDir, files: [target] })
  expect(report).toMatchObject({ matchedHeld: 1, provenEntries: 5, altered: null })
  expect(isAuditFine(report)).toBe(true)
  rewriteFrom(2)
  expect(isAuditFine(checkAudit({ dataDir, files: [target] }))).toBe(false)
})
