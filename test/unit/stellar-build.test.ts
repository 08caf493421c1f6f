import { expect, test } from 'vitest'
import { buildBump, buildFeeBump, buildPayment, type PaymentPlan } from '../../src-main/clients/stellar/build.ts'
import { codesOfResult, explainCodes } from '../../src-main/clients/stellar/codes.ts'
import { readEnvelope } from '../../src-main/clients/stellar/envelope.ts'
import { checkStellarNetwork } from '../../src-main/clients/stellar/network.ts'
import { addSignature, fitSignatures, verifySignatures } from '../../src-main/clients/stellar/signatures.ts'
import type { AccountState } from '../../src-main/clients/stellar/types.ts'
import type { AppError } from '../../src-shared/errors.ts'
import { resultXdr, type TxCode } from '../helpers/horizon/codes.ts'
import { makeKey, signWith, TFT } from '../helpers/horizon/index.ts'

const passphrase = 'Granary test network'
const [channel, payer, payee] = ['channel 0', 'payer', 'farmer 0'].map(makeKey)
const [ann, bob, cleo] = ['Ann', 'Bob', 'Cleo'].map(makeKey)
const id = (key: typeof channel) => key!.publicKey()

const plan: PaymentPlan = {
  passphrase,
  source: id(channel),
  sequence: 4_294_967_297_000n,
  minTime: 1000,
  maxTime: 5000,
  feeStroops: 200n,
  payer: id(payer),
  payee: id(payee),
  asset: TFT,
  amountUnits: 12_3456789n,
  memoHash: 'ab'.repeat(32),
}

function state(account: string, signers: [string, number][], med = 0): AccountState {
  return {
    id: account,
    sequence: 0n,
    ledger: null,
    lumensUnits: 0n,
    sellingLumensUnits: 0n,
    reserves: 2,
    thresholds: { low: 0, med, high: med },
    signers: signers.map(([key, weight]) => ({ key, weight })),
    trustlines: [],
  }
}

/** A channel that any of the three may use, and a payer that takes two of them. */
const accounts = new Map([
  [
    id(channel),
    state(
      id(channel),
      [id(ann), id(bob), id(cleo)].map(key => [key, 1]),
    ),
  ],
  [
    id(payer),
    state(
      id(payer),
      [id(ann), id(bob), id(cleo)].map(key => [key, 1]),
      2,
    ),
  ],
])

function failureOf(run: () => unknown): AppError {
  try {
    run()
  } catch (error) {
    return error as AppError
  }
  throw new Error('it did not fail')
}

test('a payment says in its bytes what was planned, and the same plan gives the same bytes', () => {
  const built = buildPayment(plan)
  expect(buildPayment({ ...plan })).toEqual(built)
  expect(readEnvelope(built.envelope, passphrase)).toEqual({
    hash: built.hash,
    innerHash: null,
    source: id(channel),
    sequence: plan.sequence,
    feeSource: id(channel),
    feeStroops: 200n,
    minTime: 1000,
    maxTime: 5000,
    memoHash: plan.memoHash,
    memoType: 'hash',
    payments: [{ from: id(payer), to: id(payee), asset: TFT, amountUnits: 12_3456789n }],
    otherOperations: [],
    hasMoreConditions: false,
  })
  // any change is another transaction, and so is the same on another network
  const others = [
    { sequence: 1n },
    { amountUnits: 1n },
    { maxTime: 5001 },
    { memoHash: 'ac'.repeat(32) },
    { payee: id(ann) },
    { passphrase: 'x' },
  ]
  const hashes = others.map(change => buildPayment({ ...plan, ...change }).hash)
  expect(new Set([built.hash, ...hashes]).size).toBe(others.length + 1)
})

