import { AppError } from '../../src-shared/errors.ts'
import type { ArchiveSink, EventSink } from '../../src-shared/grid.ts'
import { PERIOD_SEC, POST_PERIOD_BLOCKS, periodAt } from '../../src-shared/time.ts'
import { BLOCK_SEC } from './demo-clock.ts'
import { createGrid, type DemoFarm } from './demo-grid.ts'
import { createLife } from './demo-life.ts'

/** 2026-10-01 to 2026-10-31, the month before this version: a constant, as the same command must give the same bytes on any day. */
export const DEMO_PERIOD = 102
const MOST_NODES = 10_000
const PERIOD_DAYS = PERIOD_SEC / 86_400
const PERIOD_BLOCKS = PERIOD_SEC / BLOCK_SEC
/** Blocks between two waits for the writer: some thousand events on a large grid. */
const DRAIN_BLOCKS = 256

export interface DemoOptions {
  /** 1 to 10,000 */
  nodes: number
  /**
   * ends the archive so many days (fractions too) after the period's start, as that of a running period, at most the period's 30.45;
   * without it the period is complete, with the 27 h after it
   */
  days?: number
  /** a whole number from 0: the same seed gives the same bytes */
  seed: number
  /** the minting period's index, DEMO_PERIOD if not given */
  period?: number
  /** the period in which this grid began, `period` if not given: two archives of one grid that follow each other name the same one */
  since?: number
  network?: string
  /** farms drawn up by hand, `nodes` nodes in all; without it farms and roles are drawn by chance */
  farms?: readonly DemoFarm[]
}

/**
 * Invents a grid and tells its life as a grid archive, in chain order: reports every 40 minutes, restarts, outages, farmerbots, contracts,
 * rents, nodes that move, a new price, misbehaviour of every kind. Nothing in it exists: keys, addresses and names are made up from the seed. Memory depends on the
 * number of nodes, not of events. Throws AppError `usage` for options outside their range.
 */
export async function generateDemo(options: DemoOptions, sink: ArchiveSink & { drain(): Promise<void> }): Promise<void> {
  const { nodes, seed, days } = options
  const period = options.period ?? DEMO_PERIOD
  const since = options.since ?? period
  checkRange('nodes', nodes, 1, MOST_NODES)
  checkRange('seed', seed, 0, Number.MAX_SAFE_INTEGER - 1)
  checkRange('period', period, 0, 1_000)
  checkRange('since', since, Math.max(0, period - 12), period)
  if (days !== undefined && !(days > 0 && days <= PERIOD_DAYS))
    throw new AppError(
      'usage',
      `A demo cannot have ${days} days: give a number above 0 and up to ${PERIOD_DAYS}, or leave it out for the whole period.`,
    )
  if (options.farms && options.farms.flatMap(farm => farm.roles).length !== nodes)
    throw new AppError('usage', `The demo's farms do not have ${nodes} nodes in all.`)

  const bounds = periodAt(period)
  const first = firstBlockOf(period)
  const running = days !== undefined && days * 86_400 < PERIOD_SEC
  const last = running ? first + Math.floor((days * 86_400) / BLOCK_SEC) : first + PERIOD_BLOCKS
  const covered = running ? last : last + POST_PERIOD_BLOCKS
  // A period's first block is the first one later than its start.
  const tsOf = (block: number): number => bounds.start + 2 + (block - first) * BLOCK_SEC
  const grid = createGrid(options.farms ?? nodes, seed, periodAt(since).start)
  const life = createLife(grid, seed, { first: firstBlockOf(since), last: covered, firstTs: periodAt(since).start + 2 })

  for (let block = firstBlockOf(since) + 1; block < first; block++) life.step(block, nowhere)
  // The start snapshot is the state after the first block, whose events come again below it.
  const held: ((to: EventSink) => void)[] = []
  if (since < period) life.step(first, holding(held))

  sink.header({
    kind: 'header',
    format: 'grid-archive',
    version: 1,
    network: options.network ?? 'demo',
    period: bounds,
    blocks: { first, last },
  })
  sink.start({
    kind: 'snapshot',
    at: 'start',
    block: first,
    ts: tsOf(first),
    nodes: life.nodes(),
    contracts: life.contracts(),
    power: life.power(),
    connectionPrice: life.connectionPrice(),
    farms: grid.farms,
    farmingPolicies: grid.policies,
  })
  sink.end({
    kind: 'snapshot',
    at: 'end',
    block: last,
    ts: tsOf(last),
    farms: grid.farms,
    twins: grid.twins,
    farmingPolicies: grid.policies,
    payoutAddresses: grid.payoutAddresses,
  })
  await sink.drain()

  for (const call of held) call(sink)
  let latest = held.length > 0 ? first : 0
  const noting: EventSink = {
    block: (n, ts) => {
      latest = n
      sink.block(n, ts)
    },
    uptime: (nodeId, now, uptime) => sink.uptime(nodeId, now, uptime),
    consumption: (contractId, timestamp, window, nru) => sink.consumption(contractId, timestamp, window, nru),
    rare: event => sink.rare(event),
  }
  for (let block = first + 1; block <= covered; block++) {
    life.step(block, noting)
    if (block % DRAIN_BLOCKS === 0) await sink.drain()
  }
  // The last block line says how far the archive reaches, even where nothing happened in it.
  if (latest !== covered) sink.block(covered, tsOf(covered))
  await sink.drain()
}

/** Heights of the demo's chain: each period's last block is the next one's first. The lead leaves room for sleeps from before period 0. */
function firstBlockOf(period: number): number {
  return 100_000 + period * PERIOD_BLOCKS
}

const nowhere: EventSink = {
  block: () => undefined,
  uptime: () => undefined,
  consumption: () => undefined,
  rare: () => undefined,
}

function holding(held: ((to: EventSink) => void)[]): EventSink {
  return {
    block: (...args) => void held.push(to => to.block(...args)),
    uptime: (...args) => void held.push(to => to.uptime(...args)),
    consumption: (...args) => void held.push(to => to.consumption(...args)),
    rare: event => void held.push(to => to.rare(event)),
  }
}

function checkRange(name: string, value: number, low: number, high: number): void {
  if (Number.isInteger(value) && value >= low && value <= high) return
  throw new AppError('usage', `A demo's ${name} cannot be ${value}: give a whole number from ${low} to ${high}.`)
}
