import { createHash } from 'node:crypto'
import { xdr } from '@stellar/stellar-sdk/base'
import { AppError } from '../../../src-shared/errors.ts'
import { type Leaf, type LeafReader, leafText, leavesOf, readLeaves } from './leaves.ts'

/*
 * What an envelope's bytes say, for whoever is to sign it. Read by itself, not by what builds envelopes: a mistake there shows here. What a
 * payout run makes is known member by member; whatever else stands in the bytes is left over, and named as unexpected.
 */

export interface ReviewAsset {
  code: string
  issuer: string
}

/** What an envelope does. */
export type Act =
  /** `asset` null: lumens. Units of 1e-7 */
  | { kind: 'pay'; from: string; to: string; asset: ReviewAsset | null; amountUnits: bigint }
  /** nothing but using its number up */
  | { kind: 'use-up'; to: bigint }
  /** anything else, or more than that */
  | { kind: 'other' }

export interface DecodedEnvelope {
  /** what signers sign: SHA-256 over the network's passphrase and the bytes, hex */
  hash: string
  /** of a fee bump: the hash of what it wraps */
  innerHash: string | null
  source: string
  sequence: bigint
  feeSource: string
  /** the most that it may cost in all, in stroops, and for how many operations (a fee bump counts as one more) */
  feeStroops: bigint
  feeFor: number
  /** seconds; `maxTs` 0: no end. null: no bounds at all */
  bounds: { minTs: bigint; maxTs: bigint } | null
  memo: { kind: string; value: string }
  act: Act
  /** in words: what stands in the bytes and is no part of a payout's envelope */
  unexpected: string[]
  /** signatures of `hash`, then of `innerHash` */
  signatures: { of: 'outer' | 'inner'; signature: Uint8Array }[]
  /** every value of the bytes */
  leaves: Leaf[]
}

/** Longest envelope that is looked at, characters of base64. */
const MOST_CHARS = 100_000
/** Types of envelopes, as they stand in their first four bytes and are hashed. */
const V0 = 0
const TX = 2
const FEE_BUMP = 5

/** Decodes an envelope (base64 of the XDR, in one line). Throws AppError stellar.envelope where it is none, or is written in another way. */
export function decodeEnvelope(text: string, passphrase: string): DecodedEnvelope {
  const bytes = Buffer.from(text, 'base64')
  if (text.length > MOST_CHARS || bytes.toString('base64') !== text) throw noEnvelope()
  const leaves = leavesOf(jsonOf(bytes))
  const reader = readLeaves(leaves)
  const isBump = reader.has('tx_fee_bump.tx.fee_source')
  const at = isBump ? 'tx_fee_bump.tx.inner_tx.tx' : 'tx'
  const inner = readTransaction(reader, `${at}.tx`)
  const outer = isBump ? readFeeBump(reader) : null
  const innerSignatures = [...readSignatures(reader, `${at}.signatures`), ...readSignatures(reader, 'tx_v0.signatures')]
  const outerSignatures = readSignatures(reader, 'tx_fee_bump.signatures')
  const muxed = leaves.filter(({ value }) => typeof value === 'string' && /^M[A-Z2-7]{68}$/.test(value))
  const unexpected = [...describeRest(reader.rest()), ...muxed.map(({ path, value }) => `${path}: multiplexed account ${String(value)}`)]
  return {
    ...hashesOf(bytes, passphrase, outerSignatures, innerSignatures),
    source: inner.source,
    sequence: inner.sequence,
    feeSource: outer?.source ?? inner.source,
    feeStroops: outer?.fee ?? inner.fee,
    feeFor: inner.operations + (isBump ? 1 : 0),
    bounds: inner.bounds,
    memo: inner.memo,
    // a payment that comes with something else is no payment to be named on a button
    act: unexpected.length === 0 ? inner.act : { kind: 'other' },
    unexpected,
    signatures: [
      ...outerSignatures.map(signature => ({ of: 'outer' as const, signature })),
      ...innerSignatures.map(signature => ({ of: isBump ? ('inner' as const) : ('outer' as const), signature })),
    ],
    leaves,
  }
}

function jsonOf(bytes: Buffer) {
  try {
    return xdr.TransactionEnvelope.fromXdr(bytes).toJson()
  } catch (cause) {
    throw noEnvelope(cause)
  }
}

/** The one form of transaction that a payout has; of any other the values stay in the reader. */
function readTransaction(reader: LeafReader, at: string) {
  const source = textOf(reader.take(`${at}.source_account`))
  const fee = numberOf(reader.take(`${at}.fee`))
  const sequence = numberOf(reader.take(`${at}.seq_num`))
  const time = `${at}.cond.time`
  const bounds = reader.has(`${time}.min_time`)
    ? { minTs: numberOf(reader.take(`${time}.min_time`)), maxTs: numberOf(reader.take(`${time}.max_time`)) }
    : null
  if (!bounds) reader.takeIf(`${at}.cond`, 'none')
  const memo = readMemo(reader, `${at}.memo`)
  reader.takeIf(`${at}.ext`, 'v0')
  const operations = countOperations(reader, `${at}.operations`)
  const act = readAct(reader, `${at}.operations[0]`, source)
  return { source, fee, sequence, bounds, memo, act, operations }
}

function countOperations(reader: LeafReader, at: string): number {
  let count = 0
  while (reader.rest().some(({ path }) => path.startsWith(`${at}[${count}].`))) count++
  return count
}

