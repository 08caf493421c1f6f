import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openCore } from '../../src-main/core/index.ts'
import { createJobRunner } from '../../src-main/core/jobs.ts'
import { openLog } from '../../src-main/core/log.ts'
import { createLogs } from '../../src-main/core/logs.ts'
import { openHostCore } from '../../src-main/hosts/open-host-core.ts'
import { serveConnection } from '../../src-main/hosts/rpc/server.ts'
import { workerTaskRunner } from '../../src-main/hosts/spawn-worker.ts'
import { checkCrashes, checkPermissions } from '../../src-main/jobs/doctor/local.ts'
import { logFolder } from '../../src-main/store/log-files.ts'
import { AppError } from '../../src-shared/errors.ts'
import { type LogEntry, logQueries } from '../../src-shared/logs-contract.ts'
import { connect } from '../../src-shared/rpc-client.ts'
import { granary } from '../helpers/granary.ts'
import { portPair } from '../helpers/port-pair.ts'
import { filesAsPlaces, findSecrets, shapesOfText } from '../helpers/secret-search.ts'
import { smallCore, until } from '../helpers/small-core.ts'
import { weakly } from '../helpers/weak-stretching.ts'

const actor = { id: 'browser:anna' }
const passphrase = 'correct horse battery staple'
const seed = 'SBGWSG6BTNCKCOB3DIFBGCVMUPQFYPA2G4O34RMTB343OYPXU5DJDVMN'
const words = 'cable spray genius state float twenty onion head street palace net private'

let dataDir: string
let nowMs: number
beforeEach(() => {
  dataDir = join(mkdtempSync(join(tmpdir(), 'granary-logs-')), 'data')
  nowMs = Date.UTC(2026, 10, 26, 10)
})
afterEach(() => rmSync(join(dataDir, '..'), { recursive: true, force: true }))

const open = () => openLog({ dataDir, part: 'core', version: '1.0.0', nowMs: () => nowMs })
const logs = () => createLogs(dataDir, open(), () => undefined)
const options = () =>
  ({ ...weakly, dataDir, host: 'loopback', version: '1.0.0', demoDir: null, networksFile: null, mode: 'write' }) as const
const entries = (): LogEntry[] => logs().answers['logs.list'](logQueries['logs.list'].in.parse({ limit: 1000 })).rows

test('jobs are written, newest first, for nobody else to read; so is a start that failed', async () => {
  const core = await openCore({ ...options(), log: open() })
  await core.command('import.start', { path: join(dataDir, 'nothing.ndjson') }, { actor, idempotencyKey: 'an import' })
  await until(() => entries().some(({ event }) => event === 'job-failed'), 'the import failed')
  await core.close()
  writeFileSync(join(dataDir, 'books.db'), 'no database')
  await expect(openHostCore({ dataDir, host: 'loopback' })).rejects.toMatchObject({ code: 'store.corrupt' })
  const all = entries()
  const own = all.filter(({ event, fields }) => fields.kind === 'import' || event.startsWith('start'))
  expect(own.map(({ event }) => event)).toEqual(['start-failed', 'started', 'job-failed', 'job-began'])
  const failed = all.find(({ event }) => event === 'job-failed')!
  expect(failed).toMatchObject({ level: 'warning', part: 'core', fields: { kind: 'import', code: 'io.missing' } })
  const folder = join(dataDir, 'logs')
  for (const path of [folder, ...readdirSync(folder).map(name => join(folder, name))]) expect(statSync(path).mode & 0o077).toBe(0)
  expect(checkPermissions(dataDir).state).toBe('ok')
  chmodSync(join(folder, 'log.jsonl'), 0o644)
  expect(checkPermissions(dataDir)).toMatchObject({ state: 'problem', wayOut: expect.stringContaining('log.jsonl') })
})

test('the log is turned by size and bounded; a line that was cut off is left out', () => {
  const folder = logFolder(dataDir, 2_000)
  const entry = (n: number): LogEntry => ({ atMs: n, level: 'info', part: 'core', event: 'ended', fields: { ranSec: n } })
  for (let n = 0; n < 300; n++) folder.append(entry(n))
  expect(folder.bytes()).toBeLessThan(4 * 2_100)
  expect(readdirSync(folder.path).sort()).toEqual(
    ['log.1.jsonl', 'log.2.jsonl', 'log.3.jsonl', 'log.jsonl'].filter(name => existsSync(join(folder.path, name))),
  )
  const kept = folder.entries()
  expect(kept[0]).toEqual(entry(299))
  expect(kept.map(({ atMs }) => atMs)).toEqual(kept.map((_, at) => 299 - at))
  writeFileSync(join(folder.path, 'log.jsonl'), `${JSON.stringify(entry(7))}\n{"atMs":8,"lev`)
  expect(folder.entries()[0]).toEqual(entry(7))
})

