import type { QueryOutput } from '../../src-shared/contract.ts'
import { AppError } from '../../src-shared/errors.ts'
import { defaultMintConfig, type MintConfig } from '../../src-shared/node-period.ts'
import { basisText, singleWord } from '../../src-shared/verify.ts'
import { signersFile } from '../../src-shared/vote-signers.ts'
import type {
  SignerSet,
  VoteCell,
  VoteChoice,
  VoteKey,
  VoteRow,
  VoteSigner,
  VoteSubject,
  voteQueries,
} from '../../src-shared/votes-contract.ts'
import { votingProblems } from '../engines/minting/mint-config.ts'
import { basisLine } from '../signing/votes/basis.ts'
import { keyProblems, signersHash } from '../signing/votes/signers.ts'
import { keyName, refused, startOf, subjectKey } from '../signing/votes/statement.ts'
import { isLater, type Tally, tally } from '../signing/votes/tally.ts'
import { voteText } from '../signing/votes/text.ts'
import { readVote, type Vote } from '../signing/votes/verify.ts'
import type { Store } from '../store/index.ts'
import { loadKeys } from '../store/keys.ts'
import { loadMintConfig } from '../store/mint-config.ts'
import { countVoidVotes, loadBasis, loadSignerSet, loadVotes, networksWithSigners } from '../store/votes.ts'
import type { Keys } from './keys.ts'
import type { MintView } from './mint-view.ts'
import type { Parsed } from './queries.ts'
import { createVoteReviews } from './vote-reviews.ts'
import { createVoteSubjects, type VoteSubjects } from './vote-subjects.ts'

export interface VoteSources {
  /** where signers, votes and decisions are, also while the demo is shown */
  books: Store
  mints: MintView
  /** hash of block 0 of a network, `0x…` or only its beginning, where it is known without asking; else null */
  genesisOf(network: string): string | null
  keys: Pick<Keys, 'signWith'>
}

type VoteQuery = keyof typeof voteQueries
export type VoteAnswers = { [N in VoteQuery]: (input: Parsed<N>) => QueryOutput<N> | Promise<QueryOutput<N>> }

/** What the votes' answers and commands share. */
export interface VoteRoom extends VoteSources {
  subjects: VoteSubjects
  /** the network that is shown; else the only one that has signers; null: none */
  network(): string | null
  config(): MintConfig
  /** Throws AppError vote.refused no-signers, usage */
  signers(): { network: string; set: SignerSet; hash: string }
  /** the votes under the present signers, by subject */
  votes(): ReadonlyMap<string, { subject: VoteSubject; votes: Vote[] }>
  count(subject: VoteSubject, votes: readonly Vote[]): Tally
  /** the name of a key in the vault here that can sign for a signer */
  keysFor(key: VoteKey): { keyId: string; name: string }[]
}

interface Held {
  version: string
  set: SignerSet | null
  hash: string
  config: MintConfig
  votes: ReturnType<VoteRoom['votes']> | null
}

/** Only votes equal to what is worked out here count (minting.md, Who triggers the payout). */
export function isVerified(config: MintConfig): boolean {
  return config.trigger === 'verified-amount'
}

export function openVoteRoom(sources: VoteSources): VoteRoom {
  const { books, mints } = sources
  const subjects = createVoteSubjects(books, mints)

  function network(): string | null {
    const shown = mints.network()
    if (shown !== null) return shown
    const [only, second] = networksWithSigners(books)
    return only !== undefined && second === undefined ? only : null
  }

  /** what is read of the books, as long as neither this program nor another one writes to them */
  let held: Held | null = null
  function current(): Held {
    const name = network()
    const version = `${books.books.pragma('data_version', { simple: true })} ${books.books.prepare('SELECT total_changes()').pluck().get()} ${name}`
    if (held?.version !== version)
      held = {
        version,
        set: name === null ? null : loadSignerSet(books, name),
        config: name === null ? defaultMintConfig : loadMintConfig(books, name),
        votes: null,
        hash: '',
      }
    return held
  }

  function signers() {
    const name = network()
    if (name === null)
      throw new AppError('usage', 'No network is known here yet. Follow the chain, import a grid archive, or take over a signers’ file.')
    const now = current()
    const { set } = now
    if (!set)
      throw refused(
        'no-signers',
        `Network "${name}" has no signers with keys yet. Enter them first (page Votes, or granary votes signers).`,
      )
    now.hash ||= signersHash(set)
    return { network: name, set, hash: now.hash }
  }

  return {
    ...sources,
    subjects,
    network,
    config: () => current().config,
    signers,
    votes() {
      const { network: name, hash } = signers()
      const now = current()
      if (!now.votes) {
        const grouped = Map.groupBy(loadVotes(books, name, hash).map(readVote), ({ statement }) => subjectKey(statement.subject))
        now.votes = new Map([...grouped].map(([key, votes]) => [key, { subject: votes[0]!.statement.subject, votes }]))
      }
      return now.votes
    },
    count(subject, votes) {
      const { network: name, set } = signers()
      const verified = isVerified(current().config)
      return tally(set, votes, verified, votes.length === 0 ? null : subjects.own(name, subject).choice)
    },
    keysFor: ({ kind, publicKey }) =>
      loadKeys(books).filter(
        key => key.publicKey === publicKey && key.box !== null && (key.kind === kind || (key.kind === 'stellar' && kind === 'ed25519')),
      ),
  }
}

