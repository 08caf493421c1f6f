import { AppError } from '../../src-shared/errors.ts'
import type { ReviewCode } from '../../src-shared/review-contract.ts'
import { countText } from '../../src-shared/review-text.ts'
import { loadRun } from '../store/runs.ts'
import type { PayRoom } from './pay-room.ts'
import { refuseUnvoted } from './pay-votes.ts'

/**
 * Looks at all that a signature on the run signs, as the review shows it, and gives the hashes of what was looked at: only that is signed. What
 * is hardly ever right to sign must have been confirmed by its warning's name. What the network's signers did not agree on is not signed at
 * all (reason votes). Rejects with AppError `pay.refused` (reason unconfirmed,
 * details.warnings: the names that are missing, with spaces between), not-found, store.*, stellar.envelope.
 */
export async function confirmedHashes(room: PayRoom, runId: string, confirmed: readonly ReviewCode[]): Promise<ReadonlySet<string>> {
  refuseUnvoted(room, loadRun(room.books, runId), 'signed')
  // what reads envelopes takes a while to load
  const { reviewerOf } = await import('./review-work.ts')
  const { review, rows } = await reviewerOf(room).run(runId, false)
  const missing = review.counts.filter(({ severity, code }) => severity === 'stop' && !confirmed.includes(code))
  if (missing.length > 0) {
    const names = missing.map(({ code }) => code)
    const what = missing.map(({ code, rows: n, example }) => `${code} (${countText(n, 'envelope')}): ${example}`).join(' ')
    throw new AppError(
      'pay.refused',
      `Signing this takes an extra confirmation. ${what} Nothing was signed. If it is right all the same, confirm it by name: ${names.join(', ')}.`,
      { details: { reason: 'unconfirmed', warnings: names.join(' ') } },
    )
  }
  return new Set(rows.map(({ hash }) => hash))
}
