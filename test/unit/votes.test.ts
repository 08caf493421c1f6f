import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { keyProblems, signersHash } from '../../src-main/signing/votes/signers.ts'
import { decodeStatement, encodeStatement } from '../../src-main/signing/votes/statement.ts'
import { tally } from '../../src-main/signing/votes/tally.ts'
import { readVotesText, statementText } from '../../src-main/signing/votes/text.ts'
import { readVote, verifyVote } from '../../src-main/signing/votes/verify.ts'
import { AppError } from '../../src-shared/errors.ts'
import { MAX_UNITS } from '../../src-shared/money.ts'
import { STATEMENT_BYTES, VOTE_BYTES, VOTE_TEXT_CHARS, type VoteStatement } from '../../src-shared/votes-contract.ts'
import { ann, bob, cast, cleo, eve, labGenesis, labSet, plain, statementOf, testSigner, voteBytes } from '../helpers/votes.ts'

async function reasonOf(work: () => unknown): Promise<unknown> {
  try {
    await work()
  } catch (error) {
    if (error instanceof AppError && error.code === 'vote.refused') return error.details.reason
    throw error
  }
  return 'taken'
}

const mint: Partial<VoteStatement> = {
  subject: { rules: 'node-period', nodeId: 17, start: 1_732_971_410, attempt: 2 },
  options: { rules: 'node-period', carbon: true, firstNodePeriod: 90 },
}

test('the bytes of a statement are those that are documented', () => {
  const bytes = encodeStatement(statementOf(ann, { ...mint, basisHash: '22'.repeat(32), amountUnits: MAX_UNITS }))
  expect(bytes.length).toBe(STATEMENT_BYTES)
  expect(bytes.toString('latin1', 0, 12)).toBe('GRANARY-VOTE')
  expect(bytes.toString('hex', 12, 45)).toBe(`01${labGenesis}`)
  expect(bytes.toString('hex', 45, 77)).toBe(signersHash(labSet))
  expect(bytes.toString('hex', 77, 97)).toBe('02010000005a' + '00000011' + '00000000674b0b92' + '0002')
  expect(bytes.toString('hex', 97, 129)).toBe('11'.repeat(32))
  expect(bytes.toString('hex', 129, 145)).toBe('7fffffffffffffff' + '000000006553f100')
  expect(bytes.toString('hex', 145, 177)).toBe('22'.repeat(32))
  expect(bytes.toString('hex', 177)).toBe(`01${ann.publicKey}`)
})

test('the hash of the signers takes in number, M and keys, and neither names nor order', () => {
  const { signers } = labSet
  const head = Buffer.from('GRANARY-SIGNERS\x01\0\0\0\x01\0\x02\0\x03', 'latin1')
  const keys = [`01${ann.publicKey}`, `01${cleo.publicKey}`].sort().concat(`02${bob.publicKey}`)
  expect(signersHash(labSet)).toBe(
    createHash('sha256')
      .update(head)
      .update(Buffer.from(keys.join(''), 'hex'))
      .digest('hex'),
  )
  expect(signersHash({ ...labSet, signers: [...signers].reverse().map((signer, i) => ({ ...signer, name: `n${i}` })) })).toBe(
    signersHash(labSet),
  )
  const others = [
    { ...labSet, serial: 2 },
    { ...labSet, threshold: 3 },
    { ...labSet, signers: signers.slice(1) },
    { ...labSet, signers: [...signers.slice(1), plain(eve)] },
    { ...labSet, signers: signers.map(signer => ({ ...signer, kind: 'sr25519' as const })) },
  ]
  expect(new Set([labSet, ...others].map(signersHash)).size).toBe(6)
})

