import { createHash } from 'node:crypto'
import { setImmediate as breathe } from 'node:timers/promises'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import { MAX_UNITS, sumUnits } from '../../src-shared/money.ts'
import { cleanName } from '../../src-shared/text.ts'
import { formatUtc } from '../../src-shared/time.ts'
import { type Basis, basisText, singleWord } from '../../src-shared/verify.ts'
import { amountText, choiceText, subjectText, voteFields } from '../../src-shared/vote-text.ts'
import {
  isVotable,
  STATEMENT_BYTES,
  type VoteChoice,
  type VoteReview,
  type VoteStatement,
  type VotesReview,
} from '../../src-shared/votes-contract.ts'
import { parsePayouts } from '../engines/compare/proposal.ts'
import { basisHash, basisLine } from '../signing/votes/basis.ts'
import { signerOf } from '../signing/votes/signers.ts'
import { choiceKey, decodeStatement, encodeStatement, keyName, refused, statementHash, subjectKey } from '../signing/votes/statement.ts'
import { readVotesText, statementText } from '../signing/votes/text.ts'
import { authorise } from '../signing/votes/verify.ts'
import { loadBasis } from '../store/votes.ts'
import type { Parsed } from './queries.ts'
import type { VoteAnswers, VoteRoom } from './votes.ts'

/** A vote further ahead of this machine's clock than this is worth a word. */
const CLOCKS_APART_SEC = 600

/** What is shown before a signature. All of it is read from the bytes that will be signed. */
export function createVoteReviews(room: VoteRoom): Pick<VoteAnswers, 'votes.prepare' | 'votes.prepareMany' | 'votes.review'> {
  return {
    'votes.prepare': input => {
      const statement = prepare(room, input)
      const basis = room.subjects.basis(statement.subject)
      return reviewOf(room, encodeStatement(statement), basis)
    },
    'votes.prepareMany': ask => reviewMany(room, ask),
    'votes.review': ({ text }) => {
      const { bytes, bases } = oneStatement(text)
      return reviewOf(room, bytes, bases)
    },
  }
}

/** Statements looked at in one go before others get their turn. */
const LOOKED_AT_ONCE = 20

/** Statements of one signer for what Granary works out; what can't be voted on is left out with the reason. Rejects as for one. */
async function reviewMany(room: VoteRoom, { subjects, signer }: Parsed<'votes.prepareMany'>): Promise<VotesReview> {
  const { network, set } = room.signers()
  const reviews: VoteReview[] = []
  const left: VotesReview['left'] = []
  const basisLines = new Set<string>()
  const unique = new Map(subjects.map(subject => [subjectKey(subject), subject]))
  let looked = 0
  for (const subject of unique.values()) {
    if (++looked % LOOKED_AT_ONCE === 0) await breathe()
    try {
      const statement = prepare(room, { subject, signer })
      reviews.push(reviewOf(room, encodeStatement(statement), room.subjects.basis(subject)))
    } catch (error) {
      const { code, message, details } = toAppError(error)
      if (code !== 'vote.refused' || (details.reason !== 'executed' && details.reason !== 'nothing')) throw error
      left.push({ subject, why: message })
    }
  }
  const lines = reviews.map(({ text }) => {
    const [line = '', ...rests] = text.split('\n')
    for (const rest of rests) basisLines.add(rest)
    return line
  })
  const bytes = Buffer.concat(reviews.map(({ statement }) => encodeStatement(statement)))
  return {
    text: [...lines, ...basisLines].join('\n'),
    hash: statementHash(bytes),
    network,
    signerName: signerOf(set, signer)?.name ?? '',
    count: reviews.length,
    sumUnits: sumUnits(reviews.map(({ statement }) => statement)),
    rows: reviews.map(({ statement: { subject, options, planHash, amountUnits } }) => ({ subject, options, planHash, amountUnits })),
    warnings: reviews.flatMap(({ statement, warnings }) => warnings.map(text => `${subjectText(statement.subject)}: ${text}`)),
    basis: [...new Set(reviews.flatMap(({ basis }) => basis))],
    singleWord: reasonsOf(reviews),
    left,
    keys: room.keysFor(signer).map(({ keyId, name }) => ({ keyId, name })),
  }
}

