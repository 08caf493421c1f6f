import { AppError, toAppError } from '../../../src-shared/errors.ts'
import type { EndSnapshot, StartSnapshot } from '../../../src-shared/grid.ts'
import { type Period, POST_PERIOD_BLOCKS } from '../../../src-shared/time.ts'
import { endpointName, type SnapshotWords } from '../../../src-shared/verify.ts'
import { blockAt, findBlockAfter } from '../../clients/tfchain/find-block.ts'
import { type BlockSource, readBlocks } from '../../clients/tfchain/read-blocks.ts'
import type { AskOptions } from '../../clients/tfchain/scheduler.ts'
import { nodesOfFarms, readEndSnapshot, readNodes, readStartSnapshot, type StateBlock, stateReader } from '../../clients/tfchain/state.ts'
import type { Chain, ChainBlock, ChainEventSink, Hex, Runtime } from '../../clients/tfchain/types.ts'
import { isCheckpoint, type StoredBlock } from '../../store/chain.ts'
import type { Store } from '../../store/open.ts'
import { listPeriods } from '../../store/periods.ts'
import {
  beginPeriod,
  resumePeriod,
  type StoredScope,
  type SyncedPeriod,
  type SyncPeriodWriter,
  syncedPeriods,
} from '../../store/sync-period.ts'
import { noneAsked, noteAsked } from './asked.ts'
import type { Runtimes } from './runtimes.ts'
import { covers, type ScopeFilter, sameChoice, scopeFilter } from './scope.ts'
import { confirmSnapshot, isConfirmed, listenTo } from './snapshots.ts'

/** What a period's sync works with. */
export interface SyncTools {
  store: Store
  chain: Chain
  runtimes: Runtimes
  network: string
  scope: StoredScope | null
  compareShare: number
  signal: AbortSignal
  /** milliseconds, never going back */
  nowMs: () => number
  /** after each commit; `current`: readers see it */
  onCommit: (period: number) => void
  onBlocks: (done: { read: number; compared: number }) => void
}

/** The newest block that is to be synced. */
export interface Head {
  n: number
  hash: Hex
  ts: number
}

/** What is known of a period before and while it is synced. */
export interface PeriodPlan {
  period: Period
  /** first block with a time after the start; null: not begun on the chain, or not looked for yet */
  startBlock: number | null
  /** first block with a time after the end; null while it runs */
  endBlock: number | null
  coveredToBlock: number | null
  coveredToTs: number | null
  /** nothing is missing, the 27 h after it included */
  complete: boolean
}

/** Bytes a second that are written again and again for a growing chunk, at most: what a laptop's disk should not notice. */
const REWRITE_BYTES_PER_SEC = 20_000
const COMMIT_EVERY_MS = 2_000
/** A step of so many blocks was a part of history, or caught up: that is kept at once. */
const MANY_BLOCKS = 20
/** Of a running period, farms, twins and payout addresses are read again when they are so much older than its last block. */
const END_SNAPSHOT_SEC = 600
/** Snapshots that only one endpoint told are tried to be compared so often. */
const CONFIRM_EVERY_MS = 60_000

/** What the store has of a period; gives null where nothing fits the scope. */
export function planOf(store: Store, period: Period, scope: StoredScope | null): PeriodPlan {
  const nothing: PeriodPlan = { period, startBlock: null, endBlock: null, coveredToBlock: null, coveredToTs: null, complete: false }
  const current = listPeriods(store).find(candidate => candidate.index === period.index)
  const currentScope = current?.scope ? (JSON.parse(current.scope) as StoredScope) : null
  if (current && !current.provisional && covers(currentScope, scope))
    return {
      period,
      startBlock: current.startBlock,
      endBlock: current.endBlock,
      coveredToBlock: current.coveredToBlock,
      coveredToTs: current.lastTs,
      complete: true,
    }
  const begun = unfinished(store, period.index, scope)
  if (!begun) return nothing
  return {
    period,
    startBlock: begun.startBlock,
    endBlock: begun.endTs > period.end ? begun.endBlock : null,
    coveredToBlock: begun.coveredToBlock,
    coveredToTs: begun.coveredToTs,
    complete: false,
  }
}

