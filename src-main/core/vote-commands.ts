import { setImmediate as breathe } from 'node:timers/promises'
import type { z } from 'zod'
import type { CommandOutput } from '../../src-shared/contract.ts'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import { sumUnits as sumOf } from '../../src-shared/money.ts'
import type { Basis } from '../../src-shared/verify.ts'
import { amountText, subjectText } from '../../src-shared/vote-text.ts'
import {
  type SignerSet,
  STATEMENT_BYTES,
  type VoteImport,
  type VoteSigner,
  type VoteStatement,
  voteCommands,
  voteRefusalSchema,
} from '../../src-shared/votes-contract.ts'
import { votes as takesVotes } from '../engines/minting/mint-config.ts'
import { applyAction, undecided } from '../engines/minting/triggers.ts'
import { basisHash } from '../signing/votes/basis.ts'
import { verifies } from '../signing/votes/signature.ts'
import { signersHash } from '../signing/votes/signers.ts'
import { choiceKey, decodeStatement, keyName, refused, subjectKey } from '../signing/votes/statement.ts'
import { isLater } from '../signing/votes/tally.ts'
import { readVotesText, voteText } from '../signing/votes/text.ts'
import { authorise, readVote, type Vote, verifyVote } from '../signing/votes/verify.ts'
import { writeTransaction } from '../store/db.ts'
import { keptOf, loadDecisions, type StoredDecision, saveDecisions } from '../store/mint-decisions.ts'
import { nodeMint } from '../store/node-mints.ts'
import { loadSignerSet, loadVote, putVote, saveBasis, saveSignerSet, type VotePlace } from '../store/votes.ts'
import { overlapping } from './mint-lines.ts'
import type { Once } from './once.ts'
import { basisFor, oneStatement, whyConfirm } from './vote-reviews.ts'
import { openVotes, signerProblems, type VoteRoom, wholeGenesis } from './votes.ts'

export type VoteCommand = keyof typeof voteCommands

/** Votes checked in one go before others get their turn: a signature takes some 10 ms. */
const CHECKED_AT_ONCE = 4

export function isVoteCommand(name: string): name is VoteCommand {
  return Object.hasOwn(voteCommands, name)
}

/** Does a command of the contract. Rejects with AppError vote.refused, keys.*, usage, store.*. */
export async function voteCommand(room: VoteRoom, name: VoteCommand, input: unknown, once: Once): Promise<CommandOutput<VoteCommand>> {
  switch (name) {
    case 'votes.setSigners': {
      const { network, set } = voteCommands[name].in.parse(input)
      return setSigners(room, network, set, once)
    }
    case 'votes.sign':
      return signVote(room, voteCommands[name].in.parse(input), once)
    case 'votes.signMany':
      return signVotes(room, voteCommands[name].in.parse(input), once)
    case 'votes.import': {
      const { network, text } = voteCommands[name].in.parse(input)
      return importVotes(room, network, text, once)
    }
  }
}

/** Refuses what was meant for another network than is shown by now. */
function onShown(room: VoteRoom, network: string): void {
  const shown = room.network()
  // where nothing is known yet, a signers' file brings the network
  if (shown !== null && shown !== network)
    throw new AppError(
      'usage',
      `This is for network "${network}", and "${shown}" is shown by now. Nothing was done. Look at the page again.`,
      {
        details: { network, shown },
      },
    )
}

/**
 * Puts a signer set in the place of the one before. Open votes are void then, unless only names differ. Rejects with AppError usage:
 * details.field says where.
 */