test('a vote as text has the length that is promised, and only one form', () => {
  const text = cast(bob)
  expect(text.length).toBe(VOTE_TEXT_CHARS)
  const read = readVotesText(`# a remark\r\n\r\n  ${text}  \n${statementText(encodeStatement(statementOf(ann)))}`)
  expect(read.problems).toEqual([])
  expect(read.items.map(({ line, kind }) => [line, kind])).toEqual([
    [3, 'vote'],
    [4, 'statement'],
  ])
  for (const other of [`${text}=`, `${text}A`, text.slice(0, -1), text.replace('grv1:', 'grv1: ')])
    expect(readVotesText(other).problems[0]?.reason).toBe('damaged')
  expect(readVotesText(text.replace('grv1', 'grv2')).problems[0]?.reason).toBe('version')
  expect(readVotesText(text.replace('grv1', 'grs1')).problems[0]?.reason).toBe('damaged')
})

test('sr25519 and ed25519 votes of signers are taken', async () => {
  for (const signer of [ann, bob, cleo]) {
    const vote = await verifyVote(voteBytes(signer, mint), labSet)
    expect(vote.statement).toEqual(statementOf(signer, mint))
  }
})

test('forged, replayed, foreign and unauthorised votes are refused, each with its reason', async () => {
  const bytes = voteBytes(ann)
  const altered = (at: number, value: number) => {
    const other = Uint8Array.from(bytes)
    other[at] = value
    return other
  }
  const withSignatureOf = (from: Uint8Array, statement: VoteStatement) =>
    Uint8Array.from([...encodeStatement(statement), ...from.subarray(STATEMENT_BYTES)])
  const refused = (vote: Uint8Array, set = labSet) => reasonOf(() => verifyVote(vote, set))
  expect(await refused(altered(140, 9))).toBe('forged')
  expect(await refused(altered(VOTE_BYTES - 2, 9))).toBe('forged')
  // the signature of another period, mint, amount, plan, option or signer
  expect(await refused(withSignatureOf(bytes, statementOf(ann, { subject: { rules: 'v3', period: 81 } })))).toBe('forged')
  expect(await refused(withSignatureOf(bytes, statementOf(ann, mint)))).toBe('forged')
  expect(await refused(withSignatureOf(bytes, statementOf(ann, { amountUnits: 1n })))).toBe('forged')
  expect(await refused(withSignatureOf(bytes, statementOf(ann, { planHash: '12'.repeat(32) })))).toBe('forged')
  expect(await refused(withSignatureOf(bytes, statementOf(ann, { options: { rules: 'v3', resources: 'minimum' } })))).toBe('forged')
  expect(await refused(withSignatureOf(bytes, statementOf(cleo)))).toBe('forged')
  expect(await refused(voteBytes({ ...eve, kind: ann.kind, publicKey: ann.publicKey }))).toBe('forged')
  // whole votes of another place
  expect(await refused(voteBytes(ann, { genesis: 'cd'.repeat(32) }))).toBe('foreign-network')
  expect(await refused(bytes, { ...labSet, serial: 2 })).toBe('old-signers')
  expect(await refused(bytes, { ...labSet, threshold: 3 })).toBe('old-signers')
  expect(await refused(bytes, { ...labSet, signers: labSet.signers.slice(1) })).toBe('old-signers')
  expect(await refused(voteBytes(eve))).toBe('unauthorised')
  // ed25519's key as if it were one of sr25519
  expect(await refused(voteBytes({ ...bob, kind: 'sr25519' }))).toBe('unauthorised')
  expect(await refused(altered(12, 2))).toBe('version')
  expect(await refused(altered(0, 0))).toBe('damaged')
  expect(await refused(bytes.subarray(0, STATEMENT_BYTES))).toBe('not-signed')
})

