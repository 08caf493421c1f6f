import { getDynamicBuilder, getLookupFn } from '@polkadot-api/metadata-builders'
import { Blake2256, compact } from '@polkadot-api/substrate-bindings'
import type { AppError } from '../../../src-shared/errors.ts'
import { type AvailableCall, type CallValue, chainCalls } from './calls.ts'
import { asSkip, createLayouts, inputOf, skipCompact } from './layout.ts'
import { type ParsedMetadata, parseMetadata } from './metadata.ts'
import { Misfit, misfit, undecodable } from './misfit.ts'
import type { Hex } from './types.ts'

/*
 * Signed extrinsics of version 4, built from a runtime's own metadata: the payload that is signed (the call, what the signed extensions
 * put into the extrinsic, and what they only sign), and what such bytes say. Load this file when it is needed: its library takes a while.
 */

/** Blocks in which a signed extrinsic may stand, counted from the one that it was made on: some 6 minutes. */
export const ERA_BLOCKS = 64

/** Everything that is signed besides the call. */
export interface Terms {
  nonce: number
  /** units of 1e-7 TFT, for whoever makes the block */
  tip: bigint
  era: { period: number; phase: number }
  /** hash of the block that the era begins with */
  birthHash: Hex
  genesis: Hex
  specVersion: number
  transactionVersion: number
}

export interface DecodedPayload extends Terms {
  call: CallValue
}

/** What became of an extrinsic in its block. */
export interface DispatchResult {
  /** `Dao.ProposalMissing`, `Token.FundsUnavailable`, `BadOrigin`; null: it succeeded */
  error: string | null
  /** `Dao.Voted`, ...: what happened, without what every extrinsic causes */
  events: string[]
  /** units of 1e-7 TFT, as the chain took it; null where it does not say */
  feeUnits: bigint | null
}

/** The signing side of one runtime. All but `calls` throw AppError chain.undecodable for bytes or a runtime that can't be read. */
export interface Extrinsics {
  readonly specVersion: number
  readonly transactionVersion: number
  /** the most blocks that an era may have: the chain keeps the hash of its first block no longer */
  readonly longestEra: number
  calls(): AvailableCall[]
  /** the bytes that a signature is made for, before they are hashed where they are long (see signedBytes) */
  payload(call: CallValue, terms: Terms): Uint8Array
  /** what a payload says, from its bytes alone; refuses those that don't say it in the one way that `payload` writes */
  decode(payload: Uint8Array): DecodedPayload
  /** the extrinsic as it is sent */
  assemble(payload: Uint8Array, signer: { kind: 'sr25519' | 'ed25519'; publicKey: Uint8Array }, signature: Uint8Array): Uint8Array
  /** what the extrinsic at that place of a block did, by the block's System.Events; null: the events don't speak of it */
  resultOf(events: Uint8Array, index: number): DispatchResult | null
  /** value of a storage item by its SCALE bytes, as the library has it */
  value(pallet: string, item: string, bytes: Uint8Array): unknown
  hasStorage(pallet: string, item: string): boolean
  storageKey(pallet: string, item: string, ...keys: unknown[]): Hex
}

/** Payloads longer than this are signed by their hash, as the chain checks it. */
const LONGEST_SIGNED = 256

/** What the key signs. */
export function signedBytes(payload: Uint8Array): Uint8Array {
  return payload.length > LONGEST_SIGNED ? Blake2256(payload) : payload
}

/** The hash by which the chain knows an extrinsic. */
export function extrinsicHash(extrinsic: Uint8Array): Hex {
  return hexOf(Blake2256(extrinsic))
}

/** `period`: in how many blocks it may stand, a power of 2. */
export function eraAt(block: number, period = ERA_BLOCKS): Terms['era'] {
  return { period, phase: block % period }
}

type Part = keyof Terms | 'off' | 'none'

/** What each signed extension puts into the extrinsic, and what it only signs; one that is not here must add nothing. */
const extensions: Record<string, { extra?: Part; signed?: Part }> = {
  CheckSpecVersion: { signed: 'specVersion' },
  CheckTxVersion: { signed: 'transactionVersion' },
  CheckGenesis: { signed: 'genesis' },
  CheckMortality: { extra: 'era', signed: 'birthHash' },
  CheckEra: { extra: 'era', signed: 'birthHash' },
  CheckNonce: { extra: 'nonce' },
  ChargeTransactionPayment: { extra: 'tip' },
  // switched off: no hash of the metadata is signed
  CheckMetadataHash: { extra: 'off', signed: 'none' },
}

const writers: { [P in Part]: (terms: Terms) => Uint8Array } = {
  nonce: ({ nonce }) => compact.enc(nonce),
  tip: ({ tip }) => compact.enc(tip),
  era: ({ era: { period, phase } }) => {
    const bytes = Buffer.alloc(2)
    bytes.writeUInt16LE((Math.log2(period) - 1) | ((phase / Math.max(period >> 12, 1)) << 4))
    return bytes
  },
  birthHash: ({ birthHash }) => bytesOf(birthHash),
  genesis: ({ genesis }) => bytesOf(genesis),
  specVersion: ({ specVersion }) => u32(specVersion),
  transactionVersion: ({ transactionVersion }) => u32(transactionVersion),
  off: () => Uint8Array.of(0),
  none: () => Uint8Array.of(0),
}

