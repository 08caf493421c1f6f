import { randomUUID } from 'node:crypto'
import type { CommandInput, CommandOutput, QueryOutput } from '../../src-shared/contract.ts'
import { AppError } from '../../src-shared/errors.ts'
import type { KeyRow } from '../../src-shared/keys-contract.ts'
import { openStore } from '../store/index.ts'
import { createKeys, type KeyCommand } from './keys.ts'

/** The vault of keys for one command line: keys that it unlocks are locked again when it is closed. */
export interface OpenKeys {
  list(): Promise<QueryOutput<'keys.list'>>
  /** A key by its name or id. Rejects with AppError not-found. */
  find(nameOrId: string): Promise<KeyRow>
  command<N extends KeyCommand>(name: N, input: CommandInput<N>): Promise<CommandOutput<N>>
  /** as Keys.signWith */
  signWith(keyId: string, bytes: Uint8Array): Uint8Array
  close(): void
}

/**
 * Opens the vault of keys in a data folder; `read` beside a running Granary, only to list. A command line has no safe storage of the
 * system, so keys that the desktop app bound to it open there only. Throws AppError store.*, io.*.
 */
export function openKeys({ dataDir, actor, mode }: { dataDir: string; actor: string; mode: 'read' | 'write' }): OpenKeys {
  const store = openStore(dataDir, { mode })
  const keys = createKeys({ books: store, changed: () => {}, safeStorage: null })
  return {
    list: keys.list,
    async find(nameOrId) {
      const wanted = nameOrId.trim().toLowerCase()
      const found = (await keys.list()).keys.find(({ keyId, name }) => keyId === wanted || name.toLowerCase() === wanted)
      if (!found) throw new AppError('not-found', 'There is no key of that name or id. "granary keys list" names them all.')
      return found
    },
    command: (name, input) => keys.command(name, input, { id: actor }, randomUUID()),
    signWith: keys.signWith,
    close() {
      keys.lock()
      store.close()
    },
  }
}
