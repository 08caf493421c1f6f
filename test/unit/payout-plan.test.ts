import { expect, test } from 'vitest'
import {
  type Payable,
  type PayeeCheck,
  type PlanInput,
  planRun,
  planText,
  readPlan,
  runIdOf,
} from '../../src-main/engines/payout-plan/plan.ts'
import {
  applyRow,
  isDead,
  isOver,
  type LedgerTx,
  newRow,
  type RowEvent,
  type RowState,
  rowStage,
  sendable,
} from '../../src-main/engines/payout-plan/row.ts'
import { channelHeads, isProvenDead, planReplacements, settledStage } from '../../src-main/engines/payout-plan/run.ts'
import { AppError } from '../../src-shared/errors.ts'
import type { PlanRow } from '../../src-shared/pay.ts'

const account = (letter: string) => `G${letter.repeat(55)}`
const hash = (n: number) => n.toString(16).padStart(64, '0')

function payable(nodeId: number, more: Partial<Payable> = {}): Payable {
  return {
    kind: 'receipt',
    nodeId,
    farmId: 1,
    startTs: 0,
    receipt: hash(nodeId),
    retryFor: null,
    address: account('F'),
    amountUnits: 5n,
    ...more,
  }
}

function input(payables: Payable[], more: Partial<PlanInput> = {}): PlanInput {
  return {
    network: 'main',
    passphrase: 'Test passphrase',
    assetCode: 'TFT',
    issuer: account('I'),
    payer: account('P'),
    payerUnits: 10_000n,
    rules: 'v3',
    period: 80,
    maker: '',
    channels: [
      { address: account('C'), sequence: 100n, spendableStroops: 10_000n },
      { address: account('D'), sequence: 7n, spendableStroops: 10_000n },
    ],
    feeStroops: 100,
    ledgerTs: 1_000_000,
    signSec: 3600,
    payables,
    payees: new Map([[account('F'), { ok: true, roomUnits: null }]]),
    paid: new Set(),
    ...more,
  }
}

const errorOf = (work: () => unknown): AppError => {
  try {
    work()
  } catch (error) {
    if (error instanceof AppError) return error
  }
  throw new Error('it was not refused')
}

test('rows stand in the order of payouts.csv and go round the channels, each with its number for ever', () => {
  const retry = (n: number) => payable(1, { kind: 'retry', receipt: hash(n), retryFor: hash(n + 500) })
  const { plan } = planRun(input([retry(99), payable(3), retry(90), payable(1), payable(2)]))
  expect(plan!.rows.map(({ receipt, channel, sequence }) => [receipt, channel[1], sequence])).toEqual([
    [hash(1), 'C', 101n],
    [hash(2), 'D', 8n],
    [hash(3), 'C', 102n],
    [hash(90), 'D', 9n],
    [hash(99), 'C', 103n],
  ])
  const [first, , third] = plan!.rows
  expect(first!.maxTs).toBeGreaterThanOrEqual(1_000_000 + 3600)
  expect(third!.maxTs).toBeGreaterThan(first!.maxTs)
})

test("the run's id is the hash of all of the plan and of nothing else", () => {
  const payables = [payable(1), payable(2)]
  const { runId, text, plan } = planRun(input(payables))
  expect(planRun(input(payables.toReversed())).runId).toBe(runId)
  expect(runIdOf(planText(plan!))).toBe(runId)
  expect(readPlan(text)).toEqual({ plan, runId })
  const others: Partial<PlanInput>[] = [
    { passphrase: 'Another' },
    { assetCode: 'TFTA' },
    { payer: account('Q') },
    { maker: account('M') },
    { feeStroops: 101 },
    { ledgerTs: 1_000_001 },
    { signSec: 3601 },
    { period: 81 },
    { channels: [{ address: account('C'), sequence: 101n, spendableStroops: 1n }] },
  ]
  expect(new Set([runId, ...others.map(more => planRun(input(payables, more)).runId)]).size).toBe(others.length + 1)
})

