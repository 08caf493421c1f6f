import type { AppError } from '../../../src-shared/errors.ts'
import { idleSync, type SyncPeriod, type SyncState } from '../../../src-shared/sync.ts'
import { PERIOD_SEC, POST_PERIOD_BLOCKS } from '../../../src-shared/time.ts'
import { pinnedChain } from '../../store/chain.ts'
import type { Store } from '../../store/open.ts'
import { isPassing } from './live.ts'
import type { Head, PeriodPlan } from './period.ts'
import type { SyncInput, SyncListener } from './run.ts'
import type { Runtimes } from './runtimes.ts'

const STATE_EVERY_MS = 250
const BLOCKS_PER_PERIOD = PERIOD_SEC / 6

export type Tracker = ReturnType<typeof createTracker>

/** Puts together what is told about a sync, at most four times a second. */
export function createTracker(store: Store, input: SyncInput, listener: SyncListener) {
  let lastToldMs = Number.NEGATIVE_INFINITY
  /** for the rate of the last seconds: time and blocks read */
  const samples: [ms: number, read: number][] = [[performance.now(), 0]]
  let plans: PeriodPlan[] = []
  /** tells what came too soon after the last time */
  let later: NodeJS.Timeout | null = null
  const state: SyncState = { ...idleSync(input.config, 'connecting'), genesis: pinnedChain(store)?.genesis ?? null }

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
