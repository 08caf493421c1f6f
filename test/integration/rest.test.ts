import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type HostCore, openCore } from '../../src-main/core/index.ts'
import { type RestServer, startRestServer } from '../../src-main/hosts/loopback/rest.ts'
import { doorText, keepRestDoor } from '../../src-main/hosts/loopback/rest-door.ts'
import { type Route, routes } from '../../src-main/hosts/loopback/rest-routes.ts'
import type { Actor, CommandInput, CommandName } from '../../src-shared/contract.ts'
import { restScopes } from '../../src-shared/treasury/row.ts'
import { treasuryEntries } from '../../src-shared/treasury/table.ts'
import { requestText, sendRaw } from '../helpers/raw-http.ts'

/* The REST door over HTTP: one core and one door for all tests, in their order. */

const anna: Actor = { id: 'test:anna' }
const bob: Actor = { id: 'test:bob' }
const perMinute = 1_000
let folder: string
let core: HostCore
let door: RestServer
let nowMs = 0
const logged: unknown[] = []
/** of Anna with every scope, of Anna to read tokens, of Bob with every scope */
let all: string
let reader: string
let ofBob: string
let annaId: string
let bobId: string
let keys = 0

const run = <N extends CommandName>(actor: Actor, name: N, input: CommandInput<N>) =>
  core.command(name, input, { actor, idempotencyKey: `own-${keys++}` })

interface More {
  /** text is sent as it is */
  body?: unknown
  headers?: Record<string, string>
}

interface Answer {
  status: number
  body: Record<string, unknown>
  headers: Headers
}

