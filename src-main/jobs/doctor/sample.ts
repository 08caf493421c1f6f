import { AppError, toAppError } from '../../../src-shared/errors.ts'
import type { EventSink, RareEvent, U64 } from '../../../src-shared/grid.ts'
import { createRandom, type Random } from '../../archive/demo-random.ts'
import { getHashes } from '../../clients/tfchain/hashes.ts'
import type { Chain, ChainEventSink } from '../../clients/tfchain/types.ts'
import type { ChunkHead } from '../../store/codec-head.ts'
import { readTransaction } from '../../store/db.ts'
import { exportChunk, loadHead } from '../../store/events.ts'
import { exactStringify } from '../../store/exact-json.ts'
import type { Store } from '../../store/open.ts'
import { listPeriods, loadSnapshots, type StoredPeriod } from '../../store/periods.ts'
import type { StoredScope } from '../../store/sync-period.ts'
import { createRuntimes, type Runtimes } from '../sync/runtimes.ts'
import { scopeFilter } from '../sync/scope.ts'
import { uintOf, valuesAt } from './chain.ts'
import { count, type Finding, fine, firstOf, problem, unknown } from './finding.ts'

/** A stored block that is to be compared with the chain's. */
interface Sample {
  period: number
  n: number
  /** seconds; null for a block without events of ours, whose time is not stored */
  ts: number | null
  events: string[]
  /** passes the chain's events on as the sync of that period did */
  filter(sink: ChainEventSink): ChainEventSink
}

export interface SampleInput {
  /** how many blocks */
  count: number
  seed: number
  onProgress: (done: number, of: number) => void
}

/** Blocks that are asked for at once. */
const AT_ONCE = 8

/**
 * Fetches stored blocks of synced periods again, half of them blocks with stored events and half any, and compares their events and
 * times with what is stored. The same seed on the same store gives the same blocks. Rejects with AppError store.busy (the sync
 * replaced a period meanwhile), store.corrupt, cancelled.
 */
export async function compareSample(store: Store, chain: Chain, input: SampleInput, signal: AbortSignal): Promise<Finding> {
  const samples = readTransaction(store.facts, 'facts.db', () => takeSamples(store, input))
  if (samples.length === 0) return fine('No period of the chain is stored yet.')
  const runtimes = createRuntimes(chain, null, signal)
  const differences: string[] = []
  const failures: AppError[] = []
  const again = new Set<number>()
  let compared = 0
  for (let i = 0; i < samples.length; i += AT_ONCE) {
    const part = samples.slice(i, i + AT_ONCE)
    // the first of each part alone, so that a runtime that is new is asked for once
    const said = [await compareOne(part[0]!), ...(await Promise.all(part.slice(1).map(compareOne)))]
    for (const [k, found] of said.entries()) {
      if (found instanceof AppError) failures.push(found)
      else compared++
      if (typeof found !== 'string') continue
      differences.push(found)
      again.add(part[k]!.period)
    }
    input.onProgress(Math.min(i + AT_ONCE, samples.length), samples.length)
  }

  async function compareOne(sample: Sample): Promise<string | null | AppError> {
    try {
      return differenceOf(sample, await fetchBlock(chain, runtimes, sample, signal))
    } catch (cause) {
      const error = toAppError(cause)
      if (signal.aborted || error.code === 'cancelled') throw error
      return error
    }
  }

  const seed = `seed ${input.seed}`
  if (differences.length > 0)
    return problem(
      `${differences.length} of ${count(compared, 'block')} differ (${seed}). ${firstOf(differences)}`,
      `Examine once more with other endpoints. If they agree, the store is wrong: move facts.db in the data folder aside and sync again${again.size > 0 ? ` (it is about ${count(again.size, 'period')})` : ''}.`,
    )
  const first = failures[0]
  if (first && first.code === 'chain.undecodable') return problem(`${first.message} (${seed})`, 'Update Granary: a newer one may know it.')
  if (first)
    return unknown(
      `${count(compared, 'block')} of ${samples.length} could be fetched again and are the same (${seed}); the others not: ${first.message}`,
      first.code === 'chain.not-archive'
        ? 'Add an endpoint that keeps old state (an archive node).'
        : 'Examine again later, or add another endpoint.',
    )
  const periods = new Set(samples.map(({ period }) => period)).size
  return fine(`${count(compared, 'block')} of ${count(periods, 'period')} fetched again: the same events as stored (${seed}).`)
}

function takeSamples(store: Store, { count: wanted, seed }: SampleInput): Sample[] {
  const random = createRandom(seed)
  const periods = listPeriods(store).filter(period => period.origin === 'sync' && period.coveredToBlock >= period.startBlock)
  const blocks = (period: StoredPeriod) => period.coveredToBlock - period.startBlock + 1
  const total = periods.reduce((sum, period) => sum + blocks(period), 0)
  const chosen = new Map<StoredPeriod, number>()
  for (let i = 0; i < Math.min(wanted, total); i++) {
    let at = random.below(total)
    const period = periods.find(candidate => {
      at -= blocks(candidate)
      return at < 0
    })!
    chosen.set(period, (chosen.get(period) ?? 0) + 1)
  }
  return [...chosen].flatMap(([period, many]) => samplesOf(store, period, many, random))
}

