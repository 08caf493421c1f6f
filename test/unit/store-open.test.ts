import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { runCommand } from '../../src-main/store/commands.ts'
import { migrations } from '../../src-main/store/migrations.ts'
import { openStore } from '../../src-main/store/open.ts'
import { listPeriods } from '../../src-main/store/periods.ts'
import { loadLabels, saveLabel } from '../../src-main/store/settings.ts'
import { AppError } from '../../src-shared/errors.ts'
import { archiveOf, begin, importWhole, steadyEvents, withFolder } from '../helpers/store.ts'

function failure(work: () => unknown): AppError {
  try {
    work()
  } catch (error) {
    expect(error).toBeInstanceOf(AppError)
    return error as AppError
  }
  throw new Error('it did not fail')
}

async function child(folder: string, what: 'hold' | 'import') {
  const path = join(import.meta.dirname, '../helpers/store-child.ts')
  const started = spawn(process.execPath, [path, folder, what], { stdio: ['ignore', 'pipe', 'inherit'] })
  // one that outlives a failed test would keep vitest from ending
  onTestFinished(() => void started.kill('SIGKILL'))
  await once(started.stdout, 'data')
  return {
    pid: started.pid!,
    async kill() {
      started.kill('SIGKILL')
      await once(started, 'exit')
    },
  }
}

test('both databases are WAL with foreign keys; the books commit FULL, and with fullfsync', async () => {
  await withFolder(folder => {
    const store = openStore(folder, { mode: 'write' })
    for (const db of [store.facts, store.books]) {
      expect(db.pragma('journal_mode', { simple: true })).toBe('wal')
      expect(db.pragma('foreign_keys', { simple: true })).toBe(1)
      expect(db.pragma('recursive_triggers', { simple: true })).toBe(1)
      expect(db.pragma('trusted_schema', { simple: true })).toBe(0)
    }
    expect(store.books.pragma('synchronous', { simple: true })).toBe(2)
    expect(store.books.pragma('fullfsync', { simple: true })).toBe(1)
    expect(store.books.pragma('checkpoint_fullfsync', { simple: true })).toBe(1)
    expect(store.facts.pragma('synchronous', { simple: true })).toBe(1)
    store.close()
  })
})

test('a new database is as its migrations make it; one that was moved away leaves nothing to the next, whose log is its own', async () => {
  await withFolder(async folder => {
    const schemaOf = (db: InstanceType<typeof Database>) =>
      db.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY type, name').all()
    const other = await child(folder, 'import')
    await other.kill()
    rmSync(join(folder, 'facts.db'))
    // else there would be nothing to leave behind
    expect(statSync(join(folder, 'facts.db-wal')).size).toBeGreaterThan(0)
    const fresh = openStore(folder, { mode: 'write' })
    expect(fresh.facts.pragma('page_size', { simple: true })).toBe(8192)
    expect(fresh.facts.prepare('SELECT count(*) FROM imports').pluck().get()).toBe(0)
    for (const kind of ['facts', 'books'] as const) {
      const stepwise = new Database(':memory:')
      for (const step of migrations[kind]) stepwise.exec(step)
      expect(schemaOf(fresh[kind])).toEqual(schemaOf(stepwise))
      stepwise.close()
    }
    fresh.close()
  })
})

test.skipIf(process.platform === 'win32')('the folder is 0700, every file in it 0600, those beside a running database too', async () => {
  await withFolder(folder => {
    const store = openStore(folder, { mode: 'write' })
    runCommand(store, { actor: 'a', idempotencyKey: 'key-1', command: 'c', input: {} }, () => null)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    const names = readdirSync(folder)
    expect(names).toEqual(expect.arrayContaining(['books.db', 'books.db-wal', 'facts.db', 'lock.db', 'lock.json']))
    expect(names.filter(name => (statSync(join(folder, name)).mode & 0o077) !== 0)).toEqual([])
    store.close()
    chmodSync(folder, 0o755)
    chmodSync(join(folder, 'books.db'), 0o644)
    openStore(folder, { mode: 'write' }).close()
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    expect(statSync(join(folder, 'books.db')).mode & 0o777).toBe(0o600)
  })
})

