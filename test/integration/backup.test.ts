import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  closeSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import Database from 'better-sqlite3'
import { afterAll, expect, test } from 'vitest'
import { createBodyWriter } from '../../src-main/jobs/backup/format.ts'
import { openBackup } from '../../src-main/jobs/backup/read.ts'
import { previewBackup } from '../../src-main/jobs/backup/restore.ts'
import { writeTransaction } from '../../src-main/store/db.ts'
import { saveNote } from '../../src-main/store/index.ts'
import { migrations } from '../../src-main/store/migrations.ts'
import { openStore } from '../../src-main/store/open.ts'
import { commitSwitch, finishSwitch } from '../../src-main/store/restore-switch.ts'
import type { AppError } from '../../src-shared/errors.ts'
import { backUp, backupPassphrase, makeStore, restored, stepOf, stepsIn, writeSteps } from '../helpers/backup.ts'
import { granary, withFd } from '../helpers/granary.ts'
import { createRandom } from '../helpers/horizon/index.ts'
import { runs } from '../helpers/runs.ts'
import { smallDisk } from '../helpers/small-disk.ts'

const root = mkdtempSync(join(tmpdir(), 'granary-backup-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let count = 0
const fresh = (name: string) => join(root, `${name}-${count++}`)
/** Making a store takes longer than copying one. */
const template = fresh('template')
makeStore(template, 3)
function store(): string {
  const dataDir = fresh('data')
  mkdirSync(dataDir, { mode: 0o700 })
  for (const name of ['books.db', 'facts.db', 'lock.db', 'lock.json']) copyFileSync(join(template, name), join(dataDir, name))
  return dataDir
}
function more(dataDir: string, steps: number): void {
  const opened = openStore(dataDir, { mode: 'write' })
  writeSteps(opened, steps)
  opened.close()
}
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'it was not refused',
    (error: AppError) => `${error.code}: ${error.message}`,
  )
const preview = (dataDir: string, path: string, passphrase = '') =>
  previewBackup({ path, passphrase, dataDir, nowTs: Math.floor(Date.now() / 1000) })

test('what was committed before a backup began is in it, while another process commits without end', async () => {
  const dataDir = store()
  const child = spawn(process.execPath, [join(import.meta.dirname, '../helpers/commit-child.ts'), dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise(resolve => child.on('close', resolve))
  let acknowledged = 0
  const lines = createInterface({ input: child.stdout })
  const began = new Promise(resolve => lines.once('line', resolve))
  lines.on('line', line => {
    acknowledged = Number(line)
  })
  await began
  try {
    const { numRuns } = runs(2, 50)
    for (let round = 0; round < numRuns; round++) {
      const before = acknowledged
      const { path } = await backUp(dataDir, fresh('load'), { withFacts: round === 1 })
      await delay(5)
      const target = fresh('restored')
      await restored(target, path)
      const steps = stepsIn(target)
      expect(before).toBeGreaterThan(3)
      expect(steps).toBeGreaterThanOrEqual(before)
      expect(acknowledged).toBeGreaterThan(before)
    }
  } finally {
    child.kill('SIGKILL')
    await ended
  }
})

test('a restore keeps the former store under a name that it tells, and says before what would be replaced', async () => {
  const dataDir = store()
  const { path, manifest } = await backUp(dataDir, fresh('backup'))
  expect(manifest.counts.auditEntries).toBe(3)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  more(dataDir, 4)
  expect(await preview(dataDir, path)).toMatchObject({
    isEncrypted: false,
    facts: 'stays',
    present: { problem: '', entriesSince: 4, lastAudit: { seq: 7, action: 'step', actor: 'test' }, runsUnderWay: [] },
    noNewRunUntilTs: 0,
  })
  const { keptDir, noNewRunUntilTs } = await restored(dataDir, path)
  expect(noNewRunUntilTs).toBe(0)
  expect(stepsIn(dataDir)).toBe(3)
  expect(stepsIn(keptDir!)).toBe(7)
  const opened = openStore(dataDir, { mode: 'read' })
  expect(opened.books.prepare("SELECT count(*) FROM audit WHERE action = 'backup.restored'").pluck().get()).toBe(1)
  opened.close()
  expect(readdirSync(dataDir).filter(name => /restoring|copying|previewing|restore\.json/.test(name))).toEqual([])
  // and there and back again
  const back = await backUp(keptDir!, fresh('back'))
  await restored(dataDir, back.path)
  expect(stepsIn(dataDir)).toBe(7)
})

test('a backup is refused where a file is, and nothing is left of one that could not be written', async () => {
  const dataDir = store()
  const target = fresh('target')
  writeFileSync(target, 'mine')
  expect(await codeOf(backUp(dataDir, target))).toMatch(/^usage: .*is there already/)
  expect(readFileSync(target, 'utf8')).toBe('mine')
  expect(await codeOf(backUp(dataDir, join(fresh('nowhere'), 'x')))).toMatch(/^io\.missing/)
  const folder = fresh('folder')
  mkdirSync(folder)
  const { path } = await backUp(dataDir, folder)
  expect(readdirSync(folder)).toEqual([path.split('/').at(-1)])
  const disk = smallDisk(1)
  if (disk) {
    const opened = openStore(dataDir, { mode: 'write' })
    writeTransaction(opened.books, 'books.db', () => saveNote(opened, 'large', randomBytes(1_500_000).toString('base64')))
    opened.close()
    expect(await codeOf(backUp(dataDir, join(disk, 'backup'), { withFacts: true }))).toMatch(/^io\.full/)
    expect(readdirSync(disk)).toEqual([])
    expect(await codeOf(restored(disk, (await backUp(dataDir, fresh('large'), { withFacts: true })).path))).toMatch(/^io\.full/)
    expect(readdirSync(disk).filter(name => name !== 'lock.db' && name !== 'lock.json')).toEqual([])
    const { execFileSync } = await import('node:child_process')
    execFileSync('umount', [disk])
    rmSync(disk, { recursive: true })
  }
})

test('a restore is refused while another Granary has the folder, and a newer store is refused; nothing changes', async () => {
  const dataDir = store()
  const { path } = await backUp(dataDir, fresh('backup'))
  const opened = openStore(dataDir, { mode: 'write' })
  expect(await codeOf(restored(dataDir, path))).toMatch(/^store\.busy: .*process/)
  opened.close()
  const newer = store()
  const db = new Database(join(newer, 'books.db'))
  db.pragma(`user_version = ${migrations.books.length + 1}`)
  db.close()
  // an older program can't be had here: the file is written by one that takes the format for known
  const made = await codeOf(backUp(newer, fresh('newer')))
  expect(made).toMatch(/^store\.newer/)
  expect(stepsIn(dataDir)).toBe(3)
})

/** Whether two backups hold the same manifest and parts, byte for byte; a damaged one does not. */
async function holdsTheSame(path: string, other: string, passphrase: string): Promise<boolean> {
  const held = async (backup: string) => {
    const parts = fresh('parts')
    mkdirSync(parts)
    const opened = await openBackup(backup, { passphrase })
    try {
      await opened.readParts(parts, 'all')
    } finally {
      opened.close()
    }
    return [JSON.stringify(opened.manifest), ...opened.manifest.parts.map(({ name }) => readFileSync(join(parts, name)).toString('base64'))]
  }
  return isDeepStrictEqual(await held(path).catch(() => null), await held(other))
}

test('an encrypted backup opens with its passphrase only; each kind of damage is named, and nothing changes', async () => {
  const dataDir = store()
  const plain = await backUp(dataDir, fresh('plain'), { withFacts: true })
  const sealed = await backUp(dataDir, fresh('sealed'), { withFacts: true, passphrase: backupPassphrase })
  expect(readFileSync(sealed.path).includes('SQLite format')).toBe(false)
  expect(await codeOf(preview(dataDir, sealed.path))).toMatch(/^backup\.passphrase: .*encrypted/)
  expect(await codeOf(restored(dataDir, sealed.path, `${backupPassphrase}!`))).toMatch(/^backup\.passphrase: This is not the passphrase/)
  expect((await preview(dataDir, sealed.path, backupPassphrase)).isEncrypted).toBe(true)
  const { numRuns, seed } = runs(8, 500)
  const random = createRandom(seed)
  for (const { path } of [plain, sealed]) {
    const whole = readFileSync(path)
    const passphrase = path === sealed.path ? backupPassphrase : ''
    for (let round = 0; round < numRuns; round++) {
      const bad = fresh('bad')
      const at = round < 3 ? [0, 16, 40][round]! : Math.floor(random() * whole.length)
      const bytes = Buffer.from(whole)
      bytes[at]! ^= 1 << Math.floor(random() * 8)
      writeFileSync(bad, bytes)
      // a packed part's header has a bit that means nothing
      if (!(await holdsTheSame(bad, path, passphrase)))
        expect(await codeOf(restored(dataDir, bad, passphrase)), `byte ${at}`).toMatch(
          /^(backup\.damaged: .*(damaged|altered|no backup)|store\.newer)/,
        )
      writeFileSync(bad, whole)
      truncateSync(bad, at)
      expect(await codeOf(restored(dataDir, bad, passphrase)), `cut off at ${at}`).toMatch(/^backup\.damaged: .*(cut off|no backup)/)
      rmSync(bad)
    }
    const long = fresh('long')
    writeFileSync(long, Buffer.concat([whole, Buffer.from('x')]))
    expect(await codeOf(restored(dataDir, long, passphrase))).toMatch(/^backup\.damaged/)
  }
  // packed: most of a database is room
  const { manifest } = await preview(dataDir, plain.path)
  expect(plain.size).toBeLessThan(manifest.parts.reduce((sum, { size }) => sum + size, 0) / 4)
  expect(stepsIn(dataDir)).toBe(3)
  expect(readdirSync(dataDir).filter(name => name.startsWith('restoring') || name.startsWith('before'))).toEqual([])
  await restored(dataDir, sealed.path, backupPassphrase)
  expect(stepsIn(dataDir)).toBe(3)
})

test('a backup of version 1, whose parts are not packed, is read as before', async () => {
  const dataDir = store()
  const { path } = await backUp(dataDir, fresh('new'), { withFacts: true })
  const parts = fresh('parts')
  mkdirSync(parts)
  const opened = await openBackup(path, { passphrase: '' })
  await opened.readParts(parts, 'all')
  opened.close()
  const manifest = Buffer.from(JSON.stringify({ ...opened.manifest, version: 1 }))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(manifest.length)
  const old = fresh('old')
  const fd = openSync(old, 'wx')
  const body = createBodyWriter(fd, null)
  const sum = createHash('sha256').update(manifest).digest()
  for (const bytes of [length, sum, manifest, ...opened.manifest.parts.map(({ name }) => readFileSync(join(parts, name)))])
    body.write(bytes)
  body.end()
  closeSync(fd)
  expect((await preview(dataDir, old)).manifest.version).toBe(1)
  const other = fresh('elsewhere')
  await restored(other, old)
  expect(stepsIn(other)).toBe(3)
  truncateSync(old, readFileSync(old).length - 1)
  expect(await codeOf(preview(dataDir, old))).toMatch(/^backup\.damaged: .*cut off/)
})

test('a restore that is killed at any moment leaves the former store or the new one, whole', async () => {
  const source = store()
  more(source, 20)
  const { path } = await backUp(source, fresh('backup'), { withFacts: true })
  const { numRuns, seed } = runs(2, 100)
  const random = createRandom(seed)
  const seen = new Set<number>()
  for (let round = 0; round < numRuns; round++) {
    const dataDir = store()
    const child = spawn(process.execPath, [join(import.meta.dirname, '../helpers/restore-child.ts'), dataDir, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = new Promise(resolve => child.on('close', resolve))
    await new Promise(resolve => child.stdout.once('data', resolve))
    // the last round runs to its end
    if (round < numRuns - 1) {
      await delay(random() * 120)
      child.kill('SIGKILL')
    }
    await ended
    const steps = stepsIn(dataDir)
    seen.add(steps)
    expect([3, 23]).toContain(steps)
    expect(existsSync(join(dataDir, 'restore.json'))).toBe(false)
  }
  expect(seen).toContain(23)
})

test('a switch that stopped between any two of its moves is ended by whoever opens the folder next', async () => {
  const nine = fresh('nine')
  makeStore(nine, 9)
  // every state that the moves can stop in, made by hand: the first `moves` of them are done
  for (let moves = 0; moves <= 4; moves++) {
    const dataDir = store()
    const ready = join(dataDir, 'restoring-0123abcd')
    const kept = join(dataDir, 'before-restore-2026-11-26T04-00-00Z')
    cpSync(nine, ready, { recursive: true })
    // what SQLite keeps beside a database is there too
    openStore(dataDir, { mode: 'read' }).close()
    commitSwitch(dataDir, { ready: 'restoring-0123abcd', kept: 'before-restore-2026-11-26T04-00-00Z', files: ['books.db', 'facts.db'] })
    expect(() => openStore(dataDir, { mode: 'read' })).toThrow(/restore/)
    mkdirSync(kept)
    const steps = ['books.db', 'facts.db'].flatMap(name => [
      () => renameAll(dataDir, kept, name),
      () => renameAll(ready, dataDir, name, ['']),
    ])
    for (const step of steps.slice(0, moves)) step()
    expect(stepsIn(dataDir), `after ${moves} moves`).toBe(9)
    expect(stepsIn(kept)).toBe(3)
    finishSwitch(dataDir)
    expect(existsSync(ready)).toBe(false)
  }
})

function renameAll(from: string, to: string, name: string, suffixes = ['-wal', '-shm', '']): void {
  for (const suffix of suffixes) {
    const path = join(from, `${name}${suffix}`)
    if (!existsSync(path)) continue
    copyFileSync(path, join(to, `${name}${suffix}`))
    rmSync(path)
  }
}

test('the command line: backup, preview and restore, with the passphrase from a descriptor', async () => {
  const dataDir = store()
  const target = fresh('cli')
  const at = ['--data', dataDir]
  const made = await withFd('a long enough passphrase', fd =>
    granary('backup', target, '--encrypt', '--passphrase-fd', fd, '--json', ...at),
  )
  expect(made.code).toBe(0)
  expect(JSON.parse(made.out)).toMatchObject({
    path: target,
    isEncrypted: true,
    manifest: { counts: { auditEntries: expect.any(Number) } },
  })
  more(dataDir, 2)
  const plain = fresh('plain')
  expect((await granary('backup', plain, ...at)).out).toContain('read again and whole')
  more(dataDir, 2)
  const seen = await granary('restore', plain, '--preview', ...at)
  expect(seen.out).toContain('2 entries of the audit trail were written since the backup')
  expect(seen.out).toContain('Nothing was changed.')
  const elsewhere = fresh('elsewhere')
  const moved = await withFd('a long enough passphrase', fd => granary('restore', target, '--passphrase-fd', fd, '--data', elsewhere))
  expect(moved.out).toContain('A new payout is planned after')
  expect(moved.out).toContain('do not use the former copy any more')
  const opened = openStore(elsewhere, { mode: 'read' })
  expect(stepOf(opened)).toBe(3)
  opened.close()
})
