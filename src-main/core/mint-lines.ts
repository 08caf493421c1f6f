import type { QueryInput } from '../../src-shared/contract.ts'
import { csv } from '../../src-shared/csv.ts'
import type { Problem, Violation } from '../../src-shared/mint.ts'
import type { MintFarm, MintRow, MintRowStage } from '../../src-shared/mints-contract.ts'
import { tftExact } from '../../src-shared/money.ts'
import type { MintOutcome, NodeMint } from '../../src-shared/node-period.ts'
import { compareText } from '../../src-shared/text.ts'
import { formatUtc, PERIOD_SEC } from '../../src-shared/time.ts'
import { mintStage, undecided } from '../engines/minting/triggers.ts'
import type { StoredDecision } from '../store/mint-decisions.ts'
import type { LightMintRow } from '../store/node-mints.ts'
import type { Label } from '../store/settings.ts'

/** A mint without its record, with what was decided about it: what lists, filters, sorts and sums are made of. */
export interface MintLine extends LightMintRow {
  permille: number
  stage: MintRowStage
  decision: StoredDecision | null
  isGone: false
}

/**
 * A mint that was decided and that the data doesn't give any more: its history was completed, the change-over moved, or the data is not
 * here. What was kept with the decision is known of it.
 */
export interface GoneLine {
  nodeId: number
  startTs: number
  endTs: number
  /** the mint that the decision was about */
  hash: string
  /** null, here and below: it was decided before that was kept */
  farmId: number | null
  farmName: string
  farmTwinId: number | null
  closedTs: number | null
  uptimeSec: number | null
  permille: number | null
  violation: Violation | null
  outcome: MintOutcome | null
  /** the mint's own; where that was not kept, what was decided */
  rewardUnits: bigint
  carbonUnits: bigint | null
  stage: 'decided' | 'paid'
  decision: StoredDecision
  isGone: true
}

/** What a list of all that was minted has. */
export type ListedLine = MintLine | GoneLine

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
    permille: permilleOf(mint.uptimeSec),
    stage: isOpen && overlapping(mint, own) ? 'overlaps' : stage,
    decision,
    isGone: false,
  }
}

function permilleOf(uptimeSec: number): number {
  return Math.floor((Math.min(uptimeSec, PERIOD_SEC) * 1000) / PERIOD_SEC)
}

