import { AppError } from '../../../src-shared/errors.ts'
import { readChanges, timestampOf } from './block-state.ts'
import { ask, getHashes } from './hashes.ts'
import { answerError } from './rpc-errors.ts'
import type { AskOptions } from './scheduler.ts'
import type { Chain, Hex } from './types.ts'

export interface FoundBlock {
  n: number
  hash: Hex
  /** milliseconds since the epoch; 0 for block 0 without a time */
  timestampMs: number
}

export type FindOptions = Pick<AskOptions, 'signal' | 'priority' | 'endpoint' | 'answeredBy'>

/** so many blocks are asked at once */
const evenProbes = 8
const nearProbes = 5

/** A block by its number. `timestampKey`: the storage key of Timestamp.Now. Rejects as Chain.call does; chain.answer where there is no such block. */
export async function blockAt(chain: Chain, n: number, timestampKey: Hex, options: FindOptions = {}): Promise<FoundBlock> {
  return (await blocksAt(chain, [n], timestampKey, options))[0]!
}

/**
 * The first block whose time (milliseconds rounded down to seconds) is later than `ts`, seconds since the epoch; null where
 * the head is not. That is how a period's start and end blocks are defined (interfaces.md, "Which block belongs to which
 * period"). Block 0 counts as before everything. Rejects as `blockAt` does, and with chain.answer where times fall.
 * @param options head: the finalized head's number; low: a block that is known not to be later
 */
export async function findBlockAfter(
  chain: Chain,
  ts: number,
  options: FindOptions & { head: number; timestampKey: Hex; low?: number },
): Promise<FoundBlock | null> {
  const { head, timestampKey, low: known = 0, ...calls } = options
  if (head <= 0) return null
  const isLater = (block: FoundBlock) => block.n > 0 && Math.floor(block.timestampMs / 1000) > ts
  const first = Math.min(Math.max(known, 0), head)
  const ends = await blocksAt(chain, first === head ? [head] : [first, head], timestampKey, calls)
  let high = ends.at(-1)!
  if (!isLater(high)) return null
  let low = ends[0]!
  if (isLater(low)) {
    // what was thought to be before is not
    if (low.n <= 1) return low
    high = low
    low = { n: 0, hash: chain.genesis, timestampMs: 0 }
  }
  while (high.n - low.n > 1) {
    const probes = await blocksAt(chain, probesBetween(low, high, ts), timestampKey, calls)
    let before = low
    for (const probe of [...probes, high]) {
      if (probe.timestampMs < before.timestampMs) throw fallingTime(before, probe)
      if (isLater(probe)) {
        high = probe
        break
      }
      before = probe
    }
    low = before
  }
  return high
}

/** Numbers between the two, rising: evenly spread, so that it ends soon whatever the times are, and around where a steady chain has it. */
function probesBetween(low: FoundBlock, high: FoundBlock, ts: number): number[] {
  const span = high.n - low.n
  const numbers = new Set<number>()
  const add = (n: number) => {
    if (n > low.n && n < high.n) numbers.add(n)
  }
  for (let i = 1; i <= evenProbes; i++) add(low.n + Math.round((span * i) / (evenProbes + 1)))
  if (low.timestampMs > 0 && high.timestampMs > low.timestampMs) {
    const guess = low.n + Math.round((span * (ts * 1000 - low.timestampMs)) / (high.timestampMs - low.timestampMs))
    const step = Math.max(1, Math.floor(span / 512))
    for (let i = 0; i < nearProbes; i++) add(guess + (i - (nearProbes >> 1)) * step)
  }
  return [...numbers].sort((a, b) => a - b)
}

async function blocksAt(chain: Chain, numbers: number[], timestampKey: Hex, options: FindOptions): Promise<FoundBlock[]> {
  const { value: hashes } = await getHashes(chain, numbers, options)
  return Promise.all(
    numbers.map(async (n, i) => {
      const hash = hashes[i]!
      const timestampMs = (await timeAt(chain, n, hash, timestampKey, options)) ?? 0
      return { n, hash, timestampMs }
    }),
  )
}

/** A null for a block above 0 is asked again, of another endpoint where there is one. */
async function timeAt(chain: Chain, n: number, hash: Hex, timestampKey: Hex, options: FindOptions): Promise<number | null> {
  let last = ''
  for (let attempt = 0; attempt < 2; attempt++) {
    const endpoint = attempt === 0 ? undefined : chain.ready().find(url => url !== last)
    const { value, url } = await ask<unknown>(chain, 'state_queryStorageAt', [[timestampKey], hash], {
      ...options,
      block: n,
      ...(endpoint === undefined ? {} : { endpoint }),
    })
    const timestampMs = timestampOf(readChanges(value, url, n).get(timestampKey) ?? null, url, n)
    if (timestampMs !== null || n === 0) return timestampMs
    last = url
  }
  throw answerError({ url: last, method: 'state_queryStorageAt', block: n }, 'has no time of that block')
}

function fallingTime(before: FoundBlock, after: FoundBlock): AppError {
  return new AppError(
    'chain.answer',
    `Block ${after.n} is said to be earlier than block ${before.n}, which comes before it. An endpoint answers wrongly: try another.`,
    { details: { block: after.n } },
  )
}
