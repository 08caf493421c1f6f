import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { chainCommands } from '../../src-shared/chain-contract.ts'
import { callText } from '../../src-shared/chain-text.ts'
import type { CommandOutput } from '../../src-shared/contract.ts'
import { toAppError } from '../../src-shared/errors.ts'
import { callsUnderWay } from '../store/chain-calls.ts'
import type { Store } from '../store/index.ts'
import type { ChainRoom } from './chain-calls.ts'
import type { JobRunner } from './jobs.ts'
import type { Once } from './once.ts'

/** Between two tries while the network is away; the wait doubles. */
const SHORTEST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 60_000

/** Follows a call as a job, as long as it takes; those that were under way when Granary ended are followed again at its start. */
export function createChainJobs(room: ChainRoom, books: Store, start: JobRunner['start']) {
  const running = new Map<string, string>()
  function follow(requestId: string, jobId: string): string {
    const already = running.get(requestId)
    if (already !== undefined) return already
    running.set(requestId, jobId)
    start({
      id: jobId,
      kind: 'chain-call',
      title: callText(room.row(requestId).call),
      lane: `chain-call ${requestId}`,
      run: async ({ signal, onProgress }) => {
        try {
          const say = (detail: string): void => onProgress({ fraction: null, detail, secondsLeft: null })
          for (let waitMs = SHORTEST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
            try {
              return { period: null, detail: (await room.carry(requestId, signal, say)).note }
            } catch (cause) {
              const { retryable, message } = toAppError(cause)
              if (!retryable) throw cause
              say(message)
            }
            await pause(waitMs, undefined, { signal })
          }
        } finally {
          running.delete(requestId)
        }
      },
    })
    return jobId
  }
  return {
    /** Marks, commits, and only then begins to send. */
    submit(input: unknown, once: Once): CommandOutput<'chain.submit'> {
      const { requestId } = chainCommands['chain.submit'].in.parse(input)
      const jobId = running.get(requestId) ?? randomUUID()
      const answered = room.submit(requestId, once, { jobId }) as { jobId: string }
      if (room.row(requestId).stage === 'sent') follow(requestId, answered.jobId)
      return answered
    },
    resume(): void {
      for (const { requestId } of callsUnderWay(books)) follow(requestId, randomUUID())
    },
  }
}
