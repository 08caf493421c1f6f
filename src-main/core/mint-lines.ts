import type { QueryInput } from '../../src-shared/contract.ts'
import { csv } from '../../src-shared/csv.ts'
import type { MintFarm, MintRow, MintRowStage } from '../../src-shared/mints-contract.ts'
import { tftExact } from '../../src-shared/money.ts'
import { compareText } from '../../src-shared/text.ts'
import { PERIOD_SEC } from '../../src-shared/time.ts'
import { mintStage, undecided } from '../engines/minting/triggers.ts'
import type { StoredDecision } from '../store/mint-decisions.ts'
import type { LightMintRow } from '../store/node-mints.ts'
import type { Label } from '../store/settings.ts'

/** A mint without its record, with what was decided about it: what lists, filters, sorts and sums are made of. */
export interface MintLine extends LightMintRow {
  permille: number
  stage: MintRowStage
  decision: StoredDecision | null
}

/** What was decided about the mints of a network, by node. */
export type DecisionsByNode = ReadonlyMap<number, readonly StoredDecision[]>

export function byNode(decisions: Iterable<StoredDecision>): Map<number, StoredDecision[]> {
  const found = new Map<number, StoredDecision[]>()
  for (const decision of decisions) {
    const own = found.get(decision.nodeId)
    if (own) own.push(decision)
    else found.set(decision.nodeId, [decision])
  }
  return found
}

export function mintLine(mint: LightMintRow, decisions: DecisionsByNode): MintLine {
  const own = decisions.get(mint.nodeId) ?? []
  const decision = own.find(({ startTs }) => startTs === mint.startTs) ?? null
  const stage = mintStage(decision?.decision ?? undecided, { id: mint.hash, rewardUnits: mint.rewardUnits })
  const isOpen = stage === 'claimable' || stage === 'failed'
  return {
    ...mint,
    permille: Math.floor((Math.min(mint.uptimeSec, PERIOD_SEC) * 1000) / PERIOD_SEC),
    stage: isOpen && overlapping(mint, own) ? 'overlaps' : stage,
    decision,
  }
}

/**
 * A decided period of the same node that shares seconds with this one but began at another moment: the history was completed or the
 * change-over moved after it was decided. No second may be paid twice (minting.md), so this one can't be paid.
 */
export function overlapping(
  { nodeId, startTs }: Pick<LightMintRow, 'nodeId' | 'startTs'>,
  decisions: readonly StoredDecision[],
): StoredDecision | undefined {
  return decisions.find(
    other =>
      other.nodeId === nodeId &&
      other.startTs !== startTs &&
      Math.abs(other.startTs - startTs) < PERIOD_SEC &&
      other.decision.decided !== null,
  )
}

export type MintFilter = QueryInput<'mints.csv'>

/** The mints that a filter leaves, in their order. The text is looked for in node id, label and farm, and is how an id begins. */
export function filterMints(lines: readonly MintLine[], labels: ReadonlyMap<number, Label>, filter: MintFilter): MintLine[] {
  const { nodeId, farmId, stage } = filter
  const text = filter.search?.trim().toLowerCase() ?? ''
  return lines.filter(line => {
    if (nodeId !== undefined && line.nodeId !== nodeId) return false
    if (farmId !== undefined && line.farmId !== farmId) return false
    if (stage !== undefined && line.stage !== stage) return false
    if (text === '') return true
    const label = labels.get(line.nodeId)?.label ?? ''
    return line.hash.startsWith(text) || `${line.nodeId}\n${label}\n${line.farmId}\n${line.farmName}`.toLowerCase().includes(text)
  })
}

type Sort = NonNullable<QueryInput<'mints.list'>['sort']>

/** What somebody can do something about comes first. */
const stageOrder: Record<MintRowStage, number> = { failed: 0, claimable: 1, decided: 2, overlaps: 3, paid: 4, nothing: 5 }

/** The order of lines that are alike in the column that a list is sorted by: closed last comes first, then by node. */
export function inOrder(lines: MintLine[]): MintLine[] {
  return lines.sort((a, b) => b.closedTs - a.closedTs || a.nodeId - b.nodeId || b.startTs - a.startTs)
}

