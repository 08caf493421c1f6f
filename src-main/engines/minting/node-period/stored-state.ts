import { z } from 'zod'
import { AppError } from '../../../../src-shared/errors.ts'
import type { StartSnapshot, U64 } from '../../../../src-shared/grid.ts'
import type { IdTable } from '../../../../src-shared/id-table.ts'
import { violationDetailSchema } from '../../../../src-shared/mint.ts'
import { PERIOD_SEC } from '../../../../src-shared/time.ts'
import { type ChainClock, NONE, type NodeState, settleNode } from './state.ts'

/** A whole figure of any size: a number where it fits one exactly, else its digits. */
const figure = z.union([z.number().int().min(0), z.string().regex(/^\d{1,39}$/), z.bigint().min(0n)])
const resources = z.object({ cru: figure, mru: figure, hru: figure, sru: figure })
const seconds = z.number().int().min(0)

/**
 * A node's running state as plain data: a member of `nodeStates` in an archive's start snapshot. `period` null: no report yet. Seconds
 * since the epoch, resources in cores and bytes, use and capacity in unit-seconds.
 */
const storedStateSchema = z.object({
  node_id: z.number().int().min(0),
  maximum: resources,
  period: z
    .object({
      /** ahead of the last report: the change-over from fixed periods, which is still to come */
      start: z.number().int(),
      farm_id: z.number().int(),
      farming_policy_id: z.number().int(),
      last_ts: seconds,
      last_uptime: figure,
      uptime: seconds,
      minimum: resources,
      capacity: resources,
      used: resources,
      ip_seconds: figure,
      nru_bytes: figure,
      violation: violationDetailSchema.nullable(),
    })
    .nullable(),
})
type StoredState = z.infer<typeof storedStateSchema>

/** Settles the node and gives its state as plain data. */
export function storeState(s: NodeState, clock: ChainClock): StoredState {
  settleNode(s, clock)
  return {
    node_id: s.nodeId,
    maximum: plain(s.maximum),
    period:
      s.startTs === NONE
        ? null
        : {
            start: s.startTs,
            farm_id: s.farmId,
            farming_policy_id: s.policyId,
            last_ts: s.lastTs,
            last_uptime: plainFigure(s.lastUptime),
            uptime: s.uptimeSec,
            minimum: plain(s.minimum),
            capacity: plain(s.capacity),
            used: plain(s.used),
            ip_seconds: plainFigure(s.ipSec),
            nru_bytes: plainFigure(s.nruBytes),
            violation: s.violationDetail,
          },
  }
}

/**
 * Puts a stored state into its node, which the start snapshot must have; a virtual one has none and keeps none. Gives the node's id.
 * AppError `archive.format` for what is no state.
 */
export function restoreState(stored: unknown, states: IdTable<NodeState>, startBlock: number, clock: ChainClock): number {
  const parsed = storedStateSchema.safeParse(stored)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new AppError(
      'archive.format',
      `A member of "nodeStates" in the start snapshot is not a node's running state: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''} (block ${clock.block}). Leave "nodeStates" out to begin every node with its first report.`,
    )
  }
  const { node_id: nodeId, maximum, period } = parsed.data
  const s = states.get(nodeId)
  if (s === undefined) return nodeId
  s.maximum = exact(maximum)
  s.knownToBlock = startBlock
  if (period === null) return nodeId
  s.startTs = period.start
  s.endTs = period.start + PERIOD_SEC
  s.farmId = period.farm_id
  s.policyId = period.farming_policy_id
  s.lastTs = period.last_ts
  s.lastUptime = exactFigure(period.last_uptime)
  s.uptimeSec = period.uptime
  s.minimum = exact(period.minimum)
  s.capacity = wide(period.capacity)
  s.used = wide(period.used)
  s.ipSec = BigInt(period.ip_seconds)
  s.nruBytes = BigInt(period.nru_bytes)
  s.violationDetail = period.violation
  s.violation = period.violation?.violation ?? null
  return nodeId
}

/**
 * Says, once all parts of a fixed period's start were seen, what follows from its lacking running states (interfaces.md, Grid archive), for
 * problems.json. Nothing tells whether the nodes ran before, so it is told wherever there are nodes. `isKnown`: the states come from elsewhere.
 */
export function watchStates(index: number, isKnown = false): { see(part: StartPart): void; gaps(): string[] } {
  let hasNodes = false
  let hasStates = isKnown
  return {
    see({ nodes, nodeStates = [] }) {
      // a virtual node has no state
      hasNodes ||= nodes.some(node => !node.virtualized)
      hasStates ||= nodeStates.length > 0
    },
    gaps() {
      if (hasStates || !hasNodes) return []
      return [
        `The start snapshot of period ${index} has no node's running state, so every node begins with its first report from there on: what it ran before the start is not counted. Nothing is lost where no node ran before. Otherwise import the period before it too and mint from the store, or mint from an archive that granary archive export --node-states wrote.`,
      ]
    },
  }
}
type StartPart = Pick<StartSnapshot, 'nodes' | 'nodeStates'>

type Figures<T> = { cru: T; mru: T; hru: T; sru: T }

function each<A, B>(figures: Figures<A>, map: (figure: A) => B): Figures<B> {
  return { cru: map(figures.cru), mru: map(figures.mru), hru: map(figures.hru), sru: map(figures.sru) }
}

function plainFigure(value: U64): number | string {
  return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value.toString()
}
const plain = (figures: Figures<U64>) => each(figures, plainFigure)

function exactFigure(value: U64 | string): U64 {
  const wideValue = BigInt(value)
  return wideValue <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(wideValue) : wideValue
}
const exact = (figures: Figures<U64 | string>) => each(figures, exactFigure)
const wide = (figures: Figures<U64 | string>) => each(figures, BigInt)
