import { createHash } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { signersHash } from '../../src-main/signing/votes/signers.ts'
import type { Core } from '../../src-shared/contract.ts'
import { AppError } from '../../src-shared/errors.ts'
import { tftExact } from '../../src-shared/money.ts'
import { defaultMintConfig } from '../../src-shared/node-period.ts'
import { periodAt } from '../../src-shared/time.ts'
import type { SignerSet, VoteChoice, VoteSubject } from '../../src-shared/votes-contract.ts'
import { paidOnLedger } from '../helpers/pay.ts'
import { ended, gridMachines, keepLargeRun, newest, openFarms, openKey, type PayWorld, run, startPayWorld } from '../helpers/pay-core.ts'
import { ann, bob, cast, cleo, eve, labSet, plain, type TestSigner } from '../helpers/votes.ts'

/* What a network's signers agreed on decides which run is signed and sent: on a small grid of which periods 101 and 102 are over. */

const subject: VoteSubject = { rules: 'v3', period: 102 }
const machines = gridMachines('pay-votes')
let lab: PayWorld

beforeAll(machines.prepare)
beforeEach(async () => {
  // the ledger goes back to before the periods, and by now period 102 is over, whatever the clock here says
  lab = await startPayWorld(periodAt(101).start - 60)
  const nowTs = Math.max(periodAt(102).end + 60, Math.floor(Date.now() / 1000))
  lab.local.close(1, nowTs - lab.local.ledger.last().closeTs)
})
afterEach(async () => {
  await machines.close()
  await lab.local.stop()
})
afterAll(machines.clear)

/** A machine with the grid's data, how it pays, and its signers. */
async function machine({ set = labSet as SignerSet | null, before = async (_dataDir: string) => {} } = {}): Promise<Core> {
  const dataDir = machines.copy()
  await before(dataDir)
  const core = await machines.open(dataDir, 10)
  await run(core, 'pay.setConfig', { network: 'lab', config: lab.config })
  if (set) await run(core, 'votes.setSigners', { network: 'lab', set })
  return core
}

const plan = (core: Core, period: number | null = 102) => run(core, 'pay.plan', { network: 'lab', period }).then(job => ended(core, job))
const look = (core: Core) => run(core, 'pay.verify', { network: 'lab', period: 101 }).then(job => ended(core, job))
const matrix = (core: Core, of: VoteSubject = subject) => core.query('votes.matrix', { subject: of })
const give = (core: Core, ...votes: string[]) => run(core, 'votes.import', { network: 'lab', text: votes.join('\n') })
const sign = (core: Core, runId: string, keyIds: string[]) => run(core, 'pay.sign', { runId, keyIds }).then(job => ended(core, job))
const start = (core: Core, runId: string) => run(core, 'pay.start', { runId }).then(job => ended(core, job))

/** The refusal of a run for lack of votes: what it says. */
async function unvoted(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(AppError)
  const { code, details, message } = error as AppError
  expect(`${code} ${details.reason}`).toBe('pay.refused votes')
  return message
}

let castTs = 1_700_000_000
function vote(signer: TestSigner, choice: VoteChoice, of: VoteSubject = subject, set: SignerSet = labSet): string {
  return cast(signer, { ...choice, subject: of, signersHash: signersHash(set), castTs: castTs++ }, set)
}

async function linesOf(core: Core, runId: string): Promise<string[]> {
  const { rows } = await core.query('pay.rows', { runId, limit: 1000 })
  return rows.map(({ payee, amountUnits, receipt }) => `${payee},${tftExact(amountUnits)},${receipt}\n`)
}

test('where there are no signers no votes are asked, and the page says so', async () => {
  const core = await machine({ set: null })
  await openFarms(lab, core, 102)
  const key = await openKey(lab, core, 0)
  await plan(core)
  const { runId, votes, can } = await newest(core)
  expect(votes).toEqual({ isAsked: false, isAgreed: true, text: expect.stringContaining('has no signers with keys') })
  expect(can).toContain('sign')
  expect(await sign(core, runId, [key])).toMatch(/signatures made/)
}, 30_000)

