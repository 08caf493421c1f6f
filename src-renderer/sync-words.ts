import type { Status } from '../src-shared/contract.ts'
import type { NodeState } from '../src-shared/nodes-contract.ts'
import type {
  DoctorCheck,
  EndpointState,
  LiveNode,
  Network,
  Scope,
  SyncConfig,
  SyncEstimate,
  SyncPeriod,
  SyncPhase,
  SyncState,
} from '../src-shared/sync.ts'
import { cleanName } from '../src-shared/text.ts'
import { formatDuration } from '../src-shared/time.ts'
import { formatAge, formatClock, formatCount } from './format.ts'
import { bytesText } from './pages/upload.ts'
import { texts } from './texts.ts'

/** What the screens of the sync say in words; apart from React, so that it can be tested. Times are seconds since the epoch. */

const words = texts.sync

/** The shape beside a phase. Offline is a normal state and no fault: it is neither `down` nor `at risk`. */
export const phaseStates: Record<SyncPhase, NodeState> = {
  off: 'unknown',
  connecting: 'unknown',
  backfilling: 'unknown',
  following: 'up',
  offline: 'unknown',
  paused: 'asleep',
  halted: 'down',
}

/** `about 3 min left`, `less than a minute left` */
function leftText(sec: number): string {
  const time = roughDuration(sec)
  return time === words.soon ? words.leftSoon : words.left(time)
}

/** A time to wait for, no finer than it is known: minutes below a day, hours above. */
export function roughDuration(sec: number): string {
  if (sec < 60) return words.soon
  return formatDuration(sec < 86_400 ? Math.round(sec / 60) * 60 : Math.round(sec / 3600) * 3600)
}

/** A share from 0 to 1 in whole per cent, cut: 100 % stands only for all of it. */
export function percentText(fraction: number): string {
  return `${Math.floor(fraction * 100)} %`
}

/** The one sentence of the Sync page: whether this machine is up to date, and if not, for how long. */
export function headline(state: SyncState, nowTs: number): { title: string; text: string } {
  const title = words.phases[state.phase]
  switch (state.phase) {
    case 'off':
      return { title, text: state.config ? words.offReady : words.offText }
    case 'connecting':
      return { title, text: state.detail || words.connectingText }
    case 'backfilling': {
      const time = state.secondsLeft === null ? null : leftText(state.secondsLeft)
      const share = state.fraction === null ? null : percentText(state.fraction)
      return { title: [title, [share, time].filter(Boolean).join(', ')].filter(Boolean).join(': '), text: state.detail }
    }
    case 'following':
      return { title, text: words.followingText }
    case 'offline': {
      const heard = state.head ? words.offlineHeard(formatClock(state.head.ts, nowTs), formatAge(state.head.ts, nowTs)) : words.offlineNever
      return { title, text: words.offlineText(heard) }
    }
    case 'paused':
      return { title: state.fraction === null ? title : `${title}: ${percentText(state.fraction)}`, text: words.pausedText }
    case 'halted':
      return { title: words.haltedTitle, text: state.halt?.message ?? state.detail }
  }
}

/** The sync in the status bar, a few words: `catching up, 43 %, 25 min left`, `last block 14:03, offline`. */
export function barText(sync: Status['sync'], nowTs: number): string {
  const lastTs = sync.headTs ?? sync.storedTs
  const clock = lastTs === null ? null : formatClock(lastTs, nowTs)
  const share = sync.fraction === null ? '' : percentText(sync.fraction)
  switch (sync.phase) {
    case 'off':
      return words.bar.off
    case 'connecting':
      return words.bar.connecting
    case 'backfilling': {
      const time = sync.secondsLeft === null ? '' : `${roughDuration(sync.secondsLeft)} ${words.bar.left}`
      return [words.bar.backfilling, share, time].filter(Boolean).join(', ')
    }
    case 'following':
      return clock === null ? words.bar.followingNoBlock : words.bar.following(clock)
    case 'offline':
      return clock === null ? words.bar.offlineNoBlock : words.bar.offline(clock)
    case 'paused':
      return [words.bar.paused, share].filter(Boolean).join(', ')
    case 'halted':
      return words.bar.halted
  }
}

/** At the head of a chain whose blocks come every 6 s, this much is no lag. */
const FRESH_SEC = 120

/**
 * What the overview says in one line while its figures do not reach the chain's head; null where there is nothing to say:
 * nothing is followed, or all is here.
 */
