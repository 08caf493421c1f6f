import { AppError } from '../../../src-shared/errors.ts'
import { type DispatchResult, type Extrinsics, extrinsicHash } from './extrinsic.ts'
import { ask, getHashes } from './hashes.ts'
import { headerHash, headerNumber, isHash, isHeader } from './header.ts'
import { answerError } from './rpc-errors.ts'
import type { CallOptions, Chain, Hex } from './types.ts'

/*
 * Where a sent extrinsic stands. Only finalized blocks count, each fetched whole and held against its hash: what a node says of its pool is a
 * hint. That no block has an extrinsic is known when the last one in which it may stand is final.
 */

/** Blocks fetched at once. */
const BLOCKS_AT_ONCE = 8
/** Stored values asked for in one call. */
const VALUES_AT_ONCE = 200

export interface FinalHead {
  n: number
  hash: Hex
}

/** The finalized head as an endpoint has it now. */
export async function finalizedHead(chain: Chain, options: CallOptions = {}): Promise<FinalHead> {
  const hash = await chain.call<unknown>('chain_getFinalizedHead', [], options)
  const { value, url } = await ask<unknown>(chain, 'chain_getHeader', [hash], options)
  if (!isHash(hash) || !isHeader(value) || headerHash(value) !== hash)
    throw answerError({ url, method: 'chain_getHeader' }, 'gave no header of its finalized head')
  return { n: headerNumber(value), hash }
}

export interface Place {
  n: number
  hash: Hex
  /** of the extrinsic in its block */
  index: number
}

/** Looks for an extrinsic in the blocks `from` to `to`, all of them final. Rejects where a block can't be had: that is not the same as absent. */
export async function findExtrinsic(chain: Chain, hash: Hex, from: number, to: number, options: CallOptions = {}): Promise<Place | null> {
  for (let first = from; first <= to; first += BLOCKS_AT_ONCE) {
    const numbers = Array.from({ length: Math.min(BLOCKS_AT_ONCE, to - first + 1) }, (_, i) => first + i)
    const { value: hashes } = await getHashes(chain, numbers, options)
    const found = await Promise.all(
      numbers.map(async (n, i): Promise<Place | null> => {
        const extrinsics = await readExtrinsics(chain, n, hashes[i]!, options)
        const index = extrinsics.findIndex(bytes => extrinsicHash(bytes) === hash)
        return index < 0 ? null : { n, hash: hashes[i]!, index }
      }),
    )
    const place = found.find(each => each !== null)
    if (place) return place
  }
  return null
}

async function readExtrinsics(chain: Chain, n: number, hash: Hex, options: CallOptions): Promise<Uint8Array[]> {
  const { value, url } = await ask<{ block?: { header?: unknown; extrinsics?: unknown } } | null>(chain, 'chain_getBlock', [hash], options)
  const { header, extrinsics } = value?.block ?? {}
  if (!isHeader(header) || headerHash(header) !== hash || !Array.isArray(extrinsics) || extrinsics.length === 0)
    throw answerError({ url, method: 'chain_getBlock', block: n }, 'did not give that block')
  return extrinsics.map(text => {
    if (typeof text !== 'string' || !/^0x([0-9a-f]{2})*$/i.test(text))
      throw answerError({ url, method: 'chain_getBlock', block: n }, 'gave an extrinsic that is no bytes')
    return Buffer.from(text.slice(2), 'hex')
  })
}

/** What the extrinsic did there. `runtime`: the one whose version it was signed for, as no other executes it. */
export async function readResult(chain: Chain, runtime: Extrinsics, place: Place, options: CallOptions = {}): Promise<DispatchResult> {
  const events = await readValue(chain, runtime.storageKey('System', 'Events'), place, options)
  const result = events && runtime.resultOf(events, place.index)
  if (!result)
    throw answerError(
      { url: '', method: 'state_queryStorageAt', block: place.n },
      `has no outcome of extrinsic ${place.index} in its events`,
    )
  return result
}

/** A stored value after a block; null: none is stored. */
export async function readValue(chain: Chain, key: Hex, at: FinalHead, options: CallOptions = {}): Promise<Uint8Array | null> {
  return (await readValues(chain, [key], at, options))[0]!
}

/** Stored values after a block, in the order of the keys; null: none is stored. */
export async function readValues(
  chain: Chain,
  keys: readonly Hex[],
  at: FinalHead,
  options: CallOptions = {},
): Promise<(Uint8Array | null)[]> {
  const asked = { ...options, block: at.n }
  const values: (Uint8Array | null)[] = []
  for (let first = 0; first < keys.length; first += VALUES_AT_ONCE) {
    const some = keys.slice(first, first + VALUES_AT_ONCE)
    const { value, url } = await ask<{ changes: [Hex, Hex | null][] }[]>(chain, 'state_queryStorageAt', [some, at.hash], asked)
    const found = new Map(value[0]?.changes)
    for (const key of some) {
      const stored = found.get(key)
      if (stored === undefined) throw answerError({ url, method: 'state_queryStorageAt', block: at.n }, 'left the value out')
      values.push(stored === null ? null : Buffer.from(stored.slice(2), 'hex'))
    }
  }
  return values
}