test('the plan that is voted on has the retries, as what was found on Stellar says; what is not known is not voted on', async () => {
  const core = await machine()
  for (const period of [101, 102]) await openFarms(lab, core, period)
  expect((await matrix(core)).ownWhy).toMatch(/Receipts of period 101 .* paid once more with period 102, .* not looked up on Stellar yet/)
  // the first period here has none before it
  const first = (await matrix(core, { rules: 'v3', period: 101 })).own!
  expect(await look(core)).toContain('not paid')
  const own = (await matrix(core)).own!
  await plan(core)
  const planned = await newest(core)
  const lines = await linesOf(core, planned.runId)
  expect(createHash('sha256').update(lines.join('')).digest('hex')).toBe(own.planHash)
  expect(own.amountUnits).toBe(planned.totalUnits)
  // nothing of period 101 was paid, so all of it is paid once more
  const { rows } = await core.query('pay.rows', { runId: planned.runId, limit: 1000 })
  const retries = rows.filter(({ kind }) => kind === 'retry').reduce((sum, { amountUnits }) => sum + amountUnits, 0n)
  expect(retries).toBe(first.amountUnits)
}, 30_000)

test('a run is signed and sent only where M signers agreed on what it pays; then nothing more counts on these votes', async () => {
  const core = await machine()
  const [shy] = (await core.query('receipts.list', { period: 102, sort: 'reward', descending: true })).rows
  // lines that a run leaves out are no other plan
  for (const period of [101, 102]) await openFarms(lab, core, period, [shy!.payoutAddress])
  const keys = [await openKey(lab, core, 0), await openKey(lab, core, 1)]
  await plan(core)
  const { runId, rows, leftOut } = await newest(core)
  expect(leftOut).toBeGreaterThan(0)
  expect(await unvoted(sign(core, runId, keys))).toContain('0 of 2 equal votes. Ann, Bob and Cleo have not voted here.')
  const before = await newest(core)
  expect(before.next).toEqual({ text: before.votes!.text, action: null })
  expect(before.can).not.toContain('sign')
  await look(core)
  const own = (await matrix(core)).own!
  const other = { ...own, planHash: '77'.repeat(32), amountUnits: 5n }
  await give(core, vote(ann, own), vote(bob, other))
  expect(await unvoted(sign(core, runId, keys))).toMatch(
    /1 of 2 equal votes. Cleo has not voted here. Votes differ: .*Ann for .*; Bob for|Bob for .*; Ann for/,
  )
  await give(core, vote(cleo, other))
  expect(await unvoted(sign(core, runId, keys))).toMatch(
    /agreed on 0.0000005 TFT .* can't be held against that plan here: Granary works out/,
  )
  // a vote that arrives late, and is the last of its signer
  await give(core, vote(cleo, own))
  const agreed = await newest(core)
  expect(agreed.votes).toMatchObject({ isAgreed: true, text: expect.stringContaining('each payment of this run is in that plan') })
  expect(await sign(core, runId, keys)).toBe(`${2 * rows} signatures made.`)

  // the signers change in between: their votes are void, and the signatures alone pay nothing
  const next = { ...labSet, serial: 2, signers: [...labSet.signers, plain(eve)], threshold: 3 }
  expect(await run(core, 'votes.setSigners', { network: 'lab', set: next })).toMatchObject({ voided: 3 })
  expect(await unvoted(start(core, runId))).toContain('0 of 3 equal votes')
  expect(paidOnLedger(lab.local, lab.config.payer).size).toBe(0)
  await give(core, vote(ann, own, subject, next), vote(bob, own, subject, next), vote(eve, own, subject, next))
  expect(await start(core, runId)).toBe(`${rows} paid.`)
  const over = await matrix(core)
  expect(over).toMatchObject({ state: 'executed', executed: expect.stringContaining(`payout run ${runId.slice(0, 16)}`) })
  await give(core, vote(ann, other, subject, next), vote(bob, other, subject, next), vote(cleo, other, subject, next))
  expect((await matrix(core)).executed).toBe(over.executed)
  expect((await core.query('votes.export', {})).votes).toBe(0)
  const audited = (await core.query('audit.list', {})).rows.map(({ action, subject: of }) => `${action} ${of}`)
  expect(audited).toContain('votes.setSigners signers of network lab: 3 open votes are void')
}, 60_000)

