import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { type HostCore, openCore } from '../../src-main/core/index.ts'
import { openRestorable } from '../../src-main/hosts/restorable-core.ts'
import type { CommandInput, CommandName, CommandOutput, Core } from '../../src-shared/contract.ts'
import type { AppError } from '../../src-shared/errors.ts'
import { restored } from '../helpers/backup.ts'
import { weakly } from '../helpers/weak-stretching.ts'

/* Backups through the core: by hand, by the schedule under a clock of the test's, and restored while somebody is connected. */

const root = mkdtempSync(join(tmpdir(), 'granary-backup-core-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let count = 0
const fresh = (name: string) => join(root, `${name}-${count++}`)
const passphrase = 'the passphrase of the copies'
const day = 86_400

function open(dataDir: string, nowTs?: () => number): Promise<HostCore> {
  return openCore({
    ...{ ...weakly, dataDir, host: 'cli', version: '1', demoDir: null, networksFile: null, mode: 'write' },
    ...(nowTs && { nowTs }),
  })
}
const run = <N extends CommandName>(core: Core, name: N, input: CommandInput<N>): Promise<CommandOutput<N>> =>
  core.command(name, input, { actor: { id: 'test' }, idempotencyKey: `backup-key-${count++}` })
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'it was not refused',
    (error: AppError) => error.code,
  )

/** Waits until no backup runs. */
async function ended(core: Core): Promise<void> {
  while ((await core.query('jobs.list', {})).some(({ state }) => state === 'running')) await new Promise(resolve => setTimeout(resolve, 10))
}

/** Every byte below a folder, for a look at what is nowhere in it. */
function bytesBelow(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => readFileSync(join(entry.parentPath, entry.name)).toString('latin1'))
    .join('\n')
}

test('the schedule makes one a day, keeps so many, and deletes nothing that it did not write; one that fails is said and tried again', async () => {
  const dataDir = fresh('data')
  const folder = fresh('folder')
  mkdirSync(folder)
  let now = 1_790_000_000
  const core = await open(dataDir, () => now)
  const look = async (afterSec: number) => {
    now += afterSec
    await core.runDue()
    await ended(core)
    return readdirSync(folder).filter(name => name.endsWith('.granary-backup')).length
  }
  const schedule = { every: 'day', folder, keep: 2, withFacts: false } as const
  expect(await codeOf(run(core, 'backup.schedule', { ...schedule, folder: 'not/full' }))).toBe('usage')
  expect(await codeOf(run(core, 'backup.schedule', { ...schedule, passphrase: 'short' }))).toBe('usage')
  await run(core, 'backup.schedule', { ...schedule, passphrase })
  await ended(core)
  expect(await look(0)).toBe(1)
  expect(await look(day - 10)).toBe(1)
  expect(await look(10)).toBe(2)
  const mine = join(folder, 'granary-2020-01-01T00-00-00Z.granary-backup')
  writeFileSync(mine, 'somebody’s own')
  // one that was changed since is not what was written
  const [first] = readdirSync(folder).filter(name => name !== 'granary-2020-01-01T00-00-00Z.granary-backup')
  writeFileSync(join(folder, first!), 'changed')
  expect(await look(day)).toBe(4)
  expect(await look(day)).toBe(4)
  expect(readFileSync(mine, 'utf8')).toBe('somebody’s own')
  expect(readFileSync(join(folder, first!), 'utf8')).toBe('changed')

  const { nextTs, lastGood } = await core.query('backup.get', {})
  expect(nextTs).toBe(now + day)
  rmSync(folder, { recursive: true })
  mkdirSync(join(folder, '..', 'away'), { recursive: true })
  now += day
  await core.runDue()
  await ended(core)
  const failed = await core.query('backup.get', {})
  expect(failed).toMatchObject({
    lastGood,
    nextTs: now + 3600,
    last: { isScheduled: true, problem: expect.stringContaining('There is no folder') },
  })
  expect((await core.query('overview.get', {})).attention).toMatchObject([{ kind: 'backup', reason: expect.stringContaining(folder) }])
  mkdirSync(folder)
  expect(await look(3600)).toBe(1)
  expect((await core.query('overview.get', {})).attention).toEqual([])
  const [newest] = readdirSync(folder)
  const elsewhere = fresh('elsewhere')
  await restored(elsewhere, join(folder, newest!), passphrase)
  expect(existsSync(join(elsewhere, 'books.db'))).toBe(true)
  // what encrypts lies here and in no backup
  expect(existsSync(join(dataDir, 'backup.key'))).toBe(true)
  expect(existsSync(join(elsewhere, 'backup.key'))).toBe(false)
  await core.close()
  expect(bytesBelow(dataDir)).not.toContain(passphrase)
  const moved = await open(elsewhere, () => now + day)
  await moved.runDue()
  await ended(moved)
  expect((await moved.query('backup.get', {})).last?.problem).toContain('Enter their passphrase again')
  await moved.close()
})

test('a core is restored under who is connected: questions wait, what they follow goes on, and a refused restore leaves it as it was', async () => {
  const dataDir = fresh('data')
  const core = await openRestorable({
    open: () => open(dataDir),
    restore: order => restored(dataDir, order.path, order.passphrase),
  })
  const told: string[][] = []
  core.subscribe(topics => told.push(topics))
  await run(core, 'settings.set', { theme: 'dark' })
  const path = fresh('backup')
  await run(core, 'backup.start', { path, passphrase })
  await ended(core)
  await run(core, 'settings.set', { theme: 'light' })
  expect(await codeOf(run(core, 'backup.restore', { path, passphrase: 'another passphrase' }))).toBe('backup.passphrase')
  expect((await core.query('settings.get', {})).theme).toBe('light')
  const restoring = run(core, 'backup.restore', { path, passphrase })
  // it has begun once other work had its turn
  await new Promise(resolve => setImmediate(resolve))
  const asked = core.query('settings.get', {})
  const second = codeOf(run(core, 'settings.set', { theme: 'auto' }))
  expect(await restoring).toMatchObject({ keptDir: expect.stringContaining('before-restore-') })
  expect((await asked).theme).toBe('dark')
  expect(await second).toBe('it was not refused')
  expect((await core.query('settings.get', {})).theme).toBe('auto')
  expect(told.at(-1)).toEqual(expect.arrayContaining(['settings']))
  expect(told.some(topics => topics.includes('pay') && topics.includes('audit'))).toBe(true)
  expect((await core.query('audit.list', {})).intact).toBe(true)
  await core.close()
})
