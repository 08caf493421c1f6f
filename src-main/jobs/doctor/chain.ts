import { AppError, toAppError } from '../../../src-shared/errors.ts'
import { formatDuration, formatUtc } from '../../../src-shared/time.ts'
import { type OpenChainOptions, openChain } from '../../clients/tfchain/chain.ts'
import { readHashes } from '../../clients/tfchain/hashes.ts'
import type { Chain, Hex, RawHeader, Runtime } from '../../clients/tfchain/types.ts'
import { isCheckpoint, loadBlocks, loadRuntimes } from '../../store/chain.ts'
import type { Store } from '../../store/open.ts'
import { syncedPeriods } from '../../store/sync-period.ts'
import { createRuntimes } from '../sync/runtimes.ts'
import { count, type Finding, fine, problem, unknown } from './finding.ts'
import { CLOCK_SEC } from './local.ts'

export type Connect = (options: OpenChainOptions) => Promise<Chain>
export const connectChain: Connect = options => openChain({ giveUpMs: 15_000, timeoutMs: 10_000, ...options })

/** What came of an endpoint: what to say, whether the rest may ask it, and the time of its newest finalized block, seconds. */
export interface ExaminedEndpoint {
  url: string
  finding: Finding
  usable: boolean
  /** nobody answered there; not the same as a wrong answer */
  isAway: boolean
  headTs: number | null
}

/** Which runtimes this store has, to say whether an endpoint's is a new one. */
export function knownSpecs(store: Store | null): number[] {
  return store ? loadRuntimes(store).map(({ specVersion }) => specVersion) : []
}

/** Connects to one endpoint and looks at it. Rejects with AppError cancelled only. */
export async function examineEndpoint(
  connect: Connect,
  url: string,
  genesis: string,
  specs: readonly number[],
  signal: AbortSignal,
): Promise<ExaminedEndpoint> {
  const bad = (finding: Finding): ExaminedEndpoint => ({ url, finding, usable: false, isAway: false, headTs: null })
  let chain: Chain | null = null
  try {
    chain = await connect({ endpoints: [url], genesis, signal })
    const latencyMs = await medianLatencyMs(chain, signal)
    const hash = await chain.call<Hex>('chain_getFinalizedHead', [], { signal })
    const header = await chain.call<RawHeader | null>('chain_getHeader', [hash], { signal })
    if (header === null) return bad(problem('It does not know its own newest block.', 'Use another endpoint, and take this one away.'))
    const n = Number(header.number)
    const runtime = await createRuntimes(chain, null, signal).ofState(n, hash)
    const headTs = await timeOf(chain, runtime, n, hash, signal)
    const isArchive = await hasOldState(chain, runtime, n, signal)
    const spec = specs.includes(runtime.specVersion) ? 'met before' : 'new to this store'
    const detail = `It answers in ${Math.max(1, Math.round(latencyMs))} ms, its newest block is ${n} of ${formatUtc(headTs)}, runtime ${runtime.specVersion} (${spec}), ${isArchive ? 'and it has old state' : 'and it has no old state: it gives the present, but no history'}.`
    return { url, finding: fine(detail), usable: true, isAway: false, headTs }
  } catch (cause) {
    const error = toAppError(cause)
    if (error.code === 'cancelled' || signal.aborted) throw error
    const isAway = error.code === 'chain.offline' || error.code === 'chain.busy'
    const wayOut = isAway
      ? 'If it stays so, take it away and add another endpoint (Settings, Networks).'
      : error.code === 'chain.undecodable'
        ? 'Update Granary: a newer one may know this runtime.'
        : 'Take it away and add another endpoint (Settings, Networks).'
    return { ...bad(problem(error.message, wayOut)), isAway }
  } finally {
    await chain?.close()
  }
}

async function medianLatencyMs(chain: Chain, signal: AbortSignal): Promise<number> {
  const taken: number[] = []
  for (let i = 0; i < 3; i++) {
    const startedMs = performance.now()
    await chain.call('chain_getFinalizedHead', [], { signal })
    taken.push(performance.now() - startedMs)
  }
  return taken.sort((a, b) => a - b)[1]!
}

async function timeOf(chain: Chain, runtime: Runtime, n: number, hash: Hex, signal: AbortSignal): Promise<number> {
  const key = runtime.storageKey('Timestamp', 'Now')
  const value = (await valuesAt(chain, n, hash, [key], signal)).get(key)
  return Math.floor(uintOf(value ?? null, n) / 1000)
}

/** Values of keys in the state after a block; a key that the answer leaves out is an error. Rejects with AppError chain.*, cancelled. */
export async function valuesAt(chain: Chain, n: number, hash: Hex, keys: Hex[], signal: AbortSignal): Promise<Map<Hex, Hex | null>> {
  const sets = await chain.call<{ changes: [Hex, Hex | null][] }[] | null>('state_queryStorageAt', [keys, hash], { block: n, signal })
  const found = new Map((sets ?? []).flatMap(set => set.changes))
  for (const key of keys)
    if (!found.has(key))
      throw new AppError('chain.answer', `The endpoint left a value out of the state of block ${n}. Try again, or with another endpoint.`, {
        details: { block: n },
      })
  return found
}

