import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageChannel, type MessagePort as NodePort } from 'node:worker_threads'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CoreHostEdges, type ElectronPort, runCoreHost } from '../../src-main/hosts/electron/core-host.ts'
import { answerPage, isAllowedPermission, isPageUrl } from '../../src-main/hosts/electron/page-rules.ts'
import type { Standing } from '../../src-main/hosts/electron/standing.ts'
import { type CoreProcess, type FromCoreProcess, superviseCore, type ToCoreProcess } from '../../src-main/hosts/electron/supervisor.ts'
import { type DesktopTelling, type SystemNotification, sayTellings, showTelling } from '../../src-main/hosts/electron/tellings.ts'
import { loadPageFiles } from '../../src-main/hosts/page-files.ts'
import type { Core } from '../../src-shared/contract.ts'
import { AppError, type PlainError } from '../../src-shared/errors.ts'
import { desktopPort, goneMessage, type MessageWindow, portMessage } from '../../src-shared/page-connection.ts'
import { connect } from '../../src-shared/rpc-client.ts'
import { smallCore, until } from '../helpers/small-core.ts'

// Electron itself is stood in for at its edges: its ports, its processes, its clock. What runs between them is the product's.

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-electron-'))
  mkdirSync(join(folder, 'assets'))
  writeFileSync(join(folder, 'index.html'), '<meta property="csp-nonce" nonce="__CSP_NONCE__">')
  writeFileSync(join(folder, 'assets/a.css'), 'a{}')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('the window shows the page from memory, under a strict policy, and nothing else', async () => {
  const files = loadPageFiles(folder, () => "'self'")
  const page = answerPage(files, { url: 'granary://app/', method: 'GET' })
  const nonce = /nonce="([\w-]{24})"/.exec(await page.text())![1]
  expect(page.headers.get('content-security-policy')).toContain(`script-src 'self'; style-src 'self' 'nonce-${nonce}'`)
  expect(page.headers.get('content-security-policy')).not.toContain('unsafe')
  expect(page.headers.get('x-content-type-options')).toBe('nosniff')
  expect(await answerPage(files, { url: 'granary://app/assets/a.css', method: 'GET' }).text()).toBe('a{}')
  const absent = [
    'granary://app/../etc/passwd',
    'granary://app/assets/%2e%2e/index.html',
    'granary://other/',
    'file:///etc/passwd',
    'http://app/',
    'x',
    'granary://app/index.html',
  ]
  for (const url of absent) expect([url, answerPage(files, { url, method: 'GET' }).status]).toEqual([url, 404])
  expect(answerPage(files, { url: 'granary://app/', method: 'POST' }).status).toBe(405)
})

test('a window goes nowhere else and is allowed nothing but copying text', () => {
  expect(isPageUrl('granary://app/#/nodes/7')).toBe(true)
  for (const url of [
    'https://app/',
    'granary://evil/',
    'granary://app.evil/',
    'granary://x@evil/app',
    'javascript:alert(1)',
    'about:blank',
    'data:text/html,x',
    '',
  ])
    expect([url, isPageUrl(url)]).toEqual([url, false])
  expect(isAllowedPermission('clipboard-sanitized-write', 'granary://app/')).toBe(true)
  expect(isAllowedPermission('clipboard-sanitized-write', 'https://evil.example/')).toBe(false)
  for (const permission of ['clipboard-read', 'media', 'geolocation', 'notifications', 'openExternal', 'fileSystem'])
    expect(isAllowedPermission(permission, 'granary://app/')).toBe(false)
})

interface FakeProcess extends CoreProcess<string> {
  sent: [ToCoreProcess, string[] | undefined][]
  say(message: FromCoreProcess): void
  die(code: number): void
  killed: boolean
}

function supervised() {
  const processes: FakeProcess[] = []
  const timers: [number, () => void][] = []
  const failures: PlainError[] = []
  const told: DesktopTelling[] = []
  const stood: (Standing | null)[] = []
  const world = { gone: 0, nowMs: 0, died: [] as number[] }
  const supervisor = superviseCore<string>({
    start() {
      let exit = (_code: number): void => {}
      let message = (_message: FromCoreProcess): void => {}
      const made: FakeProcess = {
        sent: [],
        killed: false,
        postMessage: (said, ports) => made.sent.push([said, ports]),
        onMessage: listener => {
          message = listener
        },
        onExit: listener => {
          exit = listener
        },
        kill() {
          made.killed = true
          exit(137)
        },
        say: said => message(said),
        die: code => exit(code),
      }
      processes.push(made)
      return made
    },
    announceGone: () => world.gone++,
    died: code => world.died.push(code),
    tell: telling => told.push(telling),
    stands: standing => stood.push(standing),
    onFailed: error => failures.push(error),
    nowMs: () => world.nowMs,
    after: (ms, action) => timers.push([ms, action]),
  })
  function runTimers(): void {
    for (const [, action] of timers.splice(0)) action()
  }
  return { processes, failures, told, stood, world, supervisor, runTimers }
}

