import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { FeeBumpTransaction, type OperationRecord, StrKey, type Transaction, TransactionBuilder } from '@stellar/stellar-sdk/base'
import type { OpOutcome, TxCode, TxOutcome } from './codes.ts'
import { type Account, assetKey } from './state.ts'

/*
 * What a transaction must be before a ledger takes it, in the order in which Stellar's nodes look: bounds, fee, account, sequence,
 * signatures, balance, operations, superfluous signatures. Nothing is consumed by one that fails here.
 */

/** An envelope as the ledger needs it. */
export interface Parsed {
  envelope: string
  hash: string
  /** null: no fee bump */
  innerHash: string | null
  tx: Transaction
  bump: FeeBumpTransaction | null
  source: string
  feeSource: string
  fee: bigint
}

const parsedBefore = new Map<string, Parsed>()

/** Throws whatever the SDK throws where it is no envelope. Remembers, as the same one is looked at again and again. */
export function parseEnvelope(envelope: string, passphrase: string): Parsed {
  const key = `${passphrase} ${envelope}`
  const known = parsedBefore.get(key)
  if (known) return known
  if (parsedBefore.size > 20_000) parsedBefore.clear()
  const made = parseAnew(envelope, passphrase)
  parsedBefore.set(key, made)
  return made
}

function parseAnew(envelope: string, passphrase: string): Parsed {
  const parsed = TransactionBuilder.fromXdr(envelope, passphrase)
  const bump = parsed instanceof FeeBumpTransaction ? parsed : null
  const tx = bump ? bump.innerTransaction : (parsed as Transaction)
  return {
    envelope,
    hash: hex(parsed.hash()),
    innerHash: bump ? hex(tx.hash()) : null,
    tx,
    bump,
    source: baseAccount(tx.source),
    feeSource: baseAccount(bump?.feeSource ?? tx.source),
    fee: BigInt(parsed.fee),
  }
}

export const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

/** The account behind a multiplexed address. */
export function baseAccount(address: string): string {
  if (!address.startsWith('M')) return address
  return StrKey.encodeEd25519PublicKey(StrKey.decodeMed25519PublicKey(address).subarray(0, 32))
}

/** `bump_sequence` of `bumpSequence`. */
export const kindOf = (operation: OperationRecord) => operation.type.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)

const known = new Set(['payment', 'create_account', 'change_trust', 'bump_sequence'])

/** 2 base reserves of 0.5 lumens and one for each entry more. */
export function reserveOf(account: Account): bigint {
  const others = Object.entries(account.signers).filter(([key, weight]) => key !== account.id && weight > 0).length
  return BigInt(2 + others + Object.keys(account.trustlines).length) * 5_000_000n
}

export interface CheckOptions {
  find: (id: string) => Account | undefined
  /** not before this time, and not after that one */
  earliestTs: number
  latestTs: number
  minFee: bigint
}