/** Builds the signing side of a runtime from its metadata, some 50 ms. Throws AppError chain.undecodable. */
export function createExtrinsics(metadata: Uint8Array): Extrinsics {
  const parsed = parseMetadata(metadata)
  const { unified, types } = parsed
  const lookup = getLookupFn(unified)
  const builder = getDynamicBuilder(lookup)
  const layouts = createLayouts(types)
  const version = readVersion(parsed, builder)
  const parts = partsOf(parsed, layouts)
  const callType = lookup.call ?? refuse('it does not say what its calls are')
  const calls = builder.buildDefinition(callType)
  const skipCall = asSkip(layouts.layoutOf(callType))
  const itemOf = (pallet: string, item: string) =>
    parsed.pallets.find(found => found.name === pallet)?.storage?.items.find(found => found.name === item)

  const payload: Extrinsics['payload'] = ({ pallet, name, args }, terms) => {
    const { location, codec } = builder.buildCall(pallet, name)
    const call = Buffer.concat([Uint8Array.from(location), codec.enc(args)])
    return new Uint8Array(Buffer.concat([call, ...[...parts.extra, ...parts.signed].map(part => writers[part](terms))]))
  }

  /** where the call ends, and where what only is signed begins */
  const bordersOf = (bytes: Uint8Array): { call: number; extra: number; terms: Terms } => {
    const input = inputOf(bytes)
    const call = skipCall(input, 0)
    let at = call
    const terms: Partial<Terms> = {}
    const take = (size: number): Buffer => {
      if (at + size > bytes.length) misfit('its bytes end too early')
      at += size
      return Buffer.from(bytes.subarray(at - size, at))
    }
    const takeCompact = (size: number): Buffer => take(skipCompact(size)(input, at) - at)
    const readers: { [P in Part]: () => unknown } = {
      nonce: () => {
        terms.nonce = Number(compact.dec(new Uint8Array(takeCompact(4))))
      },
      tip: () => {
        terms.tip = BigInt(compact.dec(new Uint8Array(takeCompact(16))))
      },
      era: () => {
        const encoded = take(2).readUInt16LE()
        const period = 2 << (encoded & 15)
        if ((encoded & 255) === 0) misfit('it is good for ever')
        terms.era = { period, phase: (encoded >> 4) * Math.max(period >> 12, 1) }
      },
      birthHash: () => {
        terms.birthHash = hexOf(take(32))
      },
      genesis: () => {
        terms.genesis = hexOf(take(32))
      },
      specVersion: () => {
        terms.specVersion = take(4).readUInt32LE()
      },
      transactionVersion: () => {
        terms.transactionVersion = take(4).readUInt32LE()
      },
      off: () => take(1),
      none: () => take(1),
    }
    for (const part of parts.extra) readers[part]()
    const extra = at
    for (const part of parts.signed) readers[part]()
    if (at !== bytes.length) misfit(`${bytes.length - at} bytes are left over`)
    return { call, extra, terms: terms as Terms }
  }

  const decode: Extrinsics['decode'] = bytes => {
    try {
      const { call: end, terms } = bordersOf(bytes)
      const decoded = calls.dec(Uint8Array.from(bytes.subarray(0, end))) as { type: string; value: { type: string; value: unknown } }
      const call = { pallet: decoded.type, name: decoded.value.type, args: (decoded.value.value ?? {}) as CallValue['args'] }
      if (terms.specVersion !== version.specVersion) misfit(`it is for runtime ${terms.specVersion}, not ${version.specVersion}`)
      if (!Buffer.from(payload(call, terms)).equals(bytes)) misfit('its bytes can be read in more than one way')
      return { ...terms, call }
    } catch (error) {
      throw unreadable(error instanceof Misfit ? error.message : 'its bytes are damaged', error)
    }
  }

  return {
    ...version,
    longestEra: readLongestEra(parsed, builder),
    calls: () => chainCalls(parsed),
    payload,
    decode,
    assemble(bytes, { kind, publicKey }, signature) {
      const { call, extra } = bordersOf(bytes)
      const body = Buffer.concat([
        Uint8Array.of(SIGNED_V4, ADDRESS_ID),
        publicKey,
        Uint8Array.of(kind === 'sr25519' ? 1 : 0),
        signature,
        bytes.subarray(call, extra),
        bytes.subarray(0, call),
      ])
      return new Uint8Array(Buffer.concat([compact.enc(body.length), body]))
    },
    resultOf(events, index) {
      const records = builder.buildStorage('System', 'Events').value.dec(Uint8Array.from(events)) as EventRecord[]
      const own = records.filter(({ phase }) => phase.type === 'ApplyExtrinsic' && phase.value === index).map(({ event }) => event)
      const isOf = (pallet: string, name: string) => (event: EventRecord['event']) => event.type === pallet && event.value.type === name
      const failed = own.find(isOf('System', 'ExtrinsicFailed'))
      if (!failed && !own.some(isOf('System', 'ExtrinsicSuccess'))) return null
      const paid = own.find(isOf('TransactionPayment', 'TransactionFeePaid'))?.value.value as { actual_fee?: unknown } | undefined
      return {
        error: failed ? errorName((failed.value.value as { dispatch_error: unknown }).dispatch_error) : null,
        events: own
          .filter(({ type }) => !['System', 'TransactionPayment', 'Balances', 'Treasury'].includes(type))
          .map(({ type, value }) => `${type}.${value.type}`),
        feeUnits: typeof paid?.actual_fee === 'bigint' ? paid.actual_fee : null,
      }
    },
    value: (pallet, item, bytes) => builder.buildStorage(pallet, item).value.dec(Uint8Array.from(bytes)),
    hasStorage: (pallet, item) => itemOf(pallet, item) !== undefined,
    storageKey: (pallet, item, ...keys) => builder.buildStorage(pallet, item).keys.enc(...keys),
  }
}