test('pages that come before the core is ready get their line when it is', () => {
  const { supervisor, processes } = supervised()
  supervisor.connect('a')
  supervisor.connect('b')
  expect(processes[0]!.sent).toEqual([])
  processes[0]!.say({ t: 'ready' })
  supervisor.connect('c')
  expect(processes[0]!.sent.map(([, ports]) => ports)).toEqual([['a'], ['b'], ['c']])
})

test('a core that dies is announced and replaced; pages get lines to the new one', () => {
  const { supervisor, processes, world, runTimers, failures } = supervised()
  processes[0]!.say({ t: 'ready' })
  processes[0]!.die(139)
  expect(world.gone).toBe(1)
  expect(world.died).toEqual([139])
  supervisor.connect('a')
  runTimers()
  expect(processes).toHaveLength(2)
  processes[0]!.say({ t: 'ready' }) // a late word of the dead one
  expect(processes[1]!.sent).toEqual([])
  processes[1]!.say({ t: 'ready' })
  expect(processes[1]!.sent).toEqual([[{ t: 'connect' }, ['a']]])
  expect(failures).toEqual([])
})

test('a core that keeps dying is given up with a reason; deaths far apart are not counted together', () => {
  const fast = supervised()
  for (let i = 0; i < 6; i++) {
    fast.processes.at(-1)!.die(1)
    fast.runTimers()
  }
  expect(fast.processes).toHaveLength(6)
  expect(fast.failures).toMatchObject([{ code: 'internal', message: expect.stringContaining('6 times') }])
  const slow = supervised()
  for (let i = 0; i < 10; i++) {
    slow.world.nowMs += 15_000
    slow.processes.at(-1)!.die(1)
    slow.runTimers()
  }
  expect(slow.failures).toEqual([])
})

test('a core that says why it cannot run is not started again', () => {
  const { processes, failures, runTimers } = supervised()
  const error: PlainError = { code: 'store.newer', message: 'Written by a newer Granary.', retryable: false, details: {} }
  processes[0]!.say({ t: 'failed', error })
  processes[0]!.die(1)
  runTimers()
  expect(failures).toEqual([error])
  expect(processes).toHaveLength(1)
})

test('closing asks, waits, and ends a core that does not answer', async () => {
  const good = supervised()
  const closing = good.supervisor.close()
  expect(good.processes[0]!.sent).toEqual([[{ t: 'close' }, undefined]])
  good.processes[0]!.die(0)
  await closing
  expect(good.world.gone).toBe(0)
  good.runTimers()
  expect(good.processes[0]!.killed).toBe(false)
  const deaf = supervised()
  const waiting = deaf.supervisor.close()
  deaf.runTimers()
  await waiting
  expect(deaf.processes[0]!.killed).toBe(true)
})

test('closed while a dead core waits for its replacement, none is started', async () => {
  const { supervisor, processes, runTimers } = supervised()
  processes[0]!.die(1)
  await supervisor.close()
  runTimers()
  expect(processes).toHaveLength(1)
})

const telling = (seq: number, href = '/nodes/17') => ({
  ...{ seq, ts: 1, what: 'opened' as const, severity: 'down' as const, title: `Node 17 is down ${seq}`, body: 'Why.', href },
})

test('what alerts tell from the start on reaches main, each once; what was told before does not', async () => {
  const list = [telling(1)]
  const core = smallCore({
    'alerts.count': () => ({ total: 1, worst: 'down', last: list.length }),
    'alerts.news': ({ input }) => ({ tellings: list.filter(({ seq }) => seq > (input as { after: number }).after), last: list.length }),
  })
  const said: DesktopTelling[] = []
  const errors: unknown[] = []
  const stop = sayTellings(
    core,
    one => said.push(one),
    error => errors.push(error),
  )
  await until(() => core.calls.some(({ name }) => name === 'alerts.news'), 'it asked')
  list.push(telling(2), telling(3, '/alerts'))
  core.announce(['jobs'])
  core.announce(['alerts'])
  core.announce(['alerts'])
  await until(() => said.length === 2, 'it was told')
  core.announce(['alerts'])
  await until(() => core.calls.filter(({ name }) => name === 'alerts.news').length === 4, 'it asked again')
  expect(said).toEqual([
    { title: 'Node 17 is down 2', body: 'Why.', path: '/nodes/17' },
    { title: 'Node 17 is down 3', body: 'Why.', path: '/alerts' },
  ])
  // a core that fails once is asked again after the next change
  core.answers['alerts.news'] = () => {
    throw new AppError('store.busy', 'busy')
  }
  core.announce(['alerts'])
  await until(() => errors.length === 1, 'it was logged')
  stop()
  expect(core.listeners()).toBe(0)
  const { supervisor, processes, told } = supervised()
  processes[0]!.say({ t: 'tell', telling: said[0]! })
  expect(told).toEqual([said[0]])
  await Promise.all([supervisor.close(), processes[0]!.die(0)])
})

