import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type HostCore, openCore } from '../../src-main/core/index.ts'
import type { Alert } from '../../src-shared/alerts.ts'
import type { CommandInput, CommandName, CommandOutput, Topic } from '../../src-shared/contract.ts'
import { toAppError } from '../../src-shared/errors.ts'
import { periodAt } from '../../src-shared/time.ts'
import { demoArchives } from '../helpers/demo-archive.ts'
import { granary } from '../helpers/granary.ts'
import { weakly } from '../helpers/weak-stretching.ts'

/*
 * Alerts on the real core: a made-up grid of which node 6 goes down in the course of day 10 and is back before day 11.5, imported day by day. One data
 * folder, in order.
 */

interface Received {
  headers: IncomingMessage['headers']
  body: { form: string; id: string; what: string; title: string; alerts: { id: string; what: string; subject: string }[] }
}

const days = [10.5, 11, 11.3, 11.5]
const start = periodAt(102).start
let folder: string
let archives: Awaited<ReturnType<typeof demoArchives>>
let core: HostCore
const clock = { ts: 0 }
let keys = 0
/** what the webhook's server answers next; empty: 204 */
const answers: number[] = []
const received: Received[] = []
const server = createServer(async (request, response) => {
  let text = ''
  for await (const part of request) text += part
  received.push({ headers: request.headers, body: JSON.parse(text) })
  const status = answers.shift() ?? 204
  response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end()
})

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'granary-alerts-'))
  archives = await demoArchives(days.map(count => ({ nodes: 20, days: count, seed: 3, network: 'grid' })))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  clock.ts = start + 10.5 * 86_400 + 60
  await open()
})
afterAll(async () => {
  await core.close()
  server.closeAllConnections()
  server.close()
  archives.remove()
  rmSync(folder, { recursive: true, force: true })
})

async function open(): Promise<void> {
  core = await openCore({
    ...weakly,
    ...{
      dataDir: join(folder, 'data'),
      host: 'cli',
      version: '1',
      demoDir: null,
      networksFile: null,
      mode: 'write',
      nowTs: () => clock.ts,
    },
  })
}

function run<N extends CommandName>(name: N, input: CommandInput<N>): Promise<CommandOutput<N>> {
  return core.command(name, input, { actor: { id: 'test' }, idempotencyKey: `key-${keys++}` })
}

/** The data as of so many days of the period, and the clock a minute later. */
async function day(place: number): Promise<void> {
  clock.ts = start + days[place]! * 86_400 + 60
  const { jobId } = await run('import.start', { path: archives.files[place]! })
  await expect.poll(async () => (await core.query('jobs.list', {})).find(({ id }) => id === jobId)?.state).toBe('done')
  await core.runDue()
}

const openNow = async () => (await core.query('alerts.list', {})).rows
const causes = (rows: Alert[], subject: string) => rows.filter(row => row.subject === subject).map(({ kind }) => kind)
const history = async (subject: string) =>
  (await core.query('alerts.history', { search: subject })).rows.filter(row => row.subject === subject)
const told = async () => (await core.query('alerts.news', { after: 0 })).tellings.map(({ title }) => title)
const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
const failing = (work: Promise<unknown>) => work.then(() => null).catch(error => toAppError(error))

test('without data nothing is watched, and the page says so', async () => {
  await core.runDue()
  expect(await core.query('alerts.list', {})).toMatchObject({
    rows: [],
    total: 0,
    nodes: 0,
    why: expect.stringContaining('follow a network'),
    problem: null,
  })
  expect(await core.query('alerts.count', {})).toEqual({ total: 0, worst: null, last: 0 })
})

test('what is wrong when Granary first looks is told as one, and what is not known opens nothing', async () => {
  await day(0)
  const rows = await openNow()
  expect(causes(rows, 'node 6')).toEqual([])
  expect(rows[0]).toMatchObject({ severity: 'down' })
  // a violation says it all: neither a slow boot nor the budget is told beside it
  expect(causes(rows, 'node 15')).toEqual(['violation'])
  expect(rows.find(({ kind }) => kind === 'address-invalid')).toMatchObject({
    subject: 'farm 4',
    wayOut: expect.stringContaining('Set a Stellar'),
  })
  expect(await told()).toEqual([expect.stringMatching(/^Alerts: \d+ alerts$/)])
  expect((await core.query('alerts.list', {})).nodes).toBe(19)
  await core.runDue()
  expect(await told()).toHaveLength(1)
})

