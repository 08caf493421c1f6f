import fc from 'fast-check'
import { expect, test } from 'vitest'
import { serveConnection } from '../../src-main/hosts/rpc/server.ts'
import { type Answer, commands, queries, topicSchema } from '../../src-shared/contract.ts'
import { AppError } from '../../src-shared/errors.ts'
import type { Overview } from '../../src-shared/nodes-contract.ts'
import { connect, createRpcClient, type RpcClient } from '../../src-shared/rpc-client.ts'
import { portPair, type TestPort } from '../helpers/port-pair.ts'
import { runs } from '../helpers/runs.ts'
import { type SmallCore, smallCore, until } from '../helpers/small-core.ts'

const overview: Overview = {
  period: null,
  rules: 'v3',
  elapsedSec: 3600,
  states: { up: 1, 'at-risk': 0, down: 0, asleep: 0, unknown: 0 },
  earnedUnits: 12345678901234567890123n,
  earnedMusd: -5n,
  over: false,
  staysUpUnits: 0n,
  staysUpMusd: 1n,
  goesDownUnits: 0n,
  goesDownMusd: 0n,
  budgetLow: 2,
  farms: [],
  attention: [],
  attentionTotal: 0,
}

interface Line {
  core: SmallCore
  client: RpcClient
  page: TestPort
  host: TestPort
  inFlight: () => number
  unexpected: unknown[]
}

function line(answers: SmallCore['answers'] = {}, limits: Parameters<typeof serveConnection>[3] = {}): Line {
  const core = smallCore(answers)
  const [page, host] = portPair()
  const unexpected: unknown[] = []
  const served = serveConnection(core, { id: 'test:anna' }, host, { onInternalError: error => unexpected.push(error), ...limits })
  return { core, client: createRpcClient(page), page, host, inFlight: served.inFlight, unexpected }
}

/** A line on which the test writes the frames itself. */
function bareLine(answers: SmallCore['answers'] = {}, limits: Parameters<typeof serveConnection>[3] = {}) {
  const core = smallCore(answers)
  const [page, host] = portPair()
  const answersSeen: Answer[] = []
  let closed = false
  page.onMessage(text => answersSeen.push(JSON.parse(text)))
  page.onClose(() => {
    closed = true
  })
  const served = serveConnection(core, { id: 'test:anna' }, host, limits)
  return { core, page, served, answers: answersSeen, closed: () => closed }
}

const wait = (): Promise<never> => new Promise(() => {})

test('amounts of any size cross the line exactly, as decimal strings', async () => {
  const { client, host } = line({ 'overview.get': () => overview })
  expect(await client.query('overview.get', {})).toEqual(overview)
  expect(host.sent[0]).toContain('"earnedUnits":"12345678901234567890123"')
})

test('members with a default are filled in before the core sees them, unknown ones are left out', async () => {
  const { client, core } = line({ 'nodes.list': () => ({ rows: [], total: 0, rewardUnits: 0n, staysUpUnits: 0n, farms: [] }) })
  await client.query('nodes.list', { farmId: 3, extra: 1 } as { farmId: number })
  expect(core.calls[0]!.input).toEqual({ farmId: 3, offset: 0, limit: 200, sort: 'nodeId', descending: false })
})

test('amounts in a question reach the core as their digits, which is how it takes them', async () => {
  const { client, core } = line({ 'whatIf.get': () => ({}) })
  const policy = { id: 1, cu: 1, su: 1, nu: 1, ipv4: 1, minimalUptime: 95 }
  const uses = { cru: '8', mru: '12345678901234567890123', hru: '0', sru: '1', nruBytes: '2', ipSec: '3', uptimeSec: 4 }
  const figures = { ...uses, certified: false, connectionPriceMusd: 80, policy }
  await client.query('whatIf.get', { nodeId: 1, figures }).catch(() => undefined)
  expect(core.calls[0]!.input).toEqual({ nodeId: 1, figures })
})

