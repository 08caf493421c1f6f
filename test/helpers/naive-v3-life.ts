import type { EndSnapshot, GridEvent, GridNode, PowerState, PowerTarget, Resources, StartSnapshot, U64 } from '../../src-shared/grid.ts'
import type { Violation } from '../../src-shared/mint.ts'

/* One node's life through a period by rule set v3, event after event; the naive side of the comparison (see naive-v3.ts). */

// "Constants: grace 60 s; report interval 2,400 s; credit cap per report 2,460 s; clock-skew limit 120 s"
const GRACE = 60n
const CAP = 2460n
const SKEW = 120n
// "must be back within 24 h, and boot within 30 min of the wake-up request"
const LONGEST_SLEEP = 86_400n
const LONGEST_BOOT = 1_800n
export interface FourFigures {
  cru: bigint
  mru: bigint
  hru: bigint
  sru: bigint
}

export const min = (...figures: bigint[]) => figures.reduce((a, b) => (a < b ? a : b))
export const max = (...figures: bigint[]) => figures.reduce((a, b) => (a > b ? a : b))
const distance = (a: bigint, b: bigint) => (a > b ? a - b : b - a)
export const four = (r: Resources): FourFigures => ({ cru: BigInt(r.cru), mru: BigInt(r.mru), hru: BigInt(r.hru), sru: BigInt(r.sru) })

/** One event with its place: its position in the list of all events that are read, its block, and whether it lies after the period. */
export interface Placed {
  at: number
  block: number
  ts: bigint
  after: boolean
  event: GridEvent
}

export function nodeIdOf(event: GridEvent): number | null {
  switch (event[0]) {
    case 'TfgridModule.NodeStored':
    case 'TfgridModule.NodeUpdated':
      return event[1].node.id
    case 'TfgridModule.NodeUptimeReported':
    case 'TfgridModule.PowerTargetChanged':
    case 'TfgridModule.PowerStateChanged':
      return event[1].node_id
    default:
      return null
  }
}

/** What the rules hold of one node while they walk its events. */
export interface Life {
  node: GridNode
  least: FourFigures
  powerState: 'Up' | 'Down'
  powerTarget: PowerTarget
  uptime: bigint
  last: { time: bigint; uptime: bigint } | null
  boot: bigint
  violation: Violation | null
  sleepingSince: bigint | null
  bootRequestedAt: bigint | null
  slowBoots: bigint
  storedAt: number
}

export interface Period {
  start: bigint
  end: bigint
  startBlockTs: bigint
}

function born(node: GridNode, storedAt: number): Life {
  return {
    node: { ...node },
    least: four(node.resources),
    // "A node without a power entry is Up with target Up"
    powerState: 'Up',
    powerTarget: 'Up',
    uptime: 0n,
    last: null,
    boot: 0n,
    violation: null,
    sleepingSince: null,
    bootRequestedAt: null,
    slowBoots: 0n,
    storedAt,
  }
}

/** "violation (the first one stays)" */
function violate(life: Life, violation: Violation): void {
  if (life.violation === null) life.violation = violation
}

function lifeAtStart(archive: { start: StartSnapshot; end: EndSnapshot }, nodeId: number, period: Period): Life | null {
  const node = archive.start.nodes.find(candidate => candidate.id === nodeId)
  if (!node) return null
  const life = born(node, -1)
  const power = archive.start.power.find(entry => entry.node_id === nodeId)
  if (!power) return life
  life.powerTarget = power.target
  if (power.state === 'Up') return life
  life.powerState = 'Down'
  if (power.down_since_ts === null || power.down_since_ts === undefined)
    throw new Error(`start snapshot: node ${nodeId} is down, but not since when`)
  // "a node already Down counts as sleeping since its Down block"
  life.sleepingSince = BigInt(power.down_since_ts)
  // "if its target is Up the boot request is the start block's time"
  if (power.target === 'Up') life.bootRequestedAt = period.startBlockTs
  return life
}

export function walk(archive: { start: StartSnapshot; end: EndSnapshot }, nodeId: number, placed: Placed[], period: Period): Life {
  let life = lifeAtStart(archive, nodeId, period)
  for (const p of placed.filter(candidate => nodeIdOf(candidate.event) === nodeId)) {
    const event = p.event
    const where = `block ${p.block}: ${event[0]} of node ${nodeId}`
    // "`NodeStored` for a known id starts that node afresh, its power state too"
    if (event[0] === 'TfgridModule.NodeStored') life = born(event[1].node, p.at)
    else if (life === null)
      continue // only after the period: refused before it
    else if (event[0] === 'TfgridModule.NodeUpdated') update(life, event[1].node)
    else if (event[0] === 'TfgridModule.PowerTargetChanged') target(life, event[1].power_target, p.ts)
    else if (event[0] === 'TfgridModule.PowerStateChanged') state(life, event[1].power_state, p.ts, p.after, where)
    else if (event[0] === 'TfgridModule.NodeUptimeReported') report(life, event[1].now, event[1].uptime, p.after, period, where)
  }
  return life!
}

