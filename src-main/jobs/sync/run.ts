import { AppError, toAppError } from '../../../src-shared/errors.ts'
import type { Scope, SyncConfig, SyncPeriod, SyncState } from '../../../src-shared/sync.ts'
import { FIRST_PERIOD_START_TS, PERIOD_SEC, type Period, POST_PERIOD_BLOCKS, periodAt } from '../../../src-shared/time.ts'
import { type OpenChainOptions, openChain } from '../../clients/tfchain/chain.ts'
import { blockAt } from '../../clients/tfchain/find-block.ts'
import type { Chain, Hex, RawHeader } from '../../clients/tfchain/types.ts'
import { pinChain, pinnedChain } from '../../store/chain.ts'
import { dropDamaged, findGaps } from '../../store/gaps.ts'
import type { Store } from '../../store/open.ts'
import { type StoredScope, syncedPeriods } from '../../store/sync-period.ts'
import { createLive, isPassing, type LiveView } from './live.ts'
import { type Head, openPeriodSync, type PeriodPlan, type PeriodSync, planOf, type SyncTools } from './period.ts'
import { createRuntimes, type Runtimes } from './runtimes.ts'
import { scopeToStore } from './scope.ts'

export interface SyncInput {
  config: SyncConfig
  endpoints: string[]
  /** what is known of the hash of block 0; empty: whatever the endpoint says */
  genesis: string
  /** the last block that is wanted; null: the head */
  until: number | null
  /** goes on at the head, and waits when no endpoint answers; else it ends once it has caught up */
  follow: boolean
  /** for tests: other waits than those of openChain */
  waits?: Pick<OpenChainOptions, 'timeoutMs' | 'giveUpMs' | 'silentMs' | 'backoffMs'>
}

export interface SyncListener {
  onState(state: SyncState): void
  onLive?(view: LiveView): void
  /** what readers see of a period has changed */
  onCommit?(period: number): void
}

/** Blocks between two looks at what is most urgent: the head comes before history. */
const SLICE_BLOCKS = 10_000
/** While history comes in, the running period is brought to the head whenever it is so far behind. */
const HEAD_LAG_BLOCKS = 20
const RETRY_MS = [1_000, 2_000, 5_000, 10_000, 30_000]
const STATE_EVERY_MS = 250
/** Blocks that were read and wait to be written are looked at so often, also when no new one comes. */
const FLUSH_EVERY_MS = 2_000
const BLOCKS_PER_PERIOD = PERIOD_SEC / 6

/**
 * Follows a chain into the store: the running period first and always to the head, then history, the newest period first. What is
 * there is never read again. Ends when all is there (unless `follow`), or rejects with the AppError that halts it: chain.*, store.*,
 * io.*, cancelled. A lost connection does not halt it with `follow`; it waits and goes on.
 */
export async function syncChain(store: Store, input: SyncInput, listener: SyncListener, signal: AbortSignal): Promise<SyncState> {
  const tracker = createTracker(store, input, listener)
  let failures = 0
  for (;;) {
    try {
      await syncOnce(store, input, listener, tracker, signal, () => {
        failures = 0
      })
      return tracker.end()
    } catch (cause) {
      const error = toAppError(cause)
      tracker.failed(error)
      if (signal.aborted) throw new AppError('cancelled', 'Paused. What was read is kept; it goes on from there.', { cause })
      if (!isPassing(error) || (!input.follow && failures >= 3)) throw error
      const waitMs = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]!
      failures++
      await pause(waitMs, signal)
    }
  }
}