test('a command carries the key of its caller, or a fresh one, and the actor that the host set', async () => {
  const { client, core } = line({ 'jobs.cancel': () => ({}) })
  await client.command('jobs.cancel', { jobId: 'a' }, { idempotencyKey: 'key-of-caller' })
  await client.command('jobs.cancel', { jobId: 'a' })
  await client.command('jobs.cancel', { jobId: 'a' })
  expect(core.calls.map(call => call.actor)).toEqual(Array(3).fill({ id: 'test:anna' }))
  const keys = core.calls.map(call => call.key)
  expect(keys[0]).toBe('key-of-caller')
  expect(new Set(keys).size).toBe(3)
})

test('an error of the program arrives with code, message and details, but not its cause', async () => {
  const { client, host } = line({
    'node.get': () => {
      throw new AppError('not-found', 'There is no node 9.', { details: { nodeId: 9 }, cause: new Error('/home/anna/secret') })
    },
  })
  const error = await client.query('node.get', { nodeId: 9 }).catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(AppError)
  expect(error).toMatchObject({ code: 'not-found', message: 'There is no node 9.', details: { nodeId: 9 }, retryable: false })
  expect(host.sent.join()).not.toContain('secret')
})

test('the words of an error that nobody meant stay in the host', async () => {
  const { client, host, unexpected } = line({
    'node.get': () => {
      throw new TypeError('cannot read x of undefined in /home/anna/granary/secret.ts')
    },
  })
  await expect(client.query('node.get', { nodeId: 9 })).rejects.toMatchObject({ code: 'internal' })
  expect(host.sent.join()).not.toMatch(/secret|TypeError| at /)
  expect(String(unexpected[0])).toContain('secret.ts')
})

test('names that do not exist, also those that every object has, and wrong input are refused without reaching the core', async () => {
  const { page, answers, core } = bareLine()
  const names = ['nodes.lost', 'constructor', '__proto__', 'toString', 'jobs.cancel']
  for (const [id, name] of names.entries()) page.send(JSON.stringify({ t: 'q', id, name, input: {} }))
  page.send(JSON.stringify({ t: 'c', id: 5, name: 'status.get', input: {}, key: 'long enough' }))
  await until(() => answers.length === 6, 'every one was answered')
  for (const answer of answers) expect(answer).toMatchObject({ t: 'error', error: { code: 'contract.invalid' } })
  const { client } = line()
  await expect(client.query('node.get', { nodeId: 1.5 })).rejects.toMatchObject({ code: 'contract.invalid', details: { member: 'nodeId' } })
  await expect(client.query('nodes.list', { limit: 1001 })).rejects.toMatchObject({ code: 'contract.invalid' })
  expect(core.calls).toEqual([])
})

test('an answer that breaks the contract is an error that says where', async () => {
  const { client } = line({ 'overview.get': () => ({ ...overview, elapsedSec: 'long' }) })
  await expect(client.query('overview.get', {})).rejects.toMatchObject({
    code: 'contract.invalid',
    message: expect.stringContaining('elapsedSec'),
  })
})

test('cancelling rejects at once and aborts the work, and nothing is left', async () => {
  let aborted = false
  const { client, inFlight } = line({
    'overview.get': call =>
      new Promise((_resolve, reject) => {
        call.signal!.addEventListener('abort', () => {
          aborted = true
          reject(new AppError('cancelled', 'Stopped on request.'))
        })
      }),
  })
  const stop = new AbortController()
  const asked = client.query('overview.get', {}, { signal: stop.signal })
  await until(() => inFlight() === 1, 'the query is under way')
  stop.abort()
  await expect(asked).rejects.toMatchObject({ code: 'cancelled' })
  await until(() => aborted && inFlight() === 0, 'the work has ended')
  await expect(client.query('overview.get', {}, { signal: stop.signal })).rejects.toMatchObject({ code: 'cancelled' })
})

