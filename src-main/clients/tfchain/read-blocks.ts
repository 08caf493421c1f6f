import { AppError } from '../../../src-shared/errors.ts'
import { type BlockKeys, bytesOf } from './block-state.ts'
import { type Before, compareHashes, compareState, headerError, isProven, type ReadState, readState, settleState } from './check-block.ts'
import { getHashes } from './hashes.ts'
import type { CallOptions, Chain, ChainBlock, Hex } from './types.ts'

export type { BlockKeys } from './block-state.ts'

export interface ReadBlocksOptions {
  /** first and last block, both read */
  from: number
  to: number
  /** hash of block `from` - 1; null where it is not known */
  parentHash: Hex | null
  keys: BlockKeys
  /** the share of blocks, 0 to 1, whose state is asked of a second endpoint and compared, while there is one */
  compareShare: number
  signal?: AbortSignal
  priority?: 'head' | 'bulk'
  /** so many blocks are asked for ahead of the one that is delivered, at most; default 1024 */
  blocksAhead?: number
  /** bytes of events that came ahead, and are expected of what is under way; default 32 MiB */
  bytesAhead?: number
  /** for which blocks are compared, 0 to 1 */
  random?: () => number
  /** after each thousand blocks, and at the end: how many were delivered and compared until then */
  onBatch?: (counts: ReadCounts) => void | Promise<void>
}

export interface ReadCounts {
  read: number
  compared: number
}

/** hashes that are asked for at once */
const batchSize = 1000

interface Batch {
  from: number
  to: number
  /** null until they came */
  hashes: Hex[] | null
  /** resolves when they came, were proven by the last block's header and compared */
  checked: Promise<void>
}

interface Slot {
  state: ReadState
  bytes: number
  /** the endpoint whose word on it is the same; null: none was asked */
  comparedWith: string | null
}

/** Which endpoints a block comes from. */
export interface BlockSource {
  url: string
  comparedWith: string | null
}

/**
 * Reads blocks and delivers them strictly in order, each checked against the one before: its number and parent hash as its own
 * state has them, at the end of each thousand also the header, whose hash is the block's. The next block is not
 * delivered before `onBlock`'s promise is fulfilled. With two or more endpoints all hashes are compared between two of them.
 * Rejects with chain.parent, chain.differs, chain.answer, cancelled, what `onBlock` threw, and as Chain.call does; nothing is
 * under way any more then, and no later block was delivered.
 */
export async function readBlocks(
  chain: Chain,
  options: ReadBlocksOptions,
  onBlock: (block: ChainBlock, source: BlockSource) => void | Promise<void>,
): Promise<ReadCounts> {
  const { from, to, keys, compareShare, blocksAhead = 1024, bytesAhead = 32 * 2 ** 20, random = Math.random } = options
  const counts: ReadCounts = { read: 0, compared: 0 }
  if (to < from) return counts
  const stopped = new AbortController()
  const onAbort = () => stopped.abort()
  options.signal?.addEventListener('abort', onAbort)
  if (options.signal?.aborted) stopped.abort()
  const call: CallOptions = { signal: stopped.signal, priority: options.priority ?? 'bulk' }

  const batches: Batch[] = []
  const slots: Promise<Slot>[] = []
  /** the next block to ask for */
  let next = from
  let underWay = 0
  let waitingBytes = 0
  let usualBytes = 4096

  function loadBatch(first: number, parentHash: Hex | null): void {
    const batch: Batch = { from: first, to: Math.min(first + batchSize - 1, to), hashes: null, checked: Promise.resolve() }
    batch.checked = load(batch, parentHash)
    batches.push(batch)
    unheard(batch.checked)
  }

  async function load(batch: Batch, parentHash: Hex | null): Promise<void> {
    const numbers = Array.from({ length: batch.to - batch.from + 1 }, (_, i) => batch.from + i)
    let { value: hashes, url } = await getHashes(chain, numbers, call)
    batch.hashes = hashes
    fill()
    const parent = () => hashes.at(-2) ?? parentHash
    if (!(await isProven(chain, batch.to, hashes.at(-1)!, parent(), call))) {
      // wrong hashes, or a wrong header: both once more, of another endpoint where there is one
      const endpoint = chain.ready().find(other => other !== url) ?? url
      const again = { ...call, endpoint }
      ;({ value: hashes, url } = await getHashes(chain, numbers, again))
      batch.hashes = hashes
      if (!(await isProven(chain, batch.to, hashes.at(-1)!, parent(), again))) throw headerError(batch.to, endpoint)
    }
    await compareHashes(chain, numbers, hashes, url, call)
  }

  function fill(): void {
    while (next <= to && !stopped.signal.aborted) {
      const last = batches.at(-1)!
      if (last.to < to && last.hashes && next > last.from) loadBatch(last.to + 1, last.hashes.at(-1)!)
      const isRoom = slots.length < blocksAhead && waitingBytes + underWay * usualBytes < bytesAhead
      if (!isRoom && slots.length > 0) return
      const batch = batches.find(each => next <= each.to)
      if (!batch?.hashes) return
      const slot = readSlot(next, batch.hashes[next - batch.from]!)
      unheard(slot)
      slots.push(slot)
      next++
    }
  }

  async function readSlot(n: number, hash: Hex): Promise<Slot> {
    underWay++
    let state: ReadState
    let bytes = 0
    try {
      state = await readState(chain, n, hash, keys, call)
      bytes = (state.events?.length ?? 0) / 2
    } finally {
      underWay--
    }
    waitingBytes += bytes
    usualBytes += (bytes - usualBytes) / 64
    const comparedWith = compareShare > 0 && random() < compareShare ? await compareState(chain, n, state, keys, call) : null
    return { state, bytes, comparedWith }
  }

  try {
    const before: Before = { hash: options.parentHash, timestampMs: null }
    loadBatch(from, options.parentHash)
    for (let n = from; n <= to; n++) {
      const batch = batches[0]!
      if (n === batch.from) await batch.checked
      const { state: first, bytes, comparedWith } = await slots.shift()!
      const state = await settleState(chain, n, first, keys, before, call)
      if (stopped.signal.aborted) throw stoppedError()
      waitingBytes -= bytes
      fill()
      const events = state.events === null ? new Uint8Array(0) : bytesOf(state.events, state.url, n)
      before.hash = state.hash
      before.timestampMs = state.timestampMs
      counts.read++
      if (comparedWith !== null) counts.compared++
      const block = { n, hash: state.hash, timestampMs: state.timestampMs ?? 0, events }
      const taken = onBlock(block, { url: state.url, comparedWith })
      if (taken) {
        await taken
        if (stopped.signal.aborted) throw stoppedError()
      }
      if (n < batch.to) continue
      batches.shift()
      await options.onBatch?.({ ...counts })
    }
    return counts
  } finally {
    options.signal?.removeEventListener('abort', onAbort)
    // what is still under way after an error is not wanted any more
    stopped.abort()
  }
}

/** Whoever delivers looks at it when its turn comes; until then a failure must not end the process as unhandled. */
function unheard(promise: Promise<unknown>): void {
  promise.catch(() => undefined)
}

function stoppedError(): AppError {
  return new AppError('cancelled', 'Stopped on request.')
}
