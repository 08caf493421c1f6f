import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Core } from '../../src-shared/contract.ts'
import { parseCsv } from '../../src-shared/csv.ts'
import type { AppError } from '../../src-shared/errors.ts'
import { defaultMintConfig } from '../../src-shared/node-period.ts'
import { paidOnLedger } from '../helpers/pay.ts'
import { ended, gridMachines, newest, openFarms, openKey, type PayWorld, run, startPayWorld } from '../helpers/pay-core.ts'
import { payElsewhere } from '../helpers/pay-elsewhere.ts'

/* Payouts as the core plans, signs, exchanges, pays and settles them, on a small grid of which periods 101 and 102 are over. */

const period = 102
const machines = gridMachines('pay-core')
let lab: PayWorld

beforeAll(machines.prepare)
beforeEach(async () => {
  lab = await startPayWorld()
})
afterEach(async () => {
  await machines.close()
  await lab.local.stop()
})
afterAll(machines.clear)

const open = () => openAt(machines.copy())
const openAt = (dataDir: string) => machines.open(dataDir, 20)

async function configured(): Promise<Core> {
  const core = await open()
  await run(core, 'pay.setConfig', { network: 'lab', config: lab.config })
  return core
}

const plan = (core: Core, more: { period?: number | null; retries?: boolean } = {}) =>
  run(core, 'pay.plan', { network: 'lab', period, retries: false, ...more })

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'it was not refused',
    (error: AppError) => `${error.code} ${error.details.reason ?? error.details.field ?? ''}`.trim(),
  )

test('how a network pays is entered member by member, each error at its field; nothing is planned without it', async () => {
  const core = await open()
  const before = await core.query('pay.config', {})
  expect(before).toMatchObject({ network: 'lab', isKept: false })
  expect(before.problems.map(({ field }) => field)).toEqual(['horizon', 'passphrase', 'assetCode', 'issuer', 'payer'])
  expect(await ended(core, await plan(core))).toMatch(/^pay\.refused: .*not entered/)
  const bad = { ...lab.config, payer: 'GNOBODY', channels: [lab.config.payer, lab.config.payer], feeStroops: 7, signSec: 5 }
  const problems = await core.query('pay.checkConfig', { config: bad })
  expect(problems.map(({ field }) => field)).toEqual(['payer', 'channels', 'feeStroops', 'signSec'])
  expect(await codeOf(run(core, 'pay.setConfig', { network: 'lab', config: bad }))).toBe('usage payer')
  expect(await codeOf(run(core, 'pay.setConfig', { network: 'other', config: lab.config }))).toBe('usage')
  await run(core, 'pay.setConfig', { network: 'lab', config: lab.config })
  expect(await core.query('pay.config', {})).toMatchObject({ isKept: true, config: lab.config, problems: [] })
  const audit = await core.query('audit.list', { limit: 5 })
  expect(audit.rows.map(({ action }) => action)).toContain('pay.setConfig')
  const { accounts } = await core.query('pay.accounts', {})
  expect(accounts.map(({ role, exists }) => `${role} ${exists}`)).toEqual([
    'payer true',
    'channel true',
    'channel true',
    'channel true',
    'issuer true',
  ])
  expect(accounts[0]!.thresholds).toEqual({ low: 1, med: 2, high: 3 })
})

