import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { AppError } from '../../src-shared/errors.ts'
import type { ContractType, EndSnapshot, StartSnapshot } from '../../src-shared/grid.ts'
import type { StartPart, StartState } from '../engines/minting/v3.ts'
import { BUCKET_BITS } from './codec-bucket.ts'
import { writeTransaction } from './db.ts'
import { exactParse, exactStringify, isPlainJson } from './exact-json.ts'
import type { Store } from './open.ts'
import { loadSnapshots, replaced, type StoredPeriod } from './periods.ts'

/*
 * What a mint reads of a period besides its events. The start snapshot is stored once more in parts, by bucket as the events are
 * (events.ts): 64 nodes with their power and contracts. So one node's page, or a thread that mints some nodes, reads only what it needs.
 */

/** The part that says which others there are, and the block of the snapshot. */
const BASE = -1
/** The part with what belongs to no node; apart, as every page of a node reads the base. */
const COMMON = -2
/** Version 2 has the rents, each node's running state and what belongs to no node; version 1, which didn't name itself, had none of them. */
const PARTS_VERSION = 2
interface Base {
  version: typeof PARTS_VERSION
  block: number
  ts: number
  buckets: number[]
  /** no part has a figure that JSON.parse does not hold: known once, it need not be looked for with every mint; stores from before lack it */
  isPlain?: boolean
}
/** How the text of a base of this version begins: enough to tell it from others without reading it. */
const BASE_BEGINS = `{"version":${PARTS_VERSION},`

/** What belongs to no node of a start snapshot, for rule set node-period; a member that the snapshot lacks is lacking. */
export type CommonStart = Pick<StartSnapshot, 'connectionPrice' | 'farms' | 'farmingPolicies'>
/** 64 nodes at the start, with their node contracts and rents; `nodeStates` only where the snapshot has some of these nodes. */
export type StoredPart = StartPart & Pick<StartSnapshot, 'nodeStates'>

/** The start snapshot by bucket; a part is read when it is asked for. */
export interface StartParts {
  block: number
  ts: number
  /** those that have a part, rising */
  buckets: number[]
  /** Throws AppError store.corrupt, store.busy (replaced meanwhile). */
  part(bucket: number): StoredPart
  /** Throws as `part` does. */
  common(): CommonStart
}

/** Writes the parts of an import's start snapshot in place of what is there, inside the caller's transaction. */
export function saveStartParts(store: Store, importId: number, start: StartSnapshot): void {
  const parts = partsOf(start)
  store.facts.prepare('DELETE FROM start_parts WHERE import_id = ?').run(importId)
  const insert = store.facts.prepare('INSERT INTO start_parts (import_id, bucket, json, crc) VALUES (?, ?, ?, ?)')
  let isPlain = true
  const save = (bucket: number, value: Base | CommonStart | StoredPart): void => {
    const json = exactStringify(value)
    isPlain &&= isPlainJson(json)
    insert.run(importId, bucket, json, checksum(importId, bucket, json))
  }
  save(COMMON, commonOf(start))
  for (const [bucket, part] of parts) save(bucket, part)
  const base: Base = { version: PARTS_VERSION, block: start.block, ts: start.ts, buckets: rising(parts), isPlain }
  save(BASE, base)
}

function commonOf({ connectionPrice, farms, farmingPolicies }: StartSnapshot): CommonStart {
  return {
    ...(connectionPrice !== undefined && { connectionPrice }),
    ...(farms && { farms }),
    ...(farmingPolicies && { farmingPolicies }),
  }
}

function partsOf(start: StartState & Pick<StartSnapshot, 'nodeStates'>): Map<number, StoredPart> {
  const parts = new Map<number, StoredPart>()
  const partOf = (nodeId: number): StoredPart => {
    const bucket = nodeId >>> BUCKET_BITS
    let part = parts.get(bucket)
    if (!part) {
      part = { nodes: [], contracts: [], power: [] }
      parts.set(bucket, part)
    }
    return part
  }
  for (const node of start.nodes) partOf(node.id).nodes.push(node)
  for (const power of start.power) partOf(power.node_id).power.push(power)
  for (const contract of start.contracts) {
    const nodeId = nodeOfContract(contract.contract_type)
    if (nodeId !== null) partOf(nodeId).contracts.push(contract)
  }
  for (const state of start.nodeStates ?? []) {
    const nodeId = nodeOfState(state)
    if (nodeId === null) continue
    const part = partOf(nodeId)
    part.nodeStates ??= []
    part.nodeStates.push(state)
  }
  return parts
}

function rising(parts: Map<number, unknown>): number[] {
  return [...parts.keys()].sort((a, b) => a - b)
}

/** Whether a period's snapshot is there in parts; those of stores from before are not, until the period is computed again. */
export function hasStartParts(store: Store, period: StoredPeriod): boolean {
  const select = store.facts.prepare('SELECT json FROM start_parts WHERE import_id = ? AND bucket = ?').pluck()
  const base = select.get(period.importId, BASE) as string | undefined
  return base?.startsWith(BASE_BEGINS) ?? false
}

/** Writes the parts where a store from before lacks them. Throws AppError store.*, io.full. */
export function ensureStartParts(store: Store, period: StoredPeriod): void {
  if (hasStartParts(store, period)) return
  const { start } = loadSnapshots(store, period)
  writeTransaction(store.facts, 'facts.db', () => saveStartParts(store, period.importId, start))
}

