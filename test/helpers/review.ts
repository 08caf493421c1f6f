import { buildBump, buildPayment, type PaymentPlan } from '../../src-main/clients/stellar/build.ts'
import { decodeEnvelope } from '../../src-main/signing/review/envelope.ts'
import type { Planned, Reviewed, ReviewFacts } from '../../src-main/signing/review/facts.ts'
import type { PlanRow } from '../../src-shared/pay.ts'
import { makeKey } from './horizon/index.ts'

/* An envelope of a payout with nothing to warn of, and a world that knows all about it; each test changes one thing. */

export const who = Object.fromEntries(
  ['issuer', 'payer', 'channel', 'payee', 'other', 'ann', 'bob'].map(name => [name, makeKey(`review ${name}`).publicKey()]),
) as Record<'issuer' | 'payer' | 'channel' | 'payee' | 'other' | 'ann' | 'bob', string>

export const passphrase = 'Lab Network ; 2026'
export const nowTs = 1_790_000_000
export const receipt = 'ab'.repeat(32)
export const day = 86_400

export const paymentPlan: PaymentPlan = {
  passphrase,
  source: who.channel,
  sequence: 42n,
  minTime: nowTs - 60,
  maxTime: nowTs + 3600,
  feeStroops: 1000n,
  payer: who.payer,
  payee: who.payee,
  asset: { code: 'TFT', issuer: who.issuer },
  amountUnits: 279_4250000n,
  memoHash: receipt,
}

export const planRow: PlanRow = {
  kind: 'receipt',
  nodeId: 7,
  farmId: 3,
  startTs: nowTs - 60 * day,
  receipt,
  retryFor: null,
  payee: who.payee,
  amountUnits: paymentPlan.amountUnits,
  channel: who.channel,
  sequence: 42n,
  minTs: paymentPlan.minTime,
  maxTs: paymentPlan.maxTime,
}

export const planned: Planned = {
  runId: '12'.repeat(32),
  terms: { payer: who.payer, assetCode: 'TFT', issuer: who.issuer, passphrase },
  row: planRow,
  kind: 'payment',
}

/** The review of an envelope whose payment differs in some members from the one that nothing is to be said of. */
export function reviewedOf(change: Partial<PaymentPlan> = {}, from: Planned | null = planned): Reviewed {
  const plan = { ...paymentPlan, ...change }
  return { envelope: decodeEnvelope(buildPayment(plan).envelope, plan.passphrase), passphrase: plan.passphrase, planned: from }
}

export function reviewedBump(sequence = 42n): Reviewed {
  const { source, minTime, maxTime, feeStroops } = paymentPlan
  const { envelope } = buildBump({ passphrase, source, sequence, minTime, maxTime, feeStroops })
  return { envelope: decodeEnvelope(envelope, passphrase), passphrase, planned: { ...planned, kind: 'bump' } }
}

export function factsOf(change: Partial<ReviewFacts> = {}): ReviewFacts {
  return {
    nowTs,
    passphrase,
    payer: who.payer,
    asset: { code: 'TFT', issuer: who.issuer },
    normalFeeStroops: 1000n,
    receipts: new Map([
      [
        receipt,
        {
          kind: 'receipt',
          nodeId: 7,
          farmId: 3,
          of: 'period 80',
          address: who.payee,
          amountUnits: paymentPlan.amountUnits,
          retryFor: null,
        },
      ],
    ]),
    payments: new Map(),
    underWay: new Map([[receipt, [{ runId: planned.runId, receipt }]]]),
    farms: new Map([[3, { name: 'Alder Farm', changed: null, lastPaid: { address: who.payee, ts: nowTs - 30 * day, how: 'paid' } }]]),
    shared: new Map(),
    medians: new Map([[7, { units: 200_0000000n, of: 4 }]]),
    signers: new Map([
      [who.ann, 'Ann'],
      [who.bob, 'Bob'],
    ]),
    accounts: new Map([[who.payee, { state: 'there', bornTs: nowTs - 400 * day }]]),
    ...change,
  }
}
