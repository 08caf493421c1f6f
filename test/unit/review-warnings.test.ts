import { Account, Asset, Keypair, Memo, Operation, TransactionBuilder } from '@stellar/stellar-sdk/base'
import { expect, test } from 'vitest'
import { buildFeeBump, buildPayment, type PaymentPlan } from '../../src-main/clients/stellar/build.ts'
import { isBy } from '../../src-main/clients/stellar/signatures.ts'
import { decodeEnvelope } from '../../src-main/signing/review/envelope.ts'
import type { Reviewed, ReviewFacts } from '../../src-main/signing/review/facts.ts'
import { reviewEnvelope } from '../../src-main/signing/review/review.ts'
import * as checks from '../../src-main/signing/review/warnings.ts'
import { makeKey, signWith } from '../helpers/horizon/index.ts'
import {
  day,
  factsOf,
  nowTs,
  passphrase,
  paymentPlan,
  planned,
  planRow,
  receipt,
  reviewedBump,
  reviewedOf,
  who,
} from '../helpers/review.ts'

const codes = (reviewed: Reviewed, facts: ReviewFacts = factsOf()) => checks.warningsOf(reviewed, facts).map(({ code }) => code)
const farm = (change: object) => new Map([[3, { name: 'Alder Farm', changed: null, lastPaid: null, ...change }]])

/** An envelope of the SDK's making. */
function other(...operations: Parameters<TransactionBuilder['addOperation']>[0][]): Reviewed {
  const builder = new TransactionBuilder(new Account(who.channel, '41'), {
    fee: '1000',
    networkPassphrase: passphrase,
    timebounds: { minTime: String(nowTs), maxTime: String(nowTs + 60) },
  })
  for (const operation of operations) builder.addOperation(operation)
  return { envelope: decodeEnvelope(builder.addMemo(Memo.hash(receipt)).build().toXdr(), passphrase), passphrase, planned: null }
}

test('an envelope as the plan has it warns of nothing, and neither does one that only uses its number up', () => {
  expect(checks.warningsOf(reviewedOf(), factsOf())).toEqual([])
  expect(checks.warningsOf(reviewedBump(), factsOf())).toEqual([])
})

test('anything unexpected is named, as the worst of all', () => {
  const pay = Operation.payment({ source: who.payer, destination: who.payee, asset: new Asset('TFT', who.issuer), amount: '279.425' })
  const cases: [Reviewed, string][] = [
    [other(pay, pay), 'operation 2, payment'],
    [
      other(pay, Operation.setOptions({ homeDomain: 'x.example', signer: { ed25519PublicKey: who.other, weight: 9 } })),
      `signer.key ${who.other}`,
    ],
    [other(Operation.accountMerge({ destination: who.other })), 'operation 1, account_merge'],
    [other(Operation.inflation({})), 'operation 1, inflation'],
  ]
  for (const [reviewed, what] of cases) {
    const [first] = checks.warningsOf(reviewed, factsOf())
    expect([first?.code, first?.severity]).toEqual(['unexpected', 'stop'])
    expect(checks.unexpected(reviewed, factsOf()).join()).toContain(what)
    expect(reviewed.envelope.act.kind).toBe('other')
  }
})

test('another payment than the plan says', () => {
  const others: [Partial<PaymentPlan>, string][] = [
    [{ payee: who.other }, 'payee'],
    [{ amountUnits: 1n }, 'amount'],
    [{ payer: who.other }, 'payer'],
    [{ memoHash: 'cd'.repeat(32) }, 'memo'],
    [{ asset: { code: 'TFX', issuer: who.issuer } }, 'asset'],
    [{ source: who.other }, 'source account'],
    [{ sequence: 43n }, 'sequence number'],
  ]
  for (const [change, member] of others) expect(checks.planDiffers(reviewedOf(change), factsOf()).join()).toContain(`another ${member}`)
  expect(checks.planDiffers(reviewedBump(41n), factsOf()).join()).toContain('another number to use up, sequence number')
  // a bump in a payment's place, and the other way round
  expect(checks.planDiffers({ ...reviewedBump(), planned }, factsOf()).join()).toContain('another operation')
  expect(checks.planDiffers(reviewedOf({}, null), factsOf())).toEqual([])
})

test('another payment than the receipt says', () => {
  expect(checks.receiptDiffers(reviewedOf(), factsOf())).toEqual([])
  expect(checks.receiptDiffers(reviewedOf({ amountUnits: 1n }), factsOf()).join()).toContain(
    'another amount than the receipt of node 7 for period 80',
  )
  expect(checks.receiptDiffers(reviewedOf({ payee: who.other }), factsOf()).join()).toContain('another payee')
})

