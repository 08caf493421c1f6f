import { createHash } from 'node:crypto'
import { AppError } from '../../../src-shared/errors.ts'
import { MAX_UNITS } from '../../../src-shared/money.ts'
import { periodAt } from '../../../src-shared/time.ts'
import {
  STATEMENT_BYTES,
  type VoteKey,
  type VoteOptions,
  type VoteRefusal,
  type VoteStatement,
  type VoteSubject,
} from '../../../src-shared/votes-contract.ts'

/*
 * The canonical form of a vote, version 1: 210 bytes, integers big-endian. These bytes are what is signed, nothing around them.
 *
 *   0  12  "GRANARY-VOTE", so that a signature on it can be taken for nothing else
 *  12   1  version, 1
 *  13  32  genesis: hash of the chain's block 0
 *  45  32  hash of the signer set and M (signers.ts)
 *  77   1  rule set: 1 v3, 2 node-period
 *  78   1  v3: resources, 0 latest, 1 minimum; node-period: carbon offset, 0 off, 1 on
 *  79   4  node-period: the fixed period that it counts first; 2^32-1: none, and under v3
 *  83   4  v3: the period's index; node-period: the node's id
 *  87   8  when that period began, seconds
 *  95   2  v3: 0; node-period: the attempt, from 1
 *  97  32  plan hash: v3 SHA-256 of payouts.csv, node-period the mint's id
 * 129   8  amount in units of 1e-7 TFT, 1 to 2^63-1
 * 137   8  when it was cast, seconds: of a signer's votes on a subject the latest counts
 * 145  32  hash of what it rests on (basis.ts); zeros: nothing was said
 * 177   1  the signer's kind of key: 1 sr25519, 2 ed25519
 * 178  32  the signer's public key
 */

const TAG = Buffer.from('GRANARY-VOTE', 'ascii')
const VERSION = 1
const RULES = { v3: 1, 'node-period': 2 } as const
const KINDS = { sr25519: 1, ed25519: 2 } as const
const NO_PERIOD = 0xffff_ffff
const NOTHING = '0'.repeat(64)

/** The bytes that a signer signs. Throws AppError internal for members that no statement can have. */
export function encodeStatement(statement: VoteStatement): Buffer {
  const { genesis, signersHash, subject, options, planHash, amountUnits, basisHash, castTs, signer } = statement
  const bytes = Buffer.alloc(STATEMENT_BYTES)
  TAG.copy(bytes)
  bytes[12] = VERSION
  bytes.write(genesis, 13, 'hex')
  bytes.write(signersHash, 45, 'hex')
  bytes[77] = RULES[subject.rules]
  bytes[78] = options.rules === 'v3' ? Number(options.resources === 'minimum') : Number(options.carbon)
  bytes.writeUInt32BE(options.rules === 'v3' ? NO_PERIOD : (options.firstNodePeriod ?? NO_PERIOD), 79)
  bytes.writeUInt32BE(subject.rules === 'v3' ? subject.period : subject.nodeId, 83)
  bytes.writeBigUInt64BE(BigInt(startOf(subject)), 87)
  bytes.writeUInt16BE(subject.rules === 'v3' ? 0 : subject.attempt, 95)
  bytes.write(planHash, 97, 'hex')
  bytes.writeBigUInt64BE(amountUnits, 129)
  bytes.writeBigUInt64BE(BigInt(castTs), 137)
  bytes.write(basisHash ?? NOTHING, 145, 'hex')
  bytes[177] = KINDS[signer.kind]
  bytes.write(signer.publicKey, 178, 'hex')
  // a member that was cut or left out would be another statement than the one that was meant
  const read = decodeStatement(bytes)
  if (options.rules !== subject.rules || !isSame(read, statement))
    throw new AppError('internal', 'A vote could not be put into its bytes: a member does not fit. Nothing was signed.')
  return bytes
}