/** The period's start by bucket, also where a store from before lacks the parts. Throws AppError store.corrupt, store.busy. */
export function startParts(store: Store, period: StoredPeriod): StartParts {
  if (!hasStartParts(store, period)) {
    const { start } = loadSnapshots(store, period)
    const parts = partsOf(start)
    const part = (bucket: number): StoredPart => parts.get(bucket) ?? { nodes: [], contracts: [], power: [] }
    return { block: start.block, ts: start.ts, buckets: rising(parts), part, common: () => commonOf(start) }
  }
  // as bytes: a text would be turned into bytes again for its checksum
  const select = store.facts.prepare('SELECT CAST(json AS BLOB) AS json, crc FROM start_parts WHERE import_id = ? AND bucket = ?')
  let parse: (json: string) => unknown = exactParse
  const load = (bucket: number): unknown => {
    const found = select.get(period.importId, bucket) as { json: Buffer; crc: number } | undefined
    if (found && found.crc === checksum(period.importId, bucket, found.json)) return parse(found.json.toString())
    // an import that is gone takes its parts with it
    if (!store.facts.prepare('SELECT 1 FROM imports WHERE id = ?').get(period.importId)) throw replaced(period)
    const first = bucket * 2 ** BUCKET_BITS
    const nodes = bucket < 0 ? 'what belongs to no node' : `nodes ${first} to ${first + 2 ** BUCKET_BITS - 1}`
    throw new AppError(
      'store.corrupt',
      `The stored start snapshot of period ${period.index} is damaged: ${found ? 'the checksum of' : 'it lacks'} ${nodes}${found ? ' is wrong' : ''}. The books are not touched. Move facts.db in the data folder aside and import the archives again.`,
      { details: { period: period.index, bucket } },
    )
  }
  const { block, ts, buckets, isPlain } = load(BASE) as Base
  if (isPlain) parse = JSON.parse
  let common: CommonStart | null = null
  return {
    block,
    ts,
    buckets,
    part: bucket => load(bucket) as StoredPart,
    common() {
      common ??= load(COMMON) as CommonStart
      return common
    },
  }
}

/** Whether every part that is stored has its checksum, also one of a form that is not read any more. */
export function arePartsWhole(store: Store, period: StoredPeriod): boolean {
  const found = store.facts.prepare('SELECT bucket, json, crc FROM start_parts WHERE import_id = ?').iterate(period.importId)
  for (const { bucket, json, crc } of found as Iterable<{ bucket: number; json: string; crc: number }>)
    if (crc !== checksum(period.importId, bucket, json)) return false
  return true
}

/**
 * What the buckets `from` to `to` had at the period's start. Throws AppError store.corrupt, store.busy (replaced meanwhile).
 */
export function loadStart(store: Store, period: StoredPeriod, from: number, to: number): StartState {
  const { block, ts, buckets, part } = startParts(store, period)
  const state: StartState = { block, ts, nodes: [], contracts: [], power: [] }
  for (const bucket of buckets) {
    if (bucket < from || bucket > to) continue
    const { nodes, contracts, power } = part(bucket)
    for (const node of nodes) state.nodes.push(node)
    for (const contract of contracts) state.contracts.push(contract)
    for (const one of power) state.power.push(one)
  }
  return state
}

/** The start state with only some nodes and what belongs to them. */
export function startOf(start: StartState, wanted: (nodeId: number) => boolean): StartState {
  return {
    block: start.block,
    ts: start.ts,
    nodes: start.nodes.filter(node => wanted(node.id)),
    power: start.power.filter(power => wanted(power.node_id)),
    contracts: start.contracts.filter(contract => {
      const nodeId = nodeOfContract(contract.contract_type)
      return nodeId !== null && wanted(nodeId)
    }),
  }
}

/** Names are on no node; rents only count by rule set node-period, v3 passes over them. */
function nodeOfContract(type: ContractType): number | null {
  if ('NodeContract' in type) return type.NodeContract.node_id
  return 'RentContract' in type ? type.RentContract.node_id : null
}

/**
 * The node of a running state as an archive carries it; the rest of its form is the rule set's. One that names no node has no part, it stays
 * in the whole snapshot.
 */
function nodeOfState(state: unknown): number | null {
  if (typeof state !== 'object' || state === null || !('node_id' in state)) return null
  const { node_id: nodeId } = state
  return typeof nodeId === 'number' && nodeId >>> 0 === nodeId ? nodeId : null
}

function checksum(importId: number, bucket: number, json: string | Buffer): number {
  return crc32(json, crc32(`${importId}/${bucket}/`))
}

/** The end snapshot alone. Throws AppError store.corrupt, store.busy (replaced meanwhile). */
export function loadEnd(store: Store, period: StoredPeriod): EndSnapshot {
  const select = "SELECT end_hash, CAST(json AS BLOB) AS json FROM imports JOIN snapshots ON import_id = id AND part = 'end' WHERE id = ?"
  const found = store.facts.prepare(select).get(period.importId) as { end_hash: string; json: Buffer } | undefined
  if (!found) throw replaced(period)
  if (found.end_hash !== createHash('sha256').update(found.json).digest('hex'))
    throw new AppError(
      'store.corrupt',
      `The stored end snapshot of period ${period.index} is damaged: its checksum is wrong. The books are not touched. Move facts.db in the data folder aside and import the archives again.`,
      { details: { period: period.index } },
    )
  return exactParse(found.json.toString()) as EndSnapshot
}
