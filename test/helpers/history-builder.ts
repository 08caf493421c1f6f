import type {
  ArchiveHeader,
  ContractType,
  EndSnapshot,
  FarmingPolicy,
  GridContract,
  GridEvent,
  GridNode,
  GridPower,
  GridTwin,
  PayoutAddress,
  PowerTarget,
  Resources,
  U64,
} from '../../src-shared/grid.ts'
import type { PlainArchive, PlainBlock } from './naive-v3.ts'

/* Turns the small parts that random-history.ts draws (moves of nodes, each relative to the one before) into a grid archive. */

export const PERIOD = { index: 80, start: 1_732_971_400, end: 1_735_602_280 }
const START_BLOCK = 1_000_000
const LENGTH = PERIOD.end - PERIOD.start

/** One step in a node's life. Seconds count from the cursor (the block of the move before), `dr` from the report before. */
export type Move =
  /** a report `dr` seconds after the last one, uptime grown by `dr + slack` */
  | { kind: 'report'; dr: number; slack: number }
  /** a report whose uptime grew by `du`, whatever the time */
  | { kind: 'grown'; dr: number; du: number }
  /** a restart: the uptime is `dr + over`, at least 0 */
  | { kind: 'reboot'; dr: number; over: number }
  /** `count` reports, each `interval` seconds and `drift` seconds of uptime more */
  | { kind: 'steady'; count: number; interval: number; drift: number }
  /** a report dated anyhow, with any uptime */
  | { kind: 'odd'; from: 'start' | 'end' | 'here' | 'zero'; offset: number; uptime: bigint }
  /** a report dated so many seconds from the period's end, uptime grown by the time since the last one and `slack` */
  | { kind: 'at end'; offset: number; slack: number }
  | { kind: 'wait'; seconds: number }
  | { kind: 'power'; what: 'target up' | 'target down' | 'state up' | 'state down'; seconds: number }
  | Sleep
  | { kind: 'stored' | 'updated'; seconds: number; change: Partial<GridNode> }
  | { kind: 'created'; contract: number; type: ContractType | 'here' }
  | { kind: 'used'; contract: number; used: Resources }
  /** one or more consumption reports in one block */
  | { kind: 'consumed'; contract: number; seconds: number; times: number; window: U64; nru: U64 }
  /** on to the period's end, or to a block counted from the end block */
  | { kind: 'to end'; seconds: number }
  | { kind: 'to block'; afterEnd: number }

/** A farmerbot's cycle: down, requests, back. */
export interface Sleep {
  kind: 'sleep'
  /** from the last report to the block in which it goes down */
  seconds: number
  /** the state event comes before the target's */
  stateFirst: boolean
  /** a report while it sleeps, `seconds` after it went down */
  reportAfter: number | null
  /** seconds from going down to each wake-up request; none: never asked */
  requests: number[]
  /** a target Down right after the first request */
  secondThoughts: boolean
  /** seconds from going down to the report that ends it; null: never comes back */
  slept: number | null
  /** when it booted, from the first request or from going down */
  bootFrom: 'request' | 'down'
  bootAfter: number
  /** when the state Up comes: before the report, after it, never */
  stateUp: 'before' | 'after' | 'never'
}

/** A sleep about the period's end; seconds count from the end, before it if negative. */
export interface Night {
  down: number
  request: number
  /** the report that ends it; null: never comes back */
  wake: number | null
  bootAfter: number
}

export interface NodePlan {
  node: Omit<GridNode, 'id' | 'twin_id' | 'location' | 'country' | 'city' | 'created'>
  /** it is not in the start snapshot but stored this many seconds in */
  joinsAfter: number | null
  power: { down: boolean; downBefore: number; target: PowerTarget } | null
  /** seconds from the period's start to the first report, and its uptime; null: none */
  first: { seconds: number; uptime: U64 } | null
  moves: Move[]
  /** how it gets from its last move to the period's end */
  fill: 'none' | 'steady' | { sleepBeforeEnd: number; sleep: number } | { permille: number; offset: number } | Night
  /** moves from there on, most of them after the end */
  tail: Move[]
}

export interface Stray {
  where: 'before' | 'in' | 'after' | 'beyond'
  seconds: number
  event: GridEvent
}

export interface HistoryPlan {
  /** from the period's start to the start block */
  startOffset: number
  /** blocks from the first block past the end to the end snapshot's */
  endShift: number
  nodes: NodePlan[]
  contracts: GridContract[]
  strays: Stray[]
  farms: number[]
  policies: FarmingPolicy[]
  /** by node, from the first */
  twins: (Omit<GridTwin, 'id'> | null)[]
  addresses: PayoutAddress[]
}

interface Placed {
  block: number
  event: GridEvent
}

/** Block times: about one in 6 s, never regular. */
export function clock(startTs: number) {
  const ts = (k: number) => (k <= 0 ? startTs + 6 * k : startTs + 6 * k + ((k * 5) % 4))
  /** the first block at or after a time */
  const at = (time: number) => {
    let k = Math.max(0, Math.floor((time - startTs) / 6) - 1)
    while (ts(k) < time) k++
    return k
  }
  return { ts, at }
}

