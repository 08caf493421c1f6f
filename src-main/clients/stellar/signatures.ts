import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { FeeBumpTransaction, type OperationRecord, StrKey, type Transaction, xdr } from '@stellar/stellar-sdk/base'
import { AppError } from '../../../src-shared/errors.ts'
import { baseAccount, type Parsed, parseEnvelope } from './envelope.ts'
import type { AccountState } from './types.ts'

/*
 * Signatures of an envelope against the accounts' signers and thresholds, counted as Stellar's nodes count them: in their order, until the
 * weight is enough. A signature that nobody needs makes the whole transaction invalid (tx_bad_auth_extra), so that a run with more signers
 * than it takes must leave some out.
 */

type Decorated = Transaction['signatures'][number]

export type Level = 'low' | 'med' | 'high'

/** What one account asks for. */
export interface SignatureNeed {
  account: string
  level: Level
  neededWeight: number
  weight: number
  isMet: boolean
  /** whose signatures count for it, in their order */
  by: string[]
  /** who could still sign, the heaviest first */
  open: string[]
}

export interface SignatureReport {
  /** every account has enough, and no signature is superfluous: a node would take it */
  isReady: boolean
  /** every account has enough */
  isMet: boolean
  needs: SignatureNeed[]
  /** of each signature, in the envelope's order: whose it is (null: of none that may sign), and whether it counts */
  signatures: { signer: string | null; counts: boolean }[]
}

/**
 * Adds a signature of the envelope's hash; one that is there already is not added twice. Throws AppError stellar.envelope where it is not
 * by that key, over these bytes, for this network.
 */
export function addSignature(ask: { envelope: string; passphrase: string; publicKey: string; signature: Uint8Array }): string {
  const { outer } = parseEnvelope(ask.envelope, ask.passphrase)
  const { publicKey, signature } = ask
  if (!StrKey.isValidEd25519PublicKey(publicKey)) throw new AppError('usage', 'The signer is no Stellar account (G…).')
  if (signature.length !== 64 || !isBy(publicKey, outer.hash(), signature))
    throw new AppError(
      'stellar.envelope',
      `The signature of ${shortId(publicKey)} does not fit this transaction. It was made for other bytes or another network: have it signed again.`,
      { details: { signer: publicKey } },
    )
  return attach(outer, publicKey, signature) ? outer.toXdr() : ask.envelope
}

/**
 * Adds signatures that were checked before, when they came in; whoever takes the envelope checks them anyhow. One that is there already is
 * not added twice. Throws AppError stellar.envelope where the envelope is none.
 */
export function attachSignatures(ask: {
  envelope: string
  passphrase: string
  checked: readonly { publicKey: string; signature: Uint8Array }[]
}): string {
  const { outer } = parseEnvelope(ask.envelope, ask.passphrase)
  for (const { publicKey, signature } of ask.checked) attach(outer, publicKey, signature)
  return outer.toXdr()
}

/** False: it is there already. */
function attach(outer: Parsed['outer'], publicKey: string, signature: Uint8Array): boolean {
  if (outer.signatures.some(known => Buffer.from(known.signature.toBytes()).equals(signature))) return false
  // the last four bytes of the key
  outer.addDecoratedSignature(new xdr.DecoratedSignature({ hint: keyOf(publicKey).raw.subarray(28), signature }))
  return true
}

/**
 * Who has signed and whether that is enough. An account that is not among `accounts` counts as one that nobody may sign for. Throws
 * AppError stellar.envelope.
 */
export function verifySignatures(envelope: string, passphrase: string, accounts: ReadonlyMap<string, AccountState>): SignatureReport {
  const { outer, inner } = parseEnvelope(envelope, passphrase)
  const tally = createTally(inner.hash(), inner.signatures, accounts)
  tally.ask(baseAccount(inner.source), 'low')
  for (const operation of inner.operations) tally.ask(baseAccount(operation.source ?? inner.source), levelOf(operation))
  if (!(outer instanceof FeeBumpTransaction)) return tally.report()
  const bump = createTally(outer.hash(), outer.signatures, accounts)
  bump.ask(baseAccount(outer.feeSource), 'low')
  const [first, second] = [bump.report(), tally.report()]
  return {
    isReady: first.isReady && second.isReady,
    isMet: first.isMet && second.isMet,
    needs: [...first.needs, ...second.needs],
    signatures: [...first.signatures, ...second.signatures],
  }
}

/**
 * The envelope without the signatures that don't count, so that a node takes it. Of a fee bump only its own; what it wraps stays as it is.
 * Throws AppError stellar.envelope.
 */
