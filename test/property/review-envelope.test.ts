import {
  Account,
  Asset,
  BASE_FEE,
  Claimant,
  LiquidityPoolAsset,
  Memo,
  MuxedAccount,
  Operation,
  TransactionBuilder,
  xdr,
} from '@stellar/stellar-sdk/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeEnvelope } from '../../src-main/signing/review/envelope.ts'
import type { Leaf } from '../../src-main/signing/review/leaves.ts'
import { AppError } from '../../src-shared/errors.ts'
import { makeKey } from '../helpers/horizon/index.ts'
import { runs } from '../helpers/runs.ts'

/*
 * Whatever stands in an envelope, the review has it: its bytes can be made from the review again, and what is no part of a payout's envelope
 * is named. Envelopes are made by the SDK, of every kind of operation.
 */

const keys = ['a', 'b', 'c', 'd', 'e'].map(name => makeKey(`review ${name}`))
const key = fc.constantFrom(...keys)
const id = key.map(one => one.publicKey())
const muxedId = fc.tuple(id, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })).map(([account, number]) => {
  return new MuxedAccount(new Account(account, '0'), String(number)).accountId()
})
const anyId = fc.oneof({ weight: 4, arbitrary: id }, { weight: 1, arbitrary: muxedId })
const amount = fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }).map(value => {
  const digits = value.toString().padStart(8, '0')
  return `${digits.slice(0, -7)}.${digits.slice(-7)}`
})
const code = fc.stringMatching(/^[A-Z0-9]{1,12}$/)
const credit = fc.tuple(code, id).map(([name, issuer]) => new Asset(name, issuer))
const asset = fc.oneof(credit, fc.constant(Asset.native()))
const price = fc.record({ n: fc.integer({ min: 1, max: 2 ** 31 - 1 }), d: fc.integer({ min: 1, max: 2 ** 31 - 1 }) })
const name = fc.string({ minLength: 1, maxLength: 20 })
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 })
const hex32 = bytes32.map(bytes => Buffer.from(bytes).toString('hex'))
const balanceId = hex32.map(hash => `00000000${hash}`)
const source = fc.option(anyId, { nil: undefined })

const payment = fc
  .record({ source, destination: anyId, asset, amount })
  .map(({ source: from, ...rest }) => Operation.payment({ ...rest, ...(from && { source: from }) }))