test('the webhook is switched on as it was shown, calls no other machine without https, and its secret is in no answer', async () => {
  for (const bad of ['http://example.org/hook', 'ftp://127.0.0.1/', 'https://user@example.org/', 'https://example.org/?key=1'])
    expect([bad, (await failing(core.query('alerts.webhookPreview', { url: bad, headerName: 'X-Key' })))?.code]).toEqual([bad, 'usage'])
  for (const own of ['content-type', 'Idempotency-Key', 'HOST'])
    expect([own, (await failing(core.query('alerts.webhookPreview', { url: url(), headerName: own })))?.message]).toEqual([
      own,
      expect.stringContaining('has this header already'),
    ])
  const shown = await core.query('alerts.webhookPreview', { url: url(), headerName: 'X-Key' })
  expect(shown).toMatchObject({
    url: url(),
    headers: { 'Content-Type': 'application/json' },
    body: expect.stringContaining('"Node 17 is down"'),
  })
  expect((await failing(run('alerts.webhookOn', { url: url(), headerName: 'X-Other', seen: shown.seen })))?.code).toBe('usage')
  expect(await core.query('alerts.webhook', {})).toMatchObject({ on: false })
  await run('alerts.setWebhookSecret', { url: url(), secret: 'the secret of the hook', passphrase: 'correct horse battery staple' })
  await run('alerts.webhookOn', { url: url(), headerName: 'X-Key', seen: shown.seen })
  expect(await core.query('alerts.webhook', {})).toEqual({
    on: true,
    url: url(),
    headerName: 'X-Key',
    secret: 'open',
    waiting: 0,
    failed: 0,
  })
  const trail = JSON.stringify((await core.query('audit.list', {})).rows)
  expect(trail).toContain('alerts.setWebhookSecret')
  expect(trail).not.toContain('the secret of the hook')
  expect(trail).not.toContain('horse')
})

test('a node that goes down opens one alert, also after a restart and while it stays down; the webhook gets it once it answers', async () => {
  answers.push(500, 302)
  await day(1)
  expect(causes(await openNow(), 'node 6')).toEqual(['node-down'])
  expect((await told()).slice(1)).toEqual(expect.arrayContaining(['Node 6 is down']))
  const first = (await core.query('alerts.deliveries', {})).rows.at(-1)!
  expect(first).toMatchObject({ state: 'waiting', tries: 1, problem: 'It answered 500.', nextTs: clock.ts + 60 })
  const before = received.length
  clock.ts += 59
  await core.runDue()
  expect(received).toHaveLength(before)
  clock.ts += 1
  await core.runDue()
  expect(await core.query('alerts.webhook', {})).toMatchObject({ waiting: 0, failed: 0 })
  const ofFirst = received.filter(({ body }) => body.id === received[0]!.body.id)
  expect(ofFirst.length).toBeGreaterThanOrEqual(2)
  expect(new Set(ofFirst.map(({ body }) => JSON.stringify(body))).size).toBe(1)
  expect(received[0]!.headers).toMatchObject({ 'x-key': 'the secret of the hook', 'idempotency-key': received[0]!.body.id })
  const down = received.filter(({ body }) => body.alerts.some(({ subject, what }) => subject === 'node 6' && what === 'opened'))
  expect(down.at(-1)!.body).toMatchObject({ form: 'granary-alerts 1', title: 'Node 6 is down' })
  await core.close()
  await open()
  await core.runDue()
  await day(2)
  expect(await history('node 6')).toMatchObject([{ kind: 'node-down', overTs: null, href: '/nodes/6' }])
  expect((await told()).filter(title => title.includes('Node 6'))).toEqual(['Node 6 is down'])
})

test('old data ends nothing; when the node is back, one alert is over and is told once', async () => {
  clock.ts += 4 * 3_600
  await core.runDue()
  expect(causes(await openNow(), 'node 6')).toEqual(['node-down'])
  expect((await core.query('alerts.list', {})).why).toContain('too old')
  await day(3)
  await core.runDue()
  expect(await history('node 6')).toMatchObject([{ kind: 'node-down', end: 'over' }])
  expect((await told()).filter(title => title.includes('Node 6'))).toEqual(['Node 6 is down', 'Over: Node 6 is down'])
  // the vault's secrets went with the restart: it is said why nothing is sent, and sent once they are unlocked
  expect((await core.query('alerts.deliveries', {})).rows[0]).toMatchObject({
    state: 'waiting',
    problem: expect.stringContaining('locked'),
  })
  await run('keys.unlock', { passphrase: 'correct horse battery staple' })
  await run('alerts.webhookRetry', {})
  await core.runDue()
  expect(received.at(-1)!.body.alerts.map(({ what, subject }) => `${what} ${subject}`)).toEqual(['over node 6'])
  expect(await core.query('alerts.webhook', {})).toMatchObject({ waiting: 0, failed: 0 })
})

