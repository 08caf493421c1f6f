import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createV3Mint, type V3Mint, type V3Options } from '../../src-main/engines/minting/v3.ts'
import { ChunkBuilder, type EncodedChunk, LONG_CHUNKS } from '../../src-main/store/chunk-builder.ts'
import { END, LOOSE } from '../../src-main/store/codec-bucket.ts'
import { decodeHead } from '../../src-main/store/codec-head.ts'
import { BucketReader } from '../../src-main/store/codec-read.ts'
import { AppError } from '../../src-shared/errors.ts'
import type { RunSink } from '../../src-shared/event-runs.ts'
import type { EventSink } from '../../src-shared/grid.ts'
import type { NodeResult } from '../../src-shared/mint.ts'
import { POST_PERIOD_BLOCKS } from '../../src-shared/time.ts'
import type { PlainArchive } from '../helpers/naive-v3.ts'
import { feedBlocks } from '../helpers/node-period.ts'
import { randomHistory } from '../helpers/random-history.ts'
import { runs } from '../helpers/runs.ts'

const period = 80

/** The events as the store packs them, in chunks of `blocks` blocks. */
function packed(archive: PlainArchive, blocks: number): EncodedChunk[] {
  const builder = new ChunkBuilder(archive.header.period, archive.start, LONG_CHUNKS)
  const withEvents = archive.blocks.filter(block => block.events.length > 0)
  const chunks: EncodedChunk[] = []
  for (let i = 0; i < withEvents.length; i += blocks) {
    feedBlocks(withEvents.slice(i, i + blocks), builder)
    chunks.push(builder.take(chunks.length))
  }
  return chunks
}

/** Reads them as a mint does: bucket after bucket; in runs where the sink wants them. */
function unpackInto(chunks: readonly EncodedChunk[], sink: EventSink | RunSink): void {
  const heads = chunks.map(({ head }, chunk) => decodeHead(head, { period, chunk, bucket: -1 }))
  const numbers = new Set(heads.flatMap(head => head.buckets))
  for (const bucket of [...numbers].filter(number => number !== LOOSE).sort((a, b) => a - b))
    for (const [chunk, { blobs }] of chunks.entries()) {
      const head = heads[chunk]!
      const at = head.buckets.indexOf(bucket)
      if (at < 0) continue
      const load = (wanted: number) => blobs.find(({ number }) => number === wanted)?.data
      const reader = new BucketReader(load, head, head.counts[at]!, { period, chunk, bucket })
      if (!('wantsRuns' in sink && reader.runs(sink))) reader.run(sink, END)
    }
}

function mintOf(archive: PlainArchive, feed: (sink: V3Mint) => void, options: Partial<V3Options> = {}): NodeResult[] | 'refused' {
  const mint = createV3Mint(archive.header, archive.start, archive.end, { resources: 'latest', ...options })
  try {
    feed(mint)
    return mint.finish(archive.end.block + POST_PERIOD_BLOCKS).nodes
  } catch (error) {
    if (error instanceof AppError) return 'refused'
    throw error
  }
}

/* That what is unpacked is what was packed, store-events.test.ts says. */
/** Counts the runs that were taken whole, but for their first report, and not at all. */
function countingRuns(mint: V3Mint, seen: { taken: number; butFirst: number; refused: number }): RunSink {
  const told = (isTaken: boolean, isFirstTold: boolean): boolean => {
    if (isFirstTold) seen[isTaken ? 'butFirst' : 'refused']++
    else if (isTaken) seen.taken++
    return isTaken
  }
  const { block, uptime, consumption, rare, power, wantsRuns } = mint
  return {
    block,
    uptime,
    consumption,
    rare,
    power,
    wantsRuns,
    nodeRun: (nodeId, run, isFirstTold) => told(mint.nodeRun(nodeId, run, isFirstTold), isFirstTold),
    contractRun: (contractId, run, isFirstTold) => told(mint.contractRun(contractId, run, isFirstTold), isFirstTold),
  }
}

test('events that come by columns or in runs mint what they mint one by one', { timeout: 1_800_000 }, () => {
  const seen = { nodes: 0, refused: 0 }
  const inRuns = { taken: 0, butFirst: 0, refused: 0 }
  const { numRuns, seed } = runs(300)
  fc.assert(
    fc.property(randomHistory, fc.constantFrom(1, 7, 40, 10_000), (archive, blocks) => {
      const chunks = packed(archive, blocks)
      const one = mintOf(archive, ({ block, uptime, consumption, rare }) => unpackInto(chunks, { block, uptime, consumption, rare }))
      expect(mintOf(archive, sink => unpackInto(chunks, sink))).toEqual(one)
      const plain = { withoutDays: true }
      const single = mintOf(
        archive,
        ({ block, uptime, consumption, rare }) => unpackInto(chunks, { block, uptime, consumption, rare }),
        plain,
      )
      expect(mintOf(archive, sink => unpackInto(chunks, countingRuns(sink, inRuns)), plain)).toEqual(single)
      if (one === 'refused') seen.refused++
      else seen.nodes += one.length
    }),
    { numRuns, seed },
  )
  console.log(`v3 by columns: ${JSON.stringify(seen)}, runs: ${JSON.stringify(inRuns)}`)
  if (numRuns >= 100) {
    expect(seen.nodes).toBeGreaterThan(numRuns)
    expect(inRuns.taken).toBeGreaterThan(numRuns)
    expect(inRuns.butFirst).toBeGreaterThan(10)
    expect(inRuns.refused).toBeGreaterThan(10)
  }
})
