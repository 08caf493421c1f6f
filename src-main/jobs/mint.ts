import { readFileSync } from 'node:fs'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import type { ArchiveHeader, ArchiveSink, EndSnapshot, StartSnapshot } from '../../src-shared/grid.ts'
import type { NodeResult, Problem, ResourceRule } from '../../src-shared/mint.ts'
import { overviewLines, payoutLines, problemsJson, receiptsNdjson, retriesCsv, retryLines } from '../engines/minting/outputs.ts'
import { OVERVIEW_HEADER } from '../engines/minting/overview-line.ts'
import { type ProblemNode, resultProblems } from '../engines/minting/problems.ts'
import { planRetries, type Retry } from '../engines/minting/retries.ts'
import { createV3Mint, type MintHeader, type MintResult, type V3Mint, type V3Options } from '../engines/minting/v3.ts'
import { readTransaction } from '../store/db.ts'
import { buckets, eventReader, LOOSE } from '../store/events.ts'
import { loadEnd, startParts } from '../store/mint-input.ts'
import { openStore, type Store } from '../store/open.ts'
import { paysByNodePeriod } from '../store/paying-rules.ts'
import { replaced, type StoredPeriod, storedPeriod } from '../store/periods.ts'
import { type JobContext, progressMeter } from './context.ts'
import { writeFilesAtomically } from './files.ts'

/** What every mint takes beside its events. */
export interface MintOptions {
  resources: ResourceRule
  /** the previous period's receipts.ndjson: unpaid ones are paid once more */
  previous?: string
  /** receipt hashes seen on Stellar, one hex hash a line */
  paid?: string
  outDir: string
}

/** What a mint tells whoever asked for it. */
export interface MintSummary {
  network: string
  period: { index: number; start: number; end: number }
  provisional: boolean
  nodes: number
  paidNodes: number
  violatingNodes: number
  retries: number
  rewardUnits: bigint
  rewardMusd: bigint
  problems: Problem[]
  files: string[]
}

/**
 * Mints one period straight from a grid archive (path, or `-`), without the data folder, and writes the files of interfaces.md into
 * `outDir`. Throws AppError archive.*, mint.*, io.*, cancelled; then no file is written.
 */
export async function mintArchive(input: MintOptions & { source: string }, context: JobContext): Promise<MintSummary> {
  const old = readPrevious(input)
  const report = progressMeter(context, () => performance.now())
  let header: ArchiveHeader | null = null
  let start: StartSnapshot | null = null
  let end: EndSnapshot | null = null
  let mint: V3Mint | null = null
  let lastBlock = 0
  const sink: ArchiveSink = {
    header: value => {
      header = value
    },
    start: value => {
      start = value
    },
    end: value => {
      end = value
      mint = createV3Mint(header!, start!, value, { resources: input.resources, withoutDays: true })
    },
    block: (n, ts) => {
      lastBlock = n
      mint!.block(n, ts)
    },
    uptime: (nodeId, now, uptime) => mint!.uptime(nodeId, now, uptime),
    consumption: (contractId, timestamp, window, nru) => mint!.consumption(contractId, timestamp, window, nru),
    rare: event => mint!.rare(event),
  }
  // only here: from the store, both threads start sooner without it
  const { readArchive } = await import('../archive/read.ts')
  await readArchive(input.source, sink, {
    onProgress: done => report(done.bytesRead, done.bytesTotal, done.events),
    ...(context.signal && { signal: context.signal }),
  })
  const { nodes, ...result } = mint!.finish(Math.max(header!.blocks.last, lastBlock))
  const parts: MintedPart[] = []
  for (let i = 0; i < nodes.length; i += NODES_AT_ONCE) parts.push(linesOf(nodes.slice(i, i + NODES_AT_ONCE)))
  return writeMint({ ...result, parts }, end!, old, input.outDir)
}

/** Mints one stored period and writes the same files. Throws AppError mint.*, store.*, io.*, cancelled. */
export async function mintPeriod(input: MintOptions & { dataDir: string; period: number }, context: JobContext): Promise<MintSummary> {
  const old = readPrevious(input)
  const store = openForMint(input.dataDir)
  try {
    const period = storedPeriod(store, input.period)
    const { minted, end } = await mintStored(store, period, input.resources, context)
    const others = paysByNodePeriod(store, period.network, period.index) ? [otherRules(period)] : []
    return writeMint(minted, end, old, input.outDir, others)
  } finally {
    store.close()
  }
}

/** A mint reads each page once: a cache for more than what is under way is memory to fill and to clear. */
function openForMint(dataDir: string): Store {
  const store = openStore(dataDir, { mode: 'read' })
  store.facts.pragma('cache_size = -2000')
  return store
}

/** What a mint says of a node besides the lines of its files. */
export type MintedNode = ProblemNode & Pick<NodeResult, 'rewardMusd' | 'violation'>

/** What one thread made: a stretch of the nodes by id, and their lines of the files as UTF-8. */
export interface MintedPart {
  nodes: MintedNode[]
  payouts: Uint8Array
  overview: Uint8Array
  receipts: Uint8Array
}

