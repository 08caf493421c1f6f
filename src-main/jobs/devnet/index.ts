import { AppError } from '../../../src-shared/errors.ts'
import { FIRST_PERIOD_START_TS, PERIOD_SEC } from '../../../src-shared/time.ts'
import type { DevChain } from './chain.ts'
import type { EventRecord } from './event-log.ts'
import type { Faults } from './faults.ts'
import { chainFromArchive, type FedChain } from './feed-archive.ts'
import { chainFromScenario } from './feed-demo.ts'
import { BLOCK_SEC } from './past.ts'
import { createPool } from './pool.ts'
import { serveRpc } from './server.ts'

export type { Faults } from './faults.ts'

export interface DevnetOptions {
  /** TCP port on 127.0.0.1; 0 or none: a free one */
  port?: number
  /** path of a grid archive that becomes the chain; without one an invented grid lives up to now */
  archive?: string
  /** of the invented grid: 1 to 10,000, default 20 */
  nodes?: number
  /** of the invented grid, default 1 */
  seed?: number
  /** days of history before now of the invented grid, 0.01 to 100; default from the beginning of the running period on */
  days?: number
  /** how much faster than the wall clock blocks come, above 0; default 1, a block every 6 s */
  speed?: number
  /**
   * whether blocks come by themselves; default: yes for an invented grid and at another speed than 1, no for an archive, whose chain
   * then stands still but for blocks that take up extrinsics
   */
  live?: boolean
  /** the time at which the invented grid's history ends, milliseconds; default the clock's */
  nowMs?: number
  faults?: Faults
  /** stops the start, and the running devnet */
  signal?: AbortSignal
}

export interface DevnetEndpoint {
  readonly url: string
  readonly port: number
  /** what it does wrong; may be changed while it runs */
  readonly faults: Faults
  /** requests that came so far */
  requests(): number
  close(): Promise<void>
}

export interface Devnet extends DevnetEndpoint {
  /** name of the network as the archive has it, `devnet` for an invented grid */
  readonly chainName: string
  readonly genesis: string
  /** the first block that has events and state */
  readonly firstBlock: number
  /** the last block of the first runtime */
  readonly upgradeBlock: number
  /** number of the finalized head */
  head(): number
  /** seconds since the epoch */
  tsOf(block: number): number
  hashOf(block: number): string
  /** makes blocks at once, 6 s of chain time each */
  produce(count?: number): void
  /** another endpoint of the same chain, with faults of its own; closes with the devnet */
  serve(options?: { port?: number; faults?: Faults }): Promise<DevnetEndpoint>
}

/** No extrinsic fits into these blocks: the session rotation takes all of their weight. */
const SESSION_BLOCKS = 600
const BLOCK_MS = BLOCK_SEC * 1000
/** Blocks at most in one go, and the shortest pause between two goes, so that requests get their turn at any speed. */
const MOST_BLOCKS_AT_ONCE = 2_000
const SHORTEST_PAUSE_MS = 20

/**
 * Starts a local endpoint that speaks a chain node's JSON-RPC and SCALE over WebSocket on 127.0.0.1: two runtimes, real headers and
 * hashes from its first block on, storage of every height, signed extrinsics. Every block is final at once.
 * @throws AppError usage for options out of range, io.* for the port and the archive, archive.* for a bad archive, cancelled
 */
