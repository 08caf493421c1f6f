import type { ArchiveHeader, ArchiveSink, EndSnapshot, StartSnapshot } from '../../src-shared/grid.ts'
import type { Problem } from '../../src-shared/mint.ts'
import type { NodeMint } from '../../src-shared/node-period.ts'
import { periodAt } from '../../src-shared/time.ts'
import { readArchive } from '../archive/read.ts'
import { type Boundary, createNodePeriodFold, type NodePeriodFold } from '../engines/minting/node-period/fold.ts'
import { marketGaps } from '../engines/minting/node-period/market.ts'
import { mintOf } from '../engines/minting/node-period/mint.ts'
import { inOrder, mintProblems, mintsCsv, mintsNdjson } from '../engines/minting/node-period/outputs.ts'
import { watchStates } from '../engines/minting/node-period/stored-state.ts'
import { problemsJson } from '../engines/minting/outputs.ts'
import { canonicalJson } from '../store/exact-json.ts'
import { type JobContext, progressMeter } from './context.ts'
import { writeFilesAtomically } from './files.ts'

/** What of a network's configuration decides the result of rule set node-period. */
export interface NodePeriodRules {
  /** the fixed period that node-period counts first; null: no change-over, everything counts */
  firstNodePeriod: number | null
  carbon: boolean
}

/** What a mint by rule set node-period tells whoever asked for it. */
export interface NodeMintSummary {
  network: string
  period: { index: number; start: number; end: number }
  mints: number
  paidMints: number
  violatingMints: number
  /** nodes whose period is not over */
  running: number
  rewardUnits: bigint
  carbonUnits: bigint
  problems: Problem[]
  files: string[]
}

/** Where node-period begins to count; `blockOf` knows the start block of some fixed periods. */
export function boundaryOf(
  { firstNodePeriod }: Pick<NodePeriodRules, 'firstNodePeriod'>,
  blockOf: (period: number) => number | undefined,
): Boundary | null {
  return firstNodePeriod === null ? null : { ts: periodAt(firstNodePeriod).start, block: blockOf(firstNodePeriod) ?? null }
}

/**
 * Mints by rule set node-period straight from a grid archive (path, or `-`): every node period that one of its blocks closes, those after
 * the fixed period too. Writes mints.csv, mints.ndjson, open.ndjson and problems.json into `outDir`. Throws AppError archive.*, mint.*,
 * io.*, cancelled; then no file is written.
 */
export async function mintArchiveByNode(
  input: NodePeriodRules & { source: string; outDir: string },
  context: JobContext,
): Promise<NodeMintSummary> {
  const report = progressMeter(context, () => performance.now())
  let header: ArchiveHeader | null = null
  let start: StartSnapshot | null = null
  let fold: NodePeriodFold | null = null
  const sink: ArchiveSink = {
    header: value => {
      header = value
    },
    start: value => {
      start = value
    },
    end: (value: EndSnapshot) => {
      const { index } = header!.period
      const blocks = new Map([
        [index, start!.block],
        [index + 1, value.block],
      ])
      fold = createNodePeriodFold(header!, start!, value, { boundary: boundaryOf(input, period => blocks.get(period)) })
    },
    block: (n, ts) => fold!.block(n, ts),
    uptime: (nodeId, now, uptime) => fold!.uptime(nodeId, now, uptime),
    consumption: (contractId, timestamp, window, nru) => fold!.consumption(contractId, timestamp, window, nru),
    rare: event => fold!.rare(event),
  }
  await readArchive(input.source, sink, {
    onProgress: done => report(done.bytesRead, done.bytesTotal, done.events),
    ...(context.signal && { signal: context.signal }),
  })
  const { network, period } = header!
  const mints = inOrder(fold!.saved().map(saved => mintOf(saved, { network, carbon: input.carbon })))
  const watch = watchStates(period.index)
  watch.see(start!)
  const gaps = [...marketGaps(start!), ...watch.gaps()]
  return writeNodeMints({ network, period, mints, states: fold!.states(), gaps }, input.outDir)
}

/**
 * Writes the files of a mint by rule set node-period: `mints` in their order, and `states`, by node id, as they are when all that the mints
 * rest on is told (`nodeStates` of a start snapshot). `overlaps`: what the books know against paying them.
 */
export function writeNodeMints(
  result: {
    network: string
    period: NodeMintSummary['period']
    mints: NodeMint[]
    states: unknown[]
    gaps: string[]
    overlaps?: Problem[]
  },
  outDir: string,
): NodeMintSummary {
  const { network, period, mints, states, gaps, overlaps = [] } = result
  const problems = [...mintProblems(mints, gaps), ...overlaps]
  const files = {
    'mints.csv': mintsCsv(mints),
    'mints.ndjson': mintsNdjson(mints),
    'open.ndjson': states.map(state => `${canonicalJson(state)}\n`).join(''),
    'problems.json': problemsJson(problems),
  }
  writeFilesAtomically(outDir, files)
  return {
    network,
    period,
    mints: mints.length,
    paidMints: mints.filter(mint => mint.rewardUnits > 0n).length,
    violatingMints: mints.filter(mint => mint.outcome === 'violation').length,
    running: states.length,
    rewardUnits: mints.reduce((sum, mint) => sum + mint.rewardUnits, 0n),
    carbonUnits: mints.reduce((sum, mint) => sum + mint.carbonUnits, 0n),
    problems,
    files: Object.keys(files),
  }
}