test('wrong network passphrase', () => {
  expect(codes(reviewedOf({ passphrase: 'Other' }))).toContain('wrong-passphrase')
  expect(checks.wrongPassphrase(reviewedOf({ passphrase: 'Other' }), factsOf({ passphrase: '' }))).toEqual([])
})

test('receipt already paid or retried', () => {
  const hash = '77'.repeat(32)
  const paid = factsOf({ payments: new Map([[receipt, { hash, ts: nowTs - day }]]) })
  expect(checks.alreadyPaid(reviewedOf(), paid).join()).toContain(hash.slice(0, 16))
  const itself = factsOf({ payments: new Map([[receipt, { hash: reviewedOf().envelope.hash, ts: nowTs }]]) })
  expect(checks.alreadyPaid(reviewedOf(), itself).join()).toContain('This very transaction')
  // another run pays it, as it is or as a retry
  const other1 = factsOf({ underWay: new Map([[receipt, [{ runId: '99'.repeat(32), receipt: 'ee'.repeat(32) }]]]) })
  expect(checks.alreadyPaid(reviewedOf(), other1).join()).toContain('run 9999')
  // a retry whose receipt was paid after all
  const origin = 'dd'.repeat(32)
  const retry = { ...planned, row: { ...planRow, kind: 'retry' as const, retryFor: origin } }
  const late = factsOf({ receipts: new Map(), payments: new Map([[origin, { hash, ts: nowTs }]]) })
  expect(checks.alreadyPaid(reviewedOf({}, retry), late)).toHaveLength(1)
  expect(checks.alreadyPaid(reviewedOf({}, retry), factsOf({ receipts: new Map() }))).toEqual([])
})

test('another payer or asset than the network has', () => {
  expect(checks.otherPayer(reviewedOf({ payer: who.other }), factsOf())).toHaveLength(1)
  expect(checks.otherPayer(reviewedOf(), factsOf({ payer: '' }))).toEqual([])
  expect(checks.otherAsset(reviewedOf({ asset: { code: 'TFT', issuer: who.other } }), factsOf())).toHaveLength(1)
  const lumens = Operation.payment({ source: who.payer, destination: who.payee, asset: Asset.native(), amount: '1' })
  expect(checks.otherAsset(other(lumens), factsOf()).join()).toContain('lumens')
})

test('memo of no known receipt', () => {
  expect(checks.unknownReceipt(reviewedOf(), factsOf())).toEqual([])
  expect(checks.unknownReceipt(reviewedOf({ memoHash: 'cd'.repeat(32) }), factsOf()).join()).toContain('cdcd')
})

test("payee differs from the farm's last paid address", () => {
  expect(checks.payeeChanged(reviewedOf(), factsOf())).toEqual([])
  const facts = factsOf({ farms: farm({ lastPaid: { address: who.other, ts: nowTs - 40 * day, how: 'paid' } }) })
  expect(checks.payeeChanged(reviewedOf(), facts).join()).toContain('Alder Farm (farm 3) was last paid at another address')
})

test('address changed in the last 7 days', () => {
  const changed = (byTs: number) =>
    factsOf({ farms: farm({ changed: { from: who.other, to: who.payee, afterTs: nowTs - 40 * day, byTs } }) })
  expect(checks.addressChanged(reviewedOf(), changed(nowTs - 7 * day))).toHaveLength(1)
  expect(checks.addressChanged(reviewedOf(), changed(nowTs - 7 * day - 1))).toEqual([])
})

test("amount above 3 times the node's median", () => {
  const median = (units: bigint) => factsOf({ medians: new Map([[7, { units, of: 5 }]]) })
  expect(checks.amountHigh(reviewedOf({ amountUnits: 300n }), median(100n))).toEqual([])
  expect(checks.amountHigh(reviewedOf({ amountUnits: 301n }), median(100n))).toHaveLength(1)
})

test('one address newly shared by farms', () => {
  const shared = (before: number[] | null) => factsOf({ shared: new Map([[who.payee, { farms: [3, 9], before }]]) })
  expect(checks.sharedAddress(reviewedOf(), shared([3])).join()).toContain(
    'Alder Farm (farm 3), Farm 9 share this address, and did not before',
  )
  expect(checks.sharedAddress(reviewedOf(), shared(null)).join()).toContain('since when is not known')
  expect(checks.sharedAddress(reviewedOf(), shared([3, 9]))).toEqual([])
})