test('a notification shows a page when it is clicked, and only a page', () => {
  const pages: string[] = []
  const made: { title: string; click: () => void; shown: number }[] = []
  const edges = (isSupported: boolean) => ({
    isSupported: () => isSupported,
    notification({ title }: { title: string }) {
      const one = { title, click: () => {}, shown: 0 }
      made.push(one)
      return {
        on: (_event: 'click', listener: () => void) => {
          one.click = listener
        },
        show: () => one.shown++,
      }
    },
    showPage: (path: string) => pages.push(path),
  })
  const held = new Set<SystemNotification>()
  showTelling({ title: 'A', body: '', path: '/nodes/17' }, edges(false), held)
  expect(made).toEqual([])
  const paths = ['/nodes/17', '/alerts', '/payouts/0a1b', '//evil.example', 'javascript:alert(1)', '/x?y', '/nodes/../..', '']
  for (const path of paths) showTelling({ title: 'x'.repeat(500), body: '', path }, edges(true), held)
  expect(made.map(({ shown, title }) => [shown, title.length])).toEqual(paths.map(() => [1, 200]))
  expect(held.size).toBe(paths.length)
  for (const { click } of made) click()
  expect(pages).toEqual(['/nodes/17', '/alerts', '/payouts/0a1b', ...Array(5).fill('/alerts')])
  expect(held.size).toBe(0)
})

/** A worker_threads port with the face of Electron's MessagePortMain. */
function electronPort(port: NodePort): ElectronPort {
  return {
    postMessage: text => port.postMessage(text),
    on(event: 'message' | 'close', listener: (event: { data: unknown }) => void) {
      if (event === 'message') port.on('message', data => listener({ data }))
      else port.on('close', () => listener({ data: undefined }))
    },
    start: () => port.start(),
    close: () => port.close(),
  }
}

function coreHost(open: () => Promise<Core>) {
  const said: FromCoreProcess[] = []
  const logged: unknown[] = []
  const exits: number[] = []
  let hear: Parameters<CoreHostEdges['onMessage']>[0] = () => {}
  const running = runCoreHost({
    open,
    actor: { id: 'desktop:anna' },
    say: message => said.push(message),
    onMessage: listener => {
      hear = listener
    },
    exit: code => exits.push(code),
    log: error => logged.push(error),
  })
  return { said, logged, exits, running, tell: (message: ToCoreProcess, ports: ElectronPort[] = []) => hear(message, ports) }
}

test('a core that cannot be opened says why in its handshake', async () => {
  const host = coreHost(async () => {
    throw new AppError('store.busy', 'Another Granary is writing.')
  })
  await host.running
  expect(host.said).toMatchObject([{ t: 'failed', error: { code: 'store.busy', message: 'Another Granary is writing.' } }])
  expect(host.exits).toEqual([1])
})

test('asked to close while it opens, the core closes once it is open and is never called ready', async () => {
  const core = smallCore()
  const host = coreHost(async () => core)
  host.tell({ t: 'close' })
  await host.running
  expect([host.said, host.exits, core.closed()]).toEqual([[], [0], true])
})

/** A page's window: messages that the preload would post, and a bridge whose lines go to the given host. */
function pageWindow(tell: () => ReturnType<typeof coreHost>['tell']) {
  const listeners = new Set<(event: MessageEvent) => void>()
  const nodePorts: NodePort[] = []
  const window: MessageWindow & { post(data: unknown, ports?: unknown[]): void } = {
    addEventListener: (_type, listener) => listeners.add(listener),
    removeEventListener: (_type, listener) => listeners.delete(listener),
    post(data, ports = []) {
      for (const listener of [...listeners]) listener({ source: window, data, ports } as unknown as MessageEvent)
    },
  }
  const bridge = {
    connect() {
      const { port1, port2 } = new MessageChannel()
      nodePorts.push(port1, port2)
      tell()({ t: 'connect' }, [electronPort(port1)])
      window.post(portMessage, [port2])
    },
    pathForFile: () => '',
    openFileDialog: async () => null,
  }
  return { window, bridge, listeners, ports: nodePorts }
}

