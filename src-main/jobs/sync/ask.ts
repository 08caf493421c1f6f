import { AppError } from '../../../src-shared/errors.ts'
import type { FoundFarm, Scope, SyncEstimate } from '../../../src-shared/sync.ts'
import { POST_PERIOD_BLOCKS } from '../../../src-shared/time.ts'
import { openChain } from '../../clients/tfchain/chain.ts'
import { blockAt, findBlockAfter } from '../../clients/tfchain/find-block.ts'
import { nodesOfFarms, readFarms, readNodes, readPayoutAddresses, type StateReader, stateReader } from '../../clients/tfchain/state.ts'
import type { Chain, Hex, Runtime } from '../../clients/tfchain/types.ts'
import type { Head } from './period.ts'
import { wantedPeriods } from './run.ts'
import { createRuntimes, type Runtimes } from './runtimes.ts'

/** Questions to a network that leave nothing behind. Each connects, asks, and disconnects; rejects with AppError chain.*, cancelled. */
export interface AskInput {
  endpoints: string[]
  genesis: string
}

export interface Asked {
  chain: Chain
  runtimes: Runtimes
  head: Head
  runtime: Runtime
  state: StateReader
}

export async function asking<T>(input: AskInput, signal: AbortSignal | undefined, work: (asked: Asked) => Promise<T>): Promise<T> {
  const chain = await openChain({ endpoints: input.endpoints, genesis: input.genesis, giveUpMs: 15_000, ...(signal && { signal }) })
  try {
    const runtimes = createRuntimes(chain, null, signal)
    const options = signal ? { signal } : {}
    const hash = await chain.call<Hex>('chain_getFinalizedHead', [], options)
    const header = await chain.call<{ number: Hex }>('chain_getHeader', [hash], options)
    const n = Number(header.number)
    const runtime = await runtimes.ofState(n, hash)
    const { timestampMs } = await blockAt(chain, n, runtime.storageKey('Timestamp', 'Now'), options)
    const head = { n, hash, ts: Math.floor(timestampMs / 1000) }
    return await work({ chain, runtimes, head, runtime, state: stateReader(chain, runtime, head, options) })
  } finally {
    await chain.close()
  }
}

/** What an endpoint says of itself: its chain, its runtime, and whether it still has the state of a block of long ago. */
export async function probeEndpoint(
  input: { url: string; genesis: string },
  signal?: AbortSignal,
): Promise<{ genesis: string; specVersion: number; archive: boolean }> {
  return asking({ endpoints: [input.url], genesis: input.genesis }, signal, async ({ chain, runtime, head }) => ({
    genesis: chain.genesis,
    specVersion: runtime.specVersion,
    archive: await hasState(chain, Math.min(1, head.n), runtime, signal),
  }))
}

async function hasState(chain: Chain, n: number, runtime: Runtime, signal?: AbortSignal): Promise<boolean> {
  try {
    const hash = await chain.call<Hex | null>('chain_getBlockHash', [n], signal ? { signal } : {})
    if (hash === null) return false
    await chain.call('state_queryStorageAt', [[runtime.storageKey('Timestamp', 'Now')], hash], { block: n, ...(signal && { signal }) })
    return true
  } catch (error) {
    if (error instanceof AppError && error.code === 'chain.not-archive') return false
    throw error
  }
}

/** Most farms that an answer holds. */
const FOUND_FARMS = 50

/** Farms by id, by a part of the name (in any case), by payout address, or by the id of one of their nodes. */
export async function findFarms(input: AskInput & { text: string }, signal?: AbortSignal): Promise<{ farms: FoundFarm[]; total: number }> {
  const text = input.text.trim().toLowerCase()
  const id = /^\d{1,9}$/.test(text) ? Number(text) : null
  return asking(input, signal, async ({ state }) => {
    const [all, addresses] = await Promise.all([readFarms(state, null), readPayoutAddresses(state, null)])
    const addressOf = new Map(addresses.map(({ farm_id, address }) => [farm_id, address]))
    const nodeFarm = id === null ? undefined : (await readNodes(state, [id]))[0]?.farm_id
    const found = all.filter(
      farm =>
        farm.id === id ||
        farm.id === nodeFarm ||
        farm.name.toLowerCase().includes(text) ||
        (text.length > 10 && addressOf.get(farm.id)?.toLowerCase() === text),
    )
    // the very one first, then the shortest name that holds the text
    found.sort((a, b) => Number(b.id === id) - Number(a.id === id) || a.name.length - b.name.length || a.id - b.id)
    const farms: FoundFarm[] = []
    for (const { id: farmId, name } of found.slice(0, FOUND_FARMS))
      farms.push({ farmId, name, payoutAddress: addressOf.get(farmId) ?? '', nodes: await nodesOfFarms(state, [farmId]) })
    return { farms, total: found.length }
  })
}

