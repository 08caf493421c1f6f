import { toAppError } from '../../../src-shared/errors.ts'
import type { GridFarm, GridNode, GridPower } from '../../../src-shared/grid.ts'
import type { LiveNode } from '../../../src-shared/sync.ts'
import { formatDuration } from '../../../src-shared/time.ts'
import { readBlocks } from '../../clients/tfchain/read-blocks.ts'
import { nodesOfFarms, readFarms, readNodes, readPower, type StateReader, stateReader } from '../../clients/tfchain/state.ts'
import type { Chain, ChainEventSink } from '../../clients/tfchain/types.ts'
import { MAX_SLEEP_SEC } from '../../engines/minting/uptime.ts'
import { DOWN_AFTER_SEC, LATE_AFTER_SEC } from '../../engines/projection/standing.ts'
import type { StoredScope } from '../../store/sync-period.ts'
import type { Head } from './period.ts'
import type { Runtimes } from './runtimes.ts'

/** The followed nodes as the chain's storage has them at a block, with the last report of each among the blocks read. */
export interface LiveView {
  asOf: { n: number; ts: number } | null
  nodes: LiveNode[]
}

/** Blocks of 6 s that a node which is not down has reported in. */
const RECENT_BLOCKS = 850
/** Storage is read again after this; of a large grid more rarely, its power events tell what changed in between. */
const REFRESH_SEC = 60
const REFRESH_LARGE_SEC = 1_800
const LARGE_NODES = 200

/**
 * Follows the state of the chosen nodes at the head, apart from the history: the first view rests on storage alone and is there
 * within seconds, then come the recent blocks' reports. `update` takes the next head in; it rejects with AppError chain.*, cancelled.
 */
export function createLive(
  chain: Chain,
  runtimes: Runtimes,
  scope: StoredScope | null,
  signal: AbortSignal,
  onView: (view: LiveView) => void,
): { update(head: Head): Promise<void> } {
  let nodes: GridNode[] = []
  let farms = new Map<number, GridFarm>()
  let powers = new Map<number, GridPower>()
  let contracts = new Map<number, number>()
  const reports = new Map<number, { nowTs: number; uptimeSec: number }>()
  let refreshedTs = Number.NEGATIVE_INFINITY
  let readTo = -1

  async function readState(state: StateReader): Promise<void> {
    const ids = scope && [...new Set([...scope.nodes, ...(await nodesOfFarms(state, scope.farms))])].sort((a, b) => a - b)
    nodes = await readNodes(state, ids)
    const found = ids && nodes.map(node => node.id)
    farms = new Map((await readFarms(state, ids && nodes.map(node => node.farm_id))).map(farm => [farm.id, farm]))
    // since when a sleeping node is down is its block's time, which blocks of 6 s give well enough for a first look
    const timeOfBlock = async (n: number) => state.block.ts - (state.block.n - n) * 6
    powers = new Map((await readPower(state, found, timeOfBlock)).map(power => [power.node_id, power]))
    const active = await (found
      ? state.some('SmartContractModule', 'ActiveNodeContracts', found)
      : state.all('SmartContractModule', 'ActiveNodeContracts'))
    contracts = new Map(active.map(([id, value]) => [id, state.runtime.ids('SmartContractModule', 'ActiveNodeContracts', value).length]))
  }

  const sink = (ts: number): ChainEventSink => ({
    uptime(nodeId, now, uptime) {
      reports.set(nodeId, { nowTs: Number(now), uptimeSec: Number(uptime) })
    },
    consumption() {},
    rare(event) {
      if (event[0] === 'TfgridModule.PowerStateChanged') {
        const { node_id, power_state } = event[1]
        const target = powers.get(node_id)?.target ?? 'Up'
        powers.set(node_id, { node_id, state: power_state, target, ...(power_state !== 'Up' && { down_since_ts: ts }) })
      } else if (event[0] === 'TfgridModule.PowerTargetChanged') {
        const { node_id, power_target } = event[1]
        powers.set(node_id, { node_id, state: 'Up', ...powers.get(node_id), target: power_target })
      }
    },
  })

  async function readRecent(head: Head): Promise<void> {
    const from = Math.max(readTo + 1, head.n - RECENT_BLOCKS + 1, 1)
    if (from > head.n) return
    for (const range of await runtimes.ofBlocks(from, head.n)) {
      const { runtime } = range
      const keys = {
        events: runtime.storageKey('System', 'Events'),
        timestamp: runtime.storageKey('Timestamp', 'Now'),
        parentHash: runtime.storageKey('System', 'ParentHash'),
        number: runtime.storageKey('System', 'Number'),
      }
      await readBlocks(
        chain,
        { from: range.from, to: range.to, parentHash: null, keys, compareShare: 0, signal, priority: 'head' },
        block => {
          runtime.decodeEvents(block.events, sink(Math.floor(block.timestampMs / 1000)), block.n)
        },
      )
    }
    readTo = head.n
  }

  const view = (head: Head): LiveView => ({
    asOf: { n: head.n, ts: head.ts },
    nodes: nodes.map(node => liveNode(node, farms.get(node.farm_id), powers.get(node.id), contracts.get(node.id) ?? 0, head)),
  })

  function liveNode(node: GridNode, farm: GridFarm | undefined, power: GridPower | undefined, running: number, head: Head): LiveNode {
    const report = reports.get(node.id)
    return {
      nodeId: node.id,
      farmId: node.farm_id,
      farmName: farm?.name ?? '',
      ...liveState(power, report?.nowTs ?? null, head.ts, readTo >= 0),
      powerTarget: power?.target ?? 'Up',
      lastReportTs: report?.nowTs ?? null,
      uptimeSec: report?.uptimeSec ?? null,
      certified: node.certification === 'Certified',
      contracts: running,
    }
  }

  return {
    async update(head) {
      const every = nodes.length > LARGE_NODES ? REFRESH_LARGE_SEC : REFRESH_SEC
      if (head.ts - refreshedTs >= every) {
        await readState(stateReader(chain, await runtimes.ofState(head.n, head.hash), head, { signal, priority: 'head' }))
        refreshedTs = head.ts
        if (readTo < 0) onView(view(head))
      }
      try {
        await readRecent(head)
      } finally {
        onView(view(head))
      }
    },
  }
}