/** Answers the votes' queries. */
export function createVoteAnswers(room: VoteRoom): VoteAnswers {
  const { books, subjects } = room

  /** How voted subjects stand: all of them are looked at for their order, so what they share is read once. */
  function standings() {
    const { network, set } = room.signers()
    const verified = isVerified(room.config())
    const executedAs = subjects.endings(network)
    return ({ subject, votes }: { subject: VoteSubject; votes: readonly Vote[] }) => {
      const { outcomes, agreed } = tally(set, votes, verified, verified ? subjects.own(network, subject).choice : null)
      const executed = executedAs(subject) !== ''
      const state: VoteRow['state'] = executed ? 'executed' : agreed ? 'agreed' : 'open'
      return { subject, votes, state, agreeing: outcomes[0]?.signers.length ?? 0 }
    }
  }
  type Standing = ReturnType<ReturnType<typeof standings>>

  function rowOf({ subject, votes, state, agreeing }: Standing): VoteRow {
    const { network, set } = room.signers()
    const voted = new Set(votes.map(({ statement }) => keyName(statement.signer)))
    const waiting = set.signers.filter(signer => !voted.has(keyName(signer)) && room.keysFor(signer).length > 0)
    return {
      subject,
      state,
      ownUnits: subjects.own(network, subject).choice?.amountUnits ?? null,
      votes: votes.length,
      agreeing,
      waitingFor: state === 'executed' ? [] : waiting.map(({ name }) => name),
    }
  }

  function cellOf({ signer, vote, counts, why }: Tally['rows'][number]): VoteCell {
    const isHere = room.keysFor(signer).length > 0
    if (!vote) return { signer, isHere, vote: null }
    const { options, planHash, amountUnits, castTs, basisHash } = vote.statement
    const basis = basisHash === null ? null : loadBasis(books, basisHash)
    return {
      signer,
      isHere,
      vote: {
        choice: { options, planHash, amountUnits },
        castTs,
        text: voteText(vote.bytes),
        counts,
        why,
        basis: basis ? basisText(basis) : [],
        singleWord: basis ? singleWord(basis) : null,
      },
    }
  }

  const names = (signers: readonly VoteSigner[]): string[] => signers.map(({ name }) => name)

  return {
    ...createVoteReviews(room),
    'votes.list': ({ offset, limit }) => {
      const name = room.network()
      const { trigger, rules } = room.config()
      const head = { network: name, trigger, rules }
      if (name === null || !loadSignerSet(books, name)) return { ...head, rows: [], total: 0, open: 0 }
      const voted = room.votes()
      const rest = subjects.open(name).filter(subject => !voted.has(subjectKey(subject)))
      const standing = standings()
      const rows = [...voted.values()].map(standing)
      const byStart = (a: { subject: VoteSubject }, b: { subject: VoteSubject }) => startOf(b.subject) - startOf(a.subject)
      const of = (state: VoteRow['state']) => rows.filter(row => row.state === state).sort(byStart)
      const open = of('open').sort((a, b) => b.agreeing - a.agreeing)
      // what nobody voted on yet comes between; of a whole grid's mints only the window that is asked for is looked at more closely
      const all: (Standing | VoteSubject)[] = [...open, ...of('agreed'), ...rest, ...of('executed')]
      const window = all.slice(offset, offset + limit).map(row => rowOf('rules' in row ? standing({ subject: row, votes: [] }) : row))
      return { ...head, rows: window, total: all.length, open: open.length + rest.length }
    },
    'votes.matrix': ({ subject }) => {
      const { network, set } = room.signers()
      const votes = room.votes().get(subjectKey(subject))?.votes ?? []
      const { rows, outcomes } = room.count(subject, votes)
      const own = subjects.own(network, subject)
      const executed = subjects.executed(network, subject)
      const config = room.config()
      return {
        subject,
        state: executed !== '' ? 'executed' : agreedOn(room, subject) ? 'agreed' : 'open',
        trigger: config.trigger,
        verified: isVerified(config),
        threshold: set.threshold,
        own: own.choice,
        ownWhy: 'why' in own ? own.why : '',
        cells: rows.map(cellOf),
        outcomes: outcomes.map(outcome => ({ ...outcome, signers: names(outcome.signers) })),
        executed,
      }
    },
    'votes.signers': () => {
      const name = room.network()
      const genesis = name === null ? null : wholeGenesis(room.genesisOf(name))
      const set = name === null ? null : loadSignerSet(books, name)
      if (name === null || !set) return { network: name, genesis, set: null, signersHash: null, voided: 0, open: 0 }
      const hash = signersHash(set)
      return { network: name, genesis, set, signersHash: hash, voided: countVoidVotes(books, name, hash), open: openVotes(room) }
    },
    'votes.checkSigners': ({ set }) => signerProblems(set),
    'votes.readSigner': readSigner,
    'votes.signersFile': () => {
      const { network, set } = room.signers()
      return signersFile(network, set)
    },
    'votes.export': ({ subject }) => {
      const { network } = room.signers()
      const executedAs = subjects.endings(network)
      const groups = [...room.votes().values()].filter(group =>
        subject ? subjectKey(group.subject) === subjectKey(subject) : executedAs(group.subject) === '',
      )
      const votes = groups.flatMap(group => group.votes).sort((a, b) => (isLater(a, b) ? 1 : -1))
      const hashes = new Set(votes.flatMap(({ statement }) => (statement.basisHash === null ? [] : [statement.basisHash])))
      const bases = [...hashes].sort().flatMap(hash => {
        const basis = loadBasis(books, hash)
        return basis ? [basisLine(basis)] : []
      })
      const lines = [...votes.map(({ bytes }) => voteText(bytes)), ...bases]
      const what = subject ? subjectKey(subject).replaceAll(' ', '-') : 'open'
      return { fileName: `votes-${network}-${what}.txt`, text: lines.map(line => `${line}\n`).join(''), votes: votes.length }
    },
  }
}

