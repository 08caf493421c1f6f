import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'

const launcher = fileURLToPath(new URL('../../src-main/hosts/cli/granary.mjs', import.meta.url))
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

describe.each([
  { name: 'on a Node that can run it', node: process.execPath },
  { name: 'on an older Node that starts a newer one', node: older },
])('a signal to granary $name', ({ node }) => {
  it.skipIf(node === undefined || process.platform === 'win32').each([
    { signal: 'SIGINT', to: 'group' },
    { signal: 'SIGINT', to: 'process' },
    { signal: 'SIGTERM', to: 'process' },
  ] as const)('$signal to the $to stops the work, leaves nothing behind and exits 1', async ({ signal, to }) => {
    // A group of its own, as a terminal gives it, so that the whole of it can be signalled.
    const child = spawn(node!, [launcher, 'demo', '--nodes', '10000', join(folder, 'grid.ndjson')], {
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
      await until(() => readdirSync(folder).length > 0, child)
      process.kill(to === 'group' ? -child.pid! : child.pid!, signal)
      const [code] = await closed
      expect(said).toContain('Stopped.')
      expect(code).toBe(1)
      expect(readdirSync(folder)).toEqual([])
    } finally {
      endGroup(child)
    }
  })
})

async function until(holds: () => boolean, child: ChildProcess): Promise<void> {
  while (!holds()) {
    if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode} before it had begun to write.`)
    await wait(20)
  }
}

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
