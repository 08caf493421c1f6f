import type { CommandInput, CommandOutput } from '../../src-shared/contract.ts'
import { AppError } from '../../src-shared/errors.ts'
import type { VoteReview, VoteSigner, VoteSubject } from '../../src-shared/votes-contract.ts'
import { undecided } from '../engines/minting/triggers.ts'
import { basisLine } from '../signing/votes/basis.ts'
import { readVotesText, statementText, voteText } from '../signing/votes/text.ts'
import { pinnedChain } from '../store/chain.ts'
import { loadDecision } from '../store/mint-decisions.ts'
import { type CommandAsk, namedNetwork, openForCommand } from './command-books.ts'
import type { Keys } from './keys.ts'
import { mintOfId } from './mints-command.ts'
import { listNetworks } from './networks.ts'
import { settleVotes, type VoteCommand, voteCommand } from './vote-commands.ts'
import { createVoteAnswers, openVoteRoom, type VoteAnswers } from './votes.ts'

/** Votes for one command line: the same answers and commands as in the app, and the vault of keys to sign with. */
export interface OpenVotes {
  answers: VoteAnswers
  keys: Keys
  /** The network that is meant. Throws AppError usage where none is known. */
  network(): string
  run<N extends VoteCommand>(name: N, input: CommandInput<N>): Promise<CommandOutput<N>>
  /** What is voted on, by the period's index or the mint's id or its beginning. Throws AppError usage, not-found. */
  subject(of: { period?: number; mint?: string }): VoteSubject
  /** A signer by name; without one the only one whose key is in the vault here. Throws AppError usage, not-found. */
  signer(name: string | undefined): Promise<VoteSigner>
  close(): void
}

/** Opens the data folder for votes. Node periods that are not worked out yet are worked out first, where it may write. Throws AppError store.*, mint.*, usage. */
export function openVotes(ask: CommandAsk): OpenVotes {
  return openForCommand(ask, ({ store, keys, known, openMints, once, close }) => {
    const room = openVoteRoom({
      books: store,
      mints: openMints(),
      keys,
      genesisOf: name => {
        const chain = pinnedChain(store)
        return chain?.network === name ? chain.genesis : (listNetworks(known, store).find(found => found.name === name)?.genesis ?? null)
      },
    })
    const answers = createVoteAnswers(room)
    if (ask.mode === 'write') settleVotes(room)
    return {
      answers,
      keys,
      network: () => namedNetwork(room.network(), 'whose votes are meant'),
      async run(name, input) {
        const answered = await voteCommand(room, name, input, once(name, input))
        settleVotes(room)
        return answered as never
      },
      subject({ period, mint }) {
        if ((period === undefined) === (mint === undefined))
          throw new AppError('usage', 'Say what is voted on: --period K (rule set v3), or --mint ID (rule set node-period).')
        if (period !== undefined) return { rules: 'v3', period }
        const { nodeId, startTs: start } = mintOfId(store, mint ?? '')
        const { decided, payments } = loadDecision(store, room.network() ?? '', nodeId, start)?.decision ?? undecided
        return { rules: 'node-period', nodeId, start, attempt: decided?.attempt ?? payments.length + 1 }
      },
      async signer(name) {
        const { signers } = room.signers().set
        if (name !== undefined) {
          const found = signers.find(signer => signer.name.toLowerCase() === name.trim().toLowerCase())
          if (!found) throw new AppError('not-found', `"${name}" is no signer of this network. granary votes signers names them.`)
          return found
        }
        const [only, second] = signers.filter(signer => room.keysFor(signer).length > 0)
        if (!only || second)
          throw new AppError(
            'usage',
            `Say for which signer: --signer NAME. ${only ? 'Keys of several are' : 'No key of any is'} in the vault here.`,
          )
        return only
      },
      close,
    }
  })
}

/** One vote or statement of a text, reviewed, or why it is of no use here. */
export type Shown = { line: number; kind: 'vote' | 'statement' } & ({ review: VoteReview } | { refused: string })

/** Looks at every vote and statement of a text; signatures are checked by an import. */
export async function showVotes({ answers }: OpenVotes, text: string, refusal: (error: unknown) => string): Promise<Shown[]> {
  const { items, bases, problems } = readVotesText(text)
  const told = [...bases.values()].map(basisLine)
  const shown: Shown[] = problems.map(({ line, message }) => ({ line, kind: 'vote', refused: message }))
  for (const { line, kind, bytes } of items) {
    const written = kind === 'vote' ? voteText(bytes) : statementText(bytes)
    try {
      shown.push({ line, kind, review: await answers['votes.review']({ text: [written, ...told].join('\n') }) })
    } catch (error) {
      shown.push({ line, kind, refused: refusal(error) })
    }
  }
  return shown.sort((a, b) => a.line - b.line)
}

/** A signer as `NAME=KIND:KEY`: sr25519 or ed25519 with 0x… or an SS58 address, or stellar with G…. Rejects with AppError usage. */
export async function readSigner({ answers }: OpenVotes, text: string): Promise<VoteSigner> {
  const [, name, kind, key] = /^([^=]{1,100})=(sr25519|ed25519|stellar):(\S{1,100})$/.exec(text.trim()) ?? []
  if (name === undefined || kind === undefined || key === undefined)
    throw new AppError('usage', `"${text}" is no signer. Write NAME=sr25519:ADDRESS, NAME=ed25519:0xKEY or NAME=stellar:G….`)
  return answers['votes.readSigner']({ name: name.trim(), kind: kind as 'stellar', key })
}
