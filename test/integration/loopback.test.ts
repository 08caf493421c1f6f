import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket as Client } from 'ws'
import { writeLinkFile } from '../../src-main/hosts/loopback/link-file.ts'
import { browserCandidates, openBrowser } from '../../src-main/hosts/loopback/open-browser.ts'
import { serveCore } from '../../src-main/hosts/loopback/serve.ts'
import { type LoopbackLimits, type LoopbackServer, startLoopbackServer } from '../../src-main/hosts/loopback/server.ts'
import { loadPageFiles } from '../../src-main/hosts/page-files.ts'
import { openLoopbackPort, type PageEdges } from '../../src-shared/page-connection.ts'
import { connect } from '../../src-shared/rpc-client.ts'
import { requestText, sendRaw, sendSlowly } from '../helpers/raw-http.ts'
import { type SmallCore, smallCore, until } from '../helpers/small-core.ts'

let folder: string
let core: SmallCore
let nowMs: number
let logged: unknown[]
const servers: LoopbackServer[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-loopback-'))
  mkdirSync(join(folder, 'page/assets'), { recursive: true })
  writeFileSync(
    join(folder, 'page/index.html'),
    '<!doctype html><meta property="csp-nonce" nonce="__CSP_NONCE__"><script src="./assets/a.js"></script>',
  )
  writeFileSync(join(folder, 'page/assets/a.js'), 'export {}')
  writeFileSync(join(folder, 'secret.txt'), 'secret')
  core = smallCore({ 'jobs.list': () => [] })
  nowMs = 1_000
  logged = []
})

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
  rmSync(folder, { recursive: true, force: true })
})

async function start(limits: Partial<LoopbackLimits> = {}): Promise<LoopbackServer> {
  const server = await startLoopbackServer({
    core,
    pageFiles: connectTo => loadPageFiles(join(folder, 'page'), connectTo),
    userName: 'anna',
    limits,
    now: () => nowMs,
    onInternalError: error => logged.push(error),
  })
  servers.push(server)
  return server
}

const portOf = (server: LoopbackServer): number => Number(new URL(server.origin).port)
const hostOf = (server: LoopbackServer): string => new URL(server.origin).host
const tokenOf = (link: string): string => link.split('#token=')[1]!

function get(server: LoopbackServer, target: string, headers: Record<string, string | undefined> = {}, method = 'GET') {
  return sendRaw(portOf(server), requestText(method, target, { host: hostOf(server), ...headers }))
}

function post(server: LoopbackServer, body: string, headers: Record<string, string | undefined> = {}) {
  return sendRaw(portOf(server), requestText('POST', '/session', { host: hostOf(server), origin: server.origin, ...headers }, body))
}

async function session(server: LoopbackServer): Promise<string> {
  const answer = await post(server, JSON.stringify({ token: tokenOf(server.link()) }))
  return JSON.parse(answer.text.split('\r\n\r\n')[1]!).session
}

function upgrade(server: LoopbackServer, protocols: string | undefined, headers: Record<string, string | undefined> = {}, target = '/rpc') {
  return sendRaw(
    portOf(server),
    requestText('GET', target, {
      host: hostOf(server),
      origin: server.origin,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
      'sec-websocket-protocol': protocols,
      ...headers,
    }),
    300,
  )
}

function openSocket(server: LoopbackServer, key: string): Promise<Client> {
  return new Promise((resolve, reject) => {
    const socket = new Client(`${server.origin.replace('http', 'ws')}/rpc`, ['granary', `session.${key}`], { origin: server.origin })
    socket.on('open', () => resolve(socket))
    socket.on('error', reject)
  })
}

const closed = (socket: Client): Promise<number> => new Promise(resolve => socket.on('close', code => resolve(code)))

/** What a page's window gives, without a browser. Node's WebSocket sends no Origin, so ws stands in for it. */
function windowOf(server: LoopbackServer, hash: string, stored = new Map<string, string>()): PageEdges & { stored: Map<string, string> } {
  let current = hash
  class PageSocket extends Client {
    constructor(url: string, protocols: string[]) {
      super(url, protocols, { origin: server.origin })
      this.on('error', () => {})
    }
  }
  return {
    stored,
    origin: server.origin,
    hash: () => current,
    replaceHash: next => {
      current = next
    },
    storage: {
      getItem: key => stored.get(key) ?? null,
      setItem: (key, value) => void stored.set(key, value),
      removeItem: key => void stored.delete(key),
    },
    fetch: (url, init) => fetch(url, { ...init, headers: { ...(init?.headers as Record<string, string>), origin: server.origin } }),
    WebSocket: PageSocket as unknown as typeof WebSocket,
  }
}

