import { readFileSync } from 'node:fs'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import type { ArchiveHeader, ArchiveSink, EndSnapshot, StartSnapshot } from '../../src-shared/grid.ts'
import type { NodeResult, Problem, ResourceRule } from '../../src-shared/mint.ts'
import { readArchive } from '../archive/read.ts'
import { overviewCsv, payoutsCsv, problemsJson, receiptsNdjson, retriesCsv } from '../engines/minting/outputs.ts'
import { resultProblems } from '../engines/minting/problems.ts'
import { planRetries, type Retry } from '../engines/minting/retries.ts'
import { createV3Mint, type MintHeader, type MintResult, type V3Mint } from '../engines/minting/v3.ts'
import { readTransaction } from '../store/db.ts'
import { bucketOf, buckets, LOOSE, readEvents } from '../store/events.ts'
import { loadEnd, loadStart, startOf } from '../store/mint-input.ts'
import { openStore, type Store } from '../store/open.ts'
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
      mint = createV3Mint(header!, start!, value, { resources: input.resources })
    },
    block: (n, ts) => {
      lastBlock = n
      mint!.block(n, ts)
    },
    uptime: (nodeId, now, uptime) => mint!.uptime(nodeId, now, uptime),
    consumption: (contractId, timestamp, window, nru) => mint!.consumption(contractId, timestamp, window, nru),
    rare: event => mint!.rare(event),
  }
  await readArchive(input.source, sink, {
    onProgress: done => report(done.bytesRead, done.bytesTotal, done.events),
    ...(context.signal && { signal: context.signal }),
  })
  const result = mint!.finish(Math.max(header!.blocks.last, lastBlock))
  return writeMint(result, end!, old, input.outDir)
}

/** Mints one stored period and writes the same files. Throws AppError mint.*, store.*, io.*, cancelled. */
export async function mintPeriod(input: MintOptions & { dataDir: string; period: number }, context: JobContext): Promise<MintSummary> {
  const old = readPrevious(input)
  const store = openStore(input.dataDir, { mode: 'read' })
  try {
    const period = storedPeriod(store, input.period)
    const { result, end } = await mintStored(store, period, input.resources, context)
    return writeMint(result, end, old, input.outDir)
  } finally {
    store.close()
  }
}

/** Events from which on a second thread is worth its start. */
const SPLIT_FROM_EVENTS = 1_000_000
/** More than half: the other one has to start first, and to hand over what it made. */
const SHARE_OF_THIS_THREAD = 0.55

/** Mints a stored period in memory, on this thread and, for a large one, on a worker's beside it. */
export async function mintStored(
  store: Store,
  period: StoredPeriod,
  resources: ResourceRule,
  context: JobContext,
): Promise<{ result: MintResult; end: EndSnapshot }> {
  context.onProgress?.({ fraction: null, detail: `computes period ${period.index}`, secondsLeft: null })
  if (!context.runTask || period.events < SPLIT_FROM_EVENTS) return mintPart(store, period, resources, 'all')
  const input: MintPartInput = { dataDir: store.dataDir, period: period.index, digest: period.digest, resources }
  const other = context.runTask('mint-part', input, context.signal ? { signal: context.signal } : {})
  // one that fails at once is awaited below; until then it must not count as unhandled
  other.catch(() => {})
  // let the message to the worker leave before this thread is busy
  await new Promise(resolve => setImmediate(resolve))
  let made: ReturnType<typeof mintPart>
  try {
    made = mintPart(store, period, resources, 'first')
  } catch (error) {
    await Promise.allSettled([other])
    throw error
  }
  const { result } = made
  result.nodes = result.nodes.concat((await other) as NodeResult[])
  result.nodes.sort((a, b) => a.nodeId - b.nodeId)
  return made
}

/** All nodes, or one of two shares that make up all: each thread finds its own, so that none waits for the other. */
type Part = 'all' | 'first' | 'second'

export interface MintPartInput {
  dataDir: string
  period: number
  digest: string
  resources: ResourceRule
}

