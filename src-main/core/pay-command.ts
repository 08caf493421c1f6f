import type { CommandInput, CommandOutput } from '../../src-shared/contract.ts'
import { AppError } from '../../src-shared/errors.ts'
import type { ReviewCode } from '../../src-shared/review-contract.ts'
import type { JobContext } from '../jobs/context.ts'
import { type CommandAsk, namedNetwork, openForCommand } from './command-books.ts'
import type { Keys } from './keys.ts'
import { createPayAnswers, type PayAnswers } from './pay.ts'
import { type PayCommand, type PayDoing, payCommand } from './pay-commands.ts'
import { confirmedHashes } from './pay-confirm.ts'
import { type PayRoom, payNetwork } from './pay-room.ts'
import { openVoteRoom } from './votes.ts'

export { writeFilesAtomically as writeFiles } from '../jobs/files.ts'

/** Payouts for one command line: the same answers and commands as in the app, and the vault of keys to sign with. */
export interface OpenPay {
  room: PayRoom
  answers: PayAnswers
  keys: Keys
  /** The network that is meant. Throws AppError usage where none is known. */
  network(): string
  /** Rejects with AppError pay.refused where signing a run takes a confirmation that is not among these. */
  refuseUnconfirmed(runId: string, confirmed: readonly ReviewCode[]): Promise<void>
  /** Does a command, and what it begins in the background, to its end; gives its answer and what came of the work in words. */
  run<N extends PayCommand>(name: N, input: CommandInput<N>, context?: JobContext): Promise<{ answer: CommandOutput<N>; text: string }>
  close(): void
}

/** Opens the data folder for payouts. Node periods that are not worked out yet are worked out first, where it may write. Throws AppError store.*, mint.*, usage. */
export function openPay(ask: CommandAsk): OpenPay {
  return openForCommand(ask, ({ store, keys, known, openMints, once, close }) => {
    const mints = openMints()
    const room: PayRoom = {
      books: store,
      mints,
      known,
      keys,
      // the chain's genesis is asked for only where signers are entered
      votes: openVoteRoom({ books: store, mints, keys, genesisOf: () => null }),
      jobOf: () => undefined,
      plans: new Map(),
      ledgerMs: undefined,
    }
    return {
      room,
      answers: createPayAnswers(room),
      keys,
      network: () => namedNetwork(payNetwork(room), 'whose payouts are meant'),
      refuseUnconfirmed: async (runId, confirmed) => void (await confirmedHashes(room, runId, confirmed)),
      async run(name, input, context = {}) {
        let work: Promise<string> | null = null
        const noCopies = () => {
          throw new AppError('usage', 'A command line names files by their paths.')
        }
        const doing: PayDoing = {
          once: once(name, input),
          noteOf: () => (action, subject, details, done) => void once(action, details)(subject, () => done() ?? null),
          start: job => {
            work = job.run(context)
          },
          sent: noCopies,
          drop: noCopies,
        }
        const answer = await payCommand(room, name, input, doing)
        return { answer: answer as never, text: (await work) ?? '' }
      },
      close,
    }
  })
}
