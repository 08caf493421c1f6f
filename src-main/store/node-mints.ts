import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { AppError } from '../../src-shared/errors.ts'
import type { FarmingPolicy } from '../../src-shared/grid.ts'
import type { Problem, Violation } from '../../src-shared/mint.ts'
import type { MintingInfo, MintOutcome, UnitSeconds, Utilization } from '../../src-shared/node-period.ts'
import { writeTransaction } from './db.ts'
import { canonicalJson, exactParse, exactStringify } from './exact-json.ts'
import type { Store } from './open.ts'
import type { NodeMintsTable, NodeRunsTable } from './schema.ts'
import { change, facts, row, rows } from './sql.ts'

/*
 * What rule set node-period gives, by the fixed period whose events it was folded from: the mints that closed in it, and each node's running
 * state after it, from which the next period's run goes on.
 */

/** One run of the fold over one period's events. */
export interface NodeRun {
  period: number
  /** hash of all that it rests on (see nodeRunKey) */
  key: string
  /** the last block that was folded */
  coveredBlock: number
  /** seconds since the epoch */
  computedTs: number
  problems: Problem[]
  /** nodes whose running state is stored, and mints that closed in this period */
  open: number
  mints: number
  /** the buckets (events.ts) that have running states, rising */
  buckets: number[]
}

/** A node's own period that was closed, as lists show it, with its whole record. */
export interface NodeMintRow {
  nodeId: number
  /** the node's own period; seconds since the epoch */
  startTs: number
  endTs: number
  /** the fixed period in which it was closed, and the time of the block that closed it */
  period: number
  closedTs: number
  farmId: number
  farmName: string
  /** whose account gets it; null where the farm is not known */
  farmTwinId: number | null
  policyId: number
  uptimeSec: number
  violation: Violation | null
  outcome: MintOutcome
  /** units of 1e-7 TFT */
  rewardUnits: bigint
  carbonUnits: bigint
  utilization: Utilization
  /** blake2b-256 of `record`, hex: the mint's id */
  hash: string
  /** the canonical JSON */
  record: string
}

export type LightMintRow = Omit<NodeMintRow, 'record'>

/** A node's own period that runs, as if it ended now; for projections. */
export interface OpenRow {
  info: MintingInfo
  policy: FarmingPolicy
  farmName: string
  /** the last accepted report's time */
  lastTs: number
}

/**
 * Names a run by all that it rests on: SHA-256, hex. `digest`: of the period's facts (StoredPeriod); `previous`: the key of the run that it
 * goes on from, null where it begins with the start snapshot alone; `options`: plain data, whatever else changes the result.
 */
export function nodeRunKey(digest: string, previous: string | null, options: unknown): string {
  return createHash('sha256')
    .update(canonicalJson([digest, previous, options]))
    .digest('hex')
}

/**
 * Replaces a period's run with all that belongs to it, in one transaction: after a failure (AppError io.full, ...; whatever `mints` throws)
 * the former one is there as it was. `states` are plain data by bucket; an integer beyond 2^53 comes back as a bigint, any smaller one as a
 * number. A mint that another period's run holds too (one that rests on what was here before) gives way.
 */
