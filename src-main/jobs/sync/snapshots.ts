import type { EndSnapshot, StartSnapshot } from '../../../src-shared/grid.ts'
import { areIndependent, countIndependent, endpointName } from '../../../src-shared/verify.ts'
import { differsError, orAway } from '../../clients/tfchain/check-block.ts'
import type { AskOptions } from '../../clients/tfchain/scheduler.ts'
import type { Chain } from '../../clients/tfchain/types.ts'
import { canonicalJson } from '../../store/exact-json.ts'

/*
 * Whose word a period's snapshots are: nodes, farms, policies, prices and payout addresses decide what is paid and to whom, so two
 * independent endpoints are asked for them where there are two.
 */

type Snapshot = StartSnapshot | EndSnapshot

/** Listens to who answers; `by` are the endpoints whose word all of it is: none where it came from several in pieces. */
export function listenTo(): AskOptions & { by(): string[] } {
  const urls = new Set<string>()
  return {
    answeredBy: url => urls.add(url),
    by: () => (urls.size === 1 ? [...urls].map(endpointName) : []),
  }
}

/** Whether two independent endpoints told it alike. */
export function isConfirmed(told: readonly string[]): boolean {
  return countIndependent(told) >= 2
}

/**
 * Asks other endpoints for a snapshot, until two independent ones have told it alike; gives those that did. One that is away, or has thrown
 * that state away, is left out. Rejects with AppError chain.differs (one says something else), cancelled.
 * @param told the endpoints whose word on it this is already
 */
export async function confirmSnapshot<T extends Snapshot>(
  chain: Chain,
  told: readonly string[],
  snapshot: T,
  readFrom: (endpoint: string) => Promise<T>,
): Promise<string[]> {
  const known = [...told]
  const ready = chain.ready()
  if (!isConfirmed([...known, ...ready])) return known
  for (const url of ready) {
    if (isConfirmed(known)) break
    if (known.some(other => !areIndependent(other, url))) continue
    const other = await orAway(readFrom(url), true)
    if (!other) continue
    const what = differenceOf(snapshot, other)
    if (what !== null) throw differsError(snapshot.block, known[0] ?? 'what is stored here', url, what)
    known.push(endpointName(url))
  }
  return known
}

/** Lists of a snapshot: what one entry is called, and the member that names it. */
const lists = [
  ['nodes', 'node', 'id'],
  ['contracts', 'contract', 'contract_id'],
  ['power', 'the power of node', 'node_id'],
  ['farms', 'farm', 'id'],
  ['twins', 'twin', 'id'],
  ['farmingPolicies', 'farming policy', 'id'],
  ['payoutAddresses', 'the payout address of farm', 'farm_id'],
] as const

/** The first thing in which two snapshots of one block are not the same, in words; null: they are. */
export function differenceOf(a: Snapshot, b: Snapshot): string | null {
  const [one, other] = [a, b] as unknown as Record<string, unknown>[]
  for (const [member, name, key] of lists) {
    const [mine, theirs] = [one?.[member] ?? [], other?.[member] ?? []] as Record<string, unknown>[][]
    const known = new Map(theirs?.map(entry => [entry[key], canonicalJson(entry)]))
    const differing = mine?.find(entry => known.get(entry[key]) !== canonicalJson(entry))
    if (differing) return `${name} ${String(differing[key])}`
    const ids = new Set(mine?.map(entry => entry[key]))
    const more = theirs?.find(entry => !ids.has(entry[key]))
    if (more) return `${name} ${String(more[key])}`
  }
  return canonicalJson(a) === canonicalJson(b) ? null : 'its time or the connection price'
}
