import { performance } from 'node:perf_hooks'
import type { ProviderInterface } from '@polkadot/rpc-provider/types'
import { openChain } from '../../src-main/clients/tfchain/chain.ts'
import { readBlocks } from '../../src-main/clients/tfchain/read-blocks.ts'
import type { Hex } from '../../src-main/clients/tfchain/types.ts'
import { systemKeys } from '../helpers/fake-node.ts'
import { hasRecording, readRecording, startReplay } from '../helpers/replay.ts'
import { median } from './measure.ts'
import type { Figure } from './table.ts'

/** so many blocks does the baseline read per round, spread over the chain */
const SAMPLE = 60

interface Measured {
  msPerBlock: number
  /** shares of the time, 0 to 1 */
  waiting: number
  json: number
}

/**
 * Reading the recorded chain, without and with 20 ms of latency, against a loop of `api.at(hash)` and its `query.system.events()`
 * and `query.timestamp.now()` on the same endpoint (which is given the hashes, while ours asks for them). Gives lines of
 * the table, and in words the blocks per second and where the time goes. Nothing where the recording is not here.
 */
export async function benchBlocks(rounds: number): Promise<{ figures: Figure[]; text: string }> {
  if (!hasRecording()) return { figures: [], text: 'Blocks per second: not measured, the recorded chain is not here.' }
  const recording = readRecording()
  const hashes = recording.blocks.map(({ hash }) => hash)
  const figures: Figure[] = []
  const lines: string[] = []
  for (const [latencyMs, target] of [
    [0, 20],
    [20, 40],
  ] as const) {
    const replay = await startReplay('--latency', String(latencyMs))
    try {
      // ours first: it must be the one that loads the provider
      await readAll(replay.url, replay.head)
      const ours: Measured[] = []
      const theirs: number[] = []
      for (let round = 0; round < rounds; round++) {
        ours.push(await readAll(replay.url, replay.head))
        theirs.push(await baseline(replay.url, hashes))
      }
      const our = median(ours.map(each => each.msPerBlock))
      const their = median(theirs)
      const perSec = (ms: number) => Math.round(1000 / ms).toLocaleString('en')
      const share = (of: (each: Measured) => number) => `${Math.round(100 * median(ours.map(of)))} %`
      figures.push({
        name: `read a block, ${latencyMs} ms latency`,
        unit: 'ms',
        values: ours.map(each => each.msPerBlock),
        baseline: { name: 'loop of api.at(hash)', values: theirs },
        target: `≥ ${target} times as fast`,
        threads: '1 / 1',
      })
      lines.push(
        `Blocks with ${latencyMs} ms latency: ${perSec(our)}/s, the loop ${perSec(their)}/s, ${Math.round(their / our)} times; of the time ${share(each => each.waiting)} waiting for the endpoint, ${share(each => each.json)} JSON, ${share(each => 1 - each.waiting - each.json)} sockets, queues and checks.`,
      )
    } finally {
      await replay.close()
    }
  }
  return { figures, text: lines.join('\n') }
}

/** Opens a connection of its own, and reads the chain from end to end with all checks. */
async function readAll(url: string, head: number): Promise<Measured> {
  const parse = JSON.parse
  let jsonMs = 0
  JSON.parse = (...args) => {
    const begin = performance.now()
    try {
      return parse(...args)
    } finally {
      jsonMs += performance.now() - begin
    }
  }
  const chain = await openChain({ endpoints: [url] })
  try {
    jsonMs = 0
    const before = performance.eventLoopUtilization()
    const begin = performance.now()
    let events = 0
    await readBlocks(chain, { from: 1, to: head, parentHash: chain.genesis, keys: systemKeys, compareShare: 0 }, block => {
      events += block.events.length
    })
    const tookMs = performance.now() - begin
    if (events === 0) throw new Error('the recorded chain has no events')
    const { idle } = performance.eventLoopUtilization(before)
    return { msPerBlock: tookMs / head, waiting: idle / tookMs, json: jsonMs / tookMs }
  } finally {
    JSON.parse = parse
    await chain.close()
  }
}

/** Milliseconds per block of the loop that one writes first; connecting and its first block are not counted. */
async function baseline(url: string, hashes: Hex[]): Promise<number> {
  const { ApiPromise, WsProvider } = await import('@polkadot/api')
  // its types are not made for exactOptionalPropertyTypes
  const api = await ApiPromise.create({ provider: new WsProvider(url) as unknown as ProviderInterface, noInitWarn: true })
  try {
    const read = async (hash: Hex) => {
      const at = await api.at(hash)
      await at.query.system!.events!()
      await at.query.timestamp!.now!()
    }
    await read(hashes[1]!)
    const step = Math.max(1, Math.floor((hashes.length - 2) / SAMPLE))
    let count = 0
    const begin = performance.now()
    for (let n = 2; n < hashes.length && count < SAMPLE; n += step, count++) await read(hashes[n]!)
    return (performance.now() - begin) / count
  } finally {
    await api.disconnect()
  }
}