test('members that contradict each other are refused', async () => {
  const bytes = encodeStatement(statementOf(ann))
  const refused = (at: number, ...values: number[]) =>
    reasonOf(() => {
      const other = Buffer.from(bytes)
      Buffer.from(values).copy(other, at)
      decodeStatement(other)
    })
  expect(await refused(77, 3)).toBe('not-canonical') // rule set
  expect(await refused(78, 2)).toBe('not-canonical') // option
  expect(await refused(79, 0)).toBe('not-canonical') // a first node period under v3
  expect(await refused(90, 1)).toBe('not-canonical') // another start than the period's
  expect(await refused(96, 1)).toBe('not-canonical') // an attempt under v3
  expect(await refused(129, 0x80)).toBe('not-canonical') // more than an amount can be
  expect(await refused(129, 0, 0, 0, 0, 0, 0, 0, 0)).toBe('not-canonical') // nothing
  expect(await refused(137, 0xff)).toBe('not-canonical') // the time
  expect(await refused(177, 0)).toBe('not-canonical') // the kind of key
  expect(() => encodeStatement(statementOf(ann, { amountUnits: 0n }))).toThrow(AppError)
  expect(() => encodeStatement(statementOf(ann, { planHash: '11' }))).toThrow(AppError)
})

test('a key that anybody could sign for is no signer, nor is one key for two', async () => {
  const weak = ['00'.repeat(32), `01${'00'.repeat(31)}`].map(publicKey => ({ name: 'W', kind: 'ed25519' as const, publicKey }))
  for (const signer of weak) expect(await keyProblems({ signers: [signer] })).toHaveLength(1)
  expect(await keyProblems({ signers: [{ name: 'Z', kind: 'sr25519', publicKey: '00'.repeat(32) }] })).toHaveLength(1)
  expect(await keyProblems({ signers: [plain(ann), { ...plain(ann), name: 'Ann too' }] })).toHaveLength(1)
  expect(await keyProblems(labSet)).toEqual([])
})

const own = { options: { rules: 'v3', resources: 'latest' }, planHash: '11'.repeat(32), amountUnits: 12_345n } as const
const votesOf = (...all: Uint8Array[]) => all.map(bytes => readVote(bytes))

test('M equal votes agree: equal in amount, plan and options', () => {
  const differing: Partial<VoteStatement>[] = [
    { amountUnits: 1n },
    { planHash: '12'.repeat(32) },
    { options: { rules: 'v3', resources: 'minimum' } },
  ]
  for (const change of differing)
    expect(tally(labSet, votesOf(voteBytes(ann), voteBytes(bob, change)), false, null).agreed, JSON.stringify(Object.keys(change))).toBe(
      null,
    )
  const { agreed, outcomes } = tally(labSet, votesOf(voteBytes(ann), voteBytes(bob, { amountUnits: 1n }), voteBytes(cleo)), false, own)
  expect(agreed?.signers.map(({ name }) => name)).toEqual(['Ann', 'Cleo'])
  expect(outcomes.map(({ choice, enough, isOwn }) => [choice.amountUnits, enough, isOwn])).toEqual([
    [12_345n, true, true],
    [1n, false, false],
  ])
})

test('under verified-amount only votes equal to what is worked out count', () => {
  const wrong = { amountUnits: 1n }
  const votes = votesOf(voteBytes(ann, wrong), voteBytes(bob, wrong), voteBytes(cleo))
  const counted = tally(labSet, votes, true, own)
  expect(counted.agreed).toBe(null)
  expect(counted.rows.map(({ counts }) => counts)).toEqual([false, false, true])
  expect(counted.rows[0]?.why).toContain('Another amount')
  expect(tally(labSet, votes, false, own).agreed?.choice.amountUnits).toBe(1n)
  expect(tally(labSet, votesOf(voteBytes(ann), voteBytes(cleo)), true, own).agreed?.choice.amountUnits).toBe(12_345n)
  expect(tally(labSet, votesOf(voteBytes(ann), voteBytes(cleo)), true, null).agreed).toBe(null)
})

test('half of the signers never agree, whatever a set says', () => {
  const four = { ...labSet, threshold: 2, signers: [...labSet.signers, plain(testSigner('Dan', 'ed25519'))] }
  expect(tally(four, votesOf(voteBytes(ann, {}, four), voteBytes(bob, {}, four)), false, null).agreed).toBe(null)
})