/** How a node stands, from its power state and its last report; the same limits as in the period's figures. */
export function liveState(
  power: GridPower | undefined,
  lastReportTs: number | null,
  nowTs: number,
  knowsReports: boolean,
): Pick<LiveNode, 'state' | 'reason'> {
  if (power && power.state !== 'Up') {
    const asleepSec = Math.max(0, nowTs - (power.down_since_ts ?? nowTs))
    if (power.target === 'Up') return { state: 'at-risk', reason: `asked to wake, asleep for ${formatDuration(asleepSec)}` }
    if (asleepSec > MAX_SLEEP_SEC) return { state: 'at-risk', reason: `asleep for ${formatDuration(asleepSec)}: over 24 h is not credited` }
    return { state: 'asleep', reason: `asleep for ${formatDuration(asleepSec)}` }
  }
  if (!knowsReports) return { state: 'unknown', reason: 'its last reports are being read' }
  if (lastReportTs === null) return { state: 'down', reason: `no report for ${formatDuration(RECENT_BLOCKS * 6)} or more` }
  const silentSec = nowTs - lastReportTs
  if (silentSec > DOWN_AFTER_SEC) return { state: 'down', reason: `no report for ${formatDuration(silentSec)}` }
  if (silentSec > LATE_AFTER_SEC) return { state: 'at-risk', reason: `report is late: last one ${formatDuration(silentSec)} ago` }
  return { state: 'up', reason: `reported ${formatDuration(Math.max(0, silentSec))} ago` }
}

/** Whether an update failed for a reason that another try can mend. */
export function isPassing(error: unknown): boolean {
  const { code, retryable } = toAppError(error)
  return retryable || code === 'chain.offline' || code === 'chain.busy'
}