/** A whole mint; its parts together are the nodes by id. */
export type Minted = Omit<MintResult, 'nodes'> & { parts: MintedPart[] }

/** Nodes whose lines are made at once: one text of all lines would be copied whole several times before it is bytes. */
const NODES_AT_ONCE = 64

/** What the files and the summary need of some nodes. */
function linesOf(nodes: NodeResult[]): MintedPart {
  return {
    nodes: nodes.map(({ nodeId, farmId, farmName, payoutAddress, policyId, rewardUnits, rewardMusd, measuredUptimeSec, violation }) => {
      return { nodeId, farmId, farmName, payoutAddress, policyId, rewardUnits, rewardMusd, measuredUptimeSec, violation }
    }),
    payouts: Buffer.from(payoutLines(nodes)),
    overview: Buffer.from(overviewLines(nodes)),
    receipts: Buffer.from(receiptsNdjson(nodes)),
  }
}

function joined(parts: MintedPart[]): MintedPart {
  return {
    nodes: parts.flatMap(part => part.nodes),
    payouts: Buffer.concat(parts.map(part => part.payouts)),
    overview: Buffer.concat(parts.map(part => part.overview)),
    receipts: Buffer.concat(parts.map(part => part.receipts)),
  }
}

/** Events from which on a second thread is worth its start. */
const SPLIT_FROM_EVENTS = 1_000_000

/** Mints a stored period in memory, on this thread and, for a large one, on a worker's beside it. */
export async function mintStored(
  store: Store,
  period: StoredPeriod,
  resources: ResourceRule,
  context: JobContext,
): Promise<{ minted: Minted; end: EndSnapshot }> {
  context.onProgress?.({ fraction: null, detail: `computes period ${period.index}`, secondsLeft: null })
  if (!context.runTask || period.events < SPLIT_FROM_EVENTS) {
    const { result, part, end } = mintLines(store, period, resources)
    return { minted: { ...result, parts: [part] }, end }
  }
  const taken = noneTaken()
  const input: MintPartInput = { dataDir: store.dataDir, period: period.index, digest: period.digest, resources, taken }
  const other = context.runTask('mint-part', input, context.signal ? { signal: context.signal } : {}) as Promise<MintedPart>
  // one that fails at once is awaited below; until then it must not count as unhandled
  other.catch(() => {})
  // let the message to the worker leave before this thread is busy
  await new Promise(resolve => setImmediate(resolve))
  try {
    const { result, part, end } = mintLines(store, period, resources, { from: 'first', taken })
    return { minted: { ...result, parts: [part, await other] }, end }
  } catch (error) {
    await Promise.allSettled([other])
    throw error
  }
}

/**
 * A thread's share of the nodes: it takes bucket after bucket from its end of the list while there are any, so that two threads, one from
 * each end, meet where both are done. `taken` counts what all of them took.
 */
export interface Share {
  from: 'first' | 'last'
  taken: Int32Array<SharedArrayBuffer>
}

export function noneTaken(): Share['taken'] {
  return new Int32Array(new SharedArrayBuffer(4))
}

export interface MintPartInput {
  dataDir: string
  period: number
  digest: string
  resources: ResourceRule
  taken: Share['taken']
}

/** The part of a mint that a worker does. */
export function mintPartTask(input: MintPartInput): MintedPart {
  const store = openForMint(input.dataDir)
  try {
    const period = { ...storedPeriod(store, input.period), digest: input.digest }
    return mintLines(store, period, input.resources, { from: 'last', taken: input.taken }).part
  } finally {
    store.close()
  }
}

const ALL = (): Share => ({ from: 'first', taken: noneTaken() })

/** Mints this thread's share of the nodes; without `share` all. Nodes stand alone, so parts' results concatenate. Throws as mintBuckets. */
export function mintPart(
  store: Store,
  period: StoredPeriod,
  resources: ResourceRule,
  share = ALL(),
): { result: MintResult; end: EndSnapshot } {
  const { result, end, taken } = mintBuckets(store, period, { resources }, share, nodes => nodes)
  return { result: { ...result, nodes: taken.flat() }, end }
}

type Whole = Omit<MintResult, 'nodes'>

/** The same as lines of the files. Each thread makes its own: bytes cross over at once, thousands of objects with their texts do not. */
function mintLines(
  store: Store,
  period: StoredPeriod,
  resources: ResourceRule,
  share = ALL(),
): { result: Whole; part: MintedPart; end: EndSnapshot } {
  const { result, end, taken } = mintBuckets(store, period, { resources, withoutDays: true }, share, linesOf)
  return { result, part: joined(taken), end }
}

/**
 * Mints bucket after bucket of this thread's share, and keeps of each what `keep` makes of its nodes; gives that by bucket, rising. Throws
 * AppError mint.*, store.corrupt, store.busy (the period changed since `period` was read).
 */