test('a period is planned with bad payees left out, signed on two machines, paid and settled; each receipt says when it was paid', async () => {
  const [maker, other] = [await configured(), await configured()]
  const [shy] = (await maker.query('receipts.list', { period, sort: 'reward', descending: true })).rows
  // a farmer who has no account yet
  const good = await openFarms(lab, maker, period, [shy!.payoutAddress])
  const ann = await openKey(lab, maker, 0)
  const bob = await openKey(lab, other, 1)
  expect(await ended(maker, await plan(maker))).toMatch(/^Run [0-9a-f]{16}: .*left out\.$/)
  const planned = await newest(maker)
  const { rows: receipts } = await maker.query('receipts.list', { period, limit: 1000 })
  const payable = receipts.filter(({ rewardUnits }) => rewardUnits > 0n)
  expect(planned).toMatchObject({ stage: 'open', period, rows: payable.filter(({ payoutAddress }) => good.has(payoutAddress)).length })
  expect(planned.leftOut).toBe(payable.length - planned.rows)
  expect(planned.leftOut).toBeGreaterThan(0)
  expect(planned.maker).toBe(lab.world.signers[0]!.publicKey())
  expect(planned.next).toMatchObject({ action: 'sign' })
  expect(planned.needsWeight).toBe(2)
  const left = await maker.query('pay.leftOut', { runId: planned.runId })
  expect(left.rows).toHaveLength(planned.leftOut)
  for (const row of left.rows)
    expect(row).toMatchObject({ address: shy!.payoutAddress, farmName: shy!.farmName, reason: 'The account does not exist on Stellar.' })
  // a second plan of the same period is refused
  expect(await ended(maker, await plan(maker))).toMatch(/^pay\.refused: .*another run/)

  expect(await codeOf(run(maker, 'pay.start', { runId: planned.runId }))).toBe('it was not refused')
  await ended(maker, await run(maker, 'pay.sign', { runId: planned.runId, keyIds: [ann] }))
  expect(await ended(maker, await run(maker, 'pay.start', { runId: planned.runId }))).toMatch(/^pay\.refused/)
  expect((await newest(maker)).next).toMatchObject({ action: 'export' })
  expect(await machines.carry(maker, other, planned.runId)).toContain('taken in')
  expect((await newest(other)).keys.map(({ name, signs }) => `${name} ${signs}`)).toEqual([`Bob ${planned.rows}`])
  await ended(other, await run(other, 'pay.sign', { runId: planned.runId, keyIds: [bob] }))
  expect(await machines.carry(other, maker, planned.runId)).toContain(`${planned.rows} new signatures`)
  const signed = await newest(maker)
  expect(signed.counts).toMatchObject({ signed: planned.rows, planned: 0 })
  expect(signed.next).toMatchObject({ action: 'start', text: 'It is signed. Pay it.' })

  const [first] = payable.filter(({ payoutAddress }) => good.has(payoutAddress))
  const [waiting] = await maker.query('pay.payments', { receipts: [first!.hash] })
  expect(waiting).toMatchObject({ state: 'under-way', why: 'It is in a payout that is signed and waits to be sent.' })
  expect(await ended(maker, await run(maker, 'pay.start', { runId: planned.runId }))).toBe(`${planned.rows} paid.`)
  const done = await newest(maker)
  expect(done).toMatchObject({ stage: 'done', paid: planned.rows, paidUnits: planned.totalUnits, restUnits: 0n })
  const paid = paidOnLedger(lab.local, lab.config.payer)
  expect(paid.size).toBe(planned.rows)
  const arrivals = await maker.query('pay.payments', { receipts: payable.map(({ hash }) => hash) })
  for (const { receipt, state, tx, why } of arrivals) {
    expect(state).toBe(paid.has(receipt) ? 'paid' : 'left-out')
    expect(tx).toBe(paid.get(receipt)?.[0]?.hash ?? null)
    if (state === 'left-out') expect(why).not.toBe('')
  }
  const { rows, total } = await maker.query('pay.rows', { runId: planned.runId, stage: 'paid', limit: 3, sort: 'amount', descending: true })
  expect(total).toBe(planned.rows)
  expect([...rows].sort((a, b) => Number(b.amountUnits - a.amountUnits))).toEqual(rows)
  const file = parseCsv((await maker.query('pay.csv', { runId: planned.runId })).text)
  expect(file).toHaveLength(planned.rows + 1)
  const detail = await maker.query('pay.row', { runId: planned.runId, place: rows[0]!.place })
  expect(detail.envelopes[0]!.attempts.map(({ outcome }) => outcome)).not.toContain(null)
  // the other machine finds it by reading the ledger
  expect(await ended(other, await run(other, 'pay.reconcile', { runId: planned.runId }))).toBe(`${planned.rows} paid.`)
}, 60_000)