test('a second machine signs where the votes came to it, and not a run of other payments', async () => {
  const [maker, other] = [await machine(), await machine()]
  const [shy] = (await maker.query('receipts.list', { period: 102, sort: 'reward', descending: true })).rows
  for (const period of [101, 102]) await openFarms(lab, maker, period, [shy!.payoutAddress])
  const anns = await openKey(lab, maker, 0)
  const bobs = await openKey(lab, other, 1)
  await look(maker)
  const own = (await matrix(maker)).own!
  await give(maker, vote(ann, own), vote(bob, own))
  await plan(maker)
  const { runId, rows } = await newest(maker)
  await sign(maker, runId, [anns])
  await machines.carry(maker, other, runId)
  expect(await unvoted(sign(other, runId, [bobs]))).toContain('0 of 2 equal votes')
  await give(other, (await maker.query('votes.export', { subject })).text)
  // what was left out can be told from another plan only where the plan is known
  expect(await unvoted(sign(other, runId, [bobs]))).toContain('was not looked up on Stellar yet')
  await look(other)
  expect(await sign(other, runId, [bobs])).toBe(`${rows} signatures made.`)
  await machines.carry(other, maker, runId)
  expect(await start(maker, runId)).toBe(`${rows} paid.`)
  await ended(other, await run(other, 'pay.reconcile', { runId }))
  expect((await matrix(other)).state).toBe('executed')

  let foreign = ''
  const third = await machine({
    before: async dataDir => {
      foreign = await keepLargeRun(lab, dataDir, 3)
    },
  })
  await give(third, vote(ann, own), vote(bob, own))
  const keyIds = [await openKey(lab, third, 0)]
  expect(await unvoted(sign(third, foreign, keyIds))).toContain("can't be held against that plan here")
  const { own: now } = await lookAndVote(third)
  expect(now).not.toBeNull()
  expect(await unvoted(sign(third, foreign, keyIds))).toMatch(/row 0 \(receipt of node \d+, .*\) is not in that plan/)
}, 60_000)

/** By now period 101 is paid by its retries: the votes are for what is left. */
async function lookAndVote(core: Core) {
  await look(core)
  const found = await matrix(core)
  if (found.own) await give(core, vote(ann, found.own), vote(bob, found.own))
  return found
}

async function mintMachine(): Promise<Core> {
  const core = await machine()
  const config = {
    ...defaultMintConfig,
    rules: 'node-period',
    trigger: 'verified-amount',
    signers: ['Ann', 'Bob', 'Cleo'],
    threshold: 2,
  } as const
  await run(core, 'mintConfig.set', { config: { ...config, signers: [...config.signers] } })
  while (!(await core.query('mints.list', {})).complete) await new Promise(resolve => setTimeout(resolve, 20))
  return core
}

/** Of two runs in one second the list does not tell which is newer. */
async function openRun(core: Core) {
  return (await core.query('pay.runs', {})).runs.find(({ stage }) => stage === 'open')!
}

async function openMints(core: Core): Promise<VoteSubject[]> {
  const { rows } = await core.query('votes.list', { limit: 1000 })
  return rows.flatMap(({ subject: of, ownUnits }) => (of.rules === 'node-period' && ownUnits !== null ? [of] : []))
}

const passphrase = 'a passphrase of the test'