async function syncOnce(
  store: Store,
  input: SyncInput,
  listener: SyncListener,
  tracker: Tracker,
  outer: AbortSignal,
  onProgress: () => void,
): Promise<void> {
  const { config } = input
  const ended = new AbortController()
  const signal = AbortSignal.any([outer, ended.signal])
  tracker.phase('connecting', `connects to ${config.network}`)
  const chain = await openChain({
    ...input.waits,
    endpoints: input.endpoints,
    genesis: pinnedChain(store)?.genesis ?? input.genesis,
    onStates: states => tracker.endpoints(states),
    signal,
  })
  let lives: Promise<void> | null = null
  try {
    pinChain(store, config.network, chain.genesis)
    tracker.genesis(chain.genesis)
    const runtimes = createRuntimes(chain, store, signal)
    const heads = followHead(chain, runtimes, input.until, signal)
    let head = await heads.next(null)
    tracker.head(head)
    await checkStoredHead(store, chain, config.network, signal)
    // nothing can go on from damaged data: those periods are read again, like those that lack a kind of event
    if (!tracker.isExamined) dropDamaged(store, findGaps(store, { blobs: 'last' }))
    tracker.isExamined = true
    const scope = scopeToStore(config.scope)
    if (listener.onLive && input.follow)
      lives = keepLive(
        createLive(chain, runtimes, scope, signal, view => listener.onLive!(view)),
        heads,
        signal,
      )
    const tools: SyncTools = {
      store,
      chain,
      runtimes,
      network: config.network,
      scope,
      compareShare: config.compareShare,
      signal,
      nowMs: () => performance.now(),
      onCommit: period => listener.onCommit?.(period),
      onBlocks: done => {
        onProgress()
        tracker.blocks(done, runtimes)
      },
    }
    const open = new Map<number, PeriodSync>()
    const absent = new Set<number>()
    try {
      for (;;) {
        signal.throwIfAborted()
        head = heads.latest() ?? head
        tracker.head(head)
        const plans = plannedPeriods(store, head, config.periods, scope)
          .filter(plan => !absent.has(plan.period.index))
          .map(plan => open.get(plan.period.index)?.plan ?? plan)
        tracker.plans(plans)
        const next = await nextPeriod(tools, plans, open, absent, head)
        if (next) {
          const { coveredToBlock, period } = next.plan
          if ((coveredToBlock ?? 0) < head.n - HEAD_LAG_BLOCKS) tracker.phase('backfilling', `reads period ${period.index}`)
          await next.step(head, SLICE_BLOCKS)
          if (next.plan.complete) {
            next.close()
            open.delete(next.plan.period.index)
          }
          continue
        }
        if (!input.follow) break
        tracker.phase('following', 'follows the chain')
        for (const period of open.values()) await period.flush()
        head = await heads.next(head, FLUSH_EVERY_MS)
      }
    } finally {
      for (const period of open.values()) period.close()
    }
  } finally {
    ended.abort()
    await lives
    tracker.endpoints(chain.states())
    await chain.close()
  }
}

/** The most urgent period that has something to read: the newest ones near the head, then the newest that is not complete. */
async function nextPeriod(
  tools: SyncTools,
  plans: PeriodPlan[],
  open: Map<number, PeriodSync>,
  absent: Set<number>,
  head: Head,
): Promise<PeriodSync | null> {
  let small: PeriodSync | null = null
  for (const { period, complete } of plans) {
    if (complete) continue
    let sync = open.get(period.index)
    if (!sync) {
      const opened = await openPeriodSync(tools, period, head)
      if (!opened) {
        absent.add(period.index)
        continue
      }
      open.set(period.index, opened)
      sync = opened
    }
    if (!sync.hasWork(head)) continue
    if (head.n - (sync.plan.coveredToBlock ?? 0) >= HEAD_LAG_BLOCKS || sync.plan.endBlock !== null) return sync
    // a few new blocks at the head are taken in when nothing else is to do, or when there are more of them
    small ??= sync
  }
  return small
}

/** The periods that are wanted at a time, newest first. */
export function wantedPeriods(headTs: number, periods: number | null): Period[] {
  const newest = Math.floor((headTs - FIRST_PERIOD_START_TS) / PERIOD_SEC)
  const count = Math.min(periods ?? newest + 1, newest + 1)
  return Array.from({ length: Math.max(count, 0) }, (_, i) => periodAt(newest - i))
}

/** The wanted periods as the store has them; one that was followed until it was over is followed for the 27 h after it too. */
function plannedPeriods(store: Store, head: Head, periods: number | null, scope: StoredScope | null): PeriodPlan[] {
  const plans = wantedPeriods(head.ts, periods).map(period => planOf(store, period, scope))
  const oldest = plans.at(-1)
  if (oldest && plans.length === 1) {
    const before = planOf(store, periodAt(oldest.period.index - 1), scope)
    if (before.coveredToBlock !== null) plans.push(before)
  }
  return plans
}

/** What is stored must be what the chain has: the last stored block of every period that is still open, by its hash. */
async function checkStoredHead(store: Store, chain: Chain, network: string, signal: AbortSignal): Promise<void> {
  const stored = new Map<number, Hex>()
  for (const { coveredToBlock, coveredHash } of syncedPeriods(store)) if (coveredHash) stored.set(coveredToBlock, coveredHash)
  for (const [n, hash] of [...stored].sort(([a], [b]) => b - a).slice(0, 4)) {
    const found = await chain.call<Hex | null>('chain_getBlockHash', [n], { signal })
    if (found === null)
      throw new AppError(
        'chain.answer',
        `The endpoints of ${network} do not know block ${n}, which is stored here: they are behind. Wait until they have caught up, or add another endpoint.`,
        { retryable: true, details: { block: n } },
      )
    if (found !== hash)
      throw new AppError(
        'chain.parent',
        `Block ${n} is ${found} on ${network} now, but ${hash} was stored. A finalized block never changes, so the endpoint or the store is wrong. Nothing was changed. Try other endpoints; if all agree, move facts.db in the data folder aside and sync again.`,
        { details: { block: n } },
      )
  }
}

