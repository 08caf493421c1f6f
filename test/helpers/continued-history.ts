import { createV3Mint, type MintResult } from '../../src-main/engines/minting/v3.ts'
import { type Known, known } from '../../src-main/engines/projection/known.ts'
import { AppError } from '../../src-shared/errors.ts'
import type { GridEvent, U64 } from '../../src-shared/grid.ts'
import type { Explanation, NodeResult } from '../../src-shared/mint.ts'
import { POST_PERIOD_BLOCKS } from '../../src-shared/time.ts'
import { feed } from './cases.ts'
import { clock, PERIOD } from './history-builder.ts'
import type { PlainArchive, PlainBlock } from './naive-v3.ts'

/* A history cut at some moment, as a store has it while the period runs, and ways in which it may go on, as blocks. */

const REPORT_EVERY_SEC = 2_400

export interface Cut {
  /** the whole period's snapshots, with the end snapshot's block the first one past the end */
  archive: PlainArchive
  /** what is known: up to block `last` */
  blocks: PlainBlock[]
  last: number
  result: MintResult
  explanations: Map<number, Explanation>
  time: Known
}

/** The history as it is known `sec` seconds after the period's start; null where it contradicts itself. */
export function cutHistory(whole: PlainArchive, sec: number): Cut | null {
  const { ts, at } = clock(whole.start.ts)
  const endK = at(PERIOD.end + 1)
  const archive = { ...whole, end: { ...whole.end, block: whole.start.block + endK, ts: ts(endK) } }
  const k = Math.max(at(PERIOD.start + sec + 1) - 1, 0)
  const last = whole.start.block + k
  const blocks = whole.blocks.filter(block => block.n <= last)
  const end = k < endK ? { ...archive.end, block: last, ts: ts(k) } : archive.end
  const minted = mintBlocks({ ...archive, end }, blocks, last)
  if (minted === null) return null
  const time = known({ ...PERIOD, completeUntilTs: ts(k), provisional: minted.result.provisional })
  return { archive, blocks, last, ...minted, time }
}

/** The mint of what is known and then `more`, all 16,200 blocks after the period read; null where that contradicts itself. */
export function mintContinued(cut: Cut, more: PlainBlock[]): MintResult | null {
  return mintBlocks(cut.archive, [...cut.blocks, ...more], cut.archive.end.block + POST_PERIOD_BLOCKS)?.result ?? null
}

function mintBlocks(
  archive: Pick<PlainArchive, 'header' | 'start' | 'end'>,
  blocks: PlainBlock[],
  coveredTo: number,
): { result: MintResult; explanations: Map<number, Explanation> } | null {
  const fold = createV3Mint(archive.header, archive.start, archive.end, { resources: 'latest', explain: () => true })
  try {
    feed(blocks, fold)
    const result = fold.finish(coveredTo)
    return { result, explanations: new Map(result.nodes.map(({ nodeId }) => [nodeId, fold.explanation(nodeId)])) }
  } catch (error) {
    if (error instanceof AppError && error.code === 'mint.inconsistent') return null
    throw error
  }
}

/**
 * From the cut on everything goes well: a node that sleeps is asked and boots at once, and reports come every 40 min until the end and once
 * after it. `lostSec`: the first report is of a restart that lost so many seconds, where the node is awake. `backTs`: nothing is heard of it
 * before it boots or wakes at that time.
 */
export function goodEnd(cut: Cut, node: NodeResult, but: { lostSec?: number; backTs?: number } = {}): PlainBlock[] {
  const { ts, at } = clock(cut.archive.start.ts)
  const first = cut.archive.start.block
  const endK = cut.archive.end.block - first
  const nextK = cut.last - first + 1
  const placed: { k: number; event: GridEvent }[] = []
  const put = (k: number, event: GridEvent) => placed.push({ k, event })
  const report = (k: number, now: number, uptime: bigint) =>
    put(k, ['TfgridModule.NodeUptimeReported', { node_id: node.nodeId, now, uptime: u64(uptime) }])
  const ids = { farm_id: 1, node_id: node.nodeId }

  let [lastTs, lastUptime] = lastReport(cut, node)
  let after = cut.time.asOfTs
  if (node.sleepingSinceTs !== null) {
    // it counts as back only where it booted after it fell asleep
    const now = but.backTs ?? Math.max(cut.time.knownToTs, node.sleepingSinceTs + 1)
    const askK = but.backTs === undefined ? nextK : Math.max(at(now), nextK)
    // a node that is marked asleep may be Up on the chain: only one that is Down can be asked to boot
    put(askK, ['TfgridModule.PowerTargetChanged', { ...ids, power_target: 'Down' }])
    put(askK, ['TfgridModule.PowerStateChanged', { ...ids, power_state: { Down: first + askK } }])
    put(askK, ['TfgridModule.PowerTargetChanged', { ...ids, power_target: 'Up' }])
    // nor does it wake in the end block beyond the end: what a report there reaches past it would count
    const wakeK = now > PERIOD.end ? Math.max(askK, endK + 1) : askK
    report(wakeK, now, 0n)
    if (wakeK > endK) return blocksOf(placed, first, ts)
    ;[lastTs, lastUptime] = [now, 0n]
    after = now
  } else if (but.lostSec !== undefined || but.backTs !== undefined) {
    const openSec = but.lostSec === undefined ? 0 : Math.max(after - lastTs, 0)
    const now = 600 + (but.backTs ?? Math.max(lastTs, after) + but.lostSec!)
    report(Math.max(at(now), nextK), now, BigInt(600 + openSec))
    ;[lastTs, lastUptime] = [now, BigInt(600 + openSec)]
  }
  for (;;) {
    const now = Math.max(lastTs + REPORT_EVERY_SEC, after)
    const k = Math.max(at(now), nextK)
    if (now >= PERIOD.end || k > endK) break
    const uptime: bigint = lastUptime + BigInt(now - lastTs)
    report(k, now, uptime)
    ;[lastTs, lastUptime] = [now, uptime]
  }
  const k = Math.max(endK + 1, nextK)
  report(k, ts(k), lastUptime + BigInt(ts(k) - lastTs))
  return blocksOf(placed, first, ts)
}

function blocksOf(placed: { k: number; event: GridEvent }[], first: number, ts: (k: number) => number): PlainBlock[] {
  return [...Map.groupBy(placed, one => one.k)].map(([k, list]) => ({ n: first + k, ts: ts(k), events: list.map(one => one.event) }))
}

/** The report that the rules remember, as the steps of the node's life say it; a long uptime at the period's start where there is none. */
export function lastReport(cut: Cut, node: NodeResult): [ts: number, uptime: bigint] {
  if (node.lastReportTs === null) return [PERIOD.start, 10_000_000n]
  const steps = cut.explanations.get(node.nodeId)!.steps
  const remembered = ['first-report', 'report', 'reboot', 'too-high', 'wake', 'wake-refused', 'post-report', 'post-reboot', 'post-wake']
  // one that is too high is remembered in the period only
  const step = steps.findLast(one => remembered.includes(one.kind) && !(one.kind === 'too-high' && one.rule.includes('after')))
  const uptime = step?.evidence.uptime
  return [node.lastReportTs, typeof uptime === 'number' || typeof uptime === 'string' ? BigInt(uptime) : 0n]
}

function u64(value: bigint): U64 {
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? value : Number(value)
}