/** By one column; lines that are alike in it stay in the order in which they are. Never reorders the input. */
export function sortMints(lines: readonly MintLine[], sort: Sort, descending: boolean): MintLine[] {
  const by: Record<Sort, (a: MintLine, b: MintLine) => number> = {
    stage: (a, b) => stageOrder[a.stage] - stageOrder[b.stage],
    nodeId: (a, b) => a.nodeId - b.nodeId,
    farm: (a, b) => compareText(a.farmName, b.farmName) || a.farmId - b.farmId,
    amount: (a, b) => (a.rewardUnits < b.rewardUnits ? -1 : a.rewardUnits > b.rewardUnits ? 1 : 0),
    closed: (a, b) => a.closedTs - b.closedTs,
    uptime: (a, b) => a.uptimeSec - b.uptimeSec,
  }
  const order = by[sort]
  const sign = descending ? -1 : 1
  return [...lines].sort((a, b) => sign * order(a, b))
}

export type MintSums = Pick<MintFarm, 'claimable' | 'claimableUnits' | 'decided' | 'decidedUnits' | 'paid' | 'paidUnits'>

/** What can be claimed, what is decided and waits for its payment, what is paid; amounts that were decided may be others than the mints'. */
export function sumMints(lines: Iterable<MintLine>): MintSums {
  const sums: MintSums = { claimable: 0, claimableUnits: 0n, decided: 0, decidedUnits: 0n, paid: 0, paidUnits: 0n }
  for (const line of lines) addTo(sums, line)
  return sums
}

function addTo(sums: MintSums, line: MintLine): void {
  const decidedUnits = line.decision?.decision.decided?.amountUnits ?? 0n
  if (line.stage === 'claimable' || line.stage === 'failed') {
    sums.claimable++
    sums.claimableUnits += line.rewardUnits
  } else if (line.stage === 'decided') {
    sums.decided++
    sums.decidedUnits += decidedUnits
  } else if (line.stage === 'paid') {
    sums.paid++
    sums.paidUnits += decidedUnits
  }
}

/** By farm, as the mints say whose they were; those with the most to claim first. */
export function farmsOf(lines: Iterable<MintLine>): MintFarm[] {
  const farms = new Map<number, MintFarm & { ids: Set<number> }>()
  for (const line of lines) {
    let farm = farms.get(line.farmId)
    if (!farm) {
      farm = { farmId: line.farmId, name: line.farmName, nodes: 0, mints: 0, ids: new Set(), ...sumMints([]) }
      farms.set(line.farmId, farm)
    }
    farm.name = line.farmName
    farm.mints++
    farm.ids.add(line.nodeId)
    addTo(farm, line)
  }
  return [...farms.values()]
    .map(({ ids, ...farm }) => ({ ...farm, nodes: ids.size }))
    .sort((a, b) => (a.claimableUnits < b.claimableUnits ? 1 : a.claimableUnits > b.claimableUnits ? -1 : a.farmId - b.farmId))
}

export function mintRow(line: MintLine, label: Label | undefined): MintRow {
  const { decision } = line
  const paid = decision?.decision.payments.find(payment => payment.result === 'paid')
  return {
    id: line.hash,
    nodeId: line.nodeId,
    label: label?.label ?? '',
    farmId: line.farmId,
    farmName: line.farmName,
    farmTwinId: line.farmTwinId,
    start: line.startTs,
    end: line.endTs,
    closedTs: line.closedTs,
    uptimeSec: line.uptimeSec,
    permille: line.permille,
    violation: line.violation,
    outcome: line.outcome,
    rewardUnits: line.rewardUnits,
    carbonUnits: line.carbonUnits,
    stage: line.stage,
    decidedUnits: decision?.decision.decided?.amountUnits ?? null,
    votes: decision?.decision.votes.length ?? 0,
    tx: paid?.tx ?? null,
  }
}

/** One line for every mint, with its header; amounts in TFT with 7 decimals, times in seconds. */
export function mintRowsCsv(rows: readonly MintRow[]): string {
  const header = [
    ...['node', 'label', 'farm', 'farm name', 'farm twin', 'period start', 'period end', 'closed', 'uptime s', 'uptime permille'],
    ...['violation', 'outcome', 'amount TFT', 'carbon TFT', 'stage', 'decided TFT', 'transaction', 'mint id'],
  ]
  return csv(
    header,
    rows.map(row => [
      ...[row.nodeId, row.label, row.farmId, row.farmName, row.farmTwinId, row.start, row.end, row.closedTs, row.uptimeSec, row.permille],
      ...[row.violation ?? '', row.outcome, tftExact(row.rewardUnits), tftExact(row.carbonUnits), row.stage],
      ...[row.decidedUnits === null ? '' : tftExact(row.decidedUnits), row.tx ?? '', row.id],
    ]),
  )
}