test('what can be no payment is refused, naming the member', () => {
  const cases: [Partial<PaymentPlan>, string][] = [
    [{ amountUnits: 0n }, 'amount'],
    [{ amountUnits: -1n }, 'amount'],
    [{ amountUnits: 2n ** 63n }, 'amount'],
    [{ memoHash: 'AB'.repeat(32) }, 'memo'],
    [{ payee: 'GABC' }, 'payee'],
    [{ payer: id(payer).toLowerCase() }, 'payer'],
    [{ source: '' }, 'source'],
    [{ maxTime: 0 }, 'latest time'],
    [{ maxTime: 1000 }, 'latest time'],
    [{ minTime: -1 }, 'earliest time'],
    [{ feeStroops: 99n }, 'fee'],
    [{ sequence: 0n }, 'sequence'],
    [{ asset: { code: 'T-T', issuer: TFT.issuer } }, 'asset'],
    [{ passphrase: '' }, 'passphrase'],
  ]
  for (const [change, member] of cases) {
    const error = failureOf(() => buildPayment({ ...plan, ...change }))
    expect([error.code, error.details.member, change]).toEqual(['usage', member, change])
  }
  // whoever errs may have entered a secret: it is not said again
  const secret = payer!.secret()
  expect(failureOf(() => buildPayment({ ...plan, payee: secret })).message).not.toContain(secret)
})

test('a network’s Stellar side is checked member by member', () => {
  const sound = { horizon: 'https://horizon.example.org', passphrase, asset: TFT }
  expect(checkStellarNetwork(sound)).toEqual([])
  const wrong = { horizon: 'http://horizon.example.org', passphrase: ` ${passphrase}`, asset: { code: 'T FT', issuer: 'GABC' } }
  expect(checkStellarNetwork(wrong).map(({ field }) => field)).toEqual(['horizon', 'passphrase', 'assetCode', 'issuer'])
  expect(checkStellarNetwork({ ...sound, passphrase: '' }).map(({ field }) => field)).toEqual(['passphrase'])
})

test('a bump uses the number up and does nothing else', () => {
  const { envelope } = buildBump({ passphrase, source: id(channel), sequence: 77n, minTime: 0, maxTime: 9, feeStroops: 100n })
  const facts = readEnvelope(envelope, passphrase)
  expect([facts.sequence, facts.payments, facts.otherOperations, facts.memoType]).toEqual([77n, [], ['bumpSequence'], 'none'])
})

test('a fee bump leaves hash and signatures of what it wraps as they are', () => {
  const built = buildPayment(plan)
  const signed = signWith(built.envelope, passphrase, ann!, bob!)
  const bump = buildFeeBump({ passphrase, envelope: signed, feeSource: id(cleo), feeStroops: 5000n })
  const facts = readEnvelope(bump.envelope, passphrase)
  expect([facts.hash, facts.innerHash, facts.feeSource, facts.feeStroops]).toEqual([bump.hash, built.hash, id(cleo), 10_000n])
  expect([facts.source, facts.payments]).toEqual([id(channel), readEnvelope(signed, passphrase).payments])
  expect(failureOf(() => buildFeeBump({ passphrase, envelope: signed, feeSource: id(cleo), feeStroops: 199n })).code).toBe('usage')
  expect(failureOf(() => buildFeeBump({ passphrase, envelope: bump.envelope, feeSource: id(cleo), feeStroops: 5000n })).code).toBe('usage')
})

test('what is no envelope is refused', () => {
  const { envelope } = buildPayment(plan)
  for (const text of ['', 'hello', envelope.slice(0, 60), `${envelope}AAAA`, ` ${envelope}`, 'A'.repeat(200_000), '////'])
    expect(failureOf(() => readEnvelope(text, passphrase)).code).toBe('stellar.envelope')
})

test('a signature is added once, and only where it fits', () => {
  const built = buildPayment(plan)
  const hash = Buffer.from(built.hash, 'hex')
  const ask = { envelope: built.envelope, passphrase, publicKey: id(ann), signature: ann!.sign(hash) }
  const signed = addSignature(ask)
  expect(signed).toBe(signWith(built.envelope, passphrase, ann!))
  expect(addSignature({ ...ask, envelope: signed })).toBe(signed)
  const wrong = [
    { publicKey: id(bob) },
    { passphrase: 'another network' },
    { signature: new Uint8Array(64) },
    { signature: new Uint8Array(3) },
  ]
  for (const change of wrong) expect(failureOf(() => addSignature({ ...ask, ...change })).code).toBe('stellar.envelope')
})

