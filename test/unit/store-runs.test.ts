import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { type Payable, planRun } from '../../src-main/engines/payout-plan/plan.ts'
import { applyRow, type RowEvent, rowStage } from '../../src-main/engines/payout-plan/row.ts'
import { openStore, type Store } from '../../src-main/store/open.ts'
import {
  beginAttempts,
  busyChannels,
  endAttempt,
  insertRun,
  listRuns,
  loadAttempts,
  loadRows,
  loadRun,
  loadSignatures,
  originsUnderWay,
  paymentOf,
  saveRow,
  saveSignatures,
  saveSignedHere,
  saveStage,
} from '../../src-main/store/runs.ts'
import { AppError } from '../../src-shared/errors.ts'
import type { PayoutPlan } from '../../src-shared/pay.ts'
import { makeFolders, receiptHash } from '../helpers/pay.ts'

const folders = makeFolders()
afterAll(folders.clear)
let store: Store
beforeEach(() => {
  store = openStore(folders.next(), { mode: 'write' })
})
afterEach(() => store.close())

const account = (letter: string) => `G${letter.repeat(55)}`

function plan(period: number | null, receipts: string[], more: Partial<Payable> = {}): { plan: PayoutPlan; text: string; runId: string } {
  const {
    plan: made,
    text,
    runId,
  } = planRun({
    network: 'main',
    passphrase: 'Test',
    assetCode: 'TFT',
    issuer: account('I'),
    payer: account('P'),
    payerUnits: null,
    rules: period === null ? 'node-period' : 'v3',
    period,
    maker: '',
    channels: [{ address: account('C'), sequence: 1n, spendableStroops: 1n }],
    feeStroops: 100,
    ledgerTs: 1_000,
    signSec: 60,
    payables: receipts.map((name, n) => ({
      kind: period === null ? 'mint' : 'receipt',
      nodeId: n,
      farmId: 1,
      startTs: 0,
      receipt: receiptHash(name),
      retryFor: null,
      address: account('F'),
      amountUnits: 1n,
      ...more,
    })),
    payees: new Map([[account('F'), { ok: true, roomUnits: null }]]),
    paid: new Set(),
  })
  return { plan: made!, text, runId }
}

function insert(made: ReturnType<typeof plan>): string {
  const envelopes = made.plan.rows.map(({ receipt }) => ({ hash: receiptHash(made.runId + receipt), envelope: 'AAAA' }))
  insertRun(store, { runId: made.runId, plan: made.plan, planText: made.text, madeHere: true, envelopes })
  return made.runId
}

function happen(runId: string, made: PayoutPlan, place: number, ...events: ((hash: string) => RowEvent)[]): void {
  for (const event of events) {
    const before = loadRows(store, runId)[place]!
    const result = applyRow(made, made.rows[place]!, before, event(before.envelopes[0]!.hash))
    if ('refused' in result) throw new Error(result.refused)
    saveRow(store, loadRun(store, runId), place, before, result.row, rowStage(result.row))
  }
}

const signed = (hash: string): RowEvent => ({ kind: 'signed', hash })
const send = (hash: string): RowEvent => ({ kind: 'send', hash })
const gone = (hash: string): RowEvent => ({ kind: 'absent', hash, closedTs: 9e9 })
const paid =
  (made: PayoutPlan, place: number) =>
  (hash: string): RowEvent => {
    const { channel, sequence, receipt, payee, amountUnits } = made.rows[place]!
    const payment = { from: made.payer, to: payee, assetCode: made.assetCode, issuer: made.issuer, amountUnits }
    return { kind: 'found', tx: { hash, successful: true, ledger: 5, ts: 2_000, source: channel, sequence, memo: receipt, payment } }
  }

const refusal = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    return error instanceof AppError ? error.code : (error as Error).message
  }
  return 'it was not refused'
}

test('a run comes back as it was put in, once', () => {
  const made = plan(80, ['a', 'b'])
  const runId = insert(made)
  expect(insert(made)).toBe(runId)
  expect(listRuns(store, 'main')).toMatchObject([{ runId, subject: 'period 80', stage: 'open', madeHere: true, signedHere: false }])
  expect(loadRun(store, runId.slice(0, 8)).planText).toBe(made.text)
  expect(refusal(() => loadRun(store, 'ffff'))).toBe('not-found')
  expect(loadRows(store, runId).map(rowStage)).toEqual(['planned', 'planned'])
  expect(busyChannels(store, 'main')).toEqual(new Map([[account('C'), runId]]))
})

test('one live run for a network and period; of mints one after the other', () => {
  const first = plan(80, ['a'])
  insert(first)
  expect(refusal(() => insert(plan(80, ['b'])))).toBe('store.conflict')
  insert(plan(81, ['c']))
  const mints = plan(null, ['d'])
  insert(mints)
  expect(refusal(() => insert(plan(null, ['e'])))).toBe('store.conflict')
  happen(mints.runId, mints.plan, 0, signed, send, paid(mints.plan, 0))
  saveStage(store, mints.runId, 'done')
  insert(plan(null, ['e']))
  // a period that was paid stays taken
  happen(first.runId, first.plan, 0, signed, send, paid(first.plan, 0))
  saveStage(store, first.runId, 'done')
  expect(refusal(() => insert(plan(80, ['b'])))).toBe('store.conflict')
})