function update(life: Life, node: GridNode): void {
  // "virtualized never goes back to false"
  const virtualized = life.node.virtualized || node.virtualized
  // "farm, twin, location, certification, policy and connection price follow the event", "ends with the resources of the update"
  life.node = { ...node, virtualized }
  // "the rules' text says the period's minimum"
  const now = four(node.resources)
  life.least = {
    cru: min(life.least.cru, now.cru),
    mru: min(life.least.mru, now.mru),
    hru: min(life.least.hru, now.hru),
    sru: min(life.least.sru, now.sru),
  }
}

function target(life: Life, to: PowerTarget, ts: bigint): void {
  life.powerTarget = to
  // "target Up while the state is Down sets the boot request if none is set"; "a later target Down does not cancel it"
  if (to === 'Up' && life.powerState === 'Down' && life.bootRequestedAt === null) life.bootRequestedAt = ts
}

function state(life: Life, to: PowerState, ts: bigint, after: boolean, where: string): void {
  const from = life.powerState
  life.powerState = to === 'Up' ? 'Up' : 'Down'
  // "state Up alone clears nothing"
  if (life.powerState === 'Up') return
  // "Down to Down is no transition"
  if (from === 'Down') return
  // "State Up -> Down while the target is Down marks sleeping"
  if (life.powerTarget !== 'Down') return
  // "a node still marked sleeping that goes down again keeps its first sleep start and gets no credit"
  if (life.sleepingSince !== null) return
  life.sleepingSince = ts
  // after the period "going to sleep credits nothing and leaves the last report as it is"
  if (after) return
  // "only if there was a report in this period"
  if (life.last === null) return
  // "time running backwards in a sleep" stops the mint
  if (ts < life.last.time) throw new Error(`${where}: it goes to sleep at ${ts}, before its last report at ${life.last.time}`)
  // "credits the time since the last report uncapped"
  life.uptime += ts - life.last.time
  // "Going down sets the remembered report to (block time, uptime 0)"
  life.last = { time: ts, uptime: 0n }
}

function report(life: Life, nowFigure: U64, uptimeFigure: U64, after: boolean, period: Period, where: string): void {
  const now = BigInt(nowFigure)
  const uptime = BigInt(uptimeFigure)
  // "arithmetic that would wrap is an error naming the record": times are counted in signed 64 bits (README-v3.md)
  if (now >= 2n ** 63n || uptime >= 2n ** 63n) throw new Error(`${where}: ${now} and ${uptime} do not fit 63 bits`)
  if (life.sleepingSince !== null && life.bootRequestedAt !== null)
    wake(life, life.sleepingSince, life.bootRequestedAt, now, uptime, after, period, where)
  // "Sleeping without a request, or a request without sleeping: ignore the report"
  else if (life.sleepingSince !== null || life.bootRequestedAt !== null) return
  else if (after) reportAfter(life, now, uptime, period)
  else reportInPeriod(life, now, uptime, period)
}

function reportInPeriod(life: Life, now: bigint, uptime: bigint, period: Period): void {
  // "1. first report in the period"
  if (life.last === null) {
    // "A first report dated before the period start credits `min(uptime, 2460)`"
    if (now < period.start) life.uptime += min(uptime, CAP)
    // "credit `min(now - period.start, uptime, 2460)`"
    else life.uptime += min(now - period.start, uptime, CAP)
    // "remember boot = now - uptime"
    life.boot = now - uptime
    life.last = { time: now, uptime }
    return
  }
  const dr = now - life.last.time
  const du = uptime - life.last.uptime
  // "2. `du > dr + 60`: violation `UptimeTooHigh`; remember the report, credit nothing"
  if (du > dr + GRACE) {
    violate(life, 'UptimeTooHigh')
    life.last = { time: now, uptime }
    return
  }
  // "3. `dr - 60 <= du <= dr + 60`"
  if (dr - GRACE <= du) {
    // "if `|(now-uptime) - boot| >= 120` violation `ClockSkew` (crediting goes on)"
    if (distance(now - uptime, life.boot) >= SKEW) violate(life, 'ClockSkew')
    // "if `du > 0` credit `min(du, 2460)` and remember"
    if (du > 0n) {
      life.uptime += min(du, CAP)
      life.last = { time: now, uptime }
      return
    }
    // "if `du <= 0` fall through to 4"
  }
  // "4. ... `uptime <= dr`: a reboot, credit `min(uptime, 2460)`, new boot time"
  if (uptime <= dr) {
    life.uptime += min(uptime, CAP)
    life.boot = now - uptime
    life.last = { time: now, uptime }
    return
  }
  // "Else `uptime > last.uptime`: violation `UptimeTooLow`, report not remembered. Else violation `InvalidReboot`, not remembered"
  violate(life, uptime > life.last.uptime ? 'UptimeTooLow' : 'InvalidReboot')
}

