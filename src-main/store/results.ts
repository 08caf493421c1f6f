import type { DayTally, NodeResult, Outlook, Violation } from '../../src-shared/mint.ts'
import type { PeriodSummary } from '../../src-shared/nodes-contract.ts'
import { writeTransaction } from './db.ts'
import type { Store } from './open.ts'
import type { StoredPeriod } from './periods.ts'
import type { NodeResultsTable } from './schema.ts'
import { change, facts, rows } from './sql.ts'

/** A node's result without its bulky parts. */
export type NodeOutcome = Omit<NodeResult, 'receipt' | 'overviewLine' | 'days'>

/** A period's summary, and whether the period was imported anew since it was computed. */
export interface StoredSummary {
  summary: PeriodSummary
  stale: boolean
}

/**
 * Replaces a period's results. `period` is the stored period that they were computed from.
 * Throws AppError io.full and others; the former results stay then.
 */
export function saveResults(store: Store, period: StoredPeriod, summary: PeriodSummary, nodes: readonly NodeResult[]): void {
  const db = store.facts
  writeTransaction(db, 'facts.db', () => {
    deleteResults(store, period.index)
    const insertNode = db.prepare(`INSERT INTO node_results VALUES (${Array(24).fill('?').join(',')})`)
    const insertText = db.prepare('INSERT INTO node_texts VALUES (?, ?, ?, ?, ?)')
    for (const node of nodes) {
      insertNode.run(
        period.index,
        node.nodeId,
        node.twinId,
        node.farmId,
        node.farmName,
        node.payoutAddress,
        node.policyId,
        node.certified ? 1 : 0,
        node.virtualized ? 1 : 0,
        node.country,
        node.city,
        node.violation,
        node.measuredUptimeSec,
        node.slowBoots,
        // a node may report any figure as its time; beyond this it would not even be a whole number for the table
        node.lastReportTs === null ? null : Math.min(node.lastReportTs, Number.MAX_SAFE_INTEGER),
        node.sleepingSinceTs,
        node.rewardMusd.toString(),
        node.rewardUnits.toString(),
        node.fullMusd.toString(),
        node.fullUnits.toString(),
        node.slaPermille,
        node.scaled ? 1 : 0,
        node.hash,
        node.outlook && JSON.stringify(node.outlook),
      )
      insertText.run(period.index, node.nodeId, node.receipt, node.overviewLine, packDays(node.days))
    }
    const text = JSON.stringify({ ...summary, rewardUnits: summary.rewardUnits.toString(), rewardMusd: summary.rewardMusd.toString() })
    const values = { period: period.index, facts_digest: period.digest, summary: text }
    change(db, facts.insertInto('period_results').values(values))
  })
}

/** Takes a period's results out: what they were computed from is not there any more, and what is gives none. */
export function dropResults(store: Store, index: number): void {
  writeTransaction(store.facts, 'facts.db', () => deleteResults(store, index))
}

/** Takes a period's results out; the caller holds the transaction. */
function deleteResults(store: Store, index: number): void {
  for (const table of ['period_results', 'node_results', 'node_texts'] as const)
    change(store.facts, facts.deleteFrom(table).where('period', '=', index))
}

/** The summaries of all periods that were minted, by index. */
export function loadSummaries(store: Store): StoredSummary[] {
  const query = facts
    .selectFrom('period_results')
    .leftJoin('imports', join => join.onRef('imports.period', '=', 'period_results.period').on('imports.state', '=', 'current'))
    .select(['summary', 'facts_digest', 'digest'])
    .orderBy('period_results.period')
  return rows(store.facts, query).map(found => {
    const parsed = JSON.parse(found.summary) as PeriodSummary
    const summary = { ...parsed, rewardUnits: BigInt(parsed.rewardUnits), rewardMusd: BigInt(parsed.rewardMusd) }
    return { summary, stale: found.digest !== found.facts_digest }
  })
}

/** All nodes of a period by id, without receipts and days. Empty where it was not minted. */
export function loadNodeRows(store: Store, index: number): NodeOutcome[] {
  return rows(store.facts, facts.selectFrom('node_results').selectAll().where('period', '=', index).orderBy('node_id')).map(toOutcome)
}