export function buildHistory(plan: HistoryPlan): PlainArchive {
  const startTs = PERIOD.start + plan.startOffset
  const { ts, at } = clock(startTs)
  const endBlock = at(PERIOD.end + 1) + plan.endShift
  const placed: Placed[] = []
  const nodes: GridNode[] = []
  const power: GridPower[] = []

  for (const [index, nodePlan] of plan.nodes.entries()) {
    const id = index + 1
    const where = { location: { latitude: '51.05', longitude: '3.71' }, country: 'Belgium', city: 'Ghent', created: 1_722_971_400 }
    const node: GridNode = { id, twin_id: id, ...where, ...nodePlan.node }
    if (nodePlan.joinsAfter === null) nodes.push(node)
    if (nodePlan.power && nodePlan.joinsAfter === null) {
      const { down, downBefore, target } = nodePlan.power
      const state = down ? { Down: START_BLOCK - Math.floor(downBefore / 6) } : ('Up' as const)
      power.push(down ? { node_id: id, state, down_since_ts: startTs - downBefore, target } : { node_id: id, state, target })
    }
    placed.push(...live(node, nodePlan, { ts, at, endBlock }))
  }

  const strayBlock = { before: -20, in: 0, after: endBlock + 1, beyond: endBlock + 16_201 }
  for (const { where, seconds, event } of plan.strays)
    placed.push({ block: where === 'in' ? Math.min(at(startTs + seconds), endBlock) : strayBlock[where], event })

  const blocks: PlainBlock[] = [...Map.groupBy(placed, p => p.block)]
    .sort(([a], [b]) => a - b)
    .map(([k, inBlock]) => ({ n: START_BLOCK + k, ts: ts(k), events: inBlock.map(p => p.event) }))

  const header: ArchiveHeader = {
    kind: 'header',
    format: 'grid-archive',
    version: 1,
    network: 'test',
    period: PERIOD,
    blocks: { first: START_BLOCK, last: START_BLOCK + endBlock },
  }
  const end: EndSnapshot = {
    kind: 'snapshot',
    at: 'end',
    block: START_BLOCK + endBlock,
    ts: ts(endBlock),
    farms: plan.farms.map(id => ({ id, name: `farm${id}`, twin_id: 10_000 + id })),
    twins: plan.twins.flatMap((twin, index) => (twin ? [{ id: index + 1, ...twin }] : [])),
    farmingPolicies: plan.policies,
    payoutAddresses: plan.addresses,
  }
  const start = {
    kind: 'snapshot' as const,
    at: 'start' as const,
    block: START_BLOCK,
    ts: startTs,
    nodes,
    contracts: plan.contracts,
    power,
  }
  return { header, start, end, blocks }
}

interface Chain {
  ts(block: number): number
  at(time: number): number
  endBlock: number
}

function nightOf(fill: { sleepBeforeEnd: number; sleep: number } | Night): Night {
  if ('down' in fill) return fill
  const wake = fill.sleep - fill.sleepBeforeEnd
  return { down: -fill.sleepBeforeEnd, request: wake - 900, wake, bootAfter: 300 }
}

