import { AppError } from '../../../src-shared/errors.ts'
import { type BlockKeys, type BlockState, readBlockState } from './block-state.ts'
import { ask, getHashes, readHashes } from './hashes.ts'
import { headerHash, headerNumber, isHeader } from './header.ts'
import { answerError } from './rpc-errors.ts'
import type { CallOptions, Chain, Hex, RawHeader } from './types.ts'

/** A block's state as one endpoint gave it. */
export interface ReadState extends BlockState {
  hash: Hex
  url: string
}

/** What is known of the block before; null where that is not known, or there is none. */
export interface Before {
  hash: Hex | null
  timestampMs: number | null
}

/** Why a block's state can't be taken: its error is for when asking again didn't help. */
interface Fault {
  code: 'chain.parent' | 'chain.answer'
  what: string
}

/** Reads the state after a block. Rejects as Chain.call does. */
export async function readState(chain: Chain, n: number, hash: Hex, keys: BlockKeys, options: CallOptions): Promise<ReadState> {
  const list = [keys.events, keys.timestamp, keys.parentHash, keys.number]
  const { value, url } = await ask<unknown>(chain, 'state_queryStorageAt', [list, hash], { ...options, block: n })
  const state = readBlockState(value, keys, url, n)
  return { events: state.events, timestampMs: state.timestampMs, number: state.number, parentHash: state.parentHash, hash, url }
}

/** What is wrong with a block's state; null: it stands on the block before. Block 0 has no state of its own making. */
function faultOf(state: ReadState, n: number, before: Before): Fault | null {
  if (n === 0) return null
  if (state.number === null || state.timestampMs === null || state.parentHash === null)
    return { code: 'chain.answer', what: 'gives no number, time or parent for it' }
  if (state.number !== n) return { code: 'chain.parent', what: `gives the state of block ${state.number} for it` }
  if (before.hash !== null && state.parentHash !== before.hash)
    return { code: 'chain.parent', what: `says that it stands on ${state.parentHash}, but block ${n - 1} is ${before.hash}` }
  if (before.timestampMs !== null && state.timestampMs < before.timestampMs)
    return { code: 'chain.parent', what: `gives it a time before that of block ${n - 1}` }
  return null
}

/**
 * Gives the state back if it fits the block before. If not, the same endpoint is asked anew and, where there is one, another
 * too: what they then agree on counts, if it fits. Every block has events (its time is set by an extrinsic), so none at
 * all is asked again as well, and believed the second time.
 * Rejects with chain.differs (two endpoints disagree), chain.parent, chain.answer, and as Chain.call does.
 */
export async function settleState(
  chain: Chain,
  n: number,
  state: ReadState,
  keys: BlockKeys,
  before: Before,
  options: CallOptions,
): Promise<ReadState> {
  const fault = faultOf(state, n, before)
  if (!fault && (state.events !== null || n === 0)) return state
  const readFrom = async (endpoint: string) => {
    const only = { ...options, endpoint }
    return readState(chain, n, (await getHashes(chain, [n], only)).value[0]!, keys, only)
  }
  const isThere = chain.ready().includes(state.url)
  const other = chain.ready().find(url => url !== state.url)
  const again = isThere || other === undefined ? await orAway(readFrom(state.url), other !== undefined) : null
  const second = other === undefined ? null : await orAway(readFrom(other), again !== null)
  if (again && second && isDifferent(again, second)) throw differsError(n, again.url, second.url, 'its hash or state')
  const settled = again ?? second
  if (!settled) return Promise.reject(faultError(fault ?? { code: 'chain.answer', what: 'gives no events for it' }, state, n))
  const left = faultOf(settled, n, before)
  if (left) throw faultError(left, settled, n)
  return settled
}

/** Null where the endpoint is away and another can be asked; any other error goes on. */
export async function orAway<T>(asking: Promise<T>, canBeLeft: boolean): Promise<T | null> {
  try {
    return await asking
  } catch (error) {
    if (canBeLeft && error instanceof AppError && error.code !== 'cancelled') return null
    throw error
  }
}

function faultError({ code, what }: Fault, { url }: ReadState, n: number): AppError {
  if (code === 'chain.answer') return answerError({ url, method: 'state_queryStorageAt', block: n }, what)
  return new AppError(
    'chain.parent',
    `Block ${n} does not stand on the one before it: ${url} ${what}. Nothing from there on was kept. Try another endpoint; if all say so, the stored blocks are of another chain.`,
    { details: { block: n, url } },
  )
}

/** `what`: about which part of it, in words. */
export function differsError(n: number, url: string, otherUrl: string, what: string): AppError {
  return new AppError(
    'chain.differs',
    `${url} and ${otherUrl} disagree about block ${n} (${what}). One of them is wrong: remove the one that you trust less, and go on.`,
    { details: { block: n, url, otherUrl } },
  )
}

function isDifferent(a: ReadState, b: ReadState): boolean {
  return (
    a.hash !== b.hash || a.events !== b.events || a.timestampMs !== b.timestampMs || a.number !== b.number || a.parentHash !== b.parentHash
  )
}

/**
 * Compares a block's state with what another endpoint says, and gives that one. Resolves with null where there is none, or it does not
 * answer: an endpoint that is away is no disagreement. Rejects with chain.differs.
 */
export async function compareState(
  chain: Chain,
  n: number,
  state: ReadState,
  keys: BlockKeys,
  options: CallOptions,
): Promise<string | null> {
  for (const endpoint of chain.ready()) {
    if (endpoint === state.url) continue
    const other = await orAway(readState(chain, n, state.hash, keys, { ...options, endpoint }), true)
    if (!other) continue
    if (isDifferent(state, other)) throw differsError(n, state.url, endpoint, 'its events or time')
    return endpoint
  }
  return null
}

/** Compares hashes with those of another endpoint, as far as that has them. Rejects with chain.differs; an endpoint that is away is none. */
export async function compareHashes(chain: Chain, numbers: number[], hashes: Hex[], url: string, options: CallOptions): Promise<void> {
  for (const endpoint of chain.ready()) {
    if (endpoint === url) continue
    const other = await orAway(readHashes(chain, numbers, { ...options, endpoint }), true)
    if (!other) continue
    const at = other.value.findIndex((hash, i) => hash !== null && hash !== hashes[i])
    if (at >= 0) throw differsError(numbers[at]!, url, endpoint, 'its hash')
    return
  }
}

/**
 * Proves a block's hash by its header, of which it is the hash. `parentHash`: null where it is not known. Gives false where
 * the header says otherwise: the hashes are to be asked again. Rejects as Chain.call does.
 */
export async function isProven(chain: Chain, n: number, hash: Hex, parentHash: Hex | null, options: CallOptions): Promise<boolean> {
  const header = await chain.call<RawHeader | null>('chain_getHeader', [hash], options)
  return (
    isHeader(header) &&
    headerHash(header) === hash &&
    headerNumber(header) === n &&
    (parentHash === null || header.parentHash === parentHash)
  )
}

/** The header of a block is not the one whose hash it has. */
export function headerError(n: number, url: string): AppError {
  return new AppError(
    'chain.parent',
    `Block ${n}: the header that ${url} gives for it does not hash up, or names another number or parent. Nothing from there on was kept. Try another endpoint.`,
    { details: { block: n, url } },
  )
}
