import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { mintPeriod, openCore } from '../../src-main/core/index.ts'
import { signersHash } from '../../src-main/signing/votes/signers.ts'
import { decodeStatement } from '../../src-main/signing/votes/statement.ts'
import { readVotesText } from '../../src-main/signing/votes/text.ts'
import { openStore } from '../../src-main/store/index.ts'
import { saveExecution } from '../../src-main/store/votes.ts'
import type { CommandInput, CommandName, CommandOutput, Core } from '../../src-shared/contract.ts'
import { AppError } from '../../src-shared/errors.ts'
import type { MintRow } from '../../src-shared/mints-contract.ts'
import { defaultMintConfig, type MintConfig } from '../../src-shared/node-period.ts'
import type { SignerSet, VoteReview, VoteSubject } from '../../src-shared/votes-contract.ts'
import { importMintGrid } from '../helpers/mint-grid.ts'
import { ann, bob, cast, cleo, eve, labGenesis, labSet, plain, type TestSigner } from '../helpers/votes.ts'
import { weakly } from '../helpers/weak-stretching.ts'

/* Votes as the core takes, signs, counts and exchanges them, on a small grid of which periods 101 and 102 are over. */

const me = { id: 'test:me' }
const passphrase = 'a passphrase of the test'
const period: VoteSubject = { rules: 'v3', period: 101 }
const byVotes: MintConfig = { ...defaultMintConfig, rules: 'node-period', trigger: 'verified-amount' }
let folder: string
let template: string
let cores: Core[] = []
let opened = 0

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'granary-votes-'))
  template = join(folder, 'template')
  await importMintGrid(template)
  await (await open(template)).close()
  cores = []
})
afterEach(async () => {
  for (const core of cores) await core.close()
  cores = []
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function open(dataDir?: string): Promise<Core> {
  const own = dataDir ?? join(folder, `data-${opened++}`)
  if (dataDir === undefined) cpSync(template, own, { recursive: true })
  const core = await openCore({ ...weakly, dataDir: own, host: 'cli', version: '1', demoDir: null, networksFile: null, mode: 'write' })
  cores.push(core)
  while (!(await core.query('mints.list', {})).complete) await new Promise(resolve => setTimeout(resolve, 20))
  return core
}

let count = 0
function run<N extends CommandName>(core: Core, name: N, input: CommandInput<N>): Promise<CommandOutput<N>> {
  return core.command(name, input, { actor: me, idempotencyKey: `key-${count++}-of-the-test` })
}

const setSigners = (core: Core, set: SignerSet = labSet) => run(core, 'votes.setSigners', { network: 'lab', set })
const importText = (core: Core, ...votes: string[]) => run(core, 'votes.import', { network: 'lab', text: votes.join('\n') })
const matrix = (core: Core, subject: VoteSubject = period) => core.query('votes.matrix', { subject })

/** The signer's key in the core's vault, open. */
async function withKey(core: Core, { name, kind }: TestSigner): Promise<string> {
  const secret = `0x${Buffer.alloc(32, `seed of ${name}`).toString('hex')}`
  const { keyId } = await run(core, 'keys.import', { name: `${name}'s`, kind, secret, passphrase })
  await run(core, 'keys.unlock', { keyIds: [keyId], passphrase })
  return keyId
}

/** As a signer votes on a machine of his or her own with the same data. */
function castAs(signer: TestSigner, review: VoteReview): string {
  const { options, planHash, amountUnits, subject, signersHash } = review.statement
  return cast(signer, { options, planHash, amountUnits, subject, signersHash })
}

async function refusal(work: Promise<unknown>): Promise<unknown> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(AppError)
  const { code, details } = error as AppError
  return code === 'vote.refused' || code === 'mint.refused' ? details.reason : `${code} ${details.field ?? ''}`.trim()
}

test('a period is voted on: prepared, reviewed, signed, imported, and agreed by M; every step is audited', async () => {
  const core = await open()
  expect((await core.query('votes.list', {})).total).toBe(0)
  expect(await refusal(matrix(core))).toBe('no-signers')
  await setSigners(core)
  const list = await core.query('votes.list', {})
  expect(list.rows.map(({ subject, state }) => [subject, state])).toContainEqual([period, 'open'])

  const review = await core.query('votes.prepare', { subject: period, signer: { kind: ann.kind, publicKey: ann.publicKey } })
  // the plan is what `granary mint` writes, byte by byte
  const out = join(folder, 'mint')
  await mintPeriod({ dataDir: template, period: 101, resources: 'latest', outDir: out }, {})
  const payouts = readFileSync(join(out, 'payouts.csv'))
  expect(review.statement).toMatchObject({ planHash: createHash('sha256').update(payouts).digest('hex'), genesis: labGenesis })
  expect(review.fields.map(({ value }) => value).join('\n')).toContain('period 101')
  expect(review).toMatchObject({ signerName: 'Ann', warnings: [], keys: [] })
  // all of it comes from one file
  expect(review.singleWord).toContain('the one file')
  expect(review.basis.join(' ')).toContain('No storage proofs were checked.')

  const keyId = await withKey(core, ann)
  const { text } = review
  expect(await refusal(run(core, 'votes.sign', { network: 'lab', text, keyId }))).toBe('single-word')
  const { vote } = await run(core, 'votes.sign', { network: 'lab', text, keyId, confirmed: true })
  expect(decodeStatement(readVotesText(vote).items[0]!.bytes.subarray(0, 210))).toEqual(review.statement)
  let shown = await matrix(core)
  expect(shown.state).toBe('open')
  expect(shown.cells.map(({ vote, isHere }) => [vote?.counts ?? null, isHere])).toEqual([
    [true, true],
    [null, false],
    [null, false],
  ])
  expect(shown.cells[0]?.vote?.basis).toEqual(review.basis)

  const done = await importText(core, castAs(bob, review), castAs(eve, review), 'grv1:nonsense')
  expect(done).toMatchObject({ added: 1, unchanged: 0 })
  expect(done.refused.map(({ line, reason }) => [line, reason])).toEqual([
    [2, 'unauthorised'],
    [3, 'damaged'],
  ])
  shown = await matrix(core)
  expect(shown.state).toBe('agreed')
  expect(shown.outcomes).toMatchObject([
    { signers: ['Ann', 'Bob'], enough: true, isOwn: true, choice: { amountUnits: review.statement.amountUnits } },
  ])
  expect((await core.query('votes.list', {})).rows.find(({ state }) => state === 'agreed')).toMatchObject({
    subject: period,
    votes: 2,
    agreeing: 2,
  })

  // another machine takes over what this one exports, and exports the same again
  const other = await open()
  await setSigners(other)
  const file = await core.query('votes.export', { subject: period })
  expect(await importText(other, file.text)).toEqual({ added: 2, unchanged: 0, refused: [] })
  expect(await importText(other, file.text)).toEqual({ added: 0, unchanged: 2, refused: [] })
  expect((await other.query('votes.export', {})).text).toBe(file.text)
  const there = await matrix(other)
  expect(there.cells.map(cell => ({ ...cell, isHere: null }))).toEqual(shown.cells.map(cell => ({ ...cell, isHere: null })))

  const actions = (await core.query('audit.list', {})).rows.map(({ action, subject }) => `${action}: ${subject}`)
  expect(actions).toContain('votes.setSigners: signers of network lab')
  expect(actions).toContain('votes.sign: vote of Ann on period 101 (network lab)')
  expect(actions).toContain('votes.import: votes of network lab: 1 to take, 2 refused')
}, 120_000)

test('a signer whose key is offline signs what was prepared here; the key of another does not', async () => {
  const online = await open()
  await setSigners(online)
  const { text, statement } = await online.query('votes.prepare', { subject: period, signer: { kind: bob.kind, publicKey: bob.publicKey } })

  // a machine that has nothing but keys and the signers' file
  const dataDir = join(folder, 'offline')
  const offline = await openCore({ ...weakly, dataDir, host: 'cli', version: '1', demoDir: null, networksFile: null, mode: 'write' })
  cores.push(offline)
  expect(await refusal(offline.query('votes.review', { text }))).toBe('usage')
  const { format, version, network, ...set } = JSON.parse((await online.query('votes.signersFile', {})).text)
  expect([format, version]).toEqual(['granary-signers', 1])
  await run(offline, 'votes.setSigners', { network, set })
  const keyId = await withKey(offline, bob)
  const anns = await withKey(offline, ann)
  const review = await offline.query('votes.review', { text })
  expect(review.statement).toEqual(statement)
  expect(review.keys.map(key => key.keyId)).toEqual([keyId])
  // what it rests on came along, and is still the word of whoever prepared it
  expect(review.basis.join(' ')).toContain('Rests on the grid archive')
  expect(review.singleWord).toContain('whoever prepared it')
  expect(await refusal(run(offline, 'votes.sign', { network, text, keyId: anns, confirmed: true }))).toBe('other-key')
  const altered = text.replace(/^grs1:..../, 'grs1:AAAA')
  expect(await refusal(run(offline, 'votes.sign', { network, text: altered, keyId, confirmed: true }))).toBe('damaged')
  const { vote } = await run(offline, 'votes.sign', { network, text, keyId, confirmed: true })
  await run(offline, 'keys.lock', {})
  expect(await refusal(run(offline, 'votes.sign', { network, text, keyId, confirmed: true }))).toBe('keys.locked')

  expect(await importText(online, text)).toMatchObject({ added: 0, refused: [{ line: 1, reason: 'not-signed' }] })
  expect(await importText(online, vote)).toMatchObject({ added: 1, refused: [] })
  expect((await matrix(online)).cells[1]?.vote?.choice.planHash).toBe(statement.planHash)
}, 120_000)

test('the last vote of a signer counts, also where the clock was set back; a proposed payouts.csv is voted for by its bytes', async () => {
  const core = await open()
  await setSigners(core)
  const signer = { kind: cleo.kind, publicKey: cleo.publicKey }
  const own = (await matrix(core)).own!
  const future = 4_000_000_000
  await importText(core, cast(cleo, { ...own, subject: period, castTs: future }))
  const payouts = `GA${'B'.repeat(54)},12.5000000,${'5a'.repeat(32)}\n`
  const review = await core.query('votes.prepare', { subject: period, signer, payouts })
  expect(review.statement).toMatchObject({
    castTs: future + 1,
    amountUnits: 125_000_000n,
    planHash: createHash('sha256').update(payouts).digest('hex'),
  })
  expect(review.warnings.join('\n')).toMatch(
    /Granary works out .*\n.*takes the place of this signer's vote.*\n.*ahead of this machine's clock/,
  )
  expect(review.singleWord).toContain('not what Granary works out here')
  await importText(core, cast(cleo, review.statement))
  expect((await matrix(core)).cells[2]?.vote?.choice.amountUnits).toBe(125_000_000n)
  expect(await importText(core, cast(cleo, { ...own, subject: period, castTs: future }))).toMatchObject({ added: 0, unchanged: 1 })
  expect(await refusal(core.query('votes.prepare', { subject: period, signer, amountUnits: '5' }))).toBe('usage amountUnits')
})

test('a change of signers or M makes open votes void, for good; another name does not', async () => {
  const core = await open()
  await setSigners(core)
  const old = cast(ann, { subject: period })
  await importText(core, old, cast(bob, { subject: period }))
  expect((await matrix(core)).state).toBe('agreed')
  const renamed = { ...labSet, signers: labSet.signers.map(signer => ({ ...signer, name: `${signer.name} of the lab` })) }
  expect(await setSigners(core, renamed)).toEqual({ signersHash: signersHash(labSet), voided: 0 })
  expect((await matrix(core)).outcomes[0]?.signers).toEqual(['Ann of the lab', 'Bob of the lab'])

  const changed = { ...labSet, serial: 2, signers: [...labSet.signers, plain(eve)], threshold: 3 }
  expect(await refusal(setSigners(core, { ...changed, serial: 1 }))).toBe('usage serial')
  expect(await setSigners(core, changed)).toEqual({ signersHash: signersHash(changed), voided: 2 })
  expect((await matrix(core)).cells.every(({ vote }) => vote === null)).toBe(true)
  expect(await importText(core, old)).toMatchObject({ added: 0, refused: [{ reason: 'old-signers' }] })
  // the former signers again: their former votes stay void
  expect(await refusal(setSigners(core, labSet))).toBe('usage serial')
  expect(await setSigners(core, { ...labSet, serial: 3 })).toMatchObject({ voided: 0 })
  expect(await importText(core, old)).toMatchObject({ added: 0, refused: [{ reason: 'old-signers' }] })
  expect(await core.query('votes.signers', {})).toMatchObject({ voided: 2, open: 0 })
  const audited = (await core.query('audit.list', {})).rows.filter(({ action }) => action === 'votes.setSigners')
  expect(audited).toHaveLength(4)
})

test('what was voted by name, or by former signers, is void on mints too', async () => {
  const core = await open()
  await run(core, 'mintConfig.set', { config: { ...byVotes, signers: ['Ann', 'Bob', 'Cleo'], threshold: 2 } })
  const { nodeId, start, id: mintId, rewardUnits } = await payingMint(core)
  const votes = async () => (await core.query('mint.get', { nodeId, start })).decision.votes.map(({ signer }) => signer)
  const action = { kind: 'vote' as const, signer: 'Ann', amountUnits: rewardUnits.toString() }
  await run(core, 'mints.act', { nodeId, start, mintId, action })
  expect(await votes()).toEqual(['Ann'])
  await setSigners(core)
  expect(await votes()).toEqual([])
  const subject: VoteSubject = { rules: 'node-period', nodeId, start, attempt: 1 }
  const own = (await matrix(core, subject)).own!
  await importText(core, cast(bob, { ...own, subject }))
  expect(await votes()).toEqual(['Bob'])
  const set = { ...labSet, serial: 2, signers: [...labSet.signers, plain(eve)], threshold: 3 }
  expect(await setSigners(core, set)).toMatchObject({ voided: 1 })
  expect(await votes()).toEqual([])
  const signersHashNow = signersHash(set)
  await importText(
    core,
    cast(ann, { ...own, subject, signersHash: signersHashNow }),
    cast(bob, { ...own, subject, signersHash: signersHashNow }),
  )
  expect((await core.query('mint.get', { nodeId, start })).row.stage).toBe('claimable')
  await importText(core, cast(eve, { ...own, subject, signersHash: signersHashNow }))
  expect((await core.query('mint.get', { nodeId, start })).row.stage).toBe('decided')
})

test('signers that can decide nothing, or a key that is none, are refused with the field', async () => {
  const core = await open()
  const wrong = (set: Partial<SignerSet>) => refusal(setSigners(core, { ...labSet, ...set }))
  expect(await wrong({ threshold: 1 })).toBe('usage threshold')
  expect(await wrong({ threshold: 4 })).toBe('usage threshold')
  expect(await wrong({ signers: [] })).toBe('usage signers')
  expect(await wrong({ signers: [plain(ann), { ...plain(bob), name: 'ann' }] })).toBe('usage signers')
  expect(await wrong({ signers: [plain(ann), { ...plain(ann), name: 'Bob' }] })).toBe('usage signers')
  expect(await wrong({ signers: [plain(ann), { name: 'Zero', kind: 'ed25519', publicKey: '00'.repeat(32) }] })).toBe('usage signers')
  expect(await refusal(run(core, 'votes.setSigners', { network: 'other', set: labSet }))).toBe('usage')
  expect(await core.query('votes.checkSigners', { set: { ...labSet, threshold: 1 } })).toMatchObject([{ field: 'threshold' }])
})

async function payingMint(core: Core): Promise<MintRow> {
  return (await core.query('mints.list', { limit: 1000 })).rows.find(({ rewardUnits }) => rewardUnits > 0n)!
}

test('signed votes decide a mint, and nothing else does: by name nobody votes any more', async () => {
  const core = await open()
  await setSigners(core)
  await run(core, 'mintConfig.set', { config: { ...byVotes, signers: ['Ann', 'Bob', 'Cleo'], threshold: 2 } })
  expect(await refusal(run(core, 'mintConfig.set', { config: { ...byVotes, signers: ['Mallory'], threshold: 1 } }))).toBe('usage signers')
  const row = await payingMint(core)
  const { nodeId, start, id: mintId } = row
  const subject: VoteSubject = { rules: 'node-period', nodeId, start, attempt: 1 }
  const byName = { kind: 'vote' as const, signer: 'Ann', amountUnits: row.rewardUnits.toString() }
  expect(await refusal(run(core, 'mints.act', { nodeId, start, mintId, action: byName }))).toBe('signed-votes')
  expect((await core.query('mint.get', { nodeId, start })).can).toEqual([])

  const own = (await matrix(core, subject)).own!
  expect(own).toMatchObject({ planHash: mintId, amountUnits: row.rewardUnits })
  const stage = async () => (await core.query('mint.get', { nodeId, start })).row.stage
  const wrong = { ...own, subject, amountUnits: row.rewardUnits + 1n }
  await importText(core, cast(ann, wrong), cast(bob, wrong), cast(cleo, { ...own, subject }))
  // two agree on an amount that Granary does not work out: under verified-amount it counts for nothing
  expect(await stage()).toBe('claimable')
  expect((await matrix(core, subject)).cells.map(({ vote }) => vote?.counts)).toEqual([false, false, true])
  // the right amount of another mint, or by other options, is no vote on this one
  const later = { ...own, subject, castTs: 1_700_000_001 }
  await importText(
    core,
    cast(ann, { ...later, planHash: '77'.repeat(32) }),
    cast(bob, { ...later, options: { ...own.options, carbon: true } as never }),
  )
  expect(await stage()).toBe('claimable')
  await importText(core, cast(bob, { ...later, castTs: 1_700_000_002 }))
  expect(await stage()).toBe('decided')
  const { decision } = await core.query('mint.get', { nodeId, start })
  expect(decision.decided).toMatchObject({ amountUnits: row.rewardUnits, how: 'votes', by: ['Bob', 'Cleo'], attempt: 1 })
  expect((await matrix(core, subject)).state).toBe('executed')
  expect(await refusal(core.query('votes.prepare', { subject, signer: { kind: ann.kind, publicKey: ann.publicKey } }))).toBe('executed')

  // the payment failed: votes on the first attempt, told again, decide nothing; those on the second do
  const first = (await core.query('votes.export', { subject })).text
  await run(core, 'mints.act', { nodeId, start, mintId, action: { kind: 'failed', reason: 'x', attempt: 1 } })
  await importText(core, first)
  expect(await stage()).toBe('failed')
  const second = { ...own, subject: { ...subject, attempt: 2 } }
  await importText(core, cast(ann, second), cast(bob, second))
  expect((await core.query('mint.get', { nodeId, start })).decision.decided).toMatchObject({ attempt: 2, by: ['Ann', 'Bob'] })
  await run(core, 'mints.act', { nodeId, start, mintId, action: { kind: 'paid', tx: 'aa' } })
  const third = { ...own, subject: { ...subject, attempt: 3 } }
  await importText(core, first, cast(ann, third), cast(bob, third), cast(cleo, third))
  const { payments } = (await core.query('mint.get', { nodeId, start })).decision
  expect(payments.filter(({ result }) => result === 'paid')).toHaveLength(1)
})

test('under offline-amount M equal amounts decide, whatever is worked out here; votes that came before the rules count with them', async () => {
  const core = await open()
  await setSigners(core)
  await run(core, 'mintConfig.set', { config: { ...byVotes, trigger: 'claim', signers: ['Ann', 'Bob', 'Cleo'], threshold: 2 } })
  const { nodeId, start, id, rewardUnits } = await payingMint(core)
  const subject: VoteSubject = { rules: 'node-period', nodeId, start, attempt: 1 }
  const own = (await matrix(core, subject)).own!
  await importText(core, cast(ann, { ...own, subject, amountUnits: 5n }), cast(bob, { ...own, subject, amountUnits: 5n }))
  expect((await core.query('mint.get', { nodeId, start })).row.stage).toBe('claimable')
  await run(core, 'mintConfig.set', { config: { ...byVotes, trigger: 'offline-amount', signers: ['Ann', 'Bob', 'Cleo'], threshold: 2 } })
  expect((await core.query('mint.get', { nodeId, start })).row).toMatchObject({ id, stage: 'decided', decidedUnits: 5n, rewardUnits })
})

test('what was executed takes no more votes into account', async () => {
  const dataDir = join(folder, 'executed')
  cpSync(template, dataDir, { recursive: true })
  const store = openStore(dataDir, { mode: 'write' })
  saveExecution(store, 'lab', 'v3 101', { amountUnits: 5n, planHash: '11'.repeat(32), how: 'payout run 4f2a is under way.', runId: '' })
  store.close()
  const core = await open(dataDir)
  await setSigners(core)
  expect(await matrix(core)).toMatchObject({ state: 'executed', executed: expect.stringContaining('payout run 4f2a') })
  expect(await refusal(core.query('votes.prepare', { subject: period, signer: { kind: ann.kind, publicKey: ann.publicKey } }))).toBe(
    'executed',
  )
  await importText(core, cast(ann, { subject: period }))
  expect((await core.query('votes.export', {})).votes).toBe(0)
  expect((await core.query('votes.export', { subject: period })).votes).toBe(1)
})