async function setSigners(room: VoteRoom, network: string, set: SignerSet, once: Once): Promise<{ signersHash: string; voided: number }> {
  onShown(room, network)
  const { books } = room
  const [problem] = await signerProblems(set)
  if (problem) throw new AppError('usage', problem.message, { details: { field: problem.field } })
  const known = room.genesisOf(network)?.replace(/^0x/, '').toLowerCase() ?? ''
  if (!set.genesis.startsWith(known))
    throw new AppError(
      'usage',
      `Genesis: the chain of network "${network}" began with block 0x${known}${wholeGenesis(known) ? '' : '…'}, not 0x${set.genesis}. Nothing was changed.`,
      { details: { field: 'genesis' } },
    )
  const hash = signersHash(set)
  let emptied: StoredDecision[] = []
  const isSameAs = (before: SignerSet | null) => before !== null && signersHash(before) === hash && before.genesis === set.genesis
  const former = loadSignerSet(books, network)
  const open = former && !isSameAs(former) ? openVotes(room) : 0
  const told = open === 0 ? '' : `: ${open} open ${open === 1 ? 'vote is' : 'votes are'} void`
  const answered = once(`signers of network ${network}${told}`, () => {
    const before = loadSignerSet(books, network)
    const isSame = isSameAs(before)
    if (before && !isSame && set.serial <= before.serial)
      throw new AppError(
        'usage',
        `Number: this would be signers number ${set.serial}, and number ${before.serial} is here already. Each change takes a higher number, so that votes on former signers stay void: ${before.serial + 1} or more.`,
        { details: { field: 'serial' } },
      )
    const voided = before && !isSame ? openVotes(room) : 0
    saveSignerSet(books, network, set)
    if (!isSame) emptied = emptyDecisions(room, network)
    return { signersHash: hash, voided }
  }) as { signersHash: string; voided: number }
  room.mints.decided(emptied)
  return answered
}

/** What former signers said about mints that are not decided yet goes too, also what was said by name only, before signers had keys. */
function emptyDecisions({ books }: VoteRoom, network: string): StoredDecision[] {
  const open = loadDecisions(books, network).filter(({ decision }) => decision.decided === null && decision.votes.length > 0)
  const emptied = open.map(stored => ({ ...stored, decision: { ...stored.decision, votes: [] }, changedTs: books.now() }))
  saveDecisions(books, network, emptied)
  return emptied
}

async function signVote(
  room: VoteRoom,
  { network, text, keyId, confirmed }: { network: string; text: string; keyId: string; confirmed: boolean },
  once: Once,
): Promise<{ vote: string }> {
  onShown(room, network)
  const { bytes, bases } = oneStatement(text)
  const ready = readyToSign(room, { bytes, bases, keyId, confirmed })
  const vote = await signWith(room, keyId, ready)
  const { subject } = vote.statement
  return once(`vote of ${ready.signer.name} on ${subjectText(subject)} (network ${network})`, () => {
    keep(room, network, vote, ready.basis)
    return { vote: voteText(vote.bytes) }
  }) as { vote: string }
}

/** Signs many statements of one signer: all of them, or none where one is refused. Rejects as for one; usage where they are not as shown. */
async function signVotes(
  room: VoteRoom,
  { network, text, keyId, confirmed, count: shown, sumUnits }: z.output<(typeof voteCommands)['votes.signMany']['in']>,
  once: Once,
): Promise<{ votes: string[] }> {
  onShown(room, network)
  const { hash } = room.signers()
  const { items, bases, problems } = readVotesText(text)
  if (problems[0]) throw refused(problems[0].reason, problems[0].message)
  const ready: Ready[] = []
  for (const [at, { bytes }] of items.entries()) {
    if (at % CHECKED_AT_ONCE === CHECKED_AT_ONCE - 1) await breathe()
    ready.push(readyToSign(room, { bytes: bytes.slice(0, STATEMENT_BYTES), bases, keyId, confirmed }))
  }
  const subjects = new Set(ready.map(({ statement }) => subjectKey(statement.subject)))
  const total = sumOf(ready.map(({ statement }) => statement))
  const [first] = ready
  if (!first || items.length !== shown || total !== sumUnits || subjects.size !== items.length)
    throw new AppError(
      'usage',
      `There are ${items.length} statements on ${subjects.size} subjects over ${amountText(total)}, and ${shown} over ${amountText(sumUnits)} were shown. Nothing was signed. Look at them again.`,
    )
  const votes: Vote[] = []
  for (const [at, one] of ready.entries()) {
    if (at % CHECKED_AT_ONCE === CHECKED_AT_ONCE - 1) await breathe()
    votes.push(await signWith(room, keyId, one))
  }
  const what = `${votes.length} votes of ${first.signer.name} over ${amountText(total)} (network ${network})`
  return once(what, () => {
    refuseChanged(room, hash)
    for (const [at, vote] of votes.entries()) keep(room, network, vote, ready[at]!.basis)
    return { votes: votes.map(({ bytes }) => voteText(bytes)) }
  }) as { votes: string[] }
}