test('a plan that was changed, or breaks the rules of a run, is refused', () => {
  const { text, plan } = planRun(input([payable(1), payable(2)]))
  expect(errorOf(() => readPlan(text.replace('"version":1', '"version": 1'))).code).toBe('archive.format')
  expect(errorOf(() => readPlan('{}')).code).toBe('archive.format')
  expect(errorOf(() => readPlan('nonsense')).code).toBe('archive.format')
  const [first, second] = plan!.rows
  const broken: PlanRow[][] = [
    [first!, { ...second!, channel: first!.channel, sequence: first!.sequence }],
    [first!, { ...second!, receipt: first!.receipt }],
    [first!, { ...second!, amountUnits: 0n }],
    [first!, { ...second!, channel: account('X') }],
    [first!, { ...second!, maxTs: second!.minTs + 90_000 }],
    [first!, { ...second!, kind: 'retry' as const }],
  ]
  for (const rows of broken) expect(errorOf(() => readPlan(planText({ ...plan!, rows }))).code).toBe('archive.format')
})

test('a payee that is not good stays out, with the reason and what the farmer must do', () => {
  const bad = { ok: false as const, reason: 'No trustline.', wayOut: 'Add one.' }
  const payees = new Map<string, PayeeCheck>([
    [account('F'), { ok: true as const, roomUnits: 9n }],
    [account('B'), bad],
  ])
  const list = [
    payable(1),
    payable(2),
    payable(3, { address: account('B') }),
    payable(4, { address: '' }),
    payable(5, { address: account('P') }),
  ]
  const { plan, leftOut } = planRun(input(list, { payees }))
  expect(plan!.rows.map(({ nodeId }) => nodeId)).toEqual([1])
  expect(leftOut.map(({ payable: { nodeId } }) => nodeId)).toEqual([2, 3, 4, 5])
  for (const { reason, wayOut } of leftOut) expect(reason.length * wayOut.length).toBeGreaterThan(0)
})

test('what is on the ledger already is not planned again, a retry neither', () => {
  const list = [payable(1), payable(2), payable(3, { kind: 'retry', receipt: hash(30), retryFor: hash(31) })]
  const { plan, alreadyPaid } = planRun(input(list, { paid: new Set([hash(2), hash(31)]) }))
  expect(plan!.rows.map(({ nodeId }) => nodeId)).toEqual([1])
  expect(alreadyPaid.map(({ nodeId }) => nodeId)).toEqual([2, 3])
  expect(planRun(input([payable(1)], { paid: new Set([hash(1)]) })).plan).toBeNull()
})

test('one receipt twice is refused, also as the retry of itself', () => {
  expect(errorOf(() => planRun(input([payable(1), payable(1)]))).code).toBe('mint.inconsistent')
  expect(errorOf(() => planRun(input([payable(1), payable(2, { kind: 'retry', retryFor: hash(1) })]))).code).toBe('mint.inconsistent')
})

test('what is short is named with its account', () => {
  const channels = [{ address: account('C'), sequence: 1n, spendableStroops: 150n }]
  const { shortages } = planRun(input([payable(1), payable(2)], { channels, payerUnits: 9n }))
  expect(shortages).toEqual([
    { account: account('P'), asset: 'TFT', needsUnits: 10n, hasUnits: 9n },
    { account: account('C'), asset: 'XLM', needsUnits: 200n, hasUnits: 150n },
  ])
  expect(planRun(input([payable(1)], { payerUnits: null })).shortages).toEqual([])
})

test('5,500 rows are planned; over one channel with more time than a day they are refused', () => {
  const payables = Array.from({ length: 5500 }, (_, n) => payable(n + 1))
  const started = performance.now()
  const { plan, expectedSec } = planRun(input(payables, { payerUnits: 1_000_000n }))
  console.log(`5,500 rows planned in ${Math.round(performance.now() - started)} ms`)
  expect(plan!.rows).toHaveLength(5500)
  expect(expectedSec).toBe(2750 * 6)
  const one = [{ address: account('C'), sequence: 1n, spendableStroops: 1n }]
  expect(errorOf(() => planRun(input(payables, { channels: one, signSec: 12 * 3600 }))).code).toBe('usage')
})

