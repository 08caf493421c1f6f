import { randomBytes } from 'node:crypto'
import { readdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { AppError } from '../../src-shared/errors.ts'

/**
 * A name beside `target` to write to before it is renamed: hidden, of its own for each call. What killed processes left there of
 * the same target is removed first; nobody else would ever do it. Throws AppError io.missing, io.failed where there is no folder to write in.
 */
export function besideTarget(target: string): string {
  const folder = dirname(target)
  const name = basename(target)
  removeLeftovers(folder, name)
  return join(folder, `.${name}.${process.pid}-${randomBytes(4).toString('hex')}.part`)
}

/** An error of the system that names the target in the place of what is written beside it, which nobody but this program knows of. */
export function ofTarget(error: unknown, temporary: string, target: string): unknown {
  const errno = error as NodeJS.ErrnoException | null
  return errno?.path === temporary
    ? Object.assign(new Error(errno.message.replaceAll(temporary, target), { cause: error }), {
        code: errno.code,
        syscall: errno.syscall,
        path: target,
      })
    : error
}

/** Removes what was begun beside a target, after a failure, which is the one to tell: what can't be removed goes when the target is written again. */
export function dropBeside(temporary: string): void {
  try {
    rmSync(temporary, { force: true })
  } catch {
    // said above
  }
}

function removeLeftovers(folder: string, name: string): void {
  let found: string[]
  try {
    found = readdirSync(folder)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const options = { cause, details: { path: folder } }
    if (code === 'ENOENT')
      throw new AppError('io.missing', `There is no folder ${folder}. It must exist already: make it, or name another place.`, options)
    if (code === 'ENOTDIR')
      throw new AppError('io.failed', `There is a file in the way of ${folder}, which must be a folder. Name another place.`, options)
    return // one that can't be listed may be written in
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