/** Whole results, receipts and all, by node id: of the given nodes, else a page of all (for files: page through with `after`). */
export function loadReceipts(
  store: Store,
  index: number,
  which: { nodeIds: readonly number[] } | { after: number; limit: number },
): NodeResult[] {
  const select =
    'SELECT r.*, t.receipt, t.overview_line, t.days FROM node_results r JOIN node_texts t ON t.period = r.period AND t.node_id = r.node_id WHERE r.period = ?'
  const found =
    'nodeIds' in which
      ? store.facts
          .prepare(`${select} AND r.node_id IN (SELECT value FROM json_each(?)) ORDER BY r.node_id`)
          .all(index, JSON.stringify(which.nodeIds))
      : store.facts.prepare(`${select} AND r.node_id > ? ORDER BY r.node_id LIMIT ?`).all(index, which.after, which.limit)
  return (found as (NodeResultsTable & { receipt: string; overview_line: string; days: Buffer })[]).map(whole => ({
    ...toOutcome(whole),
    receipt: whole.receipt,
    overviewLine: whole.overview_line,
    days: unpackDays(whole.days),
  }))
}

/** Seconds up, asleep and down by day, of the given nodes. */
export function loadDays(store: Store, index: number, nodeIds: readonly number[]): Map<number, DayTally> {
  const found = store.facts
    .prepare('SELECT node_id, days FROM node_texts WHERE period = ? AND node_id IN (SELECT value FROM json_each(?))')
    .all(index, JSON.stringify(nodeIds)) as { node_id: number; days: Buffer }[]
  return new Map(found.map(({ node_id, days }) => [node_id, unpackDays(days)]))
}

/** What each minted period gave one node, by period. */
export function receiptsOfNode(store: Store, nodeId: number): { period: number; outcome: NodeOutcome }[] {
  const query = facts.selectFrom('node_results').selectAll().where('node_id', '=', nodeId).orderBy('period')
  return rows(store.facts, query).map(found => ({ period: found.period, outcome: toOutcome(found) }))
}

/** Receipts whose hash (hex) begins with `prefix`, at most `limit`. */
export function findReceiptByHash(store: Store, prefix: string, limit: number): { period: number; outcome: NodeOutcome }[] {
  const from = prefix.toLowerCase()
  if (!/^[0-9a-f]{1,64}$/.test(from)) return []
  const query = facts
    .selectFrom('node_results')
    .selectAll()
    .where('hash', '>=', from)
    .where('hash', '<', `${from}g`)
    .orderBy('hash')
    .limit(limit)
  return rows(store.facts, query).map(found => ({ period: found.period, outcome: toOutcome(found) }))
}

function toOutcome(found: NodeResultsTable): NodeOutcome {
  return {
    nodeId: found.node_id,
    twinId: found.twin_id,
    farmId: found.farm_id,
    farmName: found.farm_name,
    payoutAddress: found.payout_address,
    policyId: found.policy_id,
    certified: found.certified === 1,
    virtualized: found.virtualized === 1,
    country: found.country,
    city: found.city,
    violation: found.violation as Violation | null,
    measuredUptimeSec: found.measured_uptime_sec,
    slowBoots: found.slow_boots,
    lastReportTs: found.last_report_ts,
    sleepingSinceTs: found.sleeping_since_ts,
    rewardMusd: BigInt(found.reward_musd),
    rewardUnits: BigInt(found.reward_units),
    fullMusd: BigInt(found.full_musd),
    fullUnits: BigInt(found.full_units),
    slaPermille: found.sla_permille,
    scaled: found.scaled === 1,
    outlook: found.outlook === null ? null : (JSON.parse(found.outlook) as Outlook),
    hash: found.hash,
  }
}

/** Three lists of 32-bit figures, one after the other. */
function packDays(days: DayTally): Buffer {
  return Buffer.from(Int32Array.of(...days.up, ...days.asleep, ...days.down).buffer)
}

function unpackDays(data: Buffer): DayTally {
  const figures = new Int32Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength))
  const days = figures.length / 3
  return {
    up: [...figures.subarray(0, days)],
    asleep: [...figures.subarray(days, 2 * days)],
    down: [...figures.subarray(2 * days)],
  }
}
