import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'

const launcher = fileURLToPath(new URL('../../src-main/hosts/cli/granary.mjs', import.meta.url))
const askedToStop = fileURLToPath(new URL('../../src-main/hosts/cli/asked-to-stop.ts', import.meta.url))
// The Node of this test runs the program itself; an older one on the path only starts the newer one and waits for it.
const older = olderNode()
let folder: string

beforeAll(() => {
  // builds if need be, so that no signal falls into a build
  execFileSync(process.execPath, [launcher, '--version'], { stdio: 'ignore' })
})
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-signals-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A long command in a group of its own, as a terminal gives it, once it writes; `act` asks it to stop. Gives how it ended and what it said. */
async function stopped(node: string, act: (child: ChildProcess) => unknown): Promise<{ end: unknown[]; said: string }> {
  const child = spawn(node, [launcher, 'demo', '--nodes', '10000', join(folder, 'grid.ndjson')], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr!.on('data', part => {
    said += part
  })
  // closed only when nobody holds the pipe any more: neither the process nor one that it started
  const closed = once(child, 'close')
  try {
    while (readdirSync(folder).length === 0) {
      if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode} before it had begun to write.`)
      await wait(20)
    }
    await act(child)
    return { end: await closed, said }
  } finally {
    endGroup(child)
  }
}

describe.each([
  { name: 'on a Node that can run it', node: process.execPath },
  { name: 'on an older Node that starts a newer one', node: older },
])('a signal to granary $name', ({ node }) => {
  it.skipIf(node === undefined || process.platform === 'win32').each([
    { signal: 'SIGINT', to: 'group' },
    { signal: 'SIGINT', to: 'process' },
    { signal: 'SIGTERM', to: 'process' },
  ] as const)('$signal to the $to stops the work, leaves nothing behind and exits 1', async ({ signal, to }) => {
    const { end, said } = await stopped(node!, ({ pid }) => process.kill(to === 'group' ? -pid! : pid!, signal))
    expect(said).toContain('Stopped.')
    expect(end).toEqual([1, null])
    expect(readdirSync(folder)).toEqual([])
  })
})

it.skipIf(older === undefined).each([20, 40, 60])(
  'the older Node that hears of Ctrl-C %i ms later than the newer one changes nothing of how that ends',
  async laterMs => {
    const { end, said } = await stopped(older!, async child => {
      child.kill('SIGSTOP')
      process.kill(-child.pid!, 'SIGINT')
      await wait(laterMs)
      child.kill('SIGCONT')
    })
    expect(said).toContain('Stopped.')
    expect(end).toEqual([1, null])
  },
)

it.skipIf(process.platform === 'win32')(
  'what reached a process and the one that waits for it is one time, however late and often that one tells; a key pressed again and again is more',
  async () => {
    const program = `
    const { onAskedToStop } = await import(${JSON.stringify(pathToFileURL(askedToStop).href)})
    onAskedToStop(() => process.send('stop'))
    process.on('message', message => message === 'say' ? process.send('said') : message === 'end' && process.exit(0))
    process.send('ready')`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    const heard: unknown[] = []
    child.on('message', message => heard.push(message))
    const hears = async (count: number): Promise<void> => {
      while (heard.length < count) await once(child, 'message')
    }
    const longerThanOneKey = () => wait(400)
    await hears(1)
    child.kill('SIGINT')
    await hears(2)
    await longerThanOneKey()
    // one press, which npm has doubled
    child.send({ asked: 'to stop' })
    child.send({ asked: 'to stop' })
    child.send('say')
    await hears(3)
    await longerThanOneKey()
    child.send({ asked: 'to stop' })
    await hears(4)
    child.send('end')
    await once(child, 'exit')
    expect(heard).toEqual(['ready', 'stop', 'said', 'stop'])
  },
)

it.skipIf(process.platform === 'win32')('who keeps on pressing Ctrl-C is not taken for one long press', async () => {
  const program = `
    const { onAskedToStop } = await import(${JSON.stringify(pathToFileURL(askedToStop).href)})
    let times = 0
    onAskedToStop(() => ++times === 2 && process.exit(7))
    process.send('ready')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const ended = once(child, 'exit')
  await once(child, 'message')
  for (let pressed = 0; pressed < 100 && child.exitCode === null; pressed++) {
    child.kill('SIGINT')
    await wait(50)
  }
  child.kill('SIGKILL')
  expect(await ended).toEqual([7, null])
})

function endGroup(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, 'SIGKILL')
  } catch {
    // nobody is left, as it should be
  }
}

function olderNode(): string | undefined {
  for (const place of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(place, 'node')
    if (!existsSync(path)) continue
    const major = Number(execFileSync(path, ['-p', 'parseInt(process.versions.node)'], { encoding: 'utf8' }))
    if (major >= 20 && major < 22) return path
  }
  return undefined
}
