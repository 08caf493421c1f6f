import { randomUUID } from 'node:crypto'
import { chainCommands } from '../../src-shared/chain-contract.ts'
import { callText } from '../../src-shared/chain-text.ts'
import type { CommandOutput } from '../../src-shared/contract.ts'
import { callsUnderWay } from '../store/chain-calls.ts'
import type { Store } from '../store/index.ts'
import type { ChainRoom, Once } from './chain-calls.ts'
import type { JobRunner } from './jobs.ts'

/** Follows a call as a job; those that were under way when Granary ended are followed again at its start. */
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
          const ended = await room.carry(requestId, signal, note => onProgress({ fraction: null, detail: note, secondsLeft: null }))
          return { period: null, detail: ended.note }
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
