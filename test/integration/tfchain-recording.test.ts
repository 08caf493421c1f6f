import { describe, expect, test } from 'vitest'
import { openChain } from '../../src-main/clients/tfchain/chain.ts'
import { findBlockAfter } from '../../src-main/clients/tfchain/find-block.ts'
import { headerHash } from '../../src-main/clients/tfchain/header.ts'
import { readBlocks } from '../../src-main/clients/tfchain/read-blocks.ts'
import { systemKeys } from '../helpers/fake-node.ts'
import { hasRecording, readRecording, startReplay } from '../helpers/replay.ts'

describe.skipIf(!hasRecording())('a chain that the grid’s own runtime made', () => {
  const recording = hasRecording() ? readRecording() : null

  test('the hash of every header', () => {
    const { blocks } = recording!
    expect(blocks.length).toBeGreaterThan(1000)
    expect(blocks.filter(({ hash, header }) => headerHash(header) !== hash)).toEqual([])
  })

  for (const options of [[], ['--drop', '50'], ['--latency', '5']])
    test(`every block, in order, with its events: ${options.join(' ') || 'as it is'}`, async () => {
      const { blocks, valuesOf } = recording!
      const events = valuesOf(systemKeys.events)
      const times = valuesOf(systemKeys.timestamp)
      const replay = await startReplay(...options)
      const chain = await openChain({ endpoints: [replay.url], genesis: blocks[0]!.hash, backoffMs: 20 })
      try {
        let next = 0
        let wrong = 0
        const counts = await readBlocks(
          chain,
          { from: 0, to: replay.head, parentHash: null, keys: systemKeys, compareShare: 0.5 },
          block => {
            const raw = `0x${Buffer.from(block.events).toString('hex')}`
            const timeMs = Number(Buffer.from(times[next]!.slice(2), 'hex').readBigUInt64LE())
            if (block.n !== next || block.hash !== blocks[next]!.hash || raw !== (events[next] ?? '0x') || block.timestampMs !== timeMs)
              wrong++
            next++
          },
        )
        expect({ counts, wrong, next }).toEqual({ counts: { read: blocks.length, compared: 0 }, wrong: 0, next: blocks.length })
      } finally {
        await chain.close()
        await replay.close()
      }
    })

  test('blocks are found by time as a walk finds them', async () => {
    const { valuesOf } = recording!
    const seconds = valuesOf(systemKeys.timestamp).map(value =>
      Math.floor(Number(Buffer.from(value!.slice(2), 'hex').readBigUInt64LE()) / 1000),
    )
    const replay = await startReplay()
    const chain = await openChain({ endpoints: [replay.url] })
    try {
      const picks = Array.from({ length: 60 }, (_, i) => seconds[1 + Math.floor((i * (seconds.length - 1)) / 60)]! + (i % 3) - 1)
      for (const ts of [0, ...picks, seconds.at(-1)! - 1, seconds.at(-1)!]) {
        const walked = seconds.findIndex((second, n) => n > 0 && second > ts)
        const found = await findBlockAfter(chain, ts, { head: replay.head, timestampKey: systemKeys.timestamp })
        expect({ ts, n: found?.n ?? -1 }).toEqual({ ts, n: walked })
      }
    } finally {
      await chain.close()
      await replay.close()
    }
  })
})
