import { AppError } from '../../src-shared/errors.ts'
import type { ReviewRow, RunReview, SignReview } from '../../src-shared/review-contract.ts'
import type { OpenPay } from './pay-command.ts'
import { reviewerOf } from './review-work.ts'

/** What is reviewed on a command line: a run, or envelopes from a file, one a line. */
export interface OpenReview {
  /** Rejects with AppError not-found, store.*. */
  run(runId: string): Promise<{ review: RunReview; rows: ReviewRow[] }>
  /** Rejects with AppError not-found. */
  row(runId: string, place: number): Promise<SignReview>
  /** Every envelope of a text by its line; a line that is none rejects with AppError stellar.envelope and the line. */
  envelopes(text: string, onlyLine?: number): Promise<{ line: number; review: SignReview }[]>
}

/** `askLedger`: Horizon is asked for the payees, where the network has one. */
export function openReview(
  { room }: Pick<OpenPay, 'room'>,
  { askLedger, signal }: { askLedger: boolean; signal: AbortSignal },
): OpenReview {
  const reviewer = reviewerOf(room)
  return {
    run: runId => reviewer.run(runId, askLedger, signal),
    row: (runId, place) => reviewer.envelope({ kind: 'row', runId, place }, askLedger, signal),
    async envelopes(text, onlyLine) {
      const found: { line: number; review: SignReview }[] = []
      for (const [at, written] of text.split('\n').entries()) {
        const [line, envelope] = [at + 1, written.trim()]
        if (envelope === '' || (onlyLine !== undefined && line !== onlyLine)) continue
        try {
          found.push({ line, review: await reviewer.envelope({ kind: 'envelope', text: envelope }, askLedger, signal) })
        } catch (error) {
          if (!(error instanceof AppError) || error.code !== 'stellar.envelope') throw error
          throw new AppError('stellar.envelope', `Line ${line}: ${error.message}`, { cause: error, details: { line } })
        }
      }
      if (found.length === 0)
        throw new AppError(
          'not-found',
          onlyLine === undefined ? 'There is no envelope in it.' : `There is no envelope in line ${onlyLine}.`,
        )
      return found
    },
  }
}