/** Plays one node's plan; what it gives is in rising order of blocks. */
function live(node: GridNode, plan: NodePlan, chain: Chain): Placed[] {
  const placed: Placed[] = []
  const { ts, at } = chain
  let block = 0
  let lastNow = ts(0)
  let lastUptime = 0n
  const emit = (event: GridEvent) => placed.push({ block, event })
  const forward = (time: number) => {
    block = Math.max(block, at(time))
  }
  const u64 = (n: bigint): U64 => (n > BigInt(Number.MAX_SAFE_INTEGER) ? n : Number(n))
  const report = (now: number, uptime: bigint) => {
    const atLeast0 = uptime < 0n ? 0n : uptime
    emit(['TfgridModule.NodeUptimeReported', { node_id: node.id, now, uptime: u64(atLeast0) }])
    lastNow = now
    lastUptime = atLeast0
  }
  const reportAfter = (dr: number, uptime: bigint) => {
    forward(lastNow + dr)
    report(lastNow + dr, uptime)
  }
  const setTarget = (target: PowerTarget) =>
    emit(['TfgridModule.PowerTargetChanged', { farm_id: node.farm_id, node_id: node.id, power_target: target }])
  const setState = (up: boolean) =>
    emit([
      'TfgridModule.PowerStateChanged',
      { farm_id: node.farm_id, node_id: node.id, power_state: up ? 'Up' : { Down: START_BLOCK + block } },
    ])

  const sleep = (s: Sleep) => {
    forward(lastNow + s.seconds)
    if (s.stateFirst) setState(false)
    setTarget('Down')
    if (!s.stateFirst) setState(false)
    const down = ts(block)
    if (s.reportAfter !== null) {
      forward(down + s.reportAfter)
      report(down + s.reportAfter, lastUptime + BigInt(s.reportAfter))
    }
    let requested = down
    for (const [index, after] of s.requests.entries()) {
      forward(down + after)
      setTarget('Up')
      if (index > 0) continue
      requested = ts(block)
      if (s.secondThoughts) setTarget('Down')
    }
    if (s.slept === null) return
    const now = down + s.slept
    forward(now)
    if (s.stateUp === 'before') setState(true)
    report(now, BigInt(now - ((s.bootFrom === 'request' ? requested : down) + s.bootAfter)))
    if (s.stateUp === 'after') setState(true)
  }

  const play = (move: Move): void => {
    switch (move.kind) {
      case 'report':
        reportAfter(move.dr, lastUptime + BigInt(move.dr + move.slack))
        break
      case 'grown':
        reportAfter(move.dr, lastUptime + BigInt(move.du))
        break
      case 'reboot':
        reportAfter(move.dr, BigInt(Math.max(0, move.dr + move.over)))
        break
      case 'steady':
        for (let i = 0; i < move.count; i++) reportAfter(move.interval, lastUptime + BigInt(move.interval + move.drift))
        break
      case 'odd': {
        const from = { start: PERIOD.start, end: PERIOD.end, here: ts(block), zero: 0 }[move.from]
        report(Math.max(0, from + move.offset), move.uptime)
        break
      }
      case 'at end': {
        const now = PERIOD.end + move.offset
        reportAfter(now - lastNow, lastUptime + BigInt(now - lastNow + move.slack))
        break
      }
      case 'wait':
        forward(ts(block) + move.seconds)
        break
      case 'power':
        forward(ts(block) + move.seconds)
        if (move.what === 'target up' || move.what === 'target down') setTarget(move.what === 'target up' ? 'Up' : 'Down')
        else setState(move.what === 'state up')
        break
      case 'sleep':
        sleep(move)
        break
      case 'stored':
      case 'updated':
        forward(ts(block) + move.seconds)
        emit([move.kind === 'stored' ? 'TfgridModule.NodeStored' : 'TfgridModule.NodeUpdated', { node: { ...node, ...move.change } }])
        break
      case 'created': {
        const type = move.type === 'here' ? { NodeContract: { node_id: node.id, public_ips: 1 } } : move.type
        emit(['SmartContractModule.ContractCreated', { contract: { contract_id: move.contract, twin_id: 99, contract_type: type } }])
        break
      }
      case 'used':
        emit(['SmartContractModule.UpdatedUsedResources', { contract_id: move.contract, used: move.used }])
        break
      case 'consumed':
        forward(ts(block) + move.seconds)
        for (let i = 0; i < move.times; i++)
          emit([
            'SmartContractModule.NruConsumptionReportReceived',
            { contract_id: move.contract, timestamp: 1 + i, window: move.window, nru: move.nru },
          ])
        break
      case 'to end':
        forward(PERIOD.end + move.seconds)
        break
      case 'to block':
        block = Math.max(block, chain.endBlock + move.afterEnd)
        break
    }
  }

  if (plan.joinsAfter !== null) {
    forward(ts(0) + plan.joinsAfter)
    emit(['TfgridModule.NodeStored', { node }])
    lastNow = ts(block)
  }
  if (typeof plan.fill === 'object' && 'permille' in plan.fill) {
    // a measured uptime to the second: a first report that credits nothing, then asleep at the time that makes up the rest
    const wanted = Math.ceil((LENGTH * plan.fill.permille) / 1000) + plan.fill.offset
    const down = at(PERIOD.end - 3000)
    forward(ts(down) - wanted)
    report(ts(down) - wanted, 0n)
    block = Math.max(block, down)
    setTarget('Down')
    setState(false)
  } else {
    if (plan.first) {
      forward(PERIOD.start + plan.first.seconds)
      report(PERIOD.start + plan.first.seconds, BigInt(plan.first.uptime))
    }
    for (const move of plan.moves) play(move)
    // a report dated long ago must not be made up for, report by report
    if (lastNow < PERIOD.start) lastNow = ts(block)
    if (plan.fill === 'steady') while (lastNow + 2400 < PERIOD.end) reportAfter(2400, lastUptime + 2400n)
    else if (plan.fill !== 'none') {
      const { down, request, wake, bootAfter } = nightOf(plan.fill)
      forward(PERIOD.end + down)
      const since = ts(block) - PERIOD.end
      sleep({
        kind: 'sleep',
        seconds: ts(block) - lastNow,
        stateFirst: false,
        reportAfter: null,
        requests: [Math.max(0, request - since)],
        secondThoughts: false,
        slept: wake === null ? null : Math.max(0, wake - since),
        bootFrom: 'request',
        bootAfter,
        stateUp: 'before',
      })
    }
  }
  for (const move of plan.tail) play(move)
  return placed
}