/** A statement that may be signed, by whom, and what it rests on. */
interface Ready {
  bytes: Uint8Array
  statement: VoteStatement
  signer: VoteSigner
  basis: Basis | null
}

/** Throws AppError vote.refused where a statement is not to be signed with this key. */
function readyToSign(
  room: VoteRoom,
  { bytes, bases, keyId, confirmed }: { bytes: Uint8Array; bases: ReadonlyMap<string, Basis>; keyId: string; confirmed: boolean },
): Ready {
  const { network, set } = room.signers()
  const statement = decodeStatement(bytes)
  const signer = authorise(statement, set)
  const executed = room.subjects.executed(network, statement.subject)
  if (executed !== '') throw refused('executed', `The voting on ${subjectText(statement.subject)} is over: ${executed} Nothing was signed.`)
  if (!room.keysFor(signer).some(found => found.keyId === keyId))
    throw refused(
      'other-key',
      `This statement is for the signer "${signer.name}" (${keyName(signer)}), and the chosen key is another. Nothing was signed. Choose that signer's key.`,
    )
  const basis = basisFor(room, statement, bases)
  const why = whyConfirm(room, statement, basis)
  if (why !== null && !confirmed)
    throw refused(
      'single-word',
      `Signing this takes an extra confirmation: ${why}. Nothing was signed. Confirm it (on the command line --on-one-word) if you know better.`,
    )
  return { bytes, statement, signer, basis }
}

async function signWith(room: VoteRoom, keyId: string, { bytes, signer }: Ready): Promise<Vote> {
  const signature = room.keys.signWith(keyId, bytes)
  if (!(await verifies(signer, bytes, signature)))
    throw new AppError('internal', 'The signature that the vault made does not fit its key. Nothing was kept.')
  return readVote(Buffer.concat([bytes, signature]))
}

/** Whoever calls it holds the transaction. */
function keep(room: VoteRoom, network: string, vote: Vote, basis: Basis | null): void {
  // it may have been cast elsewhere meanwhile
  put(room, network, vote)
  if (basis) saveBasis(room.books, basisHash(basis), basis)
}

/** Throws AppError store.busy where the signers are others by now. */
function refuseChanged(room: VoteRoom, hash: string): void {
  if (signersHash(room.signers().set) !== hash)
    throw new AppError('store.busy', 'The signers were changed while the votes were being checked. Nothing was taken. Do it again.', {
      retryable: true,
    })
}

/**
 * Takes over every vote of a text that can count on this network, with what it rests on; the others are refused one by one, with the line
 * and the reason. The same votes in any order and as often as one likes leave the same state.
 */
