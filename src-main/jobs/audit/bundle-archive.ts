import type { ArchiveHeader, EndSnapshot, EventSink, GridNode, RareEvent, StartSnapshot } from '../../../src-shared/grid.ts'
import { archiveText } from '../../archive/write.ts'

/* The grid archive of one node, as an evidence bundle has it: the state that its events are counted from, and those. */

/** A block with what happened to the node in it, to be told to whoever takes events. */
export interface ToldBlock {
  n: number
  ts: number
  told: Told[]
}

export interface Told {
  /** null: a report of uptime or use */
  event: RareEvent | null
  tell(sink: Pick<EventSink, 'uptime' | 'consumption' | 'rare'>): void
}

/** What a node's archive holds. */
export interface NodePart {
  start: StartSnapshot
  end: EndSnapshot
  blocks: ToldBlock[]
}

/** Gathers events by block, and the node as each event leaves it; blocks without an event are left out. */
export function gatherBlocks(): { sink: EventSink; blocks: ToldBlock[]; nodes: GridNode[] } {
  const blocks: ToldBlock[] = []
  const nodes: GridNode[] = []
  let at = { n: 0, ts: 0 }
  const add = (tell: Told['tell'], event: RareEvent | null = null) => {
    if (blocks.at(-1)?.n !== at.n) blocks.push({ ...at, told: [] })
    blocks.at(-1)!.told.push({ tell, event })
  }
  const sink: EventSink = {
    block(n, ts) {
      at = { n, ts }
    },
    uptime: (id, now, uptime) => add(to => to.uptime(id, now, uptime)),
    consumption: (contractId, timestamp, window, nru) => add(to => to.consumption(contractId, timestamp, window, nru)),
    rare(event: RareEvent) {
      add(to => to.rare(event), event)
      if (event[0] === 'TfgridModule.NodeStored' || event[0] === 'TfgridModule.NodeUpdated') nodes.push(event[1].node)
    },
  }
  return { sink, blocks, nodes }
}

/** Tells them again, in their order. */
export function tellBlocks(blocks: readonly ToldBlock[], sink: EventSink): void {
  for (const { n, ts, told } of blocks) {
    sink.block(n, ts)
    for (const each of told) each.tell(sink)
  }
}

export function countEvents(blocks: readonly ToldBlock[]): number {
  return blocks.reduce((sum, { told }) => sum + told.length, 0)
}

/** Of the end only what concerns a node, wherever it was. */
export function endOf(end: EndSnapshot, nodes: readonly Pick<GridNode, 'farm_id' | 'twin_id' | 'farming_policy_id'>[]): EndSnapshot {
  const farmIds = new Set(nodes.map(node => node.farm_id))
  const farms = end.farms.filter(({ id }) => farmIds.has(id))
  const twinIds = new Set([...nodes.map(node => node.twin_id), ...farms.map(farm => farm.twin_id)])
  const policyIds = new Set(nodes.map(node => node.farming_policy_id))
  return {
    ...end,
    farms,
    twins: end.twins.filter(({ id }) => twinIds.has(id)),
    farmingPolicies: end.farmingPolicies.filter(({ id }) => policyIds.has(id)),
    payoutAddresses: end.payoutAddresses.filter(({ farm_id: id }) => farmIds.has(id)),
  }
}

/** The lines of an archive. */
export async function archiveLines(head: Pick<ArchiveHeader, 'network' | 'period' | 'blocks'>, part: NodePart): Promise<string[]> {
  const { start, end, blocks } = part
  const text = await archiveText(async sink => {
    sink.header({ kind: 'header', format: 'grid-archive', version: 1, ...head })
    sink.start(start)
    sink.end(end)
    tellBlocks(blocks, sink)
  })
  return text.trimEnd().split('\n')
}