test.skipIf(process.platform === 'win32')('a folder with other things in it keeps its rights', async () => {
  await withFolder(folder => {
    mkdirSync(folder, { mode: 0o755 })
    chmodSync(folder, 0o755)
    writeFileSync(join(folder, 'thesis.txt'), '')
    openStore(folder, { mode: 'write' }).close()
    expect(statSync(folder).mode & 0o777).toBe(0o755)
  })
})

test('a second writer is told who writes; readers and the writer’s threads are let in; a kill leaves no lock', async () => {
  await withFolder(async folder => {
    const other = await child(folder, 'hold')
    const error = failure(() => openStore(folder, { mode: 'write' }))
    expect(error.code).toBe('store.busy')
    expect(error.message).toContain(`process ${other.pid} `)
    expect(error.details.pid).toBe(other.pid)
    openStore(folder, { mode: 'read' }).close()
    openStore(folder, { mode: 'write', lock: false }).close()
    expect(failure(() => openStore(folder, { mode: 'write' })).code).toBe('store.busy')
    await other.kill()
    const store = openStore(folder, { mode: 'write' })
    expect(failure(() => openStore(folder, { mode: 'write' })).details.pid).toBe(process.pid)
    store.close()
  })
})

test('a read-only store reads and can’t write; an empty folder has nothing to read', async () => {
  await withFolder(folder => {
    expect(failure(() => openStore(folder, { mode: 'read' })).code).toBe('io.missing')
    openStore(folder, { mode: 'write' }).close()
    const store = openStore(folder, { mode: 'read' })
    expect(listPeriods(store)).toEqual([])
    const command = { actor: 'a', idempotencyKey: 'key-1', command: 'c', input: {} }
    expect(failure(() => runCommand(store, command, () => null)).code).toBe('io.denied')
    store.close()
  })
})

test('a store of a newer Granary is refused and left alone', async () => {
  await withFolder(folder => {
    openStore(folder, { mode: 'write' }).close()
    for (const [name, version] of [
      ['facts.db', migrations.facts.length],
      ['books.db', migrations.books.length],
    ] as const) {
      const db = new Database(join(folder, name))
      db.pragma(`user_version = ${version + 1}`)
      for (const mode of ['write', 'read'] as const) {
        const error = failure(() => openStore(folder, { mode }))
        expect(error.code).toBe('store.newer')
        expect(error.message).toContain(name)
      }
      db.pragma(`user_version = ${version}`)
      db.close()
    }
    openStore(folder, { mode: 'write' }).close()
  })
})

