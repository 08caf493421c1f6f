import { FeeBumpTransaction, type OperationRecord, StrKey, type Transaction, TransactionBuilder } from '@stellar/stellar-sdk/base'
import { AppError } from '../../../src-shared/errors.ts'
import { unitsFromTft } from '../../../src-shared/money.ts'
import type { Asset, EnvelopeFacts, Payment } from './types.ts'

/** The longest envelope that is looked at, characters of base64: one with 100 operations and 20 signatures has far less. */
const mostChars = 100_000

export interface Parsed {
  outer: Transaction | FeeBumpTransaction
  /** the transaction itself: what a fee bump wraps, or the same */
  inner: Transaction
}

/** Decodes an envelope. Throws AppError stellar.envelope where it is none. */
export function parseEnvelope(envelope: string, passphrase: string): Parsed {
  try {
    if (envelope.length > mostChars || !/^[A-Za-z0-9+/]+={0,2}$/.test(envelope)) throw new Error('no base64')
    const outer = TransactionBuilder.fromXdr(envelope, passphrase)
    return { outer, inner: outer instanceof FeeBumpTransaction ? outer.innerTransaction : outer }
  } catch (cause) {
    throw new AppError(
      'stellar.envelope',
      'This is no Stellar transaction. What is needed is the envelope as base64 of its XDR, in one line; get it again from where it was made.',
      { cause },
    )
  }
}

/** What the bytes say. The hash depends on the passphrase. Throws AppError stellar.envelope. */
export function readEnvelope(envelope: string, passphrase: string): EnvelopeFacts {
  return factsOf(parseEnvelope(envelope, passphrase))
}

export function factsOf({ outer, inner }: Parsed): EnvelopeFacts {
  const isBump = outer instanceof FeeBumpTransaction
  const { payments, otherOperations } = operationsOf(inner)
  const memo = inner.memo
  return {
    hash: hexOf(outer.hash()),
    innerHash: isBump ? hexOf(inner.hash()) : null,
    source: baseAccount(inner.source),
    sequence: BigInt(inner.sequence),
    feeSource: baseAccount(isBump ? outer.feeSource : inner.source),
    feeStroops: BigInt(outer.fee),
    minTime: boundOf(inner.timeBounds?.minTime),
    maxTime: boundOf(inner.timeBounds?.maxTime),
    memoHash: memo.type === 'hash' && memo.value instanceof Uint8Array ? hexOf(memo.value) : null,
    memoType: memo.type,
    payments,
    otherOperations,
    hasMoreConditions: hasMoreConditions(inner),
  }
}

function hasMoreConditions(tx: Transaction): boolean {
  return Boolean(
    tx.ledgerBounds ||
      tx.minAccountSequence !== undefined ||
      tx.minAccountSequenceAge ||
      tx.minAccountSequenceLedgerGap ||
      tx.extraSigners?.length,
  )
}

/** Bounds are 64 bits; a far one is as good as none to someone who reads it, but not equal to it. */
function boundOf(text: string | undefined): number {
  return Math.min(Number(text ?? 0), Number.MAX_SAFE_INTEGER)
}

export function operationsOf(tx: Transaction): { payments: Payment[]; otherOperations: string[] } {
  const payments: Payment[] = []
  const otherOperations: string[] = []
  for (const operation of tx.operations) {
    const payment = paymentOf(operation, baseAccount(operation.source ?? tx.source))
    if (payment) payments.push(payment)
    else otherOperations.push(operation.type)
  }
  return { payments, otherOperations }
}

function paymentOf(operation: OperationRecord, from: string): Payment | null {
  if (operation.type !== 'payment') return null
  const amountUnits = unitsFromTft(operation.amount)
  if (amountUnits === null) throw new AppError('internal', `The Stellar library wrote the amount ${operation.amount}.`)
  return { from, to: baseAccount(operation.destination), asset: assetOf(operation.asset), amountUnits }
}

function assetOf({ code, issuer }: { code: string; issuer?: string | undefined }): Asset | null {
  return issuer ? { code, issuer } : null
}

/** The account behind a multiplexed address (M…), which only adds a number to it. */
export function baseAccount(address: string): string {
  if (!address.startsWith('M')) return address
  return StrKey.encodeEd25519PublicKey(StrKey.decodeMed25519PublicKey(address).subarray(0, 32))
}

export function isSameAsset(a: Asset | null, b: Asset | null): boolean {
  return a?.code === b?.code && a?.issuer === b?.issuer
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