/** What is decided or paid and is on none of the mints that the data gives: it was paid, or still can be, so it is listed with them. */
export function goneLines(lines: readonly MintLine[], decisions: DecisionsByNode): GoneLine[] {
  const found = new Set(lines.map(({ nodeId, startTs }) => `${nodeId} ${startTs}`))
  return [...decisions.values()].flat().flatMap((stored): GoneLine[] => {
    const { nodeId, startTs, mintId, kept } = stored
    const { decided, payments } = stored.decision
    if (decided === null || found.has(`${nodeId} ${startTs}`)) return []
    return [
      {
        ...{ nodeId, startTs, endTs: startTs + PERIOD_SEC, hash: mintId },
        farmId: kept?.farmId ?? null,
        farmName: kept?.farmName ?? '',
        farmTwinId: kept?.farmTwinId ?? null,
        closedTs: kept?.closedTs ?? null,
        uptimeSec: kept?.uptimeSec ?? null,
        permille: kept ? permilleOf(kept.uptimeSec) : null,
        violation: kept?.violation ?? null,
        outcome: kept?.outcome ?? null,
        rewardUnits: kept?.rewardUnits ?? decided.amountUnits,
        carbonUnits: kept?.carbonUnits ?? null,
        stage: payments.some(({ result }) => result === 'paid') ? 'paid' : 'decided',
        decision: stored,
        isGone: true,
      },
    ]
  })
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

export function overlapText({ nodeId, startTs }: { nodeId: number; startTs: number }, other: StoredDecision | undefined): string {
  const which = other ? `its period from ${formatUtc(other.startTs)}${decidedText(other)}` : 'another of its periods'
  return `Seconds of node ${nodeId}'s period from ${formatUtc(startTs)} are decided already with ${which}, which began at another moment before the data was completed or the change-over moved. No second is paid twice, so this mint can't be paid.`
}

function decidedText({ mintId, decision: { decided, payments } }: StoredDecision): string {
  if (!decided) return ''
  const what = payments.some(({ result }) => result === 'paid') ? 'paid' : 'decided'
  return ` (mint ${mintId.slice(0, 16)}, ${tftExact(decided.amountUnits)} TFT ${what})`
}

/** What problems.json says of mints of which seconds are decided already: paying these would pay them twice. */
export function overlapProblems(mints: readonly NodeMint[], decisions: DecisionsByNode): Problem[] {
  return mints.flatMap(({ info: { nodeId, period }, rewardUnits }): Problem[] => {
    const mint = { nodeId, startTs: period.start }
    const other = rewardUnits > 0n ? overlapping(mint, decisions.get(nodeId) ?? []) : undefined
    return other ? [{ kind: 'overlaps', subject: `node ${nodeId}`, message: overlapText(mint, other) }] : []
  })
}

export type MintFilter = QueryInput<'mints.csv'>

/** The mints that a filter leaves, in their order. The text is looked for in node id, label and farm, and is how an id begins. */
export function filterMints<Line extends ListedLine>(
  lines: readonly Line[],
  labels: ReadonlyMap<number, Label>,
  filter: MintFilter,
): Line[] {
  const { nodeId, farmId, stage } = filter
  const text = filter.search?.trim().toLowerCase() ?? ''
  return lines.filter(line => {
    if (nodeId !== undefined && line.nodeId !== nodeId) return false
    if (farmId !== undefined && line.farmId !== farmId) return false
    if (stage !== undefined && line.stage !== stage) return false
    if (text === '') return true
    const label = labels.get(line.nodeId)?.label ?? ''
    return line.hash.startsWith(text) || `${line.nodeId}\n${label}\n${line.farmId ?? ''}\n${line.farmName}`.toLowerCase().includes(text)
  })
}

type Sort = NonNullable<QueryInput<'mints.list'>['sort']>

/** What somebody can do something about comes first. */
const stageOrder: Record<MintRowStage, number> = { failed: 0, claimable: 1, decided: 2, overlaps: 3, paid: 4, nothing: 5 }

/** The order of lines that are alike in the column that a list is sorted by: closed last comes first, then by node. */
export function inOrder<Line extends ListedLine>(lines: Line[]): Line[] {
  return lines.sort((a, b) => closedAt(b) - closedAt(a) || a.nodeId - b.nodeId || b.startTs - a.startTs)
}

/** It was closed at its end or later. */
function closedAt({ closedTs, endTs }: ListedLine): number {
  return closedTs ?? endTs
}

/** By one column; lines that are alike in it stay in the order in which they are. Never reorders the input. */
export function sortMints<Line extends ListedLine>(lines: readonly Line[], sort: Sort, descending: boolean): Line[] {
  const by: Record<Sort, (a: ListedLine, b: ListedLine) => number> = {
    stage: (a, b) => stageOrder[a.stage] - stageOrder[b.stage],
    nodeId: (a, b) => a.nodeId - b.nodeId,
    farm: (a, b) => compareText(a.farmName, b.farmName) || (a.farmId ?? -1) - (b.farmId ?? -1),
    amount: (a, b) => (a.rewardUnits < b.rewardUnits ? -1 : a.rewardUnits > b.rewardUnits ? 1 : 0),
    closed: (a, b) => closedAt(a) - closedAt(b),
    uptime: (a, b) => (a.uptimeSec ?? -1) - (b.uptimeSec ?? -1),
  }
  const order = by[sort]
  const sign = descending ? -1 : 1
  return [...lines].sort((a, b) => sign * order(a, b))
}

export type MintSums = Pick<MintFarm, 'claimable' | 'claimableUnits' | 'decided' | 'decidedUnits' | 'paid' | 'paidUnits'>

/** What can be claimed, what is decided and waits for its payment, what is paid; amounts that were decided may be others than the mints'. */
export function sumMints(lines: Iterable<ListedLine>): MintSums {
  const sums: MintSums = { claimable: 0, claimableUnits: 0n, decided: 0, decidedUnits: 0n, paid: 0, paidUnits: 0n }
  for (const line of lines) addTo(sums, line)
  return sums
}

function addTo(sums: MintSums, line: ListedLine): void {
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

/** By farm, as the mints say whose they were; those with the most to claim first. Mints whose farm is not known any more are one of their own. */
export function farmsOf(lines: Iterable<ListedLine>): MintFarm[] {
  const farms = new Map<number | null, MintFarm & { ids: Set<number> }>()
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
    .sort((a, b) =>
      a.claimableUnits < b.claimableUnits ? 1 : a.claimableUnits > b.claimableUnits ? -1 : (a.farmId ?? -1) - (b.farmId ?? -1),
    )
}

export function mintRow(line: ListedLine, label: Label | undefined): MintRow {
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
    isGone: line.isGone,
  }
}

/** One line for every mint, with its header; amounts in TFT with 7 decimals, times in seconds. */
export function mintRowsCsv(rows: readonly MintRow[]): string {
  const header = [
    ...['node', 'label', 'farm', 'farm name', 'farm twin', 'period start', 'period end', 'closed', 'uptime s', 'uptime permille'],
    ...['violation', 'outcome', 'amount TFT', 'carbon TFT', 'stage', 'decided TFT', 'transaction', 'mint id', 'in the data'],
  ]
  return csv(
    header,
    rows.map(row => [
      ...[row.nodeId, row.label, row.farmId, row.farmName, row.farmTwinId, row.start, row.end, row.closedTs, row.uptimeSec, row.permille],
      ...[row.violation ?? '', row.outcome, tftExact(row.rewardUnits), exactOr(row.carbonUnits), row.stage],
      ...[exactOr(row.decidedUnits), row.tx ?? '', row.id, row.isGone ? 'no' : 'yes'],
    ]),
  )
}

function exactOr(units: bigint | null): string {
  return units === null ? '' : tftExact(units)
}
