import type { QueryOutput } from '../../src-shared/contract.ts'
import type { PeriodSummary } from '../../src-shared/nodes-contract.ts'
import { cleanName } from '../../src-shared/text.ts'
import { formatUtc } from '../../src-shared/time.ts'
import { filterNodes, type Label, type LightNode } from './rows.ts'

type Found = QueryOutput<'search.find'>[number]

/** Where it is looked: the nodes of the latest period, `period`; receipts are found by their hash beforehand. */
export interface SearchedIn {
  period: number
  nodes: LightNode[]
  labels: ReadonlyMap<number, Label>
  periods: PeriodSummary[]
  receipts: { period: number; outcome: Pick<LightNode, 'nodeId' | 'hash'> }[]
}

/**
 * Nodes, farms, periods and receipts that hold the text (in lower case) in what is shown of them, title and detail; nodes also in what else
 * the Nodes page finds them by. First what has it as its id or title, then what begins with it, then the rest; in each the few farms and
 * periods before the many nodes, but a node of exactly that id before all.
 */
export function searchFor(text: string, { period, nodes, labels, periods, receipts }: SearchedIn, limit: number): Found[] {
  const ranks: Found[][] = [[], [], [], []]
  const put = (found: Found, holdsIt = false) => {
    const rank = rankOf(text, found)
    if (rank !== null) ranks[rank]!.push(found)
    else if (holdsIt) ranks[3]!.push(found)
  }
  const farms = new Map<number, string>()
  for (const { farmId, farmName } of nodes) if (!farms.has(farmId)) farms.set(farmId, cleanName(farmName))
  for (const [farmId, name] of farms)
    put({ kind: 'farm', id: String(farmId), title: `Farm ${farmId}: ${name}`, detail: 'Its nodes', nodeId: null, period })
  for (const { index, start, end } of periods)
    put({
      kind: 'period',
      id: String(index),
      title: `Period ${index}`,
      detail: `${dayOf(start)} to ${dayOf(end)}`,
      nodeId: null,
      period: index,
    })
  for (const { period: index, outcome } of receipts)
    put({
      kind: 'receipt',
      id: outcome.hash,
      title: `Receipt ${outcome.hash.slice(0, 16)}…`,
      detail: `Node ${outcome.nodeId}, period ${index}`,
      nodeId: outcome.nodeId,
      period: index,
    })
  const held = new Set(filterNodes(nodes, labels, { search: text }))
  for (const node of nodes) {
    const { nodeId, farmId, stateReason } = node
    const label = cleanName(labels.get(nodeId)?.label ?? '')
    put(
      {
        kind: 'node',
        id: String(nodeId),
        title: label ? `Node ${nodeId}: ${label}` : `Node ${nodeId}`,
        detail: `${farms.get(farmId)} (${farmId}), ${stateReason}`,
        nodeId,
        period,
      },
      held.has(node),
    )
  }
  return ranks.flat().slice(0, limit)
}

/** 0: a node of that id, 1: that very thing, 2: begins with the text, 3: holds it; null: it does not. */
function rankOf(text: string, { kind, id, title, detail }: Found): 0 | 1 | 2 | 3 | null {
  const name = title.toLowerCase()
  const numbered = `${kind} ${id}`
  if (text === id || text === numbered || text === name) return kind === 'node' ? 0 : 1
  if (id.startsWith(text) || name.startsWith(text) || name.startsWith(`${numbered}: ${text}`)) return 2
  return name.includes(text) || detail.toLowerCase().includes(text) ? 3 : null
}

/** `2024-11-30`, UTC. */
function dayOf(ts: number): string {
  return formatUtc(ts).slice(0, 10)
}
