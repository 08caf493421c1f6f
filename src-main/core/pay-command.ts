import { randomUUID } from 'node:crypto'
import type { CommandInput, CommandOutput } from '../../src-shared/contract.ts'
import { AppError } from '../../src-shared/errors.ts'
import { networkNameSchema } from '../../src-shared/sync.ts'
import type { JobContext } from '../jobs/context.ts'
import { computeNodeRuns } from '../jobs/node-runs.ts'
import { refuseOtherNetwork } from '../store/chain.ts'
import { openStore, runCommand } from '../store/index.ts'
import { createKeys, type Keys } from './keys.ts'
import { createMintView } from './mint-view.ts'
import { readKnownNetworks } from './networks.ts'
import { createPayAnswers, type PayAnswers } from './pay.ts'
import { type PayCommand, type PayDoing, payCommand } from './pay-commands.ts'
import { type PayRoom, payNetwork } from './pay-room.ts'
import { keptSync } from './sync.ts'

export { writeFilesAtomically as writeFiles } from '../jobs/files.ts'

export interface PayAsk {
  dataDir: string
  actor: string
  /** `read` beside a running Granary */
  mode: 'read' | 'write'
  /** whose payouts; absent: of the network that the data folder holds or follows, else the only one that has runs */
  network?: string
  /** the list of networks that comes with Granary */
  networksFile: string | null
}

/** Payouts for one command line: the same answers and commands as in the app, and the vault of keys to sign with. */
export interface OpenPay {
  room: PayRoom
  answers: PayAnswers
  keys: Keys
  /** The network that is meant. Throws AppError usage where none is known. */
  network(): string
  /** Does a command, and what it begins in the background, to its end; gives its answer and what came of the work in words. */
  run<N extends PayCommand>(name: N, input: CommandInput<N>, context?: JobContext): Promise<{ answer: CommandOutput<N>; text: string }>
  close(): void
}

/** Opens the data folder for payouts. Node periods that are not worked out yet are worked out first, where it may write. Throws AppError store.*, mint.*, usage. */
export function openPay({ dataDir, actor, mode, network, networksFile }: PayAsk): OpenPay {
  if (network !== undefined && !networkNameSchema.safeParse(network).success)
    throw new AppError('usage', `"${network}" is no network's name: it has lower-case letters, digits and hyphens.`)
  const store = openStore(dataDir, { mode })
  try {
    if (network !== undefined) refuseOtherNetwork(store, network)
    const keys = createKeys({ books: store, changed: () => {}, safeStorage: null })
    const mints = createMintView({
      active: () => ({ store, demo: false }),
      books: store,
      followed: () => network ?? keptSync(store)?.config.network ?? null,
    })
    if (mode === 'write') computeNodeRuns(store, mints.rules())
    const room: PayRoom = {
      books: store,
      mints,
      known: networksFile === null ? [] : readKnownNetworks(networksFile),
      keys,
      jobOf: () => undefined,
      plans: new Map(),
      ledgerMs: undefined,
    }
    return {
      room,
      answers: createPayAnswers(room),
      keys,
      network() {
        const name = payNetwork(room)
        if (name === null)
          throw new AppError('usage', 'This data folder holds no network yet. Say whose payouts are meant: --network NAME.')
        return name
      },
      async run(name, input, context = {}) {
        let work: Promise<string> | null = null
        const noCopies = () => {
          throw new AppError('usage', 'A command line names files by their paths.')
        }
        const doing: PayDoing = {
          once: (subject, done) =>
            runCommand(store, { actor, idempotencyKey: randomUUID(), command: name, input, audit: { subject } }, done),
          noteOf: () => (action, subject, details, done) => {
            runCommand(
              store,
              { actor, idempotencyKey: randomUUID(), command: action, input: details, audit: { subject } },
              () => done() ?? null,
            )
          },
          start: job => {
            work = job.run(context)
          },
          sent: noCopies,
          drop: noCopies,
        }
        const answer = await payCommand(room, name, input, doing)
        return { answer: answer as never, text: (await work) ?? '' }
      },
      close() {
        keys.lock()
        store.close()
      },
    }
  } catch (error) {
    store.close()
    throw error
  }
}
