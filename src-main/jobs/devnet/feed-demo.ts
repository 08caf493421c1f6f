import { setImmediate } from 'node:timers/promises'
import { AppError } from '../../../src-shared/errors.ts'
import { FIRST_PERIOD_START_TS, PERIOD_SEC } from '../../../src-shared/time.ts'
import { createGrid } from '../../archive/demo-grid.ts'
import { createLife } from '../../archive/demo-life.ts'
import { createBlockMaker } from './block-maker.ts'
import { DURATION_BLOCKS, putProposal } from './calls-dao.ts'
import { createChain } from './chain.ts'
import type { FedChain } from './feed-archive.ts'
import { writeInitialState } from './grid-state.ts'
import { BLOCK_SEC, earliestKept } from './past.ts'
import { viewState } from './state.ts'

export interface Scenario {
  /** 1 to 10,000 */
  nodes: number
  seed: number
  /** of history before now, 0.01 to 100 */
  days: number
  /** milliseconds since the epoch: the head's time when the devnet starts */
  nowMs: number
}

/** Room for how long the grid lives on after the start: four periods of chain time; after them blocks are empty. */
const LIFE_AHEAD_BLOCKS = (4 * PERIOD_SEC) / BLOCK_SEC
/** Whoever shares the process with the devnet gets a turn after so many blocks of its history. */
const BLOCKS_AT_ONCE = 2_048
/** Height of a block at the start of period 0, as in the demo's archives. */
const FIRST_HEIGHT = 100_000

/**
 * Makes a chain of an invented grid that lives up to `nowMs` and goes on living with `step`: reports every 40 minutes, restarts,
 * farmerbots, contracts. The same scenario gives the same chain. The runtime is upgraded in the middle of the history.
 * @throws AppError usage for figures outside their range, cancelled
 */
export async function chainFromScenario(scenario: Scenario, signal?: AbortSignal): Promise<FedChain> {
  const { nodes, seed, days, nowMs } = scenario
  checkRange('nodes', nodes, 1, 10_000)
  checkRange('days', days, 0.01, 100)
  checkRange('seed', seed, 0, Number.MAX_SAFE_INTEGER - 1)
  const historyBlocks = Math.floor((days * 86_400) / BLOCK_SEC)
  const firstTs = Math.floor(nowMs / 1000) - historyBlocks * BLOCK_SEC
  const first = FIRST_HEIGHT + Math.floor((firstTs - FIRST_PERIOD_START_TS) / BLOCK_SEC)
  const grid = createGrid(nodes, seed, firstTs)
  const lastAlive = first + historyBlocks + LIFE_AHEAD_BLOCKS
  const life = createLife(grid, seed, { first, last: lastAlive, firstTs })
  const power = life.power()
  const known = power.flatMap(({ state, down_since_ts }) =>
    typeof state === 'object' && typeof down_since_ts === 'number' ? [{ block: state.Down, ts: down_since_ts }] : [],
  )
  const base = earliestKept({ block: first, ts: firstTs }, known)
  const chain = createChain({
    name: `granary-devnet/scenario/${nodes}/${seed}/${first}`,
    base: base.block,
    baseTs: base.ts,
    known,
    upgradeBlock: first + Math.floor(historyBlocks / 2),
    expectedBlocks: first - base.block + historyBlocks + 100_000,
  })
  writeInitialState(viewState(chain.state, chain.runtimeOf(base.block), base.block), {
    nodes: life.nodes(),
    contracts: life.contracts(),
    power,
    farms: grid.farms,
    twins: grid.twins,
    policies: grid.policies,
    payoutAddresses: grid.payoutAddresses,
    connectionPrice: life.connectionPrice(),
  })
  putProposal(viewState(chain.state, chain.runtimeOf(base.block), base.block), {
    ...{ action: { System: { remark: { remark: Buffer.from('a vote to try out') } } }, threshold: 2 },
    ...{ description: Buffer.from('Try out a vote: this proposal changes nothing'), link: Buffer.from('') },
    end: first + historyBlocks + DURATION_BLOCKS,
  })
  const maker = createBlockMaker(chain)
  const sink = { block: () => undefined, ...maker.sink }
  const step = (block: number): void => {
    if (block > first && block <= lastAlive) life.step(block, sink)
  }
  for (let block = base.block; block <= first + historyBlocks; block++) {
    maker.begin(firstTs + (block - first) * BLOCK_SEC)
    step(block)
    maker.seal()
    if (block % BLOCKS_AT_ONCE === 0) {
      await setImmediate()
      if (signal?.aborted) throw new AppError('cancelled', 'Starting the devnet was stopped on request.')
    }
  }
  return { chain, maker, known, step }
}

function checkRange(name: string, value: number, low: number, high: number): void {
  if (value >= low && value <= high && (name === 'days' || Number.isInteger(value))) return
  throw new AppError('usage', `A devnet's ${name} cannot be ${value}: give a number from ${low} to ${high}.`)
}
