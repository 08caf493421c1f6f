import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildRuntime } from '../../src-main/clients/tfchain/runtime.ts'
import { blockOf, openPeer, type Peer, randomFrom } from '../helpers/chain-peer.ts'
import { encodeTree, tinyTree } from '../helpers/tiny-metadata.ts'
import { median } from './measure.ts'
import type { Figure } from './table.ts'

const BLOCKS = 50
/** one pass over them all is too short to be measured */
const PASSES = 400
const real = join(import.meta.dirname, '../../../shared/data/metadata/tfchain-v141.scale')

/**
 * The decoder alone: blocks as a busy chain has them (uptime reports with their fees, consumption reports, bills), by the
 * metadata of spec 145, or a small one of the same layout where that is not here. The baseline decodes the same bytes as
 * Vec<EventRecord> with @polkadot/types. Gives one line of the table, and events per second in words.
 */
export function benchDecode(rounds: number): { figures: Figure[]; text: string } {
  const hasReal = existsSync(real)
  const metadata = hasReal ? new Uint8Array(readFileSync(real)) : encodeTree(tinyTree().tree)
  const runtime = buildRuntime(metadata)
  const peer = openPeer(metadata)
  const blocks = busyBlocks(peer)
  let reports = 0
  const sink = { uptime: () => void reports++, consumption: () => void reports++, rare: () => void reports++ }
  let perPass = 0
  const ours: number[] = []
  const theirs: number[] = []
  for (let round = 0; round < rounds; round++) {
    const begin = performance.now()
    let events = 0
    for (let pass = 0; pass < PASSES; pass++) for (let n = 0; n < BLOCKS; n++) events += runtime.decodeEvents(blocks[n]!, sink, n)
    perPass = events / PASSES
    ours.push(((performance.now() - begin) * 1000) / events)
    const peerBegin = performance.now()
    const decoded = blocks.reduce((sum, block) => sum + peer.decodeEvents(block, false).length, 0)
    if (decoded !== perPass) throw new Error(`the decoders count ${perPass} and ${decoded} events in the same blocks`)
    theirs.push(((performance.now() - peerBegin) * 1000) / decoded)
  }
  const perSec = (values: number[]) => Math.round(1e6 / median(values)).toLocaleString('en')
  const where = hasReal ? 'the metadata of spec 145' : 'a small metadata in the layout of spec 145 (the real one is not here)'
  const share = Math.round((100 * reports) / (rounds * PASSES * perPass))
  return {
    figures: [
      {
        name: 'decode System.Events',
        unit: 'µs/event',
        values: ours,
        baseline: { name: '@polkadot/types Vec<EventRecord>', values: theirs },
        target: '≥ 3 million events/s',
        threads: '1 / 1',
      },
    ],
    text: `Decoder alone, ${where}, ${perPass / BLOCKS} events a block, ${share} % of them followed: ${perSec(ours)} events/s; @polkadot/types ${perSec(theirs)} events/s.`,
  }
}

/** Blocks with 10 uptime reports, 4 consumption reports and 3 bills each, and what their extrinsics leave besides. */
function busyBlocks(peer: Peer): Uint8Array[] {
  const random = randomFrom(1)
  const below = (n: number) => Math.floor(random() * n)
  const who = Uint8Array.from({ length: 32 }, (_, i) => i)
  const success = peer.encodeEvent('System.ExtrinsicSuccess', {
    dispatchInfo: { weight: { refTime: 274_737_000, proofSize: 1493 } },
  })
  const fees = () => [
    peer.encodeEvent('Balances.Withdraw', { who, amount: below(1e6) }),
    peer.encodeEvent('TransactionPayment.TransactionFeePaid', { who, actualFee: below(1e6), tip: 0 }),
    success,
  ]
  return Array.from({ length: BLOCKS }, (_, n) => {
    const now = 1_700_000_000 + 6 * n
    const events = [success]
    for (let i = 0; i < 10; i++) events.push(peer.encodeEvent('TfgridModule.NodeUptimeReported', [below(6000), now, below(5e6)]), ...fees())
    const of = () => ({ contractId: below(1e6), timestamp: now })
    for (let i = 0; i < 4; i++)
      events.push(peer.encodeEvent('SmartContractModule.NruConsumptionReportReceived', { ...of(), window: 3600, nru: below(2 ** 40) }))
    for (let i = 0; i < 3; i++) events.push(peer.encodeEvent('SmartContractModule.ContractBilled', { ...of(), amountBilled: below(1e9) }))
    return blockOf([...events, ...fees()].map(event => ({ event })))
  })
}
