import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'
import { z } from 'zod'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import { refuse } from '../../src-shared/treasury/refusals.ts'
import { type TreasuryCommandName, type TreasuryQueryName, treasuryTable } from '../../src-shared/treasury/table.ts'
import { openStore, type Store } from '../store/index.ts'
import { findEntity } from '../store/treasury-entities.ts'
import { createKeys } from './keys.ts'
import { createMintView } from './mint-view.ts'
import { keptSync } from './sync.ts'
import { createTreasury } from './treasury/treasury.ts'

/** The treasury for one command line; whoever it unlocks is locked again when it is closed. */
export interface OpenTreasury {
  /** Answers with amounts as decimal texts, as on the wire. Throws AppError. */
  query(name: TreasuryQueryName, input: unknown): unknown
  command(name: TreasuryCommandName, input: unknown, idempotencyKey?: string): Promise<unknown>
  /** Acts as this entity from here on; its passphrase, or that of its key in the vault. Rejects with AppError entities.unknown, keys.*. */
  actAs(entity: string, passphrase: string): Promise<void>
  /** Waits for an analyst that is being asked: nobody is there to go on with it afterwards. */
  close(): Promise<void>
}

/** Opens a data folder; `read` beside a running Granary, for queries only. Throws AppError store.*, io.*; io.missing: there are no books yet. */
export function openTreasury({ dataDir, actor: id, mode }: { dataDir: string; actor: string; mode: 'read' | 'write' }): OpenTreasury {
  const books = openBooks(dataDir, mode)
  const actor = { id }
  const keys = createKeys({ books, changed: () => {}, safeStorage: null })
  const mints = createMintView({
    active: () => ({ store: books, demo: false }),
    books,
    followed: () => keptSync(books)?.config.network ?? null,
  })
  const treasury = createTreasury({ books, keys, changed: () => {}, network: mints.network })
  const command: OpenTreasury['command'] = async (name, input, key = randomUUID()) =>
    z.encode(treasuryTable[name].out as z.ZodType, await treasury.command(name, input, actor, key))
  return {
    query: (name, input) => z.encode(treasuryTable[name].out as z.ZodType, treasury.query(name, input, actor)),
    command,
    async actAs(entity, passphrase) {
      const found = findEntity(books, entity)
      if (!found) throw refuse('entities.unknown', { entity: entity.slice(0, 60) })
      if (found.keyId === null) await command('entities.unlock', { entityId: found.entityId, passphrase })
      else {
        await keys.command('keys.unlock', { keyIds: [found.keyId], passphrase }, actor, randomUUID())
        await command('entities.unlock', { entityId: found.entityId })
      }
    },
    async close() {
      await treasury.settled()
      await treasury.close()
      keys.lock()
      books.close()
    },
  }
}

function openBooks(dataDir: string, mode: 'read' | 'write'): Store {
  try {
    return openStore(dataDir, { mode })
  } catch (cause) {
    const error = toAppError(cause)
    if (error.code !== 'io.missing') throw error
    throw new AppError(
      'io.missing',
      `There are no books in ${resolve(dataDir)} yet, so there is nothing to show. The first command that writes makes them, e.g. granary treasury administrator set; or name another folder with --data.`,
      { cause, details: error.details },
    )
  }
}
