import { expect, test } from 'vitest'
import { listAudit, verifyAudit } from '../../src-main/store/audit.ts'
import { runCommand } from '../../src-main/store/commands.ts'
import { openStore, type Store } from '../../src-main/store/open.ts'
import { loadLabels, loadSettings, saveLabel, saveSettings } from '../../src-main/store/settings.ts'
import { AppError } from '../../src-shared/errors.ts'
import { withFolder } from '../helpers/store.ts'

async function withStore(work: (store: Store) => void): Promise<void> {
  await withFolder(folder => {
    const store = openStore(folder, { mode: 'write', nowMs: () => 1_700_000_000_000 })
    try {
      work(store)
    } finally {
      store.close()
    }
  })
}

function codeOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    return error instanceof AppError ? error.code : String(error)
  }
  return 'no error'
}

const call = { actor: 'cli:anna', idempotencyKey: 'key-0001', command: 'node.setLabel', input: { nodeId: 7, label: 'attic' } }

test('a command is done once per key; its answer is kept with bigints', async () => {
  await withStore(store => {
    let done = 0
    const work = () => {
      done++
      saveLabel(store, { nodeId: 7, label: 'attic', note: '' })
      return { units: 12n, list: [1, null] }
    }
    expect(runCommand(store, call, work)).toEqual({ units: 12n, list: [1, null] })
    expect(runCommand(store, { ...call, input: { label: 'attic', nodeId: 7 } }, work)).toEqual({ units: 12n, list: [1, null] })
    expect(done).toBe(1)
    expect(listAudit(store, { offset: 0, limit: 10 }).total).toBe(1)
    expect(codeOf(() => runCommand(store, { ...call, input: { nodeId: 8, label: 'attic' } }, work))).toBe('idempotency.reused')
    expect(codeOf(() => runCommand(store, { ...call, command: 'settings.set' }, work))).toBe('idempotency.reused')
    expect(runCommand(store, { ...call, actor: 'cli:ben' }, work)).toEqual({ units: 12n, list: [1, null] })
    expect(done).toBe(2)
  })
})

test('a command that fails leaves nothing: no change, no entry, and its key is free', async () => {
  await withStore(store => {
    const fail = () => {
      saveLabel(store, { nodeId: 7, label: 'attic', note: '' })
      throw new AppError('usage', 'no')
    }
    expect(codeOf(() => runCommand(store, call, fail))).toBe('usage')
    expect(loadLabels(store).size).toBe(0)
    expect(listAudit(store, { offset: 0, limit: 10 })).toEqual({ rows: [], total: 0 })
    expect(runCommand(store, call, () => 'now')).toBe('now')
  })
})

function fill(store: Store, entries: number): void {
  for (let i = 1; i <= entries; i++) runCommand(store, { ...call, idempotencyKey: `key-${i}`, input: { i } }, () => i)
}

test('the audit trail says who did what, newest first, and hashes up', async () => {
  await withStore(store => {
    fill(store, 3)
    runCommand(store, { ...call, idempotencyKey: 'quiet', audit: false }, () => null)
    runCommand(store, { ...call, idempotencyKey: 'said', audit: { subject: 'node 7', details: 'why' } }, () => null)
    const { rows, total } = listAudit(store, { offset: 0, limit: 2 })
    expect(total).toBe(4)
    expect(rows[0]).toMatchObject({
      seq: 4,
      ts: 1_700_000_000,
      actor: 'cli:anna',
      action: 'node.setLabel',
      subject: 'node 7',
      details: 'why',
    })
    expect(rows[1]).toMatchObject({ seq: 3, details: '{"i":3}' })
    expect(verifyAudit(store)).toMatchObject({ intact: true, entries: 4, firstBroken: null })
  })
})

test('nobody changes, deletes, replaces or slips in an entry by SQL', async () => {
  await withStore(store => {
    fill(store, 3)
    for (const sql of [
      "UPDATE audit SET actor = 'nobody' WHERE seq = 2",
      'DELETE FROM audit WHERE seq = 3',
      'DELETE FROM audit',
      "REPLACE INTO audit VALUES (2, 1, 'a', 'b', 'c', 'd', 'e', 'f')",
      "INSERT INTO audit VALUES (-1, 1, 'a', 'b', 'c', 'd', 'e', 'f')",
    ])
      expect(() => store.books.exec(sql), sql).toThrow('append-only')
    expect(verifyAudit(store).intact).toBe(true)
  })
})

test.each([
  ['a changed member', "UPDATE audit SET details = 'other' WHERE seq = 3", 3],
  ['a changed hash', "UPDATE audit SET hash = 'other' WHERE seq = 5", 5],
  ['one taken out', 'DELETE FROM audit WHERE seq = 2', 2],
  ['the last ones taken out', 'DELETE FROM audit WHERE seq > 3', 4],
  ['all taken out', 'DELETE FROM audit', 1],
  ['one put in at the end', "INSERT INTO audit SELECT 6, ts, actor, action, subject, details, hash, 'made up' FROM audit WHERE seq = 5", 6],
])('with the triggers gone too, %s is found', async (_what, sql, firstBroken) => {
  await withStore(store => {
    fill(store, 5)
    for (const trigger of ['audit_no_update', 'audit_no_delete', 'audit_no_insert_between']) store.books.exec(`DROP TRIGGER ${trigger}`)
    expect(verifyAudit(store).intact).toBe(true)
    store.books.exec(sql)
    expect(verifyAudit(store)).toMatchObject({ intact: false, firstBroken })
  })
})

test('labels are set, changed and taken away', async () => {
  await withStore(store => {
    saveLabel(store, { nodeId: 7, label: 'attic', note: 'hot in summer' })
    saveLabel(store, { nodeId: 3, label: '', note: 'sold' })
    saveLabel(store, { nodeId: 7, label: 'cellar', note: '' })
    expect([...loadLabels(store).values()]).toEqual([
      { nodeId: 3, label: '', note: 'sold' },
      { nodeId: 7, label: 'cellar', note: '' },
    ])
    saveLabel(store, { nodeId: 3, label: '', note: '' })
    expect([...loadLabels(store).keys()]).toEqual([7])
  })
})

test('settings have defaults; what can’t be read counts as not chosen', async () => {
  await withStore(store => {
    expect(loadSettings(store)).toEqual({ role: null, theme: 'auto', myFarms: [], resources: 'latest', ui: {} })
    saveSettings(store, { theme: 'dark', myFarms: [3], role: undefined })
    store.books.exec(`INSERT INTO settings VALUES ('role', '"pirate"')`)
    expect(loadSettings(store)).toEqual({ role: null, theme: 'dark', myFarms: [3], resources: 'latest', ui: {} })
  })
})