test('many votes are signed in one go, all or none; the mints that they decide are reviewed and paid, and what Stellar refused is voted on anew', async () => {
  const core = await mintMachine()
  for (const period of [101, 102]) await openFarms(lab, core, period)
  const subjects = await openMints(core)
  expect(subjects.length).toBeGreaterThan(10)
  const secret = `0x${Buffer.alloc(32, 'seed of Ann').toString('hex')}`
  const { keyId } = await run(core, 'keys.import', { name: 'mine', kind: 'sr25519', secret, passphrase })
  await run(core, 'keys.unlock', { keyIds: [keyId], passphrase })
  const signer = { kind: ann.kind, publicKey: ann.publicKey }
  const review = await core.query('votes.prepareMany', { subjects: [...subjects, subject, subjects[0]!], signer })
  const { text, count, sumUnits } = review
  expect(review).toMatchObject({ count: subjects.length, signerName: 'Ann', warnings: [], left: [{ subject }] })
  expect(review.rows.reduce((sum, { amountUnits }) => sum + amountUnits, 0n)).toBe(sumUnits)
  expect(review.singleWord).toMatch(new RegExp(`the one file .* \\(\\d+ of ${count}\\)`))
  const ask = { network: 'lab', text, keyId, confirmed: true, count, sumUnits: sumUnits.toString() }
  const refusal = (change: Partial<typeof ask>) => run(core, 'votes.signMany', { ...ask, ...change }).catch((error: AppError) => error.code)
  expect(await refusal({ confirmed: false })).toBe('vote.refused')
  expect(await refusal({ count: count - 1 })).toBe('usage')
  expect(await refusal({ sumUnits: (sumUnits + 1n).toString() })).toBe('usage')
  // one twice is not two
  expect(
    await refusal({ text: [...text.split('\n').slice(1, count), ...text.split('\n').slice(1)].join('\n'), count: 2 * count - 2 }),
  ).toBe('usage')
  expect((await core.query('votes.export', {})).votes).toBe(0)
  const { votes } = await run(core, 'votes.signMany', ask)
  expect(votes).toHaveLength(count)
  expect((await core.query('votes.export', {})).votes).toBe(count)
  const audited = (await core.query('audit.list', {})).rows.find(({ action }) => action === 'votes.signMany')
  expect(audited!.subject).toMatch(new RegExp(`^${count} votes of Ann over [0-9,.]+ TFT \\(network lab\\)$`))

  // Bob votes on his machine: now they are decided
  await give(core, ...review.rows.map(({ subject: of, ...choice }) => vote(bob, choice, of)))
  expect((await core.query('mints.list', { stage: 'decided' })).total).toBe(count)
  const keys = [await openKey(lab, core, 0), await openKey(lab, core, 1)]
  await plan(core, null)
  const { runId, rows, votes: said } = await newest(core)
  expect(rows).toBe(count)
  expect(said).toMatchObject({ isAsked: true, isAgreed: true })
  // each envelope is reviewed as the mint that was decided
  const whole = await core.query('review.run', { runId })
  expect(whole.rows).toBe(count)
  expect(whole.counts.filter(({ severity }) => severity === 'stop')).toEqual([])
  const [row] = (await core.query('pay.rows', { runId, limit: 1 })).rows
  const one = await core.query('review.get', { of: { kind: 'row', runId, place: 0 } })
  expect(one.decision).toContain(tftExact(row!.amountUnits))
  expect(one.fields.map(({ value }) => value).join('\n')).toContain(`node ${row!.nodeId}`)

  // without the votes another machine signs none of it
  const other = await mintMachine()
  const others = [await openKey(lab, other, 0)]
  await machines.carry(core, other, runId)
  expect(await unvoted(sign(other, runId, others))).toMatch(
    /not agreed on the mint of node \d+ .*Ann, Bob and Cleo have not voted here.* more of its mints/,
  )

  await sign(core, runId, keys)
  // the payee can't take it any more
  lab.local.ledger.setAccount(row!.payee, { trustlines: {} })
  const failing = (await core.query('pay.rows', { runId, search: row!.payee, limit: 1000 })).total
  expect(await start(core, runId)).toBe(`${rows - failing} paid, ${failing} failed.`)
  const mintOf = async () => {
    const mint = subjects.find(of => of.rules === 'node-period' && of.nodeId === row!.nodeId) as VoteSubject & { rules: 'node-period' }
    return { mint, detail: await core.query('mint.get', { nodeId: mint.nodeId, start: mint.start }) }
  }
  const { mint, detail } = await mintOf()
  expect(detail.decision).toMatchObject({ decided: null, votes: [], payments: [{ result: 'failed', runId, decided: { attempt: 1 } }] })
  expect((await core.query('mints.list', { stage: 'failed' })).total).toBe(failing)
  const second: VoteSubject = { ...mint, attempt: 2 }
  const own = (await matrix(core, second)).own!
  await give(core, vote(ann, own, second), vote(bob, own, second))
  expect((await mintOf()).detail.decision.decided).toMatchObject({ attempt: 2 })
  // what is told of the first run again is not said of the second attempt
  await ended(core, await run(core, 'pay.reconcile', { runId }))
  expect((await mintOf()).detail.decision.decided).toMatchObject({ attempt: 2 })
  lab.local.ledger.setAccount(row!.payee, { trustlines: { [lab.world.key]: lab.world.line() } })
  // a run that ends without having paid it is a failure too, and takes new votes
  await plan(core, null)
  const late = await openRun(core)
  await run(core, 'pay.cancel', { runId: late.runId })
  await ended(core, await run(core, 'pay.reconcile', { runId: late.runId }))
  expect((await mintOf()).detail.decision.decided).toMatchObject({ attempt: 2 })
  lab.local.close(1, 20_000)
  await ended(core, await run(core, 'pay.reconcile', { runId: late.runId }))
  expect((await mintOf()).detail.decision).toMatchObject({ decided: null, payments: [{}, { runId: late.runId, decided: { attempt: 2 } }] })
  const third: VoteSubject = { ...mint, attempt: 3 }
  await give(core, vote(ann, own, third), vote(bob, own, third))
  await plan(core, null)
  const again = await openRun(core)
  expect(again).toMatchObject({ rows: 1, period: null })
  await sign(core, again.runId, keys)
  expect(await start(core, again.runId)).toBe('1 paid.')
  expect((await mintOf()).detail.decision.payments.map(({ result }) => result)).toEqual(['failed', 'failed', 'paid'])
  for (const payments of paidOnLedger(lab.local, lab.config.payer).values()) expect(payments).toHaveLength(1)
}, 90_000)