/** The part of a mint that a worker does. */
export function mintPartTask(input: MintPartInput): NodeResult[] {
  const store = openStore(input.dataDir, { mode: 'read' })
  try {
    const period = { ...storedPeriod(store, input.period), digest: input.digest }
    const { nodes } = mintPart(store, period, input.resources, 'second').result
    // a mint's files say nothing of single days, so they need not cross over
    return nodes.map(node => ({ ...node, days: { up: [], asleep: [], down: [] } }))
  } finally {
    store.close()
  }
}

/**
 * Mints a part of the nodes on this thread. Nodes stand alone, so parts' results concatenate. Throws AppError mint.*,
 * store.corrupt, store.busy (the period changed since `period` was read).
 */
export function mintPart(
  store: Store,
  period: StoredPeriod,
  resources: ResourceRule,
  part: Part,
): { result: MintResult; end: EndSnapshot } {
  // one view of the store, and the one that the caller saw: a sync may write to the period meanwhile
  return readTransaction(store.facts, 'facts.db', () => {
    if (storedPeriod(store, period.index).digest !== period.digest) throw replaced(period)
    const { bucketFrom, bucketTo } = bucketsOf(store, period, part)
    const inPart = (nodeId: number) => bucketOf(nodeId) >= bucketFrom && bucketOf(nodeId) <= bucketTo
    const start = startOf(loadStart(store, period, bucketFrom, bucketTo), inPart)
    const end = loadEnd(store, period)
    const mint = createV3Mint(headerOf(period), start, end, { resources })
    readEvents(store, period, mint, { bucketFrom, bucketTo })
    return { result: mint.finish(period.coveredToBlock), end }
  })
}

/** A stored period as the rules name it. */
export function headerOf({ network, index, start, end }: StoredPeriod): MintHeader {
  return { network, period: { index, start, end } }
}

/** First and last bucket of a part, inclusive; the second may have none. */
function bucketsOf(store: Store, period: StoredPeriod, part: Part): { bucketFrom: number; bucketTo: number } {
  if (part === 'all') return { bucketFrom: 0, bucketTo: LOOSE - 1 }
  const list = buckets(store, period)
  const total = list.reduce((sum, bucket) => sum + bucket.events, 0)
  let events = 0
  let last = -1
  for (const bucket of list) {
    if (bucket.bucket >= LOOSE || events >= total * SHARE_OF_THIS_THREAD) break
    events += bucket.events
    last = bucket.bucket
  }
  return part === 'first' ? { bucketFrom: 0, bucketTo: last } : { bucketFrom: last + 1, bucketTo: LOOSE - 1 }
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

function writeMint(result: MintResult, end: EndSnapshot, old: Previous | null, outDir: string): MintSummary {
  const { nodes } = result
  const addresses = new Map(end.payoutAddresses.map(({ farm_id, address }) => [farm_id, address]))
  const retries: Retry[] = old ? planRetries({ previous: old.lines, paid: old.paid, addresses, period: result.period }) : []
  const problems = resultProblems(result, end, retries)
  if (old?.paidUnknown && retries.length > 0) problems.push(paidUnknown(retries.length))
  const files = {
    'payouts.csv': payoutsCsv(nodes, retries),
    'overview.csv': overviewCsv(nodes),
    'receipts.ndjson': receiptsNdjson(nodes),
    'problems.json': problemsJson(problems),
    'retries.csv': old ? retriesCsv(retries) : null,
  }
  writeFilesAtomically(outDir, files)
  return {
    network: result.network,
    period: result.period,
    provisional: result.provisional,
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

function paidUnknown(retries: number): Problem {
  return {
    kind: 'paid-unknown',
    subject: 'all retries',
    message: `No list of paid receipts was given (--paid), so all ${retries} receipts of the previous period with a reward count as unpaid and are paid again. Mint again with --paid and the hashes seen on Stellar, an empty file if there are none, before paying.`,
  }
}