/** How it would be refused; null: it may go into a ledger. */
export function check(parsed: Parsed, options: CheckOptions): TxOutcome | null {
  const refuse = (code: TxCode, operations: OpOutcome[] = []): TxOutcome => ({ code, operations, isOuter: false })
  const refuseOuter = (code: TxCode): TxOutcome => ({ code, operations: [], isOuter: true })
  const { tx, bump } = parsed
  const { find, minFee } = options
  if (tx.operations.length === 0) return refuse('tx_missing_operation')
  const bounds = tx.timeBounds
  if (bounds && Number(bounds.minTime) > options.earliestTs) return refuse('tx_too_early')
  if (bounds && bounds.maxTime !== '0' && Number(bounds.maxTime) < options.latestTs) return refuse('tx_too_late')
  const parts = BigInt(tx.operations.length + (bump ? 1 : 0))
  if (parsed.fee < minFee * parts) return refuseOuter('tx_insufficient_fee')
  if (!bump && BigInt(tx.fee) < 100n * parts) return refuse('tx_insufficient_fee')
  const source = find(parsed.source)
  const payer = find(parsed.feeSource)
  if (!payer) return refuseOuter('tx_no_source_account')
  if (!source) return refuse('tx_no_source_account')
  if (BigInt(tx.sequence) !== source.sequence + 1n) return refuse('tx_bad_seq')

  if (bump) {
    const outer = createChecker(bump.hash(), bump.signatures)
    if (!outer.reaches(payer, payer.thresholds.low)) return refuseOuter('tx_bad_auth')
    if (outer.unused() > 0) return refuseOuter('tx_bad_auth_extra')
  }
  const signatures = createChecker(tx.hash(), tx.signatures)
  if (!signatures.reaches(source, source.thresholds.low)) return refuse('tx_bad_auth')
  if (payer.lumens - reserveOf(payer) < parsed.fee) return refuseOuter('tx_insufficient_balance')
  const outcomes = tx.operations.map((operation): OpOutcome => {
    const kind = kindOf(operation)
    const account = operation.source ? find(baseAccount(operation.source)) : source
    if (!account) return { kind, code: 'op_no_source_account' }
    if (!known.has(kind)) return { kind, code: 'op_not_supported' }
    const needed = kind === 'bump_sequence' ? account.thresholds.low : account.thresholds.med
    if (!signatures.reaches(account, needed)) return { kind, code: 'op_bad_auth' }
    return { kind, code: malformed(operation) ? 'op_malformed' : 'op_success' }
  })
  if (outcomes.some(({ code }) => code !== 'op_success')) return refuse('tx_failed', outcomes)
  return signatures.unused() > 0 ? refuse('tx_bad_auth_extra') : null
}

function malformed(operation: OperationRecord): boolean {
  return operation.type === 'payment' && BigInt(operation.amount.replace('.', '')) <= 0n
}

type Decorated = Transaction['signatures'][number]

/** Counts signatures as a node does: in their order, until the weight is enough; one that no account needed is superfluous. */
function createChecker(hash: Uint8Array, signatures: readonly Decorated[]) {
  const used = new Set<Decorated>()
  return {
    reaches(account: Account, needed: number): boolean {
      const left = new Map(Object.entries(account.signers).filter(([, weight]) => weight > 0))
      let weight = 0
      for (const decorated of signatures) {
        const signer = [...left.keys()].find(key => isBy(key, hash, decorated))
        if (!signer) continue
        used.add(decorated)
        weight += Math.min(left.get(signer) ?? 0, 255)
        left.delete(signer)
        if (weight >= needed) return true
      }
      return false
    },
    unused: () => signatures.filter(signature => !used.has(signature)).length,
  }
}

function isBy(key: string, hash: Uint8Array, { hint, signature }: Decorated): boolean {
  const raw = rawKey(key)
  return Buffer.from(hint.toBytes()).equals(raw.subarray(28)) && verify(null, hash, keyObject(key, raw), signature.toBytes())
}

const rawKeys = new Map<string, Buffer>()
const keyObjects = new Map<string, KeyObject>()
const spkiHead = Buffer.from('302a300506032b6570032100', 'hex')

function rawKey(key: string): Buffer {
  const found = rawKeys.get(key) ?? Buffer.from(StrKey.decodeEd25519PublicKey(key))
  rawKeys.set(key, found)
  return found
}

function keyObject(key: string, raw: Buffer): KeyObject {
  const found = keyObjects.get(key) ?? createPublicKey({ key: Buffer.concat([spkiHead, raw]), format: 'der', type: 'spki' })
  keyObjects.set(key, found)
  return found
}

/** In whose history a transaction stands: sources, who pays the fee, and those who get something. */
export function participants(parsed: Parsed): string[] {
  const all = new Set([parsed.source, parsed.feeSource])
  for (const operation of parsed.tx.operations) {
    if (operation.source) all.add(baseAccount(operation.source))
    if ('destination' in operation && typeof operation.destination === 'string') all.add(baseAccount(operation.destination))
  }
  return [...all]
}

/** `CODE:ISSUER`, or null for lumens. */
export function keyOfAsset(asset: { code: string; issuer?: string | undefined }): string | null {
  return asset.issuer ? assetKey(asset.code, asset.issuer) : null
}