test('what the payer lacks is named at the planning and before sending; a locked key signs nothing; an unsigned run is withdrawn', async () => {
  const core = await configured()
  await openFarms(lab, core, period)
  const ann = await openKey(lab, core, 0)
  const bob = await openKey(lab, core, 1)
  lab.local.ledger.setAccount(lab.config.payer, { trustlines: { [lab.world.key]: lab.world.line(5n) } })
  await ended(core, await plan(core))
  const first = await newest(core)
  expect(first.shortages).toMatchObject([{ account: lab.config.payer, asset: 'TFT', hasUnits: 5n, needsUnits: first.totalUnits }])
  await run(core, 'pay.withdraw', { runId: first.runId })
  expect((await core.query('pay.get', { runId: first.runId })).stage).toBe('withdrawn')
  lab.local.close()
  await ended(core, await plan(core))
  const second = (await core.query('pay.runs', {})).runs.find(({ stage }) => stage === 'open')!
  await run(core, 'keys.lock', {})
  expect(await codeOf(run(core, 'pay.sign', { runId: second.runId, keyIds: [ann] }))).toBe('keys.locked')
  await run(core, 'keys.unlock', { keyIds: [ann, bob], passphrase: 'a passphrase of the test' })
  await ended(core, await run(core, 'pay.sign', { runId: second.runId, keyIds: [ann, bob] }))
  expect(await codeOf(run(core, 'pay.withdraw', { runId: second.runId }))).toBe('pay.refused signed')
  expect(await ended(core, await run(core, 'pay.start', { runId: second.runId }))).toMatch(/^pay\.refused: .* lacks .* TFT/)
  expect(paidOnLedger(lab.local, lab.config.payer).size).toBe(0)
  await run(core, 'pay.pause', { runId: second.runId })
  expect((await core.query('pay.get', { runId: second.runId })).next).toMatchObject({ action: 'resume' })
  await run(core, 'pay.cancel', { runId: second.runId })
  const cancelled = await core.query('pay.get', { runId: second.runId })
  expect(cancelled).toMatchObject({ stage: 'stopped', next: { action: 'reconcile' } })
  // once every envelope is past its bounds in a closed ledger the period is free again
  lab.local.close(1, 20_000)
  await ended(core, await run(core, 'pay.reconcile', { runId: second.runId }))
  expect((await core.query('pay.get', { runId: second.runId })).stage).toBe('dead')
  const subjects = await core.query('pay.subjects', {})
  expect(subjects.subjects.find(subject => subject.period === period)).toMatchObject({ why: '', retries: true })
  expect(subjects.subjects.find(subject => subject.period === 103)!.why).not.toBe('')
}, 60_000)

test('what the review calls hardly ever right is signed only after it was confirmed by name', async () => {
  const core = await configured()
  await openFarms(lab, core, period)
  const keyIds = [await openKey(lab, core, 0)]
  await ended(core, await plan(core))
  const { runId, rows } = await newest(core)
  // the run takes the money from elsewhere than this network does by now
  await run(core, 'pay.setConfig', { network: 'lab', config: { ...lab.config, payer: lab.config.channels[0]! } })
  const sign = (confirmed?: ['other-payer' | 'already-paid']) => run(core, 'pay.sign', { runId, keyIds, ...(confirmed && { confirmed }) })
  for (const confirmed of [undefined, ['already-paid'] as ['already-paid']])
    await expect(sign(confirmed)).rejects.toMatchObject({
      code: 'pay.refused',
      message: expect.stringContaining(`other-payer (${rows} envelopes)`),
      details: { reason: 'unconfirmed', warnings: 'other-payer' },
    })
  expect(await newest(core)).toMatchObject({
    signedHere: false,
    signers: [expect.objectContaining({ signed: 0, approved: false }), {}, {}],
  })
  expect(await ended(core, await sign(['other-payer']))).toBe(`${rows} signatures made.`)
}, 30_000)

test('rows whose bounds passed are replaced under their own numbers, signed anew and paid', async () => {
  const core = await open()
  const [channel] = lab.config.channels
  await run(core, 'pay.setConfig', { network: 'lab', config: { ...lab.config, channels: [channel!] } })
  await openFarms(lab, core, period)
  const keyIds = [await openKey(lab, core, 0), await openKey(lab, core, 1)]
  await ended(core, await plan(core))
  const { runId, rows } = await newest(core)
  await ended(core, await run(core, 'pay.sign', { runId, keyIds }))
  const sending = await run(core, 'pay.start', { runId })
  while ((await newest(core)).paid === 0) await new Promise(resolve => setTimeout(resolve, 10))
  await run(core, 'pay.pause', { runId })
  expect(await ended(core, sending)).toContain('held')
  const { paid } = await newest(core)
  expect(paid).toBeLessThan(rows)
  expect(await ended(core, await run(core, 'pay.replace', { runId, kind: 'payment' }))).toMatch(/^pay\.refused: .*nothing to replace/)
  lab.local.close(1, 20_000)
  await ended(core, await run(core, 'pay.reconcile', { runId }))
  const late = await newest(core)
  expect(late.counts).toMatchObject({ paid, expired: rows - paid })
  expect(late.can).toContain('replace')
  expect(await ended(core, await run(core, 'pay.replace', { runId, kind: 'payment' }))).toBe(`${rows - paid} envelopes to sign anew.`)
  await ended(core, await run(core, 'pay.sign', { runId, keyIds }))
  expect(await ended(core, await run(core, 'pay.resume', { runId }))).toBe(`${rows} paid.`)
  for (const payments of paidOnLedger(lab.local, lab.config.payer).values()) expect(payments).toHaveLength(1)
}, 60_000)

