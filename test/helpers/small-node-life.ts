import type { FarmingPolicy, GridContract, GridEvent, GridFarm, GridNode, U64 } from '../../src-shared/grid.ts'
import { PERIOD_SEC, periodAt } from '../../src-shared/time.ts'
import { type NaiveMint, type NaiveOptions, naiveNodePeriod } from './naive-node-period.ts'
import type { PlainArchive, PlainBlock } from './naive-v3.ts'
import { GIB, policy } from './random-history.ts'

/* Small histories of rule set node-period that are written by hand: one node on farm 1 with policy 4, up from T0 on. */

/** an event and the time of its block, seconds; lines of one time share a block */
export type Line = [ts: number, event: GridEvent]

export const T0 = 1_700_000_000
export const gib = (count: number): bigint => BigInt(count) * BigInt(GIB)

export const nodeOf = (change: Partial<GridNode> = {}): GridNode => ({
  id: 1,
  farm_id: 1,
  twin_id: 1,
  resources: { cru: 8, mru: 32 * GIB, hru: 0, sru: 512 * GIB },
  location: { latitude: '', longitude: '' },
  country: '',
  city: '',
  created: 0,
  farming_policy_id: 4,
  certification: 'Diy',
  virtualized: false,
  connection_price: 80,
  ...change,
})

export const reported = (uptime: U64, nodeId = 1): GridEvent => ['TfgridModule.NodeUptimeReported', { node_id: nodeId, now: 5, uptime }]
export const updated = (change: Partial<GridNode>): GridEvent => ['TfgridModule.NodeUpdated', { node: nodeOf(change) }]

interface Parts {
  nodes?: GridNode[]
  contracts?: GridContract[]
  connectionPrice?: number
  startPolicies?: FarmingPolicy[]
  startFarms?: GridFarm[]
}

/** The lines in rising order of time as an archive whose fixed period starts a minute before T0; blocks are numbered from 1. */
export function archiveOf(lines: Line[], parts: Parts = {}): PlainArchive {
  const { start, end } = { start: T0 - 60, end: T0 - 60 + PERIOD_SEC }
  const blocks = [...Map.groupBy(lines, ([ts]) => ts)].map(
    ([ts, inBlock], index): PlainBlock => ({ n: index + 1, ts, events: inBlock.map(([, event]) => event) }),
  )
  const last = { block: blocks.length, ts: blocks.at(-1)?.ts ?? T0 }
  return {
    header: {
      kind: 'header',
      format: 'grid-archive',
      version: 1,
      network: 'test',
      period: { ...periodAt(0), start, end },
      blocks: { first: 0, last: last.block },
    },
    start: {
      kind: 'snapshot',
      at: 'start',
      block: 0,
      ts: start + 6,
      nodes: parts.nodes ?? [nodeOf()],
      contracts: parts.contracts ?? [],
      power: [],
      ...(parts.connectionPrice === undefined ? {} : { connectionPrice: parts.connectionPrice }),
      ...(parts.startPolicies ? { farmingPolicies: parts.startPolicies } : {}),
      ...(parts.startFarms ? { farms: parts.startFarms } : {}),
    },
    end: {
      kind: 'snapshot',
      at: 'end',
      ...last,
      farms: [1, 2].map(id => ({ id, name: `farm${id}`, twin_id: 10_000 + id })),
      twins: [],
      farmingPolicies: [1, 2, 4, 5].map(id => policy(id, `policy${id}`, {})),
      payoutAddresses: [],
    },
    blocks,
  }
}

export const run = (lines: Line[], parts: Parts = {}, options: NaiveOptions = {}) => naiveNodePeriod(archiveOf(lines, parts), options)

/** The only mint; it fails where there is none or more than one. */
export function only(lines: Line[], parts: Parts = {}, options: NaiveOptions = {}): NaiveMint {
  const { mints } = run(lines, parts, options)
  if (mints.length !== 1) throw new Error(`${mints.length} mints, not one`)
  return mints[0]!
}

/** A node that is up all the time: the report at its period's start, the lines given, and the report at the period's end. */
export const whole = (lines: Line[]): Line[] => [[T0, reported(1000)], ...lines, [T0 + PERIOD_SEC, reported(1000 + PERIOD_SEC)]]