export function saveNodeRun(
  store: Store,
  run: Pick<NodeRun, 'period' | 'key' | 'coveredBlock' | 'computedTs' | 'problems'>,
  mints: Iterable<Omit<NodeMintRow, 'period'>>,
  states: ReadonlyMap<number, readonly unknown[]>,
  open: readonly OpenRow[] = [],
): void {
  const db = store.facts
  const { period } = run
  writeTransaction(db, 'facts.db', () => {
    change(db, facts.deleteFrom('node_runs').where('period', '=', period))
    const buckets = [...states.keys()].sort((a, b) => a - b)
    let stored = 0
    for (const list of states.values()) stored += list.length
    const values: NodeRunsTable = {
      period,
      key: run.key,
      covered_block: run.coveredBlock,
      open: stored,
      mints: 0,
      buckets: JSON.stringify(buckets),
      computed_ts: run.computedTs,
      problems: JSON.stringify(run.problems),
    }
    change(db, facts.insertInto('node_runs').values(values))
    const insertState = db.prepare('INSERT INTO node_states (period, bucket, json, crc) VALUES (?, ?, ?, ?)')
    for (const bucket of buckets) {
      const json = exactStringify(states.get(bucket))
      insertState.run(period, bucket, json, checksum(period, bucket, json))
    }
    const insertMint = db.prepare(`INSERT OR REPLACE INTO node_mints VALUES (${Array(17).fill('?').join(',')})`)
    let count = 0
    for (const mint of mints) {
      insertMint.run(
        mint.nodeId,
        mint.startTs,
        mint.endTs,
        period,
        mint.closedTs,
        mint.farmId,
        mint.farmName,
        mint.farmTwinId,
        mint.policyId,
        mint.uptimeSec,
        mint.violation,
        mint.outcome,
        mint.rewardUnits.toString(),
        mint.carbonUnits.toString(),
        JSON.stringify(mint.utilization),
        mint.hash,
        mint.record,
      )
      count++
    }
    const insertOpen = db.prepare('INSERT INTO node_open (period, node_id, json) VALUES (?, ?, ?)')
    for (const row of open) insertOpen.run(period, row.info.nodeId, exactStringify(row))
    change(db, facts.updateTable('node_runs').set({ mints: count }).where('period', '=', period))
  })
}

/** The node periods that run after a fixed period's last known block, by node id; empty where it has no run. */
export function loadOpen(store: Store, period: number): OpenRow[] {
  const query = facts.selectFrom('node_open').select('json').where('period', '=', period).orderBy('node_id')
  return rows(store.facts, query).map(found => {
    const row = exactParse(found.json) as OpenRow
    const { info } = row
    const wide = (use: UnitSeconds): UnitSeconds => ({
      cru: BigInt(use.cru),
      mru: BigInt(use.mru),
      hru: BigInt(use.hru),
      sru: BigInt(use.sru),
    })
    // JSON doesn't tell a small bigint from a number
    return {
      ...row,
      info: { ...info, capacity: wide(info.capacity), used: wide(info.used), ipSec: BigInt(info.ipSec), nruBytes: BigInt(info.nruBytes) },
    }
  })
}

/** A period's run; undefined where there is none. */
export function loadNodeRun(store: Store, period: number): NodeRun | undefined {
  const found = row(store.facts, facts.selectFrom('node_runs').selectAll().where('period', '=', period))
  return found && toRun(found)
}

/** All runs, by period. */
export function listNodeRuns(store: Store): NodeRun[] {
  return rows(store.facts, facts.selectFrom('node_runs').selectAll().orderBy('period')).map(toRun)
}

/**
 * The running states of a bucket's nodes after the period, as they were saved; none for a bucket that has none.
 * Throws AppError mint.missing (the period has no run), store.corrupt.
 */
export function loadNodeStates(store: Store, period: number, bucket: number): unknown[] {
  const run = loadNodeRun(store, period)
  if (!run)
    throw new AppError('mint.missing', `Period ${period} is not computed by rule set node-period yet. Compute it first.`, {
      details: { period },
    })
  if (!run.buckets.includes(bucket)) return []
  const query = facts.selectFrom('node_states').select(['json', 'crc']).where('period', '=', period).where('bucket', '=', bucket)
  const found = row(store.facts, query)
  if (found && found.crc === checksum(period, bucket, found.json)) return exactParse(found.json) as unknown[]
  throw new AppError(
    'store.corrupt',
    `The stored states of nodes after period ${period} are damaged: ${found ? 'the checksum is wrong' : 'some are missing'} (bucket ${bucket}). The books are not touched. Compute the period again by rule set node-period.`,
    { details: { period, bucket } },
  )
}

export interface NodeMintFilter {
  nodeId?: number
  farmId?: number
  /** the fixed period in which they were closed */
  period?: number
  offset: number
  limit: number
}