test('a page calls through its port; when the core dies its calls reject and it comes back on the next core', async () => {
  const hosts = [
    smallCore({ 'jobs.list': () => new Promise(() => {}) }),
    smallCore({ 'jobs.list': () => [], 'jobs.cancel': () => ({}) }),
  ].map(core => ({
    core,
    host: coreHost(async () => core),
  }))
  await Promise.all(hosts.map(({ host }) => host.running))
  let current = 0
  const { window, bridge, listeners, ports } = pageWindow(() => hosts[current]!.host.tell)
  const page = connect({ open: () => desktopPort(bridge, window), backOffMs: [5] })
  const hanging = page.query('jobs.list', {})
  await until(() => hosts[0]!.core.calls.length === 1, 'the call reached the core')
  current = 1
  window.post(goneMessage)
  await expect(hanging).rejects.toMatchObject({ code: 'core.gone', retryable: true })
  await until(() => page.status().state === 'connected', 'it came back')
  expect(await page.query('jobs.list', {})).toEqual([])
  await page.command('jobs.cancel', { jobId: 'x' })
  expect(hosts[1]!.core.calls.at(-1)!.actor).toEqual({ id: 'desktop:anna' })
  page.close()
  await until(() => hosts.every(({ core }) => core.listeners() === 0), 'both cores were let go')
  expect(listeners.size).toBe(0)
  for (const port of ports) port.close()
})

test('what is not text breaks the line; messages of other windows are not heeded', async () => {
  const core = smallCore({ 'jobs.list': () => [] })
  const host = coreHost(async () => core)
  await host.running
  const { port1, port2 } = new MessageChannel()
  host.tell({ t: 'connect' }, [electronPort(port1)])
  const ended = new Promise(resolve => port2.on('close', resolve))
  port2.postMessage({ t: 'q', id: 1 })
  await ended
  expect(core.listeners()).toBe(0)

  const { window, listeners } = pageWindow(() => host.tell)
  const stranger = new MessageChannel()
  const asked = desktopPort(
    {
      connect: () => {
        for (const listener of [...listeners])
          listener({ source: {}, data: portMessage, ports: [stranger.port1] } as unknown as MessageEvent)
      },
    },
    window,
    20,
  )
  await expect(asked).rejects.toMatchObject({ code: 'core.gone', retryable: true })
  expect(listeners.size).toBe(0)
  stranger.port1.close()
})

test('closing the core process ends every line, closes the core, and exits', async () => {
  const core = smallCore({ 'jobs.list': () => new Promise(() => {}) })
  const host = coreHost(async () => core)
  await host.running
  expect(host.said).toEqual([{ t: 'ready' }])
  const { window, bridge } = pageWindow(() => host.tell)
  const page = connect({ open: () => desktopPort(bridge, window), backOffMs: [10_000] })
  const hanging = page.query('jobs.list', {})
  await until(() => core.calls.length === 1, 'the call reached the core')
  host.tell({ t: 'close' })
  await expect(hanging).rejects.toMatchObject({ code: 'core.gone' })
  await until(() => host.exits.length === 1, 'it exited')
  expect([host.exits, core.closed(), core.listeners()]).toEqual([[0], true, 0])
  page.close()
})

const stands: Standing = {
  ...{ alerts: 1, needsAttention: true, first: [{ title: 'Node 17 is down', path: '/nodes/17' }] },
  ...{ sync: { phase: 'backfilling', fraction: 0.43 }, demo: false },
}

test('how things stand reaches the tray, and that nobody knows when the core is gone; the sync is paused only where there is a core', async () => {
  const { supervisor, processes, stood } = supervised()
  supervisor.pauseSync(true)
  expect(processes[0]!.sent).toEqual([])
  processes[0]!.say({ t: 'ready' })
  processes[0]!.say({ t: 'standing', standing: stands })
  supervisor.pauseSync(true)
  supervisor.pauseSync(false)
  expect(processes[0]!.sent.map(([message]) => message)).toEqual([
    { t: 'pause-sync', isPaused: true },
    { t: 'pause-sync', isPaused: false },
  ])
  processes[0]!.die(1)
  expect(stood).toEqual([stands, null])
  await supervisor.close()

  const core = smallCore({ 'sync.pause': () => ({}) })
  const host = coreHost(async () => core)
  await host.running
  host.tell({ t: 'pause-sync', isPaused: true })
  host.tell({ t: 'pause-sync', isPaused: false })
  await until(() => host.logged.length === 1, 'the refusal was logged')
  expect(core.calls.map(({ name, actor }) => [name, actor?.id])).toEqual([
    ['sync.pause', 'desktop:anna'],
    ['sync.start', 'desktop:anna'],
  ])
  expect(new Set(core.calls.map(({ key }) => key)).size).toBe(2)
})
