import { writeArchive } from '../archive/write.ts'
import { exportEvents } from '../store/events.ts'
import type { Store } from '../store/open.ts'
import { loadSnapshots, storedPeriod } from '../store/periods.ts'
import { type JobContext, progressMeter } from './context.ts'

/**
 * Writes a stored period as a grid archive (`-`: standard output; `.gz` and `.zst` by name). A last, empty block tells how far the
 * archive reaches. `nodeStates`: put in place of those of the start snapshot, so that rule set node-period can go on from this archive
 * alone. Throws AppError mint.missing, store.*, io.*, cancelled; the target is whole or as it was.
 */
export async function exportArchive(
  store: Store,
  index: number,
  target: string,
  context: JobContext,
  nodeStates?: unknown[],
): Promise<{ events: number; bytes: number }> {
  const period = storedPeriod(store, index)
  const { header, start, end } = loadSnapshots(store, period)
  const report = progressMeter(context, () => performance.now())
  return writeArchive(
    target,
    async sink => {
      sink.header(header)
      sink.start(nodeStates === undefined ? start : { ...start, nodeStates })
      sink.end(end)
      let lastBlock = 0
      let lastTs = start.ts
      let done = 0
      const counting = {
        block(n: number, ts: number) {
          lastBlock = n
          lastTs = ts
          sink.block(n, ts)
        },
        uptime(nodeId: number, now: number | bigint, uptime: number | bigint) {
          done++
          sink.uptime(nodeId, now, uptime)
        },
        consumption(contractId: number, timestamp: number | bigint, window: number | bigint, nru: number | bigint) {
          done++
          sink.consumption(contractId, timestamp, window, nru)
        },
        rare(event: Parameters<typeof sink.rare>[0]) {
          done++
          sink.rare(event)
        },
      }
      await exportEvents(store, period, counting, async () => {
        context.signal?.throwIfAborted()
        report(done, period.events, done)
        await sink.drain()
      })
      if (period.coveredToBlock > lastBlock) sink.block(period.coveredToBlock, Math.max(period.lastTs, lastTs))
    },
    context.signal ? { signal: context.signal } : {},
  )
}
