import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { openCore } from '../../src-main/core/index.ts'
import { judgePayment, readPayments } from '../../src-main/jobs/compare/payments.ts'
import type { VerifyReport } from '../../src-shared/compare.ts'
import { granary } from '../helpers/granary.ts'
import { makeKey, readFaults, TFT } from '../helpers/horizon/index.ts'
import { importPaidPeriods, type PaidWorld, PERIOD_79_START, payees, startPaidWorld, stellarOptions } from '../helpers/paid-period.ts'
import { ended, run } from '../helpers/pay-core.ts'
import { clientOf } from '../helpers/stellar.ts'

/* `granary verify --against stellar`: was each receipt paid, once, and as it says. */

const UNITS = 2_794_250_000n
let folder: string
let dataDir: string
/** what was minted of a period, and its receipts' hashes by node */
const minted = { 79: '', 80: '' }
const hashes: Record<79 | 80, Record<number, string>> = { 79: {}, 80: {} }
let lab: PaidWorld

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'granary-verify-'))
  dataDir = join(folder, 'data')
  await importPaidPeriods(dataDir, folder)
  for (const period of [79, 80] as const) {
    minted[period] = join(folder, `minted-${period}`)
    const previous = period === 80 ? ['--previous', join(minted[79], 'receipts.ndjson')] : []
    const { code, err } = await granary('mint', '--period', String(period), '--out', minted[period], ...previous, '--data', dataDir)
    expect([code, err]).toEqual([0, ''])
    for (const line of readFileSync(join(minted[period], 'receipts.ndjson'), 'utf8').trim().split('\n')) {
      const { node_id, hash } = JSON.parse(line)
      hashes[period][node_id] = hash
    }
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
beforeEach(async () => {
  lab = await startPaidWorld()
})
afterEach(() => lab.local.stop())

async function verify(...more: string[]): Promise<{ code: number; report: VerifyReport }> {
  const args = [join(minted[79], 'receipts.ndjson'), '--against', 'stellar', ...stellarOptions(lab), ...more]
  const { code, out, err } = await granary('verify', ...args, '--json', '--data', dataDir)
  expect(err).toBe('')
  return { code, report: JSON.parse(out) }
}

/** By node of period 79, how its payment stands. */
const stands = ({ receipts }: VerifyReport) =>
  Object.fromEntries(receipts.filter(({ kind }) => kind === 'receipt').map(({ nodeId, payment }) => [nodeId, payment!.state]))
const whyOf = ({ receipts }: VerifyReport, node: number) => receipts.find(({ nodeId }) => nodeId === node)!.payment!.why

/** Pays what is right of period 79: node 2 has no payee and node 4 gets nothing. */
function payRightly(): string[] {
  return [1, 3].map(node => lab.pay({ payee: payees[node - 1]!, amountUnits: UNITS, memoHash: hashes[79][node]! }))
}
/** The retry that period 80 pays to a node for 79. */
const retryOf = (node: number): string => {
  const lines = readFileSync(join(minted[80], 'payouts.csv'), 'utf8').trim().split('\n')
  const receipts = Object.values(hashes[80])
  const [, , hash] = lines.map(line => line.split(',')).find(([to, , hash]) => to === payees[node - 1] && !receipts.includes(hash!))!
  return hash!
}

test('each that was paid is found with its transaction; what was not is said, and fails', async () => {
  const [first] = payRightly()
  const { code, report } = await verify()
  expect(code).toBe(1)
  expect(stands(report)).toEqual({ 1: 'paid', 2: 'not-paid', 3: 'paid', 4: 'nothing-due' })
  expect(report.receipts[0]!.payment!.txs).toEqual([{ tx: first, ts: expect.any(Number) }])
  expect(report.counts).toEqual({ right: 3, unknown: 0, fails: 1 })
  expect(report.ledger).toMatchObject({ network: 'test', transactions: 2, problem: null, fromTs: PERIOD_79_START })
  const { out } = await granary('verify', minted[79], '--against', 'stellar', ...stellarOptions(lab), '--data', dataDir)
  expect(out).toMatch(new RegExp(`^right +${hashes[79][1]} .*recomputed right, paid 20\\d\\d-.* in ${first}$`, 'm'))
  expect(out).toMatch(new RegExp(`^FAILS +${hashes[79][2]} .*not paid: On no transaction until`, 'm'))
  expect(out).toContain('Rests on the word of http://127.0.0.1')
})

test('a retry pays its receipt; both together pay it twice, also where the store alone knows the retry', async () => {
  payRightly()
  lab.pay({ payee: payees[1]!, amountUnits: UNITS, memoHash: retryOf(2) })
  const { code, report } = await verify()
  expect([code, stands(report)]).toEqual([0, { 1: 'paid', 2: 'paid', 3: 'paid', 4: 'nothing-due' }])
  expect(whyOf(report, 2)).toBe('By its retry.')
  lab.pay({ payee: payees[0]!, amountUnits: UNITS, memoHash: retryOf(1) })
  const again = await verify()
  expect([again.code, stands(again.report)]).toEqual([1, { 1: 'twice', 2: 'paid', 3: 'paid', 4: 'nothing-due' }])
  expect(again.report.receipts[0]!.payment!.txs).toHaveLength(2)
})

test('paid twice, to somebody else, another amount, another asset, more than a payment, and for nothing: each is told', async () => {
  const memoHash = hashes[79][1]!
  const right = { payee: payees[0]!, amountUnits: UNITS, memoHash }
  const judged = async (...changes: Parameters<PaidWorld['pay']>[0][]) => {
    await lab.local.stop()
    lab = await startPaidWorld()
    // the issuer can pay too, in whatever it issues
    const line = lab.world.line(UNITS * 10n)
    lab.local.ledger.setAccount(lab.world.payer.publicKey(), { trustlines: { [lab.world.key]: line, [`OTHER:${TFT.issuer}`]: line } })
    lab.local.ledger.setAccount(payees[0]!, {
      trustlines: { [lab.world.key]: lab.world.line(), [`OTHER:${TFT.issuer}`]: lab.world.line() },
    })
    for (const change of changes) lab.pay({ ...right, ...change })
    const { report } = await verify()
    const { state, why } = report.receipts[0]!.payment!
    return `${state}: ${why}`
  }
  const others = makeKey('farmer 1').publicKey()
  lab.local.ledger.setAccount(others)
  expect(await judged({})).toBe('paid: ')
  expect(await judged({}, {})).toMatch(/^twice: 20.* in [0-9a-f]{64}, and 20.* in [0-9a-f]{64}\.$/)
  expect(await judged({ payee: others })).toBe(`wrong: It went to ${others}, not to ${payees[0]}.`)
  expect(await judged({ amountUnits: UNITS - 1n })).toBe('wrong: It is of 279.4249999, not of 279.4250000.')
  expect(await judged({ asset: { code: 'OTHER', issuer: TFT.issuer } })).toBe(
    `wrong: It is in OTHER of ${TFT.issuer}, not in TFT of ${TFT.issuer}.`,
  )
  await lab.local.stop()
  lab = await startPaidWorld()
  lab.pay({ payee: payees[0]!, amountUnits: 1n, memoHash: hashes[79][4]! })
  expect(whyOf((await verify()).report, 4)).toBe('Nothing is due for it.')
})

test('a payment that failed is none; nor is what others send under a memo', async () => {
  const memoHash = hashes[79][1]!
  const { payer, key, line, channels } = lab.world
  lab.local.ledger.setAccount(payees[0]!, { trustlines: {} })
  lab.pay({ payee: payees[0]!, amountUnits: UNITS, memoHash })
  expect(whyOf((await verify()).report, 1)).toMatch(/^Its payment failed on Stellar, op_no_trust, in [0-9a-f]{64}\.$/)
  // somebody else pays the payer under the memo: it stands in the payer's history
  lab.local.ledger.setAccount(channels[1]!.publicKey(), { trustlines: { [key]: line(UNITS) } })
  lab.pay({ source: channels[1]!.publicKey(), payer: channels[1]!.publicKey(), payee: payer.publicKey(), amountUnits: UNITS, memoHash })
  expect(stands((await verify()).report)[1]).toBe('not-paid')
})

test('history that Horizon does not keep, or that breaks off on the way, is not known, and fails', async () => {
  await lab.local.stop()
  lab = await startPaidWorld(PERIOD_79_START + 3_000_000)
  payRightly()
  const { code, report } = await verify()
  expect([code, stands(report)]).toEqual([1, { 1: 'not-known', 2: 'not-known', 3: 'not-known', 4: 'not-known' }])
  expect(whyOf(report, 2)).toContain('Horizon keeps history from')
  expect(report.counts.fails).toBe(0)

  const { horizon } = clientOf(lab.local, { tries: 1 })
  lab.local.faults.next('error', /transactions\?.*order=asc.*cursor/, 9)
  const config = { ...baseConfig(), horizon: lab.local.url }
  const history = await readPayments(horizon, { network: 'main', config, fromTs: PERIOD_79_START }, {})
  expect(history.read.problem).toContain('Horizon keeps history from')
  lab.local.faults.next('error', /transactions\?.*order=asc.*cursor/, 9)
  const cut = await readPayments(horizon, { network: 'main', config, fromTs: lab.local.ledger.state.ledgers[0]!.closeTs }, {})
  expect(cut.read.problem).toContain('is not well (500)')
  expect(judgePayment(cut, { hash: hashes[79][1]!, address: payees[0]!, units: UNITS, family: [] })).toMatchObject({ state: 'not-known' })
})

function baseConfig() {
  const { local, world } = lab
  return {
    passphrase: local.ledger.state.passphrase,
    assetCode: TFT.code,
    issuer: TFT.issuer,
    payer: world.payer.publicKey(),
    channels: [],
    feeStroops: 100,
    signSec: 3600,
  }
}

test('over every fault of a Horizon the words are the same', async () => {
  const { payer, channels } = lab.world
  const pay = (memoHash: string) => lab.pay({ source: channels[0]!.publicKey(), payee: payees[0]!, amountUnits: UNITS, memoHash })
  for (let n = 0; n < 220; n++) pay(n.toString(16).padStart(64, '0'))
  payRightly()
  const { horizon } = clientOf(lab.local, { tries: 40 })
  lab.local.faults.set({ share: 0.25, reads: readFaults.filter(fault => fault !== 'stale') })
  const config = { ...baseConfig(), horizon: lab.local.url }
  const history = await readPayments(horizon, { network: 'main', config, fromTs: PERIOD_79_START }, {})
  expect(history.read).toMatchObject({ problem: null, transactions: 222, accounts: [payer.publicKey(), TFT.issuer] })
  const due = (node: number) => ({ hash: hashes[79][node]!, address: payees[node - 1]!, units: UNITS, family: [] })
  expect([1, 2, 3].map(node => judgePayment(history, due(node)).state)).toEqual(['paid', 'not-paid', 'paid'])
})

test('without a store it works too; what is not said is asked for', async () => {
  payRightly()
  const empty = join(folder, 'nothing')
  const args = ['verify', join(minted[79], 'receipts.ndjson'), '--against', 'stellar', '--json', '--data', empty]
  const { code, out } = await granary(...args, ...stellarOptions(lab), '--network', 'main')
  const report = JSON.parse(out) as VerifyReport
  expect([code, report.receipts.map(({ payment }) => payment!.state)]).toEqual([1, ['paid', 'not-paid', 'paid', 'nothing-due']])
  const unsaid = await granary(...args, '--network', 'main')
  expect(unsaid.code).not.toBe(0)
  expect(unsaid.err).toContain('Say --horizon, --passphrase, --payer, or enter it in the payout settings.')
})

test('what is entered in the settings is what counts', async () => {
  payRightly()
  const own = join(folder, 'configured')
  const { local, world } = lab
  const members = ['--horizon', local.url, '--network-passphrase', local.ledger.state.passphrase, '--payer', world.payer.publicKey()]
  await importPaidPeriods(own, folder)
  const config = await granary('pay', 'config', ...members, '--asset', TFT.code, '--issuer', TFT.issuer, '--data', own)
  expect([config.code, config.err]).toEqual([0, ''])
  const { code, out } = await granary('verify', join(minted[79], 'payouts.csv'), '--against', 'stellar', '--data', own)
  expect([code, out]).toEqual([0, expect.stringContaining('paid 20')])
})

test('on a page: a job looks for the period’s payments, and each receipt says when and with what it was paid, whoever paid it', async () => {
  const own = join(folder, 'page')
  await importPaidPeriods(own, folder)
  const core = await openCore({ dataDir: own, host: 'cli', version: '1', demoDir: null, networksFile: null, mode: 'write' })
  try {
    const [first] = payRightly()
    const receipts = [1, 2, 3].map(node => hashes[79][node]!)
    const states = async () => (await core.query('pay.payments', { receipts })).map(({ state }) => state)
    const look = async () => ended(core, await run(core, 'pay.verify', { network: 'test', period: 79 }))
    expect(await core.query('pay.verified', { period: 79 })).toBeNull()
    expect(await look()).toContain('pay.refused: How this network pays is not entered yet')
    await run(core, 'pay.setConfig', { network: 'test', config: { ...baseConfig(), horizon: lab.local.url } })
    expect(await look()).toBe('2 paid, 1 not paid, 1 nothing due.')
    expect(await states()).toEqual(['paid', 'not-planned', 'paid'])
    expect((await core.query('pay.payments', { receipts }))[0]).toMatchObject({ tx: first, paidTs: expect.any(Number), why: '' })
    expect(await core.query('pay.verified', { period: 79 })).toMatchObject({
      text: '2 paid, 1 not paid, 1 nothing due',
      counts: { paid: 2 },
      ledger: { problem: null, network: 'test' },
    })
    lab.pay({ payee: payees[0]!, amountUnits: UNITS, memoHash: hashes[79][1]! })
    lab.pay({ payee: payees[0]!, amountUnits: UNITS, memoHash: hashes[79][2]! })
    expect(await look()).toBe('1 paid, 1 paid twice, 1 paid wrongly, 1 nothing due.')
    expect(await states()).toEqual(['twice', 'wrong', 'paid'])
    const { rows } = await core.query('audit.list', { limit: 100 })
    expect(rows.map(({ action }) => action).filter(action => action.startsWith('pay.ver'))).toEqual([
      ...['pay.verified', 'pay.verify', 'pay.verified', 'pay.verify', 'pay.verify'],
    ])
    // nothing is decided here, so nothing is looked for
    expect(await ended(core, await run(core, 'pay.verify', { network: 'test', period: null }))).toBe('There is no receipt to look for.')
  } finally {
    await core.close()
  }
})