test('a cancelled run: only what uses its numbers up is signed and sent, with a raised fee where Stellar asks for one', async () => {
  const core = await configured()
  await openFarms(lab, core, period)
  const keyIds = [await openKey(lab, core, 0), await openKey(lab, core, 1)]
  await ended(core, await plan(core))
  const { runId, rows } = await newest(core)
  await ended(core, await run(core, 'pay.sign', { runId, keyIds: [keyIds[0]!] }))
  await run(core, 'pay.cancel', { runId })
  const cancelled = await newest(core)
  expect(cancelled).toMatchObject({ stage: 'stopped', toSign: 0, fees: null })
  expect([...cancelled.can].sort()).toEqual(['export', 'import', 'reconcile', 'use-up'])
  // the payments that lack a signature get none any more
  expect(await ended(core, await run(core, 'pay.sign', { runId, keyIds }))).toBe('0 signatures made.')
  expect((await core.query('pay.export', { runId })).envelopes.text).toBe('')
  expect(await ended(core, await run(core, 'pay.replace', { runId, kind: 'bump' }))).toBe(`${rows} envelopes to sign anew.`)
  expect(await newest(core)).toMatchObject({ toSign: rows, next: { action: 'sign' } })
  expect(await core.query('review.run', { runId })).toMatchObject({ rows, totalUnits: 0n })
  expect(await ended(core, await run(core, 'pay.sign', { runId, keyIds }))).toBe(`${2 * rows} signatures made.`)
  lab.local.ledger.setMinFee(5_000n)
  await ended(core, await run(core, 'pay.start', { runId }))
  const refused = await newest(core)
  expect(refused).toMatchObject({ next: { action: 'raise' }, fees: { rows, feeStroops: 1000, refused: 3 } })
  lab.local.ledger.setAccount(lab.world.signers[0]!.publicKey(), {})
  const raise = (mostStroops: number) => run(core, 'pay.start', { runId, raise: { keyId: keyIds[0]!, mostStroops } })
  await expect(raise(1_999)).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('2,000 stroops or more') })
  expect(await ended(core, await raise(10_000))).toBe(`${rows} used-up.`)
  expect(await newest(core)).toMatchObject({ stage: 'dead', paid: 0 })
  expect(paidOnLedger(lab.local, lab.config.payer).size).toBe(0)
}, 60_000)

test('payments of the payer that no run here has are listed, with what they may be', async () => {
  const core = await configured()
  await openFarms(lab, core, period)
  const look = async () => ended(core, await run(core, 'pay.findStrays', { network: 'lab' }))
  expect(await core.query('pay.strays', {})).toBeNull()
  expect(await look()).toBe('No payments of the payer that no run here has.')
  await ended(core, await plan(core))
  const { runId } = await newest(core)
  const { rows } = await core.query('pay.rows', { runId, limit: 1 })
  const former = (await core.query('receipts.list', { period: 101, limit: 1000 })).rows.find(({ rewardUnits }) => rewardUnits > 0n)!
  // what a run has a row for is for that run to settle
  payElsewhere(lab, rows[0]!.receipt, 1_0000000n)
  const unknown = payElsewhere(lab, 'ab'.repeat(32), 2_0000000n)
  const known = payElsewhere(lab, former.hash, 3_0000000n)
  expect(await look()).toBe('2 payments of the payer that no run here has.')
  const found = await core.query('pay.strays', {})
  expect(found).toMatchObject({
    // the test's Horizon begins now, after the period
    ledger: { accounts: [lab.config.payer], problem: expect.stringContaining('keeps history from') },
    payments: [
      { tx: known, amountUnits: 3_0000000n, asset: 'TFT', memo: former.hash, isKnown: true },
      { tx: unknown, amountUnits: 2_0000000n, payee: lab.world.farmers[0]!.publicKey(), memo: 'ab'.repeat(32), isKnown: false },
    ],
  })
  expect(found!.payments.map(({ why }) => why)).toEqual([
    expect.stringContaining(`It pays the receipt of node ${former.nodeId} for period 101, and no run here has it`),
    expect.stringContaining('somebody else may have the payer’s keys'),
  ])
}, 30_000)

/** Sends a run in a process of its own, which is killed as soon as something of it stands on the ledger. */
async function sendAndKill(dataDir: string, runId: string): Promise<void> {
  const { horizon, passphrase } = lab.config
  const child = spawn(process.execPath, [join(import.meta.dirname, '../helpers/pay-child.ts'), dataDir, horizon, passphrase, runId])
  const gone = once(child, 'exit')
  while (lab.local.ledger.state.txs.length === 0 && child.exitCode === null) await new Promise(resolve => setImmediate(resolve))
  child.kill('SIGKILL')
  expect(await gone).toEqual([null, 'SIGKILL'])
}

