import { randomUUID } from 'node:crypto'
import { AppError } from '../../src-shared/errors.ts'
import { networkNameSchema } from '../../src-shared/sync.ts'
import { computeNodeRuns } from '../jobs/node-runs.ts'
import { refuseOtherNetwork } from '../store/chain.ts'
import { openStore, type Store } from '../store/index.ts'
import { createKeys, type Keys } from './keys.ts'
import { createMintView, type MintView } from './mint-view.ts'
import { type KnownNetwork, readKnownNetworks } from './networks.ts'
import { type Once, onceOf } from './once.ts'
import { keptSync } from './sync.ts'

/** What a command of the command line says about the data folder that it works on. */
export interface CommandAsk {
  dataDir: string
  actor: string
  /** `read` beside a running Granary */
  mode: 'read' | 'write'
  /** absent: the one that the data folder holds or follows */
  network?: string
  /** the list of networks that comes with Granary */
  networksFile: string | null
}

/** A data folder for one command line, with its vault of keys. */
export interface CommandBooks {
  store: Store
  keys: Keys
  known: readonly KnownNetwork[]
  /** Works out the node periods that are not yet, where it may write. Throws AppError mint.*, store.*. */
  openMints(): MintView
  /** does a command's work in the books' transaction, under its name in the audit trail */
  once(command: string, input: unknown): Once
  /** locks the keys too */
  close(): void
}

/** Opens a data folder; where `use` throws, it is closed again. Throws AppError usage, store.*, io.*. */
export function openForCommand<T>(ask: CommandAsk, use: (opened: CommandBooks) => T): T {
  const { dataDir, actor, mode, network, networksFile } = ask
  if (network !== undefined && !networkNameSchema.safeParse(network).success)
    throw new AppError('usage', `"${network}" is no network's name: it has lower-case letters, digits and hyphens.`)
  const store = openStore(dataDir, { mode })
  try {
    if (network !== undefined) refuseOtherNetwork(store, network)
    const keys = createKeys({ books: store, changed: () => {}, safeStorage: null })
    return use({
      store,
      keys,
      known: networksFile === null ? [] : readKnownNetworks(networksFile),
      openMints() {
        const followed = () => network ?? keptSync(store)?.config.network ?? null
        const mints = createMintView({ active: () => ({ store, demo: false }), books: store, followed })
        if (mode === 'write') computeNodeRuns(store, mints.rules())
        return mints
      },
      once: (command, input) => onceOf(store, { actor, idempotencyKey: randomUUID(), command, input }),
      close() {
        keys.lock()
        store.close()
      },
    })
  } catch (error) {
    store.close()
    throw error
  }
}

/** The network that a command means. Throws AppError usage where none is known; `whose`: `Say whose votes are meant` */
export function namedNetwork(name: string | null, whose: string): string {
  if (name === null) throw new AppError('usage', `This data folder holds no network yet. Say ${whose}: --network NAME.`)
  return name
}
