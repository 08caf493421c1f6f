import { AppError } from '../../../src-shared/errors.ts'
import type { ArchiveHeader, ArchiveSink, EndSnapshot, StartSnapshot } from '../../../src-shared/grid.ts'
import { POST_PERIOD_BLOCKS } from '../../../src-shared/time.ts'
import { readArchive } from '../../archive/read.ts'
import { type BlockMaker, createBlockMaker } from './block-maker.ts'
import { createChain, type DevChain } from './chain.ts'
import { writeEndState, writeInitialState } from './grid-state.ts'
import { BLOCK_SEC, between, earliestKept, type KnownTime } from './past.ts'
import { viewState } from './state.ts'

export interface FedChain {
  chain: DevChain
  maker: BlockMaker
  /** blocks before the archive's first one whose times are known */
  known: readonly KnownTime[]
  /** gives the block under way what happens in it by itself */
  step?(block: number): void
}

/**
 * Makes a chain of a grid archive: the same blocks, times, events and snapshots, with the blocks between them that had no event. Block
 * times that the archive does not have lie evenly between those it has, so that the period's first and last blocks are found where they
 * are. The runtime is upgraded in the middle of the period.
 * @throws AppError as readArchive does
 */
export async function chainFromArchive(path: string, signal?: AbortSignal): Promise<FedChain> {
  let header: ArchiveHeader | null = null
  let start: StartSnapshot | null = null
  let end: EndSnapshot | null = null
  let fed: FedChain | null = null
  let open = false

  const finishBlock = (): void => {
    if (!open) return
    sealNext(fed!, end!)
    open = false
  }
  const sink: ArchiveSink = {
    header: value => {
      header = value
    },
    start: value => {
      start = value
    },
    end: value => {
      end = value
    },
    block(n, ts) {
      fed ??= beginChain(header!, start!, end!, { block: n, ts })
      finishBlock()
      fillTo(fed, { header: header!, start: start!, end: end! }, { block: n, ts })
      fed.maker.begin(ts, { stateKnown: n <= start!.block })
      open = true
    },
    uptime: (nodeId, now, uptime) => fed!.maker.sink.uptime(nodeId, now, uptime),
    consumption: (contractId, timestamp, window, nru) => fed!.maker.sink.consumption(contractId, timestamp, window, nru),
    rare: event => fed!.maker.sink.rare(event),
  }
  await readArchive(path, sink, signal ? { signal } : {})
  const parts = { header: header!, start: start!, end: end! }
  const done: FedChain = fed ?? beginChain(parts.header, parts.start, parts.end, { block: parts.start.block, ts: parts.start.ts })
  finishBlock()
  // An archive without events near its end still reaches to its end snapshot.
  const last = parts.end.block
  if (done.chain.head() < last) fillTo(done, parts, { block: last + 1, ts: parts.end.ts + BLOCK_SEC })
  if (done.chain.head() < done.chain.base) throw new AppError('internal', 'The devnet made a chain without a block.')
  return done
}

function beginChain(header: ArchiveHeader, start: StartSnapshot, end: EndSnapshot, first: KnownTime): FedChain {
  const begin = first.block < start.block ? first : { block: start.block, ts: first.block === start.block ? first.ts : start.ts }
  const known: KnownTime[] = start.power.flatMap(({ state, down_since_ts }) =>
    typeof state === 'object' && typeof down_since_ts === 'number' ? [{ block: state.Down, ts: down_since_ts }] : [],
  )
  // The start block is the first one later than the period's start.
  if (start.ts > header.period.start && begin.block === start.block)
    known.push({ block: start.block - 1, ts: Math.min(start.ts - BLOCK_SEC, header.period.start) })
  const base = earliestKept(begin, known)
  const chain = createChain({
    name: `granary-devnet/${header.network}/${header.period.index}/${begin.block}`,
    base: base.block,
    baseTs: base.ts,
    known,
    upgradeBlock: Math.floor((start.block + end.block) / 2),
    expectedBlocks: end.block - base.block + POST_PERIOD_BLOCKS + 2,
  })
  writeInitialState(viewState(chain.state, chain.runtimeOf(base.block), base.block), {
    nodes: start.nodes,
    contracts: start.contracts,
    power: start.power,
    farms: start.farms ?? end.farms,
    twins: end.twins,
    policies: start.farmingPolicies ?? end.farmingPolicies,
    payoutAddresses: end.payoutAddresses,
    connectionPrice: start.connectionPrice ?? null,
  })
  return { chain, maker: createBlockMaker(chain), known }
}

interface Parts {
  header: ArchiveHeader
  start: StartSnapshot
  end: EndSnapshot
}

/** Seals the blocks without events before `next`. */
function fillTo(fed: FedChain, parts: Parts, next: KnownTime): void {
  const { chain, maker } = fed
  const { header, start, end } = parts
  const stops = [
    ...[...fed.known].sort((a, b) => a.block - b.block),
    { block: start.block, ts: start.ts },
    { block: end.block, ts: end.ts },
  ].filter(stop => stop.block < next.block && stop.block > chain.head())
  let from: KnownTime = chain.head() < chain.base ? { block: chain.base, ts: chain.baseTs } : headTime(chain)
  for (const to of [...stops, next]) {
    for (let block = chain.head() + 1; block < to.block || (block === to.block && to !== next); block++) {
      const even = block === to.block ? to.ts : between(from, to, block)
      maker.begin(Math.max(from.ts, clampToPeriod(block, even, header, start, end)), { stateKnown: block <= start.block })
      sealNext(fed, end)
    }
    if (to !== next) from = headTime(chain)
  }
}

function headTime(chain: DevChain): KnownTime {
  return { block: chain.head(), ts: chain.tsOf(chain.head()) }
}

/** Blocks before the period's first and last one are not later than its bounds, which is how those two are found. */
function clampToPeriod(block: number, ts: number, { period }: ArchiveHeader, start: StartSnapshot, end: EndSnapshot): number {
  if (block < start.block && start.ts > period.start) return Math.min(ts, period.start)
  if (block < end.block && end.ts > period.end) return Math.min(ts, period.end)
  return ts
}

function sealNext({ chain, maker }: FedChain, end: EndSnapshot): void {
  const block = chain.head() + 1
  if (block === end.block) {
    const runtime = chain.runtimeOf(block)
    const idsOf = (item: string): number[] =>
      chain.state
        .entries(runtime.storageKey('TfgridModule', item), block)
        .map(([, value]) => (runtime.decodeStorage('TfgridModule', item, value) as { id: number }).id)
    writeEndState(maker.view(), end, { farms: idsOf('Farms'), policies: idsOf('FarmingPoliciesMap') })
  }
  maker.seal()
}