test('unfunded or new account', () => {
  const account = (known: { state: 'missing' } | { state: 'no-trustline' } | { state: 'there'; bornTs: number }) =>
    factsOf({ accounts: new Map([[who.payee, known]]) })
  expect(checks.accountMissing(reviewedOf(), account({ state: 'missing' }))).toHaveLength(1)
  expect(checks.accountMissing(reviewedOf(), account({ state: 'no-trustline' }))).toHaveLength(1)
  expect(checks.accountMissing(reviewedOf(), factsOf())).toEqual([])
  expect(checks.accountNew(reviewedOf(), account({ state: 'there', bornTs: nowTs - 2 * day })).join()).toContain('2 days ago')
  expect(checks.accountNew(reviewedOf(), account({ state: 'there', bornTs: nowTs - 8 * day }))).toEqual([])
})

test('payee is a signer', () => {
  for (const payee of [who.ann, who.payer, who.channel]) expect(checks.payeeSigns(reviewedOf({ payee }), factsOf())).toHaveLength(1)
  expect(checks.payeeSigns(reviewedOf(), factsOf())).toEqual([])
})

test('fee above normal, also of a fee bump, which pays for one operation more', () => {
  expect(checks.feeHigh(reviewedOf({ feeStroops: 1000n }), factsOf())).toEqual([])
  expect(checks.feeHigh(reviewedOf({ feeStroops: 1001n }), factsOf())).toHaveLength(1)
  const payment = signWith(buildPayment(paymentPlan).envelope, passphrase, makeKey('review ann'))
  const bump = (feeStroops: bigint) => {
    const built = buildFeeBump({ passphrase, envelope: payment, feeSource: who.other, feeStroops })
    return { envelope: decodeEnvelope(built.envelope, passphrase), passphrase, planned }
  }
  expect(checks.warningsOf(bump(1000n), factsOf())).toEqual([])
  expect(codes(bump(1001n))).toEqual(['fee-high'])
})

test('bounds over 24 h, none, or passed', () => {
  const bounds = (minTime: number, maxTime: number) => reviewedOf({ minTime, maxTime })
  expect(checks.boundsLong(bounds(nowTs, nowTs + day), factsOf())).toEqual([])
  expect(checks.boundsLong(bounds(nowTs, nowTs + day + 1), factsOf())).toHaveLength(1)
  expect(checks.boundsLong(bounds(0, nowTs + day), factsOf())).toEqual([])
  expect(checks.boundsLong(bounds(0, nowTs + day + 1), factsOf())).toHaveLength(1)
  const endless = new TransactionBuilder(new Account(who.channel, '41'), { fee: '100', networkPassphrase: passphrase })
    .addOperation(Operation.bumpSequence({ bumpTo: '42' }))
    .setTimeout(0)
    .build()
  const reviewed = { envelope: decodeEnvelope(endless.toXdr(), passphrase), passphrase, planned: null }
  expect(checks.boundsLong(reviewed, factsOf()).join()).toContain('for ever')
  expect(checks.expired(bounds(nowTs - 90, nowTs - 1), factsOf())).toHaveLength(1)
  expect(checks.expired(bounds(nowTs - 90, nowTs), factsOf())).toEqual([])
})

test('the review says the decision first, who signed, what it stands for, and what was not known', () => {
  const stranger = Keypair.random()
  const text = signWith(buildPayment(paymentPlan).envelope, passphrase, makeKey('review ann'), stranger)
  const reviewed = { envelope: decodeEnvelope(text, passphrase), passphrase, planned: null }
  const review = reviewEnvelope(reviewed, factsOf({ accounts: new Map() }), { text, network: 'lab', isBy, signed: [] })
  expect(review.decision).toBe(`You sign: pay 279.4250000 TFT to Alder Farm (farm 3), ${who.payee.slice(0, 4)}…${who.payee.slice(-6)}`)
  expect(review.action).toBe('Sign 279.4250000 TFT to Alder Farm (3)')
  expect(review.signatures).toEqual([
    { who: `Ann, ${who.ann}`, isValid: true },
    { who: 'of nobody who is known to sign', isValid: false },
  ])
  expect(review.warnings.map(({ code, severity }) => [code, severity])).toEqual([['bad-signature', 'stop']])
  expect(review.unknown).toHaveLength(1)
  const field = (name: string) => review.fields.find(one => one.name === name)?.value
  expect(field('Payee')).toBe(`Alder Farm, farm 3, ${who.payee}`)
  expect(field('Stands for')).toBe('the receipt of node 7 for period 80')
  expect(field('Memo')).toBe(`hash ${receipt}`)
  expect(field('Fee')).toBe('up to 0.0001000 XLM')
  expect(review.bytes.text).toBe(text)
  // made for another network, Ann's signature is nobody's
  const elsewhere = { ...reviewed, envelope: decodeEnvelope(text, 'Other'), passphrase: 'Other' }
  expect(reviewEnvelope(elsewhere, factsOf(), { text, network: 'lab', isBy, signed: [] }).warnings.map(({ code }) => code)).toEqual([
    'wrong-passphrase',
    'bad-signature',
  ])
})