test('a storm of errors leaves what led to it: the rest of the minute is counted', () => {
  const log = open()
  log.write('started', { version: '1.0.0', platform: 'linux', runtime: 'node-24' })
  for (let n = 0; n < 500; n++) log.internal(new Error(`number ${n}`))
  expect(entries()).toHaveLength(121)
  nowMs += 60_000
  log.internal(new Error('later'))
  expect(entries()[1]).toMatchObject({ event: 'left-out', fields: { entries: 380 } })
})

test('nothing secret gets in, whatever is thrown or told', async () => {
  const log = open()
  const core = await openCore({ ...options(), log })
  const command = (name: Parameters<typeof core.command>[0], input: object, key: string) =>
    core.command(name, input as never, { actor, idempotencyKey: key })
  try {
    await command('keys.import', { name: 'mine', kind: 'stellar', secret: seed, passphrase } as never, 'import one').catch(log.internal)
    await command('keys.import', { name: 'mine', kind: 'stellar', secret: words, passphrase } as never, 'import two').catch(log.internal)
    await command('keys.unlock', { keyIds: [seed], passphrase } as never, 'unlock key').catch(log.internal)
    for (const secret of [passphrase, seed, words]) {
      for (const said of [`"${secret}" is not valid JSON`, `the passphrase ${secret}`, `{"token":"${secret}"}`]) {
        const cause = new Error(said)
        log.internal(new Error(said, { cause }))
        log.internal(said)
        log.crash({ kind: 'uncaught', error: cause })
        nowMs += 60_000
        await command(
          'crashes.tell',
          { name: 'Error', message: said, stack: `${said}\n    at f (x.js:1:2)`, page: secret.slice(0, 40) },
          said,
        )
      }
      log.write('job-failed', { kind: secret, job: secret.slice(0, 40), tookSec: 1, code: 'internal', message: `bad ${seed} ${words}` })
    }
  } finally {
    await core.close()
  }
  const needles = [...shapesOfText('passphrase', passphrase), ...shapesOfText('seed', seed), ...shapesOfText('words', words)]
  expect(logFolder(dataDir).crashes().length).toBeGreaterThan(15)
  expect(findSecrets(filesAsPlaces(join(dataDir, 'logs')), needles)).toEqual([])
})

test('a folder that can’t be written stops nothing and is said', async () => {
  mkdirSync(dataDir)
  writeFileSync(join(dataDir, 'logs'), 'a file in its place')
  const log = open()
  log.write('ended', { ranSec: 1 })
  log.internal(new Error('x'))
  expect(log.crash({ kind: 'uncaught', error: new Error('x') })).toBeNull()
  expect(log.problem()).not.toBe('')
  const job = createJobRunner(
    () => undefined,
    () => 1,
    log,
  )
  job.start({ id: 'a', kind: 'import', title: 'x', run: async () => ({ period: 3 }) })
  await until(() => job.list()[0]?.state === 'done', 'the job was done')
  const { answers } = createLogs(dataDir, log, () => undefined)
  expect(answers['logs.list'](logQueries['logs.list'].in.parse({})).problem).not.toBe('')
  expect(answers['crashes.list']({}).problem).not.toBe('')
})

test('crash reports: bounded, new until somebody looks, named by the doctor, deleted', () => {
  const log = open()
  for (let n = 0; n < 70; n++) {
    nowMs += 7_000
    log.crash({ kind: 'uncaught', error: new AppError('internal', `number ${n}`) })
  }
  const { answers, command } = logs()
  const { rows } = answers['crashes.list']({})
  expect(rows).toHaveLength(50)
  expect(rows[0]).toMatchObject({ message: 'number 69', part: 'core', isNew: true })
  const { id } = rows[0]!
  expect(checkCrashes(dataDir)).toMatchObject({ state: 'unknown', detail: expect.stringContaining(id) })
  expect(answers['crashes.get']({ id }).text).toContain('AppError: number 69')
  command('crashes.seen', { id })
  expect(
    answers['crashes.list']({})
      .rows.map(({ isNew }) => isNew)
      .slice(0, 2),
  ).toEqual([false, true])
  expect(checkCrashes(dataDir).detail).not.toContain(id)
  expect(command('crashes.delete', { id })).toEqual({ deleted: 1 })
  expect(() => answers['crashes.get']({ id })).toThrow(expect.objectContaining({ code: 'not-found' }))
  expect(() => command('crashes.delete', { id: '../../books.db' })).toThrow()
  expect(command('crashes.delete', { id: null })).toEqual({ deleted: 49 })
  expect(checkCrashes(dataDir)).toMatchObject({ state: 'ok' })
})

