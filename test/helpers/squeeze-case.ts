import { type DemoOptions, generateDemo } from '../../src-main/archive/demo.ts'
import { writeArchive } from '../../src-main/archive/write.ts'
import type { ArchiveHeader, EndSnapshot, GridEvent, PowerState, StartSnapshot } from '../../src-shared/grid.ts'
import { POST_PERIOD_BLOCKS } from '../../src-shared/time.ts'
import { type BlockLine, type Case, feed } from './cases.ts'

/**
 * A golden case with the empty blocks of its period left out, so that its chain has some 17,000 blocks instead of 455,000: times,
 * events and what is minted of them stay as they are, heights move. The blocks after the period keep their distance to its end, which
 * the rules count, and reach to the end of the 27 h where the period is over.
 */
export function squeezeCase(c: Case): Case {
  const first = c.start.block
  const last = c.end.block
  const inside = c.blocks.map(({ n }) => n).filter(n => n > first && n < last)
  // one empty block at both bounds at least, so that they are found by a search
  const end = first + inside.length + 3
  const places = new Map(inside.map((n, i) => [n, first + 2 + i]))
  const moved = (n: number): number => {
    if (n <= first) return n
    if (n >= last) return end + (n - last)
    const place = places.get(n)
    if (place !== undefined) return place
    const below = inside.findLast(other => other < n)
    return below === undefined ? first + 1 : places.get(below)!
  }
  const movedState = (state: PowerState): PowerState => (state === 'Up' ? state : { Down: moved(state.Down) })
  const blocks: BlockLine[] = c.blocks.map(block => ({
    n: moved(block.n),
    ts: block.ts,
    events: block.events.map(event =>
      event[0] === 'TfgridModule.PowerStateChanged' ? [event[0], { ...event[1], power_state: movedState(event[1].power_state) }] : event,
    ),
  }))
  const covered = end + POST_PERIOD_BLOCKS
  const isOver = c.end.ts > c.header.period.end
  if (isOver && c.blocks.at(-1)?.n !== last + POST_PERIOD_BLOCKS && (blocks.at(-1)?.n ?? 0) < covered) {
    const from = blocks.at(-1) && blocks.at(-1)!.n > end ? blocks.at(-1)! : { n: end, ts: c.end.ts }
    blocks.push({ n: covered, ts: from.ts + (covered - from.n) * 6, events: [] })
  }
  return {
    ...c,
    header: { ...c.header, blocks: { first: moved(c.header.blocks.first), last: moved(c.header.blocks.last) } },
    start: { ...c.start, power: c.start.power.map(power => ({ ...power, state: movedState(power.state) })) },
    end: { ...c.end, block: end },
    blocks,
  }
}

export async function writeCase(c: Case, path: string): Promise<void> {
  await writeArchive(path, async sink => {
    sink.header(c.header)
    sink.start(c.start)
    sink.end(c.end)
    feed(c.blocks, sink)
    await sink.drain()
  })
}

/** A made-up grid's period, in memory; for small grids. */
export async function demoCase(options: DemoOptions): Promise<Case> {
  let [header, start, end]: [ArchiveHeader | null, StartSnapshot | null, EndSnapshot | null] = [null, null, null]
  const blocks: BlockLine[] = []
  const add = (event: GridEvent): void => void blocks.at(-1)!.events.push(event)
  await generateDemo(options, {
    header(value) {
      header = value
    },
    start(value) {
      start = value
    },
    end(value) {
      end = value
    },
    block: (n, ts) => void blocks.push({ n, ts, events: [] }),
    uptime: (node_id, now, uptime) => add(['TfgridModule.NodeUptimeReported', { node_id, now, uptime }]),
    consumption: (contract_id, timestamp, window, nru) =>
      add(['SmartContractModule.NruConsumptionReportReceived', { contract_id, timestamp, window, nru }]),
    rare: add,
    drain: async () => {},
  })
  return { name: 'demo', header: header!, start: start!, end: end!, blocks }
}
