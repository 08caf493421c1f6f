import { setTimeout as pause } from 'node:timers/promises'
import { AppError } from '../../../src-shared/errors.ts'
import { isHash } from './header.ts'
import { answerError } from './rpc-errors.ts'
import type { AskOptions } from './scheduler.ts'
import type { CallOptions, Chain, Hex } from './types.ts'

/** An answer, and whose it is. */
export interface Answer<T> {
  value: T
  url: string
}

/** A call that tells who answered. */
export async function ask<T>(chain: Chain, method: string, params: readonly unknown[], options: AskOptions = {}): Promise<Answer<T>> {
  let url = options.endpoint ?? chain.ready()[0] ?? ''
  const withUrl: AskOptions = {
    ...options,
    answeredBy(by) {
      url = by
      options.answeredBy?.(by)
    },
  }
  const value = await chain.call<T>(method, params, withUrl)
  return { value, url }
}

/** Chains of which an endpoint refused a list: they are asked one by one from then on. */
const withoutLists = new WeakSet<Chain>()
/** how long an endpoint that is a block behind gets to catch up */
const behindMs = 500

/**
 * The hashes of these blocks, in that order, from one endpoint; null where it has none. Rejects as Chain.call does, and with
 * chain.answer where an endpoint answers with something else.
 */
export async function readHashes(chain: Chain, numbers: readonly number[], options: CallOptions): Promise<Answer<(Hex | null)[]>> {
  if (numbers.length === 0) return { value: [], url: '' }
  if (numbers.length > 1 && !withoutLists.has(chain)) {
    try {
      const { value, url } = await ask<unknown>(chain, 'chain_getBlockHash', [numbers], options)
      if (Array.isArray(value) && value.length === numbers.length)
        return { value: value.map((hash, i) => hashOrNull(hash, url, numbers[i]!)), url }
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      if (error.details.tooBig === true) return readHalves(chain, numbers, options)
      if (error.code !== 'chain.answer' || error.details.rpcCode === undefined) throw error
      withoutLists.add(chain)
    }
  }
  const first = await ask<unknown>(chain, 'chain_getBlockHash', [numbers[0]], options)
  // the others from whoever gave the first: a list of hashes is of one endpoint, where it stays
  const rest = await Promise.all(numbers.slice(1).map(n => ask<unknown>(chain, 'chain_getBlockHash', [n], options)))
  return { value: [first, ...rest].map(({ value, url }, i) => hashOrNull(value, url, numbers[i]!)), url: first.url }
}

async function readHalves(chain: Chain, numbers: readonly number[], options: CallOptions): Promise<Answer<(Hex | null)[]>> {
  const half = Math.ceil(numbers.length / 2)
  const low = await readHashes(chain, numbers.slice(0, half), options)
  const high = await readHashes(chain, numbers.slice(half), options)
  return { value: [...low.value, ...high.value], url: low.url }
}

/**
 * As `readHashes`, but every block has one: what one endpoint doesn't have is asked of the others, and once more after a
 * while. Rejects with chain.answer naming the block where nobody has it.
 */
export async function getHashes(chain: Chain, numbers: readonly number[], options: CallOptions = {}): Promise<Answer<Hex[]>> {
  const { value, url } = await readHashes(chain, numbers, options)
  for (const endpoint of [...chain.ready().filter(other => other !== url), undefined]) {
    const missing = value.flatMap((hash, i) => (hash === null ? [i] : []))
    if (missing.length === 0) break
    if (endpoint === undefined) await wait(options.signal)
    else if (options.endpoint !== undefined) continue
    try {
      const again = await readHashes(
        chain,
        missing.map(i => numbers[i]!),
        endpoint === undefined ? options : { ...options, endpoint },
      )
      missing.forEach((i, k) => {
        value[i] = again.value[k]!
      })
    } catch (error) {
      // one of several that is away: the next may have it
      if (endpoint === undefined || options.signal?.aborted) throw error
    }
  }
  const none = value.indexOf(null)
  if (none >= 0) throw answerError({ url, method: 'chain_getBlockHash', block: numbers[none]! }, 'has no hash of that block')
  return { value: value as Hex[], url }
}

async function wait(signal: AbortSignal | undefined): Promise<void> {
  try {
    await pause(behindMs, undefined, signal ? { signal } : {})
  } catch (cause) {
    throw new AppError('cancelled', 'Stopped on request.', { cause })
  }
}

function hashOrNull(value: unknown, url: string, block: number): Hex | null {
  if (value === null || isHash(value)) return value
  throw answerError({ url, method: 'chain_getBlockHash', block }, 'gave something that is no hash')
}