const { plan } = planRun(input([payable(1)]))
const planned = plan!.rows[0]!
const tx = (more: Partial<LedgerTx> = {}): LedgerTx => ({
  hash: 'first',
  successful: true,
  ledger: 9,
  ts: 1_000_500,
  source: planned.channel,
  sequence: planned.sequence,
  memo: planned.receipt,
  payment: { from: plan!.payer, to: planned.payee, assetCode: 'TFT', issuer: plan!.issuer, amountUnits: planned.amountUnits },
  ...more,
})
function after(...events: RowEvent[]): RowState {
  let row = newRow('first', planned.maxTs)
  for (const event of events) {
    const result = applyRow(plan!, planned, row, event)
    if ('refused' in result) throw new Error(result.refused)
    row = result.row
  }
  return row
}
const signed: RowEvent = { kind: 'signed', hash: 'first' }
const send: RowEvent = { kind: 'send', hash: 'first' }
const absent = (closedTs: number): RowEvent => ({ kind: 'absent', hash: 'first', closedTs })
const refusalOf = (row: RowState, event: RowEvent) => {
  const result = applyRow(plan!, planned, row, event)
  return 'refused' in result ? result.refused : null
}

test('a row goes from planned over signed and sent to paid, and is never sent again', () => {
  expect(rowStage(after())).toBe('planned')
  expect(refusalOf(after(), send)).not.toBeNull()
  expect(sendable(after(signed, send, { kind: 'unclear', hash: 'first' }))?.hash).toBe('first')
  const paid = after(signed, send, { kind: 'found', tx: tx() })
  expect(rowStage(paid)).toBe('paid')
  expect(sendable(paid)).toBeNull()
  for (const event of [send, { kind: 'replace', envelope: { hash: 'second', kind: 'payment', maxTs: 9e9 } } as const])
    expect(refusalOf(paid, event)).not.toBeNull()
  // whatever is said again changes nothing
  for (const event of [signed, absent(9e9), { kind: 'unclear', hash: 'first' } as const, { kind: 'found', tx: tx() } as const]) {
    const result = applyRow(plan!, planned, paid, event)
    if ('row' in result) expect(result.row).toEqual(paid)
  }
})

test.each([
  ['payee', { payment: { ...tx().payment!, to: account('X') } }],
  ['asset', { payment: { ...tx().payment!, issuer: account('X') } }],
  ['amount', { payment: { ...tx().payment!, amountUnits: 6n } }],
  ['payer', { payment: { ...tx().payment!, from: account('X') } }],
  ['memo', { memo: hash(77) }],
  ['operation', { payment: null }],
])('paid means that all agree: another %s is a conflict that only a person ends', (_what, more) => {
  const row = after(signed, send, { kind: 'found', tx: tx(more as Partial<LedgerTx>) })
  expect(rowStage(row)).toBe('conflict')
  expect(isOver(row)).toBe(false)
  expect(sendable(row)).toBeNull()
})

test('it expires only when its bounds have passed in a closed ledger, and only then is it replaced', () => {
  const sent = after(signed, send, absent(planned.maxTs))
  expect(rowStage(sent)).toBe('sent')
  const replace = { kind: 'replace', envelope: { hash: 'second', kind: 'payment', maxTs: planned.maxTs + 500 } } as const
  expect(refusalOf(sent, replace)).toMatch(/time bounds/)
  const expired = after(signed, send, absent(planned.maxTs + 1))
  expect(rowStage(expired)).toBe('expired')
  const second = after(signed, send, absent(planned.maxTs + 1), replace)
  expect(rowStage(second)).toBe('planned')
  expect(refusalOf(second, send)).not.toBeNull()
  // whichever of the two the ledger took, the other is dead
  const late = after(signed, send, absent(planned.maxTs + 1), replace, { kind: 'found', tx: tx() })
  expect([rowStage(late), late.envelopes[1]!.stage]).toEqual(['paid', 'overtaken'])
})

