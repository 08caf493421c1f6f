import { readFileSync } from 'node:fs'
import { Option } from 'commander'
import { AppError } from '../../../src-shared/errors.ts'
import type { CommandAsk } from '../../core/command-books.ts'
import { resolveDataDir } from '../data-dir.ts'
import { networksFile } from '../program.ts'
import { userName } from '../user-name.ts'
import { descriptor } from './keys-commands.ts'
import { jsonText, type Terminal } from './terminal.ts'

/* What the groups of commands that work on a data folder (votes, pay, chain) have in common. */

export interface FolderOptions {
  data?: string
  network?: string
}

export interface SigningOptions extends FolderOptions {
  passphraseFd?: number
}

export const actor = (): string => `cli:${userName()}`

export function passphraseOption(): Option {
  return new Option(
    '--passphrase-fd <n>',
    'read the passphrase from this file descriptor; default the terminal, or standard input',
  ).argParser(descriptor)
}

/** Prints what a command found, as JSON or as text. */
export function sayOn(terminal: Terminal): (json: unknown, text: string) => void {
  return (json, text) => terminal.out(terminal.json ? jsonText(json) : text)
}

/** `-` reads standard input. */
export function readInput(file: string): string {
  return readFileSync(file === '-' ? 0 : file, 'utf8')
}

/** How a group opens the data folder for one of its commands, and closes it after. `more`: what the group asks besides. */
export function createUsing<Opened extends { close(): void }, More extends object = object>(
  open: (ask: CommandAsk & Partial<More>) => Promise<Opened>,
): <T>(mode: 'read' | 'write', options: FolderOptions, work: (opened: Opened) => Promise<T>, more?: More) => Promise<T> {
  return async (mode, { data, network }, work, more) => {
    const ask: CommandAsk = { dataDir: resolveDataDir(data), actor: actor(), mode, networksFile, ...(network !== undefined && { network }) }
    const opened = await open({ ...ask, ...more } as CommandAsk & Partial<More>)
    try {
      return await work(opened)
    } finally {
      opened.close()
    }
  }
}

/** One of the keys that can sign, by name or id; without one the only key. Throws AppError usage, not-found: `otherwise` says the way out. */
export function chooseKey(
  keys: readonly { keyId: string; name: string }[],
  wanted: string | undefined,
  { whose, otherwise }: { whose: string; otherwise: string },
): string {
  const name = wanted?.trim().toLowerCase()
  const found = name === undefined ? keys : keys.filter(key => key.keyId === name || key.name.toLowerCase() === name)
  const [only, second] = found
  if (only && !second) return only.keyId
  if (second) throw new AppError('usage', `Several keys can sign for ${whose}. Say which: --key NAME.`)
  throw new AppError('not-found', `No ${name === undefined ? '' : 'such '}key that signs for ${whose} is in the vault here. ${otherwise}`)
}