export function fitSignatures(envelope: string, passphrase: string, accounts: ReadonlyMap<string, AccountState>): string {
  const { outer } = parseEnvelope(envelope, passphrase)
  const { signatures } = verifySignatures(envelope, passphrase, accounts)
  // a fee bump's own come first in the report
  const kept = outer.signatures.filter((_, place) => signatures[place]?.counts)
  outer.signatures.splice(0, outer.signatures.length, ...kept)
  return outer.toXdr()
}

/** The threshold that an operation is held to (Stellar's documentation of operations). */
function levelOf(operation: OperationRecord): Level {
  switch (operation.type) {
    case 'bumpSequence':
    case 'allowTrust':
    case 'setTrustLineFlags':
    case 'inflation':
    case 'claimClaimableBalance':
      return 'low'
    case 'accountMerge':
    case 'setOptions':
      return 'high'
    default:
      return 'med'
  }
}

function createTally(hash: Uint8Array, signatures: readonly Decorated[], accounts: ReadonlyMap<string, AccountState>) {
  const used = new Set<Decorated>()
  const signerOf = new Map<Decorated, string>()
  const needs: SignatureNeed[] = []
  /** what was found before: the accounts of an envelope mostly have the same signers */
  const checked = new Map<Decorated, Map<string, boolean>>()

  function isSigner(key: string, decorated: Decorated): boolean {
    const ofSignature = checked.get(decorated) ?? new Map<string, boolean>()
    checked.set(decorated, ofSignature)
    const known = ofSignature.get(key)
    if (known !== undefined) return known
    const isGood = isBy(key, hash, decorated.signature.toBytes())
    ofSignature.set(key, isGood)
    return isGood
  }

  function ask(id: string, level: Level): void {
    const account = accounts.get(id)
    const left = new Map((account?.signers ?? []).map(({ key, weight }) => [key, weight]))
    // a threshold of 0 still takes one signature
    const neededWeight = Math.max(1, account?.thresholds[level] ?? 1)
    const by: string[] = []
    let weight = 0
    let isMet = false
    for (const decorated of signatures) {
      const signer = [...left.keys()].find(key => hasHint(key, decorated) && isSigner(key, decorated))
      if (signer === undefined) continue
      signerOf.set(decorated, signer)
      if (isMet) continue
      used.add(decorated)
      by.push(signer)
      weight += Math.min(left.get(signer) ?? 0, 255)
      left.delete(signer)
      isMet = weight >= neededWeight
    }
    const open = [...left].filter(([key]) => ![...signerOf.values()].includes(key))
    const heaviest = open.sort(([a, ofA], [b, ofB]) => ofB - ofA || (a < b ? -1 : 1)).map(([key]) => key)
    // operations of one account ask the same again
    if (needs.some(need => need.account === id && need.level === level)) return
    needs.push({ account: id, level, neededWeight, weight, isMet, by, open: isMet ? [] : heaviest })
  }

  function report(): SignatureReport {
    const isMet = needs.every(need => need.isMet)
    const list = signatures.map(decorated => ({ signer: signerOf.get(decorated) ?? null, counts: used.has(decorated) }))
    return { isMet, isReady: isMet && list.every(({ counts }) => counts), needs, signatures: list }
  }

  return { ask, report }
}

/** A key in the forms that checking needs; kept, as a run has thousands of signatures by a handful of keys. */
const keys = new Map<string, { raw: Buffer; object: KeyObject }>()
const mostKeys = 10_000
/** What comes before the 32 bytes of an ed25519 key in SubjectPublicKeyInfo (RFC 8410). */
const spkiHead = Buffer.from('302a300506032b6570032100', 'hex')

function keyOf(id: string) {
  const known = keys.get(id)
  if (known) return known
  if (keys.size >= mostKeys) keys.clear()
  const raw = Buffer.from(StrKey.decodeEd25519PublicKey(id))
  const made = { raw, object: createPublicKey({ key: Buffer.concat([spkiHead, raw]), format: 'der', type: 'spki' }) }
  keys.set(id, made)
  return made
}

/** Whether a signature says that it is by this key; only a look at the signature itself proves it. */
export function hasHint(id: string, { hint }: Pick<Decorated, 'hint'>): boolean {
  return Buffer.from(hint.toBytes()).equals(keyOf(id).raw.subarray(28))
}

export function isBy(id: string, hash: Uint8Array, signature: Uint8Array): boolean {
  return verify(null, hash, keyOf(id).object, signature)
}

function shortId(id: string): string {
  return `${id.slice(0, 4)}…${id.slice(-6)}`
}