test("a page comes in by its link, loses the token, and comes back after a reload; the actor is the host's", async () => {
  const server = await start()
  core.answers['jobs.cancel'] = () => ({})
  const window = windowOf(server, `#token=${tokenOf(server.link())}`)
  const page = connect({ open: () => openLoopbackPort(window) })
  expect(await page.query('jobs.list', {})).toEqual([])
  await page.command('jobs.cancel', { jobId: 'x' })
  expect(core.calls.at(-1)!.actor).toEqual({ id: 'browser:anna' })
  expect(window.hash()).toBe('')
  page.close()
  await until(() => server.sockets() === 0, 'the page is gone')
  const again = connect({ open: () => openLoopbackPort(window) })
  expect(await again.query('jobs.list', {})).toEqual([])
  again.close()
})

test('a page without a good link is refused for good, with the way out, and a page whose server is gone waits', async () => {
  const server = await start()
  const used = server.link()
  await post(server, JSON.stringify({ token: tokenOf(used) }))
  for (const hash of ['', `#token=${tokenOf(used)}`, '#token=aaaa']) {
    const window = windowOf(server, hash)
    await expect(openLoopbackPort(window)).rejects.toMatchObject({
      code: 'io.denied',
      retryable: false,
      message: expect.stringContaining('new link'),
    })
    expect(window.hash()).not.toContain('token')
  }
  const window = windowOf(server, `#token=${tokenOf(server.link())}`)
  await server.close()
  await expect(openLoopbackPort(window)).rejects.toMatchObject({ code: 'core.gone', retryable: true })
})

test('a page that is served has the headers that keep others out, and a nonce of its own', async () => {
  const server = await start()
  const pages = [await get(server, '/'), await get(server, '/')]
  const nonces = pages.map(page => /nonce="([\w-]{24})"/.exec(page.text)?.[1])
  expect(nonces[0]).toBeDefined()
  expect(nonces[0]).not.toBe(nonces[1])
  for (const [i, { status, text }] of pages.entries()) {
    expect(status).toBe(200)
    const policy = /content-security-policy: (.*)\r/.exec(text)![1]!
    expect(policy).toContain("default-src 'none'; script-src 'self'; ")
    expect(policy).toContain(`style-src 'self' 'nonce-${nonces[i]}'`)
    expect(policy).toContain(`connect-src 'self' ws://${hostOf(server)};`)
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toMatch(/unsafe|\*/)
    for (const header of [
      'x-content-type-options: nosniff',
      'cross-origin-opener-policy: same-origin',
      'cross-origin-resource-policy: same-origin',
      'referrer-policy: no-referrer',
      'cache-control: no-store',
    ])
      expect(text).toContain(header)
    expect(text).not.toContain('access-control')
  }
  const script = await get(server, '/assets/a.js')
  expect(script).toMatchObject({ status: 200, text: expect.stringContaining('text/javascript') })
})

test('rebinding: a request by any other name than this host is refused, on every door', async () => {
  const server = await start()
  const port = portOf(server)
  const key = await session(server)
  const foreign = [
    `evil.example:${port}`,
    'evil.example',
    '127.0.0.1',
    `localhost:${port}`,
    `127.0.0.1:${port + 1}`,
    `127.0.0.1.:${port}`,
    `[::1]:${port}`,
  ]
  for (const host of foreign) {
    expect((await get(server, '/', { host })).status).toBe(403)
    expect((await post(server, JSON.stringify({ token: tokenOf(server.link()) }), { host })).status).toBe(403)
    expect((await upgrade(server, `granary, session.${key}`, { host })).status).toBe(403)
  }
  expect((await get(server, '/', { host: undefined })).status).toBe(400)
  expect(core.listeners()).toBe(0)
})

test('another port, another scheme, another site or no Origin gets no session and no socket', async () => {
  const server = await start()
  const key = await session(server)
  const token = tokenOf(server.link())
  const port = portOf(server)
  const foreign = [
    `http://127.0.0.1:${port + 1}`,
    `https://127.0.0.1:${port}`,
    `http://localhost:${port}`,
    'http://evil.example',
    'null',
    '',
    undefined,
  ]
  for (const origin of foreign) {
    expect((await post(server, JSON.stringify({ token }), { origin })).status).toBe(403)
    expect((await post(server, JSON.stringify({ session: key }), { origin })).status).toBe(403)
    expect((await upgrade(server, `granary, session.${key}`, { origin })).status).toBe(403)
  }
  expect((await post(server, JSON.stringify({ token }))).status).toBe(200) // none of the refused ones used it up
})

