import { randomBytes } from 'node:crypto'
import { readdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/**
 * A name beside `target` to write to before it is renamed: hidden, of its own for each call. What killed processes left there of
 * the same target is removed first; nobody else would ever do it.
 */
export function besideTarget(target: string): string {
  const folder = dirname(target)
  const name = basename(target)
  removeLeftovers(folder, name)
  return join(folder, `.${name}.${process.pid}-${randomBytes(4).toString('hex')}.part`)
}

function removeLeftovers(folder: string, name: string): void {
  let found: string[]
  try {
    found = readdirSync(folder)
  } catch {
    return // whoever writes there says what is wrong with the folder
  }
  for (const left of found) {
    if (!left.startsWith(`.${name}.`)) continue
    const pid = /^(\d+)-[0-9a-f]{8}\.part$/.exec(left.slice(name.length + 2))?.[1]
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(folder, left), { force: true })
  }
}

/** Whether a process of this number runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // another user's process can't be asked, but it is there
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