const SIGNED_V4 = 0x84
/** MultiAddress::Id */
const ADDRESS_ID = 0

interface EventRecord {
  phase: { type: string; value?: number }
  event: { type: string; value: { type: string; value: unknown } }
}

/** `{type: 'Module', value: {type: 'Dao', value: {type: 'DuplicateVote'}}}` as `Dao.DuplicateVote`. */
function errorName(error: unknown): string {
  const names: string[] = []
  for (let at = error as { type?: unknown; value?: unknown } | undefined; typeof at?.type === 'string'; at = at.value as typeof at)
    names.push(at.type)
  return (names[0] === 'Module' && names.length > 1 ? names.slice(1) : names).join('.')
}

function readVersion({ pallets }: ParsedMetadata, builder: ReturnType<typeof getDynamicBuilder>) {
  const constant = pallets.find(({ name }) => name === 'System')?.constants.find(({ name }) => name === 'Version')
  if (!constant) return refuse('it does not say its version')
  const { spec_version: spec, transaction_version: transaction } = builder.buildConstant('System', 'Version').dec(constant.value)
  return { specVersion: Number(spec), transactionVersion: Number(transaction) }
}

/** Powers of 2 only; above this one an era's first block is rounded. */
const LONGEST_EXACT_ERA = 4096

function readLongestEra({ pallets }: ParsedMetadata, builder: ReturnType<typeof getDynamicBuilder>): number {
  const constant = pallets.find(({ name }) => name === 'System')?.constants.find(({ name }) => name === 'BlockHashCount')
  const kept = constant ? Number(builder.buildConstant('System', 'BlockHashCount').dec(constant.value)) : ERA_BLOCKS
  return Math.min(2 ** Math.floor(Math.log2(Math.max(kept, ERA_BLOCKS))), LONGEST_EXACT_ERA)
}

/** The parts of a payload behind the call, in the order of the runtime's signed extensions. */
function partsOf({ unified, types }: ParsedMetadata, layouts: ReturnType<typeof createLayouts>): { extra: Part[]; signed: Part[] } {
  const { extrinsic } = unified
  if (!extrinsic.version.includes(4)) return refuse('its extrinsics are not of version 4')
  const params = 'type' in extrinsic ? unified.lookup.find(({ id }) => id === extrinsic.type)?.params : undefined
  const addressType = params?.find(({ name }) => name === 'Address')?.type
  const address = addressType === undefined ? undefined : types.def(addressType)
  if (address?.tag !== 'variant' || address.value.find(({ index }) => index === ADDRESS_ID)?.name !== 'Id')
    return refuse('its addresses are of another kind')
  const extra: Part[] = []
  const signed: Part[] = []
  for (const { identifier, type, additionalSigned } of Object.values(extrinsic.signedExtensions)[0] ?? []) {
    const parts = extensions[identifier] ?? {}
    const isEmpty = (of: number): boolean => layouts.layoutOf(of) === 0
    if (isEmpty(type) !== (parts.extra === undefined) || isEmpty(additionalSigned) !== (parts.signed === undefined))
      return refuse(`it asks for something in ${identifier} that this Granary does not know`)
    if (parts.extra) extra.push(parts.extra)
    if (parts.signed) signed.push(parts.signed)
  }
  for (const needed of ['nonce', 'era', 'tip'] as const) if (!extra.includes(needed)) return refuse(`its extrinsics have no ${needed}`)
  for (const needed of ['genesis', 'birthHash', 'specVersion', 'transactionVersion'] as const)
    if (!signed.includes(needed)) return refuse(`what is signed has no ${needed}`)
  return { extra, signed }
}

function refuse(reason: string): never {
  throw undecodable('Calls to this chain can’t be made from its metadata', reason, {})
}

function unreadable(reason: string, cause: unknown): AppError {
  return undecodable('What is to be signed can’t be read', reason, {}, cause)
}

function u32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function bytesOf(hex: Hex): Uint8Array {
  return Buffer.from(hex.slice(2), 'hex')
}

function hexOf(bytes: Uint8Array): Hex {
  return `0x${Buffer.from(bytes).toString('hex')}`
}
