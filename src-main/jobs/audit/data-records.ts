import { AppError } from '../../../src-shared/errors.ts'
import type { NodeResult, ResourceRule } from '../../../src-shared/mint.ts'
import type { AuditedRecords } from '../../../src-shared/receipt-audit.ts'
import { readTransaction } from '../../store/db.ts'
import { findGaps, gapInWords } from '../../store/gaps.ts'
import type { Store } from '../../store/index.ts'
import { arePartsWhole, startParts } from '../../store/mint-input.ts'
import { listPeriods, loadSnapshots, type StoredPeriod } from '../../store/periods.ts'
import { loadReceipts, loadSummaries } from '../../store/results.ts'
import { checkAuditTrail } from '../audit-heads.ts'
import { mintResult } from '../mint.ts'

type Wrong = AuditedRecords['wrong'][number]

/** Examines the audit trail, and the heads of it that were signed here. */
export function examineTrail(store: Store): AuditedRecords {
  const { entries, altered, heads } = checkAuditTrail(store, [])
  const wrong: Wrong[] = []
  if (altered) {
    const name = altered.first === altered.last ? `entry ${altered.first}` : `one of the entries ${altered.first} to ${altered.last}`
    const why = 'It was altered, is missing, or does not follow from the one before. What the trail says before it holds.'
    wrong.push({ name: `${name} of the audit trail`, why })
  }
  for (const head of heads)
    if (head.state === 'forged')
      wrong.push({ name: `signed head of entry ${head.entries} of the audit trail`, why: 'Its signature does not fit what it says.' })
  const signed = heads.at(-1)
  const why =
    entries === 0
      ? 'Nothing was written yet.'
      : `Each entry follows from the one before${signed ? `; signed here up to entry ${signed.entries}` : ''}. Only a head that is held elsewhere shows whether all was written anew.`
  return { kind: 'audit', checked: entries, state: wrong.length > 0 ? 'fails' : 'right', why, wrong }
}

/** What was found of the stored chain data, and by period what makes it unfit to compute with. */
export interface EventRecords extends AuditedRecords {
  unusable: Map<number, string>
}

/** Examines snapshots and events of stored periods: every one's, or those that are asked for. */
export function examineEvents(store: Store, wanted?: ReadonlySet<number>): EventRecords {
  const wrong: Wrong[] = []
  const unusable = new Map<number, string>()
  const note = (period: number, name: string, why: string) => {
    wrong.push({ name, why })
    if (!unusable.has(period)) unusable.set(period, why)
  }
  const periods = listPeriods(store).filter(({ index }) => !wanted || wanted.has(index))
  for (const gap of findGaps(store)) {
    if ((wanted && !wanted.has(gap.period)) || (gap.kind !== 'damaged' && gap.kind !== 'newer')) continue
    note(gap.period, `events of period ${gap.period}, blocks ${gap.fromBlock} to ${gap.toBlock}`, gapInWords(gap))
  }
  for (const period of periods) {
    const why = faultOfStart(store, period)
    if (why !== null) note(period.index, `state at the start or end of period ${period.index}`, why)
  }
  const events = periods.reduce((sum, { events: n }) => sum + n, 0)
  const why = periods.length === 0 ? 'No period is stored here.' : 'They are as they were written, by their checksums.'
  return { kind: 'event', checked: events, state: wrong.length > 0 ? 'fails' : 'right', why, wrong, unusable }
}

function faultOfStart(store: Store, period: StoredPeriod): string | null {
  try {
    loadSnapshots(store, period)
    if (!arePartsWhole(store, period))
      return `The stored start of period ${period.index} is damaged: the checksum of a part of it is wrong.`
    const parts = startParts(store, period)
    parts.common()
    for (const bucket of parts.buckets) parts.part(bucket)
    return null
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'store.corrupt') throw error
    return error.message
  }
}

/** Computes a period anew and compares every figure that the store keeps of it, by node. Throws AppError mint.*, store.*. */
export function examineResults(store: Store, period: StoredPeriod, fallback: ResourceRule): AuditedRecords {
  const kept = loadSummaries(store).find(({ summary }) => summary.index === period.index)
  const none = (why: string): AuditedRecords => ({ kind: 'result', checked: 0, state: 'not-checked', why, wrong: [] })
  if (!kept) return none(`Period ${period.index} was not computed in this store.`)
  if (kept.stale)
    return none(`Period ${period.index} was computed from other data than is stored now. Open Granary, which computes it anew.`)
  const resources = kept.summary.resources ?? fallback
  const { nodes } = readTransaction(store.facts, 'facts.db', () => mintResult(store, period, resources))
  const wrong: Wrong[] = []
  const stored = new Map(readAll(store, period.index).map(node => [node.nodeId, node]))
  for (const node of nodes) {
    const name = `result of node ${node.nodeId}, period ${period.index}`
    const found = stored.get(node.nodeId)
    stored.delete(node.nodeId)
    if (!found) wrong.push({ name, why: 'It is missing in the store.' })
    else {
      const members = otherMembers(node, found)
      if (members.length > 0) wrong.push({ name, why: `${members.join(', ')}: not what the events give. It was changed in the store.` })
    }
  }
  for (const nodeId of stored.keys())
    wrong.push({ name: `result of node ${nodeId}, period ${period.index}`, why: 'The events know no such node.' })
  const { rewardUnits, rewardMusd, paidNodes, violatingNodes } = kept.summary
  const isSum =
    rewardUnits === sum(nodes, node => node.rewardUnits) &&
    rewardMusd === sum(nodes, node => node.rewardMusd) &&
    paidNodes === nodes.filter(node => node.rewardUnits > 0n).length &&
    violatingNodes === nodes.filter(node => node.violation !== null).length
  if (!isSum)
    wrong.push({ name: `sums of period ${period.index}`, why: 'They are not what its receipts come to. They were changed in the store.' })
  const why = 'Every figure that is kept of the period was computed anew from its events.'
  return { kind: 'result', checked: nodes.length, state: wrong.length > 0 ? 'fails' : 'right', why, wrong }
}

const PAGE = 500

function readAll(store: Store, period: number): NodeResult[] {
  const all: NodeResult[] = []
  for (let after = -1; ; ) {
    const page = loadReceipts(store, period, { after, limit: PAGE })
    all.push(...page)
    const last = page.at(-1)
    if (!last || page.length < PAGE) return all
    after = last.nodeId
  }
}

function otherMembers(computed: NodeResult, stored: NodeResult): string[] {
  // the store holds no time beyond this (results.ts)
  const { lastReportTs } = computed
  const should = { ...computed, lastReportTs: lastReportTs === null ? null : Math.min(lastReportTs, Number.MAX_SAFE_INTEGER) }
  return (Object.keys(should) as (keyof NodeResult)[]).filter(name => textOf(should[name]) !== textOf(stored[name]))
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => (typeof member === 'bigint' ? `${member}n` : member)) ?? ''
}

function sum(nodes: readonly NodeResult[], figure: (node: NodeResult) => bigint): bigint {
  return nodes.reduce((total, node) => total + figure(node), 0n)
}