interface Heads {
  latest(): Head | null
  /** the first head, or one after `after`, or `after` again after a while; rejects with cancelled, and with chain.offline when the connection is lost */
  next(after: Head | null, waitMs?: number): Promise<Head>
}

/** The finalized head with its time, as it moves on. */
function followHead(chain: Chain, runtimes: Runtimes, until: number | null, signal: AbortSignal): Heads {
  let latest: Head | null = null
  let failure: AppError | null = null
  let waiting: (() => void)[] = []
  let newest: RawHeader | null = null
  let isTaking = false
  let timestampKey: Hex | null = null
  const wake = () => {
    const list = waiting
    waiting = []
    for (const call of list) call()
  }
  const fail = (cause: unknown) => {
    failure = toAppError(cause)
    wake()
  }
  const stop = chain.followFinalized(header => {
    if (header === null) {
      fail(new AppError('chain.offline', 'No endpoint answers any more. It is tried again.', { retryable: true }))
      return
    }
    newest = header
    if (!isTaking) void takeNewest()
  })
  signal.addEventListener(
    'abort',
    () => {
      stop()
      wake()
    },
    { once: true },
  )

  /** Heads may come faster than they can be asked about: only the newest counts. */
  async function takeNewest(): Promise<void> {
    isTaking = true
    try {
      while (newest !== null && !signal.aborted) {
        const header = newest
        newest = null
        await take(Math.min(Number(header.number), until ?? Number.POSITIVE_INFINITY))
      }
    } catch (cause) {
      fail(cause)
    } finally {
      isTaking = false
    }
  }

  async function take(n: number): Promise<void> {
    if (!Number.isSafeInteger(n) || n < 1 || (latest && n <= latest.n)) return
    const call = { signal, priority: 'head' as const }
    const hash = await chain.call<Hex | null>('chain_getBlockHash', [n], call)
    if (hash === null) return // not there yet on the endpoint that was asked; the next head brings it
    timestampKey ??= (await runtimes.ofState(n, hash)).storageKey('Timestamp', 'Now')
    const { timestampMs } = await blockAt(chain, n, timestampKey, call)
    latest = { n, hash, ts: Math.floor(timestampMs / 1000) }
    failure = null
    wake()
  }

  return {
    latest: () => latest,
    async next(after, waitMs) {
      let isOver = false
      const timer =
        waitMs === undefined
          ? undefined
          : setTimeout(() => {
              isOver = true
              wake()
            }, waitMs)
      try {
        for (;;) {
          if (signal.aborted) throw new AppError('cancelled', 'Stopped on request.')
          if (latest && (after === null || latest.n > after.n)) return latest
          if (failure) throw failure
          if (after && isOver) return after
          await new Promise<void>(resolve => waiting.push(resolve))
        }
      } finally {
        clearTimeout(timer)
      }
    },
  }
}

/** Keeps the live view up to date until the sync ends; what goes wrong with it is tried again at the next head. */
async function keepLive(live: ReturnType<typeof createLive>, heads: Heads, signal: AbortSignal): Promise<void> {
  let head: Head | null = null
  while (!signal.aborted) {
    try {
      head = await heads.next(head)
      await live.update(head)
    } catch (cause) {
      // the sync itself meets whatever is wrong with the chain, and says it
      if (signal.aborted || !isPassing(cause)) return
      await pause(1_000, signal)
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(done, ms)
    function done(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done, { once: true })
    if (signal.aborted) done()
  })
}

type Tracker = ReturnType<typeof createTracker>