test('a token is good once, for a minute, and only the newest wait', async () => {
  const server = await start({ tokens: 2 })
  const token = tokenOf(server.link())
  expect(Buffer.from(token, 'base64url')).toHaveLength(32)
  expect((await post(server, JSON.stringify({ token }))).status).toBe(200)
  expect((await post(server, JSON.stringify({ token }))).status).toBe(403)
  const old = tokenOf(server.link())
  nowMs += 59_999
  const late = tokenOf(server.link())
  expect((await post(server, JSON.stringify({ token: old }))).status).toBe(200)
  nowMs += 60_000
  expect((await post(server, JSON.stringify({ token: late }))).status).toBe(403)
  const three = [server.link(), server.link(), server.link()].map(tokenOf)
  const statuses = []
  for (const each of three) statuses.push((await post(server, JSON.stringify({ token: each }))).status)
  expect(statuses).toEqual([403, 200, 200])
})

test('of two that use one token at the same time, one gets in', async () => {
  const server = await start()
  const body = JSON.stringify({ token: tokenOf(server.link()) })
  const statuses = await Promise.all(Array.from({ length: 8 }, async () => (await post(server, body)).status))
  expect(statuses.sort()).toEqual([200, 403, 403, 403, 403, 403, 403, 403])
})

test('a socket needs the protocol and a session that is known; the oldest session goes when there are too many', async () => {
  const server = await start({ sessions: 2 })
  const key = await session(server)
  const token = tokenOf(server.link())
  for (const protocols of [
    undefined,
    'granary',
    `session.${key}`,
    'granary, session.',
    'granary, session.undefined',
    `granary, session.${token}`,
    `granary, session.${key.slice(0, -1)}`,
    `granary, session.x, session.${key}`,
    `granary; session.${key}`,
  ])
    expect((await upgrade(server, protocols)).status).toBe(403)
  for (const target of ['/', '/rpc/', '/rpc?x', '//rpc', '/session', `${server.origin}/rpc`])
    expect((await upgrade(server, `granary, session.${key}`, {}, target)).status).toBe(403)
  const good = await upgrade(server, `granary, session.${key}`)
  expect(good.status).toBe(101)
  expect(good.text).toContain('Sec-WebSocket-Protocol: granary\r')
  expect(good.text).not.toContain(key)
  await session(server)
  await session(server)
  expect((await upgrade(server, `granary, session.${key}`)).status).toBe(403)
})

test('only what the page consists of is served, whatever the path', async () => {
  const server = await start()
  for (const target of [
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e%2fsecret.txt',
    '/assets/../../secret.txt',
    '/assets/..%5c..%5csecret.txt',
    '/..\\secret.txt',
    '//secret.txt',
    '//assets/a.js',
    '/./assets/a.js',
    '/assets//a.js',
    '/assets/a.js/',
    '/assets/a.js?x',
    '/assets/a.js%00',
    '/assets/%61.js',
    '/assets',
    '/assets/',
    '/index.html',
    '/__proto__',
    '/constructor',
    '/C:/windows/win.ini',
    '/etc/passwd',
    `http://${hostOf(server)}/assets/a.js`,
    'http://evil.example/',
    '*',
  ]) {
    const answer = await get(server, target)
    expect([target, answer.status]).toEqual([target, 404])
    expect(answer.text).not.toContain('secret')
  }
})

test('each path takes its one method', async () => {
  const server = await start()
  for (const method of ['HEAD', 'PUT', 'POST', 'OPTIONS', 'DELETE', 'PATCH', 'TRACE'])
    expect((await get(server, '/', { origin: server.origin }, method)).status).toBe(405)
  for (const method of ['GET', 'HEAD', 'PUT', 'OPTIONS']) {
    const answer = await get(server, '/session', { origin: server.origin }, method)
    expect(answer.status).toBe(405)
    expect(answer.text).not.toContain('access-control')
  }
  expect((await sendRaw(portOf(server), `CONNECT ${hostOf(server)} HTTP/1.1\r\nhost: ${hostOf(server)}\r\n\r\n`)).status).toBe(0)
})

test('bodies that are no session request are refused', async () => {
  const server = await start()
  const token = tokenOf(server.link())
  for (const body of [
    '',
    'x',
    'null',
    '[]',
    '{}',
    '{"token":1}',
    '{"token":""}',
    `{"token":"${token}","session":"x"}`,
    `{"token":"${token}`,
  ])
    expect((await post(server, body)).status).toBe(403)
  expect((await post(server, JSON.stringify({ token: 'x'.repeat(2_000) }))).status).toBe(413)
  expect((await post(server, JSON.stringify({ token }))).status).toBe(200)
})