test('a receipt that is under way or paid is in no other run, and neither is its retry', () => {
  const first = plan(80, ['a', 'b'])
  insert(first)
  const retry = plan(81, ['a again'], { kind: 'retry', retryFor: receiptHash('a') })
  expect(refusal(() => insert(retry))).toBe('store.conflict')
  expect(originsUnderWay(store, 'main')).toEqual(new Set([receiptHash('a'), receiptHash('b')]))
  happen(first.runId, first.plan, 0, gone)
  happen(first.runId, first.plan, 1, signed, send, paid(first.plan, 1))
  insert(retry)
  expect(refusal(() => insert(plan(82, ['b'])))).toBe('store.conflict')
  expect(paymentOf(store, receiptHash('b'))).toMatchObject({ paidTs: 2_000, runId: first.runId })
})

test('a run is called dead only when nothing of it was paid and every envelope is', () => {
  const made = plan(80, ['a', 'b'])
  const runId = insert(made)
  happen(runId, made.plan, 0, gone)
  expect(refusal(() => saveStage(store, runId, 'dead'))).toContain('is not dead')
  happen(runId, made.plan, 1, gone)
  saveStage(store, runId, 'dead')
  expect(refusal(() => saveStage(store, runId, 'open'))).toContain('stays ended')
  expect(refusal(() => saveSignedHere(store, runId))).toContain('stays signed')
  insert(plan(80, ['a', 'b', 'c']))
})

test('what was signed here is not withdrawn; what was not, is, and gives the period free', () => {
  const made = plan(80, ['a'])
  const runId = insert(made)
  saveSignedHere(store, runId)
  expect(refusal(() => saveStage(store, runId, 'withdrawn'))).toContain('is not withdrawn')
  const other = plan(81, ['b'])
  insert(other)
  saveStage(store, other.runId, 'withdrawn')
  insert(plan(81, ['b', 'c']))
})

test('nothing is deleted, no plan is changed, and what was paid stays paid', () => {
  const made = plan(80, ['a'])
  const runId = insert(made)
  happen(runId, made.plan, 0, signed, send, paid(made.plan, 0))
  for (const table of ['payout_runs', 'payout_rows', 'payout_envelopes'])
    expect(refusal(() => store.books.prepare(`DELETE FROM ${table}`).run())).toContain('never deleted')
  expect(refusal(() => store.books.prepare("UPDATE payout_rows SET amount_units = '9'").run())).toContain('never changed')
  expect(refusal(() => store.books.prepare("UPDATE payout_runs SET plan = ''").run())).toContain('never changed')
  expect(refusal(() => store.books.prepare("UPDATE payout_envelopes SET envelope = 'BBBB'").run())).toContain('never changed')
  expect(refusal(() => store.books.prepare("UPDATE payout_rows SET tx = NULL, paid_ts = NULL, stage = 'planned'").run())).toContain(
    'stays paid',
  )
})

test('an attempt begins only for an envelope that is kept as sent, and signatures are kept once', () => {
  const made = plan(80, ['a'])
  const runId = insert(made)
  const [envelope] = loadRows(store, runId)[0]!.envelopes
  expect(refusal(() => beginAttempts(store, () => [envelope!.hash]))).toBe('internal')
  const [id] = beginAttempts(store, () => {
    happen(runId, made.plan, 0, signed, send)
    return [envelope!.hash]
  })
  endAttempt(store, id!, 'unclear', 'no answer')
  expect(loadAttempts(store, runId, 0)).toMatchObject([{ hash: envelope!.hash, outcome: 'unclear', note: 'no answer' }])
  const signature = { hash: envelope!.hash, signer: account('S'), signature: 'AA==' }
  expect([saveSignatures(store, [signature, signature]), saveSignatures(store, [signature])]).toEqual([1, 0])
  expect(loadSignatures(store, runId).get(envelope!.hash)).toEqual([signature])
})

test('what others paid of a run that is withdrawn may be in the run that takes its place, down to the transaction', () => {
  const own = plan(80, ['a', 'b'])
  insert(own)
  happen(own.runId, own.plan, 0, signed, paid(own.plan, 0))
  saveStage(store, own.runId, 'withdrawn')
  const theirs = plan(80, ['a'])
  const runId = insert(theirs)
  const [first] = loadRows(store, own.runId)
  expect(first!.payment).toMatchObject({ foreign: true })
  const row = loadRows(store, runId)[0]!
  const result = applyRow(theirs.plan, theirs.plan.rows[0]!, row, paid(theirs.plan, 0)(row.envelopes[0]!.hash))
  if ('refused' in result) throw new Error(result.refused)
  saveRow(store, loadRun(store, runId), 0, row, result.row, rowStage(result.row))
  expect(loadRows(store, runId)[0]!.payment).toMatchObject({ foreign: false })
})
