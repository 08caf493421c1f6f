import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A file system of `megabytes` of its own; null where this user may not make one. Unmount it and remove the folder afterwards. */
export function smallDisk(megabytes: number): string | null {
  const path = mkdtempSync(join(tmpdir(), 'granary-full-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path], { stdio: 'ignore' })
    return path
  } catch {
    rmSync(path, { recursive: true })
    return null
  }
}