const others = fc.oneof(
  fc.record({ destination: id, startingBalance: amount }).map(Operation.createAccount),
  fc.record({ destination: anyId }).map(Operation.accountMerge),
  fc
    .record({ bumpTo: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map(String), source: fc.constant(keys[0]!.publicKey()) })
    .map(Operation.bumpSequence),
  fc.record({ name, value: fc.option(name) }).map(Operation.manageData),
  fc.record({ asset: credit, limit: amount }).map(Operation.changeTrust),
  fc
    .record({
      homeDomain: fc.option(fc.stringMatching(/^[a-z.]{1,30}$/), { nil: undefined }),
      masterWeight: fc.option(fc.nat(255), { nil: undefined }),
      highThreshold: fc.option(fc.nat(255), { nil: undefined }),
      signer: fc.option(fc.record({ ed25519PublicKey: id, weight: fc.nat(255) }), { nil: undefined }),
    })
    .map(({ homeDomain, masterWeight, highThreshold, signer }) =>
      Operation.setOptions({
        ...(homeDomain !== undefined && { homeDomain }),
        ...(masterWeight !== undefined && { masterWeight }),
        ...(highThreshold !== undefined && { highThreshold }),
        ...(signer && { signer }),
      }),
    ),
  fc
    .record({ asset, amount, to: fc.array(id, { minLength: 1, maxLength: 3 }), before: fc.nat(2 ** 31) })
    .map(({ asset: what, amount: units, to, before }) =>
      Operation.createClaimableBalance({
        asset: what,
        amount: units,
        claimants: [...new Set(to)].map(
          one => new Claimant(one, Claimant.predicateNot(Claimant.predicateBeforeAbsoluteTime(String(before)))),
        ),
      }),
    ),
  fc.record({ balanceId }).map(Operation.claimClaimableBalance),
  fc.record({ selling: asset, buying: credit, amount, price, offerId: fc.nat().map(String) }).map(Operation.manageSellOffer),
  fc
    .record({
      sendAsset: asset,
      sendMax: amount,
      destination: anyId,
      destAsset: asset,
      destAmount: amount,
      path: fc.array(asset, { maxLength: 3 }),
    })
    .map(Operation.pathPaymentStrictReceive),
  fc
    .record({ trustor: id, asset: credit })
    .map(({ trustor, asset: what }) => Operation.setTrustLineFlags({ trustor, asset: what, flags: { authorized: true } })),
  fc.record({ asset: credit, from: anyId, amount }).map(Operation.clawback),
  fc.record({ sponsoredId: id }).map(Operation.beginSponsoringFutureReserves),
  fc.constant(Operation.endSponsoringFutureReserves({})),
  fc.constant(Operation.inflation({})),
  fc.record({ liquidityPoolId: hex32, amount, minAmountA: amount, minAmountB: amount }).map(Operation.liquidityPoolWithdraw),
  fc.record({ account: id, asset: credit }).map(Operation.revokeTrustlineSponsorship),
  fc.constant(
    Operation.changeTrust({
      asset: new LiquidityPoolAsset(Asset.native(), new Asset('ABC', keys[1]!.publicKey()), 30),
      limit: '1',
    }),
  ),
)
const memo = fc.oneof(
  hex32.map(Memo.hash),
  hex32.map(Memo.return),
  fc.constant(Memo.none()),
  fc.string({ maxLength: 7 }).map(Memo.text),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(value => Memo.id(String(value))),
)
const bounds = fc.tuple(fc.nat(2 ** 30), fc.nat(2 ** 30)).map(([from, sec]) => ({ minTime: String(from), maxTime: String(from + sec) }))

const anyEnvelope = fc.record({
  source: anyId,
  sequence: fc.bigInt({ min: 0n, max: 2n ** 63n - 2n }),
  operations: fc.oneof(
    { weight: 2, arbitrary: payment.map(one => [one]) },
    { weight: 3, arbitrary: fc.array(fc.oneof(payment, others), { minLength: 1, maxLength: 6 }) },
  ),
  memo,
  timebounds: fc.option(bounds, { nil: undefined }),
  minAccountSequence: fc.option(fc.nat().map(String), { nil: undefined }),
  ledgerbounds: fc.option(fc.constant({ minLedger: 3, maxLedger: 900 }), { nil: undefined }),
  signers: fc.array(key, { maxLength: 3 }),
  wrap: fc.option(fc.record({ feeSource: anyId, signers: fc.array(key, { maxLength: 2 }) }), { nil: undefined }),
  isOld: fc.boolean(),
})

function make(of: typeof anyEnvelope extends fc.Arbitrary<infer T> ? T : never, passphrase: string) {
  const account = of.source.startsWith('M')
    ? MuxedAccount.fromAddress(of.source, String(of.sequence))
    : new Account(of.source, String(of.sequence))
  const builder = new TransactionBuilder(account as Account, {
    fee: BASE_FEE,
    networkPassphrase: passphrase,
    memo: of.memo,
    ...(of.timebounds ? { timebounds: of.timebounds } : {}),
    ...(of.minAccountSequence && { minAccountSequence: of.minAccountSequence }),
    ...(of.ledgerbounds && { ledgerbounds: of.ledgerbounds }),
  })
  for (const operation of of.operations) builder.addOperation(operation)
  if (!of.timebounds) builder.setTimeout(0)
  const tx = builder.build()
  tx.sign(...of.signers)
  if (of.wrap) {
    const bump = TransactionBuilder.buildFeeBumpTransaction(of.wrap.feeSource, '1000', tx, passphrase)
    bump.sign(...of.wrap.signers)
    return bump.toXdr()
  }
  // the form before protocol 13 has the source's 32 bytes without the kind of key
  const bytes = Buffer.from(tx.toXdr(), 'base64')
  const isPlain = !of.source.startsWith('M') && of.minAccountSequence === undefined && of.ledgerbounds === undefined
  return of.isOld && isPlain ? Buffer.concat([Buffer.alloc(4), bytes.subarray(8)]).toString('base64') : tx.toXdr()
}