export function behindText(sync: Status['sync'], nowTs: number): string | null {
  const until = sync.storedTs === null ? null : formatClock(sync.storedTs, nowTs)
  const known = until === null ? words.behind.nothing : words.behind.until(until)
  switch (sync.phase) {
    case 'off':
      return null
    case 'connecting':
      return words.behind.connecting
    case 'following':
      return sync.storedTs !== null && sync.headTs !== null && sync.headTs - sync.storedTs > FRESH_SEC ? known : null
    case 'backfilling': {
      const more = [
        words.behind.backfilling,
        sync.fraction === null ? null : percentText(sync.fraction),
        sync.secondsLeft === null ? null : leftText(sync.secondsLeft),
      ].filter(Boolean)
      return `${known} ${more.join(', ')}.`
    }
    case 'offline': {
      const lastTs = sync.storedTs ?? sync.headTs
      return lastTs === null ? words.behind.offlineNothing : words.behind.offline(formatClock(lastTs, nowTs))
    }
    case 'paused':
      return `${words.behind.paused} ${known}`
    case 'halted':
      return [words.behind.halted, sync.message, known].filter(Boolean).join(' ')
  }
}

/** What was chosen to follow, with the names that are known by now (the chain's, not cleaned; empty: not known). */
export interface Choice {
  farms: { farmId: number; name: string }[]
  nodes: { nodeId: number; farmId: number | null; farmName: string }[]
}

/** `3 nodes of Alder Farm (12)`, `farm Alder Farm (12) and node 99`, `the whole grid`: what stands on the button that begins it. */
export function choiceText(choice: 'all' | Choice): string {
  if (choice === 'all') return words.setup.wholeGrid
  const { farms, nodes } = choice
  const parts: string[] = []
  if (farms.length === 1) parts.push(farmText(farms[0]!))
  else if (farms.length === 2) parts.push(farms.map(farmText).join(' and '))
  else if (farms.length > 2) parts.push(`${formatCount(farms.length)} farms`)
  const [first] = nodes
  if (first && nodes.length === 1) parts.push(`node ${first.nodeId}`)
  else if (first) {
    const ofOneFarm = first.farmId !== null && nodes.every(node => node.farmId === first.farmId)
    const farm = ofOneFarm ? ` of ${farmTitle({ farmId: first.farmId!, name: first.farmName })}` : ''
    parts.push(`${formatCount(nodes.length)} nodes${farm}`)
  }
  return parts.length === 0 ? words.setup.nothing : parts.join(' and ')
}

/** A farm's name with its id, or its id alone: `Alder Farm (12)`, `Farm 12`. */
export function farmTitle(farm: { farmId: number; name: string }): string {
  return words.setup.farm(cleanName(farm.name), farm.farmId)
}

function farmText(farm: { farmId: number; name: string }): string {
  return cleanName(farm.name) === '' ? `farm ${farm.farmId}` : farmTitle(farm)
}

/** The scope as the core takes it; null while nothing is chosen. A node of a chosen farm is not named twice. */
export function choiceScope(choice: 'all' | Choice): Scope | null {
  if (choice === 'all') return 'all'
  const farms = [...new Set(choice.farms.map(farm => farm.farmId))].sort((a, b) => a - b)
  const nodes = [...new Set(choice.nodes.filter(node => node.farmId === null || !farms.includes(node.farmId)).map(node => node.nodeId))]
  return farms.length + nodes.length === 0 ? null : { farms, nodes: nodes.sort((a, b) => a - b) }
}

/** The choice that a stored scope is, with the farms' names where they are known. */
export function scopeChoice(scope: Scope, names: ReadonlyMap<number, string>): 'all' | Choice {
  if (scope === 'all') return 'all'
  return {
    farms: scope.farms.map(farmId => ({ farmId, name: names.get(farmId) ?? '' })),
    nodes: scope.nodes.map(nodeId => ({ nodeId, farmId: null, farmName: '' })),
  }
}

/** `about 2.1 GB to fetch, 25 min, 9.0 MB on disk` */
export function costText(estimate: Pick<SyncEstimate, 'bytes' | 'seconds' | 'storeBytes'>): string {
  return words.setup.cost(bytesText(estimate.bytes), roughDuration(estimate.seconds), bytesText(estimate.storeBytes))
}

/** How much of a period is here, 0 to 1, by blocks or, where these are not known, by time; null where it has not begun. */
export function periodFraction(period: SyncPeriod, headTs: number | null): number | null {
  const { firstBlock, lastBlock, coveredToBlock, coveredToTs } = period
  const share =
    firstBlock !== null && lastBlock !== null && coveredToBlock !== null && lastBlock > firstBlock
      ? (coveredToBlock - firstBlock) / (lastBlock - firstBlock)
      : coveredToTs !== null
        ? (coveredToTs - period.start) / (Math.min(period.end, headTs ?? period.end) - period.start)
        : null
  return share === null || Number.isNaN(share) ? null : Math.min(Math.max(share, 0), 1)
}