/** A page of the mints, by node and start, and how many there are in all. */
export function listNodeMints(
  store: Store,
  { nodeId, farmId, period, offset, limit }: NodeMintFilter,
): { rows: NodeMintRow[]; total: number } {
  let query = facts.selectFrom('node_mints')
  if (nodeId !== undefined) query = query.where('node_id', '=', nodeId)
  if (farmId !== undefined) query = query.where('farm_id', '=', farmId)
  if (period !== undefined) query = query.where('period', '=', period)
  const page = query.selectAll().orderBy('node_id').orderBy('start_ts').offset(offset).limit(limit)
  const count = row(
    store.facts,
    query.select(({ fn }) => fn.countAll<number>().as('total')),
  )
  return { rows: rows(store.facts, page).map(toMint), total: count?.total ?? 0 }
}

/** Every mint that was closed in a fixed period, without its record, by node and start: what lists are made of. */
export function mintsOfPeriod(store: Store, period: number): LightMintRow[] {
  const query = facts.selectFrom('node_mints').select(LIGHT).where('period', '=', period).orderBy('node_id').orderBy('start_ts')
  return rows(store.facts, query).map(toLightMint)
}

/** One mint; undefined where the node has none that began then. */
export function nodeMint(store: Store, nodeId: number, startTs: number): NodeMintRow | undefined {
  const query = facts.selectFrom('node_mints').selectAll().where('node_id', '=', nodeId).where('start_ts', '=', startTs)
  const found = row(store.facts, query)
  return found && toMint(found)
}

/** Mints whose hash (hex) begins with `prefix`, at most `limit`. */
export function nodeMintByHash(store: Store, prefix: string, limit = 2): NodeMintRow[] {
  const from = prefix.toLowerCase()
  if (!/^[0-9a-f]{1,64}$/.test(from)) return []
  const query = facts.selectFrom('node_mints').selectAll().where('hash', '>=', from).where('hash', '<', `${from}g`)
  return rows(store.facts, query.orderBy('hash').limit(limit)).map(toMint)
}

/** Drops the runs from a period on: each rests on the one before it. */
export function dropNodeRuns(store: Store, fromPeriod: number): void {
  change(store.facts, facts.deleteFrom('node_runs').where('period', '>=', fromPeriod))
}

function toRun(found: NodeRunsTable): NodeRun {
  return {
    period: found.period,
    key: found.key,
    coveredBlock: found.covered_block,
    computedTs: found.computed_ts,
    problems: JSON.parse(found.problems) as Problem[],
    open: found.open,
    mints: found.mints,
    buckets: JSON.parse(found.buckets) as number[],
  }
}

/** Every column but the record. */
const LIGHT = [
  'node_id',
  'start_ts',
  'end_ts',
  'period',
  'closed_ts',
  'farm_id',
  'farm_name',
  'farm_twin_id',
  'policy_id',
  'uptime_sec',
  'violation',
  'outcome',
  'reward_units',
  'carbon_units',
  'utilization',
  'hash',
] as const satisfies (keyof NodeMintsTable)[]

function toMint(found: NodeMintsTable): NodeMintRow {
  return { ...toLightMint(found), record: found.record }
}

function toLightMint(found: Omit<NodeMintsTable, 'record'>): LightMintRow {
  return {
    nodeId: found.node_id,
    startTs: found.start_ts,
    endTs: found.end_ts,
    period: found.period,
    closedTs: found.closed_ts,
    farmId: found.farm_id,
    farmName: found.farm_name,
    farmTwinId: found.farm_twin_id,
    policyId: found.policy_id,
    uptimeSec: found.uptime_sec,
    violation: found.violation as Violation | null,
    outcome: found.outcome as MintOutcome,
    rewardUnits: BigInt(found.reward_units),
    carbonUnits: BigInt(found.carbon_units),
    utilization: JSON.parse(found.utilization) as Utilization,
    hash: found.hash,
  }
}

function checksum(period: number, bucket: number, json: string): number {
  return crc32(json, crc32(`${period}/${bucket}/`))
}