function wake(
  life: Life,
  sleepStart: bigint,
  requested: bigint,
  now: bigint,
  uptime: bigint,
  after: boolean,
  period: Period,
  where: string,
): void {
  if (after) {
    // "so is every report once the last remembered one is ... (for a wake-up: past the end)"
    if (life.last !== null && life.last.time > period.end) return
    // "time running backwards in a sleep" stops the mint; "a wake-up has no boot-after-sleep test", so this can be
    if (now < sleepStart) throw new Error(`${where}: it wakes at ${now}, before it went to sleep at ${sleepStart}`)
  } else if (now - uptime <= sleepStart) return // "ignore the report while `now - uptime <= sleeping since`"
  // "no credit if it slept more than 24 h (`now - sleep start > 86400`)"
  const tooLong = now - sleepStart > LONGEST_SLEEP
  // "no credit and one slow boot if `(now-uptime) - requested > 1800` (both are tested; the slow boot counts either way)"
  const slow = now - uptime - requested > LONGEST_BOOT
  if (slow) life.slowBoots += 1n
  if (!tooLong && !slow) {
    const from = max(sleepStart, period.start)
    // after the period "a wake-up credits `end - max(start, sleep start)`", of it "only what lies inside the period"
    if (after) life.uptime += max(period.end - from, 0n)
    // a report dated before the period that ends a sleep begun before it: "arithmetic that would wrap is an error"
    else if (now < from) throw new Error(`${where}: it wakes at ${now}, before the period starts`)
    // "else credit the whole sleep (`now - max(sleep start, period start)` ...)"
    else life.uptime += now - from
  }
  // "Clear both marks, remember the report and the new boot"
  life.sleepingSince = null
  life.bootRequestedAt = null
  life.last = { time: now, uptime }
  life.boot = now - uptime
}

function reportAfter(life: Life, now: bigint, uptime: bigint, period: Period): void {
  // "reports of nodes without one in the period are ignored"
  if (life.last === null) return
  // "and so is every report once the last remembered one is at or past the end"
  if (life.last.time >= period.end) return
  const dr = now - life.last.time
  const du = uptime - life.last.uptime
  // "rejected reports leave the remembered one, so the next is judged again"
  if (du > dr + GRACE) {
    violate(life, 'UptimeTooHigh')
    return
  }
  if (dr - GRACE <= du) {
    if (distance(now - uptime, life.boot) >= SKEW) violate(life, 'ClockSkew')
    // "the normal credit is `min(end - last.time, 2460)`, whatever du"
    life.uptime += min(period.end - life.last.time, CAP)
    life.last = { time: now, uptime }
    return
  }
  if (uptime <= dr) {
    // "a reboot credits `uptime - (now - end)` if positive", "capped at 2,460 s"
    life.uptime += min(max(uptime - (now - period.end), 0n), CAP)
    life.boot = now - uptime
    life.last = { time: now, uptime }
    return
  }
  violate(life, uptime > life.last.uptime ? 'UptimeTooLow' : 'InvalidReboot')
}

export function judge(life: Life, archive: { start: StartSnapshot; end: EndSnapshot }, period: Period): void {
  // "An open boot request counts as slow unless its time equals the start block's or is greater than the period's end"
  const open = life.bootRequestedAt
  if (open !== null && open !== period.startBlockTs && open <= period.end) life.slowBoots += 1n
  // "more than one slow boot is the violation `BootRequestExpired`"; "then the slow boots are judged, then the twin"
  if (life.slowBoots > 1n) violate(life, 'BootRequestExpired')
  // "only for nodes with uptime"
  if (life.uptime === 0n) return
  const twin = archive.end.twins.find(candidate => candidate.id === life.node.twin_id)
  if (!twin) violate(life, 'MissingTwin')
  // "an empty relay is none"
  else if (twin.relay === null || twin.relay === '') violate(life, 'MissingRelay')
  // "a public key that is not 33 bytes", "no key at all is fine"
  else if (twin.pk !== null && twin.pk.slice(2).length !== 33 * 2) violate(life, 'InvalidPublicKey')
}