test('who has signed, what is missing, and who could still sign', () => {
  const { envelope } = buildPayment(plan)
  const none = verifySignatures(envelope, passphrase, accounts)
  expect([none.isMet, none.isReady, none.signatures]).toEqual([false, false, []])
  expect(none.needs.map(({ account, level, neededWeight, weight }) => [account, level, neededWeight, weight])).toEqual([
    [id(channel), 'low', 1, 0],
    [id(payer), 'med', 2, 0],
  ])
  const one = verifySignatures(signWith(envelope, passphrase, bob!), passphrase, accounts)
  expect(one.needs.map(({ isMet, by, open }) => [isMet, by, open])).toEqual([
    [true, [id(bob)], []],
    [false, [id(bob)], [id(ann), id(cleo)].sort()],
  ])
  const two = verifySignatures(signWith(envelope, passphrase, bob!, cleo!), passphrase, accounts)
  expect([two.isMet, two.isReady]).toEqual([true, true])
  // the same signer twice is one
  expect(verifySignatures(signWith(envelope, passphrase, bob!, bob!), passphrase, accounts).isMet).toBe(false)
  // an account that nobody knows is one that nobody may sign for
  expect(verifySignatures(signWith(envelope, passphrase, bob!, cleo!), passphrase, new Map()).isMet).toBe(false)
})

test('signatures that nobody needs are named and left out', () => {
  const { envelope } = buildPayment(plan)
  const stranger = makeKey('stranger')
  const all = signWith(envelope, passphrase, stranger, ann!, bob!, cleo!)
  const report = verifySignatures(all, passphrase, accounts)
  expect([report.isMet, report.isReady]).toEqual([true, false])
  expect(report.signatures).toEqual([
    { signer: null, counts: false },
    { signer: id(ann), counts: true },
    { signer: id(bob), counts: true },
    { signer: id(cleo), counts: false },
  ])
  expect(fitSignatures(all, passphrase, accounts)).toBe(signWith(envelope, passphrase, ann!, bob!))
})

test('a fee bump has signatures of its own', () => {
  const signed = signWith(buildPayment(plan).envelope, passphrase, ann!, bob!)
  const own = new Map([...accounts, [id(cleo), state(id(cleo), [[id(cleo), 1]])]])
  const bump = buildFeeBump({ passphrase, envelope: signed, feeSource: id(cleo), feeStroops: 5000n }).envelope
  expect(verifySignatures(bump, passphrase, own).needs.map(({ isMet }) => isMet)).toEqual([false, true, true])
  const ready = signWith(bump, passphrase, cleo!)
  expect(verifySignatures(ready, passphrase, own).isReady).toBe(true)
  expect(fitSignatures(signWith(ready, passphrase, ann!), passphrase, own)).toBe(ready)
})

test('result codes come out of XDR in Horizon’s words, and each has a meaning and a way out', () => {
  const plain: TxCode[] = [
    'tx_too_early',
    'tx_too_late',
    'tx_bad_seq',
    'tx_bad_auth',
    'tx_bad_auth_extra',
    'tx_no_source_account',
    'tx_insufficient_fee',
  ]
  for (const code of plain)
    expect(codesOfResult(resultXdr({ code, operations: [], isOuter: false }, 100n))).toEqual({ transaction: code, operations: [] })
  const ops: [string, string, string][] = [
    ['payment', 'op_no_trust', 'payee'],
    ['payment', 'op_no_destination', 'payee'],
    ['payment', 'op_line_full', 'payee'],
    ['payment', 'op_not_authorized', 'payee'],
    ['payment', 'op_underfunded', 'fund'],
    ['payment', 'op_src_no_trust', 'fund'],
    ['payment', 'op_bad_auth', 'sign'],
    ['payment', 'op_no_source_account', 'fund'],
    ['bump_sequence', 'op_bad_seq', 'rebuild'],
    ['create_account', 'op_already_exists', 'look'],
    ['change_trust', 'op_invalid_limit', 'look'],
  ]
  for (const [kind, code, wayOut] of ops) {
    const outcome = {
      code: 'tx_failed' as const,
      operations: [
        { kind, code },
        { kind, code: 'op_success' },
      ],
      isOuter: false,
    }
    for (const inner of [undefined, { hash: 'ab'.repeat(32) }]) {
      const codes = codesOfResult(resultXdr(outcome, 100n, inner))
      expect(codes).toEqual({ transaction: 'tx_failed', operations: [code, 'op_success'] })
      const means = codes && explainCodes(codes)
      expect([means?.code, means?.wayOut]).toEqual([code, wayOut])
      expect(means?.meaning).toMatch(/\.$/)
    }
  }
  expect(codesOfResult('AAAA')).toBeNull()
})