test('a page tells over its line; more than a few a minute are not kept, and too much of one is refused', async () => {
  const log = open()
  const core = await openCore({ ...options(), log })
  const [page, server] = portPair()
  serveConnection(core, actor, server)
  const line = connect({ open: async () => page })
  const told = {
    name: 'TypeError',
    message: 'x is undefined',
    stack: 'TypeError\n    at f (http://127.0.0.1:1/assets/a.js:1:2)',
    page: 'nodes',
  }
  try {
    const kept = []
    for (let n = 0; n < 12; n++) kept.push((await line.command('crashes.tell', told)).isKept)
    expect(kept.filter(Boolean)).toHaveLength(10)
    await expect(line.command('crashes.tell', { ...told, stack: 'x'.repeat(9_000) })).rejects.toMatchObject({ code: 'contract.invalid' })
    const { rows } = await line.query('crashes.list', {})
    expect(rows[0]).toMatchObject({ part: 'page', kind: 'page', name: 'TypeError' })
    expect((await line.query('crashes.get', { id: rows[0]!.id })).report.stack).toEqual(['f http://127.0.0.1:1/assets/a.js:1:2'])
    expect((await line.query('audit.list', {})).rows).toEqual([])
  } finally {
    line.close()
    await core.close()
  }
})

test('a thread that ends by itself is reported, one that is asked to end is not', async () => {
  const died: number[] = []
  const file = join(dataDir, '..', 'worker.mjs')
  writeFileSync(
    file,
    "import { parentPort } from 'node:worker_threads'\nparentPort.on('message', m => { if (m.name === 'die') process.exit(3) })",
  )
  const runTask = workerTaskRunner(1, { file, graceMs: 1, onDied: (_error, code) => died.push(code) })
  await expect(runTask('die', {}, {})).rejects.toMatchObject({ code: 'internal' })
  const abort = new AbortController()
  const waiting = runTask('wait', {}, { signal: abort.signal })
  setTimeout(() => abort.abort(), 20)
  await expect(waiting).rejects.toMatchObject({ code: 'cancelled' })
  await runTask.close()
  expect(died).toEqual([3])
})

test('an internal error is written by its place, and only its kind goes to the page', async () => {
  const log = open()
  const core = smallCore({
    'settings.get': () => {
      throw new TypeError('settings of anna are odd')
    },
  })
  const [page, server] = portPair()
  serveConnection(core, actor, server, { onInternalError: log.internal })
  const line = connect({ open: async () => page })
  await expect(line.query('settings.get', {})).rejects.toMatchObject({ message: expect.stringContaining('Logs and crash reports') })
  line.close()
  expect(entries()[0]).toMatchObject({
    event: 'internal-error',
    fields: { name: 'TypeError', at: expect.stringContaining('logs.test.ts:') },
  })
})

test('an error that nothing took ends the process with a report and without its insides on the terminal', () => {
  mkdirSync(dataDir)
  const from = (path: string) => JSON.stringify(pathToFileURL(resolve(path)).href)
  const host = `const { crashWords, hostLog, watchProcess } = await import(${from('src-main/hosts/host-log.ts')})
    watchProcess(hostLog(${JSON.stringify(dataDir)}, 'core'), (_error, report) => console.error(crashWords(report)))
    Promise.reject(new RangeError('too far'))`
  const command = `process.argv.push('serve', '--help', '--data', ${JSON.stringify(dataDir)})
    const { main } = await import(${from('src-main/hosts/cli/main.ts')})
    await main()
    setTimeout(() => { throw new RangeError('too far') })`
  for (const [source, code] of [[host, 70] as const, [command, 1] as const]) {
    const ended = spawnSync(process.execPath, ['--input-type=module', '-e', source], { encoding: 'utf8' })
    const { id } = logs().answers['crashes.list']({}).rows[0]!
    expect(ended).toMatchObject({ status: code, stderr: expect.stringContaining(id) })
    expect(ended.stderr).not.toMatch(/RangeError|\n\s+at /)
  }
  expect(
    logs()
      .answers['crashes.list']({})
      .rows.map(({ part, name }) => [part, name]),
  ).toEqual([
    ['command', 'RangeError'],
    ['core', 'RangeError'],
  ])
})

test('on the command line: list, show, delete', async () => {
  open().crash({ kind: 'ended', part: 'worker', reason: 'oom', exitCode: 134 })
  const { id } = logs().answers['crashes.list']({}).rows[0]!
  const listed = await granary('logs', 'list', '--data', dataDir)
  expect(listed.out).toContain(`${id}  2026-11-26 10:00`)
  expect(listed.out).toContain('Crash report written')
  const shown = await granary('logs', 'show', id, '--data', dataDir, '--json')
  expect(JSON.parse(shown.out)).toMatchObject({ id, exitCode: 134, name: 'oom' })
  expect(JSON.parse(readFileSync(join(dataDir, 'logs', `crash-${id}.seen.json`), 'utf8'))).toMatchObject({ id })
  expect((await granary('logs', 'show', '../books', '--data', dataDir)).code).toBe(2)
  expect((await granary('logs', 'delete', '--data', dataDir)).code).toBe(2)
  expect((await granary('logs', 'delete', '--all', '--data', dataDir)).code).toBe(0)
  expect(readdirSync(join(dataDir, 'logs'))).toEqual([])
})