test('a rule that is switched off ends its alerts unseen; switched on again they are there again, and no cause is told twice; thresholds have bounds', async () => {
  const count = (await told()).length
  const rule = { kind: 'violation', on: false, severity: 'info', threshold: null } as const
  await run('alerts.setRule', rule)
  await core.runDue()
  expect((await openNow()).some(({ kind }) => kind === 'violation')).toBe(false)
  await run('alerts.setRule', { ...rule, on: true })
  await core.runDue()
  expect((await openNow()).filter(({ kind }) => kind === 'violation').map(({ toldTs }) => toldTs)).toContain(null)
  // they are there again, and were told before
  expect((await told()).slice(count).filter(title => /pays nothing/.test(title))).toEqual([])
  const bad = await failing(run('alerts.setRule', { kind: 'node-down', on: true, severity: 'down', threshold: 5 }))
  expect(bad).toMatchObject({ code: 'usage', message: expect.stringContaining('from 41 to 2880 min') })
})

test('quiet hours hold what comes and tell it as one after them', async () => {
  const at = new Date(clock.ts * 1000).toISOString().slice(11, 16)
  const later = new Date((clock.ts + 3 * 3_600) * 1000).toISOString().slice(11, 16)
  await run('alerts.setQuiet', { on: true, from: at, to: later, zone: 'UTC', except: null })
  await core.runDue()
  const count = (await told()).length
  await run('alerts.setRule', { kind: 'budget-low', on: true, severity: 'at-risk', threshold: 90 })
  await core.runDue()
  expect(await told()).toHaveLength(count)
  const { held, isQuiet } = await core.query('alerts.rules', {})
  expect({ isQuiet, some: held > 1 }).toEqual({ isQuiet: true, some: true })
  clock.ts += 3 * 3_600
  await core.runDue()
  expect((await told()).slice(count)).toEqual([`While it was quiet: ${held} alerts`])
  expect(await core.query('alerts.rules', {})).toMatchObject({ isQuiet: false, held: 0 })
})

test('the command line reads beside a running Granary, and changes rules where none runs', async () => {
  const data = ['--data', join(folder, 'data')]
  const rows = await openNow()
  const listed = await granary('alerts', 'list', '--json', ...data)
  expect(JSON.parse(listed.out)).toMatchObject({ total: rows.length, rows: rows.map(({ cause }) => ({ cause })) })
  expect((await granary('alerts', 'list', ...data)).out).toContain(`urgent: ${rows[0]!.title}`)
  const { out } = await granary('alerts', 'history', '--search', 'node 6', '--kind', 'node-down', ...data)
  expect(out.trim().split('\n')).toHaveLength(2)
  expect(await granary('alerts', 'set', 'node-down', '--threshold', '120', ...data)).toMatchObject({
    code: 1,
    err: expect.stringContaining('Another Granary'),
  })
  expect(await granary('alerts', 'set', 'nothing', '--on', ...data)).toMatchObject({ code: 2 })
  await core.close()
  expect(await granary('alerts', 'set', 'node-down', '--threshold', '5', ...data)).toMatchObject({
    code: 2,
    err: expect.stringContaining('41 to 2880'),
  })
  expect(await granary('alerts', 'set', 'node-down', '--threshold', '120', '--severity', 'at-risk', ...data)).toMatchObject({ code: 0 })
  expect(await granary('alerts', 'quiet', '--off', '--zone', 'Europe/Brussels', ...data)).toMatchObject({
    code: 0,
    out: 'Quiet hours: none.\n',
  })
  await open()
  const { rules, quiet } = await core.query('alerts.rules', {})
  expect(rules[0]).toEqual({ kind: 'node-down', on: true, severity: 'at-risk', threshold: 120 })
  expect(quiet).toMatchObject({ on: false, zone: 'Europe/Brussels' })
  await core.runDue()
})

test('a look that finds nothing new writes nothing and tells nobody to look', async () => {
  const writes = () => core.query('audit.list', {}).then(({ total }) => total)
  const topics: Topic[] = []
  // what was changed before is told a moment later
  await new Promise(resolve => setTimeout(resolve, 150))
  const stop = core.subscribe(list => void topics.push(...list))
  const before = await writes()
  await core.runDue()
  await new Promise(resolve => setTimeout(resolve, 150))
  stop()
  expect(topics.filter(topic => topic === 'alerts')).toEqual([])
  expect(await writes()).toBe(before)
})