async function ask(method: string, path: string, token: string | null, more: More = {}): Promise<Answer> {
  const { body, headers } = more
  const answer = await fetch(`${door.url}${path}`, {
    method,
    headers: {
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(method === 'POST' && { 'idempotency-key': `key-${keys++}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown>, headers: answer.headers }
}

const get = (path: string, token: string | null = all, headers: Record<string, string> = {}) => ask('GET', path, token, { headers })
const post = (path: string, body: unknown, token = all, headers: Record<string, string> = {}) => ask('POST', path, token, { body, headers })
const transfer = (body: Record<string, unknown>, headers: Record<string, string> = {}) =>
  post('/tokens/transfer', { to: 'Bob', token: 'AZR', amount: '1', ...body }, all, headers)
const balance = async (token = all) => (await get('/tokens/balances', token)).body.balances

async function makeToken(actor: Actor, name: string, scopes: readonly (typeof restScopes)[number][], expiresInDays?: number) {
  return run(actor, 'access-tokens.create', { name, scopes: [...scopes], ...(expiresInDays !== undefined && { expiresInDays }) })
}

beforeAll(async () => {
  // time stands, until a token expires
  vi.useFakeTimers({ toFake: ['Date'] })
  folder = mkdtempSync(join(tmpdir(), 'granary-rest-'))
  core = await openCore({
    ...{ dataDir: join(folder, 'data'), host: 'cli', version: '1', demoDir: null, networksFile: null, mode: 'write', stretchLogN: 4 },
  })
  const passphrase = 'a passphrase of the test'
  await run(anna, 'administrator.set', { newPassphrase: passphrase })
  await run(anna, 'tokens.initialize', {})
  annaId = (await run(anna, 'entities.create', { name: 'Anna', passphrase })).entityId
  bobId = (await run(bob, 'entities.create', { name: 'Bob', passphrase })).entityId
  for (const to of ['Anna', 'Bob']) await run(anna, 'tokens.fund', { to, token: 'AZR', amount: '100' })
  await run(anna, 'entities.unlock', { entityId: 'Anna', passphrase })
  await run(bob, 'entities.unlock', { entityId: 'Bob', passphrase })
  all = (await makeToken(anna, 'all', restScopes)).secret
  reader = (await makeToken(anna, 'reader', ['tokens:read'])).secret
  ofBob = (await makeToken(bob, 'all', restScopes)).secret
  await run(anna, 'configuration.set', { name: 'rest.perMinute', value: String(perMinute) })
  door = await startRestServer({
    ...{ core, port: 0, version: '1.2.3', limits: { bodyBytes: 2_000, strangersPerMinute: 50 } },
    ...{ now: () => nowMs, onInternalError: error => logged.push(error) },
  })
})
afterAll(async () => {
  vi.useRealTimers()
  await door.close()
  await core.close()
  rmSync(folder, { recursive: true, force: true })
  expect(logged).toEqual([])
})

const hasMember = ({ row }: Route, member: string) => Object.hasOwn(row.in.shape, member)
const addressOf = ({ segments }: Route, value = 'none') => `/${segments.map(part => (part.startsWith(':') ? value : part)).join('/')}`
const isPost = ({ rest }: Route) => rest.method === 'POST'

test('every row with a rest entry is reached at its path: with its scope, not without it, and a POST not without a key', async () => {
  expect(new Set(routes.map(({ name }) => name)).size).toBe(treasuryEntries.filter(([, { rest }]) => rest !== null).length)
  const without = new Map<string, string>()
  for (const scope of new Set(routes.map(({ rest }) => rest.scope))) {
    const others = restScopes.filter(other => other !== scope)
    without.set(scope, (await makeToken(anna, `all but ${scope}`, others)).secret)
  }
  for (const route of routes) {
    const { name, row, rest } = route
    const more = isPost(route) ? { body: {} } : {}
    expect(row.kind, name).toBe(isPost(route) ? 'command' : 'query')
    const refused = await ask(rest.method, addressOf(route), without.get(rest.scope)!, more)
    expect([refused.status, refused.body.code, refused.body.message], name).toEqual([
      403,
      'rest.scope',
      expect.stringContaining(rest.scope),
    ])
    const answer = await ask(rest.method, addressOf(route), all, more)
    expect(answer.status, `${name}: ${JSON.stringify(answer.body)}`).toBeLessThan(500)
    expect(String(answer.body.code), name).not.toMatch(/^(rest\.|internal|contract\.)/)
    if (row.who === 'administrator') expect([answer.status, answer.body.code], name).toEqual([403, row.refusal ?? 'administrator.needed'])
    else if (isPost(route)) {
      const keyless = await ask('POST', addressOf(route), all, { body: {}, headers: { 'idempotency-key': '' } })
      expect([keyless.status, keyless.body.field], name).toEqual([400, 'Idempotency-Key'])
    }
  }
})

test('what belongs to another entity is refused, in every row that can be asked for one', async () => {
  const asked = routes.flatMap(route =>
    ['entityId', 'stakerId', 'recipientId'].filter(member => hasMember(route, member)).map(member => ({ route, member })),
  )
  expect(asked.length).toBeGreaterThan(3)
  for (const { route, member } of asked) {
    const inPath = route.segments.includes(`:${member}`)
    const path = (whose: string) =>
      `/${route.segments.map(part => (part === `:${member}` ? whose : part === ':tokenId' ? 'AZR' : part)).join('/')}${inPath ? '' : `?${member}=${whose}`}`
    for (const whose of [bobId, 'Bob', 'treasury'])
      expect([(await get(path(whose))).status, path(whose)], route.name).toEqual([403, path(whose)])
    expect((await get(path(annaId))).status, route.name).toBe(200)
    expect((await get(path('Anna'))).body, route.name).toEqual((await get(path(annaId))).body)
  }
  expect((await get('/credit/loans?everybody=true')).status).toBe(403)
})

test('a program reads its own, with amounts as text, and a word in a path is no member', async () => {
  const azr = { token: 'AZR', available: '100', locked: '0', total: '100', putAside: '0' }
  expect((await get('/tokens/balances')).body).toEqual({ entityId: annaId, balances: [azr] })
  expect((await get('/tokens/balances/Anna/AZR', reader)).body).toEqual(azr)
  expect((await get('/tokens/AZR')).body).toMatchObject({ token: 'AZR', supply: '1000000000', max: '1000000000' })
  expect((await get('/tokens/GOLD')).body).toEqual({ code: 'tokens.unknown', message: 'Token not found', field: null })
  const { body, headers } = await get('/tokens/transactions?limit=1&token=AZR')
  expect(body).toMatchObject({ total: 1, rows: [{ amount: '100', type: 'TRANSFER' }] })
  expect(headers.get('content-type')).toBe('application/json')
  expect(headers.get('cache-control')).toBe('no-store')
  expect(headers.get('set-cookie')).toBeNull()
  expect(headers.get('access-control-allow-origin')).toBeNull()
})

test('a payment is made once for a key; the same key for another one is refused, and of another token it is another key', async () => {
  const key = { 'idempotency-key': 'order-1' }
  const first = await transfer({ amount: '10.5', memo: 'order 1' }, key)
  expect([first.status, first.body]).toMatchObject([200, { amount: '10.5', balance: { available: '89.5' } }])
  const again = await transfer({ amount: '10.5', memo: 'order 1' }, key)
  expect([again.status, again.body]).toEqual([200, first.body])
  expect(await transfer({ amount: '10.6', memo: 'order 1' }, key)).toMatchObject({ status: 409, body: { code: 'idempotency.reused' } })
  expect(await balance()).toMatchObject([{ available: '89.5' }])
  const back = await post('/tokens/transfer', { to: 'Anna', token: 'AZR', amount: '10.5', memo: 'order 1' }, ofBob, key)
  expect([back.status, back.body]).toMatchObject([200, { balance: { available: '100' } }])
  const [newest] = (await core.query('audit.list', { limit: 1 })).rows
  expect(newest).toMatchObject({
    actor: expect.stringMatching(/^.* \(rest:token-\d+\)$/),
    action: 'tokens.transfer',
    subject: `entity ${bobId}`,
  })
})

test('what the treasury refuses has its text and status, and moves nothing', async () => {
  const cases: [Record<string, unknown>, number, string, string | null][] = [
    [{ amount: '100.0000001' }, 402, 'Insufficient balance', null],
    [{ amount: '0' }, 400, 'Transfer amount must be positive', null],
    [{ amount: '-1' }, 400, 'Transfer amount must be positive', null],
    [{ to: 'Nobody' }, 404, 'There is no such entity; check its id or name', null],
    [{ to: 'Anna' }, 400, 'Sender and recipient are the same; nothing was moved', null],
    [{ token: 'GOLD' }, 404, 'Token not found', null],
    [{ token: 'TFT' }, 409, 'TFT here only mirrors what was paid on Stellar; no command moves it', null],
  ]
  for (const [body, status, message, field] of cases) {
    const answer = await transfer(body)
    expect([answer.status, answer.body.message, answer.body.field], JSON.stringify(body)).toEqual([status, message, field])
  }
  expect(await balance()).toMatchObject([{ available: '100' }])
})

test('bad input names its field, and moves nothing', async () => {
  const fields: [Record<string, unknown>, string][] = [
    [{ amount: 1 }, 'amount'],
    [{ amount: '1e3' }, 'amount'],
    [{ amount: '1.00000001' }, 'amount'],
    [{ amount: '922337203685.4775808' }, 'amount'],
    [{ amount: null }, 'amount'],
    [{ to: ['Bob'] }, 'to'],
    [{ to: '' }, 'to'],
    [{ token: 'X'.repeat(21) }, 'token'],
    [{ memo: { text: 'x' } }, 'memo'],
    [{ amout: '1' }, 'amout'],
    [{ actor: 'Bob' }, 'actor'],
    [JSON.parse('{"__proto__":1}'), '__proto__'],
  ]
  for (const [body, field] of fields) {
    const answer = await transfer(body)
    expect([answer.status, answer.body], JSON.stringify(body)).toEqual([400, { code: 'usage', message: expect.any(String), field }])
  }
  const queries: [string, string | null][] = [
    ['/tokens/transactions?limit=ten', 'limit'],
    ['/tokens/transactions?limit=0', 'limit'],
    ['/tokens/transactions?limit=1&limit=2', 'limit'],
    ['/tokens/transactions?limt=1', 'limt'],
    ['/tokens/transactions?__proto__=1', '__proto__'],
    ['/tokens/transactions/Anna?entityId=Anna', 'entityId'],
    ['/tokens/balances/%E0%A4%A/AZR', null],
  ]
  for (const [path, field] of queries) {
    const { status, body } = await get(path)
    expect([status, body.field], path).toEqual([400, field])
  }
  expect((await ask('POST', '/tokens/transfer?amount=1', all, { body: {} })).body.field).toBe('amount')
  expect(await balance()).toMatchObject([{ available: '100' }])
})

test('bodies that are no JSON object of this size are refused, and move nothing', async () => {
  const good = JSON.stringify({ to: 'Bob', token: 'AZR', amount: '1' })
  const bodies: [string, Record<string, string>, number][] = [
    ['{"to":"Bob"', {}, 400],
    ['[]', {}, 400],
    ['null', {}, 400],
    ['"text"', {}, 400],
    [`{"__proto__":{"to":"Bob"},${good.slice(1)}`, {}, 400],
    [good, { 'content-type': 'text/plain' }, 415],
    [good, { 'content-type': 'application/json; charset=latin1' }, 415],
    [good, { 'content-encoding': 'gzip' }, 415],
    [JSON.stringify({ memo: 'x'.repeat(2_000) }), {}, 413],
    [good, { 'idempotency-key': 'two words' }, 400],
    [good, { 'idempotency-key': 'x'.repeat(101) }, 400],
  ]
  for (const [body, headers, status] of bodies)
    expect((await post('/tokens/transfer', body, all, headers)).status, `${body.slice(0, 30)} ${JSON.stringify(headers)}`).toBe(status)
  const notUtf8 = await sendBody(Buffer.from([...Buffer.from('{"to":"'), 0xff, ...Buffer.from('"}')]))
  expect(notUtf8.status).toBe(400)
  expect((await sendBody(Buffer.from(good), 'GET', '/tokens/balances')).status).toBe(400)
  expect(await balance()).toMatchObject([{ available: '100' }])
})

function sendBody(body: Buffer, method = 'POST', path = '/tokens/transfer') {
  const head = { authorization: `Bearer ${all}`, 'idempotency-key': `raw-${keys++}`, 'content-type': 'application/json' }
  const text = requestText(method, `/api${path}`, { host: hostOf(), ...head, 'content-length': String(body.length) })
  return sendRaw(portOf(), Buffer.concat([Buffer.from(text), body]))
}

const hostOf = () => new URL(door.url).host
const portOf = () => Number(new URL(door.url).port)

test('another name, a web page, another method or path: refused, with a token or without', async () => {
  const raw = (headers: Record<string, string | undefined>, method = 'GET', path = '/api/tokens/AZR') =>
    sendRaw(portOf(), requestText(method, path, { host: hostOf(), authorization: `Bearer ${all}`, ...headers }))
  expect((await raw({})).status).toBe(200)
  for (const host of [undefined, 'granary.example', `localhost:${portOf()}`, '127.0.0.1', `127.0.0.1:${portOf() + 1}`])
    expect((await raw({ host })).status, host ?? 'no host').toBe(host === undefined ? 400 : 403)
  for (const origin of [`http://${hostOf()}`, 'https://granary.example', 'null'])
    expect((await raw({ origin })).text, origin).toMatch(/^HTTP\/1.1 403 .*"rest.origin"/s)
  for (const site of ['cross-site', 'same-site', 'same-origin']) expect((await raw({ 'sec-fetch-site': site })).status, site).toBe(403)
  expect((await raw({ origin: 'https://granary.example' }, 'GET', '/api/openapi.json')).status).toBe(403)
  expect((await raw({ cookie: `token=${all}`, authorization: undefined })).status).toBe(401)
  for (const method of ['PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'POST']) expect((await raw({}, method)).status, method).toBe(405)
  expect((await raw({}, 'POST')).text).toMatch(/^allow: GET\r$/m)
  for (const path of [
    '/',
    '/api',
    '/api/',
    '/api/tokens/',
    '/api/keys',
    '/API/tokens/AZR',
    '/api/../api/tokens/AZR',
    `//${hostOf()}/api/tokens/AZR`,
  ])
    expect((await raw({}, 'GET', path)).status, path).toBe(404)
})

test('no token, a wrong or withdrawn one lets nobody in; what was made is listed without its secret', async () => {
  expect(all).toMatch(/^granary_[\w-]{43}$/)
  const wrong = [null, '', 'granary_', `${all}x`, all.slice(0, -1), all.replace('granary_', ''), 'x'.repeat(201)]
  for (const token of wrong) {
    const answer = await get('/tokens/AZR', token)
    expect([answer.status, answer.body.code, answer.headers.get('www-authenticate')], String(token)).toEqual([
      401,
      'rest.token',
      'Bearer realm="granary"',
    ])
  }
  expect((await get('/tokens/AZR', null, { authorization: `Basic ${all}` })).status).toBe(401)
  const withdrawn = (await makeToken(anna, 'withdrawn', ['tokens:read', 'tokens:read'])).secret
  const own = await core.query('access-tokens.list', {}, { actor: anna })
  expect(own[0]).toEqual({
    ...{ id: expect.stringMatching(/^token-\d+$/), entityId: annaId, name: 'withdrawn', scopes: ['tokens:read'], isGood: true },
    ...{ createdTs: expect.any(Number), expiresTs: null, lastUsedTs: null, withdrawnTs: null },
  })
  expect(own.at(-1)).toMatchObject({ name: 'all', lastUsedTs: expect.any(Number) })
  expect(JSON.stringify(own)).not.toContain('granary_')
  await expect(run(bob, 'access-tokens.withdraw', { id: own[0]!.id })).rejects.toMatchObject({ code: 'access-tokens.unknown' })
  expect((await get('/tokens/AZR', withdrawn)).status).toBe(200)
  expect(await run(anna, 'access-tokens.withdraw', { id: own[0]!.id })).toMatchObject({ isGood: false, withdrawnTs: expect.any(Number) })
  expect((await get('/tokens/AZR', withdrawn)).status).toBe(401)
})

test('nothing at this door makes or shows tokens, and none of it is in the books or the trail', async () => {
  const made = await core.command(
    'access-tokens.create',
    { name: 'once', scopes: ['tokens:read'] },
    { actor: anna, idempotencyKey: 'the same key' },
  )
  await expect(
    core.command('access-tokens.create', { name: 'once', scopes: ['tokens:read'] }, { actor: anna, idempotencyKey: 'the same key' }),
  ).rejects.toMatchObject({ code: 'keys.once' })
  expect(JSON.stringify(await core.query('audit.list', { limit: 200 }))).not.toContain(made.secret)
  await expect(makeToken(anna, 'none', [])).rejects.toMatchObject({ code: 'usage' })
  await expect(makeToken({ id: 'test:eve' }, 'none', ['tokens:read'])).rejects.toMatchObject({ code: 'entities.locked' })
  for (const path of ['/access-tokens', '/access-tokens/create', '/access-tokens.create'])
    expect((await post(path, {})).status, path).toBe(404)
})

test('too many requests wait: of one token by itself, and of strangers all together', async () => {
  const limited = (await makeToken(anna, 'busy', ['tokens:read'])).secret
  await run(anna, 'configuration.set', { name: 'rest.perMinute', value: '3' })
  for (let times = 0; times < 3; times++) expect((await get('/tokens/AZR', limited)).status).toBe(200)
  const refused = await get('/tokens/AZR', limited)
  expect([refused.status, refused.body.code, refused.headers.get('retry-after')]).toEqual([429, 'rest.rate', '20'])
  nowMs += 19_999
  expect((await get('/tokens/AZR', limited)).headers.get('retry-after')).toBe('1')
  nowMs += 1
  expect((await get('/tokens/AZR', limited)).status).toBe(200)
  await run(anna, 'configuration.set', { name: 'rest.perMinute', value: String(perMinute) })
  nowMs += 60_000
  const answers = []
  for (let times = 0; times < 51; times++) answers.push((await get('/tokens/AZR', times % 2 ? null : 'wrong')).status)
  expect(answers).toEqual([...Array.from({ length: 50 }, () => 401), 429])
  expect((await get('/openapi.json', null)).status).toBe(429)
  expect((await get('/tokens/AZR', limited)).status).toBe(200)
  nowMs += 60_000
  expect((await get('/tokens/AZR', null)).status).toBe(401)
})

test('the description: every route, nothing else, each reference there, and never keys, signing, votes, runs, settings or roles', async () => {
  const { status, body } = await get('/openapi.json', null)
  expect([status, body.openapi, (body.info as { version: string }).version]).toEqual([200, '3.1.0', '1.2.3'])
  const paths = body.paths as Record<string, Record<string, Operation>>
  const described = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map(method => `${method.toUpperCase()} ${path}`),
  )
  const own = routes.map(({ rest, segments }) => `${rest.method} /${segments.map(part => part.replace(/^:(.*)/, '{$1}')).join('/')}`)
  expect(described.sort()).toEqual(own.sort())
  const shapes = own.map(path => path.replaceAll(/\{\w+\}/g, '{}'))
  expect(new Set(shapes).size).toBe(shapes.length)
  for (const path of Object.keys(paths)) expect(path).toMatch(/^\/(tokens|governance|staking|rewards|credit|payments|defi|curve)(\/|$)/)
  const operations = Object.entries(paths).flatMap(([path, methods]) => Object.values(methods).map(operation => ({ path, operation })))
  expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length)
  for (const { path, operation } of operations) {
    const inPath = operation.parameters.filter(one => one.in === 'path').map(one => one.name)
    expect(inPath, path).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))
    for (const { schema, $ref } of operation.parameters) expect(schema ?? $ref, path).toBeDefined()
    expect(operation.operationId).not.toMatch(
      /^(keys|signing|votes|pay|runs|mints|configuration|administrator|entities|session|access-tokens|jobs|audit)\./,
    )
    expect(Object.keys(operation.security[0]!), path).toEqual(['token'])
  }
  const references = [...JSON.stringify(body).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, at]) => at!.split('/'))
  expect(references.length).toBeGreaterThan(operations.length)
  for (const at of references)
    expect(
      at.reduce((part: unknown, name) => (part as Record<string, unknown>)[name], body),
      at.join('/'),
    ).toBeTypeOf('object')
  const sent = paths['/tokens/transfer']!.post!.requestBody!.content['application/json'].schema
  expect(sent).toMatchObject({ required: ['to', 'token', 'amount'], additionalProperties: false })
  expect(sent.properties.amount).toMatchObject({ type: 'string', pattern: expect.any(String) })
  expect(JSON.stringify(body)).not.toMatch(/passphrase|"secret"|bigint/i)
})

interface Operation {
  operationId: string
  parameters: { name?: string; in?: string; schema?: unknown; $ref?: string }[]
  security: Record<string, string[]>[]
  requestBody?: { content: { 'application/json': { schema: { properties: Record<string, unknown> } } } }
}

test('the door is closed until the administrator opens it; it moves and closes as that is set, and a taken port stops nothing', async () => {
  const keeper = await keepRestDoor(core, '1.2.3', error => logged.push(error))
  const state = () => core.query('access-tokens.door', {})
  const set = (name: string, value: string) => run(anna, 'configuration.set', { name, value })
  expect(await state()).toMatchObject({ isWanted: false, url: null, problem: null })
  expect(doorText(await state())).toMatch(/closed/)
  await expect(run(bob, 'configuration.set', { name: 'rest.open', value: 'true' })).rejects.toMatchObject({ code: 'administrator.needed' })
  const taken = createServer()
  await new Promise<void>(resolve => taken.listen(0, '127.0.0.1', resolve))
  const { port } = taken.address() as AddressInfo
  await set('rest.port', String(port))
  await set('rest.open', 'true')
  await vi.waitFor(async () =>
    expect(await state()).toMatchObject({ isWanted: true, url: null, problem: expect.stringMatching(/is taken/) }),
  )
  expect(doorText(await state())).toMatch(/could not be opened. Port \d+ is taken.*rest\.port/)
  await new Promise(resolve => taken.close(resolve))
  // anything that changes tries again
  await set('rest.perMinute', String(perMinute + 1))
  await vi.waitFor(async () => expect((await state()).url).toBe(`http://127.0.0.1:${port}/api`))
  expect(doorText(await state())).toContain(`open at http://127.0.0.1:${port}/api (described at http://127.0.0.1:${port}/api/openapi.json)`)
  const bearer = { headers: { authorization: `Bearer ${all}` } }
  expect((await fetch(`http://127.0.0.1:${port}/api/tokens/balances`, bearer)).status).toBe(200)
  await set('rest.open', 'false')
  await vi.waitFor(async () => expect((await state()).url).toBeNull())
  await expect(fetch(`http://127.0.0.1:${port}/api/tokens/balances`, bearer)).rejects.toThrow()
  await set('rest.open', 'true')
  await vi.waitFor(async () => expect((await state()).url).not.toBeNull())
  await keeper.close()
  expect((await state()).url).toBeNull()
  await expect(fetch(`http://127.0.0.1:${port}/api/openapi.json`)).rejects.toThrow()
})

test('a token is good until the second that it expires, and is listed as it is then', async () => {
  const { secret, token } = await makeToken(anna, 'for a day', ['tokens:read'], 1)
  expect((await get('/tokens/AZR', secret)).status).toBe(200)
  vi.setSystemTime(token.expiresTs! * 1000 - 1)
  expect((await get('/tokens/AZR', secret)).status).toBe(200)
  vi.setSystemTime(token.expiresTs! * 1000)
  expect((await get('/tokens/AZR', secret)).status).toBe(401)
  const [listed] = await core.query('access-tokens.list', { entityId: 'Anna' })
  expect(listed).toMatchObject({ id: token.id, isGood: false, withdrawnTs: null })
  // nobody is unlocked any more, and the program goes on
  expect(await core.query('session.get', {}, { actor: anna })).toMatchObject({ entity: null })
  expect(await transfer({ amount: '1' })).toMatchObject({ status: 200 })
})