/** What the bytes say. Throws AppError vote.refused: version, not-canonical, damaged; every statement has one form only. */
export function decodeStatement(bytes: Uint8Array): VoteStatement {
  const b = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (b.length < TAG.length + 1 || !b.subarray(0, TAG.length).equals(TAG))
    throw refused('damaged', 'This is no vote of Granary. Ask its signer to export it again.')
  if (b[12] !== VERSION)
    throw refused('version', `This vote has form ${b[12]}, and this Granary knows form ${VERSION}. Update Granary, then import it again.`)
  if (b.length !== STATEMENT_BYTES)
    throw refused('damaged', 'This vote is cut or has something behind it. Ask its signer to export it again.')
  const rules = nameOf(RULES, b[77], 'rule set')
  const flag = b[78]!
  if (flag > 1) throw contradicts('an option of the rule set')
  const first = b.readUInt32BE(79)
  const id = b.readUInt32BE(83)
  const start = wholeNumber(b.readBigUInt64BE(87), 'start of the period')
  const attempt = b.readUInt16BE(95)
  const amountUnits = b.readBigUInt64BE(129)
  if (amountUnits < 1n || amountUnits > MAX_UNITS) throw contradicts('amount')
  let subject: VoteSubject
  let options: VoteOptions
  if (rules === 'v3') {
    if (id > 1_000_000 || start !== periodAt(id).start || attempt !== 0 || first !== NO_PERIOD) throw contradicts('period')
    subject = { rules, period: id }
    options = { rules, resources: flag === 1 ? 'minimum' : 'latest' }
  } else {
    if (attempt === 0) throw contradicts('attempt')
    if (first === 0) throw contradicts('first period')
    subject = { rules, nodeId: id, start, attempt }
    options = { rules, carbon: flag === 1, firstNodePeriod: first === NO_PERIOD ? null : first }
  }
  const basisHash = b.toString('hex', 145, 177)
  return {
    genesis: b.toString('hex', 13, 45),
    signersHash: b.toString('hex', 45, 77),
    subject,
    options,
    planHash: b.toString('hex', 97, 129),
    amountUnits,
    basisHash: basisHash === NOTHING ? null : basisHash,
    castTs: wholeNumber(b.readBigUInt64BE(137), 'time'),
    signer: { kind: nameOf(KINDS, b[177], 'kind of key'), publicKey: b.toString('hex', 178, 210) },
  }
}

/** SHA-256 of a statement's bytes, hex. */
export function statementHash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Names a subject: equal where subjects are. */
export function subjectKey(subject: VoteSubject): string {
  return subject.rules === 'v3' ? `v3 ${subject.period}` : `node-period ${subject.nodeId} ${subject.start} ${subject.attempt}`
}

/** When the period that is voted on began, seconds. */
export function startOf(subject: VoteSubject): number {
  return subject.rules === 'v3' ? periodAt(subject.period).start : subject.start
}

/** Names a key: equal where keys are. */
export function keyName({ kind, publicKey }: VoteKey): string {
  return `${kind}:${publicKey}`
}

export function refused(reason: VoteRefusal, message: string): AppError {
  return new AppError('vote.refused', message, { details: { reason } })
}

function contradicts(what: string): AppError {
  return refused(
    'not-canonical',
    `The ${what} in this vote can't be. It was not made by Granary, or was altered. Ask its signer for another.`,
  )
}

function nameOf<Name extends string>(table: Record<Name, number>, code: number | undefined, what: string): Name {
  const found = (Object.keys(table) as Name[]).find(name => table[name] === code)
  if (found === undefined) throw contradicts(what)
  return found
}

function wholeNumber(value: bigint, what: string): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw contradicts(what)
  return Number(value)
}

function isSame(a: VoteStatement, b: VoteStatement): boolean {
  return (
    a.genesis === b.genesis &&
    a.signersHash === b.signersHash &&
    subjectKey(a.subject) === subjectKey(b.subject) &&
    choiceKey(a) === choiceKey(b) &&
    a.basisHash === b.basisHash &&
    a.castTs === b.castTs &&
    keyName(a.signer) === keyName(b.signer)
  )
}

/** Names what is voted for: votes agree where it is equal. */
export function choiceKey({ options, planHash, amountUnits }: Pick<VoteStatement, 'options' | 'planHash' | 'amountUnits'>): string {
  const how = options.rules === 'v3' ? `v3 ${options.resources}` : `node-period ${options.carbon} ${options.firstNodePeriod}`
  return `${how} ${planHash} ${amountUnits}`
}