/** A little-endian u32 or u64 of the chain that fits a number: a block number, a time. */
export function uintOf(value: Hex | null, n: number): number {
  const bytes = Buffer.from((value ?? '0x').slice(2), 'hex')
  if (bytes.length !== 4 && bytes.length !== 8)
    throw new AppError('chain.answer', `The endpoint gives no number and time for block ${n}. Try another endpoint.`, {
      details: { block: n },
    })
  return bytes.length === 4 ? bytes.readUInt32LE(0) : Number(bytes.readBigUInt64LE(0))
}

/** Whether the state of a block of long ago is there: of the chain's first, or of the first after which it goes on in a copy of a part. */
async function hasOldState(chain: Chain, runtime: Runtime, head: number, signal: AbortSignal): Promise<boolean> {
  const n = Math.min(1, head)
  const hash = await chain.call<Hex | null>('chain_getBlockHash', [n], { signal })
  if (hash === null) return false
  try {
    await valuesAt(chain, n, hash, [runtime.storageKey('Timestamp', 'Now')], signal)
    return true
  } catch (error) {
    if (error instanceof AppError && error.code === 'chain.not-archive') return false
    throw error
  }
}

/** The machine's time against that of the newest finalized block, which is some 20 s old on a network that runs. */
export function checkChainClock(now: number, headTs: number, isLocal: boolean): Finding {
  const detail = `The newest block is of ${formatUtc(headTs)}, it is ${formatUtc(now)} here.`
  if (headTs > now + CLOCK_SEC)
    return problem(
      `${detail} A block can’t be from the future: this machine’s clock is ${formatDuration(headTs - now)} behind.`,
      'Set the clock by the network’s time.',
    )
  if (now - headTs <= 5 * CLOCK_SEC) return fine(detail)
  const late = `${detail} That is ${formatDuration(now - headTs)} apart.`
  if (isLocal) return unknown(`${late} A chain on this machine may have times of its own.`)
  return problem(
    late,
    'Compare this machine’s clock with another one. If it is right, the endpoints have fallen behind or the chain stands still: try other endpoints.',
  )
}

/** Hashes that are compared of the newest blocks and of checkpoints, each. */
const MOST_HASHES = 100

/** The kept hashes of blocks, and of the last block of each synced period, against the chain's. Rejects with AppError chain.*, cancelled. */
export async function checkHashes(store: Store, chain: Chain, network: string, signal: AbortSignal): Promise<Finding> {
  const kept = loadBlocks(store, 0, Number.MAX_SAFE_INTEGER)
  const checkpoints = kept.filter(({ n }) => isCheckpoint(n))
  const step = Math.max(1, Math.ceil(checkpoints.length / MOST_HASHES))
  const stored = new Map<number, string>()
  for (const { n, hash } of [...kept.slice(-MOST_HASHES), ...checkpoints.filter((_, i) => i % step === 0)]) stored.set(n, hash)
  for (const { coveredToBlock, coveredHash } of syncedPeriods(store)) {
    if (!coveredHash) continue
    const other = stored.get(coveredToBlock)
    if (other !== undefined && other !== coveredHash) return contradiction(coveredToBlock, other, coveredHash)
    stored.set(coveredToBlock, coveredHash)
  }
  if (stored.size === 0) return fine('No block of the chain is stored yet.')
  const numbers = [...stored.keys()].sort((a, b) => a - b)
  const { value: found } = await readHashes(chain, numbers, { signal })
  const different = numbers.filter((n, i) => found[i] !== null && found[i] !== stored.get(n))
  if (different.length > 0) {
    const n = different[0]!
    return problem(
      `Block ${n} is ${found[numbers.indexOf(n)]} on ${network}, but ${stored.get(n)} was stored${different.length > 1 ? `, and ${different.length - 1} more differ` : ''}. A finalized block never changes, so the endpoint or the store is wrong.`,
      'Try other endpoints. If all agree, move facts.db in the data folder aside and sync again.',
    )
  }
  const unheard = numbers.filter((_, i) => found[i] === null)
  if (unheard.length > 0)
    return unknown(
      `${network} does not know ${count(unheard.length, 'stored block')} (${unheard[0]} and later): the endpoints are behind. The other ${numbers.length - unheard.length} are the same.`,
      'Wait until they have caught up, or add another endpoint.',
    )
  return fine(
    `${numbers.length === 1 ? '1 hash' : `${numbers.length} hashes`}, from block ${numbers[0]} to ${numbers.at(-1)}, as on the chain.`,
  )
}

function contradiction(n: number, a: string, b: string): Finding {
  return problem(`Of block ${n} two hashes are stored: ${a} and ${b}.`, 'Move facts.db in the data folder aside and sync again.')
}