/** The one that is to be gone on with: one that replaces the current one comes first. */
function unfinished(store: Store, index: number, scope: StoredScope | null): SyncedPeriod | undefined {
  return syncedPeriods(store, index)
    .filter(candidate => sameChoice(candidate.scope, scope))
    .sort((a, b) => Number(a.current) - Number(b.current))[0]
}

/** One period that is being synced, slice by slice. */
export interface PeriodSync {
  readonly plan: PeriodPlan
  /** whether the head is past what is stored */
  hasWork(head: Head): boolean
  /**
   * Takes in the next blocks, at most `maxBlocks`, up to the head or to the period's last one. Rejects with AppError chain.*, store.*,
   * io.*, cancelled: what was committed stays, and a new PeriodSync goes on from there.
   */
  step(head: Head, maxBlocks: number): Promise<void>
  /** writes what waits to be written, if it has waited long enough; rejects as `step` does */
  flush(): Promise<void>
  /** writes what no commit has written yet */
  close(): void
}

/**
 * Begins or goes on with a period. Gives null where the chain has nothing of it: it began later, or has not come so far.
 * Rejects as PeriodSync.step does.
 */
export async function openPeriodSync(tools: SyncTools, period: Period, head: Head): Promise<PeriodSync | null> {
  const { store, chain, runtimes, network, scope, signal } = tools
  let newest = head
  const headRuntime = await runtimes.ofState(head.n, head.hash)
  const timestampKey = headRuntime.storageKey('Timestamp', 'Now')
  const blockOf = async (n: number, from: AskOptions = {}): Promise<StateBlock> => {
    const { hash, timestampMs } = await blockAt(chain, n, timestampKey, { ...from, signal })
    return { n, hash, ts: Math.floor(timestampMs / 1000) }
  }
  const stateAt = async (block: StateBlock, from: AskOptions = {}) =>
    stateReader(chain, await runtimes.ofState(block.n, block.hash), block, { ...from, signal })
  const findEnd = async (): Promise<StateBlock | null> => {
    if (newest.ts <= period.end) return null
    const found = await findBlockAfter(chain, period.end, { head: newest.n, timestampKey, signal })
    return found && { n: found.n, hash: found.hash, ts: Math.floor(found.timestampMs / 1000) }
  }

  let hash: Hex | null
  let writer: SyncPeriodWriter
  let stored: StoredScope | null
  let filter: ScopeFilter | null
  /** who told the snapshots alike */
  let words: SnapshotWords
  let lastConfirmMs = Number.NEGATIVE_INFINITY
  const begun = unfinished(store, period.index, scope)
  if (begun) {
    hash = begun.coveredHash || null
    writer = resumePeriod(store, begun.importId)
    stored = begun.scope
    words = writer.asked?.snapshots ?? { start: [], end: [] }
  } else {
    const started = await begin([])
    if (!started) return null
    hash = null
    ;({ writer, stored, words } = started)
  }
  filter = stored && scopeFilter(stored, writer.start, writer.end, writer.contractNodes(), writer)
  let lastCommitMs = tools.nowMs()
  let isWhole = true
  let blocks: StoredBlock[] = []
  /** who gave the blocks that no commit has written */
  let asked = noneAsked()
  /** time of the chain at which the end snapshot's farms and twins were read; of an earlier run's nobody knows */
  let endReadTs = begun ? Number.NEGATIVE_INFINITY : writer.end.ts
  const plan: PeriodPlan = {
    period,
    startBlock: writer.start.block,
    endBlock: writer.end.ts > period.end ? writer.end.block : null,
    coveredToBlock: writer.last.n,
    coveredToTs: writer.last.ts,
    complete: false,
  }

  /** Reads both snapshots and makes the period's rows. `also`: nodes to follow that the farms do not have now. */
  async function begin(
    also: Iterable<number>,
  ): Promise<{ writer: SyncPeriodWriter; stored: StoredScope | null; words: SnapshotWords } | null> {
    const first = await findBlockAfter(chain, period.start, { head: head.n, timestampKey, signal })
    if (!first || Math.floor(first.timestampMs / 1000) > period.end) return null
    const firstBlock: StateBlock = { n: first.n, hash: first.hash, ts: Math.floor(first.timestampMs / 1000) }
    const last = (await findEnd()) ?? newest
    const follow = scope && [
      ...scope.nodes,
      ...also,
      ...(await nodesOfFarms(await stateAt(firstBlock), scope.farms)),
      ...(await nodesOfFarms(await stateAt(last), scope.farms)),
    ]
    const fresh = scope && { ...scope, follow: [...new Set(follow)].sort((a, b) => a - b) }
    const listener = listenTo()
    const start = await readStart(firstBlock, fresh, listener)
    const startWords = await confirmStart(start, fresh, listener.by())
    const seen = fresh && scopeFilter(fresh, start, null, new Map(), noSink)
    const end = await readEnd(last, seen)
    const words = { start: startWords, end: end.words }
    return { writer: beginPeriod(store, { network, period, scope: fresh, start, end: end.snapshot }), stored: fresh, words }
  }

  async function readStart(block: StateBlock, followed: StoredScope | null, from: AskOptions): Promise<StartSnapshot> {
    return readStartSnapshot(await stateAt(block, from), followed?.follow ?? null, async n => (await blockOf(n, from)).ts)
  }

  function confirmStart(start: StartSnapshot, followed: StoredScope | null, told: readonly string[]): Promise<string[]> {
    return confirm(start, told, async from => readStart(await blockOf(start.block, from), followed, from))
  }

  /** Asks a second endpoint for a snapshot, where comparing is wanted. */
  async function confirm<T extends StartSnapshot | EndSnapshot>(
    snapshot: T,
    told: readonly string[],
    read: (from: AskOptions) => Promise<T>,
  ): Promise<string[]> {
    return tools.compareShare > 0 ? confirmSnapshot(chain, told, snapshot, endpoint => read({ endpoint })) : [...told]
  }

  /** The end snapshot after `block`, with the farms and twins of the followed nodes as they are then and as they were. */
  async function readEnd(block: StateBlock, seen: EndScope): Promise<{ snapshot: EndSnapshot; words: string[] }> {
    const listener = listenTo()
    const snapshot = await readEndFrom(block, seen, listener)
    return { snapshot, words: await confirmEnd(snapshot, seen, listener.by()) }
  }

  function confirmEnd(end: EndSnapshot, seen: EndScope, told: readonly string[]): Promise<string[]> {
    return confirm(end, told, async from => readEndFrom(await blockOf(end.block, from), seen, from))
  }

  async function readEndFrom(block: StateBlock, seen: EndScope, from: AskOptions): Promise<EndSnapshot> {
    const state = await stateAt(block, from)
    if (!seen) return readEndSnapshot(state, null)
    const nodes = await readNodes(state, seen.follow)
    return readEndSnapshot(state, {
      farms: [...seen.farms, ...nodes.map(node => node.farm_id)],
      twins: [...seen.twins, ...nodes.map(node => node.twin_id)],
    })
  }

  /**
   * Asks another endpoint for snapshots that are there on one word, also of an earlier run; the end only once it stands still. What was told by
   * endpoints that are not asked any more and is contradicted is read again: gives true then, and nothing of before may be kept.
   */
  async function confirmLater(isLast: boolean): Promise<boolean> {
    const mustWait = !isLast && tools.nowMs() - lastConfirmMs < CONFIRM_EVERY_MS
    const isEndStill = plan.endBlock !== null
    if (mustWait || (isConfirmed(words.start) && (isConfirmed(words.end) || !isEndStill))) return false
    lastConfirmMs = tools.nowMs()
    let told = words.start
    try {
      if (!isConfirmed(told)) words.start = await confirmStart(writer.start, stored, told)
      told = words.end
      if (isEndStill && !isConfirmed(words.end)) words.end = await confirmEnd(writer.end, filter && entriesOf(writer.end), words.end)
      return false
    } catch (error) {
      const asked = new Set(chain.states().map(({ url }) => endpointName(url)))
      const isStillAsked = told.some(name => asked.has(name))
      if (toAppError(error).code !== 'chain.differs' || isStillAsked) throw error
      await restart()
      return true
    }
  }

  async function commit(): Promise<void> {
    let end: Awaited<ReturnType<typeof readEnd>> | null = null
    if (filter) {
      // what the events named since the end snapshot was read must stand in it
      const { farms, twins } = writer.end
      const missing = [...filter.farms].some(id => !farms.some(farm => farm.id === id))
      const missingTwin = [...filter.twins].some(id => !twins.some(twin => twin.id === id))
      if ((missing || missingTwin) && !isKnownAbsent(filter)) end = await readEnd(await blockOf(writer.end.block), filter)
    }
    write(end)
  }

  function write(fresh: Awaited<ReturnType<typeof readEnd>> | null): void {
    let end = fresh?.snapshot ?? null
    if (fresh) words.end = fresh.words
    const latest = end ?? writer.end
    // of a running period the snapshot moves on with its last block: what is before it counts as in the period
    if (latest.ts <= period.end && writer.last.n > latest.block) end = { ...latest, block: writer.last.n, ts: writer.last.ts }
    const scopeNow = filter && stored && filter.follow.size !== stored.follow.length
    if (scopeNow) stored = { ...stored!, follow: [...filter!.follow].sort((a, b) => a - b) }
    writer.commit(blocks, { ...(end && { end }), ...(scopeNow && { scope: stored! }), asked: { ...asked, snapshots: words } })
    blocks = []
    asked = noneAsked()
    lastCommitMs = tools.nowMs()
    plan.coveredToBlock = writer.last.n
    plan.coveredToTs = writer.last.ts
    plan.complete = isComplete()
    tools.onCommit(period.index)
  }

  /** Farms and twins that were looked for and are not on the chain need not be looked for at each commit. */
  let lookedFor = ''
  function isKnownAbsent({ farms, twins }: ScopeFilter): boolean {
    const asked = `${[...farms]} ${[...twins]}`
    if (asked === lookedFor) return true
    lookedFor = asked
    return false
  }

  function isComplete(): boolean {
    return plan.endBlock !== null && writer.last.n >= plan.endBlock + POST_PERIOD_BLOCKS
  }

  /** A node came into a followed farm: what is read lacks what it did before, so nothing more of it may be kept. */
  function isToBeReadAgain(): boolean {
    return filter !== null && filter.movedIn.size > 0
  }

  function isDue(): boolean {
    if (isToBeReadAgain()) return false
    if (writer.hasFullChunk) return true
    const waitMs = Math.max(COMMIT_EVERY_MS, (writer.tailBytes / REWRITE_BYTES_PER_SEC) * 1000)
    return tools.nowMs() - lastCommitMs >= waitMs
  }

  /** Where the next step may go to. */
  function target(at: Head): number {
    return plan.endBlock === null ? at.n : Math.min(at.n, plan.endBlock + POST_PERIOD_BLOCKS)
  }

  async function refreshEnd(at: Head): Promise<void> {
    if (plan.endBlock !== null) return
    if (at.ts > period.end) {
      const last = await findEnd()
      if (!last) return
      const end = await readEnd(last, filter)
      plan.endBlock = last.n
      write(end)
    } else if (at.ts - endReadTs > END_SNAPSHOT_SEC) {
      const fresh = await readEnd(at, filter)
      endReadTs = at.ts
      write(fresh)
    }
  }

  async function take(from: number, to: number): Promise<void> {
    for (const range of await runtimes.ofBlocks(from, to)) await takeRange(range.from, range.to, range.runtime)
  }

  async function takeRange(from: number, to: number, runtime: Runtime): Promise<void> {
    const sink = filter ?? writer
    const keys = {
      events: runtime.storageKey('System', 'Events'),
      timestamp: timestampKey,
      parentHash: runtime.storageKey('System', 'ParentHash'),
      number: runtime.storageKey('System', 'Number'),
    }
    let counts = { read: 0, compared: 0 }
    const onBlock = (block: ChainBlock, source: BlockSource): void | Promise<void> => {
      const ts = Math.floor(block.timestampMs / 1000)
      // a block that fails to decode leaves a part of itself in the writer, which then must not commit any more
      isWhole = false
      writer.block(block.n, ts)
      runtime.decodeEvents(block.events, sink, block.n)
      isWhole = true
      hash = block.hash
      blocks.push({ n: block.n, hash: block.hash, ts })
      noteAsked(asked, source)
      // of a long run only the newest and the checkpoints are kept
      if (blocks.length > 2_000) blocks = blocks.filter(({ n }, i) => isCheckpoint(n) || i >= blocks.length - 500)
      if (isDue()) return commit()
    }
    const done = await readBlocks(
      chain,
      {
        from,
        to,
        parentHash: hash,
        keys,
        compareShare: tools.compareShare,
        signal,
        onBatch: batch => {
          tools.onBlocks({ read: batch.read - counts.read, compared: batch.compared - counts.compared })
          counts = batch
        },
      },
      onBlock,
    )
    tools.onBlocks({ read: done.read - counts.read, compared: done.compared - counts.compared })
  }

  return {
    plan,
    hasWork: at => !plan.complete && target(at) > writer.last.n,
    async step(at, maxBlocks) {
      newest = at
      await refreshEnd(at)
      if (await confirmLater(false)) return
      const from = writer.last.n + 1
      const to = Math.min(target(at), from + maxBlocks - 1)
      if (to < from) return
      try {
        await take(from, to)
      } catch (cause) {
        const error = toAppError(cause)
        const bad = error.code === 'chain.undecodable' ? Number(error.details.block) : Number.NaN
        // a block that can't be decoded ends the data right before it; the writer holds a part of it, so the rest is read once more
        if (bad > (plan.coveredToBlock ?? from - 1) + 1 && bad <= to) await upTo(bad - 1)
        throw error
      }
      if (isToBeReadAgain()) await restart()
      else if (isComplete() && (await confirmLater(true))) return
      else if (isDue() || to - from >= MANY_BLOCKS || isComplete()) await commit()
    },
    async flush() {
      if (blocks.length > 0 && isDue()) await commit()
    },
    close() {
      if (isWhole && !isToBeReadAgain() && blocks.length > 0) write(null)
    },
  }

  async function upTo(last: number): Promise<void> {
    const head = await blockOf(last)
    const again = await openPeriodSync(tools, period, head)
    await again?.step(head, last)
    again?.close()
  }

  /** A node came into a followed farm, or what is there was told wrongly: the period is read again, beside what is there. */
  async function restart(): Promise<void> {
    const started = await begin(filter?.follow ?? [])
    if (!started) throw new AppError('internal', `Period ${period.index} is gone from the chain.`)
    ;({ writer, stored, words } = started)
    filter = stored && scopeFilter(stored, writer.start, writer.end, writer.contractNodes(), writer)
    hash = null
    blocks = []
    asked = noneAsked()
    plan.coveredToBlock = writer.last.n
    plan.coveredToTs = writer.last.ts
  }
}

/** Of which nodes, farms and twins an end snapshot is; null: of all. */
type EndScope = Pick<ScopeFilter, 'follow' | 'farms' | 'twins'> | null

/** What stands in an end snapshot. */
function entriesOf({ farms, twins, payoutAddresses }: EndSnapshot): EndScope {
  const ofFarms = [...farms.map(({ id }) => id), ...payoutAddresses.map(({ farm_id: farm }) => farm)]
  return { follow: new Set(), farms: new Set(ofFarms), twins: new Set(twins.map(({ id }) => id)) }
}

const noSink: ChainEventSink = { uptime() {}, consumption() {}, rare() {} }