/** What is not all here yet is unknown, not wrong. */
export const periodStates: Record<SyncPeriod['state'], NodeState> = {
  waiting: 'unknown',
  filling: 'unknown',
  running: 'up',
  settling: 'unknown',
  complete: 'up',
}

export const endpointStates: Record<EndpointState['state'], NodeState> = {
  unused: 'unknown',
  connecting: 'unknown',
  ready: 'up',
  failing: 'at-risk',
  refused: 'down',
}

/** How far the blocks that were read are vouched for by a second endpoint. */
export function comparedText(state: Pick<SyncState, 'comparedBlocks' | 'readBlocks' | 'endpoints' | 'config'>): string {
  if (state.comparedBlocks > 0) return words.rests.comparedText(formatCount(state.comparedBlocks), formatCount(state.readBlocks))
  if (state.endpoints.length < 2) return words.rests.comparedNone
  return state.config?.compareShare === 0 ? words.rests.comparedOff : words.rests.comparedNotYet
}

/** The order in which a glance should find them. */
export const worstFirst: NodeState[] = ['down', 'at-risk', 'unknown', 'asleep', 'up']

/** How many of the nodes are in each state. */
export function countStates(nodes: readonly LiveNode[]): Record<NodeState, number> {
  const counts: Record<NodeState, number> = { up: 0, 'at-risk': 0, down: 0, asleep: 0, unknown: 0 }
  for (const node of nodes) counts[node.state]++
  return counts
}

const liveKeys: Record<string, (node: LiveNode) => number | string> = {
  node: node => node.nodeId,
  state: node => worstFirst.indexOf(node.state),
  farm: node => cleanName(node.farmName).toLowerCase(),
  target: node => node.powerTarget,
  lastReport: node => node.lastReportTs ?? -1,
  uptime: node => node.uptimeSec ?? -1,
  contracts: node => node.contracts,
}

/** The nodes ordered by a column of the live table; equal ones by their id. An unknown column orders by state, worst first. */
export function sortLive(nodes: readonly LiveNode[], sort: { id: string; descending: boolean }): LiveNode[] {
  const key = liveKeys[sort.id] ?? liveKeys.state!
  return [...nodes].sort((a, b) => {
    const [left, right] = [key(a), key(b)]
    const order = left < right ? -1 : left > right ? 1 : 0
    return (sort.descending ? -order : order) || a.nodeId - b.nodeId
  })
}

/** running: everything so far is known, and the period is not over. filling: history comes in. partial: over, and the data ends before. */
export type Standing = 'running' | 'filling' | 'partial' | 'provisional' | 'final'

/**
 * What a period's results are worth. The store calls a period running while not all of it is known; whether it still runs is said by
 * the sync's own list or, for what it does not follow, by the clock (the chain's head where that was heard of). The demo's clock
 * stands where its data ends.
 */
export function periodStanding(
  period: { index: number; running: boolean; provisional: boolean; end: number },
  world: { sync: Pick<SyncState, 'periods' | 'head'> | undefined; demo: boolean; nowTs: number },
): Standing {
  if (!period.running) return period.provisional ? 'provisional' : 'final'
  const followed = world.sync?.periods.find(one => one.index === period.index)
  if (followed?.state === 'waiting' || followed?.state === 'filling') return 'filling'
  if (followed?.state === 'running' || world.demo) return 'running'
  // all of it is here, and the mint that says so is under way
  if (followed) return 'provisional'
  return period.end > (world.sync?.head?.ts ?? world.nowTs) ? 'running' : 'partial'
}

/** What an examination came to, in a sentence. */
export function examinationText(checks: readonly Pick<DoctorCheck, 'state'>[]): string {
  const count = (state: DoctorCheck['state']) => checks.filter(check => check.state === state).length
  const [problems, unknown] = [count('problem'), count('unknown')]
  if (checks.length === 0) return words.doctor.noChecks
  const parts = [
    problems > 0 ? words.doctor.problems(problems) : unknown === 0 ? words.doctor.fine(checks.length) : words.doctor.restFine,
    unknown > 0 ? words.doctor.unknown(unknown) : null,
  ]
  return `${parts.filter(Boolean).join('; ')}.`
}

/** What sync.estimate is asked. */
export type EstimateInput = Pick<SyncConfig, 'network' | 'scope' | 'periods'>

/**
 * What the set-up shows at first: what is followed already; else the network of the store, else the first that is known, with chosen
 * farms, two periods back (the running one and the last that paid), and one block of twenty compared.
 */
export function setupDefaults(config: SyncConfig | null, networks: readonly Network[], storeNetwork: string | null): SyncConfig {
  if (config) return config
  const network = networks.find(one => one.name === storeNetwork) ?? networks[0]
  return { network: network?.name ?? 'main', scope: { farms: [], nodes: [] }, periods: 2, compareShare: 0.05 }
}