test('when the line breaks, every waiting call rejects with core.gone, queries are aborted, commands go on', async () => {
  const { client, core, host, inFlight } = line({ 'overview.get': wait, 'jobs.cancel': wait })
  const asked = [client.query('overview.get', {}), client.command('jobs.cancel', { jobId: 'a' })]
  await until(() => inFlight() === 2, 'both are under way')
  host.close()
  const results = await Promise.allSettled(asked)
  expect(results.map(result => (result.status === 'rejected' ? result.reason.code : 'answered'))).toEqual(['core.gone', 'core.gone'])
  await until(() => core.listeners() === 0, 'the host let go of the core')
  expect(core.calls.map(call => call.signal!.aborted)).toEqual([true, false])
  await expect(client.query('overview.get', {})).rejects.toMatchObject({ code: 'core.gone', retryable: true })
})

test('more requests than allowed are refused, the allowed ones go on', async () => {
  let release = (): void => {}
  const gate = new Promise<void>(resolve => {
    release = resolve
  })
  const { client } = line({ 'overview.get': () => gate.then(() => overview) }, { limits: { inFlight: 3 } })
  const asked = Array.from({ length: 5 }, () => client.query('overview.get', {}))
  const refused = await Promise.allSettled(asked.slice(3))
  expect(refused.map(result => result.status === 'rejected' && result.reason.code)).toEqual(['usage', 'usage'])
  release()
  expect(await Promise.all(asked.slice(0, 3))).toEqual([overview, overview, overview])
})

test('topics are told at once, then gathered', async () => {
  const { client, core, host } = line()
  const seen: string[][] = []
  const stop = client.subscribe(topics => seen.push(topics))
  core.announce(['jobs'])
  core.announce(['jobs'])
  core.announce(['facts', 'results'])
  core.announce(['facts'])
  await until(() => seen.length === 2, 'two notices came')
  expect(seen).toEqual([['jobs'], ['jobs', 'facts', 'results']])
  stop()
  core.announce(['audit'])
  await new Promise(resolve => setTimeout(resolve, 250))
  expect(seen).toHaveLength(2)
  expect(host.sent.filter(text => text.includes('changed'))).toHaveLength(3)
})

test('a frame that cannot be answered closes the line', async () => {
  for (const frame of ['', 'hello', 'null', '[]', '{"t":"q"}', '{"t":"q","id":1.5,"name":"status.get","input":{}}', '{"id":"1"}']) {
    const { page, closed, core } = bareLine()
    page.send(frame)
    await until(closed, `"${frame}" closed the line`)
    expect(core.listeners()).toBe(0)
  }
})

test('an oversized frame and an id that is in use close the line', async () => {
  const large = bareLine({}, { limits: { frameChars: 100 } })
  large.page.send(JSON.stringify({ t: 'q', id: 1, name: 'status.get', input: { text: 'x'.repeat(100) } }))
  await until(large.closed, 'the large frame closed the line')
  expect(large.core.calls).toEqual([])
  const twice = bareLine({ 'status.get': wait })
  for (let i = 0; i < 2; i++) twice.page.send(JSON.stringify({ t: 'q', id: 1, name: 'status.get', input: {} }))
  await until(twice.closed, 'the second use of an id closed the line')
  expect(twice.served.inFlight()).toBe(0)
})

test('a request that can be answered but is none of the contract is answered', async () => {
  const { page, answers } = bareLine()
  page.send('{"t":"drop","id":7}')
  page.send('{"t":"c","id":8,"name":"jobs.cancel","input":{"jobId":"a"},"key":"short"}')
  await until(() => answers.length === 2, 'two answers came')
  expect(answers).toMatchObject([
    { t: 'error', id: 7, error: { code: 'contract.invalid' } },
    { t: 'error', id: 8, error: { code: 'contract.invalid' } },
  ])
})

