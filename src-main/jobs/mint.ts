import { readFileSync } from 'node:fs'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import type { ArchiveHeader, ArchiveSink, EndSnapshot, StartSnapshot } from '../../src-shared/grid.ts'
import type { NodeResult, Problem, ResourceRule } from '../../src-shared/mint.ts'
import { payoutLine, problemsJson, receiptLine, retriesCsv, retryLines } from '../engines/minting/outputs.ts'
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
import { type GrowingFiles, growingFiles } from './growing-files.ts'

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
  // only here: a mint from the store starts sooner without it
  const { readArchive } = await import('../archive/read.ts')
  await readArchive(input.source, sink, {
    onProgress: done => report(done.bytesRead, done.bytesTotal, done.events),
    ...(context.signal && { signal: context.signal }),
  })
  const { nodes, ...result } = mint!.finish(Math.max(header!.blocks.last, lastBlock))
  return inFiles(input.outDir, files => {
    for (let i = 0; i < nodes.length; i += NODES_AT_ONCE) appendLines(files, nodes.slice(i, i + NODES_AT_ONCE))
    return finishMint({ ...result, nodes }, end!, old, files)
  })
}

/** Mints one stored period and writes the same files. Throws AppError mint.*, store.*, io.*, cancelled. */
export async function mintPeriod(input: MintOptions & { dataDir: string; period: number }, context: JobContext): Promise<MintSummary> {
  const old = readPrevious(input)
  const store = openForMint(input.dataDir)
  try {
    const period = storedPeriod(store, input.period)
    const others = paysByNodePeriod(store, period.network, period.index) ? [otherRules(period)] : []
    return await inFiles(input.outDir, async files => {
      context.onProgress?.({ fraction: null, detail: `computes period ${period.index}`, secondsLeft: null })
      const options = { resources: input.resources, withoutDays: true }
      const { result, end, kept } = mintBuckets(store, period, options, nodes => appendLines(files, nodes))
      // that held this thread: only now it is heard whether a stop was asked for
      await new Promise(resolve => setImmediate(resolve))
      if (context.signal?.aborted) throw new AppError('cancelled', 'Stopped on request. No file was written.')
      return finishMint({ ...result, nodes: kept.flat() }, end, old, files, others)
    })
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
type MintedNode = ProblemNode & Pick<NodeResult, 'rewardMusd' | 'violation'>

/** Nodes whose lines are made at once, and of whose texts the memory is free again. */
const NODES_AT_ONCE = 64

/** Appends the nodes' lines to the files; gives what else is told of them. */
function appendLines(files: GrowingFiles, nodes: NodeResult[]): MintedNode[] {
  files.append('payouts.csv', nodes.map(payoutLine))
  files.append(
    'overview.csv',
    nodes.map(node => `${node.overviewLine}\n`),
  )
  files.append('receipts.ndjson', nodes.map(receiptLine))
  return nodes.map(({ nodeId, farmId, farmName, payoutAddress, policyId, rewardUnits, rewardMusd, measuredUptimeSec, violation }) => {
    return { nodeId, farmId, farmName, payoutAddress, policyId, rewardUnits, rewardMusd, measuredUptimeSec, violation }
  })
}

/** Runs what writes a mint's files: they are put in place at its end, or none is. */
async function inFiles<T>(outDir: string, work: (files: GrowingFiles) => Promise<T>): Promise<T> {
  const files = growingFiles(outDir)
  try {
    // they are there also where there is no node
    files.append('payouts.csv', [])
    files.append('overview.csv', [`${OVERVIEW_HEADER}\n`])
    files.append('receipts.ndjson', [])
    return await work(files)
  } catch (error) {
    await files.drop()
    throw error
  }
}

/** Mints a stored period in memory, each node with its days. Throws as mintBuckets. */
export function mintResult(store: Store, period: StoredPeriod, resources: ResourceRule): MintResult {
  const { result, kept } = mintBuckets(store, period, { resources }, nodes => nodes)
  return { ...result, nodes: kept.flat() }
}

/**
 * Mints bucket after bucket, and keeps of each what `keep` makes of its nodes: nodes stand alone, and thousands of results with their texts
 * need not be held at once. On one thread: a second one takes as long to start and to get going as it saves, and the garbage collector
 * and the compiler use its processor meanwhile. Throws AppError mint.*, store.corrupt, store.busy (the period changed since `period` was read).
 */
function mintBuckets<T>(
  store: Store,
  period: StoredPeriod,
  options: V3Options,
  keep: (nodes: NodeResult[]) => T,
): { result: Omit<MintResult, 'nodes'>; end: EndSnapshot; kept: T[] } {
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
    const kept: T[] = []
    for (const bucket of [...all].sort((a, b) => a - b)) {
      if (withNodes.has(bucket)) mint.begin(start.part(bucket))
      read(mint, { bucketFrom: bucket, bucketTo: bucket })
      kept.push(keep(mint.take(period.coveredToBlock)))
    }
    const { nodes: _, ...result } = mint.finish(period.coveredToBlock)
    return { result, end, kept }
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

/** What each mint writes, and retries.csv with --previous; the file by which money moves comes first. */
const FILES = ['payouts.csv', 'overview.csv', 'receipts.ndjson', 'problems.json', 'retries.csv']

/** Adds what follows from the nodes, whose lines are written, and puts the files in place. */
async function finishMint(
  minted: Omit<MintResult, 'nodes'> & { nodes: MintedNode[] },
  end: EndSnapshot,
  old: Previous | null,
  files: GrowingFiles,
  others: Problem[] = [],
): Promise<MintSummary> {
  // the disk takes the lines in while what follows from them is worked out
  files.send()
  const { nodes } = minted
  const addresses = new Map(end.payoutAddresses.map(({ farm_id, address }) => [farm_id, address]))
  const retries: Retry[] = old ? planRetries({ previous: old.lines, paid: old.paid, addresses, period: minted.period }) : []
  const problems = [...others, ...resultProblems(minted, end, retries)]
  if (old?.paidUnknown && retries.length > 0) problems.push(paidUnknown(retries.length))
  await files.finish(FILES, {
    'payouts.csv': retryLines(retries),
    'problems.json': problemsJson(problems),
    'retries.csv': old ? retriesCsv(retries) : null,
  })
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
    files: FILES.filter(name => old !== null || name !== 'retries.csv'),
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