test('bytes that are no HTTP, heads that are too long or contradict themselves get nothing of ours', async () => {
  const server = await start()
  const port = portOf(server)
  const host = hostOf(server)
  for (const bytes of [
    Buffer.from([0x16, 3, 1, 0, 200, 1, 0, 0, 196]),
    'hello\r\n\r\n',
    `GET / HTTP/1.1\r\nhost: ${host}\r\nx: ${'y'.repeat(10_000)}\r\n\r\n`,
    `GET / HTTP/1.1\r\nhost: ${host}\r\nhost: evil.example\r\n\r\n`,
    `POST /session HTTP/1.1\r\nhost: ${host}\r\norigin: ${server.origin}\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
  ]) {
    const answer = await sendRaw(port, bytes, 1_000)
    expect([0, 400, 403]).toContain(answer.status)
    expect(answer.text).not.toContain('doctype')
  }
  expect((await get(server, '/')).status).toBe(200)
})

test('a frame that is too large, binary, or none of the wire ends its socket and no other', async () => {
  const server = await start({ frameBytes: 10_000 })
  const key = await session(server)
  const bystander = await openSocket(server, key)
  const cases: [string | Buffer, number[]][] = [
    ['x'.repeat(10_001), [1009]],
    [Buffer.from([1, 2, 3]), [1003]],
    ['no json', [1000, 1005]],
    ['{"t":"q"}', [1000, 1005]],
  ]
  for (const [frame, codes] of cases) {
    const socket = await openSocket(server, key)
    const end = closed(socket)
    socket.send(frame)
    expect(codes).toContain(await end)
  }
  const garbled = await openSocket(server, key)
  const end = closed(garbled)
  // a frame with reserved bits, straight onto the line
  ;(garbled as unknown as { _socket: { write(bytes: Buffer): void } })._socket.write(Buffer.from([0xf1, 0x80, 0, 0, 0, 0]))
  expect([1002, 1006]).toContain(await end)
  const answer = new Promise<string>(resolve => bystander.on('message', data => resolve(data.toString())))
  bystander.send(JSON.stringify({ t: 'q', id: 1, name: 'jobs.list', input: {} }))
  expect(JSON.parse(await answer)).toEqual({ t: 'ok', id: 1, value: [] })
  await until(() => server.sockets() === 1 && core.listeners() === 1, 'only the bystander is left')
})

test('no more sockets than allowed, and a place becomes free again', async () => {
  const server = await start({ sockets: 3 })
  const key = await session(server)
  const sockets = [await openSocket(server, key), await openSocket(server, key), await openSocket(server, key)]
  expect((await upgrade(server, `granary, session.${key}`)).status).toBe(503)
  sockets[0]!.terminate()
  await until(() => server.sockets() === 2, 'one is gone')
  sockets.push(await openSocket(server, key))
  expect(server.sockets()).toBe(3)
})

test('a page that asks and never reads is cut off', async () => {
  const server = await start({ backlogBytes: 200_000 })
  core.answers['nodes.csv'] = () => ({ fileName: 'n.csv', text: 'x'.repeat(1_000_000) })
  const socket = await openSocket(server, await session(server))
  const end = closed(socket)
  socket.pause()
  for (let id = 0; id < 50; id++) socket.send(JSON.stringify({ t: 'q', id, name: 'nodes.csv', input: {} }))
  await until(() => server.sockets() === 0, 'it was cut off')
  socket.resume()
  await end
  expect(core.listeners()).toBe(0)
})

test('whoever sends a request byte by byte is cut off, in the head and in the body', async () => {
  const server = await start({ headersTimeoutMs: 300, requestTimeoutMs: 600 })
  const port = portOf(server)
  const head = sendSlowly(port, `GET / HTTP/1.1\r\nhost: ${hostOf(server)}\r\nx-`)
  const body = sendSlowly(
    port,
    `POST /session HTTP/1.1\r\nhost: ${hostOf(server)}\r\norigin: ${server.origin}\r\ncontent-length: 100\r\n\r\n{`,
  )
  expect(await head.ended).toBeLessThan(3_000)
  expect(await body.ended).toBeLessThan(3_000)
})

test('it listens on 127.0.0.1 only, and says so when a port is taken', async () => {
  const server = await start()
  expect(server.origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  const others = Object.values(networkInterfaces())
    .flat()
    .filter(net => net && net.family === 'IPv4' && net.address !== '127.0.0.1')
  for (const other of others) await expect(fetch(`http://${other!.address}:${portOf(server)}/`)).rejects.toThrow()
  const taken = startLoopbackServer({ core, pageFiles: () => ({ get: () => undefined }), userName: 'anna', port: portOf(server) })
  await expect(taken).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('taken') })
})

test('closing ends the sockets and frees the port', async () => {
  const server = await start()
  const socket = await openSocket(server, await session(server))
  const end = closed(socket)
  await server.close()
  await end
  await until(() => core.listeners() === 0, 'the core was let go')
  await expect(fetch(server.origin)).rejects.toThrow()
})

test('no answer and no log ever holds a token, and a key only the answer that gives it', async () => {
  const server = await start()
  const token = tokenOf(server.link())
  const texts: string[] = []
  texts.push((await post(server, JSON.stringify({ token }), { origin: 'http://evil.example' })).text)
  texts.push((await get(server, `/?token=${token}`)).text, (await get(server, '/')).text)
  const given = await post(server, JSON.stringify({ token }))
  const key = JSON.parse(given.text.split('\r\n\r\n')[1]!).session as string
  texts.push((await post(server, JSON.stringify({ token }))).text, (await upgrade(server, `granary, session.${key}`)).text)
  texts.push((await get(server, `/${key}`)).text, ...logged.map(String))
  for (const text of texts) {
    expect(text).not.toContain(token)
    expect(text).not.toContain(key)
  }
  expect(given.text).not.toContain(token)
})

test('the link reaches a browser by a file that only the user can read, and that does not stay', () => {
  const dataDir = join(folder, 'data')
  const left = writeLinkFile(dataDir, 'http://127.0.0.1:1/#token=old')
  const file = writeLinkFile(dataDir, 'http://127.0.0.1:1/#token=abc-_')
  const path = fileURLToPath(file.url)
  expect(readdirSync(dataDir)).toHaveLength(1) // what an earlier run left is gone
  expect(fileURLToPath(left.url)).not.toBe(path)
  if (process.platform !== 'win32') {
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(dataDir).mode & 0o777).toBe(0o700)
  }
  expect(readFileSync(path, 'utf8')).toContain('location.replace("http://127.0.0.1:1/#token=abc-_")')
  file.remove()
  expect(readdirSync(dataDir)).toEqual([])
})