/** The other way round than the review: from its values to the bytes. */
function bytesOf(leaves: readonly Leaf[]): string {
  const root: Record<string, unknown> = {}
  for (const { path, value } of leaves) {
    const steps = path.split(/\.|(?=\[)/).map(step => (step.startsWith('[') ? Number(step.slice(1, -1)) : step))
    let at = root as Record<string | number, unknown>
    for (const [place, step] of steps.entries()) {
      if (place === steps.length - 1) at[step] = value
      else {
        at[step] ??= typeof steps[place + 1] === 'number' ? [] : {}
        at = at[step] as Record<string | number, unknown>
      }
    }
  }
  return xdr.TransactionEnvelope.fromJson(root as Parameters<typeof xdr.TransactionEnvelope.fromJson>[0]).toXdr('base64')
}

test('nothing that is in the bytes is missing, and hashes are what is signed', () => {
  fc.assert(
    fc.property(anyEnvelope, fc.string({ minLength: 1, maxLength: 30 }), (of, passphrase) => {
      const envelope = make(of, passphrase)
      const decoded = decodeEnvelope(envelope, passphrase)
      expect(bytesOf(decoded.leaves)).toBe(envelope)
      const read = TransactionBuilder.fromXdr(envelope, passphrase)
      expect(decoded.hash).toBe(Buffer.from(read.hash()).toString('hex'))
      if ('innerTransaction' in read) expect(decoded.innerHash).toBe(Buffer.from(read.innerTransaction.hash()).toString('hex'))
      expect(decoded.signatures).toHaveLength(of.signers.length + (of.wrap?.signers.length ?? 0))
    }),
    runs(200),
  )
})

test('it is a payment or a used-up number and nothing else, or what else it is is named', () => {
  fc.assert(
    fc.property(anyEnvelope, of => {
      const envelope = make(of, 'net')
      const { act, unexpected, memo: shown, bounds: between } = decodeEnvelope(envelope, 'net')
      const [operation, ...more] = of.operations
      const kind = operation?.body.type
      const isMuxed = /"M[A-Z2-7]{68}"/.test(JSON.stringify(xdr.TransactionEnvelope.fromXdr(envelope, 'base64').toJson()))
      const isOld = Buffer.from(envelope, 'base64').readInt32BE(0) === 0
      const isStrange = more.length > 0 || isMuxed || isOld || of.minAccountSequence !== undefined || of.ledgerbounds !== undefined
      if (isStrange) {
        expect(act.kind).toBe('other')
        expect(unexpected.length).toBeGreaterThan(0)
      } else if (kind === 'payment') {
        expect([act.kind, unexpected]).toEqual(['pay', []])
        expect(shown.kind).toBe(of.memo.type)
        expect(between).not.toBeNull()
      } else if (kind !== 'bumpSequence') {
        expect(act.kind).toBe('other')
        expect(unexpected.join()).toContain('operation 1')
      }
    }),
    runs(200),
  )
})

test('what is no envelope is refused, and a changed one is never read as the same', () => {
  fc.assert(
    fc.property(anyEnvelope, fc.nat(), fc.integer({ min: 1, max: 255 }), (of, where, by) => {
      const bytes = Buffer.from(make({ ...of, signers: [], wrap: undefined }, 'net'), 'base64')
      const before = decodeEnvelope(bytes.toString('base64'), 'net')
      const at = where % bytes.length
      bytes[at] = bytes[at]! ^ by
      try {
        expect(decodeEnvelope(bytes.toString('base64'), 'net').leaves).not.toEqual(before.leaves)
      } catch (error) {
        expect((error as AppError).code).toBe('stellar.envelope')
      }
    }),
    runs(200),
  )
  for (const text of ['', 'AAAA', 'no base64', `${make(fc.sample(anyEnvelope, 1)[0]!, 'x')} `])
    expect(() => decodeEnvelope(text, 'x')).toThrow(AppError)
})