test('a run whose sending was cut off goes on by itself at the next start, unless it was paused or stopped by hand', async () => {
  const core = await open()
  await run(core, 'pay.setConfig', { network: 'lab', config: { ...lab.config, channels: [lab.config.channels[0]!] } })
  await openFarms(lab, core, period)
  const keyIds = [await openKey(lab, core, 0), await openKey(lab, core, 1)]
  await ended(core, await plan(core))
  const { runId, rows } = await newest(core)
  await ended(core, await run(core, 'pay.sign', { runId, keyIds }))
  const { dataDir } = await core.query('status.get', {})
  const reopen = async (before: Core) => {
    await before.close()
    const next = await openAt(dataDir)
    await new Promise(resolve => setTimeout(resolve, 50))
    return next
  }
  await core.close()
  await sendAndKill(dataDir, runId)
  expect(paidOnLedger(lab.local, lab.config.payer).size).toBeLessThan(rows)

  const second = await openAt(dataDir)
  const jobOf = async (of: Core) => (await of.query('jobs.list', {})).find(({ title }) => title === `Go on paying period ${period}`)
  while (!(await jobOf(second))) await new Promise(resolve => setTimeout(resolve, 10))
  const going = await newest(second)
  expect(going).toMatchObject({ stage: 'running', job: { state: 'running' } })
  expect(going.can).toContain('pause')
  await run(second, 'jobs.cancel', { jobId: going.job!.jobId })
  expect((await newest(second)).stage).toBe('paused')
  const third = await reopen(second)
  expect(await third.query('jobs.list', {})).toEqual([])
  const { paid } = await newest(third)
  expect(paid).toBeLessThan(rows)
  // the end of Granary is no pause
  await run(third, 'pay.resume', { runId })
  const fourth = await reopen(third)
  let job = await jobOf(fourth)
  while (job?.state !== 'done') {
    expect(job?.error ?? null).toBeNull()
    await new Promise(resolve => setTimeout(resolve, 20))
    job = await jobOf(fourth)
  }
  expect(job.detail).toBe(`${rows} paid.`)
  expect([...paidOnLedger(lab.local, lab.config.payer).values()].map(({ length }) => length)).toEqual(Array(rows).fill(1))
  const { rows: trail } = await fourth.query('audit.list', { limit: 20 })
  expect(trail.filter(({ action }) => action === 'pay.goOn').map(({ actor }) => actor)).toEqual(['granary (start)', 'granary (start)'])
}, 60_000)

test('decided mints are planned, paid and marked as paid once and for all', async () => {
  const core = await configured()
  await run(core, 'mintConfig.set', { config: { ...defaultMintConfig, rules: 'node-period' } })
  while (!(await core.query('mints.list', {})).complete) await new Promise(resolve => setTimeout(resolve, 20))
  const { rows: mints } = await core.query('mints.list', { stage: 'decided', limit: 1000 })
  expect(mints.length).toBeGreaterThan(0)
  for (const which of [101, 102]) await openFarms(lab, core, which)
  const keyIds = [await openKey(lab, core, 0), await openKey(lab, core, 1)]
  expect(await ended(core, await plan(core))).toMatch(/^pay\.refused: .*nodes' own periods/)
  expect(await ended(core, await plan(core, { period: null }))).toMatch(/^Run /)
  const { runId, rows } = await newest(core)
  // what can still be paid is not called failed, or it could be decided and paid once more
  const under = (await core.query('pay.rows', { runId, limit: 1 })).rows[0]!
  const mint = mints.find(({ nodeId, id }) => nodeId === under.nodeId && id === under.receipt)!
  const failed = { kind: 'failed', reason: 'it did not come', attempt: 1 } as const
  const call = run(core, 'mints.act', { nodeId: mint.nodeId, start: mint.start, mintId: mint.id, action: failed })
  expect(await codeOf(call)).toBe('mint.refused being-paid')
  await ended(core, await run(core, 'pay.sign', { runId, keyIds }))
  await ended(core, await run(core, 'pay.start', { runId }))
  const { total } = await core.query('mints.list', { stage: 'paid' })
  expect(total).toBe(rows)
  const { rows: paid } = await core.query('mints.list', { stage: 'paid', limit: 1 })
  const detail = await core.query('mint.get', { nodeId: paid[0]!.nodeId, start: paid[0]!.start })
  const [arrived] = await core.query('pay.payments', { receipts: [detail.decidedFor ?? paid[0]!.id] })
  expect(detail.decision.payments).toMatchObject([{ result: 'paid', tx: arrived!.tx }])
}, 60_000)
