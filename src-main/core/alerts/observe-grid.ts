import type { LiveNode, Scope } from '../../../src-shared/sync.ts'
import { cleanName } from '../../../src-shared/text.ts'
import { FRESH_SEC, formatUtc } from '../../../src-shared/time.ts'
import type { Observation } from '../../engines/alerts/decide.ts'
import { isAccountId } from '../../engines/minting/strkey.ts'
import { known } from '../../engines/projection/known.ts'
import { attentionFor, DOWN_AFTER_SEC, LATE_AFTER_SEC } from '../../engines/projection/standing.ts'
import { type LightNode, timeOf } from '../rows.ts'
import type { LoadedPeriod } from '../view.ts'

/*
 * Nodes and farms as alerts look at them: from the results that are kept for the pages anyway and the nodes at the chain's head. Nothing is folded
 * or fetched for it.
 */

/** A whole grid is nobody's own: more nodes than this are watched only where somebody says which farms are theirs. */
export const WATCHED_WITHOUT_CHOICE = 200
/** How long what is about a period says something of it now (FRESH_SEC is for nodes); after that it is unknown. */
const FRESH_PERIOD_SEC = 2 * 86_400

export interface GridFacts {
  loaded: LoadedPeriod
  live: { asOfTs: number | null; nodes: readonly LiveNode[] }
  labels: ReadonlyMap<number, { label: string }>
  nowTs: number
}

/** Whose nodes are watched: one's own farms, else what is followed; null: all there are, where they are few. */
export function isWatched(
  myFarms: readonly number[],
  scope: Scope | null,
  nodes: number,
): ((node: Pick<LightNode, 'nodeId' | 'farmId'>) => boolean) | null {
  if (myFarms.length > 0) return node => myFarms.includes(node.farmId)
  if (scope !== null && scope !== 'all') return node => scope.farms.includes(node.farmId) || scope.nodes.includes(node.nodeId)
  return nodes <= WATCHED_WITHOUT_CHOICE ? () => true : null
}

/** Everything that is watched of these nodes and their farms. */
export function observeGrid(nodes: readonly LightNode[], facts: GridFacts): Observation[] {
  const live = new Map(facts.live.nodes.map(node => [node.nodeId, node]))
  const farms = new Map(nodes.map(node => [node.farmId, node]))
  return [
    ...nodes.filter(node => !node.virtualized).flatMap(node => observeNode(node, live.get(node.nodeId), facts)),
    ...(facts.loaded.rules === 'v3' ? [...farms.values()].map(node => observeAddress(node, facts)) : []),
  ]
}

type Told = Pick<Observation, 'kind' | 'value' | 'asOfTs' | 'sinceTs' | 'episode' | 'title' | 'reason' | 'wayOut'>

function observeNode(node: LightNode, live: LiveNode | undefined, facts: GridFacts): Observation[] {
  const { loaded, labels } = facts
  const label = cleanName(labels.get(node.nodeId)?.label ?? '')
  const name = markDemo(loaded, label === '' ? `Node ${node.nodeId}` : `Node ${node.nodeId} (${label})`)
  const subject = { network: loaded.stored.network, subject: `node ${node.nodeId}`, href: `/nodes/${node.nodeId}` }
  return [...silence(name, node, live, facts), ...periodFigures(name, node, facts)].map(told => ({ ...told, ...subject }))
}

function markDemo(loaded: LoadedPeriod, name: string): string {
  return loaded.stored.network === 'demo' ? `Demo: ${name}` : name
}

/** How long a node has been silent, and for how long it has slept. */
function silence(name: string, node: LightNode, live: LiveNode | undefined, { loaded, live: head, nowTs }: GridFacts): Told[] {
  const time = known(loaded.summary)
  const asOfTs = Math.max(time.asOfTs, live ? (head.asOfTs ?? 0) : 0)
  const lastTs = later(node.lastReportTs, live?.lastReportTs ?? null)
  const silentSec = nowTs - asOfTs > FRESH_SEC ? null : silentFor(node, live, lastTs, asOfTs, time.startTs)
  const value = silentSec === null ? null : Math.floor(silentSec / 60)
  const last = lastTs === null ? 'It has not reported in this period.' : `Its last report was at ${formatUtc(lastTs)}.`
  const advice = attentionFor(node, node.projection, timeOf(node.projection, time))
  const episode = lastTs === null ? null : String(lastTs)
  const common = { value, asOfTs, sinceTs: lastTs, episode, reason: last }
  const wayOut = (kind: string, usual: string) => (advice?.kind === kind ? advice.wayOut : usual)
  return [
    { ...common, kind: 'node-down', title: `${name} is down`, wayOut: wayOut('down', 'Look whether it has power and a network.') },
    { ...common, kind: 'node-late', title: `${name} is late with its report`, wayOut: wayOut('late', 'Look whether it still runs.') },
    asleep(name, node, wayOut('asleep-long', 'Wake it: a sleep of more than 24 h is not credited.'), { asOfTs: time.asOfTs, nowTs }),
  ]
}

