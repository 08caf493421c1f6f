import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKeys, type Keys } from '../../src-main/core/keys.ts'
import { loadTreasuryConfig } from '../../src-main/core/treasury/configuration.ts'
import { createTreasury, type Treasury } from '../../src-main/core/treasury/treasury.ts'
import { writeTransaction } from '../../src-main/store/db.ts'
import { openStore, type Store } from '../../src-main/store/open.ts'
import { saveTakenTrust } from '../../src-main/store/treasury-trust.ts'
import type { Actor, CommandInput, CommandOutput, QueryInput, QueryOutput, Topic } from '../../src-shared/contract.ts'
import type { TreasuryConfig } from '../../src-shared/treasury/parameters.ts'
import type { TreasuryCommandName, TreasuryQueryName } from '../../src-shared/treasury/table.ts'

export const administrator: Actor = { id: 'test:administrator' }
export const nobody: Actor = { id: 'test:nobody' }
export const administratorPassphrase = 'the administrator of the test'
export const passphraseOf = (name: string) => `the passphrase of ${name}`
/** The longest that a timer waits. */
const NEVER_MS = 2 ** 31 - 1

/** The treasury of a data folder of its own, its tokens initialised, with a clock that the test sets. */
export interface TestTreasury {
  store: Store
  keys: Keys
  treasury: Treasury
  /** what was told to have changed */
  topics: Topic[]
  clock: { ts: number }
  run<N extends TreasuryCommandName>(actor: Actor, name: N, input: CommandInput<N>, key?: string): Promise<CommandOutput<N>>
  ask<N extends TreasuryQueryName>(actor: Actor, name: N, input: QueryInput<N>): QueryOutput<N>
  /** an entity with so much AZR, as it acts */
  entity(name: string, azr?: string): Promise<Actor & { entity: string }>
  azrOf(entity: string): bigint
  /** as if it had been counted just now from so many actions and applications */
  trust(entity: string, actions: number, applications: number): void
  /** as a scheduled job does its work */
  job<T>(work: (books: Store, config: TreasuryConfig, nowTs: number) => T): T
  configure(values: Record<string, string>): Promise<void>
  /** closes it as an exit does, and opens it again; `meanwhile` has the data folder to itself */
  restart(meanwhile?: (dataDir: string) => Promise<void>): Promise<void>
  close(): void
}

/** A treasury on a data folder, whose clock moves as the test says; its jobs run when it is told to run what is due. */
export function treasuryIn(
  dataDir: string,
  clock: { ts: number },
  topics: Topic[] = [],
): Pick<TestTreasury, 'store' | 'keys' | 'treasury'> {
  const store = openStore(dataDir, { mode: 'write', nowMs: () => clock.ts * 1000 })
  const changed = (...names: Topic[]) => void topics.push(...names)
  const keys = createKeys({ books: store, changed, safeStorage: null, stretchLogN: 4 })
  return { store, keys, treasury: createTreasury({ books: store, keys, changed, network: () => null, stretchLogN: 4, tickMs: NEVER_MS }) }
}

export async function openTreasury(startTs = 1_700_000_000): Promise<TestTreasury> {
  const folder = mkdtempSync(join(tmpdir(), 'granary-treasury-'))
  const clock = { ts: startTs }
  const topics: Topic[] = []
  let made = 0
  const open = () => treasuryIn(join(folder, 'data'), clock, topics)

  function shut(): void {
    void test.treasury.close()
    test.keys.lock()
    test.store.close()
  }

  const run: TestTreasury['run'] = (actor, name, input, key = `key-${made++}`) =>
    test.treasury.command(name, input, actor, key) as Promise<never>

  const test: TestTreasury = {
    ...open(),
    topics,
    clock,
    run,
    ask: (actor, name, input) => test.treasury.query(name, input, actor) as never,
    async entity(name, azr) {
      const { entityId } = await run(nobody, 'entities.create', { name, passphrase: passphraseOf(name) })
      if (azr !== undefined) await run(administrator, 'tokens.fund', { to: entityId, token: 'AZR', amount: azr })
      return { id: 'test:rest', entity: entityId }
    },
    azrOf: entity => test.ask(nobody, 'tokens.balance', { entityId: entity, tokenId: 'AZR' }).available,
    trust(entity, actions, applications) {
      const history = { repayments: actions, counterparties: 0, releasedEscrows: 0, proofs: 0, applications }
      writeTransaction(test.store.books, 'books.db', () => saveTakenTrust(test.store, entity, { history, takenTs: clock.ts }))
    },
    job: work => writeTransaction(test.store.books, 'books.db', () => work(test.store, loadTreasuryConfig(test.store), clock.ts)),
    async configure(values) {
      for (const [name, value] of Object.entries(values)) await run(administrator, 'configuration.set', { name, value })
    },
    async restart(meanwhile) {
      shut()
      await meanwhile?.(join(folder, 'data'))
      Object.assign(test, open())
      await run(administrator, 'administrator.unlock', { passphrase: administratorPassphrase })
    },
    close() {
      shut()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  await run(administrator, 'administrator.set', { newPassphrase: administratorPassphrase })
  await run(administrator, 'tokens.initialize', {})
  return test
}