test('a browser is started as a window, with a profile of its own, and without the token in its arguments', async () => {
  const started: [string, string[]][] = []
  const edges = {
    platform: 'linux' as const,
    env: { PATH: '/usr/bin:relative:/opt/bin', GRANARY_BROWSER: '/my/browser', DISPLAY: ':0' },
    isExecutable: (path: string) => path === '/my/browser' || path === '/opt/bin/google-chrome',
    start: async (program: string, args: string[]) => {
      started.push([program, args])
      return program === '/opt/bin/google-chrome'
    },
  }
  expect(await openBrowser('file:///d/open-x.html', '/d/browser', edges)).toBe('window')
  expect(started.map(([program]) => program)).toEqual(['/my/browser', '/opt/bin/google-chrome'])
  expect(started[1]![1]).toEqual(
    expect.arrayContaining(['--app=file:///d/open-x.html', '--user-data-dir=/d/browser', '--disable-background-networking']),
  )
  expect(browserCandidates('linux', edges.env)).not.toContain('relative/chromium')

  started.length = 0
  const none = { ...edges, isExecutable: () => false, start: async (program: string, args: string[]) => started.push([program, args]) > 0 }
  expect(await openBrowser('file:///d/open-x.html', '/d/browser', none)).toBe('tab')
  expect(started).toEqual([['xdg-open', ['file:///d/open-x.html']]])
  expect(await openBrowser('file:///x', '/d', { ...none, env: {} })).toBe(false)
})

test('serving prints a link that works', async () => {
  const lines: string[] = []
  const server = await serveCore({
    core,
    dataDir: folder,
    pageDir: join(folder, 'page'),
    print: line => lines.push(line),
    printError: () => {},
  })
  servers.push(server)
  expect(lines[0]!.startsWith(`${server.origin}/#token=`)).toBe(true)
  expect((await post(server, JSON.stringify({ token: tokenOf(lines[0]!) }))).status).toBe(200)
  await expect(
    serveCore({ core, dataDir: folder, pageDir: join(folder, 'none'), print: () => {}, printError: () => {} }),
  ).rejects.toMatchObject({ code: 'io.missing', message: expect.stringContaining('npm run build') })
})
