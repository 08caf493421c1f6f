import fc from 'fast-check'
import { expect, test } from 'vitest'
import { planRun } from '../../src-main/engines/payout-plan/plan.ts'
import {
  applyRow,
  isDead,
  isNumberFree,
  isOver,
  type LedgerTx,
  newRow,
  type RowEvent,
  type RowState,
  rowStage,
  sendable,
} from '../../src-main/engines/payout-plan/row.ts'
import { runs } from '../helpers/runs.ts'

const account = (letter: string) => `G${letter.repeat(55)}`
const plan = planRun({
  network: 'main',
  passphrase: 'Test',
  assetCode: 'TFT',
  issuer: account('I'),
  payer: account('P'),
  payerUnits: null,
  rules: 'v3',
  period: 80,
  maker: '',
  channels: [{ address: account('C'), sequence: 9n, spendableStroops: 1n }],
  feeStroops: 100,
  ledgerTs: 1_000,
  signSec: 60,
  payables: [
    { kind: 'receipt', nodeId: 1, farmId: 1, startTs: 0, receipt: 'ab'.repeat(32), retryFor: null, address: account('F'), amountUnits: 7n },
  ],
  payees: new Map([[account('F'), { ok: true as const, roomUnits: null }]]),
  paid: new Set<string>(),
}).plan!
const planned = plan.rows[0]!

/** Envelopes that may be made for the row: the plan's, one signed anew, one that uses the number up. */
const envelopes = [
  { hash: 'first', kind: 'payment', maxTs: planned.maxTs },
  { hash: 'second', kind: 'payment', maxTs: planned.maxTs + 1_000 },
  { hash: 'bump', kind: 'bump', maxTs: planned.maxTs + 2_000 },
] as const
const END = planned.maxTs + 10_000

const payment = { from: plan.payer, to: planned.payee, assetCode: 'TFT', issuer: plan.issuer, amountUnits: planned.amountUnits }
const ledgerTx = (more: Partial<LedgerTx>): LedgerTx => ({
  hash: 'first',
  successful: true,
  ledger: 5,
  ts: 1_500,
  source: planned.channel,
  sequence: planned.sequence,
  memo: planned.receipt,
  payment,
  ...more,
})

/** What took the row's number on the ledger: one of its envelopes, something of others, or nothing ever. */
const takers: Record<string, LedgerTx | null> = {
  nothing: null,
  first: ledgerTx({}),
  'first, failed': ledgerTx({ successful: false }),
  second: ledgerTx({ hash: 'second', ts: 2_500 }),
  bump: ledgerTx({ hash: 'bump', memo: null, payment: null }),
  others: ledgerTx({ hash: 'foreign', memo: null, payment: null }),
}
/** A payment of the same receipt under another number, by this payer. */
const elsewhere = ledgerTx({ hash: 'elsewhere', source: account('D') })

interface World {
  taker: LedgerTx | null
  hasElsewhere: boolean
}

/** All that the ledger will ever say of the row, once all bounds have passed. */
function factsOf({ taker, hasElsewhere }: World): RowEvent[] {
  const found: RowEvent[] = [taker, hasElsewhere ? elsewhere : null].flatMap(tx => (tx ? [{ kind: 'found', tx }] : []))
  if (taker) return found
  return [...found, ...envelopes.map(({ hash }): RowEvent => ({ kind: 'absent', hash, closedTs: END }))]
}

const arbitraryWorld = fc.record({ taker: fc.constantFrom(...Object.values(takers)), hasElsewhere: fc.boolean() })
/** What machines do: sign, send, lose answers, make other envelopes, look too early. */
const arbitraryDoing: fc.Arbitrary<RowEvent> = fc.oneof(
  fc.constantFrom(...envelopes).map(({ hash }): RowEvent => ({ kind: 'signed', hash })),
  fc.constantFrom(...envelopes).map(({ hash }): RowEvent => ({ kind: 'send', hash })),
  fc.constantFrom(...envelopes).map(({ hash }): RowEvent => ({ kind: 'unclear', hash })),
  fc
    .record({ envelope: fc.constantFrom(...envelopes.slice(1)), elsewhere: fc.boolean() })
    .map((more): RowEvent => ({ kind: 'replace', ...more })),
  fc.constantFrom(...envelopes).map(({ hash, maxTs }): RowEvent => ({ kind: 'absent', hash, closedTs: maxTs })),
)

function apply(row: RowState, event: RowEvent): RowState {
  const result = applyRow(plan, planned, row, event)
  return 'refused' in result ? row : result.row
}

test('whatever machines do and in whatever order the ledger is read, a row comes to what the ledger holds, and never pays again', () => {
  fc.assert(
    fc.property(arbitraryWorld, fc.array(arbitraryDoing, { maxLength: 30 }), fc.infiniteStream(fc.nat()), (world, doings, stream) => {
      const dice = stream[Symbol.iterator]()
      const roll = (below: number) => (dice.next().value as number) % below
      const facts = factsOf(world)
      let row = newRow('first', planned.maxTs)
      for (const doing of doings) {
        row = apply(row, doing)
        // the ledger is looked at now and then, in part, and over again
        if (roll(3) === 0) row = apply(row, facts[roll(facts.length || 1)] ?? doing)
        const last = sendable(row)
        if (row.payment && last) expect(last.kind).toBe('bump')
        if (row.payment) expect(applyRow(plan, planned, row, { kind: 'send', hash: 'first' })).toHaveProperty('refused')
      }
      // whatever order it is read in at last
      const order = facts.map(fact => [roll(1_000), fact] as const).sort(([a], [b]) => a - b)
      for (const [, fact] of [...order, ...order]) row = apply(row, fact)
      check(world, row)
      const again = order.reduce((state, [, fact]) => apply(state, fact), row)
      expect(again).toEqual(row)
    }),
    runs(300),
  )
})

function check({ taker, hasElsewhere }: World, row: RowState): void {
  const paysBy = [taker?.payment && taker.successful ? taker.hash : null, hasElsewhere ? 'elsewhere' : null].filter(hash => hash !== null)
  // an envelope that this machine never had is known by the ledger alone
  if (paysBy.length === 2) expect(rowStage(row)).toBe('conflict')
  else if (paysBy.length === 1) expect([rowStage(row), row.payment?.hash]).toEqual(['paid', paysBy[0]])
  else expect([row.payment, rowStage(row) === 'conflict']).toEqual([null, false])
  // the number is gone, or nothing can take it any more
  if (paysBy.length < 2) expect(isOver(row)).toBe(true)
  if (taker) expect(isNumberFree(row)).toBe(false)
  for (const envelope of row.envelopes) expect(isDead(envelope) || envelope.hash === taker?.hash).toBe(true)
  expect(sendable(row)).toBeNull()
}