test('a migration copies the books first; one that fails is undone and names the copy', async () => {
  await withFolder(folder => {
    const first = openStore(folder, { mode: 'write' })
    saveLabel(first, { nodeId: 7, label: 'attic', note: '' })
    first.close()
    const bad = {
      ...migrations,
      books: [...migrations.books, 'CREATE TABLE half (x) STRICT; DELETE FROM labels; SELECT nothing FROM nowhere'],
    }
    const error = failure(() => openStore(folder, { mode: 'write', migrations: bad }))
    expect(error.code).toBe('store.migration')
    const backup = String(error.details.backup)
    expect(error.message).toContain(backup)
    const copy = new Database(backup, { readonly: true })
    expect(copy.prepare('SELECT label FROM labels').pluck().all()).toEqual(['attic'])
    copy.close()
    if (process.platform !== 'win32') expect(statSync(backup).mode & 0o777).toBe(0o600)
    const again = openStore(folder, { mode: 'write' })
    expect(loadLabels(again).get(7)?.label).toBe('attic')
    expect(again.books.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'half'").pluck().get()).toBe(0)
    again.close()
    // the same step, mended; a thread of the writer or a reader does not migrate
    const good = { ...migrations, books: [...migrations.books, 'CREATE TABLE whole (x ANY) STRICT'] }
    expect(failure(() => openStore(folder, { mode: 'read', migrations: good })).code).toBe('store.migration')
    const later = openStore(folder, { mode: 'write', migrations: good })
    expect(later.books.pragma('user_version', { simple: true })).toBe(migrations.books.length + 1)
    expect(readdirSync(join(folder, 'backups'))).toHaveLength(2)
    later.close()
    expect(failure(() => openStore(folder, { mode: 'write' })).code).toBe('store.newer')
  })
})

test('after a crash both databases are checked, the books first; after a close they are not', async () => {
  await withFolder(async folder => {
    const store = openStore(folder, { mode: 'write' })
    importWhole(store, archiveOf(steadyEvents(5)))
    for (let nodeId = 1; nodeId < 400; nodeId++) saveLabel(store, { nodeId, label: 'x'.repeat(80), note: '' })
    store.close()
    /** what lies in the file breaks what its schema promises: SQLite opens and reads it, only the check finds it */
    const rewrite = (name: string, table: string, from: string, to: string) => {
      const db = new Database(join(folder, name))
      db.unsafeMode()
      db.pragma('writable_schema = ON')
      expect(
        db.prepare('UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE name = ? AND instr(sql, ?)').run(from, to, table, from).changes,
      ).toBe(1)
      db.close()
    }
    rewrite('facts.db', 'imports', "'current',", "'currant',")
    openStore(folder, { mode: 'write' }).close()
    await (await child(folder, 'hold')).kill()
    const facts = failure(() => openStore(folder, { mode: 'write' }))
    expect(facts.code).toBe('store.corrupt')
    expect(facts.message).toContain('facts.db')
    rewrite('books.db', 'audit_head', 'id = 1', 'id = 2')
    const books = failure(() => openStore(folder, { mode: 'write' }))
    expect(books.code).toBe('store.corrupt')
    expect(books.message).toContain('books.db')
    rewrite('books.db', 'audit_head', 'id = 2', 'id = 1')
    rewrite('facts.db', 'imports', "'currant',", "'current',")
    const mended = openStore(folder, { mode: 'write' })
    expect(loadLabels(mended).size).toBe(399)
    mended.close()
  })
})

test('an import that was killed goes on where it was', async () => {
  await withFolder(async folder => {
    await (await child(folder, 'import')).kill()
    const store = openStore(folder, { mode: 'write' })
    expect(listPeriods(store)).toEqual([])
    const archive = archiveOf(steadyEvents(60))
    const { writer, feed } = begin(store, archive)
    expect(writer.storedEvents).toBeGreaterThan(4_000)
    feed()
    expect(writer.finish()).toMatchObject({ outcome: 'imported', events: archive.events.length })
    store.close()
    await withFolder(other => {
      const fresh = openStore(other, { mode: 'write' })
      const digest = importWhole(fresh, archive).period.digest
      fresh.close()
      const reopened = openStore(folder, { mode: 'read' })
      expect(listPeriods(reopened)[0]?.digest).toBe(digest)
      reopened.close()
    })
  })
})

test('books that are lost beside facts or the installation’s key are asked for, not made anew; a first start that was killed goes on', async () => {
  await withFolder(folder => {
    const [books, facts] = [join(folder, 'books.db'), join(folder, 'facts.db')]
    openStore(folder, { mode: 'write' }).close()
    // killed between making the two: facts.db comes first
    rmSync(books)
    const again = openStore(folder, { mode: 'write' })
    importWhole(again, archiveOf(steadyEvents(5)))
    saveLabel(again, { nodeId: 7, label: 'attic', note: '' })
    again.close()
    copyFileSync(books, join(folder, 'kept'))
    const refused = (mode: 'read' | 'write') => {
      const error = failure(() => openStore(folder, { mode }))
      expect(error.code).toBe('store.corrupt')
      for (const said of [`${books} is missing`, 'granary restore FILE', 'move facts.db and the rest of the folder away'])
        expect(error.message).toContain(said)
    }
    rmSync(books)
    for (const mode of ['write', 'read'] as const) refused(mode)
    expect(existsSync(books)).toBe(false)
    // SQLite would take it for a new database
    writeFileSync(books, '')
    refused('write')
    copyFileSync(join(folder, 'kept'), books)
    const back = openStore(folder, { mode: 'write' })
    expect(loadLabels(back).get(7)?.label).toBe('attic')
    back.close()

    // no period was stored, but the books were signed
    rmSync(facts)
    openStore(folder, { mode: 'write' }).close()
    rmSync(books)
    writeFileSync(join(folder, 'installation.key'), 'x')
    refused('write')
    // moved away, as told
    for (const name of ['facts.db', 'installation.key']) rmSync(join(folder, name))
    openStore(folder, { mode: 'write' }).close()
  })
})