test('whatever frames come, the host neither throws nor keeps anything', async () => {
  const names = [...Object.keys(queries), ...Object.keys(commands), '__proto__', 'no.such']
  const request = fc.record(
    {
      t: fc.constantFrom('q', 'c', 'cancel', 'x'),
      id: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.jsonValue()),
      name: fc.oneof(fc.constantFrom(...names), fc.string()),
      input: fc.oneof(fc.constant({}), fc.jsonValue(), fc.record({ nodeId: fc.integer(), limit: fc.integer() }, { requiredKeys: [] })),
      key: fc.oneof(fc.string({ minLength: 8, maxLength: 100 }), fc.jsonValue()),
    },
    { requiredKeys: [] },
  )
  const frame = fc.oneof(
    { weight: 3, arbitrary: request.map(value => JSON.stringify(value)) },
    fc.json(),
    fc.string({ unit: 'binary' }),
    fc.tuple(request, fc.nat()).map(([value, cut]) => JSON.stringify(value).slice(0, cut % 60)),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { maxLength: 20 }), async frames => {
      const { core, page, served, answers } = bareLine({ 'overview.get': () => overview, 'status.get': () => ({ broken: true }) })
      for (const text of frames) {
        try {
          page.send(text)
        } catch {
          break // closed by an earlier frame
        }
        await new Promise(resolve => setImmediate(resolve))
      }
      for (let i = 0; i < 5; i++) await new Promise(resolve => setImmediate(resolve))
      expect(served.inFlight()).toBe(0)
      for (const answer of answers) expect(['ok', 'error']).toContain(answer.t)
      served.close()
      expect(core.listeners()).toBe(0)
    }),
    runs(300, 5_000),
  )
})

test('a page that gets something else than the contract gives the line up', async () => {
  for (const text of ['x', '3', '{"t":"ok"}', '{"t":"changed","topics":["weather"]}', '{"t":"error","id":1,"error":null}']) {
    const [page, host] = portPair()
    const client = createRpcClient(page)
    const asked = client.query('status.get', {})
    host.send(text)
    await expect(asked).rejects.toMatchObject({ code: 'core.gone' })
  }
})

test('a connection comes back by itself, tells so, and announces every topic', async () => {
  const core = smallCore({ 'overview.get': () => overview })
  const hosts: TestPort[] = []
  let failures = 1
  const states: string[] = []
  const connection = connect({
    open: async () => {
      if (failures-- > 0) throw new AppError('core.gone', 'not yet', { retryable: true })
      const [page, host] = portPair()
      hosts.push(host)
      serveConnection(core, { id: 'test:anna' }, host)
      return page
    },
    onStatus: status => states.push(status.state),
    backOffMs: [5],
  })
  const seen: string[][] = []
  connection.subscribe(topics => seen.push(topics))
  await expect(connection.query('overview.get', {})).rejects.toMatchObject({ code: 'core.gone' })
  await until(() => connection.status().state === 'connected', 'the second try connected')
  expect(await connection.query('overview.get', {})).toEqual(overview)
  hosts[0]!.close()
  await until(() => hosts.length === 2 && connection.status().state === 'connected', 'it came back')
  expect(await connection.query('overview.get', {})).toEqual(overview)
  expect(seen).toEqual([topicSchema.options])
  connection.close()
  await expect(connection.query('overview.get', {})).rejects.toMatchObject({ code: 'core.gone' })
  expect(states).toEqual(['connecting', 'waiting', 'connecting', 'connected', 'waiting', 'connecting', 'connected', 'closed'])
  await until(() => core.listeners() === 0, 'both lines were let go')
})

test('a connection that is refused says why and tries again only when asked', async () => {
  let tries = 0
  const connection = connect({
    open: async () => {
      tries++
      throw new AppError('io.denied', 'The link was used before.')
    },
    backOffMs: [1],
  })
  await expect(connection.query('status.get', {})).rejects.toMatchObject({ code: 'io.denied' })
  expect(connection.status()).toEqual({ state: 'refused', message: 'The link was used before.' })
  await new Promise(resolve => setTimeout(resolve, 20))
  expect(tries).toBe(1)
  connection.retry()
  await until(() => tries === 2, 'it tried again')
})
