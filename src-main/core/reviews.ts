import type { z } from 'zod'
import type { QueryOutput } from '../../src-shared/contract.ts'
import type { ReviewRow, reviewQueries } from '../../src-shared/review-contract.ts'
import { voteSignReview } from '../../src-shared/review-text.ts'
import type { PayRoom } from './pay-room.ts'
import type { Reviewer } from './review-work.ts'
import type { VoteAnswers } from './votes.ts'

type ReviewQuery = keyof typeof reviewQueries
type Input<N extends ReviewQuery> = z.output<(typeof reviewQueries)[N]['in']>
export type ReviewAnswers = { [N in ReviewQuery]: (input: Input<N>, signal?: AbortSignal) => Promise<QueryOutput<N>> }

/** Answers the contract's queries about what is to be signed. */
export function createReviewAnswers(room: PayRoom, votes: Pick<VoteAnswers, 'votes.review'>): ReviewAnswers {
  /** what reads envelopes takes a while to load: whoever signs nothing never waits for it */
  const reviewer = async (): Promise<Reviewer> => (await import('./review-work.ts')).reviewerOf(room)
  return {
    'review.get': async ({ of, askLedger }, signal) => {
      if (of.kind === 'vote') return voteSignReview(await votes['votes.review']({ text: of.text }))
      return (await reviewer()).envelope(of, askLedger, signal)
    },
    'review.run': async ({ runId, askLedger }, signal) => (await (await reviewer()).run(runId, askLedger, signal)).review,
    'review.rows': async ({ runId, askLedger, code, search = '', offset, limit }, signal) => {
      const { rows } = await (await reviewer()).run(runId, askLedger, signal)
      const found = filterRows(rows, code, search.trim().toLowerCase())
      return { rows: found.slice(offset, offset + limit), total: found.length }
    },
  }
}

/** The text is looked for in node, farm and payee, and is how a hash begins. */
function filterRows(rows: readonly ReviewRow[], code: Input<'review.rows'>['code'], text: string): ReviewRow[] {
  return rows.filter(({ warnings, nodeId, farmId, farmName, payee, hash }) => {
    if (code === 'any' ? warnings.length === 0 : code !== undefined && !warnings.some(warning => warning.code === code)) return false
    if (text === '') return true
    return (
      String(nodeId) === text || String(farmId) === text || hash.startsWith(text) || `${farmName}\n${payee}`.toLowerCase().includes(text)
    )
  })
}