/** `it all comes from the one file x (12 of 14)` */
function reasonsOf(reviews: readonly VoteReview[]): string | null {
  const counts = new Map<string, number>()
  for (const { singleWord: why } of reviews) if (why !== null) counts.set(why, (counts.get(why) ?? 0) + 1)
  if (counts.size === 0) return null
  return [...counts].map(([why, count]) => `${why} (${count} of ${reviews.length})`).join('; ')
}

/** A signer's statement on a subject, as it is asked for. Throws AppError vote.refused, usage, archive.format. */
function prepare(room: VoteRoom, { subject, signer, amountUnits, payouts }: Parsed<'votes.prepare'>): VoteStatement {
  const { network, set, hash } = room.signers()
  if (!signerOf(set, signer))
    throw refused(
      'unauthorised',
      `The key ${signer.kind} 0x${signer.publicKey} is none of the signers of network "${network}". Ask the operator to add it.`,
    )
  const executed = room.subjects.executed(network, subject)
  if (executed !== '') throw refused('executed', `The voting on ${subjectText(subject)} is over: ${executed} Nothing was made.`)
  const own = room.subjects.own(network, subject)
  let choice: VoteChoice | null = own.choice
  if (payouts !== undefined) choice = proposed(room, { subject, payouts })
  if (!choice) throw refused('nothing', 'why' in own ? own.why : 'There is nothing to vote on.')
  if (amountUnits !== undefined) {
    if (!isVotable(amountUnits))
      throw new AppError('usage', `${amountText(amountUnits)} can't be paid. Enter an amount above 0 and up to ${amountText(MAX_UNITS)}.`, {
        details: { field: 'amountUnits' },
      })
    if (subject.rules === 'v3' && amountUnits !== choice.amountUnits)
      throw new AppError(
        'usage',
        `The amount of a period is the sum of its payouts, ${amountText(choice.amountUnits)}. Vote for another payouts.csv instead.`,
        {
          details: { field: 'amountUnits' },
        },
      )
  }
  const basis = room.subjects.basis(subject)
  const last = room
    .votes()
    .get(subjectKey(subject))
    ?.votes.find(vote => keyName(vote.statement.signer) === keyName(signer))
  return {
    ...choice,
    amountUnits: amountUnits ?? choice.amountUnits,
    genesis: set.genesis,
    signersHash: hash,
    subject,
    basisHash: basis && basisHash(basis),
    // a clock that was set back must not make a new vote older than the one before
    castTs: Math.max(room.books.now(), last ? last.statement.castTs + 1 : 0),
    signer: { kind: signer.kind, publicKey: signer.publicKey },
  }
}

/** The plan that a payouts.csv is, byte by byte. */
function proposed(room: VoteRoom, { subject, payouts }: { subject: VoteStatement['subject']; payouts: string }): VoteChoice {
  if (subject.rules !== 'v3')
    throw new AppError('usage', 'A payouts.csv is the plan of a fixed period by rule set v3. Leave it out for a mint by node-period.')
  const amountUnits = sumUnits(parsePayouts('payouts.csv', payouts).map(({ units }) => ({ amountUnits: units })))
  if (!isVotable(amountUnits)) throw refused('nothing', 'This payouts.csv pays nothing, so there is nothing to vote on.')
  const { network } = room.signers()
  const own = room.subjects.own(network, subject).choice
  return {
    options: own?.options ?? { rules: 'v3', resources: 'latest' },
    planHash: createHash('sha256').update(payouts, 'utf8').digest('hex'),
    amountUnits,
  }
}

/** The one statement in a text, a vote's too. Throws AppError vote.refused, usage. */
export function oneStatement(text: string): { bytes: Uint8Array; bases: ReadonlyMap<string, Basis> } {
  const { items, bases, problems } = readVotesText(text)
  const [item, second] = items
  if (!item && problems[0]) throw refused(problems[0].reason, problems[0].message)
  if (!item || second)
    throw new AppError(
      'usage',
      `There ${second ? 'is more than one vote' : 'is no vote'} in this text. Give one, which is one line that begins with grv1: or grs1:.`,
    )
  return { bytes: item.bytes.slice(0, STATEMENT_BYTES), bases }
}

