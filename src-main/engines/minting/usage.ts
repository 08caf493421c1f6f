import type { UseRun } from '../../../src-shared/event-runs.ts'
import type { GridContract, Resources, U64 } from '../../../src-shared/grid.ts'
import { type Clock, checkWidth, type NodeState } from './state.ts'

/** A node contract as the fold follows it. */
export interface ContractState {
  readonly contractId: number
  readonly nodeId: number
  readonly publicIps: number
  /** the node, once it was looked up */
  node: NodeState | null
  resources: Resources
  /** what every report touches, side by side in memory: see LAST_TS, WINDOW_SEC, NRU_BYTES */
  readonly figures: Float64Array
}

/** Time of the block of its creation or of the last report that counted; before all time for one in the start snapshot. */
const LAST_TS = 0
/** Seconds and bytes that counted but are not added up at the node yet; the resources were the same for all of them. */
const WINDOW_SEC = 1
const NRU_BYTES = 2

const NO_RESOURCES: Resources = { cru: 0, mru: 0, hru: 0, sru: 0 }

/** The contract, or null where it is not on a node (a name or a rent). */
export function contractState(contract: GridContract, createdTs: number): ContractState | null {
  const type = contract.contract_type
  if (!('NodeContract' in type)) return null
  const figures = new Float64Array(3)
  figures[LAST_TS] = createdTs
  return {
    contractId: contract.contract_id,
    nodeId: type.NodeContract.node_id,
    publicIps: type.NodeContract.public_ips,
    node: null,
    resources: contract.resources ?? NO_RESOURCES,
    figures,
  }
}

/** Whether a report in a block of time `ts` counts: of several in one block the first does. */
export function countsAt(c: ContractState, ts: number): boolean {
  return ts > c.figures[LAST_TS]!
}

/**
 * Applies an ordinary consumption report and nothing else: of a contract whose node is known, with figures that fit a number. Gives whether
 * it was one. Small, as most reports of a period come through here.
 */
export function applyPlainConsumption(c: ContractState, ts: number, window: number, nru: number): boolean {
  const { figures } = c
  const windowSec = figures[WINDOW_SEC]! + window
  const nruBytes = figures[NRU_BYTES]! + nru
  if (c.node === null || !(windowSec <= Number.MAX_SAFE_INTEGER && nruBytes <= Number.MAX_SAFE_INTEGER)) return false
  figures[LAST_TS] = ts
  figures[WINDOW_SEC] = windowSec
  figures[NRU_BYTES] = nruBytes
  return true
}

/** Applies a run of reports, each of which counts: its first, unless that has counted already, and all that follow it. Gives whether it did. */
export function applyUseRun(c: ContractState, run: UseRun, isFirstTold: boolean): boolean {
  if (isFirstTold) return c.figures[LAST_TS] === run.firstTs && applyPlainConsumption(c, run.lastTs, run.windowSec, run.nruBytes)
  if (!countsAt(c, run.firstTs)) return false
  return applyPlainConsumption(c, run.lastTs, run.firstWindowSec + run.windowSec, run.firstNruBytes + run.nruBytes)
}

/**
 * A consumption report that counts: `used * window` per resource, `public_ips * window` and the bytes go to the node. What fits a
 * number waits at the contract and is multiplied once (see settle). AppError `mint.inconsistent` where a total does not fit.
 */
export function applyConsumption(c: ContractState, node: NodeState, clock: Clock, window: U64, nru: U64): void {
  c.node = node
  if (typeof window === 'number' && typeof nru === 'number' && applyPlainConsumption(c, clock.ts, window, nru)) return
  settle(c, clock)
  c.figures[LAST_TS] = clock.ts
  addWindow(c, node, BigInt(window), clock)
  addBytes(c, node, BigInt(nru), clock)
}

/** Adds what waits at the contract to its node: before its resources change, and at the end. */
export function settle(c: ContractState, clock: Clock): void {
  if (c.node === null) return
  const windowSec = c.figures[WINDOW_SEC]!
  const nruBytes = c.figures[NRU_BYTES]!
  if (windowSec > 0) addWindow(c, c.node, BigInt(windowSec), clock)
  if (nruBytes > 0) addBytes(c, c.node, BigInt(nruBytes), clock)
  dropPending(c)
}

/** Forgets what waits: its node was stored anew. */
export function dropPending(c: ContractState): void {
  c.figures[WINDOW_SEC] = 0
  c.figures[NRU_BYTES] = 0
}

function addWindow(c: ContractState, node: NodeState, windowSec: bigint, clock: Clock): void {
  const record = `contract ${c.contractId} on node ${node.nodeId}`
  const add = (sum: bigint, used: U64, what: string) => checkWidth(sum + BigInt(used) * windowSec, 128, what, record, clock.block)
  node.usedCru = add(node.usedCru, c.resources.cru, 'cru-seconds')
  node.usedMru = add(node.usedMru, c.resources.mru, 'mru-seconds')
  node.usedHru = add(node.usedHru, c.resources.hru, 'hru-seconds')
  node.usedSru = add(node.usedSru, c.resources.sru, 'sru-seconds')
  node.ipSec = checkWidth(node.ipSec + BigInt(c.publicIps) * windowSec, 64, 'IP seconds', record, clock.block)
}

function addBytes(c: ContractState, node: NodeState, bytes: bigint, clock: Clock): void {
  node.nruBytes = checkWidth(node.nruBytes + bytes, 64, 'public traffic', `contract ${c.contractId} on node ${node.nodeId}`, clock.block)
}