/**
 * What enough signers agree on about a subject whose votes still count; null: nothing (yet). Whoever pays it ends the voting in the same
 * transaction (endVoting of pay-votes.ts). Throws AppError vote.refused no-signers.
 */
export function agreedOn(room: VoteRoom, subject: VoteSubject): VoteChoice | null {
  const { network } = room.signers()
  if (room.subjects.executed(network, subject) !== '') return null
  return room.count(subject, room.votes().get(subjectKey(subject))?.votes ?? []).agreed?.choice ?? null
}

/** How many votes stand that a change of signers would make void. */
export function openVotes(room: VoteRoom): number {
  const executedAs = room.subjects.endings(room.signers().network)
  let count = 0
  for (const { subject, votes } of room.votes().values()) if (executedAs(subject) === '') count += votes.length
  return count
}

/** What is wrong with a set: names and M, then keys. */
export async function signerProblems(set: SignerSet): Promise<{ field: string; message: string }[]> {
  const problems = votingProblems({ signers: set.signers.map(({ name }) => name), threshold: set.threshold })
  return [...problems, ...(await keyProblems(set))]
}

/** Rejects with AppError usage for an address that is none. */
async function readSigner({ name, kind, key }: Parsed<'votes.readSigner'>): Promise<VoteSigner> {
  const hex = /^0x([0-9a-f]{64})$/i.exec(key)?.[1]?.toLowerCase()
  // what decodes addresses takes a second to load
  const publicKey = hex ?? Buffer.from((await import('../signing/derive.ts')).publicKeyOfAddress(kind, key)).toString('hex')
  return { name, kind: kind === 'stellar' ? 'ed25519' : kind, publicKey }
}

/** Hex without 0x; null where it is not known in full. */
export function wholeGenesis(genesis: string | null): string | null {
  const hex = genesis?.replace(/^0x/, '').toLowerCase() ?? ''
  return /^[0-9a-f]{64}$/.test(hex) ? hex : null
}