/** An account after a block: its next number, and what it has, units of 1e-7 TFT. One that does not exist has nothing. */
export async function readAccount(
  chain: Chain,
  runtime: Extrinsics,
  address: string,
  at: FinalHead,
  options: CallOptions = {},
): Promise<{ nonce: number; freeUnits: bigint }> {
  const bytes = await readValue(chain, runtime.storageKey('System', 'Account', address), at, options)
  if (bytes === null) return { nonce: 0, freeUnits: 0n }
  const { nonce, data } = runtime.value('System', 'Account', bytes) as { nonce: number; data: { free: bigint } }
  return { nonce, freeUnits: data.free }
}

/** The account's next number with what waits in an endpoint's pool counted. */
export async function nextIndex(chain: Chain, address: string, options: CallOptions = {}): Promise<number> {
  const { value, url } = await ask<unknown>(chain, 'system_accountNextIndex', [address], options)
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw answerError({ url, method: 'system_accountNextIndex' }, 'gave something that is no number')
}

/** What an endpoint expects an extrinsic to cost, units of 1e-7 TFT; null where it does not say. */
export async function expectedFee(chain: Chain, extrinsic: Uint8Array, options: CallOptions = {}): Promise<bigint | null> {
  try {
    const info = await chain.call<{ partialFee?: unknown } | null>('payment_queryInfo', [hexText(extrinsic)], options)
    const fee = info?.partialFee
    return (typeof fee === 'string' && /^(\d{1,39}|0x[0-9a-f]{1,32})$/i.test(fee)) || Number.isSafeInteger(fee)
      ? BigInt(fee as string)
      : null
  } catch (error) {
    // a node without that method, or that does not take a made-up signature
    if (error instanceof AppError && error.code === 'chain.answer') return null
    throw error
  }
}

/**
 * What a refused submission means. `known`: the node has it, had it, or has executed it: look for it. `refused`: it did not take it, for
 * this reason. `unclear`: it may have taken it.
 */
export type Refusal = { kind: 'known' | 'unclear' } | { kind: 'refused'; reason: string }

/** Nodes' codes for a transaction that is known, by polkadot-sdk's author api: banned for a while after it was seen, in the pool already. */
const knownCodes = [1012, 1013]
/** Not taken: bad format, invalid, of unknown validity, too low a priority beside another of that number, no room. */
const refusedCodes = [1001, 1002, 1010, 1011, 1014, 1015, 1016]
const reasons: [RegExp, string][] = [
  [/pay some fees|balance too low/i, 'the account has too little to pay the fee'],
  [/bad signature|bad proof/i, 'its signature does not fit: the runtime or the account is another than it was made for'],
  [/ancient|mortal|birth block/i, 'the blocks in which it may stand are over'],
  [/priority is too low/i, 'another call with the same number waits there already'],
  [/will be valid in the future|future/i, 'its number is ahead of the account’s'],
  [/immediately dropped/i, 'the node has no room for it now'],
]

export function refusalOf(error: AppError): Refusal {
  const code = error.details.rpcCode
  if (typeof code !== 'number') return { kind: 'unclear' }
  // outdated: its number was used, maybe by itself
  if (knownCodes.includes(code) || /outdated|stale/i.test(error.message)) return { kind: 'known' }
  if (!refusedCodes.includes(code) && !(code <= -32600 && code >= -32602)) return { kind: 'unclear' }
  const known = reasons.find(([pattern]) => pattern.test(error.message))?.[1]
  return { kind: 'refused', reason: known ?? error.message.slice(0, 300) }
}

/** What a node says of an extrinsic that it watches. `gone`: it does not hold it any more; whether a block has it must be looked up. */
export type PoolStatus = 'waits' | 'in-block' | 'final' | 'gone'

export function poolStatus(status: unknown): PoolStatus {
  const name = typeof status === 'string' ? status : Object.keys((status as object | null) ?? {})[0]
  switch (name) {
    case 'inBlock':
      return 'in-block'
    case 'finalized':
      return 'final'
    case 'invalid':
    case 'dropped':
    case 'usurped':
    case 'finalityTimeout':
      return 'gone'
    default:
      return 'waits'
  }
}

export function hexText(bytes: Uint8Array): Hex {
  return `0x${Buffer.from(bytes).toString('hex')}`
}