async function importVotes(room: VoteRoom, network: string, text: string, once: Once): Promise<VoteImport> {
  onShown(room, network)
  const { books } = room
  const { set, hash } = room.signers()
  const { items, bases, problems } = readVotesText(text)
  const refusals: VoteImport['refused'] = problems.map(problem => ({ ...problem }))
  const good: Vote[] = []
  for (const [at, { line, kind, bytes }] of items.entries()) {
    if (at % CHECKED_AT_ONCE === CHECKED_AT_ONCE - 1) await breathe()
    try {
      if (kind === 'statement') decodeStatement(bytes)
      const read = readVote(bytes)
      const isThere = Buffer.from(bytes).equals(loadVote(books, network, placeOf(read)) ?? Buffer.alloc(0))
      good.push(isThere && read.statement.signersHash === hash ? read : await verifyVote(bytes, set))
    } catch (error) {
      const { code, message, details } = toAppError(error)
      if (code !== 'vote.refused') throw error
      refusals.push({ line, reason: voteRefusalSchema.catch('damaged').parse(details.reason), message })
    }
  }
  refusals.sort((a, b) => a.line - b.line)
  return once(`votes of network ${network}: ${good.length} to take, ${refusals.length} refused`, () => {
    refuseChanged(room, hash)
    let added = 0
    for (const vote of good) {
      if (put(room, network, vote)) added++
      const basis = bases.get(vote.statement.basisHash ?? '')
      if (basis) saveBasis(books, vote.statement.basisHash ?? '', basis)
    }
    return { added, unchanged: good.length - added, refused: refusals }
  }) as VoteImport
}

/** Whether a vote took its place: not where the signer's later one is there. Whoever calls it holds the transaction. */
function put({ books }: VoteRoom, network: string, vote: Vote): boolean {
  const place = placeOf(vote)
  const before = loadVote(books, network, place)
  if (before && !isLater(vote, readVote(before))) return false
  putVote(books, network, place, vote.statement.castTs, vote.bytes)
  return true
}

function placeOf({ statement }: Pick<Vote, 'statement'>): VotePlace {
  return { signersHash: statement.signersHash, subject: subjectKey(statement.subject), signer: keyName(statement.signer) }
}

/**
 * Hands the votes on mints to their triggers: where M signers agree on a mint as it is here, it is decided. To be called whenever votes,
 * signers, mints or the minting rules may have changed. Gives how many mints were newly decided.
 */
export function settleVotes(room: VoteRoom): number {
  const { books, mints } = room
  const network = mints.network()
  if (network === null || books.mode === 'read' || !loadSignerSet(books, network)) return 0
  const config = room.config()
  if (config.rules === 'v3' || !takesVotes(config)) return 0
  const decisions = mints.decisions()
  const changed: StoredDecision[] = []
  let decided = 0
  for (const { subject, votes } of room.votes().values()) {
    if (subject.rules === 'v3') continue
    const { nodeId, start, attempt } = subject
    const ofNode = decisions.get(nodeId) ?? []
    const before = ofNode.find(({ startTs }) => startTs === start)?.decision ?? undecided
    if (before.decided || attempt !== before.payments.length + 1) continue
    const mint = nodeMint(mints.active().store, nodeId, start)
    if (!mint || overlapping(mint, ofNode)) continue
    const own = room.subjects.own(network, subject).choice
    if (!own) continue
    // a vote on the mint as it was before it was worked out anew, or by other options, is about another amount
    const isAboutIt = ({ statement }: Vote) => choiceKey({ ...statement, amountUnits: own.amountUnits }) === choiceKey(own)
    const cast = room
      .count(subject, votes)
      .rows.filter(({ vote }) => vote !== null && isAboutIt(vote))
      .map(({ signer, vote }) => ({ signer: signer.name, amountUnits: vote!.statement.amountUnits, ts: vote!.statement.castTs }))
    const now = books.now()
    const result = applyAction(config, { id: mint.hash, rewardUnits: mint.rewardUnits }, before, { kind: 'votes', votes: cast }, now)
    if ('refused' in result || JSON.stringify(result.decision, big) === JSON.stringify(before, big)) continue
    if (result.decision.decided) decided++
    changed.push({ nodeId, startTs: start, mintId: mint.hash, decision: result.decision, kept: keptOf(mint), changedTs: now })
  }
  if (changed.length === 0) return 0
  writeTransaction(books.books, 'books.db', () => saveDecisions(books, network, changed))
  mints.decided(changed)
  return decided
}

const big = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value)
