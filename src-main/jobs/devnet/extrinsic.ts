import { Blake2256 } from '@polkadot-api/substrate-bindings'
import type { DevChain } from './chain.ts'
import type { DecodedCall, DevnetRuntime } from './runtime.ts'
import { type Reader, readCompact, take } from './scale.ts'

/** A signed extrinsic, decoded; `signer` as hex of the account. */
export interface Extrinsic {
  bytes: Buffer
  hash: string
  signer: string
  nonce: number
  tip: bigint
  call: DecodedCall
  era: Era
  signature: { kind: 'Ed25519' | 'Sr25519'; bytes: Buffer }
  /** the call's bytes, and those of era, nonce and tip: the first part of what was signed */
  signedPart: Buffer
}

/** Blocks in which an extrinsic may stand; `birth` is the block whose hash was signed. */
export type Era = 'immortal' | { period: number; phase: number }

/** An answer of JSON-RPC that says no, with a node's code. */
export function rpcError(code: number, message: string, data?: string): Error & { code: number; data?: string } {
  return Object.assign(new Error(message), { code, ...(data !== undefined && { data }) })
}

const invalid = (why: string) => rpcError(1010, 'Invalid Transaction', why)

/** Throws a JSON-RPC error 1001 for bytes that are no signed extrinsic of this runtime. */
export function decodeExtrinsic(bytes: Buffer, runtime: DevnetRuntime): Extrinsic {
  try {
    const from: Reader = { bytes, at: 0 }
    const length = Number(readCompact(from))
    if (length !== bytes.length - from.at) throw rpcError(1001, 'its length prefix does not fit')
    const version = take(from, 1)[0]!
    if (version !== 0x84) throw rpcError(1001, 'only signed extrinsics of version 4 are taken')
    const address = runtime.codec('MultiAddress').read(from) as { Id?: Buffer }
    if (!address.Id) throw rpcError(1001, 'its sender must be an account id')
    const signature = runtime.codec('MultiSignature').read(from) as { Ed25519?: Buffer; Sr25519?: Buffer }
    const kind = signature.Ed25519 ? 'Ed25519' : 'Sr25519'
    const signatureBytes = signature[kind]
    if (!signatureBytes) throw rpcError(1001, 'only sr25519 and ed25519 signatures are checked here')
    const extraAt = from.at
    const era = readEra(from)
    const nonce = Number(readCompact(from))
    const tip = readCompact(from)
    const callAt = from.at
    const call = runtime.readCall(from)
    if (from.at !== bytes.length) throw rpcError(1001, 'bytes are left over after its call')
    return {
      bytes,
      hash: `0x${Buffer.from(Blake2256(bytes)).toString('hex')}`,
      signer: address.Id.toString('hex'),
      nonce,
      tip,
      call,
      era,
      signature: { kind, bytes: signatureBytes },
      signedPart: Buffer.concat([bytes.subarray(callAt), bytes.subarray(extraAt, callAt)]),
    }
  } catch (error) {
    throw rpcError(1001, 'Extrinsic has invalid format', error instanceof Error ? error.message : String(error))
  }
}

function readEra(from: Reader): Era {
  const first = take(from, 1)[0]!
  if (first === 0) return 'immortal'
  const encoded = first | (take(from, 1)[0]! << 8)
  const period = 2 << (encoded % 16)
  return { period, phase: (encoded >> 4) * Math.max(period >> 12, 1) }
}

/** The block whose hash is signed with an era, seen from block `at`, and the last block in which the extrinsic may stand. */
export function eraBounds(era: Era, at: number): { birth: number; lastBlock: number } {
  if (era === 'immortal') return { birth: 0, lastBlock: Number.POSITIVE_INFINITY }
  const birth = Math.floor((Math.max(at, era.phase) - era.phase) / era.period) * era.period + era.phase
  return { birth, lastBlock: birth + era.period - 1 }
}

/**
 * Checks an extrinsic's signature over what this chain would sign at its head. Throws JSON-RPC error 1010: a bad proof, which is also
 * what another runtime, chain or a dead era gives.
 */
export async function checkSignature(extrinsic: Extrinsic, chain: DevChain): Promise<void> {
  const { birth } = eraBounds(extrinsic.era, chain.head())
  const { specVersion, transactionVersion } = chain.runtimeAfter(chain.head())
  const versions = Buffer.alloc(8)
  versions.writeUInt32LE(specVersion, 0)
  versions.writeUInt32LE(transactionVersion, 4)
  const hashes = [chain.hash(0), chain.hash(birth)].map(hash => Buffer.from(hash.slice(2), 'hex'))
  const payload = Buffer.concat([extrinsic.signedPart, versions, ...hashes])
  const signed = payload.length > 256 ? Blake2256(payload) : payload
  // The library is large, and most devnets never see an extrinsic.
  const { ed25519Verify, sr25519Verify } = await import('@polkadot/util-crypto')
  const verify = extrinsic.signature.kind === 'Ed25519' ? ed25519Verify : sr25519Verify
  const key = Buffer.from(extrinsic.signer, 'hex')
  if (!verify(signed, extrinsic.signature.bytes, key)) throw invalid('Transaction has a bad signature')
}

/** What an account has, as the fee and nonce checks need it. */
export interface Payer {
  nonce: number
  free: bigint
}

/** Fee in units of 1e-7 TFT: a fixed part and one per byte. */
export function feeOf(byteLength: number): bigint {
  return 100_000n + 100n * BigInt(byteLength)
}

/** Throws JSON-RPC error 1010: outdated nonce, or nothing to pay with. */
export function checkValidity(extrinsic: Extrinsic, payer: Payer): void {
  if (extrinsic.nonce < payer.nonce) throw invalid('Transaction is outdated')
  if (payer.free < feeOf(extrinsic.bytes.length) + extrinsic.tip) throw invalid('Inability to pay some fees (e.g. account balance too low)')
}