function later(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b)
}

/** 0: it sleeps, or is up as far as its power state says. Null: unknown. */
function silentFor(node: LightNode, live: LiveNode | undefined, lastTs: number | null, asOfTs: number, startTs: number): number | null {
  // at the head a sleeping node shows by its state, between two looks at the results by what they say
  if (live?.state === 'asleep' || (node.sleepingSinceTs !== null && live?.state !== 'up' && live?.state !== 'down')) return 0
  if (lastTs !== null) return asOfTs - lastTs
  if (live?.state === 'unknown') return null
  if (live?.state === 'down') return DOWN_AFTER_SEC
  return live?.state === 'at-risk' ? LATE_AFTER_SEC : asOfTs - startTs
}

function asleep(name: string, { sleepingSinceTs }: LightNode, wayOut: string, { asOfTs, nowTs }: { asOfTs: number; nowTs: number }): Told {
  const hours = sleepingSinceTs === null ? 0 : (asOfTs - sleepingSinceTs) / 3_600
  return {
    ...{ kind: 'asleep-long', value: nowTs - asOfTs > FRESH_SEC ? null : hours, asOfTs, sinceTs: sleepingSinceTs },
    episode: sleepingSinceTs === null ? null : String(sleepingSinceTs),
    title: `${name} sleeps for long`,
    reason: sleepingSinceTs === null ? '' : `It has been asleep since ${formatUtc(sleepingSinceTs)}.`,
    wayOut,
  }
}

/** What a period says of a node: its budget, violations and slow boots. */
function periodFigures(name: string, node: LightNode, { loaded, nowTs }: GridFacts): Told[] {
  const { projection, slowBoots } = node
  const { asOfTs, period, budgetSec, allowedSec, over } = projection
  const isFresh = nowTs - asOfTs <= FRESH_PERIOD_SEC
  const advice = attentionFor(node, projection, timeOf(projection, known(loaded.summary)))
  const wayOut = (kind: string, usual: string) => (advice?.kind === kind ? advice.wayOut : usual)
  const common = { asOfTs, sinceTs: period.start, episode: String(period.start) }
  const violation = node.violation ?? projection.staysUp.violation
  const isBudgetKnown = isFresh && budgetSec !== null && allowedSec !== null && allowedSec > 0 && !over
  const leftPercent = isBudgetKnown ? (Math.max(budgetSec, 0) * 100) / allowedSec : null
  const isMissed = budgetSec !== null && budgetSec < 0
  return [
    {
      ...common,
      ...{ kind: 'budget-low', value: leftPercent },
      title: isMissed ? `${name} misses its SLA` : `${name} has little downtime left`,
      reason: isMissed
        ? 'It was down too long for this period.'
        : `${Math.floor(leftPercent ?? 0)} % of the downtime that this period may have is left.`,
      wayOut: wayOut(isMissed ? 'sla-missed' : 'sla-close', isMissed ? 'This period pays nothing for it.' : 'Keep it up.'),
    },
    {
      ...common,
      ...{ kind: 'violation', value: isFresh ? violation !== null : null },
      title: `${name} pays nothing: ${violation ?? ''}`,
      reason: 'A violation costs the whole payout of this period.',
      wayOut: wayOut('violation', 'See on its page which reports contradict each other.'),
    },
    {
      ...common,
      ...{ kind: 'slow-boot', value: isFresh ? slowBoots : null },
      title: `${name} booted too slowly`,
      reason: `${slowBoots} slow ${slowBoots === 1 ? 'boot' : 'boots'} in this period; the second is a violation.`,
      wayOut: wayOut('slow-boot', 'Make sure that it boots within 30 min of the wake-up request.'),
    },
  ]
}

function observeAddress({ farmId, farmName, payoutAddress }: LightNode, { loaded, nowTs }: GridFacts): Observation {
  const { asOfTs } = known(loaded.summary)
  const isMissing = payoutAddress === ''
  return {
    ...{
      kind: 'address-invalid',
      network: loaded.stored.network,
      subject: `farm ${farmId}`,
      href: '/nodes',
      asOfTs,
      sinceTs: null,
      episode: null,
    },
    value: nowTs - asOfTs > FRESH_PERIOD_SEC ? null : isMissing || !isAccountId(payoutAddress),
    title: markDemo(loaded, `Farm ${farmId} (${cleanName(farmName)}) has no ${isMissing ? '' : 'valid '}payout address`),
    reason: 'What its nodes earn cannot be paid.',
    wayOut: 'Set a Stellar payout address for the farm on the chain.',
  }
}