function mintBuckets<T>(
  store: Store,
  period: StoredPeriod,
  options: V3Options,
  share: Share,
  keep: (nodes: NodeResult[]) => T,
): { result: Whole; end: EndSnapshot; taken: T[] } {
  // one view of the store, and the one that the caller saw: a sync may write to the period meanwhile
  return readTransaction(store.facts, 'facts.db', () => {
    if (storedPeriod(store, period.index).digest !== period.digest) throw replaced(period)
    const start = startParts(store, period)
    const end = loadEnd(store, period)
    const mint = createV3Mint(headerOf(period), { block: start.block, ts: start.ts, nodes: [], contracts: [], power: [] }, end, options)
    const withNodes = new Set(start.buckets)
    const all = new Set([...start.buckets, ...buckets(store, period).map(({ bucket }) => bucket)])
    all.delete(LOOSE)
    const read = eventReader(store, period)
    const list = [...all].sort((a, b) => (share.from === 'first' ? a - b : b - a))
    const taken: T[] = []
    for (const bucket of list) {
      if (Atomics.add(share.taken, 0, 1) >= list.length) break
      if (withNodes.has(bucket)) mint.begin(start.part(bucket))
      read(mint, { bucketFrom: bucket, bucketTo: bucket })
      taken.push(keep(mint.take(period.coveredToBlock)))
    }
    const { nodes: _, ...result } = mint.finish(period.coveredToBlock)
    return { result, end, taken: share.from === 'first' ? taken : taken.reverse() }
  })
}

/** A stored period as the rules name it. */
export function headerOf({ network, index, start, end }: StoredPeriod): MintHeader {
  return { network, period: { index, start, end } }
}

interface Previous {
  lines: string[]
  paid: Set<string>
  /** no list of paid receipts was given, so every one counts as unpaid */
  paidUnknown: boolean
}

function readPrevious(input: Pick<MintOptions, 'previous' | 'paid'>): Previous | null {
  if (input.previous === undefined) {
    if (input.paid === undefined) return null
    throw new AppError('usage', 'A list of paid receipts (--paid) needs the previous period’s receipts (--previous).')
  }
  const paid = new Set<string>()
  if (input.paid !== undefined)
    for (const [index, line] of textOf(input.paid).split('\n').entries()) {
      const hash = line.trim().toLowerCase()
      if (hash === '') continue
      if (!/^[0-9a-f]{64}$/.test(hash))
        throw new AppError(
          'archive.format',
          `${input.paid}, line ${index + 1}: "${hash.slice(0, 80)}" is not a receipt hash of 64 hex digits. Nothing was written.`,
          {
            details: { line: index + 1 },
          },
        )
      paid.add(hash)
    }
  return { lines: textOf(input.previous).split('\n'), paid, paidUnknown: input.paid === undefined }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw toAppError(error)
  }
}

function writeMint(minted: Minted, end: EndSnapshot, old: Previous | null, outDir: string, others: Problem[] = []): MintSummary {
  const { parts } = minted
  const nodes = parts.flatMap(part => part.nodes)
  const addresses = new Map(end.payoutAddresses.map(({ farm_id, address }) => [farm_id, address]))
  const retries: Retry[] = old ? planRetries({ previous: old.lines, paid: old.paid, addresses, period: minted.period }) : []
  const problems = [...others, ...resultProblems({ ...minted, nodes }, end, retries)]
  if (old?.paidUnknown && retries.length > 0) problems.push(paidUnknown(retries.length))
  const files = {
    'payouts.csv': [...parts.map(part => part.payouts), Buffer.from(retryLines(retries))],
    'overview.csv': [Buffer.from(`${OVERVIEW_HEADER}\n`), ...parts.map(part => part.overview)],
    'receipts.ndjson': parts.map(part => part.receipts),
    'problems.json': problemsJson(problems),
    'retries.csv': old ? retriesCsv(retries) : null,
  }
  writeFilesAtomically(outDir, files)
  return {
    network: minted.network,
    period: minted.period,
    provisional: minted.provisional,
    nodes: nodes.length,
    paidNodes: nodes.filter(node => node.rewardUnits > 0n).length,
    violatingNodes: nodes.filter(node => node.violation !== null).length,
    retries: retries.length,
    rewardUnits: nodes.reduce((sum, node) => sum + node.rewardUnits, 0n),
    rewardMusd: nodes.reduce((sum, node) => sum + node.rewardMusd, 0n),
    problems,
    files: Object.entries(files).flatMap(([name, content]) => (content === null ? [] : name)),
  }
}

/** The same seconds are minted by the nodes' own periods: paying both would pay them twice. */
function otherRules({ index, network }: StoredPeriod): Problem {
  return {
    kind: 'other-rules',
    subject: `period ${index}`,
    message: `Network ${network} pays period ${index} by rule set node-period (its minting rules), so paying these receipts would pay the same seconds twice. Mint with --rules node-period, or change the network's minting rules first.`,
  }
}

function paidUnknown(retries: number): Problem {
  return {
    kind: 'paid-unknown',
    subject: 'all retries',
    message: `No list of paid receipts was given (--paid), so all ${retries} receipts of the previous period with a reward count as unpaid and are paid again. Mint again with --paid and the hashes seen on Stellar, an empty file if there are none, before paying.`,
  }
}