/** Puts together what is told about a sync, at most four times a second. */
function createTracker(store: Store, input: SyncInput, listener: SyncListener) {
  let lastToldMs = Number.NEGATIVE_INFINITY
  /** for the rate of the last seconds: time and blocks read */
  const samples: [ms: number, read: number][] = [[performance.now(), 0]]
  let plans: PeriodPlan[] = []
  /** tells what came too soon after the last time */
  let later: NodeJS.Timeout | null = null
  const state: SyncState = {
    config: input.config,
    phase: 'connecting',
    detail: '',
    genesis: pinnedChain(store)?.genesis ?? null,
    head: null,
    stored: null,
    fraction: null,
    blocksPerSec: 0,
    secondsLeft: null,
    bytes: 0,
    endpoints: [],
    periods: [],
    runtimes: [],
    comparedBlocks: 0,
    readBlocks: 0,
    halt: null,
  }

  function tell(now = false): void {
    const waitMs = now ? 0 : lastToldMs + STATE_EVERY_MS - performance.now()
    if (waitMs > 0) {
      later ??= setTimeout(() => tell(true), waitMs)
      return
    }
    if (later !== null) clearTimeout(later)
    later = null
    lastToldMs = performance.now()
    state.periods = plans.map(plan => periodState(plan, state.head))
    state.blocksPerSec = rateOf(samples)
    summarize(state)
    listener.onState(structuredClone(state))
  }

  return {
    /** the stored periods were looked at: once is enough for all connections of a sync */
    isExamined: false,
    phase(phase: SyncState['phase'], detail: string): void {
      const isNew = state.phase !== phase
      state.phase = phase
      state.detail = detail
      // at the head blocks come when they come: the rate of what was read before says nothing any more
      if (phase === 'following') samples.length = 0
      if (phase !== 'halted' && phase !== 'offline') state.halt = null
      tell(isNew)
    },
    genesis(genesis: string): void {
      state.genesis = genesis
      tell(true)
    },
    head(head: Head): void {
      state.head = { n: head.n, ts: head.ts }
      tell()
    },
    endpoints(endpoints: SyncState['endpoints']): void {
      state.endpoints = endpoints
      state.bytes = endpoints.reduce((sum, endpoint) => sum + endpoint.bytes, 0)
      tell()
    },
    blocks(done: { read: number; compared: number }, runtimes: Runtimes): void {
      state.readBlocks += done.read
      state.comparedBlocks += done.compared
      state.runtimes = runtimes.met()
      const ms = performance.now()
      samples.push([ms, state.readBlocks])
      while (samples.length > 2 && samples[0]![0] < ms - 10_000) samples.shift()
      tell()
    },
    /** they move on while a period is read, and are looked at whenever something is told */
    plans(list: PeriodPlan[]): void {
      plans = list
      tell()
    },
    failed(error: AppError): void {
      if (error.code === 'cancelled') state.phase = 'paused'
      else if (isPassing(error)) state.phase = 'offline'
      else state.phase = 'halted'
      state.halt = error.code === 'cancelled' ? null : { code: error.code, message: error.message }
      state.detail = ''
      tell(true)
    },
    end(): SyncState {
      tell(true)
      return state
    },
  }
}

/** Blocks a second over the samples: milliseconds and blocks read until then. */
function rateOf(samples: readonly [ms: number, read: number][]): number {
  const first = samples[0]
  const last = samples.at(-1)
  if (!first || !last || last[0] <= first[0]) return 0
  return Math.round(((last[1] - first[1]) * 1000) / (last[0] - first[0]))
}

function periodState(plan: PeriodPlan, head: SyncState['head']): SyncPeriod {
  const { period, startBlock, endBlock, coveredToBlock, coveredToTs, complete } = plan
  const covered = coveredToBlock ?? -1
  let state: SyncPeriod['state'] = 'waiting'
  if (complete) state = 'complete'
  else if (coveredToBlock === null) state = 'waiting'
  else if (endBlock !== null) state = covered >= endBlock && head && covered >= head.n - 50 ? 'settling' : 'filling'
  else state = head && covered >= head.n - 50 ? 'running' : 'filling'
  return {
    index: period.index,
    start: period.start,
    end: period.end,
    state,
    firstBlock: startBlock,
    lastBlock: endBlock === null ? (head?.n ?? null) : endBlock + POST_PERIOD_BLOCKS,
    coveredToBlock,
    coveredToTs,
  }
}

/** From the periods: how far all is, how long it takes still, and until when data is complete. */
function summarize(state: SyncState): void {
  let wanted = 0
  let done = 0
  for (const { firstBlock, lastBlock, coveredToBlock } of state.periods) {
    const last = Math.min(lastBlock ?? Number.POSITIVE_INFINITY, state.head?.n ?? Number.POSITIVE_INFINITY)
    const blocks = firstBlock === null || !Number.isFinite(last) ? BLOCKS_PER_PERIOD : Math.max(last - firstBlock + 1, 1)
    wanted += blocks
    if (firstBlock !== null && coveredToBlock !== null) done += Math.max(0, Math.min(coveredToBlock - firstBlock + 1, blocks))
  }
  state.fraction = wanted === 0 ? null : done / wanted
  state.secondsLeft = state.blocksPerSec > 0 ? Math.round((wanted - done) / state.blocksPerSec) : null
  const newest = state.periods[0]
  state.stored =
    newest && newest.coveredToBlock !== null && newest.coveredToTs !== null
      ? { n: newest.coveredToBlock, ts: newest.coveredToTs }
      : state.stored
}

/** A scope as it is said: `the whole grid`, `2 farms and 3 nodes`. */
export function scopeInWords(scope: Scope): string {
  if (scope === 'all') return 'the whole grid'
  const count = (n: number, word: string) => `${n} ${word}${n === 1 ? '' : 's'}`
  return [scope.farms.length > 0 ? count(scope.farms.length, 'farm') : '', scope.nodes.length > 0 ? count(scope.nodes.length, 'node') : '']
    .filter(Boolean)
    .join(' and ')
}