function readMemo(reader: LeafReader, at: string): DecodedEnvelope['memo'] {
  if (reader.takeIf(at, 'none')) return { kind: 'none', value: '' }
  for (const kind of ['hash', 'text', 'id', 'return']) {
    const value = reader.take(`${at}.${kind}`)
    if (value !== undefined) return { kind, value: leafText(value) }
  }
  return { kind: 'none', value: '' }
}

function readAct(reader: LeafReader, at: string, source: string): Act {
  const pay = `${at}.body.payment`
  if (reader.has(`${pay}.destination`)) {
    const from = textOf(reader.take(`${at}.source_account`)) || source
    const to = textOf(reader.take(`${pay}.destination`))
    return { kind: 'pay', from, to, asset: readAsset(reader, `${pay}.asset`), amountUnits: numberOf(reader.take(`${pay}.amount`)) }
  }
  const bump = `${at}.body.bump_sequence.bump_to`
  // somebody else's number would be used up, so the source is left over
  if (!reader.has(bump) || !(reader.takeIf(`${at}.source_account`, null) || reader.takeIf(`${at}.source_account`, source)))
    return { kind: 'other' }
  return { kind: 'use-up', to: numberOf(reader.take(bump)) }
}

function readAsset(reader: LeafReader, at: string): ReviewAsset | null {
  if (reader.takeIf(at, 'native')) return null
  const form = reader.has(`${at}.credit_alphanum4.issuer`) ? 'credit_alphanum4' : 'credit_alphanum12'
  const code = textOf(reader.take(`${at}.${form}.asset_code`))
  return { code, issuer: textOf(reader.take(`${at}.${form}.issuer`)) }
}

function readFeeBump(reader: LeafReader) {
  const source = textOf(reader.take('tx_fee_bump.tx.fee_source'))
  const fee = numberOf(reader.take('tx_fee_bump.tx.fee'))
  reader.takeIf('tx_fee_bump.tx.ext', 'v0')
  return { source, fee }
}

function readSignatures(reader: LeafReader, at: string): Uint8Array[] {
  reader.take(at)
  const found: Uint8Array[] = []
  for (let place = 0; reader.has(`${at}[${place}].hint`); place++) {
    reader.take(`${at}[${place}].hint`)
    found.push(Buffer.from(textOf(reader.take(`${at}[${place}].signature`)), 'hex'))
  }
  return found
}

/** What was left over, an operation as one thing with its type first. */
function describeRest(rest: readonly Leaf[]): string[] {
  const operations = new Map<string, Leaf[]>()
  const others: string[] = []
  for (const leaf of rest) {
    const [, place, within] = /operations\[(\d+)\]\.(.*)$/.exec(leaf.path) ?? []
    if (place === undefined || within === undefined) others.push(`${leaf.path}: ${leafText(leaf.value)}`)
    else operations.set(place, [...(operations.get(place) ?? []), { path: within, value: leaf.value }])
  }
  const described = [...operations].map(([place, leaves]) => {
    const name = leaves.map(({ path, value }) => /^body\.(\w+)/.exec(path)?.[1] ?? (path === 'body' ? String(value) : '')).find(Boolean)
    const values = leaves
      .filter(({ value }) => value !== null)
      .map(({ path, value }) => `${path.replace(/^body\.\w+\.?/, '') || 'type'} ${leafText(value)}`)
    return `operation ${Number(place) + 1}${name ? `, ${name}` : ''}: ${values.join(', ')}`
  })
  return [...described, ...others]
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
/** 64-bit numbers are texts in this form, 32-bit ones numbers; what is not there is 0. */
const numberOf = (value: unknown): bigint => (typeof value === 'string' || typeof value === 'number' ? BigInt(value) : 0n)

function sha256(...parts: Uint8Array[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

/** Bytes that a list of signatures takes: its length, then each one's hint, length and bytes, filled up to fours. */
function lengthOf(signatures: readonly Uint8Array[]): number {
  return signatures.reduce((sum, { length }) => sum + 8 + Math.ceil(length / 4) * 4, 4)
}

/**
 * The hashes that are signed, over the very bytes: network, type, then what stands between the type and the signatures. An envelope of the
 * first form is hashed as the form of today, whose source begins with the kind of key.
 */
function hashesOf(bytes: Buffer, passphrase: string, outer: readonly Uint8Array[], inner: readonly Uint8Array[]) {
  const network = sha256(Buffer.from(passphrase, 'utf8'))
  const type = bytes.readInt32BE(0)
  const last = type === FEE_BUMP ? outer : inner
  const body = bytes.subarray(4, bytes.length - lengthOf(last))
  if (type === V0) return { hash: hex(sha256(network, int32(TX), int32(0), body)), innerHash: null }
  const hash = hex(sha256(network, int32(type), body))
  if (type !== FEE_BUMP) return { hash, innerHash: null }
  // fee source (a multiplexed one has 8 bytes more), fee, type of what is wrapped; behind it 4 bytes that say that nothing more comes
  const from = (body.readInt32BE(0) === 0 ? 36 : 44) + 8 + 4
  return { hash, innerHash: hex(sha256(network, int32(TX), body.subarray(from, body.length - 4 - lengthOf(inner)))) }
}

const hex = (bytes: Buffer): string => bytes.toString('hex')

function noEnvelope(cause?: unknown): AppError {
  return new AppError(
    'stellar.envelope',
    'This is no Stellar transaction. What is needed is the envelope as base64 of its XDR, in one line; get it again from where it was made.',
    cause === undefined ? {} : { cause },
  )
}