function samplesOf(store: Store, period: StoredPeriod, many: number, random: Random): Sample[] {
  const { index, importId } = period
  const chunks = store.facts.prepare('SELECT chunks FROM imports WHERE id = ?').pluck().get(importId) as number
  const heads = Array.from({ length: chunks }, (_, chunk) => loadHead(store.facts, importId, index, chunk))
  const withEvents = heads.reduce((sum, head) => sum + head.blocks.length, 0)
  const span = period.coveredToBlock - period.startBlock + 1
  const numbers = new Set<number>()
  if (many >= span) for (let n = period.startBlock; n <= period.coveredToBlock; n++) numbers.add(n)
  // a block that was drawn already is drawn again, but not for ever
  for (let tries = 0; numbers.size < many && tries < many * 20; tries++) {
    const busy = withEvents > 0 && tries % 2 === 0
    numbers.add(busy ? blockAtPlace(heads, random.below(withEvents)) : random.between(period.startBlock, period.coveredToBlock))
  }
  const stored = new Map<number, Recorder>()
  for (const [chunk, head] of heads.entries())
    if (head.blocks.some(n => numbers.has(n))) exportChunk(store.facts, importId, index, chunk, storedSink(numbers, stored))

  const scope = period.scope === null ? null : (JSON.parse(period.scope) as StoredScope)
  const start = scope && loadSnapshots(store, period).start
  const contracts = new Map<number, number>()
  for (const contract of start?.contracts ?? []) {
    const type = contract.contract_type
    if ('NodeContract' in type) contracts.set(contract.contract_id, type.NodeContract.node_id)
    else if ('RentContract' in type) contracts.set(contract.contract_id, type.RentContract.node_id)
  }
  for (const head of heads) for (const [contract, node] of head.contracts) contracts.set(contract, node)
  return [...numbers]
    .sort((a, b) => a - b)
    .map(n => {
      const known = stored.get(n)
      return {
        period: index,
        n,
        ts: known?.ts ?? null,
        events: known?.events ?? [],
        filter: sink => {
          if (!scope || !start) return sink
          // a filter learns as it goes, so that each block gets one of its own
          return scopeFilter(scope, start, null, new Map(contracts), sink)
        },
      }
    })
}

/** Of all blocks with stored events the one at a place. */
function blockAtPlace(heads: readonly ChunkHead[], place: number): number {
  let left = place
  for (const { blocks } of heads) {
    if (left < blocks.length) return blocks[left]!
    left -= blocks.length
  }
  throw new AppError('internal', `There is no block at place ${place}.`)
}

/** Events of one block as texts that are equal for equal events. */
interface Recorder {
  ts: number
  events: string[]
}

function recordInto(target: () => Recorder | null): ChainEventSink {
  return {
    uptime: (nodeId: number, now: U64, uptime: U64) =>
      target()?.events.push(`NodeUptimeReported of node ${nodeId}: time ${now}, uptime ${uptime}`),
    consumption: (contractId: number, timestamp: U64, window: U64, nru: U64) =>
      target()?.events.push(`NruConsumptionReportReceived of contract ${contractId}: time ${timestamp}, window ${window}, nru ${nru}`),
    rare: (event: RareEvent) => target()?.events.push(`${event[0].split('.')[1]} ${exactStringify(sortedMembers(event[1]))}`),
  }
}

function storedSink(numbers: ReadonlySet<number>, stored: Map<number, Recorder>): EventSink {
  let current: Recorder | null = null
  return {
    ...recordInto(() => current),
    block(n, ts) {
      current = numbers.has(n) ? { ts, events: [] } : null
      if (current) stored.set(n, current)
    },
  }
}

/** Members come in the order of the runtime or of the archive's writer: as text they must not differ by it. */
function sortedMembers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedMembers)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, sortedMembers(member)]))
}

interface FetchedBlock {
  ts: number
  events: string[]
}

/** One block as the chain has it, decoded and filtered as the sync does. */
async function fetchBlock(chain: Chain, runtimes: Runtimes, { n, filter }: Sample, signal: AbortSignal): Promise<FetchedBlock> {
  const [range] = await runtimes.ofBlocks(n, n)
  if (!range) throw new AppError('internal', `No runtime was found for block ${n}.`)
  const hash = (await getHashes(chain, [n], { signal })).value[0]!
  const { runtime } = range
  const keys = {
    events: runtime.storageKey('System', 'Events'),
    timestamp: runtime.storageKey('Timestamp', 'Now'),
    number: runtime.storageKey('System', 'Number'),
  }
  const values = await valuesAt(chain, n, hash, Object.values(keys), signal)
  const said = uintOf(values.get(keys.number) ?? null, n)
  if (said !== n)
    throw new AppError('chain.answer', `Asked for block ${n}, the endpoint gave block ${said}. Try another endpoint.`, {
      details: { block: n },
    })
  const ts = Math.floor(uintOf(values.get(keys.timestamp) ?? null, n) / 1000)
  const recorder: Recorder = { ts, events: [] }
  runtime.decodeEvents(Buffer.from((values.get(keys.events) ?? '0x').slice(2), 'hex'), filter(recordInto(() => recorder)), n)
  return { ts, events: recorder.events }
}

/** Null where both are the same, else what differs first, in words. */
function differenceOf({ period, n, ts, events }: Sample, chain: FetchedBlock): string | null {
  const where = `Period ${period}, block ${n}:`
  if (ts !== null && ts !== chain.ts) return `${where} its time is stored as ${ts}, the chain says ${chain.ts}.`
  const length = Math.max(events.length, chain.events.length)
  for (let i = 0; i < length; i++) {
    const [mine, its] = [events[i], chain.events[i]]
    if (mine === its) continue
    if (mine === undefined) return `${where} the chain has an event that is not stored: ${short(its!)}.`
    if (its === undefined) return `${where} an event is stored that the chain does not have: ${short(mine)}.`
    return `${where} stored is ${short(mine)}; the chain has ${short(its)}.`
  }
  return null
}

function short(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}
