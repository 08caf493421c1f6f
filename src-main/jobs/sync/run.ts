import { AppError, toAppError } from '../../../src-shared/errors.ts'
import type { SyncConfig, SyncState } from '../../../src-shared/sync.ts'
import { FIRST_PERIOD_START_TS, PERIOD_SEC, type Period, periodAt } from '../../../src-shared/time.ts'
import { type OpenChainOptions, openChain } from '../../clients/tfchain/chain.ts'
import type { Chain, Hex } from '../../clients/tfchain/types.ts'
import { pinChain, pinnedChain } from '../../store/chain.ts'
import { dropDamaged, findGaps } from '../../store/gaps.ts'
import type { Store } from '../../store/open.ts'
import { type StoredScope, syncedPeriods } from '../../store/sync-period.ts'
import { followHead, type Heads, pause } from './heads.ts'
import { createLive, isPassing, type LiveView } from './live.ts'
import { type Head, openPeriodSync, type PeriodPlan, type PeriodSync, planOf, type SyncTools } from './period.ts'
import { createRuntimes } from './runtimes.ts'
import { scopeToStore } from './scope.ts'
import { createTracker, type Tracker } from './tracker.ts'

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
/** Blocks that were read and wait to be written are looked at so often, also when no new one comes. */
const FLUSH_EVERY_MS = 2_000

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
        // a period that is over has no block, for the chain began later; one that begins right now has its first one soon
        if (period.end < head.ts) absent.add(period.index)
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