export async function startDevnet(options: DevnetOptions = {}): Promise<Devnet> {
  const { archive, signal, speed = 1 } = options
  if (!(speed > 0 && speed <= 1_000_000))
    throw new AppError('usage', `A devnet's speed cannot be ${speed}: give a number above 0 and up to 1,000,000.`)
  const nowMs = options.nowMs ?? Date.now()
  const fed: FedChain =
    archive === undefined
      ? await chainFromScenario(
          { nodes: options.nodes ?? 20, seed: options.seed ?? 1, days: options.days ?? daysOfPeriod(nowMs), nowMs },
          signal,
        )
      : await chainFromArchive(archive, signal)
  if (signal?.aborted) throw new AppError('cancelled', 'Starting the devnet was stopped on request.')
  const { chain, maker } = fed
  const pool = createPool(chain)

  const produceOne = (): void => {
    const block = chain.head() + 1
    const ts = chain.tsOf(chain.head()) + BLOCK_SEC
    maker.begin(ts)
    const executed = block % SESSION_BLOCKS === 0 ? null : pool.execute(maker, ts)
    fed.step?.(block)
    const signed = executed && executed.extrinsics.length > 0 ? executed : null
    maker.seal(signed ? { extrinsics: signed.extrinsics, records: mergeRecords(signed, maker.records()) } : undefined)
    signed?.tell(chain.hash(block))
  }
  const produce = (count = 1): void => {
    for (let made = 0; made < count; made++) produceOne()
  }
  const isLive = options.live ?? (archive === undefined || speed !== 1)
  const stopClock = isLive ? runClock(chain, produceOne, speed) : takeUpExtrinsics(pool, produceOne)

  const endpoints = new Set<DevnetEndpoint>()
  const chainName = archive === undefined ? 'devnet' : chain.name.split('/')[1]!
  const serve = async (port: number, faults: Faults): Promise<DevnetEndpoint> => {
    const server = await serveRpc({ chain, pool, faults, chainName }, port)
    const endpoint: DevnetEndpoint = {
      ...server,
      faults,
      close: async () => {
        endpoints.delete(endpoint)
        await server.close()
      },
    }
    endpoints.add(endpoint)
    return endpoint
  }
  const close = async (): Promise<void> => {
    stopClock()
    await Promise.all([...endpoints].map(endpoint => endpoint.close()))
  }
  const main = await serve(options.port ?? 0, options.faults ?? {}).catch(error => {
    stopClock()
    throw error
  })
  signal?.addEventListener('abort', () => void close(), { once: true })
  return {
    ...main,
    chainName,
    genesis: chain.hash(0),
    firstBlock: chain.base,
    upgradeBlock: chain.upgradeBlock,
    head: chain.head,
    tsOf: chain.tsOf,
    hashOf: chain.hash,
    produce,
    serve: ({ port = 0, faults = {} } = {}) => serve(port, faults),
    close,
  }
}

/** Signed extrinsics come right after the timestamp, so that their place in the block is the one that their events name. */
function mergeRecords(signed: { extrinsics: Buffer[]; records: EventRecord[] }, own: readonly EventRecord[]): EventRecord[] {
  const [timestamp, ...rest] = own
  const shifted = rest.map(({ extrinsic, event }) => ({ extrinsic: extrinsic + signed.extrinsics.length, event }))
  return [timestamp!, ...signed.records, ...shifted]
}

/** Blocks as the sped-up clock wants them. Gives the stop. */
/** Days from the beginning of the period that runs then. */
function daysOfPeriod(nowMs: number): number {
  const nowTs = nowMs / 1000
  // a little before it, so that the period's first block is one of the chain's
  return Math.max(((nowTs - FIRST_PERIOD_START_TS) % PERIOD_SEC) / 86_400 + 0.01, 0.05)
}

function runClock(chain: DevChain, produceOne: () => void, speed: number): () => void {
  const startMs = performance.now()
  const startBlock = chain.head()
  const timer = setInterval(
    () => {
      const due = startBlock + Math.floor(((performance.now() - startMs) * speed) / BLOCK_MS)
      const last = Math.min(due, chain.head() + MOST_BLOCKS_AT_ONCE)
      while (chain.head() < last) produceOne()
    },
    Math.min(1000, Math.max(SHORTEST_PAUSE_MS, BLOCK_MS / speed / 4)),
  )
  return () => clearInterval(timer)
}

/** A chain that stands still goes on only for an extrinsic. Gives the stop. */
function takeUpExtrinsics(pool: ReturnType<typeof createPool>, produceOne: () => void): () => void {
  const timer = setInterval(() => {
    if (pool.hasReady()) produceOne()
  }, SHORTEST_PAUSE_MS)
  return () => clearInterval(timer)
}