/** What there is to think about a statement's bytes. Throws AppError vote.refused where it can't count here at all. */
function reviewOf(room: VoteRoom, bytes: Uint8Array, told: ReadonlyMap<string, Basis> | Basis | null): VoteReview {
  const { network, set } = room.signers()
  const statement = decodeStatement(bytes)
  const signer = authorise(statement, set)
  const basis = basisFor(room, statement, told)
  const text = statementText(bytes)
  return {
    text: basis ? `${text}\n${basisLine(basis)}` : text,
    hash: statementHash(bytes),
    statement,
    network,
    signerName: signer.name,
    fields: voteFields(statement, { network, signerName: signer.name, threshold: set.threshold, signers: set.signers.length }),
    warnings: warningsOf(room, statement),
    basis: basis ? basisText(basis) : [],
    singleWord: whyConfirm(room, statement, basis),
    keys: room.keysFor(signer).map(({ keyId, name }) => ({ keyId, name })),
  }
}

/** What a statement rests on, if it is known by its hash: from this machine's own data, from what came along, from the books. */
export function basisFor(room: VoteRoom, statement: VoteStatement, told: ReadonlyMap<string, Basis> | Basis | null): Basis | null {
  const { basisHash: hash, subject } = statement
  if (hash === null) return null
  const fits = (basis: Basis | null | undefined): basis is Basis => !!basis && basisHash(basis) === hash
  const own = room.subjects.basis(subject)
  if (fits(own)) return own
  const given = told instanceof Map ? told.get(hash) : (told as Basis | null)
  return fits(given) ? given : loadBasis(room.books, hash)
}

/** Why signing it takes an extra confirmation: it would be on the word of one only. Null: it would not. */
export function whyConfirm(room: VoteRoom, statement: VoteStatement, basis: Basis | null): string | null {
  const { network } = room.signers()
  const own = room.subjects.own(network, statement.subject)
  if (!own.choice) return `it is the word of whoever prepared it: ${own.why.charAt(0).toLowerCase()}${own.why.slice(1).replace(/\.$/, '')}`
  if (choiceKey(own.choice) !== choiceKey(statement))
    return `it is not what Granary works out here, which is ${choiceText(own.choice)}: it is the word of whoever proposed it`
  return basis ? singleWord(basis) : 'what it rests on is not known here'
}

function warningsOf(room: VoteRoom, statement: VoteStatement): string[] {
  const { network } = room.signers()
  const { subject, amountUnits, castTs, signer } = statement
  const warnings: string[] = []
  const executed = room.subjects.executed(network, subject)
  if (executed !== '') warnings.push(`The voting on ${subjectText(subject)} is over: ${executed} This vote would count for nothing.`)
  const own = room.subjects.own(network, subject)
  if (own.choice && choiceKey(own.choice) !== choiceKey(statement)) {
    const nothing = room.config().trigger === 'verified-amount' ? ' On this network a vote that differs counts for nothing.' : ''
    const same = own.choice.amountUnits === amountUnits ? ' The amount is the same, the plan or the options are not.' : ''
    warnings.push(`Granary works out ${choiceText(own.choice)}.${same}${nothing}`)
  }
  const votes = room.votes().get(subjectKey(subject))?.votes ?? []
  const before = votes.find(vote => keyName(vote.statement.signer) === keyName(signer))
  if (before && before.statement.castTs >= castTs)
    warnings.push('A later vote of this signer is here already, so this one would not count.')
  else if (before)
    warnings.push(`It takes the place of this signer's vote for ${choiceText(before.statement)} of ${formatUtc(before.statement.castTs)}.`)
  const others = votes.filter(vote => vote !== before)
  const other = room.count(subject, others).outcomes.find(({ choice }) => choiceKey(choice) !== choiceKey(statement))
  if (other) warnings.push(`Others voted for ${choiceText(other.choice)}: ${other.signers.map(({ name }) => cleanName(name)).join(', ')}.`)
  if (castTs > room.books.now() + CLOCKS_APART_SEC)
    warnings.push(`Its time, ${formatUtc(castTs)}, is ahead of this machine's clock. One of the two clocks is wrong.`)
  return warnings
}