/** Blocks of each sample, places where it is taken, and how many blocks are asked for at once to measure the rate. */
const SAMPLES = 8
const SAMPLE_BLOCKS = 16
/** What the wire adds to a block's events in hex: keys, hash, JSON, and its share of the hash lists. */
const BYTES_PER_BLOCK = 600
/** A stored report, and what else the store keeps of a node in a period (snapshots, results, receipts, days). */
const STORED_BYTES_PER_REPORT = 7
const STORED_BYTES_PER_NODE = 12_000
const REPORTS_PER_PERIOD = 1_100

/**
 * What a sync would cost: blocks, traffic and time, measured on blocks spread over the wanted range; RPC can't filter events, so a
 * scope of one farm reads as much as the whole grid, and only stores less.
 */
export async function estimateSync(
  input: AskInput & { network: string; scope: Scope; periods: number | null },
  signal?: AbortSignal,
): Promise<SyncEstimate> {
  const options = signal ? { signal } : {}
  return asking(input, signal, async ({ chain, head, runtime, state }) => {
    const timestampKey = runtime.storageKey('Timestamp', 'Now')
    const periods = wantedPeriods(head.ts, input.periods)
    const oldest = periods.at(-1)
    const first = oldest && (await findBlockAfter(chain, oldest.start, { head: head.n, timestampKey, ...options }))
    const from = first?.n ?? head.n
    const began = await blockAt(chain, Math.min(1, head.n), timestampKey, options)
    const seen = periods.filter(period => period.end > began.timestampMs / 1000)
    const overlap = Math.max(seen.length - 1, 0) * POST_PERIOD_BLOCKS
    const blocks = head.n - from + 1 + Math.min(overlap, head.n - from)
    const archive = await hasState(chain, Math.max(from, 1), runtime, signal)
    const eventsKey = runtime.storageKey('System', 'Events')
    let bytes = 0
    let asked = 0
    const startedMs = performance.now()
    // of an endpoint without old state the newest blocks must do
    const lowest = archive ? from : Math.max(head.n - 200, 1)
    for (let i = 0; i < SAMPLES; i++) {
      const at = lowest + Math.floor(((head.n - lowest) * (i + 0.5)) / SAMPLES)
      const numbers = Array.from({ length: Math.min(SAMPLE_BLOCKS, head.n - at + 1) }, (_, k) => at + k)
      const sizes = await Promise.all(numbers.map(n => sizeOf(chain, n, eventsKey, timestampKey, signal)))
      bytes += sizes.reduce((sum, size) => sum + size, 0)
      asked += sizes.length
    }
    // a sync asks for many more blocks at once than these samples
    const parallel = 8
    const seconds = Math.ceil((blocks * ((performance.now() - startedMs) / 1000)) / Math.max(asked, 1) / parallel)
    const nodes = await countNodes(state, input.scope)
    return {
      network: input.network,
      genesis: chain.genesis,
      head: { n: head.n, ts: head.ts },
      periods: seen.map(period => period.index),
      blocks,
      requests: blocks + Math.ceil(blocks / 1_000) * 3,
      bytes: Math.ceil((bytes / Math.max(asked, 1) + BYTES_PER_BLOCK) * blocks),
      storeBytes: 300_000 + nodes * seen.length * (REPORTS_PER_PERIOD * STORED_BYTES_PER_REPORT + STORED_BYTES_PER_NODE),
      seconds,
      nodes,
      archive,
      endpoint: chain.ready()[0] ?? '',
    }
  })
}

async function sizeOf(chain: Chain, n: number, eventsKey: Hex, timestampKey: Hex, signal?: AbortSignal): Promise<number> {
  const { hash } = await blockAt(chain, n, timestampKey, signal ? { signal } : {})
  const sets = await chain.call<{ changes: [Hex, Hex | null][] }[]>('state_queryStorageAt', [[eventsKey], hash], {
    block: n,
    ...(signal && { signal }),
  })
  return sets[0]?.changes[0]?.[1]?.length ?? 0
}

async function countNodes(state: StateReader, scope: Scope): Promise<number> {
  if (scope !== 'all') return new Set([...scope.nodes, ...(await nodesOfFarms(state, scope.farms))]).size
  const last = await state.value('TfgridModule', 'NodeID')
  return last && last.length >= 4 ? Buffer.from(last).readUInt32LE(0) : 0
}
