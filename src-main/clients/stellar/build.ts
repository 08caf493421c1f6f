import { Account, FeeBumpTransaction, Memo, Operation, Asset as SdkAsset, StrKey, TransactionBuilder } from '@stellar/stellar-sdk/base'
import { AppError } from '../../../src-shared/errors.ts'
import { MAX_UNITS, tftExact } from '../../../src-shared/money.ts'
import { hexOf, parseEnvelope } from './envelope.ts'
import type { Asset, Built } from './types.ts'

/*
 * Envelopes, not signed yet. The same plan gives the same bytes. Bounds are required: without an end nobody can ever say that a payment
 * will not come any more (minting.md asks that nothing is paid twice).
 */

interface Frame {
  passphrase: string
  /** whose sequence number it uses and who pays the fee: a channel account */
  source: string
  /** the number that it uses: the account's last one and 1 */
  sequence: bigint
  /** seconds; it may go into a ledger that closes from minTime to maxTime, both included */
  minTime: number
  maxTime: number
  /** the most that may be taken, for each operation */
  feeStroops: bigint
}

export interface PaymentPlan extends Frame {
  /** who pays: the operation's source, which may be another account than the channel */
  payer: string
  payee: string
  asset: Asset
  amountUnits: bigint
  /** 64 hex digits: the receipt's id; null: no memo */
  memoHash: string | null
}

/** The least fee that Stellar takes, for each operation. */
export const LEAST_FEE_STROOPS = 100n

/** One payment with a memo. Throws AppError usage, naming the member that is wrong. */
export function buildPayment(plan: PaymentPlan): Built {
  checkAccount('payer', plan.payer)
  checkAccount('payee', plan.payee)
  if (plan.amountUnits <= 0n || plan.amountUnits > MAX_UNITS)
    throw wrong('amount', tftExact(plan.amountUnits), 'above 0 and no more than Stellar holds')
  if (plan.memoHash !== null && !/^[0-9a-f]{64}$/.test(plan.memoHash)) throw wrong('memo', plan.memoHash, '64 hex digits in lower case')
  const operation = Operation.payment({
    source: plan.payer,
    destination: plan.payee,
    asset: sdkAsset(plan.asset),
    amount: tftExact(plan.amountUnits),
  })
  const builder = startTx(plan).addOperation(operation)
  return finish(plan.memoHash === null ? builder : builder.addMemo(Memo.hash(plan.memoHash)))
}

/** A transaction that does nothing but use its sequence number up, so that the one it stands for can never come. Throws AppError usage. */
export function buildBump(frame: Frame): Built {
  return finish(startTx(frame).addOperation(Operation.bumpSequence({ bumpTo: frame.sequence.toString() })))
}

/**
 * Wraps a signed transaction so that `feeSource` pays a higher fee: its hash and signatures stay as they are, and only the fee source signs
 * anew. `feeStroops` is for each operation; in all it is taken once more for the wrapping. Throws AppError stellar.envelope, usage.
 */
export function buildFeeBump(wrap: { passphrase: string; envelope: string; feeSource: string; feeStroops: bigint }): Built {
  checkAccount('fee source', wrap.feeSource)
  const { outer, inner } = parseEnvelope(wrap.envelope, wrap.passphrase)
  if (outer instanceof FeeBumpTransaction)
    throw new AppError('usage', 'This transaction has a raised fee already. Raise the fee of the transaction inside it instead.')
  const operations = BigInt(inner.operations.length)
  const least = BigInt(inner.fee) / operations
  if (wrap.feeStroops < LEAST_FEE_STROOPS || wrap.feeStroops < least)
    throw wrong(
      'fee',
      `${wrap.feeStroops} stroops`,
      `no less than that of the transaction, ${least > LEAST_FEE_STROOPS ? least : LEAST_FEE_STROOPS}`,
    )
  const bump = TransactionBuilder.buildFeeBumpTransaction(wrap.feeSource, wrap.feeStroops.toString(), inner, wrap.passphrase)
  return { envelope: bump.toXdr(), hash: hexOf(bump.hash()) }
}

function startTx({ passphrase, source, sequence, minTime, maxTime, feeStroops }: Frame): TransactionBuilder {
  checkAccount('source', source)
  if (sequence <= 0n || sequence > MAX_UNITS) throw wrong('sequence', String(sequence), 'above 0, in 64 bits')
  if (feeStroops < LEAST_FEE_STROOPS || feeStroops > 0xffff_ffffn)
    throw wrong('fee', `${feeStroops} stroops`, 'from 100 stroops, in 32 bits')
  if (!Number.isSafeInteger(minTime) || minTime < 0) throw wrong('earliest time', String(minTime), 'seconds, or 0')
  if (!Number.isSafeInteger(maxTime) || maxTime <= minTime) throw wrong('latest time', String(maxTime), 'seconds after the earliest')
  if (passphrase === '') throw wrong('passphrase', '""', 'the network passphrase')
  const account = new Account(source, (sequence - 1n).toString())
  return new TransactionBuilder(account, {
    fee: feeStroops.toString(),
    networkPassphrase: passphrase,
    timebounds: { minTime: String(minTime), maxTime: String(maxTime) },
  })
}

function finish(builder: TransactionBuilder): Built {
  const tx = builder.build()
  return { envelope: tx.toXdr(), hash: hexOf(tx.hash()) }
}

const assets = new Map<string, SdkAsset>()

/** Made once: a run has thousands of payments of one asset. */
function sdkAsset({ code, issuer }: Asset): SdkAsset {
  const known = assets.get(`${code}:${issuer}`)
  if (known) return known
  checkAccount('issuer', issuer)
  if (!/^[A-Za-z0-9]{1,12}$/.test(code)) throw wrong('asset', code, '1 to 12 letters and digits')
  const made = new SdkAsset(code, issuer)
  assets.set(`${code}:${issuer}`, made)
  return made
}

function checkAccount(member: string, id: string): void {
  if (StrKey.isValidEd25519PublicKey(id)) return
  // never the text itself: who errs may have entered a secret
  throw new AppError('usage', `The ${member} is no Stellar account. Enter the 56 characters that begin with G.`, { details: { member } })
}

function wrong(member: string, value: string, should: string): AppError {
  return new AppError('usage', `The ${member} of a transaction can't be ${value}. It must be ${should}.`, { details: { member } })
}
