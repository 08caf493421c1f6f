import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { run } from '../../src-main/hosts/cli/main.ts'

/** Runs the command line in this process; gives its exit code and what it printed. */
export async function granary(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const printed = { out: '', err: '' }
  const stream = (name: 'out' | 'err') =>
    new Writable({
      write(chunk, _encoding, done) {
        printed[name] += String(chunk)
        done()
      },
    }) as unknown as NodeJS.WriteStream
  const code = await run(args, { stdout: stream('out'), stderr: stream('err') })
  return { code, ...printed }
}

/** Runs with the text behind a file descriptor of its own, under no name that others could read. */
export async function withFd<T>(text: string, work: (fd: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'granary-fd-'))
  const path = join(folder, 'secret')
  writeFileSync(path, text)
  const fd = openSync(path, 'r')
  rmSync(folder, { recursive: true })
  try {
    return await work(String(fd))
  } finally {
    closeSync(fd)
  }
}
