import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The folder of the program: two above this file, both as source and as built (see electron.vite.config.ts). */
export const programDir = join(import.meta.dirname, '../..')

/** The networks that come with Granary. */
export const networksFile = join(programDir, 'resources/networks.json')

/** The topics of the help. */
export const helpDir = join(programDir, 'resources/help')

/** The program's version, as package.json says it. */
export function programVersion(): string {
  const { version } = JSON.parse(readFileSync(join(programDir, 'package.json'), 'utf8')) as { version: string }
  return version
}