test('a failed operation, a bump and a number taken by others end the row', () => {
  const failed = after(signed, send, { kind: 'found', tx: tx({ successful: false }) })
  expect([rowStage(failed), isOver(failed)]).toEqual(['failed', true])
  const bump: RowEvent = { kind: 'replace', envelope: { hash: 'bump', kind: 'bump', maxTs: 9e9 } }
  const used = after(signed, send, bump, { kind: 'found', tx: tx({ hash: 'bump', memo: null, payment: null }) })
  expect([rowStage(used), used.envelopes.every(isDead)]).toEqual(['used-up', true])
  const taken = after(signed, { kind: 'found', tx: tx({ hash: 'foreign', memo: null, payment: null }) })
  expect([rowStage(taken), isOver(taken)]).toEqual(['overtaken', true])
  expect(rowStage(after(signed, { kind: 'skipped', closedTs: planned.maxTs }))).toBe('signed')
  expect(rowStage(after(signed, { kind: 'skipped', closedTs: planned.maxTs + 1 }))).toBe('overtaken')
})

test('paid by a transaction that is not known here: never sent, and not over while its own envelope could pay again', () => {
  const foreign = after(signed, { kind: 'found', tx: tx({ hash: 'foreign', source: account('Z') }) })
  expect([rowStage(foreign), foreign.payment!.foreign, isOver(foreign)]).toEqual(['paid', true, false])
  expect(refusalOf(foreign, send)).not.toBeNull()
  expect(channelHeads(plan!, [foreign])[0]).toMatchObject({ send: null, why: 'paid-elsewhere' })
  const bumped = after(
    signed,
    { kind: 'found', tx: tx({ hash: 'foreign', source: account('Z') }) },
    { kind: 'replace', envelope: { hash: 'bump', kind: 'bump', maxTs: 9e9 } },
    { kind: 'signed', hash: 'bump' },
  )
  expect(sendable(bumped)?.hash).toBe('bump')
  // a payment of somebody else under the same memo means nothing
  const other = after(signed, {
    kind: 'found',
    tx: tx({ hash: 'foreign', source: account('Z'), payment: { ...tx().payment!, from: account('Z') } }),
  })
  expect(rowStage(other)).toBe('signed')
})

test('a second payment of one receipt on the ledger is told, not hidden', () => {
  const row = after(signed, send, { kind: 'found', tx: tx() }, { kind: 'found', tx: tx({ hash: 'foreign', source: account('Z') }) })
  expect(rowStage(row)).toBe('conflict')
})

test('a run is dead only if nothing was paid and nothing can be', () => {
  const expired = after(signed, send, absent(planned.maxTs + 1))
  expect(isProvenDead([expired])).toBe(true)
  expect(settledStage('running', [expired])).toBe('dead')
  const paid = after(signed, send, { kind: 'found', tx: tx() })
  expect(isProvenDead([expired, paid])).toBe(false)
  expect(settledStage('running', [expired, paid])).toBe('running')
  expect(settledStage('stopped', [expired, paid])).toBe('done')
  expect(isProvenDead([expired, after(signed)])).toBe(false)
})

test('replacements keep to the rows that expired and stagger their bounds anew', () => {
  const four = planRun(input([1, 2, 3, 4].map(n => payable(n)))).plan!
  const state = (place: number, ...events: RowEvent[]) => {
    let row = newRow('first', four.rows[place]!.maxTs)
    for (const event of events) {
      const result = applyRow(four, four.rows[place]!, row, event)
      if ('row' in result) row = result.row
    }
    return row
  }
  const gone = absent(9e9)
  const rows = [state(0, gone), state(1, signed), state(2, gone), state(3, gone)]
  const options = { fromTs: 2_000_000, signSec: 60, feeStroops: 200 }
  const payments = planReplacements(four, rows, { kind: 'payment', ...options })
  expect(payments.map(({ place, generation }) => [place, generation])).toEqual([
    [0, 1],
    [2, 1],
    [3, 1],
  ])
  expect(payments[1]!.maxTs).toBeGreaterThan(payments[0]!.maxTs)
  expect(planReplacements(four, rows, { kind: 'bump', ...options }).map(({ place }) => place)).toEqual([0, 1, 2, 3])
})
